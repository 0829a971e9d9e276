//! Messages that go on into another conversation: marked with their writer, and asked about where they
//! leave those who care for the patient.

use serde_json::json;
use wardline_client::ClientError;
use wardline_client::content::{Change, Content, Expiry};
use wardline_client::views::Message;
use wardline_client_native::NativeClient;
use wardline_model::wire::directory::PatientBanner;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::problem::Problem;
use wardline_model::{GroupId, MessageId};

use crate::support::ward::{Ward, me, say};
use crate::support::{Engine, story};

fn found(client: &NativeClient, group: GroupId, text: &str) -> Message {
    let messages = client.messages(group, None, usize::MAX).unwrap();
    messages.into_iter().find(|m| m.text == text).unwrap()
}

fn problem<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> Problem {
    match answer {
        Err(ClientError::Problem(problem)) => *problem,
        other => panic!("{other:?}"),
    }
}

/// Patients for whom both care.
async fn shared(one: &mut NativeClient, other: &mut NativeClient) -> Vec<PatientBanner> {
    let theirs = other.patients("").await.unwrap();
    let mut own = one.patients("").await.unwrap();
    own.retain(|patient| theirs.iter().any(|other| other.id == patient.id));
    own
}

/// Puts a text into a conversation; its id.
async fn put(
    client: &mut NativeClient,
    group: GroupId,
    text: &str,
    expires: Option<Expiry>,
) -> MessageId {
    let sent = client.send_expiring(group, text, Priority::Routine, None, expires);
    let id = sent.await.unwrap().id;
    client.deliver().await.unwrap();
    client.sync().await.unwrap();
    id
}

story!(what_is_said_of_a_patient_is_asked_about_before_it_leaves_the_care_team);
async fn what_is_said_of_a_patient_is_asked_about_before_it_leaves_the_care_team(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let mut mary = ward.person("mary.nakato").await;
    let patients = shared(&mut amara, &mut tomas).await;
    let (patient, another) = (patients[0].id.clone(), patients[1].id.clone());
    let with_tomas = [me(&tomas)];
    let about = amara.start(&with_tomas, None, Some(patient)).await.unwrap();
    let about_another = amara.start(&with_tomas, None, Some(another)).await.unwrap();
    let team = amara.start(&with_tomas, None, None).await.unwrap();
    let outside = amara.start(&[me(&mary)], None, None).await.unwrap();
    amara.sync().await.unwrap();
    let id = put(&mut amara, about, "K 6.2", None).await;

    // Among those who care for the patient nothing is asked.
    amara.forward(about, id, team).await.unwrap();
    amara.deliver().await.unwrap();
    tomas.sync().await.unwrap();
    let there = found(&tomas, team, "K 6.2");
    let origin = there.forwarded.clone().unwrap();
    assert_eq!(
        (origin.from, origin.name.as_str()),
        (me(&amara), "Amara Osei")
    );
    assert_eq!(origin.sent_at, found(&tomas, about, "K 6.2").sent_at);
    assert_ne!(there.id, id, "sealed anew");

    // To somebody else, and to where another patient is spoken of, it asks.
    let refused = problem(amara.forward(about, id, outside).await);
    assert_eq!(refused.name(), "step-up-required");
    assert_eq!(refused.extensions["scopes"], json!(["forwarding"]));
    let refused = problem(amara.forward(about, id, about_another).await);
    let advice = refused.extensions["advice"].to_string();
    assert!(advice.contains("about another patient"), "{advice}");
    assert!(!advice.contains("care team"), "{advice}");
    amara.prove_again(&["forwarding"]).await.unwrap();
    amara.forward(about, id, outside).await.unwrap();
    amara.deliver().await.unwrap();
    mary.sync().await.unwrap();
    let there = found(&mary, outside, "K 6.2");
    assert_eq!(there.forwarded, Some(origin.clone()));
    assert!(there.mentions.is_empty());
    let allowed = ward.hospital.events("message.forward_allowed").await;
    let outcomes: Vec<bool> = allowed
        .iter()
        .map(|event| event.detail["outside"].as_bool().unwrap())
        .collect();
    assert_eq!(outcomes, [false, true]);

    // Nobody asks about a conversation that they are not in.
    let path = format!("/v1/groups/{about}/forward");
    let body = serde_json::to_vec(&json!({ "to": outside })).unwrap();
    let stranger = mary.raw("POST", &path, Some(body)).await;
    assert!(stranger.is_err(), "{stranger:?}");

    // It keeps its first writer; nobody edits it, whatever their client sends.
    let forwarded = found(&tomas, team, "K 6.2").id;
    tomas.forward(team, forwarded, about).await.unwrap();
    tomas.deliver().await.unwrap();
    amara.sync().await.unwrap();
    let messages = amara.messages(about, None, usize::MAX).unwrap();
    let back = messages.iter().find(|m| m.forwarded.is_some()).unwrap();
    assert_eq!(back.forwarded, Some(origin));
    assert_eq!(back.from.as_ref().map(|from| from.id), Some(me(&tomas)));
    assert!(amara.edit(team, forwarded, "K 3.2").await.is_err());
    let edit = Content::Change {
        id: MessageId::from_bytes([9; 16]),
        change: Change::Edit {
            of: forwarded,
            text: "K 3.2".to_owned(),
            mentions: Vec::new(),
        },
    };
    let send = amara.encrypt_content(team, &edit, Priority::Routine);
    let body = serde_json::to_vec(&send.await.unwrap()).unwrap();
    let path = format!("/v1/groups/{team}/messages");
    amara.raw("POST", &path, Some(body)).await.unwrap();
    tomas.sync().await.unwrap();
    assert_eq!(found(&tomas, team, "K 6.2").edited_at, None);
}

