//! `GET /v1/programs`: the device programs, and how their devices stand.

use axum::Json;
use axum::extract::State;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::programs::{ProgramInfo, ProgramList};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::fleet::{self, Rulebook, census};
use crate::problem::Refusal;

/// All programs with their terms. How many devices stand how, and what is missing, is for those who
/// may see everyone's devices; others get zeros.
#[utoipa::path(
    get, path = "/v1/programs", tag = "programs",
    responses((status = 200, body = ProgramList), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<ProgramList>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::ProgramRead, Resource::Hospital)
        .await?;
    let all = app.may(caller.asker(), Action::DeviceListAll, Resource::Hospital);
    let now_ms = permit.now_ms();
    let mut facts = app.facts().await?;
    let rules = Rulebook::load(&app, &mut facts).await?;
    let everyone = if all {
        fleet::everyone(&mut facts).await?
    } else {
        Vec::new()
    };
    let feeds = app.feeds.info(&app.config.feeds, &mut facts).await?;
    let list = app.feeds.revocations_at(&mut facts).await?;
    drop(facts);
    let counted = census::of(&everyone);
    let mut programs = Vec::new();
    for program in rules.programs() {
        let slug = &program.terms.slug;
        let standings = super::standings(&rules, slug, &everyone, now_ms)?;
        programs.push(ProgramInfo {
            terms: program.terms.clone().into_inner(),
            version: program.version,
            changed_at: program.changed_at,
            devices: super::count(standings.iter().map(|(_, assessment)| assessment)),
            warnings: super::warnings(&program.terms, &counted, list, now_ms),
        });
    }
    permit.record().await?;
    Ok(Json(ProgramList { programs, feeds }))
}
