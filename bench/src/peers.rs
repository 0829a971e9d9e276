//! Wardline beside the servers that people use instead of it: Synapse, ejabberd and Prosody.
//!
//! - [`load`]: the load, and what counts; the same for all.
//! - [`xmpp`], [`matrix`], [`ward`]: the members that each server brings to it.
//! - [`servers`], [`postgres`]: the peers as processes, and what they store in.
//!
//! One server runs at a time, and the load comes from one thread, so that it takes one core at most.

mod load;
mod matrix;
mod postgres;
mod servers;
pub(crate) mod ward;
mod xmpp;

use std::path::Path;
use std::thread;
use std::time::Duration;

use tokio::task::LocalSet;

use self::load::{Audience, Load, Member, Paced, Scene};
use self::postgres::Postgres;
use self::servers::{Found, Server};
use crate::bench::{Bench, Outcome, SENDERS};
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{ms, number};

/// People of the large conversation.
const MEMBERS: usize = 100;
/// Those of them who write.
const WRITERS: usize = 8;
/// Messages in flight on each device.
const SEVERAL: usize = 4;
/// Messages a second: of a quiet ward, and of a busy hospital.
const QUIET: u32 = 20;
const BUSY: u32 = 200;
/// Messages that are encrypted beforehand are enough for this many a second, of two and of all.
const FASTEST: f64 = 8_000.0;
const FASTEST_ROOM: f64 = 2_000.0;
/// How long after the start the memory is read.
const SETTLED: Duration = Duration::from_secs(5);

const TIMES_EJABBERD: f64 = 2.0;
const TIMES_SYNAPSE: f64 = 50.0;
const P99_MS: f64 = 5.0;
const MEMORY_MB: f64 = 60.0;

/// What was measured of one server.
struct Measured {
    name: String,
    /// Bytes.
    memory: u64,
    one: Load,
    several: Load,
    quiet: Paced,
    busy: Paced,
    room: Load,
}

/// Each server in turn, Wardline last.
pub(crate) fn run(bench: &Bench, root: &Path) -> Outcome<Section> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Of this run.
    let mut said = Vec::new();
    let scratch = &bench.scratch;
    let postgres = Postgres::start(scratch)?;
    let mut peer = |found: Found| -> Outcome<Option<Measured>> {
        let server = match found {
            Ok(server) => server,
            Err(why) => {
                said.push(format!("Not measured: {why}."));
                return Ok(None);
            }
        };
        eprintln!("  {}", server.name);
        let measured = LocalSet::new().block_on(&runtime, of_peer(bench, &server));
        measured
            .map(Some)
            .map_err(|error| format!("{}: {error}", server.name).into())
    };
    let ejabberd = peer(servers::ejabberd(scratch, postgres.as_ref())?)?;
    let prosody = peer(servers::prosody(scratch)?)?;
    let synapse = peer(servers::synapse(root, scratch, postgres.as_ref())?)?;
    let stored_in = postgres.as_ref().map(Postgres::version);
    if postgres.is_some_and(|postgres| postgres.elsewhere) {
        said.push(
            "PostgreSQL's files were in the system's temporary folder, since its user cannot reach \
             this one; where that is no disk, its commits cost less than elsewhere."
                .to_owned(),
        );
    }
    eprintln!("  Wardline");
    let (wardline, kept) = LocalSet::new()
        .block_on(&runtime, Box::pin(of_wardline(bench)))
        .map_err(|error| format!("Wardline: {error}"))?;

    let peers = Peers {
        ejabberd,
        prosody,
        synapse,
    };
    let mut notes = notes(&wardline, &peers, kept, stored_in.as_deref());
    notes.extend(said);
    Ok(Section {
        title: "Wardline beside Synapse, ejabberd and Prosody",
        rows: rows(&wardline, &peers),
        notes,
    })
}

/// How a peer's members come to be.
enum Kind {
    Xmpp(xmpp::Server),
    Matrix(matrix::Server),
}

impl Kind {
    async fn pairs(&mut self) -> Outcome<Vec<Member>> {
        match self {
            Self::Xmpp(server) => server.pairs(SENDERS).await,
            Self::Matrix(server) => server.pairs(SENDERS).await,
        }
    }

    async fn room(&mut self) -> Outcome<Vec<Member>> {
        match self {
            Self::Xmpp(server) => server.room(MEMBERS).await,
            Self::Matrix(server) => server.room(MEMBERS).await,
        }
    }
}

async fn of_peer(bench: &Bench, server: &Server) -> Outcome<Measured> {
    thread::sleep(SETTLED);
    let memory = server.memory()?;
    let mut kind = if server.name.starts_with("Synapse") {
        Kind::Matrix(matrix::Server::new(server.port)?)
    } else {
        Kind::Xmpp(xmpp::Server::new(server.port))
    };
    let pairs = kind.pairs().await?;
    let of_two = Box::pin(of_two(bench, pairs)).await?;
    let room = kind.room().await?;
    let room = Box::pin(of_room(bench, room)).await?;
    Ok(of_two.and(server.name.clone(), memory, room))
}

