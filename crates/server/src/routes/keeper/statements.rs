//! `GET /v1/keeper/statements`, `POST /v1/keeper/statements/taken`: what was handed in for the record
//! keeper.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::records::{StatementsLeft, StatementsTaken};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;

/// Statements that the record keeper has not taken yet. It verifies each one.
#[utoipa::path(
    get, path = "/v1/keeper/statements", tag = "records",
    responses((status = 200, body = StatementsLeft), (status = 403, body = Problem)),
)]
pub(crate) async fn left(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<StatementsLeft>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::KeeperStatements, Resource::Hospital)
        .await?;
    let statements = app.facts().await?.statements_left().await?;
    let mut note = permit.note();
    note.put("statements", statements.len());
    permit.record_with(note).await?;
    Ok(Json(StatementsLeft { statements }))
}

/// The record keeper has made these durable, and need not be given them again.
#[utoipa::path(
    post, path = "/v1/keeper/statements/taken", tag = "records", request_body = StatementsTaken,
    responses(
        (status = 204), (status = 400, body = Problem), (status = 403, body = Problem),
    ),
)]
pub(crate) async fn taken(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<StatementsTaken>,
) -> Result<StatusCode, Refusal> {
    if request.hashes.len() > MOST {
        return Err(Refusal::InvalidBody {
            field: "hashes".to_owned(),
            expected: format!("at most {MOST} statements"),
        });
    }
    let permit = app
        .decide(caller.asker(), Action::KeeperStatements, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    change!(permit.kind(TAKEN), |tx, note| {
        let mut marks = Vec::new();
        for hash in &request.hashes {
            if tx.take_statement(&hash.0, now_ms).await?
                && let Some(kept) = tx.statement(&hash.0).await?
            {
                marks.push(crate::routes::records::mark(&kept.signed));
            }
        }
        note.put("statements", marks);
        Ok(())
    })?;
    app.bus.publish(Hint::Records);
    Ok(StatusCode::NO_CONTENT)
}

const TAKEN: Kind = Kind::named("records.taken");
const MOST: usize = 100;
