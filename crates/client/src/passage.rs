//! Who came and went: what a change of a conversation's members tells.

use std::collections::BTreeSet;

use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Entry;
use wardline_model::{DeviceId, GroupId, UserId};

use crate::client::Client;
use crate::conversation::{self, put_record};
use crate::error::ClientError;
use crate::mls::Claim;
use crate::platform::Platform;
use crate::records::Committed;
use crate::views::Notice;

impl<P: Platform> Client<P> {
    /// Tells in the conversation who came and went with a commit, and refreshes the record.
    pub(crate) fn note_change(
        &mut self,
        group: GroupId,
        entry: &Entry,
        committed: &Committed,
    ) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        if let Some(mut record) = conversation::record(vault, group) {
            record.note_devices(pairs(&committed.after), (entry.seq, entry.seq));
            put_record(vault, &record);
        }
        let told = self.sentences(
            group,
            &Passage {
                before: &pairs(&committed.before),
                after: &committed.after,
                out_of_use: &committed.out_of_use,
                dismissed: &committed.dismissed,
                by_keeper: committed.by_keeper,
            },
        );
        if let Some((kind, sentences)) = told {
            self.notice(group, entry.seq, entry.sent_at, kind, &sentences)?;
        }
        self.keep_change(group, entry.seq, committed)
    }

    /// Who came and went, in sentences; nothing when nobody did.
    pub(crate) fn sentences(
        &self,
        group: GroupId,
        passage: &Passage<'_>,
    ) -> Option<(Notice, String)> {
        let told: Vec<(Notice, UserId, &str)> = passage.told(|device| {
            let admitted = self.admitted(device)?;
            Some((admitted.endorser, admitted.endorsed_by))
        });
        let (kind, ..) = told.first()?;
        let role = self.vault().ok().and_then(|vault| {
            let summary = conversation::record(vault, group)?.summary;
            (passage.by_keeper && summary.kind == GroupKind::Role).then_some(summary.role_title?)
        });
        let sentences: Vec<String> = told
            .iter()
            .map(|(kind, user, what)| {
                let name = self
                    .brief(group, *user)
                    .map_or_else(|| "Someone".to_owned(), |p| p.name);
                match (&role, kind) {
                    (Some(role), Notice::PersonAdded) => {
                        [name.as_str(), " took over ", role, "."].concat()
                    }
                    (Some(role), Notice::PersonRemoved) => {
                        [name.as_str(), " handed over ", role, "."].concat()
                    }
                    _ => [name.as_str(), " ", what, "."].concat(),
                }
            })
            .collect();
        Some((*kind, sentences.join(" ")))
    }
}

/// A change of members, to be told.
pub(crate) struct Passage<'a> {
    pub(crate) before: &'a [(DeviceId, UserId)],
    pub(crate) after: &'a [Claim],
    /// Devices that the delivery service took out.
    pub(crate) out_of_use: &'a [DeviceId],
    /// People whom a member took out.
    pub(crate) dismissed: &'a [UserId],
    /// Whether the record keeper did it, which follows who is on call.
    pub(crate) by_keeper: bool,
}

impl Passage<'_> {
    /// What happened to whom. `endorser` gives the device that vouched for another one, and whose it
    /// is.
    fn told(
        &self,
        endorser: impl Fn(DeviceId) -> Option<(DeviceId, UserId)>,
    ) -> Vec<(Notice, UserId, &'static str)> {
        let was = |device: DeviceId| self.before.iter().any(|(d, _)| *d == device);
        let is = |device: DeviceId| self.after.iter().any(|c| c.device == device);
        let old: BTreeSet<UserId> = self.before.iter().map(|(_, user)| *user).collect();
        let new: BTreeSet<UserId> = self.after.iter().map(|c| c.user).collect();
        let mut told = Vec::new();
        for user in new.difference(&old) {
            told.push((Notice::PersonAdded, *user, "was added"));
        }
        for user in old.difference(&new) {
            let lost = self
                .before
                .iter()
                .filter(|(_, of)| of == user)
                .all(|(device, _)| self.out_of_use.contains(device));
            if lost && !self.dismissed.contains(user) {
                let what = "has no device in use at the moment and stays a member";
                told.push((Notice::DeviceRemoved, *user, what));
            } else {
                told.push((Notice::PersonRemoved, *user, "was removed"));
            }
        }
        for claim in self.after {
            if !was(claim.device) && old.contains(&claim.user) {
                let what = match endorser(claim.device) {
                    Some((_, of)) if of != claim.user => {
                        "uses a new device, confirmed by an officer"
                    }
                    Some((device, _)) if !was(device) && !is(device) => {
                        "uses a new device, confirmed on one that is not in this conversation"
                    }
                    Some(_) | None => "uses a new device",
                };
                told.push((Notice::DeviceAdded, claim.user, what));
            }
        }
        for user in self.dismissed {
            if !old.contains(user) && !new.contains(user) {
                told.push((Notice::PersonRemoved, *user, "was removed"));
            }
        }
        for (device, user) in self.before {
            if !is(*device) && new.contains(user) {
                told.push((Notice::DeviceRemoved, *user, "no longer uses a device"));
            }
        }
        told
    }
}

pub(crate) fn pairs(members: &[Claim]) -> Vec<(DeviceId, UserId)> {
    members.iter().map(|c| (c.device, c.user)).collect()
}
