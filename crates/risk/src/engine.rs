//! The hospital's model: how much more a sign-in is an attacker's than the person's.
//!
//! A sign-in is looked at from few sides: whose turn it is and from what place ([`Duty`], [`Place`]),
//! which key signed ([`Key`]), user agent, hour, failed attempts, lists of bad addresses. For each
//! side the model knows what the person does, and leans on what everybody does as long as it has seen
//! little of the person. Against the product of these stand four kinds of attackers, by assumption
//! (module `attackers`), mixed; the score is the logarithm of the ratio. Travel, an address that
//! fails for many, and likeness to a recent suspicious sign-in are added to it.
//!
//! Each sign-in is learned after it was weighed, and the less the more it looks like an attack: who
//! stays becomes usual in time, who was once let in does not.

use std::collections::{HashMap, VecDeque};

use crate::attackers::ATTACKERS;
use crate::hospital::{Duty, Premises, Roster};
use crate::login::{Login, block};
use crate::tree::{Lean, Tree, believed};

/// What the place of a sign-in is to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An address of the hospital.
    House,
    /// An address that the person was seen at.
    Known,
    /// A network and city that the person was seen in, or a block of addresses.
    Near,
    /// A city that the person was seen in, by another network.
    Town,
    /// A country that the person was seen in.
    Country,
    /// None of these.
    Abroad,
}

/// What is known of the key that signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A device that the person has used.
    Own,
    /// One that many use, and this person not yet: a ward's.
    Shared,
    /// One that is somebody else's.
    Others,
    /// One that nobody has used.
    New,
    /// None signed.
    Missing,
}

/// How much a sign-in looks like an attacker's, in natural logarithms.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Weights {
    /// Duty, place, key, user agent, hour, failed attempts and lists together.
    pub unusual: f64,
    /// How fast one place followed another. Weak evidence: carriers and tunnels move people.
    pub travel: f64,
    /// An address from which sign-ins of several people failed.
    pub spray: f64,
    /// Likeness to a sign-in of the last days that looked like an attack.
    pub company: f64,
}

impl Weights {
    /// All together: higher is riskier.
    pub fn score(&self) -> f64 {
        self.unusual + self.travel + self.spray + self.company
    }
}

const PLACES: usize = 6;
const DUTIES: usize = 5;
const KEYS: usize = 5;
/// Phones and tablets, desktops, all others.
const KINDS: usize = 3;
const GAPS: usize = 5;
const FAILURES: usize = 4;

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Weight of what everybody does, in sign-ins of one person: for duty and place, for hours, for keys
/// of a kind of device, and for keys of a client.
const PEERS: f64 = 10.0;
const PEERS_HOURS: f64 = 8.0;
const PEERS_KEYS: f64 = 1.5;
const PEERS_CLIENT: f64 = 2.0;
/// What a key was used for a hundred sign-ins ago counts a third.
const FADE: f32 = 0.99;
/// A path counts as shown once it was learned with nearly full weight.
const SHOWN: f64 = 0.9;
/// From here on a sign-in looks like an attack.
const SUSPECT: f64 = 5.0;
/// What is learned of a sign-in at least.
const LEAST: f64 = 0.05;
/// So many clients are remembered of a person.
const CLIENTS: usize = 8;
/// So many failed attempts are remembered of a person, and of an address.
const ATTEMPTS: usize = 16;
/// So many addresses are remembered from which attempts failed within a day.
const SPRAYERS: usize = 10_000;
/// A device that so many have used is a ward's.
const SHARERS: usize = 3;

/// A client and how often it signed with which key.
type ClientKeys = ([Box<str>; 3], [f32; KEYS]);

/// What is known of a person.
#[derive(Debug, Clone, Default)]
struct Person {
    sign_ins: f64,
    cells: [[f32; PLACES]; DUTIES],
    keys: [[f32; KEYS]; KINDS],
    clients: Vec<ClientKeys>,
    hours: [f32; 24],
    last: Option<Last>,
    failures: VecDeque<i64>,
    alarm: Option<Alarm>,
}

