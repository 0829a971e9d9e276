//! Canaries: charts that are made up so that they look like any other.
//!
//! What a chart says comes of the synthetic hospital of the demo. Where it stands, who is responsible and
//! how its numbers and ids are written is taken from a patient of the ward that it is put on, so that
//! nothing in it is other than in its neighbours.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wardline_demo::{Chart, Hospital};
use wardline_fhir::{Resource, index};
use wardline_model::PatientId;
use wardline_model::wire::looks::{CanaryNew, CanarySex};
use wardline_store::{StoreError, Tx};

use crate::charts;
use crate::problem::Refusal;
use crate::rim::random;

/// What is kept of a canary, sealed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) patient: PatientId,
    pub(crate) name: String,
    pub(crate) mrn: Option<String>,
    pub(crate) ward: Option<String>,
}

/// A patient of a ward, after whom a canary is made.
pub(crate) struct Neighbour {
    patient: Resource,
    encounter: Resource,
}

/// Wards that patients are on now, by their names in the records.
pub(crate) async fn wards(tx: &mut Tx) -> Result<Vec<String>, Refusal> {
    let mut wards = BTreeSet::new();
    for body in tx.resources_in("Encounter", LOOKED_AT).await? {
        wards.extend(ward(&charts::parse(&body)?));
    }
    Ok(wards.into_iter().collect())
}

/// Somebody on a ward.
pub(crate) async fn neighbour(tx: &mut Tx, of: &str) -> Result<Option<Neighbour>, Refusal> {
    for body in tx.resources_in("Encounter", LOOKED_AT).await? {
        let encounter = charts::parse(&body)?;
        if ward(&encounter).is_none_or(|ward| !ward.eq_ignore_ascii_case(of.trim())) {
            continue;
        }
        let Some(id) = encounter.patient() else {
            continue;
        };
        // One that is made after another is like both.
        if let Some(body) = tx.resource("Patient", id.as_str()).await? {
            let patient = charts::parse(&body)?;
            return Ok(Some(Neighbour { patient, encounter }));
        }
    }
    Ok(None)
}

/// The records with a number.
pub(crate) async fn with_number(tx: &mut Tx, mrn: &str) -> Result<Vec<Resource>, Refusal> {
    let Some(token) = index::identifier_query(mrn) else {
        return Ok(Vec::new());
    };
    let found = tx
        .search_exact("Patient", token.kind.name(), &token.value, 8)
        .await?;
    found.iter().map(charts::parse).collect()
}

/// Whether a record is a canary, so that no feed or file may change it.
pub(crate) async fn is_one(tx: &mut Tx, patient: &PatientId) -> Result<bool, StoreError> {
    Ok(tx.canary_of(patient).await?.is_some())
}

/// The ward that somebody is on now.
pub(crate) fn ward(encounter: &Resource) -> Option<String> {
    if encounter.status() != Some("in-progress") {
        return None;
    }
    let place = ward_place(encounter)?;
    place["location"]["display"].as_str().map(str::to_owned)
}

fn ward_place(encounter: &Resource) -> Option<&Value> {
    let places = encounter.get("location")?.as_array()?;
    places.iter().find(|place| {
        let is_ward = place["physicalType"]["coding"]
            .as_array()
            .is_some_and(|all| all.iter().any(|coding| coding["code"] == "wa"));
        is_ward && place["status"] != "completed"
    })
}

/// Makes a chart.
pub(crate) fn chart(
    new: &CanaryNew,
    neighbour: &Neighbour,
    now_ms: u64,
) -> Result<(PatientId, Vec<Resource>), Refusal> {
    let sex = match new.sex {
        CanarySex::Female => "female",
        CanarySex::Male => "male",
    };
    let hospital = Hospital::generate(u64::from_le_bytes(random()), now_ms);
    let ward = new.ward.trim();
    let is_like = |chart: &&Chart| {
        let mut patients = chart.of_type("Patient");
        patients.any(|patient| patient.text("gender") == Some(sex))
    };
    let is_there = |chart: &&Chart| {
        let mut stays = chart.of_type("Encounter");
        stays.any(|stay| self::ward(stay).is_some_and(|it| it.eq_ignore_ascii_case(ward)))
    };
    let mut like: Vec<&Chart> = hospital.patients.iter().filter(is_like).collect();
    if like.iter().any(is_there) {
        like.retain(is_there);
    }
    let pick = usize::from(u16::from_le_bytes(random())) % like.len().max(1);
    let chart = like.get(pick).ok_or(Refusal::NotFound)?;
    let manner = Manner::of(neighbour);
    let mut resources = Vec::with_capacity(chart.resources.len());
    for resource in &chart.resources {
        let kind = resource.resource_type().to_owned();
        let mut json = resource.json();
        manner.write(&mut json);
        if let Value::Object(object) = &mut json {
            if !manner.has_tags {
                object.remove("meta");
                let labels = resource.get("meta").and_then(|meta| meta.get("security"));
                if let Some(labels) = labels {
                    object.insert("meta".to_owned(), json!({ "security": labels }));
                }
            }
            match kind.as_str() {
                "Patient" => manner.patient(object, new),
                "Encounter" => manner.stay(object),
                _ => {}
            }
        }
        resources.push(Resource::new(json).map_err(Refusal::internal)?);
    }
    let patient = resources.iter().find(|it| it.resource_type() == "Patient");
    let id = patient.map(|patient| patient.id().parse());
    let id = id.ok_or(Refusal::NotFound)?.map_err(Refusal::internal)?;
    Ok((id, resources))
}

