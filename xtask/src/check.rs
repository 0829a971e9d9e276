//! Rules of this repository that no linter knows. Each rule is a function from the tracked files
//! to broken lines; a broken rule names file, line and what to do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::Failure;
use crate::process;
use crate::stage::{Outcome, Report};
use crate::web;
use crate::workspace::{Member, Workspace};

/// Licences that an npm package may carry; `deny.toml` has the list for crates.
const NPM_LICENCES: [&str; 9] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "CC-BY-4.0",
    "ISC",
    "MIT",
    "MPL-2.0",
];

/// Crates that are functions of values: no runtime, socket, database, clock or randomness.
const PURE: [&str; 19] = [
    "wardline-access",
    "wardline-audit",
    "wardline-client",
    "wardline-credential",
    "wardline-delivery",
    "wardline-demo",
    "wardline-escalation",
    "wardline-factors",
    "wardline-fhir",
    "wardline-hl7",
    "wardline-model",
    "wardline-piv",
    "wardline-policy",
    "wardline-posture",
    "wardline-programs",
    "wardline-risk",
    "wardline-roster",
    "wardline-search",
    "wardline-signals",
];

/// What a pure crate may not depend on.
const IMPURE: [&str; 13] = [
    "axum",
    "futures",
    "getrandom",
    "hyper",
    "rand",
    "redb",
    "reqwest",
    "rustls",
    "sqlx",
    "tokio",
    "tokio-tungstenite",
    "wardline-server",
    "wardline-store",
];

/// All rules over all tracked files.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let sources = Sources::tracked(workspace)?;
    let members = workspace.members()?;
    let broken: Vec<String> = [
        database_only_in_store(&sources),
        no_foreign_places(&sources),
        no_silenced_lints(&sources),
        no_skipped_work(&sources),
        pure_crates_stay_pure(&members),
        lock_files_are_portable(workspace)?,
        migrations_come_in_pairs(&sources),
    ]
    .concat();
    if broken.is_empty() {
        return Ok(Report::note(format!("{} files", sources.files.len())));
    }
    Err(Failure::Rules(broken))
}

/// Licences, bans and sources of all crates by cargo-deny.
pub(crate) fn dependencies(workspace: &Workspace) -> Outcome {
    let deny = cargo_deny(workspace)?;
    process::run(process::command(deny, workspace.root()).args([
        "--all-features",
        "--locked",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))?;
    Ok(Report::note("bans, licences, sources"))
}

/// The version that `deny.toml` is written for; a new one may judge in another way.
const CARGO_DENY: &str = "0.20.2";

/// cargo-deny's program: the one in the path if it is of our version, else one that is built once
/// into the target folder (a minute or two on two cores), so that nobody's own tools change.
fn cargo_deny(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let tools = workspace.target().join("tools");
    let ours = tools.join("bin/cargo-deny");
    for program in [PathBuf::from("cargo-deny"), ours.clone()] {
        let version = process::command(&program, workspace.root())
            .arg("--version")
            .output()
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        if version.is_ok_and(|version| version == format!("cargo-deny {CARGO_DENY}")) {
            return Ok(program);
        }
    }
    process::run(
        workspace
            .cargo()
            .args([
                "install",
                "--quiet",
                "--locked",
                // It reads a graph once: built quickly before running quickly.
                "--debug",
                "cargo-deny",
                "--version",
                CARGO_DENY,
            ])
            .arg("--root")
            .arg(&tools)
            // Its objects go with the rest; kept apart, since its dependencies are other versions.
            .env("CARGO_TARGET_DIR", tools.join("build")),
    )?;
    let build = tools.join("build");
    std::fs::remove_dir_all(&build).map_err(Failure::io(&build))?;
    Ok(ours)
}

/// Text of the tracked files by path from the root; files that are not text are left out.
struct Sources {
    files: BTreeMap<String, String>,
}

impl Sources {
    fn tracked(workspace: &Workspace) -> Result<Self, Failure> {
        // Files that git would add are read too, so that a rule speaks before the commit.
        let list = process::capture(process::command("git", workspace.root()).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))?;
        let mut files = BTreeMap::new();
        for path in list.split('\0').filter(|path| !path.is_empty()) {
            let place = workspace.path(path);
            match std::fs::read(&place) {
                Ok(bytes) => {
                    if let Ok(text) = String::from_utf8(bytes) {
                        files.insert(path.to_owned(), text);
                    }
                }
                // Deleted and not yet committed, or a link to nothing.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::io(&place)(error)),
            }
        }
        Ok(Self { files })
    }

    /// Lines with their place, of the files that `wanted` picks.
    fn lines(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = (String, &str)> {
        self.files
            .iter()
            .filter(move |(path, _)| wanted(path))
            .flat_map(|(path, text)| {
                text.lines()
                    .enumerate()
                    .map(move |(index, line)| (format!("{path}:{}", index + 1), line))
            })
    }
}

fn rust(path: &str) -> bool {
    has_extension(path, "rs")
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| found == extension)
}

