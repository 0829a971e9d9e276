//! The hub: takes hints off the bus and pushes what they are about to this process's sockets.
//!
//! For each conversation that a socket here follows it keeps the place up to which entries were
//! pushed. A hint makes it read the entries after that place, once for all sockets, so a hundred
//! hints in a burst cost one query. A socket that does not keep up is closed; its client connects
//! again and catches up from the log.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{mpsc, watch};
use wardline_bus::{Heard, Hint};
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{DeviceId, GroupId, SessionId};
use wardline_store::Principal;

use crate::app::App;
use crate::listen::stopped;
use crate::problem::Refusal;

/// For a socket's task.
#[derive(Debug, Clone)]
pub(crate) enum Push {
    /// Send this text.
    Frame(Utf8Bytes),
    /// The device's conversations may be others now: load them anew.
    Follow,
    /// Trust changed: judge again.
    Judge,
}

/// All sockets of this process.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    sockets: HashMap<u64, Socket>,
    groups: HashMap<GroupId, Followed>,
}

#[derive(Debug)]
struct Socket {
    session: SessionId,
    device: DeviceId,
    /// Whether it is the record keeper's, which looks after devices.
    keeper: bool,
    push: mpsc::Sender<Push>,
    groups: HashSet<GroupId>,
}

#[derive(Debug)]
struct Followed {
    pushed: u64,
    sockets: HashSet<u64>,
}

/// A socket's place in the hub; dropping it leaves.
#[derive(Debug)]
pub(crate) struct Seat {
    app: App,
    id: u64,
}

impl Hub {
    /// Joins. The receiver ends when the socket did not keep up.
    pub(crate) fn join(app: &App, principal: &Principal) -> (Seat, mpsc::Receiver<Push>) {
        let (push, pushes) = mpsc::channel(BACKLOG);
        let mut inner = app.hub.lock();
        inner.next += 1;
        let id = inner.next;
        let socket = Socket {
            session: principal.session_id,
            device: principal.device_id,
            keeper: principal.roles().any(|role| role == "record_keeper"),
            push,
            groups: HashSet::new(),
        };
        inner.sockets.insert(id, socket);
        metrics::gauge!("wardline_sockets").set(count(inner.sockets.len()));
        drop(inner);
        (
            Seat {
                app: app.clone(),
                id,
            },
            pushes,
        )
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is whole when the lock is released, so a poisoned lock holds no half state.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to where a conversation was pushed; `None` when nobody here follows it.
    fn pushed(&self, group: GroupId) -> Option<u64> {
        self.lock()
            .groups
            .get(&group)
            .map(|followed| followed.pushed)
    }

    fn followed(&self) -> Vec<GroupId> {
        self.lock().groups.keys().copied().collect()
    }

    /// Pushes frames to everyone who follows a conversation, and notes the place.
    fn push_entries(&self, group: GroupId, up_to: u64, frames: &[Utf8Bytes]) {
        let mut inner = self.lock();
        let Some(followed) = inner.groups.get_mut(&group) else {
            return;
        };
        followed.pushed = followed.pushed.max(up_to);
        let ids: Vec<u64> = followed.sockets.iter().copied().collect();
        for id in ids {
            for frame in frames {
                inner.push(id, Push::Frame(frame.clone()));
            }
        }
    }

    fn push_where(&self, push: &Push, to: impl Fn(&Socket) -> bool) {
        let mut inner = self.lock();
        let ids: Vec<u64> = inner
            .sockets
            .iter()
            .filter(|(_, s)| to(s))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            inner.push(id, push.clone());
        }
    }
}

impl Inner {
    /// A socket that does not keep up loses its sender, upon which its task closes it.
    fn push(&mut self, id: u64, push: Push) {
        if self
            .sockets
            .get(&id)
            .is_some_and(|socket| socket.push.try_send(push).is_err())
        {
            self.remove(id);
        }
    }

    fn remove(&mut self, id: u64) {
        let Some(socket) = self.sockets.remove(&id) else {
            return;
        };
        for group in socket.groups {
            self.unfollow(id, group);
        }
    }

    fn unfollow(&mut self, id: u64, group: GroupId) {
        if let Some(followed) = self.groups.get_mut(&group) {
            followed.sockets.remove(&id);
            if followed.sockets.is_empty() {
                self.groups.remove(&group);
            }
        }
    }
}

