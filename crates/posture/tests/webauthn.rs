//! What an authenticator proves of itself, and each way in which it can prove nothing.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use ciborium::Value;
use rcgen::{CertificateParams, CustomExtension, DnType, IsCa, KeyPair, date_time_ymd};
use uuid::{Uuid, uuid};
use wardline_posture::attest::{Roots, SecurityLevel, StatusList};
use wardline_posture::made::authenticator::{
    FIXED, MODEL, Passkey, attestation, certified, tpm_attestation,
};
use wardline_posture::made::{self, AT, Authority, Description, octets};
use wardline_posture::webauthn::{ANDROID_MODEL, Attested, Format, Object, Trust, Unproven};

const KEY5: Uuid = uuid!("01020304-0506-0708-090a-0b0c0d0e0f10");
const OTHER: Uuid = uuid!("99999999-0506-0708-090a-0b0c0d0e0f10");

/// A maker of authenticators: a root and an intermediate, root first.
struct Maker {
    authorities: Vec<Authority>,
    attestation: KeyPair,
}

impl Maker {
    fn new() -> Self {
        Self::with_intermediate(|_| ())
    }

    fn with_intermediate(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let root = Authority::self_signed(made::authority("Maker"), made::key().unwrap()).unwrap();
        let mut params = made::authority("Maker, series 5");
        change(&mut params);
        let next = Authority::signed_by(params, made::key().unwrap(), &root).unwrap();
        Self {
            authorities: vec![root, next],
            attestation: made::key().unwrap(),
        }
    }

    fn pem(&self) -> String {
        self.authorities[0].pem()
    }

    /// Who trusts this maker for these models.
    fn trusted(&self, models: &[Uuid]) -> Trust {
        Trust::new()
            .with_roots(self.pem().as_bytes(), models)
            .unwrap()
    }

    /// Its chain for a key of the model.
    fn chain(&self, change: impl FnOnce(&mut CertificateParams)) -> Vec<Vec<u8>> {
        let mut params = attestation(Some(KEY5)).unwrap();
        change(&mut params);
        certified(&params, &self.attestation, &self.authorities).unwrap()
    }

    /// `packed` from one of its keys.
    fn packed(&self, passkey: &Passkey, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let chain = self.chain(change);
        passkey.packed(&self.attestation, &chain).unwrap()
    }

    fn tpm(&self, passkey: &Passkey, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = tpm_attestation().unwrap();
        change(&mut params);
        let chain = certified(&params, &self.attestation, &self.authorities).unwrap();
        passkey.tpm(FIXED, &self.attestation, &chain).unwrap()
    }
}

fn passkey() -> Passkey {
    Passkey::new("hospital.example", KEY5, b"client data").unwrap()
}

fn judge(object: &[u8], passkey: &Passkey, trust: &Trust) -> Result<Attested, Unproven> {
    Object::read(object)?.verify(&passkey.client_data_hash, trust, &[], AT)
}

fn refusal(object: &[u8], passkey: &Passkey, trust: &Trust) -> &'static str {
    judge(object, passkey, trust).unwrap_err().code()
}

#[test]
fn a_security_key_names_its_model_and_maker() {
    let (maker, passkey) = (Maker::new(), passkey());
    let object = maker.packed(&passkey, |_| ());
    let attested = judge(&object, &passkey, &maker.trusted(&[])).unwrap();
    assert_eq!((attested.aaguid, attested.format), (KEY5, Format::Packed));
    assert!(attested.bound);
    assert!(
        attested.subject.contains("CN=Batch 7"),
        "{}",
        attested.subject
    );
}

#[test]
fn the_root_may_come_along_or_be_trusted_further_down() {
    let (maker, passkey) = (Maker::new(), passkey());
    let mut chain = maker.chain(|_| ());
    let leaf = made::pem(&chain[..1]).unwrap();
    let trust = Trust::new().with_roots(leaf.as_bytes(), &[]).unwrap();
    let object = passkey.packed(&maker.attestation, &chain[..1]).unwrap();
    assert!(judge(&object, &passkey, &trust).is_ok(), "the leaf itself");
    chain.push(maker.authorities[0].der().to_vec());
    let object = passkey.packed(&maker.attestation, &chain).unwrap();
    assert!(
        judge(&object, &passkey, &maker.trusted(&[])).is_ok(),
        "with its root"
    );
    let series = Trust::new().with_roots(maker.authorities[1].pem().as_bytes(), &[]);
    assert!(
        judge(&object, &passkey, &series.unwrap()).is_ok(),
        "an intermediate"
    );
}

