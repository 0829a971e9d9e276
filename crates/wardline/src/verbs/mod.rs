//! One file for each family of verbs.

pub(crate) mod access;
pub(crate) mod agent;
pub(crate) mod attest;
pub(crate) mod audit;
pub(crate) mod bot;
pub(crate) mod care_teams;
pub(crate) mod client;
pub(crate) mod demo;
pub(crate) mod ehr;
pub(crate) mod import;
pub(crate) mod keeper;
pub(crate) mod pager;
pub(crate) mod patch;
pub(crate) mod policy;
pub(crate) mod programs;
pub(crate) mod records;
pub(crate) mod risk;
pub(crate) mod schedule;
pub(crate) mod serve;

use crate::failure::Failure;

/// Runs a verb that drives a client: one device on one thread, with a runtime of its own.
pub(crate) async fn on_one_thread<T: Send + 'static, F: Future<Output = Result<T, Failure>>>(
    verb: impl FnOnce() -> F + Send + 'static,
) -> Result<T, Failure> {
    let thread = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::unavailable(error.to_string()))?;
        runtime.block_on(verb())
    });
    thread
        .await
        .map_err(|error| Failure::unavailable(error.to_string()))?
}
