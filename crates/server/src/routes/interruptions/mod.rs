//! How often phones ring. One file for each operation.

pub(crate) mod read;
