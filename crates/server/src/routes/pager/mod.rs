//! The hospital's pagers. One file for each operation.

pub(crate) mod numbers;
pub(crate) mod test;
