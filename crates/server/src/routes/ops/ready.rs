//! `GET /readyz`: the server can do its work.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;

use crate::app::App;
use crate::problem::Refusal;
use crate::routes::ops::health::Health;

/// Answers 200 once the database answers and the log has a checkpoint.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses((status = 200, body = Health), (status = 503, body = Problem)),
)]
pub(crate) async fn handler(State(app): State<App>) -> Result<Json<Health>, Refusal> {
    let unavailable = |error: Box<dyn std::error::Error + Send + Sync>| Refusal::Unavailable(error);
    let mut tx = app
        .gate
        .machinery()
        .read()
        .await
        .map_err(|e| unavailable(Box::new(e)))?;
    let checkpoint = tx
        .checkpoint()
        .await
        .map_err(|e| unavailable(Box::new(e)))?;
    match checkpoint {
        Some(_) => Ok(Json(Health::OK)),
        None => Err(unavailable("the log has no checkpoint yet".into())),
    }
}
