//! What the firmware tells: Secure Boot, the TPM, and who made the machine.

use crate::found::{Found, Unknown, exists, known, known_by, text, unknown, unread};
use crate::system::{System, Unread};

/// Whether the firmware starts signed systems only: the UEFI variable `SecureBoot` (UEFI 2.10
/// §3.3), and with shim that it was not told to look away.
pub(crate) fn secure_boot(system: &impl System) -> Found<bool> {
    let variables = match system.list(VARIABLES) {
        Ok(variables) => variables,
        Err(Unread::Missing) => return without_uefi(system),
        Err(error) => return Err(unread(VARIABLES, &error)),
    };
    if variables.is_empty() {
        return unknown("the variables of the firmware are not shown here");
    }
    if !variables.iter().any(|name| name == SECURE_BOOT) {
        return known_by(false, "the firmware has no Secure Boot");
    }
    if !truth(system, SECURE_BOOT)? {
        return known_by(false, "Secure Boot is off in the firmware");
    }
    let shim = variables.iter().any(|name| name == SHIM_OFF);
    if shim && truth(system, SHIM_OFF)? {
        return known_by(
            false,
            "shim was told to start unsigned systems (MokSBState)",
        );
    }
    known(true)
}

/// A system that was not started by UEFI; in a container the firmware is hidden altogether.
fn without_uefi(system: &impl System) -> Found<bool> {
    let shown = system.list("/sys/firmware").unwrap_or_default();
    if shown.iter().any(|name| name == "efi") {
        return unknown("the variables of the firmware are not shown here");
    }
    if shown.is_empty() {
        return unknown("the firmware is not shown here");
    }
    known_by(false, "the system was not started by UEFI")
}

/// A variable of one byte.
fn truth(system: &impl System, name: &str) -> Result<bool, Unknown> {
    let path = format!("{VARIABLES}/{name}");
    let bytes = system.read(&path).map_err(|error| unread(&path, &error))?;
    variable(&bytes).ok_or_else(|| Unknown(format!("{path} is not as it should be")))
}

/// Reads a variable of the kernel's `efivarfs` that is a truth: four bytes of attributes, then 0
/// or 1.
pub(crate) fn variable(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [_, _, _, _, 0] => Some(false),
        [_, _, _, _, 1] => Some(true),
        _ => None,
    }
}

/// Whether a TPM 2.0 is in use.
pub(crate) fn tpm(system: &impl System) -> Found<bool> {
    const CLASS: &str = "/sys/class/tpm";
    let none = || known_by(false, "the system uses no TPM");
    let chips = match system.list(CLASS) {
        Ok(chips) => chips,
        Err(Unread::Missing) if exists(system, "/sys/class")? => return none(),
        Err(error) => return Err(unread(CLASS, &error)),
    };
    if !chips.iter().any(|name| name == "tpm0") {
        return none();
    }
    let version = text(system, "/sys/class/tpm/tpm0/tpm_version_major")?;
    match version.as_str() {
        "2" => known(true),
        "1" => known_by(false, "the TPM is of version 1.2"),
        _ => unknown("the TPM's version is not told"),
    }
}

/// The name under which the machine is sold.
pub(crate) fn model(system: &impl System) -> Found<String> {
    let maker = named(system, "sys_vendor").unwrap_or_default();
    // Lenovo has the name that people know in the place for a version.
    if maker.eq_ignore_ascii_case("lenovo")
        && let Ok(name) = named(system, "product_version")
    {
        return known(name);
    }
    known(named(system, "product_name").or_else(|_| from_tree(system, "model"))?)
}

/// Who made the machine.
pub(crate) fn manufacturer(system: &impl System) -> Found<String> {
    known(named(system, "sys_vendor")?)
}

/// The maker's serial number. Linux shows it to root only.
pub(crate) fn serial(system: &impl System) -> Found<String> {
    let serial = named(system, "product_serial").or_else(|why| {
        // A machine without DMI may have a device tree.
        from_tree(system, "serial-number").map_err(|_| why)
    })?;
    known(serial)
}

/// What the firmware's tables (SMBIOS) say, unless it is what makers leave in when they say nothing.
fn named(system: &impl System, name: &str) -> Result<String, Unknown> {
    let path = format!("/sys/class/dmi/id/{name}");
    said(text(system, &path)?, &path)
}

/// What the device tree says, on machines that have one; texts there end with a zero.
fn from_tree(system: &impl System, name: &str) -> Result<String, Unknown> {
    let path = format!("/proc/device-tree/{name}");
    let text = text(system, &path)?;
    said(text.trim_end_matches('\0').to_owned(), &path)
}

fn said(text: String, path: &str) -> Result<String, Unknown> {
    let plain: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|it| it.to_ascii_lowercase())
        .collect();
    let nothing = NOTHING.contains(&plain.as_str()) || plain.bytes().all(|it| it == b'0');
    if nothing {
        return unknown(format!("the maker left {path} empty"));
    }
    Ok(text)
}

const VARIABLES: &str = "/sys/firmware/efi/efivars";
/// With the GUID of UEFI's own variables.
const SECURE_BOOT: &str = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// With shim's GUID.
const SHIM_OFF: &str = "MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23";

