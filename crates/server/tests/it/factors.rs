//! One-time codes beside the passkey: apps, token cards, guesses.

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wardline_factors::{Generator, Seed, seeds};
use wardline_model::wire::directory::Me;
use wardline_model::wire::factors::{
    FactorBegun, FactorInfo, FactorKind, FactorList, FactorsMissing, TokenList, TokensImported,
};
use wardline_model::wire::problem::Problem;
use wardline_model::{FactorId, UserId};
use zeroize::Zeroizing;

use crate::support::managed::{colleague, phone_of};
use crate::support::{Answer, Device, Engine, Hospital, story};

const STEP_MS: u64 = 30_000;
const MINUTE: u64 = 60_000;

/// A generator in somebody's hand.
pub(crate) struct Generated {
    generator: Generator,
    secret: Zeroizing<Vec<u8>>,
    /// Presses of its button.
    presses: u64,
}

impl Generated {
    /// An app that has scanned what it was shown.
    pub(crate) fn app(begun: &FactorBegun) -> Self {
        assert!(begun.uri.starts_with("otpauth://totp/"), "{}", begun.uri);
        let table = format!("serial,type,secret_base32\na,totp,{}\n", begun.secret);
        Self::card(&seeds::read_csv(&table).unwrap()[0])
    }

    fn card(seed: &Seed) -> Self {
        Self {
            generator: seed.generator,
            secret: seed.secret.clone(),
            presses: seed.next,
        }
    }

    /// What it shows now; a card moves on by it.
    pub(crate) fn code(&mut self, hospital: &Hospital) -> String {
        let now_s = hospital.clock.now_ms() / 1000;
        let code = self
            .generator
            .code_now(&self.secret, self.presses, now_s)
            .unwrap();
        self.presses += 1;
        code
    }

    /// A code that it does not show, now or soon.
    pub(crate) fn wrong(&self, hospital: &Hospital) -> String {
        let far = self.generator.code_now(
            &self.secret,
            self.presses + 5000,
            hospital.clock.now_ms() / 1000 + 9_000_000,
        );
        far.unwrap()
    }
}

pub(crate) async fn step_up(device: &mut Device, code: &str) -> Answer {
    let body = json!({ "code": code });
    device.post("/v1/sessions/step-up/code", &body).await
}

async fn list(device: &mut Device) -> FactorList {
    device.get("/v1/factors").await.expect(200).json()
}

pub(crate) async fn begin(device: &mut Device, name: &str) -> FactorBegun {
    let body = json!({ "name": name });
    device.post("/v1/factors", &body).await.expect(201).json()
}

pub(crate) async fn confirm(device: &mut Device, id: FactorId, code: &str) -> Answer {
    let path = format!("/v1/factors/{id}/confirm");
    device.post(&path, &json!({ "code": code })).await
}

/// An app of a person, confirmed.
pub(crate) async fn app_of(hospital: &Hospital, device: &mut Device) -> (FactorId, Generated) {
    let begun = begin(device, "Authenticator").await;
    let mut app = Generated::app(&begun);
    let code = app.code(hospital);
    confirm(device, begun.factor_id, &code).await.expect(200);
    hospital.clock.advance(STEP_MS);
    (begun.factor_id, app)
}

