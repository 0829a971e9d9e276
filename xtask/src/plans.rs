//! What each `make` target does, as lists of stages.
//!
//! Quick checks come before slow ones. Everything is built in the dev profile but for the client
//! core in wasm, which has one profile of its own, and what `build` and `bench` make.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use crate::check;
use crate::failure::Failure;
use crate::process::{self, Runner};
use crate::size::{self, Size};
use crate::stage::{self, Outcome, Report, Stage};
use crate::wasm;
use crate::web;
use crate::workspace::Workspace;

/// Where the browser tests look for Chromium when nothing else is said.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Builds what changed, then becomes `wardline demo`, with conversations to look at.
pub(crate) fn run(workspace: &Workspace, demo: &[String]) -> Result<(), Failure> {
    let mut stages = app(workspace);
    stages.push(Stage::new("server", || {
        cargo(workspace, &["build", "--package", "wardline"])
    }));
    stage::all("run", stages)?;
    let program = workspace.target().join("debug/wardline");
    println!("\nstarting the demo hospital; Ctrl-C ends it");
    let source = process::command(&program, workspace.root())
        .args(["demo", "--conversations"])
        .args(demo)
        .exec();
    Err(Failure::Io {
        path: program,
        source,
    })
}

/// Leaves `target/release/wardline` with the web app inside.
pub(crate) fn build(workspace: &Workspace) -> Result<(), Failure> {
    let mut stages = app(workspace);
    stages.push(Stage::new("server, release", || {
        cargo(workspace, &["build", "--release", "--package", "wardline"])?;
        let program = workspace.target().join("release/wardline");
        let bytes = std::fs::metadata(&program)
            .map_err(Failure::io(&program))?
            .len();
        Ok(Report::note(format!(
            "{} MB, {}",
            bytes / 1_000_000,
            program.display()
        )))
    }));
    stage::all("build", stages).map(drop)
}

/// Everything.
pub(crate) fn test(workspace: &Workspace) -> Result<(), Failure> {
    let mut stages = text_checks(workspace);
    stages.push(Stage::new("dependencies", || {
        check::dependencies(workspace)
    }));
    stages.push(Stage::new("Rust, read by clippy", || {
        read_and_build(workspace)
    }));
    stages.push(Stage::new("tests in Rust", || {
        let mut cargo = workspace.cargo_with_clippy();
        cargo.args(["test", "--workspace", "--locked"]);
        process::tests(&mut cargo, Runner::Cargo).map(Report::tests)
    }));
    stages.push(Stage::new("client core, wasm", || wasm::build(workspace)));
    stages.push(Stage::new("npm packages", || {
        web::packages(workspace, &web::FOLDERS)
    }));
    stages.extend(web_checks(workspace, &web::FOLDERS));
    stages.push(Stage::new("tests of the app", || {
        process::tests(&mut web::script(workspace, "web", "test"), Runner::Vitest)
            .map(Report::tests)
    }));
    stages.push(Stage::new("app", || web::build(workspace)));
    stages.push(Stage::new("stories in a browser", || {
        let mut script = web::script(workspace, "e2e", "test");
        script
            .env("WARDLINE_BIN", workspace.target().join("debug/wardline"))
            .env("WARDLINE_CHROMIUM", chromium());
        process::tests(&mut script, Runner::Playwright).map(Report::tests)
    }));
    let data = data(workspace);
    if data.is_dir() {
        stages.push(Stage::new("conformance", || {
            conformance_tests(workspace, workspace.cargo_with_clippy())
        }));
    }
    let tally = stage::all("test", stages)?;
    println!("\ntests: {} passed, {} failed", tally.passed, tally.failed);
    if !data.is_dir() {
        println!(
            "not run: conformance with public data ({} is no folder; set WARDLINE_DATA)",
            data.display()
        );
    }
    Ok(())
}

/// The tests on public data alone.
pub(crate) fn conformance(workspace: &Workspace) -> Result<(), Failure> {
    let data = data(workspace);
    if !data.is_dir() {
        return Err(Failure::Unfit(format!(
            "{} is no folder: set WARDLINE_DATA to the folder of the public data sets",
            data.display()
        )));
    }
    let stages = vec![Stage::new("conformance", || {
        conformance_tests(workspace, workspace.cargo())
    })];
    let tally = stage::all("conformance", stages)?;
    println!("\ntests: {} passed, {} failed", tally.passed, tally.failed);
    Ok(())
}

/// The measurements.
pub(crate) fn bench(workspace: &Workspace, arguments: &[String]) -> Result<(), Failure> {
    let mut stages = app(workspace);
    stages.push(Stage::new("server, release", || {
        cargo(workspace, &["build", "--release", "--package", "wardline"])
    }));
    stages.push(Stage::new("measurements", || {
        let mut cargo = workspace.cargo();
        cargo
            .args([
                "run",
                "--locked",
                "--release",
                "--package",
                "wardline-bench",
                "--",
            ])
            .args(arguments)
            .env("WARDLINE_BIN", workspace.target().join("release/wardline"));
        process::run(&mut cargo).map(Report::from)
    }));
    stage::all("bench", stages).map(drop)
}

/// Prints what the built app and its core weigh, for the measurements.
pub(crate) fn sizes(workspace: &Workspace) -> Result<(), Failure> {
    let entry = |size: Size, limit: usize| serde_json::json!({ "raw": size.raw, "gzip": size.gzip, "limit": limit });
    let sizes = serde_json::json!({
        "scripts": entry(web::weight(workspace)?, size::SCRIPT_LIMIT),
        "core": entry(wasm::weight(workspace)?, size::WASM_LIMIT),
    });
    println!("{sizes}");
    Ok(())
}

