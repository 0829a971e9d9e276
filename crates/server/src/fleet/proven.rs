//! Facts that hardware proves: from an Android Key Attestation chain to what is known of a device.

use sha2::{Digest as _, Sha256};
use time::{Date, OffsetDateTime};
use wardline_model::wire::posture::{Fact, FactName, FactValue, Provenance};
use wardline_model::wire::programs::Program;
use wardline_posture::attest::{self, Attested, Looseness, Rejected, StatusList, Verdict};

use crate::jws::DeviceKey;
use crate::passkeys::{AttestedAuthenticator, Vouchers};
use crate::problem::Refusal;

/// Why an attestation of a device key is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotProven {
    /// The chain proves nothing.
    #[error("{0}")]
    Chain(#[from] Rejected),
    /// No hardware holds the key.
    #[error("the key is in software: it has to be made in the hardware")]
    Software,
    /// The key may have copies elsewhere.
    #[error("the key was brought in and may be elsewhere too: it has to be made in the hardware")]
    Elsewhere,
    /// The key may be used for something else.
    #[error(
        "the key may do more than sign and verify, or may not sign: it has to be made for signing \
         alone"
    )]
    Purposes,
    /// It is about another key: a clean phone cannot vouch for another.
    #[error(
        "it attests another key than the one that signs this device's requests, and none that the \
         same hardware certified"
    )]
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
    /// The phone's key that certifies the attested one, where there is one: SHA-256 of its
    /// SubjectPublicKeyInfo.
    pub(crate) certifier: Option<[u8; 32]>,
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
    again(chain, challenge, key, None, vouchers)
}

/// The same of an enrolled device, whose hardware may vouch by another key as well: one that is
/// certified by the key which certified the device key (its `certifier`), and is in the same phone
/// then. A phone's key store attests a key when it makes it and not again, so that is how an
/// application shows what the phone is like now without becoming another device.
pub(crate) fn again(
    chain: &[impl AsRef<[u8]>],
    challenge: &[u8; 32],
    key: &DeviceKey,
    certifier: Option<&[u8; 32]>,
    vouchers: Vouchers<'_>,
) -> Result<Proven, NotProven> {
    let now_ms = vouchers.at_ms;
    let (roots, status) = vouchers.trust.android();
    let attested = attest::verify_certified(chain, challenge, roots, status, now_ms)?;
    let by = attested.certifier.as_ref();
    let by: Option<[u8; 32]> = by.map(|spki| Sha256::digest(spki).into());
    if key_point(&attested.public_key) == Some(key.point()) {
        match attested.looseness() {
            None => {}
            Some(Looseness::Software) => return Err(NotProven::Software),
            Some(Looseness::Elsewhere) => return Err(NotProven::Elsewhere),
            Some(Looseness::Purposes) => return Err(NotProven::Purposes),
        }
    } else if certifier.is_none() || by.as_ref() != certifier {
        return Err(NotProven::OtherKey);
    } else if attested.verdict == Verdict::Software {
        return Err(NotProven::Software);
    }
    let revocations = match status {
        Some(list) => match list.fetched_at().and_then(day) {
            Some(day) => format!("not revoked by the list of {day}"),
            None => "not revoked by a list of unknown age".to_owned(),
        },
        None => "revocations not looked up".to_owned(),
    };
    let evidence = format!("Android Key Attestation, {revocations}");
    let mut facts = of_phone(&attested, &evidence, now_ms);
    let place = attested.verdict.as_str().into();
    facts.push(fact(FactName::KeyHardware, place, &evidence, now_ms));
    Ok(Proven {
        facts,
        serials: attested.serials,
        certifier: by,
    })
}

/// Whether the list of revoked attestation keys is new enough for a program to take what hardware
/// proves.
///
/// # Errors
/// [`Refusal::AttestationRefused`] where it is not, or where there is none.
pub(crate) fn is_list_new(program: &Program, vouchers: Vouchers<'_>) -> Result<(), Refusal> {
    let Some(days) = program.enrolment.revocations_days else {
        return Ok(());
    };
    let (_, status) = vouchers.trust.android();
    let fetched_at = status.and_then(StatusList::fetched_at);
    let fresh =
        fetched_at.is_some_and(|at| vouchers.at_ms.saturating_sub(at) <= u64::from(days) * DAY_MS);
    if fresh {
        return Ok(());
    }
    Err(Refusal::AttestationRefused(match fetched_at {
        Some(at) => format!(
            "the hospital's list of revoked keys is of {}, and the program takes one that is at \
             most {days} {} old; its operator has to fetch it",
            day(at).map_or_else(|| "an unknown day".to_owned(), |day| day.to_string()),
            if days == 1 { "day" } else { "days" }
        ),
        None => "the hospital has no list of revoked keys, without which the program takes no \
                 proof; its operator has to fetch it"
            .to_owned(),
    }))
}

/// The day of a time, by UTC.
fn day(at_ms: u64) -> Option<Date> {
    let seconds = i64::try_from(at_ms / 1000).ok()?;
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    Some(at.date())
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

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
        certifier: None,
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
