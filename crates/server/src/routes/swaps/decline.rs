//! `POST /v1/swaps/{id}/decline`: say no to a turn that one is asked about.

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

/// Says no; the turn stays as it is.
#[utoipa::path(
    post, path = "/v1/swaps/{id}/decline", tag = "people",
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
    let info = change!(permit.kind(DECLINED), |tx, note| {
        note.put("swap", id.to_string());
        let swap = tx.swap(id).await?.ok_or(Refusal::NotFound)?;
        if swap.asked_of != caller.user() {
            return Err(Refusal::Denied {
                code: "not_asked".to_owned(),
                advice: vec!["Only the person who is asked can say no.".to_owned()],
            });
        }
        note.put("role", swap.slug.as_str())
            .put("from", swap.from_ms);
        if !tx.decide_swap(id, "declined", now_ms).await? {
            return Err(Refusal::ChangedMeanwhile);
        }
        let swap = tx.swap(id).await?;
        super::info(tx, swap, now_ms).await
    })?;
    app.bus.publish(Hint::Roles);
    Ok(Json(info))
}

const DECLINED: Kind = Kind::named("swap.declined");
