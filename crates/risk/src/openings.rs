//! What somebody opens after a sign-in: how fast, and of how many patients.
//!
//! Whoever copies a hospital's records opens many of them, and little else gives them away who sits at
//! an unlocked phone. So openings are counted, of the last hour and of the turn of work, and compared
//! with what the person, their peers and everybody open; below a floor that a busy admission round
//! does not reach they are nobody's business. Patients are counted by the bits that their names fall
//! on (linear counting: Whang, Vander-Zanden and Taylor, TODS 1990); no name is kept.

use serde::{Deserialize, Serialize};

use crate::fade::{DAY_MS, day_of, left, narrow};
use crate::hospital::{Duty, Hospital};
use crate::house::House;
use crate::mark::mark;
use crate::measure::number;
use crate::pace::{COUNTED, Expected, Pace};
use crate::peers::{GroupsOf, groups_of};
use crate::person::HALF_LIFE_DAYS;
use crate::reason::Reason;
use crate::state::{self, StateError};

/// One record that was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// When, unix milliseconds.
    pub at_ms: i64,
    /// By whom, by the name that the account has.
    pub user: String,
    /// Their role; empty where it is not known.
    pub role: String,
    /// Whose record, by any name that stays the same; absent where it is of several.
    pub patient: Option<String>,
}

/// What one person opens: what is usual, and what was opened lately. Its bytes
/// ([`Openings::to_bytes`]) are fewer than 700, whatever is opened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Openings {
    /// The day up to which what is usual has faded.
    day: i32,
    usual: Pace,
    /// When the last record was opened, unix milliseconds.
    last_ms: i64,
    /// The hour and the turn of work, by when they began, unix milliseconds.
    hour_ms: i64,
    turn_ms: i64,
    /// The last hour, by quarters.
    quarters: [Quarter; QUARTERS],
    /// The patients of the turn.
    turn: Sketch<TURN>,
    /// The most that was opened in the hour, and in the turn, and how much it weighed.
    most: [(f32, f32); COUNTED],
    /// How many were opened when a second factor confirmed it.
    confirmed: [f32; COUNTED],
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Quarter {
    /// Quarters of an hour since 1970.
    at: i64,
    records: u32,
    patients: Sketch<HOUR>,
}

/// How many different ones were seen, by the bits that they fall on. Empty, or of `N` bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sketch<const N: usize>(Vec<u8>);

/// How unusual it is what somebody opens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opened {
    /// How much more it looks like somebody who takes what they can, in natural logarithms: 0 as long
    /// as it is usual, [`Opened::MOST`] at most.
    pub score: f64,
    /// Different patients of the last hour, as far as bits tell.
    pub patients_of_hour: f64,
    /// Different patients since the turn of work began.
    pub patients_of_turn: f64,
    /// Records of the last hour.
    pub records_of_hour: u64,
}

