//! What a resource must be like before we take it: the elements that this system reads, their
//! cardinality and required codes (R4, the definition page of each type).
//!
//! An element that R4 requires may be absent when an extension on it says why (its `_name`
//! sibling, R4 §2.6.2); that is accepted.

use std::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::date::{is_date, is_date_time};

/// What is wrong at one place of a resource; the wrong value itself is PHI and not repeated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{path}: {flaw}")]
pub struct Fault {
    /// Where, as a FHIRPath from the resource's type on: `Observation.status`.
    pub path: String,
    /// What.
    pub flaw: Flaw,
}

/// The ways in which an element can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// R4 requires the element.
    Missing,
    /// Not a JSON object.
    NotAnObject,
    /// Not a JSON array of objects.
    NotAList,
    /// Not a JSON string, or an empty one.
    NotText,
    /// Not a JSON number.
    NotANumber,
    /// Not a FHIR `id`: 1 to 64 letters, digits, `-` and `.`.
    NotAnId,
    /// Not the name of a resource type.
    NotAType,
    /// Not a FHIR `date`.
    NotADate,
    /// Not a FHIR `dateTime`.
    NotADateTime,
    /// Not one of the codes that R4 binds the element to.
    UnknownCode,
    /// A `urn:` reference to nothing in the same bundle.
    DanglingReference,
    /// Another entry has the same type and id but says something else.
    DuplicateId,
    /// Another entry has the same `fullUrl` but is another resource.
    DuplicateUrl,
    /// A bundle within a bundle.
    NestedBundle,
    /// An entry that asks for something other than to store its resource.
    NotAStore,
    /// The URL of the entry's request names another type or id than the resource.
    RequestMismatch,
    /// Not JSON (one line of NDJSON).
    NotJson,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "required, but missing",
            Self::NotAnObject => "should be a JSON object",
            Self::NotAList => "should be a JSON array of objects",
            Self::NotText => "should be a JSON string that is not empty",
            Self::NotANumber => "should be a JSON number",
            Self::NotAnId => "should be 1 to 64 letters, digits, '-' and '.'",
            Self::NotAType => "should name a FHIR resource type",
            Self::NotADate => "should be a date: YYYY, YYYY-MM or YYYY-MM-DD",
            Self::NotADateTime => "should be a date, or YYYY-MM-DDThh:mm:ss with an offset",
            Self::UnknownCode => "is not one of the codes of FHIR R4",
            Self::DanglingReference => "refers to nothing in this bundle",
            Self::DuplicateId => "another entry has this type and id but differs",
            Self::DuplicateUrl => "another entry has this URL but is another resource",
            Self::NestedBundle => "a bundle within a bundle is not taken",
            Self::NotAStore => "only entries that store a resource (POST, PUT) are taken",
            Self::RequestMismatch => "names another type or id than the entry's resource",
            Self::NotJson => "is not JSON",
        })
    }
}

/// Checks what we read of a resource; the first fault found ends it.
pub(crate) fn check(resource_type: &str, json: &Map<String, Value>) -> Result<(), Fault> {
    for rule in COMMON {
        apply(rule, resource_type, json)?;
    }
    let rules = RULES
        .iter()
        .find(|(name, _)| *name == resource_type)
        .map_or(&[][..], |(_, r)| *r);
    for rule in rules {
        apply(rule, resource_type, json)?;
    }
    if resource_type == "MedicationRequest"
        && !["medicationCodeableConcept", "medicationReference"]
            .iter()
            .any(|k| json.contains_key(*k))
    {
        return Err(Fault {
            path: format!("{resource_type}.medication"),
            flaw: Flaw::Missing,
        });
    }
    Ok(())
}

/// Whether a text is a FHIR `id` (R4 §2.24.0.1).
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// Whether a text has the form of a resource type's name.
pub(crate) fn is_type(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_alphabetic())
}

struct Rule {
    element: &'static str,
    required: bool,
    shape: Shape,
}

enum Shape {
    Object,
    List,
    Text,
    Date,
    DateTime,
    Code(&'static [&'static str]),
    /// A `Reference`: if it refers by URL, that is a text.
    Reference,
    Quantity,
    Period,
    CodeableConcept,
}

