//! Security event tokens of made-up transmitters, and every decoder with bytes that are a little
//! off.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod decoders;
mod files;
mod set;
mod signer;
