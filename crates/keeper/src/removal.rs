//! Telling members' devices what retention ended, so that their own copies go as well.
//!
//! A notice goes through the group of the record keeper and the one device, as history does, so that its
//! sender is verified as a record keeper and nobody else can make one. It names a span of time: what is
//! held in another week of the same conversation stays.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wardline_client::content::{Page, PageEnd};
use wardline_client::records::Batch;
use wardline_client::{Client, ClientError, Platform};
use wardline_model::{DeviceId, GroupId, MessageId, UserId};

use crate::keeper::{Progress, channel, ledger, reachable};
use crate::ledger::Ledger;
use crate::retention::hex;

/// A notice, and who is to get it.
#[derive(Serialize, Deserialize)]
struct Removal {
    name: String,
    group: GroupId,
    from: u64,
    until: u64,
    #[serde(default)]
    odd: Odd,
    /// When it began, unix milliseconds.
    #[serde(default)]
    since: u64,
    /// Devices that have not got it: whose they are, and the group through which it is on its way.
    owed: BTreeMap<DeviceId, (UserId, Option<GroupId>)>,
}

/// Messages that came here at another time than the server says that they were sent. Devices know no other
/// time than the server's for what the record keeper has earlier or later than they.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Odd {
    /// What goes, though the server says that it was sent in another week.
    also: Vec<MessageId>,
    /// What stays, though the server says that it was sent in this one.
    spared: Vec<MessageId>,
}

impl Odd {
    /// Of a batch among all that is kept.
    pub(crate) fn of(batch: &Batch, all: &[Batch]) -> Self {
        let others = all
            .iter()
            .filter(|other| other.group == batch.group && other.from != batch.from);
        let within = |at: &u64| (batch.from..batch.until).contains(at);
        let spared = others.flat_map(|other| &other.elsewhere);
        Self {
            also: batch.elsewhere.iter().map(|(id, _)| *id).collect(),
            spared: spared
                .filter(|(_, at)| within(at))
                .map(|(id, _)| *id)
                .collect(),
        }
    }
}

/// Notes that devices are to be told; durable with the next flush.
pub(crate) fn begin<P: Platform>(
    client: &mut Client<P>,
    group: GroupId,
    (from, until): (u64, u64),
    odd: &Odd,
    destroyed: &[u8; 32],
) -> Result<(), ClientError> {
    // More of them are no accident, and do not fit into a page: the copies stay then.
    if odd.also.len().max(odd.spared.len()) > MOST_ODD {
        return Ok(());
    }
    let own = client.status().device_id;
    let ledger = ledger(client, group)?;
    let devices = ledger.devices().chain(ledger.away());
    let others = devices.filter(|(device, _)| Some(*device) != own);
    let owed: BTreeMap<_, _> = others
        .map(|(device, user)| (device, (user, None)))
        .collect();
    let removal = Removal {
        name: format!("{REMOVALS}{}", hex(destroyed)),
        group,
        from,
        until,
        odd: odd.clone(),
        since: client.platform().now_ms(),
        owed,
    };
    keep(client, &removal)
}

/// What was on its way, through one group or through any, is to be sent again.
pub(crate) fn requeue<P: Platform>(
    client: &mut Client<P>,
    lost: Option<GroupId>,
) -> Result<(), ClientError> {
    let removals: Vec<Removal> = client.all_own(REMOVALS)?;
    for mut removal in removals {
        for (_, queued) in removal.owed.values_mut() {
            if lost.is_none() || *queued == lost {
                *queued = None;
            }
        }
        keep(client, &removal)?;
    }
    Ok(())
}

/// Queues what is to be told, sends it, and settles what the hospital has taken.
pub(crate) async fn tell<P: Platform>(
    client: &mut Client<P>,
    ledgers: &BTreeMap<GroupId, Ledger>,
) -> Result<Progress, ClientError> {
    let mut progress = Progress::Done;
    let removals: Vec<Removal> = client.all_own(REMOVALS)?;
    if removals.is_empty() {
        return Ok(progress);
    }
    for name in removals.into_iter().map(|removal| removal.name) {
        // Read anew: a group that was lost on the way puts notices back that were on their way in it.
        if let Some(removal) = client.own(&name)? {
            progress = progress.and(queue(client, removal, ledgers).await?);
        }
    }
    client.deliver().await?;
    let removals: Vec<Removal> = client.all_own(REMOVALS)?;
    for mut removal in removals {
        let mut left = BTreeMap::new();
        for (device, (user, queued)) in std::mem::take(&mut removal.owed) {
            let is_told = match queued {
                Some(channel) => client.is_delivered(channel)?,
                None => false,
            };
            if !is_told {
                if is_there(ledgers, removal.group, device) {
                    progress = Progress::Again;
                }
                left.insert(device, (user, queued));
            }
        }
        removal.owed = left;
        keep(client, &removal)?;
    }
    client.flush().await?;
    Ok(progress)
}

async fn queue<P: Platform>(
    client: &mut Client<P>,
    mut removal: Removal,
    ledgers: &BTreeMap<GroupId, Ledger>,
) -> Result<Progress, ClientError> {
    let is_there = |device| is_there(ledgers, removal.group, device);
    // A device that went out of use comes back with what it holds, and is told then. One that left
    // otherwise has nothing to be told any more.
    let age = client.platform().now_ms().saturating_sub(removal.since);
    let away: BTreeSet<DeviceId> = match ledgers.get(&removal.group) {
        Some(ledger) if age <= AWAY_MS => ledger.away().map(|(device, _)| device).collect(),
        _ => BTreeSet::new(),
    };
    removal
        .owed
        .retain(|device, _| is_there(*device) || away.contains(device));
    for (_, (_, queued)) in removal.owed.iter_mut().filter(|(d, _)| !is_there(**d)) {
        *queued = None;
    }
    keep(client, &removal)?;
    let mut progress = Progress::Done;
    let waiting: Vec<(DeviceId, UserId)> = removal
        .owed
        .iter()
        .filter(|(device, (_, queued))| queued.is_none() && is_there(**device))
        .map(|(device, (user, _))| (*device, *user))
        .collect();
    for (device, user) in waiting {
        let Some(channel) = reachable(channel(client, device, user).await)? else {
            progress = Progress::Again;
            continue;
        };
        let page = Page {
            group: removal.group,
            joined_seq: 0,
            end: PageEnd::Removed {
                from: removal.from,
                until: removal.until,
            },
            messages: Vec::new(),
            also: removal.odd.also.clone(),
            spared: removal.odd.spared.clone(),
        };
        client.queue_history(channel, (device, user), page)?;
        removal.owed.insert(device, (user, Some(channel)));
        // The page and the note that it is queued are one write.
        keep(client, &removal)?;
        client.flush().await?;
    }
    Ok(progress)
}

fn is_there(ledgers: &BTreeMap<GroupId, Ledger>, group: GroupId, device: DeviceId) -> bool {
    ledgers.get(&group).is_some_and(|ledger| ledger.has(device))
}

/// Keeps a notice as long as somebody is to get it.
fn keep<P: Platform>(client: &mut Client<P>, removal: &Removal) -> Result<(), ClientError> {
    if removal.owed.is_empty() {
        client.forget_own(&removal.name)
    } else {
        client.put_own(&removal.name, removal)
    }
}

const REMOVALS: &str = "removal/";
/// How long a device that is out of use is waited for: one that is lost does not come back.
const AWAY_MS: u64 = 366 * 24 * 60 * 60 * 1000;
/// Ids in a notice, of a kind.
const MOST_ODD: usize = 4_000;
