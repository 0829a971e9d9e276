//! `POST /v1/looks/{id}/review`: say what came of a look.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::LookId;
use wardline_model::wire::looks::{LookInfo, LookOutcome, LookReview};
use wardline_model::wire::problem::Problem;
use wardline_policy::Action;
use zeroize::Zeroizing;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::glass::words;

/// Says what came of a look. That the person was asked is said before the last word, which is said once.
#[utoipa::path(
    post, path = "/v1/looks/{id}/review", tag = "patients", params(("id" = LookId, Path)),
    request_body = LookReview,
    responses(
        (status = 200, body = LookInfo), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<LookId>,
    Body(request): Body<LookReview>,
) -> Result<Json<LookInfo>, Refusal> {
    let outcome = match request.outcome {
        LookOutcome::Fine => "fine",
        LookOutcome::Asked => "asked",
        LookOutcome::FollowedUp => "followed_up",
        LookOutcome::Waiting => {
            return Err(Refusal::InvalidBody {
                field: "outcome".to_owned(),
                expected: "fine, asked or followed_up".to_owned(),
            });
        }
    };
    let says_nothing = request.note.trim().is_empty();
    let words = if says_nothing && request.outcome == LookOutcome::Fine {
        Zeroizing::new(Vec::new())
    } else {
        words(&request.note, "note")?
    };
    let (look, resource) = super::looked_up(&app, id).await?;
    let permit = app
        .decide(caller.asker(), Action::LookReview, resource)
        .await?;
    let now_ms = permit.now_ms();
    let info = change!(permit.kind(REVIEWED), |tx, note| {
        note.put("user", look.user_id.to_string())
            .put("outcome", outcome);
        if !tx
            .review_look(id, outcome, &words, caller.user(), now_ms)
            .await?
        {
            return Err(Refusal::ChangedMeanwhile);
        }
        let look = tx.look_at_chart(id).await?.ok_or(Refusal::NotFound)?;
        super::info(tx, look, true, now_ms).await
    })?;
    app.bus.publish(Hint::Looks);
    Ok(Json(info))
}

const REVIEWED: Kind = Kind::named("look.reviewed");
