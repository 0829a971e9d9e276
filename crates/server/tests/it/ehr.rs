//! Charts out of the hospital's record system, which answers, is slow, is away, or lies.

use serde_json::{Value, json};
use wardline_model::PatientId;
use wardline_model::wire::chart::{ChartSource, PatientChart, SourceState};
use wardline_model::wire::directory::PatientList;
use wardline_server::Config;
use wardline_server::ehr::check::check;

use crate::support::logs::Logs;
use crate::support::managed::{colleague_called, phone_of};
use crate::support::record_system::RecordSystem;
use crate::support::{Answer, Device, Engine, Hospital, story, until};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

/// A hospital beside a record system that has a patient with some results, and a nurse.
struct House {
    hospital: Hospital,
    system: RecordSystem,
    officer: Device,
    nurse: Device,
}

impl House {
    async fn open(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    async fn with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let mut system = RecordSystem::start().await;
        for resource in nora() {
            system.put(resource).await;
        }
        let hospital = Hospital::with(engine, |config| {
            system.configure(config);
            change(config);
        })
        .await;
        let mut officer = hospital.officer().await;
        let user = colleague_called(&hospital, &officer, "nina.nurse", "nurse").await;
        let nurse = phone_of(&hospital, &mut officer, user).await;
        Self {
            hospital,
            system,
            officer,
            nurse,
        }
    }

    /// With the nurse on the care team of somebody whom a search found at the record system.
    async fn with_nora(engine: Engine) -> Self {
        Self::with_nora_and(engine, |_| {}).await
    }

    async fn with_nora_and(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let mut house = Self::with(engine, change).await;
        let found = house.search("Quigley").await;
        assert_eq!(found.patients.len(), 1, "{found:?}");
        house.cares_for("nora-1").await;
        house
    }

    async fn search(&mut self, typed: &str) -> PatientList {
        let body = json!({ "q": typed });
        let answer = self.nurse.post("/v1/patients/search", &body).await;
        answer.expect(200).json()
    }

    async fn cares_for(&self, patient: &str) {
        let (store, _) = self.hospital.seize();
        let mut tx = store.write().await.unwrap();
        let patient: PatientId = patient.parse().unwrap();
        tx.put_care_team(&patient, self.nurse.user()).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await;
    }

    async fn open_chart(&mut self, patient: &str) -> Answer {
        self.nurse
            .get(&format!("/v1/patients/{patient}/chart"))
            .await
    }

    async fn chart(&mut self) -> PatientChart {
        self.open_chart("nora-1").await.expect(200).json()
    }

    /// After the copy is no longer fresh.
    async fn chart_later(&mut self) -> PatientChart {
        self.hospital.clock.advance(6 * SECOND);
        self.chart().await
    }

    /// What is kept of a patient.
    async fn kept(&self, patient: &str, kind: &str) -> Vec<Value> {
        let (store, _) = self.hospital.seize();
        let mut tx = store.read().await.unwrap();
        let id = patient.parse().unwrap();
        let found = tx.resources_of(&id, kind, 50).await.unwrap();
        let read = |body: &wardline_store::Body| serde_json::from_slice(body.expose()).unwrap();
        found.iter().map(read).collect()
    }
}

fn nora() -> Vec<Value> {
    vec![
        patient("nora-1", "Quigley", "NQ-10042"),
        potassium("k1", "nora-1", 6.8),
        potassium("k2", "nora-1", 5.1),
        json!({
            "resourceType": "AllergyIntolerance", "id": "a1", "patient": { "reference": "Patient/nora-1" },
            "clinicalStatus": { "coding": [{ "code": "active" }] }, "code": { "text": "Penicillin" },
            "text": { "status": "generated", "div": "<div><script>alert(1)</script></div>" },
        }),
        patient("otto-1", "Other", "10099"),
        potassium("k9", "otto-1", 3.9),
    ]
}

fn patient(id: &str, family: &str, number: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "birthDate": "1950-03-03", "gender": "female",
        "name": [{ "family": family, "given": ["Nora"] }],
        "identifier": [{ "system": "urn:mrn", "value": number,
            "type": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR" }] } }],
    })
}

