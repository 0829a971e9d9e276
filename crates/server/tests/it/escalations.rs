//! STAT messages: each ends in somebody's word, or in a failure that has a name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use wardline_audit::Event;
use wardline_model::wire::escalations::{EscalationInfo, EscalationList, EscalationState};
use wardline_model::wire::messages::{MessageAccepted, Priority};
use wardline_model::wire::socket::ServerFrame;
use wardline_model::wire::teams::TeamKind;
use wardline_model::{EscalationId, GroupId, RoleSlug, TeamId, UserId};
use wardline_server::config::Escalation;
use wardline_server::{Config, Server};
use wardline_store::Team;

use crate::push::{receipt, subscribe};
use crate::support::receiver::{Pushed, Receiver, Subscriber};
use crate::support::socket::Socket;
use crate::support::{Answer, Device, Engine, Hospital, Phone, story, until};

/// Amara is a nurse in cardiology, Ingrid a physician there, Tomás the charge nurse. Viktor stands for
/// the supervisor: he is at work, and in another department.
struct Ward {
    hospital: Hospital,
    amara: Phone,
    ingrid: Phone,
    tomas: Phone,
    viktor: Phone,
    group: GroupId,
}

impl Ward {
    /// A page alerts again after 300 ms, and goes on after as long as is said.
    async fn open(engine: Engine, level_ms: u64) -> Self {
        Box::pin(Self::with(engine, level_ms, |_| {})).await
    }

    /// The same with closed phones that are rung at a push service.
    async fn ringing(engine: Engine, level_ms: u64) -> (Self, Rings) {
        let receiver = Receiver::start().await;
        let opened = Self::with(engine, level_ms, |config| receiver.configure(config));
        let mut ward = Box::pin(opened).await;
        let mut browsers = BTreeMap::new();
        for (name, phone) in [
            ("amara", &mut ward.amara),
            ("ingrid", &mut ward.ingrid),
            ("tomas", &mut ward.tomas),
            ("viktor", &mut ward.viktor),
        ] {
            let browser = Subscriber::at(&receiver, name);
            subscribe(&mut phone.device, &browser).await.expect(200);
            browsers.insert(name, browser);
        }
        let rings = Rings { receiver, browsers };
        (ward, rings)
    }

    async fn with(engine: Engine, level_ms: u64, change: impl FnOnce(&mut Config)) -> Self {
        let mut hospital = Box::pin(Hospital::demo(engine)).await;
        "127.0.0.1:0".clone_into(&mut hospital.config.server.http);
        hospital.config.server.https = String::new();
        hospital.config.escalation = Escalation {
            re_alert_ms: 300,
            level_ms,
            whole_ms: 10 * level_ms,
            levels: ["charge_nurse", "security_officer"]
                .map(str::to_owned)
                .into(),
            ..Escalation::default()
        };
        change(&mut hospital.config);
        Box::pin(hospital.restart()).await;
        let mut officer = hospital.officer().await;
        let mut amara = hospital.phone_of(&mut officer, "amara.osei").await;
        let mut ingrid = hospital.phone_of(&mut officer, "ingrid.solberg").await;
        let tomas = hospital.phone_of(&mut officer, "tomas.herrera").await;
        let viktor = hospital.phone_of(&mut officer, "viktor.lindgren").await;
        let group = amara.start(&[ingrid.user()]).await;
        ingrid.join().await;
        Self {
            hospital,
            amara,
            ingrid,
            tomas,
            viktor,
            group,
        }
    }

    /// Amara writes to Ingrid that it cannot wait.
    async fn page(&mut self) -> EscalationId {
        let group = self.group;
        let mut message = self.amara.write(group, "Bed 4 is septic");
        message.priority = Priority::Stat;
        let answer = self.amara.post(group, &message).await.expect(201);
        let seq = answer.json::<MessageAccepted>().seq;
        EscalationId {
            group,
            seq,
            line: 0,
        }
    }

    /// Every alert that the log tells of, by person, with the numbers in order.
    async fn alerts(&self) -> BTreeMap<String, Vec<u64>> {
        alerts(&self.hospital.events("escalation.alerted").await)
    }
}

/// A push service at which everybody's browser has subscribed.
struct Rings {
    receiver: Receiver,
    browsers: BTreeMap<&'static str, Subscriber>,
}

impl Rings {
    /// How often somebody's phone was rung.
    fn of(&self, name: &str) -> usize {
        let path = format!("/{name}");
        let pushes = self.receiver.pushes();
        pushes.iter().filter(|push| push.path == path).count()
    }

    /// The newest wake-up of somebody's phone, once there are so many.
    async fn ring(&self, name: &str, number: usize) -> Pushed {
        let path = format!("/{name}");
        until(&format!("ring {number} of {name}"), async || {
            let mut pushes = self.receiver.pushes();
            pushes.retain(|push| push.path == path);
            (pushes.len() >= number).then(|| pushes.remove(number - 1))
        })
        .await
    }

    /// Somebody's service worker says that it was rung.
    async fn receipt(&self, device: &mut Device, name: &str, push: &Pushed) {
        let id = self.browsers[name].read(push);
        receipt(device, &id).await.expect(204);
    }
}

fn alerts(events: &[Event]) -> BTreeMap<String, Vec<u64>> {
    let mut alerts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for event in events {
        let user = event.detail["user"].as_str().unwrap().to_owned();
        let attempt = event.detail["attempt"].as_u64().unwrap();
        alerts.entry(user).or_default().push(attempt);
    }
    for attempts in alerts.values_mut() {
        attempts.sort_unstable();
    }
    alerts
}

