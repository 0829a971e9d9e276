//! Schedules: files become turns and shifts, for the API and for the console.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use thiserror::Error;
use wardline_audit::event::Kind;
use wardline_model::wire::schedules::{
    ScheduleChange, ScheduleChangeKind, ScheduleFinding, ScheduleFormat, ScheduleImported,
};
use wardline_model::{RoleSlug, UserId};
use wardline_roster::check::{self, Finding, Known, Role};
use wardline_roster::file::{Limits, Read, Refused};
use wardline_roster::merge::{self, Plan};
use wardline_roster::slot::{Shift, Slot, Turn, Window};
use wardline_roster::{csv, ics, signed};
use wardline_store::{OnCallTurn, Person, PersonalShift, StoreError, Tx};

use crate::config::Config;
use crate::init::{self, InitError};
use crate::keys::HospitalKeys;
use crate::rim::{Clock, random};
use crate::server::open_store;

/// A file that was read, and the time that it replaces.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    read: Read,
    window: Window,
}

/// Reads a file. `from_ms` and `until_ms` say the time that it replaces, where that is not what the
/// file covers itself.
///
/// # Errors
/// Every reason to refuse it, in sentences.
pub(crate) fn read(
    format: ScheduleFormat,
    bytes: &[u8],
    from_ms: Option<u64>,
    until_ms: Option<u64>,
    now_ms: u64,
) -> Result<Upload, Vec<String>> {
    let limits = Limits::default();
    let window = |from_ms, until_ms| {
        Window::new(from_ms, until_ms)
            .filter(|window| window.until_ms() - window.from_ms() <= LONGEST_MS)
            .ok_or_else(|| vec![WRONG_TIME.to_owned()])
    };
    match format {
        ScheduleFormat::Icalendar => {
            let from_ms = from_ms.unwrap_or(now_ms);
            let until_ms = until_ms.unwrap_or(from_ms.saturating_add(QUARTER_MS));
            let window = window(from_ms, until_ms)?;
            let read = ics::read(bytes, window, limits).map_err(|refused| reasons(&refused))?;
            Ok(Upload { read, window })
        }
        ScheduleFormat::Csv => {
            let read = csv::read(bytes, limits).map_err(|refused| reasons(&refused))?;
            let (first_ms, last_ms) = covered(&read);
            let window = window(from_ms.unwrap_or(first_ms), until_ms.unwrap_or(last_ms))?;
            Ok(Upload { read, window })
        }
    }
}

/// Says what an upload changes, and changes it if it is to and nothing stops it.
pub(crate) async fn import(
    tx: &mut Tx,
    upload: &Upload,
    apply: bool,
    now_ms: u64,
) -> Result<ScheduleImported, StoreError> {
    let window = upload.window;
    let everyone = tx.everyone().await?;
    let people: HashMap<UserId, &Person> = everyone
        .iter()
        .map(|(person, _)| (person.user_id, person))
        .collect();
    let known = known(tx, &people, now_ms).await?;
    let (from_ms, until_ms) = (window.from_ms(), window.until_ms());
    match &upload.read {
        Read::Turns(read) => {
            let checked = check::turns(read, &known, window);
            let existing = tx.turns_between(from_ms, until_ms).await?;
            let existing: Vec<Turn> = existing.into_iter().map(turn).collect();
            let plan = merge::plan_from(&existing, &checked.slots, window, now_ms);
            let stopped = checked.is_stopped();
            let undone = undone_swaps(tx, &people, &existing, &plan, window, now_ms).await?;
            if apply && !stopped {
                for role in &checked.roles {
                    tx.put_oncall_role(&role.slug, &role.title, &role.department)
                        .await?;
                }
                apply_turns(tx, &plan).await?;
            }
            let name = |turn: &Turn| named(&people, turn.by);
            let changes = changes(&plan, |turn| (Some(turn.of.clone()), name(turn)));
            let mut told = answer(
                window,
                apply && !stopped,
                stopped,
                &checked.findings,
                &plan,
                changes,
            );
            told.findings = undone.into_iter().chain(told.findings).collect();
            let roles: BTreeSet<RoleSlug> =
                checked.slots.iter().map(|turn| turn.of.clone()).collect();
            told.roles = roles.into_iter().collect();
            Ok(told)
        }
        Read::Shifts(read) => {
            let checked = check::shifts(read, &known);
            let existing = tx.shifts_between(from_ms, until_ms).await?;
            let existing: Vec<Shift> = existing.iter().map(shift).collect();
            let plan = merge::plan(&existing, &checked.slots, window);
            let stopped = checked.is_stopped();
            if apply && !stopped {
                apply_shifts(tx, &plan).await?;
            }
            let changes = changes(&plan, |shift| (None, named(&people, shift.of)));
            Ok(answer(
                window,
                apply && !stopped,
                stopped,
                &checked.findings,
                &plan,
                changes,
            ))
        }
    }
}

