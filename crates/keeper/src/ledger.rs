//! Who was a member when, and which device is owed what: a value of the changes it has seen.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wardline_client::records::MemberChange;
use wardline_model::{DeviceId, GroupId, UserId};

/// What the record keeper knows of one conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    devices: BTreeMap<DeviceId, UserId>,
    tenures: Vec<Tenure>,
    owed: Vec<Owed>,
    /// Stretches in which the keeper was not there, or could not read.
    absences: Vec<Span>,
    /// People who came because they were on call, and leave with that.
    #[serde(default)]
    holders: BTreeSet<UserId>,
    /// Devices that went out of use while they were here, and until when they had to wait.
    #[serde(default)]
    former: BTreeMap<DeviceId, Former>,
}

/// A device that was in the conversation until it went out of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Former {
    user: UserId,
    /// When its wait was or will be over, unix milliseconds.
    due: u64,
}

/// A time during which a person was a member, in places of the conversation's log. It goes on
/// while the person has no device because the last one went out of use; it ends when a member
/// removes the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenure {
    /// Who.
    pub user: UserId,
    /// The commit that made them a member; what came later is theirs.
    pub from: u64,
    /// The commit that ended it; what came before is theirs. Absent while it lasts.
    pub until: Option<u64>,
}

/// A device to which history is to be handed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Which device.
    pub device: DeviceId,
    /// Its person.
    pub user: UserId,
    /// The commit by which it came, or came anew: what it missed lies before.
    pub joined_seq: u64,
    /// Not before this time, unix milliseconds.
    pub due: u64,
    /// The group through which its pages are on their way.
    pub queued: Option<GroupId>,
    /// Whether the device was told that it has to wait.
    pub told: bool,
}

/// A stretch of a conversation's log: after one place and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The place before the first.
    pub after: u64,
    /// The place behind the last.
    pub before: u64,
}

impl Ledger {
    /// Takes in a change of members at a time (unix milliseconds). A device that is new waits for
    /// what its person was a member for, unless a device of the same person that is here vouched
    /// for it (`endorser`): then it waits as long as that one does. One that was here before is
    /// repaired at once; so is one that comes back after it was out of use, as from quarantine: it
    /// is the same key, which opens with its person's passkey only, and what it waited for counts.
    pub fn take(
        &mut self,
        change: &MemberChange,
        now_ms: u64,
        wait_ms: u64,
        endorser: impl Fn(DeviceId) -> Option<DeviceId>,
    ) {
        self.take_of_role(change, now_ms, wait_ms, endorser, |_, _| None);
    }

    /// The same for a role's conversation. `on_call` says of a device's person that they have the role
    /// by signed turns, and since when the keeper has known the device. Whoever comes with the role is
    /// owed what was said to it before them, since it was said to the role. A device that is new to the
    /// keeper waits for that, as one that only an officer confirmed does.
    pub fn take_of_role(
        &mut self,
        change: &MemberChange,
        now_ms: u64,
        wait_ms: u64,
        endorser: impl Fn(DeviceId) -> Option<DeviceId>,
        on_call: impl Fn(DeviceId, UserId) -> Option<u64>,
    ) {
        let began = self.tenures.iter().map(|tenure| tenure.from).min();
        let members = self.members();
        if let Some(seen) = change.snapshot_after {
            self.begin_anew(change, seen);
        }
        for (device, user) in &change.joined {
            let mut due = self.due_of(endorser(*device), *user, now_ms, wait_ms);
            if let Some(former) = self.former.remove(device)
                && former.user == *user
            {
                due = due.min(former.due.max(now_ms));
            }
            if let Some(heard) = on_call(*device, *user) {
                due = due.min(heard.saturating_add(wait_ms).max(now_ms));
                if !members.contains(user) {
                    self.come_with_role(*user, began.filter(|from| *from < change.seq));
                }
            }
            let known = self.devices.insert(*device, *user).is_some();
            let was_member = self
                .tenures
                .iter()
                .any(|tenure| tenure.user == *user && tenure.from < change.seq);
            if !known && was_member {
                self.owe(*device, *user, change.seq, due);
            }
            if !self.is_member(*user) {
                self.tenures.push(Tenure {
                    user: *user,
                    from: change.seq,
                    until: None,
                });
            }
        }
        for (device, user) in &change.left {
            let was_here = self.devices.remove(device) == Some(*user);
            if was_here && change.out_of_use.contains(device) {
                let waits = self.owed.iter().find(|owed| owed.device == *device);
                let due = waits.map_or(now_ms, |owed| owed.due);
                self.former.insert(*device, Former { user: *user, due });
            }
            self.owed.retain(|owed| owed.device != *device);
        }
        let gone: BTreeSet<UserId> = change
            .left
            .iter()
            .filter(|(device, _)| !change.out_of_use.contains(device))
            .map(|(_, user)| *user)
            .chain(change.dismissed.iter().copied())
            .collect();
        self.end(change.seq, |user| gone.contains(&user));
        if let Some(device) = change.rejoined
            && let Some(user) = self.devices.get(&device).copied()
        {
            self.owe(device, user, change.seq, now_ms);
        }
    }

