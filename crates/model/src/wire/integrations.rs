//! The hospital's pager system, and bots: programs that are members of conversations.

use super::enroll::{Invite, PersonBrief};
use super::messages::Priority;
use super::wire;
use crate::{GroupId, RoleSlug, UserId};

wire! {
    /// `GET /v1/integrations`.
    pub struct Integrations {
        /// The pager system.
        pub pager: PagerHealth,
        /// Bots, those in use first.
        pub bots: Vec<BotInfo>,
        /// Critical results and alarms.
        pub critical: CriticalHealth,
    }
}
wire! {
    /// How the telling of critical results and alarms does.
    pub struct CriticalHealth {
        /// Whether a role is told, by the configuration.
        pub configured: bool,
        /// Calls that wait for a bot.
        pub waiting: u64,
        /// Of those, the ones that wait for more than a minute: nobody was told.
        pub late: u64,
        /// Since when the oldest waits, unix milliseconds.
        pub oldest_at: Option<u64>,
        /// When one was posted last, unix milliseconds.
        pub last_posted_at: Option<u64>,
        /// Roles of late calls, which is where to ring by other means.
        pub roles: Vec<RoleSlug>,
    }
}
wire! {
    /// How the pager system does.
    pub struct PagerHealth {
        /// Whether there is one, by the configuration.
        pub configured: bool,
        /// People whose number is known. Numbers are never shown again.
        pub people: Vec<PersonBrief>,
        /// Calls that wait, or are tried again.
        pub waiting: u64,
        /// When it took a call last, unix milliseconds.
        pub last_taken_at: Option<u64>,
        /// When it last did not take one, unix milliseconds.
        pub last_failed_at: Option<u64>,
        /// Calls that were given up within a day.
        pub given_up: u64,
    }
}
wire! {
    /// `POST /v1/pager/numbers`.
    pub struct PagerNumbers {
        /// Lines of `sign-in name,number`; an empty number takes the person's away. A first line
        /// `user,number` is left out.
        pub text: String,
    }
}
wire! {
    /// What became of a list of numbers.
    pub struct PagerNumbersTaken {
        /// People who have a number now.
        pub set: u64,
        /// People who have none any more.
        pub removed: u64,
    }
}
wire! {
    /// How the call of a person for a STAT message stands.
    pub enum CallState {
        /// It is about to be made, or tried again.
        Waiting,
        /// The pager system took it. Whether it rang nobody knows.
        Taken,
        /// The pager system does not take it; nobody tries again.
        Failed,
        /// The message was answered before it was made.
        Needless,
    }
}
wire! {
    /// Where a bot may write and what.
    #[serde(deny_unknown_fields)]
    pub struct BotScope {
        /// Whether it reads what others write where it is a member.
        pub reads: bool,
        /// The most urgent that it may send.
        pub highest: Priority,
        /// Whether it writes in every conversation that people let it into.
        pub anywhere: bool,
        /// Else: the conversations in which it writes.
        pub groups: Vec<GroupId>,
        /// And the on-call roles that it writes to.
        pub roles: Vec<RoleSlug>,
        /// Whether it says who is on care teams.
        #[serde(default)]
        pub care_teams: bool,
        /// Whether it tells roles of critical results and alarms.
        #[serde(default)]
        pub results: bool,
    }
}
wire! {
    /// `POST /v1/bots`: an officer registers a bot.
    pub struct BotRegister {
        /// Its sign-in name.
        pub username: String,
        /// What people see.
        pub name: String,
        /// Who answers for it.
        pub owner: UserId,
        /// The program of its device.
        pub program: String,
        /// Where it may write and what.
        pub scope: BotScope,
        /// Messages that it may send in a minute.
        pub per_minute: u32,
    }
}
wire! {
    /// A bot that was registered, and the invitation for its device.
    pub struct BotRegistered {
        /// The bot.
        pub bot: BotInfo,
        /// For `wardline client enroll`. The device waits for an enrolling officer then.
        pub invite: Invite,
    }
}
wire! {
    /// `PUT /v1/bots/{id}`.
    pub struct BotChange {
        /// Where it may write and what.
        pub scope: BotScope,
        /// Messages that it may send in a minute.
        pub per_minute: u32,
    }
}
wire! {
    /// A bot as officers see it.
    pub struct BotInfo {
        /// The bot.
        pub user: PersonBrief,
        /// Who answers for it.
        pub owner: PersonBrief,
        /// Where it may write and what.
        pub scope: BotScope,
        /// Messages that it may send in a minute.
        pub per_minute: u32,
        /// Devices of it in use.
        pub devices: u64,
        /// When it was registered, unix milliseconds.
        pub created_at: u64,
        /// When it was disabled, unix milliseconds.
        pub disabled_at: Option<u64>,
    }
}
