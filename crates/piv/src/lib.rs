//! Whose smart card it is.
//!
//! A card proves in TLS that it holds a key. What is left is the certificate: this crate says whose
//! card it is, or exactly why it is not taken. It is for PIV cards (FIPS 201-3, NIST SP 800-73-5)
//! and for cards of a hospital's own authority that look like them.
//!
//! - [`Verifier`]: anchors and configuration; a presented chain becomes a [`Card`] or [`Refused`].
//! - [`config`]: what the hospital chooses, as the configuration file spells it.
//! - [`Crl`], [`ocsp`]: what is known of revocation, and what to ask where (RFC 5280 §6.3, RFC 6960).
//! - [`Mapped`]: the person a card names, by rules that are tried in order.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! Paths are built and verified by rustls-webpki: signatures, dates, authorities, path
//! lengths, extended key usage, name constraints, CRLs. This crate adds what webpki leaves out:
//! certificate policies, key usage, sizes of keys, the card's own profile and OCSP.
//!
//! # What is done of RFC 5280 §6.1, and what is not
//! - An explicit policy is always required (*initial-explicit-policy*), so `requireExplicitPolicy`
//!   asks for nothing more.
//! - Policies are not mapped (*initial-policy-mapping-inhibit*), so a policy of another bridge's
//!   vocabulary does not count. `policyMappings` that is not critical is passed over.
//! - anyPolicy counts in authorities until an `inhibitAnyPolicy` above them forbids it, and never in
//!   a card.
//! - Policy qualifiers are not read.
//! - webpki refuses critical extensions that it does not know. `policyConstraints`,
//!   `policyMappings`, `inhibitAnyPolicy` and `certificatePolicies` are among them when they are
//!   critical: such a path is refused, never taken for less than it says. Naming the authority
//!   below as an anchor is the way around.
//! - Names in `otherName` and e-mail addresses are not held against name constraints; an authority
//!   that has constraints of such a form and certifies such a name is refused.
//! - An anchor is trusted as it is named (§6.1.1 (d)): its dates, policies and path length say
//!   nothing; its name constraints do.
//! - CRLs are complete and direct. Delta CRLs, indirect CRLs and those for some reasons are refused.
//!
//! The crate knows no clock, disk or network: times are unix milliseconds handed in.

mod certificate;
pub mod config;
mod crl;
mod element;
pub mod fuzz;
mod key;
mod mapping;
pub mod ocsp;
mod path;
mod policies;
mod refused;
mod revocation;
mod verifier;

pub use certificate::MAX_CERTIFICATE;
pub use config::{Config, ConfigError};
pub use crl::{Crl, CrlError, MAX_CRL, Signer};
pub use mapping::{Kind, MAX_VALUE, Mapped};
pub use ocsp::OcspError;
pub use path::MAX_CHAIN;
pub use refused::Refused;
pub use verifier::{Card, Evidence, ListPoint, Question, Verifier};