impl House {
    /// Counts a record that is opened, weighs it among all that the person opened lately, and learns
    /// from each hour and turn once it is over. The state is one for each account.
    pub fn open(
        &mut self,
        openings: &mut Openings,
        hospital: Hospital<'_>,
        access: &Access,
    ) -> Opened {
        let pattern = hospital.roster.pattern(&access.user, access.at_ms);
        let groups = groups_of(&access.role, pattern);
        let at_ms = openings.moment(access.at_ms);
        self.close(openings, groups, at_ms);
        openings.count(at_ms, access.patient.as_deref());
        let off = hospital.roster.duty(&access.user, access.at_ms) == Duty::Off;
        let counts = openings.counts(at_ms);
        let mut score = 0.0_f64;
        for (kind, opened) in counts.into_iter().enumerate() {
            let weight = excess(opened, self.free(openings, groups, kind, off));
            openings.note(kind, opened, weight);
            score = score.max(weight);
        }
        let [records, patients_of_hour, patients_of_turn] = counts;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was a whole number below 2^34"
        )]
        let records_of_hour = records as u64;
        Opened {
            score,
            patients_of_hour,
            patients_of_turn,
            records_of_hour,
        }
    }

    /// Up to how many is no surprise.
    fn free(&self, openings: &Openings, groups: GroupsOf, kind: usize, off: bool) -> f64 {
        let seen = self.seen();
        let anybody = Expected::ANYBODY[kind];
        let everybody = seen.pace.expects(kind, anybody, PRIOR);
        let peers = seen.groups.of(groups);
        let peers = peers.fold(everybody, |above, group| {
            group.pace.expects(kind, above, PRIOR)
        });
        let usual = openings.usual.expects(kind, peers, PEERS);
        let free = usual.at_most().max(FREE[kind]);
        let free = if off { free / OFF } else { free };
        free.max(f64::from(openings.confirmed[kind]) * CONFIRMED)
    }

    /// Learns from what is over by a moment.
    fn close(&mut self, openings: &mut Openings, groups: GroupsOf, at_ms: i64) {
        let since =
            |begin_ms: i64, long_ms: i64| at_ms.abs_diff(begin_ms) >= long_ms.unsigned_abs();
        let hour_over = since(openings.hour_ms, HOUR_MS);
        let turn_over = since(openings.last_ms, PAUSE_MS) || since(openings.turn_ms, TURN_MS);
        if turn_over {
            self.learn_most(openings, groups, [false, false, true]);
            openings.turn_ms = at_ms;
            openings.turn = Sketch::default();
            openings.confirmed = [0.0; COUNTED];
        }
        if hour_over {
            self.learn_most(openings, groups, [true, true, false]);
            openings.hour_ms = at_ms;
        }
        openings.fade(day_of(at_ms));
    }

    /// Learns the most that was opened, of what is over. What is no longer usual teaches nothing.
    fn learn_most(&mut self, openings: &mut Openings, groups: GroupsOf, over: [bool; COUNTED]) {
        let day = openings.day;
        for (kind, over) in over.into_iter().enumerate() {
            if !over {
                continue;
            }
            let (opened, weighed) = std::mem::take(&mut openings.most[kind]);
            if opened <= 0.0 || f64::from(weighed) >= COUNTS {
                continue;
            }
            let weight = narrow((-f64::from(weighed)).exp());
            openings.usual.learn(kind, opened, weight);
            self.note_change();
            self.change(|counts| {
                counts.fade(day);
                counts.pace.learn(kind, opened, weight);
                counts
                    .groups
                    .learn(groups, |group| group.pace.learn(kind, opened, weight));
            });
        }
    }
}

impl Openings {
    /// A second factor was given, or an officer says that it is the person's work: as many are none
    /// of anybody's business until the turn is over, and a quarter more.
    pub fn confirm(&mut self, at_ms: i64) {
        let counts = self.counts(self.moment(at_ms));
        for (confirmed, opened) in self.confirmed.iter_mut().zip(counts) {
            *confirmed = confirmed.max(narrow(opened));
        }
        for (_, weighed) in &mut self.most {
            *weighed = 0.0;
        }
    }

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
        let openings: Self = state::from_bytes(VERSION, bytes)?;
        if openings.is_sound() {
            Ok(openings)
        } else {
            Err(StateError::Malformed)
        }
    }

    /// A row out of order is counted where the others are; a clock that was set back is believed.
    fn moment(&self, at_ms: i64) -> i64 {
        if self.last_ms.saturating_sub(at_ms) < PAUSE_MS {
            at_ms.max(self.last_ms)
        } else {
            at_ms
        }
    }

    fn count(&mut self, at_ms: i64, patient: Option<&str>) {
        let at = at_ms.div_euclid(QUARTER_MS);
        // It has as many places as an hour has quarters, and the oldest gives way.
        let place = usize::try_from(at.rem_euclid(4)).unwrap_or(0) % QUARTERS;
        let quarter = &mut self.quarters[place];
        if quarter.at != at {
            *quarter = Quarter {
                at,
                ..Quarter::default()
            };
        }
        quarter.records = quarter.records.saturating_add(1);
        if let Some(patient) = patient {
            let patient = mark(PATIENTS, patient);
            quarter.patients.add(patient);
            self.turn.add(patient);
        }
        self.last_ms = at_ms;
    }

    /// Records and patients of the last hour, patients of the turn.
    fn counts(&self, at_ms: i64) -> [f64; COUNTED] {
        let now = at_ms.div_euclid(QUARTER_MS);
        let lately = |quarter: &&Quarter| (0..4).contains(&now.saturating_sub(quarter.at));
        let mut patients = Sketch::<HOUR>::default();
        let mut records = 0_u64;
        for quarter in self.quarters.iter().filter(lately) {
            records += u64::from(quarter.records);
            patients.unite(&quarter.patients);
        }
        [number(records), patients.count(), self.turn.count()]
    }

    fn note(&mut self, kind: usize, opened: f64, weight: f64) {
        let (most, weighed) = &mut self.most[kind];
        *most = most.max(narrow(opened));
        *weighed = weighed.max(narrow(weight));
    }

    fn fade(&mut self, day: i32) {
        if day > self.day {
            self.usual.fade(narrow(left(self.day, day, HALF_LIFE_DAYS)));
            self.day = day;
        }
    }

    fn is_sound(&self) -> bool {
        let whole = |count: f32| (0.0..1e10).contains(&count);
        self.usual.is_sound()
            && self.turn.is_sound()
            && self.quarters.iter().all(|it| it.patients.is_sound())
            && self.confirmed.iter().all(|count| whole(*count))
            && self
                .most
                .iter()
                .all(|(most, weighed)| whole(*most) && whole(*weighed))
    }
}

