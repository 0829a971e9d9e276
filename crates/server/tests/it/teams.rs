//! Roles that follow who is on call, code teams, broadcast lists and care teams.

use serde_json::{Value, json};
use wardline_client::Platform as _;
use wardline_client::views::Notice;
use wardline_client_native::NativeClient;
use wardline_keeper::{Keeper, Progress, Rules};
use wardline_model::turns::{SignedTurn, SignedTurns, TurnOrder};
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::schedules::Schedules;
use wardline_model::wire::socket::ServerFrame;
use wardline_model::wire::teams::{CareTeam, TeamCall, TeamInfo, TeamKind, TeamList};
use wardline_model::{GroupId, RoleSlug, TeamId, UserId};
use wardline_server::rim::random;
use wardline_store::Team;

use crate::support::managed::{colleague_called, phone_of};
use crate::support::ward::{Ward, me, say, socket, texts};
use crate::support::{Device, Engine, Hospital, story};

const HOUR: u64 = 60 * 60 * 1000;
const ROLE: &str = "cardiology-on-call";
/// Nobody waits, and whoever goes off goes at once.
const AT_ONCE: Rules = Rules {
    recovery_wait_ms: 0,
    overlap_ms: 0,
    open_ms: 72 * HOUR,
};

fn role() -> RoleSlug {
    ROLE.parse().unwrap()
}

/// Gives the role to somebody from now on, and signs nothing.
async fn assign(by: &mut NativeClient, user: UserId, hours: u64) {
    let now = by.platform().now_ms();
    let edit = json!({ "from": now, "until": now + hours * HOUR, "user_id": user });
    let path = format!("/v1/schedules/{ROLE}/turns");
    by.raw("PUT", &path, Some(serde_json::to_vec(&edit).unwrap()))
        .await
        .unwrap();
}

/// Signs the role's turns as they stand.
async fn sign(by: &mut NativeClient) {
    let from = by.platform().now_ms();
    let until = from + 24 * HOUR;
    let path = format!("/v1/schedules?from={from}&until={until}");
    let shown = by.raw("GET", &path, None).await.unwrap();
    let shown: Schedules = serde_json::from_slice(&shown).unwrap();
    let found = shown.roles.into_iter().find(|r| r.slug.as_str() == ROLE);
    let turns = found.unwrap().turns.into_iter().map(|turn| SignedTurn {
        user_id: turn.user.id,
        from: turn.from,
        until: turn.until,
    });
    let signed = by
        .sign_turns(role(), (from, until), turns.collect())
        .unwrap();
    let body = serde_json::to_vec(&json!({ "signed": signed })).unwrap();
    let path = format!("/v1/schedules/{ROLE}/order");
    by.raw("PUT", &path, Some(body)).await.unwrap();
}

fn told(client: &NativeClient, group: GroupId) -> Vec<(Notice, String)> {
    let messages = client.messages(group, None, usize::MAX).unwrap();
    let told = messages.into_iter();
    told.filter_map(|m| Some((m.notice?, m.notice_text?)))
        .collect()
}

fn is_in(client: &NativeClient, group: GroupId) -> bool {
    let conversations = client.conversations().unwrap();
    conversations.iter().any(|each| each.id == group)
}

story!(a_roles_conversation_follows_signed_turns_and_never_the_servers_word);
async fn a_roles_conversation_follows_signed_turns_and_never_the_servers_word(engine: Engine) {
    Box::pin(follow(engine)).await;
}

