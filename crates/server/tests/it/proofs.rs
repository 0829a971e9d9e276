//! Stolen tokens, replays, and proofs that are wrong in every way: each route must refuse, and
//! nothing may change.

use serde_json::{Value, json};
use wardline_model::wire::devices::DeviceList;

use crate::support::{Device, Engine, Hospital, Proof, story};

/// Every route that wants a session, with a body where it takes one.
fn signed_routes(device: &Device) -> Vec<(&'static str, String, Option<Value>)> {
    let (id, user) = (device.id(), device.user());
    let group = "00000000-0000-4000-8000-000000000000";
    let bytes = "AAAA";
    vec![
        (
            "POST",
            "/v1/invites".into(),
            Some(json!({ "user_id": user, "program": "demo" })),
        ),
        ("GET", "/v1/sessions".into(), None),
        ("DELETE", "/v1/sessions".into(), None),
        ("DELETE", format!("/v1/sessions/{group}"), None),
        (
            "POST",
            "/v1/sessions/step-up/challenge".into(),
            Some(json!({ "scopes": ["sensitive_notes"] })),
        ),
        (
            "POST",
            "/v1/sessions/step-up".into(),
            Some(json!({ "challenge_id": group, "credential": {} })),
        ),
        (
            "POST",
            "/v1/sessions/step-up/code".into(),
            Some(json!({ "code": "123456" })),
        ),
        ("GET", "/v1/cards".into(), None),
        ("POST", "/v1/cards/challenge".into(), None),
        (
            "POST",
            "/v1/cards".into(),
            Some(json!({ "challenge_id": group, "answer": bytes, "name": "a" })),
        ),
        (
            "PUT",
            format!("/v1/cards/{group}"),
            Some(json!({ "name": "a" })),
        ),
        ("DELETE", format!("/v1/cards/{group}"), None),
        (
            "POST",
            "/v1/sessions/step-up/card".into(),
            Some(json!({ "challenge_id": group, "answer": bytes })),
        ),
        ("GET", "/v1/risk".into(), None),
        ("GET", "/v1/risk/own".into(), None),
        ("GET", "/v1/risk/report".into(), None),
        (
            "POST",
            format!("/v1/risk/{group}/answer"),
            Some(json!({ "was_me": true })),
        ),
        ("GET", "/v1/factors".into(), None),
        ("GET", "/v1/factors/missing".into(), None),
        ("POST", "/v1/factors".into(), Some(json!({ "name": "a" }))),
        (
            "PUT",
            format!("/v1/factors/{group}"),
            Some(json!({ "name": "a" })),
        ),
        ("DELETE", format!("/v1/factors/{group}"), None),
        (
            "POST",
            format!("/v1/factors/{group}/confirm"),
            Some(json!({ "code": "123456" })),
        ),
        (
            "POST",
            format!("/v1/factors/{group}/resync"),
            Some(json!({ "first": "123456", "second": "123457" })),
        ),
        ("GET", "/v1/tokens".into(), None),
        (
            "POST",
            "/v1/tokens/import".into(),
            Some(json!({ "format": "csv", "text": "" })),
        ),
        (
            "POST",
            "/v1/tokens/assign".into(),
            Some(json!({ "serial": "A1" })),
        ),
        ("GET", "/v1/devices".into(), None),
        ("GET", format!("/v1/devices/{id}"), None),
        ("POST", format!("/v1/devices/{id}/revoke"), None),
        ("POST", format!("/v1/devices/{id}/lost"), None),
        ("POST", "/v1/device/certificates".into(), None),
        ("DELETE", format!("/v1/invites/{id}"), None),
        (
            "POST",
            format!("/v1/devices/{id}/serial"),
            Some(json!({ "serial": "A1" })),
        ),
        (
            "POST",
            "/v1/devices/bulk".into(),
            Some(json!({ "action": "assess", "device_ids": [id] })),
        ),
        (
            "POST",
            "/v1/devices/export".into(),
            Some(json!({ "device_ids": [id] })),
        ),
        ("GET", "/v1/programs".into(), None),
        (
            "PUT",
            "/v1/programs/demo".into(),
            Some(json!({ "version": 0, "terms": {} })),
        ),
        (
            "POST",
            "/v1/programs/demo/dry-run".into(),
            Some(json!({ "version": 0, "terms": {} })),
        ),
        (
            "POST",
            "/v1/programs/compare".into(),
            Some(json!({ "programs": [] })),
        ),
        ("GET", "/v1/programs/demo/export?format=qr".into(), None),
        ("GET", "/v1/fleet".into(), None),
        (
            "POST",
            "/v1/fleet/import".into(),
            Some(json!({ "source": "a", "format": "csv", "text": "" })),
        ),
        (
            "POST",
            "/v1/fleet/registered".into(),
            Some(json!({ "format": "csv", "text": "" })),
        ),
        ("GET", "/v1/trust".into(), None),
        (
            "POST",
            "/v1/credentials".into(),
            Some(json!({ "device_ids": [id] })),
        ),
        ("GET", "/v1/me".into(), None),
        ("PUT", "/v1/me/position-consent".into(), None),
        ("DELETE", "/v1/me/position-consent".into(), None),
        (
            "PUT",
            "/v1/me/availability".into(),
            Some(json!({ "quiet_until": null })),
        ),
        ("GET", "/v1/me/quiet".into(), None),
        (
            "PUT",
            "/v1/me/quiet".into(),
            Some(json!({ "batch": "at_once" })),
        ),
        ("GET", "/v1/me/stat-use".into(), None),
        ("GET", "/v1/interruptions?days=7&zone=UTC".into(), None),
        ("GET", "/v1/push".into(), None),
        (
            "PUT",
            "/v1/push".into(),
            Some(json!({ "endpoint": "https://push.example/1", "p256dh": bytes, "auth": bytes })),
        ),
        ("DELETE", "/v1/push".into(), None),
        ("POST", "/v1/push/test".into(), None),
        ("GET", "/v1/people?q=a".into(), None),
        ("GET", format!("/v1/people/{group}/reachability"), None),
        (
            "POST",
            "/v1/people/reachability".into(),
            Some(json!({ "user_ids": [user] })),
        ),
        ("GET", "/v1/roles".into(), None),
        ("GET", "/v1/schedules".into(), None),
        (
            "POST",
            "/v1/schedules/import".into(),
            Some(json!({ "format": "csv", "text": "", "dry_run": true })),
        ),
        (
            "PUT",
            "/v1/schedules/r/turns".into(),
            Some(json!({ "from": 0, "until": 4_102_444_800_000_u64, "user_id": user })),
        ),
        (
            "PUT",
            "/v1/schedules/r/order".into(),
            Some(json!({ "signed": {
                "order": {
                    "v": 1, "type": "wardline.turns", "role": "r", "from": 1, "until": 2,
                    "turns": [], "signer": id, "issued_at": 1,
                },
                "signature": bytes,
            } })),
        ),
        ("GET", "/v1/teams".into(), None),
        (
            "POST",
            "/v1/teams".into(),
            Some(json!({ "kind": "code", "title": "a", "people": [user], "roles": [] })),
        ),
        (
            "PUT",
            format!("/v1/teams/{group}"),
            Some(json!({ "kind": "code", "title": "a", "people": [user], "roles": [] })),
        ),
        ("DELETE", format!("/v1/teams/{group}"), None),
        ("POST", format!("/v1/teams/{group}/call"), None),
        ("GET", "/v1/patients/p1/team".into(), None),
        (
            "POST",
            "/v1/care-teams/import".into(),
            Some(json!({ "text": "patient_id,username\np1,\n", "dry_run": true })),
        ),
        ("GET", "/v1/keeper/turns".into(), None),
        ("GET", "/v1/keeper/statements".into(), None),
        (
            "POST",
            "/v1/keeper/statements/taken".into(),
            Some(json!({ "hashes": [bytes] })),
        ),
        (
            "POST",
            "/v1/keeper/results".into(),
            Some(json!({ "signed": {
                "v": 1, "user_id": user, "device_id": id, "issued_at": 1, "signature": bytes,
                "statement": {
                    "type": "outcome", "order": bytes, "came": { "type": "held" },
                },
            } })),
        ),
        ("GET", "/v1/records".into(), None),
        (
            "POST",
            "/v1/records/statements".into(),
            Some(json!({ "signed": {
                "v": 1, "user_id": user, "device_id": id, "issued_at": 1, "signature": bytes,
                "statement": { "type": "hold", "case": "a", "reason": "b", "scope": {} },
            } })),
        ),
        (
            "POST",
            "/v1/swaps".into(),
            Some(json!({ "role": "r", "from": 1, "asked_of": user })),
        ),
        ("POST", format!("/v1/swaps/{group}/agree"), Some(json!({}))),
        (
            "POST",
            format!("/v1/swaps/{group}/decline"),
            Some(json!({})),
        ),
        (
            "POST",
            format!("/v1/swaps/{group}/withdraw"),
            Some(json!({})),
        ),
        (
            "POST",
            "/v1/patients/search".into(),
            Some(json!({ "q": "ab" })),
        ),
        ("GET", "/v1/patients/p1".into(), None),
        (
            "POST",
            "/v1/patients/p1/break-the-glass".into(),
            Some(json!({ "purpose": "BTG", "reason": "r" })),
        ),
        ("GET", "/v1/glass".into(), None),
        ("GET", "/v1/glass/own".into(), None),
        ("GET", format!("/v1/glass/{group}"), None),
        ("POST", format!("/v1/glass/{group}/end"), Some(json!({}))),
        (
            "POST",
            format!("/v1/glass/{group}/review"),
            Some(json!({ "justified": true, "note": "n" })),
        ),
        ("GET", "/v1/canaries".into(), None),
        (
            "POST",
            "/v1/canaries".into(),
            Some(json!({ "existing": { "mrn": "n" } })),
        ),
        (
            "POST",
            format!("/v1/canaries/{group}/retire"),
            Some(json!({})),
        ),
        ("GET", "/v1/looks".into(), None),
        ("GET", format!("/v1/looks/{group}"), None),
        (
            "POST",
            format!("/v1/looks/{group}/review"),
            Some(json!({ "outcome": "fine", "note": "n" })),
        ),
        ("GET", "/v1/patients/p1/chart".into(), None),
        ("GET", "/v1/patients/p1/chart/Observation/k1".into(), None),
        ("GET", "/v1/patients/p1/explanation".into(), None),
        ("GET", "/fhir/R4/Patient/p1".into(), None),
        ("GET", "/fhir/R4/Patient/p1/_history/1".into(), None),
        ("GET", "/fhir/R4/Patient?name=quigley".into(), None),
        ("POST", "/fhir/R4/Patient/_search".into(), None),
        ("GET", "/v1/patients/p1/notes".into(), None),
        ("GET", "/v1/patients/p1/notes/n1".into(), None),
        ("GET", "/v1/critical-calls".into(), None),
        (
            "POST",
            format!("/v1/critical-calls/{group}/posted"),
            Some(json!({ "group": group, "seq": 1 })),
        ),
        ("GET", "/v1/hl7/dead-letters".into(), None),
        ("POST", "/v1/hl7/dead-letters/1/replay".into(), None),
        (
            "POST",
            "/v1/hl7/dead-letters/1/dismiss".into(),
            Some(json!({ "reason": "a" })),
        ),
        ("GET", "/v1/recoveries".into(), None),
        (
            "POST",
            "/v1/recoveries".into(),
            Some(json!({ "user_id": user, "program": "byod", "reason": "r" })),
        ),
        (
            "POST",
            format!("/v1/recoveries/{group}/approve"),
            Some(json!({})),
        ),
        ("DELETE", format!("/v1/recoveries/{group}"), None),
        ("GET", "/v1/policies".into(), None),
        (
            "POST",
            "/v1/policies".into(),
            Some(json!({ "files": [], "summary": "s" })),
        ),
        (
            "POST",
            "/v1/policies/check".into(),
            Some(json!({ "files": [] })),
        ),
        (
            "POST",
            "/v1/policies/replay".into(),
            Some(json!({ "files": [], "since": 0 })),
        ),
        ("POST", "/v1/policies/who-can".into(), Some(json!({}))),
        ("GET", "/v1/policies/1".into(), None),
        ("DELETE", "/v1/policies/1".into(), None),
        ("POST", "/v1/policies/1/approve".into(), Some(json!({}))),
        (
            "POST",
            "/v1/key-packages".into(),
            Some(json!({ "packages": [] })),
        ),
        ("GET", "/v1/key-packages/count".into(), None),
        (
            "POST",
            "/v1/key-packages/claim".into(),
            Some(json!({ "user_ids": [user], "ciphersuite": 1 })),
        ),
        ("GET", "/v1/integrations".into(), None),
        (
            "POST",
            "/v1/bots".into(),
            Some(json!({
                "username": "lab-bot", "name": "Laboratory", "owner": user, "program": "demo",
                "scope": {
                    "reads": true, "highest": "routine", "anywhere": false, "groups": [],
                    "roles": [],
                },
                "per_minute": 5,
            })),
        ),
        (
            "PUT",
            format!("/v1/bots/{group}"),
            Some(json!({
                "scope": {
                    "reads": true, "highest": "routine", "anywhere": false, "groups": [],
                    "roles": [],
                },
                "per_minute": 5,
            })),
        ),
        ("POST", format!("/v1/bots/{group}/disable"), None),
        (
            "POST",
            "/v1/pager/numbers".into(),
            Some(json!({ "text": "" })),
        ),
        ("POST", "/v1/pager/test".into(), None),
        (
            "POST",
            "/v1/keeper/devices".into(),
            Some(json!({ "user_ids": [user] })),
        ),
        (
            "POST",
            "/v1/groups".into(),
            Some(json!({ "group_id": group, "kind": "direct", "group_info": bytes })),
        ),
        ("GET", "/v1/groups".into(), None),
        ("GET", format!("/v1/groups/{group}/info"), None),
        (
            "POST",
            format!("/v1/groups/{group}/commits"),
            Some(json!({ "commit": bytes, "group_info": bytes })),
        ),
        (
            "POST",
            format!("/v1/groups/{group}/messages"),
            Some(json!({ "id": group, "message": bytes, "priority": "routine" })),
        ),
        (
            "POST",
            format!("/v1/groups/{group}/forward"),
            Some(json!({ "to": group })),
        ),
        ("GET", format!("/v1/groups/{group}/log?after=0"), None),
        (
            "POST",
            format!("/v1/groups/{group}/receipts"),
            Some(json!({ "state": "read", "up_to": 1 })),
        ),
        (
            "POST",
            format!("/v1/groups/{group}/attachments"),
            Some(json!({ "id": group, "bytes": 100 })),
        ),
        ("GET", format!("/v1/attachments/{group}"), None),
        ("DELETE", format!("/v1/attachments/{group}"), None),
        ("GET", format!("/v1/attachments/{group}/chunks/0"), None),
        (
            "PUT",
            format!("/v1/attachments/{group}/chunks/0"),
            Some(json!({ "body": bytes })),
        ),
        ("GET", "/v1/escalations".into(), None),
        (
            "POST",
            format!("/v1/escalations/{group}.1/acknowledge"),
            None,
        ),
        ("POST", format!("/v1/escalations/{group}.1/decline"), None),
        ("POST", format!("/v1/escalations/{group}.1/withdraw"), None),
        ("POST", format!("/v1/escalations/{group}.1/unneeded"), None),
        ("GET", "/v1/inbox?after=0".into(), None),
        ("POST", "/v1/socket-tickets".into(), None),
    ]
}

