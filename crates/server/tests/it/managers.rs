//! What device managers tell, by files and over their interface: facts about the device that is
//! meant, and about no other.

use axum::http::StatusCode;
use serde_json::{Value, json};
use wardline_model::endorsement::Duty;
use wardline_model::wire::enroll::{DeviceState, Invite};
use wardline_model::wire::fleet::{ImportAnswer, ManagersInfo};
use wardline_model::wire::posture::{FactName, FactValue};
use wardline_server::{Running, Server};

use crate::fleet::{ask_to_sign_in, detail, encrypted};
use crate::support::graph::Graph;
use crate::support::managed::{
    HOUR, INTUNES, Managed, SERIAL, colleague, fleet, import, invite, managed, phone_of, pulled,
    request_update, tie,
};
use crate::support::{Answer, Device, Engine, Hospital, story, until};

async fn register(by: &mut Device, text: &str) -> Answer {
    let body = json!({ "format": "csv", "text": text });
    by.post("/v1/fleet/registered", &body).await
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

story!(an_export_decides_about_the_device_with_that_serial_number);
async fn an_export_decides_about_the_device_with_that_serial_number(engine: Engine) {
    let mut ward = Managed::open(engine).await;
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
    let mut ward = Managed::open(engine).await;
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
    let mut ward = Managed::open(Engine::Sqlite).await;
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
    let mut ward = Managed::open(Engine::Sqlite).await;
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
    let mut ward = Managed::open(Engine::Sqlite).await;
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
    let mut ward = Managed::open(Engine::Sqlite).await;
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

story!(intune_is_read_and_what_it_said_outlives_its_absence);
async fn intune_is_read_and_what_it_said_outlives_its_absence(engine: Engine) {
    let mut graph = Graph::start(Vec::new()).await;
    let mut ward = Managed::with(engine, |config| graph.configure(config)).await;
    ward.demand(&[encrypted(0)]).await;
    let managers = pulled(&mut ward.officer).await;
    assert!(managers.intune);
    assert_eq!((managers.problem, managers.known), (None, 0));

    graph.know(managed(false));
    let managers = ward.read_again().await;
    assert_eq!(managers.problem, None);
    assert_eq!((managers.known, managers.unmatched), (2, 1));
    ward.is_fact(FactName::StorageEncrypted, false).await;
    ward.is_fact(FactName::ManagerCompliant, true).await;
    ward.is_fact(FactName::Managed, true).await;
    let fact = ward.fact(FactName::StorageEncrypted).await.unwrap();
    assert_eq!(fact.evidence, "Microsoft Intune");
    assert_eq!(ward.state().await, DeviceState::Quarantined);
    ward.phone.get("/v1/me").await.refused(401, "session-ended");
    let told = ward.hospital.events("fleet.pulled").await;
    let told = &told.last().unwrap().detail;
    assert_eq!(
        (&told["matched"], &told["unmatched"]),
        (&json!(1), &json!(1))
    );

    graph.refuse(StatusCode::FORBIDDEN);
    let before = detail(&mut ward.officer, &ward.phone).await.facts;
    let refused = ward.read_again().await;
    assert_eq!(refused.pulled_at, managers.pulled_at);
    assert!(refused.problem.unwrap().starts_with("not permitted"));
    assert_eq!((refused.known, refused.unmatched), (2, 1));

    graph.go_down().await;
    let absent = ward.read_again().await;
    let problem = absent.problem.as_deref().unwrap();
    assert!(problem.starts_with("no answer"), "{problem}");
    assert!(absent.tried_at > refused.tried_at);
    assert_eq!((absent.known, absent.unmatched), (2, 1));
    assert_eq!(detail(&mut ward.officer, &ward.phone).await.facts, before);
    assert_eq!(ward.state().await, DeviceState::Quarantined);
    // A server that starts again asks no sooner, and knows how it went.
    ward.restart().await;
    assert_eq!(fleet(&mut ward.officer).await.managers, absent);
}

story!(a_device_that_intune_has_and_that_cannot_be_read_is_not_gone);
async fn a_device_that_intune_has_and_that_cannot_be_read_is_not_gone(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Managed::with(engine, |config| graph.configure(config)).await;
    ward.meet_intune().await;
    ward.read_again().await;
    ward.is_fact(FactName::StorageEncrypted, true).await;

    // One odd field, or a device that is reset and has not spoken since.
    for (field, odd) in [
        ("isEncrypted", json!("perhaps")),
        ("lastSyncDateTime", json!("0001-01-01T00:00:00Z")),
    ] {
        let mut devices = managed(true);
        devices[0][field] = odd;
        graph.know(devices);
        let managers = ward.read_again().await;
        assert_eq!((managers.problem, managers.known), (None, 2), "{field}");
        ward.is_fact(FactName::StorageEncrypted, true).await;
        let told = ward.hospital.events("fleet.pulled").await;
        let told = &told.last().unwrap().detail;
        assert_eq!(
            (&told["left_out"], &told["gone"], &told["kept"]),
            (&json!(1), &json!(0), &json!(0))
        );
    }

    // Without an id it may be any of those that are lacking.
    let mut devices = managed(true);
    devices[0]["id"] = json!(7);
    graph.know(devices);
    let managers = ward.read_again().await;
    let problem = managers.problem.unwrap();
    assert!(problem.contains("without a readable id: 1"), "{problem}");
    assert_eq!(managers.known, 2);
    ward.is_fact(FactName::StorageEncrypted, true).await;

    // What is really not there any more is forgotten.
    graph.know(managed(true).split_off(1));
    let managers = ward.read_again().await;
    assert_eq!((managers.problem, managers.known), (None, 1));
    assert_eq!(ward.fact(FactName::StorageEncrypted).await, None);
}

/// The phone and some tablets that are not enrolled, as Intune has them.
fn many(count: usize) -> Vec<Value> {
    let mut devices = managed(true);
    while devices.len() < count {
        let mut other = devices[1].clone();
        other["id"] = json!(format!(
            "705c034c-034c-705c-4c03-5c704c036{:03}",
            devices.len()
        ));
        other["serialNumber"] = json!(format!("R58M999{:03}", devices.len()));
        devices.push(other);
    }
    devices
}

story!(an_answer_that_lacks_most_of_the_fleet_makes_nobody_forgotten);
async fn an_answer_that_lacks_most_of_the_fleet_makes_nobody_forgotten(engine: Engine) {
    let graph = Graph::start(many(12)).await;
    let mut ward = Managed::with(engine, |config| graph.configure(config)).await;
    ward.meet_intune().await;
    let good = ward.read_again().await;
    assert_eq!((&good.problem, good.known), (&None, 12));

    for (devices, lacking) in [(Vec::new(), 12), (many(12).split_off(7), 7)] {
        graph.know(devices);
        let managers = ward.read_again().await;
        let problem = managers.problem.unwrap();
        let lacks = format!("lacks {lacking} of the 12 devices");
        assert!(problem.contains(&lacks), "{problem}");
        assert_eq!((managers.known, managers.pulled_at), (12, good.pulled_at));
        ward.is_fact(FactName::StorageEncrypted, true).await;
        let told = ward.hospital.events("fleet.pulled").await;
        let told = &told.last().unwrap().detail;
        assert_eq!((&told["gone"], &told["kept"]), (&json!(0), &json!(lacking)));
    }

    // What is told of devices counts at once, whatever is lacking beside it.
    let mut news = managed(false);
    news.truncate(1);
    graph.know(news);
    assert!(ward.read_again().await.problem.is_some());
    ward.is_fact(FactName::StorageEncrypted, false).await;

    // Half of them may go, and more where the hospital says so.
    graph.know(many(12).split_off(6));
    let managers = ward.read_again().await;
    assert_eq!((managers.problem, managers.known), (None, 6));
    assert_eq!(ward.fact(FactName::StorageEncrypted).await, None);
    graph.know(many(12));
    assert_eq!(ward.read_again().await.known, 12);
    graph.know(Vec::new());
    ward.hospital.config.intune.forget_percent = 100;
    let managers = ward.read_again().await;
    assert_eq!((managers.problem, managers.known), (None, 0));
}

async fn second_node(hospital: &Hospital) -> Running {
    let mut config = hospital.config.clone();
    "node-2".clone_into(&mut config.server.node);
    let starting = Server::start(config, hospital.clock.clone());
    Box::pin(starting).await.unwrap()
}

/// What a node tells of managers.
async fn told_by(node: &Running, officer: &mut Device) -> ManagersInfo {
    let first = officer.url.clone();
    officer.url.clone_from(node.http_url.as_ref().unwrap());
    let managers = fleet(officer).await.managers;
    officer.url = first;
    managers
}

#[tokio::test]
async fn of_two_nodes_one_reads_intune_and_another_follows_when_it_dies() {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Managed::with(Engine::Postgres, |config| graph.configure(config)).await;
    ward.meet_intune().await;
    // By its end it shows that a node has gone past the pull: orders come after it.
    request_update(&mut ward.officer, &ward.phone).await;
    let first = fleet(&mut ward.officer).await.managers;
    assert_eq!(graph.pulls(), 1);

    graph.hold(true);
    ward.hospital.clock.advance(HOUR / 6 + 1000);
    let second = second_node(&ward.hospital).await;
    until("a pull to begin", async || {
        (graph.pulls() == 2).then_some(())
    })
    .await;
    ward.restart().await;
    until("the other node's look at orders", async || {
        graph.looked().iter().any(|id| id == INTUNES).then_some(())
    })
    .await;
    assert_eq!(graph.pulls(), 2);
    assert_eq!(fleet(&mut ward.officer).await.managers, first);
    assert_eq!(told_by(&second, &mut ward.officer).await, first);

    // It ends in the midst of the pull, long before the next one would be due.
    second.shutdown().await;
    graph.hold(false);
    ward.restart_after(4).await;
    let managers = ward
        .orders(|managers| managers.tried_at > first.tried_at)
        .await;
    assert_eq!(managers.problem, None);
    assert!(managers.pulled_at > first.pulled_at);
    assert_eq!(graph.pulls(), 3);
    let second = second_node(&ward.hospital).await;
    assert_eq!(told_by(&second, &mut ward.officer).await, managers);
    second.shutdown().await;
}
