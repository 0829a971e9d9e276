//! `wardline demo`: a synthetic hospital, served from loopback.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::Map;
use wardline_audit::Salt;
use wardline_audit::event::{Kind, NodeName};
use wardline_demo::fleet::{Fate, FleetDevice};
use wardline_demo::{Hospital, Readiness, Script, StaffMember};
use wardline_model::endorsement::Duty;
use wardline_model::wire::enroll::{DeviceState, Platform};
use wardline_model::{DeviceId, RoleSlug, UserId};
use wardline_policy::{PasskeyKind, Program};
use wardline_store::{NewDevice, NewPerson, RegisteredDevice, Store, StoreError, Tx};

use crate::charts;
use crate::codes::{self, Invitation, Terms};
use crate::config::{Cidr, Config, Ground, WardRule};
use crate::fleet::{feeds, notice};
use crate::init::{self, InitError, KEEPERS_NAME, by_console, record_keeper};
use crate::keys::{self, HospitalKeys};
use crate::rim::{Clock, random};
use crate::routes::devices::duty_of;
use crate::routes::devices::revoke::{LOST, REVOKED};
use crate::routes::devices::wiped::WIPED;
use crate::server::{Running, Server, open_store};

/// How to run the demo.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// The data directory; made when it holds nothing.
    pub data: PathBuf,
    /// Plain HTTP's address.
    pub http: std::net::SocketAddr,
    /// HTTPS's address.
    pub https: std::net::SocketAddr,
    /// Fixes people and records. Keys, codes and tokens come from the system's randomness.
    pub seed: u64,
    /// Whose word on where a request comes from counts; nobody's where it is empty.
    pub proxies: Vec<Cidr>,
}

/// The demo, running.
#[derive(Debug)]
pub struct DemoRunning {
    /// The server.
    pub server: Running,
    data: PathBuf,
    /// Behind a lock, since codes are renewed while the demo serves.
    people: Mutex<Vec<(StaffMember, Option<codes::Made>)>>,
    /// What people wrote to each other before the demo opens, for whoever plays it.
    pub scripts: Vec<Script>,
    /// The officer whose device confirms the others: the code is there as long as the hospital
    /// has no first officer's device, and its device admits itself as the genesis.
    pub officer: OfficerInvite,
    /// The link with the code for the record keeper's device; `None` once it has one.
    pub keeper: Option<String>,
}

/// The demo's confirming officer.
#[derive(Debug, Clone)]
pub struct OfficerInvite {
    /// Sign-in name.
    pub user: String,
    /// The code for the officer's device; `None` once there is a genesis.
    pub code: Option<String>,
}

/// DESIGN §6: one line of JSON when the demo is ready.
#[derive(Debug, Clone, Serialize)]
pub struct Ready {
    /// Always true.
    pub ready: bool,
    /// `http://localhost:PORT`.
    pub url: String,
    /// `https://localhost:PORT`.
    pub https: String,
    /// The TLS CA's certificate, PEM.
    pub ca: PathBuf,
    /// Those who can use everything at once.
    pub people: Vec<ReadyPerson>,
    /// Further addresses.
    pub services: HashMap<&'static str, String>,
}

/// One person of the demo.
#[derive(Debug, Clone, Serialize)]
pub struct ReadyPerson {
    /// Sign-in name.
    pub user: String,
    /// Name as shown.
    pub name: String,
    /// Role as shown.
    pub role: String,
    /// The link with the code; absent for those who have a device.
    pub enroll_url: Option<String>,
    /// The code to type; absent for those who have a device.
    pub enroll_code: Option<String>,
}

/// Makes the demo hospital where there is none, brings its roster up to now, and serves it.
///
/// # Errors
/// See [`InitError`].
pub async fn run(options: &DemoOptions, clock: Clock) -> Result<DemoRunning, InitError> {
    run_on(options, &Config::default().store.url, clock).await
}

