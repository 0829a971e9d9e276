//! One file for each operation.

pub(crate) mod read;
