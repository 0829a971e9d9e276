//! Calls to the hospital's pagers for STAT messages, which say the same to everybody.

use std::collections::BTreeSet;

use serde_json::json;
use wardline_model::wire::escalations::{EscalationInfo, EscalationList};
use wardline_model::wire::integrations::{CallState, Integrations, PagerNumbersTaken};
use wardline_model::wire::messages::Priority;
use wardline_model::wire::teams::TeamKind;
use wardline_model::{GroupId, RoleSlug, TeamId};
use wardline_server::config::Escalation;
use wardline_store::Team;

use crate::support::logs::Logs;
use crate::support::pagers::Pagers;
use crate::support::{Device, Engine, Hospital, Phone, story, until};

const NUMBER: &str = "+12075550142";

/// Amara writes to Ingrid, whose number Viktor, a security officer, has entered.
struct Ward {
    hospital: Hospital,
    pagers: Pagers,
    amara: Phone,
    ingrid: Phone,
    viktor: Phone,
    group: GroupId,
}

impl Ward {
    async fn open(engine: Engine) -> Self {
        let pagers = Pagers::start().await;
        let mut hospital = Box::pin(Hospital::demo(engine)).await;
        "127.0.0.1:0".clone_into(&mut hospital.config.server.http);
        hospital.config.server.https = String::new();
        hospital.config.escalation = Escalation {
            re_alert_ms: 600_000,
            level_ms: 600_000,
            whole_ms: 3_600_000,
            levels: Vec::new(),
            ..Escalation::default()
        };
        pagers.configure(&mut hospital.config);
        Box::pin(hospital.restart()).await;
        let mut officer = hospital.officer().await;
        let mut amara = hospital.phone_of(&mut officer, "amara.osei").await;
        let mut ingrid = hospital.phone_of(&mut officer, "ingrid.solberg").await;
        let mut viktor = hospital.phone_of(&mut officer, "viktor.lindgren").await;
        let group = amara.start(&[ingrid.user()]).await;
        ingrid.join().await;
        let text = format!("user,number\r\nIngrid.Solberg,{NUMBER}\r\n");
        let taken = viktor
            .device
            .post("/v1/pager/numbers", &json!({ "text": text }))
            .await;
        let taken: PagerNumbersTaken = taken.expect(200).json();
        assert_eq!((taken.set, taken.removed), (1, 0));
        Self {
            hospital,
            pagers,
            amara,
            ingrid,
            viktor,
            group,
        }
    }

    async fn page(&mut self) {
        let mut message = self.amara.write(self.group, "Bed 4 is septic");
        message.priority = Priority::Stat;
        self.amara.post(self.group, &message).await.expect(201);
    }

    /// What Amara sees of the page, once the call of Ingrid stands so.
    async fn seen(&mut self, state: CallState) -> EscalationInfo {
        let amara = &mut self.amara.device;
        until("the call", async || {
            let list = amara.get("/v1/escalations").await.expect(200);
            let page = list
                .json::<EscalationList>()
                .escalations
                .into_iter()
                .next()?;
            let stands = page.people.first()?.call == Some(state);
            stands.then_some(page)
        })
        .await
    }
}

async fn health(device: &mut Device) -> Integrations {
    device.get("/v1/integrations").await.expect(200).json()
}

story!(a_stat_message_calls_the_pager_with_a_fixed_text_until_it_is_taken);
async fn a_stat_message_calls_the_pager_with_a_fixed_text_until_it_is_taken(engine: Engine) {
    let logs = Logs::capture();
    let mut ward = Box::pin(Ward::open(engine)).await;
    ward.pagers.reply(503);
    ward.page().await;
    let calls = ward.pagers.calls_of(2).await;
    let (first, second) = (&calls[0], &calls[1]);
    let id = first.header("webhook-id");
    assert_eq!(id, first.header("idempotency-key"));
    let body = json!({
        "v": 1, "id": id, "type": "page", "number": NUMBER,
        "text": "Wardline: you have a STAT message. Open the app.",
    });
    assert_eq!(first.body, body);
    // Again the same, so that the pager system knows that it has rung.
    assert_eq!(second.body, body);
    assert_eq!(second.header("webhook-id"), id);

    let page = ward.seen(CallState::Taken).await;
    assert!(
        page.people[0].call_failed_at.is_some(),
        "that it failed stays told"
    );
    let health = health(&mut ward.viktor.device).await.pager;
    assert!(health.configured && health.last_taken_at.is_some());
    assert!(health.last_failed_at.is_some() && health.given_up == 0);
    assert_eq!(health.people[0].id, ward.ingrid.user());
    for kind in ["pager.failed", "pager.called"] {
        let events = ward.hospital.events(kind).await;
        assert_eq!(events.len(), 1, "{kind}");
        assert_eq!(events[0].resource, format!("escalation/{}", page.id));
    }

    // The number stands nowhere but in the call.
    let changed = ward.hospital.events("pager.numbers_changed").await;
    let events = serde_json::to_string(&changed).unwrap();
    let shown = serde_json::to_string(&health).unwrap();
    for text in [events.as_str(), shown.as_str(), &logs.text()] {
        assert!(!text.contains("2075550142"), "the number is told");
    }
}

