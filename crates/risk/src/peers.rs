//! What the people of one role do, and among them those whose turns lie alike. Of whom little was
//! seen, the model leans on them before it leans on everybody.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::hospital::Pattern;
use crate::hours::Hours;
use crate::mark::{mark, numbered};
use crate::pace::Pace;
use crate::sides::{DUTIES, KEYS, KINDS, PLACES};
use crate::tree::is_count;

/// The groups that a person is of, the wider one first; none where the role is not said.
pub(crate) type GroupsOf = Option<[u64; 2]>;

/// The groups of a role and of how turns lie.
pub(crate) fn groups_of(role: &str, pattern: Pattern) -> GroupsOf {
    let role = (!role.is_empty()).then(|| mark(ROLES, role))?;
    Some([role, numbered(role, pattern as u64)])
}

/// What people of one group do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) cells: [[f32; PLACES]; DUTIES],
    /// By kind of device, and whether in the house.
    pub(crate) keys: [[[f32; KEYS]; 2]; KINDS],
    /// By whether in the house, and whether off duty.
    pub(crate) hours: [[Hours; 2]; 2],
    /// How many charts they open.
    pub(crate) pace: Pace,
}

/// What each group does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Groups(HashMap<u64, Group>);

impl Groups {
    /// The groups that a person is of, as far as anything is known of them, the wider one first.
    pub(crate) fn of(&self, groups: GroupsOf) -> impl DoubleEndedIterator<Item = &Group> {
        groups
            .into_iter()
            .flatten()
            .filter_map(|it| self.0.get(&it))
    }

    /// The same, to learn.
    pub(crate) fn learn(&mut self, groups: GroupsOf, mut learn: impl FnMut(&mut Group)) {
        for mark in groups.into_iter().flatten() {
            if self.0.len() >= GROUPS && !self.0.contains_key(&mark) {
                self.drop_smallest();
            }
            learn(self.0.entry(mark).or_default());
        }
    }

    /// The same, to take back what was learned.
    pub(crate) fn forget(&mut self, groups: GroupsOf, mut forget: impl FnMut(&mut Group)) {
        for mark in groups.into_iter().flatten() {
            if let Some(group) = self.0.get_mut(&mark) {
                forget(group);
            }
        }
    }

    pub(crate) fn fade(&mut self, left: f32) {
        for group in self.0.values_mut() {
            group.all_mut().for_each(|count| *count *= left);
            group.pace.fade(left);
        }
    }

    /// Adds what another node has learned. Only those that are [settled](Groups::settle) afterwards
    /// have their bound.
    pub(crate) fn add(&mut self, other: &Self) {
        for (mark, theirs) in &other.0 {
            let group = self.0.entry(*mark).or_default();
            for (count, more) in group.all_mut().zip(theirs.all()) {
                *count += more;
            }
            group.pace.add(theirs.pace);
        }
    }

    /// Makes room where there are too many.
    pub(crate) fn settle(&mut self) {
        while self.0.len() > GROUPS {
            self.drop_smallest();
        }
    }

    pub(crate) fn is_sound(&self) -> bool {
        let sound = |group: &Group| {
            let mut counts = group.all();
            counts.all(|count| is_count(f64::from(*count))) && group.pace.is_sound()
        };
        self.0.len() <= GROUPS && self.0.values().all(sound)
    }

    fn drop_smallest(&mut self) {
        let size = |group: &Group| group.cells.iter().flatten().sum::<f32>();
        let groups = self.0.iter().map(|(mark, group)| (size(group), *mark));
        let smallest = groups.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if let Some((_, mark)) = smallest {
            self.0.remove(&mark);
        }
    }
}

impl Group {
    fn all(&self) -> impl Iterator<Item = &f32> {
        let cells = self.cells.iter().flatten();
        let keys = self.keys.iter().flatten().flatten();
        let hours = self.hours.iter().flatten().flat_map(Hours::all);
        cells.chain(keys).chain(hours)
    }

    /// The same, in the same order.
    fn all_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        let cells = self.cells.iter_mut().flatten();
        let keys = self.keys.iter_mut().flatten().flatten();
        let hours = self.hours.iter_mut().flatten().flat_map(Hours::all_mut);
        cells.chain(keys).chain(hours)
    }
}

/// So many groups are remembered.
const GROUPS: usize = 96;
/// What marks of roles stand below, so that they are none of a network.
const ROLES: u64 = 2;
