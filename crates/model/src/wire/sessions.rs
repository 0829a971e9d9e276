//! Sign-in and sessions.

use super::enroll::PersonBrief;
use super::wire;
use crate::{B64, ChallengeId, DeviceId, SessionId};

wire! {
    /// `POST /v1/sessions/challenge`.
    pub struct ChallengeRequest {
        /// The device that wants to sign in.
        pub device_id: DeviceId,
    }
}
wire! {
    /// `POST /v1/sessions/step-up/challenge`.
    pub struct StepUpRequest {
        /// What the proof will be given for: the `scopes` of the problem that asked for it.
        pub scopes: Vec<String>,
    }
}
wire! {
    /// A WebAuthn challenge.
    pub struct Challenge {
        /// To be named in the answer.
        pub challenge_id: ChallengeId,
        /// WebAuthn request options (`PublicKeyCredentialRequestOptionsJSON` under `publicKey`).
        #[cfg_attr(feature = "openapi", schema(value_type = Object))]
        pub request: serde_json::Value,
    }
}
wire! {
    /// `POST /v1/sessions`, and `POST /v1/sessions/step-up`.
    pub struct SignIn {
        /// Which challenge is answered.
        pub challenge_id: ChallengeId,
        /// WebAuthn `AuthenticationResponseJSON`.
        #[cfg_attr(feature = "openapi", schema(value_type = Object))]
        pub credential: serde_json::Value,
    }
}
wire! {
    /// A session begins.
    pub struct SignedIn {
        /// Opaque access token, bound to the device key (RFC 9449).
        pub token: String,
        /// The session.
        pub session_id: SessionId,
        /// Absolute end, unix milliseconds.
        pub expires_at: u64,
        /// Ends after this long without use, milliseconds.
        pub idle_ms: u64,
        /// Who signed in.
        pub user: PersonBrief,
        /// On which device.
        pub device_id: DeviceId,
        /// The server's share of the key of the local store, 32 bytes.
        pub share: B64,
        /// How long the share may be cached for dead spots, milliseconds; 0 forbids it.
        pub offline_window_ms: u64,
        /// Milliseconds without use after which the app locks; absent for no limit of the program.
        #[serde(default)]
        pub lock_ms: Option<u64>,
        /// The server's clock, unix milliseconds.
        pub server_time: u64,
    }
}
wire! {
    /// Answer to a step-up: the session's proof is fresh again.
    pub struct SteppedUp {
        /// When the verification counts from, unix milliseconds.
        pub verified_at: u64,
    }
}
wire! {
    /// One session of the person.
    pub struct SessionInfo {
        /// The session.
        pub session_id: SessionId,
        /// On which device.
        pub device_id: DeviceId,
        /// The device's name.
        pub device_name: String,
        /// Start, unix milliseconds.
        pub created_at: u64,
        /// Last use, unix milliseconds.
        pub last_used_at: u64,
        /// Absolute end, unix milliseconds.
        pub expires_at: u64,
        /// Authenticator assurance level now (NIST SP 800-63B-4 §2), 1 to 3.
        #[serde(default)]
        pub aal: u8,
        /// Authentication context class: `phr` or `phrh` (OpenID EAP ACR Values 1.0 §2).
        #[serde(default)]
        pub acr: String,
        /// Whether it is the session that asks.
        pub current: bool,
    }
}
wire! {
    /// `GET /v1/sessions`.
    pub struct SessionList {
        /// Live sessions, newest first.
        pub sessions: Vec<SessionInfo>,
    }
}
