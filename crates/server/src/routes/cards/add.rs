//! `POST /v1/cards`: a card that was just presented is added to one's account.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::CardId;
use wardline_model::wire::cards::{CardInfo, NewCard};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::cards::CardFault;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;
use crate::routes::factors;

/// Binds the card's key to the person, who has just proven the passkey. The session is proven by it no
/// better: whoever adds a card cannot use that to look like somebody who had one.
#[utoipa::path(
    post, path = "/v1/cards", tag = "cards", request_body = NewCard,
    responses(
        (status = 201, body = CardInfo), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 410, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<NewCard>,
) -> Result<(StatusCode, Json<CardInfo>), Refusal> {
    let user = caller.user();
    let resource = Resource::Factors { owner: user };
    let permit = app
        .decide(caller.asker(), Action::CardAdd, resource)
        .await?;
    let now_ms = permit.now_ms();
    let name = factors::name(&request.name)?;
    let id = CardId::from_random(random());
    let card = change!(permit.kind(ADDED), |tx, note| {
        // Of two that are added at once one waits, so that both are counted.
        tx.lock_devices(&[caller.device()]).await?;
        let (challenge, answer) = (request.challenge_id, &request.answer);
        let said = super::hand_in(tx, note, &caller, challenge, answer, now_ms).await?;
        let said = match said {
            Ok(said) => said,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if tx.card_by_key(&said.key_sha256).await?.is_some() {
            return Ok(Err(super::refuse(note, CardFault::Added)));
        }
        if tx.cards_of(user).await?.len() >= MOST {
            return Ok(Err(super::refuse(note, CardFault::TooMany)));
        }
        if !tx.create_card(id, user, name, &said, now_ms).await? {
            // Somebody was quicker.
            return Ok(Err(super::refuse(note, CardFault::OtherPerson)));
        }
        note.put("card", id.to_string());
        Ok(Ok(tx.card(id).await?.ok_or(Refusal::NotFound)?))
    })??;
    Ok((StatusCode::CREATED, Json(super::info(card))))
}

/// More cards than that are nobody's need.
const MOST: usize = 8;
const ADDED: Kind = Kind::named("card.added");
