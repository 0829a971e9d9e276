//! Sign-ins that are like the person's, and such that are not.

use wardline_audit::Event;
use wardline_audit::event::Outcome;
use wardline_model::RoleSlug;
use wardline_model::wire::devices::DeviceDetail;
use wardline_model::wire::directory::Me;
use wardline_model::wire::factors::FactorBegun;
use wardline_model::wire::risk::{RiskGroup, RiskOverview, RiskReport, RiskySignIn, RiskySignIns};
use wardline_model::wire::sessions::PositionUse;
use wardline_model::wire::socket::ServerFrame;
use wardline_server::config::{Cidr, Config, Ground};
use wardline_store::NewRiskEvent;

use serde_json::{Value, json};

use crate::factors::{Generated, begin, confirm, step_up};
use crate::support::logs::Logs;
use crate::support::managed::{colleague, phone_of};
use crate::support::receiver::{Receiver, Subscriber};
use crate::support::socket::Socket;
use crate::support::{Answer, Device, Engine, Hospital, story};

const HOUR: u64 = 60 * 60 * 1000;
const DAY: u64 = 24 * HOUR;
/// Home of nobody here.
const ELSEWHERE: &str = "203.0.113.9";
/// Where the hospital stands.
const GROUND: Ground = Ground {
    latitude: 44.1037,
    longitude: -69.1089,
    radius_m: 400.0,
};
const CONSENT: &str = "/v1/me/position-consent";

/// A hospital behind a proxy, and a nurse who works nights.
struct Nights {
    hospital: Hospital,
    officer: Device,
    nurse: Device,
    /// Midnight of the first day, unix milliseconds.
    first: u64,
}

impl Nights {
    /// Four weeks of four nights on and three off, at each of which the nurse signs in on the ward.
    async fn behind(engine: Engine, proxies: &[&str]) -> Self {
        Self::with(engine, proxies, |_| {}).await
    }

    /// The same, with another configuration.
    async fn with(engine: Engine, proxies: &[&str], change: impl FnOnce(&mut Config)) -> Self {
        let proxies: Vec<Cidr> = proxies
            .iter()
            .map(|net| (*net).to_owned().try_into().unwrap())
            .collect();
        let hospital = Hospital::with(engine, |config| {
            config.network.proxies = proxies;
            config.risk.grounds = vec![GROUND];
            change(config);
        })
        .await;
        let first = hospital.clock.now_ms().div_ceil(DAY) * DAY;
        let mut nights = Self {
            officer: hospital.officer().await,
            nurse: hospital.device(),
            hospital,
            first,
        };
        let user = colleague(&nights.hospital, &nights.officer, "nurse").await;
        let (store, _) = nights.hospital.seize();
        let mut tx = store.write().await.unwrap();
        for day in (0..42).filter(|day| day % 7 < 4) {
            let from = first + day * DAY + 19 * HOUR;
            tx.put_shift(user, from, from + 12 * HOUR).await.unwrap();
        }
        tx.commit().await.unwrap();
        nights.nurse = phone_of(&nights.hospital, &mut nights.officer, user).await;
        for day in (0..28).filter(|day| day % 7 < 4) {
            nights.until(day, 19 * HOUR - HOUR / 6);
            nights.nurse.sign_in().await;
        }
        nights
    }

    /// Time passes until this time of a day.
    fn until(&self, day: u64, at: u64) {
        let to = self.first + day * DAY + at;
        self.hospital
            .clock
            .advance(to - self.hospital.clock.now_ms());
    }

    /// The next sign-in, as its person sees it afterwards.
    async fn sign_in(&mut self) -> RiskySignIn {
        self.nurse.sign_in().await;
        own(&mut self.nurse).await.remove(0)
    }
}

