//! `POST /v1/groups/{id}/forward`: may a message of this conversation go into another one?
//!
//! The server sees no content, so it cannot see that something is forwarded. Clients ask it before
//! they do, since it knows whom a conversation is about and who cares for that patient; what an
//! altered client does it cannot keep back.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_model::wire::forward::{ForwardAllowed, ForwardRequest};
use wardline_model::wire::problem::Problem;
use wardline_model::{GroupId, PatientId, UserId};
use wardline_policy::{Action, RECORD_KEEPER, Resource};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::problem::Refusal;
use crate::routes::groups::Standing;

/// Asks for proof where somebody in the other conversation is not on the patient's care team, and
/// where that one is about another patient. The patient is the one that this conversation is about, and
/// the one that the message came from, where it was forwarded before.
#[utoipa::path(
    post, path = "/v1/groups/{id}/forward", tag = "conversations",
    params(("id" = GroupId, Path)), request_body = ForwardRequest,
    responses(
        (status = 200, body = ForwardAllowed), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GroupId>,
    Body(request): Body<ForwardRequest>,
) -> Result<Json<ForwardAllowed>, Refusal> {
    let mut facts = app.facts().await?;
    let from = Standing::of(&mut facts, id, &caller).await?;
    let to = Standing::of(&mut facts, request.to, &caller).await?;
    // Whoever forwards it on need not be in the first conversation, and learns no more of it than this.
    let origin = match request.origin {
        Some(origin) => Some(facts.group(origin).await?.ok_or(Refusal::NotFound)?),
        None => None,
    };
    let first = origin.as_ref().and_then(|group| group.patient_id.as_ref());
    let here = from.group.patient_id.as_ref();
    let patients: BTreeSet<&PatientId> = first.into_iter().chain(here).collect();
    let mut outside = false;
    if !patients.is_empty() {
        // The record keeper is in every conversation, and reads none.
        let keepers = facts.people_with_role(RECORD_KEEPER).await?;
        let members = facts.members(request.to).await?;
        for patient in &patients {
            let team: BTreeSet<UserId> = facts.care_team(patient).await?.into_iter().collect();
            outside |= members
                .iter()
                .map(|member| member.user_id)
                .filter(|user| *user != caller.user())
                .any(|user| !team.contains(&user) && !keepers.contains(&user));
        }
    }
    drop(facts);
    let about = to.group.patient_id.as_ref();
    let another_patient =
        about.is_some_and(|about| patients.iter().any(|patient| *patient != about));
    let resource = Resource::Forward {
        from: id,
        to: request.to,
        from_member: from.member,
        to_member: to.member,
        outside,
        another_patient,
    };
    let permit = app
        .decide(caller.asker(), Action::MessageForward, resource)
        .await?;
    let mut note = permit.note();
    note.kind(FORWARDED)
        .put("outside", outside)
        .put("another_patient", another_patient);
    if let Some(patient) = first.or(here) {
        note.put("patient", patient.as_str());
    }
    if let Some(here) = here.filter(|here| first.is_some_and(|first| first != *here)) {
        note.put("by_way_of", here.as_str());
    }
    permit.record_with(note).await?;
    Ok(Json(ForwardAllowed {
        outside,
        another_patient,
    }))
}

const FORWARDED: Kind = Kind::named("message.forward_allowed");
