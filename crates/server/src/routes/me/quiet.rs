//! `GET` and `PUT /v1/me/quiet`: when messages ring for the person.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::quiet::{Batching, QuietChoice, QuietInfo};
use wardline_policy::{Action, Resource};
use wardline_store::Tx;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::push::when::{Now, kept, read, rejudge};

/// What the person chose, within which bounds, and what it means now.
#[utoipa::path(
    get, path = "/v1/me/quiet", tag = "people",
    responses((status = 200, body = QuietInfo), (status = 401, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<QuietInfo>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::MeRead, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let info = info(&app, &mut facts, &caller, permit.now_ms()).await?;
    drop(facts);
    permit.record().await?;
    Ok(Json(info))
}

/// Chooses. What waits already is judged by it at once, so that nothing waits for a break that is none
/// any more.
#[utoipa::path(
    put, path = "/v1/me/quiet", tag = "people", request_body = QuietChoice,
    responses(
        (status = 200, body = QuietInfo), (status = 400, body = Problem),
        (status = 401, body = Problem),
    ),
)]
pub(crate) async fn choose(
    State(app): State<App>,
    caller: Caller,
    Body(choice): Body<QuietChoice>,
) -> Result<Json<QuietInfo>, Refusal> {
    let kept =
        kept(&choice, &app.config.quiet).map_err(|(field, expected)| Refusal::InvalidBody {
            field: field.to_owned(),
            expected,
        })?;
    let permit = app
        .decide(caller.asker(), Action::AvailabilitySet, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let info = change!(permit.kind(CHOSEN), |tx, note| {
        tx.put_quiet_choice(caller.user(), &kept, now_ms).await?;
        rejudge(tx, &app, caller.user(), now_ms).await?;
        note.put("batch", kept.batch.as_str())
            .put("off_duty", kept.off_duty.clone());
        info(&app, tx, &caller, now_ms).await
    })?;
    app.push.due();
    Ok(Json(info))
}

async fn info(app: &App, tx: &mut Tx, caller: &Caller, now_ms: u64) -> Result<QuietInfo, Refusal> {
    let quiet = &app.config.quiet;
    let stored = tx.quiet_choice(caller.user()).await?;
    let waiting = tx.waiting_rings(caller.user()).await?.len();
    Ok(QuietInfo {
        choice: stored.as_ref().map_or_else(|| Ok(nothing()), read)?,
        hospital_minutes: quiet.batch_minutes,
        hospital_off_duty: quiet.off_duty,
        least: quiet.off_duty_least,
        most: quiet.off_duty_most,
        longest_minutes: quiet.longest_minutes,
        now: Now::of(tx, app, caller.user(), now_ms).await?.quietly(),
        waiting: u64::try_from(waiting).unwrap_or(u64::MAX),
    })
}

const fn nothing() -> QuietChoice {
    QuietChoice {
        batch: Batching::Hospital,
        minutes: None,
        breaks: Vec::new(),
        zone: None,
        off_duty: None,
    }
}

const CHOSEN: Kind = Kind::named("quiet.chosen");
