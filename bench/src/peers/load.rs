//! One load for every server: who writes, who has to hear it, and what is counted.
//!
//! A server brings members, each with a mouth and an ear; everything else is the same for all of
//! them. A message counts when those it is for have received it, and not when the server has taken
//! it: so no server gains by answering before it has done anything.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{matrix, ward, xmpp};
use crate::bench::Outcome;
use crate::clock;
use crate::stats::{Sample, rate};

/// What everybody writes.
pub(crate) const TEXT: &str = "K 6.8 on the repeat, calcium gluconate is in, please come to bed 4.";

pub(crate) const WARM_UP: Duration = Duration::from_secs(1);
/// How long after a load its last messages are waited for.
const DRAIN: Duration = Duration::from_secs(10);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// As exactly as the runtime's timers wake.
const GRAIN: Duration = Duration::from_millis(2);

/// By what a message is known to whoever hears it: a number that its sender gave it, or its id.
pub(crate) type Mark = u128;

/// The first mark of a sender that numbers its messages. No two senders of a run have one in common,
/// so that what arrives late from another scene is not taken for what is waited for.
pub(crate) fn first_mark() -> Mark {
    static SENDERS: AtomicU64 = AtomicU64::new(1);
    Mark::from(SENDERS.fetch_add(1, Ordering::Relaxed)) << 64
}

/// One of those who talk.
pub(crate) struct Member {
    pub(crate) mouth: Mouth,
    pub(crate) ear: Ear,
}

/// Sends to one conversation.
pub(crate) enum Mouth {
    Wardline(ward::Mouth),
    Xmpp(xmpp::Mouth),
    Matrix(matrix::Mouth),
}

impl Mouth {
    /// What the next message will be known by; `None` when all that was prepared is sent.
    fn mark(&self) -> Option<Mark> {
        match self {
            Self::Wardline(mouth) => mouth.mark(),
            Self::Xmpp(mouth) => Some(mouth.mark()),
            Self::Matrix(mouth) => Some(mouth.mark()),
        }
    }

    /// Sends it, and does not wait until it was taken.
    async fn send(&mut self) -> Outcome<()> {
        match self {
            Self::Wardline(mouth) => mouth.send().await,
            Self::Xmpp(mouth) => mouth.send().await,
            Self::Matrix(mouth) => mouth.send(),
        }
    }
}

/// Hears everything that its member is sent.
pub(crate) enum Ear {
    Wardline(ward::Ear),
    Xmpp(xmpp::Ear),
    Matrix(matrix::Ear),
}

impl Ear {
    /// Waits until there is something, and appends what was heard; there may be nothing among it
    /// that has a mark.
    async fn hear(&mut self, heard: &mut Vec<Mark>) -> Outcome<()> {
        match self {
            Self::Wardline(ear) => ear.hear(heard).await,
            Self::Xmpp(ear) => ear.hear(heard).await,
            Self::Matrix(ear) => ear.hear(heard).await,
        }
    }
}

/// Who has to hear a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The other one of two. Some servers send it back to its sender, too, which is not counted.
    Other,
    /// All of so many, its sender included.
    Everyone(usize),
}

impl Audience {
    const fn size(self) -> usize {
        match self {
            Self::Other => 1,
            Self::Everyone(members) => members,
        }
    }
}

/// Members at their places, with their ears open.
pub(crate) struct Scene {
    mouths: Vec<Mouth>,
    /// Of those who only listen: a connection that one end has closed is closed by the other, too.
    _shut: Vec<Mouth>,
    floor: Rc<Floor>,
    ears: JoinSet<Outcome<()>>,
}

/// What came of a load as fast as it goes.
#[derive(Debug)]
pub(crate) struct Load {
    /// Messages a second that all have received for whom they were.
    pub(crate) messages: f64,
    /// Times that somebody received one, a second.
    pub(crate) deliveries: f64,
    /// From before it is sent until the last one has it.
    pub(crate) took: Sample,
}

/// What came of a load at a pace.
#[derive(Debug)]
pub(crate) struct Paced {
    /// From when it was due until it was received.
    pub(crate) took: Sample,
    /// Those that were not received [`DRAIN`] after the last one was due; they count with the time
    /// that they had taken by then.
    pub(crate) missing: usize,
}

impl Scene {
    /// Everybody listens; the first `senders` of them are to write.
    pub(crate) fn begin(members: Vec<Member>, senders: usize, audience: Audience) -> Self {
        let floor = Rc::new(Floor::new(audience));
        let mut ears = JoinSet::new();
        let mut mouths = Vec::new();
        let mut shut = Vec::new();
        for (place, Member { mouth, ear }) in members.into_iter().enumerate() {
            ears.spawn_local(listen(ear, place, Rc::clone(&floor)));
            if place < senders {
                mouths.push(mouth);
            } else {
                shut.push(mouth);
            }
        }
        Self {
            mouths,
            _shut: shut,
            floor,
            ears,
        }
    }

