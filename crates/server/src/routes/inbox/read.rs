//! `GET /v1/inbox?after=`: Welcomes for this device.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::wire::messages::Inbox;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Params;
use crate::problem::Refusal;

/// From where.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct From {
    /// The place of the last one seen; 0 for all.
    #[serde(default)]
    after: u64,
}

/// At most 100 Welcomes, in order.
#[utoipa::path(
    get, path = "/v1/inbox", tag = "conversations", params(From),
    responses((status = 200, body = Inbox), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(from): Params<From>,
) -> Result<Json<Inbox>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::InboxRead, Resource::Hospital)
        .await?;
    let items = app
        .facts()
        .await?
        .inbox_after(caller.device(), from.after, 100)
        .await?;
    let mut note = permit.note();
    note.put("after", from.after).put("items", items.len());
    permit.record_with(note).await?;
    Ok(Json(Inbox { items }))
}
