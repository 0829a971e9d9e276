//! What a hospital knows of itself: who is to work when, and which addresses are its own.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::area::Area;

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How long before a shift people come, milliseconds.
pub const EARLY_MS: i64 = 90 * 60 * 1000;
/// How long after a shift people are still there, milliseconds.
pub const LATE_MS: i64 = 4 * HOUR_MS;

/// What a hospital knows of itself, when a sign-in is weighed.
#[derive(Debug, Clone, Copy)]
pub struct Hospital<'a> {
    /// Who is to work when.
    pub roster: &'a Roster,
    /// Which addresses are its own.
    pub premises: &'a Premises,
}

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

    /// Whether a roster said so.
    pub(crate) fn is_planned(self) -> bool {
        self != Self::Unknown
    }
}

/// How somebody's turns lie. Parts of the day are those of UTC: what they are called on the spot does
/// not matter where they are only told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// The roster has no turn of theirs.
    Unplanned,
    /// Mostly on call.
    OnCall,
    /// More than two in three begin in the first eight hours of the day.
    First,
    /// The same of the second eight hours.
    Second,
    /// The same of the last eight hours.
    Third,
    /// Now these, now those.
    Changing,
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
        self.moment(user, at_ms).duty
    }

    /// What it says of a person at a moment, and how far into a shift that is.
    pub(crate) fn moment(&self, user: &str, at_ms: i64) -> Moment {
        let Some(shifts) = self.shifts.get(user) else {
            return Moment::by_the_clock(Duty::Unknown, at_ms);
        };
        // Before somebody's first turn, and once the plan has run out, nobody said that they are off.
        let begun = shifts
            .first()
            .is_some_and(|first| at_ms.saturating_add(EARLY_MS) >= first.from_ms);
        if !begun || at_ms > self.end_ms.saturating_add(LATE_MS) {
            return Moment::by_the_clock(Duty::Unknown, at_ms);
        }
        // Turns that could still matter begin no earlier than this.
        let first = at_ms.saturating_sub(self.longest_ms.saturating_add(LATE_MS));
        let begin = shifts.partition_point(|shift| shift.from_ms < first);
        let mut moment = Moment::by_the_clock(Duty::Off, at_ms);
        for shift in shifts.iter().skip(begin) {
            if shift.from_ms > at_ms.saturating_add(EARLY_MS) {
                break;
            }
            let now = (shift.from_ms..=shift.until_ms).contains(&at_ms);
            match (now, shift.on_site) {
                (true, true) => return Moment::during(shift, at_ms),
                (true, false) => moment = Moment::by_the_clock(Duty::OnCall, at_ms),
                (false, true) if at_ms <= shift.until_ms.saturating_add(LATE_MS) => {
                    if moment.duty == Duty::Off {
                        moment = Moment::around(shift, at_ms);
                    }
                }
                (false, _) => {}
            }
        }
        moment
    }

    /// The shift in the house that a person is on at a moment, or around which they come and go.
    pub(crate) fn shift(&self, user: &str, at_ms: i64) -> Option<&Shift> {
        let shifts = self.shifts.get(user)?;
        let first = at_ms.saturating_sub(self.longest_ms.saturating_add(LATE_MS));
        let begin = shifts.partition_point(|shift| shift.from_ms < first);
        let near = shifts
            .iter()
            .skip(begin)
            .take_while(|shift| shift.from_ms <= at_ms.saturating_add(EARLY_MS));
        let near =
            near.filter(|shift| shift.on_site && at_ms <= shift.until_ms.saturating_add(LATE_MS));
        // The one that they are on, else the one that they come for, else the one that they leave.
        near.max_by_key(|shift| {
            (
                (shift.from_ms..=shift.until_ms).contains(&at_ms),
                shift.from_ms,
            )
        })
    }

    /// How a person's turns lie of the two months before a moment and the week after: all that is
    /// planned at the time, however long the roster is.
    pub fn pattern(&self, user: &str, at_ms: i64) -> Pattern {
        let shifts = self.shifts.get(user).map_or(&[][..], Vec::as_slice);
        let (from, until) = (
            at_ms.saturating_sub(60 * DAY_MS),
            at_ms.saturating_add(7 * DAY_MS),
        );
        let begin = shifts.partition_point(|shift| shift.from_ms < from);
        let (mut parts, mut on_call) = ([0_u32; 3], 0_u32);
        for shift in shifts.iter().skip(begin) {
            if shift.from_ms > until {
                break;
            }
            if !shift.on_site {
                on_call += 1;
                continue;
            }
            let part = shift.from_ms.rem_euclid(DAY_MS) / (8 * HOUR_MS);
            if let Some(count) = usize::try_from(part).ok().and_then(|it| parts.get_mut(it)) {
                *count += 1;
            }
        }
        let on_site: u32 = parts.iter().sum();
        match parts {
            _ if on_site + on_call == 0 => Pattern::Unplanned,
            _ if on_call > on_site => Pattern::OnCall,
            [first, ..] if 3 * first > 2 * on_site => Pattern::First,
            [_, second, _] if 3 * second > 2 * on_site => Pattern::Second,
            [.., third] if 3 * third > 2 * on_site => Pattern::Third,
            _ => Pattern::Changing,
        }
    }

    /// The turns of each person, by begin.
    pub(crate) fn turns(&self) -> impl Iterator<Item = (&str, &[Shift])> {
        let turns = self.shifts.iter();
        turns.map(|(user, shifts)| (user.as_str(), shifts.as_slice()))
    }
}