const fn must(element: &'static str, shape: Shape) -> Rule {
    Rule {
        element,
        required: true,
        shape,
    }
}

const fn may(element: &'static str, shape: Shape) -> Rule {
    Rule {
        element,
        required: false,
        shape,
    }
}

fn apply(rule: &Rule, parent: &str, json: &Map<String, Value>) -> Result<(), Fault> {
    let path = || format!("{parent}.{}", rule.element);
    let fault = |flaw| Err(Fault { path: path(), flaw });
    let Some(value) = json.get(rule.element) else {
        let explained = json.contains_key(&format!("_{}", rule.element));
        return if rule.required && !explained {
            fault(Flaw::Missing)
        } else {
            Ok(())
        };
    };
    match &rule.shape {
        Shape::List => match value.as_array() {
            Some(items) if items.iter().all(Value::is_object) => Ok(()),
            _ => fault(Flaw::NotAList),
        },
        Shape::Text => match value.as_str() {
            Some(text) if !text.is_empty() => Ok(()),
            _ => fault(Flaw::NotText),
        },
        Shape::Date => match value.as_str() {
            Some(text) if is_date(text) => Ok(()),
            _ => fault(Flaw::NotADate),
        },
        Shape::DateTime => match value.as_str() {
            Some(text) if is_date_time(text) => Ok(()),
            _ => fault(Flaw::NotADateTime),
        },
        Shape::Code(codes) => match value.as_str() {
            Some(text) if codes.contains(&text) => Ok(()),
            Some(_) => fault(Flaw::UnknownCode),
            None => fault(Flaw::NotText),
        },
        Shape::Object => object(value, path).map(|_| ()),
        Shape::Reference => all(value, path, &[may("reference", Shape::Text)]),
        Shape::Period => all(
            value,
            path,
            &[may("start", Shape::DateTime), may("end", Shape::DateTime)],
        ),
        Shape::CodeableConcept => all(
            value,
            path,
            &[may("coding", Shape::List), may("text", Shape::Text)],
        ),
        Shape::Quantity => match object(value, path)?.get("value") {
            Some(number) if !number.is_number() => Err(Fault {
                path: format!("{}.value", path()),
                flaw: Flaw::NotANumber,
            }),
            _ => Ok(()),
        },
    }
}

fn all(value: &Value, path: impl Fn() -> String, rules: &[Rule]) -> Result<(), Fault> {
    let json = object(value, &path)?;
    rules.iter().try_for_each(|rule| apply(rule, &path(), json))
}

fn object(value: &Value, path: impl Fn() -> String) -> Result<&Map<String, Value>, Fault> {
    value.as_object().ok_or_else(|| Fault {
        path: path(),
        flaw: Flaw::NotAnObject,
    })
}

const COMMON: &[Rule] = &[
    may("meta", Shape::Object),
    may("text", Shape::Object),
    may("contained", Shape::List),
    may("extension", Shape::List),
];

const REQUEST_STATUS: Shape = Shape::Code(&[
    "draft",
    "active",
    "on-hold",
    "revoked",
    "completed",
    "entered-in-error",
    "unknown",
]);

