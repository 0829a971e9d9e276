//! The running kernel, and whether a newer one waits for a restart.

use std::cmp::Ordering;

use crate::found::{Found, exists, known, known_by, text, unknown, unread};
use crate::system::System;

/// The running kernel's release, as `uname -r` tells it.
pub(crate) fn running(system: &impl System) -> Found<String> {
    known(text(system, "/proc/sys/kernel/osrelease")?)
}

/// Whether a restart waits: the distribution says so, or a newer kernel of the same kind is
/// installed than the one that runs.
pub(crate) fn restart_pending(system: &impl System) -> Found<bool> {
    // Debian's and Ubuntu's packages leave this file when they want a restart.
    for flag in ["/run/reboot-required", "/var/run/reboot-required"] {
        if exists(system, flag)? {
            return known_by(true, format!("{flag} is there"));
        }
    }
    let running = text(system, "/proc/sys/kernel/osrelease")?;
    let installed = installed(system)?;
    let mut alike = installed
        .iter()
        .filter(|release| kind(release) == kind(&running))
        .peekable();
    if alike.peek().is_none() {
        return unknown("the running kernel is not one that is installed here");
    }
    match alike.find(|release| compare(release, &running).is_gt()) {
        Some(newer) => known_by(true, format!("{newer} is installed and {running} runs")),
        None => known(false),
    }
}

/// Kernels with their modules and their image. One that was removed may leave modules behind.
fn installed(system: &impl System) -> Result<Vec<String>, crate::found::Unknown> {
    const MODULES: &str = "/lib/modules";
    let names = system
        .list(MODULES)
        .map_err(|error| unread(MODULES, &error))?;
    let mut installed = Vec::new();
    for name in names {
        let images = [
            format!("{MODULES}/{name}/vmlinuz"),
            format!("/boot/vmlinuz-{name}"),
            format!("/boot/vmlinux-{name}"),
            format!("/boot/Image-{name}"),
        ];
        for image in images {
            if exists(system, &image)? {
                installed.push(name);
                break;
            }
        }
    }
    Ok(installed)
}

/// What kind of kernel a release is, `generic` or `rt amd`: the words in it but for the stamps of a
/// distribution's release. An update stays within the kind.
fn kind(release: &str) -> Vec<&str> {
    const STAMPS: [&str; 5] = ["arch", "bpo", "deb", "el", "fc"];
    release
        .split(['.', '-', '+', '_', '~'])
        .map(|part| part.trim_end_matches(|it: char| !it.is_ascii_alphabetic()))
        .map(|part| {
            let end = part.find(|it: char| !it.is_ascii_alphabetic());
            &part[..end.unwrap_or(part.len())]
        })
        .filter(|word| !word.is_empty() && !STAMPS.contains(word))
        .collect()
}

