//! `POST /v1/pager/numbers`: by what the pager system reaches people.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::integrations::{PagerNumbers, PagerNumbersTaken};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use zeroize::Zeroizing;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::pager::numbers;
use crate::problem::Refusal;

/// Takes a list of numbers, whole or not at all. People who are not in it keep theirs.
#[utoipa::path(
    post, path = "/v1/pager/numbers", tag = "integrations", request_body = PagerNumbers,
    responses(
        (status = 200, body = PagerNumbersTaken), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<PagerNumbers>,
) -> Result<Json<PagerNumbersTaken>, Refusal> {
    let permit = app
        .decide(
            caller.asker(),
            Action::IntegrationManage,
            Resource::Hospital,
        )
        .await?;
    let now_ms = permit.now_ms();
    let text = Zeroizing::new(request.text);
    let read = numbers::read(&text);
    let (set, removed) = change!(permit.kind(CHANGED), |tx, note| {
        let read = read
            .as_ref()
            .map_err(|reasons| Refusal::ImportRefused(reasons.clone()))?;
        let (set, removed) = numbers::write(tx, read, now_ms)
            .await?
            .map_err(Refusal::ImportRefused)?;
        note.put("set", set).put("removed", removed);
        Ok((set, removed))
    })?;
    Ok(Json(PagerNumbersTaken { set, removed }))
}

const CHANGED: Kind = Kind::named("pager.numbers_changed");