fn bytes(body: Option<&Value>) -> Option<(&'static str, Vec<u8>)> {
    body.map(|body| ("application/json", serde_json::to_vec(body).unwrap()))
}

story!(the_list_of_routes_here_is_whole);
async fn the_list_of_routes_here_is_whole(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let officer = hospital.officer().await;
    let tested: std::collections::BTreeSet<String> = signed_routes(&officer)
        .into_iter()
        .map(|(method, path, _)| {
            let path = path.split('?').next().unwrap().to_owned();
            let path = path
                .replace(&officer.id().to_string(), "{id}")
                .replace("00000000-0000-4000-8000-000000000000.1", "{id}")
                .replace("00000000-0000-4000-8000-000000000000", "{id}")
                .replace("/chunks/0", "/chunks/{n}")
                .replace("/p1", "/{id}")
                .replace("/R4/Patient", "/R4/{kind}")
                .replace("/_history/1", "/_history/{version}")
                .replace("/chart/Observation/k1", "/chart/{kind}/{entry}")
                .replace("/notes/n1", "/notes/{note}")
                .replace("/schedules/r/", "/schedules/{id}/")
                .replace("/policies/1", "/policies/{id}")
                .replace("/dead-letters/1/", "/dead-letters/{id}/")
                .replace("/programs/demo", "/programs/{slug}");
            format!("{method} {path}")
        })
        .collect();
    // Those that need no session; `enroll` and sign-in have tests of their own.
    let public = [
        "GET /v1/hospital",
        "GET /fhir/R4/metadata",
        "POST /v1/enroll/start",
        "POST /v1/enroll/finish",
        "GET /v1/enroll/{id}",
        "POST /v1/sessions/challenge",
        "POST /v1/sessions",
        "POST /v1/devices/{id}/endorsement",
        "POST /v1/device/report",
        "POST /v1/device/attestation/challenge",
        "POST /v1/device/attestation",
        "POST /v1/device/wiped",
        "POST /v1/signals",
        "POST /v1/push/receipts",
        "GET /pki/devices.crl",
        "GET /ehr/jwks.json",
        "GET /v1/socket",
        "GET /v1/log/consistency",
        "GET /log/checkpoint",
        "GET /log/tile/{path}",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    ];
    let document = serde_json::to_value(wardline_server::openapi()).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let route = format!("{} {path}", method.to_uppercase());
            assert!(
                tested.contains(&route) || public.contains(&route.as_str()),
                "{route}"
            );
        }
    }
}

