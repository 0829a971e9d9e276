//! The client by name and JSON, for the app's worker: `call("send", {…})`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wardline_model::endorsement::Duty;
use wardline_model::turns::SignedTurn;
use wardline_model::wire::enroll::{InviteRequest, Platform as DevicePlatform};
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::posture::Told;
use wardline_model::wire::sessions::{Position, SignIn};
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{
    B64, ChallengeId, DeviceId, GroupId, MessageId, PatientId, RoleSlug, SessionId, TeamId, UserId,
};
use zeroize::Zeroizing;

use crate::attachments::NewFile;
use crate::client::{Client, PRF_SALTS, Prf};
use crate::content::{Expiry, Form, Reference};
use crate::enroll::{LinkPins, Shown};
use crate::error::ClientError;
use crate::own::{Draft, Marks};
use crate::platform::Platform;
use crate::search::Search;
use crate::stated;

#[derive(Deserialize)]
struct EnrollStartCall {
    code: String,
    device_name: String,
    pins: Option<LinkPins>,
}

#[derive(Deserialize)]
struct PasskeyCall {
    #[serde(default)]
    credential: Value,
    prf_first: Option<B64>,
    prf_second: Option<B64>,
    accepted_notice: Option<B64>,
    position: Option<Position>,
}

#[derive(Deserialize)]
struct StepUpCall {
    scopes: Vec<String>,
}

#[derive(Deserialize)]
struct ReportCall {
    facts: Vec<Told>,
}

#[derive(Deserialize)]
struct ApiCall {
    method: Method,
    path: String,
    #[serde(default)]
    body: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    Get,
    Post,
    Put,
    Delete,
}

#[derive(Deserialize)]
struct SendCall {
    group: GroupId,
    text: String,
    #[serde(default)]
    priority: Priority,
    reply_to: Option<MessageId>,
    expires: Option<Expiry>,
}

#[derive(Deserialize)]
struct AttachCall {
    group: GroupId,
    file: NewFile,
    #[serde(default)]
    text: String,
    #[serde(default)]
    priority: Priority,
    reply_to: Option<MessageId>,
    expires: Option<Expiry>,
}

#[derive(Deserialize)]
struct SendFormCall {
    group: GroupId,
    form: Form,
    #[serde(default)]
    priority: Priority,
    reply_to: Option<MessageId>,
}

#[derive(Deserialize)]
struct SendReferenceCall {
    group: GroupId,
    reference: Reference,
    #[serde(default)]
    text: String,
    #[serde(default)]
    priority: Priority,
    reply_to: Option<MessageId>,
}

#[derive(Deserialize)]
struct EditCall {
    group: GroupId,
    id: MessageId,
    text: String,
}

#[derive(Deserialize)]
struct RecallCall {
    group: GroupId,
    id: MessageId,
}

#[derive(Deserialize)]
struct ForwardCall {
    group: GroupId,
    id: MessageId,
    to: GroupId,
}

#[derive(Deserialize)]
struct ReactCall {
    group: GroupId,
    id: MessageId,
    emoji: String,
}

#[derive(Deserialize)]
struct StartCall {
    #[serde(default)]
    users: Vec<UserId>,
    role: Option<RoleSlug>,
    patient_id: Option<PatientId>,
}

#[derive(Deserialize)]
struct StartTeamCall {
    kind: GroupKind,
    users: Vec<UserId>,
    team: Option<TeamId>,
    patient_id: Option<PatientId>,
}

#[derive(Deserialize)]
struct SignTurnsCall {
    role: RoleSlug,
    from: u64,
    until: u64,
    turns: Vec<SignedTurn>,
}

#[derive(Deserialize)]
struct MessagesCall {
    group: GroupId,
    before: Option<u64>,
    #[serde(default = "default_limit")]
    limit: usize,
}

#[derive(Deserialize)]
struct ReadCall {
    group: GroupId,
    up_to: u64,
    #[serde(default)]
    shown: Vec<u64>,
}

#[derive(Deserialize)]
struct UpToCall {
    group: GroupId,
    up_to: u64,
}

