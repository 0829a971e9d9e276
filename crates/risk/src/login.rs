//! A sign-in as the model sees it.

use std::net::IpAddr;

/// One sign-in. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Login {
    /// When, unix milliseconds.
    pub at_ms: i64,
    /// Who, by the name that the account has.
    pub user: String,
    /// From which address.
    pub address: Option<IpAddr>,
    /// The address's country, as its database names it.
    pub country: String,
    /// Its city.
    pub city: String,
    /// The number of its autonomous system.
    pub network: String,
    /// The whole user agent.
    pub agent: String,
    /// The browser with its version.
    pub browser: String,
    /// The system with its version.
    pub system: String,
    /// `mobile`, `tablet`, `desktop` and the like.
    pub device_kind: String,
    /// The enrolled device whose key signed.
    pub device: String,
    /// Whether a list of bad addresses has this one.
    pub address_is_bad: bool,
    /// Whether it was let in.
    pub successful: bool,
}

impl Login {
    /// The address as text; empty where there is none.
    pub(crate) fn address_text(&self) -> String {
        self.address
            .map_or_else(String::new, |address| address.to_string())
    }

    /// Kind of device, system and browser, without versions.
    pub(crate) fn client(&self) -> [&str; 3] {
        [
            &self.device_kind,
            family(&self.system),
            family(&self.browser),
        ]
    }
}

/// The name of a browser or system without its version: `Chrome 138` is `Chrome`.
fn family(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' ' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_no_part_of_the_family() {
        assert_eq!(family("Mobile Safari 18.2"), "Mobile Safari");
        assert_eq!(family("Windows 10"), "Windows");
        assert_eq!(family(""), "");
    }
}
