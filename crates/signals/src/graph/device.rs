//! `managedDevice`, and what it tells.

use serde::Deserialize;
use serde_json::Value;
use wardline_model::wire::posture::{FactName, FactValue, Told};

use super::page::{LeftOut, Why};
use crate::managed::ManagedDevice;
use crate::values::{self, LONGEST_FACT, LONGEST_NAME, LONGEST_OWNER};

/// The name of Intune among the sources of devices.
pub const SOURCE: &str = "intune";

/// The properties that are read. All are in v1.0; `managementState` is not, it is in beta only.
pub(super) const SELECT: &str = "id,deviceName,userPrincipalName,serialNumber,operatingSystem,\
                                 osVersion,androidSecurityPatchLevel,isEncrypted,complianceState,\
                                 jailBroken,managementAgent,lastSyncDateTime,model,manufacturer";

/// The device of one value of a page.
pub(super) fn read(value: Value, now_ms: u64) -> Result<ManagedDevice, LeftOut> {
    let id = value.get("id").and_then(Value::as_str);
    let id = id.filter(|id| is_id(id)).map(str::to_owned);
    let left_out = |why| LeftOut {
        manager_id: id.clone(),
        why,
    };
    let device: Device = serde_json::from_value(value).map_err(|_| left_out(Why::Malformed))?;
    let manager_id = id.clone().ok_or_else(|| left_out(Why::Malformed))?;
    // A device that never synced has the year 1.
    let synced = device.last_sync.as_deref().map(values::moment);
    let Some(Ok(observed_at)) = synced else {
        return Err(left_out(Why::NeverSynced));
    };
    let name = text(device.name.as_deref(), LONGEST_NAME);
    let serial = serial(device.serial.as_deref());
    Ok(ManagedDevice {
        source: SOURCE.to_owned(),
        serial: serial.map(str::to_owned),
        owner: text(device.owner.as_deref(), LONGEST_OWNER).map(str::to_owned),
        name: name.unwrap_or(&manager_id).to_owned(),
        facts: device.facts(),
        observed_at: observed_at.min(now_ms),
        manager_id,
    })
}

/// Whether Intune can have given this id: a GUID, as far as is seen.
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    #[serde(rename = "deviceName")]
    name: Option<String>,
    #[serde(rename = "userPrincipalName")]
    owner: Option<String>,
    #[serde(rename = "serialNumber")]
    serial: Option<String>,
    operating_system: Option<String>,
    os_version: Option<String>,
    android_security_patch_level: Option<String>,
    is_encrypted: Option<bool>,
    compliance_state: Option<String>,
    jail_broken: Option<String>,
    management_agent: Option<String>,
    #[serde(rename = "lastSyncDateTime")]
    last_sync: Option<String>,
    model: Option<String>,
    manufacturer: Option<String>,
}

impl Device {
    fn facts(&self) -> Vec<Told> {
        let fact =
            |text: &Option<String>| self::text(text.as_deref(), LONGEST_FACT).map(text_value);
        let patches = self.android_security_patch_level.as_deref();
        let patches = patches.and_then(|level| values::patch_level(level.trim()).ok());
        let serial = serial(self.serial.as_deref());
        let facts = [
            (FactName::Platform, self.platform().map(text_value)),
            (FactName::OsVersion, self.version().map(FactValue::Text)),
            (FactName::PatchLevel, patches.map(text_value)),
            (FactName::Model, fact(&self.model)),
            (FactName::Manufacturer, fact(&self.manufacturer)),
            (FactName::Serial, serial.map(text_value)),
            (
                FactName::StorageEncrypted,
                self.is_encrypted.map(FactValue::Truth),
            ),
            (FactName::Rooted, self.rooted().map(FactValue::Truth)),
            (FactName::Managed, self.managed().map(FactValue::Truth)),
            (
                FactName::ManagerCompliant,
                self.compliant().map(FactValue::Truth),
            ),
        ];
        let told = |(name, value): (FactName, Option<FactValue>)| {
            Some(Told {
                name,
                value: value?,
            })
        };
        facts.into_iter().filter_map(told).collect()
    }

