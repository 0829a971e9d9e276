//! From the start of `wardline serve` to its first good answer, and its memory then.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::bench::{Bench, Outcome};
use crate::clock;
use crate::process::{Demo, resident, terminate};
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
    let port = free_port()?;
    let config = dir.join("wardline.toml");
    // A JSON string is a TOML string.
    let data = serde_json::to_string(data)?;
    let text = format!(
        "[server]\nhttp = \"127.0.0.1:{port}\"\nhttps = \"127.0.0.1:0\"\n[data]\ndir = {data}\n"
    );
    fs::write(&config, text)?;
    let start = clock::now();
    let mut child = Command::new(&bench.wardline)
        .args(["serve", "--config"])
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let ready = loop {
        if is_ready(port) {
            break Some(start.elapsed());
        }
        if start.elapsed() > PATIENCE || child.try_wait()?.is_some() {
            break None;
        }
        thread::sleep(ASK);
    };
    thread::sleep(SETTLED);
    let memory = resident(child.id());
    terminate(&mut child)?;
    Ok((ready.ok_or("the server did not become ready")?, memory?))
}

/// Whether `/readyz` answers 200.
fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<[u8; 12]> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        write!(
            stream,
            "GET /readyz HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
        )?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status)
    };
    ask().is_ok_and(|status| status == *b"HTTP/1.1 200")
}

fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
