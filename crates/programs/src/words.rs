//! What rules say to people: why a rule came out as it did, and what the owner does about it.

use wardline_model::wire::posture::{Fact, FactName, FactValue, Outcome, Provenance};
use wardline_model::wire::programs::Check;
use wardline_posture::patch::{self, Code};

use crate::assess::{at_least, text};

/// The facts that a check reads, the one that decides it first; none for what is no fact.
pub(crate) const fn facts_of(check: &Check) -> &'static [FactName] {
    match check {
        Check::StorageEncrypted => &[FactName::StorageEncrypted],
        Check::ScreenLock { .. } => &[FactName::ScreenLock, FactName::ScreenLockSeconds],
        Check::VerifiedBoot => &[FactName::BootloaderLocked, FactName::VerifiedBoot],
        Check::NotRooted => &[FactName::Rooted],
        Check::KeyInHardware { .. } => &[FactName::KeyHardware],
        Check::OsFloor { .. } => &[FactName::OsVersion],
        Check::Patched => &[FactName::OsVersion, FactName::PatchLevel],
        Check::SecureBoot => &[FactName::SecureBoot],
        Check::Tpm => &[FactName::Tpm],
        Check::Firewall => &[FactName::Firewall],
        Check::UpdatesInstalled => &[FactName::PendingUpdates, FactName::RestartPending],
        Check::Managed => &[FactName::Managed],
        Check::ManagerCompliant => &[FactName::ManagerCompliant],
        Check::Authenticator => &[FactName::Authenticator],
        Check::Seen { .. } => &[],
    }
}

/// Whether a fact meets a check; `None` where its value says nothing about it.
pub(crate) fn is_met(check: &Check, fact: &Fact, platform: Option<&str>) -> Option<bool> {
    match (check, fact.name, &fact.value) {
        (Check::NotRooted, _, FactValue::Truth(rooted)) => Some(!rooted),
        (Check::UpdatesInstalled, FactName::RestartPending, FactValue::Truth(pending)) => {
            Some(!pending)
        }
        (Check::UpdatesInstalled, _, FactValue::Number(pending)) => Some(*pending == 0),
        (Check::ScreenLock { max_seconds }, FactName::ScreenLockSeconds, FactValue::Number(s)) => {
            Some(max_seconds.is_none_or(|most| *s <= most))
        }
        (Check::VerifiedBoot, FactName::VerifiedBoot, FactValue::Text(state)) => {
            Some(state == "verified")
        }
        (Check::KeyInHardware { strongbox }, _, FactValue::Text(place)) => {
            Some(match place.as_str() {
                "strongbox" => true,
                "hardware" => !strongbox,
                _ => false,
            })
        }
        (Check::OsFloor { floors }, _, FactValue::Text(version)) => {
            at_least(version, floors.get(platform?)?)
        }
        (Check::Authenticator, _, FactValue::Text(_)) => Some(true),
        (_, _, FactValue::Truth(truth)) => Some(*truth),
        _ => None,
    }
}

/// Why a device does not belong into a program.
pub(crate) fn other_platform(shown: &str, platforms: &[String]) -> String {
    let takes: Vec<&str> = platforms.iter().map(|name| platform_name(name)).collect();
    format!(
        "The program takes {}, and this device runs {}.",
        takes.join(", "),
        platform_name(shown)
    )
}

/// What the owner of such a device does.
pub(crate) const ANOTHER_PROGRAM: &str =
    "Ask the security officer for a program that takes this kind of device.";

/// Why a device is shut out for whose hardware a revoked key vouched.
pub(crate) fn disowned(why: &str) -> String {
    format!(
        "The program takes devices for which their hardware vouches, and a key that vouched for this \
         one is on its maker's list of revoked keys: {why}."
    )
}

/// What the owner of such a device does.
pub(crate) const VOUCH_AGAIN: &str = "Have the app prove the device's hardware again, or enrol \
     the device again. If that is refused, too, it cannot be used in the program any more: ask the \
     security officer for another one.";

/// What the owner does about something that hardware proved too long ago.
pub(crate) const PROVE_AGAIN: &str =
    "Have the app prove the device's hardware again; where it cannot, enrol the device again.";

/// What follows an update where hardware told of the system before it.
pub(crate) const THEN_PROVE: &str = " Then have the app prove the device's hardware again: what \
     it proved is from before the update.";

