//! `GET /v1/glass/{id}`: why somebody broke the glass, and what they read.

use axum::Json;
use axum::extract::State;
use wardline_model::GlassId;
use wardline_model::wire::glass::{GlassDetail, GlassLook};
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::problem::Refusal;

/// A grant with what its person wrote, and what was read under it: that, and not what it says.
#[utoipa::path(
    get, path = "/v1/glass/{id}", tag = "patients", params(("id" = GlassId, Path)),
    responses(
        (status = 200, body = GlassDetail), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GlassId>,
) -> Result<Json<GlassDetail>, Refusal> {
    let (grant, resource) = super::looked_up(&app, id).await?;
    let permit = app
        .decide(caller.asker(), Action::GlassRead, resource)
        .await?;
    let mut facts = app.facts().await?;
    let looks = facts.glass_looks(id).await?;
    let glass = super::info(&mut facts, grant, true, permit.now_ms()).await?;
    drop(facts);
    let mut note = permit.note();
    note.put("patient", glass.patient_id.as_str())
        .put("user", glass.user.id.to_string());
    permit.record_with(note).await?;
    let looks = looks
        .into_iter()
        .map(|look| {
            let (action, of) = look
                .what
                .split_once(' ')
                .unwrap_or((look.what.as_str(), ""));
            GlassLook {
                at: look.at,
                action: action.to_owned(),
                note: of.split_once("/note/").map(|(_, note)| note.to_owned()),
            }
        })
        .collect();
    Ok(Json(GlassDetail { glass, looks }))
}
