//! The configuration file: TOML, a struct for each section.
//!
//! `wardline.toml` beside this crate's manifest holds every key with its default and what it
//! means; a test keeps it and [`Config::default`] equal. Unknown keys are errors.

mod access;
mod attachments;
mod cards;
pub(crate) mod ehr;
mod escalation;
mod hl7;
mod pager;
mod push;
mod quiet;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use serde::Deserialize;
use thiserror::Error;
use url::Url;
use uuid::Uuid;
use wardline_audit::event::NodeName;

pub use self::access::{Access, WardRule};
pub use self::attachments::Attachments;
pub use self::cards::Cards;
pub use self::ehr::Ehr;
pub use self::escalation::{ChainRule, Escalation};
pub use self::hl7::Hl7;
pub use self::pager::Pager;
pub use self::push::Push;
pub use self::quiet::Quiet;

/// The longest time in days that can be configured.
const MOST_DAYS: u64 = 3650;

/// The documented defaults, as printed by `wardline config defaults`.
pub const DEFAULTS: &str = include_str!("../wardline.toml");

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The provider.
    pub hospital: Hospital,
    /// Listeners and who they are for.
    pub server: Server,
    /// The HTTPS certificate.
    pub tls: Tls,
    /// The data directory.
    pub data: Data,
    /// The database.
    pub store: Store,
    /// What nodes on one database tell each other.
    pub bus: Bus,
    /// Session limits.
    pub sessions: Sessions,
    /// From which risk on what is asked.
    pub risk: Risk,
    /// What is kept of decisions.
    pub policy: Policy,
    /// For how long breaking the glass opens a chart.
    pub glass: Glass,
    /// What explains that somebody looks at a record.
    pub access: Access,
    /// Which looks at charts a privacy officer should look at.
    pub looks: Looks,
    /// How many code generators roles need.
    pub factors: Factors,
    /// Smart cards.
    pub cards: Cards,
    /// Enrolment limits.
    pub enrollment: Enrollment,
    /// What attestations are held against.
    pub attestation: Attestation,
    /// How often devices are looked at.
    pub fleet: Fleet,
    /// Where the public lists of patches come from.
    pub feeds: Feeds,
    /// Microsoft Intune.
    pub intune: Intune,
    /// Whose security events are taken.
    pub signals: Vec<Signals>,
    /// Who is asked when nobody answers a STAT message.
    pub escalation: Escalation,
    /// How phones are woken.
    pub push: Push,
    /// What does not ring at once.
    pub quiet: Quiet,
    /// The hospital's pagers or telephony.
    pub pager: Pager,
    /// Feeds of the hospital's other systems.
    pub hl7: Hl7,
    /// The hospital's record system.
    pub ehr: Ehr,
    /// What people may attach to messages.
    pub attachments: Attachments,
    /// The audit log.
    pub log: Log,
    /// Where requests come from.
    pub network: Network,
}

/// `[hospital]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hospital {
    /// The provider's name, as people see it.
    pub name: String,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Plain HTTP on loopback; empty switches it off.
    pub http: String,
    /// HTTPS; empty switches it off.
    pub https: String,
    /// WebAuthn relying party id.
    pub rp_id: String,
    /// Origins from which the app is used; empty derives them.
    pub origins: Vec<String>,
    /// This node's name in the audit log.
    pub node: String,
    /// Largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Requests without a session that a source address may make in a minute.
    pub unauthenticated_per_minute: u32,
}

/// `[tls]`
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// PEM file with the chain; empty: issued by the built-in CA.
    pub certificate: PathBuf,
    /// PEM file with the key.
    pub key: PathBuf,
}

/// `[data]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// Where keys and the embedded database live.
    pub dir: PathBuf,
}

/// `[store]`
#[derive(Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// `sqlite`, or a `postgres://` URL.
    pub url: String,
}

