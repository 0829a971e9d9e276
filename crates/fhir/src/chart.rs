//! A patient's chart for one screen of a phone, out of the resources that somebody may see.

use std::collections::HashMap;

use serde_json::Value;
use wardline_model::wire::chart::{
    ChartEncounter, ChartItem, ChartMedication, ChartPlan, ChartPoint, ChartReport, ChartSeries,
    MedicationState, PatientChart,
};

use crate::banner::{NotAPatient, banner, is_code_status, location};
use crate::date::unix_ms;
use crate::resource::{Reference, Resource, codings, list, words};

/// The types that a chart is made of.
pub const KINDS: [&str; 11] = [
    "Patient",
    "AllergyIntolerance",
    "CarePlan",
    "Condition",
    "DiagnosticReport",
    "Encounter",
    "Flag",
    "MedicationAdministration",
    "MedicationRequest",
    "Observation",
    "Procedure",
];

/// Makes the chart of a patient from resources of their record, in whatever order; those about
/// somebody else are left out. The care team and what is withheld are not in the resources.
///
/// # Errors
/// [`NotAPatient`] when the first argument is no Patient.
pub fn chart(
    patient: &Resource,
    resources: &[Resource],
    now_ms: u64,
) -> Result<PatientChart, NotAPatient> {
    let whose = patient.patient();
    let own: Vec<&Resource> = resources
        .iter()
        .filter(|resource| resource.patient() == whose && is_meant(resource))
        .collect();
    let of = |kind: &str| -> Vec<&Resource> {
        let mut all: Vec<&Resource> = own
            .iter()
            .copied()
            .filter(|resource| resource.resource_type() == kind)
            .collect();
        all.sort_by(|a, b| at(b).cmp(&at(a)).then_with(|| a.id().cmp(b.id())));
        all
    };
    let cloned = |all: &[&Resource]| all.iter().copied().cloned().collect::<Vec<Resource>>();
    let encounters = of("Encounter");
    let mut stays = encounters.iter().copied();
    let stay = stays.find(|stay| stay.status() == Some("in-progress"));
    let conditions = of("Condition");
    let observations = of("Observation");
    // A decision about resuscitation may be either.
    let mut decisions = cloned(&conditions);
    decisions.extend(
        observations
            .iter()
            .filter(|it| is_code_status(it))
            .copied()
            .cloned(),
    );
    let given = last_given(&of("MedicationAdministration"));
    Ok(PatientChart {
        source: None,
        banner: banner(
            patient,
            &cloned(&of("AllergyIntolerance")),
            stay,
            &decisions,
            now_ms,
        )?,
        because: None,
        care_team: Vec::new(),
        precautions: of("Flag")
            .into_iter()
            .filter(|flag| flag.status() == Some("active"))
            .map(item)
            .collect(),
        problems: conditions
            .into_iter()
            .filter(|condition| condition.is_active() && !is_code_status(condition))
            .map(item)
            .collect(),
        labs: series(&observations, "laboratory"),
        vitals: series(&observations, "vital-signs"),
        medications: medications(&of("MedicationRequest"), &given),
        reports: of("DiagnosticReport")
            .into_iter()
            .filter(|report| is_read(report))
            .take(MOST)
            .map(report)
            .collect(),
        procedures: of("Procedure").into_iter().take(MOST).map(item).collect(),
        plans: of("CarePlan")
            .into_iter()
            .filter(|plan| plan.status() == Some("active"))
            .map(plan)
            .collect(),
        encounters: encounters.into_iter().take(MOST).map(encounter).collect(),
        withheld: Vec::new(),
        in_part: false,
        cut: false,
    })
}

/// One entry, as a chart shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Single {
    /// What was measured.
    pub series: Vec<ChartSeries>,
    /// A medication.
    pub medication: Option<ChartMedication>,
    /// A report.
    pub report: Option<ChartReport>,
    /// Whatever else.
    pub item: Option<ChartItem>,
}