/// As if the model had found a sign-in so unusual.
async fn set_risk(nights: &Nights, sign_in: &RiskySignIn, risk: u32) {
    let (store, _) = nights.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let seen = tx.seen_of(sign_in.session_id).await.unwrap().unwrap();
    let event = NewRiskEvent {
        session_id: sign_in.session_id,
        user_id: nights.nurse.user(),
        device_id: nights.nurse.id(),
        at: sign_in.at,
        risk,
        base: risk,
        reasons: "[\"off_duty\"]".to_owned(),
        seen,
    };
    tx.create_risk_event(&event).await.unwrap();
    let why = "[\"By the roster you are off duty.\"]";
    tx.set_session_risk(sign_in.session_id, risk, "new", why)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn own(device: &mut Device) -> Vec<RiskySignIn> {
    let own: RiskySignIns = device.get("/v1/risk/own").await.expect(200).json();
    own.sign_ins
}

async fn overview(officer: &mut Device) -> RiskOverview {
    officer.get("/v1/risk").await.expect(200).json()
}

/// What the report says of nurses.
async fn nurses(officer: &mut Device) -> RiskGroup {
    let report: RiskReport = officer.get("/v1/risk/report").await.expect(200).json();
    let mut groups = report.groups.into_iter();
    groups.find(|group| group.name == "Nurse").unwrap()
}

fn asked_by(seen: &RiskOverview, rule: &str) -> u64 {
    let found = seen.rules.iter().find(|one| one.name == rule);
    found.map_or(0, |one| one.asked)
}

async fn search(by: &mut Device) -> Answer {
    by.post("/v1/patients/search", &json!({ "q": "ab" })).await
}

async fn me(device: &mut Device) -> Me {
    device.get("/v1/me").await.expect(200).json()
}

fn names(sign_in: &RiskySignIn) -> Vec<&str> {
    sign_in.reasons.iter().map(|r| r.name.as_str()).collect()
}

fn is_about_shifts(advice: &[String]) -> bool {
    advice
        .iter()
        .any(|line| line.starts_with("You are off shift"))
}

async fn last_start(hospital: &Hospital) -> Event {
    hospital.events("session.started").await.pop().unwrap()
}

story!(a_night_shift_on_the_ward_asks_nothing_and_a_strange_noon_asks_for_a_code);
async fn a_night_shift_on_the_ward_asks_nothing_and_a_strange_noon_asks_for_a_code(engine: Engine) {
    let mut nights = Nights::behind(engine, &["127.0.0.1/32"]).await;
    // The start of a night on the roster, on the ward.
    nights.until(28, 18 * HOUR + 50 * HOUR / 60);
    let usual = nights.sign_in().await;
    assert!(usual.current && usual.risk < 60, "{usual:?}");
    assert_eq!(me(&mut nights.nurse).await.asks, None);
    let logged = last_start(&nights.hospital).await;
    assert_eq!(logged.detail["risk"], usual.risk);
    let begun: FactorBegun = begin(&mut nights.nurse, "Card").await;
    let mut card = Generated::app(&begun);
    let code = card.code(&nights.hospital);
    confirm(&mut nights.nurse, begun.factor_id, &code)
        .await
        .expect(200);

    // Noon of a day off, from a network that nobody has seen.
    nights.until(33, 12 * HOUR);
    nights.nurse.forwarded = Some(ELSEWHERE);
    let strange = nights.sign_in().await;
    assert!(strange.risk > usual.risk, "{usual:?} {strange:?}");
    assert!(names(&strange).contains(&"off_duty"), "{strange:?}");
    let asks = me(&mut nights.nurse).await.asks.unwrap();
    assert_eq!(asks.methods, ["one_time_code"]);
    assert_eq!(asks.advice[0], strange.reasons[0].sentence);
    let last = asks.advice.last().unwrap();
    assert!(
        last.starts_with("You are off shift, and on a network"),
        "{last}"
    );
    let logged = last_start(&nights.hospital).await;
    assert_eq!(logged.detail["unusual"][0], strange.reasons[0].name);
    nights
        .nurse
        .post("/v1/patients/search", &json!({ "q": "ab" }))
        .await
        .refused(401, "step-up-required");
    nights.nurse.get("/v1/devices?scope=own").await.expect(200);

    let code = card.code(&nights.hospital);
    step_up(&mut nights.nurse, &code).await.expect(200);
    assert_eq!(me(&mut nights.nurse).await.asks, None);
    assert!(own(&mut nights.nurse).await[0].confirmed_at.is_some());
    // It is learned: the next time less is unusual.
    nights.until(34, 12 * HOUR);
    let again = nights.sign_in().await;
    assert!(again.risk < strange.risk, "{again:?}");
    assert_eq!(me(&mut nights.nurse).await.asks, None);
}

story!(where_a_request_comes_from_is_said_by_named_proxies_only);
async fn where_a_request_comes_from_is_said_by_named_proxies_only(engine: Engine) {
    // Nobody is named: the header counts for nothing.
    let mut nights = Nights::behind(engine, &[]).await;
    nights.until(28, 18 * HOUR + 50 * HOUR / 60);
    nights.nurse.forwarded = Some(ELSEWHERE);
    let forged = nights.sign_in().await;
    assert!(forged.risk < 60, "{forged:?}");
    assert_eq!(last_start(&nights.hospital).await.detail["place"], "house");

    let mut nights = Nights::behind(engine, &["127.0.0.1/32", "10.9.0.0/16"]).await;
    nights.until(33, 12 * HOUR);
    // The last one that is no proxy is the client; what it wrote itself stands before that.
    nights.nurse.forwarded = Some("127.0.0.1, 203.0.113.9, 10.9.3.4");
    let through = nights.sign_in().await;
    assert!(
        me(&mut nights.nurse).await.asks.is_none(),
        "the fingerprint is fresh"
    );
    assert!(names(&through).contains(&"off_duty"), "{through:?}");
    assert_eq!(last_start(&nights.hospital).await.detail["place"], "new");
    // Of what cannot be read nothing is known, though a proxy of the hospital's stands behind it.
    nights.nurse.forwarded = Some("127.0.0.1, not an address, 10.9.3.4");
    nights.sign_in().await;
    assert_eq!(last_start(&nights.hospital).await.detail["place"], "new");
}

story!(this_was_not_me_ends_the_session_and_this_was_me_clears_it);
async fn this_was_not_me_ends_the_session_and_this_was_me_clears_it(engine: Engine) {
    let mut nights = Nights::behind(engine, &["127.0.0.1/32"]).await;
    nights.until(33, 12 * HOUR);
    nights.nurse.forwarded = Some(ELSEWHERE);
    let strange = nights.sign_in().await;
    set_risk(&nights, &strange, 95).await;
    let asks = me(&mut nights.nurse).await.asks.unwrap();
    assert!(asks.methods.is_empty(), "{asks:?}");
    let path = format!("/v1/risk/{}/answer", strange.session_id);
    let (yes, no) = (json!({ "was_me": true }), json!({ "was_me": false }));
    // No session clears itself, and no other one on the same device.
    let refused = nights.nurse.post(&path, &yes).await;
    let problem = refused.refused(403, "denied");
    assert_eq!(problem.extensions["reason"], "same_device");
    let token = nights.nurse.token.clone();
    let other = nights.sign_in().await;
    assert_ne!(other.session_id, strange.session_id);
    let refused = nights.nurse.post(&path, &yes).await;
    let problem = refused.refused(403, "denied");
    assert_eq!(problem.extensions["reason"], "same_device");
    nights.nurse.token = token;
    nights.officer.sign_in().await;
    // Nor does anyone speak for somebody else.
    let officers = own(&mut nights.officer).await.remove(0);
    let of_officer = format!("/v1/risk/{}/answer", officers.session_id);
    for body in [&yes, &no] {
        let refused = nights.nurse.post(&of_officer, body).await;
        let problem = refused.refused(403, "denied");
        assert_eq!(problem.extensions["reason"], "missing_permission");
    }
    let nurse = nights.nurse.user();
    let seen = overview(&mut nights.officer).await;
    assert_eq!(seen.waiting, 1);
    let thresholds: Vec<u8> = seen.thresholds.iter().map(|t| t.risk).collect();
    assert_eq!(thresholds, [60, 75, 90]);
    let found = seen.sign_ins.iter();
    let found: Vec<_> = found
        .map(|one| (one.session_id, one.user.as_ref().unwrap().id))
        .collect();
    assert_eq!(found, [(strange.session_id, nurse)]);
    nights.officer.post(&path, &yes).await.expect(204);
    assert_eq!(overview(&mut nights.officer).await.waiting, 0);
    nights
        .officer
        .post(&path, &no)
        .await
        .refused(409, "changed-meanwhile");
    assert_eq!(me(&mut nights.nurse).await.asks, None);

    let second = nights.sign_in().await;
    let path = format!("/v1/risk/{}/answer", second.session_id);
    nights.officer.post(&path, &no).await.expect(204);
    nights
        .nurse
        .get("/v1/me")
        .await
        .refused(401, "session-ended");
    nights.nurse.get("/v1/risk").await.expect(401);
    for kind in ["risk.cleared", "risk.disowned"] {
        let mut events = nights.hospital.events(kind).await;
        events.retain(|event| event.outcome == Outcome::Allow);
        assert_eq!(events.len(), 1, "{kind}");
    }
    // What is like it weighs more from now on.
    let third = nights.sign_in().await;
    assert!(third.risk >= second.risk, "{second:?} {third:?}");
    nights.nurse.get("/v1/risk").await.expect(403);
}

story!(an_officers_session_that_looks_taken_over_clears_nobody_and_still_ends_others);
async fn an_officers_session_that_looks_taken_over_clears_nobody_and_still_ends_others(
    engine: Engine,
) {
    let mut nights = Nights::behind(engine, &["127.0.0.1/32"]).await;
    nights.until(33, 12 * HOUR);
    nights.nurse.forwarded = Some(ELSEWHERE);
    let strange = nights.sign_in().await;
    set_risk(&nights, &strange, 95).await;
    nights.officer.sign_in().await;
    let officers = own(&mut nights.officer).await.remove(0);
    let limit = async |risk| {
        let (store, _) = nights.hospital.seize();
        let mut tx = store.write().await.unwrap();
        tx.set_session_risk(officers.session_id, risk, "new", "[]")
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let path = format!("/v1/risk/{}/answer", strange.session_id);
    let (yes, no) = (json!({ "was_me": true }), json!({ "was_me": false }));
    for risk in [60, 95] {
        limit(risk).await;
        let refused = nights.officer.post(&path, &yes).await;
        let problem = refused.refused(403, "denied");
        assert_eq!(problem.extensions["reason"], "doubtful_session");
        // A fresh fingerprint does not make up for it.
        nights.officer.step_up().await;
        nights
            .officer
            .post(&path, &yes)
            .await
            .refused(403, "denied");
    }
    let tried = nights.hospital.events("risk.cleared").await;
    assert!(tried.iter().all(|event| event.outcome == Outcome::Deny));
    // That somebody is shut out must not wait.
    nights.officer.post(&path, &no).await.expect(204);
    nights
        .nurse
        .get("/v1/me")
        .await
        .refused(401, "session-ended");
}

story!(a_session_that_goes_on_elsewhere_is_weighed_anew);
async fn a_session_that_goes_on_elsewhere_is_weighed_anew(engine: Engine) {
    let mut nights = Nights::behind(engine, &["127.0.0.1/32"]).await;
    let begun: FactorBegun = begin(&mut nights.nurse, "Card").await;
    let mut card = Generated::app(&begun);
    let code = card.code(&nights.hospital);
    confirm(&mut nights.nurse, begun.factor_id, &code)
        .await
        .expect(200);
    nights.until(34, 12 * HOUR);
    nights.sign_in().await;
    assert_eq!(me(&mut nights.nurse).await.asks, None);
    nights.nurse.forwarded = Some(ELSEWHERE);
    nights.hospital.clock.advance(2 * HOUR / 60);
    let asks = me(&mut nights.nurse).await.asks.unwrap();
    assert_eq!(asks.methods, ["one_time_code"]);
    let moved = nights.hospital.events("session.moved").await;
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0].detail["place"], "new");
    // Going back takes nothing back.
    nights.nurse.forwarded = None;
    nights.hospital.clock.advance(2 * HOUR / 60);
    assert_eq!(me(&mut nights.nurse).await.asks, None, "on the premises");
    nights.nurse.forwarded = Some(ELSEWHERE);
    nights.hospital.clock.advance(2 * HOUR / 60);
    let asks = me(&mut nights.nurse).await.asks.unwrap();
    assert_eq!(asks.methods, ["one_time_code"]);

    // What is refused whatever is proven, a code does not clear.
    let sign_in = own(&mut nights.nurse).await.remove(0);
    set_risk(&nights, &sign_in, 95).await;
    let code = card.code(&nights.hospital);
    step_up(&mut nights.nurse, &code).await.expect(200);
    let asks = me(&mut nights.nurse).await.asks.unwrap();
    assert!(asks.methods.is_empty(), "{asks:?}");
}

