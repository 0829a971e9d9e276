//! `GET /v1/people/{id}/reachability`: whether somebody would notice a message.

use axum::Json;
use axum::extract::State;
use wardline_model::UserId;
use wardline_model::wire::directory::{
    BetterReason, BetterRecipient, LastSeen, PhoneReach, Reachability,
};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::quiet::QuietReason;
use wardline_policy::{Action, Resource};
use wardline_store::{Person, Reach, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::problem::Refusal;
use crate::push::when::Now;
use crate::shape;

/// How a person can be reached now, and whom to write to instead where they cannot. What it tells is
/// coarse, and never where somebody is.
#[utoipa::path(
    get, path = "/v1/people/{id}/reachability", tag = "people",
    params(("id" = UserId, Path)),
    responses(
        (status = 200, body = Reachability), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
) -> Result<Json<Reachability>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PersonReach, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let mut note = permit.note();
    note.put("person", id.to_string());
    permit.record_with(note).await?;
    let mut facts = app.facts().await?;
    let person = facts.person(id).await?.ok_or(Refusal::NotFound)?;
    let reach = facts.reach(id, now_ms).await?.ok_or(Refusal::NotFound)?;
    let quietly = Now::of(&mut facts, &app, id, now_ms).await?.quietly();
    let is_off = quietly
        .routine
        .as_ref()
        .is_some_and(|quiet| quiet.reason == QuietReason::OffDuty);
    let better = if reach.on_shift && !is_off && notices(&app, &reach, now_ms) {
        None
    } else {
        better(&app, &mut facts, &person, caller.user(), now_ms).await?
    };
    drop(facts);
    Ok(Json(Reachability {
        on_shift: reach.on_shift,
        quiet_until: reach.quiet_until,
        quietly,
        phone: phone(&app, &reach, now_ms),
        last_seen: last_seen(&reach, now_ms),
        better,
    }))
}

pub(super) fn phone(app: &App, reach: &Reach, now_ms: u64) -> PhoneReach {
    let rang = reach.receipt_at;
    if reach.is_open {
        PhoneReach::Open
    } else if rang.is_some_and(|at| app.push.is_recent(at, now_ms)) {
        PhoneReach::Rings
    } else {
        PhoneReach::No
    }
}

fn notices(app: &App, reach: &Reach, now_ms: u64) -> bool {
    reach.quiet_until.is_none() && phone(app, reach, now_ms) != PhoneReach::No
}

pub(super) const fn last_seen(reach: &Reach, now_ms: u64) -> LastSeen {
    const MINUTE: u64 = 60_000;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    const WEEK: u64 = 7 * DAY;
    let Some(at) = reach.last_seen_at else {
        return LastSeen::Never;
    };
    match now_ms.saturating_sub(at) {
        _ if reach.is_open => LastSeen::Now,
        0..=300_000 => LastSeen::Now,
        age if age < HOUR => LastSeen::Hour,
        age if age < DAY => LastSeen::Day,
        age if age < WEEK => LastSeen::Week,
        _ => LastSeen::Earlier,
    }
}

/// Who holds an on-call role of the person's department and would notice, else who is at work there in
/// the same role and would.
async fn better(
    app: &App,
    facts: &mut Tx,
    person: &Person,
    asker: UserId,
    now_ms: u64,
) -> Result<Option<BetterRecipient>, Refusal> {
    let is_other = |id: UserId| id != person.user_id && id != asker;
    for role in facts.oncall(now_ms).await? {
        let holder = role.holder.filter(|holder| is_other(*holder));
        let Some(holder) = holder.filter(|_| role.department == person.department) else {
            continue;
        };
        if let Some(reach) = facts.reach(holder, now_ms).await?
            && notices(app, &reach, now_ms)
            && let Some(user) = facts.person(holder).await?
        {
            return Ok(Some(BetterRecipient {
                user: shape::brief(user),
                reason: BetterReason::HoldsRole,
                role_title: Some(role.title),
            }));
        }
    }
    let colleagues = facts.reach_of_colleagues(person.user_id, now_ms).await?;
    let colleague = colleagues
        .iter()
        .find(|reach| is_other(reach.user_id) && notices(app, reach, now_ms));
    let Some(colleague) = colleague else {
        return Ok(None);
    };
    let user = facts.person(colleague.user_id).await?;
    Ok(user.map(|user| BetterRecipient {
        user: shape::brief(user),
        reason: BetterReason::OnShift,
        role_title: None,
    }))
}