/// Each alert of each person went out, and once.
fn assert_each_once(alerts: &BTreeMap<String, Vec<u64>>) {
    for (user, attempts) in alerts {
        let expected: Vec<u64> = (1..=attempts.len() as u64).collect();
        assert_eq!(*attempts, expected, "{user}");
    }
}

async fn list(device: &mut Device) -> Vec<EscalationInfo> {
    let list = device.get("/v1/escalations").await.expect(200);
    list.json::<EscalationList>().escalations
}

/// How a person sees the page, once it stands so.
async fn once(device: &mut Device, state: EscalationState) -> EscalationInfo {
    until("the page", async || {
        let found = list(device).await.into_iter().next()?;
        (found.state == state).then_some(found)
    })
    .await
}

async fn answer(device: &mut Device, id: EscalationId, how: &str) -> Answer {
    let path = format!("/v1/escalations/{id}/{how}");
    device.request("POST", &path, None).await
}

/// The numbers of the alerts that a socket heard of until the page was over, and how it was.
async fn heard(socket: &mut Socket, of: EscalationId) -> (Vec<Option<u32>>, EscalationState) {
    let mut attempts = Vec::new();
    loop {
        if let ServerFrame::Escalation { id, state, attempt } = socket.next().await.unwrap() {
            assert_eq!(id, of);
            attempts.push(attempt);
            if state != EscalationState::Waiting {
                return (attempts, state);
            }
        }
    }
}

story!(nobody_answers_and_the_sender_and_the_last_of_the_chain_are_told_so);
async fn nobody_answers_and_the_sender_and_the_last_of_the_chain_are_told_so(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine, 600)).await;
    let mut amaras = Socket::open(&mut ward.amara.device).await;
    let mut viktors = Socket::open(&mut ward.viktor.device).await;
    let id = ward.page().await;
    let found = once(&mut ward.amara.device, EscalationState::Unanswered).await;
    assert_eq!((found.id, found.sender.id), (id, ward.amara.user()));
    assert_eq!(found.recipients[0].id, ward.ingrid.user());
    assert!(!found.asked && found.acknowledged_by.is_none() && found.ended_at.is_some());
    assert!(found.failed && found.next_at.is_none() && found.call.is_none());
    let asked: Vec<_> = found
        .people
        .iter()
        .map(|asked| (asked.person.id, asked.level.as_str()))
        .collect();
    let expected = [
        (ward.ingrid.user(), "recipients"),
        (ward.tomas.user(), "charge_nurse"),
        (ward.viktor.user(), "security_officer"),
    ];
    assert_eq!(asked, expected);
    assert!(found.told.last().unwrap().starts_with("Nobody answered"));

    // The last of the chain sees the same, and nothing of what was written.
    let told = once(&mut ward.viktor.device, EscalationState::Unanswered).await;
    assert_eq!((told.id, told.asked, told.failed), (id, false, true));
    let passed = once(&mut ward.tomas.device, EscalationState::Unanswered).await;
    assert!(!passed.failed, "he is not the last of the chain");
    let log = format!("/v1/groups/{}/log?after=0", ward.group);
    let refused = ward.viktor.device.get(&log).await;
    refused.refused(403, "denied");

    let (attempts, state) = heard(&mut viktors, id).await;
    assert_eq!(state, EscalationState::Unanswered);
    assert!(attempts.is_sorted(), "{attempts:?}");
    assert!(attempts[0] >= Some(1), "he is asked: {attempts:?}");
    let (attempts, state) = heard(&mut amaras, id).await;
    assert_eq!(state, EscalationState::Unanswered);
    assert!(attempts.iter().all(Option::is_none), "she is not asked");

    let alerts = ward.alerts().await;
    assert_each_once(&alerts);
    assert_eq!(alerts.len(), 3);
    let attempts: u64 = found.people.iter().map(|p| u64::from(p.attempts)).sum();
    let entered: usize = alerts.values().map(Vec::len).sum();
    assert_eq!(entered as u64, attempts);
    assert_eq!(ward.hospital.events("escalation.escalated").await.len(), 2);
    assert_eq!(ward.hospital.events("escalation.unanswered").await.len(), 1);
    assert_eq!(ward.hospital.events("escalation.ended").await.len(), 1);
    // It is over for everybody.
    let late = answer(&mut ward.ingrid.device, id, "acknowledge").await;
    late.refused(409, "escalation-over");
}

/// Long enough that nothing goes on by itself while a story is told.
const CALM: u64 = 3_600_000;

