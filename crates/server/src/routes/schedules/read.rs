//! `GET /v1/schedules`: who is on call when, one's own shifts, and one's swaps.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::schedules::{OwnShift, ScheduledRole, ScheduledTurn, Schedules};
use wardline_model::{RoleSlug, UserId};
use wardline_policy::{Action, Resource};
use wardline_roster::slot::Window;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Params;
use crate::problem::Refusal;
use crate::routes::swaps;
use crate::{schedules, shape};

/// Which time.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Times {
    /// Its beginning, unix milliseconds; now where absent.
    from: Option<u64>,
    /// Its end, unix milliseconds; two weeks after the beginning where absent.
    until: Option<u64>,
}

/// The turns of all roles that meet a time of at most 400 days.
#[utoipa::path(
    get, path = "/v1/schedules", tag = "people", params(Times),
    responses(
        (status = 200, body = Schedules), (status = 400, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(times): Params<Times>,
) -> Result<Json<Schedules>, Refusal> {
    let now_ms = caller.asker().now_ms;
    let from_ms = times.from.unwrap_or(now_ms);
    let until_ms = times.until.unwrap_or(from_ms.saturating_add(TWO_WEEKS_MS));
    Window::new(from_ms, until_ms)
        .filter(|window| window.until_ms() - window.from_ms() <= schedules::LONGEST_MS)
        .ok_or(Refusal::InvalidParameter("until"))?;
    let permit = app
        .decide(caller.asker(), Action::ScheduleRead, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let roles = facts.oncall(now_ms).await?;
    let turns = facts.turns_between(from_ms, until_ms).await?;
    let shifts = facts.shifts_of(caller.user(), from_ms, until_ms).await?;
    let since_ms = now_ms.saturating_sub(WEEK_MS);
    let swaps = facts.swaps_of(caller.user(), since_ms).await?;
    let swaps = swaps::infos(&mut facts, swaps, now_ms).await?;
    let mut ids: Vec<UserId> = turns.iter().map(|turn| turn.user_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people: HashMap<UserId, PersonBrief> = facts
        .people(&ids)
        .await?
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    drop(facts);
    permit.record().await?;
    let mut by_role: BTreeMap<RoleSlug, Vec<ScheduledTurn>> = BTreeMap::new();
    for turn in turns {
        let Some(user) = people.get(&turn.user_id).cloned() else {
            continue;
        };
        by_role.entry(turn.slug).or_default().push(ScheduledTurn {
            from: turn.from_ms,
            until: turn.until_ms,
            user,
        });
    }
    Ok(Json(Schedules {
        roles: roles
            .into_iter()
            .map(|role| ScheduledRole {
                turns: by_role.remove(&role.slug).unwrap_or_default(),
                slug: role.slug,
                title: role.title,
                department: role.department,
            })
            .collect(),
        shifts: shifts
            .into_iter()
            .map(|shift| OwnShift {
                from: shift.from_ms,
                until: shift.until_ms,
            })
            .collect(),
        swaps,
    }))
}

const WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1000;
const TWO_WEEKS_MS: u64 = 2 * WEEK_MS;
