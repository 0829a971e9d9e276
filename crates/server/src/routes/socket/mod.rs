//! One file for each operation.

pub(crate) mod open;
pub(crate) mod ticket;
