//! The fleet as a whole. One file for each operation.

pub(crate) mod import;
pub(crate) mod read;
pub(crate) mod register;
pub(crate) mod trust;
