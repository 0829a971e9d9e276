//! Why somebody may open a chart, and how much it looks like snooping.
//!
//! [`explain`] finds the evidence that explains an access best: a relation of the person's or their
//! department's, a conversation, the ward of their shift, a hand-over. What it explains is open at
//! once; for everything else a purpose is asked. [`House`] weighs each access, explained or not, by
//! what was there before it ([`House::weigh`]), and then learns it ([`House::learn`]); it says in words
//! what speaks for snooping. [`replay`] does both over a log, and measures what they were worth.
//!
//! Pure: no clock, no disk, no network. Times are unix milliseconds and come with the accesses.

mod book;
mod columns;
mod counts;
mod evidence;
pub mod fuzz;
mod house;
mod look;
mod person;
pub mod replay;
mod sign;
pub mod staff;

pub use book::{Access, Book};
pub use evidence::{Asker, BEFORE_MS, Basis, Explained, Party, Reason, Relation, Ward, explain};
pub use house::{House, Weighed};
pub use look::{Alike, Look, Near, Ties, Via};
pub use person::PersonState;
pub use sign::Sign;
