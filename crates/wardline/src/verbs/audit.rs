//! `wardline audit …`: verification without trust in the server.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use serde_json::json;
use tokio::runtime::Handle;
use wardline_audit::verify::{self, Report};
use wardline_audit::{LogKey, VerifyingKey, export};
use wardline_client::platform::Request;
use wardline_client_native::NativeError;
use wardline_client_native::http::{self, Transport};
use wardline_model::wire::hospital::Hospital;
use wardline_server::keys::KeysError;
use wardline_server::log::{self, LogError};
use wardline_store::StoreError;

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::serve::read;

/// `wardline audit …`.
#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Verify a hospital's database, an export or a server's public log. Exit 4 names the first
    /// bad index.
    Verify(Verify),
    /// Export the log: so that it verifies by itself, or its looks into records for an audit repository.
    #[command(group = ArgGroup::new("hospital").required(true))]
    Export {
        /// The data directory, with the embedded database.
        #[arg(long, group = "hospital")]
        data: Option<PathBuf>,
        /// The configuration file, which names data directory and database.
        #[arg(long, group = "hospital")]
        config: Option<PathBuf>,
        /// The format.
        #[arg(long, value_enum, default_value = "ndjson")]
        format: Format,
        /// Where to write; without it to stdout.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// `wardline audit verify`.
#[derive(Args)]
pub(crate) struct Verify {
    /// The data directory with the embedded database, the configuration file (`.toml`) of a
    /// hospital on any database, an NDJSON export, or the server's address.
    what: String,
    /// The log's verification key (a file with the signed-note vkey). Without it the key that lies
    /// beside the log is used, and said to be unpinned.
    #[arg(long)]
    key: Option<PathBuf>,
    /// The CA to trust for the server's certificate, PEM.
    #[arg(long)]
    ca: Option<PathBuf>,
}

/// An export's format.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// Canonical leaves, salts and the signed checkpoint; verifies by itself.
    Ndjson,
    /// Looks into records as FHIR AuditEvents (IHE BALP), one for each patient and line.
    Fhir,
}

impl Audit {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        match self {
            Self::Verify(verify) => verify.run(out).await,
            Self::Export {
                data,
                config,
                format,
                out: file,
            } => {
                let config = match config {
                    Some(file) => read(&file)?,
                    // The group asks for one of the two.
                    None => log::embedded(&data.unwrap_or_default()),
                };
                let out: Box<dyn Write> = match file {
                    Some(file) => {
                        let target = File::create(&file).map_err(|error| {
                            Failure::usage(format!("{}: {error}", file.display()))
                        })?;
                        Box::new(BufWriter::new(target))
                    }
                    None => Box::new(std::io::stdout()),
                };
                match format {
                    Format::Ndjson => log::export(&config, out).await.map_err(failed),
                    Format::Fhir => log::export_fhir(&config, out).await.map_err(failed),
                }
            }
        }
    }
}

impl Verify {
    async fn run(self, out: Output) -> Result<(), Failure> {
        let pinned = self.key.as_deref().map(read_key).transpose()?;
        let path = Path::new(&self.what);
        let report = if self.what.contains("://") {
            verify_server(&self.what, self.ca.as_deref(), pinned.clone()).await?
        } else if path.is_dir() {
            let config = log::embedded(path);
            log::verify(&config, pinned.as_ref())
                .await
                .map_err(failed)?
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let config = read(path)?;
            log::verify(&config, pinned.as_ref())
                .await
                .map_err(failed)?
        } else {
            verify_export(path, pinned.as_ref())?
        };
        print_report(&report, pinned.is_some(), out);
        Ok(())
    }
}

/// Verifies what a server publishes: checkpoint, tiles and entries. Events stay sealed.
async fn verify_server(
    url: &str,
    ca: Option<&Path>,
    pinned: Option<LogKey>,
) -> Result<Report, Failure> {
    let origin = http::origin(url)?;
    let ca = ca.map(read_file).transpose()?;
    let server = Server {
        transport: Transport::new(&origin, ca.as_deref())?,
        origin,
    };
    let key = match pinned {
        Some(key) => key,
        None => server.key().await?,
    };
    let note = String::from_utf8(server.get("/log/checkpoint").await?)
        .map_err(|_| Failure::unverified("the checkpoint is not a text"))?;
    // The verifier reads tiles by a plain function, so it gets a thread where it may wait.
    let runtime = Handle::current();
    let verifying = tokio::task::spawn_blocking(move || {
        let mut trouble = None;
        let report = verify::tiles(&note, &key, |tile| {
            match runtime.block_on(server.get(&format!("/log/{tile}"))) {
                Ok(bytes) => Some(bytes),
                Err(failure) => {
                    trouble = Some(failure);
                    None
                }
            }
        });
        match (report, trouble) {
            (Ok(report), _) => Ok(report),
            // A tile that could not be fetched is the network's fault, not the log's.
            (Err(_), Some(trouble)) => Err(trouble),
            (Err(failure), None) => Err(unverified(failure.first_bad_index, &failure)),
        }
    });
    verifying
        .await
        .map_err(|error| Failure::unavailable(error.to_string()))?
}

