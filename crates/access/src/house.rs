//! What a hospital has shown, and how much an access looks like snooping beside it.
//!
//! The score is a logarithm of odds: how much likelier what is seen is of somebody who snoops than of
//! somebody at work. How it is at work is learned of the hospital's own accesses, of which nearly all
//! are work: of everybody, of those of the same role in the same department, and of the person, each of
//! which leans on the one before as long as it has shown little. Nobody says which accesses were
//! snooping. How it is to snoop are the few assumptions at the end of this file, shares rounded by
//! hand: somebody who snoops has a motive that shows in whose chart it is, mostly searches, and has
//! seldom a reason that the hospital knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wardline_risk::parts::{day_of, from_bytes, left, narrow, to_bytes};
use wardline_risk::{Duty, StateError};

use crate::counts::{Counts, Departments, PACES, WARDS, share};
use crate::look::{Alike, DUTIES, Look, Near, Standing, Via, duty_place};
use crate::person::{HALF_LIFE_DAYS, Lately, PersonState};
use crate::sign::Sign;

/// What a hospital as a whole has shown. Bounded: everybody's counts, and those of
/// [`House::PEERS`] groups of peers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct House {
    day: i32,
    everybody: Counts,
    /// Of all looks, however they stand.
    departments: Departments,
    works_here: f32,
    is_public: f32,
    /// Patients who work here, by how near.
    near: [f32; Near::COUNT],
    looks: f32,
    peers: BTreeMap<u64, Counts>,
}

/// What an access was weighed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weighed {
    /// Higher looks more like snooping: the logarithm of how much likelier it is of somebody who
    /// snoops.
    pub score: f64,
    /// How likely it is snooping, where one look in a thousand is.
    pub probability: f64,
    /// What speaks for it most, the strongest first.
    pub signs: Vec<Sign>,
}

/// What snooping shows in one respect, as a logarithm of odds.
#[derive(Debug, Clone, Copy)]
struct Part {
    sign: Sign,
    odds: f64,
}

impl House {
    /// So many groups of peers are told apart.
    pub const PEERS: usize = 4096;

    /// Weighs an access, by what was there before it.
    pub fn weigh(&self, person: &PersonState, look: &Look) -> Weighed {
        let mut parts = Vec::with_capacity(9);
        let standing = Standing::of(look.explained.reason);
        let how = standing.place();
        let odds = |pick: fn(&Counts) -> &[f32], place: usize, snooping: f64| {
            (snooping / self.usual(person, look.peers, pick, place)).ln()
        };
        let via = look.via.place();
        let pick: fn(&Counts) -> &[f32] = match standing {
            Standing::Written => |it| &it.via[0],
            Standing::Concluded => |it| &it.via[1],
            Standing::Unexplained => |it| &it.via[2],
        };
        parts.push(Part {
            sign: Sign::Unexplained,
            odds: odds(|it| &it.standing, how, SNOOPING_STANDS[how]),
        });
        parts.push(Part {
            sign: Sign::Searched,
            odds: odds(pick, via, SNOOPING_COMES[how][via]),
        });
        let mut lately = None;
        // Whoever has a reason is where the reason has them: only without one it says something that
        // somebody looks at this ward's patients, or at this time.
        if standing == Standing::Unexplained {
            let here = usize::from(look.is_here);
            let duty = duty_place(look.duty);
            let treated = usize::from(look.explained.is_treated);
            parts.push(Part {
                sign: Sign::OtherFacility,
                odds: odds(|it| &it.here, here, 0.5),
            });
            if look.duty != Duty::Unknown {
                parts.push(Part {
                    sign: Sign::OffShift,
                    odds: odds(|it| &it.duty, duty, SNOOPING_AT[duty]),
                });
            }
            parts.push(Part {
                sign: Sign::NobodyTreats,
                odds: odds(|it| &it.treated, treated, 0.5),
            });
            parts.push(Part {
                sign: Sign::OtherDepartment,
                odds: self.department(person, look),
            });
            lately = Some(person.lately(look.at_ms, look.patient, look.ward));
        }
        parts.push(self.motive(person, look, lately));
        parts.push(Part {
            sign: Sign::DoubtedBefore,
            odds: f64::from(person.doubts).ln_1p(),
        });
        let score: f64 = parts.iter().map(|it| it.odds).sum();
        parts.retain(|it| it.odds >= TOLD);
        parts.sort_by(|a, b| b.odds.total_cmp(&a.odds));
        Weighed {
            score,
            probability: 1.0 / (1.0 + (PRIOR - score).exp()),
            signs: parts.into_iter().map(|it| it.sign).collect(),
        }
    }

