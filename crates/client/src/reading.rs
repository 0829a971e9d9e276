//! Reading: what this person was shown and acknowledged, and how far the others have come.
//!
//! A receipt says how far a person has come in a conversation: what is delivered, read or acknowledged
//! up to a place is so for everything before it. STAT messages are apart, since somebody relies on each:
//!
//! - One is *acknowledged* by whoever named it, in the version that they had on the screen. No receipt of
//!   a later message makes it so.
//! - One is *read* once it was shown: [`Client::mark_read`] reads no further than the first one that was
//!   not, so that no receipt up to a later place is sent before.

use std::collections::BTreeSet;

use wardline_model::wire::messages::{
    Acknowledgement, Priority, Receipt, ReceiptPost, ReceiptState,
};
use wardline_model::{GroupId, UserId};

use crate::changes::standing_at;
use crate::client::Client;
use crate::content::Change;
use crate::conversation::{self, Record, message_at, put_record};
use crate::error::ClientError;
use crate::expiry::is_gone;
use crate::own::forget_unread_mark;
use crate::platform::{Event, Platform};
use crate::views::MessageState;

impl<P: Platform> Client<P> {
    /// This person has a conversation on the screen, read up to a place. `shown` are the STAT messages
    /// that were on the screen, by the places of their newest versions ([`Message::newest_seq`]); what
    /// was not among them, now or before, stays unread with all behind it.
    ///
    /// [`Message::newest_seq`]: crate::views::Message::newest_seq
    pub async fn mark_read(
        &mut self,
        group: GroupId,
        up_to: u64,
        shown: &[u64],
    ) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        let Some(mut record) = conversation::record(vault, group) else {
            return Ok(());
        };
        let was_marked = forget_unread_mark(vault, group);
        let up_to = up_to.min(record.applied);
        if up_to <= record.read && !record.note_shown(shown) {
            if was_marked {
                self.flush().await?;
                self.platform.emit(Event::Conversations);
            }
            return Ok(());
        }
        record.note_shown(shown);
        let not_shown = self.not_shown(&record)?;
        let before = record.read;
        let end = |from: u64| {
            let first = not_shown.iter().find(|place| **place > from);
            first.map_or(up_to, |place| up_to.min(place - 1)).max(from)
        };
        record.read = end(record.read);
        record.seen = end(record.seen);
        record.shown.retain(|place| *place > record.seen);
        put_record(&mut self.opened()?.vault, &record);
        self.note_read(group, before, record.read, None)?;
        self.flush().await?;
        self.platform.emit(Event::Conversations);
        match self.tell_read(group).await {
            Ok(()) | Err(ClientError::Offline) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// This person acknowledges what was said, up to a place. Where a STAT message stands there, or a
    /// version of one, it is that message and no other.
    pub async fn acknowledge(&mut self, group: GroupId, up_to: u64) -> Result<(), ClientError> {
        let path = format!("/v1/groups/{group}/receipts");
        let post = ReceiptPost {
            state: ReceiptState::Acknowledged,
            up_to,
            of: self.stat_of(group, up_to)?,
        };
        let (): () = self.api.post(&self.platform, &path, &post).await?;
        self.note_own_receipt(group, &post)?;
        self.flush().await?;
        self.platform.emit(Event::Messages { group });
        self.mark_read(group, up_to, &[up_to]).await
    }

    /// Says what was read and the others do not know yet, such as in a dead spot.
    pub(crate) async fn tell_read(&mut self, group: GroupId) -> Result<(), ClientError> {
        let me = self.profile()?.user.id;
        let untold = conversation::record(self.vault()?, group)
            .filter(|record| record.joined)
            .is_some_and(|record| record.receipt(me).map_or(0, |r| r.read) < record.seen);
        if untold {
            self.post_receipt(group, ReceiptState::Read).await?;
        }
        Ok(())
    }

    pub(crate) async fn on_receipt(
        &mut self,
        group: GroupId,
        receipt: Receipt,
    ) -> Result<(), ClientError> {
        let Some(mut record) = conversation::record(self.vault()?, group) else {
            return Ok(());
        };
        self.note_steps(group, Some(&record), &receipt)?;
        self.note_read_elsewhere(group, Some(&record), &receipt)?;
        record.note_receipt(&receipt);
        put_record(&mut self.opened()?.vault, &record);
        self.flush().await?;
        self.platform.emit(Event::Messages { group });
        self.platform.emit(Event::Conversations);
        Ok(())
    }

    pub(crate) async fn post_receipt(
        &mut self,
        group: GroupId,
        state: ReceiptState,
    ) -> Result<(), ClientError> {
        // The record keeper reads nothing, so it says nothing of it.
        if self.keeps_records {
            return Ok(());
        }
        let Some(record) = conversation::record(self.vault()?, group) else {
            return Ok(());
        };
        let up_to = if state == ReceiptState::Read {
            record.seen
        } else {
            record.applied
        };
        let path = format!("/v1/groups/{group}/receipts");
        let post = ReceiptPost {
            state,
            up_to,
            of: None,
        };
        let (): () = self.api.post(&self.platform, &path, &post).await?;
        self.note_own_receipt(group, &post)
    }

    /// What this person said of a conversation, as the others will see it.
    fn note_own_receipt(&mut self, group: GroupId, post: &ReceiptPost) -> Result<(), ClientError> {
        let me = self.profile()?.user.id;
        let at = self.server_now().unwrap_or_else(|| self.platform.now_ms());
        let vault = &mut self.opened()?.vault;
        let Some(mut record) = conversation::record(vault, group) else {
            return Ok(());
        };
        let up_to = |state| {
            let is_said = post.state == state && post.of.is_none();
            if is_said { post.up_to } else { 0 }
        };
        let named = post.of.map(|seq| Acknowledgement {
            seq,
            version: post.up_to,
            at,
        });
        record.note_receipt(&Receipt {
            user_id: me,
            delivered: up_to(ReceiptState::Delivered),
            read: up_to(ReceiptState::Read),
            acknowledged: up_to(ReceiptState::Acknowledged),
            delivered_at: None,
            read_at: None,
            acknowledged_at: None,
            named: named.into_iter().collect(),
        });
        put_record(vault, &record);
        Ok(())
    }

    /// The STAT message that stands at a place, or of which a version does.
    fn stat_of(&mut self, group: GroupId, place: u64) -> Result<Option<u64>, ClientError> {
        let open = self.opened()?;
        let mut found = message_at(&open.vault, group, place);
        if let Some(Change::Edit { of, .. }) =
            found.as_ref().and_then(|entry| entry.change.as_ref())
        {
            let target = open.known.place(&open.vault, group, *of);
            found = target.and_then(|target| message_at(&open.vault, group, target));
        }
        Ok(found
            .filter(|message| message.change.is_none() && message.priority == Priority::Stat)
            .map(|message| message.seq))
    }

    /// Where the newest versions of others' STAT messages stand that this person was not shown, in the
    /// log's order.
    fn not_shown(&mut self, record: &Record) -> Result<BTreeSet<u64>, ClientError> {
        let me = self.profile()?.user.id;
        let now = self.server_now();
        let group = record.summary.id;
        let told = record.receipt(me).map_or(0, |receipt| receipt.read);
        let open = self.opened()?;
        let places = open.known.stat(&open.vault, group);
        Ok(places
            .into_iter()
            .filter_map(|place| standing_at(&open.vault, &mut open.known, group, place))
            .filter(|current| {
                let message = &current.message;
                message.from.as_ref().is_some_and(|from| from.id != me)
                    && !is_gone(message, me, now)
                    && !has_acknowledged(
                        record,
                        me,
                        message.priority,
                        (message.seq, current.newest),
                    )
            })
            .map(|current| current.newest)
            // What another device of this person was shown counts as well.
            .filter(|place| *place > told && !record.shown.contains(place))
            .collect())
    }
}

/// How far a message came with all of those whom it was for: as far as with the last of them, save that
/// one acknowledgement is enough.
pub(crate) fn state_of(reached: &[(UserId, MessageState)]) -> MessageState {
    let states = || reached.iter().map(|(_, state)| *state);
    match states().max() {
        Some(MessageState::Acknowledged) => MessageState::Acknowledged,
        _ => states().min().unwrap_or(MessageState::Sent),
    }
}

/// How far a message at a place came with each of those whom it was for, except of those named. Whoever
/// came later got it from the record keeper or not at all, and a receipt of theirs that covers its place
/// does not tell which; but who took a STAT message by its name took it. `newest` is the place of the
/// message's newest version.
pub(crate) fn reached(
    record: &Record,
    except: &BTreeSet<UserId>,
    priority: Priority,
    (place, newest): (u64, u64),
) -> Vec<(UserId, MessageState)> {
    let mut users = record.recipients(except, place, newest);
    if priority == Priority::Stat {
        let all = record
            .summary
            .receipts
            .iter()
            .map(|receipt| receipt.user_id);
        let took = |user: &UserId| has_acknowledged(record, *user, priority, (place, newest));
        users.extend(all.filter(|user| !except.contains(user) && took(user)));
    }
    let with = |user| {
        let up_to = record
            .receipt(user)
            .map_or((0, 0), |r| (r.delivered, r.read));
        let state = if has_acknowledged(record, user, priority, (place, newest)) {
            MessageState::Acknowledged
        } else if up_to.1 >= newest {
            MessageState::Read
        } else if up_to.0 >= newest {
            MessageState::Delivered
        } else {
            MessageState::Sent
        };
        (user, state)
    };
    users.into_iter().map(with).collect()
}

/// What this person did with a message of another.
pub(crate) fn own_state(
    record: &Record,
    me: UserId,
    priority: Priority,
    (place, newest): (u64, u64),
) -> MessageState {
    let was_shown = || {
        let told = record.receipt(me).map_or(0, |receipt| receipt.read);
        record.seen.max(told) >= newest || record.shown.contains(&newest)
    };
    if has_acknowledged(record, me, priority, (place, newest)) {
        MessageState::Acknowledged
    } else if record.read >= newest && (priority != Priority::Stat || was_shown()) {
        MessageState::Read
    } else {
        MessageState::Delivered
    }
}

/// Whether a person acknowledged the message at a place in its newest version. Of a STAT message only an
/// acknowledgement that names it counts: a member may name one and the version of another.
pub(crate) fn has_acknowledged(
    record: &Record,
    user: UserId,
    priority: Priority,
    (place, newest): (u64, u64),
) -> bool {
    record.receipt(user).is_some_and(|receipt| match priority {
        Priority::Stat => receipt
            .named
            .iter()
            .any(|named| named.seq == place && named.version >= newest),
        Priority::Routine | Priority::Urgent => receipt.acknowledged >= newest,
    })
}

#[cfg(test)]
mod tests {
    use wardline_model::{DeviceId, UserId};

