//! Cards that are taken and cards that are not, held against the crate as the server does.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod answers;
mod config;
mod decoders;
mod delegates;
mod lists;
mod made;
mod mapping;
mod openssl;
mod path;
mod policy;
mod responders;
