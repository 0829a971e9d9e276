//! `GET /v1/key-packages/count`: does the device have to make new ones?

use axum::Json;
use axum::extract::State;
use wardline_model::wire::keys::KeyPackageCount;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;

/// How many single-use key packages are left.
#[utoipa::path(
    get, path = "/v1/key-packages/count", tag = "key packages",
    responses((status = 200, body = KeyPackageCount), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<KeyPackageCount>, Refusal> {
    let resource = Resource::KeyPackages {
        device: Some(caller.device()),
    };
    let permit = app
        .decide(caller.asker(), Action::KeyPackageUpload, resource)
        .await?;
    let (available, last_resort) = app
        .facts()
        .await?
        .count_key_packages(caller.device())
        .await?;
    permit.record().await?;
    Ok(Json(KeyPackageCount {
        available,
        last_resort,
    }))
}
