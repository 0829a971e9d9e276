//! `PUT /v1/me/availability`: until when a person is not to be disturbed.

use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::wire::directory::Availability;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::escalations::{publish, quiet_changed};
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::push::when::rejudge;

/// Until then the person's devices ring for STAT messages only; what waited rings then, once. Whoever is about to write to them
/// is told. It always has an end, so that nobody stays quiet by oversight.
#[utoipa::path(
    put, path = "/v1/me/availability", tag = "people", request_body = Availability,
    responses(
        (status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(availability): Body<Availability>,
) -> Result<StatusCode, Refusal> {
    let now_ms = app.clock.now_ms();
    let until = availability.quiet_until;
    if until.is_some_and(|until| until <= now_ms || until > now_ms + LONGEST_MS) {
        return Err(Refusal::InvalidBody {
            field: "quiet_until".to_owned(),
            expected: "a time within the next 24 hours".to_owned(),
        });
    }
    let permit = app
        .decide(caller.asker(), Action::AvailabilitySet, Resource::Hospital)
        .await?;
    let user = caller.user();
    let now_ms = permit.now_ms();
    let moved = change!(permit.kind(SET), |tx, note| {
        tx.set_quiet(user, until).await?;
        rejudge(tx, &app, user, now_ms).await?;
        note.put("quiet_until", until);
        // Whoever asks them waits for somebody else from now on.
        quiet_changed(tx, &app, user, now_ms).await
    })?;
    for page in moved {
        publish(&app, page);
    }
    app.push.due();
    Ok(StatusCode::NO_CONTENT)
}

const SET: Kind = Kind::named("availability.set");
const LONGEST_MS: u64 = 24 * 60 * 60 * 1000;
