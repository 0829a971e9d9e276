//! `wardline bot serve`: a small API on this machine, over a bot's own client.
//!
//! Systems that know nothing of MLS hand in messages by HTTP; what leaves this process for the hospital is
//! encrypted end to end, as from any other member. Care teams, which are for the hospital to read, go on as they
//! are by the device's signed request. It listens on loopback and wants a bearer token, since
//! anybody on the machine could connect.
//!
//! One thread has the client ([`drive`]); requests reach it through a queue of fixed length, and are told
//! to come again when that is full. A message's id follows from its `Idempotency-Key` ([`id_of`]), so the
//! same key is the same message over retries, restarts and lost answers, without a journal beside the
//! client's own store.
//!
//! What the bot hears goes out by a stream, or is posted to a system beside it ([`webhook`]).
//!
//! Critical results and alarms it fetches by itself and tells their roles of, where its scope says so
//! ([`critical`]); it needs no system beside it for that.
//!
//! How the bot's STAT messages stand is asked of the hospital ([`Pages`]), whose word it is: nothing of it is
//! kept here, so whoever connects is told first how all of them stand.

mod critical;
mod webhook;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use clap::{Args, Subcommand};
use futures::stream::{self, Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast, mpsc, oneshot};
use wardline_client::ClientError;
use wardline_client::content::Form;
use wardline_client::views::Queued;
use wardline_client_native::{NativeClient, NativeError};
use wardline_model::wire::escalations::{EscalationInfo, EscalationList, EscalationState};
use wardline_model::wire::messages::Priority;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::socket::ServerFrame;
use wardline_model::wire::teams::CareTeamImport;
use wardline_model::{B64, EscalationId, GroupId, MessageId, RoleSlug};
use wardline_server::rim::random;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::bot::critical::Calls;
use crate::verbs::client::{Printed, received};
use crate::verbs::on_one_thread;
use crate::verbs::serve::until_stopped;

/// `wardline bot`.
#[derive(Args)]
pub(crate) struct BotVerb {
    /// The bot's home directory, enrolled with `wardline client enroll`.
    #[arg(long)]
    home: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve the API until stopped (docs/integrations.md).
    Serve {
        /// Where to listen: an address of this machine's loopback.
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
        /// File with the token that requests bear; made, for its owner alone, where there is none.
        #[arg(long)]
        token_file: PathBuf,
        /// How many requests wait at most.
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
        queue: u16,
        /// Where to post what the bot hears, beside the stream: https, or http on this machine's loopback.
        #[arg(long, value_name = "URL", requires = "webhook_secret_file")]
        webhook: Option<String>,
        /// File with the secret that signs it; made, for its owner alone, where there is none.
        #[arg(long, value_name = "FILE", requires = "webhook")]
        webhook_secret_file: Option<PathBuf>,
        /// The CA to trust for the webhook's certificate, PEM; else what this machine trusts.
        #[arg(long, value_name = "FILE", requires = "webhook")]
        webhook_ca: Option<PathBuf>,
    },
}

impl BotVerb {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        let Verb::Serve {
            listen,
            token_file,
            queue,
            webhook,
            webhook_secret_file,
            webhook_ca,
        } = self.verb;
        if !listen.ip().is_loopback() {
            return Err(Failure::usage(
                "--listen takes addresses of loopback only, such as 127.0.0.1:8090",
            ));
        }
        let token = token(&token_file)?;
        let hook = match (webhook, webhook_secret_file) {
            (Some(url), Some(file)) => {
                let ca = webhook_ca.unwrap_or_default();
                Some(webhook::open(&url, &file, &ca)?)
            }
            _ => None,
        };
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| Failure::unavailable(format!("{listen}: {error}")))?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure::unavailable(error.to_string()))?;
        let (jobs, work) = mpsc::channel(usize::from(queue));
        let api = Arc::new(Api {
            token: Sha256::digest(token.as_bytes()).into(),
            jobs,
            wake: Notify::new(),
            news: broadcast::channel(NEWS).0,
            connected: AtomicBool::new(false),
        });
        let (home, for_client) = (self.home, Arc::clone(&api));
        let client = on_one_thread(move || async move {
            let mut client = NativeClient::open(&home)?;
            // Here as well, for the process waits for this thread.
            let driven = tokio::select! {
                driven = drive(&mut client, work, &for_client) => driven,
                () = until_stopped() => Ok(()),
            };
            driven.map_err(|failure| failure.because(client.platform().transport().trouble()))
        });
        let serving = async {
            let value = json!({ "ready": true, "url": format!("http://{address}") });
            out.result(&value, || format!("Serving at http://{address}"));
            axum::serve(listener, router(Arc::clone(&api)))
                .await
                .map_err(|error| Failure::unavailable(error.to_string()))
        };
        let posting = async {
            if let Some(hook) = hook {
                webhook::run(hook, Arc::clone(&api)).await;
            }
            // The client says how it ended.
            std::future::pending::<Result<(), Failure>>().await
        };
        tokio::select! {
            ended = client => ended,
            ended = serving => ended,
            ended = posting => ended,
        }
    }
}

