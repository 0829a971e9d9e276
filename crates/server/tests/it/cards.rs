//! Smart cards: added, presented, refused, and in one hand with the device.

use serde_json::{Value, json};
use wardline_audit::Event;
use wardline_audit::event::Outcome;
use wardline_model::B64;
use wardline_model::endorsement::Duty;
use wardline_model::wire::cards::{CardInfo, CardList};
use wardline_model::wire::directory::Me;
use wardline_model::wire::factors::FactorList;
use wardline_model::wire::sessions::SessionList;
use wardline_piv::config::Rule;
use wardline_server::{Config, Server};

use crate::support::managed::{colleague, phone_of};
use crate::support::smartcards::{Browser, Form, Office, SmartCard, challenge, why};
use crate::support::{Answer, Device, Engine, Hospital, story};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

/// A hospital that takes an office's cards, its officer, and a browser beside a reader.
struct Ward {
    office: Office,
    hospital: Hospital,
    officer: Device,
    browser: Browser,
}

impl Ward {
    async fn open(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    async fn with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let office = Office::open().await;
        let configure = |config: &mut Config| {
            office.configure(config);
            change(config);
        };
        let hospital = Hospital::with(engine, configure).await;
        Self {
            officer: hospital.officer().await,
            browser: Browser::at(&hospital, &office),
            hospital,
            office,
        }
    }

    /// Presents a card of the officer's, and says what to hand in.
    async fn presented(&mut self, card: &SmartCard) -> Value {
        handed(&self.browser, &mut self.officer, card).await
    }

    async fn step_up(&mut self, card: &SmartCard) -> Answer {
        let proof = self.presented(card).await;
        step_up(&mut self.officer, &proof).await
    }

    /// A good card of the officer's on their account.
    async fn added(&mut self, form: &Form) -> SmartCard {
        let card = self.office.issue(form).await;
        let proof = self.presented(&card).await;
        add(&mut self.officer, proof, "My card").await.expect(201);
        card
    }

    /// Why a card of this form is refused when it is presented.
    async fn refused(&mut self, form: &Form) -> String {
        let card = self.office.issue(form).await;
        self.browser
            .present(&mut self.officer, Some(&card))
            .await
            .why()
    }

    async fn events(&self, kind: &str, outcome: Outcome) -> Vec<Event> {
        let mut events = self.hospital.events(kind).await;
        events.retain(|event| event.outcome == outcome);
        events
    }

