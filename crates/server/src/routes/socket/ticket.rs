//! `POST /v1/socket-tickets`: permission to open one socket.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::B64;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::socket::SocketTicket;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::{Caller, token_hash};
use crate::gate::{Permit, change};
use crate::problem::Refusal;
use crate::rim::random;

/// A ticket for one socket within 30 seconds. Browsers cannot put proofs on a WebSocket's
/// handshake; the ticket carries this request's proof over, in the first frame and never in a URL.
#[utoipa::path(
    post, path = "/v1/socket-tickets", tag = "socket",
    responses((status = 201, body = SocketTicket), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<(StatusCode, Json<SocketTicket>), Refusal> {
    let permit = app
        .decide(caller.asker(), Action::SocketOpen, Resource::Hospital)
        .await?;
    let permit = listening(&caller, permit).await?;
    let now_ms = permit.now_ms();
    let ticket = B64::from(random::<32>()).encode();
    change!(permit.kind(ISSUED), |tx, _note| {
        let (hash, ends) = (token_hash(&ticket), now_ms + LIFETIME_MS);
        Ok(tx
            .create_ticket(&hash, caller.session(), ends, now_ms)
            .await?)
    })?;
    Ok((StatusCode::CREATED, Json(SocketTicket { ticket })))
}

/// A bot that only writes opens no socket, whatever the policies say: over it comes what others write,
/// and the bot's keys open that. A refusal is recorded.
pub(crate) async fn listening(caller: &Caller, permit: Permit) -> Result<Permit, Refusal> {
    if !caller.is_kept_from_reading() {
        return Ok(permit);
    }
    let refusal = writes_only();
    let mut note = permit.note();
    note.refused(WRITES_ONLY);
    permit.record_with(note).await?;
    Err(refusal)
}

/// The baseline's word for it.
pub(crate) fn writes_only() -> Refusal {
    Refusal::Denied {
        code: WRITES_ONLY.to_owned(),
        advice: vec![
            "This bot may write and not read. A security officer can let it, under Integrations."
                .to_owned(),
        ],
    }
}

const WRITES_ONLY: &str = "bot_reads";
const LIFETIME_MS: u64 = 30_000;
const ISSUED: Kind = Kind::named("socket.ticket_issued");
