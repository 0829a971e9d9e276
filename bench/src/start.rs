//! From the start of `wardline serve` to its first good answer, and its memory then.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::bench::{Bench, Outcome};
use crate::clock;
use crate::process::{Demo, Node, free_ports, is_ready, resident};
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, ms};

const START_LIMIT_MS: f64 = 300.0;
const MEMORY_LIMIT_MB: f64 = 60.0;
const RUNS: usize = 10;
/// How often it is asked whether it is ready.
const ASK: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(30);
/// Memory is read when the first tasks have run.
const SETTLED: Duration = Duration::from_secs(1);

/// Starts a server over the demo hospital's data again and again.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let data = dir.path().join("data");
    Demo::start(&bench.wardline, &data)?.stop()?;
    let mut starts = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..bench.rounds(RUNS) {
        let (start, bytes) = once(bench, dir.path(), &data)?;
        starts.push(start);
        memory.push(bytes);
    }
    memory.sort_unstable();
    let starts = Sample::new(starts);
    let largest = memory.last().copied().unwrap_or_default();
    let megabytes = f64::from(u32::try_from(largest / 1000)?) / 1000.0;
    Ok(Section {
        title: "Server: cold start and memory",
        rows: vec![
            Row::new(
                "start of `wardline serve` to `/readyz` 200, median",
                Figure::new(ms(starts.median()), "ms"),
                "limit",
                Figure::new(START_LIMIT_MS, "ms"),
            )
            .target(Target::AtMost(1.0)),
            Row::new(
                "the same, slowest",
                Figure::new(ms(starts.percentile(100)), "ms"),
                "limit",
                Figure::new(START_LIMIT_MS, "ms"),
            ),
            Row::new(
                "resident memory after the start, largest",
                Figure::new(megabytes, "MB"),
                "limit",
                Figure::new(MEMORY_LIMIT_MB, "MB"),
            )
            .target(Target::AtMost(1.0)),
        ],
        notes: vec![format!(
            "{} starts over the demo hospital's data directory, each a new process that is stopped \
             by SIGTERM; the files are in the page cache. Memory is `VmRSS`, read {} s after the \
             first answer.",
            starts.len(),
            SETTLED.as_secs()
        )],
    })
}

/// One start: how long, and resident bytes afterwards.
fn once(bench: &Bench, dir: &Path, data: &Path) -> Outcome<(Duration, u64)> {
    let [port] = free_ports()?;
    let config = dir.join("wardline.toml");
    // A JSON string is a TOML string.
    let data = serde_json::to_string(data)?;
    let text = format!(
        "[server]\nhttp = \"127.0.0.1:{port}\"\nhttps = \"127.0.0.1:0\"\n[data]\ndir = {data}\n"
    );
    fs::write(&config, text)?;
    let start = clock::now();
    let mut node = Node::start(&bench.wardline, &config)?;
    let ready = loop {
        if is_ready(port) {
            break Some(start.elapsed());
        }
        if start.elapsed() > PATIENCE || node.has_ended()? {
            break None;
        }
        thread::sleep(ASK);
    };
    thread::sleep(SETTLED);
    let memory = resident(node.pid());
    node.stop()?;
    Ok((ready.ok_or("the server did not become ready")?, memory?))
}