/// `[bus]`
#[derive(Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bus {
    /// `nats://host:4222` or `tls://host:4222`; empty: nodes find each other's news by polling.
    pub nats: String,
    /// The subject that this hospital's nodes share.
    pub subject: String,
    /// User at NATS.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// A token instead of user and password.
    pub token: String,
    /// A `.creds` file instead of both.
    pub credentials: PathBuf,
    /// PEM file with the CA of the NATS server; empty: those of the operating system.
    pub ca: PathBuf,
    /// Milliseconds between two looks for other nodes' news.
    pub poll_ms: u64,
}

/// `[sessions]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Minutes without use after which a session ends.
    pub idle_minutes: u64,
    /// Hours after sign-in at which a session ends.
    pub absolute_hours: u64,
    /// Minutes for which a user verification is fresh.
    pub fresh_minutes: u64,
    /// Hours for which a phone may open its store offline.
    pub offline_hours: u64,
}

/// `[policy]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How long decisions are kept with all that they depended on, in days.
    pub keep_days: u64,
}

/// `[glass]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Glass {
    /// For how long breaking the glass opens a chart, in minutes.
    pub minutes: u64,
}

/// `[looks]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Looks {
    /// How likely a look is snooping, in percent, to be one that somebody should look at.
    pub percent: u8,
    /// So many looks of a day are listed at most, beside those at canaries.
    pub a_day: u32,
}

/// `[risk]`: how unusual a session may be before more is asked for what is sensitive, 0 to 100.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Risk {
    /// From here on the passkey is asked for again.
    pub step_up: u8,
    /// From here on a one-time code besides.
    pub second: u8,
    /// From here on it is refused.
    pub deny: u8,
    /// Files that say where addresses are, of MaxMind's format.
    pub locations: Vec<PathBuf>,
    /// Numbers of autonomous systems behind whose addresses people from anywhere stand.
    pub shared_networks: Vec<u32>,
    /// The grounds that the hospital's houses stand on; empty: nobody is asked for a position.
    pub grounds: Vec<Ground>,
}

/// One of `grounds` in `[risk]`: a circle on the ground (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// Degrees, north above zero.
    pub latitude: f64,
    /// Degrees, east above zero.
    pub longitude: f64,
    /// Metres.
    pub radius_m: f64,
}

/// `[factors]`
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Factors {
    /// By role, how many factors beside the passkey a person is to have: generators of one-time codes
    /// and smart cards together.
    pub minimum: BTreeMap<String, u32>,
}

/// `[enrollment]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Enrollment {
    /// Minutes for which a one-time code works.
    pub code_minutes: u64,
    /// Wrong attempts after which a code is dead.
    pub code_attempts: u32,
}

/// `[attestation]`
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attestation {
    /// Makers of authenticators, and the models that each may vouch for.
    pub authenticators: Vec<Maker>,
    /// PEM file with the roots of Android Key Attestation; empty: Google's.
    pub android_roots: PathBuf,
    /// Google's list of revoked attestation keys, JSON, for as long as the public lists bring none;
    /// empty: until then revocations are not looked up.
    pub android_status: PathBuf,
}

/// An entry of `authenticators` in `[attestation]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maker {
    /// PEM file with the maker's certificates.
    pub roots: PathBuf,
    /// The models (AAGUIDs) that they vouch for; empty for any.
    pub aaguids: Vec<Uuid>,
}

/// `[fleet]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fleet {
    /// Minutes between two looks at all devices.
    pub assess_every_minutes: u64,
}

/// `[feeds]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Feeds {
    /// A folder with the lists; empty: they are fetched.
    pub folder: PathBuf,
    /// URL of CISA's catalogue; empty: none are fetched.
    pub kev: String,
    /// URL of one product of endoflife.date, with `{product}` for its name.
    pub product: String,
    /// The products.
    pub products: Vec<String>,
    /// URL of Google's list of revoked attestation keys; empty: it is not fetched.
    pub attestation_status: String,
    /// URL of the list of Android's security bulletins; empty: it is not fetched.
    pub android_bulletins: String,
    /// Hours between two fetches.
    pub every_hours: u64,
}

