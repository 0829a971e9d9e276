//! Finding messages on this device, with and without a connection.
//!
//! The index lives in the vault, sealed like the messages, and changes in the same transaction as
//! they do: what is here can be found, and what is gone cannot. A message is found at its place by
//! the text that it has now; what was recalled or went by itself is not found at all, nor is what goes
//! once it is read.
//! [`Client::tend_search`] begins the index, reads the messages of a store from before it in steps,
//! and merges what has piled up. A record keeper looks for nothing and has no index.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, MessageId, PatientId, UserId};
use wardline_search::{Damaged, Filter, Hit, Id, Message, Place, Query, Values};

use crate::changes::newest_text;
use crate::client::{Client, Open};
use crate::conversation::{self, Known, MESSAGES, StoredMessage, message_at, message_name};
use crate::error::ClientError;
use crate::expiry::{burns, is_gone};
use crate::platform::Platform;
use crate::vault::Vault;

/// The vault's name of how far the index has come.
const STATE: &str = "search";
/// The form of the index, words and segments; another one is made anew.
const FORM: u32 = 1;
/// Messages of a store from before the index that are read in a step, and about how many bytes of
/// them: one message may have 16 KiB of text.
const STEP: usize = 256;
const STEP_BYTES: usize = 256 * 1024;
/// Most hits of an answer.
const MOST: usize = 100;
/// Hits of an answer when nobody says how many.
const USUAL: usize = 30;

/// How far the index has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    form: u32,
    /// Messages up to this name are in it; all of them when absent.
    up_to: Option<String>,
}

impl State {
    fn covers(&self, name: &str) -> bool {
        self.form == FORM && self.up_to.as_deref().is_none_or(|up_to| name <= up_to)
    }
}

/// What is looked for. All of it together.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// Words, the last of which may be the beginning of one.
    pub q: String,
    /// In this conversation.
    pub group: Option<GroupId>,
    /// By this person.
    pub from: Option<UserId>,
    /// In conversations about this patient.
    pub patient_id: Option<PatientId>,
    /// Sent then or later, unix milliseconds.
    pub since: Option<u64>,
    /// Sent earlier, unix milliseconds.
    pub until: Option<u64>,
    /// Where to go on: an answer's `next`.
    pub after: Option<SearchCursor>,
    /// How many at most; 30 when absent, never more than 100.
    pub limit: Option<usize>,
}

/// Where an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchCursor {
    sent_at: u64,
    group: GroupId,
    seq: u64,
}

/// A message that was found.
#[derive(Debug, Clone, Serialize)]
pub struct SearchHit {
    /// Its conversation.
    pub group: GroupId,
    /// Its id.
    pub id: MessageId,
    /// Its place in the conversation.
    pub seq: u64,
    /// What of its text is shown.
    pub snippet: Vec<SnippetPart>,
    /// Who wrote it, where that is known.
    pub from: Option<PersonBrief>,
    /// Whether this person wrote it.
    pub mine: bool,
    /// The patient whom its conversation is about.
    pub patient_id: Option<PatientId>,
    /// How urgent it was.
    pub priority: Priority,
    /// When it was taken, unix milliseconds.
    pub sent_at: u64,
}

/// A part of what is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether it was looked for.
    pub marked: bool,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct SearchResults {
    /// Newest first.
    pub hits: Vec<SearchHit>,
    /// Where to go on, when there is more.
    pub next: Option<SearchCursor>,
    /// How far the index has come: while it is not whole, older messages may be missing.
    pub progress: SearchProgress,
}

/// How many messages can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SearchProgress {
    /// Whether all can.
    pub whole: bool,
    /// Messages, and notices between them, that were read; 0 once all were.
    pub done: usize,
    /// How many there are; 0 once all were read.
    pub of: usize,
}

