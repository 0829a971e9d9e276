//! How unusual sign-ins were. One file for each operation.

pub(crate) mod answer;
pub(crate) mod overview;
pub(crate) mod own;
pub(crate) mod report;

use wardline_model::SessionId;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::risk::{RiskReason, RiskySignIn};
use wardline_risk::Reason;
use wardline_store::RiskEvent;

use crate::app::App;
use crate::problem::Refusal;

/// A sign-in as answers show it.
fn info(
    app: &App,
    event: RiskEvent,
    user: Option<PersonBrief>,
    asking: SessionId,
) -> Result<RiskySignIn, Refusal> {
    let reasons: Vec<Reason> = serde_json::from_str(&event.reasons).map_err(Refusal::internal)?;
    let reasons = reasons.into_iter().map(|reason| RiskReason {
        name: serde_json::to_value(reason)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default(),
        sentence: reason.sentence().to_owned(),
        detail: reason.detail().to_owned(),
    });
    Ok(RiskySignIn {
        reasons: reasons.collect(),
        current: event.session_id == asking,
        session_id: event.session_id,
        user,
        device_name: event.device_name,
        at: event.at,
        risk: event.risk,
        unusual: event.risk >= app.gate.limits().risk_step_up.into(),
        confirmed_at: event.confirmed_at,
        was_me: event.was_me.map(|answer| answer == 1),
    })
}
