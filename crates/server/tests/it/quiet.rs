//! What does not ring at once, and what is counted of what rings.

use serde_json::{Value, json};
use wardline_model::wire::directory::BetterReason;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::quiet::{Interruptions, OwnStatUse, QuietInfo, QuietReason};

use crate::push::{Shift, nurse};
use crate::support::socket::Socket;
use crate::support::{Answer, Engine, story, until};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Shift {
    async fn choose(&mut self, choice: Value) -> Answer {
        self.ben
            .device
            .request("PUT", "/v1/me/quiet", Some(&choice))
            .await
    }

    async fn quiet(&mut self) -> QuietInfo {
        let answer = self.ben.device.get("/v1/me/quiet").await;
        answer.expect(200).json()
    }

    /// Once so many conversations wait for Ben.
    async fn waiting(&mut self, count: u64) {
        until("what waits", async || {
            Some(self.quiet().await).filter(|quiet| quiet.waiting == count)
        })
        .await;
    }

    async fn post_receipt(&mut self, state: &str, up_to: u64) {
        let path = format!("/v1/groups/{}/receipts", self.group);
        let body = json!({ "state": state, "up_to": up_to });
        self.ben.device.post(&path, &body).await.expect(204);
    }

    /// Both sign in again, after a long time.
    async fn come_back(&mut self) {
        self.amara.device.sign_in().await;
        self.ben.device.sign_in().await;
    }

    /// Ben's shift.
    async fn shift(&self, from_ms: u64, until_ms: u64) {
        let (store, _) = self.hospital.seize();
        let mut tx = store.write().await.unwrap();
        tx.put_shift(self.ben.device.user(), from_ms, until_ms)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

story!(routine_messages_ring_together_at_the_time_that_the_sender_was_told);
async fn routine_messages_ring_together_at_the_time_that_the_sender_was_told(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    let every = json!({ "batch": "every", "minutes": 60 });
    let chosen: QuietInfo = shift.choose(every).await.expect(200).json();
    assert_eq!(chosen.waiting, 0);
    // Not in the last minutes of an hour, so that nothing rings meanwhile.
    let into = shift.clock().now_ms() % HOUR;
    if into == 0 || into > HOUR - 10 * MINUTE {
        shift.hospital.clock.advance(15 * MINUTE);
    }
    let told = shift.reach().await.quietly.routine.unwrap();
    assert_eq!(told.reason, QuietReason::Batched);
    let due = told.until.unwrap();
    assert_eq!(due % HOUR, 0);
    assert!(shift.reach().await.quietly.urgent.is_none());
    shift.say(Priority::Routine).await;
    shift.say(Priority::Routine).await;
    shift.waiting(1).await;
    let now_ms = shift.clock().now_ms();
    shift.hospital.clock.advance(due - now_ms - 1);
    assert!(shift.receiver.pushes().is_empty());
    shift.hospital.clock.advance(1);
    let push = shift.receiver.push(1).await;
    assert_eq!(push.header("urgency"), "normal");
    shift.receipt(&push).await.expect(204);
    shift.come_back().await;
    shift.waiting(0).await;

    // What is urgent does not wait, and STAT does not either.
    shift.hospital.clock.advance(MINUTE);
    shift.say(Priority::Urgent).await;
    let push = shift.receiver.push(2).await;
    shift.receipt(&push).await.expect(204);
    shift.say(Priority::Stat).await;
    shift.receiver.push(3).await;
}

story!(what_waits_rings_when_its_person_wants_it_at_once_and_not_once_it_is_read);
async fn what_waits_rings_when_its_person_wants_it_at_once_and_not_once_it_is_read(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    let breaks = json!({ "batch": "breaks", "breaks": [0, 720], "zone": "Europe/Paris" });
    shift.choose(breaks.clone()).await.expect(200);
    shift.say(Priority::Routine).await;
    shift.waiting(1).await;
    let at_once = json!({ "batch": "at_once" });
    shift.choose(at_once).await.expect(200);
    let push = shift.receiver.push(1).await;
    shift.receipt(&push).await.expect(204);

    shift.choose(breaks).await.expect(200);
    shift.say(Priority::Routine).await;
    shift.waiting(1).await;
    shift.post_receipt("read", 3).await;
    shift.waiting(0).await;
    // Longer than anything waits; sign-ins end meanwhile.
    shift.hospital.clock.advance(5 * HOUR);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(shift.receiver.pushes().len(), 1);

    for (field, wrong) in [
        ("minutes", json!({ "batch": "every", "minutes": 20 })),
        ("minutes", json!({ "batch": "every" })),
        ("breaks", json!({ "batch": "breaks", "zone": "UTC" })),
        (
            "breaks",
            json!({ "batch": "breaks", "breaks": [60], "zone": "Moon/Base" }),
        ),
        (
            "breaks",
            json!({ "batch": "breaks", "breaks": [1440], "zone": "UTC" }),
        ),
    ] {
        shift.ben.device.sign_in().await;
        let problem = shift.choose(wrong).await.refused(400, "invalid-body");
        assert_eq!(problem.extensions["field"], field);
    }
}

story!(off_duty_by_the_roster_nothing_rings_but_stat_and_the_sender_sees_who_is_on_call);
async fn off_duty_by_the_roster_nothing_rings_but_stat_and_the_sender_sees_who_is_on_call(
    engine: Engine,
) {
    let mut shift = Shift::begin(engine).await;
    let now_ms = shift.clock().now_ms();
    shift.shift(now_ms - 9 * HOUR, now_ms - HOUR).await;
    let urgent_too = json!({ "batch": "hospital", "off_duty": "urgent" });
    shift.choose(urgent_too).await.expect(200);
    let quietly = shift.reach().await.quietly;
    assert_eq!(
        quietly.routine.as_ref().unwrap().reason,
        QuietReason::OffDuty
    );
    assert_eq!(
        quietly.urgent.unwrap().until,
        None,
        "the roster does not say"
    );
    shift.say(Priority::Stat).await;
    let push = shift.receiver.push(1).await;
    shift.receipt(&push).await.expect(204);
    shift.post_receipt("acknowledged", 2).await;
    shift.post_receipt("read", 2).await;
    // One after the other: what comes in a burst waits as one, the most urgent.
    shift.say(Priority::Routine).await;
    shift.waiting(1).await;
    shift.say(Priority::Urgent).await;
    shift.waiting(2).await;
    assert_eq!(shift.receiver.pushes().len(), 1);

    // The roster comes to know of a shift, and it begins.
    shift.shift(now_ms + HOUR, now_ms + 9 * HOUR).await;
    let until_ms = shift.reach().await.quietly.routine.unwrap().until;
    assert_eq!(until_ms, Some(now_ms + HOUR));
    shift.hospital.clock.advance(30 * MINUTE);
    shift.hospital.clock.advance(30 * MINUTE);
    let push = shift.receiver.push(2).await;
    assert_eq!(push.header("urgency"), "high");
    shift.come_back().await;
    assert!(shift.reach().await.quietly.routine.is_none());
}

story!(who_is_off_duty_has_the_holder_of_the_role_named_instead);
async fn who_is_off_duty_has_the_holder_of_the_role_named_instead(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    let mut cleo = nurse(&shift.hospital, &mut shift.officer, "cleo.marsh").await;
    let now_ms = shift.clock().now_ms();
    shift.shift(now_ms - 9 * HOUR, now_ms - HOUR).await;
    let (store, _) = shift.hospital.seize();
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
    let _open = Socket::open(&mut cleo.device).await;
    let better = until("an open app to be known", async || {
        shift.reach().await.better
    })
    .await;
    assert_eq!(
        (better.user.id, better.reason),
        (cleo.user(), BetterReason::HoldsRole)
    );
    assert_eq!(better.role_title.as_deref(), Some("Charge nurse on call"));
}

story!(what_came_while_somebody_was_not_to_be_disturbed_rings_once_afterwards);
async fn what_came_while_somebody_was_not_to_be_disturbed_rings_once_afterwards(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    let until_ms = shift.clock().now_ms() + HOUR;
    let body = json!({ "quiet_until": until_ms });
    let set = shift
        .ben
        .device
        .request("PUT", "/v1/me/availability", Some(&body));
    set.await.expect(204);
    shift.say(Priority::Urgent).await;
    shift.waiting(1).await;
    shift.say(Priority::Routine).await;
    shift.waiting(2).await;
    assert!(shift.receiver.pushes().is_empty());
    shift.hospital.clock.advance(HOUR);
    let push = shift.receiver.push(1).await;
    assert_eq!(push.header("urgency"), "high");
}

story!(a_message_that_a_stopped_node_had_in_mind_rings_after_all);
async fn a_message_that_a_stopped_node_had_in_mind_rings_after_all(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    // His phone looks open, so it has ten seconds to take the message; the node stops before.
    let open = Socket::open(&mut shift.ben.device).await;
    shift.say(Priority::Urgent).await;
    Box::pin(shift.hospital.restart()).await;
    drop(open);
    assert!(shift.receiver.pushes().is_empty());
    shift.hospital.clock.advance(2 * MINUTE);
    let push = shift.receiver.push(1).await;
    assert_eq!(push.header("urgency"), "high");
}

story!(that_a_message_did_not_need_stat_is_counted_once_and_names_nobody);
async fn that_a_message_did_not_need_stat_is_counted_once_and_names_nobody(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    for _ in 0..3 {
        shift.say(Priority::Stat).await;
    }
    let path = format!("/v1/escalations/{}.2/unneeded", shift.group);
    let early = shift.ben.device.request("POST", &path, None).await;
    early.refused(403, "denied");
    // The last of them says nothing of the first.
    shift.post_receipt("acknowledged", 4).await;
    let other = shift.ben.device.request("POST", &path, None).await;
    other.refused(403, "denied");
    shift.post_receipt("acknowledged", 2).await;
    for _ in 0..2 {
        let marked = shift.ben.device.request("POST", &path, None).await;
        marked.expect(204);
    }
    let own = shift.amara.device.request("POST", &path, None).await;
    own.refused(403, "denied");
    let nothing = format!("/v1/escalations/{}.9/unneeded", shift.group);
    let nothing = shift.ben.device.request("POST", &nothing, None).await;
    nothing.refused(404, "not-found");
    let used = shift.amara.device.get("/v1/me/stat-use").await;
    let used: OwnStatUse = used.expect(200).json();
    assert_eq!(
        (used.sent, used.acknowledged, used.unneeded),
        (3, 2, Some(1))
    );
    let none = shift.ben.device.get("/v1/me/stat-use").await;
    let none: OwnStatUse = none.expect(200).json();
    assert_eq!((none.sent, none.unneeded), (0, None));
}

story!(interruptions_are_for_who_runs_a_ward_and_show_no_small_unit);
async fn interruptions_are_for_who_runs_a_ward_and_show_no_small_unit(engine: Engine) {
    let mut shift = Shift::begin(engine).await;
    shift.say(Priority::Routine).await;
    let push = shift.receiver.push(1).await;
    shift.receipt(&push).await.expect(204);
    let path = "/v1/interruptions?days=7&zone=UTC";
    shift.amara.device.get(path).await.refused(403, "denied");
    shift.hospital.clock.advance(DAY);
    shift.officer.sign_in().await;
    let seen: Interruptions = shift.officer.get(path).await.expect(200).json();
    assert_eq!((seen.until - seen.from, seen.until % DAY), (7 * DAY, 0));
    assert!(!seen.units.is_empty());
    for unit in seen.units {
        assert!(unit.suppressed, "{} has few people", unit.unit);
        assert!(unit.rings.is_empty() && unit.hours.is_empty() && unit.stat.is_none());
    }
    let (store, _) = shift.hospital.seize();
    let now_ms = shift.clock().now_ms();
    let counts = store.read().await.unwrap().ring_counts(0, now_ms).await;
    assert_eq!(counts.unwrap().iter().map(|of| of.rings).sum::<u64>(), 1);
    for wrong in ["days=3&zone=UTC", "days=7&zone=Moon", "days=7"] {
        let path = format!("/v1/interruptions?{wrong}");
        shift
            .officer
            .get(&path)
            .await
            .refused(400, "invalid-parameter");
    }
}
