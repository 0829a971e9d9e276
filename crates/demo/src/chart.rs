//! One patient's chart: FHIR R4 resources that tell one story.

use serde_json::{Value, json};
use time::{Date, Duration, Month, OffsetDateTime};
use wardline_fhir::Resource;
use wardline_model::PatientId;

use crate::notes;
use crate::rng::{Rng, uuid};
use crate::scenarios::{Report, Scenario};
use crate::terms::{
    ALLERGIES, AllergyTerm, Analyte, BACKGROUNDS, Background, DIASTOLIC, Drug, HBA1C, HEART_RATE,
    HEMOGLOBIN, NO_KNOWN_ALLERGY, OXYGEN_SATURATION, PANELS, Problem, RESPIRATORY_RATE, SYSTOLIC,
    TEMPERATURE, WEIGHT,
};
use crate::{CareTeam, Chart, Readiness, StaffMember};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";
const TERMINOLOGY: &str = "http://terminology.hl7.org/CodeSystem";

/// Where and for whom a chart is made.
pub(crate) struct Admission<'a> {
    pub(crate) seed: u64,
    pub(crate) now_ms: u64,
    /// Which patient of the hospital, from 0; labels its ids.
    pub(crate) number: usize,
    pub(crate) scenario: &'static Scenario,
    pub(crate) name: (&'static str, &'static str, &'static str),
    pub(crate) bed: usize,
    pub(crate) staff: &'a [StaffMember],
}

/// Makes the chart and the team that cares for the patient.
pub(crate) fn admit(admission: &Admission<'_>) -> (Chart, CareTeam) {
    let Admission {
        seed,
        number,
        scenario,
        ..
    } = *admission;
    let rng = Rng::fork(seed, &format!("patient/{number}"));
    let mut writer = Writer {
        admission,
        patient: uuid(seed, &format!("patient/{number}/patient")).to_string(),
        encounter: uuid(seed, &format!("patient/{number}/encounter")).to_string(),
        team: Team::of(
            admission.staff,
            scenario,
            &mut Rng::fork(seed, &format!("team/{number}")),
        ),
        rng,
        admitted_ms: 0,
        resources: Vec::new(),
    };
    writer.chart();

    let patient_id = patient_id(&writer.patient);
    let members = writer.team.members();
    let chart = Chart {
        patient_id: patient_id.clone(),
        scenario: scenario.key.to_owned(),
        resources: writer.resources,
    };
    (
        chart,
        CareTeam {
            patient_id,
            members,
        },
    )
}

/// The id of a ward's Location.
pub(crate) fn ward_id(seed: u64, ward: &str) -> String {
    uuid(seed, &format!("ward/{ward}")).to_string()
}

/// The id of a bed's Location.
pub(crate) fn bed_id(seed: u64, ward: &str, bed: usize) -> String {
    uuid(seed, &format!("bed/{ward}/{bed}")).to_string()
}

/// Checks what was generated.
#[expect(
    clippy::expect_used,
    reason = "generated here, and tested by importing every resource"
)]
pub(crate) fn checked(json: Value) -> Resource {
    // Every shape below is written out in this crate; no input reaches it.
    Resource::new(json).expect("a generated resource is valid FHIR")
}

#[expect(clippy::expect_used, reason = "a UUID's text is a FHIR id")]
fn patient_id(text: &str) -> PatientId {
    // 36 characters out of hexadecimal digits and dashes.
    text.parse().expect("a UUID is a patient id")
}

/// Marks a resource as test data (HL7 v3 ActReason `HTEST`).
pub(crate) fn test_data() -> Value {
    json!({"tag": [{"system": format!("{TERMINOLOGY}/v3-ActReason"), "code": "HTEST", "display": "test health data"}]})
}

/// A moment as a FHIR `dateTime`, to the second, in UTC.
pub(crate) fn date_time(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1000).unwrap_or(0);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (h, m, s) = at.to_hms();
    format!("{}T{h:02}:{m:02}:{s:02}Z", at.date())
}

/// Who cares for one patient, each once.
struct Team {
    attending: String,
    attending_id: String,
    attending_name: String,
    others: Vec<String>,
}

