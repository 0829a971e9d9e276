//! `[escalation]`: who is asked when nobody answers a STAT message, and how soon.

use std::collections::BTreeSet;

use serde::Deserialize;
use wardline_escalation::Terms;

use super::MOST_DAYS;

/// `[escalation]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Escalation {
    /// Milliseconds after which a person is alerted again.
    pub re_alert_ms: u64,
    /// Milliseconds after which the next level is asked, too.
    pub level_ms: u64,
    /// Milliseconds after which the sender is told that nobody answered, at the latest.
    pub whole_ms: u64,
    /// The levels after the recipients, in order.
    pub levels: Vec<String>,
    /// Other levels for a role or a department.
    pub chains: Vec<ChainRule>,
    /// Whether STAT messages ask people who are not to be disturbed like anybody else; otherwise others
    /// are asked in their place, and they only when nobody else is left.
    pub ring_quiet: bool,
    /// The number that people are told to call when nobody answered; empty for none.
    pub call: String,
    /// How long pages are kept once they are over, in days.
    pub keep_days: u64,
}

/// One of `chains` in `[escalation]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainRule {
    /// The on-call role that is written to; empty: it is for a department.
    #[serde(default)]
    pub role: String,
    /// The department that the recipients are in; empty: it is for a role.
    #[serde(default)]
    pub department: String,
    /// The levels after the recipients, in order.
    pub levels: Vec<String>,
}

impl Escalation {
    /// The times of pages that begin now.
    pub fn terms(&self) -> Terms {
        // Invariant: a configuration that was read has terms that fit together.
        Terms::new(self.re_alert_ms, self.level_ms, self.whole_ms).unwrap_or_default()
    }

    /// The levels of a message's chain: those of the role that was written to, else of the first
    /// department that has its own, else those of everybody.
    pub(crate) fn levels_of(
        &self,
        role: Option<&str>,
        departments: &BTreeSet<String>,
    ) -> &[String] {
        let for_role = |chain: &&ChainRule| Some(chain.role.as_str()) == role;
        let for_department = |chain: &&ChainRule| departments.contains(&chain.department);
        let chain = self.chains.iter().find(for_role);
        let chain = chain.or_else(|| self.chains.iter().find(for_department));
        chain.map_or(&self.levels, |chain| &chain.levels)
    }

    /// Whether each value cannot work, with its key and the mend.
    pub(super) fn faults(&self) -> Vec<(bool, &'static str, &'static str)> {
        let levels = self.chains.iter().map(|chain| &chain.levels);
        let mut levels = levels.chain([&self.levels]);
        vec![
            (
                Terms::new(self.re_alert_ms, self.level_ms, self.whole_ms).is_err(),
                "re_alert_ms",
                "write 100 to 600000, and `level_ms` and `whole_ms` each no less than the one \
                 before; `whole_ms` is a day at most",
            ),
            (
                !levels.all(|levels| {
                    levels.len() <= MOST_LEVELS && levels.iter().all(|name| is_level(name))
                }),
                "levels",
                "write up to 16 of: \"backup\", slugs of on-call roles, roles of people such as \
                 \"charge_nurse\"",
            ),
            (
                !self
                    .chains
                    .iter()
                    .all(|chain| chain.role.is_empty() != chain.department.is_empty()),
                "chains",
                "give each entry a `role` or a `department`",
            ),
            (
                !is_number(&self.call),
                "call",
                "write up to 32 digits, spaces and + - / * # ( ), or nothing",
            ),
            (
                !(1..=MOST_DAYS).contains(&self.keep_days),
                "escalation.keep_days",
                "write 1 to 3650 days",
            ),
        ]
    }
}

impl Default for Escalation {
    fn default() -> Self {
        let terms = Terms::default();
        Self {
            re_alert_ms: terms.re_alert_ms(),
            level_ms: terms.level_ms(),
            whole_ms: terms.whole_ms(),
            levels: ["backup", "charge_nurse", "supervisor"]
                .map(str::to_owned)
                .into(),
            chains: Vec::new(),
            ring_quiet: false,
            call: String::new(),
            keep_days: 90,
        }
    }
}

fn is_level(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn is_number(call: &str) -> bool {
    call.len() <= 32
        && call
            .chars()
            .all(|c| c.is_ascii_digit() || " +-/*#()".contains(c))
}

const MOST_LEVELS: usize = 16;

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn a_chain_is_chosen_by_role_then_by_department() {
        let text = "[escalation]\nlevels = [\"supervisor\"]\nchains = [\n\
            { department = \"Cardiology\", levels = [\"charge_nurse\"] },\n\
            { role = \"stroke\", levels = [\"stroke-backup\", \"supervisor\"] },\n]\n";
        let config = Config::parse(text).unwrap().escalation;
        let cardiology = ["Cardiology".to_owned()].into();
        let surgery = ["Surgery".to_owned()].into();
        assert_eq!(config.levels_of(None, &surgery), ["supervisor"]);
        assert_eq!(config.levels_of(None, &cardiology), ["charge_nurse"]);
        assert_eq!(
            config.levels_of(Some("other"), &cardiology),
            ["charge_nurse"]
        );
        let stroke = config.levels_of(Some("stroke"), &cardiology);
        assert_eq!(stroke, ["stroke-backup", "supervisor"]);
    }

    #[test]
    fn what_could_not_escalate_is_named_with_its_line_and_mend() {
        let with = |lines: &str| Config::parse(&format!("[escalation]\n{lines}\n"));
        assert!(with("re_alert_ms = 200\nlevel_ms = 400\nwhole_ms = 2000").is_ok());
        for (lines, line, mend) in [
            ("level_ms = 1", 1, "100 to 600000"),
            ("re_alert_ms = 1", 2, "100 to 600000"),
            ("levels = [\"a b\"]", 2, "slugs of on-call roles"),
            (
                "chains = [{ levels = [] }]",
                2,
                "a `role` or a `department`",
            ),
            ("call = \"ext. 7\"", 2, "digits"),
            ("keep_days = 0", 2, "1 to 3650"),
            ("levles = []", 2, "did you mean `levels`?"),
        ] {
            let error = with(lines).unwrap_err();
            assert_eq!(error.line, line, "{lines}: {error}");
            assert!(error.message.contains(mend), "{lines}: {error}");
        }
    }
}
