//! Bots: programs that are members of conversations. One file for each operation.

pub(crate) mod change;
pub(crate) mod disable;
pub(crate) mod register;

use std::collections::HashMap;

use wardline_audit::event::Kind;
use wardline_model::UserId;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::integrations::{BotInfo, BotScope};
use wardline_store::{Bot, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::gate::{Permit, patiently};
use crate::problem::Refusal;
use crate::shape;

/// Bots as officers see them.
pub(crate) async fn infos(tx: &mut Tx, bots: Vec<Bot>) -> Result<Vec<BotInfo>, Refusal> {
    let ids: Vec<UserId> = bots
        .iter()
        .flat_map(|bot| [bot.user_id, bot.owner])
        .collect();
    let people: HashMap<UserId, PersonBrief> = tx
        .people(&ids)
        .await?
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    let mut infos = Vec::with_capacity(bots.len());
    for bot in bots {
        let devices = tx.devices_of(bot.user_id).await?;
        let in_use = devices.iter().filter(|device| device.state.is_in_use());
        let named = people
            .get(&bot.user_id)
            .cloned()
            .zip(people.get(&bot.owner).cloned());
        let (user, owner) = named.ok_or(Refusal::NotFound)?;
        infos.push(BotInfo {
            user,
            owner,
            scope: serde_json::from_str(&bot.scope).map_err(Refusal::internal)?,
            per_minute: bot.per_minute,
            devices: in_use.count() as u64,
            created_at: bot.created_at,
            disabled_at: bot.disabled_at,
        });
    }
    Ok(infos)
}

/// The permit of whoever is within their rate: a bot sends and brings so much in a minute, on whichever node.
pub(crate) async fn within_rate(
    app: &App,
    caller: &Caller,
    permit: Permit,
) -> Result<Permit, Refusal> {
    if !caller.is_bot() {
        return Ok(permit);
    }
    let now_ms = permit.now_ms();
    let within = patiently!(app, |tx| {
        Ok(tx.count_bot_message(caller.user(), now_ms).await?)
    })?;
    if within {
        return Ok(permit);
    }
    let permit = permit.kind(HELD_BACK);
    let mut note = permit.note();
    note.refused("bot_rate");
    permit.record_with(note).await?;
    Err(Refusal::TooManyRequests {
        retry_after_s: WAIT_S,
    })
}

/// A scope as it is stored.
fn checked(scope: &BotScope, per_minute: u32) -> Result<String, Refusal> {
    let fault = |field: &str, expected: &str| Refusal::InvalidBody {
        field: field.to_owned(),
        expected: expected.to_owned(),
    };
    if !(1..=MOST_PER_MINUTE).contains(&per_minute) {
        return Err(fault("per_minute", "1 to 600"));
    }
    if scope.groups.len() > MOST_PLACES || scope.roles.len() > MOST_PLACES {
        return Err(fault("scope", "at most 100 conversations and 100 roles"));
    }
    serde_json::to_string(scope).map_err(Refusal::internal)
}

const HELD_BACK: Kind = Kind::named("bot.held_back");
const WAIT_S: u64 = 10;
const MOST_PER_MINUTE: u32 = 600;
const MOST_PLACES: usize = 100;