/// The token of the file. One that is made is 256 random bits.
fn token(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let at = |error: std::io::Error| Failure::usage(format!("{}: {error}", file.display()));
    if !file.exists() {
        let made = Zeroizing::new(B64::from(random::<32>()).encode());
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut made_file = options.open(file).map_err(at)?;
        made_file.write_all(made.as_bytes()).map_err(at)?;
        return Ok(made);
    }
    let text = Zeroizing::new(fs::read_to_string(file).map_err(at)?);
    let text = Zeroizing::new(text.trim().to_owned());
    if text.len() < SHORTEST_TOKEN {
        return Err(Failure::usage(format!(
            "{}: write at least 32 random characters, or remove the file and one is made",
            file.display()
        )));
    }
    Ok(text)
}

/// What the two sides share.
struct Api {
    /// SHA-256 of the token: what is compared tells nothing of it by its time.
    token: [u8; 32],
    jobs: mpsc::Sender<Job>,
    wake: Notify,
    news: broadcast::Sender<Arc<News>>,
    connected: AtomicBool,
}

/// What a request wants of the client.
enum Job {
    /// A message is to be sent.
    Send(Box<Wanted>, oneshot::Sender<Result<Queued, Refused>>),
    /// Care teams are to be imported: the request's body.
    CareTeams(Vec<u8>, oneshot::Sender<Result<Vec<u8>, Refused>>),
    /// What came behind a place, for a stream that takes up again, and how the bot's STAT messages stand.
    Since(Option<Place>, oneshot::Sender<Vec<Arc<News>>>),
    /// How the bot's STAT messages stand.
    Escalations(oneshot::Sender<Result<Value, Refused>>),
    /// What the webhook has not posted yet, and up to where it has posted each conversation.
    Unposted(oneshot::Sender<Result<Missed, ClientError>>),
    /// The webhook's receiver has so much of each conversation.
    Posted(Printed, oneshot::Sender<Result<(), ClientError>>),
}

/// What came, and up to where each conversation was posted.
type Missed = (Vec<Arc<News>>, Printed);

/// What a stream tells.
enum News {
    /// A message came.
    Message(Received),
    /// A STAT message of the bot's stands otherwise.
    Escalation(Value),
}

/// A message that came for the bot.
struct Received {
    place: Place,
    line: Value,
}

/// Where a message stands among all: when it was taken, and its id.
type Place = (u64, String);

/// `POST /messages`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    /// A conversation that the bot is in.
    group: Option<GroupId>,
    /// An on-call role.
    role: Option<RoleSlug>,
    /// A person's sign-in name.
    to: Option<String>,
    #[serde(default)]
    priority: Priority,
    text: Option<String>,
    form: Option<Form>,
}

struct Wanted {
    id: MessageId,
    message: NewMessage,
}

/// A problem document (RFC 9457) as the answer.
struct Refused(Box<Problem>);

impl Refused {
    fn new(status: StatusCode, name: &str, title: &str, detail: &str) -> Self {
        Self(Box::new(Problem {
            kind: format!("{}{name}", Problem::PREFIX),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: Some(detail.to_owned()),
            extensions: serde_json::Map::new(),
        }))
    }