/// The same on another database than the embedded one: `postgres://…`.
///
/// # Errors
/// See [`InitError`].
pub async fn run_on(
    options: &DemoOptions,
    store_url: &str,
    clock: Clock,
) -> Result<DemoRunning, InitError> {
    let now_ms = clock.now_ms();
    let hospital = Hospital::generate(options.seed, now_ms);
    let mut config = Config::default();
    config.hospital.name.clone_from(&hospital.name);
    config.data.dir.clone_from(&options.data);
    store_url.clone_into(&mut config.store.url);
    config.server.http = options.http.to_string();
    config.server.https = options.https.to_string();
    config.network.proxies.clone_from(&options.proxies);
    let wards = hospital.wards.iter().map(|it| WardRule {
        ward: it.ward.clone(),
        site: String::new(),
        facility: it.facility.clone(),
        departments: it.departments.clone(),
    });
    config.access.wards = wards.collect();
    // Feeds for trying out, tests and training included: on loopback, on ports of their own.
    "127.0.0.1:0".clone_into(&mut config.hl7.listen);
    "127.0.0.1:0".clone_into(&mut config.hl7.tls_listen);
    config.hl7.processing = ["P", "T", "D"].map(str::to_owned).to_vec();
    "UNICODE UTF-8".clone_into(&mut config.hl7.charset);
    "medicine-on-call".clone_into(&mut config.hl7.critical_role);
    let system = wardline_demo::MRN_SYSTEM.to_owned();
    config.hl7.authorities = ["", "SB", "MRN", "HOSP"]
        .map(|name| (name.to_owned(), system.clone()))
        .into();
    let grounds = hospital.grounds.iter().map(|ground| Ground {
        latitude: ground.latitude,
        longitude: ground.longitude,
        radius_m: ground.radius_m,
    });
    config.risk.grounds = grounds.collect();

    let store = if keys::exist(&options.data) {
        let keys = HospitalKeys::open(&options.data)?;
        let store = open_store(&config, &keys)?;
        store.migrate().await?;
        store
    } else {
        init::create(&config, now_ms).await?
    };
    seed_demo(&store, &hospital, now_ms).await?;
    let keys = HospitalKeys::open(&options.data)?;
    let invited = invite_all(&config, &keys, &store, &hospital, now_ms).await?;
    // Large, and awaited by others that are.
    let server = Box::pin(Server::start_on(config, clock, keys, store)).await?;
    Ok(DemoRunning {
        server,
        data: options.data.clone(),
        people: Mutex::new(invited.people),
        scripts: hospital.conversations,
        officer: invited.officer,
        keeper: invited.keeper.map(|made| made.link.written()),
    })
}

/// A device whose invitation was confirmed beforehand, and that now waits for the officer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaiting {
    /// The device.
    pub device: DeviceId,
    /// What it may do beyond its person's own business.
    pub duty: Duty,
}

