//! One file for each operation.

pub(crate) mod reachability;
pub(crate) mod reachable;
pub(crate) mod search;
