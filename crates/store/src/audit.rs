//! Audit events: written in the transaction of what they tell of, linked into the node's chain,
//! read for export, proof and verification.
//!
//! What a crash leaves: an event and its effect are one transaction, so there is never one without
//! the other. The chain's head moves with the events, by compare-and-swap, and is signed, so a
//! stored event is always fixed by a signature, sequenced or not.

use std::collections::HashMap;

use thiserror::Error;
use tokio::runtime::Handle;
use wardline_audit::chain::{self, Head, SignedHead};
use wardline_audit::event::NodeName;
use wardline_audit::tree::{TileId, Tiles, tiles_for_inclusion};
use wardline_audit::verify::{Directory, Failure, Report, Row};
use wardline_audit::{Checkpoint, Disclosure, Event, Hash, LogKey, Opening, Salt, commitment};
use wardline_model::B64;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::{Shared, Store, Tx};

row! {
    /// Names an event: its node, and its place in the node's chain, from 1.
    pub struct EventRef {
        /// The node that recorded it.
        pub node: NodeName,
        /// Its place in the node's chain.
        pub seq: u64,
    }
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its node and place.
    pub event: EventRef,
    /// Its place in the log; `None` until it is sequenced.
    pub index: Option<u64>,
    /// What the log holds of it.
    pub commitment: Hash,
    /// Its link in the node's chain.
    pub link: Hash,
    /// Salt and canonical payload.
    pub opening: Opening,
}

/// What [`Store::verify_log`] found wrong.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The log does not verify.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The stored payload of an event was altered.
    #[error("the payload of the event at {index} does not open")]
    Payload {
        /// As [`Failure::first_bad_index`].
        index: u64,
    },
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether verification opens payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Payloads {
    Opened,
    Sealed,
}

/// The end of this node's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChainEnd {
    pub(crate) seq: u64,
    pub(crate) link: Hash,
    /// What is stored and signed so far.
    pub(crate) signed: u64,
}

/// An event made ready outside of any transaction: all but its place in the chain.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) salt: Salt,
    pub(crate) commitment: Hash,
    pub(crate) payload_sealed: Vec<u8>,
}

impl Prepared {
    pub(crate) fn new(shared: &Shared, event: &Event, salt: Salt) -> Result<Self, StoreError> {
        if event.node != shared.keys.node {
            return Err(StoreError::ForeignEvent);
        }
        let payload = event.canonical()?;
        let commitment = commitment(&salt, &payload);
        // Bound to the commitment, which is the event's own name.
        let payload_sealed = shared
            .sealer
            .seal(PAYLOAD, commitment.as_bytes(), &payload)?;
        Ok(Self {
            salt,
            commitment,
            payload_sealed,
        })
    }
}

impl Tx {
    /// Records an event in this transaction. Do so after everything else in it: on PostgreSQL the
    /// node's other transactions wait from here on until this one ends.
    ///
    /// `salt` is 32 random bytes, fresh for this event.
    ///
    /// # Errors
    /// When the event has no canonical form or names another node.
    pub async fn audit(&mut self, event: &Event, salt: Salt) -> Result<EventRef, StoreError> {
        let seq = self.audit_all([(event, salt)]).await?;
        Ok(EventRef {
            node: event.node.clone(),
            seq,
        })
    }

    /// Records several events, as [`Tx::audit`] does one; gives the last one's place in the node's
    /// chain.
    pub async fn audit_all<'e>(
        &mut self,
        events: impl IntoIterator<Item = (&'e Event, Salt)>,
    ) -> Result<u64, StoreError> {
        let prepared: Vec<Prepared> = events
            .into_iter()
            .map(|(event, salt)| Prepared::new(&self.shared, event, salt))
            .collect::<Result<_, _>>()?;
        let mut end = self.chain_end().await?;
        let mut rows = Vec::with_capacity(prepared.len());
        for event in &prepared {
            end = end.after(&event.commitment);
            rows.push((event, end.seq, end.link.0));
        }
        self.insert_events(&rows).await?;
        self.chain = Some(end);
        Ok(end.seq)
    }

