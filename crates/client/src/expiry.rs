//! Messages that go by themselves.
//!
//! Their sender says when; each device takes the text out of its store once the server's time, as it
//! was heard at the last sign-in and counted on from there, has come to it. A device that hears no
//! server removes nothing meanwhile, and does so with its next sync. Like all rules on content this
//! is kept by the clients. A legal hold changes nothing of it here: the record keeper has kept each
//! message from the beginning, for as long as retention and holds ask for, and hands over nothing that
//! is due.
//!
//! What goes once it is read goes a minute after its reader had it on the screen of any of their devices:
//! each of them hears by the reader's own receipt that another one showed it. Nothing shows it but the
//! conversation itself, so that nobody reads it without that.

use std::collections::BTreeSet;

use wardline_model::wire::messages::Receipt;
use wardline_model::{GroupId, UserId};

use crate::changes::forget_text;
use crate::client::{Client, Open};
use crate::content::Expiry;
use crate::conversation::{self, Record, StoredMessage, message_at, messages};
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

/// Whether a message went by itself, or is due to by the server's time.
pub(crate) fn is_gone(entry: &StoredMessage, me: UserId, now: Option<u64>) -> bool {
    entry.expired || due_at(entry, me).is_some_and(|due| Some(due) <= now)
}

/// Whether a message goes once it is read, so that nothing but its conversation shows what it says.
pub(crate) fn burns(expires: Option<Expiry>) -> bool {
    expires == Some(Expiry::Read)
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
        } else if burns(entry.expires) {
            // It was read on another device before it came here.
            let told = conversation::record(self.vault()?, group);
            let told = told.as_ref().and_then(|record| record.receipt(me));
            if let Some(told) = told.filter(|told| told.read >= entry.seq) {
                self.note_read(group, entry.seq.saturating_sub(1), entry.seq, told.read_at)?;
            }
        }
        Ok(())
    }

    /// This person has read on another device, as far as this one did not know.
    pub(crate) fn note_read_elsewhere(
        &mut self,
        group: GroupId,
        record: Option<&Record>,
        told: &Receipt,
    ) -> Result<(), ClientError> {
        let known = record.and_then(|record| record.receipt(told.user_id));
        let known = known.map_or(0, |known| known.read);
        if told.user_id != self.profile()?.user.id || told.read <= known {
            return Ok(());
        }
        self.note_read(group, known, told.read, told.read_at)
    }

    /// A message was shown elsewhere than in its conversation, as on a terminal, without being told as
    /// read: where it goes once it is read, it goes soon. Durable when it returns.
    ///
    /// # Errors
    /// When the store is locked or does not take the changes.
    pub async fn was_shown(&mut self, group: GroupId, seq: u64) -> Result<(), ClientError> {
        self.note_read(group, seq.saturating_sub(1), seq, None)?;
        self.flush().await
    }

    /// This person has read what others wrote between two places: what goes once it is read goes
    /// soon. `at` is when, as the server says; now, where nobody does.
    pub(crate) fn note_read(
        &mut self,
        group: GroupId,
        after: u64,
        up_to: u64,
        at: Option<u64>,
    ) -> Result<(), ClientError> {
        let me = self.profile()?.user.id;
        let now = self.server_now();
        let now = now.unwrap_or_else(|| self.platform.now_ms());
        let due = at.map_or(now, |at| at.min(now)) + AFTER_READING_MS;
        let vault = &mut self.opened()?.vault;
        let places: Vec<u64> = messages(vault, group)
            .rev()
            .take_while(|entry| entry.seq > after)
            .filter(|entry| entry.seq <= up_to && burns(entry.expires))
            .filter(|entry| entry.from.as_ref().is_some_and(|from| from.id != me))
            .map(|entry| entry.seq)
            .collect();
        for seq in places {
            vault.put(due_name(due, group, seq), &(group, seq));
        }
        Ok(())
    }

    /// Takes out what is due. To be called now and then while the store is open: a line on which nothing
    /// comes gives no other reason to look.
    ///
    /// # Errors
    /// When the store is locked or does not take the changes.
    pub async fn tend_expiry(&mut self) -> Result<(), ClientError> {
        self.expire()?;
        self.flush().await
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
            forget_expired(open, group, seq, me);
            open.vault.delete(&name);
            changed.insert(group);
        }
        if !changed.is_empty() {
            self.platform.emit(Event::Conversations);
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
