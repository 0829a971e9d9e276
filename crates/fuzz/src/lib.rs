//! The harness of the fuzz targets. Only tests depend on it.
//!
//! A target is a plain function over bytes in its crate's `fuzz` module, beside the decoder. It
//! panics when something that must always hold does not, and answers whether the bytes were
//! accepted. A [`Campaign`] feeds it: first every seed as it is, then mutations of them.
//!
//! - **Seeds** are valid inputs, since random bytes end at the first length. They are files of the
//!   crate's `corpus/TARGET` folder, or made by the test where a fresh key or time is part of them.
//!   A seed must be accepted, so that a corpus cannot rot.
//! - **Findings** are files of the same folder whose name begins with `found-`. They must be
//!   survived, accepted or not. A failure prints the bytes to put there.
//! - **Mutations** know bytes, JSON, compact JWS, base64url within JSON, and DER, so that lengths
//!   and nesting stay right often enough to reach what lies behind them.
//!
//! In a plain run the mutations are the same each time. With `WARDLINE_SOAK` in the environment
//! they differ from run to run, and `PROPTEST_CASES` says how many there are.

mod bytes;
mod der;
mod json;

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

/// What one target is fed with.
#[derive(Debug)]
pub struct Campaign {
    /// Where findings go.
    folder: PathBuf,
    seeds: Vec<Vec<u8>>,
    found: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    cases: u32,
}

/// A campaign over the files of `corpus/TARGET` in the crate that names it.
#[macro_export]
macro_rules! corpus {
    ($target:literal) => {
        $crate::Campaign::over(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/", $target))
    };
}

impl Campaign {
    /// A campaign over the files of a folder; an absent folder has none.
    pub fn over(folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref();
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())))
            .map(|entry| entry.path())
            .collect();
        files.sort();
        let (mut seeds, mut found) = (Vec::new(), Vec::new());
        for file in files {
            let bytes =
                fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
            if name.starts_with("found-") {
                found.push(bytes);
            } else {
                seeds.push(bytes);
            }
        }
        Self {
            folder: folder.to_owned(),
            seeds,
            found,
            words: Vec::new(),
            cases: 2000,
        }
    }

    /// Adds seeds that the test made.
    pub fn seeds(mut self, seeds: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.seeds.extend(seeds);
        self
    }

    /// Adds words that mean something to the decoder.
    pub fn words<'w>(mut self, words: impl IntoIterator<Item = &'w str>) -> Self {
        self.words
            .extend(words.into_iter().map(|word| word.as_bytes().to_vec()));
        self
    }

    /// Mutations in a plain run; a soak makes more in proportion. A few seconds' worth.
    pub fn cases(mut self, cases: u32) -> Self {
        self.cases = cases;
        self
    }

    /// Feeds the target.
    ///
    /// # Panics
    /// When there is no seed, a seed is refused, or the target panics; then with the smallest input
    /// that was found to do so.
    #[expect(
        clippy::print_stdout,
        reason = "how deep a campaign came is shown with --nocapture"
    )]
    pub fn run(self, target: impl Fn(&[u8]) -> bool) {
        assert!(
            !self.seeds.is_empty(),
            "{}: no seeds",
            self.folder.display()
        );
        for (number, seed) in self.seeds.iter().enumerate() {
            assert!(
                target(seed),
                "{}: seed {number} of {} is refused: {}",
                self.folder.display(),
                self.seeds.len(),
                String::from_utf8_lossy(&seed[..seed.len().min(400)])
            );
        }
        for found in &self.found {
            target(found);
        }
        target(&[]);

        let soak = std::env::var_os("WARDLINE_SOAK").is_some();
        // 256 is proptest's own count when `PROPTEST_CASES` says nothing.
        let many = u64::from(self.cases) * u64::from(Config::default().cases) / 256;
        let config = Config {
            cases: u32::try_from(many).unwrap_or(u32::MAX),
            rng_seed: if soak {
                RngSeed::Random
            } else {
                RngSeed::Fixed(1)
            },
            failure_persistence: None,
            max_shrink_iters: 4096,
            ..Config::default()
        };
        let accepted = Cell::new(0_u64);
        let all: Vec<Vec<u8>> = self.seeds.iter().chain(&self.found).cloned().collect();
        let result = TestRunner::new(config).run(&plan(), |plan| {
            let input = plan.carry_out(&all, &self.words);
            accepted.set(accepted.get() + u64::from(target(&input)));
            Ok(())
        });
        match result {
            Ok(()) => println!(
                "{}: {} seeds, {} findings, {many} mutations of which {} were accepted",
                self.folder.display(),
                self.seeds.len(),
                self.found.len(),
                accepted.get()
            ),
            Err(TestError::Fail(reason, plan)) => {
                let input = plan.carry_out(&all, &self.words);
                panic!(
                    "{reason}\n{} bytes: {}\nkeep them: base64 -d > {}/found-…, of:\n{}",
                    input.len(),
                    String::from_utf8_lossy(&input[..input.len().min(2000)]),
                    self.folder.display(),
                    STANDARD.encode(&input)
                );
            }
            Err(TestError::Abort(reason)) => panic!("{reason}"),
        }
    }
}

