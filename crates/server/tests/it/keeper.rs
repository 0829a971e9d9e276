//! The record keeper: what it does while no phone is online, and what nobody talks it into.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use rcgen::{CertificateParams, Issuer, KeyPair, PKCS_ED25519, PublicKeyData, SanType};
use wardline_audit::event::{Actor, Kind, NodeName, Outcome, V1};
use wardline_audit::{Event, Salt};
use wardline_client::content::{Page, PageEnd};
use wardline_client::mls::{CIPHERSUITE, Identity, make_key_packages};
use wardline_client::platform::Platform;
use wardline_client::vault::{StoreKey, Vault};
use wardline_client::views::{Message, Notice};
use wardline_client_native::{NativeClient, NativeError};
use wardline_credential::x509::{DEVICE_URN, USER_URN};
use wardline_keeper::{Progress, Rules};
use wardline_model::endorsement::{DeviceKeys, Duty, Endorsement, SignedEndorsement};
use wardline_model::wire::devices::MemberDevicesRequest;
use wardline_model::wire::enroll::Platform as DevicePlatform;
use wardline_model::wire::groups::GroupList;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::posture::{FactName, Standing, Told};
use wardline_model::wire::programs::ProgramInfo;
use wardline_model::{B64, DeviceId, GroupId, UserId};
use wardline_server::rim::random;
use wardline_store::{NewDevice, NewKeyPackage, NewPerson};
use zeroize::Zeroizing;

use crate::support::managed::colleague_called;
use crate::support::ward::{Odd, Ward, come_online, confirm, lose_keys, me, say, sequenced, texts};
use crate::support::{Engine, story};

fn notices(client: &NativeClient, group: GroupId) -> Vec<(Notice, String)> {
    let messages = client.messages(group, None, usize::MAX).unwrap();
    let told = |m: Message| Some((m.notice?, m.notice_text?));
    messages.into_iter().filter_map(told).collect()
}

story!(a_new_phone_gets_what_its_person_was_there_for);
async fn a_new_phone_gets_what_its_person_was_there_for(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "K 6.8, repeat is running").await;
    tomas.sync().await.unwrap();
    say(&mut tomas, group, "Calcium gluconate given").await;
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);

    // Amara confirms her tablet on her phone, and puts the phone away.
    let mut tablet = ward.another(&amara, "tablet").await;
    let id = tablet.status().device_id.unwrap();
    amara.confirm_device(id, Duty::None).await.unwrap();
    sequenced(&mut ward.officer, id).await;
    come_online(&mut tablet).await;
    assert_eq!(tablet.conversations().unwrap().len(), 0);
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);

    tablet.sync().await.unwrap();
    let before = ["K 6.8, repeat is running", "Calcium gluconate given"];
    assert_eq!(texts(&tablet, group), before);
    let told = notices(&tablet, group);
    let handed = "The record keeper handed this device 2 earlier messages.";
    assert!(
        told.contains(&(Notice::HandedOver, handed.to_owned())),
        "{told:?}"
    );
    let conversations = tablet.conversations().unwrap();
    assert_eq!(conversations.len(), 1, "the keeper's channel is none");
    assert_eq!(conversations[0].title, "Tomás Herrera");
    assert_eq!(conversations[0].unread, 0);
    assert!(
        conversations[0]
            .members
            .iter()
            .all(|member| member.verified)
    );
    assert_eq!(conversations[0].members.len(), 2);
    assert_eq!(conversations[0].keepers.len(), 1);
    assert!(conversations[0].keepers[0].verified);

    // From here on it is a device like any other, and everyone was told.
    say(&mut tablet, group, "Repeat is 5.4").await;
    tomas.sync().await.unwrap();
    assert_eq!(texts(&tomas, group).last().unwrap(), "Repeat is 5.4");
    let told = notices(&tomas, group);
    let told = told.iter().find(|(n, _)| *n == Notice::DeviceAdded);
    assert_eq!(told.unwrap().1, "Amara Osei uses a new device.");

    // Nothing is handed over twice.
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    tablet.sync().await.unwrap();
    assert_eq!(texts(&tablet, group).len(), 3);

    // A page for one device is sealed for it alone, or not at all: also where somebody else got
    // into the group meanwhile.
    let page = Page {
        also: Vec::new(),
        spared: Vec::new(),
        group,
        joined_seq: 1,
        end: PageEnd::More,
        messages: Vec::new(),
    };
    let keeper = &mut ward.keeper;
    let channels: BTreeMap<DeviceId, GroupId> = keeper.own("channels").unwrap().unwrap();
    let another = (tomas.status().device_id.unwrap(), me(&tomas));
    keeper
        .queue_history(channels[&id], another, page.clone())
        .unwrap();
    assert!(keeper.deliver().await.unwrap().is_empty());
    assert!(!keeper.is_delivered(channels[&id]).unwrap());
    keeper.drop_queued(channels[&id]).unwrap();
    keeper
        .queue_history(channels[&id], (id, me(&tablet)), page)
        .unwrap();
    assert_eq!(keeper.deliver().await.unwrap().len(), 1, "its own goes out");
}