    /// People who are members, those between two devices included.
    pub fn members(&self) -> BTreeSet<UserId> {
        self.tenures
            .iter()
            .filter(|tenure| tenure.until.is_none())
            .map(|tenure| tenure.user)
            .collect()
    }

    /// Members who came because they were on call.
    pub fn holders(&self) -> BTreeSet<UserId> {
        self.holders
            .intersection(&self.members())
            .copied()
            .collect()
    }

    /// Whether a device is in the conversation.
    pub fn has(&self, device: DeviceId) -> bool {
        self.devices.contains_key(&device)
    }

    /// The devices in the conversation, and whose they are.
    pub fn devices(&self) -> impl Iterator<Item = (DeviceId, UserId)> {
        self.devices.iter().map(|(device, user)| (*device, *user))
    }

    /// Devices of members that went out of use while they were here, and whose they are: with the same key
    /// and all that they hold they may come back.
    pub fn away(&self) -> impl Iterator<Item = (DeviceId, UserId)> {
        let members = self.members();
        let former = self.former.iter().map(|(device, f)| (*device, f.user));
        former.filter(move |(_, user)| members.contains(user))
    }

    /// What may be handed over at a time (unix milliseconds).
    pub fn due(&self, now_ms: u64) -> Vec<Owed> {
        let due = |owed: &&Owed| owed.due <= now_ms;
        self.owed.iter().filter(due).copied().collect()
    }

    /// When the next device that still waits may get its history.
    pub fn next_due(&self) -> Option<u64> {
        self.owed.iter().map(|owed| owed.due).min()
    }

    /// What is owed to a device: the stretches before it came in which its person was a member.
    pub fn spans(&self, owed: &Owed) -> Vec<Span> {
        self.tenures
            .iter()
            .filter(|tenure| tenure.user == owed.user && tenure.from < owed.joined_seq)
            .map(|tenure| Span {
                after: tenure.from,
                before: tenure.until.unwrap_or(u64::MAX).min(owed.joined_seq),
            })
            .collect()
    }

    /// Whether the keeper was there for all that a device is owed.
    pub fn is_whole(&self, owed: &Owed) -> bool {
        let first = self.spans(owed).iter().map(|span| span.after).min();
        first.is_none_or(|first| {
            self.absences
                .iter()
                .all(|gap| gap.before <= first || gap.after.saturating_add(1) >= owed.joined_seq)
        })
    }

    /// Whether a person was a member at any time that the keeper knows of.
    pub fn knew(&self, user: UserId) -> bool {
        self.tenures.iter().any(|tenure| tenure.user == user)
    }

    /// Whether a person was a member at a place.
    pub fn was_member(&self, user: UserId, place: u64) -> bool {
        self.tenures.iter().any(|tenure| {
            tenure.user == user
                && tenure.from < place
                && tenure.until.is_none_or(|until| place < until)
        })
    }

    /// A device that waits need not wait any longer.
    pub fn release(&mut self, device: DeviceId, now_ms: u64) {
        for owed in self.owed.iter_mut().filter(|o| o.device == device) {
            owed.due = owed.due.min(now_ms);
        }
    }

