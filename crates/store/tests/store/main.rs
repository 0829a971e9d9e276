//! How the store behaves, on SQLite and on PostgreSQL: one suite, run on both.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod append;
mod attachments;
mod attested;
mod audit;
mod bots;
mod cards;
mod conversations;
mod crash;
mod critical;
mod ehr;
mod engines;
mod enrolment;
mod escalations;
mod glass;
mod hl7;
mod looks;
mod pager;
mod people;
mod postgres;
mod posture;
mod push;
mod quiet;
mod records;
mod resources;
mod risk;
mod schedules;
mod schema;
mod sealed;
mod sessions;
mod snooping;
mod support;
mod teams;
mod ties;
mod watch;
