//! Records as FHIR has them: what is found, what is withheld, and that every look is told.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use wardline_model::wire::chart::{ChartEntry, ChartEntryState, MedicationState, PatientChart};
use wardline_model::wire::directory::{PatientBanner, PatientList};
use wardline_model::{B64, PatientId};

use crate::explained::{moved, on_shift, practitioner};
use crate::support::managed::{colleague_called, phone_of};
use crate::support::{Answer, Device, Engine, Hospital, Proof, story};

const MINUTE: u64 = 60_000;

async fn own(by: &mut Device) -> Vec<PatientBanner> {
    let body = json!({ "q": "" });
    let answer = by.post("/v1/patients/search", &body).await;
    answer.expect(200).json::<PatientList>().patients
}

/// A search by POST, as clients should.
pub(crate) async fn search(by: &mut Device, kind: &str, query: &str) -> Answer {
    let path = format!("/fhir/R4/{kind}/_search");
    for _ in 0..2 {
        let proof = by.proof("POST", &path, &Proof::default());
        let token = by.token.clone();
        let form = (
            "application/x-www-form-urlencoded",
            query.as_bytes().to_vec(),
        );
        let answer = by.raw("POST", &path, Some(proof), token, Some(form)).await;
        if answer.status != 401 || answer.problem().name() != "use-dpop-nonce" {
            return answer;
        }
    }
    panic!("the nonce is not taken")
}

async fn bundle(by: &mut Device, kind: &str, query: &str) -> Value {
    let answer = search(by, kind, query).await.expect(200);
    assert_eq!(answer.headers["content-type"], "application/fhir+json");
    answer.json()
}

fn resources<'a>(bundle: &'a Value, mode: &str) -> Vec<&'a Value> {
    let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
    let entries = entries
        .iter()
        .filter(|entry| entry["search"]["mode"] == mode);
    entries.map(|entry| &entry["resource"]).collect()
}

fn ids(bundle: &Value) -> Vec<String> {
    let found = resources(bundle, "match");
    found
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle["link"].as_array().unwrap();
    let link = links.iter().find(|link| link["relation"] == relation)?;
    let url = link["url"].as_str().unwrap();
    Some(url[url.find("/fhir/R4").unwrap()..].to_owned())
}

/// Whose record a resource is of.
fn whose(resource: &Value) -> Option<String> {
    if resource["resourceType"] == "Patient" {
        return resource["id"].as_str().map(str::to_owned);
    }
    let reference = ["subject", "patient"]
        .iter()
        .find_map(|it| resource[*it]["reference"].as_str());
    reference
        .and_then(|it| it.strip_prefix("Patient/"))
        .map(str::to_owned)
}

pub(crate) async fn import(hospital: &Hospital, resources: Vec<Value>) {
    let entries: Vec<Value> = resources
        .into_iter()
        .map(|it| json!({ "resource": it }))
        .collect();
    let count = entries.len();
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.json");
    std::fs::write(&file, bundle.to_string()).unwrap();
    let imported = wardline_server::import::fhir(&hospital.config, &[file], &hospital.clock).await;
    let imported = imported.unwrap();
    assert_eq!(
        (imported.resources, imported.errors.len()),
        (count, 0),
        "{:?}",
        imported.errors
    );
}

