//! MLS key packages (RFC 9420 §10).

use super::wire;
use crate::{B64, DeviceId, UserId};

wire! {
    /// `POST /v1/key-packages`.
    pub struct KeyPackageUpload {
        /// Single-use key packages, each an `MLSMessage`.
        pub packages: Vec<B64>,
        /// A last-resort key package (RFC 9420 §16.6). One that comes replaces everything that was
        /// handed in before.
        pub last_resort: Option<B64>,
    }
}
wire! {
    /// `GET /v1/key-packages/count`, and the answer to an upload.
    pub struct KeyPackageCount {
        /// Single-use packages left.
        pub available: u64,
        /// Whether a last-resort package is there.
        pub last_resort: bool,
    }
}
/// People whose devices are claimed, or looked up, at once, whoever asks aside: as many as a list holds.
pub const MAX_PEOPLE: usize = 500;

wire! {
    /// `POST /v1/key-packages/claim`.
    pub struct ClaimRequest {
        /// Whose devices; at most 500 beside one's own.
        pub user_ids: Vec<UserId>,
        /// Only these devices of theirs, where it is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub device_ids: Option<Vec<DeviceId>>,
        /// The MLS ciphersuite's number.
        pub ciphersuite: u16,
    }
}
wire! {
    /// One device's key package.
    pub struct ClaimedKeyPackage {
        /// The person.
        pub user_id: UserId,
        /// The device.
        pub device_id: DeviceId,
        /// The key package, an `MLSMessage`.
        pub key_package: B64,
    }
}
wire! {
    /// Answer to a claim.
    pub struct ClaimAnswer {
        /// One for each active device.
        pub packages: Vec<ClaimedKeyPackage>,
        /// People who have no device that could be added now.
        pub unreachable: Vec<UserId>,
    }
}
