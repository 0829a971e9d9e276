//! `POST /v1/tokens/assign`: a token card is handed out, or taken back.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::factors::TokenAssign;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;

/// Hands a card to a person, or takes it back. Wrong codes of that person are forgotten: an officer
/// has seen them. The card's count goes on, so that no code works twice, whoever has it.
#[utoipa::path(
    post, path = "/v1/tokens/assign", tag = "factors", request_body = TokenAssign,
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<TokenAssign>,
) -> Result<StatusCode, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::TokenManage, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let serial = request.serial.trim();
    let kind = if request.user_id.is_some() {
        ASSIGNED
    } else {
        RETURNED
    };
    change!(permit.kind(kind), |tx, note| {
        let card = tx.token(serial).await?.ok_or(Refusal::NotFound)?;
        note.put("factor", card.factor_id.to_string());
        let whose = if let Some(user) = request.user_id {
            tx.person(user).await?.ok_or(Refusal::NotFound)?;
            let called = if card.model.is_empty() {
                serial
            } else {
                &card.model
            };
            let name: String = called.chars().take(40).collect();
            if !tx.assign_token(serial, user, &name, now_ms).await? {
                return Err(Refusal::TokenTaken);
            }
            user
        } else {
            let user = card.user_id.ok_or(Refusal::NotFound)?;
            tx.remove_factor(card.factor_id).await?;
            user
        };
        tx.forget_all_tries(whose).await?;
        note.put("user", whose.to_string());
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const ASSIGNED: Kind = Kind::named("token.assigned");
const RETURNED: Kind = Kind::named("token.returned");