story!(an_app_is_added_and_its_codes_count_once_each);
async fn an_app_is_added_and_its_codes_count_once_each(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let begun = begin(&mut officer, "  My phone ").await;
    let mut app = Generated::app(&begun);

    // Before its first code it opens nothing.
    let code = app.code(&hospital);
    step_up(&mut officer, &code)
        .await
        .refused(403, "code-wrong");
    assert_eq!(list(&mut officer).await.factors[0].confirmed_at, None);
    let wrong = app.wrong(&hospital);
    confirm(&mut officer, begun.factor_id, &wrong)
        .await
        .refused(403, "code-wrong");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let info: FactorInfo = confirm(&mut officer, begun.factor_id, &spaced)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (info.name.as_str(), info.kind),
        ("My phone", FactorKind::Totp)
    );
    assert!(info.confirmed_at.is_some());

    step_up(&mut officer, &code).await.refused(403, "code-used");
    hospital.clock.advance(STEP_MS);
    let next = app.code(&hospital);
    step_up(&mut officer, &next).await.expect(200);
    step_up(&mut officer, &next).await.refused(403, "code-used");
    // A clock that is a step behind still counts, once.
    hospital.clock.advance(2 * STEP_MS);
    let late = app.code(&hospital);
    hospital.clock.advance(STEP_MS - 5000);
    step_up(&mut officer, &late).await.expect(200);

    let path = format!("/v1/factors/{}", begun.factor_id);
    let named = officer
        .request("PUT", &path, Some(&json!({ "name": "Old phone" })))
        .await;
    named.expect(204);
    let known = list(&mut officer).await;
    assert_eq!(known.factors[0].name, "Old phone");
    let used_at = known.factors[0].last_used_at.unwrap();
    assert!(used_at > known.factors[0].confirmed_at.unwrap());
    officer.delete(&path).await.expect(204);
    assert!(list(&mut officer).await.factors.is_empty());
    officer.delete(&path).await.refused(404, "not-found");
    for (kind, count) in [
        ("factor.begun", 1),
        ("factor.confirmed", 2),
        ("session.code_verified", 5),
        ("factor.removed", 1),
    ] {
        let events = hospital.events(kind).await;
        assert_eq!(events.len(), count, "{kind}");
        assert!(events.iter().all(|event| {
            let text = serde_json::to_string(&event.detail).unwrap();
            !text.contains(&next) && !text.contains(&begun.secret)
        }));
    }
}

story!(of_two_requests_with_one_code_one_is_taken);
async fn of_two_requests_with_one_code_one_is_taken(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let mut second = hospital.another_device(&mut officer).await;
    let (_, mut app) = app_of(&hospital, &mut officer).await;
    let code = app.code(&hospital);
    let (first, second) = tokio::join!(step_up(&mut officer, &code), step_up(&mut second, &code));
    let mut both = [first.status, second.status];
    both.sort_unstable();
    assert_eq!(both, [200, 403]);
}

story!(guesses_wait_on_the_device_on_which_they_are_made_and_nowhere_else);
async fn guesses_wait_on_the_device_on_which_they_are_made_and_nowhere_else(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let mut phone = hospital.another_device(&mut officer).await;
    let (_, mut app) = app_of(&hospital, &mut officer).await;
    for _ in 0..3 {
        let wrong = app.wrong(&hospital);
        step_up(&mut phone, &wrong).await.refused(403, "code-wrong");
    }
    // Not even a right code is looked at now, and it stays good.
    let code = app.code(&hospital);
    let answer = step_up(&mut phone, &code).await;
    answer.refused(429, "too-many-requests");
    let seconds: u64 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=15).contains(&seconds), "{seconds}");
    let id = list(&mut officer).await.factors[0].factor_id;
    let body = json!({ "first": "1", "second": "2" });
    let path = format!("/v1/factors/{id}/resync");
    phone.post(&path, &body).await.expect(429);
    step_up(&mut officer, &code).await.expect(200);

    hospital.clock.advance(STEP_MS);
    let code = app.code(&hospital);
    step_up(&mut phone, &code).await.expect(200);
    // A right one forgets the wrong ones.
    let wrong = app.wrong(&hospital);
    step_up(&mut phone, &wrong).await.refused(403, "code-wrong");
    step_up(&mut phone, &wrong).await.refused(403, "code-wrong");
}

