//! A hospital with a phone that device managers and signal streams speak of.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wardline_audit::Event;
use wardline_model::UserId;
use wardline_model::endorsement::Duty;
use wardline_model::wire::devices::BulkAnswer;
use wardline_model::wire::enroll::{DeviceState, Invite};
use wardline_model::wire::fleet::{FleetInfo, ManagersInfo};
use wardline_model::wire::posture::{Fact, FactName, FactValue, Provenance};
use wardline_server::Config;
use wardline_server::rim::random;
use wardline_store::NewPerson;

use crate::fleet::{change, detail, state_of};
use crate::support::graph::{EVERY_MINUTES, Graph};
use crate::support::{Answer, Device, Engine, Hospital, until};

pub(crate) const SERIAL: &str = "R58M123ABC";
pub(crate) const OTHER_SERIAL: &str = "R58M123ABD";
pub(crate) const HOUR: u64 = 60 * 60 * 1000;

/// A hospital with its officer, and a phone that is tied to its serial number.
pub(crate) struct Managed {
    pub(crate) hospital: Hospital,
    pub(crate) officer: Device,
    pub(crate) phone: Device,
}

impl Managed {
    pub(crate) async fn open(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    pub(crate) async fn with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let hospital = Hospital::with(engine, change).await;
        let mut officer = hospital.officer().await;
        let phone = hospital.another_device(&mut officer).await;
        tie(&mut officer, &phone, Some(SERIAL)).await;
        Self {
            hospital,
            officer,
            phone,
        }
    }

    /// One whose phone is the hospital's, so that all of it is wiped when it is lost. Intune knows it.
    pub(crate) async fn issued(engine: Engine, graph: &Graph) -> Self {
        let hospital = Hospital::with(engine, |config| graph.configure(config)).await;
        let mut officer = hospital.officer().await;
        let phone = issued_phone(&hospital, &mut officer).await;
        let mut ward = Self {
            hospital,
            officer,
            phone,
        };
        ward.meet_intune().await;
        ward
    }

    /// Ties the phone to its serial number once Intune's first word of it is there.
    pub(crate) async fn meet_intune(&mut self) {
        let managers = pulled(&mut self.officer).await;
        assert_eq!(managers.problem, None);
        tie(&mut self.officer, &self.phone, None).await;
        tie(&mut self.officer, &self.phone, Some(SERIAL)).await;
    }

    /// Lets another device fall behind a rule about updates when Intune is read next, so that there
    /// is something else to ask for.
    pub(crate) async fn another_falls_behind(&mut self) {
        let another = self.hospital.another_device(&mut self.officer).await;
        tie(&mut self.officer, &another, Some(OTHER_SERIAL)).await;
        self.demand(&[newer_system()]).await;
    }

    /// Another phone that is the hospital's, tied to its serial number.
    pub(crate) async fn another_issued(&mut self, serial: &str) -> Device {
        let phone = issued_phone(&self.hospital, &mut self.officer).await;
        tie(&mut self.officer, &phone, Some(serial)).await;
        phone
    }

    pub(crate) async fn lose_phone(&mut self) {
        let path = format!("/v1/devices/{}/lost", self.phone.id());
        self.officer.post(&path, &json!({})).await.expect(200);
    }

    /// The server starts again after some minutes, and so looks at once what is due.
    pub(crate) async fn restart_after(&mut self, minutes: u64) {
        self.hospital.clock.advance(minutes * 60_000 + 1000);
        self.restart().await;
    }

    /// The server starts again when Intune is due to be read anew; how that went.
    pub(crate) async fn read_again(&mut self) -> ManagersInfo {
        let before = self.hospital.clock.now_ms();
        self.restart_after(EVERY_MINUTES).await;
        self.orders(|managers| managers.tried_at.is_some_and(|at| at > before))
            .await
    }

    /// What Intune was asked for by the server, once there are so many events of it.
    pub(crate) async fn asked(&self, least: usize) -> Vec<Event> {
        until("orders to be recorded", async || {
            let told = self.hospital.events("device.asked").await;
            (told.len() >= least).then_some(told)
        })
        .await
    }

    /// What is known of managers and orders, once it is like this.
    pub(crate) async fn orders(&mut self, is: impl Fn(&ManagersInfo) -> bool) -> ManagersInfo {
        until("the state of managers", async || {
            let managers = fleet(&mut self.officer).await.managers;
            is(&managers).then_some(managers)
        })
        .await
    }

    /// Puts rules into the demo's program, as its first change.
    pub(crate) async fn demand(&mut self, rules: &[Value]) {
        let body = change(&mut self.officer, 0, rules).await;
        self.officer
            .request("PUT", "/v1/programs/demo", Some(&body))
            .await
            .expect(200);
    }

    /// What managers say of the phone under a name.
    pub(crate) async fn fact(&mut self, name: FactName) -> Option<Fact> {
        let facts = detail(&mut self.officer, &self.phone).await.facts;
        facts
            .into_iter()
            .find(|fact| fact.name == name && fact.provenance == Provenance::Managed)
    }

    pub(crate) async fn is_fact(&mut self, name: FactName, value: bool) {
        let fact = self.fact(name).await;
        assert_eq!(fact.map(|fact| fact.value), Some(FactValue::from(value)));
    }