/// A platform as people write it: `iPadOS` for `ipados`. One that is not known stays as it is.
pub fn platform_name(platform: &str) -> &str {
    match platform {
        "android" => "Android",
        "ios" => "iOS",
        "ipados" => "iPadOS",
        "macos" => "macOS",
        "windows" => "Windows",
        "linux" => "Linux",
        "chromeos" => "ChromeOS",
        other => other,
    }
}

/// The subject of a sentence about a check.
const fn subject(check: &Check) -> &'static str {
    match check {
        Check::StorageEncrypted => "encryption of what is stored",
        Check::ScreenLock { .. } => "the screen lock",
        Check::VerifiedBoot => "verified boot",
        Check::NotRooted => "the system's own protection",
        Check::KeyInHardware { .. } => "where the device key lives",
        Check::OsFloor { .. } => "the system's version",
        Check::Patched => "the installed patches",
        Check::SecureBoot => "Secure Boot",
        Check::Tpm => "the TPM",
        Check::Firewall => "the firewall",
        Check::UpdatesInstalled => "pending updates",
        Check::Managed => "device management",
        Check::ManagerCompliant => "the device manager's verdict",
        Check::Authenticator => "the passkey's authenticator",
        Check::Seen { .. } => "when the device was last used",
    }
}

pub(crate) fn met(check: &Check, fact: &Fact) -> String {
    match (check, &fact.value) {
        (Check::StorageEncrypted, _) => "Everything stored on the device is encrypted.".to_owned(),
        (Check::ScreenLock { .. }, _) => "The screen locks.".to_owned(),
        (Check::VerifiedBoot, _) => {
            "The maker's own system was started, and the bootloader is locked.".to_owned()
        }
        (Check::NotRooted, _) => "The system's own protection is whole.".to_owned(),
        (Check::KeyInHardware { .. }, FactValue::Text(place)) => match place.as_str() {
            "strongbox" => "The device key lives in a secure element of its own.".to_owned(),
            _ => "The device key lives in the phone's secure hardware.".to_owned(),
        },
        (Check::OsFloor { .. }, FactValue::Text(version)) => {
            format!("Version {version} is accepted.")
        }
        (Check::SecureBoot, _) => "Secure Boot is on.".to_owned(),
        (Check::Tpm, _) => "A TPM 2.0 is in use.".to_owned(),
        (Check::Firewall, _) => "The firewall is on.".to_owned(),
        (Check::UpdatesInstalled, _) => "Every published security update is installed.".to_owned(),
        (Check::Managed, _) => "A device manager manages it.".to_owned(),
        (Check::ManagerCompliant, _) => "It meets the device manager's policies.".to_owned(),
        (Check::Authenticator, FactValue::Text(aaguid)) => {
            format!("The passkey's authenticator attested itself ({aaguid}).")
        }
        (check, _) => format!("What is known of {} is accepted.", subject(check)),
    }
}

pub(crate) fn unmet(check: &Check, fact: &Fact, platform: Option<&str>) -> String {
    match (check, fact.name, &fact.value) {
        (Check::StorageEncrypted, ..) => {
            "What is stored on the device is not encrypted.".to_owned()
        }
        (
            Check::ScreenLock { max_seconds },
            FactName::ScreenLockSeconds,
            FactValue::Number(after),
        ) => {
            let most = max_seconds.unwrap_or_default();
            format!("The screen locks after {after} seconds; at most {most} are allowed.")
        }
        (Check::ScreenLock { .. }, ..) => "The screen does not lock.".to_owned(),
        (Check::VerifiedBoot, FactName::BootloaderLocked, _) => {
            "The bootloader is unlocked, so any system could have been started.".to_owned()
        }
        (Check::VerifiedBoot, _, FactValue::Text(state)) => match state.as_str() {
            "self_signed" => {
                "Another system than the maker's was started, signed by its owner.".to_owned()
            }
            "failed" => "The system that was started has been changed.".to_owned(),
            _ => "Nothing checked which system was started.".to_owned(),
        },
        (Check::NotRooted, ..) => {
            "The system's own protection was broken (rooted or jailbroken).".to_owned()
        }
        (Check::KeyInHardware { strongbox: true }, _, FactValue::Text(place))
            if place == "hardware" =>
        {
            "The device key does not live in a secure element of its own.".to_owned()
        }
        (Check::KeyInHardware { .. }, ..) => "The device key lives in software.".to_owned(),
        (Check::OsFloor { floors }, _, FactValue::Text(version)) => {
            let floor = platform.and_then(|platform| floors.get(platform));
            format!(
                "Version {version} is installed; {} is the oldest accepted.",
                floor.map_or("a newer one", String::as_str)
            )
        }
        (Check::SecureBoot, ..) => "Secure Boot is off.".to_owned(),
        (Check::Tpm, ..) => "No TPM 2.0 is in use.".to_owned(),
        (Check::Firewall, ..) => "The firewall is off.".to_owned(),
        (Check::UpdatesInstalled, FactName::RestartPending, _) => {
            "An update is installed and waits for a restart.".to_owned()
        }
        (Check::UpdatesInstalled, _, FactValue::Number(1)) => {
            "One security update waits to be installed.".to_owned()
        }
        (Check::UpdatesInstalled, _, FactValue::Number(pending)) => {
            format!("{pending} security updates wait to be installed.")
        }
        (Check::Managed, ..) => "No device manager manages it any more.".to_owned(),
        (Check::ManagerCompliant, ..) => {
            "It does not meet the device manager's policies.".to_owned()
        }
        (check, ..) => format!("What is known of {} is not accepted.", subject(check)),
    }
}

