//! Live references to entries of a patient's chart.
//!
//! A message carries which entry is meant and never what it says: whoever opens it asks the hospital, which
//! decides for that reader, at that time.

use serde::{Deserialize, Serialize};
use wardline_model::PatientId;

/// An entry of a chart and how it is to be shown, as `PATIENT/TYPE/ID/VIEW`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

impl Reference {
    /// Whose chart it is in, its FHIR type, its logical id there, and the view: `value`, `trend`.
    pub fn parts(&self) -> [&str; 4] {
        split(&self.0).unwrap_or_default()
    }

    /// Bytes of it.
    pub fn encoded_len(&self) -> usize {
        self.0.len()
    }
}

impl TryFrom<String> for Reference {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match split(&text) {
            Some([patient, kind, id, view])
                if is_id(patient) && is_id(id) && is_word(kind) && is_word(view) =>
            {
                Ok(Self(text))
            }
            _ => Err("no reference to an entry of a chart"),
        }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

fn split(text: &str) -> Option<[&str; 4]> {
    let mut parts = text.split('/');
    let all = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(all)
}

/// FHIR's logical ids have the form of ours for patients. One of dots would be a way up in an address.
fn is_id(text: &str) -> bool {
    text.parse::<PatientId>().is_ok() && text.bytes().any(|byte| byte != b'.')
}

fn is_word(text: &str) -> bool {
    (1..=MOST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The longest name of a type or a view.
const MOST: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_one_entry_of_one_chart() {
        let text = "p1/Observation/k-1.a/trend";
        let reference = Reference::try_from(text.to_owned()).unwrap();
        assert_eq!(reference.parts(), ["p1", "Observation", "k-1.a", "trend"]);
        assert_eq!(String::from(reference), text);
        let long = "x".repeat(65);
        for odd in [
            "",
            "p1/Observation/k1",
            "p1/Observation/k1/",
            "p1/Observation/k1/value/more",
            "/Observation/k1/value",
            "p1/Observation?code=1/k1/value",
            "p1/Observation/k1 or k2/value",
            "p1/Observation/../value",
            "../Observation/k1/value",
            &format!("p1/Observation/{long}/value"),
            &format!("p1/{long}/k1/value"),
        ] {
            assert!(Reference::try_from(odd.to_owned()).is_err(), "{odd}");
        }
    }
}
