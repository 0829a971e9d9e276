//! Clinical resources, sealed: neither ids nor contents stand in the clear.
//!
//! A resource is found by blind tokens. Those of patients' names and numbers are keyed for the whole
//! hospital, since that is where they are looked for. All others are keyed with the patient whose record
//! it is: nobody searches all records by a code, and so the same diagnosis in two records is two tokens.
//!
//! What a thief of the database learns is how many resources there are of each kind, which of them
//! belong to one (unnamed) patient and when they were stored, which patients share the beginning of a
//! name, and which resources of one type within one record share a term.

use std::fmt::Write as _;

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
    /// What it may be found by in the whole hospital.
    pub terms: Vec<Term<'a>>,
    /// What it may be found by within its patient's record: fields and values, of which letter case does
    /// not matter.
    pub within: Vec<(&'a str, &'a str)>,
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

/// A resource as it is stored.
#[derive(Clone)]
pub struct Stored {
    /// Its place among those of its type, in no telling order.
    pub place: Token,
    /// Which version it is, from 1.
    pub version: u64,
    /// When this version was stored, unix milliseconds.
    pub stored_at: u64,
    /// The resource.
    pub body: Body,
}

/// What is looked for in one record.
#[derive(Clone, Copy)]
pub struct Find<'a> {
    /// FHIR resource type.
    pub kind: &'a str,
    /// Whose record; absent for what is no patient's.
    pub patient: Option<&'a PatientId>,
    /// Only these ids, where there are some; at most 100.
    pub ids: Option<&'a [&'a str]>,
    /// Groups of fields and values, of each of which one must be there.
    pub terms: &'a [Vec<(&'static str, String)>],
    /// Only what stands after this place.
    pub after: Option<Token>,
    /// How many at most.
    pub limit: u32,
}

/// Binds what each search has.
macro_rules! bound {
    ($query:expr, $find:expr, $values:expr) => {
        $query
            .bind($values.scope.clone())
            .bind($find.kind.raw())
            .bind($values.after.clone())
            .bind($find.limit.raw())
    };
}
row! {
    struct Raw {
        id_token: Token,
        body_sealed: Vec<u8>,
    }
}

row! {
    struct RawStored {
        kind: String,
        id_token: Token,
        body_sealed: Vec<u8>,
        version: u64,
        updated_at: u64,
    }
}

row! {
    struct RawOld {
        patient_token: Option<Token>,
        body_token: Option<Token>,
        indexed: u64,
        copied: u64,
    }
}

/// The JSON of a resource.
pub type Body = Phi<Vec<u8>>;

impl Tx {
    /// Writes resources; those with a known type and id are replaced, and have a new version if they
    /// differ. They are the hospital's own from then on, also where they were copies before.
    pub async fn put_resources(
        &mut self,
        resources: &[NewResource<'_>],
        now_ms: u64,
    ) -> Result<(), StoreError> {
        for resource in resources {
            let id = self.resource_token(resource.kind, resource.id);
            let patient = resource.patient.map(|patient| self.patient_token(patient));
            let tokens = self.tokens_of(resource);
            let body_token = self.body_token(resource, &tokens);
            let old = fetch_optional!(
                self,
                RawOld,
                "SELECT patient_token, body_token, indexed, copied FROM resources
                 WHERE kind = $1 AND id_token = $2",
                resource.kind,
                id
            )?;
            if let Some(old) = &old {
                if old.patient_token == patient
                    && old.body_token == Some(body_token)
                    && old.indexed == INDEXED
                {
                    if old.copied == 1 {
                        execute!(
                            self,
                            "UPDATE resources SET copied = 0 WHERE kind = $1 AND id_token = $2",
                            resource.kind,
                            id
                        )?;
                    }
                    continue;
                }
                self.drop_tokens(resource.kind, &id, old.patient_token)
                    .await?;
            }
            let sealed = self.seal("resources.body", &row_of(resource.kind, &id), resource.body)?;
            execute!(
                self,
                "INSERT INTO resources (kind, id_token, patient_token, body_sealed, updated_at,
                     version, body_token, indexed)
                 VALUES ($1, $2, $3, $4, $5, 1, $6, $7)
                 ON CONFLICT (kind, id_token) DO UPDATE SET
                     patient_token = excluded.patient_token, body_sealed = excluded.body_sealed,
                     updated_at = excluded.updated_at, version = resources.version + 1,
                     body_token = excluded.body_token, indexed = excluded.indexed,
                     copied = 0",
                resource.kind,
                id,
                patient,
                sealed,
                now_ms,
                body_token,
                INDEXED
            )?;
            self.put_tokens(resource, &id, patient, &tokens).await?;
        }
        Ok(())
    }

