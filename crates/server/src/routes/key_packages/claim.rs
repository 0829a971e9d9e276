//! `POST /v1/key-packages/claim`: to add people's devices to a conversation.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::UserId;
use wardline_model::wire::keys::{ClaimAnswer, ClaimRequest, ClaimedKeyPackage, MAX_PEOPLE};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;

/// One key package for each active device of these people, or for the devices named among them.
/// Single-use ones are handed out once.
#[utoipa::path(
    post, path = "/v1/key-packages/claim", tag = "key packages", request_body = ClaimRequest,
    responses((status = 200, body = ClaimAnswer), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<ClaimRequest>,
) -> Result<Json<ClaimAnswer>, Refusal> {
    let users: Vec<UserId> = request
        .user_ids
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let others = users.iter().filter(|user| **user != caller.user());
    if others.count() > MAX_PEOPLE {
        return Err(Refusal::InvalidBody {
            field: "user_ids".to_owned(),
            expected: format!(
                "at most {MAX_PEOPLE} other people at once; add the others afterwards"
            ),
        });
    }
    let resource = Resource::KeyPackages { device: None };
    let permit = app
        .decide(caller.asker(), Action::KeyPackageClaim, resource)
        .await?;
    let answer = change!(permit.kind(CLAIMED), |tx, note| {
        let only = request.device_ids.as_deref();
        let claimed = tx
            .claim_key_packages(&users, only, request.ciphersuite)
            .await?;
        let reached: BTreeSet<UserId> = claimed.iter().map(|package| package.user_id).collect();
        let unreachable: Vec<UserId> = users
            .iter()
            .filter(|user| !reached.contains(user))
            .copied()
            .collect();
        note.put("people", users.len())
            .put("packages", claimed.len())
            .put("ciphersuite", request.ciphersuite);
        let packages = claimed
            .into_iter()
            .map(|package| ClaimedKeyPackage {
                user_id: package.user_id,
                device_id: package.device_id,
                key_package: package.package.into(),
            })
            .collect();
        Ok(ClaimAnswer {
            packages,
            unreachable,
        })
    })?;
    Ok(Json(answer))
}

const CLAIMED: Kind = Kind::named("key_packages.claimed");
