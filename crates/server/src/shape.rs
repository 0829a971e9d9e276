//! Stored rows as answers show them.

use wardline_model::B64;
use wardline_model::wire::devices::DeviceInfo;
use wardline_model::wire::enroll::{Certificates, DeviceState, PersonBrief};
use wardline_model::wire::posture::{Fact, FactName, FactValue, Standing};
use wardline_programs::assess::strongest;
use wardline_store::{Device, Person, Vouched};

use crate::app::App;
use crate::fleet;

/// A person.
pub(crate) fn brief(person: Person) -> PersonBrief {
    PersonBrief {
        id: person.user_id,
        username: person.username,
        name: person.name,
        role: person.role_title,
        department: person.department,
    }
}

/// A device's certificates, once it has them.
pub(crate) fn certificates(app: &App, device: &Device) -> Option<Certificates> {
    Some(Certificates {
        device: device.device_cert.clone()?.into(),
        mls: device.mls_cert.clone()?.into(),
        ca: B64::from(app.keys.device_ca.der()),
    })
}

/// A device for its person and officers.
pub(crate) fn device(
    device: Device,
    user: PersonBrief,
    behind: Vouched,
    facts: &[Fact],
    current: bool,
) -> DeviceInfo {
    let assessment = fleet::before(&device).filter(|_| !device.state.is_out());
    let worst = assessment.as_ref().and_then(|assessment| {
        let first = assessment.findings.first();
        first.filter(|finding| finding.standing > Standing::Compliant)
    });
    DeviceInfo {
        standing: assessment.as_ref().map(|assessment| assessment.standing),
        deadline: assessment
            .as_ref()
            .and_then(|assessment| assessment.deadline),
        problem: worst.map(|finding| finding.reason.clone()),
        step: worst.and_then(|finding| finding.step.clone()),
        system: system(facts),
        model: text(facts, FactName::Model).map(str::to_owned),
        serial: device.serial.clone(),
        id: device.device_id,
        user,
        name: device.name,
        platform: device.platform,
        program: device.program,
        state: device.state,
        duty: behind.duty,
        endorser: behind.endorser,
        passkey: device.passkey_kind,
        created_at: device.created_at,
        last_seen_at: device.last_seen_at,
        jkt: device.jkt.into(),
        mls_key: device.mls_key.into(),
        binding: (device.state == DeviceState::Pending).then_some(device.binding),
        current,
    }
}

/// System and version for a person: `Android 16`.
fn system(facts: &[Fact]) -> Option<String> {
    let name = wardline_programs::platform_name(text(facts, FactName::Platform)?);
    Some(match text(facts, FactName::OsVersion) {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    })
}

/// The text of the strongest fact of a name.
fn text(facts: &[Fact], name: FactName) -> Option<&str> {
    match &strongest(facts, name)?.value {
        FactValue::Text(text) => Some(text),
        FactValue::Truth(_) | FactValue::Number(_) => None,
    }
}
