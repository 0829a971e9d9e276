//! CISA's catalogue of known exploited vulnerabilities.
//!
//! Source: <https://www.cisa.gov/known-exploited-vulnerabilities-catalog> and its JSON schema;
//! Binding Operational Directive 22-01.

use serde::Deserialize;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use super::day::Day;
use super::{FeedError, Platform};

/// The catalogue. Later issues add entries and may add fields; those are left unread.
#[derive(Debug, Clone)]
pub(super) struct Catalogue {
    /// The day of the issue.
    pub(super) released: Date,
    pub(super) entries: Vec<Entry>,
}

/// One vulnerability.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(rename = "cveID")]
    pub(super) cve: Cve,
    vendor_project: String,
    product: String,
    vulnerability_name: String,
    short_description: String,
    /// When it entered the catalogue, which it does when there is something to do about it.
    pub(super) date_added: Day,
    /// Until when federal agencies have to have done that.
    pub(super) due_date: Day,
}

/// `CVE-YYYY-NNNN…`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Cve(pub(super) String);

/// What a device is, as far as the catalogue tells devices apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) platform: Platform,
    /// An iPad, whose system has a name of its own.
    pub(super) tablet: bool,
    pub(super) pixel: bool,
    pub(super) samsung: bool,
}

impl Catalogue {
    /// Reads an issue of the catalogue.
    ///
    /// # Errors
    /// When it is not JSON of the catalogue's schema, or has not as many entries as it says.
    pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Self, FeedError> {
        let malformed = |reason: String| FeedError::Malformed {
            file: file.to_owned(),
            reason,
        };
        let issue: Issue =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if issue.vulnerabilities.len() != issue.count {
            return Err(malformed(format!(
                "count: it says {} and the catalogue has {} entries",
                issue.count,
                issue.vulnerabilities.len()
            )));
        }
        let released = OffsetDateTime::parse(&issue.date_released, &Rfc3339)
            .map_err(|error| malformed(format!("dateReleased: {error}")))?;
        Ok(Self {
            released: released.date(),
            entries: issue.vulnerabilities,
        })
    }
}

impl Entry {
    /// Whether it is about such a device's operating system, by vendor and product. Applications
    /// are not: the browser has versions of its own.
    pub(super) fn concerns(&self, kind: Kind) -> bool {
        let vendor = self.vendor_project.trim();
        let product = self.product.trim();
        match kind.platform {
            Platform::Android => {
                let pixel = product == "Pixel";
                (vendor == "Android" && (kind.pixel || !pixel))
                    || (vendor == "Google"
                        && (product.starts_with("Android") || pixel && kind.pixel))
                    || (vendor == "Samsung" && product == "Mobile Devices" && kind.samsung)
            }
            Platform::Ios => {
                let system = if kind.tablet { "iPadOS" } else { "iOS" };
                // The iPad's system was iOS until 2019, and many entries still name only that.
                vendor == "Apple" && (self.names(system) || self.names("iOS"))
            }
            Platform::MacOs => {
                let names = ["macOS", "OS X"];
                vendor == "Apple" && names.iter().any(|name| self.names(name))
            }
            Platform::Windows => {
                vendor == "Microsoft"
                    && (product.contains("Windows")
                        || self.vulnerability_name.contains("Windows")
                        || WINDOWS.contains(&product))
            }
            Platform::Linux => vendor == "Linux" && product.ends_with("Kernel"),
        }
    }

    /// Whether an entry of Apple names a system. `Multiple Products` are those of the description,
    /// and all of them where that names none.
    fn names(&self, system: &str) -> bool {
        if self.product.trim() != "Multiple Products" {
            return self.product.contains(system);
        }
        self.short_description.contains(system)
            || !SYSTEMS
                .iter()
                .any(|name| self.short_description.contains(name))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issue {
    date_released: String,
    count: usize,
    vulnerabilities: Vec<Entry>,
}

impl TryFrom<String> for Cve {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
            lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let good = text
            .strip_prefix("CVE-")
            .and_then(|rest| rest.split_once('-'))
            .is_some_and(|(year, number)| digits(year, 4..=4) && digits(number, 4..=19));
        if good {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} is no CVE id"))
        }
    }
}

/// Apple's systems that an entry's description may name.
const SYSTEMS: [&str; 7] = [
    "iOS", "iPadOS", "macOS", "OS X", "watchOS", "tvOS", "visionOS",
];

/// Parts of Windows that stand in the catalogue under their own names.
const WINDOWS: [&str; 24] = [
    "ATM Font Driver",
    "Ancillary Function Driver (afd.sys)",
    "Client-Server Run-time Subsystem (CSRSS)",
    "DWM Core Library",
    "Defender",
    "DirectX Graphics Kernel (DXGKRNL)",
    "Enhanced Cryptographic Provider",
    "Graphics Component",
    "Graphics Device Interface (GDI)",
    "HTTP Protocol Stack",
    "HTTP.sys",
    "Input Method Editor (IME) Japanese",
    "Internet Explorer",
    "MSHTML",
    "Remote Desktop Services",
    "SMBv1",
    "SMBv3",
    "SmartScreen Prompt",
    "Streaming Service",
    "Streaming Service Proxy",
    "Task Scheduler",
    "Update Notification Manager",
    "Win32k",
    "WinVerifyTrust function",
];
