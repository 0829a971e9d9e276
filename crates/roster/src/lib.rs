//! On-call schedules: who holds which role from when until when, and who is at work. And who cares for whom.
//!
//! - [`slot`]: a stretch of time that somebody has, who holds where stretches overlap, gaps and
//!   hand-overs.
//! - [`csv`] and [`ics`]: schedules from files. A file is read whole or refused with every reason.
//! - [`care`]: care teams from a file.
//! - [`check`]: what a file says, held against the people and roles that the hospital has.
//! - [`merge`]: what an import changes.
//! - [`signed`]: who has a role by what devices signed.
//! - [`swap`]: who may take over a turn, and what becomes of it.
//! - [`ring`]: when a message rings for somebody, by their choice and by whether they are at work.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! The crate knows no HTTP, clock, disk or database: bytes and times (unix milliseconds) are
//! handed in, and what comes out are values. Who may change a schedule or a team is policy.

pub mod care;
pub mod check;
pub mod csv;
pub mod file;
pub mod fuzz;
pub mod ics;
pub mod merge;
pub mod ring;
pub mod signed;
pub mod slot;
pub mod swap;

mod content;
mod recur;
mod zone;
