//! A PostgreSQL of our own, as long as this process lives.
//!
//! Started once for each test process from the system's packages, in a temporary folder, reachable
//! by a Unix socket only, without syncing. `WARDLINE_TEST_PG` names a server to use instead
//! (`postgres://…/postgres`, of a user who may create databases). There is no skipping: without
//! PostgreSQL the tests fail and say what to install.
//!
//! Needs nothing but the standard library, so that other crates' tests can take it by `#[path]`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A database, as long as this value lives: hundreds of them would fill a small disk.
pub(crate) struct Database {
    name: String,
}

impl Database {
    /// Where it is.
    pub(crate) fn url(&self) -> String {
        Server::shared().url_of(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Those who are connected still are a server that was dropped a moment ago.
        let drop = format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name);
        let dropped = Server::shared().ask(&drop);
        // A second panic would hide the first.
        if let Err(error) = dropped
            && !std::thread::panicking()
        {
            panic!("{drop}: {error}");
        }
    }
}

/// A server: makes databases.
pub(crate) struct Server {
    bin: PathBuf,
    /// Where it is, up to the name of the database, and what follows it.
    url: (String, String),
}

impl Server {
    /// The server of this process.
    pub(crate) fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    /// A new database with what `template` has.
    pub(crate) fn database(&self, template: &str) -> Database {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("wardline_{}_{n}", std::process::id());
        self.create(&name, template);
        Database { name }
    }

    /// The URL of a database.
    pub(crate) fn url_of(&self, name: &str) -> String {
        format!("{}{name}{}", self.url.0, self.url.1)
    }

    /// Makes a database of this name.
    pub(crate) fn create(&self, name: &str, template: &str) {
        self.sql(&format!(
            "CREATE DATABASE \"{name}\" TEMPLATE \"{template}\""
        ));
    }

    /// Runs a statement; gives what it answers, as text.
    pub(crate) fn sql(&self, sql: &str) -> String {
        let answer = self.ask(sql);
        answer.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn ask(&self, sql: &str) -> Result<String, String> {
        // psql rather than createdb: it takes the URL of a foreign server as it is.
        let out = Command::new(self.bin.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--command", sql, &self.url_of("postgres")])
            .output()
            .expect("psql starts");
        let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
        if out.status.success() {
            Ok(text(&out.stdout))
        } else {
            Err(text(&out.stderr))
        }
    }

    fn start() -> Self {
        let bin = newest_bin();
        #[expect(
            clippy::disallowed_methods,
            reason = "how a developer points tests elsewhere"
        )]
        if let Ok(url) = std::env::var("WARDLINE_TEST_PG") {
            let (head, tail) = url
                .split_once('?')
                .map_or((&*url, String::new()), |(head, tail)| {
                    (head, format!("?{tail}"))
                });
            let base = head
                .rsplit_once('/')
                .expect("WARDLINE_TEST_PG ends in /postgres")
                .0;
            return Self {
                bin,
                url: (format!("{base}/"), tail),
            };
        }
        let dir = tempfile::Builder::new()
            .prefix("wardline-pg-")
            .tempdir()
            .expect("a folder");
        // The folder outlives this value: the script below removes it.
        let dir = dir.keep();
        // PostgreSQL refuses to run as root.
        let root = Command::new("id")
            .arg("-u")
            .output()
            .is_ok_and(|out| out.stdout == b"0\n");
        let user = ["postgres", "nobody"]
            .into_iter()
            .find(|user| {
                Command::new("id")
                    .arg(user)
                    .output()
                    .is_ok_and(|out| out.status.success())
            })
            .unwrap_or("nobody");
        let become_user = if root {
            format!("runuser -u {user} --")
        } else {
            String::new()
        };
        // When this process ends, however it does, its end of the pipe closes and the script
        // stops the server and removes the folder.
        let script = format!(
            r"set -e
            {chown}
            {become_user} {bin}/initdb -D {dir}/data -U postgres -A trust -E UTF8 --locale=C --no-sync >{dir}/initdb.log 2>&1
            {become_user} {bin}/postgres -D {dir}/data -k {dir} -p 5432 -c listen_addresses= \
                -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
                -c max_connections=300 -c shared_buffers=64MB -c max_wal_size=256MB >{dir}/server.log 2>&1 </dev/null &
            until {bin}/pg_isready -q -h {dir} -p 5432; do kill -0 $! && sleep 0.05; done
            echo ready
            read -r _ || true
            {become_user} {bin}/pg_ctl -D {dir}/data -m immediate stop >/dev/null 2>&1 || true
            rm -rf {dir}",
            chown = if root {
                format!("chown {user} {}", dir.display())
            } else {
                String::new()
            },
            bin = bin.display(),
            dir = dir.display(),
        );
        #[expect(
            clippy::zombie_processes,
            reason = "it outlives this process by the moment that stopping takes"
        )]
        let mut keeper = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        let mut ready = String::new();
        let mut answer = std::io::BufReader::new(keeper.stdout.take().expect("a pipe"));
        std::io::BufRead::read_line(&mut answer, &mut ready).expect("the script answers");
        let logs = || {
            let read = |name| std::fs::read_to_string(dir.join(name)).unwrap_or_default();
            format!("{}\n{}", read("initdb.log"), read("server.log"))
        };
        assert!(ready == "ready\n", "PostgreSQL did not start:\n{}", logs());
        let mut pipe = keeper.stdin.take().expect("a pipe");
        pipe.flush().expect("an open pipe");
        // Held open until the process ends.
        std::mem::forget(pipe);
        let tail = format!("?host={}", dir.display());
        Self {
            bin,
            url: ("postgres://postgres@localhost:5432/".to_owned(), tail),
        }
    }
}

/// The tools of the newest PostgreSQL that is installed.
fn newest_bin() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            Path::new(&bin)
                .join("initdb")
                .exists()
                .then_some((version, bin))
        })
        .max();
    newest
        .expect("PostgreSQL is needed for these tests: apt-get install postgresql")
        .1
}