impl Team {
    fn of(staff: &[StaffMember], scenario: &Scenario, rng: &mut Rng) -> Self {
        let of = |department: &str, role: &str| -> Vec<&StaffMember> {
            staff
                .iter()
                .filter(|p| p.department == department && p.has_role(role))
                .collect()
        };
        let here = scenario.department;
        // Residents go with their attending; they are not one.
        let (residents, physicians): (Vec<_>, Vec<_>) = of(here, "physician")
            .into_iter()
            .partition(|p| p.title == "Resident");
        let attending = rng.pick(&physicians);
        let mut others: Vec<&StaffMember> = residents;
        others.extend(of(here, "nurse"));
        others.extend(of(here, "charge_nurse"));
        // Charts were reviewed by a pharmacist who is here now.
        let mut pharmacists = of("Pharmacy", "pharmacist");
        pharmacists.retain(|p| p.readiness == Readiness::Ready);
        others.push(*rng.pick(&pharmacists));
        if scenario.therapy {
            let therapists = of("Rehabilitation", "therapist");
            others.push(*rng.pick(&therapists));
        }
        Self {
            attending: attending.username.clone(),
            attending_id: attending.id.to_string(),
            attending_name: attending.name.clone(),
            others: others.into_iter().map(|p| p.username.clone()).collect(),
        }
    }

    fn members(&self) -> Vec<String> {
        std::iter::once(&self.attending)
            .chain(&self.others)
            .cloned()
            .collect()
    }

    fn reference(&self) -> Value {
        json!({"reference": format!("Practitioner/{}", self.attending_id), "display": self.attending_name})
    }
}

struct Writer<'a> {
    admission: &'a Admission<'a>,
    patient: String,
    encounter: String,
    team: Team,
    rng: Rng,
    admitted_ms: u64,
    resources: Vec<Resource>,
}

