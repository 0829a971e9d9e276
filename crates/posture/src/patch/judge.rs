//! The verdict.

use time::{Date, Duration, Month};

use super::bulletins::Bulletins;
use super::kev::{Entry, Kind};
use super::model;
use super::product::{Product, Release};
use super::system::{self, Named};
use super::{
    BULLETINS_STALE_DAYS, Code, Feeds, Finding, Installed, Listed, Platform, Reason, STALE_DAYS,
    Verdict, Version,
};
use crate::attest::PatchLevel;

/// What the feeds say of a device.
pub(super) fn judge(
    feeds: &Feeds,
    installed: &Installed<'_>,
    at: Date,
    grace_days: i64,
) -> Finding {
    let mut case = Case {
        at,
        grace: Duration::days(grace_days),
        finding: Finding {
            verdict: Verdict::Current,
            term: None,
            supported_until: None,
            latest: None,
            known_exploited: Vec::new(),
            reasons: Vec::new(),
            is_stale: false,
            listed: Listed::default(),
        },
    };
    let kind = case.model(feeds, installed);
    let known = case.system(feeds, installed, kind);
    let bulletins = feeds
        .bulletins
        .as_ref()
        .filter(|_| installed.platform == Platform::Android);
    let monthly = match installed.platform {
        Platform::Android => {
            let months = bulletins.map_or(Months::First, Months::Listed);
            case.patch_level(months, installed.patch_level)
        }
        Platform::Windows if installed.patch_level.is_some() => {
            case.patch_level(Months::SecondTuesday, installed.patch_level)
        }
        Platform::Windows => {
            case.tell(
                Code::PatchLevelUnknown,
                "the feed has Windows' builds without their monthly patches; with the month of the \
                 last ones (a patch level) they are judged too"
                    .to_owned(),
            );
            None
        }
        Platform::Ios | Platform::MacOs | Platform::Linux => None,
    };
    let newest = newest(feeds, at);
    let by_version = known.map(|known| case.version(installed.platform, &known, newest));
    if let Some(lacking) = monthly.or(by_version) {
        case.exploited(feeds, kind, lacking);
    }
    case.stale(feeds, newest, bulletins);
    case.finding
}

/// A verdict in the making.
struct Case {
    at: Date,
    grace: Duration,
    finding: Finding,
}

/// From when on fixes may be lacking.
#[derive(Clone, Copy)]
struct Lacking {
    since: Date,
    /// Whether an entry of a feed says so; see [`Listed`].
    listed: bool,
}

/// A release that the feeds know, and the version of it.
struct Known<'f> {
    release: &'f Release,
    version: Option<Version>,
    /// The name of the system, with a space.
    name: String,
}

impl Case {
    /// The model's own support, and what kind of device it is.
    fn model(&mut self, feeds: &Feeds, installed: &Installed<'_>) -> Kind {
        let name = installed
            .model
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let found = name.and_then(|name| model::find(feeds, installed.platform, name));
        let says = |word: &str| name.is_some_and(|name| name.to_lowercase().contains(word));
        let id = found.as_ref().map(|model| model.product.id.as_str());
        match (&found, name) {
            (Some(model), Some(name)) => {
                let eol = model.release.eol;
                self.until(eol.date());
                if eol.is_past(self.at) {
                    let since = since(eol.date());
                    self.worsen(
                        Verdict::Unsupported,
                        Code::ModelEol,
                        format!("the maker's security support for the {name} is over{since}"),
                    );
                }
            }
            (None, Some(name)) => self.tell(
                Code::ModelUnknown,
                format!("the feeds do not know a model named {name:?}; only its system is judged"),
            ),
            (_, None) => {}
        }
        Kind {
            platform: installed.platform,
            tablet: id == Some("ipad") || says("ipad"),
            pixel: id == Some("pixel") || says("pixel"),
            samsung: id.is_some_and(|id| id.starts_with("samsung")) || says("samsung"),
        }
    }