/// One crate knows the databases, so that no rule about them is written twice.
fn database_only_in_store(sources: &Sources) -> Vec<String> {
    let outside = |path: &str| {
        path.starts_with("crates/")
            && !path.starts_with("crates/store/")
            && (rust(path) || path.ends_with("/Cargo.toml"))
    };
    sources
        .lines(outside)
        .filter(|(_, line)| {
            !line.trim_start().starts_with("//") && !line.trim_start().starts_with('#')
        })
        .filter(|(_, line)| has_word(line, concat!("sql", "x")))
        .map(|(place, _)| format!("{place}: only crates/store may name the database library"))
        .collect()
}

/// What is committed builds anywhere: no folders of somebody's machine, no package server.
fn no_foreign_places(sources: &Sources) -> Vec<String> {
    // Written in two halves, so that this file does not break its own rule.
    const PLACES: [&str; 8] = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/home", "/"),
        concat!("/Use", "rs/"),
        concat!("registry.npm", "js.org"),
        concat!("static.crates", ".io"),
        concat!("index.crates", ".io"),
        concat!("pypi", ".org"),
    ];
    sources
        .lines(|path| !path.starts_with("LICENSE"))
        .filter_map(|(place, line)| {
            let found = PLACES.iter().find(|text| line.contains(**text))?;
            Some(format!(
                "{place}: names {found}, which is not the same on every machine"
            ))
        })
        .collect()
}

/// An exception to a lint is an `expect` with its reason: it complains when no longer needed.
fn no_silenced_lints(sources: &Sources) -> Vec<String> {
    sources
        .lines(rust)
        .filter(|(_, line)| {
            let line: String = line.chars().filter(|c| !c.is_whitespace()).collect();
            let attribute = line.starts_with("#[") || line.starts_with("#![");
            attribute && (line.contains("[allow(") || line.contains(",allow("))
        })
        .map(|(place, _)| format!("{place}: write #[expect(…, reason = \"…\")] instead"))
        .collect()
}

/// A test that does not run and a function that is not there are worse than none.
fn no_skipped_work(sources: &Sources) -> Vec<String> {
    const RUST: [&str; 4] = [
        concat!("#[ign", "ore"),
        concat!("todo", "!("),
        concat!("unimple", "mented!("),
        concat!("FIX", "ME"),
    ];
    const WEB: [&str; 7] = [
        concat!(".sk", "ip("),
        concat!(".on", "ly("),
        concat!(".fix", "me("),
        concat!(".to", "do("),
        concat!("@ts-ig", "nore"),
        concat!("@ts-no", "check"),
        concat!("FIX", "ME"),
    ];
    let script = |path: &str| {
        (path.starts_with("web/") || path.starts_with("e2e/"))
            && (has_extension(path, "ts") || has_extension(path, "tsx"))
    };
    let found = |place: String, word: &str| format!("{place}: {word} leaves work undone");
    let rust = sources.lines(rust).filter_map(|(place, line)| {
        RUST.iter()
            .find(|word| line.contains(**word))
            .map(|word| found(place, word))
    });
    let web = sources.lines(script).filter_map(|(place, line)| {
        WEB.iter()
            .find(|word| line.contains(**word))
            .map(|word| found(place, word))
    });
    rust.chain(web).collect()
}

/// Crates that are functions of values depend on nothing that acts on the world.
fn pure_crates_stay_pure(members: &[Member]) -> Vec<String> {
    members
        .iter()
        .filter(|member| PURE.contains(&member.name.as_str()))
        .flat_map(|member| {
            member
                .dependencies
                .iter()
                .filter(|name| IMPURE.contains(&name.as_str()))
                .map(|name| format!("{} is pure and may not depend on {name}", member.name))
        })
        .collect()
}

/// npm writes the server's address into lock files unless told not to; licences stand there too.
fn lock_files_are_portable(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut broken = Vec::new();
    for folder in web::FOLDERS {
        let path = workspace.path(folder).join("package-lock.json");
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let lock: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::Unfit(format!("{}: {error}", path.display())))?;
        broken.extend(lock_file_rules(folder, &lock));
    }
    Ok(broken)
}

fn lock_file_rules(folder: &str, lock: &Value) -> Vec<String> {
    let packages = lock["packages"].as_object().into_iter().flatten();
    packages
        .filter(|(name, _)| !name.is_empty())
        .flat_map(|(name, package)| {
            let address = package["resolved"]
                .as_str()
                .filter(|text| text.contains("://"))
                .map(|_| {
                    format!(
                        "{folder}/package-lock.json: {name} has a server's address; \
                     keep omit-lockfile-registry-resolved=true in {folder}/.npmrc"
                    )
                });
            let licence = package["license"].as_str().unwrap_or("none");
            let licence = (!licence_is_known(licence))
                .then(|| format!("{folder}/package-lock.json: {name} has the licence {licence}"));
            [address, licence].into_iter().flatten()
        })
        .collect()
}

