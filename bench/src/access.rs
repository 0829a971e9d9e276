//! An access to a chart explained and weighed, beside the time that it may take.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use wardline_access::{Access, Book, House, PersonState, Via};

use crate::bench::{Bench, Outcome};
use crate::clock::timed;
use crate::report::{Figure, Row, Section, Target};
use crate::stats::Sample;

/// Longest that an explanation may take, in microseconds.
const LIMIT: f64 = 5000.0;
/// Most bytes that are kept of a person.
const MOST_KEPT: f64 = 4096.0;
const ROUNDS: usize = 20_000;
const PEOPLE: usize = 1_000;
const PATIENTS: usize = 10_000;
/// What is written down of each patient.
const RELATIONS: usize = 40;
/// 2026-05-01 00:00 UTC.
const BEGIN_MS: i64 = 1_777_593_600_000;

/// Explains and weighs accesses in a hospital that has learned as many.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let book = book()?;
    let (mut house, mut person) = (House::default(), PersonState::default());
    let rounds = bench.rounds(ROUNDS);
    let patients: Vec<String> = (0..PATIENTS).map(|it| format!("p{it}")).collect();
    let mut times = Vec::with_capacity(rounds);
    for (round, at_ms) in (0..rounds).zip((BEGIN_MS..).step_by(60_000)) {
        let access = Access {
            at_ms,
            user: "u0",
            patient: &patients[round * 7 % PATIENTS],
            department: "d1",
            facility: "F1",
            via: Via::Search,
        };
        let (found, took) = timed(|| {
            let look = book.look(&access);
            let weighed = house.weigh(&person, &look);
            (look, weighed)
        });
        let (look, weighed) = black_box(found);
        house.learn(&mut person, &look, &weighed);
        times.push(took);
    }
    let times = Sample::new(times);
    let at = |percent| {
        let time: Duration = times.percentile(percent);
        Figure::new(time.as_secs_f64() * 1e6, "µs")
    };
    let kept = u32::try_from(person.to_bytes()?.len())?;
    Ok(Section {
        title: "Access: why may I look, on one core",
        rows: vec![
            Row::new(
                "an access explained and weighed, p99",
                at(99),
                "limit",
                Figure::new(LIMIT, "µs"),
            )
            .target(Target::AtMost(1.0)),
            Row::new(
                "the same, median",
                at(50),
                "limit",
                Figure::new(LIMIT, "µs"),
            ),
            Row::new(
                "kept of a person after all of them",
                Figure::new(f64::from(kept), "bytes"),
                "limit",
                Figure::new(MOST_KEPT, "bytes"),
            )
            .target(Target::AtMost(1.0)),
        ],
        notes: vec![
            "A person opens charts in a hospital of a thousand people and ten thousand patients, of \
             each of whom forty relations are known; most of what they open has no explanation, so \
             everything is looked at. The files are in memory, and the database is left out. What \
             explanations and scores are worth stands in `docs/access.md`."
                .to_owned(),
        ],
    })
}

fn book() -> Outcome<Book> {
    let mut people = "user_id,last_name,area,role,department,facility\n".to_owned();
    for it in 0..PEOPLE {
        let (name, area, ward) = (it % 300, it % 60, it % 17);
        writeln!(people, "u{it},n{name},a{area},nurse,d{ward},F1")?;
    }
    let mut patients = "patient_id,last_name,area\n".to_owned();
    let mut relations = "patient_id,user_id,department,from,to,basis\n".to_owned();
    for it in 0..PATIENTS {
        let (name, area) = (it % 300, it % 60);
        writeln!(patients, "p{it},n{name},a{area}")?;
        for nth in 0..RELATIONS {
            let user = (it * 31 + nth * 17) % PEOPLE;
            writeln!(
                relations,
                "p{it},u{user},,2026-04-20T00:00Z,2026-06-01T00:00Z,care_team"
            )?;
        }
    }
    let mut book = Book::default();
    book.read_people(people.as_bytes())?;
    book.read_patients(patients.as_bytes())?;
    book.read_relations(relations.as_bytes())?;
    Ok(book)
}
