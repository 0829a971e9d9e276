//! What is not understood is answered with a problem document and changes nothing.

use serde_json::{Value, json};
use wardline_model::wire::directory::PatientList;

use crate::search::{Found, Search};
use crate::support::logs::Logs;
use crate::support::{Engine, Hospital, Proof, story};

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
        let proof = device.proof("POST", path, &Proof::default());
        let answer = device
            .raw("POST", path, Some(proof), None, Some((kind, body)))
            .await;
        answer.refused(status, name);
    }
}

story!(a_large_body_that_is_refused_by_its_headers_is_answered_all_the_same);
async fn a_large_body_that_is_refused_by_its_headers_is_answered_all_the_same(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut device = hospital.device();
    let body = vec![b' '; 1 << 20];
    for _ in 0..5 {
        let body = Some(("application/json", body.clone()));
        let answer = device.raw("POST", "/v1/policies", None, None, body).await;
        answer.refused(401, "no-session");
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

story!(nothing_that_was_sent_is_repeated_in_an_answer_or_a_log);
async fn nothing_that_was_sent_is_repeated_in_an_answer_or_a_log(engine: Engine) {
    const NAME: &str = "Zqarine Quillfeather";
    const CODE: &str = "7ZQX-ZQXZ0-0ZQXZ";
    const TOKEN: &str = "Zq7stolen-token-0Xv";
    let hospital = Box::pin(Hospital::demo(engine)).await;
    let mut officer = hospital.officer().await;
    let people = &hospital.ready.as_ref().unwrap().people;
    let nurse = people
        .iter()
        .find(|person| person.role.contains("urse"))
        .unwrap();
    let mut phone = hospital.phone_of(&mut officer, &nurse.user).await;
    let body = json!({ "q": "" });
    let own: PatientList = phone
        .device
        .post("/v1/patients/search", &body)
        .await
        .expect(200)
        .json();
    let session = phone.device.token.clone().unwrap();
    let logs = Logs::capture();
    let mut answers = Vec::new();

    // Every operation with a body, by somebody signed in and by nobody: values, members, what is
    // no JSON at all, and what breaks off in the middle.
    let bodies: Vec<Vec<u8>> = vec![
        json!({ "q": 7, "name": NAME }).to_string().into(),
        json!({ NAME: NAME, "q": "x" }).to_string().into(),
        json!({ "code": CODE, "device_name": NAME, "platform": NAME })
            .to_string()
            .into(),
        json!({ "code": CODE, "device_name": "x", "platform": "native" })
            .to_string()
            .into(),
        json!({ "challenge_id": NAME, "credential": { NAME: NAME } })
            .to_string()
            .into(),
        json!({ "id": NAME, "message": NAME, "priority": NAME })
            .to_string()
            .into(),
        json!({ "group_id": NAME, "patient_id": NAME, "kind": NAME })
            .to_string()
            .into(),
        json!(NAME).to_string().into(),
        format!("{NAME} {CODE} {TOKEN}").into(),
        format!("{{\"challenge_id\":\"{NAME}\",\"credential\":{{\"{NAME}\":nul").into(),
        format!("{{\"{NAME}\":").into(),
    ];
    let group = "00000000-0000-4000-8000-000000000000";
    let document: Value = phone.device.get("/openapi.json").await.expect(200).json();
    let mut posts = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        if operations.get("post").is_none() {
            continue;
        }
        posts += 1;
        let path = path.replace("{id}", group);
        for body in &bodies {
            let sent = Some(("application/json", body.clone()));
            let proof = phone.device.proof("POST", &path, &Proof::default());
            let token = Some(session.clone());
            let answer = phone
                .device
                .raw("POST", &path, Some(proof), token, sent.clone())
                .await;
            assert!(answer.status != 500, "{path}");
            // Ending one's sessions needs no body and succeeds.
            if answer.status == 401 {
                phone.device.sign_in().await;
            }
            answers.push(answer);
            let mut nobody = hospital.device();
            answers.push(nobody.raw("POST", &path, None, None, sent).await);
        }
    }
    assert!(posts >= 12, "{posts} operations");

    // Addresses, queries, tokens and proofs.
    let named = NAME.replace(' ', "%20");
    for path in [
        format!("/v1/patients/{named}"),
        format!("/v1/groups/{named}/log"),
        format!("/v1/inbox?after={named}"),
        format!("/v1/inbox?{named}=1"),
        format!("/v1/{named}"),
        format!("/log/tile/{named}"),
        format!("/{named}?token={TOKEN}"),
    ] {
        answers.push(phone.device.get(&path).await);
    }
    for token in [TOKEN, session.as_str()] {
        let proof = phone.device.proof("GET", "/v1/me", &Proof::default());
        for proof in [None, Some(TOKEN.to_owned()), Some(proof)] {
            let mut thief = hospital.device();
            let token = Some(token.to_owned());
            answers.push(thief.raw("GET", "/v1/me", proof, token, None).await);
        }
    }

    let mut secrets = vec![
        NAME.to_owned(),
        named,
        CODE.to_owned(),
        CODE[5..].to_owned(),
    ];
    secrets.extend([TOKEN.to_owned(), session]);
    secrets.extend(
        people
            .iter()
            .filter_map(|person| person.enroll_code.clone()),
    );
    let search = Search::of(secrets.clone());
    let mut found = Found::new();
    let refused = answers.iter().filter(|answer| answer.status >= 400).count();
    assert!(refused > 200, "{refused} of {}", answers.len());
    for answer in &answers {
        search.bytes("an answer", &answer.body, &mut found);
        let headers = format!("{:?}", answer.headers);
        search.bytes("headers of an answer", headers.as_bytes(), &mut found);
    }
    // A log holds neither those, nor anybody's patients.
    secrets.extend(own.patients.iter().map(|patient| patient.name.clone()));
    secrets.extend(
        own.patients
            .iter()
            .filter_map(|patient| patient.mrn.clone()),
    );
    let lines = logs.text();
    assert!(lines.contains("wardline_server::pipeline"), "{lines}");
    Search::of(secrets).bytes("the log", lines.as_bytes(), &mut found);
    assert!(found.is_empty(), "{found:#?}");
}
