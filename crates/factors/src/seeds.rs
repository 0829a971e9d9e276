//! [`Seed`]: a generator with its secret and the serial number on its back, and lists of them.

use std::collections::BTreeSet;

use serde::Deserialize;
use thiserror::Error;
use totp_rs::Secret;
use zeroize::Zeroizing;

use crate::oath::{Generator, Hash, Moving};

/// A token card, as its maker lists it.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed {
    /// The number on its back.
    pub serial: String,
    /// Who made it; may be empty.
    pub maker: String,
    /// What it is called; may be empty.
    pub model: String,
    /// How it makes codes.
    pub generator: Generator,
    /// The next press, of a generator that counts presses.
    pub next: u64,
    /// Its secret.
    pub secret: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seed")
            .field("serial", &self.serial)
            .field("generator", &self.generator)
            .finish_non_exhaustive()
    }
}

/// Why a list of seeds is not taken. No message quotes a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SeedError {
    /// It is not of the form at all.
    #[error("{0}")]
    Malformed(String),
    /// One of the generators is not.
    #[error("row {row}{}: {why}", .serial.as_deref().map(|s| format!(", {s}")).unwrap_or_default())]
    Row {
        /// Which one; the first is 1.
        row: usize,
        /// The number on its back, where that can be read.
        serial: Option<String>,
        /// Why.
        why: String,
    },
    /// There are more than anybody hands out at once.
    #[error("more than 10,000 generators at once; cut the list")]
    TooMany,
}

/// How many generators a list has at most.
pub(crate) const MAX_SEEDS: usize = 10_000;

impl Seed {
    /// Whether it can be used, in a sentence where it cannot.
    pub(crate) fn check(&self) -> Result<(), String> {
        let length = self.serial.chars().count();
        if !(1..=64).contains(&length) || self.serial.chars().any(char::is_control) {
            return Err("its serial number does not have 1 to 64 characters".to_owned());
        }
        if self.maker.chars().count() > 80 || self.model.chars().count() > 80 {
            return Err("its maker or model has more than 80 characters".to_owned());
        }
        if self.secret.len() > 256 {
            return Err("its secret has more than 2,048 bits".to_owned());
        }
        self.generator
            .check_terms(&self.secret)
            .map_err(|error| error.to_string())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    serial: String,
    #[serde(default)]
    secret_hex: Option<String>,
    #[serde(default)]
    secret_base32: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    hash: Option<Hash>,
    #[serde(default)]
    digits: Option<u8>,
    #[serde(default)]
    step: Option<u32>,
    #[serde(default)]
    counter: Option<u64>,
    #[serde(default)]
    maker: Option<String>,
    #[serde(default)]
    model: Option<String>,
}

/// Reads a list as CSV, with a first row that names the columns: `serial`, `type` (`totp` or `hotp`)
/// and `secret_hex` or `secret_base32`; besides these `hash` (`sha1`, `sha256`, `sha512`), `digits`,
/// `step` (seconds), `counter`, `maker` and `model`.
///
/// # Errors
/// What is wrong first, with its row; nothing is half read.
pub fn read_csv(text: &str) -> Result<Vec<Seed>, SeedError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader.headers().map_err(|_| malformed())?.clone();
    for needed in ["serial", "type"] {
        if !headers.iter().any(|name| name == needed) {
            return Err(SeedError::Malformed(format!(
                "the column {needed} is missing"
            )));
        }
    }
    let mut seeds: Vec<Seed> = Vec::new();
    for (row, record) in (1..).zip(reader.records()) {
        if row > MAX_SEEDS {
            return Err(SeedError::TooMany);
        }
        let fault = |serial: Option<&str>, why: String| SeedError::Row {
            row,
            serial: serial.map(str::to_owned),
            why,
        };
        let record = record.map_err(|_| {
            fault(
                None,
                "it has more or fewer columns than the first row".to_owned(),
            )
        })?;
        let read: Row = record.deserialize(Some(&headers)).map_err(|error| {
            // The sentence of the library may quote the value, which may be the secret.
            let column = match error.kind() {
                csv::ErrorKind::Deserialize { err, .. } => err
                    .field()
                    .and_then(|at| usize::try_from(at).ok())
                    .and_then(|at| headers.get(at)),
                _ => None,
            };
            let why = column.map_or_else(
                || "one of its columns is not known or missing".to_owned(),
                |column| format!("its {column} cannot be read"),
            );
            fault(None, why)
        })?;
        let serial = read.serial.clone();
        let seed = seed(read).map_err(|why| fault(Some(&serial), why))?;
        seeds.push(seed);
    }
    if let Some(row) = twice(&seeds) {
        return Err(SeedError::Row {
            row: row + 1,
            serial: Some(seeds[row].serial.clone()),
            why: "another row has this number".to_owned(),
        });
    }
    if seeds.is_empty() {
        return Err(SeedError::Malformed("it holds no row".to_owned()));
    }
    Ok(seeds)
}