impl<P: Platform> Client<P> {
    /// Looks for messages. Nothing of it leaves the device.
    ///
    /// # Errors
    /// When the store is locked.
    pub fn search(&mut self, search: &Search) -> Result<SearchResults, ClientError> {
        let me = self.profile()?.user.id;
        let now = self.server_now();
        let Open { vault, known, .. } = self.opened()?;
        // What the list of conversations does not show is not found either.
        let shown: Vec<conversation::Record> = conversation::records(vault)
            .into_iter()
            .filter(|record| record.joined && record.summary.kind != GroupKind::Keeper)
            .filter(|record| search.group.is_none_or(|group| record.summary.id == group))
            .filter(|record| {
                let patient = record.summary.patient_id.as_ref();
                search.patient_id.is_none() || search.patient_id.as_ref() == patient
            })
            .collect();
        let groups: BTreeSet<Id> = shown.iter().map(|r| *r.summary.id.as_bytes()).collect();
        let filter = Filter {
            groups: Some(groups),
            from: search.from.map(|user| *user.as_bytes()),
            since: search.since,
            until: search.until,
        };
        let query = Query::parse(&search.q);
        let after = search.after.map(hit);
        let limit = search.limit.unwrap_or(USUAL).clamp(1, MOST);
        let found = wardline_search::find(vault, &query, &filter, after, limit);
        let found = found.unwrap_or_else(|Damaged| {
            begin(vault);
            wardline_search::Found::default()
        });
        let seen = |hit: &Hit| {
            let (group, seq) = (GroupId::from_bytes(hit.place.group), hit.place.seq);
            let message = newest_text(vault, known, group, seq)?;
            let record = shown.iter().find(|record| record.summary.id == group)?;
            // What goes once it is read is read in its conversation only.
            if is_gone(&message, me, now) || burns(message.expires) {
                return None;
            }
            let part = |piece: wardline_search::Piece| SnippetPart {
                text: piece.text,
                marked: piece.marked,
            };
            Some(SearchHit {
                group,
                id: message.id,
                seq,
                snippet: query.snippet(&message.text).into_iter().map(part).collect(),
                mine: message.from.as_ref().is_some_and(|from| from.id == me),
                from: message.from,
                patient_id: record.summary.patient_id.clone(),
                priority: message.priority,
                sent_at: message.sent_at,
            })
        };
        Ok(SearchResults {
            hits: found.hits.iter().filter_map(seen).collect(),
            next: found.next.map(|hit| SearchCursor {
                sent_at: hit.sent_at,
                group: GroupId::from_bytes(hit.place.group),
                seq: hit.place.seq,
            }),
            progress: progress(vault),
        })
    }

    /// A step of what the index needs: reads some messages of a store from before it, and merges
    /// some of what was added. Durable when it returns; a crash takes up where it was.
    ///
    /// # Errors
    /// When the store is locked or does not take the changes.
    pub async fn tend_search(&mut self) -> Result<SearchProgress, ClientError> {
        if self.keeps_records {
            return Ok(WHOLE);
        }
        let Open { vault, known, .. } = self.opened()?;
        match state(vault) {
            Some(state) if state.form == FORM => {
                if let Some(up_to) = state.up_to {
                    read_on(vault, known, &up_to);
                }
            }
            Some(_) | None => begin(vault),
        }
        if wardline_search::tend(vault).is_err() {
            begin(vault);
        }
        self.flush().await?;
        Ok(progress(self.vault()?))
    }
}

/// A message came to stand at a place, or got another text, after the place was forgotten: it can
/// be found with the transaction that stores it.
pub(crate) fn note(vault: &mut Vault, known: &mut Known, group: GroupId, seq: u64) {
    let covered = state(vault).is_some_and(|s| s.covers(&message_name(group, seq)));
    let message = covered.then(|| newest_text(vault, known, group, seq));
    if let Some(message) = message.flatten() {
        wardline_search::add(vault, &indexed(group, &message));
    }
}

/// What stands at a place is about to change or to go: with the transaction that does it nothing of
/// it is left in the index.
pub(crate) fn forget(vault: &mut Vault, group: GroupId, seq: u64) {
    let is_other = |there: StoredMessage| there.notice.is_some() || there.change.is_some();
    if message_at(vault, group, seq).is_none_or(is_other) {
        return;
    }
    let place = Place {
        group: *group.as_bytes(),
        seq,
    };
    if wardline_search::remove(vault, place).is_err() {
        begin(vault);
    }
}

/// Begins the index anew; what is here is read step by step.
fn begin(vault: &mut Vault) {
    wardline_search::clear(vault);
    let any = vault.range(MESSAGES).next().is_some();
    put_state(vault, any.then(|| MESSAGES.to_owned()));
}

/// Reads the next messages behind a name.
fn read_on(vault: &mut Vault, known: &mut Known, up_to: &str) {
    let mut bytes = 0;
    let some: Vec<String> = vault
        .range_after(MESSAGES, up_to)
        .take(STEP)
        .take_while(|(_, value)| {
            // The first one, whatever it has.
            let is_within = bytes < STEP_BYTES;
            bytes += value.len();
            is_within
        })
        .map(|(name, _)| name.to_owned())
        .collect();
    let stored: Vec<(GroupId, StoredMessage)> = some
        .iter()
        .filter_map(|name| place_of(name))
        .filter_map(|(group, seq)| Some((group, newest_text(vault, known, group, seq)?)))
        .collect();
    let messages: Vec<Message<'_>> = stored
        .iter()
        .map(|(group, message)| indexed(*group, message))
        .collect();
    wardline_search::fill(vault, &messages);
    let last = some.last().cloned();
    let goes_on = |last: &String| vault.range_after(MESSAGES, last).next().is_some();
    let last = last.filter(goes_on);
    put_state(vault, last);
}

