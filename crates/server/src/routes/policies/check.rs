//! `POST /v1/policies/check`: what is wrong with edited policies, and what they change.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::policies::{
    PolicyChangeInfo, PolicyCheck, PolicyCheckRequest, PolicyLine,
};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, PolicyChange, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::policies;
use crate::problem::Refusal;

/// Checks policies without storing them.
#[utoipa::path(
    post, path = "/v1/policies/check", tag = "policies", request_body = PolicyCheckRequest,
    responses(
        (status = 200, body = PolicyCheck),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<PolicyCheckRequest>,
) -> Result<Json<PolicyCheck>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PolicyRead, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let _turn = super::turn(&app).await?;
    let mut found = PolicyCheck {
        hash: String::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
        changes: Vec::new(),
        locked_out: None,
    };
    match super::edited(request.files) {
        Err(problems) => found.problems = problems,
        Ok(texts) => {
            found.hash = texts.hash();
            let mut facts = app.facts().await?;
            match super::engine(&texts).await {
                Err(problems) => found.problems = problems,
                Ok(engine) => {
                    let against = request.against;
                    let against = against.unwrap_or(app.gate.policies().get().version);
                    let before = policies::texts_of(&mut facts, against).await?;
                    let before = before.ok_or(Refusal::NotFound)?;
                    let changes = texts.changes_since(&before).map_err(Refusal::internal)?;
                    found.changes = changes.into_iter().map(change).collect();
                    found.warnings = engine.warnings().iter().map(super::problem).collect();
                    drop(facts);
                    found.locked_out = super::locked_out(&app, engine, now_ms).await?;
                }
            }
        }
    }
    permit.record().await?;
    Ok(Json(found))
}

fn change(change: PolicyChange) -> PolicyChangeInfo {
    let lines = change.lines.into_iter().map(|line| PolicyLine {
        sign: line.sign.to_string(),
        text: line.text,
    });
    PolicyChangeInfo {
        lines: lines.collect(),
        id: change.id,
        file: change.file,
        part: change.part.to_string(),
        kind: change.kind.to_string(),
        before: change.before,
        after: change.after,
    }
}