/// A server's public log.
struct Server {
    transport: Transport,
    origin: String,
}

impl Server {
    /// The key that the server names itself.
    async fn key(&self) -> Result<LogKey, Failure> {
        let unreadable = || Failure::unverified("the server names no valid log key");
        let body = self.get("/v1/hospital").await?;
        let hospital: Hospital = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        let key = hospital.log_key.array().ok_or_else(unreadable)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| unreadable())?;
        LogKey::new(&hospital.log_origin, key).map_err(|_| unreadable())
    }

    /// Fetches a path. A server that limits its readers is asked again when it says.
    async fn get(&self, path: &str) -> Result<Vec<u8>, Failure> {
        for _ in 0..PATIENCE {
            let request = Request {
                method: "GET",
                url: format!("{}{path}", self.origin),
                headers: Vec::new(),
                body: None,
            };
            let response = self.transport.carry_out(request).await.map_err(|_| {
                let trouble = self.transport.trouble().unwrap_or_default();
                Failure::from(NativeError::Unreachable(trouble))
            })?;
            match response.status {
                200 => return Ok(response.body),
                404 => return Err(Failure::unverified(format!("the server has no {path}"))),
                429 => {
                    let wait = response
                        .header("retry-after")
                        .and_then(|text| text.parse().ok());
                    tokio::time::sleep(Duration::from_secs(wait.unwrap_or(1))).await;
                }
                status => {
                    return Err(Failure::unavailable(format!(
                        "{path}: HTTP status {status}"
                    )));
                }
            }
        }
        Err(Failure::unavailable(
            "the server limits its readers too much; try again later",
        ))
    }
}

fn verify_export(path: &Path, pinned: Option<&LogKey>) -> Result<Report, Failure> {
    let file =
        File::open(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    export::verify(BufReader::new(file), pinned).map_err(|error| match error {
        export::VerifyError::Failure(failure) => unverified(failure.first_bad_index, &failure),
        export::VerifyError::Io(error) => Failure::unavailable(error.to_string()),
    })
}

fn print_report(report: &Report, pinned: bool, out: Output) {
    let fingerprint = report.key.to_string();
    let payloads = match report.sealed {
        0 => "opened",
        sealed if sealed == report.size => "sealed",
        _ => "partly sealed",
    };
    let value = json!({
        "ok": true,
        "size": report.size,
        "root": report.root,
        "tail": report.tail,
        "payloads": payloads,
        "key": if pinned { "pinned" } else { "unpinned" },
        "fingerprint": fingerprint,
    });
    out.result(&value, || {
        format!(
            "The log verifies: {} events and {} not yet in a checkpoint, payloads {payloads}.\n\
             Key {fingerprint}{}",
            report.size,
            report.tail,
            if pinned {
                ""
            } else {
                " (unpinned: compare it with the one printed at the start)"
            }
        )
    });
}

fn read_key(path: &Path) -> Result<LogKey, Failure> {
    String::from_utf8(read_file(path)?)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| Failure::usage(format!("{} holds no log key", path.display())))
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn failed(error: LogError) -> Failure {
    match error {
        LogError::Failure(failure) => unverified(failure.first_bad_index, &failure),
        LogError::Payload { index } => unverified(Some(index), &"its payload was altered"),
        // What this program never writes was written by someone else.
        LogError::Store(StoreError::Corrupt(_) | StoreError::Seal(_))
        | LogError::Keys(KeysError::Seal { .. } | KeysError::Content(_) | KeysError::Key(_)) => {
            unverified(None, &error)
        }
        LogError::Keys(KeysError::File { .. }) | LogError::Start(_) => {
            Failure::usage(error.to_string())
        }
        other => Failure::unavailable(other.to_string()),
    }
}

fn unverified(index: Option<u64>, failure: &dyn std::fmt::Display) -> Failure {
    let message = match index {
        Some(index) => {
            format!("the log does not verify; the first bad index is {index}: {failure}")
        }
        None => format!("the log does not verify: {failure}"),
    };
    let document = json!({
        "ok": false,
        "first_bad_index": index,
        "error": failure.to_string(),
        "exit": 4,
    });
    Failure::unverified(message).with_document(document)
}

/// How often a request that is limited is made again.
const PATIENCE: usize = 100;
