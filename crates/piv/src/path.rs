//! From a card up to an anchor, by webpki.

use std::cell::RefCell;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage,
    RequiredEkuNotFoundContext, RevocationOptions, VerifiedPath,
};
use x509_cert::der::asn1::ObjectIdentifier;

use crate::certificate::Certificate;
use crate::key::{self, ALGORITHMS};
use crate::policies;
use crate::refused::Refused;

/// The most certificates that are presented, the card's among them. webpki follows six authorities
/// at most.
pub const MAX_CHAIN: usize = 8;

/// What paths are held against.
#[derive(Debug)]
pub(crate) struct Trust {
    pub(crate) anchors: Vec<TrustAnchor<'static>>,
    pub(crate) intermediates: Vec<CertificateDer<'static>>,
    /// In order of preference; empty when any will do.
    pub(crate) policies: Vec<ObjectIdentifier>,
    pub(crate) ekus: Vec<ObjectIdentifier>,
}

/// A card's path, verified.
#[derive(Debug)]
pub(crate) struct Path {
    /// Which accepted policy holds for it.
    pub(crate) policy: Option<ObjectIdentifier>,
    /// Who issued the card.
    pub(crate) issuer: TrustAnchor<'static>,
    /// The authorities below the anchor, from the card up.
    pub(crate) authorities: Vec<Authority>,
}

/// An authority between a card and the anchor.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) certificate: Certificate,
    /// Who issued it.
    pub(crate) issuer: TrustAnchor<'static>,
}

/// A chain as presented, read.
#[derive(Debug)]
pub(crate) struct Chain<'a> {
    ders: &'a [CertificateDer<'a>],
    pub(crate) card: Certificate,
    /// Above the card, with keys that count; the others are kept out of every path.
    usable: Vec<CertificateDer<'a>>,
    strong: Vec<Certificate>,
    /// Above the card, with keys that do not count.
    weak: Vec<Certificate>,
}

