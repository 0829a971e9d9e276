//! Patches: whether what is installed on a device is maintained, and as new as it can be.
//!
//! Two public feeds say so. endoflife.date has for each product its releases, the end of their
//! support and their newest version; CISA's catalogue has the vulnerabilities that are exploited,
//! and until when federal agencies have to have patched them. A third, which may be absent, has the
//! security bulletins of Android.
//!
//! The worst of these counts:
//!
//! - **unsupported**: the release's security support is over, or the model's own.
//! - **outdated**: a fix was published more than [`GRACE_DAYS`] ago, or the earliest due date of an
//!   exploited vulnerability that may be open has passed. So is what the feeds do not know, and a
//!   security patch level that is not told where it is what counts: not to tell never helps.
//! - **grace**: a fix was published, and there is still time. Also when the word that there is none
//!   is older than [`STALE_DAYS`].
//! - **current**: none of these.
//!
//! **When a fix was published.** The feed has dates for the first and the newest version of a
//! release only, so time runs from the newest one. For Android and Windows with a patch level it
//! runs from the next bulletin. Android's are those of the list of bulletins: a month that the list
//! does not have is not assumed, so one that was skipped or comes late convicts nobody. Without that
//! list, and for Windows, the calendar is assumed: the first of each month for Android, the second
//! Tuesday for Windows.
//!
//! **Which vulnerabilities may be open.** The catalogue has no versions. It takes an entry only once
//! there is a remedy (BOD 22-01), so an entry can concern a device only if it was added no earlier
//! than the first fix that the device lacks. That fix is the next bulletin; the newest version if
//! nothing lies between; else any time since the release's first version, which counts entries that
//! are fixed already rather than miss one. What is the newest version is charged with entries later
//! than everything in the feed, as a fix that the feed does not know yet.
//!
//! **Stale feeds.** A feed's age is that of the newest publication in it. That no newer version is in
//! a stale list of products proves nothing, so it makes no *current*; the same holds for a stale list
//! of bulletins. A stale catalogue is only told: it never makes a verdict better. A stale list is no
//! ground for more than its entries say, either: [`Finding::is_stale`] and [`Finding::listed`] tell
//! what stands in an entry from what the calendar or the list's silence would make of it.

mod bulletins;
mod day;
mod judge;
mod kev;
mod model;
mod product;
mod system;
mod version;

pub use version::Version;

use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;
use time::Date;

use crate::attest::PatchLevel;
use bulletins::Bulletins;
use kev::Catalogue;
use product::Product;

/// How many days after a fix was published a device may be without it.
pub const GRACE_DAYS: i64 = 14;

/// After how many days without a publication in it a feed counts as stale.
pub const STALE_DAYS: i64 = 45;

/// The same for the list of Android's bulletins. They come by the month, and a month may be skipped.
pub const BULLETINS_STALE_DAYS: i64 = 75;

/// Where the catalogue stands among the feeds.
pub const KEV: &str = "kev/known_exploited_vulnerabilities.json";

/// The folder of the products among the feeds.
pub const PRODUCTS: &str = "endoflife/products";

/// Where Android's bulletins stand among the feeds, if they do.
pub const BULLETINS: &str = "android/bulletins.csv";

/// Families of operating systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Of any maker.
    Android,
    /// iOS; for an iPad, iPadOS.
    Ios,
    /// macOS.
    MacOs,
    /// Windows on workstations.
    Windows,
    /// A distribution, or the kernel.
    Linux,
}

/// What is said to be installed on a device.
#[derive(Debug, Clone, Copy)]
pub struct Installed<'a> {
    /// Its platform.
    pub platform: Platform,
    /// The version as the system shows it: `26.6.1`, `11 24H2 Enterprise`, `10.0.26100.4946`,
    /// `debian 12`. An Android version may be an API level, as `API 36`.
    pub os_version: &'a str,
    /// The month of the security patches, for Android and Windows.
    pub patch_level: Option<PatchLevel>,
    /// The device's model by the name it is sold under, such as `Pixel 9` or `iPhone 16 Pro`.
    pub model: Option<&'a str>,
}

/// How well a device is patched, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing newer is known.
    Current,
    /// Something newer is, and there is still time.
    Grace,
    /// There is none left, or nothing is known.
    Outdated,
    /// No fixes come any more.
    Unsupported,
}

impl Verdict {
    /// In one word, as it is printed and as policies name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Grace => "grace",
            Self::Outdated => "outdated",
            Self::Unsupported => "unsupported",
        }
    }
}

/// What the feeds say of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In one word.
    pub verdict: Verdict,
    /// The last day by which something that lacks is to be installed, the earliest of all.
    pub term: Option<Date>,
    /// The last day of security support, of the system or the model, whichever is earlier. Without
    /// one, none is known: it is not in sight, or long past.
    pub supported_until: Option<Date>,
    /// The newest version of the installed release; for Android the newest patch level, `YYYY-MM`.
    pub latest: Option<String>,
    /// CVE ids of exploited vulnerabilities that may be open, the earliest due first.
    pub known_exploited: Vec<String>,
    /// Why the verdict is what it is, and what is not known.
    pub reasons: Vec<Reason>,
    /// Whether the list that says what is the newest is too old to say so.
    pub is_stale: bool,
    /// What lacks by entries of the feeds alone.
    pub listed: Listed,
}

