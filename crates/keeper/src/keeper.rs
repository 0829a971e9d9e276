//! [`Keeper`]: what is to be done after each change, over a client that keeps the records.

use std::collections::{BTreeMap, BTreeSet};

use wardline_client::content::{Kept, Page, PageEnd};
use wardline_client::{Client, ClientError, Platform};
use wardline_model::wire::messages::EntryKind;
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{DeviceId, GroupId, RoleSlug, UserId};

use crate::ledger::{Ledger, Owed};
use crate::removal;
use crate::roles::{Duties, Roles};

/// The hospital's rules for history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long a device waits for history when an officer, and not its own person, vouched for
    /// it; in milliseconds. Meanwhile everyone in the conversation sees it, and the person or an
    /// officer can take the device out of use.
    pub recovery_wait_ms: u64,
    /// How long whoever goes off stays in a role's conversations, for the hand-over; in milliseconds.
    pub overlap_ms: u64,
    /// Into which conversations whoever comes on duty is let: those in which something was said within
    /// this time, in milliseconds. One that is older is followed again once somebody writes.
    pub open_ms: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            recovery_wait_ms: 24 * HOUR_MS,
            overlap_ms: HOUR_MS / 2,
            open_ms: 72 * HOUR_MS,
        }
    }
}

/// How far a look came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is left to be done.
    Done,
    /// Something has to be tried again soon: a device without key packages, an endorsement that is
    /// not in the log yet, a page that was refused.
    Again,
    /// Nothing before this time, unix milliseconds.
    Until(u64),
}

/// The record keeper. The client stays with the caller, who drives it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keeper {
    rules: Rules,
}

impl Keeper {
    /// A keeper under these rules.
    pub const fn new(rules: Rules) -> Self {
        Self { rules }
    }

    /// Does what a frame of the socket, already taken by the client, asks for; everything when
    /// there is no frame. `None`: the frame asks for nothing, what was to be done still is.
    ///
    /// # Errors
    /// What may pass: no connection, an ended session, a store that does not write. What was done
    /// is durable, and the next look goes on from there.
    pub async fn look<P: Platform>(
        self,
        client: &mut Client<P>,
        frame: Option<&ServerFrame>,
    ) -> Result<Option<Progress>, ClientError> {
        match frame {
            Some(ServerFrame::Entry { group, entry }) if entry.kind == EntryKind::Message => {
                // A message to a role is for whoever has it now.
                let groups = client.kept_groups()?;
                if !groups.iter().any(|g| g.id == *group && g.role.is_some()) {
                    return Ok(None);
                }
            }
            Some(
                ServerFrame::Ready
                | ServerFrame::Receipt { .. }
                | ServerFrame::Sent { .. }
                | ServerFrame::Problem { .. }
                | ServerFrame::Escalation { .. }
                | ServerFrame::Records
                | ServerFrame::Risk
                | ServerFrame::Looks
                | ServerFrame::CriticalCalls
                // Nobody signed who is on it.
                | ServerFrame::CareTeam { .. }
                | ServerFrame::Ended { .. },
            ) => return Ok(None),
            Some(
                ServerFrame::Entry { .. }
                | ServerFrame::Reached { .. }
                | ServerFrame::Inbox
                | ServerFrame::Roles
                // An order that was just carried out may have released history, or let some end.
                | ServerFrame::Statements
                | ServerFrame::Devices,
            )
            | None => {}
        }
        let is_of_roles = client
            .kept_groups()?
            .iter()
            .any(|group| group.role.is_some());
        let hears = match frame {
            // Before the first conversation with a role, too: whoever has the role as it begins came
            // with it, and their devices are not new any more when it passes on.
            Some(ServerFrame::Roles) => true,
            None | Some(ServerFrame::Inbox) => is_of_roles,
            // Of a conversation one may hear before one hears that one was let in.
            Some(_) => is_of_roles && roles(client)? == Roles::default(),
        };
        if hears {
            hear_of_roles(client).await?;
        }
        let mut ledgers = self.take_in(client).await?;
        let mut missing = Progress::Done;
        if matches!(
            frame,
            None | Some(ServerFrame::Inbox | ServerFrame::Statements | ServerFrame::Devices)
        ) {
            let wanted = bring_devices(client, &ledgers).await?;
            // What was committed has come back in the log by now.
            ledgers = self.take_in(client).await?;
            let is_in = |(group, device): &(GroupId, DeviceId)| {
                ledgers.get(group).is_some_and(|ledger| ledger.has(*device))
            };
            if !wanted.iter().all(is_in) {
                missing = Progress::Again;
            }
        }
        let (followed, changed) = self.follow_roles(client, &ledgers).await?;
        if changed {
            ledgers = self.take_in(client).await?;
        }
        let handed = hand_over(client, &mut ledgers).await?;
        let told = removal::tell(client, &ledgers).await?;
        Ok(Some(missing.and(followed).and(handed).and(told)))
    }