async fn follow(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut head = ward.scheduler("tomas.herrera").await;
    let mut amara = ward.person("amara.osei").await;
    let mut rahul = ward.person("rahul.menon").await;
    let mut chloe = ward.person("chloe.bennett").await;
    assign(&mut head, me(&rahul), 4).await;
    sign(&mut head).await;
    let group = amara.start(&[], Some(role()), None).await.unwrap();
    say(&mut amara, group, "K 6.8 in bed 4").await;
    rahul.sync().await.unwrap();
    assert_eq!(texts(&rahul, group), ["K 6.8 in bed 4"]);
    ward.keep(AT_ONCE).await;

    // The server says that Chloe has the role. Nobody signed that.
    assign(&mut head, me(&chloe), 8).await;
    ward.keep(AT_ONCE).await;
    chloe.sync().await.unwrap();
    assert!(!is_in(&chloe, group), "not by the server's word");

    // The charge nurse's device says so, too: everybody's phones may be off.
    sign(&mut head).await;
    assert_ne!(ward.keep(AT_ONCE).await, Progress::Again);
    chloe.sync().await.unwrap();
    assert_eq!(texts(&chloe, group), ["K 6.8 in bed 4"], "history included");
    amara.sync().await.unwrap();
    let seen = told(&amara, group);
    for (notice, what) in [
        (
            Notice::PersonAdded,
            "Chloe Bennett took over Cardiology on call.",
        ),
        (
            Notice::PersonRemoved,
            "Rahul Menon handed over Cardiology on call.",
        ),
    ] {
        assert!(seen.contains(&(notice, what.to_owned())), "{seen:?}");
    }

    // Writing to the role goes on in the same conversation, to whoever has it now.
    assert_eq!(amara.start(&[], Some(role()), None).await.unwrap(), group);
    say(&mut amara, group, "Repeat is 5.4").await;
    chloe.sync().await.unwrap();
    rahul.sync().await.unwrap();
    assert_eq!(texts(&chloe, group), ["K 6.8 in bed 4", "Repeat is 5.4"]);
    assert!(!texts(&rahul, group).contains(&"Repeat is 5.4".to_owned()));

    // The same again changes nothing.
    ward.keep(AT_ONCE).await;
    amara.sync().await.unwrap();
    assert_eq!(told(&amara, group).len(), seen.len());
}

story!(whoever_has_a_turn_gives_it_away_with_their_own_signature);
async fn whoever_has_a_turn_gives_it_away_with_their_own_signature(engine: Engine) {
    Box::pin(give(engine)).await;
}

async fn give(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut head = ward.scheduler("tomas.herrera").await;
    let mut amara = ward.person("amara.osei").await;
    let mut rahul = ward.person("rahul.menon").await;
    let mut chloe = ward.person("chloe.bennett").await;
    assign(&mut head, me(&rahul), 4).await;
    sign(&mut head).await;
    let group = amara.start(&[], Some(role()), None).await.unwrap();
    say(&mut amara, group, "Please look at bed 2").await;
    ward.keep(AT_ONCE).await;

    let now = rahul.platform().now_ms();
    let shown = rahul.raw("GET", "/v1/schedules", None).await.unwrap();
    let shown: Schedules = serde_json::from_slice(&shown).unwrap();
    let found = shown.roles.into_iter().find(|r| r.slug.as_str() == ROLE);
    let turns = found.unwrap().turns.into_iter();
    let turn = turns
        .filter(|turn| turn.from <= now && now < turn.until)
        .max_by_key(|turn| turn.from)
        .unwrap();
    let gives = SignedTurn {
        user_id: me(&chloe),
        from: turn.from,
        until: turn.until,
    };
    let span = (turn.from, turn.until);
    let order = rahul.sign_turns(role(), span, vec![gives]).unwrap();
    let ask = json!({
        "role": ROLE, "from": turn.from, "asked_of": me(&chloe), "order": order,
    });
    let ask = serde_json::to_vec(&ask).unwrap();
    let swap = rahul.raw("POST", "/v1/swaps", Some(ask)).await.unwrap();
    let swap: Value = serde_json::from_slice(&swap).unwrap();
    ward.keep(AT_ONCE).await;
    chloe.sync().await.unwrap();
    assert!(!is_in(&chloe, group), "she has not agreed");

    let path = format!("/v1/swaps/{}/agree", swap["id"].as_str().unwrap());
    chloe
        .raw("POST", &path, Some(b"{}".to_vec()))
        .await
        .unwrap();
    ward.keep(AT_ONCE).await;
    chloe.sync().await.unwrap();
    assert_eq!(texts(&chloe, group), ["Please look at bed 2"]);
}

