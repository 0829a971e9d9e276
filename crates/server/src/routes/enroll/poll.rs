//! `GET /v1/enroll/{id}`: the new device asks whether it was confirmed.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use wardline_model::EnrollmentId;
use wardline_model::wire::enroll::{DeviceState, EnrollStatus};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::{App, Peer};
use crate::extract::Id;
use crate::gate::Asker;
use crate::problem::Refusal;
use crate::proof::Proof;
use crate::shape;

/// How far the enrolment of this device key has come.
#[utoipa::path(
    get, path = "/v1/enroll/{id}", tag = "enrolment", params(("id" = EnrollmentId, Path)),
    responses((status = 200, body = EnrollStatus), (status = 410, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    proof: Proof,
    Id(id): Id<EnrollmentId>,
    parts: Parts,
) -> Result<Json<EnrollStatus>, Refusal> {
    let asker = Asker::anyone(&app, Peer::of(&parts));
    let permit = app
        .decide(&asker, Action::EnrollPoll, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let enrollment = facts
        .enrollment(id)
        .await?
        .filter(|enrollment| enrollment.jkt == proof.jkt())
        .ok_or(Refusal::EnrollmentOver)?;
    let device = facts.device(enrollment.device_id).await?;
    drop(facts);
    if device.is_none() && enrollment.expires_at <= permit.now_ms() {
        return Err(Refusal::EnrollmentOver);
    }
    permit.record_public(Peer::of(&parts)).await?;
    Ok(Json(EnrollStatus {
        device_id: enrollment.device_id,
        state: device
            .as_ref()
            .map_or(DeviceState::Pending, |device| device.state),
        certificates: device
            .as_ref()
            .and_then(|device| shape::certificates(&app, device)),
    }))
}
