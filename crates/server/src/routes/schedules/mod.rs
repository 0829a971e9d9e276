//! On-call schedules. One file for each operation.

pub(crate) mod edit;
pub(crate) mod import;
pub(crate) mod read;
pub(crate) mod sign;
