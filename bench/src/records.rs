//! Records of ten thousand patients: one read, one search, one chart, and why somebody may look.

use std::hint::black_box;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use wardline_audit::LogSigner;
use wardline_fhir::bundle::{Entry, Links, Mode, searchset};
use wardline_fhir::chart::{KINDS, chart};
use wardline_fhir::search::params::Type;
use wardline_fhir::search::{Handling, Search, pairs, terms};
use wardline_fhir::ties::{self, TieKind};
use wardline_fhir::{Resource, index, view};
use wardline_model::{FacilityId, PatientId, UserId};
use wardline_seal::{KeyFile, Keyring};
use wardline_server::config::{Access, WardRule};
use wardline_store::{
    Bond, FOREVER, Find, NewClinician, NewPerson, NewResource, NewTie, NodeKeys, Store,
    StoreConfig, Term,
};

use crate::bench::{Bench, Outcome};
use crate::clock;
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, ms};

const PATIENTS: usize = 10_000;
const LABS: usize = 48;
const VITALS: usize = 24;
const NOW: u64 = 1_772_452_800_000;
const READ_LIMIT_MS: f64 = 3.0;
const SEARCH_LIMIT_MS: f64 = 30.0;
const CHART_LIMIT_MS: f64 = 15.0;
const EXPLAIN_LIMIT_US: f64 = 5000.0;
/// Who looks, on a shift on the ward where everybody lies.
const PEOPLE: usize = 1000;
const HOUR_MS: u64 = 60 * 60 * 1000;
const ROUNDS: usize = 3000;
/// Patients that are stored in one transaction.
const AT_ONCE: usize = 20;

/// Reads, searches and charts over records that nobody looked at before.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    bench.runtime()?.block_on(measure(bench))
}

async fn measure(bench: &Bench) -> Outcome<Section> {
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let file = KeyFile::new("bench", [1; 32]);
    let keys = Keyring::create(&file, [2; 32], [3; 32])?.open(&file)?;
    let node = NodeKeys {
        node: "bench-1".parse()?,
        log: LogSigner::new("bench.example", SigningKey::from_bytes(&[4; 32]))?,
    };
    let path = dir.path().join("wardline.db");
    let url = format!("sqlite:{}", path.display());
    let store = Store::create(&StoreConfig::new(&url), keys.sealer, keys.index, node).await?;
    let patients = bench.rounds(PATIENTS);
    let users = staff(&store).await?;
    let access = Access {
        wards: vec![WardRule {
            ward: "4 East".to_owned(),
            site: String::new(),
            facility: "Bench".to_owned(),
            departments: vec!["Ward".to_owned()],
        }],
    };
    let start = clock::now();
    let mut stored = 0;
    for first in (0..patients).step_by(AT_ONCE) {
        let mut tx = store.write().await?;
        for number in first..patients.min(first + AT_ONCE) {
            let record = record(number)?;
            stored += record.len();
            put(&mut tx, &record).await?;
        }
        tx.commit().await?;
    }
    let loading = start.elapsed();
    let rounds = bench.rounds(ROUNDS);
    let (mut reads, mut searches, mut charts, mut reasons) = (vec![], vec![], vec![], vec![]);
    for round in 0..rounds {
        // All over the place, so that neither cache nor page is warm for one.
        let number = round.wrapping_mul(7919) % patients;
        reads.push(read(&store, number).await?);
        searches.push(search(&store, number).await?);
        charts.push(summary(&store, number).await?);
        let user = users[round.wrapping_mul(31) % users.len()];
        reasons.push(explain(&store, &access, user, number).await?);
    }
    store.close().await;
    let (reads, searches) = (Sample::new(reads), Sample::new(searches));
    let (charts, reasons) = (Sample::new(charts), Sample::new(reasons));
    let micros = |time: Duration| Figure::new(time.as_secs_f64() * 1e6, "µs");
    let row = |what: &str, sample: &Sample, limit: f64| {
        Row::new(
            what.to_owned(),
            Figure::new(ms(sample.percentile(99)), "ms"),
            "limit",
            Figure::new(limit, "ms"),
        )
        .target(Target::AtMost(1.0))
    };
    Ok(Section {
        title: "Records: read, search and chart",
        rows: vec![
            row("one resource read, p99", &reads, READ_LIMIT_MS),
            row(
                "laboratory of the last months searched, p99",
                &searches,
                SEARCH_LIMIT_MS,
            ),
            row("a chart for one screen, p99", &charts, CHART_LIMIT_MS),
            Row::new(
                "a look explained from the database, p99",
                micros(reasons.percentile(99)),
                "limit",
                Figure::new(EXPLAIN_LIMIT_US, "µs"),
            )
            .target(Target::AtMost(1.0)),
            Row::new(
                "the same, median",
                micros(reasons.median()),
                "limit",
                Figure::new(EXPLAIN_LIMIT_US, "µs"),
            ),
            Row::new(
                "the chart, median",
                Figure::new(ms(charts.median()), "ms"),
                "one resource read, median",
                Figure::new(ms(reads.median()), "ms"),
            ),
        ],
        notes: vec![format!(
            "SQLite; {patients} synthetic patients with {stored} resources, sealed, stored in {} s. Each \
             round takes another patient. From the store to the text of the answer: found by blind terms, \
             opened, parsed, matched, labelled, written out. HTTP, the device's proof, the decisions \
             (see Decision) and the event (see Store) come on top. A look is explained for one of {PEOPLE} \
             people on a shift on the ward of every patient, each of whom has stays and orders of a dozen of them.",
            loading.as_secs()
        )],
    })
}

