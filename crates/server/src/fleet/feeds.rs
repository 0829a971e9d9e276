//! The public lists of patches: fetched from a folder or from URLs, checked, hashed into the audit
//! log, and held for whoever judges devices.
//!
//! Lists are taken whole or not at all: half a list would read as good news. They lie in the
//! database, so that every node judges by the same ones.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use thiserror::Error;
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_model::B64;
use wardline_model::wire::programs::FeedsInfo;
use wardline_posture::patch::{FeedError, Feeds, KEV, PRODUCTS};
use wardline_store::{FeedFile, Tx};

use crate::app::App;
use crate::config;
use crate::problem::Refusal;
use crate::rim::random;

/// The lists as this process read them last.
#[derive(Debug, Default)]
pub(crate) struct Held {
    read: Mutex<Option<(u64, Arc<Feeds>)>>,
    problem: Mutex<Option<String>>,
}

/// Why lists are not taken.
#[derive(Debug, Error)]
pub(crate) enum ImportError {
    /// A file or a folder cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A server does not give a list. The URL is the configuration's; it holds no secret.
    #[error("{url}: {why}")]
    Fetch {
        /// Which.
        url: String,
        /// Why.
        why: String,
    },
    /// A list cannot be understood.
    #[error("{0}")]
    Feed(#[from] FeedError),
    /// The database.
    #[error("the database does not take them")]
    Store(#[from] Refusal),
}

impl Held {
    /// The lists in force, as a transaction sees them; read anew only when they are others.
    pub(crate) async fn current(&self, tx: &mut Tx) -> Result<Option<Arc<Feeds>>, Refusal> {
        let Some(fetched_at) = tx.feeds_fetched_at().await? else {
            return Ok(None);
        };
        if let Some((at, feeds)) = self.lock().as_ref()
            && *at == fetched_at
        {
            return Ok(Some(Arc::clone(feeds)));
        }
        let files = tx.feeds().await?;
        let named = files.iter().map(|file| (&file.file, &file.bytes));
        let feeds = match Feeds::parse(named) {
            Ok(feeds) => Arc::new(feeds),
            // Lists of an earlier release that are not understood any more: nothing is known then.
            Err(error) => {
                tracing::error!(%error, "the public lists of patches are not readable");
                return Ok(None);
            }
        };
        *self.lock() = Some((fetched_at, Arc::clone(&feeds)));
        Ok(Some(feeds))
    }

    /// What an officer sees of the lists.
    pub(crate) async fn info(&self, tx: &mut Tx) -> Result<FeedsInfo, Refusal> {
        let files = tx.feeds().await?;
        let problem = self
            .problem
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Ok(FeedsInfo {
            fetched_at: files.first().map(|file| file.fetched_at),
            hash: (!files.is_empty()).then(|| B64::from(hash(&files))),
            files: files.len() as u64,
            problem,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(u64, Arc<Feeds>)>> {
        // The value is replaced whole, so a poisoned lock holds no half state.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One hash over all files: SHA-256 over the lines `hex(sha256) two spaces path`, by path, which is
/// what `sha256sum` prints for the folder.
fn hash(files: &[FeedFile]) -> [u8; 32] {
    let mut all = Sha256::new();
    for file in files {
        for byte in file.sha256 {
            all.update(format!("{byte:02x}"));
        }
        all.update(format!("  {}\n", file.file));
    }
    all.finalize().into()
}

/// Fetches the lists where that is due.
pub(crate) async fn refresh(app: &App) -> Result<(), ImportError> {
    let config = &app.config.feeds;
    if config.folder.as_os_str().is_empty() && config.kev.is_empty() {
        return Ok(());
    }
    let now_ms = app.clock.now_ms();
    let mut tx = app.facts().await?;
    let last = tx.feeds_fetched_at().await.map_err(Refusal::from)?;
    drop(tx);
    let due = last.is_none_or(|last| now_ms >= last + config.every_hours * 3_600_000);
    if !due {
        return Ok(());
    }
    let taken = import(app).await;
    let problem = taken.as_ref().err().map(ToString::to_string);
    *app.feeds
        .problem
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = problem;
    taken
}

/// Fetches the lists now, from where the configuration says.
pub(crate) async fn import(app: &App) -> Result<(), ImportError> {
    let config = &app.config.feeds;
    let files = if config.folder.as_os_str().is_empty() {
        fetch(config).await?
    } else {
        let folder = config.folder.clone();
        tokio::task::spawn_blocking(move || read(&folder))
            .await
            .map_err(Refusal::internal)??
    };
    take(app, files).await
}

/// Takes lists that were read, if they can be understood.
pub(crate) async fn take(app: &App, files: Vec<(String, Vec<u8>)>) -> Result<(), ImportError> {
    Feeds::parse(files.iter().map(|(file, bytes)| (file, bytes)))?;
    let now_ms = app.clock.now_ms();
    let files = self::files(files, now_ms);
    let mut tx = app.gate.machinery().write().await.map_err(Refusal::from)?;
    let mut detail = Map::new();
    detail.insert("files".to_owned(), Value::from(files.len()));
    detail.insert("sha256".to_owned(), B64::from(hash(&files)).encode().into());
    tx.put_feeds(&files).await.map_err(Refusal::from)?;
    let mut event = app.gate.house_event(IMPORTED, "fleet.manage", now_ms);
    "feeds".clone_into(&mut event.resource);
    event.detail = detail;
    tx.audit(&event, Salt(random()))
        .await
        .map_err(Refusal::from)?;
    tx.commit().await.map_err(Refusal::from)?;
    Ok(())
}

/// Files as they are stored, by path.
pub(crate) fn files(
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
    fetched_at: u64,
) -> Vec<FeedFile> {
    let mut files: Vec<FeedFile> = files
        .into_iter()
        .map(|(file, bytes)| FeedFile {
            sha256: Sha256::digest(&bytes).into(),
            file,
            bytes,
            fetched_at,
        })
        .collect();
    files.sort_by(|a, b| a.file.cmp(&b.file));
    files
}

/// The files of a folder that belong to the lists.
fn read(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, ImportError> {
    let fault = |path: &Path| {
        let path = path.to_owned();
        move |source| ImportError::File { path, source }
    };
    let kev = folder.join(KEV);
    let mut files = vec![(KEV.to_owned(), std::fs::read(&kev).map_err(fault(&kev))?)];
    let products = folder.join(PRODUCTS);
    for entry in std::fs::read_dir(&products).map_err(fault(&products))? {
        let path = entry.map_err(fault(&products))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.extension().is_some_and(|extension| extension == "md") {
            let bytes = std::fs::read(&path).map_err(fault(&path))?;
            files.push((format!("{PRODUCTS}/{name}"), bytes));
        }
    }
    Ok(files)
}

async fn fetch(config: &config::Feeds) -> Result<Vec<(String, Vec<u8>)>, ImportError> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_mins(1))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| ImportError::Fetch {
            url: config.kev.clone(),
            why: error.to_string(),
        })?;
    let mut files = vec![(KEV.to_owned(), get(&client, &config.kev).await?)];
    for product in &config.products {
        let url = config.product.replace("{product}", product);
        files.push((
            format!("{PRODUCTS}/{product}.md"),
            get(&client, &url).await?,
        ));
    }
    Ok(files)
}

async fn get(client: &reqwest::Client, url: &str) -> Result<Vec<u8>, ImportError> {
    let fault = |why: String| ImportError::Fetch {
        url: url.to_owned(),
        why,
    };
    let mut response = client
        .get(url)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|error| fault(error.without_url().to_string()))?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| fault(error.without_url().to_string()))?
    {
        if bytes.len() + chunk.len() > MAX_FILE {
            return Err(fault(format!("more than {MAX_FILE} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The largest list that is taken. CISA's catalogue has some 1.5 MB.
const MAX_FILE: usize = 32 * 1024 * 1024;
const IMPORTED: Kind = Kind::named("feeds.imported");