    /// Takes the changes since the last time into the ledgers. Which groups are channels is the
    /// keeper's own record: what the server calls a group decides nothing here.
    async fn take_in<P: Platform>(
        self,
        client: &mut Client<P>,
    ) -> Result<BTreeMap<GroupId, Ledger>, ClientError> {
        let channels: BTreeSet<GroupId> = channels(client)?.into_values().collect();
        let roles = roles(client)?;
        let mut duties = BTreeMap::new();
        let mut ledgers = BTreeMap::new();
        for group in client.kept_groups()? {
            if !channels.contains(&group.id) {
                ledgers.insert(group.id, ledger(client, group.id)?);
            }
            if let Some(role) = &group.role {
                duties.insert(group.id, self.duties(client, &roles, role));
            }
        }
        let now = client.platform().now_ms();
        for change in client.changes()? {
            if let Some(ledger) = ledgers.get_mut(&change.group) {
                let wait = self.rules.recovery_wait_ms;
                let duties = duties.get(&change.group);
                let on_call = |device, user| {
                    let stays = duties.is_some_and(|duties: &Duties| duties.stays(user));
                    stays.then(|| roles.heard(device).unwrap_or(now))
                };
                let endorser = |device| client.endorser(device);
                ledger.take_of_role(&change, now, wait, endorser, on_call);
                client.put_own(&name(change.group), ledger)?;
            } else if !channels.contains(&change.group) {
                // A conversation that this device is out of for now; its change is still to come.
                continue;
            }
            client.forget_change(&change)?;
        }
        client.flush().await?;
        Ok(ledgers)
    }

    fn duties<P: Platform>(self, client: &Client<P>, roles: &Roles, role: &RoleSlug) -> Duties {
        let now = client.platform().now_ms();
        Duties::new(roles.turns(role), now, self.rules.overlap_ms, LEAD_MS)
    }

    /// Lets whoever is on call into their role's open conversations, and whoever is not any more out
    /// of them: by signed turns alone. Says whether anybody came or went. A conversation is never left
    /// without somebody who has the role.
    async fn follow_roles<P: Platform>(
        self,
        client: &mut Client<P>,
        ledgers: &BTreeMap<GroupId, Ledger>,
    ) -> Result<(Progress, bool), ClientError> {
        let roles = roles(client)?;
        let now = client.platform().now_ms();
        let (mut progress, mut changed) = (Progress::Done, false);
        for group in client.kept_groups()? {
            let (Some(role), Some(ledger)) = (&group.role, ledgers.get(&group.id)) else {
                continue;
            };
            let is_open = |at: u64| at.saturating_add(self.rules.open_ms) > now;
            if !group.last_at.is_none_or(is_open) {
                continue;
            }
            let duties = self.duties(client, &roles, role);
            if let Some(next) = duties.next() {
                progress = progress.and(Progress::Until(next));
            }
            let Some(holder) = duties.holder() else {
                continue;
            };
            if !ledger.members().contains(&holder) {
                if let_in(client, group.id, holder).await? {
                    changed = true;
                } else {
                    progress = Progress::Again;
                    continue;
                }
            }
            let gone = ledger.holders();
            for user in gone.into_iter().filter(|user| !duties.stays(*user)) {
                match client.remove_person(group.id, user).await {
                    Ok(()) => changed = true,
                    Err(error) if error.is_transient() => return Err(error),
                    Err(_) => progress = Progress::Again,
                }
            }
        }
        Ok((progress, changed))
    }
}

/// Takes in what devices signed, and notes which devices those have who will be on call.
async fn hear_of_roles<P: Platform>(client: &mut Client<P>) -> Result<(), ClientError> {
    let now = client.platform().now_ms();
    let before = roles(client)?;
    let mut roles = before.clone();
    roles.take_in(client, now).await?;
    let people: Vec<UserId> = roles
        .people(now, now.saturating_add(AHEAD_MS))
        .into_iter()
        .collect();
    for people in people.chunks(PEOPLE) {
        for found in client.member_devices(people).await? {
            roles.hear(found.device_id, now);
        }
    }
    if roles != before {
        client.put_own(ROLES, &roles)?;
        client.flush().await?;
    }
    Ok(())
}

