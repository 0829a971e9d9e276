//! `POST /v1/sessions/step-up/code`: prove by a one-time code that it is you, in the same session.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::factors::FactorCode;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::SteppedUp;
use wardline_policy::{Action, Place, Resource};
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
    let session = caller.session();
    let seen = change!(permit.kind(VERIFIED), |tx, note| {
        let usable = factors::usable(tx, user).await?;
        guarded!(tx, note, &caller, now_ms, {
            factors::spend(tx, note, &usable, &request.code, now_ms).await?
        });
        if !tx.note_code(session, now_ms).await? {
            return Err(Refusal::SessionEnded("it was ended"));
        }
        // What was unusual about the session was the person all the same. What is refused whatever
        // is proven stays so until an officer has cleared it.
        let open = caller.asker().risk < app.gate.limits().risk_deny;
        let confirmed = open && tx.confirm_risk_event(session, now_ms).await?;
        let seen = risk::seen_of(tx, session).await?;
        if confirmed {
            tx.set_session_risk(session, 0, Place::Known.as_str(), "[]")
                .await?;
        }
        Ok(Ok(seen.filter(|_| confirmed)))
    })??;
    if let Some(seen) = seen {
        risk::learn(&app, &seen, Outcome::Confirmed).await;
    }
    Ok(Json(SteppedUp {
        verified_at: now_ms,
    }))
}

const VERIFIED: Kind = Kind::named("session.code_verified");
