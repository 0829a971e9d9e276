//! The importer against public data: 40 Synthea patients and the examples of US Core.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wardline_fhir::index::{name_query, patient_tokens};
use wardline_fhir::search::params::{Kind, Type};
use wardline_fhir::search::{Handling, Search, terms};
use wardline_fhir::{Imported, Limits, Reference, Resource, banner, import, tokens};

#[test]
fn conformance_fhir_import() {
    let data = std::env::var_os("WARDLINE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    synthea(&data.join("fhir-synthea"));
    us_core(&data.join("us-core"));
}

fn read(path: &Path) -> Imported {
    let bytes = fs::read(path).unwrap();
    import(&bytes, Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    files
}

fn synthea(folder: &Path) {
    let files = files(folder, ".json.gz");
    assert_eq!(files.len(), 40);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in &files {
        let name = path.display();
        let imported = read(path);
        assert_eq!(imported.errors, [], "{name}");
        assert_eq!(imported.unresolved, [], "{name}");

        let known: HashSet<String> = imported.resources.iter().map(Resource::reference).collect();
        for resource in &imported.resources {
            *counts
                .entry(resource.resource_type().to_owned())
                .or_default() += 1;
            every_reference_is_known(&resource.json(), &known, &name.to_string());
            assert!(!tokens(resource).is_empty());
            is_found_by_searching(resource);
        }

        let mut patients = imported
            .resources
            .iter()
            .filter(|r| r.resource_type() == "Patient");
        let patient = patients.next().unwrap();
        assert!(patients.next().is_none(), "{name}: one patient a bundle");
        let of_type = |wanted: &str| {
            imported
                .resources
                .iter()
                .filter(|r| r.resource_type() == wanted)
                .cloned()
                .collect::<Vec<_>>()
        };
        let shown = banner(
            patient,
            &of_type("AllergyIntolerance"),
            of_type("Encounter").last(),
            &of_type("Condition"),
            1_772_452_800_000,
        )
        .unwrap();
        assert!(
            shown.mrn.is_some() && shown.age.is_some() && shown.name.contains(", "),
            "{name}"
        );
        let query = name_query(&shown.name);
        let indexed = patient_tokens(patient, None);
        assert!(
            query.iter().all(|token| indexed.contains(token)),
            "{name}: found by its own name"
        );
    }
    for (resource_type, least) in [
        ("Patient", 40),
        ("Encounter", 1000),
        ("Condition", 200),
        ("Observation", 5000),
        ("MedicationRequest", 200),
        ("AllergyIntolerance", 30),
        ("CarePlan", 100),
        ("DiagnosticReport", 300),
    ] {
        let count = counts.get(resource_type).copied().unwrap_or(0);
        assert!(count >= least, "{resource_type}: {count}");
    }
}

/// By each of its own values a resource is found, in a store by its terms and by reading it.
fn is_found_by_searching(resource: &Resource) {
    let Some(kind) = Type::named(resource.resource_type()) else {
        return;
    };
    let have = terms(resource);
    let mut asked = vec![("_id".to_owned(), resource.id().to_owned())];
    if let Some(patient) = resource.patient().filter(|_| kind.name != "Patient") {
        asked.push(("patient".to_owned(), patient.to_string()));
    }
    if let (Some(date), Some(day)) = (kind.date(), resource.day()) {
        let own = date.values(resource);
        if own.iter().any(|it| {
            it.as_str()
                .is_some_and(|it| it.starts_with(&day.to_string()))
        }) {
            asked.push((date.name.to_owned(), day.to_string()));
            asked.push((date.name.to_owned(), format!("ge{day}")));
        }
    }
    for (name, value) in &have {
        let is_date = kind
            .param(name)
            .is_some_and(|param| param.kind == Kind::Date);
        if !is_date && !value.contains([',', '|', '\\']) {
            asked.push(((*name).to_owned(), value.clone()));
        }
    }
    for (name, value) in asked {
        let pair = [(name.clone(), value)];
        let search = match Search::parse(kind, &pair, Handling::Strict) {
            Ok(search) => search,
            Err(error) => panic!("{}?{name}: {error}", kind.name),
        };
        assert!(search.matches(resource), "{}?{name}", kind.name);
        for group in search.terms() {
            let found = group.iter().any(|(field, wanted)| {
                have.iter()
                    .any(|(of, term)| of == field && term.to_lowercase() == wanted.to_lowercase())
            });
            assert!(found, "{}?{name} is not narrowed to it", kind.name);
        }
    }
}

fn every_reference_is_known(json: &Value, known: &HashSet<String>, file: &str) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                if let ("reference", Some(text)) = (name.as_str(), value.as_str()) {
                    assert!(!text.starts_with("urn:"), "{file}: {text}");
                    let found = text.starts_with('#')
                        || Reference::parse(text).is_some_and(|r| {
                            known.contains(&format!("{}/{}", r.resource_type, r.id))
                        });
                    assert!(found, "{file}: {text}");
                }
                every_reference_is_known(value, known, file);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|v| every_reference_is_known(v, known, file)),
        _ => {}
    }
}

fn us_core(folder: &Path) {
    let files = files(folder, ".json");
    assert!(files.len() >= 30);
    let mut total = 0;
    for path in &files {
        let imported = read(path);
        assert_eq!(imported.errors, [], "{}", path.display());
        assert!(!imported.resources.is_empty(), "{}", path.display());
        for resource in &imported.resources {
            assert!(
                tokens(resource).len() > 1,
                "{}: {resource:?}",
                path.display()
            );
            is_found_by_searching(resource);
        }
        total += imported.resources.len();
    }
    assert!(total >= files.len());
}
