//! The client core for browsers: cargo for wasm32, then wasm-bindgen, then the weight.
//!
//! There is no wasm-opt after that, by measurement: on the MLS code it takes 6 % off the raw module
//! and makes the compressed one, which is what travels, 1 % heavier, at no change in speed; and the
//! version that Debian 12 ships breaks the table of JavaScript values.
//!
//! Rust's standard library for `wasm32-unknown-unknown` comes from one of three places, tried in
//! this order: the toolchain in use; Debian's own Rust, which ships the library's sources
//! (`rustc-web`, `cargo-web`, `rust-web-src`, `lld-19`), so that it can be built here; rustup.
//! `scripts/setup.sh` installs one of them, so rustup is only asked when it did not run.

use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::failure::Failure;
use crate::inputs::{Inputs, Stamp};
use crate::process;
use crate::size::{self, Size};
use crate::stage::{Outcome, Report};
use crate::workspace::{Closure, Workspace};

const PACKAGE: &str = "wardline-client-web";
const LIBRARY: &str = "wardline_client_web";
const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm";
/// Where the app looks for it.
const BOUND: &str = "web/src/core/pkg";

/// Builds into `web/src/core/pkg` when anything that the core is made of has changed.
pub(crate) fn build(workspace: &Workspace) -> Outcome {
    let toolchain = Toolchain::choose(workspace)?;
    let closure = workspace.closure(PACKAGE, TARGET)?;
    same_wasm_bindgen(workspace, &closure)?;

    let package = workspace.path(BOUND);
    let finished = module(workspace);
    let digest = digest(workspace, &closure, &toolchain)?;
    let stamp = Stamp::at(package.join(".inputs"));
    if stamp.matches(&digest) && finished.is_file() {
        let words = Size::of(&finished)?.within(size::WASM_LIMIT, "core")?;
        return Ok(Report::note(format!("{words}, unchanged")));
    }
    stamp.clear()?;

    println!("wasm32 standard library: {}", toolchain.words());
    let module = toolchain.compile(workspace)?;
    bind(&module, &package)?;
    let words = Size::of(&finished)?.within(size::WASM_LIMIT, "core")?;
    stamp.keep(&digest)?;
    Ok(Report::note(words))
}

/// What the built core weighs.
pub(crate) fn weight(workspace: &Workspace) -> Result<Size, Failure> {
    Size::of(&module(workspace))
}

/// The module that the app loads.
fn module(workspace: &Workspace) -> PathBuf {
    workspace.path(BOUND).join(format!("{LIBRARY}_bg.wasm"))
}

/// Where the standard library for wasm32 comes from.
enum Toolchain {
    /// The toolchain that builds everything else has the target.
    Installed { version: String },
    /// Debian's Rust builds the library from its sources.
    Debian { version: String, linker: String },
}

impl Toolchain {
    fn choose(workspace: &Workspace) -> Result<Self, Failure> {
        if let Some(found) = Self::installed(workspace)? {
            return Ok(found);
        }
        if let Some(found) = Self::debian(workspace)? {
            return Ok(found);
        }
        println!("no standard library for {TARGET} yet; asking rustup");
        let added = process::succeeds(
            process::command("rustup", workspace.root()).args(["target", "add", TARGET]),
        );
        match Self::installed(workspace)? {
            Some(found) if added => Ok(found),
            _ => Err(Failure::Unfit(format!(
                "there is no standard library for {TARGET}: `scripts/setup.sh run` installs \
                 Debian's (rustc-web, cargo-web, rust-web-src, lld-19), or use \
                 `rustup target add {TARGET}` where rustup's server is reached"
            ))),
        }
    }

    fn installed(workspace: &Workspace) -> Result<Option<Self>, Failure> {
        let sysroot = process::capture(
            process::command("rustc", workspace.root()).args(["--print", "sysroot"]),
        )?;
        let library = Path::new(sysroot.trim())
            .join("lib/rustlib")
            .join(TARGET)
            .join("lib");
        if !library.is_dir() {
            return Ok(None);
        }
        let version =
            process::capture(process::command("rustc", workspace.root()).arg("--version"))?;
        Ok(Some(Self::Installed { version }))
    }

    fn debian(workspace: &Workspace) -> Result<Option<Self>, Failure> {
        let sources = Path::new("/usr/lib/rustlib/src/rust/library/std");
        let linker = ["wasm-ld-19", "wasm-ld"].into_iter().find(|linker| {
            process::succeeds(process::command(linker, workspace.root()).arg("--version"))
        });
        let (true, true, true, Some(linker)) = (
            sources.is_dir(),
            Path::new("/usr/bin/cargo").is_file(),
            Path::new("/usr/bin/rustc").is_file(),
            linker,
        ) else {
            return Ok(None);
        };
        let version = process::capture(
            process::command("/usr/bin/rustc", workspace.root()).arg("--version"),
        )?;
        Ok(Some(Self::Debian {
            version,
            linker: linker.to_owned(),
        }))
    }

