//! Who is on patients' care teams, as the hospital's records have it: files become changes, for the API and
//! for the console. What follows for the members' apps is in [`care`](crate::care).

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use thiserror::Error;
use wardline_audit::event::{Event, Kind};
use wardline_model::wire::teams::{
    CareTeamFinding, CareTeamMemberChange, CareTeamMemberChangeKind, CareTeamsImported,
};
use wardline_model::{PatientId, UserId};
use wardline_policy::BOT;
use wardline_roster::care::{self, ReadTeam};
use wardline_store::{CareTeamChange, StoreError, Tx};

use crate::config::Config;
use crate::init::{self, InitError};
use crate::keys::HospitalKeys;
use crate::rim::{Clock, random};
use crate::schedules;
use crate::server::open_store;

/// Reads a file.
///
/// # Errors
/// Every reason to refuse it, in sentences without anything of the file.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<ReadTeam>, Vec<String>> {
    care::read(bytes, care::limits()).map_err(|refused| schedules::reasons(&refused))
}

/// What an import found, and what it changes.
pub(crate) struct Outcome {
    /// For whoever imports.
    pub(crate) told: CareTeamsImported,
    /// By patient; those whose team stays as it is are left out.
    pub(crate) changes: Vec<CareTeamChange>,
}

/// Says what a file changes, and changes it if it is to and nothing stops it. Nobody puts themselves on a
/// team: to be on one opens the chart.
pub(crate) async fn import(
    tx: &mut Tx,
    teams: &[ReadTeam],
    by: Option<UserId>,
    apply: bool,
    now_ms: u64,
) -> Result<Outcome, StoreError> {
    if apply {
        tx.lock_care_teams().await?;
    }
    let everyone = tx.everyone().await?;
    let known: HashMap<String, UserId> = everyone
        .iter()
        .filter(|(person, roles)| person.active && !roles.split(',').any(|role| role == BOT))
        .map(|(person, _)| (person.username.to_lowercase(), person.user_id))
        .collect();
    let mut findings = Vec::new();
    let mut changes = Vec::new();
    for team in teams {
        let before: BTreeSet<UserId> = tx.care_team(&team.patient).await?.into_iter().collect();
        let mut after = BTreeSet::new();
        for member in &team.members {
            match known.get(&member.person.to_lowercase()) {
                None => findings.push(Finding::UnknownPerson(member.line)),
                Some(id) if by == Some(*id) && !before.contains(id) => {
                    findings.push(Finding::Oneself(member.line));
                }
                Some(id) => {
                    after.insert(*id);
                }
            }
        }
        if tx
            .resource("Patient", team.patient.as_str())
            .await?
            .is_none()
        {
            findings.push(Finding::UnknownPatient(team.line));
        }
        let change = CareTeamChange {
            patient: team.patient.clone(),
            added: after.difference(&before).copied().collect(),
            removed: before.difference(&after).copied().collect(),
        };
        if !change.added.is_empty() || !change.removed.is_empty() {
            changes.push(change);
        }
    }
    let stopped = findings.iter().any(|finding| finding.stops());
    let applied = apply && !stopped;
    if applied {
        for change in &changes {
            tx.change_care_team(change, now_ms).await?;
        }
    }
    let names: HashMap<UserId, &str> = everyone
        .iter()
        .map(|(person, _)| (person.user_id, person.name.as_str()))
        .collect();
    let count = |of: fn(&CareTeamChange) -> &[UserId]| {
        changes.iter().map(|change| of(change).len() as u64).sum()
    };
    let told = CareTeamsImported {
        applied,
        stopped,
        findings: told(findings),
        patients: teams.len() as u64,
        changed: changes.len() as u64,
        added: count(|change| &change.added),
        removed: count(|change| &change.removed),
        changes: listed(&changes, &names),
    };
    Ok(Outcome { told, changes })
}

/// The event of a patient whose team changed: with it the log says who came to see the chart when. Of a
/// whole import there is one beside it.
pub(crate) fn event(mut event: Event, change: &CareTeamChange) -> Event {
    let ids = |users: &[UserId]| -> Value { users.iter().map(ToString::to_string).collect() };
    event.resource = format!("patient/{}", change.patient);
    event.detail.insert("added".to_owned(), ids(&change.added));
    event
        .detail
        .insert("removed".to_owned(), ids(&change.removed));
    event
}

