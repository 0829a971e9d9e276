//! A configuration profile for iPhones and iPads (Apple, Device Management: `TopLevel`, `WebClip`,
//! `Passcode`, `Restrictions`, `CertificateRoot`).
//!
//! It carries the app's web clip, the authorities of the hospital's own, a passcode policy from the
//! program's lock and, where the program says so, restrictions. A phone installs it from a manager,
//! from Apple Configurator, or by hand; only a manager makes it stay.

use plist::{Dictionary, Value};
use wardline_model::wire::programs::Ownership;

use super::{ProvisionError, Site};
use crate::terms::Terms;

/// The profile as an XML property list.
///
/// # Errors
/// [`ProvisionError::Personal`] for devices that are their owner's, [`ProvisionError::Platform`]
/// for a program without iPhones and iPads.
pub fn apple(site: &Site, terms: &Terms) -> Result<Vec<u8>, ProvisionError> {
    if terms.ownership == Ownership::Personal {
        return Err(ProvisionError::Personal);
    }
    if !terms.platforms.is_empty() && !terms.platforms.iter().any(|p| p == "ios" || p == "ipados") {
        return Err(ProvisionError::Platform("Apple"));
    }
    let profile = Profile { site, terms };
    let mut bytes = Vec::new();
    Value::Dictionary(profile.whole())
        .to_writer_xml(&mut bytes)
        .map_err(|error| ProvisionError::Write(error.to_string()))?;
    Ok(bytes)
}

struct Profile<'a> {
    site: &'a Site,
    terms: &'a Terms,
}

impl Profile<'_> {
    fn whole(&self) -> Dictionary {
        let mut payloads = vec![self.web_clip(), self.passcode()];
        payloads.extend(self.restrictions());
        payloads.extend(self.authorities());
        let name = format!("Wardline, {}: {}", self.site.hospital(), self.terms.title);
        let mut profile = self.payload("profile", "Configuration", &name);
        // The profile itself is named without a part.
        set(&mut profile, "PayloadIdentifier", self.identifier());
        set(&mut profile, "PayloadOrganization", self.site.hospital());
        set(
            &mut profile,
            "PayloadDescription",
            self.terms.summary.as_str(),
        );
        let contents = payloads.into_iter().map(Value::Dictionary).collect();
        set(&mut profile, "PayloadContent", Value::Array(contents));
        profile
    }

    fn web_clip(&self) -> Dictionary {
        let mut clip = self.payload("web-clip", "com.apple.webClip.managed", "Wardline");
        set(&mut clip, "URL", self.site.address());
        set(&mut clip, "Label", "Wardline");
        set(&mut clip, "FullScreen", true);
        set(&mut clip, "IsRemovable", false);
        set(&mut clip, "Precomposed", true);
        set(&mut clip, "Icon", Value::Data(ICON.to_vec()));
        clip
    }

    fn passcode(&self) -> Dictionary {
        let mut policy = self.payload(
            "passcode",
            "com.apple.mobiledevice.passwordpolicy",
            "Passcode",
        );
        set(&mut policy, "forcePIN", true);
        set(&mut policy, "allowSimple", false);
        set(&mut policy, "minLength", 6_u64);
        set(
            &mut policy,
            "maxInactivity",
            minutes(self.terms.limits.lock_seconds),
        );
        // No time in which the phone opens without the passcode after it locked.
        set(&mut policy, "maxGracePeriod", 0_u64);
        policy
    }

    /// What the program's limits mean for the phone as a whole; nothing for one that may keep files.
    fn restrictions(&self) -> Option<Dictionary> {
        let limits = &self.terms.limits;
        if limits.attachments && self.terms.ownership != Ownership::Shared {
            return None;
        }
        let mut rules = self.payload(
            "restrictions",
            "com.apple.applicationaccess",
            "Restrictions",
        );
        // Backups leave the hospital; encrypted ones by cable are the manager's business.
        set(&mut rules, "allowCloudBackup", false);
        set(&mut rules, "forceEncryptedBackup", true);
        if !limits.attachments {
            set(&mut rules, "allowScreenShot", false);
        }
        Some(rules)
    }

    fn authorities(&self) -> Vec<Dictionary> {
        let of = |(at, der): (usize, &Vec<u8>)| {
            let part = format!("authority-{}", at + 1);
            let name = format!("Authority of {}", self.site.hospital());
            let mut payload = self.payload(&part, "com.apple.security.root", &name);
            let file = format!("{part}.cer");
            set(&mut payload, "PayloadCertificateFileName", file);
            set(&mut payload, "PayloadContent", Value::Data(der.clone()));
            payload
        };
        self.site.authorities.iter().enumerate().map(of).collect()
    }

    /// The keys that every payload has.
    fn payload(&self, part: &str, kind: &str, name: &str) -> Dictionary {
        let mut payload = Dictionary::new();
        let id = self.site.id(&self.terms.slug, part);
        let identifier = format!("{}.{part}", self.identifier());
        set(&mut payload, "PayloadType", kind);
        set(&mut payload, "PayloadVersion", 1_u64);
        set(&mut payload, "PayloadIdentifier", identifier);
        set(&mut payload, "PayloadUUID", id.to_string().to_uppercase());
        set(&mut payload, "PayloadDisplayName", name);
        payload
    }

    fn identifier(&self) -> String {
        format!("{}.wardline.{}", self.site.reversed(), self.terms.slug)
    }
}

/// Whole minutes, rounded up so that the phone does not lock before the app, within what the policy
/// takes: 1 to 15.
fn minutes(seconds: u64) -> u64 {
    seconds.div_ceil(60).clamp(1, 15)
}

fn set(dictionary: &mut Dictionary, key: &str, value: impl Into<Value>) {
    dictionary.insert(key.to_owned(), value.into());
}

/// The app's icon, without which the home screen shows a white square.
const ICON: &[u8] = include_bytes!("icon-180.png");
