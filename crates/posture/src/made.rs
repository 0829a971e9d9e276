//! Attested keys made up: chains as a phone would hand them in, under a root of one's own, and
//! authenticators.

pub mod authenticator;

use der::asn1::{Any, BitString, OctetString};
use der::oid::db::rfc5912::ECDSA_WITH_SHA_256;
use der::pem::{LineEnding, encode_string};
use der::{Encode, Tag, TagNumber};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName,
    DnType, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SigningKey as _,
    SubjectPublicKeyInfo, date_time_ymd,
};

use crate::attest::{BootState, SecurityLevel};

/// Object identifier of the key description's extension.
pub const KEY_DESCRIPTION: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 1, 17];

/// A moment within the dates of what is made here: 2026-03-01, unix milliseconds.
pub const AT: u64 = 1_772_323_200_000;

/// What can fail while something is made up.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A certificate with its private key, so that it can sign the next one.
pub type Authority = CertifiedIssuer<'static, KeyPair>;

/// What a description is to say. The default is a locked phone with Android 16.
#[derive(Debug, Clone)]
pub struct Description {
    /// Version of the structure.
    pub version: u32,
    /// Who writes the description.
    pub attestation: SecurityLevel,
    /// Who holds the key.
    pub keymint: SecurityLevel,
    /// The challenge.
    pub challenge: Vec<u8>,
    /// Where the key comes from: 0 for one that hardware made, 2 for one that was imported
    /// (`KeyOrigin` of KeyMint).
    pub origin: u64,
    /// What the key may be used for (`KeyPurpose` of KeyMint): 2 to sign, 3 to verify.
    pub purposes: Vec<u64>,
    /// The system's version, as KeyMint writes it: 160102 for 16.1.2.
    pub os_version: u64,
    /// The month of its patches, `YYYYMM`.
    pub os_patch_level: u64,
    /// State of the bootloader.
    pub locked: bool,
    /// State of the system.
    pub state: BootState,
    /// Fields of the list that hardware enforces, after those above.
    pub hardware: Vec<(u32, Vec<u8>)>,
    /// Fields of the list that software enforces.
    pub software: Vec<(u32, Vec<u8>)>,
}

impl Description {
    /// A description by a trusted execution environment.
    pub fn new(challenge: &[u8]) -> Self {
        Self {
            version: 400,
            attestation: SecurityLevel::TrustedEnvironment,
            keymint: SecurityLevel::TrustedEnvironment,
            challenge: challenge.to_vec(),
            origin: 0,
            purposes: vec![2],
            os_version: 160_000,
            os_patch_level: 202_602,
            locked: true,
            state: BootState::Verified,
            hardware: Vec::new(),
            software: Vec::new(),
        }
    }

    /// The extension's value, DER.
    pub fn to_der(&self) -> Outcome<Vec<u8>> {
        let root = sequence(&[
            octets(&[7; 32])?,
            self.locked.to_der()?,
            self.state.to_der()?,
            octets(&[9; 32])?,
        ])?;
        let purposes = self.purposes.iter().map(u64::to_der);
        let purposes = purposes.collect::<Result<Vec<_>, _>>()?;
        let mut hardware = vec![
            (1, element(Tag::Set, &purposes)?),
            (702, self.origin.to_der()?),
            (704, root),
            (705, self.os_version.to_der()?),
            (706, self.os_patch_level.to_der()?),
        ];
        hardware.extend(self.hardware.iter().cloned());
        Ok(sequence(&[
            self.version.to_der()?,
            self.attestation.to_der()?,
            self.version.to_der()?,
            self.keymint.to_der()?,
            octets(&self.challenge)?,
            octets(&[])?,
            list(&self.software)?,
            list(&hardware)?,
        ])?)
    }
}

/// A P-256 key.
pub fn key() -> Outcome<KeyPair> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
}

