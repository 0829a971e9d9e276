//! Device programs: on whose terms a device is in use, and what it has to prove.

use std::collections::BTreeMap;

use super::posture::Provenance;
use super::wire;

wire! {
    /// One device program: whose devices, how they come in, what they must meet and what they may.
    #[serde(deny_unknown_fields)]
    pub struct Program {
        /// `byod`, `issued`, `shared`, `workstation` or `demo`.
        pub slug: String,
        /// Its name for people.
        pub title: String,
        /// What it is for, in a sentence or two.
        pub summary: String,
        /// Whose the devices are.
        pub ownership: Ownership,
        /// The platforms that it takes, as in the fact `platform`; empty for any.
        pub platforms: Vec<String>,
        /// How a device comes in.
        pub enrolment: Enrolment,
        /// What it may do, and for how long.
        pub limits: Limits,
        /// What it must meet.
        pub rules: Vec<Rule>,
    }
}
wire! {
    /// Whose a device is.
    pub enum Ownership {
        /// Its person's own.
        Personal,
        /// The hospital's, for one person.
        Hospital,
        /// The hospital's, for whoever is on shift.
        Shared,
    }
}
wire! {
    /// How a device comes into a program.
    #[serde(deny_unknown_fields)]
    pub struct Enrolment {
        /// Who begins it.
        pub path: Path,
        /// Who confirms it.
        pub approval: Approval,
        /// What hardware has to prove of the new device.
        pub attestation: Attestation,
        /// AAGUIDs of the authenticators that may hold the passkey; empty for any. Where it is not
        /// empty the authenticator has to attest itself.
        pub authenticators: Vec<String>,
        /// How many days old the hospital's list of revoked attestation keys may be where the
        /// hardware of a phone vouches; without such a list nothing is taken then. Absent: it is
        /// taken by the list that there is, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub revocations_days: Option<u32>,
        /// Whether the person must have accepted the privacy notice on the new device.
        pub privacy_notice: bool,
    }
}
wire! {
    /// Who begins the enrolment of a device.
    pub enum Path {
        /// The person, from a device that they have.
        SelfService,
        /// An officer, by an invitation.
        Invited,
        /// An officer, for a device whose serial number was registered before.
        Registered,
    }
}
wire! {
    /// Who confirms a new device.
    pub enum Approval {
        /// An enrolling officer.
        Officer,
        /// An enrolling officer, or its person on another device of the same program.
        OwnDevice,
    }
}
wire! {
    /// What hardware has to prove at enrolment.
    pub enum Attestation {
        /// Nothing.
        None,
        /// The device key, by Android Key Attestation.
        Key,
        /// The authenticator with the passkey, by WebAuthn attestation.
        Authenticator,
        /// One of both.
        Either,
    }
}
wire! {
    /// What a device may do, and for how long.
    #[serde(deny_unknown_fields)]
    pub struct Limits {
        /// Seconds without use after which the app locks.
        pub lock_seconds: u64,
        /// Hours for which its store opens without the hospital; 0 for never.
        pub offline_hours: u64,
        /// Whether files may be kept on it.
        pub attachments: bool,
        /// What a wipe takes.
        pub wipe: Wipe,
    }
}
wire! {
    /// What a wipe takes.
    pub enum Wipe {
        /// What Wardline keeps on the device, and nothing else.
        App,
        /// Everything, by way of the device manager.
        Device,
    }
}
wire! {
    /// One thing that devices of a program must meet.
    #[serde(deny_unknown_fields)]
    pub struct Rule {
        /// Its id within the program: small letters, digits and underscores.
        pub id: String,
        /// What is looked at.
        pub check: Check,
        /// Whose word counts for the device.
        pub accept: Vec<Provenance>,
        /// The platforms that it is for; empty for all.
        #[serde(default)]
        pub platforms: Vec<String>,
        /// After how many days a fact is too old to count for the device; absent for never.
        #[serde(default)]
        pub max_age_days: Option<u32>,
        /// For how many days a device may go on without meeting it.
        pub grace_days: u32,
        /// What it means that nothing is known.
        pub unknown: Unknown,
    }
}
wire! {
    /// What it means that no fact decides a rule.
    pub enum Unknown {
        /// It does not count.
        Allow,
        /// It counts as not met, with the rule's grace.
        Count,
    }
}

