//! What people do to messages: answer, react, edit, recall, name each other; and what nobody does to
//! the messages of others.

use serde_json::json;
use wardline_client::Client;
use wardline_client::content::{Change, Content, Expiry, Form, FormKind, Reference, Text};
use wardline_client::own::{Draft, Marks};
use wardline_client::search::Search;
use wardline_client::views::{Message, MessageState, Notice};
use wardline_client_native::NativeClient;
use wardline_keeper::{Progress, Rules};
use wardline_model::endorsement::Duty;
use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, MessageId};

use crate::support::ward::{Odd, Ward, come_online, me, say, sequenced, texts};
use crate::support::{Engine, story, until};

fn found(client: &NativeClient, group: GroupId, id: MessageId) -> Message {
    let messages = client.messages(group, None, usize::MAX).unwrap();
    messages.into_iter().find(|m| m.id == id).unwrap()
}

fn id_of(client: &NativeClient, group: GroupId, text: &str) -> MessageId {
    let messages = client.messages(group, None, usize::MAX).unwrap();
    messages.into_iter().find(|m| m.text == text).unwrap().id
}

async fn answer(client: &mut NativeClient, group: GroupId, text: &str, to: MessageId) {
    client
        .send(group, text, Priority::Routine, Some(to))
        .await
        .unwrap();
    assert_eq!(client.deliver().await.unwrap().len(), 1);
}

/// What an altered client sends.
async fn forge(client: &mut NativeClient, group: GroupId, id: u8, change: Change) {
    let id = MessageId::from_bytes([id; 16]);
    let content = Content::Change { id, change };
    let send = client
        .encrypt_content(group, &content, Priority::Routine)
        .await
        .unwrap();
    let path = format!("/v1/groups/{group}/messages");
    let body = serde_json::to_vec(&send).unwrap();
    client.raw("POST", &path, Some(body)).await.unwrap();
}

/// What both sides, and whoever gets it later, see.
fn assert_as_agreed(client: &NativeClient, group: GroupId, ids: [MessageId; 3]) {
    let [potassium, answer, slip] = ids;
    let edited = found(client, group, potassium);
    assert_eq!(edited.text, "K 6.2, @tomas.herrera please look");
    let earlier: Vec<&str> = edited.earlier.iter().map(|v| v.text.as_str()).collect();
    assert_eq!(earlier, ["K 3.2"]);
    assert!(edited.edited_at >= Some(edited.sent_at));
    let [thumb] = edited.reactions.as_slice() else {
        panic!("{:?}", edited.reactions)
    };
    assert_eq!(thumb.emoji, "👍");
    assert_eq!(thumb.people, ["Tomás Herrera"]);
    let named: Vec<&str> = edited
        .mentions
        .iter()
        .map(|p| p.username.as_str())
        .collect();
    assert_eq!(named, ["tomas.herrera"]);
    assert_eq!(found(client, group, answer).reply_to, Some(potassium));
    let recalled = found(client, group, slip);
    assert!(recalled.recalled && recalled.recalled_at.is_some());
    assert_eq!((recalled.text.as_str(), recalled.earlier.len()), ("", 0));
}

