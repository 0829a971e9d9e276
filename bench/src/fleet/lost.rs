//! A phone is reported lost at one node while it is in use at another.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use wardline_client_native::{Enrolment, NativeClient};
use wardline_model::endorsement::Duty;
use wardline_model::wire::enroll::InviteRequest;
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{DeviceId, UserId};
use wardline_server::demo::{self, DemoOptions};
use wardline_server::rim::Clock;

use self::nats::NatsServer;
use self::postgres::Database;
use crate::bench::{Bench, Outcome};
use crate::clock;
use crate::devices::{self, Socket};
use crate::process::{Node, free_ports, get, is_ready};
use crate::report::{Figure, Row, Target};
use crate::stats::{Sample, ms};

#[expect(
    clippy::expect_used,
    reason = "made for tests; without PostgreSQL it panics and says what to install"
)]
#[path = "../../../crates/store/tests/store/postgres.rs"]
mod postgres;

#[expect(
    clippy::expect_used,
    reason = "made for tests; where it is used the server is known to be there"
)]
#[path = "../../../crates/bus/tests/nats/server.rs"]
mod nats;

/// From the report to the end of all that the phone can do.
const LIMIT: Duration = Duration::from_secs(1);
/// Phones that are lost, for each way in which nodes hear of each other.
const ROUNDS: usize = 100;
/// Between two reports at least. The remainders by half a second, in which a node looks, are all
/// the multiples of ten milliseconds, so that reports fall everywhere between two looks.
const PACE: Duration = Duration::from_millis(130);
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is asked whether a node is ready.
const ASK: Duration = Duration::from_millis(5);

/// Loses phones, at two nodes that hear of each other by polling, and by NATS where there is one.
pub(super) fn measure(bench: &Bench) -> Outcome<(Vec<Row>, Vec<String>)> {
    let rounds = bench.rounds(ROUNDS);
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let database = database()?;
    let database_url = database.url();
    // A client drives one device on one thread.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let hospital = Hospital::create(dir.path(), &database_url).await?;
        let nodes = hospital.serve(&bench.wardline, None)?;
        let mut people = hospital.people().await?;
        let lost = Box::pin(hospital.lose(&mut people, rounds)).await?;
        let mut rows = lost.rows("by polling");
        for node in nodes {
            node.stop()?;
        }
        let mut notes = vec![format!(
            "Reported lost: {rounds} phones for each way, one after another, at least {} ms apart. Two \
             `wardline serve` share a PostgreSQL on the same machine, which does not sync to the disk. \
             Each phone has a session and an open socket at one node, in no conversation; its owner \
             reports it at the other. Times are from the first moment of the report, which takes in its \
             proof, its answer's transaction and all ways, to the answer at the phone that refuses a \
             signed request, asked for in a tight loop until then, and to the last byte of its socket. \
             Load generator, both nodes and the database share the machine's cores.",
            PACE.as_millis()
        )];
        if has_nats() {
            let nats = NatsServer::start();
            let nodes = hospital.serve(&bench.wardline, Some(&nats))?;
            let lost = Box::pin(hospital.lose(&mut people, rounds)).await?;
            rows.extend(lost.rows("by NATS"));
            for node in nodes {
                node.stop()?;
            }
        } else {
            notes.push(
                "Not measured by NATS: `nats-server` is not installed on this machine.".to_owned(),
            );
        }
        Ok((rows, notes))
    })
}

/// A new database of the PostgreSQL of this process.
fn database() -> Outcome<Database> {
    thread::spawn(|| postgres::Server::shared().database("template0"))
        .join()
        .map_err(|_| "PostgreSQL did not start; what it said stands above".into())
}

/// Whether the system has a NATS server.
fn has_nats() -> bool {
    // Debian's place for it is not in everyone's PATH.
    Path::new("/usr/sbin/nats-server").exists()
        || Command::new("nats-server")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}

/// The demo hospital on PostgreSQL.
struct Hospital<'d> {
    dir: &'d Path,
    database: &'d str,
    /// Of the node where phones are reported, and of the node where they are in use.
    ports: [u16; 2],
    officer: String,
    owner: String,
}

/// Who takes part.
struct People {
    /// Invites, at the first node.
    officer: NativeClient,
    /// Has a desk at the first node, and confirms the phones there.
    owner: NativeClient,
    owner_id: UserId,
    /// How many phones there were.
    phones: usize,
}

