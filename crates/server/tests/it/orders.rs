//! What a device manager is asked to do with a device: once, of exactly that device, until it takes
//! the order, and how that ended.

use axum::http::StatusCode;
use serde_json::json;
use wardline_audit::event::Outcome;
use wardline_model::wire::devices::{AskedOfManager, BulkAnswer};
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::fleet::ManagersInfo;

use crate::fleet::detail;
use crate::support::graph::Graph;
use crate::support::managed::{
    INTUNES, Managed, OTHER_INTUNES, OTHER_SERIAL, SERIAL, fleet, import, managed, newer_system,
    pulled, request_update, tie,
};
use crate::support::{Engine, story, until};

story!(an_update_is_asked_for_of_exactly_that_device);
async fn an_update_is_asked_for_of_exactly_that_device(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Managed::with(engine, |config| graph.configure(config)).await;
    pulled(&mut ward.officer).await;
    // Whichever came first, the pull or this: the number leads to the device.
    tie(&mut ward.officer, &ward.phone, None).await;
    tie(&mut ward.officer, &ward.phone, Some(SERIAL)).await;
    let (phone, officers) = (ward.phone.id(), ward.officer.id());
    let body = json!({ "action": "request_update", "device_ids": [officers, phone] });
    let answer = ward.officer.post("/v1/devices/bulk", &body).await;
    let answer: BulkAnswer = answer.expect(200).json();
    let [unknown, asked] = &answer.outcomes[..] else {
        panic!("{answer:?}");
    };
    assert_eq!((unknown.device_id, unknown.done), (officers, false));
    let problem = unknown.problem.as_ref().unwrap();
    assert!(problem.contains("serial number"), "{problem}");
    assert_eq!((asked.device_id, asked.done), (phone, true));
    assert_eq!(asked.problem, None);
    assert_eq!(graph.asked(), [format!("syncDevice {INTUNES}")]);

    graph.refuse(StatusCode::NOT_FOUND);
    let body = json!({ "action": "request_update", "device_ids": [phone] });
    let answer = ward.officer.post("/v1/devices/bulk", &body).await;
    let answer: BulkAnswer = answer.expect(200).json();
    assert!(!answer.outcomes[0].done);
    assert_eq!(
        answer.outcomes[0].problem.as_deref(),
        Some("It says: Intune does not know this device.")
    );
    let told = ward.hospital.events("device.asked").await;
    let [done, refused] = &told[..] else {
        panic!("{told:?}");
    };
    for event in [done, refused] {
        assert_eq!(event.resource, format!("device/{phone}"));
        assert_eq!(event.detail["asked"], "sync");
    }
    assert_eq!(done.outcome, Outcome::Allow);
    assert_eq!(refused.outcome, Outcome::Deny);
    assert_eq!(
        refused.detail["problem"],
        "Intune does not know this device"
    );
}

story!(an_update_that_an_officer_asks_for_is_followed_to_its_end);
async fn an_update_that_an_officer_asks_for_is_followed_to_its_end(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Managed::with(engine, |config| graph.configure(config)).await;
    ward.meet_intune().await;
    assert!(asked_of_phone(&mut ward).await.is_empty());
    request_update(&mut ward.officer, &ward.phone).await;
    let shown = asked_of_phone(&mut ward).await;
    let [sync] = &shown[..] else {
        panic!("{shown:?}");
    };
    assert_eq!((sync.action.as_str(), &sync.outcome), ("sync", &None));
    assert!(sync.taken_at.unwrap() >= sync.at);

    graph.becomes(INTUNES, "syncDevice", "failed", &ward.hours_ago(0));
    ward.restart_after(10).await;
    let told = ward.asked(2).await;
    assert_eq!(told[0].outcome, Outcome::Allow);
    assert!(!told[0].detail.contains_key("outcome"));
    assert_eq!(told[1].resource, format!("device/{}", ward.phone.id()));
    assert_eq!(told[1].outcome, Outcome::Deny);
    assert_eq!(told[1].detail["asked"], "sync");
    assert_eq!(told[1].detail["outcome"], "failed");
    let shown = asked_of_phone(&mut ward).await;
    assert_eq!(shown[0].outcome.as_deref(), Some("failed"));

    // Asked again, it is followed anew.
    ward.officer.step_up().await;
    request_update(&mut ward.officer, &ward.phone).await;
    let shown = asked_of_phone(&mut ward).await;
    assert_eq!((shown.len(), &shown[0].outcome), (1, &None));
    graph.becomes(INTUNES, "syncDevice", "done", &ward.hours_ago(0));
    ward.restart_after(10).await;
    let told = ward.asked(4).await;
    assert_eq!(told.len(), 4);
    assert_eq!(told[3].outcome, Outcome::Allow);
    assert_eq!(told[3].detail["outcome"], "done");
    let shown = asked_of_phone(&mut ward).await;
    assert_eq!(shown[0].outcome.as_deref(), Some("done"));
    let sync = format!("syncDevice {INTUNES}");
    assert_eq!(graph.asked(), [sync.clone(), sync]);
}