/// What an authority's certificate says.
pub fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// What an attested key's certificate says.
pub fn attested(description: &Description) -> Outcome<CertificateParams> {
    let mut params = named("Android Keystore Key");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.custom_extensions = vec![extension(description.to_der()?)];
    Ok(params)
}

/// What the certificate of a key says that certifies others of the same phone.
pub fn attest_key(description: &Description) -> Outcome<CertificateParams> {
    let mut params = authority("Attest Key");
    params.custom_extensions = vec![extension(description.to_der()?)];
    Ok(params)
}

/// The key description's extension, with any value.
pub fn extension(value: Vec<u8>) -> CustomExtension {
    CustomExtension::from_oid_content(&KEY_DESCRIPTION, value)
}

/// A root and the intermediates that a remotely provisioned phone has, from the root down.
pub fn authorities(root: KeyPair) -> Outcome<Vec<Authority>> {
    let mut chain = vec![Authority::self_signed(authority("Root"), root)?];
    for name in ["Droid CA2", "Droid CA3", "TEE"] {
        let next = Authority::signed_by(authority(name), key()?, last(&chain)?)?;
        chain.push(next);
    }
    Ok(chain)
}

/// The chain of a key with this certificate below these authorities, leaf first.
pub fn chain(authorities: &[Authority], leaf: &CertificateParams) -> Outcome<Vec<Vec<u8>>> {
    let leaf = leaf.signed_by(&key()?, last(authorities)?)?;
    let mut chain = vec![leaf.der().to_vec()];
    chain.extend(authorities.iter().rev().map(|it| it.der().to_vec()));
    Ok(chain)
}

/// The same for a key that someone else has: its SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), DER.
pub fn chain_of(
    spki: &[u8],
    authorities: &[Authority],
    leaf: &CertificateParams,
) -> Outcome<Vec<Vec<u8>>> {
    let key = SubjectPublicKeyInfo::from_der(spki)?;
    let leaf = leaf.signed_by(&key, last(authorities)?)?;
    let mut chain = vec![leaf.der().to_vec()];
    chain.extend(authorities.iter().rev().map(|it| it.der().to_vec()));
    Ok(chain)
}

/// A chain as PEM text.
pub fn pem(chain: &[Vec<u8>]) -> Outcome<String> {
    let mut text = String::new();
    for certificate in chain {
        text.push_str(&encode_string("CERTIFICATE", LineEnding::LF, certificate)?);
    }
    Ok(text)
}

/// A certificate of what is to be signed (`TBSCertificate`, DER), by an authority with a P-256 key.
pub fn certificate(tbs: &[u8], issuer: &Authority) -> Outcome<Vec<u8>> {
    let algorithm = sequence(&[ECDSA_WITH_SHA_256.to_der()?])?;
    let signature = BitString::from_bytes(&issuer.key().sign(tbs)?)?;
    Ok(sequence(&[tbs.to_vec(), algorithm, signature.to_der()?])?)
}

/// An element of any tag.
pub fn element(tag: Tag, parts: &[Vec<u8>]) -> der::Result<Vec<u8>> {
    Any::new(tag, parts.concat())?.to_der()
}

/// A `SEQUENCE`.
pub fn sequence(parts: &[Vec<u8>]) -> der::Result<Vec<u8>> {
    element(Tag::Sequence, parts)
}

/// An `OCTET STRING`.
pub fn octets(bytes: &[u8]) -> der::Result<Vec<u8>> {
    OctetString::new(bytes)?.to_der()
}

/// An authorization list of fields with their tag numbers.
pub fn list(fields: &[(u32, Vec<u8>)]) -> der::Result<Vec<u8>> {
    let fields = fields.iter().map(|(number, value)| {
        let tag = Tag::ContextSpecific {
            constructed: true,
            number: TagNumber(*number),
        };
        element(tag, std::slice::from_ref(value))
    });
    sequence(&fields.collect::<Result<Vec<_>, _>>()?)
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params
}

fn last(authorities: &[Authority]) -> Outcome<&Authority> {
    Ok(authorities.last().ok_or("there is no authority")?)
}