fn potassium(id: &str, patient: &str, value: f64) -> Value {
    json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "subject": { "reference": format!("Patient/{patient}") },
        "category": [{ "coding": [{ "code": "laboratory" }] }],
        "code": { "coding": [{ "system": "http://loinc.org", "code": "2823-3", "display": "Potassium" }] },
        "effectiveDateTime": "2026-03-02T11:30:00Z", "valueQuantity": { "value": value, "unit": "mmol/L" },
    })
}

fn source(chart: &PatientChart) -> &ChartSource {
    chart.source.as_ref().expect("a record system")
}

fn points(chart: &PatientChart) -> Vec<String> {
    let mut ids: Vec<String> = chart
        .labs
        .iter()
        .flat_map(|series| &series.points)
        .map(|point| point.id.clone())
        .collect();
    ids.sort();
    ids
}

story!(a_chart_is_copied_from_the_record_system_when_it_is_opened);
async fn a_chart_is_copied_from_the_record_system_when_it_is_opened(engine: Engine) {
    let mut house = House::with_nora(engine).await;
    let before = house.system.stats().await;
    assert_eq!(
        before.paths,
        ["POST /Patient/_search"],
        "a name is in no address"
    );
    let chart = house.chart().await;
    assert_eq!(source(&chart).state, SourceState::Current);
    assert!(source(&chart).as_of.is_some());
    assert_eq!(points(&chart), ["k1", "k2"]);
    assert_eq!(chart.banner.name, "Quigley, Nora");
    let opened = house.hospital.events("chart.opened").await;
    assert_eq!(opened.len(), 1, "it leaves as everything does");
    let copied = house.hospital.events("ehr.copied").await;
    assert_eq!(copied[0].detail["patient"], "nora-1");
    assert_eq!(copied[0].detail["entries"], 4);
    // Opened again at once nobody is asked, and one token was for all.
    house.system.stats().await;
    house.chart().await;
    let after = house.system.stats().await;
    assert_eq!((after.reads, after.tokens), (0, 0), "{after:?}");
    // As any record it is read as FHIR, and searched.
    let read: Value = house
        .nurse
        .get("/fhir/R4/Observation/k1")
        .await
        .expect(200)
        .json();
    assert_eq!(read["valueQuantity"]["value"], 6.8);
    // HTML that somebody else wrote is not even kept.
    let allergies = house.kept("nora-1", "AllergyIntolerance").await;
    assert!(
        !allergies[0].to_string().contains("script"),
        "{allergies:?}"
    );
}

story!(for_who_may_not_open_a_chart_the_record_system_is_not_asked);
async fn for_who_may_not_open_a_chart_the_record_system_is_not_asked(engine: Engine) {
    let mut house = House::open(engine).await;
    house.search("Quigley").await;
    house.system.stats().await;
    house.open_chart("nora-1").await.refused(403, "denied");
    house
        .officer
        .get("/v1/patients/nora-1/chart")
        .await
        .refused(403, "denied");
    assert_eq!(house.system.stats().await.reads, 0);
    assert!(house.kept("nora-1", "Observation").await.is_empty());
}

story!(what_changed_there_is_changed_here_and_what_is_gone_goes);
async fn what_changed_there_is_changed_here_and_what_is_gone_goes(engine: Engine) {
    let mut house = House::with_nora(engine).await;
    house.chart().await;
    house.system.put(potassium("k1", "nora-1", 4.2)).await;
    house.system.put(potassium("k3", "nora-1", 4.0)).await;
    house.system.delete("Observation/k2").await;
    house.system.stats().await;
    let chart = house.chart_later().await;
    assert_eq!(points(&chart), ["k1", "k2", "k3"], "changes alone");
    let paths = house.system.stats().await.paths;
    assert!(
        paths
            .iter()
            .any(|path| path.contains("Observation?") && path.contains("_lastUpdated=ge")),
        "{paths:?}"
    );
    let read: Value = house
        .nurse
        .get("/fhir/R4/Observation/k1")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&read["valueQuantity"]["value"], &read["meta"]["versionId"]),
        (&json!(4.2), &json!("2"))
    );
    house.hospital.clock.advance(MINUTE);
    assert_eq!(
        points(&house.chart_later().await),
        ["k1", "k3"],
        "all of it"
    );
}

