//! `GET /log/checkpoint`: the signed head of the audit log (C2SP tlog-checkpoint).

use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::{App, Peer};
use crate::gate::Asker;
use crate::problem::Refusal;

/// The newest checkpoint, a signed note.
#[utoipa::path(
    get, path = "/log/checkpoint", tag = "log",
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = Problem)),
)]
pub(crate) async fn handler(State(app): State<App>, parts: Parts) -> Result<Response, Refusal> {
    app.limit_unauthenticated(&parts)?;
    let peer = Peer::of(&parts);
    let asker = Asker::anyone(&app, peer);
    let permit = app.decide(&asker, Action::LogRead, Resource::Log).await?;
    let note = app
        .facts()
        .await?
        .checkpoint()
        .await?
        .ok_or(Refusal::NotFound)?;
    permit.record_public(peer).await?;
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, note).into_response())
}
