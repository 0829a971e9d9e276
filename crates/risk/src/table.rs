//! What one person has shown of a hierarchy: few values, each with a count.

use serde::{Deserialize, Serialize};

use crate::tree::is_count;

/// A person's counts, at most `N` of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Table<const N: usize> {
    /// The ones that were shown first stand first.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Entry {
    #[serde(with = "postcard::fixint::le")]
    mark: u64,
    count: f32,
}

impl<const N: usize> Table<N> {
    /// How often a value was shown, by weight.
    pub fn shown(&self, mark: u64) -> f64 {
        let found = self.entries.iter().find(|entry| entry.mark == mark);
        found.map_or(0.0, |entry| f64::from(entry.count))
    }

    /// Learns a path. A count that has reached `most` stays as it is.
    pub fn learn(&mut self, path: &[u64], weight: f32, most: f32) {
        for mark in path {
            match self.entries.iter_mut().find(|entry| entry.mark == *mark) {
                Some(entry) => add(&mut entry.count, weight, most),
                None => self.grow(*mark, weight.min(most)),
            }
        }
    }

    /// Takes back what was learned of a path.
    pub fn forget(&mut self, path: &[u64], weight: f32) {
        for entry in &mut self.entries {
            if path.contains(&entry.mark) {
                entry.count -= weight;
            }
        }
        self.entries.retain(|entry| entry.count > LEAST);
    }

    /// Lets all counts fade.
    pub fn fade(&mut self, left: f32) {
        for entry in &mut self.entries {
            entry.count *= left;
        }
        self.entries.retain(|entry| entry.count > LEAST);
    }

    /// Whether it is one that this code can have written.
    pub fn is_sound(&self) -> bool {
        let counts = |entry: &Entry| is_count(f64::from(entry.count));
        self.entries.len() <= N && self.entries.iter().all(counts)
    }

    fn grow(&mut self, mark: u64, count: f32) {
        if count <= LEAST {
            return;
        }
        if self.entries.len() >= N {
            // The weakest goes, and of the equally weak the one that was shown first. Those above it
            // in a path are never weaker, so a hostile flood of values displaces itself.
            let weakest = (0..self.entries.len()).min_by(|a, b| {
                let count = |at: usize| self.entries.get(at).map_or(0.0, |entry| entry.count);
                count(*a).total_cmp(&count(*b))
            });
            if let Some(weakest) = weakest {
                self.entries.remove(weakest);
            }
        }
        self.entries.push(Entry { mark, count });
    }
}

/// Adds to a count, up to a most that it may have passed already.
pub(crate) fn add(count: &mut f32, weight: f32, most: f32) {
    *count = count.max((*count + weight).min(most));
}

/// What counts for less is not kept.
const LEAST: f32 = 0.01;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_is_used_to_outlasts_a_flood_of_other_values() {
        let mut table = Table::<8>::default();
        for _ in 0..20 {
            table.learn(&[1, 2, 3], 1.0, f32::INFINITY);
        }
        for mark in 100..5_000 {
            table.learn(&[mark], 1.0, f32::INFINITY);
        }
        assert!(table.is_sound());
        assert!((table.shown(3) - 20.0).abs() < 1e-6);
        assert!((table.shown(4_999) - 1.0).abs() < 1e-6);
        assert!(table.shown(100) < 1e-6);
    }

    #[test]
    fn what_is_suspicious_does_not_grow_beyond_its_most() {
        let mut table = Table::<8>::default();
        for _ in 0..50 {
            table.learn(&[7], 0.1, 0.4);
        }
        assert!((table.shown(7) - 0.4).abs() < 1e-6);
        table.learn(&[7], 1.0, f32::INFINITY);
        table.learn(&[7], 0.1, 0.4);
        assert!((table.shown(7) - 1.4).abs() < 1e-6);
    }

    #[test]
    fn what_is_taken_back_or_faded_away_is_gone() {
        let mut table = Table::<8>::default();
        table.learn(&[1, 2], 1.0, f32::INFINITY);
        table.learn(&[1], 1.0, f32::INFINITY);
        table.forget(&[1, 2], 1.0);
        assert!((table.shown(1) - 1.0).abs() < 1e-6);
        assert!(table.shown(2) < 1e-6);
        table.fade(0.001);
        assert_eq!(table, Table::default());
    }
}