    /// The end of this node's chain, which nobody else moves until this transaction ends.
    pub(crate) async fn chain_end(&mut self) -> Result<ChainEnd, StoreError> {
        if let Some(end) = self.chain {
            return Ok(end);
        }
        if let Some(end) = self.writer.as_ref().and_then(|cache| cache.chain) {
            return Ok(end);
        }
        let node = self.shared.keys.node.clone();
        let sql = self.select_chain();
        let stored: Option<(i64, Vec<u8>)> = fetch_optional!(self, (i64, Vec<u8>), sql, node)?;
        let (seq, link) = if let Some(found) = stored {
            found
        } else {
            // This node's first event. Two transactions may both come here on PostgreSQL: the
            // second waits for the first one's row.
            let signature = self.signature_of(0, chain::START)?;
            execute!(
                self,
                "INSERT INTO audit_heads (node, seq, chain, signature) VALUES ($1, 0, $2, $3)
                     ON CONFLICT DO NOTHING",
                node,
                chain::START,
                signature.as_ref()
            )?;
            fetch_optional!(self, (i64, Vec<u8>), sql, node)?
                .ok_or(StoreError::Corrupt("audit_heads"))?
        };
        let seq = seq.unsigned_abs();
        let link = Hash::from_slice(&link).ok_or(StoreError::Corrupt("audit_heads.chain"))?;
        Ok(ChainEnd {
            seq,
            link,
            signed: seq,
        })
    }

    /// Signs the chain's head, once for everything that this transaction recorded.
    pub(crate) async fn sign_chain(&mut self) -> Result<(), StoreError> {
        let Some(end) = self.chain.filter(|end| end.seq != end.signed) else {
            return Ok(());
        };
        let signature = self.signature_of(end.seq, end.link)?;
        let node = self.shared.keys.node.clone();
        let moved = execute!(
            self,
            "UPDATE audit_heads SET seq = $2, chain = $3, signature = $4
             WHERE node = $1 AND seq = $5",
            node,
            end.seq,
            end.link,
            signature.as_ref(),
            end.signed
        )?;
        if moved != 1 {
            // Another process records under this node's name.
            return Err(StoreError::Busy);
        }
        self.chain = Some(ChainEnd {
            signed: end.seq,
            ..end
        });
        Ok(())
    }

    fn signature_of(&self, seq: u64, head: Hash) -> Result<B64, StoreError> {
        let head = Head {
            node: self.shared.keys.node.clone(),
            seq,
            head,
        };
        let signed = head.sign(&self.shared.keys.log);
        Ok(signed
            .map_err(|_| StoreError::Corrupt("audit_heads.seq"))?
            .signature)
    }

    /// The signed head of each node's chain.
    pub async fn chain_heads(&mut self) -> Result<Vec<SignedHead>, StoreError> {
        let rows: Vec<RawHead> = fetch_all!(
            self,
            RawHead,
            "SELECT node, seq, chain, signature FROM audit_heads ORDER BY node"
        )?;
        Ok(rows
            .into_iter()
            .map(|raw| SignedHead {
                head: Head {
                    node: raw.node,
                    seq: raw.seq,
                    head: raw.chain,
                },
                signature: B64(raw.signature),
            })
            .collect())
    }

    /// The newest signed checkpoint, the text served at `/log/checkpoint`; `None` before the first
    /// sequencing.
    pub async fn checkpoint(&mut self) -> Result<Option<String>, StoreError> {
        let note: Option<(String,)> = fetch_optional!(
            self,
            (String,),
            "SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1"
        )?;
        Ok(note.map(|(note,)| note))
    }

    /// A tile (C2SP tlog-tiles). Partial tiles that have grown since are given as they were.
    pub async fn tile(&mut self, id: TileId) -> Result<Option<Vec<u8>>, StoreError> {
        let stored: Option<(i64, Vec<u8>)> = fetch_optional!(
            self,
            (i64, Vec<u8>),
            "SELECT width, bytes FROM log_tiles WHERE level = $1 AND tile_index = $2",
            id.level().number(),
            id.index()
        )?;
        let Some((width, mut bytes)) = stored else {
            return Ok(None);
        };
        let wanted = usize::from(id.width());
        let width = usize::try_from(width).unwrap_or(0);
        if width < wanted || width == 0 {
            return Ok(None);
        }
        bytes.truncate(bytes.len() / width * wanted);
        Ok(Some(bytes))
    }

    /// An event by its node and place.
    pub async fn event(&mut self, event: &EventRef) -> Result<Option<StoredEvent>, StoreError> {
        let events = self.events_of(&event.node, event.seq, 1).await?;
        let Some(mut found) = events.into_iter().next().filter(|e| e.event == *event) else {
            return Ok(None);
        };
        found.index = self.log_index(event).await?;
        Ok(Some(found))
    }

