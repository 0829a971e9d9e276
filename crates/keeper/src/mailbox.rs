//! The record keeper's mailbox at the server: what was handed in for it, and what it says came of it.
//!
//! The server carries both ways and is believed in nothing. What it hands out is made durable before it
//! is told so; what is to be told back is durable in the write that did it, and is told again until the
//! server took it, so that a crash at any point loses nothing and does nothing twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wardline_client::{Client, ClientError, Platform};
use wardline_model::statement::{Came, Refused, SignedStatement, Statement};
use wardline_model::{B64, UserId};

use crate::records::{SETTLED_MS, Terms};
use crate::retention::{LIFETIME_MS, hex};

/// Something that the record keeper signed, and whether it has been told.
#[derive(Clone, Serialize, Deserialize)]
struct Told {
    statement: SignedStatement,
    told: bool,
}

/// Takes what was handed in and was signed by whom it names. What the server made up is not kept, and not
/// answered.
///
/// # Errors
/// What may pass: no connection, an ended session, a store that does not write.
pub(crate) async fn fetch<P: Platform>(
    client: &mut Client<P>,
    terms: &Terms,
) -> Result<(), ClientError> {
    let now_ms = client.platform().now_ms();
    for _ in 0..ROUNDS {
        let mut room = MOST.saturating_sub(heard(client)?.len());
        let left = client.statements_left().await?;
        let mut taken = Vec::new();
        for signed in left {
            let hash = signed.hash();
            if may_count(&signed, terms) {
                // One that was settled before is answered again.
                if told(client, &outcome_name(&hash))?.is_some() {
                    tell_again(client, &outcome_name(&hash))?;
                } else if room == 0 || signed.issued_at > now_ms.saturating_add(AHEAD_MS) {
                    continue;
                } else {
                    match client.was_signed(&signed).await {
                        Ok(()) => {
                            room -= 1;
                            client.put_own(&heard_name(&hash), &signed)?;
                        }
                        Err(error) if error.is_transient() => return Err(error),
                        // The endorsement of a new device takes a moment until it stands in the log.
                        Err(_) if now_ms.saturating_sub(signed.issued_at) <= SETTLED_MS => continue,
                        Err(_) => {}
                    }
                }
            }
            taken.push(B64(hash.to_vec()));
        }
        if taken.is_empty() {
            return Ok(());
        }
        client.flush().await?;
        client.statements_taken(taken).await?;
    }
    Ok(())
}

/// Tells what has not been told; gives what the server would not take, and why. `write` puts each where
/// it is to be beside, and nothing counts as told before that went well.
///
/// # Errors
/// What may pass: no connection, an ended session, a store that does not write.
pub async fn tell<P: Platform>(
    client: &mut Client<P>,
    mut write: impl FnMut(&SignedStatement) -> bool,
) -> Result<Vec<String>, ClientError> {
    let mut refused = Vec::new();
    let all: Vec<Told> = client.all_own(TOLD)?;
    for one in all.into_iter().filter(|one| !one.told) {
        let written = write(&one.statement);
        match client.tell_result(&one.statement).await {
            Ok(()) if written => {
                let name = name_of(&one.statement);
                client.put_own(&name, &Told { told: true, ..one })?;
                client.flush().await?;
            }
            Ok(()) => {}
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => refused.push(error.to_string()),
        }
    }
    Ok(refused)
}

/// What was handed in and waits.
///
/// # Errors
/// When the store is locked.
pub fn heard<P: Platform>(client: &Client<P>) -> Result<Vec<SignedStatement>, ClientError> {
    client.all_own(HEARD)
}

