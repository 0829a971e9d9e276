//! What was counted of a hospital's sign-ins: what everybody does, on which a person leans of whom
//! little was seen, and which addresses and devices are whose.

use std::collections::HashMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::fade::{self, DAY_MS, left};
use crate::hospital::Duty;
use crate::hours::Hours;
use crate::login::{Login, block};
use crate::pace::Pace;
use crate::peers::Groups;
use crate::person::PersonState;
use crate::sides::{DUTIES, FAILURES, GAPS, KEYS, KINDS, Key, Marks, PLACES, SHOWN, Sides};
use crate::tree::{Tree, is_count};
use crate::weights::LEVELS;

/// What was counted of a hospital's sign-ins, by one node or by all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// The day up to which everything has faded.
    pub(crate) day: i32,
    /// Country, network, city.
    pub(crate) networks: Tree,
    pub(crate) agents: Tree,
    pub(crate) devices: HashMap<u64, Users>,
    pub(crate) cells: [[f64; PLACES]; DUTIES],
    /// By kind of device, and whether in the house.
    pub(crate) keys: [[[f64; KEYS]; 2]; KINDS],
    /// By whether in the house, and whether off duty.
    pub(crate) hours: [[Hours; 2]; 2],
    pub(crate) travel: [[f64; 2]; GAPS],
    pub(crate) failures: [f64; FAILURES],
    pub(crate) listed: [f64; 2],
    /// All that were let in but those from outside without a key, and these. What is not suspect
    /// counts in full, lest whoever has no key be ever more unusual for being so.
    pub(crate) keyless: [f64; 2],
    pub(crate) sprays: HashMap<u64, Spray>,
    /// How many legitimate sign-ins had which risk.
    pub(crate) risks: Vec<f64>,
    /// What peers do, by group.
    pub(crate) groups: Groups,
    /// How many records everybody opens.
    pub(crate) pace: Pace,
}

/// Who uses a device.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Users {
    /// The first of them, [`SHARERS`] at most.
    pub(crate) persons: Vec<u64>,
    /// The day of the last use.
    pub(crate) day: i32,
}

/// Attempts that failed from one address: each person's last one, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spray(pub(crate) Vec<(i64, u64)>);

impl Default for Counts {
    fn default() -> Self {
        Self {
            day: 0,
            networks: Tree::default(),
            agents: Tree::default(),
            devices: HashMap::new(),
            cells: [[0.0; PLACES]; DUTIES],
            keys: [[[0.0; KEYS]; 2]; KINDS],
            hours: [[Hours::default(); 2]; 2],
            travel: [[0.0; 2]; GAPS],
            failures: [0.0; FAILURES],
            listed: [0.0; 2],
            keyless: [0.0; 2],
            sprays: HashMap::new(),
            risks: vec![0.0; LEVELS],
            groups: Groups::default(),
            pace: Pace::default(),
        }
    }
}

impl Counts {
    /// The share of legitimate sign-ins of the last months that had at least such a risk, 0 to 1:
    /// how many would be asked for more by a threshold. Absent as long as few were seen.
    pub(crate) fn share_asked(&self, threshold: u8) -> Option<f64> {
        let all: f64 = self.risks.iter().sum();
        let above: f64 = self.risks.iter().skip(usize::from(threshold)).sum();
        (all >= FEWEST).then(|| above / all)
    }

    pub(crate) fn key(&self, person: &PersonState, marks: &Marks, left: f64) -> Key {
        let Some(device) = marks.device else {
            return Key::Missing;
        };
        if person.devices.shown(device) * left >= SHOWN {
            return Key::Own;
        }
        let users = self.devices.get(&device);
        let others = users.map_or(0, |users| {
            let others = users.persons.iter().filter(|user| **user != marks.person);
            others.count()
        });
        match others {
            0 => Key::New,
            SHARERS.. => Key::Shared,
            _ => Key::Others,
        }
    }

    /// From how many persons attempts failed within a day at a sign-in's address.
    pub(crate) fn sprayed(&self, login: &Login, in_house: bool) -> usize {
        let address = login.outside().filter(|_| !in_house);
        let spray = address.and_then(|address| self.sprays.get(&block(address).1));
        spray.map_or(0, |spray| {
            let recent = |at_ms: i64| login.at_ms.saturating_sub(at_ms) < DAY_MS;
            spray.0.iter().filter(|(at_ms, _)| recent(*at_ms)).count()
        })
    }

    /// Learns who uses the device that signed.
    pub(crate) fn learn_user(&mut self, person: &PersonState, marks: &Marks, day: i32) {
        let Some(device) = marks.device else {
            return;
        };
        if person.devices.shown(device) < SHOWN {
            return;
        }
        if self.devices.len() >= DEVICES && !self.devices.contains_key(&device) {
            drop_oldest(&mut self.devices, |users| i64::from(users.day));
        }
        let users = self.devices.entry(device).or_default();
        users.day = users.day.max(day);
        if users.persons.len() < SHARERS && !users.persons.contains(&marks.person) {
            users.persons.push(marks.person);
        }
    }

