//! `[hl7]`: feeds of the hospital's other systems.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use chrono_tz::Tz;
use serde::Deserialize;
use wardline_hl7::Charset;
use wardline_model::RoleSlug;

use super::{Cidr, MOST_DAYS};

/// `[hl7]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hl7 {
    /// MLLP; empty: off.
    pub listen: String,
    /// MLLP over TLS; empty: off.
    pub tls_listen: String,
    /// PEM file with the authorities of senders' certificates; empty: senders need none.
    pub client_ca: PathBuf,
    /// Networks from which senders may connect, beside this machine.
    pub networks: Vec<Cidr>,
    /// Who may send: `APPLICATION/FACILITY` of MSH-3 and MSH-4, with `*` for any; empty: everybody who
    /// may connect.
    pub senders: Vec<String>,
    /// Which values of MSH-11 are taken.
    pub processing: Vec<String>,
    /// The character set of messages that name none.
    pub charset: String,
    /// The zone of times without an offset.
    pub time_zone: String,
    /// By the name of an assigning authority, the `system` of its identifiers in the record.
    pub authorities: BTreeMap<String, String>,
    /// The largest message, in bytes.
    pub max_message_bytes: usize,
    /// Seconds in which a message that was begun has to end.
    pub timeout_seconds: u64,
    /// Connections at once.
    pub max_connections: usize,
    /// Days for which the ids of applied messages are remembered.
    pub remember_days: u64,
    /// The on-call role that is told of critical results and alarms; empty: nobody is.
    pub critical_role: String,
    /// By the point of care (PV1-3.1), another role that is told there.
    pub critical_roles: BTreeMap<String, String>,
}

impl Hl7 {
    /// Where MLLP listens; `None` when it is off.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.parse().ok()
    }

    /// Where MLLP over TLS listens; `None` when it is off.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_listen.parse().ok()
    }

    /// Whether a sender may connect from an address.
    pub(crate) fn is_open_to(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback()
            || self
                .networks
                .iter()
                .any(|network| network.contains(address))
    }

    /// Whether somebody who says that they are this may send.
    pub(crate) fn takes(&self, application: &str, facility: &str) -> bool {
        let fits = |pattern: &str, name: &str| pattern == "*" || pattern == name;
        self.senders.is_empty()
            || self.senders.iter().any(|sender| {
                sender
                    .split_once('/')
                    .is_some_and(|(of_application, of_facility)| {
                        fits(of_application, application) && fits(of_facility, facility)
                    })
            })
    }

    /// Whether a role is told of critical results and alarms.
    pub(crate) fn tells_of_critical(&self) -> bool {
        !self.critical_role.is_empty()
    }

    /// The role that is told of critical results and alarms at a point of care; `None` when nobody is.
    pub(crate) fn critical_role_at(&self, ward: Option<&str>) -> Option<RoleSlug> {
        let of_ward = ward.and_then(|ward| self.critical_roles.get(ward));
        of_ward.unwrap_or(&self.critical_role).parse().ok()
    }

    /// Every role that is told.
    pub(crate) fn critical_role_slugs(&self) -> BTreeSet<RoleSlug> {
        let all = self.critical_roles.values().chain([&self.critical_role]);
        all.filter_map(|slug| slug.parse().ok()).collect()
    }

    /// The zone of times without an offset.
    pub(crate) fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(Tz::UTC)
    }

    /// The character set of messages that name none.
    pub(crate) fn usual_charset(&self) -> Charset {
        Charset::named(&self.charset).unwrap_or(Charset::ASCII)
    }

    /// Whether each value cannot work, with its key and the mend.
    pub(super) fn faults(&self) -> Vec<(bool, &'static str, &'static str)> {
        let is_role = |text: &str| text.parse::<RoleSlug>().is_ok();
        let is_off_or_address = |text: &str| text.is_empty() || text.parse::<SocketAddr>().is_ok();
        vec![
            (
                !is_off_or_address(&self.listen),
                "hl7.listen",
                "write an address such as \"10.20.0.5:2575\", or nothing",
            ),
            (
                !is_off_or_address(&self.tls_listen),
                "tls_listen",
                "write an address such as \"0.0.0.0:2576\", or nothing",
            ),
            (
                !self.client_ca.as_os_str().is_empty() && self.tls_listen.is_empty(),
                "client_ca",
                "senders show certificates over TLS only; set `tls_listen`, or leave it empty",
            ),
            (
                !self
                    .senders
                    .iter()
                    .all(|sender| sender.matches('/').count() == 1),
                "senders",
                "write APPLICATION/FACILITY as in MSH-3 and MSH-4, with * for any",
            ),
            (
                self.processing.is_empty()
                    || !self
                        .processing
                        .iter()
                        .all(|id| matches!(id.as_str(), "P" | "T" | "D")),
                "processing",
                "write \"P\", and \"T\" or \"D\" where tests and training are to be taken",
            ),
            (
                Charset::named(&self.charset).is_none(),
                "charset",
                "write a name of HL7 table 0211, such as \"ASCII\" or \"UNICODE UTF-8\"",
            ),
            (
                self.time_zone.parse::<Tz>().is_err(),
                "time_zone",
                "write a zone of the IANA database, such as \"Europe/Vienna\"",
            ),
            (
                !(4096..=256 << 20).contains(&self.max_message_bytes),
                "max_message_bytes",
                "write 4096 to 268435456",
            ),
            (
                !(1..=3600).contains(&self.timeout_seconds),
                "timeout_seconds",
                "write 1 to 3600",
            ),
            (
                !(1..=4096).contains(&self.max_connections),
                "max_connections",
                "write 1 to 4096",
            ),
            (
                !(1..=MOST_DAYS).contains(&self.remember_days),
                "remember_days",
                "write 1 to 3650 days",
            ),
            (
                !(self.critical_role.is_empty() || is_role(&self.critical_role)),
                "critical_role",
                "write the short name of an on-call role, or nothing",
            ),
            (
                self.critical_role.is_empty() && !self.critical_roles.is_empty(),
                "critical_roles",
                "set `critical_role` too: it is told wherever no ward has a role of its own",
            ),
            (
                !self.critical_roles.values().all(|slug| is_role(slug)),
                "critical_roles",
                "write points of care as in PV1-3.1 with short names of on-call roles",
            ),
        ]
    }
}

