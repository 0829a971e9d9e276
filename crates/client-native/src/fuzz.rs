//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use url::Url;

use crate::client::Invitation;
use crate::{http, passkey};

/// What a person pasted as an invitation: a code, or a link.
///
/// # Panics
/// When a link is accepted without the log's key, or leads to anything but an origin.
pub fn invitation(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    Invitation::parse(text).is_ok_and(|invitation| {
        assert_eq!(invitation.server.is_some(), invitation.pins.is_some());
        if let Some(server) = &invitation.server {
            address(server.as_bytes());
        } else {
            assert_eq!(invitation.code, text);
        }
        true
    })
}

/// The server's address, as it was typed.
///
/// # Panics
/// When plain HTTP is accepted to another machine, or the origin is not one.
pub fn address(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    http::origin(text).is_ok_and(|origin| {
        assert_eq!(http::origin(&origin).ok().as_deref(), Some(&*origin));
        let url = Url::parse(&origin);
        assert!(url.is_ok_and(|url| {
            let here = url.host_str().is_some_and(|host| {
                host == "localhost" || host.starts_with("127.") || host == "[::1]"
            });
            (url.scheme() == "https" || here) && url.path() == "/" && url.username().is_empty()
        }));
        true
    })
}

/// The CA file, PEM.
pub fn ca(bytes: &[u8]) -> bool {
    http::certificates(bytes).is_ok_and(|certificates| !certificates.is_empty())
}

/// A server's options for making a passkey, for `http://localhost:8080`.
///
/// # Panics
/// When a passkey is made for another site, or its own answer cannot be used.
pub fn creation(bytes: &[u8]) -> bool {
    let Ok(options) = serde_json::from_slice(bytes) else {
        return false;
    };
    passkey::register(&options, SITE).is_ok_and(|(stored, _)| {
        assert_eq!(stored.rp_id, "localhost");
        let mine = serde_json::json!({ "challenge": "AAAA", "rpId": stored.rp_id });
        assert!(passkey::assert(&stored, &mine, SITE).is_ok());
        let foreign = serde_json::json!({ "challenge": "AAAA", "rpId": "example.com" });
        assert!(passkey::assert(&stored, &foreign, SITE).is_err());
        true
    })
}

const SITE: &str = "http://localhost:8080";
