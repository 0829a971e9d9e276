//! One file for each operation.

pub(crate) mod claim;
pub(crate) mod count;
pub(crate) mod upload;
