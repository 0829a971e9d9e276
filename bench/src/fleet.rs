//! Devices: judged by changed rules and lists, in the pure crate and in the real server, and shut out
//! at every node.

mod change;
mod lists;
mod lost;
mod made;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Duration;

use wardline_model::wire::posture::{Assessment, Fact, FactName, Standing};
use wardline_programs::{Device, Judge, Terms, assess};

use crate::bench::{Bench, Outcome};
use crate::clock::timed;
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, number};

use made::{DAY, DEVICES, EXPLOITED, FACTS, Made};

/// How long a change of rules may take until all devices are judged by it.
const LIMIT: Duration = Duration::from_secs(2);
/// How often all devices are judged in the pure crate.
const ROUNDS: usize = 10;
/// 1 September 2026, noon.
const NOW: u64 = 1_788_264_000_000;

/// Judges ten thousand devices by changed rules, and reports phones lost.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let pure = Pure::measure(bench)?;
    let changes = change::measure(bench)?;
    let lists = lists::measure(bench)?;
    let (lost, lost_notes) = lost::measure(bench)?;
    let mut rows = vec![
        within(
            format!("{DEVICES} devices judged by changed rules, one core, slowest"),
            &pure.all,
        ),
        Row::new(
            "one device",
            Figure::new(
                pure.all.median().as_secs_f64() * 1e6 / number(DEVICES),
                "µs",
            ),
            "where the lists are asked anew for each",
            Figure::new(
                pure.alone.median().as_secs_f64() * 1e6 / number(DEVICES),
                "µs",
            ),
        ),
    ];
    rows.extend(changes.rows());
    rows.extend(lists.rows());
    rows.extend(lost);
    let mut notes = vec![format!(
        "One core: `wardline_programs::assess` of devices of four programs on {} different systems, \
         {FACTS} facts each, by public lists with a catalogue of {EXPLOITED} entries; the programs' \
         rules want the screen to lock and give less grace than those by which each device was judged before. \
         {} devices stand otherwise afterwards. No database, no HTTP.",
        pure.systems, pure.fell
    )];
    notes.extend(changes.notes());
    notes.extend(lists.notes());
    notes.extend(lost_notes);
    Ok(Section {
        title: "Devices: changed rules and lists, and phones reported lost",
        rows,
        notes,
    })
}

/// The slowest of a sample, against the limit for changes of rules.
fn within(what: impl Into<String>, sample: &Sample) -> Row {
    Row::new(
        what,
        Figure::new(sample.percentile(100).as_secs_f64(), "s"),
        "limit",
        Figure::new(LIMIT.as_secs_f64(), "s"),
    )
    .target(Target::AtMost(1.0))
}

/// What came of judging without a server.
struct Pure {
    /// All devices, with one judge for all, as the server does.
    all: Sample,
    /// All devices, each by a judge of its own.
    alone: Sample,
    /// How many systems there are that the lists tell apart.
    systems: usize,
    /// How many devices stand otherwise by the changed rules.
    fell: usize,
}

impl Pure {
    fn measure(bench: &Bench) -> Outcome<Self> {
        let feeds = made::feeds(NOW)?;
        let baseline = Terms::baseline();
        let changed: Vec<Terms> = baseline.iter().map(stricter).collect::<Outcome<_>>()?;
        let devices: Vec<Made> = (0..DEVICES).map(|n| made::device(n, NOW)).collect();
        let mut judge = Judge::new(Some(&feeds));
        let before: Vec<Assessment> = devices
            .iter()
            .map(|made| judged(&baseline, made, None, &mut judge))
            .collect::<Outcome<_>>()?;
        let sweep = |fresh: bool| {
            let mut judge = Judge::new(Some(&feeds));
            let mut fell = 0;
            for (made, before) in devices.iter().zip(&before) {
                if fresh {
                    judge = Judge::new(Some(&feeds));
                }
                let after = judged(&changed, made, Some(before), &mut judge)?;
                fell += usize::from(after.standing != before.standing);
                black_box(after);
            }
            Outcome::Ok(fell)
        };
        let (mut all, mut alone, mut fell) = (Vec::new(), Vec::new(), 0);
        for _ in 0..bench.rounds(ROUNDS) {
            let (stands, took) = timed(|| sweep(false));
            fell = stands?;
            all.push(took);
            let (stands, took) = timed(|| sweep(true));
            stands?;
            alone.push(took);
        }
        if fell == 0 || before.iter().all(|a| a.standing == Standing::Quarantined) {
            return Err("the changed rules made no difference".into());
        }
        let systems: BTreeSet<Vec<String>> = devices.iter().map(|d| system(&d.facts)).collect();
        Ok(Self {
            all: Sample::new(all),
            alone: Sample::new(alone),
            systems: systems.len(),
            fell,
        })
    }
}

fn judged(
    programs: &[Terms],
    made: &Made,
    before: Option<&Assessment>,
    judge: &mut Judge<'_>,
) -> Outcome<Assessment> {
    let terms = programs.iter().find(|terms| terms.slug == made.program);
    let device = Device {
        facts: &made.facts,
        enrolled_at: NOW - 60 * DAY,
        seen_at: Some(NOW - DAY),
        before,
        told: None,
        disowned: None,
    };
    Ok(assess(terms.ok_or("no such program")?, &device, judge, NOW))
}

/// The same program with half the days of grace, and the screen has to lock soon.
fn stricter(terms: &Terms) -> Outcome<Terms> {
    let mut program = terms.clone().into_inner();
    program.rules.retain(|rule| rule.id != "screen_lock");
    for rule in &mut program.rules {
        rule.grace_days /= 2;
    }
    program.rules.push(change::screen_lock(
        wardline_model::wire::programs::Unknown::Count,
    ));
    Ok(Terms::new(program)?)
}

/// What the lists tell systems apart by.
fn system(facts: &[Fact]) -> Vec<String> {
    let names = [
        FactName::Platform,
        FactName::OsVersion,
        FactName::PatchLevel,
        FactName::Model,
    ];
    names
        .iter()
        .map(|name| {
            let fact = facts.iter().find(|fact| fact.name == *name);
            fact.map(|fact| format!("{:?}", fact.value))
                .unwrap_or_default()
        })
        .collect()
}
