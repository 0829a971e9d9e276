//! `GET /v1/risk`: everyone's unusual sign-ins, and what the thresholds ask of whom.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::risk::{RiskOverview, RiskRule, RiskThreshold};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;
use crate::risk;
use crate::shape;

/// Thresholds, each with the share of legitimate sign-ins that it would ask, and the newest unusual
/// sign-ins.
#[utoipa::path(
    get, path = "/v1/risk", tag = "sessions",
    responses((status = 200, body = RiskOverview), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<RiskOverview>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::RiskOverview, Resource::Hospital)
        .await?;
    let limits = *app.gate.limits();
    let thresholds = [
        ("step_up", limits.risk_step_up),
        ("second", limits.risk_second),
        ("deny", limits.risk_deny),
    ];
    let mut facts = app.facts().await?;
    let events = facts
        .risk_events(limits.risk_step_up.into(), limits.risk_deny.into())
        .await?;
    let mut people = HashMap::new();
    for event in &events {
        if !people.contains_key(&event.user_id)
            && let Some(person) = facts.person(event.user_id).await?
        {
            people.insert(event.user_id, shape::brief(person));
        }
    }
    let waiting = facts.risk_waiting(limits.risk_deny.into()).await?;
    drop(facts);
    let (rules, sessions) = risk::asked_by_rule(&app, permit.now_ms()).await?;
    let sign_ins = events
        .into_iter()
        .map(|event| {
            let user = people.get(&event.user_id).cloned();
            super::info(&app, event, user, caller.session())
        })
        .collect::<Result<_, _>>()?;
    permit.record().await?;
    Ok(Json(RiskOverview {
        thresholds: thresholds
            .map(|(asks, risk)| RiskThreshold {
                asks: asks.to_owned(),
                risk,
                share_asked: app.risk.share_asked(risk),
            })
            .into(),
        sign_ins,
        waiting,
        rules: rules
            .into_iter()
            .map(|(name, asked)| RiskRule { name, asked })
            .collect(),
        sessions,
    }))
}