story!(closed_phones_up_the_chain_are_rung_and_the_senders_when_nobody_answered);
async fn closed_phones_up_the_chain_are_rung_and_the_senders_when_nobody_answered(engine: Engine) {
    let (mut ward, rings) = Box::pin(Ward::ringing(engine, CALM)).await;
    ward.page().await;
    let first = rings.ring("ingrid", 1).await;
    assert_eq!(first.header("urgency"), "high");
    // Nobody need have the app open for the next one to be asked, and rung.
    let page = once(&mut ward.ingrid.device, EscalationState::Waiting).await;
    assert_eq!(
        (rings.of("tomas"), rings.of("viktor"), rings.of("amara")),
        (0, 0, 0)
    );
    answer(&mut ward.ingrid.device, page.id, "decline")
        .await
        .expect(200);
    let second = rings.ring("tomas", 1).await;
    assert_eq!(second.header("urgency"), "high");
    assert_eq!(rings.of("viktor"), 0, "it is not his turn");
    answer(&mut ward.tomas.device, page.id, "decline")
        .await
        .expect(200);
    let third = rings.ring("viktor", 1).await;
    rings
        .receipt(&mut ward.viktor.device, "viktor", &third)
        .await;
    assert_eq!(rings.of("amara"), 0, "she sent it, and somebody is asked");
    answer(&mut ward.viktor.device, page.id, "decline")
        .await
        .expect(200);

    // It is over, and the phone that she has put away says so; the last of the chain hears it, too.
    let told = rings.ring("amara", 1).await;
    assert_eq!(told.header("urgency"), "high");
    rings.ring("viktor", 2).await;
    once(&mut ward.amara.device, EscalationState::Unanswered).await;
}

story!(whoever_takes_a_role_while_its_page_waits_is_rung_though_the_message_never_came);
async fn whoever_takes_a_role_while_its_page_waits_is_rung_though_the_message_never_came(
    engine: Engine,
) {
    let (mut ward, rings) = Box::pin(Ward::ringing(engine, CALM)).await;
    let team = stemi(&ward).await;
    let fellow: RoleSlug = "stemi-fellow".parse().unwrap();
    let now = ward.hospital.clock.now_ms();
    let (store, _) = ward.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let team = tx.team(team).await.unwrap().unwrap();
    let roles = std::slice::from_ref(&fellow);
    tx.put_team(&team, &[], roles).await.unwrap();
    tx.commit().await.unwrap();
    ward.group = ward
        .amara
        .start_code(&[ward.ingrid.user()], team.team_id)
        .await;
    ward.page().await;
    rings.ring("ingrid", 1).await;
    assert_eq!(rings.of("tomas"), 0);

    // Tomás comes on, and no device of his is in the conversation yet.
    let mut tx = store.write().await.unwrap();
    tx.put_oncall_turn(&fellow, ward.tomas.user(), now, now + CALM)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let push = rings.ring("tomas", 1).await;
    assert_eq!(push.header("urgency"), "high");
    let asked = once(&mut ward.tomas.device, EscalationState::Waiting).await;
    assert!(asked.asked);
    let his = asked
        .people
        .iter()
        .find(|asked| asked.person.id == ward.tomas.user());
    assert_eq!(his.unwrap().level, "recipients");
}

story!(whoever_is_roused_is_rung_again_long_after_the_message);
async fn whoever_is_roused_is_rung_again_long_after_the_message(engine: Engine) {
    let (mut ward, rings) = Box::pin(Ward::ringing(engine, CALM)).await;
    let now_ms = ward.hospital.clock.now_ms();
    quiet(&mut ward.ingrid.device, now_ms).await;
    let id = ward.page().await;
    let first = rings.ring("ingrid", 1).await;
    rings
        .receipt(&mut ward.ingrid.device, "ingrid", &first)
        .await;
    rings.ring("tomas", 1).await;
    // Past the moments in which the message itself rings.
    ward.hospital.clock.advance(11_000);
    assert_eq!(rings.of("ingrid"), 1, "others are asked in her place");
    answer(&mut ward.tomas.device, id, "decline")
        .await
        .expect(200);
    rings.ring("viktor", 1).await;
    assert_eq!(rings.of("ingrid"), 1);
    answer(&mut ward.viktor.device, id, "decline")
        .await
        .expect(200);
    rings.ring("ingrid", 2).await;
    let roused = once(&mut ward.ingrid.device, EscalationState::Waiting).await;
    assert!(roused.asked && roused.roused_at.is_some());
}

/// What is stored of a page becomes something else.
async fn spoil(ward: &Ward, id: EscalationId, state: &str) {
    let (store, _) = ward.hospital.seize();
    let now = ward.hospital.clock.now_ms();
    until("the page to be spoilt", async || {
        let mut tx = store.write().await.unwrap();
        let stored = tx.escalation(id).await.unwrap().unwrap();
        let (before, next) = (stored.revision, stored.revision + 1);
        let spoilt = before > 0
            && tx
                .put_escalation(id, before, next, state, Some((now, now)), now)
                .await
                .unwrap();
        tx.commit().await.unwrap();
        spoilt.then_some(())
    })
    .await;
}

const UNFOLLOWED: &str =
    "It could not be followed to its end, so nobody is asked any more. Call, or go there.";

