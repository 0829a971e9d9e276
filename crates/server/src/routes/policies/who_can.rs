//! `POST /v1/policies/who-can`: who can do something.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use wardline_model::UserId;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::wire::policies::{PolicyAction, WhoCan, WhoCanPerson, WhoCanRequest};
use wardline_model::wire::problem::Problem;
use wardline_policy::who::{Ability, who_can};
use wardline_policy::{Action, Decision, Engine, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::policies;
use crate::problem::Refusal;
use crate::shape;

/// Everyone who works here with what they would be answered, each with the best of their devices, a
/// fresh session, on shift and on the premises.
#[utoipa::path(
    post, path = "/v1/policies/who-can", tag = "policies", request_body = WhoCanRequest,
    responses(
        (status = 200, body = WhoCan), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<WhoCanRequest>,
) -> Result<Json<WhoCan>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::PolicyRead, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let action: Option<Action> = request
        .action
        .map(|name| name.parse())
        .transpose()
        .map_err(|_| Refusal::InvalidBody {
            field: "action".to_owned(),
            expected: "the name of an action".to_owned(),
        })?;
    let _turn = super::turn(&app).await?;
    let mut facts = app.facts().await?;
    let other: Option<Engine> = match (request.files, request.version) {
        (Some(files), _) => Some(super::sound(files).await?.1),
        (None, Some(version)) => {
            let texts = policies::texts_of(&mut facts, version).await?;
            let texts = texts.ok_or(Refusal::NotFound)?.under_this_schema();
            let engine = super::engine(&texts).await;
            Some(engine.map_err(|problems| Refusal::PolicyInvalid { problems })?)
        }
        (None, None) => None,
    };
    let mut people = Vec::new();
    if let Some(action) = action {
        let subjects = policies::subjects(&mut facts).await?;
        let in_force = app.gate.policies().get();
        let engine = other.as_ref().unwrap_or(&in_force.engine);
        let abilities = who_can(engine, action, &subjects, now_ms, *app.gate.limits());
        let ids: Vec<UserId> = abilities.iter().map(|ability| ability.user).collect();
        let mut briefs: HashMap<UserId, PersonBrief> = facts
            .people(&ids)
            .await?
            .into_iter()
            .map(|person| (person.user_id, shape::brief(person)))
            .collect();
        people = abilities
            .iter()
            .filter_map(|ability| Some(person(ability, briefs.remove(&ability.user)?)))
            .collect();
    }
    drop(facts);
    permit.record().await?;
    Ok(Json(WhoCan {
        action: action.map(|action| action.to_string()),
        phrase: action.map(|action| action.phrase().to_owned()),
        people,
        actions: Action::ALL
            .iter()
            .map(|action| PolicyAction {
                name: action.to_string(),
                phrase: action.phrase().to_owned(),
            })
            .collect(),
    }))
}

fn person(ability: &Ability, user: PersonBrief) -> WhoCanPerson {
    let decided = ability.best();
    let (methods, why) = match &decided.decision {
        Decision::Allow => (Vec::new(), Vec::new()),
        Decision::StepUp {
            methods, advice, ..
        } => (
            methods.iter().map(ToString::to_string).collect(),
            advice.clone(),
        ),
        Decision::Deny { advice, .. } => (Vec::new(), advice.clone()),
    };
    WhoCanPerson {
        user,
        answer: decided.decision.answer().to_string(),
        methods,
        why,
        policies: decided.policies.clone(),
    }
}
