//! One file for each operation.

pub(crate) mod endorse;
pub(crate) mod list;
pub(crate) mod revoke;