impl Default for Hl7 {
    fn default() -> Self {
        Self {
            listen: String::new(),
            tls_listen: String::new(),
            client_ca: PathBuf::new(),
            networks: Vec::new(),
            senders: Vec::new(),
            processing: vec!["P".to_owned()],
            charset: "ASCII".to_owned(),
            time_zone: "UTC".to_owned(),
            authorities: BTreeMap::new(),
            max_message_bytes: 8 << 20,
            timeout_seconds: 30,
            max_connections: 64,
            remember_days: 7,
            critical_role: String::new(),
            critical_roles: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn a_feed_that_could_not_work_is_named_with_its_line_and_mend() {
        let with = |lines: &str| Config::parse(&format!("[hl7]\n{lines}\n"));
        let config =
            with("listen = \"127.0.0.1:2575\"\nsenders = [\"LAB/*\", \"ADT/MAIN\"]").unwrap();
        assert!(config.hl7.takes("LAB", "NORTH") && config.hl7.takes("ADT", "MAIN"));
        assert!(!config.hl7.takes("ADT", "NORTH") && !config.hl7.takes("", ""));
        assert!(config.hl7.is_open_to("127.0.0.1".parse().unwrap()));
        assert!(!config.hl7.is_open_to("10.0.0.1".parse().unwrap()));
        assert!(config.hl7.critical_role_at(Some("4E")).is_none());
        let config =
            with("critical_role = \"house\"\ncritical_roles = { 4E = \"cardiology\" }").unwrap();
        let role = |ward| config.hl7.critical_role_at(ward).unwrap().to_string();
        assert_eq!(role(Some("4E")), "cardiology");
        assert_eq!(
            (role(Some("5W")), role(None)),
            ("house".to_owned(), "house".to_owned())
        );
        for (lines, line, mend) in [
            ("listen = \"2575\"", 2, "an address such as"),
            ("client_ca = \"ca.pem\"", 2, "set `tls_listen`"),
            ("senders = [\"LAB\"]", 2, "APPLICATION/FACILITY"),
            ("processing = []", 2, "write \"P\""),
            ("charset = \"EBCDIC\"", 2, "table 0211"),
            ("time_zone = \"Vienna\"", 2, "IANA"),
            ("max_message_bytes = 1", 2, "4096"),
            ("timeout_seconds = 0", 2, "1 to 3600"),
            ("max_connections = 0", 2, "1 to 4096"),
            ("remember_days = 0", 2, "1 to 3650"),
            ("critical_role = \"On Call!\"", 2, "an on-call role"),
            (
                "critical_roles = { 4E = \"cardiology-on-call\" }",
                2,
                "set `critical_role`",
            ),
            (
                "critical_role = \"a\"\ncritical_roles = { 4E = \"B C\" }",
                3,
                "PV1-3.1",
            ),
        ] {
            let error = with(lines).unwrap_err();
            assert_eq!(error.line, line, "{lines}: {error}");
            assert!(error.message.contains(mend), "{lines}: {error}");
        }
    }
}