/// Agreed swaps that a plan undoes: whoever took the turn over has it, and would not any more.
async fn undone_swaps(
    tx: &mut Tx,
    people: &HashMap<UserId, &Person>,
    existing: &[Turn],
    plan: &Plan<RoleSlug, UserId>,
    window: Window,
    now_ms: u64,
) -> Result<Vec<ScheduleFinding>, StoreError> {
    let after: Vec<Turn> = {
        let gone = |turn: &Turn| {
            plan.removed.contains(turn) || plan.changed.iter().any(|(was, _)| was == turn)
        };
        let kept = existing.iter().filter(|turn| !gone(turn));
        let now = plan.changed.iter().map(|(_, now)| now);
        kept.chain(now).chain(&plan.added).cloned().collect()
    };
    let mut undone = Vec::new();
    for swap in tx.agreed_swaps(window.from_ms(), window.until_ms()).await? {
        let begin_ms = swap.from_ms.max(window.from_ms()).max(now_ms);
        let Some(rest) = Window::new(begin_ms, swap.until_ms.min(window.until_ms())) else {
            continue;
        };
        let has = |turns: &[Turn]| {
            let of_role = turns.iter().filter(|turn| turn.of == swap.slug);
            let of_role: Vec<Turn> = of_role.cloned().collect();
            signed::holds_within(&of_role, swap.asked_of, rest)
        };
        if has(existing) && !has(&after) {
            let (to, from) = (named(people, swap.asked_of), named(people, swap.asked_by));
            undone.push(ScheduleFinding {
                kind: "undoes_swap".to_owned(),
                line: None,
                stops: false,
                words: format!(
                    "{to} took over a turn of {} from {from}, and this file takes it away",
                    swap.slug
                ),
            });
        }
    }
    undone.truncate(MOST_TOLD);
    Ok(undone)
}

/// Has a role be somebody's for a time, or nobody's.
pub(crate) async fn assign(
    tx: &mut Tx,
    role: &RoleSlug,
    by: Option<UserId>,
    window: Window,
) -> Result<(), StoreError> {
    let existing = tx
        .turns_between(window.from_ms(), window.until_ms())
        .await?;
    let existing: Vec<Turn> = existing
        .into_iter()
        .filter(|turn| turn.slug == *role)
        .map(turn)
        .collect();
    let wanted: Vec<Turn> = by
        .map(|by| Slot {
            of: role.clone(),
            from_ms: window.from_ms(),
            until_ms: window.until_ms(),
            by,
        })
        .into_iter()
        .collect();
    let plan = merge::replace(&existing, &BTreeSet::from([role.clone()]), &wanted, window);
    apply_turns(tx, &plan).await
}

/// Writes what a plan says of turns.
pub(crate) async fn apply_turns(
    tx: &mut Tx,
    plan: &Plan<RoleSlug, UserId>,
) -> Result<(), StoreError> {
    for turn in &plan.removed {
        tx.remove_turn(&turn.of, turn.from_ms).await?;
    }
    for turn in plan
        .added
        .iter()
        .chain(plan.changed.iter().map(|(_, now)| now))
    {
        tx.put_oncall_turn(&turn.of, turn.by, turn.from_ms, turn.until_ms)
            .await?;
    }
    Ok(())
}

async fn apply_shifts(tx: &mut Tx, plan: &Plan<UserId, ()>) -> Result<(), StoreError> {
    for shift in &plan.removed {
        tx.remove_shift(shift.of, shift.from_ms).await?;
    }
    for shift in plan
        .added
        .iter()
        .chain(plan.changed.iter().map(|(_, now)| now))
    {
        tx.put_shift(shift.of, shift.from_ms, shift.until_ms)
            .await?;
    }
    Ok(())
}

/// A stored turn as the rules take it.
pub(crate) fn turn(stored: OnCallTurn) -> Turn {
    Slot {
        of: stored.slug,
        from_ms: stored.from_ms,
        until_ms: stored.until_ms,
        by: stored.user_id,
    }
}

fn shift(stored: &PersonalShift) -> Shift {
    Slot {
        of: stored.user_id,
        from_ms: stored.from_ms,
        until_ms: stored.until_ms,
        by: (),
    }
}

/// Everyone active, and every role.
async fn known(
    tx: &mut Tx,
    people: &HashMap<UserId, &Person>,
    now_ms: u64,
) -> Result<Known, StoreError> {
    let roles = tx.oncall(now_ms).await?.into_iter().map(|role| Role {
        slug: role.slug,
        title: role.title,
        department: role.department,
    });
    let people = people
        .values()
        .filter(|person| person.active)
        .map(|person| (person.username.clone(), person.user_id));
    Ok(Known::new(people, roles))
}

fn named(people: &HashMap<UserId, &Person>, id: UserId) -> String {
    people
        .get(&id)
        .map_or_else(String::new, |person| person.name.clone())
}

