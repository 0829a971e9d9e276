//! Devices by their programs' rules: looked at, shut out, let in again; lost, and wiped.

use serde_json::{Value, json};
use wardline_model::B64;
use wardline_model::endorsement::Duty;
use wardline_model::wire::devices::{BulkAnswer, DeviceDetail, DeviceInfo, DeviceList, TrustFeed};
use wardline_model::wire::enroll::{DeviceState, EnrollStarted, PrivacyNotice};
use wardline_model::wire::posture::{Assessment, FactName, FactValue, Provenance, Standing};
use wardline_model::wire::programs::{DryRun, Program, ProgramInfo, ProgramList};
use wardline_posture::attest::SecurityLevel;
use wardline_posture::made;

use crate::support::maker::Maker;
use crate::support::managed::{colleague, phone_of};
use crate::support::{Answer, Device, Engine, Hospital, story, until};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// The demo program with these rules besides its own, as a change from a version.
pub(crate) async fn change(officer: &mut Device, version: u64, rules: &[Value]) -> Value {
    change_of("demo", officer, version, rules).await
}

async fn change_of(slug: &str, officer: &mut Device, version: u64, rules: &[Value]) -> Value {
    let list: ProgramList = officer.get("/v1/programs").await.expect(200).json();
    let program = list.programs.iter().find(|p| p.terms.slug == slug);
    let mut terms = serde_json::to_value(&program.unwrap().terms).unwrap();
    terms["rules"] = rules.into();
    json!({ "version": version, "terms": terms })
}

pub(crate) fn encrypted(grace_days: u32) -> Value {
    json!({
        "id": "storage_encrypted",
        "check": { "kind": "storage_encrypted" },
        "accept": ["agent", "managed"],
        "grace_days": grace_days,
        "unknown": "allow",
    })
}

pub(crate) async fn state_of(officer: &mut Device, device: &Device) -> DeviceState {
    let list: DeviceList = officer
        .get("/v1/devices?scope=all")
        .await
        .expect(200)
        .json();
    let found = list.devices.into_iter().find(|d| d.id == device.id());
    found.unwrap().state
}

async fn trusted(officer: &mut Device, device: &Device) -> bool {
    let feed: TrustFeed = officer.get("/v1/trust").await.expect(200).json();
    feed.entries
        .iter()
        .any(|entry| entry.device_id == device.id())
}

pub(crate) async fn ask_to_sign_in(device: &mut Device) -> Answer {
    device.token = None;
    let body = json!({ "device_id": device.id() });
    device.post("/v1/sessions/challenge", &body).await
}

/// A workstation of the officer, whose agent may report.
async fn workstation(hospital: &Hospital, officer: &mut Device) -> Device {
    let invite = hospital.invite(officer).await;
    let mut device = hospital.device();
    device.platform = "native";
    device.enroll(&invite.code).await;
    officer.endorse(&device, Duty::None).await.expect(200);
    device.sign_in().await;
    device
}

story!(a_lost_phone_is_shut_out_everywhere_at_once_and_confirms_its_wipe);
async fn a_lost_phone_is_shut_out_everywhere_at_once_and_confirms_its_wipe(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let mut phone = hospital.another_device(&mut officer).await;
    assert!(trusted(&mut officer, &phone).await);
    phone
        .post("/v1/device/wiped", &json!({}))
        .await
        .refused(409, "device-state");

    let path = format!("/v1/devices/{}/lost", phone.id());
    officer.post(&path, &json!({})).await.expect(200);
    phone.get("/v1/me").await.refused(401, "session-ended");
    let refused = ask_to_sign_in(&mut phone).await.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "device_lost");
    assert!(!trusted(&mut officer, &phone).await);
    assert_eq!(state_of(&mut officer, &phone).await, DeviceState::Lost);
    phone.report(&json!([])).await.refused(403, "denied");

    // Nobody else confirms the wipe, and it is confirmed once.
    let mut stranger = hospital.device();
    stranger
        .post("/v1/device/wiped", &json!({}))
        .await
        .refused(401, "wrong-device");
    assert_eq!(state_of(&mut officer, &phone).await, DeviceState::Lost);
    phone.post("/v1/device/wiped", &json!({})).await.expect(200);
    phone.post("/v1/device/wiped", &json!({})).await.expect(200);
    assert_eq!(state_of(&mut officer, &phone).await, DeviceState::Wiped);
    let detail = detail(&mut officer, &phone).await;
    assert!(detail.wiped_at.is_some());
    assert_eq!(
        detail.ended_reason.as_deref(),
        Some("reported lost by its owner")
    );
}