    /// Every sender keeps so many messages in flight for a time.
    pub(crate) async fn press(&mut self, in_flight: usize, time: Duration) -> Outcome<Load> {
        let from = clock::now() + WARM_UP;
        let floor = Rc::clone(&self.floor);
        floor.begin(from, from + time, self.mouths.len(), in_flight);
        let senders = self.mouths.iter_mut().enumerate().map(|(place, mouth)| {
            let floor = Rc::clone(&floor);
            async move {
                let free = floor.free(place);
                // It is closed at the end.
                while let Ok(permit) = free.acquire().await {
                    permit.forget();
                    let Some(mark) = mouth.mark() else {
                        floor.end();
                        break;
                    };
                    floor.sent(mark, place, clock::now());
                    mouth.send().await?;
                }
                Outcome::Ok(())
            }
        });
        let sending = futures::future::try_join_all(senders);
        let ending = async {
            tokio::time::sleep(WARM_UP + time).await;
            floor.end();
            Outcome::Ok(())
        };
        let whole = async {
            futures::future::try_join(sending, ending).await?;
            floor.drained().await;
            Outcome::Ok(())
        };
        heard_by(&mut self.ears, whole).await?;
        Ok(floor.load())
    }

    /// So many messages a second for a time, whatever comes of them, by all senders in turn.
    pub(crate) async fn pace(&mut self, per_second: u32, time: Duration) -> Outcome<Paced> {
        let from = clock::now() + LOOK;
        let to = from + time;
        let floor = Rc::clone(&self.floor);
        floor.begin(from, to, self.mouths.len(), 0);
        let apart = Duration::from_secs(1) / per_second;
        let all = u32::try_from(self.mouths.len())?;
        let senders = (0_u32..).zip(self.mouths.iter_mut()).map(|(first, mouth)| {
            let floor = Rc::clone(&floor);
            async move {
                let mut due = from + apart * first;
                while due < to {
                    tokio::time::sleep_until(due.into()).await;
                    let Some(mark) = mouth.mark() else {
                        return Err("too few messages were prepared".into());
                    };
                    // That the timer is late is not the server's doing; anything more may be.
                    let now = clock::now();
                    let begun = if now - due > GRAIN { due } else { now };
                    floor.sent(mark, usize::try_from(first)?, begun);
                    mouth.send().await?;
                    due += apart * all;
                }
                Outcome::Ok(())
            }
        });
        let sending = futures::future::try_join_all(senders);
        let whole = async {
            sending.await?;
            floor.drained().await;
            Outcome::Ok(())
        };
        heard_by(&mut self.ears, whole).await?;
        Ok(floor.paced())
    }
}

/// Tells the floor of everything that a member hears.
async fn listen(mut ear: Ear, place: usize, floor: Rc<Floor>) -> Outcome<()> {
    let mut heard = Vec::new();
    loop {
        ear.hear(&mut heard).await?;
        for mark in heard.drain(..) {
            floor.hear(place, mark);
        }
    }
}

/// Goes on as long as everybody hears.
async fn heard_by(
    ears: &mut JoinSet<Outcome<()>>,
    load: impl Future<Output = Outcome<()>>,
) -> Outcome<()> {
    tokio::select! {
        done = load => done,
        Some(ended) = ears.join_next() => match ended? {
            Ok(()) => Err("a member stopped listening".into()),
            Err(error) => Err(error),
        },
    }
}

/// What is in the air, and what has landed.
struct Floor {
    audience: Audience,
    from: Cell<Instant>,
    to: Cell<Instant>,
    flights: RefCell<HashMap<Mark, Flight>>,
    landed: RefCell<Vec<Landed>>,
    /// Within the window.
    deliveries: Cell<usize>,
    /// How many more messages each sender may have in flight.
    free: RefCell<Vec<Rc<Semaphore>>>,
}

struct Flight {
    sender: usize,
    begun: Instant,
    /// How many have yet to hear it.
    left: usize,
}

#[derive(Clone, Copy)]
struct Landed {
    begun: Instant,
    ended: Instant,
}

impl Floor {
    fn new(audience: Audience) -> Self {
        let now = clock::now();
        Self {
            audience,
            from: Cell::new(now),
            to: Cell::new(now),
            flights: RefCell::default(),
            landed: RefCell::default(),
            deliveries: Cell::new(0),
            free: RefCell::default(),
        }
    }

    /// A new load: what is still in the air of another is forgotten.
    fn begin(&self, from: Instant, to: Instant, senders: usize, in_flight: usize) {
        self.from.set(from);
        self.to.set(to);
        self.flights.borrow_mut().clear();
        self.landed.borrow_mut().clear();
        self.deliveries.set(0);
        let free = (0..senders).map(|_| Rc::new(Semaphore::new(in_flight)));
        self.free.replace(free.collect());
    }

