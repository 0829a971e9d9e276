//! Statements about records in the browser: signed and verified as they are shown, member by member.
//!
//! The page makes the statement and shows it; the record keeper reads it strictly. Here it is JSON and
//! no more, which spares the core the types of everything that the record keeper can be told.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wardline_credential::chain::is_signature;
use wardline_model::statement::signed_bytes_of;
use wardline_model::{B64, DeviceId};

use crate::client::Client;
use crate::error::ClientError;
use crate::platform::Platform;

/// A statement's hash, as its person signed it: nothing of it is verified.
pub(crate) fn hash(signed: &Value) -> String {
    let hash: [u8; 32] = Sha256::digest(signed_bytes(signed)).into();
    B64::from(hash).encode()
}

fn signed_bytes(signed: &Value) -> Vec<u8> {
    let mut unsigned = signed.clone();
    if let Some(members) = unsigned.as_object_mut() {
        members.insert("signature".to_owned(), "".into());
    }
    signed_bytes_of(&unsigned)
}

impl<P: Platform> Client<P> {
    /// Signs a statement with this device's key.
    pub(crate) fn state(&self, statement: &Value) -> Result<Value, ClientError> {
        let profile = self.profile()?;
        let open = self.open.as_ref().ok_or(ClientError::Locked)?;
        let identity = open.identity.as_ref().ok_or(ClientError::NotEnrolled)?;
        let mut signed = json!({
            "v": 1,
            "statement": statement,
            "user_id": profile.user.id,
            "device_id": profile.device_id,
            "issued_at": self.platform.now_ms(),
            "signature": "",
        });
        let signature = identity.sign(&signed_bytes_of(&signed));
        signed["signature"] = B64::from(signature).encode().into();
        Ok(signed)
    }

    /// Verifies that the device which a statement names signed it, is its person's and is in use: its
    /// hash, and whether the device keeps the records.
    pub(crate) async fn check_stated(&mut self, signed: &Value) -> Result<Value, ClientError> {
        const WRONG: ClientError = ClientError::Untrusted("the statement's signature");
        let text = |name: &str| signed[name].as_str().ok_or(WRONG);
        let device: DeviceId = text("device_id")?.parse().map_err(|_| WRONG)?;
        let signature = B64::decode(text("signature")?).ok_or(WRONG)?;
        let bytes = signed_bytes(signed);
        let (user, key) = if device == self.profile()?.device_id {
            let open = self.open.as_ref().ok_or(ClientError::Locked)?;
            let identity = open.identity.as_ref().ok_or(ClientError::NotEnrolled)?;
            (self.profile()?.user.id, identity.public_key())
        } else {
            self.look_up(device).await?
        };
        if text("user_id")? != user.to_string() || !is_signature(&bytes, &signature.0, &key) {
            return Err(WRONG);
        }
        Ok(json!({ "hash": hash(signed), "keeper": self.keeps_records_of(device) }))
    }
}
