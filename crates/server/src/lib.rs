//! The HTTP server: routes, sessions, real-time sockets, the sequencer, the embedded web app.
//!
//! # A request's way
//! authenticate → decide → do → record → answer, in this order everywhere.
//! - *Authenticate*: `proof` verifies the device's key (DPoP), `caller` its session.
//! - *Decide*: `gate` asks the policies. It alone has the store; what a handler gets for an `Allow`
//!   is a `Permit`, without which nothing can be written.
//! - *Do* and *record*: one transaction holds the change and its audit event.
//! - *Answer*: `problem` turns every refusal into an RFC 9457 document.
//!
//! # Where things are
//! - `routes`: one file for each operation; all of them on one page in `routes/mod.rs`.
//! - [`config`]: the configuration file. [`keys`]: the hospital's keys.
//! - [`policies`]: what is in force, what is kept of decisions, and the console's way to both.
//! - [`server`]: start and stop. [`init`], [`demo`]: the compositions that the binary calls.
//! - [`intune`]: asks Microsoft Intune about devices, and devices of Intune for something.
//! - `cards`: the listener to which smart cards are presented, and what is asked about them.
//! - [`ehr`]: the hospital's record system, which charts are copied from.
//! - `hub`: pushes to sockets what hints on the bus are about.
//! - `push`: wakes devices without a socket, by push services.
//! - [`webhook`]: signed requests to systems of the operator's: pagers, and what listens to a bot.
//! - [`rim`]: the clock and the randomness, read nowhere else.
//! - [`fuzz`]: the decoders as plain functions over bytes. [`conformance`]: recorded passkey ceremonies
//!   replayed.
//!
//! No type here can hold a message's text: bodies are MLS ciphertext, and the crate has no key.

mod app;
mod assurance;
mod attachments;
pub mod balp;
mod ca;
mod caller;
mod canaries;
mod cards;
mod care;
pub mod care_teams;
mod charts;
mod codes;
pub mod config;
// For the tests on public data alone; no route leads to it.
#[doc(hidden)]
pub mod conformance;
pub mod demo;
mod drain;
pub mod ehr;
mod escalations;
// For the bench; no route leads to it.
#[doc(hidden)]
pub mod explain;
mod extract;
mod fleet;
pub mod fuzz;
mod gate;
mod hl7;
mod hub;
pub mod import;
pub mod init;
pub mod intune;
mod jws;
pub mod keys;
mod limiter;
mod listen;
pub mod log;
mod nonce;
mod oncall;
mod outgoing;
mod pager;
pub mod pager_import;
mod passkeys;
mod pipeline;
pub mod policies;
mod problem;
mod proof;
mod push;
mod replay;
pub mod rim;
mod risk;
mod routes;
pub mod schedules;
pub mod server;
mod shape;
mod snooping;
pub mod staff;
mod telemetry;
mod tls;
mod transmitters;
mod views;
mod web;
pub mod webhook;

pub use config::Config;
pub use routes::openapi;
pub use server::{Running, Server, StartError};