    pub(crate) async fn state(&mut self) -> DeviceState {
        state_of(&mut self.officer, &self.phone).await
    }

    /// The server goes down and comes up again; sessions stay.
    pub(crate) async fn restart(&mut self) {
        self.hospital.restart().await;
        for device in [&mut self.officer, &mut self.phone] {
            device.url.clone_from(&self.hospital.url);
            device.passkey.origin.clone_from(&self.hospital.url);
        }
    }

    /// A time so many hours ago, as managers write it.
    pub(crate) fn hours_ago(&self, hours: u64) -> String {
        let ms = self.hospital.clock.now_ms() - hours * HOUR;
        let seconds = i64::try_from(ms / 1000).unwrap();
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        at.format(&Rfc3339).unwrap()
    }
}

pub(crate) async fn tie(officer: &mut Device, device: &Device, serial: Option<&str>) {
    let path = format!("/v1/devices/{}/serial", device.id());
    let body = json!({ "serial": serial });
    officer.post(&path, &body).await.expect(200);
}

pub(crate) async fn import(by: &mut Device, format: &str, text: &str) -> Answer {
    let body = json!({ "source": "jamf", "format": format, "text": text });
    by.post("/v1/fleet/import", &body).await
}

pub(crate) async fn fleet(officer: &mut Device) -> FleetInfo {
    officer.get("/v1/fleet").await.expect(200).json()
}

pub(crate) const INTUNES: &str = "705c034c-034c-705c-4c03-5c704c035c70";
pub(crate) const OTHER_INTUNES: &str = "705c034c-034c-705c-4c03-5c704c035c71";

/// The phone and somebody's tablet, as Intune has them.
pub(crate) fn managed(encrypted: bool) -> Vec<Value> {
    let device = |id: &str, serial: &str| {
        json!({
            "id": id, "serialNumber": serial, "operatingSystem": "Android", "osVersion": "16",
            "isEncrypted": encrypted, "complianceState": "compliant", "managementAgent": "mdm",
            "lastSyncDateTime": "2026-01-20T08:00:00Z",
        })
    };
    vec![device(INTUNES, SERIAL), device(OTHER_INTUNES, OTHER_SERIAL)]
}

/// A rule that no device meets of which Intune tells here.
pub(crate) fn newer_system() -> Value {
    json!({
        "id": "os_supported",
        "check": { "kind": "os_floor", "floors": { "android": "17" } },
        "accept": ["managed"],
        "grace_days": 7,
        "unknown": "allow",
    })
}

/// How the first pull of the hospital went.
pub(crate) async fn pulled(officer: &mut Device) -> ManagersInfo {
    until("a pull", async || {
        let managers = fleet(officer).await.managers;
        managers.tried_at.is_some().then_some(managers)
    })
    .await
}

/// A phone that is the hospital's, enrolled by the officer for themselves and confirmed.
async fn issued_phone(hospital: &Hospital, officer: &mut Device) -> Device {
    let user = officer.user();
    let invite: Invite = invite(officer, user, "issued", None)
        .await
        .expect(201)
        .json();
    let mut phone = hospital.device();
    phone.enroll(&invite.code).await;
    officer.endorse(&phone, Duty::None).await.expect(200);
    phone
}

/// Lets the officer ask for an update of a device.
pub(crate) async fn request_update(officer: &mut Device, device: &Device) {
    let body = json!({ "action": "request_update", "device_ids": [device.id()] });
    let answer = officer.post("/v1/devices/bulk", &body).await.expect(200);
    let answer: BulkAnswer = answer.json();
    assert!(answer.outcomes[0].done, "{answer:?}");
}

pub(crate) async fn invite(
    officer: &mut Device,
    user: UserId,
    program: &str,
    serial: Option<&str>,
) -> Answer {
    let body = json!({ "user_id": user, "program": program, "serial": serial });
    officer.post("/v1/invites", &body).await
}

/// Puts someone else into the hospital, as an import of its people does.
pub(crate) async fn colleague(hospital: &Hospital, officer: &Device, role: &str) -> UserId {
    colleague_called(hospital, officer, "amara.osei", role).await
}

/// The same by sign-in name.
pub(crate) async fn colleague_called(
    hospital: &Hospital,
    officer: &Device,
    username: &str,
    role: &str,
) -> UserId {
    let (store, _) = hospital.seize();
    let mut tx = store.write().await.unwrap();
    let first = tx.person(officer.user()).await.unwrap().unwrap();
    let user_id = UserId::from_random(random());
    let person = NewPerson {
        user_id,
        username: username.to_owned(),
        name: username.replace('.', " "),
        role_title: "Nurse".to_owned(),
        department: first.department,
        facility_id: first.facility_id,
        active: true,
        onboarded: true,
        roles: vec![role.to_owned()],
    };
    let now = hospital.clock.now_ms();
    tx.put_person(&person, now).await.unwrap();
    tx.commit().await.unwrap();
    user_id
}

/// A phone of theirs, confirmed and signed in.
pub(crate) async fn phone_of(hospital: &Hospital, officer: &mut Device, user: UserId) -> Device {
    let invite = hospital.invite_person(officer, user).await;
    let mut device = hospital.device();
    device.enroll(&invite.code).await;
    officer.endorse(&device, Duty::None).await.expect(200);
    device.sign_in().await;
    device
}
