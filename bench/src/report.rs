//! What was measured, as rows: a figure, what it is held against, the ratio, the verdict.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

/// A number with its unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figure {
    value: f64,
    unit: &'static str,
}

impl Figure {
    /// A figure.
    pub(crate) const fn new(value: f64, unit: &'static str) -> Self {
        Self { value, unit }
    }

    /// With as many digits as are worth reading.
    fn text(&self) -> String {
        let decimals = match self.value.abs() {
            large if large >= 100.0 => 0,
            middle if middle >= 10.0 => 1,
            _ => 2,
        };
        format!("{} {}", grouped(self.value, decimals), self.unit)
    }
}

/// What the ratio has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Target {
    fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(limit) => ratio >= limit,
            Self::AtMost(limit) => ratio <= limit,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(limit) => format!("≥ {limit:.2}"),
            Self::AtMost(limit) => format!("≤ {limit:.2}"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// One line of the table. The target, where there is one, is for the ratio.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    what: String,
    measured: Figure,
    against: String,
    reference: Figure,
    ratio: f64,
    target: Option<Target>,
    met: Option<bool>,
}

impl Row {
    /// A figure beside another of the same run, or beside a limit, in the same unit.
    pub(crate) fn new(
        what: impl Into<String>,
        measured: Figure,
        against: impl Into<String>,
        reference: Figure,
    ) -> Self {
        let ratio = if reference.value == 0.0 {
            f64::INFINITY
        } else {
            measured.value / reference.value
        };
        Self {
            what: what.into(),
            measured,
            against: against.into(),
            reference,
            ratio,
            target: None,
            met: None,
        }
    }

    /// The same, judged.
    pub(crate) fn target(self, target: Target) -> Self {
        Self {
            met: Some(target.is_met(self.ratio)),
            target: Some(target),
            ..self
        }
    }

    /// Whether the target is met, where there is one.
    pub(crate) const fn met(&self) -> Option<bool> {
        self.met
    }

    const fn verdict(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "–",
        }
    }
}

/// One measurement: its rows, and what has to be known to read them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Section {
    /// In a few words.
    pub(crate) title: &'static str,
    /// The figures.
    pub(crate) rows: Vec<Row>,
    /// Sentences.
    pub(crate) notes: Vec<String>,
}

/// All sections as Markdown, one table each.
pub(crate) fn markdown(sections: &[Section]) -> String {
    let mut text = String::new();
    for section in sections {
        // Writing to a String has no way to fail.
        let _ = write!(text, "\n## {}\n\n", section.title);
        text.push_str("| what | measured | against | ratio | target | verdict |\n");
        text.push_str("|---|---:|---|---:|---:|---|\n");
        for row in &section.rows {
            let _ = writeln!(
                text,
                "| {} | {} | {}: {} | {} | {} | {} |",
                row.what,
                row.measured.text(),
                row.against,
                row.reference.text(),
                grouped(row.ratio, 2),
                row.target.map_or_else(|| "–".to_owned(), Target::text),
                row.verdict(),
            );
        }
        for note in &section.notes {
            let _ = write!(text, "\n{note}\n");
        }
    }
    text
}

/// How many targets were met and how many missed, in words.
pub(crate) fn tally(sections: &[Section]) -> String {
    let verdicts: Vec<bool> = sections
        .iter()
        .flat_map(|section| section.rows.iter().filter_map(Row::met))
        .collect();
    let met = verdicts.iter().filter(|met| **met).count();
    format!("{met} targets met, {} missed", verdicts.len() - met)
}

/// `12,345.6`.
fn grouped(value: f64, decimals: usize) -> String {
    let plain = format!("{value:.decimals$}");
    let (whole, fraction) = plain
        .split_once('.')
        .map_or((plain.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    if !whole.bytes().all(|b| b.is_ascii_digit()) {
        return plain;
    }
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64, reference: f64) -> Row {
        let unit = "ms";
        Row::new(
            "answer",
            Figure::new(value, unit),
            "limit",
            Figure::new(reference, unit),
        )
    }

    #[test]
    fn a_target_is_met_at_its_limit_and_missed_beyond() {
        assert_eq!(
            row(25.0, 25.0).target(Target::AtMost(1.0)).met(),
            Some(true)
        );
        assert_eq!(
            row(25.1, 25.0).target(Target::AtMost(1.0)).met(),
            Some(false)
        );
        assert_eq!(
            row(1.0, 4.0).target(Target::AtLeast(0.25)).met(),
            Some(true)
        );
        assert_eq!(
            row(0.9, 4.0).target(Target::AtLeast(0.25)).met(),
            Some(false)
        );
        assert_eq!(row(1.0, 4.0).met(), None);
    }

    #[test]
    fn a_reference_of_nothing_meets_no_upper_target() {
        assert_eq!(row(1.0, 0.0).target(Target::AtMost(1.0)).met(), Some(false));
    }

    #[test]
    fn the_table_says_plainly_what_was_missed() {
        let section = Section {
            title: "Answers",
            rows: vec![
                row(30.0, 25.0).target(Target::AtMost(1.0)),
                row(12_345.6, 25.0),
                row(0.5, 25.0).target(Target::AtMost(1.0)),
            ],
            notes: vec!["Said once.".to_owned()],
        };
        let sections = [section];
        let text = markdown(&sections);
        assert!(
            text.contains("| answer | 30.0 ms | limit: 25.0 ms | 1.20 | ≤ 1.00 | **missed** |"),
            "{text}"
        );
        assert!(
            text.contains("| 12,346 ms |") && text.contains("| 493.82 | – | – |"),
            "{text}"
        );
        assert!(text.ends_with("\nSaid once.\n"), "{text}");
        assert_eq!(tally(&sections), "1 targets met, 1 missed");
    }

    #[test]
    fn digits_are_grouped_by_thousands() {
        assert_eq!(grouped(1_234_567.0, 0), "1,234,567");
        assert_eq!(grouped(999.0, 0), "999");
        assert_eq!(grouped(1000.5, 2), "1,000.50");
        assert_eq!(grouped(f64::INFINITY, 2), "inf");
    }
}