/// One entry of a record. `besides` are others of the same record, in whatever order: earlier values, for how
/// a value went, and administrations, for when a medication was given last.
pub fn single(entry: &Resource, besides: &[Resource]) -> Single {
    let whose = entry.patient();
    let own = |kind: &str| -> Vec<&Resource> {
        let mut all: Vec<&Resource> = besides
            .iter()
            .filter(|it| it.resource_type() == kind && it.patient() == whose && is_meant(it))
            .collect();
        all.sort_by(|a, b| at(b).cmp(&at(a)).then_with(|| a.id().cmp(b.id())));
        all
    };
    let mut single = Single::default();
    match entry.resource_type() {
        "Observation" => {
            let alone = measured(&[entry]);
            let mut all = own("Observation");
            if all.is_empty() {
                all.push(entry);
            }
            single.series = measured(&all);
            single
                .series
                .retain(|series| alone.iter().any(|it| it.code == series.code));
            if single.series.len() < alone.len() {
                single.series = alone;
            }
        }
        "MedicationRequest" => {
            let given = last_given(&own("MedicationAdministration"));
            single.medication = medications(&[entry], &given).pop();
        }
        "DiagnosticReport" => single.report = Some(report(entry)),
        _ => {}
    }
    let is_shown =
        !single.series.is_empty() || single.medication.is_some() || single.report.is_some();
    if !is_shown {
        single.item = Some(item(entry));
    }
    single
}

/// Values of both categories that a chart shows.
fn measured(observations: &[&Resource]) -> Vec<ChartSeries> {
    let mut all = series(observations, "laboratory");
    all.extend(series(observations, "vital-signs"));
    all
}

/// Whether it is meant: what was entered in error is nobody's to see in a chart.
pub fn is_meant(resource: &Resource) -> bool {
    resource.status() != Some("entered-in-error")
}

fn at(resource: &Resource) -> Option<u64> {
    resource.when().and_then(unix_ms)
}

fn item(resource: &Resource) -> ChartItem {
    let clinical = resource
        .get("clinicalStatus")
        .and_then(|status| codings(status).find_map(|coding| coding.code));
    ChartItem {
        id: resource.id().to_owned(),
        name: name(resource),
        at: at(resource),
        status: resource.status().or(clinical).map(str::to_owned),
    }
}

fn name(resource: &Resource) -> String {
    resource.title().unwrap_or("Not named").to_owned()
}

/// Values of a category, by what was measured. A measurement of several components, such as a blood
/// pressure, is a series for each.
fn series(observations: &[&Resource], category: &str) -> Vec<ChartSeries> {
    let mut order: Vec<String> = Vec::new();
    let mut all: HashMap<String, ChartSeries> = HashMap::new();
    for observation in observations {
        if !crate::view::categories(observation).contains(category) {
            continue;
        }
        let whole = observation.json();
        let parts: Vec<&Value> = list(whole.get("component")).collect();
        let measured = if parts.is_empty() {
            vec![&whole]
        } else {
            parts
        };
        for part in measured {
            let Some(concept) = part.get("code") else {
                continue;
            };
            let name = words(concept).unwrap_or("Not named").to_owned();
            let code = codings(concept).find_map(|coding| coding.code);
            let code = code.map_or_else(|| name.clone(), str::to_owned);
            let Some(point) = point(observation, part) else {
                continue;
            };
            let unit = part
                .get("valueQuantity")
                .and_then(|it| it.get("unit").or_else(|| it.get("code")))
                .and_then(Value::as_str);
            // The latest comes first, so its name, unit and range are the series'.
            let series = all.entry(code.clone()).or_insert_with(|| {
                order.push(code.clone());
                let (low, high) = range(part);
                ChartSeries {
                    code,
                    name,
                    unit: unit.map(str::to_owned),
                    low,
                    high,
                    points: Vec::new(),
                }
            });
            if series.unit.as_deref() == unit && series.points.len() < MOST_POINTS {
                series.points.push(point);
            }
        }
    }
    order.truncate(MOST_SERIES);
    order.iter().filter_map(|code| all.remove(code)).collect()
}

fn point(observation: &Resource, part: &Value) -> Option<ChartPoint> {
    let number = part.get("valueQuantity").and_then(|it| it.get("value"));
    let text = match number {
        Some(number) => exact(number.to_string(), part.get("valueQuantity")),
        None => value_in_words(part)?,
    };
    let flag = list(part.get("interpretation"))
        .flat_map(codings)
        .find_map(|coding| coding.code);
    Some(ChartPoint {
        id: observation.id().to_owned(),
        at: at(observation),
        value: number.and_then(Value::as_f64),
        text,
        flag: flag.filter(|flag| *flag != "N").map(str::to_owned),
        status: observation.status().unwrap_or("unknown").to_owned(),
    })
}