story!(a_session_is_weighed_where_it_goes_on_before_anything_is_done_there);
async fn a_session_is_weighed_where_it_goes_on_before_anything_is_done_there(engine: Engine) {
    let mut nights = Nights::behind(engine, &["127.0.0.1/32"]).await;
    let begun: FactorBegun = begin(&mut nights.nurse, "Card").await;
    let mut card = Generated::app(&begun);
    let code = card.code(&nights.hospital);
    confirm(&mut nights.nurse, begun.factor_id, &code)
        .await
        .expect(200);
    nights.until(34, 12 * HOUR);
    nights.sign_in().await;
    search(&mut nights.nurse).await.expect(200);
    // No time passes: whoever took the token is somewhere else at once.
    nights.nurse.forwarded = Some(ELSEWHERE);
    search(&mut nights.nurse)
        .await
        .refused(401, "step-up-required");
    let moved = nights.hospital.events("session.moved").await;
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0].detail["place"], "new");
    // It is weighed there once.
    for _ in 0..3 {
        search(&mut nights.nurse)
            .await
            .refused(401, "step-up-required");
    }
    assert_eq!(nights.hospital.events("session.moved").await.len(), 1);
}

story!(security_officers_are_told_and_rung_when_a_session_is_refused);
async fn security_officers_are_told_and_rung_when_a_session_is_refused(engine: Engine) {
    let receiver = Receiver::start().await;
    let configure = |config: &mut Config| receiver.configure(config);
    let mut nights = Nights::with(engine, &["127.0.0.1/32"], configure).await;
    nights.until(33, 12 * HOUR);
    nights.officer.sign_in().await;
    let browser = Subscriber::at(&receiver, "the-officers-phone");
    let subscription = browser.subscription();
    nights
        .officer
        .request("PUT", "/v1/push", Some(&subscription))
        .await
        .expect(200);
    let mut officers = Socket::open(&mut nights.officer).await;
    let sign_in = nights.sign_in().await;
    let mut nurses = Socket::open(&mut nights.nurse).await;
    // As unusual as that the model finds few; it moves on, and is weighed there.
    let (store, _) = nights.hospital.seize();
    let mut tx = store.write().await.unwrap();
    tx.set_session_risk(sign_in.session_id, 95, "known", "[]")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    nights.nurse.forwarded = Some(ELSEWHERE);
    search(&mut nights.nurse).await.refused(403, "denied");

    while officers.next().await.unwrap() != ServerFrame::Risk {}
    let push = receiver.push(1).await;
    assert_eq!(push.path, "/the-officers-phone");
    assert_eq!(push.header("urgency"), "high");
    let said = browser.read(&push);
    assert_eq!(said.len(), 43, "an id and nothing else: {said}");
    let seen = overview(&mut nights.officer).await;
    assert_eq!(seen.waiting, 1);
    assert_eq!(seen.sign_ins[0].session_id, sign_in.session_id);

    // What is refused again calls nobody again; what is answered is told.
    search(&mut nights.nurse).await.refused(403, "denied");
    let path = format!("/v1/risk/{}/answer", sign_in.session_id);
    nights
        .officer
        .post(&path, &json!({ "was_me": false }))
        .await
        .expect(204);
    while officers.next().await.unwrap() != ServerFrame::Risk {}
    assert_eq!(receiver.pushes().len(), 1);
    assert_eq!(overview(&mut nights.officer).await.waiting, 0);
    // Nobody else hears of it.
    loop {
        match nurses.next().await {
            Some(ServerFrame::Ended { .. }) | None => break,
            Some(other) => assert_ne!(other, ServerFrame::Risk),
        }
    }
}

