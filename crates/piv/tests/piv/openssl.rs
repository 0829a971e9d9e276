//! Cards, lists and responders of OpenSSL, which knows keys and signatures that rcgen does not.

use std::fs;
use std::process::Command;
use std::slice::from_ref;

use rustls_pki_types::CertificateDer;
use tempfile::TempDir;
use wardline_piv::config::{OcspHash, Rule};
use wardline_piv::{Card, Crl, Evidence, Kind, Mapped, Question, Refused, Verifier};
use x509_cert::der::Decode as _;

use crate::made::{by_upn, hospital};

const CURVE: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";

/// A folder with an authority and a card below it, number 1000.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(authority: &str, card: &str, options: &str) -> Self {
        let desk = Self {
            folder: TempDir::new().unwrap(),
        };
        desk.write("openssl.cnf", CONFIG);
        desk.write("crlnumber", "01\n");
        desk.run(&format!("genpkey {authority} -out ca.key"));
        desk.run("req -x509 -new -key ca.key -subj /CN=Desk -extensions ca -days 30 -out ca.pem");
        desk.run(&format!("genpkey {card} -out card.key"));
        desk.run("req -new -key card.key -subj /CN=Amara -out card.csr");
        desk.run(&format!(
            "x509 -req -in card.csr -CA ca.pem -CAkey ca.key -set_serial 0x1000 -days 20 \
             -extfile openssl.cnf -extensions card {options} -out card.pem"
        ));
        desk.is("V");
        desk
    }

    /// Writes what the authority knows of the card: `V` for valid, `R` for revoked.
    fn is(&self, state: &str) {
        let since = if state == "R" { "260101000000Z" } else { "" };
        let line = format!("{state}\t491231000000Z\t{since}\t1000\tunknown\t/CN=Amara\n");
        self.write("index.txt", &line);
    }

    fn run(&self, line: &str) {
        let ran = Command::new("openssl")
            .args(line.split_whitespace())
            .env("OPENSSL_CONF", "openssl.cnf")
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "openssl {line}: {said}");
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(name)).unwrap()
    }

    fn certificate(&self, name: &str) -> CertificateDer<'static> {
        self.run(&format!("x509 -in {name}.pem -outform DER -out {name}.der"));
        CertificateDer::from(self.read(&format!("{name}.der")))
    }

    /// A minute after the card was issued. OpenSSL goes by the clock, and this crate has none.
    fn now(&self) -> u64 {
        let card = x509_cert::Certificate::from_der(&self.certificate("card")).unwrap();
        let issued = card.tbs_certificate.validity.not_before;
        issued.to_unix_duration().as_secs() * 1000 + 60_000
    }

    fn verifier(&self, accept_unknown: bool, hash: OcspHash) -> Verifier {
        let mut config = hospital().config;
        config.mapping = vec![by_upn()];
        config.revocation.accept_unknown = accept_unknown;
        config.revocation.ocsp_hash = hash;
        Verifier::new(&config, from_ref(&self.certificate("ca")), &[]).unwrap()
    }

    fn takes(&self, evidence: &Evidence<'_>, accept_unknown: bool) -> Result<Card, Refused> {
        let card = self.certificate("card");
        let verifier = self.verifier(accept_unknown, OcspHash::Sha1);
        verifier.card(&[card], evidence, self.now())
    }

    fn question(&self, hash: OcspHash) -> Question {
        let verifier = self.verifier(true, hash);
        let card = self.certificate("card");
        verifier.question(&[card], self.now()).unwrap()
    }

    /// Has OpenSSL answer a question, signed by a certificate of this folder.
    fn answers(&self, question: &Question, signer: &str) -> Vec<u8> {
        self.write("request.der", &question.request);
        self.run(&format!(
            "ocsp -index index.txt -CA ca.pem -rsigner {signer}.pem -rkey {signer}.key \
             -reqin request.der -respout response.der -ndays 1"
        ));
        self.read("response.der")
    }
}

fn without_revocation(authority: &str, card: &str, options: &str) -> Result<Card, Refused> {
    Desk::new(authority, card, options).takes(&Evidence::default(), true)
}

#[test]
fn a_card_with_a_key_of_rsa_is_taken() {
    let card = without_revocation(RSA, RSA, "-sha256").unwrap();
    assert_eq!(card.mapped, Mapped::Username("amara.osei".to_owned()));
    assert_eq!(card.serial, "1000");
    let pss = "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32";
    assert!(without_revocation(RSA, RSA, pss).is_ok());
}

#[test]
fn a_card_signed_over_sha_1_is_refused() {
    let refused = without_revocation(RSA, RSA, "-sha1");
    assert_eq!(refused, Err(Refused::Algorithm));
    let refused = without_revocation(CURVE, CURVE, "-sha1");
    assert_eq!(refused, Err(Refused::Algorithm));
}

