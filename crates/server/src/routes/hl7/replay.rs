//! `POST /v1/hl7/dead-letters/{id}/replay`: try a message again.

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

/// Has a message tried again that could not be applied, at its place in the order of arrival. What is older
/// than what was applied meanwhile changes nothing.
#[utoipa::path(
    post, path = "/v1/hl7/dead-letters/{id}/replay", tag = "integrations",
    params(("id" = u64, Path)),
    responses(
        (status = 202), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<u64>,
) -> Result<StatusCode, Refusal> {
    let permit = app
        .decide(
            caller.asker(),
            Action::IntegrationManage,
            Resource::Hospital,
        )
        .await?;
    change!(permit.kind(REPLAYED), |tx, note| {
        note.put("letter", id);
        if !tx.replay_letter(id).await? {
            return Err(Refusal::NotFound);
        }
        Ok(())
    })?;
    app.feed.due();
    Ok(StatusCode::ACCEPTED)
}

const REPLAYED: Kind = Kind::named("hl7.replayed");
