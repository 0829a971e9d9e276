//! Smart cards beside the passkey. One file for each operation.

pub(crate) mod add;
pub(crate) mod challenge;
pub(crate) mod list;
pub(crate) mod present;
pub(crate) mod remove;
pub(crate) mod rename;

use sha2::{Digest, Sha256};
use wardline_audit::event::Kind;
use wardline_model::wire::cards::CardInfo;
use wardline_model::{B64, CardId, ChallengeId, UserId};
use wardline_store::{Card, CardSaid, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::cards::CardFault;
use crate::gate::Note;
use crate::problem::Refusal;

/// A card as answers show it.
fn info(card: Card) -> CardInfo {
    CardInfo {
        id: card.card_id,
        name: card.name,
        issuer: card.issuer,
        serial: card.serial,
        not_after: card.not_after,
        created_at: card.created_at,
        last_used_at: card.last_used_at,
    }
}

/// Whose a card is.
async fn owner(app: &App, id: CardId) -> Result<UserId, Refusal> {
    let card = app.facts().await?.card(id).await?;
    card.map(|card| card.user_id).ok_or(Refusal::NotFound)
}

/// Takes the answer that the listener for cards gave to a challenge of this session, and gives what
/// the card said, which is not another person's. The answer is gone whatever comes of it, so what is
/// wrong is the inner error, which commits.
pub(super) async fn hand_in(
    tx: &mut Tx,
    note: &mut Note,
    caller: &Caller,
    challenge: ChallengeId,
    answer: &B64,
    now_ms: u64,
) -> Result<Result<CardSaid, Refusal>, Refusal> {
    note.put("challenge", challenge.to_string());
    let hash = answer_hash(answer.as_ref());
    let taken = tx.take_card_answer(challenge, now_ms).await?;
    let taken = taken.filter(|taken| {
        taken.device_id == caller.device()
            && taken.session_id == caller.session()
            && taken.answer_hash == hash
    });
    let Some(taken) = taken else {
        note.refused("challenge-over");
        return Ok(Err(Refusal::ChallengeOver));
    };
    let said = taken.said;
    let named = match &said.username {
        None => None,
        Some(name) => Some(tx.person_by_username(name).await?.map(|one| one.user_id)),
    };
    let bound = tx.card_by_key(&said.key_sha256).await?;
    let is_other = named.is_some_and(|one| one != Some(caller.user()))
        || bound.is_some_and(|card| card.user_id != caller.user());
    if is_other {
        return Ok(Err(refuse(note, CardFault::OtherPerson)));
    }
    Ok(Ok(said))
}

/// Notes that a card is not taken, and why.
pub(super) fn refuse(note: &mut Note, fault: CardFault) -> Refusal {
    note.kind(REFUSED).refused(fault.name());
    Refusal::CardRefused(fault)
}

/// What is stored instead of an answer: 256 random bits need no salt and no slow hash.
fn answer_hash(answer: &[u8]) -> [u8; 32] {
    Sha256::digest(answer).into()
}

/// The purpose of a challenge that a card is presented with.
const PURPOSE: &str = "card";
const REFUSED: Kind = Kind::named("card.refused");
