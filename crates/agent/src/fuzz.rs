//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use std::str;

use crate::elsewhere;
use crate::linux::{firewall, firmware, release, screen, storage, updates};

/// An `os-release`.
///
/// # Panics
/// When what is accepted is not a name and a version.
pub fn os_release(bytes: &[u8]) -> bool {
    let version = str::from_utf8(bytes).ok().and_then(release::version);
    version.is_some_and(|version| {
        let (name, number) = version.split_once(' ').unwrap_or_default();
        let plain = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
        assert!(plain(name) && plain(number) && version.is_ascii());
        true
    })
}

/// A `mountinfo`.
///
/// # Panics
/// When a line is lost.
pub fn mountinfo(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    storage::mounts(text).is_some_and(|mounts| {
        let lines = text.lines().filter(|line| !line.is_empty());
        assert_eq!(mounts.len(), lines.count());
        !mounts.is_empty()
    })
}

/// A `/proc/swaps`.
pub fn swaps(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| !storage::swaps(text).is_empty())
}

/// What `nft -j list ruleset` prints.
pub fn ruleset(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| firewall::ruleset(text).is_some())
}

/// What `iptables -S INPUT` prints.
pub fn input_chain(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| firewall::chain(text).is_some())
}

/// What the package managers print: `apt-get -s`, `dnf updateinfo list`, `zypper list-patches`.
///
/// # Panics
/// When there are more updates than lines.
pub fn updates(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    let counts = [
        updates::simulated(text),
        updates::advisories(text),
        updates::patches(text),
    ];
    let lines = u64::try_from(text.lines().count()).unwrap_or(u64::MAX);
    assert!(counts.iter().flatten().all(|count| *count <= lines));
    counts.iter().any(Option::is_some)
}

/// The head of an archive's `Release` file.
pub fn archive(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| updates::suite(text).is_some())
}

/// A variable of the firmware.
pub fn variable(bytes: &[u8]) -> bool {
    firmware::variable(bytes).is_some()
}

/// What `loginctl show-session` prints.
pub fn session(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| screen::session(text).is_some())
}

/// What `loginctl list-sessions` prints.
///
/// # Panics
/// When an id is more than a word.
pub fn sessions(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| {
        let ids = screen::sessions(text);
        let plain = |id: &String| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        assert!(ids.iter().all(plain));
        !ids.is_empty()
    })
}

/// A `passwd`, for the account 1000.
///
/// # Panics
/// When the account is another one, or its home no absolute path.
pub fn account(bytes: &[u8]) -> bool {
    let person = str::from_utf8(bytes).ok();
    let person = person.and_then(|text| screen::account(text, 1000));
    person.is_some_and(|person| {
        assert!(person.uid == 1000 && person.home.starts_with('/'));
        true
    })
}

/// A person's `kscreenlockerrc`, over a system's that fixes nothing.
pub fn screen_locker(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| screen::screen_locker("", text).is_some())
}

/// What `gsettings get` prints.
pub fn setting(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| screen::printed(text).is_some())
}

/// What `ver` prints on Windows.
pub fn windows_version(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| elsewhere::build(text).is_some())
}
