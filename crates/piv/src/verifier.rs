//! From a presented chain to a card.

use aws_lc_rs::digest::{SHA256, digest};
use rustls_pki_types::{CertificateDer, TrustAnchor};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityInfoAccessSyntax, CrlDistributionPoints};

use crate::certificate::Certificate;
use crate::config::{Config, ConfigError, Revocation, Rule};
use crate::crl::{Crl, Signer};
use crate::key;
use crate::mapping::{self, Mapped};
use crate::ocsp;
use crate::path::{Chain, Trust};
use crate::refused::Refused;
use crate::revocation::Lists;

/// What cards are held against.
#[derive(Debug)]
pub struct Verifier {
    trust: Trust,
    revocation: Revocation,
    mapping: Vec<Rule>,
}

/// What is known of revocation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// Lists, those of authorities too. Of two lists of one authority the later one counts.
    pub crls: &'a [&'a Crl],
    /// The response of an OCSP responder to [`Question::request`], DER.
    pub ocsp: Option<&'a [u8]>,
}

/// What to ask of revocation, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// An OCSP request (DER), to be posted as `application/ocsp-request`.
    pub request: Vec<u8>,
    /// Where the card's issuer has it asked: http and https addresses (RFC 5280 §4.2.2.1).
    pub responders: Vec<String>,
    /// The lists that would tell of the card and of the authorities above it.
    pub lists: Vec<ListPoint>,
}

/// Where a list is, and whose it has to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListPoint {
    /// An http or https address (RFC 5280 §4.2.1.13).
    pub url: String,
    /// The issuer of the certificate that names the address.
    pub signer: Signer,
}

/// A card that is taken, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Whose it is.
    pub mapped: Mapped,
    /// The certificate's serial number, big-endian, in lower-case hexadecimal digits.
    pub serial: String,
    /// Who issued it, as text (RFC 4514); control characters stand escaped in it.
    pub issuer: String,
    /// When it expires, in unix milliseconds.
    pub not_after_ms: u64,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub key_sha256: [u8; 32],
    /// The accepted policy that holds for the path, as OID; `None` where any will do.
    pub policy: Option<String>,
}

