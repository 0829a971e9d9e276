//! `POST /v1/pager/test`: call the pager of the officer who asks, to see that it rings.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::CallId;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::NewCall;

use crate::app::App;
use crate::caller::Caller;
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;

/// Calls the pager of whoever asks, and says that it is a test. What became of it stands under
/// `/v1/integrations`. 404 where there is no pager system, or no number of theirs on file.
#[utoipa::path(
    post, path = "/v1/pager/test", tag = "integrations",
    responses(
        (status = 202), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 429, body = Problem),
    ),
)]
pub(crate) async fn handler(State(app): State<App>, caller: Caller) -> Result<StatusCode, Refusal> {
    let permit = app
        .decide(
            caller.asker(),
            Action::IntegrationManage,
            Resource::Hospital,
        )
        .await?;
    let now_ms = permit.now_ms();
    let call = NewCall {
        call_id: CallId::from_random(random()),
        user_id: caller.user(),
        alert: None,
    };
    change!(permit.kind(TESTED), |tx, note| {
        note.put("call", call.call_id.to_string());
        let last = tx.last_pager_test().await?;
        if last.is_some_and(|at| now_ms < at.saturating_add(APART_MS)) {
            return Err(Refusal::TooManyRequests {
                retry_after_s: APART_MS / 1000,
            });
        }
        if app.pager.is_on() && tx.put_pager_call(&call, now_ms).await? {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        }
    })?;
    app.pager.due();
    Ok(StatusCode::ACCEPTED)
}

const TESTED: Kind = Kind::named("pager.tested");
/// Between two, milliseconds: each is somebody's telephone.
const APART_MS: u64 = 10_000;