impl Opened {
    /// However much is opened, it weighs no more, in natural logarithms.
    pub const MOST: f64 = 8.0;

    /// Why, where it counts for something.
    pub fn reason(&self) -> Option<Reason> {
        (self.score >= COUNTS).then_some(Reason::OpensMany)
    }

    /// The risk of a session, 0 to 100, in the light of what is opened in it: never less than it was.
    pub fn raises(&self, risk: u8) -> u8 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 0 and 60"
        )]
        let more = (10.0 * self.score / 4.0_f64.ln()).round().clamp(0.0, 60.0) as u8;
        risk.saturating_add(more).min(100).max(risk)
    }
}

impl<const N: usize> Sketch<N> {
    fn add(&mut self, mark: u64) {
        self.0.resize(N, 0);
        let bits = u64::try_from(N * 8).unwrap_or(u64::MAX);
        let bit = usize::try_from(mark % bits).unwrap_or(0);
        self.0[bit / 8] |= 1 << (bit % 8);
    }

    fn unite(&mut self, other: &Self) {
        self.0.resize(N, 0);
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    /// How many fell on the bits. Where hardly one is left it is told as if one were.
    fn count(&self) -> f64 {
        let set: u32 = self.0.iter().map(|byte| byte.count_ones()).sum();
        let bits = number(u64::try_from(N * 8).unwrap_or(u64::MAX));
        let free = (bits - f64::from(set)).max(1.0);
        bits * (bits / free).ln()
    }

    fn is_sound(&self) -> bool {
        self.0.is_empty() || self.0.len() == N
    }
}

/// How much more of what is opened is an attacker's, beyond what is no surprise.
fn excess(opened: f64, free: f64) -> f64 {
    (STEEP * ((1.0 + opened) / (1.0 + free)).ln()).clamp(0.0, Opened::MOST)
}

/// The version of the bytes.
const VERSION: u8 = 1;
/// Bytes of the bits of an hour's patients: up to some three thousand are told apart.
const HOUR: usize = 64;
/// The same of a turn of work: up to some seven thousand.
const TURN: usize = 128;
const QUARTERS: usize = 4;
const HOUR_MS: i64 = 60 * 60 * 1000;
const QUARTER_MS: i64 = HOUR_MS / 4;
/// After such a pause another turn of work begins, and after so long at the latest.
const PAUSE_MS: i64 = 6 * HOUR_MS;
const TURN_MS: i64 = DAY_MS * 2 / 3;
/// So many are nobody's business, whatever the person usually opens: records in an hour, patients in
/// an hour, patients in a turn. An admission round opens fifteen to twenty-five charts in an hour.
const FREE: [f64; COUNTED] = [250.0, 30.0, 150.0];
/// Off duty it is so many times less.
const OFF: f64 = 3.0;
/// What was confirmed may grow by a quarter.
const CONFIRMED: f64 = 1.25;
/// Weight of what is expected of everybody, in hours of a group, and of the group's in a person's.
const PRIOR: f64 = 20.0;
const PEERS: f64 = 8.0;
/// Twice as many as is no surprise are made sixteen times as likely an attacker's.
const STEEP: f64 = 4.0;
/// What has a weight of this is a reason, and teaches nothing until it is confirmed.
const COUNTS: f64 = std::f64::consts::LN_2;
/// What marks of patients stand below, so that they are none of a network.
const PATIENTS: u64 = 3;
