//! A day as the feeds write it.

use time::Date;
use time::format_description::well_known::Iso8601;

/// A day, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Day(pub(super) Date);

impl Day {
    pub(super) fn parse(text: &str) -> Option<Self> {
        // The standard has weeks and days of the year too; the feeds do not.
        let bytes = text.as_bytes();
        let hyphens = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
        hyphens.then_some(())?;
        Date::parse(text, &Iso8601::DATE).ok().map(Self)
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is no date as YYYY-MM-DD"))
    }
}
