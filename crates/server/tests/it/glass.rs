//! Breaking the glass: a chart for a while, for a reason that a privacy officer reviews.

use serde_json::{Value, json};
use wardline_model::wire::directory::{PatientBanner, PatientList};
use wardline_model::wire::glass::{GlassDetail, GlassInfo, GlassList, GlassOutcome};
use wardline_model::wire::notes::{NoteInfo, NoteList, NoteReadable, NoteText};

use crate::support::{Answer, Device, Engine, Hospital, story};

const MINUTE: u64 = 60_000;
const REASON: &str = "Collapsed in the corridor outside our ward";

async fn own_patients(by: &mut Device) -> Vec<PatientBanner> {
    let body = json!({ "q": "" });
    let answer = by.post("/v1/patients/search", &body).await;
    answer.expect(200).json::<PatientList>().patients
}

async fn break_glass(by: &mut Device, patient: &PatientBanner, purpose: &str) -> Answer {
    let path = format!("/v1/patients/{}/break-the-glass", patient.id);
    let body = json!({ "purpose": purpose, "reason": REASON });
    by.post(&path, &body).await
}

async fn broken(by: &mut Device, patient: &PatientBanner, purpose: &str) -> GlassInfo {
    by.step_up_for(&["break_the_glass"]).await;
    break_glass(by, patient, purpose).await.expect(201).json()
}

async fn banner(by: &mut Device, patient: &PatientBanner) -> Answer {
    by.get(&format!("/v1/patients/{}", patient.id)).await
}

async fn list(by: &mut Device, patient: &PatientBanner) -> Vec<NoteInfo> {
    let path = format!("/v1/patients/{}/notes", patient.id);
    by.get(&path).await.expect(200).json::<NoteList>().notes
}

async fn note(by: &mut Device, patient: &PatientBanner, id: &str) -> Answer {
    by.get(&format!("/v1/patients/{}/notes/{id}", patient.id))
        .await
}

fn readable(notes: &[NoteInfo], id: &str) -> NoteReadable {
    notes.iter().find(|note| note.id == id).unwrap().readable
}

/// Two patients of one ward, and a nurse of another whose they are not. The first has an ordinary
/// note, a psychiatrist's and one about substance use.
struct House {
    hospital: Hospital,
    officer: Device,
    /// Of their ward.
    amara: Device,
    /// Of another one.
    mary: Device,
    patient: PatientBanner,
    other: PatientBanner,
}

impl House {
    async fn open(engine: Engine) -> Self {
        let hospital = Hospital::demo(engine).await;
        let mut officer = hospital.officer().await;
        let mut amara = hospital.phone_of(&mut officer, "amara.osei").await.device;
        let mut mary = hospital.phone_of(&mut officer, "mary.nakato").await.device;
        let marys = own_patients(&mut mary).await;
        let mut others = own_patients(&mut amara).await;
        others.retain(|patient| marys.iter().all(|own| own.id != patient.id));
        let (patient, other) = (others.remove(0), others.remove(0));
        let security = |code: Option<&str>| match code {
            Some(code) => json!([{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code,
            }]),
            None => json!([]),
        };
        let entry = |id: &str, code: Option<&str>| {
            json!({ "resource": {
                "resourceType": "DocumentReference", "id": id, "status": "current",
                "meta": { "security": security(code) },
                "type": { "text": "Progress note" },
                "subject": { "reference": format!("Patient/{}", patient.id) },
                "date": "2019-01-01T08:00:00Z",
                "content": [{ "attachment": { "contentType": "text/plain", "data": "T0s=" } }],
            } })
        };
        let entries = [
            entry("plain", None),
            entry("psychiatry", Some("PSY")),
            entry("substance", Some("ETH")),
        ];
        let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.json");
        std::fs::write(&file, bundle.to_string()).unwrap();
        let imported =
            wardline_server::import::fhir(&hospital.config, &[file], &hospital.clock).await;
        assert_eq!(imported.unwrap().resources, 3);
        Self {
            hospital,
            officer,
            amara,
            mary,
            patient,
            other,
        }
    }

