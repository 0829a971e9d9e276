//! `GET /v1/looks`: looks at charts that somebody should look at.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::LookId;
use wardline_model::wire::looks::LookList;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::LookPage;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Params;
use crate::problem::Refusal;
use crate::snooping;

/// Which of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// `waiting` where nothing was said of it (the default), `asked`, or `done`.
    #[serde(default)]
    show: Show,
    /// Only those at canaries.
    #[serde(default)]
    canaries: bool,
    /// The `next` of the part before; without it, the first.
    after: Option<LookId>,
}

/// What was said of them.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Show {
    #[default]
    Waiting,
    Asked,
    Done,
}

/// Looks at canaries first, then by how much they look like snooping, thirty at a time.
#[utoipa::path(
    get, path = "/v1/looks", tag = "patients", params(Which),
    responses(
        (status = 200, body = LookList), (status = 400, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Params(which): Params<Which>,
) -> Result<Json<LookList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::LookList, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let mut facts = app.facts().await?;
    let after = match which.after {
        Some(id) => {
            let look = facts.look_at_chart(id).await?;
            let look = look.ok_or(Refusal::InvalidParameter("after"))?;
            Some((look.rank, id))
        }
        None => None,
    };
    let (a_day, since_ms) = (app.config.looks.a_day, snooping::listed_since(now_ms));
    let page = LookPage {
        show: match which.show {
            Show::Waiting => "waiting",
            Show::Asked => "asked",
            Show::Done => "done",
        },
        canaries: which.canaries,
        a_day,
        since_ms,
        after,
        limit: AT_ONCE,
    };
    let found = facts.looks(&page).await?;
    let is_full = found.len() >= AT_ONCE as usize;
    let next = found.last().filter(|_| is_full).map(|look| look.look_id);
    let waiting = facts.looks_waiting(a_day, since_ms).await?;
    let mut looks = Vec::with_capacity(found.len());
    for look in found {
        looks.push(super::info(&mut facts, look, false, now_ms).await?);
    }
    drop(facts);
    permit.record().await?;
    Ok(Json(LookList {
        looks,
        waiting,
        next,
        a_day,
    }))
}

const AT_ONCE: u32 = 30;
