//! `POST /v1/groups/{id}/commits`: change a conversation's group (RFC 9420 §12.4).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_delivery::{CommitEffect, Tracked};
use wardline_model::wire::groups::{CommitAccepted, CommitUpload};
use wardline_model::wire::problem::Problem;
use wardline_model::{DeviceId, GroupId};
use wardline_policy::Action;
use wardline_store::{NewCommit, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::{Note, change};
use crate::problem::Refusal;
use crate::routes::groups::{
    Standing, check_in_use, check_keeper_stays, commit_error, leaves, mls_refused,
};

/// Takes a commit of the current epoch; of two, the first wins and the other gets
/// `epoch-conflict`. While a removal is pending, only a commit that carries it out is taken.
#[utoipa::path(
    post, path = "/v1/groups/{id}/commits", tag = "conversations",
    params(("id" = GroupId, Path)), request_body = CommitUpload,
    responses(
        (status = 201, body = CommitAccepted),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GroupId>,
    Body(upload): Body<CommitUpload>,
) -> Result<(StatusCode, Json<CommitAccepted>), Refusal> {
    let mut facts = app.facts().await?;
    let standing = Standing::of(&mut facts, id, &caller).await?;
    let permit = app
        .decide(caller.asker(), Action::GroupCommit, standing.resource())
        .await?;
    let now_ms = permit.now_ms();
    let state = facts.group_state(id).await?.ok_or(Refusal::NotFound)?;
    drop(facts);

    // Judging a commit takes cryptography for each member, so it happens before the write lock
    // is taken, on the state as it was read; `apply` sees whether that is still the state.
    let mut tracked = Tracked::from_bytes(&state.public_state).map_err(mls_refused)?;
    let mut judged = Judged::new(&app, &caller, id, &mut tracked, upload, now_ms)?;
    judged.before = Some(state.public_state);
    let by_itself = judged.effect.joined.iter().any(|joined| joined.by_itself);
    if by_itself {
        app.judge(
            caller.asker(),
            Action::GroupExternalJoin,
            standing.resource(),
        )?;
    }
    let kind = if by_itself { REJOINED } else { COMMITTED };
    let accepted = change!(permit.kind(kind), |tx, note| {
        judged.apply(tx, note, now_ms).await
    })?;
    judged.announce(&app, accepted.seq);
    Ok((StatusCode::CREATED, Json(accepted)))
}

/// A commit that the delivery rules accept for a state.
#[derive(Debug)]
pub(super) struct Judged {
    commit: NewCommit,
    effect: CommitEffect,
    welcomed: Vec<DeviceId>,
    /// The public state that it was judged by; `None` right after creation in one transaction.
    before: Option<Vec<u8>>,
}

impl Judged {
    /// Judges a commit and moves `tracked` on.
    pub(super) fn new(
        app: &App,
        caller: &Caller,
        group: GroupId,
        tracked: &mut Tracked,
        upload: CommitUpload,
        now_ms: u64,
    ) -> Result<Self, Refusal> {
        let epoch = tracked.epoch();
        let effect = tracked
            .apply_commit(
                upload.commit.as_ref(),
                upload.group_info.as_ref(),
                caller.device(),
                &app.keys.delivery.public(),
                &app.device_ca,
                now_ms,
            )
            .map_err(|refusal| match refusal {
                wardline_delivery::Refusal::CommitRequired => Refusal::CommitRequired { epoch },
                other => mls_refused(other),
            })?;
        let welcomed: Vec<DeviceId> = effect
            .joined
            .iter()
            .filter(|joined| !joined.by_itself)
            .map(|joined| joined.member.device)
            .collect();
        if welcomed.is_empty() == upload.welcome.is_some() {
            let why = "a Welcome is needed for those who are added, and for nobody else";
            return Err(Refusal::MlsRefused(why.to_owned()));
        }
        let commit = NewCommit {
            group_id: group,
            epoch,
            sender_device: caller.device(),
            sender_user: caller.user(),
            commit: upload.commit.0,
            leaves: leaves(tracked)?,
            welcome: upload.welcome.map(|welcome| (welcome.0, welcomed.clone())),
            public_state: tracked.to_bytes(),
            group_info: upload.group_info.0,
        };
        Ok(Self {
            commit,
            effect,
            welcomed,
            before: None,
        })
    }

    /// Writes it, when the group is still in the state that it was judged by: a removal may have
    /// been proposed meanwhile, within the same epoch.
    pub(super) async fn apply(
        &self,
        tx: &mut Tx,
        note: &mut Note,
        now_ms: u64,
    ) -> Result<CommitAccepted, Refusal> {
        let group = self.commit.group_id;
        if let Some(before) = &self.before {
            tx.group_for_update(group).await?;
            let state = tx.group_state(group).await?.ok_or(Refusal::NotFound)?;
            if state.epoch != self.commit.epoch {
                return Err(Refusal::EpochConflict { epoch: state.epoch });
            }
            if state.public_state != *before {
                return Err(Refusal::CommitRequired { epoch: state.epoch });
            }
        }
        check_in_use(tx, self.effect.joined.iter().map(|joined| joined.member)).await?;
        check_keeper_stays(tx, &self.effect.left).await?;
        let entry = tx
            .apply_commit(&self.commit, now_ms)
            .await
            .map_err(commit_error)?;
        let ids = |members: &mut dyn Iterator<Item = DeviceId>| {
            members.map(|id| id.to_string()).collect::<Vec<_>>()
        };
        note.put("seq", entry.seq)
            .put("epoch", self.effect.epoch)
            .put(
                "joined",
                ids(&mut self.effect.joined.iter().map(|j| j.member.device)),
            )
            .put(
                "left",
                ids(&mut self.effect.left.iter().map(|member| member.device)),
            )
            .put(
                "dismissed",
                self.effect
                    .dismissed
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>(),
            );
        Ok(CommitAccepted {
            seq: entry.seq,
            epoch: self.effect.epoch,
        })
    }

    /// Tells those who are concerned, after the change is durable.
    pub(super) fn announce(&self, app: &App, seq: u64) {
        let group = self.commit.group_id;
        app.bus.publish(Hint::Members { group });
        app.bus.publish(Hint::Reached { group, seq });
        for device in &self.welcomed {
            app.bus.publish(Hint::Inbox { device: *device });
        }
    }
}

const COMMITTED: Kind = Kind::named("group.committed");
const REJOINED: Kind = Kind::named("group.rejoined");
