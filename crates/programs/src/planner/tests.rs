//! What a hospital reads off the planner.

use proptest::prelude::*;
use wardline_model::wire::posture::Provenance;
use wardline_model::wire::programs::{Attestation, Program, Unknown, Wipe};

use super::*;
use crate::fleet::tests::one;
use crate::fleet::{Encryption, Group};

fn program(slug: &str) -> Program {
    let all = Terms::baseline().into_iter();
    let mut found = all.filter(|terms| terms.slug == slug);
    found.next().unwrap().into_inner()
}

fn terms(slug: &str) -> Terms {
    Terms::new(program(slug)).unwrap()
}

fn compared(slugs: &[&str], fleet: &Fleet) -> Comparison {
    let programs: Vec<Terms> = slugs.iter().map(|slug| terms(slug)).collect();
    compare(&Assumptions::baseline(), &programs, fleet)
}

fn level(terms: &Terms, threat: Threat) -> Level {
    let all = risks(terms);
    all.iter().find(|risk| risk.threat == threat).unwrap().level
}

/// What remains under the terms of a program, before and after they are changed.
fn changed(slug: &str, threat: Threat, change: impl FnOnce(&mut Program)) -> (Level, Level) {
    let mut program = program(slug);
    let before = Terms::new(program.clone()).unwrap();
    change(&mut program);
    let after = Terms::new(program).unwrap();
    (level(&before, threat), level(&after, threat))
}

#[test]
fn own_and_issued_phones_stand_side_by_side() {
    let comparison = compared(&["byod", "issued"], &Fleet::default());
    let [own, issued] = comparison.programs.as_slice() else {
        panic!("two programs");
    };
    let bought = |plan: &Plan| {
        plan.items
            .iter()
            .filter(|item| item.purpose == Purpose::Device)
            .count()
    };
    assert_eq!(bought(own), 0, "the hospital buys nobody's own phone");
    assert_eq!(bought(issued), 3);
    assert!(own.total.range.likely < issued.total.range.likely);
    assert_eq!((own.carries.extra, issued.carries.extra), (0, 1));
    let configurations = |plan: &Plan| plan.configurations().unwrap().range.likely;
    assert!(configurations(own) > configurations(issued));
    let managed = |plan: &Plan| plan.items.iter().any(|item| item.name == "Device manager");
    assert!(managed(issued) && !managed(own));
}

#[test]
fn a_formula_gives_its_number() {
    let comparison = compared(&["byod", "issued"], &Fleet::default());
    let item = |plan: usize, name: &str| {
        let items = &comparison.programs[plan].items;
        items.iter().find(|item| item.name == name).unwrap()
    };
    let stipend = item(0, "Paid to people for their phones");
    assert_eq!(stipend.formula, "people 500 × stipend 49 × months 36");
    let near = |is: f64, expected: f64| assert!((is - expected).abs() < 0.01, "{is} {expected}");
    near(stipend.cost.low, 0.0);
    near(stipend.cost.likely, 882_000.0);
    near(stipend.cost.high, 1_285_200.0);
    let bought = item(1, "Devices bought");
    assert_eq!(
        bought.formula,
        "devices 540 × phone_price 599 × years 3 ÷ phone_life 3"
    );
    near(bought.cost.likely, 540.0 * 599.0);
    // What is divided by counts the other way round.
    near(bought.cost.low, 525.0 * 500.0 * 3.0 / 4.0);
    near(bought.cost.high, 560.0 * 799.0 * 3.0 / 2.0);
}

#[test]
fn sums_say_how_their_ends_come_about() {
    let item = |low: f64, likely: f64, high: f64| Item {
        purpose: Purpose::Device,
        name: String::new(),
        cost: Range { low, likely, high },
        formula: String::new(),
    };
    let items = [item(0.0, 6.0, 6.0), item(0.0, 0.0, 6.0)];
    let sum = Sum::of(items.iter());
    assert_eq!(
        sum.range,
        Range {
            low: 0.0,
            likely: 6.0,
            high: 12.0
        }
    );
    // Each has mean 4 or 2, and variance 36/18 = 2.
    assert!((sum.mean - 6.0).abs() < 1e-9);
    assert!((sum.deviation_apart - 2.0).abs() < 1e-9);
    assert!((sum.deviation_together - 2.0 * 2.0_f64.sqrt()).abs() < 1e-9);
}

