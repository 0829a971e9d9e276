//! What device managers and signal streams tell of devices.
//!
//! - [`managed`]: what all of them come to: a device that a manager knows, with facts.
//! - [`csv`], [`json`]: the export of any manager, as a file. [`prereg`]: a file of serial numbers
//!   to be registered. A file is taken whole or not at all.
//! - [`graph`]: Microsoft Intune as Microsoft Graph shows it.
//! - [`set`]: security event tokens (RFC 8417) of a signal stream, verified.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! The crate knows no HTTP, clock or disk: bytes, addresses and times (unix milliseconds) are
//! handed in, and what comes out are values. What is told here is a fact with a source; whether
//! it is good enough is policy, and not for this crate to say.

pub mod csv;
pub mod fuzz;
pub mod graph;
pub mod json;
pub mod managed;
pub mod prereg;
pub mod refusal;
pub mod set;

mod columns;
mod table;
mod values;
