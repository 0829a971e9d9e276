//! [`ManagedDevice`]: a device as its manager knows it.

use wardline_model::wire::posture::Told;

/// A device as its manager knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ManagedDevice {
    /// Which manager says so: `intune`, or the name under which a file is imported.
    pub source: String,
    /// The manager's own id of the device; unique within the source.
    pub manager_id: String,
    /// The maker's serial number; absent where the manager has none, or a maker's placeholder.
    pub serial: Option<String>,
    /// Who uses it, as the manager names people: a user principal name, a username or an e-mail
    /// address.
    pub owner: Option<String>,
    /// The manager's name for the device; never empty.
    pub name: String,
    /// What is told of it; each name at most once.
    pub facts: Vec<Told>,
    /// When the manager last heard from the device, unix milliseconds. Every fact is from then or
    /// from before.
    pub observed_at: u64,
}

/// A serial number as it is compared: capitals, without white space. Managers and people write the
/// same number in different ways.
pub fn serial_key(serial: &str) -> String {
    serial
        .chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| character.to_ascii_uppercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_the_same_however_it_is_written() {
        assert_eq!(serial_key("r58 M123abc "), serial_key("R58M123ABC"));
        assert_ne!(serial_key("R58M123ABC"), serial_key("R58M123ABD"));
    }
}