    async fn privacy_officer(&mut self) -> Device {
        let found = self.hospital.phone_of(&mut self.officer, "margaret.sloane");
        found.await.device
    }
}

story!(a_nurse_of_another_ward_breaks_the_glass_for_an_hour);
async fn a_nurse_of_another_ward_breaks_the_glass_for_an_hour(engine: Engine) {
    let House {
        hospital,
        mut mary,
        patient,
        other,
        ..
    } = House::open(engine).await;
    let refused = banner(&mut mary, &patient).await;
    let refused = refused.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "no_basis");
    let advice = refused.detail.unwrap();
    assert!(advice.contains("Break the glass if care needs it now."));

    // It asks for a proof that is given for this, and for one act.
    let asked = break_glass(&mut mary, &patient, "BTG").await;
    let asked = asked.refused(401, "step-up-required");
    assert_eq!(asked.extensions["scopes"], json!(["break_the_glass"]));
    mary.step_up_for(&["sensitive_notes"]).await;
    break_glass(&mut mary, &patient, "BTG")
        .await
        .refused(401, "step-up-required");
    let grant = broken(&mut mary, &patient, "BTG").await;
    assert!(grant.open);
    assert_eq!(grant.until - grant.at, 60 * MINUTE);
    assert_eq!(grant.outcome, GlassOutcome::Waiting);
    break_glass(&mut mary, &other, "BTG")
        .await
        .refused(401, "step-up-required");

    // What is labelled asks as ever, and what the law protects stays closed.
    banner(&mut mary, &patient).await.expect(200);
    hospital.clock.advance(6 * MINUTE);
    let notes = list(&mut mary, &patient).await;
    assert_eq!(readable(&notes, "plain"), NoteReadable::Yes);
    assert_eq!(readable(&notes, "psychiatry"), NoteReadable::Ask);
    assert_eq!(readable(&notes, "substance"), NoteReadable::No);
    let read: NoteText = note(&mut mary, &patient, "plain").await.expect(200).json();
    assert_eq!(read.text.as_deref(), Some("OK"));
    note(&mut mary, &patient, "psychiatry")
        .await
        .refused(401, "step-up-required");
    mary.step_up_for(&["sensitive_notes"]).await;
    note(&mut mary, &patient, "psychiatry").await.expect(200);
    note(&mut mary, &patient, "substance")
        .await
        .refused(403, "denied");
    // Nor does it open anybody else's chart.
    banner(&mut mary, &other).await.refused(403, "denied");

    // Each reading says on what grounds, and nothing says why.
    let used = hospital.events("glass.used").await;
    let actions: Vec<&str> = used.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(
        actions,
        ["patient.read", "note.list", "note.read", "note.read"]
    );
    for event in &used {
        assert_eq!(event.detail["basis"], "break_the_glass");
        assert_eq!(event.detail["glass"], grant.id.to_string());
        assert_eq!(event.actor.user, Some(mary.user()));
    }
    let made = hospital.events("glass.broken").await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].detail["patient"], patient.id.as_str());
    assert_eq!(made[0].detail["purpose"], "BTG");
    for kind in ["glass.broken", "glass.used", "request.refused"] {
        let events = serde_json::to_string(&hospital.events(kind).await).unwrap();
        assert!(!events.contains("Collapsed"), "{kind}");
    }

    // It ends by itself, and is still to be reviewed.
    hospital.clock.advance(54 * MINUTE);
    mary.sign_in().await;
    banner(&mut mary, &patient).await.refused(403, "denied");
    let own: GlassList = mary.get("/v1/glass/own").await.expect(200).json();
    assert!(!own.grants[0].open);
    assert_eq!(own.grants[0].reason.as_deref(), Some(REASON));
    assert_eq!(own.waiting, 1);
}

story!(in_an_emergency_the_glass_opens_what_the_law_protects);
async fn in_an_emergency_the_glass_opens_what_the_law_protects(engine: Engine) {
    let House {
        mut mary,
        patient,
        hospital: _hospital,
        ..
    } = House::open(engine).await;
    broken(&mut mary, &patient, "ETREAT").await;
    let notes = list(&mut mary, &patient).await;
    assert_eq!(readable(&notes, "substance"), NoteReadable::Ask);
    mary.step_up_for(&["sensitive_notes"]).await;
    note(&mut mary, &patient, "substance").await.expect(200);
}

