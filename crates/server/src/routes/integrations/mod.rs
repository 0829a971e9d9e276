//! What stands beside people: pagers and bots. One file for each operation.

pub(crate) mod read;
