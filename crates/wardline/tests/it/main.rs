//! The real binary, from outside: a demo hospital, people at workstations, an auditor.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what is not there fails the test that asked for it"
)]

mod at_rest;
mod audit;
mod conversation;
mod crash;
mod keeper;
mod refusals;
mod search;
mod support;
mod verbs;