story!(whoever_has_a_role_as_its_first_conversation_begins_hands_that_over);
async fn whoever_has_a_role_as_its_first_conversation_begins_hands_that_over(engine: Engine) {
    Box::pin(begin(engine)).await;
}

async fn begin(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut head = ward.scheduler("tomas.herrera").await;
    let mut amara = ward.person("amara.osei").await;
    let mut rahul = ward.person("rahul.menon").await;
    let chloe = ward.person("chloe.bennett").await;
    assign(&mut head, me(&rahul), 4).await;
    sign(&mut head).await;
    let group = amara.start(&[], Some(role()), None).await.unwrap();
    say(&mut amara, group, "K 6.8 in bed 4").await;
    // That it goes on is told before that somebody was let in.
    ward.keeper.sync().await.unwrap();
    let frame = ServerFrame::Reached { group, seq: 1 };
    let looked = Keeper::new(AT_ONCE).look(&mut ward.keeper, Some(&frame));
    looked.await.unwrap();

    assign(&mut head, me(&chloe), 8).await;
    sign(&mut head).await;
    ward.keep(AT_ONCE).await;
    amara.sync().await.unwrap();
    let gone = "Rahul Menon handed over Cardiology on call.".to_owned();
    let seen = told(&amara, group);
    assert!(seen.contains(&(Notice::PersonRemoved, gone)), "{seen:?}");
    say(&mut amara, group, "Repeat is 5.4").await;
    rahul.sync().await.unwrap();
    assert!(!texts(&rahul, group).contains(&"Repeat is 5.4".to_owned()));
}

/// The enrolling officer, somebody who defines teams, and a nurse who has a role.
async fn three(engine: Engine) -> (Hospital, Device, Device, Device, u64) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let user = colleague_called(&hospital, &officer, "ada.okafor", "security_officer").await;
    let mut ada = phone_of(&hospital, &mut officer, user).await;
    let user = colleague_called(&hospital, &officer, "ben.chen", "nurse").await;
    let ben = phone_of(&hospital, &mut officer, user).await;
    ada.step_up().await;
    let now = hospital.clock.now_ms();
    let (store, _) = hospital.seize();
    let mut tx = store.write().await.unwrap();
    let slug: RoleSlug = "stroke-on-call".parse().unwrap();
    tx.put_oncall_role(&slug, "Stroke on call", "Administration")
        .await
        .unwrap();
    tx.put_oncall_turn(&slug, ben.user(), now - HOUR, now + 8 * HOUR)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (hospital, officer, ada, ben, now)
}

