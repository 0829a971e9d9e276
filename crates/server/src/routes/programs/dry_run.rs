//! `POST /v1/programs/{slug}/dry-run`: what would other terms do?

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use wardline_model::DeviceId;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::programs::{DryRun, ProgramChange, WouldFall};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::fleet::{self, Rulebook, census};
use crate::gate::change;
use crate::problem::Refusal;

/// Judges the program's devices by other terms, and changes nothing. That those which would fall were
/// looked at is noted for their owners.
#[utoipa::path(
    post, path = "/v1/programs/{slug}/dry-run", tag = "programs",
    params(("slug" = String, Path)), request_body = ProgramChange,
    responses(
        (status = 200, body = DryRun), (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    Body(request): Body<ProgramChange>,
) -> Result<Json<DryRun>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::ProgramChange, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let terms = super::checked(&slug, request.terms)?;
    let mut facts = app.facts().await?;
    let rules = Rulebook::load(&app, &mut facts).await?;
    let everyone = fleet::everyone(&mut facts).await?;
    rules.program(&slug).ok_or(Refusal::NotFound)?;
    let now = super::standings(&rules, &slug, &everyone, now_ms)?;
    let others = rules.clone().with(terms.clone());
    let then = super::standings(&others, &slug, &everyone, now_ms)?;
    let mut worse = Vec::new();
    for ((device, before), (_, after)) in now.iter().zip(&then) {
        if after.standing <= before.standing || worse.len() == MOST {
            continue;
        }
        let reason = after.findings.first().map(|finding| finding.reason.clone());
        worse.push((*device, after.standing, reason.unwrap_or_default()));
    }
    let owners: Vec<_> = worse.iter().map(|(device, ..)| device.user_id).collect();
    let names: HashMap<_, _> = facts
        .people(&owners)
        .await?
        .into_iter()
        .map(|person| (person.user_id, person.name))
        .collect();
    let list = app.feeds.revocations_at(&mut facts).await?;
    drop(facts);
    let others = worse.iter().map(|(device, ..)| device);
    let others = others.filter(|device| device.user_id != caller.user());
    let seen: Vec<DeviceId> = others.map(|device| device.device_id).collect();
    change!(permit, |tx, _note| {
        tx.note_views(&seen, caller.user(), now_ms).await?;
        Ok(())
    })?;
    Ok(Json(DryRun {
        before: super::count(now.iter().map(|(_, assessment)| assessment)),
        after: super::count(then.iter().map(|(_, assessment)| assessment)),
        warnings: super::warnings(&terms, &census::of(&everyone), list, now_ms),
        worse: worse
            .into_iter()
            .map(|(device, standing, reason)| WouldFall {
                device_id: device.device_id,
                owner: names.get(&device.user_id).cloned().unwrap_or_default(),
                name: device.name.clone(),
                standing,
                reason,
            })
            .collect(),
    }))
}

/// The most devices that are named.
const MOST: usize = 50;