story!(who_guessed_a_hundred_times_needs_an_officer);
async fn who_guessed_a_hundred_times_needs_an_officer(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let user = colleague(&hospital, &officer, "nurse").await;
    let mut nurse = phone_of(&hospital, &mut officer, user).await;
    let mut card = cards(&mut officer).await.remove(0);
    assign(&mut officer, "HOTP-1", Some(&nurse))
        .await
        .expect(204);
    let (store, _) = hospital.seize();
    let mut tx = store.write().await.unwrap();
    for _ in 0..100 {
        tx.count_try(user, nurse.id(), hospital.clock.now_ms())
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    hospital.clock.advance(24 * 60 * MINUTE - 1);
    nurse.sign_in().await;
    let code = card.code(&hospital);
    step_up(&mut nurse, &code)
        .await
        .refused(403, "codes-locked");
    officer.sign_in().await;
    assign(&mut officer, "HOTP-1", None).await.expect(204);
    assign(&mut officer, "HOTP-1", Some(&nurse))
        .await
        .expect(204);
    step_up(&mut nurse, &code).await.expect(200);
}

/// Two cards with a button and one with a clock.
const CARDS: &str = "serial,type,secret_hex,digits,counter,model\n\
    HOTP-1,hotp,3132333435363738393031323334353637383930,6,7,Button\n\
    HOTP-2,hotp,4132333435363738393031323334353637383930,8,,Button\n\
    TOTP-1,totp,5132333435363738393031323334353637383930,6,,Display\n";

async fn cards(officer: &mut Device) -> Vec<Generated> {
    let body = json!({ "format": "csv", "text": CARDS });
    let imported: TokensImported = officer
        .post("/v1/tokens/import", &body)
        .await
        .expect(200)
        .json();
    assert_eq!((imported.taken, imported.known), (3, 0));
    let seeds = seeds::read_csv(CARDS).unwrap();
    seeds.iter().map(Generated::card).collect()
}

async fn assign(officer: &mut Device, serial: &str, to: Option<&Device>) -> Answer {
    let body = json!({ "serial": serial, "user_id": to.map(Device::user) });
    officer.post("/v1/tokens/assign", &body).await
}

story!(cards_are_imported_handed_out_and_taken_back);
async fn cards_are_imported_handed_out_and_taken_back(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let user = colleague(&hospital, &officer, "nurse").await;
    let mut nurse = phone_of(&hospital, &mut officer, user).await;

    // Whole or not at all.
    let bad = format!("{CARDS}BAD-1,hotp,31,6,0,Button\n");
    let body = json!({ "format": "csv", "text": bad });
    let problem = officer.post("/v1/tokens/import", &body).await;
    let problem = problem.refused(422, "import-refused");
    let reason = problem.extensions["reasons"][0].as_str().unwrap();
    assert!(
        reason.contains("row 4") && reason.contains("BAD-1"),
        "{reason}"
    );
    let tokens: TokenList = officer.get("/v1/tokens").await.expect(200).json();
    assert!(tokens.tokens.is_empty());

    let mut held = cards(&mut officer).await;
    let body = json!({ "format": "csv", "text": CARDS });
    let again: TokensImported = officer
        .post("/v1/tokens/import", &body)
        .await
        .expect(200)
        .json();
    assert_eq!((again.taken, again.known), (0, 3));

    let code = held[0].code(&hospital);
    step_up(&mut nurse, &code).await.refused(403, "code-wrong");
    assign(&mut officer, "HOTP-1", Some(&nurse))
        .await
        .expect(204);
    step_up(&mut nurse, &code).await.expect(200);
    step_up(&mut nurse, &code).await.refused(403, "code-used");
    // Its button was pressed in a pocket: within ten presses it is found, further away by two codes.
    held[0].presses += 5;
    let code = held[0].code(&hospital);
    step_up(&mut nurse, &code).await.expect(200);
    held[0].presses += 60;
    let (first, second) = (held[0].code(&hospital), held[0].code(&hospital));
    step_up(&mut nurse, &first).await.refused(403, "code-wrong");
    let mine = list(&mut nurse).await.factors.remove(0);
    assert_eq!(
        (mine.kind, mine.name.as_str()),
        (FactorKind::Hotp, "Button")
    );
    let path = format!("/v1/factors/{}/resync", mine.factor_id);
    let body = json!({ "first": second, "second": first });
    nurse.post(&path, &body).await.refused(403, "code-wrong");
    let body = json!({ "first": first, "second": second });
    nurse.post(&path, &body).await.expect(200);
    let code = held[0].code(&hospital);
    step_up(&mut nurse, &code).await.expect(200);

    let taken = assign(&mut officer, "HOTP-1", None).await;
    taken.expect(204);
    let next = held[0].code(&hospital);
    step_up(&mut nurse, &next).await.refused(403, "code-wrong");
    let to = hospital.another_device(&mut officer).await;
    assign(&mut officer, "HOTP-1", Some(&to)).await.expect(204);
    let answer = assign(&mut officer, "HOTP-1", Some(&nurse)).await;
    answer.refused(409, "token-taken");
    // Whoever has it now: what was used stays used.
    step_up(&mut officer, &code).await.refused(403, "code-used");
    step_up(&mut officer, &next).await.expect(200);
    let tokens: TokenList = officer.get("/v1/tokens").await.expect(200).json();
    let whose = |serial: &str| {
        let card = tokens.tokens.iter().find(|card| card.serial == serial);
        card.unwrap().user.as_ref().map(|user| user.id)
    };
    assert_eq!(whose("HOTP-1"), Some(officer.user()));
    assert_eq!(whose("TOTP-1"), None);
}

#[tokio::test]
async fn a_container_of_the_maker_is_read() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let container = r#"<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
        <KeyPackage><DeviceInfo><SerialNo>987654321</SerialNo></DeviceInfo>
        <Key Id="1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp">
        <AlgorithmParameters><ResponseFormat Length="8" Encoding="DECIMAL"/></AlgorithmParameters>
        <Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>
        <Counter><PlainValue>3</PlainValue></Counter></Data></Key></KeyPackage></KeyContainer>"#;
    for (key, passphrase) in [(Some("xy"), None), (Some("ab"), Some("word"))] {
        let body =
            json!({ "format": "pskc", "text": container, "key": key, "passphrase": passphrase });
        let answer = officer.post("/v1/tokens/import", &body).await;
        answer.refused(400, "invalid-body");
    }
    let body = json!({ "format": "pskc", "text": container });
    let imported: TokensImported = officer
        .post("/v1/tokens/import", &body)
        .await
        .expect(200)
        .json();
    assert_eq!(imported.taken, 1);
    let to = hospital.another_device(&mut officer).await;
    assign(&mut officer, "987654321", Some(&to))
        .await
        .expect(204);
    // RFC 4226, Appendix D: the fourth press, here with eight digits.
    step_up(&mut officer, "26969429").await.expect(200);
}

