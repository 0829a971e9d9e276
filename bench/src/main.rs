//! Measurements, each held against a peer or a limit in the same run.
//!
//! `make bench` builds what is measured and runs all; `ARGS="--only store --quick"` runs one of
//! them for a short time, while working on it. It prints the table and writes
//! `target/bench/results.json`; a whole run at full length also writes `bench/RESULTS.md`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring program talks to the person at the terminal"
)]

mod access;
mod attest;
mod bench;
mod big_group;
mod browser;
mod clock;
mod decision;
mod delivery;
mod devices;
mod disk;
mod feed;
mod fleet;
mod machine;
mod mls;
mod peers;
mod process;
mod records;
mod report;
mod search;
mod sockets;
mod start;
mod stats;
mod store;
mod weight;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use serde_json::json;

use crate::bench::{Bench, Outcome};
use crate::machine::Machine;
use crate::report::Section;

/// Measures Wardline on this machine.
#[derive(Parser)]
struct Arguments {
    /// Only this measurement; may be repeated.
    #[arg(long)]
    only: Vec<Measurement>,
    /// A fifth of the time and rounds. Good for trying, not for quoting.
    #[arg(long)]
    quick: bool,
}

/// In the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// Durable appends at the store's interface.
    Store,
    /// Messages through the server, over sockets.
    Sockets,
    /// Send to receive between two clients.
    Delivery,
    /// Wardline beside Synapse, ejabberd and Prosody, by one load client.
    Peers,
    /// The client core beside bare openmls.
    Mls,
    /// One more person in conversations of a hundred and of five hundred.
    BigGroup,
    /// One read, one search, one chart among ten thousand patients.
    Records,
    /// Results and critical results by HL7 v2.
    Feed,
    /// Search over the messages of a device.
    Search,
    /// Risk, policy and audit event on one core.
    Decision,
    /// Why somebody may open a chart, on one core.
    Access,
    /// Attestation chains on one core.
    Attest,
    /// Devices judged by changed rules, and shut out everywhere.
    Fleet,
    /// Cold start and memory.
    Start,
    /// What a phone downloads.
    Weight,
    /// Opening and sending in a browser.
    Browser,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()?;
    let scratch = root.join("target/bench");
    std::fs::create_dir_all(&scratch)?;
    let wardline = std::env::var_os("WARDLINE_BIN")
        .map_or_else(|| root.join("target/release/wardline"), PathBuf::from);
    if !wardline.is_file() {
        return Err(format!("{} is missing: use `make bench`", wardline.display()).into());
    }
    let machine = Machine::read(&scratch);
    let bench = Bench::new(wardline, scratch, arguments.quick);
    let mut sections = Vec::new();
    let mut failed = Vec::new();
    for measurement in Measurement::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(measurement) {
            continue;
        }
        eprintln!("measuring: {measurement:?}");
        let section = match measurement {
            Measurement::Store => store::run(&bench),
            Measurement::Sockets => sockets::run(&bench),
            Measurement::Delivery => delivery::run(&bench),
            Measurement::Peers => peers::run(&bench, &root),
            Measurement::Mls => mls::run(&bench),
            Measurement::BigGroup => big_group::run(&bench),
            Measurement::Records => records::run(&bench),
            Measurement::Feed => feed::run(&bench),
            Measurement::Search => search::run(&bench),
            Measurement::Decision => decision::run(&bench),
            Measurement::Access => access::run(&bench),
            Measurement::Attest => attest::run(&bench),
            Measurement::Fleet => fleet::run(&bench),
            Measurement::Start => start::run(&bench),
            Measurement::Weight => weight::run(&root),
            Measurement::Browser => browser::run(&bench, &root),
        };
        // What was measured is not lost by what was not, and the results say so.
        let section = section.unwrap_or_else(|error| {
            failed.push(format!("{measurement:?}: {error}"));
            Section {
                title: "Failed",
                rows: Vec::new(),
                notes: failed.last().cloned().into_iter().collect(),
            }
        });
        println!("{}", report::markdown(std::slice::from_ref(&section)));
        sections.push(section);
    }
    println!("{}", report::tally(&sections));
    write(&bench, arguments, &root, &machine, &sections)?;
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("; ").into())
    }
}

/// Leaves the results for programs, and those of a whole run for people.
fn write(
    bench: &Bench,
    arguments: &Arguments,
    root: &Path,
    machine: &Machine,
    sections: &[Section],
) -> Outcome<()> {
    let date = clock::date();
    let whole = !arguments.quick && arguments.only.is_empty() && !cfg!(debug_assertions);
    let results = bench.scratch.join("results.json");
    let document = json!({
        "date": date,
        "quotable": whole,
        "machine": machine,
        "sections": sections,
    });
    std::fs::write(&results, serde_json::to_vec_pretty(&document)?)?;
    println!("{}", results.display());
    if whole {
        let text = format!(
            "# Results\n\nWritten by `make bench`, release build, {date}. Every ratio is of two \
             figures of this one run, or of a figure and its limit.\n\n{}\n{}.\n{}",
            machine.markdown(),
            report::tally(sections),
            report::markdown(sections)
        );
        let path = root.join("bench/RESULTS.md");
        std::fs::write(&path, text)?;
        println!("{}", path.display());
    }
    Ok(())
}
