//! The server over real HTTP, as devices and attackers see it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod admission;
mod at_rest;
mod attachments;
mod attested;
mod bad_input;
mod bots;
mod canaries;
mod cards;
mod care_teams;
mod content;
mod conversations;
mod critical;
mod decoders;
mod demo;
mod ehr;
mod enrolment;
mod escalations;
mod explained;
mod factors;
mod feeds;
mod fhir;
mod fleet;
mod fleet_pages;
mod forward;
mod glass;
mod hl7;
mod keeper;
mod managers;
#[path = "../../../bus/tests/nats/server.rs"]
mod nats;
mod nodes;
mod notes;
mod openapi;
mod orders;
mod pagers;
mod policies;
#[path = "../../../store/tests/store/postgres.rs"]
mod postgres;
mod proofs;
mod push;
mod quiet;
mod records;
mod recoveries;
mod renewal;
mod risk;
mod schedules;
#[path = "../../../wardline/tests/it/search.rs"]
mod search;
mod sessions;
mod signals;
mod sockets;
mod support;
mod teams;
mod unsent;