story!(a_phone_that_only_an_officer_confirmed_waits_in_sight_of_everyone);
async fn a_phone_that_only_an_officer_confirmed_waits_in_sight_of_everyone(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "Her HIV test is back").await;
    ward.keep(Rules::default()).await;

    let mut found = ward.another(&amara, "found").await;
    let id = found.status().device_id.unwrap();
    // Not by who invited it: one officer alone could be anybody.
    let alone = ward.officer.confirm(id, Duty::None).await;
    let alone = alone.refused(403, "denied");
    assert_eq!(alone.extensions["reason"], "invited_by_you");
    let user = colleague_called(
        &ward.hospital,
        &ward.officer,
        "second.officer",
        "enrolling_officer",
    )
    .await;
    let invite = ward.hospital.invite_person(&mut ward.officer, user).await;
    let mut another = ward.hospital.device();
    another.enroll(&invite.code).await;
    let endorsed = ward.officer.endorse(&another, Duty::Endorses).await;
    endorsed.expect(200);
    another.sign_in().await;
    sequenced(&mut ward.officer, another.id()).await;
    confirm(&mut another, id, Duty::None).await;
    come_online(&mut found).await;
    let waits = ward.keep(Rules::default()).await;
    let day = Rules::default().recovery_wait_ms;
    match waits {
        Progress::Until(at) => assert!(at > ward.keeper.platform().now_ms() + day / 2),
        other => panic!("{other:?}"),
    }
    found.sync().await.unwrap();
    assert!(texts(&found, group).is_empty(), "nothing yet");
    let told = notices(&found, group);
    assert!(
        told.iter().any(|(_, text)| text.contains("in about 24 h")),
        "{told:?}"
    );
    tomas.sync().await.unwrap();
    let told = notices(&tomas, group);
    let told = told.iter().find(|(n, _)| *n == Notice::DeviceAdded);
    assert_eq!(
        told.unwrap().1,
        "Amara Osei uses a new device, confirmed by an officer."
    );

    // It vouches for a second one, as people do for their own, and gains no time by it.
    let mut next = ward.another(&found, "next").await;
    let second = next.status().device_id.unwrap();
    found.confirm_device(second, Duty::None).await.unwrap();
    sequenced(&mut ward.officer, second).await;
    come_online(&mut next).await;
    assert_eq!(ward.keep(Rules::default()).await, waits);
    next.sync().await.unwrap();
    assert!(texts(&next, group).is_empty(), "a chain shortens no wait");

    // Amara sees them, knows nothing of them, and takes them out of use: they never get anything.
    amara.sync().await.unwrap();
    amara.revoke_device(id).await.unwrap();
    amara.revoke_device(second).await.unwrap();
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    // Without a wait, an officer's word is enough at once.
    let mut replacement = ward.another(&amara, "replacement").await;
    let id = replacement.status().device_id.unwrap();
    confirm(&mut another, id, Duty::None).await;
    come_online(&mut replacement).await;
    let at_once = Rules {
        recovery_wait_ms: 0,
        ..Rules::default()
    };
    assert_eq!(ward.keep(at_once).await, Progress::Done);
    replacement.sync().await.unwrap();
    assert_eq!(texts(&replacement, group), ["Her HIV test is back"]);
}