/// `[intune]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Intune {
    /// The directory: its id, or one of its domains; empty: Intune is not asked.
    pub tenant: String,
    /// The application's id.
    pub client_id: String,
    /// File with the application's secret.
    pub client_secret_file: PathBuf,
    /// Origin of Microsoft Graph; empty: the worldwide one.
    pub graph: String,
    /// Origin of the Microsoft identity platform; empty: the worldwide one.
    pub login: String,
    /// Minutes between two pulls.
    pub every_minutes: u64,
    /// How many of more than ten known devices one answer may lack, in percent, and they are
    /// forgotten.
    pub forget_percent: u64,
}

/// One of `[[signals]]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signals {
    /// The transmitter's issuer identifier.
    pub issuer: String,
    /// By which name it knows this hospital.
    pub audience: String,
    /// File with its public keys (RFC 7517).
    pub jwks: PathBuf,
    /// The domains of the addresses by which it names this hospital's people.
    #[serde(default)]
    pub domains: Vec<String>,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Milliseconds between two looks of the sequencer.
    pub sequence_every_ms: u64,
}

/// `[network]`
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Networks of the hospital.
    pub premises: Vec<Cidr>,
    /// Reverse proxies, whose word on where a request comes from counts (`X-Forwarded-For`).
    pub proxies: Vec<Cidr>,
}

/// What is wrong with a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {message}")]
pub struct ConfigError {
    /// From 1.
    pub line: usize,
    /// What is wrong, and the mend.
    pub message: String,
}