/// A moment as a person's roster sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    pub(crate) duty: Duty,
    /// In hours of a shift, where there is one; else by the clock.
    pub(crate) hour: Hour,
    pub(crate) clock: Clock,
    /// Which share of such time the hour is: how likely somebody comes in it who comes at any time.
    pub(crate) share: f64,
}

/// A moment by the clock, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    /// The hour of the day.
    pub(crate) hour: usize,
    /// The day of the week, from Monday.
    pub(crate) day: usize,
}

/// An hour, as people count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hour {
    /// On shift: which hour of it, up to [`Hour::WITHIN`].
    Shift(usize),
    /// Around a shift: which of [`Hour::AROUND`] parts, the two before it first.
    Around(usize),
    /// By the clock.
    Clock,
}

impl Hour {
    /// So many hours of a shift are told apart; the last has all that follow.
    pub(crate) const WITHIN: usize = 12;
    /// Two parts before a shift, and the hours after.
    pub(crate) const AROUND: usize = 6;
}

impl Clock {
    fn of(at_ms: i64) -> Self {
        let index = |part: i64, of: i64| usize::try_from(part.rem_euclid(of)).unwrap_or(0);
        Self {
            hour: index(at_ms.div_euclid(HOUR_MS), 24),
            // The first day of 1970 was a Thursday.
            day: index(at_ms.div_euclid(24 * HOUR_MS) + 3, 7),
        }
    }
}

impl Moment {
    fn by_the_clock(duty: Duty, at_ms: i64) -> Self {
        Self {
            duty,
            hour: Hour::Clock,
            clock: Clock::of(at_ms),
            share: 1.0 / 24.0,
        }
    }

    fn during(shift: &Shift, at_ms: i64) -> Self {
        let hours =
            |ms: i64| std::time::Duration::from_millis(ms.unsigned_abs()).as_secs_f64() / 3600.0;
        let since = at_ms.saturating_sub(shift.from_ms);
        let last = Hour::WITHIN - 1;
        let hour = usize::try_from(since / HOUR_MS).map_or(last, |hour| hour.min(last));
        let long = hours(shift.until_ms.saturating_sub(shift.from_ms)).max(1.0);
        // A table of twelve has few enough hours for this.
        let begin = f64::from(u32::try_from(hour).unwrap_or(0));
        let wide = if hour == last {
            long - begin
        } else {
            (long - begin).min(1.0)
        };
        Self {
            duty: Duty::OnSite,
            hour: Hour::Shift(hour),
            clock: Clock::of(at_ms),
            share: (wide / long).clamp(0.01, 1.0),
        }
    }

