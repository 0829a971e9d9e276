//! Authorities, cards, lists and responders, made up.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, CrlScope, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, RevokedCertParams,
    SerialNumber,
};
use rustls_pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};
use wardline_piv::config::{COMMON_AUTHENTICATION, Rule};
use wardline_piv::{Card, Config, Crl, Evidence, Refused, Verifier};
use x509_cert::der::asn1::{Ia5String, ObjectIdentifier, OctetString, Utf8StringRef};
use x509_cert::der::{Any, Encode as _};
use x509_cert::ext::pkix::certpolicy::PolicyInformation;
use x509_cert::ext::pkix::name::{GeneralName, OtherName};
use x509_cert::ext::pkix::{CertificatePolicies, SubjectAltName};

/// 21 September 2026.
pub(crate) const NOW: u64 = 1_790_000_000_000;
pub(crate) const DAY: u64 = 24 * 3600 * 1000;
pub(crate) const ANY_POLICY: &str = "2.5.29.32.0";
pub(crate) const OTHER_POLICY: &str = "2.16.840.1.101.3.2.1.3.17";
pub(crate) const UPN: &str = "1.3.6.1.4.1.311.20.2.3";
pub(crate) const FASC_N: &str = "2.16.840.1.101.3.6.6";

pub(crate) fn time(ms: u64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(i64::try_from(ms).unwrap())
}

pub(crate) fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new(text).unwrap()
}

pub(crate) fn extension(id: &str, content: Vec<u8>) -> CustomExtension {
    let arcs: Vec<u64> = oid(id).arcs().map(u64::from).collect();
    CustomExtension::from_oid_content(&arcs, content)
}

pub(crate) fn policies(ids: &[&str]) -> CustomExtension {
    let policies = ids.iter().map(|id| PolicyInformation {
        policy_identifier: oid(id),
        policy_qualifiers: None,
    });
    let content = CertificatePolicies(policies.collect()).to_der().unwrap();
    extension("2.5.29.32", content)
}

/// An authority.
pub(crate) struct Authority {
    pub(crate) params: CertificateParams,
    pub(crate) key: KeyPair,
    pub(crate) der: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        Self::make(name, None, |_| {})
    }

    /// An authority below this one, under any policy.
    pub(crate) fn below(&self, name: &str) -> Self {
        self.below_with(name, |_| {})
    }

    pub(crate) fn below_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        Self::make(name, Some(self), change)
    }

    fn make(name: &str, above: Option<&Self>, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.custom_extensions = vec![policies(&[ANY_POLICY])];
        params.not_before = time(NOW - 1000 * DAY);
        params.not_after = time(NOW + 1000 * DAY);
        change(&mut params);
        let der = match above {
            Some(above) => params.signed_by(&key, &above.issuer()).unwrap(),
            None => params.self_signed(&key).unwrap(),
        };
        let der = der.der().clone();
        Self { params, key, der }
    }

    pub(crate) fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    /// A list of these serial numbers.
    pub(crate) fn crl(&self, serials: &[u64], from: u64, until: u64) -> Crl {
        Crl::read(&self.crl_der(serials, from, until)).unwrap()
    }

    pub(crate) fn crl_der(&self, serials: &[u64], from: u64, until: u64) -> Vec<u8> {
        self.crl_with(serials, from, until, None)
    }

    /// An empty list that is about no authorities (RFC 5280 §5.2.5).
    pub(crate) fn crl_of_cards(&self, from: u64, until: u64) -> Crl {
        let point = CrlIssuingDistributionPoint {
            distribution_point: CrlDistributionPoint {
                uris: vec!["http://crl.example/".to_owned()],
            },
            scope: Some(CrlScope::UserCertsOnly),
        };
        Crl::read(&self.crl_with(&[], from, until, Some(point))).unwrap()
    }

    fn crl_with(
        &self,
        serials: &[u64],
        from: u64,
        until: u64,
        point: Option<CrlIssuingDistributionPoint>,
    ) -> Vec<u8> {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: time(from),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: time(from),
            next_update: time(until),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: point,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer()).unwrap().der().to_vec()
    }
}