pub(crate) async fn detail(asker: &mut Device, device: &Device) -> DeviceDetail {
    let path = format!("/v1/devices/{}", device.id());
    asker.get(&path).await.expect(200).json()
}

story!(a_tightened_rule_shuts_a_workstation_out_until_its_agent_reports_it_mended);
async fn a_tightened_rule_shuts_a_workstation_out_until_its_agent_reports_it_mended(
    engine: Engine,
) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let mut desk = workstation(&hospital, &mut officer).await;
    let share = desk.share.clone();
    let off = json!([{ "name": "storage_encrypted", "value": false }]);
    let stands: Assessment = desk.report(&off).await.expect(200).json();
    assert_eq!(
        stands.standing,
        Standing::Compliant,
        "no rule asks for it yet"
    );

    // First what it would do, which does nothing.
    let body = change(&mut officer, 0, &[encrypted(0)]).await;
    let path = "/v1/programs/demo/dry-run";
    let dry: DryRun = officer.post(path, &body).await.expect(200).json();
    assert_eq!((dry.before.quarantined, dry.after.quarantined), (0, 1));
    assert_eq!(dry.worse[0].device_id, desk.id());
    desk.get("/v1/me").await.expect(200);

    let changed = officer
        .request("PUT", "/v1/programs/demo", Some(&body))
        .await;
    let changed: ProgramInfo = changed.expect(200).json();
    assert_eq!((changed.version, changed.devices.quarantined), (1, 1));
    desk.get("/v1/me").await.refused(401, "session-ended");
    let refused = ask_to_sign_in(&mut desk).await.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "device_quarantined");
    assert!(!trusted(&mut officer, &desk).await);
    let stands: Assessment = desk.report(&off).await.expect(200).json();
    assert_eq!(stands.standing, Standing::Quarantined);
    assert_eq!(
        stands.findings[0].reason,
        "What is stored on the device is not encrypted."
    );

    let on = json!([{ "name": "storage_encrypted", "value": true }]);
    let stands: Assessment = desk.report(&on).await.expect(200).json();
    assert_eq!(stands.standing, Standing::Compliant);
    assert_eq!(state_of(&mut officer, &desk).await, DeviceState::Active);
    assert!(trusted(&mut officer, &desk).await);
    let signed_in = desk.sign_in().await;
    assert_eq!(Some(signed_in.share), share, "its share was kept for it");
}

