//! `POST /v1/sessions/step-up/card`: prove by a smart card that it is you, in the same session.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::cards::CardProof;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::SteppedUp;
use wardline_policy::{Action, Resource};
use wardline_risk::Outcome;

use crate::app::App;
use crate::caller::Caller;
use crate::cards::CardFault;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::risk;
use crate::routes::cards;

/// Takes the answer that a card of the person's was given, and notes in the session that it was
/// presented. Its PIN makes the session's proof fresh, too.
#[utoipa::path(
    post, path = "/v1/sessions/step-up/card", tag = "sessions", request_body = CardProof,
    responses(
        (status = 200, body = SteppedUp), (status = 403, body = Problem),
        (status = 410, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<CardProof>,
) -> Result<Json<SteppedUp>, Refusal> {
    let resource = Resource::Factors {
        owner: caller.user(),
    };
    let permit = app
        .decide(caller.asker(), Action::CardUse, resource)
        .await?;
    let now_ms = permit.now_ms();
    let seen = change!(permit.kind(VERIFIED), |tx, note| {
        let (challenge, answer) = (request.challenge_id, &request.answer);
        let said = cards::hand_in(tx, note, &caller, challenge, answer, now_ms).await?;
        let said = match said {
            Ok(said) => said,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(card) = tx.card_by_key(&said.key_sha256).await? else {
            return Ok(Err(cards::refuse(note, CardFault::NotAdded)));
        };
        tx.use_card(card.card_id, &said, now_ms).await?;
        if !tx.note_card(caller.session(), now_ms).await? {
            return Err(Refusal::SessionEnded("it was ended"));
        }
        note.put("card", card.card_id.to_string());
        Ok(Ok(risk::confirm(&app, tx, &caller, now_ms).await?))
    })??;
    if let Some(seen) = seen {
        risk::tell_officers(&app);
        risk::learn(&app, &seen, None, Outcome::Confirmed).await;
    }
    Ok(Json(SteppedUp {
        verified_at: now_ms,
    }))
}

const VERIFIED: Kind = Kind::named("session.card_verified");
