//! `PUT /v1/schedules/{id}/turns`: who has a role for a time.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::RoleSlug;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::schedules::{ScheduledRole, ScheduledTurn, TurnEdit};
use wardline_policy::{Action, Resource};
use wardline_roster::slot::Window;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::{schedules, shape};

/// Gives a role to somebody for a time, or to nobody; turns that reach beyond it keep the rest.
#[utoipa::path(
    put, path = "/v1/schedules/{id}/turns", tag = "people", request_body = TurnEdit,
    params(("id" = RoleSlug, Path)),
    responses(
        (status = 200, body = ScheduledRole), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(slug): Id<RoleSlug>,
    Body(edit): Body<TurnEdit>,
) -> Result<Json<ScheduledRole>, Refusal> {
    let now_ms = caller.asker().now_ms;
    // Who was on call is history, and stays.
    let window = Window::new(edit.from.max(now_ms), edit.until)
        .filter(|window| window.until_ms() - window.from_ms() <= schedules::LONGEST_MS)
        .ok_or_else(|| Refusal::InvalidBody {
            field: "until".to_owned(),
            expected: "a time after the beginning and after now, within 400 days".to_owned(),
        })?;
    let permit = app
        .decide(caller.asker(), Action::ScheduleManage, Resource::Hospital)
        .await?;
    let role = change!(permit.kind(CHANGED), |tx, note| {
        note.put("role", slug.as_str())
            .put("from", window.from_ms())
            .put("until", window.until_ms());
        tx.lock_schedules().await?;
        let role = tx.oncall_role(&slug, now_ms).await?;
        let role = role.ok_or(Refusal::NotFound)?;
        if let Some(user) = edit.user_id {
            note.put("user", user.to_string());
            let person = tx.person(user).await?;
            person
                .filter(|person| person.active)
                .ok_or(Refusal::NotFound)?;
        }
        schedules::assign(tx, &slug, edit.user_id, window).await?;
        let turns = tx
            .turns_between(window.from_ms(), window.until_ms())
            .await?;
        let mut shown = Vec::new();
        for turn in turns.into_iter().filter(|turn| turn.slug == slug) {
            let person = tx.person(turn.user_id).await?.ok_or(Refusal::NotFound)?;
            shown.push(ScheduledTurn {
                from: turn.from_ms,
                until: turn.until_ms,
                user: shape::brief(person),
            });
        }
        Ok(ScheduledRole {
            slug: role.slug,
            title: role.title,
            department: role.department,
            turns: shown,
            signed_until: None,
            // They were changed just now.
            unsigned_changes: true,
        })
    })?;
    app.bus.publish(Hint::Roles);
    Ok(Json(role))
}

const CHANGED: Kind = Kind::named("schedule.changed");
