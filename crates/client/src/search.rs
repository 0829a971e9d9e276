//! Finding messages on this device, with and without a connection.
//!
//! The index lives in the vault, sealed like the messages, and changes in the same transaction as
//! they do: what is here can be found, and what is gone cannot. [`Client::tend_search`] begins it,
//! reads the messages of a store from before it in steps, and merges what has piled up. A record
//! keeper looks for nothing and has no index.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, MessageId, PatientId, UserId};
use wardline_search::{Damaged, Filter, Hit, Id, Message, Place, Query, Values};

use crate::client::Client;
use crate::conversation::{self, MESSAGES, StoredMessage, message_at, message_name};
use crate::error::ClientError;
use crate::platform::Platform;
use crate::vault::Vault;

/// The vault's name of how far the index has come.
const STATE: &str = "search";
/// The form of the index, words and segments; another one is made anew.
const FORM: u32 = 1;
/// Messages of a store from before the index that are read in a step.
const STEP: usize = 256;
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
        let vault = &mut self.opened()?.vault;
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
            let message = message_at(vault, group, seq)?;
            let patient = shown.iter().find(|record| record.summary.id == group);
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
                patient_id: patient.and_then(|record| record.summary.patient_id.clone()),
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
        let vault = &mut self.opened()?.vault;
        match state(vault) {
            Some(state) if state.form == FORM => {
                if let Some(up_to) = state.up_to {
                    read_on(vault, &up_to);
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

/// A message is about to stand at its place, whatever stood there: it can be found with the
/// transaction that stores it, and what stood there no more.
pub(crate) fn note(vault: &mut Vault, group: GroupId, message: &StoredMessage) {
    forget(vault, group, message.seq);
    let covered = state(vault).is_some_and(|s| s.covers(&message_name(group, message.seq)));
    if covered && message.notice.is_none() {
        wardline_search::add(vault, &indexed(group, message));
    }
}

/// What stands at a place is about to go: with the transaction that removes it nothing of it is
/// left in the index.
pub(crate) fn forget(vault: &mut Vault, group: GroupId, seq: u64) {
    if message_at(vault, group, seq).is_none_or(|there| there.notice.is_some()) {
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
fn read_on(vault: &mut Vault, up_to: &str) {
    let some: Vec<(String, Option<(GroupId, StoredMessage)>)> = vault
        .range_after(MESSAGES, up_to)
        .take(STEP)
        .map(|(name, value)| {
            let message = group_of(name).zip(serde_json::from_slice(value).ok());
            (name.to_owned(), message)
        })
        .collect();
    let messages: Vec<Message<'_>> = some
        .iter()
        .filter_map(|(_, message)| message.as_ref())
        .filter(|(_, message)| message.notice.is_none())
        .map(|(group, message)| indexed(*group, message))
        .collect();
    wardline_search::fill(vault, &messages);
    let last = some.last().map(|(name, _)| name.clone());
    put_state(vault, last.filter(|_| some.len() == STEP));
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

fn group_of(name: &str) -> Option<GroupId> {
    let (group, _) = name.strip_prefix(MESSAGES)?.split_once('/')?;
    group.parse().ok()
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
    use super::*;
    use crate::vault::StoreKey;

    const GROUP: GroupId = GroupId::from_bytes([4; 16]);

    fn vault() -> Vault {
        let key = StoreKey::derive(b"passkey", b"share", "store");
        Vault::open(key, &std::collections::BTreeMap::new()).unwrap()
    }

    fn message(seq: u64, text: &str) -> StoredMessage {
        serde_json::from_value(serde_json::json!({
            "id": MessageId::from_bytes([1; 16]),
            "seq": seq,
            "text": text,
            "priority": "routine",
            "sent_at": seq,
        }))
        .unwrap()
    }

    /// As `conversation::put_message` does.
    fn put(vault: &mut Vault, message: &StoredMessage) {
        note(vault, GROUP, message);
        vault.put(message_name(GROUP, message.seq), message);
    }

    fn found(vault: &Vault, q: &str) -> Vec<u64> {
        let (query, filter) = (Query::parse(q), Filter::default());
        let found = wardline_search::find(vault, &query, &filter, None, 1000).unwrap();
        found.hits.iter().map(|hit| hit.place.seq).collect()
    }

    #[test]
    fn a_message_is_found_once_it_is_there_and_its_old_words_no_more() {
        let mut vault = vault();
        begin(&mut vault);
        assert_eq!(progress(&vault), WHOLE);
        put(&mut vault, &message(1, "potassium is high"));
        assert_eq!(found(&vault, "potas"), [1]);
        put(&mut vault, &message(1, "sodium is high"));
        assert!(found(&vault, "potas").is_empty());
        assert_eq!(found(&vault, "sodium"), [1]);
        put(&mut vault, &message(1, ""));
        assert!(found(&vault, "sodium").is_empty());
        forget(&mut vault, GROUP, 1);
        assert!(found(&vault, "").is_empty());
    }

    #[test]
    fn a_store_from_before_is_read_in_steps_while_messages_come_and_go() {
        let mut vault = vault();
        for seq in 1..=600 {
            put(&mut vault, &message(seq, "old"));
        }
        assert_eq!(progress(&vault).done, 0);
        begin(&mut vault);
        let at = |vault: &Vault| state(vault).unwrap().up_to;
        let first = at(&vault).unwrap();
        read_on(&mut vault, &first);
        let SearchProgress { whole, done, of } = progress(&vault);
        assert_eq!((whole, done, of), (false, 256, 600));
        // One that was read, one that is still to be read, and a new one.
        put(&mut vault, &message(7, "changed"));
        put(&mut vault, &message(500, "changed"));
        put(&mut vault, &message(601, "changed"));
        assert_eq!(found(&vault, "changed"), [7]);
        while let Some(up_to) = at(&vault) {
            read_on(&mut vault, &up_to);
        }
        assert_eq!(progress(&vault), WHOLE);
        assert_eq!(found(&vault, "changed"), [601, 500, 7]);
        assert_eq!(found(&vault, "old").len(), 598);
    }

    #[test]
    fn an_index_of_another_form_is_begun_anew() {
        let mut vault = vault();
        begin(&mut vault);
        put(&mut vault, &message(1, "potassium"));
        let other = State {
            form: FORM + 1,
            up_to: None,
        };
        vault.put(STATE.to_owned(), &other);
        put(&mut vault, &message(2, "potassium"));
        assert!(!progress(&vault).whole);
        begin(&mut vault);
        read_on(&mut vault, MESSAGES);
        assert_eq!(found(&vault, "potassium"), [2, 1]);
    }
}