/// Compares two releases of a kind: number by number, and word by word between them. `~` comes
/// before the end, as in Debian's and Fedora's versions.
fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    for at in 0..a.len().max(b.len()) {
        let order = match (a.get(at), b.get(at)) {
            (Some(Part::Before), Some(Part::Before)) | (None, None) => Ordering::Equal,
            (Some(Part::Before), _) => Ordering::Less,
            (Some(Part::Number(a)), Some(Part::Number(b))) => {
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            }
            (Some(Part::Word(a)), Some(Part::Word(b))) => a.cmp(b),
            // A number is newer than a word, and anything than nothing.
            (_, Some(Part::Before)) | (Some(Part::Number(_)), _) | (Some(Part::Word(_)), None) => {
                Ordering::Greater
            }
            (_, Some(Part::Number(_))) | (None, Some(Part::Word(_))) => Ordering::Less,
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    /// Without zeros in front.
    Number(&'a str),
    Word(&'a str),
    Before,
}

fn parts(release: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = release;
    while let Some(first) = rest.chars().next() {
        let same = |it: char| {
            if first.is_ascii_digit() {
                it.is_ascii_digit()
            } else {
                it.is_ascii_alphabetic()
            }
        };
        let end = rest.find(|it| !same(it)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end.max(first.len_utf8()));
        if first.is_ascii_digit() {
            parts.push(Part::Number(part.trim_start_matches('0')));
        } else if first.is_ascii_alphabetic() {
            parts.push(Part::Word(part));
        } else if first == '~' {
            parts.push(Part::Before);
        }
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::tests::Made;

    fn machine(running: &str, installed: &[&str]) -> Made {
        let mut made = Made::default().file("/proc/sys/kernel/osrelease", format!("{running}\n"));
        for name in installed {
            made = made
                .file(&format!("/lib/modules/{name}/modules.dep"), "")
                .file(&format!("/boot/vmlinuz-{name}"), "");
        }
        made
    }

    #[track_caller]
    fn waits(running: &str, installed: &[&str], expected: bool) {
        let found = restart_pending(&machine(running, installed)).unwrap();
        assert_eq!(found.value, expected, "{found:?}");
    }

    #[test]
    fn a_newer_kernel_of_the_same_kind_waits_for_a_restart() {
        waits(
            "6.1.0-37-amd64",
            &["6.1.0-37-amd64", "6.1.0-9-amd64"],
            false,
        );
        waits("6.1.0-9-amd64", &["6.1.0-37-amd64", "6.1.0-9-amd64"], true);
        waits("6.1.0-37-amd64", &["6.12.48+deb13-amd64"], true);
        waits(
            "6.8.0-60-generic",
            &["6.8.0-60-generic", "6.8.0-62-generic"],
            true,
        );
        waits(
            "5.14.0-570.17.1.el9_6.x86_64",
            &[
                "5.14.0-570.17.1.el9_6.x86_64",
                "5.14.0-570.18.1.el9_6.x86_64",
            ],
            true,
        );
        waits(
            "6.14.9-300.fc42.x86_64",
            &["6.14.9-300.fc42.x86_64", "6.14.8-300.fc42.x86_64"],
            false,
        );
        waits(
            "6.4.0-150600.23.47-default",
            &["6.4.0-150600.23.50-default"],
            true,
        );
        waits("6.15.1-arch1-1", &["6.15.2-arch1-1"], true);
    }

    #[test]
    fn a_kernel_of_another_kind_is_no_update() {
        waits(
            "6.8.0-60-generic",
            &["6.8.0-60-generic", "6.8.0-99-lowlatency"],
            false,
        );
        waits(
            "6.12.48+deb13-amd64",
            &["6.12.48+deb13-amd64", "6.12.57+deb13-rt-amd64"],
            false,
        );
        waits("6.12.30-1-lts", &["6.12.30-1-lts", "6.15.2-arch1-1"], false);
    }

    #[test]
    fn a_kernel_that_was_removed_but_for_its_modules_does_not_count() {
        let made = machine("6.1.0-9-amd64", &["6.1.0-9-amd64"])
            .file("/lib/modules/6.1.0-37-amd64/updates/dkms/x.ko", "");
        assert_eq!(restart_pending(&made), known(false));
    }

    #[test]
    fn what_the_distribution_says_counts_first() {
        let made = machine("6.1.0-37-amd64", &["6.1.0-37-amd64"]);
        let made = made.file("/run/reboot-required", "");
        assert!(restart_pending(&made).unwrap().value);
        let container = Made::default().file("/var/run/reboot-required", "");
        assert!(restart_pending(&container).unwrap().value);
    }

    #[test]
    fn a_kernel_from_outside_tells_nothing() {
        for made in [
            machine("6.18.44-custom", &[]),
            machine("6.18.44-custom", &["6.1.0-37-amd64"]),
            machine("6.1.0-9-amd64", &["6.1.0-9-amd64"]).denied("/lib/modules"),
            machine("6.1.0-9-amd64", &["6.1.0-9-amd64"]).denied("/boot/vmlinuz-6.1.0-9-amd64"),
        ] {
            let found = restart_pending(&made);
            assert!(found.is_err(), "{found:?}");
        }
    }

    #[test]
    fn releases_are_compared_by_their_numbers() {
        for (older, newer) in [
            ("6.9.9", "6.10.0"),
            ("6.1.0-9-amd64", "6.1.0-10-amd64"),
            ("6.1.0-rc1", "6.1.0-1"),
            ("6.13~rc7-amd64", "6.13-amd64"),
            ("6.12.9+deb13-amd64", "6.12.10+deb13-amd64"),
            ("6.1", "6.1.1"),
        ] {
            assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
            assert_eq!(compare(newer, older), Ordering::Greater, "{newer} {older}");
        }
        assert_eq!(compare("6.01", "6.1"), Ordering::Equal);
    }
}