#[derive(Debug, Clone)]
struct Last {
    at_ms: i64,
    city: String,
    in_house: bool,
}

/// A sign-in that looked like an attack.
#[derive(Debug, Clone)]
struct Alarm {
    at_ms: i64,
    network: String,
    agent: String,
    device: String,
}

/// The sides of a sign-in, each as its place in the tables.
#[derive(Debug, Clone, Copy)]
struct Sides {
    in_house: bool,
    place: usize,
    duty: usize,
    key: usize,
    kind: usize,
    hour: usize,
    failures: usize,
}

/// The model. Persons are numbered by the caller.
#[derive(Debug)]
pub struct Engine {
    roster: Roster,
    premises: Premises,
    networks: Tree,
    towns: Tree,
    agents: Tree,
    devices: Tree,
    /// The first to use a device, [`SHARERS`] at most.
    users: HashMap<String, Vec<u32>>,
    persons: HashMap<u32, Person>,
    cells: [[f64; PLACES]; DUTIES],
    /// By kind of device, and whether in the house.
    keys: [[[f64; KEYS]; 2]; KINDS],
    /// By whether in the house, and whether off duty.
    hours: [[[f64; 24]; 2]; 2],
    travel: [[f64; 2]; GAPS],
    failures: [f64; FAILURES],
    listed: [f64; 2],
    sprays: HashMap<String, VecDeque<(i64, u32)>>,
}

impl Engine {
    /// A model of a hospital that has seen nobody.
    pub fn new(roster: Roster, premises: Premises) -> Self {
        Self {
            roster,
            premises,
            networks: Tree::default(),
            towns: Tree::default(),
            agents: Tree::default(),
            devices: Tree::default(),
            users: HashMap::new(),
            persons: HashMap::new(),
            cells: [[0.3; PLACES]; DUTIES],
            keys: [[[0.5; KEYS]; 2]; KINDS],
            hours: [[[1.0; 24]; 2]; 2],
            travel: [[1.0; 2]; GAPS],
            failures: [20.0, 2.0, 0.5, 0.2],
            listed: [50.0, 1.0],
            sprays: HashMap::new(),
        }
    }

    /// Weighs a sign-in, before it is learned.
    pub fn weigh(&self, person: u32, login: &Login) -> Weights {
        let unknown = Person::default();
        let known = self.persons.get(&person).unwrap_or(&unknown);
        let sides = self.sides(person, known, login);
        Weights {
            unusual: self.unusual(person, known, login, sides),
            travel: self.travelled(known, login, sides.in_house),
            spray: self.sprayed(login, sides.in_house),
            company: company(known, login),
        }
    }

    /// Learns a sign-in that was let in, by how it was weighed.
    pub fn learn(&mut self, person: u32, login: &Login, weights: &Weights) {
        let unknown = Person::default();
        let known = self.persons.get(&person).unwrap_or(&unknown);
        let sides = self.sides(person, known, login);
        let gap = moved(known, login, sides.in_house);
        let score = weights.score();
        let weight = (1.0 / (1.0 + (score - SUSPECT).exp())).max(LEAST);

        if !sides.in_house {
            let at = Outside::of(login);
            self.networks.learn(person, &at.path(login), weight);
        }
        self.towns
            .learn(person, &[&login.country, &login.city], weight);
        self.agents.learn(person, &agent(login), weight);
        if !login.device.is_empty() {
            self.devices.learn(person, &[&login.device], weight);
            let users = self.users.entry(login.device.clone()).or_default();
            if weight >= SHOWN && users.len() < SHARERS && !users.contains(&person) {
                users.push(person);
            }
        }
        let (house, off) = (usize::from(sides.in_house), usize::from(sides.is_off()));
        self.cells[sides.duty][sides.place] += weight;
        self.keys[sides.kind][house][sides.key] += weight;
        self.hours[house][off][sides.hour] += weight;
        self.failures[sides.failures] += weight;
        self.listed[usize::from(login.address_is_bad)] += weight;
        if let Some((gap, moved)) = gap {
            self.travel[gap][usize::from(moved)] += weight;
        }
        let known = self.persons.entry(person).or_default();
        known.learn(login, sides, weight);
        if score > SUSPECT {
            known.alarm = Some(Alarm {
                at_ms: login.at_ms,
                network: login.network.clone(),
                agent: login.agent.clone(),
                device: login.device.clone(),
            });
        }
    }

