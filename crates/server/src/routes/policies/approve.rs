//! `POST /v1/policies/{id}/approve`: a second security officer agrees.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::policies::PolicyVersionInfo;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::policies;
use crate::problem::Refusal;

/// Approves a draft. It comes into force at its date, or at once. While another approved version waits
/// for its date none is approved.
#[utoipa::path(
    post, path = "/v1/policies/{id}/approve", tag = "policies", params(("id" = u64, Path)),
    responses(
        (status = 200, body = PolicyVersionInfo),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(number): Id<u64>,
) -> Result<Json<PolicyVersionInfo>, Refusal> {
    let draft = app.facts().await?.policy_version(number).await?;
    let draft = draft.ok_or(Refusal::NotFound)?;
    // The console's versions are in force the moment they are made, so there is nothing to approve.
    let author = draft.author.ok_or(Refusal::ChangedMeanwhile)?;
    let resource = Resource::Policy {
        version: number,
        author,
    };
    let permit = app
        .decide(caller.asker(), Action::PolicyApprove, resource)
        .await?;
    let now_ms = permit.now_ms();
    // Devices and people may have gone since it was drafted.
    let texts = policies::texts_of(&mut app.facts().await?, number).await?;
    let texts = texts.ok_or(Refusal::NotFound)?.under_this_schema();
    let engine = super::engine(&texts)
        .await
        .map_err(|problems| Refusal::PolicyInvalid { problems })?;
    let at_ms = draft.effective_at.unwrap_or(now_ms).max(now_ms);
    if let Some(reason) = super::locked_out(&app, engine, at_ms).await? {
        return Err(Refusal::PolicyLocksOut { reason });
    }
    let info = change!(permit.kind(APPROVED), |tx, note| {
        note.put("version", number).put("hash", draft.hash.as_str());
        tx.lock_policies().await?;
        // At its date a version that waits undoes whatever came into force before, and one that would
        // come after it was not made from it.
        if let Some(waiting) = tx.policy_waiting(now_ms).await?
            && waiting.version != number
        {
            return Err(Refusal::PolicyWaits {
                version: waiting.version,
                effective_at: waiting.effective_at.unwrap_or(now_ms),
            });
        }
        // What somebody else brought into force meanwhile must not be undone unseen.
        let before = tx.policy_in_force(at_ms).await?;
        if before.map_or(0, |version| version.version) != draft.base {
            return Err(Refusal::ChangedMeanwhile);
        }
        if !tx
            .approve_policy_version(number, Some(caller.user()), now_ms)
            .await?
        {
            return Err(Refusal::ChangedMeanwhile);
        }
        super::version(tx, number, now_ms).await
    })?;
    // Other nodes follow within a second.
    if let Err(error) = policies::refresh(&app).await {
        tracing::error!(%error, "an approved policy comes into force later");
    }
    Ok(Json(info))
}

const APPROVED: Kind = Kind::named("policy.approved");