fn indexed(group: GroupId, message: &StoredMessage) -> Message<'_> {
    Message {
        place: Place {
            group: *group.as_bytes(),
            seq: message.seq,
        },
        from: message.from.as_ref().map(|from| *from.id.as_bytes()),
        sent_at: message.sent_at,
        text: &message.text,
    }
}

fn place_of(name: &str) -> Option<(GroupId, u64)> {
    let (group, seq) = name.strip_prefix(MESSAGES)?.split_once('/')?;
    Some((group.parse().ok()?, u64::from_str_radix(seq, 16).ok()?))
}

fn state(vault: &Vault) -> Option<State> {
    vault.get(STATE)
}

fn put_state(vault: &mut Vault, up_to: Option<String>) {
    vault.put(STATE.to_owned(), &State { form: FORM, up_to });
}

const WHOLE: SearchProgress = SearchProgress {
    whole: true,
    done: 0,
    of: 0,
};

fn progress(vault: &Vault) -> SearchProgress {
    let up_to = match state(vault) {
        Some(State { form: FORM, up_to }) => up_to,
        // Not begun yet.
        Some(_) | None => Some(String::new()),
    };
    let Some(up_to) = up_to else {
        return WHOLE;
    };
    let of = vault.range(MESSAGES).count();
    let left = vault.range_after(MESSAGES, &up_to).count();
    SearchProgress {
        whole: false,
        done: of - left,
        of,
    }
}

fn hit(cursor: SearchCursor) -> Hit {
    Hit {
        sent_at: cursor.sent_at,
        place: Place {
            group: *cursor.group.as_bytes(),
            seq: cursor.seq,
        },
    }
}

