//! People, on-call roles, patients.

use super::attachments::AttachmentUse;
use super::enroll::PersonBrief;
use super::quiet::Quietly;
use super::sessions::PositionUse;
use super::wire;
use crate::{DeviceId, PatientId, RoleSlug, SessionId, UserId};

wire! {
    /// `GET /v1/me`.
    pub struct Me {
        /// The person.
        pub user: PersonBrief,
        /// Role slugs.
        pub roles: Vec<String>,
        /// The device that asks.
        pub device_id: DeviceId,
        /// The session that asks.
        pub session_id: SessionId,
        /// Whether the roster has the person at work now.
        pub on_shift: bool,
        /// The hospital's name.
        pub hospital: String,
        /// The session's authenticator assurance level now (NIST SP 800-63B-4 §2), 1 to 3.
        #[serde(default)]
        pub aal: u8,
        /// Its authentication context class (OpenID EAP ACR Values 1.0 §2): `phr`, phishing-resistant,
        /// or `phrh`, hardware-protected besides.
        #[serde(default)]
        pub acr: String,
        /// What the session lacks before it is trusted with what is sensitive; absent where nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub asks: Option<Asks>,
        /// What becomes of the position that this device may claim when it signs in.
        #[serde(default)]
        pub position: PositionUse,
        /// Until when the person is not to be disturbed, unix milliseconds; absent when they may be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub quiet_until: Option<u64>,
        /// What this device may do with attachments.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub attachments: Option<AttachmentUse>,
        /// The number to call when a STAT message reaches nobody, where the hospital has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub call: Option<String>,
    }
}
wire! {
    /// What a session lacks.
    pub struct Asks {
        /// The proofs to give, such as `user_verification` or `one_time_code`; empty where none would
        /// help.
        pub methods: Vec<String>,
        /// What the proofs have to be given for, where others do not count.
        pub scopes: Vec<String>,
        /// Sentences for the person: why, and what to do.
        pub advice: Vec<String>,
    }
}
wire! {
    /// One person in a search.
    pub struct PersonHit {
        /// The person.
        pub user: PersonBrief,
        /// The facility's name.
        pub facility: String,
        /// Whether the roster has the person at work now.
        pub on_shift: bool,
        /// Whether any active device could receive a message.
        pub reachable: bool,
        /// Whether it is the record keeper's process, which nobody writes to.
        pub keeps_records: bool,
        /// Whether it is a program's account.
        #[serde(default)]
        pub bot: bool,
    }
}
wire! {
    /// `GET /v1/people?q=`.
    pub struct PeopleList {
        /// Best first.
        pub people: Vec<PersonHit>,
    }
}
wire! {
    /// `PUT /v1/me/availability`.
    #[serde(deny_unknown_fields)]
    pub struct Availability {
        /// Until when the person is not to be disturbed, unix milliseconds, a day ahead at most; absent
        /// when they may be. Until then only STAT messages ring.
        #[serde(default)]
        pub quiet_until: Option<u64>,
    }
}
wire! {
    /// Whether a message would be noticed.
    pub enum PhoneReach {
        /// The app is open on a device of theirs.
        Open,
        /// A wake-up reached a device of theirs lately.
        Rings,
        /// Neither: not reachable by phone.
        No,
    }
}
wire! {
    /// When somebody was heard of last. It is coarse: it tells of reachability and of nothing else.
    pub enum LastSeen {
        /// Just now.
        Now,
        /// Within an hour.
        Hour,
        /// Within a day.
        Day,
        /// Within a week.
        Week,
        /// Before that.
        Earlier,
        /// Not yet.
        Never,
    }
}
wire! {
    /// Why somebody else is the better one to write to.
    pub enum BetterReason {
        /// They hold an on-call role of the same department.
        HoldsRole,
        /// They are at work in the same role and department.
        OnShift,
    }
}
wire! {
    /// Somebody who would notice.
    pub struct BetterRecipient {
        /// Who.
        pub user: PersonBrief,
        /// Why they.
        pub reason: BetterReason,
        /// The role that they hold, as shown; absent for another reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub role_title: Option<String>,
    }
}
wire! {
    /// `GET /v1/people/{id}/reachability`. It never says where somebody is.
    pub struct Reachability {
        /// Whether the roster has the person at work now.
        pub on_shift: bool,
        /// Until when they are not to be disturbed, unix milliseconds; absent when they may be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub quiet_until: Option<u64>,
        /// What would not ring now by their own choice, by do-not-disturb or by the roster.
        #[serde(default)]
        pub quietly: Quietly,
        /// Whether a message would be noticed.
        pub phone: PhoneReach,
        /// When they were heard of last.
        pub last_seen: LastSeen,
        /// Whom to write to instead; absent where they can be reached, or nobody is known who can.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub better: Option<BetterRecipient>,
    }
}
wire! {
    /// `POST /v1/people/reachability`.
    pub struct ReachQuery {
        /// Of whom; at most 50.
        pub user_ids: Vec<UserId>,
    }
}
wire! {
    /// How one of several people can be reached.
    pub struct ReachOf {
        /// Who.
        pub user_id: UserId,
        /// Whether the roster has the person at work now.
        pub on_shift: bool,
        /// Until when they are not to be disturbed, unix milliseconds; absent when they may be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub quiet_until: Option<u64>,
        /// Whether a message would be noticed.
        pub phone: PhoneReach,
        /// When they were heard of last.
        pub last_seen: LastSeen,
    }
}
wire! {
    /// `POST /v1/people/reachability`. It never says where somebody is.
    pub struct ReachList {
        /// Those of them who are known.
        pub people: Vec<ReachOf>,
    }
}
wire! {
    /// A role that people take in turns.
    pub struct OnCallRole {
        /// Its slug.
        pub slug: RoleSlug,
        /// As shown: `Cardiology on call`.
        pub title: String,
        /// Its department.
        pub department: String,
        /// Who holds it now; absent when the roster has a gap.
        pub holder: Option<PersonBrief>,
        /// When the hold ends, unix milliseconds.
        pub until: Option<u64>,
    }
}
wire! {
    /// `GET /v1/roles`.
    pub struct RoleList {
        /// By title.
        pub roles: Vec<OnCallRole>,
    }
}
wire! {
    /// One allergy in the banner.
    pub struct BannerAllergy {
        /// The substance.
        pub substance: String,
        /// FHIR `criticality`: `low`, `high` or `unable-to-assess`.
        pub criticality: Option<String>,
    }
}
wire! {
    /// The banner above a conversation about a patient (minimum necessary, 45 CFR 164.502(b)).
    pub struct PatientBanner {
        /// The patient.
        pub id: PatientId,
        /// `Family, Given`.
        pub name: String,
        /// ISO date.
        pub birth_date: Option<String>,
        /// Age in whole years.
        pub age: Option<u32>,
        /// FHIR administrative gender.
        pub sex: Option<String>,
        /// Medical record number.
        pub mrn: Option<String>,
        /// Ward and bed.
        pub location: Option<String>,
        /// Allergies; empty when none is recorded.
        pub allergies: Vec<BannerAllergy>,
        /// Code status, for example `Full code`.
        pub code_status: Option<String>,
    }
}
/// `POST /v1/patients/search`: the beginnings of names, two letters at least, or a whole MRN;
/// empty for the list of one's own patients.
///
/// Patient data: it has no `Debug`.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PatientSearch {
    /// What was typed.
    pub q: String,
}
wire! {
    /// Patients found, answer to [`PatientSearch`].
    pub struct PatientList {
        /// Best first, at most 20.
        pub patients: Vec<PatientBanner>,
        /// Nobody is known here by that, and the hospital's record system could not be asked.
        #[serde(default)]
        pub record_system_away: bool,
    }
}