/// Something about a file, with its line.
#[derive(Debug, Clone, Copy)]
enum Finding {
    UnknownPerson(u64),
    Oneself(u64),
    UnknownPatient(u64),
}

impl Finding {
    const fn stops(self) -> bool {
        !matches!(self, Self::UnknownPatient(_))
    }

    const fn line(self) -> u64 {
        match self {
            Self::UnknownPerson(line) | Self::Oneself(line) | Self::UnknownPatient(line) => line,
        }
    }

    fn told(self) -> CareTeamFinding {
        let (kind, words) = match self {
            Self::UnknownPerson(_) => ("unknown_person", "nobody in use has this sign-in name"),
            Self::Oneself(_) => (
                "oneself",
                "nobody puts themselves on a care team; leave yourself out, and have somebody else add you",
            ),
            Self::UnknownPatient(_) => (
                "unknown_patient",
                "there is no record of this patient here yet; check the id",
            ),
        };
        CareTeamFinding {
            kind: kind.to_owned(),
            line: self.line(),
            stops: self.stops(),
            words: format!("line {}: {words}", self.line()),
        }
    }
}

/// What stops comes first, so that it is never cut off.
fn told(mut findings: Vec<Finding>) -> Vec<CareTeamFinding> {
    findings.sort_by_key(|finding| (!finding.stops(), finding.line()));
    findings.truncate(MOST_TOLD);
    findings.into_iter().map(Finding::told).collect()
}

fn listed(changes: &[CareTeamChange], names: &HashMap<UserId, &str>) -> Vec<CareTeamMemberChange> {
    let of = |patient: &PatientId, kind, user: &UserId| CareTeamMemberChange {
        kind,
        patient: patient.clone(),
        person: names.get(user).copied().unwrap_or_default().to_owned(),
    };
    let all = changes.iter().flat_map(|change| {
        let removed = change.removed.iter();
        let removed =
            removed.map(|user| of(&change.patient, CareTeamMemberChangeKind::Removed, user));
        let added = change.added.iter();
        let added = added.map(|user| of(&change.patient, CareTeamMemberChangeKind::Added, user));
        removed.chain(added).collect::<Vec<_>>()
    });
    all.take(MOST_TOLD).collect()
}

/// Why a file was not imported at the console.
#[derive(Debug, Error)]
pub enum CareTeamsError {
    /// It cannot be read; every reason.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// Keys or database.
    #[error(transparent)]
    Unavailable(#[from] InitError),
}

impl From<StoreError> for CareTeamsError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// `wardline care-teams import`: imports a file at the console, or only says what it would change.
///
/// # Errors
/// When the file cannot be read, or keys or database fail.
pub async fn at_console(
    config: &Config,
    bytes: &[u8],
    dry_run: bool,
    clock: &Clock,
) -> Result<CareTeamsImported, CareTeamsError> {
    let now_ms = clock.now_ms();
    let teams = read(bytes).map_err(CareTeamsError::Refused)?;
    let keys = HospitalKeys::open(&config.data.dir).map_err(InitError::from)?;
    let store = open_store(config, &keys).map_err(InitError::from)?;
    let mut tx = store.write().await?;
    let Outcome { told, changes } = import(&mut tx, &teams, None, !dry_run, now_ms).await?;
    if told.applied {
        let console = |kind| init::by_console(store.node(), kind, "hospital", now_ms);
        for change in &changes {
            let event = event(console(CHANGED), change);
            tx.audit(&event, wardline_audit::Salt(random())).await?;
        }
        let mut event = console(IMPORTED);
        for (name, value) in counts(&told) {
            event.detail.insert(name.to_owned(), value.into());
        }
        tx.audit(&event, wardline_audit::Salt(random())).await?;
        tx.commit().await?;
    } else {
        drop(tx);
    }
    store.close().await;
    Ok(told)
}

/// What the event of an import says.
pub(crate) fn counts(told: &CareTeamsImported) -> [(&'static str, u64); 4] {
    [
        ("patients", told.patients),
        ("changed", told.changed),
        ("added", told.added),
        ("removed", told.removed),
    ]
}

/// Care teams were imported.
pub(crate) const IMPORTED: Kind = Kind::named("care_team.imported");
/// A patient's care team changed.
pub(crate) const CHANGED: Kind = Kind::named("care_team.changed");
const MOST_TOLD: usize = 200;
