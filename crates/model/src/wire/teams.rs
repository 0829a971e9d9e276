//! Code teams, broadcast lists and care teams: several people at once.

use super::directory::OnCallRole;
use super::enroll::PersonBrief;
use super::wire;
use crate::{RoleSlug, TeamId, UserId};

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
