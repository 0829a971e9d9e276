//! Versions of the access policies: reading, checking, drafting, approving and trying them.

use super::enroll::PersonBrief;
use super::wire;

wire! {
    /// `GET /v1/policies`.
    pub struct PolicyVersions {
        /// The version in force.
        pub active: u64,
        /// The newest first; 0, the last, ships with the program.
        pub versions: Vec<PolicyVersionInfo>,
    }
}
wire! {
    /// A version of the policies.
    pub struct PolicyVersionInfo {
        /// Its number.
        pub version: u64,
        /// SHA-256 over its texts, as every decision's event names it.
        pub hash: String,
        /// Where it stands.
        pub state: PolicyState,
        /// Who drafted it; absent for the console and for what ships.
        pub author: Option<PersonBrief>,
        /// When, unix milliseconds; 0 for what ships.
        pub created_at: u64,
        /// What is changed, in its author's words.
        pub summary: String,
        /// From when on it holds, unix milliseconds; absent for at once, or as it ships.
        pub effective_at: Option<u64>,
        /// Who approved it.
        pub approved_by: Option<PersonBrief>,
        /// When, unix milliseconds.
        pub approved_at: Option<u64>,
        /// Who took it back; absent for the console.
        pub withdrawn_by: Option<PersonBrief>,
        /// When, unix milliseconds.
        pub withdrawn_at: Option<u64>,
    }
}
wire! {
    /// Where a version stands.
    pub enum PolicyState {
        /// Somebody else has to approve it.
        Draft,
        /// It waits for its date.
        Approved,
        /// It is in force.
        Active,
        /// It was, or another one came first.
        Replaced,
        /// It was taken back.
        Withdrawn,
    }
}
wire! {
    /// A file of policies, or the schema.
    pub struct PolicyText {
        /// Its name, such as `officers.cedar`.
        pub name: String,
        /// What is written in it.
        pub text: String,
    }
}
wire! {
    /// `GET /v1/policies/{version}`.
    pub struct PolicyDocument {
        /// The version.
        pub version: PolicyVersionInfo,
        /// The schema, which cannot be changed, then the policies in order.
        pub files: Vec<PolicyText>,
    }
}
wire! {
    /// `POST /v1/policies/check`.
    pub struct PolicyCheckRequest {
        /// The policies; the schema may be left out.
        pub files: Vec<PolicyText>,
        /// What they are compared with; absent for the version in force.
        #[serde(default)]
        pub against: Option<u64>,
    }
}
wire! {
    /// What a check found.
    pub struct PolicyCheck {
        /// SHA-256 over the texts.
        pub hash: String,
        /// What keeps them from being used; empty when nothing does.
        pub problems: Vec<PolicyProblem>,
        /// What is odd about them.
        pub warnings: Vec<PolicyProblem>,
        /// What is other than in the version that they are compared with.
        pub changes: Vec<PolicyChangeInfo>,
        /// Why they would lock the hospital out, if they would.
        pub locked_out: Option<String>,
    }
}
wire! {
    /// Something at a place of a text.
    pub struct PolicyProblem {
        /// The file.
        pub file: String,
        /// The line, from 1.
        pub line: u32,
        /// The column in characters, from 1.
        pub column: u32,
        /// What is wrong, and what would mend it where that is known.
        pub message: String,
    }
}
wire! {
    /// A policy that is other than before.
    pub struct PolicyChangeInfo {
        /// Its id, such as `officers.audit`; the file's name where more than one policy is meant.
        pub id: String,
        /// Its file.
        pub file: String,
        /// What of the file: `policy`, `order` of its policies, or `comments`.
        pub part: String,
        /// `added`, `removed` or `changed`.
        pub kind: String,
        /// Its text before.
        pub before: Option<String>,
        /// Its text now.
        pub after: Option<String>,
        /// Both, line by line.
        pub lines: Vec<PolicyLine>,
    }
}
wire! {
    /// A line of a comparison.
    pub struct PolicyLine {
        /// A space where it is the same, `-` where it is gone, `+` where it is new.
        pub sign: String,
        /// The line.
        pub text: String,
    }
}
wire! {
    /// `POST /v1/policies`.
    pub struct PolicyDraft {
        /// The policies; the schema may be left out.
        pub files: Vec<PolicyText>,
        /// What is changed, and why.
        pub summary: String,
        /// From when on they hold once approved, unix milliseconds; absent for at once.
        #[serde(default)]
        pub effective_at: Option<u64>,
    }
}
wire! {
    /// `POST /v1/policies/replay`.
    pub struct PolicyReplayRequest {
        /// The policies; the schema may be left out.
        pub files: Vec<PolicyText>,
        /// Decisions from this time on, unix milliseconds.
        pub since: u64,
    }
}
wire! {
    /// What other policies would have made of recorded decisions.
    pub struct PolicyReplay {
        /// When the earliest was made, unix milliseconds; absent when there was none.
        pub from: Option<u64>,
        /// When the latest was made.
        pub to: Option<u64>,
        /// How many there were.
        pub decisions: u64,
        /// Decisions in that time of which not all that they depended on was kept.
        pub without_inputs: u64,
        /// How many come out the same.
        pub same: u64,
        /// The others, the most frequent first.
        pub changes: Vec<PolicyReplayChange>,
    }
}
wire! {
    /// Decisions that come out otherwise, all in the same way.
    pub struct PolicyReplayChange {
        /// What was asked for.
        pub action: String,
        /// `allow`, `step_up` or `deny`, as recorded.
        pub was: String,
        /// The same by the other policies.
        pub now: String,
        /// How many decisions.
        pub count: u64,
        /// Of how many people.
        pub people: u64,
        /// The policies that give the new answer; empty where none allows it.
        pub policies: Vec<String>,
        /// What people would be told.
        pub advice: Vec<String>,
        /// Some of them.
        pub examples: Vec<PolicyReplayExample>,
    }
}
wire! {
    /// One decision that comes out otherwise.
    pub struct PolicyReplayExample {
        /// When it was made, unix milliseconds.
        pub at: u64,
        /// Who asked, if known.
        pub user: Option<PersonBrief>,
        /// What for.
        pub action: String,
        /// About what, by identifier.
        pub resource: String,
    }
}
wire! {
    /// `POST /v1/policies/who-can`.
    pub struct WhoCanRequest {
        /// The action, such as `audit.read`; absent for the list of actions alone.
        #[serde(default)]
        pub action: Option<String>,
        /// Policies that are not stored; the schema may be left out.
        #[serde(default)]
        pub files: Option<Vec<PolicyText>>,
        /// A stored version; without this and `files` the one in force.
        #[serde(default)]
        pub version: Option<u64>,
    }
}
wire! {
    /// Who can do something, with the best of their devices, a fresh session, on shift and on the
    /// premises.
    pub struct WhoCan {
        /// The action.
        pub action: Option<String>,
        /// The action in words.
        pub phrase: Option<String>,
        /// Everyone who works here.
        pub people: Vec<WhoCanPerson>,
        /// Everything that can be asked about.
        pub actions: Vec<PolicyAction>,
    }
}
wire! {
    /// One person's answer.
    pub struct WhoCanPerson {
        /// Who.
        pub user: PersonBrief,
        /// `allow`, `step_up` or `deny`.
        pub answer: String,
        /// What would be asked for.
        pub methods: Vec<String>,
        /// What the person would be told.
        pub why: Vec<String>,
        /// The policies that decide it.
        pub policies: Vec<String>,
    }
}
wire! {
    /// Something that can be asked for.
    pub struct PolicyAction {
        /// Its name, such as `audit.read`.
        pub name: String,
        /// In words, such as `read the audit trail`.
        pub phrase: String,
    }
}