    fn invalid(detail: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid-body",
            "The request is not right.",
            detail,
        )
    }

    fn busy(detail: &str) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "unavailable", "Not available now.", detail)
    }
}

impl From<ClientError> for Refused {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => Self(problem),
            ClientError::Invalid(what) => Self::invalid(what),
            ClientError::Unreachable(_) => {
                let detail = error.to_string();
                Self::new(
                    StatusCode::CONFLICT,
                    "unreachable",
                    "Nobody could read it.",
                    &detail,
                )
            }
            other => Self::busy(&other.to_string()),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let document = serde_json::to_string(&self.0).unwrap_or_default();
        let kind = (header::CONTENT_TYPE, "application/problem+json");
        let mut answer = (status, [kind], document).into_response();
        if matches!(self.0.status, 429 | 503) {
            let again = header::HeaderValue::from_static("1");
            answer.headers_mut().insert(header::RETRY_AFTER, again);
        }
        answer
    }
}

fn router(api: Arc<Api>) -> Router {
    Router::new()
        .route("/messages", routing::post(send))
        .route("/messages/stream", routing::get(follow))
        .route("/escalations", routing::get(escalations))
        .route(
            "/care-teams",
            routing::post(care_teams).layer(DefaultBodyLimit::max(LARGEST_FILE)),
        )
        .route("/status", routing::get(status))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(Arc::clone(&api), authorize))
        .with_state(api)
}

async fn authorize(
    State(api): State<Arc<Api>>,
    request: Request,
    next: Next,
) -> Result<Response, Refused> {
    let bearer = request.headers().get(header::AUTHORIZATION);
    let bearer = bearer.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let digest = bearer.map(|token| <[u8; 32]>::from(Sha256::digest(token.trim().as_bytes())));
    if digest != Some(api.token) {
        return Err(Refused::new(
            StatusCode::UNAUTHORIZED,
            "no-session",
            "The token is missing or wrong.",
            "Send `Authorization: Bearer` with the token of the file that --token-file names.",
        ));
    }
    Ok(next.run(request).await)
}

/// 201 once the message is durable at the hospital, 202 where it is durable here and goes out by itself.
async fn send(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Result<Json<NewMessage>, JsonRejection>,
) -> Result<Response, Refused> {
    let key = headers
        .get(IDEMPOTENCY_KEY)
        .and_then(|key| key.to_str().ok());
    let key = key
        .filter(|key| (1..=200).contains(&key.len()))
        .ok_or_else(|| {
            Refused::invalid(
                "Send an `Idempotency-Key` of 1 to 200 characters, the same for each try of one message.",
            )
        })?;
    let id = id_of(key);
    // What is said of the mistake has nothing of the body in it.
    let Ok(Json(message)) = body else {
        return Err(Refused::invalid(
            "Send JSON with one of `group`, `role` and `to`, a `text` or a `form`, and if need be a \
             `priority` of `routine`, `urgent` or `stat`.",
        ));
    };
    let places = [
        message.group.is_some(),
        message.role.is_some(),
        message.to.is_some(),
    ];
    if places.into_iter().filter(|given| *given).count() != 1 {
        return Err(Refused::invalid("Give one of `group`, `role` and `to`."));
    }
    if message.text.is_some() == message.form.is_some() {
        return Err(Refused::invalid("Give a `text` or a `form`, and not both."));
    }
    let (reply, answer) = oneshot::channel();
    ask(&api, Job::Send(Box::new(Wanted { id, message }), reply))?;
    let queued = tokio::time::timeout(PATIENCE, answer).await;
    let Ok(Ok(queued)) = queued else {
        return Err(Refused::busy(
            "What became of it is not known yet. Send it again with the same key.",
        ));
    };
    let queued = queued?;
    let (status, state) = match queued.seq {
        Some(_) => (StatusCode::CREATED, "sent"),
        None => (StatusCode::ACCEPTED, "queued"),
    };
    let body = json!({
        "id": queued.id, "group": queued.group, "seq": queued.seq, "state": state,
    });
    Ok((status, Json(body)).into_response())
}

