//! The export key and its custodians: k of n of them have to take part before anything is exported.
//!
//! The key is split by Shamir's scheme over GF(256). Each share is sealed with HPKE (RFC 9180) to a
//! key of one custodian, and comes back sealed to the record keeper and bound to one order, so that
//! it serves no other. What was put together signs the export and is forgotten: an export that
//! verifies with the public key is one that k custodians took part in.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signer as _, SigningKey};
use openmls_rust_crypto::RustCrypto;
use openmls_traits::crypto::OpenMlsCrypto as _;
use openmls_traits::types::{HpkeAeadType, HpkeCiphertext, HpkeConfig, HpkeKdfType, HpkeKemType};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use vsss_rs::Gf256;
use wardline_model::statement::Sealed;
use wardline_model::{B64, UserId};
use zeroize::Zeroizing;

/// Who holds shares, and how many of them are needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custodians {
    /// How many have to agree; at least two.
    pub needed: u8,
    /// Who they are.
    pub people: BTreeSet<UserId>,
}

/// Why custody fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CustodyError {
    /// The rule cannot be kept.
    #[error("at least two custodians are needed, and no more than there are")]
    Rule,
    /// Fewer shares than are needed.
    #[error("too few custodians have agreed")]
    TooFew,
    /// A share that was sealed for something else, or changed.
    #[error("a share does not open")]
    Share,
    /// The shares are not of this key.
    #[error("the shares do not make up the export key")]
    WrongKey,
    /// The cryptography refused.
    #[error("the share could not be sealed")]
    Crypto,
}

/// A key to which shares are sealed, with its secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct SealKey {
    secret: B64,
    /// The public half.
    pub public: B64,
}

impl Custodians {
    /// Whether the rule can be kept.
    ///
    /// # Errors
    /// [`CustodyError::Rule`] when one person could do it alone, or nobody ever.
    pub fn check(&self) -> Result<(), CustodyError> {
        let fits = self.needed >= 2
            && usize::from(self.needed) <= self.people.len()
            && self.people.len() <= 255;
        fits.then_some(()).ok_or(CustodyError::Rule)
    }

    /// Splits a new export key (32 random bytes): a share for each custodian.
    ///
    /// # Errors
    /// When the rule cannot be kept.
    pub fn split(
        &self,
        seed: &Zeroizing<[u8; 32]>,
        rng: impl CryptoRng,
    ) -> Result<BTreeMap<UserId, Zeroizing<Vec<u8>>>, CustodyError> {
        self.check()?;
        let (needed, all) = (usize::from(self.needed), self.people.len());
        let shares = Gf256::split_bytes(needed, all, seed.as_slice(), rng)
            .map_err(|_| CustodyError::Crypto)?;
        let shares = shares.into_iter().map(Zeroizing::new);
        Ok(self.people.iter().copied().zip(shares).collect())
    }

    /// Puts the export key together out of as many shares as are needed and fit. Shares that do not fit
    /// keep nobody from it, as long as enough others do: an altered one, or one of an export key of before.
    ///
    /// # Errors
    /// When there are too few shares, or no choice of them that was tried makes up the key.
    pub fn combine(
        &self,
        shares: &BTreeMap<UserId, Zeroizing<Vec<u8>>>,
        export_key: &[u8; 32],
    ) -> Result<Combined, CustodyError> {
        self.check()?;
        let needed = usize::from(self.needed);
        let shares: Vec<(UserId, &[u8])> = shares
            .iter()
            .filter(|(user, _)| self.people.contains(user))
            .map(|(user, share)| (*user, share.as_slice()))
            .collect();
        if shares.len() < needed {
            return Err(CustodyError::TooFew);
        }
        let key_of = |chosen: &[usize]| {
            let chosen: Vec<&[u8]> = chosen.iter().map(|at| shares[*at].1).collect();
            put_together(&chosen, export_key)
        };
        let (fit, key) = choices(shares.len(), needed)
            .take(MOST_CHOICES)
            .find_map(|chosen| key_of(&chosen).map(|key| (chosen, key)))
            .ok_or(CustodyError::WrongKey)?;
        // Each of the others in the place of one that fits. One that says that it is another's share does
        // not fit, whatever it holds.
        let number = |at: usize| shares[at].1.first();
        let (mut fitting, mut bad) = (fit.clone(), BTreeSet::new());
        for at in (0..shares.len()).filter(|at| !fit.contains(at)) {
            let mut chosen = fit.clone();
            chosen[0] = at;
            let is_copy = fitting.iter().any(|other| number(*other) == number(at));
            if !is_copy && key_of(&chosen).is_some() {
                fitting.push(at);
            } else {
                bad.insert(shares[at].0);
            }
        }
        Ok(Combined { key, bad })
    }
}

/// The export key, and whose shares are not of it.
pub struct Combined {
    /// The key.
    pub key: ExportKey,
    /// Whose shares did not fit.
    pub bad: BTreeSet<UserId>,
}

