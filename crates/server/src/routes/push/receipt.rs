//! `POST /v1/push/receipts`: a wake-up arrived.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::push::PushReceipt;
use wardline_policy::{Action, Resource};

use crate::app::{App, Peer};
use crate::extract::Body;
use crate::gate::{Asker, patiently};
use crate::problem::Refusal;
use crate::push::receipt_hash;

/// Takes the receipt of a wake-up, once. A service worker has neither the device's key nor a session:
/// the id that only the wake-up carried, encrypted for the device, proves that it arrived there, and
/// proves nothing else.
#[utoipa::path(
    post, path = "/v1/push/receipts", tag = "push", request_body = PushReceipt,
    responses((status = 204), (status = 404, body = Problem), (status = 429, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    parts: Parts,
    Body(receipt): Body<PushReceipt>,
) -> Result<StatusCode, Refusal> {
    app.limit_unauthenticated(&parts)?;
    let peer = Peer::of(&parts);
    let permit = app
        .decide(
            &Asker::anyone(&app, peer),
            Action::PushReceipt,
            Resource::Hospital,
        )
        .await?;
    let now_ms = permit.now_ms();
    let hash = receipt_hash(receipt.id.as_ref());
    // Junk costs a look, and no place in the line of those who write.
    if !app.look().await?.expects_push_receipt(&hash).await? {
        permit.record_public(peer).await?;
        return Err(Refusal::NotFound);
    }
    let rung = patiently!(app, |tx| { Ok(tx.take_push_receipt(&hash, now_ms).await?) })?;
    // There is one for each push, which the log has no use for.
    permit.record_public(peer).await?;
    if rung.is_some() {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::NotFound)
    }
}