const RULES: &[(&str, &[Rule])] = &[
    (
        "Patient",
        &[
            may("identifier", Shape::List),
            may("name", Shape::List),
            may(
                "gender",
                Shape::Code(&["male", "female", "other", "unknown"]),
            ),
            may("birthDate", Shape::Date),
            may("deceasedDateTime", Shape::DateTime),
            may("address", Shape::List),
        ],
    ),
    (
        "Encounter",
        &[
            must(
                "status",
                Shape::Code(&[
                    "planned",
                    "arrived",
                    "triaged",
                    "in-progress",
                    "onleave",
                    "finished",
                    "cancelled",
                    "entered-in-error",
                    "unknown",
                ]),
            ),
            must("class", Shape::Object),
            may("subject", Shape::Reference),
            may("period", Shape::Period),
            may("location", Shape::List),
        ],
    ),
    (
        "Condition",
        &[
            must("subject", Shape::Reference),
            may("code", Shape::CodeableConcept),
            may("clinicalStatus", Shape::CodeableConcept),
            may("verificationStatus", Shape::CodeableConcept),
            may("onsetDateTime", Shape::DateTime),
            may("recordedDate", Shape::DateTime),
        ],
    ),
    (
        "Observation",
        &[
            must(
                "status",
                Shape::Code(&[
                    "registered",
                    "preliminary",
                    "final",
                    "amended",
                    "corrected",
                    "cancelled",
                    "entered-in-error",
                    "unknown",
                ]),
            ),
            must("code", Shape::CodeableConcept),
            may("subject", Shape::Reference),
            may("effectiveDateTime", Shape::DateTime),
            may("effectivePeriod", Shape::Period),
            may("issued", Shape::DateTime),
            may("valueQuantity", Shape::Quantity),
            may("valueCodeableConcept", Shape::CodeableConcept),
            may("interpretation", Shape::List),
            may("referenceRange", Shape::List),
            may("component", Shape::List),
        ],
    ),
    (
        "DiagnosticReport",
        &[
            must(
                "status",
                Shape::Code(&[
                    "registered",
                    "partial",
                    "preliminary",
                    "final",
                    "amended",
                    "corrected",
                    "appended",
                    "cancelled",
                    "entered-in-error",
                    "unknown",
                ]),
            ),
            must("code", Shape::CodeableConcept),
            may("subject", Shape::Reference),
            may("effectiveDateTime", Shape::DateTime),
            may("effectivePeriod", Shape::Period),
            may("result", Shape::List),
            may("conclusion", Shape::Text),
        ],
    ),
    (
        "MedicationRequest",
        &[
            must(
                "status",
                Shape::Code(&[
                    "active",
                    "on-hold",
                    "cancelled",
                    "completed",
                    "entered-in-error",
                    "stopped",
                    "draft",
                    "unknown",
                ]),
            ),
            must(
                "intent",
                Shape::Code(&[
                    "proposal",
                    "plan",
                    "order",
                    "original-order",
                    "reflex-order",
                    "filler-order",
                    "instance-order",
                    "option",
                ]),
            ),
            must("subject", Shape::Reference),
            may("medicationCodeableConcept", Shape::CodeableConcept),
            may("medicationReference", Shape::Reference),
            may("authoredOn", Shape::DateTime),
            may("dosageInstruction", Shape::List),
        ],
    ),
    (
        "CarePlan",
        &[
            must("status", REQUEST_STATUS),
            must(
                "intent",
                Shape::Code(&["proposal", "plan", "order", "option"]),
            ),
            must("subject", Shape::Reference),
            may("period", Shape::Period),
            may("activity", Shape::List),
        ],
    ),
    (
        "AllergyIntolerance",
        &[
            must("patient", Shape::Reference),
            may("code", Shape::CodeableConcept),
            may("clinicalStatus", Shape::CodeableConcept),
            may("verificationStatus", Shape::CodeableConcept),
            may(
                "criticality",
                Shape::Code(&["low", "high", "unable-to-assess"]),
            ),
        ],
    ),
    (
        "Procedure",
        &[
            must("status", Shape::Text),
            must("subject", Shape::Reference),
            may("code", Shape::CodeableConcept),
        ],
    ),
    (
        "Immunization",
        &[
            must(
                "status",
                Shape::Code(&["completed", "entered-in-error", "not-done"]),
            ),
            must("vaccineCode", Shape::CodeableConcept),
            must("patient", Shape::Reference),
        ],
    ),
    (
        "Medication",
        &[
            may("code", Shape::CodeableConcept),
            may(
                "status",
                Shape::Code(&["active", "inactive", "entered-in-error"]),
            ),
            may("ingredient", Shape::List),
        ],
    ),
    (
        "Practitioner",
        &[may("name", Shape::List), may("identifier", Shape::List)],
    ),
    (
        "Organization",
        &[may("name", Shape::Text), may("identifier", Shape::List)],
    ),
    (
        "Location",
        &[may("name", Shape::Text), may("identifier", Shape::List)],
    ),
];
