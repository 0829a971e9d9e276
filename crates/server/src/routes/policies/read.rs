//! `GET /v1/policies/{id}`: the texts of a version.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::policies::{PolicyDocument, PolicyText};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::policies;
use crate::problem::Refusal;

/// A version with its texts; 0 is the one that ships.
#[utoipa::path(
    get, path = "/v1/policies/{id}", tag = "policies", params(("id" = u64, Path)),
    responses(
        (status = 200, body = PolicyDocument),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(number): Id<u64>,
) -> Result<Json<PolicyDocument>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PolicyRead, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let version = super::version(&mut facts, number, permit.now_ms()).await?;
    let texts = policies::texts_of(&mut facts, number).await?;
    drop(facts);
    permit.record().await?;
    let texts = texts.ok_or(Refusal::NotFound)?;
    let files = texts.files().iter().map(|file| PolicyText {
        name: file.name.clone(),
        text: file.text.clone(),
    });
    Ok(Json(PolicyDocument {
        version,
        files: files.collect(),
    }))
}
