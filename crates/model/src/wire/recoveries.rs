//! Recovery of people who lost every device, by two officers.

use super::enroll::{Invite, PersonBrief};
use super::wire;
use crate::{RecoveryId, UserId};

wire! {
    /// `POST /v1/recoveries`.
    pub struct RecoveryRequest {
        /// Who lost every device.
        pub user_id: UserId,
        /// The program of the device to come, such as `byod`.
        pub program: String,
        /// How the officer made sure that it is them, such as "in person, with staff card".
        pub reason: String,
    }
}
wire! {
    /// A recovery.
    pub struct RecoveryInfo {
        /// The recovery.
        pub id: RecoveryId,
        /// Who lost every device.
        pub user: PersonBrief,
        /// The program of the device to come.
        pub program: String,
        /// How the officer made sure that it is them.
        pub reason: String,
        /// The officer who asked.
        pub asked_by: PersonBrief,
        /// When, unix milliseconds.
        pub asked_at: u64,
        /// When it ends by itself, unix milliseconds.
        pub expires_at: u64,
        /// Where it stands.
        pub state: RecoveryState,
        /// The officer who agreed or took it back.
        pub decided_by: Option<PersonBrief>,
        /// When, unix milliseconds.
        pub decided_at: Option<u64>,
    }
}
wire! {
    /// Where a recovery stands.
    pub enum RecoveryState {
        /// A second officer has to agree.
        Waiting,
        /// One did.
        Approved,
        /// It was taken back.
        Withdrawn,
        /// Nobody agreed in time.
        Expired,
    }
}
wire! {
    /// `GET /v1/recoveries`.
    pub struct RecoveryList {
        /// The newest first.
        pub recoveries: Vec<RecoveryInfo>,
    }
}
wire! {
    /// Answer to an approval: the invitation, whose codes are seen this once.
    pub struct Recovered {
        /// The recovery.
        pub recovery: RecoveryInfo,
        /// For the person's new device.
        pub invite: Invite,
    }
}
