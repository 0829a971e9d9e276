//! Security updates that are published and not installed, as the package manager counts them from
//! the lists that it has. Nothing is fetched: lists that are older than a week tell nothing.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::found::{Found, Unknown, exists, known, unknown, unread};
use crate::system::{Command, System};

/// How many security updates wait.
pub(crate) fn pending(system: &impl System, now_ms: u64) -> Found<u64> {
    if exists(system, "/run/ostree-booted")? {
        return unknown("the system is updated as a whole (OSTree), which the agent cannot ask");
    }
    for (file, ask) in [
        ("/usr/bin/apt-get", apt as fn(&_, u64) -> _),
        ("/usr/bin/dnf", dnf),
        ("/usr/bin/zypper", zypper),
    ] {
        if exists(system, file)? {
            return ask(system, now_ms);
        }
    }
    unknown("no package manager is here that tells security updates (apt, dnf, zypper)")
}

/// Debian, Ubuntu and what is made of them.
fn apt(system: &impl System, now_ms: u64) -> Found<u64> {
    const LISTS: &str = "/var/lib/apt/lists";
    let names = system.list(LISTS).map_err(|error| unread(LISTS, &error))?;
    let mut oldest: Option<u64> = None;
    for name in names {
        if !name.ends_with("_InRelease") && !name.ends_with("_Release") {
            continue;
        }
        let path = format!("{LISTS}/{name}");
        let bytes = system.read(&path).map_err(|error| unread(&path, &error))?;
        let Some(release) = std::str::from_utf8(&bytes).ok().and_then(suite) else {
            return unknown(format!("{path} has no date"));
        };
        if release.security {
            oldest = Some(oldest.map_or(release.at_ms, |oldest| oldest.min(release.at_ms)));
        }
    }
    let Some(oldest) = oldest else {
        return unknown("apt has no list of security updates");
    };
    new_enough(oldest, now_ms)?;
    // Packages that are held back wait all the same.
    let args = [
        "-s",
        "-q",
        "-o",
        "Debug::NoLocking=1",
        "--ignore-hold",
        "dist-upgrade",
    ];
    let said = ask(system, "apt-get", &args)?;
    match simulated(&said) {
        Some(count) => known(count),
        None => unknown("what apt-get says cannot be understood"),
    }
}

/// An archive's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Suite {
    /// Whether it is one of security updates.
    security: bool,
    /// When the archive made it, unix milliseconds. When it was fetched nobody knows: a mirror that
    /// stands still would look fresh.
    at_ms: u64,
}

/// Reads the head of a `Release` file (Debian's "Repository format").
pub(crate) fn suite(text: &str) -> Option<Suite> {
    let field = |name: &str| {
        // Of a signed file the lines before the fields are the signature's.
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.strip_prefix(':')).map(str::trim)
    };
    let date = field("Date")?;
    let date = date
        .strip_suffix("UTC")
        .map_or_else(|| date.to_owned(), |it| format!("{it}+0000"));
    let date = OffsetDateTime::parse(&date, &Rfc2822).ok()?;
    let at_ms = u64::try_from(date.unix_timestamp())
        .ok()?
        .checked_mul(1000)?;
    let ends = |name: &str| field(name).is_some_and(|it| it.ends_with("-security"));
    let security = ends("Suite") || ends("Codename") || field("Label") == Some("Debian-Security");
    Some(Suite { security, at_ms })
}

/// Counts what `apt-get -s` would bring from a security archive over what is installed; `None` when
/// it did not come to an end.
pub(crate) fn simulated(text: &str) -> Option<u64> {
    // The summary comes before the packages, in every case.
    text.lines()
        .find(|line| line.contains(" newly installed"))?;
    let waits = |line: &&str| {
        // `Inst NAME [OLD] (NEW ORIGIN, ORIGIN [ARCHITECTURE])`
        let Some(rest) = line.strip_prefix("Inst ") else {
            return false;
        };
        let Some((_, rest)) = rest.split_once(" [") else {
            return false;
        };
        let Some((_, rest)) = rest.split_once("] (") else {
            return false;
        };
        let origins = rest.split(')').next().unwrap_or_default();
        origins.contains("-security") || origins.contains("Debian-Security:")
    };
    u64::try_from(text.lines().filter(waits).count()).ok()
}

