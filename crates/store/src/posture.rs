//! What is known of devices, what their programs' rules made of it, and who looked.

use std::collections::HashMap;
use std::sync::LazyLock;

use wardline_model::wire::enroll::Platform;
use wardline_model::wire::posture::{Fact, FactName, Provenance};
use wardline_model::{DeviceId, UserId};

use crate::StoreError;
use crate::dialect::{ManyRows, placeholders};
use crate::people::MAX_IN;
use crate::rows::{Bind as _, bind_all, execute, fetch_all, on_engine, row};
use crate::store::Tx;

row! {
    struct RawFacts {
        device_id: DeviceId,
        facts: String,
    }
}

/// A fact as `Tx::collected_facts` selects it: name, provenance, the value's JSON, when it was
/// observed, evidence.
type RawFact = (FactName, Provenance, String, u64, String);

/// How a device stands by its program's rules, and how it stood before.
#[derive(Debug, Clone, Copy)]
pub struct Assessed<'a> {
    /// The device.
    pub device: DeviceId,
    /// What was written of it so far, to the letter.
    pub before: Option<&'a str>,
    /// What is to be written: an `Assessment`, JSON.
    pub after: &'a str,
}

row! {
    /// That something is known of a device.
    pub struct Told {
        /// The slug of its program.
        pub program: String,
        /// What runs on it.
        pub platform: Platform,
        /// What is known.
        pub name: FactName,
        /// From whom.
        pub provenance: Provenance,
    }
}

row! {
    /// Who looked at what is known of a device.
    pub struct View {
        /// The person.
        pub user_id: UserId,
        /// Their name.
        pub name: String,
        /// Their role, as shown.
        pub role_title: String,
        /// The first time, unix milliseconds.
        pub first_at: u64,
        /// The last time, unix milliseconds.
        pub last_at: u64,
        /// How often.
        pub times: u64,
    }
}

impl RawFacts {
    fn read(self) -> Result<(DeviceId, Vec<Fact>), StoreError> {
        const CORRUPT: StoreError = StoreError::Corrupt("device_facts");
        let raw: Vec<RawFact> = serde_json::from_str(&self.facts).map_err(|_| CORRUPT)?;
        let mut facts = Vec::with_capacity(raw.len());
        for (name, provenance, value, observed_at, evidence) in raw {
            let value = serde_json::from_str(&value).map_err(|_| CORRUPT)?;
            facts.push(Fact {
                name,
                value,
                provenance,
                observed_at,
                evidence,
            });
        }
        facts.sort_by_key(|fact| (fact.name, fact.provenance));
        Ok((self.device_id, facts))
    }
}