impl DemoRunning {
    /// What `--json` prints. The links pin the genesis, so the officer's device comes first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ready(&self) -> Result<Ready, StoreError> {
        let url = self.server.http_url.clone().unwrap_or_default();
        let app = &self.server.app;
        let genesis = app.gate.machinery().read().await?.genesis().await?;
        let people = self
            .people
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(person, made)| ReadyPerson {
                user: person.username.clone(),
                name: person.name.clone(),
                role: person.title.clone(),
                enroll_url: made
                    .as_ref()
                    .map(|made| codes::link(&url, &app.keys, genesis.as_ref(), &made.link)),
                enroll_code: made.as_ref().map(|made| made.typed.written()),
            })
            .collect();
        let mut services = HashMap::from([("metrics", format!("{url}/metrics"))]);
        if let Some(address) = self.server.hl7_addr {
            services.insert("hl7", format!("mllp://{address}"));
        }
        if let Some(address) = self.server.hl7_tls_addr {
            services.insert("hl7s", format!("mllps://{address}"));
        }
        Ok(Ready {
            ready: true,
            https: self.server.https_url.clone().unwrap_or_default(),
            ca: keys::tls_ca_path(&self.data),
            people,
            services,
            url,
        })
    }

    /// The ids of people by their sign-in names; who is not of the demo is left out.
    pub fn ids(&self, users: &[&str]) -> Vec<UserId> {
        let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let of = people.iter().map(|(person, _)| person);
        of.filter(|person| users.contains(&person.username.as_str()))
            .map(|person| person.id)
            .collect()
    }

    /// Devices that the demo's officer is to confirm: those whose code the demo printed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn awaiting(&self) -> Result<Vec<Awaiting>, StoreError> {
        let mut facts = self.server.app.gate.machinery().read().await?;
        let mut awaiting = Vec::new();
        for device in facts.devices_in(DeviceState::Pending).await? {
            let Some(enrollment) = facts.enrollment_of_device(device.device_id).await? else {
                continue;
            };
            let invite = facts.invite(enrollment.invite_id).await?;
            if invite.is_some_and(|invite| invite.confirmed && !invite.genesis) {
                awaiting.push(Awaiting {
                    device: device.device_id,
                    duty: duty_of(&facts.roles_of(device.user_id).await?),
                });
            }
        }
        Ok(awaiting)
    }

    /// Whether no person has had a device yet, beside the demo's officer and the record keeper.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_untouched(&self) -> Result<bool, StoreError> {
        let mut facts = self.server.app.gate.machinery().read().await?;
        let mut own = Vec::new();
        for name in [&self.officer.user, KEEPERS_NAME] {
            own.extend(facts.person_by_username(name).await?.map(|p| p.user_id));
        }
        for device in facts.all_devices().await? {
            // The fleet to look at was never enrolled.
            let enrolled = facts.enrollment_of_device(device.device_id).await?;
            if enrolled.is_some() && !own.contains(&device.user_id) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether any of these devices is still in a conversation: one that went out of use stays
    /// until a member commits its removal.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_any_in_a_conversation(&self, devices: &[DeviceId]) -> Result<bool, StoreError> {
        let mut facts = self.server.app.gate.machinery().read().await?;
        Ok(!facts.groups_of_devices(devices).await?.is_empty())
    }

    /// Takes devices out of use whose enrolment was cut short: the server's answer never reached
    /// them, so they hold no certificate, are in no conversation, and cannot go by themselves.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdraw(&self, devices: &[DeviceId]) -> Result<(), StoreError> {
        let app = &self.server.app;
        let (store, now_ms) = (app.gate.machinery(), app.clock.now_ms());
        let mut tx = store.write().await?;
        for device in devices {
            let reason = "its enrolment was cut short";
            tx.end_device(*device, DeviceState::Retired, reason, now_ms)
                .await?;
        }
        tx.commit().await?;
        init::record(store, WITHDRAWN, "hospital", now_ms).await
    }

    /// Makes new codes for everyone without a device in use: those of before were used, or have
    /// grown old.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_codes(&self) -> Result<(), StoreError> {
        let app = &self.server.app;
        let store = app.gate.machinery();
        let users: Vec<UserId> = self
            .people
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(person, _)| person.id)
            .collect();
        let mut facts = store.read().await?;
        let without = without_device(&mut facts, users).await?;
        drop(facts);
        let (terms, now_ms) = (Terms::of(&app.config), app.clock.now_ms());
        let mut tx = store.write().await?;
        let mut renewed = HashMap::new();
        for user in without {
            let invitation = confirmed(user);
            let made = codes::invite(&mut tx, &app.keys.index, &invitation, &terms, now_ms).await?;
            renewed.insert(user, made);
        }
        tx.commit().await?;
        init::record(store, INVITED, "hospital", now_ms).await?;
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        for (person, made) in people.iter_mut() {
            *made = renewed.remove(&person.id);
        }
        Ok(())
    }
}

/// Writes the hospital's people, roster, care teams and charts. May be repeated: people and
/// charts are written over, the roster is replaced by the one around now.
///
/// # Errors
/// When the database fails.
pub async fn seed_demo(store: &Store, hospital: &Hospital, now_ms: u64) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    for facility in &hospital.facilities {
        tx.put_facility(facility.id, &facility.name).await?;
    }
    if tx.person_by_username(KEEPERS_NAME).await?.is_none()
        && let Some(facility) = hospital.facilities.first()
    {
        let keeper = record_keeper(UserId::from_random(random()), facility.id);
        tx.put_person(&keeper, now_ms).await?;
    }
    tx.clear_roster().await?;
    for person in &hospital.staff {
        tx.put_person(&new_person(person), now_ms).await?;
        for shift in &person.shifts {
            tx.put_shift(person.id, shift.from_ms, shift.to_ms).await?;
        }
    }
    for role in &hospital.on_call {
        let Ok(slug) = role.slug.parse::<RoleSlug>() else {
            continue;
        };
        tx.put_oncall_role(&slug, &role.title, &role.department)
            .await?;
        for turn in &role.turns {
            if let Some(holder) = hospital.staff_member(&turn.username) {
                tx.put_oncall_turn(&slug, holder.id, turn.from_ms, turn.to_ms)
                    .await?;
            }
        }
    }
    for team in &hospital.care_teams {
        for member in &team.members {
            if let Some(member) = hospital.staff_member(member) {
                tx.put_care_team(&team.patient_id, member.id).await?;
            }
        }
    }
    charts::put(&mut tx, &hospital.directory, now_ms).await?;
    for chart in &hospital.patients {
        charts::put(&mut tx, &chart.resources, now_ms).await?;
    }
    seed_fleet(&mut tx, store.node(), hospital, now_ms).await?;
    tx.commit().await?;
    init::record(store, SEEDED, "hospital", now_ms).await
}

