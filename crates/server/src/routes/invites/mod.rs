//! Invitations to enrol a device. One file for each operation.

pub(crate) mod create;
pub(crate) mod withdraw;

use wardline_model::UserId;
use wardline_model::wire::programs::Path;
use wardline_policy::Program;
use wardline_store::Tx;

use crate::app::App;
use crate::fleet::Rulebook;
use crate::problem::Refusal;

/// How devices come into a program.
pub(crate) async fn path(app: &App, program: Program) -> Result<Path, Refusal> {
    let mut facts = app.facts().await?;
    let rules = Rulebook::load(app, &mut facts).await?;
    Ok(rules.terms(program.as_str())?.enrolment.path)
}

/// Whether a person had devices and all of them are out of use: nobody but officers could say then
/// that it is them.
pub(crate) async fn recovers(tx: &mut Tx, user: UserId) -> Result<bool, Refusal> {
    let devices = tx.devices_of(user).await?;
    let had_one = devices.iter().any(|device| device.activated_at.is_some());
    Ok(had_one && devices.iter().all(|device| device.state.is_out()))
}