story!(only_a_schedulers_device_signs_turns_and_only_as_they_are);
async fn only_a_schedulers_device_signs_turns_and_only_as_they_are(engine: Engine) {
    let (hospital, mut officer, mut ada, mut ben, now) = three(engine).await;
    let path = "/v1/schedules/stroke-on-call/order";
    let order = |by: &Device, turns: &[SignedTurn]| TurnOrder {
        v: 1,
        kind: TurnOrder::TYPE.to_owned(),
        role: "stroke-on-call".parse().unwrap(),
        from: now,
        until: now + 2 * HOUR,
        turns: turns.to_vec(),
        signer: by.id(),
        issued_at: now,
    };
    let right = [SignedTurn {
        user_id: ben.user(),
        from: now - HOUR,
        until: now + 8 * HOUR,
    }];
    let body = |signed: SignedTurns| json!({ "signed": signed });

    // A nurse may not, and Ada's device was confirmed for nothing of the kind.
    let signed = ben.sign_turns(order(&ben, &right));
    ben.put(path, &body(signed)).await.refused(403, "denied");
    let signed = ada.sign_turns(order(&ada, &right));
    let refused = ada.put(path, &body(signed)).await.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "no_duty");

    // The officer's was. Not with another device's signature, nor about other turns.
    officer.step_up().await;
    let mut forged = officer.sign_turns(order(&officer, &right));
    forged.signature = ada.sign_turns(order(&officer, &right)).signature;
    officer
        .put(path, &body(forged))
        .await
        .refused(400, "invalid-body");
    let of_ada = ada.sign_turns(order(&ada, &right));
    officer
        .put(path, &body(of_ada))
        .await
        .refused(400, "invalid-body");
    let nobody = officer.sign_turns(order(&officer, &[]));
    officer
        .put(path, &body(nobody))
        .await
        .refused(409, "changed-meanwhile");
    let signed = officer.sign_turns(order(&officer, &right));
    officer.put(path, &body(signed)).await.expect(200);
    let events = hospital.events("schedule.signed").await;
    assert_eq!(events.last().unwrap().detail["turns"], 1);

    let shown: Schedules = ben.get("/v1/schedules").await.expect(200).json();
    let role = &shown.roles[0];
    assert_eq!(role.signed_until, Some(now + 2 * HOUR));
    assert!(!role.unsigned_changes);
    let edit = json!({ "from": now, "until": now + HOUR, "user_id": ada.user() });
    let turns = "/v1/schedules/stroke-on-call/turns";
    ada.put(turns, &edit).await.expect(200);
    let shown: Schedules = ben.get("/v1/schedules").await.expect(200).json();
    assert!(shown.roles[0].unsigned_changes);
    ben.get("/v1/keeper/turns").await.refused(403, "denied");
}

story!(officers_define_teams_and_whoever_may_calls_who_is_in_them_now);
async fn officers_define_teams_and_whoever_may_calls_who_is_in_them_now(engine: Engine) {
    let (hospital, _officer, mut ada, mut ben, _) = three(engine).await;
    let stroke = json!({
        "kind": "code", "title": "Stroke team", "people": [ada.user()],
        "roles": ["stroke-on-call"],
    });
    ben.post("/v1/teams", &stroke).await.refused(403, "denied");
    let made = ada.post("/v1/teams", &stroke).await.expect(201);
    let made: TeamInfo = made.json();
    assert_eq!((made.kind, made.people.len()), (TeamKind::Code, 1));
    let list = json!({ "kind": "list", "title": "Everyone", "people": [ben.user()], "roles": [] });
    let everyone: TeamInfo = ada.post("/v1/teams", &list).await.expect(201).json();

    // One name is one team's, a team is somebody, and people and roles are there.
    for (field, value) in [
        ("title", json!("EVERYONE")),
        ("title", json!(" ")),
        ("people", json!([UserId::from_bytes([9; 16])])),
        ("roles", json!(["nothing-on-call"])),
    ] {
        let mut wrong = stroke.clone();
        wrong[field] = value;
        let answer = ada.post("/v1/teams", &wrong).await;
        assert!(
            [400, 404].contains(&answer.status),
            "{field}: {}",
            answer.status
        );
    }

    let seen: TeamList = ben.get("/v1/teams").await.expect(200).json();
    let titles: Vec<(&str, bool)> = seen
        .teams
        .iter()
        .map(|team| (team.title.as_str(), team.may_call))
        .collect();
    assert_eq!(titles, [("Everyone", false), ("Stroke team", true)]);
    let held = seen.teams[1].roles[0].holder.as_ref().unwrap();
    assert_eq!(held.id, ben.user());

    // Whoever holds the role now is called; a list is not everybody's.
    let path = format!("/v1/teams/{}/call", made.id);
    let called: TeamCall = ada.post(&path, &json!({})).await.expect(200).json();
    let people: Vec<UserId> = called.people.iter().map(|person| person.id).collect();
    assert_eq!((people, called.unheld), (vec![ben.user()], Vec::new()));
    ben.post(&path, &json!({})).await.expect(200);
    let path = format!("/v1/teams/{}/call", everyone.id);
    ben.post(&path, &json!({})).await.refused(403, "denied");
    let events = hospital.events("team.called").await;
    assert!(
        events
            .iter()
            .any(|event| event.detail["title"] == "Stroke team")
    );

    let path = format!("/v1/teams/{}", made.id);
    let mut other = stroke.clone();
    other["title"] = json!("Stroke");
    ben.put(&path, &other).await.refused(403, "denied");
    let changed: TeamInfo = ada.put(&path, &other).await.expect(200).json();
    assert_eq!((changed.id, changed.title.as_str()), (made.id, "Stroke"));
    ben.delete(&path).await.refused(403, "denied");
    ada.delete(&path).await.expect(204);
    ada.delete(&path).await.refused(404, "not-found");
    ada.put(&path, &other).await.refused(404, "not-found");
}