fn condition(id: &str, patient: &PatientId, code: &str) -> Value {
    json!({
        "resourceType": "Condition", "id": id, "subject": { "reference": format!("Patient/{patient}") },
        "text": { "status": "generated", "div": "<div><script>alert(1)</script></div>" },
        "clinicalStatus": { "coding": [{ "code": "active" }] },
        "code": { "coding": [{ "system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code }] },
    })
}

/// A nurse of one ward, one of another whose patients they are not, and one of the first's patients.
struct House {
    hospital: Hospital,
    officer: Device,
    amara: Device,
    mary: Device,
    patient: PatientBanner,
}

impl House {
    async fn open(engine: Engine) -> Self {
        let hospital = Hospital::demo(engine).await;
        let mut officer = hospital.officer().await;
        let mut amara = hospital.phone_of(&mut officer, "amara.osei").await.device;
        let mut mary = hospital.phone_of(&mut officer, "mary.nakato").await.device;
        let marys = own(&mut mary).await;
        let mut others = own(&mut amara).await;
        others.retain(|patient| marys.iter().all(|own| own.id != patient.id));
        let patient = others.remove(0);
        Self {
            hospital,
            officer,
            amara,
            mary,
            patient,
        }
    }

    /// Somebody on the patient's care team.
    async fn colleague(&mut self, username: &str, role: &str) -> Device {
        let user = colleague_called(&self.hospital, &self.officer, username, role).await;
        let (store, _) = self.hospital.seize();
        let mut tx = store.write().await.unwrap();
        tx.put_care_team(&self.patient.id, user).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await;
        phone_of(&self.hospital, &mut self.officer, user).await
    }
}

story!(anyone_may_know_what_is_served_and_nobody_else_anything);
async fn anyone_may_know_what_is_served_and_nobody_else_anything(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut nobody = hospital.device();
    let stated = nobody
        .raw("GET", "/fhir/R4/metadata", None, None, None)
        .await;
    let stated: Value = stated.expect(200).json();
    assert_eq!(stated["resourceType"], "CapabilityStatement");
    for path in [
        "/fhir/R4/Patient/p1",
        "/fhir/R4/Patient?name=quig",
        "/fhir/R4/Nothing/x",
    ] {
        let answer = nobody.raw("GET", path, None, None, None).await;
        answer.refused(401, "no-session");
        assert_eq!(answer.headers["content-type"], "application/fhir+json");
    }
}

story!(a_nurse_reads_her_patient_and_of_others_learns_not_even_that_they_are_there);
async fn a_nurse_reads_her_patient_and_of_others_learns_not_even_that_they_are_there(
    engine: Engine,
) {
    let House {
        hospital,
        mut amara,
        mut mary,
        patient,
        ..
    } = House::open(engine).await;
    let path = format!("/fhir/R4/Patient/{}", patient.id);
    let read = amara.get(&path).await.expect(200);
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, "W/\"1\"");
    let json: Value = read.json();
    assert_eq!(json["meta"]["versionId"], "1");

    let labs = bundle(
        &mut amara,
        "Observation",
        &format!("patient={}&_count=1", patient.id),
    )
    .await;
    let lab = ids(&labs).remove(0);
    let lab = format!("/fhir/R4/Observation/{lab}");
    amara.get(&lab).await.expect(200);

    // The same answer whether there is one or not.
    mary.get(&path).await.refused(403, "denied");
    mary.get("/fhir/R4/Patient/nobody")
        .await
        .refused(403, "denied");
    mary.get(&lab).await.refused(404, "not-found");
    mary.get("/fhir/R4/Observation/nothing")
        .await
        .refused(404, "not-found");
    let query = format!("patient={}", patient.id);
    let refused = search(&mut mary, "Condition", &query)
        .await
        .refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "no_basis");
    let nothing = bundle(
        &mut mary,
        "Patient",
        &format!("identifier={}", patient.mrn.clone().unwrap()),
    )
    .await;
    assert_eq!(ids(&nothing).len(), 0);

    // Under broken glass it opens, and the reviewer reads what was looked at.
    mary.step_up_for(&["break_the_glass"]).await;
    let body = json!({ "purpose": "BTG", "reason": "Called to the ward" });
    let grant = format!("/v1/patients/{}/break-the-glass", patient.id);
    mary.post(&grant, &body).await.expect(201);
    mary.get(&lab).await.expect(200);
    assert!(!ids(&bundle(&mut mary, "Condition", &query).await).is_empty());
    let used = hospital.events("glass.used").await;
    let read = used
        .iter()
        .find(|event| event.action == "entry.read")
        .unwrap();
    assert_eq!(read.detail["purpose"], json!(["BTG"]));
    assert_eq!(read.detail["basis"], json!(["break_the_glass"]));
    let id = lab.rsplit('/').next().unwrap();
    assert_eq!(
        read.detail["entries"][patient.id.as_str()]["Observation"],
        json!([id])
    );
    let searched = used
        .iter()
        .find(|event| event.action == "entry.search")
        .unwrap();
    assert_eq!(searched.detail["by"], json!(["patient"]));
    assert!(searched.detail["entries"][patient.id.as_str()]["Condition"].is_array());
}

async fn known(by: &mut Device, path: &str, tag: &str) -> Answer {
    let proof = by.proof("GET", path, &Proof::default());
    let token = by.token.clone();
    by.conditional(path, proof, token, tag).await
}

story!(what_did_not_change_is_not_sent_again_and_what_did_has_a_new_version);
async fn what_did_not_change_is_not_sent_again_and_what_did_has_a_new_version(engine: Engine) {
    let House {
        hospital,
        mut amara,
        patient,
        ..
    } = House::open(engine).await;
    import(&hospital, vec![condition("c1", &patient.id, "I10")]).await;
    let path = "/fhir/R4/Condition/c1";
    let first = amara.get(path).await.expect(200);
    assert!(
        !first.json::<Value>().to_string().contains("script"),
        "narrative stays behind"
    );
    known(&mut amara, path, "W/\"1\"").await.expect(304);
    known(&mut amara, path, "\"x\", W/\"1\"").await.expect(304);
    // Storing the same again is no change.
    import(&hospital, vec![condition("c1", &patient.id, "I10")]).await;
    known(&mut amara, path, "W/\"1\"").await.expect(304);
    import(&hospital, vec![condition("c1", &patient.id, "I50.9")]).await;
    let second = known(&mut amara, path, "W/\"1\"").await.expect(200);
    assert_eq!(second.headers["etag"], "W/\"2\"");
}

story!(labs_are_found_page_by_page_each_once_and_no_address_says_whose);
async fn labs_are_found_page_by_page_each_once_and_no_address_says_whose(engine: Engine) {
    let House {
        hospital,
        mut amara,
        mut mary,
        patient,
        ..
    } = House::open(engine).await;
    let all = format!("patient={}&category=laboratory&_count=100", patient.id);
    let all = ids(&bundle(&mut amara, "Observation", &all).await);
    assert!(all.len() > 20);
    for order in ["", "&_sort=-date", "&_sort=date", "&_sort=_lastUpdated"] {
        let query = format!("patient={}&category=laboratory&_count=7{order}", patient.id);
        let mut page = bundle(&mut amara, "Observation", &query).await;
        let mut found = ids(&page);
        let mut dates: Vec<String> = Vec::new();
        loop {
            for it in resources(&page, "match") {
                dates.push(it["effectiveDateTime"].as_str().unwrap().to_owned());
            }
            for relation in ["self", "next"] {
                let link = link(&page, relation).unwrap_or_default();
                assert!(
                    !link.contains(patient.id.as_str()) && !link.contains("laboratory"),
                    "{link}"
                );
            }
            let Some(next) = link(&page, "next") else {
                break;
            };
            mary.get(&next).await.refused(400, "search-refused");
            page = amara.get(&next).await.expect(200).json();
            found.extend(ids(&page));
        }
        let each: BTreeSet<&String> = found.iter().collect();
        assert_eq!((found.len(), each.len()), (all.len(), all.len()), "{order}");
        let mut sorted = dates.clone();
        sorted.sort();
        match order {
            "&_sort=date" => assert_eq!(dates, sorted),
            "&_sort=-date" => {
                sorted.reverse();
                assert_eq!(dates, sorted);
            }
            _ => {}
        }
    }
    let query = format!("patient={}&_count=2", patient.id);
    let next = link(&bundle(&mut amara, "Observation", &query).await, "next").unwrap();
    amara
        .get(&next.replace("Observation", "Condition"))
        .await
        .refused(400, "search-refused");
    hospital.clock.advance(59 * MINUTE);
    amara.get("/v1/me").await;
    hospital.clock.advance(2 * MINUTE);
    amara.sign_in().await;
    amara.get(&next).await.refused(400, "search-refused");
}

story!(a_search_finds_what_us_core_asks_for);
async fn a_search_finds_what_us_core_asks_for(engine: Engine) {
    let House {
        hospital: _hospital,
        mut amara,
        patient,
        ..
    } = House::open(engine).await;
    let id = &patient.id;
    let mrn = patient.mrn.clone().unwrap();
    let family = patient.name.split(',').next().unwrap().to_lowercase();
    for (kind, query) in [
        ("Patient", format!("_id={id}")),
        ("Patient", format!("identifier={mrn}")),
        (
            "Patient",
            format!(
                "name={family}&birthdate={}",
                patient.birth_date.clone().unwrap()
            ),
        ),
        ("Encounter", format!("patient={id}&status=in-progress")),
        ("Encounter", format!("patient={id}&date=le2100")),
        ("Condition", format!("patient={id}&clinical-status=active")),
        ("Condition", format!("patient.identifier={mrn}")),
        ("Condition", format!("subject:Patient.name={family}")),
        ("AllergyIntolerance", format!("patient={id}")),
        (
            "Observation",
            format!("patient={id}&category=vital-signs&date=ge2000-01-01"),
        ),
        (
            "Observation",
            format!("patient={id}&code=http://loinc.org|2823-3"),
        ),
        (
            "MedicationRequest",
            format!("patient={id}&intent=order&status=active,on-hold,completed"),
        ),
        ("DiagnosticReport", format!("patient={id}&category=LAB")),
        ("DocumentReference", format!("patient={id}&status=current")),
        ("CarePlan", format!("patient={id}&status=active")),
        ("Location", "name=bed".to_owned()),
    ] {
        let found = bundle(&mut amara, kind, &query).await;
        assert!(!ids(&found).is_empty(), "{kind}?{query}");
        // The same by address.
        let path = format!("/fhir/R4/{kind}?{}", query.replace('|', "%7C"));
        let again: Value = amara.get(&path).await.expect(200).json();
        assert_eq!(ids(&again), ids(&found), "{kind}?{query}");
    }
    for (kind, query) in [
        ("Observation", format!("patient={id}&date=lt2000-01-01")),
        (
            "Observation",
            format!("patient={id}&code=http://snomed.info/sct|2823-3"),
        ),
        ("Condition", "patient.identifier=SB-0".to_owned()),
        ("Observation", format!("patient={id}&_lastUpdated=lt2000")),
    ] {
        assert!(
            ids(&bundle(&mut amara, kind, &query).await).is_empty(),
            "{kind}?{query}"
        );
    }
    let query = format!(
        "patient={id}&_count=3&_include=Observation:encounter&_include=Observation:patient"
    );
    let with = bundle(&mut amara, "Observation", &query).await;
    let kinds: BTreeSet<&str> = resources(&with, "include")
        .iter()
        .map(|it| it["resourceType"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, BTreeSet::from(["Encounter", "Patient"]));
}

/// How many entries a bundle says to be withheld.
fn withheld(bundle: &Value) -> usize {
    let told = resources(bundle, "outcome");
    let issues = told
        .iter()
        .filter_map(|it| it["issue"].as_array())
        .flatten();
    let texts = issues.filter_map(|it| it["details"]["text"].as_str());
    texts
        .filter_map(|text| text.split(' ').next()?.parse::<usize>().ok())
        .sum()
}

story!(what_is_sensitive_is_withheld_counted_and_opened_by_a_proof);
async fn what_is_sensitive_is_withheld_counted_and_opened_by_a_proof(engine: Engine) {
    let House {
        hospital,
        mut amara,
        patient,
        ..
    } = House::open(engine).await;
    let query = format!("patient={}&_count=100", patient.id);
    let before = withheld(&bundle(&mut amara, "Condition", &query).await);
    // Nobody labelled them; one says so by its code.
    let sensitive = [
        condition("depression", &patient.id, "F32.9"),
        condition("hiv", &patient.id, "B20"),
    ];
    import(&hospital, sensitive.to_vec()).await;
    let found = bundle(&mut amara, "Condition", &query).await;
    assert!(
        ids(&found)
            .iter()
            .all(|id| id != "depression" && id != "hiv")
    );
    assert_eq!(found["meta"]["security"][0]["code"], "REDACTED");
    let told = resources(&found, "outcome");
    let text = told[0]["issue"][0]["details"]["text"].as_str().unwrap();
    assert!(text.contains("fingerprint"), "{text}");
    assert_eq!(withheld(&found), before + 2);

    // How many are withheld does not depend on what is searched for: it would be the answer.
    for code in ["B20", "Q99.9", "F32.9"] {
        let asked = format!("patient={}&code={code}", patient.id);
        let found = bundle(&mut amara, "Condition", &asked).await;
        assert_eq!(
            (ids(&found).len(), &found["total"]),
            (0, &json!(0)),
            "{code}"
        );
        let told = resources(&found, "outcome");
        assert_eq!(told[0]["issue"][0]["details"]["text"], text, "{code}");
    }
    let asked = amara.get("/fhir/R4/Condition/hiv").await;
    let asked = asked.refused(401, "step-up-required");
    assert_eq!(asked.extensions["scopes"], json!(["sensitive_notes"]));

    amara.step_up_for(&["sensitive_notes"]).await;
    let found = bundle(&mut amara, "Condition", &query).await;
    assert!(ids(&found).contains(&"hiv".to_owned()));
    assert!(found["meta"].get("security").is_none());
    amara.get("/fhir/R4/Condition/hiv").await.expect(200);
    // The log names it, and says nothing of it.
    let looks = hospital.events("record.read").await;
    let text = serde_json::to_string(&looks).unwrap();
    assert!(text.contains("hiv") && !text.contains("B20"));
}

story!(a_porter_sees_who_where_and_what_to_be_careful_of);
async fn a_porter_sees_who_where_and_what_to_be_careful_of(engine: Engine) {
    let mut house = House::open(engine).await;
    let mut porter = house.colleague("sam.porter", "transporter").await;
    let id = house.patient.id.clone();
    let flag = json!({
        "resourceType": "Flag", "id": "isolation", "status": "active",
        "subject": { "reference": format!("Patient/{id}") }, "code": { "text": "Contact isolation" },
    });
    import(&house.hospital, vec![flag]).await;
    let patient: Value = porter
        .get(&format!("/fhir/R4/Patient/{id}"))
        .await
        .expect(200)
        .json();
    assert!(patient.get("address").is_none() && patient.get("telecom").is_none());
    assert_eq!(patient["meta"]["security"][0]["code"], "REDACTED");
    let stays = bundle(&mut porter, "Encounter", &format!("patient={id}")).await;
    let stay = resources(&stays, "match")[0];
    assert!(stay.get("reasonCode").is_none() && stay["location"].is_array());
    for kind in [
        "Condition",
        "Observation",
        "MedicationRequest",
        "DocumentReference",
    ] {
        let found = bundle(&mut porter, kind, &format!("patient={id}")).await;
        assert!(ids(&found).is_empty(), "{kind}");
        assert_eq!(
            resources(&found, "outcome").len(),
            1,
            "{kind}: said, not missing"
        );
    }
    // What they do not see they cannot search by.
    let by = format!("patient={id}&participant:Practitioner=x");
    assert!(ids(&bundle(&mut porter, "Encounter", &by).await).is_empty());

    let path = format!("/v1/patients/{id}/chart");
    let seen: PatientChart = porter.get(&path).await.expect(200).json();
    assert!(seen.in_part && seen.banner.location.is_some());
    assert_eq!(seen.precautions.len(), 1);
    assert!(seen.problems.is_empty() && seen.labs.is_empty() && seen.medications.is_empty());
    assert!(seen.banner.code_status.is_none());
    assert!(
        seen.withheld
            .iter()
            .any(|it| it.kind == "Observation" && it.count > 20)
    );

    let nurse: PatientChart = house.amara.get(&path).await.expect(200).json();
    assert!(!nurse.in_part && !nurse.problems.is_empty() && !nurse.labs.is_empty());
}

story!(the_first_screen_of_a_chart_is_one_answer);
async fn the_first_screen_of_a_chart_is_one_answer(engine: Engine) {
    let House {
        hospital,
        mut amara,
        mut mary,
        patient,
        ..
    } = House::open(engine).await;
    let path = format!("/v1/patients/{}/chart", patient.id);
    let chart: PatientChart = amara.get(&path).await.expect(200).json();
    assert_eq!(chart.banner, patient);
    let potassium = chart.labs.iter().find(|it| it.code == "2823-3").unwrap();
    assert!(potassium.points.len() >= 3 && potassium.low.is_some());
    assert!(potassium.points.windows(2).all(|it| it[0].at >= it[1].at));
    assert!(chart.vitals.iter().any(|it| it.name.contains("ystolic")));
    assert!(!chart.care_team.is_empty() && !chart.encounters.is_empty());
    assert!(
        chart
            .medications
            .iter()
            .any(|it| it.state == MedicationState::Active)
    );
    assert!(!chart.cut);
    let opened = hospital.events("chart.opened").await;
    let told = &opened[0].detail["entries"][patient.id.as_str()];
    let point = potassium.points[0].id.as_str();
    assert!(
        told["Observation"]
            .as_array()
            .unwrap()
            .iter()
            .any(|id| id == point)
    );
    assert!(told["Patient"].is_array() && told["AllergyIntolerance"].is_array());
    let refused = mary.get(&path).await.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "no_basis");
}

fn lab(id: &str, patient: &PatientId, value: f64, status: &str) -> Value {
    json!({
        "resourceType": "Observation", "id": id, "status": status,
        "subject": { "reference": format!("Patient/{patient}") },
        "category": [{ "coding": [{ "code": "laboratory" }] }],
        "code": { "coding": [{ "system": "http://loinc.org", "code": "2823-3", "display": "Potassium" }] },
        "effectiveDateTime": "2036-03-02T11:30:00Z",
        "valueQuantity": { "value": value, "unit": "mmol/L" },
    })
}

story!(an_entry_that_a_message_leads_to_is_decided_for_each_reader_and_shown_as_it_is_now);
async fn an_entry_that_a_message_leads_to_is_decided_for_each_reader_and_shown_as_it_is_now(
    engine: Engine,
) {
    Box::pin(one_by_one(engine)).await;
}

async fn one_by_one(engine: Engine) {
    let mut house = House::open(engine).await;
    let mut porter = house.colleague("sam.porter", "transporter").await;
    let House {
        hospital,
        mut amara,
        mut mary,
        patient,
        ..
    } = house;
    let theirs = own(&mut mary).await.remove(0);
    import(
        &hospital,
        vec![
            lab("k-now", &patient.id, 6.875, "final"),
            lab("k-of-another", &theirs.id, 3.125, "final"),
            condition("f20", &patient.id, "F20.0"),
        ],
    )
    .await;
    let of = |kind: &str, id: &str| format!("/v1/patients/{}/chart/{kind}/{id}", patient.id);
    let path = of("Observation", "k-now");
    let seen: ChartEntry = amara.get(&path).await.expect(200).json();
    assert_eq!(seen.state, ChartEntryState::Shown);
    assert_eq!(seen.patient_id, patient.id);
    assert_eq!(seen.patient_name.as_ref(), Some(&patient.name));
    assert_eq!(seen.series[0].points.len(), 1);
    assert_eq!(seen.series[0].points[0].text, "6.875");
    let trend = format!("{path}?view=trend");
    let went: ChartEntry = amara.get(&trend).await.expect(200).json();
    assert!(went.series[0].points.len() > 2);
    assert!(went.series[0].points.iter().any(|it| it.id == "k-now"));

    // A porter learns that it is there, and nothing of it; who has no reason to look, not even that.
    let answer = porter.get(&path).await.expect(200);
    assert!(!String::from_utf8_lossy(&answer.body).contains("otassium"));
    let seen: ChartEntry = answer.json();
    assert_eq!(seen.state, ChartEntryState::Withheld);
    assert!(seen.series.is_empty() && seen.changed_at.is_none());
    let refused = mary.get(&path).await.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "no_basis");
    // Of another record it is as if it were not there.
    for nothing in [
        of("Observation", "k-of-another"),
        of("Observation", "nothing"),
    ] {
        let gone: ChartEntry = amara.get(&nothing).await.expect(200).json();
        assert_eq!(gone.state, ChartEntryState::Gone);
        assert!(gone.series.is_empty() && gone.withheld.is_none());
    }

    // What is sensitive says what opens it.
    let path_of_it = of("Condition", "f20");
    let asked: ChartEntry = amara.get(&path_of_it).await.expect(200).json();
    assert_eq!(asked.state, ChartEntryState::Withheld);
    let withheld = asked.withheld.unwrap();
    assert_eq!(withheld.scopes, ["sensitive_notes"]);
    assert!(asked.item.is_none());
    amara.step_up_for(&["sensitive_notes"]).await;
    let opened: ChartEntry = amara.get(&path_of_it).await.expect(200).json();
    assert_eq!(opened.item.unwrap().id, "f20");

    // It is what stands now, and not what stood when somebody wrote of it.
    hospital.clock.advance(MINUTE);
    import(
        &hospital,
        vec![lab("k-now", &patient.id, 4.125, "corrected")],
    )
    .await;
    let now: ChartEntry = amara.get(&path).await.expect(200).json();
    let point = &now.series[0].points[0];
    assert_eq!(
        (point.text.as_str(), point.status.as_str()),
        ("4.125", "corrected")
    );
    assert!(now.changed_at > went.changed_at);
    let error = lab("k-now", &patient.id, 4.125, "entered-in-error");
    import(&hospital, vec![error]).await;
    let gone: ChartEntry = amara.get(&path).await.expect(200).json();
    assert_eq!(gone.state, ChartEntryState::Gone);
    assert!(gone.series.is_empty());

    for odd in [
        of("Basic", "k-now"),
        of("Observation", "..%2Fk"),
        of("Observation", &"k".repeat(65)),
        format!("{path}?view=movie"),
    ] {
        amara.get(&odd).await.refused(400, "invalid-parameter");
    }
    // Each look names what was shown, and to the porter nothing was.
    let looks = hospital.events("record.read").await;
    let of_lab = |look: &&wardline_audit::event::Event| {
        look.detail["entries"][patient.id.as_str()]["Observation"]
            .as_array()
            .is_some_and(|ids| ids.iter().any(|id| id == "k-now"))
    };
    let told = looks.iter().filter(of_lab).count();
    assert_eq!(told, 3, "the value, how it went, and the corrected value");
    let porters = looks
        .iter()
        .filter(|it| it.actor.user == Some(porter.user()));
    for look in porters {
        assert!(!of_lab(&look));
        assert_eq!(look.detail["withheld"], json!(1));
    }
}