story!(a_lost_phone_is_out_of_its_conversations_before_anyone_looks);
async fn a_lost_phone_is_out_of_its_conversations_before_anyone_looks(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "Before the loss").await;
    ward.keep(Rules::default()).await;

    // No phone is online when Tomás reports his.
    let lost = tomas.status().device_id.unwrap();
    tomas.revoke_device(lost).await.unwrap();
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    assert!(!devices_in(&mut amara, group).await.contains(&lost));
    say(&mut amara, group, "After the loss").await;

    // His next phone gets both, though nobody in the conversation did anything.
    let mut next = ward.another(&tomas, "next").await;
    let id = next.status().device_id.unwrap();
    confirm(&mut ward.officer, id, Duty::None).await;
    come_online(&mut next).await;
    let at_once = Rules {
        recovery_wait_ms: 0,
        ..Rules::default()
    };
    ward.keep(at_once).await;
    next.sync().await.unwrap();
    assert_eq!(texts(&next, group), ["Before the loss", "After the loss"]);
}

story!(devices_in_quarantine_are_out_of_their_conversations_until_they_are_mended);
async fn devices_in_quarantine_are_out_of_their_conversations_until_they_are_mended(
    engine: Engine,
) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let mut rahul = ward.person("rahul.menon").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let people = [me(&tomas), me(&rahul)];
    let group = amara.start(&people, None, None).await.unwrap();
    say(&mut amara, group, "Before").await;
    let encrypted = |value: bool| {
        vec![Told {
            name: FactName::StorageEncrypted,
            value: value.into(),
        }]
    };
    let mut out = Vec::new();
    for client in [&mut tomas, &mut rahul] {
        client.sync().await.unwrap();
        client.report(encrypted(false)).await.unwrap();
        out.push(client.status().device_id.unwrap());
    }
    ward.keep(Rules::default()).await;

    // One change of rules shuts both out, of one conversation at once.
    let rule = crate::fleet::encrypted(0);
    let body = crate::fleet::change(&mut ward.officer, 0, &[rule]).await;
    let path = "/v1/programs/demo";
    let body = Some(body.to_string().into_bytes());
    let changed = viktor.raw("PUT", path, body).await.unwrap();
    let changed: ProgramInfo = serde_json::from_slice(&changed).unwrap();
    assert_eq!(changed.devices.quarantined, 2);
    let told = ward.hospital.events("device.quarantined").await;
    for id in &out {
        let of_it = |event: &&Event| event.resource == format!("device/{id}");
        assert_eq!(told.iter().filter(of_it).count(), 1, "an event for each");
    }
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    let inside = devices_in(&mut amara, group).await;
    assert!(out.iter().all(|id| !inside.contains(id)), "{inside:?}");
    say(&mut amara, group, "While they were out").await;
    tomas.sync().await.unwrap_err();

    // Tomás mends his, and is in again; Rahul does not.
    let stands = tomas.report(encrypted(true)).await.unwrap();
    assert_eq!(stands.standing, Standing::Compliant);
    come_online(&mut tomas).await;
    ward.keep(Rules::default()).await;
    tomas.sync().await.unwrap();
    let inside = devices_in(&mut amara, group).await;
    assert!(inside.contains(&out[0]) && !inside.contains(&out[1]));
    assert_eq!(texts(&tomas, group), ["Before", "While they were out"]);
    say(&mut tomas, group, "Here again").await;
    amara.sync().await.unwrap();
    assert_eq!(texts(&amara, group).last().unwrap(), "Here again");
}

/// The devices of everyone in a conversation, as the server shows them to a member.
async fn devices_in(client: &mut NativeClient, group: GroupId) -> Vec<DeviceId> {
    let list = client.raw("GET", "/v1/groups", None).await.unwrap();
    let list: GroupList = serde_json::from_slice(&list).unwrap();
    let summary = list.groups.into_iter().find(|g| g.id == group).unwrap();
    assert!(!summary.removal_pending);
    summary
        .members
        .into_iter()
        .flat_map(|m| m.devices)
        .collect()
}

