//! `POST /v1/programs/compare`: programs side by side for this hospital.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_programs::planner::{Assumptions, Comparison, compare};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::fleet::{self, Rulebook, census};
use crate::problem::Refusal;

/// What to compare.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareRequest {
    /// The hospital's own numbers, by their names in the answer's `assumptions`; what is left out
    /// is as it ships.
    #[serde(default)]
    #[schema(value_type = Object)]
    assumptions: Map<String, Value>,
    /// Which programs, by their slugs; empty for own and issued phones.
    #[serde(default)]
    programs: Vec<String>,
}

/// Cost over the years, configurations to support, what people carry, how devices differ and what
/// risk remains, for the terms in force and the devices in use. Nothing is kept.
#[utoipa::path(
    post, path = "/v1/programs/compare", tag = "programs", request_body = CompareRequest,
    responses(
        (status = 200, body = Comparison), (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<CompareRequest>,
) -> Result<Json<Comparison>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::DeviceListAll, Resource::Hospital)
        .await?;
    let assumptions = Assumptions::from_json(&Value::Object(request.assumptions).to_string())
        .map_err(|error| Refusal::TermsRefused(error.to_string()))?;
    let mut facts = app.facts().await?;
    let rules = Rulebook::load(&app, &mut facts).await?;
    let everyone = fleet::everyone(&mut facts).await?;
    drop(facts);
    let asked = if request.programs.is_empty() {
        vec!["byod".to_owned(), "issued".to_owned()]
    } else {
        request.programs
    };
    let mut programs = Vec::new();
    for slug in asked.iter().take(MOST) {
        let program = rules.program(slug).ok_or(Refusal::NotFound)?;
        programs.push(program.terms.clone());
    }
    let comparison = compare(&assumptions, &programs, &census::of(&everyone));
    permit.record().await?;
    Ok(Json(comparison))
}

const MOST: usize = 5;
