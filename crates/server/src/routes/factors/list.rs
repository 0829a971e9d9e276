//! `GET /v1/factors`: a person's generators of one-time codes.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::UserId;
use wardline_model::wire::factors::FactorList;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Params;
use crate::problem::Refusal;

/// Whose.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    /// The person; without it, whoever asks.
    user: Option<UserId>,
}

/// A person's generators, the newest first, and how many factors their roles need, smart cards
/// included. Another person's are for officers.
#[utoipa::path(
    get, path = "/v1/factors", tag = "factors", params(Whose),
    responses((status = 200, body = FactorList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(whose): Params<Whose>,
) -> Result<Json<FactorList>, Refusal> {
    let owner = whose.user.unwrap_or_else(|| caller.user());
    let permit = app
        .decide(
            caller.asker(),
            Action::FactorList,
            Resource::Factors { owner },
        )
        .await?;
    let mut facts = app.facts().await?;
    let roles = facts.roles_of(owner).await?;
    let factors = facts.factors_of(owner).await?;
    let cards = super::usable_cards(&mut facts, owner, permit.now_ms()).await?;
    drop(facts);
    let list = FactorList {
        needed: super::needed(&app, roles.iter().map(String::as_str)),
        factors: factors
            .into_iter()
            .map(super::info)
            .collect::<Result<_, _>>()?,
        cards: u32::try_from(cards.len()).map_err(Refusal::internal)?,
    };
    permit.record().await?;
    Ok(Json(list))
}
