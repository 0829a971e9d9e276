//! Token cards of the hospital. One file for each operation.

pub(crate) mod assign;
pub(crate) mod import;
pub(crate) mod list;
