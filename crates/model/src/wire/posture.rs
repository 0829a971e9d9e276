//! What is known of a device: facts with their provenance, and what a program's rules make of them.

use super::wire;

wire! {
    /// What a fact is about. Names are shared by everything that tells of devices: attestations,
    /// managers, agents and the devices themselves.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum FactName {
        /// Text: `android`, `ios`, `ipados`, `macos`, `windows`, `linux` or `chromeos`.
        Platform,
        /// Text: the system's version as it shows it, such as `16`, `26.1` or `debian 13`.
        OsVersion,
        /// Text: the month or day of the security patches, `YYYY-MM` or `YYYY-MM-DD`.
        PatchLevel,
        /// Text: the name under which the model is sold.
        Model,
        /// Text: who made it.
        Manufacturer,
        /// Text: the maker's serial number.
        Serial,
        /// Truth: everything at rest is encrypted by the system.
        StorageEncrypted,
        /// Truth: the screen locks, and opens with a PIN, a password or a biometric.
        ScreenLock,
        /// Number: seconds without use after which the screen locks.
        ScreenLockSeconds,
        /// Text: `verified`, `self_signed`, `unverified` or `failed` (Android Verified Boot).
        VerifiedBoot,
        /// Truth: nothing but the maker's system starts.
        BootloaderLocked,
        /// Text: where the device key lives: `strongbox`, `hardware` or `software`.
        KeyHardware,
        /// Truth: the system's own protection was broken (rooted, jailbroken).
        Rooted,
        /// Truth: firmware starts signed systems only (UEFI Secure Boot).
        SecureBoot,
        /// Truth: a TPM 2.0 is there and in use.
        Tpm,
        /// Truth: a firewall refuses what comes in unasked.
        Firewall,
        /// Number: security updates that are published for it and not installed.
        PendingUpdates,
        /// Truth: an update is installed that only a restart brings into use.
        RestartPending,
        /// Text: the version of the running kernel.
        Kernel,
        /// Truth: a device manager (MDM) manages it.
        Managed,
        /// Truth: the device manager's own policies are met.
        ManagerCompliant,
        /// Text: the AAGUID of the authenticator that holds the passkey, as a UUID.
        Authenticator,
    }
}

/// The platforms that a fact `platform` may name.
pub const PLATFORMS: [&str; 7] = [
    "android", "ios", "ipados", "macos", "windows", "linux", "chromeos",
];

impl FactName {
    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::OsVersion => "os_version",
            Self::PatchLevel => "patch_level",
            Self::Model => "model",
            Self::Manufacturer => "manufacturer",
            Self::Serial => "serial",
            Self::StorageEncrypted => "storage_encrypted",
            Self::ScreenLock => "screen_lock",
            Self::ScreenLockSeconds => "screen_lock_seconds",
            Self::VerifiedBoot => "verified_boot",
            Self::BootloaderLocked => "bootloader_locked",
            Self::KeyHardware => "key_hardware",
            Self::Rooted => "rooted",
            Self::SecureBoot => "secure_boot",
            Self::Tpm => "tpm",
            Self::Firewall => "firewall",
            Self::PendingUpdates => "pending_updates",
            Self::RestartPending => "restart_pending",
            Self::Kernel => "kernel",
            Self::Managed => "managed",
            Self::ManagerCompliant => "manager_compliant",
            Self::Authenticator => "authenticator",
        }
    }

    /// Whether a value is of the kind that this name has.
    pub const fn takes(self, value: &FactValue) -> bool {
        match self {
            Self::Platform
            | Self::OsVersion
            | Self::PatchLevel
            | Self::Model
            | Self::Manufacturer
            | Self::Serial
            | Self::VerifiedBoot
            | Self::KeyHardware
            | Self::Kernel
            | Self::Authenticator => matches!(value, FactValue::Text(_)),
            Self::ScreenLockSeconds | Self::PendingUpdates => matches!(value, FactValue::Number(_)),
            Self::StorageEncrypted
            | Self::ScreenLock
            | Self::BootloaderLocked
            | Self::Rooted
            | Self::SecureBoot
            | Self::Tpm
            | Self::Firewall
            | Self::RestartPending
            | Self::Managed
            | Self::ManagerCompliant => matches!(value, FactValue::Truth(_)),
        }
    }
}

