//! What one person has shown: a state of a few kilobytes that a server keeps beside the account.

use serde::{Deserialize, Serialize};

use crate::area::Area;
use crate::fade::{DAY_MS, left, narrow};
use crate::hours::Hours;
use crate::login::Login;
use crate::sides::{DUTIES, KEYS, KINDS, Marks, PLACES, Place, Sides};
use crate::state::{self, StateError};
use crate::table::{Table, add};
use crate::tree::is_count;

/// What a person has shown and does not show again counts half after so many days.
pub(crate) const HALF_LIFE_DAYS: f64 = 150.0;

/// What one person has shown. A new one leans on what everybody does. Its bytes
/// ([`PersonState::to_bytes`]) are fewer than 4,000, whatever was learned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PersonState {
    /// The day up to which everything has faded.
    pub(crate) day: i32,
    pub(crate) networks: Table<88>,
    pub(crate) towns: Table<16>,
    pub(crate) agents: Table<48>,
    pub(crate) devices: Table<16>,
    pub(crate) cells: [[f32; PLACES]; DUTIES],
    pub(crate) keys: [[f32; KEYS]; KINDS],
    pub(crate) hours: Hours,
    clients: Vec<Client>,
    pub(crate) last: Option<Last>,
    /// When attempts failed, oldest first.
    failures: Vec<i64>,
    alarms: Vec<Alarm>,
    /// What was learned last, oldest first.
    recent: Vec<Learned>,
}

/// A client, and how often it signed with which key.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Client {
    #[serde(with = "postcard::fixint::le")]
    mark: u64,
    keys: [f32; KEYS],
}

/// Where the last sign-in was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) at_ms: i64,
    pub(crate) city: Option<u64>,
    pub(crate) in_house: bool,
    /// Where the address was; absent where that is not known, or says nothing.
    pub(crate) area: Option<Area>,
    pub(crate) shared: bool,
}

/// A sign-in that looked like an attack, or was one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Alarm {
    at_ms: i64,
    #[serde(with = "postcard::fixint::le")]
    company: u64,
    denied: bool,
}

/// A sign-in that was learned.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Learned {
    pub(crate) at_ms: i64,
    /// With what weight.
    pub(crate) weight: f32,
    /// What it taught: less, where it was suspect.
    pub(crate) taught: f32,
    /// What it was weighed.
    pub(crate) risk: u8,
}