story!(hostile_searches_are_refused_by_an_outcome_that_repeats_nothing);
async fn hostile_searches_are_refused_by_an_outcome_that_repeats_nothing(engine: Engine) {
    let House {
        hospital: _hospital,
        mut amara,
        patient,
        ..
    } = House::open(engine).await;
    let long = format!("name={}", "SECRET".repeat(2000));
    let many = vec!["name=SECRET"; 40].join("&");
    for query in [
        "birthdate=SECRET",
        "name:SECRET=a",
        "patient=' OR 1=1 --SECRET",
        "_count=SECRET",
        "_sort=SECRET",
        "_include=SECRET:x",
        "name=%FFSECRET",
        "name=%00SECRET",
        long.as_str(),
        many.as_str(),
    ] {
        let kind = if query.starts_with("patient") {
            "Condition"
        } else {
            "Patient"
        };
        let answer = search(&mut amara, kind, query).await;
        answer.refused(400, "search-refused");
        assert!(
            !String::from_utf8_lossy(&answer.body).contains("SECRET"),
            "{query}"
        );
    }
    // What is not known is left out, and said to be; or refused, if that is asked for.
    let query = format!("_id={}&shoe-size=SECRET", patient.id);
    let lenient = bundle(&mut amara, "Patient", &query).await;
    assert_eq!(ids(&lenient).len(), 1);
    assert_eq!(resources(&lenient, "outcome").len(), 1);
    assert!(!lenient.to_string().contains("SECRET"));
    amara
        .get("/fhir/R4/Basic/x")
        .await
        .refused(404, "not-found");
    amara
        .get("/fhir/R4/Patient/..%2F..")
        .await
        .refused(400, "invalid-parameter");
    amara
        .get(&format!("/fhir/R4/Patient/{}", "a".repeat(65)))
        .await
        .refused(400, "invalid-parameter");
    amara
        .post("/fhir/R4/Patient/_search", &json!({}))
        .await
        .refused(415, "unsupported-media-type");
    amara
        .put("/fhir/R4/Patient/p1", &json!({}))
        .await
        .refused(405, "method-not-allowed");
    amara
        .get("/fhir/R4/Patient?_page=AAAA")
        .await
        .refused(400, "search-refused");
}

