//! `GET /v1/escalations`: the STAT messages that concern the person.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::escalations::EscalationList;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::escalations::told;
use crate::problem::Refusal;

/// The newest hundred that the person sent, is or was asked to answer, or was told of. A bot is told of those
/// that it sent: how they stand, and nobody's name.
#[utoipa::path(
    get, path = "/v1/escalations", tag = "conversations",
    responses((status = 200, body = EscalationList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<EscalationList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::EscalationList, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let mut facts = app.facts().await?;
    let stored = facts.escalations_of(caller.user(), MOST).await?;
    let mut escalations = told::infos(&mut facts, &app, &stored, caller.user(), now_ms).await?;
    drop(facts);
    if caller.is_bot() {
        escalations.retain(|info| info.sender.id == caller.user());
        escalations = escalations.into_iter().map(told::bare).collect();
    }
    permit.record().await?;
    Ok(Json(EscalationList { escalations }))
}

const MOST: u32 = 100;
