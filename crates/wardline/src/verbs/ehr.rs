//! `wardline ehr …`: the way to the hospital's record system.

use std::path::PathBuf;

use clap::Subcommand;
use wardline_server::ehr;
use wardline_server::rim::Clock;

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::serve::hospital;

/// `wardline ehr …`.
#[derive(Subcommand)]
pub(crate) enum EhrVerb {
    /// Print the public keys of [ehr] as a JWK set, to register them at the record system.
    Keys {
        /// Make a private key in this new file first.
        #[arg(long, value_name = "FILE", conflicts_with = "config")]
        new: Option<PathBuf>,
        /// The configuration file of the hospital.
        #[arg(long, required_unless_present = "new")]
        config: Option<PathBuf>,
    },
    /// Try the way to the record system step by step, reading only. Exit 5 when a step fails.
    Check {
        /// The configuration file of the hospital.
        #[arg(long)]
        config: PathBuf,
        /// The id of a patient there whose record is searched; nothing of it is shown.
        #[arg(long)]
        patient: Option<String>,
    },
}

impl EhrVerb {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        match self {
            Self::Keys { new, config } => keys(out, new, config),
            Self::Check { config, patient } => {
                let settings = hospital(Some(&config), None)?;
                let report = Box::pin(ehr::check::check(
                    &settings,
                    patient.as_deref(),
                    &Clock::default(),
                ))
                .await;
                out.result(&report, || {
                    let lines: Vec<String> = report
                        .steps
                        .iter()
                        .map(|step| {
                            let mark = if step.ok { "ok    " } else { "FAILED" };
                            format!("{mark} {}: {}", step.step, step.says)
                        })
                        .collect();
                    lines.join("\n")
                });
                if report.ok {
                    return Ok(());
                }
                Err(Failure::unavailable("a step failed"))
            }
        }
    }
}

fn keys(out: Output, new: Option<PathBuf>, config: Option<PathBuf>) -> Result<(), Failure> {
    let settings = match (new, config) {
        (Some(new), _) => {
            ehr::make_key(&new).map_err(|error| Failure::usage(error.to_string()))?;
            wardline_server::config::Ehr {
                key_files: vec![new],
                ..Default::default()
            }
        }
        (None, config) => hospital(config.as_deref(), None)?.ehr,
    };
    if settings.key_files.is_empty() {
        return Err(Failure::usage(
            "write `key_files` into [ehr], or make a key with --new FILE",
        ));
    }
    let keys = ehr::public_keys(&settings).map_err(|error| Failure::usage(error.to_string()))?;
    out.result(&keys, || format!("{keys:#}"));
    Ok(())
}