impl PersonState {
    /// The state as bytes, the version first.
    ///
    /// # Errors
    /// [`StateError::Malformed`], which no state that this crate made gives.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StateError> {
        state::to_bytes(VERSION, self)
    }

    /// A state of its bytes.
    ///
    /// # Errors
    /// [`StateError`]; the caller begins with a new state then.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let person: Self = state::from_bytes(VERSION, bytes)?;
        if person.is_sound() {
            Ok(person)
        } else {
            Err(StateError::Malformed)
        }
    }

    /// Whether nothing was learned of the person that has not faded.
    pub fn is_new(&self) -> bool {
        self.sign_ins() <= 0.0
    }

    /// How often the person was seen, by weight.
    pub(crate) fn sign_ins(&self) -> f64 {
        f64::from(self.cells.iter().flatten().sum::<f32>())
    }

    /// How often from outside the hospital's houses.
    pub(crate) fn outside(&self) -> f64 {
        let inside = |places: &[f32; PLACES]| places[Place::House as usize];
        let inside = f64::from(self.cells.iter().map(inside).sum::<f32>());
        (self.sign_ins() - inside).max(0.0)
    }

    /// Learns a sign-in, and tells how much of it was learned. No count that has reached `most` grows,
    /// and a sign-in that has a `most` fades nothing.
    pub(crate) fn learn(
        &mut self,
        marks: &Marks,
        sides: Sides,
        key: usize,
        (weight, most): (f32, f32),
    ) -> f32 {
        if !sides.in_house {
            self.networks.learn(marks.network(), weight, most);
        }
        self.towns.learn(&marks.town, weight, most);
        self.agents.learn(&marks.agent, weight, most);
        if let Some(device) = marks.device {
            self.devices.learn(&[device], weight, most);
        }
        let plain = most.is_infinite();
        let cell = &mut self.cells[sides.moment.duty as usize][sides.place as usize];
        let before = *cell;
        add(cell, weight, most);
        let learned = *cell - before;
        for count in self.hours.of_mut(sides.moment) {
            add(count, weight, most);
        }
        let keys = &mut self.keys[sides.kind];
        if plain {
            for count in keys.iter_mut() {
                *count *= FADE;
            }
            self.failures.clear();
        }
        add(&mut keys[key], weight, most);
        add(&mut self.client_mut(marks.client())[key], weight, most);
        learned
    }

    /// Where the person is now. Rows out of order say nothing of it.
    pub(crate) fn arrive(&mut self, login: &Login, marks: &Marks, in_house: bool) {
        if self.last.is_none_or(|last| last.at_ms <= login.at_ms) {
            let [_, city] = marks.town;
            self.last = Some(Last {
                at_ms: login.at_ms,
                city: (!login.city.is_empty()).then_some(city),
                in_house,
                area: login.area.filter(|_| !login.address_is_shared),
                shared: login.address_is_shared,
            });
        }
    }

    /// Takes back what a sign-in taught of networks, agents and devices; then the sides are what they
    /// were before, and [`PersonState::forget_sides`] takes back the rest.
    pub(crate) fn forget_marks(&mut self, marks: &Marks, weight: f32) {
        self.networks.forget(marks.network(), weight);
        self.towns.forget(&marks.town, weight);
        self.agents.forget(&marks.agent, weight);
        if let Some(device) = marks.device {
            self.devices.forget(&[device], weight);
        }
    }

    pub(crate) fn forget_sides(&mut self, marks: &Marks, sides: Sides, key: usize, weight: f32) {
        let less = |count: &mut f32| *count = (*count - weight).max(0.0);
        less(&mut self.cells[sides.moment.duty as usize][sides.place as usize]);
        self.hours.of_mut(sides.moment).for_each(less);
        less(&mut self.keys[sides.kind][key]);
        let client = self.clients.iter_mut().find(|it| it.mark == marks.client());
        if let Some(client) = client {
            less(&mut client.keys[key]);
        }
    }

    /// Learns of an attempt that failed.
    pub(crate) fn fail(&mut self, at_ms: i64) {
        push(&mut self.failures, at_ms, ATTEMPTS);
    }

    /// How many attempts failed after a moment, until another.
    pub(crate) fn failed_since(&self, from_ms: i64, until_ms: i64) -> usize {
        let failed = self.failures.iter();
        failed
            .filter(|at| (from_ms + 1..=until_ms).contains(at))
            .count()
    }

    /// What is known of how a sign-in was learned, if it was one of the last.
    pub(crate) fn learned(&self, at_ms: i64) -> Option<Learned> {
        let mut recent = self.recent.iter();
        recent.find(|learned| learned.at_ms == at_ms).copied()
    }

    pub(crate) fn note_learned(&mut self, learned: Learned) {
        self.note_forgotten(learned.at_ms);
        push(&mut self.recent, learned, RECENT);
    }

    pub(crate) fn note_forgotten(&mut self, at_ms: i64) {
        self.recent.retain(|learned| learned.at_ms != at_ms);
    }

    pub(crate) fn raise_alarm(&mut self, at_ms: i64, marks: &Marks, denied: bool) {
        let company = marks.company();
        let denied = denied || self.denied(company);
        self.clear_alarm(marks);
        let alarm = Alarm {
            at_ms,
            company,
            denied,
        };
        push(&mut self.alarms, alarm, ALARMS);
    }

    /// The person says that a sign-in like these was theirs.
    pub(crate) fn clear_alarm(&mut self, marks: &Marks) {
        let company = marks.company();
        self.alarms.retain(|alarm| alarm.company != company);
    }

    /// Likeness to a sign-in of the last days that looked like an attack, or was one.
    pub(crate) fn company(&self, at_ms: i64, marks: &Marks) -> f64 {
        let company = marks.company();
        let alike = |alarm: &&Alarm| {
            alarm.company == company && at_ms.saturating_sub(alarm.at_ms) < 7 * DAY_MS
        };
        match self.alarms.iter().find(alike) {
            Some(alarm) if alarm.denied => 2.0,
            Some(_) => 1.0,
            None => 0.0,
        }
    }

    /// How often a client signed with which key; absent where it is not known.
    pub(crate) fn client(&self, mark: u64) -> Option<&[f32; KEYS]> {
        let found = self.clients.iter().find(|client| client.mark == mark);
        found.map(|client| &client.keys)
    }

    /// Lets everything fade up to a day. A day before the last one changes nothing.
    pub(crate) fn fade(&mut self, day: i32) {
        if day <= self.day {
            return;
        }
        let left = narrow(left(self.day, day, HALF_LIFE_DAYS));
        self.day = day;
        self.networks.fade(left);
        self.towns.fade(left);
        self.agents.fade(left);
        self.devices.fade(left);
        let cells = self.cells.iter_mut().flatten();
        let keys = self.keys.iter_mut().flatten();
        let clients = self.clients.iter_mut().flat_map(|client| &mut client.keys);
        let counts = cells.chain(keys).chain(clients).chain(self.hours.all_mut());
        counts.for_each(|count| *count *= left);
    }

    fn denied(&self, company: u64) -> bool {
        let mut alarms = self.alarms.iter();
        alarms.any(|alarm| alarm.company == company && alarm.denied)
    }

    /// The counts of a client. Where there are too many, the one that was used least goes.
    fn client_mut(&mut self, mark: u64) -> &mut [f32; KEYS] {
        let known = self.clients.iter().position(|client| client.mark == mark);
        let at = known.unwrap_or_else(|| {
            let used = |client: &Client| client.keys.iter().sum::<f32>();
            let clients = self.clients.iter().enumerate();
            let least = clients.min_by(|(_, a), (_, b)| used(a).total_cmp(&used(b)));
            if let Some((at, _)) = least.filter(|_| self.clients.len() >= CLIENTS) {
                self.clients.remove(at);
            }
            let keys = [0.0; KEYS];
            self.clients.push(Client { mark, keys });
            self.clients.len() - 1
        });
        // Found there, or put there, just now.
        &mut self.clients[at].keys
    }

    fn is_sound(&self) -> bool {
        let cells = self.cells.iter().flatten();
        let keys = self.keys.iter().flatten();
        let clients = self.clients.iter().flat_map(|client| &client.keys);
        let mut counts = cells.chain(keys).chain(clients).chain(self.hours.all());
        counts.all(|count| is_count(f64::from(*count)))
            && self.networks.is_sound()
            && self.towns.is_sound()
            && self.agents.is_sound()
            && self.devices.is_sound()
            && self.clients.len() <= CLIENTS
            && self.failures.len() <= ATTEMPTS
            && self.alarms.len() <= ALARMS
            && self.recent.len() <= RECENT
            && self
                .last
                .and_then(|last| last.area)
                .is_none_or(Area::is_sound)
    }
}