    /// All pages that are on their way have to be made anew.
    pub fn requeue(&mut self) {
        for owed in &mut self.owed {
            owed.queued = None;
        }
    }

    /// Devices that wait for history and do not know it yet.
    pub fn untold(&self, now_ms: u64) -> Vec<Owed> {
        let waits = |owed: &&Owed| owed.due > now_ms && !owed.told;
        self.owed.iter().filter(waits).copied().collect()
    }

    /// A device was told that it has to wait.
    pub fn set_told(&mut self, device: DeviceId) {
        for owed in self.owed.iter_mut().filter(|o| o.device == device) {
            owed.told = true;
        }
    }

    /// The pages for a device are on their way through a group, or have to be sent again.
    pub fn set_queued(&mut self, device: DeviceId, queued: Option<GroupId>) {
        for owed in self.owed.iter_mut().filter(|o| o.device == device) {
            owed.queued = queued;
        }
    }

    /// A device has got what it was owed up to a commit.
    pub fn settle(&mut self, device: DeviceId, joined_seq: u64) {
        self.owed
            .retain(|owed| owed.device != device || owed.joined_seq > joined_seq);
    }

    /// The keeper saw nothing between a place and a snapshot of the members: for all that it knows
    /// each of them was removed right after that place, and those who are there came back with the
    /// snapshot. That includes people who had no device, of whom a snapshot says nothing.
    fn begin_anew(&mut self, snapshot: &MemberChange, seen: u64) {
        let there: BTreeSet<DeviceId> = snapshot.joined.iter().map(|(device, _)| *device).collect();
        if snapshot.seq > seen.saturating_add(1) {
            self.absences.push(Span {
                after: seen,
                before: snapshot.seq,
            });
        }
        self.devices.retain(|device, _| there.contains(device));
        self.owed.retain(|owed| there.contains(&owed.device));
        for tenure in self.tenures.iter_mut().filter(|t| t.until.is_none()) {
            tenure.until = Some(seen.saturating_add(1));
        }
    }

    /// Ends the memberships of these, as far as they have no device in the conversation.
    fn end(&mut self, seq: u64, whose: impl Fn(UserId) -> bool) {
        let present: BTreeSet<UserId> = self.devices.values().copied().collect();
        for tenure in &mut self.tenures {
            let ends = whose(tenure.user) && !present.contains(&tenure.user);
            if ends && tenure.until.is_none() {
                tenure.until = Some(seq);
                self.holders.remove(&tenure.user);
            }
        }
    }

    fn is_member(&self, user: UserId) -> bool {
        self.tenures
            .iter()
            .any(|tenure| tenure.user == user && tenure.until.is_none())
    }

    /// Somebody who comes because they are on call: what was said since the role was first written to
    /// is theirs.
    fn come_with_role(&mut self, user: UserId, began: Option<u64>) {
        self.holders.insert(user);
        if let Some(from) = began
            && !self.is_member(user)
        {
            self.tenures.push(Tenure {
                user,
                from,
                until: None,
            });
        }
    }

    /// A device that has to wait does not get round it by joining anew.
    fn owe(&mut self, device: DeviceId, user: UserId, joined_seq: u64, due: u64) {
        let waits = self.owed.iter().find(|owed| owed.device == device);
        let due = waits.map_or(due, |owed| owed.due);
        self.owed.retain(|owed| owed.device != device);
        self.owed.push(Owed {
            device,
            user,
            joined_seq,
            due,
            queued: None,
            told: false,
        });
    }