story!(the_keeper_comes_into_a_conversation_of_which_a_phone_was_lost_meanwhile);
async fn the_keeper_comes_into_a_conversation_of_which_a_phone_was_lost_meanwhile(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let mut rahul = ward.person("rahul.menon").await;
    // All of it happens while the keeper is away.
    let people = [me(&tomas)];
    let group = amara.start(&people, None, None).await.unwrap();
    amara.add_people(group, &[me(&rahul)]).await.unwrap();
    for (phone, lost) in [(&mut tomas, "first"), (&mut rahul, "second")] {
        let id = phone.status().device_id.unwrap();
        phone.revoke_device(id).await.expect(lost);
    }
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    say(&mut amara, group, "Both phones are gone").await;
    let mut next = ward.own_device(&mut amara, "amara's next").await;
    ward.keep(Rules::default()).await;
    next.sync().await.unwrap();
    assert_eq!(texts(&next, group), ["Both phones are gone"]);
}

story!(a_phone_that_lost_its_keys_is_repaired);
async fn a_phone_that_lost_its_keys_is_repaired(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "One").await;
    tomas.sync().await.unwrap();
    assert_eq!(texts(&tomas, group), ["One"]);

    // His storage loses the conversation's keys while messages come.
    say(&mut amara, group, "Two").await;
    say(&mut amara, group, "Three").await;
    lose_keys(tomas.platform().home(), group);
    drop(tomas);
    let mut tomas = NativeClient::open(&ward.home("tomas.herrera")).unwrap();
    come_online(&mut tomas).await;
    assert_eq!(
        texts(&tomas, group),
        ["One"],
        "what came meanwhile is missing"
    );
    assert!(
        notices(&tomas, group)
            .iter()
            .any(|(n, _)| *n == Notice::Gap)
    );

    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    tomas.sync().await.unwrap();
    assert_eq!(texts(&tomas, group), ["One", "Two", "Three"]);
    assert!(
        notices(&tomas, group)
            .iter()
            .all(|(n, _)| *n != Notice::Gap)
    );
    say(&mut tomas, group, "Back again").await;
    amara.sync().await.unwrap();
    assert_eq!(texts(&amara, group).last().unwrap(), "Back again");
}

story!(nothing_is_sent_to_people_whom_nobody_was_seen_to_let_in);
async fn nothing_is_sent_to_people_whom_nobody_was_seen_to_let_in(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let rahul = ward.person("rahul.menon").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    tomas.sync().await.unwrap();

    // Tomás's phone loses its keys, and somebody comes meanwhile.
    lose_keys(tomas.platform().home(), group);
    drop(tomas);
    amara.add_people(group, &[me(&rahul)]).await.unwrap();
    say(&mut amara, group, "Welcome, Rahul").await;
    let mut tomas = NativeClient::open(&ward.home("tomas.herrera")).unwrap();
    come_online(&mut tomas).await;
    let names = |client: &NativeClient| {
        let conversations = client.conversations().unwrap();
        let found = conversations.into_iter().find(|c| c.id == group).unwrap();
        let names = found.strangers.into_iter().map(|person| person.name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&tomas), ["Rahul Menon"]);
    let text = "She is on heparin";
    tomas
        .send(group, text, Priority::Routine, None)
        .await
        .unwrap();
    assert!(tomas.deliver().await.unwrap().is_empty(), "it waits");
    tomas.accept_members(group).await.unwrap();
    assert!(names(&tomas).is_empty());
    amara.sync().await.unwrap();
    assert_eq!(texts(&amara, group).last().unwrap(), text);
}

story!(a_lost_answer_to_a_commit_costs_nothing);
async fn a_lost_answer_to_a_commit_costs_nothing(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    ward.keep(Rules::default()).await;
    let lost = tomas.status().device_id.unwrap();
    tomas.revoke_device(lost).await.unwrap();

    // The keeper commits his phone's removal, and never hears that it was taken.
    let home = ward.home("keeper");
    drop(ward.keeper);
    let mut keeper = Odd::keeper(&home, &ward.hospital.url).await;
    keeper.platform().loses.set(true);
    assert!(keeper.sync().await.is_err());
    assert!(!keeper.platform().loses.get(), "an answer was lost");
    keeper.sync().await.unwrap();
    let notices = keeper.messages(group, None, usize::MAX).unwrap();
    let gap = notices.iter().any(|m| m.notice == Some(Notice::Gap));
    assert!(!gap, "it did not have to come back from outside");
    drop(keeper);

    let mut keeper = NativeClient::open(&home).unwrap();
    keeper.keep_records();
    keeper.sign_in().await.unwrap();
    let mut ward = Ward { keeper, ..ward };
    say(&mut amara, group, "After the loss").await;
    let mut next = ward.another(&tomas, "next").await;
    let id = next.status().device_id.unwrap();
    confirm(&mut ward.officer, id, Duty::None).await;
    come_online(&mut next).await;
    let at_once = Rules {
        recovery_wait_ms: 0,
        ..Rules::default()
    };
    ward.keep(at_once).await;
    next.sync().await.unwrap();
    assert_eq!(texts(&next, group), ["After the loss"], "he is a member");
}

