//! [`Resource`]: one FHIR R4 resource, checked where we read it.

use std::fmt;

use serde_json::{Map, Value, json};
use time::Date;
use wardline_model::PatientId;

use crate::check::{Fault, Flaw, check, is_id, is_type};
use crate::date::day_of;

/// One FHIR R4 resource with a type and an id, whose elements that this system reads have the
/// right shape.
///
/// It is PHI: `Debug` shows type and id only, and it does not implement `Serialize`; take
/// [`Resource::json`] where it may be shown or sealed.
#[derive(Clone, PartialEq)]
pub struct Resource {
    kind: String,
    id: String,
    json: Map<String, Value>,
}

impl Resource {
    /// Checks a resource's JSON; it must carry `resourceType` and `id`.
    ///
    /// # Errors
    /// The first [`Fault`], with its path.
    pub fn new(json: Value) -> Result<Self, Fault> {
        let Value::Object(json) = json else {
            return Err(Fault {
                path: "Resource".to_owned(),
                flaw: Flaw::NotAnObject,
            });
        };
        let resource_type = type_of(&json)?.to_owned();
        let id = match json.get("id") {
            Some(Value::String(id)) if is_id(id) => id.clone(),
            Some(_) => {
                return Err(Fault {
                    path: format!("{resource_type}.id"),
                    flaw: Flaw::NotAnId,
                });
            }
            None => {
                return Err(Fault {
                    path: format!("{resource_type}.id"),
                    flaw: Flaw::Missing,
                });
            }
        };
        check(&resource_type, &json)?;
        Ok(Self {
            kind: resource_type,
            id,
            json,
        })
    }

