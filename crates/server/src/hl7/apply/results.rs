//! ORU^R01 into reports and observations, ORM and OML into orders.

use serde_json::{Value, json};
use wardline_fhir::Resource;
use wardline_hl7::event::{Orders, Results};
use wardline_hl7::time::Stamp;
use wardline_store::Tx;

use super::{FreshResult, Ids, News, Plan, Unfit, known, resources};
use crate::app::App;
use crate::problem::Refusal;

/// Plans what results do.
pub(super) async fn plan(
    app: &App,
    tx: &mut Tx,
    results: &Results,
    at: u64,
    plan: &mut Plan,
) -> Result<Result<(), Unfit>, Refusal> {
    let id = match known(app, tx, &results.patient).await? {
        Ok((id, _)) => id,
        Err(unfit) => return Ok(Err(unfit)),
    };
    plan.patients.push(id.clone());
    for (report_index, report) in results.reports.iter().enumerate() {
        let service = report
            .service
            .code
            .as_deref()
            .or(report.service.words.as_deref());
        // The laboratory's number names a report. Without one the order's does, with what was examined
        // and when.
        let taken = report.taken_at.map(|at| at.date_time()).unwrap_or_default();
        let key = match (&report.filler, &report.placer) {
            (Some(filler), _) => ["filler", filler.as_str(), service.unwrap_or_default(), ""],
            (None, Some(placer)) => ["placer", placer.as_str(), service.unwrap_or_default(), ""],
            (None, None) => ["none", "", service.unwrap_or_default(), &taken],
        };
        let mut parts = vec![id.as_str()];
        parts.extend(key);
        let report_id = Ids(app).of("report", &parts);
        let mut members: Vec<String> = Vec::new();
        for (index, observation) in report.observations.iter().enumerate() {
            let code = observation
                .code
                .code
                .as_deref()
                .or(observation.code.words.as_deref());
            let code = code.unwrap_or_default();
            let sub = observation.sub_id.as_deref().unwrap_or_default();
            // Lines of one text under one code are told apart by their order.
            let before = report.observations[..index].iter().filter(|other| {
                other.code == observation.code && other.sub_id == observation.sub_id
            });
            let nth = before.count().to_string();
            let own_id = Ids(app).of("observation", &[&report_id, code, sub, &nth]);
            members.push(own_id.clone());
            let news = plan.news(tx, format!("result {own_id}"), at).await?;
            if news != News::Old {
                plan.results.push(FreshResult {
                    id: own_id.clone(),
                    report_id: report_id.clone(),
                    report: report_index,
                    observation: index,
                    is_first: news == News::First,
                });
                let json = resources::observation(&own_id, &id, report, observation);
                match Resource::new(json) {
                    Ok(resource) => plan.resources.push(resource),
                    Err(_) => {
                        return Ok(Err(Unfit::at("OBX", "a result cannot be written as FHIR")));
                    }
                }
            }
        }
        if plan.is_news(tx, format!("report {report_id}"), at).await? {
            let known = tx.resource("DiagnosticReport", &report_id).await?;
            let before = known
                .map(|body| Resource::from_slice(body.expose()))
                .transpose()
                .map_err(Refusal::internal)?;
            let json = resources::report(&report_id, &id, report, &members, before.as_ref());
            match Resource::new(json) {
                Ok(resource) => plan.resources.push(resource),
                Err(_) => {
                    return Ok(Err(Unfit::at(
                        "OBR",
                        "the report cannot be written as FHIR",
                    )));
                }
            }
        }
    }
    Ok(Ok(()))
}

/// Plans what orders do.
pub(super) async fn plan_orders(
    app: &App,
    tx: &mut Tx,
    orders: &Orders,
    at: u64,
    plan: &mut Plan,
) -> Result<Result<(), Unfit>, Refusal> {
    let id = match known(app, tx, &orders.patient).await? {
        Ok((id, _)) => id,
        Err(unfit) => return Ok(Err(unfit)),
    };
    plan.patients.push(id.clone());
    for order in &orders.orders {
        let own_id = match (&order.placer, &order.filler) {
            (Some(placer), _) => Ids(app).of("order", &[id.as_str(), "placer", placer]),
            (None, Some(filler)) => {
                // Whoever does the work may know it by its own number only.
                let number = format!("{FILLER}|{}", filler.trim().to_uppercase());
                let found = tx
                    .search_exact("ServiceRequest", "identifier", &number, 8)
                    .await?;
                let mut of_patient = None;
                for body in &found {
                    let order = Resource::from_slice(body.expose()).map_err(Refusal::internal)?;
                    if order.patient().as_ref() == Some(&id) {
                        of_patient = Some(order.id().to_owned());
                    }
                }
                of_patient.unwrap_or_else(|| Ids(app).of("order", &[id.as_str(), "filler", filler]))
            }
            (None, None) => continue,
        };
        let changed_at = order.at.as_ref().map_or(at, Stamp::unix_ms).max(at);
        if !plan
            .is_news(tx, format!("order {own_id}"), changed_at)
            .await?
        {
            continue;
        }
        let known = tx.resource("ServiceRequest", &own_id).await?;
        let before = known
            .map(|body| Resource::from_slice(body.expose()))
            .transpose()
            .map_err(Refusal::internal)?;
        let mut json = before.map_or_else(
            || {
                json!({
                    "resourceType": "ServiceRequest", "id": own_id, "intent": "order",
                    "subject": { "reference": format!("Patient/{}", id.as_str()) },
                })
            },
            Resource::into_json,
        );
        json["status"] = order.status.code().into();
        if let Some(service) = &order.service {
            json["code"] = resources::concept(service);
        }
        let is_known = json.get("code").is_some();
        if !is_known {
            // An order's state without the order: it is told by a later message what it is.
            json["code"] = json!({ "text": "Order not described" });
        }
        if let Some(at) = order.at {
            json["authoredOn"] = at.date_time().into();
        }
        if let Some(by) = &order.by {
            json["requester"] = resources::clinician(app, by);
        }
        if order.is_urgent {
            json["priority"] = "stat".into();
        }
        let mut identifiers: Vec<Value> = Vec::new();
        for (system, number) in [(PLACER, &order.placer), (FILLER, &order.filler)] {
            let known = json["identifier"].as_array().and_then(|list| {
                list.iter()
                    .find(|it| it["system"].as_str() == Some(system))
                    .cloned()
            });
            match number {
                Some(number) => identifiers.push(json!({ "system": system, "value": number })),
                None => identifiers.extend(known),
            }
        }
        json["identifier"] = identifiers.into();
        match Resource::new(json) {
            Ok(resource) => plan.resources.push(resource),
            Err(_) => return Ok(Err(Unfit::at("ORC", "the order cannot be written as FHIR"))),
        }
    }
    Ok(Ok(()))
}

const PLACER: &str = "urn:wardline:order:placer";
const FILLER: &str = "urn:wardline:order:filler";