    /// A chain of a person's own devices does not get round a wait either.
    fn due_of(&self, endorser: Option<DeviceId>, user: UserId, now_ms: u64, wait_ms: u64) -> u64 {
        let own = endorser.filter(|endorser| self.devices.get(endorser) == Some(&user));
        let Some(own) = own else {
            return now_ms.saturating_add(wait_ms);
        };
        let waits = self.owed.iter().find(|owed| owed.device == own);
        waits.map_or(now_ms, |owed| owed.due.max(now_ms))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 5;
    const WAIT: u64 = 5;
    const SOON: u64 = NOW + WAIT;

    fn user(number: u8) -> UserId {
        UserId::from_bytes([number; 16])
    }

    fn device(number: u8) -> DeviceId {
        DeviceId::from_bytes([number; 16])
    }

    fn change(seq: u64) -> MemberChange {
        MemberChange {
            group: GroupId::from_bytes([7; 16]),
            seq,
            joined: Vec::new(),
            left: Vec::new(),
            out_of_use: Vec::new(),
            dismissed: Vec::new(),
            rejoined: None,
            snapshot_after: None,
        }
    }

    fn snapshot(seq: u64, seen: u64, devices: &[(u8, u8)]) -> MemberChange {
        MemberChange {
            snapshot_after: Some(seen),
            ..joined(seq, devices)
        }
    }

    fn joined(seq: u64, devices: &[(u8, u8)]) -> MemberChange {
        MemberChange {
            joined: devices
                .iter()
                .map(|(d, u)| (device(*d), user(*u)))
                .collect(),
            ..change(seq)
        }
    }

    fn left(seq: u64, d: u8, u: u8, out_of_use: bool) -> MemberChange {
        MemberChange {
            left: vec![(device(d), user(u))],
            out_of_use: out_of_use.then_some(device(d)).into_iter().collect(),
            ..change(seq)
        }
    }

    fn ledger(changes: &[MemberChange]) -> Ledger {
        let mut ledger = Ledger::default();
        for change in changes {
            ledger.take(change, NOW, WAIT, |_| None);
        }
        ledger
    }

    fn span(after: u64, before: u64) -> Span {
        Span { after, before }
    }

    /// Ada and Ben write to a role that Ben has; Cy takes it over.
    fn role_ledger(heard: u64) -> Ledger {
        let mut ledger = Ledger::default();
        let on_call = |of: u8| move |_, who| (who == user(of)).then_some(heard);
        let first = snapshot(1, 0, &[(1, 1), (2, 2)]);
        ledger.take_of_role(&first, NOW, WAIT, |_| None, on_call(2));
        ledger.take_of_role(&joined(9, &[(3, 3)]), NOW, WAIT, |_| None, on_call(3));
        ledger
    }

    #[test]
    fn whoever_takes_a_role_over_is_owed_what_was_said_to_it() {
        let mut ledger = role_ledger(0);
        let [owed] = ledger.due(NOW)[..] else {
            panic!("{ledger:?}")
        };
        assert_eq!(
            (owed.device, ledger.spans(&owed)),
            (device(3), vec![span(1, 9)])
        );
        assert_eq!(
            ledger.holders(),
            [user(2), user(3)].into(),
            "Ada only wrote"
        );
        // Who is gone with the role gets nothing of what comes later.
        ledger.take(&left(12, 2, 2, false), NOW, WAIT, |_| None);
        assert_eq!(ledger.holders(), [user(3)].into());
        ledger.take(&joined(20, &[(4, 2)]), NOW, WAIT, |_| None);
        let late = ledger.due(SOON).into_iter().find(|o| o.user == user(2));
        assert_eq!(ledger.spans(&late.unwrap()), [span(1, 12)]);
    }

    #[test]
    fn whoever_wrote_to_a_role_before_they_had_it_stays_and_whoever_had_it_as_they_wrote_goes() {
        // Ada takes the role over later, and brings another phone meanwhile.
        let mut ledger = role_ledger(0);
        let on_call = |_, who| (who == user(1)).then_some(0);
        ledger.take_of_role(&joined(15, &[(4, 1)]), NOW, WAIT, |_| None, on_call);
        assert_eq!(ledger.holders(), [user(2), user(3)].into());
        // Ben, who has it, writes the hand-over note to Cy, who has it next.
        let mut ledger = Ledger::default();
        let on_call = |_, who| (who == user(2) || who == user(3)).then_some(0);
        let note = snapshot(1, 0, &[(2, 2), (3, 3)]);
        ledger.take_of_role(&note, NOW, WAIT, |_| None, on_call);
        assert_eq!(ledger.holders(), [user(2), user(3)].into());
    }

    #[test]
    fn a_device_that_the_keeper_has_just_heard_of_waits_for_the_roles_past() {
        let ledger = role_ledger(NOW);
        assert!(ledger.due(SOON - 1).is_empty());
        assert_eq!(ledger.due(SOON).len(), 1);
    }

    #[test]
    fn whoever_is_let_into_a_roles_conversation_without_the_role_gets_nothing_of_its_past() {
        let mut ledger = role_ledger(0);
        ledger.take_of_role(&joined(15, &[(5, 5)]), NOW, WAIT, |_| None, |_, _| None);
        assert!(ledger.due(u64::MAX).iter().all(|owed| owed.user != user(5)));
    }

    #[test]
    fn a_second_device_is_owed_what_its_person_was_there_for() {
        let ledger = ledger(&[joined(1, &[(1, 1), (2, 2)]), joined(9, &[(3, 1)])]);
        let [owed] = ledger.due(SOON)[..] else {
            panic!("{ledger:?}")
        };
        assert_eq!((owed.device, owed.user), (device(3), user(1)));
        assert_eq!(ledger.spans(&owed), [span(1, 9)]);
        assert!(ledger.due(SOON - 1).is_empty(), "not before its time");
        assert!(ledger.is_whole(&owed));
    }

    #[test]
    fn who_is_new_is_owed_nothing() {
        let ledger = ledger(&[joined(1, &[(1, 1)]), joined(5, &[(2, 2)])]);
        assert!(ledger.due(u64::MAX).is_empty());
        assert_eq!(ledger.members(), [user(1), user(2)].into());
    }

    #[test]
    fn who_loses_a_phone_stays_a_member_and_gets_everything_on_the_next_one() {
        let mut ledger = ledger(&[joined(1, &[(1, 1), (2, 2)]), left(6, 1, 1, true)]);
        assert!(ledger.members().contains(&user(1)) && !ledger.has(device(1)));
        assert_eq!(ledger.away().collect::<Vec<_>>(), [(device(1), user(1))]);
        ledger.take(&joined(8, &[(3, 1)]), NOW, WAIT, |_| None);
        assert_eq!(ledger.spans(&ledger.due(SOON)[0]), [span(1, 8)]);
    }

    #[test]
    fn a_device_that_comes_back_from_quarantine_is_repaired_at_once() {
        let mut ledger = ledger(&[joined(1, &[(1, 1), (2, 2)]), left(6, 1, 1, true)]);
        ledger.take(&joined(9, &[(1, 1)]), NOW, WAIT, |_| None);
        let [owed] = ledger.due(NOW)[..] else {
            panic!("{ledger:?}")
        };
        assert_eq!((owed.device, owed.joined_seq), (device(1), 9));
        assert_eq!(ledger.spans(&owed), [span(1, 9)]);

        // Whoever says it is another person's waits, as does who is new.
        for (d, u) in [(1, 2), (3, 1)] {
            let mut ledger = self::ledger(&[joined(1, &[(1, 1), (2, 2)]), left(6, 1, 1, true)]);
            ledger.take(&joined(9, &[(d, u)]), NOW, WAIT, |_| None);
            assert!(ledger.due(SOON - 1).is_empty());
        }
    }

    #[test]
    fn no_wait_is_shortened_by_going_out_of_use() {
        let mut ledger = ledger(&[joined(1, &[(1, 1)]), joined(4, &[(3, 1)])]);
        ledger.take(&left(6, 3, 1, true), NOW + 1, WAIT, |_| None);
        ledger.take(&joined(9, &[(3, 1)]), NOW + 2, WAIT, |_| None);
        assert!(ledger.due(SOON - 1).is_empty());
        assert_eq!(ledger.due(SOON).len(), 1, "nor does it begin anew");
    }

    #[test]
    fn who_was_removed_gets_nothing_from_the_time_without_them() {
        let mut ledger = ledger(&[joined(1, &[(1, 1), (2, 2)]), left(6, 1, 1, false)]);
        assert_eq!(ledger.members(), [user(2)].into());
        ledger.take(&joined(8, &[(3, 1)]), NOW, WAIT, |_| None);
        let owed = ledger.due(SOON)[0];
        assert_eq!(ledger.spans(&owed), [span(1, 6)]);
    }

    #[test]
    fn losing_one_of_two_phones_and_being_removed_with_the_other_ends_it() {
        let changes = [
            joined(1, &[(1, 1), (3, 1), (2, 2)]),
            left(4, 1, 1, true),
            left(6, 3, 1, false),
        ];
        assert_eq!(ledger(&changes).members(), [user(2)].into());
    }

    #[test]
    fn a_device_that_joined_anew_is_repaired_but_does_not_shorten_its_wait() {
        let mut ledger = ledger(&[joined(1, &[(1, 1)]), joined(3, &[(3, 1)])]);
        let rejoin = |d, seq| MemberChange {
            rejoined: Some(device(d)),
            ..change(seq)
        };
        ledger.take(&rejoin(1, 5), NOW, WAIT, |_| None);
        ledger.take(&rejoin(3, 7), NOW, WAIT, |_| None);
        let [repair] = ledger.due(NOW)[..] else {
            panic!("{ledger:?}")
        };
        assert_eq!(repair.device, device(1));
        assert_eq!(ledger.spans(&repair), [span(1, 5)]);
        ledger.settle(device(1), 5);
        let owed = ledger.due(SOON)[0];
        assert_eq!((owed.device, owed.due), (device(3), SOON));
        assert_eq!(ledger.spans(&owed), [span(1, 7)]);
    }

    #[test]
    fn what_a_device_that_is_here_vouched_for_gets_it_at_once() {
        let mut ledger = ledger(&[joined(1, &[(1, 1), (2, 2)])]);
        ledger.take(&joined(9, &[(3, 1)]), NOW, WAIT, |_| Some(device(1)));
        assert_eq!(ledger.due(NOW).len(), 1);
        // Not so by another person's device, or by one that is gone.
        ledger.take(&joined(10, &[(4, 1)]), NOW, WAIT, |_| Some(device(2)));
        ledger.take(&left(11, 1, 1, true), NOW, WAIT, |_| None);
        ledger.take(&joined(12, &[(5, 1)]), NOW, WAIT, |_| Some(device(1)));
        let at_once: Vec<DeviceId> = ledger.due(NOW).iter().map(|o| o.device).collect();
        assert_eq!(at_once, [device(3)]);
    }

    #[test]
    fn a_waiting_device_shortens_no_wait_by_vouching_for_another() {
        let mut ledger = ledger(&[joined(1, &[(1, 1)]), joined(3, &[(3, 1)])]);
        for (seq, new, by) in [(4, 4, 3), (5, 5, 4)] {
            ledger.take(&joined(seq, &[(new, 1)]), NOW + 1, WAIT, |_| {
                Some(device(by))
            });
        }
        assert!(ledger.due(SOON - 1).is_empty(), "{ledger:?}");
        assert_eq!(ledger.due(SOON).len(), 3, "they wait as long as the first");
    }

    #[test]
    fn a_device_that_goes_before_its_time_gets_nothing() {
        let changes = [
            joined(1, &[(1, 1)]),
            joined(2, &[(3, 1)]),
            left(3, 3, 1, true),
        ];
        assert!(ledger(&changes).due(u64::MAX).is_empty());
    }

    #[test]
    fn the_keeper_that_joins_anew_owes_nothing_to_those_it_knew() {
        let everyone = [(1, 1), (2, 2)];
        let ledger = ledger(&[snapshot(1, 0, &everyone), snapshot(20, 12, &everyone)]);
        assert!(ledger.due(u64::MAX).is_empty());
        assert_eq!(ledger.members(), [user(1), user(2)].into());
    }

    #[test]
    fn who_is_missing_when_the_keeper_is_back_was_there_as_long_as_it_saw() {
        let mut ledger = ledger(&[
            snapshot(1, 0, &[(1, 1), (2, 2), (3, 3)]),
            left(6, 3, 3, true),
            snapshot(20, 12, &[(1, 1), (4, 4)]),
        ]);
        assert_eq!(ledger.members(), [user(1), user(4)].into());
        assert!(!ledger.has(device(2)));
        // Whoever comes back gets what they were seen to be there for.
        ledger.take(&joined(30, &[(5, 2), (6, 3)]), NOW, WAIT, |_| None);
        for owed in ledger.due(SOON) {
            assert_eq!(ledger.spans(&owed), [span(1, 13)], "{owed:?}");
            assert!(!ledger.is_whole(&owed));
        }
        let stayed = ledger.tenures.iter().filter(|t| t.user == user(1));
        assert_eq!(stayed.map(|t| t.from).collect::<Vec<_>>(), [1, 20]);
        // Who came meanwhile gets nothing from before.
        ledger.take(&joined(31, &[(7, 4)]), NOW, WAIT, |_| None);
        let newcomer = ledger.due(SOON).into_iter().find(|o| o.user == user(4));
        let newcomer = newcomer.unwrap();
        assert_eq!(ledger.spans(&newcomer), [span(20, 31)]);
        assert!(ledger.is_whole(&newcomer));
    }

    #[test]
    fn who_is_removed_while_their_phone_goes_out_of_use_is_removed() {
        let crossed = MemberChange {
            dismissed: vec![user(1)],
            ..left(6, 1, 1, true)
        };
        let mut ledger = ledger(&[joined(1, &[(1, 1), (2, 2)]), crossed]);
        assert_eq!(ledger.members(), [user(2)].into());
        // Also when they had no device any more.
        ledger.take(&left(7, 2, 2, true), NOW, WAIT, |_| None);
        assert_eq!(ledger.members(), [user(2)].into());
        let dismissed = MemberChange {
            dismissed: vec![user(2)],
            ..change(8)
        };
        ledger.take(&dismissed, NOW, WAIT, |_| None);
        assert!(ledger.members().is_empty());
    }

    proptest! {
        /// Whatever happens, also while the keeper is away, a span never reaches over a time at
        /// which the person was no member.
        #[test]
        fn nobody_is_owed_a_place_at_which_they_were_no_member(
            steps in proptest::collection::vec(
                (0_u8..6, any::<bool>(), any::<bool>(), proptest::bool::weighted(0.2)), 0..60)
        ) {
            let mut ledger = Ledger::default();
            let mut present: BTreeSet<u8> = BTreeSet::new();
            // Two devices for each of three people; who is a member after each place, and who is
            // one as far as the keeper knows.
            let owner = |d: u8| d / 2;
            let mut members: BTreeSet<u8> = BTreeSet::new();
            let mut known: BTreeSet<u8> = BTreeSet::new();
            let mut was: Vec<BTreeSet<u8>> = vec![BTreeSet::new()];
            let (mut seen, mut is_away) = (0, false);
            for (index, (d, join, out_of_use, away)) in steps.into_iter().enumerate() {
                let seq = u64::try_from(index).unwrap() + 1;
                let back = is_away && !away;
                is_away = away;
                if back {
                    let there: Vec<(u8, u8)> = present.iter().map(|d| (*d, owner(*d))).collect();
                    ledger.take(&snapshot(seq, seen, &there), 0, 0, |_| None);
                    known = present.iter().map(|d| owner(*d)).collect();
                } else if join && present.insert(d) {
                    members.insert(owner(d));
                    if !away {
                        ledger.take(&joined(seq, &[(d, owner(d))]), 0, 0, |_| None);
                        known.insert(owner(d));
                    }
                } else if !join && present.remove(&d) {
                    let ends = !out_of_use && !present.iter().any(|p| owner(*p) == owner(d));
                    if ends {
                        members.remove(&owner(d));
                    }
                    if !away {
                        ledger.take(&left(seq, d, owner(d), out_of_use), 0, 0, |_| None);
                        if ends {
                            known.remove(&owner(d));
                        }
                    }
                }
                if !away {
                    seen = seq;
                }
                was.push(members.clone());
                prop_assert_eq!(ledger.members(), known.iter().map(|m| user(*m)).collect());
                for owed in ledger.due(u64::MAX) {
                    let who = owed.user.as_bytes()[0];
                    for span in ledger.spans(&owed) {
                        prop_assert!(span.before <= owed.joined_seq);
                        for place in span.after + 1..span.before {
                            let place = usize::try_from(place).unwrap();
                            prop_assert!(was[place].contains(&who), "{place} of {was:?}");
                        }
                    }
                }
            }
        }
    }
}
