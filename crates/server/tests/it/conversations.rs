//! Conversations: who may start, read and change them, and in which order.

use serde_json::json;
use wardline_client::ClientError;
use wardline_client::views::MessageState;
use wardline_client_native::NativeClient;
use wardline_credential::DeviceCa;
use wardline_credential::chain::Verifier;
use wardline_model::code::Pins;
use wardline_model::wire::devices::CredentialsAnswer;
use wardline_model::wire::groups::{GroupInfoAnswer, GroupKind, GroupList};
use wardline_model::wire::keys::{ClaimAnswer, ClaimRequest, MAX_PEOPLE};
use wardline_model::wire::messages::{EntryKind, MessageAccepted, Priority};
use wardline_model::{GroupId, MessageId, UserId};

use crate::support::ward::{Odd, Ward, me, say, texts};
use crate::support::{Device, Engine, Hospital, Phone, story};

/// Three clinicians of the demo, and the officer.
async fn ward(engine: Engine) -> (Hospital, Device, Phone, Phone, Phone) {
    let hospital = Box::pin(Hospital::demo(engine)).await;
    let mut officer = hospital.officer().await;
    let names: Vec<String> = hospital
        .ready
        .as_ref()
        .unwrap()
        .people
        .iter()
        .filter(|person| person.role.contains("urse"))
        .take(3)
        .map(|person| person.user.clone())
        .collect();
    let amara = hospital.phone_of(&mut officer, &names[0]).await;
    let ben = hospital.phone_of(&mut officer, &names[1]).await;
    let cleo = hospital.phone_of(&mut officer, &names[2]).await;
    (hospital, officer, amara, ben, cleo)
}

story!(two_people_talk_and_a_repeated_message_counts_once);
async fn two_people_talk_and_a_repeated_message_counts_once(engine: Engine) {
    let (_hospital, _officer, mut amara, mut ben, _cleo) = ward(engine).await;
    let group = amara.start(&[ben.user()]).await;
    assert_eq!(ben.join().await, group);
    let message = amara.write(group, "K 6.8, repeat is running");
    let first: MessageAccepted = amara.post(group, &message).await.expect(201).json();
    let again: MessageAccepted = amara.post(group, &message).await.expect(201).json();
    assert_eq!(first, again);
    assert_eq!(first.seq, 2);
    assert_eq!(ben.catch_up(group, 1).await, ["K 6.8, repeat is running"]);
    ben.say(group, "Calcium gluconate given").await.expect(201);
    assert_eq!(amara.catch_up(group, 2).await, ["Calcium gluconate given"]);

    let log = amara.log(group, 0).await;
    let kinds: Vec<EntryKind> = log.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(
        kinds,
        [EntryKind::Commit, EntryKind::Message, EntryKind::Message]
    );
    // Ben joined by the commit at 1: what came before is not for his device.
    assert_eq!(ben.log(group, 0).await.entries.first().unwrap().seq, 2);

    let path = format!("/v1/groups/{group}/receipts");
    let body = json!({ "state": "read", "up_to": 99 });
    ben.device.post(&path, &body).await.expect(204);
    let list: GroupList = amara.device.get("/v1/groups").await.expect(200).json();
    let summary = &list.groups[0];
    assert_eq!(
        (summary.id, summary.last_seq, summary.members.len()),
        (group, 3, 2)
    );
    let receipt = summary
        .receipts
        .iter()
        .find(|r| r.user_id == ben.user())
        .unwrap();
    assert_eq!(
        (receipt.delivered, receipt.read, receipt.acknowledged),
        (3, 3, 0)
    );
}

story!(a_stranger_sees_nothing_of_a_conversation_and_changes_nothing);
async fn a_stranger_sees_nothing_of_a_conversation_and_changes_nothing(engine: Engine) {
    let (_hospital, _officer, mut amara, ben, mut cleo) = ward(engine).await;
    let group = amara.start(&[ben.user()]).await;
    let message = amara.write(group, "Bed 4");
    let commit = amara.commit_of(group, &[]);
    for path in [
        format!("/v1/groups/{group}/info"),
        format!("/v1/groups/{group}/log"),
    ] {
        cleo.device.get(&path).await.refused(403, "denied");
    }
    cleo.post(group, &message).await.refused(403, "denied");
    cleo.upload(group, &commit).await.refused(403, "denied");
    let path = format!("/v1/groups/{group}/receipts");
    let body = json!({ "state": "read", "up_to": 1 });
    cleo.device.post(&path, &body).await.refused(403, "denied");
    let list: GroupList = cleo.device.get("/v1/groups").await.expect(200).json();
    assert!(list.groups.is_empty());
    assert_eq!(amara.log(group, 0).await.last_seq, 1);
}