/// Writes the fleet to look at, and the made-up lists of patches by which it is judged. Devices that are
/// there stay, but for what is known of them, which is told anew: nobody else tells of them, and a
/// demo that was kept for weeks would show only devices that are shut out.
async fn seed_fleet(
    tx: &mut Tx,
    node: &NodeName,
    hospital: &Hospital,
    now_ms: u64,
) -> Result<(), StoreError> {
    let lists = hospital.lists.iter().cloned();
    let lists = lists.map(|(file, text)| (file, text.into_bytes()));
    tx.put_feeds(&feeds::files(lists, now_ms)).await?;
    for bought in &hospital.bought {
        let device = RegisteredDevice {
            serial: bought.serial.clone(),
            program: bought.program.to_owned(),
            model: bought.model.to_owned(),
            note: bought.note.to_owned(),
            user_id: None,
            registered_at: now_ms,
            registered_by: None,
        };
        tx.register_device(&device).await?;
    }
    let baseline = wardline_programs::Terms::baseline();
    let mut events = Vec::new();
    for device in &hospital.devices {
        let Some(owner) = hospital.staff_member(&device.owner) else {
            continue;
        };
        let there = tx.devices_of(owner.id).await?;
        let mut ended = Vec::new();
        match there.iter().find(|known| known.name == device.name) {
            Some(known) if known.state.is_out() => {}
            Some(known) => tell_anew(tx, known.device_id, device, now_ms).await?,
            None => ended = put_device(tx, &baseline, device, owner.id, now_ms).await?,
        }
        for Ended {
            kind,
            id,
            why,
            at_ms,
        } in ended
        {
            let mut event = by_console(node, kind, &format!("device/{id}"), now_ms);
            event.detail = Map::from_iter([
                ("user".to_owned(), owner.id.to_string().into()),
                ("reason".to_owned(), why.into()),
                ("ended_at".to_owned(), at_ms.into()),
                ("made_up".to_owned(), true.into()),
            ]);
            events.push(event);
        }
    }
    // Last: on PostgreSQL others wait from here on until the end.
    tx.audit_all(events.iter().map(|event| (event, Salt(random()))))
        .await?;
    Ok(())
}

/// What is known of a device, as of now. How it stood before is forgotten with what was known then.
async fn tell_anew(
    tx: &mut Tx,
    id: DeviceId,
    device: &FleetDevice,
    now_ms: u64,
) -> Result<(), StoreError> {
    tx.put_facts(id, &device.facts, now_ms).await?;
    tx.touch_device(id, ago(now_ms, device.seen_hours_ago))
        .await?;
    tx.forget_assessment(id).await
}

/// How a device of the fleet went out of use, for the log.
struct Ended {
    kind: Kind,
    id: DeviceId,
    why: &'static str,
    /// When, unix milliseconds.
    at_ms: u64,
}

const fn ago(now_ms: u64, hours: u64) -> u64 {
    now_ms.saturating_sub(hours * 60 * 60 * 1000)
}

/// One device of the fleet to look at. Nobody has its keys. Gives how it went out of use, if it did.
async fn put_device(
    tx: &mut Tx,
    baseline: &[wardline_programs::Terms],
    device: &FleetDevice,
    owner: UserId,
    now_ms: u64,
) -> Result<Vec<Ended>, StoreError> {
    let seen = ago(now_ms, device.seen_hours_ago);
    let new = NewDevice {
        device_id: DeviceId::from_random(random()),
        user_id: owner,
        name: device.name.clone(),
        platform: if device.native {
            Platform::Native
        } else {
            Platform::Browser
        },
        program: device.program.to_owned(),
        serial: device.serial.clone(),
        notice_hash: baseline
            .iter()
            .find(|terms| terms.slug == device.program && terms.enrolment.privacy_notice)
            .and_then(|terms| notice::of(terms).hash.array()),
        jkt: random(),
        device_jwk: "{}".to_owned(),
        mls_key: random(),
        binding: String::new(),
        passkey_kind: PasskeyKind::Platform.as_str().to_owned(),
    };
    let id = new.device_id;
    tx.create_device(
        &new,
        b"{}",
        &random(),
        ago(now_ms, device.enrolled_hours_ago),
    )
    .await?;
    tx.put_facts(id, &device.facts, now_ms).await?;
    tx.touch_device(id, seen).await?;
    if device.fate != Fate::Pending {
        tx.move_devices(&[id], DeviceState::Pending, DeviceState::Active, now_ms)
            .await?;
    }
    let (lost, retired) = ("reported lost by its owner", "handed in");
    let ended = |kind, why, at_ms| Ended {
        kind,
        id,
        why,
        at_ms,
    };
    Ok(match device.fate {
        Fate::Used | Fate::Pending => Vec::new(),
        Fate::Retired => {
            tx.end_device(id, DeviceState::Retired, retired, seen)
                .await?;
            vec![ended(REVOKED, retired, seen)]
        }
        Fate::Lost => {
            tx.end_device(id, DeviceState::Lost, lost, seen).await?;
            vec![ended(LOST, lost, seen)]
        }
        Fate::Wiped => {
            tx.end_device(id, DeviceState::Lost, lost, seen).await?;
            let wiped = ago(now_ms, device.seen_hours_ago.saturating_sub(5));
            tx.mark_wiped(id, wiped).await?;
            vec![ended(LOST, lost, seen), ended(WIPED, lost, wiped)]
        }
    })
}

