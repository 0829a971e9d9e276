//! `tpm` (§8.3): a TPM 2.0 certifies the passkey with an attestation key of its own.
//!
//! Structures by "TPM 2.0 Library, Part 2" (Trusted Computing Group); all numbers are big-endian.

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};
use der::oid::ObjectIdentifier;
use x509_cert_03::ext::pkix::name::GeneralName;
use x509_cert_03::ext::pkix::{ExtendedKeyUsage, SubjectAltName};

use super::certificate::{Certificate, Chain, certificates};
use super::cose::{Curve, Material, number};
use super::signature::RS1;
use super::{Ceremony, Proven, Unproven, signature};

/// `TPM_GENERATED_VALUE` (§6.2): what the TPM itself puts before all that it attests.
const GENERATED: u32 = 0xff54_4347;

/// `TPM_ST_ATTEST_CERTIFY` (§6.9).
const CERTIFY: u16 = 0x8017;

/// `TPMS_CLOCK_INFO` and the firmware's version, in bytes (§10.12.12).
const CLOCK_AND_FIRMWARE: usize = 17 + 8;

/// `TPM_ALG_ID` (§6.3).
const RSA: u16 = 0x0001;
const ECC: u16 = 0x0023;
const NULL: u16 = 0x0010;

/// `TPMA_OBJECT` (§8.3): fixedTPM, fixedParent and sensitiveDataOrigin. The TPM made the key and
/// never hands it out.
const BOUND: u32 = 1 << 1 | 1 << 4 | 1 << 5;

/// `tcg-kp-AIKCertificate`: the usage of an attestation key's certificate.
const AIK: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.8.3");

/// Manufacturer, model and version of the TPM, in the certificate's alternative name.
const DEVICE: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("2.23.133.2.1"),
    ObjectIdentifier::new_unwrap("2.23.133.2.2"),
    ObjectIdentifier::new_unwrap("2.23.133.2.3"),
];

/// The verification procedure.
pub(super) fn verify(ceremony: &Ceremony<'_>) -> Result<Proven, Unproven> {
    let object = ceremony.object;
    if object.text("ver")? != "2.0" {
        return Err(Unproven::Malformed("ver"));
    }
    let algorithm = object.algorithm()?;
    let signed = object.bytes("sig")?;
    let info = object.bytes("certInfo")?;
    let area = object.bytes("pubArea")?;
    let certificates = certificates(ceremony)?;
    let chain = Chain::read(&certificates)?;

    let public = Public::read(area).ok_or(Unproven::Malformed("pubArea"))?;
    if public.material != object.key().material {
        return Err(Unproven::Key);
    }
    let certified = Certified::read(info).ok_or(Unproven::Malformed("certInfo"))?;
    let hash = hash_of(algorithm).ok_or(Unproven::Algorithm)?;
    if certified.extra != digest::digest(hash, &ceremony.signed()).as_ref() {
        return Err(Unproven::Ceremony);
    }
    if Some(certified.name) != public.name(area).as_deref() {
        return Err(Unproven::Key);
    }
    match algorithm {
        RS1 => signature::verify_rs1(chain.leaf(), info, signed)?,
        _ => signature::verify(chain.leaf(), algorithm, info, signed)?,
    }
    require(chain.leaf())?;
    chain.leaf().require_model(ceremony.aaguid)?;
    chain.validate(ceremony.trust, ceremony.aaguid, ceremony.at_ms)?;
    Ok(Proven {
        bound: public.attributes & BOUND == BOUND,
        ..Proven::bound(&chain)
    })
}

/// §8.3.1, certificate requirements.
fn require(leaf: &Certificate<'_>) -> Result<(), Unproven> {
    leaf.require_end_entity()?;
    if !leaf.tbs().subject().is_empty() {
        return Err(Unproven::Certificate("its subject is not empty"));
    }
    let usages = leaf.extension::<ExtendedKeyUsage>()?;
    if !usages.is_some_and(|(_, usages)| usages.0.contains(&AIK)) {
        return Err(Unproven::Certificate("it is not for attestation keys"));
    }
    let Some((true, names)) = leaf.extension::<SubjectAltName>()? else {
        return Err(Unproven::Certificate(
            "its alternative name is not critical",
        ));
    };
    let attributes: Vec<_> = names
        .0
        .iter()
        .filter_map(|name| match name {
            GeneralName::DirectoryName(name) => Some(name.iter().map(|attribute| attribute.oid)),
            _ => None,
        })
        .flatten()
        .collect();
    if DEVICE.iter().all(|oid| attributes.contains(oid)) {
        Ok(())
    } else {
        Err(Unproven::Certificate("it does not name its TPM"))
    }
}

