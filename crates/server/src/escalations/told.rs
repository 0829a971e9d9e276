//! A page as those see it whom it concerns: who, whom, since when, and how it stands.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use wardline_escalation::{End, Next, Page};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::escalations::{EscalationInfo, EscalationPerson, EscalationState};
use wardline_model::wire::integrations::CallState;
use wardline_model::{EscalationId, GroupId, RoleSlug, UserId};
use wardline_store::{OnCall, StoredEscalation, Tx};

use super::roster::{self, RECIPIENTS};
use super::{Lost, Open, state_of};
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
    let infos = infos(tx, app, std::slice::from_ref(stored), reader, now_ms).await?;
    infos.into_iter().next().ok_or(Refusal::NotFound)
}

/// How the calls of a person's pager stand: the last one, and when one of them failed first.
type Calls = HashMap<UserId, (Option<CallState>, Option<u64>)>;

/// What a person is told of pages; some queries for all that have begun, and one for each where the
/// hospital has a pager system.
pub(crate) async fn infos(
    tx: &mut Tx,
    app: &App,
    stored: &[StoredEscalation],
    reader: UserId,
    now_ms: u64,
) -> Result<Vec<EscalationInfo>, Refusal> {
    let mut pages = Vec::with_capacity(stored.len());
    let mut lost = Vec::new();
    for stored in stored {
        match Open::read(tx, app, stored, now_ms).await? {
            Ok(open) => pages.push((stored, open.page)),
            Err(Lost::GivenUp) => lost.push((stored, whom_for(tx, stored, now_ms).await?)),
            // Until it is given up there is nothing to tell of it.
            Err(Lost::Unreadable(_)) => {}
        }
    }
    let owners: HashMap<UserId, UserId> = if pages.iter().any(|(_, page)| is_unanswered(page)) {
        let bots = tx.bots().await?.into_iter();
        bots.map(|bot| (bot.user_id, bot.owner)).collect()
    } else {
        HashMap::new()
    };
    let roles = tx.oncall(now_ms).await?.into_iter();
    let roles: HashMap<RoleSlug, OnCall> = roles.map(|role| (role.slug.clone(), role)).collect();
    let groups: BTreeSet<GroupId> = stored.iter().map(|stored| stored.group_id).collect();
    let teams = tx
        .teams_called(&groups.into_iter().collect::<Vec<_>>())
        .await?;
    let teams: HashMap<GroupId, String> = teams
        .into_iter()
        .map(|team| (team.group_id, team.title))
        .collect();
    let mut ids: BTreeSet<UserId> = pages.iter().flat_map(|(_, page)| named(page)).collect();
    for (stored, (recipients, _)) in &lost {
        ids.insert(stored.sender);
        ids.extend(recipients);
    }
    let ids: Vec<UserId> = ids.into_iter().collect();
    let people: HashMap<UserId, PersonBrief> = tx
        .people(&ids)
        .await?
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    let mut calls: HashMap<EscalationId, Calls> = HashMap::new();
    if !app.config.pager.url.is_empty() {
        for (stored, _) in &pages {
            calls.insert(stored.id(), calls_of(tx, stored.id()).await?);
        }
    }
    let call = Some(&app.config.escalation.call).filter(|call| !call.is_empty());
    let role_of = |stored: &StoredEscalation| roles.get(stored.role.as_ref()?);
    let told = pages.into_iter().filter_map(|(stored, page)| {
        let id = stored.id();
        let calls = calls.remove(&id).unwrap_or_default();
        let mut info = shaped(id, &page, reader, role_of(stored), &people, &calls)?;
        info.failed |= is_unanswered(&page) && owners.get(&page.sender()) == Some(&reader);
        Some(info)
    });
    let lost = lost
        .into_iter()
        .filter_map(|(stored, (recipients, departments))| {
            let mut info = unfollowed(stored, people.get(&stored.sender)?.clone());
            info.role = role_of(stored).map(|role| role.title.clone());
            let recipients = recipients.iter().filter_map(|user| people.get(user));
            info.recipients = recipients.cloned().collect();
            info.departments = departments.into_iter().collect();
            Some(info)
        });
    let mut infos: Vec<EscalationInfo> = told.chain(lost).collect();
    for info in &mut infos {
        info.team = teams.get(&info.group).cloned();
        info.call = call.cloned().filter(|_| info.failed);
    }
    infos.sort_by_key(|info| Reverse(info.started_at));
    Ok(infos)
}

/// What a program is told of the pages of its own messages: how they stand, and nobody's name.
pub(crate) fn bare(info: EscalationInfo) -> EscalationInfo {
    EscalationInfo {
        recipients: Vec::new(),
        departments: Vec::new(),
        acknowledged_by: None,
        quiet: Vec::new(),
        unreachable: Vec::new(),
        people: Vec::new(),
        told: Vec::new(),
        ..info
    }
}

fn is_unanswered(page: &Page) -> bool {
    matches!(page.end(), Some(End::Unanswered { .. }))
}

/// Whom a page is for of which nothing can be read, by the roster as it is now: the people, and the
/// departments.
async fn whom_for(
    tx: &mut Tx,
    stored: &StoredEscalation,
    now_ms: u64,
) -> Result<(BTreeSet<UserId>, BTreeSet<String>), Refusal> {
    match roster::audience(tx, stored, now_ms).await {
        Ok(audience) => Ok((audience.recipients, audience.departments)),
        Err(Refusal::NotFound) => Ok((BTreeSet::new(), BTreeSet::new())),
        Err(other) => Err(other),
    }
}