#[test]
fn keys_that_are_short_or_odd_are_refused() {
    for key in [
        "-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2047",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
        "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
        "-algorithm ED448",
    ] {
        let refused = without_revocation(CURVE, key, "");
        assert_eq!(refused, Err(Refused::WeakKey { certificate: 1 }), "{key}");
    }
}

#[test]
fn an_authority_with_a_short_key_is_none() {
    let desk = Desk::new(RSA, RSA, "");
    let anchor = desk.certificate("ca");
    desk.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out low.key");
    desk.run("req -new -key low.key -subj /CN=Low -out low.csr");
    desk.run(
        "x509 -req -in low.csr -CA ca.pem -CAkey ca.key -set_serial 2 -days 20 \
         -extfile openssl.cnf -extensions ca -out low.pem",
    );
    desk.run(
        "x509 -req -in card.csr -CA low.pem -CAkey low.key -set_serial 3 -days 20 \
         -extfile openssl.cnf -extensions card -out card.pem",
    );
    let config = hospital().config;
    let verifier = Verifier::new(&config, from_ref(&anchor), &[]).unwrap();
    let chain = [desk.certificate("card"), desk.certificate("low")];
    let refused = verifier.card(&chain, &Evidence::default(), desk.now());
    assert_eq!(refused, Err(Refused::WeakKey { certificate: 2 }));
    assert!(Verifier::new(&config, from_ref(&chain[1]), &[]).is_err());
}

#[test]
fn a_responder_of_openssl_is_asked_and_understood() {
    let desk = Desk::new(RSA, RSA, "");
    for hash in [OcspHash::Sha1, OcspHash::Sha256] {
        let question = desk.question(hash);
        assert_eq!(question.responders, ["http://ocsp.example/"]);
        for (state, outcome) in [("V", None), ("R", Some(Refused::Revoked))] {
            desk.is(state);
            let response = desk.answers(&question, "ca");
            let evidence = Evidence {
                crls: &[],
                ocsp: Some(&response),
            };
            assert_eq!(desk.takes(&evidence, false).err(), outcome);
        }
    }
    desk.is("V");
    desk.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out ocsp.key");
    desk.run("req -new -key ocsp.key -subj /CN=Responder -out ocsp.csr");
    desk.run(
        "x509 -req -in ocsp.csr -CA ca.pem -CAkey ca.key -set_serial 2 -days 20 \
         -extfile openssl.cnf -extensions ocsp -out ocsp.pem",
    );
    let response = desk.answers(&desk.question(OcspHash::Sha1), "ocsp");
    let evidence = Evidence {
        crls: &[],
        ocsp: Some(&response),
    };
    assert_eq!(desk.takes(&evidence, false).err(), None);
}

#[test]
fn a_list_of_openssl_is_understood() {
    let desk = Desk::new(CURVE, CURVE, "");
    for (state, outcome) in [("V", None), ("R", Some(Refused::Revoked))] {
        desk.is(state);
        desk.run("ca -gencrl -config openssl.cnf -name desk -out crl.pem");
        desk.run("crl -in crl.pem -outform DER -out crl.der");
        let list = Crl::read(&desk.read("crl.der")).unwrap();
        let evidence = Evidence {
            crls: &[&list],
            ocsp: None,
        };
        assert_eq!(desk.takes(&evidence, false).err(), outcome);
    }
}

#[test]
fn a_fasc_n_and_a_uuid_of_openssl_are_understood() {
    let desk = Desk::new(CURVE, CURVE, "");
    let mut config = hospital().config;
    for (rule, kind, value) in [
        (
            Rule::FascN {},
            Kind::FascN,
            "d4e739da739ced39ce739d836858210842108421c842108421",
        ),
        (
            Rule::CardUuid {},
            Kind::CardUuid,
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        ),
    ] {
        config.mapping = vec![rule];
        let verifier = Verifier::new(&config, from_ref(&desk.certificate("ca")), &[]).unwrap();
        let chain = [desk.certificate("card")];
        let card = verifier.card(&chain, &Evidence::default(), desk.now());
        let value = value.to_owned();
        assert_eq!(card.unwrap().mapped, Mapped::Identifier { kind, value });
    }
}

const CONFIG: &str = "
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
certificatePolicies = 2.5.29.32.0
[desk]
database = index.txt
crlnumber = crlnumber
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_crl_days = 7
[card]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth,1.3.6.1.4.1.311.20.2.2
certificatePolicies = 2.16.840.1.101.3.2.1.3.13
authorityInfoAccess = OCSP;URI:http://ocsp.example/
subjectAltName = @card_names
[card_names]
otherName.1 = 1.3.6.1.4.1.311.20.2.3;UTF8:amara.osei@hospital.example
otherName.2 = 2.16.840.1.101.3.6.6;FORMAT:HEX,OCT:D4E739DA739CED39CE739D836858210842108421C842108421
URI.1 = urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6
[ocsp]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
";
