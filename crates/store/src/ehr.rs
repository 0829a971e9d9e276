//! Copies of another record system's records: whose they are there, how old they are, and what goes.
//!
//! A copy lies among the resources, sealed like them, and is marked. What this hospital has by itself is
//! never replaced by one, whatever id the other system gives it; and only copies are taken away.

use std::collections::HashSet;

use wardline_model::PatientId;
use wardline_seal::Token;

use crate::StoreError;
use crate::fhir::NewResource;
use crate::rows::{execute, fetch_all, fetch_one, fetch_optional, row};
use crate::store::Tx;
use crate::text;

/// How a patient's copy stands.
#[derive(Clone, PartialEq, Eq)]
pub struct EhrCopy {
    /// The patient's id there.
    pub there: PatientId,
    /// As of when the copy is complete, unix milliseconds; `None` when there is none of the record.
    pub complete_at: Option<u64>,
    /// As of when all of it was read, and not what had changed alone.
    pub whole_at: Option<u64>,
    /// How many entries there cannot be read here.
    pub left_out: u64,
    /// Whether there is more of a type than may be copied.
    pub is_cut: bool,
}

/// How complete a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyDone {
    /// As of when, unix milliseconds.
    pub as_of_ms: u64,
    /// Whether all of it was read, or what had changed alone.
    pub is_whole: bool,
    /// How many entries there cannot be read here.
    pub left_out: u64,
    /// Whether there is more of a type than may be copied.
    pub is_cut: bool,
}

/// What came of writing copies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopiesPut {
    /// That are there now.
    pub kept: u64,
    /// Under whose type and id the hospital has something by itself.
    pub own: u64,
}

row! {
    struct Number {
        number: u64,
    }
}

row! {
    struct RawCopy {
        there_token: Token,
        there_sealed: Vec<u8>,
        complete_at: Option<u64>,
        whole_at: Option<u64>,
        left_out: u64,
        cut: u64,
    }
}

row! {
    struct RawPatient {
        patient_token: Token,
        patient_sealed: Vec<u8>,
    }
}

row! {
    struct Marked {
        copied: u64,
    }
}

row! {
    struct Place {
        kind: String,
        id_token: Token,
    }
}

impl Tx {
    /// How a patient's copy stands; `None` where it is not known that the other system has them.
    pub async fn ehr_copy(&mut self, patient: &PatientId) -> Result<Option<EhrCopy>, StoreError> {
        let token = self.patient_token(patient);
        let raw = fetch_optional!(
            self,
            RawCopy,
            "SELECT there_token, there_sealed, complete_at, whole_at, left_out, cut
             FROM ehr_copies
             WHERE patient_token = $1",
            token
        )?;
        raw.map(|raw| {
            let there = self.open_id(THERE, raw.there_token.as_bytes(), &raw.there_sealed)?;
            Ok(EhrCopy {
                there,
                complete_at: raw.complete_at,
                whole_at: raw.whole_at,
                left_out: raw.left_out,
                is_cut: raw.cut != 0,
            })
        })
        .transpose()
    }

    /// Who it is here that the other system has under an id.
    pub async fn ehr_patient(
        &mut self,
        there: &PatientId,
    ) -> Result<Option<PatientId>, StoreError> {
        let token = self.there_token(there);
        let raw = fetch_optional!(
            self,
            RawPatient,
            "SELECT patient_token, patient_sealed FROM ehr_copies WHERE there_token = $1",
            token
        )?;
        raw.map(|raw| self.open_id(HERE, raw.patient_token.as_bytes(), &raw.patient_sealed))
            .transpose()
    }

