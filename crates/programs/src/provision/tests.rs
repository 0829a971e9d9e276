//! What is made for a device manager reads back as what it has to be.

use std::collections::BTreeSet;

use plist::{Dictionary, Value};
use wardline_model::code::{HANDLE_CHARS, LINK_SECRET_CHARS};
use wardline_posture::made;

use super::*;
use crate::terms::Terms;

const NAME: &str = "St. Mary's & <Co>";

fn site() -> Site {
    Site::new(NAME, "https://wardline.example.org").unwrap()
}

fn terms(slug: &str) -> Terms {
    let mut all = Terms::baseline().into_iter();
    all.find(|terms| terms.slug == slug).unwrap()
}

fn profile(site: &Site, terms: &Terms) -> Dictionary {
    let bytes = apple(site, terms).unwrap();
    let value = Value::from_reader_xml(bytes.as_slice()).unwrap();
    value.into_dictionary().unwrap()
}

fn text<'a>(dictionary: &'a Dictionary, key: &str) -> &'a str {
    dictionary[key].as_string().unwrap()
}

fn payloads(profile: &Dictionary) -> Vec<&Dictionary> {
    let contents = profile["PayloadContent"].as_array().unwrap();
    contents
        .iter()
        .map(|p| p.as_dictionary().unwrap())
        .collect()
}

fn payload<'a>(profile: &'a Dictionary, kind: &str) -> &'a Dictionary {
    let mut all = payloads(profile).into_iter();
    all.find(|payload| text(payload, "PayloadType") == kind)
        .unwrap()
}

#[test]
fn a_profile_carries_the_app_and_the_lock() {
    let profile = profile(&site(), &terms("shared"));
    assert_eq!(text(&profile, "PayloadType"), "Configuration");
    assert_eq!(
        text(&profile, "PayloadIdentifier"),
        "org.example.wardline.wardline.shared"
    );
    assert_eq!(profile["PayloadVersion"].as_unsigned_integer(), Some(1));
    let clip = payload(&profile, "com.apple.webClip.managed");
    assert_eq!(text(clip, "URL"), "https://wardline.example.org/");
    assert_eq!(clip["FullScreen"].as_boolean(), Some(true));
    let icon = clip["Icon"].as_data().unwrap();
    assert!(icon.starts_with(b"\x89PNG"));
    let passcode = payload(&profile, "com.apple.mobiledevice.passwordpolicy");
    assert_eq!(passcode["forcePIN"].as_boolean(), Some(true));
    assert_eq!(passcode["maxInactivity"].as_unsigned_integer(), Some(1));
    let restrictions = payload(&profile, "com.apple.applicationaccess");
    assert_eq!(restrictions["allowScreenShot"].as_boolean(), Some(false));
}

#[test]
fn the_terms_decide_what_a_profile_asks() {
    let issued = profile(&site(), &terms("issued"));
    let passcode = payload(&issued, "com.apple.mobiledevice.passwordpolicy");
    assert_eq!(passcode["maxInactivity"].as_unsigned_integer(), Some(5));
    let restricted = |profile: &Dictionary| {
        payloads(profile)
            .iter()
            .any(|p| text(p, "PayloadType") == "com.apple.applicationaccess")
    };
    assert!(!restricted(&issued), "it may keep files");
    let mut strict = terms("issued").into_inner();
    strict.limits.attachments = false;
    strict.limits.lock_seconds = 3600;
    let strict = profile(&site(), &Terms::new(strict).unwrap());
    assert!(restricted(&strict));
    let passcode = payload(&strict, "com.apple.mobiledevice.passwordpolicy");
    assert_eq!(
        passcode["maxInactivity"].as_unsigned_integer(),
        Some(15),
        "the policy takes no more"
    );
}

#[test]
fn names_are_escaped_and_read_back() {
    let bytes = apple(&site(), &terms("issued")).unwrap();
    let xml = String::from_utf8(bytes).unwrap();
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
    assert!(xml.contains("&amp; &lt;Co"), "{xml}");
    assert!(!xml.contains("<Co>"));
    let profile = profile(&site(), &terms("issued"));
    assert_eq!(text(&profile, "PayloadOrganization"), NAME);
    assert_eq!(
        text(&profile, "PayloadDisplayName"),
        "Wardline, St. Mary's & <Co>: Issued phone"
    );
}

#[test]
fn a_profile_that_is_loaded_again_replaces_itself() {
    let ids = |profile: &Dictionary| -> Vec<String> {
        let mut all = vec![text(profile, "PayloadUUID").to_owned()];
        all.extend(
            payloads(profile)
                .iter()
                .map(|p| text(p, "PayloadUUID").to_owned()),
        );
        all
    };
    let first = ids(&profile(&site(), &terms("issued")));
    let distinct: BTreeSet<&String> = first.iter().collect();
    assert_eq!(distinct.len(), first.len(), "each payload has its own");
    let renamed = Site::new("Other name", "https://wardline.example.org/").unwrap();
    assert_eq!(ids(&profile(&renamed, &terms("issued"))), first);
    let elsewhere = Site::new(NAME, "https://wardline.example.net").unwrap();
    let other = ids(&profile(&elsewhere, &terms("issued")));
    assert!(other.iter().all(|id| !first.contains(id)));
    let shared = ids(&profile(&site(), &terms("shared")));
    assert!(shared.iter().all(|id| !first.contains(id)));
    // A profile in the field keeps its identity over releases: this is the one that it has.
    assert_eq!(first[0], "2313BA4F-AE4E-519A-A659-9D9F69285FAA");
    let id = Uuid::parse_str(&first[0]).unwrap();
    assert_eq!(id.get_version_num(), 5);
}

