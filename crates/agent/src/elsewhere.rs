//! macOS and Windows: the platform and the version, and nothing else yet.
//!
//! What is missing there, and what it would be read from: disk encryption (`fdesetup status`;
//! BitLocker by WMI `Win32_EncryptableVolume`), the screen lock (`sysadminctl -screenLock status`;
//! the policy `InactivityTimeoutSecs`), the firewall (`socketfilterfw --getglobalstate`; the
//! firewall's COM interface), updates (`softwareupdate --list`; the Windows Update agent), Secure
//! Boot and TPM (not said by macOS; `Confirm-SecureBootUEFI` and `Win32_Tpm`), and the maker's names.

use wardline_model::wire::posture::FactName;

use crate::found::{Found, known, unknown, unread};
use crate::system::{Command, System};
use crate::{Collected, MEASURED};

/// Measures a Mac.
pub(crate) fn macos(system: &impl System, into: &mut Collected) {
    into.take(FactName::Platform, known("macos"));
    let asked = ask(system, "sw_vers", &["-productVersion"], |text| {
        Some(text.trim().to_owned()).filter(|version| is_version(version))
    });
    into.take(FactName::OsVersion, asked);
    nothing_else(into, "the agent does not measure this on macOS");
}

/// Measures a Windows machine.
pub(crate) fn windows(system: &impl System, into: &mut Collected) {
    into.take(FactName::Platform, known("windows"));
    let asked = ask(system, "cmd.exe", &["/d", "/c", "ver"], build);
    into.take(FactName::OsVersion, asked);
    nothing_else(into, "the agent does not measure this on Windows");
}

fn ask(
    system: &impl System,
    program: &'static str,
    args: &[&str],
    read: impl Fn(&str) -> Option<String>,
) -> Found<String> {
    let command = Command {
        program,
        args,
        person: None,
    };
    let ran = system
        .run(&command)
        .map_err(|error| unread(program, &error))?;
    match ran.text().and_then(read) {
        Some(version) => known(version),
        None => unknown(format!("{program} names no version")),
    }
}

/// `10.0.26100.4946` of `Microsoft Windows [Version 10.0.26100.4946]`. The word before the numbers
/// is of the system's language.
pub(crate) fn build(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    let (inner, _) = rest.split_once(']')?;
    let version = inner.split_whitespace().next_back()?;
    is_version(version).then(|| version.to_owned())
}

/// Numbers with dots between them.
fn is_version(text: &str) -> bool {
    text.split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn nothing_else(into: &mut Collected, reason: &str) {
    for name in &MEASURED[2..] {
        into.take::<bool>(*name, unknown(reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::tests::Made;

    fn measured(machine: &Made, how: impl Fn(&Made, &mut Collected)) -> Collected {
        let mut collected = Collected::default();
        how(machine, &mut collected);
        assert_eq!(
            collected.facts.len() + collected.unknown.len(),
            MEASURED.len()
        );
        collected
    }

    #[test]
    fn a_mac_tells_its_version_and_that_the_rest_is_not_measured() {
        let mac = Made::default().program("sw_vers -productVersion", 0, "26.1\n");
        let told = measured(&mac, macos);
        assert_eq!(told.value(FactName::Platform), Some(&"macos".into()));
        assert_eq!(told.value(FactName::OsVersion), Some(&"26.1".into()));
        let odd = Made::default().program("sw_vers -productVersion", 0, "error: -1\n");
        assert_eq!(measured(&odd, macos).facts.len(), 1);
    }

    #[test]
    fn windows_tells_its_build_in_any_language() {
        for said in [
            "\r\nMicrosoft Windows [Version 10.0.26100.4946]\r\n",
            "\r\nMicrosoft Windows [versión 10.0.26100.4946]\r\n",
        ] {
            let machine = Made::default().program("cmd.exe /d /c ver", 0, said);
            let told = measured(&machine, windows);
            assert_eq!(
                told.value(FactName::OsVersion),
                Some(&"10.0.26100.4946".into())
            );
        }
        for said in ["", "[", "[]", "[Version x]", "Version 10.0"] {
            assert_eq!(build(said), None, "{said}");
        }
    }
}
