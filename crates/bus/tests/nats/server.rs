//! A NATS server of a test's own: the system's `nats-server`, on loopback, on a free port.
//!
//! There is no skipping: without it the tests fail and say what to install. Needs nothing but the
//! standard library and `tempfile`, so that other crates' tests can take it by `#[path]`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// A server, which ends with this value and with this process.
pub(crate) struct NatsServer {
    port: u16,
    /// Further lines of its configuration.
    settings: String,
    dir: tempfile::TempDir,
    child: Option<Child>,
}

impl NatsServer {
    /// Starts one that asks nobody who they are.
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// Starts one with more lines of configuration.
    pub(crate) fn with(settings: &str) -> Self {
        let mut server = Self::stopped(settings);
        server.start_again();
        server
    }

    /// One that is not there yet.
    pub(crate) fn stopped(settings: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Self {
            port: free.local_addr().expect("an address").port(),
            settings: settings.to_owned(),
            dir: tempfile::tempdir().expect("a folder"),
            child: None,
        }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// As `kill -9` does: it is away until it is started again.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // The script kills the server when its input ends.
            drop(child.stdin.take());
            child.wait().expect("the script ends");
        }
    }

    /// Starts it at the same address.
    pub(crate) fn start_again(&mut self) {
        let file = self.dir.path().join("nats.conf");
        let config = format!("listen: \"127.0.0.1:{}\"\n{}\n", self.port, self.settings);
        fs::write(&file, config).expect("a file");
        let log = self.dir.path().join("nats.log");
        let script = format!(
            "{binary} --config {file} --log {log} & \n\
             read -r _ || true\n\
             kill -9 $!\n\
             wait $! 2>/dev/null || true",
            binary = binary(),
            file = file.display(),
            log = log.display(),
        );
        let child = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        self.child = Some(child);
        for _ in 0..1200 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!(
            "NATS did not start:\n{}",
            fs::read_to_string(log).unwrap_or_default()
        );
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn binary() -> &'static str {
    // Debian's place for it is not in everyone's PATH.
    let known = "/usr/sbin/nats-server";
    if Path::new(known).exists() {
        return known;
    }
    let found = Command::new("nats-server")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    assert!(
        found,
        "NATS is needed for these tests: apt-get install nats-server"
    );
    "nats-server"
}