story!(while_the_record_system_is_away_the_copy_is_shown_until_its_time_is_over);
async fn while_the_record_system_is_away_the_copy_is_shown_until_its_time_is_over(engine: Engine) {
    let mut house = House::with_nora(engine).await;
    let as_of = source(&house.chart().await).as_of;
    house.system.fault(json!({ "down": true })).await;
    let chart = house.chart_later().await;
    assert_eq!(source(&chart).state, SourceState::Away);
    assert_eq!(source(&chart).as_of, as_of);
    assert_eq!(points(&chart), ["k1", "k2"]);
    house.hospital.clock.advance(5 * MINUTE);
    let refused = house.open_chart("nora-1").await;
    refused.refused(503, "record-system-away");
    // It is back, and after its pause it is asked again.
    house.system.fault(Value::Null).await;
    house.hospital.clock.advance(3 * MINUTE);
    let chart = house.chart().await;
    assert_eq!(source(&chart).state, SourceState::Current);
    assert_eq!(points(&chart), ["k1", "k2"]);
}

story!(nobody_waits_long_for_a_slow_record_system_where_there_is_a_copy);
async fn nobody_waits_long_for_a_slow_record_system_where_there_is_a_copy(engine: Engine) {
    let mut house = House::with_nora_and(engine, |config| config.ehr.wait_ms = 100).await;
    house.chart().await;
    house.system.put(potassium("k3", "nora-1", 4.0)).await;
    house
        .system
        .fault(json!({ "slow": 2000, "kind": "Observation" }))
        .await;
    let chart = house.chart_later().await;
    assert_eq!(source(&chart).state, SourceState::Loading);
    assert_eq!(points(&chart), ["k1", "k2"]);
    // What was on its way arrives, and is there at the next look.
    let (store, _) = house.hospital.seize();
    let nora: PatientId = "nora-1".parse().unwrap();
    until("the newer copy", async || {
        let mut tx = store.read().await.unwrap();
        let found = tx.resources_of(&nora, "Observation", 9).await.unwrap();
        (found.len() == 3).then_some(())
    })
    .await;
}

story!(a_record_system_that_asks_to_wait_is_waited_for);
async fn a_record_system_that_asks_to_wait_is_waited_for(engine: Engine) {
    let mut house = House::with_nora(engine).await;
    for status in [429, 503] {
        let fault = json!({ "status": status, "after": 1, "times": 2, "kind": "Observation" });
        house.system.fault(fault).await;
        house.hospital.clock.advance(6 * SECOND);
        let chart = house.chart().await;
        assert_eq!(source(&chart).state, SourceState::Current, "{status}");
        let paths = house.system.stats().await.paths;
        let asked = paths.iter().filter(|path| path.contains("/Observation"));
        assert_eq!(asked.count(), 3, "{status}: {paths:?}");
    }
}

story!(a_token_is_used_until_it_ends_or_is_refused);
async fn a_token_is_used_until_it_ends_or_is_refused(engine: Engine) {
    let mut house = House::with_nora(engine).await;
    house.chart().await;
    assert_eq!(
        house.system.stats().await.tokens,
        1,
        "one for the search and the chart"
    );
    house.system.revoke().await;
    let chart = house.chart_later().await;
    assert_eq!(source(&chart).state, SourceState::Current);
    assert_eq!(
        house.system.stats().await.tokens,
        1,
        "one for all that were refused at once"
    );
    house.hospital.clock.advance(10 * MINUTE);
    house.nurse.sign_in().await;
    house.chart().await;
    assert_eq!(house.system.stats().await.tokens, 1, "before it ends");
}

