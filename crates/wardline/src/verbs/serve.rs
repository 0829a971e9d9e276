//! `wardline serve`, `init`, `migrate`, `config check`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use wardline_server::init::{self, FirstOfficer};
use wardline_server::rim::Clock;
use wardline_server::{Config, Server};

use crate::failure::Failure;
use crate::output::{Output, print};

/// `wardline serve`.
#[derive(Args)]
pub(crate) struct Serve {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
}

impl Serve {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        let config = read(&self.config)?;
        let running = Server::start(config, Clock::default())
            .await
            .map_err(|error| Failure::unavailable(error.to_string()))?;
        let ready = serde_json::json!({
            "ready": true,
            "url": running.http_url,
            "https": running.https_url,
        });
        out.result(&ready, || {
            let address = running.https_url.as_deref().or(running.http_url.as_deref());
            format!("Serving at {}.", address.unwrap_or("no address"))
        });
        until_stopped().await;
        running.shutdown().await;
        Ok(())
    }
}

/// `wardline init`.
#[derive(Args)]
pub(crate) struct Init {
    /// The configuration file.
    #[arg(long, default_value = "wardline.toml")]
    config: PathBuf,
    /// The first officer's sign-in name.
    #[arg(long, default_value = "officer")]
    username: String,
    /// The first officer's name.
    #[arg(long, default_value = "Enrolling officer")]
    name: String,
}

impl Init {
    /// Makes the hospital; the code goes to the console only.
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        let config = read(&self.config)?;
        let officer = FirstOfficer {
            username: self.username,
            name: self.name,
        };
        let made = init::init(&config, &officer, &Clock::default())
            .await
            .map_err(|error| Failure::refused(error.to_string()))?;
        let value = serde_json::json!({
            "code": made.typed_code,
            "link": made.link,
            "expires_at": made.expires_at,
            "log_key": made.log_key,
        });
        out.result(&value, || {
            format!(
                "The hospital is made. Start it with `wardline serve`, then enrol the first officer \
                 within the next minutes:\n\n  link  {}\n  code  {}\n\nKeep the audit log's key for \
                 your auditors:\n\n  {}",
                made.link, made.typed_code, made.log_key
            )
        });
        Ok(())
    }
}

/// `wardline migrate`.
#[derive(Args)]
pub(crate) struct Migrate {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
}

impl Migrate {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        let config = read(&self.config)?;
        wardline_server::server::migrate(&config)
            .await
            .map_err(|error| Failure::unavailable(error.to_string()))?;
        out.result(&serde_json::json!({ "migrated": true }), || {
            "The schema is up to date.".to_owned()
        });
        Ok(())
    }
}

/// `wardline config …`.
#[derive(Subcommand)]
pub(crate) enum ConfigVerb {
    /// Check a configuration file: the line, and the mend.
    Check {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Print the documented defaults.
    Defaults,
}

impl ConfigVerb {
    pub(crate) fn run(self, out: Output) -> Result<(), Failure> {
        match self {
            Self::Check { config } => {
                read(&config)?;
                out.result(&serde_json::json!({ "ok": true }), || {
                    format!("{} is good.", config.display())
                });
            }
            Self::Defaults => print(wardline_server::config::DEFAULTS.trim_end()),
        }
        Ok(())
    }
}

/// Reads a configuration; what is wrong is told with its line.
pub(crate) fn read(path: &Path) -> Result<Config, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Config::parse(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// The configuration of a hospital that is named by its file, or by the data directory of a demo.
pub(crate) fn hospital(config: Option<&Path>, data: Option<PathBuf>) -> Result<Config, Failure> {
    let mut settings = match config {
        Some(path) => read(path)?,
        None => Config::default(),
    };
    match data {
        Some(data) => settings.data.dir = data,
        None if config.is_none() => {
            return Err(Failure::usage("name the hospital with --config or --data"));
        }
        None => {}
    }
    Ok(settings)
}

/// Waits for Ctrl-C or the service manager's stop.
pub(crate) async fn until_stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
