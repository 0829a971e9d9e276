//! The one way to files and programs of a machine.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::process::{self, Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use thiserror::Error;

/// How long a program may take before it is ended.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A machine: its files and its programs, to be read and asked.
pub trait System {
    /// A file's bytes.
    ///
    /// # Errors
    /// When it is not there, may not be read, or has more than 8 MiB.
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread>;

    /// The names in a folder, in order; those that are no text are left out.
    ///
    /// # Errors
    /// When it is not there or may not be listed.
    fn list(&self, folder: &str) -> Result<Vec<String>, Unread>;

    /// When a file or a folder was changed last, unix milliseconds.
    ///
    /// # Errors
    /// When it is not there or may not be asked for.
    fn modified_ms(&self, path: &str) -> Result<u64, Unread>;

    /// Runs a program to its end, for at most [`PATIENCE`].
    ///
    /// # Errors
    /// [`Unread::Missing`] when it is not installed; when it may not be run, is late, or says more
    /// than 8 MiB. That it failed is an answer.
    fn run(&self, command: &Command<'_>) -> Result<Ran, Unread>;
}

/// A program to run. No shell reads it; its surroundings hold nothing but a path of system folders
/// and the language C.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// The program's name; it is looked for in the folders of the system only.
    pub program: &'static str,
    /// Constants of this crate, but for a session's id and a path below a person's home.
    pub args: &'a [&'a str],
    /// As whom; absent for whoever runs the agent.
    pub person: Option<&'a Person>,
}

/// A person with an account on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account's number.
    pub uid: u32,
    /// The number of its first group.
    pub gid: u32,
    /// The home directory.
    pub home: String,
}

/// What a program said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code; absent when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub output: Vec<u8>,
}

impl Ran {
    /// The output as text, when the program said that all went well.
    pub(crate) fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.output).ok();
        text.filter(|_| self.code == Some(0))
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unread {
    /// It does not exist.
    #[error("not there")]
    Missing,
    /// It is not for this process.
    #[error("not permitted")]
    Denied,
    /// It took too long.
    #[error("no answer in time")]
    Late,
    /// It says more than can be.
    #[error("too much")]
    TooMuch,
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// The machine that this process runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Here;

impl System for Here {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
        bounded(File::open(path)?)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, Unread> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn modified_ms(&self, path: &str) -> Result<u64, Unread> {
        let since = fs::metadata(path)?.modified()?.duration_since(UNIX_EPOCH);
        // A file from before 1970 is as old as can be.
        Ok(since.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX)))
    }

    fn run(&self, command: &Command<'_>) -> Result<Ran, Unread> {
        run(command, PATIENCE)
    }
}

fn run(command: &Command<'_>, patience: Duration) -> Result<Ran, Unread> {
    let found = FOLDERS
        .iter()
        .map(|folder| format!("{folder}/{}", command.program));
    let program = found
        .into_iter()
        .find(|path| fs::metadata(path).is_ok())
        .ok_or(Unread::Missing)?;
    let mut process = process::Command::new(program);
    process
        .args(command.args)
        .env_clear()
        .env("PATH", FOLDERS.join(":"))
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(person) = command.person {
        process.env("HOME", &person.home);
        become_person(&mut process, person);
    }
    let mut child = process.spawn()?;
    let answer = answer(&mut child, patience);
    if answer.is_err() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
        let _ = child.wait();
    }
    answer
}

fn answer(child: &mut Child, patience: Duration) -> Result<Ran, Unread> {
    let Some(stdout) = child.stdout.take() else {
        return Err(Unread::Failed("it has no output".to_owned()));
    };
    let (send, output) = mpsc::channel();
    thread::spawn(move || {
        // Nobody waits any more once the time is over.
        let _ = send.send(bounded(stdout));
    });
    let output = output.recv_timeout(patience).map_err(|_| Unread::Late)??;
    // Whoever closed its output is about to end.
    for _ in 0..LOOKS {
        if let Some(status) = child.try_wait()? {
            let code = status.code();
            return Ok(Ran { code, output });
        }
        thread::sleep(STEP);
    }
    Err(Unread::Late)
}

fn bounded(from: impl io::Read) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    let size = from.take(LARGEST).read_to_end(&mut bytes)?;
    if u64::try_from(size).is_ok_and(|size| size < LARGEST) {
        Ok(bytes)
    } else {
        Err(Unread::TooMuch)
    }
}

/// What a person's own files make a program do, it does with the person's rights.
#[cfg(unix)]
fn become_person(process: &mut process::Command, person: &Person) {
    use std::os::unix::process::CommandExt as _;
    if own_uid(&Here) != Some(person.uid) {
        process.gid(person.gid).uid(person.uid);
    }
}

/// Nothing is asked as somebody else where the agent measures no screen lock.
#[cfg(not(unix))]
fn become_person(_: &mut process::Command, _: &Person) {}

/// The account that the agent runs as, where the system says so.
pub(crate) fn own_uid(system: &impl System) -> Option<u32> {
    let status = String::from_utf8(system.read("/proc/self/status").ok()?).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    // Real, effective, saved, file system (proc_pid_status(5)).
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(not(windows))]
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
#[cfg(windows)]
const FOLDERS: [&str; 1] = ["C:/Windows/System32"];

