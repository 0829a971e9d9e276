//! `GET /v1/looks/{id}`: what speaks for a look.

use axum::Json;
use axum::extract::State;
use wardline_model::LookId;
use wardline_model::wire::looks::LookInfo;
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::problem::Refusal;

/// A look with what was said of it. Nobody reads what speaks for their own.
#[utoipa::path(
    get, path = "/v1/looks/{id}", tag = "patients", params(("id" = LookId, Path)),
    responses(
        (status = 200, body = LookInfo), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<LookId>,
) -> Result<Json<LookInfo>, Refusal> {
    let (look, resource) = super::looked_up(&app, id).await?;
    let permit = app
        .decide(caller.asker(), Action::LookRead, resource)
        .await?;
    let mut facts = app.facts().await?;
    let info = super::info(&mut facts, look, true, permit.now_ms()).await?;
    drop(facts);
    let mut note = permit.note();
    note.put("user", info.user.id.to_string());
    permit.record_with(note).await?;
    Ok(Json(info))
}
