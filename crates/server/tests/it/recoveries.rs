//! Somebody who lost every device is let in again by two officers, and by no fewer.

use serde_json::json;
use wardline_audit::event::Outcome;
use wardline_model::UserId;
use wardline_model::endorsement::Duty;
use wardline_model::wire::enroll::Invite;
use wardline_model::wire::recoveries::{Recovered, RecoveryInfo, RecoveryList, RecoveryState};
use wardline_store::{NewPerson, Tx};

use crate::support::managed::{colleague_called, invite, phone_of};
use crate::support::{Answer, Device, Engine, Hospital, story};

const DAY: u64 = 24 * 60 * 60 * 1000;

async fn ask(by: &mut Device, user: UserId) -> Answer {
    let body = json!({ "user_id": user, "program": "demo", "reason": "In person, staff card" });
    by.post("/v1/recoveries", &body).await
}

async fn approve(by: &mut Device, recovery: &RecoveryInfo) -> Answer {
    let path = format!("/v1/recoveries/{}/approve", recovery.id);
    by.post(&path, &json!({})).await
}

async fn list(by: &mut Device) -> Vec<RecoveryInfo> {
    let list: RecoveryList = by.get("/v1/recoveries").await.expect(200).json();
    list.recoveries
}

/// Two officers on their phones, and a nurse on hers.
async fn house(engine: Engine) -> (Hospital, Device, Device, Device) {
    let hospital = Hospital::new(engine).await;
    let mut first = hospital.officer().await;
    let user = colleague_called(&hospital, &first, "lena.brandt", "enrolling_officer").await;
    let mut second = invited(&hospital, &mut first, user).await;
    // Alone, but not so that it stays that way.
    let less = first.endorse(&second, Duty::None).await;
    less.refused(422, "endorsement-refused");
    first.endorse(&second, Duty::Endorses).await.expect(200);
    second.sign_in().await;
    let user = colleague_called(&hospital, &first, "amara.osei", "nurse").await;
    let nurse = phone_of(&hospital, &mut first, user).await;
    (hospital, first, second, nurse)
}

/// A phone of theirs that waits to be confirmed.
async fn invited(hospital: &Hospital, by: &mut Device, user: UserId) -> Device {
    let invitation: Invite = invite(by, user, "demo", None).await.expect(201).json();
    let mut phone = hospital.device();
    phone.enroll(&invitation.code).await;
    phone
}

async fn lose(by: &mut Device, device: &Device) {
    by.step_up_for(&["wiping"]).await;
    let path = format!("/v1/devices/{}/lost", device.id());
    by.post(&path, &json!({})).await.expect(200);
}

story!(two_officers_let_somebody_in_who_lost_every_device);
async fn two_officers_let_somebody_in_who_lost_every_device(engine: Engine) {
    let (hospital, mut first, mut second, mut nurse) = house(engine).await;
    let user = nurse.user();
    first.step_up_for(&["recovery"]).await;
    // As long as she has a device, that is the one to go on with.
    ask(&mut first, user)
        .await
        .refused(409, "nothing-to-recover");
    lose(&mut first, &nurse).await;
    nurse.get("/v1/me").await.expect(401);

    // One officer alone gets nowhere.
    let alone = invite(&mut first, user, "demo", None).await;
    let alone = alone.refused(403, "denied");
    assert_eq!(alone.extensions["reason"], "recovery_needed");
    let recovery: RecoveryInfo = ask(&mut first, user).await.expect(201).json();
    assert_eq!(recovery.state, RecoveryState::Waiting);
    ask(&mut first, user).await.refused(409, "recovery-waits");
    let own = approve(&mut first, &recovery).await;
    assert_eq!(
        own.refused(403, "denied").extensions["reason"],
        "own_recovery"
    );

    let asked = approve(&mut second, &recovery).await;
    let asked = asked.refused(401, "step-up-required");
    assert_eq!(asked.extensions["scopes"], json!(["recovery"]));
    second.step_up_for(&["recovery"]).await;
    let done: Recovered = approve(&mut second, &recovery).await.expect(200).json();
    assert_eq!(done.recovery.state, RecoveryState::Approved);
    approve(&mut second, &recovery)
        .await
        .refused(409, "changed-meanwhile");

    // The new device is confirmed like any other, and has keys of its own.
    let Invite { code, .. } = done.invite;
    let mut found = hospital.device();
    found.enroll(&code).await;
    first.endorse(&found, Duty::None).await.expect(200);
    found.sign_in().await;
    found.get("/v1/me").await.expect(200);
    assert_ne!(found.keys(), nurse.keys());
    nurse.get("/v1/me").await.expect(401);

    let asked = hospital.events("recovery.asked").await;
    let asked: Vec<_> = asked
        .iter()
        .filter(|event| event.outcome == Outcome::Allow)
        .collect();
    let [asked] = asked[..] else {
        panic!("asked for once with success");
    };
    assert_eq!(asked.detail["user"], user.to_string());
    let approved = hospital.events("recovery.approved").await;
    let approved = approved
        .iter()
        .find(|event| event.detail.contains_key("invite"));
    let approved = approved.unwrap();
    assert_eq!(approved.actor.user, Some(second.user()));
    assert_eq!(approved.detail["asked_by"], first.user().to_string());
    // What the officer wrote down of the person stays in the list.
    assert!(!serde_json::to_string(asked).unwrap().contains("staff card"));
}

