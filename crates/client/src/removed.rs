//! What retention ended, on a member's device: its own copies go too, and the conversation says so.

use serde::{Deserialize, Serialize};
use wardline_model::{GroupId, MessageId};

use crate::attachments;
use crate::client::{Client, Open};
use crate::conversation::{Known, StoredMessage, message_name, messages};
use crate::error::ClientError;
use crate::platform::{Event, Platform};
use crate::search;
use crate::views::Notice;

/// Nothing younger goes: no hospital's rule is shorter than 30 days, and clocks differ.
const YOUNGEST_MS: u64 = 29 * DAY_MS;
/// The vault's names of what is to go later.
const LATER: &str = "later/";
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The record keeper's word that retention ended what was sent between two times.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Removal {
    pub(crate) group: GroupId,
    pub(crate) from: u64,
    pub(crate) until: u64,
    /// Whether all that was sent then is meant, except what is spared, or only what is named.
    pub(crate) all: bool,
    /// What ended as well, and what did not, whenever the server says that it was sent.
    pub(crate) also: Vec<MessageId>,
    pub(crate) spared: Vec<MessageId>,
}

impl Removal {
    fn ends(&self, entry: &StoredMessage) -> bool {
        entry.notice.is_none()
            && (self.also.contains(&entry.id)
                || self.all
                    && (self.from..self.until).contains(&entry.sent_at)
                    && !self.spared.contains(&entry.id))
    }
}

impl<P: Platform> Client<P> {
    /// Takes the record keeper's word for it: the copies of this device go, with their files and what the
    /// search knows of them. Where there were none nothing is shown. What has not been here for long
    /// enough goes later, by this device's own clock.
    pub(crate) fn take_removal(&mut self, removal: &Removal) -> Result<(), ClientError> {
        let group = removal.group;
        let me = self.profile()?.user.id;
        let now = self.platform.now_ms();
        let vault = self.vault()?;
        if self.keeps_records {
            return Ok(());
        }
        let (mut gone, young): (Vec<StoredMessage>, Vec<StoredMessage>) = messages(vault, group)
            .filter(|entry| removal.ends(entry))
            .partition(|entry| entry.kept_from().saturating_add(YOUNGEST_MS) <= now);
        let later = [LATER, &group.to_string(), "/", &removal.from.to_string()].concat();
        if young.is_empty() {
            self.opened()?.vault.delete(&later);
        } else {
            // What comes until then is not meant.
            let named = Removal {
                all: false,
                also: young.iter().map(|entry| entry.id).collect(),
                spared: Vec::new(),
                ..*removal
            };
            self.opened()?.vault.put(later, &named);
        }
        let ids: Vec<MessageId> = gone.iter().map(|entry| entry.id).collect();
        // What was made of them later holds their texts as well.
        gone.extend(messages(self.vault()?, group).filter(|entry| {
            let target = entry.change.as_ref().map(crate::content::Change::target);
            !ids.contains(&entry.id) && target.is_some_and(|target| ids.contains(&target))
        }));
        let Some((place, at)) = gone.iter().map(|entry| (entry.seq, entry.sent_at)).min() else {
            return Ok(());
        };
        let Open { vault, known, .. } = self.opened()?;
        for entry in &gone {
            search::forget(vault, group, entry.seq);
            if let Some(file) = &entry.attachment {
                let mine = entry.from.as_ref().is_some_and(|from| from.id == me);
                attachments::forget(vault, file, mine);
            }
            vault.delete(&message_name(group, entry.seq));
        }
        *known = Known::default();
        let told = format!(
            "Messages from {} to {} were removed under the retention rule.",
            day(removal.from),
            day(removal.until.saturating_sub(1))
        );
        self.notice(group, place, at, Notice::Removed, &told)?;
        self.platform.emit(Event::Messages { group });
        self.platform.emit(Event::Conversations);
        Ok(())
    }

    /// Takes out what had not been here for long enough before.
    pub(crate) fn remove_later(&mut self) -> Result<(), ClientError> {
        let Ok(vault) = self.vault() else {
            return Ok(());
        };
        let later: Vec<Removal> = vault
            .range(LATER)
            .filter_map(|(_, value)| serde_json::from_slice(value).ok())
            .collect();
        later
            .iter()
            .try_for_each(|removal| self.take_removal(removal))
    }
}

/// A day of a time in UTC, as in `2026-03-02` (Howard Hinnant, `civil_from_days`).
fn day(ms: u64) -> String {
    let days = ms / DAY_MS + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, told) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_514, "2026-03-02"),
        ] {
            assert_eq!(day(days * DAY_MS), told);
            assert_eq!(day(days * DAY_MS + DAY_MS - 1), told);
        }
    }
}