/// What stands for nothing, letters and digits only.
const NOTHING: [&str; 16] = [
    "",
    "chassisserialnumber",
    "default",
    "defaultstring",
    "empty",
    "invalid",
    "na",
    "none",
    "notapplicable",
    "notavailable",
    "notspecified",
    "oem",
    "systemmanufacturer",
    "systemproductname",
    "systemserialnumber",
    "tobefilledbyoem",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::tests::Made;

    fn variables(secure: &[u8]) -> Made {
        Made::default()
            .file(&format!("{VARIABLES}/{SECURE_BOOT}"), secure)
            .file(
                &format!("{VARIABLES}/BootOrder-8be4df61"),
                [7, 0, 0, 0, 0, 0],
            )
    }

    #[test]
    fn secure_boot_is_what_the_firmware_and_shim_do() {
        assert_eq!(secure_boot(&variables(&[6, 0, 0, 0, 1])), known(true));
        assert!(!secure_boot(&variables(&[6, 0, 0, 0, 0])).unwrap().value);
        let shim = |value: u8| {
            variables(&[6, 0, 0, 0, 1])
                .file(&format!("{VARIABLES}/{SHIM_OFF}"), [6, 0, 0, 0, value])
        };
        assert!(!secure_boot(&shim(1)).unwrap().value, "shim looks away");
        assert!(secure_boot(&shim(0)).unwrap().value);
        let older = Made::default().file(&format!("{VARIABLES}/BootOrder-8be4df61"), "");
        assert!(!secure_boot(&older).unwrap().value);
        let bios = Made::default().folder("/sys/firmware/acpi");
        assert!(!secure_boot(&bios).unwrap().value);
    }

    #[test]
    fn firmware_that_is_hidden_tells_nothing() {
        for machine in [
            Made::default(),
            Made::default().folder("/sys/firmware"),
            Made::default().folder("/sys/firmware/efi"),
            Made::default().folder(VARIABLES),
            Made::default().denied(VARIABLES),
            variables(&[6, 0, 0, 0, 2]),
            variables(&[1]),
            variables(b"").denied(&format!("{VARIABLES}/{SECURE_BOOT}")),
        ] {
            let found = secure_boot(&machine);
            assert!(found.is_err(), "{found:?}");
        }
    }

    #[test]
    fn a_tpm_counts_from_version_2() {
        let chip =
            |version: &str| Made::default().file("/sys/class/tpm/tpm0/tpm_version_major", version);
        assert_eq!(tpm(&chip("2\n")), known(true));
        assert!(!tpm(&chip("1\n")).unwrap().value);
        assert!(tpm(&chip("x")).is_err());
        let old_kernel = Made::default().folder("/sys/class/tpm/tpm0");
        assert!(tpm(&old_kernel).is_err());
        let without = Made::default().folder("/sys/class/block");
        assert!(!tpm(&without).unwrap().value);
        assert!(
            tpm(&Made::default()).is_err(),
            "nothing is shown of nothing"
        );
    }

    fn made_by(maker: &str, name: &str, version: &str) -> Made {
        Made::default()
            .file("/sys/class/dmi/id/sys_vendor", maker)
            .file("/sys/class/dmi/id/product_name", name)
            .file("/sys/class/dmi/id/product_version", version)
    }

    #[test]
    fn a_model_has_the_name_that_people_know() {
        let dell = made_by("Dell Inc.\n", "Latitude 7440\n", "\n");
        assert_eq!(model(&dell), known("Latitude 7440".to_owned()));
        assert_eq!(manufacturer(&dell), known("Dell Inc.".to_owned()));
        let lenovo = made_by("LENOVO", "21AH00XXGE", "ThinkPad T14 Gen 3");
        assert_eq!(model(&lenovo), known("ThinkPad T14 Gen 3".to_owned()));
        let pi = Made::default().file("/proc/device-tree/model", "Raspberry Pi 5 Model B\0");
        assert_eq!(model(&pi), known("Raspberry Pi 5 Model B".to_owned()));
    }

    #[test]
    fn what_makers_leave_in_is_no_name() {
        for nothing in [
            "",
            "To Be Filled By O.E.M.",
            "Default string",
            "System Product Name",
            "0",
            "00000000",
            "N/A",
        ] {
            let machine = made_by(nothing, nothing, "");
            let machine = machine.file("/sys/class/dmi/id/product_serial", nothing);
            assert!(model(&machine).is_err(), "{nothing}");
            assert!(manufacturer(&machine).is_err(), "{nothing}");
            assert!(serial(&machine).is_err(), "{nothing}");
        }
    }

    #[test]
    fn a_serial_number_is_for_root_only() {
        let path = "/sys/class/dmi/id/product_serial";
        let machine = Made::default().file(path, "5CG1234ABC\n");
        assert_eq!(serial(&machine), known("5CG1234ABC".to_owned()));
        let why = serial(&Made::default().denied(path)).unwrap_err();
        assert!(why.0.contains("may not"), "{why:?}");
    }
}
