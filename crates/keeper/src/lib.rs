//! The record keeper: a visible member of each conversation, in a process of its own.
//!
//! It commits removals and brings in members' new devices while no phone is online, keeps what was
//! said, hands it to a member's new device, and repairs a device that lost its state. It has no
//! read API: history goes to a device that is endorsed up to the pinned genesis, for times when
//! its person was a member, through a group of the two ([`GroupKind::Keeper`]).
//!
//! It acts on what devices signed, never on the server's word: an endorsement says whose a device
//! is, a commit of a member says who belongs to a conversation, turns that a scheduler's device
//! signed say who is on call, and the delivery service's signed proposals say what is out of use (they can only remove).
//!
//! - [`ledger`]: who was a member when, and what is owed to whom; a pure value.
//! - [`roles`]: who is on call, by what devices signed.
//! - [`keeper`]: [`Keeper`], over a client that keeps the records.
//! - [`retention`]: how long what is kept is kept, and what holds it; pure values.
//! - [`removal`]: telling members' devices what retention ended.
//! - [`custody`]: the export key, and k of n custodians.
//! - [`mailbox`]: what comes through the server and goes back through it.
//! - [`records`]: [`Records`], which carries retention and orders out.
//!
//! [`GroupKind::Keeper`]: wardline_model::wire::groups::GroupKind::Keeper

pub mod custody;
pub mod keeper;
pub mod ledger;
pub mod mailbox;
pub mod records;
pub mod removal;
pub mod retention;
pub mod roles;

pub use keeper::{Keeper, Progress, Rules};
pub use ledger::Ledger;
pub use records::{Records, Tended, Terms};