story!(what_is_written_first_is_sent_first_whatever_the_clock_says);
async fn what_is_written_first_is_sent_first_whatever_the_clock_says(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    let home = ward.home("amara.osei");
    drop(amara);
    let mut amara = Odd::sign_in(&home, &ward.hospital.url, 50_000).await;
    let written = ["Bed 3 first", "Then bed 5", "Then home", "Thank you"];
    for (text, ahead_ms) in written.into_iter().zip([50_000, 20_000, 0, 0]) {
        amara.platform().ahead_ms.set(ahead_ms);
        amara
            .send(group, text, Priority::Routine, None)
            .await
            .unwrap();
    }
    assert_eq!(amara.deliver().await.unwrap().len(), 4);
    tomas.sync().await.unwrap();
    assert_eq!(texts(&tomas, group), written);
}

story!(of_two_commits_the_first_wins_and_old_epochs_are_over);
async fn of_two_commits_the_first_wins_and_old_epochs_are_over(engine: Engine) {
    let (_hospital, _officer, mut amara, mut ben, cleo) = ward(engine).await;
    let group = amara.start(&[ben.user()]).await;
    ben.join().await;
    let late = ben.write(group, "before the change");
    let packages: Vec<_> = amara.claim(&[cleo.user()]).await.packages;
    let add = amara.commit_of(group, &[packages[0].key_package.clone()]);
    let other = ben.commit_of(group, &[]);
    amara.upload(group, &add).await.expect(201);
    let refused = ben
        .upload(group, &other)
        .await
        .refused(409, "epoch-conflict");
    assert_eq!(refused.extensions["epoch"], 2);
    let refused = ben.post(group, &late).await.refused(409, "epoch-conflict");
    assert_eq!(refused.extensions["epoch"], 2);
    // The same commit again is old, too.
    amara
        .upload(group, &add)
        .await
        .refused(409, "epoch-conflict");
    assert_eq!(amara.log(group, 0).await.last_seq, 2);
}

story!(a_lost_phone_is_removed_before_anything_more_is_said);
async fn a_lost_phone_is_removed_before_anything_more_is_said(engine: Engine) {
    let (hospital, mut officer, mut amara, mut ben, _cleo) = ward(engine).await;
    let group = amara.start(&[ben.user()]).await;
    ben.join().await;
    let path = format!("/v1/devices/{}/revoke", ben.device.id());
    officer
        .request("POST", &path, None)
        .await
        .refused(403, "denied");
    let people = &hospital.ready.as_ref().unwrap().people;
    let security = people
        .iter()
        .find(|p| p.role == "Security officer")
        .unwrap();
    let mut security = hospital.phone_of(&mut officer, &security.user).await;
    // Having just signed in is not enough for somebody else's phone.
    let asked = security.device.request("POST", &path, None).await;
    let asked = asked.refused(401, "step-up-required");
    assert_eq!(asked.extensions["scopes"], json!(["wiping"]));
    ben.device.get("/v1/me").await.expect(200);
    security.device.step_up_for(&["policies"]).await;
    let other = security.device.request("POST", &path, None).await;
    other.refused(401, "step-up-required");
    security.device.step_up_for(&["wiping"]).await;
    security
        .device
        .request("POST", &path, None)
        .await
        .expect(200);

    ben.device.get("/v1/me").await.refused(401, "session-ended");
    let body = json!({ "device_id": ben.device.id() });
    let refused = ben.device.post("/v1/sessions/challenge", &body).await;
    assert_eq!(
        refused.refused(403, "denied").extensions["reason"],
        "device_revoked"
    );
    assert!(amara.claim(&[ben.user()]).await.packages.is_empty());

    // The removal was proposed in the same transaction; no message is taken until it is done.
    let early = amara.write(group, "too early");
    amara
        .post(group, &early)
        .await
        .refused(409, "commit-required");
    let log = amara.log(group, 1).await;
    assert_eq!(log.entries[0].kind, EntryKind::Proposal);
    let ignoring = amara.commit_of(group, &[]);
    amara
        .upload(group, &ignoring)
        .await
        .refused(409, "commit-required");
    amara.groups.discard_own(&mut amara.vault, group).unwrap();
    amara.catch_up(group, 1).await;
    let removing = amara.commit_of(group, &[]);
    amara.upload(group, &removing).await.expect(201);
    amara.groups.merge_own(&mut amara.vault, group).unwrap();
    amara.say(group, "now it is safe").await.expect(201);
    let list: GroupList = amara.device.get("/v1/groups").await.expect(200).json();
    assert_eq!(list.groups[0].members.len(), 1);
    assert!(!list.groups[0].removal_pending);
}