story!(those_whom_a_rule_did_ask_are_counted_as_asked_and_nobody_else);
async fn those_whom_a_rule_did_ask_are_counted_as_asked_and_nobody_else(engine: Engine) {
    const RULE: &str = "risk.off_duty_elsewhere_without_codes";
    let mut nights = Nights::behind(engine, &["127.0.0.1/32"]).await;
    nights.until(33, 12 * HOUR);
    nights.officer.sign_in().await;
    nights.nurse.forwarded = Some(ELSEWHERE);
    nights.sign_in().await;
    nights.hospital.clock.advance(HOUR / 10);
    // The app shows what would be asked for. Nothing that is done asks for it.
    let asks = me(&mut nights.nurse).await.asks.unwrap();
    assert_eq!(asks.methods, ["user_verification"]);
    let all = nurses(&mut nights.officer).await;
    assert_eq!((all.asked, all.refused), (0, 0));
    for _ in 0..2 {
        search(&mut nights.nurse)
            .await
            .refused(401, "step-up-required");
    }
    let after = nurses(&mut nights.officer).await;
    assert_eq!((after.asked, after.sign_ins), (1, all.sign_ins));
    let seen = overview(&mut nights.officer).await;
    assert_eq!(asked_by(&seen, RULE), 1);
    assert!(seen.sessions >= after.sign_ins);
    nights.nurse.step_up().await;
    search(&mut nights.nurse).await.expect(200);

    // One that is found unusual and only sends messages is asked for nothing …
    let second = nights.sign_in().await;
    set_risk(&nights, &second, 70).await;
    nights.hospital.clock.advance(HOUR / 10);
    me(&mut nights.nurse).await;
    assert_eq!(nurses(&mut nights.officer).await.asked, 1);
    // … until its person answers to what the app shows, before they are refused.
    nights.nurse.step_up().await;
    assert_eq!(nurses(&mut nights.officer).await.asked, 2);
    // It stays so when the session is weighed anew; a refusal is counted as one.
    set_risk(&nights, &second, 95).await;
    search(&mut nights.nurse).await.refused(403, "denied");
    let last = nurses(&mut nights.officer).await;
    assert_eq!((last.asked, last.refused), (2, 1));
    let seen = overview(&mut nights.officer).await;
    assert_eq!(asked_by(&seen, RULE), 2);
    assert_eq!(asked_by(&seen, "risk.too_high"), 1);
    assert!(asked_by(&seen, "risk.raised") >= 1, "{:?}", seen.rules);
}

