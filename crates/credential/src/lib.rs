//! Who a device is, and why to believe it.
//!
//! - [`x509`]: the device CA and the certificates it issues; the MLS X.509 credential
//!   (RFC 9420 §5.3).
//! - [`chain`]: endorsement chains from a device to the pinned genesis, each link with its proof
//!   of inclusion in the audit log.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! Members, the record keeper and the delivery service all verify with this one crate. It knows no
//! clock: times are unix milliseconds handed in.

pub mod chain;
pub mod fuzz;
pub mod x509;

pub use chain::{Admitted, NotAdmitted, Verifier, verify_turns};

pub use x509::{CertificateError, DeviceCa, DeviceCertificate, DeviceKey};
