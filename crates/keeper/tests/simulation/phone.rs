//! A device's platform: a line that loses requests and answers, and a disk that keeps what was
//! committed whatever happens to the process.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use wardline_client::platform::{
    Change, DevicePublicKey, Event, Platform, PlatformError, Request, Response,
};
use wardline_model::DeviceId;

use crate::hospital::Hospital;

/// Numbers that follow from a seed (xorshift64*).
#[derive(Debug)]
pub(crate) struct Rng(Cell<u64>);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1))
    }

    pub(crate) fn next(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0.set(x);
        x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    pub(crate) fn below(&self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.next() % end).unwrap()
    }

    pub(crate) fn one_in(&self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// What all devices share.
pub(crate) struct World {
    pub(crate) hospital: RefCell<Hospital>,
    pub(crate) rng: Rng,
    /// One request in so many does not arrive, and one in so many is not answered; 0 for none.
    pub(crate) losses: Cell<usize>,
    pub(crate) lost: Cell<u64>,
}

pub(crate) struct Phone {
    pub(crate) world: Rc<World>,
    /// What survives the process.
    pub(crate) disk: Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
    /// The device, once it has an id.
    pub(crate) device: Rc<Cell<Option<DeviceId>>>,
    pub(crate) key: SigningKey,
}

impl Phone {
    fn loses(&self) -> bool {
        let losses = self.world.losses.get();
        let lost = losses > 0 && self.world.rng.one_in(losses);
        if lost {
            self.world.lost.set(self.world.lost.get() + 1);
        }
        lost
    }
}

/// Lets the others go on, or the process die.
async fn step() {
    let mut waited = false;
    poll_fn(|_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

impl Platform for Phone {
    fn now_ms(&self) -> u64 {
        self.world.hospital.borrow().now
    }

    async fn sleep(&self, _ms: u32) {
        step().await;
    }

    fn random(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(4) {
            let bytes = self.world.rng.next().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }

    fn device_key(&self) -> DevicePublicKey {
        let point = self.key.verifying_key().to_encoded_point(false);
        DevicePublicKey {
            x: point.x().unwrap().as_slice().try_into().unwrap(),
            y: point.y().unwrap().as_slice().try_into().unwrap(),
        }
    }

    async fn sign(&self, data: &[u8]) -> Result<[u8; 64], PlatformError> {
        // Proofs of requests are looked at by nobody here; statements are.
        let signature: Signature = self.key.sign(data);
        Ok(signature.to_bytes().into())
    }

    async fn request(&self, request: Request) -> Result<Response, PlatformError> {
        step().await;
        if self.loses() {
            return Err(PlatformError::Offline);
        }
        let response = {
            let mut hospital = self.world.hospital.borrow_mut();
            hospital.answer(self.device.get(), &request)
        };
        step().await;
        if self.loses() {
            return Err(PlatformError::Offline);
        }
        Ok(response)
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), PlatformError> {
        step().await;
        // A full disk takes nothing.
        if self.world.losses.get() > 0 && self.world.rng.one_in(300) {
            return Err(PlatformError::Storage);
        }
        {
            let mut disk = self.disk.borrow_mut();
            for (name, value) in changes {
                match value {
                    Some(value) => disk.insert(name, value),
                    None => disk.remove(&name),
                };
            }
        }
        step().await;
        Ok(())
    }

    async fn forget_key(&self) -> Result<(), PlatformError> {
        Ok(())
    }

    fn emit(&self, _event: Event) {}
}