#[test]
fn a_key_that_signs_its_own_certificates_is_trusted_as_a_key() {
    let (maker, passkey) = (Maker::new(), passkey());
    let certificate = |name: &str| {
        let mut params = attestation(None).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&maker.attestation).unwrap();
        certificate.der().to_vec()
    };
    let known = made::pem(&[certificate("Batch 7")]).unwrap();
    let trust = |models: &[Uuid]| Trust::new().with_roots(known.as_bytes(), models).unwrap();
    let with = |certificate| passkey.packed(&maker.attestation, &[certificate]).unwrap();
    // Browsers' virtual authenticators sign theirs anew for each passkey.
    let anew = with(certificate("Batch 7"));
    assert!(judge(&anew, &passkey, &trust(&[KEY5])).is_ok());
    assert_eq!(refusal(&anew, &passkey, &trust(&[])), "certificate");
    let other = with(certificate("Batch 8"));
    assert_eq!(refusal(&other, &passkey, &trust(&[KEY5])), "untrusted");
}

#[test]
fn whoever_vouches_for_nobody_proves_nothing() {
    let (maker, passkey) = (Maker::new(), passkey());
    let trust = maker.trusted(&[]);
    let none = passkey.object("none", vec![]).unwrap();
    assert_eq!(refusal(&none, &passkey, &trust), "none");
    let own = passkey.self_attested().unwrap();
    assert_eq!(refusal(&own, &passkey, &trust), "self");
    let old = passkey.object("android-safetynet", vec![]).unwrap();
    assert_eq!(refusal(&old, &passkey, &trust), "format");
    let object = maker.packed(&passkey, |_| ());
    assert_eq!(refusal(&object, &passkey, &Trust::new()), "untrusted");
    assert_eq!(
        refusal(&object, &passkey, &Maker::new().trusted(&[])),
        "untrusted"
    );
}

#[test]
fn a_statement_is_for_one_ceremony_and_one_key() {
    let (maker, mut passkey) = (Maker::new(), passkey());
    let trust = maker.trusted(&[]);
    let issuers = &maker.authorities;
    let objects = [
        (maker.packed(&passkey, |_| ()), "signature"),
        (maker.tpm(&passkey, |_| ()), "ceremony"),
        (passkey.apple(issuers).unwrap(), "ceremony"),
        (
            passkey
                .fido_u2f(&maker.attestation, &maker.chain(|_| ())[..1])
                .unwrap(),
            "signature",
        ),
        (
            passkey.android_key(Description::new(b""), issuers).unwrap(),
            "signature",
        ),
    ];
    passkey.client_data_hash = [1; 32];
    for (object, why) in &objects {
        assert_eq!(refusal(object, &passkey, &trust), *why);
    }
}

#[test]
fn the_model_that_is_claimed_is_the_one_that_is_certified() {
    let (maker, passkey) = (Maker::new(), passkey());
    let trust = maker.trusted(&[]);
    let named = |model: &[u8], critical| {
        let value = octets(model).unwrap();
        let mut extension = CustomExtension::from_oid_content(&MODEL, value);
        extension.set_criticality(critical);
        maker.packed(&passkey, |leaf| leaf.custom_extensions = vec![extension])
    };
    assert!(judge(&named(KEY5.as_bytes(), false), &passkey, &trust).is_ok());
    let other = named(OTHER.as_bytes(), false);
    assert_eq!(refusal(&other, &passkey, &trust), "other-model");
    let critical = named(KEY5.as_bytes(), true);
    assert_eq!(refusal(&critical, &passkey, &trust), "untrusted");
    assert_eq!(
        refusal(&named(b"short", false), &passkey, &trust),
        "certificate"
    );

    // A root that vouches for this model alone need not have it in its certificates.
    let nameless = maker.packed(&passkey, |leaf| leaf.custom_extensions.clear());
    assert!(judge(&nameless, &passkey, &maker.trusted(&[KEY5])).is_ok());
    assert_eq!(refusal(&nameless, &passkey, &trust), "certificate");
    let both = maker.trusted(&[KEY5, OTHER]);
    assert_eq!(refusal(&nameless, &passkey, &both), "certificate");
}

