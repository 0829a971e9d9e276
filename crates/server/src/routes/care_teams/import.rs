//! `POST /v1/care-teams/import`: who is on patients' care teams, from a file.

use axum::Json;
use axum::extract::State;
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::teams::{CareTeamImport, CareTeamsImported};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::care_teams::{self, Outcome};
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;
use crate::routes::bots;

/// Takes care teams, whole or not at all: the team of each patient that is named becomes who is named with
/// them, so people come off it as well as onto it. A dry run says what would change and what to look at. The
/// apps of who is in a conversation with such a team hear of it within a second or two.
#[utoipa::path(
    post, path = "/v1/care-teams/import", tag = "patients", request_body = CareTeamImport,
    responses(
        (status = 200, body = CareTeamsImported), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<CareTeamImport>,
) -> Result<Json<CareTeamsImported>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::CareTeamManage, Resource::Hospital)
        .await?;
    let permit = bots::within_rate(&app, &caller, permit).await?;
    let (by, now_ms) = (Some(caller.user()), permit.now_ms());
    let teams = care_teams::read(request.text.as_bytes());
    let told = if request.dry_run {
        let outcome = match teams {
            Ok(teams) => {
                let mut facts = app.facts().await?;
                let outcome = care_teams::import(&mut facts, &teams, by, false, now_ms).await;
                outcome.map(|outcome| outcome.told).map_err(Refusal::from)
            }
            Err(reasons) => Err(Refusal::ImportRefused(reasons)),
        };
        let permit = permit.kind(TRIED);
        let mut note = permit.note();
        match &outcome {
            Ok(told) => {
                note.put("patients", told.patients);
            }
            Err(refusal) => {
                note.refused(refusal.name());
            }
        }
        permit.record_with(note).await?;
        outcome?
    } else {
        change!(permit.kind(care_teams::IMPORTED), |tx, note| {
            let teams = teams
                .as_ref()
                .map_err(|reasons| Refusal::ImportRefused(reasons.clone()))?;
            let Outcome { told, changes } = care_teams::import(tx, teams, by, true, now_ms).await?;
            if told.stopped {
                let stops = told.findings.into_iter().filter(|finding| finding.stops);
                return Err(Refusal::ImportRefused(
                    stops.map(|finding| format!("{}.", finding.words)).collect(),
                ));
            }
            for change in &changes {
                let event = care_teams::event(note.one_more(care_teams::CHANGED), change);
                tx.audit(&event, Salt(random())).await?;
            }
            for (name, value) in care_teams::counts(&told) {
                note.put(name, value);
            }
            Ok(told)
        })?
    };
    Ok(Json(CareTeamsImported {
        // Who comes and leaves is for people to check; a program has no need of it.
        changes: if caller.is_bot() {
            Vec::new()
        } else {
            told.changes
        },
        ..told
    }))
}

const TRIED: Kind = Kind::named("care_team.tried");