story!(a_device_that_lost_its_state_replaces_its_own_leaf_only);
async fn a_device_that_lost_its_state_replaces_its_own_leaf_only(engine: Engine) {
    let (_hospital, _officer, mut amara, mut ben, mut cleo) = ward(engine).await;
    let group = amara.start(&[ben.user()]).await;
    ben.join().await;
    let path = format!("/v1/groups/{group}/info");
    let info: GroupInfoAnswer = ben.device.get(&path).await.expect(200).json();
    let rejoin = ben.rejoin(group, &info.group_info);
    // Cleo got hold of the GroupInfo; that lets her in no more than Ben's commit does.
    let intrusion = cleo.rejoin(group, &info.group_info);
    cleo.upload(group, &intrusion).await.refused(403, "denied");
    amara
        .upload(group, &intrusion)
        .await
        .refused(422, "mls-refused");
    ben.upload(group, &rejoin).await.expect(201);
    ben.groups.merge_own(&mut ben.vault, group).ok();
    assert!(amara.catch_up(group, 1).await.is_empty());
    amara.say(group, "welcome back").await.expect(201);
    assert_eq!(ben.catch_up(group, 2).await, ["welcome back"]);
}

story!(who_chooses_more_people_than_are_let_in_at_once_is_told_what_to_do);
async fn who_chooses_more_people_than_are_let_in_at_once_is_told_what_to_do(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let people = |many: usize| -> Vec<UserId> {
        let id = |n: u16| {
            let mut id = [7; 16];
            id[..2].copy_from_slice(&n.to_be_bytes());
            UserId::from_bytes(id)
        };
        (0..).take(many).map(id).collect()
    };
    let begun = amara.conversations().unwrap().len();
    // Her own device says so, and the hospital would as well.
    let refused = amara.start(&people(MAX_PEOPLE + 1), None, None).await;
    let told = refused.err().unwrap().to_string();
    assert!(told.contains("500 other people"), "{told}");
    assert!(told.contains("add the others afterwards"), "{told}");
    assert_eq!(amara.conversations().unwrap().len(), begun);
    let own = me(&amara);
    let mut claims = async |many: usize| {
        let mut user_ids = people(many);
        user_ids.push(own);
        let request = ClaimRequest {
            user_ids,
            device_ids: None,
            ciphersuite: 0x004E,
        };
        let body = serde_json::to_vec(&request).unwrap();
        amara
            .raw("POST", "/v1/key-packages/claim", Some(body))
            .await
    };
    let Err(ClientError::Problem(problem)) = claims(MAX_PEOPLE + 1).await else {
        panic!("claimed")
    };
    assert_eq!(problem.name(), "invalid-body");
    let told = problem.detail.unwrap();
    assert!(told.contains("at most 500 other people at once"), "{told}");
    let answer: ClaimAnswer = serde_json::from_slice(&claims(MAX_PEOPLE).await.unwrap()).unwrap();
    assert_eq!(answer.unreachable.len(), MAX_PEOPLE);
}

story!(key_packages_are_handed_out_once_and_only_ones_own_are_taken);
async fn key_packages_are_handed_out_once_and_only_ones_own_are_taken(engine: Engine) {
    let (_hospital, _officer, mut amara, mut ben, _cleo) = ward(engine).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let claimed = amara.claim(&[ben.user()]).await;
        assert_eq!(claimed.packages.len(), 1);
        assert!(seen.insert(claimed.packages[0].key_package.clone()));
    }
    // Then the last resort, again and again.
    let last = amara.claim(&[ben.user()]).await.packages[0]
        .key_package
        .clone();
    assert!(!seen.contains(&last));
    assert_eq!(
        amara.claim(&[ben.user()]).await.packages[0].key_package,
        last
    );

    let foreign = ben.key_packages(1, false);
    let body = json!({ "packages": foreign });
    amara
        .device
        .post("/v1/key-packages", &body)
        .await
        .refused(422, "mls-refused");
    let unmarked = ben.key_packages(1, false);
    let body = json!({ "packages": [], "last_resort": unmarked[0] });
    ben.device
        .post("/v1/key-packages", &body)
        .await
        .refused(422, "mls-refused");
    let mut altered = ben.key_packages(1, false).remove(0);
    let last = altered.0.len() - 1;
    altered.0[last] ^= 1;
    let body = json!({ "packages": [altered, "AAAA"] });
    ben.device
        .post("/v1/key-packages", &body)
        .await
        .refused(422, "mls-refused");
}

