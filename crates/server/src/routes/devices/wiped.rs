//! `POST /v1/device/wiped`: a device out of use says that what was kept on it is gone.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use serde_json::{Value, json};
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::{App, Peer};
use crate::gate::{Asker, change};
use crate::problem::Refusal;
use crate::proof::Proof;

/// Confirms a wipe, proven by the device key, which the device erases last. A repetition is as good.
#[utoipa::path(
    post, path = "/v1/device/wiped", tag = "devices",
    responses(
        (status = 200, body = Object), (status = 401, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    proof: Proof,
    parts: Parts,
) -> Result<Json<Value>, Refusal> {
    let device = app
        .facts()
        .await?
        .device_by_key(&proof.jkt())
        .await?
        .ok_or(Refusal::WrongDevice)?;
    let asker = Asker::anyone(&app, Peer::of(&parts));
    let permit = app
        .decide(&asker, Action::DeviceWiped, Resource::Hospital)
        .await?;
    if !device.state.is_out() {
        return Err(Refusal::DeviceState);
    }
    let (id, now_ms) = (device.device_id, permit.now_ms());
    change!(permit.kind(WIPED), |tx, note| {
        let changed = tx.mark_wiped(id, now_ms).await?;
        note.put("device", id.to_string())
            .put("user", device.user_id.to_string())
            .put("changed", changed);
        Ok(())
    })?;
    app.bus.publish(Hint::DeviceChanged { device: id });
    Ok(Json(json!({ "wiped": true })))
}

pub(crate) const WIPED: Kind = Kind::named("device.wiped");