story!(what_was_answered_edited_recalled_and_reacted_to_is_the_same_for_everyone);
async fn what_was_answered_edited_recalled_and_reacted_to_is_the_same_for_everyone(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "K 3.2").await;
    let potassium = id_of(&amara, group, "K 3.2");
    tomas.sync().await.unwrap();
    answer(&mut tomas, group, "Repeat it, please", potassium).await;
    let reply = id_of(&tomas, group, "Repeat it, please");
    for emoji in ["👍", "🙏"] {
        assert!(
            tomas
                .react(group, potassium, emoji)
                .await
                .unwrap()
                .is_some()
        );
    }
    assert!(tomas.react(group, potassium, "👍").await.unwrap().is_none());
    assert!(
        tomas
            .unreact(group, potassium, "🙏")
            .await
            .unwrap()
            .is_some()
    );
    tomas.deliver().await.unwrap();

    amara.sync().await.unwrap();
    let text = "K 6.2, @tomas.herrera please look";
    amara.edit(group, potassium, text).await.unwrap();
    say(&mut amara, group, "Bed 5, no: bed 4").await;
    let slip = id_of(&amara, group, "Bed 5, no: bed 4");
    amara.edit(group, slip, "Bed 5, no: bed 6").await.unwrap();
    amara.deliver().await.unwrap();
    tomas.sync().await.unwrap();
    let ids = [potassium, reply, slip];

    // Tomás has read it before it is recalled, and Amara is told.
    let shown = found(&tomas, group, slip);
    assert_eq!(shown.text, "Bed 5, no: bed 6");
    let listed = tomas.conversations().unwrap().remove(0);
    assert_eq!(
        listed.mentions_unread, 1,
        "he is named in what he has not read"
    );
    tomas
        .mark_read(group, shown.newest_seq.unwrap(), &[])
        .await
        .unwrap();
    assert_eq!(tomas.conversations().unwrap()[0].mentions_unread, 0);
    amara.sync().await.unwrap();
    amara.recall(group, slip).await.unwrap();
    assert!(found(&amara, group, slip).recalled, "at once");
    amara.deliver().await.unwrap();
    assert_eq!(found(&amara, group, slip).recalled_after, ["Tomás Herrera"]);
    assert!(amara.edit(group, slip, "Bed 7").await.is_err());
    assert!(tomas.recall(group, potassium).await.is_err());

    tomas.sync().await.unwrap();
    assert_as_agreed(&amara, group, ids);
    assert_as_agreed(&tomas, group, ids);
    assert!(found(&tomas, group, potassium).mentions_me);
    assert!(found(&tomas, group, slip).recalled_after.is_empty());
    let last = tomas.conversations().unwrap()[0].last.clone().unwrap();
    assert!(last.recalled && last.text.is_empty());
    let form = Form {
        kind: FormKind::Sbar,
        fields: ["K 6.2", "CKD", "Tented T waves", "Calcium?"].map(str::to_owned),
    };
    tomas
        .send_form(group, form.clone(), Priority::Urgent, None)
        .await
        .unwrap();
    tomas.deliver().await.unwrap();
    amara.sync().await.unwrap();
    let sbar = id_of(&amara, group, &form.text());
    assert_eq!(found(&amara, group, sbar).form.as_ref(), Some(&form));

    // After a restart.
    drop(tomas);
    let mut tomas = NativeClient::open(&ward.home("tomas.herrera")).unwrap();
    come_online(&mut tomas).await;
    assert_as_agreed(&tomas, group, ids);

    // And on a new device, by the record keeper, who has the recalled text and hands it to nobody.
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    let history = ward.keeper.history(group, 0, u64::MAX).unwrap();
    let has_slip = |text: &str| text.contains("Bed 5");
    for kept in &history {
        assert!(!has_slip(&kept.text), "{kept:?}");
        assert!(!kept.change.as_ref().is_some_and(|c| has_slip(c.text())));
    }
    let mut tablet = ward.another(&tomas, "tablet").await;
    let device = tablet.status().device_id.unwrap();
    tomas.confirm_device(device, Duty::None).await.unwrap();
    sequenced(&mut ward.officer, device).await;
    come_online(&mut tablet).await;
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    tablet.sync().await.unwrap();
    assert_as_agreed(&tablet, group, ids);
    assert_eq!(found(&tablet, group, sbar).form, Some(form));
    let told = tablet.messages(group, None, usize::MAX).unwrap();
    let told = told
        .into_iter()
        .find(|m| m.notice == Some(Notice::HandedOver));
    assert_eq!(
        told.unwrap().notice_text.unwrap(),
        "The record keeper handed this device 4 earlier messages."
    );

    // Whose it was is still told who had read what they took back.
    let mut next = ward.own_device(&mut amara, "next").await;
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    next.sync().await.unwrap();
    assert_eq!(found(&next, group, slip).recalled_after, ["Tomás Herrera"]);
}

