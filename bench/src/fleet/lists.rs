//! Changed public lists at a real server with ten thousand devices: taken, and all judged by them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use wardline_model::wire::enroll::DeviceState;
use wardline_server::keys::HospitalKeys;
use wardline_server::rim::Clock;
use wardline_server::{Config, Running, Server};
use wardline_store::Store;

use super::change::{fill, open, rest};
use super::made::{self, DEVICES, EXPLOITED};
use super::within;
use crate::bench::{Bench, Outcome};
use crate::clock;
use crate::process::Demo;
use crate::report::Row;
use crate::stats::Sample;

/// The lists are changed so often.
const ROUNDS: usize = 5;
const HOUR: u64 = 60 * 60 * 1000;

/// How long it took.
pub(super) struct Lists {
    same: Sample,
    moved: Sample,
}

impl Lists {
    pub(super) fn rows(&self) -> Vec<Row> {
        vec![
            within(
                format!("lists changed at the server, {DEVICES} devices stand as before, slowest"),
                &self.same,
            ),
            within(
                format!("the same, {DEVICES} devices move to grace, slowest"),
                &self.moved,
            ),
        ]
    }

    pub(super) fn notes(&self) -> Vec<String> {
        vec![format!(
            "Changed lists: a server in this process finds other lists in its folder when they are due, \
             {} times for each row: a catalogue of {EXPLOITED} entries, four products and Android's \
             bulletins. The time takes in reading, checking and hashing them, their transaction with its \
             audit event, and all devices read from SQLite, judged and written as for changed rules. \
             Where devices move, iOS has a newer version and Android a newer bulletin since yesterday.",
            self.moved.len()
        )]
    }
}

/// Fills a hospital with devices, and changes the lists by which they are judged.
pub(super) fn measure(bench: &Bench) -> Outcome<Lists> {
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let data = dir.path().join("data");
    Demo::start(&bench.wardline, &data)?.stop()?;
    let folder = dir.path().join("lists");
    let mut config = Config::default();
    config.data.dir.clone_from(&data);
    config.feeds.folder.clone_from(&folder);
    config.feeds.every_hours = 1;
    // Nobody else looks at the devices meanwhile.
    config.fleet.assess_every_minutes = 60;
    "127.0.0.1:0".clone_into(&mut config.server.http);
    config.server.https = String::new();
    let rounds = bench.rounds(ROUNDS);
    bench.runtime()?.block_on(async {
        fill(&data, clock::unix_ms()).await?;
        let clock = Clock::default();
        write(&folder, clock.now_ms(), 0, false)?;
        let server = Box::pin(Server::start(config, clock)).await?;
        rest(None).await?;
        let keys = HospitalKeys::open(&data)?;
        let lists = Box::pin(changes(&server, &open(&data, &keys)?, &folder, rounds)).await?;
        server.shutdown().await;
        Ok(lists)
    })
}

async fn changes(server: &Running, store: &Store, folder: &Path, rounds: usize) -> Outcome<Lists> {
    let (mut same, mut moved) = (Vec::new(), Vec::new());
    let mut issue = 1;
    for _ in 0..rounds {
        for newer in [false, true] {
            let took = change(server, folder, issue, newer).await?;
            let state = if newer {
                DeviceState::Grace
            } else {
                DeviceState::Active
            };
            are(store, state).await?;
            let times = if newer { &mut moved } else { &mut same };
            times.push(took);
            issue += 1;
        }
        // Back to where the next round begins.
        change(server, folder, issue, false).await?;
        are(store, DeviceState::Active).await?;
        issue += 1;
    }
    Ok(Lists {
        same: Sample::new(same),
        moved: Sample::new(moved),
    })
}

/// Puts other lists into the folder, and says how long a server at rest takes until all devices are
/// judged by them.
async fn change(server: &Running, folder: &Path, issue: usize, newer: bool) -> Outcome<Duration> {
    rest(None).await?;
    server.clock.advance(HOUR + 1000);
    write(folder, server.clock.now_ms(), issue, newer)?;
    let start = clock::now();
    let fetched = server.follow_lists().await?;
    let took = start.elapsed();
    if fetched {
        Ok(took)
    } else {
        Err("the lists were not due".into())
    }
}

/// Writes lists as a hospital's folder has them.
fn write(folder: &Path, now_ms: u64, issue: usize, newer: bool) -> Outcome<()> {
    for (file, text) in made::lists(now_ms, issue, newer)
        .into_iter()
        .chain([made::bulletins(now_ms, newer)])
    {
        let path = folder.join(file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

/// All of the bench's devices are in this state.
async fn are(store: &Store, state: DeviceState) -> Outcome<()> {
    let devices = store.read().await?.all_devices().await?;
    let count = devices.iter().filter(|device| device.state == state);
    let count = count.count();
    if count >= DEVICES {
        Ok(())
    } else {
        Err(format!("only {count} devices are {}", state.as_str()).into())
    }
}