/// One change: which kind, and numbers that each kind reads in its own way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edit {
    pub(crate) kind: u8,
    pub(crate) at: u32,
    pub(crate) by: u32,
    pub(crate) value: u8,
}

impl Edit {
    /// A place among `len`, which is not 0.
    pub(crate) fn place(self, len: usize) -> usize {
        self.at as usize % len
    }

    /// A second place or number below `len`, which is not 0.
    pub(crate) fn second(self, len: usize) -> usize {
        self.by as usize % len
    }

    /// The edit to hand to what lies within.
    pub(crate) fn within(self) -> Self {
        Self {
            kind: self.value,
            at: self.by,
            by: self.at.rotate_left(7),
            value: self.value.rotate_left(3),
        }
    }
}

/// An input before it is made: a seed and what is done to it.
#[derive(Debug, Clone)]
struct Plan {
    seed: u32,
    edits: Vec<Edit>,
}

impl Plan {
    fn carry_out(&self, seeds: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.seed as usize % seeds.len()].clone();
        for edit in &self.edits {
            let changed = match edit.kind % 8 {
                0..=2 => json::edit(&bytes, *edit),
                3 => json::edit_parts(&bytes, *edit),
                4 => der::edit(&bytes, *edit),
                _ => None,
            };
            match changed {
                Some(changed) => bytes = changed,
                None => bytes::edit(&mut bytes, *edit, seeds, words),
            }
            bytes.truncate(LONGEST);
        }
        bytes
    }
}

/// Longer inputs only cost time.
const LONGEST: usize = 1 << 20;

fn plan() -> impl Strategy<Value = Plan> {
    let edit = any::<(u8, u32, u32, u8)>().prop_map(|(kind, at, by, value)| Edit {
        kind,
        at,
        by,
        value,
    });
    // Mostly one change, so that most of the input stays right.
    let edits = prop_oneof![
        3 => proptest::collection::vec(edit.clone(), 1..2),
        2 => proptest::collection::vec(edit, 2..8),
    ];
    (any::<u32>(), edits).prop_map(|(seed, edits)| Plan { seed, edits })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn campaign(seed: &str) -> Campaign {
        Campaign::over("none").seeds([seed.as_bytes().to_vec()])
    }

    #[test]
    #[should_panic(expected = "keep them: base64 -d")]
    fn a_fault_behind_well_formed_json_is_found() {
        let campaign = campaign(r#"{"a":{"b":[1,2,{"count":3}]},"kind":"x"}"#);
        campaign.cases(50_000).run(|bytes| {
            let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
                return false;
            };
            let count = &value["a"]["b"][2]["count"];
            assert!(count.as_u64() != Some(u64::MAX), "the planted fault");
            true
        });
    }

    #[test]
    #[should_panic(expected = "keep them: base64 -d")]
    fn a_fault_behind_lengths_of_der_is_found() {
        // SEQUENCE { SEQUENCE { OCTET STRING "abcd" }, INTEGER 1 }
        let der = [
            0x30, 0x0b, 0x30, 0x06, 0x04, 0x04, b'a', b'b', b'c', b'd', 0x02, 0x01, 0x01,
        ];
        Campaign::over("none")
            .seeds([der.to_vec()])
            .run(|bytes| match bytes {
                [0x30, all, 0x30, inner, 0x04, text, rest @ ..]
                    if usize::from(*all) == bytes.len() - 2
                        && *inner == text + 2
                        && usize::from(*text) <= rest.len() =>
                {
                    assert!(*text < 16, "the planted fault");
                    true
                }
                _ => false,
            });
    }

    #[test]
    #[should_panic(expected = "is refused")]
    fn a_corpus_that_rots_is_noticed() {
        campaign("once valid").run(|_| false);
    }

    #[test]
    fn words_and_parts_of_tokens_are_used() {
        let (word, claim) = (Cell::new(false), Cell::new(false));
        campaign("eyJhIjoxfQ.eyJiIjoyfQ.AAAA")
            .words(["chmod"])
            .run(|bytes| {
                let text = String::from_utf8_lossy(bytes);
                word.set(word.get() || text.contains("chmod"));
                let mut parts = text.split('.');
                let (a, b, c) = (parts.next(), parts.next(), parts.next());
                claim.set(
                    claim.get()
                        || (a == Some("eyJhIjoxfQ") && c == Some("AAAA"))
                            && b.is_some_and(|b| b != "eyJiIjoyfQ" && b.starts_with("eyJ")),
                );
                true
            });
        assert!(word.get() && claim.get());
    }
}