/// Why nothing decides: nobody tells, only others than those accepted do, or too long ago.
pub(crate) fn unknown(
    check: &Check,
    accept: &[Provenance],
    told: Option<&Fact>,
    old: bool,
) -> String {
    let subject = subject(check);
    let whom = accept
        .iter()
        .map(|provenance| who(*provenance))
        .collect::<Vec<_>>()
        .join(" or ");
    match told {
        Some(fact) if old && fact.provenance == Provenance::Attested => format!(
            "What the device's hardware proved of {subject} is too old to count; it has to prove it \
             again."
        ),
        Some(_) if old => format!("What is known of {subject} is too old to count."),
        Some(fact) => format!(
            "Only {} tells of {subject}; the program takes the word of {whom}.",
            who(fact.provenance)
        ),
        None => format!("Nothing is known of {subject}; {whom} would have to tell."),
    }
}

const fn who(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Claimed => "the device itself",
        Provenance::Agent => "Wardline's agent",
        Provenance::Managed => "a device manager",
        Provenance::Attested => "the device's hardware",
    }
}

pub(crate) fn unreadable(fact: &Fact) -> String {
    match text(fact) {
        Some(shown) => format!("{shown:?} says nothing that the rule understands."),
        None => "What is told says nothing that the rule understands.".to_owned(),
    }
}

pub(crate) fn seen(silent_days: u64, allowed: u32) -> String {
    match silent_days {
        0 => "It was used within the last day.".to_owned(),
        1 => "It was used a day ago.".to_owned(),
        days if days <= u64::from(allowed) => format!("It was used {days} days ago."),
        days => format!("It was not used for {days} days; {allowed} are allowed."),
    }
}

pub(crate) fn no_feeds(platform: &str) -> &'static str {
    match platform {
        "android" | "ios" | "ipados" | "macos" | "windows" | "linux" => {
            "The hospital has no list of patches yet, so nothing says whether it is patched."
        }
        _ => "No public list has the patches of this platform.",
    }
}

pub(crate) fn patched(shown: &str, finding: &patch::Finding) -> String {
    // Codes in the order in which they matter to a person.
    let order = [
        Code::OsEol,
        Code::ModelEol,
        Code::Behind,
        Code::Kev,
        Code::OsUnknown,
        Code::PatchLevelUnknown,
        Code::FeedStale,
    ];
    let texts: Vec<&str> = order
        .iter()
        .filter_map(|code| finding.reasons.iter().find(|reason| reason.code == *code))
        .map(|reason| reason.text.as_str())
        .take(2)
        .collect();
    if texts.is_empty() {
        format!("{shown} is maintained, and nothing newer is known.")
    } else {
        sentence(&texts.join("; "))
    }
}

/// What the lists are too old to say.
pub(crate) fn too_old(shown: &str, finding: &patch::Finding) -> String {
    let stale = finding.reasons.iter().filter(|r| r.code == Code::FeedStale);
    let texts: Vec<&str> = stale.map(|reason| reason.text.as_str()).collect();
    format!(
        "The hospital's lists are too old to say whether {shown} is patched, so that does not count: \
         {}.",
        texts.join("; ")
    )
}