story!(an_entry_of_a_chart_is_sent_by_name_alone_and_found_by_what_was_said_of_it);
async fn an_entry_of_a_chart_is_sent_by_name_alone_and_found_by_what_was_said_of_it(
    engine: Engine,
) {
    Box::pin(referred(engine)).await;
}

async fn referred(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let theirs = tomas.patients("").await.unwrap();
    let mut patients = amara.patients("").await.unwrap();
    patients.retain(|patient| theirs.iter().any(|other| other.id == patient.id));
    let patient = patients.remove(0).id;
    let group = amara
        .start(&[me(&tomas)], None, Some(patient.clone()))
        .await
        .unwrap();
    let named = format!("{patient}/Observation/k1/trend");
    let reference = Reference::try_from(named).unwrap();
    for text in ["Rising since noon", ""] {
        amara
            .send_reference(
                group,
                reference.clone(),
                text.to_owned(),
                Priority::Routine,
                None,
            )
            .await
            .unwrap();
        amara.deliver().await.unwrap();
    }
    tomas.sync().await.unwrap();
    let messages = tomas.messages(group, None, usize::MAX).unwrap();
    let with: Vec<&Message> = messages.iter().filter(|m| m.reference.is_some()).collect();
    let texts: Vec<&str> = with.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts, ["Rising since noon", ""]);
    assert_eq!(with[0].reference.as_ref(), Some(&reference));
    let last = tomas.conversations().unwrap().remove(0).last.unwrap();
    assert!(last.reference && last.text.is_empty());
    let (first, second) = (with[0].id, with[1].id);
    let search = |q: &str| Search {
        q: q.to_owned(),
        ..Search::default()
    };
    assert_eq!(tomas.search(&search("noon")).unwrap().hits.len(), 1);
    for unsaid in ["Observation", "trend", "k1"] {
        assert!(tomas.search(&search(unsaid)).unwrap().hits.is_empty());
    }
    // It goes on as the name that it is, and is asked about as anything of this conversation.
    let team = tomas.start(&[me(&amara)], None, None).await.unwrap();
    tomas.sync().await.unwrap();
    tomas.forward(group, first, team).await.unwrap();
    tomas.deliver().await.unwrap();
    amara.sync().await.unwrap();
    let there = amara.messages(team, None, usize::MAX).unwrap();
    let there = there.iter().find(|m| m.forwarded.is_some()).unwrap();
    assert_eq!(there.reference.as_ref(), Some(&reference));
    let origin = there.forwarded.as_ref().unwrap().origin;
    assert_eq!(origin, Some(group));
    // What is said of it can be said anew; taken back, nothing of it stays.
    amara
        .edit(group, first, "Falling since noon")
        .await
        .unwrap();
    amara.recall(group, second).await.unwrap();
    amara.deliver().await.unwrap();
    tomas.sync().await.unwrap();
    let edited = found(&tomas, group, first);
    assert_eq!(edited.text, "Falling since noon");
    assert_eq!(edited.reference.as_ref(), Some(&reference));
    assert!(found(&tomas, group, second).reference.is_none());
}

story!(a_stat_message_is_acknowledged_by_its_own_name_and_read_once_it_was_shown);
async fn a_stat_message_is_acknowledged_by_its_own_name_and_read_once_it_was_shown(engine: Engine) {
    Box::pin(named(engine)).await;
}