    /// Parses bytes of JSON and checks them, as a store does with what it unsealed.
    ///
    /// # Errors
    /// The first [`Fault`], with its path.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Fault> {
        let json = serde_json::from_slice(bytes).map_err(|_| Fault {
            path: "Resource".to_owned(),
            flaw: Flaw::NotJson,
        })?;
        Self::new(json)
    }

    /// The type: `Patient`.
    pub fn resource_type(&self) -> &str {
        &self.kind
    }

    /// The logical id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The relative reference to this resource: `Patient/abc`.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }

    /// The whole resource, members in a stable order.
    pub fn json(&self) -> Value {
        Value::Object(self.json.clone())
    }

    /// The whole resource, without a copy.
    pub fn into_json(self) -> Value {
        Value::Object(self.json)
    }

    /// One top-level element.
    pub fn get(&self, element: &str) -> Option<&Value> {
        self.json.get(element)
    }

    /// One top-level element that is a text.
    pub fn text(&self, element: &str) -> Option<&str> {
        self.get(element)?.as_str()
    }

    /// `status`, where the type has one that is a code.
    pub fn status(&self) -> Option<&str> {
        self.text("status")
    }

    /// The patient that this is about: itself for a Patient, else its `subject`, `patient` or
    /// `beneficiary` when that refers to a Patient.
    pub fn patient(&self) -> Option<PatientId> {
        if self.kind == "Patient" {
            return self.id.parse().ok();
        }
        let reference = ["subject", "patient", "beneficiary"]
            .iter()
            .find_map(|element| Reference::of(self.get(element)?))?;
        if reference.resource_type == "Patient" {
            reference.id.parse().ok()
        } else {
            None
        }
    }

    /// What this states: its `code`, `vaccineCode`, `medicationCodeableConcept`, or else its first
    /// `type` (what an encounter is).
    pub fn concept(&self) -> Option<&Value> {
        ["code", "vaccineCode", "medicationCodeableConcept"]
            .iter()
            .find_map(|element| self.get(element).filter(|v| v.is_object()))
            .or_else(|| list(self.get("type")).next())
    }

    /// The codes of [`Resource::concept`].
    pub fn codes(&self) -> impl Iterator<Item = Coding<'_>> {
        self.concept().into_iter().flat_map(codings)
    }

    /// Whether [`Resource::concept`] has this code of this system.
    pub fn has_code(&self, system: &str, code: &str) -> bool {
        self.codes()
            .any(|c| c.system == Some(system) && c.code == Some(code))
    }

    /// What this states, in words: the concept's text, else the first display of its codes.
    pub fn title(&self) -> Option<&str> {
        self.concept().and_then(words)
    }

    /// When this held, happened or was written, as FHIR text: the first present of the elements
    /// that say so, the clinically relevant time before the administrative one.
    pub fn when(&self) -> Option<&str> {
        const TIMES: [&str; 11] = [
            "effectiveDateTime",
            "effectiveInstant",
            "performedDateTime",
            "occurrenceDateTime",
            "onsetDateTime",
            "started",
            "authoredOn",
            "issued",
            "recordedDate",
            "recorded",
            "date",
        ];
        const PERIODS: [&str; 4] = [
            "effectivePeriod",
            "performedPeriod",
            "period",
            "onsetPeriod",
        ];
        let period = || {
            PERIODS
                .iter()
                .find_map(|element| self.get(element)?.get("start")?.as_str())
        };
        // A period that a type has is its clinical time, so it goes before `issued` and the like.
        let (clinical, administrative) = TIMES.split_at(6);
        clinical
            .iter()
            .find_map(|element| self.text(element))
            .or_else(period)
            .or_else(|| administrative.iter().find_map(|element| self.text(element)))
    }

    /// The day of [`Resource::when`], as written there.
    pub fn day(&self) -> Option<Date> {
        self.when().and_then(day_of)
    }

    /// Whether the statement stands: not refuted, not entered in error, and, where the type says
    /// (conditions and allergies), still active.
    pub fn is_active(&self) -> bool {
        let code_is = |element: &str, wanted: &[&str]| {
            self.get(element)
                .into_iter()
                .flat_map(codings)
                .any(|c| c.code.is_some_and(|code| wanted.contains(&code)))
        };
        self.status() != Some("entered-in-error")
            && !code_is("verificationStatus", &["refuted", "entered-in-error"])
            && !code_is("clinicalStatus", &["inactive", "resolved", "remission"])
    }

    /// A Patient's medical record number: the identifier typed `MR` (HL7 v2 table 0203), the one
    /// in current use before an old one.
    pub fn mrn(&self) -> Option<&str> {
        let of_type_mr = || {
            list(self.get("identifier")).filter(|identifier| {
                identifier
                    .get("type")
                    .into_iter()
                    .flat_map(codings)
                    .any(|c| c.code == Some("MR"))
            })
        };
        of_type_mr()
            .find(|identifier| identifier.get("use").and_then(Value::as_str) != Some("old"))
            .or_else(|| of_type_mr().next())?
            .get("value")?
            .as_str()
    }

    /// A person's name, `Family, Given`: the official one before the usual and any other.
    pub fn display_name(&self) -> Option<String> {
        let rank = |name: &&Value| match name.get("use").and_then(Value::as_str) {
            Some("official") => 0,
            Some("usual") => 1,
            None => 2,
            Some("old" | "maiden") => 4,
            Some(_) => 3,
        };
        let name = list(self.get("name")).min_by_key(rank)?;
        let given = list_of_texts(name.get("given"))
            .collect::<Vec<_>>()
            .join(" ");
        match (name.get("family").and_then(Value::as_str), given.as_str()) {
            (Some(family), "") => Some(family.to_owned()),
            (Some(family), given) => Some(format!("{family}, {given}")),
            (None, "") => name.get("text").and_then(Value::as_str).map(str::to_owned),
            (None, given) => Some(given.to_owned()),
        }
    }

    /// An Observation's measured value.
    pub fn quantity(&self) -> Option<Quantity<'_>> {
        Quantity::of(self.get("valueQuantity")?)
    }

    /// An Observation's interpretation code (HL7 v3 `ObservationInterpretation`): `N`, `L`, `H`,
    /// `LL` (critically low), `HH` (critically high) …
    pub fn interpretation(&self) -> Option<&str> {
        list(self.get("interpretation"))
            .flat_map(codings)
            .find_map(|c| c.code)
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({}/{})", self.kind, self.id)
    }
}

