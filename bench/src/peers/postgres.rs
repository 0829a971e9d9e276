//! A PostgreSQL for the peers that want one, as safe as its makers ship it: with syncing.
//!
//! The one of the tests keeps nothing through a power cut, which would be a gift to whoever stores
//! in it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::servers::said;
use crate::bench::Outcome;
use crate::process::free_ports;

/// A server on loopback, without passwords; it ends with this value.
#[derive(Debug)]
pub(crate) struct Postgres {
    bin: PathBuf,
    pub(crate) port: u16,
    /// Its files may be on another disk than the one that is measured.
    pub(crate) elsewhere: bool,
    keeper: Child,
    /// Held open as long as it runs.
    pipe: Option<ChildStdin>,
    // Removed after the server is gone.
    dir: tempfile::TempDir,
}

/// Who owns the databases.
pub(crate) const USER: &str = "postgres";

impl Postgres {
    /// Starts one, in a folder on the disk that is measured where its user can reach that; `None`
    /// where none is installed.
    pub(crate) fn start(scratch: &Path) -> Outcome<Option<Self>> {
        let Some(bin) = newest_bin() else {
            return Ok(None);
        };
        if let Ok(started) = Self::start_in(scratch, &bin, false) {
            return Ok(Some(started));
        }
        // Nobody but root reaches what is below root's home, and it refuses to run as root.
        Self::start_in(&std::env::temp_dir(), &bin, true).map(Some)
    }

    fn start_in(place: &Path, bin: &Path, elsewhere: bool) -> Outcome<Self> {
        let dir = tempfile::Builder::new()
            .prefix("postgres-")
            .tempdir_in(place)?;
        let [port] = free_ports()?;
        // When this value goes, or the process with it, the pipe closes and the script stops it.
        let script = r#"set -e
            bin=$1; dir=$2; port=$3; as=
            if [ "$(id -u)" = 0 ]; then
                chown postgres "$dir"
                as="runuser -u postgres --"
            fi
            cd /
            $as "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C >"$dir/log" 2>&1
            $as "$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 \
                -c unix_socket_directories= >"$dir/log" 2>&1 </dev/null &
            until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do
                kill -0 $! || exit 1
                sleep 0.05
            done
            echo ready
            read -r _ || true
            $as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true"#;
        let mut keeper = Command::new("sh")
            .args(["-c", script, "sh"])
            .args([bin, dir.path()])
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = keeper.stdin.take();
        let mut ready = String::new();
        if let Some(stdout) = keeper.stdout.take() {
            BufReader::new(stdout).read_line(&mut ready)?;
        }
        let started = Self {
            bin: bin.to_owned(),
            port,
            elsewhere,
            keeper,
            pipe,
            dir,
        };
        if ready == "ready\n" {
            Ok(started)
        } else {
            let log = fs::read_to_string(started.dir.path().join("log"));
            Err(format!("PostgreSQL did not start: {}", log.unwrap_or_default()).into())
        }
    }

    /// Makes a database, and runs a file of SQL in it.
    pub(crate) fn database(&self, name: &str, sql: Option<&Path>) -> Outcome<()> {
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        self.psql("postgres", &["--command", &create])?;
        match sql {
            Some(file) => {
                let file = file.to_string_lossy();
                self.psql(name, &["--single-transaction", "--file", &file])
            }
            None => Ok(()),
        }
    }

    fn psql(&self, database: &str, arguments: &[&str]) -> Outcome<()> {
        let out = Command::new(self.bin.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"])
            .args(["--host", "127.0.0.1", "--username", USER])
            .args(["--port", &self.port.to_string(), "--dbname", database])
            .args(arguments)
            .output()?;
        if out.status.success() {
            Ok(())
        } else {
            Err(format!("psql: {}", String::from_utf8_lossy(&out.stderr)).into())
        }
    }

    /// As it says itself.
    pub(crate) fn version(&self) -> String {
        said(Command::new(self.bin.join("postgres")).arg("--version"))
            .and_then(|said| Some(said.split(' ').nth(2)?.to_owned()))
            .unwrap_or_else(|| "of an unknown version".to_owned())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The script stops the server when its end of the pipe closes.
        drop(self.pipe.take());
        let _ = self.keeper.wait();
    }
}

/// The tools of the newest one that is installed, as Debian lays them out.
fn newest_bin() -> Option<PathBuf> {
    fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            bin.join("initdb").exists().then_some((version, bin))
        })
        .max()
        .map(|(_, bin)| bin)
}
