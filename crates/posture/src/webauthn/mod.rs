//! WebAuthn attestation: who made the authenticator that a passkey is in, and whether the key can
//! leave it. The statement is verified in full, from its signature up to a root that the hospital
//! names.
//!
//! Source: Web Authentication Level 3, §6.5 (objects), §7.1 steps 21 to 25 (what a relying party
//! does with them) and §8 (formats); paths by RFC 5280 §6. The rest of a registration (challenge,
//! origin, user verification, algorithms) is the relying party's business, and not read here.

mod android_key;
mod apple;
mod certificate;
mod cose;
mod fido_u2f;
mod object;
mod packed;
mod signature;
mod tpm;
mod trust;
mod unproven;

pub use object::Object;
pub use trust::{ANDROID_MODEL, Trust, TrustError};
pub use unproven::Unproven;

use uuid::Uuid;

use crate::attest;
use certificate::Chain;

/// The most bytes of an attestation object: the longest chain and a credential id of full length.
pub const MAX_OBJECT: usize = 192 * 1024;

/// The most certificates in a statement. Real ones have one to four.
pub const MAX_CERTIFICATES: usize = attest::MAX_CERTIFICATES;

/// Attestation statement formats (§8) that can prove something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// §8.2: security keys and some platforms.
    Packed,
    /// §8.3: Windows Hello and others on a TPM.
    Tpm,
    /// §8.4: phones with Android.
    AndroidKey,
    /// §8.6: security keys of before FIDO2.
    FidoU2f,
    /// §8.8: devices by Apple.
    Apple,
}

impl Format {
    /// Its registered name (RFC 8809).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Packed => "packed",
            Self::Tpm => "tpm",
            Self::AndroidKey => "android-key",
            Self::FidoU2f => "fido-u2f",
            Self::Apple => "apple",
        }
    }

    fn from_name(name: &str) -> Result<Self, Unproven> {
        match name {
            "packed" => Ok(Self::Packed),
            "tpm" => Ok(Self::Tpm),
            "android-key" => Ok(Self::AndroidKey),
            "fido-u2f" => Ok(Self::FidoU2f),
            "apple" => Ok(Self::Apple),
            "none" => Err(Unproven::None),
            _ => Err(Unproven::Format),
        }
    }
}

/// What a statement proves of the authenticator that holds a passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// The model of the authenticator (AAGUID, §6.5.1). All zeros with `fido-u2f`, whose signature
    /// does not cover it.
    pub aaguid: Uuid,
    /// In which form it was proven.
    pub format: Format,
    /// Whether the key was made within the authenticator and cannot leave it, as far as the format
    /// can say so: false for keys that a TPM would hand out or that an operating system holds.
    pub bound: bool,
    /// The attestation certificate's subject, or its issuer's where that is empty (RFC 4514).
    pub subject: String,
    /// What `android-key` proves of the phone beside the key.
    pub phone: Option<attest::Attested>,
}

impl Object {
    /// Verifies the statement: its form, its signature over this ceremony and this key, and its
    /// chain to a root that is trusted for the authenticator's model.
    ///
    /// - `client_data_hash`: SHA-256 over the client data (§5.8.1) as it came.
    /// - `models`: the models that are taken; empty for any.
    /// - `at_ms`: the time at which the certificates have to be valid, unix milliseconds.
    ///
    /// # Errors
    /// The first reason why nothing is proven.
    pub fn verify(
        &self,
        client_data_hash: &[u8; 32],
        trust: &Trust,
        models: &[Uuid],
        at_ms: u64,
    ) -> Result<Attested, Unproven> {
        let format = Format::from_name(self.format())?;
        // The AAGUID of a U2F key is whatever the browser wrote: §8.6 does not sign it.
        let aaguid = match format {
            Format::FidoU2f => Uuid::nil(),
            _ => self.aaguid(),
        };
        let ceremony = Ceremony {
            object: self,
            client_data_hash,
            trust,
            aaguid,
            at_ms,
        };
        let proven = match format {
            Format::Packed => packed::verify(&ceremony)?,
            Format::Tpm => tpm::verify(&ceremony)?,
            Format::AndroidKey => android_key::verify(&ceremony)?,
            Format::FidoU2f => fido_u2f::verify(&ceremony)?,
            Format::Apple => apple::verify(&ceremony)?,
        };
        if !models.is_empty() && !models.contains(&aaguid) {
            return Err(Unproven::Model { aaguid });
        }
        Ok(Attested {
            aaguid,
            format,
            bound: proven.bound,
            subject: proven.subject,
            phone: proven.phone,
        })
    }
}

/// What a format's verification procedure works on.
struct Ceremony<'a> {
    object: &'a Object,
    client_data_hash: &'a [u8; 32],
    trust: &'a Trust,
    /// As far as it is signed.
    aaguid: Uuid,
    at_ms: u64,
}

impl Ceremony<'_> {
    /// `attToBeSigned`: authenticator data and the hash of the client data.
    fn signed(&self) -> Vec<u8> {
        [self.object.data(), self.client_data_hash].concat()
    }
}

/// What a format's verification procedure answers.
struct Proven {
    bound: bool,
    subject: String,
    phone: Option<attest::Attested>,
}

impl Proven {
    /// The key is in hardware, on the word of a chain.
    fn bound(chain: &Chain) -> Self {
        Self {
            bound: true,
            subject: chain.leaf().name(),
            phone: None,
        }
    }
}
