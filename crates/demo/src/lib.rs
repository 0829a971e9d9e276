//! St. Brigid's, a hospital that does not exist, as a function of a seed and a moment.
//!
//! [`Hospital::generate`] gives the same hospital for the same seed and time, on every machine:
//! two sites, staff with a roster, on-call roles, inpatients with FHIR R4 charts that hang together,
//! their care teams, and conversations about them. Nothing in it is taken from a real person.
//!
//! - Ids depend on the seed alone; times are relative to `now_ms`. A hospital generated again later
//!   has the same people and patients with a fresh roster.
//! - Staff names and user names are the same for every seed; patients are not.
//! - Hospital time is UTC.

mod chart;
pub mod fleet;
mod names;
mod notes;
mod rng;
mod roster;
mod scenarios;
mod scripts;
mod staff;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::json;
use wardline_fhir::Resource;
use wardline_fhir::ties::SIGN_IN;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::{FacilityId, GroupId, PatientId, UserId};

pub use crate::chart::MRN_SYSTEM;
use crate::chart::{Admission, admit, bed_id, checked, test_data, ward_id};
use crate::rng::Rng;
use crate::scenarios::SCENARIOS;

/// 9000-01-01T00:00:00Z: later moments are taken as this one, so that every date can be written.
const LATEST_MS: u64 = 221_845_392_000_000;

/// The whole hospital.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hospital {
    /// Its name.
    pub name: String,
    /// Its two sites.
    pub facilities: Vec<Facility>,
    /// The grounds that the sites stand on, in their order.
    pub grounds: Vec<Ground>,
    /// Its departments.
    pub departments: Vec<Department>,
    /// Everyone who works here.
    pub staff: Vec<StaffMember>,
    /// The roles that people take in turns.
    pub on_call: Vec<OnCallRole>,
    /// What the charts refer to: Organizations (sites), Locations (wards and beds), Practitioners.
    #[serde(serialize_with = "as_json")]
    pub directory: Vec<Resource>,
    /// The inpatients.
    pub patients: Vec<Chart>,
    /// Which departments work on which wards.
    pub wards: Vec<WardOf>,
    /// Who cares for whom, one for each patient, in the order of `patients`.
    pub care_teams: Vec<CareTeam>,
    /// What people wrote to each other in the last day.
    pub conversations: Vec<Script>,
    /// Devices of people whom nobody plays, one for each way in which a device can stand.
    pub devices: Vec<fleet::FleetDevice>,
    /// Devices that were bought and not handed out.
    pub bought: Vec<fleet::Bought>,
    /// The public lists of patches, made up: files by their paths.
    pub lists: Vec<(String, String)>,
}

/// One site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facility {
    /// Its id; also the id of its FHIR Organization.
    pub id: FacilityId,
    /// `alder-street`.
    pub slug: String,
    /// As shown.
    pub name: String,
    /// Where it is; no such place exists.
    pub city: String,
}

/// A circle on the ground (WGS 84). Port Alder is nowhere; a coast like its own is there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ground {
    /// Degrees, north above zero.
    pub latitude: f64,
    /// Degrees, east above zero.
    pub longitude: f64,
    /// Metres.
    pub radius_m: f64,
}

/// One department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Department {
    /// As shown, and as staff and on-call roles name it.
    pub name: String,
    /// Its site.
    pub facility: FacilityId,
}

/// Who works on a ward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WardOf {
    /// The ward, as the charts name it.
    pub ward: String,
    /// The name of its site.
    pub facility: String,
    /// Whose people work there.
    pub departments: Vec<String>,
}

/// One person who works here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StaffMember {
    /// The person's id; also the id of the FHIR Practitioner.
    pub id: UserId,
    /// `amara.osei`.
    pub username: String,
    /// `Amara Osei`.
    pub name: String,
    /// What the person is, as shown: `Charge nurse`, `Resident`, `Radiologist`.
    pub title: String,
    /// Roles in the vocabulary of the access policies, where a resident or a radiologist is a
    /// `physician` and a physiotherapist a `therapist`.
    pub roles: Vec<String>,
    /// The department's name.
    pub department: String,
    /// The site where the person works.
    pub facility: FacilityId,
    /// Whether the person can use everything at once, or why not.
    pub readiness: Readiness,
    /// Shifts from a week before to a week after the moment of generation, in order.
    pub shifts: Vec<Shift>,
}

impl StaffMember {
    /// Whether the person has a role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }

    /// Whether the roster has the person at work at a moment, unix milliseconds.
    pub fn on_shift(&self, at_ms: u64) -> bool {
        self.shifts
            .iter()
            .any(|shift| (shift.from_ms..shift.to_ms).contains(&at_ms))
    }
}

