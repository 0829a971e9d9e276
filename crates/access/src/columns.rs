//! Columns of CSV files by their names.

use csv::ByteRecord;
use wardline_risk::parts::position;

use crate::replay::ReplayError;

/// Where the columns of a file are.
#[derive(Debug)]
pub(crate) struct Columns(ByteRecord);

impl Columns {
    pub(crate) fn of(header: ByteRecord) -> Self {
        Self(header)
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        position(&self.0, name)
    }

    pub(crate) fn must(&self, name: &'static str) -> Result<usize, ReplayError> {
        self.find(name).ok_or(ReplayError::Column(name))
    }
}