#[test]
fn more_models_are_more_configurations() {
    let fleet = |models: u32| Fleet {
        devices: (0..models)
            .map(|model| Group {
                devices: 300,
                ..one("byod", "16", &format!("Model {model}"))
            })
            .collect(),
        facts: Vec::new(),
    };
    let of = |models| {
        let comparison = compared(&["byod"], &fleet(models));
        let plan = &comparison.programs[0];
        let support = plan.purposes.iter().find(|p| p.purpose == Purpose::Support);
        (
            plan.configurations().unwrap().range,
            support.unwrap().sum.range.likely,
        )
    };
    let (few, cheap) = of(2);
    let (many, dear) = of(90);
    assert_eq!(few, Range::exactly(2.0));
    assert_eq!(many, Range::exactly(90.0));
    assert!(dear > cheap);
}

#[test]
fn a_few_devices_do_not_stand_for_the_whole_fleet() {
    let fleet = Fleet {
        devices: (0..60)
            .map(|model| one("issued", "16", &format!("Model {model}")))
            .collect(),
        facts: Vec::new(),
    };
    let none = compared(&["issued"], &Fleet::default());
    let some = compared(&["issued"], &fleet);
    let range = |comparison: &Comparison| {
        let plan = &comparison.programs[0];
        plan.configurations().unwrap().range
    };
    assert!((range(&none).likely - 4.0).abs() < f64::EPSILON);
    assert_eq!(
        range(&some),
        Range::exactly(60.0),
        "at least those that are there"
    );
}

#[test]
fn the_spread_of_a_fleet_is_counted_by_program() {
    let off = Group {
        encryption: Encryption::Off,
        devices: 4,
        ..one("byod", "13", "Old phone")
    };
    let fleet = Fleet {
        devices: vec![
            off,
            one("byod", "16", "Pixel 9"),
            one("byod", "15", "Pixel 9"),
            one("issued", "16", "Fairphone 6"),
        ],
        facts: Vec::new(),
    };
    let comparison = compared(&["byod", "shared"], &fleet);
    let portion = |value: &str, devices, configurations| Portion {
        value: value.to_owned(),
        devices,
        configurations,
    };
    assert_eq!(
        comparison.programs[0].spread.encryption,
        [portion("managed", 2, 2), portion("off", 4, 1)]
    );
    assert_eq!(comparison.programs[1].spread, Spread::default());
}

#[test]
fn the_baseline_leaves_what_it_says() {
    use Level::{High, Low, Moderate};
    let levels = |slug| -> Vec<Level> { risks(&terms(slug)).iter().map(|r| r.level).collect() };
    // In the order of `Threat::ALL`.
    assert_eq!(
        levels("byod"),
        [
            Moderate, Moderate, Moderate, High, Moderate, Low, Low, Moderate
        ]
    );
    assert_eq!(
        levels("issued"),
        [Moderate, Low, Low, Low, Moderate, Low, Low, Low]
    );
    assert_eq!(
        levels("shared"),
        [Low, Low, Low, Moderate, Moderate, Low, Low, Low]
    );
    assert_eq!(
        levels("workstation"),
        [Moderate, Low, Low, Moderate, Moderate, Moderate, Low, Low]
    );
}

