//! Whether those who are asked for more are asked fairly, and what came of it: NIST SP 800-63B-4 asks
//! whoever decides by how unusual a sign-in is to look at whom that meets.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::measure::number;

/// What came of one sign-in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is said of a sign-in on its own"
)]
pub struct SignIn {
    /// The person's role; empty where it is not known.
    pub role: String,
    /// The turn of work; absent where it is not known.
    pub turn: Option<Turn>,
    /// Where the person works; empty where it is not known.
    pub facility: String,
    /// Whether more was asked for.
    pub asked: bool,
    /// Whether it was refused.
    pub refused: bool,
    /// Whether a second factor, or the person, confirmed it.
    pub confirmed: bool,
    /// Whether the person said that it was not them.
    pub disowned: bool,
}

/// What turn of work a moment belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// On or around a shift in the house, one not mostly at night.
    Day,
    /// The same, mostly at night.
    Night,
    /// On call, and neither on nor around a shift in the house.
    OnCall,
    /// None of these. [`crate::Nights`] does not tell who is on call from it.
    Off,
}

/// What sign-ins are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The person's role.
    Role,
    /// The turn of work.
    Shift,
    /// Where the person works.
    Facility,
}

/// How often sign-ins of each group were asked for more, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RiskReport {
    /// From when sign-ins are counted, unix milliseconds.
    pub from: i64,
    /// Until when.
    pub to: i64,
    /// By what they are grouped, then by name.
    pub groups: Vec<GroupReport>,
    /// Groups of fewer sign-ins have no ratio, nor have those against fewer others.
    pub few: u64,
}

/// One group's sign-ins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupReport {
    /// What it is a group by.
    pub by: By,
    /// Which one.
    pub name: String,
    /// What was counted.
    #[serde(flatten)]
    pub tally: Tally,
    /// The share of sign-ins that were asked for more, 0 to 1.
    pub asked_share: f64,
    /// How many times as often as all others by the same grouping; absent where either are few, or no
    /// others were asked.
    pub ratio: Option<f64>,
    /// Between which the ratio is, with a confidence of 95 %: one that has 1 between is no evidence of
    /// a difference. Absent as the ratio is.
    pub ratio_95: Option<[f64; 2]>,
}

/// How many sign-ins there were, and what came of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All.
    pub sign_ins: u64,
    /// More was asked for.
    pub asked: u64,
    /// Refused.
    pub refused: u64,
    /// Confirmed by a second factor, or by the person.
    pub confirmed: u64,
    /// The person said that it was not them.
    pub disowned: u64,
}

impl RiskReport {
    /// Of sign-ins between two moments, unix milliseconds.
    pub fn of_sign_ins(
        from: i64,
        to: i64,
        few: u64,
        sign_ins: impl IntoIterator<Item = SignIn>,
    ) -> Self {
        let mut tallies: BTreeMap<(By, String), Tally> = BTreeMap::new();
        for sign_in in sign_ins {
            let tally = sign_in.tally();
            let turn = sign_in.turn.map_or("", Turn::name).to_owned();
            for (by, name) in [
                (By::Role, sign_in.role),
                (By::Shift, turn),
                (By::Facility, sign_in.facility),
            ] {
                if !name.is_empty() {
                    tallies.entry((by, name)).or_default().add(tally);
                }
            }
        }
        Self::of(from, to, few, tallies)
    }

    /// Of what was counted of each group between two moments, unix milliseconds.
    pub fn of(
        from: i64,
        to: i64,
        few: u64,
        tallies: impl IntoIterator<Item = ((By, String), Tally)>,
    ) -> Self {
        let tallies: Vec<((By, String), Tally)> = tallies.into_iter().collect();
        let mut all: BTreeMap<By, Tally> = BTreeMap::new();
        for ((by, _), tally) in &tallies {
            all.entry(*by).or_default().add(*tally);
        }
        let groups = tallies.into_iter().map(|((by, name), tally)| {
            let all = all.get(&by).copied().unwrap_or_default();
            let others = (all.asked - tally.asked, all.sign_ins - tally.sign_ins);
            let told = tally.sign_ins >= few.max(1) && others.1 >= few.max(1) && others.0 > 0;
            let ratio = told.then(|| ratio((tally.asked, tally.sign_ins), others));
            GroupReport {
                by,
                name,
                tally,
                asked_share: share(tally.asked, tally.sign_ins),
                ratio: ratio.map(|(ratio, _)| ratio),
                ratio_95: ratio.map(|(_, between)| between),
            }
        });
        Self {
            from,
            to,
            groups: groups.collect(),
            few,
        }
    }
}

impl SignIn {
    fn tally(&self) -> Tally {
        Tally {
            sign_ins: 1,
            asked: self.asked.into(),
            refused: self.refused.into(),
            confirmed: self.confirmed.into(),
            disowned: self.disowned.into(),
        }
    }
}

impl Turn {
    /// Its name in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Night => "night",
            Self::OnCall => "on_call",
            Self::Off => "off",
        }
    }
}

impl By {
    /// Its name in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Shift => "shift",
            Self::Facility => "facility",
        }
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.sign_ins += other.sign_ins;
        self.asked += other.asked;
        self.refused += other.refused;
        self.confirmed += other.confirmed;
        self.disowned += other.disowned;
    }
}

fn share(part: u64, all: u64) -> f64 {
    if all == 0 {
        0.0
    } else {
        number(part) / number(all)
    }
}