/// What its page shows that the phone's manager was asked for.
async fn asked_of_phone(ward: &mut Managed) -> Vec<AskedOfManager> {
    detail(&mut ward.officer, &ward.phone).await.asked
}

story!(a_lost_phone_of_the_hospital_is_wiped_once_however_long_intune_fails);
async fn a_lost_phone_of_the_hospital_is_wiped_once_however_long_intune_fails(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Managed::issued(engine, &graph).await;
    let wipe = format!("wipe {INTUNES}");
    graph.fail([StatusCode::SERVICE_UNAVAILABLE]);
    let lost_at = ward.hospital.clock.now_ms();
    ward.lose_phone().await;
    ward.restart().await;
    let managers = ward.orders(|orders| orders.waiting_problem.is_some()).await;
    assert_eq!(managers.waiting, 1);
    assert!(managers.waiting_since.unwrap() >= lost_at);
    assert_eq!(
        managers.waiting_problem.as_deref(),
        Some("refused with status 503: MadeUp")
    );
    assert_eq!(graph.asked(), [wipe.as_str()]);

    graph.shut(true);
    ward.restart_after(1).await;
    let no_token = "no token was given (status 401: invalid_client)";
    let shut = |orders: &ManagersInfo| orders.waiting_problem.as_deref() == Some(no_token);
    assert_eq!(ward.orders(shut).await.waiting, 1);
    assert!(graph.asked().is_empty() && graph.took().is_empty());

    graph.shut(false);
    ward.restart_after(2).await;
    let managers = ward.orders(|orders| orders.waiting == 0).await;
    assert_eq!(
        (managers.waiting_since, managers.waiting_problem),
        (None, None)
    );
    assert_eq!(graph.took(), [wipe.as_str()]);
    assert_eq!(graph.asked(), [wipe.as_str()]);

    // Nothing but its end is waited for from here on.
    graph.becomes(INTUNES, "wipe", "done", &ward.hours_ago(0));
    ward.restart_after(10).await;
    let told = ward.asked(3).await;
    let [failed, given, done] = &told[..] else {
        panic!("{told:?}");
    };
    for event in &told {
        assert_eq!(event.resource, format!("device/{}", ward.phone.id()));
        assert_eq!(event.detail["asked"], "wipe");
    }
    assert_eq!(failed.outcome, Outcome::Deny);
    assert_eq!(failed.detail["problem"], "refused with status 503: MadeUp");
    assert_eq!(failed.detail["waits"], true);
    assert_eq!(given.outcome, Outcome::Allow);
    assert!(!given.detail.contains_key("problem") && !given.detail.contains_key("outcome"));
    assert_eq!(done.outcome, Outcome::Allow);
    assert_eq!(done.detail["outcome"], "done");
    assert!(graph.asked().is_empty());
}

