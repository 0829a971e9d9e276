//! One file for each operation.

pub(crate) mod reachability;
pub(crate) mod search;
