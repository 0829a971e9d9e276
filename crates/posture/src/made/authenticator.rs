//! Authenticators made up: attestation objects as a browser hands them in, under a maker of one's
//! own.

use aws_lc_rs::digest::{SHA256, digest};
use ciborium::Value;
use der::oid::ObjectIdentifier;
use der::{Encode, Tag, TagNumber};
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, SigningKey as _,
};
use uuid::Uuid;

use super::{Authority, Description, Outcome, element, last, named, octets, sequence};

/// Flags of the authenticator data: the user is there and verified, and a credential follows.
pub const FLAGS: u8 = 0x45;

/// TPM object attributes: fixedTPM, fixedParent, sensitiveDataOrigin, sign.
pub const FIXED: u32 = 0x0004_0032;

/// Object identifier of the extension that names a certificate's model.
pub const MODEL: [u64; 10] = [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4];

/// A passkey that is about to be registered.
#[derive(Debug)]
pub struct Passkey {
    /// Its key.
    pub key: KeyPair,
    /// Authenticator data (Web Authentication Level 3 §6.1).
    pub data: Vec<u8>,
    /// SHA-256 of the client data.
    pub client_data_hash: [u8; 32],
}

impl Passkey {
    /// A passkey at a relying party, in an authenticator that says to be of a model.
    pub fn new(rp_id: &str, model: Uuid, client_data: &[u8]) -> Outcome<Self> {
        let key = super::key()?;
        let mut data = sha256(rp_id.as_bytes()).to_vec();
        data.push(FLAGS);
        data.extend([0; 4]);
        data.extend(model.as_bytes());
        data.extend([0, 32]);
        data.extend(sha256(key.public_key_raw()));
        let (x, y) = point(&key);
        let public = Value::Map(vec![
            (1.into(), 2.into()),
            (3.into(), (-7).into()),
            ((-1).into(), 1.into()),
            ((-2).into(), Value::Bytes(x)),
            ((-3).into(), Value::Bytes(y)),
        ]);
        ciborium::into_writer(&public, &mut data)?;
        Ok(Self {
            key,
            data,
            client_data_hash: sha256(client_data),
        })
    }

    /// What statements sign.
    pub fn signed(&self) -> Vec<u8> {
        [&self.data[..], &self.client_data_hash].concat()
    }

    /// An attestation object with any statement.
    pub fn object(&self, format: &str, statement: Vec<(&str, Value)>) -> Outcome<Vec<u8>> {
        let statement = statement.into_iter();
        let statement = statement.map(|(name, value)| (name.into(), value));
        let object = Value::Map(vec![
            ("fmt".into(), format.into()),
            ("attStmt".into(), Value::Map(statement.collect())),
            ("authData".into(), Value::Bytes(self.data.clone())),
        ]);
        let mut bytes = Vec::new();
        ciborium::into_writer(&object, &mut bytes)?;
        Ok(bytes)
    }

    /// `packed`, signed by an attestation key with this chain.
    pub fn packed(&self, attestation: &KeyPair, chain: &[Vec<u8>]) -> Outcome<Vec<u8>> {
        let signature = attestation.sign(&self.signed())?;
        self.object(
            "packed",
            vec![
                ("alg", (-7).into()),
                ("sig", Value::Bytes(signature)),
                ("x5c", x5c(chain)),
            ],
        )
    }

    /// `packed` without a chain: self attestation.
    pub fn self_attested(&self) -> Outcome<Vec<u8>> {
        let signature = self.key.sign(&self.signed())?;
        self.object(
            "packed",
            vec![("alg", (-7).into()), ("sig", Value::Bytes(signature))],
        )
    }

    /// `tpm`, with these object attributes of the passkey.
    pub fn tpm(
        &self,
        attributes: u32,
        attestation: &KeyPair,
        chain: &[Vec<u8>],
    ) -> Outcome<Vec<u8>> {
        let (x, y) = point(&self.key);
        let area = [
            &[0, 0x23, 0, 0x0b][..],
            &attributes.to_be_bytes(),
            &[0, 0, 0, 0x10, 0, 0x10, 0, 3, 0, 0x10, 0, 32],
            &x,
            &[0, 32],
            &y,
        ]
        .concat();
        let info = [
            &[0xff, 0x54, 0x43, 0x47, 0x80, 0x17, 0, 0, 0, 32][..],
            &sha256(&self.signed()),
            &[0; 25],
            &[0, 34, 0, 0x0b],
            &sha256(&area),
            &[0, 0],
        ]
        .concat();
        let signature = attestation.sign(&info)?;
        self.object(
            "tpm",
            vec![
                ("ver", "2.0".into()),
                ("alg", (-7).into()),
                ("sig", Value::Bytes(signature)),
                ("x5c", x5c(chain)),
                ("pubArea", Value::Bytes(area)),
                ("certInfo", Value::Bytes(info)),
            ],
        )
    }

