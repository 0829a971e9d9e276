//! `GET /pki/devices.crl`: which of the device CA's certificates are not to be believed.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use wardline_model::DeviceId;
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::Device;

use crate::app::{App, Peer};
use crate::ca::{self, Revoked, Why};
use crate::gate::Asker;
use crate::problem::Refusal;

/// The certificate revocation list of the device CA (RFC 5280 §5), DER, signed for this very
/// request. A quarantined device's certificates are on hold; they leave the list when it is let in
/// again.
#[utoipa::path(
    get, path = "/pki/devices.crl", tag = "devices",
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/pkix-crl"),
        (status = 503, body = Problem),
    ),
)]
pub(crate) async fn handler(State(app): State<App>, parts: Parts) -> Result<Response, Refusal> {
    app.limit_unauthenticated(&parts)?;
    let peer = Peer::of(&parts);
    let permit = app
        .decide(
            &Asker::anyone(&app, peer),
            Action::HospitalRead,
            Resource::Hospital,
        )
        .await?;
    let now_ms = permit.now_ms();
    let mut facts = app.facts().await?;
    let devices = facts.all_devices().await?;
    let former = facts.former_certificates(now_ms).await?;
    drop(facts);
    let mut renewed: HashMap<DeviceId, Vec<Vec<u8>>> = HashMap::new();
    for (device, serial) in former {
        renewed.entry(device).or_default().push(serial);
    }
    permit.record_public(peer).await?;
    let mut revoked = Vec::new();
    for device in &devices {
        let Some((why, at_ms)) = why(device) else {
            continue;
        };
        for der in [&device.device_cert, &device.mls_cert]
            .into_iter()
            .flatten()
        {
            let serial = ca::serial_of(der).map_err(Refusal::internal)?;
            revoked.push(Revoked { serial, at_ms, why });
        }
        for serial in renewed.remove(&device.device_id).unwrap_or_default() {
            revoked.push(Revoked { serial, at_ms, why });
        }
    }
    let crl = app
        .keys
        .device_ca
        .revocation_list(revoked, now_ms)
        .map_err(Refusal::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/pkix-crl"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, crl).into_response())
}

fn was_lost(device: &Device) -> bool {
    device
        .revoked_reason
        .as_deref()
        .is_some_and(|reason| reason.starts_with("reported lost"))
}

/// Why a device's certificates are not to be believed, and since when.
fn why(device: &Device) -> Option<(Why, u64)> {
    let ended = device.revoked_at.unwrap_or(device.created_at);
    match device.state {
        DeviceState::Pending | DeviceState::Active | DeviceState::Grace => None,
        DeviceState::Quarantined => {
            let since = crate::fleet::before(device)
                .and_then(|assessment| assessment.findings.first().and_then(|f| f.deadline));
            Some((Why::Hold, since.unwrap_or(device.created_at)))
        }
        DeviceState::Lost => Some((Why::Compromise, ended)),
        // A key that was in other hands stays suspect, whatever the device says since.
        DeviceState::Wiped if was_lost(device) => Some((Why::Compromise, ended)),
        DeviceState::Wiped | DeviceState::Retired => Some((Why::Cessation, ended)),
    }
}