#[test]
fn a_changed_rule_changes_what_remains() {
    use Level::{High, Low, Moderate};
    assert_eq!(
        changed("byod", Threat::LostUnlocked, |p| p.limits.lock_seconds = 60),
        (Moderate, Low)
    );
    assert_eq!(
        changed("byod", Threat::LostUnlocked, |p| p.limits.lock_seconds =
            900),
        (Moderate, High)
    );
    assert_eq!(
        changed("byod", Threat::StolenOffline, |p| p.limits.offline_hours =
            0),
        (Moderate, Low)
    );
    assert_eq!(
        changed("issued", Threat::StolenOffline, |p| {
            p.limits.offline_hours = 72;
            p.rules.retain(|rule| rule.id != "storage_encrypted");
        }),
        (Low, High)
    );
    assert_eq!(
        changed("issued", Threat::OutdatedSystem, |p| {
            p.rules.retain(|rule| rule.id != "patched");
        }),
        (Low, Moderate)
    );
    assert_eq!(
        changed("issued", Threat::OutdatedSystem, |p| {
            for rule in &mut p.rules {
                if rule.id == "patched" {
                    rule.grace_days = 21;
                }
            }
        }),
        (Low, Moderate)
    );
    assert_eq!(
        changed("byod", Threat::OutdatedSystem, |p| {
            p.rules.retain(|rule| rule.id != "patched");
        }),
        (Moderate, High)
    );
    assert_eq!(
        changed("byod", Threat::ClonedCredential, |p| {
            p.enrolment.attestation = Attestation::Either;
        }),
        (Moderate, Low)
    );
    assert_eq!(
        changed("shared", Threat::WrongPerson, |p| p.limits.lock_seconds =
            300),
        (Low, Moderate)
    );
    assert_eq!(
        changed("shared", Threat::WrongPerson, |p| p.limits.attachments =
            true),
        (Low, Moderate)
    );
    assert_eq!(
        changed("byod", Threat::Interception, |p| {
            p.rules.retain(|rule| rule.id != "patched");
        }),
        (Low, Moderate)
    );
    assert_eq!(
        changed("issued", Threat::LeaverKeepsAccess, |p| {
            p.rules.retain(|rule| rule.id != "seen");
        }),
        (Low, Moderate)
    );
    assert_eq!(
        changed("issued", Threat::LeaverKeepsAccess, |p| p.limits.wipe =
            Wipe::App),
        (Low, Moderate)
    );
}

#[test]
fn a_rule_is_firm_only_where_somebody_must_speak() {
    use Level::{High, Low};
    // The manager must speak, because of the rule that counts; without it nobody has to.
    assert_eq!(
        changed("issued", Threat::Malware, |p| {
            for rule in &mut p.rules {
                rule.unknown = Unknown::Allow;
            }
        }),
        (Low, High)
    );
    // A claim gets round it.
    assert_eq!(
        changed("issued", Threat::Malware, |p| {
            for rule in &mut p.rules {
                rule.accept.push(Provenance::Claimed);
                rule.accept.retain(|_| rule.id != "seen");
            }
        }),
        (Low, High)
    );
}

#[test]
fn a_manager_is_paid_for_where_the_terms_need_one() {
    let costs = |program: Program| {
        let terms = Terms::new(program).unwrap();
        let comparison = compare(&Assumptions::baseline(), &[terms], &Fleet::default());
        let items = &comparison.programs[0].items;
        items.iter().any(|item| item.name == "Device manager")
    };
    let mut strict = program("byod");
    assert!(!costs(strict.clone()));
    strict.rules[3].unknown = Unknown::Count;
    assert!(costs(strict));
}

#[test]
fn the_spreadsheet_reads_back() {
    let mut own = program("byod");
    own.title = "=HYPERLINK(\"http://example.org\"), \"own\"".to_owned();
    let programs = [Terms::new(own).unwrap(), terms("issued")];
    let fleet = Fleet {
        devices: vec![one("byod", "16", "Pixel 9")],
        facts: Vec::new(),
    };
    let comparison = compare(&Assumptions::baseline(), &programs, &fleet);
    let bytes = comparison.to_csv().unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(
        reader
            .headers()
            .unwrap()
            .iter()
            .collect::<Vec<_>>()
            .join(","),
        "program,section,item,low,likely,high,unit,text"
    );
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let count = |section: &str, program: &str| {
        records
            .iter()
            .filter(|record| &record[1] == section && &record[0] == program)
            .count()
    };
    for plan in &comparison.programs {
        assert_eq!(count("cost", &plan.slug), plan.items.len());
        assert_eq!(count("risk", &plan.slug), Threat::ALL.len());
        assert_eq!(count("sum", &plan.slug), plan.purposes.len() + 1);
    }
    assert_eq!(count("spread", "byod"), 3);
    let total = records
        .iter()
        .find(|r| &r[0] == "issued" && &r[1] == "sum" && &r[2] == "total")
        .unwrap();
    let likely: f64 = total[4].parse().unwrap();
    assert!((likely - comparison.programs[1].total.range.likely).abs() < 0.01);
}

