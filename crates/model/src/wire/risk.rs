//! How unusual sign-ins were.

use super::enroll::PersonBrief;
use super::wire;
use crate::SessionId;

wire! {
    /// `GET /v1/risk`, for security officers.
    pub struct RiskOverview {
        /// From which risk on what is asked, the lowest first.
        pub thresholds: Vec<RiskThreshold>,
        /// Sign-ins of everyone at or above the lowest: those that are refused and wait, then the others,
        /// each the newest first.
        pub sign_ins: Vec<RiskySignIn>,
        /// How many sessions are at or above the highest, and nobody has said whose they are.
        pub waiting: u64,
        /// What each rule about risk did ask, by name.
        pub rules: Vec<RiskRule>,
        /// How many sessions there were in that time.
        pub sessions: u64,
    }
}
wire! {
    /// What a rule about risk asked in the last ninety days.
    pub struct RiskRule {
        /// Its name in the policies, such as `risk.off_duty_elsewhere`.
        pub name: String,
        /// Sessions that it asked for more, or refused.
        pub asked: u64,
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
        /// Whether that is enough for something to be asked, by the hospital's thresholds.
        pub unusual: bool,
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
    /// `GET /v1/risk/report`: whom the thresholds ask how often (NIST SP 800-63B-4 asks for a look at
    /// that).
    pub struct RiskReport {
        /// From when sign-ins are counted, unix milliseconds.
        pub from: u64,
        /// Until when.
        pub to: u64,
        /// By what they are grouped, then by name.
        pub groups: Vec<RiskGroup>,
        /// Groups of fewer sign-ins have no ratio, nor have those against fewer others.
        pub few: u64,
    }
}
wire! {
    /// Sign-ins of one group.
    pub struct RiskGroup {
        /// What it is a group by: `role`, `shift` or `facility`.
        pub by: String,
        /// Which one: a role or facility as shown; `day`, `night`, `on_call`, `off`; empty where unknown.
        pub name: String,
        /// All.
        pub sign_ins: u64,
        /// A rule about risk did ask for more.
        pub asked: u64,
        /// A rule about risk did refuse something.
        pub refused: u64,
        /// Confirmed by a second factor, or by the person.
        pub confirmed: u64,
        /// The person said that it was not them.
        pub disowned: u64,
        /// The share that was asked for more, 0 to 1.
        pub asked_share: f64,
        /// How many times as often as all others by the same grouping; absent where either are few.
        pub ratio: Option<f64>,
        /// Between which the ratio is, with a confidence of 95 %.
        pub ratio_95: Option<[f64; 2]>,
    }
}
wire! {
    /// `POST /v1/risk/{id}/answer`.
    pub struct RiskAnswer {
        /// Whether it was the person.
        pub was_me: bool,
    }
}
