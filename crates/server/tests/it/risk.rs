//! Sign-ins that are like the person's, and such that are not.

use wardline_audit::Event;
use wardline_audit::event::Outcome;
use wardline_model::wire::directory::Me;
use wardline_model::wire::factors::FactorBegun;
use wardline_model::wire::risk::{RiskOverview, RiskySignIn, RiskySignIns};
use wardline_server::config::Cidr;
use wardline_store::NewRiskEvent;

use serde_json::json;

use crate::factors::{Generated, begin, confirm, step_up};
use crate::support::managed::{colleague, phone_of};
use crate::support::{Device, Engine, Hospital, story};

const HOUR: u64 = 60 * 60 * 1000;
const DAY: u64 = 24 * HOUR;
/// Home of nobody here.
const ELSEWHERE: &str = "203.0.113.9";

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
        let proxies: Vec<Cidr> = proxies
            .iter()
            .map(|net| (*net).to_owned().try_into().unwrap())
            .collect();
        let hospital = Hospital::with(engine, |config| config.network.proxies = proxies).await;
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

async fn me(device: &mut Device) -> Me {
    device.get("/v1/me").await.expect(200).json()
}

fn names(sign_in: &RiskySignIn) -> Vec<&str> {
    sign_in.reasons.iter().map(|r| r.name.as_str()).collect()
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
    let seen: RiskOverview = nights.officer.get("/v1/risk").await.expect(200).json();
    let thresholds: Vec<u8> = seen.thresholds.iter().map(|t| t.risk).collect();
    assert_eq!(thresholds, [60, 75, 90]);
    let found = seen.sign_ins.iter();
    let found: Vec<_> = found
        .map(|one| (one.session_id, one.user.as_ref().unwrap().id))
        .collect();
    assert_eq!(found, [(strange.session_id, nurse)]);
    nights.officer.post(&path, &yes).await.expect(204);
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