/// Adds a person with every device that can be; says whether one was.
async fn let_in<P: Platform>(
    client: &mut Client<P>,
    group: GroupId,
    user: UserId,
) -> Result<bool, ClientError> {
    let found = client.member_devices(&[user]).await?;
    let devices: Vec<DeviceId> = found.into_iter().map(|found| found.device_id).collect();
    if devices.is_empty() {
        return Ok(false);
    }
    match client.bring(group, user, &devices).await {
        Ok(()) => Ok(true),
        Err(error) if error.is_transient() => Err(error),
        Err(_) => Ok(false),
    }
}

fn roles<P: Platform>(client: &Client<P>) -> Result<Roles, ClientError> {
    Ok(client.own(ROLES)?.unwrap_or_default())
}

impl Progress {
    /// Both.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Again, _) | (_, Self::Again) => Self::Again,
            (Self::Until(a), Self::Until(b)) => Self::Until(a.min(b)),
            (Self::Until(at), Self::Done) | (Self::Done, Self::Until(at)) => Self::Until(at),
            (Self::Done, Self::Done) => Self::Done,
        }
    }
}

/// Brings in active devices of members that are not in their conversations yet; gives those that
/// it tried, since one that cannot be verified, or has no key package yet, stays out.
async fn bring_devices<P: Platform>(
    client: &mut Client<P>,
    ledgers: &BTreeMap<GroupId, Ledger>,
) -> Result<Vec<(GroupId, DeviceId)>, ClientError> {
    let people: BTreeSet<UserId> = ledgers.values().flat_map(Ledger::members).collect();
    let people: Vec<UserId> = people.into_iter().collect();
    let mut wanted = Vec::new();
    for people in people.chunks(PEOPLE) {
        for found in client.member_devices(people).await? {
            for (group, ledger) in ledgers {
                if !ledger.members().contains(&found.user_id) || ledger.has(found.device_id) {
                    continue;
                }
                let brought = client
                    .bring(*group, found.user_id, &[found.device_id])
                    .await;
                match brought {
                    Err(error) if error.is_transient() => return Err(error),
                    Ok(()) | Err(_) => wanted.push((*group, found.device_id)),
                }
            }
        }
    }
    Ok(wanted)
}

/// Queues what is due, sends it, and settles what the hospital has taken.
///
/// Pages and the note that they are queued are one write, as are their withdrawal and the note of
/// that: where a note stands and nothing waits any more, all of it was taken.
async fn hand_over<P: Platform>(
    client: &mut Client<P>,
    ledgers: &mut BTreeMap<GroupId, Ledger>,
) -> Result<Progress, ClientError> {
    let now = client.platform().now_ms();
    let mut progress = Progress::Done;
    for (group, ledger) in &mut *ledgers {
        for owed in ledger.untold(now) {
            let Some(channel) = reachable(channel(client, owed.device, owed.user).await)? else {
                progress = Progress::Again;
                continue;
            };
            let page = waiting(*group, &owed, now);
            client.queue_history(channel, (owed.device, owed.user), page)?;
            ledger.set_told(owed.device);
            client.put_own(&name(*group), ledger)?;
            client.flush().await?;
        }
        for owed in ledger.due(now) {
            let Some(channel) = reachable(channel(client, owed.device, owed.user).await)? else {
                progress = Progress::Again;
                continue;
            };
            if owed.queued == Some(channel) {
                continue;
            }
            for page in pages(client, *group, ledger, &owed)? {
                client.queue_history(channel, (owed.device, owed.user), page)?;
            }
            ledger.set_queued(owed.device, Some(channel));
            client.put_own(&name(*group), ledger)?;
            client.flush().await?;
        }
        if let Some(at) = ledger.next_due().filter(|at| *at > now) {
            progress = progress.and(Progress::Until(at));
        }
    }
    while client.tend_files().await? {}
    client.deliver().await?;
    let refused: BTreeSet<GroupId> = channels(client)?
        .into_values()
        .filter_map(|channel| match client.is_refused(channel) {
            Ok(refused) => refused.then_some(Ok(channel)),
            Err(error) => Some(Err(error)),
        })
        .collect::<Result<_, _>>()?;
    for channel in &refused {
        client.drop_queued(*channel)?;
        removal::requeue(client, Some(*channel))?;
    }
    for (group, ledger) in ledgers {
        for owed in ledger.due(now) {
            let Some(channel) = owed.queued else { continue };
            if refused.contains(&channel) {
                ledger.set_queued(owed.device, None);
            } else if client.is_delivered(channel)? {
                ledger.settle(owed.device, owed.joined_seq);
                client.put_own(&name(*group), ledger)?;
                continue;
            }
            client.put_own(&name(*group), ledger)?;
            progress = Progress::Again;
        }
    }
    client.flush().await?;
    Ok(progress)
}