#[derive(Deserialize)]
struct MarkCall {
    group: GroupId,
    #[serde(flatten)]
    marks: Marks,
}

#[derive(Deserialize)]
struct DraftCall {
    group: GroupId,
    #[serde(flatten)]
    draft: Draft,
}

#[derive(Deserialize)]
struct GroupCall {
    group: GroupId,
}

#[derive(Deserialize)]
struct PeopleCall {
    group: GroupId,
    #[serde(default)]
    users: Vec<UserId>,
    user: Option<UserId>,
}

#[derive(Deserialize)]
struct QueryCall {
    #[serde(default)]
    q: String,
}

#[derive(Deserialize)]
struct IdCall<T> {
    id: T,
}

#[derive(Deserialize)]
struct ConfirmCall {
    id: DeviceId,
    #[serde(default)]
    duty: Duty,
}

#[derive(Deserialize)]
struct FrameCall {
    frame: ServerFrame,
}

impl PasskeyCall {
    fn prf(&self) -> Prf {
        let output = |value: &Option<B64>| value.as_ref().map(|v| Zeroizing::new(v.0.clone()));
        Prf {
            first: output(&self.prf_first),
            second: output(&self.prf_second),
        }
    }

    fn sign_in(self, last: Option<ChallengeId>) -> Result<SignIn, ClientError> {
        let challenge_id = last.ok_or(ClientError::Invalid("ask for a challenge first"))?;
        Ok(SignIn {
            challenge_id,
            credential: self.credential,
            position: self.position,
        })
    }
}

impl<P: Platform> Client<P> {
    /// Carries out a call by name. Where the hospital answers that the session has ended, it is asked
    /// at once what became of this device: a lost phone in use must not wait for its next unlocking.
    pub async fn call(&mut self, method: &str, params: Value) -> Result<Value, ClientError> {
        let answer = self.carry_out(method, params).await;
        if let Err(ClientError::Problem(problem)) = &answer
            && problem.name() == "session-ended"
        {
            self.ask_why().await;
        }
        answer
    }