story!(every_route_refuses_a_request_without_a_good_proof);
async fn every_route_refuses_a_request_without_a_good_proof(engine: Engine) {
    let hospital = Hospital::with(engine, |config| {
        config.server.unauthenticated_per_minute = 100_000;
    })
    .await;
    let mut officer = hospital.officer().await;
    let mut thief = hospital.another_device(&mut officer).await;
    let token = officer.token.clone();
    officer.hospital().await;
    for (method, path, body) in signed_routes(&officer) {
        let send = || bytes(body.as_ref());
        // No token; no proof; another device's proof for this token; a proof without the token.
        officer
            .raw(method, &path, None, None, send())
            .await
            .refused(401, "no-session");
        officer
            .raw(method, &path, None, token.clone(), send())
            .await
            .refused(401, "invalid-proof");
        thief.nonce.clone_from(&officer.nonce);
        let stolen = Proof {
            ath: token.clone(),
            ..Proof::default()
        };
        let proof = thief.proof(method, &path, &stolen);
        thief
            .raw(method, &path, Some(proof), token.clone(), send())
            .await
            .refused(401, "wrong-device");
        let bare = Proof {
            without_ath: true,
            ..Proof::default()
        };
        officer
            .with_proof(method, &path, &bare, body.as_ref())
            .await
            .refused(401, "invalid-proof");

        // Another method, another address, another nonce, another time, another type.
        let wrong = [
            (
                Proof {
                    htm: Some("PATCH"),
                    ..Proof::default()
                },
                "invalid-proof",
            ),
            (
                Proof {
                    htu: Some(format!("{}/v1/other", hospital.url)),
                    ..Proof::default()
                },
                "invalid-proof",
            ),
            (
                Proof {
                    htu: Some(format!(
                        "http://evil.example{}",
                        path.split('?').next().unwrap()
                    )),
                    ..Proof::default()
                },
                "invalid-proof",
            ),
            (
                Proof {
                    nonce: Some("AAAA".into()),
                    ..Proof::default()
                },
                "use-dpop-nonce",
            ),
            (
                Proof {
                    skew: -70,
                    ..Proof::default()
                },
                "invalid-proof",
            ),
            (
                Proof {
                    skew: 70,
                    ..Proof::default()
                },
                "invalid-proof",
            ),
            (
                Proof {
                    typ: Some("jwt"),
                    ..Proof::default()
                },
                "invalid-proof",
            ),
            (
                Proof {
                    jti: Some(String::new()),
                    ..Proof::default()
                },
                "invalid-proof",
            ),
        ];
        for (proof, problem) in &wrong {
            officer
                .with_proof(method, &path, proof, body.as_ref())
                .await
                .refused(401, problem);
        }
    }
    // After all of this nothing has changed: both devices are active and signed in.
    let devices: DeviceList = officer.get("/v1/devices").await.expect(200).json();
    assert_eq!(devices.devices.len(), 2);
    thief.get("/v1/me").await.expect(200);
}

