//! The client core: one crate behind the browser's app, the native client and the record keeper.
//!
//! It holds the device's MLS state, its sealed local store, and the conversation of a device with
//! its server; it verifies every device that it admits to a conversation. It has no HTTP, clock,
//! disk or key of its own: a [`Platform`] hands them in (the browser's worker, or a workstation).
//!
//! - [`platform`]: what a platform provides.
//! - [`vault`]: the local store, every value sealed.
//! - [`mls`]: MLS groups (RFC 9420), one journal for each.
//! - [`content`]: what is inside a message (MIMI content format).
//! - [`attachments`]: files of messages, sealed in chunks before they leave.
//! - [`changes`]: edits, recalls and reactions, and who may make them.
//! - [`client`]: [`Client`], with the flows beside it (`enroll`, `unlock`, `sync`, `outbox`,
//!   `membership`, `account`, `report`).
//! - `forward`: messages that go on into another conversation.
//! - `expiry`: messages that go by themselves.
//! - [`own`]: what a person keeps of a conversation on this device alone.
//! - [`pictures`]: pictures without what cameras write beside them.
//! - [`records`]: what the record keeper needs of the core.
//! - `withdrawals`: recalled STAT messages, of which the hospital is told that nobody need come.
//! - `removed`: what retention ended, on a member's device.
//! - `stated`: statements about records, as a browser signs and verifies them.
//! - [`search`]: finding messages on this device.
//! - [`calls`]: the same by name and JSON, for the app's worker.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! The order that crash safety rests on: a ratchet that moved is durable before the ciphertext it
//! made leaves the device, and a message that was typed is durable no later than that.

pub mod attachments;
pub mod calls;
pub mod changes;
pub mod client;
pub mod content;
pub mod error;
pub mod fuzz;
pub mod mls;
pub mod own;
pub mod pictures;
pub mod platform;
pub mod profile;
pub mod records;
pub mod search;
pub mod vault;
pub mod views;

mod account;
mod arrival;
mod conversation;
pub mod enroll;
mod expiry;
mod forward;
mod http;
mod listing;
mod membership;
mod outbox;
mod passage;
mod reading;
mod removed;
mod report;
mod stated;
mod steps;
mod sync;
mod unlock;
mod wipe;
mod withdrawals;

pub use client::Client;
pub use error::ClientError;
pub use platform::{Event, Platform};
