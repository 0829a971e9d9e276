//! What a chain of attestation proves, and each way in which one can prove nothing.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use der::oid::ObjectIdentifier;
use der::{Decode as _, Encode as _, Header, Reader as _, SliceReader, Tag};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, PKCS_RSA_SHA384, PKCS_RSA_SHA512,
    PublicKeyData as _, RsaKeySize, SerialNumber, date_time_ymd,
};
use wardline_posture::attest::{
    Attested, BootState, Looseness, PatchLevel, Rejected, Roots, SecurityLevel, Status, StatusList,
    Verdict, certificates, verify, verify_certified,
};
use wardline_posture::made::{self, AT, Authority, Description, octets, sequence};

const CHALLENGE: &[u8] = b"a nonce of this hospital's server";

/// Positions of fields in a `TBSCertificate` of version 3 (RFC 5280 §4.1).
const SERIAL: usize = 1;
const VALIDITY: usize = 4;
const KEY: usize = 6;
const EXTENSIONS: usize = 7;

/// A root, three intermediates, and who trusts that root.
struct Phone {
    authorities: Vec<Authority>,
    roots: Roots,
}

impl Phone {
    fn new() -> Self {
        Self::under(made::key().unwrap())
    }

    fn under(root: KeyPair) -> Self {
        Self::of(made::authorities(root).unwrap())
    }

    fn of(authorities: Vec<Authority>) -> Self {
        let roots = trusting(&authorities[0]);
        Self { authorities, roots }
    }

    /// With one intermediate whose certificate says something else.
    fn with_intermediate(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut authorities = made::authorities(made::key().unwrap()).unwrap();
        authorities.truncate(2);
        let mut params = made::authority("TEE");
        change(&mut params);
        let next = Authority::signed_by(params, made::key().unwrap(), &authorities[1]).unwrap();
        authorities.push(next);
        Self::of(authorities)
    }

    fn nearest(&self) -> &Authority {
        self.authorities.last().unwrap()
    }

    fn chain(&self, leaf: &CertificateParams) -> Vec<Vec<u8>> {
        made::chain(&self.authorities, leaf).unwrap()
    }

    fn describe(&self, description: &Description) -> Vec<Vec<u8>> {
        self.chain(&made::attested(description).unwrap())
    }

    fn good(&self) -> Vec<Vec<u8>> {
        self.describe(&Description::new(CHALLENGE))
    }

