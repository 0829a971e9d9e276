//! A security officer changes a program's rules at a real server with ten thousand devices.

use std::path::Path;
use std::time::Duration;

use tokio::runtime::Builder;
use wardline_client_native::{Enrolment, NativeClient};
use wardline_model::wire::enroll::{DeviceState, Platform};
use wardline_model::wire::posture::{Fact, FactName, Provenance};
use wardline_model::wire::programs::{
    Check, Program, ProgramChange, ProgramInfo, ProgramList, Rule, Unknown,
};
use wardline_model::{DeviceId, FacilityId, UserId};
use wardline_policy::PasskeyKind;
use wardline_server::keys::HospitalKeys;
use wardline_store::{NewDevice, NewPerson, NodeKeys, Store, StoreConfig};

use super::made::{self, DAY, DEVICES, FACTS};
use super::within;
use crate::bench::{Bench, Outcome};
use crate::clock;
use crate::process::{Cpu, Demo};
use crate::report::{Figure, Row};
use crate::stats::{Sample, ms};

/// Each kind of change is made so often.
const ROUNDS: usize = 5;
/// The demo's security officer.
const OFFICER: &str = "viktor.lindgren";
const PROGRAM: &str = "issued";
const PATIENCE: Duration = Duration::from_mins(2);
/// A server is at rest that uses less than a tenth of a core for so long.
const REST: Duration = Duration::from_millis(300);

/// How long the requests took.
pub(super) struct Changes {
    nothing: Sample,
    noted: Sample,
    moved: Sample,
    commit: Sample,
}

impl Changes {
    pub(super) fn rows(&self) -> Vec<Row> {
        let commit = Figure::new(ms(self.commit.median()), "ms");
        vec![
            within(
                format!(
                    "rules changed at the server, none of {DEVICES} assessments is another, slowest"
                ),
                &self.nothing,
            ),
            within(
                format!("the same, {DEVICES} assessments are others and no device moves, slowest"),
                &self.noted,
            ),
            within(
                format!("the same, {DEVICES} devices move to grace, slowest"),
                &self.moved,
            ),
            Row::new(
                format!("the same, {DEVICES} devices move, median"),
                Figure::new(ms(self.moved.median()), "ms"),
                "one SQLite commit, p50",
                commit,
            ),
        ]
    }

    pub(super) fn notes(&self) -> Vec<String> {
        vec![format!(
            "At the server: `PUT /v1/programs/{PROGRAM}` by the demo's security officer, {} times for \
             each row, from the signed request to its answer, on a server at rest. It takes in proof \
             and policy, the new terms with their audit event, all devices with {FACTS} facts each read \
             from SQLite and judged, and what came out written in transactions of some hundred \
             devices. One that moves is judged again within its transaction, and has its assessment, its \
             state and a sealed audit event written. All {DEVICES} devices are of the changed \
             program and none is in a conversation: that of a quarantined device would have its removal \
             proposed too. Load generator and server share the machine's cores.",
            self.moved.len()
        )]
    }
}

/// Starts the demo over a data directory with so many devices, and changes a program's rules.
pub(super) fn measure(bench: &Bench) -> Outcome<Changes> {
    let commit = bench.disk()?.commit.clone();
    let dir = tempfile::tempdir_in(&bench.scratch)?;
    let data = dir.path().join("data");
    Demo::start(&bench.wardline, &data)?.stop()?;
    bench.runtime()?.block_on(fill(&data, clock::unix_ms()))?;
    let demo = Demo::start(&bench.wardline, &data)?;
    // A client drives one device on one thread.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let [nothing, noted, moved] =
        runtime.block_on(changes(&demo, dir.path(), bench.rounds(ROUNDS)))?;
    demo.stop()?;
    Ok(Changes {
        nothing: Sample::new(nothing),
        noted: Sample::new(noted),
        moved: Sample::new(moved),
        commit,
    })
}

/// Writes the devices and their people into the hospital's database, in one transaction, as someone
/// does who holds its keys.
pub(super) async fn fill(data: &Path, now_ms: u64) -> Outcome<()> {
    let store = open(data, &HospitalKeys::open(data)?)?;
    let mut tx = store.write().await?;
    let facility = FacilityId::from_bytes(id(usize::MAX));
    tx.put_facility(facility, "Bench").await?;
    for number in 0..=DEVICES {
        let mut made = made::well_kept(number, now_ms);
        if number == DEVICES {
            // A rule that counts what is not known waits until somebody tells it of one device.
            made.facts.push(Fact {
                name: FactName::ScreenLock,
                value: true.into(),
                provenance: Provenance::Managed,
                observed_at: now_ms,
                evidence: "Microsoft Intune".to_owned(),
            });
        }
        let person = NewPerson {
            user_id: UserId::from_bytes(id(number)),
            username: format!("bench.{number}"),
            name: format!("Bench {number}"),
            role_title: "Nurse".to_owned(),
            department: "Bench".to_owned(),
            facility_id: facility,
            active: true,
            onboarded: true,
            roles: vec!["nurse".to_owned()],
        };
        tx.put_person(&person, now_ms).await?;
        let mut key = [0xbe; 32];
        key[..16].copy_from_slice(&id(number));
        let device = NewDevice {
            device_id: DeviceId::from_bytes(id(number)),
            user_id: person.user_id,
            name: "Phone".to_owned(),
            platform: Platform::Browser,
            program: made.program.to_owned(),
            serial: Some(format!("BENCH{number}")),
            notice_hash: None,
            jkt: key,
            device_jwk: "{}".to_owned(),
            mls_key: key,
            binding: String::new(),
            passkey_kind: PasskeyKind::Platform.as_str().to_owned(),
        };
        let enrolled = now_ms.saturating_sub(60 * DAY);
        tx.create_device(&device, b"{}", &key, enrolled).await?;
        tx.put_facts(device.device_id, &made.facts, now_ms).await?;
        tx.touch_device(device.device_id, now_ms).await?;
        tx.move_devices(
            &[device.device_id],
            DeviceState::Pending,
            DeviceState::Active,
            now_ms,
        )
        .await?;
    }
    tx.commit().await?;
    store.close().await;
    Ok(())
}

