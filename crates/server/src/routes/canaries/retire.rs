//! `POST /v1/canaries/{id}/retire`: let a chart be no canary any more.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::CanaryId;
use wardline_model::wire::looks::CanaryInfo;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::canaries::Said;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// Retires a canary. A chart that was made up to be one is gone with it; what was there before stays.
/// Looks at it stay for whoever reviews them.
#[utoipa::path(
    post, path = "/v1/canaries/{id}/retire", tag = "patients", params(("id" = CanaryId, Path)),
    responses(
        (status = 200, body = CanaryInfo), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CanaryId>,
) -> Result<Json<CanaryInfo>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::CanaryRetire, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let info = change!(permit.kind(RETIRED), |tx, note| {
        note.put("canary", id.to_string());
        let canary = tx.canary(id).await?.ok_or(Refusal::NotFound)?;
        if !tx.retire_canary(id, caller.user(), now_ms).await? {
            return Err(Refusal::ChangedMeanwhile);
        }
        if canary.made {
            let said: Said = serde_json::from_slice(&canary.said).map_err(Refusal::internal)?;
            tx.remove_record(&said.patient).await?;
        }
        let canary = tx.canary(id).await?.ok_or(Refusal::NotFound)?;
        let looks = tx.looks_at_canaries().await?;
        super::info(tx, &canary, &looks).await
    })?;
    Ok(Json(info))
}

const RETIRED: Kind = Kind::named("canary.retired");