    /// Where an event stands in the log; `None` until it is sequenced.
    pub async fn log_index(&mut self, event: &EventRef) -> Result<Option<u64>, StoreError> {
        let range = fetch_optional!(
            self,
            Range,
            "SELECT first_index, node, first_seq, events FROM log_ranges
             WHERE node = $1 AND first_seq <= $2 ORDER BY first_seq DESC LIMIT 1",
            event.node,
            event.seq
        )?;
        Ok(range
            .filter(|range| event.seq - range.first_seq < range.events)
            .map(|range| range.first_index + (event.seq - range.first_seq)))
    }

    /// Logged events from an index on, in order: at most `limit`, and maybe fewer before the end.
    /// Empty at the end of the log.
    pub async fn logged_events(
        &mut self,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let raw = self.raw_logged(from, limit).await?;
        let mut events = raw
            .into_iter()
            .map(|raw| self.open_event(raw))
            .collect::<Result<Vec<StoredEvent>, StoreError>>()?;
        for (event, index) in events.iter_mut().zip(from..) {
            event.index = Some(index);
        }
        Ok(events)
    }

    async fn raw_logged(&mut self, from: u64, limit: u32) -> Result<Vec<RawEvent>, StoreError> {
        let range = fetch_optional!(
            self,
            Range,
            "SELECT first_index, node, first_seq, events FROM log_ranges
             WHERE first_index <= $1 ORDER BY first_index DESC LIMIT 1",
            from
        )?;
        let Some(range) = range.filter(|range| from - range.first_index < range.events) else {
            return Ok(Vec::new());
        };
        let skip = from - range.first_index;
        let count = (range.events - skip).min(u64::from(limit));
        self.raw_events(&range.node, range.first_seq + skip, count)
            .await
    }

    /// The first place of each node's chain that the log does not hold yet.
    pub async fn log_tails(&mut self) -> Result<Vec<EventRef>, StoreError> {
        fetch_all!(
            self,
            EventRef,
            "SELECT h.node, CAST(COALESCE(n.next_seq, 1) AS BIGINT) AS seq
             FROM audit_heads h LEFT JOIN log_nodes n ON n.node = h.node ORDER BY h.node"
        )
    }

    /// Events of a node from a place on, in order, whether sequenced or not. `index` is not filled
    /// in.
    pub async fn events_of(
        &mut self,
        node: &NodeName,
        from: u64,
        limit: u64,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let rows = self.raw_events(node, from, limit).await?;
        rows.into_iter().map(|raw| self.open_event(raw)).collect()
    }

    async fn raw_events(
        &mut self,
        node: &NodeName,
        from: u64,
        limit: u64,
    ) -> Result<Vec<RawEvent>, StoreError> {
        fetch_all!(
            self,
            RawEvent,
            "SELECT node, seq, salt, payload_sealed, commitment, chain FROM audit_events
             WHERE node = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
            node,
            from,
            limit
        )
    }

    fn row_of(&self, raw: RawEvent, index: u64, payloads: Payloads) -> Result<Row, VerifyError> {
        if payloads == Payloads::Sealed {
            return Ok(Row {
                node: raw.node,
                seq: raw.seq,
                commitment: raw.commitment,
                link: raw.chain,
                opening: None,
            });
        }
        let event = self
            .open_event(raw)
            .map_err(|_| VerifyError::Payload { index })?;
        Ok(Row {
            node: event.event.node,
            seq: event.event.seq,
            commitment: event.commitment,
            link: event.link,
            opening: Some(event.opening),
        })
    }

    /// Everything that is needed to believe that an event stands in the log, under the newest
    /// checkpoint; `None` until the event is sequenced.
    pub async fn disclosure(&mut self, event: &EventRef) -> Result<Option<Disclosure>, StoreError> {
        let (Some(stored), Some(checkpoint)) = (self.event(event).await?, self.checkpoint().await?)
        else {
            return Ok(None);
        };
        let size = Checkpoint::parse_unverified(&checkpoint)
            .map_err(|_| StoreError::Corrupt("log_checkpoints.note"))?
            .size;
        let Some(index) = stored.index.filter(|index| *index < size) else {
            return Ok(None);
        };
        let mut tiles = HashMap::new();
        for id in tiles_for_inclusion(index, size) {
            if let Some(bytes) = self.tile(id).await? {
                tiles.insert(id, bytes);
            }
        }
        let path = Tiles::new(size, |id| tiles.get(&id).cloned())
            .inclusion(index, size)
            .map_err(|_| StoreError::Corrupt("log_tiles"))?;
        let payload = stored.opening.event()?;
        Ok(Some(Disclosure {
            payload,
            salt: stored.opening.salt,
            index,
            path,
            checkpoint,
        }))
    }

