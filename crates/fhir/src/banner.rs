//! The patient banner: who it is, where, and what must not be forgotten, above a conversation.

use serde_json::Value;
use thiserror::Error;
use wardline_model::wire::directory::{BannerAllergy, PatientBanner};

use crate::date::{day_of, utc_day, whole_years};
use crate::resource::{Resource, codings, list, words};

/// The banner as it travels; see [`PatientBanner`].
pub type Banner = PatientBanner;

/// SNOMED CT, the system of the codes in [`CODE_STATUS`].
pub const SNOMED: &str = "http://snomed.info/sct";

/// The resuscitation decisions that we know (SNOMED CT), and how the banner words them when the
/// record brings no words of its own.
const CODE_STATUS: [(&str, &str); 4] = [
    ("304252001", "Full code"),
    ("450475007", "Full code"),
    ("304253006", "DNR"),
    ("450476008", "DNR"),
];

/// Why there is no banner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a banner is about a Patient; this is another type of resource")]
pub struct NotAPatient;

/// Makes the banner of a patient.
///
/// `allergies`, `encounter` and `conditions` are the patient's own; those about another patient
/// are left out, so that a mix-up cannot put one person's allergy above another's name. The age is
/// in whole years on the UTC day of `now_ms` (unix milliseconds), or on the day of death. Allergies
/// that are refuted or over are left out, those of high criticality go first. The code status is
/// the latest active Condition, or Observation, that states a decision about resuscitation.
///
/// # Errors
/// [`NotAPatient`] when the first argument is no Patient.
pub fn banner(
    patient: &Resource,
    allergies: &[Resource],
    encounter: Option<&Resource>,
    conditions: &[Resource],
    now_ms: u64,
) -> Result<Banner, NotAPatient> {
    let id = match patient.patient() {
        Some(id) if patient.resource_type() == "Patient" => id,
        _ => return Err(NotAPatient),
    };
    let own = |resource: &&Resource| resource.patient().as_ref() == Some(&id);

    let mut shown: Vec<BannerAllergy> = allergies
        .iter()
        .filter(own)
        .filter(|a| a.resource_type() == "AllergyIntolerance" && a.is_active())
        .map(|allergy| BannerAllergy {
            substance: allergy.title().unwrap_or("Substance not named").to_owned(),
            criticality: allergy.text("criticality").map(str::to_owned),
        })
        .collect();
    shown.sort_by_key(|a| {
        (
            a.criticality.as_deref() != Some("high"),
            a.substance.clone(),
        )
    });
    shown.dedup();

    Ok(Banner {
        name: patient
            .display_name()
            .unwrap_or_else(|| "Name not recorded".to_owned()),
        birth_date: patient.text("birthDate").map(str::to_owned),
        age: age(patient, now_ms),
        sex: patient.text("gender").map(str::to_owned),
        mrn: patient.mrn().map(str::to_owned),
        location: encounter.filter(own).and_then(location),
        allergies: shown,
        code_status: code_status(conditions.iter().filter(own)),
        id,
    })
}

fn age(patient: &Resource, now_ms: u64) -> Option<u32> {
    let birth = day_of(patient.text("birthDate")?)?;
    let death = patient.text("deceasedDateTime").and_then(day_of);
    whole_years(birth, death.or_else(|| utc_day(now_ms))?)
}

/// Ward before bed; where the encounter does not tell them apart, its order.
pub(crate) fn location(encounter: &Resource) -> Option<String> {
    let rank = |place: &&Value| {
        let kind = place
            .get("physicalType")
            .into_iter()
            .flat_map(codings)
            .find_map(|c| c.code);
        match kind {
            Some("wa") => 0,
            Some("ro") => 1,
            Some("bd") => 3,
            _ => 2,
        }
    };
    let mut places: Vec<&Value> = list(encounter.get("location"))
        .filter(|place| {
            let status = place.get("status").and_then(Value::as_str);
            !matches!(status, Some("completed" | "planned"))
        })
        .collect();
    places.sort_by_key(rank);
    let mut names: Vec<&str> = places
        .iter()
        .filter_map(|place| place.get("location")?.get("display")?.as_str())
        .collect();
    names.dedup();
    (!names.is_empty()).then(|| names.join(", "))
}

fn code_status<'a>(statements: impl Iterator<Item = &'a Resource>) -> Option<String> {
    statements
        .filter(|statement| statement.is_active())
        .filter_map(|statement| {
            let (concept, usual) = decision(statement)?;
            let said = concept.get("text").and(words(concept)).unwrap_or(usual);
            Some((
                statement.when().unwrap_or_default().to_owned(),
                said.to_owned(),
            ))
        })
        // FHIR times sort as texts within one offset; across offsets by hours at most.
        .max_by(|a, b| a.0.cmp(&b.0))
        .map(|(_, said)| said)
}