    /// Learns an access, after it was weighed. What looks like snooping teaches little of work.
    pub fn learn(&mut self, person: &mut PersonState, look: &Look, weighed: &Weighed) {
        let day = day_of(look.at_ms);
        if day > self.day {
            if self.day != 0 {
                self.fade(narrow(left(self.day, day, HALF_LIFE_DAYS)));
            }
            self.day = day;
        }
        person.fade(day);
        let is_unexplained = look.explained.reason.is_none();
        let lately = person.lately(look.at_ms, look.patient, look.ward);
        if is_unexplained {
            person.note_unexplained(look.at_ms, look.patient, look.ward);
        }
        if !person.note_look(look.at_ms, look.patient, weighed.probability) {
            return;
        }
        let weight = narrow(1.0 - weighed.probability);
        self.looks += weight;
        self.works_here += if look.ties.works_here { weight } else { 0.0 };
        self.is_public += if look.ties.is_public { weight } else { 0.0 };
        if let Some(near) = look.ties.near {
            self.near[near.place()] += weight;
        }
        self.departments.learn(look.department, weight);
        if self.peers.len() < Self::PEERS {
            self.peers.entry(look.peers).or_default();
        }
        let peers = self.peers.get_mut(&look.peers);
        let all = [Some(&mut self.everybody), peers, Some(&mut person.counts)];
        for counts in all.into_iter().flatten() {
            learn(counts, look, lately, weight);
        }
    }

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
        let house: Self = from_bytes(VERSION, bytes)?;
        let counts = [house.works_here, house.is_public, house.looks];
        let sound = house.everybody.is_sound()
            && house.departments.is_sound()
            && counts
                .iter()
                .chain(&house.near)
                .all(|it| it.is_finite() && *it >= 0.0)
            && house.peers.len() <= Self::PEERS
            && house.peers.values().all(Counts::is_sound);
        if sound {
            Ok(house)
        } else {
            Err(StateError::Malformed)
        }
    }

    fn fade(&mut self, left: f32) {
        self.everybody.fade(left);
        self.departments.fade(left);
        let counts = [&mut self.works_here, &mut self.is_public, &mut self.looks];
        for it in counts.into_iter().chain(&mut self.near) {
            *it *= left;
        }
        self.peers.values_mut().for_each(|it| it.fade(left));
    }

    /// How likely something is at work: of everybody, leaned on by peers, leaned on by the person.
    fn usual(
        &self,
        person: &PersonState,
        peers: u64,
        pick: impl Fn(&Counts) -> &[f32],
        place: usize,
    ) -> f64 {
        let everybody = pick(&self.everybody);
        #[expect(clippy::cast_precision_loss, reason = "there are a few places")]
        let alike = 1.0 / everybody.len() as f64;
        let everybody = share(everybody, place, alike, 1.0);
        let peers = self.peers.get(&peers).map_or(everybody, |peers| {
            share(pick(peers), place, everybody, LEANS_ON_EVERYBODY)
        });
        share(pick(&person.counts), place, peers, LEANS_ON_PEERS)
    }

    /// Whoever snoops looks at any department's patients, whoever works at those of some.
    fn department(&self, person: &PersonState, look: &Look) -> f64 {
        if look.department == 0 {
            return 0.0;
        }
        let share =
            |of: &Counts, above, weight| of.departments.share(look.department, above, weight);
        let any = self
            .departments
            .share(look.department, NEW_DEPARTMENT, LEANS_ON_EVERYBODY);
        let everybody = share(&self.everybody, NEW_DEPARTMENT, 1.0);
        let peers = self.peers.get(&look.peers).map_or(everybody, |peers| {
            share(peers, everybody, LEANS_ON_EVERYBODY)
        });
        (any / share(&person.counts, peers, LEANS_ON_PEERS)).ln()
    }

    /// Why somebody would: each motive shows in its own way, and any may be theirs.
    fn motive(&self, person: &PersonState, look: &Look, lately: Option<Lately>) -> Part {
        let ties = &look.ties;
        let flag = |has: bool, usual: f64| {
            if has {
                (SURE / usual).ln()
            } else {
                (1.0 - SURE).ln()
            }
        };
        let usual = |count: f32, expected: f64| {
            (f64::from(count) + EXPECTED * expected) / (f64::from(self.looks) + EXPECTED)
        };
        let alike = |of: Option<Alike>, snooping: f64| {
            of.map_or(0.0, |it| {
                let share = it.share.clamp(RAREST, 0.5);
                if it.same {
                    (snooping / share).ln()
                } else {
                    ((1.0 - snooping) / (1.0 - share)).ln()
                }
            })
        };
        let family = |sign, surname: f64, area: f64| Part {
            sign,
            odds: alike(ties.surname, surname) + alike(ties.area, area),
        };
        let shown = if ties.surname.is_some_and(|it| it.same) {
            Sign::SameSurname
        } else {
            Sign::SameArea
        };
        let near = ties.near.map_or(0.0, |near| {
            let place = near.place();
            let usual = share(&self.near, place, USUALLY_NEAR[place], LEANS_ON_PEERS);
            (SNOOPING_IS_NEAR[place] / usual).ln()
        });
        let motives = [
            family(shown, 0.7, 0.6),
            Part {
                sign: Sign::SameArea,
                odds: alike(ties.area, SURE),
            },
            Part {
                sign: Sign::WorksHere,
                odds: flag(ties.works_here, usual(self.works_here, 0.03)) + near,
            },
            Part {
                sign: Sign::IsPublic,
                odds: flag(ties.is_public, usual(self.is_public, 0.005)),
            },
            Part {
                sign: Sign::OwnChart,
                odds: flag(ties.own, RAREST),
            },
            Part {
                sign: Sign::Many,
                odds: lately.map_or(FEW, |it| self.many(person, look.peers, it)),
            },
        ];
        let strongest = motives
            .iter()
            .copied()
            .max_by(|a, b| a.odds.total_cmp(&b.odds))
            .unwrap_or(motives[0]);
        let sum: f64 = motives
            .iter()
            .map(|it| (it.odds - strongest.odds).exp())
            .sum();
        Part {
            sign: strongest.sign,
            odds: strongest.odds + (sum / MOTIVES).ln(),
        }
    }

    /// Whoever takes what they can opens many charts without a reason, all over the house.
    fn many(&self, person: &PersonState, peers: u64, lately: Lately) -> f64 {
        let pace = pace_place(lately.patients);
        let usual = self.usual(person, peers, |it| &it.pace, pace);
        let odds = (SNOOPING_TAKES[pace] / usual).ln();
        let Some((patients, wards)) = ward_place(lately) else {
            return odds;
        };
        let usual = self.usual(person, peers, |it| &it.wards[patients], wards);
        odds + (SNOOPING_SPREADS[patients][wards] / usual).ln()
    }
}