async fn named(engine: Engine) {
    use MessageState::{Acknowledged, Delivered, Read};

    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    for text in ["Bed 4 is septic", "Bed 5 arrests"] {
        let sent = amara.send(group, text, Priority::Stat, None).await;
        sent.unwrap();
        assert_eq!(amara.deliver().await.unwrap().len(), 1);
    }
    say(&mut amara, group, "Thank you").await;
    let septic = id_of(&amara, group, "Bed 4 is septic");
    let arrests = id_of(&amara, group, "Bed 5 arrests");
    let thanks = id_of(&amara, group, "Thank you");
    tomas.sync().await.unwrap();
    let place = |id| found(&tomas, group, id).newest_seq.unwrap();
    let (one, two, three) = (place(septic), place(arrests), place(thanks));
    let states = async |amara: &mut NativeClient| {
        amara.sync().await.unwrap();
        [septic, arrests, thanks].map(|id| found(amara, group, id).state)
    };
    let unread = |tomas: &NativeClient| tomas.conversations().unwrap()[0].unread;

    // He has the end of it on the screen, and the first is further up.
    tomas.mark_read(group, u64::MAX, &[two]).await.unwrap();
    assert_eq!(states(&mut amara).await, [Delivered; 3]);
    assert_eq!(unread(&tomas), 3);
    tomas.acknowledge(group, two).await.unwrap();
    assert_eq!(
        states(&mut amara).await,
        [Delivered, Acknowledged, Delivered]
    );
    assert_eq!(unread(&tomas), 2, "what is acknowledged waits no more");
    tomas.mark_read(group, 0, &[one]).await.unwrap();
    tomas.mark_read(group, u64::MAX, &[]).await.unwrap();
    assert_eq!(states(&mut amara).await, [Read, Acknowledged, Read]);
    assert_eq!(unread(&tomas), 0);
    // Nor does what came later, or another device say so.
    tomas.acknowledge(group, three).await.unwrap();
    assert_eq!(states(&mut amara).await, [Read, Acknowledged, Acknowledged]);
    assert_eq!(found(&tomas, group, septic).state, Read);

    amara.edit(group, arrests, "Bed 5 is stable").await.unwrap();
    amara.deliver().await.unwrap();
    tomas.sync().await.unwrap();
    assert_ne!(found(&tomas, group, arrests).state, Acknowledged);
    let edited = found(&tomas, group, arrests).newest_seq.unwrap();
    tomas.acknowledge(group, edited).await.unwrap();
    assert_eq!(states(&mut amara).await, [Read, Acknowledged, Acknowledged]);
    tomas.acknowledge(group, one).await.unwrap();
    assert_eq!(states(&mut amara).await, [Acknowledged; 3]);
    let receipts = ward.hospital.events("receipt.posted").await;
    let of: Vec<_> = receipts.iter().filter_map(|e| e.detail.get("of")).collect();
    assert_eq!(of, [&json!(two), &json!(two), &json!(one)]);
}

story!(an_acknowledgement_is_of_the_version_that_was_there);
async fn an_acknowledgement_is_of_the_version_that_was_there(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "K 3.2").await;
    let id = id_of(&amara, group, "K 3.2");
    tomas.sync().await.unwrap();
    let seen = found(&tomas, group, id).newest_seq.unwrap();
    // A reaction is no acknowledgement.
    tomas.react(group, id, "👍").await.unwrap();
    tomas.deliver().await.unwrap();
    amara.sync().await.unwrap();
    assert_ne!(found(&amara, group, id).state, MessageState::Acknowledged);
    tomas.acknowledge(group, seen).await.unwrap();
    amara.sync().await.unwrap();
    assert_eq!(found(&amara, group, id).state, MessageState::Acknowledged);

    amara.edit(group, id, "K 6.2").await.unwrap();
    amara.deliver().await.unwrap();
    assert_ne!(found(&amara, group, id).state, MessageState::Acknowledged);
    tomas.sync().await.unwrap();
    let edited = found(&tomas, group, id);
    assert_ne!(edited.state, MessageState::Acknowledged);
    tomas
        .acknowledge(group, edited.newest_seq.unwrap())
        .await
        .unwrap();
    amara.sync().await.unwrap();
    assert_eq!(found(&amara, group, id).state, MessageState::Acknowledged);
}

