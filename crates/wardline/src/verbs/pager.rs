//! `wardline pager …`: by what the hospital's pager system reaches people.

use std::path::PathBuf;

use clap::Subcommand;
use wardline_server::pager_import::{self, PagerImportError};
use wardline_server::rim::Clock;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::serve::hospital;

/// `wardline pager …`.
#[derive(Subcommand)]
pub(crate) enum PagerVerb {
    /// Import numbers: lines of `sign-in name,number`; an empty number takes the person's away. Exit 3
    /// when the file cannot be used, with every reason by line; nothing of it is imported then.
    Import {
        /// The file.
        file: PathBuf,
        /// The configuration file of the hospital.
        #[arg(long, conflicts_with = "data")]
        config: Option<PathBuf>,
        /// The data directory of a demo.
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

impl PagerVerb {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        let Self::Import { file, config, data } = self;
        let settings = hospital(config.as_deref(), data)?;
        let text = std::fs::read_to_string(&file)
            .map(Zeroizing::new)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        let taken = pager_import::at_console(&settings, &text, &Clock::default())
            .await
            .map_err(|error| match error {
                PagerImportError::Refused(reasons) => Failure::refused(reasons.join("\n")),
                PagerImportError::Unavailable(error) => Failure::unavailable(error.to_string()),
            })?;
        out.result(&taken, || {
            format!(
                "{} numbers entered, {} taken away.",
                taken.set, taken.removed
            )
        });
        Ok(())
    }
}