/// Fedora, RHEL and what is made of them.
fn dnf(system: &impl System, now_ms: u64) -> Found<u64> {
    new_enough(
        refreshed(system, &["/var/cache/libdnf5", "/var/cache/dnf"])?,
        now_ms,
    )?;
    let said = ask(
        system,
        "dnf",
        &["-q", "-C", "updateinfo", "list", "--security"],
    )?;
    match advisories(&said) {
        Some(count) => known(count),
        None => unknown("what dnf says cannot be understood"),
    }
}

/// Counts the packages of `dnf updateinfo list`, of version 4 or 5; `None` when a line is of neither.
pub(crate) fn advisories(text: &str) -> Option<u64> {
    let mut packages = BTreeSet::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            // Version 5 has a head; both may say when the lists were fetched.
            ["Name", "Type", ..] | ["Last", "metadata", ..] => {}
            // ADVISORY security SEVERITY PACKAGE DAY TIME
            [_, "security", _, package, ..] => {
                packages.insert(package);
            }
            // ADVISORY SEVERITY/Sec. PACKAGE
            [_, severity, package] if severity.ends_with("/Sec.") => {
                packages.insert(package);
            }
            _ => return None,
        }
    }
    u64::try_from(packages.len()).ok()
}

/// SUSE.
fn zypper(system: &impl System, now_ms: u64) -> Found<u64> {
    new_enough(refreshed(system, &["/var/cache/zypp/raw"])?, now_ms)?;
    let args = [
        "-q",
        "-n",
        "--no-refresh",
        "list-patches",
        "--category",
        "security",
    ];
    match patches(&ask(system, "zypper", &args)?) {
        Some(count) => known(count),
        None => unknown("what zypper says cannot be understood"),
    }
}

/// Counts the needed patches of `zypper list-patches`; `None` when it is neither its table nor says
/// that there is none.
pub(crate) fn patches(text: &str) -> Option<u64> {
    let mut rows = text.lines().filter(|line| line.contains('|'));
    let Some(head) = rows.next() else {
        let none = text.trim().is_empty() || text.contains("No updates found");
        return none.then_some(0);
    };
    let head: Vec<&str> = head.split('|').map(str::trim).collect();
    let status = head.iter().position(|name| *name == "Status")?;
    let needed = rows.filter(|row| {
        let status = row.split('|').nth(status);
        status.is_some_and(|it| it.trim() == "needed")
    });
    u64::try_from(needed.count()).ok()
}

/// When the lists of an RPM system were fetched last: the newest of its repositories' heads.
fn refreshed(system: &impl System, caches: &[&str]) -> Result<u64, Unknown> {
    let mut newest = None;
    for cache in caches {
        for repository in system.list(cache).unwrap_or_default() {
            let head = format!("{cache}/{repository}/repodata/repomd.xml");
            newest = newest.max(system.modified_ms(&head).ok());
        }
    }
    newest.ok_or_else(|| {
        Unknown("the lists of updates were never fetched, or are not shown".to_owned())
    })
}

fn new_enough(at_ms: u64, now_ms: u64) -> Result<(), Unknown> {
    let days = now_ms.saturating_sub(at_ms) / DAY_MS;
    if days < OLDEST_DAYS {
        return Ok(());
    }
    unknown(format!("the lists of updates are {days} days old"))
}

