//! `GET /v1/socket`: the real-time socket.
//!
//! The first frame carries the ticket. After that the server pushes entries, and the client may
//! send messages, each of which is decided, recorded and appended as a POST would be. The socket
//! is judged again on each change of trust, and every few seconds; when the policy no longer lets
//! it be open it gets `ended` and closes.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::CloseFrame;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::request::Parts;
use axum::response::Response;
use futures::SinkExt as _;
use futures::stream::{FuturesOrdered, SplitSink, SplitStream, StreamExt as _};
use wardline_model::GroupId;
use wardline_model::wire::messages::MessageSend;
use wardline_model::wire::socket::{ClientFrame, ServerFrame};
use wardline_policy::{Action, Resource};
use wardline_store::Principal;

use crate::app::{App, Peer};
use crate::caller::{Caller, token_hash};
use crate::extract::parse;
use crate::hub::{Hub, Push, Seat, frame};
use crate::problem::Refusal;
use crate::routes::groups::Standing;
use crate::routes::groups::send::{Target, send};
use crate::routes::socket::ticket;

/// Opens the real-time socket; see the frames in the description of `SocketTicket`.
#[utoipa::path(
    get, path = "/v1/socket", tag = "socket",
    responses((status = 101, description = "WebSocket; JSON text frames with a tag `t`")),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    parts: Parts,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    app.limit_unauthenticated(&parts)?;
    let peer = Peer::of(&parts);
    // Base64 and the frame's other members come on top of the largest message.
    let limit = app.config.server.max_body_bytes;
    Ok(upgrade
        .max_message_size(limit)
        .max_frame_size(limit)
        .read_buffer_size(READ_BYTES)
        .on_upgrade(move |socket| serve(app, peer, socket)))
}

async fn serve(app: App, peer: Peer, socket: WebSocket) {
    let (mut out, mut input) = socket.split();
    let outcome = match admit(&app, peer, &mut input).await {
        Ok(principal) => talk(&app, peer, principal, &mut out, &mut input).await,
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = outcome {
        if refusal.is_unauthenticated() && app.refusals.first(peer.address.ip(), app.clock.now_ms())
        {
            app.record_refusal(peer, refusal.name()).await;
        }
        if let Some(text) = frame(&ServerFrame::Ended {
            problem: refusal.problem(),
        }) {
            let _ = out.send(Message::Text(text)).await;
        }
    }
    // The other end may be gone; then there is nobody to tell.
    let _ = out
        .send(Message::Close(Some(CloseFrame {
            code: close_code::NORMAL,
            reason: Utf8Bytes::from_static(""),
        })))
        .await;
}

/// Takes the ticket of the first frame.
async fn admit(
    app: &App,
    peer: Peer,
    input: &mut SplitStream<WebSocket>,
) -> Result<Principal, Refusal> {
    let first = tokio::time::timeout(FIRST_FRAME, input.next()).await;
    let Ok(Some(Ok(Message::Text(text)))) = first else {
        return Err(Refusal::TicketRefused);
    };
    let Ok(ClientFrame::Ticket { ticket }) = parse::<ClientFrame>(text.as_bytes()) else {
        return Err(Refusal::TicketRefused);
    };
    let now_ms = app.clock.now_ms();
    let mut tx = app.gate.machinery().write().await?;
    let session = tx.take_ticket(&token_hash(&ticket), now_ms).await?;
    tx.commit().await?;
    let session = session.ok_or(Refusal::TicketRefused)?;
    let principal = app
        .facts()
        .await?
        .principal_of_session(session, now_ms)
        .await?;
    let principal = principal.ok_or(Refusal::TicketRefused)?;
    let caller = Caller::new(app, principal, peer)?;
    let permit = app
        .decide(caller.asker(), Action::SocketOpen, Resource::Hospital)
        .await?;
    ticket::listening(&caller, permit).await?.record().await?;
    Ok(caller.into_principal())
}

/// What a socket's task knows.
struct Talk<'a> {
    app: &'a App,
    peer: Peer,
    principal: Principal,
    seat: Seat,
    targets: HashMap<GroupId, Target>,
}

