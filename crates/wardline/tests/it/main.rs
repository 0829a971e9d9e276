//! The real binary, from outside: a demo hospital, people at workstations, an auditor.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what is not there fails the test that asked for it"
)]

mod audit;
mod conversation;
mod crash;
mod keeper;
mod refusals;
mod support;
mod verbs;
