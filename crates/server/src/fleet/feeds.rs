//! The public lists of patches and of revoked attestation keys: fetched from a folder or from URLs,
//! checked, hashed into the audit log, and held for whoever judges devices.
//!
//! Lists are taken whole or not at all: half a list would read as good news. They lie in the
//! database, so that every node judges by the same ones. A key that is found revoked when they are
//! taken proves nothing any more, so what it proved is forgotten in the same transaction, and that it
//! was taken back is kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use thiserror::Error;
use wardline_audit::event::Kind;
use wardline_audit::{Event, Salt};
use wardline_model::wire::programs::FeedsInfo;
use wardline_model::{B64, DeviceId};
use wardline_posture::attest::{Entry, StatusList, StatusListError};
use wardline_posture::patch::{BULLETINS, FeedError, Feeds, KEV, PRODUCTS};
use wardline_posture::webauthn::Trust;
use wardline_store::{FeedFile, Tx};

use super::turn::{self, Turn};
use super::{Moved, assess_some};
use crate::app::App;
use crate::config;
use crate::gate::patiently;
use crate::outgoing::{self, FetchError};
use crate::problem::Refusal;
use crate::rim::random;

/// The lists as this process read them last.
#[derive(Debug)]
pub(crate) struct Held {
    /// Whom the hospital trusts to vouch for hardware, as configured.
    configured: Arc<Trust>,
    read: Mutex<Option<(u64, Lists)>>,
}