story!(a_message_to_a_list_is_answered_to_its_sender_alone);
async fn a_message_to_a_list_is_answered_to_its_sender_alone(engine: Engine) {
    Box::pin(broadcast(engine)).await;
}

async fn broadcast(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut tomas = ward.person("tomas.herrera").await;
    let mut amara = ward.person("amara.osei").await;
    let mut rahul = ward.person("rahul.menon").await;
    let team_id = TeamId::from_random(random());
    let team = Team {
        team_id,
        kind: TeamKind::List,
        title: "Cardiology".to_owned(),
    };
    let (store, _) = ward.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let people = [me(&amara), me(&rahul)];
    tx.put_team(&team, &people, &[]).await.unwrap();
    tx.commit().await.unwrap();

    let path = format!("/v1/teams/{team_id}/call");
    let called = tomas
        .raw("POST", &path, Some(b"{}".to_vec()))
        .await
        .unwrap();
    let called: TeamCall = serde_json::from_slice(&called).unwrap();
    let users: Vec<UserId> = called.people.iter().map(|person| person.id).collect();
    let kind = GroupKind::Broadcast;
    let group = tomas.start_team(kind, &users, Some(team_id), None).await;
    let group = group.unwrap();
    say(&mut tomas, group, "The lift is out of order").await;
    for reader in [&mut amara, &mut rahul] {
        reader.sync().await.unwrap();
        assert_eq!(texts(reader, group), ["The lift is out of order"]);
        let shown = reader.conversations().unwrap();
        let shown = shown.iter().find(|each| each.id == group).unwrap();
        assert_eq!((shown.kind, shown.title.as_str()), (kind, "Cardiology"));
        assert_eq!(shown.created_by, Some(me(&tomas)));
    }
    amara
        .send(
            group,
            "Which one?",
            wardline_model::wire::messages::Priority::Routine,
            None,
        )
        .await
        .unwrap();
    let _ = amara.deliver().await;
    assert!(amara.is_refused(group).unwrap(), "not to hundreds");
    rahul.sync().await.unwrap();
    assert_eq!(texts(&rahul, group).len(), 1);
    // The next message to the same people goes into the same conversation.
    let again = tomas.start_team(kind, &users, Some(team_id), None).await;
    assert_eq!(again.unwrap(), group);
    // A nurse starts none.
    let others = [me(&tomas), me(&rahul)];
    assert!(
        amara
            .start_team(kind, &others, Some(team_id), None)
            .await
            .is_err()
    );
}

story!(members_are_told_at_once_who_came_to_a_care_team_and_one_of_them_lets_them_in);
async fn members_are_told_at_once_who_came_to_a_care_team_and_one_of_them_lets_them_in(
    engine: Engine,
) {
    Box::pin(joins_care(engine)).await;
}

