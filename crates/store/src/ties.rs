//! Who has to do with which patient: what a look is explained by.
//!
//! Ties follow from entries of the record (a stay, an order) and name people as the record does; who signs in
//! here under such a name, the directory's entries say ([`Tx::put_clinician`]). Each may come first, so they meet
//! when somebody asks. A care team that ended leaves a tie for a while.
//!
//! What a thief of the database learns is how many stays and orders each member of the staff has with how many
//! (unnamed) patients, and when they begin and end, and which (unnamed) patients share an (unnamed) ward.

use std::collections::BTreeSet;

use wardline_model::{FacilityId, PatientId, UserId};
use wardline_seal::Token;

use crate::dialect::placeholders;
use crate::rows::{Bind as _, bind_all, execute, fetch_all, on_engine, row};
use crate::store::Tx;
use crate::{StoreError, text};

/// What a tie is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bond {
    /// Somebody is on the care team.
    CareTeam,
    /// Somebody was asked for advice.
    Consult,
    /// Somebody gave an order, or carries it out.
    Order,
    /// The patient is with somebody.
    Encounter,
    /// The patient is on a ward.
    Ward,
}

/// A tie to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTie<'a> {
    /// What it is made of.
    pub bond: Bond,
    /// Who or where, as the record names it; letter case does not matter.
    pub name: &'a str,
    /// When it begins, unix milliseconds.
    pub from_ms: u64,
    /// When it ends, unix milliseconds; [`FOREVER`] for as long as nothing else is said.
    pub until_ms: u64,
}

/// Somebody who signs in here, and how the record knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewClinician<'a> {
    /// The entry of the directory that says so.
    pub id: &'a str,
    /// Their sign-in name.
    pub account: &'a str,
    /// By which names the record knows them.
    pub names: &'a [String],
}

row! {
    /// What ties a person to a patient.
    pub struct Tie {
        /// What it is made of.
        pub bond: Bond,
        /// Who.
        pub user_id: UserId,
        /// Their department.
        pub department: String,
        /// Where they work.
        pub facility_id: FacilityId,
        /// When it began, unix milliseconds; 0 where nobody knows.
        pub from_ms: u64,
        /// When it ended or will, unix milliseconds.
        pub until_ms: u64,
    }
}

row! {
    struct OfPatient {
        patient_token: Token,
        patient_sealed: Vec<u8>,
    }
}

row! {
    struct RawEnded {
        user_id: UserId,
        bond: Bond,
        from_ms: u64,
        until_ms: u64,
    }
}

impl Tx {
    /// Writes the ties that follow from an entry about a patient, in place of those that did before.
    pub async fn put_ties(
        &mut self,
        kind: &str,
        id: &str,
        patient: &PatientId,
        ties: &[NewTie<'_>],
    ) -> Result<(), StoreError> {
        let entry = self.resource_token(kind, id);
        execute!(
            self,
            "DELETE FROM ties WHERE kind = $1 AND id_token = $2",
            kind,
            entry
        )?;
        if ties.is_empty() {
            return Ok(());
        }
        let token = self.patient_token(patient);
        let sealed = self.seal(PATIENT, token.as_bytes(), patient.as_str().as_bytes())?;
        for tie in ties {
            let name = self.tie_token(tie.bond == Bond::Ward, tie.name);
            execute!(
                self,
                "INSERT INTO ties (kind, id_token, bond, name_token, patient_token, patient_sealed,
                     from_ms, until_ms)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
                kind,
                entry,
                tie.bond,
                name,
                token,
                sealed,
                tie.from_ms,
                tie.until_ms
            )?;
        }
        Ok(())
    }

    /// Writes by which names the record knows a person, in place of those that an entry of the directory gave
    /// them before.
    pub async fn put_clinician(&mut self, new: &NewClinician<'_>) -> Result<(), StoreError> {
        let entry = self.resource_token("Practitioner", new.id);
        execute!(self, "DELETE FROM clinicians WHERE id_token = $1", entry)?;
        for name in new.names {
            let name = self.tie_token(false, name);
            execute!(
                self,
                "INSERT INTO clinicians (id_token, name_token, account) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING",
                entry,
                name,
                text::fold(new.account)
            )?;
        }
        Ok(())
    }

