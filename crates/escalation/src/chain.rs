//! Who is asked after whom.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wardline_model::UserId;

/// People who are asked together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Level {
    /// What they are to the message, such as `recipients` or `charge_nurse`.
    pub name: String,
    /// Who they are now; nobody where the roster has a gap.
    pub users: BTreeSet<UserId>,
}

/// The roster as a page needs it: the recipients, and whom to ask when they do not answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Chain {
    /// In the order in which they are asked; the recipients first. A level that nobody is on stays in
    /// its place, so that a change of the roster moves nobody to another level.
    pub levels: Vec<Level>,
    /// Who cannot be alerted now. They are passed over, and may answer all the same.
    pub unavailable: BTreeSet<UserId>,
    /// Who is not to be disturbed now. Nobody waits for them while there is anybody else to ask; only
    /// then are they alerted, before it is given up. They may answer at any time.
    #[serde(default)]
    pub quiet: BTreeSet<UserId>,
}

impl Chain {
    /// Whoever stands at the end of it: they are told when nobody answered, disturbed or not. That is the last
    /// level on which the news reaches anybody but the sender, who is told anyway; where it reaches nobody, the
    /// last one that others are on, who find it once a device of theirs is in use again.
    pub fn last(&self, sender: UserId) -> BTreeSet<UserId> {
        let others = |level: &Level| -> BTreeSet<UserId> {
            let users = level.users.iter().copied();
            users.filter(|user| *user != sender).collect()
        };
        let levels: Vec<BTreeSet<UserId>> = self.levels.iter().rev().map(others).collect();
        let reached = levels
            .iter()
            .find(|users| !users.is_subset(&self.unavailable));
        let last = reached.or_else(|| levels.iter().find(|users| !users.is_empty()));
        last.cloned().unwrap_or_default()
    }
}