story!(what_is_no_message_of_the_conversation_is_refused);
async fn what_is_no_message_of_the_conversation_is_refused(engine: Engine) {
    let (_hospital, _officer, mut amara, mut ben, _cleo) = ward(engine).await;
    let group = amara.start(&[ben.user()]).await;
    let other = amara.start(&[ben.user()]).await;
    let elsewhere = amara.write(other, "for the other conversation");
    amara
        .post(group, &elsewhere)
        .await
        .refused(422, "mls-refused");
    let mut commit = amara.write(group, "x");
    commit.message = amara.commit_of(group, &[]).commit;
    amara.post(group, &commit).await.refused(422, "mls-refused");
    let mut garbage = amara.write(other, "x");
    garbage.message = vec![7; 100].into();
    amara
        .post(other, &garbage)
        .await
        .refused(422, "mls-refused");
    let path = format!("/v1/groups/{other}/commits");
    let body = json!({ "commit": "AAAA", "group_info": "AAAA" });
    amara
        .device
        .post(&path, &body)
        .await
        .refused(422, "mls-refused");

    // A conversation's id is taken once, and its GroupInfo must be that conversation's.
    let create = amara.prepare(&[ben.user()], None).await;
    amara.device.post("/v1/groups", &create).await.expect(201);
    amara
        .device
        .post("/v1/groups", &create)
        .await
        .refused(409, "group-exists");
    let mut wrong = amara.prepare(&[ben.user()], None).await;
    wrong.group_id = GroupId::from_bytes([9; 16]);
    amara
        .device
        .post("/v1/groups", &wrong)
        .await
        .refused(422, "mls-refused");
    let mut role = amara.prepare(&[ben.user()], None).await;
    role.kind = GroupKind::Role;
    amara
        .device
        .post("/v1/groups", &role)
        .await
        .refused(400, "invalid-body");
    ben.device
        .post("/v1/groups", &amara.prepare(&[], None).await)
        .await
        .refused(422, "mls-refused");
}

story!(the_idempotency_key_must_be_the_messages_id);
async fn the_idempotency_key_must_be_the_messages_id(engine: Engine) {
    let (_hospital, _officer, mut amara, ben, _cleo) = ward(engine).await;
    let group = amara.start(&[ben.user()]).await;
    let first = amara.write(group, "one");
    amara.post(group, &first).await.expect(201);
    // The same id from another device is somebody else's message.
    let path = format!("/v1/groups/{group}/messages");
    let proof = amara
        .device
        .proof("POST", &path, &crate::support::Proof::default());
    let token = amara.device.token.clone().unwrap();
    let response = reqwest::Client::new()
        .post(format!("{}{path}", amara.device.url))
        .header("DPoP", proof)
        .header("Authorization", format!("DPoP {token}"))
        .header(
            "Idempotency-Key",
            MessageId::from_bytes([3; 16]).to_string(),
        )
        .json(&first)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
}

story!(a_conversation_about_a_patient_is_started_by_those_who_care_for_them);
async fn a_conversation_about_a_patient_is_started_by_those_who_care_for_them(engine: Engine) {
    let (_hospital, _officer, mut amara, mut ben, mut cleo) = ward(engine).await;
    let own = "ma";
    let found: wardline_model::wire::directory::PatientList = amara
        .device
        .post("/v1/patients/search", &json!({ "q": own }))
        .await
        .expect(200)
        .json();
    let mut started = None;
    let mut denied = 0;
    for patient in &found.patients {
        let create = amara.prepare(&[ben.user()], Some(&patient.id)).await;
        let answer = amara.device.post("/v1/groups", &create).await;
        if answer.status == 201 {
            started = Some(patient.clone());
        } else {
            assert_eq!(
                answer.refused(403, "denied").extensions["reason"],
                "no_basis"
            );
            denied += 1;
        }
    }
    assert!(denied > 0, "someone here is not in her care");
    let Some(patient) = started else { return };
    // Now Ben may see who it is about; Cleo may not, unless she cares for the patient herself.
    let path = format!("/v1/patients/{}", patient.id);
    ben.device.get(&path).await.expect(200);
    let list: GroupList = ben.device.get("/v1/groups").await.expect(200).json();
    assert_eq!(list.groups[0].patient.as_ref().unwrap().name, patient.name);
    let answer = cleo.device.get(&path).await;
    assert!(matches!(answer.status, 200 | 403));
}

