//! `POST /v1/recoveries`: ask that somebody who lost every device has a new one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::RecoveryId;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::programs::Path;
use wardline_model::wire::recoveries::{RecoveryInfo, RecoveryRequest};
use wardline_policy::{Action, Program, Resource};
use wardline_store::NewRecovery;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;
use crate::routes::invites;

/// Asks for a recovery. It waits a day for a second officer.
#[utoipa::path(
    post, path = "/v1/recoveries", tag = "devices", request_body = RecoveryRequest,
    responses(
        (status = 201, body = RecoveryInfo),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<RecoveryRequest>,
) -> Result<(StatusCode, Json<RecoveryInfo>), Refusal> {
    let program: Program = request.program.parse().map_err(|_| wrong_program())?;
    let reason = request.reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(Refusal::InvalidBody {
            field: "reason".to_owned(),
            expected: format!("1 to {LONGEST_REASON} characters"),
        });
    }
    let resource = Resource::Recovery {
        person: request.user_id,
        asked_by: caller.user(),
    };
    let permit = app
        .decide(caller.asker(), Action::RecoveryAsk, resource)
        .await?;
    // A registered device is handed out by its serial number, which an invitation names.
    if invites::path(&app, program).await? == Path::Registered {
        return Err(wrong_program());
    }
    let now_ms = permit.now_ms();
    let new = NewRecovery {
        recovery_id: RecoveryId::from_random(random()),
        user_id: request.user_id,
        program: program.as_str().to_owned(),
        reason: reason.to_owned(),
        asked_by: caller.user(),
        expires_at: now_ms + LIFETIME_MS,
    };
    let info = change!(permit.kind(ASKED), |tx, note| {
        if tx.person(new.user_id).await?.is_none() {
            return Err(Refusal::NotFound);
        }
        if !invites::recovers(tx, new.user_id).await? {
            return Err(Refusal::NothingToRecover);
        }
        if !tx.create_recovery(&new, now_ms).await? {
            return Err(Refusal::RecoveryWaits);
        }
        note.put("recovery", new.recovery_id.to_string())
            .put("user", new.user_id.to_string())
            .put("program", program.as_str());
        let recovery = tx.recovery(new.recovery_id).await?;
        let infos = super::infos(tx, recovery.into_iter().collect(), now_ms).await?;
        infos.into_iter().next().ok_or(Refusal::NotFound)
    })?;
    Ok((StatusCode::CREATED, Json(info)))
}

fn wrong_program() -> Refusal {
    Refusal::InvalidBody {
        field: "program".to_owned(),
        expected: "a program whose devices are enrolled without a registered serial number"
            .to_owned(),
    }
}

const LONGEST_REASON: usize = 500;
const LIFETIME_MS: u64 = 24 * 60 * 60 * 1000;
const ASKED: Kind = Kind::named("recovery.asked");