fn new_person(person: &StaffMember) -> NewPerson {
    NewPerson {
        user_id: person.id,
        username: person.username.clone(),
        name: person.name.clone(),
        role_title: person.title.clone(),
        department: person.department.clone(),
        facility_id: person.facility,
        active: true,
        onboarded: person.readiness != Readiness::Onboarding,
        roles: person.roles.clone(),
    }
}

/// Codes for those who are ready and have no device.
struct Invited {
    people: Vec<(StaffMember, Option<codes::Made>)>,
    officer: OfficerInvite,
    keeper: Option<codes::Made>,
}

async fn invite_all(
    config: &Config,
    keys: &HospitalKeys,
    store: &Store,
    hospital: &Hospital,
    now_ms: u64,
) -> Result<Invited, InitError> {
    let mut facts = store.read().await?;
    let has_genesis = facts.genesis().await?.is_some();
    let keeper = facts.person_by_username(KEEPERS_NAME).await?;
    let keeper = keeper.map(|person| person.user_id);
    let users = hospital.staff.iter().map(|person| person.id).chain(keeper);
    let without = without_device(&mut facts, users).await?;
    drop(facts);

    let confirming = hospital
        .staff
        .iter()
        .find(|person| person.has_role("enrolling_officer"));
    let mut people = Vec::new();
    let mut tx = store.write().await?;
    let terms = Terms::of(config);
    for person in hospital
        .staff
        .iter()
        .filter(|p| p.readiness == Readiness::Ready)
    {
        if confirming.is_some_and(|officer| officer.id == person.id) && !has_genesis {
            continue;
        }
        let made = if without.contains(&person.id) {
            let invitation = confirmed(person.id);
            Some(codes::invite(&mut tx, &keys.index, &invitation, &terms, now_ms).await?)
        } else {
            None
        };
        people.push((person.clone(), made));
    }
    let keeper = match keeper.filter(|keeper| without.contains(keeper)) {
        Some(user) => {
            let invitation = confirmed(user);
            Some(codes::invite(&mut tx, &keys.index, &invitation, &terms, now_ms).await?)
        }
        None => None,
    };
    tx.commit().await?;
    init::record(store, INVITED, "hospital", now_ms).await?;

    let officer = match confirming {
        Some(officer) => {
            let code = if has_genesis {
                None
            } else {
                let program = Program::Demo;
                let made =
                    init::first_code(config, keys, store, officer.id, program, now_ms).await?;
                Some(made.link.written())
            };
            OfficerInvite {
                user: officer.username.clone(),
                code,
            }
        }
        None => OfficerInvite {
            user: String::new(),
            code: None,
        },
    };
    Ok(Invited {
        people,
        officer,
        keeper,
    })
}

/// Those of these people who have no device, or none in use any more.
async fn without_device(
    facts: &mut Tx,
    users: impl IntoIterator<Item = UserId>,
) -> Result<HashSet<UserId>, StoreError> {
    let mut without = HashSet::new();
    for user in users {
        let devices = facts.devices_of(user).await?;
        if devices.iter().all(|device| device.state.is_out()) {
            without.insert(user);
        }
    }
    Ok(without)
}

/// An invitation whose device the demo's officer confirms without comparing anything.
const fn confirmed(user: UserId) -> Invitation {
    Invitation {
        user,
        program: Program::Demo,
        genesis: false,
        confirmed: true,
        invited_by: None,
        serial: None,
    }
}

const SEEDED: Kind = Kind::named("demo.seeded");
const INVITED: Kind = Kind::named("demo.invited");
const WITHDRAWN: Kind = Kind::named("demo.withdrawn");
