//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;
use wardline_model::wire::enroll::{BINDING_TYPE, BindingClaims, Platform};
use wardline_model::wire::{
    attachments, devices, directory, enroll, fleet, forward, glass, groups, integrations, keys,
    looks, messages, programs, push, records, sessions, socket, teams,
};
use wardline_model::{B64, UserId};
use wardline_posture::webauthn::Trust;

use crate::Config;
use crate::extract;
use crate::jws::{self, DeviceKey};
use crate::pager;
use crate::passkeys::{Ceremony, Demand, Passkeys, Vouchers};
use crate::problem::Refusal;
use crate::proof::{Proofs, Request};

/// A word that seeds hold where a person's secret would be; no answer may hold it.
pub const SECRET: &str = "Zq7secretXv";

/// What proofs of the corpus are for: when, where, by which access token, under which nonces.
const NOW_MS: u64 = 1_790_000_000_000;
const ORIGIN: &str = "https://hospital.example";
const PATH: &str = "/v1/sessions";
const TOKEN: &str = "token";
const NONCE_KEY: [u8; 32] = [7; 32];

/// The body of any request, and a client's socket frame.
///
/// # Panics
/// When a refusal repeats what was sent.
pub fn body(bytes: &[u8]) -> bool {
    fn quiet<T: DeserializeOwned>(bytes: &[u8]) -> bool {
        match extract::parse::<T>(bytes) {
            Ok(_) => true,
            Err(refusal) => {
                hides(&refusal);
                assert_eq!(refusal.name(), "invalid-body");
                false
            }
        }
    }
    let taken = [
        quiet::<enroll::InviteRequest>(bytes),
        quiet::<enroll::EnrollStart>(bytes),
        quiet::<enroll::EnrollFinish>(bytes),
        quiet::<sessions::ChallengeRequest>(bytes),
        quiet::<sessions::StepUpRequest>(bytes),
        quiet::<sessions::SignIn>(bytes),
        quiet::<devices::EndorseRequest>(bytes),
        quiet::<devices::CredentialsRequest>(bytes),
        quiet::<devices::ReportRequest>(bytes),
        quiet::<devices::AttestRequest>(bytes),
        quiet::<devices::SerialRequest>(bytes),
        quiet::<devices::BulkRequest>(bytes),
        quiet::<devices::ExportRequest>(bytes),
        quiet::<glass::GlassRequest>(bytes),
        quiet::<glass::GlassReview>(bytes),
        quiet::<looks::CanaryMake>(bytes),
        quiet::<looks::LookReview>(bytes),
        quiet::<forward::ForwardRequest>(bytes),
        quiet::<records::HandIn>(bytes),
        quiet::<records::StatementsTaken>(bytes),
        quiet::<records::RecordsResult>(bytes),
        quiet::<programs::ProgramChange>(bytes),
        quiet::<fleet::ImportRequest>(bytes),
        quiet::<keys::KeyPackageUpload>(bytes),
        quiet::<keys::ClaimRequest>(bytes),
        quiet::<groups::GroupCreate>(bytes),
        quiet::<groups::CommitUpload>(bytes),
        quiet::<messages::MessageSend>(bytes),
        quiet::<attachments::AttachmentCreate>(bytes),
        quiet::<attachments::AttachmentChunk>(bytes),
        quiet::<messages::ReceiptPost>(bytes),
        quiet::<directory::PatientSearch>(bytes),
        quiet::<directory::Availability>(bytes),
        quiet::<wardline_model::wire::quiet::QuietChoice>(bytes),
        quiet::<push::PushSubscribe>(bytes),
        quiet::<push::PushReceipt>(bytes),
        quiet::<integrations::BotRegister>(bytes),
        quiet::<integrations::BotChange>(bytes),
        quiet::<integrations::PagerNumbers>(bytes),
        quiet::<teams::CareTeamImport>(bytes),
        quiet::<socket::ClientFrame>(bytes),
    ];
    taken.contains(&true)
}

