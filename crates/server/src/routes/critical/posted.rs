//! `POST /v1/critical-calls/{id}/posted`: a bot told a role.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::CriticalId;
use wardline_model::wire::critical::CriticalPosted;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::hl7::Told;
use crate::problem::Refusal;
use crate::routes::critical::patient_of;

/// Notes by which STAT message a call was told. The message has to be there: the bot's own, with the role and
/// about the patient of the call. What the call says is gone then; the same again changes nothing.
#[utoipa::path(
    post, path = "/v1/critical-calls/{id}/posted", tag = "integrations",
    params(("id" = CriticalId, Path)), request_body = CriticalPosted,
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 400, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CriticalId>,
    Body(posted): Body<CriticalPosted>,
) -> Result<StatusCode, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::CriticalCallTake, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let waited = change!(permit.kind(POSTED), |tx, note| {
        note.put("call", id.to_string())
            .put("group", posted.group.to_string())
            .put("seq", posted.seq);
        let Some(call) = tx.critical_call(id).await? else {
            return match tx
                .critical_posted(id, posted.group, posted.seq, now_ms)
                .await?
            {
                Some(_) => Ok(None),
                None => Err(Refusal::NotFound),
            };
        };
        let told: Told = serde_json::from_slice(call.body.expose()).map_err(Refusal::internal)?;
        let patient = patient_of(tx, &told).await?;
        let before = posted.seq.checked_sub(1).ok_or_else(another)?;
        let group = tx.group(posted.group).await?.ok_or_else(another)?;
        let entry = tx.entries_after(posted.group, before, 1).await?;
        let entry = entry.first().filter(|entry| entry.seq == posted.seq);
        let is_it = entry.is_some_and(|entry| {
            entry.sender == Some(caller.user()) && entry.priority == Priority::Stat
        });
        if !is_it || group.role.as_ref() != Some(&call.role) || group.patient_id != patient {
            return Err(another());
        }
        tx.critical_posted(id, posted.group, posted.seq, now_ms)
            .await?;
        Ok(Some(now_ms.saturating_sub(call.due_at)))
    })?;
    if let Some(waited) = waited {
        metrics::counter!("wardline_critical_calls_total", "outcome" => "posted").increment(1);
        let seconds = std::time::Duration::from_millis(waited).as_secs_f64();
        metrics::histogram!("wardline_critical_call_seconds").record(seconds);
    }
    Ok(StatusCode::NO_CONTENT)
}

fn another() -> Refusal {
    Refusal::InvalidBody {
        field: "seq".to_owned(),
        expected: "the bot's own STAT message to the role, about the patient of the call"
            .to_owned(),
    }
}

const POSTED: Kind = Kind::named("critical.posted");