    /// A good chain with one field of its leaf written in another way, and signed so.
    fn with_leaf_field(&self, index: usize, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<Vec<u8>> {
        let mut chain = self.good();
        let tbs = changed(&chain[0], index, change);
        chain[0] = made::certificate(&tbs, self.nearest()).unwrap();
        chain
    }

    fn judge(&self, chain: &[Vec<u8>]) -> Result<Attested, Rejected> {
        verify(chain, CHALLENGE, &self.roots, None, AT)
    }

    #[track_caller]
    fn refuses(&self, chain: &[Vec<u8>], because: &Rejected) {
        assert_eq!(self.judge(chain).as_ref(), Err(because));
    }
}

fn trusting(root: &Authority) -> Roots {
    Roots::from_file(root.pem().as_bytes()).unwrap()
}

/// The `TBSCertificate` of a certificate with one field changed.
fn changed(certificate: &[u8], index: usize, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut reader = SliceReader::new(certificate).unwrap();
    Header::decode(&mut reader).unwrap();
    Header::decode(&mut reader).unwrap();
    let mut fields: Vec<Vec<u8>> = (0..=EXTENSIONS)
        .map(|_| reader.tlv_bytes().unwrap().to_vec())
        .collect();
    fields[index] = change(&fields[index]);
    sequence(&fields).unwrap()
}

#[test]
fn a_locked_phone_with_a_key_in_its_secure_hardware_is_believed() {
    let phone = Phone::new();
    let chain = phone.good();
    let attested = phone.judge(&chain).unwrap();
    assert_eq!(attested.verdict, Verdict::Hardware);
    let state = attested.root_of_trust().unwrap();
    assert!(state.locked);
    assert_eq!(state.state, BootState::Verified);
    assert_eq!(attested.properties().os_version, Some(160_000));
    let patches = attested.properties().os_patch_level.unwrap();
    assert_eq!(patches.to_month(), "2026-02");
    assert!(
        chain[0]
            .windows(attested.public_key.len())
            .any(|window| window == attested.public_key),
        "the key is the leaf's"
    );
    let rootless = verify(&chain[..chain.len() - 1], CHALLENGE, &phone.roots, None, AT).unwrap();
    assert_eq!(attested.serials.len(), chain.len());
    assert_eq!(rootless.serials, attested.serials[..chain.len() - 1]);
    let serials = attested.serials.clone();
    assert_eq!(
        Attested {
            serials,
            ..rootless
        },
        attested,
        "the root may be left out"
    );
}

#[test]
fn an_unlocked_phone_with_a_good_chain_is_told_as_such() {
    let phone = Phone::new();
    let mut description = Description::new(CHALLENGE);
    description.locked = false;
    description.state = BootState::Unverified;
    let attested = phone.judge(&phone.describe(&description)).unwrap();
    assert_eq!(attested.verdict, Verdict::Hardware);
    let state = attested.root_of_trust().unwrap();
    assert_eq!((state.locked, state.state), (false, BootState::Unverified));
}

#[test]
fn the_state_of_the_phone_is_what_hardware_says_unless_there_is_none() {
    let phone = Phone::new();
    let mut description = Description::new(CHALLENGE);
    description.software = vec![(705, 990_000_u64.to_der().unwrap())];
    let attested = phone.judge(&phone.describe(&description)).unwrap();
    assert_eq!(attested.properties().os_version, Some(160_000));
    description.attestation = SecurityLevel::Software;
    let attested = phone.judge(&phone.describe(&description)).unwrap();
    assert_eq!(attested.verdict, Verdict::Software);
    assert_eq!(attested.properties().os_version, Some(990_000));
    assert_eq!(attested.root_of_trust(), None);
}

#[test]
fn application_device_and_modules_are_told() {
    let phone = Phone::new();
    let package = sequence(&[octets(b"org.example").unwrap(), 7_u64.to_der().unwrap()]).unwrap();
    let packages = made::element(Tag::Set, &[package]).unwrap();
    let signatures = made::element(Tag::Set, &[octets(&[3; 32]).unwrap()]).unwrap();
    let application = sequence(&[packages, signatures]).unwrap();
    let mut description = Description::new(CHALLENGE);
    description.software = vec![
        (709, octets(&application).unwrap()),
        (724, octets(&[4; 32]).unwrap()),
    ];
    description.hardware = vec![
        (710, octets(b"google").unwrap()),
        (718, 20_260_205_u64.to_der().unwrap()),
        // No KeyMint has said this yet.
        (9_999, sequence(&[octets(b"later").unwrap()]).unwrap()),
    ];
    let attested = phone.judge(&phone.describe(&description)).unwrap();
    let application = attested.application_id().unwrap();
    assert_eq!(application.packages[0].name, "org.example");
    assert_eq!(application.packages[0].version, 7);
    assert_eq!(application.signatures, [vec![3; 32]]);
    assert_eq!(attested.properties().brand.as_deref(), Some("google"));
    let vendor = attested.properties().vendor_patch_level.unwrap();
    assert_eq!(vendor.to_string(), "2026-02-05");
    let software = &attested.description.software_enforced;
    assert_eq!(software.module_hash, Some(vec![4; 32]));
}

#[test]
fn every_version_of_keymaster_and_keymint_is_read() {
    let phone = Phone::new();
    for version in [1, 2, 3, 4, 41, 100, 200, 300, 400] {
        let mut description = Description::new(CHALLENGE);
        description.version = version;
        let attested = phone.judge(&phone.describe(&description)).unwrap();
        assert_eq!(attested.description.keymint_version, version);
    }
}

#[test]
fn keys_and_signatures_that_real_chains_have_are_verified() {
    let rsa = |algorithm, size| KeyPair::generate_rsa_for(algorithm, size).unwrap();
    for root in [
        rsa(&PKCS_RSA_SHA256, RsaKeySize::_4096),
        rsa(&PKCS_RSA_SHA384, RsaKeySize::_2048),
        rsa(&PKCS_RSA_SHA512, RsaKeySize::_3072),
        KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
    ] {
        let phone = Phone::under(root);
        let chain = phone.good();
        phone.judge(&chain).unwrap();
        phone.judge(&chain[..chain.len() - 1]).unwrap();
    }
    let odd = Phone::under(KeyPair::generate_for(&PKCS_ED25519).unwrap());
    odd.refuses(&odd.good(), &Rejected::Algorithm { certificate: 5 });
}

#[test]
fn an_attested_key_may_be_of_any_algorithm() {
    let phone = Phone::new();
    // Ed25519, X25519 (RFC 8410 §3), ML-DSA-65 (RFC 9881 §2), and one that nobody knows.
    for (oid, length) in [
        ("1.3.101.112", 32),
        ("1.3.101.110", 32),
        ("2.16.840.1.101.3.4.3.18", 1952),
        ("1.2.3.4", 9),
    ] {
        let oid = ObjectIdentifier::new_unwrap(oid).to_der().unwrap();
        let key = der::asn1::BitString::from_bytes(&vec![5; length]).unwrap();
        let key = sequence(&[sequence(&[oid]).unwrap(), key.to_der().unwrap()]).unwrap();
        let chain = phone.with_leaf_field(KEY, |_| key.clone());
        assert_eq!(phone.judge(&chain).unwrap().public_key, key);
    }
}

#[test]
fn another_challenge_is_refused_to_the_byte() {
    let phone = Phone::new();
    let chain = phone.good();
    let mut nearly = CHALLENGE.to_vec();
    nearly[0] ^= 1;
    for challenge in [&nearly, &CHALLENGE[1..], b"", &[CHALLENGE, b"\0"].concat()] {
        assert_eq!(
            verify(&chain, challenge, &phone.roots, None, AT),
            Err(Rejected::Challenge)
        );
    }
    let unasked = phone.describe(&Description::new(b""));
    assert_eq!(
        verify(&unasked, b"", &phone.roots, None, AT),
        Err(Rejected::Challenge),
        "no challenge is no proof that the key is fresh"
    );
}

#[test]
fn chains_of_no_trusted_root_are_refused() {
    let (phone, stranger) = (Phone::new(), Phone::new());
    phone.refuses(&stranger.good(), &Rejected::UntrustedRoot);
    let description = Description::new(CHALLENGE);
    let params = made::attested(&description).unwrap();
    let alone = params.self_signed(&made::key().unwrap()).unwrap();
    phone.refuses(&[alone.der().to_vec()], &Rejected::UntrustedRoot);
    phone.refuses(&[], &Rejected::Empty);
    let good = phone.good();
    assert_eq!(
        verify(&good, CHALLENGE, &Roots::google(), None, AT),
        Err(Rejected::UntrustedRoot)
    );
    // A root that has the name and not the key, and one with the key in a forged certificate.
    let mut forged = good.clone();
    forged[4] = stranger.authorities[0].der().to_vec();
    phone.refuses(&forged, &Rejected::UntrustedRoot);
    let tbs = changed(&good[4], SERIAL, |_| 5_u64.to_der().unwrap());
    forged[4] = made::certificate(&tbs, &stranger.authorities[0]).unwrap();
    phone.refuses(&forged, &Rejected::Signature { certificate: 5 });
}

#[test]
fn chains_that_are_mixed_or_out_of_order_are_refused() {
    let (phone, other) = (Phone::new(), Phone::new());
    let good = phone.good();
    for (first, second, certificate) in [(0, 1, 1), (1, 2, 1), (2, 3, 2), (3, 4, 3)] {
        let mut chain = good.clone();
        chain.swap(first, second);
        phone.refuses(&chain, &Rejected::Order { certificate });
    }
    let mut without = good.clone();
    without.remove(2);
    phone.refuses(&without, &Rejected::Order { certificate: 2 });
    let mut twice = good.clone();
    twice.insert(1, good[1].clone());
    phone.refuses(&twice, &Rejected::Order { certificate: 2 });
    let mut mixed = good.clone();
    mixed[1] = other.good()[1].clone();
    phone.refuses(&mixed, &Rejected::Signature { certificate: 2 });
    let mut mixed = good.clone();
    mixed[0] = other.good()[0].clone();
    phone.refuses(&mixed, &Rejected::Signature { certificate: 1 });
}

#[test]
fn a_certificate_signed_by_an_attested_key_is_refused() {
    let phone = Phone::new();
    // The attested key's certificate is no authority's, so what it signs is not believed ...
    let params = made::attested(&Description::new(CHALLENGE)).unwrap();
    let (held, nearest) = (made::key().unwrap(), phone.nearest());
    let attested = Authority::signed_by(params.clone(), held, nearest).unwrap();
    let mut forged = made::attested(&Description::new(CHALLENGE)).unwrap();
    forged.distinguished_name = made::authority("forged").distinguished_name;
    let below = |issuer: &Authority| {
        let leaf = forged.signed_by(&made::key().unwrap(), issuer).unwrap();
        let mut chain = vec![leaf.der().to_vec(), issuer.der().to_vec()];
        let rest = phone.authorities.iter().rev();
        chain.extend(rest.map(|authority| authority.der().to_vec()));
        chain
    };
    phone.refuses(&below(&attested), &Rejected::NotCa { certificate: 2 });
    // ... and not even if it were one, as the key of an application that attests others could be.
    let mut params = params;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let attested = Authority::signed_by(params, made::key().unwrap(), nearest).unwrap();
    phone.refuses(
        &below(&attested),
        &Rejected::SecondDescription { certificate: 2 },
    );
    let plain = phone.chain(&made::authority("no description"));
    phone.refuses(&plain, &Rejected::NoDescription);
}

#[test]
fn a_key_of_the_same_hardware_may_certify_another_where_that_is_asked_for() {
    let phone = Phone::new();
    let certifies = Description {
        purposes: vec![7],
        ..Description::new(b"when it was made")
    };
    let leaf = Description::new(CHALLENGE);
    let chain = |certifier: &Description, leaf: &Description| {
        let params = made::attest_key(certifier).unwrap();
        let key = Authority::signed_by(params, made::key().unwrap(), phone.nearest()).unwrap();
        let leaf = made::attested(leaf).unwrap();
        let leaf = leaf.signed_by(&made::key().unwrap(), &key).unwrap();
        let mut chain = vec![leaf.der().to_vec(), key.der().to_vec()];
        let rest = phone.authorities.iter().rev();
        chain.extend(rest.map(|authority| authority.der().to_vec()));
        (chain, key)
    };
    let judge = |chain: &[Vec<u8>]| verify_certified(chain, CHALLENGE, &phone.roots, None, AT);

    let (good, key) = chain(&certifies, &leaf);
    let attested = judge(&good).unwrap();
    assert_eq!(attested.verdict, Verdict::Hardware);
    assert_eq!(attested.description.challenge, CHALLENGE);
    assert_eq!(
        attested.certifier,
        Some(key.key().subject_public_key_info())
    );
    // Whoever does not ask for it takes none.
    let second = Rejected::SecondDescription { certificate: 2 };
    phone.refuses(&good, &second);
    // Without such a key it is as ever.
    assert_eq!(judge(&phone.good()).unwrap().certifier, None);

    // A leaf is worth no more than what certifies it.
    let strong = Description {
        attestation: SecurityLevel::StrongBox,
        keymint: SecurityLevel::StrongBox,
        ..leaf.clone()
    };
    let attested = judge(&chain(&certifies, &strong).0).unwrap();
    assert_eq!(attested.verdict, Verdict::Hardware);

    // A key that may sign anything, that was brought in, or that is in software vouches for nothing.
    let other = |change: fn(&mut Description)| {
        let mut other = certifies.clone();
        change(&mut other);
        chain(&other, &leaf).0
    };
    for bad in [
        other(|it| it.purposes = vec![2]),
        other(|it| it.purposes = vec![7, 2]),
        other(|it| it.purposes = Vec::new()),
        other(|it| it.origin = 2),
        other(|it| it.keymint = SecurityLevel::Software),
        other(|it| it.attestation = SecurityLevel::Software),
    ] {
        assert_eq!(judge(&bad), Err(second.clone()));
    }
    // Nor does one that another such key certifies, or a leaf over another challenge.
    let (_, key) = chain(&certifies, &leaf);
    let params = made::attest_key(&certifies).unwrap();
    let below = Authority::signed_by(params, made::key().unwrap(), &key).unwrap();
    let params = made::attested(&leaf).unwrap();
    let last = params.signed_by(&made::key().unwrap(), &below).unwrap();
    let mut long = vec![
        last.der().to_vec(),
        below.der().to_vec(),
        key.der().to_vec(),
    ];
    let rest = phone.authorities.iter().rev();
    long.extend(rest.map(|authority| authority.der().to_vec()));
    assert!(judge(&long).is_err());
    let stale = Description::new(b"another challenge");
    let stale = judge(&chain(&certifies, &stale).0);
    assert_eq!(stale, Err(Rejected::Challenge));
}

#[test]
fn issuers_that_may_not_issue_are_refused() {
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let phone = Phone::with_intermediate(|params| params.is_ca = is_ca);
        phone.refuses(&phone.good(), &Rejected::NotCa { certificate: 2 });
    }
    let usage = vec![KeyUsagePurpose::DigitalSignature];
    let phone = Phone::with_intermediate(|params| params.key_usages = usage);
    phone.refuses(&phone.good(), &Rejected::KeyUsage { certificate: 2 });
    let phone = Phone::with_intermediate(|params| params.key_usages.clear());
    phone.judge(&phone.good()).unwrap();
}

