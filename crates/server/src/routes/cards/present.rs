//! `POST /v1/card` at the listener for cards: a card is presented with a challenge.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::request::Parts;
use wardline_audit::event::Kind;
use wardline_model::wire::cards::CardAnswer;
use wardline_model::{B64, ChallengeId};
use wardline_piv::{Card, Mapped};
use wardline_policy::{Action, Resource};
use wardline_store::{CardAnswer as StoredAnswer, CardSaid};

use crate::app::{App, Peer};
use crate::caller::Caller;
use crate::cards::door::MAX_BODY;
use crate::cards::{CardFault, Presented};
use crate::gate::{change, patiently};
use crate::problem::Refusal;
use crate::rim::random;

/// Judges the card of this connection, and gives an answer that the device of the challenge hands in.
/// Whose card it is, and whether it counts, is decided then: who has the device is not known here.
pub(crate) async fn handler(
    State(app): State<App>,
    parts: Parts,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<CardAnswer>, Refusal> {
    let cards = app.cards.taken()?;
    let body = body.map_err(|_| Refusal::PayloadTooLarge { limit: MAX_BODY })?;
    let id: ChallengeId = std::str::from_utf8(&body)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| Refusal::InvalidBody {
            field: "$".to_owned(),
            expected: "the challenge's id".to_owned(),
        })?;
    let now_ms = app.clock.now_ms();
    // It is presented once, whatever comes of it.
    let taken = patiently!(app, |tx| { Ok(tx.take_challenge(id, now_ms).await?) })?;
    let session = taken
        .filter(|taken| taken.purpose == super::PURPOSE)
        .and_then(|taken| taken.session_id)
        .ok_or(Refusal::ChallengeOver)?;
    let principal = app
        .look()
        .await?
        .principal_of_session(session, now_ms)
        .await?
        .ok_or(Refusal::SessionEnded("it is not known"))?;
    // Whoever is here was sent by the session that got the challenge.
    let caller = Caller::new(&app, principal, Peer::of(&parts))?;
    let resource = Resource::Factors {
        owner: caller.user(),
    };
    let permit = app
        .decide(caller.asker(), Action::CardUse, resource)
        .await?;
    let presented = parts.extensions.get::<Presented>().cloned();
    let presented = presented.unwrap_or_default();
    match cards.judge(&presented, &app.clock).await {
        Ok(card) => {
            let answer: [u8; 32] = random();
            let now_ms = app.clock.now_ms();
            let new = StoredAnswer {
                challenge_id: id,
                answer_hash: super::answer_hash(&answer),
                device_id: caller.device(),
                session_id: session,
                said: said(card),
                expires_at: now_ms + LIFETIME_MS,
            };
            change!(permit.kind(PRESENTED), |tx, note| {
                tx.create_card_answer(&new, now_ms).await?;
                note.put("challenge", id.to_string())
                    .put("certificate", presented.fingerprint());
                Ok(())
            })?;
            Ok(Json(CardAnswer {
                answer: B64::from(answer),
            }))
        }
        Err(refused) => {
            let mut note = permit.note();
            note.put("challenge", id.to_string())
                .put("certificate", presented.fingerprint());
            let refusal = super::refuse(&mut note, CardFault::Card(refused));
            permit.record_with(note).await?;
            Err(refusal)
        }
    }
}

/// What is kept of a card. An identifier names nobody here: such cards are bound by their keys.
fn said(card: Card) -> CardSaid {
    CardSaid {
        username: match card.mapped {
            Mapped::Username(name) => Some(name),
            Mapped::Identifier { .. } => None,
        },
        key_sha256: card.key_sha256,
        issuer: card.issuer,
        serial: card.serial,
        not_after: card.not_after_ms,
    }
}

const LIFETIME_MS: u64 = 60 * 1000;
const PRESENTED: Kind = Kind::named("card.presented");