impl Verifier {
    /// Takes a configuration, and certificates of authorities: those that are trusted, and others
    /// that may stand between them and a card.
    ///
    /// # Errors
    /// When the configuration means nothing, or a certificate is none with a key that counts.
    pub fn new(
        config: &Config,
        anchors: &[CertificateDer<'_>],
        intermediates: &[CertificateDer<'_>],
    ) -> Result<Self, ConfigError> {
        config.check_mapping()?;
        if anchors.is_empty() {
            return Err(ConfigError::NoAnchor);
        }
        let anchors = anchors
            .iter()
            .zip(1..)
            .map(|(der, number)| anchor(der).ok_or(ConfigError::Anchor(number)))
            .collect::<Result<_, _>>()?;
        let intermediates = intermediates
            .iter()
            .zip(1..)
            .map(|(der, number)| match anchor(der) {
                Some(_) => Ok(der.clone().into_owned()),
                None => Err(ConfigError::Intermediate(number)),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            trust: Trust {
                anchors,
                intermediates,
                policies: config.read_policies()?,
                ekus: config.read_ekus()?,
            },
            revocation: config.revocation.clone(),
            mapping: config.mapping.clone(),
        })
    }

    /// Says whose card it is. The chain is as presented in TLS client authentication, the card's
    /// certificate first; TLS has proven that the client holds its key.
    ///
    /// # Errors
    /// Exactly why the card is not taken.
    pub fn card(
        &self,
        chain: &[CertificateDer<'_>],
        evidence: &Evidence<'_>,
        at_ms: u64,
    ) -> Result<Card, Refused> {
        let chain = self.read(chain)?;
        let lists = Lists::new(evidence.crls, &self.revocation, at_ms);
        let path = chain.verify(&self.trust, lists.refusing_listed(), at_ms)?;
        lists.check(&chain, &path, &self.trust, evidence.ocsp, at_ms)?;
        let card = &chain.card;
        let tbs = card.tbs();
        let key_sha256 = sha256(&card.key_der()?);
        Ok(Card {
            mapped: mapping::map(&self.mapping, card, &key_sha256)?,
            serial: serial(tbs.serial_number.as_bytes()),
            issuer: tbs.issuer.to_string(),
            not_after_ms: card.validity_ms().1,
            key_sha256,
            policy: path.policy.map(|policy| policy.to_string()),
        })
    }

    /// What to ask of a card's revocation before [`Self::card`]. Only a chain that holds otherwise
    /// gets an answer, so nobody else makes the server call an address.
    ///
    /// # Errors
    /// Why the card would not be taken whatever the answer is.
    pub fn question(&self, chain: &[CertificateDer<'_>], at_ms: u64) -> Result<Question, Refused> {
        let chain = self.read(chain)?;
        let path = chain.verify(&self.trust, None, at_ms)?;
        let card = &chain.card;
        let request = ocsp::request(card, &path.issuer, self.revocation.ocsp_hash)
            .map_err(|_| card.malformed())?;
        let authorities = path.authorities.iter();
        let issued = [(card, &path.issuer)]
            .into_iter()
            .chain(authorities.map(|it| (&it.certificate, &it.issuer)));
        let mut lists = Vec::new();
        for (certificate, issuer) in issued {
            for url in list_addresses(certificate)? {
                let signer = Signer::of(issuer);
                let point = ListPoint { url, signer };
                if !lists.contains(&point) {
                    lists.push(point);
                }
            }
        }
        Ok(Question {
            request,
            responders: responder_addresses(card)?,
            lists,
        })
    }

    fn read<'a>(&self, chain: &'a [CertificateDer<'a>]) -> Result<Chain<'a>, Refused> {
        let chain = Chain::read(chain)?;
        chain.card.check_card(&self.trust.ekus)?;
        Ok(chain)
    }
}

/// SHA-256 of a SubjectPublicKeyInfo (DER).
fn sha256(key: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, key).as_ref());
    bytes
}

/// An authority that is trusted as it is named.
fn anchor(der: &CertificateDer<'_>) -> Option<TrustAnchor<'static>> {
    let certificate = Certificate::read(der, 1).ok()?;
    certificate.check_issuer().ok()?;
    if !key::is_strong(&certificate.key()) {
        return None;
    }
    let anchor = webpki::anchor_from_trusted_cert(der).ok()?;
    Some(anchor.to_owned())
}

/// Without the zero that keeps it positive.
fn serial(bytes: &[u8]) -> String {
    match bytes {
        [0, rest @ ..] if !rest.is_empty() => hex::encode(rest),
        all => hex::encode(all),
    }
}

fn responder_addresses(card: &Certificate) -> Result<Vec<String>, Refused> {
    let access: Option<AuthorityInfoAccessSyntax> = card.extension()?;
    let access = access.map(|access| access.0).unwrap_or_default();
    Ok(access
        .iter()
        .filter(|it| it.access_method == OCSP)
        .filter_map(|it| address(&it.access_location))
        .take(MAX_ADDRESSES)
        .collect())
}

fn list_addresses(certificate: &Certificate) -> Result<Vec<String>, Refused> {
    let points: Option<CrlDistributionPoints> = certificate.extension()?;
    let points = points.map(|points| points.0).unwrap_or_default();
    Ok(points
        .iter()
        // Lists of somebody else, or for some reasons only, are not read.
        .filter(|point| point.crl_issuer.is_none() && point.reasons.is_none())
        .filter_map(|point| match &point.distribution_point {
            Some(DistributionPointName::FullName(names)) => Some(names),
            _ => None,
        })
        .flatten()
        .filter_map(address)
        .take(MAX_ADDRESSES)
        .collect())
}

/// An address that can be fetched.
fn address(name: &GeneralName) -> Option<String> {
    let GeneralName::UniformResourceIdentifier(address) = name else {
        return None;
    };
    let address = address.as_str();
    let fetched = address.starts_with("http://") || address.starts_with("https://");
    let printable = address.bytes().all(|byte| byte.is_ascii_graphic());
    (fetched && printable && address.len() <= MAX_ADDRESS).then(|| address.to_owned())
}

/// id-ad-ocsp (RFC 5280 §4.2.2.1).
const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
/// Addresses of one certificate; the rest is left out.
const MAX_ADDRESSES: usize = 4;
/// Bytes of an address.
const MAX_ADDRESS: usize = 1024;