/// Whether a person can use everything at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// On shift, trained, with a phone that will do.
    Ready,
    /// Has not finished training and acknowledgement.
    Onboarding,
    /// Has a phone that no longer gets security updates.
    OutdatedPhone,
    /// Is not at work now.
    OffShift,
}

/// One shift; `from_ms` is in it, `to_ms` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// Unix milliseconds.
    pub from_ms: u64,
    /// Unix milliseconds.
    pub to_ms: u64,
}

/// A role that people take in turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnCallRole {
    /// `cardiology-on-call`.
    pub slug: String,
    /// `Cardiology on call`.
    pub title: String,
    /// The department's name.
    pub department: String,
    /// From a week before to a week after the moment of generation, without gap or overlap.
    pub turns: Vec<Turn>,
}

impl OnCallRole {
    /// The user name of who holds the role at a moment, unix milliseconds.
    pub fn holder(&self, at_ms: u64) -> Option<&str> {
        self.turns
            .iter()
            .find(|turn| (turn.from_ms..turn.to_ms).contains(&at_ms))
            .map(|turn| turn.username.as_str())
    }
}

/// One turn of an on-call role; `from_ms` is in it, `to_ms` is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// Who holds the role.
    pub username: String,
    /// Unix milliseconds.
    pub from_ms: u64,
    /// Unix milliseconds.
    pub to_ms: u64,
}

/// One patient's resources: Patient, AllergyIntolerances, Conditions (code status among them),
/// Encounter, MedicationRequests, Observations, DiagnosticReports, CarePlan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    /// The patient.
    pub patient_id: PatientId,
    /// Why the patient is here: `hyperkalemia`.
    pub scenario: String,
    /// The Patient first.
    #[serde(serialize_with = "as_json")]
    pub resources: Vec<Resource>,
}

impl Chart {
    /// The resources of a type.
    pub fn of_type<'a>(&'a self, resource_type: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources
            .iter()
            .filter(move |r| r.resource_type() == resource_type)
    }

    /// The latest value of an Observation, by its LOINC code.
    pub fn latest(&self, loinc: &str) -> Option<f64> {
        self.measured(loinc)
            .max_by_key(|o| o.when())?
            .quantity()
            .map(|q| q.value)
    }

    /// The first value of an Observation in the stay, by its LOINC code.
    pub fn first(&self, loinc: &str) -> Option<f64> {
        self.measured(loinc)
            .min_by_key(|o| o.when())?
            .quantity()
            .map(|q| q.value)
    }

    fn measured<'a>(&'a self, loinc: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.of_type("Observation")
            .filter(move |o| o.has_code("http://loinc.org", loinc))
    }
}

/// Who cares for a patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CareTeam {
    /// The patient.
    pub patient_id: PatientId,
    /// User names, the attending physician first.
    pub members: Vec<String>,
}

/// A conversation to be played into the hospital.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Script {
    /// The conversation's id.
    pub id: GroupId,
    /// `critical-potassium`.
    pub key: String,
    /// What it is.
    pub kind: GroupKind,
    /// As shown; absent for two people.
    pub title: Option<String>,
    /// The on-call role that it was opened with.
    pub role: Option<String>,
    /// User names; the first opened it.
    pub participants: Vec<String>,
    /// The patient that it is about.
    pub patient_id: Option<PatientId>,
    /// In order.
    pub messages: Vec<Line>,
}

/// One message of a script.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// User name of the writer.
    pub from: String,
    /// When it was sent, unix milliseconds; before the moment of generation.
    pub at_ms: u64,
    /// How urgent it is.
    pub priority: Priority,
    /// What it says.
    pub text: String,
}

