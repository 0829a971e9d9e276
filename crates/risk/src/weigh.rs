//! How much more a sign-in is an attacker's than the person's.
//!
//! For each side of a sign-in the model knows what the person does, and leans on what everybody does
//! as long as it has seen little of the person. Against the product of these stand four kinds of
//! attackers, by assumption (module `attackers`), mixed; the score is the logarithm of the ratio. From
//! outside and without a key it has a least value, that of somebody who imitates all else.
//! Travel, an address that fails for many, and likeness to a recent suspicious sign-in are added.

use crate::attackers::ATTACKERS;
use crate::counts::{Counts, off};
use crate::fade::narrow;
use crate::hospital::Hospital;
use crate::hours::Hours;
use crate::login::Login;
use crate::peers::Group;
use crate::person::PersonState;
use crate::sides::{GAPS, Key, Marks, Place, Sides, moved};
use crate::tree::believed;
use crate::weights::{Claimed, Facts, SIDES, Side, Weights};

impl Counts {
    /// Weighs a sign-in of a person, before it is learned. A state that is new is one of whom nothing
    /// is known.
    pub(crate) fn weigh(
        &self,
        person: &PersonState,
        hospital: Hospital<'_>,
        login: &Login,
    ) -> Weights {
        let marks = Marks::of(login);
        let sides = Sides::of(person, hospital, login, &marks);
        let key = self.key(person, &marks, sides.left);
        let ratios = self.ratios(person, login, &marks, sides, key);
        let (unusual, parts) = mixed(&ratios, self.mimic(sides, key));
        Weights {
            unusual,
            travel: self.travelled(person, login, &marks, sides.in_house),
            spray: match self.sprayed(login, sides.in_house) {
                0 | 1 => 0.0,
                2 => 1.0,
                _ => 2.5,
            },
            company: person.company(login.at_ms, &marks),
            claim: contradicted(hospital, login, sides.in_house),
            parts,
            facts: Facts {
                place: sides.place,
                located: (!login.country.is_empty(), !login.city.is_empty()),
                duty: sides.moment.duty,
                key,
                hasty: moved(person, login, &marks, sides.in_house)
                    .is_some_and(|(gap, _)| gap < GAPS - 1),
                claimed: login.claimed.map(|claimed| {
                    let on_grounds = |apart_m: f64| apart_m <= 0.0;
                    if hospital.premises.apart_m(claimed).is_some_and(on_grounds) {
                        Claimed::OnPremises
                    } else {
                        Claimed::Elsewhere
                    }
                }),
            },
        }
    }

    /// How much more each kind of attacker shows each side than the person.
    fn ratios(
        &self,
        person: &PersonState,
        login: &Login,
        marks: &Marks,
        sides: Sides,
        key: Key,
    ) -> [[f64; SIDES]; ATTACKERS.len()] {
        let duty = sides.moment.duty as usize;
        let place = sides.place as usize;
        let planned = sides.moment.duty.is_planned();
        let standing = self.standing(person, sides);
        let of_place = if planned {
            self.of_place(person, sides)
        } else {
            standing
        };
        let of_key = self.of_key(person, marks, sides, key as usize);
        let total = person.sign_ins();
        let agent = self
            .agents
            .surprise(&person.agents, total, sides.left, &marks.agent)
            .exp();
        let network = if matches!(sides.place, Place::Known | Place::Near) {
            let seen = person.outside();
            self.networks
                .surprise(&person.networks, seen, sides.left, &marks.carrier())
                .exp()
        } else {
            1.0
        };
        let hour = self.of_hour(person, sides);
        let failures = (self.failures[sides.failures] + FAILED[sides.failures])
            / (self.failures.iter().sum::<f64>() + FAILED.iter().sum::<f64>());
        let bad = usize::from(login.address_is_bad);
        let listed = (self.listed[bad] + LISTED[bad])
            / (self.listed.iter().sum::<f64>() + LISTED.iter().sum::<f64>());

        let either = |own: f64, ratio: f64| own + (1.0 - own) * ratio;
        ATTACKERS.map(|attacker| {
            // Without a roster an attacker meets every duty alike, so only the place is compared.
            let met = if planned { attacker.duties[duty] } else { 1.0 };
            let on_list = if login.address_is_bad {
                attacker.listed
            } else {
                1.0 - attacker.listed
            };
            let mut ratios = [1.0; SIDES];
            ratios[Side::Place as usize] = attacker.places[place] / of_place;
            ratios[Side::Duty as usize] = met * of_place / standing;
            ratios[Side::Key as usize] = attacker.keys[key as usize] / of_key;
            ratios[Side::Agent as usize] = either(attacker.own_agent, agent);
            ratios[Side::Hour as usize] = either(attacker.own_hours, hour);
            ratios[Side::Network as usize] = either(attacker.own_network, network);
            ratios[Side::Failures as usize] = attacker.failures[sides.failures] / failures;
            ratios[Side::Listed as usize] = on_list / listed;
            ratios
        })
    }