    fn around(shift: &Shift, at_ms: i64) -> Self {
        // In half hours: one and a half for each part before it, two for each after, eleven in all.
        let (part, half_hours) = if at_ms < shift.from_ms {
            let half = EARLY_MS / 2;
            (usize::from(shift.from_ms - at_ms <= half), 1.5)
        } else {
            let since = at_ms.saturating_sub(shift.until_ms) / HOUR_MS;
            let hour = usize::try_from(since).unwrap_or(0);
            ((2 + hour).min(Hour::AROUND - 1), 2.0)
        };
        Self {
            duty: Duty::Edge,
            hour: Hour::Around(part),
            clock: Clock::of(at_ms),
            share: half_hours / 11.0,
        }
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
    lat: Option<f64>,
    lon: Option<f64>,
    radius_m: Option<f64>,
}

#[derive(Debug, Clone, serde::Deserialize)]
struct Egress {
    #[serde(deserialize_with = "net")]
    cidr: IpNet,
}

impl Facility {
    /// Where it is; absent where that is not said, or is nowhere on earth.
    fn ground(&self) -> Option<Area> {
        Area::new(self.lat?, self.lon?, self.radius_m?)
    }
}

fn net<'de, D: Deserializer<'de>>(text: D) -> Result<IpNet, D::Error> {
    String::deserialize(text)?.parse().map_err(D::Error::custom)
}

/// The addresses by which the hospital's houses reach the internet.
#[derive(Debug, Clone, Default)]
pub struct Premises {
    nets: Vec<(IpNet, String)>,
    grounds: Vec<Area>,
}

impl Premises {
    /// Networks of the hospital, each with the name of its house.
    pub fn new(nets: impl IntoIterator<Item = (IpNet, String)>) -> Self {
        Self {
            nets: nets.into_iter().collect(),
            grounds: Vec::new(),
        }
    }

    /// The same with the grounds that its houses stand on.
    pub fn with_grounds(self, grounds: impl IntoIterator<Item = Area>) -> Self {
        Self {
            grounds: grounds.into_iter().collect(),
            ..self
        }
    }

    /// Reads `premises.json`.
    ///
    /// # Errors
    /// Where it is no such file.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let file: PremisesFile = serde_json::from_str(text)?;
        let grounds = file.facilities.iter().filter_map(Facility::ground);
        let grounds = grounds.collect();
        let nets = file.facilities.into_iter().flat_map(|facility| {
            let id = facility.id;
            facility
                .egress
                .into_iter()
                .map(move |egress| (egress.cidr, id.clone()))
        });
        Ok(Self {
            nets: nets.collect(),
            grounds,
        })
    }

    /// How far a place is from the nearest of the grounds, metres; absent where none is known.
    pub(crate) fn apart_m(&self, area: Area) -> Option<f64> {
        let apart = self.grounds.iter().map(|ground| ground.apart_m(area));
        apart.min_by(f64::total_cmp)
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
    fn hours_are_those_of_the_shift_where_there_is_one() {
        let shift = Shift {
            from_ms: 20 * HOUR,
            until_ms: 28 * HOUR,
            on_site: true,
        };
        let roster = Roster::new([("a".to_owned(), shift), ("b".to_owned(), shift)]);
        let at = |hours: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "a test's round hours")]
            let at_ms = (hours * 3_600_000.0) as i64;
            roster.moment("a", at_ms)
        };
        assert_eq!(at(20.5).hour, Hour::Shift(0));
        assert!((at(20.5).share - 0.125).abs() < 1e-9);
        assert_eq!(at(27.9).hour, Hour::Shift(7));
        assert_eq!(at(18.8).hour, Hour::Around(0));
        assert_eq!(at(19.8).hour, Hour::Around(1));
        assert_eq!(at(28.5).hour, Hour::Around(2));
        assert_eq!(at(31.9).hour, Hour::Around(5));
        // 12:00 on Thursday, 1 January 1970.
        let moment = roster.moment("c", 12 * HOUR);
        assert_eq!(moment.hour, Hour::Clock);
        assert_eq!(moment.clock, Clock { hour: 12, day: 3 });
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