/// The key that shares make up, where it is this one.
fn put_together(shares: &[&[u8]], export_key: &[u8; 32]) -> Option<ExportKey> {
    let shares: Vec<Vec<u8>> = shares.iter().map(|share| share.to_vec()).collect();
    let shares = Zeroizing::new(shares);
    let seed = Zeroizing::new(Gf256::combine_bytes(shares.as_slice()).ok()?);
    let seed: &[u8; 32] = seed.as_slice().try_into().ok()?;
    let key = ExportKey(SigningKey::from_bytes(seed));
    (key.public() == *export_key).then_some(key)
}

/// Every choice of `k` out of `n` places, in the order of the places; `k` is no more than `n`.
fn choices(n: usize, k: usize) -> impl Iterator<Item = Vec<usize>> {
    let first: Vec<usize> = (0..k).collect();
    std::iter::successors(Some(first), move |before| {
        // The last place that can still move on; those behind it follow it.
        let at = (0..k).rev().find(|at| before[*at] < n - k + at)?;
        let mut next = before.clone();
        next[at] += 1;
        for behind in at + 1..k {
            next[behind] = next[behind - 1] + 1;
        }
        Some(next)
    })
}

/// The export key, put together for one export.
pub struct ExportKey(SigningKey);

impl ExportKey {
    /// Of a seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a manifest.
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(&[EXPORT_CONTEXT, bytes].concat()).to_bytes()
    }
}

/// Whether the export key signed a manifest.
pub fn is_signed(bytes: &[u8], export_key: &[u8; 32], signature: &[u8; 64]) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    ed25519_dalek::VerifyingKey::from_bytes(export_key).is_ok_and(|key| {
        key.verify_strict(&[EXPORT_CONTEXT, bytes].concat(), &signature)
            .is_ok()
    })
}

impl SealKey {
    /// Of 32 random bytes.
    ///
    /// # Errors
    /// When the cryptography refuses.
    pub fn new(random: &Zeroizing<[u8; 32]>) -> Result<Self, CustodyError> {
        let pair = RustCrypto::default()
            .derive_hpke_keypair(SUITE, random.as_slice())
            .map_err(|_| CustodyError::Crypto)?;
        Ok(Self {
            secret: B64(pair.private.to_vec()),
            public: B64(pair.public),
        })
    }

    /// Opens what was sealed for this key about something.
    ///
    /// # Errors
    /// When it was sealed for another key, or about something else.
    pub fn open(&self, sealed: &Sealed, about: &[u8]) -> Result<Zeroizing<Vec<u8>>, CustodyError> {
        let ciphertext = HpkeCiphertext {
            kem_output: sealed.enc.0.clone().into(),
            ciphertext: sealed.ciphertext.0.clone().into(),
        };
        RustCrypto::default()
            .hpke_open(SUITE, &ciphertext, &self.secret.0, INFO, about)
            .map(Zeroizing::new)
            .map_err(|_| CustodyError::Share)
    }
}

/// Seals a share for a key, about something: a custodian, or an order.
///
/// # Errors
/// When the key is none.
pub fn seal(public: &B64, share: &[u8], about: &[u8]) -> Result<Sealed, CustodyError> {
    let sealed = RustCrypto::default()
        .hpke_seal(SUITE, &public.0, INFO, about, share)
        .map_err(|_| CustodyError::Crypto)?;
    Ok(Sealed {
        enc: B64(sealed.kem_output.as_slice().to_vec()),
        ciphertext: B64(sealed.ciphertext.as_slice().to_vec()),
    })
}

