//! `POST /v1/patients/{id}/break-the-glass`: open the chart of a patient who is not one's own.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::glass::{GlassInfo, GlassRequest};
use wardline_model::wire::problem::Problem;
use wardline_model::{GlassId, PatientId};
use wardline_policy::{Action, Purpose, Scope};
use wardline_store::NewGlass;

use crate::app::App;
use crate::caller::Caller;
use crate::charts;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;
use crate::risk;
use crate::routes::glass::{self, words};
use crate::snooping;

/// Opens a patient's chart to the person for a while. It asks for a proof that is given for this one
/// act, and a privacy officer reviews it the same day.
///
/// What is asked of labelled notes is asked under it too; protected and very restricted ones open for
/// emergency treatment alone.
#[utoipa::path(
    post, path = "/v1/patients/{id}/break-the-glass", tag = "patients",
    params(("id" = PatientId, Path)), request_body = GlassRequest,
    responses(
        (status = 201, body = GlassInfo), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PatientId>,
    Body(request): Body<GlassRequest>,
) -> Result<(StatusCode, Json<GlassInfo>), Refusal> {
    let purpose: Purpose = request.purpose.parse().map_err(|_| Refusal::InvalidBody {
        field: "purpose".to_owned(),
        expected: "ETREAT, BTG, TREAT or COC (HL7 v3 PurposeOfUse)".to_owned(),
    })?;
    let reason = words(&request.reason, "reason")?;
    let mut facts = app.facts().await?;
    let now_ms = caller.asker().now_ms;
    let id = charts::current(&mut facts, id).await?;
    let resource = super::resource(&app, &mut facts, caller.user(), &id, now_ms).await?;
    drop(facts);
    let permit = app
        .decide(caller.asker(), Action::GlassBreak, resource)
        .await?;
    let minutes = app.config.glass.minutes;
    let new = NewGlass {
        grant_id: GlassId::from_random(random()),
        user_id: caller.user(),
        patient: id,
        purpose: purpose.as_str().to_owned(),
        reason,
        until_ms: now_ms + minutes * 60_000,
    };
    let session = caller.session();
    let scope = Scope::BreakTheGlass;
    let proven = caller.asker().session.as_ref();
    let proven = proven.is_some_and(|session| session.scopes.contains_key(&scope));
    let (info, noticed) = change!(permit.kind(BROKEN), |tx, note| {
        if charts::patient(tx, &new.patient, now_ms).await?.is_none() {
            return Err(Refusal::NotFound);
        }
        // The proof was for this one; of two requests with it the second comes too late.
        if proven && !tx.spend_scope(session, scope.as_str()).await? {
            return Err(Refusal::ChangedMeanwhile);
        }
        tx.create_glass(&new, now_ms).await?;
        note.put("glass", new.grant_id.to_string())
            .put("patient", new.patient.as_str())
            .put("purpose", purpose.as_str())
            .put("minutes", minutes);
        let grant = tx.glass(new.grant_id).await?.ok_or(Refusal::NotFound)?;
        let info = glass::info(tx, grant, true, now_ms).await?;
        let patient = &new.patient;
        let noticed = snooping::broke_glass(&app, tx, &caller, patient).await?;
        risk::raise_by_looks(&app, tx, &caller, noticed).await?;
        Ok((info, noticed))
    })?;
    snooping::tell(&app, noticed);
    Ok((StatusCode::CREATED, Json(info)))
}

const BROKEN: Kind = Kind::named("glass.broken");
