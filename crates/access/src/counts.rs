//! How often what was seen: of one person, of their peers, of everybody.

use serde::{Deserialize, Serialize};
use wardline_risk::parts::Table;

use crate::look::{DUTIES, Standing, Via};

/// Patients of the last hour without an explanation, in steps: 1, 2, 3, up to 5, 8, 13, and more.
pub(crate) const PACES: usize = 7;
/// On how many wards those are; the last is five or more.
pub(crate) const WARDS: usize = 5;
/// So many departments are told apart.
const DEPARTMENTS: usize = 48;

/// Counts of looks, each of which fades. What is counted of an access depends on how it stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) standing: [f32; Standing::COUNT],
    pub(crate) via: [[f32; Via::COUNT]; Standing::COUNT],
    /// Elsewhere, here.
    pub(crate) here: [f32; 2],
    pub(crate) duty: [f32; DUTIES],
    /// Nobody treats the patient, somebody does.
    pub(crate) treated: [f32; 2],
    pub(crate) pace: [f32; PACES],
    /// By how many patients: two, three, four, five or more.
    pub(crate) wards: [[f32; WARDS]; 4],
    pub(crate) departments: Departments,
}

/// Looks by the patient's department.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Departments {
    shown: Table<DEPARTMENTS>,
    all: f32,
}

impl Departments {
    pub(crate) fn learn(&mut self, department: u64, weight: f32) {
        self.shown.learn(&[department], weight, f32::INFINITY);
        self.all += weight;
    }

    /// Its share, where so much was expected of it before, by so much weight.
    pub(crate) fn share(&self, department: u64, above: f64, weight: f64) -> f64 {
        (self.shown.shown(department) + weight * above) / (f64::from(self.all) + weight)
    }

    pub(crate) fn fade(&mut self, left: f32) {
        self.shown.fade(left);
        self.all *= left;
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.shown.is_sound() && is_count(self.all)
    }
}

impl Counts {
    pub(crate) fn fade(&mut self, left: f32) {
        self.each().into_iter().flatten().for_each(|it| *it *= left);
        self.departments.fade(left);
    }

    /// Whether it is one that this code can have written.
    pub(crate) fn is_sound(&self) -> bool {
        let mut copy = self.clone();
        let counts = copy.each();
        counts.into_iter().flatten().all(|it| is_count(*it)) && self.departments.is_sound()
    }

    fn each(&mut self) -> Vec<&mut [f32]> {
        let mut all = vec![
            self.standing.as_mut_slice(),
            self.here.as_mut_slice(),
            self.duty.as_mut_slice(),
            self.treated.as_mut_slice(),
            self.pace.as_mut_slice(),
        ];
        all.extend(self.via.iter_mut().map(<[f32; 4]>::as_mut_slice));
        all.extend(self.wards.iter_mut().map(<[f32; 5]>::as_mut_slice));
        all
    }
}

/// The share of one of several, where so much was expected of it before, by so much weight.
pub(crate) fn share(counts: &[f32], place: usize, above: f64, weight: f64) -> f64 {
    let all: f64 = counts.iter().copied().map(f64::from).sum();
    let count = counts.get(place).copied().map_or(0.0, f64::from);
    (count + weight * above) / (all + weight)
}

fn is_count(count: f32) -> bool {
    count.is_finite() && count >= 0.0
}
