//! `GET /log/tile/…`: the audit log's tiles (C2SP tlog-tiles).

use axum::extract::{Path, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use wardline_audit::tree::TileId;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::{App, Peer};
use crate::gate::Asker;
use crate::problem::Refusal;

/// A tile of hashes (`/log/tile/L/N[.p/W]`) or a bundle of entries (`/log/tile/entries/N[.p/W]`).
#[utoipa::path(
    get, path = "/log/tile/{path}", tag = "log",
    params(("path" = String, Path, description = "Level and position, as C2SP tlog-tiles has them")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    Path(path): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let tile: TileId = format!("tile/{path}")
        .parse()
        .map_err(|_| Refusal::NotFound)?;
    app.limit_unauthenticated(&parts)?;
    let peer = Peer::of(&parts);
    let asker = Asker::anyone(&app, peer);
    let permit = app.decide(&asker, Action::LogRead, Resource::Log).await?;
    let bytes = app
        .facts()
        .await?
        .tile(tile)
        .await?
        .ok_or(Refusal::NotFound)?;
    permit.record_public(peer).await?;
    // A tile of a given width never changes.
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, bytes).into_response())
}
