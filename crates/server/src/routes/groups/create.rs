//! `POST /v1/groups`: start a conversation.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_delivery::Tracked;
use wardline_model::purpose::is_role_group;
use wardline_model::wire::groups::{CommitAccepted, GroupCreate, GroupKind};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::teams::TeamKind;
use wardline_policy::{Action, Resource};
use wardline_store::NewGroup;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::groups::commit::Judged;
use crate::routes::groups::{leaves, mls_refused};
use crate::routes::{critical, patients, teams};

/// Registers a new MLS group of which the device is the only member, and takes its first commit.
///
/// A conversation about a patient lets its members see who the patient is, so only someone who
/// may see that can start one; who broke the glass cannot, since it would outlast that. A bot can with the role
/// that it is to tell of a critical result, while it has it.
#[utoipa::path(
    post, path = "/v1/groups", tag = "conversations", request_body = GroupCreate,
    responses(
        (status = 201, body = CommitAccepted),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<GroupCreate>,
) -> Result<(StatusCode, Json<CommitAccepted>), Refusal> {
    let resource = Resource::Group {
        id: request.group_id,
        kind: request.kind,
        member: true,
        removal_pending: false,
        role: request.role.as_ref().map(ToString::to_string),
        urgent: false,
    };
    let permit = app
        .decide(caller.asker(), Action::GroupCreate, resource)
        .await?;
    let now_ms = permit.now_ms();
    check_shape(&request)?;
    if let Some(patient) = &request.patient_id {
        let mut facts = app.facts().await?;
        let is_handed = match &request.role {
            Some(role) if caller.is_bot() => {
                critical::is_handed(&mut facts, caller.device(), role, patient, now_ms).await?
            }
            _ => false,
        };
        let resource = patients::resource(&app, &mut facts, caller.user(), patient, now_ms).await?;
        drop(facts);
        // A program opens no chart; one that has a critical result to tell binds it to its patient.
        let (action, resource) = if is_handed {
            (Action::CriticalCallTake, Resource::Hospital)
        } else {
            (Action::PatientRead, patients::lasting(resource))
        };
        app.decide(caller.asker(), action, resource)
            .await?
            .record()
            .await?;
    }

    if let Some(team) = request.team {
        let mut facts = app.facts().await?;
        let team = facts.team(team).await?.ok_or(Refusal::NotFound)?;
        drop(facts);
        let fits = matches!(
            (request.kind, team.kind),
            (GroupKind::Code, TeamKind::Code) | (GroupKind::Broadcast, TeamKind::List)
        );
        if !fits {
            return Err(wrong("kind", "what the team is for"));
        }
        app.decide(
            caller.asker(),
            teams::calling(team.kind),
            Resource::Hospital,
        )
        .await?
        .record()
        .await?;
    }

    let mut tracked = Tracked::create(
        request.group_id,
        request.group_info.as_ref(),
        caller.device(),
        &app.keys.delivery.public(),
        &app.device_ca,
        now_ms,
    )
    .map_err(mls_refused)?;
    let new = NewGroup {
        group_id: request.group_id,
        kind: request.kind,
        role: request.role.clone(),
        purpose: request.purpose.as_ref().map(|nonce| nonce.0.clone()),
        team_id: request.team,
        patient_id: request.patient_id.clone(),
        ciphersuite: tracked.ciphersuite(),
        public_state: tracked.to_bytes(),
        group_info: request.group_info.0.clone(),
        created_by: caller.user(),
        leaves: leaves(&tracked)?,
    };
    let first = request
        .first_commit
        .map(|upload| {
            Judged::new(
                &app,
                &caller,
                request.group_id,
                &mut tracked,
                upload,
                now_ms,
            )
        })
        .transpose()?;

    let accepted = change!(permit.kind(CREATED), |tx, note| {
        if let Some(role) = &new.role
            && tx.oncall_role(role, now_ms).await?.is_none()
        {
            return Err(Refusal::NotFound);
        }
        match tx.create_group(&new, now_ms).await {
            Err(error) if error.is_conflict() => return Err(Refusal::GroupExists),
            other => other?,
        }
        note.put(
            "kind",
            serde_json::to_value(new.kind).map_err(Refusal::internal)?,
        )
        .put("ciphersuite", new.ciphersuite);
        if let Some(role) = &new.role {
            note.put("role", role.as_str());
        }
        if let Some(team) = new.team_id {
            note.put("team", team.to_string());
        }
        if let Some(patient) = &new.patient_id {
            note.put("patient", patient.as_str());
        }
        match &first {
            Some(judged) => judged.apply(tx, note, now_ms).await,
            None => Ok(CommitAccepted { seq: 0, epoch: 0 }),
        }
    })?;
    // Nobody follows a new conversation yet, not even the socket of the device that made it.
    app.bus.publish(Hint::Inbox {
        device: caller.device(),
    });
    if let Some(judged) = &first {
        judged.announce(&app, accepted.seq);
    }
    Ok((StatusCode::CREATED, Json(accepted)))
}

fn check_shape(request: &GroupCreate) -> Result<(), Refusal> {
    if (request.kind == GroupKind::Role) != request.role.is_some() {
        return Err(wrong(
            "role",
            "the role, for a conversation with a role only",
        ));
    }
    if let Some(nonce) = &request.purpose {
        let role = request.role.as_ref();
        if !role.is_some_and(|role| is_role_group(request.group_id, role, &nonce.0)) {
            return Err(wrong(
                "purpose",
                "the bytes that make the id, with the role",
            ));
        }
    }
    if request.kind == GroupKind::Team && request.patient_id.is_none() {
        return Err(wrong("patient_id", "the patient whose care team it is"));
    }
    let is_of_team = matches!(request.kind, GroupKind::Code | GroupKind::Broadcast);
    if is_of_team != request.team.is_some() {
        return Err(wrong("team", "the team, for a conversation with one only"));
    }
    Ok(())
}

fn wrong(field: &str, expected: &str) -> Refusal {
    Refusal::InvalidBody {
        field: field.to_owned(),
        expected: expected.to_owned(),
    }
}

const CREATED: Kind = Kind::named("group.created");