/// What was measured of so many phones.
struct Lost {
    reported: Sample,
    refused: Sample,
    closed: Sample,
}

impl<'d> Hospital<'d> {
    async fn create(dir: &'d Path, database: &'d str) -> Outcome<Self> {
        let options = DemoOptions {
            data: dir.join("data"),
            http: ([127, 0, 0, 1], 0).into(),
            https: ([127, 0, 0, 1], 0).into(),
            seed: 1,
            proxies: Vec::new(),
        };
        let made = demo::run_on(&options, database, Clock::default()).await?;
        let ready = made.ready().await?;
        let officer = made.officer.code.clone().ok_or("no code for the officer")?;
        made.server.shutdown().await;
        let mut codes = ready.people.into_iter().filter_map(|p| p.enroll_code);
        Ok(Self {
            dir,
            database,
            ports: free_ports()?,
            officer,
            owner: codes.next().ok_or("the demo invites nobody")?,
        })
    }

    fn url(&self, node: usize) -> String {
        format!("http://localhost:{}", self.ports[node])
    }

    /// Starts both nodes, and waits until they work together.
    fn serve(&self, wardline: &Path, nats: Option<&NatsServer>) -> Outcome<[Node; 2]> {
        let mut nodes = [self.node(wardline, 0, nats)?, self.node(wardline, 1, nats)?];
        let start = clock::now();
        for (node, port) in nodes.iter_mut().zip(self.ports) {
            // A Prometheus gauge.
            let carried =
                || get(port, "/metrics").is_ok_and(|text| text.contains("wardline_bus_carried 1"));
            while !is_ready(port) || (nats.is_some() && !carried()) {
                if start.elapsed() > PATIENCE || node.has_ended()? {
                    return Err("a node did not become ready".into());
                }
                thread::sleep(ASK);
            }
        }
        Ok(nodes)
    }

    fn node(&self, wardline: &Path, node: usize, nats: Option<&NatsServer>) -> Outcome<Node> {
        let config = self.dir.join(format!("node-{node}.toml"));
        // A JSON string is a TOML string.
        let data = serde_json::to_string(&self.dir.join("data"))?;
        let origins = serde_json::to_string(&[self.url(0), self.url(1)])?;
        let database = serde_json::to_string(self.database)?;
        let nats = nats.map(NatsServer::url).unwrap_or_default();
        let port = self.ports[node];
        // All phones come from one address here.
        let text = format!(
            "[server]\nhttp = \"127.0.0.1:{port}\"\nhttps = \"\"\nnode = \"ward-{node}\"\n\
             origins = {origins}\nunauthenticated_per_minute = 1000000\n[data]\ndir = {data}\n\
             [store]\nurl = {database}\n[bus]\nnats = \"{nats}\"\n"
        );
        fs::write(&config, text)?;
        Node::start(wardline, &config)
    }

    /// The officer, whose desk admits itself, and the owner of the phones.
    async fn people(&self) -> Outcome<People> {
        let mut officer = self.enroll("officer", &self.officer, 0).await?;
        officer.wait_until_active(PATIENCE).await?;
        officer.sign_in().await?;
        let mut owner = self.enroll("owner", &self.owner, 0).await?;
        confirm_all(&mut officer).await?;
        owner.wait_until_active(PATIENCE).await?;
        owner.sign_in().await?;
        let owner_id = owner.status().user.ok_or("nobody is signed in")?.id;
        Ok(People {
            officer,
            owner,
            owner_id,
            phones: 0,
        })
    }

    async fn enroll(&self, home: &str, code: &str, node: usize) -> Outcome<NativeClient> {
        let server = self.url(node);
        let enrolment = Enrolment {
            server: Some(&server),
            code,
            name: "Bench",
            ..Enrolment::default()
        };
        let home: PathBuf = self.dir.join(format!("home-{home}"));
        Ok(NativeClient::enroll(&home, &enrolment).await?)
    }

