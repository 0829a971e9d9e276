//! The public lists: taken when they are due, whole or not at all, and what follows from them.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use wardline_model::endorsement::Duty;
use wardline_model::wire::devices::DeviceDetail;
use wardline_model::wire::enroll::{DeviceState, EnrollStarted, Invite};
use wardline_model::wire::posture::{FactName, Provenance, Standing};
use wardline_model::wire::programs::{FeedsInfo, ProgramList};
use wardline_posture::attest::{self, Roots};
use wardline_posture::made::AT;
use wardline_server::{Running, Server};

use crate::fleet::{change, detail, state_of};
use crate::support::lists::{self, BULLETINS, KEV, Lists, PRODUCT, Reply, STATUS};
use crate::support::maker::Maker;
use crate::support::{Answer, Device, Engine, Hospital, story, until};

const HOUR: u64 = 60 * 60 * 1000;

/// What an officer sees of the lists.
async fn info(officer: &mut Device) -> FeedsInfo {
    let list: ProgramList = officer.get("/v1/programs").await.expect(200).json();
    list.feeds
}

/// What an officer sees of the lists, once it is so.
async fn see(officer: &mut Device, is_so: impl Fn(&FeedsInfo) -> bool) -> FeedsInfo {
    until("the state of the lists", async || {
        let info = info(officer).await;
        is_so(&info).then_some(info)
    })
    .await
}

/// Time passes, and the server looks again: it does at its start. It comes back at the same address,
/// which passkeys are for.
async fn later(hospital: &mut Hospital, officer: &mut Device, hours: u64) {
    hospital.clock.advance(hours * HOUR);
    let address = hospital.running.as_ref().unwrap().http_addr.unwrap();
    hospital.config.server.http = address.to_string();
    hospital.restart().await;
    officer.sign_in().await;
}

fn hash(info: &FeedsInfo) -> String {
    info.hash.as_ref().unwrap().encode()
}

story!(lists_of_a_folder_are_read_when_they_are_due_and_the_log_has_their_hash);
async fn lists_of_a_folder_are_read_when_they_are_due_and_the_log_has_their_hash(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    lists::write_all(folder.path());
    let mut hospital = Hospital::with(engine, |config| {
        folder.path().clone_into(&mut config.feeds.folder);
    })
    .await;
    let mut officer = hospital.officer().await;
    let first = see(&mut officer, |info| info.fetched_at.is_some()).await;
    assert_eq!((first.files, first.problem.clone()), (4, None));
    let imported = hospital.events("feeds.imported").await;
    assert_eq!(imported.len(), 1);
    assert_eq!(imported[0].resource, "feeds");
    assert_eq!(imported[0].detail["sha256"], hash(&first));
    assert_eq!(imported[0].detail["files"], 4);

    // They change, and one is away; nobody looks before a day has passed.
    std::fs::remove_file(folder.path().join(STATUS)).unwrap();
    later(&mut hospital, &mut officer, 23).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(info(&mut officer).await.fetched_at, first.fetched_at);
    later(&mut hospital, &mut officer, 1).await;
    let second = see(&mut officer, |info| info.fetched_at != first.fetched_at).await;
    assert_eq!((second.files, second.problem.clone()), (3, None));
    assert_ne!(second.hash, first.hash);
    let imported = hospital.events("feeds.imported").await;
    assert_eq!(imported.len(), 2);
    assert_eq!(imported[1].detail["sha256"], hash(&second));
}

story!(lists_are_fetched_when_they_are_due_and_not_before);
async fn lists_are_fetched_when_they_are_due_and_not_before(engine: Engine) {
    let served = Lists::start().await;
    let mut hospital = Hospital::with(engine, |config| served.configure(config)).await;
    let mut officer = hospital.officer().await;
    let first = see(&mut officer, |info| info.fetched_at.is_some()).await;
    assert_eq!((first.files, first.problem.clone()), (4, None));
    let mut asked = served.asked();
    asked.sort_unstable();
    assert_eq!(asked, [BULLETINS, STATUS, PRODUCT, KEV]);

    later(&mut hospital, &mut officer, 23).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(served.asked().len(), 4);
    later(&mut hospital, &mut officer, 1).await;
    let second = see(&mut officer, |info| info.fetched_at != first.fetched_at).await;
    assert_eq!(served.asked().len(), 8);
    assert_eq!(second.hash, first.hash, "the same lists have the same hash");
    assert_eq!(hospital.events("feeds.imported").await.len(), 2);
}