story!(on_every_route_a_proof_counts_once_and_an_ended_session_is_over);
async fn on_every_route_a_proof_counts_once_and_an_ended_session_is_over(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    officer.hospital().await;
    let token = officer.token.clone();
    // What ends the session comes after everything else.
    let mut routes = signed_routes(&officer);
    routes.sort_by_key(|(method, path, _)| (*method, path.as_str()) == ("DELETE", "/v1/sessions"));
    for (method, path, body) in &routes {
        // Of somebody unknown, so that nothing comes of what would take the device out of use.
        let path = path.replace(
            &officer.id().to_string(),
            "00000000-0000-4000-8000-000000000000",
        );
        let proof = officer.proof(method, &path, &Proof::default());
        let send = || bytes(body.as_ref());
        let first = officer
            .raw(method, &path, Some(proof.clone()), token.clone(), send())
            .await;
        // The proof is good; what the person has to prove besides is another matter.
        let asks = first.status == 401 && first.problem().kind.ends_with("step-up-required");
        assert!(first.status != 401 || asks, "{method} {path}");
        officer
            .raw(method, &path, Some(proof), token.clone(), send())
            .await
            .refused(401, "replayed-proof");
    }
    for (method, path, body) in &routes {
        officer
            .with_proof(method, path, &Proof::default(), body.as_ref())
            .await
            .refused(401, "session-ended");
    }
}