/// One byte more than may be read.
const LARGEST: u64 = (8 << 20) + 1;
/// Between two looks whether a program has ended.
const STEP: Duration = Duration::from_millis(10);
/// How often it is looked at.
const LOOKS: u32 = 200;

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A machine made up of files and of what programs say.
    #[derive(Debug, Default)]
    pub(crate) struct Made {
        files: BTreeMap<String, Result<Vec<u8>, Unread>>,
        times: BTreeMap<String, u64>,
        programs: BTreeMap<String, Result<Ran, Unread>>,
    }

    impl Made {
        pub(crate) fn file(mut self, path: &str, text: impl AsRef<[u8]>) -> Self {
            self.files
                .insert(path.to_owned(), Ok(text.as_ref().to_vec()));
            self
        }

        /// A folder that may be empty.
        pub(crate) fn folder(self, path: &str) -> Self {
            self.file(&format!("{path}/"), "")
        }

        pub(crate) fn denied(mut self, path: &str) -> Self {
            self.files.insert(path.to_owned(), Err(Unread::Denied));
            self
        }

        pub(crate) fn changed(mut self, path: &str, ms: u64) -> Self {
            self.times.insert(path.to_owned(), ms);
            self.file(path, "")
        }

        /// `command` is the program and its arguments; what is not told is not installed.
        pub(crate) fn program(mut self, command: &str, code: i32, output: &str) -> Self {
            let (code, output) = (Some(code), output.as_bytes().to_vec());
            let ran = Ok(Ran { code, output });
            self.programs.insert(command.to_owned(), ran);
            self
        }

        pub(crate) fn silent(mut self, command: &str, why: Unread) -> Self {
            self.programs.insert(command.to_owned(), Err(why));
            self
        }
    }

    impl System for Made {
        fn read(&self, path: &str) -> Result<Vec<u8>, Unread> {
            let file = self.files.get(path).cloned();
            file.unwrap_or(Err(Unread::Missing))
        }

        fn list(&self, folder: &str) -> Result<Vec<String>, Unread> {
            if self.files.get(folder) == Some(&Err(Unread::Denied)) {
                return Err(Unread::Denied);
            }
            let within = format!("{folder}/");
            let mut names: Vec<String> = self
                .files
                .keys()
                .filter_map(|path| path.strip_prefix(&within))
                .map(|rest| rest.split('/').next().unwrap_or_default().to_owned())
                .collect();
            if names.is_empty() {
                return Err(Unread::Missing);
            }
            names.retain(|name| !name.is_empty() && name != "..");
            names.sort_unstable();
            names.dedup();
            Ok(names)
        }

        fn modified_ms(&self, path: &str) -> Result<u64, Unread> {
            match self.files.get(path) {
                Some(Err(error)) => Err(error.clone()),
                Some(Ok(_)) => Ok(self.times.get(path).copied().unwrap_or(0)),
                None => self.list(path).map(|_| 0),
            }
        }

        fn run(&self, command: &Command<'_>) -> Result<Ran, Unread> {
            let person = command.person.map(|person| format!("{}: ", person.uid));
            let words = [&[command.program], command.args].concat().join(" ");
            let asked = format!("{}{words}", person.unwrap_or_default());
            let ran = self.programs.get(&asked).cloned();
            ran.unwrap_or(Err(Unread::Missing))
        }
    }

    fn command<'a>(program: &'static str, args: &'a [&'a str]) -> Command<'a> {
        Command {
            program,
            args,
            person: None,
        }
    }

    #[test]
    fn a_program_is_heard_to_its_end_and_its_code_told() {
        let ran = Here.run(&command("sh", &["-c", "echo $HOME$LC_ALL; exit 3"]));
        let (code, output) = (Some(3), b"C\n".to_vec());
        assert_eq!(ran, Ok(Ran { code, output }));
        assert_eq!(
            Here.run(&command("no-such-program", &[])),
            Err(Unread::Missing)
        );
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let asleep = command("sleep", &["1000"]);
        assert_eq!(run(&asleep, Duration::from_millis(50)), Err(Unread::Late));
        let silent = command("sh", &["-c", "exec >&-; sleep 1000"]);
        assert_eq!(run(&silent, PATIENCE), Err(Unread::Late));
    }

    #[test]
    fn a_program_that_says_too_much_is_not_heard_out() {
        let endless = command("head", &["-c", "100000000", "/dev/zero"]);
        assert_eq!(run(&endless, PATIENCE), Err(Unread::TooMuch));
    }

    #[test]
    fn files_are_read_listed_and_dated() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().to_str().unwrap();
        fs::write(scratch.path().join("b"), "two").unwrap();
        fs::write(scratch.path().join("a"), "one").unwrap();
        assert_eq!(Here.list(folder).unwrap(), ["a", "b"]);
        assert_eq!(Here.read(&format!("{folder}/b")).unwrap(), b"two");
        assert!(Here.modified_ms(folder).unwrap() > 1_600_000_000_000);
        let missing = format!("{folder}/c");
        assert_eq!(Here.read(&missing), Err(Unread::Missing));
        assert_eq!(Here.list(&missing), Err(Unread::Missing));
        assert_eq!(Here.modified_ms(&missing), Err(Unread::Missing));
    }

    #[test]
    fn the_agents_own_account_is_known() {
        let status = "Name:\twardline\nUid:\t0\t1000\t1000\t1000\nGid:\t0\t0\t0\t0\n";
        let made = Made::default().file("/proc/self/status", status);
        assert_eq!(own_uid(&made), Some(1000));
        assert_eq!(own_uid(&Made::default()), None);
    }
}