#[test]
fn the_hospitals_authorities_are_carried_whole() {
    let authorities = made::authorities(made::key().unwrap()).unwrap();
    let pem = authorities[0].pem();
    let site = site().with_authorities(pem.as_bytes()).unwrap();
    let profile = profile(&site, &terms("issued"));
    let authority = payload(&profile, "com.apple.security.root");
    let der = &certificates(pem.as_bytes()).unwrap()[0];
    assert_eq!(authority["PayloadContent"].as_data(), Some(der.as_slice()));
}

#[test]
fn a_file_without_an_authority_is_refused() {
    let refused = |bytes: &[u8]| {
        let error = site().with_authorities(bytes).unwrap_err();
        assert_eq!(error, ProvisionError::Authority);
    };
    refused(b"");
    refused(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    // A server's certificate is no authority's.
    let authorities = made::authorities(made::key().unwrap()).unwrap();
    let leaf = made::attested(&made::Description::new(b"challenge")).unwrap();
    let chain = made::chain(&authorities, &leaf).unwrap();
    refused(made::pem(&chain[..1]).unwrap().as_bytes());
}

#[test]
fn addresses_that_no_phone_can_use_are_refused() {
    let refused = |url: &str| {
        assert_eq!(Site::new(NAME, url), Err(ProvisionError::Url), "{url}");
    };
    refused("wardline.example.org");
    refused("http://wardline.example.org");
    refused("https://10.0.0.7");
    refused("https://[2001:db8::1]");
    refused("https://wardline.example.org/app");
    refused("https://wardline.example.org/?a=b");
    refused("https://wardline.example.org/#/enroll");
    refused("https://user:secret@wardline.example.org");
    refused("javascript:alert(1)");
    assert_eq!(
        Site::new("two\nlines", "https://wardline.example.org"),
        Err(ProvisionError::Hospital)
    );
    let port = Site::new(NAME, "https://wardline.example.org:8443").unwrap();
    assert_eq!(port.origin(), "https://wardline.example.org:8443");
}

#[test]
fn own_phones_and_desktops_get_no_phone_profile() {
    assert_eq!(
        apple(&site(), &terms("byod")),
        Err(ProvisionError::Personal)
    );
    assert_eq!(
        android(&site(), &terms("byod")),
        Err(ProvisionError::Personal)
    );
    assert_eq!(
        apple(&site(), &terms("workstation")),
        Err(ProvisionError::Platform("Apple"))
    );
    assert_eq!(
        qr(&site(), &terms("workstation"), None),
        Err(ProvisionError::Platform("Android"))
    );
}

#[test]
fn an_emm_gets_the_web_app_and_chromes_policies() {
    let settings = android(&site(), &terms("shared")).unwrap();
    assert_eq!(
        settings["webApp"]["startUrl"],
        "https://wardline.example.org/"
    );
    let title = settings["webApp"]["title"].as_str().unwrap();
    assert!(
        title.len() < 30,
        "managed Google Play takes no longer title"
    );
    let chrome = &settings["chrome"]["managedConfiguration"];
    assert_eq!(
        chrome["NotificationsAllowedForUrls"][0],
        "https://wardline.example.org"
    );
    assert_eq!(chrome["URLAllowlist"][0], "wardline.example.org/*");
    assert_eq!(chrome["URLBlocklist"][0], "*");
    assert_eq!(settings["policy"]["maximumTimeToLock"], "60000");
    assert_eq!(settings["policy"]["screenCaptureDisabled"], true);
    // Chrome on Android knows neither; they would be dead letters there.
    assert!(chrome.get("WebAppInstallForceList").is_none());
    assert!(chrome.get("VideoCaptureAllowedUrls").is_none());
    let issued = android(&site(), &terms("issued")).unwrap();
    let chrome = &issued["chrome"]["managedConfiguration"];
    assert!(chrome.get("URLBlocklist").is_none(), "one person's phone");
}

#[test]
fn the_extras_of_a_qr_code_carry_the_link_of_one_enrolment() {
    const EXTRAS: &str = "android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE";
    let code = EnrollCode::from_random([3; HANDLE_CHARS], &[7; LINK_SECRET_CHARS]);
    let code = code.written();
    let extras = qr(&site(), &terms("issued"), Some(&code)).unwrap();
    let keys: Vec<&String> = extras.as_object().unwrap().keys().collect();
    assert_eq!(keys, [EXTRAS], "the controller is the EMM's to name");
    let link = extras[EXTRAS]["wardline_enroll"].as_str().unwrap();
    let read = Url::parse(link).unwrap();
    assert_eq!(
        read.query(),
        None,
        "a code in the query reaches the server's logs"
    );
    assert_eq!(read.fragment(), Some(format!("/enroll?c={code}").as_str()));
    let many = qr(&site(), &terms("issued"), None).unwrap();
    assert!(many[EXTRAS].get("wardline_enroll").is_none());
    assert_eq!(
        qr(&site(), &terms("issued"), Some("nonsense")),
        Err(ProvisionError::Code)
    );
}
