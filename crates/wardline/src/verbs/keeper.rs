//! `wardline keeper`: the record keeper's process.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{BufRead as _, Write as _};
use std::ops::ControlFlow;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::sync::oneshot;
use wardline_client::Platform as _;
use wardline_client::views::StatusStage;
use wardline_client_native::client::Enrolment;
use wardline_client_native::follow::Seen;
use wardline_client_native::home::Home;
use wardline_client_native::{NativeClient, NativeError};
use wardline_keeper::records::Export;
use wardline_keeper::{Keeper, Progress, Records, Rules, Terms, mailbox};
use wardline_model::statement::SignedStatement;
use wardline_model::wire::socket::ServerFrame;

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::on_one_thread;
use crate::verbs::serve::until_stopped;

/// How long a new keeper waits for an officer to confirm it.
const CONFIRMATION: Duration = Duration::from_mins(15);
/// How long it takes an officer who confirms by itself.
const AT_ONCE: Duration = Duration::from_secs(5);
/// Between two attempts to reach the hospital; it doubles up to [`LONGEST`] while they fail soon.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest pause between two attempts.
const LONGEST: Duration = Duration::from_secs(15);
/// Between two looks when nothing happens and nothing is left to do; it keeps the session alive.
const QUIET_MS: u64 = 60_000;
/// The largest statement that is read, in bytes.
const LARGEST_STATEMENT: u64 = 256 * 1024;
/// The first wait before something is tried again; it doubles up to [`QUIET_MS`].
const RETRY_MS: u64 = 500;

/// `wardline keeper`.
#[derive(Args)]
pub(crate) struct KeeperVerb {
    /// The keeper's home directory: its keys and the history that it keeps, sealed.
    #[arg(long)]
    home: PathBuf,
    /// The hospital's address; may be left out when the code is a link, or once enrolled.
    #[arg(long)]
    server: Option<String>,
    /// The invitation's code or link, the first time; `-` reads it from standard input.
    #[arg(long)]
    code: Option<String>,
    /// The CA to trust for the hospital's certificate, PEM.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Hours that a device waits for history when an officer, not its own person, confirmed it.
    #[arg(long, default_value_t = 24)]
    recovery_wait_hours: u64,
    /// Minutes that whoever goes off call stays in the role's conversations, for the hand-over.
    #[arg(long, default_value_t = 30)]
    hand_over_minutes: u64,
    /// Retention, officers and custodians (docs/records.md), TOML; without it everything is kept and
    /// nobody orders anything.
    #[arg(long, value_name = "RECORDS.toml")]
    records: Option<PathBuf>,
    /// Where signed statements are read from, and what comes of them is written to; by default
    /// `statements` in the home directory.
    #[arg(long, value_name = "DIR")]
    statements: Option<PathBuf>,
    /// End when standard input closes, so as not to outlive the process that started this one.
    #[arg(long)]
    until_stdin_closes: bool,
}

impl KeeperVerb {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        on_one_thread(move || self.on_this_thread(out)).await
    }

    async fn on_this_thread(self, out: Output) -> Result<(), Failure> {
        let code = match self.code.as_deref() {
            Some("-") => Some(line_of_stdin()?),
            other => other.map(str::to_owned),
        };
        let read = |file: &PathBuf| {
            std::fs::read_to_string(file)
                .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
        };
        let ca = self.ca.as_ref().map(read).transpose()?;
        let rules = Rules {
            recovery_wait_ms: self.recovery_wait_hours.saturating_mul(60 * 60 * 1000),
            overlap_ms: self.hand_over_minutes.saturating_mul(60 * 1000),
            ..Rules::default()
        };
        let desk = Desk {
            records: Records::new(terms(self.records.as_deref())?),
            folder: match self.statements {
                Some(folder) => folder,
                None => self.home.join("statements"),
            },
            refused: RefCell::default(),
        };
        let keeping = async {
            let server = self.server.as_deref();
            let mut client = match &code {
                Some(code) => enroll(&self.home, server, code, ca.as_deref(), out).await?,
                None => open(&self.home, server, ca.as_deref())?,
            };
            keep(&mut client, Keeper::new(rules), &desk, out).await
        };
        tokio::select! {
            ended = keeping => ended,
            () = until_stopped() => Ok(()),
            () = stdin_closed(self.until_stdin_closes) => Ok(()),
        }
    }
}

/// The first line of standard input.
fn line_of_stdin() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::usage(format!("standard input: {error}")))?;
    Ok(line.trim().to_owned())
}

/// Resolves when standard input ends; never, when that is not asked for.
async fn stdin_closed(wanted: bool) {
    let (ended, end) = oneshot::channel::<()>();
    if wanted {
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            let _ = ended.send(());
        });
    }
    if end.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The terms of a file, checked.