impl Config {
    /// Reads and checks a configuration file's text.
    ///
    /// # Errors
    /// The first thing that is wrong, by line, with what to write instead.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let message = mend(error.message(), text.get(span.clone()).unwrap_or_default());
            ConfigError {
                line: line_of(text, &span),
                message,
            }
        })?;
        match config.fault() {
            Some((key, message)) => Err(ConfigError {
                line: line_of_key(text, key),
                message,
            }),
            None => Ok(config),
        }
    }

    /// The plain listener's address; `None` when it is off.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.server.http.parse().ok()
    }

    /// The HTTPS listener's address; `None` when it is off.
    pub fn https_address(&self) -> Option<SocketAddr> {
        self.server.https.parse().ok()
    }

    /// Whether a source address belongs to the hospital.
    pub fn on_premises(&self, address: IpAddr) -> bool {
        address.to_canonical().is_loopback()
            || self
                .network
                .premises
                .iter()
                .any(|network| network.contains(address))
    }

    /// The first value that cannot work: its key and the mend.
    fn fault(&self) -> Option<(&'static str, String)> {
        let server = &self.server;
        let mut faults: Vec<(&'static str, String)> = Vec::new();
        let mut check = |bad: bool, key: &'static str, message: &str| {
            if bad {
                faults.push((key, format!("`{key}`: {message}")));
            }
        };
        let address = |text: &str| text.is_empty() || text.parse::<SocketAddr>().is_ok();
        check(
            !address(&server.http),
            "http",
            "write an address such as \"127.0.0.1:8080\"",
        );
        check(
            !address(&server.https),
            "https",
            "write an address such as \"0.0.0.0:8443\"",
        );
        check(
            self.http_address().is_some_and(|a| !a.ip().is_loopback()),
            "http",
            "plain HTTP listens on loopback only; use `https` for other addresses",
        );
        check(
            server.http.is_empty() && server.https.is_empty(),
            "https",
            "both listeners are off; switch one on",
        );
        check(
            server.rp_id.is_empty() || server.rp_id.contains([':', '/']),
            "rp_id",
            "write the host name only, such as \"chat.hospital.example\"",
        );
        check(
            server.origins.iter().any(|origin| !is_origin(origin)),
            "origins",
            "write scheme, host and port only, such as \"https://chat.hospital.example\"",
        );
        check(
            NodeName::from_str(&server.node).is_err(),
            "node",
            "use 1 to 64 letters, digits, dots, dashes and underscores",
        );
        check(
            server.max_body_bytes < 65536,
            "max_body_bytes",
            "at least 65536",
        );
        check(
            server.unauthenticated_per_minute == 0,
            "unauthenticated_per_minute",
            "at least 1, else nobody can sign in",
        );
        check(
            self.tls.certificate.as_os_str().is_empty() != self.tls.key.as_os_str().is_empty(),
            "certificate",
            "give both `certificate` and `key`, or neither",
        );
        check(
            self.store.url != "sqlite"
                && !self.store.url.starts_with("postgres://")
                && !self.store.url.starts_with("postgresql://"),
            "url",
            "write \"sqlite\" or \"postgres://user@host/database\"",
        );
        let risk = &self.risk;
        check(
            !(1..=risk.second).contains(&risk.step_up) || risk.second > risk.deny,
            "step_up",
            "write `step_up`, `second` and `deny` in rising order, from 1 on; above 100 none is ever \
             reached",
        );
        check(
            !risk.grounds.iter().all(Ground::is_on_earth),
            "grounds",
            "write degrees from -90 to 90 as `latitude`, from -180 to 180 as `longitude`, and 10 to \
             50000 metres as `radius_m`",
        );
        check(
            !(1..=MOST_DAYS).contains(&self.policy.keep_days),
            "keep_days",
            "write 1 to 3650 days",
        );
        let bus = &self.bus;
        check(
            !bus.nats.is_empty() && !is_nats(&bus.nats),
            "nats",
            "write \"nats://host:4222\" or \"tls://host:4222\"; `user` and `password` have keys of \
             their own",
        );
        check(
            !bus.nats.is_empty() && self.store.url == "sqlite",
            "nats",
            "hints are for nodes that share a PostgreSQL; leave it empty with \"sqlite\"",
        );
        check(
            !is_subject(&bus.subject),
            "subject",
            "write names of letters, digits, dashes and underscores, joined by dots, such as \
             \"wardline.hints\"",
        );
        check(
            bus.user.is_empty() != bus.password.is_empty(),
            "user",
            "give both `user` and `password`, or neither",
        );
        let ways = [
            !bus.user.is_empty(),
            !bus.token.is_empty(),
            !bus.credentials.as_os_str().is_empty(),
        ];
        check(
            ways.into_iter().filter(|given| *given).count() > 1,
            "nats",
            "sign in by `user` and `password`, by `token` or by `credentials`; give one of them",
        );
        check(
            bus.poll_ms < 50 || bus.poll_ms > 3_600_000,
            "poll_ms",
            "50 to 3600000",
        );
        for (bad, key, message) in self.cards.faults() {
            check(bad, key, message);
        }
        for (bad, key, message) in self.access.faults() {
            check(bad, key, message);
        }
        for (bad, key, message) in self.escalation.faults() {
            check(bad, key, message);
        }
        for (bad, key, message) in self.push.faults() {
            check(bad, key, message);
        }
        for (bad, key, message) in self.quiet.faults() {
            check(bad, key, message);
        }
        for (bad, key, message) in self.pager.faults() {
            check(bad, key, message);
        }
        for (bad, key, message) in self.hl7.faults() {
            check(bad, key, message);
        }
        for (bad, key, message) in self.ehr.faults() {
            check(bad, key, message);
        }
        for (bad, key, message) in self.attachments.faults() {
            check(bad, key, message);
        }
        let feeds = &self.feeds;
        let is_https = |url: &str| {
            let url = Url::parse(&url.replace("{product}", "x"));
            url.is_ok_and(|url| {
                url.scheme() == "https"
                    || url.scheme() == "http" && url.host_str() == Some("localhost")
            })
        };
        check(
            !feeds.kev.is_empty() && !is_https(&feeds.kev),
            "kev",
            "write an https URL, or nothing",
        );
        check(
            !(feeds.kev.is_empty()
                || is_https(&feeds.product) && feeds.product.contains("{product}")),
            "product",
            "write an https URL with {product} in it",
        );
        check(
            !feeds.products.iter().all(|name| is_product(name)),
            "products",
            "write names as endoflife.date has them, such as \"android\"",
        );
        for (key, url) in [
            ("attestation_status", &feeds.attestation_status),
            ("android_bulletins", &feeds.android_bulletins),
        ] {
            check(
                !url.is_empty() && !is_https(url),
                key,
                "write an https URL, or nothing",
            );
            check(
                !url.is_empty() && feeds.kev.is_empty(),
                key,
                "give `kev` too: the lists are fetched together",
            );
            check(
                !url.is_empty() && !feeds.folder.as_os_str().is_empty(),
                key,
                "with a `folder` nothing is fetched; put the list there, and leave this empty",
            );
        }
        check(
            feeds.every_hours == 0 || feeds.every_hours > 24 * 7,
            "every_hours",
            "1 to 168",
        );
        check(
            !self.intune.tenant.is_empty()
                && (self.intune.client_id.is_empty()
                    || self.intune.client_secret_file.as_os_str().is_empty()),
            "tenant",
            "give `client_id` and `client_secret_file` too",
        );
        check(
            self.intune.every_minutes < 5 || self.intune.every_minutes > 24 * 60,
            "every_minutes",
            "5 to 1440",
        );
        check(
            self.intune.forget_percent > 100,
            "forget_percent",
            "0 to 100",
        );
        check(
            self.fleet.assess_every_minutes == 0 || self.fleet.assess_every_minutes > 60,
            "assess_every_minutes",
            "1 to 60",
        );
        let sessions = &self.sessions;
        check(
            sessions.idle_minutes == 0 || sessions.idle_minutes > 60,
            "idle_minutes",
            "1 to 60 (NIST SP 800-63B-4 §2.2.3)",
        );
        check(
            sessions.absolute_hours == 0 || sessions.absolute_hours > 24,
            "absolute_hours",
            "1 to 24 (NIST SP 800-63B-4 §2.2.3)",
        );
        check(
            self.glass.minutes == 0 || self.glass.minutes > 24 * 60,
            "minutes",
            "1 to 1440, a day",
        );
        check(
            self.looks.percent == 0 || self.looks.percent > 100,
            "percent",
            "1 to 100",
        );
        check(
            self.looks.a_day > 1_000,
            "a_day",
            "0 to 1000; 0 lists those at canaries only",
        );
        check(sessions.fresh_minutes == 0, "fresh_minutes", "at least 1");
        check(
            sessions.offline_hours > 168,
            "offline_hours",
            "at most 168, a week",
        );
        check(
            self.enrollment.code_minutes == 0 || self.enrollment.code_minutes > 60,
            "code_minutes",
            "1 to 60",
        );
        check(
            self.enrollment.code_attempts == 0 || self.enrollment.code_attempts > 10,
            "code_attempts",
            "1 to 10",
        );
        check(
            self.attestation
                .authenticators
                .iter()
                .any(|maker| maker.roots.as_os_str().is_empty()),
            "authenticators",
            "give each entry a PEM file as `roots`",
        );
        check(
            self.log.sequence_every_ms == 0 || self.log.sequence_every_ms > 250,
            "sequence_every_ms",
            "1 to 250, so that the log holds each event within a second",
        );
        faults.into_iter().next()
    }
}

