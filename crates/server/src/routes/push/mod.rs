//! One file for each operation.

pub(crate) mod read;
pub(crate) mod receipt;
pub(crate) mod subscribe;
pub(crate) mod test;
pub(crate) mod unsubscribe;