    /// The release's support.
    fn system<'f>(
        &mut self,
        feeds: &'f Feeds,
        installed: &Installed<'_>,
        kind: Kind,
    ) -> Option<Known<'f>> {
        let at = self.at;
        let shown = installed.os_version;
        let (product, text) = system::product(feeds, installed.platform, kind.tablet, shown);
        let name = system::name(installed.platform, kind.tablet, shown);
        let quoted = format!("{name}{shown:?}");
        let shown = format!("{name}{shown}");
        let Some(product) = product else {
            self.unknown(format!(
                "the feeds have no product for {quoted}, so nothing says whether it is patched"
            ));
            return None;
        };
        let past = |release: &Release| release.eol.is_past(at);
        match system::find(product, installed.platform, text, past) {
            Named::One {
                release,
                version,
                editions,
            } => {
                if editions > 1 {
                    let text = format!(
                        "{shown} does not say which edition it is of {editions}; the one that ends \
                         first is taken, {}",
                        release.label()
                    );
                    self.tell(Code::OsEdition, text);
                }
                self.until(release.eol.date());
                if past(release) {
                    let since = since(release.eol.date());
                    let paid = release.eoes.date().filter(|last| *last >= at);
                    let paid = paid.map_or_else(String::new, |last| {
                        format!("; what the vendor sells beyond that, until {last}, is not counted")
                    });
                    self.worsen(
                        Verdict::Unsupported,
                        Code::OsEol,
                        format!("security support for {shown} is over{since}{paid}"),
                    );
                }
                let own = installed.os_version.split_whitespace().next();
                let name = match own {
                    Some(own) if name.is_empty() => format!("{own} "),
                    _ => name.to_owned(),
                };
                Some(Known {
                    release,
                    version,
                    name,
                })
            }
            Named::Many(releases) => {
                let names: Vec<&str> = releases.iter().map(|it| it.label()).collect();
                self.unknown(format!(
                    "{quoted} may be any of {}; say which",
                    names.join(", ")
                ));
                None
            }
            Named::None => {
                self.unknown(format!(
                    "the feeds do not know {quoted}, so nothing says whether it is patched"
                ));
                None
            }
        }
    }

    /// The patch level against the newest bulletin. From when on fixes are lacking, where the level
    /// is told.
    fn patch_level(&mut self, months: Months<'_>, level: Option<PatchLevel>) -> Option<Lacking> {
        let newest = months.newest(self.at);
        let name = newest.map(|(year, month)| format!("{year:04}-{month:02}"));
        if !matches!(months, Months::SecondTuesday) {
            self.finding.latest.clone_from(&name);
        }
        let next = level.and_then(|level| months.after(level));
        let (Some(level), Some(next)) = (level, next) else {
            self.worsen(
                Verdict::Outdated,
                Code::PatchLevelUnknown,
                "the security patch level is not told, so nothing says that patches are installed"
                    .to_owned(),
            );
            return None;
        };
        if is_ahead(level, self.at) {
            let level = level.to_month();
            self.worsen(
                Verdict::Outdated,
                Code::PatchLevelUnknown,
                format!(
                    "the security patch level is told as {level}, which is of the future and cannot \
                     be right, so nothing says that patches are installed"
                ),
            );
            return None;
        }
        let listed = matches!(months, Months::Listed(_));
        if next <= self.at {
            let name = name.unwrap_or_default();
            let until = next.saturating_add(self.grace);
            let when = if listed {
                "was published on"
            } else {
                "is assumed, by the calendar alone, to be of"
            };
            self.behind(
                until,
                listed,
                &format!(
                    "the patch level is {}, the newest is {name}; the next one {when} {next}",
                    level.to_month()
                ),
            );
        }
        Some(Lacking {
            since: next,
            listed,
        })
    }

    /// The version against the newest one. From when on fixes may be lacking.
    fn version(&mut self, platform: Platform, known: &Known<'_>, newest: Option<Date>) -> Lacking {
        let (release, name) = (known.release, &known.name);
        let first = following(release.published.0);
        let unlisted = |since| Lacking {
            since,
            listed: false,
        };
        if platform == Platform::Android {
            return unlisted(first);
        }
        self.finding.latest.clone_from(&release.latest);
        if platform == Platform::Windows {
            // A build is that of the whole release; its patches are not told.
            return unlisted(first);
        }
        let latest = release.latest.as_deref().and_then(Version::parse);
        let (Some(version), Some(latest)) = (&known.version, latest) else {
            return unlisted(first);
        };
        let published = release.latest_published.map(|day| day.0);
        if *version >= latest {
            if *version > latest {
                self.tell(
                    Code::Ahead,
                    format!("{name}{version} is newer than {latest}, the newest in the feed"),
                );
            }
            return unlisted(following(
                newest.max(published).unwrap_or(release.published.0),
            ));
        }
        if let Some(published) = published {
            self.behind(
                published.saturating_add(self.grace),
                true,
                &format!("{name}{version} is installed; {latest} is of {published}"),
            );
        } else {
            self.finding.listed.lacks = true;
            self.worsen(
                Verdict::Outdated,
                Code::Behind,
                format!(
                    "{name}{version} is installed; {latest} is newer, the feed does not say since when"
                ),
            );
        }
        let since = match published {
            Some(published) if version.is_just_before(&latest) => published,
            _ => first,
        };
        Lacking {
            since,
            listed: true,
        }
    }

    /// Exploited vulnerabilities whose fixes came on this day or later.
    fn exploited(&mut self, feeds: &Feeds, kind: Kind, lacking: Lacking) {
        let since = lacking.since;
        let mut open: Vec<&Entry> = feeds
            .catalogue
            .entries
            .iter()
            .filter(|entry| (since..=self.at).contains(&entry.date_added.0))
            .filter(|entry| entry.concerns(kind))
            .collect();
        open.sort_by(|a, b| (a.due_date.0, &a.cve.0).cmp(&(b.due_date.0, &b.cve.0)));
        let Some(first) = open.first() else {
            return;
        };
        let due = first.due_date.0;
        let verdict = self.in_time(due, lacking.listed);
        self.worsen(
            verdict,
            Code::Kev,
            format!(
                "exploited vulnerabilities that may be open: {}; the first, {}, is due on {due}; the \
                 catalogue has no versions, so all that entered it since {since} count",
                open.len(),
                first.cve.0
            ),
        );
        self.finding.known_exploited = open.into_iter().map(|entry| entry.cve.0.clone()).collect();
    }

    /// How old the feeds are.
    fn stale(&mut self, feeds: &Feeds, newest: Option<Date>, bulletins: Option<&Bulletins>) {
        let at = self.at;
        let age = |from: Date| (at - from).whole_days();
        let products = newest.map(age);
        let catalogue = age(feeds.catalogue.released);
        let shown = |days: Option<i64>| {
            days.map_or_else(
                || "has nothing from before this day".to_owned(),
                |days| format!("is {days} days old"),
            )
        };
        if products.is_none_or(|days| days > STALE_DAYS) {
            self.too_old(format!(
                "the list of products {}; there may be newer versions",
                shown(products)
            ));
        }
        if let Some(bulletins) = bulletins {
            let last = bulletins.last_published(at).map(age);
            if last.is_none_or(|days| days > BULLETINS_STALE_DAYS) {
                self.too_old(format!(
                    "the list of security bulletins {}; there may be newer ones",
                    shown(last)
                ));
            }
        }
        if catalogue > STALE_DAYS {
            self.tell(
                Code::FeedStale,
                format!(
                    "the catalogue of exploited vulnerabilities is {catalogue} days old; there may \
                     be newer entries"
                ),
            );
        }
    }

    fn unknown(&mut self, text: String) {
        self.worsen(Verdict::Outdated, Code::OsUnknown, text);
    }

    fn too_old(&mut self, text: String) {
        self.finding.is_stale = true;
        self.worsen(Verdict::Grace, Code::FeedStale, text);
    }

    fn behind(&mut self, until: Date, listed: bool, text: &str) {
        let verdict = self.in_time(until, listed);
        let time = if verdict == Verdict::Grace {
            "there is time"
        } else {
            "there was time"
        };
        self.worsen(
            verdict,
            Code::Behind,
            format!("{text}; {time} until {until}"),
        );
    }

    /// Whether a term still runs; its last day counts.
    fn in_time(&mut self, last: Date, listed: bool) -> Verdict {
        self.finding.term = self.finding.term.into_iter().chain([last]).min();
        if listed {
            let known = &mut self.finding.listed;
            known.lacks = true;
            known.term = known.term.into_iter().chain([last]).min();
        }
        if self.at <= last {
            Verdict::Grace
        } else {
            Verdict::Outdated
        }
    }

    fn worsen(&mut self, verdict: Verdict, code: Code, text: String) {
        self.finding.verdict = self.finding.verdict.max(verdict);
        self.tell(code, text);
    }

    fn tell(&mut self, code: Code, text: String) {
        self.finding.reasons.push(Reason { code, text });
    }

    fn until(&mut self, last: Option<Date>) {
        let known = self.finding.supported_until.into_iter().chain(last);
        self.finding.supported_until = known.min();
    }
}