const SUITE: HpkeConfig = HpkeConfig(
    HpkeKemType::DhKem25519,
    HpkeKdfType::HkdfSha256,
    HpkeAeadType::AesGcm256,
);
const INFO: &[u8] = b"wardline custody v1";
/// Choices of shares that are tried: every one of fourteen custodians, whatever number is needed. Whoever
/// has more of them, of whom many give bad shares, has them agree anew.
const MOST_CHOICES: usize = 4_000;
const EXPORT_CONTEXT: &[u8] = b"wardline export v1\0";

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use rand_core::{TryCryptoRng, TryRng};

    use super::*;

    /// Bytes that differ; for tests only.
    struct Counting(u8);

    impl TryRng for Counting {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            let mut bytes = [0; 4];
            self.try_fill_bytes(&mut bytes)?;
            Ok(u32::from_le_bytes(bytes))
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            let mut bytes = [0; 8];
            self.try_fill_bytes(&mut bytes)?;
            Ok(u64::from_le_bytes(bytes))
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
            for byte in out {
                self.0 = self.0.wrapping_mul(167).wrapping_add(91);
                *byte = self.0;
            }
            Ok(())
        }
    }

    impl TryCryptoRng for Counting {}

    fn user(number: u8) -> UserId {
        UserId::from_bytes([number; 16])
    }

    fn custodians(needed: u8, all: u8) -> Custodians {
        Custodians {
            needed,
            people: (1..=all).map(user).collect(),
        }
    }

    #[test]
    fn as_many_as_are_needed_make_up_the_key_and_fewer_do_not() {
        let rule = custodians(3, 5);
        let seed = Zeroizing::new([42; 32]);
        let public = ExportKey::from_seed(&seed).public();
        let shares = rule.split(&seed, Counting(1)).unwrap();
        for out in 1..=5 {
            let mut some = shares.clone();
            some.remove(&user(out));
            some.remove(&user(out % 5 + 1));
            let Combined { key, bad } = rule.combine(&some, &public).unwrap();
            assert!(bad.is_empty());
            let signature = key.sign(b"manifest");
            assert!(is_signed(b"manifest", &public, &signature));
            assert!(!is_signed(b"another", &public, &signature));
            some.pop_first();
            assert_eq!(
                rule.combine(&some, &public).err(),
                Some(CustodyError::TooFew)
            );
            // Nor do two who say that two are enough.
            let lax = custodians(2, 5);
            assert_eq!(
                lax.combine(&some, &public).err(),
                Some(CustodyError::WrongKey)
            );
        }
    }

    #[test]
    fn a_share_of_somebody_else_or_a_changed_one_is_no_share() {
        let rule = custodians(2, 3);
        let seed = Zeroizing::new([42; 32]);
        let public = ExportKey::from_seed(&seed).public();
        let mut shares = rule.split(&seed, Counting(3)).unwrap();
        let stolen = shares.remove(&user(1)).unwrap();
        shares.remove(&user(2));
        shares.insert(user(9), stolen.clone());
        assert_eq!(
            rule.combine(&shares, &public).err(),
            Some(CustodyError::TooFew)
        );
        let mut changed = stolen;
        changed[5] ^= 1;
        shares.insert(user(1), changed);
        assert_eq!(
            rule.combine(&shares, &public).err(),
            Some(CustodyError::WrongKey)
        );
    }

    #[test]
    fn a_bad_share_keeps_nobody_from_the_key_and_is_named() {
        let rule = custodians(2, 5);
        let seed = Zeroizing::new([42; 32]);
        let public = ExportKey::from_seed(&seed).public();
        let shares = rule.split(&seed, Counting(5)).unwrap();
        let before = rule.split(&Zeroizing::new([41; 32]), Counting(7)).unwrap();
        for bad in 1..=5 {
            let copied = &shares[&user(bad % 5 + 1)];
            let mut changed = shares[&user(bad)].clone();
            changed[7] ^= 4;
            let short = Zeroizing::new(shares[&user(bad)][..9].to_vec());
            let all = [&changed, &before[&user(bad)], copied, &short];
            for (nth, share) in all.into_iter().enumerate() {
                let mut all = shares.clone();
                all.insert(user(bad), share.clone());
                let combined = rule.combine(&all, &public).unwrap();
                assert_eq!(combined.key.public(), public);
                // Of two that are the same share nobody knows whose it is: one of them does not fit.
                assert_eq!(combined.bad.len(), 1, "share {nth} of {bad}");
                assert!(share == copied || combined.bad.contains(&user(bad)));
            }
        }
        // With too few that fit there is no key.
        let mut few = before.clone();
        few.insert(user(3), shares[&user(3)].clone());
        let none = rule.combine(&few, &public).err();
        assert_eq!(none, Some(CustodyError::WrongKey));
        few.insert(user(5), shares[&user(5)].clone());
        let combined = rule.combine(&few, &public).unwrap();
        assert_eq!(combined.bad, BTreeSet::from([1, 2, 4].map(user)));
    }

    #[test]
    fn every_choice_of_shares_is_tried_once_and_no_more_than_there_is_time_for() {
        for (n, k, all) in [(2, 2, 1), (5, 2, 10), (7, 3, 35), (14, 7, 3_432)] {
            let chosen: BTreeSet<Vec<usize>> = choices(n, k).collect();
            assert_eq!((chosen.len(), choices(n, k).count()), (all, all));
            for one in chosen {
                assert!(one.len() == k && one.is_sorted() && one.iter().all(|at| *at < n));
            }
        }
        assert_eq!(choices(255, 128).take(MOST_CHOICES).count(), MOST_CHOICES);
    }

    #[test]
    fn one_person_alone_is_no_custody() {
        for rule in [custodians(1, 3), custodians(0, 3), custodians(4, 3)] {
            assert_eq!(rule.check(), Err(CustodyError::Rule));
        }
    }

    #[test]
    fn a_sealed_share_opens_for_its_key_and_its_order_only() {
        let key = SealKey::new(&Zeroizing::new([1; 32])).unwrap();
        let other = SealKey::new(&Zeroizing::new([2; 32])).unwrap();
        let sealed = seal(&key.public, b"share", b"order").unwrap();
        assert_eq!(key.open(&sealed, b"order").unwrap().as_slice(), b"share");
        assert_eq!(key.open(&sealed, b"other").err(), Some(CustodyError::Share));
        assert_eq!(
            other.open(&sealed, b"order").err(),
            Some(CustodyError::Share)
        );
    }
}
