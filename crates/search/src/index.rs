//! The index over a store: segments under numbers.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::Id;
use crate::query::Query;
use crate::segment::{Place, Row, Segment, View, size};

/// Where segments are kept. What is changed becomes durable when its owner says so, all together.
pub trait Values {
    /// Every name with this beginning, in order, with its value.
    fn range<'a>(
        &'a self,
        prefix: &'static str,
    ) -> impl DoubleEndedIterator<Item = (&'a str, &'a [u8])>;

    /// Puts a value.
    fn put(&mut self, name: String, value: Vec<u8>);

    /// Removes a value.
    fn delete(&mut self, name: &str);
}

/// A message to be found.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Where it stands.
    pub place: Place,
    /// Who wrote it, where that is known.
    pub from: Option<Id>,
    /// When, unix milliseconds.
    pub sent_at: u64,
    /// Its text.
    pub text: &'a str,
}

/// Which messages come into question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of these conversations.
    pub groups: Option<BTreeSet<Id>>,
    /// Only by this person.
    pub from: Option<Id>,
    /// Sent then or later, unix milliseconds.
    pub since: Option<u64>,
    /// Sent earlier, unix milliseconds.
    pub until: Option<u64>,
}

/// A message that was found. In the order of time; as a cursor, where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// When it was sent, unix milliseconds.
    pub sent_at: u64,
    /// Where it stands.
    pub place: Place,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// Where to go on, when there are more.
    pub next: Option<Hit>,
}

/// A value is no segment of this version: the index is to be made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the search index is damaged")]
pub struct Damaged;

/// Adds a message that is not in the index. Writes one value.
pub fn add(values: &mut impl Values, message: &Message<'_>) {
    put(values, &segment(message));
}