story!(what_a_member_may_not_do_to_messages_of_others_is_left_out_in_sight_of_everyone);
async fn what_a_member_may_not_do_to_messages_of_others_is_left_out_in_sight_of_everyone(
    engine: Engine,
) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    say(&mut amara, group, "Heparin stopped").await;
    let of = id_of(&amara, group, "Heparin stopped");
    amara.react(group, of, "❗").await.unwrap();
    amara.deliver().await.unwrap();
    tomas.sync().await.unwrap();

    let edit = |of, text: &str| Change::Edit {
        of,
        text: text.to_owned(),
        mentions: Vec::new(),
    };
    let react = |to, emoji: String| Change::React { to, emoji };
    let unknown = MessageId::from_bytes([0xEE; 16]);
    let (own, other) = (
        MessageId::from_bytes([1; 16]),
        MessageId::from_bytes([2; 16]),
    );
    forge(&mut tomas, group, 1, edit(of, "Heparin running")).await;
    forge(&mut tomas, group, 3, Change::Recall { of }).await;
    forge(&mut tomas, group, 4, react(of, "❗".repeat(3_400))).await;
    forge(
        &mut tomas,
        group,
        5,
        react(of, "not one character".to_owned()),
    )
    .await;
    // Edits of what does not exist, of themselves, and of each other.
    forge(&mut tomas, group, 6, edit(unknown, "Of nothing")).await;
    forge(
        &mut tomas,
        group,
        7,
        edit(MessageId::from_bytes([7; 16]), "Of itself"),
    )
    .await;
    forge(&mut tomas, group, 2, edit(own, "Of an edit")).await;
    forge(&mut tomas, group, 8, edit(other, "Of an edit of an edit")).await;
    let reaction = MessageId::from_bytes([9; 16]);
    forge(&mut tomas, group, 10, Change::Unreact { to: of, reaction }).await;
    say(&mut tomas, group, "Still here").await;

    amara.sync().await.unwrap();
    let message = found(&amara, group, of);
    assert_eq!(message.text, "Heparin stopped");
    assert!(!message.recalled && message.edited_at.is_none());
    assert_eq!(message.reactions.len(), 1);
    assert!(message.reactions[0].mine);
    assert_eq!(texts(&amara, group), ["Heparin stopped", "Still here"]);
    let messages = amara.messages(group, None, usize::MAX).unwrap();
    let told = |notice| messages.iter().filter(|m| m.notice == Some(notice)).count();
    assert_eq!(
        told(Notice::LeftOut),
        3,
        "the edit and the recall of hers, and the edit of an edit"
    );
    assert_eq!(told(Notice::Gap), 2, "what is no reaction");

    // Nobody else takes it either: not the keeper, and not whom it hands the history to.
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    let mut tablet = ward.own_device(&mut amara, "tablet").await;
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    tablet.sync().await.unwrap();
    assert_eq!(texts(&tablet, group), ["Heparin stopped", "Still here"]);
    assert!(!found(&tablet, group, of).recalled);

    // A message with the id of another one does not take its place.
    let twin = Content::Text(Text {
        id: of,
        in_reply_to: None,
        text: "Heparin running".to_owned(),
        mentions: Vec::new(),
        form: None,
        attachment: None,
        reference: None,
        expires: None,
        forwarded: None,
    });
    let send = tomas
        .encrypt_content(group, &twin, Priority::Routine)
        .await
        .unwrap();
    let path = format!("/v1/groups/{group}/messages");
    let body = serde_json::to_vec(&send).unwrap();
    assert!(tomas.raw("POST", &path, Some(body)).await.is_err());
}

