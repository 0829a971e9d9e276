//! `GET /v1/risk/report`: whom the thresholds ask how often.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::risk::{RiskGroup, RiskReport};
use wardline_policy::{Action, Resource};
use wardline_risk::report::{GroupReport, RiskReport as Report};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;
use crate::risk;

/// The sign-ins of the last ninety days by role, shift and facility.
#[utoipa::path(
    get, path = "/v1/risk/report", tag = "sessions",
    responses((status = 200, body = RiskReport), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<RiskReport>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::RiskOverview, Resource::Hospital)
        .await?;
    let Report {
        from,
        to,
        groups,
        few,
    } = risk::report(&app, permit.now_ms()).await?;
    permit.record().await?;
    Ok(Json(RiskReport {
        from: from.unsigned_abs(),
        to: to.unsigned_abs(),
        groups: groups.into_iter().map(group).collect(),
        few,
    }))
}

fn group(group: GroupReport) -> RiskGroup {
    RiskGroup {
        by: group.by.name().to_owned(),
        name: group.name,
        sign_ins: group.tally.sign_ins,
        asked: group.tally.asked,
        refused: group.tally.refused,
        confirmed: group.tally.confirmed,
        disowned: group.tally.disowned,
        asked_share: group.asked_share,
        ratio: group.ratio,
        ratio_95: group.ratio_95,
    }
}