/// The `DPoP` header of `POST https://hospital.example/v1/sessions`, as a server sees it that has
/// seen none before.
///
/// # Panics
/// When a proof counts twice or for another request, or a refusal leaves something behind or is
/// another one the next time.
pub fn proof(bytes: &[u8]) -> bool {
    let Ok(header) = HeaderValue::from_bytes(bytes) else {
        return false;
    };
    let mut headers = HeaderMap::new();
    headers.insert("dpop", header);
    let uri = Uri::from_static(PATH);
    let request = Request {
        method: &Method::POST,
        uri: &uri,
        headers: &headers,
        token: Some(TOKEN),
    };
    let proofs = Proofs::new(&NONCE_KEY, vec![ORIGIN.to_owned()]);
    let untouched = format!("{proofs:?}");
    let others = [
        Request {
            method: &Method::GET,
            ..request
        },
        Request {
            uri: &Uri::from_static("/v1/me"),
            ..request
        },
    ];
    for other in &others {
        assert!(
            proofs.verify(other, NOW_MS).is_err(),
            "it counts for another"
        );
    }
    let first = proofs.verify(&request, NOW_MS);
    let again = proofs.verify(&request, NOW_MS);
    match (first, again) {
        (Ok(proof), Err(Refusal::ReplayedProof)) => {
            let jwk = proof.key().jwk();
            assert_eq!(DeviceKey::parse(&jwk).as_ref(), Some(proof.key()));
            assert_eq!(proof.key().thumbprint(), proof.jkt());
            let without = Request {
                token: None,
                ..request
            };
            let proofs = Proofs::new(&NONCE_KEY, vec![ORIGIN.to_owned()]);
            assert!(
                proofs.verify(&without, NOW_MS).is_err(),
                "it counts without its token"
            );
            true
        }
        (Err(refusal), Err(again)) => {
            hides(&refusal);
            assert_eq!(refusal.problem(), again.problem());
            assert_eq!(format!("{proofs:?}"), untouched, "a refusal left something");
            false
        }
        (first, again) => panic!("first {first:?}, then {again:?}"),
    }
}

/// The claims of a proof that [`proof`] accepts (RFC 9449 §4.2).
pub fn claims(jti: &str) -> Value {
    json!({
        "jti": jti,
        "htm": "POST",
        "htu": format!("{ORIGIN}{PATH}"),
        "iat": NOW_MS / 1000,
        "ath": B64::from(Sha256::digest(TOKEN).as_slice()),
        "nonce": Proofs::new(&NONCE_KEY, Vec::new()).nonce(NOW_MS),
    })
}

/// The statement that binds a device's two keys, a compact JWS.
///
/// # Panics
/// When it counts as a proof too.
pub fn binding(bytes: &[u8]) -> bool {
    let Ok(token) = std::str::from_utf8(bytes) else {
        return false;
    };
    match jws::verify::<BindingClaims>(token, BINDING_TYPE) {
        Ok(_) => {
            assert!(jws::verify::<Value>(token, "dpop+jwt").is_err());
            true
        }
        Err(why) => {
            assert!(!why.contains(SECRET));
            false
        }
    }
}

/// The configuration file.
///
/// # Panics
/// When a configuration is accepted that cannot work, or an error points outside the file.
pub fn config(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    match Config::parse(text) {
        Ok(config) => {
            assert!(
                config.http_address().is_some() || config.https_address().is_some(),
                "nobody is listened to"
            );
            assert!(
                config
                    .http_address()
                    .is_none_or(|http| http.ip().is_loopback()),
                "plain HTTP beyond this machine"
            );
            assert!(config.on_premises([127, 0, 0, 1].into()));
            assert!(
                !format!("{:?}", config.store).contains(SECRET),
                "the URL's password is shown"
            );
            true
        }
        Err(error) => {
            let lines = text.split('\n').count();
            assert!(
                (1..=lines).contains(&error.line),
                "line {} of {lines}",
                error.line
            );
            false
        }
    }
}

