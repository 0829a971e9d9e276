//! What an entry of a record says of who has to do with the patient, and where the patient is.
//!
//! People are named as the entry names them: by a reference, or by an identifier. A name as people read it
//! ("Dr. Smith") names nobody, since others have the same. Whose names they are, the directory says
//! ([`account`]).

use serde_json::Value;

use crate::date::unix_ms;
use crate::{Reference, Resource};

/// The system of the identifier by which a Practitioner says under what name they sign in here.
pub const SIGN_IN: &str = "urn:wardline:sign-in";

/// The types of entries that ties are made of.
pub const SOURCES: [&str; 3] = ["Encounter", "MedicationRequest", "ServiceRequest"];

/// What one entry ties, or names of one person, at most: more is nobody's stay.
pub const MOST: usize = 200;

/// What a tie is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TieKind {
    /// Somebody was asked for advice.
    Consult,
    /// Somebody gave an order, or carries it out.
    Order,
    /// The patient is with somebody.
    Encounter,
    /// The patient is on a ward.
    Ward,
}

/// That somebody has to do with a patient, or that the patient is somewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Tie {
    /// What it is made of.
    pub kind: TieKind,
    /// Who or where: see [`account`] and [`ward_name`].
    pub name: String,
    /// When it begins, unix milliseconds.
    pub from_ms: u64,
    /// When it ends, unix milliseconds; absent for as long as nothing else is said.
    pub until_ms: Option<u64>,
}

/// The ties that follow from an entry, [`MOST`] at most; none for most entries.
pub fn of(resource: &Resource) -> Vec<Tie> {
    let mut ties = match resource.resource_type() {
        "Encounter" => of_stay(resource),
        "ServiceRequest" | "MedicationRequest" => of_order(resource),
        _ => Vec::new(),
    };
    ties.truncate(MOST);
    ties
}

/// Under what name a Practitioner signs in here, and by which names records know them; `None` where their entry
/// does not say.
pub fn account(practitioner: &Resource) -> Option<(String, Vec<String>)> {
    if practitioner.resource_type() != "Practitioner" {
        return None;
    }
    let identifiers = list(practitioner.get("identifier"));
    let account = identifiers
        .iter()
        .find(|it| it["system"].as_str() == Some(SIGN_IN))?;
    let account = account["value"].as_str()?.trim().to_owned();
    let mut names = vec![practitioner.reference()];
    names.extend(identifiers.iter().filter_map(name_of_identifier));
    names.truncate(MOST);
    (!account.is_empty()).then_some((account, names))
}

/// The name of a ward: as the record names it, in the site that the record names; in any site without one.
pub fn ward_name(ward: &str, site: Option<&str>) -> String {
    let site = site.map(str::trim).unwrap_or_default();
    format!("{}\n{site}", ward.trim())
}

fn of_stay(stay: &Resource) -> Vec<Tie> {
    let (begin, end) = period(stay.get("period"));
    let is_over = match stay.status() {
        Some("arrived" | "triaged" | "in-progress" | "onleave") => false,
        Some("finished") => true,
        // Planned, cancelled, entered in error: nobody has the patient.
        _ => return Vec::new(),
    };
    let Some(from_ms) = begin else {
        // Nobody knows since when; a stay that goes on does so now.
        return if is_over {
            Vec::new()
        } else {
            stay_ties(stay, 0, end)
        };
    };
    let until_ms = match (end, is_over) {
        (Some(end), _) => Some(end),
        (None, true) => Some(from_ms),
        // A visit that nobody closed is over some days later; a stay goes on until it is closed.
        (None, false) if is_visit(stay) => Some(from_ms.saturating_add(LONGEST_VISIT_MS)),
        (None, false) => None,
    };
    stay_ties(stay, from_ms, until_ms)
}

fn stay_ties(stay: &Resource, from_ms: u64, until_ms: Option<u64>) -> Vec<Tie> {
    let mut ties = Vec::new();
    for participant in list(stay.get("participant")) {
        let codes: Vec<&str> = list(participant.get("type"))
            .iter()
            .flat_map(|it| list(it.get("coding")))
            .filter_map(|it| it["code"].as_str())
            .collect();
        // Who sent the patient, or is to be called, does not treat them.
        if codes
            .iter()
            .any(|code| ["REF", "CALLBCK", "ESC"].contains(code))
        {
            continue;
        }
        let kind = if codes.contains(&"CON") {
            TieKind::Consult
        } else {
            TieKind::Encounter
        };
        let (begin, end) = period(participant.get("period"));
        for name in names(participant.get("individual")) {
            ties.push(Tie {
                kind,
                name,
                from_ms: begin.unwrap_or(from_ms),
                until_ms: earlier(end, until_ms),
            });
        }
    }
    let site = stay.get("serviceProvider");
    let site = site.and_then(|it| it["display"].as_str());
    for place in list(stay.get("location")).iter().take(MOST) {
        let status = place["status"].as_str();
        if status.is_some_and(|status| status != "active" && status != "completed") {
            continue;
        }
        let kind = place["physicalType"]["coding"][0]["code"].as_str();
        if kind.is_some_and(|kind| kind != "wa") {
            continue;
        }
        let Some(ward) = place["location"]["display"].as_str() else {
            continue;
        };
        let (begin, end) = period(place.get("period"));
        // A place that was left, and nobody said when, was left before.
        if status == Some("completed") && end.is_none() {
            continue;
        }
        for site in [None, site.filter(|site| !site.trim().is_empty())] {
            let tie = Tie {
                kind: TieKind::Ward,
                name: ward_name(ward, site),
                from_ms: begin.unwrap_or(from_ms),
                until_ms: earlier(end, until_ms),
            };
            if !ties.contains(&tie) {
                ties.push(tie);
            }
        }
    }
    ties
}

