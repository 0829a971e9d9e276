//! Attestation chains verified by one core, beside the bare verification of their signatures.

use std::hint::black_box;
use std::time::Duration;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, RsaKeySize,
    SigningKey as _,
};
use wardline_posture::attest::{Roots, verify};
use wardline_posture::made::{self, AT, Authority, Description};

use crate::bench::{Bench, Outcome};
use crate::clock::{now, timed};
use crate::report::{Figure, Row, Section, Target};
use crate::stats::{Sample, rate};

/// Verifications a second that one core has to do.
const WANTED: f64 = 2_000.0;
/// How often each way is taken for the median.
const ROUNDS: usize = 2_000;
/// How many phones hand in a chain.
const PHONES: usize = 500;
/// About what is signed of a certificate, in bytes.
const SIGNED: usize = 500;
const CHALLENGE: &[u8] = b"thirty-two bytes of a challenge.";

/// Verifies chains as remotely provisioned phones have them.
pub(crate) fn run(bench: &Bench) -> Outcome<Section> {
    let keys = Keys::generate()?;
    let bare = keys.signatures()?;
    let authorities = keys.authorities()?;
    let roots = Roots::from_file(authorities[0].pem().as_bytes())?;
    let phones = (0..bench.rounds(PHONES)).map(|_| phone(&authorities));
    let phones = phones.collect::<Outcome<Vec<_>>>()?;
    let mut next = phones.iter().cycle();
    // Invariant: there is one phone at least, so the cycle does not end.
    let mut believed = || {
        let chain = next.next().map_or(&[][..], Vec::as_slice);
        verify(chain, CHALLENGE, &roots, None, AT)
    };

    let (attested, first) = timed(&mut believed);
    black_box(attested?);
    let time = bench.span(Duration::from_secs(5));
    let start = now();
    let mut count = 0;
    while start.elapsed() < time {
        black_box(believed()?);
        count += 1;
    }
    let verified = rate(count, start.elapsed());

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds(ROUNDS) {
        let (attested, took) = timed(&mut believed);
        black_box(attested?);
        ours.push(took);
        let (right, took) = timed(|| bare.iter().all(Signature::is_right));
        if !right {
            return Err("a signature made a moment ago is wrong".into());
        }
        theirs.push(took);
    }
    let elsewhere = Roots::google();
    let refused = (0..bench.rounds(ROUNDS)).map(|_| {
        let (verdict, took) = timed(|| verify(&phones[0], CHALLENGE, &elsewhere, None, AT));
        black_box(verdict.is_err());
        took
    });
    let refused = Sample::new(refused.collect());
    let (ours, theirs) = (Sample::new(ours), Sample::new(theirs));
    Ok(Section {
        title: "Attestation: Android chains on one core",
        rows: vec![
            Row::new(
                "chains verified",
                Figure::new(verified, "chains/s"),
                "target",
                Figure::new(WANTED, "chains/s"),
            )
            .target(Target::AtLeast(1.0)),
            Row::new(
                "one chain, median",
                microseconds(&ours),
                "its 5 bare signatures",
                microseconds(&theirs),
            )
            .target(Target::AtMost(1.5)),
            Row::new(
                "the first chain",
                Figure::new(first.as_secs_f64() * 1e6, "µs"),
                "its 5 bare signatures",
                microseconds(&theirs),
            ),
            Row::new(
                "one chain of a root that is not trusted, median",
                microseconds(&refused),
                "a good one",
                microseconds(&ours),
            ),
        ],
        notes: vec![
            "Five certificates, as remotely provisioned phones hand them in: an attested P-256 key, \
             two P-256 and one P-384 authority, and an RSA root of 4096 bits; the root's own \
             signature is verified too. Each phone has a leaf and an authority of its own, whose \
             signatures are verified each time; the authorities above are the same for all of them, \
             as Google's are, and a signature of theirs that was right is not verified again. The \
             bare signatures are aws-lc-rs's with keys of these kinds over messages of a \
             certificate's size."
                .to_owned(),
        ],
    })
}

/// A phone's chain, leaf first: below its own authority, which the last of these signs.
fn phone(authorities: &[Authority]) -> Outcome<Vec<Vec<u8>>> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let above = authorities.last().ok_or("no authority")?;
    let own = Authority::signed_by(made::authority("TEE"), key, above)?;
    let leaf = made::attested(&Description::new(CHALLENGE))?;
    let mut chain = made::chain(std::slice::from_ref(&own), &leaf)?;
    chain.extend(authorities.iter().rev().map(|above| above.der().to_vec()));
    Ok(chain)
}

/// Of the authorities, from the root down.
struct Keys([KeyPair; 4]);

impl Keys {
    fn generate() -> Outcome<Self> {
        Ok(Self([
            KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_4096)?,
            KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?,
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
        ]))
    }

    /// One for each certificate: the root signs itself and the first below.
    fn signatures(&self) -> Outcome<Vec<Signature>> {
        let Self([root, second, third, nearest]) = self;
        let algorithms: [(&KeyPair, &'static dyn VerificationAlgorithm); 5] = [
            (root, &RSA_PKCS1_2048_8192_SHA256),
            (root, &RSA_PKCS1_2048_8192_SHA256),
            (second, &ECDSA_P384_SHA384_ASN1),
            (third, &ECDSA_P256_SHA256_ASN1),
            (nearest, &ECDSA_P256_SHA256_ASN1),
        ];
        let message = vec![7; SIGNED];
        let signed = algorithms.map(|(key, algorithm)| {
            Ok(Signature {
                key: UnparsedPublicKey::new(algorithm, key.public_key_raw().to_vec()),
                bytes: key.sign(&message)?,
                message: message.clone(),
            })
        });
        signed.into_iter().collect()
    }

    fn authorities(self) -> Outcome<Vec<Authority>> {
        let Self([root, below @ ..]) = self;
        let mut chain = vec![Authority::self_signed(made::authority("Root"), root)?];
        // The last key stands for those of the phones' authorities.
        for (key, name) in below.into_iter().zip(["Droid CA2", "Droid CA3"]) {
            let issuer = &chain[chain.len() - 1];
            let next = Authority::signed_by(made::authority(name), key, issuer)?;
            chain.push(next);
        }
        Ok(chain)
    }
}

/// What one certificate's signature comes to.
struct Signature {
    key: UnparsedPublicKey<Vec<u8>>,
    message: Vec<u8>,
    bytes: Vec<u8>,
}

impl Signature {
    fn is_right(&self) -> bool {
        self.key.verify(&self.message, &self.bytes).is_ok()
    }
}

fn microseconds(sample: &Sample) -> Figure {
    Figure::new(sample.median().as_secs_f64() * 1e6, "µs")
}
