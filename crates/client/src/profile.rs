//! What a device knows of itself before its store is open: who, where, and the pins. No secret and
//! no patient data: it is kept as it is.

use serde::{Deserialize, Serialize};
use wardline_model::code::Pins;
use wardline_model::wire::attachments::AttachmentUse;
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::{B64, DeviceId, EnrollmentId};

/// The name under which the platform keeps the profile.
pub const PROFILE: &str = "profile";
/// The name under which the cached server share is kept, sealed under the second PRF output.
pub const CACHED_SHARE: &str = "cached-share";
/// The name under which the platform keeps the record keeper's data keys, sealed, apart from the
/// store: what was there before is to be overwritten.
pub const KEYRING: &str = "keyring";
/// The beginning of the names of the store's sealed values.
pub const SEALED_PREFIX: &str = "v/";

/// How far enrolment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The code was taken; the passkey is being made.
    Enrolling,
    /// Waits for someone to confirm the string.
    Pending,
    /// Enrolled.
    Ready,
    /// Out of use; what was kept is erased, and the hospital is to be told.
    Wiped,
}

/// The trust anchors, from the invitation's link or, typed, from the server and then confirmed by
/// the string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPins {
    /// The audit log's Ed25519 key, 32 bytes.
    pub log_key: B64,
    /// The genesis endorsement's hash; absent while there is none.
    pub genesis: Option<B64>,
}

impl StoredPins {
    /// The pins as the verifier takes them.
    pub fn pins(&self) -> Option<Pins> {
        let genesis = match &self.genesis {
            Some(hash) => hash.array()?,
            None => [0; 32],
        };
        Some(Pins {
            log_key: self.log_key.array()?,
            genesis,
        })
    }
}

/// A device's own record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// How far enrolment has come.
    pub stage: Stage,
    /// The hospital's name.
    pub hospital: String,
    /// The audit log's origin; the audience of the device's statements.
    pub log_origin: String,
    /// What is pinned.
    pub pins: StoredPins,
    /// The device CA's certificate.
    pub device_ca: B64,
    /// The delivery service's key.
    pub delivery_key: B64,
    /// The enrolment under way.
    pub enrollment_id: EnrollmentId,
    /// This device.
    pub device_id: DeviceId,
    /// Its person.
    pub user: PersonBrief,
    /// The passkey, base64url.
    pub credential_id: Option<String>,
    /// Whether the passkey gives PRF outputs; without, nothing is kept beyond memory.
    pub prf: bool,
    /// The confirmation string, while pending.
    pub confirmation: Option<String>,
    /// Milliseconds without use after which the app locks, as the device's program has it.
    #[serde(default)]
    pub lock_ms: Option<u64>,
    /// Whether it claims a position at sign-in: its person agreed, and the hospital has a use for it.
    #[serde(default)]
    pub position: bool,
    /// What it may do with attachments, as the hospital said last; also known in a dead spot.
    #[serde(default)]
    pub attachments: Option<AttachmentUse>,
    /// The number to call when a STAT message reaches nobody; known in a dead spot, where it is needed.
    #[serde(default)]
    pub call: Option<String>,
}
