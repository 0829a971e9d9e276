//! Code teams, broadcast lists and care teams: several people at once.

use super::directory::OnCallRole;
use super::enroll::PersonBrief;
use super::wire;
use crate::{PatientId, RoleSlug, TeamId, UserId};

wire! {
    /// What a team is for.
    pub enum TeamKind {
        /// A code team, such as STEMI or stroke: everybody is paged at once.
        Code,
        /// A broadcast list: one message to everybody, answers to whoever sent it.
        List,
    }
}
wire! {
    /// `GET /v1/teams`.
    pub struct TeamList {
        /// By title.
        pub teams: Vec<TeamInfo>,
    }
}
wire! {
    /// A code team or a broadcast list.
    pub struct TeamInfo {
        /// Which.
        pub id: TeamId,
        /// What it is for.
        pub kind: TeamKind,
        /// As shown.
        pub title: String,
        /// The people in it, by name.
        pub people: Vec<PersonBrief>,
        /// The roles in it, with who holds them now.
        pub roles: Vec<OnCallRole>,
        /// Whether who asks may write to it.
        pub may_call: bool,
    }
}
wire! {
    /// `POST /v1/teams` and `PUT /v1/teams/{id}`: who is in a team.
    pub struct TeamEdit {
        /// What it is for.
        pub kind: TeamKind,
        /// Its name: not empty, 80 characters at most, and no other team's.
        pub title: String,
        /// People: 500 at most.
        pub people: Vec<UserId>,
        /// Roles, resolved when somebody writes: 50 at most.
        pub roles: Vec<RoleSlug>,
    }
}
wire! {
    /// `POST /v1/teams/{id}/call`: who is in a team at this moment.
    pub struct TeamCall {
        /// The people, those who hold its roles now included, without who asks.
        pub people: Vec<PersonBrief>,
        /// The people among them who have no device in use, so that no message reaches them.
        pub unreachable: Vec<UserId>,
        /// The titles of roles that nobody holds now.
        pub unheld: Vec<String>,
    }
}
wire! {
    /// `GET /v1/patients/{id}/team`: a patient's care team.
    pub struct CareTeam {
        /// The people, by name.
        pub people: Vec<PersonBrief>,
        /// The people among them who have no device in use.
        pub unreachable: Vec<UserId>,
    }
}
wire! {
    /// `POST /v1/care-teams/import`: who is on patients' care teams.
    pub struct CareTeamImport {
        /// CSV (RFC 4180) with the columns `patient_id` and `username`, a line for each member. The team of
        /// each patient that is named becomes who stands there; one line with an empty `username` says that
        /// nobody is on it. Patients who are not named keep theirs.
        pub text: String,
        /// Whether only to say what would change.
        pub dry_run: bool,
    }
}
wire! {
    /// What an import of care teams changed, or would change.
    pub struct CareTeamsImported {
        /// Whether it was applied.
        pub applied: bool,
        /// Whether a finding keeps it from being applied.
        pub stopped: bool,
        /// What people should see before it is applied; at most 200, those that stop it first.
        pub findings: Vec<CareTeamFinding>,
        /// How many patients it names.
        pub patients: u64,
        /// Of how many of them the team changes.
        pub changed: u64,
        /// How many members come, over all teams.
        pub added: u64,
        /// How many leave.
        pub removed: u64,
        /// The first 200 of both, by patient. A bot is told the numbers only.
        pub changes: Vec<CareTeamMemberChange>,
    }
}
wire! {
    /// Something about an import of care teams that people should see.
    pub struct CareTeamFinding {
        /// Of which kind: `unknown_person`, `oneself` or `unknown_patient`.
        pub kind: String,
        /// The line of the file.
        pub line: u64,
        /// Whether it keeps the import from being applied.
        pub stops: bool,
        /// What it is, with its place and without anything of the file.
        pub words: String,
    }
}
wire! {
    /// Somebody who comes to a care team, or leaves it.
    pub struct CareTeamMemberChange {
        /// What becomes of them.
        pub kind: CareTeamMemberChangeKind,
        /// Whose team it is.
        pub patient: PatientId,
        /// The name of who comes or leaves.
        pub person: String,
    }
}
wire! {
    /// What becomes of a member.
    pub enum CareTeamMemberChangeKind {
        /// They come.
        Added,
        /// They leave.
        Removed,
    }
}