#[test]
fn only_models_on_the_list_and_by_their_own_maker_are_taken() {
    let (maker, passkey) = (Maker::new(), passkey());
    let object = Object::read(&maker.packed(&passkey, |_| ())).unwrap();
    let judge = |trust: &Trust, models: &[Uuid]| {
        object
            .verify(&passkey.client_data_hash, trust, models, AT)
            .map(|attested| attested.aaguid)
    };
    assert_eq!(judge(&maker.trusted(&[KEY5]), &[OTHER, KEY5]), Ok(KEY5));
    assert_eq!(
        judge(&maker.trusted(&[KEY5]), &[OTHER]),
        Err(Unproven::Model { aaguid: KEY5 })
    );
    let elsewhere = maker.trusted(&[OTHER]);
    assert_eq!(judge(&elsewhere, &[]).unwrap_err().code(), "untrusted");
}

#[test]
fn certificates_are_valid_when_they_are_used() {
    let (maker, passkey) = (Maker::new(), passkey());
    let trust = maker.trusted(&[]);
    let expired = maker.packed(&passkey, |leaf| leaf.not_after = date_time_ymd(2026, 2, 1));
    assert_eq!(refusal(&expired, &passkey, &trust), "expired");
    let early = maker.packed(&passkey, |leaf| leaf.not_before = date_time_ymd(2026, 4, 1));
    assert_eq!(refusal(&early, &passkey, &trust), "not-yet-valid");
    let old = Maker::with_intermediate(|it| it.not_after = date_time_ymd(2026, 2, 1));
    let object = old.packed(&passkey, |_| ());
    assert_eq!(refusal(&object, &passkey, &old.trusted(&[])), "expired");
    // Also where the certificate itself is trusted.
    let leaf = maker.chain(|leaf| leaf.not_after = date_time_ymd(2026, 2, 1));
    let own = made::pem(&leaf[..1]).unwrap();
    let own = Trust::new().with_roots(own.as_bytes(), &[]).unwrap();
    let object = passkey.packed(&maker.attestation, &leaf).unwrap();
    assert_eq!(refusal(&object, &passkey, &own), "expired");
}

#[test]
fn a_chain_is_whole_and_in_order() {
    let (maker, passkey) = (Maker::new(), passkey());
    let trust = maker.trusted(&[]);
    let chain = maker.chain(|_| ());
    let with = |chain: &[Vec<u8>]| {
        let object = passkey.packed(&maker.attestation, chain).unwrap();
        refusal(&object, &passkey, &trust)
    };
    let root = maker.authorities[0].der().to_vec();
    assert_eq!(with(&chain[..1]), "untrusted", "truncated");
    assert_eq!(with(&[]), "malformed", "empty");
    let turned = [chain[0].clone(), root.clone(), chain[1].clone()];
    assert_eq!(with(&turned), "order", "turned");
    let leafless = [chain[1].clone(), root];
    assert_ne!(with(&leafless), "none", "without its leaf");
    let twice = [chain[0].clone(), chain[1].clone(), chain[1].clone()];
    assert_eq!(with(&twice), "order", "twice");
    assert_eq!(with(&vec![chain[0].clone(); 11]), "size", "endless");
    assert_eq!(with(&[vec![0x30; 20_000]]), "size", "huge");

    let no_ca = Maker::with_intermediate(|it| it.is_ca = IsCa::ExplicitNoCa);
    let object = no_ca.packed(&passkey, |_| ());
    assert_eq!(refusal(&object, &passkey, &no_ca.trusted(&[])), "untrusted");
    let made_up = Maker::new();
    let own = attestation(Some(KEY5)).unwrap();
    let own = own
        .self_signed(&made_up.attestation)
        .unwrap()
        .der()
        .to_vec();
    let object = passkey.packed(&made_up.attestation, &[own]).unwrap();
    assert_eq!(
        refusal(&object, &passkey, &trust),
        "untrusted",
        "self-signed"
    );
}

