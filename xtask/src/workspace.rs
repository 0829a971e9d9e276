//! The source tree: its root, its packages, and what one of them is built from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::Failure;
use crate::process;

/// The workspace this program was built from.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
}

/// All that one package is made of, ours and others'.
#[derive(Debug)]
pub(crate) struct Closure {
    /// Folders of our own packages, sorted.
    pub(crate) folders: Vec<PathBuf>,
    /// Packages from the registry as `name version feature,feature`, sorted.
    pub(crate) registry: BTreeSet<String>,
    /// Version of each registry package by name; several versions are joined by a space.
    pub(crate) versions: BTreeMap<String, String>,
}

/// One of our packages as its manifest tells it.
#[derive(Debug)]
pub(crate) struct Member {
    /// The package's name.
    pub(crate) name: String,
    /// Names of its direct dependencies that are not for tests only.
    pub(crate) dependencies: Vec<String>,
}

impl Workspace {
    /// Finds the root from the place of this package: as cargo says it at run time, since the tree
    /// may have moved, else as it was when this program was built.
    pub(crate) fn locate() -> Result<Self, Failure> {
        let here = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        match here.parent() {
            Some(root) if root.join("Cargo.toml").is_file() => Ok(Self {
                root: root.to_path_buf(),
            }),
            _ => Err(Failure::Unfit(format!(
                "{} is gone: the tree was moved after xtask was built; use `cargo run -p xtask`",
                here.display()
            ))),
        }
    }

    /// The root folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the root.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.path("target"), |target| self.root.join(target))
    }

    /// A cargo command in the root, by the cargo that runs this program.
    pub(crate) fn cargo(&self) -> std::process::Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        process::command(cargo, &self.root)
    }

    /// The same with clippy's driver in the compiler's place for our own packages: one build gives
    /// programs and reads their sources, with warnings as errors. Driver and variable are those that
    /// `cargo clippy` itself sets.
    pub(crate) fn cargo_with_clippy(&self) -> std::process::Command {
        let mut cargo = self.cargo();
        cargo
            .args(["--config", "build.rustc-workspace-wrapper='clippy-driver'"])
            .env(
                "CLIPPY_ARGS",
                "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__",
            );
        cargo
    }

    /// Our packages.
    pub(crate) fn members(&self) -> Result<Vec<Member>, Failure> {
        let metadata = self.metadata(&["--no-deps"])?;
        let mut members: Vec<Member> = array(&metadata["packages"])
            .map(|package| Member {
                name: text(&package["name"]),
                dependencies: array(&package["dependencies"])
                    .filter(|dependency| dependency["kind"] != "dev")
                    .map(|dependency| text(&dependency["name"]))
                    .collect(),
            })
            .collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(members)
    }

    /// What `package` is built from on `platform`, tests left out.
    pub(crate) fn closure(&self, package: &str, platform: &str) -> Result<Closure, Failure> {
        let metadata = self.metadata(&["--filter-platform", platform])?;
        let packages: BTreeMap<&str, &Value> = array(&metadata["packages"])
            .filter_map(|package| Some((package["id"].as_str()?, package)))
            .collect();
        let nodes: BTreeMap<&str, &Value> = array(&metadata["resolve"]["nodes"])
            .filter_map(|node| Some((node["id"].as_str()?, node)))
            .collect();
        let mut open: Vec<&str> = packages
            .iter()
            .filter(|(_, value)| value["name"] == package)
            .map(|(id, _)| *id)
            .collect();
        if open.is_empty() {
            return Err(Failure::Unfit(format!(
                "there is no package {package} in the workspace"
            )));
        }
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            let Some(node) = nodes.get(id) else { continue };
            if seen.insert(id) {
                open.extend(
                    array(&node["deps"])
                        .filter(|edge| array(&edge["dep_kinds"]).any(|kind| kind["kind"] != "dev"))
                        .filter_map(|edge| edge["pkg"].as_str()),
                );
            }
        }
        let mut closure = Closure {
            folders: Vec::new(),
            registry: BTreeSet::new(),
            versions: BTreeMap::new(),
        };
        for id in seen {
            let Some(package) = packages.get(id) else {
                continue;
            };
            if package["source"].is_null() {
                closure.folders.push(folder_of(package));
                continue;
            }
            let (name, version) = (text(&package["name"]), text(&package["version"]));
            let features = nodes.get(id).map_or_else(String::new, |node| {
                array(&node["features"])
                    .map(text)
                    .collect::<Vec<_>>()
                    .join(",")
            });
            closure
                .registry
                .insert(format!("{name} {version} {features}"));
            closure
                .versions
                .entry(name)
                .and_modify(|versions| *versions = format!("{versions} {version}"))
                .or_insert(version);
        }
        closure.folders.sort();
        Ok(closure)
    }

    fn metadata(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let text = process::capture(
            self.cargo()
                .args(["metadata", "--quiet", "--format-version", "1"])
                .args(arguments),
        )?;
        serde_json::from_str(&text)
            .map_err(|error| Failure::Unfit(format!("cargo metadata printed no JSON: {error}")))
    }
}

/// Items of a JSON array; none where it is something else.
pub(crate) fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn folder_of(package: &Value) -> PathBuf {
    let manifest = PathBuf::from(text(&package["manifest_path"]));
    manifest.parent().map(Path::to_path_buf).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_core_is_built_from_the_client_and_not_from_the_server() {
        let workspace = Workspace::locate().expect("the tree");
        let closure = workspace
            .closure("wardline-client-web", "wasm32-unknown-unknown")
            .expect("cargo metadata");
        let below = |name: &str| closure.folders.contains(&workspace.path(name));
        assert!(below("crates/client-web") && below("crates/client"));
        assert!(!below("crates/server") && !below("crates/store"));
        assert!(closure.versions.contains_key("openmls"));
        assert!(!closure.versions.contains_key("axum") && !closure.versions.contains_key("sqlx"));
    }
}