    /// Learns of an attempt that failed.
    pub fn fail(&mut self, person: u32, login: &Login) {
        // Names that nobody has are tried in any number.
        if let Some(known) = self.persons.get_mut(&person) {
            known.failures.push_back(login.at_ms);
            if known.failures.len() > ATTEMPTS {
                known.failures.pop_front();
            }
        }
        let Some(address) = login.outside().filter(|_| !self.house(login)) else {
            return;
        };
        if self.sprays.len() >= SPRAYERS {
            let old = login.at_ms.saturating_sub(DAY_MS);
            self.sprays
                .retain(|_, seen| seen.back().is_some_and(|(at_ms, _)| *at_ms > old));
            if self.sprays.len() >= SPRAYERS {
                return;
            }
        }
        let seen = self.sprays.entry(block(address).1).or_default();
        seen.push_back((login.at_ms, person));
        if seen.len() > ATTEMPTS {
            seen.pop_front();
        }
    }

    fn house(&self, login: &Login) -> bool {
        login
            .address
            .is_some_and(|address| self.premises.house(address).is_some())
    }

    fn sides(&self, person: u32, known: &Person, login: &Login) -> Sides {
        let in_house = self.house(login);
        let duty = self.roster.duty(&login.user, login.at_ms);
        Sides {
            in_house,
            place: self.place(person, login, in_house) as usize,
            duty: duty as usize,
            key: self.key(person, login) as usize,
            kind: match login.device_kind.as_str() {
                "mobile" | "tablet" => 0,
                "desktop" => 1,
                _ => 2,
            },
            hour: hour_of(login.at_ms),
            failures: recent(known, login.at_ms),
        }
    }

    fn place(&self, person: u32, login: &Login, in_house: bool) -> Place {
        if in_house {
            return Place::House;
        }
        let at = Outside::of(login);
        let path = at.path(login);
        // What is not known is no place that anybody could have been at.
        let been = |path: &[&str], said: bool| said && self.networks.shown(person, path) >= SHOWN;
        let town =
            |path: &[&str], said: &str| !said.is_empty() && self.towns.shown(person, path) >= SHOWN;
        let located = !login.network.is_empty() || !login.city.is_empty();
        if been(&path, !at.address.is_empty()) {
            Place::Known
        } else if been(&path[..3], located) || been(&path[..4], !at.block.is_empty()) {
            Place::Near
        } else if town(&[&login.country, &login.city], &login.city) {
            Place::Town
        } else if town(&[&login.country], &login.country) {
            Place::Country
        } else {
            Place::Abroad
        }
    }

    fn key(&self, person: u32, login: &Login) -> Key {
        if login.device.is_empty() {
            return Key::Missing;
        }
        if self.devices.shown(person, &[&login.device]) >= SHOWN {
            return Key::Own;
        }
        let users = self.users.get(&login.device);
        let others = users.map_or(0, |users| {
            users.iter().filter(|user| **user != person).count()
        });
        match others {
            0 => Key::New,
            SHARERS.. => Key::Shared,
            _ => Key::Others,
        }
    }