/// What is wrong with a certificate.
type Change = fn(&mut CertificateParams);

#[test]
fn an_attestation_certificate_is_of_its_kind() {
    let (maker, passkey) = (Maker::new(), passkey());
    let trust = maker.trusted(&[]);
    let packed: [(&str, Change); 4] = [
        ("certificate", |leaf| leaf.is_ca = IsCa::NoCa),
        ("certificate", |leaf| {
            leaf.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }),
        ("certificate", |leaf| {
            leaf.distinguished_name
                .push(DnType::OrganizationalUnitName, "Android Keystore Key");
        }),
        ("certificate", |leaf| {
            leaf.distinguished_name.remove(DnType::CountryName);
        }),
    ];
    for (why, change) in packed {
        let object = maker.packed(&passkey, change);
        assert_eq!(refusal(&object, &passkey, &trust), why);
    }
    let tpm: [fn(&mut CertificateParams); 4] = [
        |leaf| leaf.is_ca = IsCa::NoCa,
        |leaf| leaf.custom_extensions.clear(),
        |leaf| leaf.extended_key_usages.clear(),
        |leaf| leaf.distinguished_name.push(DnType::CommonName, "TPM"),
    ];
    assert!(judge(&maker.tpm(&passkey, |_| ()), &passkey, &trust).is_ok());
    for (index, change) in tpm.into_iter().enumerate() {
        let object = maker.tpm(&passkey, change);
        assert_eq!(refusal(&object, &passkey, &trust), "certificate", "{index}");
    }
}

#[test]
fn a_tpm_keeps_what_it_certifies_or_says_that_it_does_not() {
    let (maker, passkey) = (Maker::new(), passkey());
    let trust = maker.trusted(&[]);
    let chain = tpm_attestation().unwrap();
    let chain = certified(&chain, &maker.attestation, &maker.authorities).unwrap();
    for (attributes, bound) in [
        (FIXED, true),
        (FIXED & !0x02, false),
        (FIXED & !0x10, false),
        (FIXED & !0x20, false),
    ] {
        let object = passkey.tpm(attributes, &maker.attestation, &chain).unwrap();
        let attested = judge(&object, &passkey, &trust).unwrap();
        assert_eq!((attested.format, attested.bound), (Format::Tpm, bound));
        assert!(
            attested.subject.contains("Maker, series 5") || attested.subject.contains("series 5")
        );
    }
}

#[test]
fn apple_certifies_the_passkey_itself() {
    let (maker, passkey) = (Maker::new(), passkey());
    let object = passkey.apple(&maker.authorities).unwrap();
    let attested = judge(&object, &passkey, &maker.trusted(&[])).unwrap();
    assert_eq!((attested.aaguid, attested.format), (KEY5, Format::Apple));
    // Another passkey's certificate, over the same ceremony.
    let mut other = Passkey::new("hospital.example", KEY5, b"client data").unwrap();
    other.data.clone_from(&passkey.data);
    let object = other.apple(&maker.authorities).unwrap();
    assert_eq!(refusal(&object, &passkey, &maker.trusted(&[])), "key");
}

#[test]
fn a_u2f_key_does_not_say_of_which_model_it_is() {
    let (maker, passkey) = (Maker::new(), passkey());
    let chain = certified(
        &attestation(None).unwrap(),
        &maker.attestation,
        &maker.authorities[..1],
    )
    .unwrap();
    let object = passkey.fido_u2f(&maker.attestation, &chain).unwrap();
    let attested = judge(&object, &passkey, &maker.trusted(&[])).unwrap();
    assert_eq!(
        (attested.aaguid, attested.format),
        (Uuid::nil(), Format::FidoU2f)
    );
    assert_eq!(
        refusal(&object, &passkey, &maker.trusted(&[KEY5])),
        "untrusted"
    );
}