/// The place of the first generator whose number one before it has, too.
pub(crate) fn twice(seeds: &[Seed]) -> Option<usize> {
    let mut seen = BTreeSet::new();
    seeds
        .iter()
        .position(|seed| !seen.insert(seed.serial.as_str()))
}

fn malformed() -> SeedError {
    SeedError::Malformed("it is not CSV with a first row that names the columns".to_owned())
}

fn seed(row: Row) -> Result<Seed, String> {
    let given = |text: Option<String>| text.map(Zeroizing::new).filter(|text| !text.is_empty());
    let secret = match (given(row.secret_hex), given(row.secret_base32)) {
        (Some(hex), None) => hex::decode(hex.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| "its secret_hex is not hexadecimal".to_owned())?,
        (None, Some(base32)) => {
            let plain = Zeroizing::new(base32.replace([' ', '-', '='], "").to_ascii_uppercase());
            let secret = Secret::try_from_base32(plain.as_str())
                .map_err(|_| "its secret_base32 is not Base32".to_owned())?;
            Zeroizing::new(secret.as_ref().to_vec())
        }
        (Some(_), Some(_)) => return Err("it has two secrets".to_owned()),
        (None, None) => return Err("it has neither secret_hex nor secret_base32".to_owned()),
    };
    let moving = match (
        row.kind.to_ascii_lowercase().as_str(),
        row.step,
        row.counter,
    ) {
        ("totp", step, None) => Moving::Time {
            step_s: step.unwrap_or(30),
        },
        ("hotp", None, _) => Moving::Counter,
        ("totp", _, Some(_)) => return Err("a totp has no counter".to_owned()),
        ("hotp", Some(_), _) => return Err("a hotp has no step".to_owned()),
        _ => return Err("its type is neither totp nor hotp".to_owned()),
    };
    let seed = Seed {
        serial: row.serial,
        maker: row.maker.unwrap_or_default(),
        model: row.model.unwrap_or_default(),
        generator: Generator {
            moving,
            hash: row.hash.unwrap_or(Hash::Sha1),
            digits: row.digits.unwrap_or(6),
            ends_s: None,
        },
        next: row.counter.unwrap_or(0),
        secret,
    };
    seed.check()?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read_csv(text).unwrap_err().to_string()
    }

    #[test]
    fn a_list_is_read() {
        let text = "\u{feff}serial, type, secret_hex, secret_base32, digits, step, counter, model, hash\n\
            C-1,totp,3132333435363738393031323334353637383930,,6,60,,Card 7,\n\
            C-2,HOTP,,gezd gnbv gy3t qojq gezd gnbv gy3t qojq,8,,17,,sha256\n";
        let seeds = read_csv(text).unwrap();
        assert_eq!(seeds.len(), 2);
        assert_eq!(seeds[0].generator.moving, Moving::Time { step_s: 60 });
        assert_eq!(seeds[0].model, "Card 7");
        assert_eq!(seeds[0].secret, seeds[1].secret);
        assert_eq!((seeds[1].next, seeds[1].generator.digits), (17, 8));
        assert_eq!(seeds[1].generator.hash, Hash::Sha256);
    }

    #[test]
    fn each_fault_is_told_with_its_row_and_no_secret() {
        const SECRET: &str = "31323334353637383930313233343536";
        let row = |rest: &str| refused(&format!("serial,type,secret_hex,digits\n{rest}\n"));
        assert!(refused("").contains("serial is missing"));
        assert!(refused("serial,type,secret_hex\n").contains("no row"));
        assert!(refused(&format!("serial,secret_hex\nA,{SECRET}\n")).contains("type is missing"));
        let unknown = format!("serial,type,secret_hex,pin\nA,totp,{SECRET},1234\n");
        assert!(refused(&unknown).contains("row 1: one of its columns is not known"));
        assert!(row("A,totp").contains("row 1: it has more or fewer columns"));
        assert!(row(&format!("A,sms,{SECRET},6")).contains("row 1, A: its type"));
        assert!(row(&format!("A,totp,{SECRET},5")).contains("6 to 8 digits"));
        assert!(row(&format!("A,totp,{SECRET},x")).contains("its digits cannot be read"));
        assert!(row("A,totp,zz,6").contains("not hexadecimal"));
        assert!(row("A,totp,,6").contains("neither secret_hex nor"));
        assert!(row(&format!(",totp,{SECRET},6")).contains("serial number"));
        let twice = format!("A,totp,{SECRET},6\nA,totp,{SECRET},6");
        assert!(row(&twice).contains("row 2, A: another row has this number"));
        for text in [
            &format!("serial,type,digits\nA,totp,{SECRET}\n"),
            &unknown,
            &twice,
        ] {
            assert!(!refused(text).contains(SECRET));
        }
    }
}
