//! `wardline demo`: the synthetic hospital, its enrolling officer and its record keeper.

mod cast;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::{mpsc, oneshot, watch};
use wardline_client_native::client::Enrolment;
use wardline_client_native::home::Home;
use wardline_client_native::{NativeClient, NativeError};
use wardline_server::config::Cidr;
use wardline_server::demo::{self, Awaiting, DemoOptions, DemoRunning};
use wardline_server::rim::Clock;

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::serve::until_stopped;

/// From the port of plain HTTP to that of HTTPS.
const HTTPS_OFFSET: u16 = 8443 - 8080;
/// How often the demo's officer looks for devices to confirm.
const LOOK: Duration = Duration::from_millis(200);
/// How long the record keeper may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// `wardline demo`.
#[derive(Args)]
pub(crate) struct Demo {
    /// Where the hospital's keys and data live.
    #[arg(long, default_value = "demo-data")]
    data: PathBuf,
    /// Address of plain HTTP; port 0 picks free ports for all listeners.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Fixes people and records.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Play conversations into a new hospital before it opens, so that whoever enrols finds some.
    /// The record keeper then hands history to a new phone at once, and not after a day.
    #[arg(long)]
    conversations: bool,
    /// Believe X-Forwarded-For from these addresses, as `proxies` in a configuration does:
    /// 127.0.0.1/32 lets whoever tries the demo say where their requests come from.
    #[arg(long = "proxy", value_name = "NETWORK", value_parser = network)]
    proxies: Vec<Cidr>,
}

fn network(text: &str) -> Result<Cidr, String> {
    text.to_owned().try_into()
}

impl Demo {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        if !self.listen.ip().is_loopback() {
            return Err(Failure::usage(
                "the demo listens on this machine only; use 127.0.0.1",
            ));
        }
        // 8443 beside 8080, so that a second demo on another port gets in nobody's way.
        let https_port = match self.listen.port() {
            0 => 0,
            port => port.checked_add(HTTPS_OFFSET).unwrap_or(0),
        };
        std::fs::create_dir_all(&self.data)
            .map_err(|error| Failure::usage(format!("{}: {error}", self.data.display())))?;
        // What is printed is for programs that run elsewhere.
        let data = std::path::absolute(&self.data).unwrap_or(self.data);
        let options = DemoOptions {
            data: data.clone(),
            http: self.listen,
            https: SocketAddr::new(self.listen.ip(), https_port),
            seed: self.seed,
            proxies: self.proxies,
        };
        let running = demo::run(&options, Clock::default())
            .await
            .map_err(|error| Failure::unavailable(error.to_string()))?;
        let (confirm, confirmer) = start_officer(&running, &data).await?;
        let (up, is_up) = oneshot::channel();
        let (kept, keeps) = watch::channel(0);
        let keeping = Keeping {
            running: &running,
            data: &data,
            at_once: self.conversations,
            kept,
        };
        let opening = async {
            // Nobody is invited in before the keeper can join their first conversation.
            let keeper = tokio::time::timeout(PATIENCE, is_up).await;
            if !matches!(keeper, Ok(Ok(()))) {
                return Err(Failure::unavailable("the record keeper could not start"));
            }
            // Before anybody is let in, and not behind their backs: the cast's devices are their
            // people's only ones, and whoever came early would be there for half of the play.
            cast::play(&running, &data, self.conversations, keeps, out).await?;
            let ready = running
                .ready()
                .await
                .map_err(|error| Failure::unavailable(error.to_string()))?;
            out.result(&ready, || table(&ready));
            until_stopped().await;
            Ok(())
        };
        let ended = tokio::select! {
            ended = opening => ended,
            () = until_stopped() => Ok(()),
            () = confirm_all(&running, &confirm) => {
                Err(Failure::unavailable("the demo's officer has stopped"))
            }
            failed = keeping.keep(up) => Err(failed),
        };
        drop(confirm);
        let _ = tokio::task::spawn_blocking(move || confirmer.join()).await;
        running.server.shutdown().await;
        ended
    }
}

/// Hands the devices that wait to the officer.
async fn confirm_all(running: &DemoRunning, confirm: &mpsc::Sender<Awaiting>) {
    loop {
        tokio::time::sleep(LOOK).await;
        for awaiting in running.awaiting().await.unwrap_or_default() {
            if confirm.send(awaiting).await.is_err() {
                return;
            }
        }
    }
}

/// The record keeper, a process of its own.
struct Keeping<'a> {
    running: &'a DemoRunning,
    data: &'a Path,
    /// Whether it hands history over at once: the demo's officer confirms everyone's first phone,
    /// and a day's wait would be all that is ever seen of the conversations that were played.
    at_once: bool,
    /// In how many groups it is.
    kept: watch::Sender<usize>,
}

