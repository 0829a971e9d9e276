//! Android Key Attestation: a chain of certificates from a key in a phone's secure hardware to a
//! root that Google publishes. The first certificate carries the key's description, written by that
//! hardware.
//!
//! Source: "Verify hardware-backed key pairs with key attestation" (developer.android.com) and
//! "Key and ID attestation" (source.android.com); paths by RFC 5280 §6.

mod chain;
mod description;
mod memo;
mod pem;
mod rejected;
mod roots;
mod signature;
mod status;

pub use description::{
    ApplicationId, AuthorizationList, BootState, KeyDescription, Package, PatchLevel, RootOfTrust,
    SecurityLevel,
};
pub use pem::certificates;
pub use rejected::Rejected;
pub use roots::{Roots, RootsError};
pub use status::{Entry, Status, StatusList, StatusListError};

pub(crate) use pem::sections;

use chain::{Anchor, Link};

/// The most certificates in a chain. Real ones have three to six.
pub const MAX_CERTIFICATES: usize = 10;

/// The most bytes of one certificate. Real ones have one to two thousand; a leaf with an ML-DSA-87
/// key and a long application id stays below half of this.
pub const MAX_CERTIFICATE: usize = 16 * 1024;

/// The most bytes of a PEM text: base64 takes four for three, and lines and comments some more.
pub const MAX_TEXT: usize = 2 * MAX_CERTIFICATES * MAX_CERTIFICATE;

/// The least of the two levels that a chain proves, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing that a changed operating system could not have written.
    Software,
    /// The trusted execution environment.
    Hardware,
    /// A secure element of its own.
    Strongbox,
}

impl Verdict {
    /// In one word, as it is printed and as policies name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strongbox => "strongbox",
            Self::Hardware => "hardware",
            Self::Software => "software",
        }
    }
}

/// `KeyOrigin::GENERATED` of KeyMint.
const GENERATED: u64 = 0;
/// `KeyPurpose::SIGN` of KeyMint.
const SIGN: u64 = 2;
/// `KeyPurpose::VERIFY` of KeyMint.
const VERIFY: u64 = 3;
/// `KeyPurpose::ATTEST_KEY` of KeyMint, which goes with no other.
const ATTEST_KEY: u64 = 7;

/// Why a key is not one that signs from a phone's hardware and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looseness {
    /// No hardware holds it.
    Software,
    /// Hardware did not make it, so there may be copies.
    Elsewhere,
    /// It may not sign, or may do more than sign and verify: what it signs or opens may be somebody
    /// else's.
    Purposes,
}

/// What a chain proves of a key and of the phone that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// Who made and holds the key.
    pub verdict: Verdict,
    /// The attested key: its SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), DER. Of any algorithm. Only
    /// a device that proves its requests with this very key is the one described.
    pub public_key: Vec<u8>,
    /// The description as it stands in the certificate.
    pub description: KeyDescription,
    /// The serial numbers of the chain's certificates, leaf first, as the status list writes them:
    /// what is revoked later is found by them.
    pub serials: Vec<String>,
    /// The key of the same hardware that certifies the attested one, its SubjectPublicKeyInfo, DER;
    /// only where [`verify_certified`] found one.
    pub certifier: Option<Vec<u8>>,
}

impl Attested {
    /// The list that counts for the state of the phone: what hardware enforces. Where the verdict is
    /// *software* there is no hardware to believe, and the list that software enforces is what was
    /// said.
    pub const fn properties(&self) -> &AuthorizationList {
        match self.verdict {
            Verdict::Software => &self.description.software_enforced,
            Verdict::Strongbox | Verdict::Hardware => &self.description.hardware_enforced,
        }
    }

    /// Whether hardware made the key, keeps it, and lets it sign and do nothing else, as WebAuthn asks
    /// of a passkey's (Level 3 §8.4).
    pub fn is_bound(&self) -> bool {
        self.looseness().is_none() && self.description.hardware_enforced.purposes == [SIGN]
    }

    /// Why the key is not one that signs from this phone's hardware and nowhere else; `None` where it
    /// is. To verify is to use the public key, so a key that may do that beside signing is as good.
    pub fn looseness(&self) -> Option<Looseness> {
        let list = &self.description.hardware_enforced;
        if self.verdict == Verdict::Software {
            return Some(Looseness::Software);
        }
        if list.origin != Some(GENERATED) {
            return Some(Looseness::Elsewhere);
        }
        let fits = |purpose: &u64| matches!(*purpose, SIGN | VERIFY);
        let signs = list.purposes.contains(&SIGN) && list.purposes.iter().all(fits);
        (!signs).then_some(Looseness::Purposes)
    }

    /// How the phone started, where the chain says so.
    pub const fn root_of_trust(&self) -> Option<&RootOfTrust> {
        self.properties().root_of_trust.as_ref()
    }

    /// Which application asked for the key, as the operating system says: software enforces it at
    /// every level.
    pub const fn application_id(&self) -> Option<&ApplicationId> {
        self.description.software_enforced.application_id.as_ref()
    }
}