    /// The logarithm of the ratio of all attackers to the person.
    fn unusual(&self, person: u32, known: &Person, login: &Login, sides: Sides) -> f64 {
        // Without a roster an attacker meets every duty alike, so only the place is compared.
        let planned = sides.duty != Duty::Unknown as usize;
        let (everybody, all): (f64, f64) = if planned {
            (self.cells.iter().flatten().sum(), known.sign_ins)
        } else {
            let own: f32 = known.cells[sides.duty].iter().sum();
            (self.cells[sides.duty].iter().sum(), f64::from(own))
        };
        let cell = self.cells[sides.duty][sides.place] / everybody;
        let own = f64::from(known.cells[sides.duty][sides.place]);
        let standing = (believed(own) + PEERS * cell) / (all + PEERS);

        let key = self.key_probability(known, login, sides);
        let agent = self
            .agents
            .surprise(Lean::Level, person, &agent(login))
            .exp();
        let near = [Place::Known as usize, Place::Near as usize].contains(&sides.place);
        let network = if near {
            let path = [&*login.country, &*login.network, &*login.city];
            self.networks.surprise(Lean::Level, person, &path).exp()
        } else {
            1.0
        };
        let hour = 1.0 / 24.0 / self.hour_probability(known, sides);
        let failures = self.failures[sides.failures] / self.failures.iter().sum::<f64>();
        let listed =
            self.listed[usize::from(login.address_is_bad)] / self.listed.iter().sum::<f64>();

        let either = |own: f64, ratio: f64| own + (1.0 - own) * ratio;
        let mixed: f64 = ATTACKERS
            .iter()
            .map(|attacker| {
                let duty = if planned {
                    attacker.duties[sides.duty]
                } else {
                    1.0
                };
                let on_list = if login.address_is_bad {
                    attacker.listed
                } else {
                    1.0 - attacker.listed
                };
                attacker.share
                    * (attacker.places[sides.place] * duty / standing)
                    * (attacker.keys[sides.key] / key)
                    * either(attacker.own_agent, agent)
                    * either(attacker.own_hours, hour)
                    * either(attacker.own_network, network)
                    * (attacker.failures[sides.failures] / failures)
                    * (on_list / listed)
            })
            .sum();
        mixed.ln()
    }

    /// How often the person signs so from such a client: by this client, by its kind of device, by
    /// everybody.
    fn key_probability(&self, known: &Person, login: &Login, sides: Sides) -> f64 {
        let peers = &self.keys[sides.kind][usize::from(sides.in_house)];
        let peers = peers[sides.key] / peers.iter().sum::<f64>();
        let lean = |own: &[f32; KEYS], above: f64, weight: f64| {
            let all: f32 = own.iter().sum();
            (f64::from(own[sides.key]) + weight * above) / (f64::from(all) + weight)
        };
        let of_kind = lean(&known.keys[sides.kind], peers, PEERS_KEYS);
        match known.client(login) {
            Some(own) => lean(own, of_kind, PEERS_CLIENT),
            None => of_kind,
        }
    }

    /// How often the person signs in at such an hour, neighbours counted half.
    fn hour_probability(&self, known: &Person, sides: Sides) -> f64 {
        let around = |hours: &dyn Fn(usize) -> f64| {
            let (before, after) = ((sides.hour + 23) % 24, (sides.hour + 1) % 24);
            0.5 * hours(sides.hour) + 0.25 * (hours(before) + hours(after))
        };
        let peers = &self.hours[usize::from(sides.in_house)][usize::from(sides.is_off())];
        let everybody: f64 = peers.iter().sum();
        let own = around(&|hour| f64::from(known.hours[hour]));
        let peers = around(&|hour| peers[hour] / everybody);
        (own + PEERS_HOURS * peers) / (known.sign_ins + PEERS_HOURS)
    }

    fn travelled(&self, known: &Person, login: &Login, in_house: bool) -> f64 {
        let Some((gap, moved)) = moved(known, login, in_house) else {
            return 0.0;
        };
        let counts = self.travel[gap];
        let legitimate = counts[usize::from(moved)] / (counts[0] + counts[1]);
        let attacker: f64 = if moved { 0.8 } else { 0.2 };
        (attacker.ln() - legitimate.ln()).clamp(-0.5, 2.0)
    }

    fn sprayed(&self, login: &Login, in_house: bool) -> f64 {
        let address = login.outside().filter(|_| !in_house);
        let seen = address.and_then(|address| self.sprays.get(&block(address).1));
        let Some(seen) = seen else {
            return 0.0;
        };
        let mut persons: Vec<u32> = seen
            .iter()
            .filter(|(at_ms, _)| login.at_ms.saturating_sub(*at_ms) < DAY_MS)
            .map(|(_, person)| *person)
            .collect();
        persons.sort_unstable();
        persons.dedup();
        match persons.len() {
            0 | 1 => 0.0,
            2 => 1.0,
            _ => 2.5,
        }
    }
}

