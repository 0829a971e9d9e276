//! Full-text search over the messages of a device, in a store whose values are sealed one by one.
//!
//! The index is a set of *segments*, each a value of its own under a number: no name of a value
//! tells a word. A segment says of some messages where they stand, who wrote them and when, and of
//! each word in which of them it is. A message that is added is a segment of its own, so that
//! adding writes one value; [`tend`] merges small segments into larger ones, a step at a time. A
//! message that is removed leaves its segment at once, words and all.
//!
//! - [`index`]: adding, removing, merging, finding, over [`Values`].
//! - [`query`]: what is looked for, and what of a text is shown for it.
//! - [`fuzz`]: the decoder as a plain function over bytes.
//!
//! Words are those of Unicode (UAX #29), without case and diacritics. What is stored is read a
//! segment at a time; the largest has some thousands of messages.

pub mod fuzz;
pub mod index;
pub mod query;

mod bytes;
mod segment;
mod words;

pub use index::{
    Damaged, FULL_BYTES, Filter, Found, Hit, Message, Values, add, clear, fill, find, remove, tend,
};
pub use query::{Piece, Query};
pub use segment::Place;

/// A conversation or a person.
pub type Id = [u8; 16];
