//! Build steps that cargo alone cannot do. `make` calls this program; each verb also works by
//! itself: `cargo run -p xtask -- VERB`.
//!
//! The verbs that people type (`test`, `run`, `build` …) are lists of stages, see [`plans`]; a
//! stage is a function, and [`stage`] runs a list of them, times each and stops at the first that
//! fails. The single verbs (`wasm`, `web`, `check` …) run one stage.

#![expect(
    clippy::print_stdout,
    reason = "a build tool talks to the person at the terminal"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a build tool is all rim: it times its stages and reads the environment make gives it"
)]

mod check;
mod failure;
mod inputs;
mod plans;
mod process;
mod size;
mod stage;
mod wasm;
mod web;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::workspace::Workspace;

/// Builds, checks and runs Wardline from its sources.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

/// What to do; `make` has a target of the same name for most of these.
#[derive(Subcommand)]
enum Verb {
    /// Build what changed and start the demo hospital; arguments go to `wardline demo`.
    Run {
        /// Handed to `wardline demo` as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        demo: Vec<String>,
    },
    /// Build `target/release/wardline` with the web app inside.
    Build,
    /// Every check and test there is.
    Test,
    /// The tests that read public data sets (`WARDLINE_DATA`, else ../shared/data).
    Conformance,
    /// The measurements, printed as ratios to what the machine can do.
    Bench {
        /// Handed to the bench program as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        bench: Vec<String>,
    },
    /// The tests again, with the long counts of the fault and fuzz tests.
    Soak,
    /// Format Rust and web sources in place.
    Fmt,
    /// Formatting, house rules, clippy, web lint and types, without running a test.
    Lint,
    /// Build the client core for browsers into web/src/core/pkg.
    Wasm,
    /// Build the web app into web/dist.
    Web,
    /// Print what a phone downloads first, as JSON: bytes and limits.
    Sizes,
    /// Rules of this repository that no linter knows.
    Check,
    /// Licences, bans and sources of all dependencies, by cargo-deny.
    Deps,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match dispatch(arguments.verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(verb: Verb) -> Result<(), Failure> {
    let workspace = Workspace::locate()?;
    match verb {
        Verb::Run { demo } => plans::run(&workspace, &demo),
        Verb::Build => plans::build(&workspace),
        Verb::Test => plans::test(&workspace),
        Verb::Conformance => plans::conformance(&workspace),
        Verb::Bench { bench } => plans::bench(&workspace, &bench),
        Verb::Soak => plans::soak(&workspace),
        Verb::Fmt => plans::fmt(&workspace),
        Verb::Lint => plans::lint(&workspace),
        Verb::Wasm => stage::single(wasm::build(&workspace)),
        Verb::Web => plans::web(&workspace),
        Verb::Sizes => plans::sizes(&workspace),
        Verb::Check => stage::single(check::run(&workspace)),
        Verb::Deps => stage::single(check::dependencies(&workspace)),
    }
}