impl Ground {
    fn is_on_earth(&self) -> bool {
        (-90.0..=90.0).contains(&self.latitude)
            && (-180.0..=180.0).contains(&self.longitude)
            && (10.0..=50_000.0).contains(&self.radius_m)
    }
}

impl Default for Hospital {
    fn default() -> Self {
        Self {
            name: "Wardline Hospital".to_owned(),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            http: "127.0.0.1:8080".to_owned(),
            https: "127.0.0.1:8443".to_owned(),
            rp_id: "localhost".to_owned(),
            origins: Vec::new(),
            node: "node-1".to_owned(),
            max_body_bytes: 2 * 1024 * 1024,
            unauthenticated_per_minute: 600,
        }
    }
}

impl Default for Data {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("data"),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            url: "sqlite".to_owned(),
        }
    }
}

/// The URL may hold a password.
impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("Store")
            .field("url", &format_args!("{scheme}:…"))
            .finish()
    }
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            nats: String::new(),
            subject: "wardline.hints".to_owned(),
            user: String::new(),
            password: String::new(),
            token: String::new(),
            credentials: PathBuf::new(),
            ca: PathBuf::new(),
            poll_ms: 500,
        }
    }
}

/// Password and token do not show.
impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bus")
            .field("nats", &self.nats)
            .field("subject", &self.subject)
            .field("user", &self.user)
            .field("credentials", &self.credentials)
            .field("ca", &self.ca)
            .field("poll_ms", &self.poll_ms)
            .finish_non_exhaustive()
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            idle_minutes: 60,
            absolute_hours: 24,
            fresh_minutes: 5,
            offline_hours: 12,
        }
    }
}