    /// How much more likely somebody signs in from outside and without a key who imitates all else
    /// than anybody of the hospital does: nothing that can be copied makes up for a missing key.
    fn mimic(&self, sides: Sides, key: Key) -> f64 {
        if sides.in_house || key != Key::Missing {
            return 0.0;
        }
        let [others, keyless] = self.keyless;
        MIMIC * (others + keyless + KEYLESS.iter().sum::<f64>()) / (keyless + KEYLESS[1])
    }

    /// How often the person is on such duty in such a place.
    fn standing(&self, person: &PersonState, sides: Sides) -> f64 {
        let duty = sides.moment.duty as usize;
        let (everybody, all) = if sides.moment.duty.is_planned() {
            let everybody: f64 = self.cells.iter().flatten().map(|count| count + CELL).sum();
            (everybody, person.sign_ins())
        } else {
            let own: f32 = person.cells[duty].iter().sum();
            let everybody: f64 = self.cells[duty].iter().map(|count| count + CELL).sum();
            (everybody, f64::from(own))
        };
        let peers = (self.cells[duty][sides.place as usize] + CELL) / everybody;
        let peers = self.of_peers(sides, peers, |group| {
            let all: f32 = if sides.moment.duty.is_planned() {
                group.cells.iter().flatten().sum()
            } else {
                group.cells[duty].iter().sum()
            };
            (group.cells[duty][sides.place as usize], all)
        });
        let own = f64::from(person.cells[duty][sides.place as usize]) * sides.left;
        (believed(own) + PEERS * peers) / (all * sides.left + PEERS)
    }

    /// How often the person is in such a place, whatever the duty.
    fn of_place(&self, person: &PersonState, sides: Sides) -> f64 {
        let place = sides.place as usize;
        let everybody: f64 = self.cells.iter().flatten().map(|count| count + CELL).sum();
        let peers: f64 = self.cells.iter().map(|places| places[place] + CELL).sum();
        let peers = self.of_peers(sides, peers / everybody, |group| {
            let so = group.cells.iter().map(|places| places[place]).sum();
            (so, group.cells.iter().flatten().sum())
        });
        let own = person.cells.iter().map(|places| f64::from(places[place]));
        let own: f64 = own.map(|count| believed(count * sides.left)).sum();
        (own + PEERS * peers) / (person.sign_ins() * sides.left + PEERS)
    }

    /// How often the person signs so from such a client: by this client, by its kind of device, by
    /// everybody.
    fn of_key(&self, person: &PersonState, marks: &Marks, sides: Sides, key: usize) -> f64 {
        let peers = &self.keys[sides.kind][usize::from(sides.in_house)];
        let all: f64 = peers.iter().map(|count| count + SIGNED).sum();
        let peers = (peers[key] + SIGNED) / all;
        let house = usize::from(sides.in_house);
        let peers = self.of_peers(sides, peers, |group| {
            let keys = &group.keys[sides.kind][house];
            (keys[key], keys.iter().sum())
        });
        let lean = |own: &[f32], above: f64, weight: f64| {
            let all = f64::from(own.iter().sum::<f32>()) * sides.left;
            (f64::from(own[key]) * sides.left + weight * above) / (all + weight)
        };
        let of_kind = lean(&person.keys[sides.kind], peers, PEERS_KEYS);
        match person.client(marks.client()) {
            Some(own) => lean(own, of_kind, PEERS_CLIENT),
            None => of_kind,
        }
    }

    /// What is expected of somebody, where so much is of everybody: of whom little was seen, what
    /// their peers do, each group of them leaning on the wider one.
    fn of_peers(&self, sides: Sides, everybody: f64, of: impl Fn(&Group) -> (f32, f32)) -> f64 {
        if sides.newness <= 0.0 {
            return everybody;
        }
        let groups = self.groups.of(sides.groups);
        let peers = groups.fold(everybody, |above, group| {
            let (so, all) = of(group);
            (f64::from(so) + GROUP * above) / (f64::from(all) + GROUP)
        });
        everybody + sides.newness * (peers - everybody)
    }

    /// How much more anybody comes in such an hour than the person does.
    fn of_hour(&self, person: &PersonState, sides: Sides) -> f64 {
        let moment = sides.moment;
        let share = sides.moment.share;
        let house = usize::from(sides.in_house);
        let lean = |counts: &dyn Fn(&Hours) -> (f64, f64), share: f64| {
            let (peers, everybody) = counts(&self.hours[house][off(sides)]);
            let peers = (peers + HOURS * share) / (everybody + HOURS);
            let peers = self.of_peers(sides, peers, |group| {
                let (so, all) = counts(&group.hours[house][off(sides)]);
                (narrow(so), narrow(all))
            });
            let (own, all) = counts(&person.hours);
            let own = (own * sides.left + PEERS_HOURS * peers) / (all * sides.left + PEERS_HOURS);
            share / own
        };
        let of_hour = lean(&|hours| hours.around(moment), share);
        // The roster knows the days of whoever stands in it.
        if moment.duty.is_planned() {
            return of_hour;
        }
        of_hour * lean(&|hours| hours.on_day(moment), 1.0 / 7.0)
    }

