//! `[push]`: how phones are woken.

use serde::Deserialize;
use url::Url;

/// `[push]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Push {
    /// Whom a push service may turn to, a `mailto:` or `https:` URI; empty: the app's address.
    pub contact: String,
    /// Push services beside the public ones, as `host` or `host:port`.
    pub allowed_hosts: Vec<String>,
    /// Seconds for which a wake-up tells of what is new, where it did not arrive.
    pub together_seconds: u64,
    /// Seconds for which a push service keeps an urgent wake-up.
    pub urgent_ttl_seconds: u64,
    /// Seconds for which a push service keeps any other.
    pub routine_ttl_seconds: u64,
    /// Hours for which a person is reachable by phone after a wake-up arrived.
    pub reachable_hours: u64,
}

impl Push {
    /// Whether each value cannot work, with its key and the mend.
    pub(super) fn faults(&self) -> Vec<(bool, &'static str, &'static str)> {
        // What push services keep at most: four weeks.
        let ttl = 30..=2_419_200;
        vec![
            (
                !self.contact.is_empty() && !is_contact(&self.contact),
                "contact",
                "write \"mailto:it@hospital.example\" or an https URL, or nothing",
            ),
            (
                !self.allowed_hosts.iter().all(|host| is_host(host)),
                "allowed_hosts",
                "write hosts such as \"push.hospital.example\" or \"push.hospital.example:8446\"",
            ),
            (
                // A request to a push service ends within the shortest time.
                !(15..=3600).contains(&self.together_seconds),
                "together_seconds",
                "15 to 3600",
            ),
            (
                !ttl.contains(&self.urgent_ttl_seconds),
                "urgent_ttl_seconds",
                "30 to 2419200",
            ),
            (
                !ttl.contains(&self.routine_ttl_seconds),
                "routine_ttl_seconds",
                "30 to 2419200",
            ),
            (
                !(1..=24 * 7).contains(&self.reachable_hours),
                "reachable_hours",
                "1 to 168",
            ),
        ]
    }
}

impl Default for Push {
    fn default() -> Self {
        Self {
            contact: String::new(),
            allowed_hosts: Vec::new(),
            together_seconds: 60,
            urgent_ttl_seconds: 300,
            routine_ttl_seconds: 43_200,
            reachable_hours: 24,
        }
    }
}

/// What RFC 8292 §2.1 lets a server call itself by.
fn is_contact(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| match url.scheme() {
        "mailto" => url.path().contains('@'),
        "https" => url.host_str().is_some(),
        _ => false,
    })
}

/// A host, with a port or without.
fn is_host(text: &str) -> bool {
    Url::parse(&format!("https://{text}/")).is_ok_and(|url| {
        url.username().is_empty()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.host_str().is_some_and(|host| text.starts_with(host))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn wake_ups_that_could_not_be_sent_are_named_with_their_line_and_mend() {
        let with = |line: &str| Config::parse(&format!("[push]\n{line}\n"));
        for line in [
            "contact = \"mailto:it@hospital.example\"",
            "contact = \"https://hospital.example/it\"",
            "allowed_hosts = [\"push.hospital.example\", \"127.0.0.1:8446\"]",
        ] {
            assert!(with(line).is_ok(), "{line}");
        }
        for (line, mend) in [
            ("contact = \"it@hospital.example\"", "mailto:"),
            ("contact = \"http://hospital.example\"", "mailto:"),
            ("allowed_hosts = [\"https://push.example\"]", "write hosts"),
            ("allowed_hosts = [\"push.example/path\"]", "write hosts"),
            ("together_seconds = 5", "15 to 3600"),
            ("urgent_ttl_seconds = 0", "30 to 2419200"),
            ("routine_ttl_seconds = 9999999", "30 to 2419200"),
            ("reachable_hours = 0", "1 to 168"),
            ("together_second = 60", "did you mean `together_seconds`?"),
        ] {
            let error = with(line).unwrap_err();
            assert_eq!(error.line, 2, "{line}: {error}");
            assert!(error.message.contains(mend), "{error}");
        }
    }
}
