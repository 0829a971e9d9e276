//! What retention ended, on a member's device: its own copies go too, and the conversation says so.

use wardline_model::{GroupId, MessageId};

use crate::attachments;
use crate::client::{Client, Open};
use crate::conversation::{self, Known, StoredMessage, message_name, messages};
use crate::error::ClientError;
use crate::platform::{Event, Platform};
use crate::search;
use crate::views::Notice;

/// Nothing younger goes: no hospital's rule is shorter than 30 days, and clocks differ.
const YOUNGEST_MS: u64 = 29 * DAY_MS;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

impl<P: Platform> Client<P> {
    /// Takes the record keeper's word that retention ended what was sent between two times: the copies of
    /// this device go, with their files and what the search knows of them. Where there were none nothing
    /// is shown.
    pub(crate) fn take_removal(
        &mut self,
        group: GroupId,
        from: u64,
        until: u64,
    ) -> Result<(), ClientError> {
        let me = self.profile()?.user.id;
        let now = self.server_now().unwrap_or_default();
        let vault = self.vault()?;
        let held = conversation::record(vault, group).is_some_and(|record| record.hold);
        if self.keeps_records || held || until.saturating_add(YOUNGEST_MS) > now {
            return Ok(());
        }
        let mut gone: Vec<StoredMessage> = messages(vault, group)
            .filter(|entry| entry.notice.is_none())
            .filter(|entry| entry.sent_at >= from && entry.sent_at < until)
            .collect();
        let ids: Vec<MessageId> = gone.iter().map(|entry| entry.id).collect();
        // What was made of them later holds their texts as well.
        gone.extend(messages(vault, group).filter(|entry| {
            let target = entry.change.as_ref().map(crate::content::Change::target);
            entry.sent_at >= until && target.is_some_and(|target| ids.contains(&target))
        }));
        let Some((place, at)) = gone.iter().map(|entry| (entry.seq, entry.sent_at)).min() else {
            return Ok(());
        };
        let Open { vault, known, .. } = self.opened()?;
        for entry in &gone {
            search::forget(vault, group, entry.seq);
            if let Some(file) = &entry.attachment {
                let mine = entry.from.as_ref().is_some_and(|from| from.id == me);
                attachments::forget(vault, group, file, mine);
            }
            vault.delete(&message_name(group, entry.seq));
        }
        *known = Known::default();
        let told = format!(
            "Messages from {} to {} were removed under the retention rule.",
            day(from),
            day(until.saturating_sub(1))
        );
        self.notice(group, place, at, Notice::Removed, &told)?;
        self.platform.emit(Event::Messages { group });
        self.platform.emit(Event::Conversations);
        Ok(())
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