story!(a_page_that_cannot_be_read_ends_by_name_and_keeps_nobody_from_any_other);
async fn a_page_that_cannot_be_read_ends_by_name_and_keeps_nobody_from_any_other(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine, CALM)).await;
    let mut amaras = Socket::open(&mut ward.amara.device).await;
    let torn = ward.page().await;
    let other = ward.page().await;
    until("both to begin", async || {
        (list(&mut ward.ingrid.device).await.len() == 2).then_some(())
    })
    .await;
    spoil(&ward, torn, "{\"form\":1,\"page\":{").await;
    let found = until("its end", async || {
        let pages = list(&mut ward.amara.device).await;
        pages
            .into_iter()
            .find(|page| page.id == torn && page.failed)
    })
    .await;
    assert_eq!(found.state, EscalationState::Unanswered);
    assert_eq!(found.told, [UNFOLLOWED]);
    assert_eq!(found.recipients[0].id, ward.ingrid.user());
    assert!(found.ended_at.is_some() && !found.asked);
    until("her app to hear it", async || match amaras.next().await {
        Some(ServerFrame::Escalation { id, state, .. }) if id == torn => {
            (state == EscalationState::Unanswered).then_some(())
        }
        _ => None,
    })
    .await;
    // The last of the chain is told, too.
    let told = list(&mut ward.viktor.device).await;
    assert_eq!((told.len(), told[0].id, told[0].failed), (1, torn, true));
    let unanswered = ward.hospital.events("escalation.unanswered").await;
    assert_eq!(unanswered.len(), 1);
    assert!(
        unanswered[0].detail["told"]
            .to_string()
            .contains(&ward.viktor.user().to_string())
    );
    let ended = ward.hospital.events("escalation.ended").await;
    assert_eq!(
        (ended.len(), &ended[0].detail["how"]),
        (1, &json!("unreadable"))
    );

    // It is over for whoever answers, and the other one goes on.
    for how in ["acknowledge", "decline"] {
        answer(&mut ward.ingrid.device, torn, how)
            .await
            .refused(409, "escalation-over");
    }
    let now_ms = ward.hospital.clock.now_ms();
    quiet(&mut ward.ingrid.device, now_ms).await;
    let path = format!("/v1/groups/{}/receipts", ward.group);
    let read = json!({ "state": "read", "up_to": other.seq });
    ward.ingrid.device.post(&path, &read).await.expect(204);
    answer(&mut ward.ingrid.device, other, "acknowledge")
        .await
        .expect(200);
    let pages = list(&mut ward.amara.device).await;
    let stands: Vec<_> = pages.iter().map(|page| (page.id, page.state)).collect();
    assert!(
        stands.contains(&(other, EscalationState::Acknowledged)),
        "{stands:?}"
    );
}

story!(a_page_of_a_later_program_waits_for_it_and_not_for_ever);
async fn a_page_of_a_later_program_waits_for_it_and_not_for_ever(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine, CALM)).await;
    let id = ward.page().await;
    spoil(&ward, id, "{\"form\":2,\"page\":{}}").await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert!(ward.hospital.events("escalation.ended").await.is_empty());
    assert!(
        list(&mut ward.amara.device).await.is_empty(),
        "nothing is known of it here"
    );
    until("its end", async || {
        ward.hospital.clock.advance(10_000);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let pages = list(&mut ward.amara.device).await;
        pages.into_iter().find(|page| page.id == id && page.failed)
    })
    .await;
}

story!(whoever_is_asked_last_takes_it_and_the_sender_sees_by_whom);
async fn whoever_is_asked_last_takes_it_and_the_sender_sees_by_whom(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine, CALM)).await;
    let mut ingrids = Socket::open(&mut ward.ingrid.device).await;
    let id = ward.page().await;
    let first = once(&mut ward.ingrid.device, EscalationState::Waiting).await;
    assert!(first.asked);
    assert_eq!(first.departments, ["Cardiology"]);

    // Those who are not asked see nothing and say nothing, the sender too.
    assert!(list(&mut ward.tomas.device).await.is_empty());
    for how in ["acknowledge", "decline"] {
        let tomas = answer(&mut ward.tomas.device, id, how).await;
        tomas.refused(403, "denied");
        let amara = answer(&mut ward.amara.device, id, how).await;
        amara.refused(403, "denied");
        let other = EscalationId { seq: 999, ..id };
        let nothing = answer(&mut ward.ingrid.device, other, how).await;
        nothing.refused(404, "not-found");
        let path = format!("/v1/escalations/{}/{how}", ward.group);
        let malformed = ward.ingrid.device.request("POST", &path, None).await;
        malformed.refused(400, "invalid-parameter");
    }

    // Nobody is waited for who has said no: the next one is asked at once.
    for phone in [&mut ward.ingrid, &mut ward.tomas] {
        once(&mut phone.device, EscalationState::Waiting).await;
        let said = answer(&mut phone.device, id, "decline").await.expect(200);
        assert_eq!(
            said.json::<EscalationInfo>().state,
            EscalationState::Waiting
        );
        answer(&mut phone.device, id, "decline").await.expect(200);
    }
    let asked = once(&mut ward.viktor.device, EscalationState::Waiting).await;
    assert!(asked.asked && asked.role.is_none());
    assert_eq!(asked.sender.id, ward.amara.user());
    let took = answer(&mut ward.viktor.device, id, "acknowledge").await;
    let took: EscalationInfo = took.expect(200).json();
    assert_eq!(took.state, EscalationState::Acknowledged);
    answer(&mut ward.viktor.device, id, "acknowledge")
        .await
        .expect(200);
    let late = answer(&mut ward.tomas.device, id, "acknowledge").await;
    late.refused(409, "escalation-over");

    let seen = once(&mut ward.amara.device, EscalationState::Acknowledged).await;
    assert_eq!(seen.acknowledged_by.unwrap().id, ward.viktor.user());
    assert!(seen.told.iter().any(|told| told.contains("took it")));
    let (_, state) = heard(&mut ingrids, id).await;
    assert_eq!(state, EscalationState::Acknowledged);
    assert_each_once(&ward.alerts().await);
    let ended = ward.hospital.events("escalation.ended").await;
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].detail["how"], "acknowledged");
}

