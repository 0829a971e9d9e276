//! `POST /v1/groups/{id}/messages`: send. The socket's `send` frames take the same path.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_delivery::Content;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::{MessageAccepted, MessageSend, Priority};
use wardline_model::wire::problem::Problem;
use wardline_model::{GroupId, RoleSlug};
use wardline_policy::{Action, Resource};
use wardline_store::{Accepted, Append, AppendError};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::problem::Refusal;
use crate::push::Message;
use crate::rim::random;
use crate::routes::bots;
use crate::routes::groups::{Standing, mls_refused};

/// Takes a message into the conversation's log. The same id again gives the first answer.
#[utoipa::path(
    post, path = "/v1/groups/{id}/messages", tag = "conversations",
    params(
        ("id" = GroupId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The message's id"),
    ),
    request_body = MessageSend,
    responses(
        (status = 201, body = MessageAccepted),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GroupId>,
    headers: HeaderMap,
    Body(message): Body<MessageSend>,
) -> Result<(StatusCode, Json<MessageAccepted>), Refusal> {
    if let Some(key) = headers.get("idempotency-key")
        && key.as_bytes() != message.id.to_string().as_bytes()
    {
        return Err(Refusal::IdempotencyMismatch);
    }
    // The append judges the group as it is then.
    let mut facts = app.look().await?;
    let standing = Standing::of(&mut facts, id, &caller).await?;
    drop(facts);
    let target = standing.target(&caller);
    let accepted = send(&app, &caller, &target, message).await?;
    Ok((StatusCode::CREATED, Json(accepted)))
}

/// Where a message goes, as far as the policies ask. Epoch, membership of the device and pending
/// removals are judged again by the append, on the group's head at that moment.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The conversation.
    pub(crate) group: GroupId,
    /// What it is.
    pub(crate) kind: GroupKind,
    /// The role that it is for.
    pub(crate) role: Option<RoleSlug>,
    /// Whether the person is in it.
    pub(crate) member: bool,
    /// Whether the person made it.
    pub(crate) author: bool,
    /// Whether a removal is pending.
    pub(crate) removal_pending: bool,
}

/// Decides, appends with the event in one transaction, and tells the others.
pub(crate) async fn send(
    app: &App,
    caller: &Caller,
    target: &Target,
    message: MessageSend,
) -> Result<MessageAccepted, Refusal> {
    let header = wardline_delivery::header(message.message.as_ref()).map_err(mls_refused)?;
    if header.group != target.group || header.content != Content::Application || !header.private {
        return Err(Refusal::MlsRefused(
            "a message is application data, encrypted for this conversation".to_owned(),
        ));
    }
    let action = match message.priority {
        Priority::Stat => Action::MessageSendStat,
        Priority::Routine | Priority::Urgent => Action::MessageSend,
    };
    let resource = Resource::Group {
        id: target.group,
        kind: target.kind,
        member: target.member,
        removal_pending: target.removal_pending,
        role: target.role.as_ref().map(ToString::to_string),
        urgent: message.priority == Priority::Urgent,
    };
    let permit = app
        .decide(caller.asker(), action, resource)
        .await
        .map_err(|refusal| {
            // The policy's word for it; the protocol's is 409, upon which clients commit and resend.
            match refusal {
                Refusal::Denied { code, .. } if code == "commit_required" => {
                    Refusal::CommitRequired {
                        epoch: header.epoch,
                    }
                }
                other => other,
            }
        })?;
    let permit = bots::within_rate(app, caller, permit).await?;
    // Hundreds of people read it: who answers, answers the one who wrote. It is no rule that a policy
    // could take away.
    if target.kind == GroupKind::Broadcast && !target.author {
        let refusal = Refusal::Denied {
            code: "answers_to_sender".to_owned(),
            advice: vec![
                "Only whoever sent this writes here. Answer them in a conversation of the two of you."
                    .to_owned(),
            ],
        };
        let mut note = permit.note();
        note.refused(refusal.name());
        permit.record_with(note).await?;
        return Err(refusal);
    }
    let permit = permit.kind(APPENDED);
    let priority = message.priority;
    let mut note = permit.note();
    note.put("message", message.id.to_string())
        .put("epoch", header.epoch)
        .put("bytes", message.message.as_ref().len());
    let append = Append {
        group: target.group,
        message_id: message.id,
        sender_device: caller.device(),
        sender_user: caller.user(),
        epoch: header.epoch,
        priority,
        body: message.message.0,
        now_ms: permit.now_ms(),
        event: note.into_event(),
        salt: Salt(random()),
    };
    let outcome = permit.append(append).await;
    let Accepted {
        seq,
        sent_at,
        duplicate,
    } = outcome.map_err(|error| match error {
        AppendError::UnknownGroup => Refusal::NotFound,
        AppendError::NotMember => Refusal::MlsRefused("this device is not in it".to_owned()),
        AppendError::EpochConflict { current } => Refusal::EpochConflict { epoch: current },
        AppendError::CommitRequired => Refusal::CommitRequired {
            epoch: header.epoch,
        },
        AppendError::IdTaken => Refusal::IdempotencyMismatch,
        AppendError::Store(error) => error.into(),
    })?;
    if !duplicate {
        metrics::counter!("wardline_messages_total").increment(1);
        app.bus.publish(Hint::Reached {
            group: target.group,
            seq,
        });
        if priority == Priority::Stat {
            // The first of its pages; whoever looks at one looks at all that are due.
            app.bus.publish(Hint::Escalation {
                group: target.group,
                seq,
                line: 0,
            });
        }
    }
    // Also where it was taken before, and whoever took it did not come to this. Through the record
    // keeper's groups goes what a device lacks, and nothing new.
    if target.kind != GroupKind::Keeper {
        app.push.reached(Message {
            group: target.group,
            seq,
            priority: message.priority,
            sender: caller.user(),
        });
    }
    Ok(MessageAccepted { seq, sent_at })
}

const APPENDED: Kind = Kind::named("message.appended");
