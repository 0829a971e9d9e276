//! What one person has shown.

use serde::{Deserialize, Serialize};
use wardline_risk::StateError;
use wardline_risk::parts::{from_bytes, left, narrow, to_bytes};

use crate::counts::Counts;

/// What one person has shown: bounded, whatever they open. Its bytes ([`PersonState::to_bytes`]) are
/// fewer than four thousand.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PersonState {
    /// The day up to which it has faded.
    day: i32,
    pub(crate) counts: Counts,
    /// Charts without an explanation, the newest last.
    lately: Vec<Opened>,
    /// Charts looked at, the newest last.
    looks: Vec<Seen>,
    /// How many looks were snooping, as far as scores tell.
    pub(crate) doubts: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Opened {
    at_ms: i64,
    #[serde(with = "postcard::fixint::le")]
    patient: u64,
    #[serde(with = "postcard::fixint::le")]
    ward: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Seen {
    begun_ms: i64,
    #[serde(with = "postcard::fixint::le")]
    patient: u64,
    /// The most likely that it was snooping.
    doubt: f32,
}

/// Charts without an explanation of the last hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lately {
    pub(crate) patients: usize,
    pub(crate) wards: usize,
}

impl PersonState {
    /// As bytes, for a server to keep.
    ///
    /// # Errors
    /// [`StateError::Malformed`] where it has none.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StateError> {
        to_bytes(VERSION, self)
    }

    /// Of bytes.
    ///
    /// # Errors
    /// [`StateError`]; one begins with a new one then.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let state: Self = from_bytes(VERSION, bytes)?;
        if state.is_sound() {
            Ok(state)
        } else {
            Err(StateError::Malformed)
        }
    }

    fn is_sound(&self) -> bool {
        let is_share = |doubt: f32| (0.0..=1.0).contains(&doubt);
        self.counts.is_sound()
            && self.lately.len() <= LATELY
            && self.looks.len() <= LOOKS
            && self.looks.iter().all(|it| is_share(it.doubt))
            && (0.0..=DOUBTS).contains(&self.doubts)
    }

    /// Charts without an explanation of the last hour, with this one.
    pub(crate) fn lately(&self, at_ms: i64, patient: u64, ward: u64) -> Lately {
        // There are few: looking through them is quicker than any set.
        let recent = self
            .lately
            .iter()
            .filter(|it| is_within(it.at_ms, at_ms, HOUR_MS));
        let mut patients = Vec::with_capacity(16);
        let mut wards = Vec::with_capacity(16);
        patients.push(patient);
        wards.push(ward);
        for it in recent {
            if !patients.contains(&it.patient) {
                patients.push(it.patient);
            }
            if !wards.contains(&it.ward) {
                wards.push(it.ward);
            }
        }
        Lately {
            patients: patients.len(),
            wards: wards.len(),
        }
    }

    pub(crate) fn note_unexplained(&mut self, at_ms: i64, patient: u64, ward: u64) {
        self.lately.retain(|it| is_within(it.at_ms, at_ms, HOUR_MS));
        let same = |it: &Opened| it.patient == patient && it.ward == ward;
        if let Some(known) = self.lately.iter_mut().find(|it| same(it)) {
            known.at_ms = at_ms;
            return;
        }
        if self.lately.len() >= LATELY {
            self.lately.remove(0);
        }
        self.lately.push(Opened {
            at_ms,
            patient,
            ward,
        });
    }

    /// Notes that a chart is looked at; whether that look begins now. What follows within half a day
    /// belongs to it.
    pub(crate) fn note_look(&mut self, at_ms: i64, patient: u64, doubt: f64) -> bool {
        let doubt = narrow(doubt.clamp(0.0, 1.0));
        let known = self.looks.iter_mut().find(|it| it.patient == patient);
        if let Some(known) = known
            && is_within(known.begun_ms, at_ms, LOOK_MS)
        {
            let more = (doubt - known.doubt).max(0.0);
            known.doubt += more;
            self.doubts = (self.doubts + more).min(DOUBTS);
            return false;
        }
        self.looks.retain(|it| it.patient != patient);
        if self.looks.len() >= LOOKS {
            self.looks.remove(0);
        }
        self.looks.push(Seen {
            begun_ms: at_ms,
            patient,
            doubt,
        });
        self.doubts = (self.doubts + doubt).min(DOUBTS);
        true
    }

    pub(crate) fn fade(&mut self, day: i32) {
        if day > self.day {
            if self.day != 0 {
                let left = narrow(left(self.day, day, HALF_LIFE_DAYS));
                self.counts.fade(left);
                self.doubts *= left;
            }
            self.day = day;
        }
    }
}

fn is_within(one_ms: i64, other_ms: i64, long_ms: u64) -> bool {
    one_ms.abs_diff(other_ms) <= long_ms
}

const VERSION: u8 = 1;
const HOUR_MS: u64 = 60 * 60 * 1000;
/// A look is what somebody does with one chart in half a day.
const LOOK_MS: u64 = 12 * HOUR_MS;
/// So many charts without an explanation are told apart.
const LATELY: usize = 48;
/// So many looks are known.
const LOOKS: usize = 64;
/// More doubts than this say no more.
const DOUBTS: f32 = 3.0;
/// What is not shown again is half gone after so long.
pub(crate) const HALF_LIFE_DAYS: f64 = 180.0;