/// Adds at the end, and drops the first where there are too many.
fn push<T>(list: &mut Vec<T>, item: T, most: usize) {
    if list.len() >= most {
        list.remove(0);
    }
    list.push(item);
}

/// The version of the bytes.
const VERSION: u8 = 2;
/// What a key was used for a hundred sign-ins ago counts a third.
const FADE: f32 = 0.99;
/// So many clients are remembered.
const CLIENTS: usize = 8;
/// So many failed attempts are remembered.
const ATTEMPTS: usize = 16;
/// So many alarms are remembered.
const ALARMS: usize = 4;
/// So many sign-ins can be taken back, or confirmed afterwards.
const RECENT: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hospital::{Hospital, Premises, Roster};

    #[test]
    fn everything_that_is_counted_is_half_gone_after_the_half_life() {
        let (roster, premises) = (Roster::default(), Premises::default());
        let hospital = Hospital {
            roster: &roster,
            premises: &premises,
        };
        let login = Login {
            user: "n".to_owned(),
            country: "US".to_owned(),
            agent: "x".to_owned(),
            device: "d".to_owned(),
            ..Login::default()
        };
        let marks = Marks::of(&login);
        let mut person = PersonState::default();
        let sides = Sides::of(&person, hospital, &login, &marks);
        person.learn(&marks, sides, 0, (1.0, f32::INFINITY));
        let counts = |person: &PersonState| {
            let [.., agent] = marks.agent;
            let tables = [
                person.networks.shown(marks.carrier()[0]),
                person.towns.shown(marks.town[0]),
                person.agents.shown(agent),
                person.devices.shown(marks.device.unwrap_or_default()),
                person.sign_ins(),
                f64::from(person.keys.iter().flatten().sum::<f32>()),
                f64::from(person.hours.all().sum::<f32>()),
            ];
            let clients = person.clients.iter().flat_map(|client| client.keys);
            let clients = f64::from(clients.sum::<f32>());
            tables.into_iter().chain([clients]).collect::<Vec<f64>>()
        };
        let before = counts(&person);
        person.fade(150);
        for (before, after) in before.into_iter().zip(counts(&person)) {
            assert!(before > 0.0 && (after / before - 0.5).abs() < 1e-6);
        }
        // A clock that goes back changes nothing.
        let faded = person.clone();
        person.fade(100);
        assert_eq!(person, faded);
    }
}