impl Keeping<'_> {
    /// Runs the process, and starts it again when it ends. Returns when it cannot be started at
    /// all.
    async fn keep(&self, up: oneshot::Sender<()>) -> Failure {
        let mut up = Some(up);
        let mut code = self.running.keeper.clone();
        loop {
            match self.once(code.as_deref(), &mut up).await {
                Ok(status) => {
                    tracing::warn!(%status, "the record keeper ended; it is started again");
                }
                Err(error) => {
                    return Failure::unavailable(format!("the record keeper: {error}"));
                }
            }
            if up.is_none() {
                code = None;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn once(
        &self,
        code: Option<&str>,
        up: &mut Option<oneshot::Sender<()>>,
    ) -> std::io::Result<std::process::ExitStatus> {
        let url = self.running.server.http_url.clone().unwrap_or_default();
        let home = self.data.join("keeper");
        if code.is_some() && home.exists() && !Home::has_keys(&home) {
            // A first start that was cut short: this home opens no more.
            std::fs::remove_dir_all(&home)?;
        }
        let records = self.data.join("records.toml");
        std::fs::write(&records, records_terms(self.running))?;
        let mut command = tokio::process::Command::new(std::env::current_exe()?);
        command
            .args(["--json", "keeper", "--until-stdin-closes", "--server", &url])
            .arg("--home")
            .arg(&home)
            .arg("--records")
            .arg(&records)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if self.at_once {
            command.args(["--recovery-wait-hours", "0"]);
        }
        if code.is_some() {
            command.args(["--code", "-"]);
        }
        let mut child = command.spawn()?;
        // Held open as long as this process lives.
        let mut stdin = child.stdin.take();
        if let (Some(code), Some(stdin)) = (code, &mut stdin) {
            stdin.write_all(format!("{code}\n").as_bytes()).await?;
            stdin.flush().await?;
        }
        if let Some(stdout) = child.stdout.take() {
            let mut lines = BufReader::new(stdout).lines();
            while let Some(line) = lines.next_line().await? {
                let said: Value = serde_json::from_str(&line).unwrap_or_default();
                if said["ready"] == true
                    && let Some(up) = up.take()
                {
                    // Nobody waits any more when the demo is on its way down.
                    let _ = up.send(());
                }
                if let Some(groups) = said["groups"].as_u64() {
                    let groups = usize::try_from(groups).unwrap_or(usize::MAX);
                    self.kept.send_replace(groups);
                }
            }
        }
        child.wait().await
    }
}

/// What the demo's record keeper goes by: as a hospital would have it, and long enough that nothing of
/// the demo is ever destroyed.
fn records_terms(running: &DemoRunning) -> String {
    let list = |users: &[&str]| {
        let ids = running.ids(users).into_iter();
        let ids: Vec<String> = ids.map(|id| format!("\"{id}\"")).collect();
        ids.join(", ")
    };
    format!(
        "officers = [{}]\n\n[retention]\ndays = 2192\ndirect_days = 1096\n\n\
         [custodians]\nneeded = 2\npeople = [{}]\n",
        list(&["margaret.sloane", "jonas.brandt"]),
        list(&["clara.whitfield", "viktor.lindgren", "dmitri.sokolov"]),
    )
}

/// Starts the officer whose device confirms those that the demo invited. It is a native client
/// like any other, on a thread of its own, since a client drives one device on one thread.
async fn start_officer(
    running: &DemoRunning,
    data: &Path,
) -> Result<(mpsc::Sender<Awaiting>, std::thread::JoinHandle<()>), Failure> {
    let url = running.server.http_url.clone().unwrap_or_default();
    let (home, code) = (data.join("officer"), running.officer.code.clone());
    let (confirm, mut waiting) = mpsc::channel::<Awaiting>(64);
    let (started, has_started) = oneshot::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async move {
            let mut officer = match officer(&home, &url, code).await {
                Ok(officer) => officer,
                Err(error) => {
                    let _ = started.send(Err(error));
                    return;
                }
            };
            let _ = started.send(Ok(()));
            while let Some(awaiting) = waiting.recv().await {
                if let Err(error) = confirm_one(&mut officer, awaiting).await {
                    tracing::warn!(%error, "a device was not confirmed");
                }
            }
        });
    });
    match has_started.await {
        Ok(Ok(())) => Ok((confirm, thread)),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Failure::unavailable("the demo's officer could not start")),
    }
}

async fn officer(
    home: &Path,
    url: &str,
    code: Option<String>,
) -> Result<NativeClient, NativeError> {
    let mut officer = if let Some(code) = code {
        // A half-made device of a first start that was cut short would be in the way.
        let _ = std::fs::remove_dir_all(home);
        let name = "Demo officer's desk";
        let enrolment = Enrolment {
            server: Some(url),
            code: &code,
            name,
            ..Enrolment::default()
        };
        let mut client = NativeClient::enroll(home, &enrolment).await?;
        client.wait_until_active(Duration::from_secs(30)).await?;
        client
    } else {
        // The same hospital as before, perhaps on another port.
        Home::open(home)?.set_server(url, None)?;
        NativeClient::open(home)?
    };
    officer.sign_in().await?;
    Ok(officer)
}

/// Confirms a device; an officer's proof may have to be fresh, or the session made anew.
async fn confirm_one(officer: &mut NativeClient, awaiting: Awaiting) -> Result<(), NativeError> {
    let device = awaiting.device;
    let first = officer.confirm_device(device, awaiting.duty).await;
    let Err(error) = first else { return Ok(()) };
    if error.is_problem("step-up-required") {
        officer.prove_again(&[]).await?;
    } else if error.is_problem("session-ended") || error.is_problem("no-session") {
        officer.sign_in().await?;
    } else {
        // It may have been confirmed in the meantime: then it no longer waits.
        let waits = officer
            .pending_devices()
            .await?
            .iter()
            .any(|p| p.device.id == device);
        return if waits { Err(error.into()) } else { Ok(()) };
    }
    officer.confirm_device(device, awaiting.duty).await?;
    Ok(())
}

fn table(ready: &demo::Ready) -> String {
    let mut text = format!(
        "The demo hospital is open.\n\n  App      {}\n  TLS      {}  (CA: {})\n\n",
        ready.url,
        ready.https,
        ready.ca.display()
    );
    text.push_str("Open a link below in a browser to enrol as that person:\n\n");
    for person in &ready.people {
        let link = person
            .enroll_url
            .as_deref()
            .unwrap_or("has a device already");
        let _ = writeln!(text, "  {:<26} {:<24} {link}", person.name, person.role);
    }
    text.push_str("\nStop with Ctrl-C.");
    text
}