fn ask(system: &impl System, program: &'static str, args: &[&str]) -> Result<String, Unknown> {
    let command = Command {
        program,
        args,
        person: None,
    };
    let ran = system
        .run(&command)
        .map_err(|error| unread(program, &error))?;
    ran.text().map(str::to_owned).ok_or_else(|| {
        let code = ran
            .code
            .map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        Unknown(format!("{program} ended with {code}"))
    })
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Lists of this age tell nothing.
const OLDEST_DAYS: u64 = 7;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::tests::Made;

    /// 2026-06-20 12:00 UTC.
    const NOW: u64 = 1_781_956_800_000;
    const SIMULATION: &str = "apt-get -s -q -o Debug::NoLocking=1 --ignore-hold dist-upgrade";

    const DEBIAN: &str = "\
NOTE: This is only a simulation!
Reading package lists...
Building dependency tree...
The following packages will be upgraded:
  libssl3 openssl tzdata
3 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.
Inst linux-image-6.12.57+deb13-amd64 (6.12.57-1 Debian-Security:13/stable-security [amd64])
Inst openssl [3.0.15-1~deb12u1] (3.0.17-1~deb12u2 Debian:12.11/oldstable, Debian-Security:12/oldstable-security [amd64]) []
Inst libssl3 [3.0.15-1~deb12u1] (3.0.17-1~deb12u2 Debian-Security:12/oldstable-security [amd64])
Inst tzdata [2024b-0] (2025b-0 Debian:12.11/oldstable [all])
Conf openssl (3.0.17-1~deb12u2 Debian-Security:12/oldstable-security [amd64])
";
    const UBUNTU: &str = "\
2 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.
Inst vim [2:9.1-1] (2:9.1-2 Ubuntu:24.04/noble-updates, Ubuntu:24.04/noble-security [amd64])
Inst snapd [2.6] (2.7 Ubuntu:24.04/noble-updates [amd64])
";

    #[test]
    fn security_updates_of_debian_and_ubuntu_are_counted() {
        assert_eq!(simulated(DEBIAN), Some(2));
        assert_eq!(simulated(UBUNTU), Some(1));
        assert_eq!(
            simulated("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"),
            Some(0)
        );
        assert_eq!(
            simulated("E: The package lists could not be parsed\n"),
            None
        );
        assert_eq!(simulated(""), None);
    }

    #[test]
    fn archives_say_what_they_are_and_when_they_were_made() {
        let debian = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nLabel: Debian-Security\nSuite: stable-security\nCodename: trixie-security\nDate: Sat, 20 Jun 2026 12:00:00 UTC\nValid-Until: Sat, 27 Jun 2026 12:00:00 UTC\n";
        assert_eq!(
            suite(debian),
            Some(Suite {
                security: true,
                at_ms: NOW
            })
        );
        let ubuntu = "Origin: Ubuntu\nLabel: Ubuntu\nSuite: noble-security\nDate: Sat, 20 Jun 2026 12:00:00 UTC\n";
        assert!(suite(ubuntu).unwrap().security);
        let main = "Label: Debian\nSuite: stable\nCodename: trixie\nDate: Sat, 20 Jun 2026 12:00:00 +0000\n";
        assert_eq!(
            suite(main),
            Some(Suite {
                security: false,
                at_ms: NOW
            })
        );
        for bad in [
            "",
            "Date: yesterday",
            "Suite: x",
            "Date: Sat, 20 Jun 1926 12:00:00 UTC",
        ] {
            assert_eq!(suite(bad), None, "{bad}");
        }
    }

    fn debian(made: &str) -> Made {
        let lists = "/var/lib/apt/lists";
        let date = |day: &str| format!("Date: {day} 12:00:00 UTC\n");
        Made::default()
            .file("/usr/bin/apt-get", "")
            .file(&format!("{lists}/lock"), "")
            .file(
                &format!("{lists}/deb_dists_trixie_InRelease"),
                format!("Suite: stable\n{}", date("Sat, 10 Jan 2026")),
            )
            .file(
                &format!("{lists}/security_dists_trixie-security_InRelease"),
                format!("Suite: stable-security\n{}", date(made)),
            )
            .program(SIMULATION, 0, DEBIAN)
    }

    #[test]
    fn lists_of_a_week_ago_tell_nothing() {
        assert_eq!(pending(&debian("Sat, 20 Jun 2026"), NOW), known(2));
        assert_eq!(pending(&debian("Sun, 14 Jun 2026"), NOW), known(2));
        let old = pending(&debian("Sat, 13 Jun 2026"), NOW).unwrap_err();
        assert!(old.0.contains("7 days old"), "{old:?}");
    }

    #[test]
    fn a_system_without_security_lists_is_not_up_to_date_but_unknown() {
        let none = Made::default()
            .file("/usr/bin/apt-get", "")
            .file("/var/lib/apt/lists/lock", "")
            .program(SIMULATION, 0, UBUNTU);
        assert!(pending(&none, NOW).is_err());
        let failing = debian("Sat, 20 Jun 2026").program(SIMULATION, 100, "");
        assert!(pending(&failing, NOW).is_err());
    }

    #[test]
    fn packages_of_advisories_are_counted_once() {
        let four = "FEDORA-2026-1a Important/Sec. kernel-6.14.9-300.fc42.x86_64\nFEDORA-2026-1b Moderate/Sec. vim-2:9.1-1.fc42.x86_64\nFEDORA-2026-1c Low/Sec.      vim-2:9.1-1.fc42.x86_64\n";
        assert_eq!(advisories(four), Some(2));
        let five = "Name            Type     Severity  Package                            Issued\nFEDORA-2026-1a  security Important kernel-6.14.9-300.fc42.x86_64 2026-06-01 10:00:00\nFEDORA-2026-1b  security None      vim-2:9.1-1.fc42.x86_64       2026-06-02 10:00:00\n";
        assert_eq!(advisories(five), Some(2));
        assert_eq!(advisories(""), Some(0));
        assert_eq!(
            advisories("Error: Cache-only enabled but no cache for 'fedora'\n"),
            None
        );
    }

    #[test]
    fn fedora_tells_from_lists_that_are_new_enough() {
        let fedora = |ms: u64| {
            Made::default()
                .file("/usr/bin/dnf", "")
                .changed("/var/cache/libdnf5/updates-1a2b/repodata/repomd.xml", ms)
                .program("dnf -q -C updateinfo list --security", 0, "")
        };
        assert_eq!(pending(&fedora(NOW - DAY_MS), NOW), known(0));
        assert!(pending(&fedora(NOW - 8 * DAY_MS), NOW).is_err());
        let never = Made::default().file("/usr/bin/dnf", "");
        assert!(pending(&never, NOW).is_err());
        let whole = fedora(NOW).file("/run/ostree-booted", "");
        assert!(pending(&whole, NOW).is_err());
    }

    #[test]
    fn needed_patches_of_suse_are_counted() {
        let table = "\
Repository | Name | Category | Severity | Interactive | Status | Summary
-----------+------+----------+----------+-------------+--------+--------
Update | openSUSE-SLE-15.6-2026-1 | security | important | --- | needed | Security update for vim
Update | openSUSE-SLE-15.6-2026-2 | security | low | reboot | needed | Security update for a | b
Update | openSUSE-SLE-15.6-2026-3 | security | low | --- | not needed | Security update for c
";
        assert_eq!(patches(table), Some(2));
        assert_eq!(patches("No updates found.\n"), Some(0));
        assert_eq!(patches(""), Some(0));
        assert_eq!(
            patches("System management is locked by the application with pid 7\n"),
            None
        );
        let suse = Made::default()
            .file("/usr/bin/zypper", "")
            .changed("/var/cache/zypp/raw/update/repodata/repomd.xml", NOW)
            .program(
                "zypper -q -n --no-refresh list-patches --category security",
                0,
                table,
            );
        assert_eq!(pending(&suse, NOW), known(2));
    }

    #[test]
    fn a_system_whose_packages_tell_no_security_is_unknown() {
        assert!(pending(&Made::default().file("/usr/bin/pacman", ""), NOW).is_err());
    }
}
