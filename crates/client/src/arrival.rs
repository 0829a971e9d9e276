//! Arriving in a conversation: by a Welcome, or from outside after its keys were lost.

use std::collections::BTreeSet;

use wardline_credential::NotAdmitted;
use wardline_model::wire::groups::{CommitAccepted, CommitUpload, GroupInfoAnswer};
use wardline_model::wire::messages::{Inbox, InboxItem};
use wardline_model::{GroupId, UserId};

use crate::client::Client;
use crate::conversation::{self, Record, put_record};
use crate::enroll::{IDENTITY, StoredIdentity};
use crate::error::ClientError;
use crate::mls::Claim;
use crate::passage::{Passage, pairs};
use crate::platform::{Event, Platform};
use crate::sync::OUT_OF_STEP;
use crate::views::Notice;

/// The vault's name of the inbox cursor.
const INBOX: &str = "inbox";
/// The vault's names of Welcomes that were not taken yet.
const WELCOMES: &str = "w/";
/// How often an external commit is tried because another commit came first.
const REJOINS: usize = 5;
/// Doubt about key packages is believed this often.
const DOUBT_EVERY_MS: u64 = 24 * 60 * 60 * 1000;

impl<P: Platform> Client<P> {
    /// Takes the Welcomes that are new, and those that had to wait.
    pub(crate) async fn fetch_inbox(&mut self) -> Result<(), ClientError> {
        let after: u64 = self.vault()?.get(INBOX).unwrap_or(0);
        let inbox: Inbox = self
            .api
            .get(&self.platform, &format!("/v1/inbox?after={after}"))
            .await?;
        let vault = &mut self.opened()?.vault;
        for item in inbox.items {
            vault.put(INBOX.to_owned(), &item.n);
            vault.put(format!("{WELCOMES}{:016x}", item.n), &item);
        }
        self.flush().await?;
        let waiting: Vec<(String, InboxItem)> = self
            .vault()?
            .range(WELCOMES)
            .filter_map(|(name, item)| Some((name.to_owned(), serde_json::from_slice(item).ok()?)))
            .collect();
        for (name, item) in waiting {
            match self.welcome(&item).await {
                Err(error) if error.is_transient() => return Err(error),
                // An endorsement may be so new that the log does not have it yet: the next sync
                // tries again, and the other conversations need not wait for it.
                Err(ClientError::NotAdmitted(NotAdmitted::Unknown)) => continue,
                // A Welcome that is refused for good is passed over.
                Ok(()) | Err(_) => {}
            }
            self.opened()?.vault.delete(&name);
            self.flush().await?;
        }
        Ok(())
    }

    /// Whether a Welcome to a conversation could not be taken yet.
    pub(crate) fn awaits_welcome(&self, group: GroupId) -> Result<bool, ClientError> {
        let mut waiting = self.vault()?.range(WELCOMES);
        Ok(waiting.any(|(_, item)| {
            serde_json::from_slice::<InboxItem>(item).is_ok_and(|item| item.group_id == group)
        }))
    }

    async fn welcome(&mut self, item: &InboxItem) -> Result<(), ClientError> {
        let group = item.group_id;
        self.refresh().await?;
        let open = self.opened()?;
        let Some(record) = conversation::record(&open.vault, group) else {
            return Err(ClientError::Untrusted(
                "a Welcome to an unknown conversation",
            ));
        };
        let joined = record.joined;
        let staged = open
            .groups
            .stage_welcome(&open.vault, group, &item.welcome.0);
        let welcomed = match staged {
            Ok(welcomed) => welcomed,
            // What cannot be opened changes nothing where this device is.
            Err(_) if joined => return Ok(()),
            // The Welcome's key package is gone: join from outside, in this device's own leaf. The server
            // may have others that are as useless, such as from a disk that took the private parts no
            // more; nobody can let this device in by those.
            Err(_) => {
                self.doubt_key_packages()?;
                return self.rejoin(group).await;
            }
        };
        if joined && open.groups.epoch(&open.vault, group).ok() >= Some(welcomed.epoch) {
            return Err(ClientError::Untrusted("a Welcome to what is over"));
        }
        let members = welcomed.members.clone();
        self.recognize(&members).await?;
        let open = self.opened()?;
        open.groups.join(&mut open.vault, group, welcomed)?;
        self.arrive(
            group,
            item.seq,
            &members,
            Notice::Joined,
            "You were added to this conversation.",
        )
    }

    /// With the next look all key packages at the server are others; once a day, since anybody can send
    /// a Welcome that does not open, and what takes a package's place takes room here.
    fn doubt_key_packages(&mut self) -> Result<(), ClientError> {
        let now = self.platform.now_ms();
        let vault = &mut self.opened()?.vault;
        if let Some(stored) = vault.get::<StoredIdentity>(IDENTITY)
            && now.abs_diff(stored.doubted_at) >= DOUBT_EVERY_MS
        {
            let doubted = StoredIdentity {
                stale_packages: true,
                doubted_at: now,
                ..stored
            };
            vault.put(IDENTITY.to_owned(), &doubted);
        }
        Ok(())
    }