/// Wardline, and the memory of its server and record keeper together.
async fn of_wardline(bench: &Bench) -> Outcome<(Measured, u64)> {
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let server = Box::pin(ward::Server::start(&bench.wardline, dir.path(), MEMBERS)).await?;
    thread::sleep(SETTLED);
    let memory = server.memory()?;
    let mut hospital = Box::pin(server.keep(&bench.wardline)).await?;
    thread::sleep(SETTLED);
    let kept = hospital.memory()?;
    Box::pin(hospital.enroll()).await?;
    let of_two = {
        let needed = prepared(bench, FASTEST, 2, SENDERS) + f64::from(QUIET + BUSY);
        let pairs = Box::pin(hospital.pairs(SENDERS, needed)).await?;
        Box::pin(of_two(bench, pairs)).await?
    };
    let room = {
        let needed = prepared(bench, FASTEST_ROOM, 1, WRITERS);
        let room = Box::pin(hospital.room(WRITERS, needed)).await?;
        Box::pin(of_room(bench, room)).await?
    };
    hospital.stop()?;
    let name = format!("Wardline {}", env!("CARGO_PKG_VERSION"));
    Ok((of_two.and(name, memory, room), kept))
}

/// Messages for each sender in loads as fast as they go.
fn prepared(bench: &Bench, fastest: f64, loads: u32, senders: usize) -> f64 {
    let seconds = (span(bench) + load::WARM_UP).as_secs_f64();
    fastest * f64::from(loads) * seconds / number(senders)
}

fn span(bench: &Bench) -> Duration {
    bench.span(Duration::from_secs(10))
}

/// What was measured of conversations of two.
struct OfTwo {
    one: Load,
    several: Load,
    quiet: Paced,
    busy: Paced,
}

impl OfTwo {
    fn and(self, name: String, memory: u64, room: Load) -> Measured {
        Measured {
            name,
            memory,
            one: self.one,
            several: self.several,
            quiet: self.quiet,
            busy: self.busy,
            room,
        }
    }
}

/// The slow loads first: what a server that cannot keep up has left over disturbs none of them.
async fn of_two(bench: &Bench, members: Vec<Member>) -> Outcome<OfTwo> {
    let mut scene = Scene::begin(members, SENDERS, Audience::Other);
    let time = span(bench);
    Ok(OfTwo {
        quiet: scene.pace(QUIET, time).await?,
        one: scene.press(1, time).await?,
        several: scene.press(SEVERAL, time).await?,
        busy: scene.pace(BUSY, time).await?,
    })
}

async fn of_room(bench: &Bench, members: Vec<Member>) -> Outcome<Load> {
    let everyone = Audience::Everyone(members.len());
    let mut scene = Scene::begin(members, WRITERS, everyone);
    scene.press(SEVERAL, span(bench)).await
}

/// Those that there were.
struct Peers {
    ejabberd: Option<Measured>,
    prosody: Option<Measured>,
    synapse: Option<Measured>,
}

impl Peers {
    fn all(&self) -> impl Iterator<Item = &Measured> {
        [&self.ejabberd, &self.prosody, &self.synapse]
            .into_iter()
            .flatten()
    }

    /// A row for each of them; targets for ejabberd and Synapse, in this order.
    fn rows(
        &self,
        what: &str,
        wardline: &Measured,
        figure: impl Fn(&Measured) -> Figure,
        targets: [Option<Target>; 2],
    ) -> Vec<Row> {
        let [of_ejabberd, of_synapse] = targets;
        [
            (&self.ejabberd, of_ejabberd),
            (&self.synapse, of_synapse),
            (&self.prosody, None),
        ]
        .into_iter()
        .filter_map(|(peer, target)| {
            let peer = peer.as_ref()?;
            let row = Row::new(what, figure(wardline), &peer.name, figure(peer));
            Some(match target {
                Some(target) => row.target(target),
                None => row,
            })
        })
        .collect()
    }
}