#[test]
fn no_more_intermediates_than_allowed_are_believed() {
    let phone = |most: u8| {
        let mut root = made::authority("Root");
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(most));
        let root = Authority::self_signed(root, made::key().unwrap()).unwrap();
        let mut authorities = vec![root];
        for name in ["A", "B"] {
            let issuer = authorities.last().unwrap();
            let params = made::authority(name);
            let next = Authority::signed_by(params, made::key().unwrap(), issuer).unwrap();
            authorities.push(next);
        }
        Phone::of(authorities)
    };
    let enough = phone(2);
    enough.judge(&enough.good()).unwrap();
    let few = phone(1);
    few.refuses(&few.good(), &Rejected::PathLength { certificate: 4 });
}

#[test]
fn certificates_count_from_their_first_second_to_their_last() {
    let phone = Phone::new();
    let chain = phone.good();
    let at = |ms| verify(&chain, CHALLENGE, &phone.roots, None, ms).map(|_| ());
    let first = date_time_ymd(2026, 1, 1).unix_timestamp().cast_unsigned() * 1000;
    let last = date_time_ymd(2027, 1, 1).unix_timestamp().cast_unsigned() * 1000;
    assert_eq!(at(first - 1), Err(Rejected::NotYetValid { certificate: 4 }));
    assert_eq!(at(first), Ok(()));
    assert_eq!(at(last + 999), Ok(()));
    assert_eq!(at(last + 1000), Err(Rejected::Expired { certificate: 4 }));
    assert_eq!(at(0), Err(Rejected::NotYetValid { certificate: 4 }));
    assert_eq!(at(u64::MAX), Err(Rejected::Expired { certificate: 4 }));

    let mut leaf = made::attested(&Description::new(CHALLENGE)).unwrap();
    leaf.not_after = date_time_ymd(2026, 2, 1);
    phone.refuses(&phone.chain(&leaf), &Rejected::Expired { certificate: 1 });
    leaf.not_after = date_time_ymd(2027, 1, 1);
    leaf.not_before = date_time_ymd(2026, 4, 1);
    phone.refuses(
        &phone.chain(&leaf),
        &Rejected::NotYetValid { certificate: 1 },
    );
}

