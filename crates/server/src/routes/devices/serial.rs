//! `POST /v1/devices/{id}/serial`: which of the hospital's devices it is.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::DeviceId;
use wardline_model::wire::devices::SerialRequest;
use wardline_model::wire::posture::Assessment;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;
use wardline_signals::managed::serial_key;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::fleet::{self, managers};
use crate::gate::change;
use crate::problem::Refusal;

/// Ties a device to the maker's serial number, by which its manager knows it: what the manager says
/// of that number counts for the device from then on. A number is that of one device in use.
#[utoipa::path(
    post, path = "/v1/devices/{id}/serial", tag = "devices", params(("id" = DeviceId, Path)),
    request_body = SerialRequest,
    responses((status = 200, body = Assessment), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<DeviceId>,
    Body(request): Body<SerialRequest>,
) -> Result<Json<Assessment>, Refusal> {
    let serial = request.serial.as_deref().map(serial_key);
    if serial.as_deref().is_some_and(|serial| !is_serial(serial)) {
        return Err(Refusal::InvalidBody {
            field: "serial".to_owned(),
            expected: "1 to 64 letters, digits and dashes".to_owned(),
        });
    }
    let device = super::known(&app, id).await?;
    let permit = app
        .decide(
            caller.asker(),
            Action::DeviceManage,
            super::resource(&device, false),
        )
        .await?;
    // Only after the decision: what became of a device is not for everybody.
    if device.state.is_out() {
        return Err(Refusal::DeviceState);
    }
    let now_ms = permit.now_ms();
    change!(permit.kind(TIED), |tx, note| {
        if let Some(serial) = &serial
            && let Some(other) = tx.device_of_serial(serial).await?
            && other.device_id != id
        {
            return Err(Refusal::SerialTaken);
        }
        if tx.set_serial(id, serial.as_deref()).await? {
            managers::tie(tx, id, serial.as_deref(), now_ms).await?;
        }
        note.put("serial", serial.as_deref());
        Ok(())
    })?;
    app.bus.publish(Hint::DeviceChanged { device: id });
    let assessment = fleet::assess_now(&app, id).await?;
    assessment.map(Json).ok_or(Refusal::DeviceState)
}

/// Whether a text can be a maker's serial number.
pub(crate) fn is_serial(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

const TIED: Kind = Kind::named("device.tied");
