//! Wake-up hints between the nodes of a hospital.
//!
//! A hint says that something may be read anew: "conversation g reached 42". Truth is read from
//! the store, so a lost, doubled or forged hint costs a look, never data, and no hint carries
//! content (`docs/adr/0003-hints-not-truth.md`).
//!
//! [`Bus::local`] serves one process, [`Bus::nats`] all nodes that share a subject of a NATS
//! server.

mod hint;
mod nats;

use std::sync::Arc;

use tokio::sync::broadcast;

pub use hint::{Heard, Hint};
pub use nats::{NatsConfig, NatsError, SignIn};

use crate::nats::Others;

/// Carries hints to every subscriber, this process's own included. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    local: broadcast::Sender<Heard>,
    others: Option<Arc<Others>>,
}

/// One subscriber's end.
#[derive(Debug)]
pub struct Subscription {
    local: broadcast::Receiver<Heard>,
}

impl Bus {
    /// A bus within this process.
    pub fn local() -> Self {
        let (local, _) = broadcast::channel(CAPACITY);
        Self {
            local,
            others: None,
        }
    }

    /// A bus between all nodes that use this subject of a NATS server.
    ///
    /// It works at once within this process, and between nodes whenever NATS is there: the
    /// connection is made, and made again, in the background. Each time hints may have been lost,
    /// subscribers hear [`Heard::Missed`].
    ///
    /// # Errors
    /// When the configuration cannot work: a file that cannot be read, a wrong address. A server
    /// that is away is no error.
    ///
    /// # Panics
    /// Outside a Tokio runtime: the connection is a task.
    pub async fn nats(config: &NatsConfig) -> Result<Self, NatsError> {
        let (local, _) = broadcast::channel(CAPACITY);
        // Boxed: the connection's options would make the futures of all callers large.
        let others = Box::pin(Others::connect(config, local.clone())).await?;
        Ok(Self {
            local,
            others: Some(Arc::new(others)),
        })
    }

    /// Tells everyone. Never waits and never fails; without subscribers it does nothing.
    pub fn publish(&self, hint: Hint) {
        // An error means that nobody listens here, which is fine for a hint.
        let _ = self.local.send(Heard::Hint(hint));
        if let Some(others) = &self.others {
            others.tell(hint);
        }
    }

    /// Hears what is published from now on.
    pub fn subscribe(&self) -> Subscription {
        Subscription {
            local: self.local.subscribe(),
        }
    }

    /// Whether hints travel between nodes at this moment: NATS has carried a message of this
    /// node's all the way back to it since the connection was made.
    pub fn is_carried(&self) -> bool {
        self.others
            .as_ref()
            .is_some_and(|others| others.is_carried())
    }
}

impl Subscription {
    /// The next hint; `None` when every end of the bus is gone.
    ///
    /// Cancel safe: a hint is either returned or still there.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.local.recv().await {
            Ok(heard) => Some(heard),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Heard::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// A hint that is already there; `None` when there is none at this moment.
    pub fn ready(&mut self) -> Option<Heard> {
        match self.local.try_recv() {
            Ok(heard) => Some(heard),
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
    use wardline_model::GroupId;

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
        drop(bus);
        assert_eq!(one.next().await, None);
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
        assert!(!bus.is_carried());
    }
}
