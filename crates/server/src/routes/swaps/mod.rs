//! Swaps: somebody takes over a turn, and agrees to it first. One file for each operation.
//!
//! That nobody gets a turn who did not agree to it, and that nobody gives away what is not theirs, is
//! code and not policy.

pub(crate) mod agree;
pub(crate) mod ask;
pub(crate) mod decline;
pub(crate) mod withdraw;

use std::collections::HashMap;

use axum::Json;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::schedules::{SwapInfo, SwapState};
use wardline_model::{RoleSlug, SwapId, UserId};
use wardline_policy::{Action, Resource};
use wardline_roster::swap::{self, NoSwap};
use wardline_store::{OnCallTurn, Swap, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::gate::change;
use crate::problem::Refusal;
use crate::{schedules, shape};

/// A swap that ends without anybody taking the turn over.
struct Ending {
    /// The state it is in then.
    state: &'static str,
    /// The event.
    kind: Kind,
    /// Who may end it so.
    by: fn(&Swap) -> UserId,
    /// What everybody else is told: the reason's code, and a sentence.
    others: (&'static str, &'static str),
}

/// Ends a swap that nobody has answered; the turn stays as it is.
async fn end(
    app: &App,
    caller: &Caller,
    id: SwapId,
    ending: Ending,
) -> Result<Json<SwapInfo>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::ScheduleSwap, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let info = change!(permit.kind(ending.kind), |tx, note| {
        note.put("swap", id.to_string());
        tx.lock_schedules().await?;
        let swap = tx.swap(id).await?.ok_or(Refusal::NotFound)?;
        if (ending.by)(&swap) != caller.user() {
            let (code, advice) = ending.others;
            return Err(Refusal::Denied {
                code: code.to_owned(),
                advice: vec![advice.to_owned()],
            });
        }
        note.put("role", swap.slug.as_str())
            .put("from", swap.from_ms);
        if !tx.decide_swap(id, ending.state, now_ms).await? {
            return Err(Refusal::ChangedMeanwhile);
        }
        let swap = tx.swap(id).await?;
        info(tx, swap, now_ms).await
    })?;
    app.bus.publish(Hint::Roles);
    Ok(Json(info))
}

/// Swaps as answers show them.
pub(crate) async fn infos(
    tx: &mut Tx,
    swaps: Vec<Swap>,
    now_ms: u64,
) -> Result<Vec<SwapInfo>, Refusal> {
    let mut ids: Vec<UserId> = swaps
        .iter()
        .flat_map(|swap| [swap.asked_by, swap.asked_of])
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let people: HashMap<UserId, PersonBrief> = tx
        .people(&ids)
        .await?
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    let titles: HashMap<RoleSlug, String> = tx
        .oncall(now_ms)
        .await?
        .into_iter()
        .map(|role| (role.slug, role.title))
        .collect();
    let mut infos = Vec::with_capacity(swaps.len());
    for swap in swaps {
        let state = match swap.state.as_str() {
            "agreed" => SwapState::Agreed,
            "declined" => SwapState::Declined,
            "withdrawn" => SwapState::Withdrawn,
            _ => {
                let waits = now_ms < swap.until_ms && turn_of(tx, &swap).await?.is_some();
                if waits {
                    SwapState::Asked
                } else {
                    SwapState::Expired
                }
            }
        };
        let person = |id: UserId| people.get(&id).cloned().ok_or(Refusal::NotFound);
        infos.push(SwapInfo {
            id: swap.swap_id,
            title: titles.get(&swap.slug).cloned().unwrap_or_default(),
            asked_by: person(swap.asked_by)?,
            asked_of: person(swap.asked_of)?,
            role: swap.slug,
            from: swap.from_ms,
            until: swap.until_ms,
            state,
            asked_at: swap.asked_at,
            decided_at: swap.decided_at,
        });
    }
    Ok(infos)
}

/// One swap as answers show it.
async fn info(tx: &mut Tx, swap: Option<Swap>, now_ms: u64) -> Result<SwapInfo, Refusal> {
    let infos = infos(tx, swap.into_iter().collect(), now_ms).await?;
    infos.into_iter().next().ok_or(Refusal::NotFound)
}

/// The turn that a swap is about, while it is as it was when somebody asked.
async fn turn_of(tx: &mut Tx, swap: &Swap) -> Result<Option<OnCallTurn>, Refusal> {
    let turn = tx.turn(&swap.slug, swap.from_ms).await?;
    Ok(turn.filter(|turn| turn.until_ms == swap.until_ms && turn.user_id == swap.asked_by))
}

/// Whether somebody may take over a turn, as the roster is now.
async fn check(
    tx: &mut Tx,
    turn: &OnCallTurn,
    asked_by: UserId,
    asked_of: UserId,
    now_ms: u64,
) -> Result<(), Refusal> {
    let role = tx.oncall_role(&turn.slug, now_ms).await?;
    let role = role.ok_or(Refusal::NotFound)?;
    let person = tx.person(asked_of).await?;
    let person = person.filter(|person| person.active);
    let person = person.ok_or(Refusal::NotFound)?;
    let qualified =
        person.department == role.department || tx.has_held(asked_of, &turn.slug, now_ms).await?;
    let theirs = tx.turns_of(asked_of, turn.from_ms, turn.until_ms).await?;
    let theirs: Vec<_> = theirs.into_iter().map(schedules::turn).collect();
    let turn = schedules::turn(turn.clone());
    swap::check(&turn, asked_by, asked_of, qualified, &theirs, now_ms).map_err(Refusal::from)
}

impl From<NoSwap> for Refusal {
    fn from(why: NoSwap) -> Self {
        Self::SwapRefused(why.to_string())
    }
}
