//! `POST /v1/factors/{id}/resync`: a generator whose clock or count has run away is found again.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_factors::Progress;
use wardline_model::FactorId;
use wardline_model::wire::factors::{FactorInfo, FactorResync};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::factors::guarded;

/// Takes two codes, one right after the other, further away than a single one may be (RFC 4226 §7.4,
/// RFC 6238 §6).
#[utoipa::path(
    post, path = "/v1/factors/{id}/resync", tag = "factors", request_body = FactorResync,
    params(("id" = FactorId, Path)),
    responses(
        (status = 200, body = FactorInfo), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 429, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<FactorId>,
    Body(request): Body<FactorResync>,
) -> Result<Json<FactorInfo>, Refusal> {
    let resource = Resource::Factors {
        owner: caller.user(),
    };
    let permit = app
        .decide(caller.asker(), Action::FactorUse, resource)
        .await?;
    let now_ms = permit.now_ms();
    let factor = change!(permit.kind(RESYNCED), |tx, note| {
        let factor = super::own(tx, &caller, id).await?;
        let Progress { next, drift } = guarded!(tx, note, &caller, now_ms, {
            let secret = tx.factor_secret(id).await?.ok_or(Refusal::NotFound)?;
            let codes = [request.first.as_str(), request.second.as_str()];
            super::generator(&factor)?
                .resync(&secret, super::progress(&factor), codes, now_ms / 1000)
                .map_err(Refusal::internal)?
                .ok_or(Refusal::CodeWrong)
        });
        if !tx.use_factor(id, factor.next, next, drift, now_ms).await? {
            return Err(Refusal::ChangedMeanwhile);
        }
        note.put("factor", id.to_string());
        Ok(Ok(super::own(tx, &caller, id).await?))
    })??;
    Ok(Json(super::info(factor)?))
}

const RESYNCED: Kind = Kind::named("factor.resynced");