story!(a_recovery_is_taken_back_or_ends_by_itself);
async fn a_recovery_is_taken_back_or_ends_by_itself(engine: Engine) {
    let (hospital, mut first, mut second, nurse) = house(engine).await;
    let user = nurse.user();
    lose(&mut first, &nurse).await;
    first.step_up_for(&["recovery"]).await;
    let recovery: RecoveryInfo = ask(&mut first, user).await.expect(201).json();
    let path = format!("/v1/recoveries/{}", recovery.id);
    second.delete(&path).await.expect(204);
    second.delete(&path).await.refused(409, "changed-meanwhile");
    assert_eq!(list(&mut first).await[0].state, RecoveryState::Withdrawn);

    ask(&mut first, user).await.expect(201);
    hospital.clock.advance(DAY);
    first.sign_in().await;
    second.sign_in().await;
    let [late, _] = &list(&mut first).await[..] else {
        panic!("two recoveries");
    };
    assert_eq!(late.state, RecoveryState::Expired);
    second.step_up_for(&["recovery"]).await;
    approve(&mut second, late)
        .await
        .refused(409, "changed-meanwhile");
    first.step_up_for(&["recovery"]).await;
    ask(&mut first, user).await.expect(201);

    let body = json!({ "user_id": user, "program": "demo", "reason": "  " });
    let empty = first.post("/v1/recoveries", &body).await;
    empty.refused(400, "invalid-body");
    let nobody = UserId::from_bytes([9; 16]);
    ask(&mut first, nobody).await.refused(404, "not-found");
}

story!(one_officer_alone_makes_no_second_one_once_there_are_two_who_confirm);
async fn one_officer_alone_makes_no_second_one_once_there_are_two_who_confirm(engine: Engine) {
    let (hospital, mut first, mut second, _nurse) = house(engine).await;
    for role in ["security_officer", "privacy_officer", "enrolling_officer"] {
        let user = colleague_called(&hospital, &first, &format!("new.{role}"), role).await;
        let mut phone = invited(&hospital, &mut first, user).await;
        let alone = first.endorse(&phone, Duty::None).await;
        let alone = alone.refused(403, "denied");
        assert_eq!(alone.extensions["reason"], "invited_by_you");
        second.endorse(&phone, Duty::None).await.expect(200);
        phone.sign_in().await;
        phone.get("/v1/me").await.expect(200);
    }

    // A security officer who is an enrolling one, too, is not alone again by taking the other's
    // phone out of use.
    lose(&mut first, &second).await;
    let user = colleague_called(&hospital, &first, "one.more", "security_officer").await;
    let phone = invited(&hospital, &mut first, user).await;
    let alone = first.endorse(&phone, Duty::None).await;
    alone.refused(403, "denied");

    // It is when the hospital has nobody else for it.
    let (store, _) = hospital.seize();
    let mut tx = store.write().await.unwrap();
    for other in tx.people_with_role("enrolling_officer").await.unwrap() {
        if other != first.user() {
            leave(&mut tx, other).await;
        }
    }
    tx.commit().await.unwrap();
    first.endorse(&phone, Duty::None).await.expect(200);
    let events = hospital.events("device.endorsed").await;
    let of = |device: &Device| {
        let resource = format!("device/{}", device.id());
        let mut events = events
            .iter()
            .filter(move |event| event.resource == resource && event.outcome == Outcome::Allow);
        events.next_back().unwrap()
    };
    assert_eq!(of(&phone).detail["alone"], true);
    assert_eq!(of(&second).detail["alone"], true, "the founding");
}

/// Somebody does not work here any more.
async fn leave(tx: &mut Tx, user: UserId) {
    let person = tx.person(user).await.unwrap().unwrap();
    let gone = NewPerson {
        user_id: user,
        username: person.username,
        name: person.name,
        role_title: person.role_title,
        department: person.department,
        facility_id: person.facility_id,
        active: false,
        onboarded: person.onboarded,
        roles: vec!["enrolling_officer".to_owned()],
    };
    tx.put_person(&gone, 0).await.unwrap();
}
