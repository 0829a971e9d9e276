//! Invitations and enrolment.

use super::wire;
use crate::{B64, DeviceId, EnrollmentId, InviteId, UserId};

wire! {
    /// `POST /v1/invites`.
    pub struct InviteRequest {
        /// Who is invited.
        pub user_id: UserId,
        /// The device program, such as `byod` or `issued`.
        pub program: String,
        /// The serial number of the registered device that is handed out, where the program asks
        /// for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub serial: Option<String>,
    }
}
wire! {
    /// Answer to an invitation; the only time the codes are seen.
    pub struct Invite {
        /// The invitation.
        pub invite_id: InviteId,
        /// The code of the link, 130 bits.
        pub code: String,
        /// The form to type, 50 bits.
        pub typed_code: String,
        /// The link of the QR code, all secrets and pins in its fragment.
        pub link: String,
        /// When it ends, unix milliseconds.
        pub expires_at: u64,
    }
}
wire! {
    /// `POST /v1/enroll/start`, proven by the new device's key.
    pub struct EnrollStart {
        /// The code as typed or from the link.
        pub code: String,
        /// What the person calls the device.
        pub device_name: String,
        /// `browser` or `native`.
        pub platform: Platform,
    }
}
wire! {
    /// What kind of client runs on a device.
    pub enum Platform {
        /// The web app.
        Browser,
        /// The native client.
        Native,
    }
}
wire! {
    /// A person as enrolment and sign-in show them.
    pub struct PersonBrief {
        /// The person.
        pub id: UserId,
        /// Sign-in name.
        pub username: String,
        /// Name as shown.
        pub name: String,
        /// Role as shown, for example `Charge nurse`.
        pub role: String,
        /// Department as shown.
        pub department: String,
    }
}
wire! {
    /// Answer to [`EnrollStart`].
    pub struct EnrollStarted {
        /// This enrolment.
        pub enrollment_id: EnrollmentId,
        /// The id that the device will have.
        pub device_id: DeviceId,
        /// Whose device it becomes.
        pub user: PersonBrief,
        /// The device program.
        pub program: String,
        /// WebAuthn creation options (`PublicKeyCredentialCreationOptionsJSON` under `publicKey`).
        #[cfg_attr(feature = "openapi", schema(value_type = Object))]
        pub creation: serde_json::Value,
        /// What an attestation of the device key has to carry as its challenge, 32 bytes.
        #[serde(default)]
        pub attestation_challenge: Option<B64>,
        /// The notice that the person has to accept before the enrolment is finished, where the
        /// program has one: what the hospital sees of the device, and what it never does.
        #[serde(default)]
        pub privacy_notice: Option<PrivacyNotice>,
        /// When the enrolment ends, unix milliseconds.
        pub expires_at: u64,
    }
}
wire! {
    /// What the hospital sees of a person's own device, for the person.
    pub struct PrivacyNotice {
        /// The facts that may be kept, in words.
        pub kept: Vec<String>,
        /// What is never collected, in words.
        pub never: Vec<String>,
        /// What a wipe takes, in words.
        pub wipe: String,
        /// The hash of all that; accepting names it.
        pub hash: B64,
    }
}
wire! {
    /// `POST /v1/enroll/finish`.
    pub struct EnrollFinish {
        /// Which enrolment.
        pub enrollment_id: EnrollmentId,
        /// Compact JWS (ES256, device key) over [`BindingClaims`]: the certificate request.
        pub binding: String,
        /// WebAuthn `RegistrationResponseJSON`.
        #[cfg_attr(feature = "openapi", schema(value_type = Object))]
        pub credential: serde_json::Value,
        /// What attests the device key: certificates (DER), the leaf first. The leaf's key is the
        /// device key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub attestation: Option<Vec<B64>>,
        /// The hash of the privacy notice that the person accepted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub accepted_notice: Option<B64>,
    }
}
/// The `typ` of the JWS over [`BindingClaims`] (RFC 8725 §3.11: explicit typing). Its header holds
/// `typ`, `alg` = `ES256` and the public key as `jwk`, like a DPoP proof's.
pub const BINDING_TYPE: &str = "wardline-binding+jwt";

wire! {
    /// What the device key signs: the binding of the two keys of a device.
    pub struct BindingClaims {
        /// The hospital's log origin.
        pub aud: String,
        /// The device.
        pub device_id: DeviceId,
        /// Its person.
        pub user_id: UserId,
        /// The Ed25519 MLS key, 32 bytes.
        pub mls_key: B64,
        /// When it was signed, unix seconds (JWT `iat`).
        pub iat: u64,
    }
}
wire! {
    /// Where a device stands.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum DeviceState {
        /// Waits for the confirmation string to be confirmed.
        Pending,
        /// In use.
        Active,
        /// In use, and its owner has something to mend before a deadline.
        Grace,
        /// Shut out until what is wrong with it is mended.
        Quarantined,
        /// Reported lost; out of use for good, and to be wiped when it is heard of.
        Lost,
        /// Out of use for good, and what Wardline kept on it is gone, as it said itself.
        Wiped,
        /// Out of use for good.
        Retired,
    }
}

impl DeviceState {
    /// Whether it may be used.
    pub const fn is_in_use(self) -> bool {
        matches!(self, Self::Active | Self::Grace)
    }

    /// Whether it is out of use for good.
    pub const fn is_out(self) -> bool {
        matches!(self, Self::Lost | Self::Wiped | Self::Retired)
    }

    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Grace => "grace",
            Self::Quarantined => "quarantined",
            Self::Lost => "lost",
            Self::Wiped => "wiped",
            Self::Retired => "retired",
        }
    }
}
wire! {
    /// Answer to [`EnrollFinish`].
    pub struct EnrollFinished {
        /// The device.
        pub device_id: DeviceId,
        /// `pending`, until confirmed.
        pub state: DeviceState,
        /// The server's share of the key of the device's local store, 32 bytes.
        pub share: B64,
    }
}
wire! {
    /// `GET /v1/enroll/{id}`: how far it has come.
    pub struct EnrollStatus {
        /// The device.
        pub device_id: DeviceId,
        /// Where it stands.
        pub state: DeviceState,
        /// Present once active.
        pub certificates: Option<Certificates>,
    }
}
wire! {
    /// A device's certificates, DER, leaf first, issued by the device CA.
    pub struct Certificates {
        /// For the P-256 device key.
        pub device: B64,
        /// For the Ed25519 MLS key; the MLS credential (RFC 9420 §5.3).
        pub mls: B64,
        /// The device CA.
        pub ca: B64,
    }
}