fn learn(counts: &mut Counts, look: &Look, lately: Lately, weight: f32) {
    let standing = Standing::of(look.explained.reason);
    let how = standing.place();
    counts.standing[how] += weight;
    counts.via[how][look.via.place()] += weight;
    if standing != Standing::Unexplained {
        return;
    }
    counts.here[usize::from(look.is_here)] += weight;
    counts.duty[duty_place(look.duty)] += weight;
    counts.treated[usize::from(look.explained.is_treated)] += weight;
    counts.departments.learn(look.department, weight);
    counts.pace[pace_place(lately.patients)] += weight;
    if let Some((patients, wards)) = ward_place(lately) {
        counts.wards[patients][wards] += weight;
    }
}

fn pace_place(patients: usize) -> usize {
    match patients {
        0..=1 => 0,
        2 => 1,
        3 => 2,
        4..=5 => 3,
        6..=8 => 4,
        9..=13 => 5,
        _ => PACES - 1,
    }
}

/// By patients and by wards; one patient is on one ward.
fn ward_place(lately: Lately) -> Option<(usize, usize)> {
    let patients = lately.patients.min(5).checked_sub(2)?;
    // A patient who was moved is on two.
    let most = lately.patients.min(WARDS);
    Some((patients, lately.wards.clamp(1, most) - 1))
}

