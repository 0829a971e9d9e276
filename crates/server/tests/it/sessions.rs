//! Sessions: their limits, their ends, and who may touch them.

use serde_json::json;
use wardline_model::wire::sessions::{SessionList, SteppedUp};

use crate::support::{Engine, Hospital, Proof, story};

const MINUTE: u64 = 60_000;

story!(a_session_ends_when_it_is_not_used_for_an_hour);
async fn a_session_ends_when_it_is_not_used_for_an_hour(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    for _ in 0..3 {
        hospital.clock.advance(50 * MINUTE);
        officer.get("/v1/me").await.expect(200);
    }
    hospital.clock.advance(61 * MINUTE);
    officer.get("/v1/me").await.refused(401, "session-ended");
    officer.sign_in().await;
    officer.get("/v1/me").await.expect(200);
}

story!(a_session_ends_after_a_day_however_busy_it_is);
async fn a_session_ends_after_a_day_however_busy_it_is(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    for _ in 0..28 {
        hospital.clock.advance(50 * MINUTE);
        officer.get("/v1/me").await.expect(200);
    }
    hospital.clock.advance(41 * MINUTE);
    officer.get("/v1/me").await.refused(401, "session-ended");
}

story!(signing_out_ends_one_session_and_signing_out_everywhere_all);
async fn signing_out_ends_one_session_and_signing_out_everywhere_all(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let mut phone = hospital.another_device(&mut officer).await;
    let sessions: SessionList = officer.get("/v1/sessions").await.expect(200).json();
    assert_eq!(sessions.sessions.len(), 2);
    let phones = sessions
        .sessions
        .iter()
        .find(|s| s.device_id == phone.id())
        .unwrap();
    assert!(!phones.current);

    officer
        .delete(&format!("/v1/sessions/{}", phones.session_id))
        .await
        .expect(204);
    phone.get("/v1/me").await.refused(401, "session-ended");
    phone.sign_in().await;
    phone.delete("/v1/sessions").await.expect(204);
    officer.get("/v1/me").await.refused(401, "session-ended");
    phone.get("/v1/me").await.refused(401, "session-ended");
}

story!(a_token_that_was_never_issued_is_nothing);
async fn a_token_that_was_never_issued_is_nothing(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    officer.token = Some("A".repeat(43));
    officer.get("/v1/me").await.refused(401, "session-ended");
}

story!(a_sign_in_challenge_counts_once_and_only_for_its_device);
async fn a_sign_in_challenge_counts_once_and_only_for_its_device(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let mut phone = hospital.another_device(&mut officer).await;
    let challenge = officer.challenge().await;
    let credential = officer.passkey.authenticate(&challenge.request);
    let body = json!({ "challenge_id": challenge.challenge_id, "credential": credential });
    phone
        .post("/v1/sessions", &body)
        .await
        .refused(410, "challenge-over");
    // It was taken by the attempt.
    officer
        .post("/v1/sessions", &body)
        .await
        .refused(410, "challenge-over");

    let challenge = officer.challenge().await;
    let credential = officer.passkey.authenticate(&challenge.request);
    let body = json!({ "challenge_id": challenge.challenge_id, "credential": credential });
    hospital.clock.advance(5 * MINUTE);
    officer
        .post("/v1/sessions", &body)
        .await
        .refused(410, "challenge-over");

    // Another's challenge cannot be had.
    let body = json!({ "device_id": officer.id() });
    phone
        .post("/v1/sessions/challenge", &body)
        .await
        .refused(401, "wrong-device");
    hospital
        .device()
        .post("/v1/sessions/challenge", &body)
        .await
        .refused(401, "wrong-device");
}

story!(a_passkey_must_verify_its_user_and_be_the_devices_own);
async fn a_passkey_must_verify_its_user_and_be_the_devices_own(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    officer.passkey.verifies_user = false;
    officer.try_sign_in().await.refused(401, "passkey-refused");
    officer.passkey.verifies_user = true;
    officer.try_sign_in().await.expect(201);

    let mut phone = hospital.another_device(&mut officer).await;
    std::mem::swap(&mut officer.passkey, &mut phone.passkey);
    officer.try_sign_in().await.refused(401, "passkey-refused");
}

story!(a_step_up_makes_the_proof_fresh);
async fn a_step_up_makes_the_proof_fresh(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    hospital.clock.advance(10 * MINUTE);
    let challenge = officer.step_up_challenge(&[]).await;
    let body = officer.answer_to(&challenge);
    let stepped: SteppedUp = officer
        .post("/v1/sessions/step-up", &body)
        .await
        .expect(200)
        .json();
    assert!(stepped.verified_at.abs_diff(hospital.clock.now_ms()) < MINUTE);
    officer
        .post("/v1/sessions/step-up", &body)
        .await
        .refused(410, "challenge-over");
}

