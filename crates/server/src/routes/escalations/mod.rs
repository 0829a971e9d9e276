//! STAT messages that wait for an answer. One file for each operation.
//!
//! Whoever is asked may answer, a member of the conversation or not; what they are told is who wrote to
//! whom and since when, never what.

pub(crate) mod acknowledge;
pub(crate) mod decline;
pub(crate) mod list;
pub(crate) mod unneeded;
pub(crate) mod withdraw;

use axum::Json;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_escalation::{End, Input, Refused};
use wardline_model::EscalationId;
use wardline_model::wire::escalations::EscalationInfo;
use wardline_model::wire::messages::ReceiptState;
use wardline_policy::{Action, Resource};
use wardline_store::Tx;

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
    tell(app, caller, id, Action::EscalationAnswer, kind, input).await
}

/// Tells a page what a person says; gives it as it is then.
async fn tell(
    app: &App,
    caller: &Caller,
    id: EscalationId,
    action: Action,
    kind: Kind,
    input: impl Fn(u64) -> Input,
) -> Result<Json<EscalationInfo>, Refusal> {
    let now_ms = app.clock.now_ms();
    let mut facts = app.facts().await?;
    let stored = facts.escalation(id).await?.ok_or(Refusal::NotFound)?;
    let open = Open::read(&mut facts, app, &stored, now_ms).await?;
    let open = open.map_err(|_| Refusal::EscalationOver)?;
    let resource = Resource::Escalation {
        id,
        asked: open.page.concerns(caller.user()),
        sent: open.page.sender() == caller.user(),
    };
    drop(facts);
    let permit = app.decide(caller.asker(), action, resource).await?;
    let now_ms = permit.now_ms();
    let (info, moved, said) = change!(permit.kind(kind), |tx, _note| {
        let stored = tx.escalation(id).await?.ok_or(Refusal::NotFound)?;
        let open = Open::read(tx, app, &stored, now_ms).await?;
        let mut open = open.map_err(|_| Refusal::EscalationOver)?;
        let input = input(now_ms);
        let takes = matches!(input, Input::Acknowledged { .. });
        let withdraws = matches!(input, Input::Withdrawn { .. });
        let is_over = matches!(open.page.end(), Some(end) if !matches!(end, End::Withdrawn { .. }));
        let mut moved = Vec::new();
        // A role that somebody came for stays as it ended; the others of the message may still wait.
        if !(withdraws && is_over) {
            open.hear(input).map_err(|refused| match refused {
                Refused::Over => Refusal::EscalationOver,
                // The roster, by which they were asked, is another one since.
                Refused::NotAsked => Refusal::ChangedMeanwhile,
            })?;
            if open.write(tx, app, now_ms).await? {
                moved.push(id);
            }
        }
        if withdraws {
            moved.extend(withdraw_others(tx, app, id, now_ms).await?);
            if is_over && moved.is_empty() {
                return Err(Refusal::EscalationOver);
            }
        }
        // In the conversation the message says the same, and no other message does.
        let said = takes
            && tx
                .acknowledge_stat(id, caller.user(), id.seq, now_ms)
                .await?;
        if said {
            tx.advance_receipt(
                id.group,
                caller.user(),
                ReceiptState::Delivered,
                id.seq,
                now_ms,
            )
            .await?;
        }
        let stored = tx.escalation(id).await?.ok_or(Refusal::NotFound)?;
        let info = told::info(tx, app, &stored, caller.user(), now_ms).await?;
        Ok((info, moved, said))
    })?;
    for id in moved {
        publish(app, id);
    }
    if said {
        app.bus.publish(Hint::Receipt { group: id.group });
    }
    Ok(Json(info))
}

/// Whoever takes a message back needs none of the roles that it asks any more; gives the pages that
/// moved.
async fn withdraw_others(
    tx: &mut Tx,
    app: &App,
    id: EscalationId,
    at: u64,
) -> Result<Vec<EscalationId>, Refusal> {
    let mut moved = Vec::new();
    for stored in tx.escalations_of_message(id.group, id.seq).await? {
        let Ok(mut open) = Open::read(tx, app, &stored, at).await? else {
            continue;
        };
        // One that is over stays as it ended.
        if stored.id() != id
            && open.hear(Input::Withdrawn { at }).is_ok()
            && open.write(tx, app, at).await?
        {
            moved.push(stored.id());
        }
    }
    Ok(moved)
}
