//! Devices. One file for each operation.

pub(crate) mod endorse;
pub(crate) mod list;
pub(crate) mod revoke;

use std::collections::HashMap;

use wardline_model::DeviceId;
use wardline_model::endorsement::Duty;
use wardline_model::wire::enroll::DeviceState;
use wardline_store::{Device, Tx, Vouched};

use crate::problem::Refusal;

/// What stands behind each device. Its duty is as it was endorsed, or, while it is pending, as its
/// person's roles ask for.
pub(crate) async fn vouched(
    tx: &mut Tx,
    devices: &[Device],
) -> Result<HashMap<DeviceId, Vouched>, Refusal> {
    let ids: Vec<DeviceId> = devices.iter().map(|device| device.device_id).collect();
    let mut vouched = tx.vouched(&ids).await?;
    for device in devices.iter().filter(|d| d.state == DeviceState::Pending) {
        let asked_for = Vouched {
            duty: duty_of(&tx.roles_of(device.user_id).await?),
            endorser: None,
        };
        vouched.insert(device.device_id, asked_for);
    }
    Ok(vouched)
}

/// The duty that roles ask for.
pub(crate) fn duty_of(roles: &[String]) -> Duty {
    let has = |name: &str| roles.iter().any(|role| role == name);
    if has("record_keeper") {
        Duty::KeepsRecords
    } else if has("enrolling_officer") {
        Duty::Endorses
    } else {
        Duty::None
    }
}