    use super::*;
    use crate::conversation::tests::record;

    const BEN: UserId = UserId::from_bytes([1; 16]);
    const CY: UserId = UserId::from_bytes([2; 16]);
    const ADA: UserId = UserId::from_bytes([3; 16]);

    fn receipt(read: u64, acknowledged: u64, named: &[u64]) -> Receipt {
        let named = named.iter().map(|seq| Acknowledgement {
            seq: *seq,
            version: *seq,
            at: 1,
        });
        Receipt {
            user_id: BEN,
            delivered: 9,
            read,
            acknowledged,
            delivered_at: None,
            read_at: None,
            acknowledged_at: None,
            named: named.collect(),
        }
    }

    #[test]
    fn a_receipt_of_a_later_message_acknowledges_no_stat_message() {
        let state = |receipt: Receipt, priority, seq| {
            let mut record = record(&[receipt]);
            record.devices = vec![(DeviceId::from_bytes([1; 16]), BEN)];
            let own = own_state(&record, BEN, priority, (seq, seq));
            let theirs = reached(&record, &BTreeSet::new(), priority, (seq, seq));
            (state_of(&theirs), own)
        };
        for later in [receipt(9, 9, &[]), receipt(9, 9, &[8, 9])] {
            let (theirs, own) = state(later.clone(), Priority::Stat, 5);
            assert_eq!((theirs, own), (MessageState::Read, MessageState::Read));
            let (routine, _) = state(later, Priority::Routine, 5);
            assert_eq!(routine, MessageState::Acknowledged);
        }
        let (theirs, own) = state(receipt(4, 0, &[5]), Priority::Stat, 5);
        assert_eq!(theirs, MessageState::Acknowledged);
        assert_eq!(own, MessageState::Acknowledged);
        let (theirs, _) = state(receipt(4, 9, &[4, 6]), Priority::Stat, 5);
        assert_eq!(theirs, MessageState::Delivered);
    }