impl Writer<'_> {
    fn chart(&mut self) {
        let scenario = self.admission.scenario;
        let now = self.admission.now_ms / MINUTE * MINUTE;
        let days = u64::from(self.rng.between(scenario.stay.0, scenario.stay.1));
        let minutes = u64::from(self.rng.between(5 * 60, 20 * 60));
        self.admitted_ms = now.saturating_sub(days * DAY + minutes * MINUTE);

        let (gender, birth) = self.person();
        let age = wardline_fhir::date::utc_day(now)
            .and_then(|today| wardline_fhir::date::whole_years(birth, today))
            .unwrap_or(0);
        let allergies = self.allergies();
        let backgrounds = self.backgrounds(gender, age);

        let reasons = self.conditions(&backgrounds);
        self.encounter(&reasons);
        self.code_status(age);
        self.medicines(&backgrounds, &allergies);
        let times = self.times(now);
        self.vitals(&times);
        self.weight();
        self.laboratory(
            &times,
            &Baseline {
                gender,
                backgrounds: &backgrounds,
            },
        );
        for report in scenario.reports {
            self.report(report);
        }
        self.care_plan(&reasons);
        self.notes();
    }

    fn id(&self, label: &str) -> String {
        uuid(
            self.admission.seed,
            &format!("patient/{}/{label}", self.admission.number),
        )
        .to_string()
    }

    fn subject(&self) -> Value {
        json!({"reference": format!("Patient/{}", self.patient)})
    }

    /// Adds a resource with what all of a chart have in common.
    fn push(&mut self, resource_type: &str, label: &str, mut body: Value) -> String {
        let id = if resource_type == "Encounter" {
            self.encounter.clone()
        } else {
            self.id(label)
        };
        body["resourceType"] = json!(resource_type);
        body["id"] = json!(id);
        body["meta"] = test_data();
        let about = if resource_type == "AllergyIntolerance" {
            "patient"
        } else {
            "subject"
        };
        body[about] = self.subject();
        let stay = json!({"reference": format!("Encounter/{}", self.encounter)});
        match resource_type {
            "Encounter" => {}
            "DocumentReference" => body["context"] = json!({"encounter": [stay]}),
            _ => body["encounter"] = stay,
        }
        self.resources.push(checked(body));
        format!("{resource_type}/{id}")
    }

    fn person(&mut self) -> (&'static str, Date) {
        let Admission {
            scenario,
            name: (family, female, male),
            number,
            ..
        } = *self.admission;
        let gender = scenario.gender.unwrap_or(if self.rng.chance(50) {
            "female"
        } else {
            "male"
        });
        let given = if gender == "female" { female } else { male };
        // Counted from a fixed day, so that a birthday does not move with the day of the demo.
        let age_days = i64::from(self.rng.between(scenario.age.0, scenario.age.1)) * 36525 / 100
            + i64::from(self.rng.between(0, 364));
        let birth = Date::from_calendar_date(2026, Month::January, 1)
            .ok()
            .and_then(|day| day.checked_sub(Duration::days(age_days)))
            .unwrap_or(Date::MIN);
        let mrn = 104_000 + number * 37 + self.rng.below(37);
        let street = *self.rng.pick(&STREETS);
        let house = self.rng.between(1, 240);
        let phone = self.rng.between(100, 199);
        self.resources.push(checked(json!({
            "resourceType": "Patient",
            "id": self.patient,
            "meta": test_data(),
            "active": true,
            "identifier": [{
                "use": "usual",
                "type": {"coding": [{"system": format!("{TERMINOLOGY}/v2-0203"), "code": "MR", "display": "Medical record number"}]},
                "system": MRN_SYSTEM,
                "value": format!("SB-{mrn}"),
            }],
            "name": [{"use": "official", "family": family, "given": [given]}],
            "gender": gender,
            "birthDate": birth.to_string(),
            "telecom": [{"system": "phone", "use": "home", "value": format!("555-0{phone}")}],
            "address": [{"use": "home", "line": [format!("{house} {street}")], "city": "Port Alder", "postalCode": "00042"}],
        })));
        (gender, birth)
    }

    fn allergies(&mut self) -> Vec<&'static AllergyTerm> {
        let scenario = self.admission.scenario;
        let may_have: Vec<&AllergyTerm> = ALLERGIES
            .iter()
            .filter(|a| {
                !a.forbids.iter().any(|drug| {
                    scenario.held.contains(drug) || scenario.medicines.iter().any(|m| m.0 == *drug)
                })
            })
            .filter(|a| !(scenario.contrast && a.name == "Iodinated contrast"))
            .collect();
        let count = match self.rng.between(0, 9) {
            0..=4 => 0,
            5..=8 => 1,
            _ => 2,
        };
        let chosen: Vec<&'static AllergyTerm> = self
            .rng
            .some(&may_have, count)
            .into_iter()
            .copied()
            .collect();
        let active = json!({"coding": [{"system": format!("{TERMINOLOGY}/allergyintolerance-clinical"), "code": "active"}]});
        let confirmed = json!({"coding": [{"system": format!("{TERMINOLOGY}/allergyintolerance-verification"), "code": "confirmed"}]});
        for allergy in &chosen {
            self.push(
                "AllergyIntolerance",
                &format!("allergy/{}", allergy.snomed),
                json!({
                    "clinicalStatus": active,
                    "verificationStatus": confirmed,
                    "type": "allergy",
                    "category": [allergy.category],
                    "criticality": allergy.criticality,
                    "code": concept(SNOMED, allergy.snomed, allergy.name),
                    "reaction": [{"manifestation": [{"text": allergy.reaction}]}],
                    "recordedDate": date_time(self.admitted_ms),
                }),
            );
        }
        if chosen.is_empty() {
            self.push(
                "AllergyIntolerance",
                "allergy/none",
                json!({
                    "clinicalStatus": active,
                    "verificationStatus": confirmed,
                    "code": concept(SNOMED, NO_KNOWN_ALLERGY, "No known allergy"),
                    "recordedDate": date_time(self.admitted_ms),
                }),
            );
        }
        chosen
    }

    fn backgrounds(&mut self, gender: &str, age: u32) -> Vec<&'static Background> {
        let scenario = self.admission.scenario;
        let may_have: Vec<&Background> = BACKGROUNDS
            .iter()
            .filter(|b| !scenario.problems.iter().any(|p| clash(p, b.problem)))
            .filter(|b| age >= b.from_age && (!b.men_only || gender == "male"))
            .collect();
        let count = usize::try_from(self.rng.between(1, 3)).unwrap_or(1);
        self.rng
            .some(&may_have, count)
            .into_iter()
            .copied()
            .collect()
    }

    /// Writes the conditions; the references of those that brought the patient in.
    fn conditions(&mut self, backgrounds: &[&Background]) -> Vec<String> {
        let scenario = self.admission.scenario;
        let mut reasons = Vec::new();
        for (problem, at) in scenario.problems.iter().zip(0..) {
            let years = u64::from(self.rng.between(2, 14));
            let before = if at > 0 && problem.long_standing() {
                years * 365 * DAY
            } else {
                u64::from(scenario.ill_before) * DAY
            };
            reasons.push(self.condition(problem, true, self.admitted_ms.saturating_sub(before)));
        }
        for background in backgrounds {
            let years = u64::from(self.rng.between(2, 14));
            let onset = self.admitted_ms.saturating_sub(years * 365 * DAY);
            self.condition(background.problem, false, onset);
        }
        reasons
    }

    fn condition(&mut self, problem: &Problem, here: bool, onset_ms: u64) -> String {
        let category = if here {
            "encounter-diagnosis"
        } else {
            "problem-list-item"
        };
        let mut code = concept(SNOMED, problem.snomed, problem.name);
        if let Some(codings) = code["coding"].as_array_mut() {
            codings.push(
                json!({"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": problem.icd10}),
            );
        }
        self.push("Condition", &format!("condition/{}", problem.snomed), json!({
            "clinicalStatus": {"coding": [{"system": format!("{TERMINOLOGY}/condition-clinical"), "code": "active"}]},
            "verificationStatus": {"coding": [{"system": format!("{TERMINOLOGY}/condition-ver-status"), "code": "confirmed"}]},
            "category": [{"coding": [{"system": format!("{TERMINOLOGY}/condition-category"), "code": category}]}],
            "code": code,
            "onsetDateTime": date_time(onset_ms),
            "recordedDate": date_time(self.admitted_ms),
        }))
    }

    fn encounter(&mut self, reasons: &[String]) {
        let Admission {
            seed,
            scenario,
            bed,
            ..
        } = *self.admission;
        let place = |id: String, display: String, kind: &str, words: &str| {
            json!({
                "location": {"reference": format!("Location/{id}"), "display": display},
                "status": "active",
                "physicalType": {"coding": [{"system": format!("{TERMINOLOGY}/location-physical-type"), "code": kind, "display": words}]},
            })
        };
        let observation = scenario.department == "Emergency";
        let (class, class_words) = if observation {
            ("OBSENC", "observation encounter")
        } else {
            ("IMP", "inpatient encounter")
        };
        let facility = crate::staff::facilities(seed)
            .into_iter()
            .find(|f| f.slug == scenario.facility)
            .map(|f| json!({"reference": format!("Organization/{}", f.id), "display": f.name}));
        let diagnosis: Vec<Value> = reasons
            .iter()
            .zip(1..)
            .map(|(reference, rank)| json!({"condition": {"reference": reference}, "rank": rank}))
            .collect();
        self.push("Encounter", "encounter", json!({
            "status": "in-progress",
            "class": {"system": format!("{TERMINOLOGY}/v3-ActCode"), "code": class, "display": class_words},
            "type": [{"text": scenario.admission}],
            "participant": [{
                "type": [{"coding": [{"system": format!("{TERMINOLOGY}/v3-ParticipationType"), "code": "ATND", "display": "attender"}]}],
                "individual": self.team.reference(),
            }],
            "period": {"start": date_time(self.admitted_ms)},
            "reasonCode": [{"text": scenario.problems[0].name}],
            "diagnosis": diagnosis,
            "location": [
                place(ward_id(seed, scenario.ward), scenario.ward.to_owned(), "wa", "Ward"),
                place(bed_id(seed, scenario.ward, bed), format!("Bed {bed}"), "bd", "Bed"),
            ],
            "serviceProvider": facility,
        }));
    }

    fn code_status(&mut self, age: u32) {
        let against = age >= 75 && self.rng.chance(self.admission.scenario.no_resuscitation);
        let (code, words) = match (against, self.rng.chance(50)) {
            (true, true) => ("304253006", "DNR / DNI"),
            (true, false) => ("304253006", "DNR"),
            (false, _) => ("304252001", "Full code"),
        };
        self.push("Condition", "code-status", json!({
            "clinicalStatus": {"coding": [{"system": format!("{TERMINOLOGY}/condition-clinical"), "code": "active"}]},
            "verificationStatus": {"coding": [{"system": format!("{TERMINOLOGY}/condition-ver-status"), "code": "confirmed"}]},
            "category": [{"text": "Code status"}],
            "code": concept(SNOMED, code, words),
            "recordedDate": date_time(self.admitted_ms + 2 * HOUR),
            "recorder": self.team.reference(),
        }));
    }

    fn medicines(&mut self, backgrounds: &[&Background], allergies: &[&AllergyTerm]) {
        let scenario = self.admission.scenario;
        for (drug, dose) in scenario.medicines {
            let done = dose.ends_with(" once") || dose.ends_with(" before incision");
            self.medicine(drug, dose, if done { "completed" } else { "active" });
        }
        let home = backgrounds.iter().filter_map(|b| b.medicine);
        for (drug, dose) in home {
            let given = scenario.medicines.iter().any(|m| m.0 == drug);
            let forbidden = allergies.iter().any(|a| a.forbids.contains(&drug));
            if !given && !forbidden {
                self.medicine(
                    drug,
                    dose,
                    if scenario.held.contains(&drug) {
                        "on-hold"
                    } else {
                        "active"
                    },
                );
            }
        }
        let of_home = |drug: &Drug| {
            backgrounds
                .iter()
                .any(|b| b.medicine.is_some_and(|m| m.0 == drug))
        };
        for (drug, dose) in HELD_AT_HOME {
            if scenario.held.contains(&drug) && !of_home(drug) {
                self.medicine(drug, dose, "on-hold");
            }
        }
    }

    fn medicine(&mut self, drug: &Drug, dose: &str, status: &str) {
        let words = format!("{} {dose}", drug.name);
        self.push("MedicationRequest", &format!("medicine/{}", drug.rxnorm), json!({
            "status": status,
            "intent": "order",
            "medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", drug.rxnorm, drug.name),
            "authoredOn": date_time(self.admitted_ms + HOUR),
            "requester": self.team.reference(),
            "dosageInstruction": [{"text": words}],
        }));
    }

    /// Admission, half way, and two to three hours ago, so that the last results are out by now.
    fn times(&mut self, now: u64) -> Vec<(u64, f64)> {
        let first = self.admitted_ms + 30 * MINUTE;
        let last = now
            .saturating_sub(u64::from(self.rng.between(105, 190)) * MINUTE)
            .max(first);
        let middle = first + (last - first) / 2 / (5 * MINUTE) * (5 * MINUTE);
        vec![(first, 0.0), (middle, 0.5), (last, 1.0)]
    }

    fn vitals(&mut self, times: &[(u64, f64)]) {
        let course = &self.admission.scenario.vitals;
        for (nth, (at, done)) in times.iter().enumerate() {
            let signs = [
                &HEART_RATE,
                &SYSTOLIC,
                &DIASTOLIC,
                &RESPIRATORY_RATE,
                &OXYGEN_SATURATION,
                &TEMPERATURE,
            ];
            let mut now = [0.0; 6];
            for (at, value) in now.iter_mut().enumerate() {
                let (from, to) = (course.admission[at], course.now[at]);
                *value = from + (to - from) * done;
                *value += signs[at].noise(*value) * self.rng.unit();
            }
            let [heart, systolic, diastolic, breaths, oxygen, temperature] = now;
            for (analyte, value) in [
                (&HEART_RATE, heart),
                (&RESPIRATORY_RATE, breaths),
                (&OXYGEN_SATURATION, oxygen.min(100.0)),
                (&TEMPERATURE, temperature),
            ] {
                self.observation(analyte, value, *at, nth, "vital-signs");
            }
            self.push(
                "Observation",
                &format!("pressure/{nth}"),
                json!({
                    "status": "final",
                    "category": category("vital-signs"),
                    "code": concept(LOINC, "85354-9", "Blood pressure"),
                    "effectiveDateTime": date_time(*at),
                    "component": [component(&SYSTOLIC, systolic), component(&DIASTOLIC, diastolic)],
                }),
            );
        }
    }

    fn weight(&mut self) {
        let kilograms = 74.0 + 22.0 * self.rng.unit();
        self.observation(
            &WEIGHT,
            kilograms,
            self.admitted_ms + HOUR,
            0,
            "vital-signs",
        );
    }

    fn laboratory(&mut self, times: &[(u64, f64)], baseline: &Baseline<'_>) {
        let courses = self.admission.scenario.labs;
        let of_analyte =
            |analyte: &Analyte| courses.iter().find(|c| c.analyte.loinc == analyte.loinc);
        for (nth, (at, done)) in times.iter().enumerate() {
            for panel in &PANELS {
                let mut results = Vec::new();
                for (analyte, healthy) in panel.analytes {
                    let usual = baseline.of(analyte, *healthy)
                        + analyte.spread() * self.steady(analyte.loinc).unit();
                    let value = of_analyte(analyte).map_or(usual, |c| {
                        // Someone whose kidneys were worse before is not better when ill.
                        let worse = if baseline.moves(analyte) {
                            usual
                        } else {
                            f64::MIN
                        };
                        (c.admission + (c.now - c.admission) * done).max(worse)
                    });
                    let value = value + analyte.noise(value) * self.rng.unit();
                    results.push(self.observation(analyte, value, *at, nth, "laboratory"));
                }
                self.panel(panel.loinc, panel.name, *at, nth, &results);
            }
            let in_a_panel = |analyte: &Analyte| {
                PANELS
                    .iter()
                    .any(|p| p.analytes.iter().any(|a| a.0.loinc == analyte.loinc))
            };
            for course in courses.iter().filter(|c| !in_a_panel(c.analyte)) {
                // What tells of the last three months is measured once a stay.
                if nth > 0 && course.analyte.loinc == HBA1C.loinc {
                    continue;
                }
                let value = course.admission + (course.now - course.admission) * done;
                let value = value + course.analyte.noise(value) * self.rng.unit();
                self.observation(course.analyte, value, *at, nth, "laboratory");
            }
        }
    }

    /// Draws that are the same whenever they are made: what is peculiar to this patient.
    fn steady(&self, label: &str) -> Rng {
        Rng::fork(
            self.admission.seed,
            &format!("patient/{}/usual/{label}", self.admission.number),
        )
    }

    fn observation(
        &mut self,
        analyte: &Analyte,
        value: f64,
        at: u64,
        nth: usize,
        kind: &str,
    ) -> String {
        let value = rounded(value, analyte.decimals);
        let mut body = json!({
            "status": "final",
            "category": category(kind),
            "code": concept(LOINC, analyte.loinc, analyte.name),
            "effectiveDateTime": date_time(at),
            "issued": date_time(at + 40 * MINUTE),
            "valueQuantity": quantity(analyte, value),
        });
        if kind == "laboratory" {
            body["referenceRange"] = json!([{
                "low": quantity(analyte, analyte.range.0),
                "high": quantity(analyte, analyte.range.1),
            }]);
        }
        if kind == "laboratory" || analyte.loinc != WEIGHT.loinc {
            body["interpretation"] = interpretation(analyte, value);
        }
        self.push(
            "Observation",
            &format!("observation/{}/{nth}", analyte.loinc),
            body,
        )
    }

    fn panel(&mut self, loinc: &str, name: &str, at: u64, nth: usize, results: &[String]) {
        let results: Vec<Value> = results.iter().map(|r| json!({"reference": r})).collect();
        self.push("DiagnosticReport", &format!("panel/{loinc}/{nth}"), json!({
            "status": "final",
            "category": [{"coding": [{"system": format!("{TERMINOLOGY}/v2-0074"), "code": "LAB", "display": "Laboratory"}]}],
            "code": concept(LOINC, loinc, name),
            "effectiveDateTime": date_time(at),
            "issued": date_time(at + 45 * MINUTE),
            "result": results,
        }));
    }

    fn report(&mut self, report: &Report) {
        let at = self.admitted_ms + u64::from(self.rng.between(40, 180)) * MINUTE;
        self.push("DiagnosticReport", &format!("report/{}", report.loinc), json!({
            "status": "final",
            "category": [{"coding": [{"system": format!("{TERMINOLOGY}/v2-0074"), "code": report.section}]}],
            "code": concept(LOINC, report.loinc, report.name),
            "effectiveDateTime": date_time(at),
            "issued": date_time(at + 50 * MINUTE),
            "conclusion": report.conclusion,
        }));
    }

    fn notes(&mut self) {
        for note in notes::of(self.admission.scenario.key) {
            let mut body = note.body(TERMINOLOGY, self.admission.scenario.plan);
            let at = self.admitted_ms + note.after * MINUTE;
            body["date"] = json!(date_time(at.min(self.admission.now_ms)));
            body["author"] = match note.author {
                Some(name) => json!([{"display": name}]),
                None => json!([self.team.reference()]),
            };
            self.push("DocumentReference", &format!("note/{}", note.key), body);
        }
    }

    fn care_plan(&mut self, addresses: &[String]) {
        let scenario = self.admission.scenario;
        let addresses: Vec<Value> = addresses.iter().map(|r| json!({"reference": r})).collect();
        let activities: Vec<Value> = scenario
            .activities
            .iter()
            .map(|text| json!({"detail": {"status": "in-progress", "description": text}}))
            .collect();
        self.push(
            "CarePlan",
            "plan",
            json!({
                "status": "active",
                "intent": "plan",
                "title": scenario.plan,
                "period": {"start": date_time(self.admitted_ms)},
                "author": self.team.reference(),
                "addresses": addresses,
                "activity": activities,
            }),
        );
    }
}

