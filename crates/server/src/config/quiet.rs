//! `[quiet]`: what does not ring at once, and what is counted of what rings.

use serde::Deserialize;
use wardline_model::wire::quiet::OffDutyQuiet;
use wardline_roster::ring::INTERVALS;

/// `[quiet]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quiet {
    /// Minutes between two rings for routine messages, for who chose nothing; 0: at once.
    pub batch_minutes: u16,
    /// How long a routine message waits at most for somebody at work, in minutes.
    pub longest_minutes: u64,
    /// What does not ring off duty, for who chose nothing.
    pub off_duty: OffDutyQuiet,
    /// The least that does not ring off duty, whatever people choose.
    pub off_duty_least: OffDutyQuiet,
    /// The most.
    pub off_duty_most: OffDutyQuiet,
    /// Of how many people at least statistics are shown.
    pub smallest_group: u64,
    /// How long counts are kept, in days.
    pub keep_days: u64,
}

impl Quiet {
    /// Whether each value cannot work, with its key and the mend.
    pub(super) fn faults(&self) -> Vec<(bool, &'static str, &'static str)> {
        vec![
            (
                self.batch_minutes != 0 && !INTERVALS.contains(&self.batch_minutes),
                "batch_minutes",
                "0, 15, 30 or 60",
            ),
            (
                !(15..=1440).contains(&self.longest_minutes),
                "longest_minutes",
                "15 to 1440",
            ),
            (
                !(self.off_duty_least..=self.off_duty_most).contains(&self.off_duty),
                "off_duty",
                "\"nothing\", \"routine\" or \"urgent\", not less than `off_duty_least` and not more \
                 than `off_duty_most`",
            ),
            (
                // Of fewer people, whoever reads it knows whose phone it was.
                !(5..=1000).contains(&self.smallest_group),
                "smallest_group",
                "5 to 1000",
            ),
            (
                !(7..=400).contains(&self.keep_days),
                "quiet.keep_days",
                "7 to 400",
            ),
        ]
    }
}

impl Default for Quiet {
    fn default() -> Self {
        Self {
            batch_minutes: 0,
            longest_minutes: 240,
            off_duty: OffDutyQuiet::Routine,
            off_duty_least: OffDutyQuiet::Nothing,
            off_duty_most: OffDutyQuiet::Urgent,
            smallest_group: 5,
            keep_days: 90,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn quiet_that_could_not_work_is_named_with_its_line_and_mend() {
        let with = |line: &str| Config::parse(&format!("[quiet]\n{line}\n"));
        for line in [
            "batch_minutes = 30",
            "off_duty = \"urgent\"",
            "off_duty_least = \"routine\"",
        ] {
            assert!(with(line).is_ok(), "{line}");
        }
        for (line, mend) in [
            ("batch_minutes = 20", "0, 15, 30 or 60"),
            ("longest_minutes = 5", "15 to 1440"),
            ("off_duty = \"stat\"", "unknown variant"),
            ("smallest_group = 1", "5 to 1000"),
            ("keep_days = 1", "7 to 400"),
        ] {
            let error = with(line).unwrap_err();
            assert_eq!(error.line, 2, "{line}: {error}");
            assert!(error.message.contains(mend), "{error}");
        }
        assert!(with("off_duty_least = \"urgent\"").is_err());
    }
}
