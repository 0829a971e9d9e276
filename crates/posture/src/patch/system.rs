//! Operating systems by the versions they show.

use super::product::{Product, Release};
use super::{Feeds, Platform, Version};

/// What a version names.
pub(super) enum Named<'f> {
    /// One release, with the exact version where that is known.
    One {
        release: &'f Release,
        version: Option<Version>,
        /// How many editions it may be; the one here has the earliest end.
        editions: usize,
    },
    /// Several, of which some are supported.
    Many(Vec<&'f Release>),
    /// Nothing that the feed knows.
    None,
}

/// The product of a platform, and what of the version's text is left to look up in it.
pub(super) fn product<'f, 'v>(
    feeds: &'f Feeds,
    platform: Platform,
    tablet: bool,
    version: &'v str,
) -> (Option<&'f Product>, &'v str) {
    let version = version.trim();
    let (first, rest) = version
        .split_once(char::is_whitespace)
        .unwrap_or(("", version));
    let word = first.to_lowercase();
    let (id, names): (&str, &[&str]) = match platform {
        Platform::Android => ("android", &["android"]),
        Platform::Ios if tablet || word == "ipados" => ("ipados", &["ios", "ipados"]),
        Platform::Ios => ("ios", &["ios"]),
        Platform::MacOs => ("macos", &["macos"]),
        Platform::Windows => ("windows", &["windows"]),
        Platform::Linux if first.is_empty() => ("linux", &[]),
        Platform::Linux => return (feeds.products.get(&word), rest.trim()),
    };
    let version = if names.contains(&word.as_str()) {
        rest
    } else {
        version
    };
    (feeds.products.get(id), version.trim())
}

/// What has to stand before a version so that a person knows of which system it is, with a space;
/// nothing where the version begins with a name itself.
pub(super) fn name(platform: Platform, tablet: bool, version: &str) -> &'static str {
    let first = version.split_whitespace().next().unwrap_or_default();
    let is_level = ["api", "sdk"].iter().any(|word| {
        let head = first.get(..word.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(word))
    });
    if first.starts_with(|first: char| first.is_alphabetic()) && !is_level {
        // `debian 12`, `Windows 11`; a name by which the maker calls a version (`Tahoe`) needs one.
        let alone = version.split_whitespace().nth(1).is_none();
        if platform == Platform::Linux || !alone {
            return "";
        }
    }
    match platform {
        Platform::Android => "Android ",
        Platform::Ios if tablet => "iPadOS ",
        Platform::Ios => "iOS ",
        Platform::MacOs => "macOS ",
        Platform::Windows => "Windows ",
        Platform::Linux => "Linux ",
    }
}

/// Looks a version up among a product's releases.
pub(super) fn find<'f>(
    product: &'f Product,
    platform: Platform,
    text: &str,
    past: impl Fn(&Release) -> bool,
) -> Named<'f> {
    if platform == Platform::Windows {
        return windows(product, text, past);
    }
    let lower = text.to_lowercase();
    if platform == Platform::Android
        && let Some(level) = lower
            .strip_prefix("api")
            .or_else(|| lower.strip_prefix("sdk"))
    {
        return one(product.releases.iter().find(|release| {
            let levels = release.api_version.as_deref().unwrap_or_default();
            levels.split('-').any(|one| one == level.trim())
        }));
    }
    let named = product.releases.iter().find(|release| {
        let codename = release.codename.as_deref().map(str::to_lowercase);
        release.cycle.to_lowercase() == lower || codename.is_some_and(|name| name == lower)
    });
    if let Some(release) = named {
        return one(Some(release));
    }
    // What follows the numbers is a build, or the letter of a rapid response on top of them.
    let numbers = text.split([' ', '(']).next().unwrap_or_default();
    let Some(version) = Version::parse(numbers) else {
        return Named::None;
    };
    let lines = product.releases.iter().filter_map(|release| {
        let line = Version::parse(&release.cycle)?;
        version.is_of(&line).then_some((line, release))
    });
    // `12.1` is of the lines 12 and 12.1.
    match lines.max_by(|(a, _), (b, _)| a.cmp(b)) {
        Some((_, release)) => Named::One {
            release,
            version: Some(version),
            editions: 1,
        },
        None => Named::None,
    }
}

fn one(release: Option<&Release>) -> Named<'_> {
    release.map_or(Named::None, |release| Named::One {
        release,
        version: Version::parse(&release.cycle),
        editions: 1,
    })
}

/// Windows' releases have names such as `11-24h2-e`: version, half-year, edition. Systems show
/// `11 24H2`, or a build as `10.0.26100.4946`, so an edition can be left out.
fn windows<'f>(product: &'f Product, text: &str, past: impl Fn(&Release) -> bool) -> Named<'f> {
    let asked = words(text);
    if asked.is_empty() {
        return Named::None;
    }
    let exact = product
        .releases
        .iter()
        .find(|release| words(&release.cycle) == asked);
    if exact.is_some() {
        return one(exact);
    }
    let build = Version::parse(&asked[0]).filter(|_| asked[0].matches('.').count() >= 2);
    let named = |release: &&Release| {
        let cycle = words(&release.cycle);
        let rest = build.as_ref().map_or(&asked[..], |_| &asked[1..]);
        let latest = release.latest.as_deref().and_then(Version::parse);
        let built = build
            .as_ref()
            .is_none_or(|build| latest.is_some_and(|latest| build.is_of(&latest)));
        built && rest.iter().all(|word| cycle.contains(word))
    };
    // Editions with a longer life have to be asked for.
    let special = |release: &Release| {
        let words = words(&release.cycle);
        ["lts", "iot"]
            .iter()
            .any(|it| words.iter().any(|word| word == it) && !asked.iter().any(|word| word == it))
    };
    let mut found: Vec<&Release> = product.releases.iter().filter(named).collect();
    if found.iter().any(|release| !special(release)) {
        found.retain(|release| !special(release));
    }
    let base = |release: &Release| {
        words(&release.cycle)
            .into_iter()
            .take(2)
            .collect::<Vec<_>>()
    };
    let several = found.iter().any(|release| base(release) != base(found[0]));
    let all_past = found.iter().all(|release| past(release));
    if several && all_past {
        // The end that is told is then the last of all.
        return found
            .into_iter()
            .max_by_key(|release| release.eol.rank())
            .map_or(Named::None, |release| Named::One {
                release,
                version: None,
                editions: 1,
            });
    }
    if several {
        return Named::Many(found);
    }
    let editions = found.len();
    found
        .into_iter()
        .min_by_key(|release| release.eol.rank())
        .map_or(Named::None, |release| Named::One {
            release,
            version: build,
            editions,
        })
}

/// The words of a version or a release, editions in the short form of the feed.
fn words(text: &str) -> Vec<String> {
    text.split(|it: char| !(it.is_alphanumeric() || it == '.'))
        .filter(|word| !word.is_empty())
        .map(|word| match word.to_lowercase().as_str() {
            "enterprise" | "education" => "e".to_owned(),
            "home" | "pro" => "w".to_owned(),
            "ltsc" | "ltsb" => "lts".to_owned(),
            other => other.to_owned(),
        })
        .filter(|word| word != "version")
        .collect()
}
