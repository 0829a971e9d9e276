//! What may be searched by: the types that are served and their parameters (US Core 3.1 to 7, and the
//! R4 definition page of each type). Everything else about searching is read from this table: the
//! capability statement, what a store indexes, and how a resource is matched.

use serde_json::Value;

use crate::resource::Resource;

/// How the values of a parameter are written and compared (R4 §3.1.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A code, Coding, CodeableConcept or Identifier.
    Token,
    /// A reference to another resource.
    Reference,
    /// A date, time or period.
    Date,
    /// Words, from their beginning.
    Text,
}

impl Kind {
    /// The name of FHIR's search parameter type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Reference => "reference",
            Self::Date => "date",
            Self::Text => "string",
        }
    }
}

/// A parameter of a type.
#[derive(Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// How it is compared.
    pub kind: Kind,
    /// The elements that it looks at, from the resource on; a dot goes into each item of a list.
    pub elements: &'static [&'static str],
}

/// A type that is served.
#[derive(Debug, PartialEq, Eq)]
pub struct Type {
    /// `Observation`.
    pub name: &'static str,
    /// Whose it is.
    pub about: About,
    /// What it is searched by, beside `_id` and `_lastUpdated`.
    pub params: &'static [Param],
}

/// Whose resources of a type are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// They belong to one patient's record, and to nobody's where they name no patient.
    Patient,
    /// They are the hospital's: places, organizations, people who work there.
    Hospital,
}

impl Type {
    /// The type of this name, where it is served.
    pub fn named(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|kind| kind.name == name)
    }

    /// Its parameter of this name.
    pub fn param(&'static self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|param| param.name == name)
    }

    /// The parameters by which resources that it refers to may be included.
    pub fn includes(&'static self) -> impl Iterator<Item = &'static Param> {
        let params = self.params.iter();
        params.filter(|param| param.kind == Kind::Reference)
    }

    /// The parameter that `_sort=date` goes by.
    pub fn date(&'static self) -> Option<&'static Param> {
        const DATES: [&str; 6] = [
            "date",
            "authoredon",
            "authored",
            "onset-date",
            "effective-time",
            "recorded",
        ];
        DATES.iter().find_map(|name| self.param(name))
    }
}

impl Param {
    /// The elements of a resource that this parameter looks at.
    pub fn values<'a>(&self, resource: &'a Resource) -> Vec<&'a Value> {
        let mut out = Vec::new();
        for path in self.elements {
            let path: &str = path;
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(value) = resource.get(first) {
                into(value, rest, &mut out);
            }
        }
        out
    }
}

fn into<'a>(value: &'a Value, path: &str, out: &mut Vec<&'a Value>) {
    if let Some(items) = value.as_array() {
        for item in items {
            into(item, path, out);
        }
    } else if path.is_empty() {
        out.push(value);
    } else {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        if let Some(value) = value.get(first) {
            into(value, rest, out);
        }
    }
}

