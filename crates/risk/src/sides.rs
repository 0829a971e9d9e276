//! The sides from which a sign-in is looked at.

use crate::fade::left;
use crate::hospital::{Hospital, Moment};
use crate::login::{Login, block};
use crate::mark::{mark, numbered, path};
use crate::peers::{GroupsOf, groups_of};
use crate::person::{HALF_LIFE_DAYS, PersonState};

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

pub(crate) const PLACES: usize = 6;
pub(crate) const DUTIES: usize = 5;
pub(crate) const KEYS: usize = 5;
/// Phones and tablets, desktops, all others.
pub(crate) const KINDS: usize = 3;
pub(crate) const GAPS: usize = 5;
pub(crate) const FAILURES: usize = 4;

/// What was shown counts as known from here on. Once is enough, for as long as most of it has not
/// faded, where the sign-in looked like the person's; never, where it looked like an attack.
pub(crate) const SHOWN: f64 = 0.65;

const NEW: f64 = 10.0;
const NO_LONGER: f64 = 90.0;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A sign-in's values as marks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    pub(crate) person: u64,
    /// Country, network and city, and of an address from outside its block and itself.
    network: [u64; 5],
    /// How many of `network` are said.
    levels: usize,
    /// Country and city.
    pub(crate) town: [u64; 2],
    /// Kind of device, system, browser, both with their versions, the whole user agent.
    pub(crate) agent: [u64; 5],
    /// The enrolled device whose key signed.
    pub(crate) device: Option<u64>,
}

/// The sides of a sign-in, as they are to the person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides {
    pub(crate) in_house: bool,
    pub(crate) place: Place,
    pub(crate) moment: Moment,
    /// Whose people the person is measured by.
    pub(crate) groups: GroupsOf,
    /// How much the person leans on them, 0 to 1.
    pub(crate) newness: f64,
    /// The place of the kind of device in the tables.
    pub(crate) kind: usize,
    /// Failed attempts of the last hour, in bins.
    pub(crate) failures: usize,
    /// How much of what is known of the person has not faded.
    pub(crate) left: f64,
}

impl Marks {
    pub(crate) fn of(login: &Login) -> Self {
        let [kind, system, browser] = login.client();
        let [country, network, city] = path([&login.country, &login.network, &login.city]);
        let (wide, narrow) = login.outside().map(block).unwrap_or_default();
        let wide = numbered(city, wide);
        Self {
            person: path([&login.user])[0],
            network: [country, network, city, wide, numbered(wide, narrow)],
            levels: if login.outside().is_some() { 5 } else { 3 },
            town: path([&login.country, &login.city]),
            agent: path([kind, system, browser, &login.system, &login.agent]),
            device: (!login.device.is_empty()).then(|| mark(DEVICES, &login.device)),
        }
    }

    /// The network as far as it is said.
    pub(crate) fn network(&self) -> &[u64] {
        self.network.get(..self.levels).unwrap_or_default()
    }

    /// Country, network and city.
    pub(crate) fn carrier(&self) -> [u64; 3] {
        let [country, network, city, ..] = self.network;
        [country, network, city]
    }

    /// Kind of device, system and browser together.
    pub(crate) fn client(&self) -> u64 {
        let [_, _, client, ..] = self.agent;
        client
    }

    /// Where from, with what and with which key: what a second attack shares with a first.
    pub(crate) fn company(&self) -> u64 {
        let [.., agent] = self.agent;
        let [_, network, ..] = self.network;
        numbered(numbered(agent, network), self.device.unwrap_or_default())
    }
}

impl Sides {
    pub(crate) fn of(
        person: &PersonState,
        hospital: Hospital<'_>,
        login: &Login,
        marks: &Marks,
    ) -> Self {
        let house = |address| hospital.premises.house(address).is_some();
        let in_house = login.address.is_some_and(house);
        let left = left(person.day, login.day(), HALF_LIFE_DAYS);
        Self {
            in_house,
            place: if in_house {
                Place::House
            } else {
                place(person, login, marks, left)
            },
            moment: hospital.roster.moment(&login.user, login.at_ms),
            groups: if login.role.is_empty() {
                None
            } else {
                let pattern = hospital.roster.pattern(&login.user, login.at_ms);
                groups_of(&login.role, pattern)
            },
            newness: newness(person.sign_ins() * left),
            kind: match login.device_kind.as_str() {
                "mobile" | "tablet" => 0,
                "desktop" => 1,
                _ => 2,
            },
            failures: match person.failed_since(login.at_ms.saturating_sub(HOUR_MS), login.at_ms) {
                0 => 0,
                1 => 1,
                2 | 3 => 2,
                _ => 3,
            },
            left,
        }
    }
}

fn place(person: &PersonState, login: &Login, marks: &Marks, left: f64) -> Place {
    let [_, _, city, wide, narrow] = marks.network;
    // What is not said is no place that anybody could have been at.
    let been = |mark: u64, said: bool| said && person.networks.shown(mark) * left >= SHOWN;
    let town = |mark: u64, said: &str| !said.is_empty() && person.towns.shown(mark) * left >= SHOWN;
    let located = !login.network.is_empty() || !login.city.is_empty();
    let addressed = marks.levels > 3;
    let [of_country, of_city] = marks.town;
    if been(narrow, addressed) {
        Place::Known
    } else if been(city, located) || been(wide, addressed) {
        Place::Near
    } else if town(of_city, &login.city) {
        Place::Town
    } else if town(of_country, &login.country) {
        Place::Country
    } else {
        Place::Abroad
    }
}

/// How much somebody leans on their peers who was seen so often: all at first, about half after ten
/// sign-ins, not at all after ninety.
fn newness(sign_ins: f64) -> f64 {
    let share = |sign_ins: f64| NEW / (NEW + sign_ins);
    ((share(sign_ins) - share(NO_LONGER)) / (1.0 - share(NO_LONGER))).max(0.0)
}

/// How long since the person's last sign-in, in bins, and whether the place is another one.
pub(crate) fn moved(
    person: &PersonState,
    login: &Login,
    marks: &Marks,
    in_house: bool,
) -> Option<(usize, bool)> {
    let last = person.last?;
    let gap = match login.at_ms.saturating_sub(last.at_ms) {
        // A row out of order says nothing of how fast anybody moved.
        ..0 => return None,
        0..900_000 => 0,
        900_000..3_600_000 => 1,
        3_600_000..14_400_000 => 2,
        14_400_000..43_200_000 => 3,
        _ => 4,
    };
    let [_, city] = marks.town;
    match (last.in_house, in_house) {
        (true, true) => Some((gap, false)),
        (false, false) => {
            let before = last.city?;
            (!login.city.is_empty()).then_some((gap, before != city))
        }
        _ => Some((gap, true)),
    }
}

/// What marks of devices stand below, so that they are none of a network.
const DEVICES: u64 = 1;