    fn words(&self) -> String {
        match self {
            Self::Installed { version } => format!("the toolchain's own, {}", version.trim()),
            Self::Debian { version, .. } => format!("built from Debian's, {}", version.trim()),
        }
    }

    /// Compiles the package and gives the module's path.
    fn compile(&self, workspace: &Workspace) -> Result<PathBuf, Failure> {
        let target = workspace.target().join("wasm");
        let mut cargo = match self {
            Self::Installed { .. } => workspace.cargo(),
            Self::Debian { linker, .. } => {
                // A stable compiler builds the library that it shipped with only when told so.
                let mut cargo = process::command("/usr/bin/cargo", workspace.root());
                cargo
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                    // Set by rustup for its own toolchain, wrong for this one.
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .env_remove("CARGO");
                cargo
            }
        };
        cargo
            .args(["build", "--locked", "--package", PACKAGE, "--lib"])
            .args(["--target", TARGET, "--profile", PROFILE])
            .env("CARGO_TARGET_DIR", &target)
            .env("RUSTFLAGS", remapped());
        if matches!(self, Self::Debian { .. }) {
            cargo.arg("-Zbuild-std=std,panic_abort");
        }
        process::run(&mut cargo)?;
        Ok(target
            .join(TARGET)
            .join(PROFILE)
            .join(format!("{LIBRARY}.wasm")))
    }
}

/// Where cargo keeps other people's sources is taken out of panic messages (our own are named from
/// the root anyway): what a phone downloads does not tell whose machine built it, and two machines
/// build the same bytes.
fn remapped() -> String {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    home.map_or_else(String::new, |home| {
        format!("--remap-path-prefix={}=cargo", home.display())
    })
}

/// The bindings' generator and the library in the core must be of one version: they speak a
/// format that has no other promise.
fn same_wasm_bindgen(workspace: &Workspace, closure: &Closure) -> Result<(), Failure> {
    let core = closure.versions.get("wasm-bindgen").map(String::as_str);
    let ours = workspace.closure("xtask", TARGET)?;
    let generator = ours
        .versions
        .get("wasm-bindgen-cli-support")
        .map(String::as_str);
    if core == generator {
        return Ok(());
    }
    Err(Failure::Unfit(format!(
        "wasm-bindgen is {} and wasm-bindgen-cli-support {}: make them equal with \
         `cargo update -p wasm-bindgen-cli-support --precise {}`",
        core.unwrap_or("missing"),
        generator.unwrap_or("missing"),
        core.unwrap_or("VERSION"),
    )))
}

fn bind(module: &Path, package: &Path) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::Unfit(format!("wasm-bindgen on {}: {error}", module.display()))
    };
    std::fs::create_dir_all(package).map_err(Failure::io(package))?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .out_name(LIBRARY)
        .typescript(true)
        .remove_producers_section(true)
        .remove_name_section(true)
        .omit_default_module_path(false)
        .web(true)
        .map_err(|error| failed(&error))?;
    bindgen
        .generate(package)
        .map_err(|error| failed(&format!("{error:#}")))
}

fn digest(
    workspace: &Workspace,
    closure: &Closure,
    toolchain: &Toolchain,
) -> Result<String, Failure> {
    let mut inputs = Inputs::default();
    for folder in &closure.folders {
        inputs.file(&folder.join("Cargo.toml"))?;
        inputs.folder(&folder.join("src"), &[])?;
    }
    for package in &closure.registry {
        inputs.word(package);
    }
    inputs.file(&workspace.path("xtask/src/wasm.rs"))?;
    inputs.word(&profiles(workspace)?);
    inputs.word(&toolchain.words());
    Ok(inputs.finish())
}

/// The root manifest's profiles; its other parts show in the packages themselves.
fn profiles(workspace: &Workspace) -> Result<String, Failure> {
    let path = workspace.path("Cargo.toml");
    let text = std::fs::read_to_string(&path).map_err(Failure::io(&path))?;
    let manifest: toml::Table = text
        .parse()
        .map_err(|error| Failure::Unfit(format!("{}: {error}", path.display())))?;
    Ok(manifest
        .get("profile")
        .map(ToString::to_string)
        .unwrap_or_default())
}
