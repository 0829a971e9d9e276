//! `POST /v1/records/statements`: hand in an order, an agreement or a custodian's key.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_credential::chain::is_signed_by;
use wardline_model::statement::{Scope, SignedStatement, Statement};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::records::{HandIn, RecordsOrder};
use wardline_policy::{Action, Resource};
use wardline_store::{NewStatement, Tx};

use super::{APPROVAL, HELD, InForce, LARGEST, LONGEST_LIST, WAITING};
use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;

/// Hands a statement in for the record keeper, signed by the device that asks just now. Handing the
/// same one in again changes nothing. What is refused here would be refused there: the record keeper
/// verifies everything itself.
#[utoipa::path(
    post, path = "/v1/records/statements", tag = "records", request_body = HandIn,
    responses(
        (status = 200, body = RecordsOrder), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(HandIn { signed }): Body<HandIn>,
) -> Result<Json<RecordsOrder>, Refusal> {
    let (action, event) = match &signed.statement {
        Statement::Hold { .. }
        | Statement::EndHold { .. }
        | Statement::Export { .. }
        | Statement::Release { .. } => (Action::RecordsOrder, ORDERED),
        Statement::Approval { .. } => (Action::RecordsAgree, AGREED),
        Statement::CustodianKey { .. } => (Action::RecordsCustody, KEY),
        Statement::Share { .. }
        | Statement::Destruction { .. }
        | Statement::Exported { .. }
        | Statement::Outcome { .. }
        | Statement::InForce { .. } => {
            return Err(Refusal::InvalidBody {
                field: "signed.statement.type".to_owned(),
                expected: "hold, end_hold, export, release, approval or custodian_key".to_owned(),
            });
        }
    };
    check_form(&signed)?;
    let mut facts = app.facts().await?;
    let resource = InForce::read(&mut facts).await?.resource(caller.user());
    let device = facts.device(caller.device()).await?;
    drop(facts);
    let who = Who {
        officer: super::is_officer(&caller),
        custodian: matches!(resource, Resource::Records { custodian: true }),
    };
    let permit = app.decide(caller.asker(), action, resource).await?;
    let now_ms = permit.now_ms();
    let mls_key = device.ok_or(Refusal::NotFound)?.mls_key;
    let info = change!(permit.kind(event), |tx, note| {
        super::put(note, &signed);
        if signed.user_id != caller.user() || signed.device_id != caller.device() {
            return Err(refused("another device made it"));
        }
        if !is_signed_by(&signed, &mls_key) {
            return Err(refused("its signature is not this device's"));
        }
        let hash = signed.hash();
        if let Some(kept) = tx.statement(&hash).await? {
            note.kind(AGAIN);
            return super::list::order(tx, kept).await;
        }
        if signed.issued_at.abs_diff(now_ms) > MAX_AGE_MS {
            return Err(refused("its time is too far from the server's"));
        }
        let named = fits(tx, &signed, who).await?;
        if let Some(order) = named {
            note.put("order", super::mark(&order));
        }
        let kind = super::kind(&signed.statement);
        let new = NewStatement {
            signed: &signed,
            kind,
        };
        match tx.put_statement(new, now_ms).await {
            Err(error) if error.is_conflict() => return Err(Refusal::ChangedMeanwhile),
            other => other?,
        }
        let kept = tx.statement(&hash).await?.ok_or(Refusal::NotFound)?;
        super::list::order(tx, kept).await
    })?;
    app.bus.publish(Hint::Statements);
    Ok(Json(info))
}

/// What somebody is to the record keeper, as far as the server knows.
#[derive(Clone, Copy)]
struct Who {
    officer: bool,
    custodian: bool,
}

/// Its form, and that it is no longer than one reads.
fn check_form(signed: &SignedStatement) -> Result<(), Refusal> {
    let scope = match &signed.statement {
        Statement::Hold { scope, .. } | Statement::Export { scope, .. } => scope.clone(),
        _ => Scope::default(),
    };
    let longest = scope
        .groups
        .len()
        .max(scope.people.len())
        .max(scope.patients.len());
    if longest > LONGEST_LIST {
        return Err(Refusal::InvalidBody {
            field: "signed.statement.scope".to_owned(),
            expected: format!("at most {LONGEST_LIST} of a kind"),
        });
    }
    if !signed.is_well_formed() {
        return Err(Refusal::InvalidBody {
            field: "signed.statement".to_owned(),
            expected: "version 1, case and reason of 1 to 500 characters".to_owned(),
        });
    }
    if signed.signed_bytes().len() > LARGEST {
        return Err(Refusal::PayloadTooLarge { limit: LARGEST });
    }
    Ok(())
}

/// Whether there is what it is about, and room for it; gives the order that it names.
async fn fits(
    tx: &mut Tx,
    signed: &SignedStatement,
    who: Who,
) -> Result<Option<SignedStatement>, Refusal> {
    match &signed.statement {
        Statement::Approval {
            order: hash, share, ..
        } => {
            let order = tx.statement(&hash.0).await?;
            let order = order.ok_or_else(|| refused("there is no such order"))?;
            if order.state != WAITING || !is_order(&order.kind) {
                return Err(refused("the order does not wait for anybody"));
            }
            if order.user_id == signed.user_id {
                return Err(refused("nobody agrees to an order of their own"));
            }
            let may = match order.kind.as_str() {
                "hold" | "end_hold" => who.officer,
                _ => who.custodian,
            };
            if !may {
                return Err(refused(
                    "holds are agreed to by officers, exports and releases by custodians",
                ));
            }
            if order.kind == "export" && share.is_none() {
                return Err(refused(
                    "a custodian's share belongs to it, which lies on the custodian's workstation",
                ));
            }
            // A custodian whose share did not fit agrees anew with the right one, and the newest counts.
            let most = if order.kind == "export" {
                MOST_SHARES
            } else {
                1
            };
            let agreed = tx.statements_about(&hash.0, APPROVAL).await?;
            let own = agreed.iter().filter(|kept| kept.user_id == signed.user_id);
            if own.count() >= most {
                return Err(refused("this person has agreed to it"));
            }
            Ok(Some(order.signed))
        }
        Statement::CustodianKey { .. } => {
            tx.forget_custodian_key(signed.user_id).await?;
            Ok(None)
        }
        statement => {
            let (all, own) = tx.orders_waiting(signed.user_id).await?;
            if all >= MOST || own >= MOST_OF_ONE {
                return Err(refused("too many orders wait; agree to some of them first"));
            }
            let Statement::EndHold { hold, .. } = statement else {
                return Ok(None);
            };
            let kept = tx.statement(&hold.0).await?;
            let kept = kept.filter(|kept| kept.state == HELD);
            let kept = kept.ok_or_else(|| refused("there is no such hold in force"))?;
            Ok(Some(kept.signed))
        }
    }
}

fn is_order(kind: &str) -> bool {
    ["hold", "end_hold", "export", "release"].contains(&kind)
}

const fn refused(why: &'static str) -> Refusal {
    Refusal::StatementRefused(why)
}

/// How far the signature's time may be from the server's: statements are handed in at once.
const MAX_AGE_MS: u64 = 15 * 60 * 1000;
/// Orders that wait, of everybody and of one person.
const MOST: u64 = 200;
const MOST_OF_ONE: u64 = 50;
/// Agreements of one custodian to one export.
const MOST_SHARES: usize = 3;
const ORDERED: Kind = Kind::named("records.ordered");
const AGREED: Kind = Kind::named("records.agreed");
const AGAIN: Kind = Kind::named("records.handed_in_again");
const KEY: Kind = Kind::named("records.custodian_key");