story!(nothing_ever_leaves_that_is_not_the_persons_to_see);
async fn nothing_ever_leaves_that_is_not_the_persons_to_see(engine: Engine) {
    let mut house = House::open(engine).await;
    let mut porter = house.colleague("sam.porter", "transporter").await;
    // One more by the ward of her shift, and one by an order.
    let (ward, orders) = {
        let user = colleague_called(&house.hospital, &house.officer, "war.der", "nurse").await;
        let (store, _) = house.hospital.seize();
        let mut tx = store.read().await.unwrap();
        let amara = tx.person(house.amara.user()).await.unwrap().unwrap();
        drop(tx);
        moved(&house.hospital, user, "Cardiology", amara.facility_id).await;
        on_shift(&house.hospital, user).await;
        let ward = phone_of(&house.hospital, &mut house.officer, user).await;
        let user = colleague_called(&house.hospital, &house.officer, "ora.der", "physician").await;
        let orders = phone_of(&house.hospital, &mut house.officer, user).await;
        (ward, orders)
    };
    let (mut ward, mut orders) = (ward, orders);
    let House {
        hospital,
        mut amara,
        mut mary,
        patient,
        ..
    } = house;
    let order = json!({
        "resourceType": "ServiceRequest", "id": "o1", "status": "active", "intent": "order",
        "subject": { "reference": format!("Patient/{}", patient.id) }, "code": { "text": "CT" },
        "authoredOn": "2026-01-02T00:00:00Z", "occurrencePeriod": { "end": "2199-01-01T00:00:00Z" },
        "requester": { "reference": "Practitioner/p-ora" },
    });
    let directory = practitioner("p-ora", "ora.der", "urn:staff", "77");
    import(&hospital, vec![directory, order]).await;
    let labelled = ["F20.0", "F11.2", "B20"];
    let made = labelled
        .iter()
        .map(|code| condition(&format!("s-{code}"), &patient.id, code));
    import(&hospital, made.collect()).await;
    let amaras: BTreeSet<String> = own(&mut amara)
        .await
        .iter()
        .map(|it| it.id.to_string())
        .collect();
    let marys: BTreeSet<String> = own(&mut mary)
        .await
        .iter()
        .map(|it| it.id.to_string())
        .collect();
    let porters = BTreeSet::from([patient.id.to_string()]);
    let wards: BTreeSet<String> = own(&mut ward)
        .await
        .iter()
        .map(|it| it.id.to_string())
        .collect();
    assert!(wards.contains(patient.id.as_str()) && wards.is_subset(&amaras));
    let all: Vec<&String> = amaras.union(&marys).collect();
    // Whatever is asked, in an order that a seed gives.
    let mut seed = 7_u64;
    let mut pick = |count: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % count
    };
    let kinds = [
        "Patient",
        "Condition",
        "Observation",
        "Encounter",
        "MedicationRequest",
        "DocumentReference",
        "AllergyIntolerance",
        "DiagnosticReport",
    ];
    for _ in 0..60 {
        let kind = kinds[pick(kinds.len())];
        let about = if kind == "Patient" { "_id" } else { "patient" };
        let mut parts = vec![format!("_count={}", 1 + pick(40))];
        if pick(3) > 0 {
            let some: Vec<&str> = (0..=pick(3))
                .map(|_| all[pick(all.len())].as_str())
                .collect();
            parts.push(format!("{about}={}", some.join(",")));
        }
        match pick(5) {
            0 if kind == "Condition" => parts.push(format!("code={}", labelled[pick(3)])),
            1 => parts.push("_lastUpdated=ge2000".to_owned()),
            2 if kind != "Patient" => parts.push(format!("_include={kind}:patient")),
            3 if kind == "Observation" => parts.push("_sort=-date".to_owned()),
            4 if kind != "Patient" => parts.push("patient.gender=female".to_owned()),
            _ => {}
        }
        let query = parts.join("&");
        for (by, theirs) in [
            (&mut amara, &amaras),
            (&mut mary, &marys),
            (&mut porter, &porters),
            (&mut ward, &wards),
            (&mut orders, &porters),
        ] {
            let answer = search(by, kind, &query).await;
            if matches!(answer.status, 401 | 403) {
                continue;
            }
            let found: Value = answer.expect(200).json();
            for resource in resources(&found, "match")
                .into_iter()
                .chain(resources(&found, "include"))
            {
                let of = whose(resource);
                assert!(of.is_some_and(|id| theirs.contains(&id)), "{kind}?{query}");
                let id = resource["id"].as_str().unwrap();
                assert!(!id.starts_with("s-"), "{kind}?{query}");
            }
        }
    }
}

