//! Care teams, as the hospital's records have them. One file for each operation.

pub(crate) mod import;
