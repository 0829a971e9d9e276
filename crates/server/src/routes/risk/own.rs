//! `GET /v1/risk/own`: how unusual one's own sign-ins were.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::risk::RiskySignIns;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// The person's sign-ins, the newest first, with what was unusual about each.
#[utoipa::path(
    get, path = "/v1/risk/own", tag = "sessions",
    responses((status = 200, body = RiskySignIns), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<RiskySignIns>, Refusal> {
    let resource = Resource::Session {
        id: None,
        owner: caller.user(),
    };
    let permit = app
        .decide(caller.asker(), Action::RiskRead, resource)
        .await?;
    let events = app.facts().await?.risk_events_of(caller.user()).await?;
    let sign_ins = events
        .into_iter()
        .map(|event| super::info(&app, event, None, caller.session()))
        .collect::<Result<_, _>>()?;
    permit.record().await?;
    Ok(Json(RiskySignIns { sign_ins }))
}
