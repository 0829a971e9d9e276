//! One file for each operation.

pub(crate) mod list;
