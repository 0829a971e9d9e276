//! Invitations to enrol a device. One file for each operation.

pub(crate) mod create;
pub(crate) mod withdraw;

use wardline_model::wire::programs::Path;
use wardline_policy::Program;

use crate::app::App;
use crate::fleet::Rulebook;
use crate::problem::Refusal;

/// How devices come into a program.
async fn path(app: &App, program: Program) -> Result<Path, Refusal> {
    let mut facts = app.facts().await?;
    let rules = Rulebook::load(app, &mut facts).await?;
    Ok(rules.terms(program.as_str())?.enrolment.path)
}
