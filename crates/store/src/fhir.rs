//! Clinical resources, sealed: neither ids nor contents stand in the clear.
//!
//! A resource is found by blind tokens: its own id, its patient's, and what it may be searched by.
//! What a thief of the database learns is how many resources there are of each kind, which of them
//! belong to one (unnamed) patient, and which share a search token.

use wardline_model::{PatientId, Phi};
use wardline_seal::Token;

use crate::StoreError;
use crate::dialect::placeholders;
use crate::rows::{
    Bind as _, bind_all, execute, fetch_all, fetch_one, fetch_optional, on_engine, row,
};
use crate::store::Tx;
use crate::text;

/// A resource to be written.
#[derive(Clone)]
pub struct NewResource<'a> {
    /// FHIR resource type, such as `Observation`.
    pub kind: &'a str,
    /// Logical id.
    pub id: &'a str,
    /// The patient it is about; for a Patient, itself.
    pub patient: Option<&'a PatientId>,
    /// The resource, JSON.
    pub body: &'a [u8],
    /// What it may be found by.
    pub terms: Vec<Term<'a>>,
}

/// Something a resource may be found by. Only tokens of it are stored.
#[derive(Clone)]
pub enum Term<'a> {
    /// A name: found by the first two to eight letters of its words.
    Name(&'a str),
    /// A value that has to be given whole, such as an identifier or a day.
    Exact {
        /// Which search parameter, such as `identifier`.
        field: &'a str,
        /// The value; letter case does not matter.
        value: &'a str,
    },
}

row! {
    struct Raw {
        id_token: Token,
        body_sealed: Vec<u8>,
    }
}

/// The JSON of a resource.
pub type Body = Phi<Vec<u8>>;