/// A bundle of type `collection` that holds these resources, as [`crate::import()`] reads it back.
pub fn collection<'a>(resources: impl IntoIterator<Item = &'a Resource>) -> Value {
    let entries: Vec<Value> = resources
        .into_iter()
        .map(|resource| json!({"resource": resource.json()}))
        .collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries})
}

/// One code of a `CodeableConcept`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coding<'a> {
    /// The code system's URL.
    pub system: Option<&'a str>,
    /// The code.
    pub code: Option<&'a str>,
    /// Its words.
    pub display: Option<&'a str>,
}

/// A literal reference to a resource by type and id, whatever server and version it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The type: `Patient`.
    pub resource_type: &'a str,
    /// The logical id.
    pub id: &'a str,
}

impl<'a> Reference<'a> {
    /// Reads a `Reference` element; `None` when it is contained, logical, conditional or a URN.
    pub fn of(element: &'a Value) -> Option<Self> {
        Self::parse(element.get("reference")?.as_str()?)
    }

    /// Reads `Patient/abc`, `https://…/Patient/abc` and either with `/_history/3` behind it.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text
            .split_once("/_history/")
            .map_or(text, |(before, _)| before);
        let mut parts = text.rsplit('/');
        let (id, resource_type) = (parts.next()?, parts.next()?);
        let absolute = text.starts_with("http://") || text.starts_with("https://");
        let whole = absolute || parts.next().is_none();
        (whole && is_id(id) && is_type(resource_type)).then_some(Self { resource_type, id })
    }
}

/// A measured value with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity<'a> {
    /// The number.
    pub value: f64,
    /// The unit as people read it.
    pub unit: Option<&'a str>,
    /// The unit's code, UCUM as a rule.
    pub code: Option<&'a str>,
}

impl<'a> Quantity<'a> {
    fn of(element: &'a Value) -> Option<Self> {
        Some(Self {
            value: element.get("value")?.as_f64()?,
            unit: element.get("unit").and_then(Value::as_str),
            code: element.get("code").and_then(Value::as_str),
        })
    }
}

/// The `resourceType` of a resource's JSON.
pub(crate) fn type_of(json: &Map<String, Value>) -> Result<&str, Fault> {
    let fault = |flaw| Fault {
        path: "Resource.resourceType".to_owned(),
        flaw,
    };
    match json.get("resourceType") {
        Some(Value::String(name)) if is_type(name) => Ok(name),
        Some(_) => Err(fault(Flaw::NotAType)),
        None => Err(fault(Flaw::Missing)),
    }
}

/// The codes of a `CodeableConcept`.
pub(crate) fn codings(concept: &Value) -> impl Iterator<Item = Coding<'_>> {
    list(concept.get("coding")).map(|coding| Coding {
        system: coding.get("system").and_then(Value::as_str),
        code: coding.get("code").and_then(Value::as_str),
        display: coding.get("display").and_then(Value::as_str),
    })
}

/// A `CodeableConcept` in words.
pub(crate) fn words(concept: &Value) -> Option<&str> {
    concept
        .get("text")
        .and_then(Value::as_str)
        .or_else(|| codings(concept).find_map(|coding| coding.display))
}

/// The items of a list; none when the element is absent or no list.
pub(crate) fn list(element: Option<&Value>) -> impl Iterator<Item = &Value> {
    element.and_then(Value::as_array).into_iter().flatten()
}

