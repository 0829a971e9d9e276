//! `POST /v1/push/test`: ring this device, to see that it does.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::gate::change;
use crate::problem::Refusal;

/// Rings the device that asks, as an urgent message would, whether the app is open or not.
#[utoipa::path(
    post, path = "/v1/push/test", tag = "push",
    responses(
        (status = 202), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub(crate) async fn handler(State(app): State<App>, caller: Caller) -> Result<StatusCode, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PushManage, Resource::Hospital)
        .await?;
    let (id, now_ms) = (caller.device(), permit.now_ms());
    change!(permit.kind(TESTED), |tx, note| {
        note.put("device", id.to_string());
        let standing = tx.push_standing(id).await?;
        let sent_at = standing.and_then(|standing| standing.last_sent_at);
        if sent_at.is_some_and(|at| now_ms < at.saturating_add(APART_MS)) {
            return Err(Refusal::TooManyRequests {
                retry_after_s: APART_MS / 1000,
            });
        }
        if tx.ask_test_push(id, now_ms).await? {
            Ok(())
        } else {
            Err(Refusal::NotFound)
        }
    })?;
    app.push.due();
    Ok(StatusCode::ACCEPTED)
}

const TESTED: Kind = Kind::named("push.tested");
/// Between two, milliseconds: a push service takes offence at more.
const APART_MS: u64 = 3000;
