//! `POST /v1/escalations/{id}/unneeded`: a STAT message did not need to be one.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::EscalationId;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// Counts it, for whoever has acknowledged the message, once a person. It is counted and not kept who
/// said so: neither the sender nor anybody's statistics know.
#[utoipa::path(
    post, path = "/v1/escalations/{id}/unneeded", tag = "conversations",
    params(("id" = String, Path)),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<EscalationId>,
) -> Result<StatusCode, Refusal> {
    let user = caller.user();
    let mut facts = app.facts().await?;
    let stored = facts.escalation(id).await?.ok_or(Refusal::NotFound)?;
    let has_acknowledged = facts.has_acknowledged(id, user).await?;
    drop(facts);
    // Whoever has acknowledged it was asked; nobody judges their own.
    let asked = has_acknowledged && stored.sender != user;
    let resource = Resource::Escalation {
        id,
        asked,
        sent: stored.sender == user,
    };
    let permit = app
        .decide(caller.asker(), Action::EscalationAnswer, resource)
        .await?;
    let now_ms = permit.now_ms();
    let value = format!("{id} {user}");
    let mark = app.keys.index.hash("stat-mark", value.as_bytes());
    change!(permit.kind(UNNEEDED), |tx, note| {
        let counted = tx.put_stat_mark(id, &mark, now_ms).await?;
        note.put("counted", counted);
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const UNNEEDED: Kind = Kind::named("escalation.unneeded");