    /// Notes under which id the other system has a patient, and that somebody sought them. Under another
    /// id than before it is another record: nothing of it is copied yet. `false` where somebody else here
    /// has that id there already, and nothing is noted.
    pub async fn note_ehr_patient(
        &mut self,
        patient: &PatientId,
        there: &PatientId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        if let Some(other) = self.ehr_patient(there).await?
            && other != *patient
        {
            return Ok(false);
        }
        let token = self.patient_token(patient);
        let there_token = self.there_token(there);
        let here = self.seal(HERE, token.as_bytes(), patient.as_str().as_bytes())?;
        let sealed = self.seal(THERE, there_token.as_bytes(), there.as_str().as_bytes())?;
        execute!(
            self,
            "INSERT INTO ehr_copies (patient_token, patient_sealed, there_token, there_sealed,
                 sought_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (patient_token) DO UPDATE SET
                 complete_at = CASE WHEN ehr_copies.there_token = excluded.there_token
                     THEN ehr_copies.complete_at END,
                 whole_at = CASE WHEN ehr_copies.there_token = excluded.there_token
                     THEN ehr_copies.whole_at END,
                 there_token = excluded.there_token, there_sealed = excluded.there_sealed,
                 sought_at = excluded.sought_at",
            token,
            here,
            there_token,
            sealed,
            now_ms
        )?;
        Ok(true)
    }

    /// Whether a resource is a copy, and not the hospital's own.
    pub async fn is_copy(&mut self, kind: &str, id: &str) -> Result<bool, StoreError> {
        let token = self.resource_token(kind, id);
        let row = fetch_optional!(
            self,
            Marked,
            "SELECT copied FROM resources WHERE kind = $1 AND id_token = $2",
            kind,
            token
        )?;
        Ok(row.is_some_and(|row| row.copied == 1))
    }

