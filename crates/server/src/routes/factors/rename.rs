//! `PUT /v1/factors/{id}`: a generator gets another name.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::FactorId;
use wardline_model::wire::factors::NewFactor as Request;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;

/// Names one of one's own generators.
#[utoipa::path(
    put, path = "/v1/factors/{id}", tag = "factors", request_body = Request,
    params(("id" = FactorId, Path)),
    responses((status = 204), (status = 404, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<FactorId>,
    Body(request): Body<Request>,
) -> Result<StatusCode, Refusal> {
    let owner = caller.user();
    let permit = app
        .decide(
            caller.asker(),
            Action::FactorUse,
            Resource::Factors { owner },
        )
        .await?;
    let name = super::name(&request.name)?;
    change!(permit.kind(NAMED), |tx, note| {
        if !tx.rename_factor(id, owner, name).await? {
            return Err(Refusal::NotFound);
        }
        note.put("factor", id.to_string());
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

const NAMED: Kind = Kind::named("factor.named");