/// The texts of a list.
pub(crate) fn list_of_texts(element: Option<&Value>) -> impl Iterator<Item = &str> {
    list(element).filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(json: Value) -> Resource {
        Resource::new(json).unwrap()
    }

    #[test]
    fn the_first_fault_names_its_place() {
        let fault = |json| Resource::new(json).unwrap_err();
        let at = |path: &str, flaw| Fault {
            path: path.to_owned(),
            flaw,
        };
        assert_eq!(fault(json!([])), at("Resource", Flaw::NotAnObject));
        assert_eq!(
            fault(json!({"id": "a"})),
            at("Resource.resourceType", Flaw::Missing)
        );
        assert_eq!(
            fault(json!({"resourceType": "../x"})),
            at("Resource.resourceType", Flaw::NotAType)
        );
        assert_eq!(
            fault(json!({"resourceType": "Patient", "id": "a/b"})),
            at("Patient.id", Flaw::NotAnId)
        );
        assert_eq!(
            fault(json!({"resourceType": "Patient", "id": "a", "birthDate": "1971-02-30"})),
            at("Patient.birthDate", Flaw::NotADate)
        );
        assert_eq!(
            fault(json!({"resourceType": "Observation", "id": "a", "code": {}})),
            at("Observation.status", Flaw::Missing)
        );
        assert_eq!(
            fault(
                json!({"resourceType": "Observation", "id": "a", "status": "final", "code": {},
                "valueQuantity": {"value": "6.8"}})
            ),
            at("Observation.valueQuantity.value", Flaw::NotANumber)
        );
        assert_eq!(
            fault(json!({"resourceType": "Condition", "id": "a", "subject": {"reference": 7}})),
            at("Condition.subject.reference", Flaw::NotText)
        );
    }

    #[test]
    fn a_required_element_may_be_explained_by_an_extension() {
        let json = json!({"resourceType": "Observation", "id": "a", "code": {"text": "K"},
            "_status": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}});
        assert!(Resource::new(json).is_ok());
    }

    #[test]
    fn debug_shows_no_patient_data() {
        let patient = resource(
            json!({"resourceType": "Patient", "id": "p1", "name": [{"family": "Quigley"}]}),
        );
        assert_eq!(format!("{patient:?}"), "Resource(Patient/p1)");
    }

    #[test]
    fn the_official_name_goes_first() {
        let patient = resource(json!({"resourceType": "Patient", "id": "p1", "name": [
            {"use": "maiden", "family": "Byrne", "given": ["Nora"]},
            {"use": "official", "family": "Quigley", "given": ["Nora", "Jane"]}]}));
        assert_eq!(
            patient.display_name().as_deref(),
            Some("Quigley, Nora Jane")
        );
    }

    #[test]
    fn references_are_read_in_each_literal_form() {
        let some = |resource_type, id| Some(Reference { resource_type, id });
        assert_eq!(Reference::parse("Patient/p1"), some("Patient", "p1"));
        assert_eq!(
            Reference::parse("https://ehr.example/fhir/Patient/p1"),
            some("Patient", "p1")
        );
        assert_eq!(
            Reference::parse("Patient/p1/_history/3"),
            some("Patient", "p1")
        );
        for none in [
            "",
            "#p1",
            "urn:uuid:1",
            "Patient",
            "Patient/",
            "x/Patient/p1",
            "Patient?identifier=1",
        ] {
            assert_eq!(Reference::parse(none), None, "{none}");
        }
    }

    #[test]
    fn an_mrn_in_use_goes_before_an_old_one() {
        let mr = json!({"coding": [{"code": "MR"}]});
        let patient = resource(
            json!({"resourceType": "Patient", "id": "p1", "identifier": [
            {"system": "urn:x", "value": "ssn"},
            {"type": mr, "use": "old", "value": "MRN-1"},
            {"type": mr, "use": "usual", "value": "MRN-2"}]}),
        );
        assert_eq!(patient.mrn(), Some("MRN-2"));
    }
}
