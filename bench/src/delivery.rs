//! From one person's tap to another person's screen: two native clients and the real server.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use tokio::runtime::Builder;
use tokio_tungstenite::tungstenite::Message;
use wardline_model::UserId;
use wardline_model::wire::messages::{EntryKind, Priority};
use wardline_model::wire::socket::ServerFrame;

use crate::bench::{Bench, Outcome};
use crate::clock;
use crate::devices;
use crate::mls;
use crate::process::Demo;
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, ms};

const MESSAGES: usize = 300;
/// So that a message is measured alone: the receipt of the last one is on its way until then.
const PAUSE: Duration = Duration::from_millis(30);
const PATIENCE: Duration = Duration::from_mins(1);
const TIMES: f64 = 3.0;
const TEXT: &str = "K 6.8 on the repeat, calcium gluconate is in, please come to bed 4.";

/// Sends one message after another and notes when the other screen has it.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let disk = bench.disk()?;
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let demo = Demo::start(&bench.wardline, &dir.path().join("data"))?;
    let messages = bench.rounds(MESSAGES);
    let measured = measure(&demo, dir.path(), messages)?;
    demo.stop()?;
    let allowed = |percent: usize| {
        TIMES * (ms(disk.commit.percentile(percent)) + ms(measured.encryption.percentile(percent)))
    };
    let row = |percent: usize| {
        Row::new(
            format!("send to receive, p{percent}"),
            Figure::new(ms(measured.arrival.percentile(percent)), "ms"),
            format!("3 × (commit + encryption), p{percent} of each"),
            Figure::new(allowed(percent), "ms"),
        )
        .target(Target::AtMost(1.0))
    };
    Ok(Section {
        title: "Send to receive: two native clients on loopback",
        rows: vec![
            row(50),
            row(99),
            Row::new(
                "send to acknowledged, p50",
                Figure::new(ms(measured.acknowledged.median()), "ms"),
                "one SQLite commit, p50",
                Figure::new(ms(disk.commit.median()), "ms"),
            ),
            Row::new(
                "one encryption with its durable journal, p50",
                Figure::new(ms(measured.sealing.median()), "ms"),
                "without the disk",
                Figure::new(ms(measured.encryption.median()), "ms"),
            ),
        ],
        notes: vec![
            format!(
                "{messages} messages, {} ms apart, each over HTTP with its own proof. Between the tap \
                 and the other screen stand three durable commits one after another: outbox and \
                 ratchet on the sender's device, message and audit event at the server, message and \
                 ratchet on the receiver's device; what is shown need not wait for the third. The \
                 commit that it is held against is one row by SQLite on the same disk, so that two of \
                 them and their encryptions alone take most of what is allowed.",
                PAUSE.as_millis()
            ),
            "Profile, on an idle machine with two cores: the time between is no function's. A server of \
             the dev build, sampled, spends about a fifth of its samples in the kernel's scheduler and \
             has no function above 3 % elsewhere; a system call trace of one request shows a dozen round trips to the threads of \
             SQLite connections (each statement is one, and so are begin and commit), each with two \
             wake-ups of sleeping threads. Pinned to one core it is the same. Under load these waits \
             overlap, which is why the socket measurement has other figures."
                .to_owned(),
        ],
    })
}

struct Measured {
    arrival: Sample,
    acknowledged: Sample,
    encryption: Sample,
    sealing: Sample,
}

fn measure(demo: &Demo, dir: &Path, messages: usize) -> Outcome<Measured> {
    let links = demo.links(2)?;
    let (tell, told) = mpsc::channel();
    let (see, seen) = mpsc::channel();
    let receiver = Receiver {
        link: links[1..].to_vec(),
        url: demo.ready.url.clone(),
        dir: dir.to_owned(),
        messages,
        tell,
        see,
    };
    // A client drives one device on one thread.
    let receiving = thread::spawn(move || receiver.run());
    let sending = Sending { told, seen };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let sent = runtime.block_on(sending.run(&links[..1], &demo.ready.url, dir, messages));
    if sent.is_err() && !receiving.is_finished() {
        // It waits for messages that will not come; it ends with the process.
        return sent;
    }
    // Where the receiver failed, the sender heard nothing more: the receiver's reason comes first.
    receiving
        .join()
        .map_err(|_| "the receiver's thread ended early")??;
    sent
}