    /// Intune's words for systems are not an enumeration: `Android`, `AndroidForWork`, `iOS`,
    /// `Windows`, `macOS`, `Linux (ubuntu)` are seen.
    fn platform(&self) -> Option<&'static str> {
        let system = self.operating_system.as_deref()?.trim();
        let system = system.to_ascii_lowercase();
        let is_ipad = || {
            let model = self.model.as_deref().unwrap_or_default();
            model.trim_start().to_ascii_lowercase().starts_with("ipad")
        };
        match system.as_str() {
            "ios" if is_ipad() => Some("ipados"),
            "ios" => Some("ios"),
            "ipados" => Some("ipados"),
            "macos" | "mac os x" => Some("macos"),
            "windows" => Some("windows"),
            "chromeos" => Some("chromeos"),
            system if system.starts_with("android") => Some("android"),
            system if system.starts_with("linux") => Some("linux"),
            _ => None,
        }
    }

    /// The version; of Linux, with the distribution before it, since a number alone could be
    /// anybody's.
    fn version(&self) -> Option<String> {
        let version = text(self.os_version.as_deref(), LONGEST_NAME / 2)?;
        let named = version.starts_with(|first: char| first.is_ascii_alphabetic());
        if self.platform()? != "linux" || named {
            return Some(version.to_owned());
        }
        let system = self.operating_system.as_deref()?;
        let (_, rest) = system.split_once('(')?;
        let (distribution, _) = rest.split_once(')')?;
        let distribution = text(Some(distribution), LONGEST_NAME / 4)?;
        Some(format!("{} {version}", distribution.to_ascii_lowercase()))
    }

    /// `True`, `False` or `Unknown`, as text.
    fn rooted(&self) -> Option<bool> {
        values::truth(self.jail_broken.as_deref()?.trim())
            .ok()
            .flatten()
    }

    /// `eas` only gives a device its mail, and `msSense` only guards it: neither manages it.
    fn managed(&self) -> Option<bool> {
        match self.management_agent.as_deref()? {
            "mdm"
            | "easMdm"
            | "intuneClient"
            | "easIntuneClient"
            | "configurationManagerClient"
            | "configurationManagerClientMdm"
            | "configurationManagerClientMdmEas"
            | "jamf"
            | "googleCloudDevicePolicyController"
            | "microsoft365ManagedMdm"
            | "intuneAosp" => Some(true),
            "eas" | "msSense" => Some(false),
            _ => None,
        }
    }

    /// A device in Intune's grace period does not meet its policies: how long it may go on so here
    /// is for the program's own grace to say. `configManager` judges elsewhere, and `unknown` is no
    /// judgement.
    fn compliant(&self) -> Option<bool> {
        match self.compliance_state.as_deref()? {
            "compliant" => Some(true),
            "noncompliant" | "inGracePeriod" | "conflict" | "error" => Some(false),
            _ => None,
        }
    }
}

fn text_value(text: &str) -> FactValue {
    FactValue::from(text)
}

/// Text that says something and can be shown.
fn text(text: Option<&str>, longest: usize) -> Option<&str> {
    let text = text?.trim();
    let text = values::text(text, longest).ok()?;
    (!text.is_empty()).then_some(text)
}

