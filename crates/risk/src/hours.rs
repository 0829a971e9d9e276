//! At what hours people sign in: those of a shift where they are on one, else the clock's.

use serde::{Deserialize, Serialize};

use crate::hospital::{Hour, Moment};

/// Counts of hours, as people count them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hours {
    shift: [f32; Hour::WITHIN],
    around: [f32; Hour::AROUND],
    clock: [f32; 24],
    week: [f32; 7],
}

impl Hours {
    /// How often in such an hour, and in all of its kind. By the clock neighbours count half.
    pub(crate) fn around(&self, moment: Moment) -> (f64, f64) {
        let sum = |counts: &[f32]| f64::from(counts.iter().sum::<f32>());
        match moment.hour {
            Hour::Shift(at) => (count(&self.shift, at), sum(&self.shift)),
            Hour::Around(at) => (count(&self.around, at), sum(&self.around)),
            Hour::Clock => {
                let at = |hour: usize| count(&self.clock, (moment.clock.hour + hour) % 24);
                (0.5 * at(0) + 0.25 * (at(23) + at(1)), sum(&self.clock))
            }
        }
    }

    /// How often on such a day of the week, and on all.
    pub(crate) fn on_day(&self, moment: Moment) -> (f64, f64) {
        let all = f64::from(self.week.iter().sum::<f32>());
        (count(&self.week, moment.clock.day), all)
    }

    /// The counts that a moment falls on.
    pub(crate) fn of_mut(&mut self, moment: Moment) -> impl Iterator<Item = &mut f32> {
        let within = match moment.hour {
            Hour::Shift(at) => self.shift.get_mut(at),
            Hour::Around(at) => self.around.get_mut(at),
            Hour::Clock => None,
        };
        let clock = self.clock.get_mut(moment.clock.hour);
        let day = self.week.get_mut(moment.clock.day);
        within.into_iter().chain(clock).chain(day)
    }

    /// Adds other counts.
    pub(crate) fn add(&mut self, other: &Self) {
        for (count, more) in self.all_mut().zip(other.all()) {
            *count += more;
        }
    }

    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        let shifts = self.shift.iter_mut().chain(&mut self.around);
        shifts.chain(&mut self.clock).chain(&mut self.week)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &f32> {
        let shifts = self.shift.iter().chain(&self.around);
        shifts.chain(&self.clock).chain(&self.week)
    }
}

fn count(counts: &[f32], at: usize) -> f64 {
    counts.get(at).copied().map_or(0.0, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hospital::{Clock, Duty};

    fn moment(hour: Hour, of_day: usize) -> Moment {
        Moment {
            duty: Duty::OnSite,
            hour,
            clock: Clock {
                hour: of_day,
                day: 3,
            },
            share: 1.0 / 24.0,
        }
    }

    #[test]
    fn on_a_shift_its_own_hours_count_and_elsewhere_those_of_the_clock_with_their_neighbours() {
        let mut hours = Hours::default();
        for (hour, of_day) in [(Hour::Shift(0), 21), (Hour::Shift(0), 7), (Hour::Clock, 22)] {
            for count in hours.of_mut(moment(hour, of_day)) {
                *count += 1.0;
            }
        }
        assert_eq!(hours.around(moment(Hour::Shift(0), 13)), (2.0, 2.0));
        assert_eq!(hours.around(moment(Hour::Shift(5), 21)), (0.0, 2.0));
        assert_eq!(hours.around(moment(Hour::Around(0), 21)), (0.0, 0.0));
        // The hour itself half, each of the hours beside it a quarter.
        assert_eq!(hours.around(moment(Hour::Clock, 21)), (0.75, 3.0));
        assert_eq!(hours.around(moment(Hour::Clock, 13)), (0.0, 3.0));
        assert_eq!(hours.on_day(moment(Hour::Clock, 21)), (3.0, 3.0));
    }
}
