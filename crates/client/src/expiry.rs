//! Messages that go by themselves.
//!
//! Their sender says when; each device takes the text out of its store once the server's time, as it
//! was heard at the last sign-in and counted on from there, has come to it. A device that hears no
//! server removes nothing meanwhile, and does so with its next sync. Like all rules on content this
//! is kept by the clients. A legal hold suspends it (the `hold` of its record); the
//! record keeper keeps what the hospital's retention asks for, and hands over nothing that is due.

use std::collections::BTreeSet;

use wardline_model::{GroupId, UserId};

use crate::changes::forget_text;
use crate::client::{Client, Open};
use crate::content::Expiry;
use crate::conversation::{self, StoredMessage, message_at, messages};
use crate::error::ClientError;
use crate::platform::{Event, Platform};

/// The vault's names of what is due, in the order of time.
const DUE: &str = "due/";
/// How long a message that goes once it is read stays for its reader, milliseconds.
const AFTER_READING_MS: u64 = 60 * 1000;
/// How long its author keeps their copy of it, milliseconds.
const OWN_COPY_MS: u64 = 24 * 60 * 60 * 1000;

/// When a message goes, as far as that is known without its being read.
pub(crate) fn due_at(entry: &StoredMessage, me: UserId) -> Option<u64> {
    let mine = entry.from.as_ref().is_some_and(|from| from.id == me);
    let after = match entry.expires? {
        Expiry::After(seconds) => u64::from(seconds) * 1000,
        Expiry::Read if mine => OWN_COPY_MS,
        Expiry::Read => return None,
    };
    Some(entry.sent_at.saturating_add(after))
}

/// Whether a message went by itself, or is due to by the server's time; a legal hold suspends it.
pub(crate) fn is_gone(entry: &StoredMessage, hold: bool, me: UserId, now: Option<u64>) -> bool {
    let is_due = || due_at(entry, me).is_some_and(|due| Some(due) <= now);
    entry.expired || (!hold && is_due())
}

impl<P: Platform> Client<P> {
    /// The server's time, as far as this device knows it.
    pub(crate) fn server_now(&self) -> Option<u64> {
        let (server, local) = self.clock?;
        let now = self.platform.now_ms();
        // A clock that was far behind at the sign-in and was set right since counts no more than
        // what it says now.
        let counted = server.saturating_add(now.saturating_sub(local));
        Some(counted.min(now.max(server)))
    }

    /// Notes when an entry that was put at its place goes.
    pub(crate) fn note_due(
        &mut self,
        group: GroupId,
        entry: &StoredMessage,
    ) -> Result<(), ClientError> {
        let me = self.profile()?.user.id;
        if self.keeps_records || entry.expired {
            return Ok(());
        }
        if let Some(due) = due_at(entry, me) {
            let name = due_name(due, group, entry.seq);
            self.opened()?.vault.put(name, &(group, entry.seq));
        }
        Ok(())
    }

    /// This person has read what others wrote between two places: what goes once it is read goes
    /// soon.
    pub(crate) fn note_read(
        &mut self,
        group: GroupId,
        after: u64,
        up_to: u64,
    ) -> Result<(), ClientError> {
        let me = self.profile()?.user.id;
        let now = self.server_now();
        let due = now.unwrap_or_else(|| self.platform.now_ms()) + AFTER_READING_MS;
        let vault = &mut self.opened()?.vault;
        let places: Vec<u64> = messages(vault, group)
            .rev()
            .take_while(|entry| entry.seq > after)
            .filter(|entry| entry.seq <= up_to && entry.expires == Some(Expiry::Read))
            .filter(|entry| entry.from.as_ref().is_some_and(|from| from.id != me))
            .map(|entry| entry.seq)
            .collect();
        for seq in places {
            vault.put(due_name(due, group, seq), &(group, seq));
        }
        Ok(())
    }

    /// Takes out what is due; durable with the next flush.
    pub(crate) fn expire(&mut self) -> Result<(), ClientError> {
        let Some(now) = self.server_now() else {
            return Ok(());
        };
        let me = self.profile()?.user.id;
        let open = self.opened()?;
        // No name of this time or before it comes behind this one.
        let end = due_end(now);
        let due: Vec<(String, (GroupId, u64))> = open
            .vault
            .range(DUE)
            .take_while(|(name, _)| **name < *end)
            .filter_map(|(name, value)| {
                Some((name.to_owned(), serde_json::from_slice(value).ok()?))
            })
            .collect();
        let mut changed = BTreeSet::new();
        for (name, (group, seq)) in due {
            if conversation::record(&open.vault, group).is_some_and(|record| record.hold) {
                continue;
            }
            forget_expired(open, group, seq, me);
            open.vault.delete(&name);
            changed.insert(group);
        }
        for group in changed {
            self.platform.emit(Event::Messages { group });
        }
        Ok(())
    }
}

/// Takes the text of a message out of the store, with the texts that it got later.
pub(crate) fn forget_expired(open: &mut Open, group: GroupId, seq: u64, me: UserId) {
    let Some(mut message) = message_at(&open.vault, group, seq) else {
        return;
    };
    message.expired = true;
    forget_text(open, group, message, me);
}

fn due_name(due: u64, group: GroupId, seq: u64) -> String {
    format!("{DUE}{due:016x}/{group}/{seq:016x}")
}

fn due_end(now: u64) -> String {
    format!("{DUE}{:016x}", now.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_before_the_end_and_what_is_not_behind_it() {
        let group = GroupId::from_bytes([7; 16]);
        for now in [0, 15, 16, 1_790_000_000_000] {
            assert!(due_name(now, group, u64::MAX) < due_end(now));
            assert!(due_name(now + 1, group, 0) >= due_end(now));
        }
    }
}