    /// `apple`, certified by this authority.
    pub fn apple(&self, issuers: &[Authority]) -> Outcome<Vec<u8>> {
        let tag = Tag::ContextSpecific {
            constructed: true,
            number: TagNumber(1),
        };
        let nonce = element(tag, &[octets(&sha256(&self.signed()))?])?;
        let mut params = named("Apple");
        params.custom_extensions = vec![CustomExtension::from_oid_content(
            &[1, 2, 840, 113_635, 100, 8, 2],
            sequence(&[nonce])?,
        )];
        let chain = certified(&params, &self.key, issuers)?;
        self.object("apple", vec![("x5c", x5c(&chain))])
    }

    /// `android-key`, with this description beside the challenge.
    pub fn android_key(
        &self,
        mut description: Description,
        issuers: &[Authority],
    ) -> Outcome<Vec<u8>> {
        description.challenge = self.client_data_hash.to_vec();
        let chain = certified(&super::attested(&description)?, &self.key, issuers)?;
        let signature = self.key.sign(&self.signed())?;
        self.object(
            "android-key",
            vec![
                ("alg", (-7).into()),
                ("sig", Value::Bytes(signature)),
                ("x5c", x5c(&chain)),
            ],
        )
    }

    /// `fido-u2f`, signed by an attestation key with this chain.
    pub fn fido_u2f(&self, attestation: &KeyPair, chain: &[Vec<u8>]) -> Outcome<Vec<u8>> {
        let message = [
            &[0],
            &self.data[..32],
            &self.client_data_hash,
            &sha256(self.key.public_key_raw()),
            self.key.public_key_raw(),
        ]
        .concat();
        let signature = attestation.sign(&message)?;
        self.object(
            "fido-u2f",
            vec![("sig", Value::Bytes(signature)), ("x5c", x5c(chain))],
        )
    }
}

/// What an attestation key's certificate says in `packed`, for a model where one is given.
pub fn attestation(model: Option<Uuid>) -> Outcome<CertificateParams> {
    let mut params = named("Batch 7");
    let subject = &mut params.distinguished_name;
    subject.push(DnType::CountryName, "AA");
    subject.push(DnType::OrganizationName, "Maker");
    subject.push(DnType::OrganizationalUnitName, "Authenticator Attestation");
    params.is_ca = IsCa::ExplicitNoCa;
    if let Some(model) = model {
        let value = octets(model.as_bytes())?;
        params.custom_extensions = vec![CustomExtension::from_oid_content(&MODEL, value)];
    }
    Ok(params)
}

/// What an attestation key's certificate says in `tpm`.
pub fn tpm_attestation() -> Outcome<CertificateParams> {
    let attributes = ["2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"].map(|oid| {
        let oid = ObjectIdentifier::new(oid)?.to_der()?;
        let value = element(Tag::Utf8String, &[b"id:00000000".to_vec()])?;
        element(Tag::Set, &[sequence(&[oid, value])?])
    });
    let name = sequence(&attributes.into_iter().collect::<Result<Vec<_>, _>>()?)?;
    let tag = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(4),
    };
    let names = sequence(&[element(tag, &[name])?])?;
    let mut names = CustomExtension::from_oid_content(&[2, 5, 29, 17], names);
    names.set_criticality(true);
    let mut params = named("");
    params.distinguished_name = DistinguishedName::new();
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(vec![2, 23, 133, 8, 3])];
    params.custom_extensions = vec![names];
    Ok(params)
}

/// The chain of a key with this certificate below these authorities (root first), leaf first and
/// without the root.
pub fn certified(
    leaf: &CertificateParams,
    key: &KeyPair,
    issuers: &[Authority],
) -> Outcome<Vec<Vec<u8>>> {
    let leaf = leaf.signed_by(key, last(issuers)?)?;
    let above = issuers.iter().skip(1).rev();
    Ok(std::iter::once(leaf.der().to_vec())
        .chain(above.map(|issuer| issuer.der().to_vec()))
        .collect())
}

fn x5c(chain: &[Vec<u8>]) -> Value {
    Value::Array(chain.iter().cloned().map(Value::Bytes).collect())
}

/// Both coordinates of a P-256 key.
fn point(key: &KeyPair) -> (Vec<u8>, Vec<u8>) {
    let (x, y) = key.public_key_raw()[1..].split_at(32);
    (x.to_vec(), y.to_vec())
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