/// What a device lacks because an entry of a feed says so, with the day that stands there: not
/// because of what the calendar assumes, and not because a list that ends before today has nothing
/// newer. It holds however old the feeds are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Listed {
    /// Whether anything lacks.
    pub lacks: bool,
    /// The last day by which it is to be installed, the earliest of all; as [`Finding::term`].
    pub term: Option<Date>,
}

/// One reason, shown as `code: text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What it is about.
    pub code: Code,
    /// A sentence for a person.
    pub text: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.text)
    }
}

/// What a reason is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The release's security support is over.
    OsEol,
    /// The feeds do not know the system or its version.
    OsUnknown,
    /// The version names several editions with different ends; the earliest is taken.
    OsEdition,
    /// The model's security support is over.
    ModelEol,
    /// The feeds do not know the model.
    ModelUnknown,
    /// A newer version or patch level is published.
    Behind,
    /// The version is newer than any in the feed.
    Ahead,
    /// The patch level is not told.
    PatchLevelUnknown,
    /// Exploited vulnerabilities may be open.
    Kev,
    /// A feed is old.
    FeedStale,
}

impl Code {
    /// In a word that stays the same, for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OsEol => "os-eol",
            Self::OsUnknown => "os-unknown",
            Self::OsEdition => "os-edition",
            Self::ModelEol => "model-eol",
            Self::ModelUnknown => "model-unknown",
            Self::Behind => "behind",
            Self::Ahead => "ahead",
            Self::PatchLevelUnknown => "patch-level-unknown",
            Self::Kev => "kev",
            Self::FeedStale => "feed-stale",
        }
    }
}

/// Why feeds are not taken. None of them is, then: half a feed would read as good news.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FeedError {
    /// A file that must be there is not.
    #[error("{0}: it is missing")]
    Missing(String),
    /// A file cannot be understood.
    #[error("{file}: {reason}")]
    Malformed {
        /// Which.
        file: String,
        /// Where, and what is wrong there.
        reason: String,
    },
    /// Two files are the same product.
    #[error("{file}: permalink: {product:?} is in another file too")]
    Twice {
        /// The second one.
        file: String,
        /// The product.
        product: String,
    },
}

/// The feeds, read.
#[derive(Debug, Clone)]
pub struct Feeds {
    products: BTreeMap<String, Product>,
    catalogue: Catalogue,
    bulletins: Option<Bulletins>,
}

impl Feeds {
    /// Reads the feeds: pairs of a file's path below their folder, with slashes, and its bytes.
    /// Products are the files `endoflife/products/*.md`, the catalogue is [`KEV`], Android's
    /// bulletins are [`BULLETINS`] and may be absent; other files are left alone.
    ///
    /// # Errors
    /// When one of them cannot be understood, or there is no product or no catalogue.
    pub fn parse<N: AsRef<str>, B: AsRef<[u8]>>(
        files: impl IntoIterator<Item = (N, B)>,
    ) -> Result<Self, FeedError> {
        let mut products = BTreeMap::new();
        let (mut catalogue, mut bulletins) = (None, None);
        for (file, bytes) in files {
            let (file, bytes) = (file.as_ref(), bytes.as_ref());
            if file == KEV {
                catalogue = Some(Catalogue::parse(file, bytes)?);
            } else if file == BULLETINS {
                bulletins = Some(Bulletins::parse(file, bytes)?);
            } else if is_product(file) {
                let product = Product::parse(file, bytes)?;
                if let Some(twice) = products.insert(product.id.clone(), product) {
                    return Err(FeedError::Twice {
                        file: file.to_owned(),
                        product: twice.id,
                    });
                }
            }
        }
        if products.is_empty() {
            return Err(FeedError::Missing(format!("{PRODUCTS}/*.md")));
        }
        let catalogue = catalogue.ok_or_else(|| FeedError::Missing(KEV.to_owned()))?;
        Ok(Self {
            products,
            catalogue,
            bulletins,
        })
    }

    /// What the feeds say of a device on a day. What was published later does not count against it.
    pub fn verdict(&self, installed: &Installed<'_>, at: Date) -> Finding {
        self.verdict_within(installed, at, GRACE_DAYS)
    }

    /// The same where a device may be without a fix for another number of days.
    pub fn verdict_within(&self, installed: &Installed<'_>, at: Date, grace_days: i64) -> Finding {
        judge::judge(self, installed, at, grace_days)
    }
}

/// Whether a path is that of a product.
fn is_product(file: &str) -> bool {
    file.strip_prefix(PRODUCTS)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|name| name.strip_suffix(".md"))
        .is_some_and(|stem| !stem.is_empty() && !stem.contains('/'))
}