story!(acknowledging_the_message_takes_the_page);
async fn acknowledging_the_message_takes_the_page(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine, CALM)).await;
    let id = ward.page().await;
    let path = format!("/v1/groups/{}/receipts", ward.group);
    // At once, before or after the first alert: reading is no answer, acknowledging is.
    for (state, stands) in [
        ("delivered", EscalationState::Waiting),
        ("read", EscalationState::Waiting),
        ("acknowledged", EscalationState::Acknowledged),
    ] {
        let body = json!({ "state": state, "up_to": id.seq });
        let ingrid = &mut ward.ingrid.device;
        ingrid.post(&path, &body).await.expect(204);
        assert_eq!(list(ingrid).await[0].state, stands, "{state}");
    }
    let seen = once(&mut ward.amara.device, EscalationState::Acknowledged).await;
    assert_eq!(seen.acknowledged_by.unwrap().id, ward.ingrid.user());
    let asked = &seen.people[0];
    assert!(asked.delivered_at.is_some() && asked.read_at.is_some());

    // A message that is no STAT has no page, and neither has what came before.
    ward.amara.say(ward.group, "thank you").await.expect(201);
    assert_eq!(list(&mut ward.amara.device).await.len(), 1);
    let second = ward.page().await;
    let body = json!({ "state": "acknowledged", "up_to": id.seq });
    ward.ingrid.device.post(&path, &body).await.expect(204);
    let waits = until("the second page", async || {
        let pages = list(&mut ward.amara.device).await;
        pages.into_iter().find(|page| page.id == second)
    })
    .await;
    assert_eq!(waits.state, EscalationState::Waiting);
}

story!(a_sender_takes_their_message_back_and_it_is_over_for_everybody);
async fn a_sender_takes_their_message_back_and_it_is_over_for_everybody(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine, CALM)).await;
    let mut ingrids = Socket::open(&mut ward.ingrid.device).await;
    let id = ward.page().await;
    let waits = once(&mut ward.ingrid.device, EscalationState::Waiting).await;
    let at = waits.next_at.unwrap();
    // A level's time begins when the page does, which is a moment after the message came.
    let level = waits.started_at..=waits.started_at + CALM + 60_000;
    assert!(level.contains(&at));
    assert_eq!(waits.next_level.as_deref(), Some("charge_nurse"));
    // Nobody else's to take back, not the recipient's either.
    for phone in [&mut ward.ingrid, &mut ward.tomas] {
        let refused = answer(&mut phone.device, id, "withdraw").await;
        refused.refused(403, "denied");
    }
    let other = EscalationId { seq: 999, ..id };
    let nothing = answer(&mut ward.amara.device, other, "withdraw").await;
    nothing.refused(404, "not-found");
    let path = format!("/v1/escalations/{}/withdraw", ward.group);
    let malformed = ward.amara.device.request("POST", &path, None).await;
    malformed.refused(400, "invalid-parameter");

    for _ in 0..2 {
        let back = answer(&mut ward.amara.device, id, "withdraw").await;
        let back: EscalationInfo = back.expect(200).json();
        assert_eq!(back.state, EscalationState::Withdrawn);
        assert_eq!((back.next_at, back.failed), (None, false));
    }
    let (_, state) = heard(&mut ingrids, id).await;
    assert_eq!(state, EscalationState::Withdrawn);
    let late = answer(&mut ward.ingrid.device, id, "acknowledge").await;
    late.refused(409, "escalation-over");
    let ended = ward.hospital.events("escalation.ended").await;
    assert_eq!(
        (ended.len(), &ended[0].detail["how"]),
        (1, &json!("withdrawn"))
    );
    let said = ward.hospital.events("escalation.withdrawn").await;
    assert_eq!(said[0].resource, format!("escalation/{id}"));

    // What somebody took is not taken back any more.
    let second = ward.page().await;
    until("the second page", async || {
        let pages = list(&mut ward.ingrid.device).await;
        pages.into_iter().find(|page| page.id == second)
    })
    .await;
    answer(&mut ward.ingrid.device, second, "acknowledge")
        .await
        .expect(200);
    let late = answer(&mut ward.amara.device, second, "withdraw").await;
    late.refused(409, "escalation-over");
}

/// Is not to be disturbed from now on.
async fn quiet(device: &mut Device, now_ms: u64) {
    let body = json!({ "quiet_until": now_ms + 3_600_000 });
    device
        .request("PUT", "/v1/me/availability", Some(&body))
        .await
        .expect(204);
}

story!(whoever_is_not_to_be_disturbed_is_passed_over_at_once);
async fn whoever_is_not_to_be_disturbed_is_passed_over_at_once(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine, CALM)).await;
    let now_ms = ward.hospital.clock.now_ms();
    quiet(&mut ward.ingrid.device, now_ms).await;
    ward.page().await;
    // The charge nurse is asked at once in her place.
    let asked = once(&mut ward.tomas.device, EscalationState::Waiting).await;
    assert!(asked.asked);
    assert_eq!(asked.people[0].person.id, ward.tomas.user());
    assert_eq!(asked.quiet[0].id, ward.ingrid.user());
    let alerts = ward.alerts().await;
    assert!(!alerts.contains_key(&ward.ingrid.user().to_string()));
    // He does not want to be disturbed either, and the next one has it.
    quiet(&mut ward.tomas.device, now_ms).await;
    let asked = once(&mut ward.viktor.device, EscalationState::Waiting).await;
    assert!(asked.asked);
    assert_eq!(asked.next_level.as_deref(), Some("quiet"));
    // Who is left when he cannot are those who are not disturbed: rather they than nobody.
    answer(&mut ward.viktor.device, asked.id, "decline")
        .await
        .expect(200);
    let roused = list(&mut ward.amara.device).await.remove(0);
    assert!(roused.roused_at.is_some());
    let alerts = ward.alerts().await;
    assert!(alerts.contains_key(&ward.ingrid.user().to_string()));
    assert_each_once(&alerts);
    assert_eq!(ward.hospital.events("escalation.roused").await.len(), 1);
    let took = answer(&mut ward.ingrid.device, asked.id, "acknowledge").await;
    let took: EscalationInfo = took.expect(200).json();
    assert_eq!(took.state, EscalationState::Acknowledged);
}

