//! The counts of several nodes as one.

use crate::counts::{Counts, DEVICES, SHARERS, SPRAYERS, Spray, TRIED, Users, drop_oldest};

impl Counts {
    /// The sum of counts, all faded up to the last day of any. Where these are too many the oldest
    /// and rarest go, as where one node had seen everything itself.
    pub(crate) fn merged<'a>(parts: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let mut whole = Self {
            day: parts.clone().map(|part| part.day).max().unwrap_or(0),
            ..Self::default()
        };
        for part in parts {
            // A new part has no day yet, and nothing to fade.
            if part.day < whole.day {
                let mut part = part.clone();
                part.fade(whole.day);
                whole.add(&part);
            } else {
                whole.add(part);
            }
        }
        whole.settle();
        whole
    }

    fn add(&mut self, part: &Self) {
        self.networks.add(&part.networks);
        self.agents.add(&part.agents);
        for (device, theirs) in &part.devices {
            self.devices.entry(*device).or_default().add(theirs);
        }
        for (address, theirs) in &part.sprays {
            self.sprays.entry(*address).or_default().add(theirs);
        }
        let counts = self.all_mut().zip(part.all());
        counts.for_each(|(count, more)| *count += more);
        let hours = self.hours.iter_mut().flatten();
        for (hours, more) in hours.zip(part.hours.iter().flatten()) {
            hours.add(more);
        }
        for (count, more) in self.risks.iter_mut().zip(&part.risks) {
            *count += more;
        }
        self.groups.add(&part.groups);
        self.pace.add(part.pace);
    }

    fn settle(&mut self) {
        self.networks.settle();
        self.agents.settle();
        self.groups.settle();
        while self.devices.len() > DEVICES {
            drop_oldest(&mut self.devices, |users| i64::from(users.day));
        }
        while self.sprays.len() > SPRAYERS {
            drop_oldest(&mut self.sprays, Spray::last);
        }
    }
}

impl Users {
    fn add(&mut self, other: &Self) {
        self.day = self.day.max(other.day);
        for person in &other.persons {
            if self.persons.len() < SHARERS && !self.persons.contains(person) {
                self.persons.push(*person);
            }
        }
    }
}

impl Spray {
    fn add(&mut self, other: &Self) {
        for (at_ms, person) in &other.0 {
            match self.0.iter_mut().find(|(_, tried)| tried == person) {
                Some((known_ms, _)) => *known_ms = (*known_ms).max(*at_ms),
                None => self.0.push((*at_ms, *person)),
            }
        }
        self.0.sort_unstable();
        let over = self.0.len().saturating_sub(TRIED);
        self.0.drain(..over);
    }
}
