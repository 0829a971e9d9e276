//! `DELETE /v1/invites/{id}`: an invitation is taken back.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::InviteId;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::programs::Path;
use wardline_policy::{Action, Program, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// Ends an invitation from which no device has come, and an enrolment that was begun with it. Whoever
/// may invite that person may do so.
#[utoipa::path(
    delete, path = "/v1/invites/{id}", tag = "enrolment", params(("id" = InviteId, Path)),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<InviteId>,
) -> Result<StatusCode, Refusal> {
    let invite = app.facts().await?.invite(id).await?;
    let invite = invite.ok_or(Refusal::NotFound)?;
    let program: Program = invite
        .program
        .parse()
        .map_err(|_| Refusal::internal("an invitation is for a program that there is not"))?;
    let resource = Resource::Invite {
        person: invite.user_id,
        program,
        self_service: super::path(&app, program).await? == Path::SelfService,
        // Taking back opens nothing.
        recovers: false,
    };
    let permit = app
        .decide(caller.asker(), Action::InviteCreate, resource)
        .await?;
    let now_ms = permit.now_ms();
    change!(permit.kind(WITHDRAWN), |tx, note| {
        if !tx.cancel_invite(id, now_ms).await? {
            return Err(Refusal::NotFound);
        }
        note.put("invite", id.to_string())
            .put("user", invite.user_id.to_string());
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const WITHDRAWN: Kind = Kind::named("invite.withdrawn");
