//! `POST /v1/sessions/step-up/code`: prove by a one-time code that it is you, in the same session.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::factors::FactorCode;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::SteppedUp;
use wardline_policy::{Action, Resource};
use wardline_risk::Outcome;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::risk;
use crate::routes::factors::{self, guarded};

/// Looks at a code of any generator of the person, and notes in the session that it was right.
#[utoipa::path(
    post, path = "/v1/sessions/step-up/code", tag = "sessions", request_body = FactorCode,
    responses(
        (status = 200, body = SteppedUp), (status = 403, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<FactorCode>,
) -> Result<Json<SteppedUp>, Refusal> {
    let user = caller.user();
    let resource = Resource::Factors { owner: user };
    let permit = app
        .decide(caller.asker(), Action::FactorUse, resource)
        .await?;
    let now_ms = permit.now_ms();
    let seen = change!(permit.kind(VERIFIED), |tx, note| {
        let usable = factors::usable(tx, user).await?;
        guarded!(tx, note, &caller, now_ms, {
            factors::spend(tx, note, &usable, &request.code, now_ms).await?
        });
        if !tx.note_code(caller.session(), now_ms).await? {
            return Err(Refusal::SessionEnded("it was ended"));
        }
        Ok(Ok(risk::confirm(&app, tx, &caller, now_ms).await?))
    })??;
    if let Some(seen) = seen {
        risk::tell_officers(&app);
        risk::learn(&app, &seen, None, Outcome::Confirmed).await;
    }
    Ok(Json(SteppedUp {
        verified_at: now_ms,
    }))
}

const VERIFIED: Kind = Kind::named("session.code_verified");
