//! `wardline init`: the keys, the database, the first officer.

use std::path::Path;

use thiserror::Error;
use wardline_audit::Salt;
use wardline_audit::event::{Actor, Event, Kind, NodeName, Outcome, V1};
use wardline_model::{FacilityId, UserId};
use wardline_policy::{Program, RECORD_KEEPER};
use wardline_store::{NewPerson, Store, StoreConfig, StoreError};

use crate::codes::{self, Invitation, Terms};
use crate::config::Config;
use crate::keys::{self, HospitalKeys, KeysError};
use crate::rim::{Clock, random};
use crate::server::{StartError, node_keys, store_url};

/// The first officer, who enrols everyone else.
#[derive(Debug, Clone)]
pub struct FirstOfficer {
    /// Sign-in name.
    pub username: String,
    /// Name as shown.
    pub name: String,
}

/// A hospital that was made. The code is seen this once.
#[derive(Debug)]
pub struct Initialized {
    /// The code to type.
    pub typed_code: String,
    /// The link with the code and all pins.
    pub link: String,
    /// When both end, unix milliseconds.
    pub expires_at: u64,
    /// The audit log's verification key (signed-note vkey), to be kept by auditors.
    pub log_key: String,
}

/// Why a hospital could not be made.
#[derive(Debug, Error)]
pub enum InitError {
    /// The keys.
    #[error("keys: {0}")]
    Keys(#[from] KeysError),
    /// The database.
    #[error("database: {0}")]
    Store(#[from] StoreError),
    /// Opening what was made.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Makes a hospital in the configuration's data directory: keys, database, the first officer and
/// their one-time code, whose device admits itself as the genesis.
///
/// # Errors
/// When there is a hospital already. To give the first officer a new code, see [`first_code`].
pub async fn init(
    config: &Config,
    officer: &FirstOfficer,
    clock: &Clock,
) -> Result<Initialized, InitError> {
    let now_ms = clock.now_ms();
    let store = create(config, now_ms).await?;
    let keys = HospitalKeys::open(&config.data.dir)?;
    let facility = FacilityId::from_random(random());
    let user = UserId::from_random(random());
    let mut tx = store.write().await?;
    tx.put_facility(facility, &config.hospital.name).await?;
    let person = NewPerson {
        user_id: user,
        username: officer.username.clone(),
        name: officer.name.clone(),
        role_title: "Enrolling officer".to_owned(),
        department: "Administration".to_owned(),
        facility_id: facility,
        active: true,
        onboarded: true,
        roles: vec![
            "enrolling_officer".to_owned(),
            "security_officer".to_owned(),
        ],
    };
    tx.put_person(&person, now_ms).await?;
    let keeper = UserId::from_random(random());
    tx.put_person(&record_keeper(keeper, facility), now_ms)
        .await?;
    tx.commit().await?;
    let made = first_code(config, &keys, &store, user, Program::Issued, now_ms).await?;
    let origin = config.server.origins.first().cloned().unwrap_or_else(|| {
        let port = config
            .https_address()
            .map_or(8443, |address| address.port());
        format!("https://{}:{port}", config.server.rp_id)
    });
    let initialized = Initialized {
        typed_code: made.typed.written(),
        link: codes::link(&origin, &keys, None, &made.link),
        expires_at: made.expires_at,
        log_key: keys.log.public().to_string(),
    };
    store.close().await;
    Ok(initialized)
}

/// The person that stands for the record keeper's process, which gets its device by an invitation
/// like everyone else.
pub(crate) fn record_keeper(id: UserId, facility: FacilityId) -> NewPerson {
    NewPerson {
        user_id: id,
        username: KEEPERS_NAME.to_owned(),
        name: "Record keeper".to_owned(),
        role_title: "Keeps the conversations' history".to_owned(),
        department: "Health records".to_owned(),
        facility_id: facility,
        active: true,
        onboarded: true,
        roles: vec![RECORD_KEEPER.to_owned()],
    }
}

/// Makes keys and database. The event `hospital.created` is the first of the log.
pub(crate) async fn create(config: &Config, now_ms: u64) -> Result<Store, InitError> {
    let data: &Path = &config.data.dir;
    keys::create(data, &config.hospital.name, &config.server.rp_id, now_ms)?;
    let keys = HospitalKeys::open(data)?;
    let node = node_keys(config, &keys)?;
    let url = StoreConfig::new(store_url(config));
    let store = Store::create(&url, keys.sealer.clone(), keys.index.clone(), node).await?;
    record(&store, CREATED, "hospital", now_ms).await?;
    Ok(store)
}

/// Invites the first officer with a code whose device may admit itself.
pub(crate) async fn first_code(
    config: &Config,
    keys: &HospitalKeys,
    store: &Store,
    user: UserId,
    program: Program,
    now_ms: u64,
) -> Result<codes::Made, InitError> {
    let invitation = Invitation {
        user,
        program,
        genesis: true,
        confirmed: true,
        invited_by: None,
        serial: None,
    };
    let mut tx = store.write().await?;
    let made = codes::invite(
        &mut tx,
        &keys.index,
        &invitation,
        &Terms::of(config),
        now_ms,
    )
    .await?;
    tx.commit().await?;
    record(store, FIRST_INVITED, &format!("user/{user}/invite"), now_ms).await?;
    Ok(made)
}

/// Records what the console did, on nobody's behalf.
pub(crate) async fn record(
    store: &Store,
    kind: Kind,
    resource: &str,
    now_ms: u64,
) -> Result<(), StoreError> {
    let event = by_console(store.node(), kind, resource, now_ms);
    store.record(&event, Salt(random())).await.map(|_| ())
}

/// The event of what the console does, for the transaction that does it.
pub(crate) fn by_console(node: &NodeName, kind: Kind, resource: &str, now_ms: u64) -> Event {
    Event {
        v: V1,
        at: now_ms,
        node: node.clone(),
        kind,
        actor: Actor::default(),
        action: "console".to_owned(),
        resource: resource.to_owned(),
        outcome: Outcome::Done,
        reasons: Vec::new(),
        policy: None,
        detail: serde_json::Map::new(),
    }
}

/// The sign-in name of the record keeper.
pub(crate) const KEEPERS_NAME: &str = "record-keeper";
const CREATED: Kind = Kind::named("hospital.created");
const FIRST_INVITED: Kind = Kind::named("invite.created_by_console");