/// Forgets what was handed in and needs no looking at any more: orders that are done with, agreements to
/// them, and what is too old to count.
pub(crate) fn tidy<P: Platform>(client: &mut Client<P>) -> Result<(), ClientError> {
    let now_ms = client.platform().now_ms();
    let mut heard = heard(client)?;
    heard.sort_by_key(|signed| std::cmp::Reverse(signed.issued_at));
    let mut keys: BTreeMap<UserId, usize> = BTreeMap::new();
    for signed in heard {
        let order = match &signed.statement {
            Statement::Approval { order, .. } => order.array(),
            Statement::CustodianKey { .. } => {
                let newer = keys.entry(signed.user_id).or_default();
                *newer += 1;
                if *newer > KEYS_OF_ONE {
                    client.forget_own(&heard_name(&signed.hash()))?;
                }
                continue;
            }
            _ => Some(signed.hash()),
        };
        let over = match order {
            Some(order) => told(client, &outcome_name(&order))?.is_some(),
            None => true,
        };
        let old = now_ms.saturating_sub(signed.issued_at) > LIFETIME_MS.saturating_mul(2);
        if over || old {
            client.forget_own(&heard_name(&signed.hash()))?;
        }
    }
    // What was refused is refused again, should it come once more; what people order whom the host does not
    // name is forgotten, so that they fill nothing.
    let all: Vec<Told> = client.all_own(TOLD)?;
    for Told { statement, told } in all {
        let is_refusal = matches!(
            statement.statement,
            Statement::Outcome {
                came: Came::Refused {
                    why: Refused::NotAnOfficer
                },
                ..
            }
        );
        let old = now_ms.saturating_sub(statement.issued_at) > LIFETIME_MS.saturating_mul(2);
        if told && is_refusal && old {
            client.forget_own(&name_of(&statement))?;
        }
    }
    Ok(())
}

/// What was signed under a name, told or not.
pub(crate) fn told<P: Platform>(
    client: &Client<P>,
    name: &str,
) -> Result<Option<SignedStatement>, ClientError> {
    let told: Option<Told> = client.own(name)?;
    Ok(told.map(|told| told.statement))
}

/// Notes something to be told; durable with the next flush.
pub(crate) fn tell_later<P: Platform>(
    client: &mut Client<P>,
    name: &str,
    statement: SignedStatement,
) -> Result<(), ClientError> {
    let told = Told {
        statement,
        told: false,
    };
    client.put_own(name, &told)
}

fn tell_again<P: Platform>(client: &mut Client<P>, name: &str) -> Result<(), ClientError> {
    match told(client, name)? {
        Some(statement) => tell_later(client, name, statement),
        None => Ok(()),
    }
}

/// Whether it is of a form that can count at all.
fn may_count(signed: &SignedStatement, terms: &Terms) -> bool {
    let is_custodian = |user| {
        let custodians = terms.custodians.as_ref();
        custodians.is_some_and(|custodians| custodians.people.contains(user))
    };
    let is_key = matches!(signed.statement, Statement::CustodianKey { .. });
    is_statement_of_people(signed)
        && (!is_key || is_custodian(&signed.user_id))
        && signed.is_well_formed()
        && signed.signed_bytes().len() <= LARGEST
}

/// What people state; all else is for the record keeper to state.
const fn is_statement_of_people(signed: &SignedStatement) -> bool {
    matches!(
        signed.statement,
        Statement::Hold { .. }
            | Statement::EndHold { .. }
            | Statement::Export { .. }
            | Statement::Release { .. }
            | Statement::Approval { .. }
            | Statement::CustodianKey { .. }
    )
}

fn name_of(signed: &SignedStatement) -> String {
    match &signed.statement {
        Statement::Outcome { order, .. } => outcome_name(&order.0),
        Statement::Share { custodian, .. } => share_name(*custodian),
        Statement::InForce { .. } => IN_FORCE.to_owned(),
        _ => destruction_name(&signed.hash()),
    }
}

pub(crate) fn outcome_name(order: &[u8]) -> String {
    format!("{TOLD}outcome/{}", hex(order))
}

pub(crate) fn share_name(custodian: UserId) -> String {
    format!("{TOLD}share/{custodian}")
}

pub(crate) fn destruction_name(hash: &[u8; 32]) -> String {
    format!("{TOLD}destruction/{}", hex(hash))
}

fn heard_name(hash: &[u8; 32]) -> String {
    format!("{HEARD}{}", hex(hash))
}

pub(crate) const IN_FORCE: &str = "told/in-force";
const TOLD: &str = "told/";
const HEARD: &str = "heard/";
/// The largest statement, in bytes, as the server takes them.
const LARGEST: usize = 64 << 10;
/// How far ahead of this clock a device's may be.
const AHEAD_MS: u64 = 15 * 60 * 1000;
/// The most that waits at a time: whoever floods the server fills this and no more.
const MOST: usize = 2_000;
/// The most keys of one person: some of them may be what the server made up.
const KEYS_OF_ONE: usize = 20;
/// Pages taken at a look: a server that hands out without an end is asked again later.
const ROUNDS: usize = 20;
