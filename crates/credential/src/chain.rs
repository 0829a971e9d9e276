//! Endorsement chains: from a device to the pinned genesis.
//!
//! The server holds the device CA, so a certificate alone admits no one. A device is admitted when
//! a device that was admitted before it vouched for it, and so on to the genesis that was pinned at
//! enrolment; every statement must stand in the audit log, so that none can be made in secret.

use ed25519_dalek::{Signature, VerifyingKey};
use thiserror::Error;
use wardline_audit::{Checkpoint, Disclosure, Event, Hash, LogKey, Salt};
use wardline_model::code::Pins;
use wardline_model::endorsement::{DeviceKeys, Duty, Endorsement, MAX_CHAIN, SignedEndorsement};
use wardline_model::statement::SignedStatement;
use wardline_model::turns::SignedTurns;
use wardline_model::wire::devices::{DeviceCredential, LoggedEndorsement};
use wardline_model::{DeviceId, UserId};

use crate::x509::{DeviceCa, DeviceKey, certificate_of, mls_credential};

/// The kind of the audit event that carries an endorsement, as `detail.signed`.
pub const ENDORSED: &str = "device.endorsed";
/// The member of that event's detail that holds the [`SignedEndorsement`].
pub const DETAIL: &str = "signed";

/// Why a device is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAdmitted {
    /// The server gave nothing for the device.
    #[error("the server has no credential for the device")]
    Unknown,
    /// It was revoked.
    #[error("the device was revoked")]
    Revoked,
    /// Its certificate is not of this hospital, or not for these keys.
    #[error("its certificate is not valid")]
    Certificate,
    /// The chain is empty, too long, or its links do not join.
    #[error("its endorsements do not join up")]
    Chain,
    /// A signature is wrong.
    #[error("an endorsement's signature is wrong")]
    Signature,
    /// The endorser had no right to vouch for it.
    #[error("the endorsing device had no right to vouch for it")]
    NoRight,
    /// An endorsement does not stand in the log.
    #[error("an endorsement is not in the audit log")]
    NotLogged,
    /// The chain ends at another genesis than the pinned one.
    #[error("the chain ends at another hospital's first officer")]
    Genesis,
    /// The device is not the one that was asked for.
    #[error("the server answered for another device")]
    Mismatch,
}

/// A device that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The device.
    pub device: DeviceId,
    /// Its person.
    pub user: UserId,
    /// Its keys.
    pub keys: DeviceKeys,
    /// The content of its MLS credential.
    pub credential: Vec<u8>,
    /// What it may do beyond its person's own business.
    pub duty: Duty,
    /// The device that vouched for it; itself for the genesis.
    pub endorser: DeviceId,
    /// Whose device that is.
    pub endorsed_by: UserId,
    /// The size of the log at the newest checkpoint that the proofs rest on.
    pub log_size: u64,
}

/// Verifies devices against what was pinned at enrolment.
#[derive(Debug)]
pub struct Verifier {
    log: LogKey,
    genesis: [u8; 32],
    ca: DeviceCa,
}

impl Verifier {
    /// A verifier for the hospital with this log and these pins.
    pub fn new(log_origin: &str, pins: &Pins, ca: DeviceCa) -> Option<Self> {
        let key = VerifyingKey::from_bytes(&pins.log_key).ok()?;
        let log = LogKey::new(log_origin, key).ok()?;
        Some(Self {
            log,
            genesis: pins.genesis,
            ca,
        })
    }

    /// The log's key.
    pub fn log(&self) -> &LogKey {
        &self.log
    }

    /// Verifies everything that the server says of a device, at a time (unix milliseconds), before
    /// the device is let in: one that went out of use is refused.
    pub fn admit(
        &self,
        device: DeviceId,
        credential: &DeviceCredential,
        now_ms: u64,
    ) -> Result<Admitted, NotAdmitted> {
        if credential.revoked && credential.device_id == device {
            return Err(NotAdmitted::Revoked);
        }
        let admitted = self.recognize(device, credential)?;
        self.ca
            .verify(&credential.certificates.mls.0, now_ms)
            .map_err(|_| NotAdmitted::Certificate)?;
        Ok(admitted)
    }

    /// The same of a device that is in already. It may have gone out of use since: then its removal
    /// waits in the log behind the place at which it is met. Its certificate may have run out.
    pub fn recognize(
        &self,
        device: DeviceId,
        credential: &DeviceCredential,
    ) -> Result<Admitted, NotAdmitted> {
        if credential.device_id != device {
            return Err(NotAdmitted::Mismatch);
        }
        let (keys, log_size) = self.chain(&credential.chain)?;
        let own = &credential
            .chain
            .first()
            .ok_or(NotAdmitted::Chain)?
            .signed
            .endorsement;
        if own.device_id != device {
            return Err(NotAdmitted::Mismatch);
        }
        let certificate = self
            .ca
            .issued(&credential.certificates.mls.0)
            .map_err(|_| NotAdmitted::Certificate)?;
        if certificate.device != device
            || certificate.user != own.user_id
            || certificate.key != DeviceKey::Ed25519(keys.mls_key)
        {
            return Err(NotAdmitted::Certificate);
        }
        Ok(Admitted {
            device,
            user: own.user_id,
            keys,
            credential: mls_credential(&credential.certificates.mls.0),
            duty: own.duty,
            endorser: own.endorser,
            endorsed_by: credential
                .chain
                .get(1)
                .map_or(own.user_id, |link| link.signed.endorsement.user_id),
            log_size,
        })
    }

