//! Whatever the bytes, the decoders answer and never panic.

use proptest::prelude::*;
use serde_json::{Value, json};
use wardline_fhir::fuzz::{fuzz_import, fuzz_query, fuzz_resource};

/// JSON of any shape, rich in the names that the decoders look for.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "Patient",
            "Observation",
            "Bundle",
            "transaction",
            "collection",
            "final",
            "a",
            "Patient/a",
            "urn:uuid:a",
            "#a",
            "Patient?identifier=a",
            "2024-02-29",
            "2024-02-29T10:00:00Z",
            "POST",
            "MR",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "resourceType", "id", "type", "entry", "resource", "fullUrl", "request", "method", "url",
            "reference", "subject", "patient", "name", "family", "given", "identifier", "value", "code",
            "coding", "status", "birthDate", "location", "display", "contained", "period", "start",
        ]).prop_map(str::to_owned),
        1 => "[a-z]{1,6}",
    ]
}

/// A bundle with entries of any shape.
fn any_bundle() -> impl Strategy<Value = Value> {
    let patient = any_json().prop_map(|extra| {
        let mut patient = json!({"resourceType": "Patient", "id": "a"});
        if let (Some(members), Value::Object(extra)) = (patient.as_object_mut(), extra) {
            members.extend(extra.into_iter().filter(|(name, _)| name != "resourceType"));
        }
        json!({"fullUrl": "urn:uuid:a", "resource": patient})
    });
    let entry = prop_oneof![
        any_json(),
        any_json().prop_map(|resource| json!({"resource": resource})),
        patient,
    ];
    prop::collection::vec(entry, 0..6)
        .prop_map(|entry| json!({"resourceType": "Bundle", "type": "transaction", "entry": entry}))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        fuzz_import(&bytes);
        fuzz_resource(&bytes);
        fuzz_query(&bytes);
    }

    #[test]
    fn any_json_is_answered(json in any_json()) {
        let text = json.to_string();
        fuzz_import(text.as_bytes());
        fuzz_resource(text.as_bytes());
    }

    #[test]
    fn any_bundle_is_answered(bundle in any_bundle()) {
        fuzz_import(bundle.to_string().as_bytes());
    }

    #[test]
    fn a_damaged_bundle_is_answered(bundle in any_bundle(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = bundle.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        fuzz_import(&bytes);
        fuzz_import(&bytes[..at]);
    }

    #[test]
    fn any_lines_are_answered(lines in prop::collection::vec(any_json(), 0..5)) {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        fuzz_import(lines.join("\n").as_bytes());
    }
}

#[test]
fn deep_nesting_is_refused_rather_than_followed() {
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    fuzz_import(deep.as_bytes());
    let resource = format!(
        r#"{{"resourceType":"Patient","id":"a","x":{}1{}}}"#,
        "[".repeat(124),
        "]".repeat(124)
    );
    fuzz_import(resource.as_bytes());
}
