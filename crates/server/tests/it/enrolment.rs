//! From a code to a session.

use serde_json::json;
use wardline_model::endorsement::Duty;
use wardline_model::wire::directory::Me;
use wardline_model::wire::enroll::{DeviceState, EnrollFinished, EnrollStarted, Invite};
use wardline_model::wire::fleet::{FleetInfo, Invited};

use crate::support::{Device, Engine, Hospital, story};

story!(the_first_officer_enrols_by_the_consoles_code_and_signs_in);
async fn the_first_officer_enrols_by_the_consoles_code_and_signs_in(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.device();
    assert!(officer.hospital().await.genesis.is_none());

    officer.enroll(&hospital.first_code).await;
    assert_eq!(officer.status().await.state, DeviceState::Pending);
    officer.endorse_itself().await.expect(200);
    let status = officer.status().await;
    assert_eq!(status.state, DeviceState::Active);
    assert!(status.certificates.is_some());
    assert!(officer.hospital().await.genesis.is_some());

    let signed_in = officer.sign_in().await;
    assert_eq!(Some(&signed_in.share), officer.share.as_ref());
    let me: Me = officer.get("/v1/me").await.expect(200).json();
    assert_eq!(me.user.username, "first.officer");
    assert_eq!(me.device_id, officer.id());
    assert!(me.roles.contains(&"enrolling_officer".to_owned()));
}

story!(a_second_device_waits_until_another_one_vouches_for_it);
async fn a_second_device_waits_until_another_one_vouches_for_it(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let mut phone = hospital.device();
    let invite = hospital.invite(&mut officer).await;
    phone.enroll(&invite.typed_code).await;

    let body = json!({ "device_id": phone.id() });
    let refused = phone.post("/v1/sessions/challenge", &body).await;
    assert_eq!(
        refused.refused(403, "denied").extensions["reason"],
        "device_pending"
    );

    officer.endorse(&phone, Duty::None).await.expect(200);
    let again = officer.endorse(&phone, Duty::None).await;
    let problem = again.refused(403, "denied");
    assert_eq!(problem.extensions["reason"], "device_not_pending");
    phone.sign_in().await;
    phone.get("/v1/me").await.expect(200);
}

story!(guessing_kills_a_code_and_a_used_one_is_dead);
async fn guessing_kills_a_code_and_a_used_one_is_dead(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let invite = hospital.invite(&mut officer).await;
    let handle = &invite.typed_code[..4];
    let wrong = format!("{handle}-00000-00000");
    let mut guesser = hospital.device();
    for _ in 0..5 {
        guesser.start(&wrong).await.refused(403, "code-refused");
    }
    let mut phone = hospital.device();
    phone.start(&invite.code).await.refused(403, "code-refused");

    let invite = hospital.invite(&mut officer).await;
    let started: EnrollStarted = phone.start(&invite.code).await.expect(200).json();
    // The same key may ask again, another may not.
    let again: EnrollStarted = phone.start(&invite.typed_code).await.expect(200).json();
    assert_eq!(again.enrollment_id, started.enrollment_id);
    hospital
        .device()
        .start(&invite.code)
        .await
        .refused(403, "code-refused");
    hospital
        .device()
        .start("not a code")
        .await
        .refused(403, "code-refused");
}

story!(a_code_ends_after_fifteen_minutes_and_with_the_next_one);
async fn a_code_ends_after_fifteen_minutes_and_with_the_next_one(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let first = hospital.invite(&mut officer).await;
    let second = hospital.invite(&mut officer).await;
    hospital
        .device()
        .start(&first.code)
        .await
        .refused(403, "code-refused");
    hospital.clock.advance(15 * 60_000);
    hospital
        .device()
        .start(&second.code)
        .await
        .refused(403, "code-refused");
}

