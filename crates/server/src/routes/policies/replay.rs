//! `POST /v1/policies/replay`: what policies would have made of what was decided.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use wardline_model::UserId;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::policies::{
    PolicyReplay, PolicyReplayChange, PolicyReplayExample, PolicyReplayRequest,
};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Engine, Resource};
use wardline_store::Tx;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::policies::replay;
use crate::problem::Refusal;
use crate::shape;

/// Runs policies over recorded decisions; nothing is stored.
#[utoipa::path(
    post, path = "/v1/policies/replay", tag = "policies", request_body = PolicyReplayRequest,
    responses(
        (status = 200, body = PolicyReplay),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<PolicyReplayRequest>,
) -> Result<Json<PolicyReplay>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PolicyReplay, Resource::Hospital)
        .await?;
    let _one = app
        .replays
        .try_acquire()
        .map_err(|_| Refusal::TooManyRequests { retry_after_s: 10 })?;
    let (texts, engine) = super::sound(request.files).await?;
    let mut facts = app.look().await?;
    let replayed = replayed(&mut facts, &engine, request.since).await?;
    drop(facts);
    let mut note = permit.note();
    note.put("hash", texts.hash())
        .put("since", request.since)
        .put("decisions", replayed.decisions);
    permit.record_with(note).await?;
    Ok(Json(replayed))
}

async fn replayed(tx: &mut Tx, engine: &Engine, since: u64) -> Result<PolicyReplay, Refusal> {
    let (report, without_inputs) = replay::run(tx, engine, since).await?;
    let mut ids: Vec<UserId> = report
        .changes
        .iter()
        .flat_map(|change| change.examples.iter().filter_map(|example| example.user))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let people: HashMap<UserId, PersonBrief> = tx
        .people(&ids)
        .await?
        .into_iter()
        .map(|person| (person.user_id, shape::brief(person)))
        .collect();
    let changes = report.changes.into_iter().map(|change| PolicyReplayChange {
        action: change.action.to_string(),
        was: change.was.to_string(),
        now: change.now.to_string(),
        count: change.count,
        people: change.people,
        policies: change.policies,
        advice: change.advice,
        examples: change
            .examples
            .into_iter()
            .map(|example| PolicyReplayExample {
                at: example.at,
                user: example.user.and_then(|id| people.get(&id).cloned()),
                action: example.action.to_string(),
                // Which patients somebody looks at is not what policies are about.
                resource: match example.resource.split_once('/') {
                    Some(("patient", _)) => "patient".to_owned(),
                    _ => example.resource,
                },
            })
            .collect(),
    });
    Ok(PolicyReplay {
        from: report.from,
        to: report.to,
        decisions: report.decisions,
        without_inputs,
        same: report.same,
        changes: changes.collect(),
    })
}
