//! `wardline` as a process of its own, and what the kernel says of a process.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bench::Outcome;
use crate::clock;

/// How often it is asked whether something is there.
const ASK: Duration = Duration::from_millis(20);

/// A demo hospital that runs; it ends with this value.
#[derive(Debug)]
pub(crate) struct Demo {
    /// What it printed when it was ready.
    pub(crate) ready: Ready,
    child: Child,
}

/// The part of the ready line that is of use here.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Ready {
    /// `http://localhost:PORT`.
    pub(crate) url: String,
    /// Who can enrol at once.
    people: Vec<Person>,
}

/// One of them.
#[derive(Debug, Clone, Deserialize)]
struct Person {
    /// Sign-in name.
    user: String,
    /// As people know them.
    name: String,
    /// The link with the code, for those without a device.
    enroll_url: Option<String>,
}

/// Somebody who can enrol at once, as the browser's part of a measurement reads it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Invited {
    /// Sign-in name.
    pub(crate) user: String,
    /// As people know them.
    pub(crate) name: String,
    /// The link with the code.
    pub(crate) enroll_url: String,
}

impl Demo {
    /// Starts one over a data directory and waits until it is ready.
    pub(crate) fn start(wardline: &Path, data: &Path) -> Outcome<Self> {
        let mut child = Command::new(wardline)
            .args(["demo", "--json", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let ready = serde_json::from_str(&line);
        if let Some(mut stderr) = child.stderr.take() {
            if ready.is_err() {
                let mut said = String::new();
                stderr.read_to_string(&mut said)?;
                child.wait()?;
                return Err(format!("the demo did not start: {said}").into());
            }
            // Read on, so that logs never fill the pipe.
            thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
        }
        Ok(Self {
            ready: ready?,
            child,
        })
    }

    /// Invitations of so many people.
    pub(crate) fn links(&self, count: usize) -> Outcome<Vec<String>> {
        let people = self.ready.people.iter();
        let links: Vec<String> = people
            .filter_map(|person| person.enroll_url.clone())
            .take(count)
            .collect();
        if links.len() < count {
            return Err(format!("the demo has only {} people to enrol", links.len()).into());
        }
        Ok(links)
    }

    /// So many people who are invited.
    pub(crate) fn invited<const N: usize>(&self) -> Outcome<[Invited; N]> {
        let people = self.ready.people.iter();
        let invited: Vec<Invited> = people
            .filter_map(|person| {
                Some(Invited {
                    user: person.user.clone(),
                    name: person.name.clone(),
                    enroll_url: person.enroll_url.clone()?,
                })
            })
            .take(N)
            .collect();
        let count = invited.len();
        let too_few = |_| format!("the demo has only {count} people to enrol");
        Ok(invited.try_into().map_err(too_few)?)
    }

    /// The invitation of a person.
    pub(crate) fn link_of(&self, user: &str) -> Outcome<&str> {
        let person = self.ready.people.iter().find(|person| person.user == user);
        let link = person.and_then(|person| person.enroll_url.as_deref());
        link.ok_or_else(|| format!("the demo does not invite {user}").into())
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// As a service manager stops it.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        terminate(&mut self.child)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One `wardline serve`; it ends with this value.
#[derive(Debug)]
pub(crate) struct Node(Child);

impl Node {
    /// Starts one that listens on a port of loopback, by its configuration.
    pub(crate) fn start(wardline: &Path, config: &Path) -> Outcome<Self> {
        let child = Command::new(wardline)
            .args(["serve", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self(child))
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits until `/readyz` answers 200.
    pub(crate) fn wait_until_ready(&mut self, port: u16, patience: Duration) -> Outcome<()> {
        let start = clock::now();
        while !is_ready(port) {
            if start.elapsed() > patience || self.has_ended()? {
                return Err("wardline serve did not become ready".into());
            }
            thread::sleep(ASK);
        }
        Ok(())
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Outcome<bool> {
        Ok(self.0.try_wait()?.is_some())
    }

    /// As a service manager stops it.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        terminate(&mut self.0)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ports of loopback that are free, each another one.
pub(crate) fn free_ports<const N: usize>() -> Outcome<[u16; N]> {
    let mut ports = [0; N];
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// What a server answers to a GET, head and body.
pub(crate) fn get(port: u16, path: &str) -> Outcome<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Whether `/readyz` answers 200.
pub(crate) fn is_ready(port: u16) -> bool {
    get(port, "/readyz").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// SIGTERM, by the tool for it: the standard library has SIGKILL only.
pub(crate) fn terminate(child: &mut Child) -> Outcome<()> {
    let sent = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()?;
    let ended = child.wait()?;
    if sent.success() && ended.success() {
        Ok(())
    } else {
        Err(format!("wardline ended with {ended}").into())
    }
}

/// Processor time of a process, all threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cpu {
    /// In its own code.
    pub(crate) user: Duration,
    /// In the kernel on its behalf.
    pub(crate) system: Duration,
}

impl Cpu {
    /// Up to now; `None` reads this process.
    pub(crate) fn of(pid: Option<u32>) -> Outcome<Self> {
        let name = pid.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
        let text = fs::read_to_string(format!("/proc/{name}/stat"))?;
        parse_stat(&text).ok_or_else(|| "an unknown form of /proc/PID/stat".into())
    }

    /// From `before` to this.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
        }
    }

    /// Both together.
    pub(crate) fn total(self) -> Duration {
        self.user + self.system
    }
}

/// `utime` and `stime`, the 14th and 15th field, in ticks of 10 ms (proc_pid_stat(5), USER_HZ). The
/// second field, in brackets, may hold spaces.
fn parse_stat(text: &str) -> Option<Cpu> {
    let (_, fields) = text.rsplit_once(") ")?;
    let mut ticks = fields.split(' ').skip(11).map(|f| f.parse::<u64>().ok());
    let mut next = || Some(Duration::from_millis(ticks.next()?? * 10));
    Some(Cpu {
        user: next()?,
        system: next()?,
    })
}

/// Memory of a process that is resident now, in bytes (`VmRSS`).
pub(crate) fn resident(pid: u32) -> Outcome<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib.ok_or("no VmRSS")?.parse::<u64>()? * 1024)
}

/// The same of a process and all that it has started, and they.
pub(crate) fn resident_tree(root: u32) -> Outcome<u64> {
    let mut started: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // It may have ended meanwhile.
        let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let parent = text.lines().find_map(|line| line.strip_prefix("PPid:"));
        if let Some(parent) = parent.and_then(|parent| parent.trim().parse().ok()) {
            started.entry(parent).or_default().push(pid);
        }
    }
    let mut bytes = resident(root)?;
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for pid in started.remove(&parent).unwrap_or_default() {
            bytes += resident(pid).unwrap_or_default();
            parents.push(pid);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let text = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 150 25 6 7 20 0 3 0 99 1 1";
        let cpu = parse_stat(text).unwrap();
        assert_eq!(cpu.user, Duration::from_millis(1500));
        assert_eq!(cpu.total(), Duration::from_millis(1750));
    }

    #[test]
    fn this_process_has_memory() {
        assert!(resident(std::process::id()).unwrap() > 100_000);
    }

    #[test]
    fn what_a_process_started_counts_as_its_own() {
        let own = resident(std::process::id()).unwrap();
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let tree = resident_tree(std::process::id()).unwrap();
        let of_child = resident(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        // Other tests of this process take memory meanwhile, and give some back.
        assert!(of_child > 0 && tree > own / 2 + of_child);
    }
}
