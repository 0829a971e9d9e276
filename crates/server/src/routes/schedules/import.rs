//! `POST /v1/schedules/import`: turns or shifts from a file.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::schedules::{ScheduleImport, ScheduleImported};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::schedules;

/// Takes a schedule, whole or not at all: within its time it replaces the turns of the roles, or the
/// shifts of the people, that are in it. A dry run says what would change and what to look at.
#[utoipa::path(
    post, path = "/v1/schedules/import", tag = "people", request_body = ScheduleImport,
    responses(
        (status = 200, body = ScheduleImported), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<ScheduleImport>,
) -> Result<Json<ScheduleImported>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::ScheduleManage, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let dry_run = request.dry_run;
    // Events that recur are expanded: not on a thread that serves others.
    let upload = tokio::task::spawn_blocking(move || {
        let text = request.text.as_bytes();
        schedules::read(request.format, text, request.from, request.until, now_ms)
    })
    .await
    .map_err(Refusal::internal)?;
    if dry_run {
        let outcome = match &upload {
            Ok(upload) => {
                let mut facts = app.facts().await?;
                let told = schedules::import(&mut facts, upload, false, now_ms).await;
                told.map_err(Refusal::from)
            }
            Err(reasons) => Err(Refusal::ImportRefused(reasons.clone())),
        };
        let permit = permit.kind(TRIED);
        let mut note = permit.note();
        if let Err(refusal) = &outcome {
            note.refused(refusal.name());
        }
        permit.record_with(note).await?;
        return outcome.map(Json);
    }
    let imported = change!(permit.kind(schedules::IMPORTED), |tx, note| {
        let upload = upload
            .as_ref()
            .map_err(|reasons| Refusal::ImportRefused(reasons.clone()))?;
        tx.lock_schedules().await?;
        let imported = schedules::import(tx, upload, true, now_ms).await?;
        if imported.stopped {
            let stops = imported
                .findings
                .into_iter()
                .filter(|finding| finding.stops);
            return Err(Refusal::ImportRefused(
                stops.map(|finding| format!("{}.", finding.words)).collect(),
            ));
        }
        note.put("added", imported.added)
            .put("removed", imported.removed)
            .put("changed", imported.changed)
            .put(
                "roles",
                imported
                    .roles
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>(),
            )
            .put("from", imported.from)
            .put("until", imported.until);
        Ok(imported)
    })?;
    app.bus.publish(Hint::Roles);
    Ok(Json(imported))
}

const TRIED: Kind = Kind::named("schedule.tried");
