//! Wake-ups by Web Push (RFC 8030), one subscription for a device.

use super::wire;
use crate::B64;

wire! {
    /// How it stands with a device's wake-ups.
    pub enum PushState {
        /// It is not rung.
        Off,
        /// It is to be rung, and has not been yet.
        Untested,
        /// A wake-up arrived lately.
        Rings,
        /// Wake-ups were sent, and none arrived lately.
        Unheard,
        /// The push service takes none now; it is tried again.
        Failing,
        /// The push service knows the subscription no more: subscribe anew.
        Gone,
    }
}
wire! {
    /// `GET /v1/push`: of the device that asks.
    pub struct PushInfo {
        /// The server's key to subscribe with (RFC 8292 §4): a P-256 point, uncompressed.
        pub public_key: B64,
        /// How it stands.
        pub state: PushState,
        /// When a wake-up was sent last, unix milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub last_sent_at: Option<u64>,
        /// When one arrived last, unix milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub last_receipt_at: Option<u64>,
    }
}
/// `PUT /v1/push`: a subscription as the browser gives it (W3C Push API, `PushSubscription`).
///
/// Whoever has it may ring the device, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PushSubscribe {
    /// The push service's URL for the device.
    pub endpoint: String,
    /// The device's P-256 key, uncompressed (RFC 8291 §2).
    pub p256dh: B64,
    /// Its authentication secret, 16 bytes (RFC 8291 §3.2).
    pub auth: B64,
}
/// `POST /v1/push/receipts`: a wake-up arrived. The id is all that a wake-up says, and counts once, so
/// it has no `Debug`.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PushReceipt {
    /// What the wake-up said, 32 bytes.
    pub id: B64,
}