story!(every_devices_credential_leads_to_the_pinned_genesis_and_stands_in_the_log);
async fn every_devices_credential_leads_to_the_pinned_genesis_and_stands_in_the_log(
    engine: Engine,
) {
    let (hospital, mut officer, mut amara, ben, _cleo) = ward(engine).await;
    let public = officer.hospital().await;
    let pins = Pins {
        log_key: public.log_key.array().unwrap(),
        genesis: public.genesis.unwrap().array().unwrap(),
    };
    let ca = DeviceCa::from_der(public.device_ca.as_ref()).unwrap();
    let verifier = Verifier::new(&public.log_origin, &pins, ca).unwrap();
    let ids = [ben.device.id(), amara.device.id(), officer.id()];
    let body = json!({ "device_ids": ids });
    // The log holds each event within a second.
    let mut answer = CredentialsAnswer {
        credentials: Vec::new(),
    };
    for _ in 0..20 {
        answer = amara
            .device
            .post("/v1/credentials", &body)
            .await
            .expect(200)
            .json();
        if answer.credentials.len() == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(answer.credentials.len(), 3);
    for credential in &answer.credentials {
        verifier
            .admit(credential.device_id, credential, hospital.clock.now_ms())
            .unwrap();
    }
}

story!(a_device_that_arrives_tells_nobody_that_something_was_read);
async fn a_device_that_arrives_tells_nobody_that_something_was_read(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "K 6.8, repeat is running").await;
    tomas.sync().await.unwrap();
    let mut next = ward.own_device(&mut tomas, "next").await;
    tomas.sync().await.unwrap();
    next.sync().await.unwrap();
    next.sync().await.unwrap();
    assert_eq!(next.conversations().unwrap().len(), 1, "it has arrived");
    let state = async |amara: &mut NativeClient| {
        amara.sync().await.unwrap();
        let messages = amara.messages(group, None, usize::MAX).unwrap();
        let said = messages.iter().find(|m| m.notice.is_none()).unwrap();
        (said.state, said.seq.unwrap())
    };
    let (delivered, seq) = state(&mut amara).await;
    assert_eq!(delivered, MessageState::Delivered);
    tomas.mark_read(group, seq, &[]).await.unwrap();
    assert_eq!(state(&mut amara).await.0, MessageState::Read);
}

story!(who_comes_later_changes_nothing_of_what_was_read_before);
async fn who_comes_later_changes_nothing_of_what_was_read_before(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let mut priya = ward.person("priya.raman").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "K 6.8, repeat is running").await;
    let messages = amara.messages(group, None, usize::MAX).unwrap();
    let said = messages.iter().find(|m| m.notice.is_none()).unwrap().id;
    tomas.sync().await.unwrap();
    let state = async |amara: &mut NativeClient| {
        amara.sync().await.unwrap();
        let with = amara.who_has(group, said).unwrap();
        let messages = amara.messages(group, None, usize::MAX).unwrap();
        let message = messages.into_iter().find(|m| m.id == said).unwrap();
        let names: Vec<String> = with
            .iter()
            .map(|each| each.person.username.clone())
            .collect();
        assert_eq!(names, ["tomas.herrera"]);
        (message.state, message.seq.unwrap(), with[0].clone())
    };
    let (delivered, seq, with) = state(&mut amara).await;
    assert_eq!(
        (delivered, with.state),
        (MessageState::Delivered, delivered)
    );
    assert!(with.delivered_at.is_some() && with.read_at.is_none());
    tomas.mark_read(group, seq, &[]).await.unwrap();
    let (read, _, with) = state(&mut amara).await;
    assert_eq!((read, with.state), (MessageState::Read, read));
    assert!(with.read_at >= with.delivered_at && with.acknowledged_at.is_none());

    // Priya comes, and reads what is said then; she never had what was said before.
    amara.add_people(group, &[me(&priya)]).await.unwrap();
    assert_eq!(state(&mut amara).await.0, MessageState::Read);
    say(&mut amara, group, "K 6.2 now").await;
    priya.sync().await.unwrap();
    priya.mark_read(group, u64::MAX, &[]).await.unwrap();
    assert_eq!(state(&mut amara).await.0, MessageState::Read);
    // Tomás goes; what he read stays read.
    amara.remove_person(group, me(&tomas)).await.unwrap();
    assert_eq!(state(&mut amara).await.0, MessageState::Read);
    assert!(priya.who_has(group, said).unwrap().is_empty());
}
