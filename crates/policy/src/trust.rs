//! The trust feed: which devices a gateway may let through, and until when that holds.

use wardline_model::wire::devices::TrustEntry;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::posture;
use wardline_model::{DeviceId, UserId};

/// A device as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The device.
    pub device_id: DeviceId,
    /// Whose it is.
    pub user_id: UserId,
    /// Thumbprint of its P-256 key (RFC 7638).
    pub jkt: [u8; 32],
    /// The slug of its program.
    pub program: &'a str,
    /// Whether that person still works here.
    pub person_active: bool,
    /// Where it stands.
    pub state: DeviceState,
    /// When its grace ends, unix milliseconds.
    pub deadline: Option<u64>,
}

/// For how long an entry holds without a further look, milliseconds. Whoever lost the line to the
/// hospital for longer trusts nobody.
pub const HOLDS_MS: u64 = 60_000;

/// A device's entry; `None` for one that is not trusted.
pub fn entry(device: &Standing<'_>, now_ms: u64) -> Option<TrustEntry> {
    if !device.person_active {
        return None;
    }
    let standing = match device.state {
        DeviceState::Active => posture::Standing::Compliant,
        DeviceState::Grace => posture::Standing::Grace,
        DeviceState::Pending
        | DeviceState::Quarantined
        | DeviceState::Lost
        | DeviceState::Wiped
        | DeviceState::Retired => return None,
    };
    let until = now_ms.saturating_add(HOLDS_MS);
    let until = device
        .deadline
        .map_or(until, |deadline| deadline.min(until));
    (until > now_ms).then(|| TrustEntry {
        device_id: device.device_id,
        user_id: device.user_id,
        jkt: device.jkt.into(),
        program: device.program.to_owned(),
        standing,
        until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_767_225_600_000;

    fn device(state: DeviceState, deadline: Option<u64>) -> Option<TrustEntry> {
        let standing = Standing {
            device_id: DeviceId::from_random([1; 16]),
            user_id: UserId::from_random([2; 16]),
            jkt: [3; 32],
            program: "issued",
            person_active: true,
            state,
            deadline,
        };
        let left = Standing {
            person_active: false,
            ..standing
        };
        assert_eq!(entry(&left, NOW), None, "whoever has left is not trusted");
        entry(&standing, NOW)
    }

    #[test]
    fn only_what_is_in_use_is_trusted_and_only_for_a_minute() {
        use DeviceState::{Active, Lost, Pending, Quarantined, Retired, Wiped};
        for state in [Pending, Quarantined, Lost, Wiped, Retired] {
            assert_eq!(device(state, None), None, "{state:?}");
        }
        assert_eq!(device(Active, None).unwrap().until, NOW + HOLDS_MS);
    }

    #[test]
    fn grace_that_ends_ends_the_trust_before_anyone_looked() {
        let ends = device(DeviceState::Grace, Some(NOW + 5)).unwrap();
        assert_eq!(ends.until, NOW + 5);
        assert_eq!(ends.standing, posture::Standing::Grace);
        assert_eq!(device(DeviceState::Grace, Some(NOW)), None);
    }
}
