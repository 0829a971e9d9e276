//! What the console does with policies: `wardline policy …`.

use thiserror::Error;
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_policy::replay::Report;
use wardline_policy::{Engine, PolicyTexts};
use wardline_store::{NewPolicyVersion, Store, StoreError};

use crate::config::Config;
use crate::init;
use crate::keys::{HospitalKeys, KeysError};
use crate::policies::{PoliciesError, replay, texts_of};
use crate::rim::{Clock, random};
use crate::server::{StartError, open_store};

/// Why nothing came of it.
#[derive(Debug, Error)]
pub enum ConsoleError {
    /// The hospital's keys.
    #[error("keys: {0}")]
    Keys(#[from] KeysError),
    /// The database.
    #[error("database: {0}")]
    Store(#[from] StoreError),
    /// The database's configuration.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A stored version.
    #[error(transparent)]
    Policies(#[from] PoliciesError),
    /// A number that no version has.
    #[error("there is no version {0}")]
    NoVersion(u64),
}

/// The texts of a stored version; of the one in force without a number. Gives the number too.
///
/// # Errors
/// When the keys or the database fail, or there is no such version.
pub async fn version(
    config: &Config,
    number: Option<u64>,
    clock: &Clock,
) -> Result<(u64, PolicyTexts), ConsoleError> {
    let store = opened(config)?;
    let mut tx = store.read().await?;
    let number = match number {
        Some(number) => number,
        None => tx
            .policy_in_force(clock.now_ms())
            .await?
            .map_or(0, |version| version.version),
    };
    let texts = texts_of(&mut tx, number).await?;
    drop(tx);
    store.close().await;
    Ok((number, texts.ok_or(ConsoleError::NoVersion(number))?))
}

/// What policies would have made of the decisions since a time, unix milliseconds; and how many
/// there are of which not all that they depended on was kept.
///
/// # Errors
/// When the keys or the database fail.
pub async fn replayed(
    config: &Config,
    engine: &Engine,
    since_ms: u64,
) -> Result<(Report, u64), ConsoleError> {
    let store = opened(config)?;
    let mut tx = store.look().await?;
    let report = replay::run(&mut tx, engine, since_ms).await?;
    drop(tx);
    store.close().await;
    Ok(report)
}

/// Goes back to the policies that ship with the program, as a version of its own: the way out for
/// whoever has the machine when policies do not load, or shut everyone out.
///
/// # Errors
/// When the keys or the database fail.
pub async fn use_baseline(config: &Config, clock: &Clock) -> Result<u64, ConsoleError> {
    let store = opened(config)?;
    let now_ms = clock.now_ms();
    let baseline = PolicyTexts::baseline();
    let mut tx = store.write().await?;
    tx.lock_policies().await?;
    let before = tx.policy_in_force(now_ms).await?;
    let new = NewPolicyVersion {
        base: before.map_or(0, |version| version.version),
        // Invariant: texts have a JSON form.
        files: serde_json::to_string(&baseline).unwrap_or_default(),
        hash: baseline.hash(),
        summary: "Back to the policies that ship with Wardline, from the console".to_owned(),
        author: None,
        effective_at: None,
    };
    // What waits for its date would undo this at that date.
    tx.withdraw_waiting_policies(now_ms).await?;
    let version = tx.create_policy_version(&new, now_ms).await?;
    tx.approve_policy_version(version, None, now_ms).await?;
    let resource = format!("policy/{version}");
    let event = init::by_console(store.node(), BASELINE, &resource, now_ms);
    tx.audit(&event, Salt(random())).await?;
    tx.commit().await?;
    store.close().await;
    Ok(version)
}

fn opened(config: &Config) -> Result<Store, ConsoleError> {
    let keys = HospitalKeys::open(&config.data.dir)?;
    Ok(open_store(config, &keys)?)
}

const BASELINE: Kind = Kind::named("policy.baseline");
