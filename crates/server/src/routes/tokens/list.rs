//! `GET /v1/tokens`: token cards of the hospital.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use wardline_model::wire::factors::{TokenInfo, TokenList};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;
use crate::routes::factors::kind;
use crate::shape;

/// All cards, by number, and who has them.
#[utoipa::path(
    get, path = "/v1/tokens", tag = "factors",
    responses((status = 200, body = TokenList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<TokenList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::TokenManage, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let cards = facts.tokens().await?;
    let mut people = HashMap::new();
    for card in &cards {
        if let Some(user) = card.user_id
            && !people.contains_key(&user)
            && let Some(person) = facts.person(user).await?
        {
            people.insert(user, shape::brief(person));
        }
    }
    drop(facts);
    let tokens = cards.into_iter().map(|card| {
        Ok(TokenInfo {
            kind: kind(&card)?,
            user: card.user_id.and_then(|user| people.get(&user).cloned()),
            serial: card.serial.unwrap_or_default(),
            maker: card.maker,
            model: card.model,
        })
    });
    let tokens = tokens.collect::<Result<_, Refusal>>()?;
    permit.record().await?;
    Ok(Json(TokenList { tokens }))
}
