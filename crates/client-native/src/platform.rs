//! A workstation as the client core sees it.

use std::path::Path;
use std::time::Duration;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use wardline_client::platform::{
    Change, DevicePublicKey, Event, Platform, PlatformError, Request, Response,
};

use crate::NativeError;
use crate::home::Home;
use crate::http::Transport;

/// The workstation: its clock, its randomness, a home directory and the way to one server.
#[derive(Debug)]
pub struct Workstation {
    home: Home,
    key: SigningKey,
    transport: Transport,
}

impl Workstation {
    /// Over an open home directory, to a server by its origin, trusting the CA (PEM) where there
    /// is one.
    ///
    /// # Errors
    /// When the directory's keys are damaged, or `ca` is no certificate.
    pub fn new(home: Home, origin: &str, ca: Option<&[u8]>) -> Result<Self, NativeError> {
        let key = home.device_key()?;
        Ok(Self {
            home,
            key,
            transport: Transport::new(origin, ca)?,
        })
    }

    /// Opens a home directory, making it where there is none, and [`Workstation::new`].
    ///
    /// # Errors
    /// When the directory cannot be used or another process has it, and as above.
    pub fn open(home: &Path, origin: &str, ca: Option<&[u8]>) -> Result<Self, NativeError> {
        Self::new(Home::open(home)?, origin, ca)
    }

    /// The home directory.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The way to the server.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }
}

impl Platform for Workstation {
    fn now_ms(&self) -> u64 {
        crate::clock::now_ms()
    }

    async fn sleep(&self, ms: u32) {
        tokio::time::sleep(Duration::from_millis(ms.into())).await;
    }

    fn random(&self, buffer: &mut [u8]) {
        crate::home::random(buffer);
    }

    fn device_key(&self) -> DevicePublicKey {
        let point = self.key.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map_or([0; 32], |b| (*b).into());
        // An uncompressed point has both coordinates.
        DevicePublicKey {
            x: coordinate(point.x()),
            y: coordinate(point.y()),
        }
    }

    async fn sign(&self, data: &[u8]) -> Result<[u8; 64], PlatformError> {
        let signature: Signature = self.key.try_sign(data).map_err(|_| PlatformError::Key)?;
        Ok(signature.to_bytes().into())
    }

    async fn request(&self, request: Request) -> Result<Response, PlatformError> {
        self.transport.carry_out(request).await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), PlatformError> {
        self.home
            .commit(changes)
            .map_err(|_| PlatformError::Storage)
    }

    async fn forget_key(&self) -> Result<(), PlatformError> {
        self.home.begin_anew().map_err(|_| PlatformError::Storage)
    }

    /// A command has no screen to draw anew; [`crate::NativeClient::follow`] sees every frame.
    fn emit(&self, _event: Event) {}
}