    /// Ada (not shown) writes to Ben, who has a role; Cy takes it over at 7, and Ben goes at 9.
    fn handed_over(bens: Receipt, cys: Receipt) -> Record {
        let devices = |users: &[UserId]| {
            let users = users.iter().enumerate();
            users
                .map(|(n, user)| (DeviceId::from_bytes([u8::try_from(n).unwrap(); 16]), *user))
                .collect::<Vec<_>>()
        };
        let mut record = record(&[bens, Receipt { user_id: CY, ..cys }]);
        record.note_devices(devices(&[ADA, BEN]), (1, 1));
        record.note_devices(devices(&[ADA, BEN, CY]), (7, 7));
        record.note_devices(devices(&[ADA, CY]), (9, 9));
        record
    }

    #[test]
    fn a_hand_over_takes_nothing_back_and_adds_nothing_to_what_was_said_before() {
        let me = BTreeSet::from([ADA]);
        let state = |record: &Record, priority, place| {
            state_of(&reached(record, &me, priority, (place, place)))
        };
        let routine = Priority::Routine;
        for read_by_cy in [0, 12] {
            let record = handed_over(receipt(5, 0, &[]), receipt(read_by_cy, read_by_cy, &[]));
            assert_eq!(state(&record, routine, 5), MessageState::Read);
            assert_eq!(state(&record, routine, 6), MessageState::Delivered);
        }
        // From then on Cy counts, and Ben as far as he came.
        let record = handed_over(receipt(8, 0, &[]), receipt(0, 0, &[]));
        assert_eq!(state(&record, routine, 8), MessageState::Delivered);
        let unread = reached(&record, &me, routine, (8, 8));
        assert_eq!(
            unread,
            [(BEN, MessageState::Read), (CY, MessageState::Delivered)]
        );
        assert_eq!(
            reached(&record, &me, routine, (10, 10)),
            [(CY, MessageState::Sent)]
        );
    }