pub(crate) fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// A card before it is issued.
pub(crate) struct Blank {
    pub(crate) params: CertificateParams,
    pub(crate) names: Vec<GeneralName>,
    pub(crate) policies: Vec<&'static str>,
    pub(crate) key: KeyPair,
}

/// A good card, number 7, of amara.osei@hospital.example.
pub(crate) fn blank() -> Blank {
    let mut params = named("Amara Osei");
    params.serial_number = Some(SerialNumber::from(7));
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.not_before = time(NOW - DAY);
    params.not_after = time(NOW + DAY);
    Blank {
        params,
        names: vec![upn("amara.osei@hospital.example")],
        policies: vec![COMMON_AUTHENTICATION],
        key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
    }
}

impl Blank {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        change(&mut self.params);
        self
    }

    pub(crate) fn names(mut self, names: impl IntoIterator<Item = GeneralName>) -> Self {
        self.names = names.into_iter().collect();
        self
    }

    pub(crate) fn policies(mut self, policies: &[&'static str]) -> Self {
        self.policies = policies.to_vec();
        self
    }

    pub(crate) fn issued_by(mut self, authority: &Authority) -> CertificateDer<'static> {
        let extensions = &mut self.params.custom_extensions;
        if !self.names.is_empty() {
            let names = SubjectAltName(self.names).to_der().unwrap();
            extensions.push(extension("2.5.29.17", names));
        }
        if !self.policies.is_empty() {
            extensions.push(policies(&self.policies));
        }
        let card = self.params.signed_by(&self.key, &authority.issuer());
        card.unwrap().der().clone()
    }
}

pub(crate) fn other(id: &str, value: Any) -> GeneralName {
    GeneralName::OtherName(OtherName {
        type_id: oid(id),
        value,
    })
}

pub(crate) fn upn(text: &str) -> GeneralName {
    other(
        UPN,
        Any::encode_from(&Utf8StringRef::new(text).unwrap()).unwrap(),
    )
}

pub(crate) fn email(text: &str) -> GeneralName {
    GeneralName::Rfc822Name(Ia5String::new(text).unwrap())
}

pub(crate) fn uri(text: &str) -> GeneralName {
    GeneralName::UniformResourceIdentifier(Ia5String::new(text).unwrap())
}

pub(crate) fn fasc_n(bytes: &[u8]) -> GeneralName {
    other(
        FASC_N,
        Any::encode_from(&OctetString::new(bytes).unwrap()).unwrap(),
    )
}

/// A hospital that trusts a root, below which an authority issues cards.
pub(crate) struct Hospital {
    pub(crate) root: Authority,
    pub(crate) issuing: Authority,
    pub(crate) config: Config,
}

/// It maps by principal name, and does not ask for revocation.
pub(crate) fn hospital() -> Hospital {
    let root = Authority::root("Root");
    let issuing = root.below("Issuing");
    let mut config = Config {
        mapping: vec![by_upn()],
        ..Config::default()
    };
    config.revocation.accept_unknown = true;
    Hospital {
        root,
        issuing,
        config,
    }
}

pub(crate) fn by_upn() -> Rule {
    Rule::Upn {
        domain: Some("hospital.example".to_owned()),
        strip: true,
    }
}

impl Hospital {
    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(&self.config, std::slice::from_ref(&self.root.der), &[]).unwrap()
    }

    /// Takes a chain at a time, with nothing known of revocation.
    pub(crate) fn takes(&self, chain: &[CertificateDer<'_>], at: u64) -> Result<Card, Refused> {
        self.verifier().card(chain, &Evidence::default(), at)
    }

    /// Has the issuing authority issue a card, and takes it.
    pub(crate) fn tries(&self, blank: Blank) -> Result<Card, Refused> {
        self.takes(&self.chain(blank), NOW)
    }

    pub(crate) fn chain(&self, blank: Blank) -> Vec<CertificateDer<'static>> {
        vec![blank.issued_by(&self.issuing), self.issuing.der.clone()]
    }
}
