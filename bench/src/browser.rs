//! The app in a real browser: how long until a long conversation can be read on a slow phone, and until
//! what is sent is on another person's screen.
//!
//! The browser's part is `e2e/measure`, run by Playwright; this one brings the server and fills the
//! conversation. Both say how far they are by files in a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::runtime::Builder;
use wardline_model::wire::messages::Priority;

use crate::bench::{Bench, Outcome};
use crate::clock;
use crate::devices::{self, Device};
use crate::process::{Demo, Invited};
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, ms};

/// Messages of the long conversation, and how many are written at a time.
const MESSAGES: usize = 5_000;
const AT_ONCE: usize = 50;
/// How often the app is opened, and how many messages are sent.
const OPENED: usize = 5;
const SENT: usize = 50;
/// How many times slower than this machine the phone is.
const SLOWER: u32 = 4;
/// The longest that opening may take, and sending half of the time, milliseconds.
const OPEN_LIMIT: f64 = 1_000.0;
const SEND_LIMIT: f64 = 150.0;
const PATIENCE: Duration = Duration::from_mins(20);
const ASK: Duration = Duration::from_millis(100);

/// What the browser's part leaves, milliseconds.
#[derive(Deserialize)]
struct Told {
    opened: Vec<f64>,
    arrived: Vec<f64>,
}

/// Fills a conversation, opens it in a browser, and sends from one to another.
pub(crate) fn run(bench: &Bench, root: &Path) -> Outcome<Section> {
    let e2e = root.join("e2e");
    if !e2e.join("node_modules").is_dir() {
        return Ok(Section {
            title: TITLE,
            rows: Vec::new(),
            notes: vec![
                "Not measured: Playwright is not installed (`npm ci` in `e2e`).".to_owned(),
            ],
        });
    }
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let demo = Demo::start(&bench.wardline, &dir.path().join("data"))?;
    let told = measure(bench, &demo, &e2e, dir.path())?;
    demo.stop()?;
    let sample = |times: &[f64]| {
        let times = times
            .iter()
            .map(|ms| Duration::from_secs_f64(ms.max(0.0) / 1e3));
        Sample::new(times.collect())
    };
    let (opened, arrived) = (sample(&told.opened), sample(&told.arrived));
    let figure = |time: Duration| Figure::new(ms(time), "ms");
    Ok(Section {
        title: TITLE,
        rows: vec![
            Row::new(
                format!(
                    "app opened to a readable conversation of {MESSAGES} messages, {SLOWER} times \
                     slower, median of {}",
                    opened.len()
                ),
                figure(opened.median()),
                "limit",
                Figure::new(OPEN_LIMIT, "ms"),
            )
            .target(Target::AtMost(1.0)),
            Row::new(
                "the same, slowest",
                figure(opened.percentile(100)),
                "limit",
                Figure::new(OPEN_LIMIT, "ms"),
            ),
            Row::new(
                format!("tap to the other phone's screen, p50 of {}", arrived.len()),
                figure(arrived.median()),
                "limit",
                Figure::new(SEND_LIMIT, "ms"),
            )
            .target(Target::AtMost(1.0)),
            Row::new(
                "the same, p99",
                figure(arrived.percentile(99)),
                "limit of the p50",
                Figure::new(SEND_LIMIT, "ms"),
            ),
        ],
        notes: vec![
            "Chromium, phone viewport, everything on one machine. *Opened* is from the address to the \
             last message on the screen, the service worker and its files being there, without the time \
             between the button *Unlock* being there and its tap; the fingerprint itself is a virtual \
             one's. The browser slows its main thread down and not its workers, so that the client \
             core, which runs in one, is as fast as this machine. *Tap* is from the tap on *Send* to \
             the frame in which the other page has the text, neither slowed down."
                .to_owned(),
        ],
    })
}

fn measure(bench: &Bench, demo: &Demo, e2e: &Path, dir: &Path) -> Outcome<Told> {
    let [sender, reader, other] = demo.invited()?;
    let task = json!({
        "dir": dir,
        "reader": reader,
        "other": other,
        "sender": sender.name,
        "last": text(MESSAGES),
        "opened": bench.rounds(OPENED),
        "sent": bench.rounds(SENT),
        "slower": SLOWER,
    });
    let mut browser = Browser(
        Command::new("npx")
            .args(["playwright", "test", "--config", "measure.config.ts"])
            .current_dir(e2e)
            .env("WARDLINE_MEASURE", task.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?,
    );
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let links = [sender.enroll_url.clone()];
    let enrolled = devices::enroll(&links, &demo.ready.url, dir);
    let mut device = runtime
        .block_on(Box::pin(enrolled))?
        .pop()
        .ok_or("no device")?;
    browser.leaves(&dir.join("enrolled"))?;
    runtime.block_on(Box::pin(fill(&mut device, &reader)))?;
    fs::write(dir.join("filled"), "")?;
    let measured = dir.join("measured.json");
    browser.leaves(&measured)?;
    Ok(serde_json::from_slice(&fs::read(measured)?)?)
}

/// Writes the long conversation.
async fn fill(device: &mut Device, reader: &Invited) -> Outcome<()> {
    let found = device.people(&reader.name).await?;
    let user = found
        .into_iter()
        .map(|hit| hit.user)
        .find(|user| user.username == reader.user)
        .ok_or("the reader is not found")?;
    let group = Box::pin(devices::start(device, &[user.id])).await?;
    let mut taken = 0;
    for n in 1..=MESSAGES {
        device
            .send(group, &text(n), Priority::Routine, None)
            .await?;
        if n % AT_ONCE == 0 || n == MESSAGES {
            taken += Box::pin(device.deliver()).await?.len();
        }
    }
    if taken == MESSAGES {
        Ok(())
    } else {
        Err(format!("{taken} of {MESSAGES} messages were taken").into())
    }
}

fn text(n: usize) -> String {
    format!("Note {n}: K 6.8 on the repeat, calcium gluconate is in.")
}

/// Playwright; it ends with this value.
struct Browser(Child);

impl Browser {
    /// Waits for a file that it writes, whole.
    fn leaves(&mut self, file: &PathBuf) -> Outcome<()> {
        let start = clock::now();
        loop {
            let ended = self.0.try_wait()?;
            // A file that is being written has no bytes yet, or an end without which it is no JSON.
            let is_there = fs::read(file).is_ok_and(|bytes| {
                file.extension().is_none()
                    || serde_json::from_slice::<serde_json::Value>(&bytes).is_ok()
            });
            if is_there {
                return Ok(());
            }
            if let Some(ended) = ended {
                return Err(format!("the browser's part ended with {ended}").into());
            }
            if start.elapsed() > PATIENCE {
                return Err("the browser's part takes too long".into());
            }
            thread::sleep(ASK);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const TITLE: &str = "App: opening and sending in a browser";
