//! `[ehr]`: the hospital's record system.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;
use wardline_fhir::foreign::{KINDS, Query};

/// `[ehr]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ehr {
    /// The address of its FHIR R4 server; empty: there is none.
    pub url: String,
    /// Where tokens are given; empty: as the server itself says.
    pub token_url: String,
    /// As what this hospital's Wardline is registered there.
    pub client_id: String,
    /// PEM files with private keys; the first signs.
    pub key_files: Vec<PathBuf>,
    /// What is asked for, as scopes of SMART.
    pub scopes: String,
    /// PEM file with the CA of that server; empty: those of the operating system.
    pub ca: PathBuf,
    /// The `system` of record numbers there.
    pub number_system: String,
    /// What is copied of a record: types, with parameters that narrow them.
    pub copies: Vec<String>,
    /// Seconds for which a copy counts as fresh.
    pub fresh_seconds: u64,
    /// Minutes after which all of a record is read again, and not what has changed alone.
    pub whole_minutes: u64,
    /// Minutes for which a copy may be shown.
    pub keep_minutes: u64,
    /// Milliseconds that somebody waits for what is newer than a copy.
    pub wait_ms: u64,
    /// Seconds for one answer.
    pub timeout_seconds: u64,
    /// Requests at once.
    pub max_requests: usize,
    /// The largest answer, in bytes.
    pub max_answer_bytes: usize,
    /// The most entries of one record that are copied.
    pub max_entries: usize,
}

impl Ehr {
    /// Whether there is a record system.
    pub(crate) const fn is_on(&self) -> bool {
        !self.url.is_empty()
    }

    /// What is searched for of a record.
    pub(crate) fn queries(&self) -> Vec<Query> {
        let queries = self.copies.iter();
        queries.filter_map(|text| Query::parse(text)).collect()
    }

    /// Whether each value cannot work, with its key and the mend.
    pub(super) fn faults(&self) -> Vec<(bool, &'static str, &'static str)> {
        vec![
            (
                self.is_on() && !is_endpoint(&self.url),
                "ehr.url",
                "write the https address of the FHIR server, such as \"https://ehr.hospital.example/fhir/R4\"; \
                 plain http is for this machine only",
            ),
            (
                !self.token_url.is_empty() && !is_endpoint(&self.token_url),
                "token_url",
                "write an https URL, or nothing: the FHIR server says where its tokens are given",
            ),
            (
                self.is_on() && self.client_id.is_empty(),
                "client_id",
                "write as what this Wardline is registered at the record system",
            ),
            (
                self.is_on() && self.key_files.is_empty(),
                "key_files",
                "give a file with a private key; `wardline ehr keys --new FILE` makes one",
            ),
            (
                self.key_files.len() > 4,
                "key_files",
                "at most four: the one that signs, and those before and after it",
            ),
            (
                self.scopes.trim().is_empty(),
                "scopes",
                "write scopes such as \"system/*.rs\"",
            ),
            (
                self.copies.iter().any(|text| Query::parse(text).is_none()),
                "copies",
                "write types such as \"Condition\", or \"Observation?category=laboratory,vital-signs\"; \
                 whose record, how many and since when is added",
            ),
            (
                !(5..=3600).contains(&self.fresh_seconds),
                "fresh_seconds",
                "write 5 to 3600",
            ),
            (
                !(1..=24 * 60).contains(&self.whole_minutes),
                "whole_minutes",
                "write 1 to 1440",
            ),
            (
                !(1..=7 * 24 * 60).contains(&self.keep_minutes)
                    || self.keep_minutes * 60 < self.fresh_seconds,
                "keep_minutes",
                "write 1 to 10080, and no less than `fresh_seconds`",
            ),
            (
                !(50..=10_000).contains(&self.wait_ms),
                "wait_ms",
                "write 50 to 10000",
            ),
            (
                !(1..=60).contains(&self.timeout_seconds),
                "timeout_seconds",
                "write 1 to 60",
            ),
            (
                !(1..=64).contains(&self.max_requests),
                "max_requests",
                "write 1 to 64",
            ),
            (
                !(64 << 10..=64 << 20).contains(&self.max_answer_bytes),
                "max_answer_bytes",
                "write 65536 to 67108864",
            ),
            (
                !(100..=20_000).contains(&self.max_entries),
                "max_entries",
                "write 100 to 20000",
            ),
        ]
    }
}

impl Default for Ehr {
    fn default() -> Self {
        let copies = KINDS.iter().filter(|kind| **kind != "Patient");
        Self {
            url: String::new(),
            token_url: String::new(),
            client_id: String::new(),
            key_files: Vec::new(),
            scopes: "system/*.rs".to_owned(),
            ca: PathBuf::new(),
            number_system: String::new(),
            copies: copies.map(|kind| (*kind).to_owned()).collect(),
            fresh_seconds: 60,
            whole_minutes: 60,
            keep_minutes: 720,
            wait_ms: 800,
            timeout_seconds: 10,
            max_requests: 8,
            max_answer_bytes: 8 << 20,
            max_entries: 4000,
        }
    }
}

/// What travels there and back is a token and patient data.
pub(crate) fn is_endpoint(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        url.host_str().is_some()
            && (url.scheme() == "https" || url.scheme() == "http" && is_local)
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn a_record_system_that_could_not_be_asked_is_named_with_its_line_and_mend() {
        let with = |lines: &str| Config::parse(&format!("[ehr]\n{lines}\n"));
        let rest = "client_id = \"wardline\"\nkey_files = [\"/etc/wardline/ehr.pem\"]";
        for url in [
            "https://ehr.hospital.example/fhir/R4",
            "http://localhost:8103/fhir/R4/",
        ] {
            let config = with(&format!("{rest}\nurl = \"{url}\"")).unwrap();
            assert!(config.ehr.is_on(), "{url}");
            assert_eq!(config.ehr.queries().len(), config.ehr.copies.len());
        }
        assert!(!with("").unwrap().ehr.is_on());
        for (lines, line, mend) in [
            ("url = \"https://e.example/\"", 1, "is registered"),
            (
                "client_id = \"w\"\nurl = \"https://e.example/\"",
                1,
                "wardline ehr keys",
            ),
            (
                "client_id = \"w\"\nkey_files = [\"a\"]\nurl = \"http://e.example/\"",
                4,
                "https address",
            ),
            (
                "client_id = \"w\"\nkey_files = [\"a\"]\nurl = \"https://u:p@e.example/\"",
                4,
                "https address",
            ),
            ("token_url = \"http://e.example/token\"", 2, "https URL"),
            ("copies = [\"Person\"]", 2, "write types"),
            ("copies = [\"Condition?patient=1\"]", 2, "write types"),
            ("keep_minutes = 0", 2, "1 to 10080"),
            ("wait_ms = 0", 2, "50 to 10000"),
            ("max_entries = 1", 2, "100 to 20000"),
            ("ulr = \"\"", 2, "did you mean `url`?"),
        ] {
            let error = with(lines).unwrap_err();
            assert_eq!(error.line, line, "{lines}: {error}");
            assert!(error.message.contains(mend), "{lines}: {error}");
        }
    }
}