story!(a_key_is_changed_without_a_gap);
async fn a_key_is_changed_without_a_gap(engine: Engine) {
    let mut house = House::with_nora_and(engine, |config| {
        let old = config.ehr.key_files[0].clone();
        let new = old.with_file_name("new.pem");
        wardline_server::ehr::make_key(&new).unwrap();
        config.ehr.key_files = vec![new, old];
    })
    .await;
    let stats = house.system.stats().await;
    assert_eq!(
        (stats.tokens, stats.refused),
        (2, 1),
        "the old one still signs"
    );
    // The record system reads both from us, and takes the new one.
    let mut nobody = house.hospital.device();
    let keys = nobody
        .raw("GET", "/ehr/jwks.json", None, None, None)
        .await
        .expect(200);
    assert_eq!(keys.headers["content-type"], "application/jwk-set+json");
    let keys: Value = keys.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    assert!(!keys.to_string().contains("\"d\""), "{keys}");
    house
        .system
        .register_keys(&json!({ "keys": [keys["keys"][0]] }))
        .await;
    house.system.revoke().await;
    house.chart().await;
    let stats = house.system.stats().await;
    assert_eq!((stats.tokens, stats.refused), (1, 0));
}

story!(an_entry_of_another_patient_is_not_taken_whatever_the_record_system_says);
async fn an_entry_of_another_patient_is_not_taken_whatever_the_record_system_says(engine: Engine) {
    let mut house = House::with_nora(engine).await;
    for extra in [
        potassium("k9", "otto-1", 3.9),
        json!({ "resourceType": "Observation", "id": "k8", "status": "final", "code": {},
            "subject": { "reference": "https://elsewhere.example/fhir/Patient/nora-1" } }),
        json!({ "resourceType": "Observation", "id": "k7", "status": "final", "code": {} }),
        json!({ "resourceType": "Patient", "id": "otto-1" }),
        json!({ "resourceType": "Observation", "id": "k6", "subject": { "reference": "Patient/nora-1" },
            "status": ["final"], "valueQuantity": { "value": "Wednesday" } }),
        json!("no resource at all"),
    ] {
        let fault = json!({ "extra": extra, "kind": "Observation" });
        house.system.fault(fault).await;
        house.hospital.clock.advance(61 * SECOND);
        let chart = house.chart().await;
        assert_eq!(points(&chart), ["k1", "k2"], "{extra}");
        assert_eq!(source(&chart).left_out, 1, "{extra}");
    }
    assert!(house.kept("otto-1", "Observation").await.is_empty());
    let copied = house.hospital.events("ehr.copied").await;
    let of_others = copied
        .iter()
        .filter(|event| event.detail.contains_key("of_others"));
    assert_eq!(of_others.count(), 3);
    house.system.fault(Value::Null).await;
    house.hospital.clock.advance(61 * SECOND);
    assert_eq!(source(&house.chart().await).left_out, 0);
}

story!(a_record_system_that_lies_about_its_pages_is_not_followed);
async fn a_record_system_that_lies_about_its_pages_is_not_followed(engine: Engine) {
    let mut house = House::with_nora(engine).await;
    let elsewhere = house.system.base.replace("/fhir/R4", "/elsewhere");
    for fault in [
        json!({ "next": elsewhere, "kind": "Observation" }),
        json!({ "next": elsewhere.replace("localhost", "127.0.0.1"), "kind": "Observation" }),
        json!({ "next": "http://169.254.169.254/latest/meta-data", "kind": "Observation" }),
        json!({ "next": "file:///etc/passwd", "kind": "Observation" }),
        json!({ "redirect": elsewhere, "kind": "Observation" }),
        // Around in circles.
        json!({ "next": format!("{}/Observation?patient=nora-1&_count=200", house.system.base),
            "kind": "Observation" }),
    ] {
        house.system.fault(fault.clone()).await;
        let answer = house.open_chart("nora-1").await;
        answer.refused(503, "record-system-away");
        assert_eq!(house.system.stats().await.elsewhere, 0, "{fault}");
    }
    assert!(
        house.kept("nora-1", "Observation").await.is_empty(),
        "nothing half done"
    );
    // Pages of its own are read to the end.
    house.system.fault(json!({ "count": 1 })).await;
    assert_eq!(points(&house.chart().await), ["k1", "k2"]);
}

