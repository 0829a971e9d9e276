//! Settings for Android phones and tablets under an EMM.
//!
//! Wardline is no device policy controller. The QR code of a factory-new phone names the EMM's own
//! controller, so the EMM makes that code; what [`qr`] gives is the bundle of extras that the EMM
//! puts into it, with Wardline's configuration inside. Whether an EMM passes the bundle on is its
//! own matter; the settings of [`android`] work in each of them.

use serde_json::{Value, json};
use wardline_model::wire::programs::Ownership;

use super::{ProvisionError, Site, link};
use crate::terms::Terms;

/// The settings as JSON: the web app as managed Google Play takes it (`webApp`), the managed
/// configuration of Chrome by the names of its policies (`chrome`), fields of an Android Management
/// API policy (`policy`), and Chrome's policies for desktops and Chromebooks (`chromeDesktop`),
/// where alone Chrome installs the app itself. Authorities of the hospital's own are installed by
/// the EMM; no setting of Chrome does it.
///
/// # Errors
/// [`ProvisionError::Personal`] for devices that are their owner's, [`ProvisionError::Platform`]
/// for a program without Android.
pub fn android(site: &Site, terms: &Terms) -> Result<Value, ProvisionError> {
    fits(terms)?;
    let address = site.address();
    let origin = site.origin();
    let mut chrome = json!({
        // Android: from Chrome 142. Before that the person is asked once.
        "NotificationsAllowedForUrls": [origin],
        "URLAllowlist": [format!("{}/*", origin.trim_start_matches("https://"))],
        // A page that keeps its store in the browser must not lose it to a person's tidiness.
        "IncognitoModeAvailability": 1,
    });
    if terms.ownership == Ownership::Shared {
        // A ward device opens the hospital's app and nothing else.
        chrome["URLBlocklist"] = json!(["*"]);
    }
    Ok(json!({
        "program": terms.slug,
        "hospital": site.hospital(),
        "webApp": {
            "title": "Wardline",
            "startUrl": address,
            "displayMode": "STANDALONE",
        },
        "chrome": { "packageName": "com.android.chrome", "managedConfiguration": chrome },
        "chromeDesktop": {
            "WebAppInstallForceList": [{
                "url": address,
                "default_launch_container": "window",
                "fallback_app_name": "Wardline",
            }],
            "NotificationsAllowedForUrls": [origin],
            "VideoCaptureAllowedUrls": [origin],
        },
        "policy": {
            "maximumTimeToLock": (terms.limits.lock_seconds * 1000).to_string(),
            "passwordPolicies": [{
                "passwordScope": "SCOPE_DEVICE",
                "passwordQuality": "NUMERIC_COMPLEX",
                "passwordMinimumLength": 6,
            }],
            "screenCaptureDisabled": !terms.limits.attachments,
        },
    }))
}

/// The extras for the QR code of an EMM's controller, as JSON. With a code the bundle also carries
/// the enrolment link, so it is good for one device, and to be kept from others until then.
///
/// # Errors
/// As [`android`], and [`ProvisionError::Code`].
pub fn qr(site: &Site, terms: &Terms, code: Option<&str>) -> Result<Value, ProvisionError> {
    fits(terms)?;
    let mut extras = json!({
        "wardline_url": site.address(),
        "wardline_hospital": site.hospital(),
        "wardline_program": terms.slug,
        "wardline_lock_seconds": terms.limits.lock_seconds,
    });
    if let Some(code) = code {
        extras["wardline_enroll"] = json!(link(site, code)?);
    }
    Ok(json!({ "android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE": extras }))
}

fn fits(terms: &Terms) -> Result<(), ProvisionError> {
    if terms.ownership == Ownership::Personal {
        return Err(ProvisionError::Personal);
    }
    if !terms.platforms.is_empty() && !terms.platforms.iter().any(|p| p == "android") {
        return Err(ProvisionError::Platform("Android"));
    }
    Ok(())
}