/// How records are written here, as a neighbour has them.
struct Manner {
    /// Ids have dashes.
    has_dashes: bool,
    /// Records are marked as test data, as those of the demo.
    has_tags: bool,
    doctor: Option<Value>,
    place: Option<Value>,
    provider: Option<Value>,
    number: Option<Value>,
    address: Option<Value>,
    has_phone: bool,
}

impl Manner {
    fn of(neighbour: &Neighbour) -> Self {
        let Neighbour { patient, encounter } = neighbour;
        let first = |of: &Resource, element: &str| of.get(element)?.as_array()?.first().cloned();
        // By name alone: whoever an entry refers to has a reason to look.
        let doctor = first(encounter, "participant").and_then(|it| {
            let name = it["individual"]["display"].as_str()?;
            Some(json!({ "display": name }))
        });
        let numbers = patient.get("identifier").and_then(Value::as_array);
        let mrn = patient.mrn();
        let number = numbers.and_then(|all| {
            let is_mrn = |it: &&Value| it["value"].as_str() == mrn;
            all.iter().find(is_mrn).cloned()
        });
        let has_phone = patient.get("telecom").is_some_and(|telecom| {
            // The demo's are of numbers that nobody has.
            telecom.to_string().contains("555-")
        });
        Self {
            has_dashes: patient.id().contains('-'),
            has_tags: patient
                .get("meta")
                .is_some_and(|meta| meta.get("tag").is_some()),
            doctor,
            place: ward_place(encounter).cloned(),
            provider: encounter.get("serviceProvider").cloned(),
            number,
            address: first(patient, "address"),
            has_phone,
        }
    }

    /// Ids and whom the record refers to, as the hospital has them.
    fn write(&self, json: &mut Value) {
        if let Value::Object(object) = json {
            if let Some(Value::String(id)) = object.get_mut("id")
                && !self.has_dashes
            {
                id.retain(|it| it != '-');
            }
            self.refer(object);
        }
    }

    fn refer(&self, object: &mut Map<String, Value>) {
        object.retain(|_, value| self.keeps(value));
        for value in object.values_mut() {
            self.refer_to(value);
        }
    }

    /// Whom nobody knows here, and nobody stands for, is left out.
    fn keeps(&self, value: &Value) -> bool {
        let to = value["reference"].as_str().unwrap_or_default();
        !to.starts_with("Practitioner/") || self.doctor.is_some()
    }

    fn refer_to(&self, value: &mut Value) {
        match value {
            Value::Object(object) => {
                let to = object.get("reference").and_then(Value::as_str);
                match (to, &self.doctor) {
                    (Some(to), Some(doctor)) if to.starts_with("Practitioner/") => {
                        *value = doctor.clone();
                    }
                    (Some(to), _) if !self.has_dashes => {
                        let to = to.replace('-', "");
                        object.insert("reference".to_owned(), to.into());
                    }
                    _ => self.refer(object),
                }
            }
            Value::Array(all) => {
                all.retain(|it| self.keeps(it));
                for it in all {
                    self.refer_to(it);
                }
            }
            _ => {}
        }
    }

    fn patient(&self, json: &mut Map<String, Value>, new: &CanaryNew) {
        let name = json!([{
            "use": "official", "family": new.family.trim(), "given": [new.given.trim()],
        }]);
        json.insert("name".to_owned(), name);
        let mut number = self.number.clone().unwrap_or_else(|| json!({}));
        number["value"] = new.mrn.trim().into();
        json.insert("identifier".to_owned(), json!([number]));
        if !self.has_phone {
            json.remove("telecom");
        }
        let line = json.get("address").map(|it| it[0]["line"].clone());
        match &self.address {
            Some(there) => {
                let mut address = there.clone();
                if there.get("line").is_some() {
                    address["line"] = line.unwrap_or_default();
                }
                json.insert("address".to_owned(), json!([address]));
            }
            None => drop(json.remove("address")),
        }
    }

    /// On the ward, and in no bed: somebody else is in each.
    fn stay(&self, json: &mut Map<String, Value>) {
        if let Some(place) = &self.place {
            json.insert("location".to_owned(), json!([place]));
        }
        match &self.provider {
            Some(provider) => drop(json.insert("serviceProvider".to_owned(), provider.clone())),
            None => drop(json.remove("serviceProvider")),
        }
        if self.doctor.is_none() {
            json.remove("participant");
        }
    }
}

/// Stays that are looked through for a ward.
const LOOKED_AT: u32 = 5_000;