const VERSION: u8 = 1;

/// Peers lean on everybody as if so many looks of theirs had been like everybody's.
const LEANS_ON_EVERYBODY: f64 = 10.0;
/// A person leans on peers, likewise.
const LEANS_ON_PEERS: f64 = 20.0;
/// What is expected of everybody counts as so many looks.
const EXPECTED: f64 = 200.0;
/// The share of looks at a department that nobody has looked at.
const NEW_DEPARTMENT: f64 = 0.1;
/// Nothing that person and patient have in common is taken for rarer.
const RAREST: f64 = 1e-4;
/// One look in a thousand is snooping, before anything is seen of it.
const PRIOR: f64 = 6.9;
/// What speaks for snooping by less, twice as likely, is not told.
const TOLD: f64 = 0.7;

// How it is to snoop.

/// Written, concluded, unexplained: who is curious has a reason by accident.
const SNOOPING_STANDS: [f64; Standing::COUNT] = [0.1, 0.15, 0.75];
/// From a conversation, a worklist, a search, or not known; by how it stands.
const SNOOPING_COMES: [[f64; Via::COUNT]; Standing::COUNT] = [
    [0.1, 0.3, 0.6, 0.6],
    [0.15, 0.15, 0.7, 0.7],
    [0.01, 0.14, 0.85, 0.85],
];
/// On site, on call, around a shift, off; where it is not known it says nothing.
const SNOOPING_AT: [f64; DUTIES] = [0.55, 0.05, 0.1, 0.3, 1.0];
/// As many motives as there are, and none more likely than another.
const MOTIVES: f64 = 6.0;
/// What a motive is about is there, but for errors of the files.
const SURE: f64 = 0.97;
/// The same ward, facility, or another: whoever is curious about a colleague knows them.
const SNOOPING_IS_NEAR: [f64; Near::COUNT] = [0.35, 0.5, 0.15];
/// How near patients who work here are, before any is seen.
const USUALLY_NEAR: [f64; Near::COUNT] = [0.1, 0.5, 0.4];
/// Whoever has reasons for all that they open takes nothing.
const FEW: f64 = -2.0;
/// By patients of the last hour: whoever takes many begins with one.
const SNOOPING_TAKES: [f64; PACES] = [0.12, 0.12, 0.12, 0.16, 0.16, 0.16, 0.16];
/// By patients and wards of the last hour.
const SNOOPING_SPREADS: [[f64; WARDS]; 4] = [
    [0.2, 0.8, 0.0, 0.0, 0.0],
    [0.1, 0.3, 0.6, 0.0, 0.0],
    [0.05, 0.2, 0.35, 0.4, 0.0],
    [0.03, 0.07, 0.15, 0.25, 0.5],
];