story!(what_the_keeper_was_not_there_for_is_nobodys_to_get);
async fn what_the_keeper_was_not_there_for_is_nobodys_to_get(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let mut priya = ward.person("priya.raman").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "Seen by the keeper").await;
    ward.keep(Rules::default()).await;

    // The keeper loses its keys, and meanwhile Tomás goes and Priya comes.
    let home = ward.home("keeper");
    lose_keys(ward.keeper.platform().home(), group);
    drop(ward.keeper);
    let mut keeper = NativeClient::open(&home).unwrap();
    keeper.keep_records();
    let mut ward = Ward { keeper, ..ward };
    say(&mut amara, group, "Seen by Tomás").await;
    amara.remove_person(group, me(&tomas)).await.unwrap();
    say(&mut amara, group, "Seen by Amara").await;
    amara.add_people(group, &[me(&priya)]).await.unwrap();
    priya.sync().await.unwrap();
    ward.keeper.sign_in().await.unwrap();
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    amara.sync().await.unwrap();
    say(&mut amara, group, "Seen by the keeper again").await;

    // Priya's next device gets what she and the keeper were there for.
    let mut next = ward.own_device(&mut priya, "priya's next").await;
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    next.sync().await.unwrap();
    assert_eq!(texts(&next, group), ["Seen by the keeper again"]);
    let mut next = ward.own_device(&mut amara, "amara's next").await;
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    next.sync().await.unwrap();
    let kept = ["Seen by the keeper", "Seen by the keeper again"];
    assert_eq!(texts(&next, group), kept);
    let told = notices(&next, group);
    assert!(
        told.iter()
            .any(|(_, text)| text.contains("some may be missing")),
        "{told:?}"
    );

    // Tomás is out until somebody asks him in again; then his own time is his.
    tomas.sync().await.unwrap();
    let mut next = ward.own_device(&mut tomas, "tomás's next").await;
    ward.keep(Rules::default()).await;
    next.sync().await.unwrap();
    assert!(next.conversations().unwrap().is_empty());
    amara.add_people(group, &[me(&tomas)]).await.unwrap();
    next.sync().await.unwrap();
    let at_once = Rules {
        recovery_wait_ms: 0,
        ..Rules::default()
    };
    ward.keep(at_once).await;
    next.sync().await.unwrap();
    assert_eq!(texts(&next, group), ["Seen by the keeper"]);
}

story!(who_is_removed_while_their_phone_goes_out_of_use_stays_out);
async fn who_is_removed_while_their_phone_goes_out_of_use_stays_out(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "Before").await;
    ward.keep(Rules::default()).await;

    // Tomás reports his phone, and Amara, who has not heard of it, takes him out.
    let lost = tomas.status().device_id.unwrap();
    tomas.revoke_device(lost).await.unwrap();
    amara.remove_person(group, me(&tomas)).await.unwrap();
    say(&mut amara, group, "After").await;
    ward.keep(Rules::default()).await;
    let told = notices(&amara, group);
    assert!(
        told.contains(&(
            Notice::PersonRemoved,
            "Tomás Herrera was removed.".to_owned()
        )),
        "{told:?}"
    );
    let mut next = ward.another(&tomas, "next").await;
    let id = next.status().device_id.unwrap();
    confirm(&mut ward.officer, id, Duty::None).await;
    come_online(&mut next).await;
    let at_once = Rules {
        recovery_wait_ms: 0,
        ..Rules::default()
    };
    ward.keep(at_once).await;
    next.sync().await.unwrap();
    assert!(next.conversations().unwrap().is_empty());
}

