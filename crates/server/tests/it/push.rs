//! Waking phones by Web Push, and who can be reached before anything is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::HeaderName;
use serde_json::{Value, json};
use wardline_model::UserId;
use wardline_model::wire::directory::{
    BetterReason, LastSeen, Me, PhoneReach, ReachList, Reachability,
};
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::posture::{Assessment, Standing};
use wardline_model::wire::push::{PushInfo, PushState};
use wardline_model::{B64, GroupId};
use wardline_server::rim::Clock;

use crate::fleet::change;
use crate::support::logs::Logs;
use crate::support::managed::{colleague_called, phone_of};
use crate::support::receiver::{Pushed, Receiver, Subscriber};
use crate::support::socket::Socket;
use crate::support::{Answer, Device, Engine, Hospital, Phone, story, until};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// Two nurses in a conversation, and a push service.
pub(crate) struct Shift {
    pub(crate) hospital: Hospital,
    pub(crate) receiver: Receiver,
    pub(crate) officer: Device,
    pub(crate) amara: Phone,
    pub(crate) ben: Phone,
    pub(crate) group: GroupId,
    /// Ben's browser.
    browser: Subscriber,
}

impl Shift {
    /// Ben's phone is to be rung.
    pub(crate) async fn begin(engine: Engine) -> Self {
        let receiver = Receiver::start().await;
        let hospital = Hospital::with(engine, |config| receiver.configure(config)).await;
        let mut officer = hospital.officer().await;
        let mut amara = nurse(&hospital, &mut officer, "amara.osei").await;
        let mut ben = nurse(&hospital, &mut officer, "ben.adler").await;
        let group = amara.start(&[ben.user()]).await;
        ben.join().await;
        let browser = Subscriber::at(&receiver, "bens-secret-endpoint");
        subscribe(&mut ben.device, &browser).await.expect(200);
        Self {
            hospital,
            receiver,
            officer,
            amara,
            ben,
            group,
            browser,
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.hospital.clock
    }

    /// Amara writes.
    pub(crate) async fn say(&mut self, priority: Priority) {
        let mut message = self.amara.write(self.group, "K 6.8 in bed 4");
        message.priority = priority;
        self.amara.post(self.group, &message).await.expect(201);
    }

    /// Ben's service worker shows a push and says so.
    pub(crate) async fn receipt(&mut self, push: &Pushed) -> Answer {
        let id = self.browser.read(push);
        receipt(&mut self.ben.device, &id).await
    }

    async fn state(&mut self) -> PushState {
        info(&mut self.ben.device).await.state
    }

    /// What Amara sees of whether Ben can be reached.
    pub(crate) async fn reach(&mut self) -> Reachability {
        let ben = self.ben.user();
        reach(&mut self.amara.device, ben).await
    }
}

pub(crate) async fn nurse(hospital: &Hospital, officer: &mut Device, name: &str) -> Phone {
    let user = colleague_called(hospital, officer, name, "nurse").await;
    Phone::new(phone_of(hospital, officer, user).await).await
}

pub(crate) async fn subscribe(device: &mut Device, browser: &Subscriber) -> Answer {
    let subscription = browser.subscription();
    device.request("PUT", "/v1/push", Some(&subscription)).await
}

/// Without a session and without a proof.
pub(crate) async fn receipt(from: &mut Device, id: &str) -> Answer {
    let body = json!({ "id": id }).to_string().into_bytes();
    let body = Some(("application/json", body));
    from.raw("POST", "/v1/push/receipts", None, None, body)
        .await
}

async fn info(device: &mut Device) -> PushInfo {
    device.get("/v1/push").await.expect(200).json()
}

async fn reach(device: &mut Device, user: UserId) -> Reachability {
    let path = format!("/v1/people/{user}/reachability");
    device.get(&path).await.expect(200).json()
}

story!(a_message_rings_a_phone_that_is_not_open_and_says_nothing_but_an_id);
async fn a_message_rings_a_phone_that_is_not_open_and_says_nothing_but_an_id(engine: Engine) {
    let logs = Logs::capture();
    let mut shift = Shift::begin(engine).await;
    let before = info(&mut shift.ben.device).await;
    assert_eq!(
        (before.state, before.last_sent_at),
        (PushState::Untested, None)
    );
    shift.say(Priority::Routine).await;
    let push = shift.receiver.push(1).await;
    assert_eq!(push.path, "/bens-secret-endpoint");
    let said = shift.browser.read(&push);
    assert_eq!(B64::decode(&said).unwrap().as_ref().len(), 32, "{said}");
    assert_eq!(push.header("ttl"), "43200");
    assert_eq!(push.header("urgency"), "normal");
    assert_eq!(push.header("topic"), "wardline");
    assert_eq!(push.header("content-encoding"), "aes128gcm");
    let claims = push.claims(&before.public_key);
    assert_eq!(claims["aud"], shift.receiver.origin);
    assert_eq!(claims["sub"], "mailto:it@hospital.example");
    let now_s = shift.clock().now_ms() / 1000;
    let expires = claims["exp"].as_u64().unwrap();
    assert!(
        (now_s + 1..=now_s + 24 * 60 * 60).contains(&expires),
        "{claims}"
    );
    assert_eq!(claims.as_object().unwrap().len(), 3, "{claims}");
    let mut names: Vec<&str> = push.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names.retain(|name| !["accept", "host", "user-agent"].contains(name));
    let expected = [
        "authorization",
        "content-encoding",
        "content-length",
        "content-type",
        "topic",
        "ttl",
        "urgency",
    ];
    assert_eq!(names, expected);

    // As long as it is out it tells of what else comes, but for what is more urgent.
    shift.say(Priority::Routine).await;
    shift.say(Priority::Stat).await;
    let urgent = shift.receiver.push(2).await;
    assert_eq!(urgent.header("urgency"), "high");
    // It takes the place of the routine one at the push service, and tells of both.
    let kept: u64 = urgent.header("ttl").parse().unwrap();
    assert!((43_100..=43_200).contains(&kept), "{kept}");
    assert_eq!(
        urgent.body.len(),
        push.body.len(),
        "no length tells what it is"
    );
    assert_ne!(shift.browser.read(&urgent), said);

    // Its receipt counts once, and nobody else's does.
    shift.receipt(&push).await.refused(404, "not-found");
    assert_eq!(shift.state().await, PushState::Unheard);
    shift.receipt(&urgent).await.expect(204);
    shift.receipt(&urgent).await.refused(404, "not-found");
    let id = B64::from([0; 32]).encode();
    receipt(&mut shift.officer, &id)
        .await
        .refused(404, "not-found");
    receipt(&mut shift.officer, "")
        .await
        .refused(404, "not-found");
    assert_eq!(shift.state().await, PushState::Rings);
    shift.say(Priority::Routine).await;
    shift.receiver.push(3).await;

    // Nothing of it stands in the audit log or in a log line, and there is no event for each.
    let subscribed = shift.hospital.events("push.subscribed").await;
    assert_eq!(subscribed.len(), 1);
    let mut events = subscribed;
    events.extend(shift.hospital.events("request.allowed").await);
    let events = serde_json::to_string(&events).unwrap();
    let lines = logs.text();
    for secret in ["bens-secret-endpoint", said.as_str()] {
        assert!(!events.contains(secret), "the audit log has {secret}");
        assert!(!lines.contains(secret), "a log line has {secret}");
    }
}

story!(a_routine_message_takes_no_urgency_from_a_wake_up_that_waits_to_be_delivered);
async fn a_routine_message_takes_no_urgency_from_a_wake_up_that_waits_to_be_delivered(
    engine: Engine,
) {
    let mut shift = Shift::begin(engine).await;
    shift.say(Priority::Urgent).await;
    let first = shift.receiver.push(1).await;
    assert_eq!(
        (first.header("urgency"), first.header("ttl")),
        ("high", "300")
    );
    // Nothing says that it was delivered, and the push service has one wake-up for a phone, the newest.
    shift.hospital.clock.advance(2 * MINUTE);
    shift.say(Priority::Routine).await;
    let second = shift.receiver.push(2).await;
    assert_eq!(second.header("topic"), first.header("topic"));
    assert_eq!(
        (second.header("urgency"), second.header("ttl")),
        ("high", "43200")
    );
    shift.receipt(&second).await.expect(204);
    shift.say(Priority::Routine).await;
    let third = shift.receiver.push(3).await;
    assert_eq!(third.header("urgency"), "normal");
}

story!(the_first_alert_of_a_page_does_not_ring_again_a_phone_that_the_message_rang);
async fn the_first_alert_of_a_page_does_not_ring_again_a_phone_that_the_message_rang(
    engine: Engine,
) {
    let mut shift = Shift::begin(engine).await;
    shift.say(Priority::Stat).await;
    let push = shift.receiver.push(1).await;
    shift.receipt(&push).await.expect(204);
    until("the first alert", async || {
        let alerted = shift.hospital.events("escalation.alerted").await;
        (!alerted.is_empty()).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(shift.receiver.pushes().len(), 1);
}

story!(a_wake_up_that_did_not_arrive_is_followed_by_another_after_a_while);
async fn a_wake_up_that_did_not_arrive_is_followed_by_another_after_a_while(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    shift.say(Priority::Urgent).await;
    let first = shift.receiver.push(1).await;
    shift.say(Priority::Urgent).await;
    let (store, _) = shift.hospital.seize();
    let clock = shift.hospital.clock.clone();
    let due = async |after_ms: u64| {
        let now_ms = clock.now_ms() + after_ms;
        let due = store.read().await.unwrap().due_pushes(now_ms, 10, 10).await;
        due.unwrap().len()
    };
    until("the second message to be asked for", async || {
        Some(due(MINUTE).await).filter(|due| *due == 1)
    })
    .await;
    assert_eq!(due(MINUTE / 2).await, 0, "one is out, which tells of it");
    assert_eq!(shift.receiver.pushes().len(), 1);
    shift.hospital.clock.advance(MINUTE);
    let second = shift.receiver.push(2).await;
    assert_ne!(shift.browser.read(&first), shift.browser.read(&second));
    // The receipt of the one that is late counts for nothing, that of the second does.
    shift.receipt(&first).await.refused(404, "not-found");
    shift.receipt(&second).await.expect(204);
    assert_eq!(due(24 * HOUR).await, 0);
    assert_eq!(shift.state().await, PushState::Rings);
}

story!(a_subscription_that_the_push_service_forgot_ends_and_another_begins);
async fn a_subscription_that_the_push_service_forgot_ends_and_another_begins(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    shift.receiver.reply(410, None);
    shift.say(Priority::Routine).await;
    shift.receiver.push(1).await;
    let gone = until("the end of the subscription", async || {
        Some(shift.state().await).filter(|state| *state != PushState::Unheard)
    })
    .await;
    assert_eq!(gone, PushState::Gone);
    let events = shift.hospital.events("push.gone").await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        events[0].detail["device"],
        shift.ben.device.id().to_string()
    );
    shift.hospital.clock.advance(MINUTE);
    let nobody = shift
        .ben
        .device
        .request("POST", "/v1/push/test", None)
        .await;
    nobody.refused(404, "not-found");
    shift.say(Priority::Routine).await;
    let (store, _) = shift.hospital.seize();
    let ben = shift.ben.device.id();
    let mut tx = store.write().await.unwrap();
    let now_ms = shift.hospital.clock.now_ms();
    let asked = tx
        .ask_push(ben, Priority::Stat, MINUTE, now_ms)
        .await
        .unwrap();
    assert!(!asked, "nothing is sent to a subscription that is gone");
    drop(tx);
    assert_eq!(shift.receiver.pushes().len(), 1);
    subscribe(&mut shift.ben.device, &shift.browser)
        .await
        .expect(200);
    assert_eq!(shift.state().await, PushState::Untested);
    shift.say(Priority::Routine).await;
    shift.receiver.push(2).await;
}

story!(a_push_service_that_wants_to_be_left_alone_is);
async fn a_push_service_that_wants_to_be_left_alone_is(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    shift.receiver.reply(429, Some(120));
    shift.receiver.reply(503, None);
    shift.say(Priority::Stat).await;
    shift.receiver.push(1).await;
    until("the refusal to be noted", async || {
        Some(shift.state().await).filter(|state| *state == PushState::Failing)
    })
    .await;
    shift.say(Priority::Stat).await;
    let (store, _) = shift.hospital.seize();
    let due = async |after_ms: u64| {
        let now_ms = shift.clock().now_ms() + after_ms;
        let due = store.read().await.unwrap().due_pushes(now_ms, 10, 10).await;
        due.unwrap().len()
    };
    assert_eq!(due(100_000).await, 0);
    assert_eq!(due(120_000).await, 1);
    // It fails once more, for as long as it did before; then it rings.
    shift.hospital.clock.advance(2 * MINUTE);
    until("the second try", async || {
        Some(()).filter(|()| shift.receiver.pushes().len() >= 2)
    })
    .await;
    // It has failed for two minutes, so it waits for two more.
    until("the second refusal to be noted", async || {
        Some(due(MINUTE).await).filter(|due| *due == 0)
    })
    .await;
    assert_eq!(due(3 * MINUTE).await, 1);
    shift.hospital.clock.advance(3 * MINUTE);
    let push = shift.receiver.push(3).await;
    assert_eq!(push.header("urgency"), "high");
    shift.receipt(&push).await.expect(204);
    assert_eq!(shift.state().await, PushState::Rings);
}

story!(a_phone_that_is_open_rings_only_when_the_message_does_not_get_there);
async fn a_phone_that_is_open_rings_only_when_the_message_does_not_get_there(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    let _open = Socket::open(&mut shift.ben.device).await;
    shift.say(Priority::Routine).await;
    let path = format!("/v1/groups/{}/receipts", shift.group);
    let delivered = json!({ "state": "delivered", "up_to": 2 });
    shift.ben.device.post(&path, &delivered).await.expect(204);
    shift.hospital.clock.advance(11_000);
    // In a pocket it is asleep, though its socket is still there.
    shift.say(Priority::Urgent).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(
        shift.receiver.pushes().is_empty(),
        "the first was delivered, the second has ten seconds"
    );
    until("the phone to be doubted", async || {
        shift.hospital.clock.advance(1000);
        Some(()).filter(|()| !shift.receiver.pushes().is_empty())
    })
    .await;
    let push = shift.receiver.push(1).await;
    assert_eq!(
        push.header("urgency"),
        "high",
        "it is for the second message"
    );
}

story!(who_is_not_to_be_disturbed_is_rung_for_stat_alone);
async fn who_is_not_to_be_disturbed_is_rung_for_stat_alone(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    let path = "/v1/me/availability";
    let now_ms = shift.clock().now_ms();
    for until in [now_ms - 1, now_ms + 25 * HOUR] {
        let body = json!({ "quiet_until": until });
        let answer = shift.ben.device.request("PUT", path, Some(&body)).await;
        answer.refused(400, "invalid-body");
    }
    let until = now_ms + HOUR;
    let body = json!({ "quiet_until": until });
    let set = shift.ben.device.request("PUT", path, Some(&body)).await;
    set.expect(204);
    let me: Me = shift.ben.device.get("/v1/me").await.expect(200).json();
    assert_eq!(me.quiet_until, Some(until));
    assert_eq!(shift.reach().await.quiet_until, Some(until));
    shift.say(Priority::Urgent).await;
    shift.say(Priority::Stat).await;
    let push = shift.receiver.push(1).await;
    assert_eq!(push.header("urgency"), "high");
    shift.receipt(&push).await.expect(204);
    // The urgent one is had by then: it need not ring again when the time is over.
    let path_of_receipts = format!("/v1/groups/{}/receipts", shift.group);
    let read = json!({ "state": "read", "up_to": 3 });
    let posted = shift.ben.device.post(&path_of_receipts, &read).await;
    posted.expect(204);
    let body = json!({ "quiet_until": null });
    let set = shift.ben.device.request("PUT", path, Some(&body)).await;
    set.expect(204);
    assert_eq!(shift.reach().await.quiet_until, None);
    shift.say(Priority::Routine).await;
    shift.receiver.push(2).await;
    assert_eq!(shift.hospital.events("availability.set").await.len(), 2);
}

story!(a_phone_is_rung_to_see_that_it_does_and_not_any_more_when_nobody_wants_it);
async fn a_phone_is_rung_to_see_that_it_does_and_not_any_more_when_nobody_wants_it(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    // The app is open as somebody tries it.
    let _open = Socket::open(&mut shift.ben.device).await;
    let test = shift
        .ben
        .device
        .request("POST", "/v1/push/test", None)
        .await;
    test.expect(202);
    let push = shift.receiver.push(1).await;
    assert_eq!(push.header("urgency"), "high");
    let again = shift
        .ben
        .device
        .request("POST", "/v1/push/test", None)
        .await;
    again.refused(429, "too-many-requests");
    shift.receipt(&push).await.expect(204);
    assert_eq!(shift.state().await, PushState::Rings);
    // The same subscription again, as an app hands it in when it starts, changes nothing.
    subscribe(&mut shift.ben.device, &shift.browser)
        .await
        .expect(200);
    assert_eq!(shift.state().await, PushState::Rings);
    shift.ben.device.delete("/v1/push").await.expect(204);
    assert_eq!(shift.state().await, PushState::Off);
    shift.ben.device.delete("/v1/push").await.expect(204);
    let changes = async |kind: &str| -> Vec<Value> {
        let events = shift.hospital.events(kind).await;
        let changed = events.iter().map(|event| event.detail["changed"].clone());
        changed.collect()
    };
    assert_eq!(
        changes("push.subscribed").await,
        [json!(true), json!(false)]
    );
    assert_eq!(
        changes("push.unsubscribed").await,
        [json!(true), json!(false)]
    );
    assert_eq!(shift.hospital.events("push.tested").await.len(), 2);
}

story!(a_device_cannot_have_the_server_knock_on_doors_in_the_house);
async fn a_device_cannot_have_the_server_knock_on_doors_in_the_house(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let receiver = Receiver::start().await;
    let mut officer = hospital.officer().await;
    let browser = Subscriber::at(&receiver, "x");
    for endpoint in [
        browser.endpoint.as_str(),
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/x",
        "https://intranet/x",
        "https://[fd00::1]/x",
        "http://push.example/x",
        "https://push.example:8443/x",
        "file:///etc/passwd",
        "",
    ] {
        let mut subscription = browser.subscription();
        subscription["endpoint"] = endpoint.into();
        let answer = officer
            .request("PUT", "/v1/push", Some(&subscription))
            .await;
        let problem = answer.refused(400, "invalid-body");
        assert_eq!(problem.extensions["field"], "endpoint", "{endpoint}");
    }
    for (key, value) in [
        ("p256dh", B64::from([4; 65])),
        ("p256dh", B64::from([2; 33])),
        ("auth", B64::from([1; 15])),
    ] {
        let mut subscription = browser.subscription();
        subscription["endpoint"] = "https://push.example/x".into();
        subscription[key] = value.encode().into();
        let answer = officer
            .request("PUT", "/v1/push", Some(&subscription))
            .await;
        let problem = answer.refused(400, "invalid-body");
        assert_eq!(problem.extensions["field"], "p256dh", "{key}");
    }
    assert_eq!(info(&mut officer).await.state, PushState::Off);
    assert!(receiver.pushes().is_empty());
}

story!(before_anything_is_sent_one_sees_who_would_not_notice_and_who_would);
async fn before_anything_is_sent_one_sees_who_would_not_notice_and_who_would(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    let mut cleo = nurse(&shift.hospital, &mut shift.officer, "cleo.marsh").await;
    let reach_of_ben = shift.reach().await;
    assert_eq!(reach_of_ben.phone, PhoneReach::No);
    assert_eq!(reach_of_ben.last_seen, LastSeen::Now);
    assert!(!reach_of_ben.on_shift && reach_of_ben.better.is_none());

    // A receipt tells that his phone rings, for a day.
    shift.say(Priority::Routine).await;
    let push = shift.receiver.push(1).await;
    assert_eq!(shift.reach().await.phone, PhoneReach::No);
    shift.receipt(&push).await.expect(204);
    assert_eq!(shift.reach().await.phone, PhoneReach::Rings);
    shift.hospital.clock.advance(24 * HOUR);
    for phone in [&mut shift.amara, &mut shift.ben, &mut cleo] {
        phone.device.sign_in().await;
    }
    assert_eq!(shift.reach().await.phone, PhoneReach::No);
    assert_eq!(shift.state().await, PushState::Unheard);
    let open = Socket::open(&mut shift.ben.device).await;
    until("an open app to be known", async || {
        let reach = reach(&mut shift.amara.device, shift.ben.device.user()).await;
        Some(reach).filter(|reach| reach.phone == PhoneReach::Open)
    })
    .await;
    drop(open);
    until("a closed app to be known", async || {
        let reach = reach(&mut shift.amara.device, shift.ben.device.user()).await;
        Some(reach).filter(|reach| reach.phone == PhoneReach::No)
    })
    .await;

    // Cleo is at work in the same role, and rings.
    let browser = Subscriber::at(&shift.receiver, "cleos");
    subscribe(&mut cleo.device, &browser).await.expect(200);
    let test = cleo.device.request("POST", "/v1/push/test", None).await;
    test.expect(202);
    let push = shift.receiver.push(2).await;
    receipt(&mut cleo.device, &browser.read(&push))
        .await
        .expect(204);
    assert!(shift.reach().await.better.is_none(), "nobody is at work");
    let now_ms = shift.clock().now_ms();
    let (store, _) = shift.hospital.seize();
    let mut tx = store.write().await.unwrap();
    tx.put_shift(cleo.user(), now_ms - HOUR, now_ms + HOUR)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let better = shift.reach().await.better.unwrap();
    assert_eq!(
        (better.user.id, better.reason),
        (cleo.user(), BetterReason::OnShift)
    );
    assert_eq!(better.role_title, None);

    let mut tx = store.write().await.unwrap();
    let department = tx.person(cleo.user()).await.unwrap().unwrap().department;
    let role = "charge-nurse".parse().unwrap();
    tx.put_oncall_role(&role, "Charge nurse on call", &department)
        .await
        .unwrap();
    tx.put_oncall_turn(&role, cleo.user(), now_ms - HOUR, now_ms + HOUR)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let better = shift.reach().await.better.unwrap();
    assert_eq!(better.reason, BetterReason::HoldsRole);
    assert_eq!(better.role_title.as_deref(), Some("Charge nurse on call"));
    let cleos = reach(&mut shift.amara.device, cleo.user()).await;
    assert!(cleos.on_shift && cleos.better.is_none());
    assert_eq!(cleos.phone, PhoneReach::Rings);

    // Of several the same is said, and of nobody who is not known.
    let several = json!({ "user_ids": [
        cleo.user(), shift.ben.user(), "00000000-0000-4000-8000-000000000000",
    ] });
    let asked = shift
        .amara
        .device
        .post("/v1/people/reachability", &several)
        .await;
    let asked: ReachList = asked.expect(200).json();
    let phones: BTreeMap<UserId, PhoneReach> = asked
        .people
        .iter()
        .map(|each| (each.user_id, each.phone))
        .collect();
    let bens = shift.reach().await.phone;
    assert_eq!(
        phones,
        BTreeMap::from([(cleo.user(), PhoneReach::Rings), (shift.ben.user(), bens)])
    );
    let crowd: Vec<UserId> = (0..51).map(|n| UserId::from_bytes([n; 16])).collect();
    let crowd = json!({ "user_ids": crowd });
    let refused = shift
        .amara
        .device
        .post("/v1/people/reachability", &crowd)
        .await;
    refused.refused(400, "invalid-body");

    let nobody = "/v1/people/00000000-0000-4000-8000-000000000000/reachability";
    shift
        .amara
        .device
        .get(nobody)
        .await
        .refused(404, "not-found");
}

/// A rule that an old Android does not meet, with a grace.
fn newer_android(grace_days: u32) -> Value {
    json!({
        "id": "os_supported",
        "check": { "kind": "os_floor", "floors": { "android": "14" } },
        "accept": ["claimed"],
        "grace_days": grace_days,
        "unknown": "allow",
    })
}

impl Shift {
    /// The hospital asks for a newer Android than Ben's phone has.
    async fn falls_behind(&mut self, grace_days: u32) {
        let body = change(&mut self.officer, 0, &[newer_android(grace_days)]).await;
        let put = self
            .officer
            .request("PUT", "/v1/programs/demo", Some(&body));
        put.await.expect(200);
        self.tells("9").await;
    }

    /// Ben's phone says which Android it has.
    async fn tells(&mut self, version: &str) -> Standing {
        self.hospital.clock.advance(2000);
        let facts = json!([
            { "name": "platform", "value": "android" },
            { "name": "os_version", "value": version },
        ]);
        let stands: Assessment = self.ben.device.report(&facts).await.expect(200).json();
        stands.standing
    }

    /// Whether nothing rings within two looks of the server.
    async fn stays_silent(&self, after: usize) {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(self.receiver.pushes().len(), after);
    }
}

story!(an_owner_is_rung_when_a_phone_falls_behind_once_a_day_and_told_nothing);
async fn an_owner_is_rung_when_a_phone_falls_behind_once_a_day_and_told_nothing(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    shift.falls_behind(7).await;
    let push = shift.receiver.push(1).await;
    let said = shift.browser.read(&push);
    assert_eq!(
        B64::decode(&said).unwrap().as_ref().len(),
        32,
        "an id, {said}"
    );
    shift.receipt(&push).await.expect(204);

    // Mended, and behind again on the same day.
    assert_eq!(shift.tells("15").await, Standing::Compliant);
    assert_eq!(shift.tells("9").await, Standing::Grace);
    shift.stays_silent(1).await;
    shift.hospital.clock.advance(24 * HOUR);
    shift.receiver.push(2).await;

    // What was mended before it could ring does not.
    assert_eq!(shift.tells("15").await, Standing::Compliant);
    assert_eq!(shift.tells("9").await, Standing::Grace);
    assert_eq!(shift.tells("15").await, Standing::Compliant);
    shift.hospital.clock.advance(24 * HOUR);
    shift.stays_silent(2).await;
}

story!(an_owner_is_rung_a_day_before_a_phone_is_shut_out_and_when_it_is);
async fn an_owner_is_rung_a_day_before_a_phone_is_shut_out_and_when_it_is(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    shift.falls_behind(3).await;
    let push = shift.receiver.push(1).await;
    shift.receipt(&push).await.expect(204);
    shift.hospital.clock.advance(46 * HOUR);
    shift.hospital.restart().await;
    shift.stays_silent(1).await;
    // The server looks at all devices as it starts.
    shift.hospital.clock.advance(2 * HOUR + MINUTE);
    shift.hospital.restart().await;
    shift.receiver.push(2).await;
    shift.hospital.restart().await;
    shift.stays_silent(2).await;
    shift.hospital.clock.advance(24 * HOUR);
    shift.hospital.restart().await;
    // The phone itself rings: its person is the one who mends it.
    shift.receiver.push(3).await;
    let (store, _) = shift.hospital.seize();
    let mut facts = store.read().await.unwrap();
    let device = facts.device(shift.ben.device.id()).await.unwrap().unwrap();
    assert_eq!(device.state, DeviceState::Quarantined);
}

story!(an_owner_who_is_not_to_be_disturbed_is_rung_of_a_phone_when_that_ends);
async fn an_owner_who_is_not_to_be_disturbed_is_rung_of_a_phone_when_that_ends(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    let until = shift.hospital.clock.now_ms() + HOUR;
    let quiet = json!({ "quiet_until": until });
    let path = "/v1/me/availability";
    let put = shift.ben.device.request("PUT", path, Some(&quiet));
    put.await.expect(204);
    shift.falls_behind(7).await;
    shift.stays_silent(0).await;
    shift.hospital.clock.advance(HOUR + 1000);
    shift.receiver.push(1).await;
}
