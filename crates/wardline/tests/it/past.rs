//! The past, for what takes a hospital weeks: the real binary, unchanged, by a clock that runs behind.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::Run;

/// Some time ago.
pub(crate) struct Past {
    library: PathBuf,
    behind_s: u64,
    _folder: TempDir,
}

impl Past {
    pub(crate) fn days_ago(days: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("past.so");
        // Whoever can link this test has one.
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/past.c"))
            .status()
            .unwrap();
        assert!(made.success(), "the library of the clock");
        Self {
            library,
            behind_s: days * 24 * 60 * 60,
            _folder: folder,
        }
    }

    /// The command, to be run then; what it starts runs then as well.
    pub(crate) fn then<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("LD_PRELOAD", &self.library)
            .env("CLOCK_BEHIND_S", self.behind_s.to_string())
    }

    pub(crate) fn run(&self, command: &mut Command) -> Run {
        Run::of(self.then(command))
    }
}
