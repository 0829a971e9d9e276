//! `GET /v1/log/consistency?from=&to=`: proof that the log only grew.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wardline_audit::Checkpoint;
use wardline_audit::tree::{Tiles, tiles_for_consistency};
use wardline_model::B64;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::{App, Peer};
use crate::extract::Params;
use crate::gate::Asker;
use crate::problem::Refusal;

/// Two sizes of the log.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sizes {
    /// The older size.
    from: u64,
    /// The newer size; the newest checkpoint's when left out.
    to: Option<u64>,
}

/// An RFC 6962 §2.1.2 consistency proof.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Consistency {
    /// The older size.
    from: u64,
    /// The newer size.
    to: u64,
    /// Hashes, 32 bytes each.
    path: Vec<B64>,
}

/// The proof between two sizes that the log has had.
#[utoipa::path(
    get, path = "/v1/log/consistency", tag = "log", params(Sizes),
    responses((status = 200, body = Consistency), (status = 400, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    parts: Parts,
    Params(sizes): Params<Sizes>,
) -> Result<Json<Consistency>, Refusal> {
    let peer = Peer::of(&parts);
    app.limit_unauthenticated(&parts)?;
    let asker = Asker::anyone(&app, peer);
    let permit = app.decide(&asker, Action::LogRead, Resource::Log).await?;
    let mut facts = app.facts().await?;
    let note = facts.checkpoint().await?.ok_or(Refusal::NotFound)?;
    let size = Checkpoint::parse_unverified(&note)
        .map_err(Refusal::internal)?
        .size;
    let to = sizes.to.unwrap_or(size);
    if sizes.from > to || to > size {
        return Err(Refusal::InvalidParameter("from"));
    }
    let mut tiles = HashMap::new();
    for id in tiles_for_consistency(sizes.from, to) {
        if let Some(bytes) = facts.tile(id).await? {
            tiles.insert(id, bytes);
        }
    }
    drop(facts);
    let path = Tiles::new(to, |id| tiles.get(&id).cloned())
        .consistency(sizes.from, to)
        .map_err(Refusal::internal)?;
    permit.record_public(peer).await?;
    let path = path.into_iter().map(|hash| B64::from(hash.0)).collect();
    Ok(Json(Consistency {
        from: sizes.from,
        to,
        path,
    }))
}