#[test]
fn the_dates_of_a_trusted_root_do_not_matter() {
    let mut root = made::authority("Root");
    root.not_after = date_time_ymd(2026, 2, 1);
    let root = Authority::self_signed(root, made::key().unwrap()).unwrap();
    let params = made::authority("TEE");
    let tee = Authority::signed_by(params, made::key().unwrap(), &root).unwrap();
    let phone = Phone::of(vec![root, tee]);
    phone.judge(&phone.good()).unwrap();
}

#[test]
fn revoked_and_suspended_keys_are_refused_wherever_they_stand() {
    let serial = SerialNumber::from_slice(&[0x0a, 0xbc, 0xde]);
    let phone = Phone::with_intermediate(|params| params.serial_number = Some(serial));
    let chain = phone.good();
    let judge = |list: &str| {
        let status = StatusList::from_json(list.as_bytes()).unwrap();
        verify(&chain, CHALLENGE, &phone.roots, Some(&status), AT)
    };
    assert_eq!(
        judge(r#"{"entries":{"abcde":{"status":"REVOKED","reason":"KEY_COMPROMISE"}}}"#),
        Err(Rejected::Revoked {
            certificate: 2,
            status: Status::Revoked,
            reason: "KEY_COMPROMISE".to_owned()
        })
    );
    let suspended = judge(r#"{"entries":{"0ABCDE":{"status":"SUSPENDED"}}}"#).unwrap_err();
    assert_eq!(
        suspended.reason(),
        "revoked: certificate 2 is on the status list as SUSPENDED, reason UNSPECIFIED"
    );
    judge(r#"{"entries":{"abcdef":{"status":"REVOKED"},"bcde":{"status":"REVOKED"}}}"#).unwrap();
    judge(r#"{"entries":{}}"#).unwrap();
    for wrong in [
        "",
        "{}",
        r#"{"entries":{"abcde":{}}}"#,
        r#"{"entries":{"abcde":{"status":"GONE"}}}"#,
        r#"{"entries":{"":{"status":"REVOKED"}}}"#,
        r#"{"entries":{"0x1":{"status":"REVOKED"}}}"#,
    ] {
        assert!(StatusList::from_json(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn the_name_of_the_public_software_root_without_its_key_is_worth_nothing() {
    let phone = Phone::new();
    let software = include_bytes!("../roots/aosp-software-p256.spki");
    let mut chain = phone.good();
    let tbs = changed(&chain[4], KEY, |_| software.to_vec());
    chain[4] = made::certificate(&tbs, &phone.authorities[0]).unwrap();
    phone.refuses(&chain, &Rejected::Signature { certificate: 5 });
}

#[test]
fn critical_extensions_that_nobody_knows_are_refused() {
    let phone = Phone::new();
    let mut leaf = made::attested(&Description::new(CHALLENGE)).unwrap();
    let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    leaf.custom_extensions.push(unknown.clone());
    phone.judge(&phone.chain(&leaf)).unwrap();
    unknown.set_criticality(true);
    *leaf.custom_extensions.last_mut().unwrap() = unknown;
    phone.refuses(
        &phone.chain(&leaf),
        &Rejected::CriticalExtension {
            certificate: 1,
            oid: "1.2.3.4".to_owned(),
        },
    );
}

#[test]
fn how_a_phone_was_provisioned_is_no_harm() {
    // CBOR: {1: 32}, and what is no CBOR.
    for (value, critical) in [(vec![0xa1, 1, 24, 32], false), (vec![0xff], true)] {
        let mut info =
            CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 11129, 2, 1, 30], value);
        info.set_criticality(critical);
        let phone = Phone::with_intermediate(|params| params.custom_extensions = vec![info]);
        phone.judge(&phone.good()).unwrap();
    }
}

#[test]
fn an_extension_that_stands_twice_is_refused() {
    let phone = Phone::new();
    let mut leaf = made::attested(&Description::new(CHALLENGE)).unwrap();
    let again = leaf.custom_extensions[0].clone();
    leaf.custom_extensions.push(again);
    phone.refuses(
        &phone.chain(&leaf),
        &Rejected::DuplicateExtension {
            certificate: 1,
            oid: "1.3.6.1.4.1.11129.2.1.17".to_owned(),
        },
    );
}

#[test]
fn what_is_not_der_is_refused() {
    let phone = Phone::new();
    let malformed = Rejected::Malformed { certificate: 1 };
    let good = phone.good();
    let with = |leaf: Vec<u8>| {
        let mut chain = good.clone();
        chain[0] = leaf;
        chain
    };
    let leaf = &good[0];
    phone.refuses(&with(leaf[..leaf.len() - 1].to_vec()), &malformed);
    phone.refuses(&with([leaf.as_slice(), &[0]].concat()), &malformed);
    phone.refuses(&with(Vec::new()), &malformed);
    // Indefinite length, and a length in more octets than it needs (X.690 §10.1).
    let indefinite = [&[0x30, 0x80], &leaf[4..], &[0, 0]].concat();
    phone.refuses(&with(indefinite), &malformed);
    let long = [&[0x30, 0x83, 0], &leaf[2..]].concat();
    phone.refuses(&with(long), &malformed);
    // A default that is written out (X.690 §11.5), signed as it is.
    let explicit = phone.with_leaf_field(EXTENSIONS, |extensions| {
        let plain = octets(&[5, 0]).unwrap();
        let oid = ObjectIdentifier::new_unwrap("1.2.3.4").to_der().unwrap();
        let extension = sequence(&[oid, false.to_der().unwrap(), plain]).unwrap();
        let mut reader = SliceReader::new(extensions).unwrap();
        Header::decode(&mut reader).unwrap();
        Header::decode(&mut reader).unwrap();
        let rest = reader.read_slice(reader.remaining_len()).unwrap().to_vec();
        let tag = Tag::ContextSpecific {
            constructed: true,
            number: der::TagNumber(3),
        };
        made::element(tag, &[sequence(&[rest, extension]).unwrap()]).unwrap()
    });
    phone.refuses(&explicit, &malformed);
    let dates = phone.with_leaf_field(VALIDITY, |_| sequence(&[]).unwrap());
    phone.refuses(&dates, &malformed);
}

#[test]
fn a_key_that_signs_and_verifies_is_bound_and_one_that_does_more_is_not() {
    let phone = Phone::new();
    let of = |description: Description| {
        let attested = phone.judge(&phone.describe(&description)).unwrap();
        (attested.looseness(), attested.is_bound())
    };
    let good = Description::new(CHALLENGE);
    let used = |purposes: &[u64]| Description {
        purposes: purposes.to_vec(),
        ..good.clone()
    };
    assert_eq!(of(used(&[2])), (None, true));
    // To verify takes the public key alone; a passkey's is for signing and nothing else.
    assert_eq!(of(used(&[2, 3])), (None, false));
    assert_eq!(of(used(&[3, 2])), (None, false));
    for purposes in [&[][..], &[3], &[2, 0], &[2, 3, 1], &[7], &[2, 7]] {
        let loose = of(used(purposes));
        assert_eq!(loose, (Some(Looseness::Purposes), false), "{purposes:?}");
    }
    let imported = Description {
        origin: 2,
        ..good.clone()
    };
    assert_eq!(of(imported), (Some(Looseness::Elsewhere), false));
    let soft = Description {
        attestation: SecurityLevel::Software,
        keymint: SecurityLevel::Software,
        ..good
    };
    assert_eq!(of(soft), (Some(Looseness::Software), false));
}

#[test]
fn what_is_too_large_is_refused() {
    let phone = Phone::new();
    let mut chain = phone.good();
    chain[2] = vec![0x30; 16 * 1024 + 1];
    phone.refuses(&chain, &Rejected::Size { certificate: 3 });
    chain = vec![phone.good()[0].clone(); 11];
    phone.refuses(&chain, &Rejected::Length);
    // Before anything is read of it nobody knows how many certificates a file holds.
    let large = certificates(&vec![b'-'; 3 << 20]).unwrap_err();
    assert_eq!((&large, large.code()), (&Rejected::Text, "text"));
    assert!(large.to_string().contains("327680 bytes"), "{large}");
    let malformed = Rejected::Malformed { certificate: 1 };
    for serial in [vec![1; 21], vec![0x7f; 4000], vec![0x80], vec![0xff; 20]] {
        let huge = phone.with_leaf_field(SERIAL, |_| {
            made::element(Tag::Integer, std::slice::from_ref(&serial)).unwrap()
        });
        phone.refuses(&huge, &malformed);
    }
    let twenty = phone.with_leaf_field(SERIAL, |_| {
        made::element(Tag::Integer, &[vec![0], vec![0xff; 20]]).unwrap()
    });
    phone.judge(&twenty).unwrap();
    for number in [vec![1; 9], vec![0x7f; 4000], vec![0xff], vec![]] {
        let mut description = Description::new(CHALLENGE);
        let number = made::element(Tag::Integer, &[number]).unwrap();
        description.hardware = vec![(200, number)];
        phone.refuses(&phone.describe(&description), &Rejected::Description);
    }
}

#[test]
fn a_description_with_two_meanings_is_refused() {
    let phone = Phone::new();
    let with = |value: Vec<u8>| {
        let mut leaf = made::attested(&Description::new(CHALLENGE)).unwrap();
        leaf.custom_extensions = vec![made::extension(value)];
        phone.chain(&leaf)
    };
    let good = Description::new(CHALLENGE).to_der().unwrap();
    phone.judge(&with(good.clone())).unwrap();
    phone.refuses(
        &with([good.as_slice(), &[5, 0]].concat()),
        &Rejected::Description,
    );
    phone.refuses(
        &with(good[..good.len() - 1].to_vec()),
        &Rejected::Description,
    );
    phone.refuses(&with(Vec::new()), &Rejected::Description);
    let mut twice = Description::new(CHALLENGE);
    twice.hardware = vec![(705, 1_u64.to_der().unwrap())];
    phone.refuses(&phone.describe(&twice), &Rejected::Description);
    // Unknown fields hold one element, too.
    let mut unknown = Description::new(CHALLENGE);
    unknown.hardware = vec![(9_999, vec![5, 0, 5, 0])];
    phone.refuses(&phone.describe(&unknown), &Rejected::Description);
}

#[test]
fn roots_are_read_as_pem_and_as_google_publishes_them() {
    let phone = Phone::new();
    let pem = phone.authorities[0].pem();
    let json = serde_json::to_string(&[&pem, &pem]).unwrap();
    let chain = phone.good();
    for file in [pem.as_bytes(), json.as_bytes()] {
        let roots = Roots::from_file(file).unwrap();
        verify(&chain, CHALLENGE, &roots, None, AT).unwrap();
    }
    for wrong in [
        "",
        "[]",
        "[1]",
        "nothing",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        assert!(Roots::from_file(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn patch_levels_are_dates_or_nothing() {
    let told = |number| PatchLevel::from_number(number).map(|level| level.to_string());
    assert_eq!(told(202_408).as_deref(), Some("2024-08"));
    assert_eq!(told(20_240_805).as_deref(), Some("2024-08-05"));
    assert_eq!(told(20_190_800).as_deref(), Some("2019-08"));
    for text in ["2024-08", "2024-08-05"] {
        let level = PatchLevel::from_text(text).map(|level| level.to_string());
        assert_eq!(level.as_deref(), Some(text));
    }
    for text in [
        "",
        "2024",
        "2024-8",
        "2024-13",
        "202408",
        "2024-08-32",
        "2024-08-05-01",
    ] {
        assert_eq!(PatchLevel::from_text(text), None, "{text}");
    }
    for number in [0, 13, 202_400, 202_413, 20_241_305, 2_024_080, u64::MAX] {
        assert_eq!(told(number), None, "{number}");
    }
}

fn level() -> impl Strategy<Value = SecurityLevel> {
    prop_oneof![
        Just(SecurityLevel::Software),
        Just(SecurityLevel::TrustedEnvironment),
        Just(SecurityLevel::StrongBox),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_verdict_is_the_lower_of_both_levels(attestation in level(), keymint in level()) {
        let phone = Phone::new();
        let mut description = Description::new(CHALLENGE);
        (description.attestation, description.keymint) = (attestation, keymint);
        let attested = phone.judge(&phone.describe(&description)).unwrap();
        prop_assert_eq!(attested.verdict, match attestation.min(keymint) {
            SecurityLevel::Software => Verdict::Software,
            SecurityLevel::TrustedEnvironment => Verdict::Hardware,
            SecurityLevel::StrongBox => Verdict::Strongbox,
        });
    }

    #[test]
    fn a_changed_bit_anywhere_is_noticed(
        which in 0_usize..5,
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let phone = Phone::new();
        let mut chain = phone.good();
        // Also when the unchanged ones were found right before.
        prop_assert!(phone.judge(&chain).is_ok());
        let certificate = &mut chain[which];
        let byte = place.index(certificate.len());
        certificate[byte] ^= 1_u8 << bit;
        prop_assert!(phone.judge(&chain).is_err());
    }

    #[test]
    fn a_challenge_matches_itself_alone(
        asked in prop::collection::vec(any::<u8>(), 1..128),
        other in prop::collection::vec(any::<u8>(), 0..128),
    ) {
        let phone = Phone::new();
        let chain = phone.describe(&Description::new(&asked));
        let judge = |challenge: &[u8]| verify(&chain, challenge, &phone.roots, None, AT).is_ok();
        prop_assert!(judge(&asked));
        prop_assert_eq!(judge(&other), asked == other);
    }
}
