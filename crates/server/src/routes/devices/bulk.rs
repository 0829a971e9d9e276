//! `POST /v1/devices/bulk`: the same with many devices.

use axum::Json;
use axum::extract::State;
use wardline_model::DeviceId;
use wardline_model::wire::devices::{BulkAction, BulkAnswer, BulkOutcome, BulkRequest};
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;
use wardline_signals::graph::Action as Ask;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::fleet::{self, managers};
use crate::problem::Refusal;
use crate::routes::devices::revoke::end;

/// Does the same with many devices, one after the other, each with its own decision and its own
/// event. What one of them stands in the way of, the others do not wait for.
#[utoipa::path(
    post, path = "/v1/devices/bulk", tag = "devices", request_body = BulkRequest,
    responses((status = 200, body = BulkAnswer), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<BulkRequest>,
) -> Result<Json<BulkAnswer>, Refusal> {
    if request.device_ids.is_empty() || request.device_ids.len() > MAX_DEVICES {
        return Err(Refusal::InvalidBody {
            field: "device_ids".to_owned(),
            expected: format!("1 to {MAX_DEVICES} devices"),
        });
    }
    let mut outcomes = Vec::with_capacity(request.device_ids.len());
    for id in request.device_ids {
        let done = match request.action {
            BulkAction::Lost => end(&app, &caller, id, DeviceState::Lost, true)
                .await
                .map(drop),
            BulkAction::Retire => end(&app, &caller, id, DeviceState::Retired, true)
                .await
                .map(drop),
            BulkAction::Assess => match permit(&app, &caller, id).await {
                Ok(()) => fleet::assess_now(&app, id).await.map(drop),
                refused => refused,
            },
            BulkAction::RequestUpdate => match permit(&app, &caller, id).await {
                Ok(()) => managers::ask(&app, id, Ask::Sync).await,
                refused => refused,
            },
        };
        let problem = match done {
            Ok(()) => None,
            // Whoever may not do it to one may not to any, and a step-up is asked for once.
            Err(refusal @ (Refusal::StepUp { .. } | Refusal::Denied { .. }))
                if outcomes.is_empty() =>
            {
                return Err(refusal);
            }
            Err(refusal) if refusal.is_fault() => return Err(refusal),
            Err(refusal) => refusal.problem().detail,
        };
        outcomes.push(BulkOutcome {
            device_id: id,
            done: problem.is_none(),
            problem,
        });
    }
    Ok(Json(BulkAnswer { outcomes }))
}

async fn permit(app: &App, caller: &Caller, id: DeviceId) -> Result<(), Refusal> {
    let device = super::known(app, id).await?;
    let resource = super::resource(&device, false);
    app.decide(caller.asker(), Action::DeviceManage, resource)
        .await?
        .record()
        .await
}

const MAX_DEVICES: usize = 200;