story!(an_answer_beyond_all_measure_is_cut_off);
async fn an_answer_beyond_all_measure_is_cut_off(engine: Engine) {
    let mut house =
        House::with_nora_and(engine, |config| config.ehr.max_answer_bytes = 1 << 20).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for fault in [
        json!({ "bytes": 100 << 20, "kind": "Observation" }),
        json!({ "raw": deep, "kind": "Observation" }),
        json!({ "raw": "<html>Bad gateway</html>", "kind": "Observation" }),
        json!({ "raw": "", "kind": "Observation" }),
        json!({ "raw": "{\"resourceType\":\"Bundle\",\"type\":\"history\"}", "kind": "Observation" }),
        json!({ "raw": "{\"resourceType\":\"Patient\",\"id\":\"otto-1\"}", "kind": "Patient" }),
    ] {
        house.system.fault(fault.clone()).await;
        let answer = house.open_chart("nora-1").await;
        answer.refused(503, "record-system-away");
        // A pause after failures is over.
        house.hospital.clock.advance(10 * SECOND);
    }
    house.system.fault(Value::Null).await;
    house.hospital.clock.advance(2 * MINUTE);
    assert_eq!(points(&house.chart().await), ["k1", "k2"]);
}

story!(a_patient_whom_nobody_here_knows_is_found_at_the_record_system);
async fn a_patient_whom_nobody_here_knows_is_found_at_the_record_system(engine: Engine) {
    let mut house = House::open(engine).await;
    for typed in ["NQ-10042", "quig", "Nora Quigley"] {
        let found = house.search(typed).await;
        assert_eq!(found.patients.len(), 1, "{typed}");
        assert_eq!(found.patients[0].id.as_str(), "nora-1");
    }
    house.system.stats().await;
    house.search("qu").await;
    house.search("").await;
    assert_eq!(house.system.stats().await.reads, 0, "too little to ask for");
    // Only who may search patients.
    let body = json!({ "q": "Other" });
    let answer = house.officer.post("/v1/patients/search", &body).await;
    answer.refused(403, "denied");
    assert_eq!(house.system.stats().await.reads, 0);
    house.system.fault(json!({ "down": true })).await;
    let found = house.search("Somebody").await;
    assert!(found.patients.is_empty() && found.record_system_away);
    let searched = house.hospital.events("request.allowed").await;
    let told = searched
        .iter()
        .filter(|event| event.detail.contains_key("record_system"));
    assert!(told.count() >= 2);
}

story!(a_patient_of_this_hospital_is_matched_by_number_and_birthday);
async fn a_patient_of_this_hospital_is_matched_by_number_and_birthday(engine: Engine) {
    let mut house = House::open(engine).await;
    let own = patient("own-7", "Quigley", "NQ-10042");
    let mut other = patient("own-8", "Other", "10099");
    other["birthDate"] = "1999-09-09".into();
    // Under an id of the record system the hospital has something by itself, and keeps it.
    let mine = potassium("k1", "own-7", 1.1);
    let entries: Vec<Value> = [own, other, mine]
        .map(|it| json!({ "resource": it }))
        .to_vec();
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.json");
    std::fs::write(&file, bundle.to_string()).unwrap();
    let files = [file];
    let (config, clock) = (&house.hospital.config, &house.hospital.clock);
    let imported = wardline_server::import::fhir(config, &files, clock).await;
    assert_eq!(imported.unwrap().resources, 3);
    house.cares_for("own-7").await;
    house.cares_for("own-8").await;
    let chart: PatientChart = house.open_chart("own-7").await.expect(200).json();
    assert_eq!(source(&chart).state, SourceState::Current);
    assert_eq!(points(&chart), ["k1", "k2"]);
    let kept = house.kept("own-7", "Observation").await;
    let of = |id: &str| kept.iter().find(|it| it["id"] == id).unwrap().clone();
    assert_eq!(of("k1")["valueQuantity"]["value"], 1.1);
    assert_eq!(of("k2")["subject"]["reference"], "Patient/own-7");
    let chart: PatientChart = house.open_chart("own-8").await.expect(200).json();
    assert_eq!(
        source(&chart).state,
        SourceState::Unknown,
        "another day of birth"
    );
    assert!(points(&chart).is_empty());
    // A search finds their own entry, and no second one.
    assert_eq!(house.search("Quigley").await.patients.len(), 1);
}

