//! `POST /v1/groups/{id}/receipts`: delivered, read, acknowledged.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::to_value;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::GroupId;
use wardline_model::wire::messages::ReceiptPost;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::groups::Standing;

/// Moves the person's receipt forward; never back.
#[utoipa::path(
    post, path = "/v1/groups/{id}/receipts", tag = "conversations",
    params(("id" = GroupId, Path)), request_body = ReceiptPost,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GroupId>,
    Body(receipt): Body<ReceiptPost>,
) -> Result<StatusCode, Refusal> {
    // A receipt of someone who is removed this very moment does no harm.
    let mut facts = app.look().await?;
    let standing = Standing::of(&mut facts, id, &caller).await?;
    drop(facts);
    let permit = app
        .decide(caller.asker(), Action::ReceiptPost, standing.resource())
        .await?;
    let moved = change!(permit.kind(POSTED), |tx, note| {
        let state = to_value(receipt.state).map_err(Refusal::internal)?;
        note.put("state", state).put("up_to", receipt.up_to);
        Ok(tx
            .advance_receipt(id, caller.user(), receipt.state, receipt.up_to)
            .await?)
    })?;
    if moved.is_some() {
        app.bus.publish(Hint::Receipt { group: id });
    }
    Ok(StatusCode::NO_CONTENT)
}

const POSTED: Kind = Kind::named("receipt.posted");
