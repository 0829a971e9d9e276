//! `POST /v1/swaps/{id}/agree`: take over the turn that one is asked about.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::SwapId;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::schedules::SwapInfo;
use wardline_policy::{Action, Resource};
use wardline_roster::merge;
use wardline_roster::swap;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;
use crate::schedules;

/// Agrees: the turn is the caller's, from now on where it has begun. Whoever else was asked about it
/// is asked no more.
#[utoipa::path(
    post, path = "/v1/swaps/{id}/agree", tag = "people",
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
    let info = change!(permit.kind(AGREED), |tx, note| {
        note.put("swap", id.to_string());
        tx.lock_schedules().await?;
        let swap = tx.swap(id).await?.ok_or(Refusal::NotFound)?;
        if swap.asked_of != caller.user() {
            return Err(Refusal::Denied {
                code: "not_asked".to_owned(),
                advice: vec!["Only the person who is asked can agree.".to_owned()],
            });
        }
        note.put("role", swap.slug.as_str())
            .put("from", swap.from_ms)
            .put("asked_by", swap.asked_by.to_string());
        let turn = super::turn_of(tx, &swap).await?;
        let turn = turn.ok_or(Refusal::ChangedMeanwhile)?;
        super::check(tx, &turn, swap.asked_by, swap.asked_of, now_ms).await?;
        if !tx.decide_swap(id, "agreed", now_ms).await? {
            return Err(Refusal::ChangedMeanwhile);
        }
        let turn = schedules::turn(turn);
        let all = tx
            .turns_between(turn.from_ms, turn.until_ms)
            .await?
            .into_iter();
        let all: Vec<_> = all
            .filter(|other| other.slug == swap.slug)
            .map(schedules::turn)
            .collect();
        let taken = swap::taken_over(&turn, &all, swap.asked_of, now_ms);
        schedules::apply_turns(tx, &merge::difference(vec![turn], taken)).await?;
        tx.withdraw_swaps(&swap.slug, swap.from_ms, now_ms).await?;
        let swap = tx.swap(id).await?;
        super::info(tx, swap, now_ms).await
    })?;
    app.bus.publish(Hint::Roles);
    Ok(Json(info))
}

const AGREED: Kind = Kind::named("swap.agreed");