    /// Some resources whose index is of an older form, with their types: a few at a time until there
    /// are none.
    pub async fn resources_to_index(
        &mut self,
        limit: u32,
    ) -> Result<Vec<(String, Body)>, StoreError> {
        let rows: Vec<RawStored> = fetch_all!(
            self,
            RawStored,
            "SELECT kind, id_token, body_sealed, version, updated_at FROM resources
             WHERE indexed = 0 ORDER BY kind, id_token LIMIT $1",
            limit
        )?;
        let bodies = rows.into_iter().map(|raw| {
            let stored = self.open_stored(&raw)?;
            Ok((raw.kind, stored.body))
        });
        bodies.collect()
    }

    /// Indexes resources anew; what they say, and which version they are, stays. One that was stored
    /// meanwhile is left as it is. Gives how many were indexed.
    pub async fn index_resources(
        &mut self,
        resources: &[NewResource<'_>],
    ) -> Result<u64, StoreError> {
        let mut indexed = 0;
        for resource in resources {
            let id = self.resource_token(resource.kind, resource.id);
            let patient = resource.patient.map(|patient| self.patient_token(patient));
            let tokens = self.tokens_of(resource);
            let body_token = self.body_token(resource, &tokens);
            let changed = execute!(
                self,
                "UPDATE resources SET body_token = $3, indexed = $4
                 WHERE kind = $1 AND id_token = $2 AND indexed = 0",
                resource.kind,
                id,
                body_token,
                INDEXED
            )?;
            if changed == 1 {
                self.drop_tokens(resource.kind, &id, patient).await?;
                self.put_tokens(resource, &id, patient, &tokens).await?;
                indexed += 1;
            }
        }
        Ok(indexed)
    }

    /// A resource with its version.
    pub async fn stored(&mut self, kind: &str, id: &str) -> Result<Option<Stored>, StoreError> {
        let token = self.resource_token(kind, id);
        let raw = fetch_optional!(
            self,
            RawStored,
            "SELECT kind, id_token, body_sealed, version, updated_at FROM resources
             WHERE kind = $1 AND id_token = $2",
            kind,
            token
        )?;
        raw.map(|raw| self.open_stored(&raw)).transpose()
    }

    /// What is found in one record, by its place: whatever has a term of each group. What has one may
    /// still be something else; only who opens it can tell.
    pub async fn find(&mut self, find: &Find<'_>) -> Result<Vec<Stored>, StoreError> {
        let (sql, values) = self.found_where(find);
        let sql = format!(
            "SELECT r.kind, r.id_token, r.body_sealed, r.version, r.updated_at FROM resources r
             WHERE {sql} ORDER BY r.id_token LIMIT $4"
        );
        let rows: Vec<RawStored> = on_engine!(self, |Db, conn| {
            let query = sqlx::query_as::<Db, RawStored>(sqlx::AssertSqlSafe(sql));
            bind_all!(bound!(query, find, values), &values.more, |q, value| q
                .bind(value.clone()))
            .fetch_all(conn)
            .await
        })?;
        rows.iter().map(|raw| self.open_stored(raw)).collect()
    }

    /// How many [`Tx::find`] would find, without opening them; its limit counts for nothing.
    pub async fn count_found(&mut self, find: &Find<'_>) -> Result<u64, StoreError> {
        let (sql, values) = self.found_where(find);
        let sql = format!("SELECT COUNT(*) AS n FROM resources r WHERE {sql} AND $4 >= 0");
        let (count,): (i64,) = on_engine!(self, |Db, conn| {
            let query = sqlx::query_as::<Db, (i64,)>(sqlx::AssertSqlSafe(sql));
            bind_all!(bound!(query, find, values), &values.more, |q, value| q
                .bind(value.clone()))
            .fetch_one(conn)
            .await
        })?;
        Ok(count.unsigned_abs())
    }

    /// A patient's resources of these types, those stored last first.
    pub async fn record_of(
        &mut self,
        patient: &PatientId,
        kinds: &[&str],
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        let patient = self.patient_token(patient);
        let sql = format!(
            "SELECT kind, id_token, body_sealed, version, updated_at FROM resources
             WHERE patient_token = $1 AND kind IN ({})
             ORDER BY updated_at DESC, id_token LIMIT $2",
            placeholders(3, kinds.len())
        );
        let rows: Vec<RawStored> = on_engine!(self, |Db, conn| {
            let query = sqlx::query_as::<Db, RawStored>(sqlx::AssertSqlSafe(sql));
            let query = query.bind(patient.raw()).bind(limit.raw());
            bind_all!(query, kinds, |q, kind| q.bind(kind.raw()))
                .fetch_all(conn)
                .await
        })?;
        rows.iter().map(|raw| self.open_stored(raw)).collect()
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

    /// Takes a record out of the store as if it had never been there; for one that was made up.
    pub async fn remove_record(&mut self, patient: &PatientId) -> Result<(), StoreError> {
        let patient = self.patient_token(patient);
        execute!(
            self,
            "DELETE FROM resource_tokens WHERE (kind, id_token) IN
                 (SELECT kind, id_token FROM resources WHERE patient_token = $1)",
            patient
        )?;
        execute!(
            self,
            "DELETE FROM resource_terms WHERE scope_token = $1",
            patient.as_bytes().to_vec()
        )?;
        execute!(self, "DELETE FROM ties WHERE patient_token = $1", patient)?;
        execute!(
            self,
            "DELETE FROM ended_ties WHERE patient_token = $1",
            patient
        )?;
        execute!(
            self,
            "DELETE FROM resources WHERE patient_token = $1",
            patient
        )?;
        Ok(())
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

    /// The conditions of a search, of which `$1` is whose record, `$2` the type, `$3` the place and `$4`
    /// the limit.
    fn found_where(&self, find: &Find<'_>) -> (String, Values) {
        let scope = find.patient.map(|patient| self.patient_token(patient));
        let scope = scope.map_or_else(Vec::new, |token| token.as_bytes().to_vec());
        let whose = match find.patient {
            Some(_) => "r.patient_token = $1",
            None => "r.patient_token IS NULL",
        };
        let mut sql = format!("{whose} AND r.kind = $2 AND r.id_token > $3");
        let mut more: Vec<Vec<u8>> = Vec::new();
        // Writing to a String has no error.
        if let Some(ids) = find.ids {
            let list = placeholders(5, ids.len());
            let _ = write!(sql, " AND r.id_token IN ({list})");
            let ids = ids.iter().map(|id| self.resource_token(find.kind, id));
            more.extend(ids.map(|token| token.as_bytes().to_vec()));
        }
        for group in find.terms {
            let list = placeholders(5 + more.len(), group.len());
            let _ = write!(
                sql,
                " AND EXISTS (SELECT 1 FROM resource_terms t
                  WHERE t.scope_token = $1 AND t.kind = $2 AND t.id_token = r.id_token
                      AND t.term_token IN ({list}))"
            );
            let terms = group.iter();
            more.extend(
                terms.map(|(field, value)| self.term_token(&scope, find.kind, field, value)),
            );
        }
        // Each place is after that of no bytes.
        let after = find
            .after
            .map_or_else(Vec::new, |place| place.as_bytes().to_vec());
        (sql, Values { scope, after, more })
    }

    pub(crate) async fn drop_tokens(
        &mut self,
        kind: &str,
        id: &Token,
        patient: Option<Token>,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM resource_tokens WHERE kind = $1 AND id_token = $2",
            kind,
            id
        )?;
        execute!(
            self,
            "DELETE FROM resource_terms WHERE scope_token = $1 AND kind = $2 AND id_token = $3",
            scope_of(patient),
            kind,
            id
        )?;
        Ok(())
    }

    async fn put_tokens(
        &mut self,
        resource: &NewResource<'_>,
        id: &Token,
        patient: Option<Token>,
        tokens: &[Token],
    ) -> Result<(), StoreError> {
        for some in tokens.chunks(AT_ONCE) {
            let rows: Vec<String> = (3..3 + some.len())
                .map(|n| format!("($1, ${n}, $2)"))
                .collect();
            let sql = format!(
                "INSERT INTO resource_tokens (kind, search_token, id_token) VALUES {}
                 ON CONFLICT DO NOTHING",
                rows.join(", ")
            );
            on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql));
                let query = query.bind(resource.kind.raw()).bind(id.raw());
                bind_all!(query, some, |q, token| q.bind(token.raw()))
                    .execute(conn)
                    .await
                    .map(drop)
            })?;
        }
        let scope = scope_of(patient);
        let mut terms: Vec<Vec<u8>> = resource
            .within
            .iter()
            .map(|(field, value)| self.term_token(&scope, resource.kind, field, value))
            .collect();
        terms.sort_unstable();
        terms.dedup();
        for some in terms.chunks(AT_ONCE) {
            let rows: Vec<String> = (4..4 + some.len())
                .map(|n| format!("($1, $2, $3, ${n})"))
                .collect();
            let sql = format!(
                "INSERT INTO resource_terms (scope_token, kind, id_token, term_token) VALUES {}
                 ON CONFLICT DO NOTHING",
                rows.join(", ")
            );
            on_engine!(self, |Db, conn| {
                let query = sqlx::query::<Db>(sqlx::AssertSqlSafe(sql));
                let query = query.bind(scope.clone()).bind(resource.kind.raw());
                let query = query.bind(id.raw());
                bind_all!(query, some, |q, term| q.bind(term.clone()))
                    .execute(conn)
                    .await
                    .map(drop)
            })?;
        }
        Ok(())
    }

    fn open_stored(&self, raw: &RawStored) -> Result<Stored, StoreError> {
        let row = row_of(&raw.kind, &raw.id_token);
        let plain = self.open("resources.body", &row, &raw.body_sealed)?;
        Ok(Stored {
            place: raw.id_token,
            version: raw.version,
            stored_at: raw.updated_at,
            body: Phi::new(plain.to_vec()),
        })
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

    pub(crate) fn resource_token(&self, kind: &str, id: &str) -> Token {
        self.shared
            .index
            .token(&format!("resource {kind}"), id.as_bytes())
    }

    /// By what a body is told from another, with what it is found by in the whole hospital.
    fn body_token(&self, resource: &NewResource<'_>, tokens: &[Token]) -> Token {
        let mut whole = resource.body.to_vec();
        for token in tokens {
            whole.extend_from_slice(token.as_bytes());
        }
        let kind = format!("body {} {}", resource.kind, resource.id);
        self.shared.index.token(&kind, &whole)
    }

    /// Half a token: within one record and type, terms are few, and whoever opens what they find sees
    /// whether it is meant.
    fn term_token(&self, scope: &[u8], kind: &str, field: &str, value: &str) -> Vec<u8> {
        let mut whole = scope.to_vec();
        whole.push(0);
        whole.extend_from_slice(text::fold(value).as_bytes());
        let named = format!("within {} {kind}.{field}", scope.len());
        let token = self.shared.index.token(&named, &whole);
        token.as_bytes()[..Token::LEN / 2].to_vec()
    }

    pub(crate) fn exact_token(&self, kind: &str, field: &str, value: &str) -> Token {
        let folded = text::fold(value);
        self.shared
            .index
            .token(&format!("exact {kind}.{field}"), folded.as_bytes())
    }
}

/// What a search binds.
struct Values {
    scope: Vec<u8>,
    after: Vec<u8>,
    more: Vec<Vec<u8>>,
}

/// Whose record, as terms have it.
fn scope_of(patient: Option<Token>) -> Vec<u8> {
    patient.map_or_else(Vec::new, |token| token.as_bytes().to_vec())
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

/// The form that the index of resources is in. A release that adds terms counts it up and asks for
/// everything below to be indexed anew.
const INDEXED: u64 = 1;
/// Tokens that are written at once.
const AT_ONCE: usize = 200;
/// More words than anyone has in a name.
const MAX_TERMS: usize = 16;