story!(nobody_is_taken_for_the_record_keeper_on_the_servers_word);
async fn nobody_is_taken_for_the_record_keeper_on_the_servers_word(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let tomas = ward.person("tomas.herrera").await;
    let spy = ward.person("grace.lindqvist").await;

    // The server calls the spy a record keeper.
    let (store, _) = ward.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let person = tx.person(me(&spy)).await.unwrap().unwrap();
    let made = NewPerson {
        user_id: person.user_id,
        username: person.username,
        name: person.name,
        role_title: person.role_title,
        department: person.department,
        facility_id: person.facility_id,
        active: true,
        onboarded: true,
        roles: vec!["record_keeper".to_owned()],
    };
    tx.put_person(&made, ward.hospital.clock.now_ms())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let list = amara.raw("GET", "/v1/groups", None).await.unwrap();
    let list: GroupList = serde_json::from_slice(&list).unwrap();
    assert!(list.record_keepers.contains(&me(&spy)), "the lie is told");

    amara.sync().await.unwrap();
    amara.start(&[me(&tomas)], None, None).await.unwrap();
    amara.sync().await.unwrap();
    let conversations = amara.conversations().unwrap();
    let keepers: Vec<UserId> = conversations[0].keepers.iter().map(|m| m.user.id).collect();
    assert_eq!(keepers, [me(&ward.keeper)]);
    let people: Vec<UserId> = conversations[0].members.iter().map(|m| m.user.id).collect();
    assert!(!people.contains(&me(&spy)), "no officer's device said so");
}

struct Raw([u8; 32]);

impl PublicKeyData for Raw {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_ED25519
    }
}

/// A device of a person that only the server knows of: in its database, with a certificate of the
/// device CA, key packages, and an endorsement in the log which no device has signed.
async fn smuggle(ward: &Ward, user: UserId) -> DeviceId {
    let (store, keys) = ward.hospital.seize();
    let now = ward.hospital.clock.now_ms();
    let device = DeviceId::from_random(random());
    let secret = Zeroizing::new(random::<32>());
    let signing = SigningKey::from_bytes(&secret);
    let folder = ward.hospital.config.data.dir.join("keys");
    let sealed = std::fs::read(folder.join("device-ca.sealed")).unwrap();
    let ca_key = keys
        .sealer
        .open("hospital key", b"device-ca", &sealed)
        .unwrap();
    let ca_key = KeyPair::try_from(ca_key.as_slice()).unwrap();
    let ca = std::fs::read_to_string(folder.join("device-ca.pem")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&ca, ca_key).unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names = [format!("{USER_URN}{user}"), format!("{DEVICE_URN}{device}")]
        .map(|name| SanType::URI(name.as_str().try_into().unwrap()))
        .to_vec();
    let public = signing.verifying_key().to_bytes();
    let certificate = params.signed_by(&Raw(public), &issuer).unwrap();
    let certificate = certificate.der().to_vec();

    let mut vault = Vault::open(
        StoreKey::derive(b"server", b"share", "store"),
        &BTreeMap::new(),
    )
    .unwrap();
    let identity = Identity::new(&secret, certificate.clone());
    let packages = make_key_packages(&mut vault, &identity, CIPHERSUITE, 3, false).unwrap();

    let jkt: [u8; 32] = random();
    let new = NewDevice {
        device_id: device,
        user_id: user,
        name: "Smuggled".to_owned(),
        platform: DevicePlatform::Native,
        program: "demo".to_owned(),
        serial: None,
        notice_hash: None,
        jkt,
        device_jwk: "{}".to_owned(),
        mls_key: public,
        binding: String::new(),
        passkey_kind: "software".to_owned(),
    };
    let keys_of_it = DeviceKeys {
        jkt,
        mls_key: public,
    };
    let officer = ward.officer.id();
    let endorsement = Endorsement::new(user, device, &keys_of_it, Duty::None, officer, now);
    let signed = SignedEndorsement {
        signature: B64::from(signing.sign(&endorsement.signed_bytes()).to_bytes()),
        endorsement,
    };
    let mut detail = serde_json::Map::new();
    detail.insert("signed".to_owned(), serde_json::to_value(&signed).unwrap());
    let event = Event {
        v: V1,
        at: now,
        node: "seized".parse::<NodeName>().unwrap(),
        kind: Kind::named("device.endorsed"),
        actor: Actor::default(),
        action: "device.endorse".to_owned(),
        resource: format!("device/{device}"),
        outcome: Outcome::Allow,
        reasons: Vec::new(),
        policy: None,
        detail,
    };
    let kept: Vec<NewKeyPackage> = packages
        .into_iter()
        .enumerate()
        .map(|(number, package)| NewKeyPackage {
            package_ref: vec![u8::try_from(number).unwrap(); 32],
            ciphersuite: CIPHERSUITE.into(),
            last_resort: false,
            package: package.0,
        })
        .collect();
    let mut tx = store.write().await.unwrap();
    tx.create_device(&new, b"{}", &[0; 32], now).await.unwrap();
    assert!(
        tx.activate_device(device, &certificate, &certificate, now)
            .await
            .unwrap()
    );
    let reference = tx.audit(&event, Salt(random())).await.unwrap();
    tx.put_endorsement(&signed, &reference, now).await.unwrap();
    tx.put_key_packages(device, &kept, now).await.unwrap();
    tx.commit().await.unwrap();
    device
}