/// The `system` of the hospital's medical record numbers.
pub const MRN_SYSTEM: &str = "urn:oid:2.999.42.1";

/// What people took before an admission that now forbids it.
const HELD_AT_HOME: [(&Drug, &str); 3] = [
    (&crate::terms::LISINOPRIL, "20 mg by mouth once daily"),
    (&crate::terms::WARFARIN, "5 mg by mouth in the evening"),
    (&crate::terms::ASPIRIN, "81 mg by mouth once daily"),
];

const STREETS: [&str; 12] = [
    "Alder Street",
    "Quay Lane",
    "Harbour Road",
    "Lighthouse Row",
    "Mill Street",
    "Orchard Terrace",
    "Chapel Hill",
    "Ferry Road",
    "Juniper Close",
    "Market Square",
    "Saltmarsh Way",
    "Windmill Lane",
];

/// What a patient's blood looks like on a good day.
struct Baseline<'a> {
    gender: &'a str,
    backgrounds: &'a [&'a Background],
}

impl Baseline<'_> {
    /// The usual value of an analyte, given that of healthy people.
    fn of(&self, analyte: &Analyte, healthy: f64) -> f64 {
        let background = self
            .backgrounds
            .iter()
            .flat_map(|b| b.usual)
            .find(|(of, _)| of.loinc == analyte.loinc)
            .map(|(_, value)| *value);
        match background {
            Some(value) => value,
            None if analyte.loinc == HEMOGLOBIN.loinc && self.gender == "male" => healthy + 1.2,
            None => healthy,
        }
    }

    /// Whether a long-standing problem moves the analyte.
    fn moves(&self, analyte: &Analyte) -> bool {
        self.backgrounds
            .iter()
            .flat_map(|b| b.usual)
            .any(|(of, _)| of.loinc == analyte.loinc)
    }
}

