//! [`Question`]: everything that a decision may depend on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wardline_model::wire::enroll::DeviceState;
use wardline_model::{DeviceId, FacilityId, GroupId, SessionId, UserId};

use crate::action::Action;
use crate::named::named;
use crate::resource::Resource;

/// One question to the policies.
///
/// The facts are the caller's to establish: a [`Person`] stands here only when a session or a
/// verified passkey says so, and `member`, `care_team` and the like are read in the transaction
/// that carries out the effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Who asks; absent for requests without a known person, which become `Wardline::Anonymous`.
    ///
    /// On `session.challenge` and `session.create` it is the owner of the device that signs in,
    /// so that someone inactive is refused there already.
    pub principal: Option<Person>,
    /// With what; absent when no enrolled device is proven.
    pub device: Option<DeviceFacts>,
    /// How proven; absent without a session token.
    pub session: Option<SessionFacts>,
    /// To do what.
    pub action: Action,
    /// On what. Its kind must be [`Action::resource_kind`]; any other is refused.
    pub resource: Resource,
    /// From where and when, and how unusual.
    pub context: Circumstances,
}

impl Question {
    /// SHA-256, in hex, of the question's canonical JSON (RFC 8785, but with integers beyond 2^53
    /// as they are), for the audit log: two records with the same digest and policy hash were the
    /// same case.
    ///
    /// The digest is not a secret-keeper: ids can be guessed, so store it where ids may stand.
    pub fn digest(&self) -> String {
        // Invariant: the question holds strings, booleans, integers and maps with string keys
        // only, all of which have a JSON form. Its names are ASCII, so that their order as bytes is
        // the order that RFC 8785 asks for; a general canonicalizer takes four times as long.
        #[expect(clippy::expect_used, reason = "every field has a JSON form")]
        let mut sorted = serde_json::to_value(self).expect("a question is JSON");
        sorted.sort_all_objects();
        let canonical = sorted.to_string();
        hex::encode(Sha256::digest(canonical.as_bytes()))
    }
}

/// A person, as the directory and the roster have them now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The person.
    pub id: UserId,
    /// Role slugs such as `nurse` or `security_officer`. The schema lists those that policies can
    /// name; any other counts for nothing.
    pub roles: BTreeSet<String>,
    /// Department slugs.
    pub departments: BTreeSet<String>,
    /// The site where they work, if they have one.
    pub facility: Option<FacilityId>,
    /// Employed and not on leave.
    pub active: bool,
    /// Policies acknowledged, training complete.
    pub onboarded: bool,
    /// What a bot in use may do; absent for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<BotFacts>,
}

impl Person {
    /// Whether it is a program's account.
    pub fn is_bot(&self) -> bool {
        self.bot.is_some() || self.roles.contains(BOT)
    }
}

/// The role of programs' accounts.
pub const BOT: &str = "bot";

/// The role of the record keeper's account.
pub const RECORD_KEEPER: &str = "record_keeper";

/// Where a bot may write and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BotFacts {
    /// Whether it reads what others write where it is a member.
    pub reads: bool,
    /// Whether it may send what is urgent.
    pub urgent: bool,
    /// Whether it may page.
    pub stat: bool,
    /// Whether it writes wherever people let it in.
    pub anywhere: bool,
    /// Else: the conversations in which it writes.
    pub groups: BTreeSet<GroupId>,
    /// And the on-call roles that it writes to.
    pub roles: BTreeSet<String>,
    /// Whether it says who is on care teams.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub care_teams: bool,
    /// Whether it tells roles of critical results and alarms.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub results: bool,
}

/// The device whose key made the request's proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceFacts {
    /// The device.
    pub id: DeviceId,
    /// Whose it is.
    pub owner: UserId,
    /// The program it was enrolled in.
    pub program: Program,
    /// Where it stands.
    pub state: DeviceState,
    /// Whether a valid endorsement admits it.
    pub endorsed: bool,
    /// The kind of its passkey.
    pub passkey: PasskeyKind,
}

named! {
    /// The terms under which a device is in use.
    pub enum Program ("device program") {
        /// The person's own device.
        Byod = "byod",
        /// The hospital's device.
        Issued = "issued",
        /// The hospital's device for whoever is on shift.
        Shared = "shared",
        /// A desktop or laptop of the hospital.
        Workstation = "workstation",
        /// The demo hospital, where software passkeys count.
        Demo = "demo",
    }
}

named! {
    /// Where a passkey's private key lives.
    pub enum PasskeyKind ("kind of passkey") {
        /// In the device's own hardware, or on a security key.
        Platform = "platform",
        /// Copied between a person's devices by their vendor (NIST SP 800-63B-4, Appendix B).
        Synced = "synced",
        /// In software; the native client's.
        Software = "software",
    }
}

