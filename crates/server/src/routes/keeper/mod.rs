//! What only the record keeper asks for. One file for each operation.

pub(crate) mod devices;
pub(crate) mod results;
pub(crate) mod statements;
pub(crate) mod turns;