/// People with a shift, each of whom the records name.
async fn staff(store: &Store) -> Outcome<Vec<UserId>> {
    let mut tx = store.write().await?;
    let facility = FacilityId::from_bytes([9; 16]);
    tx.put_facility(facility, "Bench").await?;
    let mut users = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&u64::try_from(number)?.to_be_bytes());
        let person = NewPerson {
            user_id: UserId::from_bytes(id),
            username: format!("c{number}"),
            name: format!("Clinician {number}"),
            role_title: "Nurse".to_owned(),
            department: "Ward".to_owned(),
            facility_id: facility,
            active: true,
            onboarded: true,
            roles: vec!["nurse".to_owned()],
        };
        tx.put_person(&person, NOW).await?;
        tx.put_shift(person.user_id, NOW - HOUR_MS, NOW + HOUR_MS)
            .await?;
        let (id, names) = (format!("c{number}"), [format!("Practitioner/c{number}")]);
        tx.put_clinician(&NewClinician {
            id: &id,
            account: &id,
            names: &names,
        })
        .await?;
        users.push(person.user_id);
    }
    tx.commit().await?;
    Ok(users)
}

/// As the server does before each look.
async fn explain(store: &Store, access: &Access, user: UserId, number: usize) -> Outcome<Duration> {
    let id: PatientId = format!("p{number}").parse()?;
    let start = clock::now();
    let mut tx = store.look().await?;
    let found = wardline_server::explain::find(access, &mut tx, user, &id, NOW).await?;
    let took = start.elapsed();
    if black_box(found).reason.is_none() {
        return Err("nothing explains it".into());
    }
    Ok(took)
}

async fn read(store: &Store, number: usize) -> Outcome<Duration> {
    let id = format!("lab-{number}-7");
    let start = clock::now();
    let mut tx = store.look().await?;
    let stored = tx.stored("Observation", &id).await?.ok_or("no such lab")?;
    let resource = Resource::from_slice(stored.body.expose())?;
    black_box(view::labels(&resource));
    black_box(view::whole(&resource, stored.version, stored.stored_at).to_string());
    Ok(start.elapsed())
}

async fn search(store: &Store, number: usize) -> Outcome<Duration> {
    let query = format!("patient=p{number}&category=laboratory&date=ge2026-01-01&_count=50");
    let patient: PatientId = format!("p{number}").parse()?;
    let start = clock::now();
    let kind = Type::named("Observation").ok_or("no such type")?;
    let search = Search::parse(kind, &pairs(query.as_bytes())?, Handling::Strict)?;
    let terms = search.terms();
    let mut tx = store.look().await?;
    let found = tx
        .find(&Find {
            kind: kind.name,
            patient: Some(&patient),
            ids: None,
            terms: &terms,
            after: None,
            limit: 100,
        })
        .await?;
    let mut entries = Vec::new();
    for stored in &found {
        let resource = Resource::from_slice(stored.body.expose())?;
        if search.matches(&resource) {
            black_box(view::labels(&resource));
            entries.push(Entry {
                resource: view::whole(&resource, stored.version, stored.stored_at),
                mode: Mode::Match,
            });
        }
    }
    if entries.is_empty() {
        return Err("nothing was found".into());
    }
    let links = Links {
        base: "https://bench.example/fhir/R4".to_owned(),
        itself: "https://bench.example/fhir/R4/Observation?_page=a".to_owned(),
        next: None,
    };
    black_box(searchset(&search, &links, None, entries, &[], NOW).to_string());
    Ok(start.elapsed())
}

async fn summary(store: &Store, number: usize) -> Outcome<Duration> {
    let id: PatientId = format!("p{number}").parse()?;
    let start = clock::now();
    let mut tx = store.look().await?;
    let mut entries = Vec::new();
    for stored in tx.record_of(&id, &KINDS, 4000).await? {
        let resource = Resource::from_slice(stored.body.expose())?;
        black_box(view::labels(&resource));
        entries.push(resource);
    }
    let patient = entries.iter().find(|it| it.resource_type() == "Patient");
    let patient = patient.ok_or("no such patient")?;
    let chart = chart(patient, &entries, NOW)?;
    black_box(serde_json::to_string(&chart)?);
    Ok(start.elapsed())
}

