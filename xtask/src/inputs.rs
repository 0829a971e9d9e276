//! Whether work is needed: a digest over everything that a result depends on, kept in a stamp file
//! beside the result. Contents count, not times, so that a fresh clone or a branch switch back
//! costs nothing.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// A digest that grows by files, folders and words.
#[derive(Default)]
pub(crate) struct Inputs {
    digest: Sha256,
}

impl Inputs {
    /// Adds a word: a version, a flag, a setting.
    pub(crate) fn word(&mut self, word: &str) {
        self.part(word.as_bytes());
    }

    /// Adds a file with its name; a missing file counts as such.
    pub(crate) fn file(&mut self, path: &Path) -> Result<(), Failure> {
        self.part(path.as_os_str().as_encoded_bytes());
        match std::fs::read(path) {
            Ok(bytes) => {
                self.part(&bytes);
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.part(b"missing");
                Ok(())
            }
            Err(error) => Err(Failure::io(path)(error)),
        }
    }

    /// Adds all files below a folder except those below a folder named in `without`.
    pub(crate) fn folder(&mut self, path: &Path, without: &[&str]) -> Result<(), Failure> {
        for file in files(path, without)? {
            self.file(&file)?;
        }
        Ok(())
    }

    /// The digest in hexadecimal.
    pub(crate) fn finish(self) -> String {
        self.digest
            .finalize()
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// Length first, so that no two lists of parts give the same bytes.
    fn part(&mut self, bytes: &[u8]) {
        self.digest.update(bytes.len().to_le_bytes());
        self.digest.update(bytes);
    }
}

/// All files below a folder, sorted, without the folders named in `without`.
pub(crate) fn files(folder: &Path, without: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).map_err(Failure::io(&folder))? {
            let entry = entry.map_err(Failure::io(&folder))?;
            let kind = entry.file_type().map_err(Failure::io(&entry.path()))?;
            let name = entry.file_name();
            if kind.is_dir() {
                if !without.iter().any(|skipped| name == *skipped) {
                    open.push(entry.path());
                }
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Where the digest of the last good run is kept.
pub(crate) struct Stamp {
    path: PathBuf,
}

impl Stamp {
    /// A stamp file; it may not exist yet.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Whether the last good run had the same inputs.
    pub(crate) fn matches(&self, digest: &str) -> bool {
        std::fs::read_to_string(&self.path).is_ok_and(|kept| kept.trim() == digest)
    }

    /// Forgets the last run: called before work, so that a run that is cut short leaves none.
    pub(crate) fn clear(&self) -> Result<(), Failure> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::io(&self.path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Remembers a good run.
    pub(crate) fn keep(&self, digest: &str) -> Result<(), Failure> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(Failure::io(folder))?;
        }
        std::fs::write(&self.path, digest).map_err(Failure::io(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(folder: &Path) -> String {
        let mut inputs = Inputs::default();
        inputs.folder(folder, &["node_modules"]).expect("readable");
        inputs.finish()
    }

    #[test]
    fn contents_and_names_count_and_skipped_folders_do_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        std::fs::write(root.join("a"), "one").expect("written");
        let first = digest(root);
        assert_eq!(digest(root), first);

        std::fs::create_dir(root.join("node_modules")).expect("made");
        std::fs::write(root.join("node_modules/b"), "x").expect("written");
        assert_eq!(digest(root), first);

        std::fs::write(root.join("a"), "two").expect("written");
        assert_ne!(digest(root), first);
        std::fs::write(root.join("a"), "one").expect("written");
        assert_eq!(digest(root), first);
        std::fs::rename(root.join("a"), root.join("c")).expect("renamed");
        assert_ne!(digest(root), first);
    }

    #[test]
    fn a_cleared_stamp_matches_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stamp = Stamp::at(folder.path().join("deep/stamp"));
        assert!(!stamp.matches("a"));
        stamp.keep("a").expect("kept");
        assert!(stamp.matches("a") && !stamp.matches("b"));
        stamp.clear().expect("cleared");
        stamp.clear().expect("cleared twice");
        assert!(!stamp.matches("a"));
    }
}
