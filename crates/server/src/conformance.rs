//! Passkey ceremonies that were recorded elsewhere, replayed: for the tests on public data.

use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use wardline_model::wire::enroll::Platform;
use wardline_model::{B64, UserId};
use wardline_posture::webauthn::Trust;

use crate::passkeys::{Ceremony, Demand, Passkeys, Vouchers};
use crate::problem::Refusal;

/// A relying party.
#[derive(Debug)]
pub struct Party {
    passkeys: Passkeys,
    trust: Trust,
    /// Whether users have to be verified. They always have to, but in some of the recorded
    /// ceremonies they are not.
    pub verifies_users: bool,
}

impl Party {
    /// A relying party that is used on one origin.
    ///
    /// # Errors
    /// When the origin is not at the relying party's id.
    pub fn new(rp_id: &str, origin: &str, trust: Trust) -> Result<Self, String> {
        let origin: Url = origin.parse().map_err(|_| "origin")?;
        let passkeys = Passkeys::new(rp_id, "Hospital", &[origin]);
        Ok(Self {
            passkeys: passkeys.map_err(|error| error.to_string())?,
            trust,
            verifies_users: true,
        })
    }

    /// Registers a recorded credential over its challenge, at a time in unix milliseconds. `demand`
    /// lists the models that have to attest themselves; nothing is demanded without it. Answers
    /// the passkey to keep.
    ///
    /// # Errors
    /// The refusal's name, and the reason where it has one.
    pub fn register(
        &self,
        challenge: &[u8],
        credential: Value,
        demand: Option<&[Uuid]>,
        at_ms: u64,
    ) -> Result<Vec<u8>, String> {
        let demand = demand.map_or_else(Demand::none, |models| Demand {
            attestation: true,
            authenticators: models.to_vec(),
        });
        let user = UserId::from_bytes([1; 16]);
        let ceremony = self
            .passkeys
            .begin_registration(user, "a.okafor", "Amara Okafor", &demand)
            .map_err(told)?;
        let state = self.recorded(&ceremony, "rs", challenge)?;
        let vouchers = Vouchers {
            trust: &self.trust,
            at_ms,
        };
        self.passkeys
            .finish_registration(
                credential,
                &state,
                Platform::Browser,
                &demand,
                false,
                vouchers,
            )
            .map(|registered| registered.passkey)
            .map_err(told)
    }

    /// Authenticates with a recorded assertion over its challenge.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub fn authenticate(
        &self,
        passkey: &[u8],
        challenge: &[u8],
        credential: Value,
    ) -> Result<(), String> {
        let ceremony = self.passkeys.begin_authentication(passkey).map_err(told)?;
        let state = self.recorded(&ceremony, "ast", challenge)?;
        self.passkeys
            .finish_authentication(credential, &state, passkey)
            .map(|_| ())
            .map_err(told)
    }

    /// The kept state of a ceremony, with the recorded challenge in place of the random one.
    fn recorded(
        &self,
        ceremony: &Ceremony,
        part: &str,
        challenge: &[u8],
    ) -> Result<Vec<u8>, String> {
        let mut state: Value =
            serde_json::from_slice(&ceremony.state).map_err(|error| error.to_string())?;
        let kept = &mut state[part];
        kept["challenge"] = json!(B64::from(challenge));
        if !self.verifies_users {
            kept["policy"] = json!("preferred");
        }
        serde_json::to_vec(&state).map_err(|error| error.to_string())
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it maps errors, which come by value"
)]
fn told(refusal: Refusal) -> String {
    match &refusal {
        Refusal::AuthenticatorRefused(why) => format!("{}: {}", refusal.name(), why.code()),
        _ => refusal.name().to_owned(),
    }
}