fn serial(text: Option<&str>) -> Option<&str> {
    values::serial(text?).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{GRAPH, Graph, PageError};

    const NOW: u64 = 1_780_000_000_000;

    const PAGE: &str = r#"{
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#deviceManagement/managedDevices",
        "@odata.count": 4,
        "@odata.nextLink": "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices?$skiptoken=abc",
        "value": [
            {"id": "705c034c-034c-705c-4c03-5c704c035c70", "deviceName": "okafor_Android_5/20/2026",
             "userPrincipalName": "okafor@hospital.example", "serialNumber": "R58M123ABC",
             "operatingSystem": "Android", "osVersion": "16.0",
             "androidSecurityPatchLevel": "2026-05-01", "isEncrypted": true,
             "complianceState": "compliant", "jailBroken": "False",
             "managementAgent": "googleCloudDevicePolicyController",
             "lastSyncDateTime": "2026-05-20T08:00:00.1234567Z",
             "model": "Pixel 9", "manufacturer": "Google"},
            {"id": "705c034c-034c-705c-4c03-5c704c035c71", "deviceName": "", "userPrincipalName": "",
             "serialNumber": "0", "operatingSystem": "iOS", "osVersion": "26.1",
             "androidSecurityPatchLevel": "", "isEncrypted": null,
             "complianceState": "inGracePeriod", "jailBroken": "Unknown", "managementAgent": "eas",
             "lastSyncDateTime": "2031-01-01T00:00:00Z", "model": "iPad Air", "manufacturer": "Apple"},
            {"id": "705c034c-034c-705c-4c03-5c704c035c72",
             "lastSyncDateTime": "0001-01-01T00:00:00Z"},
            {"id": "705c034c-034c-705c-4c03-5c704c035c73", "isEncrypted": "perhaps",
             "lastSyncDateTime": "2026-05-20T08:00:00Z"}
        ]
    }"#;

    fn told(device: &ManagedDevice) -> Vec<String> {
        let facts = device.facts.iter();
        facts
            .map(|told| format!("{}={:?}", told.name.as_str(), told.value))
            .collect()
    }

    #[test]
    fn a_page_of_intune_becomes_devices_with_facts() {
        let graph = Graph::new(GRAPH).unwrap();
        let page = graph.page(PAGE.as_bytes(), NOW).unwrap();
        let [phone, tablet] = &page.devices[..] else {
            panic!("{page:?}");
        };
        assert_eq!(phone.source, "intune");
        assert_eq!(phone.serial.as_deref(), Some("R58M123ABC"));
        assert_eq!(phone.owner.as_deref(), Some("okafor@hospital.example"));
        assert_eq!(phone.observed_at, 1_779_264_000_123);
        assert_eq!(
            told(phone),
            [
                r#"platform=Text("android")"#,
                r#"os_version=Text("16.0")"#,
                r#"patch_level=Text("2026-05-01")"#,
                r#"model=Text("Pixel 9")"#,
                r#"manufacturer=Text("Google")"#,
                r#"serial=Text("R58M123ABC")"#,
                "storage_encrypted=Truth(true)",
                "rooted=Truth(false)",
                "managed=Truth(true)",
                "manager_compliant=Truth(true)",
            ]
        );
        assert_eq!(tablet.serial, None);
        assert_eq!(tablet.owner, None);
        assert_eq!(tablet.name, tablet.manager_id);
        assert_eq!(tablet.observed_at, NOW);
        assert_eq!(
            told(tablet),
            [
                r#"platform=Text("ipados")"#,
                r#"os_version=Text("26.1")"#,
                r#"model=Text("iPad Air")"#,
                r#"manufacturer=Text("Apple")"#,
                "managed=Truth(false)",
                "manager_compliant=Truth(false)",
            ]
        );
        let why: Vec<Why> = page.left_out.iter().map(|left_out| left_out.why).collect();
        assert_eq!(why, [Why::NeverSynced, Why::Malformed]);
        assert!(page.next.unwrap().query().unwrap().contains("skiptoken"));
    }

    #[test]
    fn the_token_never_follows_a_page_to_another_server() {
        let graph = Graph::new(GRAPH).unwrap();
        for elsewhere in [
            "https://graph.microsoft.com.evil.example/v1.0/x",
            "https://evil.example/v1.0/x",
            "http://graph.microsoft.com/v1.0/x",
            "https://graph.microsoft.com:8443/v1.0/x",
            "https://graph.microsoft.com@evil.example/x",
            "https://user@graph.microsoft.com/x",
        ] {
            let page = format!(r#"{{"value":[],"@odata.nextLink":"{elsewhere}"}}"#);
            let outcome = graph.page(page.as_bytes(), NOW);
            assert_eq!(outcome, Err(PageError::Elsewhere), "{elsewhere}");
        }
        for malformed in ["/v1.0/relative", ""] {
            let page = format!(r#"{{"value":[],"@odata.nextLink":"{malformed}"}}"#);
            let outcome = graph.page(page.as_bytes(), NOW);
            assert_eq!(outcome, Err(PageError::Malformed), "{malformed}");
        }
    }

    #[test]
    fn the_version_of_linux_has_its_distribution() {
        let version = |system: &str, version: &str| {
            let value = serde_json::json!({"operatingSystem": system, "osVersion": version});
            let device: Device = serde_json::from_value(value).unwrap();
            device.version()
        };
        let with = |text: &str| Some(text.to_owned());
        assert_eq!(version("Linux (ubuntu)", "24.04"), with("ubuntu 24.04"));
        assert_eq!(version("Linux", "Ubuntu 24.04"), with("Ubuntu 24.04"));
        assert_eq!(version("Linux", "24.04"), None);
        assert_eq!(
            version("Windows", "10.0.26100.4946"),
            with("10.0.26100.4946")
        );
    }
}
