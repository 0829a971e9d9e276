//! What a hospital as a whole has shown, as the nodes that watch it have learned it: each has a part
//! of its own, and knows the last that it heard of those of others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::counts::Counts;
use crate::hospital::Hospital;
use crate::login::Login;
use crate::mark::path;
use crate::person::PersonState;
use crate::state::{self, StateError};
use crate::weights::Weights;

/// What a hospital as a whole has shown. Its bytes ([`House::to_bytes`]) are fewer than three
/// million, whatever was learned.
///
/// Several nodes learn side by side: each keeps the bytes of its own part alone, and
/// [hears](House::hear) those of all others now and then. Sign-ins are weighed by all parts together.
/// Hearing is commutative, associative and idempotent, so it does not matter who hears whom in which
/// order, how often, or over whom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct House {
    own: Part,
    /// The parts of other nodes, by node, as they were heard last.
    heard: BTreeMap<u64, Part>,
    /// All parts together, where there are others.
    whole: Option<Box<Counts>>,
}

/// What one node has learned.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Part {
    #[serde(with = "postcard::fixint::le")]
    node: u64,
    /// When the node began to learn, unix milliseconds: one that lost what it knew begins anew.
    begun_ms: i64,
    /// How many times it learned since then. Of two parts of one node the later has the greater.
    times: u64,
    counts: Counts,
}

impl House {
    /// A hospital of which nothing is known, as a node begins to learn it. Two nodes need different
    /// names, and `begun_ms` (unix milliseconds) has to be later than that of all that the node has
    /// begun before. [`House::default`] is for one that is alone.
    pub fn begun(node: &str, begun_ms: i64) -> Self {
        let own = Part {
            node: path([node])[0],
            begun_ms,
            ..Part::default()
        };
        Self {
            own,
            ..Self::default()
        }
    }

    /// Weighs a sign-in of a person, before it is learned. A state that is new is one of whom nothing
    /// is known.
    pub fn weigh(&self, person: &PersonState, hospital: Hospital<'_>, login: &Login) -> Weights {
        self.seen().weigh(person, hospital, login)
    }

    /// Takes over what another node has learned, and what it has heard of others, as far as it is
    /// later than what is known of them. The node's own part stays as it is.
    pub fn hear(&mut self, other: &Self) {
        let mut later = false;
        for part in other.heard.values().chain([&other.own]) {
            let known = self.heard.get(&part.node);
            if part.node == self.own.node || known.is_some_and(|known| !part.is_after(known)) {
                continue;
            }
            later = true;
            self.heard.insert(part.node, part.clone());
        }
        if later {
            // In the order of nodes, so that every node comes to the same sum.
            let mut parts: Vec<&Part> = self.heard.values().chain([&self.own]).collect();
            parts.sort_by_key(|part| part.node);
            let whole = Counts::merged(parts.into_iter().map(|part| &part.counts));
            self.whole = Some(Box::new(whole));
        }
    }

    /// The share of legitimate sign-ins of the last months that had at least such a risk, 0 to 1:
    /// how many would be asked for more by a threshold. Absent as long as few were seen.
    pub fn share_asked(&self, threshold: u8) -> Option<f64> {
        self.seen().share_asked(threshold)
    }

    /// What this node has learned as bytes, the version first; not what it has heard.
    ///
    /// # Errors
    /// [`StateError::Malformed`], which no state that this crate made gives.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StateError> {
        state::to_bytes(VERSION, &self.own)
    }

    /// What a node has learned, of its bytes.
    ///
    /// # Errors
    /// [`StateError`]; the caller begins with a new state then.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let own: Part = state::from_bytes(VERSION, bytes)?;
        if own.counts.is_sound() {
            Ok(Self {
                own,
                ..Self::default()
            })
        } else {
            Err(StateError::Malformed)
        }
    }

    /// What all nodes have seen together.
    pub(crate) fn seen(&self) -> &Counts {
        self.whole.as_deref().unwrap_or(&self.own.counts)
    }

    /// Changes the node's own counts, and those of all nodes together.
    pub(crate) fn change(&mut self, mut change: impl FnMut(&mut Counts)) {
        change(&mut self.own.counts);
        if let Some(whole) = &mut self.whole {
            change(whole);
        }
    }

    /// Notes that something was learned.
    pub(crate) fn note_change(&mut self) {
        self.own.times = self.own.times.saturating_add(1);
    }
}

impl Part {
    fn is_after(&self, other: &Self) -> bool {
        (self.begun_ms, self.times) > (other.begun_ms, other.times)
    }
}

/// The version of the bytes.
const VERSION: u8 = 2;
