//! Wake-up hints between the nodes of a hospital.
//!
//! A hint says that something may be read anew: "conversation g reached 42". Truth is read from
//! the store, so a lost or doubled hint costs latency, never data, and no hint carries content.
//!
//! [`Bus::local`] serves one process.

use tokio::sync::broadcast;
use wardline_model::wire::messages::Receipt;
use wardline_model::{DeviceId, GroupId, SessionId};

/// Something changed; whoever cares reads it from the store.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "h", rename_all = "snake_case")]
pub enum Hint {
    /// A conversation has entries up to a place.
    Reached {
        /// Which conversation.
        group: GroupId,
        /// The newest place.
        seq: u64,
    },
    /// Something waits in a device's inbox, so it may be in new conversations.
    Inbox {
        /// Whose inbox.
        device: DeviceId,
    },
    /// Devices joined or left a conversation.
    Members {
        /// Which conversation.
        group: GroupId,
    },
    /// A person received, read or acknowledged.
    Receipt {
        /// Which conversation.
        group: GroupId,
        /// How far the person has come.
        receipt: Receipt,
    },
    /// A session ended.
    SessionEnded {
        /// Which session.
        session: SessionId,
    },
    /// A device was taken out of use, or its standing changed otherwise.
    DeviceChanged {
        /// Which device.
        device: DeviceId,
    },
    /// Audit events wait for the sequencer.
    Audit,
}

/// What a subscriber hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// One hint.
    Hint(Hint),
    /// Some hints were lost, because this subscriber was slow: read everything anew.
    Missed,
}

/// Carries hints to every subscriber, this process's own included. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    local: broadcast::Sender<Hint>,
}

/// One subscriber's end.
#[derive(Debug)]
pub struct Subscription {
    local: broadcast::Receiver<Hint>,
}

impl Bus {
    /// A bus within this process.
    pub fn local() -> Self {
        let (local, _) = broadcast::channel(CAPACITY);
        Self { local }
    }

    /// Tells everyone. Never waits; without subscribers it does nothing.
    pub fn publish(&self, hint: Hint) {
        // An error means that nobody listens, which is fine for a hint.
        let _ = self.local.send(hint);
    }

    /// Hears what is published from now on.
    pub fn subscribe(&self) -> Subscription {
        Subscription {
            local: self.local.subscribe(),
        }
    }
}

impl Subscription {
    /// The next hint; `None` when every end of the bus is gone.
    ///
    /// Cancel safe: a hint is either returned or still there.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.local.recv().await {
            Ok(hint) => Some(Heard::Hint(hint)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Heard::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// A hint that is already there; `None` when there is none at this moment.
    pub fn ready(&mut self) -> Option<Heard> {
        match self.local.try_recv() {
            Ok(hint) => Some(Heard::Hint(hint)),
            Err(broadcast::error::TryRecvError::Lagged(_)) => Some(Heard::Missed),
            Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => {
                None
            }
        }
    }
}

/// Hints kept for a slow subscriber before it is told that it missed some.
const CAPACITY: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(seq: u64) -> Hint {
        Hint::Reached {
            group: GroupId::from_bytes([1; 16]),
            seq,
        }
    }

    #[tokio::test]
    async fn every_subscriber_hears_in_order() {
        let bus = Bus::local();
        bus.publish(reached(1));
        let (mut one, mut two) = (bus.subscribe(), bus.subscribe());
        bus.publish(reached(2));
        bus.publish(reached(3));
        for subscriber in [&mut one, &mut two] {
            assert_eq!(subscriber.next().await, Some(Heard::Hint(reached(2))));
            assert_eq!(subscriber.ready(), Some(Heard::Hint(reached(3))));
            assert_eq!(subscriber.ready(), None);
        }
    }

    #[tokio::test]
    async fn a_slow_subscriber_is_told_that_it_missed_some() {
        let bus = Bus::local();
        let mut slow = bus.subscribe();
        for seq in 0..=(CAPACITY as u64) {
            bus.publish(reached(seq));
        }
        assert_eq!(slow.next().await, Some(Heard::Missed));
        assert_eq!(slow.next().await, Some(Heard::Hint(reached(1))));
    }
}
