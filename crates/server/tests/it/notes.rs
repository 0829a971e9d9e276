//! Notes of charts: ordinary ones at once, sensitive ones for a proof of their own.

use serde_json::{Value, json};
use wardline_model::wire::directory::{PatientBanner, PatientList};
use wardline_model::wire::factors::FactorBegun;
use wardline_model::wire::notes::{NoteInfo, NoteList, NoteReadable, NoteText};
use wardline_model::wire::risk::{RiskOverview, RiskySignIns};
use wardline_model::wire::socket::ServerFrame;
use wardline_store::NewRiskEvent;

use crate::factors::{Generated, begin, confirm};
use crate::support::socket::Socket;
use crate::support::{Answer, Device, Engine, Hospital, story};

const MINUTE: u64 = 60_000;

async fn patients(by: &mut Device) -> Vec<PatientBanner> {
    let body = json!({ "q": "" });
    let answer = by.post("/v1/patients/search", &body).await;
    answer.expect(200).json::<PatientList>().patients
}

async fn notes(by: &mut Device, patient: &PatientBanner) -> Vec<NoteInfo> {
    let path = format!("/v1/patients/{}/notes", patient.id);
    by.get(&path).await.expect(200).json::<NoteList>().notes
}

async fn open(by: &mut Device, patient: &PatientBanner, note: &NoteInfo) -> Answer {
    by.get(&format!("/v1/patients/{}/notes/{}", patient.id, note.id))
        .await
}

/// A patient of theirs with a note that has this label.
async fn labelled(by: &mut Device, code: &str) -> (PatientBanner, NoteInfo) {
    for patient in patients(by).await {
        for note in notes(by, &patient).await {
            if note.labels.iter().any(|label| label.code == code) {
                return (patient, note);
            }
        }
    }
    panic!("nobody on this ward has a note labelled {code}");
}

story!(a_psychiatry_note_asks_for_a_fingerprint_though_the_nurse_has_just_signed_in);
async fn a_psychiatry_note_asks_for_a_fingerprint_though_the_nurse_has_just_signed_in(
    engine: Engine,
) {
    let hospital = Hospital::demo(engine).await;
    let mut officer = hospital.officer().await;
    let mut nurse = hospital.phone_of(&mut officer, "amara.osei").await.device;
    let (patient, psychiatry) = labelled(&mut nurse, "PSY").await;
    let listed = notes(&mut nurse, &patient).await;
    let ordinary = listed.iter().find(|note| note.labels.is_empty()).unwrap();
    assert_eq!(ordinary.readable, NoteReadable::Yes);
    let read: NoteText = open(&mut nurse, &patient, ordinary)
        .await
        .expect(200)
        .json();
    assert!(read.text.unwrap().contains("Plan:"));

    // The list says that there is one, and not what somebody wrote above it.
    assert_eq!(psychiatry.readable, NoteReadable::Ask);
    assert_eq!(psychiatry.title, psychiatry.kind);
    assert_eq!(psychiatry.author, None);
    let asked = open(&mut nurse, &patient, &psychiatry).await;
    let asked = asked.refused(401, "step-up-required");
    assert_eq!(asked.extensions["scopes"], json!(["sensitive_notes"]));

    // A proof for something else is none for this.
    nurse.step_up().await;
    nurse.step_up_for(&["policies"]).await;
    open(&mut nurse, &patient, &psychiatry)
        .await
        .refused(401, "step-up-required");
    nurse.step_up_for(&["sensitive_notes"]).await;
    let read: NoteText = open(&mut nurse, &patient, &psychiatry)
        .await
        .expect(200)
        .json();
    let text = read.text.unwrap();
    assert!(text.contains("Impression"), "the note itself");
    assert_ne!(read.info.title, psychiatry.title);
    hospital.clock.advance(5 * MINUTE + 1);
    open(&mut nurse, &patient, &psychiatry)
        .await
        .refused(401, "step-up-required");

    // Who read it is in the log with the labels, and nothing of what it says.
    let looks = hospital.events("request.allowed").await;
    let look = looks
        .iter()
        .rfind(|event| event.action == "note.read")
        .unwrap();
    assert_eq!(
        look.resource,
        format!("patient/{}/note/{}", patient.id, psychiatry.id)
    );
    assert!(!serde_json::to_string(look).unwrap().contains("PSY"));
    assert!(
        !serde_json::to_string(&looks)
            .unwrap()
            .contains("Impression")
    );
    let refused = hospital.events("request.refused").await;
    let refused = refused.iter().rfind(|event| event.action == "note.read");
    assert!(
        refused
            .unwrap()
            .reasons
            .contains(&"charts.sensitive_note".to_owned())
    );

    // A scope that there is not is no proof of anything.
    let body = json!({ "scopes": ["all"] });
    let answer = nurse.post("/v1/sessions/step-up/challenge", &body).await;
    answer.refused(400, "invalid-body");
}