/// `TPMT_PUBLIC` (§12.2.4): the key that the TPM certifies.
struct Public {
    name_hash: u16,
    attributes: u32,
    material: Material,
}

impl Public {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let kind = reader.u16()?;
        let name_hash = reader.u16()?;
        let attributes = reader.u32()?;
        let _policy = reader.sized()?;
        if reader.u16()? != NULL {
            // TPMT_SYM_DEF_OBJECT: bits and mode; only storage keys have it.
            reader.take(4)?;
        }
        reader.scheme()?;
        let material = match kind {
            RSA => {
                let _bits = reader.u16()?;
                // Zero stands for 65537 (§12.2.3.5).
                let exponent = match reader.u32()? {
                    0 => 65_537,
                    exponent => exponent,
                };
                Material::Rsa {
                    n: number(reader.sized()?),
                    e: number(&exponent.to_be_bytes()),
                }
            }
            ECC => {
                let (curve, width) = match reader.u16()? {
                    3 => (Curve::P256, 32),
                    4 => (Curve::P384, 48),
                    5 => (Curve::P521, 66),
                    _ => return None,
                };
                // The key derivation, as other schemes a hash of its own.
                if reader.u16()? != NULL {
                    reader.u16()?;
                }
                Material::Ec2 {
                    curve,
                    x: padded(reader.sized()?, width)?,
                    y: padded(reader.sized()?, width)?,
                }
            }
            _ => return None,
        };
        reader.0.is_empty().then_some(Self {
            name_hash,
            attributes,
            material,
        })
    }

    /// Its name (Part 1 §16): the hash's identifier and the hash over the structure.
    fn name(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let hash = match self.name_hash {
            0x000b => &SHA256,
            0x000c => &SHA384,
            0x000d => &SHA512,
            _ => return None,
        };
        let digest = digest::digest(hash, bytes);
        Some([&self.name_hash.to_be_bytes(), digest.as_ref()].concat())
    }
}

/// `TPMS_ATTEST` (§10.12.12) with a `TPMS_CERTIFY_INFO`: what the TPM signs.
struct Certified<'a> {
    extra: &'a [u8],
    name: &'a [u8],
}

impl<'a> Certified<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.u32()? != GENERATED || reader.u16()? != CERTIFY {
            return None;
        }
        let _signer = reader.sized()?;
        let extra = reader.sized()?;
        reader.take(CLOCK_AND_FIRMWARE)?;
        let name = reader.sized()?;
        let _qualified = reader.sized()?;
        reader.0.is_empty().then_some(Self { extra, name })
    }
}

/// The hash that a COSE algorithm signs with.
const fn hash_of(algorithm: i64) -> Option<&'static digest::Algorithm> {
    match algorithm {
        RS1 => Some(&SHA1_FOR_LEGACY_USE_ONLY),
        -7 | -37 | -257 => Some(&SHA256),
        -35 | -38 | -258 => Some(&SHA384),
        -36 | -39 | -259 => Some(&SHA512),
        _ => None,
    }
}

/// A coordinate in its curve's width; TPMs leave leading zeros out.
fn padded(bytes: &[u8], width: usize) -> Option<Vec<u8>> {
    let bytes = number(bytes);
    let zeros = width.checked_sub(bytes.len())?;
    Some([vec![0; zeros], bytes].concat())
}

/// Bytes not yet read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*bytes))
    }

    fn u32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*bytes))
    }

    /// `TPM2B_…`: two bytes of length and that many.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// `TPMT_RSA_SCHEME` or `TPMT_ECC_SCHEME` (§11.2): an algorithm, and its hash where it has one.
    fn scheme(&mut self) -> Option<()> {
        match self.u16()? {
            // None, and RSAES.
            NULL | 0x0015 => {}
            // ECDAA has a counter beside its hash.
            0x001a => {
                self.take(4)?;
            }
            _ => {
                self.u16()?;
            }
        }
        Some(())
    }
}