story!(only_a_clinician_with_words_breaks_the_glass_of_somebody_elses_patient);
async fn only_a_clinician_with_words_breaks_the_glass_of_somebody_elses_patient(engine: Engine) {
    let House {
        mut officer,
        mut amara,
        mut mary,
        patient,
        hospital: _hospital,
        ..
    } = House::open(engine).await;
    officer.step_up_for(&["break_the_glass"]).await;
    let refused = break_glass(&mut officer, &patient, "ETREAT").await;
    let refused = refused.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "missing_permission");
    let needless = break_glass(&mut amara, &patient, "ETREAT").await;
    let needless = needless.refused(403, "denied");
    assert_eq!(needless.extensions["reason"], "glass_not_needed");

    mary.step_up_for(&["break_the_glass"]).await;
    let path = format!("/v1/patients/{}/break-the-glass", patient.id);
    let bad: [Value; 4] = [
        json!({ "purpose": "CURIOSITY", "reason": REASON }),
        json!({ "purpose": "BTG", "reason": " " }),
        json!({ "purpose": "BTG", "reason": "x".repeat(501) }),
        json!({ "purpose": "BTG" }),
    ];
    for body in bad {
        mary.post(&path, &body).await.refused(400, "invalid-body");
    }
    let nobody = "/v1/patients/nobody/break-the-glass";
    let body = json!({ "purpose": "BTG", "reason": REASON });
    mary.post(nobody, &body).await.refused(404, "not-found");
    // None of it cost her the proof; two minutes do.
    let grant: GlassInfo = break_glass(&mut mary, &patient, "BTG")
        .await
        .expect(201)
        .json();
    assert!(grant.open);
    mary.step_up_for(&["break_the_glass"]).await;
}

story!(what_the_glass_opened_does_not_outlast_it_in_a_conversation);
async fn what_the_glass_opened_does_not_outlast_it_in_a_conversation(engine: Engine) {
    let House {
        mut mary,
        patient,
        hospital: _hospital,
        ..
    } = House::open(engine).await;
    broken(&mut mary, &patient, "BTG").await;
    let body = json!({
        "group_id": "00000000-0000-4000-8000-000000000001", "kind": "group",
        "patient_id": patient.id, "group_info": "AAAA",
    });
    let refused = mary.post("/v1/groups", &body).await;
    assert_eq!(
        refused.refused(403, "denied").extensions["reason"],
        "no_basis"
    );
}