async fn joins_care(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut rahul = ward.person("rahul.menon").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let (store, _) = ward.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let mut patient = None;
    for each in tx.patients_of(me(&amara)).await.unwrap() {
        if !tx.cares_for(me(&viktor), &each).await.unwrap() {
            patient = Some(each);
        }
    }
    drop(tx);
    let patient = patient.expect("somebody whom Viktor does not care for");
    let start = GroupKind::Team;
    let users = [me(&rahul)];
    let group = amara.start_team(start, &users, None, Some(patient.clone()));
    let group = group.await.unwrap();
    // Another conversation about the same patient, which is not with the care team.
    let apart = amara
        .start(&[me(&viktor)], None, Some(patient.clone()))
        .await;
    apart.unwrap();
    rahul.sync().await.unwrap();
    viktor.sync().await.unwrap();
    let mut amaras = socket(&ward, &mut amara).await;
    let mut rahuls = socket(&ward, &mut rahul).await;
    let mut viktors = socket(&ward, &mut viktor).await;

    let mut tx = store.write().await.unwrap();
    tx.put_care_team(&patient, me(&viktor)).await.unwrap();
    tx.commit().await.unwrap();
    let told = ServerFrame::CareTeam { group };
    for socket in [&mut amaras, &mut rahuls] {
        while socket.next().await.unwrap() != told {}
    }
    // Nobody is let in by that: not by the record keeper, and not by a device.
    ward.keep(AT_ONCE).await;
    rahul.sync().await.unwrap();
    viktor.sync().await.unwrap();
    assert!(!is_in(&viktor, group), "not by the server's word");
    let path = format!("/v1/patients/{patient}/team");
    let team = rahul.raw("GET", &path, None).await.unwrap();
    let team: CareTeam = serde_json::from_slice(&team).unwrap();
    assert!(team.people.iter().any(|person| person.id == me(&viktor)));

    // Rahul, who did not begin it, lets him in.
    rahul.add_people(group, &[me(&viktor)]).await.unwrap();
    viktor.sync().await.unwrap();
    say(&mut amara, group, "Discharge at noon").await;
    viktor.sync().await.unwrap();
    assert_eq!(texts(&viktor, group), ["Discharge at noon"]);
    loop {
        let frame = viktors.next().await.unwrap();
        assert_ne!(frame, told, "he was not in it when it changed");
        if matches!(&frame, ServerFrame::Entry { group: of, .. } if *of == group)
            || matches!(&frame, ServerFrame::Reached { group: of, .. } if *of == group)
        {
            break;
        }
    }
}

story!(a_patients_care_team_has_one_conversation);
async fn a_patients_care_team_has_one_conversation(engine: Engine) {
    Box::pin(care(engine)).await;
}

async fn care(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let (store, _) = ward.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let patient = tx.patients_of(me(&amara)).await.unwrap().remove(0);
    drop(tx);
    let path = format!("/v1/patients/{patient}/team");
    let team = amara.raw("GET", &path, None).await.unwrap();
    let team: CareTeam = serde_json::from_slice(&team).unwrap();
    assert!(team.people.iter().any(|person| person.id == me(&amara)));
    assert!(!team.unreachable.contains(&me(&amara)));
    let mut rahul = ward.person("rahul.menon").await;
    let users = [me(&rahul)];
    let start = GroupKind::Team;
    let group = amara
        .start_team(start, &users, None, Some(patient.clone()))
        .await
        .unwrap();
    say(&mut amara, group, "Discharge today?").await;
    rahul.sync().await.unwrap();
    assert_eq!(texts(&rahul, group), ["Discharge today?"]);
    // Whoever joins the team is let into the same conversation.
    let chloe = ward.person("chloe.bennett").await;
    let users = [me(&rahul), me(&chloe)];
    let again = amara.start_team(start, &users, None, Some(patient)).await;
    assert_eq!(again.unwrap(), group);
    assert_eq!(ward.hospital.events("care_team.seen").await.len(), 1);
}