const fn token(name: &'static str, elements: &'static [&'static str]) -> Param {
    Param {
        name,
        kind: Kind::Token,
        elements,
    }
}

const fn reference(name: &'static str, elements: &'static [&'static str]) -> Param {
    Param {
        name,
        kind: Kind::Reference,
        elements,
    }
}

const fn date(name: &'static str, elements: &'static [&'static str]) -> Param {
    Param {
        name,
        kind: Kind::Date,
        elements,
    }
}

const fn text(name: &'static str, elements: &'static [&'static str]) -> Param {
    Param {
        name,
        kind: Kind::Text,
        elements,
    }
}

const PATIENT: Param = reference("patient", &["subject"]);
const SUBJECT: Param = reference("subject", &["subject"]);
const ENCOUNTER: Param = reference("encounter", &["encounter"]);
const STATUS: Param = token("status", &["status"]);
const CATEGORY: Param = token("category", &["category"]);
const CODE: Param = token("code", &["code"]);
const IDENTIFIER: Param = token("identifier", &["identifier"]);

const NAMES: &[&str] = &[
    "name.family",
    "name.given",
    "name.text",
    "name.prefix",
    "name.suffix",
];

/// By what it is found where something comes from.
pub(super) const PROVENANCE: &[Param] = &[reference("target", &["target"])];

/// Every type that is served.
pub static TYPES: &[Type] = &[
    Type {
        name: "Patient",
        about: About::Patient,
        params: &[
            IDENTIFIER,
            text("name", NAMES),
            text("family", &["name.family"]),
            text("given", &["name.given"]),
            date("birthdate", &["birthDate"]),
            date("death-date", &["deceasedDateTime"]),
            token("gender", &["gender"]),
            reference("general-practitioner", &["generalPractitioner"]),
            reference("organization", &["managingOrganization"]),
        ],
    },
    Type {
        name: "Encounter",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            IDENTIFIER,
            STATUS,
            token("class", &["class"]),
            token("type", &["type"]),
            date("date", &["period"]),
            reference("location", &["location.location"]),
            reference("participant", &["participant.individual"]),
            reference("service-provider", &["serviceProvider"]),
        ],
    },
    Type {
        name: "Condition",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            CATEGORY,
            CODE,
            token("clinical-status", &["clinicalStatus"]),
            token("verification-status", &["verificationStatus"]),
            date("onset-date", &["onsetDateTime", "onsetPeriod"]),
            date("abatement-date", &["abatementDateTime", "abatementPeriod"]),
            date("recorded-date", &["recordedDate"]),
        ],
    },
    Type {
        name: "AllergyIntolerance",
        about: About::Patient,
        params: &[
            reference("patient", &["patient"]),
            CODE,
            token("clinical-status", &["clinicalStatus"]),
            token("verification-status", &["verificationStatus"]),
            token("criticality", &["criticality"]),
            token("category", &["category"]),
            date("date", &["recordedDate"]),
        ],
    },
    Type {
        name: "Observation",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            CATEGORY,
            STATUS,
            CODE,
            token("combo-code", &["code", "component.code"]),
            token("value-concept", &["valueCodeableConcept"]),
            date(
                "date",
                &["effectiveDateTime", "effectivePeriod", "effectiveInstant"],
            ),
        ],
    },
    Type {
        name: "MedicationRequest",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            token("intent", &["intent"]),
            token("code", &["medicationCodeableConcept"]),
            reference("medication", &["medicationReference"]),
            reference("requester", &["requester"]),
            date("authoredon", &["authoredOn"]),
        ],
    },
    Type {
        name: "MedicationAdministration",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            STATUS,
            token("code", &["medicationCodeableConcept"]),
            reference("medication", &["medicationReference"]),
            reference("context", &["context"]),
            reference("request", &["request"]),
            date("effective-time", &["effectiveDateTime", "effectivePeriod"]),
        ],
    },
    // What a drug is says nothing of who takes it: that is in the request.
    Type {
        name: "Medication",
        about: About::Hospital,
        params: &[
            IDENTIFIER,
            STATUS,
            CODE,
            token("form", &["form"]),
            token("ingredient-code", &["ingredient.itemCodeableConcept"]),
            reference("ingredient", &["ingredient.itemReference"]),
        ],
    },
    Type {
        name: "DiagnosticReport",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            CATEGORY,
            STATUS,
            CODE,
            reference("result", &["result"]),
            date("date", &["effectiveDateTime", "effectivePeriod"]),
            date("issued", &["issued"]),
        ],
    },
    Type {
        name: "DocumentReference",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            CATEGORY,
            STATUS,
            IDENTIFIER,
            token("type", &["type"]),
            reference("encounter", &["context.encounter"]),
            reference("author", &["author"]),
            date("date", &["date"]),
            date("period", &["context.period"]),
        ],
    },
    Type {
        name: "Procedure",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            CODE,
            CATEGORY,
            date("date", &["performedDateTime", "performedPeriod"]),
        ],
    },
    Type {
        name: "CarePlan",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            CATEGORY,
            STATUS,
            date("date", &["period"]),
            reference("care-team", &["careTeam"]),
        ],
    },
    Type {
        name: "CareTeam",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            CATEGORY,
            STATUS,
            token("role", &["participant.role"]),
            reference("participant", &["participant.member"]),
            date("date", &["period"]),
        ],
    },
    Type {
        name: "Immunization",
        about: About::Patient,
        params: &[
            reference("patient", &["patient"]),
            STATUS,
            token("vaccine-code", &["vaccineCode"]),
            date("date", &["occurrenceDateTime"]),
        ],
    },
    Type {
        name: "ServiceRequest",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            CATEGORY,
            STATUS,
            CODE,
            token("intent", &["intent"]),
            reference("requester", &["requester"]),
            date("authored", &["authoredOn"]),
        ],
    },
    Type {
        name: "Flag",
        about: About::Patient,
        params: &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            STATUS,
            CATEGORY,
            CODE,
            date("date", &["period"]),
        ],
    },
    Type {
        name: "Location",
        about: About::Hospital,
        params: &[
            IDENTIFIER,
            STATUS,
            text("name", &["name", "alias"]),
            text(
                "address",
                &[
                    "address.text",
                    "address.line",
                    "address.city",
                    "address.state",
                    "address.postalCode",
                ],
            ),
            text("address-city", &["address.city"]),
            text("address-state", &["address.state"]),
            text("address-postalcode", &["address.postalCode"]),
            token("type", &["type"]),
            reference("organization", &["managingOrganization"]),
            reference("partof", &["partOf"]),
        ],
    },
    Type {
        name: "Practitioner",
        about: About::Hospital,
        params: &[
            IDENTIFIER,
            text("name", NAMES),
            text("family", &["name.family"]),
            text("given", &["name.given"]),
        ],
    },
    Type {
        name: "Organization",
        about: About::Hospital,
        params: &[
            IDENTIFIER,
            text("name", &["name", "alias"]),
            text(
                "address",
                &[
                    "address.text",
                    "address.line",
                    "address.city",
                    "address.state",
                    "address.postalCode",
                ],
            ),
            token("type", &["type"]),
            reference("partof", &["partOf"]),
        ],
    },
];
