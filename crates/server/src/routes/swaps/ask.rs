//! `POST /v1/swaps`: ask somebody to take over a turn of one's own.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::SwapId;
use wardline_model::turns::SignedTurn;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::schedules::{SwapInfo, SwapRequest};
use wardline_policy::{Action, Resource};
use wardline_store::NewSwap;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;
use crate::routes::schedules::sign;

/// Asks. Nothing changes before they agree.
#[utoipa::path(
    post, path = "/v1/swaps", tag = "people", request_body = SwapRequest,
    responses(
        (status = 201, body = SwapInfo),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<SwapRequest>,
) -> Result<(StatusCode, Json<SwapInfo>), Refusal> {
    let permit = app
        .decide(caller.asker(), Action::ScheduleSwap, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let swap_id = SwapId::from_random(random());
    let info = change!(permit.kind(ASKED), |tx, note| {
        note.put("swap", swap_id.to_string())
            .put("role", request.role.as_str())
            .put("from", request.from)
            .put("asked_of", request.asked_of.to_string());
        tx.lock_schedules().await?;
        let turn = tx.turn(&request.role, request.from).await?;
        let turn = turn.ok_or(Refusal::NotFound)?;
        super::check(tx, &turn, caller.user(), request.asked_of, now_ms).await?;
        if let Some(signed) = &request.order {
            let gives = SignedTurn {
                user_id: request.asked_of,
                from: turn.from_ms,
                until: turn.until_ms,
            };
            let order = &signed.order;
            let fits = order.turns == [gives]
                && (order.from, order.until) == (turn.from_ms, turn.until_ms);
            if !fits {
                return Err(Refusal::ChangedMeanwhile);
            }
            sign::check(tx, &caller, signed, &request.role, now_ms).await?;
        }
        let new = NewSwap {
            swap_id,
            turn,
            asked_of: request.asked_of,
        };
        if !tx.create_swap(&new, now_ms).await? {
            return Err(Refusal::SwapRefused("they are asked already".to_owned()));
        }
        if let Some(signed) = &request.order {
            tx.put_turn_order(signed, Some(swap_id)).await?;
        }
        let swap = tx.swap(swap_id).await?;
        super::info(tx, swap, now_ms).await
    })?;
    app.bus.publish(Hint::Roles);
    Ok((StatusCode::CREATED, Json(info)))
}

const ASKED: Kind = Kind::named("swap.asked");