    /// Writes down an arrival, with the group's keys: who is in the conversation now, also for the
    /// record keeper, and what this tells the person. Places never go back, whatever the server
    /// says: nobody becomes a member of what this device has seen already.
    fn arrive(
        &mut self,
        group: GroupId,
        seq: u64,
        members: &[Claim],
        notice: Notice,
        told: &str,
    ) -> Result<(), ClientError> {
        let vault = self.vault()?;
        let Some(record) = conversation::record(vault, group) else {
            return Err(OUT_OF_STEP);
        };
        let seen = record.applied.max(conversation::last_place(vault, group));
        let seq = seq.max(seen.saturating_add(1));
        let went = if record.devices.is_empty() {
            String::new()
        } else {
            self.sentences(
                group,
                &Passage {
                    before: &record.devices,
                    after: members,
                    out_of_use: &[],
                    dismissed: &[],
                    by_keeper: false,
                },
            )
            .map_or_else(String::new, |(_, sentences)| format!(" {sentences}"))
        };
        let strangers = self.strangers(&record, members)?;
        let mut missed = record.missed.clone();
        if let Some(missed) = &mut missed {
            // What this person sent may stand further on than what was followed.
            missed.push((record.applied, seq));
        }
        let before = record.applied;
        let mut record = Record {
            applied: seq,
            read: seq,
            joined: true,
            rejoining: false,
            strangers,
            missed,
            ..record
        };
        // At which places people came and went meanwhile nobody here knows: those who are gone were there
        // as long as this device was, and those who are new are from now on.
        record.note_devices(pairs(members), (seq, before.saturating_add(1)));
        put_record(&mut self.opened()?.vault, &record);
        self.keep_arrival(group, seq, seen, members)?;
        let now = self.platform.now_ms();
        self.notice(group, seq, now, notice, &format!("{told}{went}"))
    }

    /// People who are in a conversation though this device, which was in it before, saw nobody let
    /// them in. The server could have made it all up, with a member of the hospital in it who is
    /// none of the conversation: this person looks who is there before anything more is sent.
    fn strangers(&self, record: &Record, members: &[Claim]) -> Result<Vec<UserId>, ClientError> {
        if self.keeps_records || record.devices.is_empty() {
            return Ok(Vec::new());
        }
        let mut known: BTreeSet<UserId> = record.devices.iter().map(|(_, user)| *user).collect();
        for user in &record.strangers {
            known.remove(user);
        }
        known.insert(self.profile()?.user.id);
        let strangers: BTreeSet<UserId> = members
            .iter()
            .filter(|claim| !known.contains(&claim.user) && !self.is_keeper(claim))
            .map(|claim| claim.user)
            .collect();
        Ok(strangers.into_iter().collect())
    }

    /// This person has looked who is in a conversation; see [`Conversation::strangers`].
    pub async fn accept_members(&mut self, group: GroupId) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        if let Some(mut record) = conversation::record(vault, group) {
            record.strangers.clear();
            put_record(vault, &record);
        }
        self.flush().await?;
        self.platform.emit(Event::Conversations);
        self.deliver().await.map(|_| ())
    }

    /// Joins anew by an external commit: what this device missed stays unread, and that is said.
    pub(crate) async fn rejoin(&mut self, group: GroupId) -> Result<(), ClientError> {
        for _ in 0..REJOINS {
            let info: GroupInfoAnswer = self
                .api
                .get(&self.platform, &format!("/v1/groups/{group}/info"))
                .await?;
            let open = self.open.as_ref().ok_or(ClientError::Locked)?;
            let identity = open.identity.as_ref().ok_or(ClientError::NotEnrolled)?;
            let staged =
                open.groups
                    .stage_rejoin(&open.vault, identity, group, &info.group_info.0)?;
            let members = staged.members.clone();
            self.recognize(&members).await?;
            let open = self.opened()?;
            let commit = open.groups.rejoin(&mut open.vault, group, staged);
            // Keys and mark are one write: a crash from here on begins anew, since nobody knows
            // whether the commit was taken.
            self.mark_rejoining(group, true)?;
            self.flush().await?;
            let upload = CommitUpload {
                commit: commit.commit,
                welcome: None,
                group_info: commit.group_info,
            };
            let path = format!("/v1/groups/{group}/commits");
            let taken: Result<CommitAccepted, _> =
                self.api.post(&self.platform, &path, &upload).await;
            match taken {
                Ok(CommitAccepted { seq, .. }) => {
                    self.arrive(
                        group,
                        seq,
                        &members,
                        Notice::Gap,
                        "This device joined anew. Messages sent in between are not on it.",
                    )?;
                    return self.flush().await;
                }
                Err(error) if error.is_problem("epoch-conflict") => {}
                // Nobody knows whether it was taken: the mark stays.
                Err(error) if error.is_transient() => return Err(error),
                // This device has no leaf there any more.
                Err(error) => {
                    self.mark_rejoining(group, false)?;
                    self.leave(group).await?;
                    return Err(error);
                }
            }
        }
        Err(ClientError::Mls(
            "the conversation changes too fast; try again",
        ))
    }

    fn mark_rejoining(&mut self, group: GroupId, rejoining: bool) -> Result<(), ClientError> {
        let vault = &mut self.opened()?.vault;
        if let Some(mut record) = conversation::record(vault, group) {
            record.rejoining = rejoining;
            put_record(vault, &record);
        }
        Ok(())
    }
}