story!(a_proof_counts_once);
async fn a_proof_counts_once(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let proof = officer.proof("GET", "/v1/me", &Proof::default());
    let token = officer.token.clone();
    officer
        .raw("GET", "/v1/me", Some(proof.clone()), token.clone(), None)
        .await
        .expect(200);
    officer
        .raw("GET", "/v1/me", Some(proof), token, None)
        .await
        .refused(401, "replayed-proof");
}

story!(a_nonce_of_another_process_or_an_old_one_is_not_taken);
async fn a_nonce_of_another_process_or_an_old_one_is_not_taken(engine: Engine) {
    let mut hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let old = officer.nonce.clone().unwrap();
    hospital.restart().await;
    officer.url.clone_from(&hospital.url);
    let stale = Proof {
        nonce: Some(old),
        ..Proof::default()
    };
    let answer = officer.with_proof("GET", "/v1/me", &stale, None).await;
    answer.refused(401, "use-dpop-nonce");
    assert!(
        answer.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("use_dpop_nonce")
    );
    hospital.clock.advance(11 * 60_000);
    let answer = officer
        .with_proof("GET", "/v1/me", &Proof::default(), None)
        .await;
    answer.refused(401, "use-dpop-nonce");
    officer.get("/v1/me").await.expect(200);
}

story!(proofs_that_are_no_proofs_are_refused);
async fn proofs_that_are_no_proofs_are_refused(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let token = officer.token.clone();
    let mut private = officer.jwk();
    private["d"] = "AAAA".into();
    let good = officer.proof("GET", "/v1/me", &Proof::default());
    let parts: Vec<&str> = good.split('.').collect();
    let header = |value: Value| wardline_model::B64(serde_json::to_vec(&value).unwrap()).encode();
    let none = header(json!({ "typ": "dpop+jwt", "alg": "none", "jwk": officer.jwk() }));
    let with_private = header(json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": private }));
    let crit =
        header(json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": officer.jwk(), "crit": ["b64"] }));
    for bad in [
        String::new(),
        "a".into(),
        "a.b.c".into(),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{with_private}.{}.{}", parts[1], parts[2]),
        format!("{crit}.{}.{}", parts[1], parts[2]),
        format!("{good}x"),
        "é".into(),
        "a".repeat(10_000),
    ] {
        let answer = officer
            .raw("GET", "/v1/me", Some(bad), token.clone(), None)
            .await;
        answer.refused(401, "invalid-proof");
    }
}