async fn talk(
    app: &App,
    peer: Peer,
    principal: Principal,
    out: &mut SplitSink<WebSocket, Message>,
    input: &mut SplitStream<WebSocket>,
) -> Result<(), Refusal> {
    let session = principal.session_id;
    let marks = app.facts().await?.session_marks(&[session]).await?;
    let inbox = marks.first().map_or(0, |mark| mark.inbox);
    let (seat, mut pushes) = Hub::join(app, &principal, inbox);
    let mut talk = Talk {
        app,
        peer,
        principal,
        seat,
        targets: HashMap::new(),
    };
    // A bot's scope may have changed before the hub knew of this socket.
    if talk.principal.bot_scope.is_some() {
        talk.judge().await?;
    }
    let mut frames = vec![ServerFrame::Ready];
    frames.extend(talk.follow().await?);
    for answer in frames {
        if write(out, &answer).await.is_err() {
            return Ok(());
        }
    }
    let mut sending = FuturesOrdered::new();
    let mut judge = tokio::time::interval(JUDGE);
    judge.reset();
    loop {
        tokio::select! {
            push = pushes.recv() => match push {
                Some(Push::Frame(text)) => {
                    if out.feed(Message::Text(text)).await.is_err() {
                        return Ok(());
                    }
                    // Everything that waits goes out with one flush.
                    let mut follow = false;
                    let mut again = false;
                    while let Ok(more) = pushes.try_recv() {
                        match more {
                            Push::Frame(text) => {
                                if out.feed(Message::Text(text)).await.is_err() {
                                    return Ok(());
                                }
                            }
                            Push::Follow => follow = true,
                            // What comes behind it may not be for them any more.
                            Push::Judge => {
                                again = true;
                                break;
                            }
                        }
                    }
                    if out.flush().await.is_err() {
                        return Ok(());
                    }
                    if again {
                        talk.judge().await?;
                    }
                    if follow {
                        talk.announce(out).await?;
                    }
                }
                Some(Push::Follow) => talk.announce(out).await?,
                Some(Push::Judge) => talk.judge().await?,
                // Too slow: the client connects again and catches up.
                None => return Ok(()),
            },
            frame = input.next(), if sending.len() < MAX_SENDING => match frame {
                Some(Ok(Message::Text(text))) => match parse::<ClientFrame>(text.as_bytes()) {
                    Ok(ClientFrame::Send { reference, group, message }) => {
                        let prepared = talk.prepare(group).await;
                        let app = talk.app;
                        sending.push_back(async move {
                            answer(app, reference, prepared, message).await
                        });
                    }
                    Ok(ClientFrame::Ticket { .. }) => {}
                    Err(refusal) => {
                        let problem = refusal.problem();
                        let answer = ServerFrame::Problem { reference: 0, problem };
                        if write(out, &answer).await.is_err() {
                            return Ok(());
                        }
                    }
                },
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
            },
            Some(answered) = sending.next(), if !sending.is_empty() => {
                match answered {
                    Ok(answer) => {
                        if write(out, &answer).await.is_err() {
                            return Ok(());
                        }
                    }
                    Err(ended) => return Err(ended),
                }
            }
            _ = judge.tick() => {
                talk.judge().await?;
                if out.send(Message::Ping(axum::body::Bytes::new())).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

impl Talk<'_> {
    /// The caller as of now.
    fn caller(&self) -> Result<Caller, Refusal> {
        Caller::new(self.app, self.principal.clone(), self.peer)
    }

    /// Loads the device's conversations; the client is told how far each new one has come.
    async fn follow(&mut self) -> Result<Vec<ServerFrame>, Refusal> {
        self.seat.loads();
        self.targets.clear();
        let device = self.principal.device_id;
        let mut facts = self.app.facts().await?;
        let groups = facts.group_marks_of(device).await?;
        let receipts = facts
            .receipts_of(&self.app.hub.not_followed(&groups))
            .await?;
        drop(facts);
        let new = self.seat.follow(&groups, receipts);
        // An entry may have come between reading and following. What is read from here on is
        // either told now or pushed.
        let reached = self.app.facts().await?.group_marks_of(device).await?;
        Ok(reached
            .into_iter()
            .filter(|mark| new.contains(&mark.group_id))
            .map(|mark| ServerFrame::Reached {
                group: mark.group_id,
                seq: mark.last_seq,
            })
            .collect())
    }

    async fn announce(&mut self, out: &mut SplitSink<WebSocket, Message>) -> Result<(), Refusal> {
        for reached in self.follow().await? {
            if write(out, &reached).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Asks the policies again, on what the store has now.
    async fn judge(&mut self) -> Result<(), Refusal> {
        self.seat.judges();
        let now_ms = self.app.clock.now_ms();
        let session = self.principal.session_id;
        let principal = self
            .app
            .facts()
            .await?
            .principal_of_session(session, now_ms)
            .await?;
        self.principal = principal.ok_or(Refusal::SessionEnded("it is not known"))?;
        let caller = self.caller()?;
        self.app
            .judge(caller.asker(), Action::SocketOpen, Resource::Hospital)?;
        if caller.is_kept_from_reading() {
            return Err(ticket::writes_only());
        }
        Ok(())
    }

    /// What a `send` needs besides the message. Sending is use of the session.
    async fn prepare(&mut self, group: GroupId) -> Result<(Caller, Target), Refusal> {
        let now_ms = self.app.clock.now_ms();
        let caller = self.caller()?;
        if self.principal.is_due_for_touch(now_ms) && self.principal.is_live(now_ms) {
            let mut tx = self.app.gate.machinery().write().await?;
            tx.touch_session(caller.session(), now_ms).await?;
            tx.touch_device(caller.device(), now_ms).await?;
            tx.commit().await?;
            self.principal.last_used_at = now_ms;
        }
        if let Some(target) = self.targets.get(&group) {
            return Ok((caller, target.clone()));
        }
        let mut facts = self.app.facts().await?;
        let target = Standing::of(&mut facts, group, &caller)
            .await?
            .target(&caller);
        drop(facts);
        // A pending removal ends soon, so it is asked for anew each time.
        if !target.removal_pending {
            self.targets.insert(group, target.clone());
        }
        Ok((caller, target))
    }
}

/// Sends one message. What ends the session ends the socket, too.
async fn answer(
    app: &App,
    reference: u64,
    prepared: Result<(Caller, Target), Refusal>,
    message: MessageSend,
) -> Result<ServerFrame, Refusal> {
    let outcome = match prepared {
        Ok((caller, target)) => send(app, &caller, &target, message).await,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(accepted) => Ok(ServerFrame::Sent {
            reference,
            seq: accepted.seq,
            sent_at: accepted.sent_at,
        }),
        Err(ended @ (Refusal::SessionEnded(_) | Refusal::NoSession)) => Err(ended),
        Err(refusal) => Ok(ServerFrame::Problem {
            reference,
            problem: refusal.problem(),
        }),
    }
}

/// An error means that the other end is gone.
async fn write(
    out: &mut SplitSink<WebSocket, Message>,
    answer: &ServerFrame,
) -> Result<(), axum::Error> {
    match frame(answer) {
        Some(text) => out.send(Message::Text(text)).await,
        None => Ok(()),
    }
}

/// What is read at once. The buffer is zeroed before each read, whatever comes, and each open app has one.
const READ_BYTES: usize = 8 << 10;
const FIRST_FRAME: Duration = Duration::from_secs(10);
const JUDGE: Duration = Duration::from_secs(15);
const MAX_SENDING: usize = 128;
