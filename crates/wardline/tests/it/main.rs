//! The real binary, from outside: a demo hospital, people at workstations, an auditor.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests: what is not there fails the test that asked for it"
)]

mod access;
mod agent;
mod at_rest;
mod attachments;
mod attest;
mod audit;
mod bots;
mod care_teams;
mod cast;
mod cluster;
mod conversation;
mod crash;
mod enroll;
mod finding;
mod keeper;
mod past;
mod patch;
mod policy;
#[path = "../../../store/tests/store/postgres.rs"]
mod postgres;
mod programs;
mod records;
mod refusals;
mod risk;
mod schedule;
mod search;
mod staff;
mod support;
mod verbs;