/// Patches that come by the month.
#[derive(Clone, Copy)]
enum Months<'f> {
    /// As the list of Android's bulletins has them.
    Listed(&'f Bulletins),
    /// Android's where nothing has them: assumed on the first of the month. In fact they come on its
    /// first working Monday or so.
    First,
    /// Windows', on the second Tuesday.
    SecondTuesday,
}

impl Months<'_> {
    /// The month of the newest one on a day.
    fn newest(self, at: Date) -> Option<(i32, u8)> {
        if let Self::Listed(bulletins) = self {
            return bulletins.newest(at);
        }
        let month = if self.assumed(at.year(), at.month())? <= at {
            at
        } else {
            at.replace_day(1).ok()?.previous_day()?
        };
        Some((month.year(), u8::from(month.month())))
    }

    /// When the one after a level was published. Where a list has none, none is: then a day that
    /// never comes.
    fn after(self, level: PatchLevel) -> Option<Date> {
        if let Self::Listed(bulletins) = self {
            return Some(bulletins.after(level).unwrap_or(Date::MAX));
        }
        let month = Month::try_from(level.month).ok()?;
        let year = i32::from(level.year) + i32::from(month == Month::December);
        self.assumed(year, month.next())
    }

    /// The day of a month's patches by the calendar.
    fn assumed(self, year: i32, month: Month) -> Option<Date> {
        let first = Date::from_calendar_date(year, month, 1).ok()?;
        Some(match self {
            Self::Listed(_) | Self::First => first,
            Self::SecondTuesday => {
                let tuesday = (8 - i64::from(first.weekday().number_days_from_monday())) % 7;
                first.saturating_add(Duration::days(tuesday + 7))
            }
        })
    }
}

/// The newest publication among the products up to a day. Some are announced ahead.
fn newest(feeds: &Feeds, at: Date) -> Option<Date> {
    let days = feeds.products.values().flat_map(Product::days);
    days.filter(|day| *day <= at).max()
}

/// Whether no level of such a month can be published on a day. That of the next month may be on a
/// phone already: makers have bulletins before they are published.
fn is_ahead(level: PatchLevel, at: Date) -> bool {
    let months = |year: i32, month: u8| i64::from(year) * 12 + i64::from(month);
    months(i32::from(level.year), level.month) > months(at.year(), u8::from(at.month())) + 1
}

fn following(day: Date) -> Date {
    day.next_day().unwrap_or(Date::MAX)
}

fn since(last: Option<Date>) -> String {
    last.map_or_else(String::new, |last| format!(" since {last}"))
}
