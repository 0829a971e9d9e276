//! Devices. One file for each operation.

pub(crate) mod attest;
pub(crate) mod attest_challenge;
pub(crate) mod bulk;
pub(crate) mod endorse;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod lost;
pub(crate) mod read;
pub(crate) mod renew;
pub(crate) mod report;
pub(crate) mod revoke;
pub(crate) mod serial;
pub(crate) mod wiped;

use std::collections::HashMap;

use wardline_model::DeviceId;
use wardline_model::endorsement::Duty;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::programs::Approval;
use wardline_policy::{BOT, RECORD_KEEPER, Resource};
use wardline_store::{Device, Tx, Vouched};

use crate::app::App;
use crate::ca::{DeviceCertificates, Subject};
use crate::caller::Caller;
use crate::fleet::Rulebook;
use crate::jws::DeviceKey;
use crate::problem::Refusal;

/// A device as the policies see it. `own_approval` counts where it is confirmed, and nowhere else.
/// It is not one of a list.
pub(crate) const fn resource(device: &Device, own_approval: bool) -> Resource {
    Resource::Device {
        id: device.device_id,
        owner: device.user_id,
        state: device.state,
        own_approval,
        bulk: false,
    }
}

/// The device that a request is about.
async fn known(app: &App, id: DeviceId) -> Result<Device, Refusal> {
    let device = app.facts().await?.device(id).await?;
    device.ok_or(Refusal::NotFound)
}

/// Certificates for a device's keys.
fn certify(app: &App, device: &Device, now_ms: u64) -> Result<DeviceCertificates, Refusal> {
    let key = DeviceKey::parse(&device.device_jwk)
        .ok_or_else(|| Refusal::internal("a stored device key is not readable"))?;
    let subject = Subject {
        user: device.user_id,
        device: device.device_id,
        point: key.point(),
        mls_key: &device.mls_key,
    };
    let issued = app.keys.device_ca.certify(&subject, now_ms);
    issued.map_err(Refusal::internal)
}

/// Whether a device's program lets its person confirm it on the device that asks.
async fn own_approval(app: &App, caller: &Caller, device: &Device) -> Result<bool, Refusal> {
    let mut tx = app.facts().await?;
    let rules = Rulebook::load(app, &mut tx).await?;
    let approval = rules.terms(&device.program)?.enrolment.approval;
    Ok(approval == Approval::OwnDevice && caller.principal().program == device.program)
}

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
    if has(RECORD_KEEPER) {
        Duty::KeepsRecords
    } else if has(BOT) {
        Duty::Bot
    } else if has("enrolling_officer") {
        Duty::Endorses
    } else if has("charge_nurse") || has("security_officer") || has("operator") {
        // Those who may change schedules: the record keeper follows what their devices sign.
        Duty::Schedules
    } else {
        Duty::None
    }
}
