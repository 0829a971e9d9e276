//! `PUT /v1/push`: this device is rung from now on.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::push::{PushInfo, PushSubscribe};
use wardline_policy::{Action, Resource};
use wardline_store::NewPushSubscription;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::push;

/// Takes the subscription of the device that asks, in the place of the one before. The same again
/// changes nothing.
#[utoipa::path(
    put, path = "/v1/push", tag = "push", request_body = PushSubscribe,
    responses(
        (status = 200, body = PushInfo), (status = 400, body = Problem),
        (status = 401, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(subscription): Body<PushSubscribe>,
) -> Result<Json<PushInfo>, Refusal> {
    let host = app.push.host(&subscription.endpoint);
    let host = host.ok_or_else(|| invalid("endpoint", "an https URL of a public push service"))?;
    let keys = push::keys(subscription.p256dh.as_ref(), subscription.auth.as_ref());
    let keys = keys.ok_or_else(|| {
        invalid(
            "p256dh",
            "a P-256 point, uncompressed, and 16 bytes as `auth`",
        )
    })?;
    let new = NewPushSubscription {
        device_id: caller.device(),
        host,
        endpoint: subscription.endpoint.into_bytes().into(),
        keys: keys.into(),
    };
    let permit = app
        .decide(caller.asker(), Action::PushManage, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let standing = change!(permit.kind(SUBSCRIBED), |tx, note| {
        let changed = tx.put_push_subscription(&new, now_ms).await?;
        note.put("device", new.device_id.to_string())
            .put("changed", changed);
        Ok(tx.push_standing(new.device_id).await?)
    })?;
    Ok(Json(app.push.info(standing.as_ref(), now_ms)))
}

fn invalid(field: &str, expected: &str) -> Refusal {
    Refusal::InvalidBody {
        field: field.to_owned(),
        expected: expected.to_owned(),
    }
}

const SUBSCRIBED: Kind = Kind::named("push.subscribed");
