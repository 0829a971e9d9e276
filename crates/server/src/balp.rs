//! Looks into records as FHIR AuditEvents of IHE's Basic Audit Log Patterns (BALP 1.1): one for each
//! patient, naming each resource that was disclosed.
//!
//! What was searched *for* is not in them: our log has the names of the parameters and no value, since a
//! value may be a name or a diagnosis. Whose records came of it stands in the entities.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wardline_audit::Event;
use wardline_audit::event::Outcome;
use wardline_fhir::view::instant;

/// Who recorded them.
#[derive(Debug, Clone)]
pub struct Site {
    /// The hospital, as its log names it.
    pub name: String,
    /// The address of the server.
    pub address: String,
}

/// The AuditEvents of one event of the log; none where nothing of a record was disclosed.
pub fn audit_events(event: &Event, index: u64, site: &Site) -> Vec<Value> {
    if event.outcome != Outcome::Allow {
        return Vec::new();
    }
    let Some(look) = Look::of(event) else {
        return Vec::new();
    };
    let whose: Vec<(&String, &Entries)> = look.entries.iter().collect();
    if whose.is_empty() {
        // A search that found nothing is one, too.
        return vec![look.json(event, &index.to_string(), site, None, &BTreeMap::new())];
    }
    whose
        .iter()
        .zip(0..)
        .map(|((patient, entries), nth)| {
            let patient = (!patient.is_empty()).then_some(patient.as_str());
            look.json(event, &format!("{index}.{nth}"), site, patient, entries)
        })
        .collect()
}

/// Ids by type.
type Entries = BTreeMap<String, Vec<String>>;

/// A look, by whose records it was; those of nobody under an empty name.
struct Look {
    interaction: String,
    request: String,
    entries: BTreeMap<String, Entries>,
}

