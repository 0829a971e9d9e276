//! A segment: some messages, and of each word in which of them it is.
//!
//! ```text
//! version, number of rows, number of people and conversations, their ids
//! rows, by time:   conversation, writer (0 for none), place, time since the row before
//! words, in order: bytes shared with the word before, the rest of it, its rows as distances
//! ```
//!
//! Numbers are LEB128, lists begin with their length. Words and their rows stand last, and a word
//! that is not looked for is passed over without its rows.

use std::collections::BTreeMap;

use crate::Id;
use crate::bytes::{Reader, put_number};
use crate::query::Query;
use crate::words::words;

const VERSION: u8 = 1;
/// Most rows of a segment. Merging stays far below; more would be no segment of ours.
const MOST_ROWS: usize = 1 << 17;

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its conversation.
    pub group: Id,
    /// Its place in the conversation's log.
    pub seq: u64,
}

/// A message without its words. In the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) sent_at: u64,
    pub(crate) place: Place,
    pub(crate) from: Option<Id>,
}

/// A segment, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    rows: Vec<Row>,
    /// Rows of each word, ascending, never none.
    terms: BTreeMap<String, Vec<usize>>,
}

impl Segment {
    /// The segment of one message.
    pub(crate) fn of(row: Row, text: &str) -> Self {
        Self {
            rows: vec![row],
            terms: words(text).map(|(_, word)| (word, vec![0])).collect(),
        }
    }

    /// All of them in one.
    pub(crate) fn merged(segments: Vec<Self>) -> Self {
        let mut order: Vec<(Row, usize, usize)> = segments
            .iter()
            .enumerate()
            .flat_map(|(segment, each)| {
                let row = move |(old, row): (usize, &Row)| (*row, segment, old);
                each.rows.iter().enumerate().map(row)
            })
            .collect();
        order.sort_unstable();
        let mut moved: Vec<Vec<usize>> = segments.iter().map(|s| vec![0; s.rows.len()]).collect();
        for (new, (_, segment, old)) in order.iter().enumerate() {
            moved[*segment][*old] = new;
        }
        let mut terms: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (segment, moved) in segments.into_iter().zip(moved) {
            for (term, rows) in segment.terms {
                let rows = rows.into_iter().map(|old| moved[old]);
                terms.entry(term).or_default().extend(rows);
            }
        }
        for rows in terms.values_mut() {
            rows.sort_unstable();
        }
        Self {
            rows: order.into_iter().map(|(row, ..)| row).collect(),
            terms,
        }
    }

    /// The same without a message, and without the words that only it had.
    pub(crate) fn without(mut self, place: Place) -> Self {
        let Some(gone) = self.rows.iter().position(|row| row.place == place) else {
            return self;
        };
        self.rows.remove(gone);
        self.terms.retain(|_, rows| {
            rows.retain(|row| *row != gone);
            for row in rows.iter_mut().filter(|row| **row > gone) {
                *row -= 1;
            }
            !rows.is_empty()
        });
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        // People and conversations of some thousands of messages are few: a list does.
        let mut ids: Vec<Id> = Vec::new();
        let mut number = |id: Id| {
            let known = ids.iter().position(|known| *known == id);
            known.unwrap_or_else(|| {
                ids.push(id);
                ids.len() - 1
            })
        };
        let numbered: Vec<(usize, usize)> = self
            .rows
            .iter()
            .map(|row| {
                let group = number(row.place.group);
                (group, row.from.map_or(0, |from| number(from) + 1))
            })
            .collect();
        let mut bytes = vec![VERSION];
        put_length(&mut bytes, self.rows.len());
        put_length(&mut bytes, ids.len());
        for id in &ids {
            bytes.extend_from_slice(id);
        }
        let mut before = 0;
        for (row, (group, from)) in self.rows.iter().zip(numbered) {
            put_length(&mut bytes, group);
            put_length(&mut bytes, from);
            put_number(&mut bytes, row.place.seq);
            put_number(&mut bytes, row.sent_at - before);
            before = row.sent_at;
        }
        put_length(&mut bytes, self.terms.len());
        let mut last = "";
        let mut list = Vec::new();
        for (term, rows) in &self.terms {
            let shared = last.bytes().zip(term.bytes()).take_while(|(a, b)| a == b);
            let shared = shared.count();
            put_length(&mut bytes, shared);
            put_length(&mut bytes, term.len() - shared);
            bytes.extend_from_slice(&term.as_bytes()[shared..]);
            list.clear();
            let mut next = 0;
            for row in rows {
                put_length(&mut list, row - next);
                next = row + 1;
            }
            put_length(&mut bytes, list.len());
            bytes.extend_from_slice(&list);
            last = term;
        }
        bytes
    }

