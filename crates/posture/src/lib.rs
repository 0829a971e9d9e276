//! What is known of a device, and what proves it.
//!
//! - [`attest`]: Android Key Attestation: a phone's hardware says that it made a key, and in which
//!   state the phone was.
//! - [`webauthn`]: WebAuthn attestation: who made the authenticator that a passkey is in.
//! - [`patch`]: whether a device's system is maintained and patched, by public feeds.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! The crate knows no HTTP, clock or disk: times are unix milliseconds handed in. What is proven
//! here is a fact; whether the fact is good enough is policy, and not for this crate to say.

pub mod attest;
pub mod fuzz;
#[cfg(feature = "made")]
pub mod made;
pub mod patch;
pub mod webauthn;