impl Tx {
    /// Writes resources; those with a known type and id are replaced.
    pub async fn put_resources(
        &mut self,
        resources: &[NewResource<'_>],
        now_ms: u64,
    ) -> Result<(), StoreError> {
        for resource in resources {
            let id = self.resource_token(resource.kind, resource.id);
            let sealed = self.seal("resources.body", &row_of(resource.kind, &id), resource.body)?;
            let patient = resource.patient.map(|patient| self.patient_token(patient));
            execute!(
                self,
                "INSERT INTO resources (kind, id_token, patient_token, body_sealed, updated_at)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (kind, id_token) DO UPDATE SET
                     patient_token = excluded.patient_token, body_sealed = excluded.body_sealed,
                     updated_at = excluded.updated_at",
                resource.kind,
                id,
                patient,
                sealed,
                now_ms
            )?;
            execute!(
                self,
                "DELETE FROM resource_tokens WHERE kind = $1 AND id_token = $2",
                resource.kind,
                id
            )?;
            for token in self.tokens_of(resource) {
                execute!(
                    self,
                    "INSERT INTO resource_tokens (kind, search_token, id_token)
                     VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    resource.kind,
                    token,
                    id
                )?;
            }
        }
        Ok(())
    }

    /// Looks a resource up.
    pub async fn resource(&mut self, kind: &str, id: &str) -> Result<Option<Body>, StoreError> {
        let token = self.resource_token(kind, id);
        let raw = fetch_optional!(
            self,
            Raw,
            "SELECT id_token, body_sealed FROM resources WHERE kind = $1 AND id_token = $2",
            kind,
            token
        )?;
        raw.map(|raw| self.open_body(kind, &raw)).transpose()
    }

    /// A patient's resources of one type, newest first.
    pub async fn resources_of(
        &mut self,
        patient: &PatientId,
        kind: &str,
        limit: u32,
    ) -> Result<Vec<Body>, StoreError> {
        let patient = self.patient_token(patient);
        let rows: Vec<Raw> = fetch_all!(
            self,
            Raw,
            "SELECT id_token, body_sealed FROM resources WHERE patient_token = $1 AND kind = $2
             ORDER BY updated_at DESC, id_token LIMIT $3",
            patient,
            kind,
            limit
        )?;
        rows.iter().map(|raw| self.open_body(kind, raw)).collect()
    }

    /// A patient's resources of one type, at most `limit` at a time and in no telling order: those
    /// after a place, and the place to go on from where there may be more.
    pub async fn resources_after(
        &mut self,
        patient: &PatientId,
        kind: &str,
        after: Option<Token>,
        limit: u32,
    ) -> Result<(Vec<Body>, Option<Token>), StoreError> {
        let patient = self.patient_token(patient);
        // Each place is after that of no bytes.
        let after = after.map_or_else(Vec::new, |place| place.as_bytes().to_vec());
        let rows: Vec<Raw> = fetch_all!(
            self,
            Raw,
            "SELECT id_token, body_sealed FROM resources WHERE patient_token = $1 AND kind = $2
                 AND id_token > $3
             ORDER BY id_token LIMIT $4",
            patient,
            kind,
            after,
            limit
        )?;
        let is_full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let next = rows.last().filter(|_| is_full).map(|raw| raw.id_token);
        let bodies = rows.iter().map(|raw| self.open_body(kind, raw));
        Ok((bodies.collect::<Result<_, _>>()?, next))
    }

    /// The types of the resources about a patient.
    pub async fn kinds_of(&mut self, patient: &PatientId) -> Result<Vec<String>, StoreError> {
        let patient = self.patient_token(patient);
        let rows: Vec<(String,)> = fetch_all!(
            self,
            (String,),
            "SELECT DISTINCT kind FROM resources WHERE patient_token = $1 ORDER BY kind",
            patient
        )?;
        Ok(rows.into_iter().map(|(kind,)| kind).collect())
    }

    /// Resources of a type of which a name begins with each typed word, in no telling order.
    /// Nothing is found by less than two letters.
    pub async fn search_by_name(
        &mut self,
        kind: &str,
        typed: &str,
        limit: u32,
    ) -> Result<Vec<Body>, StoreError> {
        let tokens = self.shared.index.query_tokens(&name_field(kind), typed);
        self.search(kind, &tokens, limit).await
    }

    /// Resources of a type that have exactly this value.
    pub async fn search_exact(
        &mut self,
        kind: &str,
        field: &str,
        value: &str,
        limit: u32,
    ) -> Result<Vec<Body>, StoreError> {
        let token = self.exact_token(kind, field, value);
        self.search(kind, &[token], limit).await
    }

    /// Some resources of a type, in no telling order.
    pub async fn resources_in(&mut self, kind: &str, limit: u32) -> Result<Vec<Body>, StoreError> {
        let rows: Vec<Raw> = fetch_all!(
            self,
            Raw,
            "SELECT id_token, body_sealed FROM resources WHERE kind = $1 ORDER BY id_token LIMIT $2",
            kind,
            limit
        )?;
        rows.iter().map(|raw| self.open_body(kind, raw)).collect()
    }

    /// How many resources of a type there are.
    pub async fn count_resources(&mut self, kind: &str) -> Result<u64, StoreError> {
        let (count,): (i64,) = fetch_one!(
            self,
            (i64,),
            "SELECT COUNT(*) AS n FROM resources WHERE kind = $1",
            kind
        )?;
        Ok(count.unsigned_abs())
    }

    async fn search(
        &mut self,
        kind: &str,
        tokens: &[Token],
        limit: u32,
    ) -> Result<Vec<Body>, StoreError> {
        if tokens.is_empty() || tokens.len() > MAX_TERMS {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT r.id_token, r.body_sealed FROM resources r WHERE r.kind = $1 AND r.id_token IN
                 (SELECT t.id_token FROM resource_tokens t
                  WHERE t.kind = $1 AND t.search_token IN ({}) GROUP BY t.id_token
                  HAVING COUNT(*) = $2)
             ORDER BY r.id_token LIMIT $3",
            placeholders(4, tokens.len())
        );
        let rows: Vec<Raw> = on_engine!(self, |Db, conn| {
            let query = sqlx::query_as::<Db, Raw>(sqlx::AssertSqlSafe(sql));
            let query = query
                .bind(kind.raw())
                .bind(tokens.len().raw())
                .bind(limit.raw());
            bind_all!(query, tokens, |q, token| q.bind(token.raw()))
                .fetch_all(conn)
                .await
        })?;
        rows.iter().map(|raw| self.open_body(kind, raw)).collect()
    }

    fn open_body(&self, kind: &str, raw: &Raw) -> Result<Body, StoreError> {
        let plain = self.open(
            "resources.body",
            &row_of(kind, &raw.id_token),
            &raw.body_sealed,
        )?;
        Ok(Phi::new(plain.to_vec()))
    }

    fn tokens_of(&self, resource: &NewResource<'_>) -> Vec<Token> {
        let mut tokens: Vec<Token> = resource
            .terms
            .iter()
            .flat_map(|term| match term {
                Term::Name(name) => self
                    .shared
                    .index
                    .name_tokens(&name_field(resource.kind), name),
                Term::Exact { field, value } => {
                    vec![self.exact_token(resource.kind, field, value)]
                }
            })
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    fn resource_token(&self, kind: &str, id: &str) -> Token {
        self.shared
            .index
            .token(&format!("resource {kind}"), id.as_bytes())
    }

    fn exact_token(&self, kind: &str, field: &str, value: &str) -> Token {
        let folded = text::fold(value);
        self.shared
            .index
            .token(&format!("exact {kind}.{field}"), folded.as_bytes())
    }
}

fn name_field(kind: &str) -> String {
    format!("name {kind}")
}

fn row_of(kind: &str, id: &Token) -> Vec<u8> {
    let mut row = kind.as_bytes().to_vec();
    row.push(0);
    row.extend_from_slice(id.as_bytes());
    row
}

/// More words than anyone has in a name.
const MAX_TERMS: usize = 16;
