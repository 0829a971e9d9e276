//! What device managers and signal streams tell: facts about the device that is meant, and about no
//! other, from whoever may tell them.

use axum::http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wardline_audit::Event;
use wardline_audit::event::Outcome;
use wardline_model::endorsement::Duty;
use wardline_model::wire::devices::BulkAnswer;
use wardline_model::wire::enroll::{DeviceState, Invite};
use wardline_model::wire::fleet::{FleetInfo, ImportAnswer, ManagersInfo};
use wardline_model::wire::posture::{Fact, FactName, FactValue, Provenance};
use wardline_model::{UserId, wire::sessions::SessionList};
use wardline_server::Config;
use wardline_server::rim::random;
use wardline_store::NewPerson;

use crate::fleet::{ask_to_sign_in, change, detail, encrypted, state_of};
use crate::support::graph::Graph;
use crate::support::transmitter::{AUDIENCE, COMPLIANCE, REVOKED, Transmitter, push, signed};
use crate::support::{Answer, Device, Engine, Hospital, story};

const SERIAL: &str = "R58M123ABC";
const OTHER_SERIAL: &str = "R58M123ABD";
const HOUR: u64 = 60 * 60 * 1000;

/// A hospital with its officer, and a phone that is tied to its serial number.
struct Ward {
    hospital: Hospital,
    officer: Device,
    phone: Device,
}

