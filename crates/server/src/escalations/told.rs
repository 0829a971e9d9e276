//! A page as those see it whom it concerns: who, whom, since when, and how it stands.

use std::collections::{BTreeSet, HashMap};

use wardline_escalation::{End, Page};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::escalations::{EscalationInfo, EscalationPerson};
use wardline_model::wire::integrations::CallState;
use wardline_model::{EscalationId, UserId};
use wardline_store::{StoredEscalation, Tx};

use super::roster::{self, RECIPIENTS};
use super::{Open, state_of};
use crate::app::App;
use crate::problem::Refusal;
use crate::shape;

/// What a person is told of a page.
pub(crate) async fn info(
    tx: &mut Tx,
    app: &App,
    stored: &StoredEscalation,
    reader: UserId,
    now_ms: u64,
) -> Result<EscalationInfo, Refusal> {
    let page = Open::read(tx, app, stored, now_ms).await?.page;
    let audience = roster::audience(tx, stored.group_id, stored.sender, now_ms).await?;
    // As they are kept with the page: the roster goes on, what was asked stays.
    let recipients = page.chain().levels.first().map(|level| &level.users);
    let recipients: BTreeSet<UserId> = recipients.into_iter().flatten().copied().collect();
    let mut ids = recipients.clone();
    ids.insert(page.sender());
    ids.extend(page.asked().keys());
    if let Some(End::Acknowledged { by, .. }) = page.end() {
        ids.insert(by);
    }
    let ids: Vec<UserId> = ids.into_iter().collect();
    let people: HashMap<UserId, PersonBrief> = tx
        .people(&ids)
        .await?
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    let brief = |user: &UserId| people.get(user).cloned();
    // The last one of each person, for how it stands; a failure before it stays told.
    let mut calls: HashMap<UserId, (Option<CallState>, Option<u64>)> = HashMap::new();
    for call in tx.pager_calls_of(stored.id()).await? {
        let of = calls.entry(call.user_id).or_default();
        *of = (call_state(&call.state), call.failed_at.or(of.1));
    }
    let mut asked: Vec<EscalationPerson> = page
        .asked()
        .iter()
        .filter_map(|(user, asked)| {
            Some(EscalationPerson {
                person: brief(user)?,
                level: level_name(&page, asked.level),
                attempts: asked.attempts,
                first_at: asked.first_at,
                last_at: asked.last_at,
                delivered_at: asked.delivered_at,
                read_at: asked.read_at,
                declined_at: asked.declined_at,
                call: calls.get(user).and_then(|call| call.0),
                call_failed_at: calls.get(user).and_then(|call| call.1),
            })
        })
        .collect();
    asked.sort_by_key(|person| person.first_at);
    let (ended_at, acknowledged_by) = match page.end() {
        Some(End::Acknowledged { by, at }) => (Some(at), brief(&by)),
        Some(End::Unanswered { at } | End::Withdrawn { at }) => (Some(at), None),
        None => (None, None),
    };
    Ok(EscalationInfo {
        id: EscalationId {
            group: stored.group_id,
            seq: stored.seq,
        },
        group: stored.group_id,
        seq: stored.seq,
        sender: brief(&page.sender()).ok_or(Refusal::NotFound)?,
        recipients: recipients.iter().filter_map(brief).collect(),
        role: audience.role.map(|role| role.title),
        departments: audience.departments.into_iter().collect(),
        started_at: page.started_at(),
        state: state_of(&page),
        ended_at,
        acknowledged_by,
        asked: page.end().is_none() && page.concerns(reader),
        people: asked,
        told: told(&page, &people, &calls),
    })
}

/// What happened, in sentences.
fn told(
    page: &Page,
    people: &HashMap<UserId, PersonBrief>,
    calls: &HashMap<UserId, (Option<CallState>, Option<u64>)>,
) -> Vec<String> {
    let name = |user: &UserId| {
        let person = people.get(user);
        person.map_or("somebody", |person| person.name.as_str())
    };
    let minutes = |at: u64| at.saturating_sub(page.started_at()) / 60_000;
    let mut told = Vec::new();
    for reached in page.reached().iter().filter(|reached| reached.level > 0) {
        told.push(format!(
            "After {} min without an answer it went on to: {}.",
            minutes(reached.at),
            level_name(page, reached.level).replace(['_', '-'], " ")
        ));
    }
    for (user, asked) in page.asked() {
        if asked.declined_at.is_some() {
            told.push(format!("{} cannot take it.", name(user)));
        }
    }
    for user in page.asked().keys() {
        match calls.get(user) {
            Some((Some(CallState::Failed), _)) => told.push(format!(
                "The pager system did not take the call for {}.",
                name(user)
            )),
            Some((Some(CallState::Waiting), Some(_))) => told.push(format!(
                "The pager system has not taken the call for {} yet; it is tried again.",
                name(user)
            )),
            _ => {}
        }
    }
    for user in &page.chain().unavailable {
        if let Some(person) = people.get(user) {
            told.push(format!("{} could not be reached.", person.name));
        }
    }
    match page.end() {
        None => told.push("Nobody has taken it yet.".to_owned()),
        Some(End::Acknowledged { by, at }) => {
            told.push(format!("{} took it after {} min.", name(&by), minutes(at)));
        }
        Some(End::Unanswered { at }) => told.push(format!(
            "Nobody answered within {} min. Call, or go there.",
            minutes(at)
        )),
        Some(End::Withdrawn { .. }) => told.push("The sender took it back.".to_owned()),
    }
    told
}

fn call_state(stored: &str) -> Option<CallState> {
    Some(match stored {
        "waiting" => CallState::Waiting,
        "taken" => CallState::Taken,
        "failed" => CallState::Failed,
        "needless" => CallState::Needless,
        _ => return None,
    })
}

fn level_name(page: &Page, level: usize) -> String {
    let level = page.chain().levels.get(level);
    level.map_or_else(|| RECIPIENTS.to_owned(), |level| level.name.clone())
}