/// Care teams, durable at the hospital once this is answered: nothing of them is kept here. The same again
/// changes nothing, so it needs no key.
async fn care_teams(
    State(api): State<Arc<Api>>,
    body: Result<Json<CareTeamImport>, JsonRejection>,
) -> Result<Response, Refused> {
    let Ok(Json(import)) = body else {
        return Err(Refused::invalid(
            "Send JSON with `text`, CSV of `patient_id,username` and at most 4 MiB, and `dry_run`.",
        ));
    };
    let body = serde_json::to_vec(&import).map_err(|error| Refused::busy(&error.to_string()))?;
    let (reply, answer) = oneshot::channel();
    ask(&api, Job::CareTeams(body, reply))?;
    let Ok(Ok(taken)) = tokio::time::timeout(PATIENCE, answer).await else {
        return Err(Refused::busy(
            "What became of it is not known yet. Send it again.",
        ));
    };
    let kind = (header::CONTENT_TYPE, "application/json");
    Ok(([kind], taken?).into_response())
}

fn ask(api: &Api, job: Job) -> Result<(), Refused> {
    api.jobs
        .try_send(job)
        .map_err(|_| Refused::busy("Too much waits. Send it again with the same key."))?;
    api.wake.notify_one();
    Ok(())
}

/// How the bot's STAT messages stand.
async fn escalations(State(api): State<Arc<Api>>) -> Result<Json<Value>, Refused> {
    let (reply, answer) = oneshot::channel();
    ask(&api, Job::Escalations(reply))?;
    let Ok(Ok(found)) = tokio::time::timeout(PATIENCE, answer).await else {
        return Err(Refused::busy("The bot is not ready yet. Ask again."));
    };
    Ok(Json(found?))
}