fn of_order(order: &Resource) -> Vec<Tie> {
    let given = order.text("authoredOn").and_then(unix_ms);
    let planned = order.text("occurrenceDateTime").and_then(unix_ms);
    let (_, planned_end) = period(order.get("occurrencePeriod"));
    let supply = order.get("dispenseRequest");
    let (_, supply_end) = period(supply.and_then(|it| it.get("validityPeriod")));
    let Some(from_ms) = given else {
        return Vec::new();
    };
    let last = [planned, planned_end, supply_end]
        .into_iter()
        .flatten()
        .max();
    let until_ms = match order.status() {
        // One that is not closed is not carried out for ever.
        Some("active" | "on-hold") => last.unwrap_or(from_ms).saturating_add(LONGEST_ORDER_MS),
        // When it was done, no entry says; it was given at least.
        Some("completed" | "stopped" | "revoked" | "cancelled") => last.map_or(from_ms, |last| {
            last.min(from_ms.saturating_add(LONGEST_ORDER_MS))
        }),
        _ => return Vec::new(),
    };
    let mut ties = Vec::new();
    let mut add = |kind, element: Option<&Value>| {
        for name in names(element) {
            ties.push(Tie {
                kind,
                name,
                from_ms,
                until_ms: Some(until_ms),
            });
        }
    };
    add(TieKind::Order, order.get("requester"));
    let asks_for_advice = list(order.get("category"))
        .iter()
        .chain(order.get("code"))
        .flat_map(|it| list(it.get("coding")))
        .any(|it| CONSULTATIONS.contains(&it["code"].as_str().unwrap_or_default()));
    let carried_out = if asks_for_advice {
        TieKind::Consult
    } else {
        TieKind::Order
    };
    match order.get("performer") {
        Some(Value::Array(all)) => all.iter().for_each(|one| add(carried_out, Some(one))),
        one => add(carried_out, one),
    }
    ties
}

/// By what a Reference names a Practitioner.
fn names(element: Option<&Value>) -> Vec<String> {
    let Some(element) = element else {
        return Vec::new();
    };
    // An address elsewhere leads to somebody else's directory.
    let is_here = element["reference"]
        .as_str()
        .is_some_and(|it| !it.contains("://"));
    let reference =
        Reference::of(element).filter(|it| is_here && it.resource_type == "Practitioner");
    let mut names: Vec<String> = reference
        .map(|it| format!("{}/{}", it.resource_type, it.id))
        .into_iter()
        .collect();
    names.extend(element.get("identifier").and_then(name_of_identifier));
    names
}

fn name_of_identifier(identifier: &Value) -> Option<String> {
    let value = identifier["value"].as_str()?.trim();
    let system = identifier["system"].as_str().unwrap_or_default().trim();
    (!value.is_empty()).then(|| format!("{system}|{value}"))
}

fn is_visit(stay: &Resource) -> bool {
    let class = stay.get("class").and_then(|it| it["code"].as_str());
    matches!(class, Some("AMB" | "VR" | "HH"))
}

fn period(element: Option<&Value>) -> (Option<u64>, Option<u64>) {
    let at = |name: &str| element?.get(name)?.as_str().and_then(unix_ms);
    (at("start"), at("end"))
}

fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn list(element: Option<&Value>) -> &[Value] {
    element.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// A visit to a clinic that nobody closed.
const LONGEST_VISIT_MS: u64 = 3 * DAY_MS;
/// An order that nobody closed, from when it was to be carried out.
const LONGEST_ORDER_MS: u64 = 90 * DAY_MS;
/// SNOMED CT: consultation, patient referral for consultation; and what feeds call it.
const CONSULTATIONS: [&str; 4] = ["11429006", "183515008", "consult", "consultation"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DAY: u64 = 1_772_409_600_000;

    fn resource(json: Value) -> Resource {
        Resource::new(json).unwrap()
    }

    fn stay(more: &[(&str, Value)]) -> Resource {
        let mut json = json!({
            "resourceType": "Encounter", "id": "e", "status": "in-progress", "class": {"code": "IMP"},
            "subject": {"reference": "Patient/p"}, "period": {"start": "2026-03-02T00:00:00Z"},
            "participant": [
                {"type": [{"coding": [{"code": "ATND"}]}], "individual": {"reference": "Practitioner/a", "display": "A"}},
                {"type": [{"coding": [{"code": "CON"}]}], "individual": {"identifier": {"value": "4711"}}},
                {"type": [{"coding": [{"code": "REF"}]}], "individual": {"reference": "Practitioner/gp"}},
                {"individual": {"display": "Dr. Smith"}},
            ],
            "location": [
                {"location": {"display": "4 East"}, "status": "active", "physicalType": {"coding": [{"code": "wa"}]}},
                {"location": {"display": "Bed 2"}, "physicalType": {"coding": [{"code": "bd"}]}},
                {"location": {"display": "3 West"}, "status": "completed"},
            ],
            "serviceProvider": {"display": "Main"},
        });
        for (name, value) in more {
            json[*name] = value.clone();
        }
        resource(json)
    }

    fn told(ties: &[Tie]) -> Vec<(TieKind, &str)> {
        ties.iter()
            .map(|tie| (tie.kind, tie.name.as_str()))
            .collect()
    }

    #[test]
    fn a_stay_names_who_has_the_patient_and_the_ward_and_nobody_by_a_name_alone() {
        let ties = of(&stay(&[]));
        let expected = [
            (TieKind::Encounter, "Practitioner/a"),
            (TieKind::Consult, "|4711"),
            (TieKind::Ward, "4 East\n"),
            (TieKind::Ward, "4 East\nMain"),
        ];
        assert_eq!(told(&ties), expected);
        assert!(
            ties.iter()
                .all(|tie| tie.from_ms == DAY && tie.until_ms.is_none())
        );
    }

    #[test]
    fn a_stay_that_is_over_ended_and_one_that_never_began_ties_nobody() {
        let end = json!({"start": "2026-03-02T00:00:00Z", "end": "2026-03-04T00:00:00Z"});
        let over = of(&stay(&[("status", json!("finished")), ("period", end)]));
        assert!(
            over.iter()
                .all(|tie| tie.until_ms == Some(DAY + 2 * DAY_MS))
        );
        let over = of(&stay(&[("status", json!("finished"))]));
        assert!(over.iter().all(|tie| tie.until_ms == Some(DAY)));
        for status in ["planned", "cancelled", "entered-in-error"] {
            assert!(
                of(&stay(&[("status", json!(status))])).is_empty(),
                "{status}"
            );
        }
        let visit = of(&stay(&[("class", json!({"code": "AMB"}))]));
        assert!(
            visit
                .iter()
                .all(|tie| tie.until_ms == Some(DAY + LONGEST_VISIT_MS))
        );
    }

    #[test]
    fn an_order_is_its_givers_and_its_doers_and_does_not_go_on_for_ever() {
        let order = |status: &str, code: &str| {
            of(&resource(json!({
                "resourceType": "ServiceRequest", "id": "o", "status": status, "intent": "order",
                "code": {"coding": [{"code": code}]}, "subject": {"reference": "Patient/p"},
                "authoredOn": "2026-03-02T00:00:00Z",
                "requester": {"reference": "Practitioner/a"},
                "performer": [{"identifier": {"system": "urn:x", "value": "7"}}],
            })))
        };
        let ties = order("active", "718-7");
        let expected = [
            (TieKind::Order, "Practitioner/a"),
            (TieKind::Order, "urn:x|7"),
        ];
        assert_eq!(told(&ties), expected);
        assert!(
            ties.iter()
                .all(|tie| tie.until_ms == Some(DAY + LONGEST_ORDER_MS))
        );
        assert_eq!(order("active", "11429006")[1].kind, TieKind::Consult);
        assert!(
            order("completed", "718-7")
                .iter()
                .all(|tie| tie.until_ms == Some(DAY))
        );
        assert!(order("entered-in-error", "718-7").is_empty());
        assert!(order("draft", "718-7").is_empty());
    }

    #[test]
    fn a_practitioner_says_how_they_sign_in_and_how_records_name_them() {
        let with = |identifiers: Value| {
            account(&resource(json!({
                "resourceType": "Practitioner", "id": "a", "identifier": identifiers,
            })))
        };
        let said = with(json!([
            {"system": SIGN_IN, "value": "amara.osei"}, {"system": "urn:npi", "value": "12"}, {"value": "4711"},
        ]));
        let (name, names) = said.unwrap();
        assert_eq!(name, "amara.osei");
        let expected = [
            "Practitioner/a",
            "urn:wardline:sign-in|amara.osei",
            "urn:npi|12",
            "|4711",
        ];
        assert_eq!(names, expected);
        assert!(with(json!([{"system": "urn:npi", "value": "12"}])).is_none());
        assert!(with(json!([{"system": SIGN_IN, "value": " "}])).is_none());
    }
}
