//! The hospital's systems over MLLP: how many messages are taken in, and how soon a critical result rings.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use wardline_client_native::{Enrolment, NativeClient};
use wardline_model::endorsement::Duty;
use wardline_model::wire::socket::ServerFrame;
use wardline_server::demo::{self, DemoOptions, ReadyPerson};
use wardline_server::rim::Clock;

use crate::bench::{Bench, Outcome};
use crate::clock;
use crate::devices::{self, Device, Socket};
use crate::peers::ward::confirm_all;
use crate::process::{Node, free_ports, get};
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, ms, rate};

/// Systems that send at once, each with one message on its way.
const SENDERS: usize = 16;
const SPAN: Duration = Duration::from_secs(20);
/// Patients whose results come in.
const PATIENTS: usize = 500;
/// Roles that are told of critical results, each of its own ward.
const ROLES: [&str; 4] = [
    "medicine-on-call",
    "cardiology-on-call",
    "nephrology-on-call",
    "surgery-on-call",
];
/// What a role is told of at once; what comes beyond it waits on purpose.
const BURST: usize = 6;
const TAKEN_GOAL: f64 = 1_000.0;
const ALERT_LIMIT_MS: f64 = 500.0;
const PATIENCE: Duration = Duration::from_mins(2);

/// Sends results that nobody waits for, then such that somebody has to hear of.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let span = bench.span(SPAN);
    let measured = bench
        .runtime()?
        .block_on(Box::pin(measure(bench, dir.path(), span)))?;
    let Measured {
        alerts,
        acknowledged,
        took,
        applied,
    } = measured;
    let per_second = Figure::new(rate(acknowledged.len(), took), "messages/s");
    Ok(Section {
        title: "HL7 v2 over MLLP",
        rows: vec![
            Row::new(
                format!("results taken, durable before each acknowledgement, {SENDERS} senders"),
                per_second.clone(),
                "goal",
                Figure::new(TAKEN_GOAL, "messages/s"),
            )
            .target(Target::AtLeast(1.0)),
            Row::new(
                "the same until all of them are in their records",
                Figure::new(rate(acknowledged.len(), applied), "messages/s"),
                "goal",
                Figure::new(TAKEN_GOAL, "messages/s"),
            )
            .target(Target::AtLeast(1.0)),
            Row::new(
                "sent to acknowledged, p99",
                Figure::new(ms(acknowledged.percentile(99)), "ms"),
                "median",
                Figure::new(ms(acknowledged.median()), "ms"),
            ),
            Row::new(
                format!(
                    "critical result to the phone's alert, slowest of {}",
                    alerts.len()
                ),
                Figure::new(ms(alerts.percentile(100)), "ms"),
                "limit",
                Figure::new(ALERT_LIMIT_MS, "ms"),
            )
            .target(Target::AtMost(1.0)),
            Row::new(
                "the same, median",
                Figure::new(ms(alerts.median()), "ms"),
                "limit",
                Figure::new(ALERT_LIMIT_MS, "ms"),
            ),
        ],
        notes: vec![format!(
            "SQLite, server, senders, bot and phones on one machine. {} s of results of {PATIENTS} patients, \
             a new value each. Then {BURST} critical results for each of {} roles, as many as a role is \
             told of at once: from the first byte sent over the durable message, the record, the bot that \
             fetches the call, begins the conversation about the patient and posts, to the frame by which \
             the phone of whoever is on call rings.",
            span.as_secs(),
            ROLES.len()
        )],
    })
}

struct Measured {
    alerts: Sample,
    acknowledged: Sample,
    took: Duration,
    /// From the first message until none waits.
    applied: Duration,
}

