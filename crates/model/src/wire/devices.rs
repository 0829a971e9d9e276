//! Devices, endorsements and their proofs.

use super::enroll::{Certificates, DeviceState, PersonBrief, Platform};
use super::posture::{Assessment, Fact, Standing, Told};
use super::wire;
use crate::endorsement::{Duty, SignedEndorsement};
use crate::{B64, ChallengeId, DeviceId, UserId};

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
        /// The slug of its program, such as `byod`.
        pub program: String,
        /// Where it stands.
        pub state: DeviceState,
        /// How it stands by its program's rules; absent until they were looked at.
        #[serde(default)]
        pub standing: Option<Standing>,
        /// When its grace ends, unix milliseconds.
        #[serde(default)]
        pub deadline: Option<u64>,
        /// What is wrong with it, in a sentence.
        #[serde(default)]
        pub problem: Option<String>,
        /// What its owner does about it, in a sentence.
        #[serde(default)]
        pub step: Option<String>,
        /// System and version, such as `Android 16`, as far as they are known.
        #[serde(default)]
        pub system: Option<String>,
        /// The model's name, where it is known.
        #[serde(default)]
        pub model: Option<String>,
        /// The maker's serial number, where the hospital registered it.
        #[serde(default)]
        pub serial: Option<String>,
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
        /// What to ask for as `after` in order to get those that follow; absent when none do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<DeviceId>,
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

/// The `typ` of the JWS over [`ReportClaims`] (RFC 8725 §3.11: explicit typing). Its header holds
/// `typ`, `alg` = `ES256` and the public key as `jwk`, like a DPoP proof's.
pub const REPORT_TYPE: &str = "wardline-report+jwt";

wire! {
    /// What a workstation's agent measured, signed with the device key.
    #[serde(deny_unknown_fields)]
    pub struct ReportClaims {
        /// The hospital's log origin.
        pub aud: String,
        /// The device.
        pub device_id: DeviceId,
        /// When it was measured, unix seconds (JWT `iat`).
        pub iat: u64,
        /// What was measured; at most 64.
        pub facts: Vec<Told>,
    }
}
wire! {
    /// `POST /v1/device/report`, proven by the device key; needs no session.
    #[serde(deny_unknown_fields)]
    pub struct ReportRequest {
        /// Compact JWS (ES256, device key) over [`ReportClaims`].
        pub report: String,
    }
}

wire! {
    /// `POST /v1/device/attestation/challenge`: what the hardware of an enrolled phone attests next.
    pub struct AttestationChallenge {
        /// The challenge, by which the answer names it.
        pub challenge_id: ChallengeId,
        /// What the attestation of the device key has to carry, 32 bytes.
        pub challenge: B64,
        /// When it ends, unix milliseconds; it can be answered once.
        pub expires_at: u64,
    }
}
wire! {
    /// `POST /v1/device/attestation`, proven by the device key; needs no session.
    #[serde(deny_unknown_fields)]
    pub struct AttestRequest {
        /// The challenge that it answers.
        pub challenge_id: ChallengeId,
        /// What attests the device key: certificates (DER), the leaf first.
        pub attestation: Vec<B64>,
    }
}