fn covered(read: &Read) -> (u64, u64) {
    let spans: Vec<(u64, u64)> = match read {
        Read::Turns(turns) => turns.iter().map(|t| (t.from_ms, t.until_ms)).collect(),
        Read::Shifts(shifts) => shifts.iter().map(|s| (s.from_ms, s.until_ms)).collect(),
    };
    let first = spans.iter().map(|(from, _)| *from).min();
    let last = spans.iter().map(|(_, until)| *until).max();
    (first.unwrap_or_default(), last.unwrap_or_default())
}

fn changes<Of, By>(
    plan: &Plan<Of, By>,
    told: impl Fn(&Slot<Of, By>) -> (Option<RoleSlug>, String),
) -> Vec<ScheduleChange> {
    let change = |kind, slot: &Slot<Of, By>, before: Option<String>| {
        let (role, person) = told(slot);
        ScheduleChange {
            kind,
            role,
            from: slot.from_ms,
            until: slot.until_ms,
            person,
            before,
        }
    };
    let removed = plan.removed.iter();
    let removed = removed.map(|slot| change(ScheduleChangeKind::Removed, slot, None));
    let added = plan.added.iter();
    let added = added.map(|slot| change(ScheduleChangeKind::Added, slot, None));
    let changed = plan.changed.iter();
    let changed =
        changed.map(|(was, now)| change(ScheduleChangeKind::Changed, now, Some(told(was).1)));
    let mut all: Vec<ScheduleChange> = removed.chain(added).chain(changed).collect();
    all.sort_by_key(|change| change.from);
    all.truncate(MOST_TOLD);
    all
}

fn answer<Of, By>(
    window: Window,
    applied: bool,
    stopped: bool,
    findings: &[Finding],
    plan: &Plan<Of, By>,
    changes: Vec<ScheduleChange>,
) -> ScheduleImported {
    // What stops comes first, so that it is never cut off.
    let mut ordered: Vec<&Finding> = findings.iter().collect();
    ordered.sort_by_key(|finding| !finding.stops());
    ScheduleImported {
        applied,
        stopped,
        from: window.from_ms(),
        until: window.until_ms(),
        findings: ordered
            .into_iter()
            .take(MOST_TOLD)
            .map(|finding| ScheduleFinding {
                kind: finding.kind().to_owned(),
                line: finding.line(),
                stops: finding.stops(),
                words: finding.to_string(),
            })
            .collect(),
        added: plan.added.len() as u64,
        removed: plan.removed.len() as u64,
        changed: plan.changed.len() as u64,
        changes,
        roles: Vec::new(),
    }
}

/// Why a file is refused, in sentences.
pub(crate) fn reasons(refused: &Refused) -> Vec<String> {
    let mut reasons: Vec<String> = refused.reasons.iter().map(|r| format!("{r}.")).collect();
    if refused.more > 0 {
        reasons.push(format!("And {} more.", refused.more));
    }
    reasons
}

/// Why a file was not imported at the console.
#[derive(Debug, Error)]
pub enum ScheduleError {
    /// It cannot be read; every reason.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// Keys or database.
    #[error(transparent)]
    Unavailable(#[from] InitError),
}

impl From<StoreError> for ScheduleError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// What a file is, by the ending of its name.
pub fn format_of(file: &Path) -> Option<ScheduleFormat> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(ScheduleFormat::Csv),
        "ics" | "ical" => Some(ScheduleFormat::Icalendar),
        _ => None,
    }
}

/// `wardline schedule import`: imports a file at the console, or only says what it would change. The
/// time that it replaces is as for `POST /v1/schedules/import`.
///
/// # Errors
/// When the file cannot be read, or keys or database fail.
pub async fn at_console(
    config: &Config,
    format: ScheduleFormat,
    bytes: &[u8],
    dry_run: bool,
    clock: &Clock,
) -> Result<ScheduleImported, ScheduleError> {
    let now_ms = clock.now_ms();
    let upload = read(format, bytes, None, None, now_ms).map_err(ScheduleError::Refused)?;
    let keys = HospitalKeys::open(&config.data.dir).map_err(InitError::from)?;
    let store = open_store(config, &keys).map_err(InitError::from)?;
    let mut tx = store.write().await?;
    tx.lock_schedules().await?;
    let imported = import(&mut tx, &upload, !dry_run, now_ms).await?;
    if imported.applied {
        let mut event = init::by_console(store.node(), IMPORTED, "hospital", now_ms);
        let roles: Vec<&str> = imported.roles.iter().map(RoleSlug::as_str).collect();
        event.detail.insert("roles".to_owned(), roles.into());
        tx.audit(&event, wardline_audit::Salt(random())).await?;
        tx.commit().await?;
    } else {
        drop(tx);
    }
    store.close().await;
    Ok(imported)
}

/// Schedules were imported.
pub(crate) const IMPORTED: Kind = Kind::named("schedule.imported");
/// The most that an import replaces, and that is shown at once.
pub(crate) const LONGEST_MS: u64 = 400 * 24 * 60 * 60 * 1000;
const QUARTER_MS: u64 = 90 * 24 * 60 * 60 * 1000;
const WRONG_TIME: &str = "The time that is replaced has to end after it begins, and to be no longer than \
    400 days.";
const MOST_TOLD: usize = 200;
