//! A STAT message ends in a human acknowledgement or in a named failure.
//!
//! [`Page`] is the state of one STAT message that waits for somebody: who is asked, who said what,
//! and when there is something to do next. It is a value. Whoever runs it hands in what happened
//! ([`Input`]) with the time, stores what comes back, and carries out the [`Output`]s.
//!
//! # What a runner must do
//! - Store the page and its outputs in one transaction, guarded by [`Page::revision`]: of two nodes
//!   that step the same page one wins, and the other one's outputs never were.
//! - Look at a page when [`Page::is_due`] says so. Looking too often, twice, or late does no harm.
//!
//! # What holds then
//! - Every page ends exactly once: acknowledged, unanswered, or withdrawn by its sender.
//! - No alert goes out twice, and no person is alerted again before the interval is over.
//! - A page can be written down and read back between any two inputs.
//! - A clock that jumps, or two clocks that differ, bring an alert forward or put it off by a bounded
//!   time, and lose none. See [`Terms::skew_ms`].
//! - Nobody is alerted who is not to be disturbed while there is anybody else to ask, and nothing is given
//!   up before they were.
//! - However the roster changes, the whole time is bounded.
//!
//! `tests/model.rs` checks these in every state that a small ward can come into, and
//! `tests/simulation.rs` over runs with faults that are drawn.

mod chain;
mod page;
mod terms;

pub use chain::{Chain, Level};
pub use page::{Asked, End, Input, Next, Output, Page, Reached, Refused, UnreadablePage};
pub use terms::{BadTerms, Terms};