story!(a_proof_counts_for_what_its_challenge_was_asked_for_whatever_is_handed_in);
async fn a_proof_counts_for_what_its_challenge_was_asked_for_whatever_is_handed_in(engine: Engine) {
    let hospital = Hospital::demo(engine).await;
    let mut officer = hospital.officer().await;
    let mut nurse = hospital.phone_of(&mut officer, "amara.osei").await.device;
    let (patient, psychiatry) = labelled(&mut nurse, "PSY").await;
    let challenge = nurse.step_up_challenge(&["policies"]).await;
    let mut body = nurse.answer_to(&challenge);
    body["scopes"] = json!(["sensitive_notes"]);
    nurse.post("/v1/sessions/step-up", &body).await.expect(200);
    open(&mut nurse, &patient, &psychiatry)
        .await
        .refused(401, "step-up-required");
    let proven = hospital.events("session.verified").await;
    assert_eq!(proven.last().unwrap().detail["scopes"], json!(["policies"]));

    // The other way round: what it was asked for need not be named again.
    let challenge = nurse.step_up_challenge(&["sensitive_notes"]).await;
    let body = nurse.answer_to(&challenge);
    nurse.post("/v1/sessions/step-up", &body).await.expect(200);
    open(&mut nurse, &patient, &psychiatry).await.expect(200);
}

story!(whoever_does_not_care_for_the_patient_learns_nothing_of_the_notes);
async fn whoever_does_not_care_for_the_patient_learns_nothing_of_the_notes(engine: Engine) {
    let hospital = Hospital::demo(engine).await;
    let mut officer = hospital.officer().await;
    let mut nurse = hospital.phone_of(&mut officer, "amara.osei").await.device;
    let (patient, note) = labelled(&mut nurse, "PSY").await;
    // The officer is no clinician at all.
    let path = format!("/v1/patients/{}/notes", patient.id);
    officer.get(&path).await.refused(403, "denied");
    open(&mut officer, &patient, &note)
        .await
        .refused(403, "denied");

    // Of a patient she cares for, under whose name somebody else's note is asked for.
    let other = patients(&mut nurse)
        .await
        .into_iter()
        .find(|other| other.id != patient.id)
        .unwrap();
    nurse.step_up_for(&["sensitive_notes"]).await;
    open(&mut nurse, &other, &note)
        .await
        .refused(404, "not-found");
    let path = format!("/v1/patients/{}/notes/{}", patient.id, "x".repeat(65));
    nurse.get(&path).await.refused(400, "invalid-parameter");
}