story!(many_devices_go_out_of_use_at_once_and_each_has_its_outcome);
async fn many_devices_go_out_of_use_at_once_and_each_has_its_outcome(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let mut phones = Vec::new();
    for _ in 0..3 {
        phones.push(hospital.another_device(&mut officer).await);
    }
    let nobodys = "00000000-0000-4000-8000-000000000000";
    let bulk = async |by: &mut Device, action: &str, ids: &[String]| -> Answer {
        let body = json!({ "action": action, "device_ids": ids });
        by.post("/v1/devices/bulk", &body).await
    };
    let ids: Vec<String> = phones.iter().map(|phone| phone.id().to_string()).collect();
    let lost = [ids[0].clone(), nobodys.to_owned(), ids[1].clone()];
    // That they just signed in is no word about a list, be it of their own devices.
    let asked = bulk(&mut officer, "lost", &lost).await;
    let asked = asked.refused(401, "step-up-required");
    assert_eq!(asked.extensions["scopes"], json!(["wiping"]));
    assert!(hospital.events("device.lost").await.is_empty());
    officer.step_up_for(&["wiping"]).await;
    let answer: BulkAnswer = bulk(&mut officer, "lost", &lost).await.expect(200).json();
    let done: Vec<bool> = answer.outcomes.iter().map(|outcome| outcome.done).collect();
    assert_eq!(done, [true, false, true]);
    assert!(answer.outcomes[1].problem.is_some());
    let retired = bulk(&mut officer, "retire", &ids[2..]).await;
    let retired: BulkAnswer = retired.expect(200).json();
    assert!(retired.outcomes[0].done);
    for (phone, state) in
        phones
            .iter_mut()
            .zip([DeviceState::Lost, DeviceState::Lost, DeviceState::Retired])
    {
        assert_eq!(state_of(&mut officer, phone).await, state);
        phone.get("/v1/me").await.refused(401, "session-ended");
    }
    assert_eq!(hospital.events("device.lost").await.len(), 2);
    assert_eq!(hospital.events("device.revoked").await.len(), 1);
    for count in [0, 201] {
        let many = vec![ids[0].clone(); count];
        bulk(&mut officer, "assess", &many)
            .await
            .refused(400, "invalid-body");
    }
}

story!(grace_ends_at_its_deadline_and_not_before);
async fn grace_ends_at_its_deadline_and_not_before(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let mut desk = workstation(&hospital, &mut officer).await;
    let body = change(&mut officer, 0, &[encrypted(7)]).await;
    officer
        .request("PUT", "/v1/programs/demo", Some(&body))
        .await
        .expect(200);
    let off = json!([{ "name": "storage_encrypted", "value": false }]);
    let stands: Assessment = desk.report(&off).await.expect(200).json();
    assert_eq!(stands.standing, Standing::Grace);
    assert_eq!(state_of(&mut officer, &desk).await, DeviceState::Grace);
    desk.get("/v1/me").await.expect(200);

    hospital.clock.advance(7 * DAY);
    officer.sign_in().await;
    let look = json!({ "action": "assess", "device_ids": [desk.id()] });
    officer.post("/v1/devices/bulk", &look).await.expect(200);
    assert_eq!(
        state_of(&mut officer, &desk).await,
        DeviceState::Quarantined
    );
    ask_to_sign_in(&mut desk).await.refused(403, "denied");
}

#[tokio::test]
async fn a_report_is_taken_of_the_device_itself_about_itself_and_of_now() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let mut desk = workstation(&hospital, &mut officer).await;
    let mut other = workstation(&hospital, &mut officer).await;
    let facts = json!([{ "name": "firewall", "value": true }]);

    let foreign = other.report_of(&facts).await;
    desk.post("/v1/device/report", &json!({ "report": foreign }))
        .await
        .refused(422, "report-refused");
    let own = desk.report_of(&facts).await;
    other
        .post("/v1/device/report", &json!({ "report": own }))
        .await
        .refused(422, "report-refused");
    let old = desk.report_of(&facts).await;
    hospital.clock.advance(16 * 60 * 1000);
    desk.post("/v1/device/report", &json!({ "report": old }))
        .await
        .refused(422, "report-refused");
    for wrong in [
        json!([{ "name": "firewall", "value": "yes" }]),
        json!([{ "name": "firewall", "value": true }, { "name": "firewall", "value": false }]),
        json!([{ "name": "os_version", "value": "x".repeat(121) }]),
        // Only hardware or a manager can know.
        json!([{ "name": "key_hardware", "value": "strongbox" }]),
        json!([{ "name": "managed", "value": true }]),
    ] {
        desk.report(&wrong).await.refused(422, "report-refused");
    }
    assert!(detail(&mut officer, &desk).await.facts.is_empty());
    desk.report(&facts).await.expect(200);
    let known = detail(&mut officer, &desk).await.facts;
    assert_eq!(
        (known[0].name, known[0].provenance),
        (FactName::Firewall, Provenance::Agent)
    );
}

