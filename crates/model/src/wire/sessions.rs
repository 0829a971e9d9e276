//! Sign-in and sessions.

use std::fmt;

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

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
        /// At a sign-in, where the person agreed to that on this device: where it says that it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub position: Option<Position>,
    }
}

/// Where a device says that it is (WGS 84). Clients send it no finer than it is of use: a thousandth
/// of a degree, some 100 m.
///
/// It is weighed and forgotten: nothing stores it, and `Debug` does not show it, so it reaches no log
/// line and no error.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Position {
    /// Degrees, north above zero, -90 to 90.
    #[serde(deserialize_with = "latitude")]
    latitude: f64,
    /// Degrees, east above zero, -180 to 180.
    #[serde(deserialize_with = "longitude")]
    longitude: f64,
    /// How far off it may be, metres, 0 to 100000.
    #[serde(deserialize_with = "accuracy_m")]
    accuracy_m: f64,
}

impl Position {
    /// Degrees, north above zero.
    pub const fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees, east above zero.
    pub const fn longitude(self) -> f64 {
        self.longitude
    }

    /// How far off it may be, metres.
    pub const fn accuracy_m(self) -> f64 {
        self.accuracy_m
    }
}

/// It does not show.
impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Position").finish_non_exhaustive()
    }
}

fn latitude<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    between(d, -90.0, 90.0, "degrees from -90 to 90")
}

fn longitude<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    between(d, -180.0, 180.0, "degrees from -180 to 180")
}

fn accuracy_m<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    between(d, 0.0, 100_000.0, "metres from 0 to 100000")
}

/// A number between two others. The error does not have what was found.
fn between<'de, D: Deserializer<'de>>(
    d: D,
    least: f64,
    most: f64,
    expected: &'static str,
) -> Result<f64, D::Error> {
    let number = f64::deserialize(d)?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::invalid_value(
            Unexpected::Other("another number"),
            &expected,
        ))
    }
}

wire! {
    /// What becomes of the position that a device may claim when its person signs in.
    #[derive(Default)]
    pub enum PositionUse {
        /// The hospital has no use for it: nobody is to be asked.
        #[default]
        Unused,
        /// It counts for nothing as long as the person has not agreed on this device.
        Off,
        /// The person agreed on this device.
        On,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(latitude: f64, longitude: f64, accuracy_m: f64) -> Result<Position, String> {
        let position = json!({
            "latitude": latitude, "longitude": longitude, "accuracy_m": accuracy_m,
        });
        serde_json::from_value(position).map_err(|error| error.to_string())
    }

    #[test]
    fn a_position_does_not_print() {
        let position = read(48.857, 2.352, 150.0).unwrap();
        let sign_in = SignIn {
            challenge_id: ChallengeId::from_bytes([7; 16]),
            credential: json!({}),
            position: Some(position),
        };
        let printed = format!("{sign_in:?} {position:#?}");
        for secret in ["48", "857", "352", "150"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        assert!(printed.contains("Position"), "{printed}");
    }

    #[test]
    fn what_is_nowhere_on_earth_is_no_position_and_is_not_quoted() {
        for (latitude, longitude, accuracy_m) in [
            (90.0, 180.0, 0.0),
            (-90.0, -180.0, 100_000.0),
            (0.0, 0.0, 0.5),
        ] {
            let position = read(latitude, longitude, accuracy_m).unwrap();
            assert_eq!(serde_json::from_value(json!(position)).ok(), Some(position));
        }
        for (latitude, longitude, accuracy_m, expected) in [
            (90.417, 0.0, 1.0, "degrees from -90 to 90"),
            (-90.417, 0.0, 1.0, "degrees from -90 to 90"),
            (0.0, 180.417, 1.0, "degrees from -180 to 180"),
            (0.0, -180.417, 1.0, "degrees from -180 to 180"),
            (0.0, 0.0, -0.417, "metres from 0 to 100000"),
            (0.0, 0.0, 100_000.417, "metres from 0 to 100000"),
        ] {
            let error = read(latitude, longitude, accuracy_m).unwrap_err();
            assert!(error.ends_with(expected), "{error}");
            assert!(!error.contains("417"), "{error}");
        }
        // JSON has no numbers that are none; they are written as null.
        assert!(read(f64::NAN, 0.0, 1.0).is_err());
    }
}
