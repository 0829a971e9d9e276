//! What follows a sign-in is learned, or taken back.

use crate::counts::{Counts, off};
use crate::fade::{left, narrow};
use crate::hospital::Hospital;
use crate::house::House;
use crate::login::Login;
use crate::person::{HALF_LIFE_DAYS, Learned, PersonState};
use crate::sides::{Marks, Sides, moved};
use crate::weights::Weights;

/// What followed a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It met what was asked. It teaches the less the more it looks like an attack; one that looks
    /// much like one teaches nothing beyond a floor, however often it comes again.
    Passed,
    /// A second factor was given, or the person said "this was me", at once or afterwards. It is
    /// learned in full; what it taught before is counted in.
    Confirmed,
    /// It failed.
    Failed,
    /// "This was not me." It is not learned; what it taught is taken back, where it was one of the
    /// person's last thirty-two; and for a week what looks like it weighs more.
    Denied,
}

impl House {
    /// Learns what followed a sign-in, which was weighed before. The person's state is one for each
    /// account; whoever only failed so far has a new one still. A sign-in is known by its moment, so
    /// what is said of it afterwards comes with the moment at which it was.
    pub fn learn(
        &mut self,
        person: &mut PersonState,
        hospital: Hospital<'_>,
        login: &Login,
        weights: &Weights,
        outcome: Outcome,
    ) {
        let marks = Marks::of(login);
        self.note_change();
        match outcome {
            Outcome::Failed => self.fail(person, hospital, login, &marks),
            Outcome::Denied => self.deny(person, hospital, login, &marks),
            Outcome::Passed | Outcome::Confirmed => {
                let confirmed = outcome == Outcome::Confirmed;
                self.let_in(person, hospital, login, weights, &marks, confirmed);
            }
        }
    }

    fn let_in(
        &mut self,
        person: &mut PersonState,
        hospital: Hospital<'_>,
        login: &Login,
        weights: &Weights,
        marks: &Marks,
        confirmed: bool,
    ) {
        self.change(|counts| counts.fade(login.day()));
        person.fade(login.day());
        let sides = Sides::of(person, hospital, login, marks);
        let suspect = weights.score() > SUSPECT && !confirmed;
        let whole = if confirmed {
            1.0
        } else {
            1.0 / (1.0 + (weights.score() - SUSPECT).exp())
        };
        if confirmed {
            person.clear_alarm(marks);
        }
        let before = person.learned(login.at_ms);
        if before.is_none() {
            self.change(|counts| counts.count_risk(weights.risk(), 1.0));
        }
        let weight = whole - before.map_or(0.0, |before| f64::from(before.weight));
        if weight <= 0.0 {
            return;
        }
        let key = self.seen().key(person, marks, sides.left) as usize;
        let moved = moved(person, login, marks, sides.in_house);
        let most = if suspect { FLOOR } else { f32::INFINITY };
        let taught = person.learn(marks, sides, key, (narrow(weight), most));
        person.note_learned(Learned {
            at_ms: login.at_ms,
            weight: narrow(whole),
            taught: taught + before.map_or(0.0, |before| before.taught),
            // Afterwards it is weighed in the light of itself.
            risk: before.map_or(weights.risk(), |before| before.risk),
        });
        // Whoever is not the person teaches the hospital no more than the person's state.
        let weight = f64::from(taught);
        self.change(|counts| {
            counts.learn_sides(marks, sides, key, weight);
            counts.learn_user(person, marks, login.day());
            if before.is_none() {
                counts.learn_circumstances(login, marks, sides, moved, (weight, suspect));
            }
        });
        if before.is_none() {
            person.arrive(login, marks, sides.in_house);
        }
        if suspect {
            person.raise_alarm(login.at_ms, marks, false);
        }
    }

    fn fail(
        &mut self,
        person: &mut PersonState,
        hospital: Hospital<'_>,
        login: &Login,
        marks: &Marks,
    ) {
        // Names that nobody has are tried in any number.
        if !person.is_new() {
            person.fail(login.at_ms);
        }
        let in_house = |address| hospital.premises.house(address).is_some();
        if let Some(address) = login.outside().filter(|address| !in_house(*address)) {
            self.change(|counts| counts.learn_failure(address, login.at_ms, marks.person));
        }
    }