story!(a_long_chart_is_listed_to_its_oldest_note);
async fn a_long_chart_is_listed_to_its_oldest_note(engine: Engine) {
    let hospital = Hospital::demo(engine).await;
    let mut officer = hospital.officer().await;
    let mut nurse = hospital.phone_of(&mut officer, "amara.osei").await.device;
    let (other, others) = labelled(&mut nurse, "PSY").await;
    let theirs = patients(&mut nurse).await;
    let patient = theirs.into_iter().find(|one| one.id != other.id).unwrap();
    let path = format!("/v1/patients/{}/notes", patient.id);
    let short: NoteList = nurse.get(&path).await.expect(200).json();
    assert_eq!(short.next, None);

    // Older than what is there; the middle one comes first in the file.
    let mut days: Vec<u32> = (1..=230).collect();
    days.rotate_left(115);
    let entries: Vec<Value> = days
        .iter()
        .map(|day| {
            let (month, of_month) = (1 + day / 28, 1 + day % 28);
            json!({ "resource": {
                "resourceType": "DocumentReference", "id": format!("day-{day:03}"),
                "status": "current", "type": { "text": "Progress note" },
                "subject": { "reference": format!("Patient/{}", patient.id) },
                "date": format!("2019-{month:02}-{of_month:02}T08:00:00Z"),
                "content": [{ "attachment": { "contentType": "text/plain", "data": "T0s=" } }],
            } })
        })
        .collect();
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.json");
    std::fs::write(&file, bundle.to_string()).unwrap();
    let imported = wardline_server::import::fhir(&hospital.config, &[file], &hospital.clock).await;
    let imported = imported.unwrap();
    assert_eq!((imported.resources, imported.errors.len()), (230, 0));

    let mut listed: Vec<NoteInfo> = Vec::new();
    let mut after = String::new();
    loop {
        let part: NoteList = nurse
            .get(&format!("{path}{after}"))
            .await
            .expect(200)
            .json();
        assert!(part.notes.len() <= 50);
        listed.extend(part.notes);
        let Some(next) = part.next else { break };
        assert_eq!(next, listed.last().unwrap().id);
        after = format!("?after={next}");
    }
    let ids: Vec<&str> = listed.iter().map(|note| note.id.as_str()).collect();
    let (recent, old) = ids.split_at(short.notes.len());
    let before: Vec<&str> = short.notes.iter().map(|note| note.id.as_str()).collect();
    assert_eq!(recent, before);
    let by_day: Vec<String> = (1..=230).rev().map(|day| format!("day-{day:03}")).collect();
    assert_eq!(old, by_day);

    // Only after a note of this chart there is anything.
    for nowhere in [others.id.as_str(), "nothing"] {
        let answer = nurse.get(&format!("{path}?after={nowhere}")).await;
        answer.refused(400, "invalid-parameter");
    }
}

story!(whoever_opens_far_more_than_anybody_does_becomes_unusual_by_it);
async fn whoever_opens_far_more_than_anybody_does_becomes_unusual_by_it(engine: Engine) {
    let hospital = Hospital::demo(engine).await;
    let mut officer = hospital.officer().await;
    let mut nurse = hospital.phone_of(&mut officer, "amara.osei").await.device;
    let patient = patients(&mut nurse).await.remove(0);
    let path = format!("/v1/patients/{}/notes", patient.id);
    for _ in 0..20 {
        nurse.get(&path).await.expect(200);
    }
    assert!(
        hospital.events("risk.opens_many").await.is_empty(),
        "a round"
    );
    // As many as a program opens: the passkey counts no longer than it is fresh.
    for _ in 0..600 {
        nurse.get(&path).await.expect(200);
    }
    hospital.clock.advance(5 * MINUTE + 1);
    nurse.get(&path).await.refused(401, "step-up-required");
    nurse.step_up().await;
    nurse.get(&path).await.expect(200);
    let events = hospital.events("risk.opens_many").await;
    let last = events.last().unwrap();
    assert_eq!(last.actor.user, Some(nurse.user()));
    assert!(last.detail["records_of_hour"].as_u64().unwrap() > 200);
    // Whom the thresholds ask how often is for security officers.
    nurse.get("/v1/risk/report").await.refused(403, "denied");
}

