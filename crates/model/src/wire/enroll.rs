//! Invitations and enrolment.

use super::wire;
use crate::{B64, DeviceId, EnrollmentId, InviteId, UserId};

wire! {
    /// `POST /v1/invites`.
    pub struct InviteRequest {
        /// Who is invited.
        pub user_id: UserId,
        /// The device program: `byod`, `issued` or `demo`.
        pub program: String,
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
        /// When the enrolment ends, unix milliseconds.
        pub expires_at: u64,
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
    pub enum DeviceState {
        /// Waits for the confirmation string to be confirmed.
        Pending,
        /// In use.
        Active,
        /// Taken out of use for good.
        Revoked,
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