/// What is added where a rule waits for somebody to tell.
pub(crate) const NEVER_TOLD: &str =
    " So far nobody tells it of any device in this program, so it does not count.";

pub(crate) fn maintained(shown: &str) -> String {
    format!("{shown} is maintained; its own lists say whether its updates are installed.")
}

/// What the owner does about a rule that counts against the device.
pub(crate) fn step(check: &Check, outcome: Outcome, platform: Option<&str>) -> String {
    let platform = platform.unwrap_or_default();
    let apple = matches!(platform, "ios" | "ipados");
    match (check, outcome) {
        (Check::Patched | Check::OsFloor { .. }, _) => update(platform).to_owned(),
        (Check::UpdatesInstalled, _) => match platform {
            "linux" => {
                "Install the updates (for example: sudo apt update && sudo apt full-upgrade), then \
                 restart."
                    .to_owned()
            }
            other => update(other).to_owned(),
        },
        (Check::StorageEncrypted, Outcome::Unmet) => match platform {
            "linux" => {
                "Ask the service desk to set the workstation up anew with an encrypted disk."
            }
            "windows" => "Settings → Privacy & security → Device encryption: turn it on.",
            "macos" => "System Settings → Privacy & Security → FileVault: turn it on.",
            "ios" | "ipados" => "Settings → Face ID & Passcode: set a passcode; that encrypts it.",
            _ => "Settings → Security & privacy → Encryption & credentials: encrypt the phone.",
        }
        .to_owned(),
        (Check::ScreenLock { max_seconds }, Outcome::Unmet) => {
            let after =
                max_seconds.map_or_else(String::new, |s| format!(", after {s} seconds at most"));
            let place = match platform {
                "linux" => "Settings → Privacy & Security → Screen Lock",
                "macos" => "System Settings → Lock Screen",
                "windows" => {
                    "Settings → Accounts → Sign-in options, and Personalization → Lock screen"
                }
                _ if apple => "Settings → Display & Brightness → Auto-Lock, and Face ID & Passcode",
                _ => "Settings → Security & privacy → Device unlock",
            };
            format!("{place}: let the screen lock by itself{after}.")
        }
        (Check::VerifiedBoot, Outcome::Unmet) => {
            "Install the maker's own system again and lock the bootloader; that erases the phone. \
             The service desk can do it or give you another one."
                .to_owned()
        }
        (Check::NotRooted, Outcome::Unmet) => {
            "Reset the device to the maker's own system, then enrol it again.".to_owned()
        }
        (Check::KeyInHardware { .. } | Check::Authenticator, _) => {
            "Enrol the device again; if it says the same then, it cannot be used in this program."
                .to_owned()
        }
        (Check::SecureBoot, Outcome::Unmet) => {
            "Ask the service desk to turn Secure Boot on in the firmware settings.".to_owned()
        }
        (Check::Tpm, Outcome::Unmet) => {
            "Ask the service desk to turn the TPM on in the firmware settings.".to_owned()
        }
        (Check::Firewall, Outcome::Unmet) => match platform {
            "macos" => "System Settings → Network → Firewall: turn it on.",
            "windows" => "Windows Security → Firewall & network protection: turn it on.",
            _ => "Ask the service desk to turn the firewall on.",
        }
        .to_owned(),
        (Check::Managed | Check::ManagerCompliant, _) => {
            "Open the management app of the hospital (Company Portal, for example) and follow what \
             it asks for; then wait for its next check."
                .to_owned()
        }
        (Check::Seen { .. }, _) => "Open Wardline on the device and sign in.".to_owned(),
        (_, _) => match platform {
            "linux" | "windows" | "macos" => {
                "Start Wardline's agent on the workstation, or ask the service desk to.".to_owned()
            }
            _ => "Ask the service desk to put the device under management, or to look at it."
                .to_owned(),
        },
    }
}

fn update(platform: &str) -> &'static str {
    match platform {
        "android" => "Settings → System → Software updates: install the update and restart.",
        "ios" | "ipados" => "Settings → General → Software Update: install the update.",
        "macos" => "System Settings → General → Software Update: install the update.",
        "windows" => "Settings → Windows Update: install the updates and restart.",
        "linux" => {
            "Install the updates, or the distribution's next release where this one is no longer \
             maintained."
        }
        _ => "Install the system's newest update; if there is none, ask for a newer device.",
    }
}

/// A sentence with its capital and its full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
