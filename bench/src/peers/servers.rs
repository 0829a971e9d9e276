//! The peers as processes of their own, each set up as fairly as its documentation allows: on
//! loopback without TLS, with an archive of every conversation, and without limits of rates.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::postgres::{Postgres, USER};
use super::xmpp::{DOMAIN, ROOMS};
use crate::bench::Outcome;
use crate::clock;
use crate::process::{free_ports, resident_tree};

const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is asked whether a server is there.
const ASK: Duration = Duration::from_millis(50);
/// How long a server may take to stop.
const STOP: Duration = Duration::from_secs(20);

/// A server that runs; it ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    /// With its version.
    pub(crate) name: String,
    pub(crate) port: u16,
    child: Child,
    // Removed after the server is gone.
    dir: tempfile::TempDir,
}

/// What is said of a server that is not there.
fn missing(name: &str) -> String {
    format!("{name} is not installed (`scripts/setup.sh bench` does that)")
}

/// A server, or why there is none.
pub(crate) type Found = Result<Server, String>;

/// ejabberd with everything in PostgreSQL.
pub(crate) fn ejabberd(scratch: &Path, postgres: Option<&Postgres>) -> Outcome<Found> {
    let schema = Path::new("/usr/share/ejabberd/sql/pg.sql");
    if !schema.is_file() {
        return Ok(Err(missing("ejabberd")));
    }
    let Some(postgres) = postgres else {
        return Ok(Err(missing("PostgreSQL, which ejabberd stores in,")));
    };
    postgres.database("ejabberd", Some(schema))?;
    let dir = folder(scratch, "ejabberd-")?;
    let [port] = free_ports()?;
    let config = dir.path().join("ejabberd.yml");
    fs::write(&config, ejabberd_config(port, postgres.port))?;
    let spool = dir.path().join("spool");
    fs::create_dir(&spool)?;
    // As `ejabberdctl foreground` does, but as this user, in this folder, and alone: a node without
    // a name takes part in no cluster and needs no port mapper.
    let mut command = Command::new("erl");
    command
        .args(["-noinput", "+K", "true", "+P", "250000", "-mnesia", "dir"])
        .arg(format!("{:?}", spool.display().to_string()))
        .args(["-s", "ejabberd"])
        .env("ERL_LIBS", erlang_libraries())
        .env("EJABBERD_CONFIG_PATH", &config)
        .env("EJABBERD_LOG_PATH", dir.path().join("ejabberd.log"))
        .env("ERL_CRASH_DUMP", dir.path().join("crash.dump"));
    let name = format!("ejabberd {}", debian("ejabberd"));
    Server::start(name, port, dir, command).map(Ok)
}

/// Where Debian has ejabberd: below the folder of the machine's kind.
fn erlang_libraries() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let has_ejabberd = |folder: &PathBuf| {
        let within = fs::read_dir(folder).into_iter().flatten().flatten();
        within
            .filter_map(|entry| entry.file_name().into_string().ok())
            .any(|name| name.starts_with("ejabberd-"))
    };
    folders
        .map(|entry| entry.path())
        .find(has_ejabberd)
        .unwrap_or_default()
}