/// The ratio of two shares, and between which it is with a confidence of 95 %: by its logarithm (Katz
/// et al., Biometrics 1978), with a half added to each count (Walter, Biometrika 1975), so that there
/// is one where nobody was asked, too.
fn ratio(group: (u64, u64), others: (u64, u64)) -> (f64, [f64; 2]) {
    let ratio = share(group.0, group.1) / share(others.0, others.1);
    let [asked, all, others_asked, others] =
        [group.0, group.1, others.0, others.1].map(|count| number(count) + 0.5);
    let middle = (asked / all).ln() - (others_asked / others).ln();
    let spread = 1.0 / asked - 1.0 / all + 1.0 / others_asked - 1.0 / others;
    let half = NORMAL_95 * spread.max(0.0).sqrt();
    let (low, high) = ((middle - half).exp(), (middle + half).exp());
    // The half moves the middle a little, where few were asked.
    (ratio, [low.min(ratio), high.max(ratio)])
}

/// Of a normal distribution 95 % is within so many standard deviations.
const NORMAL_95: f64 = 1.96;

#[cfg(test)]
mod tests {
    use super::*;

    fn sign_ins(role: &str, turn: Turn, all: u64, asked: u64) -> Vec<SignIn> {
        let sign_in = |n| SignIn {
            role: role.to_owned(),
            turn: Some(turn),
            facility: String::new(),
            asked: n < asked,
            refused: n == 0 && asked > 0,
            confirmed: n > 0 && n < asked,
            disowned: n == 0 && asked > 0,
        };
        (0..all).map(sign_in).collect()
    }

    fn group<'a>(report: &'a RiskReport, name: &str) -> &'a GroupReport {
        report.groups.iter().find(|it| it.name == name).unwrap()
    }

    #[test]
    fn those_who_are_asked_twice_as_often_are_told_from_those_of_whom_too_few_were_seen() {
        let all = [
            sign_ins("nurse", Turn::Night, 1_000, 40),
            sign_ins("physician", Turn::Day, 2_000, 40),
            sign_ins("chaplain", Turn::Off, 20, 3),
        ];
        let report = RiskReport::of_sign_ins(1, 2, 50, all.into_iter().flatten());
        let nurse = group(&report, "nurse");
        assert_eq!(nurse.by, By::Role);
        assert_eq!(
            nurse.tally,
            Tally {
                sign_ins: 1_000,
                asked: 40,
                refused: 1,
                confirmed: 39,
                disowned: 1,
            }
        );
        assert!((nurse.asked_share - 0.04).abs() < 1e-12);
        let expected = 0.04 / (43.0 / 2_020.0);
        assert!((nurse.ratio.unwrap() - expected).abs() < 1e-12);
        let [low, high] = nurse.ratio_95.unwrap();
        // By hand: 1.8802 divided and multiplied by exp(1.96 · 0.21491).
        assert!(
            (low - 1.2339).abs() < 1e-3 && (high - 2.8651).abs() < 1e-3,
            "{low} {high}"
        );
        let chaplain = group(&report, "chaplain");
        assert_eq!((chaplain.ratio, chaplain.ratio_95), (None, None));
        assert_eq!(chaplain.tally.asked, 3);
        assert!(group(&report, "night").ratio > Some(1.0));
        assert!(report.groups.iter().all(|it| it.by != By::Facility));
        assert!(
            report
                .groups
                .is_sorted_by_key(|it| (it.by, it.name.clone()))
        );
    }

    #[test]
    fn where_nobody_was_asked_there_is_no_ratio_that_cannot_be_told() {
        let both = [
            sign_ins("nurse", Turn::Day, 500, 0),
            sign_ins("clerk", Turn::Day, 500, 5),
        ];
        let report = RiskReport::of_sign_ins(0, 0, 50, both.into_iter().flatten());
        let nurse = group(&report, "nurse");
        assert_eq!(nurse.ratio, Some(0.0));
        let [low, high] = nurse.ratio_95.unwrap();
        assert!(low <= 0.0 && (0.5..2.0).contains(&high), "{low} {high}");
        assert_eq!(group(&report, "clerk").ratio, None, "no others were asked");
        assert_eq!(group(&report, "day").ratio, None, "there are no others");
        assert_eq!(RiskReport::of_sign_ins(0, 0, 0, []).groups, []);
        let both = [
            sign_ins("nurse", Turn::Day, 500, 5),
            sign_ins("chaplain", Turn::Day, 20, 5),
        ];
        let report = RiskReport::of_sign_ins(0, 0, 50, both.into_iter().flatten());
        assert_eq!(group(&report, "nurse").ratio, None, "others are few");
    }

    #[test]
    fn it_has_the_members_that_its_readers_expect() {
        let report = RiskReport::of_sign_ins(1, 2, 1, sign_ins("nurse", Turn::Night, 2, 1));
        let json = serde_json::to_value(&report).unwrap();
        let [role, shift] = [&json["groups"][0], &json["groups"][1]];
        assert_eq!(
            (&role["by"], &role["name"]),
            (&"role".into(), &"nurse".into())
        );
        assert_eq!(
            (&shift["by"], &shift["name"]),
            (&"shift".into(), &"night".into())
        );
        for member in ["sign_ins", "asked", "refused", "confirmed", "disowned"] {
            assert!(role[member].is_u64(), "{member}");
        }
        assert!(role["asked_share"].is_f64() && role["ratio"].is_null());
        assert_eq!(json["few"], 1);
    }
}