/// As the server stores an import.
async fn put(tx: &mut wardline_store::Tx, record: &[Resource]) -> Outcome<()> {
    for resource in record {
        let body = resource.json().to_string();
        let patient = resource.patient();
        let within = terms(resource);
        let name = resource.display_name().map(|name| index::fold(&name));
        tx.put_resources(
            &[NewResource {
                kind: resource.resource_type(),
                id: resource.id(),
                patient: patient.as_ref(),
                body: body.as_bytes(),
                terms: name.iter().map(|name| Term::Name(name)).collect(),
                within: within
                    .iter()
                    .map(|(field, value)| (*field, value.as_str()))
                    .collect(),
            }],
            NOW,
        )
        .await?;
        let ties = ties::of(resource);
        let ties: Vec<NewTie<'_>> = ties
            .iter()
            .map(|tie| NewTie {
                bond: match tie.kind {
                    TieKind::Consult => Bond::Consult,
                    TieKind::Order => Bond::Order,
                    TieKind::Encounter => Bond::Encounter,
                    TieKind::Ward => Bond::Ward,
                },
                name: &tie.name,
                from_ms: tie.from_ms,
                until_ms: tie.until_ms.unwrap_or(FOREVER),
            })
            .collect();
        if let Some(patient) = patient.filter(|_| !ties.is_empty()) {
            tx.put_ties(resource.resource_type(), resource.id(), &patient, &ties)
                .await?;
        }
    }
    Ok(())
}

/// A record of a hundred resources.
fn record(number: usize) -> Outcome<Vec<Resource>> {
    let about = json!({"reference": format!("Patient/p{number}")});
    let concept = |system: &str, code: String, text: &str| json!({"coding": [{"system": system, "code": code, "display": text}], "text": text});
    let day = |nth: usize| {
        format!(
            "2026-{:02}-{:02}T08:{:02}:00Z",
            1 + nth % 3,
            1 + nth % 28,
            nth % 60
        )
    };
    let category = |code: &str| json!([{"coding": [{"code": code}]}]);
    let clinician = |nth: usize| json!({"reference": format!("Practitioner/c{}", (number * 13 + nth) % PEOPLE)});
    let mut all: Vec<Value> = vec![json!({
        "resourceType": "Patient", "id": format!("p{number}"), "gender": "female",
        "name": [{"use": "official", "family": format!("Family{}", number % 997), "given": [format!("Given{}", number % 89)]}],
        "birthDate": format!("19{:02}-{:02}-11", 30 + number % 70, 1 + number % 12),
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "system": "urn:mrn", "value": format!("SB-{number}")}],
    })];
    for nth in 0..LABS {
        all.push(json!({
            "resourceType": "Observation", "id": format!("lab-{number}-{nth}"), "status": "final",
            "subject": about, "category": category("laboratory"),
            "code": concept("http://loinc.org", format!("{}-3", 2800 + nth % 12), "Analyte"),
            "effectiveDateTime": day(nth), "valueQuantity": {"value": 3.5 + f64::from(u8::try_from(nth % 30)?) / 10.0, "unit": "mmol/L"},
            "referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5.1}}],
        }));
    }
    for nth in 0..VITALS {
        all.push(json!({
            "resourceType": "Observation", "id": format!("vital-{number}-{nth}"), "status": "final",
            "subject": about, "category": category("vital-signs"),
            "code": concept("http://loinc.org", format!("88{}-4", 60 + nth % 6), "Vital sign"),
            "effectiveDateTime": day(nth), "valueQuantity": {"value": 70 + nth, "unit": "/min"},
        }));
    }
    for nth in 0..8 {
        all.push(json!({
            "resourceType": "Condition", "id": format!("condition-{number}-{nth}"), "subject": about,
            "clinicalStatus": {"coding": [{"code": "active"}]}, "category": category("problem-list-item"),
            "code": concept("http://snomed.info/sct", (38_341_003 + nth).to_string(), "Problem"), "recordedDate": day(nth),
        }));
        all.push(json!({
            "resourceType": "MedicationRequest", "id": format!("medicine-{number}-{nth}"), "status": "active",
            "intent": "order", "subject": about, "authoredOn": day(nth), "requester": clinician(nth),
            "medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", (1000 + nth).to_string(), "Medicine"),
        }));
    }
    for nth in 0..4 {
        all.push(json!({
            "resourceType": "DiagnosticReport", "id": format!("report-{number}-{nth}"), "status": "final",
            "subject": about, "category": category("RAD"), "effectiveDateTime": day(nth),
            "code": concept("http://loinc.org", format!("3064{nth}-2"), "Chest X-ray"), "conclusion": "No change.",
        }));
        all.push(json!({
            "resourceType": "Encounter", "id": format!("encounter-{number}-{nth}"), "subject": about,
            "status": if nth == 0 { "in-progress" } else { "finished" }, "class": {"code": "IMP"},
            "period": {"start": day(nth), "end": day(nth + 2)},
            "location": [{"location": {"reference": "Location/w1", "display": "4 East"}}],
            "participant": [{"individual": clinician(8 + nth)}],
        }));
    }
    for nth in 0..2 {
        all.push(json!({
            "resourceType": "AllergyIntolerance", "id": format!("allergy-{number}-{nth}"), "patient": about,
            "criticality": "high", "code": {"text": format!("Substance {nth}")},
        }));
    }
    all.into_iter()
        .map(|json| Ok(Resource::new(json)?))
        .collect()
}
