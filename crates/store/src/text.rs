//! Small text helpers of the aggregates.

use wardline_model::PatientId;
use wardline_seal::Token;

use crate::StoreError;
use crate::store::Tx;

/// The form in which names are compared: lower case.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// A `LIKE … ESCAPE '\'` pattern for texts that begin so.
pub(crate) fn like_prefix(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// A patient id that was sealed.
pub(crate) fn patient_id(opened: &[u8]) -> Result<PatientId, StoreError> {
    std::str::from_utf8(opened)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(StoreError::Corrupt("a sealed patient id"))
}

impl Tx {
    /// The blind token that stands for a patient.
    pub(crate) fn patient_token(&self, patient: &PatientId) -> Token {
        self.shared
            .index
            .token("patient", patient.as_str().as_bytes())
    }
}
