//! `POST /v1/people/reachability`: which of several people would notice a message.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use wardline_model::UserId;
use wardline_model::wire::directory::{ReachList, ReachOf, ReachQuery};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use super::reachability::{last_seen, phone};
use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::problem::Refusal;

/// How each of several people can be reached now, as before a message to a group. It is as coarse as
/// about one of them, and one event of the log. Whoever is not known is left out.
#[utoipa::path(
    post, path = "/v1/people/reachability", tag = "people",
    request_body = ReachQuery,
    responses(
        (status = 200, body = ReachList), (status = 400, body = Problem),
        (status = 403, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(query): Body<ReachQuery>,
) -> Result<Json<ReachList>, Refusal> {
    let asked: BTreeSet<UserId> = query.user_ids.into_iter().collect();
    if asked.len() > MOST {
        return Err(Refusal::InvalidBody {
            field: "user_ids".to_owned(),
            expected: format!("at most {MOST} people"),
        });
    }
    let permit = app
        .decide(caller.asker(), Action::PersonReach, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let mut note = permit.note();
    let ids: Vec<String> = asked.iter().map(ToString::to_string).collect();
    note.put("people", ids);
    permit.record_with(note).await?;
    let mut facts = app.facts().await?;
    let mut people = Vec::new();
    for user_id in asked {
        if let Some(reach) = facts.reach(user_id, now_ms).await? {
            people.push(ReachOf {
                user_id,
                on_shift: reach.on_shift,
                quiet_until: reach.quiet_until,
                phone: phone(&app, &reach, now_ms),
                last_seen: last_seen(&reach, now_ms),
            });
        }
    }
    Ok(Json(ReachList { people }))
}

/// Of more it is not said: some of them will notice.
const MOST: usize = 50;