    fn travelled(&self, person: &PersonState, login: &Login, marks: &Marks, in_house: bool) -> f64 {
        let Some((gap, moved)) = moved(person, login, marks, in_house) else {
            return 0.0;
        };
        // Behind a carrier or a tunnel somebody may stand anywhere.
        if login.address_is_shared || person.last.is_some_and(|last| last.shared) {
            return 0.0;
        }
        let [stayed, went] = self.travel[gap];
        let seen = if moved { went } else { stayed };
        let legitimate = (seen + 1.0) / (stayed + went + 2.0);
        let (attacker, most): (f64, f64) = if moved { (0.8, 2.0) } else { (0.2, 0.0) };
        let moved = (attacker.ln() - legitimate.ln()).clamp(-0.5, most);
        (moved + flown(person, login)).min(FASTEST)
    }
}

/// How much faster than anything that flies somebody moved, as far as the places of addresses tell.
fn flown(person: &PersonState, login: &Login) -> f64 {
    let last = person.last.and_then(|last| Some((last.at_ms, last.area?)));
    let Some(((last_ms, before), now)) = last.zip(login.area) else {
        return 0.0;
    };
    let apart_m = before.apart_m(now);
    if apart_m < FAR_M {
        return 0.0;
    }
    let gap_ms = login.at_ms.saturating_sub(last_ms).max(60_000);
    let hours = std::time::Duration::from_millis(gap_ms.unsigned_abs()).as_secs_f64() / 3600.0;
    (apart_m / hours / FLIGHT_M).ln().clamp(0.0, 1.0)
}

/// How much the place that a device claims speaks against its network. Databases of addresses are off
/// by a city now and then, the hospital's own addresses are not.
fn contradicted(hospital: Hospital<'_>, login: &Login, in_house: bool) -> f64 {
    let Some(claimed) = login.claimed else {
        return 0.0;
    };
    let (apart_m, sure_m) = if in_house {
        (hospital.premises.apart_m(claimed), HOUSE_M)
    } else {
        let area = login.area.filter(|_| !login.address_is_shared);
        (area.map(|area| area.apart_m(claimed)), FAR_M)
    };
    let apart = apart_m.map_or(0.0, |apart_m| (apart_m / sure_m).ln());
    apart.clamp(0.0, CONTRADICTED)
}

/// The logarithm of the sum over all attackers of what all sides say together; and what each side
/// adds to it, in the company of the others. Of the mimic only the key tells, and it counts where it
/// is the greater: whoever is a stranger anyway is none the more for what they could imitate.
fn mixed(ratios: &[[f64; SIDES]; ATTACKERS.len()], mimic: f64) -> (f64, [f64; SIDES]) {
    let terms = ATTACKERS.iter().zip(ratios);
    let terms = terms.map(|(attacker, ratios)| attacker.share * ratios.iter().product::<f64>());
    let sum = terms.sum::<f64>().hypot(mimic);
    let mut parts = [0.0; SIDES];
    for (side, part) in parts.iter_mut().enumerate() {
        let without = ATTACKERS.iter().zip(ratios).map(|(attacker, ratios)| {
            let others = ratios
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != side);
            attacker.share * others.map(|(_, ratio)| ratio).product::<f64>()
        });
        let mimic = if side == Side::Key as usize {
            0.0
        } else {
            mimic
        };
        *part = (sum / without.sum::<f64>().hypot(mimic)).ln();
    }
    (sum.ln(), parts)
}

/// Weight of what everybody does, in sign-ins of one person: for duty and place, for hours, for keys
/// of a kind of device, and for keys of a client.
const PEERS: f64 = 10.0;
const PEERS_HOURS: f64 = 8.0;
const PEERS_KEYS: f64 = 1.5;
const PEERS_CLIENT: f64 = 2.0;
/// Weight of what everybody does in what a group does, in sign-ins of the group.
const GROUP: f64 = 3_000.0;
/// However fast somebody came, it weighs no more.
const FASTEST: f64 = 2.0;
/// Nothing flies farther within an hour, metres.
const FLIGHT_M: f64 = 1_000_000.0;
/// So far databases of addresses may be off, metres.
const FAR_M: f64 = 200_000.0;
/// So far from its grounds the hospital's own network may reach, metres.
const HOUSE_M: f64 = 5_000.0;
/// However far a claimed place is, it weighs no more.
const CONTRADICTED: f64 = 2.0;
/// How much is made of the mimic, against the other attackers.
const MIMIC: f64 = 5.0;
/// What is assumed before anybody was seen, in sign-ins: of each duty and place, each key, all hours,
/// numbers of failed attempts, addresses that lists do not have and have, all that is not from outside
/// without a key and what is.
const CELL: f64 = 0.3;
const SIGNED: f64 = 0.5;
const HOURS: f64 = 24.0;
const FAILED: [f64; 4] = [20.0, 2.0, 0.5, 0.2];
const LISTED: [f64; 2] = [50.0, 1.0];
const KEYLESS: [f64; 2] = [18.0, 2.0];
