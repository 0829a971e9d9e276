//! `PUT /v1/cards/{id}`: a card gets another name.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::CardId;
use wardline_model::wire::cards::CardName;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::factors;

/// Names one of one's own cards.
#[utoipa::path(
    put, path = "/v1/cards/{id}", tag = "cards", request_body = CardName,
    params(("id" = CardId, Path)),
    responses((status = 204), (status = 404, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CardId>,
    Body(request): Body<CardName>,
) -> Result<StatusCode, Refusal> {
    let owner = caller.user();
    let permit = app
        .decide(caller.asker(), Action::CardUse, Resource::Factors { owner })
        .await?;
    let name = factors::name(&request.name)?;
    change!(permit.kind(NAMED), |tx, note| {
        if !tx.rename_card(id, owner, name).await? {
            return Err(Refusal::NotFound);
        }
        note.put("card", id.to_string());
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const NAMED: Kind = Kind::named("card.named");