/// The session whose token came with the request. All ages are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionFacts {
    /// The session.
    pub id: SessionId,
    /// Authentication assurance level, 1 to 3 (NIST SP 800-63B-4 §2).
    pub aal: u8,
    /// Since the last user verification (fingerprint, face, PIN).
    pub proof_age_ms: u64,
    /// Since the request before this one.
    pub idle_ms: u64,
    /// Since sign-in.
    pub age_ms: u64,
    /// Where the request came from.
    pub network: Network,
    /// Since a one-time code was right; absent when none was typed in this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_age_ms: Option<u64>,
    /// Since a smart card of the person's was presented; absent when none was in this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_age_ms: Option<u64>,
    /// What the place of the session is to the person.
    #[serde(default)]
    pub place: Place,
    /// Generators of one-time codes that the person has.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub codes: u32,
    /// Since the person was last verified for a function of its own: sign-in, and proofs given for
    /// other functions, do not count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scopes: BTreeMap<Scope, u64>,
}

named! {
    /// Functions and data that ask for a proof of their own, which is remembered for them alone.
    pub enum Scope ("scope") {
        /// Notes with a sensitivity label (HL7 Healthcare Privacy and Security, DS4P).
        SensitiveNotes = "sensitive_notes",
        /// What is known of another person's device.
        DeviceFacts = "device_facts",
        /// Drafting and approving policies.
        Policies = "policies",
        /// Giving somebody who lost every device a new one.
        Recovery = "recovery",
        /// Opening the chart of a patient who is not one's own.
        BreakTheGlass = "break_the_glass",
        /// Forwarding what is said of a patient to others than the care team.
        Forwarding = "forwarding",
        /// Taking data of people or devices away in a file.
        Exporting = "exporting",
        /// Ordering holds and exports, and agreeing to them.
        Records = "records",
        /// Taking other people's devices, or many at once, out of use.
        Wiping = "wiping",
    }
}

/// Left out where it says nothing, so that questions recorded before there were codes keep their
/// digest.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references"
)]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

named! {
    /// What a place is to a person.
    pub enum Place ("place") {
        /// A network of the hospital.
        House = "house",
        /// An address that the person was seen at.
        Known = "known",
        /// A network or block of addresses that the person was seen in.
        Near = "near",
        /// None of these.
        New = "new",
    }
}

impl Default for Place {
    /// Questions recorded before places were known.
    fn default() -> Self {
        Self::Known
    }
}

named! {
    /// The network that a request came from.
    pub enum Network ("network") {
        /// The same machine.
        Loopback = "loopback",
        /// A network of the hospital.
        Premises = "premises",
        /// Anywhere else.
        Remote = "remote",
    }
}

/// The circumstances of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circumstances {
    /// When, unix milliseconds.
    pub now_ms: u64,
    /// On a network or at a place of the hospital.
    pub on_premises: bool,
    /// On the roster now.
    pub on_shift: bool,
    /// Holds an on-call role now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_call: bool,
    /// How unusual, 0 to 100.
    pub risk: u8,
    /// The limits in force. They stand in the question so that a record explains itself.
    pub limits: Limits,
}

impl Circumstances {
    /// Circumstances of which nothing is known but the time: off the premises, off duty, without
    /// risk, default limits.
    pub fn at(now_ms: u64) -> Self {
        Self {
            now_ms,
            on_premises: false,
            on_shift: false,
            on_call: false,
            risk: 0,
            limits: Limits::default(),
        }
    }
}

/// Limits that policies compare with. All times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// A session ends after this long without activity. NIST SP 800-63B-4 §2.2.3 asks for one
    /// hour at most at AAL2.
    pub idle_ms: u64,
    /// A session ends this long after sign-in. The same section asks for 24 hours at most.
    pub absolute_ms: u64,
    /// How old a user verification may be and still count as fresh.
    pub fresh_ms: u64,
    /// From this risk on, sensitive actions need a fresh user verification.
    pub risk_step_up: u8,
    /// From this risk on, sensitive actions need a one-time code besides.
    #[serde(default = "never")]
    pub risk_second: u8,
    /// From this risk on, sensitive actions are refused.
    pub risk_deny: u8,
}

/// A risk that is never reached: in questions recorded before there were codes.
const fn never() -> u8 {
    u8::MAX
}

impl Default for Limits {
    /// One hour idle, 24 hours in all (NIST SP 800-63B-4 §2.2.3), five minutes fresh, step-up
    /// from 60, a one-time code from 75 and refusal from 90.
    fn default() -> Self {
        const MINUTE: u64 = 60 * 1000;
        Self {
            idle_ms: 60 * MINUTE,
            absolute_ms: 24 * 60 * MINUTE,
            fresh_ms: 5 * MINUTE,
            risk_step_up: 60,
            risk_second: 75,
            risk_deny: 90,
        }
    }
}