story!(a_hospital_may_have_stat_ring_through_do_not_disturb);
async fn a_hospital_may_have_stat_ring_through_do_not_disturb(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine, CALM)).await;
    ward.hospital.config.escalation.ring_quiet = true;
    Box::pin(ward.hospital.restart()).await;
    for phone in [&mut ward.amara, &mut ward.ingrid, &mut ward.tomas] {
        phone.device.url.clone_from(&ward.hospital.url);
    }
    let now_ms = ward.hospital.clock.now_ms();
    quiet(&mut ward.ingrid.device, now_ms).await;
    ward.page().await;
    let asked = once(&mut ward.ingrid.device, EscalationState::Waiting).await;
    assert_eq!(asked.people[0].person.id, ward.ingrid.user());
    assert!(asked.quiet.is_empty());
    assert!(list(&mut ward.tomas.device).await.is_empty());
}

story!(whom_a_page_concerns_is_entered_once);
async fn whom_a_page_concerns_is_entered_once(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine, CALM)).await;
    for _ in 0..3 {
        ward.page().await;
    }
    let path = format!("/v1/groups/{}/receipts", ward.group);
    for state in ["delivered", "read", "acknowledged"] {
        let body = json!({ "state": state, "up_to": 99 });
        ward.ingrid.device.post(&path, &body).await.expect(204);
    }
    let pages = list(&mut ward.amara.device).await;
    let waits = |page: &EscalationInfo| page.state == EscalationState::Waiting;
    assert!(pages.iter().all(waits), "each is taken by its own name");
    for page in pages {
        let body = json!({ "state": "acknowledged", "up_to": 99, "of": page.id.seq });
        ward.ingrid.device.post(&path, &body).await.expect(204);
    }
    // All of them in one answer, each with its own people.
    let pages = list(&mut ward.amara.device).await;
    assert_eq!(pages.len(), 3);
    for page in &pages {
        assert_eq!(page.state, EscalationState::Acknowledged);
        assert_eq!(page.departments, ["Cardiology"]);
        assert_eq!(page.recipients[0].id, ward.ingrid.user());
        assert!(page.people[0].read_at.is_some());
    }
    let (store, _) = ward.hospital.seize();
    let mut facts = store.read().await.unwrap();
    for page in pages {
        let people = facts.people_of_escalation(page.id).await.unwrap();
        assert_eq!(people.len(), 2, "the sender and the recipient");
    }
}

/// Without NATS the second node looks now and then, and finds a page that is over.
#[tokio::test]
async fn a_page_that_begins_and_ends_at_once_is_told_at_another_node_and_once() {
    let mut ward = Box::pin(Ward::open(Engine::Postgres, CALM)).await;
    let mut config = ward.hospital.config.clone();
    "node-2".clone_into(&mut config.server.node);
    let second = Box::pin(Server::start(config, ward.hospital.clock.clone()));
    let second = second.await.unwrap();
    // Amara's line is at the second node, and what she asks is asked at the first.
    ward.amara.device.url = second.http_url.clone().unwrap();
    let mut amaras = Socket::open(&mut ward.amara.device).await;
    ward.amara.device.url.clone_from(&ward.hospital.url);
    for _ in 0..3 {
        let id = ward.page().await;
        let path = format!("/v1/groups/{}/receipts", ward.group);
        let body = json!({ "state": "acknowledged", "up_to": id.seq });
        ward.ingrid.device.post(&path, &body).await.expect(204);
        let (_, state) = heard(&mut amaras, id).await;
        assert_eq!(state, EscalationState::Acknowledged);
    }
    // Whatever else happens, nothing of them is told again: the next frame of a page is of the next.
    ward.amara.say(ward.group, "thank you").await.expect(201);
    let id = ward.page().await;
    answer(&mut ward.amara.device, id, "withdraw")
        .await
        .expect(200);
    let (_, state) = heard(&mut amaras, id).await;
    assert_eq!(state, EscalationState::Withdrawn);
    second.shutdown().await;
}

story!(a_page_goes_on_when_the_server_was_restarted);
async fn a_page_goes_on_when_the_server_was_restarted(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine, 900)).await;
    ward.page().await;
    for _ in 0..2 {
        Box::pin(ward.hospital.restart()).await;
        ward.amara.device.url.clone_from(&ward.hospital.url);
        let waits = list(&mut ward.amara.device).await;
        assert_eq!(waits.len(), 1);
    }
    once(&mut ward.amara.device, EscalationState::Unanswered).await;
    let alerts = ward.alerts().await;
    assert_each_once(&alerts);
    assert_eq!(alerts.len(), 3);
    assert_eq!(ward.hospital.events("escalation.escalated").await.len(), 2);
    assert_eq!(ward.hospital.events("escalation.unanswered").await.len(), 1);
}

