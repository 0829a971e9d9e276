//! How unusual sign-ins were.

use super::enroll::PersonBrief;
use super::wire;
use crate::SessionId;

wire! {
    /// `GET /v1/risk`, for security officers.
    pub struct RiskOverview {
        /// From which risk on what is asked, the lowest first.
        pub thresholds: Vec<RiskThreshold>,
        /// Sign-ins of everyone at or above the lowest, the newest first.
        pub sign_ins: Vec<RiskySignIn>,
    }
}
wire! {
    /// From which risk on something is asked.
    pub struct RiskThreshold {
        /// What: `step_up`, `second` or `deny`.
        pub asks: String,
        /// From here on, 0 to 100.
        pub risk: u8,
        /// The share of legitimate sign-ins of the last months that had at least this risk, 0 to 1;
        /// absent as long as few were seen.
        pub share_asked: Option<f64>,
    }
}
wire! {
    /// `GET /v1/risk/own`: one's own sign-ins, the newest first.
    pub struct RiskySignIns {
        /// Fifty at most.
        pub sign_ins: Vec<RiskySignIn>,
    }
}
wire! {
    /// A sign-in, and how unusual it was.
    pub struct RiskySignIn {
        /// The session that began with it.
        pub session_id: SessionId,
        /// Whose; absent among one's own.
        pub user: Option<PersonBrief>,
        /// On which device.
        pub device_name: String,
        /// When, unix milliseconds.
        pub at: u64,
        /// 0 to 100.
        pub risk: u32,
        /// What was unusual, the weightiest first.
        pub reasons: Vec<RiskReason>,
        /// When a second factor confirmed it, unix milliseconds.
        pub confirmed_at: Option<u64>,
        /// What its person or an officer said: whether it was the person.
        pub was_me: Option<bool>,
        /// Whether it is the session that asks.
        pub current: bool,
    }
}
wire! {
    /// Something unusual.
    pub struct RiskReason {
        /// Its name, such as `new_network`.
        pub name: String,
        /// A sentence for the person.
        pub sentence: String,
        /// What an officer reads.
        pub detail: String,
    }
}
wire! {
    /// `POST /v1/risk/{id}/answer`.
    pub struct RiskAnswer {
        /// Whether it was the person.
        pub was_me: bool,
    }
}