/// Whether a resource states a decision about resuscitation.
pub fn is_code_status(statement: &Resource) -> bool {
    decision(statement).is_some()
}

/// The decision about resuscitation that is stated, and how it is usually worded.
fn decision(statement: &Resource) -> Option<(&Value, &'static str)> {
    let concept = match statement.resource_type() {
        "Condition" => statement.get("code")?,
        "Observation" => statement.get("valueCodeableConcept")?,
        _ => return None,
    };
    let (_, usual) = CODE_STATUS.iter().find(|(code, _)| {
        codings(concept).any(|c| c.system == Some(SNOMED) && c.code == Some(code))
    })?;
    Some((concept, usual))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2026-03-02T12:00:00Z.
    const NOON: u64 = 1_772_452_800_000;

    fn resource(json: Value) -> Resource {
        Resource::new(json).unwrap()
    }

    fn nora() -> Resource {
        resource(
            json!({"resourceType": "Patient", "id": "p1", "gender": "female",
            "name": [{"use": "official", "family": "Quigley", "given": ["Nora"]}],
            "birthDate": "1950-03-03",
            "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "SB-10042"}]}),
        )
    }

    fn allergy(patient: &str, text: &str, criticality: &str, clinical: &str) -> Resource {
        resource(
            json!({"resourceType": "AllergyIntolerance", "id": text.to_lowercase(),
            "patient": {"reference": format!("Patient/{patient}")}, "criticality": criticality,
            "clinicalStatus": {"coding": [{"code": clinical}]}, "code": {"text": text}}),
        )
    }

    fn decision(id: &str, code: &str, text: Option<&str>, day: &str) -> Resource {
        let mut concept = json!({"coding": [{"system": SNOMED, "code": code}]});
        if let Some(text) = text {
            concept["text"] = json!(text);
        }
        resource(
            json!({"resourceType": "Condition", "id": id, "code": concept,
            "subject": {"reference": "Patient/p1"}, "recordedDate": day}),
        )
    }

    #[test]
    fn the_banner_shows_what_must_not_be_forgotten() {
        let encounter = resource(json!({"resourceType": "Encounter", "id": "e1",
            "status": "in-progress", "class": {"code": "IMP"}, "subject": {"reference": "Patient/p1"},
            "location": [
                {"location": {"display": "Bed 12"}, "physicalType": {"coding": [{"code": "bd"}]}},
                {"location": {"display": "Emergency"}, "status": "completed"},
                {"location": {"display": "4 East"}, "physicalType": {"coding": [{"code": "wa"}]}}]}));
        let allergies = [
            allergy("p1", "Latex", "low", "active"),
            allergy("p1", "Penicillin", "high", "active"),
            allergy("p1", "Egg", "high", "resolved"),
            allergy("p2", "Peanut", "high", "active"),
        ];
        let conditions = [
            decision("c1", "304252001", None, "2026-02-27"),
            decision("c2", "304253006", Some("DNR / DNI"), "2026-03-01"),
        ];
        let banner = banner(&nora(), &allergies, Some(&encounter), &conditions, NOON).unwrap();
        assert_eq!(
            serde_json::to_value(&banner).unwrap(),
            json!({"id": "p1", "name": "Quigley, Nora", "birth_date": "1950-03-03", "age": 75,
                "sex": "female", "mrn": "SB-10042", "location": "4 East, Bed 12",
                "allergies": [{"substance": "Penicillin", "criticality": "high"},
                    {"substance": "Latex", "criticality": "low"}],
                "code_status": "DNR / DNI"})
        );
    }

    #[test]
    fn what_is_not_recorded_is_not_invented() {
        let unknown = resource(json!({"resourceType": "Patient", "id": "p9", "birthDate": "1950"}));
        let banner = banner(&unknown, &[], None, &[], NOON).unwrap();
        assert_eq!(banner.name, "Name not recorded");
        assert_eq!(
            (banner.age, banner.mrn, banner.code_status),
            (None, None, None)
        );
        assert_eq!(banner.birth_date.as_deref(), Some("1950"));
    }

    #[test]
    fn a_dead_patient_ages_no_more() {
        let mut json = nora().into_json();
        json["deceasedDateTime"] = json!("2020-03-02");
        assert_eq!(age(&resource(json), NOON), Some(69));
    }

    #[test]
    fn only_a_patient_has_a_banner() {
        assert_eq!(
            banner(
                &allergy("p1", "Latex", "low", "active"),
                &[],
                None,
                &[],
                NOON
            ),
            Err(NotAPatient)
        );
    }
}
