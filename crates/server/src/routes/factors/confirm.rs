//! `POST /v1/factors/{id}/confirm`: the first code of a generator.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::FactorId;
use wardline_model::wire::factors::{FactorCode, FactorInfo};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::factors::guarded;

/// Its person has it and can read it: from now on its codes count. The session is proven by it no
/// better: whoever adds a generator cannot use that to look like somebody who had one.
#[utoipa::path(
    post, path = "/v1/factors/{id}/confirm", tag = "factors", request_body = FactorCode,
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
    Body(request): Body<FactorCode>,
) -> Result<Json<FactorInfo>, Refusal> {
    let resource = Resource::Factors {
        owner: caller.user(),
    };
    let permit = app
        .decide(caller.asker(), Action::FactorUse, resource)
        .await?;
    let now_ms = permit.now_ms();
    let factor = change!(permit.kind(CONFIRMED), |tx, note| {
        let factor = [super::own(tx, &caller, id).await?];
        guarded!(tx, note, &caller, now_ms, {
            super::spend(tx, note, &factor, &request.code, now_ms).await?
        });
        Ok(Ok(super::own(tx, &caller, id).await?))
    })??;
    Ok(Json(super::info(factor)?))
}

const CONFIRMED: Kind = Kind::named("factor.confirmed");
