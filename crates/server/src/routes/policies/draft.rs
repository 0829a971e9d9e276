//! `POST /v1/policies`: put policies forward.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::policies::{PolicyDraft, PolicyVersionInfo};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::NewPolicyVersion;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;

/// Stores a draft. Another security officer has to approve it.
#[utoipa::path(
    post, path = "/v1/policies", tag = "policies", request_body = PolicyDraft,
    responses(
        (status = 201, body = PolicyVersionInfo),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<PolicyDraft>,
) -> Result<(StatusCode, Json<PolicyVersionInfo>), Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PolicyDraft, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let summary = request.summary.trim().to_owned();
    if summary.is_empty() || summary.chars().count() > LONGEST_SUMMARY {
        return Err(Refusal::InvalidBody {
            field: "summary".to_owned(),
            expected: format!("1 to {LONGEST_SUMMARY} characters"),
        });
    }
    let (texts, engine) = super::sound(request.files).await?;
    let at_ms = request.effective_at.unwrap_or(now_ms).max(now_ms);
    if let Some(reason) = super::locked_out(&app, engine, at_ms).await? {
        return Err(Refusal::PolicyLocksOut { reason });
    }
    let files = serde_json::to_string(&texts).map_err(Refusal::internal)?;
    let info = change!(permit.kind(DRAFTED), |tx, note| {
        let base = tx.policy_in_force(now_ms).await?;
        let new = NewPolicyVersion {
            base: base.map_or(0, |version| version.version),
            files: files.clone(),
            hash: texts.hash(),
            summary: summary.clone(),
            author: Some(caller.user()),
            effective_at: request.effective_at,
        };
        let version = tx.create_policy_version(&new, now_ms).await?;
        note.put("version", version)
            .put("hash", new.hash.as_str())
            .put("effective_at", new.effective_at);
        super::version(tx, version, now_ms).await
    })?;
    Ok((StatusCode::CREATED, Json(info)))
}

const LONGEST_SUMMARY: usize = 500;
const DRAFTED: Kind = Kind::named("policy.drafted");