/// Whether a background says again, or against, what a patient is here for.
fn clash(reason: &Problem, background: &Problem) -> bool {
    let kidney = |p: &Problem| p.icd10.starts_with("N17") || p.icd10.starts_with("N18");
    let diabetes = |p: &Problem| p.icd10.starts_with("E10") || p.icd10.starts_with("E11");
    reason.snomed == background.snomed
        || (kidney(reason) && kidney(background))
        || (diabetes(reason) && diabetes(background))
}

fn concept(system: &str, code: &str, words: &str) -> Value {
    json!({"coding": [{"system": system, "code": code, "display": words}], "text": words})
}

fn category(kind: &str) -> Value {
    json!([{"coding": [{"system": format!("{TERMINOLOGY}/observation-category"), "code": kind}]}])
}

fn quantity(analyte: &Analyte, value: f64) -> Value {
    json!({"value": value, "unit": analyte.unit, "system": UCUM, "code": analyte.ucum})
}

fn interpretation(analyte: &Analyte, value: f64) -> Value {
    let (code, words) = analyte.interpretation(value);
    json!([{"coding": [{"system": format!("{TERMINOLOGY}/v3-ObservationInterpretation"), "code": code, "display": words}]}])
}

fn component(analyte: &Analyte, value: f64) -> Value {
    let value = rounded(value, analyte.decimals);
    json!({
        "code": concept(LOINC, analyte.loinc, analyte.name),
        "valueQuantity": quantity(analyte, value),
        "interpretation": interpretation(analyte, value),
    })
}

fn rounded(value: f64, decimals: u8) -> f64 {
    let scale = 10_f64.powi(i32::from(decimals));
    (value * scale).round() / scale
}
