//! `[cards]`: which smart cards are taken, and where.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use wardline_piv::config::{Revocation, Rule};

use super::is_origin;

/// `[cards]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cards {
    /// The listener to which cards are presented; empty: none are taken.
    pub listen: String,
    /// The origin at which browsers find it; empty derives it.
    pub url: String,
    /// PEM file with the authorities that are trusted.
    pub anchors: PathBuf,
    /// PEM file with authorities between them and cards; empty: cards bring them.
    pub intermediates: PathBuf,
    /// See [`wardline_piv::Config::policies`].
    pub policies: Vec<String>,
    /// See [`wardline_piv::Config::any_policy`].
    pub any_policy: bool,
    /// See [`wardline_piv::Config::ekus`].
    pub ekus: Vec<String>,
    /// See [`wardline_piv::Config::weak_mapping`].
    pub weak_mapping: bool,
    /// See [`wardline_piv::Config::mapping`].
    pub mapping: Vec<Rule>,
    /// See [`wardline_piv::Config::revocation`].
    pub revocation: Revocation,
}

impl Default for Cards {
    fn default() -> Self {
        let wardline_piv::Config {
            policies,
            any_policy,
            ekus,
            revocation,
            weak_mapping,
            mapping,
        } = wardline_piv::Config::default();
        Self {
            listen: String::new(),
            url: String::new(),
            anchors: PathBuf::new(),
            intermediates: PathBuf::new(),
            policies,
            any_policy,
            ekus,
            weak_mapping,
            mapping,
            revocation,
        }
    }
}

impl Cards {
    /// The listener's address; `None` when no cards are taken.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.parse().ok()
    }

    /// How certificates are judged.
    pub fn piv(&self) -> wardline_piv::Config {
        wardline_piv::Config {
            policies: self.policies.clone(),
            any_policy: self.any_policy,
            ekus: self.ekus.clone(),
            revocation: self.revocation.clone(),
            weak_mapping: self.weak_mapping,
            mapping: self.mapping.clone(),
        }
    }

    /// What cannot work: whether it is so, the key, and the mend.
    pub(super) fn faults(&self) -> [(bool, &'static str, &'static str); 3] {
        [
            (
                !self.listen.is_empty() && self.address().is_none(),
                "listen",
                "write an address such as \"0.0.0.0:8444\"",
            ),
            (
                !(self.url.is_empty() || self.url.starts_with("https://") && is_origin(&self.url)),
                "cards.url",
                "write scheme, host and port only, such as \"https://chat.hospital.example:8444\"",
            ),
            (
                self.address().is_some() && self.anchors.as_os_str().is_empty(),
                "anchors",
                "give a PEM file with the authorities that issue the cards",
            ),
        ]
    }
}