story!(a_call_that_waits_is_made_after_a_restart);
async fn a_call_that_waits_is_made_after_a_restart(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine)).await;
    for _ in 0..2 {
        ward.pagers.reply(500);
    }
    ward.page().await;
    let before = ward.pagers.calls_of(1).await;
    Box::pin(ward.hospital.restart()).await;
    let calls = ward.pagers.calls_of(3).await;
    for call in &calls {
        assert_eq!(call.header("webhook-id"), before[0].header("webhook-id"));
    }
}

story!(a_call_that_the_pager_system_refuses_is_told_to_the_sender);
async fn a_call_that_the_pager_system_refuses_is_told_to_the_sender(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine)).await;
    ward.pagers.reply(422);
    ward.page().await;
    let page = ward.seen(CallState::Failed).await;
    let told = "The pager system did not take the call for Ingrid Solberg.";
    assert!(page.told.iter().any(|line| line == told), "{:?}", page.told);
    assert_eq!(ward.hospital.events("pager.given_up").await.len(), 1);
    assert_eq!(health(&mut ward.viktor.device).await.pager.given_up, 1);
    assert_eq!(ward.pagers.calls().len(), 1);
}

story!(whoever_has_two_roles_of_a_code_team_is_called_once_for_both);
async fn whoever_has_two_roles_of_a_code_team_is_called_once_for_both(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine)).await;
    let now = ward.hospital.clock.now_ms();
    let (store, _) = ward.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let roles: [RoleSlug; 2] = ["stemi-fellow", "stemi-lab"].map(|slug| slug.parse().unwrap());
    for role in &roles {
        tx.put_oncall_role(role, "Somebody", "Cardiology")
            .await
            .unwrap();
        let (from, until) = (now - 1000, now + 3_600_000);
        tx.put_oncall_turn(role, ward.ingrid.user(), from, until)
            .await
            .unwrap();
    }
    let team = Team {
        team_id: TeamId::from_bytes([7; 16]),
        kind: TeamKind::Code,
        title: "STEMI".to_owned(),
    };
    tx.put_team(&team, &[], &roles).await.unwrap();
    tx.commit().await.unwrap();
    ward.group = ward
        .amara
        .start_code(&[ward.ingrid.user()], team.team_id)
        .await;
    // Once it is not taken at first: then neither role calls a second time beside the try that follows.
    ward.pagers.reply(503);
    ward.page().await;
    let calls = ward.pagers.calls_of(2).await;
    let ids: BTreeSet<&str> = calls.iter().map(|call| call.header("webhook-id")).collect();
    assert_eq!(ids.len(), 1, "two tries of one call");
    let amara = &mut ward.amara.device;
    let pages = until("both roles to show it", async || {
        let list = amara.get("/v1/escalations").await.expect(200);
        let pages = list.json::<EscalationList>().escalations;
        let taken = |page: &EscalationInfo| {
            page.people
                .first()
                .is_some_and(|asked| asked.call == Some(CallState::Taken))
        };
        (pages.len() == 2 && pages.iter().all(taken)).then_some(pages)
    })
    .await;
    assert_eq!(ward.hospital.events("escalation.alerted").await.len(), 2);
    assert!(
        pages
            .iter()
            .all(|page| page.people[0].person.id == ward.ingrid.user())
    );
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(ward.pagers.calls().len(), 2);
}

story!(numbers_and_tests_are_for_those_who_look_after_the_pagers);
async fn numbers_and_tests_are_for_those_who_look_after_the_pagers(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine)).await;
    let amara = &mut ward.amara.device;
    let numbers = json!({ "text": "ingrid.solberg,666" });
    amara
        .post("/v1/pager/numbers", &numbers)
        .await
        .refused(403, "denied");
    amara.get("/v1/integrations").await.refused(403, "denied");
    let test = amara.request("POST", "/v1/pager/test", None).await;
    test.refused(403, "denied");

    // A list is taken whole or not at all, and no reason has a number in it.
    let viktor = &mut ward.viktor.device;
    let bad = json!({ "text": "viktor.lindgren,5551\nnobody.at.all,5552\n" });
    let refused = viktor.post("/v1/pager/numbers", &bad).await;
    let refused = refused.refused(422, "import-refused");
    assert!(!serde_json::to_string(&refused).unwrap().contains("555"));
    assert_eq!(health(viktor).await.pager.people.len(), 1);

    // Whoever has no number cannot be called.
    let test = viktor.request("POST", "/v1/pager/test", None).await;
    test.refused(404, "not-found");
    let own = json!({ "text": "viktor.lindgren,5551" });
    viktor.post("/v1/pager/numbers", &own).await.expect(200);
    let test = viktor.request("POST", "/v1/pager/test", None).await;
    test.expect(202);
    let test = viktor.request("POST", "/v1/pager/test", None).await;
    test.refused(429, "too-many-requests");
    let calls = ward.pagers.calls_of(1).await;
    assert_eq!(
        (&calls[0].body["type"], &calls[0].body["number"]),
        (&json!("test"), &json!("5551"))
    );
    let gone = json!({ "text": "ingrid.solberg," });
    let taken = ward.viktor.device.post("/v1/pager/numbers", &gone).await;
    assert_eq!(taken.expect(200).json::<PagerNumbersTaken>().removed, 1);
    ward.page().await;
    let page = ward.hospital.events("escalation.alerted").await;
    assert!(page.len() <= 1, "a page goes on without a number");
}
