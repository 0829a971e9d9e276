//! `DELETE /v1/factors/{id}`: a generator is taken away.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::FactorId;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Id;
use crate::gate::change;
use crate::problem::Refusal;

/// An app's generator is forgotten; a card goes back to the hospital's. Nobody goes below what their
/// own role needs; an officer may, since what was lost is lost.
#[utoipa::path(
    delete, path = "/v1/factors/{id}", tag = "factors", params(("id" = FactorId, Path)),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<FactorId>,
) -> Result<StatusCode, Refusal> {
    let owner = super::owner(&app, id).await?;
    let permit = app
        .decide(
            caller.asker(),
            Action::FactorRemove,
            Resource::Factors { owner },
        )
        .await?;
    let now_ms = permit.now_ms();
    change!(permit.kind(REMOVED), |tx, note| {
        tx.lock_devices_of(&[owner]).await?;
        let usable = super::usable(tx, owner).await?;
        if owner == caller.user() && usable.iter().any(|factor| factor.factor_id == id) {
            super::spare(tx, &app, &caller, now_ms).await?;
        }
        if !tx.remove_factor(id).await? {
            return Err(Refusal::NotFound);
        }
        if owner != caller.user() {
            tx.forget_all_tries(owner).await?;
        }
        note.put("factor", id.to_string())
            .put("user", owner.to_string());
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const REMOVED: Kind = Kind::named("factor.removed");