fn ejabberd_config(port: u16, postgres: u16) -> String {
    format!(
        r#"
loglevel: warning
hosts: ["{DOMAIN}"]
default_db: sql
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: {postgres}
sql_database: ejabberd
sql_username: "{USER}"
sql_password: "none is asked for"
auth_method: sql
auth_password_format: plain
listen:
  - port: {port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    access: everyone
access_rules:
  everyone: {{allow: all}}
registration_timeout: infinity
modules:
  mod_carboncopy: {{}}
  mod_disco: {{}}
  mod_mam: {{default: always, request_activates_archiving: false}}
  mod_muc:
    host: "{ROOMS}"
    history_size: 0
    max_users: 1000
    default_room_options: {{mam: true, persistent: true, max_users: 1000}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_register: {{access: everyone, ip_access: everyone}}
  mod_roster: {{}}
  mod_stream_mgmt: {{}}
"#
    )
}

/// Prosody with its own files.
pub(crate) fn prosody(scratch: &Path) -> Outcome<Found> {
    if !Path::new("/usr/bin/prosody").is_file() {
        return Ok(Err(missing("Prosody")));
    }
    let dir = folder(scratch, "prosody-")?;
    let [port] = free_ports()?;
    let config = dir.path().join("prosody.cfg.lua");
    // It looks for these, whether it needs them or not.
    fs::create_dir(dir.path().join("certs"))?;
    fs::create_dir(dir.path().join("data"))?;
    fs::write(&config, prosody_config(port, dir.path()))?;
    let mut command = Command::new("/usr/bin/prosody");
    command.arg("--config").arg(&config).arg("-F");
    let name = format!("Prosody {}", debian("prosody"));
    Server::start(name, port, dir, command).map(Ok)
}

fn prosody_config(port: u16, dir: &Path) -> String {
    // The marks around a Rust string's text are those of Lua.
    let path = |name: &str| format!("{:?}", dir.join(name).display().to_string());
    format!(
        r#"
run_as_root = true
data_path = {data}
pidfile = {pid}
log = {{ warn = {log} }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
modules_enabled = {{
    "carbons", "disco", "mam", "ping", "register_ibr", "roster", "saslauth", "smacks"
}}
modules_disabled = {{ "s2s", "tls" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = true
archive_expires_after = "never"
VirtualHost "{DOMAIN}"
Component "{ROOMS}" "muc"
    modules_enabled = {{ "muc_mam" }}
    muc_log_by_default = true
    muc_room_locking = false
"#,
        data = path("data"),
        pid = path("prosody.pid"),
        log = path("prosody.log"),
    )
}

/// Synapse, one process, in PostgreSQL.
pub(crate) fn synapse(root: &Path, scratch: &Path, postgres: Option<&Postgres>) -> Outcome<Found> {
    let python = root.join("target/tools/synapse/bin/python");
    let version = said(Command::new(&python).args([
        "-c",
        "import importlib.metadata as m; import psycopg2; print(m.version('matrix-synapse'))",
    ]));
    let Some(version) = version else {
        return Ok(Err(missing("Synapse")));
    };
    let Some(postgres) = postgres else {
        return Ok(Err(missing("PostgreSQL, which Synapse stores in,")));
    };
    postgres.database("synapse", None)?;
    let dir = folder(scratch, "synapse-")?;
    let [port] = free_ports()?;
    let config = dir.path().join("homeserver.yaml");
    fs::write(&config, synapse_config(port, postgres.port, dir.path()))?;
    fs::write(dir.path().join("log.yaml"), SYNAPSE_LOG)?;
    let keys = Command::new(&python)
        .args(["-m", "synapse.app.homeserver", "--generate-keys", "-c"])
        .arg(&config)
        .current_dir(dir.path())
        .output()?;
    if !keys.status.success() {
        let said = String::from_utf8_lossy(&keys.stderr).into_owned();
        return Err(format!("Synapse made no keys: {said}").into());
    }
    let mut command = Command::new(&python);
    command
        .args(["-m", "synapse.app.homeserver", "-c"])
        .arg(&config);
    let name = format!("Synapse {version}");
    Server::start(name, port, dir, command).map(Ok)
}

const SYNAPSE_LOG: &str = "version: 1\nroot: {level: ERROR}\ndisable_existing_loggers: false\n";

fn synapse_config(port: u16, postgres: u16, dir: &Path) -> String {
    // A JSON string is a YAML string.
    let path = |name: &str| format!("{:?}", dir.join(name).display().to_string());
    let free = "{per_second: 1000000, burst_count: 1000000}";
    format!(
        r#"
server_name: "{DOMAIN}"
pid_file: {pid}
signing_key_path: {key}
media_store_path: {media}
log_config: {log}
report_stats: false
trusted_key_servers: []
suppress_key_server_warning: true
listeners:
  - port: {port}
    type: http
    bind_addresses: ["127.0.0.1"]
    resources: [{{names: [client]}}]
database:
  name: psycopg2
  args: {{host: "127.0.0.1", port: {postgres}, user: "{USER}", dbname: synapse, cp_min: 5, cp_max: 10}}
enable_registration: true
enable_registration_without_verification: true
macaroon_secret_key: "for a bench"
form_secret: "for a bench"
bcrypt_rounds: 4
presence: {{enabled: false}}
filter_timeline_limit: -1
rc_message: {free}
rc_registration: {free}
rc_login: {{address: {free}, account: {free}, failed_attempts: {free}}}
rc_joins: {{local: {free}, remote: {free}}}
rc_joins_per_room: {free}
rc_room_creation: {free}
rc_invites: {{per_room: {free}, per_user: {free}, per_issuer: {free}}}
"#,
        pid = path("homeserver.pid"),
        key = path("signing.key"),
        media = path("media"),
        log = path("log.yaml"),
    )
}

impl Server {
    /// Starts it, and waits until its port is open.
    fn start(
        name: String,
        port: u16,
        dir: tempfile::TempDir,
        mut command: Command,
    ) -> Outcome<Self> {
        let log = fs::File::create(dir.path().join("output.log"))?;
        let child = command
            .current_dir(dir.path())
            .env("HOME", dir.path())
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut server = Self {
            name,
            port,
            child,
            dir,
        };
        let start = clock::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if start.elapsed() > PATIENCE || server.child.try_wait()?.is_some() {
                let said = fs::read_to_string(server.dir.path().join("output.log"));
                let said = said.unwrap_or_default();
                return Err(format!("{} did not start: {said}", server.name).into());
            }
            thread::sleep(ASK);
        }
        Ok(server)
    }

    /// Resident memory of all its processes, in bytes.
    pub(crate) fn memory(&self) -> Outcome<u64> {
        resident_tree(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM, by the tool for it: the standard library has SIGKILL only.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let start = clock::now();
        while start.elapsed() < STOP {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(ASK);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder(scratch: &Path, prefix: &str) -> Outcome<tempfile::TempDir> {
    Ok(tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in(scratch)?)
}

/// The version of an installed package.
fn debian(package: &str) -> String {
    said(Command::new("dpkg-query").args(["--show", "--showformat", "${Version}", package]))
        .unwrap_or_else(|| "of an unknown version".to_owned())
}

/// What a command prints, where it is there and succeeds.
pub(crate) fn said(command: &mut Command) -> Option<String> {
    let out = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(out.stdout).ok()?;
    out.status.success().then(|| text.trim().to_owned())
}