/// Lists that were read.
#[derive(Debug, Clone)]
struct Lists {
    /// The lists of patches; absent where they are those of an earlier release and not understood
    /// any more: nothing is known then.
    feeds: Option<Arc<Feeds>>,
    /// Whom the hospital trusts, with the list of revoked keys that is in force.
    trust: Arc<Trust>,
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
    /// A list has more than [`MAX_FILE`] bytes.
    #[error("{0}: more than {MAX_FILE} bytes")]
    Size(String),
    /// A list cannot be understood.
    #[error("{0}")]
    Feed(#[from] FeedError),
    /// The list of revoked attestation keys cannot be understood.
    #[error("{STATUS}: {0}")]
    Status(#[from] StatusListError),
    /// The database.
    #[error("the database does not take them")]
    Store(#[from] Refusal),
}

impl Held {
    /// Holds none yet. `configured` says who vouches for hardware, with the list of revoked keys that
    /// is used until the public lists bring one.
    pub(crate) fn new(configured: Trust) -> Self {
        Self {
            configured: Arc::new(configured),
            read: Mutex::default(),
        }
    }

    /// The lists of patches in force, as a transaction sees them.
    pub(crate) async fn current(&self, tx: &mut Tx) -> Result<Option<Arc<Feeds>>, Refusal> {
        Ok(self.lists(tx).await?.and_then(|lists| lists.feeds))
    }

    /// Who vouches for hardware, and which keys are revoked, as a transaction sees it.
    pub(crate) async fn trust(&self, tx: &mut Tx) -> Result<Arc<Trust>, Refusal> {
        let lists = self.lists(tx).await?;
        Ok(lists.map_or_else(|| Arc::clone(&self.configured), |lists| lists.trust))
    }

    /// When the list of revoked attestation keys in force was fetched, unix milliseconds; absent where
    /// there is none.
    pub(crate) async fn revocations_at(&self, tx: &mut Tx) -> Result<Option<u64>, Refusal> {
        let trust = self.trust(tx).await?;
        let status = trust.android().1;
        Ok(status.map(|list| list.fetched_at().unwrap_or_default()))
    }

    /// The lists, read anew only when they are others.
    async fn lists(&self, tx: &mut Tx) -> Result<Option<Lists>, Refusal> {
        let Some(fetched_at) = tx.feeds_fetched_at().await? else {
            return Ok(None);
        };
        if let Some((at, lists)) = self.lock().as_ref()
            && *at == fetched_at
        {
            return Ok(Some(lists.clone()));
        }
        let lists = self.understood(&tx.feeds().await?);
        *self.lock() = Some((fetched_at, lists.clone()));
        Ok(Some(lists))
    }

    fn understood(&self, files: &[FeedFile]) -> Lists {
        let named = files.iter().map(|file| (&file.file, &file.bytes));
        let feeds = Feeds::parse(named).map(Arc::new);
        let feeds = feeds.inspect_err(|error| {
            tracing::error!(%error, "the public lists of patches are not readable");
        });
        let status = status(files.iter().map(|file| (&file.file, &file.bytes)));
        let trust = match status {
            Ok(Some(status)) => {
                let fetched_at = files.first().map_or(0, |file| file.fetched_at);
                let status = status.fetched(fetched_at);
                let trust = Trust::clone(&self.configured);
                Arc::new(trust.with_android_status(status))
            }
            Ok(None) => Arc::clone(&self.configured),
            Err(error) => {
                tracing::error!(%error, "the list of revoked attestation keys is not readable");
                Arc::clone(&self.configured)
            }
        };
        Lists {
            feeds: feeds.ok(),
            trust,
        }
    }

    /// What an officer sees of the lists.
    pub(crate) async fn info(
        &self,
        config: &config::Feeds,
        tx: &mut Tx,
    ) -> Result<FeedsInfo, Refusal> {
        let files = tx.feeds().await?;
        let fetched = tx.manager_pull(SOURCE).await?;
        // Of a place that they came from before nobody wants to know any more.
        let fetched = fetched.filter(|_| is_followed(config));
        Ok(FeedsInfo {
            fetched_at: files.first().map(|file| file.fetched_at),
            hash: (!files.is_empty()).then(|| B64::from(hash(&files))),
            files: files.len() as u64,
            problem: fetched.and_then(|fetched| fetched.problem),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<(u64, Lists)>> {
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

/// Fetches the lists where that is due and no other node is at it; gives whether they were. What
/// stood in the way is kept for whichever node an officer asks, and it is tried again after a while.
pub(crate) async fn refresh(app: &App) -> Result<bool, ImportError> {
    if !is_followed(&app.config.feeds) {
        return Ok(false);
    }
    let Some(turn) = take_turn(app).await? else {
        return Ok(false);
    };
    let Some(taken) = turn.during(app, import(app)).await? else {
        return Ok(false);
    };
    let (fetched_at, due_ms) = match &taken {
        // Good ones are due by their own age.
        Ok(()) => (Some(app.clock.now_ms()), turn.taken_ms()),
        Err(_) => (None, turn.taken_ms() + turn::AGAIN_MS),
    };
    let problem = taken.as_ref().err().map(ToString::to_string);
    turn.finish(app, fetched_at, problem.as_deref(), due_ms)
        .await?;
    taken.map(|()| true)
}

/// Whether the configuration says where lists come from.
fn is_followed(config: &config::Feeds) -> bool {
    !config.folder.as_os_str().is_empty() || !config.kev.is_empty()
}

/// The turn to fetch the lists, where they are due.
async fn take_turn(app: &App) -> Result<Option<Turn>, Refusal> {
    // Mostly they are not, which is seen without a change.
    if !is_due(app, &mut app.facts().await?).await? {
        return Ok(None);
    }
    let now_ms = app.clock.now_ms();
    patiently!(app, |tx| {
        let Some(turn) = Turn::take(tx, SOURCE, now_ms).await? else {
            return Ok(None);
        };
        // Another node may have fetched them just before. It had the turn until it had finished, so what
        // it did is seen by whoever has the turn, and not surely by whoever looks before taking it.
        if is_due(app, tx).await? {
            return Ok(Some(turn));
        }
        turn.give_back(tx, now_ms).await?;
        Ok(None)
    })
}

/// Whether the lists are so old that newer ones are looked for.
async fn is_due(app: &App, tx: &mut Tx) -> Result<bool, Refusal> {
    let every_ms = app.config.feeds.every_hours * 3_600_000;
    let last = tx.feeds_fetched_at().await?;
    Ok(last.is_none_or(|last| app.clock.now_ms() >= last + every_ms))
}

/// Fetches the lists now, from where the configuration says.
async fn import(app: &App) -> Result<(), ImportError> {
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
async fn take(app: &App, files: Vec<(String, Vec<u8>)>) -> Result<(), ImportError> {
    Feeds::parse(files.iter().map(|(file, bytes)| (file, bytes)))?;
    let status = status(files.iter().map(|(file, bytes)| (file, bytes)))?;
    put(app, files, status.as_ref()).await?.publish(app);
    Ok(())
}

/// Puts lists in the place of those before, with all that follows from them. Gives the devices that
/// were moved.
async fn put(
    app: &App,
    files: Vec<(String, Vec<u8>)>,
    status: Option<&StatusList>,
) -> Result<Moved, Refusal> {
    let now_ms = app.clock.now_ms();
    let files = self::files(files, now_ms);
    let mut detail = Map::new();
    detail.insert("files".to_owned(), Value::from(files.len()));
    detail.insert("sha256".to_owned(), B64::from(hash(&files)).encode().into());
    let mut imported = app.gate.house_event(IMPORTED, "fleet.manage", now_ms);
    "feeds".clone_into(&mut imported.resource);
    imported.detail = detail;
    let status = status.or_else(|| app.feeds.configured.android().1);
    patiently!(app, |tx| {
        tx.put_feeds(&files).await?;
        let (mut events, moved) = match status {
            Some(status) => forget_revoked(app, tx, status, now_ms).await?,
            None => (Vec::new(), Moved::default()),
        };
        events.push(imported.clone());
        // Last: on PostgreSQL others wait from here on until the end.
        tx.audit_all(events.iter().map(|event| (event, Salt(random()))))
            .await?;
        Ok(moved)
    })
}

/// Forgets what hardware proved of devices for which a key vouched that is on the list by now, and
/// looks at them anew. Gives what is to be recorded of it.
async fn forget_revoked(
    app: &App,
    tx: &mut Tx,
    status: &StatusList,
    now_ms: u64,
) -> Result<(Vec<Event>, Moved), Refusal> {
    let mut revoked: BTreeMap<DeviceId, (String, &Entry)> = BTreeMap::new();
    for vouched in tx.attested_serials().await? {
        if let Some(entry) = status.named(&vouched.serial) {
            revoked.insert(vouched.device_id, (vouched.serial, entry));
        }
    }
    if revoked.is_empty() {
        return Ok((Vec::new(), Moved::default()));
    }
    let ids: Vec<DeviceId> = revoked.keys().copied().collect();
    // Nobody tells of them, or moves them, between this and the look.
    tx.lock_devices(&ids).await?;
    tx.forget_attested(&ids).await?;
    for (device, (_, entry)) in &revoked {
        tx.disown(*device, &entry.told(), now_ms).await?;
    }
    let (_, moved) = assess_some(app, tx, &ids, now_ms).await?;
    let events = revoked.into_iter().map(|(device, (serial, entry))| {
        let mut detail = Map::new();
        detail.insert("reason".to_owned(), entry.told().into());
        detail.insert("serial".to_owned(), serial.into());
        let gate = &app.gate;
        let mut event = gate.house_event(ATTESTATION_REVOKED, "device.assess", now_ms);
        event.resource = format!("device/{device}");
        event.detail = detail;
        event
    });
    Ok((events.collect(), moved))
}

/// The list of revoked attestation keys among lists, where there is one.
fn status<N: AsRef<str>, B: AsRef<[u8]>>(
    files: impl IntoIterator<Item = (N, B)>,
) -> Result<Option<StatusList>, StatusListError> {
    files
        .into_iter()
        .find(|(file, _)| file.as_ref() == STATUS)
        .map(|(_, bytes)| StatusList::from_json(bytes.as_ref()))
        .transpose()
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
    let mut files = vec![(KEV.to_owned(), read_file(&folder.join(KEV))?)];
    let products = folder.join(PRODUCTS);
    let fault = |source| ImportError::File {
        path: products.clone(),
        source,
    };
    for entry in std::fs::read_dir(&products).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.extension().is_some_and(|extension| extension == "md") {
            files.push((format!("{PRODUCTS}/{name}"), read_file(&path)?));
        }
    }
    for file in [BULLETINS, STATUS] {
        match read_file(&folder.join(file)) {
            Ok(bytes) => files.push((file.to_owned(), bytes)),
            Err(ImportError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(files)
}

fn read_file(path: &Path) -> Result<Vec<u8>, ImportError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| ImportError::File {
            path: path.to_owned(),
            source,
        })?;
    if bytes.len() > MAX_FILE {
        return Err(ImportError::Size(path.display().to_string()));
    }
    Ok(bytes)
}

async fn fetch(config: &config::Feeds) -> Result<Vec<(String, Vec<u8>)>, ImportError> {
    let client = outgoing::client(Duration::from_mins(1)).map_err(|error| ImportError::Fetch {
        url: config.kev.clone(),
        why: error.to_string(),
    })?;
    let products = config.products.iter().map(|product| {
        let url = config.product.replace("{product}", product);
        (format!("{PRODUCTS}/{product}.md"), url)
    });
    let others = [
        (KEV, &config.kev),
        (BULLETINS, &config.android_bulletins),
        (STATUS, &config.attestation_status),
    ]
    .map(|(file, url)| (file.to_owned(), url.clone()));
    let mut wanted: Vec<(String, String)> = others.into_iter().chain(products).collect();
    wanted.retain(|(_, url)| !url.is_empty());
    let mut files = Vec::with_capacity(wanted.len());
    for (file, url) in wanted {
        files.push((file, get(&client, &url).await?));
    }
    Ok(files)
}

async fn get(client: &reqwest::Client, url: &str) -> Result<Vec<u8>, ImportError> {
    let fetched = outgoing::fetch(client.get(url), MAX_FILE).await;
    fetched.map_err(|error| match error {
        FetchError::Http(why) => ImportError::Fetch {
            url: url.to_owned(),
            why,
        },
        FetchError::Size => ImportError::Size(url.to_owned()),
    })
}

/// Under which name nodes take turns at fetching them.
const SOURCE: &str = "public lists";
/// The largest list that is taken, in bytes. CISA's catalogue has some 1.5 million.
const MAX_FILE: usize = 32 * 1024 * 1024;
/// Where the list of revoked attestation keys stands among the lists, if it does.
const STATUS: &str = "android/status.json";
const ATTESTATION_REVOKED: Kind = Kind::named("device.attestation_revoked");
const IMPORTED: Kind = Kind::named("feeds.imported");