impl Default for Glass {
    fn default() -> Self {
        Self { minutes: 60 }
    }
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            percent: 10,
            a_day: 20,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self { keep_days: 30 }
    }
}

impl Default for Risk {
    fn default() -> Self {
        let limits = wardline_policy::Limits::default();
        Self {
            step_up: limits.risk_step_up,
            second: limits.risk_second,
            deny: limits.risk_deny,
            locations: Vec::new(),
            shared_networks: Vec::new(),
            grounds: Vec::new(),
        }
    }
}

impl Default for Enrollment {
    fn default() -> Self {
        Self {
            code_minutes: 15,
            code_attempts: 5,
        }
    }
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            assess_every_minutes: 5,
        }
    }
}

impl Default for Intune {
    fn default() -> Self {
        Self {
            tenant: String::new(),
            client_id: String::new(),
            client_secret_file: PathBuf::new(),
            graph: String::new(),
            login: String::new(),
            every_minutes: 60,
            forget_percent: 50,
        }
    }
}

impl Default for Feeds {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            kev: String::new(),
            product: "https://raw.githubusercontent.com/endoflife-date/endoflife.date/master/\
                      products/{product}.md"
                .to_owned(),
            products: [
                "android",
                "ios",
                "ipados",
                "ipad",
                "iphone",
                "macos",
                "windows",
                "pixel",
                "samsung-mobile",
                "debian",
                "ubuntu",
                "rhel",
                "linux",
            ]
            .map(str::to_owned)
            .into(),
            attestation_status: String::new(),
            android_bulletins: String::new(),
            every_hours: 24,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            sequence_every_ms: 200,
        }
    }
}

/// A network, as `10.20.0.0/16` or `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Cidr(IpNet);

impl Cidr {
    /// Whether the address lies in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// The network.
    pub const fn net(&self) -> IpNet {
        self.0
    }
}

/// The machine itself, in both families.
pub(crate) const LOOPBACK: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

impl TryFrom<String> for Cidr {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let net: IpNet = text
            .parse()
            .map_err(|_| "write networks such as \"10.20.0.0/16\" or \"fd00::/8\"".to_owned())?;
        if net.addr() == net.network() {
            Ok(Self(net))
        } else {
            Err("the address has bits beyond the network's length".to_owned())
        }
    }
}

fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text)
}

/// A server without user, path or query.
fn is_nats(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "nats" | "tls")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

