//! The products of endoflife.date: Markdown files with a front matter in YAML.
//!
//! Source: <https://endoflife.date>, "Product Schema" in the project's `CONTRIBUTING.md`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_saphyr::options;
use time::Date;

use super::FeedError;
use super::day::Day;

/// One product: an operating system, or a maker's devices.
#[derive(Debug, Clone)]
pub(super) struct Product {
    /// Its name in addresses, such as `ios`.
    pub(super) id: String,
    /// Newest first, as in the file.
    pub(super) releases: Vec<Release>,
}

/// A release of a product: a line of versions, or a model of a device. Fields that say nothing
/// about patches are left unread, whatever they are.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Release {
    /// Its name within the product, such as `26` or `11-24h2-e`.
    #[serde(rename = "releaseCycle", alias = "name")]
    pub(super) cycle: String,
    /// Its name for people, where that differs.
    #[serde(default, rename = "releaseLabel")]
    label: Option<String>,
    #[serde(default)]
    pub(super) codename: Option<String>,
    /// Android's API level, or two of them as `14-15`.
    #[serde(default)]
    pub(super) api_version: Option<String>,
    /// When the first version of it was published.
    #[serde(rename = "releaseDate")]
    pub(super) published: Day,
    /// The end of security support.
    #[serde(default)]
    pub(super) eol: End,
    /// The end of security support that is paid for on top.
    #[serde(default)]
    pub(super) eoes: End,
    /// The newest version.
    #[serde(default)]
    pub(super) latest: Option<String>,
    /// When that was published.
    #[serde(default, rename = "latestReleaseDate")]
    pub(super) latest_published: Option<Day>,
}

/// The end of some support.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum End {
    /// Not known, so not in sight.
    #[default]
    Open,
    /// Past, at a time that is not known.
    Past,
    /// The last day.
    On(Date),
}

impl End {
    /// Whether it lies before this day.
    pub(super) fn is_past(self, at: Date) -> bool {
        match self {
            Self::Open => false,
            Self::Past => true,
            Self::On(last) => last < at,
        }
    }

    /// The last day, where it is known.
    pub(super) const fn date(self) -> Option<Date> {
        match self {
            Self::On(last) => Some(last),
            Self::Open | Self::Past => None,
        }
    }

    /// How much longer support lasts; for comparisons.
    pub(super) const fn rank(self) -> Date {
        match self {
            Self::Open => Date::MAX,
            Self::Past => Date::MIN,
            Self::On(last) => last,
        }
    }
}

impl Product {
    /// Reads a product's file.
    ///
    /// # Errors
    /// When it is no such file, with the line where that shows.
    pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Self, FeedError> {
        let malformed = |reason: String| FeedError::Malformed {
            file: file.to_owned(),
            reason,
        };
        let text = std::str::from_utf8(bytes).map_err(|error| malformed(error.to_string()))?;
        let matter = front_matter(text)
            .ok_or_else(|| malformed("line 1: no front matter between lines of ---".to_owned()))?;
        let options = options! { with_snippet: false };
        let page: Page = serde_saphyr::from_str_with_options(matter, options)
            .map_err(|error| malformed(error.to_string()))?;
        let id = page.permalink.trim_matches('/').to_owned();
        if id.is_empty() {
            return Err(malformed("permalink: it is empty".to_owned()));
        }
        Ok(Self {
            id,
            releases: page.releases,
        })
    }

    /// The days on which something was published.
    pub(super) fn days(&self) -> impl Iterator<Item = Date> {
        self.releases.iter().flat_map(|release| {
            [Some(release.published), release.latest_published]
                .into_iter()
                .flatten()
                .map(|day| day.0)
        })
    }
}

impl Release {
    /// Its name for people.
    pub(super) fn label(&self) -> &str {
        // Some labels are patterns that the site fills in.
        self.label
            .as_deref()
            .filter(|label| !label.contains("__"))
            .unwrap_or(&self.cycle)
    }
}

#[derive(serde::Deserialize)]
struct Page {
    permalink: String,
    releases: Vec<Release>,
}

/// The first line and all up to the next line of hyphens, so that the YAML's lines are the file's.
fn front_matter(text: &str) -> Option<&str> {
    let mut end = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let fence = line.trim_end() == "---";
        match (number, fence) {
            (0, false) => return None,
            (1.., true) => return text.get(..end),
            _ => end += line.len(),
        }
    }
    None
}

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = End;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date as YYYY-MM-DD, true or false")
            }

            fn visit_bool<E: de::Error>(self, past: bool) -> Result<End, E> {
                Ok(if past { End::Past } else { End::Open })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<End, E> {
                Day::parse(text)
                    .map(|day| End::On(day.0))
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_unit<E: de::Error>(self) -> Result<End, E> {
                Ok(End::Open)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