#[tokio::test]
async fn a_workstations_agent_reports_although_its_passkey_opens_nothing() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let mut agent = hospital.device();
    agent.platform = "native";
    let started = started(&mut officer, "workstation", &mut agent).await;
    finish(&mut agent, &started, json!({})).await.expect(200);
    agent.id = Some(started.device_id);
    agent.person = Some(started.user.id);
    officer.endorse(&agent, Duty::None).await.expect(200);
    let refused = ask_to_sign_in(&mut agent).await.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "passkey_not_accepted");
    let facts = json!([
        { "name": "platform", "value": "linux" },
        { "name": "storage_encrypted", "value": true },
    ]);
    let stands: Assessment = agent.report(&facts).await.expect(200).json();
    assert_eq!(stands.standing, Standing::Compliant);
}

#[tokio::test]
async fn a_device_does_not_become_another_one_to_escape_a_rule() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let mut phone = hospital.another_device(&mut officer).await;
    let old = json!([
        { "name": "platform", "value": "android" },
        { "name": "os_version", "value": "9" },
    ]);
    phone.report(&old).await.expect(200);
    for other in ["linux", "toaster"] {
        let other = json!([{ "name": "platform", "value": other }]);
        phone.report(&other).await.refused(422, "report-refused");
    }
    // Telling less takes nothing back.
    phone.report(&json!([])).await.expect(200);
    let known = detail(&mut officer, &phone).await.facts;
    assert_eq!(known.len(), 2);
}

#[tokio::test]
async fn a_serial_number_is_that_of_one_device_in_use() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let first = hospital.another_device(&mut officer).await;
    let second = hospital.another_device(&mut officer).await;
    let path = |device: &Device| format!("/v1/devices/{}/serial", device.id());
    let serial = json!({ "serial": "r5cx 21m8qtp" });
    officer.post(&path(&first), &serial).await.expect(200);
    let taken = officer
        .post(&path(&second), &json!({ "serial": "R5CX21M8QTP" }))
        .await;
    taken.refused(409, "serial-taken");
    let revoke = format!("/v1/devices/{}/revoke", first.id());
    officer.post(&revoke, &json!({})).await.expect(200);
    officer
        .post(&path(&first), &serial)
        .await
        .refused(409, "device-state");
    officer.post(&path(&second), &serial).await.expect(200);
}

#[tokio::test]
async fn what_a_browser_says_of_itself_is_a_claim() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let facts = json!([{ "name": "platform", "value": "ios" }]);
    officer.report(&facts).await.expect(200);
    let phone = hospital.another_device(&mut officer).await;
    let known = detail(&mut officer, &phone).await;
    assert!(known.facts.is_empty());
    let own = {
        let path = format!("/v1/devices/{}", officer.id());
        let detail: DeviceDetail = officer.get(&path).await.expect(200).json();
        detail
    };
    assert_eq!(own.facts[0].provenance, Provenance::Claimed);
    assert_eq!(own.device.system.as_deref(), Some("iOS"));
}

#[tokio::test]
async fn the_owner_sees_who_looked_and_a_colleague_sees_nothing() {
    let hospital = Box::pin(Hospital::demo(Engine::Sqlite)).await;
    let mut officer = hospital.officer().await;
    let mut amara = hospital.phone_of(&mut officer, "amara.osei").await;
    let mut tomas = hospital.phone_of(&mut officer, "tomas.herrera").await;
    let path = format!("/v1/devices/{}", amara.device.id());
    tomas.device.get(&path).await.refused(403, "denied");
    let asked = officer.get(&path).await.refused(401, "step-up-required");
    assert_eq!(asked.extensions["scopes"], json!(["device_facts"]));
    officer.step_up_for(&["device_facts"]).await;
    officer.get(&path).await.expect(200);
    officer.get(&path).await.expect(200);
    let own = detail_of(&mut amara.device).await;
    assert_eq!(own.views.len(), 1);
    assert_eq!(own.views[0].times, 2);
    assert!(own.notice.never.iter().any(|line| line.contains("photos")));
}

