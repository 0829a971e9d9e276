//! `POST /v1/glass/{id}/end`: shut a chart before its time.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::GlassId;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// Ends a grant: by who has it, or by a privacy officer. It is reviewed all the same.
#[utoipa::path(
    post, path = "/v1/glass/{id}/end", tag = "patients", params(("id" = GlassId, Path)),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GlassId>,
) -> Result<StatusCode, Refusal> {
    let (grant, resource) = super::looked_up(&app, id).await?;
    let permit = app
        .decide(caller.asker(), Action::GlassEnd, resource)
        .await?;
    let now_ms = permit.now_ms();
    change!(permit.kind(ENDED), |tx, note| {
        note.put("user", grant.user_id.to_string())
            .put("patient", grant.patient.as_str());
        if !tx.end_glass(id, caller.user(), now_ms).await? {
            return Err(Refusal::ChangedMeanwhile);
        }
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const ENDED: Kind = Kind::named("glass.ended");
