//! What a resource can be found by in a store that keeps it sealed.
//!
//! These tokens are plain; the store keys them (a blind index), so equality is all that can be
//! asked of them. That is why names are indexed by their prefixes and dates by whole days.

use std::fmt;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::resource::{Reference, Resource, codings, list, list_of_texts};

/// The shortest name prefix that can be looked up, in characters.
pub const PREFIX_MIN: usize = 2;
/// The longest name prefix that is stored, in characters; a longer query is cut to it.
pub const PREFIX_MAX: usize = 8;

/// What a token says about its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// The beginning of a word of a patient's name, folded by [`fold`].
    NamePrefix,
    /// An identifier such as the MRN or a report's accession number: `value`, and `system|value`.
    Identifier,
    /// A patient's day of birth, `YYYY-MM-DD`.
    BirthDate,
    /// Where an encounter is: id of the Location, and its name, folded.
    Location,
    /// The id of the patient that the resource is about.
    Patient,
    /// The resource's type.
    Type,
    /// What it states: `code`, and `system|code`.
    Code,
    /// The day it is about, `YYYY-MM-DD`, as written in it.
    Date,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::NamePrefix,
        Self::Identifier,
        Self::BirthDate,
        Self::Location,
        Self::Patient,
        Self::Type,
        Self::Code,
        Self::Date,
    ];

    /// A stable name for storage and for keying: it separates kinds with equal values.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NamePrefix => "name",
            Self::Identifier => "identifier",
            Self::BirthDate => "birth-date",
            Self::Location => "location",
            Self::Patient => "patient",
            Self::Type => "type",
            Self::Code => "code",
            Self::Date => "date",
        }
    }
}

/// One thing that a resource can be looked up by. It is PHI until the store has keyed it, so
/// `Debug` shows the kind only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// What it says.
    pub kind: TokenKind,
    /// The plain value.
    pub value: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.kind.name())
    }
}

