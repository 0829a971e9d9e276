//! On-call schedules and swaps.

use super::enroll::PersonBrief;
use super::wire;
use crate::turns::SignedTurns;
use crate::{RoleSlug, SwapId, UserId};

wire! {
    /// `GET /v1/schedules?from=&until=`.
    pub struct Schedules {
        /// Every on-call role, by title.
        pub roles: Vec<ScheduledRole>,
        /// The shifts of who asks that meet the time, by their beginning.
        pub shifts: Vec<OwnShift>,
        /// The swaps that who asks has to do with, the newest first: those that wait, and those of the
        /// last week.
        pub swaps: Vec<SwapInfo>,
    }
}
wire! {
    /// An on-call role with its turns.
    pub struct ScheduledRole {
        /// Its slug.
        pub slug: RoleSlug,
        /// As shown: `Cardiology on call`.
        pub title: String,
        /// Its department.
        pub department: String,
        /// Until when a device signed who has the role, unix milliseconds; absent where none did.
        /// The record keeper follows signed turns only.
        #[serde(default)]
        pub signed_until: Option<u64>,
        /// Whether the turns were changed since they were signed.
        #[serde(default)]
        pub unsigned_changes: bool,
        /// The turns that meet the time, by their beginning. Of those that overlap the one that began
        /// last counts.
        pub turns: Vec<ScheduledTurn>,
    }
}
wire! {
    /// Somebody's turn.
    pub struct ScheduledTurn {
        /// Its beginning, unix milliseconds.
        pub from: u64,
        /// Its end, unix milliseconds.
        pub until: u64,
        /// Who has it.
        pub user: PersonBrief,
    }
}
wire! {
    /// A time at which one is at work.
    pub struct OwnShift {
        /// Its beginning, unix milliseconds.
        pub from: u64,
        /// Its end, unix milliseconds.
        pub until: u64,
    }
}
wire! {
    /// `PUT /v1/schedules/{id}/turns`: who has a role for a time, whoever had it before.
    pub struct TurnEdit {
        /// From when, unix milliseconds. Not earlier than now: what was, was.
        pub from: u64,
        /// Until when, unix milliseconds.
        pub until: u64,
        /// Who; `null` takes the turns of that time away.
        pub user_id: Option<UserId>,
    }
}
wire! {
    /// What a schedule file is.
    pub enum ScheduleFormat {
        /// CSV (RFC 4180).
        Csv,
        /// iCalendar (RFC 5545).
        Icalendar,
    }
}
wire! {
    /// `POST /v1/schedules/import`.
    pub struct ScheduleImport {
        /// What the text is.
        pub format: ScheduleFormat,
        /// The file.
        pub text: String,
        /// The beginning of the time that is replaced, unix milliseconds. Absent: of CSV the earliest
        /// beginning in it, of iCalendar now.
        #[serde(default)]
        pub from: Option<u64>,
        /// The end of that time, unix milliseconds. Absent: of CSV the latest end in it, of iCalendar
        /// 90 days after the beginning.
        #[serde(default)]
        pub until: Option<u64>,
        /// Whether only to say what would change.
        pub dry_run: bool,
    }
}
wire! {
    /// What an import changed, or would change.
    pub struct ScheduleImported {
        /// Whether it was applied.
        pub applied: bool,
        /// Whether a finding keeps it from being applied.
        pub stopped: bool,
        /// The beginning of the time that is replaced, unix milliseconds.
        pub from: u64,
        /// The end of that time, unix milliseconds.
        pub until: u64,
        /// What people should see before it is applied; at most 200.
        pub findings: Vec<ScheduleFinding>,
        /// How many turns or shifts are added.
        pub added: u64,
        /// How many are removed.
        pub removed: u64,
        /// How many get another person or another end.
        pub changed: u64,
        /// The first 200 of them, by time.
        pub changes: Vec<ScheduleChange>,
        /// The roles that the file is about; none for shifts.
        #[serde(default)]
        pub roles: Vec<RoleSlug>,
    }
}
wire! {
    /// Something about a schedule that people should see.
    pub struct ScheduleFinding {
        /// Of which kind: `unknown_person`, `unknown_role`, `role_twice`, `begins_twice`, `overlap`,
        /// `two_roles`, `new_role`, `role_changes`, `gap` or `undoes_swap`.
        pub kind: String,
        /// The line of the file.
        pub line: Option<u64>,
        /// Whether it keeps the import from being applied.
        pub stops: bool,
        /// What it is, with its place.
        pub words: String,
    }
}
wire! {
    /// One turn or shift that an import changes.
    pub struct ScheduleChange {
        /// What becomes of it.
        pub kind: ScheduleChangeKind,
        /// The role; absent for a shift.
        pub role: Option<RoleSlug>,
        /// Its beginning, unix milliseconds.
        pub from: u64,
        /// Its end, unix milliseconds: the new one where it changes.
        pub until: u64,
        /// Who has it then, by name, or had it where it is removed.
        pub person: String,
        /// Who has had it, by name, where it changes.
        pub before: Option<String>,
    }
}
wire! {
    /// What becomes of a turn.
    pub enum ScheduleChangeKind {
        /// It is new.
        Added,
        /// It goes.
        Removed,
        /// It gets another person or another end.
        Changed,
    }
}
wire! {
    /// `POST /v1/swaps`: ask somebody to take over a turn of one's own.
    pub struct SwapRequest {
        /// The role.
        pub role: RoleSlug,
        /// The beginning of the turn, unix milliseconds.
        pub from: u64,
        /// Who is asked.
        pub asked_of: UserId,
        /// The asker's signature under it: that the turn is theirs who is asked. With it the record
        /// keeper follows the swap once it is agreed.
        #[serde(default)]
        pub order: Option<SignedTurns>,
    }
}
wire! {
    /// `PUT /v1/schedules/{id}/order`: who has a role for a time, signed.
    pub struct TurnsSigned {
        /// The statement, by the device that asks.
        pub signed: SignedTurns,
    }
}
wire! {
    /// `GET /v1/keeper/turns`, for the record keeper.
    pub struct TurnOrders {
        /// Statements about now and later, in the order in which they were signed. Each is to be
        /// verified.
        pub orders: Vec<SignedTurns>,
    }
}
wire! {
    /// A swap.
    pub struct SwapInfo {
        /// The swap.
        pub id: SwapId,
        /// The role.
        pub role: RoleSlug,
        /// The role as shown.
        pub title: String,
        /// The beginning of the turn, unix milliseconds.
        pub from: u64,
        /// The end of the turn as it was asked about, unix milliseconds.
        pub until: u64,
        /// Who asked.
        pub asked_by: PersonBrief,
        /// Who is asked.
        pub asked_of: PersonBrief,
        /// Where it stands.
        pub state: SwapState,
        /// When it was asked, unix milliseconds.
        pub asked_at: u64,
        /// When it was decided, unix milliseconds.
        pub decided_at: Option<u64>,
    }
}
wire! {
    /// Where a swap stands.
    pub enum SwapState {
        /// It waits for an answer.
        Asked,
        /// The one asked has the turn.
        Agreed,
        /// They said no.
        Declined,
        /// It was taken back, or somebody else took the turn.
        Withdrawn,
        /// The turn was over, or was changed, before there was an answer.
        Expired,
    }
}
