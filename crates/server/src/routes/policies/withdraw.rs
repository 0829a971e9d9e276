//! `DELETE /v1/policies/{id}`: take a version back that does not hold yet.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// Takes a draft back, or an approved version before its date. One officer is enough: what is in force
/// goes on. Who it was, and when, is shown beside who drafted and who approved it.
#[utoipa::path(
    delete, path = "/v1/policies/{id}", tag = "policies", params(("id" = u64, Path)),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(number): Id<u64>,
) -> Result<StatusCode, Refusal> {
    if app.facts().await?.policy_version(number).await?.is_none() {
        return Err(Refusal::NotFound);
    }
    let permit = app
        .decide(caller.asker(), Action::PolicyDraft, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    change!(permit.kind(WITHDRAWN), |tx, note| {
        note.put("version", number);
        if !tx
            .withdraw_policy_version(number, caller.user(), now_ms)
            .await?
        {
            return Err(Refusal::ChangedMeanwhile);
        }
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const WITHDRAWN: Kind = Kind::named("policy.withdrawn");
