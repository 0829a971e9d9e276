//! One file for each operation.

pub(crate) mod allow_position;
pub(crate) mod availability;
pub(crate) mod forbid_position;
pub(crate) mod read;
