//! Security events of other systems. One file for each operation.

pub(crate) mod receive;