    /// Whether an MLS credential's content is that of a device which was verified: with any
    /// certificate of this hospital for its person, its id and its key, since certificates are
    /// renewed and leaves keep those with which they joined. `at_ms` where it must be good then.
    pub fn is_of(
        &self,
        credential: &[u8],
        device: DeviceId,
        user: UserId,
        mls_key: &[u8; 32],
        at_ms: Option<u64>,
    ) -> bool {
        let certificate = certificate_of(credential).and_then(|der| match at_ms {
            Some(at_ms) => self.ca.verify(&der, at_ms),
            None => self.ca.issued(&der),
        });
        certificate.is_ok_and(|certificate| {
            certificate.device == device
                && certificate.user == user
                && certificate.key == DeviceKey::Ed25519(*mls_key)
        })
    }

    fn chain(&self, chain: &[LoggedEndorsement]) -> Result<(DeviceKeys, u64), NotAdmitted> {
        if chain.is_empty() || chain.len() > MAX_CHAIN {
            return Err(NotAdmitted::Chain);
        }
        let mut log_size = 0;
        for (position, link) in chain.iter().enumerate() {
            log_size = log_size.max(self.logged(link)?);
            let own = &link.signed.endorsement;
            let endorser = chain.get(position + 1).map(|next| &next.signed.endorsement);
            if let Some(endorser) = endorser {
                verify_link(&link.signed, endorser)?;
            } else if own.is_genesis() && own.hash() == self.genesis {
                verify_signature(&link.signed, own)?;
            } else {
                return Err(NotAdmitted::Genesis);
            }
        }
        let keys = chain[0]
            .signed
            .endorsement
            .keys()
            .map_err(|_| NotAdmitted::Chain)?;
        Ok((keys, log_size))
    }

    /// The statement must be the one that the logged event carries. Returns the log's size.
    fn logged(&self, link: &LoggedEndorsement) -> Result<u64, NotAdmitted> {
        const NOT: NotAdmitted = NotAdmitted::NotLogged;
        let payload = Event::parse(&link.event.0).map_err(|_| NOT)?;
        let carried = payload.detail.get(DETAIL).cloned().ok_or(NOT)?;
        let carried: SignedEndorsement = serde_json::from_value(carried).map_err(|_| NOT)?;
        if payload.kind.as_str() != ENDORSED || carried != link.signed {
            return Err(NOT);
        }
        let path = link
            .path
            .iter()
            .map(|hash| Hash::from_slice(&hash.0))
            .collect::<Option<_>>();
        let disclosure = Disclosure {
            payload,
            salt: Salt::from_slice(&link.salt.0).ok_or(NOT)?,
            index: link.index,
            path: path.ok_or(NOT)?,
            checkpoint: link.checkpoint.clone(),
        };
        let (_, Checkpoint { size, .. }) = disclosure.verify(&self.log).map_err(|_| NOT)?;
        Ok(size)
    }
}

/// Verifies one statement against the endorser's own: the signature, and the right to make it.
///
/// A person's other device may vouch for a device of the same person; a device that may endorse
/// (an enrolling officer's) may vouch for anyone's, and it alone may pass that right on.
pub fn verify_link(signed: &SignedEndorsement, endorser: &Endorsement) -> Result<(), NotAdmitted> {
    let own = &signed.endorsement;
    if own.endorser != endorser.device_id || own.device_id == endorser.device_id {
        return Err(NotAdmitted::Chain);
    }
    // A program vouches for nobody, not even for another device of its own: that one would not be
    // known as a program's.
    if endorser.duty == Duty::Bot {
        return Err(NotAdmitted::NoRight);
    }
    let same_person = own.user_id == endorser.user_id;
    if endorser.duty != Duty::Endorses && (!same_person || own.duty != Duty::None) {
        return Err(NotAdmitted::NoRight);
    }
    verify_signature(signed, endorser)
}

/// Whether signed turns are sound, and signed by the device with this MLS key.
pub fn verify_turns(signed: &SignedTurns, mls_key: &[u8; 32]) -> bool {
    let (Ok(key), Ok(signature)) = (
        VerifyingKey::from_bytes(mls_key),
        Signature::from_slice(&signed.signature.0),
    ) else {
        return false;
    };
    signed.order.is_sound()
        && key
            .verify_strict(&signed.order.signed_bytes(), &signature)
            .is_ok()
}

/// Whether a statement about records is well formed and signed with a device's MLS key.
pub fn is_signed_by(signed: &SignedStatement, mls_key: &[u8; 32]) -> bool {
    signed.is_well_formed() && is_signature(&signed.signed_bytes(), &signed.signature.0, mls_key)
}

/// Whether a signature over bytes, which say themselves what they are for, is by a device's MLS key.
pub fn is_signature(bytes: &[u8], signature: &[u8], mls_key: &[u8; 32]) -> bool {
    let key = VerifyingKey::from_bytes(mls_key);
    let signature = Signature::from_slice(signature);
    key.is_ok_and(|key| {
        signature.is_ok_and(|signature| key.verify_strict(bytes, &signature).is_ok())
    })
}

/// Verifies the signature of a statement by a device whose keys `endorser` states.
pub fn verify_signature(
    signed: &SignedEndorsement,
    endorser: &Endorsement,
) -> Result<(), NotAdmitted> {
    signed.endorsement.keys().map_err(|_| NotAdmitted::Chain)?;
    let keys = endorser.keys().map_err(|_| NotAdmitted::Chain)?;
    let key = VerifyingKey::from_bytes(&keys.mls_key).map_err(|_| NotAdmitted::Signature)?;
    let signature =
        Signature::from_slice(&signed.signature.0).map_err(|_| NotAdmitted::Signature)?;
    key.verify_strict(&signed.endorsement.signed_bytes(), &signature)
        .map_err(|_| NotAdmitted::Signature)
}