story!(a_session_that_opens_too_much_is_found_and_cleared_by_the_security_officer);
async fn a_session_that_opens_too_much_is_found_and_cleared_by_the_security_officer(
    engine: Engine,
) {
    let hospital = Hospital::demo(engine).await;
    let mut first = hospital.officer().await;
    let mut nurse = hospital.phone_of(&mut first, "amara.osei").await.device;
    let mut officer = hospital
        .phone_of(&mut first, "viktor.lindgren")
        .await
        .device;
    let patient = patients(&mut nurse).await.remove(0);
    let path = format!("/v1/patients/{}/notes", patient.id);
    // A code was right a moment ago, so that nothing less than a refusal is in the way.
    let begun: FactorBegun = begin(&mut nurse, "Card").await;
    let code = Generated::app(&begun).code(&hospital);
    confirm(&mut nurse, begun.factor_id, &code)
        .await
        .expect(200);
    let own: RiskySignIns = nurse.get("/v1/risk/own").await.expect(200).json();
    let session = own.sign_ins[0].session_id;
    // As if its sign-in had been a little unusual.
    let (store, _) = hospital.seize();
    let mut tx = store.write().await.unwrap();
    let event = NewRiskEvent {
        session_id: session,
        user_id: nurse.user(),
        device_id: nurse.id(),
        at: own.sign_ins[0].at,
        risk: 65,
        base: 65,
        reasons: "[\"new_network\"]".to_owned(),
        seen: tx.seen_of(session).await.unwrap().unwrap(),
    };
    tx.create_risk_event(&event).await.unwrap();
    tx.set_session_risk(session, 65, "known", "[]")
        .await
        .unwrap();
    let now_ms = hospital.clock.now_ms();
    assert!(tx.note_code(session, now_ms).await.unwrap());
    tx.commit().await.unwrap();
    let mut officers = Socket::open(&mut officer).await;

    let mut opened = 0;
    let refused = loop {
        let answer = nurse.get(&path).await;
        if answer.status != 200 {
            break answer;
        }
        opened += 1;
        assert!(opened < 1_500, "nobody minds");
    };
    let problem = refused.refused(403, "denied");
    assert_eq!(problem.extensions["reason"], "risk_too_high");
    while officers.next().await.unwrap() != ServerFrame::Risk {}
    let seen: RiskOverview = officer.get("/v1/risk").await.expect(200).json();
    assert_eq!(seen.waiting, 1);
    let found = &seen.sign_ins[0];
    assert_eq!((found.session_id, found.was_me), (session, None));
    assert!(found.risk >= 90, "{found:?}");
    let names: Vec<&str> = found.reasons.iter().map(|why| why.name.as_str()).collect();
    assert_eq!(names, ["opens_many", "new_network"]);

    let answer = format!("/v1/risk/{session}/answer");
    officer
        .post(&answer, &json!({ "was_me": true }))
        .await
        .expect(204);
    while officers.next().await.unwrap() != ServerFrame::Risk {}
    let seen: RiskOverview = officer.get("/v1/risk").await.expect(200).json();
    assert_eq!((seen.waiting, seen.sign_ins[0].was_me), (0, Some(true)));
    // The next records do not raise anew what was cleared.
    for _ in 0..30 {
        nurse.get(&path).await.expect(200);
    }
    let events = hospital.events("risk.opens_many").await;
    let cleared = hospital.events("risk.cleared").await;
    assert!(events.last().unwrap().at <= cleared.last().unwrap().at);
}

#[tokio::test]
async fn whoever_searches_far_more_than_anybody_does_becomes_unusual_by_it() {
    let hospital = Hospital::demo(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let mut nurse = hospital.phone_of(&mut officer, "amara.osei").await.device;
    // One's own list is looked at all day.
    for _ in 0..620 {
        patients(&mut nurse).await;
    }
    assert!(hospital.events("risk.opens_many").await.is_empty());
    let typed = json!({ "q": "ma" });
    for _ in 0..620 {
        let answer = nurse.post("/v1/patients/search", &typed).await;
        assert!(answer.expect(200).json::<PatientList>().patients.len() > 1);
    }
    let events = hospital.events("risk.opens_many").await;
    let last = events.last().unwrap();
    assert!(last.detail["records_of_hour"].as_u64().unwrap() > 200);
    // Of a list nobody is known to be meant.
    assert!(last.detail["patients_of_hour"].as_f64().unwrap() < 1.0);
}