/// Registers a passkey over a fresh challenge, answered by `answer` (WebAuthn Level 3 §7.1). Gives
/// that answer as the seed, and the target for what may come in its place.
///
/// # Panics
/// When the server's own part cannot be made. The target panics when a refusal is the server's
/// fault, or repeats what was sent.
pub fn registration(answer: impl FnOnce(&Value) -> Value) -> (Vec<u8>, impl Fn(&[u8]) -> bool) {
    let (passkeys, ceremony) = begin();
    let seed = answer(&ceremony.options).to_string().into_bytes();
    let target = move |bytes: &[u8]| {
        serde_json::from_slice(bytes).is_ok_and(|credential| {
            passed(passkeys.finish_registration(
                credential,
                &ceremony.state,
                Platform::Browser,
                &Demand::none(),
                false,
                Vouchers {
                    trust: &Trust::new(),
                    at_ms: NOW_MS,
                },
            ))
        })
    };
    (seed, target)
}

/// Authenticates with a passkey that `register` made and `answer` uses (WebAuthn Level 3 §7.2).
/// Gives the answer as the seed, and the target for what may come in its place.
///
/// # Panics
/// As [`registration`].
pub fn authentication<P>(
    register: impl FnOnce(&Value) -> (P, Value),
    answer: impl FnOnce(P, &Value) -> Value,
) -> (Vec<u8>, impl Fn(&[u8]) -> bool) {
    let (passkeys, ceremony) = begin();
    let (held, credential) = register(&ceremony.options);
    let registered = match passkeys.finish_registration(
        credential,
        &ceremony.state,
        Platform::Browser,
        &Demand::none(),
        false,
        Vouchers {
            trust: &Trust::new(),
            at_ms: NOW_MS,
        },
    ) {
        Ok(registered) => registered.passkey,
        Err(refusal) => panic!("{refusal}"),
    };
    let ceremony = match passkeys.begin_authentication(&registered) {
        Ok(ceremony) => ceremony,
        Err(refusal) => panic!("{refusal}"),
    };
    let seed = answer(held, &ceremony.options).to_string().into_bytes();
    let target = move |bytes: &[u8]| {
        serde_json::from_slice(bytes).is_ok_and(|credential| {
            passed(passkeys.finish_authentication(credential, &ceremony.state, &registered))
        })
    };
    (seed, target)
}

fn begin() -> (Passkeys, Ceremony) {
    let origin: Url = match "http://localhost:8080".parse() {
        Ok(origin) => origin,
        Err(error) => panic!("{error}"),
    };
    let made = Passkeys::new("localhost", "Hospital", &[origin])
        .map_err(Refusal::internal)
        .and_then(|passkeys| {
            let user = UserId::from_bytes([1; 16]);
            let ceremony =
                passkeys.begin_registration(user, "a.okafor", "Amara Okafor", &Demand::none())?;
            Ok((passkeys, ceremony))
        });
    match made {
        Ok(made) => made,
        Err(refusal) => panic!("{refusal}"),
    }
}

fn passed<T>(result: Result<T, Refusal>) -> bool {
    match result {
        Ok(_) => true,
        Err(refusal) => {
            hides(&refusal);
            assert!(
                ["invalid-body", "passkey-refused"].contains(&refusal.name()),
                "{}",
                refusal.name()
            );
            false
        }
    }
}

/// The refusal, as it is sent, does not hold the secret.
fn hides(refusal: &Refusal) {
    let sent = serde_json::to_string(&refusal.problem()).unwrap_or_default();
    assert!(!sent.contains(SECRET), "it is repeated: {sent}");
    assert!(!format!("{refusal:?} {refusal}").contains(SECRET));
}

/// A list of numbers of pagers.
///
/// # Panics
/// When a reason to refuse it repeats a number, or a person of it stands there twice.
pub fn numbers(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    match pager::numbers::read(text) {
        Ok(_) => true,
        Err(reasons) => {
            assert!(!reasons.is_empty());
            for reason in reasons {
                assert!(!reason.contains(SECRET), "a reason repeats what was sent");
            }
            false
        }
    }
}
