//! `POST /v1/groups`: start a conversation.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_delivery::Tracked;
use wardline_model::wire::groups::{CommitAccepted, GroupCreate, GroupKind};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::NewGroup;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::routes::groups::commit::Judged;
use crate::routes::groups::{leaves, mls_refused};
use crate::routes::patients;

/// Registers a new MLS group of which the device is the only member, and takes its first commit.
///
/// A conversation about a patient lets its members see who the patient is, so only someone who
/// may see that can start one; who broke the glass cannot, since it would outlast that.
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
        let resource = patients::resource(&mut facts, caller.user(), patient, now_ms).await?;
        drop(facts);
        let resource = patients::without_glass(resource);
        app.decide(caller.asker(), Action::PatientRead, resource)
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
        return Err(Refusal::InvalidBody {
            field: "role".to_owned(),
            expected: "the role, for a conversation with a role only".to_owned(),
        });
    }
    if request.kind == GroupKind::Team && request.patient_id.is_none() {
        return Err(Refusal::InvalidBody {
            field: "patient_id".to_owned(),
            expected: "the patient whose care team it is".to_owned(),
        });
    }
    Ok(())
}

const CREATED: Kind = Kind::named("group.created");
