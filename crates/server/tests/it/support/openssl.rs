//! OpenSSL's command line: what others make of the hospital's certificates, without a line of ours.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use wardline_credential::x509;
use wardline_posture::made;

/// A verifier that trusts one authority and holds its latest list of revoked certificates.
pub(crate) struct Verifier {
    files: TempDir,
}

impl Verifier {
    /// Trusts an authority by its certificate (DER).
    pub(crate) fn trusting(authority: &[u8]) -> Self {
        let files = tempfile::tempdir().unwrap();
        let verifier = Self { files };
        verifier.write("ca.pem", made::pem(&[authority.to_vec()]).unwrap());
        verifier
    }

    /// Takes a list (DER) in place of the one before, if the authority signed it.
    pub(crate) fn takes(&self, list: &[u8]) -> bool {
        self.write("list.crl", list);
        let (_, told) = self.run(&[
            "crl", "-inform", "DER", "-in", "list.crl", "-CAfile", "ca.pem", "-out", "list.pem",
        ]);
        told.contains("verify OK")
    }

    /// What is wrong with a certificate (DER) at a time (unix milliseconds), by the list too.
    pub(crate) fn objection(&self, certificate: &[u8], at_ms: u64) -> Option<String> {
        self.write("device.pem", made::pem(&[certificate.to_vec()]).unwrap());
        let at = (at_ms / 1000).to_string();
        let (good, told) = self.run(&[
            "verify",
            "-x509_strict",
            "-attime",
            &at,
            "-CAfile",
            "ca.pem",
            "-CRLfile",
            "list.pem",
            "-crl_check",
            "device.pem",
        ]);
        (!good).then_some(told)
    }

    /// Why a certificate (DER) stands on the list, in OpenSSL's words; `None` when it does not.
    pub(crate) fn reason(&self, certificate: &[u8]) -> Option<String> {
        let serial = hex::encode_upper(x509::summary(certificate).unwrap().serial);
        let (_, list) = self.run(&["crl", "-in", "list.pem", "-noout", "-text"]);
        let mut entries = list.split("Serial Number: ").skip(1);
        let entry = entries.find(|entry| entry.starts_with(&serial))?;
        let reason = entry.split_once("Reason Code:").unwrap().1;
        Some(reason.trim_start().lines().next().unwrap().to_owned())
    }

    /// The addresses (URIs) that stand in a certificate (DER).
    pub(crate) fn addresses(&self, certificate: &[u8]) -> Vec<String> {
        self.write("device.pem", made::pem(&[certificate.to_vec()]).unwrap());
        let (_, text) = self.run(&["x509", "-in", "device.pem", "-noout", "-text"]);
        let addresses = text.split("URI:").skip(1);
        let end = |c: char| c == ',' || c.is_whitespace();
        addresses
            .map(|rest| rest.split(end).next().unwrap().to_owned())
            .collect()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.files.path().join(name), content).unwrap();
    }

    /// Whether it ended well, and all that it said.
    fn run(&self, args: &[&str]) -> (bool, String) {
        let output = Command::new("openssl")
            .args(args)
            .current_dir(self.files.path())
            .stdin(Stdio::null())
            .output()
            .expect("openssl is installed");
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }
}