impl Tx {
    /// Writes what is told of a device. Of each name and provenance the newest stays: what was
    /// observed before what is known is left alone. Gives how many were written.
    pub async fn put_facts(
        &mut self,
        device: DeviceId,
        facts: &[Fact],
        now_ms: u64,
    ) -> Result<u64, StoreError> {
        let mut written = 0;
        for fact in facts {
            let value = serde_json::to_string(&fact.value)
                .map_err(|_| StoreError::Corrupt("a fact's value"))?;
            written += execute!(
                self,
                "INSERT INTO device_facts (device_id, name, provenance, value, observed_at,
                     received_at, evidence)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (device_id, name, provenance) DO UPDATE SET
                     value = excluded.value, observed_at = excluded.observed_at,
                     received_at = excluded.received_at, evidence = excluded.evidence
                 WHERE device_facts.observed_at <= excluded.observed_at",
                device,
                fact.name,
                fact.provenance,
                value,
                fact.observed_at,
                now_ms,
                fact.evidence
            )?;
        }
        Ok(written)
    }

    /// Forgets what a source said of a device before a time, other than this: what an agent or a
    /// manager no longer tells is no longer known. A source is known by its provenance and by what
    /// stands as the evidence of its facts.
    pub async fn keep_facts(
        &mut self,
        device: DeviceId,
        provenance: Provenance,
        evidence: &str,
        names: &[FactName],
        before_ms: u64,
    ) -> Result<(), StoreError> {
        for fact in self.facts_of(device).await? {
            let its_own = fact.provenance == provenance && fact.evidence == evidence;
            if its_own && fact.observed_at <= before_ms && !names.contains(&fact.name) {
                execute!(
                    self,
                    "DELETE FROM device_facts
                     WHERE device_id = $1 AND name = $2 AND provenance = $3",
                    device,
                    fact.name,
                    provenance
                )?;
            }
        }
        Ok(())
    }

    /// What is known of a device.
    pub async fn facts_of(&mut self, device: DeviceId) -> Result<Vec<Fact>, StoreError> {
        let mut known = self.facts_of_devices(&[device]).await?;
        Ok(known.remove(&device).unwrap_or_default())
    }

    /// What is known of several devices; those of which nothing is are left out.
    pub async fn facts_of_devices(
        &mut self,
        devices: &[DeviceId],
    ) -> Result<HashMap<DeviceId, Vec<Fact>>, StoreError> {
        let mut known = HashMap::with_capacity(devices.len());
        for ids in devices.chunks(MAX_IN) {
            let sql = format!(
                "SELECT device_id, {} AS facts FROM device_facts WHERE device_id IN ({})
                 GROUP BY device_id",
                self.collected_facts(),
                placeholders(1, ids.len())
            );
            let raw: Vec<RawFacts> = on_engine!(self, |Db, conn| {
                let query = sqlx::query_as::<Db, RawFacts>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, ids, |q, id| q.bind(id.raw()))
                    .fetch_all(conn)
                    .await
            })?;
            for raw in raw {
                let (device, facts) = raw.read()?;
                known.insert(device, facts);
            }
        }
        Ok(known)
    }

    /// What is known of all devices that are not out of use.
    pub async fn fleet_facts(&mut self) -> Result<HashMap<DeviceId, Vec<Fact>>, StoreError> {
        let sql = format!(
            "SELECT device_id, {} AS facts FROM device_facts
             WHERE device_id IN (SELECT device_id FROM devices
                 WHERE state IN ('pending', 'active', 'grace', 'quarantined'))
             GROUP BY device_id",
            self.collected_facts()
        );
        let raw: Vec<RawFacts> = on_engine!(self, |Db, conn| {
            sqlx::query_as::<Db, RawFacts>(sqlx::AssertSqlSafe(sql))
                .fetch_all(conn)
                .await
        })?;
        raw.into_iter().map(RawFacts::read).collect()
    }

    /// Forgets the facts of a name of all devices of a program.
    pub async fn forget_facts(&mut self, program: &str, name: FactName) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM device_facts WHERE name = $2
                 AND device_id IN (SELECT device_id FROM devices WHERE program = $1)",
            program,
            name
        )?;
        Ok(())
    }

    /// What is known of any device in use, and from whom; each once.
    pub async fn told(&mut self) -> Result<Vec<Told>, StoreError> {
        fetch_all!(
            self,
            Told,
            "SELECT DISTINCT d.program, d.platform, f.name, f.provenance
             FROM device_facts f JOIN devices d ON d.device_id = f.device_id
             WHERE d.state IN ('active', 'grace', 'quarantined')"
        )
    }

    /// Writes how devices stand by their programs' rules, of each where nobody wrote something else
    /// meanwhile; gives of how many. On PostgreSQL whoever writes many holds
    /// [`Self::lock_devices`], so that no two wait for each other in turn.
    pub async fn put_assessments(&mut self, assessed: &[Assessed<'_>]) -> Result<u64, StoreError> {
        let mut written = 0;
        let (first, next): (Vec<_>, Vec<_>) = assessed
            .iter()
            .copied()
            .partition(|assessed| assessed.before.is_none());
        for (sql, run) in FIRST_ASSESSMENTS.cut(self, &first) {
            written += on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, run, |q, assessed| {
                    q.bind(assessed.device.raw()).bind(assessed.after)
                })
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
            })?;
        }
        for (sql, run) in ASSESSMENTS.cut(self, &next) {
            written += on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, run, |q, assessed| {
                    q.bind(assessed.device.raw())
                        .bind(assessed.before)
                        .bind(assessed.after)
                })
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
            })?;
        }
        Ok(written)
    }

    /// Forgets how a device stood, as if it had not been looked at yet.
    pub async fn forget_assessment(&mut self, device: DeviceId) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM device_assessments WHERE device_id = $1",
            device
        )?;
        Ok(())
    }

    /// Notes that someone looked at what is known of a device.
    pub async fn note_view(
        &mut self,
        device: DeviceId,
        user: UserId,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO device_views (device_id, user_id, first_at, last_at, times)
             VALUES ($1, $2, $3, $3, 1)
             ON CONFLICT (device_id, user_id) DO UPDATE SET
                 last_at = excluded.last_at, times = device_views.times + 1",
            device,
            user,
            now_ms
        )?;
        Ok(())
    }

    /// Notes that someone saw what is known of many devices together, such as in a file. Of each that
    /// counts once an hour, looks at it alone included. Their order is the same everywhere, so that no
    /// two transactions wait for each other in turn.
    pub async fn note_views(
        &mut self,
        devices: &[DeviceId],
        user: UserId,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let mut devices = devices.to_vec();
        devices.sort_unstable();
        devices.dedup();
        for (sql, run) in VIEWS.cut(self, &devices) {
            on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql));
                bind_all!(query, run, |q, device| {
                    q.bind(device.raw())
                        .bind(user.raw())
                        .bind(now_ms.raw())
                        .bind(now_ms.raw())
                })
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
            })?;
        }
        Ok(())
    }

    /// Who looked at what is known of a device, the last first.
    pub async fn views_of(&mut self, device: DeviceId) -> Result<Vec<View>, StoreError> {
        fetch_all!(
            self,
            View,
            "SELECT v.user_id, u.name, u.role_title, v.first_at, v.last_at, v.times
             FROM device_views v JOIN users u ON u.user_id = v.user_id
             WHERE v.device_id = $1 ORDER BY v.last_at DESC, v.user_id",
            device
        )
    }
}

static FIRST_ASSESSMENTS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO device_assessments (device_id, assessment) VALUES ",
        &["$", "$"],
        " ON CONFLICT (device_id) DO NOTHING",
    )
});

static VIEWS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO device_views (device_id, user_id, first_at, last_at, times) VALUES ",
        &["$", "$", "$", "$", "1"],
        " ON CONFLICT (device_id, user_id) DO UPDATE SET
             last_at = excluded.last_at, times = device_views.times + 1
         WHERE device_views.last_at <= excluded.last_at - 3600000",
    )
});

pub(crate) static ASSESSMENTS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "WITH assessed (device_id, before, after) AS (VALUES ",
        &["$", "$", "$"],
        ") UPDATE device_assessments SET assessment = assessed.after FROM assessed
         WHERE device_assessments.device_id = COALESCE(assessed.device_id, assessed.device_id)
             AND device_assessments.assessment = assessed.before",
    )
});
