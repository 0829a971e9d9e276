//! What is known of devices, what their programs' rules made of it, and who looked.

use wardline_model::wire::enroll::Platform;
use wardline_model::wire::posture::{Fact, FactName, Provenance};
use wardline_model::{DeviceId, UserId};

use crate::StoreError;
use crate::rows::{execute, fetch_all, row};
use crate::store::Tx;

row! {
    struct RawFact {
        device_id: DeviceId,
        name: FactName,
        provenance: Provenance,
        value: String,
        observed_at: u64,
        evidence: String,
    }
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

impl RawFact {
    fn read(self) -> Result<(DeviceId, Fact), StoreError> {
        let value = serde_json::from_str(&self.value)
            .map_err(|_| StoreError::Corrupt("device_facts.value"))?;
        let fact = Fact {
            name: self.name,
            value,
            provenance: self.provenance,
            observed_at: self.observed_at,
            evidence: self.evidence,
        };
        Ok((self.device_id, fact))
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
        let raw = fetch_all!(
            self,
            RawFact,
            "SELECT device_id, name, provenance, value, observed_at, evidence FROM device_facts
             WHERE device_id = $1 ORDER BY name, provenance",
            device
        )?;
        raw.into_iter()
            .map(|raw| raw.read().map(|(_, fact)| fact))
            .collect()
    }

    /// What is known of all devices that are not out of use, device by device.
    pub async fn fleet_facts(&mut self) -> Result<Vec<(DeviceId, Fact)>, StoreError> {
        let raw = fetch_all!(
            self,
            RawFact,
            "SELECT f.device_id, f.name, f.provenance, f.value, f.observed_at, f.evidence
             FROM device_facts f JOIN devices d ON d.device_id = f.device_id
             WHERE d.state IN ('pending', 'active', 'grace', 'quarantined')
             ORDER BY f.device_id, f.name, f.provenance"
        )?;
        raw.into_iter().map(RawFact::read).collect()
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

    /// Writes what its program's rules made of a device: an `Assessment`, JSON.
    pub async fn set_assessment(
        &mut self,
        device: DeviceId,
        assessment: &str,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE devices SET assessment = $2 WHERE device_id = $1",
            device,
            assessment
        )?;
        Ok(())
    }

    /// The same, where nobody wrote another one meanwhile.
    pub async fn swap_assessment(
        &mut self,
        device: DeviceId,
        before: Option<&str>,
        assessment: &str,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE devices SET assessment = $2
             WHERE device_id = $1 AND assessment IS NOT DISTINCT FROM $3",
            device,
            assessment,
            before
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
