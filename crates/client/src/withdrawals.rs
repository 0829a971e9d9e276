//! Recalled STAT messages. The hospital sees no content and so does not know of a recall: it is told that
//! nobody need come any more, or it goes on asking one after another.
//!
//! What is to be told lies in the vault in the same write as the recall that the hospital took, and stays
//! there until it was told or there is nothing left to be told of.

use wardline_model::wire::messages::Priority;
use wardline_model::{EscalationId, GroupId};

use crate::client::Client;
use crate::content::Change;
use crate::conversation::{StoredMessage, message_at};
use crate::error::ClientError;
use crate::platform::Platform;

/// The vault's names, by the page; each holds when it was noted, unix milliseconds.
const UNNEEDED: &str = "sw/";
/// No page waits longer, and what this device learns of recalls from long ago is no news to anybody.
const LONGEST_MS: u64 = 60 * 60 * 1000;

impl<P: Platform> Client<P> {
    /// An entry was put at its place: where this person recalls a STAT message by it, on whichever device,
    /// its page is to be withdrawn.
    pub(crate) fn note_unneeded(
        &mut self,
        group: GroupId,
        entry: &StoredMessage,
    ) -> Result<(), ClientError> {
        let Some(Change::Recall { of }) = entry.change else {
            return Ok(());
        };
        let me = Some(self.profile()?.user.id);
        let author = |entry: &StoredMessage| entry.from.as_ref().map(|from| from.id);
        let now = self.platform.now_ms();
        let is_old = now.saturating_sub(entry.sent_at) > LONGEST_MS;
        if is_old || author(entry) != me {
            return Ok(());
        }
        let open = self.opened()?;
        let Some(place) = open.known.place(&open.vault, group, of) else {
            return Ok(());
        };
        let written = message_at(&open.vault, group, place);
        if written.and_then(|message| author(&message)) != me {
            return Ok(());
        }
        // A version can be one as well.
        let mut places = open.known.all_edits(&open.vault, group, of);
        places.push(place);
        for seq in places {
            let priority = message_at(&open.vault, group, seq).map(|entry| entry.priority);
            if priority == Some(Priority::Stat) {
                let page = EscalationId {
                    group,
                    seq,
                    line: 0,
                };
                let name = [UNNEEDED, &page.to_string()].concat();
                open.vault.put(name, &now);
            }
        }
        Ok(())
    }

    /// Tells the hospital what it was not told yet. What it does not hear now it is told with the next
    /// delivery.
    pub(crate) async fn withdraw_pages(&mut self) {
        let Ok(vault) = self.vault() else {
            return;
        };
        let noted: Vec<(String, u64)> = vault
            .range(UNNEEDED)
            .map(|(name, at)| (name.to_owned(), serde_json::from_slice(at).unwrap_or(0)))
            .collect();
        let mut any = false;
        for (name, at) in noted {
            let page = name.trim_start_matches(UNNEEDED);
            let path = ["/v1/escalations/", page, "/withdraw"].concat();
            let told = self.raw("POST", &path, None).await;
            let is_over = self.platform.now_ms().saturating_sub(at) > LONGEST_MS;
            let is_settled = match &told {
                Ok(_) => true,
                // Somebody took it meanwhile, or there never was one.
                Err(error) => error.is_problem("escalation-over") || error.is_problem("not-found"),
            };
            if (is_settled || is_over)
                && let Ok(open) = self.opened()
            {
                open.vault.delete(&name);
                any = true;
            }
        }
        if any {
            // Where it is not written down, it is told once more and nothing is changed by that.
            let _ = self.flush().await;
        }
    }
}
