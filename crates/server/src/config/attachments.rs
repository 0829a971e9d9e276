//! `[attachments]`: what people may attach to messages.

use serde::Deserialize;
use wardline_model::wire::attachments::MOST_BYTES;

/// `[attachments]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attachments {
    /// The largest file, bytes.
    pub max_bytes: u64,
    /// Bytes that a person may upload in 24 hours.
    pub person_day_bytes: u64,
    /// Hours after which an upload that nobody finished is removed.
    pub unfinished_hours: u64,
}

impl Attachments {
    /// Whether each value cannot work, with its key and the mend.
    pub(super) fn faults(&self) -> Vec<(bool, &'static str, &'static str)> {
        vec![
            (
                !(65_536..=MOST_BYTES).contains(&self.max_bytes),
                "max_bytes",
                "65536 to 67108864",
            ),
            (
                self.person_day_bytes < self.max_bytes,
                "person_day_bytes",
                "at least `max_bytes`, else nobody can send the largest file",
            ),
            (
                !(1..=168).contains(&self.unfinished_hours),
                "unfinished_hours",
                "1 to 168",
            ),
        ]
    }
}

impl Default for Attachments {
    fn default() -> Self {
        Self {
            max_bytes: 10 * 1024 * 1024,
            person_day_bytes: 200 * 1024 * 1024,
            unfinished_hours: 24,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn limits_that_cannot_work_are_named_with_their_line_and_mend() {
        let with = |line: &str| Config::parse(&format!("[attachments]\n{line}\n"));
        assert!(with("max_bytes = 65536").is_ok());
        for (line, mend) in [
            ("max_bytes = 1", "65536 to 67108864"),
            ("max_bytes = 99999999999", "65536 to 67108864"),
            ("person_day_bytes = 100000", "at least `max_bytes`"),
            ("unfinished_hours = 0", "1 to 168"),
            ("max_byte = 65536", "did you mean `max_bytes`?"),
        ] {
            let error = with(line).unwrap_err();
            assert_eq!(error.line, 2, "{line}: {error}");
            assert!(error.message.contains(mend), "{error}");
        }
    }
}