    /// What ties people in use to a patient at a time, or did until some time before: each person once for each
    /// bond, with when the first of it began and the last of it ends.
    pub async fn ties_of(
        &mut self,
        patient: &PatientId,
        since_ms: u64,
        now_ms: u64,
    ) -> Result<Vec<Tie>, StoreError> {
        let patient = self.patient_token(patient);
        fetch_all!(
            self,
            Tie,
            "SELECT t.bond, u.user_id, u.department, u.facility_id, MIN(t.from_ms) AS from_ms,
                 MAX(t.until_ms) AS until_ms
             FROM ties t JOIN clinicians c ON c.name_token = t.name_token
                 JOIN users u ON u.username_folded = c.account
             WHERE t.patient_token = $1 AND t.until_ms > $2 AND t.from_ms <= $3 AND t.bond <> 'ward'
                 AND u.active = 1
             GROUP BY t.bond, u.user_id, u.department, u.facility_id
             UNION ALL
             SELECT 'care_team' AS bond, u.user_id, u.department, u.facility_id,
                 COALESCE(c.since, 0) AS from_ms, 9223372036854775807 AS until_ms
             FROM care_team c JOIN users u ON u.user_id = c.user_id
             WHERE c.patient_token = $1 AND u.active = 1
             UNION ALL
             SELECT e.bond, u.user_id, u.department, u.facility_id, e.from_ms, e.until_ms
             FROM ended_ties e JOIN users u ON u.user_id = e.user_id
             WHERE e.patient_token = $1 AND e.until_ms > $2 AND u.active = 1",
            patient,
            since_ms,
            now_ms
        )
    }

    /// Since when a patient is on one of these wards, unix milliseconds; `None` where they are on none.
    pub async fn on_ward_since(
        &mut self,
        patient: &PatientId,
        wards: &[String],
        now_ms: u64,
    ) -> Result<Option<u64>, StoreError> {
        if wards.is_empty() {
            return Ok(None);
        }
        let patient = self.patient_token(patient);
        let wards: Vec<Token> = wards.iter().map(|it| self.tie_token(true, it)).collect();
        let sql = format!(
            "SELECT MAX(from_ms) AS n FROM ties
             WHERE patient_token = $1 AND until_ms > $2 AND from_ms <= $2 AND bond = 'ward'
                 AND name_token IN ({})",
            placeholders(3, wards.len())
        );
        let (since,): (Option<i64>,) = on_engine!(self, |Db, conn| {
            let query = sqlx::query_as::<Db, (Option<i64>,)>(sqlx::AssertSqlSafe(sql));
            let query = query.bind(patient.raw()).bind(now_ms.raw());
            bind_all!(query, &wards, |q, ward| q.bind(ward.raw()))
                .fetch_one(conn)
                .await
        })?;
        Ok(since.map(i64::unsigned_abs))
    }

    /// The patients to whom something ties a person, or did until some time before, those last whose tie ends
    /// first. Care teams that they are on are not among them: see [`Tx::patients_of`].
    pub async fn patients_tied_to(
        &mut self,
        user: UserId,
        since_ms: u64,
        now_ms: u64,
    ) -> Result<Vec<PatientId>, StoreError> {
        let rows: Vec<OfPatient> = fetch_all!(
            self,
            OfPatient,
            "SELECT t.patient_token, t.patient_sealed
             FROM users u JOIN clinicians c ON c.account = u.username_folded
                 JOIN ties t ON t.name_token = c.name_token
             WHERE u.user_id = $1 AND t.until_ms > $2 AND t.from_ms <= $3 AND t.bond <> 'ward'
             ORDER BY t.until_ms DESC LIMIT $4",
            user,
            since_ms,
            now_ms,
            MOST
        )?;
        let ended: Vec<OfPatient> = fetch_all!(
            self,
            OfPatient,
            "SELECT patient_token, patient_sealed FROM ended_ties
             WHERE user_id = $1 AND until_ms > $2 ORDER BY until_ms DESC LIMIT $3",
            user,
            since_ms,
            MOST
        )?;
        self.patients_in(rows.into_iter().chain(ended))
    }