/// A number with as many decimals as were measured, where the quantity says how many.
fn exact(mut text: String, quantity: Option<&Value>) -> String {
    let extensions = quantity.and_then(|it| it.get("_value")?.get("extension"));
    let decimals = list(extensions)
        .find(|it| it["url"] == PRECISION)
        .and_then(|it| it["valueInteger"].as_u64())
        .and_then(|it| usize::try_from(it).ok())
        .filter(|decimals| *decimals <= MOST_DECIMALS);
    let Some(decimals) = decimals.filter(|_| !text.contains('e')) else {
        return text;
    };
    let there = text.split_once('.').map_or(0, |(_, behind)| behind.len());
    if there == 0 && decimals > 0 {
        text.push('.');
    }
    text.extend(std::iter::repeat_n('0', decimals.saturating_sub(there)));
    text
}

fn value_in_words(part: &Value) -> Option<String> {
    let concept = part.get("valueCodeableConcept").and_then(words);
    let text = part.get("valueString").and_then(Value::as_str);
    let whole = part.get("valueInteger").map(ToString::to_string);
    let missing = part.get("dataAbsentReason").and_then(words);
    concept
        .or(text)
        .map(str::to_owned)
        .or(whole)
        .or_else(|| missing.map(str::to_owned))
}

fn range(part: &Value) -> (Option<f64>, Option<f64>) {
    let range = list(part.get("referenceRange")).next();
    let end = |name: &str| range?.get(name)?.get("value")?.as_f64();
    (end("low"), end("high"))
}

/// When each order, and each medicine, was given last.
fn last_given(administrations: &[&Resource]) -> HashMap<String, u64> {
    let mut given: HashMap<String, u64> = HashMap::new();
    for one in administrations {
        let is_given = matches!(one.status(), Some("completed" | "in-progress"));
        let Some(at) = at(one).filter(|_| is_given) else {
            continue;
        };
        let order = one.get("request").and_then(Reference::of);
        let order = order.map(|order| order.id.to_owned());
        let medicine = one.codes().filter_map(|coding| coding.code);
        for key in order.into_iter().chain(medicine.map(str::to_owned)) {
            let last = given.entry(key).or_default();
            *last = at.max(*last);
        }
    }
    given
}

fn medications(requests: &[&Resource], given: &HashMap<String, u64>) -> Vec<ChartMedication> {
    let mut all: Vec<ChartMedication> = requests
        .iter()
        .map(|request| {
            let dose =
                list(request.get("dosageInstruction")).find_map(|dose| dose.get("text")?.as_str());
            let medicine = request.codes().filter_map(|coding| coding.code);
            let last = std::iter::once(request.id()).chain(medicine);
            ChartMedication {
                id: request.id().to_owned(),
                name: name(request),
                dose: dose.map(str::to_owned),
                state: match request.status() {
                    Some("active") => MedicationState::Active,
                    Some("on-hold") => MedicationState::Held,
                    _ => MedicationState::Ended,
                },
                since: at(request),
                last_given: last.filter_map(|key| given.get(key).copied()).max(),
            }
        })
        .collect();
    all.sort_by_key(|it| match it.state {
        MedicationState::Active => 0,
        MedicationState::Held => 1,
        MedicationState::Ended => 2,
    });
    // What ended is history: as much as one looks at.
    let in_force = all
        .iter()
        .filter(|it| it.state != MedicationState::Ended)
        .count();
    all.truncate(in_force + MOST);
    all
}

/// Whether a report says something by itself, as panels of the laboratory do not: their results are
/// shown.
fn is_read(report: &Resource) -> bool {
    report.text("conclusion").is_some() || section(report).is_none_or(|section| section != "LAB")
}

fn section(report: &Resource) -> Option<&str> {
    list(report.get("category"))
        .flat_map(codings)
        .find_map(|coding| coding.code)
}

fn report(report: &Resource) -> ChartReport {
    ChartReport {
        id: report.id().to_owned(),
        name: name(report),
        at: at(report),
        status: report.status().unwrap_or("unknown").to_owned(),
        conclusion: report.text("conclusion").map(str::to_owned),
        section: section(report).map(str::to_owned),
    }
}