/// What the receiver's thread says.
enum Told {
    /// Who it is; it can be written to.
    Enrolled(UserId),
    /// It listens.
    Listening,
    /// Everything that belongs to a message is done there.
    Done,
}

/// The receiver's thread.
struct Receiver {
    link: Vec<String>,
    url: String,
    dir: PathBuf,
    messages: usize,
    tell: mpsc::Sender<Told>,
    see: mpsc::Sender<Instant>,
}

impl Receiver {
    fn run(self) -> Outcome<()> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.receive())
    }

    async fn receive(self) -> Outcome<()> {
        let mut device = Box::pin(devices::enroll(&self.link, &self.url, &self.dir))
            .await?
            .pop()
            .ok_or("no device")?;
        let me = devices::user(&device)?;
        let mut socket = devices::socket(&mut device).await?;
        self.tell.send(Told::Enrolled(me))?;
        let mut joined = false;
        let mut left = self.messages;
        while left > 0 {
            let Message::Text(text) = socket.next().await.ok_or("the socket ended")?? else {
                continue;
            };
            let frame: ServerFrame = serde_json::from_str(&text)?;
            let counts = matches!(&frame, ServerFrame::Entry { entry, .. }
                if entry.kind == EntryKind::Message && entry.sender != Some(me));
            if counts {
                device.platform().tell_next(self.see.clone());
            }
            device.frame(frame).await?;
            if !joined && !device.conversations()?.is_empty() {
                joined = true;
                self.tell.send(Told::Listening)?;
            }
            if counts {
                left -= 1;
                self.tell.send(Told::Done)?;
            }
        }
        Ok(())
    }
}

/// The sender's end.
struct Sending {
    told: mpsc::Receiver<Told>,
    seen: mpsc::Receiver<Instant>,
}

impl Sending {
    async fn run(
        self,
        link: &[String],
        url: &str,
        dir: &Path,
        messages: usize,
    ) -> Outcome<Measured> {
        let mut device = Box::pin(devices::enroll(link, url, dir))
            .await?
            .pop()
            .ok_or("no device")?;
        let Told::Enrolled(other) = self.told.recv_timeout(PATIENCE)? else {
            return Err("the receiver was not enrolled first".into());
        };
        let group = devices::start(&mut device, &[other]).await?;
        while !matches!(self.told.recv_timeout(PATIENCE)?, Told::Listening) {}
        tokio::time::sleep(PAUSE).await;

        let (mut arrival, mut acknowledged) = (Vec::new(), Vec::new());
        for _ in 0..messages {
            let tap = clock::now();
            device.send(group, TEXT, Priority::Routine, None).await?;
            if device.deliver().await?.len() != 1 {
                return Err("a message was not taken".into());
            }
            acknowledged.push(tap.elapsed());
            arrival.push(self.seen.recv_timeout(PATIENCE)?.duration_since(tap));
            while !matches!(self.told.recv_timeout(PATIENCE)?, Told::Done) {}
            tokio::time::sleep(PAUSE).await;
        }
        let mut sealing = Vec::new();
        for _ in 0..messages {
            let begun = clock::now();
            let texts = [TEXT.to_owned()];
            device.encrypt(group, &texts, Priority::Routine).await?;
            sealing.push(begun.elapsed());
        }
        Ok(Measured {
            arrival: Sample::new(arrival),
            acknowledged: Sample::new(acknowledged),
            encryption: mls::encryption(messages)?,
            sealing: Sample::new(sealing),
        })
    }
}