/// The tokens of a resource, sorted, each once.
pub fn tokens(resource: &Resource) -> Vec<Token> {
    let mut out = Vec::new();
    let mut add = |kind, value: String| out.push(Token { kind, value });

    add(TokenKind::Type, resource.resource_type().to_owned());
    if let Some(patient) = resource.patient() {
        add(TokenKind::Patient, patient.as_str().to_owned());
    }
    for value in identifiers(resource) {
        add(TokenKind::Identifier, value);
    }
    match resource.resource_type() {
        "Patient" => {
            for word in name_words(resource) {
                prefixes(&word).for_each(|prefix| add(TokenKind::NamePrefix, prefix));
            }
            if let Some(day) = resource.text("birthDate").and_then(crate::date::day_of) {
                add(TokenKind::BirthDate, day.to_string());
            }
        }
        resource_type => {
            if resource_type == "Encounter" {
                for value in locations(resource) {
                    add(TokenKind::Location, value);
                }
            }
            for coding in resource.codes() {
                let Some(code) = coding.code else { continue };
                add(TokenKind::Code, code.to_owned());
                if let Some(system) = coding.system {
                    add(TokenKind::Code, format!("{system}|{code}"));
                }
            }
            if let Some(day) = resource.day() {
                add(TokenKind::Date, day.to_string());
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// The tokens to look a patient up by: those of the Patient, and where the encounter has it now.
pub fn patient_tokens(patient: &Resource, encounter: Option<&Resource>) -> Vec<Token> {
    let mut out = tokens(patient);
    if let Some(encounter) = encounter.filter(|e| e.resource_type() == "Encounter") {
        out.extend(locations(encounter).into_iter().map(|value| Token {
            kind: TokenKind::Location,
            value,
        }));
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// The tokens that all must match for a typed name: one for each word of two or more characters,
/// cut to [`PREFIX_MAX`]. Empty when there is no such word; then nothing should be searched.
pub fn name_query(typed: &str) -> Vec<Token> {
    words(typed)
        .into_iter()
        .filter(|word| word.chars().count() >= PREFIX_MIN)
        .map(|word| Token {
            kind: TokenKind::NamePrefix,
            value: word.chars().take(PREFIX_MAX).collect(),
        })
        .collect()
}

/// The token of a typed identifier; `None` when nothing was typed.
pub fn identifier_query(typed: &str) -> Option<Token> {
    let value = identifier(typed);
    (!value.is_empty()).then_some(Token {
        kind: TokenKind::Identifier,
        value,
    })
}

/// The token of a ward's or bed's name or Location id.
pub fn location_query(typed: &str) -> Token {
    Token {
        kind: TokenKind::Location,
        value: folded_name(typed),
    }
}

/// Folds a text so that people find a name however they type it: compatibility decomposition
/// (Unicode NFKD), no combining marks, lower case, and plain letters for those that do not
/// decompose (ø, ł, ß …).
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let lower = |c: char| c.to_lowercase();
    // Lower-casing may itself make marks (İ), so they are dropped after it.
    for c in text
        .nfkd()
        .flat_map(lower)
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
    {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'þ' => out.push_str("th"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            'ς' => out.push('σ'),
            c => out.push(c),
        }
    }
    out
}

/// Folded words; an apostrophe joins (O'Brien is one word), anything else that is no letter or
/// digit parts.
pub(crate) fn words(text: &str) -> Vec<String> {
    let joined: String = fold(text)
        .chars()
        .filter(|c| !matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`'))
        .collect();
    joined
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn name_words(patient: &Resource) -> Vec<String> {
    let mut out = Vec::new();
    for name in list(patient.get("name")) {
        let family = name
            .get("family")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let given: Vec<&str> = list_of_texts(name.get("given")).collect();
        let text = name.get("text").and_then(Value::as_str).unwrap_or_default();
        let parts = std::iter::once(family).chain(given.iter().copied());
        out.extend(parts.flat_map(words));
        if family.is_empty() && given.is_empty() {
            out.extend(words(text));
        }
        // Names of single characters (王伟) would have no prefix of two: joined, they have.
        let whole = words(&format!("{family}{}", given.concat()));
        if let [word] = &whole[..]
            && word.chars().count() <= 4
        {
            out.push(word.clone());
        }
    }
    out
}

fn prefixes(word: &str) -> impl Iterator<Item = String> {
    let ends: Vec<usize> = word
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .take(PREFIX_MAX)
        .collect();
    ends.into_iter()
        .skip(PREFIX_MIN - 1)
        .map(|end| word[..end].to_owned())
}

/// All but social security numbers: nobody needs to find a patient by one here, so the store
/// should not be able to either (minimum necessary, 45 CFR 164.502(b)).
fn identifiers(resource: &Resource) -> Vec<String> {
    let mut out = Vec::new();
    for element in list(resource.get("identifier")) {
        let system = element.get("system").and_then(Value::as_str);
        let is_ssn = system == Some("http://hl7.org/fhir/sid/us-ssn")
            || element
                .get("type")
                .into_iter()
                .flat_map(codings)
                .any(|c| c.code == Some("SS"));
        let value = element.get("value").and_then(Value::as_str).map(identifier);
        if let (false, Some(value)) = (is_ssn, value.filter(|v| !v.is_empty())) {
            out.extend(system.map(|system| format!("{system}|{value}")));
            out.push(value);
        }
    }
    out
}

/// Identifiers are compared without case and surrounding space, as people type them.
fn identifier(text: &str) -> String {
    text.trim().to_uppercase()
}

fn locations(encounter: &Resource) -> Vec<String> {
    let over = |status: Option<&str>| matches!(status, Some("completed" | "planned"));
    list(encounter.get("location"))
        .filter(|place| !over(place.get("status").and_then(Value::as_str)))
        .filter_map(|place| place.get("location"))
        .flat_map(|location| {
            let id = Reference::of(location).map(|r| folded_name(r.id));
            let name = location
                .get("display")
                .and_then(Value::as_str)
                .map(folded_name);
            id.into_iter().chain(name)
        })
        .collect()
}

fn folded_name(text: &str) -> String {
    fold(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn patient(family: &str, given: &[&str]) -> Resource {
        Resource::new(json!({"resourceType": "Patient", "id": "p1",
            "name": [{"family": family, "given": given}], "birthDate": "1971-02-28",
            "identifier": [
                {"system": "urn:mrn", "value": " sb-10042 ", "type": {"coding": [{"code": "MR"}]}},
                {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-12-3456"}]}))
        .unwrap()
    }

    fn values(tokens: &[Token], kind: TokenKind) -> Vec<&str> {
        tokens
            .iter()
            .filter(|t| t.kind == kind)
            .map(|t| t.value.as_str())
            .collect()
    }

    fn finds(typed: &str, patient: &Resource) -> bool {
        let (query, tokens) = (name_query(typed), tokens(patient));
        !query.is_empty() && query.iter().all(|t| tokens.contains(t))
    }

    #[test]
    fn a_name_is_found_however_it_is_typed() {
        let nunez = patient("Núñez-O'Brien", &["Łucja", "Ægir"]);
        for typed in [
            "nu",
            "Nunez",
            "NÚÑ",
            "obrien",
            "O’Bri",
            "luc",
            "aeg",
            "nunez lucja",
            "Núñez-O'Brien, Łucja",
        ] {
            assert!(finds(typed, &nunez), "{typed}");
        }
        for typed in ["", "n", "unez", "brien", "nunez anna"] {
            assert!(!finds(typed, &nunez), "{typed}");
        }
        assert!(finds("王伟", &patient("王", &["伟"])));
        assert!(finds(
            "wolfeschlegelstein",
            &patient("Wolfeschlegelsteinhausen", &[])
        ));
    }

    #[test]
    fn a_patient_is_found_by_mrn_and_birthday_but_not_by_social_security_number() {
        let tokens = tokens(&patient("Quigley", &["Nora"]));
        assert_eq!(
            values(&tokens, TokenKind::Identifier),
            ["SB-10042", "urn:mrn|SB-10042"]
        );
        assert_eq!(values(&tokens, TokenKind::BirthDate), ["1971-02-28"]);
        assert_eq!(values(&tokens, TokenKind::Patient), ["p1"]);
        assert_eq!(
            values(&tokens, TokenKind::NamePrefix),
            [
                "no", "nor", "nora", "qu", "qui", "quig", "quigl", "quigle", "quigley"
            ]
        );
        assert!(tokens.contains(&identifier_query("sb-10042").unwrap()));
    }

    #[test]
    fn an_observation_is_found_by_patient_code_and_day() {
        let potassium = Resource::new(json!({"resourceType": "Observation", "id": "o1",
            "status": "final", "subject": {"reference": "Patient/p1"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
            "effectiveDateTime": "2026-03-02T23:55:00-05:00"}))
        .unwrap();
        let tokens = tokens(&potassium);
        assert_eq!(
            values(&tokens, TokenKind::Code),
            ["2823-3", "http://loinc.org|2823-3"]
        );
        assert_eq!(values(&tokens, TokenKind::Date), ["2026-03-02"]);
        assert_eq!(values(&tokens, TokenKind::Patient), ["p1"]);
        assert_eq!(values(&tokens, TokenKind::Type), ["Observation"]);
        assert_eq!(format!("{:?}", tokens[0]), "Token(patient)");
    }

    #[test]
    fn a_patient_is_found_on_the_ward_where_it_lies_now() {
        let encounter = Resource::new(json!({"resourceType": "Encounter", "id": "e1",
            "status": "in-progress", "class": {"code": "IMP"}, "subject": {"reference": "Patient/p1"},
            "location": [
                {"location": {"reference": "Location/er", "display": "Emergency"}, "status": "completed"},
                {"location": {"reference": "Location/4E", "display": "4  East"}, "status": "active"}]}))
        .unwrap();
        let tokens = patient_tokens(&patient("Quigley", &["Nora"]), Some(&encounter));
        assert_eq!(values(&tokens, TokenKind::Location), ["4 east", "4e"]);
        assert!(tokens.contains(&location_query("4 EAST")));
    }

    proptest! {
        #[test]
        fn every_stored_word_is_found_by_each_of_its_beginnings(
            family in "\\PC{1,20}", given in "\\PC{1,20}",
        ) {
            let patient = patient(&family, &[&given]);
            let tokens = tokens(&patient);
            for word in words(&family) {
                let length = word.chars().count();
                for cut in PREFIX_MIN..=length {
                    let typed: String = word.chars().take(cut).collect();
                    for token in name_query(&typed) {
                        prop_assert!(tokens.contains(&token), "{typed:?} of {word:?}");
                    }
                }
            }
            for token in &tokens {
                if token.kind == TokenKind::NamePrefix {
                    let length = token.value.chars().count();
                    prop_assert!((PREFIX_MIN..=PREFIX_MAX).contains(&length));
                }
            }
        }

        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
