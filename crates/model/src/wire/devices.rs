//! Devices, endorsements and their proofs.

use super::enroll::{Certificates, DeviceState, PersonBrief, Platform};
use super::wire;
use crate::endorsement::{Duty, SignedEndorsement};
use crate::{B64, DeviceId, UserId};

wire! {
    /// One device as its person and the officers see it.
    pub struct DeviceInfo {
        /// The device.
        pub id: DeviceId,
        /// Whose it is.
        pub user: PersonBrief,
        /// What the person calls it.
        pub name: String,
        /// What runs on it.
        pub platform: Platform,
        /// `byod`, `issued` or `demo`.
        pub program: String,
        /// Where it stands.
        pub state: DeviceState,
        /// What it may do beyond its person's own business; while it is pending, what its person's
        /// roles ask for.
        pub duty: Duty,
        /// The device that vouched for it; its own id for the hospital's first one.
        pub endorser: Option<DeviceId>,
        /// `platform`, `synced` or `software`.
        pub passkey: String,
        /// Enrolment, unix milliseconds.
        pub created_at: u64,
        /// Last request, unix milliseconds.
        pub last_seen_at: Option<u64>,
        /// Thumbprint of the P-256 key.
        pub jkt: B64,
        /// The Ed25519 MLS key.
        pub mls_key: B64,
        /// The statement that binds the two keys, for those who confirm; absent elsewhere.
        pub binding: Option<String>,
        /// Whether it is the device that asks.
        pub current: bool,
    }
}
wire! {
    /// `GET /v1/devices`.
    pub struct DeviceList {
        /// Newest first.
        pub devices: Vec<DeviceInfo>,
    }
}
wire! {
    /// `POST /v1/devices/{id}/endorsement`.
    pub struct EndorseRequest {
        /// The signed statement.
        pub signed: SignedEndorsement,
    }
}
wire! {
    /// `POST /v1/credentials`.
    pub struct CredentialsRequest {
        /// At most 200 devices.
        pub device_ids: Vec<DeviceId>,
    }
}
wire! {
    /// `POST /v1/credentials`: what a member needs in order to accept devices.
    pub struct CredentialsAnswer {
        /// One for each known device; unknown ones are left out.
        pub credentials: Vec<DeviceCredential>,
    }
}
wire! {
    /// A device's certificates and the chain of endorsements that admits it.
    pub struct DeviceCredential {
        /// The device.
        pub device_id: DeviceId,
        /// Whose it is.
        pub user: PersonBrief,
        /// Its certificates.
        pub certificates: Certificates,
        /// From the device's own endorsement to the genesis.
        pub chain: Vec<LoggedEndorsement>,
        /// Whether the device has been revoked since.
        pub revoked: bool,
    }
}
wire! {
    /// `POST /v1/keeper/devices`, for the record keeper.
    pub struct MemberDevicesRequest {
        /// At most 500 people.
        pub user_ids: Vec<UserId>,
    }
}
wire! {
    /// A device in use and its person, as the server has it; to be verified before it is added.
    pub struct MemberDevice {
        /// The person.
        pub user_id: UserId,
        /// The device.
        pub device_id: DeviceId,
    }
}
wire! {
    /// Answer to [`MemberDevicesRequest`].
    pub struct MemberDevices {
        /// Active devices of these people.
        pub devices: Vec<MemberDevice>,
    }
}
wire! {
    /// An endorsement and the proof that it stands in the log.
    pub struct LoggedEndorsement {
        /// The statement.
        pub signed: SignedEndorsement,
        /// The canonical payload of the event `device.endorsed` that carries it.
        pub event: B64,
        /// The event's salt, 32 bytes.
        pub salt: B64,
        /// Its index in the log.
        pub index: u64,
        /// RFC 6962 inclusion path, 32 bytes each.
        pub path: Vec<B64>,
        /// The signed checkpoint that the path leads to.
        pub checkpoint: String,
    }
}