/// The hospital's database, as someone opens it who holds its keys.
pub(super) fn open(data: &Path, keys: &HospitalKeys) -> Outcome<Store> {
    let node = NodeKeys {
        node: "bench".parse()?,
        log: keys.log.clone(),
    };
    let url = StoreConfig::new(format!("sqlite:{}", data.join("wardline.db").display()));
    Ok(Store::open(
        &url,
        keys.sealer.clone(),
        keys.index.clone(),
        node,
    )?)
}

/// An id of the bench.
fn id(number: usize) -> [u8; 16] {
    let mut id = [0xbe; 16];
    id[8..].copy_from_slice(&(number as u64).to_be_bytes());
    id
}

/// How long the answers took: where nothing is another, where assessments are, where devices move.
async fn changes(demo: &Demo, dir: &Path, rounds: usize) -> Outcome<[Vec<Duration>; 3]> {
    let mut officer = Officer::enroll(demo, dir).await?;
    let baseline = officer.terms.clone();
    let mut took = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..rounds {
        officer.client.prove_again(&[]).await?;
        // Whoever was heard of today has all the grace of this rule, however long it is.
        let mut terms = baseline.clone();
        for rule in terms.rules.iter_mut().filter(|rule| rule.id == "seen") {
            rule.grace_days += 1;
        }
        let (nothing, stand) = officer.change(demo, terms).await?;
        is(stand.devices.compliant, "compliant")?;

        let mut terms = baseline.clone();
        terms.rules.push(screen_lock(Unknown::Allow));
        let (noted, stand) = officer.change(demo, terms).await?;
        is(stand.devices.compliant, "still compliant")?;

        let mut terms = baseline.clone();
        terms.rules.push(screen_lock(Unknown::Count));
        let (moved, stand) = officer.change(demo, terms).await?;
        is(stand.devices.grace, "in grace")?;

        let (_, stand) = officer.change(demo, baseline.clone()).await?;
        is(stand.devices.compliant, "compliant again")?;
        for (times, time) in took.iter_mut().zip([nothing, noted, moved]) {
            times.push(time);
        }
    }
    Ok(took)
}

/// All of the bench's devices stand so.
fn is(count: u64, how: &str) -> Outcome<()> {
    if count >= DEVICES as u64 {
        Ok(())
    } else {
        Err(format!("only {count} devices are {how}").into())
    }
}

/// A rule of which nothing is known for phones that a manager tells of.
pub(super) fn screen_lock(unknown: Unknown) -> Rule {
    Rule {
        id: "screen_lock".to_owned(),
        check: Check::ScreenLock {
            max_seconds: Some(120),
        },
        accept: vec![Provenance::Agent, Provenance::Managed],
        platforms: Vec::new(),
        max_age_days: Some(30),
        grace_days: 14,
        unknown,
    }
}

/// The demo's security officer at a desk.
struct Officer {
    client: NativeClient,
    /// As they are.
    terms: Program,
    version: u64,
}

impl Officer {
    async fn enroll(demo: &Demo, dir: &Path) -> Outcome<Self> {
        let enrolment = Enrolment {
            code: demo.link_of(OFFICER)?,
            name: "Bench",
            ..Enrolment::default()
        };
        let mut client = NativeClient::enroll(&dir.join("home"), &enrolment).await?;
        client.wait_until_active(PATIENCE).await?;
        client.sign_in().await?;
        let list = client.raw("GET", "/v1/programs", None).await?;
        let list: ProgramList = serde_json::from_slice(&list)?;
        let mut programs = list.programs.into_iter();
        let issued = programs.find(|program| program.terms.slug == PROGRAM);
        let issued = issued.ok_or("no such program")?;
        Ok(Self {
            client,
            terms: issued.terms,
            version: issued.version,
        })
    }

    /// Changes the program on a server at rest, and says how long the answer took.
    async fn change(&mut self, demo: &Demo, terms: Program) -> Outcome<(Duration, ProgramInfo)> {
        let body = serde_json::to_vec(&ProgramChange {
            version: self.version,
            terms,
        })?;
        rest(Some(demo.pid())).await?;
        let path = format!("/v1/programs/{PROGRAM}");
        let start = clock::now();
        let answer = self.client.raw("PUT", &path, Some(body)).await?;
        let took = start.elapsed();
        let info: ProgramInfo = serde_json::from_slice(&answer)?;
        self.version = info.version;
        Ok((took, info))
    }
}

/// Waits until the server, in this process where none is named, has done what follows from the last
/// change, or from its start: the log takes in every move.
pub(super) async fn rest(server: Option<u32>) -> Outcome<()> {
    let start = clock::now();
    while start.elapsed() < PATIENCE {
        let before = Cpu::of(server)?;
        tokio::time::sleep(REST).await;
        if Cpu::of(server)?.since(before).total() < REST / 10 {
            return Ok(());
        }
    }
    Err("the server does not come to rest".into())
}
