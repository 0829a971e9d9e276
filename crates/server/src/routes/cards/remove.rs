//! `DELETE /v1/cards/{id}`: a card is taken away.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::CardId;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::factors;

/// Forgets a card: its person's, or by an officer where it was lost. What it proved in sessions that
/// go on counts no more. Nobody goes below what their own role needs; an officer may.
#[utoipa::path(
    delete, path = "/v1/cards/{id}", tag = "cards", params(("id" = CardId, Path)),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CardId>,
) -> Result<StatusCode, Refusal> {
    let owner = super::owner(&app, id).await?;
    let permit = app
        .decide(
            caller.asker(),
            Action::CardRemove,
            Resource::Factors { owner },
        )
        .await?;
    let now_ms = permit.now_ms();
    change!(permit.kind(REMOVED), |tx, note| {
        tx.lock_devices_of(&[owner]).await?;
        let usable = factors::usable_cards(tx, owner, now_ms).await?;
        if owner == caller.user() && usable.iter().any(|card| card.card_id == id) {
            factors::spare(tx, &app, &caller, now_ms).await?;
        }
        if !tx.remove_card(id, owner).await? {
            return Err(Refusal::NotFound);
        }
        note.put("card", id.to_string())
            .put("user", owner.to_string());
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const REMOVED: Kind = Kind::named("card.removed");