/// Adds many messages that are not in the index. Writes one value.
pub fn fill(values: &mut impl Values, messages: &[Message<'_>]) {
    if !messages.is_empty() {
        let merged = Segment::merged(messages.iter().map(segment).collect());
        put(values, &merged);
    }
}

/// Removes a message; nothing of it is left in the index then. Writes one value, or deletes one.
/// Whether it was there.
///
/// # Errors
/// When a segment that is read on the way is damaged.
pub fn remove(values: &mut impl Values, place: Place) -> Result<bool, Damaged> {
    let mut found = None;
    // What is removed is mostly new.
    for (name, value) in values.range(SEGMENTS).rev() {
        let view = View::of(value).ok_or(Damaged)?;
        if view.rows.iter().any(|row| row.place == place) {
            let segment = Segment::decode(value).ok_or(Damaged)?;
            found = Some((name.to_owned(), segment.without(place)));
            break;
        }
    }
    let Some((name, segment)) = found else {
        return Ok(false);
    };
    if segment.is_empty() {
        values.delete(&name);
    } else {
        values.put(name, segment.encode());
    }
    Ok(true)
}

/// Merges segments of about one size into one, where there are many. To be called until it answers
/// that nothing was left to do; each time it reads and writes a bounded number of messages and of bytes:
/// less than twice [`FULL_BYTES`], however long the messages are.
///
/// # Errors
/// When a segment that is read on the way is damaged.
pub fn tend(values: &mut impl Values) -> Result<bool, Damaged> {
    let mut classes: [Vec<(&str, usize, &[u8])>; CLASSES.len()] = Default::default();
    for (name, value) in values.range(SEGMENTS) {
        let size = size(value).ok_or(Damaged)?;
        let class = CLASSES.iter().position(|below| size < *below);
        if let Some(class) = class.filter(|_| value.len() < FULL_BYTES) {
            classes[class].push((name, size, value));
        }
    }
    let Some(class) = classes.iter().find(|class| class.len() >= FAN_IN) else {
        return Ok(false);
    };
    let (mut total, mut bytes) = (0, 0);
    let few: Vec<_> = class
        .iter()
        .enumerate()
        .take_while(|(index, (_, size, value))| {
            total += size;
            bytes += value.len();
            // Two at least, so that there are fewer afterwards.
            *index < 2 || (bytes <= FULL_BYTES && (*index < FAN_IN || total <= FULL))
        })
        .map(|(_, (name, _, value))| (*name, *value))
        .collect();
    let names: Vec<String> = few.iter().map(|(name, _)| (*name).to_owned()).collect();
    let segments: Vec<Segment> = few
        .iter()
        .map(|(_, value)| Segment::decode(value))
        .collect::<Option<_>>()
        .ok_or(Damaged)?;
    put(values, &Segment::merged(segments));
    for name in names {
        values.delete(&name);
    }
    Ok(true)
}

/// Removes the whole index.
pub fn clear(values: &mut impl Values) {
    let names: Vec<String> = values
        .range(SEGMENTS)
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in names {
        values.delete(&name);
    }
}

/// Messages that match, newest first: at most `limit`, from behind `after` on.
///
/// # Errors
/// When a segment is damaged.
pub fn find(
    values: &impl Values,
    query: &Query,
    filter: &Filter,
    after: Option<Hit>,
    limit: usize,
) -> Result<Found, Damaged> {
    // Newest first. One more than asked for tells whether there are more; no older one is of use.
    let mut newest: Vec<Hit> = Vec::new();
    for (_, value) in values.range(SEGMENTS) {
        let view = View::of(value).ok_or(Damaged)?;
        let bound = newest.get(limit).copied();
        let wanted = |row: &Row| {
            filter.admits(row)
                && after.is_none_or(|after| hit(row) < after)
                && bound.is_none_or(|bound| hit(row) > bound)
        };
        let rows: Vec<usize> = (0..view.rows.len())
            .rev()
            .filter(|index| wanted(&view.rows[*index]))
            .collect();
        if rows.is_empty() {
            continue;
        }
        let matching = view.matching(query).ok_or(Damaged)?;
        for index in rows.into_iter().filter(|index| matching.has(*index)) {
            let hit = hit(&view.rows[index]);
            let place = newest.partition_point(|newer| *newer > hit);
            if place > limit {
                // The rest of the segment is older still.
                break;
            }
            newest.insert(place, hit);
            newest.truncate(limit.saturating_add(1));
        }
    }
    let more = newest.len() > limit;
    newest.truncate(limit);
    let next = newest.last().copied().filter(|_| more);
    Ok(Found { hits: newest, next })
}

impl Filter {
    fn admits(&self, row: &Row) -> bool {
        self.groups
            .as_ref()
            .is_none_or(|groups| groups.contains(&row.place.group))
            && self.from.is_none_or(|from| row.from == Some(from))
            && self.since.is_none_or(|since| row.sent_at >= since)
            && self.until.is_none_or(|until| row.sent_at < until)
    }
}

fn hit(row: &Row) -> Hit {
    Hit {
        sent_at: row.sent_at,
        place: row.place,
    }
}

fn segment(message: &Message<'_>) -> Segment {
    let row = Row {
        sent_at: message.sent_at,
        place: message.place,
        from: message.from,
    };
    Segment::of(row, message.text)
}

/// Puts a segment under a number that none has.
fn put(values: &mut impl Values, segment: &Segment) {
    let last = values.range(SEGMENTS).next_back().and_then(|(name, _)| {
        let number = name.strip_prefix(SEGMENTS)?;
        u64::from_str_radix(number, 16).ok()
    });
    let number = last.map_or(0, |last| last + 1);
    values.put(format!("{SEGMENTS}{number:016x}"), segment.encode());
}

/// The names of segments.
const SEGMENTS: &str = "x/";
/// Segments of one class that are merged at least.
const FAN_IN: usize = 16;
/// Messages of a segment that is merged no more.
const FULL: usize = 4096;
/// Bytes of a segment that is merged no more.
pub const FULL_BYTES: usize = 1024 * 1024;
/// Segments with fewer messages than this are of a class.
const CLASSES: [usize; 3] = [16, 256, FULL];