    async fn set_risk(&self, risk: u32) {
        let (store, _) = self.hospital.seize();
        let mut tx = store.write().await.unwrap();
        let (user, now) = (self.officer.user(), self.hospital.clock.now_ms());
        let sessions = tx.sessions_of(user, now).await.unwrap();
        tx.set_session_risk(sessions[0].session_id, risk, "house", "[]")
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

async fn handed(browser: &Browser, device: &mut Device, card: &SmartCard) -> Value {
    let challenge = challenge(device).await;
    let id = challenge.challenge_id.to_string();
    let got = browser.send(Some(card), &["--data", &id]).await;
    json!({ "challenge_id": id, "answer": got.answer().answer })
}

async fn step_up(device: &mut Device, proof: &Value) -> Answer {
    device.post("/v1/sessions/step-up/card", proof).await
}

async fn add(device: &mut Device, mut proof: Value, name: &str) -> Answer {
    proof["name"] = name.into();
    device.post("/v1/cards", &proof).await
}

async fn list(device: &mut Device) -> CardList {
    device.get("/v1/cards").await.expect(200).json()
}

/// Assurance level and class of the session, as it is told to its person.
async fn assurance(device: &mut Device) -> (u8, String) {
    let me: Me = device.get("/v1/me").await.expect(200).json();
    let sessions: SessionList = device.get("/v1/sessions").await.expect(200).json();
    let current = sessions.sessions.iter().find(|one| one.current).unwrap();
    assert_eq!((me.aal, &me.acr), (current.aal, &current.acr));
    (me.aal, me.acr)
}

fn is(assurance: &(u8, String), aal: u8, acr: &str) {
    assert_eq!((assurance.0, assurance.1.as_str()), (aal, acr));
}

story!(a_card_is_added_after_the_passkey_and_does_for_a_code_from_then_on);
async fn a_card_is_added_after_the_passkey_and_does_for_a_code_from_then_on(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let card = ward.office.issue(&Form::OFFICER).await;
    let before = list(&mut ward.officer).await;
    assert!(before.cards.is_empty());
    assert_eq!(before.url.as_ref(), Some(&ward.browser.url));

    // Nobody has added it: it opens nothing.
    let refused = ward.step_up(&card).await;
    assert_eq!(why(&refused.refused(403, "card-refused")), "not-added");
    is(&assurance(&mut ward.officer).await, 2, "phrh");
    // Who adds one proves the passkey first.
    ward.hospital.clock.advance(6 * MINUTE);
    let proof = ward.presented(&card).await;
    let refused = add(&mut ward.officer, proof.clone(), "x").await;
    refused.refused(401, "step-up-required");
    ward.officer.step_up().await;
    let added: CardInfo = add(&mut ward.officer, proof, "  My card ")
        .await
        .expect(201)
        .json();
    assert_eq!(
        (added.name.as_str(), added.issuer.as_str()),
        ("My card", "CN=Card Office")
    );
    assert_eq!((added.serial.as_str(), added.last_used_at), ("1000", None));
    assert!(added.not_after > ward.hospital.clock.now_ms() + 19 * 24 * 60 * MINUTE);
    let proof = ward.presented(&card).await;
    let refused = add(&mut ward.officer, proof, "again").await;
    assert_eq!(why(&refused.refused(403, "card-refused")), "added");
    // The session is proven by it no better yet.
    is(&assurance(&mut ward.officer).await, 2, "phrh");

    // Unusual, and long since the passkey: both are asked for, and the card is both.
    ward.set_risk(80).await;
    ward.hospital.clock.advance(6 * MINUTE);
    let refused = ward.officer.get("/v1/devices?scope=all").await;
    let problem = refused.refused(401, "step-up-required");
    let asked = json!(["user_verification", "one_time_code"]);
    assert_eq!(problem.extensions["methods"], asked);
    let classes = refused.headers["www-authenticate"].to_str().unwrap();
    assert!(
        classes.contains("\"urn:wardline:acr:one-time-code urn:wardline:acr:smart-card\""),
        "{classes}"
    );
    ward.step_up(&card).await.expect(200);
    ward.officer.get("/v1/devices?scope=all").await.expect(200);
    is(&assurance(&mut ward.officer).await, 3, "phrh");
    ward.hospital.clock.advance(5 * MINUTE + 1);
    is(&assurance(&mut ward.officer).await, 2, "phrh");

    let path = format!("/v1/cards/{}", added.id);
    let body = json!({ "name": "Old card" });
    ward.officer
        .request("PUT", &path, Some(&body))
        .await
        .expect(204);
    let known = list(&mut ward.officer).await.cards.remove(0);
    assert_eq!(known.name, "Old card");
    assert!(known.last_used_at > Some(known.created_at));
    // On a device whose own passkey is software the card is what protects the key by hardware.
    ward.officer.step_up().await;
    let mut native = ward.hospital.device();
    native.platform = "native";
    let invite = ward.hospital.invite(&mut ward.officer).await;
    native.enroll(&invite.code).await;
    ward.officer.endorse(&native, Duty::None).await.expect(200);
    native.sign_in().await;
    is(&assurance(&mut native).await, 2, "phr");
    let proof = handed(&ward.browser, &mut native, &card).await;
    step_up(&mut native, &proof).await.expect(200);
    is(&assurance(&mut native).await, 3, "phrh");

    // What it proved goes with it.
    ward.step_up(&card).await.expect(200);
    is(&assurance(&mut ward.officer).await, 3, "phrh");
    ward.officer.delete(&path).await.expect(204);
    is(&assurance(&mut ward.officer).await, 2, "phrh");
    is(&assurance(&mut native).await, 2, "phr");
    ward.officer.delete(&path).await.refused(404, "not-found");
    for (kind, outcome, count) in [
        ("card.added", Outcome::Allow, 1),
        ("card.refused", Outcome::Deny, 2),
        ("card.presented", Outcome::Allow, 6),
        ("session.card_verified", Outcome::Allow, 3),
        ("card.removed", Outcome::Allow, 1),
    ] {
        assert_eq!(ward.events(kind, outcome).await.len(), count, "{kind}");
    }
    let added = ward.events("card.added", Outcome::Allow).await.remove(0);
    assert_eq!(added.actor.user, Some(ward.officer.user()));
}

story!(a_card_is_one_of_the_factors_that_a_role_needs);
async fn a_card_is_one_of_the_factors_that_a_role_needs(engine: Engine) {
    let mut ward = Ward::with(engine, |config| {
        config.factors.minimum = [("security_officer".to_owned(), 1)].into();
    })
    .await;
    let first = ward.added(&Form::OFFICER).await;
    let factors: FactorList = ward.officer.get("/v1/factors").await.expect(200).json();
    assert_eq!((factors.needed, factors.cards), (1, 1));
    let path = format!("/v1/cards/{}", list(&mut ward.officer).await.cards[0].id);
    ward.step_up(&first).await.expect(200);
    ward.officer
        .delete(&path)
        .await
        .refused(409, "factor-needed");
    // With another one the first may go.
    ward.added(&Form::OFFICER).await;
    ward.officer.delete(&path).await.expect(204);
    let left = list(&mut ward.officer).await.cards;
    assert_eq!(left.len(), 1);
    let path = format!("/v1/cards/{}", left[0].id);
    ward.officer
        .delete(&path)
        .await
        .refused(409, "factor-needed");
}

story!(only_a_good_card_with_its_pin_gets_an_answer);
async fn only_a_good_card_with_its_pin_gets_an_answer(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let none = ward.browser.present(&mut ward.officer, None).await;
    assert_eq!(none.why(), "empty");
    let told = none.problem().detail.unwrap();
    assert!(told.starts_with("No card was presented."), "{told}");

    let card = ward.office.issue(&Form::OFFICER).await;
    ward.browser.pin = "000000";
    let wrong = ward.browser.present(&mut ward.officer, Some(&card)).await;
    assert_eq!((wrong.status, wrong.body.len()), (None, 0));
    ward.browser.pin = crate::support::smartcards::PIN;
    // A certificate is no secret; without its key it opens nothing.
    ward.browser.signer = Some(ward.office.issue(&Form::OFFICER).await);
    let stolen = ward.browser.present(&mut ward.officer, Some(&card)).await;
    assert_eq!((stolen.status, stolen.body.len()), (None, 0));
    ward.browser.signer = None;

    let expired = Form {
        valid: Some(("20240101", "20250101")),
        ..Form::OFFICER
    };
    assert_eq!(ward.refused(&expired).await, "expired");
    let early = Form {
        valid: Some(("20990101", "20991231")),
        ..Form::OFFICER
    };
    assert_eq!(ward.refused(&early).await, "not-yet-valid");
    let server = Form {
        eku: "1.3.6.1.5.5.7.3.1",
        ..Form::OFFICER
    };
    assert_eq!(ward.refused(&server).await, "extended-key-usage");
    let other = Form {
        policy: "1.2.3.4",
        ..Form::OFFICER
    };
    assert_eq!(ward.refused(&other).await, "policy");
    let unknown = Form {
        listed: false,
        ..Form::OFFICER
    };
    assert_eq!(ward.refused(&unknown).await, "revocation-unknown");
    let elsewhere = Office::open().await;
    let foreign = elsewhere.issue(&Form::OFFICER).await;
    let got = Browser::at(&ward.hospital, &elsewhere);
    let got = got.present(&mut ward.officer, Some(&foreign)).await;
    // Its authority has the name of the hospital's, and another key.
    assert_eq!(got.why(), "signature");
    assert_eq!(elsewhere.lists(), 0, "nobody unknown is called");

    let events = ward.events("card.refused", Outcome::Deny).await;
    let reasons: Vec<&str> = events.iter().map(|one| one.reasons[0].as_str()).collect();
    assert_eq!(
        reasons,
        [
            "empty",
            "expired",
            "not-yet-valid",
            "extended-key-usage",
            "policy",
            "revocation-unknown",
            "signature"
        ]
    );
    assert!(events[1].detail["certificate"].as_str().unwrap().len() == 64);
    assert!(
        events
            .iter()
            .all(|one| one.actor.user == Some(ward.officer.user()))
    );
    let good = ward.browser.present(&mut ward.officer, Some(&card)).await;
    good.answer();
}

story!(an_answer_counts_once_on_its_own_device_for_a_minute);
async fn an_answer_counts_once_on_its_own_device_for_a_minute(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let card = ward.added(&Form::OFFICER).await;
    let mut other = ward.hospital.another_device(&mut ward.officer).await;

    let proof = ward.presented(&card).await;
    step_up(&mut ward.officer, &proof).await.expect(200);
    let over = step_up(&mut ward.officer, &proof).await;
    over.refused(410, "challenge-over");
    // Not on the person's other device, nor in another session of this one; and then it is gone.
    let proof = ward.presented(&card).await;
    step_up(&mut other, &proof)
        .await
        .refused(410, "challenge-over");
    let over = step_up(&mut ward.officer, &proof).await;
    over.refused(410, "challenge-over");
    let proof = ward.presented(&card).await;
    ward.officer.sign_in().await;
    let over = step_up(&mut ward.officer, &proof).await;
    over.refused(410, "challenge-over");
    // Nobody makes one up.
    let mut proof = ward.presented(&card).await;
    proof["answer"] = B64::from([7; 32]).encode().into();
    let over = step_up(&mut ward.officer, &proof).await;
    over.refused(410, "challenge-over");

    let proof = ward.presented(&card).await;
    ward.hospital.clock.advance(59 * SECOND);
    step_up(&mut ward.officer, &proof).await.expect(200);
    let proof = ward.presented(&card).await;
    ward.hospital.clock.advance(MINUTE);
    let over = step_up(&mut ward.officer, &proof).await;
    over.refused(410, "challenge-over");
    let refused = ward.events("session.card_verified", Outcome::Deny).await;
    assert_eq!(refused.len(), 6);
    assert!(refused.iter().all(|one| one.reasons == ["challenge-over"]));

    // A challenge is presented once, within two minutes, and in a session that goes on.
    let asked = challenge(&mut ward.officer).await;
    let id = asked.challenge_id.to_string();
    ward.browser
        .send(Some(&card), &["--data", &id])
        .await
        .answer();
    let again = ward.browser.send(Some(&card), &["--data", &id]).await;
    assert_eq!(again.problem().name(), "challenge-over");
    let id = challenge(&mut ward.officer).await.challenge_id.to_string();
    ward.browser.send(None, &["--data", &id]).await.problem();
    let again = ward.browser.send(Some(&card), &["--data", &id]).await;
    assert_eq!(again.problem().name(), "challenge-over");
    let id = challenge(&mut ward.officer).await.challenge_id.to_string();
    ward.hospital.clock.advance(2 * MINUTE);
    let late = ward.browser.send(Some(&card), &["--data", &id]).await;
    assert_eq!(late.problem().name(), "challenge-over");
    let id = challenge(&mut ward.officer).await.challenge_id.to_string();
    ward.officer.delete("/v1/sessions").await;
    let ended = ward.browser.send(Some(&card), &["--data", &id]).await;
    assert_eq!(ended.problem().name(), "session-ended");
    // What a passkey answers and what a card is presented with are not the same.
    ward.officer.token = None;
    let id = ward.officer.challenge().await.challenge_id.to_string();
    let passkeys = ward.browser.send(Some(&card), &["--data", &id]).await;
    assert_eq!(passkeys.problem().name(), "challenge-over");
    ward.officer.sign_in().await;
    let id = ward.officer.step_up_challenge(&[]).await.challenge_id;
    let passkeys = ward
        .browser
        .send(Some(&card), &["--data", &id.to_string()])
        .await;
    assert_eq!(passkeys.problem().name(), "challenge-over");
    let asked = ward.officer.step_up_challenge(&[]).await;
    let mut body = ward.officer.answer_to(&asked);
    body["challenge_id"] = json!(challenge(&mut ward.officer).await.challenge_id);
    ward.officer
        .post("/v1/sessions/step-up", &body)
        .await
        .refused(410, "challenge-over");
}

story!(somebody_elses_card_is_refused_by_its_name_and_by_its_key);
async fn somebody_elses_card_is_refused_by_its_name_and_by_its_key(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let user = colleague(&ward.hospital, &ward.officer, "nurse").await;
    let mut nurse = phone_of(&ward.hospital, &mut ward.officer, user).await;
    let named = Form {
        upn: Some("amara.osei@hospital.example"),
        ..Form::OFFICER
    };
    let nurses = ward.office.issue(&named).await;
    let proof = ward.presented(&nurses).await;
    let refused = add(&mut ward.officer, proof, "Not mine").await;
    assert_eq!(why(&refused.refused(403, "card-refused")), "other-person");
    let proof = handed(&ward.browser, &mut nurse, &nurses).await;
    let added: CardInfo = add(&mut nurse, proof, "Mine").await.expect(201).json();
    let proof = handed(&ward.browser, &mut nurse, &nurses).await;
    step_up(&mut nurse, &proof).await.expect(200);
    let refused = ward.step_up(&nurses).await;
    assert_eq!(why(&refused.refused(403, "card-refused")), "other-person");

    // A card without a name is whose account it is on.
    let nameless = Form {
        upn: None,
        ..Form::OFFICER
    };
    let blank = ward.office.issue(&nameless).await;
    let proof = handed(&ward.browser, &mut nurse, &blank).await;
    add(&mut nurse, proof, "Blank").await.expect(201);
    let refused = ward.step_up(&blank).await;
    assert_eq!(why(&refused.refused(403, "card-refused")), "other-person");
    let proof = ward.presented(&blank).await;
    let refused = add(&mut ward.officer, proof, "Not mine").await;
    assert_eq!(why(&refused.refused(403, "card-refused")), "other-person");
    // A name of nobody here is nobody's.
    let stranger = Form {
        upn: Some("nobody@hospital.example"),
        ..Form::OFFICER
    };
    let strangers = ward.office.issue(&stranger).await;
    let proof = ward.presented(&strangers).await;
    let refused = add(&mut ward.officer, proof, "Not mine").await;
    assert_eq!(why(&refused.refused(403, "card-refused")), "other-person");
    assert_eq!(ward.events("card.refused", Outcome::Deny).await.len(), 5);

    // Officers see and remove them, and nobody else does.
    let (theirs, path) = (
        format!("/v1/cards?user={user}"),
        format!("/v1/cards/{}", added.id),
    );
    let cards: CardList = ward.officer.get(&theirs).await.expect(200).json();
    assert_eq!(cards.cards.len(), 2);
    let officers = ward.officer.user();
    nurse
        .get(&format!("/v1/cards?user={officers}"))
        .await
        .refused(403, "denied");
    let body = json!({ "name": "x" });
    let renamed = ward.officer.request("PUT", &path, Some(&body)).await;
    renamed.refused(404, "not-found");
    ward.officer.delete(&path).await.expect(204);
    is(&assurance(&mut nurse).await, 2, "phrh");
    let proof = handed(&ward.browser, &mut nurse, &nurses).await;
    let refused = step_up(&mut nurse, &proof).await;
    assert_eq!(why(&refused.refused(403, "card-refused")), "not-added");
}

story!(a_card_that_is_blocked_between_two_uses_is_refused_the_second_time);
async fn a_card_that_is_blocked_between_two_uses_is_refused_the_second_time(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let asked = Form {
        listed: false,
        asked: true,
        ..Form::OFFICER
    };
    let by_responder = ward.added(&asked).await;
    let by_list = ward.added(&Form::OFFICER).await;
    assert_eq!(ward.office.lists(), 1);
    ward.step_up(&by_responder).await.expect(200);
    ward.step_up(&by_list).await.expect(200);
    assert_eq!(ward.office.lists(), 1, "a list is kept");

    ward.office.revoke(&by_responder).await;
    ward.office.revoke(&by_list).await;
    let got = ward
        .browser
        .present(&mut ward.officer, Some(&by_responder))
        .await;
    assert_eq!(got.why(), "revoked");
    assert!(got.problem().detail.unwrap().contains("blocked"));
    // Lists are looked for anew after an hour.
    ward.browser
        .present(&mut ward.officer, Some(&by_list))
        .await
        .answer();
    ward.hospital.clock.advance(59 * MINUTE);
    ward.officer.get("/v1/me").await.expect(200);
    ward.hospital.clock.advance(2 * MINUTE);
    let got = ward
        .browser
        .present(&mut ward.officer, Some(&by_list))
        .await;
    assert_eq!(got.why(), "revoked");
    assert_eq!(ward.office.lists(), 2);
}

story!(whoever_answers_for_the_office_brings_no_blocked_card_back_and_blocks_no_good_one);
async fn whoever_answers_for_the_office_brings_no_blocked_card_back_and_blocks_no_good_one(
    engine: Engine,
) {
    let mut ward = Ward::open(engine).await;
    let good = ward.office.issue(&Form::OFFICER).await;
    let lost = ward.office.issue(&Form::OFFICER).await;
    // Neither list names the card that is lost now.
    let (older, forged) = (
        ward.office.older_list().await,
        ward.office.forged_list().await,
    );
    ward.office.revoke(&lost).await;
    // One that nobody of the office signed is none.
    ward.office.intercept(Some(forged.clone()));
    let got = ward.browser.present(&mut ward.officer, Some(&good)).await;
    assert_eq!(got.why(), "revocation-unknown");
    assert_eq!(ward.office.lists(), 1);
    for (instead, fetched) in [(None, 2), (Some(forged), 4), (Some(older), 6)] {
        ward.office.intercept(instead);
        let got = ward.browser.present(&mut ward.officer, Some(&lost)).await;
        assert_eq!(got.why(), "revoked");
        ward.browser
            .present(&mut ward.officer, Some(&good))
            .await
            .answer();
        // Only what is taken puts off the next look.
        assert_eq!(ward.office.lists(), fetched);
        ward.hospital.clock.advance(59 * MINUTE);
        ward.officer.get("/v1/me").await.expect(200);
        ward.hospital.clock.advance(2 * MINUTE);
    }
}

story!(while_the_office_cannot_be_reached_the_configuration_decides);
async fn while_the_office_cannot_be_reached_the_configuration_decides(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let asked = Form {
        listed: false,
        asked: true,
        ..Form::OFFICER
    };
    let by_responder = ward.office.issue(&asked).await;
    let by_list = ward.office.issue(&Form::OFFICER).await;
    ward.browser
        .present(&mut ward.officer, Some(&by_list))
        .await
        .answer();
    ward.office.set_open(false);
    let got = ward
        .browser
        .present(&mut ward.officer, Some(&by_responder))
        .await;
    assert_eq!(got.why(), "revocation-unknown");
    // The list that was fetched before lasts for days; then it tells nothing any more.
    ward.hospital.clock.advance(55 * MINUTE);
    ward.officer.get("/v1/me").await.expect(200);
    ward.hospital.clock.advance(10 * MINUTE);
    ward.browser
        .present(&mut ward.officer, Some(&by_list))
        .await
        .answer();
    ward.hospital.clock.advance(8 * 24 * 60 * MINUTE);
    ward.officer.sign_in().await;
    let got = ward
        .browser
        .present(&mut ward.officer, Some(&by_list))
        .await;
    assert_eq!(got.why(), "crl-stale");

    let mut lenient = Ward::with(engine, |config| {
        config.cards.revocation.accept_unknown = true;
    })
    .await;
    let card = lenient.office.issue(&asked).await;
    lenient.office.set_open(false);
    lenient
        .browser
        .present(&mut lenient.officer, Some(&card))
        .await
        .answer();
    // What is known to be blocked is refused all the same.
    lenient.office.set_open(true);
    lenient.office.revoke(&card).await;
    let got = lenient
        .browser
        .present(&mut lenient.officer, Some(&card))
        .await;
    assert_eq!(got.why(), "revoked");
}

story!(only_pages_of_the_app_get_to_a_card);
async fn only_pages_of_the_app_get_to_a_card(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let card = ward.office.issue(&Form::OFFICER).await;
    let own = ward.browser.origins.clone();
    for origins in [
        vec![],
        vec!["https://evil.example".to_owned()],
        vec!["null".to_owned()],
        vec![format!("{}.evil.example", own[0])],
        vec![own[0].clone(), "https://evil.example".to_owned()],
    ] {
        ward.browser.origins.clone_from(&origins);
        let got = ward.browser.present(&mut ward.officer, Some(&card)).await;
        assert_eq!(got.why(), "origin", "{origins:?}");
        assert!(!got.headers.contains("access-control"), "{}", got.headers);
        assert!(got.headers.contains("vary: origin"), "{}", got.headers);
    }
    ward.browser.origins.clone_from(&own);
    let got = ward.browser.present(&mut ward.officer, Some(&card)).await;
    got.answer();
    for header in [
        format!("access-control-allow-origin: {}\r\n", own[0]),
        "access-control-allow-credentials: true\r\n".to_owned(),
        "vary: origin\r\n".to_owned(),
        "cache-control: no-store\r\n".to_owned(),
        "x-content-type-options: nosniff\r\n".to_owned(),
    ] {
        assert!(got.headers.contains(&header), "{header} {}", got.headers);
    }
    // There is nothing else there, and no preflight opens anything.
    let got = ward
        .browser
        .send(Some(&card), &["--request", "OPTIONS"])
        .await;
    assert_eq!(got.status, Some(405));
    assert!(!got.headers.contains("allow-methods"), "{}", got.headers);
    let got = ward.browser.send(Some(&card), &["--get"]).await;
    assert_eq!(got.problem().name(), "method-not-allowed");
    let got = ward
        .browser
        .send(Some(&card), &["--data", "not an id"])
        .await;
    assert_eq!(got.problem().name(), "invalid-body");
    let long = "0".repeat(200);
    let got = ward.browser.send(Some(&card), &["--data", &long]).await;
    assert_eq!(got.problem().name(), "payload-too-large");
    ward.browser.url = ward.browser.url.replace("/v1/card", "/v1/hospital");
    let got = ward.browser.send(Some(&card), &["--get"]).await;
    assert_eq!(got.problem().name(), "not-found");
    // The app may connect to it.
    let page = ward.officer.raw("GET", "/", None, None, None).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let origin = ward.browser.url.replace("/v1/hospital", ";");
    assert!(policy.contains(&origin), "{policy}");
}

story!(a_card_is_asked_for_anew_with_each_request);
async fn a_card_is_asked_for_anew_with_each_request(engine: Engine) {
    let ward = Ward::open(engine).await;
    let request = "POST /v1/card HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    // Two requests on one connection: the first is answered, and then the connection ends.
    let told = ward
        .browser
        .connect(&request.repeat(2), "-quiet -sess_out ticket")
        .await;
    assert_eq!(told.matches("HTTP/1.1 403").count(), 1, "{told}");
    assert!(told.to_lowercase().contains("connection: close"), "{told}");
    // No ticket came, so there is nothing to resume.
    assert!(!ward.browser.has("ticket"), "{told}");
    // Nor is there an older TLS.
    let told = ward.browser.connect(request, "-tls1_2").await;
    assert!(!told.contains("HTTP/1.1"), "{told}");
    assert!(told.contains("alert"), "{told}");
    // Browsers are told whose cards to offer.
    let told = ward.browser.connect(request, "-tls1_3").await;
    assert!(
        told.replace(" = ", "=").contains("CN=Card Office"),
        "{told}"
    );
}

#[tokio::test]
async fn an_address_may_try_so_often_and_no_more() {
    let ward = Ward::with(Engine::Sqlite, |config| {
        config.server.unauthenticated_per_minute = 30;
    })
    .await;
    let mut last = None;
    for _ in 0..40 {
        let got = ward.browser.send(None, &["--data", "x"]).await;
        last = Some(got.problem());
        if got.status == Some(429) {
            break;
        }
    }
    assert_eq!(last.unwrap().name(), "too-many-requests");
}

#[tokio::test]
async fn cards_that_cannot_be_taken_as_configured_stop_the_start() {
    let ward = Ward::open(Engine::Sqlite).await;
    let good = ward.hospital.config.clone();
    let starts = async |change: &dyn Fn(&mut Config)| {
        let mut config = good.clone();
        change(&mut config);
        let started = Server::start(config, ward.hospital.clock.clone());
        Box::pin(started).await.unwrap_err().to_string()
    };
    let told = starts(&|config| config.cards.mapping = Vec::new()).await;
    assert_eq!(told, "cards: there is no mapping rule");
    let told = starts(&|config| {
        config.cards.mapping = vec![Rule::Email {
            domain: None,
            strip: false,
        }];
    })
    .await;
    assert!(told.contains("weak_mapping"), "{told}");
    let told = starts(&|config| config.cards.policies = vec!["piv".to_owned()]).await;
    assert_eq!(told, "cards: piv is not an object identifier");
    let told = starts(&|config| config.cards.any_policy = true).await;
    assert!(told.contains("contradicts"), "{told}");
    let told = starts(&|config| config.cards.anchors = "nowhere.pem".into()).await;
    assert_eq!(told, "cards: nowhere.pem does not hold PEM certificates");
}

story!(a_hospital_without_cards_says_so);
async fn a_hospital_without_cards_says_so(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    assert_eq!(hospital.running.as_ref().unwrap().cards_url, None);
    let mut officer = hospital.officer().await;
    let cards = list(&mut officer).await;
    assert_eq!((cards.cards.len(), cards.url), (0, None));
    let refused = officer.request("POST", "/v1/cards/challenge", None).await;
    assert_eq!(why(&refused.refused(403, "card-refused")), "none-taken");
    let page = officer.raw("GET", "/", None, None, None).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("connect-src 'self' ws: wss:;"), "{policy}");
}