story!(who_is_invited_is_seen_until_they_have_finished_and_an_invitation_can_be_taken_back);
async fn who_is_invited_is_seen_until_they_have_finished_and_an_invitation_can_be_taken_back(
    engine: Engine,
) {
    let hospital = Box::pin(Hospital::demo(engine)).await;
    let mut officer = hospital.officer().await;
    let amara = hospital.phone_of(&mut officer, "amara.osei").await;
    let user = amara.user();
    let open = async |officer: &mut Device| -> Vec<Invited> {
        let fleet: FleetInfo = officer.get("/v1/fleet").await.expect(200).json();
        let invited = fleet.invited.into_iter();
        invited.filter(|invited| invited.user.id == user).collect()
    };
    assert!(open(&mut officer).await.is_empty(), "she began long ago");
    let invite = hospital.invite_person(&mut officer, user).await;
    let seen = open(&mut officer).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].user.username, "amara.osei");
    let path = format!("/v1/invites/{}", seen[0].invite_id);

    // Neither a colleague nor a stranger takes it back.
    let mut tomas = hospital.phone_of(&mut officer, "tomas.herrera").await;
    tomas
        .device
        .request("DELETE", &path, None)
        .await
        .refused(403, "denied");
    officer.request("DELETE", &path, None).await.expect(204);
    officer.request("DELETE", &path, None).await.expect(404);
    assert!(open(&mut officer).await.is_empty());
    let mut phone = hospital.device();
    phone.start(&invite.code).await.refused(403, "code-refused");

    // Somebody else began with the code: their enrolment ends with the invitation.
    let invite = hospital.invite_person(&mut officer, user).await;
    let mut thief = hospital.device();
    let started: EnrollStarted = thief.start(&invite.code).await.expect(200).json();
    let seen = open(&mut officer).await;
    assert_eq!(seen.len(), 1, "begun is not finished");
    assert!(seen[0].begun_at.is_some());
    let path = format!("/v1/invites/{}", seen[0].invite_id);
    officer.request("DELETE", &path, None).await.expect(204);
    assert!(open(&mut officer).await.is_empty());
    thief.start(&invite.code).await.refused(403, "code-refused");
    let binding = thief.binding(&started).await;
    let finish = json!({
        "enrollment_id": started.enrollment_id, "binding": binding,
        "credential": thief.passkey.register(&started.creation),
    });
    thief
        .post("/v1/enroll/finish", &finish)
        .await
        .refused(410, "enrollment-over");

    // From a finished one a device came; that is shut out, not uninvited.
    let invite = hospital.invite_person(&mut officer, user).await;
    let path = format!("/v1/invites/{}", open(&mut officer).await[0].invite_id);
    hospital.device().enroll(&invite.code).await;
    assert!(open(&mut officer).await.is_empty());
    officer.request("DELETE", &path, None).await.expect(404);
}

story!(an_answer_that_got_lost_is_given_again_and_nothing_else_changes);
async fn an_answer_that_got_lost_is_given_again_and_nothing_else_changes(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let invite = hospital.invite(&mut officer).await;
    let mut phone = hospital.device();
    let started = phone.enroll(&invite.code).await;
    let binding = phone.binding(&started).await;
    let body = json!({
        "enrollment_id": started.enrollment_id, "binding": binding, "credential": {},
    });
    let again: EnrollFinished = phone
        .post("/v1/enroll/finish", &body)
        .await
        .expect(200)
        .json();
    assert_eq!(Some(again.share), phone.share);
    // Another key gets nothing, whatever it knows.
    hospital
        .device()
        .post("/v1/enroll/finish", &body)
        .await
        .refused(410, "enrollment-over");
}

story!(a_binding_by_another_key_or_for_another_hospital_is_refused);
async fn a_binding_by_another_key_or_for_another_hospital_is_refused(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let invite = hospital.invite(&mut officer).await;
    let mut phone = hospital.device();
    let started: EnrollStarted = phone.start(&invite.code).await.expect(200).json();
    let credential = phone.passkey.register(&started.creation);
    let finish = |binding: String| {
        json!({
            "enrollment_id": started.enrollment_id, "binding": binding,
            "credential": credential.clone(),
        })
    };
    let stranger = hospital.device().binding(&started).await;
    let body = finish(stranger);
    phone
        .post("/v1/enroll/finish", &body)
        .await
        .refused(422, "binding-refused");
    let elsewhere = phone.jws(
        "wardline-binding+jwt",
        &json!({
            "aud": "elsewhere", "device_id": started.device_id, "user_id": started.user.id,
            "mls_key": wardline_model::B64::from([9; 32]), "iat": hospital.clock.now_ms() / 1000,
        }),
    );
    let body = finish(elsewhere);
    phone
        .post("/v1/enroll/finish", &body)
        .await
        .refused(422, "binding-refused");
    let body = finish("a.b.c".to_owned());
    phone
        .post("/v1/enroll/finish", &body)
        .await
        .refused(422, "binding-refused");
}

