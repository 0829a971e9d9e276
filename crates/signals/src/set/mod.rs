//! Security event tokens (RFC 8417) as a signal stream pushes them (RFC 8935), with the events of
//! OpenID's Shared Signals Framework 1.0 and Continuous Access Evaluation Profile 1.0.
//!
//! - [`Transmitter`]: whose tokens are taken, and [`Transmitter::verify`].
//! - [`Keys`]: its public keys (RFC 7517).
//! - [`Signal`]: what a token says: of whom ([`Subject`]) and what ([`Event`]).
//! - [`SetError`]: why it is refused, with RFC 8935's code.
//!
//! **Order.** Nothing that a token claims is looked at before its signature is good, by a key of
//! the transmitter whose stream it came in on. The algorithm is the key's, from a list without
//! `none` and without shared secrets (RFC 8725 §3.1); keys that a token brings along or points to
//! are not looked at.
//!
//! **Once.** The same token can come again, as its transmitter's retry or as somebody's replay. To
//! notice is the caller's: it remembers [`Signal::jti`] together with [`Signal::issuer`] for
//! [`Window::memory_ms`], after which the token is too old to be taken. RFC 8935 §2.2 wants a
//! repeated token acknowledged like the first.
//!
//! **Answers.** A token that is taken is answered with 202 and an empty body, one that is refused
//! with 400 and [`ErrorBody`].

mod event;
mod keys;
mod subject;
mod verify;

pub use event::{Context, Event, Initiator};
pub use keys::{Keys, KeysError};
pub use subject::{Identifier, Subject};
pub use verify::{ErrorBody, ErrorCode, SetError, Signal, Transmitter, Window};

/// The media type of a request's body (RFC 8935 §2.1).
pub const MEDIA_TYPE: &str = "application/secevent+jwt";