/// A product's name at endoflife.date, which becomes part of a URL and of a file's name.
fn is_product(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Names joined by dots, without wildcards.
fn is_subject(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    text.len() <= 128 && text.split('.').all(is_name)
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    let before = text.get(..span.start).unwrap_or_default();
    before.bytes().filter(|b| *b == b'\n').count() + 1
}

fn line_of_key(text: &str, key: &str) -> usize {
    // A key that several sections have is named with its section.
    let (section, key) = match key.split_once('.') {
        Some((section, key)) => (format!("[{section}]"), key),
        None => (String::new(), key),
    };
    let begin = text.lines().position(|line| line.trim() == section);
    let skipped = begin.filter(|_| !section.is_empty()).unwrap_or(0);
    let set = |line: &str| {
        line.trim_start()
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let found = text.lines().skip(skipped).position(set);
    found.map_or(1, |index| skipped + index + 1)
}

/// Adds the nearest known key to serde's message about an unknown one.
fn mend(message: &str, found: &str) -> String {
    let Some((_, expected)) = message.split_once("expected ") else {
        return message.to_owned();
    };
    if !message.starts_with("unknown field") {
        return message.to_owned();
    }
    let nearest = expected
        .split('`')
        .skip(1)
        .step_by(2)
        .min_by_key(|known| distance(known, found))
        .filter(|known| distance(known, found) <= known.len().div_ceil(2));
    match nearest {
        Some(known) => format!("unknown key `{found}`; did you mean `{known}`? Else remove it"),
        None => format!("unknown key `{found}`; remove it, or use one of: {expected}"),
    }
}

/// Levenshtein distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_file_holds_every_default() {
        assert_eq!(Config::parse(DEFAULTS).unwrap(), Config::default());
        assert_eq!(Config::parse("").unwrap(), Config::default());
        let documented: toml::Table = DEFAULTS.parse().unwrap();
        let keys = |section: &str| documented[section].as_table().unwrap().len();
        let sections = [
            ("hospital", 1),
            ("server", 7),
            ("tls", 2),
            ("data", 1),
            ("store", 1),
            ("bus", 8),
            ("sessions", 4),
            ("policy", 1),
            ("risk", 6),
            ("factors", 1),
            ("cards", 10),
            ("enrollment", 2),
            ("attestation", 3),
            ("fleet", 1),
            ("feeds", 7),
            ("intune", 7),
            ("escalation", 8),
            ("push", 6),
            ("quiet", 7),
            ("pager", 6),
            ("glass", 1),
            ("access", 1),
            ("looks", 2),
            ("attachments", 3),
            ("log", 1),
            ("network", 2),
            ("hl7", 15),
            ("ehr", 16),
        ];
        assert_eq!(documented.len(), sections.len());
        for (section, count) in sections {
            assert_eq!(keys(section), count, "{section}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_mend() {
        let error = Config::parse("[sessions]\n\nidle_minuets = 5\n").unwrap_err();
        assert_eq!(error.line, 3);
        assert!(
            error.message.contains("did you mean `idle_minutes`?"),
            "{error}"
        );
        let error = Config::parse("[sessions]\nidle_minutes = 90\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.message.contains("1 to 60"), "{error}");
        let error = Config::parse("[server]\nhttp = \"0.0.0.0:80\"\n").unwrap_err();
        assert!(error.message.contains("loopback only"), "{error}");
    }

    #[test]
    fn a_bus_that_cannot_work_is_named_with_its_line_and_mend() {
        let with = |lines: &str| {
            let store = "[store]\nurl = \"postgres://db/wardline\"\n";
            Config::parse(&format!(
                "{store}[bus]\nnats = \"nats://bus:4222\"\n{lines}\n"
            ))
        };
        assert!(with("").is_ok());
        assert!(with("user = \"w\"\npassword = \"secret\"").is_ok());
        for (lines, line, mend) in [
            ("user = \"w\"", 5, "both `user` and `password`"),
            (
                "token = \"t\"\ncredentials = \"w.creds\"",
                4,
                "give one of them",
            ),
            ("subject = \"wardline.>\"", 5, "joined by dots"),
            ("subject = \"\"", 5, "joined by dots"),
            ("poll_ms = 0", 5, "50 to 3600000"),
            ("pool_ms = 100", 5, "did you mean `poll_ms`?"),
        ] {
            let error = with(lines).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.message.contains(mend), "{error}");
        }
        for nats in [
            "bus:4222",
            "http://bus:4222",
            "nats://user:secret@bus:4222",
            "nats://bus:4222/path",
        ] {
            let text =
                format!("[store]\nurl = \"postgres://db/wardline\"\n[bus]\nnats = \"{nats}\"\n");
            let error = Config::parse(&text).unwrap_err();
            assert_eq!(error.line, 4, "{error}");
            assert!(error.message.contains("nats://host:4222"), "{error}");
        }
        let error = Config::parse("[bus]\nnats = \"nats://bus:4222\"\n").unwrap_err();
        assert!(error.message.contains("PostgreSQL"), "{error}");
    }

    #[test]
    fn a_list_that_would_not_be_fetched_is_named_with_its_line_and_mend() {
        let kev = "kev = \"https://lists.example/kev.json\"";
        let both = format!("folder = \"lists\"\n{kev}");
        for key in ["attestation_status", "android_bulletins"] {
            let with = |before: &str, url: &str| {
                Config::parse(&format!("[feeds]\n{before}\n{key} = \"{url}\"\n"))
            };
            let url = "https://lists.example/list";
            assert!(with(kev, url).is_ok());
            assert!(with("", "").is_ok());
            for (before, url, mend) in [
                (kev, "http://lists.example/list", "an https URL"),
                (kev, "lists.example", "an https URL"),
                ("", url, "give `kev` too"),
                (both.as_str(), url, "put the list there"),
            ] {
                let error = with(before, url).unwrap_err();
                assert_eq!(error.line, 2 + before.lines().count().max(1), "{error}");
                assert!(error.message.contains(mend), "{error}");
            }
        }
    }

    #[test]
    fn cards_that_could_not_be_taken_are_named_with_their_line_and_mend() {
        let with =
            |lines: &str| Config::parse(&format!("[store]\nurl = \"sqlite\"\n[cards]\n{lines}\n"));
        let good = "listen = \"0.0.0.0:8444\"\nanchors = \"cards.pem\"";
        let taken = with(&format!("{good}\n[[cards.mapping]]\nby = \"key\"")).unwrap();
        assert_eq!(taken.cards.address().unwrap().port(), 8444);
        assert_eq!(taken.cards.piv().mapping.len(), 1);
        for (lines, line, mend) in [
            ("listen = \"8444\"", 4, "0.0.0.0:8444"),
            ("listen = \"0.0.0.0:8444\"", 1, "give a PEM file"),
            ("url = \"http://cards.example\"", 4, "https"),
            ("polices = []", 4, "did you mean `policies`?"),
            (
                "[cards.revocation]\ndepht = \"card\"",
                5,
                "did you mean `depth`?",
            ),
        ] {
            let error = with(lines).unwrap_err();
            assert_eq!(error.line, line, "{lines}: {error}");
            assert!(error.message.contains(mend), "{error}");
        }
    }

    #[test]
    fn grounds_that_are_nowhere_are_named_with_their_line_and_mend() {
        let with = |ground: &str| Config::parse(&format!("[risk]\ngrounds = [{ground}]\n"));
        let config = with("{ latitude = 44.1, longitude = -69, radius_m = 400 }").unwrap();
        assert_eq!(config.risk.grounds.len(), 1);
        for (ground, mend) in [
            (
                "{ latitude = 91, longitude = 0, radius_m = 400 }",
                "-90 to 90",
            ),
            (
                "{ latitude = nan, longitude = 0, radius_m = 400 }",
                "-90 to 90",
            ),
            (
                "{ latitude = 44.1, longitude = -181, radius_m = 400 }",
                "-180 to 180",
            ),
            (
                "{ latitude = 44.1, longitude = -69, radius_m = 0 }",
                "10 to 50000",
            ),
            (
                "{ lattitude = 44.1, longitude = -69, radius_m = 4 }",
                "did you mean `latitude`?",
            ),
        ] {
            let error = with(ground).unwrap_err();
            assert_eq!(error.line, 2, "{ground}: {error}");
            assert!(error.message.contains(mend), "{error}");
        }
    }

    #[test]
    fn secrets_of_the_bus_do_not_show() {
        let bus = Bus {
            password: "hunter2".to_owned(),
            token: "hunter2".to_owned(),
            ..Bus::default()
        };
        assert!(!format!("{bus:?}").contains("hunter2"));
    }

    #[test]
    fn premises_are_networks() {
        let config =
            Config::parse("[network]\npremises = [\"10.20.0.0/16\", \"fd00::/8\"]").unwrap();
        for (address, inside) in [
            ("10.20.255.1", true),
            ("10.21.0.1", false),
            ("::ffff:10.20.0.1", true),
            ("fd12::1", true),
            ("2001:db8::1", false),
            ("127.0.0.1", true),
        ] {
            assert_eq!(
                config.on_premises(address.parse().unwrap()),
                inside,
                "{address}"
            );
        }
        assert!(Config::parse("[network]\npremises = [\"10.20.0.1/16\"]").is_err());
    }
}