    #[test]
    fn whoever_takes_a_stat_message_with_the_role_took_it() {
        let me = BTreeSet::from([ADA]);
        let record = handed_over(receipt(0, 0, &[]), receipt(9, 0, &[5]));
        let with = reached(&record, &me, Priority::Stat, (5, 5));
        assert!(with.contains(&(CY, MessageState::Acknowledged)));
        assert_eq!(state_of(&with), MessageState::Acknowledged);
        let other = reached(&record, &me, Priority::Stat, (6, 6));
        assert_eq!(other, [(BEN, MessageState::Delivered)]);
    }

    #[test]
    fn what_was_acknowledged_stays_so_when_the_hospital_forgets() {
        let mut record = record(&[receipt(4, 0, &[5])]);
        record.note_receipt(&receipt(6, 0, &[7]));
        let mut summary = record.summary.clone();
        summary.receipts = vec![receipt(6, 0, &[])];
        record.note_summary(summary);
        for seq in [5, 7] {
            assert!(has_acknowledged(&record, BEN, Priority::Stat, (seq, seq)));
        }
        assert!(!has_acknowledged(&record, BEN, Priority::Stat, (6, 6)));
        // Another message is not acknowledged by the version of this one.
        assert!(!has_acknowledged(&record, BEN, Priority::Stat, (6, 7)));
    }

    #[test]
    fn what_was_on_the_screen_is_news_once() {
        let mut record = record(&[]);
        record.seen = 3;
        assert!(!record.note_shown(&[2, 3]));
        assert!(record.note_shown(&[3, 5, 5]));
        assert!(!record.note_shown(&[5]));
        assert_eq!(record.shown, [5]);
    }
}