    async fn carry_out(&mut self, method: &str, params: Value) -> Result<Value, ClientError> {
        match method {
            "status" => answer(&self.status()),
            "hospital" => answer(&self.hospital().await?),
            "prf_salts" => answer(&salts()),
            "enroll_start" => {
                let call: EnrollStartCall = read(params)?;
                let platform = DevicePlatform::Browser;
                answer(
                    &self
                        .enroll_start(&call.code, &call.device_name, platform, call.pins)
                        .await?,
                )
            }
            "enroll_finish" => {
                let call: PasskeyCall = read(params)?;
                let prf = call.prf();
                let shown = Shown {
                    attestation: None,
                    accepted_notice: call.accepted_notice,
                };
                let confirmation = self.enroll_finish(call.credential, prf, shown).await?;
                Ok(json!({ "confirmation": confirmation }))
            }
            "enroll_poll" => Ok(json!({ "state": self.enroll_poll().await? })),
            "forget_device" => done(self.forget_device().await),
            "confirm_wipe" => done(self.confirm_wipe().await),
            "report" => answer(&self.report(read::<ReportCall>(params)?.facts).await?),
            "api" => self.api(read(params)?).await,
            "challenge" => {
                let challenge = self.challenge().await?;
                self.with_passkey(&challenge)
            }
            "sign_in" => {
                let call: PasskeyCall = read(params)?;
                let prf = call.prf();
                let challenge = self.challenge.take();
                let signed = self.sign_in(call.sign_in(challenge)?, prf).await?;
                Ok(json!({ "user": signed.user, "device_id": signed.device_id }))
            }
            "unlock_offline" => {
                let call: PasskeyCall = read(params)?;
                done(self.unlock_offline(call.prf()).await)
            }
            "lock" => {
                self.lock();
                Ok(Value::Null)
            }
            "sign_out" => done(self.sign_out().await),
            "step_up_challenge" => {
                let call: StepUpCall = read(params)?;
                let challenge = self.step_up_challenge(call.scopes).await?;
                self.with_passkey(&challenge)
            }
            "step_up" => {
                let call: PasskeyCall = read(params)?;
                let challenge = self.challenge.take();
                answer(&self.step_up(call.sign_in(challenge)?).await?)
            }
            "socket_ticket" => {
                let ticket = self.socket_ticket().await?.ticket;
                Ok(json!({ "url": self.socket_url(), "ticket": ticket }))
            }
            "frame" => {
                let call: FrameCall = read(params)?;
                done(self.frame(call.frame).await)
            }
            "sync" => done(self.sync().await),
            "tend_expiry" => done(self.tend_expiry().await),
            "conversations" => answer(&self.conversations()?),
            "messages" => {
                let call: MessagesCall = read(params)?;
                answer(&self.messages(call.group, call.before, call.limit)?)
            }
            "search" => answer(&self.search(&read::<Search>(params)?)?),
            "tend_search" => answer(&self.tend_search().await?),
            "send" => {
                let call: SendCall = read(params)?;
                let SendCall {
                    group,
                    text,
                    priority,
                    reply_to,
                    expires,
                } = call;
                let sent = self.send_expiring(group, &text, priority, reply_to, expires);
                answer(&sent.await?)
            }
            "attach" => {
                let AttachCall {
                    group,
                    file,
                    text,
                    priority,
                    reply_to,
                    expires,
                } = read(params)?;
                let sent = self.attach(group, file, &text, priority, reply_to, expires);
                answer(&sent.await?)
            }
            "tend_files" => answer(&self.tend_files().await?),
            "fetch_file" => {
                let call: RecallCall = read(params)?;
                answer(&self.fetch_file(call.group, call.id).await?)
            }
            "file" => {
                let call: RecallCall = read(params)?;
                Ok(json!({ "bytes": B64(self.file(call.group, call.id)?) }))
            }
            "send_form" => {
                let call: SendFormCall = read(params)?;
                answer(
                    &self
                        .send_form(call.group, call.form, call.priority, call.reply_to)
                        .await?,
                )
            }
            "send_reference" => {
                let call: SendReferenceCall = read(params)?;
                let (reference, text) = (call.reference, call.text);
                let sent =
                    self.send_reference(call.group, reference, text, call.priority, call.reply_to);
                answer(&sent.await?)
            }
            "edit" => {
                let call: EditCall = read(params)?;
                answer(&self.edit(call.group, call.id, &call.text).await?)
            }
            "who_has" => {
                let call: RecallCall = read(params)?;
                answer(&self.who_has(call.group, call.id)?)
            }
            "recall" => {
                let call: RecallCall = read(params)?;
                answer(&self.recall(call.group, call.id).await?)
            }
            "forward" => {
                let call: ForwardCall = read(params)?;
                answer(&self.forward(call.group, call.id, call.to).await?)
            }
            "react" => {
                let call: ReactCall = read(params)?;
                answer(&self.react(call.group, call.id, &call.emoji).await?)
            }
            "unreact" => {
                let call: ReactCall = read(params)?;
                answer(&self.unreact(call.group, call.id, &call.emoji).await?)
            }
            "deliver" => answer(&self.deliver().await?),
            "unsent_stat" => answer(&self.unsent_stat()?),
            "retry" => answer(&self.retry(read::<IdCall<MessageId>>(params)?.id).await?),
            "discard" => done(self.discard(read::<IdCall<MessageId>>(params)?.id).await),
            "start_team" => {
                let call: StartTeamCall = read(params)?;
                let StartTeamCall {
                    kind,
                    users,
                    team,
                    patient_id,
                } = call;
                let group = self.start_team(kind, &users, team, patient_id).await?;
                Ok(json!({ "group": group }))
            }
            "sign_turns" => {
                let call: SignTurnsCall = read(params)?;
                answer(&self.sign_turns(call.role, (call.from, call.until), call.turns)?)
            }
            "sign_statement" => self.state(&params["statement"]),
            "verify_statement" => self.check_stated(&params["signed"]).await,
            "hash_statement" => Ok(json!({ "hash": stated::hash(&params["signed"]) })),
            "start" => {
                let call: StartCall = read(params)?;
                let group = self.start(&call.users, call.role, call.patient_id).await?;
                Ok(json!({ "group": group }))
            }
            "mark_read" => {
                let call: ReadCall = read(params)?;
                done(self.mark_read(call.group, call.up_to, &call.shown).await)
            }
            "acknowledge" => {
                let call: UpToCall = read(params)?;
                done(self.acknowledge(call.group, call.up_to).await)
            }
            "mark" => {
                let call: MarkCall = read(params)?;
                done(self.mark(call.group, call.marks).await)
            }
            "keep_draft" => {
                let call: DraftCall = read(params)?;
                done(self.keep_draft(call.group, call.draft).await)
            }
            "accept_members" => done(self.accept_members(read::<GroupCall>(params)?.group).await),
            "add_people" => {
                let call: PeopleCall = read(params)?;
                done(self.add_people(call.group, &call.users).await)
            }
            "remove_person" => {
                let call: PeopleCall = read(params)?;
                let user = call
                    .user
                    .ok_or(ClientError::Invalid("the person is missing"))?;
                done(self.remove_person(call.group, user).await)
            }
            "me" => answer(&self.me().await?),
            "people" => answer(&self.people(&read::<QueryCall>(params)?.q).await?),
            "roles" => answer(&self.roles().await?),
            "patients" => answer(&self.patients(&read::<QueryCall>(params)?.q).await?),
            "patient" => answer(&self.patient(&read::<IdCall<PatientId>>(params)?.id).await?),
            "devices" => answer(&self.devices().await?),
            "pending_devices" => answer(&self.pending_devices().await?),
            "confirm_device" => {
                let call: ConfirmCall = read(params)?;
                answer(&self.confirm_device(call.id, call.duty).await?)
            }
            "revoke_device" => done(
                self.revoke_device(read::<IdCall<DeviceId>>(params)?.id)
                    .await,
            ),
            "invite" => answer(&self.invite(&read::<InviteRequest>(params)?).await?),
            "sessions" => answer(&self.sessions().await?),
            "end_session" => done(
                self.end_session(read::<IdCall<SessionId>>(params)?.id)
                    .await,
            ),
            "end_all_sessions" => done(self.end_all_sessions().await),
            _ => Err(ClientError::Invalid("there is no such call")),
        }
    }

