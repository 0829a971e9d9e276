//! What anyone may know of a hospital before signing in.

use super::wire;
use crate::B64;

wire! {
    /// `GET /v1/hospital`.
    pub struct Hospital {
        /// The provider's name.
        pub name: String,
        /// WebAuthn relying party id.
        pub rp_id: String,
        /// SHA-256 of the server's TLS CA certificate (DER).
        pub ca_sha256: B64,
        /// The audit log's origin (C2SP tlog-checkpoint).
        pub log_origin: String,
        /// The audit log's Ed25519 public key, 32 bytes.
        pub log_key: B64,
        /// SHA-256 of the genesis endorsement; absent before the first officer.
        pub genesis: Option<B64>,
        /// The delivery service's Ed25519 key, an MLS external sender for Remove only.
        pub delivery_key: B64,
        /// The device CA's certificate, DER.
        pub device_ca: B64,
        /// The server's clock, unix milliseconds.
        pub server_time: u64,
    }
}
