//! One file for each operation.

pub(crate) mod allow_position;
pub(crate) mod availability;
pub(crate) mod forbid_position;
pub(crate) mod quiet;
pub(crate) mod read;
pub(crate) mod stat_use;