story!(whoever_holds_the_server_and_the_ca_is_neither_let_in_nor_given_history);
async fn whoever_holds_the_server_and_the_ca_is_neither_let_in_nor_given_history(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "Not for the server").await;
    ward.keep(Rules::default()).await;

    let smuggled = smuggle(&ward, me(&tomas)).await;
    sequenced(&mut ward.officer, smuggled).await;
    // The server offers it to the keeper …
    let found = ward.keeper.member_devices(&[me(&tomas)]).await.unwrap();
    assert!(found.iter().any(|found| found.device_id == smuggled));
    // … which does not let it in, and owes it nothing.
    let at_once = Rules {
        recovery_wait_ms: 0,
        ..Rules::default()
    };
    assert_eq!(ward.keep(at_once).await, Progress::Again);
    for kept in ward.keeper.kept_groups().unwrap() {
        assert!(kept.devices.iter().all(|(device, _)| *device != smuggled));
    }
    // A colleague who starts a conversation is told, rather than writing to it.
    let refused = amara
        .start(&[me(&tomas)], None, Some("patient-1".parse().unwrap()))
        .await
        .unwrap_err();
    assert!(
        ["not-admitted", "denied", "not-found"].contains(&refused.code()),
        "{refused}"
    );
    tomas.sync().await.unwrap();
    let devices = ward.keeper.kept_groups().unwrap();
    assert!(
        devices
            .iter()
            .flat_map(|g| &g.devices)
            .all(|(d, _)| *d != smuggled)
    );
}

story!(the_record_keeper_does_nothing_else_and_nobody_does_its_work);
async fn the_record_keeper_does_nothing_else_and_nobody_does_its_work(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "On record").await;
    ward.keep(Rules::default()).await;

    // It takes no part.
    let denied = ward.keeper.people("amara").await.unwrap_err();
    assert_eq!(denied.code(), "denied");
    let denied = ward.keeper.patients("").await.unwrap_err();
    assert_eq!(denied.code(), "denied");
    ward.keeper
        .send(group, "Hello", Priority::Routine, None)
        .await
        .unwrap();
    ward.keeper.deliver().await.unwrap();
    amara.sync().await.unwrap();
    assert_eq!(texts(&amara, group), ["On record"]);

    // Nobody else is told who uses which device, or takes the keeper out.
    let denied = amara.member_devices(&[me(&tomas)]).await.unwrap_err();
    assert_eq!(denied.code(), "denied");
    let body = serde_json::to_vec(&MemberDevicesRequest {
        user_ids: vec![UserId::from_bytes([1; 16]); 501],
    });
    let path = "/v1/keeper/devices";
    let too_many = ward.keeper.raw("POST", path, body.ok()).await.unwrap_err();
    assert_eq!(too_many.code(), "invalid-body");
    let keeper = me(&ward.keeper);
    let refused = amara.remove_person(group, keeper).await.unwrap_err();
    assert_eq!(refused.code(), "mls-refused");
    say(&mut amara, group, "Still on record").await;
    ward.keep(Rules::default()).await;
    assert_eq!(
        ward.keeper.history(group, 0, u64::MAX).unwrap().len(),
        2,
        "both are kept"
    );
    let home = ward.home("keeper");
    assert!(matches!(
        NativeClient::open(&home),
        Err(NativeError::Home { .. })
    ));
}