story!(a_file_and_a_trial_of_rules_are_looks_at_a_phone_once_an_hour);
async fn a_file_and_a_trial_of_rules_are_looks_at_a_phone_once_an_hour(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let user = colleague(&hospital, &officer, "nurse").await;
    let mut phone = phone_of(&hospital, &mut officer, user).await;
    let old = json!([
        { "name": "platform", "value": "android" },
        { "name": "os_version", "value": "9" },
    ]);
    phone.report(&old).await.expect(200);
    officer.get("/v1/devices?scope=all").await.expect(200);
    // The list is told of on the page itself.
    assert!(detail_of(&mut phone).await.views.is_empty());

    let rule = json!({
        "id": "os_supported",
        "check": { "kind": "os_floor", "floors": { "android": "14" } },
        "accept": ["claimed"],
        "grace_days": 0,
        "unknown": "allow",
    });
    let body = change(&mut officer, 0, &[rule]).await;
    let path = "/v1/programs/demo/dry-run";
    let dry: DryRun = officer.post(path, &body).await.expect(200).json();
    assert_eq!(dry.worse.len(), 1);
    assert_eq!(dry.worse[0].device_id, phone.id());
    let views = detail_of(&mut phone).await.views;
    assert_eq!((views.len(), views[0].times), (1, 1));
    let own = detail_of(&mut officer).await;
    assert!(
        own.views.is_empty(),
        "it was not among those that were named"
    );

    let both = json!({ "device_ids": [phone.id(), officer.id()] });
    officer.step_up_for(&["exporting"]).await;
    let export = "/v1/devices/export";
    officer.post(export, &both).await.expect(200);
    assert_eq!(detail_of(&mut phone).await.views[0].times, 1);
    hospital.clock.advance(DAY / 24);
    officer.sign_in().await;
    officer.step_up_for(&["exporting"]).await;
    officer.post(export, &both).await.expect(200);
    phone.sign_in().await;
    assert_eq!(detail_of(&mut phone).await.views[0].times, 2);
    assert!(detail_of(&mut officer).await.views.is_empty());
}

async fn detail_of(device: &mut Device) -> DeviceDetail {
    let path = format!("/v1/devices/{}", device.id());
    device.get(&path).await.expect(200).json()
}

#[tokio::test]
async fn terms_that_cannot_work_or_come_too_late_change_nothing() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let good = change(&mut officer, 0, &[encrypted(7)]).await;
    let put = "/v1/programs/demo";
    let mut wrong = good.clone();
    wrong["terms"]["rules"][0]["grace_days"] = json!(1000);
    let refused = officer.request("PUT", put, Some(&wrong)).await;
    let refused = refused.refused(422, "terms-refused");
    assert!(
        refused
            .detail
            .unwrap()
            .contains("rules.storage_encrypted.grace_days")
    );
    let mut other = good.clone();
    other["terms"]["slug"] = json!("byod");
    let refused = officer.request("PUT", put, Some(&other)).await;
    refused.refused(422, "terms-refused");
    officer.request("PUT", put, Some(&good)).await.expect(200);
    let late = officer.request("PUT", put, Some(&good)).await;
    late.refused(409, "changed-meanwhile");
    let unknown = officer
        .request("PUT", "/v1/programs/vip", Some(&good))
        .await;
    unknown.refused(404, "not-found");
    let list: ProgramList = officer.get("/v1/programs").await.expect(200).json();
    let demo = list.programs.iter().find(|p| p.terms.slug == "demo");
    assert_eq!(demo.unwrap().version, 1);
}

/// Starts an enrolment with the officer's invitation into a program.
async fn started(officer: &mut Device, program: &str, device: &mut Device) -> EnrollStarted {
    let body = json!({ "user_id": officer.user(), "program": program });
    let invite: Value = officer.post("/v1/invites", &body).await.expect(201).json();
    device
        .start(invite["code"].as_str().unwrap())
        .await
        .expect(200)
        .json()
}