story!(a_draft_and_the_place_of_a_conversation_are_there_after_a_restart);
async fn a_draft_and_the_place_of_a_conversation_are_there_after_a_restart(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let mut rahul = ward.person("rahul.menon").await;
    let first = amara.start(&[me(&tomas)], None, None).await.unwrap();
    let second = amara.start(&[me(&rahul)], None, None).await.unwrap();
    say(&mut amara, first, "Heparin stopped").await;
    say(&mut amara, second, "Bed 9 is free").await;
    let order = |client: &NativeClient| {
        let conversations = client.conversations().unwrap();
        conversations.iter().map(|c| c.id).collect::<Vec<_>>()
    };
    assert_eq!(order(&amara), [second, first]);
    let pinned = Marks {
        pinned: Some(true),
        muted: Some(true),
        unread: Some(true),
        ..Marks::default()
    };
    amara.mark(first, pinned).await.unwrap();
    let away = Marks {
        archived: Some(true),
        ..Marks::default()
    };
    amara.mark(second, away).await.unwrap();
    let draft = Draft {
        text: "Lactate is".to_owned(),
        priority: Priority::Urgent,
        reply_to: None,
    };
    amara.keep_draft(first, draft.clone()).await.unwrap();

    drop(amara);
    let mut amara = NativeClient::open(&ward.home("amara.osei")).unwrap();
    come_online(&mut amara).await;
    assert_eq!(order(&amara), [first, second]);
    let conversations = amara.conversations().unwrap();
    let [pinned, archived] = conversations.as_slice() else {
        panic!("{conversations:?}")
    };
    assert!(pinned.pinned && pinned.muted && pinned.marked_unread);
    assert_eq!(pinned.draft, Some(draft.clone()));
    assert!(archived.archived && archived.draft.is_none());

    // Looking at it takes the mark away; whoever writes brings back what was put away; an empty
    // text is no draft.
    amara.mark_read(first, u64::MAX, &[]).await.unwrap();
    let text = String::new();
    amara
        .keep_draft(first, Draft { text, ..draft })
        .await
        .unwrap();
    let first = amara.conversations().unwrap().remove(0);
    assert!(!first.marked_unread && first.draft.is_none());
    rahul.sync().await.unwrap();
    say(&mut rahul, second, "Thank you").await;
    amara.sync().await.unwrap();
    let conversations = amara.conversations().unwrap();
    assert!(conversations.iter().all(|c| !c.archived));
    tomas.sync().await.unwrap();
    assert!(!tomas.conversations().unwrap()[0].pinned, "nobody else's");
}

story!(a_message_that_goes_by_itself_goes_by_the_servers_time_and_from_every_device);
async fn a_message_that_goes_by_itself_goes_by_the_servers_time_and_from_every_device(
    engine: Engine,
) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    let texts_sent = [
        ("The door code is 4711", Some(Expiry::After(0))),
        ("The other one is 4712", Some(Expiry::After(3600))),
        ("She asked for nobody to know", Some(Expiry::Read)),
        ("Good night", None),
    ];
    for (text, expires) in texts_sent {
        amara
            .send_expiring(group, text, Priority::Routine, None, expires)
            .await
            .unwrap();
    }
    assert_eq!(amara.deliver().await.unwrap().len(), 4);
    tomas.sync().await.unwrap();
    let gone = [
        "",
        "The other one is 4712",
        "She asked for nobody to know",
        "Good night",
    ];
    // What was due at once is gone as soon as a device knows that it is later.
    for client in [&tomas, &amara] {
        let is_gone = async || (texts(client, group) == gone).then_some(());
        until("the server's time", is_gone).await;
    }
    assert_eq!(tomas.conversations().unwrap()[0].unread, 3);
    let messages = tomas.messages(group, None, usize::MAX).unwrap();
    let told = messages.iter().filter(|m| m.notice.is_none());
    let expired: Vec<bool> = told.map(|m| m.expired).collect();
    assert_eq!(expired, [true, false, false, false]);

    // The record keeper hands over nothing that is due, or was for one reader.
    assert_eq!(ward.keep(Rules::default()).await, Progress::Done);
    let kept: Vec<String> = ward
        .keeper
        .history(group, 0, u64::MAX)
        .unwrap()
        .into_iter()
        .map(|kept| kept.text)
        .collect();
    assert_eq!(kept, ["", "The other one is 4712", "", "Good night"]);

    // What is read goes a minute later. A clock that is ahead is no reason; what counts is the
    // server's time as it was heard, and how long that is ago.
    tomas.mark_read(group, u64::MAX, &[]).await.unwrap();
    tomas.sync().await.unwrap();
    assert_eq!(texts(&tomas, group), gone, "not at once");
    let home = ward.home("tomas.herrera");
    drop(tomas);
    let mut tomas = Odd::sign_in(&home, &ward.hospital.url, 50_000).await;
    let shown = |client: &Client<Odd>| {
        let messages = client.messages(group, None, usize::MAX).unwrap();
        let written = messages.into_iter().filter(|m| m.notice.is_none());
        written.map(|m| m.text).collect::<Vec<_>>()
    };
    tomas.sync().await.unwrap();
    assert_eq!(shown(&tomas), gone);
    // In two steps, each shorter than a session may lie idle.
    let half_hour = 31 * 60 * 1000;
    for steps in 1..=2 {
        ward.hospital.clock.advance(half_hour);
        tomas.platform().ahead_ms.set(steps * half_hour);
        tomas.sync().await.unwrap();
    }
    assert_eq!(shown(&tomas), ["", "", "", "Good night"]);
    drop(tomas);
    let mut tomas = Odd::sign_in(&home, &ward.hospital.url, 2 * half_hour).await;
    tomas.sync().await.unwrap();
    assert_eq!(shown(&tomas), ["", "", "", "Good night"], "for good");
}