#[test]
fn a_field_is_no_formula_for_a_spreadsheet() {
    let mut strict = program("byod");
    strict.rules[3].unknown = Unknown::Count;
    let mut comparison = compare(
        &Assumptions::baseline(),
        &[Terms::new(strict).unwrap()],
        &Fleet::default(),
    );
    comparison.programs[0].carries.text = "=1+1".to_owned();
    let text = String::from_utf8(comparison.to_csv().unwrap()).unwrap();
    assert!(text.contains(",'=1+1"), "{text}");
}

#[test]
fn the_table_has_a_column_for_each_program() {
    let text = compared(&["byod", "issued", "shared"], &Fleet::default()).to_text();
    let first = text.lines().next().unwrap();
    for title in ["Own phone", "Issued phone", "Shared ward device"] {
        assert!(first.contains(title), "{first}");
    }
    let total = text
        .lines()
        .find(|line| line.starts_with("  total"))
        .unwrap();
    assert_eq!(total.matches(" to ").count(), 3, "{total}");
    assert!(text.contains("people 500 × stipend 49 × months 36"));
}

fn estimate() -> impl Strategy<Value = [f64; 3]> {
    [0.0..1.0_f64, 0.0..1.0, 0.0..1.0].prop_map(|mut parts| {
        parts.sort_by(f64::total_cmp);
        parts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is assumed, ranges stay in order, sums are those of their items, and the program
    /// that is asked for stands in its place.
    #[test]
    fn low_is_never_above_likely_nor_likely_above_high(
        parts in prop::collection::vec(estimate(), 40),
        models in 0_u32..40,
    ) {
        let mut table = toml::Table::new();
        let base = Assumptions::baseline();
        for ((name, estimate), [low, likely, high]) in base.estimates().into_iter().zip(parts) {
            let mut changed = estimate.clone();
            // Between nothing and twice what is likely; shares and divisors stay within bounds.
            let least = if name == "staff" || name.ends_with("life") { 1.0 } else { 0.0 };
            let most = (2.0 * estimate.likely).max(least + 1.0);
            let most = if estimate.unit.starts_with("share") { 1.0 } else { most };
            let at = |part: f64| least + part * (most - least);
            (changed.low, changed.likely, changed.high) = (at(low), at(likely), at(high));
            table.insert(name.to_owned(), toml::Value::try_from(changed).unwrap());
        }
        let assumptions = Assumptions::from_toml(&toml::to_string(&table).unwrap()).unwrap();
        let fleet = Fleet {
            devices: (0..models).map(|m| one("issued", "16", &m.to_string())).collect(),
            facts: Vec::new(),
        };
        let comparison = compare(&assumptions, &Terms::baseline(), &fleet);
        let ordered = |range: Range| range.low <= range.likely && range.likely <= range.high;
        for plan in &comparison.programs {
            for quantity in &plan.quantities {
                prop_assert!(ordered(quantity.range), "{quantity:?}");
            }
            for item in &plan.items {
                prop_assert!(ordered(item.cost) && item.cost.low >= 0.0, "{item:?}");
            }
            let sum: f64 = plan.items.iter().map(|item| item.cost.likely).sum();
            prop_assert!((sum - plan.total.range.likely).abs() <= sum.abs() * 1e-9);
            prop_assert!(ordered(plan.total.range));
            prop_assert!(plan.total.mean >= plan.total.range.low * (1.0 - 1e-9));
            prop_assert!(plan.total.mean <= plan.total.range.high * (1.0 + 1e-9) + 1e-9);
            let apart = plan.total.deviation_apart;
            prop_assert!(apart <= plan.total.deviation_together * (1.0 + 1e-9) + 1e-9);
        }
    }
}
