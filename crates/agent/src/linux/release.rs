//! The distribution and its version, by `os-release` (os-release(5)).

use std::collections::BTreeMap;

use crate::found::{Found, known, text, unknown};
use crate::system::System;

/// The version in the form `debian 13`: the name of the distribution among the products of
/// endoflife.date, and its version.
pub(crate) fn os_version(system: &impl System) -> Found<String> {
    let text = text(system, "/etc/os-release").or_else(|_| text(system, "/usr/lib/os-release"))?;
    match version(&text) {
        Some(version) => known(version),
        None => unknown("os-release does not name the distribution and its version"),
    }
}

/// Reads an `os-release`.
pub(crate) fn version(text: &str) -> Option<String> {
    let said = assignments(text);
    let word = |name: &str| {
        let word = said.get(name).map(String::as_str)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~+".contains(&byte);
        (!word.is_empty() && word.len() <= 40 && word.bytes().all(plain)).then_some(word)
    };
    let stream = said.get("NAME").is_some_and(|name| name.contains("Stream"));
    let product = match word("ID")? {
        "almalinux" => "almalinux",
        "alpine" => "alpine-linux",
        "amzn" => "amazon-linux",
        "centos" if stream => "centos-stream",
        "ol" => "oracle-linux",
        "opensuse-leap" => "opensuse",
        "pop" => "pop-os",
        "rocky" => "rocky-linux",
        "sled" | "sles_sap" => "sles",
        other => other,
    };
    // A release that is still made has a code name only; one that rolls has neither.
    let version = word("VERSION_ID")
        .or_else(|| word("VERSION_CODENAME"))
        .or_else(|| word("BUILD_ID"))?;
    Some(format!("{} {version}", product.to_lowercase()))
}

/// Lines of `NAME=value` as a shell would read them, without anything but quotes; also of
/// `loginctl show-session` and of files below `/etc/default`. The last one counts.
pub(crate) fn assignments(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), unquoted(value.trim())))
        .collect()
}

fn unquoted(value: &str) -> String {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(inner) = inner('\'') {
        return inner.to_owned();
    }
    let Some(inner) = inner('"') else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        // A backslash at the end stands for itself.
        let escaped = (character == '\\').then(|| characters.next()).flatten();
        text.push(escaped.unwrap_or(character));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::tests::Made;

    #[test]
    fn distributions_are_named_as_the_feeds_name_them() {
        for (file, expected) in [
            (
                "ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie",
                "debian 13",
            ),
            (
                "PRETTY_NAME=\"Debian GNU/Linux forky/sid\"\nID=debian\nVERSION_CODENAME=forky",
                "debian forky",
            ),
            (
                "NAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=debian",
                "ubuntu 24.04",
            ),
            (
                "ID=fedora\nVERSION_ID=42\nVARIANT_ID=workstation",
                "fedora 42",
            ),
            ("ID=\"rhel\"\nVERSION_ID=\"9.6\"", "rhel 9.6"),
            ("ID=\"rocky\"\nVERSION_ID=\"9.5\"", "rocky-linux 9.5"),
            (
                "NAME=\"CentOS Stream\"\nID=\"centos\"\nVERSION_ID=\"9\"",
                "centos-stream 9",
            ),
            ("ID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"", "opensuse 15.6"),
            ("ID='alpine'\nVERSION_ID=3.21.3", "alpine-linux 3.21.3"),
            ("ID=arch\nBUILD_ID=rolling", "arch rolling"),
            (
                "ID=debian\nVERSION_ID=12\n# VERSION_ID=13\nVERSION_ID=13",
                "debian 13",
            ),
        ] {
            assert_eq!(version(file).as_deref(), Some(expected), "{file}");
        }
    }

    #[test]
    fn what_names_no_version_is_none() {
        for file in [
            "",
            "ID=debian",
            "VERSION_ID=13",
            "ID=\nVERSION_ID=13",
            "ID=\"a b\"\nVERSION_ID=1",
            "ID=x\nVERSION_ID=\"$(reboot)\"",
        ] {
            assert_eq!(version(file), None, "{file}");
        }
    }

    #[test]
    fn the_second_place_is_for_systems_without_the_first() {
        let machine = Made::default().file("/usr/lib/os-release", "ID=nixos\nVERSION_ID=25.05\n");
        assert_eq!(os_version(&machine), known("nixos 25.05".to_owned()));
        assert!(os_version(&Made::default()).is_err());
    }

    #[test]
    fn quotes_are_taken_off_as_a_shell_does() {
        let said = assignments(" A=\"x \\\"y\\\" \\\\\"\nB='$z'\nC=plain\nD=\"\n E = 5 \nno line");
        let value = |name: &str| said.get(name).map(String::as_str);
        assert_eq!(value("A"), Some("x \"y\" \\"));
        assert_eq!(value("B"), Some("$z"));
        assert_eq!(
            (value("C"), value("D"), value("E")),
            (Some("plain"), Some("\""), Some("5"))
        );
        assert_eq!(said.len(), 5);
    }
}
