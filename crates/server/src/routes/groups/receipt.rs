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
use wardline_store::Tx;

use crate::app::App;
use crate::caller::Caller;
use crate::escalations::{Open, publish};
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::groups::Standing;

/// Moves the person's receipt forward; never back. What is acknowledged so far is taken: a STAT message
/// among it waits for nobody else.
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
        let moved = tx
            .advance_receipt(id, caller.user(), receipt.state, receipt.up_to)
            .await?;
        if receipt.state != ReceiptState::Delivered {
            tx.answer_ring(caller.user(), now_ms).await?;
        }
        let pages = answer_pages(tx, &app, id, caller.user(), &receipt, now_ms).await?;
        Ok((moved, pages))
    })?;
    if moved.is_some() {
        app.bus.publish(Hint::Receipt { group: id });
    }
    for page in pages {
        publish(&app, page);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Tells the STAT pages of a conversation what a receipt says; gives those that moved.
async fn answer_pages(
    tx: &mut Tx,
    app: &App,
    group: GroupId,
    user: UserId,
    receipt: &ReceiptPost,
    at: u64,
) -> Result<Vec<EscalationId>, Refusal> {
    let mut moved = Vec::new();
    for stored in tx.open_escalations_of(group, receipt.up_to).await? {
        let mut open = Open::read(tx, app, &stored, at).await?;
        // Of a message that asks several roles everybody answers for their own. Who is asked further up a
        // chain takes that page by itself: by the message they would take those of roles that wait.
        if receipt.state == ReceiptState::Acknowledged
            && !is_recipient(&open.page, user)
            && tx.escalations_of_message(group, stored.seq).await?.len() > 1
        {
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