/// The folder in which `scripts/setup.sh test` puts FHIR clients that somebody else wrote.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/fhir");
const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/clients");

story!(clients_that_somebody_else_wrote_read_and_search_over_tls);
async fn clients_that_somebody_else_wrote_read_and_search_over_tls(engine: Engine) {
    let House {
        hospital,
        mut amara,
        mut mary,
        patient,
        ..
    } = House::open(engine).await;
    let theirs = own(&mut mary).await.remove(0);
    let drug = json!({
        "resourceType": "Medication", "id": "ref-drug", "status": "active",
        "code": { "text": "Furosemide 40 mg" },
    });
    let order = json!({
        "resourceType": "MedicationRequest", "id": "ref-order", "status": "active", "intent": "order",
        "subject": { "reference": format!("Patient/{}", patient.id) },
        "medicationReference": { "reference": "Medication/ref-drug" },
    });
    let foreign = lab("foreign", &theirs.id, 3.125, "final");
    import(&hospital, vec![drug, order, foreign]).await;
    let all = format!("patient={}&category=laboratory&_count=100", patient.id);
    let labs = ids(&bundle(&mut amara, "Observation", &all).await).len();
    assert!(labs > 20);

    let ready = hospital.ready.as_ref().unwrap();
    let mut jwk = amara.jwk();
    jwk["d"] = json!(B64::from(amara.key.to_bytes().as_slice()));
    let given = json!({
        "origin": ready.https, "ca": ready.ca, "token": amara.token, "jwk": jwk,
        "patient": patient.id, "mrn": patient.mrn, "labs": labs,
        "order": "ref-order", "medication": "ref-drug", "foreign": "foreign",
    });
    assert!(
        Path::new(TOOLS).exists(),
        "run scripts/setup.sh test: {TOOLS} is missing"
    );
    let node = ["node".to_owned(), format!("{CLIENTS}/fhir.mjs")];
    let python = [format!("{TOOLS}/bin/python"), format!("{CLIENTS}/fhir.py")];
    for [program, script] in [node, python] {
        let mut client = Command::new(&program)
            .arg(&script)
            .arg(TOOLS)
            .env("NODE_EXTRA_CA_CERTS", &ready.ca)
            .env("NO_PROXY", "localhost")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = client.stdin.take().unwrap();
        input.write_all(given.to_string().as_bytes()).await.unwrap();
        drop(input);
        let done = client.wait_with_output().await.unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{script}: {said}");
    }
    // What they were shown stands in the log as for any other client.
    let searched = hospital.events("record.searched").await;
    let told = searched.iter().any(|event| {
        let of_patient = &event.detail["entries"][patient.id.as_str()]["MedicationRequest"];
        *of_patient == json!(["ref-order"]) && event.detail["entries"][""]["Medication"].is_array()
    });
    assert!(told);
    // Whose drug it is stands in the request alone: another ward reads what it is, and of the request nothing.
    mary.get("/fhir/R4/Medication/ref-drug").await.expect(200);
    mary.get("/fhir/R4/MedicationRequest/ref-order")
        .await
        .refused(404, "not-found");
}

