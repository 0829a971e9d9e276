//! What a phone downloads first, as the build weighs it (`xtask sizes`).

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::bench::Outcome;
use crate::report::{Figure, Row, Section, Target};

/// The build's own figures.
#[derive(Debug, Deserialize)]
struct Sizes {
    scripts: Size,
    core: Size,
}

/// Bytes, gzip, and how many there may be.
#[derive(Debug, Deserialize)]
struct Size {
    gzip: u32,
    limit: u32,
}

/// Asks the build what the first page and the core weigh.
pub(crate) fn run(root: &Path) -> Outcome<Section> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--locked", "--package", "xtask", "--"])
        .arg("sizes")
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err("`xtask sizes` failed; is the app built? (`make web`)".into());
    }
    let sizes: Sizes = serde_json::from_slice(&output.stdout)?;
    let row = |what: &str, size: &Size| {
        let kilobytes = |bytes: u32| Figure::new(f64::from(bytes) / 1000.0, "kB");
        Row::new(what, kilobytes(size.gzip), "limit", kilobytes(size.limit))
            .target(Target::AtMost(1.0))
    };
    Ok(Section {
        title: "App: the first load",
        rows: vec![
            row(
                "scripts that `index.html` loads at once, gzip",
                &sizes.scripts,
            ),
            row("client core, wasm, gzip", &sizes.core),
        ],
        notes: Vec::new(),
    })
}