impl<'a> Chain<'a> {
    /// Reads a chain, the card's certificate first (RFC 8446 §4.4.2).
    pub(crate) fn read(ders: &'a [CertificateDer<'a>]) -> Result<Self, Refused> {
        if ders.len() > MAX_CHAIN {
            return Err(Refused::TooLong);
        }
        let (first, rest) = ders.split_first().ok_or(Refused::Empty)?;
        let card = Certificate::read(first, 1)?;
        let (mut usable, mut strong, mut weak) = (Vec::new(), Vec::new(), Vec::new());
        for (der, number) in rest.iter().zip(2..) {
            let certificate = Certificate::read(der, number)?;
            if key::is_strong(&certificate.key()) {
                usable.push(CertificateDer::from(der.as_ref()));
                strong.push(certificate);
            } else {
                weak.push(certificate);
            }
        }
        Ok(Self {
            ders,
            card,
            usable,
            strong,
            weak,
        })
    }

    /// Verifies a path to an anchor. Certificates above the card may stand in any order
    /// (RFC 8446 §4.4.2), and the hospital's intermediates help out.
    pub(crate) fn verify(
        &self,
        trust: &Trust,
        revocation: Option<RevocationOptions<'_>>,
        at_ms: u64,
    ) -> Result<Path, Refused> {
        let first = self.ders.first().ok_or(Refused::Empty)?;
        let end_entity =
            EndEntityCert::try_from(first).map_err(|error| self.refused(&error, at_ms))?;
        let given: Vec<_> = self
            .usable
            .iter()
            .map(AsRef::as_ref)
            .chain(trust.intermediates.iter().map(AsRef::as_ref))
            .map(CertificateDer::from)
            .collect();
        let held = RefCell::new(Ok(None));
        // Asked for each path that holds for webpki: the next one may be under a policy that counts.
        let rest = |path: &VerifiedPath<'_>| {
            let policy = certificates(first, path).and_then(|path| {
                path.iter()
                    .skip(1)
                    .try_for_each(Certificate::check_issuer)?;
                policies::hold(&path, &trust.policies)
            });
            let answer = policy.as_ref().map(|_| ()).map_err(|_| OTHER_PATH);
            *held.borrow_mut() = policy;
            answer
        };
        let verified = end_entity.verify_for_usage(
            ALGORITHMS,
            &trust.anchors,
            &given,
            at(at_ms),
            Required(&trust.ekus),
            revocation,
            Some(&rest),
        );
        let policy = held.replace(Ok(None));
        let path = match verified {
            Ok(path) => path,
            // Where a path held for webpki, what is wrong with it otherwise is the reason.
            Err(error) => return Err(policy.err().unwrap_or_else(|| self.refused(&error, at_ms))),
        };
        // From the card up, the anchor last.
        let issuer = |index: usize| match path.intermediate_certificates().nth(index) {
            Some(authority) => webpki::anchor_from_trusted_cert(&authority.der())
                .map(|authority| authority.to_owned())
                .map_err(|error| self.refused(&error, at_ms)),
            None => Ok(path.anchor().to_owned()),
        };
        let authorities = path.intermediate_certificates().zip(1..);
        Ok(Path {
            policy: policy?,
            issuer: issuer(0)?,
            authorities: authorities
                .map(|(authority, index)| {
                    Ok(Authority {
                        certificate: Certificate::read(&authority.der(), index + 1)?,
                        issuer: issuer(index)?,
                    })
                })
                .collect::<Result<_, Refused>>()?,
        })
    }

    fn refused(&self, error: &webpki::Error, at_ms: u64) -> Refused {
        use webpki::Error;
        let (not_before, not_after) = self.card.validity_ms();
        match error {
            Error::CertExpired { .. } if at_ms / 1000 > not_after / 1000 => Refused::Expired,
            Error::CertExpired { .. } => Refused::IssuerExpired,
            Error::CertNotValidYet { .. } if at_ms < not_before => Refused::NotYetValid,
            Error::CertNotValidYet { .. } => Refused::IssuerNotYetValid,
            Error::UnknownIssuer => self.weak_issuer().unwrap_or(Refused::UnknownIssuer),
            Error::EndEntityUsedAsCa => Refused::IssuerNotAuthority,
            Error::CaUsedAsEndEntity => Refused::Authority,
            Error::PathLenConstraintViolated => Refused::PathLength,
            Error::NameConstraintViolation => Refused::NameConstraint,
            Error::UnsupportedCriticalExtension => Refused::CriticalExtension,
            Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
                Refused::ExtendedKeyUsage
            }
            Error::InvalidSignatureForPublicKey => Refused::Signature,
            Error::UnsupportedSignatureAlgorithmContext(_)
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Refused::Algorithm,
            Error::MaximumPathBuildCallsExceeded
            | Error::MaximumPathDepthExceeded
            | Error::MaximumSignatureChecksExceeded
            | Error::MaximumNameConstraintComparisonsExceeded => Refused::Complex,
            Error::CertRevoked => Refused::Revoked,
            Error::UnknownRevocationStatus => Refused::RevocationUnknown,
            Error::CrlExpired { .. } => Refused::CrlStale,
            Error::InvalidCrlSignatureForPublicKey
            | Error::IssuerNotCrlSigner
            | Error::UnsupportedCrlSignatureAlgorithmContext(_)
            | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
                Refused::CrlSignature
            }
            _ => Refused::Invalid,
        }
    }

    /// That a path failed because an issuer's key was kept out of it.
    fn weak_issuer(&self) -> Option<Refused> {
        let issuers: Vec<_> = [&self.card]
            .into_iter()
            .chain(&self.strong)
            .chain(&self.weak)
            .map(|certificate| &certificate.tbs().issuer)
            .collect();
        let weak = self.weak.iter();
        weak.filter(|weak| issuers.contains(&&weak.tbs().subject))
            .map(|weak| Refused::WeakKey {
                certificate: weak.number(),
            })
            .next()
    }
}

/// A time as webpki takes it.
pub(crate) fn at(at_ms: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(at_ms))
}

/// A path's certificates below the anchor, the card's first.
fn certificates(
    card: &CertificateDer<'_>,
    path: &VerifiedPath<'_>,
) -> Result<Vec<Certificate>, Refused> {
    let authorities = path.intermediate_certificates().map(webpki::Cert::der);
    [CertificateDer::from(card.as_ref())]
        .into_iter()
        .chain(authorities)
        .zip(1..)
        .map(|(der, number)| Certificate::read(&der, number))
        .collect()
}

/// Any error that webpki looks for another path after. What is answered is what was kept aside.
const OTHER_PATH: webpki::Error = webpki::Error::UnknownIssuer;

/// Extended key usages that everything on a path must have, or leave open. That the card has them
/// is checked before.
struct Required<'a>(&'a [ObjectIdentifier]);

impl ExtendedKeyUsageValidator for Required<'_> {
    fn validate(&self, has: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        let has = has.collect::<Result<Vec<_>, _>>()?;
        // Compared as encoded: webpki 0.103 decodes arcs above 127 wrongly.
        let allows = |eku: &[u8]| has.contains(&KeyPurposeId::new(eku));
        if has.is_empty() || allows(ANY_EKU) || self.0.iter().all(|eku| allows(eku.as_bytes())) {
            return Ok(());
        }
        Err(webpki::Error::RequiredEkuNotFoundContext(
            RequiredEkuNotFoundContext {
                required: KeyUsage::client_auth(),
                present: Vec::new(),
            },
        ))
    }
}

/// anyExtendedKeyUsage (RFC 5280 §4.2.1.12), as contents of the OID: 2.5.29.37.0.
const ANY_EKU: &[u8] = &[0x55, 0x1d, 37, 0];