story!(whoever_is_on_call_is_not_off_duty_where_they_are_called);
async fn whoever_is_on_call_is_not_off_duty_where_they_are_called(engine: Engine) {
    let mut nights = Nights::behind(engine, &["127.0.0.1/32"]).await;
    let begun: FactorBegun = begin(&mut nights.nurse, "Card").await;
    let mut card = Generated::app(&begun);
    let code = card.code(&nights.hospital);
    confirm(&mut nights.nurse, begun.factor_id, &code)
        .await
        .expect(200);
    // On call in the night before the fifth day of the fifth week, and not in the next one.
    let role: RoleSlug = "wound-care".parse().unwrap();
    let (store, _) = nights.hospital.seize();
    let mut tx = store.write().await.unwrap();
    tx.put_oncall_role(&role, "Wound care", "Surgery")
        .await
        .unwrap();
    let from = nights.first + 33 * DAY;
    tx.put_oncall_turn(&role, nights.nurse.user(), from, from + 6 * HOUR)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    nights.nurse.forwarded = Some(ELSEWHERE);
    nights.until(33, 3 * HOUR);
    let on_call = nights.sign_in().await;
    assert!(!names(&on_call).contains(&"off_duty"), "{on_call:?}");
    assert_eq!(last_start(&nights.hospital).await.detail["place"], "new");
    let asks = me(&mut nights.nurse).await.asks;
    assert!(!asks.is_some_and(|asks| is_about_shifts(&asks.advice)));
    nights.officer.sign_in().await;
    let report: RiskReport = nights
        .officer
        .get("/v1/risk/report")
        .await
        .expect(200)
        .json();
    let turns: Vec<&str> = report
        .groups
        .iter()
        .filter(|group| group.by == "shift")
        .map(|group| group.name.as_str())
        .collect();
    assert!(turns.contains(&"on_call"), "{turns:?}");

    // The next night from anywhere else.
    nights.until(34, 3 * HOUR);
    nights.nurse.forwarded = Some("198.51.100.7");
    let off = nights.sign_in().await;
    assert!(names(&off).contains(&"off_duty"), "{off:?}");
    let asks = me(&mut nights.nurse).await.asks.unwrap();
    assert!(is_about_shifts(&asks.advice), "{asks:?}");
}

