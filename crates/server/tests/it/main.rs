//! The server over real HTTP, as devices and attackers see it.

mod bad_input;
mod enrolment;
mod proofs;
mod sessions;
mod support;
