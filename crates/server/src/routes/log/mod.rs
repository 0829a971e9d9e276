//! One file for each operation.

pub(crate) mod checkpoint;
pub(crate) mod consistency;
pub(crate) mod tile;
