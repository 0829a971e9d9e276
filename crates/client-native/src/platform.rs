//! A workstation as the client core sees it.

use std::path::Path;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use wardline_client::platform::{
    Change, DevicePublicKey, Event, Platform, PlatformError, Request, Response,
};

use crate::home::Home;
use crate::{NativeError, http};

/// The workstation: its clock, its randomness, a home directory and an HTTP client.
pub struct Workstation {
    home: Home,
    key: SigningKey,
    http: reqwest::Client,
}

impl Workstation {
    /// Opens a home directory, making it where there is none.
    ///
    /// # Errors
    /// When the directory cannot be used or another process has it, or `ca` is no certificate.
    pub fn open(home: &Path, ca: Option<&[u8]>) -> Result<Self, NativeError> {
        let home = Home::open(home)?;
        let key = home.device_key()?;
        Ok(Self { home, key, http: http::client(ca)? })
    }

    /// The home directory.
    pub fn home(&self) -> &Home {
        &self.home
    }
}

impl Platform for Workstation {
    fn now_ms(&self) -> u64 {
        crate::clock::now_ms()
    }

    fn random(&self, buffer: &mut [u8]) {
        crate::home::random(buffer);
    }

    fn device_key(&self) -> DevicePublicKey {
        let point = self.key.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map_or([0; 32], |b| (*b).into());
        // An uncompressed point has both coordinates.
        DevicePublicKey { x: coordinate(point.x()), y: coordinate(point.y()) }
    }

    async fn sign(&self, data: &[u8]) -> Result<[u8; 64], PlatformError> {
        let signature: Signature = self.key.try_sign(data).map_err(|_| PlatformError::Key)?;
        Ok(signature.to_bytes().into())
    }

    async fn request(&self, request: Request) -> Result<Response, PlatformError> {
        http::carry_out(&self.http, request).await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), PlatformError> {
        self.home.commit(changes).map_err(|_| PlatformError::Storage)
    }

    fn emit(&self, _event: Event) {}
}
