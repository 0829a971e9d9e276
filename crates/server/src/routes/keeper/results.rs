//! `POST /v1/keeper/results`: what the record keeper did about records.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_credential::chain::is_signed_by;
use wardline_model::statement::{Came, SignedStatement, Statement};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::records::RecordsResult;
use wardline_policy::{Action, Resource};
use wardline_store::Tx;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::{Note, change};
use crate::problem::Refusal;
use crate::routes::records::{
    self, APPROVAL, DESTRUCTION, DONE, ENDED, HELD, IN_FORCE, InForce, LARGEST, OUTCOME, REFUSED,
    SHARE,
};

/// Takes something that the record keeper signed: what came of an order, a record of destruction, a
/// custodian's share, or what is in force. Each is an event of the log with the change that it makes;
/// handed in again it changes nothing. No contents of messages come this way.
#[utoipa::path(
    post, path = "/v1/keeper/results", tag = "records", request_body = RecordsResult,
    responses(
        (status = 204), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(RecordsResult { signed }): Body<RecordsResult>,
) -> Result<StatusCode, Refusal> {
    let event = event_of(&signed.statement).ok_or_else(|| Refusal::InvalidBody {
        field: "signed.statement.type".to_owned(),
        expected: "outcome, destruction, share or in_force".to_owned(),
    })?;
    if signed.signed_bytes().len() > LARGEST {
        return Err(Refusal::PayloadTooLarge { limit: LARGEST });
    }
    let permit = app
        .decide(caller.asker(), Action::KeeperReport, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let device = app.facts().await?.device(caller.device()).await?;
    let mls_key = device.ok_or(Refusal::NotFound)?.mls_key;
    change!(permit.kind(event), |tx, note| {
        records::put(note, &signed);
        if signed.user_id != caller.user() || signed.device_id != caller.device() {
            return Err(Refusal::StatementRefused("another device made it"));
        }
        if !is_signed_by(&signed, &mls_key) {
            return Err(Refusal::StatementRefused(
                "its signature is not this device's",
            ));
        }
        if !take(tx, note, &signed, now_ms).await? {
            note.kind(AGAIN);
        }
        Ok(())
    })?;
    app.bus.publish(Hint::Records);
    Ok(StatusCode::NO_CONTENT)
}

/// Writes down what is told; false where it was told before.
async fn take(
    tx: &mut Tx,
    note: &mut Note,
    signed: &SignedStatement,
    now_ms: u64,
) -> Result<bool, Refusal> {
    match &signed.statement {
        Statement::Outcome { order, came } => {
            // Whoever ordered it, through the app or by a file.
            if let Came::Ended { hold } = came {
                if let Some(kept) = tx.statement(&hold.0).await? {
                    note.put("hold", records::mark(&kept.signed));
                }
                tx.end_hold(&hold.0, signed, now_ms).await?;
            }
            let Some(kept) = tx.statement(&order.0).await? else {
                // One that came by the folder: the server knows nothing else of it.
                note.put("by", "folder");
                return Ok(tx.put_record_result(signed, OUTCOME, None).await?);
            };
            note.put("order", records::mark(&kept.signed))
                .put("ordered_by", kept.user_id.to_string());
            let agreed = tx.statements_about(&order.0, APPROVAL).await?;
            let agreed: Vec<String> = agreed.iter().map(|a| a.user_id.to_string()).collect();
            note.put("agreed", agreed);
            let state = match came {
                // It may be told after its end.
                Came::Held if kept.ended.is_some() => ENDED,
                Came::Held => HELD,
                Came::Ended { .. } | Came::Released | Came::Exported { .. } => DONE,
                Came::Refused { why } => {
                    note.put("why", serde_json::to_value(why).map_err(Refusal::internal)?);
                    REFUSED
                }
            };
            Ok(tx.settle_statement(&order.0, state, signed, now_ms).await?)
        }
        Statement::Destruction { .. } => {
            Ok(tx.put_record_result(signed, DESTRUCTION, None).await?)
        }
        Statement::Share { custodian, .. } => {
            if tx.person(*custodian).await?.is_none() {
                return Err(Refusal::NotFound);
            }
            tx.forget_record_results(SHARE, Some(*custodian)).await?;
            Ok(tx
                .put_record_result(signed, SHARE, Some(*custodian))
                .await?)
        }
        Statement::InForce { custodians, .. } => {
            let before = InForce::read(tx).await?;
            if before
                .signed
                .as_ref()
                .is_some_and(|before| before.statement == signed.statement)
            {
                return Ok(false);
            }
            if before.custodians != *custodians {
                note.kind(CUSTODIANS);
            }
            tx.forget_record_results(IN_FORCE, None).await?;
            Ok(tx.put_record_result(signed, IN_FORCE, None).await?)
        }
        _ => Err(Refusal::StatementRefused("it is no result")),
    }
}

const fn event_of(statement: &Statement) -> Option<Kind> {
    Some(Kind::named(match statement {
        Statement::Outcome { came, .. } => match came {
            Came::Held => "records.held",
            Came::Ended { .. } => "records.hold_ended",
            Came::Released => "records.released",
            Came::Exported { .. } => "records.exported",
            Came::Refused { .. } => "records.refused",
        },
        Statement::Destruction { .. } => "records.destroyed",
        Statement::Share { .. } => "records.shared",
        Statement::InForce { .. } => "records.in_force",
        _ => return None,
    }))
}

const AGAIN: Kind = Kind::named("records.told_again");
const CUSTODIANS: Kind = Kind::named("records.custodians_changed");
