//! `GET /v1/cards`: a person's smart cards.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::UserId;
use wardline_model::wire::cards::CardList;
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

/// A person's cards, the newest first, and where they are presented. Another person's are for officers.
#[utoipa::path(
    get, path = "/v1/cards", tag = "cards", params(Whose),
    responses((status = 200, body = CardList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(whose): Params<Whose>,
) -> Result<Json<CardList>, Refusal> {
    let owner = whose.user.unwrap_or_else(|| caller.user());
    let permit = app
        .decide(
            caller.asker(),
            Action::CardList,
            Resource::Factors { owner },
        )
        .await?;
    let cards = app.facts().await?.cards_of(owner).await?;
    permit.record().await?;
    Ok(Json(CardList {
        cards: cards.into_iter().map(super::info).collect(),
        url: app.cards.url().map(ToString::to_string),
    }))
}