fn plan(plan: &Resource) -> ChartPlan {
    let categories = list(plan.get("category")).filter_map(words);
    let title = plan.text("title").map(str::to_owned);
    let of_category = categories.last().map(str::to_owned);
    let activities = list(plan.get("activity")).filter_map(|activity| {
        let detail = activity.get("detail")?;
        let said = detail.get("description").and_then(Value::as_str);
        said.or_else(|| detail.get("code").and_then(words))
    });
    ChartPlan {
        id: plan.id().to_owned(),
        name: title
            .or(of_category)
            .unwrap_or_else(|| "Care plan".to_owned()),
        activities: activities.map(str::to_owned).collect(),
    }
}

fn encounter(encounter: &Resource) -> ChartEncounter {
    let end = |name: &str| unix_ms(encounter.get("period")?.get(name)?.as_str()?);
    ChartEncounter {
        id: encounter.id().to_owned(),
        name: encounter.title().map(str::to_owned),
        status: encounter.status().unwrap_or("unknown").to_owned(),
        from: end("start"),
        to: end("end"),
        location: location(encounter),
    }
}

/// R4's extension with the decimals of a quantity's number.
pub const PRECISION: &str = "http://hl7.org/fhir/StructureDefinition/quantity-precision";
/// More decimals than this nothing measures.
const MOST_DECIMALS: usize = 15;
/// Reports, procedures, encounters and ended medications that one screen shows.
const MOST: usize = 20;
/// Series of a kind.
const MOST_SERIES: usize = 40;
/// Values of one series.
const MOST_POINTS: usize = 12;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::banner::SNOMED;

    fn resource(kind: &str, id: &str, mut body: Value) -> Resource {
        body["resourceType"] = kind.into();
        body["id"] = id.into();
        let whose = if kind == "AllergyIntolerance" {
            "patient"
        } else {
            "subject"
        };
        if kind != "Patient" && body.get(whose).is_none() {
            body[whose] = json!({"reference": "Patient/p1"});
        }
        Resource::new(body).unwrap()
    }

    fn lab(id: &str, day: &str, value: f64, flag: &str) -> Resource {
        resource(
            "Observation",
            id,
            json!({"status": "final",
            "category": [{"coding": [{"code": "laboratory"}]}],
            "code": {"coding": [{"code": "2823-3", "display": "Potassium"}]},
            "effectiveDateTime": format!("{day}T08:00:00Z"),
            "interpretation": [{"coding": [{"code": flag}]}],
            "valueQuantity": {"value": value, "unit": "mmol/L"},
            "referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5.1}}]}),
        )
    }

    #[test]
    fn a_value_has_the_decimals_that_were_measured() {
        let text = |value: Value, decimals: u64| {
            let mut whole = lab("k", "2026-03-01", 1.0, "N").json();
            whole["valueQuantity"]["value"] = value;
            whole["valueQuantity"]["_value"] =
                json!({"extension": [{"url": PRECISION, "valueInteger": decimals}]});
            let one = single(&Resource::new(whole).unwrap(), &[]);
            one.series[0].points[0].text.clone()
        };
        assert_eq!(text(json!(6.8), 2), "6.80");
        assert_eq!(text(json!(6), 1), "6.0");
        assert_eq!(text(json!(6.875), 2), "6.875");
        assert_eq!(text(json!(6.8), 1_000_000), "6.8");
    }

    #[test]
    fn a_single_value_stands_alone_or_with_how_it_went() {
        let latest = lab("k3", "2026-03-03", 6.8, "HH");
        let alone = single(&latest, &[]);
        assert_eq!(alone.series.len(), 1);
        assert_eq!(alone.series[0].points.len(), 1);
        assert_eq!(alone.series[0].points[0].text, "6.8");
        let mut sodium = lab("na", "2026-03-02", 140.0, "N").json();
        sodium["code"] = json!({"coding": [{"code": "2951-2", "display": "Sodium"}]});
        let mut error = lab("k0", "2026-03-02", 9.9, "HH").json();
        error["status"] = "entered-in-error".into();
        let record = [
            lab("k1", "2026-03-01", 4.2, "N"),
            latest.clone(),
            Resource::new(sodium).unwrap(),
            Resource::new(error).unwrap(),
        ];
        let went = single(&latest, &record);
        assert_eq!(went.series.len(), 1);
        let texts: Vec<&str> = went.series[0]
            .points
            .iter()
            .map(|it| it.text.as_str())
            .collect();
        assert_eq!(texts, ["6.8", "4.2"]);
        assert!(went.item.is_none());
    }

    #[test]
    fn a_single_entry_of_another_type_is_shown_as_what_it_is() {
        let order = resource(
            "MedicationRequest",
            "m2",
            json!({"status": "active", "intent": "order", "medicationCodeableConcept": {"text": "Furosemide"}}),
        );
        let given = resource(
            "MedicationAdministration",
            "g1",
            json!({"status": "completed", "request": {"reference": "MedicationRequest/m2"},
                "effectiveDateTime": "2026-03-03T06:00:00Z"}),
        );
        let medication = single(&order, &[given]).medication.unwrap();
        assert_eq!(medication.name, "Furosemide");
        assert!(medication.last_given.is_some());
        let panel = json!({"status": "final", "category": [{"coding": [{"code": "LAB"}]}], "code": {"text": "Panel"}});
        let report = single(&resource("DiagnosticReport", "r", panel), &[]).report;
        assert_eq!(report.unwrap().name, "Panel");
        let problem = resource(
            "Condition",
            "c1",
            json!({"code": {"text": "Heart failure"}}),
        );
        assert_eq!(single(&problem, &[]).item.unwrap().name, "Heart failure");
    }

    #[test]
    fn one_answer_has_what_the_first_screen_shows() {
        let patient = resource("Patient", "p1", json!({"name": [{"family": "Quigley"}]}));
        let record = [
            lab("k1", "2026-03-01", 4.2, "N"),
            lab("k3", "2026-03-03", 6.8, "HH"),
            lab("k2", "2026-03-02", 5.6, "H"),
            resource(
                "Observation",
                "bp",
                json!({"status": "final",
                "category": [{"coding": [{"code": "vital-signs"}]}], "code": {"text": "Blood pressure"},
                "component": [
                    {"code": {"coding": [{"code": "8480-6", "display": "Systolic"}]}, "valueQuantity": {"value": 142, "unit": "mmHg"}},
                    {"code": {"coding": [{"code": "8462-4", "display": "Diastolic"}]}, "valueQuantity": {"value": 88, "unit": "mmHg"}}]}),
            ),
            resource(
                "MedicationRequest",
                "m1",
                json!({"status": "on-hold", "intent": "order",
                "medicationCodeableConcept": {"text": "Apixaban"}}),
            ),
            resource(
                "MedicationRequest",
                "m2",
                json!({"status": "active", "intent": "order",
                "medicationCodeableConcept": {"text": "Furosemide"},
                "dosageInstruction": [{"text": "40 mg twice a day"}]}),
            ),
            resource(
                "MedicationAdministration",
                "g1",
                json!({"status": "completed",
                "request": {"reference": "MedicationRequest/m2"},
                "effectiveDateTime": "2026-03-03T06:00:00Z"}),
            ),
            resource(
                "Condition",
                "c1",
                json!({"code": {"text": "Heart failure"}}),
            ),
            resource(
                "Condition",
                "c2",
                json!({"code": {"coding": [{"system": SNOMED, "code": "304253006"}]}}),
            ),
            resource(
                "Condition",
                "c3",
                json!({"code": {"text": "Somebody else's"},
                "subject": {"reference": "Patient/p2"}}),
            ),
            resource(
                "DiagnosticReport",
                "r1",
                json!({"status": "final", "code": {"text": "Chest X-ray"},
                "conclusion": "Effusion."}),
            ),
            resource(
                "Procedure",
                "x",
                json!({"status": "entered-in-error", "code": {"text": "Wrong"}}),
            ),
        ];
        let seen = chart(&patient, &record, 0).unwrap();
        let potassium = &seen.labs[0];
        assert_eq!((potassium.low, potassium.high), (Some(3.5), Some(5.1)));
        let texts: Vec<&str> = potassium.points.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(texts, ["6.8", "5.6", "4.2"]);
        assert_eq!(potassium.points[0].flag.as_deref(), Some("HH"));
        assert_eq!(potassium.points[2].flag, None);
        let vitals: Vec<&str> = seen.vitals.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(vitals, ["Systolic", "Diastolic"]);
        assert_eq!(seen.medications[0].name, "Furosemide");
        assert!(seen.medications[0].last_given.is_some());
        assert_eq!(seen.medications[1].state, MedicationState::Held);
        let problems: Vec<&str> = seen.problems.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(problems, ["Heart failure"]);
        assert_eq!(seen.banner.code_status.as_deref(), Some("DNR"));
        assert_eq!(seen.reports.len(), 1);
        assert!(seen.procedures.is_empty());
    }
}