impl Sides {
    fn is_off(self) -> bool {
        self.duty == Duty::Off as usize
    }
}

impl Person {
    fn client(&self, login: &Login) -> Option<&[f32; KEYS]> {
        let client = login.client();
        let found = self
            .clients
            .iter()
            .find(|(known, _)| known.iter().map(AsRef::as_ref).eq(client));
        found.map(|(_, keys)| keys)
    }

    fn learn(&mut self, login: &Login, sides: Sides, weight: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a weight of at most one needs no more digits"
        )]
        let part = weight as f32;
        self.sign_ins += weight;
        self.cells[sides.duty][sides.place] += part;
        self.hours[sides.hour] += part;
        for count in &mut self.keys[sides.kind] {
            *count *= FADE;
        }
        self.keys[sides.kind][sides.key] += part;
        let client = login.client();
        let known = self
            .clients
            .iter()
            .position(|(known, _)| known.iter().map(AsRef::as_ref).eq(client));
        // The last stands in front, so the one that goes is the one not used for longest.
        let (name, mut keys) = match known {
            Some(at) => self.clients.remove(at),
            None => (client.map(Box::from), [0.0; KEYS]),
        };
        keys[sides.key] += part;
        self.clients.insert(0, (name, keys));
        self.clients.truncate(CLIENTS);
        self.failures.clear();
        if self
            .last
            .as_ref()
            .is_none_or(|last| last.at_ms <= login.at_ms)
        {
            self.last = Some(Last {
                at_ms: login.at_ms,
                city: login.city.clone(),
                in_house: sides.in_house,
            });
        }
    }
}

fn company(known: &Person, login: &Login) -> f64 {
    match &known.alarm {
        Some(alarm)
            if login.at_ms.saturating_sub(alarm.at_ms) < 7 * DAY_MS
                && alarm.agent == login.agent
                && alarm.network == login.network
                && alarm.device == login.device =>
        {
            1.0
        }
        _ => 0.0,
    }
}

/// How long since the last sign-in, in bins, and whether the place is another one.
fn moved(known: &Person, login: &Login, in_house: bool) -> Option<(usize, bool)> {
    let last = known.last.as_ref()?;
    let gap = match login.at_ms.saturating_sub(last.at_ms) {
        // A row out of order says nothing of how fast anybody moved.
        ..0 => return None,
        0..900_000 => 0,
        900_000..3_600_000 => 1,
        3_600_000..14_400_000 => 2,
        14_400_000..43_200_000 => 3,
        _ => 4,
    };
    let unknown = last.city.is_empty() || login.city.is_empty();
    match (last.in_house, in_house) {
        (true, true) => Some((gap, false)),
        (false, false) if unknown => None,
        (false, false) => Some((gap, last.city != login.city)),
        _ => Some((gap, true)),
    }
}

/// Failed attempts of the last hour, in bins.
fn recent(known: &Person, at_ms: i64) -> usize {
    let recent = known
        .failures
        .iter()
        .filter(|at| at_ms.saturating_sub(**at) < HOUR_MS);
    match recent.count() {
        0 => 0,
        1 => 1,
        2 | 3 => 2,
        _ => 3,
    }
}

/// The hour of the day, UTC.
fn hour_of(at_ms: i64) -> usize {
    usize::try_from(at_ms.div_euclid(HOUR_MS).rem_euclid(24)).unwrap_or(0)
}

/// Where a sign-in from outside came from, as far as its address tells; empty where it does not.
struct Outside {
    block: String,
    address: String,
}

impl Outside {
    fn of(login: &Login) -> Self {
        let (block, address) = login.outside().map(block).unwrap_or_default();
        Self { block, address }
    }

    fn path<'a>(&'a self, login: &'a Login) -> [&'a str; 5] {
        [
            &login.country,
            &login.network,
            &login.city,
            &self.block,
            &self.address,
        ]
    }
}

fn agent(login: &Login) -> [&str; 5] {
    let [kind, system, browser] = login.client();
    [kind, system, browser, &login.system, &login.agent]
}