    /// The patients on one of these wards.
    pub async fn patients_on(
        &mut self,
        wards: &[String],
        now_ms: u64,
    ) -> Result<Vec<PatientId>, StoreError> {
        if wards.is_empty() {
            return Ok(Vec::new());
        }
        let wards: Vec<Token> = wards.iter().map(|it| self.tie_token(true, it)).collect();
        let sql = format!(
            "SELECT patient_token, patient_sealed FROM ties
             WHERE until_ms > $1 AND from_ms <= $1 AND bond = 'ward' AND name_token IN ({})
             ORDER BY patient_token LIMIT $2",
            placeholders(3, wards.len())
        );
        let rows: Vec<OfPatient> = on_engine!(self, |Db, conn| {
            let query = sqlx::query_as::<Db, OfPatient>(sqlx::AssertSqlSafe(sql));
            let query = query.bind(now_ms.raw()).bind(MOST.raw());
            bind_all!(query, &wards, |q, ward| q.bind(ward.raw()))
                .fetch_all(conn)
                .await
        })?;
        self.patients_in(rows)
    }

    /// Notes that somebody comes off a care team now; what ended long ago is forgotten by the way.
    pub(crate) async fn end_care(
        &mut self,
        patient: Token,
        user: UserId,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM ended_ties WHERE user_id = $1 AND until_ms < $2",
            user,
            now_ms.saturating_sub(KEPT_MS)
        )?;
        // Sealed for the same column and row as ties, so that it can be carried over as it is.
        execute!(
            self,
            "INSERT INTO ended_ties (patient_token, user_id, bond, patient_sealed, from_ms, until_ms)
             SELECT patient_token, user_id, 'care_team', patient_sealed, COALESCE(since, 0), $3
             FROM care_team WHERE patient_token = $1 AND user_id = $2
             ON CONFLICT (patient_token, user_id, bond) DO UPDATE SET
                 patient_sealed = excluded.patient_sealed, from_ms = excluded.from_ms,
                 until_ms = excluded.until_ms",
            patient,
            user,
            now_ms
        )?;
        Ok(())
    }

    /// What ended with one patient ended with another: their records are one from now on.
    pub async fn move_ended_ties(
        &mut self,
        from: &PatientId,
        to: &PatientId,
    ) -> Result<(), StoreError> {
        let (old, new) = (self.patient_token(from), self.patient_token(to));
        let sealed = self.seal(PATIENT, new.as_bytes(), to.as_str().as_bytes())?;
        let rows: Vec<RawEnded> = fetch_all!(
            self,
            RawEnded,
            "SELECT user_id, bond, from_ms, until_ms FROM ended_ties WHERE patient_token = $1",
            old
        )?;
        for row in rows {
            execute!(
                self,
                "INSERT INTO ended_ties (patient_token, user_id, bond, patient_sealed, from_ms, until_ms)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (patient_token, user_id, bond) DO UPDATE SET until_ms =
                     CASE WHEN ended_ties.until_ms < excluded.until_ms THEN excluded.until_ms
                     ELSE ended_ties.until_ms END",
                new,
                row.user_id,
                row.bond,
                sealed,
                row.from_ms,
                row.until_ms
            )?;
        }
        execute!(self, "DELETE FROM ended_ties WHERE patient_token = $1", old)?;
        Ok(())
    }

    /// Each patient once, in the order of the rows.
    fn patients_in(
        &self,
        rows: impl IntoIterator<Item = OfPatient>,
    ) -> Result<Vec<PatientId>, StoreError> {
        let mut seen: BTreeSet<Token> = BTreeSet::new();
        let mut patients = Vec::new();
        for row in rows {
            if seen.insert(row.patient_token) {
                let opened =
                    self.open(PATIENT, row.patient_token.as_bytes(), &row.patient_sealed)?;
                patients.push(text::patient_id(&opened)?);
            }
        }
        Ok(patients)
    }

    fn tie_token(&self, is_ward: bool, name: &str) -> Token {
        let kind = if is_ward { "tie ward" } else { "tie person" };
        self.shared.index.token(kind, text::fold(name).as_bytes())
    }
}

/// The end of a tie that has none.
pub const FOREVER: u64 = i64::MAX.unsigned_abs();
/// The rows that a list is made of at most.
const MOST: u32 = 1000;
/// For so long it is known who was on a care team.
const KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// As care teams seal it.
const PATIENT: &str = "care_team.patient";