impl Look {
    fn of(event: &Event) -> Option<Self> {
        // That somebody asked why they may look discloses nothing of a record.
        if event.kind.as_str() == EXPLAINED {
            return None;
        }
        let texts = |value: Option<&Value>| -> Vec<String> {
            let all = value.and_then(Value::as_array).into_iter().flatten();
            all.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        if let Some(interaction) = event.detail.get("interaction").and_then(Value::as_str) {
            let kind = event.detail.get("type").and_then(Value::as_str)?;
            let by = texts(event.detail.get("by"));
            let entries = event.detail.get("entries").cloned().unwrap_or_default();
            return Some(Self {
                interaction: interaction.to_owned(),
                request: format!("{kind}?{}", by.join("&")),
                entries: serde_json::from_value(entries).ok()?,
            });
        }
        // The older routes name what they read in the resource.
        let mut parts = event.resource.split('/');
        let (first, patient) = (parts.next()?, parts.next());
        let one = |kind: &str, id: &str| Entries::from([(kind.to_owned(), vec![id.to_owned()])]);
        let (interaction, request, entries) = match (event.action.as_str(), patient) {
            ("patient.read", Some(id)) if first == "patient" => (
                "read",
                "Patient",
                BTreeMap::from([(id.to_owned(), one("Patient", id))]),
            ),
            ("note.read", Some(id)) if first == "patient" => {
                let note = parts.nth(1)?;
                let read = one("DocumentReference", note);
                (
                    "read",
                    "DocumentReference",
                    BTreeMap::from([(id.to_owned(), read)]),
                )
            }
            ("note.list", Some(id)) if first == "patient" => {
                let none = BTreeMap::from([(id.to_owned(), Entries::new())]);
                ("search-type", "DocumentReference?patient", none)
            }
            ("patient.search", _) => {
                let shown = texts(event.detail.get("patients"));
                let shown = shown.into_iter().map(|id| {
                    let read = one("Patient", &id);
                    (id, read)
                });
                ("search-type", "Patient?name", shown.collect())
            }
            _ => return None,
        };
        Some(Self {
            interaction: interaction.to_owned(),
            request: request.to_owned(),
            entries,
        })
    }

    fn json(
        &self,
        event: &Event,
        id: &str,
        site: &Site,
        patient: Option<&str>,
        entries: &Entries,
    ) -> Value {
        // One resource that is read is a Read; whatever else tells of many is a Query.
        let read = self.interaction == "read";
        let (profile, subtype, action) = match (read, patient.is_some()) {
            (true, true) => ("IHE.BasicAudit.PatientRead", "read", "R"),
            (true, false) => ("IHE.BasicAudit.Read", "read", "R"),
            (false, true) => ("IHE.BasicAudit.PatientQuery", "search-type", "E"),
            (false, false) => ("IHE.BasicAudit.Query", "search-type", "E"),
        };
        // What is read flows to the client; what is asked flows from it.
        let (client, server) = if read {
            (DESTINATION, SOURCE)
        } else {
            (SOURCE, DESTINATION)
        };
        let mut agents = vec![
            json!({
                "type": dicom(client),
                "who": {"identifier": {"system": "urn:wardline:device", "value": event.actor.device.map_or_else(|| "unknown".to_owned(), |it| it.to_string())}},
                "requestor": false,
                "network": {"address": event.detail.get("source").and_then(Value::as_str).unwrap_or("unrecorded"), "type": "2"},
            }),
            json!({
                "type": dicom(server),
                "who": {"display": site.name},
                "requestor": false,
                "network": {"address": site.address, "type": "5"},
            }),
        ];
        if let Some(user) = event.actor.user {
            let codes = |name: &str, system: &str| -> Vec<Value> {
                let all = event.detail.get(name).and_then(Value::as_array);
                let all = all.into_iter().flatten();
                all.map(|code| json!({"coding": [{"system": system, "code": code}]}))
                    .collect()
            };
            let mut agent = json!({
                "type": {"coding": [{"system": PARTICIPATION, "code": "IRCP"}]},
                "who": {"identifier": {"system": "urn:wardline:user", "value": user.to_string()}},
                "requestor": true,
            });
            let (roles, purposes) = (
                codes("roles", "urn:wardline:role"),
                codes("purpose", REASON),
            );
            if !roles.is_empty() {
                agent["role"] = roles.into();
            }
            if !purposes.is_empty() {
                agent["purposeOfUse"] = purposes.into();
            }
            agents.push(agent);
        }
        let mut entities = Vec::new();
        if let Some(patient) = patient {
            entities.push(json!({
                "what": {"reference": format!("Patient/{patient}")},
                "type": {"system": ENTITY, "code": "1"},
                "role": {"system": ROLE, "code": "1"},
            }));
        }
        if !read {
            entities.push(json!({
                "type": {"system": ENTITY, "code": "2"},
                "role": {"system": ROLE, "code": "24"},
                "description": self.request,
                "query": STANDARD.encode(&self.request),
            }));
        }
        // Of a Query one entity alone may be a System Object, and that is the query.
        let kind = if read { "2" } else { "4" };
        for (of, ids) in entries {
            entities.extend(ids.iter().map(|id| {
                json!({
                    "what": {"reference": format!("{of}/{id}")},
                    "type": {"system": ENTITY, "code": kind},
                    "role": {"system": ROLE, "code": "4"},
                })
            }));
        }
        let mut json = json!({
            "resourceType": "AuditEvent",
            "id": format!("log-{id}"),
            "meta": {"profile": [format!("https://profiles.ihe.net/ITI/BALP/StructureDefinition/{profile}")]},
            "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
            "subtype": [{"system": "http://hl7.org/fhir/restful-interaction", "code": subtype}],
            "action": action,
            "recorded": instant(event.at),
            "outcome": "0",
            "agent": agents,
            "source": {
                "site": site.name,
                "observer": {"display": event.node.as_str()},
                "type": [{"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4"}],
            },
            "entity": entities,
        });
        // Why this patient, beside what for, which is the agent's.
        let because = match patient {
            Some(patient) => {
                let reasons = event.detail.get("reasons").and_then(|all| all.get(patient));
                reasons.or_else(|| event.detail.get("reason"))
            }
            None => None,
        };
        if let Some(because) = because.and_then(Value::as_str) {
            json["purposeOfEvent"] = json!([{"coding": [{"system": BECAUSE, "code": because}]}]);
        }
        json
    }
}

fn dicom(code: &str) -> Value {
    json!({"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": code}]})
}

/// [`explanation`](crate::routes::patients::explanation).
const EXPLAINED: &str = "access.explained";
/// Whom a look is explained by, as `docs/access.md` names the reasons.
const BECAUSE: &str = "urn:wardline:access-reason";
/// DICOM "Source Role ID".
const SOURCE: &str = "110153";
/// DICOM "Destination Role ID".
const DESTINATION: &str = "110152";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ENTITY: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";

#[cfg(test)]
mod tests {
    use wardline_audit::event::{Actor, Kind, V1};
    use wardline_model::{DeviceId, UserId};

    use super::*;

    fn event(action: &str, resource: &str, detail: &Value) -> Event {
        Event {
            v: V1,
            at: 1_772_452_800_000,
            node: "node-1".parse().unwrap(),
            kind: Kind::named("record.read"),
            actor: Actor {
                user: Some(UserId::from_bytes([1; 16])),
                device: Some(DeviceId::from_bytes([2; 16])),
                session: None,
            },
            action: action.to_owned(),
            resource: resource.to_owned(),
            outcome: Outcome::Allow,
            reasons: Vec::new(),
            policy: None,
            detail: detail.as_object().cloned().unwrap_or_default(),
        }
    }