impl Hospital {
    /// Makes the hospital of a seed as it stands at `now_ms` (unix milliseconds).
    pub fn generate(seed: u64, now_ms: u64) -> Self {
        let now_ms = now_ms.min(LATEST_MS);
        // Fits by the line above.
        let now = i64::try_from(now_ms).unwrap_or(i64::MAX / 2);
        let mut staff = staff::people(seed);
        roster::assign_shifts(&mut staff, now);
        let on_call = roster::on_call(&staff, now);

        let names = names::patients(&mut Rng::fork(seed, "names"));
        let mut beds: BTreeMap<&str, usize> = BTreeMap::new();
        let (patients, care_teams) = SCENARIOS
            .iter()
            .flat_map(|scenario| std::iter::repeat_n(scenario, scenario.patients))
            .zip(names)
            .enumerate()
            .map(|(number, (scenario, name))| {
                let bed = beds.entry(scenario.ward).or_default();
                *bed += 1;
                admit(&Admission {
                    seed,
                    now_ms,
                    number,
                    scenario,
                    name,
                    bed: *bed,
                    staff: &staff,
                })
            })
            .unzip();

        let facilities = staff::facilities(seed);
        let directory = directory(seed, &facilities, &staff, &beds);
        let wards = wards(&facilities, &beds);
        let mut hospital = Self {
            name: "St. Brigid's".to_owned(),
            facilities,
            grounds: staff::GROUNDS.to_vec(),
            departments: staff::departments(seed),
            staff,
            on_call,
            directory,
            patients,
            wards,
            care_teams,
            conversations: Vec::new(),
            devices: Vec::new(),
            bought: fleet::bought(),
            lists: fleet::lists(now_ms),
        };
        hospital.conversations = scripts::conversations(&hospital, seed, now_ms);
        hospital.devices = fleet::devices(&hospital.staff, now_ms);
        hospital
    }

    /// A person by user name.
    pub fn staff_member(&self, username: &str) -> Option<&StaffMember> {
        self.staff.iter().find(|person| person.username == username)
    }

    /// Every FHIR resource: the directory, then chart by chart.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.directory
            .iter()
            .chain(self.patients.iter().flat_map(|chart| &chart.resources))
    }
}

/// The resources that charts refer to.
fn directory(
    seed: u64,
    facilities: &[Facility],
    staff: &[StaffMember],
    beds: &BTreeMap<&str, usize>,
) -> Vec<Resource> {
    let mut out = Vec::new();
    for facility in facilities {
        out.push(checked(json!({
            "resourceType": "Organization",
            "id": facility.id.to_string(),
            "meta": test_data(),
            "active": true,
            "name": facility.name,
            "address": [{"city": facility.city}],
        })));
    }
    for (ward, count) in beds {
        let site = SCENARIOS
            .iter()
            .find(|s| s.ward == *ward)
            .map(|s| s.facility);
        let organization = facilities
            .iter()
            .find(|f| Some(f.slug.as_str()) == site)
            .map(|f| json!({"reference": format!("Organization/{}", f.id)}));
        let place = |id: &str, name: &str, kind: &str| {
            json!({
                "resourceType": "Location",
                "id": id,
                "meta": test_data(),
                "status": "active",
                "name": name,
                "physicalType": {"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/location-physical-type",
                    "code": kind,
                }]},
                "managingOrganization": organization,
            })
        };
        let ward_location = ward_id(seed, ward);
        out.push(checked(place(&ward_location, ward, "wa")));
        for bed in 1..=*count {
            let mut location = place(&bed_id(seed, ward, bed), &format!("Bed {bed}"), "bd");
            location["partOf"] = json!({"reference": format!("Location/{ward_location}")});
            out.push(checked(location));
        }
    }
    for person in staff {
        let (given, family) = person.name.split_once(' ').unwrap_or(("", &person.name));
        out.push(checked(json!({
            "resourceType": "Practitioner",
            "id": person.id.to_string(),
            "meta": test_data(),
            "active": true,
            "identifier": [
                {"system": format!("{MRN_SYSTEM}.9"), "value": person.username},
                {"system": SIGN_IN, "value": person.username},
            ],
            "name": [{"family": family, "given": [given]}],
            "qualification": [{"code": {"text": person.title}}],
        })));
    }
    out
}

/// Who works on the wards where somebody lies.
fn wards(facilities: &[Facility], beds: &BTreeMap<&str, usize>) -> Vec<WardOf> {
    let of = |ward: &&str| {
        let here = SCENARIOS.iter().filter(|scenario| scenario.ward == *ward);
        let departments: BTreeSet<&str> = here.clone().map(|it| it.department).collect();
        let slug = here.map(|it| it.facility).next();
        let facility = facilities
            .iter()
            .find(|it| Some(it.slug.as_str()) == slug)?;
        Some(WardOf {
            ward: (*ward).to_owned(),
            facility: facility.name.clone(),
            departments: departments.into_iter().map(str::to_owned).collect(),
        })
    };
    beds.keys().filter_map(of).collect()
}

/// Resources are PHI by type and do not serialise by themselves; these are synthetic.
fn as_json<S: Serializer>(resources: &[Resource], serializer: S) -> Result<S::Ok, S::Error> {
    let mut out = serializer.serialize_seq(Some(resources.len()))?;
    for resource in resources {
        out.serialize_element(&resource.json())?;
    }
    out.end()
}
