//! `POST /v1/device/certificates`: a device has its certificates renewed.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_credential::x509;
use wardline_model::wire::enroll::Certificates;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::Device;

use crate::app::App;
use crate::ca::LIFETIME_MS;
use crate::caller::Caller;
use crate::gate::change;
use crate::problem::Refusal;
use crate::shape;

/// Certificates for the keys that the device has, for another year, once half of theirs is over;
/// before that, those that it has. What it was certified for before stays good until its end, unless
/// the device goes out of use.
#[utoipa::path(
    post, path = "/v1/device/certificates", tag = "devices",
    responses((status = 200, body = Certificates), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Certificates>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::DeviceRenew, Resource::Hospital)
        .await?;
    let (id, now_ms) = (caller.device(), permit.now_ms());
    let device = super::known(&app, id).await?;
    if !is_due(&device, now_ms)? {
        permit.record().await?;
        return in_force(&app, &device);
    }
    let issued = super::certify(&app, &device, now_ms)?;
    let device = change!(permit.kind(RENEWED), |tx, note| {
        tx.lock_devices(&[id]).await?;
        let device = tx.device(id).await?.ok_or(Refusal::WrongDevice)?;
        if !device.state.is_in_use() {
            return Err(Refusal::DeviceState);
        }
        let (Some(former_device), Some(former_mls), true) = (
            &device.device_cert,
            &device.mls_cert,
            is_due(&device, now_ms)?,
        ) else {
            // Another request of the device was first.
            return Ok(device);
        };
        for former in [former_device, former_mls] {
            let summary = x509::summary(former).map_err(Refusal::internal)?;
            tx.put_former_certificate(&summary.serial, id, summary.not_after_ms)
                .await?;
        }
        tx.renew_device(id, &issued.device, &issued.mls).await?;
        let end = x509::summary(&issued.mls).map_err(Refusal::internal)?;
        note.put("device", id.to_string())
            .put("not_after", end.not_after_ms);
        tx.device(id).await?.ok_or(Refusal::WrongDevice)
    })?;
    in_force(&app, &device)
}

fn in_force(app: &App, device: &Device) -> Result<Json<Certificates>, Refusal> {
    let certificates = shape::certificates(app, device);
    certificates.map(Json).ok_or(Refusal::DeviceState)
}

/// Whether half of its certificate's life is over.
fn is_due(device: &Device, now_ms: u64) -> Result<bool, Refusal> {
    let Some(certificate) = &device.mls_cert else {
        return Ok(false);
    };
    let summary = x509::summary(certificate).map_err(Refusal::internal)?;
    Ok(summary.not_after_ms < now_ms.saturating_add(LIFETIME_MS / 2))
}

const RENEWED: Kind = Kind::named("device.renewed");