/// A code team of a role that Ingrid has, one that Viktor has, and one that nobody has.
async fn stemi(ward: &Ward) -> TeamId {
    let now = ward.hospital.clock.now_ms();
    let (store, _) = ward.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let mut roles = Vec::new();
    for (slug, title, holder) in [
        ("stemi-anaesthesia", "Anaesthesia", None),
        ("stemi-cath-lab", "Cath lab nurse", Some(ward.viktor.user())),
        (
            "stemi-fellow",
            "Cardiology fellow",
            Some(ward.ingrid.user()),
        ),
    ] {
        let slug: RoleSlug = slug.parse().unwrap();
        tx.put_oncall_role(&slug, title, "Cardiology")
            .await
            .unwrap();
        if let Some(holder) = holder {
            tx.put_oncall_turn(&slug, holder, now - 1000, now + CALM)
                .await
                .unwrap();
        }
        roles.push(slug);
    }
    let team = Team {
        team_id: TeamId::from_bytes([7; 16]),
        kind: TeamKind::Code,
        title: "STEMI".to_owned(),
    };
    tx.put_team(&team, &[], &roles).await.unwrap();
    tx.commit().await.unwrap();
    team.team_id
}

/// The pages of the newest message, by their lines, once all have begun.
async fn lines(device: &mut Device, seq: u64, count: usize) -> Vec<EscalationInfo> {
    until("the lines", async || {
        let mut found = list(device).await;
        found.retain(|page| page.seq == seq);
        found.sort_by_key(|page| page.line);
        let begun = |page: &EscalationInfo| !page.people.is_empty();
        (found.len() == count && found.iter().all(begun)).then_some(found)
    })
    .await
}

fn states(lines: &[EscalationInfo]) -> Vec<EscalationState> {
    lines.iter().map(|page| page.state).collect()
}

story!(each_role_of_a_code_team_is_asked_and_answers_for_itself);
async fn each_role_of_a_code_team_is_asked_and_answers_for_itself(engine: Engine) {
    use EscalationState::{Acknowledged, Unanswered, Waiting, Withdrawn};
    let mut ward = Box::pin(Ward::open(engine, CALM)).await;
    let team = stemi(&ward).await;
    let users = [ward.ingrid.user(), ward.viktor.user()];
    ward.group = ward.amara.start_code(&users, team).await;
    let first = ward.page().await;

    // Each role is a page of its own; for the one that nobody has the chain begins at once.
    let seen = lines(&mut ward.amara.device, first.seq, 3).await;
    let roles: Vec<_> = seen.iter().map(|page| page.role.as_deref()).collect();
    let titles = ["Anaesthesia", "Cath lab nurse", "Cardiology fellow"];
    assert_eq!(roles, titles.map(Some));
    assert!(
        seen.iter()
            .all(|page| page.team.as_deref() == Some("STEMI"))
    );
    assert_eq!(seen[0].id, first);
    let asked: Vec<_> = seen.iter().map(|page| page.people[0].person.id).collect();
    let expected = [ward.tomas.user(), ward.viktor.user(), ward.ingrid.user()];
    assert_eq!(asked, expected);
    let hers = list(&mut ward.ingrid.device).await;
    assert_eq!((hers.len(), hers[0].id), (1, seen[2].id), "her role alone");

    // She acknowledges the message: for her role, and for no other.
    let path = format!("/v1/groups/{}/receipts", ward.group);
    let taken = json!({ "state": "acknowledged", "up_to": first.seq });
    ward.ingrid.device.post(&path, &taken).await.expect(204);
    let seen = lines(&mut ward.amara.device, first.seq, 3).await;
    assert_eq!(states(&seen), [Waiting, Waiting, Acknowledged]);
    let other = answer(&mut ward.ingrid.device, seen[1].id, "acknowledge").await;
    other.refused(403, "denied");

    // Viktor cannot: the charge nurse is asked for that role, too, and takes the two one by one.
    let cannot = answer(&mut ward.viktor.device, seen[1].id, "decline").await;
    cannot.expect(200);
    until("the charge nurse is asked for both", async || {
        (list(&mut ward.tomas.device).await.len() == 2).then_some(())
    })
    .await;
    let takes = answer(&mut ward.tomas.device, first, "acknowledge").await;
    takes.expect(200);
    let seen = lines(&mut ward.amara.device, first.seq, 3).await;
    assert_eq!(states(&seen), [Acknowledged, Waiting, Acknowledged]);

    // Nobody is left for the other. The sender hears which role it is.
    let cannot = answer(&mut ward.tomas.device, seen[1].id, "decline").await;
    cannot.expect(200);
    let seen = until("the whole is over", async || {
        let seen = lines(&mut ward.amara.device, first.seq, 3).await;
        (!states(&seen).contains(&Waiting)).then_some(seen)
    })
    .await;
    assert_eq!(states(&seen), [Acknowledged, Unanswered, Acknowledged]);
    let failed: Vec<bool> = seen.iter().map(|page| page.failed).collect();
    assert_eq!(failed, [false, true, false]);
    assert_eq!(ward.hospital.events("escalation.ended").await.len(), 3);

    // Whoever takes the message back takes back all that waits of it.
    let second = ward.page().await;
    let seen = lines(&mut ward.amara.device, second.seq, 3).await;
    let takes = answer(&mut ward.ingrid.device, seen[2].id, "acknowledge").await;
    takes.expect(200);
    let back = answer(&mut ward.amara.device, second, "withdraw").await;
    back.expect(200);
    let seen = lines(&mut ward.amara.device, second.seq, 3).await;
    assert_eq!(states(&seen), [Withdrawn, Withdrawn, Acknowledged]);
    // Also by a page that somebody came for already; once nothing waits, it is over.
    let third = ward.page().await;
    let takes = answer(&mut ward.tomas.device, third, "acknowledge").await;
    takes.expect(200);
    let back = answer(&mut ward.amara.device, third, "withdraw").await;
    back.expect(200);
    let seen = lines(&mut ward.amara.device, third.seq, 3).await;
    assert_eq!(states(&seen), [Acknowledged, Withdrawn, Withdrawn]);
    let again = answer(&mut ward.amara.device, third, "withdraw").await;
    again.refused(409, "escalation-over");

    // A holder who calls is there already: their role asks nobody.
    ward.ingrid.join().await;
    let mut message = ward.ingrid.write(ward.group, "Door to balloon starts now");
    message.priority = Priority::Stat;
    let last = ward.ingrid.post(ward.group, &message).await.expect(201);
    let last: MessageAccepted = last.json();
    let seen = lines(&mut ward.ingrid.device, last.seq, 2).await;
    let roles: Vec<_> = seen.iter().map(|page| page.role.as_deref()).collect();
    assert_eq!(roles, [Some("Anaesthesia"), Some("Cath lab nurse")]);
}