/// What came of trying to reach a device; `None` when it cannot be reached for now.
pub(crate) fn reachable(
    channel: Result<GroupId, ClientError>,
) -> Result<Option<GroupId>, ClientError> {
    match channel {
        Ok(channel) => Ok(Some(channel)),
        Err(error) if error.is_transient() => Err(error),
        Err(_) => Ok(None),
    }
}

/// The group through which a device gets its history: the keeper's own record of it, as long as
/// nobody else is in it, else a new one.
pub(crate) async fn channel<P: Platform>(
    client: &mut Client<P>,
    device: DeviceId,
    user: UserId,
) -> Result<GroupId, ClientError> {
    let mut channels = channels(client)?;
    let known = channels.get(&device).copied();
    if let Some(known) = known
        && client.is_channel(known, device, user)?
    {
        return Ok(known);
    }
    let made = client.open_channel(user, device).await?;
    if let Some(known) = known {
        client.drop_queued(known)?;
        removal::requeue(client, Some(known))?;
    }
    channels.insert(device, made);
    client.put_own(CHANNELS, &channels)?;
    client.flush().await?;
    Ok(made)
}

pub(crate) fn channels<P: Platform>(
    client: &Client<P>,
) -> Result<BTreeMap<DeviceId, GroupId>, ClientError> {
    Ok(client.own(CHANNELS)?.unwrap_or_default())
}

/// What a device is owed of a conversation, in pages that fit into a message.
fn pages<P: Platform>(
    client: &Client<P>,
    group: GroupId,
    ledger: &Ledger,
    owed: &Owed,
) -> Result<Vec<Page>, ClientError> {
    let mut messages = Vec::new();
    for span in ledger.spans(owed) {
        messages.extend(client.history(group, span.after, span.before.saturating_sub(1))?);
    }
    // A recall comes with its message, and with the span in which it was made.
    messages.sort_by_key(|message| message.seq);
    messages.dedup_by_key(|message| message.id);
    let mut pages = vec![Vec::new()];
    let mut bytes = 0;
    for message in messages {
        let size = ENVELOPE + message.text_len();
        if bytes + size > PAGE_BYTES && bytes > 0 {
            pages.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(page) = pages.last_mut() {
            page.push(message);
        }
    }
    let is_message = |kept: &&Kept| kept.change.is_none();
    let handed = pages.iter().flatten().filter(is_message).count();
    let last = PageEnd::Last {
        // No device holds more messages than 64 bits count.
        handed: u64::try_from(handed).unwrap_or(u64::MAX),
        whole: ledger.is_whole(owed),
    };
    let count = pages.len();
    let page = |(index, messages): (usize, Vec<Kept>)| Page {
        group,
        joined_seq: owed.joined_seq,
        end: if index + 1 == count {
            last
        } else {
            PageEnd::More
        },
        messages,
        also: Vec::new(),
        spared: Vec::new(),
    };
    Ok(pages.into_iter().enumerate().map(page).collect())
}

/// Tells a device that its history comes later.
fn waiting(group: GroupId, owed: &Owed, now_ms: u64) -> Page {
    Page {
        group,
        joined_seq: owed.joined_seq,
        end: PageEnd::Waits {
            hours: owed.due.saturating_sub(now_ms).div_ceil(HOUR_MS),
        },
        messages: Vec::new(),
        also: Vec::new(),
        spared: Vec::new(),
    }
}

pub(crate) fn ledger<P: Platform>(
    client: &Client<P>,
    group: GroupId,
) -> Result<Ledger, ClientError> {
    Ok(client.own(&name(group))?.unwrap_or_default())
}

pub(crate) fn name(group: GroupId) -> String {
    format!("ledger/{group}")
}

/// The keeper's record of who is on call.
const ROLES: &str = "roles";
/// How long before their turn somebody whom a member lets in, for the hand-over, comes for the role.
const LEAD_MS: u64 = 2 * HOUR_MS;
/// How long before their turns people's devices are looked for.
const AHEAD_MS: u64 = 7 * 24 * HOUR_MS;
/// The keeper's record of its channels, by device.
const CHANNELS: &str = "channels";
const HOUR_MS: u64 = 60 * 60 * 1000;
/// People asked about at a time.
const PEOPLE: usize = 500;
/// Text in a page; a message holds at most 16 KiB.
const PAGE_BYTES: usize = 256 * 1024;
/// What a message takes beside its text, roughly.
const ENVELOPE: usize = 400;
