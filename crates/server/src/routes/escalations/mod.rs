//! STAT messages that wait for an answer. One file for each operation.
//!
//! Whoever is asked may answer, a member of the conversation or not; what they are told is who wrote to
//! whom and since when, never what.

pub(crate) mod acknowledge;
pub(crate) mod decline;
pub(crate) mod list;
pub(crate) mod unneeded;

use axum::Json;
use wardline_audit::event::Kind;
use wardline_escalation::{Input, Refused};
use wardline_model::EscalationId;
use wardline_model::wire::escalations::EscalationInfo;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::escalations::{Open, publish, told};
use crate::gate::change;
use crate::problem::Refusal;

/// Takes a person's answer; gives the page as it is then.
async fn answer(
    app: &App,
    caller: &Caller,
    id: EscalationId,
    kind: Kind,
    input: impl Fn(u64) -> Input,
) -> Result<Json<EscalationInfo>, Refusal> {
    let now_ms = app.clock.now_ms();
    let mut facts = app.facts().await?;
    let stored = facts.escalation(id).await?.ok_or(Refusal::NotFound)?;
    let open = Open::read(&mut facts, app, &stored, now_ms).await?;
    let asked = open.page.concerns(caller.user());
    drop(facts);
    let resource = Resource::Escalation { id, asked };
    let permit = app
        .decide(caller.asker(), Action::EscalationAnswer, resource)
        .await?;
    let now_ms = permit.now_ms();
    let info = change!(permit.kind(kind), |tx, _note| {
        let stored = tx.escalation(id).await?.ok_or(Refusal::NotFound)?;
        let mut open = Open::read(tx, app, &stored, now_ms).await?;
        open.hear(input(now_ms)).map_err(|refused| match refused {
            Refused::Over => Refusal::EscalationOver,
            // The roster, by which they were asked, is another one since.
            Refused::NotAsked => Refusal::ChangedMeanwhile,
        })?;
        open.write(tx, app, now_ms).await?;
        let stored = tx.escalation(id).await?.ok_or(Refusal::NotFound)?;
        told::info(tx, app, &stored, caller.user(), now_ms).await
    })?;
    publish(app, id);
    Ok(Json(info))
}