fn rows(wardline: &Measured, peers: &Peers) -> Vec<Row> {
    let times = |times| Some(Target::AtLeast(times));
    let both = [times(TIMES_EJABBERD), times(TIMES_SYNAPSE)];
    let messages = |load: &Load| Figure::new(load.messages, "messages/s");
    let mut rows = peers.rows(
        &format!("received by the other of two, {SENDERS} senders, 1 in flight"),
        wardline,
        |of| messages(&of.one),
        both,
    );
    rows.extend(peers.rows(
        &format!("the same, {SEVERAL} in flight"),
        wardline,
        |of| messages(&of.several),
        both,
    ));
    rows.extend(peers.rows(
        &format!("received by all {MEMBERS} in a conversation, {WRITERS} senders"),
        wardline,
        |of| messages(&of.room),
        [times(TIMES_EJABBERD), None],
    ));
    rows.extend(peers.rows(
        "the same, each time that somebody received one",
        wardline,
        |of| Figure::new(of.room.deliveries, "deliveries/s"),
        [times(TIMES_EJABBERD), None],
    ));
    let none = [None, None];
    rows.extend(peers.rows(
        "the same, sent to received by all, p99",
        wardline,
        |of| Figure::new(ms(of.room.took.percentile(99)), "ms"),
        none,
    ));
    rows.extend(peers.rows(
        &format!("sent to received by the other of two, {SEVERAL} in flight, p99"),
        wardline,
        |of| Figure::new(ms(of.several.took.percentile(99)), "ms"),
        none,
    ));

    let busy = format!("sent to received, {BUSY} messages a second");
    let p99 = |paced: &Paced| Figure::new(ms(paced.took.percentile(99)), "ms");
    let p50 = |paced: &Paced| Figure::new(ms(paced.took.median()), "ms");
    rows.push(
        Row::new(
            format!("{busy}, p99"),
            p99(&wardline.busy),
            "limit",
            Figure::new(P99_MS, "ms"),
        )
        .target(Target::AtMost(1.0)),
    );
    rows.extend(peers.rows(&format!("{busy}, p99"), wardline, |of| p99(&of.busy), none));
    rows.extend(peers.rows(&format!("{busy}, p50"), wardline, |of| p50(&of.busy), none));
    let quiet = format!("sent to received, {QUIET} messages a second");
    rows.extend(peers.rows(
        &format!("{quiet}, p99"),
        wardline,
        |of| p99(&of.quiet),
        none,
    ));
    rows.extend(peers.rows(
        &format!("{quiet}, p50"),
        wardline,
        |of| p50(&of.quiet),
        none,
    ));

    let memory = |of: &Measured| Figure::new(megabytes(of.memory), "MB");
    rows.push(
        Row::new(
            "resident memory, idle after the start",
            memory(wardline),
            "limit",
            Figure::new(MEMORY_MB, "MB"),
        )
        .target(Target::AtMost(1.0)),
    );
    rows.extend(peers.rows("the same", wardline, memory, none));
    rows
}

fn megabytes(bytes: u64) -> f64 {
    u32::try_from(bytes / 1000).map_or(f64::INFINITY, f64::from) / 1000.0
}

fn notes(wardline: &Measured, peers: &Peers, kept: u64, stored_in: Option<&str>) -> Vec<String> {
    let mut notes = vec![
        format!(
            "Each server alone on the machine, one after another, each as a process of its own on \
             loopback without TLS, by one load client in one thread that shares the machine's cores \
             with it. A message counts when those it is for have received it: the other one of two, \
             or all {MEMBERS} members of a conversation, its sender included. {SENDERS} people write \
             in {} conversations of two, each keeping 1 or {SEVERAL} messages in flight; in the large \
             conversation {WRITERS} do, with {SEVERAL}. Where messages come at a pace, each is \
             measured from when it was due if the client was held up, and one that has not arrived \
             10 s after the last counts with the time it has taken by then.",
            SENDERS / 2
        ),
        "Wardline is end-to-end encrypted, and the others are not: what it carries are MLS messages \
         that the client core encrypted beforehand, several times as long as the text, and they \
         are not decrypted in the measured time. `wardline serve` on SQLite with \
         `synchronous=FULL`, each message with its audit event, with the record keeper as a member \
         of each conversation; messages come by the real-time socket. A message is pushed after its \
         commit."
            .to_owned(),
        "What the peers make durable: ejabberd writes the archives of both people, or of the \
         room, to PostgreSQL, which syncs every commit, and hands a message on after that. \
         Prosody appends to files and does not sync them, so a power cut loses what the kernel had \
         not written. Synapse, one process without workers, writes each event to PostgreSQL before \
         it hands it on. None of them limits rates; presence is off at Synapse."
            .to_owned(),
    ];
    if let Some(version) = stored_in {
        notes.push(format!(
            "PostgreSQL {version} as it is shipped, a process beside ejabberd and Synapse. Its \
             memory is not in their figures, which are `VmRSS` of all of a server's own processes, {} \
             s after the start.",
            SETTLED.as_secs()
        ));
    }
    notes.push(format!(
        "Wardline's memory is that of `wardline serve`, as in the peers; with the record keeper's \
         process it is {:.1} MB.",
        megabytes(kept)
    ));
    let late: Vec<String> = peers
        .all()
        .chain([wardline])
        .filter(|of| of.busy.missing > 0)
        .map(|of| {
            format!(
                "{} had {} of {} messages not delivered",
                of.name,
                of.busy.missing,
                of.busy.took.len()
            )
        })
        .collect();
    if !late.is_empty() {
        notes.push(format!(
            "At {BUSY} messages a second, 10 s after the last: {}.",
            late.join("; ")
        ));
    }
    notes
}
