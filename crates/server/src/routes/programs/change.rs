//! `PUT /v1/programs/{slug}`: change a program's terms.

use axum::Json;
use axum::extract::{Path, State};
use sha2::{Digest, Sha256};
use wardline_audit::event::Kind;
use wardline_model::B64;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::programs::{ProgramChange, ProgramInfo};
use wardline_policy::{Action, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::fleet::{self, Rulebook, census};
use crate::gate::change;
use crate::problem::Refusal;

/// Changes a program's terms, and looks at its devices by them before it answers.
#[utoipa::path(
    put, path = "/v1/programs/{slug}", tag = "programs", params(("slug" = String, Path)),
    request_body = ProgramChange,
    responses(
        (status = 200, body = ProgramInfo), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    Body(request): Body<ProgramChange>,
) -> Result<Json<ProgramInfo>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::ProgramChange, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let mut facts = app.facts().await?;
    let rules = Rulebook::load(&app, &mut facts).await?;
    drop(facts);
    rules.program(&slug).ok_or(Refusal::NotFound)?;
    let terms = super::checked(&slug, request.terms)?;
    let text = serde_json::to_string(&*terms).map_err(Refusal::internal)?;
    let hash: [u8; 32] = Sha256::digest(&text).into();
    let by = Some(caller.user());
    change!(permit.kind(CHANGED), |tx, note| {
        if !tx
            .put_program(&slug, &text, request.version, by, now_ms)
            .await?
        {
            return Err(Refusal::ChangedMeanwhile);
        }
        fleet::forget_facts(tx, &terms).await?;
        note.put("program", slug.as_str())
            .put("version", request.version + 1)
            .put("terms_sha256", B64::from(hash).encode());
        Ok(())
    })?;
    let swept = fleet::assess_all(&app).await?;
    let mut facts = app.facts().await?;
    let rules = Rulebook::load(&app, &mut facts).await?;
    let list = app.feeds.revocations_at(&mut facts).await?;
    drop(facts);
    let program = rules.program(&slug).ok_or(Refusal::NotFound)?;
    let devices = swept.everyone.iter().zip(&swept.stands);
    let of_program = devices.filter(|((device, _), _)| device.program == slug);
    Ok(Json(ProgramInfo {
        devices: super::count(of_program.filter_map(|(_, stands)| stands.as_ref())),
        warnings: super::warnings(&program.terms, &census::of(&swept.everyone), list, now_ms),
        terms: program.terms.clone().into_inner(),
        version: program.version,
        changed_at: program.changed_at,
    }))
}

const CHANGED: Kind = Kind::named("program.changed");