/// Messages to the bot as they come (server-sent events), with `Last-Event-ID` first what came since; and how
/// its STAT messages stand, first of all and whenever one stands otherwise.
async fn follow(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    // Before the look back, so that nothing falls between.
    let news = api.news.subscribe();
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let last = last.map(|id| {
        let place = id
            .split_once('-')
            .and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
        place.ok_or_else(|| {
            Refused::invalid("`Last-Event-ID` is the `id` of an event of this stream.")
        })
    });
    let (reply, answer) = oneshot::channel();
    ask(&api, Job::Since(last.transpose()?, reply))?;
    let missed = tokio::time::timeout(PATIENCE, answer).await;
    let missed = missed
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| Refused::busy("The bot is not ready yet. Connect again."))?;
    let until = missed.iter().rev().find_map(|news| match &**news {
        News::Message(received) => Some(received.place.clone()),
        News::Escalation(_) => None,
    });
    let live = stream::unfold(news, |mut news| async move {
        // Whoever is too slow connects again, and takes up where it was.
        let received = news.recv().await.ok()?;
        Some((received, news))
    });
    let live = live.filter(move |news| {
        let is_new = match &**news {
            News::Message(received) => until.as_ref().is_none_or(|until| received.place > *until),
            News::Escalation(_) => true,
        };
        async move { is_new }
    });
    let events = stream::iter(missed).chain(live).map(|news| {
        Ok(match &*news {
            News::Message(received) => {
                let (at, id) = &received.place;
                Event::default()
                    .id(format!("{at}-{id}"))
                    .event("message")
                    .data(received.line.to_string())
            }
            // Without an id: the place to take up from is a message's.
            News::Escalation(line) => Event::default().event("escalation").data(line.to_string()),
        })
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

async fn status(State(api): State<Arc<Api>>) -> Json<Value> {
    let waiting = api.jobs.max_capacity() - api.jobs.capacity();
    Json(json!({
        "connected": api.connected.load(Ordering::Relaxed),
        "waiting": waiting,
    }))
}

/// The id of the message that a key stands for.
fn id_of(key: &str) -> MessageId {
    let mut hash = Sha256::new();
    hash.update(b"wardline bot idempotency key v1\0");
    hash.update(key.as_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    MessageId::from_random(id)
}

/// The client's side: signs in, follows, and does what requests want in between, until the bot is
/// disabled.
async fn drive(
    client: &mut NativeClient,
    mut work: mpsc::Receiver<Job>,
    api: &Api,
) -> Result<(), Failure> {
    let mut told = Printed::new();
    let mut pages = Pages::default();
    let mut calls = Calls::default();
    let mut caught_up = false;
    loop {
        let tried = async {
            client.sign_in().await?;
            client.sync().await?;
            pages.stale = true;
            calls.connected();
            if !caught_up {
                // What is there already is for those who ask since when.
                received(client, &mut told)?;
                caught_up = true;
            }
            api.connected.store(true, Ordering::Relaxed);
            stay(client, &mut work, &mut told, &mut pages, &mut calls, api).await
        };
        let ended: Result<(), NativeError> = tried.await;
        api.connected.store(false, Ordering::Relaxed);
        match ended {
            Ok(()) => return Ok(()),
            Err(error) if error.is_passing() => tracing::warn!(%error, "the bot connects again"),
            Err(error) => return Err(error.into()),
        }
        // What is asked meanwhile is answered: most of it waits in the outbox until the hospital is back.
        let again = tokio::time::sleep(AGAIN);
        tokio::pin!(again);
        loop {
            tokio::select! {
                () = &mut again => break,
                job = work.recv() => match job {
                    Some(job) => perform(client, job, &mut pages).await,
                    None => return Ok(()),
                },
            }
        }
    }
}

/// Follows by the socket; a bot that only writes has none.
async fn stay(
    client: &mut NativeClient,
    work: &mut mpsc::Receiver<Job>,
    told: &mut Printed,
    pages: &mut Pages,
    calls: &mut Calls,
    api: &Api,
) -> Result<(), NativeError> {
    let follow = async |client: &mut NativeClient, frame: Option<&ServerFrame>| {
        pages.stale |= matches!(frame, Some(ServerFrame::Escalation { .. }));
        calls.heard(frame);
        if calls.tell(client).await? {
            pages.expect();
        }
        round(client, work, pages).await?;
        for line in received(client, told).unwrap_or_default() {
            // Without anybody who listens it is found by those who ask later.
            let _ = api.news.send(Arc::new(News::Message(of_line(line))));
        }
        pages.tell(client, api).await?;
        Ok(ControlFlow::Continue(calls.patience(client, QUIET)))
    };
    match client.follow_woken(&api.wake, follow).await {
        Err(NativeError::Client(ClientError::Problem(problem))) if only_writes(&problem) => {}
        other => return other,
    }
    loop {
        // Nothing comes by itself.
        calls.heard(None);
        if calls.tell(client).await? {
            pages.expect();
        }
        round(client, work, pages).await?;
        pages.tell(client, api).await?;
        let patience = if pages.wait() { OFTEN } else { QUIET };
        let patience = calls.patience_unheard(patience);
        pages.stale |= pages.wait();
        tokio::select! {
            () = api.wake.notified() => {}
            () = tokio::time::sleep(patience) => client.sync().await?,
        }
    }
}

/// How the bot's STAT messages stand, as the hospital said it last.
#[derive(Default)]
struct Pages {
    known: BTreeMap<EscalationId, EscalationInfo>,
    /// Whether one of them may stand otherwise by now.
    stale: bool,
    /// How many looks may pass until one that was sent is known: it begins a moment after it was taken.
    expected: u8,
}

impl Pages {
    /// Asks the hospital; gives those that stand otherwise than was known.
    async fn ask(&mut self, client: &mut NativeClient) -> Result<Vec<Value>, ClientError> {
        let found = client.raw("GET", "/v1/escalations", None).await?;
        let found: EscalationList = serde_json::from_slice(&found)
            .map_err(|_| ClientError::Untrusted("a list of STAT messages of an unknown form"))?;
        self.stale = false;
        self.expected = self.expected.saturating_sub(1);
        let mut known = BTreeMap::new();
        let mut moved = Vec::new();
        for info in found.escalations {
            let before = self.known.get(&info.id);
            if before.is_none_or(|before| before.state != info.state) {
                moved.push(stands(&info));
            }
            known.insert(info.id, info);
        }
        self.known = known;
        Ok(moved)
    }

    /// Tells streams of those that stand otherwise.
    async fn tell(&mut self, client: &mut NativeClient, api: &Api) -> Result<(), NativeError> {
        if self.stale {
            for line in self.ask(client).await? {
                let _ = api.news.send(Arc::new(News::Escalation(line)));
            }
        }
        Ok(())
    }

    /// Asks the hospital for all of them, the oldest first.
    async fn list(mut self, client: &mut NativeClient) -> Result<Value, ClientError> {
        self.ask(client).await?;
        Ok(json!({ "escalations": self.all() }))
    }

    /// All of them, the oldest first.
    fn all(&self) -> Vec<Value> {
        let mut infos: Vec<&EscalationInfo> = self.known.values().collect();
        infos.sort_by_key(|info| (info.started_at, info.id));
        infos.into_iter().map(stands).collect()
    }

    /// One was sent.
    const fn expect(&mut self) {
        self.stale = true;
        self.expected = LOOKS;
    }

    /// Whether any of them waits for somebody, or is about to.
    fn wait(&self) -> bool {
        let mut infos = self.known.values();
        self.expected > 0 || infos.any(|info| info.state == EscalationState::Waiting)
    }
}

/// What is told of one. Nothing of it is content, and nobody's name.
fn stands(info: &EscalationInfo) -> Value {
    json!({
        "id": info.id, "group": info.group, "seq": info.seq, "line": info.line, "role": info.role,
        "state": info.state, "started_at": info.started_at, "ended_at": info.ended_at,
        "call": info.call,
    })
}

fn only_writes(problem: &Problem) -> bool {
    let reason = problem.extensions.get("reason");
    reason.and_then(Value::as_str) == Some("bot_reads")
}

/// Does what is asked, and sends what still waits.
async fn round(
    client: &mut NativeClient,
    work: &mut mpsc::Receiver<Job>,
    pages: &mut Pages,
) -> Result<(), NativeError> {
    while let Ok(job) = work.try_recv() {
        perform(client, job, pages).await;
    }
    // Which of these pages somebody is not known here any more.
    if !client.deliver().await?.is_empty() {
        pages.expect();
    }
    Ok(())
}

async fn perform(client: &mut NativeClient, job: Job, pages: &mut Pages) {
    // Whoever asked may have gone; what was done is done.
    match job {
        Job::Send(wanted, reply) => {
            if wanted.message.priority == Priority::Stat {
                pages.expect();
            }
            let _ = reply.send(write(client, *wanted).await);
        }
        Job::CareTeams(body, reply) => {
            let taken = client.raw("POST", "/v1/care-teams/import", Some(body));
            let _ = reply.send(taken.await.map_err(Refused::from));
        }
        Job::Since(place, reply) => {
            let missed = place.map(|place| {
                let all = received(client, &mut Printed::new()).unwrap_or_default();
                let all = all.into_iter().map(of_line);
                all.filter(|received| received.place > place).collect()
            });
            let _ = reply.send(with_stand(pages, missed.unwrap_or_default()));
        }
        Job::Escalations(reply) => {
            // What is new stays to be told to streams.
            let found = Pages::default().list(client).await;
            let _ = reply.send(found.map_err(Refused::from));
        }
        Job::Unposted(reply) => {
            let _ = reply.send(unposted(client, pages));
        }
        Job::Posted(posted, reply) => {
            let _ = reply.send(keep_posted(client, &posted).await);
        }
    }
}

/// At first all that the bot has: so nothing is lost that came before the receiver took anything.
fn unposted(client: &NativeClient, pages: &Pages) -> Result<Missed, ClientError> {
    let posted: Printed = client.own(POSTED)?.unwrap_or_default();
    let missed = received(client, &mut posted.clone())?;
    let missed = missed.into_iter().map(of_line).collect();
    Ok((with_stand(pages, missed), posted))
}

/// How the bot's STAT messages stand as known here, for what comes next is told as it comes; and then what
/// came, the oldest first.
fn with_stand(pages: &Pages, mut missed: Vec<Received>) -> Vec<Arc<News>> {
    missed.sort_by(|a, b| a.place.cmp(&b.place));
    let stand = pages.all().into_iter().map(News::Escalation);
    let news = stand.chain(missed.into_iter().map(News::Message));
    news.map(Arc::new).collect()
}

async fn keep_posted(client: &mut NativeClient, posted: &Printed) -> Result<(), ClientError> {
    client.put_own(POSTED, posted)?;
    client.flush().await
}

async fn write(client: &mut NativeClient, wanted: Wanted) -> Result<Queued, Refused> {
    let Wanted { id, message } = wanted;
    let group = match (message.group, message.role, message.to) {
        (Some(group), ..) => group,
        (None, Some(role), _) => client.start(&[], Some(role), None).await?,
        (None, None, name) => {
            let name = name.unwrap_or_default();
            let found = client.people(&name).await?.into_iter();
            let mut found = found.filter(|person| person.user.username == name);
            let person = found.next().ok_or_else(|| {
                Refused::new(
                    StatusCode::NOT_FOUND,
                    "not-found",
                    "There is nobody of that name.",
                    "Give the sign-in name of a person in `to`.",
                )
            })?;
            client.start(&[person.user.id], None, None).await?
        }
    };
    let text = message.text.unwrap_or_default();
    send_into(client, id, group, text, message.form, message.priority).await
}

/// Sends a message once, as far as it comes now.
async fn send_into(
    client: &mut NativeClient,
    id: MessageId,
    group: GroupId,
    text: String,
    form: Option<Form>,
    priority: Priority,
) -> Result<Queued, Refused> {
    let queued = client.send_once(id, group, text, form, priority).await?;
    if queued.seq.is_some() {
        return Ok(queued);
    }
    let sent = client.deliver().await?;
    if let Some(sent) = sent.into_iter().find(|sent| sent.id == id) {
        return Ok(sent);
    }
    // Refused for good: it must not stand before what comes after it, and the same key may try again.
    let waiting = client.messages(queued.group, None, FEW)?.into_iter();
    let problem = waiting
        .filter(|message| message.id == id)
        .find_map(|m| m.problem);
    if let Some(problem) = problem {
        client.discard(id).await?;
        return Err(Refused(Box::new(problem)));
    }
    Ok(queued)
}

fn of_line(line: Value) -> Received {
    let at = line["sent_at"].as_u64().unwrap_or_default();
    let id = line["id"].as_str().unwrap_or_default().to_owned();
    Received {
        place: (at, id),
        line,
    }
}

/// In the bot's own store: up to where the webhook's receiver has everything.
const POSTED: &str = "webhook";
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How long a request waits for the client.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two attempts to reach the hospital.
const AGAIN: Duration = Duration::from_secs(2);
/// Between two looks when nothing happens; it keeps the session alive.
const QUIET: Duration = Duration::from_secs(30);
/// The same while a STAT message waits and no socket tells of it.
const OFTEN: Duration = Duration::from_secs(5);
/// Within so many of which a STAT message that was sent is known.
const LOOKS: u8 = 3;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How many messages a stream may be behind.
const NEWS: usize = 256;
const FEW: usize = 64;
const LARGEST_BODY: usize = 64 * 1024;
/// A file of care teams as JSON: the hospital takes 4 MiB.
const LARGEST_FILE: usize = 6 << 20;
const SHORTEST_TOKEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_for_one_message() {
        assert_eq!(id_of("lab-4711"), id_of("lab-4711"));
        assert_ne!(id_of("lab-4711"), id_of("lab-4712"));
    }

    #[test]
    fn a_token_is_made_for_its_owner_alone_and_a_short_one_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let made = token(&file).unwrap();
        assert_eq!(made.len(), 43);
        assert_eq!(*token(&file).unwrap(), *made);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&file, "short").unwrap();
        assert!(token(&file).is_err());
    }
}
