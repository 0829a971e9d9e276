//! `GET /v1/schedules`: who is on call when, one's own shifts, and one's swaps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::schedules::{OwnShift, ScheduledRole, ScheduledTurn, Schedules};
use wardline_model::{RoleSlug, UserId};
use wardline_policy::{Action, Resource};
use wardline_roster::signed::{self, By};
use wardline_roster::slot::{Turn, Window, grouped};
use wardline_store::Tx;

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
    let mut signed = Signed::load(&mut facts, now_ms).await?;
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
                signed_until: signed.until.get(&role.slug).copied(),
                unsigned_changes: signed.changed.remove(&role.slug),
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

/// How far devices signed the turns of the roles, and where that is not what they are now.
struct Signed {
    until: BTreeMap<RoleSlug, u64>,
    changed: BTreeSet<RoleSlug>,
}

impl Signed {
    async fn load(facts: &mut Tx, now_ms: u64) -> Result<Self, Refusal> {
        let orders = facts.turn_orders(now_ms).await?;
        let mut until: BTreeMap<RoleSlug, u64> = BTreeMap::new();
        for (signed, _) in orders.iter().filter(|(_, asked_by)| asked_by.is_none()) {
            let end = until.entry(signed.order.role.clone()).or_default();
            *end = (*end).max(signed.order.until);
        }
        let last_ms = until.values().copied().max().unwrap_or_default();
        let turns: Vec<Turn> = match Window::new(now_ms, last_ms) {
            Some(_) => facts.turns_between(now_ms, last_ms).await?,
            None => Vec::new(),
        }
        .into_iter()
        .map(schedules::turn)
        .collect();
        let turns = grouped(&turns);
        let mut changed = BTreeSet::new();
        for (role, end_ms) in &until {
            let Some(window) = Window::new(now_ms, *end_ms) else {
                continue;
            };
            let said = signed::settle(
                role,
                orders.iter().map(|(signed, asked_by)| {
                    (&signed.order, asked_by.map_or(By::Scheduler, By::Holder))
                }),
            );
            let now = turns.get(role).cloned().unwrap_or_default();
            if signed::who(&said, window) != signed::who(&now, window) {
                changed.insert(role.clone());
            }
        }
        Ok(Self { until, changed })
    }
}

const WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1000;
const TWO_WEEKS_MS: u64 = 2 * WEEK_MS;