    fn open_event(&self, raw: RawEvent) -> Result<StoredEvent, StoreError> {
        let payload = self.open(PAYLOAD, raw.commitment.as_bytes(), &raw.payload_sealed)?;
        Ok(StoredEvent {
            event: EventRef {
                node: raw.node,
                seq: raw.seq,
            },
            index: None,
            commitment: raw.commitment,
            link: raw.chain,
            opening: Opening {
                salt: Salt(raw.salt),
                payload: payload.to_vec(),
            },
        })
    }
}

impl Store {
    /// Verifies the whole log of this database against a key, events opened, the tail that no
    /// checkpoint covers yet included. Runs beside everything else, on one state of the database.
    ///
    /// # Errors
    /// The first thing that is wrong, with its index.
    pub async fn verify_log(&self, key: &LogKey) -> Result<Report, VerifyError> {
        self.verify(key, Payloads::Opened).await
    }

    /// The same without opening any payload, for whoever does not have the hospital's keys: what
    /// the log commits to is verified, what the events say is not seen.
    pub async fn verify_sealed_log(&self, key: &LogKey) -> Result<Report, VerifyError> {
        self.verify(key, Payloads::Sealed).await
    }

    async fn verify(&self, key: &LogKey, payloads: Payloads) -> Result<Report, VerifyError> {
        let mut tx = self.read().await?;
        let note = tx
            .checkpoint()
            .await?
            .ok_or(StoreError::Corrupt("log_checkpoints"))?;
        let heads = tx.chain_heads().await?;
        let (store, runtime, key) = (self.clone(), Handle::current(), key.clone());
        // The verifier reads tiles by a plain function, so it gets a thread where it may wait.
        let checking = tokio::task::spawn_blocking(move || {
            let read =
                |id| runtime.block_on(async { store.read().await.ok()?.tile(id).await.ok()? });
            let size = Checkpoint::verify(&note, &key).map_or(0, |checkpoint| checkpoint.size);
            let mut directory = Directory::new(&note, &key, &heads, read)?;
            let mut index = 0;
            while index < size {
                let events = runtime.block_on(tx.raw_logged(index, PAGE))?;
                if events.is_empty() {
                    break;
                }
                for event in events {
                    directory.logged(index, &tx.row_of(event, index, payloads)?)?;
                    index += 1;
                }
            }
            let mut tail_index = size;
            for tail in runtime.block_on(tx.log_tails())? {
                let mut from = tail.seq;
                loop {
                    let events = runtime.block_on(tx.raw_events(&tail.node, from, PAGE.into()))?;
                    let Some(last) = events.last() else { break };
                    from = last.seq + 1;
                    for event in events {
                        directory.tail(&tx.row_of(event, tail_index, payloads)?)?;
                        tail_index += 1;
                    }
                }
            }
            Ok(directory.finish()?)
        });
        checking.await.map_err(|_| StoreError::Closed)?
    }
}

impl ChainEnd {
    /// The end after one more event.
    pub(crate) fn after(self, commitment: &Hash) -> Self {
        Self {
            seq: self.seq + 1,
            link: chain::next(&self.link, commitment),
            signed: self.signed,
        }
    }
}

row! {
    struct RawEvent {
        node: NodeName,
        seq: u64,
        salt: [u8; 32],
        payload_sealed: Vec<u8>,
        commitment: Hash,
        chain: Hash,
    }
}

row! {
    struct RawHead {
        node: NodeName,
        seq: u64,
        chain: Hash,
        signature: Vec<u8>,
    }
}

row! {
    /// A run of events of one node that stand next to each other in the log.
    pub(crate) struct Range {
        pub(crate) first_index: u64,
        pub(crate) node: NodeName,
        pub(crate) first_seq: u64,
        pub(crate) events: u64,
    }
}

const PAYLOAD: &str = "audit_events.payload";
const PAGE: u32 = 1024;
