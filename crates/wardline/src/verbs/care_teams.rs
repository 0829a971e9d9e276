//! `wardline care-teams …`: who is on patients' care teams, from files.

use std::fs;
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use wardline_model::wire::teams::{
    CareTeamMemberChange, CareTeamMemberChangeKind, CareTeamsImported,
};
use wardline_server::care_teams::{self, CareTeamsError};
use wardline_server::rim::Clock;

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::serve::hospital;

/// `wardline care-teams …`.
#[derive(Subcommand)]
pub(crate) enum CareTeams {
    /// Import care teams: CSV with the columns `patient_id` and `username`, a line for each member. The team
    /// of each patient that is named becomes who is named; an empty username says that nobody is on it. Exit
    /// 3 when the file cannot be used, with every reason by line; nothing of it is imported then.
    Import {
        /// The file.
        file: PathBuf,
        /// The configuration file of the hospital.
        #[arg(long, conflicts_with = "data")]
        config: Option<PathBuf>,
        /// The data directory of a demo.
        #[arg(long)]
        data: Option<PathBuf>,
        /// Only say what would change.
        #[arg(long)]
        dry_run: bool,
    },
}

impl CareTeams {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        let Self::Import {
            file,
            config,
            data,
            dry_run,
        } = self;
        let settings = hospital(config.as_deref(), data)?;
        let bytes = fs::read(&file)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        let imported = care_teams::at_console(&settings, &bytes, dry_run, &Clock::default())
            .await
            .map_err(|error| match error {
                CareTeamsError::Refused(reasons) => Failure::refused(reasons.join("\n")),
                CareTeamsError::Unavailable(error) => Failure::unavailable(error.to_string()),
            })?;
        if imported.stopped {
            return Err(Failure::refused(told(&imported)).with_document(json!(imported)));
        }
        out.result(&imported, || told(&imported));
        Ok(())
    }
}

/// What an import found and changed, in lines for a person.
fn told(imported: &CareTeamsImported) -> String {
    let findings = imported.findings.iter().map(|finding| {
        let weight = if finding.stops { "wrong" } else { "note" };
        format!("{weight}: {}", finding.words)
    });
    let changes = imported.changes.iter().map(told_change);
    let mut lines: Vec<String> = findings.chain(changes).collect();
    let would = if imported.applied {
        ""
    } else {
        "Not imported. "
    };
    lines.push(format!(
        "{would}Coming: {}. Leaving: {}. Teams that change: {} of {}.",
        imported.added, imported.removed, imported.changed, imported.patients
    ));
    lines.join("\n")
}

fn told_change(change: &CareTeamMemberChange) -> String {
    let sign = match change.kind {
        CareTeamMemberChangeKind::Added => '+',
        CareTeamMemberChangeKind::Removed => '-',
    };
    format!("{sign} {}: {}", change.patient, change.person)
}