/// A page that could not be read and was given up: to everybody whom it concerns it says so.
fn unfollowed(stored: &StoredEscalation, sender: PersonBrief) -> EscalationInfo {
    let id = stored.id();
    EscalationInfo {
        id,
        group: id.group,
        seq: id.seq,
        line: id.line,
        sender,
        recipients: Vec::new(),
        role: None,
        team: None,
        departments: Vec::new(),
        started_at: stored.started_at,
        state: EscalationState::Unanswered,
        ended_at: stored.ended_at,
        acknowledged_by: None,
        asked: false,
        failed: true,
        next_at: None,
        next_level: None,
        roused_at: None,
        quiet: Vec::new(),
        unreachable: Vec::new(),
        call: None,
        people: Vec::new(),
        told: vec![UNFOLLOWED.to_owned()],
    }
}

async fn calls_of(tx: &mut Tx, page: EscalationId) -> Result<Calls, Refusal> {
    // The last one of each person, for how it stands; a failure before it stays told.
    let mut calls = Calls::new();
    for call in tx.pager_calls_of(page).await? {
        let of = calls.entry(call.user_id).or_default();
        *of = (call_state(&call.state), call.failed_at.or(of.1));
    }
    Ok(calls)
}

/// Everyone whose name is told with a page.
fn named(page: &Page) -> BTreeSet<UserId> {
    let mut named = on_asked_levels(page);
    named.insert(page.sender());
    named.extend(page.asked().keys());
    if let Some(End::Acknowledged { by, .. }) = page.end() {
        named.insert(by);
    }
    named
}

fn recipients(page: &Page) -> BTreeSet<UserId> {
    let users = page.chain().levels.first().map(|level| &level.users);
    users.cloned().unwrap_or_default()
}

fn on_asked_levels(page: &Page) -> BTreeSet<UserId> {
    let levels = page.chain().levels.iter().take(page.level() + 1);
    levels.flat_map(|level| &level.users).copied().collect()
}

/// A page as a person sees it; nothing where its sender is not known any more.
fn shaped(
    id: EscalationId,
    page: &Page,
    reader: UserId,
    role: Option<&OnCall>,
    people: &HashMap<UserId, PersonBrief>,
    calls: &Calls,
) -> Option<EscalationInfo> {
    let brief = |user: &UserId| people.get(user).cloned();
    // As they are kept with the page: the roster goes on, what was asked stays.
    let recipients = recipients(page);
    let departments: BTreeSet<String> = match role {
        Some(role) => BTreeSet::from([role.department.clone()]),
        None => recipients
            .iter()
            .filter_map(|user| people.get(user))
            .map(|person| person.department.clone())
            .collect(),
    };
    let mut asked: Vec<EscalationPerson> = page
        .asked()
        .iter()
        .filter_map(|(user, asked)| {
            Some(EscalationPerson {
                person: brief(user)?,
                level: level_name(page, asked.level),
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
    let next = page.next_step();
    let never_asked = |users: &BTreeSet<UserId>| -> Vec<PersonBrief> {
        let on_them = on_asked_levels(page).into_iter();
        on_them
            .filter(|user| users.contains(user) && *user != page.sender())
            .filter(|user| !page.asked().contains_key(user))
            .filter_map(|user| brief(&user))
            .collect()
    };
    Some(EscalationInfo {
        id,
        group: id.group,
        seq: id.seq,
        sender: brief(&page.sender())?,
        recipients: recipients.iter().filter_map(brief).collect(),
        line: id.line,
        role: role.map(|role| role.title.clone()),
        team: None,
        departments: departments.into_iter().collect(),
        started_at: page.started_at(),
        state: state_of(page),
        ended_at,
        acknowledged_by,
        asked: page.end().is_none() && page.concerns(reader),
        failed: is_unanswered(page) && page.told_of_silence().contains(&reader),
        next_at: next.map(|(at, _)| at),
        next_level: next.and_then(|(_, next)| match next {
            Next::Level(level) => Some(level_name(page, level)),
            Next::Roused => Some(QUIET.to_owned()),
            Next::Ends => None,
        }),
        roused_at: page.roused_at(),
        quiet: never_asked(&page.chain().quiet),
        unreachable: never_asked(&page.chain().unavailable),
        call: None,
        people: asked,
        told: told(page, people, calls),
    })
}

/// What happened, in sentences.
fn told(page: &Page, people: &HashMap<UserId, PersonBrief>, calls: &Calls) -> Vec<String> {
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
    for user in &page.chain().quiet {
        if let Some(person) = people.get(user) {
            told.push(format!("{} is not to be disturbed.", person.name));
        }
    }
    if let Some(at) = page.roused_at() {
        told.push(format!(
            "After {} min nobody else was left, so those were asked, too.",
            minutes(at)
        ));
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

/// In the place of a level: those who are not to be disturbed.
const QUIET: &str = "quiet";
const UNFOLLOWED: &str =
    "It could not be followed to its end, so nobody is asked any more. Call, or go there.";

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
