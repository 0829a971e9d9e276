//! `GET /v1/records`: what is ordered, held, destroyed and exported.

use axum::Json;
use axum::extract::State;
use wardline_model::statement::{SignedStatement, Statement};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::records::{
    Agreement, CustodianInfo, OrderState, RecordsList, RecordsOrder,
};
use wardline_model::{B64, UserId};
use wardline_policy::Action;
use wardline_store::{KeptStatement, Tx};

use super::{APPROVAL, DESTRUCTION, DONE, ENDED, HELD, InForce, REFUSED, SHARE};
use crate::app::App;
use crate::caller::Caller;
use crate::problem::Refusal;
use crate::shape;

/// What the record keeper goes by, orders with who agreed and what came of them, and records of
/// destruction; for custodians who are no officers, exports and releases alone.
#[utoipa::path(
    get, path = "/v1/records", tag = "records",
    responses((status = 200, body = RecordsList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<RecordsList>, Refusal> {
    let mut facts = app.facts().await?;
    let in_force = InForce::read(&mut facts).await?;
    drop(facts);
    let resource = in_force.resource(caller.user());
    let permit = app
        .decide(caller.asker(), Action::RecordsRead, resource.clone())
        .await?;
    // Whoever may order sees everything; a custodian sees what may be asked of them.
    let whole = super::is_officer(&caller);
    let mut facts = app.facts().await?;
    let mut orders = Vec::new();
    for kept in facts.record_orders().await? {
        if whole || matches!(kept.kind.as_str(), "export" | "release") {
            orders.push(order(&mut facts, kept).await?);
        }
    }
    let destroyed = if whole {
        facts.record_results(DESTRUCTION).await?
    } else {
        Vec::new()
    };
    let destroyed_count = facts.record_results_count(DESTRUCTION).await?;
    let shares = facts.record_results(SHARE).await?;
    let of = |signed: &SignedStatement| match signed.statement {
        Statement::Share { custodian, .. } => Some(custodian),
        _ => None,
    };
    let keys = facts.custodian_keys().await?;
    let mut custodians = Vec::new();
    for person in facts.people(&in_force.custodians).await? {
        let id: UserId = person.user_id;
        custodians.push(CustodianInfo {
            user: shape::brief(person),
            key: keys.iter().any(|kept| kept.user_id == id),
            share: shares.iter().any(|signed| of(signed) == Some(id)),
        });
    }
    let officers = facts.people(&in_force.officers).await?;
    drop(facts);
    let mut note = permit.note();
    note.put("orders", orders.len())
        .put("destroyed", destroyed.len());
    permit.record_with(note).await?;
    Ok(Json(RecordsList {
        in_force: in_force.signed,
        officers: officers.into_iter().map(shape::brief).collect(),
        custodians,
        orders,
        destroyed,
        destroyed_count,
        share: shares
            .into_iter()
            .find(|signed| of(signed) == Some(caller.user())),
    }))
}

/// A statement that was handed in, with who agreed to it.
pub(crate) async fn order(tx: &mut Tx, kept: KeptStatement) -> Result<RecordsOrder, Refusal> {
    let hash = kept.signed.hash();
    let mut agreements: Vec<Agreement> = Vec::new();
    let mut agreed = tx.statements_about(&hash, APPROVAL).await?;
    // Of somebody's agreements the newest counts.
    agreed.sort_by_key(|kept| kept.signed.issued_at);
    for agreed in agreed {
        agreements.retain(|before| before.by.id != agreed.user_id);
        agreements.push(Agreement {
            by: by(tx, agreed.user_id).await?,
            signed: agreed.signed,
        });
    }
    Ok(RecordsOrder {
        by: by(tx, kept.user_id).await?,
        hash: B64(hash.to_vec()),
        at: kept.handed_at,
        taken_at: kept.taken_at,
        state: match kept.state.as_str() {
            HELD => OrderState::Held,
            ENDED => OrderState::Ended,
            DONE => OrderState::Done,
            REFUSED => OrderState::Refused,
            _ => OrderState::Waiting,
        },
        outcome: kept.outcome,
        ended: kept.ended,
        signed: kept.signed,
        agreements,
    })
}

async fn by(tx: &mut Tx, user: UserId) -> Result<PersonBrief, Refusal> {
    let person = tx.person(user).await?.ok_or(Refusal::NotFound)?;
    Ok(shape::brief(person))
}
