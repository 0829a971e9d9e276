//! `GET /v1/groups/{id}/log?after=&limit=`: what a device has missed.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use wardline_model::wire::messages::{Entry, EntryKind, EntryList};
use wardline_model::wire::problem::Problem;
use wardline_model::{B64, GroupId, UserId};
use wardline_policy::Action;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Id, Params};
use crate::problem::Refusal;
use crate::routes::groups::Standing;

/// Which part of the log.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// The place of the last entry seen; 0 for all.
    #[serde(default)]
    after: u64,
    /// How many at most; 100 unless told, 500 at most.
    #[serde(default = "Part::usual")]
    limit: u32,
}

impl Part {
    const fn usual() -> u32 {
        100
    }
}

/// Entries in order, from the place where this device joined.
#[utoipa::path(
    get, path = "/v1/groups/{id}/log", tag = "conversations",
    params(("id" = GroupId, Path), Part),
    responses(
        (status = 200, body = EntryList),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GroupId>,
    Params(part): Params<Part>,
) -> Result<Json<EntryList>, Refusal> {
    let mut facts = app.facts().await?;
    let standing = Standing::of(&mut facts, id, &caller).await?;
    let permit = app
        .decide(caller.asker(), Action::GroupReadLog, standing.resource())
        .await?;
    // A device that is not in the group can open nothing in it.
    let mut entries = match &standing.device {
        Some(device) => {
            let after = part.after.max(device.joined_seq);
            facts
                .entries_after(id, after, part.limit.clamp(1, 500))
                .await?
        }
        None => Vec::new(),
    };
    drop(facts);
    if caller.is_kept_from_reading() {
        for entry in &mut entries {
            withhold(entry, caller.user());
        }
    }
    let mut note = permit.note();
    note.put("after", part.after).put("entries", entries.len());
    permit.record_with(note).await?;
    Ok(Json(EntryList {
        entries,
        last_seq: standing.group.last_seq,
    }))
}

/// A bot that only writes follows the conversation's keys, and gets no message of others: not even the
/// ciphertext, for it could open it.
fn withhold(entry: &mut Entry, reader: UserId) {
    if entry.kind == EntryKind::Message && entry.sender != Some(reader) {
        entry.body = B64::default();
    }
}