story!(what_was_learned_outlives_a_restart);
async fn what_was_learned_outlives_a_restart(engine: Engine) {
    let mut nights = Nights::behind(engine, &["127.0.0.1/32"]).await;
    nights.until(28, 18 * HOUR + 50 * HOUR / 60);
    let before = nights.sign_in().await;
    // At the same address: passkeys are for it.
    let address = nights.hospital.running.as_ref().unwrap().http_addr.unwrap();
    nights.hospital.config.server.http = address.to_string();
    nights.hospital.restart().await;
    let (store, _) = nights.hospital.seize();
    let mut facts = store.read().await.unwrap();
    assert!(facts.setting("risk.house.node-1").await.unwrap().is_some());
    drop(facts);
    let after = nights.sign_in().await;
    assert!(after.risk <= before.risk + 5, "{before:?} {after:?}");
}

/// An ocean away from the ward, in figures that nothing else has.
fn far_away() -> Value {
    json!({ "latitude": 48.857_123_4, "longitude": 2.352_123_4, "accuracy_m": 1234.5678 })
}

/// What shows of those figures, exact or rounded to what the model calculates with.
const FAR_AWAY: [&str; 3] = ["48.85712", "2.352123", "1234.567"];

async fn claimed(hospital: &Hospital) -> Option<Value> {
    last_start(hospital).await.detail.get("claimed").cloned()
}

