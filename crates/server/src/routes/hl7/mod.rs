//! Messages of HL7 feeds that could not be applied. One file for each operation.

pub(crate) mod dismiss;
pub(crate) mod list;
pub(crate) mod replay;
