//! `[pager]`: the hospital's pagers or telephony.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

/// `[pager]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pager {
    /// Where calls are posted to; empty: nobody is called.
    pub url: String,
    /// File with the secret that signs them.
    pub secret_file: PathBuf,
    /// PEM file with the CA of that server; empty: those of the operating system.
    pub ca: PathBuf,
    /// With which alert of a person the first call goes: 1 with the first, 2 once that was not answered.
    pub from_alert: u32,
    /// Whether each further alert is a call, too.
    pub repeat: bool,
    /// Minutes for which a call that the pager system does not take is tried again.
    pub try_minutes: u64,
}

impl Pager {
    /// Whether there is a pager system.
    pub(crate) const fn is_on(&self) -> bool {
        !self.url.is_empty()
    }

    /// Whether an alert of this number of a person is a call.
    pub(crate) const fn calls_at(&self, alert: u32) -> bool {
        self.is_on() && (alert == self.from_alert || self.repeat && alert > self.from_alert)
    }

    /// Whether each value cannot work, with its key and the mend.
    pub(super) fn faults(&self) -> Vec<(bool, &'static str, &'static str)> {
        vec![
            (
                self.is_on() && !is_endpoint(&self.url),
                "pager.url",
                "write an https URL without a user, or nothing; plain http is for this machine only",
            ),
            (
                self.is_on() && self.secret_file.as_os_str().is_empty(),
                "secret_file",
                "give the file with the secret that the pager system checks calls by",
            ),
            (
                !(1..=10).contains(&self.from_alert),
                "from_alert",
                "write 1 to 10",
            ),
            (
                !(1..=24 * 60).contains(&self.try_minutes),
                "try_minutes",
                "write 1 to 1440",
            ),
        ]
    }
}

impl Default for Pager {
    fn default() -> Self {
        Self {
            url: String::new(),
            secret_file: PathBuf::new(),
            ca: PathBuf::new(),
            from_alert: 1,
            repeat: false,
            try_minutes: 15,
        }
    }
}

/// What is posted there has people's numbers in it.
fn is_endpoint(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        url.host_str().is_some()
            && (url.scheme() == "https" || url.scheme() == "http" && is_local)
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn a_pager_system_that_could_not_be_called_is_named_with_its_line_and_mend() {
        let with = |lines: &str| Config::parse(&format!("[pager]\n{lines}\n"));
        let secret = "secret_file = \"/etc/wardline/pager.secret\"";
        for url in [
            "https://pager.hospital.internal/calls",
            "http://127.0.0.1:8050/",
            "http://localhost:8050/",
            "https://10.0.0.7:8443/x?site=1",
        ] {
            let config = with(&format!("{secret}\nurl = \"{url}\"")).unwrap();
            assert!(
                config.pager.calls_at(1) && !config.pager.calls_at(2),
                "{url}"
            );
        }
        assert!(!with("").unwrap().pager.calls_at(1));
        for (lines, line, mend) in [
            (
                "url = \"https://pager.example/\"",
                1,
                "file with the secret",
            ),
            (
                "secret_file = \"a\"\nurl = \"http://pager.example/\"",
                3,
                "https URL",
            ),
            (
                "secret_file = \"a\"\nurl = \"https://u:p@pager.example/\"",
                3,
                "https URL",
            ),
            ("from_alert = 0", 2, "1 to 10"),
            ("try_minutes = 0", 2, "1 to 1440"),
            ("ulr = \"\"", 2, "did you mean `url`?"),
        ] {
            let error = with(lines).unwrap_err();
            assert_eq!(error.line, line, "{lines}: {error}");
            assert!(error.message.contains(mend), "{lines}: {error}");
        }
    }
}