/// Verifies a chain, leaf first, and reads what it proves. Every key above the leaf is one of those
/// that only vouch for phones.
///
/// - `chain`: DER certificates; a remotely provisioned chain may leave the root out.
/// - `challenge`: what the key's owner was asked to put in; an empty one matches nothing.
/// - `status`: Google's list of revoked keys. Without it nothing is known to be revoked.
/// - `at_ms`: the time at which the certificates have to be valid, unix milliseconds.
///
/// Android's public software roots are recognised whatever `roots` are, since they prove nothing:
/// everybody has their private keys. Such a chain can only end in [`Verdict::Software`].
///
/// # Errors
/// The first reason not to believe the chain.
pub fn verify<C: AsRef<[u8]>>(
    chain: &[C],
    challenge: &[u8],
    roots: &Roots,
    status: Option<&StatusList>,
    at_ms: u64,
) -> Result<Attested, Rejected> {
    let attested = judge(chain, challenge, roots, status, at_ms)?;
    match attested.certifier {
        None => Ok(attested),
        Some(_) => Err(Rejected::SecondDescription { certificate: 2 }),
    }
}

/// The same, where the leaf may be certified by an application's key for that purpose
/// (`KeyPurpose::ATTEST_KEY`, since KeyMint 1): hardware made it, and lets it sign nothing but the
/// descriptions that the same hardware writes. Two keys that one such key certifies are in one phone.
///
/// # Errors
/// As [`verify`].
pub fn verify_certified<C: AsRef<[u8]>>(
    chain: &[C],
    challenge: &[u8],
    roots: &Roots,
    status: Option<&StatusList>,
    at_ms: u64,
) -> Result<Attested, Rejected> {
    judge(chain, challenge, roots, status, at_ms)
}

fn judge<C: AsRef<[u8]>>(
    chain: &[C],
    challenge: &[u8],
    roots: &Roots,
    status: Option<&StatusList>,
    at_ms: u64,
) -> Result<Attested, Rejected> {
    if chain.is_empty() {
        return Err(Rejected::Empty);
    }
    if chain.len() > MAX_CERTIFICATES {
        return Err(Rejected::Length);
    }
    let links = chain
        .iter()
        .zip(1..)
        .map(|(der, number)| Link::read(der.as_ref(), number))
        .collect::<Result<Vec<_>, _>>()?;
    let anchor = chain::validate(&links, roots, at_ms)?;
    if let Some(status) = status {
        refuse_revoked(&links, status)?;
    }

    let (leaf, issuers) = links.split_first().ok_or(Rejected::Empty)?;
    // Whoever holds an attested key may sign with it what looks like one more certificate; only the
    // hardware's own word counts, and that stands in the description nearest the root.
    let mut described = issuers
        .iter()
        .filter(|issuer| issuer.description().is_some());
    let certifier = described.next();
    let second = |link: &Link| Rejected::SecondDescription {
        certificate: link.number(),
    };
    if let (Some(first), Some(_)) = (certifier, described.next()) {
        return Err(second(first));
    }
    let certifying = match certifier {
        Some(link) => Some(certifying(link, anchor).ok_or_else(|| second(link))?),
        None => None,
    };
    let description = leaf.description().ok_or(Rejected::NoDescription)?;
    let description = KeyDescription::from_der(description).map_err(|_| Rejected::Description)?;
    if challenge.is_empty() || description.challenge != challenge {
        return Err(Rejected::Challenge);
    }
    let own = verdict(anchor, &description)?;
    Ok(Attested {
        verdict: certifying.map_or(own, |level| own.min(level)),
        public_key: leaf.public_key().to_vec(),
        description,
        serials: links
            .iter()
            .map(|link| status::name(link.serial()))
            .collect(),
        certifier: certifier.map(|link| link.public_key().to_vec()),
    })
}

/// The level of a key that certifies the leaf; `None` where it is not the next one above it, or not
/// one that hardware made, holds, and lets do that alone.
fn certifying(link: &Link, anchor: Anchor) -> Option<Verdict> {
    let description = KeyDescription::from_der(link.description()?).ok()?;
    let list = &description.hardware_enforced;
    let bound = list.origin == Some(GENERATED) && list.purposes == [ATTEST_KEY];
    let level = verdict(anchor, &description).ok()?;
    (link.number() == 2 && bound && level != Verdict::Software).then_some(level)
}

/// The lower of both levels: a key is worth no more than its place, and what is said of it no more
/// than who says it.
fn verdict(anchor: Anchor, description: &KeyDescription) -> Result<Verdict, Rejected> {
    // Everybody can sign below that root, and hardware never does.
    if anchor == Anchor::Software && description.attestation_level != SecurityLevel::Software {
        return Err(Rejected::SoftwareRoot);
    }
    let level = description.attestation_level.min(description.keymint_level);
    Ok(match level {
        SecurityLevel::Software => Verdict::Software,
        SecurityLevel::TrustedEnvironment => Verdict::Hardware,
        SecurityLevel::StrongBox => Verdict::Strongbox,
    })
}

fn refuse_revoked(links: &[Link], status: &StatusList) -> Result<(), Rejected> {
    for link in links {
        if let Some(entry) = status.of(link.serial()) {
            return Err(Rejected::Revoked {
                certificate: link.number(),
                status: entry.status,
                reason: entry.reason.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_software_root_vouches_for_software_alone() {
        let levels = [
            SecurityLevel::Software,
            SecurityLevel::TrustedEnvironment,
            SecurityLevel::StrongBox,
        ];
        for attestation_level in levels {
            for keymint_level in levels {
                let description = KeyDescription {
                    attestation_version: 2,
                    attestation_level,
                    keymint_version: 1,
                    keymint_level,
                    challenge: Vec::new(),
                    unique_id: Vec::new(),
                    software_enforced: AuthorizationList::default(),
                    hardware_enforced: AuthorizationList::default(),
                };
                let expected = if attestation_level == SecurityLevel::Software {
                    Ok(Verdict::Software)
                } else {
                    Err(Rejected::SoftwareRoot)
                };
                assert_eq!(verdict(Anchor::Software, &description), expected);
            }
        }
    }
}
