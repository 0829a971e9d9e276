//! Hardware that proves what it is, under roots of the test's own.

use std::path::PathBuf;

use ciborium::Value as Cbor;
use p256::pkcs8::EncodePublicKey as _;
use rcgen::{SigningKey as _, SubjectPublicKeyInfo};
use tempfile::TempDir;
use time::Duration;
use uuid::Uuid;
use wardline_model::B64;
use wardline_posture::made::{self, Authority, authenticator};

use super::Device;

/// A maker of authenticators and phones: a root, and an authority below it that certifies them.
pub(crate) struct Maker {
    authorities: Vec<Authority>,
    files: TempDir,
}

impl Maker {
    pub(crate) fn new() -> Self {
        let mut root = made::authority("Maker");
        root.not_after += LASTING;
        let mut batches = made::authority("Maker's batches");
        batches.not_after += LASTING;
        let root = Authority::self_signed(root, made::key().unwrap()).unwrap();
        let batches = Authority::signed_by(batches, made::key().unwrap(), &root).unwrap();
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("root.pem"), root.pem()).unwrap();
        Self {
            authorities: vec![root, batches],
            files,
        }
    }

    /// The file of its root, for the configuration.
    pub(crate) fn root(&self) -> PathBuf {
        self.files.path().join("root.pem")
    }

    /// The attestation statement `packed` (WebAuthn Level 3 §8.2) of an authenticator of a model,
    /// over what it is to sign.
    pub(crate) fn packed(&self, model: Uuid, signed: &[u8]) -> Cbor {
        let key = made::key().unwrap();
        let mut leaf = authenticator::attestation(Some(model)).unwrap();
        leaf.not_after += LASTING;
        let chain = authenticator::certified(&leaf, &key, &self.authorities).unwrap();
        let signature = key.sign(signed).unwrap();
        Cbor::Map(vec![
            (Cbor::Text("alg".into()), (-7).into()),
            (Cbor::Text("sig".into()), Cbor::Bytes(signature)),
            (
                Cbor::Text("x5c".into()),
                Cbor::Array(chain.into_iter().map(Cbor::Bytes).collect()),
            ),
        ])
    }

    /// The Android Key Attestation of a device's own key in a locked phone, leaf first.
    pub(crate) fn key_of(&self, device: &Device, challenge: &[u8]) -> Vec<B64> {
        self.described(device, &made::Description::new(challenge))
    }

    /// The same, of a phone and a key of which this is said.
    pub(crate) fn described(&self, device: &Device, description: &made::Description) -> Vec<B64> {
        let mut leaf = made::attested(description).unwrap();
        leaf.not_after += LASTING;
        let spki = device.key.verifying_key().to_public_key_der().unwrap();
        let chain = made::chain_of(spki.as_bytes(), &self.authorities, &leaf).unwrap();
        chain.into_iter().map(B64::from).collect()
    }

    /// A phone's key that certifies its others.
    pub(crate) fn certifier(&self) -> Authority {
        let mut params = made::attest_key(&made::Description {
            purposes: vec![7],
            ..made::Description::new(b"when it was made")
        })
        .unwrap();
        params.not_after += LASTING;
        let batches = self.authorities.last().unwrap();
        Authority::signed_by(params, made::key().unwrap(), batches).unwrap()
    }

    /// What such a key certifies: this device's own key, or a new one of the same phone.
    pub(crate) fn certified(
        &self,
        by: &Authority,
        device: Option<&Device>,
        description: &made::Description,
    ) -> Vec<B64> {
        let mut leaf = made::attested(description).unwrap();
        leaf.not_after += LASTING;
        let leaf = match device {
            Some(device) => {
                let spki = device.key.verifying_key().to_public_key_der().unwrap();
                let key = SubjectPublicKeyInfo::from_der(spki.as_bytes()).unwrap();
                leaf.signed_by(&key, by)
            }
            None => leaf.signed_by(&made::key().unwrap(), by),
        };
        let mut chain = vec![leaf.unwrap().der().to_vec(), by.der().to_vec()];
        let rest = self.authorities.iter().rev();
        chain.extend(rest.map(|authority| authority.der().to_vec()));
        chain.into_iter().map(B64::from).collect()
    }
}

/// Added to the year that made-up certificates are good for: the server has today's clock.
const LASTING: Duration = Duration::days(100 * 365);
