//! `POST /v1/glass/{id}/review`: say whether there was a reason to look.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::GlassId;
use wardline_model::wire::glass::{GlassInfo, GlassReview};
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;

/// Reviews a grant, once. The person sees what was said. It opens and shuts nothing: who should not
/// have looked has looked.
#[utoipa::path(
    post, path = "/v1/glass/{id}/review", tag = "patients", params(("id" = GlassId, Path)),
    request_body = GlassReview,
    responses(
        (status = 200, body = GlassInfo), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GlassId>,
    Body(request): Body<GlassReview>,
) -> Result<Json<GlassInfo>, Refusal> {
    let words = super::words(&request.note, "note")?;
    let (grant, resource) = super::looked_up(&app, id).await?;
    let permit = app
        .decide(caller.asker(), Action::GlassReview, resource)
        .await?;
    let now_ms = permit.now_ms();
    let outcome = if request.justified {
        "justified"
    } else {
        "not_justified"
    };
    let info = change!(permit.kind(REVIEWED), |tx, note| {
        note.put("user", grant.user_id.to_string())
            .put("patient", grant.patient.as_str())
            .put("outcome", outcome);
        if !tx
            .review_glass(id, outcome, &words, caller.user(), now_ms)
            .await?
        {
            return Err(Refusal::ChangedMeanwhile);
        }
        let grant = tx.glass(id).await?.ok_or(Refusal::NotFound)?;
        super::info(tx, grant, true, now_ms).await
    })?;
    Ok(Json(info))
}

const REVIEWED: Kind = Kind::named("glass.reviewed");
