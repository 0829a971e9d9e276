//! What the tests speak in: a running demo, and people with a home directory each.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::past::Past;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks for what is awaited.
pub(crate) const STEP: Duration = Duration::from_millis(50);

/// Waits for something.
#[track_caller]
pub(crate) fn until(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
        if is() {
            return;
        }
        thread::sleep(STEP);
    }
    panic!("in vain: {what}");
}

/// The binary.
pub(crate) fn wardline() -> Command {
    Command::new(env!("CARGO_BIN_EXE_wardline"))
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.stdin(Stdio::null()).output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one JSON document on stdout of a run that ended with this code.
    #[track_caller]
    pub(crate) fn json(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// A demo hospital in a directory of its own. It ends with the test.
pub(crate) struct Demo {
    pub(crate) ready: Value,
    child: Child,
    scratch: TempDir,
    options: Options,
}

/// How a demo is started.
#[derive(Debug, Clone, Copy)]
struct Options {
    log_level: &'static str,
    conversations: bool,
}

impl Demo {
    pub(crate) fn start() -> Self {
        Self::logging("warn")
    }

    /// One that logs this much; see [`Demo::log`].
    pub(crate) fn logging(log_level: &'static str) -> Self {
        Self::with(Options {
            log_level,
            ..Options::default()
        })
    }

    /// One into which conversations were played.
    pub(crate) fn with_conversations() -> Self {
        Self::with(Options::PLAYED)
    }

    /// The same, but killed once its data directory is `so`, and started again.
    pub(crate) fn with_conversations_killed_when(so: impl Fn(&Path) -> bool) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let data = scratch.path().join("data");
        let mut child = spawn(
            &mut demo(&data, "127.0.0.1:0", Options::PLAYED),
            &log_of(&data),
        );
        until("the moment to be killed", || so(&data));
        child.kill().unwrap();
        child.wait().unwrap();
        Self::over(scratch, Options::PLAYED)
    }

    /// One that was made in the past, and runs there until it is stopped.
    pub(crate) fn made_in(past: &Past) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let data = scratch.path().join("data");
        let options = Options::default();
        let mut demo = demo(&data, "127.0.0.1:0", options);
        let launched = launch(past.then(&mut demo), &log_of(&data));
        Self::launched(scratch, options, launched)
    }

    fn with(options: Options) -> Self {
        Self::over(tempfile::tempdir().unwrap(), options)
    }

    fn over(scratch: TempDir, options: Options) -> Self {
        let data = scratch.path().join("data");
        let launched = launch_demo(&data, "127.0.0.1:0", options);
        Self::launched(scratch, options, launched)
    }

    fn launched(scratch: TempDir, options: Options, launched: Option<(Child, Value)>) -> Self {
        let log = log_of(&scratch.path().join("data"));
        let (child, ready) =
            launched.unwrap_or_else(|| panic!("{}", fs::read_to_string(log).unwrap()));
        Self {
            ready,
            child,
            scratch,
            options,
        }
    }

    /// The file of everything that it wrote to stderr.
    pub(crate) fn log(&self) -> PathBuf {
        log_of(&self.data())
    }

    /// Starts again over the same data, at the same address.
    pub(crate) fn start_again(&mut self) {
        let port = self.url().rsplit(':').next().unwrap().to_owned();
        let listen = format!("127.0.0.1:{port}");
        let data = self.data();
        let launched = || launch_demo(&data, &listen, self.options);
        (self.child, self.ready) = persist(launched, &log_of(&data));
    }

    /// The same, and with `--conversations`.
    pub(crate) fn start_again_with_conversations(&mut self) {
        self.options.conversations = true;
        self.start_again();
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a service manager does.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        terminate(&mut self.child)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.scratch.path().join("data")
    }

    /// A path beside the data.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    pub(crate) fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    pub(crate) fn https(&self) -> &str {
        self.ready["https"].as_str().unwrap()
    }

    /// A member of the ready line, `enroll_code` for one, of a person.
    pub(crate) fn of(&self, user: &str, member: &str) -> String {
        let people = self.ready["people"].as_array().unwrap();
        let person = people.iter().find(|person| person["user"] == user).unwrap();
        person[member]
            .as_str()
            .unwrap_or_else(|| panic!("{user} has no {member}"))
            .to_owned()
    }

    /// The sign-in names of the first people in the ready line.
    pub(crate) fn users<const N: usize>(&self) -> [String; N] {
        std::array::from_fn(|i| self.ready["people"][i]["user"].as_str().unwrap().to_owned())
    }

    /// Enrols a workstation by the code that is typed.
    pub(crate) fn enroll(&self, user: &str) -> Person {
        self.enroll_by(user, Run::of)
    }

    /// The same in the past, where this demo is.
    pub(crate) fn enroll_then(&self, past: &Past, user: &str) -> Person {
        self.enroll_by(user, |command| past.run(command))
    }

    fn enroll_by(&self, user: &str, run: impl Fn(&mut Command) -> Run) -> Person {
        let person = Person {
            home: self.beside(&format!("home-{user}")),
            user: user.to_owned(),
        };
        let code = self.of(user, "enroll_code");
        let mut command = person.command(["enroll", "--server", self.url(), "--code", &code]);
        let enrolled = run(&mut command).json(0);
        assert_eq!(enrolled["user"], user);
        person
    }

    /// Verifies the data directory.
    pub(crate) fn verify(&self) -> Run {
        Run::of(
            wardline()
                .args(["audit", "verify", "--json"])
                .arg(self.data()),
        )
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            log_level: "warn",
            conversations: false,
        }
    }
}