story!(a_privacy_officer_reviews_what_was_read_and_the_person_sees_it);
async fn a_privacy_officer_reviews_what_was_read_and_the_person_sees_it(engine: Engine) {
    let mut house = House::open(engine).await;
    let mut margaret = house.privacy_officer().await;
    let House {
        hospital,
        mut amara,
        mut mary,
        patient,
        ..
    } = house;
    let grant = broken(&mut mary, &patient, "BTG").await;
    list(&mut mary, &patient).await;
    note(&mut mary, &patient, "plain").await.expect(200);
    let path = format!("/v1/glass/{}", grant.id);
    let (end, review) = (format!("{path}/end"), format!("{path}/review"));
    let justified = json!({ "justified": true, "note": "Called by the ward" });

    // Nobody but privacy officers.
    for (route, body) in [(&end, json!({})), (&review, justified.clone())] {
        amara.post(route, &body).await.refused(403, "denied");
    }
    for route in ["/v1/glass", path.as_str()] {
        amara.get(route).await.refused(403, "denied");
        mary.get(route).await.refused(403, "denied");
    }
    let own = mary.post(&review, &justified).await.refused(403, "denied");
    assert_eq!(own.extensions["reason"], "own_review");

    let queue: GlassList = margaret.get("/v1/glass").await.expect(200).json();
    assert_eq!((queue.waiting, queue.grants.len()), (1, 1));
    let listed = &queue.grants[0];
    assert_eq!(listed.patient_name.as_deref(), Some(patient.name.as_str()));
    assert_eq!((listed.user.id, &listed.reason), (mary.user(), &None));
    assert_eq!(listed.due_at - listed.at, 24 * 60 * MINUTE);
    let detail: GlassDetail = margaret.get(&path).await.expect(200).json();
    assert_eq!(detail.glass.reason.as_deref(), Some(REASON));
    let looks: Vec<(&str, Option<&str>)> = detail
        .looks
        .iter()
        .map(|look| (look.action.as_str(), look.note.as_deref()))
        .collect();
    assert_eq!(looks, [("note.list", None), ("note.read", Some("plain"))]);
    // She learns who it is about, and nothing of the record.
    banner(&mut margaret, &patient).await.refused(403, "denied");

    let empty = json!({ "justified": true, "note": "" });
    margaret
        .post(&review, &empty)
        .await
        .refused(400, "invalid-body");
    let done: GlassInfo = margaret.post(&review, &justified).await.expect(200).json();
    assert_eq!(done.outcome, GlassOutcome::Justified);
    margaret
        .post(&review, &justified)
        .await
        .refused(409, "changed-meanwhile");
    let queue: GlassList = margaret.get("/v1/glass").await.expect(200).json();
    assert_eq!((queue.waiting, queue.grants.len()), (0, 1));
    let own: GlassList = mary.get("/v1/glass/own").await.expect(200).json();
    assert_eq!(own.grants[0].outcome, GlassOutcome::Justified);
    assert_eq!(own.grants[0].note.as_deref(), Some("Called by the ward"));
    assert_eq!(own.grants[0].reviewed_by, done.reviewed_by);
    let reviewed = hospital.events("glass.reviewed").await;
    let reviewed = reviewed
        .iter()
        .find(|event| event.actor.user == Some(margaret.user()));
    let reviewed = serde_json::to_string(reviewed.unwrap()).unwrap();
    assert!(reviewed.contains("justified") && !reviewed.contains("Called"));

    // The one who broke it shuts the chart again; once.
    banner(&mut mary, &patient).await.expect(200);
    mary.post(&end, &json!({})).await.expect(204);
    banner(&mut mary, &patient).await.refused(403, "denied");
    mary.post(&end, &json!({}))
        .await
        .refused(409, "changed-meanwhile");
    let nobodys = "/v1/glass/00000000-0000-4000-8000-000000000000/end";
    mary.post(nobodys, &json!({}))
        .await
        .refused(404, "not-found");
}

story!(devices_leave_in_a_file_for_a_proof_and_the_log_says_how_many);
async fn devices_leave_in_a_file_for_a_proof_and_the_log_says_how_many(engine: Engine) {
    let House {
        hospital,
        mut officer,
        amara,
        mut mary,
        ..
    } = House::open(engine).await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    let body = json!({ "device_ids": [amara.id(), unknown, mary.id()] });
    let path = "/v1/devices/export";
    mary.post(path, &body).await.refused(403, "denied");
    let asked = officer.post(path, &body).await;
    let asked = asked.refused(401, "step-up-required");
    assert_eq!(asked.extensions["scopes"], json!(["exporting"]));
    officer.step_up_for(&["exporting"]).await;
    let file: Value = officer.post(path, &body).await.expect(200).json();
    assert_eq!(file["rows"], 2);
    let text = file["text"].as_str().unwrap();
    let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("Owner,Sign-in name,"));
    assert!(lines[1].contains("amara.osei") && lines[1].ends_with(&amara.id().to_string()));
    assert!(lines[2].contains("mary.nakato"));
    let events = hospital.events("devices.exported").await;
    assert_eq!(events.last().unwrap().detail["devices"], 2);
    hospital.clock.advance(2 * MINUTE + 1);
    officer
        .post(path, &body)
        .await
        .refused(401, "step-up-required");
    let none = json!({ "device_ids": [] });
    officer.post(path, &none).await.refused(400, "invalid-body");
}
