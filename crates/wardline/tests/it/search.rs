//! Looks for texts in files, in every form in which a program might leave them.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Texts to look for, as UTF-8, UTF-16LE, base64, base64url and hex.
pub(crate) struct Search {
    automaton: AhoCorasick,
    /// By pattern: the text and its form.
    patterns: Vec<(String, &'static str)>,
}

/// What was found: the text and its form, then where.
pub(crate) type Found = BTreeMap<(String, &'static str), Vec<String>>;

/// Shorter pieces of base64 are found by chance in keys and ciphertext.
const BASE64_CHARS: usize = 9;

impl Search {
    pub(crate) fn of<S: Into<String>>(texts: impl IntoIterator<Item = S>) -> Self {
        let mut bytes = Vec::new();
        let mut patterns = Vec::new();
        for text in texts {
            let text: String = text.into();
            assert!(text.len() >= 6, "{text:?} is found by chance");
            for (form, pattern) in forms(&text) {
                bytes.push(pattern);
                patterns.push((text.clone(), form));
            }
        }
        Self {
            automaton: AhoCorasick::new(&bytes).unwrap(),
            patterns,
        }
    }

    pub(crate) fn bytes(&self, place: &str, bytes: &[u8], found: &mut Found) {
        for hit in self.automaton.find_overlapping_iter(bytes) {
            let places = found
                .entry(self.patterns[hit.pattern().as_usize()].clone())
                .or_default();
            if places.last().map(String::as_str) != Some(place) {
                places.push(place.to_owned());
            }
        }
    }

    /// All files below a folder; gives how many bytes they were.
    pub(crate) fn folder(&self, folder: &Path, found: &mut Found) -> usize {
        let mut searched = 0;
        let entries = match fs::read_dir(folder) {
            // Another test's database is dropped meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => return 0,
            entries => entries.unwrap_or_else(|e| panic!("{}: {e}", folder.display())),
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                searched += self.folder(&path, found);
                continue;
            }
            match fs::read(&path) {
                Ok(bytes) => {
                    searched += bytes.len();
                    self.bytes(&path.display().to_string(), &bytes, found);
                }
                // A database's temporary file that is gone by now, or its socket.
                Err(error) if matches!(error.raw_os_error(), Some(6)) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
        searched
    }
}

fn forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let plain = text.as_bytes();
    let mut forms = vec![
        ("UTF-8", plain.to_vec()),
        (
            "UTF-16LE",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        ("hex", hex::encode(plain).into_bytes()),
        ("HEX", hex::encode_upper(plain).into_bytes()),
    ];
    // What stands before it decides which bits share a character.
    for shift in 0..3 {
        let shifted = [&[0; 3][..shift], plain].concat();
        let (from, to) = ((shift * 8).div_ceil(6), shifted.len() * 8 / 6);
        if to - from < BASE64_CHARS {
            continue;
        }
        for (form, encoded) in [
            ("base64", STANDARD_NO_PAD.encode(&shifted)),
            ("base64url", URL_SAFE_NO_PAD.encode(&shifted)),
        ] {
            forms.push((form, encoded.as_bytes()[from..to].to_vec()));
        }
    }
    forms
}

/// The search itself: what is left in any of the forms is found, wherever it stands.
#[test]
fn every_form_is_found() {
    let text = "Potassium 6.8 mmol/L?>~";
    let search = Search::of([text]);
    let scratch = tempfile::tempdir().unwrap();
    fs::create_dir(scratch.path().join("inner")).unwrap();
    for before in ["", "a", "ab", "abc"] {
        let whole = format!("{before}{text} and more");
        let left = [
            ("UTF-8", whole.clone().into_bytes()),
            (
                "UTF-16LE",
                whole.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            ),
            ("hex", hex::encode(&whole).into_bytes()),
            ("HEX", hex::encode_upper(&whole).into_bytes()),
            ("base64", STANDARD_NO_PAD.encode(&whole).into_bytes()),
            ("base64url", URL_SAFE_NO_PAD.encode(&whole).into_bytes()),
        ];
        for (form, bytes) in left {
            let bytes = [b"\xff\x00".as_slice(), &bytes, b"\x00"].concat();
            fs::write(scratch.path().join("inner/file"), &bytes).unwrap();
            let mut found = Found::new();
            assert_eq!(search.folder(scratch.path(), &mut found), bytes.len());
            assert!(
                found.contains_key(&(text.to_owned(), form)),
                "{form} after {before:?}: {found:?}"
            );
        }
    }
    let mut found = Found::new();
    search.bytes("nothing", b"Potassium 6.7 mmol/L?>~", &mut found);
    assert!(found.is_empty());
}
