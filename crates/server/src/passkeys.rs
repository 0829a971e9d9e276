//! Passkeys (WebAuthn Level 3), by webauthn-rs: user verification required, discoverable.
//!
//! Where a device program demands it, the authenticator attests itself. Its statement is verified
//! by [`wardline_posture::webauthn`] and then left out, so that webauthn-rs sees what every browser
//! hands in that was asked for none, and what is stored is the same passkey.
//!
//! The server never sees PRF results: clients add the extension themselves and strip its output.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use wardline_model::UserId;
use wardline_model::wire::enroll::Platform;
use wardline_policy::PasskeyKind;
use wardline_posture::webauthn::Trust;
use webauthn_rs::prelude::{
    Credential, Passkey, PasskeyAuthentication, PasskeyRegistration, RegisterPublicKeyCredential,
    WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use attestation::Attempt;
pub(crate) use attestation::{AttestedAuthenticator, Demand, Unattested};

use crate::problem::Refusal;

pub(crate) mod attestation;

/// The relying party.
#[derive(Debug)]
pub(crate) struct Passkeys {
    webauthn: Webauthn,
}

/// Who vouches for hardware, at the moment at which it is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vouchers<'a> {
    /// Whom the hospital trusts, and which keys are revoked.
    pub(crate) trust: &'a Trust,
    /// When certificates have to be valid, unix milliseconds.
    pub(crate) at_ms: u64,
}

/// A ceremony that was begun: what the client gets, and what the server keeps, sealed.
#[derive(Debug)]
pub(crate) struct Ceremony {
    /// WebAuthn options for the client.
    pub(crate) options: Value,
    /// State to keep until the answer comes; JSON.
    pub(crate) state: Vec<u8>,
}

/// A passkey that was registered.
#[derive(Debug)]
pub(crate) struct Registered {
    /// To keep, sealed; JSON.
    pub(crate) passkey: Vec<u8>,
    /// What kind it is.
    pub(crate) kind: PasskeyKind,
    /// What is proven of its authenticator, where that was demanded.
    pub(crate) authenticator: Option<AttestedAuthenticator>,
}

impl Passkeys {
    /// Accepts passkeys of `rp_id` used on the given origins; there is at least one.
    pub(crate) fn new(rp_id: &str, name: &str, origins: &[Url]) -> Result<Self, WebauthnError> {
        let (first, others) = origins.split_first().ok_or(WebauthnError::Configuration)?;
        let builder = WebauthnBuilder::new(rp_id, first)?.rp_name(name);
        let builder = others
            .iter()
            .fold(builder, WebauthnBuilder::append_allowed_origin);
        Ok(Self {
            webauthn: builder.build()?,
        })
    }

    /// Begins a registration (WebAuthn §7.1). The same demand is made again at its end.
    pub(crate) fn begin_registration(
        &self,
        user: UserId,
        username: &str,
        name: &str,
        demand: &Demand,
    ) -> Result<Ceremony, Refusal> {
        let id = Uuid::from_bytes(*user.as_bytes());
        let (creation, state) = self
            .webauthn
            .start_passkey_registration(id, username, name, None)
            .map_err(Refusal::internal)?;
        let mut options = serde_json::to_value(&creation).map_err(Refusal::internal)?;
        // webauthn-rs leaves discoverability to the authenticator; sign-in without typing a name
        // needs it. Nothing in its state depends on this.
        if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection") {
            selection["residentKey"] = json!("required");
            selection["requireResidentKey"] = json!(true);
        }
        // Nor on this: webauthn-rs asks for `none`, and gets no statement to see.
        if demand.is_made() {
            options["publicKey"]["attestation"] = json!("direct");
        }
        Ok(Ceremony {
            options,
            state: to_json(&state)?,
        })
    }

    /// Finishes a registration. Where the demand is met `otherwise`, by an attested device key, an
    /// authenticator that proves itself is noted, and one that does not is taken all the same.
    pub(crate) fn finish_registration(
        &self,
        credential: Value,
        state: &[u8],
        platform: Platform,
        demand: &Demand,
        otherwise: bool,
        vouchers: Vouchers<'_>,
    ) -> Result<Registered, Refusal> {
        let state: PasskeyRegistration = from_state(state)?;
        let mut credential: RegisterPublicKeyCredential = from_client(credential)?;
        let attempt = if demand.is_made() {
            Some(Attempt::take(&mut credential)?)
        } else {
            None
        };
        let passkey = self
            .webauthn
            .finish_passkey_registration(&credential, &state)
            .map_err(refused)?;
        let kind = match platform {
            Platform::Native => PasskeyKind::Software,
            Platform::Browser if Credential::from(passkey.clone()).backup_eligible => {
                PasskeyKind::Synced
            }
            Platform::Browser => PasskeyKind::Platform,
        };
        let authenticator = match attempt.map(|a| a.verify(vouchers, demand)) {
            Some(Err(_)) if otherwise => None,
            proven => proven.transpose()?,
        };
        Ok(Registered {
            passkey: to_json(&passkey)?,
            kind,
            authenticator,
        })
    }

    /// Begins an authentication (WebAuthn §7.2) with a device's passkey.
    pub(crate) fn begin_authentication(&self, passkey: &[u8]) -> Result<Ceremony, Refusal> {
        let passkey: Passkey = from_state(passkey)?;
        let (request, state) = self
            .webauthn
            .start_passkey_authentication(&[passkey])
            .map_err(Refusal::internal)?;
        let options = serde_json::to_value(&request).map_err(Refusal::internal)?;
        Ok(Ceremony {
            options,
            state: to_json(&state)?,
        })
    }

    /// Finishes an authentication. The passkey comes back when it has to be stored anew, because
    /// its counter or backup state changed.
    pub(crate) fn finish_authentication(
        &self,
        credential: Value,
        state: &[u8],
        passkey: &[u8],
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let state: PasskeyAuthentication = from_state(state)?;
        let credential = from_client(credential)?;
        let result = self
            .webauthn
            .finish_passkey_authentication(&credential, &state)
            .map_err(refused)?;
        let mut passkey: Passkey = from_state(passkey)?;
        match passkey.update_credential(&result) {
            Some(true) => Ok(Some(to_json(&passkey)?)),
            Some(false) => Ok(None),
            None => Err(Refusal::PasskeyRefused),
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it maps errors, which come by value"
)]
fn refused(error: WebauthnError) -> Refusal {
    tracing::info!(%error, "passkey refused");
    Refusal::PasskeyRefused
}

fn from_client<T: DeserializeOwned>(credential: Value) -> Result<T, Refusal> {
    serde_json::from_value(credential).map_err(|_| Refusal::InvalidBody {
        field: "credential".to_owned(),
        expected: "a WebAuthn credential in its JSON form".to_owned(),
    })
}

fn from_state<T: DeserializeOwned>(json: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(json).map_err(Refusal::internal)
}

fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(value).map_err(Refusal::internal)
}
