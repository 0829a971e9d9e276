//! Conversations of a hundred and of five hundred people: what it takes to let one more in, with the client
//! core and the real server.

use std::path::Path;
use std::time::Duration;

use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, UserId};

use crate::bench::{Bench, Outcome};
use crate::clock;
use crate::devices::{self, Device};
use crate::peers::ward::Server;
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, ms};

/// People of the conversations that are measured.
const SOME: usize = 100;
const MANY: usize = 500;
/// How many are let in one by one, into each.
const NEWCOMERS: usize = 5;
/// How many at once, until there are many.
const STEP: usize = 100;
/// Messages that are sent among many.
const MESSAGES: usize = 20;
/// The longest that letting one in may take, milliseconds.
const LIMIT: f64 = 1_000.0;
const TEXT: &str = "Theatre 3 is closed until noon, please use theatre 5.";

/// Enrols everybody, begins a conversation, and lets people in until it has five hundred.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let measured = bench.runtime()?.block_on(measure(bench, dir.path()))?;
    let limit = || Figure::new(LIMIT, "ms");
    let figure = |time: Duration| Figure::new(ms(time), "ms");
    let let_in = |people: usize, sample: &Sample| {
        Row::new(
            format!("let one person into {people}, slowest of {}", sample.len()),
            figure(sample.percentile(100)),
            "limit",
            limit(),
        )
        .target(Target::AtMost(1.0))
    };
    let Measured {
        begun,
        into_some,
        at_once,
        into_many,
        arrived,
        sent,
    } = measured;
    Ok(Section {
        title: "Big conversations: a native client and the real server",
        rows: vec![
            let_in(SOME, &into_some),
            let_in(MANY, &into_many),
            Row::new(
                format!("let one person into {MANY}, median"),
                figure(into_many.median()),
                format!("into {SOME}, median"),
                figure(into_some.median()),
            ),
            Row::new(
                format!("the newcomer among {MANY} has the conversation"),
                figure(arrived),
                "limit of letting in",
                limit(),
            ),
            Row::new(
                format!("a message to {MANY} is taken, median of {}", sent.len()),
                figure(sent.median()),
                "letting one person in, median",
                figure(into_many.median()),
            ),
            Row::new(
                format!("a conversation of {SOME} begins"),
                figure(begun),
                format!("{STEP} let in at once, slowest"),
                figure(at_once.percentile(100)),
            ),
        ],
        notes: vec![
            "Each of the people has a device of their own, enrolled and confirmed, with an endorsement \
             in the log; the record keeper is a member besides. *Letting in* is all of it, as a person \
             waits for it: the claim of a key package, the look at certificate, endorsement and log, \
             the commit with its durable journal, the server's check and its durable write, and the \
             commit's way back through the log. Suite 0x004E, SQLite, one machine for both."
                .to_owned(),
        ],
    })
}

struct Measured {
    /// How long it took to begin the conversation of some.
    begun: Duration,
    into_some: Sample,
    at_once: Sample,
    into_many: Sample,
    /// How long the last newcomer's device took to have it.
    arrived: Duration,
    sent: Sample,
}

async fn measure(bench: &Bench, dir: &Path) -> Outcome<Measured> {
    let newcomers = bench.rounds(NEWCOMERS);
    let last = MANY + newcomers - 1;
    let server = Box::pin(Server::start(&bench.wardline, dir, last + 1)).await?;
    let mut hospital = Box::pin(server.keep(&bench.wardline)).await?;
    // A process has only so many files open.
    let held = |place| place == 0 || place == last;
    Box::pin(hospital.enroll_and_hold(held)).await?;
    let people = hospital.people();
    let [first, newcomer] = hospital.devices() else {
        return Err("two devices are held".into());
    };

    let from = clock::now();
    let group = Box::pin(devices::start(first, &people[1..SOME])).await?;
    let begun = from.elapsed();
    let into_some = one_by_one(first, group, &people[SOME..SOME + newcomers]).await?;
    let mut at_once = Vec::new();
    for some in people[SOME + newcomers..MANY].chunks(STEP) {
        let from = clock::now();
        Box::pin(first.add_people(group, some)).await?;
        at_once.push(from.elapsed());
    }
    let into_many = one_by_one(first, group, &people[MANY..]).await?;

    let from = clock::now();
    Box::pin(newcomer.sync()).await?;
    let arrived = from.elapsed();
    let has_it = newcomer.conversations()?.iter().any(|c| c.id == group);
    if !has_it {
        return Err("the newcomer does not have the conversation".into());
    }

    let mut sent = Vec::new();
    for _ in 0..bench.rounds(MESSAGES) {
        let from = clock::now();
        first.send(group, TEXT, Priority::Routine, None).await?;
        let taken = Box::pin(first.deliver()).await?;
        sent.push(from.elapsed());
        if taken.len() != 1 {
            return Err("a message was not taken".into());
        }
    }
    hospital.stop()?;
    Ok(Measured {
        begun,
        into_some,
        at_once: Sample::new(at_once),
        into_many,
        arrived,
        sent: Sample::new(sent),
    })
}

/// Lets people in, each by a commit of its own.
async fn one_by_one(by: &mut Device, group: GroupId, people: &[UserId]) -> Outcome<Sample> {
    let mut took = Vec::new();
    for user in people {
        let from = clock::now();
        Box::pin(by.add_people(group, &[*user])).await?;
        took.push(from.elapsed());
    }
    Ok(Sample::new(took))
}
