//! Which URLs are taken for a push service's.
//!
//! A device names its push service, and the server turns to it: without a rule, any signed-in device
//! could have the server knock on doors inside the hospital (SSRF). So it must be https at a host with
//! a public name, or one that the configuration allows; what the name resolves to is looked at again as
//! each request is made ([`outgoing::public_client`](crate::outgoing::public_client)).

use std::collections::HashSet;

use url::{Host, Url};

/// Hosts that are allowed beside the public ones, as the configuration names them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed(HashSet<String>);

impl Allowed {
    pub(crate) fn new(hosts: &[String]) -> Self {
        Self(hosts.iter().map(|host| host.to_lowercase()).collect())
    }

    /// The hosts without their ports.
    pub(crate) fn hosts(&self) -> HashSet<String> {
        let urls = self.0.iter().map(|host| format!("https://{host}/"));
        urls.filter_map(|url| Url::parse(&url).ok()?.host_str().map(str::to_owned))
            .collect()
    }

    fn has(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else {
            return false;
        };
        let port = url.port_or_known_default().unwrap_or_default();
        self.0.contains(host) || self.0.contains(&format!("{host}:{port}"))
    }

    /// The URL, where it may be a push service's.
    pub(crate) fn endpoint(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        let is_plain = text.len() <= LONGEST
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        let is_allowed = if self.has(&url) {
            matches!(url.scheme(), "https" | "http")
        } else {
            // A host that is allowed with a port is exempt from the look at its address on each.
            let is_exempt = url
                .host_str()
                .is_some_and(|host| self.hosts().contains(host));
            url.scheme() == "https" && url.port().is_none() && has_public_name(&url) && !is_exempt
        };
        (is_plain && is_allowed).then_some(url)
    }
}

/// Whether the host has a name with a dot in it: no address, and not one of the local names.
fn has_public_name(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.contains('.') && !LOCAL.iter().any(|local| name.ends_with(local))
        }
        _ => false,
    }
}

/// Those of the push services that there are stay below 1 kB.
const LONGEST: usize = 2048;
/// RFC 6761, RFC 6762, RFC 8375, and what ICANN keeps for private use.
const LOCAL: [&str; 4] = [".localhost", ".local", ".home.arpa", ".internal"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_service_is_public_and_https_or_the_hospitals_own() {
        let allowed = Allowed::new(&[
            "push.Hospital.internal".to_owned(),
            "127.0.0.1:81".to_owned(),
        ]);
        for (url, taken) in [
            ("https://fcm.googleapis.com/fcm/send/abc", true),
            ("https://web.push.apple.com/QABC", true),
            (
                "https://updates.push.services.mozilla.com:443/wpush/v2/x",
                true,
            ),
            ("https://push.hospital.internal/x", true),
            ("http://push.hospital.internal:8080/x", true),
            ("http://127.0.0.1:81/x", true),
            ("http://127.0.0.1:82/x", false),
            ("http://fcm.googleapis.com/x", false),
            ("https://fcm.googleapis.com:8443/x", false),
            ("https://user@fcm.googleapis.com/x", false),
            ("https://fcm.googleapis.com/x#y", false),
            ("https://10.0.0.1/x", false),
            ("https://0x7f.1/x", false),
            ("https://[::1]/x", false),
            ("https://localhost/x", false),
            ("https://intranet/x", false),
            ("https://printer.local/x", false),
            ("https://metadata.google.internal./x", false),
            ("ftp://push.hospital.internal/x", false),
            ("fcm.googleapis.com", false),
            ("", false),
        ] {
            assert_eq!(allowed.endpoint(url).is_some(), taken, "{url}");
        }
        let long = format!("https://fcm.googleapis.com/{}", "x".repeat(LONGEST));
        assert!(allowed.endpoint(&long).is_none());
        let hosts = ["push.hospital.internal", "127.0.0.1"].map(str::to_owned);
        assert_eq!(allowed.hosts(), HashSet::from(hosts));
    }
}