story!(what_goes_once_it_is_read_goes_from_each_of_its_readers_devices_and_shows_nowhere_else);
async fn what_goes_once_it_is_read_goes_from_each_of_its_readers_devices_and_shows_nowhere_else(
    engine: Engine,
) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let mut other = ward.own_device(&mut tomas, "second").await;
    let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
    let burn = async |amara: &mut NativeClient, text: &str| {
        let read = Some(Expiry::Read);
        let sent = amara.send_expiring(group, text, Priority::Routine, None, read);
        sent.await.unwrap();
        assert_eq!(amara.deliver().await.unwrap().len(), 1);
    };
    burn(&mut amara, "She asked for nobody to know").await;
    for client in [&mut tomas, &mut other, &mut amara] {
        client.sync().await.unwrap();
        assert_eq!(texts(client, group), ["She asked for nobody to know"]);
        // Whoever looks at the list, or looks for a word, has not read it.
        let last = client.conversations().unwrap()[0].last.clone().unwrap();
        assert_eq!((last.text.as_str(), last.burns), ("", true));
        while !client.tend_search().await.unwrap().whole {}
        let search = Search {
            q: "nobody".to_owned(),
            ..Search::default()
        };
        assert!(client.search(&search).unwrap().hits.is_empty());
    }

    // One of Tomas's devices shows it, and the other one hears that.
    tomas.mark_read(group, u64::MAX, &[]).await.unwrap();
    other.sync().await.unwrap();
    assert_eq!(texts(&other, group), ["She asked for nobody to know"]);
    drop(other);
    // Another one is read before it comes to the other device, and one is not read at all.
    burn(&mut amara, "Nor this").await;
    tomas.sync().await.unwrap();
    tomas.mark_read(group, u64::MAX, &[]).await.unwrap();
    burn(&mut amara, "Nor that").await;

    let minute = 61_000;
    ward.hospital.clock.advance(minute);
    let second = ward.home("second");
    let mut other = Odd::sign_in(&second, &ward.hospital.url, minute).await;
    for _ in 0..2 {
        other.sync().await.unwrap();
    }
    let messages = other.messages(group, None, usize::MAX).unwrap();
    let written = messages.into_iter().filter(|m| m.notice.is_none());
    let shown: Vec<(String, bool)> = written.map(|m| (m.text, m.expired)).collect();
    let gone = (String::new(), true);
    assert_eq!(shown, [gone.clone(), gone, ("Nor that".to_owned(), false)]);
}