story!(a_proof_for_a_sign_in_is_none_for_a_step_up_and_the_other_way_round);
async fn a_proof_for_a_sign_in_is_none_for_a_step_up_and_the_other_way_round(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let challenge = officer.challenge().await;
    let body = officer.answer_to(&challenge);
    officer
        .post("/v1/sessions/step-up", &body)
        .await
        .refused(410, "challenge-over");
    let challenge = officer.step_up_challenge(&["policies"]).await;
    let body = officer.answer_to(&challenge);
    officer
        .post("/v1/sessions", &body)
        .await
        .refused(410, "challenge-over");
    // Each was taken by the attempt.
    officer
        .post("/v1/sessions/step-up", &body)
        .await
        .refused(410, "challenge-over");

    // Nor is it had without a session.
    let token = officer.token.take();
    let body = json!({ "scopes": ["policies"] });
    officer
        .post("/v1/sessions/step-up/challenge", &body)
        .await
        .refused(401, "no-session");
    officer.token = token;
    officer.step_up_for(&["policies"]).await;
}

story!(a_proof_for_a_step_up_counts_only_in_the_session_that_asked_for_it);
async fn a_proof_for_a_step_up_counts_only_in_the_session_that_asked_for_it(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let earlier = officer.token.clone();
    let challenge = officer.step_up_challenge(&["policies"]).await;
    let body = officer.answer_to(&challenge);
    // Another session of the same device.
    officer.sign_in().await;
    officer
        .post("/v1/sessions/step-up", &body)
        .await
        .refused(410, "challenge-over");
    officer.token = earlier;
    officer
        .post("/v1/sessions/step-up", &body)
        .await
        .refused(410, "challenge-over");
    officer.step_up_for(&["policies"]).await;

    // Another device of the same person.
    let mut phone = hospital.another_device(&mut officer).await;
    let challenge = officer.step_up_challenge(&["policies"]).await;
    let body = officer.answer_to(&challenge);
    phone
        .post("/v1/sessions/step-up", &body)
        .await
        .refused(410, "challenge-over");
}

story!(a_flood_without_sessions_is_slowed_down_and_sessions_go_on);
async fn a_flood_without_sessions_is_slowed_down_and_sessions_go_on(engine: Engine) {
    let hospital = Hospital::with(engine, |config| {
        config.server.unauthenticated_per_minute = 20;
    })
    .await;
    let mut officer = hospital.officer().await;
    let mut refused = 0;
    for _ in 0..30 {
        let answer = officer.raw("GET", "/v1/hospital", None, None, None).await;
        if answer.status == 429 {
            answer.refused(429, "too-many-requests");
            assert!(answer.headers.contains_key("retry-after"));
            refused += 1;
        }
    }
    assert!(refused >= 10, "{refused}");
    let proof = officer.proof("GET", "/v1/me", &Proof::default());
    let token = officer.token.clone();
    officer
        .raw("GET", "/v1/me", Some(proof), token, None)
        .await
        .expect(200);
}

story!(nobody_ends_someone_elses_session);
async fn nobody_ends_someone_elses_session(engine: Engine) {
    let hospital = Box::pin(Hospital::demo(engine)).await;
    let mut officer = hospital.officer().await;
    let people = &hospital.ready.as_ref().unwrap().people;
    let nurse = people.iter().find(|p| p.role.contains("urse")).unwrap();
    let mut nurse = hospital.phone_of(&mut officer, &nurse.user).await.device;
    let sessions: SessionList = officer.get("/v1/sessions").await.expect(200).json();
    let path = format!("/v1/sessions/{}", sessions.sessions[0].session_id);
    nurse.delete(&path).await.refused(403, "denied");
    officer.get("/v1/me").await.expect(200);
    // A security officer may: a stolen phone cannot sign itself out.
    let security = people
        .iter()
        .find(|p| p.role == "Security officer")
        .unwrap();
    let mut security = hospital.phone_of(&mut officer, &security.user).await.device;
    let sessions: SessionList = nurse.get("/v1/sessions").await.expect(200).json();
    let path = format!("/v1/sessions/{}", sessions.sessions[0].session_id);
    security.delete(&path).await.expect(204);
    nurse.get("/v1/me").await.refused(401, "session-ended");
}
