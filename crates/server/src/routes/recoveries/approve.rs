//! `POST /v1/recoveries/{id}/approve`: a second officer agrees.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::RecoveryId;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::recoveries::Recovered;
use wardline_policy::{Action, Program, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::codes::{self, Invitation};
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::invites;

/// Agrees to a recovery, and gives the invitation for the person's new device.
#[utoipa::path(
    post, path = "/v1/recoveries/{id}/approve", tag = "devices",
    params(("id" = RecoveryId, Path)),
    responses(
        (status = 200, body = Recovered),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RecoveryId>,
) -> Result<Json<Recovered>, Refusal> {
    let recovery = app.facts().await?.recovery(id).await?;
    let recovery = recovery.ok_or(Refusal::NotFound)?;
    let resource = Resource::Recovery {
        person: recovery.user_id,
        asked_by: recovery.asked_by,
    };
    let permit = app
        .decide(caller.asker(), Action::RecoveryApprove, resource)
        .await?;
    let now_ms = permit.now_ms();
    let program: Program = recovery
        .program
        .parse()
        .map_err(|_| Refusal::internal("a recovery is for a program that there is not"))?;
    let invitation = Invitation {
        user: recovery.user_id,
        program,
        genesis: false,
        confirmed: false,
        invited_by: Some(caller.user()),
        serial: None,
    };
    let (made, info) = change!(permit.kind(APPROVED), |tx, note| {
        note.put("recovery", id.to_string())
            .put("user", recovery.user_id.to_string())
            .put("asked_by", recovery.asked_by.to_string());
        if !tx
            .decide_recovery(id, "approved", caller.user(), now_ms)
            .await?
        {
            return Err(Refusal::ChangedMeanwhile);
        }
        // Meanwhile the person may have found a device.
        if !invites::recovers(tx, recovery.user_id).await? {
            return Err(Refusal::NothingToRecover);
        }
        let terms = codes::Terms::of(&app.config);
        let made = codes::invite(tx, &app.keys.index, &invitation, &terms, now_ms).await?;
        note.put("invite", made.id.to_string())
            .put("program", program.as_str());
        let decided = tx.recovery(id).await?;
        let infos = super::infos(tx, decided.into_iter().collect(), now_ms).await?;
        let info = infos.into_iter().next().ok_or(Refusal::NotFound)?;
        Ok((made, info))
    })?;
    let genesis = app.facts().await?.genesis().await?;
    Ok(Json(Recovered {
        recovery: info,
        invite: made.into_wire(&app, genesis.as_ref()),
    }))
}

const APPROVED: Kind = Kind::named("recovery.approved");