impl Ward {
    async fn open(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    async fn with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
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
    async fn issued(engine: Engine, graph: &Graph) -> Self {
        let hospital = Hospital::with(engine, |config| graph.configure(config)).await;
        let mut officer = hospital.officer().await;
        let user = officer.user();
        let invite: Invite = invite(&mut officer, user, "issued", None)
            .await
            .expect(201)
            .json();
        let mut phone = hospital.device();
        phone.enroll(&invite.code).await;
        officer.endorse(&phone, Duty::None).await.expect(200);
        let mut ward = Self {
            hospital,
            officer,
            phone,
        };
        ward.meet_intune().await;
        ward
    }

    /// Ties the phone to its serial number once Intune's first word of it is there.
    async fn meet_intune(&mut self) {
        let managers = pulled(&mut self.officer).await;
        assert_eq!(managers.problem, None);
        tie(&mut self.officer, &self.phone, None).await;
        tie(&mut self.officer, &self.phone, Some(SERIAL)).await;
    }

    /// Lets another device fall behind a rule about updates when Intune is read next, so that there
    /// is something else to ask for.
    async fn another_falls_behind(&mut self) {
        let another = self.hospital.another_device(&mut self.officer).await;
        tie(&mut self.officer, &another, Some(OTHER_SERIAL)).await;
        self.demand(&[newer_system()]).await;
    }

    async fn lose_phone(&mut self) {
        let path = format!("/v1/devices/{}/lost", self.phone.id());
        self.officer.post(&path, &json!({})).await.expect(200);
    }

    /// The server starts again after some minutes, and so looks at once what is due.
    async fn restart_after(&mut self, minutes: u64) {
        self.hospital.clock.advance(minutes * 60_000 + 1000);
        self.restart().await;
    }

    /// What Intune was asked for by the server, once there are so many events of it.
    async fn asked(&self, least: usize) -> Vec<Event> {
        loop {
            let told = events(&self.hospital, "device.asked").await;
            if told.len() >= least {
                return told;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// The state of the orders, once it is like this.
    async fn orders(&mut self, is: impl Fn(&ManagersInfo) -> bool) -> ManagersInfo {
        loop {
            let managers = fleet(&mut self.officer).await.managers;
            if is(&managers) {
                return managers;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Puts rules into the demo's program, as its first change.
    async fn demand(&mut self, rules: &[Value]) {
        let body = change(&mut self.officer, 0, rules).await;
        self.officer
            .request("PUT", "/v1/programs/demo", Some(&body))
            .await
            .expect(200);
    }

    /// What managers say of the phone under a name.
    async fn fact(&mut self, name: FactName) -> Option<Fact> {
        let facts = detail(&mut self.officer, &self.phone).await.facts;
        facts
            .into_iter()
            .find(|fact| fact.name == name && fact.provenance == Provenance::Managed)
    }

    async fn is_fact(&mut self, name: FactName, value: bool) {
        let fact = self.fact(name).await;
        assert_eq!(fact.map(|fact| fact.value), Some(FactValue::from(value)));
    }

    async fn state(&mut self) -> DeviceState {
        state_of(&mut self.officer, &self.phone).await
    }

    /// The server goes down and comes up again; sessions stay.
    async fn restart(&mut self) {
        self.hospital.restart().await;
        for device in [&mut self.officer, &mut self.phone] {
            device.url.clone_from(&self.hospital.url);
        }
    }

    /// A time so many hours ago, as managers write it.
    fn hours_ago(&self, hours: u64) -> String {
        let ms = self.hospital.clock.now_ms() - hours * HOUR;
        let seconds = i64::try_from(ms / 1000).unwrap();
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        at.format(&Rfc3339).unwrap()
    }
}

async fn tie(officer: &mut Device, device: &Device, serial: Option<&str>) {
    let path = format!("/v1/devices/{}/serial", device.id());
    let body = json!({ "serial": serial });
    officer.post(&path, &body).await.expect(200);
}

async fn import(by: &mut Device, format: &str, text: &str) -> Answer {
    let body = json!({ "source": "jamf", "format": format, "text": text });
    by.post("/v1/fleet/import", &body).await
}

async fn register(by: &mut Device, text: &str) -> Answer {
    let body = json!({ "format": "csv", "text": text });
    by.post("/v1/fleet/registered", &body).await
}

async fn fleet(officer: &mut Device) -> FleetInfo {
    officer.get("/v1/fleet").await.expect(200).json()
}

/// How many devices managers know, and how many of them belong to no enrolled one.
async fn known(officer: &mut Device) -> (u64, u64) {
    let managers = fleet(officer).await.managers;
    (managers.known, managers.unmatched)
}

/// The reasons for which a file was refused.
#[track_caller]
fn reasons(answer: &Answer) -> Vec<String> {
    let problem = answer.refused(422, "import-refused");
    serde_json::from_value(problem.extensions["reasons"].clone()).unwrap()
}

/// Puts someone else into the hospital, as an import of its people does.
async fn colleague(hospital: &Hospital, officer: &Device, role: &str) -> UserId {
    let (store, _) = hospital.seize();
    let mut tx = store.write().await.unwrap();
    let first = tx.person(officer.user()).await.unwrap().unwrap();
    let user_id = UserId::from_random(random());
    let person = NewPerson {
        user_id,
        username: "amara.osei".to_owned(),
        name: "Amara Osei".to_owned(),
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
async fn phone_of(hospital: &Hospital, officer: &mut Device, user: UserId) -> Device {
    let invite = hospital.invite_person(officer, user).await;
    let mut device = hospital.device();
    device.enroll(&invite.code).await;
    officer.endorse(&device, Duty::None).await.expect(200);
    device.sign_in().await;
    device
}

/// Every event of the hospital's log of this kind.
pub(crate) async fn events(hospital: &Hospital, kind: &str) -> Vec<Event> {
    let (store, _) = hospital.seize();
    let node = hospital.config.server.node.parse().unwrap();
    let mut facts = store.read().await.unwrap();
    let events = facts.events_of(&node, 1, 10_000).await.unwrap();
    events
        .iter()
        .map(|event| Event::parse(&event.opening.payload).unwrap())
        .filter(|event| event.kind.as_str() == kind)
        .collect()
}

story!(an_export_decides_about_the_device_with_that_serial_number);
async fn an_export_decides_about_the_device_with_that_serial_number(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    ward.demand(&[encrypted(0)]).await;
    let at = ward.hours_ago(3);
    // People and managers write the same number in different ways.
    let csv = format!(
        "Serial,Platform,Encrypted,Last sync\n\
         r58m123abc,android,yes,{at}\n\
         C02XG2JHJG5H,macos,no,{at}\n"
    );
    let answer = import(&mut ward.officer, "csv", &csv).await.expect(200);
    let answer: ImportAnswer = answer.json();
    assert_eq!((answer.devices, answer.matched), (2, 1));
    assert_eq!(known(&mut ward.officer).await, (2, 1));
    let fact = ward.fact(FactName::StorageEncrypted).await.unwrap();
    assert_eq!(fact.value, FactValue::from(true));
    assert_eq!(fact.evidence, "jamf");
    assert!(fact.observed_at <= ward.hospital.clock.now_ms() - 3 * HOUR);
    let officer = detail_of(&mut ward.officer).await;
    assert!(officer.facts.is_empty(), "it is about no other device");
    ward.phone.get("/v1/me").await.expect(200);

    let of = |encrypted: bool, at: String| {
        json!([{ "serial": SERIAL, "platform": "android", "encrypted": encrypted,
            "last_sync": at }])
        .to_string()
    };
    let json = of(false, ward.hours_ago(2));
    import(&mut ward.officer, "json", &json).await.expect(200);
    assert_eq!(ward.state().await, DeviceState::Quarantined);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
    let refused = ask_to_sign_in(&mut ward.phone).await.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "device_quarantined");
    ward.officer.get("/v1/me").await.expect(200);

    // An older export does not bring back what is over.
    let json = of(true, ward.hours_ago(4));
    import(&mut ward.officer, "json", &json).await.expect(200);
    assert_eq!(ward.state().await, DeviceState::Quarantined);
    let json = of(true, ward.hours_ago(1));
    import(&mut ward.officer, "json", &json).await.expect(200);
    assert_eq!(ward.state().await, DeviceState::Active);
    ward.phone.sign_in().await;
}

async fn detail_of(device: &mut Device) -> wardline_model::wire::devices::DeviceDetail {
    let path = format!("/v1/devices/{}", device.id());
    device.get(&path).await.expect(200).json()
}

story!(a_file_with_faults_is_refused_with_every_reason_and_changes_nothing);
async fn a_file_with_faults_is_refused_with_every_reason_and_changes_nothing(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    ward.demand(&[encrypted(0)]).await;
    let at = ward.hours_ago(1);
    let column = format!(
        "serial,platform,encrypted,colour,last_sync\n\
         {SERIAL},android,no,red,{at}\n"
    );
    let refused = import(&mut ward.officer, "csv", &column).await;
    let [reason] = &reasons(&refused)[..] else {
        panic!("{refused:?}");
    };
    assert!(
        reason.starts_with("line 1: no column has the name \"colour\""),
        "{reason}"
    );
    let values = format!(
        "serial,platform,encrypted,last_sync\n\
         {SERIAL},android,no,{at}\n\
         A2,symbian,perhaps,{at}\n\
         A3,ios,yes,2999-01-01T00:00:00Z\n\
         {SERIAL},android,no,{at}\n"
    );
    let refused = import(&mut ward.officer, "csv", &values).await;
    let told = reasons(&refused);
    let begins: Vec<&str> = told
        .iter()
        .map(|reason| reason.split(" must be ").next().unwrap())
        .collect();
    assert_eq!(
        begins,
        [
            "line 3: platform",
            "line 3: encrypted",
            "line 4: last_sync",
            "line 5: serial is that of line 2.",
        ]
    );
    let body = String::from_utf8_lossy(&refused.body);
    assert!(!body.contains("symbian") && !body.contains("perhaps"));
    let json = format!(
        r#"[{{"serial": "{SERIAL}", "platform": "android", "encrypted": "maybe",
            "last_sync": "{at}"}}]"#
    );
    let refused = import(&mut ward.officer, "json", &json).await;
    assert!(reasons(&refused)[0].starts_with("entry 1: encrypted must be"));

    // A manager that speaks for itself is not spoken for, and one without a name is none.
    let good = format!("serial,platform,encrypted,last_sync\n{SERIAL},android,no,{at}\n");
    for source in [json!("intune"), json!(" "), json!("a\nb"), Value::Null] {
        let body = json!({ "source": source, "format": "csv", "text": good });
        let refused = ward.officer.post("/v1/fleet/import", &body).await;
        let problem = refused.refused(400, "invalid-body");
        assert_eq!(problem.extensions["field"], "source");
    }
    assert_eq!(known(&mut ward.officer).await, (0, 0));
    assert_eq!(ward.fact(FactName::StorageEncrypted).await, None);
    ward.phone.get("/v1/me").await.expect(200);
    import(&mut ward.officer, "csv", &good).await.expect(200);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
}

#[tokio::test]
async fn an_export_as_large_as_promised_is_read() {
    let mut ward = Ward::open(Engine::Sqlite).await;
    let line = format!("A1,symbian,{}\n", ward.hours_ago(1));
    let mut text = "serial,platform,last_sync\n".to_owned();
    let file = 8 << 20;
    let rows = 49_999;
    text.extend(std::iter::repeat_n(line.as_str(), rows));
    let filling = "x".repeat(file - text.len() - 5);
    text.extend(["\"", &filling, "\",,\n"]);
    assert_eq!(text.len(), file);
    let refused = import(&mut ward.officer, "csv", &text).await;
    assert!(reasons(&refused)[0].starts_with("line 2: platform must be"));
    text.push('\n');
    let refused = import(&mut ward.officer, "csv", &text).await;
    assert!(reasons(&refused)[0].contains("split it"));
    // No other route takes so much, and this one no more than it needs.
    let body = json!({ "text": text });
    let refused = ward.officer.post("/v1/devices/bulk", &body).await;
    let problem = refused.refused(413, "payload-too-large");
    assert_eq!(problem.extensions["limit"], 2 << 20);
    let refused = import(&mut ward.officer, "csv", &text.repeat(2)).await;
    let problem = refused.refused(413, "payload-too-large");
    assert_eq!(problem.extensions["limit"], 16 << 20);
}

#[tokio::test]
async fn a_nurse_neither_imports_nor_registers_nor_asks_managers() {
    let mut ward = Ward::open(Engine::Sqlite).await;
    let user = colleague(&ward.hospital, &ward.officer, "nurse").await;
    let mut nurse = phone_of(&ward.hospital, &mut ward.officer, user).await;
    let at = ward.hours_ago(1);
    let good = format!("serial,platform,encrypted,last_sync\n{SERIAL},android,no,{at}\n");
    let refused = import(&mut nurse, "csv", &good).await;
    refused.refused(403, "denied");
    let list = "serial,program\nA1,shared\n";
    register(&mut nurse, list).await.refused(403, "denied");
    nurse.get("/v1/fleet").await.refused(403, "denied");
    let own = json!({ "action": "request_update", "device_ids": [nurse.id()] });
    let refused = nurse.post("/v1/devices/bulk", &own).await;
    refused.refused(403, "denied");
    let path = format!("/v1/devices/{}/serial", nurse.id());
    let refused = nurse.post(&path, &json!({ "serial": "A1" })).await;
    refused.refused(403, "denied");
    let fleet = fleet(&mut ward.officer).await;
    assert!(fleet.registered.is_empty());
    assert_eq!(fleet.managers.known, 0);
}

#[tokio::test]
async fn a_device_with_another_serial_number_is_another_device() {
    let mut ward = Ward::open(Engine::Sqlite).await;
    let at = ward.hours_ago(1);
    let csv = format!(
        "serial,platform,encrypted,last_sync\n\
         {SERIAL},android,yes,{at}\n\
         R58M123ABD,android,no,{at}\n"
    );
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    // The same, written in another way.
    tie(&mut ward.officer, &ward.phone, Some("r58m123abc")).await;
    ward.is_fact(FactName::StorageEncrypted, true).await;
    tie(&mut ward.officer, &ward.phone, Some("R58M123ABD")).await;
    assert_eq!(ward.fact(FactName::StorageEncrypted).await, None);
    assert_eq!(known(&mut ward.officer).await, (2, 1));
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    ward.is_fact(FactName::StorageEncrypted, false).await;
    tie(&mut ward.officer, &ward.phone, None).await;
    assert_eq!(ward.fact(FactName::StorageEncrypted).await, None);
    assert_eq!(known(&mut ward.officer).await, (2, 2));
    let wrong = json!({ "serial": "not#one" });
    let path = format!("/v1/devices/{}/serial", ward.phone.id());
    let refused = ward.officer.post(&path, &wrong).await;
    refused.refused(400, "invalid-body");
}

#[tokio::test]
async fn a_phone_that_is_enrolled_anew_is_the_one_that_its_manager_means() {
    let mut ward = Ward::open(Engine::Sqlite).await;
    let anew = ward.hospital.another_device(&mut ward.officer).await;
    let path = format!("/v1/devices/{}/serial", anew.id());
    let body = json!({ "serial": SERIAL });
    let taken = ward.officer.post(&path, &body).await;
    taken.refused(409, "serial-taken");
    let path = format!("/v1/devices/{}/revoke", ward.phone.id());
    ward.officer.post(&path, &json!({})).await.expect(200);
    tie(&mut ward.officer, &anew, Some(SERIAL)).await;
    let at = ward.hours_ago(1);
    let csv = format!("serial,platform,encrypted,last_sync\n{SERIAL},android,yes,{at}\n");
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    assert_eq!(ward.fact(FactName::StorageEncrypted).await, None);
    ward.phone = anew;
    ward.is_fact(FactName::StorageEncrypted, true).await;
}

async fn invite(officer: &mut Device, user: UserId, program: &str, serial: Option<&str>) -> Answer {
    let body = json!({ "user_id": user, "program": program, "serial": serial });
    officer.post("/v1/invites", &body).await
}

story!(a_registered_device_waits_until_it_is_handed_out);
async fn a_registered_device_waits_until_it_is_handed_out(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let list = "serial,program,model,owner,note\n\
                R58M123ABC,shared,Pixel 9,,\"Ward 7, spare\"\n\
                R58M123ABD,issued,,,\n";
    let answer: ImportAnswer = register(&mut officer, list).await.expect(200).json();
    assert_eq!(answer.devices, 2);
    let waiting = fleet(&mut officer).await.registered;
    let first = &waiting[0];
    assert_eq!(
        [&first.serial, &first.program, &first.model, &first.note].map(String::as_str),
        [SERIAL, "shared", "Pixel 9", "Ward 7, spare"]
    );
    assert_eq!(waiting[1].serial, "R58M123ABD");

    let user = officer.user();
    let refused = invite(&mut officer, user, "shared", None).await;
    let problem = refused.refused(400, "invalid-body");
    assert_eq!(problem.extensions["field"], "serial");
    // One that nobody registered, and one that is for another program.
    for serial in ["R58M123ABE", "R58M123ABD"] {
        let refused = invite(&mut officer, user, "shared", Some(serial)).await;
        refused.refused(422, "not-registered");
    }
    let invite: Invite = invite(&mut officer, user, "shared", Some(SERIAL))
        .await
        .expect(201)
        .json();
    assert_eq!(fleet(&mut officer).await.registered.len(), 2);
    let mut tablet = hospital.device();
    tablet.enroll(&invite.code).await;
    let waiting = fleet(&mut officer).await.registered;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].serial, "R58M123ABD");
    officer.endorse(&tablet, Duty::None).await.expect(200);
    let device = detail(&mut officer, &tablet).await.device;
    assert_eq!(device.serial.as_deref(), Some(SERIAL));
    assert_eq!(device.program, "shared");
    // Once it is out of use it can be handed out again.
    let path = format!("/v1/devices/{}/lost", tablet.id());
    officer.post(&path, &json!({})).await.expect(200);
    assert_eq!(fleet(&mut officer).await.registered.len(), 2);
}

story!(a_list_of_devices_is_registered_whole_or_not_at_all);
async fn a_list_of_devices_is_registered_whole_or_not_at_all(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let list = "serial,program\nA1,shared\nA1,shared\nA2,byod\n,shared\n";
    let refused = register(&mut officer, list).await;
    assert_eq!(
        reasons(&refused),
        [
            "line 3: serial is that of line 2.",
            "line 4: program must be a program that takes registered devices.",
            "line 5: serial is missing: the maker's serial number.",
        ]
    );
    let list = "serial,program,owner\nA1,shared,first.officer\nA2,shared,nobody\n";
    let refused = register(&mut officer, list).await;
    assert_eq!(
        reasons(&refused),
        ["A2: its owner is nobody's sign-in name here."]
    );
    let body = json!({ "format": "json", "text": "[]" });
    let refused = officer.post("/v1/fleet/registered", &body).await;
    refused.refused(400, "invalid-body");
    assert!(fleet(&mut officer).await.registered.is_empty());
    // What was registered under a number before is replaced.
    for program in ["shared", "issued"] {
        let list = format!("serial,program\nA1,{program}\n");
        register(&mut officer, &list).await.expect(200);
        let waiting = fleet(&mut officer).await.registered;
        assert_eq!((waiting.len(), &*waiting[0].program), (1, program));
    }
}

#[tokio::test]
async fn a_device_that_is_registered_for_someone_is_handed_to_nobody_else() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let amara = colleague(&hospital, &officer, "nurse").await;
    let list = "serial,program,owner\nA1,shared,Amara.Osei\n";
    register(&mut officer, list).await.expect(200);
    let other = officer.user();
    let refused = invite(&mut officer, other, "shared", Some("A1")).await;
    refused.refused(422, "not-registered");
    let invited = invite(&mut officer, amara, "shared", Some("A1")).await;
    invited.expect(201);
}

const INTUNES: &str = "705c034c-034c-705c-4c03-5c704c035c70";
const OTHER_INTUNES: &str = "705c034c-034c-705c-4c03-5c704c035c71";

/// The phone and somebody's tablet, as Intune has them.
fn managed(encrypted: bool) -> Vec<Value> {
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
fn newer_system() -> Value {
    json!({
        "id": "os_supported",
        "check": { "kind": "os_floor", "floors": { "android": "17" } },
        "accept": ["managed"],
        "grace_days": 7,
        "unknown": "allow",
    })
}

/// How the first pull since the start went.
async fn pulled(officer: &mut Device) -> ManagersInfo {
    loop {
        let managers = fleet(officer).await.managers;
        if managers.pulled_at.is_some() || managers.problem.is_some() {
            return managers;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

story!(intune_is_read_and_what_it_said_outlives_its_absence);
async fn intune_is_read_and_what_it_said_outlives_its_absence(engine: Engine) {
    let mut graph = Graph::start(Vec::new()).await;
    let mut ward = Ward::with(engine, |config| graph.configure(config)).await;
    ward.demand(&[encrypted(0)]).await;
    let managers = pulled(&mut ward.officer).await;
    assert!(managers.intune);
    assert_eq!((managers.problem, managers.known), (None, 0));

    graph.know(managed(false));
    ward.restart().await;
    let managers = pulled(&mut ward.officer).await;
    assert_eq!(managers.problem, None);
    assert_eq!((managers.known, managers.unmatched), (2, 1));
    ward.is_fact(FactName::StorageEncrypted, false).await;
    ward.is_fact(FactName::ManagerCompliant, true).await;
    ward.is_fact(FactName::Managed, true).await;
    let fact = ward.fact(FactName::StorageEncrypted).await.unwrap();
    assert_eq!(fact.evidence, "Microsoft Intune");
    assert_eq!(ward.state().await, DeviceState::Quarantined);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
    let told = events(&ward.hospital, "fleet.pulled").await;
    let told = &told.last().unwrap().detail;
    assert_eq!(
        (&told["matched"], &told["unmatched"]),
        (&json!(1), &json!(1))
    );

    graph.refuse(StatusCode::FORBIDDEN);
    let before = detail(&mut ward.officer, &ward.phone).await.facts;
    ward.restart().await;
    let refused = pulled(&mut ward.officer).await;
    assert_eq!(refused.pulled_at, None);
    assert!(refused.problem.unwrap().starts_with("not permitted"));
    assert_eq!((refused.known, refused.unmatched), (2, 1));

    graph.go_down().await;
    ward.restart().await;
    let absent = pulled(&mut ward.officer).await;
    assert!(absent.problem.unwrap().starts_with("no answer"));
    assert_eq!((absent.known, absent.unmatched), (2, 1));
    assert_eq!(detail(&mut ward.officer, &ward.phone).await.facts, before);
    assert_eq!(ward.state().await, DeviceState::Quarantined);
}

story!(an_update_is_asked_for_of_exactly_that_device);
async fn an_update_is_asked_for_of_exactly_that_device(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Ward::with(engine, |config| graph.configure(config)).await;
    pulled(&mut ward.officer).await;
    // Whichever came first, the pull or this: the number leads to the device.
    tie(&mut ward.officer, &ward.phone, None).await;
    tie(&mut ward.officer, &ward.phone, Some(SERIAL)).await;
    let (phone, officers) = (ward.phone.id(), ward.officer.id());
    let body = json!({ "action": "request_update", "device_ids": [officers, phone] });
    let answer = ward.officer.post("/v1/devices/bulk", &body).await;
    let answer: BulkAnswer = answer.expect(200).json();
    let [unknown, asked] = &answer.outcomes[..] else {
        panic!("{answer:?}");
    };
    assert_eq!((unknown.device_id, unknown.done), (officers, false));
    let problem = unknown.problem.as_ref().unwrap();
    assert!(problem.contains("serial number"), "{problem}");
    assert_eq!((asked.device_id, asked.done), (phone, true));
    assert_eq!(asked.problem, None);
    assert_eq!(graph.asked(), [format!("syncDevice {INTUNES}")]);

    graph.refuse(StatusCode::NOT_FOUND);
    let body = json!({ "action": "request_update", "device_ids": [phone] });
    let answer = ward.officer.post("/v1/devices/bulk", &body).await;
    let answer: BulkAnswer = answer.expect(200).json();
    assert!(!answer.outcomes[0].done);
    assert_eq!(
        answer.outcomes[0].problem.as_deref(),
        Some("It says: Intune does not know this device.")
    );
    let told = events(&ward.hospital, "device.asked").await;
    let [done, refused] = &told[..] else {
        panic!("{told:?}");
    };
    for event in [done, refused] {
        assert_eq!(event.resource, format!("device/{phone}"));
        assert_eq!(event.detail["asked"], "sync");
    }
    assert_eq!(done.outcome, Outcome::Allow);
    assert_eq!(refused.outcome, Outcome::Deny);
    assert_eq!(
        refused.detail["problem"],
        "Intune does not know this device"
    );
}

story!(a_lost_phone_of_the_hospital_is_wiped_once_however_long_intune_fails);
async fn a_lost_phone_of_the_hospital_is_wiped_once_however_long_intune_fails(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Ward::issued(engine, &graph).await;
    let wipe = format!("wipe {INTUNES}");
    graph.fail([StatusCode::SERVICE_UNAVAILABLE]);
    let lost_at = ward.hospital.clock.now_ms();
    ward.lose_phone().await;
    ward.restart().await;
    let managers = ward.orders(|orders| orders.waiting_problem.is_some()).await;
    assert_eq!(managers.waiting, 1);
    assert!(managers.waiting_since.unwrap() >= lost_at);
    assert_eq!(
        managers.waiting_problem.as_deref(),
        Some("refused with status 503: MadeUp")
    );
    assert_eq!(graph.asked(), [wipe.as_str()]);

    graph.shut(true);
    ward.restart_after(1).await;
    let no_token = "no token was given (status 401: invalid_client)";
    let shut = |orders: &ManagersInfo| orders.waiting_problem.as_deref() == Some(no_token);
    assert_eq!(ward.orders(shut).await.waiting, 1);
    assert!(graph.asked().is_empty() && graph.took().is_empty());

    graph.shut(false);
    ward.restart_after(2).await;
    let managers = ward.orders(|orders| orders.waiting == 0).await;
    assert_eq!(
        (managers.waiting_since, managers.waiting_problem),
        (None, None)
    );
    assert_eq!(graph.took(), [wipe.as_str()]);
    assert_eq!(graph.asked(), [wipe.as_str()]);

    // Nothing but its end is waited for from here on.
    graph.becomes(INTUNES, "wipe", "done", &ward.hours_ago(0));
    ward.restart_after(10).await;
    let told = ward.asked(3).await;
    let [failed, given, done] = &told[..] else {
        panic!("{told:?}");
    };
    for event in &told {
        assert_eq!(event.resource, format!("device/{}", ward.phone.id()));
        assert_eq!(event.detail["asked"], "wipe");
    }
    assert_eq!(failed.outcome, Outcome::Deny);
    assert_eq!(failed.detail["problem"], "refused with status 503: MadeUp");
    assert_eq!(failed.detail["waits"], true);
    assert_eq!(given.outcome, Outcome::Allow);
    assert!(!given.detail.contains_key("problem") && !given.detail.contains_key("outcome"));
    assert_eq!(done.outcome, Outcome::Allow);
    assert_eq!(done.detail["outcome"], "done");
    assert!(graph.asked().is_empty());
}

story!(a_lost_phone_of_its_owner_is_not_wiped_by_a_manager);
async fn a_lost_phone_of_its_owner_is_not_wiped_by_a_manager(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Ward::with(engine, |config| graph.configure(config)).await;
    ward.meet_intune().await;
    ward.another_falls_behind().await;
    ward.lose_phone().await;
    let managers = fleet(&mut ward.officer).await.managers;
    assert_eq!((managers.waiting, managers.waiting_since), (0, None));
    ward.restart().await;
    ward.asked(1).await;
    assert_eq!(graph.asked(), [format!("syncDevice {OTHER_INTUNES}")]);
}

story!(a_device_that_falls_behind_is_asked_to_check_in_once);
async fn a_device_that_falls_behind_is_asked_to_check_in_once(engine: Engine) {
    let graph = Graph::start(Vec::new()).await;
    let mut ward = Ward::with(engine, |config| graph.configure(config)).await;
    ward.meet_intune().await;
    ward.demand(&[newer_system()]).await;
    graph.know(managed(true));
    ward.restart().await;
    let told = ward.asked(1).await;
    assert_eq!(ward.state().await, DeviceState::Grace);
    assert_eq!(told[0].outcome, Outcome::Allow);
    assert_eq!(told[0].detail["asked"], "sync");
    assert_eq!(graph.asked(), [format!("syncDevice {INTUNES}")]);

    // It stays behind, and is not asked again for that.
    graph.becomes(INTUNES, "syncDevice", "done", &ward.hours_ago(0));
    ward.restart_after(10).await;
    let told = ward.asked(2).await;
    assert_eq!(told[1].detail["outcome"], "done");
    assert_eq!(told.len(), 2);
    assert!(graph.asked().is_empty());
}

story!(what_can_never_be_done_is_recorded_and_not_tried_again);
async fn what_can_never_be_done_is_recorded_and_not_tried_again(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Ward::issued(engine, &graph).await;
    ward.another_falls_behind().await;
    graph.fail([StatusCode::NOT_FOUND]);
    ward.lose_phone().await;
    ward.restart().await;
    // The wipe goes before everything else.
    let told = ward.asked(2).await;
    let (wipe, sync) = (&told[0], &told[1]);
    assert_eq!(wipe.resource, format!("device/{}", ward.phone.id()));
    assert_eq!(wipe.outcome, Outcome::Deny);
    assert_eq!(wipe.detail["problem"], "Intune does not know this device");
    assert!(!wipe.detail.contains_key("waits"));
    assert_eq!(sync.detail["asked"], "sync");
    let sync = format!("syncDevice {OTHER_INTUNES}");
    assert_eq!(graph.asked(), [format!("wipe {INTUNES}"), sync]);

    // Only the other one's end is looked for from here on.
    graph.becomes(OTHER_INTUNES, "syncDevice", "done", &ward.hours_ago(0));
    ward.restart_after(60).await;
    let told = ward.asked(3).await;
    assert_eq!(told[2].detail["outcome"], "done");
    assert_eq!(graph.looked(), [OTHER_INTUNES]);
    assert!(graph.asked().is_empty());
}

/// Waits until the ends of orders to these devices were looked for.
async fn looked_at(graph: &Graph, ids: &[&str]) {
    let mut seen: Vec<String> = Vec::new();
    while !ids.iter().all(|id| seen.iter().any(|one| one == id)) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        seen.extend(graph.looked());
    }
}

story!(how_an_order_ended_is_recorded_once);
async fn how_an_order_ended_is_recorded_once(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Ward::issued(engine, &graph).await;
    ward.another_falls_behind().await;
    ward.lose_phone().await;
    ward.restart().await;
    ward.asked(2).await;
    let both = [
        format!("wipe {INTUNES}"),
        format!("syncDevice {OTHER_INTUNES}"),
    ];
    assert_eq!(graph.took(), both);

    // What is under way has not ended, and the end of an earlier order is not that of this one.
    let at = ward.hours_ago(0);
    graph.becomes(INTUNES, "wipe", "done", &ward.hours_ago(1));
    graph.becomes(OTHER_INTUNES, "syncDevice", "pending", &at);
    ward.restart_after(10).await;
    looked_at(&graph, &[INTUNES, OTHER_INTUNES]).await;

    graph.becomes(INTUNES, "wipe", "failed", &at);
    ward.restart_after(10).await;
    looked_at(&graph, &[INTUNES, OTHER_INTUNES]).await;
    let told = ward.asked(3).await;
    assert_eq!(told[2].resource, format!("device/{}", ward.phone.id()));
    assert_eq!(told[2].outcome, Outcome::Deny);
    assert_eq!(told[2].detail["outcome"], "failed");

    graph.becomes(OTHER_INTUNES, "syncDevice", "done", &at);
    ward.restart_after(10).await;
    let told = ward.asked(4).await;
    assert_eq!(told.len(), 4);
    assert_eq!(told[3].detail["asked"], "sync");
    assert_eq!(told[3].detail["outcome"], "done");
    assert_eq!(graph.looked(), [OTHER_INTUNES]);
    assert!(graph.took().is_empty());
}

story!(of_a_phone_that_its_manager_has_twice_one_is_wiped);
async fn of_a_phone_that_its_manager_has_twice_one_is_wiped(engine: Engine) {
    let mut devices = managed(true);
    devices[1]["serialNumber"] = SERIAL.into();
    devices[1]["lastSyncDateTime"] = "2026-01-21T08:00:00Z".into();
    let graph = Graph::start(devices).await;
    let mut ward = Ward::issued(engine, &graph).await;
    ward.lose_phone().await;
    let managers = fleet(&mut ward.officer).await.managers;
    assert_eq!((managers.known, managers.waiting), (2, 1));
    ward.restart().await;
    ward.asked(1).await;
    ward.orders(|orders| orders.waiting == 0).await;
    assert_eq!(graph.asked(), [format!("wipe {OTHER_INTUNES}")]);
}

#[tokio::test]
async fn without_a_manager_that_can_be_asked_no_update_is_asked_for() {
    let mut ward = Ward::open(Engine::Sqlite).await;
    let at = ward.hours_ago(1);
    // Another manager knows it, of which there are files only.
    let csv = format!("serial,platform,last_sync\n{SERIAL},android,{at}\n");
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    let body = json!({ "action": "request_update", "device_ids": [ward.phone.id()] });
    let answer = ward.officer.post("/v1/devices/bulk", &body).await;
    let answer: BulkAnswer = answer.expect(200).json();
    assert!(!answer.outcomes[0].done);
    assert!(events(&ward.hospital, "device.asked").await.is_empty());
    let managers = fleet(&mut ward.officer).await.managers;
    assert!(!managers.intune && managers.pulled_at.is_none());
}

const ISSUER: &str = "https://idp.example/123456789/";

fn compliant() -> Value {
    json!({
        "id": "manager_compliant",
        "check": { "kind": "manager_compliant" },
        "accept": ["managed"],
        "grace_days": 0,
        "unknown": "allow",
    })
}

fn compliance(now: bool, at_ms: u64) -> Value {
    let status = |compliant| {
        if compliant {
            "compliant"
        } else {
            "not-compliant"
        }
    };
    json!({
        "current_status": status(now), "previous_status": status(!now),
        "event_timestamp": at_ms / 1000,
    })
}

fn opaque(id: &str) -> Value {
    json!({ "format": "opaque", "id": id })
}

fn email(name: &str) -> Value {
    json!({ "format": "email", "email": format!("{name}@hospital.example") })
}

story!(a_device_that_a_stream_calls_not_compliant_is_shut_out_at_once);
async fn a_device_that_a_stream_calls_not_compliant_is_shut_out_at_once(engine: Engine) {
    let idp = Transmitter::new(ISSUER, "one");
    let mut ward = Ward::with(engine, |config| idp.configure(config)).await;
    ward.demand(&[compliant()]).await;
    let mut wire = ward.hospital.device();
    let clock = ward.hospital.clock.clone();
    let at = clock.now_ms() - HOUR;
    let of = |now| idp.claims(&clock, &opaque(SERIAL), COMPLIANCE, &compliance(now, at));

    let falls = idp.sign(&of(false));
    let taken = push(&mut wire, &falls).await.expect(202);
    assert!(taken.body.is_empty());
    ward.is_fact(FactName::ManagerCompliant, false).await;
    let fact = ward.fact(FactName::ManagerCompliant).await.unwrap();
    assert_eq!(fact.evidence, format!("security event of {ISSUER}"));
    assert_eq!(fact.observed_at, at / 1000 * 1000);
    assert_eq!(ward.state().await, DeviceState::Quarantined);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
    ward.officer.get("/v1/me").await.expect(200);

    // Another event of the same moment; the first comes again, as a retry or somebody's replay.
    push(&mut wire, &idp.sign(&of(true))).await.expect(202);
    assert_eq!(ward.state().await, DeviceState::Active);
    push(&mut wire, &falls).await.expect(202);
    ward.is_fact(FactName::ManagerCompliant, true).await;
    assert_eq!(ward.state().await, DeviceState::Active);
    let told = events(&ward.hospital, "signal.received").await;
    let again: Vec<bool> = told
        .iter()
        .map(|event| event.detail.contains_key("again"))
        .collect();
    assert_eq!(again, [false, false, true]);
}

#[tokio::test]
async fn what_a_stream_said_is_not_taken_back_by_a_managers_silence() {
    let idp = Transmitter::new(ISSUER, "one");
    let mut ward = Ward::with(Engine::Sqlite, |config| idp.configure(config)).await;
    ward.demand(&[compliant()]).await;
    let clock = ward.hospital.clock.clone();
    let event = compliance(false, clock.now_ms() - 3 * HOUR);
    let claims = idp.claims(&clock, &opaque(SERIAL), COMPLIANCE, &event);
    let mut wire = ward.hospital.device();
    push(&mut wire, &idp.sign(&claims)).await.expect(202);

    // An export that says nothing of compliance.
    let export = |columns: &str, values: &str, at: String| {
        format!("serial,platform,last_sync{columns}\n{SERIAL},android,{at}{values}\n")
    };
    let csv = export(",encrypted", ",yes", ward.hours_ago(1));
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    ward.is_fact(FactName::ManagerCompliant, false).await;
    assert_eq!(ward.state().await, DeviceState::Quarantined);
    // An old one, that knows less.
    let csv = export("", "", ward.hours_ago(2));
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    ward.is_fact(FactName::StorageEncrypted, true).await;
    // A new one takes back what the same manager said.
    let csv = export("", "", ward.hours_ago(0));
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    assert_eq!(ward.fact(FactName::StorageEncrypted).await, None);
    let csv = export(",compliant", ",yes", ward.hours_ago(0));
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    assert_eq!(ward.state().await, DeviceState::Active);
}

story!(a_revoked_session_ends_where_its_person_is_meant_and_nowhere_else);
async fn a_revoked_session_ends_where_its_person_is_meant_and_nowhere_else(engine: Engine) {
    let idp = Transmitter::new(ISSUER, "one");
    let mut ward = Ward::with(engine, |config| idp.configure(config)).await;
    let user = colleague(&ward.hospital, &ward.officer, "nurse").await;
    let mut nurse = phone_of(&ward.hospital, &mut ward.officer, user).await;
    let mut wire = ward.hospital.device();
    let clock = ward.hospital.clock.clone();
    let token = |subject: Value| {
        let claims = idp.claims(&clock, &subject, REVOKED, &json!({}));
        idp.sign(&claims)
    };
    let both = |user: &str, device: &str| {
        token(json!({ "format": "complex", "user": email(user), "device": opaque(device) }))
    };

    // Nobody is meant: on a device that is not here, somebody else on the phone, a stranger.
    for token in [
        both("first.officer", "R58M123ABZ"),
        both("amara.osei", SERIAL),
        token(email("nobody")),
        token(opaque("R58M123ABZ")),
    ] {
        push(&mut wire, &token).await.expect(202);
    }
    for device in [&mut ward.officer, &mut ward.phone, &mut nurse] {
        device.get("/v1/me").await.expect(200);
    }
    let there = both("first.officer", SERIAL);
    push(&mut wire, &there).await.expect(202);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
    ward.officer.get("/v1/me").await.expect(200);

    // The same again, after a new sign-in.
    ward.phone.sign_in().await;
    push(&mut wire, &there).await.expect(202);
    ward.phone.get("/v1/me").await.expect(200);
    let sessions: SessionList = ward.officer.get("/v1/sessions").await.expect(200).json();
    assert_eq!(sessions.sessions.len(), 2);

    // The device alone, and the person alone.
    push(&mut wire, &token(opaque(SERIAL))).await.expect(202);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
    ward.officer.get("/v1/me").await.expect(200);
    ward.phone.sign_in().await;
    let everywhere = token(email("first.officer"));
    push(&mut wire, &everywhere).await.expect(202);
    for device in [&mut ward.officer, &mut ward.phone] {
        device.get("/v1/me").await.refused(401, "session-ended");
    }
    nurse.get("/v1/me").await.expect(200);
    ward.officer.sign_in().await;
    assert_eq!(ward.state().await, DeviceState::Active);
}

/// Claims with one of them changed, or without it.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

story!(a_token_that_is_not_what_it_must_be_is_refused_and_changes_nothing);
async fn a_token_that_is_not_what_it_must_be_is_refused_and_changes_nothing(engine: Engine) {
    let idp = Transmitter::new(ISSUER, "one");
    let other = Transmitter::new(ISSUER, "one");
    let mut ward = Ward::with(engine, |config| idp.configure(config)).await;
    ward.demand(&[compliant()]).await;
    let clock = ward.hospital.clock.clone();
    let event = compliance(false, clock.now_ms());
    let claims = idp.claims(&clock, &opaque(SERIAL), COMPLIANCE, &event);
    let good = idp.sign(&claims);
    let seconds = clock.now_ms() / 1000;
    let day = 24 * 60 * 60;
    let claimed = |name: &str, value: Value| idp.sign(&with(&claims, name, value));
    let headed =
        |name: &str, value: Value| signed(&idp.key, &with(&idp.header(), name, value), &claims);
    let none = json!({ "typ": "secevent+jwt", "alg": "none" });
    let unsigned = signed(&idp.key, &none, &claims);
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    let wrong_event = json!({ COMPLIANCE: { "current_status": "perhaps" } });
    let refused = [
        (
            claimed("iss", json!("https://evil.example/")),
            "invalid_issuer",
        ),
        (claimed("iss", Value::Null), "invalid_issuer"),
        (
            claimed("aud", json!("https://other.example")),
            "invalid_audience",
        ),
        (claimed("aud", json!([])), "invalid_audience"),
        (other.sign(&claims), "authentication_failed"),
        (
            format!("{}AA", &good[..good.len() - 2]),
            "authentication_failed",
        ),
        (unsigned, "invalid_key"),
        (headed("kid", json!("two")), "invalid_key"),
        (headed("alg", json!("HS256")), "invalid_key"),
        (headed("typ", json!("jwt")), "invalid_request"),
        (headed("typ", Value::Null), "invalid_request"),
        (headed("crit", json!(["b64"])), "invalid_request"),
        (claimed("iat", json!(seconds - 8 * day)), "invalid_request"),
        (claimed("iat", json!(seconds + 600)), "invalid_request"),
        (claimed("iat", Value::Null), "invalid_request"),
        (claimed("jti", Value::Null), "invalid_request"),
        (claimed("exp", json!(seconds + day)), "invalid_request"),
        (claimed("sub", json!(SERIAL)), "invalid_request"),
        (
            claimed("sub_id", json!({ "format": "opaque" })),
            "invalid_request",
        ),
        (claimed("events", json!({})), "invalid_request"),
        (claimed("events", wrong_event), "invalid_request"),
        ("no token".to_owned(), "invalid_request"),
        (String::new(), "invalid_request"),
        ("a".repeat(70_000), "invalid_request"),
    ];
    let mut wire = ward.hospital.device();
    for (token, code) in refused {
        let answer = push(&mut wire, &token).await.expect(400);
        assert_eq!(answer.headers["content-type"], "application/json");
        let body: Value = answer.json();
        assert_eq!(body["err"], code, "{body} {token}");
        assert!(body["description"].is_string());
    }
    for kind in ["application/json", "application/jwt", "text/plain"] {
        let body = Some((kind, good.as_bytes().to_vec()));
        let answer = wire.raw("POST", "/v1/signals", None, None, body).await;
        answer.refused(415, "unsupported-media-type");
    }
    assert_eq!(ward.fact(FactName::ManagerCompliant).await, None);
    ward.phone.get("/v1/me").await.expect(200);
    assert!(events(&ward.hospital, "signal.received").await.is_empty());

    // It was only for those that nothing came of it.
    push(&mut wire, &good).await.expect(202);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
}

#[tokio::test]
async fn nobodys_tokens_are_taken_where_no_transmitter_is_configured() {
    let idp = Transmitter::new(ISSUER, "one");
    let mut ward = Ward::open(Engine::Sqlite).await;
    let clock = ward.hospital.clock.clone();
    let claims = idp.claims(&clock, &email("first.officer"), REVOKED, &json!({}));
    let mut wire = ward.hospital.device();
    let refused = push(&mut wire, &idp.sign(&claims)).await.expect(400);
    assert_eq!(refused.json::<Value>()["err"], "invalid_issuer");
    ward.officer.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn a_transmitter_that_changes_its_key_is_believed_without_a_restart() {
    let mut idp = Transmitter::new(ISSUER, "one");
    let mut ward = Ward::with(Engine::Sqlite, |config| idp.configure(config)).await;
    let clock = ward.hospital.clock.clone();
    let mut wire = ward.hospital.device();
    let claims = idp.claims(&clock, &email("first.officer"), REVOKED, &json!({}));
    let before = idp.sign(&claims);
    idp.rotate();
    // Tokens with keys that nobody knows do not keep the disk busy.
    let refused = push(&mut wire, &idp.sign(&claims)).await.expect(400);
    assert_eq!(refused.json::<Value>()["err"], "authentication_failed");
    clock.advance(10_000);
    push(&mut wire, &idp.sign(&claims)).await.expect(202);
    ward.officer
        .get("/v1/me")
        .await
        .refused(401, "session-ended");
    push(&mut wire, &before).await.expect(400);

    // A file that cannot be read leaves the keys that are known.
    idp.spoil();
    clock.advance(10_000);
    push(&mut wire, &before).await.expect(400);
    push(&mut wire, &idp.sign(&claims)).await.expect(202);
}

#[tokio::test]
async fn of_two_transmitters_each_speaks_for_itself() {
    let idp = Transmitter::new(ISSUER, "one");
    let other = Transmitter::new("https://other.example/", "two");
    let mut orders = Vec::new();
    for reversed in [false, true] {
        let mut ward = Ward::with(Engine::Sqlite, |config| {
            idp.configure(config);
            other.configure(config);
            if reversed {
                config.signals.reverse();
            }
        })
        .await;
        let clock = ward.hospital.clock.clone();
        let claims = other.claims(&clock, &email("first.officer"), REVOKED, &json!({}));
        let mut wire = ward.hospital.device();
        let mut errs = Vec::new();
        for token in [
            // The one in the other's name, for another hospital, or with a signature that is not its.
            idp.sign(&claims),
            other.sign(&with(&claims, "aud", json!("https://else.example"))),
            signed(&idp.key, &other.header(), &claims),
        ] {
            let refused = push(&mut wire, &token).await.expect(400);
            errs.push(refused.json::<Value>()["err"].clone());
        }
        orders.push(errs);
        ward.officer.get("/v1/me").await.expect(200);
        assert_eq!(claims["aud"], AUDIENCE);
        push(&mut wire, &other.sign(&claims)).await.expect(202);
        let ended = ward.officer.get("/v1/me").await;
        ended.refused(401, "session-ended");
    }
    for errs in orders {
        assert_eq!(
            errs,
            [
                "invalid_issuer",
                "invalid_audience",
                "authentication_failed"
            ]
        );
    }
}
