//! `POST /v1/swaps/{id}/withdraw`: take a swap back.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::SwapId;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::schedules::SwapInfo;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// Takes it back, while nobody has answered.
#[utoipa::path(
    post, path = "/v1/swaps/{id}/withdraw", tag = "people",
    params(("id" = SwapId, Path)),
    responses(
        (status = 200, body = SwapInfo),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SwapId>,
) -> Result<Json<SwapInfo>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::ScheduleSwap, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let info = change!(permit.kind(WITHDRAWN), |tx, note| {
        note.put("swap", id.to_string());
        let swap = tx.swap(id).await?.ok_or(Refusal::NotFound)?;
        if swap.asked_by != caller.user() {
            return Err(Refusal::Denied {
                code: "not_yours".to_owned(),
                advice: vec!["Only the person who asked can take it back.".to_owned()],
            });
        }
        note.put("role", swap.slug.as_str())
            .put("from", swap.from_ms);
        if !tx.decide_swap(id, "withdrawn", now_ms).await? {
            return Err(Refusal::ChangedMeanwhile);
        }
        let swap = tx.swap(id).await?;
        super::info(tx, swap, now_ms).await
    })?;
    app.bus.publish(Hint::Roles);
    Ok(Json(info))
}

const WITHDRAWN: Kind = Kind::named("swap.withdrawn");
