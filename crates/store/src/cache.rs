//! What is known of the database without asking it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use wardline_model::{DeviceId, GroupId};

use crate::audit::ChainEnd;

/// Heads of groups and of this node's chain.
///
/// On SQLite every change of a group or the chain happens under the lock that guards this, so
/// whoever changes them drops or renews what is here. On PostgreSQL other nodes write too: heads
/// are read under a row lock each time and only `members` is believed, which can change with the
/// epoch only.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// SQLite's `data_version` when this was right.
    pub(crate) version: i64,
    pub(crate) chain: Option<ChainEnd>,
    pub(crate) groups: HashMap<GroupId, Group>,
}

/// What an append must know of a group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) epoch: u64,
    pub(crate) last_seq: u64,
    pub(crate) removal_pending: bool,
    pub(crate) members: Arc<HashSet<DeviceId>>,
}

impl Cache {
    /// Forgets everything: after a commit whose outcome is not known, or when another process has
    /// written.
    pub(crate) fn clear(&mut self) {
        self.chain = None;
        self.groups.clear();
    }

    /// Makes room before groups are added; forgetting costs a query each, never correctness.
    pub(crate) fn make_room(&mut self) {
        if self.groups.len() >= MAX_GROUPS {
            self.groups.clear();
        }
    }
}

const MAX_GROUPS: usize = 4096;