story!(what_was_said_of_a_patient_is_asked_about_at_its_second_hop_too);
async fn what_was_said_of_a_patient_is_asked_about_at_its_second_hop_too(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut tomas = ward.person("tomas.herrera").await;
    let mut mary = ward.person("mary.nakato").await;
    let patients = shared(&mut amara, &mut tomas).await;
    let (patient, another) = (patients[0].id.clone(), patients[1].id.clone());
    let with_tomas = [me(&tomas)];
    let about = amara.start(&with_tomas, None, Some(patient)).await.unwrap();
    let about_another = amara.start(&with_tomas, None, Some(another)).await.unwrap();
    let team = amara.start(&with_tomas, None, None).await.unwrap();
    let outside = tomas.start(&[me(&mary)], None, None).await.unwrap();
    amara.sync().await.unwrap();
    let id = put(&mut amara, about, "K 6.2", None).await;
    amara.forward(about, id, team).await.unwrap();
    amara.deliver().await.unwrap();
    tomas.sync().await.unwrap();
    let first = found(&tomas, team, "K 6.2");
    let origin = first.forwarded.clone().unwrap();
    assert_eq!(origin.origin, Some(about));

    // The conversation that it is in now is about nobody; where it came from counts.
    let refused = problem(tomas.forward(team, first.id, outside).await);
    assert_eq!(refused.name(), "step-up-required");
    assert_eq!(refused.extensions["scopes"], json!(["forwarding"]));
    let refused = problem(tomas.forward(team, first.id, about_another).await);
    let advice = refused.extensions["advice"].to_string();
    assert!(advice.contains("about another patient"), "{advice}");
    tomas.prove_again(&["forwarding"]).await.unwrap();
    tomas.forward(team, first.id, outside).await.unwrap();
    tomas.deliver().await.unwrap();

    // So it is for whoever was never in the conversation that it came from, and at every further hop.
    mary.sync().await.unwrap();
    let second = found(&mary, outside, "K 6.2");
    assert_eq!(second.forwarded, Some(origin));
    let viktor = ward.person("viktor.lindgren").await;
    let further = mary.start(&[me(&viktor)], None, None).await.unwrap();
    let refused = problem(mary.forward(outside, second.id, further).await);
    assert_eq!(refused.name(), "step-up-required");
    // To those who care for the patient it goes without.
    let back = mary.start(&[me(&amara)], None, None).await.unwrap();
    mary.forward(outside, second.id, back).await.unwrap();
    let allowed = ward.hospital.events("message.forward_allowed").await;
    let last = &allowed.last().unwrap().detail;
    assert_eq!(last["outside"], json!(false));
    assert_eq!(last["patient"], allowed[0].detail["patient"]);

    // Where it says that it comes from a conversation that there is not, it goes nowhere.
    let path = format!("/v1/groups/{team}/forward");
    let nowhere = GroupId::from_bytes([7; 16]);
    let body = serde_json::to_vec(&json!({ "to": team, "origin": nowhere })).unwrap();
    let unknown = problem(tomas.raw("POST", &path, Some(body)).await);
    assert_eq!(unknown.status, 404);

    // What came out of no such conversation is asked about nowhere.
    let free = put(&mut amara, team, "The lift is out of order", None).await;
    let anywhere = amara.start(&[me(&viktor)], None, None).await.unwrap();
    amara.forward(team, free, anywhere).await.unwrap();
    assert_eq!(
        ward.hospital.events("message.forward_allowed").await.len(),
        allowed.len()
    );
}

story!(what_is_meant_to_go_goes_where_it_was_forwarded_too);
async fn what_is_meant_to_go_goes_where_it_was_forwarded_too(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let tomas = ward.person("tomas.herrera").await;
    let from = amara.start(&[me(&tomas)], None, None).await.unwrap();
    let mary = ward.person("mary.nakato").await;
    let to = amara.start(&[me(&mary)], None, None).await.unwrap();
    let hour = Some(Expiry::After(3600));
    let goes = put(&mut amara, from, "Goes within the hour", hour).await;
    amara.forward(from, goes, to).await.unwrap();
    amara.deliver().await.unwrap();
    amara.sync().await.unwrap();
    let there = found(&amara, to, "Goes within the hour");
    let Some(Expiry::After(left)) = there.expires else {
        panic!("{:?}", there.expires);
    };
    assert!((3000..=3600).contains(&left), "{left}");

    let burns = put(&mut amara, from, "Goes once it is read", Some(Expiry::Read)).await;
    assert!(amara.forward(from, burns, to).await.is_err());
    say(&mut amara, from, "A slip").await;
    let slip = found(&amara, from, "A slip").id;
    amara.recall(from, slip).await.unwrap();
    amara.deliver().await.unwrap();
    assert!(amara.forward(from, slip, to).await.is_err());
    let nowhere = GroupId::from_bytes([7; 16]);
    assert!(amara.forward(from, goes, nowhere).await.is_err());
}