    /// A request of the pages for officers and owners of devices, which need nothing of the store.
    async fn api(&mut self, call: ApiCall) -> Result<Value, ClientError> {
        if !call.path.starts_with("/v1/") {
            return Err(ClientError::Invalid("the path is not one of the API"));
        }
        let method = match call.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        };
        let body = call.body.map(|body| body.to_string().into_bytes());
        let answer = self.raw(method, &call.path, body).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer)
            .map_err(|_| ClientError::Untrusted("an answer that is no JSON"))
    }

    fn with_passkey(
        &self,
        challenge: &wardline_model::wire::sessions::Challenge,
    ) -> Result<Value, ClientError> {
        let mut value = answer(challenge)?;
        let (first, second) = PRF_SALTS;
        value["prf_first_salt"] = B64::from(*first).encode().into();
        value["prf_second_salt"] = B64::from(*second).encode().into();
        value["credential_id"] = json!(self.profile()?.credential_id);
        Ok(value)
    }
}

fn salts() -> Value {
    let (first, second) = PRF_SALTS;
    json!({ "first": B64::from(*first), "second": B64::from(*second) })
}

fn default_limit() -> usize {
    100
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, ClientError> {
    serde_json::from_value(params).map_err(|_| ClientError::Invalid("the call's parameters"))
}

fn answer(value: &impl Serialize) -> Result<Value, ClientError> {
    serde_json::to_value(value).map_err(|_| ClientError::Invalid("an answer that is no JSON"))
}

fn done(result: Result<(), ClientError>) -> Result<Value, ClientError> {
    result.map(|()| Value::Null)
}