story!(nobody_becomes_a_second_genesis);
async fn nobody_becomes_a_second_genesis(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let invite = hospital.invite(&mut officer).await;
    let mut phone = hospital.device();
    phone.enroll(&invite.code).await;
    phone
        .endorse_itself()
        .await
        .refused(422, "endorsement-refused");
    assert_eq!(phone.status().await.state, DeviceState::Pending);
}

story!(an_endorsement_must_say_what_is_true_and_be_signed_by_who_sends_it);
async fn an_endorsement_must_say_what_is_true_and_be_signed_by_who_sends_it(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let invite = hospital.invite(&mut officer).await;
    let mut phone = hospital.device();
    phone.enroll(&invite.code).await;
    let path = format!("/v1/devices/{}/endorsement", phone.id());

    let mut forged = officer.endorsement(&phone, Duty::None);
    forged.endorsement.duty = Duty::Endorses;
    let body = json!({ "signed": forged });
    officer
        .post(&path, &body)
        .await
        .refused(422, "endorsement-refused");
    let mut other_key = officer.endorsement(&phone, Duty::None);
    other_key.endorsement.mls_key = [1; 32].into();
    let body = json!({ "signed": other_key });
    officer
        .post(&path, &body)
        .await
        .refused(422, "endorsement-refused");
    let by_itself = phone.endorsement(&phone, Duty::None);
    let body = json!({ "signed": by_itself });
    officer
        .post(&path, &body)
        .await
        .refused(422, "endorsement-refused");
    let old = officer.endorsement(&phone, Duty::None);
    hospital.clock.advance(16 * 60_000);
    // Confirming a device takes a fresh proof of the person.
    let body = json!({ "signed": officer.endorsement(&phone, Duty::None) });
    officer
        .post(&path, &body)
        .await
        .refused(401, "step-up-required");
    officer.step_up().await;
    let body = json!({ "signed": old });
    officer
        .post(&path, &body)
        .await
        .refused(422, "endorsement-refused");
    assert_eq!(phone.status().await.state, DeviceState::Pending);
    officer.endorse(&phone, Duty::Endorses).await.expect(200);
}

story!(everything_survives_a_restart);
async fn everything_survives_a_restart(engine: Engine) {
    let mut hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    assert!(hospital.first_link.contains("/#/enroll?c="));
    hospital.restart().await;
    officer.url.clone_from(&hospital.url);
    // The process is another one, so its nonces are, and the client learns the new one.
    officer.get("/v1/me").await.expect(200);
}

story!(a_software_passkey_signs_in_only_where_its_program_says_so);
async fn a_software_passkey_signs_in_only_where_its_program_says_so(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    for (program, allowed) in [("issued", false), ("byod", false), ("demo", true)] {
        let body = json!({ "user_id": officer.user(), "program": program });
        let invite: Invite = officer.post("/v1/invites", &body).await.expect(201).json();
        let mut workstation = hospital.device();
        workstation.platform = "native";
        workstation.enroll(&invite.code).await;
        officer.endorse(&workstation, Duty::None).await.expect(200);
        if allowed {
            workstation.sign_in().await;
        } else {
            let body = json!({ "device_id": workstation.id() });
            let answer = workstation.post("/v1/sessions/challenge", &body).await;
            let problem = answer.refused(403, "denied");
            assert_eq!(problem.extensions["reason"], "passkey_not_accepted");
        }
    }
}
