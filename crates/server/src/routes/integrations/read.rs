//! `GET /v1/integrations`: how the pager system and the bots do.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::integrations::{CriticalHealth, Integrations, PagerHealth};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::hl7::LATE_MS;
use crate::problem::Refusal;
use crate::routes::bots;
use crate::shape;

/// How the pager system and the bots do. Who has a number is told, the numbers are not.
#[utoipa::path(
    get, path = "/v1/integrations", tag = "integrations",
    responses(
        (status = 200, body = Integrations), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Integrations>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::IntegrationRead, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let mut facts = app.facts().await?;
    let standing = facts.pager_standing(now_ms.saturating_sub(DAY_MS)).await?;
    let reached = facts.people_with_pager_number().await?;
    let people = facts.people(&reached).await?;
    let registered = facts.bots().await?;
    let bots = bots::infos(&mut facts, registered).await?;
    let late_before = now_ms.saturating_sub(LATE_MS);
    let calls = facts.critical_standing(late_before).await?;
    let last_posted_at = facts.critical_posted_at().await?;
    let roles = facts.late_critical_roles(late_before).await?;
    drop(facts);
    permit.record().await?;
    Ok(Json(Integrations {
        pager: PagerHealth {
            configured: app.pager.is_on(),
            people: people.into_iter().map(shape::brief).collect(),
            waiting: standing.waiting,
            last_taken_at: standing.taken_at,
            last_failed_at: standing.failed_at,
            given_up: standing.given_up,
        },
        bots,
        critical: CriticalHealth {
            configured: app.config.hl7.tells_of_critical(),
            waiting: calls.waiting,
            late: calls.late,
            oldest_at: calls.oldest_at,
            last_posted_at,
            roles,
        },
    }))
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
