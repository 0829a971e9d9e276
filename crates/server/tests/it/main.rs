//! The server over real HTTP, as devices and attackers see it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail the test"
)]

mod bad_input;
mod conversations;
mod demo;
mod enrolment;
#[path = "../../../bus/tests/nats/server.rs"]
mod nats;
mod nodes;
mod openapi;
#[path = "../../../store/tests/store/postgres.rs"]
mod postgres;
mod proofs;
mod sessions;
mod sockets;
mod support;
