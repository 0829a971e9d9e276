//! ADT^A40: the record that stays takes over everything of the one that does not.
//!
//! All pairs are looked up before any is written. The old record stays under its id as a pointer (R4
//! `Patient.link`, `replaced-by`), is found by nothing any more, and whoever asks for it gets the other.

use serde_json::{Value, json};
use wardline_fhir::Resource;
use wardline_hl7::event::Merge;
use wardline_model::PatientId;
use wardline_store::{CareTeamChange, Tx};

use super::patients::{self, object};
use super::{Applied, Unfit};
use crate::app::App;
use crate::charts;
use crate::problem::Refusal;

/// Applies a merge, or says why that cannot be.
pub(super) async fn apply(
    app: &App,
    tx: &mut Tx,
    merge: &Merge,
    at: u64,
    now_ms: u64,
) -> Result<Result<Applied, Unfit>, Refusal> {
    let mut pairs = Vec::with_capacity(merge.pairs.len());
    for (index, pair) in merge.pairs.iter().enumerate() {
        let survivor = match patients::find(app, tx, &pair.survivor.identifiers).await? {
            Ok(Some(found)) => found.0,
            Ok(None) => {
                let why = "no record has the number of the patient that is to stay";
                return Ok(Err(Unfit::at("PID-3", why)));
            }
            Err(unfit) => return Ok(Err(unfit)),
        };
        let prior = match patients::find(app, tx, &pair.prior).await? {
            Ok(Some(found)) => found.0,
            Ok(None) => {
                let why = "no record has the number of the patient that becomes part of the other";
                return Ok(Err(Unfit::at("MRG-1", why)));
            }
            Err(unfit) => return Ok(Err(unfit)),
        };
        pairs.push((index, survivor, prior));
    }
    let mut touched = Vec::new();
    for (index, survivor, prior) in pairs {
        let pair = &merge.pairs[index];
        // An earlier pair of this message may have moved either of them.
        let survivor = charts::current(tx, survivor).await?;
        let prior = charts::current(tx, prior).await?;
        touched.extend([survivor.clone(), prior.clone()]);
        if survivor == prior {
            continue;
        }
        // Copies belong to the record as it was; the one that stays is copied anew when it is opened.
        tx.forget_ehr_patient(&prior).await?;
        tx.forget_ehr_patient(&survivor).await?;
        let old = load(tx, &prior).await?;
        let kept = load(tx, &survivor).await?;
        let mut json = object(kept.into_json());
        take_labels(&mut json, &old);
        patients::add_identifiers(app, &mut json, &pair.prior, Some("old"));
        take_identifiers(&mut json, &old);
        let link = json!({ "other": { "reference": old.reference() }, "type": "replaces" });
        push(&mut json, "link", link);
        let kept = Resource::new(Value::Object(json)).map_err(Refusal::internal)?;
        let mut json = object(old.into_json());
        json.insert("active".to_owned(), false.into());
        let link = json!({ "other": { "reference": kept.reference() }, "type": "replaced-by" });
        push(&mut json, "link", link);
        let old = Resource::new(Value::Object(json)).map_err(Refusal::internal)?;
        charts::put(tx, &[kept, old], now_ms).await?;
        move_record(tx, &prior, &survivor, now_ms).await?;
        tx.rebind_groups(&prior, &survivor).await?;
        tx.lock_care_teams().await?;
        let team = tx.care_team(&prior).await?;
        let there = tx.care_team(&survivor).await?;
        let added = team.iter().copied();
        let added = added.filter(|user| !there.contains(user)).collect();
        let change = CareTeamChange {
            patient: survivor.clone(),
            added,
            removed: Vec::new(),
        };
        tx.change_care_team(&change, now_ms).await?;
        tx.move_ended_ties(&prior, &survivor).await?;
        // Who leaves the team of the record that stays must not keep a reason to look by the other.
        let change = CareTeamChange {
            patient: prior.clone(),
            added: Vec::new(),
            removed: team,
        };
        tx.change_care_team(&change, now_ms).await?;
        let subject = format!("merge {} {}", survivor.as_str(), prior.as_str());
        tx.note_news(&subject, at).await?;
    }
    Ok(Ok(Applied {
        patients: touched,
        is_old: false,
        calls: 0,
    }))
}

async fn load(tx: &mut Tx, id: &PatientId) -> Result<Resource, Refusal> {
    let body = tx.resource("Patient", id.as_str()).await?;
    let body = body.ok_or(Refusal::NotFound)?;
    Resource::from_slice(body.expose()).map_err(Refusal::internal)
}

/// Everything that is about one patient is about another from now on.
async fn move_record(
    tx: &mut Tx,
    from: &PatientId,
    to: &PatientId,
    now_ms: u64,
) -> Result<(), Refusal> {
    let (old, new) = (
        format!("Patient/{}", from.as_str()),
        format!("Patient/{}", to.as_str()),
    );
    for kind in tx.kinds_of(from).await? {
        if kind == "Patient" {
            continue;
        }
        loop {
            // What was moved is not found any more, so the first page is always the next one.
            let (bodies, _) = tx.resources_after(from, &kind, None, AT_ONCE).await?;
            let mut moved = Vec::with_capacity(bodies.len());
            for body in &bodies {
                let resource = Resource::from_slice(body.expose()).map_err(Refusal::internal)?;
                let mut json = resource.into_json();
                repoint(&mut json, &old, &new);
                moved.push(Resource::new(json).map_err(Refusal::internal)?);
            }
            charts::put(tx, &moved, now_ms).await?;
            let is_stuck = moved
                .iter()
                .any(|resource| resource.patient().as_ref() == Some(from));
            if bodies.is_empty() || is_stuck {
                break;
            }
        }
    }
    Ok(())
}

fn repoint(json: &mut Value, old: &str, new: &str) {
    match json {
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if name == "reference" && value.as_str() == Some(old) {
                    *value = new.into();
                } else {
                    repoint(value, old, new);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| repoint(value, old, new)),
        _ => {}
    }
}

/// The numbers of the old record become old numbers of the other.
/// The record that stays is at least as confidential as the one that becomes part of it.
fn take_labels(json: &mut serde_json::Map<String, Value>, old: &Resource) {
    let labels = old.get("meta").and_then(|meta| meta["security"].as_array());
    for label in labels.into_iter().flatten() {
        let meta = json.entry("meta").or_insert_with(|| json!({}));
        let Some(meta) = meta.as_object_mut() else {
            return;
        };
        let known = meta.get("security").and_then(Value::as_array);
        let is_known = known.is_some_and(|all| {
            all.iter()
                .any(|it| it["system"] == label["system"] && it["code"] == label["code"])
        });
        if !is_known {
            push(meta, "security", label.clone());
        }
    }
}

fn take_identifiers(json: &mut serde_json::Map<String, Value>, old: &Resource) {
    let known: Vec<Value> = json
        .get("identifier")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let taken = old.get("identifier").and_then(Value::as_array).cloned();
    for mut identifier in taken.unwrap_or_default() {
        let is_known = known
            .iter()
            .any(|it| it["system"] == identifier["system"] && it["value"] == identifier["value"]);
        if !is_known && identifier.is_object() {
            identifier["use"] = "old".into();
            push(json, "identifier", identifier);
        }
    }
}

fn push(json: &mut serde_json::Map<String, Value>, element: &str, value: Value) {
    let list = json
        .entry(element)
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = list
        && !list.contains(&value)
    {
        list.push(value);
    }
}

const AT_ONCE: u32 = 100;