async fn finish(device: &mut Device, started: &EnrollStarted, more: Value) -> Answer {
    let binding = device.binding(started).await;
    let mut body = json!({
        "enrollment_id": started.enrollment_id,
        "binding": binding,
        "credential": device.passkey.register(&started.creation),
    });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    device.post("/v1/enroll/finish", &body).await
}

#[tokio::test]
async fn a_phone_of_ones_own_is_enrolled_once_its_person_accepted_the_notice() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let mut phone = hospital.device();
    let started = started(&mut officer, "byod", &mut phone).await;
    let notice: PrivacyNotice = started.privacy_notice.clone().unwrap();
    assert!(notice.wipe.contains("nothing else"));
    finish(&mut phone, &started, json!({}))
        .await
        .refused(422, "notice-required");
    let other = json!({ "accepted_notice": B64::from([0_u8; 32]) });
    finish(&mut phone, &started, other)
        .await
        .refused(422, "notice-required");
    let accepted = json!({ "accepted_notice": notice.hash });
    finish(&mut phone, &started, accepted).await.expect(200);
    phone.id = Some(started.device_id);
    let detail = detail(&mut officer, &phone).await;
    assert!(detail.notice_accepted_at.is_some() && !detail.notice_changed);
    assert_eq!(detail.device.state, DeviceState::Pending);
}

#[tokio::test]
async fn of_a_phone_of_ones_own_nothing_is_kept_that_the_notice_does_not_name() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let mut phone = hospital.device();
    let started = started(&mut officer, "byod", &mut phone).await;
    let notice: PrivacyNotice = started.privacy_notice.clone().unwrap();
    let accepted = json!({ "accepted_notice": notice.hash });
    finish(&mut phone, &started, accepted).await.expect(200);
    (phone.id, phone.person) = (Some(started.device_id), officer.person);
    officer.endorse(&phone, Duty::None).await.expect(200);
    phone.sign_in().await;
    let told = json!([
        { "name": "model", "value": "Pixel 9" },
        { "name": "kernel", "value": "6.1.99" },
        { "name": "firewall", "value": true },
    ]);
    phone.report(&told).await.expect(200);
    let kept = |detail: &DeviceDetail| -> Vec<FactName> {
        detail.facts.iter().map(|fact| fact.name).collect()
    };
    assert_eq!(kept(&detail_of(&mut phone).await), [FactName::Model]);

    // Other terms keep more: the notice is another one, and its owner is told so.
    let firewall = json!({
        "id": "firewall", "check": { "kind": "firewall" }, "accept": ["claimed"],
        "grace_days": 7, "unknown": "allow",
    });
    let terms = change_of("byod", &mut officer, 0, &[firewall]).await;
    officer
        .request("PUT", "/v1/programs/byod", Some(&terms))
        .await
        .expect(200);
    hospital.clock.advance(15 * 60 * 1000);
    phone.report(&told).await.expect(200);
    let detail = detail_of(&mut phone).await;
    assert!(kept(&detail).contains(&FactName::Firewall));
    assert!(detail.notice_changed);

    // And what other terms have no use for is forgotten.
    officer.sign_in().await;
    let terms = change_of("byod", &mut officer, 1, &[]).await;
    officer
        .request("PUT", "/v1/programs/byod", Some(&terms))
        .await
        .expect(200);
    assert_eq!(kept(&detail_of(&mut phone).await), [FactName::Model]);
    assert!(
        detail
            .notice
            .kept
            .iter()
            .any(|line| line.contains("firewall"))
    );
}

/// A hospital whose demo program asks for an attested device key, by this maker.
async fn attesting(maker: &Maker) -> (Hospital, Device) {
    let hospital = Hospital::with(Engine::Sqlite, |config| {
        config.attestation.android_roots = maker.root();
    })
    .await;
    let mut officer = hospital.officer().await;
    let mut body = change(&mut officer, 0, &[]).await;
    body["terms"]["enrolment"]["attestation"] = json!("key");
    officer
        .request("PUT", "/v1/programs/demo", Some(&body))
        .await
        .expect(200);
    (hospital, officer)
}