story!(a_lost_phone_that_intune_meets_later_is_wiped_once);
async fn a_lost_phone_that_intune_meets_later_is_wiped_once(engine: Engine) {
    let graph = Graph::start(Vec::new()).await;
    let mut ward = Managed::issued(engine, &graph).await;
    let retired = ward.another_issued(OTHER_SERIAL).await;
    ward.lose_phone().await;
    let path = format!("/v1/devices/{}/revoke", retired.id());
    ward.officer.post(&path, &json!({})).await.expect(200);
    assert_eq!(fleet(&mut ward.officer).await.managers.waiting, 0);

    // It meets the one that is out of use at the same time.
    graph.know(managed(true));
    ward.read_again().await;
    let told = ward.asked(1).await;
    assert_eq!(told[0].resource, format!("device/{}", ward.phone.id()));
    assert_eq!(told[0].detail["asked"], "wipe");
    assert_eq!(graph.asked(), [format!("wipe {INTUNES}")]);
    let pulled = ward.hospital.events("fleet.pulled").await;
    assert_eq!(pulled.last().unwrap().detail["wipes_ordered"], 1);

    ward.read_again().await;
    ward.restart_after(10).await;
    looked_at(&graph, &[INTUNES]).await;
    let pulled = ward.hospital.events("fleet.pulled").await;
    assert_eq!(pulled.last().unwrap().detail["wipes_ordered"], 0);
    assert_eq!(ward.asked(1).await.len(), 1);
    assert!(graph.asked().is_empty());
}

story!(a_lost_phone_of_its_owner_is_not_wiped_by_a_manager);
async fn a_lost_phone_of_its_owner_is_not_wiped_by_a_manager(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Managed::with(engine, |config| graph.configure(config)).await;
    ward.meet_intune().await;
    ward.another_falls_behind().await;
    ward.lose_phone().await;
    let managers = fleet(&mut ward.officer).await.managers;
    assert_eq!((managers.waiting, managers.waiting_since), (0, None));
    ward.read_again().await;
    ward.asked(1).await;
    assert_eq!(graph.asked(), [format!("syncDevice {OTHER_INTUNES}")]);
}

story!(a_device_that_falls_behind_is_asked_to_check_in_once);
async fn a_device_that_falls_behind_is_asked_to_check_in_once(engine: Engine) {
    let graph = Graph::start(Vec::new()).await;
    let mut ward = Managed::with(engine, |config| graph.configure(config)).await;
    ward.meet_intune().await;
    ward.demand(&[newer_system()]).await;
    graph.know(managed(true));
    ward.read_again().await;
    let told = ward.asked(1).await;
    assert_eq!(ward.state().await, DeviceState::Grace);
    assert_eq!(told[0].outcome, Outcome::Allow);
    assert_eq!(told[0].detail["asked"], "sync");
    assert_eq!(graph.asked(), [format!("syncDevice {INTUNES}")]);

    // It stays behind, and is not asked again for that.
    graph.becomes(INTUNES, "syncDevice", "done", &ward.hours_ago(0));
    ward.restart_after(10).await;
    let told = ward.asked(2).await;
    assert_eq!(told[1].detail["outcome"], "done");
    assert_eq!(told.len(), 2);
    assert!(graph.asked().is_empty());
}

story!(what_can_never_be_done_is_recorded_and_not_tried_again);
async fn what_can_never_be_done_is_recorded_and_not_tried_again(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Managed::issued(engine, &graph).await;
    ward.another_falls_behind().await;
    graph.fail([StatusCode::NOT_FOUND]);
    ward.lose_phone().await;
    ward.read_again().await;
    // The wipe goes before everything else.
    let told = ward.asked(2).await;
    let (wipe, sync) = (&told[0], &told[1]);
    assert_eq!(wipe.resource, format!("device/{}", ward.phone.id()));
    assert_eq!(wipe.outcome, Outcome::Deny);
    assert_eq!(wipe.detail["problem"], "Intune does not know this device");
    assert!(!wipe.detail.contains_key("waits"));
    assert_eq!(sync.detail["asked"], "sync");
    let sync = format!("syncDevice {OTHER_INTUNES}");
    assert_eq!(graph.asked(), [format!("wipe {INTUNES}"), sync]);

    // Only the other one's end is looked for from here on.
    graph.becomes(OTHER_INTUNES, "syncDevice", "done", &ward.hours_ago(0));
    ward.restart_after(60).await;
    let told = ward.asked(3).await;
    assert_eq!(told[2].detail["outcome"], "done");
    assert_eq!(graph.looked(), [OTHER_INTUNES]);
    assert!(graph.asked().is_empty());
}

