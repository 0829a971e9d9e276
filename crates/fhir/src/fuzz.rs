//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use crate::banner::banner;
use crate::chart::chart;
use crate::foreign::{self, Medications, Whose};
use crate::import::{Limits, import};
use crate::index::{PREFIX_MAX, PREFIX_MIN, TokenKind, name_query, tokens};
use crate::resource::{Resource, collection};
use crate::search::params::{TYPES, Type};
use crate::search::{Handling, MAX_COUNT, Search, pairs, terms};
use crate::{ties, view};

/// Limits small enough for a fuzzer's memory.
const LIMITS: Limits = Limits {
    max_bytes: 1 << 20,
    max_entries: 4096,
};

/// Any bytes: no panic; what comes out is found again by a second import, unchanged, from the
/// bundle that it makes.
pub fn bundle(bytes: &[u8]) -> bool {
    let Ok(imported) = import(bytes, LIMITS) else {
        return false;
    };
    assert_eq!(
        import(bytes, LIMITS).as_ref(),
        Ok(&imported),
        "not deterministic"
    );
    let again = import(
        collection(&imported.resources).to_string().as_bytes(),
        Limits {
            max_bytes: 8 << 20,
            ..LIMITS
        },
    );
    match again {
        Ok(again) => {
            assert_eq!(again.resources, imported.resources, "not idempotent");
            assert!(again.errors.is_empty(), "what was accepted is refused");
        }
        // Wrapping it in a bundle can pass the parser's depth limit.
        Err(error) => assert!(
            matches!(error, crate::ImportError::Syntax { .. }),
            "what was accepted is refused: {error}"
        ),
    }
    imported.resources.iter().for_each(views);
    true
}

/// Any bytes as one resource, as a store would read it.
pub fn resource(bytes: &[u8]) -> bool {
    Resource::from_slice(bytes).is_ok_and(|resource| {
        let again = Resource::new(resource.json());
        assert_eq!(again.as_ref(), Ok(&resource));
        views(&resource);
        true
    })
}

/// Any text typed into the patient search.
pub fn query(bytes: &[u8]) -> bool {
    let tokens = name_query(&String::from_utf8_lossy(bytes));
    for token in &tokens {
        let length = token.value.chars().count();
        assert!(
            (PREFIX_MIN..=PREFIX_MAX).contains(&length),
            "prefix of {length}"
        );
    }
    !tokens.is_empty()
}

/// Any bytes as a search: a type, a question mark, a query. What is understood finds the same resource
/// by its terms as by reading it.
pub fn search(bytes: &[u8]) -> bool {
    let mut halves = bytes.splitn(2, |byte| *byte == b'?');
    let kind = String::from_utf8_lossy(halves.next().unwrap_or_default());
    let query = halves.next().unwrap_or_default();
    let kind = Type::named(&kind).unwrap_or(&TYPES[0]);
    let Ok(pairs) = pairs(query) else {
        return false;
    };
    match Search::parse(kind, &pairs, Handling::Strict) {
        Ok(search) => {
            for group in search.terms() {
                assert!(group.len() <= 1000, "a group of {}", group.len());
            }
            assert!(search.count <= MAX_COUNT);
            let _ = (
                search.patients(),
                search.ids(),
                search.of_patient(),
                search.names(),
            );
            let unknown = Search::parse(kind, &pairs, Handling::Lenient);
            assert!(unknown.is_ok_and(|lenient| lenient == search));
            true
        }
        Err(error) => {
            let _ = error.to_string();
            false
        }
    }
}

/// Any bytes as another server's answer to a search: nothing is taken that is not of the patient who was
/// asked about, and nothing that is taken has HTML in the place of a narrative.
pub fn answer(bytes: &[u8]) -> bool {
    let Ok(page) = foreign::page(bytes, 4096) else {
        return false;
    };
    let (Ok(there), Ok(here)) = ("a".parse(), "b".parse()) else {
        return false;
    };
    let labels = page
        .entries
        .first()
        .map(foreign::labels)
        .unwrap_or_default();
    let whose = Whose {
        base: "https://ehr.example/fhir",
        there: &there,
        here: &here,
        labels: &labels,
    };
    let mut any = false;
    let mut medications = Medications::default();
    medications.add(page.included);
    for mut entry in page.entries {
        medications.name(&mut entry, whose.base);
        if let Ok(patient) = foreign::take_patient(entry.clone(), whose.base) {
            assert!(patient.get("link").is_none() && patient.get("text").is_none());
        }
        let kind = entry["resourceType"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let Ok(resource) = foreign::take(entry, &kind, whose) else {
            continue;
        };
        assert_eq!(resource.patient().as_ref(), Some(&here), "of somebody else");
        assert!(resource.get("text").is_none(), "narrative is kept");
        views(&resource);
        any = true;
    }
    any
}

/// Everything that is read out of a resource.
fn views(resource: &Resource) {
    let all = tokens(resource);
    assert!(all.is_sorted(), "tokens are sorted");
    assert!(
        all.iter().any(|t| t.kind == TokenKind::Type),
        "tokens name the type"
    );
    let one = std::slice::from_ref(resource);
    let made = banner(resource, one, Some(resource), one, 1_772_452_800_000);
    assert_eq!(
        made.is_ok(),
        resource.resource_type() == "Patient" && resource.patient().is_some()
    );
    let seen = view::whole(resource, 1, 0);
    assert!(seen.get("text").is_none(), "narrative leaves");
    assert!(Resource::new(seen).is_ok(), "what leaves is no resource");
    if let Some(part) = view::glance(resource, 1, 0) {
        let part = Resource::new(part);
        assert!(part.is_ok(), "a part is no resource");
    }
    let terms = terms(resource);
    assert!(terms.is_sorted(), "terms are sorted");
    if let Ok(chart) = chart(resource, one, 0) {
        assert!(chart.labs.len() + chart.vitals.len() <= 80);
    }
    let _ = (view::labels(resource), view::categories(resource));
    let said = ties::of(resource);
    assert!(said.len() <= ties::MOST && said.iter().all(|tie| !tie.name.is_empty()));
    if let Some((account, names)) = ties::account(resource) {
        assert!(!account.is_empty() && !names.is_empty() && names.len() <= ties::MOST);
    }
    let _ = (
        resource.title(),
        resource.when(),
        resource.quantity(),
        resource.interpretation(),
    );
}