    /// Writes copies. What the hospital has by itself under the same type and id stays as it is.
    pub async fn put_copies(
        &mut self,
        resources: &[NewResource<'_>],
        now_ms: u64,
    ) -> Result<CopiesPut, StoreError> {
        let mut put = CopiesPut::default();
        for resource in resources {
            let id = self.resource_token(resource.kind, resource.id);
            let old = fetch_optional!(
                self,
                Marked,
                "SELECT copied FROM resources WHERE kind = $1 AND id_token = $2",
                resource.kind,
                id
            )?;
            if old.is_some_and(|old| old.copied == 0) {
                put.own += 1;
                continue;
            }
            self.put_resources(std::slice::from_ref(resource), now_ms)
                .await?;
            execute!(
                self,
                "UPDATE resources SET copied = 1 WHERE kind = $1 AND id_token = $2 AND copied = 0",
                resource.kind,
                id
            )?;
            put.kept += 1;
        }
        Ok(put)
    }

    /// Notes that a patient's copy is complete as of a time. What was left out of all of it stays so for as
    /// long as only changes are read.
    pub async fn ehr_complete(
        &mut self,
        patient: &PatientId,
        done: CopyDone,
    ) -> Result<(), StoreError> {
        let token = self.patient_token(patient);
        execute!(
            self,
            "UPDATE ehr_copies SET complete_at = $2, sought_at = $2,
                 whole_at = CASE WHEN $3 = 1 THEN $2 ELSE whole_at END,
                 left_out = CASE WHEN $3 = 1 OR left_out < $4 THEN $4 ELSE left_out END,
                 cut = CASE WHEN $3 = 1 OR cut < $5 THEN $5 ELSE cut END
             WHERE patient_token = $1 AND COALESCE(complete_at, 0) <= $2",
            token,
            done.as_of_ms,
            u64::from(done.is_whole),
            done.left_out,
            u64::from(done.is_cut)
        )?;
        Ok(())
    }

    /// Takes away a patient's copies but these, by type and id; gives how many went.
    pub async fn drop_copies(
        &mut self,
        patient: &PatientId,
        keep: &[(&str, &str)],
    ) -> Result<u64, StoreError> {
        let keep: HashSet<(&str, Token)> = keep
            .iter()
            .map(|(kind, id)| (*kind, self.resource_token(kind, id)))
            .collect();
        let token = self.patient_token(patient);
        let places: Vec<Place> = fetch_all!(
            self,
            Place,
            "SELECT kind, id_token FROM resources WHERE patient_token = $1 AND copied = 1",
            token
        )?;
        let mut gone = 0;
        for Place { kind, id_token } in places {
            if !keep.contains(&(kind.as_str(), id_token)) {
                self.drop_copy(&kind, &id_token, token).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    /// Forgets that the other system has a patient, with all that was copied of the record. Who they are
    /// stays, for those who talk about them.
    pub async fn forget_ehr_patient(&mut self, patient: &PatientId) -> Result<u64, StoreError> {
        let who = [("Patient", patient.as_str())];
        let gone = self.drop_copies(patient, &who).await?;
        let token = self.patient_token(patient);
        execute!(
            self,
            "DELETE FROM ehr_copies WHERE patient_token = $1",
            token
        )?;
        Ok(gone)
    }

    /// Some patients whose copy is complete as of before a time, or who were sought before it and whose
    /// record was never copied.
    pub async fn old_copies(
        &mut self,
        before_ms: u64,
        limit: u32,
    ) -> Result<Vec<PatientId>, StoreError> {
        let rows: Vec<RawPatient> = fetch_all!(
            self,
            RawPatient,
            "SELECT patient_token, patient_sealed FROM ehr_copies
             WHERE COALESCE(complete_at, sought_at) < $1
             ORDER BY COALESCE(complete_at, sought_at), patient_token LIMIT $2",
            before_ms,
            limit
        )?;
        let ids = rows
            .iter()
            .map(|raw| self.open_id(HERE, raw.patient_token.as_bytes(), &raw.patient_sealed));
        ids.collect()
    }

    /// Takes away what was copied of a patient whose time is over: all but who they are where somebody
    /// cares for them or talks about them, and all of it where nobody does. `false` where it is no longer
    /// old, because it was copied anew meanwhile.
    pub async fn expire_copy(
        &mut self,
        patient: &PatientId,
        before_ms: u64,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let token = self.patient_token(patient);
        // Whoever is known is looked at again after as long a time.
        let noted = execute!(
            self,
            "UPDATE ehr_copies SET complete_at = NULL, whole_at = NULL, sought_at = $3
             WHERE patient_token = $1 AND COALESCE(complete_at, sought_at) < $2",
            token,
            before_ms,
            now_ms
        )?;
        if noted == 0 {
            return Ok(false);
        }
        let own: Number = fetch_one!(
            self,
            Number,
            "SELECT COUNT(*) AS number FROM resources WHERE patient_token = $1 AND copied = 0",
            token
        )?;
        let is_known = own.number > 0
            || !self.care_team(patient).await?.is_empty()
            || !self.groups_about(patient).await?.is_empty();
        if is_known {
            let who = [("Patient", patient.as_str())];
            self.drop_copies(patient, &who).await?;
        } else {
            self.drop_copies(patient, &[]).await?;
            execute!(
                self,
                "DELETE FROM ehr_copies WHERE patient_token = $1",
                token
            )?;
        }
        Ok(true)
    }

    async fn drop_copy(
        &mut self,
        kind: &str,
        id: &Token,
        patient: Token,
    ) -> Result<(), StoreError> {
        self.drop_tokens(kind, id, Some(patient)).await?;
        // What it said of who has to do with the patient explains nothing any more.
        execute!(
            self,
            "DELETE FROM ties WHERE kind = $1 AND id_token = $2",
            kind,
            id
        )?;
        execute!(
            self,
            "DELETE FROM resources WHERE kind = $1 AND id_token = $2 AND copied = 1",
            kind,
            id
        )?;
        Ok(())
    }

    fn there_token(&self, there: &PatientId) -> Token {
        let id = there.as_str().as_bytes();
        self.shared.index.token("patient elsewhere", id)
    }

    fn open_id(&self, column: &str, row: &[u8], sealed: &[u8]) -> Result<PatientId, StoreError> {
        text::patient_id(&self.open(column, row, sealed)?)
    }
}

const HERE: &str = "ehr_copies.patient";
const THERE: &str = "ehr_copies.there";
