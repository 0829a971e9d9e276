//! Devices. One file for each operation.

pub(crate) mod endorse;
pub(crate) mod list;
pub(crate) mod revoke;

use std::collections::HashMap;

use wardline_model::DeviceId;
use wardline_model::endorsement::Duty;
use wardline_model::wire::enroll::DeviceState;
use wardline_store::{Device, Tx};

use crate::problem::Refusal;

/// What each device may do beyond its person's own business: as it was endorsed, or, while it is
/// pending, as its person's roles ask for.
pub(crate) async fn duties(
    tx: &mut Tx,
    devices: &[Device],
) -> Result<HashMap<DeviceId, Duty>, Refusal> {
    let ids: Vec<DeviceId> = devices.iter().map(|device| device.device_id).collect();
    let mut duties = tx.duties(&ids).await?;
    for device in devices.iter().filter(|d| d.state == DeviceState::Pending) {
        duties.insert(
            device.device_id,
            duty_of(&tx.roles_of(device.user_id).await?),
        );
    }
    Ok(duties)
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