impl Seat {
    /// Follows exactly these conversations from now on, each from its newest place.
    pub(crate) fn follow(&self, groups: &[(GroupId, u64)]) {
        let mut inner = self.app.hub.lock();
        let Some(socket) = inner.sockets.get_mut(&self.id) else {
            return;
        };
        let now: HashSet<GroupId> = groups.iter().map(|(group, _)| *group).collect();
        let before = std::mem::replace(&mut socket.groups, now.clone());
        for group in before.difference(&now) {
            inner.unfollow(self.id, *group);
        }
        for (group, seq) in groups {
            inner
                .groups
                .entry(*group)
                .or_insert_with(|| Followed {
                    pushed: *seq,
                    sockets: HashSet::new(),
                })
                .sockets
                .insert(self.id);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.app.hub.lock();
        inner.remove(self.id);
        metrics::gauge!("wardline_sockets").set(count(inner.sockets.len()));
    }
}

/// Takes hints and pushes, until told to stop.
pub(crate) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut hints = app.bus.subscribe();
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let first = tokio::select! {
            heard = hints.next() => match heard {
                Some(heard) => heard,
                None => return,
            },
            // Another node may have appended, and its hint may be lost or never sent.
            _ = poll.tick(), if app.shares_its_store => Heard::Missed,
            () = stopped(&mut stop) => return,
        };
        let mut reached: BTreeMap<GroupId, u64> = BTreeMap::new();
        let mut next = Some(first);
        while let Some(heard) = next {
            match heard {
                Heard::Hint(Hint::Reached { group, seq }) => {
                    let place = reached.entry(group).or_default();
                    *place = seq.max(*place);
                }
                Heard::Hint(hint) => take(&app, &hint),
                Heard::Missed => {
                    reached.extend(
                        app.hub
                            .followed()
                            .into_iter()
                            .map(|group| (group, u64::MAX)),
                    );
                    if !app.shares_its_store {
                        app.hub.push_where(&Push::Judge, |_| true);
                    }
                }
            }
            next = hints.ready();
        }
        for (group, seq) in reached {
            if let Err(error) = deliver(&app, group, seq).await {
                tracing::warn!(%error, "entries were not pushed");
            }
        }
    }
}

fn take(app: &App, hint: &Hint) {
    match hint {
        Hint::Inbox { device } => {
            app.hub
                .push_where(&Push::Follow, |socket| socket.device == *device);
            if let Some(frame) = frame(&ServerFrame::Inbox) {
                app.hub
                    .push_where(&Push::Frame(frame), |socket| socket.device == *device);
            }
        }
        Hint::Members { group } => {
            app.hub
                .push_where(&Push::Follow, |socket| socket.groups.contains(group));
        }
        Hint::Receipt { group, receipt } => {
            let answer = ServerFrame::Receipt {
                group: *group,
                receipt: receipt.clone(),
            };
            if let Some(frame) = frame(&answer) {
                app.hub
                    .push_where(&Push::Frame(frame), |socket| socket.groups.contains(group));
            }
        }
        Hint::SessionEnded { session } => {
            app.hub
                .push_where(&Push::Judge, |socket| socket.session == *session);
        }
        Hint::DeviceChanged { device } => {
            app.hub
                .push_where(&Push::Judge, |socket| socket.device == *device);
            if let Some(frame) = frame(&ServerFrame::Devices) {
                app.hub
                    .push_where(&Push::Frame(frame), |socket| socket.keeper);
            }
        }
        Hint::Reached { .. } | Hint::Audit => {}
    }
}

/// Pushes the entries after the place that was pushed last.
async fn deliver(app: &App, group: GroupId, seq: u64) -> Result<(), Refusal> {
    while let Some(pushed) = app.hub.pushed(group).filter(|pushed| *pushed < seq) {
        let entries = app
            .facts()
            .await?
            .entries_after(group, pushed, PAGE)
            .await?;
        let Some(last) = entries.last().map(|entry| entry.seq) else {
            return Ok(());
        };
        let frames: Vec<Utf8Bytes> = entries
            .into_iter()
            .filter_map(|entry| frame(&ServerFrame::Entry { group, entry }))
            .collect();
        app.hub.push_entries(group, last, &frames);
    }
    Ok(())
}

/// A frame's text.
pub(crate) fn frame(frame: &ServerFrame) -> Option<Utf8Bytes> {
    serde_json::to_string(frame)
        .inspect_err(|error| tracing::error!(%error, "a frame has no text"))
        .ok()
        .map(Utf8Bytes::from)
}

fn count(sockets: usize) -> f64 {
    u32::try_from(sockets).map_or(f64::INFINITY, f64::from)
}

const BACKLOG: usize = 1024;
const PAGE: u32 = 256;
const POLL: Duration = Duration::from_millis(500);
