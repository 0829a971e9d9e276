//! The server over real HTTP, as devices and attackers see it.

mod bad_input;
mod conversations;
mod demo;
mod enrolment;
mod openapi;
mod proofs;
mod sessions;
mod sockets;
mod support;