fn terms(file: Option<&Path>) -> Result<Terms, Failure> {
    let Some(file) = file else {
        return Ok(Terms::default());
    };
    let wrong = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let terms: Terms = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if let Some(retention) = &terms.retention {
        retention
            .check()
            .map_err(|error| wrong(error.to_string()))?;
    }
    if let Some(custodians) = &terms.custodians {
        custodians
            .check()
            .map_err(|error| wrong(error.to_string()))?;
    }
    Ok(terms)
}

/// Where statements come in and what is done about them goes out.
struct Desk {
    records: Records,
    folder: PathBuf,
    /// What was logged of statements that count for nothing, by mark.
    refused: RefCell<BTreeSet<(String, String)>>,
}

/// What is to be logged of what is so now: each thing once, as long as it does not change.
fn news(told: &mut BTreeSet<(String, String)>, now: &[(String, String)]) -> Vec<(String, String)> {
    let now: BTreeSet<_> = now.iter().cloned().collect();
    let news = now.difference(told).cloned().collect();
    *told = now;
    news
}

impl Desk {
    /// Reads all statements, of the folder and of the server, has them carried out, writes down what came
    /// of it and tells the server. Where the server is not to be had the folder is served all the same.
    async fn look(&self, client: &mut NativeClient) -> Result<(), NativeError> {
        let fetched = self.records.fetch(client).await;
        if let Err(error) = &fetched {
            tracing::warn!(%error, "statements about records could not be fetched");
        }
        let statements = self.read();
        let tended = self.records.tend(client, &statements).await?;
        for (mark, why) in news(&mut self.refused.borrow_mut(), &tended.refused) {
            tracing::info!(%mark, %why, "a statement about records counts for nothing as yet");
        }
        for mark in &tended.done {
            tracing::info!(%mark, "an order about records was carried out");
        }
        for export in &tended.exports {
            match self.write_export(export) {
                Ok(()) => self.records.written(client, export).await?,
                Err(error) => self.complain(&error),
            }
        }
        let write = |signed: &SignedStatement| match self.write_signed(signed) {
            Ok(()) => true,
            Err(error) => {
                self.complain(&error);
                false
            }
        };
        for why in mailbox::tell(client, write).await? {
            tracing::warn!(%why, "the hospital would not take what was done about records");
        }
        Ok(())
    }

    fn write_export(&self, export: &Export) -> std::io::Result<()> {
        let folder = self.out(&format!("export-{}", hex::encode(export.manifest.hash())))?;
        for (name, bytes) in &export.files {
            write_private(&folder.join(name), bytes)?;
        }
        let manifest = json!({
            "manifest": export.manifest,
            "signature": export.signature,
        });
        write_private(
            &folder.join("manifest.json"),
            manifest.to_string().as_bytes(),
        )
    }

    fn write_signed(&self, signed: &SignedStatement) -> std::io::Result<()> {
        let file = format!("{}.json", hex::encode(signed.hash()));
        let file = self.out("signed")?.join(file);
        write_private(&file, &serde_json::to_vec(signed)?)
    }

    fn complain(&self, error: &std::io::Error) {
        tracing::error!(%error, folder = %self.folder.display(), "what was done about records could not be written down");
    }

    /// Statements that were put into the folder; what is none is passed over, and said so.
    fn read(&self) -> Vec<SignedStatement> {
        let Ok(files) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
        files.retain(|file| file.extension().is_some_and(|end| end == "json"));
        files.sort();
        files
            .iter()
            .filter_map(|file| {
                let small = file.metadata().ok()?.len() <= LARGEST_STATEMENT;
                let text = small.then(|| std::fs::read(file).ok()).flatten()?;
                let read = serde_json::from_slice(&text);
                if read.is_err() {
                    tracing::warn!(file = %file.display(), "this is no signed statement");
                }
                read.ok()
            })
            .collect()
    }

    fn out(&self, name: &str) -> std::io::Result<PathBuf> {
        let folder = self.folder.join("out").join(name);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        Ok(folder)
    }
}

fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    out.write_all(bytes)?;
    out.sync_all()
}

fn open(home: &Path, server: Option<&str>, ca: Option<&str>) -> Result<NativeClient, Failure> {
    if let Some(server) = server {
        if !home.exists() {
            return Err(NativeError::NotEnrolled.into());
        }
        Home::open(home)?.set_server(server, ca)?;
    }
    Ok(NativeClient::open(home)?)
}