wire! {
    /// `GET /v1/devices/{id}`: everything that is known of a device.
    pub struct DeviceDetail {
        /// The device.
        pub device: DeviceInfo,
        /// What is known of it, and who says so.
        pub facts: Vec<Fact>,
        /// What its program's rules make of that.
        pub assessment: Assessment,
        /// Its certificate, once it has one.
        pub certificate: Option<CertificateInfo>,
        /// When its person accepted the privacy notice on it, unix milliseconds.
        pub notice_accepted_at: Option<u64>,
        /// Whether the notice is another one since.
        pub notice_changed: bool,
        /// What the hospital keeps of it, what it never collects, and what a wipe takes.
        pub notice: super::enroll::PrivacyNotice,
        /// Since when its person lets it claim a position at sign-in, unix milliseconds; absent where
        /// they do not.
        #[serde(default)]
        pub position_consent_at: Option<u64>,
        /// When it went out of use, unix milliseconds.
        pub ended_at: Option<u64>,
        /// Why it went out of use.
        pub ended_reason: Option<String>,
        /// When it said that what was kept on it is gone, unix milliseconds.
        pub wiped_at: Option<u64>,
        /// What its manager was asked for, the last of each kind, the newest first.
        pub asked: Vec<AskedOfManager>,
        /// Who looked at this, its owner left out, the last first.
        pub views: Vec<DeviceView>,
    }
}
wire! {
    /// A device's certificate in short.
    pub struct CertificateInfo {
        /// Its serial number, hex.
        pub serial: String,
        /// Its last moment, unix milliseconds.
        pub not_after: u64,
    }
}
wire! {
    /// Something that a device's manager was asked for.
    pub struct AskedOfManager {
        /// `sync`, `restart`, `lock`, `retire` or `wipe`.
        pub action: String,
        /// When that was ordered, unix milliseconds.
        pub at: u64,
        /// When the manager took it, unix milliseconds; absent while it has not.
        pub taken_at: Option<u64>,
        /// How it ended: `done`, `failed`, `not_supported`, `canceled`, `gone` where the manager knows
        /// the device no longer, `refused` where it never took it; absent while that is not known.
        pub outcome: Option<String>,
    }
}
wire! {
    /// Someone who looked at what is known of a device.
    pub struct DeviceView {
        /// Their name.
        pub name: String,
        /// Their role.
        pub role: String,
        /// The last time, unix milliseconds.
        pub last_at: u64,
        /// How often.
        pub times: u64,
    }
}
wire! {
    /// `POST /v1/devices/{id}/serial`.
    #[serde(deny_unknown_fields)]
    pub struct SerialRequest {
        /// The maker's serial number, 1 to 64 characters; absent to take it away.
        pub serial: Option<String>,
    }
}
wire! {
    /// `POST /v1/devices/bulk`.
    #[serde(deny_unknown_fields)]
    pub struct BulkRequest {
        /// What to do with each.
        pub action: BulkAction,
        /// At most 200 devices.
        pub device_ids: Vec<DeviceId>,
    }
}
wire! {
    /// `POST /v1/devices/export`.
    #[serde(deny_unknown_fields)]
    pub struct ExportRequest {
        /// Which devices, in the order of the file; 1 to 10,000.
        pub device_ids: Vec<DeviceId>,
    }
}
wire! {
    /// A file with devices and whose they are.
    pub struct ExportedFile {
        /// A name for it.
        pub file: String,
        /// A table (RFC 4180) with a first row of names; times in ISO 8601, UTC.
        pub text: String,
        /// How many devices are in it.
        pub rows: u64,
    }
}
wire! {
    /// What can be done with many devices at once.
    pub enum BulkAction {
        /// Report them lost.
        Lost,
        /// Take them out of use.
        Retire,
        /// Look at them anew.
        Assess,
        /// Ask their manager to let them check in now, so that they install what waits for them.
        RequestUpdate,
    }
}
wire! {
    /// Answer to [`BulkRequest`].
    pub struct BulkAnswer {
        /// What became of each, in the order of the request.
        pub outcomes: Vec<BulkOutcome>,
    }
}
wire! {
    /// What became of one device.
    pub struct BulkOutcome {
        /// The device.
        pub device_id: DeviceId,
        /// Whether it was done.
        pub done: bool,
        /// What stood in the way, in a sentence.
        pub problem: Option<String>,
    }
}
wire! {
    /// `GET /v1/trust`: which devices may be trusted now.
    pub struct TrustFeed {
        /// When this was so, unix milliseconds.
        pub at: u64,
        /// Devices in use; one that is not among them is not trusted.
        pub entries: Vec<TrustEntry>,
    }
}
wire! {
    /// One device that may be trusted.
    pub struct TrustEntry {
        /// The device.
        pub device_id: DeviceId,
        /// Whose it is.
        pub user_id: UserId,
        /// Thumbprint of its P-256 key (RFC 7638).
        pub jkt: B64,
        /// The slug of its program.
        pub program: String,
        /// How it stands.
        pub standing: Standing,
        /// Until when this holds without a further look, unix milliseconds.
        pub until: u64,
    }
}