/// The Rust tests with the counts of a long night.
pub(crate) fn soak(workspace: &Workspace) -> Result<(), Failure> {
    let stages = vec![Stage::new("long tests in Rust", || {
        let mut cargo = workspace.cargo();
        cargo
            .args(["test", "--workspace", "--locked"])
            .env("WARDLINE_SOAK", "1")
            .env("PROPTEST_CASES", "4096");
        process::tests(&mut cargo, Runner::Cargo).map(Report::tests)
    })];
    let tally = stage::all("soak", stages)?;
    println!("\ntests: {} passed, {} failed", tally.passed, tally.failed);
    Ok(())
}

/// Formats all sources in place.
pub(crate) fn fmt(workspace: &Workspace) -> Result<(), Failure> {
    let stages = vec![
        Stage::new("Rust", || cargo_plain(workspace, &["fmt", "--all"])),
        Stage::new("npm packages", || web::packages(workspace, &web::FOLDERS)),
        Stage::new("web", || {
            for folder in web::FOLDERS {
                process::run(web::script(workspace, folder, "format").arg("--if-present"))?;
            }
            Ok(Report::default())
        }),
    ];
    stage::all("fmt", stages).map(drop)
}

/// All that reads the sources without running a test.
pub(crate) fn lint(workspace: &Workspace) -> Result<(), Failure> {
    let mut stages = text_checks(workspace);
    stages.push(Stage::new("clippy", || {
        let arguments = ["clippy", "--workspace", "--all-targets"];
        clippy(workspace, &arguments)?;
        clippy(
            workspace,
            &["clippy", "--workspace", "--test", "conformance"],
        )
    }));
    stages.push(Stage::new("client core, wasm", || wasm::build(workspace)));
    stages.push(Stage::new("npm packages", || {
        web::packages(workspace, &web::FOLDERS)
    }));
    stages.extend(web_checks(workspace, &web::FOLDERS));
    stage::all("lint", stages).map(drop)
}

/// The web app with what it needs.
pub(crate) fn web(workspace: &Workspace) -> Result<(), Failure> {
    stage::all("web", app(workspace)).map(drop)
}

fn app(workspace: &Workspace) -> Vec<Stage<'_>> {
    vec![
        Stage::new("client core, wasm", || wasm::build(workspace)),
        Stage::new("npm packages", || web::packages(workspace, &["web"])),
        Stage::new("app", || web::build(workspace)),
    ]
}

fn text_checks(workspace: &Workspace) -> Vec<Stage<'_>> {
    vec![
        Stage::new("format", || {
            cargo_plain(workspace, &["fmt", "--all", "--check"])
        }),
        Stage::new("house rules", || check::run(workspace)),
    ]
}

fn clippy(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    let mut command = workspace.cargo();
    command
        .args(arguments)
        .args(["--locked", "--", "-D", "warnings"]);
    process::run(&mut command).map(Report::from)
}

/// Builds every program and test there is, and lets clippy read it meanwhile. `cargo clippy` before
/// `cargo test` would read the same, but also compile each library twice: half of a cold run.
fn read_and_build(workspace: &Workspace) -> Outcome {
    // The server of a test build looks into this folder while it runs, if it was there when the
    // server was built; the app comes later.
    let app = workspace.path("web/dist");
    std::fs::create_dir_all(&app).map_err(|source| Failure::Io { path: app, source })?;
    for targets in [&["--all-targets"] as &[&str], &["--test", "conformance"]] {
        let mut cargo = workspace.cargo_with_clippy();
        cargo
            .args(["build", "--workspace", "--locked"])
            .args(targets);
        process::run(&mut cargo)?;
    }
    Ok(Report::default())
}

fn web_checks<'a>(workspace: &'a Workspace, folders: &'static [&'static str]) -> Vec<Stage<'a>> {
    let each = move |name: &'static str| -> Outcome {
        for folder in folders {
            process::run(web::script(workspace, folder, name).arg("--if-present"))?;
        }
        Ok(Report::default())
    };
    vec![
        Stage::new("lint of the web", move || each("lint")),
        Stage::new("types of the web", move || each("typecheck")),
    ]
}

/// Each crate keeps its tests on public data in `tests/conformance.rs`, which its manifest leaves out
/// of a plain `cargo test`, so that this one needs no data.
fn conformance_tests(workspace: &Workspace, mut cargo: Command) -> Outcome {
    cargo
        .args(["test", "--workspace", "--locked", "--test", "conformance"])
        .env("WARDLINE_DATA", data(workspace));
    process::tests(&mut cargo, Runner::Cargo).map(Report::tests)
}

/// The folder of public data sets.
fn data(workspace: &Workspace) -> PathBuf {
    let named = std::env::var_os("WARDLINE_DATA").filter(|name| !name.is_empty());
    let folder = named.map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let folder = workspace.root().join(folder);
    folder.canonicalize().unwrap_or(folder)
}

fn chromium() -> std::ffi::OsString {
    std::env::var_os("WARDLINE_CHROMIUM").unwrap_or_else(|| CHROMIUM.into())
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    process::run(workspace.cargo().args(arguments).arg("--locked")).map(Report::from)
}

fn cargo_plain(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    process::run(workspace.cargo().args(arguments)).map(Report::from)
}
