//! Stored rows as answers show them.

use wardline_model::B64;
use wardline_model::wire::devices::DeviceInfo;
use wardline_model::wire::enroll::{Certificates, DeviceState, PersonBrief};
use wardline_store::{Device, Person, Vouched};

use crate::app::App;

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
    current: bool,
) -> DeviceInfo {
    DeviceInfo {
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