story!(people_whom_a_code_team_names_answer_together);
async fn people_whom_a_code_team_names_answer_together(engine: Engine) {
    use EscalationState::{Acknowledged, Waiting};
    let mut ward = Box::pin(Ward::open(engine, CALM)).await;
    let team = stemi(&ward).await;
    let (store, _) = ward.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let named = [ward.tomas.user(), ward.viktor.user(), ward.ingrid.user()];
    let fellow: RoleSlug = "stemi-fellow".parse().unwrap();
    let team = tx.team(team).await.unwrap().unwrap();
    tx.put_team(&team, &named, &[fellow]).await.unwrap();
    tx.commit().await.unwrap();
    ward.group = ward.amara.start_code(&named, team.team_id).await;
    let first = ward.page().await;
    // Ingrid is named and has the role: she is asked for that.
    let seen = lines(&mut ward.amara.device, first.seq, 2).await;
    let asked = |page: &EscalationInfo| -> BTreeSet<UserId> {
        page.people.iter().map(|asked| asked.person.id).collect()
    };
    assert_eq!(asked(&seen[0]), BTreeSet::from([ward.ingrid.user()]));
    let others = BTreeSet::from([ward.tomas.user(), ward.viktor.user()]);
    assert_eq!((asked(&seen[1]), seen[1].role.as_deref()), (others, None));
    let takes = answer(&mut ward.tomas.device, seen[1].id, "acknowledge").await;
    takes.expect(200);
    let seen = lines(&mut ward.amara.device, first.seq, 2).await;
    assert_eq!(states(&seen), [Waiting, Acknowledged]);
}

#[tokio::test]
async fn two_nodes_page_nobody_twice() {
    let mut ward = Box::pin(Ward::open(Engine::Postgres, 600)).await;
    let mut config = ward.hospital.config.clone();
    "node-2".clone_into(&mut config.server.node);
    let second = Box::pin(Server::start(config, ward.hospital.clock.clone()));
    let second = second.await.unwrap();
    // Viktor is at the second node.
    ward.viktor.device.url = second.http_url.clone().unwrap();
    let mut viktors = Socket::open(&mut ward.viktor.device).await;
    let mut pages = BTreeSet::new();
    for _ in 0..3 {
        pages.insert(ward.page().await);
    }
    until("the end of each page", async || {
        let pages = list(&mut ward.amara.device).await;
        let over = |page: &EscalationInfo| page.state == EscalationState::Unanswered;
        (pages.len() == 3 && pages.iter().all(over)).then_some(())
    })
    .await;
    let mut over = 0;
    while over < pages.len() {
        if let ServerFrame::Escalation { id, state, .. } = viktors.next().await.unwrap() {
            assert!(pages.contains(&id));
            over += usize::from(state == EscalationState::Unanswered);
        }
    }
    let (store, _) = ward.hospital.seize();
    let mut facts = store.read().await.unwrap();
    let mut told: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    let mut ends = 0;
    for node in ["node-1", "node-2"] {
        let events = facts.events_of(&node.parse().unwrap(), 1, 10_000).await;
        for event in events.unwrap() {
            let event = Event::parse(&event.opening.payload).unwrap();
            match event.kind.as_str() {
                "escalation.alerted" => {
                    told.entry(event.resource.clone()).or_default().push(event);
                }
                "escalation.ended" => ends += 1,
                _ => {}
            }
        }
    }
    assert_eq!((told.len(), ends), (3, 3));
    for (page, events) in told {
        let alerts = alerts(&events);
        assert_each_once(&alerts);
        let id = page.strip_prefix("escalation/").unwrap().parse().unwrap();
        let entered = facts.count_escalation_alerts(id).await.unwrap();
        assert_eq!(entered, events.len() as u64);
    }
    drop(facts);
    second.shutdown().await;
}