async fn measure(bench: &Bench, dir: &Path, span: Duration) -> Outcome<Measured> {
    let mut ward = Box::pin(Ward::start(&bench.wardline, dir)).await?;
    let mut alerts = Vec::new();
    for nth in 0..BURST {
        for place in 0..ROLES.len() {
            alerts.push(ward.ring(place, nth).await?);
        }
    }
    let hl7 = ward.hl7;
    let (took, acknowledged) = tokio::task::spawn_blocking(move || load(hl7, span)).await??;
    let rest = clock::now();
    let sent = alerts.len() * 2 + PATIENTS + acknowledged.len();
    while applied(ward.http)? < sent {
        if rest.elapsed() > PATIENCE {
            return Err("the messages are not applied".into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let applied = took + rest.elapsed();
    ward.stop()?;
    Ok(Measured {
        alerts: Sample::new(alerts),
        acknowledged: Sample::new(acknowledged),
        took,
        applied,
    })
}

/// A hospital with a bot that tells of critical results, and the phones of those on call.
struct Ward {
    node: Node,
    http: u16,
    hl7: u16,
    bot: Bot,
    /// Of each role, whoever holds it.
    holders: Vec<usize>,
    phones: Vec<Phone>,
}

struct Phone {
    /// Held as long as it listens.
    _device: Device,
    socket: Socket,
    rang: HashSet<String>,
}

/// `wardline bot serve`; it ends with this value.
struct Bot(Child);

impl Drop for Bot {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Ward {
    async fn start(wardline: &Path, dir: &Path) -> Outcome<Self> {
        let data = dir.join("data");
        let options = DemoOptions {
            data: data.clone(),
            http: ([127, 0, 0, 1], 0).into(),
            https: ([127, 0, 0, 1], 0).into(),
            seed: 1,
            proxies: Vec::new(),
        };
        let made = Box::pin(demo::run(&options, Clock::default())).await?;
        let officer = made.officer.code.clone().ok_or("no code for the officer")?;
        let people = made.ready().await?.people;
        Box::pin(made.server.shutdown()).await;

        let [http, hl7] = free_ports()?;
        let url = format!("http://localhost:{http}");
        let config = dir.join("wardline.toml");
        let data = serde_json::to_string(&data)?;
        let wards: Vec<String> = (0..ROLES.len())
            .map(|place| format!("B{place} = \"{}\"", ROLES[place]))
            .collect();
        fs::write(
            &config,
            format!(
                "[server]\nhttp = \"127.0.0.1:{http}\"\nhttps = \"\"\norigins = [\"{url}\"]\n\
                 unauthenticated_per_minute = 1000000\n[data]\ndir = {data}\n\
                 [hl7]\nlisten = \"127.0.0.1:{hl7}\"\ncritical_role = \"{}\"\n\
                 critical_roles = {{ {} }}\n",
                ROLES[0],
                wards.join(", ")
            ),
        )?;
        let mut node = Node::start(wardline, &config)?;
        node.wait_until_ready(http, PATIENCE)?;

        let enrolment = Enrolment {
            server: Some(&url),
            code: &officer,
            name: "Officer's desk",
            ..Enrolment::default()
        };
        let home = dir.join("home-officer");
        let mut officer = Box::pin(NativeClient::enroll(&home, &enrolment)).await?;
        Box::pin(officer.wait_until_active(PATIENCE)).await?;
        officer.sign_in().await?;
        let mut hospital = Hospital {
            url: &url,
            dir,
            officer,
            people,
        };
        let is_security = |person: &&ReadyPerson| person.role == "Security officer";
        let security = hospital.people.iter().find(is_security);
        let security = security.ok_or("no security officer")?.user.clone();
        let mut security = Box::pin(hospital.device_of(&security)).await?;
        let bot = Box::pin(hospital.bot(wardline, &mut security)).await?;
        let known = security.roles().await?;
        let (mut holders, mut phones, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for slug in ROLES {
            let role = known.iter().find(|role| role.slug.as_str() == slug);
            let holder = role.and_then(|role| role.holder.as_ref());
            let name = holder.ok_or("nobody is on call")?.username.clone();
            if !names.contains(&name) {
                let mut device = Box::pin(hospital.device_of(&name)).await?;
                let mut socket = devices::socket(&mut device).await?;
                while !matches!(next(&mut socket).await?, Some(ServerFrame::Ready)) {}
                phones.push(Phone {
                    _device: device,
                    socket,
                    rang: HashSet::new(),
                });
                names.push(name.clone());
            }
            let place = names.iter().position(|known| *known == name);
            holders.push(place.ok_or("the phone was lost")?);
        }
        Ok(Self {
            node,
            http,
            hl7,
            bot,
            holders,
            phones,
        })
    }

    /// A critical result of a patient of a role's ward: how long until the phone of who holds it rings.
    async fn ring(&mut self, place: usize, nth: usize) -> Outcome<Duration> {
        let mrn = format!("B{place}-{nth}");
        let mut line = Line::open(self.hl7)?;
        line.send(&admitted(&mrn, place))?;
        let result = result(&mrn, &format!("C{place}-{nth}"), "6.8", "HH");
        let start = clock::now();
        line.send(&result)?;
        let phone = &mut self.phones[self.holders[place]];
        loop {
            let ringing = tokio::time::timeout(PATIENCE, next(&mut phone.socket));
            let frame = ringing.await.map_err(|_| "the phone does not ring")??;
            if let Some(ServerFrame::Escalation { id, attempt, .. }) = frame
                && attempt.is_some()
                && phone.rang.insert(id.to_string())
            {
                return Ok(start.elapsed());
            }
        }
    }

    fn stop(self) -> Outcome<()> {
        drop(self.bot);
        drop(self.phones);
        self.node.stop()
    }
}

/// Who can be given a device.
struct Hospital<'a> {
    url: &'a str,
    dir: &'a Path,
    officer: NativeClient,
    people: Vec<ReadyPerson>,
}

impl Hospital<'_> {
    async fn device_of(&mut self, user: &str) -> Outcome<Device> {
        let person = self.people.iter().find(|person| person.user == user);
        let code = person.and_then(|person| person.enroll_code.clone());
        let codes = [code.ok_or("somebody cannot be enrolled")?];
        let waiting = Box::pin(devices::begin(&codes, Some(self.url), self.dir)).await?;
        confirm_all(&mut self.officer, Duty::None).await?;
        let mut devices = Box::pin(devices::finish(waiting, self.url)).await?;
        Ok(devices.pop().ok_or("no device")?)
    }

    async fn bot(&mut self, wardline: &Path, security: &mut Device) -> Outcome<Bot> {
        let request = json!({
            "username": "lab-bot", "name": "Laboratory", "owner": devices::user(security)?,
            "program": "demo", "per_minute": 600,
            "scope": {
                "reads": false, "highest": "stat", "anywhere": true, "groups": [], "roles": [],
                "results": true,
            },
        });
        let body = Some(serde_json::to_vec(&request)?);
        let made = security.raw("POST", "/v1/bots", body).await?;
        let made: Value = serde_json::from_slice(&made)?;
        let code = made["invite"]["code"].as_str().ok_or("no invitation")?;
        let codes = [code.to_owned()];
        let waiting = Box::pin(devices::begin(&codes, Some(self.url), self.dir)).await?;
        confirm_all(&mut self.officer, Duty::Bot).await?;
        let Some((mut client, home)) = waiting.into_iter().next() else {
            return Err("no device for the bot".into());
        };
        client.wait_until_active(PATIENCE).await?;
        // A home is open once only.
        drop(client);
        let mut child = Command::new(wardline)
            .args(["--json", "bot", "--home"])
            .arg(home)
            .args(["serve", "--listen", "127.0.0.1:0", "--token-file"])
            .arg(self.dir.join("token"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take();
        let bot = Bot(child);
        let mut said = BufReader::new(said.ok_or("the bot says nothing")?);
        let mut line = String::new();
        if said.read_line(&mut line)? == 0 {
            return Err("the bot ended".into());
        }
        // Read on, so that the pipe is never full.
        thread::spawn(move || said.read_to_end(&mut Vec::new()));
        Ok(bot)
    }
}

async fn next(socket: &mut Socket) -> Outcome<Option<ServerFrame>> {
    let message = socket.next().await.ok_or("the socket ended")??;
    Ok(match message {
        Message::Text(text) => Some(serde_json::from_str(&text)?),
        _ => None,
    })
}

/// Sends results by many lines at once; gives for how long, and how long each took to be acknowledged.
fn load(port: u16, span: Duration) -> Outcome<(Duration, Vec<Duration>)> {
    let mut line = Line::open(port)?;
    for number in 0..PATIENTS {
        line.send(&admitted(&format!("L{number}"), ROLES.len()))?;
    }
    let (tell, told) = mpsc::channel();
    let start = clock::now();
    for sender in 0..SENDERS {
        let tell = tell.clone();
        thread::spawn(move || {
            // Whoever waits for it hears of a failure.
            let _ = tell.send(one(port, sender, start, span));
        });
    }
    drop(tell);
    let mut all = Vec::new();
    for took in told {
        all.extend(took?);
    }
    Ok((start.elapsed(), all))
}

fn one(port: u16, sender: usize, start: Instant, span: Duration) -> Outcome<Vec<Duration>> {
    let mut line = Line::open(port)?;
    let mut took = Vec::new();
    while start.elapsed() < span {
        let nth = took.len();
        // Each sender has its own patients, as each laboratory has its own orders.
        let patient = sender + SENDERS * (nth % (PATIENTS / SENDERS));
        let value = format!("4.{}", nth % 10);
        let id = format!("L{sender}-{nth}");
        let message = result(&format!("L{patient}"), &id, &value, "N");
        let sent = clock::now();
        line.send(&message)?;
        took.push(sent.elapsed());
    }
    Ok(took)
}

/// One connection.
struct Line(TcpStream);

impl Line {
    fn open(port: u16) -> Outcome<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    /// Sends one message, and waits until it is taken.
    fn send(&mut self, message: &str) -> Outcome<()> {
        self.0
            .write_all(format!("\u{b}{message}\u{1c}\r").as_bytes())?;
        let mut answer = Vec::new();
        let mut some = [0; 1024];
        while !answer.ends_with(b"\x1c\r") {
            let count = self.0.read(&mut some)?;
            if count == 0 {
                return Err("the server hung up".into());
            }
            answer.extend_from_slice(&some[..count]);
        }
        let answer = String::from_utf8_lossy(&answer);
        if answer.contains("MSA|AA|") {
            Ok(())
        } else {
            Err(format!("a message was not taken: {answer}").into())
        }
    }
}

/// Who is admitted to the ward of a role; beyond the roles it is another ward.
fn admitted(mrn: &str, place: usize) -> String {
    format!(
        "MSH|^~\\&|ADT|BENCH|||20260302100000||ADT^A01|A-{mrn}|P|2.5.1\rEVN||20260302100000\r\
         PID|1||{mrn}^^^BENCH^MR||Bench^{mrn}||19500303|F\rPV1|1|I|B{place}^12^B\r"
    )
}

/// A potassium.
fn result(mrn: &str, id: &str, value: &str, flag: &str) -> String {
    format!(
        "MSH|^~\\&|LAB|BENCH|||20260302120000||ORU^R01^ORU_R01|{id}|P|2.5.1\r\
         PID|1||{mrn}^^^BENCH^MR\rOBR|1||{id}|24323-8^CMP^LN|||20260302113000\r\
         OBX|1|NM|2823-3^Potassium^LN||{value}|mmol/L^^UCUM|3.5-5.1|{flag}|||F\r"
    )
}

/// How many messages are in their records.
fn applied(http: u16) -> Outcome<usize> {
    let text = get(http, "/metrics")?;
    let name = "wardline_hl7_messages_total{outcome=\"applied\"} ";
    let count = text.lines().find_map(|line| line.strip_prefix(name));
    Ok(count.map_or(Ok(0), |count| count.trim().parse())?)
}
