//! Facts that hardware proves: from an Android Key Attestation chain to what is known of a device.

use wardline_model::wire::posture::{Fact, FactName, FactValue, Provenance};
use wardline_posture::attest::{self, Attested, Rejected};

use crate::jws::DeviceKey;
use crate::passkeys::{AttestedAuthenticator, Vouchers};

/// Why an attestation of a device key is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotProven {
    /// The chain proves nothing.
    #[error("{0}")]
    Chain(#[from] Rejected),
    /// The key may have copies elsewhere.
    #[error("the key is in software, or may be elsewhere too: it has to be made in the hardware")]
    Unbound,
    /// It is about another key: a clean phone cannot vouch for another.
    #[error("it attests another key than the one that signs this device's requests")]
    OtherKey,
}

/// What hardware proves of a device.
#[derive(Debug, Default)]
pub(crate) struct Proven {
    /// What is known by it.
    pub(crate) facts: Vec<Fact>,
    /// The certificates that vouch for it and are found on the list of revoked attestation keys, once
    /// they are there: their serial numbers, as that list writes them.
    pub(crate) serials: Vec<String>,
}

impl Proven {
    /// This and more.
    pub(crate) fn add(&mut self, more: Self) {
        self.facts.extend(more.facts);
        self.serials.extend(more.serials);
    }
}

/// Verifies a chain whose leaf is the device key, and gives what it proves of the device.
pub(crate) fn by_key(
    chain: &[impl AsRef<[u8]>],
    challenge: &[u8; 32],
    key: &DeviceKey,
    vouchers: Vouchers<'_>,
) -> Result<Proven, NotProven> {
    let now_ms = vouchers.at_ms;
    let (roots, status) = vouchers.trust.android();
    let attested = attest::verify(chain, challenge, roots, status, now_ms)?;
    if key_point(&attested.public_key) != Some(key.point()) {
        return Err(NotProven::OtherKey);
    }
    if !attested.is_bound() {
        return Err(NotProven::Unbound);
    }
    let revocations = if status.is_some() {
        "not revoked"
    } else {
        "revocations not looked up"
    };
    let evidence = format!("Android Key Attestation, {revocations}");
    let mut facts = of_phone(&attested, &evidence, now_ms);
    let key = attested.verdict.as_str().into();
    facts.push(fact(FactName::KeyHardware, key, &evidence, now_ms));
    Ok(Proven {
        facts,
        serials: attested.serials,
    })
}

/// What an authenticator that attested itself proves: what it is. Of the device it proves nothing,
/// not even with `android-key`: the passkey may be held by another phone.
pub(crate) fn by_authenticator(authenticator: &AttestedAuthenticator, now_ms: u64) -> Proven {
    let evidence = format!(
        "WebAuthn attestation ({}), {}",
        authenticator.format.as_str(),
        authenticator.chain_subject
    );
    let evidence: String = evidence.chars().take(200).collect();
    let model = authenticator.aaguid.to_string().into();
    let phone = authenticator.phone.as_ref();
    Proven {
        facts: vec![fact(FactName::Authenticator, model, &evidence, now_ms)],
        serials: phone.map_or_else(Vec::new, |phone| phone.serials.clone()),
    }
}

/// The point of a P-256 key's SubjectPublicKeyInfo (RFC 5480 §2.1), which has this one DER form:
/// algorithm id-ecPublicKey on prime256v1, then the uncompressed point.
fn key_point(spki: &[u8]) -> Option<&[u8]> {
    const PREFIX: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    spki.strip_prefix(&PREFIX)
}

/// One fact that a chain proves.
fn fact(name: FactName, value: FactValue, evidence: &str, now_ms: u64) -> Fact {
    Fact {
        name,
        value,
        provenance: Provenance::Attested,
        observed_at: now_ms,
        evidence: evidence.to_owned(),
    }
}

/// What a chain proves of the phone.
fn of_phone(attested: &Attested, evidence: &str, now_ms: u64) -> Vec<Fact> {
    let properties = attested.properties();
    let version = properties.os_version.map(|v| os_version(v).into());
    let level = properties
        .os_patch_level
        .map(|level| level.to_month().into());
    let root = attested.root_of_trust();
    let locked = root.map(|root| root.locked.into());
    let state = root.map(|root| root.state.as_str().into());
    [
        (FactName::Platform, Some("android".into())),
        (FactName::OsVersion, version),
        (FactName::PatchLevel, level),
        (FactName::BootloaderLocked, locked),
        (FactName::VerifiedBoot, state),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(fact(name, value?, evidence, now_ms)))
    .collect()
}

/// KeyMint writes 160102 for Android 16.1.2.
fn os_version(number: u64) -> String {
    let (major, minor, patch) = (number / 10_000, number / 100 % 100, number % 100);
    match (minor, patch) {
        (0, 0) => major.to_string(),
        (_, 0) => format!("{major}.{minor}"),
        _ => format!("{major}.{minor}.{patch}"),
    }
}