    /// Nothing for bytes that no segment has.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let view = View::of(bytes)?;
        let mut terms: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        view.each_term(|term, list| {
            let term = std::str::from_utf8(term).ok()?;
            let behind = |(last, _): (&String, _)| last.as_str() < term;
            if !terms.last_key_value().is_none_or(behind) {
                return None;
            }
            let rows: Vec<usize> = Rows::new(list, view.rows.len()).collect::<Option<_>>()?;
            (!rows.is_empty()).then(|| terms.insert(term.to_owned(), rows))?;
            Some(())
        })?;
        Some(Self {
            rows: view.rows,
            terms,
        })
    }
}

/// How many messages a segment has, by its beginning.
pub(crate) fn size(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader(bytes);
    (reader.byte()? == VERSION).then_some(())?;
    reader.count().filter(|count| *count <= MOST_ROWS)
}

/// A segment to be looked through: its rows are read, its words not yet.
pub(crate) struct View<'a> {
    pub(crate) rows: Vec<Row>,
    terms: Reader<'a>,
}

impl<'a> View<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let count = size(bytes)?;
        let mut reader = Reader(bytes);
        reader.byte()?;
        reader.number()?;
        let ids: Vec<Id> = (0..reader.count()?)
            .map(|_| reader.id())
            .collect::<Option<_>>()?;
        let mut rows: Vec<Row> = Vec::with_capacity(count);
        for _ in 0..count {
            let group = *ids.get(usize::try_from(reader.number()?).ok()?)?;
            let from = match usize::try_from(reader.number()?).ok()? {
                0 => None,
                next => Some(*ids.get(next - 1)?),
            };
            let seq = reader.number()?;
            let before = rows.last().map_or(0, |row| row.sent_at);
            let row = Row {
                sent_at: before.checked_add(reader.number()?)?,
                place: Place { group, seq },
                from,
            };
            if rows.last().is_some_and(|last| *last > row) {
                return None;
            }
            rows.push(row);
        }
        Some(Self {
            rows,
            terms: reader,
        })
    }

    /// Which rows have every word; nothing for a damaged segment.
    pub(crate) fn matching(&self, query: &Query) -> Option<Bits> {
        let none = || Bits::none(self.rows.len());
        let Some((last, others)) = query.words().split_last() else {
            return Some(Bits::all(self.rows.len()));
        };
        let mut found: Vec<Bits> = query.words().iter().map(|_| none()).collect();
        let (beginning, whole) = found.split_last_mut()?;
        self.each_term(|term, list| {
            if term.starts_with(last.as_bytes()) {
                beginning.add(Rows::new(list, self.rows.len()))?;
            }
            for (word, bits) in others.iter().zip(whole.iter_mut()) {
                if term == word.as_bytes() {
                    bits.add(Rows::new(list, self.rows.len()))?;
                }
            }
            Some(())
        })?;
        found.into_iter().reduce(Bits::both)
    }

    /// Calls with each word and its list of rows, as it stands.
    fn each_term(&self, mut each: impl FnMut(&[u8], Reader<'a>) -> Option<()>) -> Option<()> {
        let mut reader = self.terms;
        let mut term = Vec::new();
        for _ in 0..reader.count()? {
            let shared = usize::try_from(reader.number()?).ok()?;
            if shared > term.len() {
                return None;
            }
            term.truncate(shared);
            let rest = reader.count()?;
            term.extend_from_slice(reader.take(rest)?);
            let list = reader.count()?;
            each(&term, Reader(reader.take(list)?))?;
        }
        reader.is_empty().then_some(())
    }
}

/// The rows of a word: each is told by how many lie between it and the one before. `None` for one
/// beyond the segment's end.
struct Rows<'a> {
    list: Reader<'a>,
    next: usize,
    end: usize,
}

impl<'a> Rows<'a> {
    fn new(list: Reader<'a>, end: usize) -> Self {
        Self { list, next: 0, end }
    }

    fn read(&mut self) -> Option<usize> {
        let between = usize::try_from(self.list.number()?).ok()?;
        let row = self.next.checked_add(between)?;
        (row < self.end).then(|| self.next = row + 1)?;
        Some(row)
    }
}

impl Iterator for Rows<'_> {
    type Item = Option<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.list.is_empty()).then(|| self.read())
    }
}

/// A set of rows.
#[derive(Debug, Clone)]
pub(crate) struct Bits(Vec<bool>);

impl Bits {
    fn none(rows: usize) -> Self {
        Self(vec![false; rows])
    }

    fn all(rows: usize) -> Self {
        Self(vec![true; rows])
    }

    fn add(&mut self, rows: Rows<'_>) -> Option<()> {
        for row in rows {
            *self.0.get_mut(row?)? = true;
        }
        Some(())
    }

    fn both(mut self, other: Self) -> Self {
        for (bit, other) in self.0.iter_mut().zip(other.0) {
            *bit &= other;
        }
        self
    }

    pub(crate) fn has(&self, row: usize) -> bool {
        self.0.get(row).is_some_and(|bit| *bit)
    }
}

fn put_length(bytes: &mut Vec<u8>, length: usize) {
    // A length has 64 bits on every platform that there is.
    put_number(bytes, length as u64);
}