impl Options {
    const PLAYED: Self = Self {
        log_level: "warn",
        conversations: true,
    };
}

/// A workstation of a person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) home: PathBuf,
    pub(crate) user: String,
}

impl Person {
    /// `wardline client --home HOME --json …`, not yet run.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = wardline();
        command
            .arg("--json")
            .arg("client")
            .arg("--home")
            .arg(&self.home)
            .args(args);
        command
    }

    pub(crate) fn client<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        Run::of(&mut self.command(args))
    }

    pub(crate) fn inbox(&self) -> Vec<Value> {
        let inbox = self.client(["inbox"]).json(0);
        inbox["messages"].as_array().unwrap().clone()
    }

    /// `client post`.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Run {
        let file = self.home.with_extension("body.json");
        fs::write(&file, body.to_string()).unwrap();
        self.client([OsStr::new("post"), OsStr::new(path), file.as_os_str()])
    }

    /// The id of a patient whose chart this person may see.
    pub(crate) fn a_patient(&self) -> String {
        let found = self
            .post("/v1/patients/search", &serde_json::json!({ "q": "" }))
            .json(0);
        found["patients"][0]["id"].as_str().unwrap().to_owned()
    }
}

/// A process whose lines are read as they come.
pub(crate) struct Follower {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Follower {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    #[track_caller]
    pub(crate) fn next(&self) -> Value {
        serde_json::from_str(&self.lines.recv_timeout(PATIENCE).unwrap()).unwrap()
    }

    pub(crate) fn stop(mut self) -> ExitStatus {
        let status = terminate(&mut self.child);
        assert!(self.lines.try_recv().is_err(), "nothing is printed twice");
        status
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Copies a directory of files.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Where a demo over this data writes its log: beside it.
fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

/// Starts a demo, see [`launch`].
fn launch_demo(data: &Path, listen: &str, options: Options) -> Option<(Child, Value)> {
    launch(&mut demo(data, listen, options), &log_of(data))
}

fn demo(data: &Path, listen: &str, options: Options) -> Command {
    let mut demo = wardline();
    demo.args(["--log-level", options.log_level, "demo", "--json"])
        .args(options.conversations.then_some("--conversations"))
        .args(["--listen", listen, "--data"])
        .arg(data);
    demo
}

/// Starts a server that logs to a file.
fn spawn(server: &mut Command, log: &Path) -> Child {
    let mut to = fs::OpenOptions::new();
    let to = to.create(true).append(true).open(log).unwrap();
    server
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(to)
        .spawn()
        .unwrap()
}

/// Starts a server that logs to a file and waits for its ready line; `None` when it ended instead.
pub(crate) fn launch(server: &mut Command, log: &Path) -> Option<(Child, Value)> {
    let mut child = spawn(server, log);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap_or_default();
    if ready["ready"] == true {
        return Some((child, ready));
    }
    let _ = child.kill();
    child.wait().unwrap();
    None
}

/// Starts a server, again at the same address. Whoever has its ports meanwhile, such as a test's
/// client, gives them back.
pub(crate) fn persist(
    mut launched: impl FnMut() -> Option<(Child, Value)>,
    log: &Path,
) -> (Child, Value) {
    let found = (0..50).find_map(|attempt| {
        if attempt > 0 {
            thread::sleep(Duration::from_millis(200));
        }
        launched()
    });
    found.unwrap_or_else(|| panic!("{}", fs::read_to_string(log).unwrap_or_default()))
}

/// SIGTERM, by the tool for it: the standard library has SIGKILL only.
pub(crate) fn terminate(child: &mut Child) -> ExitStatus {
    let sent = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    child.wait().unwrap()
}