story!(a_card_counts_as_long_as_its_maker_says_and_for_what);
async fn a_card_counts_as_long_as_its_maker_says_and_for_what(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let container = |policy: &str| {
        let text = format!(
            r#"<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
            <KeyPackage><DeviceInfo><SerialNo>987654321</SerialNo></DeviceInfo>
            <Key Id="1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp">
            <AlgorithmParameters><ResponseFormat Length="8" Encoding="DECIMAL"/></AlgorithmParameters>
            <Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>
            <Counter><PlainValue>3</PlainValue></Counter></Data>
            <Policy>{policy}</Policy></Key></KeyPackage></KeyContainer>"#
        );
        json!({ "format": "pskc", "text": text })
    };
    let until = |at_ms: u64| {
        let at = OffsetDateTime::from_unix_timestamp(i64::try_from(at_ms / 1000).unwrap()).unwrap();
        format!("<ExpiryDate>{}</ExpiryDate>", at.format(&Rfc3339).unwrap())
    };
    let now_ms = hospital.clock.now_ms();
    for (policy, why) in [
        (
            "<KeyUsage>CR</KeyUsage>".to_owned(),
            "not for one-time codes",
        ),
        ("<Region>EU</Region>".to_owned(), "not known"),
        (until(now_ms - MINUTE), "its time is over"),
    ] {
        let answer = officer.post("/v1/tokens/import", &container(&policy)).await;
        let problem = answer.refused(422, "import-refused");
        let reason = problem.extensions["reasons"][0].to_string();
        assert!(
            reason.contains("987654321") && reason.contains(why),
            "{reason}"
        );
    }
    let body = container(&until(now_ms + 10 * MINUTE));
    officer.post("/v1/tokens/import", &body).await.expect(200);
    let to = hospital.another_device(&mut officer).await;
    assign(&mut officer, "987654321", Some(&to))
        .await
        .expect(204);
    step_up(&mut officer, "26969429").await.expect(200);
    hospital.clock.advance(11 * MINUTE);
    // The fifth press of the RFC is right, and comes too late; a wrong one is only wrong.
    let late = step_up(&mut officer, "40338314").await;
    late.refused(403, "card-ended");
    step_up(&mut officer, "00000000")
        .await
        .refused(403, "code-wrong");
}

