//! `GET /v1/factors/missing`: who has fewer factors than their roles need.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use wardline_model::UserId;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::factors::{FactorsMissing, FactorsMissingOf};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// People whom an officer has to hand out a card, or to ask to add an app, before a rule asks them for a
/// code that they do not have.
#[utoipa::path(
    get, path = "/v1/factors/missing", tag = "factors",
    responses((status = 200, body = FactorsMissing), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<FactorsMissing>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::TokenManage, Resource::Hospital)
        .await?;
    let mut short: BTreeMap<(String, UserId), FactorsMissingOf> = BTreeMap::new();
    let mut facts = app.facts().await?;
    for (role, needed) in &app.config.factors.minimum {
        let people = facts
            .people_short_of_factors(role, *needed, permit.now_ms())
            .await?;
        for person in people {
            let of = short
                .entry((person.name.clone(), person.user_id))
                .or_insert_with(|| FactorsMissingOf {
                    user: PersonBrief {
                        id: person.user_id,
                        username: person.username,
                        name: person.name,
                        role: person.role_title,
                        department: person.department,
                    },
                    needed: 0,
                    has: person.has,
                });
            // Of several roles the one that needs the most counts.
            of.needed = of.needed.max(*needed);
        }
    }
    drop(facts);
    permit.record().await?;
    Ok(Json(FactorsMissing {
        total: u64::try_from(short.len()).map_err(Refusal::internal)?,
        people: short.into_values().take(LISTED).collect(),
    }))
}

const LISTED: usize = 500;
