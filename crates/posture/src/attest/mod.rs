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

/// The least of the two levels that a chain proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A secure element of its own.
    Strongbox,
    /// The trusted execution environment.
    Hardware,
    /// Nothing that a changed operating system could not have written.
    Software,
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

    /// Whether the key cannot be anywhere else: hardware made it, and lets it sign and do nothing
    /// else. A key that was imported may have copies.
    pub fn is_bound(&self) -> bool {
        /// `KeyOrigin::GENERATED` and `KeyPurpose::SIGN` of KeyMint.
        const GENERATED: u64 = 0;
        const SIGN: u64 = 2;
        let list = &self.description.hardware_enforced;
        self.verdict != Verdict::Software
            && list.origin == Some(GENERATED)
            && list.purposes == [SIGN]
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

/// Verifies a chain, leaf first, and reads what it proves.
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
    if let Some(issuer) = issuers.iter().find(|issuer| issuer.description().is_some()) {
        return Err(Rejected::SecondDescription {
            certificate: issuer.number(),
        });
    }
    let description = leaf.description().ok_or(Rejected::NoDescription)?;
    let description = KeyDescription::from_der(description).map_err(|_| Rejected::Description)?;
    if challenge.is_empty() || description.challenge != challenge {
        return Err(Rejected::Challenge);
    }
    Ok(Attested {
        verdict: verdict(anchor, &description)?,
        public_key: leaf.public_key().to_vec(),
        description,
        serials: links
            .iter()
            .map(|link| status::name(link.serial()))
            .collect(),
    })
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
