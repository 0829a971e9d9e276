//! Where addresses are, by databases that an operator may have: files of the format of MaxMind
//! (MaxMind DB 2.0), whoever made them.

use std::collections::HashSet;
use std::net::IpAddr;

use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;

use crate::area::Area;
use crate::login::Login;

/// Databases of where addresses are. Without any nothing is known, and all else works as well.
#[derive(Debug, Default)]
pub struct Locations {
    files: Vec<Reader<Vec<u8>>>,
    /// The numbers of autonomous systems behind whose addresses people from anywhere stand.
    shared: HashSet<u32>,
}

/// A file that is no such database.
#[derive(Debug, thiserror::Error)]
#[error("the database of addresses cannot be read: {0}")]
pub struct LocationsError(#[from] MaxMindDbError);

impl Locations {
    /// The same with one more file, whole: of cities, of countries, of autonomous systems, of
    /// anonymous addresses, of kinds of connections. What one does not say another may; the first that
    /// says something is believed. Of a file that is damaged within, what can be read counts.
    ///
    /// # Errors
    /// Where it is no such database.
    pub fn with(mut self, file: Vec<u8>) -> Result<Self, LocationsError> {
        self.files.push(Reader::from_source(file)?);
        Ok(self)
    }

    /// The same with the numbers of autonomous systems of carriers and tunnels that the operator
    /// knows, where no file tells.
    pub fn with_shared(mut self, systems: impl IntoIterator<Item = u32>) -> Self {
        self.shared.extend(systems);
        self
    }

    /// Adds to a sign-in what is known of its address: country, city, autonomous system, place, and
    /// whether people from anywhere stand behind it. What the sign-in says already stays.
    pub fn locate(&self, login: &mut Login) {
        let Some(address) = login.outside() else {
            return;
        };
        let fill = |field: &mut String, said: Option<String>| {
            if let Some(said) = said.filter(|_| field.is_empty()) {
                *field = said;
            }
        };
        let mut area = None;
        for file in &self.files {
            let Some(record) = record(file, address) else {
                continue;
            };
            let number = record.autonomous_system_number;
            let number = number.or(record.traits.autonomous_system_number);
            login.address_is_shared |= record.is_shared();
            area = area.or(record.location.area());
            fill(&mut login.country, record.country.iso_code);
            fill(&mut login.city, record.city.names.en);
            fill(&mut login.network, number.map(|number| number.to_string()));
        }
        let system = login.network.parse().ok();
        login.address_is_shared |= system.is_some_and(|it: u32| self.shared.contains(&it));
        login.area = login.area.or(area);
    }
}

/// What a file says of an address. What it says otherwise than such files do is as good as nothing.
fn record(file: &Reader<Vec<u8>>, address: IpAddr) -> Option<Record> {
    file.lookup(address).ok()?.decode().ok().flatten()
}

/// What the known kinds of databases say, as far as it is of use here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    country: Country,
    city: City,
    location: Location,
    traits: Traits,
    autonomous_system_number: Option<u32>,
    /// `Cellular` and others.
    connection_type: Option<String>,
    is_anonymous: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Country {
    iso_code: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct City {
    names: Names,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Names {
    en: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Location {
    latitude: Option<f64>,
    longitude: Option<f64>,
    /// Kilometres.
    accuracy_radius: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Traits {
    autonomous_system_number: Option<u32>,
    connection_type: Option<String>,
    /// `cellular` and others.
    user_type: Option<String>,
    is_anonymous: bool,
    is_anonymous_vpn: bool,
    is_anonymous_proxy: bool,
    is_satellite_provider: bool,
}

impl Record {
    /// Whether people from anywhere stand behind the address.
    fn is_shared(&self) -> bool {
        let traits = &self.traits;
        let kinds = [
            &self.connection_type,
            &traits.connection_type,
            &traits.user_type,
        ];
        self.is_anonymous
            || traits.is_anonymous
            || traits.is_anonymous_vpn
            || traits.is_anonymous_proxy
            || traits.is_satellite_provider
            || kinds
                .into_iter()
                .flatten()
                .any(|kind| kind.eq_ignore_ascii_case("cellular"))
    }
}

impl Location {
    fn area(&self) -> Option<Area> {
        let radius_m = self
            .accuracy_radius
            .map_or(UNSAID_M, |km| f64::from(km) * 1e3);
        Area::new(self.latitude?, self.longitude?, radius_m)
    }
}

/// How far off a place may be that does not say so, metres.
const UNSAID_M: f64 = 100_000.0;