/// The value of a fact; which kind it is follows from the name ([`FactName::takes`]).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    Truth(bool),
    /// A count, or seconds.
    Number(u64),
    /// At most 120 characters.
    Text(String),
}

impl From<bool> for FactValue {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl From<u64> for FactValue {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for FactValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for FactValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

wire! {
    /// Who says it, weakest first.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum Provenance {
        /// The device itself, without anything that proves it.
        Claimed,
        /// Our agent measured it, and signed it with the device's certified key.
        Agent,
        /// A device manager says so.
        Managed,
        /// Hardware signed it, and the signature leads to its maker's root.
        Attested,
    }
}

impl Provenance {
    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Agent => "agent",
            Self::Managed => "managed",
            Self::Attested => "attested",
        }
    }
}

wire! {
    /// One thing that is known of a device.
    pub struct Fact {
        /// What about.
        pub name: FactName,
        /// What it is.
        pub value: FactValue,
        /// Who says it.
        pub provenance: Provenance,
        /// When it was so, unix milliseconds.
        pub observed_at: u64,
        /// What it rests on, for a person: `Android Key Attestation, root Google (EC P-384)`.
        pub evidence: String,
    }
}
wire! {
    /// A fact that somebody tells, before it has a provenance.
    #[serde(deny_unknown_fields)]
    pub struct Told {
        /// What about.
        pub name: FactName,
        /// What it is.
        pub value: FactValue,
    }
}
wire! {
    /// How a device stands by its program's rules, best first.
    #[derive(PartialOrd, Ord)]
    pub enum Standing {
        /// Every rule is met.
        Compliant,
        /// A rule is not met, and there is still time.
        Grace,
        /// A rule is not met, and the time is over.
        Quarantined,
    }
}

impl Standing {
    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compliant => "compliant",
            Self::Grace => "grace",
            Self::Quarantined => "quarantined",
        }
    }
}

wire! {
    /// What became of one rule.
    pub enum Outcome {
        /// A fact that the rule accepts meets it.
        Met,
        /// A fact speaks against it.
        Unmet,
        /// No fact that the rule accepts is there, or none that is new enough.
        Unknown,
    }
}
wire! {
    /// What one rule makes of a device.
    pub struct Finding {
        /// The rule's id within its program.
        pub rule: String,
        /// What became of it.
        pub outcome: Outcome,
        /// What it counts for: the device stands as its worst finding does.
        pub standing: Standing,
        /// Why, in a sentence for a person.
        pub reason: String,
        /// What the owner does about it, in a sentence; absent where nothing is to be done.
        pub step: Option<String>,
        /// Since when it counts against the device, unix milliseconds; grace that was used before,
        /// and has not come back, makes it earlier.
        pub since: Option<u64>,
        /// From when on it quarantines the device, unix milliseconds.
        pub deadline: Option<u64>,
        /// Who said what decided it.
        pub provenance: Option<Provenance>,
        /// When that was so, unix milliseconds.
        pub observed_at: Option<u64>,
        /// The grace that was used up before it was mended, as long as that has not come back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub mended: Option<Mended>,
    }
}
wire! {
    /// A time during which a rule counted against a device. Grace that was used comes back as fast
    /// as it was used: a rule that is met for a moment now and then does not begin it anew.
    #[derive(Copy, Eq)]
    pub struct Mended {
        /// From when on it counted, unix milliseconds.
        pub since: u64,
        /// When it was found mended, unix milliseconds.
        pub at: u64,
    }
}
wire! {
    /// What a program's rules make of a device.
    pub struct Assessment {
        /// How it stands.
        pub standing: Standing,
        /// When grace ends, unix milliseconds.
        pub deadline: Option<u64>,
        /// One for each rule that concerns it, the worst first.
        pub findings: Vec<Finding>,
    }
}