    fn of(event: &Event) -> Vec<Value> {
        let site = Site {
            name: "ward.example".to_owned(),
            address: "https://ward.example/fhir/R4".to_owned(),
        };
        audit_events(event, 7, &site)
    }

    /// The rules of the profiles (Read, PatientRead, Query, PatientQuery) that an instance can break.
    fn conforms(json: &Value) {
        let read = json["action"] == "R";
        let subtypes = if read {
            ["read", "vread"]
        } else {
            ["search", "search-type"]
        };
        assert!(subtypes.contains(&json["subtype"][0]["code"].as_str().unwrap()));
        assert_eq!(json["type"]["code"], "rest");
        assert_eq!(json["outcome"], "0");
        let agents = json["agent"].as_array().unwrap();
        let agent = |code: &str| {
            let mut all = agents
                .iter()
                .filter(|it| it["type"]["coding"][0]["code"] == code);
            let one = all.next().unwrap();
            assert!(all.next().is_none());
            one
        };
        for code in [SOURCE, DESTINATION] {
            let agent = agent(code);
            assert!(agent["who"].is_object() && agent["network"]["address"].is_string());
            assert_eq!(agent["requestor"], false);
        }
        assert_eq!(agent("IRCP")["requestor"], true);
        assert!(agent("IRCP").get("network").is_none());
        let entities = json["entity"].as_array().unwrap();
        let of = |code: &'static str| entities.iter().filter(move |it| it["type"]["code"] == code);
        let profile = json["meta"]["profile"][0].as_str().unwrap();
        assert_eq!(
            of("1").count(),
            usize::from(profile.contains("Patient")),
            "one patient"
        );
        assert_eq!(of("2").count(), 1, "one thing that is read, or one query");
        let system = of("2").next().unwrap();
        if read {
            assert!(system["what"]["reference"].is_string());
        } else {
            assert_eq!(system["role"]["code"], "24");
            assert!(system["query"].is_string() && system.get("what").is_none());
            assert!(system.get("detail").is_none());
        }
    }

    #[test]
    fn a_read_names_its_resource_and_its_patient() {
        let all = of(&event(
            "entry.read",
            "patient/p1/Observation/k1",
            &json!({
                "interaction": "read", "type": "Observation", "source": "10.0.0.7",
                "entries": {"p1": {"Observation": ["k1"]}}, "purpose": ["ETREAT"], "roles": ["nurse"],
                "reasons": {"p1": "ward", "p2": "order"},
            }),
        ));
        assert_eq!(all.len(), 1);
        conforms(&all[0]);
        let text = all[0].to_string();
        assert_eq!(all[0]["purposeOfEvent"][0]["coding"][0]["code"], "ward");
        for part in [
            "Observation/k1",
            "Patient/p1",
            "ETREAT",
            "10.0.0.7",
            "IHE.BasicAudit.PatientRead",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[test]
    fn a_search_is_told_for_each_patient_with_what_was_disclosed_of_them() {
        let all = of(&event(
            "entry.search",
            "hospital",
            &json!({
                "interaction": "search-type", "type": "Observation", "by": ["code", "patient"],
                "entries": {"": {"Location": ["l"]}, "p1": {"Observation": ["a", "b"]}, "p2": {"Observation": ["c"]}},
            }),
        ));
        assert_eq!(all.len(), 3);
        all.iter().for_each(conforms);
        let second = all[1].to_string();
        assert!(second.contains("Observation/b") && !second.contains("Observation/c"));
        let nothing = of(&event(
            "entry.search",
            "hospital",
            &json!({
                "interaction": "search-type", "type": "Patient", "entries": {},
            }),
        ));
        assert_eq!(nothing.len(), 1);
        conforms(&nothing[0]);
    }

    #[test]
    fn what_other_routes_read_is_told_as_well() {
        for (action, resource, detail, count) in [
            ("patient.read", "patient/p1", json!({}), 1),
            ("note.read", "patient/p1/note/n1", json!({}), 1),
            ("note.list", "patient/p1", json!({}), 1),
            (
                "patient.search",
                "hospital",
                json!({"patients": ["p1", "p2"]}),
                2,
            ),
            ("message.send", "group/1", json!({}), 0),
        ] {
            let all = of(&event(action, resource, &detail));
            assert_eq!(all.len(), count, "{action}");
            all.iter().for_each(conforms);
        }
        let mut refused = event("note.read", "patient/p1/note/n1", &json!({}));
        refused.outcome = Outcome::Deny;
        assert!(of(&refused).is_empty());
    }
}