story!(a_persons_generators_are_theirs_and_officers_only_see_and_take_them);
async fn a_persons_generators_are_theirs_and_officers_only_see_and_take_them(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let user = colleague(&hospital, &officer, "nurse").await;
    let mut nurse = phone_of(&hospital, &mut officer, user).await;
    let (hers, mut app) = app_of(&hospital, &mut nurse).await;
    let (his, _) = app_of(&hospital, &mut officer).await;

    let of = |user| format!("/v1/factors?user={user}");
    nurse.get(&of(officer.user())).await.expect(403);
    nurse.get("/v1/tokens").await.expect(403);
    assign(&mut nurse, "HOTP-1", None).await.expect(403);
    nurse
        .delete(&format!("/v1/factors/{his}"))
        .await
        .expect(403);
    let renamed = json!({ "name": "mine" });
    let path = format!("/v1/factors/{hers}");
    officer
        .request("PUT", &path, Some(&renamed))
        .await
        .refused(404, "not-found");
    let code = app.code(&hospital);
    confirm(&mut officer, hers, &code)
        .await
        .refused(404, "not-found");
    step_up(&mut officer, &code)
        .await
        .refused(403, "code-wrong");

    let seen: FactorList = officer.get(&of(user)).await.expect(200).json();
    assert_eq!(seen.factors[0].factor_id, hers);
    // Adding and taking away need a fresh fingerprint, the officer's too.
    hospital.clock.advance(6 * MINUTE);
    let stale = officer.delete(&path).await;
    stale.refused(401, "step-up-required");
    let challenge = stale.headers["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.contains(r#"error="insufficient_user_authentication""#)
            && challenge.contains(r#"acr_values="phr phrh""#),
        "{challenge}"
    );
    nurse
        .post("/v1/factors", &renamed)
        .await
        .refused(401, "step-up-required");
    officer.step_up().await;
    officer.delete(&path).await.expect(204);
    assert!(list(&mut nurse).await.factors.is_empty());
}

#[tokio::test]
async fn nobody_goes_below_what_their_role_needs() {
    let hospital = Hospital::with(Engine::Sqlite, |config| {
        config.factors.minimum = [("security_officer".to_owned(), 1)].into();
    })
    .await;
    let mut officer = hospital.officer().await;
    assert_eq!(list(&mut officer).await.needed, 1);
    let (first, _) = app_of(&hospital, &mut officer).await;
    // One that was begun only does not count.
    begin(&mut officer, "Tablet").await;
    let path = format!("/v1/factors/{first}");
    officer.delete(&path).await.refused(409, "factor-needed");
    let (_, _) = app_of(&hospital, &mut officer).await;
    officer.delete(&path).await.expect(204);
    let user = colleague(&hospital, &officer, "nurse").await;
    let mut nurse = phone_of(&hospital, &mut officer, user).await;
    assert_eq!(list(&mut nurse).await.needed, 0);
    for at in 0..8 {
        let begun = begin(&mut nurse, &format!("App {at}")).await;
        let code = Generated::app(&begun).code(&hospital);
        confirm(&mut nurse, begun.factor_id, &code)
            .await
            .expect(200);
    }
    let body = json!({ "name": "One more" });
    nurse
        .post("/v1/factors", &body)
        .await
        .refused(409, "too-many-factors");
}

story!(officers_see_who_has_fewer_factors_than_their_role_needs);
async fn officers_see_who_has_fewer_factors_than_their_role_needs(engine: Engine) {
    let hospital = Hospital::with(engine, |config| {
        let minimum = [("security_officer", 1), ("nurse", 2)];
        config.factors.minimum = minimum.map(|(role, n)| (role.to_owned(), n)).into();
    })
    .await;
    let mut officer = hospital.officer().await;
    let user = colleague(&hospital, &officer, "nurse").await;
    let mut nurse = phone_of(&hospital, &mut officer, user).await;
    let short = async |officer: &mut Device| -> Vec<(UserId, u32, u32)> {
        let list: FactorsMissing = officer.get("/v1/factors/missing").await.expect(200).json();
        assert_eq!(list.total, u64::try_from(list.people.len()).unwrap());
        list.people
            .into_iter()
            .map(|one| (one.user.id, one.needed, one.has))
            .collect()
    };
    let officers = officer.user();
    // By name, and a capital comes first.
    assert_eq!(short(&mut officer).await, [(officers, 1, 0), (user, 2, 0)]);
    app_of(&hospital, &mut officer).await;
    assert_eq!(short(&mut officer).await, [(user, 2, 0)]);
    app_of(&hospital, &mut nurse).await;
    begin(&mut nurse, "Begun only").await;
    assert_eq!(short(&mut officer).await, [(user, 2, 1)]);
    app_of(&hospital, &mut nurse).await;
    assert!(short(&mut officer).await.is_empty());
    // It is officers' business.
    nurse
        .get("/v1/factors/missing")
        .await
        .refused(403, "denied");
    hospital.clock.advance(6 * MINUTE);
    officer
        .get("/v1/factors/missing")
        .await
        .refused(401, "step-up-required");
}

/// What a session lacks before it is trusted with what is sensitive.
fn lacks(problem: &Problem) -> Vec<&str> {
    let methods = problem.extensions["methods"].as_array().unwrap();
    methods
        .iter()
        .map(|method| method.as_str().unwrap())
        .collect()
}

story!(an_unusual_session_is_asked_for_a_code_and_told_why);
async fn an_unusual_session_is_asked_for_a_code_and_told_why(engine: Engine) {
    let hospital = Hospital::new(engine).await;
    let mut officer = hospital.officer().await;
    let (_, mut app) = app_of(&hospital, &mut officer).await;
    let user = officer.user();
    let why = "You have not signed in from this network before.";
    let set = async |risk: u32| {
        let (store, _) = hospital.seize();
        let mut facts = store.read().await.unwrap();
        let sessions = facts
            .sessions_of(user, hospital.clock.now_ms())
            .await
            .unwrap();
        drop(facts);
        let mut tx = store.write().await.unwrap();
        let reasons = serde_json::to_string(&[why]).unwrap();
        tx.set_session_risk(sessions[0].session_id, risk, "house", &reasons)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    set(74).await;
    officer.get("/v1/devices?scope=all").await.expect(200);
    set(75).await;
    let refused = officer.get("/v1/devices?scope=all").await;
    let problem = refused.refused(401, "step-up-required");
    assert_eq!(lacks(&problem), ["one_time_code"]);
    let advice = problem.extensions["advice"].as_array().unwrap();
    assert_eq!(advice[0], why);
    assert!(advice[1].as_str().unwrap().contains("code of your card"));
    let challenge = refused.headers["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.contains("urn:wardline:acr:one-time-code"),
        "{challenge}"
    );
    // What is not sensitive goes on, and the app can ask by itself.
    let me: Me = officer.get("/v1/me").await.expect(200).json();
    let asks = me.asks.unwrap();
    assert_eq!(
        (asks.methods, asks.advice[0].as_str()),
        (vec!["one_time_code".to_owned()], why)
    );

    let code = app.code(&hospital);
    step_up(&mut officer, &code).await.expect(200);
    officer.get("/v1/devices?scope=all").await.expect(200);
    let me: Me = officer.get("/v1/me").await.expect(200).json();
    assert_eq!(me.asks, None);
    // It was the person all the same: for this it is not asked again.
    hospital.clock.advance(6 * MINUTE);
    officer.get("/v1/devices?scope=all").await.expect(200);
    // For something else it is; and each proof is remembered for itself.
    set(75).await;
    hospital.clock.advance(6 * MINUTE);
    let problem = officer.get("/v1/devices?scope=all").await;
    let problem = problem.refused(401, "step-up-required");
    assert_eq!(lacks(&problem), ["user_verification", "one_time_code"]);
    officer.step_up().await;
    let problem = officer.get("/v1/devices?scope=all").await;
    let problem = problem.refused(401, "step-up-required");
    assert_eq!(lacks(&problem), ["one_time_code"]);

    set(90).await;
    let refused = officer.get("/v1/devices?scope=all").await;
    let problem = refused.refused(403, "denied");
    assert_eq!(problem.extensions["reason"], "risk_too_high");
    assert_eq!(problem.extensions["advice"][0], why);
}