story!(lists_that_are_not_good_leave_the_old_ones_in_force_and_the_officer_sees_why);
async fn lists_that_are_not_good_leave_the_old_ones_in_force_and_the_officer_sees_why(
    engine: Engine,
) {
    let served = Lists::start().await;
    let mut hospital = Hospital::with(engine, |config| served.configure(config)).await;
    let mut officer = hospital.officer().await;
    let first = see(&mut officer, |info| info.fetched_at.is_some()).await;
    let good = lists::good();
    let half = |path: &str| good[path][..good[path].len() / 2].to_owned();
    let text = |text: &str| Reply::Text(text.to_owned());
    let (mut hours, mut before) = (24, None);
    for (path, reply, told) in [
        (STATUS, text("<html>"), "android/status.json: "),
        (
            STATUS,
            text(r#"{"entries":{"x y":{"status":"REVOKED"}}}"#),
            "no serial number",
        ),
        (STATUS, Reply::Text(half(STATUS)), "android/status.json: "),
        (
            BULLETINS,
            text("level,published\n2026-08-05,2026-08\n"),
            "android/bulletins.csv: line 2: published",
        ),
        (BULLETINS, text("level,published\n"), "there is no level"),
        (KEV, Reply::Text(half(KEV)), "known_exploited"),
        (KEV, Reply::Torn(half(KEV)), KEV),
        (PRODUCT, Reply::Text(half(PRODUCT)), "android.md: "),
        (
            PRODUCT,
            Reply::Refused(StatusCode::INTERNAL_SERVER_ERROR),
            "500",
        ),
        (
            STATUS,
            Reply::Refused(StatusCode::NOT_FOUND),
            "android/status.json: HTTP status client error (404",
        ),
        (KEV, Reply::Bytes(33 << 20), "more than 33554432 bytes"),
    ] {
        served.reply(path, reply);
        later(&mut hospital, &mut officer, hours).await;
        // It says what was wrong the last time until it has been tried again.
        let says = |info: &FeedsInfo| info.problem.as_ref().is_some_and(|why| why.contains(told));
        let seen = see(&mut officer, |info| says(info) && info.problem != before).await;
        let problem = seen.problem.clone().unwrap();
        before.clone_from(&seen.problem);
        assert_eq!(
            (seen.fetched_at, &seen.hash),
            (first.fetched_at, &first.hash),
            "{problem}"
        );
        served.reply(path, Reply::Text(good[path].clone()));
        // What failed is due again soon.
        hours = 1;
    }
    assert_eq!(hospital.events("feeds.imported").await.len(), 1);
    later(&mut hospital, &mut officer, 1).await;
    let seen = see(&mut officer, |info| {
        info.fetched_at != first.fetched_at && info.problem.is_none()
    })
    .await;
    assert_ne!(seen.fetched_at, None);
}

#[tokio::test]
async fn of_two_nodes_one_fetches_lists_and_both_tell_why_there_are_none() {
    let served = Lists::start().await;
    served.reply(KEV, Reply::Refused(StatusCode::INTERNAL_SERVER_ERROR));
    let mut hospital = Hospital::with(Engine::Postgres, |config| served.configure(config)).await;
    let mut officer = hospital.officer().await;
    let first = see(&mut officer, |info| info.problem.is_some()).await;
    let (url, once) = (officer.url.clone(), served.asked().len());
    let second = second_node(&hospital).await;
    officer.url = second.http_url.clone().unwrap();
    assert_eq!(
        info(&mut officer).await,
        first,
        "the other node knows it too"
    );
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(served.asked().len(), once, "it is not asked again at once");
    officer.url = url;

    // Ten minutes later one of them tries again, and it is settled for both.
    served.reply(KEV, Reply::Text(lists::good()[KEV].clone()));
    second.shutdown().await;
    hospital.clock.advance(9 * HOUR / 60);
    let second = second_node(&hospital).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(served.asked().len(), once);
    second.shutdown().await;
    hospital.clock.advance(HOUR / 60);
    let (second, third) = (second_node(&hospital), node(&hospital, "node-3"));
    let (second, third) = tokio::join!(Box::pin(second), Box::pin(third));
    see(&mut officer, |info| info.problem.is_none()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        served.asked().len(),
        once + 4,
        "each list was asked for once"
    );
    let mut imported = 0;
    for name in ["node-1", "node-2", "node-3"] {
        name.clone_into(&mut hospital.config.server.node);
        imported += hospital.events("feeds.imported").await.len();
    }
    assert_eq!(imported, 1);
    for other in [second, third] {
        officer.url = other.http_url.clone().unwrap();
        let told = info(&mut officer).await;
        assert_eq!((told.files, told.problem), (4, None));
        other.shutdown().await;
    }
}

async fn second_node(hospital: &Hospital) -> Running {
    node(hospital, "node-2").await
}

async fn node(hospital: &Hospital, name: &str) -> Running {
    let mut config = hospital.config.clone();
    name.clone_into(&mut config.server.node);
    let starting = Server::start(config, hospital.clock.clone());
    Box::pin(starting).await.unwrap()
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    lists::write_all(folder.path());
    let large = std::fs::File::create(folder.path().join(STATUS)).unwrap();
    large.set_len((32 << 20) + 1).unwrap();
    let hospital = Hospital::with(Engine::Sqlite, |config| {
        folder.path().clone_into(&mut config.feeds.folder);
    })
    .await;
    let mut officer = hospital.officer().await;
    let seen = see(&mut officer, |info| info.problem.is_some()).await;
    let problem = seen.problem.unwrap();
    assert!(problem.contains("status.json: more than"), "{problem}");
    assert_eq!((seen.fetched_at, seen.files), (None, 0));
}

/// A hospital whose issued phones need keys that two makers vouch for, with lists in a folder.
struct Attesting {
    hospital: Hospital,
    officer: Device,
    makers: [Maker; 2],
    folder: TempDir,
}

impl Attesting {
    /// `configured` is the list of revoked keys that the configuration names.
    async fn open(engine: Engine, configured: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lists = folder.path().join("lists");
        lists::write_all(&lists);
        std::fs::remove_file(lists.join(STATUS)).unwrap();
        let makers = [Maker::new(), Maker::new()];
        let roots = makers
            .each_ref()
            .map(|maker| std::fs::read_to_string(maker.root()).unwrap());
        lists::write(folder.path(), "roots.pem", &roots.concat());
        if let Some(list) = configured {
            lists::write(folder.path(), "revoked.json", list);
        }
        let hospital = Hospital::with(engine, |config| {
            config.feeds.folder = lists;
            config.attestation.android_roots = folder.path().join("roots.pem");
            if configured.is_some() {
                config.attestation.android_status = folder.path().join("revoked.json");
            }
        })
        .await;
        let mut officer = hospital.officer().await;
        see(&mut officer, |info| info.fetched_at.is_some()).await;
        // No rule asks for it: that the program lets phones in by it is enough.
        let mut body = change(&mut officer, 0, &[]).await;
        body["terms"]["enrolment"]["attestation"] = json!("key");
        officer
            .request("PUT", "/v1/programs/demo", Some(&body))
            .await
            .expect(200);
        Self {
            hospital,
            officer,
            makers,
            folder,
        }
    }

    /// The list of revoked keys that the public lists bring from now on.
    fn revoke(&self, serial: &str) {
        let list = lists::revoked(serial, "KEY_COMPROMISE");
        lists::write(&self.folder.path().join("lists"), STATUS, &list);
    }

    /// A phone that enrols with a chain of a maker; gives the answer, and the serial numbers of the
    /// chain.
    async fn enrol(&mut self, maker: usize) -> (Device, Answer, Vec<String>) {
        let body = json!({ "user_id": self.officer.user(), "program": "demo" });
        let invite = self.officer.post("/v1/invites", &body).await.expect(201);
        let invite: Invite = invite.json();
        let mut phone = self.hospital.device();
        let started: EnrollStarted = phone.start(&invite.code).await.expect(200).json();
        let challenge = started.attestation_challenge.clone().unwrap();
        let maker = &self.makers[maker];
        let attestation = maker.key_of(&phone, challenge.as_ref());
        let roots = Roots::from_file(&std::fs::read(maker.root()).unwrap()).unwrap();
        let attested = attest::verify(&attestation, challenge.as_ref(), &roots, None, AT);
        let binding = phone.binding(&started).await;
        let body = json!({
            "enrollment_id": started.enrollment_id,
            "binding": binding,
            "credential": phone.passkey.register(&started.creation),
            "attestation": attestation,
        });
        let answer = phone.post("/v1/enroll/finish", &body).await;
        (phone.id, phone.person) = (Some(started.device_id), self.officer.person);
        (phone, answer, attested.unwrap().serials)
    }

    /// A phone in use.
    async fn phone(&mut self, maker: usize) -> (Device, Vec<String>) {
        let (phone, answer, serials) = self.enrol(maker).await;
        answer.expect(200);
        self.officer.endorse(&phone, Duty::None).await.expect(200);
        (phone, serials)
    }

    /// Lists are taken a day later.
    async fn next_day(&mut self) {
        let before = info(&mut self.officer).await.fetched_at;
        later(&mut self.hospital, &mut self.officer, 24).await;
        see(&mut self.officer, |info| info.fetched_at != before).await;
    }

    async fn attested(&mut self, phone: &Device) -> Vec<FactName> {
        let facts = detail(&mut self.officer, phone).await.facts;
        let attested = facts
            .iter()
            .filter(|fact| fact.provenance == Provenance::Attested);
        attested.map(|fact| fact.name).collect()
    }

    /// Which devices were found to rest on a revoked key, and why.
    async fn found(&self) -> Vec<(String, Value, Value)> {
        let events = self.hospital.events("device.attestation_revoked").await;
        let told = events.into_iter().map(|event| {
            let [reason, serial] = ["reason", "serial"].map(|name| event.detail[name].clone());
            (event.resource, reason, serial)
        });
        told.collect()
    }
}

story!(what_a_key_proved_is_forgotten_once_the_key_is_revoked);
async fn what_a_key_proved_is_forgotten_once_the_key_is_revoked(engine: Engine) {
    let mut ward = Attesting::open(engine, None).await;
    let (phone, serials) = ward.phone(0).await;
    let (other, _) = ward.phone(1).await;
    assert!(ward.attested(&phone).await.contains(&FactName::KeyHardware));

    // A list that names neither changes nothing.
    ward.revoke("abcdef");
    ward.next_day().await;
    assert_eq!(ward.attested(&phone).await.len(), 6);
    assert!(ward.found().await.is_empty());

    ward.revoke(&serials[1]);
    ward.next_day().await;
    assert!(ward.attested(&phone).await.is_empty());
    assert_eq!(ward.attested(&other).await.len(), 6);
    let told = (
        format!("device/{}", phone.id()),
        json!("REVOKED (KEY_COMPROMISE)"),
        json!(serials[1]),
    );
    assert_eq!(ward.found().await, [told]);
    // Judged in the same step: nothing vouches any more for what let it in.
    let quarantined = DeviceState::Quarantined;
    assert_eq!(state_of(&mut ward.officer, &phone).await, quarantined);
    let stands = detail(&mut ward.officer, &phone).await.assessment;
    let finding = &stands.findings[0];
    assert_eq!(finding.rule, "attestation-revoked");
    assert!(
        finding
            .reason
            .ends_with("on its maker's list of revoked keys: REVOKED (KEY_COMPROMISE)."),
        "{}",
        finding.reason
    );
    assert!(
        finding
            .step
            .as_ref()
            .unwrap()
            .contains("enrol the device again")
    );
    // The officer's own device came in before that was asked for, and has lost nothing.
    let path = format!("/v1/devices/{}", ward.officer.id());
    let own: DeviceDetail = ward.officer.get(&path).await.expect(200).json();
    assert_eq!(own.assessment.standing, Standing::Compliant);
    assert_eq!(
        state_of(&mut ward.officer, &other).await,
        DeviceState::Active
    );

    // It is found once, and nobody enrols with that key again, or comes back by it.
    ward.next_day().await;
    assert_eq!(ward.found().await.len(), 1);
    let mut phone = phone;
    let asked = phone.attestation_challenge().await;
    let chain = ward.makers[0].key_of(&phone, asked.challenge.as_ref());
    let again = phone.attest(&asked, &chain).await;
    again.refused(422, "attestation-refused");
    assert_eq!(state_of(&mut ward.officer, &phone).await, quarantined);
    let (_, refused, _) = ward.enrol(0).await;
    let problem = refused.refused(422, "attestation-refused");
    let why = problem.detail.unwrap();
    assert!(why.contains("REVOKED"), "{why}");
    let (_, answer, _) = ward.enrol(1).await;
    answer.expect(200);
    // A key of its maker that is good vouches for the phone again.
    let asked = phone.attestation_challenge().await;
    let chain = ward.makers[1].key_of(&phone, asked.challenge.as_ref());
    phone.attest(&asked, &chain).await.expect(200);
    assert_eq!(
        state_of(&mut ward.officer, &phone).await,
        DeviceState::Active
    );
    // By then the phone rests on that one alone.
    ward.revoke(&serials[1]);
    ward.next_day().await;
    assert_eq!(ward.found().await.len(), 1);
}

#[tokio::test]
async fn the_configured_list_of_revoked_keys_holds_until_the_lists_bring_one() {
    let other = lists::revoked("abcdef", "KEY_COMPROMISE");
    let mut ward = Attesting::open(Engine::Sqlite, Some(&other)).await;
    let (phone, serials) = ward.phone(0).await;
    let facts = detail(&mut ward.officer, &phone).await.facts;
    assert!(
        facts
            .iter()
            .all(|fact| fact.evidence.contains(", not revoked by the list of 20"))
    );

    // The file is read at the start, and what it names by then counts when lists are taken.
    let list = lists::revoked(&serials[1], "CA_COMPROMISE");
    lists::write(ward.folder.path(), "revoked.json", &list);
    ward.next_day().await;
    assert!(ward.attested(&phone).await.is_empty());
    let (_, refused, _) = ward.enrol(0).await;
    refused.refused(422, "attestation-refused");

    // The lists bring one, which does not name it.
    ward.revoke("abcdef");
    ward.next_day().await;
    let (_, answer, _) = ward.enrol(0).await;
    answer.expect(200);
    let found = ward.found().await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, "REVOKED (CA_COMPROMISE)");
}