    /// Phones of the owner, in use at the second node.
    async fn phones(&self, people: &mut People, count: usize) -> Outcome<Vec<NativeClient>> {
        people.officer.prove_again(&[]).await?;
        let mut phones = Vec::new();
        for _ in 0..count {
            let request = InviteRequest {
                user_id: people.owner_id,
                program: "demo".to_owned(),
                serial: None,
            };
            let invite = people.officer.invite(&request).await?;
            people.phones += 1;
            let home = format!("phone-{}", people.phones);
            phones.push(self.enroll(&home, &invite.code, 1).await?);
        }
        // Whoever invites a person who has had a device does not confirm the new one.
        people.owner.prove_again(&[]).await?;
        confirm_all(&mut people.owner).await?;
        for phone in &mut phones {
            phone.wait_until_active(PATIENCE).await?;
            phone.sign_in().await?;
            phone.sync().await?;
        }
        Ok(phones)
    }

    /// Loses so many phones.
    async fn lose(&self, people: &mut People, count: usize) -> Outcome<Lost> {
        let phones = self.phones(people, count).await?;
        let mut closing = JoinSet::new();
        let (mut reported, mut refused) = (Vec::new(), Vec::new());
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for mut phone in phones {
            let device = phone.status().device_id.ok_or("a phone without a device")?;
            let mut socket = devices::socket(&mut phone).await?;
            until_ready(&mut socket).await?;
            phone.me().await?;
            pace.tick().await;
            let start = clock::now();
            closing.spawn(until_closed(socket, start));
            let (report, refusal) = futures::future::try_join(
                report(&mut people.owner, device, start),
                until_refused(&mut phone, start),
            )
            .await?;
            reported.push(report);
            refused.push(refusal);
        }
        let mut closed = Vec::new();
        while let Some(ended) = closing.join_next().await {
            closed.push(ended??);
        }
        Ok(Lost {
            reported: Sample::new(reported),
            refused: Sample::new(refused),
            closed: Sample::new(closed),
        })
    }
}

impl Lost {
    fn rows(&self, way: &str) -> Vec<Row> {
        let limit = |what: String, sample: &Sample| {
            Row::new(
                what,
                Figure::new(ms(sample.percentile(99)), "ms"),
                "limit",
                Figure::new(ms(LIMIT), "ms"),
            )
            .target(Target::AtMost(1.0))
        };
        let median = |sample: &Sample| {
            Row::new(
                "the same, p50",
                Figure::new(ms(sample.median()), "ms"),
                "the report's own answer, p50",
                Figure::new(ms(self.reported.median()), "ms"),
            )
        };
        vec![
            limit(
                format!("lost at one node to refused at the other, {way}, p99"),
                &self.refused,
            ),
            median(&self.refused),
            limit(
                format!("lost at one node to socket closed at the other, {way}, p99"),
                &self.closed,
            ),
            median(&self.closed),
        ]
    }
}

/// Confirms every device that waits for it.
async fn confirm_all(officer: &mut NativeClient) -> Outcome<()> {
    for pending in officer.pending_devices().await? {
        officer
            .confirm_device(pending.device.id, Duty::None)
            .await?;
    }
    Ok(())
}

/// Its owner reports a phone lost; says when the answer was there.
async fn report(owner: &mut NativeClient, phone: DeviceId, start: Instant) -> Outcome<Duration> {
    let path = format!("/v1/devices/{phone}/lost");
    owner.raw("POST", &path, Some(b"{}".to_vec())).await?;
    Ok(start.elapsed())
}

/// Asks until it is refused, which has to be because the session is over.
async fn until_refused(phone: &mut NativeClient, start: Instant) -> Outcome<Duration> {
    while start.elapsed() < PATIENCE {
        match phone.me().await {
            Ok(_) => {}
            Err(error) if error.is_problem("session-ended") => return Ok(start.elapsed()),
            Err(error) => return Err(error.into()),
        }
    }
    Err("a phone that was lost is served on".into())
}

async fn until_ready(socket: &mut Socket) -> Outcome<()> {
    while let Some(message) = socket.next().await {
        if let Message::Text(text) = message?
            && matches!(serde_json::from_str(&text)?, ServerFrame::Ready)
        {
            return Ok(());
        }
    }
    Err("the socket ended at once".into())
}

async fn until_closed(mut socket: Socket, start: Instant) -> Outcome<Duration> {
    let reading = async {
        // An error is an end as well.
        while let Some(Ok(_)) = socket.next().await {}
        start.elapsed()
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    read.map_err(|_| "the socket of a phone that was lost stays open".into())
}
