//! What a platform provides: a clock, randomness, HTTP, the device key and durable storage.

use serde::Serialize;
use wardline_model::GroupId;
use wardline_model::wire::problem::Problem;

/// A request that the platform is to carry out.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Absolute URL.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// JSON, where there is a body.
    pub body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Header names (any case) and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A header's value, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The public half of the device's P-256 key: the coordinates, 32 bytes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevicePublicKey {
    /// The x coordinate.
    pub x: [u8; 32],
    /// The y coordinate.
    pub y: [u8; 32],
}

/// Why the platform could not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformError {
    /// No answer from the server.
    Offline,
    /// The device key refused to sign.
    Key,
    /// The store did not take the changes; nothing was written.
    Storage,
}

/// One change to the local store; `None` deletes.
pub type Change = (String, Option<Vec<u8>>);

/// Something that the screen should know.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Event {
    /// The list of conversations changed.
    Conversations,
    /// A conversation's messages changed.
    Messages {
        /// Which.
        group: GroupId,
    },
    /// The stage changed: enrolled, locked, open.
    Status,
    /// Devices of this person or waiting devices changed.
    Devices,
    /// Another person is on call, or the schedules changed.
    Roles,
    /// The session ended; sign in again.
    Ended {
        /// Why.
        problem: Problem,
    },
}

/// The world around the client core: the browser's worker, or a workstation.
#[expect(
    async_fn_in_trait,
    reason = "each platform drives its own client on one thread; no bound on the futures is wanted"
)]
pub trait Platform {
    /// Unix milliseconds.
    fn now_ms(&self) -> u64;

    /// Returns after so many milliseconds.
    async fn sleep(&self, ms: u32);

    /// Fills the buffer from the system's random source.
    fn random(&self, buffer: &mut [u8]);

    /// The device's public key.
    fn device_key(&self) -> DevicePublicKey;

    /// Signs with the device's P-256 key: ECDSA with SHA-256, r and s of 32 bytes each.
    async fn sign(&self, data: &[u8]) -> Result<[u8; 64], PlatformError>;

    /// Carries out a request.
    async fn request(&self, request: Request) -> Result<Response, PlatformError>;

    /// Writes all changes durably, or none.
    async fn commit(&self, changes: Vec<Change>) -> Result<(), PlatformError>;

    /// Forgets the device's key: the device was wiped, and begins anew under another one.
    async fn forget_key(&self) -> Result<(), PlatformError>;

    /// Tells the screen.
    fn emit(&self, event: Event);
}

/// An array of random bytes.
pub(crate) fn random_bytes<const N: usize>(platform: &impl Platform) -> [u8; N] {
    let mut bytes = [0; N];
    platform.random(&mut bytes);
    bytes
}