/// What a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// Everything at rest is encrypted.
    StorageEncrypted,
    /// The screen locks.
    ScreenLock {
        /// After at most so many seconds, where that is known; absent for any time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_seconds: Option<u64>,
    },
    /// The maker's system was started, and nothing else could have been: verified boot, with the
    /// bootloader locked.
    VerifiedBoot,
    /// The system's own protection is whole.
    NotRooted,
    /// The device key cannot leave the device.
    KeyInHardware {
        /// Only a secure element of its own will do.
        #[serde(default)]
        strongbox: bool,
    },
    /// The system's version is at least this one.
    OsFloor {
        /// By platform; a platform without one is not looked at.
        floors: BTreeMap<String, String>,
    },
    /// The system is maintained and patched, by the public feeds.
    Patched,
    /// UEFI Secure Boot is on.
    SecureBoot,
    /// A TPM 2.0 is in use.
    Tpm,
    /// A firewall is on.
    Firewall,
    /// No published security update waits to be installed.
    UpdatesInstalled,
    /// A device manager manages it.
    Managed,
    /// The device manager's own policies are met.
    ManagerCompliant,
    /// The passkey's authenticator attested what it is.
    Authenticator,
    /// It was heard of lately.
    Seen {
        /// Within so many days.
        days: u32,
    },
}

impl Check {
    /// The name as it is written.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::StorageEncrypted => "storage_encrypted",
            Self::ScreenLock { .. } => "screen_lock",
            Self::VerifiedBoot => "verified_boot",
            Self::NotRooted => "not_rooted",
            Self::KeyInHardware { .. } => "key_in_hardware",
            Self::OsFloor { .. } => "os_floor",
            Self::Patched => "patched",
            Self::SecureBoot => "secure_boot",
            Self::Tpm => "tpm",
            Self::Firewall => "firewall",
            Self::UpdatesInstalled => "updates_installed",
            Self::Managed => "managed",
            Self::ManagerCompliant => "manager_compliant",
            Self::Authenticator => "authenticator",
            Self::Seen { .. } => "seen",
        }
    }
}

wire! {
    /// `GET /v1/programs`.
    pub struct ProgramList {
        /// All programs.
        pub programs: Vec<ProgramInfo>,
        /// The public lists of patches.
        pub feeds: FeedsInfo,
    }
}
wire! {
    /// A program and the devices in it.
    pub struct ProgramInfo {
        /// Its terms.
        pub terms: Program,
        /// How often the hospital changed it; 0 for the terms that ship with Wardline.
        pub version: u64,
        /// When it was changed last, unix milliseconds.
        pub changed_at: Option<u64>,
        /// How many devices stand how.
        pub devices: Count,
        /// Rules that nothing in the fleet can satisfy, in words.
        pub warnings: Vec<String>,
    }
}
wire! {
    /// How many devices stand how.
    #[derive(Default)]
    pub struct Count {
        /// Every rule is met.
        pub compliant: u64,
        /// In grace.
        pub grace: u64,
        /// Quarantined.
        pub quarantined: u64,
    }
}
wire! {
    /// What is known of the public lists of patches.
    pub struct FeedsInfo {
        /// When they were fetched, unix milliseconds; absent without any.
        pub fetched_at: Option<u64>,
        /// SHA-256 over all files, as the audit log has it.
        pub hash: Option<crate::B64>,
        /// How many files.
        pub files: u64,
        /// Why they are not newer, in a sentence.
        pub problem: Option<String>,
    }
}
wire! {
    /// `PUT /v1/programs/{slug}`, and `POST /v1/programs/{slug}/dry-run`.
    #[serde(deny_unknown_fields)]
    pub struct ProgramChange {
        /// The version that the change was made from.
        pub version: u64,
        /// The terms to be.
        pub terms: Program,
    }
}
wire! {
    /// What a change would do.
    pub struct DryRun {
        /// How the program's devices stand now.
        pub before: Count,
        /// How they would stand.
        pub after: Count,
        /// Devices that would stand worse, at most 50, with the reason.
        pub worse: Vec<WouldFall>,
        /// Rules that nothing in the fleet can satisfy, in words.
        pub warnings: Vec<String>,
    }
}
wire! {
    /// A device that would stand worse.
    pub struct WouldFall {
        /// The device.
        pub device_id: crate::DeviceId,
        /// Its owner's name.
        pub owner: String,
        /// What the person calls it.
        pub name: String,
        /// How it would stand.
        pub standing: super::posture::Standing,
        /// Why.
        pub reason: String,
    }
}