story!(nothing_of_a_patient_and_no_secret_reaches_a_log);
async fn nothing_of_a_patient_and_no_secret_reaches_a_log(engine: Engine) {
    let logs = Logs::capture();
    let mut house = House::with_nora(engine).await;
    house.chart().await;
    let fault = json!({ "extra": { "resourceType": "Observation", "id": "x", "status": "Verysecret",
        "subject": { "reference": "Patient/nora-1" } }, "kind": "Observation" });
    house.system.fault(fault).await;
    house.hospital.clock.advance(61 * SECOND);
    house.chart().await;
    house.system.fault(json!({ "status": 500 })).await;
    house.hospital.clock.advance(61 * SECOND);
    house.chart().await;
    house.search("Unfindable").await;
    let text = logs.text();
    assert!(
        text.contains("record system"),
        "it says that something is wrong"
    );
    for needle in [
        "Quigley",
        "NQ-10042",
        "Penicillin",
        "Verysecret",
        "Unfindable",
        "Bearer ",
        "client_assertion",
        "eyJ",
    ] {
        assert!(!text.contains(needle), "{needle} is in a log");
    }
}

story!(an_operator_is_told_what_works_step_by_step);
async fn an_operator_is_told_what_works_step_by_step(engine: Engine) {
    let mut house = House::open(engine).await;
    let config = house.hospital.config.clone();
    let clock = house.hospital.clock.clone();
    let report = Box::pin(check(&config, Some("nora-1"), &clock)).await;
    assert!(report.ok, "{report:#?}");
    let names: Vec<&str> = report.steps.iter().map(|step| step.step.as_str()).collect();
    for wanted in [
        "metadata",
        "token endpoint",
        "token",
        "patient search",
        "patient",
        "Observation",
    ] {
        assert!(names.contains(&wanted), "{wanted}: {names:?}");
    }
    let shown = serde_json::to_string(&report).unwrap();
    assert!(
        !shown.contains("Quigley") && !shown.contains("eyJ"),
        "{shown}"
    );
    house.system.register(&[]).await;
    let report = Box::pin(check(&config, None, &clock)).await;
    let last = report.steps.last().unwrap();
    assert!(!report.ok && last.step == "token", "{report:#?}");
    assert!(last.says.contains("wardline ehr keys"), "{}", last.says);
    let mut stranger = config.clone();
    std::fs::copy(
        config.data.dir.join("keys/tls-ca.pem"),
        house.system.path("other.pem"),
    )
    .unwrap();
    stranger.ehr.ca = house.system.path("other.pem");
    let report = Box::pin(check(&stranger, None, &clock)).await;
    assert!(
        !report.ok && report.steps.iter().any(|step| step.says.contains("`ca`")),
        "{report:#?}"
    );
    house
        .system
        .fault(json!({ "token_endpoint": "https://evil.example/token" }))
        .await;
    let report = Box::pin(check(&config, None, &clock)).await;
    let last = report.steps.last().unwrap();
    assert!(last.says.contains("on another server"), "{report:#?}");
}

story!(without_a_record_system_nothing_is_said_of_one);
async fn without_a_record_system_nothing_is_said_of_one(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut nobody = hospital.device();
    let keys = nobody.raw("GET", "/ehr/jwks.json", None, None, None).await;
    keys.refused(404, "not-found");
}

story!(an_order_that_refers_to_its_drug_has_its_name);
async fn an_order_that_refers_to_its_drug_has_its_name(engine: Engine) {
    let mut house = House::with_nora(engine).await;
    let drug =
        json!({ "resourceType": "Medication", "id": "d1", "code": { "text": "Digoxin 0.25 mg" } });
    house.system.put(drug).await;
    let order = json!({
        "resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order",
        "subject": { "reference": "Patient/nora-1" },
        "medicationReference": { "reference": "Medication/d1" },
    });
    house.system.put(order).await;
    let chart = house.chart().await;
    assert_eq!(chart.medications[0].name, "Digoxin 0.25 mg");
    assert_eq!(source(&chart).left_out, 0);
}