story!(a_position_counts_once_the_nurse_agreed_where_it_contradicts_and_is_not_kept);
async fn a_position_counts_once_the_nurse_agreed_where_it_contradicts_and_is_not_kept(
    engine: Engine,
) {
    let logs = Logs::capture();
    let mut nights = Nights::behind(engine, &["127.0.0.1/32"]).await;
    assert_eq!(me(&mut nights.nurse).await.position, PositionUse::Off);
    // Noon of a day off, on the ward's network. Without consent the position says nothing.
    nights.until(33, 12 * HOUR);
    nights.nurse.position = Some(far_away());
    let ignored = nights.sign_in().await;
    assert!(!names(&ignored).contains(&"contradicted"), "{ignored:?}");
    assert_eq!(claimed(&nights.hospital).await, None);

    let allowed = nights.nurse.request("PUT", CONSENT, None).await;
    allowed.expect(204);
    assert_eq!(me(&mut nights.nurse).await.position, PositionUse::On);
    let path = format!("/v1/devices/{}", nights.nurse.id());
    let detail: DeviceDetail = nights.nurse.get(&path).await.expect(200).json();
    let since = detail.position_consent_at.unwrap();
    nights.until(33, 12 * HOUR + HOUR / 60);
    let far = nights.sign_in().await;
    let reason = far.reasons.iter().find(|one| one.name == "contradicted");
    assert_eq!(
        reason.unwrap().sentence,
        "Your device and your network tell of different places."
    );
    assert_eq!(claimed(&nights.hospital).await, Some("elsewhere".into()));
    assert_eq!(last_start(&nights.hospital).await.detail["place"], "house");

    // On the ward it contradicts nothing.
    nights.until(33, 12 * HOUR + 2 * HOUR / 60);
    nights.nurse.position =
        Some(json!({ "latitude": 44.104, "longitude": -69.109, "accuracy_m": 300 }));
    let near = nights.sign_in().await;
    assert!(near.risk < far.risk, "{near:?} {far:?}");
    assert!(!names(&near).contains(&"contradicted"), "{near:?}");
    assert_eq!(claimed(&nights.hospital).await, Some("on_premises".into()));

    // Whoever agrees twice agreed once; and takes it back at once.
    let allowed = nights.nurse.request("PUT", CONSENT, None).await;
    allowed.expect(204);
    let detail: DeviceDetail = nights.nurse.get(&path).await.expect(200).json();
    assert_eq!(detail.position_consent_at, Some(since));
    nights.nurse.delete(CONSENT).await.expect(204);
    assert_eq!(me(&mut nights.nurse).await.position, PositionUse::Off);
    nights.until(33, 12 * HOUR + 3 * HOUR / 60);
    nights.nurse.position = Some(far_away());
    let again = nights.sign_in().await;
    assert!(!names(&again).contains(&"contradicted"), "{again:?}");
    assert_eq!(claimed(&nights.hospital).await, None);
    let changes = |events: &[Event]| -> Vec<Value> {
        let changed = |event: &Event| event.detail["changed"].clone();
        events.iter().map(changed).collect()
    };
    let allowed = nights.hospital.events("position.allowed").await;
    assert_eq!(changes(&allowed), [json!(true), json!(false)]);
    let forbidden = nights.hospital.events("position.forbidden").await;
    assert_eq!(changes(&forbidden), [json!(true)]);

    // It stands nowhere: not in what is kept of the sign-in, nor in the audit log, nor in a log line.
    let (store, _) = nights.hospital.seize();
    let mut facts = store.read().await.unwrap();
    let seen = facts.seen_of(far.session_id).await.unwrap().unwrap();
    drop(facts);
    let seen = String::from_utf8(seen.to_vec()).unwrap();
    let mut events = Vec::new();
    for kind in ["session.started", "position.allowed", "request.allowed"] {
        events.extend(nights.hospital.events(kind).await);
    }
    let events = serde_json::to_string(&events).unwrap();
    assert!(events.contains("elsewhere"), "{events}");
    let lines = logs.text();
    assert!(lines.contains("wardline_server::pipeline"), "{lines}");
    for figure in FAR_AWAY {
        assert!(!seen.contains(figure), "{seen}");
        assert!(!events.contains(figure), "{events}");
        assert!(!lines.contains(figure), "a log line has {figure}");
    }
}