    fn free(&self, sender: usize) -> Rc<Semaphore> {
        Rc::clone(&self.free.borrow()[sender])
    }

    /// Nobody sends any more, and nothing counts from here on.
    fn end(&self) {
        self.to.set(self.to.get().min(clock::now()));
        for free in &*self.free.borrow() {
            free.close();
        }
    }

    fn sent(&self, mark: Mark, sender: usize, begun: Instant) {
        let left = self.audience.size();
        let flight = Flight {
            sender,
            begun,
            left,
        };
        self.flights.borrow_mut().insert(mark, flight);
    }

    fn hear(&self, place: usize, mark: Mark) {
        let mut flights = self.flights.borrow_mut();
        let Some(flight) = flights.get_mut(&mark) else {
            return;
        };
        if self.audience == Audience::Other && place == flight.sender {
            return;
        }
        let now = clock::now();
        if now >= self.from.get() && now <= self.to.get() {
            self.deliveries.set(self.deliveries.get() + 1);
        }
        flight.left -= 1;
        if flight.left > 0 {
            return;
        }
        let landed = Landed {
            begun: flight.begun,
            ended: now,
        };
        self.landed.borrow_mut().push(landed);
        if let Some(free) = self.free.borrow().get(flight.sender) {
            free.add_permits(1);
        }
        flights.remove(&mark);
    }

    /// Waits for what is in the air, but not for ever.
    async fn drained(&self) {
        let start = clock::now();
        while !self.flights.borrow().is_empty() && start.elapsed() < DRAIN {
            tokio::time::sleep(LOOK).await;
        }
    }

    fn load(&self) -> Load {
        let (from, to) = (self.from.get(), self.to.get());
        let landed = self.landed.borrow();
        let within = landed.iter().filter(|l| l.ended >= from && l.ended <= to);
        let took = landed.iter().filter(|l| l.begun >= from && l.begun <= to);
        let time = to.saturating_duration_since(from);
        Load {
            messages: rate(within.count(), time),
            deliveries: rate(self.deliveries.get(), time),
            took: Sample::new(took.map(|l| l.ended - l.begun).collect()),
        }
    }

    fn paced(&self) -> Paced {
        let now = clock::now();
        let flights = self.flights.borrow();
        let landed = self.landed.borrow();
        let took = landed.iter().map(|l| l.ended - l.begun);
        let missing = flights.values().map(|f| now - f.begun);
        Paced {
            took: Sample::new(took.chain(missing).collect()),
            missing: flights.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(audience: Audience) -> Floor {
        let floor = Floor::new(audience);
        let now = clock::now();
        floor.begin(now, now + Duration::from_mins(1), 2, 1);
        floor
    }

    #[test]
    fn a_message_of_two_counts_when_the_other_one_has_it_and_once() {
        let floor = floor(Audience::Other);
        floor.free(0).try_acquire().unwrap().forget();
        floor.sent(7, 0, clock::now());
        floor.hear(0, 7);
        assert!(floor.landed.borrow().is_empty());
        assert!(floor.free(0).try_acquire().is_err());
        floor.hear(1, 7);
        floor.hear(1, 7);
        assert_eq!(floor.landed.borrow().len(), 1);
        assert_eq!(floor.deliveries.get(), 1);
        assert!(floor.free(0).try_acquire().is_ok());
    }

    #[test]
    fn a_message_to_a_room_counts_when_the_last_one_has_it() {
        let floor = floor(Audience::Everyone(3));
        floor.sent(7, 0, clock::now());
        floor.hear(0, 7);
        floor.hear(2, 7);
        assert!(floor.landed.borrow().is_empty());
        floor.hear(1, 7);
        assert_eq!(floor.landed.borrow().len(), 1);
        assert_eq!(floor.deliveries.get(), 3);
    }

    #[test]
    fn what_never_arrives_is_not_left_out_of_the_times() {
        let floor = floor(Audience::Other);
        floor.sent(7, 0, clock::now());
        floor.sent(
            8,
            0,
            clock::now().checked_sub(Duration::from_secs(9)).unwrap(),
        );
        floor.hear(1, 7);
        let paced = floor.paced();
        assert_eq!((paced.missing, paced.took.len()), (1, 2));
        assert!(paced.took.percentile(99) >= Duration::from_secs(9));
    }

    #[test]
    fn what_an_earlier_load_left_in_the_air_is_not_heard() {
        let floor = floor(Audience::Other);
        floor.sent(7, 0, clock::now());
        let now = clock::now();
        floor.begin(now, now + Duration::from_mins(1), 2, 1);
        floor.hear(1, 7);
        assert_eq!(floor.load().took.len(), 0);
        assert_eq!(floor.deliveries.get(), 0);
    }
}
