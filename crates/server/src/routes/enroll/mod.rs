//! One file for each operation.

pub(crate) mod finish;
pub(crate) mod poll;
pub(crate) mod start;
