//! Databases of addresses as operators have them, made here by the specification (MaxMind DB 2.0).

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::net::Ipv4Addr;

use wardline_risk::{
    Hospital, House, Locations, Login, Outcome, PersonState, Place, Premises, Reason, Roster,
};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A value of a database.
enum Value {
    Text(&'static str),
    Double(f64),
    Number16(u16),
    Number32(u32),
    Number64(u64),
    Truth(bool),
    List(Vec<Value>),
    Map(Vec<(&'static str, Value)>),
}

impl Value {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Text(text) => {
                begin(bytes, 2, text.len());
                bytes.extend_from_slice(text.as_bytes());
            }
            Self::Double(number) => {
                begin(bytes, 3, 8);
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            Self::Number16(number) => {
                begin(bytes, 5, 2);
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            Self::Number32(number) => {
                begin(bytes, 6, 4);
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            Self::Number64(number) => {
                begin(bytes, 9, 8);
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            Self::Truth(truth) => begin(bytes, 14, usize::from(*truth)),
            Self::List(items) => {
                begin(bytes, 11, items.len());
                for item in items {
                    item.write(bytes);
                }
            }
            Self::Map(entries) => {
                begin(bytes, 7, entries.len());
                for (key, value) in entries {
                    Self::Text(key).write(bytes);
                    value.write(bytes);
                }
            }
        }
    }
}

/// The control byte of a field: its type and its size, which from 29 on follows.
fn begin(bytes: &mut Vec<u8>, kind: u8, size: usize) {
    let size = u8::try_from(size).unwrap();
    let (first, rest) = (size.min(29), size.checked_sub(29));
    if kind > 7 {
        bytes.extend_from_slice(&[first, kind - 7]);
    } else {
        bytes.push(kind << 5 | first);
    }
    bytes.extend(rest);
}

/// A database of IPv4 networks and what is said of each.
fn database(kind: &'static str, networks: Vec<(&str, Value)>) -> Vec<u8> {
    // A node's two records: another node, or a network's data.
    #[derive(Clone, Copy)]
    enum Record {
        None,
        Node(usize),
        Data(usize),
    }
    let mut nodes = vec![[Record::None; 2]];
    let mut data = Vec::new();
    for (network, value) in networks {
        let (address, long) = network.split_once('/').unwrap();
        let (address, long): (Ipv4Addr, u32) = (address.parse().unwrap(), long.parse().unwrap());
        let mut node = 0;
        for depth in 0..long {
            let bit = usize::try_from(address.to_bits() >> (31 - depth) & 1).unwrap();
            if depth + 1 == long {
                nodes[node][bit] = Record::Data(data.len());
                break;
            }
            node = if let Record::Node(next) = nodes[node][bit] {
                next
            } else {
                nodes.push([Record::None; 2]);
                let next = nodes.len() - 1;
                nodes[node][bit] = Record::Node(next);
                next
            };
        }
        value.write(&mut data);
    }
    let mut bytes = Vec::new();
    for record in nodes.iter().flatten() {
        let number = match record {
            Record::None => nodes.len(),
            Record::Node(node) => *node,
            Record::Data(offset) => nodes.len() + 16 + offset,
        };
        bytes.extend_from_slice(&u32::try_from(number).unwrap().to_be_bytes()[1..]);
    }
    bytes.extend_from_slice(&[0; 16]);
    bytes.extend_from_slice(&data);
    bytes.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    Value::Map(vec![
        (
            "node_count",
            Value::Number32(u32::try_from(nodes.len()).unwrap()),
        ),
        ("record_size", Value::Number16(24)),
        ("ip_version", Value::Number16(4)),
        ("database_type", Value::Text(kind)),
        ("languages", Value::List(vec![Value::Text("en")])),
        ("binary_format_major_version", Value::Number16(2)),
        ("binary_format_minor_version", Value::Number16(0)),
        ("build_epoch", Value::Number64(1_700_000_000)),
        (
            "description",
            Value::Map(vec![("en", Value::Text("made for a test"))]),
        ),
    ])
    .write(&mut bytes);
    bytes
}

fn city(country: &'static str, name: &'static str, latitude: f64, longitude: f64) -> Value {
    Value::Map(vec![
        (
            "country",
            Value::Map(vec![("iso_code", Value::Text(country))]),
        ),
        (
            "city",
            Value::Map(vec![("names", Value::Map(vec![("en", Value::Text(name))]))]),
        ),
        (
            "location",
            Value::Map(vec![
                ("accuracy_radius", Value::Number16(20)),
                ("latitude", Value::Double(latitude)),
                ("longitude", Value::Double(longitude)),
            ]),
        ),
    ])
}

fn cities() -> Vec<u8> {
    database(
        "Test-City",
        vec![
            ("198.51.100.0/24", city("US", "Cleveland", 41.5, -81.7)),
            ("100.64.0.0/16", city("US", "Carrier", 40.0, -80.0)),
            ("203.0.113.0/24", city("JP", "Tokyo", 35.7, 139.7)),
        ],
    )
}

fn systems() -> Vec<u8> {
    let system = |number| {
        Value::Map(vec![
            ("autonomous_system_number", Value::Number32(number)),
            ("autonomous_system_organization", Value::Text("Example")),
        ])
    };
    database(
        "Test-ASN",
        vec![
            ("198.51.100.0/24", system(64_496)),
            ("203.0.113.0/24", system(64_511)),
        ],
    )
}

fn from(address: &str, at_ms: i64) -> Login {
    Login {
        at_ms,
        user: "n".to_owned(),
        address: Some(address.parse().unwrap()),
        device: "phone".to_owned(),
        successful: true,
        ..Login::default()
    }
}

fn located(locations: &Locations, address: &str) -> Login {
    let mut login = from(address, 0);
    locations.locate(&mut login);
    login
}

#[test]
fn an_address_is_found_in_the_files_that_the_operator_has_and_without_any_nothing_changes() {
    let locations = Locations::default().with(cities()).unwrap();
    let locations = locations.with(systems()).unwrap();
    let tokyo = located(&locations, "203.0.113.9");
    assert_eq!(
        (
            tokyo.country.as_str(),
            tokyo.city.as_str(),
            tokyo.network.as_str()
        ),
        ("JP", "Tokyo", "64511")
    );
    assert!(tokyo.area.is_some() && !tokyo.address_is_shared);
    // As an address of IPv4 within one of IPv6, too.
    assert_eq!(located(&locations, "::ffff:203.0.113.9").city, "Tokyo");
    for unknown in ["192.0.2.1", "10.1.2.3", "100.64.7.7", "2001:db8::1"] {
        assert_eq!(located(&locations, unknown), from(unknown, 0), "{unknown}");
    }
    let nothing = located(&Locations::default(), "203.0.113.9");
    assert_eq!(nothing, from("203.0.113.9", 0));
    // What the log says already stays.
    let mut said = from("203.0.113.9", 0);
    said.city = "Yokohama".to_owned();
    locations.locate(&mut said);
    assert_eq!(
        (said.country.as_str(), said.city.as_str()),
        ("JP", "Yokohama")
    );
}

#[test]
fn carriers_and_tunnels_are_told_by_the_files_or_by_the_operator() {
    let kinds = database(
        "Test-Kinds",
        vec![
            (
                "198.51.100.0/25",
                Value::Map(vec![("connection_type", Value::Text("Cellular"))]),
            ),
            (
                "203.0.113.0/25",
                Value::Map(vec![("is_anonymous", Value::Truth(true))]),
            ),
            (
                "203.0.113.128/25",
                Value::Map(vec![(
                    "traits",
                    Value::Map(vec![("user_type", Value::Text("cellular"))]),
                )]),
            ),
        ],
    );
    let locations = Locations::default().with(kinds).unwrap();
    assert!(located(&locations, "198.51.100.1").address_is_shared);
    assert!(!located(&locations, "198.51.100.200").address_is_shared);
    assert!(located(&locations, "203.0.113.1").address_is_shared);
    assert!(located(&locations, "203.0.113.200").address_is_shared);
    let locations = Locations::default().with(systems()).unwrap();
    assert!(!located(&locations, "198.51.100.1").address_is_shared);
    let locations = locations.with_shared([64_496]);
    assert!(located(&locations, "198.51.100.1").address_is_shared);
    assert!(!located(&locations, "203.0.113.1").address_is_shared);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_a_damaged_one_says_nothing_wrong() {
    for bytes in [Vec::new(), b"GIF89a".to_vec(), vec![0; 4_096]] {
        assert!(Locations::default().with(bytes).is_err());
    }
    let whole = cities();
    for at in 0..whole.len() {
        let mut torn = whole.clone();
        torn[at] ^= 0xff;
        if let Ok(locations) = Locations::default().with(torn) {
            let login = located(&locations, "203.0.113.9");
            assert!(login.city.len() < 100, "{at}");
        }
    }
}

/// From Cleveland, and so much later from Tokyo.
fn flight(hours: i64, shared: bool) -> (f64, Vec<Reason>) {
    let locations = Locations::default().with(cities()).unwrap();
    let locations = locations.with(systems()).unwrap();
    let locations = locations.with_shared(shared.then_some(64_511));
    let (roster, premises) = (Roster::default(), Premises::default());
    let hospital = Hospital {
        roster: &roster,
        premises: &premises,
    };
    let (mut house, mut person) = (House::default(), PersonState::default());
    let goes = |house: &mut House, person: &mut PersonState, address: &str, at_ms: i64| {
        let mut login = from(address, at_ms);
        locations.locate(&mut login);
        let weights = house.weigh(person, hospital, &login);
        house.learn(person, hospital, &login, &weights, Outcome::Confirmed);
        weights
    };
    for day in 0..3 {
        goes(&mut house, &mut person, "198.51.100.7", day * 24 * HOUR_MS);
        let weights = goes(
            &mut house,
            &mut person,
            "198.51.100.7",
            day * 24 * HOUR_MS + HOUR_MS,
        );
        assert!(day == 0 || weights.place() == Place::Known);
    }
    let at_ms = (2 * 24 + 1 + hours) * HOUR_MS;
    let weights = goes(&mut house, &mut person, "203.0.113.9", at_ms);
    assert_eq!(weights.place(), Place::Abroad);
    (weights.travel, weights.reasons())
}

#[test]
fn nobody_flies_to_tokyo_within_an_hour_but_a_tunnel_does() {
    let (fast, reasons) = flight(1, false);
    assert!(fast > 0.0 && fast <= 2.0, "weak evidence: {fast}");
    assert!(reasons.contains(&Reason::TooFast), "{reasons:?} {fast}");
    let (flown, _) = flight(48, false);
    assert!(flown < fast, "{flown} {fast}");
    let (tunnelled, reasons) = flight(1, true);
    assert!(tunnelled.abs() < 1e-12, "{tunnelled}");
    assert!(!reasons.contains(&Reason::TooFast));
}
