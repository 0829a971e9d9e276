//! The web app and the browser tests: npm packages by lock file, vite, and the weight of the first
//! page's scripts.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::inputs::{Inputs, Stamp};
use crate::process;
use crate::size::{self, Size};
use crate::stage::{Outcome, Report};
use crate::workspace::Workspace;

/// The two npm packages of this repository.
pub(crate) const FOLDERS: [&str; 2] = ["web", "e2e"];

/// Runs `npm ci` where the lock file is not what was installed last.
pub(crate) fn packages(workspace: &Workspace, folders: &[&str]) -> Outcome {
    let mut notes = Vec::new();
    for folder in folders {
        let root = workspace.path(folder);
        let lock = root.join("package-lock.json");
        if !lock.is_file() {
            return Err(Failure::Unfit(format!(
                "{} is missing: `npm install --package-lock-only` in {folder}/ makes it",
                lock.display()
            )));
        }
        let mut inputs = Inputs::default();
        inputs.file(&lock)?;
        inputs.file(&root.join("package.json"))?;
        inputs.file(&root.join(".npmrc"))?;
        let digest = inputs.finish();
        let stamp = Stamp::at(root.join("node_modules/.wardline-installed"));
        if stamp.matches(&digest) {
            notes.push(format!("{folder} unchanged"));
            continue;
        }
        process::run(npm(workspace, folder).args(["ci", "--no-audit", "--no-fund"]))?;
        stamp.keep(&digest)?;
        notes.push(format!("{folder} installed"));
    }
    Ok(Report::note(notes.join(", ")))
}

/// Runs one script of a package.json.
pub(crate) fn script(workspace: &Workspace, folder: &str, name: &str) -> Command {
    let mut npm = npm(workspace, folder);
    npm.args(["run", "--silent", name]);
    npm
}

/// Builds `web/dist` when something it is made of has changed, and weighs the first page.
pub(crate) fn build(workspace: &Workspace) -> Outcome {
    let root = workspace.path("web");
    let dist = root.join("dist");
    let mut inputs = Inputs::default();
    inputs.folder(&root, &["node_modules", "dist", "test-results", "coverage"])?;
    let digest = inputs.finish();
    let stamp = Stamp::at(root.join("node_modules/.wardline-built"));
    if stamp.matches(&digest) && dist.join("index.html").is_file() {
        return Ok(Report::note(format!("{}, unchanged", first_page(&dist)?)));
    }
    stamp.clear()?;
    process::run(&mut script(workspace, "web", "build"))?;
    let words = first_page(&dist)?;
    stamp.keep(&digest)?;
    Ok(Report::note(words))
}

fn npm(workspace: &Workspace, folder: &str) -> Command {
    let mut npm = process::command("npm", &workspace.path(folder));
    // Browsers come from the system's packages, never from an install script.
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .env("NO_UPDATE_NOTIFIER", "1");
    npm
}

/// What the scripts of the built app's first page weigh.
pub(crate) fn weight(workspace: &Workspace) -> Result<Size, Failure> {
    weigh(&workspace.path("web/dist"))
}

fn first_page(dist: &Path) -> Result<String, Failure> {
    weigh(dist)?.within(size::SCRIPT_LIMIT, "first load, script")
}

/// Weighs the scripts that `index.html` loads at once: its module scripts and what it preloads.
fn weigh(dist: &Path) -> Result<Size, Failure> {
    let page = dist.join("index.html");
    let html = std::fs::read_to_string(&page).map_err(Failure::io(&page))?;
    let scripts = scripts(&html);
    if scripts.is_empty() {
        return Err(Failure::Unfit(format!(
            "{} loads no script",
            page.display()
        )));
    }
    let mut sum = Size::default();
    for script in scripts {
        sum = sum.plus(Size::of(&place(dist, &script))?);
    }
    Ok(sum)
}

fn place(dist: &Path, url: &str) -> PathBuf {
    dist.join(url.trim_start_matches("./").trim_start_matches('/'))
}

/// Addresses of the scripts in `<script src>` and `<link rel="modulepreload" href>`.
fn scripts(html: &str) -> Vec<String> {
    html.split('<')
        .filter_map(|tag| tag.split_once('>').map(|(tag, _)| tag))
        .filter_map(|tag| {
            if tag.starts_with("script") {
                attribute(tag, "src")
            } else if tag.starts_with("link") && tag.contains("modulepreload") {
                attribute(tag, "href")
            } else {
                None
            }
        })
        .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><html><head>
        <script type="module" crossorigin src="/assets/index-1.js"></script>
        <link rel="modulepreload" crossorigin href="/assets/vendor-2.js">
        <link rel="stylesheet" href="/assets/index-3.css"></head></html>"#;

    #[test]
    fn scripts_and_preloads_count_and_styles_do_not() {
        assert_eq!(scripts(PAGE), ["/assets/index-1.js", "/assets/vendor-2.js"]);
    }

    #[test]
    fn a_page_without_scripts_is_refused() {
        let dist = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dist.path().join("index.html"), "<p>empty</p>").expect("written");
        assert!(first_page(dist.path()).is_err());
    }

    #[test]
    fn the_first_page_is_weighed() {
        let dist = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(dist.path().join("assets")).expect("made");
        std::fs::write(dist.path().join("index.html"), PAGE).expect("written");
        std::fs::write(dist.path().join("assets/index-1.js"), vec![b'a'; 10_000]).expect("written");
        std::fs::write(dist.path().join("assets/vendor-2.js"), vec![b'b'; 5_000]).expect("written");
        let words = first_page(dist.path()).expect("light enough");
        assert!(words.starts_with("first load, script: 15 kB"), "{words}");
    }
}
