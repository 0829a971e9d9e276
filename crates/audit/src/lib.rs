//! The tamper-evident audit log, as functions of values.
//!
//! Every decision and every change in Wardline leaves an event (45 CFR 164.312(b)). This crate
//! says what an event is, how it is committed to, how commitments become a log that nobody can
//! rewrite unnoticed, and how an auditor checks all of that with nothing but a public key.
//!
//! # From event to checkpoint
//!
//! 1. An [`Event`] has exactly one byte form, its canonical JSON (RFC 8785): [`event`].
//! 2. `SHA-256("wardline audit v1\0" ‖ salt ‖ payload)` is its [`commitment()`]. The salt (32
//!    random bytes an event, handed in) keeps the public log from being searched by guessing.
//! 3. The node that wrote the event links the commitment into its own hash chain and signs the
//!    chain's head in the same transaction: [`chain`]. From then on the event is fixed.
//! 4. Within a second the sequencer appends the commitment to the Merkle log: [`tree`] computes
//!    RFC 6962 hashes and the tiles of [C2SP tlog-tiles] that serve them.
//! 5. A [`Checkpoint`] (C2SP tlog-checkpoint, a C2SP signed note by Ed25519) signs size and root:
//!    [`checkpoint`] and [`note`].
//!
//! # Who verifies what
//!
//! | with | by | proves |
//! |---|---|---|
//! | one event, its salt and a proof | [`Disclosure::verify`] | the event stands in the log |
//! | two checkpoints and a proof | [`tree::verify_consistency`] | the log only grew |
//! | the public tiles | [`verify::tiles`] | tiles, entries and checkpoint agree |
//! | an export file | [`export::verify`] | the same, and what each opened event says |
//! | a data directory | [`verify::Directory`] | the same, and the tail that no checkpoint covers yet |
//!
//! What no verifier on one machine can see is a rollback: the whole directory replaced by an
//! older copy of itself. Witnesses that keep checkpoints, and the devices that keep the
//! checkpoints of their endorsements, see it by the missing consistency proof.
//!
//! # What this crate does not do
//!
//! It opens no file and no socket, reads no clock and draws no randomness; salts, keys and times
//! are parameters. Exports stream through handed readers and writers. Parsers are strict: a text
//! that is read is byte for byte the one that would be written, so there is no second spelling
//! of anything that is signed or hashed.
//!
//! [C2SP tlog-tiles]: https://c2sp.org/tlog-tiles

pub mod chain;
pub mod checkpoint;
mod commitment;
mod disclosure;
pub mod event;
pub mod export;
pub mod fuzz;
mod hash;
pub mod note;
pub mod tree;
pub mod verify;

pub use checkpoint::Checkpoint;
pub use commitment::{Opening, Salt, commitment};
pub use disclosure::{Disclosure, DisclosureError};
pub use ed25519_dalek::{SigningKey, VerifyingKey};
pub use event::Event;
pub use hash::{Hash, InvalidHash};
pub use note::{LogKey, LogSigner};