/// Waits until the ends of orders to these devices were looked for.
async fn looked_at(graph: &Graph, ids: &[&str]) {
    let mut seen: Vec<String> = Vec::new();
    until("a look at how orders ended", async || {
        seen.extend(graph.looked());
        let all = ids.iter().all(|id| seen.iter().any(|one| one == id));
        all.then_some(())
    })
    .await;
}

story!(how_an_order_ended_is_recorded_once);
async fn how_an_order_ended_is_recorded_once(engine: Engine) {
    let graph = Graph::start(managed(true)).await;
    let mut ward = Managed::issued(engine, &graph).await;
    ward.another_falls_behind().await;
    ward.lose_phone().await;
    ward.read_again().await;
    ward.asked(2).await;
    let both = [
        format!("wipe {INTUNES}"),
        format!("syncDevice {OTHER_INTUNES}"),
    ];
    assert_eq!(graph.took(), both);

    // What is under way has not ended, and the end of an earlier order is not that of this one.
    let at = ward.hours_ago(0);
    graph.becomes(INTUNES, "wipe", "done", &ward.hours_ago(1));
    graph.becomes(OTHER_INTUNES, "syncDevice", "pending", &at);
    ward.restart_after(10).await;
    looked_at(&graph, &[INTUNES, OTHER_INTUNES]).await;

    graph.becomes(INTUNES, "wipe", "failed", &at);
    ward.restart_after(10).await;
    looked_at(&graph, &[INTUNES, OTHER_INTUNES]).await;
    let told = ward.asked(3).await;
    assert_eq!(told[2].resource, format!("device/{}", ward.phone.id()));
    assert_eq!(told[2].outcome, Outcome::Deny);
    assert_eq!(told[2].detail["outcome"], "failed");

    graph.becomes(OTHER_INTUNES, "syncDevice", "done", &at);
    ward.restart_after(10).await;
    let told = ward.asked(4).await;
    assert_eq!(told.len(), 4);
    assert_eq!(told[3].detail["asked"], "sync");
    assert_eq!(told[3].detail["outcome"], "done");
    assert_eq!(graph.looked(), [OTHER_INTUNES]);
    assert!(graph.took().is_empty());
}

story!(of_a_phone_that_its_manager_has_twice_one_is_wiped);
async fn of_a_phone_that_its_manager_has_twice_one_is_wiped(engine: Engine) {
    let mut devices = managed(true);
    devices[1]["serialNumber"] = SERIAL.into();
    devices[1]["lastSyncDateTime"] = "2026-01-21T08:00:00Z".into();
    let graph = Graph::start(devices).await;
    let mut ward = Managed::issued(engine, &graph).await;
    ward.lose_phone().await;
    let managers = fleet(&mut ward.officer).await.managers;
    assert_eq!((managers.known, managers.waiting), (2, 1));
    ward.restart().await;
    ward.asked(1).await;
    ward.orders(|orders| orders.waiting == 0).await;
    assert_eq!(graph.asked(), [format!("wipe {OTHER_INTUNES}")]);
}

#[tokio::test]
async fn without_a_manager_that_can_be_asked_no_update_is_asked_for() {
    let mut ward = Managed::open(Engine::Sqlite).await;
    let at = ward.hours_ago(1);
    // Another manager knows it, of which there are files only.
    let csv = format!("serial,platform,last_sync\n{SERIAL},android,{at}\n");
    import(&mut ward.officer, "csv", &csv).await.expect(200);
    let body = json!({ "action": "request_update", "device_ids": [ward.phone.id()] });
    let answer = ward.officer.post("/v1/devices/bulk", &body).await;
    let answer: BulkAnswer = answer.expect(200).json();
    assert!(!answer.outcomes[0].done);
    assert!(ward.hospital.events("device.asked").await.is_empty());
    let managers = fleet(&mut ward.officer).await.managers;
    assert!(!managers.intune && managers.pulled_at.is_none());
}