    /// Takes back who uses the device that signed, where the person has not shown it any more.
    pub(crate) fn forget_user(&mut self, person: &PersonState, marks: &Marks) {
        if let Some(device) = marks.device
            && person.devices.shown(device) < SHOWN
            && let Some(users) = self.devices.get_mut(&device)
        {
            users.persons.retain(|user| *user != marks.person);
        }
    }

    /// Learns that an attempt failed.
    pub(crate) fn learn_failure(&mut self, address: IpAddr, at_ms: i64, person: u64) {
        let address = block(address).1;
        if self.sprays.len() >= SPRAYERS && !self.sprays.contains_key(&address) {
            drop_oldest(&mut self.sprays, Spray::last);
        }
        let Spray(seen) = self.sprays.entry(address).or_default();
        seen.retain(|(_, tried)| *tried != person);
        seen.push((at_ms, person));
        if seen.len() > TRIED {
            seen.remove(0);
        }
    }

    /// Lets everything fade up to a day. A day before the last one changes nothing.
    pub(crate) fn fade(&mut self, day: i32) {
        if day <= self.day {
            return;
        }
        let kept = left(self.day, day, HALF_LIFE_DAYS);
        let risks = left(self.day, day, RISKS_HALF_LIFE_DAYS);
        self.day = day;
        self.networks.fade(kept);
        self.agents.fade(kept);
        self.all_mut().for_each(|count| *count *= kept);
        let hours = self.hours.iter_mut().flatten();
        for count in hours.flat_map(Hours::all_mut) {
            *count *= fade::narrow(kept);
        }
        self.groups.fade(fade::narrow(kept));
        self.pace.fade(fade::narrow(kept));
        for count in &mut self.risks {
            *count *= risks;
        }
        let used = |users: &Users| day.saturating_sub(users.day) < UNUSED_DAYS;
        self.devices.retain(|_, users| used(users));
        let begin_ms = i64::from(day).saturating_sub(1).saturating_mul(DAY_MS);
        self.sprays.retain(|_, spray| spray.last() >= begin_ms);
    }

    /// All counts that fade alike and are of many digits.
    pub(crate) fn all(&self) -> impl Iterator<Item = &f64> {
        let cells = self.cells.iter().flatten();
        let keys = self.keys.iter().flatten().flatten();
        let travel = self.travel.iter().flatten();
        let counts = cells.chain(keys).chain(travel).chain(&self.failures);
        counts.chain(&self.listed).chain(&self.keyless)
    }

    /// The same, in the same order.
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut f64> {
        let cells = self.cells.iter_mut().flatten();
        let keys = self.keys.iter_mut().flatten().flatten();
        let travel = self.travel.iter_mut().flatten();
        let counts = cells.chain(keys).chain(travel).chain(&mut self.failures);
        counts.chain(&mut self.listed).chain(&mut self.keyless)
    }

    pub(crate) fn is_sound(&self) -> bool {
        let mut hours = self.hours.iter().flatten().flat_map(Hours::all);
        self.all().chain(&self.risks).all(|count| is_count(*count))
            && hours.all(|count| is_count(f64::from(*count)))
            && self.networks.is_sound()
            && self.agents.is_sound()
            && self.devices.len() <= DEVICES
            && self
                .devices
                .values()
                .all(|users| users.persons.len() <= SHARERS)
            && self.sprays.len() <= SPRAYERS
            && self.sprays.values().all(|spray| spray.0.len() <= TRIED)
            && self.risks.len() == LEVELS
            && self.groups.is_sound()
            && self.pace.is_sound()
    }
}

/// The place of a sign-in among hours, by whether the person was off duty.
pub(crate) fn off(sides: Sides) -> usize {
    usize::from(sides.moment.duty == Duty::Off)
}

impl Spray {
    /// When an attempt failed last.
    pub(crate) fn last(&self) -> i64 {
        self.0.last().map_or(i64::MIN, |(at_ms, _)| *at_ms)
    }
}

/// Makes room for a while: the quarter goes that was used last the longest ago.
pub(crate) fn drop_oldest<T>(map: &mut HashMap<u64, T>, last: impl Fn(&T) -> i64) {
    let mut times: Vec<(i64, u64)> = map.iter().map(|(mark, item)| (last(item), *mark)).collect();
    let at = times.len() / 4;
    if at < times.len() {
        let limit = *times.select_nth_unstable(at).1;
        map.retain(|mark, item| (last(item), *mark) > limit);
    }
}

/// What everybody does and does not do again counts half after so many days.
const HALF_LIFE_DAYS: f64 = 300.0;
/// The same of risks, whose threshold somebody is about to choose.
const RISKS_HALF_LIFE_DAYS: f64 = 30.0;
/// A device that so many have used is a ward's.
pub(crate) const SHARERS: usize = 3;
/// So many devices are remembered, and for so many days without use.
pub(crate) const DEVICES: usize = 32_768;
const UNUSED_DAYS: i32 = 400;
/// So many addresses are remembered from which attempts failed within a day, with so many persons.
pub(crate) const SPRAYERS: usize = 4_096;
pub(crate) const TRIED: usize = 8;
/// By fewer sign-ins no share is told.
const FEWEST: f64 = 100.0;
