//! Generators of one-time codes beside the passkey. One file for each operation.

pub(crate) mod add;
pub(crate) mod confirm;
pub(crate) mod list;
pub(crate) mod missing;
pub(crate) mod remove;
pub(crate) mod rename;
pub(crate) mod resync;

use wardline_factors::{Checked, Generator, Moving, Progress, backoff};
use wardline_model::wire::factors::{FactorInfo, FactorKind};
use wardline_model::{FactorId, UserId};
use wardline_store::{Card, Factor, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::gate::Note;
use crate::problem::Refusal;

/// A generator as answers show it.
pub(super) fn info(factor: Factor) -> Result<FactorInfo, Refusal> {
    Ok(FactorInfo {
        kind: kind(&factor)?,
        factor_id: factor.factor_id,
        name: factor.name,
        serial: factor.serial,
        created_at: factor.created_at,
        confirmed_at: factor.confirmed_at,
        last_used_at: factor.last_used_at,
    })
}

/// What moves a generator on.
pub(super) fn kind(factor: &Factor) -> Result<FactorKind, Refusal> {
    Ok(match generator(factor)?.moving {
        Moving::Time { .. } => FactorKind::Totp,
        Moving::Counter => FactorKind::Hotp,
    })
}

fn generator(factor: &Factor) -> Result<Generator, Refusal> {
    serde_json::from_str(&factor.generator).map_err(Refusal::internal)
}

const fn progress(factor: &Factor) -> Progress {
    Progress {
        next: factor.next,
        drift: factor.drift,
    }
}

/// Whether codes of it count: an app's from its first right code on; a card was handed over.
const fn counts(factor: &Factor) -> bool {
    factor.confirmed_at.is_some() || factor.serial.is_some()
}

/// How many factors beside the passkey a person's roles need (`[factors.minimum]`).
fn needed<'a>(app: &App, roles: impl IntoIterator<Item = &'a str>) -> u32 {
    let minimum = &app.config.factors.minimum;
    let of = |role: &str| minimum.get(role).copied();
    roles.into_iter().filter_map(of).max().unwrap_or(0)
}

/// A name as people give it: trimmed, 1 to 40 characters.
pub(super) fn name(text: &str) -> Result<&str, Refusal> {
    let name = text.trim();
    if (1..=40).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name)
    } else {
        Err(Refusal::InvalidBody {
            field: "name".to_owned(),
            expected: "1 to 40 characters".to_owned(),
        })
    }
}

/// A generator of the person who asks.
async fn own(tx: &mut Tx, caller: &Caller, id: FactorId) -> Result<Factor, Refusal> {
    let factor = tx.factor(id).await?;
    factor
        .filter(|factor| factor.user_id == Some(caller.user()))
        .ok_or(Refusal::NotFound)
}

/// Who may look at whose: the person of a generator, for officers too.
async fn owner(app: &App, id: FactorId) -> Result<UserId, Refusal> {
    let factor = app.facts().await?.factor(id).await?;
    factor.and_then(|f| f.user_id).ok_or(Refusal::NotFound)
}

/// Looks at what was typed, unless too much was wrong before on this device: then nothing is looked
/// at. The inner error commits: the try is counted, and recorded.
macro_rules! guarded {
    ($tx:expr, $note:expr, $caller:expr, $now_ms:expr, $look:expr) => {{
        let (user, device) = ($caller.user(), $caller.device());
        // Guesses on one device are looked at one after the other.
        $tx.lock_devices(&[device]).await?;
        if let Some(refusal) = $crate::routes::factors::wait($tx, $caller, $now_ms).await? {
            $note.refused(refusal.name());
            return Ok(Err(refusal));
        }
        match $look {
            Ok(value) => {
                $tx.forget_tries(user, device).await?;
                value
            }
            Err(refusal) => {
                $tx.count_try(user, device, $now_ms).await?;
                $note.refused(refusal.name());
                return Ok(Err(refusal));
            }
        }
    }};
}
pub(super) use guarded;

/// Why no code of the person is looked at on this device now.
pub(super) async fn wait(
    tx: &mut Tx,
    caller: &Caller,
    now_ms: u64,
) -> Result<Option<Refusal>, Refusal> {
    let Some(tries) = tx.tries(caller.user(), caller.device()).await? else {
        return Ok(None);
    };
    let Some(wait_ms) = backoff::wait_ms(tries.failures) else {
        return Ok(Some(Refusal::CodesLocked));
    };
    let left_ms = tries
        .last_at
        .saturating_add(wait_ms)
        .saturating_sub(now_ms)
        .min(wait_ms);
    Ok((left_ms > 0).then(|| Refusal::TooManyRequests {
        retry_after_s: left_ms.div_ceil(1000),
    }))
}

/// Whose code it is among generators; it is used up. The inner error is for whoever typed it.
pub(super) async fn spend(
    tx: &mut Tx,
    note: &mut Note,
    factors: &[Factor],
    code: &str,
    now_ms: u64,
) -> Result<Result<FactorId, Refusal>, Refusal> {
    let (mut used, mut ended) = (false, false);
    for factor in factors {
        let id = factor.factor_id;
        let secret = tx.factor_secret(id).await?.ok_or(Refusal::NotFound)?;
        let checked = generator(factor)?
            .check(&secret, progress(factor), code, now_ms / 1000)
            .map_err(Refusal::internal)?;
        match checked {
            Checked::Right(Progress { next, drift }) => {
                if tx.use_factor(id, factor.next, next, drift, now_ms).await? {
                    note.put("factor", id.to_string());
                    return Ok(Ok(id));
                }
                used = true;
            }
            Checked::Used => used = true,
            Checked::Ended => ended = true,
            Checked::Wrong => {}
        }
    }
    Ok(Err(if used {
        Refusal::CodeUsed
    } else if ended {
        Refusal::CardEnded
    } else {
        Refusal::CodeWrong
    }))
}

/// The generators of the person whose codes count.
pub(super) async fn usable(tx: &mut Tx, user: UserId) -> Result<Vec<Factor>, Refusal> {
    let mut factors = tx.factors_of(user).await?;
    factors.retain(counts);
    Ok(factors)
}

/// The person's smart cards that are presented with success: one that has expired is refused.
pub(super) async fn usable_cards(
    tx: &mut Tx,
    user: UserId,
    now_ms: u64,
) -> Result<Vec<Card>, Refusal> {
    let mut cards = tx.cards_of(user).await?;
    cards.retain(|card| card.not_after > now_ms);
    Ok(cards)
}

/// Refuses to take another factor from a person who has no more than their roles need.
pub(super) async fn spare(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    now_ms: u64,
) -> Result<(), Refusal> {
    let user = caller.user();
    let have = usable(tx, user).await?.len() + usable_cards(tx, user, now_ms).await?.len();
    if have <= needed(app, caller.principal().roles()) as usize {
        return Err(Refusal::FactorNeeded);
    }
    Ok(())
}
