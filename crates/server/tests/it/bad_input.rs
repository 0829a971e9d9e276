//! What is not understood is answered with a problem document and changes nothing.

use serde_json::json;

use crate::support::{Engine, Hospital, story};

story!(a_wrong_body_is_named_by_its_field_and_never_repeated);
async fn a_wrong_body_is_named_by_its_field_and_never_repeated(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut device = hospital.device();
    let body = json!({ "code": "AAAA-AAAAA-AAAAA", "device_name": 7, "platform": "SECRET" });
    let answer = device.post("/v1/enroll/start", &body).await;
    let problem = answer.refused(400, "invalid-body");
    assert_eq!(problem.extensions["field"], "device_name");
    let body = json!({ "code": "AAAA-AAAAA-AAAAA", "device_name": "x", "platform": "SECRET" });
    let answer = device.post("/v1/enroll/start", &body).await;
    assert_eq!(
        answer.refused(400, "invalid-body").extensions["field"],
        "platform"
    );
    assert!(!String::from_utf8_lossy(&answer.body).contains("SECRET"));
    let body = json!({ "code": "AAAA-AAAAA-AAAAA", "device_name": " ", "platform": "native" });
    device
        .post("/v1/enroll/start", &body)
        .await
        .refused(400, "invalid-body");
}

story!(what_is_no_json_or_too_large_is_refused);
async fn what_is_no_json_or_too_large_is_refused(engine: Engine) {
    let hospital = Hospital::with(engine, |config| config.server.max_body_bytes = 65536).await;
    let mut device = hospital.device();
    device.hospital().await;
    let path = "/v1/enroll/start";
    for (kind, body, status, name) in [
        ("text/plain", b"{}".to_vec(), 415, "unsupported-media-type"),
        ("application/json", b"".to_vec(), 400, "invalid-body"),
        (
            "application/json",
            b"{\"code\":".to_vec(),
            400,
            "invalid-body",
        ),
        ("application/json", vec![0xff; 10], 400, "invalid-body"),
        ("application/json", b"[".repeat(60_000), 400, "invalid-body"),
        (
            "application/json",
            vec![b' '; 70_000],
            413,
            "payload-too-large",
        ),
    ] {
        let proof = device.proof("POST", path, &crate::support::Proof::default());
        let answer = device
            .raw("POST", path, Some(proof), None, Some((kind, body)))
            .await;
        answer.refused(status, name);
    }
}

story!(unknown_addresses_methods_and_ids_are_problems_too);
async fn unknown_addresses_methods_and_ids_are_problems_too(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    officer.get("/v1/nothing").await.refused(404, "not-found");
    officer
        .request("PUT", "/v1/me", None)
        .await
        .refused(405, "method-not-allowed");
    officer
        .post("/nothing", &json!({}))
        .await
        .refused(404, "not-found");
    officer
        .get("/v1/groups/not-an-id/info")
        .await
        .refused(400, "invalid-parameter");
    officer
        .get("/v1/patients/a%20b")
        .await
        .refused(400, "invalid-parameter");
    officer
        .get("/v1/inbox?after=x")
        .await
        .refused(400, "invalid-parameter");
    officer
        .get("/v1/inbox?other=1")
        .await
        .refused(400, "invalid-parameter");
    let unknown = "00000000-0000-4000-8000-000000000000";
    officer
        .get(&format!("/v1/groups/{unknown}/info"))
        .await
        .refused(404, "not-found");
    officer
        .delete(&format!("/v1/sessions/{unknown}"))
        .await
        .refused(404, "not-found");
    let path = format!("/v1/devices/{unknown}/revoke");
    officer
        .request("POST", &path, None)
        .await
        .refused(404, "not-found");
    officer
        .get("/log/tile/0/999")
        .await
        .refused(404, "not-found");
}

story!(operators_find_health_metrics_and_the_description);
async fn operators_find_health_metrics_and_the_description(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut anyone = hospital.device();
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        let answer = anyone.raw("GET", path, None, None, None).await.expect(200);
        assert!(!answer.body.is_empty(), "{path}");
    }
    let answer = anyone.raw("GET", "/", None, None, None).await;
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("script-src 'self' 'wasm-unsafe-eval'"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(
        policy.contains("require-trusted-types-for 'script'"),
        "{policy}"
    );
}
