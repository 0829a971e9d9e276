//! A log like the one that two nodes would leave behind, kept in memory.

use std::collections::BTreeMap;

use serde_json::{Map, json};
use wardline_audit::chain::{self, Head, SignedHead};
use wardline_audit::event::{Actor, Kind, NodeName, Outcome, V1};
use wardline_audit::tree::{Appender, TileId, TileWrite};
use wardline_audit::verify::{Failure, Report, Row, directory};
use wardline_audit::{Checkpoint, Event, Hash, LogSigner, Opening, Salt, SigningKey};
use wardline_model::UserId;

/// Tiles by position, the widest written wins, as a store keeps them.
#[derive(Clone, Default)]
pub(crate) struct Stored(pub(crate) BTreeMap<TileId, Vec<u8>>);

impl Stored {
    pub(crate) fn put(&mut self, writes: Vec<TileWrite>) {
        for write in writes {
            let (level, index) = (write.id.level(), write.id.index());
            self.0
                .retain(|id, _| id.level() != level || id.index() != index);
            self.0.insert(write.id, write.bytes);
        }
    }

    pub(crate) fn read(&self, id: TileId) -> Option<Vec<u8>> {
        self.0.get(&id).cloned()
    }
}

/// Everything that a data directory holds.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) signer: LogSigner,
    pub(crate) logged: Vec<Row>,
    pub(crate) tail: Vec<Row>,
    pub(crate) heads: Vec<SignedHead>,
    pub(crate) tiles: Stored,
    pub(crate) note: String,
}

pub(crate) fn signer(seed: u8) -> LogSigner {
    LogSigner::new("hospital.example/log", SigningKey::from_bytes(&[seed; 32])).unwrap()
}

pub(crate) fn event(node: &str, n: u64) -> Event {
    Event {
        v: V1,
        at: 1_767_225_600_000 + n,
        node: node.parse().unwrap(),
        kind: Kind::named("message.appended"),
        actor: Actor {
            user: Some(UserId::from_random([n.to_le_bytes()[0]; 16])),
            ..Actor::default()
        },
        action: "message.send".into(),
        resource: format!("group/{n}"),
        outcome: if n.is_multiple_of(3) {
            Outcome::Deny
        } else {
            Outcome::Allow
        },
        reasons: vec!["member of the conversation".into()],
        policy: n.is_multiple_of(2).then_some(Hash([7; 32])),
        detail: Map::from_iter([
            ("seq".into(), json!(n)),
            ("note".into(), json!("Ä \"q\" \u{7}")),
        ]),
    }
}

pub(crate) fn salt(n: u64) -> Salt {
    let mut bytes = [3; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    Salt(bytes)
}

impl Sample {
    /// `logged` events in the log and `tail` after it, written by two nodes in turns of three.
    pub(crate) fn new(logged: u64, tail: u64) -> Self {
        let signer = signer(1);
        let mut links: BTreeMap<NodeName, (u64, Hash)> = BTreeMap::new();
        let mut rows = Vec::new();
        for n in 0..logged + tail {
            let node = if n % 5 < 3 { "north" } else { "south" };
            let opening = Opening::new(salt(n), &event(node, n)).unwrap();
            let node: NodeName = node.parse().unwrap();
            let last = links.entry(node.clone()).or_insert((0, chain::START));
            let commitment = opening.commitment();
            *last = (last.0 + 1, chain::next(&last.1, &commitment));
            let (seq, link) = *last;
            rows.push(Row {
                node,
                seq,
                commitment,
                link,
                opening: Some(opening),
            });
        }
        let heads = links
            .into_iter()
            .map(|(node, (seq, head))| Head { node, seq, head }.sign(&signer).unwrap())
            .collect();
        let tail = rows.split_off(usize::try_from(logged).unwrap());
        let mut tree = Appender::new();
        let mut tiles = Stored::default();
        for batch in rows.chunks(100) {
            let commitments: Vec<_> = batch.iter().map(|row| row.commitment).collect();
            tiles.put(tree.append(&commitments));
        }
        let note = Checkpoint::sign(tree.size(), tree.root(), &signer);
        Self {
            signer,
            logged: rows,
            tail,
            heads,
            tiles,
            note,
        }
    }

    pub(crate) fn verify(&self) -> Result<Report, Failure> {
        directory(
            &self.note,
            self.signer.public(),
            &self.heads,
            (0..).zip(self.logged.iter().cloned()),
            self.tail.iter().cloned(),
            |id| self.tiles.read(id),
        )
    }
}