/// Whether an SPDX expression can be met by known licences alone.
fn licence_is_known(expression: &str) -> bool {
    let expression = expression.trim_matches(['(', ')']);
    expression.split(" OR ").any(|choice| {
        choice
            .split(" AND ")
            .all(|name| NPM_LICENCES.contains(&name.trim()))
    })
}

/// Both databases have the same migrations by number and name.
fn migrations_come_in_pairs(sources: &Sources) -> Vec<String> {
    let names = |engine: &str| -> Vec<&str> {
        let folder = format!("crates/store/migrations/{engine}/");
        sources
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(folder.as_str()))
            .collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    let missing = |has: &[&str], lacks: &[&str], engine: &str| -> Vec<String> {
        has.iter()
            .filter(|name| !lacks.contains(name))
            .map(|name| format!("crates/store/migrations/{engine} lacks {name}"))
            .collect()
    };
    [
        missing(&sqlite, &postgres, "postgres"),
        missing(&postgres, &sqlite, "sqlite"),
    ]
    .concat()
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Sources {
        Sources {
            files: files
                .iter()
                .map(|(path, text)| ((*path).into(), (*text).into()))
                .collect(),
        }
    }

    #[test]
    fn the_database_library_is_found_outside_store_only() {
        let line = concat!("use sql", "x::Row;");
        let tree = sources(&[
            ("crates/store/src/lib.rs", line),
            ("crates/server/src/lib.rs", line),
            (
                "crates/server/src/words.rs",
                concat!("let sql", "xs = 1; // sql", "x-like"),
            ),
        ]);
        let broken = database_only_in_store(&tree);
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert!(broken[0].starts_with("crates/server/src/lib.rs:1"));
    }

    #[test]
    fn machine_paths_are_found() {
        let tree = sources(&[
            ("a.md", concat!("see /wo", "rk/main")),
            ("b.md", "see docs/"),
        ]);
        assert_eq!(no_foreign_places(&tree).len(), 1);
    }

    #[test]
    fn silenced_lints_are_found_in_every_form() {
        for line in [
            concat!("#[al", "low(dead_code)]"),
            concat!("#![al", "low(clippy::all)]"),
            concat!("#[cfg_attr(test, al", "low(unused))]"),
        ] {
            assert_eq!(
                no_silenced_lints(&sources(&[("a.rs", line)])).len(),
                1,
                "{line}"
            );
        }
        let fine = sources(&[(
            "a.rs",
            "#[expect(unused, reason = \"x\")]\nlet a = allow(1);",
        )]);
        assert!(no_silenced_lints(&fine).is_empty());
    }

    #[test]
    fn skipped_tests_are_found() {
        let tree = sources(&[
            ("crates/a/src/lib.rs", concat!("    #[ign", "ore]")),
            (
                "e2e/tests/a.spec.ts",
                concat!("test.sk", "ip('x', () => {})"),
            ),
            ("web/src/a.tsx", "list.skipped(1)"),
        ]);
        assert_eq!(no_skipped_work(&tree).len(), 2);
    }

    #[test]
    fn a_pure_crate_with_a_runtime_is_found() {
        let member = |name: &str| Member {
            name: name.into(),
            dependencies: vec!["serde".into(), "tokio".into()],
        };
        assert_eq!(pure_crates_stay_pure(&[member("wardline-policy")]).len(), 1);
        assert!(pure_crates_stay_pure(&[member("wardline-server")]).is_empty());
    }

    #[test]
    fn lock_files_with_addresses_or_strange_licences_are_found() {
        let lock = serde_json::json!({"packages": {
            "": {"name": "web"},
            "node_modules/a": {"license": "MIT"},
            "node_modules/b": {"license": "(MIT OR GPL-3.0)", "resolved": "https://host/b.tgz"},
            "node_modules/c": {"license": "GPL-3.0"},
            "node_modules/d": {},
        }});
        let broken = lock_file_rules("web", &lock);
        assert_eq!(broken.len(), 3, "{broken:?}");
    }

    #[test]
    fn migrations_without_a_twin_are_found() {
        let tree = sources(&[
            ("crates/store/migrations/sqlite/0001_people.sql", ""),
            ("crates/store/migrations/postgres/0001_people.sql", ""),
            ("crates/store/migrations/postgres/0002_rooms.sql", ""),
        ]);
        assert_eq!(
            migrations_come_in_pairs(&tree),
            ["crates/store/migrations/sqlite lacks 0002_rooms.sql"]
        );
    }
}