    fn deny(
        &mut self,
        person: &mut PersonState,
        hospital: Hospital<'_>,
        login: &Login,
        marks: &Marks,
    ) {
        if let Some(learned) = person.learned(login.at_ms) {
            let gone = left(login.day(), person.day, HALF_LIFE_DAYS);
            let taught = f64::from(learned.taught);
            let weight = narrow(taught * gone);
            person.forget_marks(marks, weight);
            let sides = Sides::of(person, hospital, login, marks);
            self.change(|counts| counts.forget_user(person, marks));
            let key = self.seen().key(person, marks, sides.left) as usize;
            person.forget_sides(marks, sides, key, weight);
            person.note_forgotten(login.at_ms);
            self.change(|counts| {
                counts.forget_sides(marks, sides, key, taught);
                counts.count_risk(learned.risk, -1.0);
            });
        }
        if !person.is_new() {
            person.raise_alarm(login.at_ms, marks, true);
        }
    }
}

impl Counts {
    /// What belongs to the moment of a sign-in, and cannot be learned afterwards.
    fn learn_circumstances(
        &mut self,
        login: &Login,
        marks: &Marks,
        sides: Sides,
        moved: Option<(usize, bool)>,
        (weight, suspect): (f64, bool),
    ) {
        if let Some((gap, moved)) = moved {
            self.travel[gap][usize::from(moved)] += weight;
        }
        self.failures[sides.failures] += weight;
        self.listed[usize::from(login.address_is_bad)] += weight;
        let keyless = !sides.in_house && marks.device.is_none();
        self.keyless[usize::from(keyless)] += if suspect { weight } else { 1.0 };
    }

    fn learn_sides(&mut self, marks: &Marks, sides: Sides, key: usize, weight: f64) {
        if !sides.in_house {
            self.networks.learn(&marks.carrier(), weight);
        }
        self.agents.learn(&marks.agent, weight);
        let house = usize::from(sides.in_house);
        self.cells[sides.moment.duty as usize][sides.place as usize] += weight;
        self.keys[sides.kind][house][key] += weight;
        for count in self.hours[house][off(sides)].of_mut(sides.moment) {
            *count += narrow(weight);
        }
        self.groups.learn(sides.groups, |group| {
            group.cells[sides.moment.duty as usize][sides.place as usize] += narrow(weight);
            group.keys[sides.kind][house][key] += narrow(weight);
            for count in group.hours[house][off(sides)].of_mut(sides.moment) {
                *count += narrow(weight);
            }
        });
    }

    fn forget_sides(&mut self, marks: &Marks, sides: Sides, key: usize, weight: f64) {
        if !sides.in_house {
            self.networks.forget(&marks.carrier(), weight);
        }
        self.agents.forget(&marks.agent, weight);
        let house = usize::from(sides.in_house);
        let less = |count: &mut f64| *count = (*count - weight).max(0.0);
        less(&mut self.cells[sides.moment.duty as usize][sides.place as usize]);
        less(&mut self.keys[sides.kind][house][key]);
        let less = |count: &mut f32| *count = (*count - narrow(weight)).max(0.0);
        self.hours[house][off(sides)]
            .of_mut(sides.moment)
            .for_each(less);
        self.groups.forget(sides.groups, |group| {
            less(&mut group.cells[sides.moment.duty as usize][sides.place as usize]);
            less(&mut group.keys[sides.kind][house][key]);
            group.hours[house][off(sides)]
                .of_mut(sides.moment)
                .for_each(less);
        });
    }

    fn count_risk(&mut self, risk: u8, more: f64) {
        if let Some(count) = self.risks.get_mut(usize::from(risk)) {
            *count = (*count + more).max(0.0);
        }
    }
}

/// From here on a sign-in looks like an attack.
pub(crate) const SUSPECT: f64 = 6.0;
/// What looks like an attack teaches up to this, and no more until it is confirmed: less than
/// [`SHOWN`], and less than is believed.
const FLOOR: f32 = 0.4;
