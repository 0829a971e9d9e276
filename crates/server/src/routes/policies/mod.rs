//! Versions of the access policies. One file for each operation.

pub(crate) mod approve;
pub(crate) mod check;
pub(crate) mod draft;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod replay;
pub(crate) mod who_can;
pub(crate) mod withdraw;

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use wardline_model::UserId;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::policies::{PolicyProblem, PolicyState, PolicyText, PolicyVersionInfo};
use wardline_policy::{Engine, PolicyFile, PolicyTexts, Problem, lockout};
use wardline_store::{PolicyVersion, Tx};

use crate::app::App;
use crate::policies::{self, PoliciesError};
use crate::problem::Refusal;
use crate::shape;

/// What is in force and everything before and after it, the newest first.
async fn versions(tx: &mut Tx, now_ms: u64) -> Result<(u64, Vec<PolicyVersionInfo>), Refusal> {
    let active = tx.policy_in_force(now_ms).await?.map_or(0, |v| v.version);
    let stored = tx.policy_versions().await?;
    let mut ids: Vec<UserId> = stored
        .iter()
        .flat_map(|v| [v.author, v.approved_by, v.withdrawn_by])
        .flatten()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let people: HashMap<UserId, PersonBrief> = tx
        .people(&ids)
        .await?
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    let mut infos: Vec<PolicyVersionInfo> = stored
        .into_iter()
        .map(|version| info(version, &people, active, now_ms))
        .collect();
    infos.push(baseline(active));
    Ok((active, infos))
}

/// One version as answers show it.
async fn version(tx: &mut Tx, number: u64, now_ms: u64) -> Result<PolicyVersionInfo, Refusal> {
    let (_, versions) = versions(tx, now_ms).await?;
    let found = versions.into_iter().find(|info| info.version == number);
    found.ok_or(Refusal::NotFound)
}

fn info(
    version: PolicyVersion,
    people: &HashMap<UserId, PersonBrief>,
    active: u64,
    now_ms: u64,
) -> PolicyVersionInfo {
    let person = |id: Option<UserId>| id.and_then(|id| people.get(&id).cloned());
    let state = if version.withdrawn_at.is_some() {
        PolicyState::Withdrawn
    } else if version.version == active {
        PolicyState::Active
    } else if version.approved_at.is_none() {
        PolicyState::Draft
    } else if version.effective_at.is_some_and(|at| at > now_ms) {
        PolicyState::Approved
    } else {
        PolicyState::Replaced
    };
    PolicyVersionInfo {
        version: version.version,
        hash: version.hash,
        state,
        author: person(version.author),
        created_at: version.created_at,
        summary: version.summary,
        effective_at: version.effective_at,
        approved_by: person(version.approved_by),
        approved_at: version.approved_at,
        withdrawn_by: person(version.withdrawn_by),
        withdrawn_at: version.withdrawn_at,
    }
}

fn baseline(active: u64) -> PolicyVersionInfo {
    PolicyVersionInfo {
        version: 0,
        hash: PolicyTexts::baseline().hash(),
        state: if active == 0 {
            PolicyState::Active
        } else {
            PolicyState::Replaced
        },
        author: None,
        created_at: 0,
        summary: "Ships with Wardline".to_owned(),
        effective_at: None,
        approved_by: None,
        approved_at: None,
        withdrawn_by: None,
        withdrawn_at: None,
    }
}

/// Leave to read and ask policies that somebody wrote, once those before are done.
async fn turn(app: &App) -> Result<SemaphorePermit<'_>, Refusal> {
    match tokio::time::timeout(LONGEST_WAIT, app.tries.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(closed)) => Err(Refusal::internal(closed)),
        Err(_) => Err(Refusal::TooManyRequests { retry_after_s: 10 }),
    }
}

/// Files as they came in.
fn edited(files: Vec<PolicyText>) -> Result<PolicyTexts, Vec<PolicyProblem>> {
    let files = files
        .into_iter()
        .map(|PolicyText { name, text }| PolicyFile { name, text })
        .collect();
    PolicyTexts::edited(files).map_err(|error| vec![problem(&error.problem())])
}

/// The engine that answers by these texts.
async fn engine(texts: &PolicyTexts) -> Result<Engine, Vec<PolicyProblem>> {
    let loaded = policies::engine_of(texts.clone()).await;
    loaded.map_err(|error| error.problems.iter().map(problem).collect())
}

/// Both at once, for what is only asked of policies that are sound.
async fn sound(files: Vec<PolicyText>) -> Result<(PolicyTexts, Engine), Refusal> {
    let refused = |problems| Refusal::PolicyInvalid { problems };
    let texts = edited(files).map_err(refused)?;
    let engine = engine(&texts).await.map_err(refused)?;
    Ok((texts, engine))
}

fn problem(problem: &Problem) -> PolicyProblem {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    PolicyProblem {
        file: problem.file.clone(),
        line: number(problem.line),
        column: number(problem.column),
        message: problem.message.clone(),
    }
}

/// Why the hospital would be locked out by these policies from a time on, if it would. It asks about
/// everyone, so it is no work for a transaction that writes, nor for a thread that others wait for.
async fn locked_out(app: &App, engine: Engine, at_ms: u64) -> Result<Option<String>, Refusal> {
    let mut facts = app.facts().await?;
    let subjects = policies::subjects(&mut facts).await?;
    drop(facts);
    let limits = *app.gate.limits();
    let checked = move || lockout::check(&engine, &subjects, at_ms, limits);
    let locked = tokio::task::spawn_blocking(checked).await;
    let locked = locked.map_err(Refusal::internal)?;
    Ok(locked.err().map(|reason| reason.to_string()))
}

impl From<PoliciesError> for Refusal {
    fn from(error: PoliciesError) -> Self {
        match error {
            PoliciesError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

const LONGEST_WAIT: Duration = Duration::from_secs(5);
