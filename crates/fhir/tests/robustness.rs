//! Whatever the bytes, the decoders answer and never panic.

use proptest::prelude::*;
use serde_json::{Value, json};
use wardline_fhir::fuzz;
use wardline_fuzz::corpus;

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
    #![proptest_config(ProptestConfig::with_cases(8 * ProptestConfig::default().cases))]

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        fuzz::bundle(&bytes);
        fuzz::resource(&bytes);
        fuzz::query(&bytes);
    }

    #[test]
    fn any_json_is_answered(json in any_json()) {
        let text = json.to_string();
        fuzz::bundle(text.as_bytes());
        fuzz::resource(text.as_bytes());
    }

    #[test]
    fn any_bundle_is_answered(bundle in any_bundle()) {
        fuzz::bundle(bundle.to_string().as_bytes());
    }

    #[test]
    fn any_answer_of_another_server_is_taken_or_left(bundle in any_bundle()) {
        let mut bundle = bundle;
        bundle["type"] = "searchset".into();
        fuzz::answer(bundle.to_string().as_bytes());
    }

    #[test]
    fn a_damaged_bundle_is_answered(bundle in any_bundle(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = bundle.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        fuzz::bundle(&bytes);
        fuzz::bundle(&bytes[..at]);
    }

    #[test]
    fn any_lines_are_answered(lines in prop::collection::vec(any_json(), 0..5)) {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        fuzz::bundle(lines.join("\n").as_bytes());
    }
}

#[test]
fn deep_nesting_is_refused_rather_than_followed() {
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    fuzz::bundle(deep.as_bytes());
    let resource = format!(
        r#"{{"resourceType":"Patient","id":"a","x":{}1{}}}"#,
        "[".repeat(124),
        "]".repeat(124)
    );
    fuzz::bundle(resource.as_bytes());
}

#[test]
fn a_damaged_hospital_record_is_imported_or_refused() {
    corpus!("bundle")
        .words([
            "urn:uuid:",
            "\"#\"",
            "\n",
            "{",
            "9999-99-99",
            "Patient/",
            "?",
        ])
        .cases(6000)
        .run(fuzz::bundle);
}

#[test]
fn a_damaged_answer_of_another_server_is_taken_or_left() {
    corpus!("answer")
        .words([
            "Patient/a",
            "Patient/b",
            "https://ehr.example/fhir/",
            "_history/",
            "searchset",
            "\"text\"",
            "\"reference\"",
        ])
        .cases(6000)
        .run(fuzz::answer);
}

#[test]
fn a_damaged_resource_is_read_or_refused() {
    corpus!("resource")
        .words(["9999-99-99", "T24:00:00Z", "\u{130}", "\u{fb03}", "1e400"])
        .cases(12_000)
        .run(fuzz::resource);
}

#[test]
fn whatever_is_typed_into_the_search_is_answered() {
    corpus!("query")
        .words([
            "\u{130}",
            "\u{fb03}",
            "\u{301}",
            "\u{1100}\u{1161}",
            "-",
            "'",
            "\u{3000}",
        ])
        .cases(40_000)
        .run(fuzz::query);
}

#[test]
fn whatever_is_searched_for_is_understood_or_refused() {
    corpus!("search")
        .words([
            "%",
            "%2",
            "|",
            "\\,",
            ":exact",
            ".name",
            "ge",
            "9999-12-31",
            "&",
            "_include=",
            "ap1",
        ])
        .cases(20_000)
        .run(fuzz::search);
}