#[test]
fn an_android_phone_is_judged_as_in_key_attestation() {
    let issuers = made::authorities(made::key().unwrap()).unwrap();
    let roots = Roots::from_file(issuers[0].pem().as_bytes()).unwrap();
    let trust = Trust::new().with_android_roots(roots);
    let passkey = Passkey::new("hospital.example", ANDROID_MODEL, b"client data").unwrap();
    let judge_as = |description: Description, trust: &Trust| {
        let object = passkey.android_key(description, &issuers).unwrap();
        judge(&object, &passkey, trust)
    };
    let mut strong = Description::new(b"");
    strong.attestation = SecurityLevel::StrongBox;
    strong.keymint = SecurityLevel::StrongBox;
    let attested = judge_as(strong, &trust).unwrap();
    assert!(attested.bound);
    assert!(attested.phone.unwrap().root_of_trust().unwrap().locked);

    let mut soft = Description::new(b"");
    soft.keymint = SecurityLevel::Software;
    assert!(!judge_as(soft, &trust).unwrap().bound);
    let mut open = Description::new(b"");
    open.software = vec![(600, vec![5, 0])];
    assert_eq!(judge_as(open, &trust).unwrap_err().code(), "certificate");

    let revoked = r#"{"entries":{"SERIAL":{"status":"REVOKED"}}}"#;
    let serial = issuers[3].der();
    let serial = serial_of(serial);
    let revoked = StatusList::from_json(revoked.replace("SERIAL", &serial).as_bytes()).unwrap();
    let warned = trust.clone().with_android_status(revoked);
    let why = judge_as(Description::new(b""), &warned).unwrap_err();
    assert_eq!(why.code(), "revoked");
    let google = judge_as(Description::new(b""), &Trust::new()).unwrap_err();
    assert_eq!(google.code(), "untrusted");

    // An application has a key attested for a security key's data that it made up.
    let posing = Passkey::new("hospital.example", KEY5, b"client data").unwrap();
    let object = posing.android_key(Description::new(b""), &issuers).unwrap();
    assert_eq!(refusal(&object, &posing, &trust), "untrusted");
    // And the phone's roots vouch for nothing in another format.
    let leaf = attestation(Some(ANDROID_MODEL)).unwrap();
    let chain = certified(&leaf, &passkey.key, &issuers).unwrap();
    let object = passkey.packed(&passkey.key, &chain).unwrap();
    assert_eq!(refusal(&object, &passkey, &trust), "untrusted");
}

#[test]
fn what_cannot_be_read_is_refused() {
    let (maker, passkey) = (Maker::new(), passkey());
    let trust = maker.trusted(&[]);
    let good = maker.packed(&passkey, |_| ());
    for object in [
        &b""[..],
        b"\xff",
        &[0x9f; 5000],
        b"\xa0",
        &good[..good.len() - 1],
    ] {
        assert_eq!(refusal(object, &passkey, &trust), "malformed");
    }
    let trailing = [&good[..], b"\x00"].concat();
    assert_eq!(refusal(&trailing, &passkey, &trust), "malformed");
    assert_eq!(refusal(&vec![0; 200_000], &passkey, &trust), "size");
    let twice = vec![("alg", Value::from(-7)), ("alg", Value::from(-257))];
    let twice = passkey.object("packed", twice).unwrap();
    assert_eq!(refusal(&twice, &passkey, &trust), "malformed");
    for cut in [36, 40, 60, 90, passkey.data.len() - 1] {
        let mut short = Passkey::new("hospital.example", KEY5, b"").unwrap();
        short.data.truncate(cut);
        let object = short.object("none", vec![]).unwrap();
        assert_eq!(refusal(&object, &short, &trust), "malformed", "{cut}");
    }
    assert!(Trust::new().with_roots(b"nothing", &[]).is_err());
    assert!(
        Trust::new()
            .with_roots(made::pem(&[vec![1]]).unwrap().as_bytes(), &[])
            .is_err()
    );
}

/// The serial number of a certificate, as status lists write it.
fn serial_of(certificate: &[u8]) -> String {
    use der::Decode as _;
    use x509_cert_03::certificate::{CertificateInner, Raw};
    let certificate = CertificateInner::<Raw>::from_der(certificate).unwrap();
    hex::encode(certificate.tbs_certificate().serial_number().as_bytes())
}
