//! `POST /v1/canaries`: make a chart up, or let a synthetic record be a canary.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_fhir::Resource as Record;
use wardline_model::wire::looks::{CanaryInfo, CanaryMake, CanaryNew};
use wardline_model::wire::problem::Problem;
use wardline_model::{CanaryId, PatientId};
use wardline_policy::{Action, Resource};
use wardline_store::{NewCanary, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::canaries::{self, Said};
use crate::charts;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;

/// Makes a canary. Nothing but this list tells it from another chart; its event does not say which record
/// it is.
#[utoipa::path(
    post, path = "/v1/canaries", tag = "patients", request_body = CanaryMake,
    responses(
        (status = 201, body = CanaryInfo), (status = 400, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<CanaryMake>,
) -> Result<(StatusCode, Json<CanaryInfo>), Refusal> {
    let permit = app
        .decide(caller.asker(), Action::CanaryMake, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let canary_id = CanaryId::from_random(random());
    let by = caller.user();
    let info = change!(permit.kind(MADE), |tx, note| {
        note.put("canary", canary_id.to_string());
        let (said, made) = match &request {
            CanaryMake::New(new) => (made_up(tx, new, now_ms).await?, true),
            CanaryMake::Existing(of) => (existing(tx, &of.mrn, now_ms).await?, false),
        };
        let new = NewCanary {
            canary_id,
            patient: said.patient.clone(),
            said: serde_json::to_vec(&said).map_err(Refusal::internal)?.into(),
            made,
            made_by: by,
        };
        tx.create_canary(&new, now_ms).await?;
        let canary = tx.canary(canary_id).await?.ok_or(Refusal::NotFound)?;
        super::info(tx, &canary, &[]).await
    })?;
    Ok((StatusCode::CREATED, Json(info)))
}

async fn made_up(tx: &mut Tx, new: &CanaryNew, now_ms: u64) -> Result<Said, Refusal> {
    let fields = [
        ("new.given", &new.given, LONGEST),
        ("new.family", &new.family, LONGEST),
        ("new.mrn", &new.mrn, LONGEST_NUMBER),
    ];
    for (field, text, longest) in fields {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > longest {
            return Err(wrong(field, format!("1 to {longest} characters")));
        }
    }
    let number = "a number that no record has and nobody gets".to_owned();
    if !canaries::with_number(tx, &new.mrn).await?.is_empty() {
        return Err(wrong("new.mrn", number));
    }
    let neighbour = canaries::neighbour(tx, &new.ward).await?;
    let on = "a ward that a patient is on now, as the records call it";
    let neighbour = neighbour.ok_or_else(|| wrong("new.ward", on.to_owned()))?;
    let (patient, resources) = canaries::chart(new, &neighbour, now_ms)?;
    charts::put(tx, &resources, now_ms).await?;
    // A number of which nothing can be found is none.
    if canaries::with_number(tx, &new.mrn).await?.len() != 1 {
        return Err(wrong("new.mrn", number));
    }
    said(tx, patient, now_ms).await
}

async fn existing(tx: &mut Tx, mrn: &str, now_ms: u64) -> Result<Said, Refusal> {
    let found = canaries::with_number(tx, mrn).await?;
    let [record] = &found[..] else {
        let expected = "the number of one record".to_owned();
        return Err(wrong("existing.mrn", expected));
    };
    let patient: PatientId = record.id().parse().map_err(Refusal::internal)?;
    // Whoever is cared for, or spoken about, is somebody.
    let is_somebody =
        !tx.care_team(&patient).await?.is_empty() || !tx.groups_about(&patient).await?.is_empty();
    // A copy of another system's record goes when its time is over.
    let is_somebody = is_somebody || tx.ehr_copy(&patient).await?.is_some();
    if is_somebody || is_linked(record) || canaries::is_one(tx, &patient).await? {
        return Err(Refusal::Denied {
            code: "no_canary".to_owned(),
            advice: vec![
                "This record has a care team, conversations or other records that became part of it, or is \
                 a canary already. Take a synthetic one that nobody works with."
                    .to_owned(),
            ],
        });
    }
    said(tx, patient, now_ms).await
}

fn is_linked(record: &Record) -> bool {
    record.get("link").is_some()
}

async fn said(tx: &mut Tx, patient: PatientId, now_ms: u64) -> Result<Said, Refusal> {
    let named = charts::named(tx, &patient, now_ms).await?;
    let named = named.ok_or(Refusal::NotFound)?;
    let mut ward = None;
    for body in tx.resources_of(&patient, "Encounter", STAYS).await? {
        ward = ward.or(canaries::ward(&charts::parse(&body)?));
    }
    Ok(Said {
        patient,
        name: named.name,
        mrn: named.mrn,
        ward,
    })
}

fn wrong(field: &str, expected: String) -> Refusal {
    Refusal::InvalidBody {
        field: field.to_owned(),
        expected,
    }
}

const LONGEST: usize = 60;
const LONGEST_NUMBER: usize = 40;
const STAYS: u32 = 20;
const MADE: Kind = Kind::named("canary.made");