#[tokio::test]
async fn an_attested_key_is_the_devices_own_or_it_is_not_taken() {
    let maker = Maker::new();
    let (hospital, mut officer) = attesting(&maker).await;
    let mut phone = hospital.device();
    let started = started(&mut officer, "demo", &mut phone).await;
    let challenge = started.attestation_challenge.clone().unwrap();
    let with = |chain: Vec<B64>| json!({ "attestation": chain });
    let refused = |answer: Answer, why: &str| {
        let problem = answer.refused(422, "attestation-refused");
        let detail = problem.detail.unwrap();
        assert!(detail.contains(why), "{detail}");
    };

    refused(finish(&mut phone, &started, json!({})).await, "missing");
    // A clean phone cannot vouch for another: the key of this chain is not this device's.
    let other = maker.key_of(&hospital.device(), challenge.as_ref());
    refused(
        finish(&mut phone, &started, with(other)).await,
        "another key",
    );
    let stale = maker.key_of(&phone, &[1; 32]);
    refused(finish(&mut phone, &started, with(stale)).await, "challenge");
    let foreign = Maker::new().key_of(&phone, challenge.as_ref());
    refused(finish(&mut phone, &started, with(foreign)).await, "root");
    // Neither a key in software, which everybody can attest, nor one that was made elsewhere and
    // brought in, of which there may be copies.
    let description = made::Description::new(challenge.as_ref());
    let software = made::Description {
        attestation: SecurityLevel::Software,
        keymint: SecurityLevel::Software,
        ..description.clone()
    };
    let imported = made::Description {
        origin: 2,
        ..description.clone()
    };
    let decrypts = made::Description {
        purposes: vec![1, 2],
        ..description.clone()
    };
    for (unbound, why) in [
        (software, "in software"),
        (imported, "brought in"),
        (decrypts, "more than sign"),
    ] {
        let chain = maker.described(&phone, &unbound);
        let answer = finish(&mut phone, &started, with(chain)).await;
        refused(answer, why);
    }
    // Whoever may sign may verify: that takes the public key alone.
    let verifies = made::Description {
        purposes: vec![2, 3],
        ..description
    };
    let good = maker.described(&phone, &verifies);
    let mut mixed = good.clone();
    mixed.swap(1, 2);
    let answer = finish(&mut phone, &started, with(mixed)).await;
    answer.refused(422, "attestation-refused");

    finish(&mut phone, &started, with(good)).await.expect(200);
    phone.id = Some(started.device_id);
    let facts = detail(&mut officer, &phone).await.facts;
    let known = |name| {
        let fact = facts.iter().find(|fact| fact.name == name).unwrap();
        assert_eq!(fact.provenance, Provenance::Attested);
        fact.value.clone()
    };
    assert_eq!(known(FactName::KeyHardware), FactValue::from("hardware"));
    assert_eq!(known(FactName::BootloaderLocked), FactValue::from(true));
    assert_eq!(known(FactName::OsVersion), FactValue::from("16"));
    assert_eq!(known(FactName::PatchLevel), FactValue::from("2026-02"));
}

#[tokio::test]
async fn the_revocation_list_has_who_is_out_and_who_is_on_hold() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let phone = hospital.another_device(&mut officer).await;
    let mut desk = workstation(&hospital, &mut officer).await;
    let body = change(&mut officer, 0, &[encrypted(0)]).await;
    officer
        .request("PUT", "/v1/programs/demo", Some(&body))
        .await
        .expect(200);
    let before = officer
        .raw("GET", "/pki/devices.crl", None, None, None)
        .await;
    let off = json!([{ "name": "storage_encrypted", "value": false }]);
    desk.report(&off).await.expect(200);
    let path = format!("/v1/devices/{}/lost", phone.id());
    officer.post(&path, &json!({})).await.expect(200);
    let after = officer
        .raw("GET", "/pki/devices.crl", None, None, None)
        .await;
    assert_eq!(after.headers["content-type"], "application/pkix-crl");
    let serials = |answer: &Answer, device: &DeviceDetail| {
        let serial = hex::decode(&device.certificate.as_ref().unwrap().serial).unwrap();
        answer.body.windows(serial.len()).any(|part| part == serial)
    };
    for device in [&phone, &desk] {
        let device = detail(&mut officer, device).await;
        assert!(!serials(&before, &device) && serials(&after, &device));
    }
    let own = detail_of(&mut officer).await;
    assert!(!serials(&after, &own));
}

