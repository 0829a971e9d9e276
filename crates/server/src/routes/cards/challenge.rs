//! `POST /v1/cards/challenge`: a card is going to be presented.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::ChallengeId;
use wardline_model::wire::cards::CardChallenge;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::Challenge;

use crate::app::App;
use crate::caller::Caller;
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;

/// A challenge for this session, which lives two minutes and is presented once: its id is the body
/// (`text/plain`) of a POST to the address, over TLS with the card. The answer is handed in here, by
/// this device.
#[utoipa::path(
    post, path = "/v1/cards/challenge", tag = "cards",
    responses(
        (status = 200, body = CardChallenge), (status = 401, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<CardChallenge>, Refusal> {
    let resource = Resource::Factors {
        owner: caller.user(),
    };
    let permit = app
        .decide(caller.asker(), Action::CardUse, resource)
        .await?;
    let now_ms = permit.now_ms();
    let challenge = Challenge {
        challenge_id: ChallengeId::from_random(random()),
        purpose: super::PURPOSE.to_owned(),
        device_id: caller.device(),
        session_id: Some(caller.session()),
        state: Vec::new().into(),
        expires_at: now_ms + LIFETIME_MS,
    };
    let url = change!(permit.kind(CHALLENGED), |tx, note| {
        let url = app.cards.taken()?.url().to_string();
        tx.create_challenge(&challenge, now_ms).await?;
        note.put("challenge", challenge.challenge_id.to_string());
        Ok(url)
    })?;
    Ok(Json(CardChallenge {
        challenge_id: challenge.challenge_id,
        url,
        expires_at: challenge.expires_at,
    }))
}

const LIFETIME_MS: u64 = 2 * 60 * 1000;
const CHALLENGED: Kind = Kind::named("card.challenged");
