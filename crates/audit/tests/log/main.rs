//! The audit log from the outside: trees, exports, data directories and decoders.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod decoders;
mod directory;
mod disclosure;
mod export;
mod sample;
mod tree;