story!(a_position_that_is_nowhere_is_refused_and_one_of_no_use_is_not_looked_at);
async fn a_position_that_is_nowhere_is_refused_and_one_of_no_use_is_not_looked_at(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let at = |latitude: Value, longitude: Value, accuracy_m: Value| json!({ "latitude": latitude, "longitude": longitude, "accuracy_m": accuracy_m });
    let one = json!(1);
    for (position, field) in [
        (at(json!(90.417), one.clone(), one.clone()), "latitude"),
        (at(json!(-90.417), one.clone(), one.clone()), "latitude"),
        (at(json!("48.417"), one.clone(), one.clone()), "latitude"),
        (at(Value::Null, one.clone(), one.clone()), "latitude"),
        (at(one.clone(), json!(180.417), one.clone()), "longitude"),
        (at(one.clone(), json!(-180.417), one.clone()), "longitude"),
        (at(one.clone(), one.clone(), json!(-0.417)), "accuracy_m"),
        (
            at(one.clone(), one.clone(), json!(100_000.417)),
            "accuracy_m",
        ),
    ] {
        officer.position = Some(position);
        let answer = officer.try_sign_in().await;
        let problem = answer.refused(400, "invalid-body");
        assert_eq!(
            problem.extensions["field"],
            format!("position.{field}"),
            "{problem:?}"
        );
        assert!(!String::from_utf8_lossy(&answer.body).contains("417"));
    }
    officer.position = Some(json!({ "latitude": 1 }));
    let answer = officer.try_sign_in().await;
    answer.refused(400, "invalid-body");

    // A hospital that does not say where it stands has no use for positions, whoever agrees.
    officer.position = Some(far_away());
    officer.request("PUT", CONSENT, None).await.expect(204);
    officer.sign_in().await;
    assert_eq!(me(&mut officer).await.position, PositionUse::Unused);
    assert_eq!(claimed(&hospital).await, None);
}
