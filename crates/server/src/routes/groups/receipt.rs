//! `POST /v1/groups/{id}/receipts`: delivered, read, acknowledged.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::to_value;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_escalation::{Input, Page};
use wardline_model::wire::messages::{ReceiptPost, ReceiptState};
use wardline_model::wire::problem::Problem;
use wardline_model::{EscalationId, GroupId, UserId};
use wardline_policy::{Action, PEOPLE_ONLY};
use wardline_store::{StoredEscalation, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::escalations::{Open, publish};
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::groups::Standing;

/// Moves the person's receipt forward; never back. What is delivered or read is so up to a place, and so is
/// what is acknowledged, save STAT messages: of these an acknowledgement names one, and takes that one alone.
#[utoipa::path(
    post, path = "/v1/groups/{id}/receipts", tag = "conversations",
    params(("id" = GroupId, Path)), request_body = ReceiptPost,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GroupId>,
    Body(receipt): Body<ReceiptPost>,
) -> Result<StatusCode, Refusal> {
    // A receipt of someone who is removed this very moment does no harm.
    let mut facts = app.look().await?;
    let standing = Standing::of(&mut facts, id, &caller).await?;
    drop(facts);
    let permit = app
        .decide(caller.asker(), Action::ReceiptPost, standing.resource())
        .await?;
    let now_ms = permit.now_ms();
    let (moved, pages) = change!(permit.kind(POSTED), |tx, note| {
        let state = to_value(receipt.state).map_err(Refusal::internal)?;
        note.put("state", state).put("up_to", receipt.up_to);
        // An answer is a person's word, whatever the policies say.
        if caller.is_bot() && receipt.state == ReceiptState::Acknowledged {
            return Err(Refusal::Denied {
                code: PEOPLE_ONLY.to_owned(),
                advice: vec!["A bot cannot acknowledge. A person has to.".to_owned()],
            });
        }
        let named = named(tx, id, &receipt).await?;
        let mut state = receipt.state;
        let mut moved = false;
        if let Some(stat) = named.first() {
            note.put("of", stat.seq);
            // What it came with has been delivered; whether that was read is said apart.
            state = ReceiptState::Delivered;
            moved = tx
                .acknowledge_stat(stat.id(), caller.user(), receipt.up_to, now_ms)
                .await?;
        }
        let advanced = tx
            .advance_receipt(id, caller.user(), state, receipt.up_to, now_ms)
            .await?;
        moved |= advanced.is_some();
        if receipt.state != ReceiptState::Delivered {
            tx.answer_ring(caller.user(), now_ms).await?;
        }
        let pages = answer_pages(tx, &app, id, caller.user(), &receipt, named, now_ms).await?;
        Ok((moved, pages))
    })?;
    if moved {
        app.bus.publish(Hint::Receipt { group: id });
    }
    for page in pages {
        publish(&app, page);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The pages of the STAT message that an acknowledgement names; none where it is no such message.
async fn named(
    tx: &mut Tx,
    group: GroupId,
    receipt: &ReceiptPost,
) -> Result<Vec<StoredEscalation>, Refusal> {
    if receipt.state != ReceiptState::Acknowledged {
        return Ok(Vec::new());
    }
    let seq = receipt.of.unwrap_or(receipt.up_to);
    if seq > receipt.up_to {
        return Err(Refusal::InvalidParameter("of"));
    }
    Ok(tx.escalations_of_message(group, seq).await?)
}

/// Tells the STAT pages of a conversation what a receipt says, or those of the message that it names;
/// gives those that moved.
async fn answer_pages(
    tx: &mut Tx,
    app: &App,
    group: GroupId,
    user: UserId,
    receipt: &ReceiptPost,
    named: Vec<StoredEscalation>,
    at: u64,
) -> Result<Vec<EscalationId>, Refusal> {
    let several = named.len() > 1;
    let pages = match receipt.state {
        ReceiptState::Acknowledged => named,
        ReceiptState::Delivered | ReceiptState::Read => {
            tx.open_escalations_of(group, receipt.up_to).await?
        }
    };
    let mut moved = Vec::new();
    for stored in pages {
        let Ok(mut open) = Open::read(tx, app, &stored, at).await? else {
            continue;
        };
        // Of a message that asks several roles everybody answers for their own. Who is asked further up a
        // chain takes that page by itself: by the message they would take those of roles that wait.
        if several && !is_recipient(&open.page, user) {
            continue;
        }
        let input = match receipt.state {
            ReceiptState::Delivered => Input::Delivered { user, at },
            ReceiptState::Read => Input::Read { user, at },
            ReceiptState::Acknowledged => Input::Acknowledged { user, at },
        };
        // Whoever is not asked has acknowledged the message all the same.
        if open.hear(input).is_ok() && open.write(tx, app, at).await? {
            moved.push(stored.id());
        }
    }
    Ok(moved)
}

fn is_recipient(page: &Page, user: UserId) -> bool {
    let first = page.chain().levels.first();
    first.is_some_and(|level| level.users.contains(&user))
}

const POSTED: Kind = Kind::named("receipt.posted");