impl Values for Vault {
    fn range<'a>(
        &'a self,
        prefix: &'static str,
    ) -> impl DoubleEndedIterator<Item = (&'a str, &'a [u8])> {
        Vault::range(self, prefix)
    }

    fn put(&mut self, name: String, value: Vec<u8>) {
        self.put_bytes(name, value);
    }

    fn delete(&mut self, name: &str) {
        Vault::delete(self, name);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::content::Change;
    use crate::conversation::put_message;
    use crate::mls::Groups;
    use crate::vault::StoreKey;

    const GROUP: GroupId = GroupId::from_bytes([4; 16]);

    fn store() -> Open {
        let key = StoreKey::derive(b"passkey", b"share", "store");
        Open {
            vault: Vault::open(key, &BTreeMap::new()).unwrap(),
            identity: None,
            groups: Groups::default(),
            known: Known::default(),
            uploads: BTreeMap::new(),
            offline_key: None,
            online: false,
        }
    }

    fn id(seq: u64) -> MessageId {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&seq.to_be_bytes());
        MessageId::from_bytes(id)
    }

    fn message(seq: u64, text: &str) -> StoredMessage {
        serde_json::from_value(serde_json::json!({
            "id": id(seq),
            "seq": seq,
            "from": {
                "id": UserId::from_bytes([1; 16]),
                "username": "amara.osei",
                "name": "Amara Osei",
                "role": "Nurse",
                "department": "Cardiology",
            },
            "text": text,
            "priority": "routine",
            "sent_at": seq,
        }))
        .unwrap()
    }

    fn change(seq: u64, change: Change) -> StoredMessage {
        StoredMessage {
            change: Some(change),
            ..message(seq, "")
        }
    }

    fn edit(of: u64, text: &str) -> Change {
        Change::Edit {
            of: id(of),
            text: text.to_owned(),
            mentions: Vec::new(),
        }
    }

    fn put(open: &mut Open, message: &StoredMessage) {
        put_message(open, GROUP, message);
    }

    fn read_all(open: &mut Open) {
        while let Some(up_to) = state(&open.vault).unwrap().up_to {
            read_on(&mut open.vault, &mut open.known, &up_to);
        }
    }

    fn found(open: &Open, q: &str) -> Vec<u64> {
        let (query, filter) = (Query::parse(q), Filter::default());
        let found = wardline_search::find(&open.vault, &query, &filter, None, 1000).unwrap();
        found.hits.iter().map(|hit| hit.place.seq).collect()
    }

    #[test]
    fn a_message_is_found_once_it_is_there_and_its_old_words_no_more() {
        let mut open = store();
        begin(&mut open.vault);
        assert_eq!(progress(&open.vault), WHOLE);
        put(&mut open, &message(1, "potassium is high"));
        assert_eq!(found(&open, "potas"), [1]);
        put(&mut open, &message(1, "sodium is high"));
        assert!(found(&open, "potas").is_empty());
        assert_eq!(found(&open, "sodium"), [1]);
        put(&mut open, &message(1, ""));
        assert!(found(&open, "sodium").is_empty());
        forget(&mut open.vault, GROUP, 1);
        assert!(found(&open, "").is_empty());
    }

    #[test]
    fn an_edited_message_is_found_at_its_place_by_its_new_text_alone() {
        let first = message(1, "potassium");
        let edited = change(2, edit(1, "sodium"));
        let forged = StoredMessage {
            from: None,
            ..change(3, edit(1, "calcium"))
        };
        let thumb = Change::React {
            to: id(1),
            emoji: "👍".to_owned(),
        };
        let react = change(4, thumb);
        for order in [
            [&first, &edited, &forged, &react],
            [&react, &forged, &edited, &first],
        ] {
            let mut open = store();
            begin(&mut open.vault);
            let mut late = store();
            for entry in order {
                put(&mut open, entry);
                put(&mut late, entry);
            }
            begin(&mut late.vault);
            read_all(&mut late);
            for open in [&open, &late] {
                assert_eq!(found(open, "sodium"), [1]);
                assert!(found(open, "potassium").is_empty());
                assert!(found(open, "calcium").is_empty());
                assert_eq!(found(open, ""), [1], "a change is no message");
            }
        }
    }

    #[test]
    fn a_store_of_long_messages_is_read_in_steps_of_few_bytes() {
        let mut open = store();
        let long = "potassium ".repeat(1600);
        for seq in 1..=100 {
            put(&mut open, &message(seq, &long));
        }
        begin(&mut open.vault);
        let mut steps = 0;
        while let Some(up_to) = state(&open.vault).unwrap().up_to {
            let left = open.vault.range_after(MESSAGES, &up_to).count();
            read_on(&mut open.vault, &mut open.known, &up_to);
            let next = state(&open.vault).unwrap().up_to;
            let after = next.map_or(0, |next| open.vault.range_after(MESSAGES, &next).count());
            assert!((1..=17).contains(&(left - after)));
            steps += 1;
        }
        assert!(steps >= 6);
        assert_eq!(found(&open, "potassium").len(), 100);
    }

    #[test]
    fn what_was_recalled_or_went_by_itself_is_not_found() {
        let mut open = store();
        begin(&mut open.vault);
        for seq in 1..=2 {
            put(&mut open, &message(seq, "potassium"));
            put(&mut open, &change(seq + 2, edit(seq, "sodium")));
        }
        assert_eq!(found(&open, "sodium"), [2, 1]);
        put(&mut open, &change(5, Change::Recall { of: id(1) }));
        assert_eq!(found(&open, ""), [2]);
        crate::expiry::forget_expired(&mut open, GROUP, 2, UserId::from_bytes([9; 16]));
        for q in ["", "sodium", "potassium"] {
            assert!(found(&open, q).is_empty());
        }
    }

    #[test]
    fn a_store_from_before_is_read_in_steps_while_messages_come_and_go() {
        let mut open = store();
        for seq in 1..=600 {
            put(&mut open, &message(seq, "old"));
        }
        assert_eq!(progress(&open.vault).done, 0);
        begin(&mut open.vault);
        let first = state(&open.vault).unwrap().up_to.unwrap();
        read_on(&mut open.vault, &mut open.known, &first);
        let SearchProgress { whole, done, of } = progress(&open.vault);
        assert_eq!((whole, done, of), (false, 256, 600));
        // One that was read, one that is still to be read, and a new one.
        put(&mut open, &message(7, "changed"));
        put(&mut open, &message(500, "changed"));
        put(&mut open, &message(601, "changed"));
        assert_eq!(found(&open, "changed"), [7]);
        read_all(&mut open);
        assert_eq!(progress(&open.vault), WHOLE);
        assert_eq!(found(&open, "changed"), [601, 500, 7]);
        assert_eq!(found(&open, "old").len(), 598);
    }

    #[test]
    fn an_index_of_another_form_is_begun_anew() {
        let mut open = store();
        begin(&mut open.vault);
        put(&mut open, &message(1, "potassium"));
        let other = State {
            form: FORM + 1,
            up_to: None,
        };
        open.vault.put(STATE.to_owned(), &other);
        put(&mut open, &message(2, "potassium"));
        assert!(!progress(&open.vault).whole);
        begin(&mut open.vault);
        read_on(&mut open.vault, &mut open.known, MESSAGES);
        assert_eq!(found(&open, "potassium"), [2, 1]);
    }
}