#[tokio::test]
async fn what_a_device_manager_loads_names_this_hospital_and_is_an_officers_to_take() {
    let hospital = Hospital::demo(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let https = hospital.ready.as_ref().unwrap().https.clone();
    let export =
        |program: &str, format: &str| format!("/v1/programs/{program}/export?format={format}");
    let text = |answer: Answer| -> String {
        let exported: Value = answer.expect(200).json();
        exported["text"].as_str().unwrap().to_owned()
    };

    let profile = text(officer.get(&export("issued", "mobileconfig")).await);
    assert!(
        profile.contains(&https),
        "the address of the app is not in {profile}"
    );
    assert!(profile.contains("com.apple.security.root"), "{profile}");
    let android: Value =
        serde_json::from_str(&text(officer.get(&export("issued", "android")).await)).unwrap();
    assert!(android.to_string().contains(&https), "{android}");
    let qr: Value =
        serde_json::from_str(&text(officer.get(&export("shared", "qr")).await)).unwrap();
    assert!(qr.to_string().contains(&https), "{qr}");

    // Whose phones these are, the hospital sets up nothing on them.
    let refused: Value = officer
        .get(&export("byod", "mobileconfig"))
        .await
        .expect(422)
        .json();
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("their owner's"),
        "{refused}"
    );
    officer.get(&export("issued", "zip")).await.expect(400);
    officer.get(&export("nothing", "qr")).await.expect(404);

    let nurse = hospital
        .ready
        .as_ref()
        .unwrap()
        .people
        .iter()
        .find(|p| p.role.contains("urse"));
    let nurse = nurse.unwrap().user.clone();
    let mut nurse = hospital.phone_of(&mut officer, &nurse).await;
    nurse.device.get(&export("issued", "qr")).await.expect(403);
}

#[tokio::test]
async fn the_demos_fleet_stands_in_every_way_and_its_reasons_read_well() {
    let hospital = Box::pin(Hospital::demo(Engine::Sqlite)).await;
    let mut officer = hospital.officer().await;
    // The first look at all devices comes with the start.
    let list = until("the first look at all devices", async || {
        let list: DeviceList = officer
            .get("/v1/devices?scope=all")
            .await
            .expect(200)
            .json();
        let looked = |d: &DeviceInfo| d.state == DeviceState::Quarantined;
        list.devices.iter().any(looked).then_some(list)
    })
    .await;
    let states: Vec<DeviceState> = list.devices.iter().map(|d| d.state).collect();
    for state in [
        DeviceState::Pending,
        DeviceState::Active,
        DeviceState::Grace,
        DeviceState::Quarantined,
        DeviceState::Lost,
        DeviceState::Wiped,
        DeviceState::Retired,
    ] {
        assert!(states.contains(&state), "{state:?} of {states:?}");
    }
    let problem = |name: &str| {
        let device = list.devices.iter().find(|d| d.name == name).unwrap();
        assert!(device.step.is_some(), "{device:?}");
        device.problem.clone().unwrap()
    };
    assert!(problem("OnePlus 8T").contains("bootloader is unlocked"));
    assert!(problem("Galaxy S10").contains("over since"));
    assert!(problem("Pixel 7a").contains("patch level"));
    assert!(problem("iPhone 15").contains("26.1"));
    assert!(problem("Ward 5 cart").contains("not used for 20 days"));
    let programs: ProgramList = officer.get("/v1/programs").await.expect(200).json();
    assert!(programs.feeds.fetched_at.is_some());
    let issued: &Program = &programs
        .programs
        .iter()
        .find(|p| p.terms.slug == "issued")
        .unwrap()
        .terms;
    assert_eq!(issued.title, "Issued phone");
}
