//! What a device manager loads for the devices of a program: pure functions from values to bytes.
//!
//! - [`apple`]: a configuration profile (`.mobileconfig`) for iPhones and iPads.
//! - [`android`]: web app and browser settings for an EMM, and the extras of its QR code.
//! - [`link`]: the address with an enrolment code, for a QR code that a person scans.
//!
//! Nothing here holds a secret of the hospital's. An enrolment link holds a code that is good once
//! and for a short time; it stands in the fragment, which browsers send to nobody.

mod android;
mod apple;

use aws_lc_rs::digest;
use thiserror::Error;
use url::{Host, Url};
use uuid::Uuid;
use wardline_model::code::EnrollCode;
use wardline_posture::attest::certificates;
use x509_cert_03::Certificate;
use x509_cert_03::der::Decode as _;
use x509_cert_03::ext::pkix::BasicConstraints;

pub use android::{android, qr};
pub use apple::apple;

/// The hospital as devices see it, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    hospital: String,
    url: Url,
    authorities: Vec<Vec<u8>>,
}

/// Why no provisioning can be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProvisionError {
    /// The address is not one that a phone can open.
    #[error(
        "the address has to be https with the hospital's name and nothing else, such as https://wardline.example.org"
    )]
    Url,
    /// The hospital's name is none.
    #[error("the hospital's name has to be 1 to 60 characters in one line")]
    Hospital,
    /// The file holds no authority.
    #[error("the file has to be PEM with one to four certificates of an authority")]
    Authority,
    /// The code is none.
    #[error("this is no enrolment code")]
    Code,
    /// The program's devices are not the hospital's to set up.
    #[error(
        "devices of this program are their owner's; the hospital sets up its app and nothing else"
    )]
    Personal,
    /// The program takes no device of this kind.
    #[error("the program takes no {0} devices")]
    Platform(&'static str),
    /// The profile cannot be written.
    #[error("the profile cannot be written: {0}")]
    Write(String),
}

impl Site {
    /// A hospital with its name and the address of its server, as people type it.
    ///
    /// # Errors
    /// [`ProvisionError::Url`] and [`ProvisionError::Hospital`].
    pub fn new(hospital: &str, url: &str) -> Result<Self, ProvisionError> {
        let hospital = hospital.trim();
        let length = hospital.chars().count();
        // The last two are no characters of XML 1.0 (§2.2).
        let unfit = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
        if !(1..=60).contains(&length) || hospital.chars().any(unfit) {
            return Err(ProvisionError::Hospital);
        }
        let url = Url::parse(url.trim()).map_err(|_| ProvisionError::Url)?;
        let plain = url.scheme() == "https"
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            // A passkey needs a name; an address of a network interface is no relying party.
            && matches!(url.host(), Some(Host::Domain(_)));
        if !plain {
            return Err(ProvisionError::Url);
        }
        Ok(Self {
            hospital: hospital.to_owned(),
            url,
            authorities: Vec::new(),
        })
    }

    /// With the authorities of the hospital's own that its server's certificate leads to, as PEM.
    ///
    /// # Errors
    /// [`ProvisionError::Authority`] when a certificate cannot be read, or is not an authority's.
    pub fn with_authorities(mut self, pem: &[u8]) -> Result<Self, ProvisionError> {
        let found = certificates(pem).map_err(|_| ProvisionError::Authority)?;
        if !(1..=4).contains(&found.len()) || !found.iter().all(|der| is_authority(der)) {
            return Err(ProvisionError::Authority);
        }
        self.authorities = found;
        Ok(self)
    }

    /// The hospital's name.
    pub fn hospital(&self) -> &str {
        &self.hospital
    }

    /// The address of the app, ending in `/`.
    pub fn address(&self) -> &str {
        self.url.as_str()
    }

    /// The app's origin (RFC 6454), without a slash at the end.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The host's labels from the last to the first, for identifiers: `org.example.wardline`.
    fn reversed(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let labels: Vec<&str> = host.rsplit('.').filter(|label| !label.is_empty()).collect();
        labels.join(".")
    }

    /// An identifier that is the same whenever it is asked for (UUID version 5, RFC 9562 §5.5), so
    /// that what is loaded again replaces what was there.
    fn id(&self, program: &str, part: &str) -> Uuid {
        let mut name = Uuid::NAMESPACE_URL.as_bytes().to_vec();
        name.extend(format!("{}{program}/{part}", self.address()).bytes());
        // A hash that names and proves nothing; version 5 is defined with this one.
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &name);
        let mut bytes = [0; 16];
        for (byte, hashed) in bytes.iter_mut().zip(hash.as_ref()) {
            *byte = *hashed;
        }
        uuid::Builder::from_sha1_bytes(bytes).into_uuid()
    }
}

/// The address with an enrolment code in its fragment, as the app's enrolment takes it. It pins
/// nothing; an invitation that the server makes also names the hospital's keys.
///
/// # Errors
/// [`ProvisionError::Code`].
pub fn link(site: &Site, code: &str) -> Result<String, ProvisionError> {
    let code = EnrollCode::parse(code).map_err(|_| ProvisionError::Code)?;
    Ok(format!("{}#/enroll?c={}", site.address(), code.written()))
}

/// Whether these are the bytes of an authority's certificate (RFC 5280 §4.2.1.9).
fn is_authority(der: &[u8]) -> bool {
    Certificate::from_der(der).is_ok_and(|certificate| {
        let constraints = certificate
            .tbs_certificate()
            .get_extension::<BasicConstraints>();
        matches!(constraints, Ok(Some((_, constraints))) if constraints.ca)
    })
}

#[cfg(test)]
mod tests;
