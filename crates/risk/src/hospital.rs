//! What a hospital knows of itself: who is to work when, and which addresses are its own.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error as _};

/// How long before a shift people come, milliseconds.
const EARLY_MS: i64 = 90 * 60 * 1000;
/// How long after a shift people are still there, milliseconds.
const LATE_MS: i64 = 4 * 60 * 60 * 1000;

/// What a person's roster says of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// On a shift in the house.
    OnSite,
    /// On call, wherever they are; people who work from home are, too.
    OnCall,
    /// Shortly before a shift in the house, or not long after.
    Edge,
    /// Off.
    Off,
    /// The roster does not have the person, or not the moment.
    Unknown,
}

impl Duty {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OnSite,
        Self::OnCall,
        Self::Edge,
        Self::Off,
        Self::Unknown,
    ];
}

/// One planned turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// Its begin, unix milliseconds.
    pub from_ms: i64,
    /// Its end, unix milliseconds.
    pub until_ms: i64,
    /// Whether it is in the house; else on call.
    pub on_site: bool,
}

/// Who is planned when.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    shifts: HashMap<String, Vec<Shift>>,
    longest_ms: i64,
    /// The end of the last turn of all: nothing is known of what comes after.
    end_ms: i64,
}

impl Roster {
    /// A roster of these turns.
    pub fn new(turns: impl IntoIterator<Item = (String, Shift)>) -> Self {
        let mut roster = Self::default();
        for (user, shift) in turns {
            let long = shift.until_ms.saturating_sub(shift.from_ms);
            roster.longest_ms = roster.longest_ms.max(long);
            roster.end_ms = roster.end_ms.max(shift.until_ms);
            roster.shifts.entry(user).or_default().push(shift);
        }
        for shifts in roster.shifts.values_mut() {
            shifts.sort_by_key(|shift| shift.from_ms);
        }
        roster
    }

    /// What it says of a person at a moment.
    pub fn duty(&self, user: &str, at_ms: i64) -> Duty {
        let Some(shifts) = self.shifts.get(user) else {
            return Duty::Unknown;
        };
        // Before somebody's first turn, and once the plan has run out, nobody said that they are off.
        let begun = shifts
            .first()
            .is_some_and(|first| at_ms.saturating_add(EARLY_MS) >= first.from_ms);
        if !begun || at_ms > self.end_ms.saturating_add(LATE_MS) {
            return Duty::Unknown;
        }
        // Turns that could still matter begin no earlier than this.
        let first = at_ms.saturating_sub(self.longest_ms.saturating_add(LATE_MS));
        let begin = shifts.partition_point(|shift| shift.from_ms < first);
        let mut duty = Duty::Off;
        for shift in shifts.iter().skip(begin) {
            if shift.from_ms > at_ms.saturating_add(EARLY_MS) {
                break;
            }
            let now = (shift.from_ms..=shift.until_ms).contains(&at_ms);
            match (now, shift.on_site) {
                (true, true) => return Duty::OnSite,
                (true, false) => duty = Duty::OnCall,
                (false, true) if at_ms <= shift.until_ms.saturating_add(LATE_MS) => {
                    if duty == Duty::Off {
                        duty = Duty::Edge;
                    }
                }
                (false, _) => {}
            }
        }
        duty
    }
}

/// The file `premises.json`.
#[derive(Debug, Clone, serde::Deserialize)]
struct PremisesFile {
    facilities: Vec<Facility>,
}

#[derive(Debug, Clone, serde::Deserialize)]
struct Facility {
    id: String,
    egress: Vec<Egress>,
}

#[derive(Debug, Clone, serde::Deserialize)]
struct Egress {
    #[serde(deserialize_with = "net")]
    cidr: IpNet,
}

fn net<'de, D: Deserializer<'de>>(text: D) -> Result<IpNet, D::Error> {
    String::deserialize(text)?.parse().map_err(D::Error::custom)
}

/// The addresses by which the hospital's houses reach the internet.
#[derive(Debug, Clone, Default)]
pub struct Premises {
    nets: Vec<(IpNet, String)>,
}

impl Premises {
    /// Reads `premises.json`.
    ///
    /// # Errors
    /// Where it is no such file.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let file: PremisesFile = serde_json::from_str(text)?;
        let nets = file.facilities.into_iter().flat_map(|facility| {
            let id = facility.id;
            facility
                .egress
                .into_iter()
                .map(move |egress| (egress.cidr, id.clone()))
        });
        Ok(Self {
            nets: nets.collect(),
        })
    }

    /// The house that an address is of.
    pub fn house(&self, address: IpAddr) -> Option<&str> {
        let address = address.to_canonical();
        let found = self.nets.iter().find(|(net, _)| net.contains(&address));
        found.map(|(_, house)| house.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * 60 * 1000;

    #[test]
    fn a_roster_knows_shifts_their_edges_and_who_is_on_call() {
        let shift = |from: i64, until: i64, on_site| Shift {
            from_ms: from * HOUR,
            until_ms: until * HOUR,
            on_site,
        };
        let roster = Roster::new([
            ("a".to_owned(), shift(20, 32, true)),
            ("a".to_owned(), shift(50, 60, false)),
            ("b".to_owned(), shift(0, 200, false)),
            ("b".to_owned(), shift(100, 108, true)),
        ]);
        let duty = |user, at: i64| roster.duty(user, at * HOUR);
        assert_eq!(duty("a", 18), Duty::Unknown, "before the first turn");
        assert_eq!(duty("a", 19), Duty::Edge);
        assert_eq!(duty("a", 20), Duty::OnSite);
        assert_eq!(duty("a", 32), Duty::OnSite);
        assert_eq!(duty("a", 35), Duty::Edge);
        assert_eq!(duty("a", 40), Duty::Off);
        assert_eq!(duty("a", 55), Duty::OnCall);
        assert_eq!(duty("b", 104), Duty::OnSite, "a long turn hides no shift");
        assert_eq!(duty("b", 99), Duty::OnCall);
        assert_eq!(duty("nobody", 20), Duty::Unknown);
        assert_eq!(duty("a", 203), Duty::Off, "others are planned still");
        assert_eq!(duty("a", 205), Duty::Unknown, "the plan has run out");
    }

    #[test]
    fn premises_are_addresses_of_houses() {
        let premises = Premises::from_json(
            r#"{"facilities":[{"id":"F1","name":"x","egress":[{"cidr":"192.0.2.0/29","kind":"wired"}]}]}"#,
        )
        .unwrap();
        assert_eq!(premises.house("192.0.2.3".parse().unwrap()), Some("F1"));
        assert_eq!(premises.house("192.0.2.9".parse().unwrap()), None);
        assert!(
            Premises::from_json(r#"{"facilities":[{"id":"F1","egress":[{"cidr":"x"}]}]}"#).is_err()
        );
    }
}