async fn enroll(
    home: &Path,
    server: Option<&str>,
    code: &str,
    ca: Option<&str>,
    out: Output,
) -> Result<NativeClient, Failure> {
    let enrolment = Enrolment {
        server,
        code,
        name: "Record keeper",
        ca,
        ..Enrolment::default()
    };
    let mut client = NativeClient::enroll(home, &enrolment).await?;
    if client.status().stage == StatusStage::Pending {
        // The demo's officer confirms without comparing; then there is nothing to be told.
        match client.wait_until_active(AT_ONCE).await {
            Err(NativeError::Unconfirmed) => {}
            other => return other.map(|()| client).map_err(Failure::from),
        }
        if let Some(confirmation) = client.status().confirmation {
            out.note(&format!(
                "Compare this string with the one on an enrolling officer's screen:\n\n    \
                 {confirmation}\n"
            ));
        }
        client.wait_until_active(CONFIRMATION).await?;
    }
    Ok(client)
}

/// Follows the hospital and does what is to be done, until the device is refused for good.
async fn keep(
    client: &mut NativeClient,
    keeper: Keeper,
    desk: &Desk,
    out: Output,
) -> Result<(), Failure> {
    client.keep_records();
    let mut due = Due::default();
    let mut announced = false;
    let mut pause = AGAIN;
    let mut told = 0;
    loop {
        match client.sign_in().await {
            Ok(()) => {}
            Err(error) if error.is_passing() => {
                tracing::warn!(%error, "the hospital cannot be reached");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST);
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        let seen = async |client: &mut NativeClient, frame: Option<&ServerFrame>| -> Seen {
            // A stream of frames must not put off what is due.
            let frame = frame.filter(|_| !due.is_over(client.platform().now_ms()));
            if frame == Some(&ServerFrame::Statements) {
                desk.look(client).await?;
            }
            if let Some(progress) = keeper.look(client, frame).await? {
                due.next(progress, client.platform().now_ms());
                if frame.is_none() {
                    desk.look(client).await?;
                }
                let groups = client.kept_groups()?.len();
                // For the program that started this one, which may wait for it.
                if groups != told && out.is_json() {
                    told = groups;
                    out.result(&json!({ "groups": groups }), String::new);
                }
            }
            if !announced {
                announced = true;
                let device = client.status().device_id;
                let value = json!({ "ready": true, "device_id": device });
                out.result(&value, || {
                    "Keeping the records. Stop with Ctrl-C.".to_owned()
                });
            }
            let now = client.platform().now_ms();
            Ok(ControlFlow::Continue(due.patience(now)))
        };
        let began = tokio::time::Instant::now();
        if let Err(error) = client.follow(seen).await {
            tracing::warn!(%error, "following the hospital again");
        }
        pause = if began.elapsed() > LONGEST {
            AGAIN
        } else {
            (pause * 2).min(LONGEST)
        };
        tokio::time::sleep(pause).await;
    }
}

/// When to look again though nothing happens.
#[derive(Debug, Default)]
struct Due {
    at_ms: u64,
    retry_ms: u64,
}

impl Due {
    fn next(&mut self, progress: Progress, now_ms: u64) {
        let quiet = now_ms + QUIET_MS;
        self.retry_ms = match progress {
            Progress::Again => (self.retry_ms * 2).clamp(RETRY_MS, QUIET_MS),
            Progress::Done | Progress::Until(_) => 0,
        };
        self.at_ms = match progress {
            Progress::Done => quiet,
            Progress::Again => now_ms + self.retry_ms,
            Progress::Until(at) => at.min(quiet),
        };
    }

    fn is_over(&self, now_ms: u64) -> bool {
        now_ms >= self.at_ms
    }

    fn patience(&self, now_ms: u64) -> Duration {
        Duration::from_millis(self.at_ms.saturating_sub(now_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_as_it_is_is_logged_once() {
        let mut told = BTreeSet::new();
        let of = |mark: &str, why: &str| (mark.to_owned(), why.to_owned());
        let waits = [of("1", "too few have agreed")];
        assert_eq!(news(&mut told, &waits), waits);
        assert!(news(&mut told, &waits).is_empty());
        let both = [
            of("1", "the device was revoked"),
            of("2", "too few have agreed"),
        ];
        assert_eq!(news(&mut told, &both), both);
        assert!(news(&mut told, &both[..1]).is_empty());
        assert_eq!(news(&mut told, &waits), waits);
    }

    #[test]
    fn what_fails_is_tried_again_ever_later_and_a_wait_is_kept() {
        let mut due = Due::default();
        assert!(due.is_over(1000), "the first look is due at once");
        let mut waits = Vec::new();
        for _ in 0..9 {
            due.next(Progress::Again, 1000);
            waits.push(due.at_ms - 1000);
        }
        assert_eq!(waits[..4], [500, 1000, 2000, 4000]);
        assert_eq!(waits[8], QUIET_MS);
        due.next(Progress::Until(5000), 1000);
        assert_eq!(due.patience(2000), Duration::from_secs(3));
        due.next(Progress::Until(u64::MAX), 1000);
        assert_eq!(due.at_ms, 1000 + QUIET_MS);
        due.next(Progress::Again, 1000);
        assert_eq!(due.at_ms, 1500, "it starts anew after success");
    }
}