story!(the_newest_version_is_read_as_such_and_no_other_is_kept);
async fn the_newest_version_is_read_as_such_and_no_other_is_kept(engine: Engine) {
    let House {
        hospital,
        mut amara,
        mut mary,
        patient,
        ..
    } = House::open(engine).await;
    import(&hospital, vec![condition("v", &patient.id, "I10")]).await;
    import(&hospital, vec![condition("v", &patient.id, "I50.9")]).await;
    let path = |version: &str| format!("/fhir/R4/Condition/v/_history/{version}");
    let read = amara.get(&path("2")).await.expect(200);
    assert_eq!(read.headers["etag"], "W/\"2\"");
    let read: Value = read.json();
    assert_eq!(read["meta"]["versionId"], "2");
    assert_eq!(read["code"]["coding"][0]["code"], "I50.9");
    for other in ["1", "3", "0", "two", "-1"] {
        let answer = amara.get(&path(other)).await;
        answer.refused(404, "not-found");
        assert!(!String::from_utf8_lossy(&answer.body).contains("I10"));
    }
    mary.get(&path("2")).await.refused(404, "not-found");
    let stated: Value = amara.get("/fhir/R4/metadata").await.expect(200).json();
    let types = stated["rest"][0]["resource"].as_array().unwrap();
    assert!(types.iter().all(|it| it["readHistory"] == json!(false)));
}
