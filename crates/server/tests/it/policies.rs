//! Policies: drafted by one officer, approved by another, tried before they hold.

use serde_json::{Value, json};
use wardline_model::wire::policies::{
    PolicyCheck, PolicyDocument, PolicyReplay, PolicyState, PolicyVersionInfo, PolicyVersions,
    WhoCan,
};
use wardline_model::wire::problem::Problem;
use wardline_policy::PolicyTexts;
use wardline_server::policies::console;

use crate::support::managed::{colleague_called, phone_of};
use crate::support::{Answer, Device, Engine, Hospital, story, until};

const HOUR: u64 = 60 * 60 * 1000;

/// A hospital with two security officers, each on their phone, and a nurse on hers.
struct House {
    hospital: Hospital,
    first: Device,
    second: Device,
    nurse: Device,
}

impl House {
    async fn open(engine: Engine) -> Self {
        let hospital = Hospital::new(engine).await;
        let mut first = hospital.officer().await;
        let user = colleague_called(&hospital, &first, "lena.brandt", "security_officer").await;
        let second = phone_of(&hospital, &mut first, user).await;
        let user = colleague_called(&hospital, &first, "amara.osei", "nurse").await;
        let nurse = phone_of(&hospital, &mut first, user).await;
        Self {
            hospital,
            first,
            second,
            nurse,
        }
    }
}

/// The baseline with something written below one of its files.
fn with(file: &str, more: &str) -> Value {
    let baseline = PolicyTexts::baseline();
    let files: Vec<Value> = baseline
        .files()
        .iter()
        .map(|of| {
            let more = if of.name == file { more } else { "" };
            json!({ "name": of.name, "text": format!("{}{more}", of.text) })
        })
        .collect();
    json!(files)
}

/// Nobody searches for people any more.
const NO_SEARCH: &str = r#"
@id("no_search")
@reason("no_search")
@advice("Ask the switchboard.")
forbid (
  principal is Wardline::Person,
  action == Wardline::Action::"people.search",
  resource
);
"#;

async fn draft(by: &mut Device, files: &Value, effective_at: Option<u64>) -> Answer {
    let body = json!({ "files": files, "summary": "No search", "effective_at": effective_at });
    by.post("/v1/policies", &body).await
}

async fn approve(by: &mut Device, version: u64) -> Answer {
    let path = format!("/v1/policies/{version}/approve");
    by.post(&path, &json!({})).await
}

async fn versions(by: &mut Device) -> PolicyVersions {
    by.get("/v1/policies").await.expect(200).json()
}

async fn search(by: &mut Device) -> Answer {
    by.get("/v1/people?q=am").await
}

story!(a_policy_holds_once_a_second_officer_has_approved_it);
async fn a_policy_holds_once_a_second_officer_has_approved_it(engine: Engine) {
    let House {
        hospital,
        mut first,
        mut second,
        mut nurse,
    } = House::open(engine).await;
    let before = versions(&mut first).await;
    assert_eq!((before.active, before.versions.len()), (0, 1));
    search(&mut nurse).await.expect(200);

    // Having just signed in is not enough for this; the proof is asked for by name.
    let files = with("messaging.cedar", NO_SEARCH);
    let asked = draft(&mut first, &files, None).await;
    let problem = asked.refused(401, "step-up-required");
    assert_eq!(problem.extensions["scopes"], json!(["policies"]));
    first.step_up_for(&["policies"]).await;
    let drafted: PolicyVersionInfo = draft(&mut first, &files, None).await.expect(201).json();
    assert_eq!((drafted.version, drafted.state), (1, PolicyState::Draft));
    search(&mut nurse).await.expect(200);

    // Not by who drafted it, nor by somebody whose business it is not.
    let own = approve(&mut first, 1).await;
    assert_eq!(own.refused(403, "denied").extensions["reason"], "own_draft");
    nurse.step_up_for(&["policies"]).await;
    approve(&mut nurse, 1).await.refused(403, "denied");
    nurse.get("/v1/policies/1").await.refused(403, "denied");

    approve(&mut second, 1)
        .await
        .refused(401, "step-up-required");
    second.step_up_for(&["policies"]).await;
    let approved: PolicyVersionInfo = approve(&mut second, 1).await.expect(200).json();
    assert_eq!(approved.state, PolicyState::Active);
    let refused = search(&mut nurse).await.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "no_search");
    assert_eq!(refused.detail.as_deref(), Some("Ask the switchboard."));
    approve(&mut second, 1)
        .await
        .refused(409, "changed-meanwhile");

    // Each decision names the policies that were asked, and the digest of what it depended on.
    let refusals = hospital.events("request.refused").await;
    let last = refusals.last().unwrap();
    assert_eq!(last.policy.unwrap().to_string(), approved.hash);
    assert_eq!(last.detail["inputs"].as_str().unwrap().len(), 64);
    let [in_force] = &hospital.events("policy.in_force").await[..] else {
        panic!("it came into force once");
    };
    assert_eq!(in_force.detail["version"], 1);

    // Back to what ships: a version like any other.
    let baseline: PolicyDocument = second.get("/v1/policies/0").await.expect(200).json();
    let files = json!(baseline.files);
    draft(&mut second, &files, None).await.expect(201);
    approve(&mut first, 2).await.expect(200);
    search(&mut nurse).await.expect(200);
    // What was drafted before that undoes it at no date: it is drafted anew.
    let late = with("messaging.cedar", NO_SEARCH);
    draft(&mut first, &late, None).await.expect(201);
    draft(&mut first, &files, None).await.expect(201);
    approve(&mut second, 4).await.expect(200);
    approve(&mut second, 3)
        .await
        .refused(409, "changed-meanwhile");
    search(&mut nurse).await.expect(200);
    first.delete("/v1/policies/3").await.expect(204);
    let after = versions(&mut first).await;
    assert_eq!(after.active, 4);
    let states: Vec<_> = after
        .versions
        .iter()
        .map(|v| (v.version, v.state))
        .collect();
    assert_eq!(
        states,
        [
            (4, PolicyState::Active),
            (3, PolicyState::Withdrawn),
            (2, PolicyState::Replaced),
            (1, PolicyState::Replaced),
            (0, PolicyState::Replaced)
        ]
    );
}

story!(an_approved_policy_waits_for_its_date_and_survives_a_restart);
async fn an_approved_policy_waits_for_its_date_and_survives_a_restart(engine: Engine) {
    let House {
        mut hospital,
        mut first,
        mut second,
        mut nurse,
    } = House::open(engine).await;
    for officer in [&mut first, &mut second] {
        officer.step_up_for(&["policies"]).await;
    }
    let files = with("messaging.cedar", NO_SEARCH);
    let at = hospital.clock.now_ms() + HOUR / 2;
    draft(&mut first, &files, Some(at)).await.expect(201);
    let approved: PolicyVersionInfo = approve(&mut second, 1).await.expect(200).json();
    assert_eq!(
        (approved.state, approved.effective_at),
        (PolicyState::Approved, Some(at))
    );
    search(&mut nurse).await.expect(200);
    hospital.clock.advance(HOUR / 2);
    // Nobody has to do anything for it.
    until("the policy is in force", async || {
        let refused = search(&mut nurse).await.status == 403;
        refused.then_some(())
    })
    .await;
    // What holds is not taken back; what waits is, by either.
    first.step_up_for(&["policies"]).await;
    first
        .delete("/v1/policies/1")
        .await
        .refused(409, "changed-meanwhile");
    let later = hospital.clock.now_ms() + HOUR;
    draft(&mut first, &files, Some(later)).await.expect(201);
    first.delete("/v1/policies/2").await.expect(204);
    second.step_up_for(&["policies"]).await;
    approve(&mut second, 2)
        .await
        .refused(409, "changed-meanwhile");
    assert_eq!(versions(&mut first).await.active, 1);
    first
        .delete("/v1/policies/9")
        .await
        .refused(404, "not-found");

    hospital.restart().await;
    nurse.url.clone_from(&hospital.url);
    search(&mut nurse).await.refused(403, "denied");
}

story!(a_policy_that_waits_for_its_date_undoes_no_other_unseen);
async fn a_policy_that_waits_for_its_date_undoes_no_other_unseen(engine: Engine) {
    let House {
        hospital,
        mut first,
        mut second,
        mut nurse,
    } = House::open(engine).await;
    for officer in [&mut first, &mut second] {
        officer.step_up_for(&["policies"]).await;
    }
    let start = hospital.clock.now_ms();
    let files = with("messaging.cedar", NO_SEARCH);
    let baseline = with("messaging.cedar", "");
    draft(&mut first, &baseline, Some(start + HOUR))
        .await
        .expect(201);
    draft(&mut first, &files, None).await.expect(201);
    draft(&mut first, &files, Some(start + 2 * HOUR))
        .await
        .expect(201);
    approve(&mut second, 1).await.expect(200);
    // Neither what would hold before it, nor what would come behind it.
    for late in [2, 3] {
        let refused = approve(&mut second, late).await;
        let refused = refused.refused(409, "policy-waits");
        assert_eq!(refused.extensions["version"], 1);
        assert_eq!(refused.extensions["effective_at"], start + HOUR);
        assert!(refused.detail.unwrap().contains("Withdraw version 1"));
    }
    search(&mut nurse).await.expect(200);
    approve(&mut second, 1)
        .await
        .refused(409, "changed-meanwhile");

    // Any officer takes it back, and then the other holds, also beyond that date.
    second.delete("/v1/policies/1").await.expect(204);
    approve(&mut second, 2).await.expect(200);
    search(&mut nurse).await.refused(403, "denied");
    hospital.clock.advance(HOUR + 1000);
    for device in [&mut first, &mut nurse] {
        device.sign_in().await;
    }
    assert_eq!(versions(&mut first).await.active, 2);
    search(&mut nurse).await.refused(403, "denied");
}

story!(many_who_check_at_once_wait_for_each_other);
async fn many_who_check_at_once_wait_for_each_other(engine: Engine) {
    let House {
        hospital: _hospital,
        mut first,
        mut second,
        ..
    } = House::open(engine).await;
    let body = json!({ "files": with("messaging.cedar", NO_SEARCH) });
    let who = json!({ "action": "people.search", "files": with("messaging.cedar", NO_SEARCH) });
    for _ in 0..3 {
        let (checked, told) = tokio::join!(
            first.post("/v1/policies/check", &body),
            second.post("/v1/policies/who-can", &who),
        );
        checked.expect(200);
        told.expect(200);
    }
}

story!(whoever_takes_an_approved_policy_back_is_named_to_those_who_made_it);
async fn whoever_takes_an_approved_policy_back_is_named_to_those_who_made_it(engine: Engine) {
    let House {
        hospital,
        mut first,
        mut second,
        mut nurse,
    } = House::open(engine).await;
    let third = colleague_called(&hospital, &first, "noor.haddad", "security_officer").await;
    let mut third = phone_of(&hospital, &mut first, third).await;
    for by in [&mut first, &mut second, &mut third, &mut nurse] {
        by.step_up_for(&["policies"]).await;
    }
    let files = with("messaging.cedar", NO_SEARCH);
    let later = hospital.clock.now_ms() + HOUR;
    draft(&mut first, &files, Some(later)).await.expect(201);
    approve(&mut second, 1).await.expect(200);
    nurse.delete("/v1/policies/1").await.refused(403, "denied");
    third.delete("/v1/policies/1").await.expect(204);
    for by in [&mut first, &mut second] {
        let listed = versions(by).await.versions.remove(0);
        assert_eq!(listed.state, PolicyState::Withdrawn);
        let people = [&listed.author, &listed.approved_by, &listed.withdrawn_by];
        let people = people.map(|person| person.as_ref().unwrap().username.as_str());
        assert_eq!(people, ["first.officer", "lena.brandt", "noor.haddad"]);
        assert!(listed.withdrawn_at >= listed.approved_at);
    }
    let [event] = &hospital.events("policy.withdrawn").await[..] else {
        panic!("it was taken back once");
    };
    assert_eq!(event.actor.user, Some(third.user()));
    assert_eq!(event.detail["version"], 1);
}

story!(the_console_goes_back_to_what_ships_and_the_log_says_so);
async fn the_console_goes_back_to_what_ships_and_the_log_says_so(engine: Engine) {
    let House {
        hospital,
        mut first,
        mut second,
        mut nurse,
    } = House::open(engine).await;
    for officer in [&mut first, &mut second] {
        officer.step_up_for(&["policies"]).await;
    }
    let files = with("messaging.cedar", NO_SEARCH);
    draft(&mut first, &files, None).await.expect(201);
    approve(&mut second, 1).await.expect(200);
    let later = hospital.clock.now_ms() + HOUR;
    draft(&mut first, &files, Some(later)).await.expect(201);
    approve(&mut second, 2).await.expect(200);
    search(&mut nurse).await.refused(403, "denied");

    let version = console::use_baseline(&hospital.config, &hospital.clock).await;
    assert_eq!(version.unwrap(), 3);
    let [event] = &hospital.events("policy.baseline").await[..] else {
        panic!("it was done once");
    };
    assert_eq!((&*event.resource, &*event.action), ("policy/3", "console"));
    assert_eq!(event.actor.user, None);
    until("the baseline is in force", async || {
        let found = search(&mut nurse).await.status == 200;
        found.then_some(())
    })
    .await;
    let after = versions(&mut first).await;
    let waited = after.versions.iter().find(|v| v.version == 2).unwrap();
    assert_eq!(
        (after.active, waited.state),
        (3, PolicyState::Withdrawn),
        "what waits would undo it"
    );
    assert!(waited.withdrawn_at.is_some() && waited.withdrawn_by.is_none());
}

story!(a_mistake_is_shown_with_its_place_and_never_stored);
async fn a_mistake_is_shown_with_its_place_and_never_stored(engine: Engine) {
    let House {
        hospital: _hospital,
        mut first,
        mut nurse,
        ..
    } = House::open(engine).await;
    let check = async |by: &mut Device, files: Value| -> PolicyCheck {
        let body = json!({ "files": files });
        by.post("/v1/policies/check", &body)
            .await
            .expect(200)
            .json()
    };
    let sound = check(&mut first, with("messaging.cedar", NO_SEARCH)).await;
    assert!(sound.problems.is_empty() && sound.locked_out.is_none());
    let [change] = &sound.changes[..] else {
        panic!("one policy is new: {:?}", sound.changes);
    };
    assert_eq!(
        (&*change.id, &*change.kind),
        ("messaging.no_search", "added")
    );
    assert!(change.lines.iter().all(|line| line.sign == "+"));

    let misspelt = NO_SEARCH.replace("people.search", "people.serach");
    let wrong = check(&mut first, with("messaging.cedar", &misspelt)).await;
    let [problem] = &wrong.problems[..] else {
        panic!("one thing is wrong: {:?}", wrong.problems);
    };
    assert_eq!(problem.file, "messaging.cedar");
    assert!(
        problem.line > 1 && problem.message.contains("people.serach"),
        "{problem:?}"
    );
    first.step_up_for(&["policies"]).await;
    let refused = draft(&mut first, &with("messaging.cedar", &misspelt), None).await;
    let refused = refused.refused(422, "policy-invalid");
    assert_eq!(refused.extensions["problems"][0]["line"], problem.line);

    // Files that are none, and a schema that is not this one.
    for files in [
        json!([{ "name": "../etc.cedar", "text": "" }]),
        json!([{ "name": "wardline.cedarschema", "text": "namespace Other {}" }]),
    ] {
        let wrong = check(&mut first, files).await;
        assert_eq!(wrong.problems.len(), 1, "{:?}", wrong.problems);
    }
    assert_eq!(versions(&mut first).await.versions.len(), 1);
    let body = json!({ "files": with("messaging.cedar", "") });
    nurse
        .post("/v1/policies/check", &body)
        .await
        .refused(403, "denied");
}

story!(no_draft_locks_every_officer_out);
async fn no_draft_locks_every_officer_out(engine: Engine) {
    const NOBODY: &str = r#"
@id("nobody")
@reason("nobody")
@advice("Nobody approves policies.")
forbid (principal, action == Wardline::Action::"policy.approve", resource);
"#;
    let House {
        hospital,
        mut first,
        mut second,
        ..
    } = House::open(engine).await;
    first.step_up_for(&["policies"]).await;
    let refused = draft(&mut first, &with("officers.cedar", NOBODY), None).await;
    let refused: Problem = refused.refused(409, "policy-locks-out");
    assert!(refused.detail.unwrap().contains("approve"));

    // Nor one that binds them to a roster on which they are not, to networks that nobody told, or
    // to the time until a date.
    let until = hospital.clock.now_ms() + 90 * 24 * HOUR;
    for exception in [
        "context.on_shift".to_owned(),
        "context.on_premises".to_owned(),
        format!("context.now_ms < {until}"),
    ] {
        let rule = NOBODY.replace(
            "resource);",
            &format!("resource) unless {{ {exception} }};"),
        );
        let files = with("officers.cedar", &rule);
        let refused = draft(&mut first, &files, None).await;
        refused.refused(409, "policy-locks-out");
        let body = json!({ "files": files });
        let checked = first.post("/v1/policies/check", &body).await.expect(200);
        let checked: PolicyCheck = checked.json();
        assert!(checked.locked_out.unwrap().contains("now and later"));
    }

    // Where a second officer is gone by the time, the approval is refused as the draft would be.
    let files = with("messaging.cedar", NO_SEARCH);
    draft(&mut first, &files, None).await.expect(201);
    let lost = format!("/v1/devices/{}/lost", second.id());
    first.step_up_for(&["wiping"]).await;
    first.post(&lost, &json!({})).await.expect(200);
    second.get("/v1/me").await.expect(401);
    let third = colleague_called(&hospital, &first, "noor.haddad", "security_officer").await;
    let refused = draft(&mut first, &files, None).await;
    refused.refused(409, "policy-locks-out");
    let mut third = phone_of(&hospital, &mut first, third).await;
    third.step_up_for(&["policies"]).await;
    approve(&mut third, 1).await.expect(200);
}

story!(a_draft_is_tried_over_what_was_decided_before_it_holds);
async fn a_draft_is_tried_over_what_was_decided_before_it_holds(engine: Engine) {
    let House {
        hospital,
        mut first,
        mut nurse,
        ..
    } = House::open(engine).await;
    let start = hospital.clock.now_ms();
    let body = json!({ "files": with("messaging.cedar", ""), "since": start });
    let unproven = first.post("/v1/policies/replay", &body).await;
    unproven.refused(401, "step-up-required");
    first.step_up_for(&["policies"]).await;
    for _ in 0..3 {
        search(&mut nurse).await.expect(200);
    }
    search(&mut first).await.expect(200);
    let replay = async |by: &mut Device, files: Value| -> PolicyReplay {
        let body = json!({ "files": files, "since": start });
        let answer = by.post("/v1/policies/replay", &body).await;
        answer.expect(200).json()
    };
    // Decisions are written behind the requests.
    let found = until("the decisions are kept", async || {
        let found = replay(&mut first, with("messaging.cedar", NO_SEARCH)).await;
        let searched = found.changes.iter().any(|change| change.count >= 4);
        searched.then_some(found)
    })
    .await;
    let [change] = &found.changes[..] else {
        panic!("one thing changes: {:?}", found.changes);
    };
    assert_eq!(
        (&*change.action, &*change.was, &*change.now),
        ("people.search", "allow", "deny")
    );
    assert_eq!((change.count, change.people), (4, 2));
    assert_eq!(change.policies, ["messaging.no_search"]);
    assert_eq!(change.advice, ["Ask the switchboard."]);
    assert!(change.examples.iter().any(|example| {
        example
            .user
            .as_ref()
            .is_some_and(|user| user.id == nurse.user())
    }));
    assert_eq!(found.same + change.count, found.decisions);
    assert_eq!(found.without_inputs, 0);

    // What was decided before the time is left out, also where it is kept with what came after.
    search(&mut nurse).await.expect(200);
    hospital.clock.advance(10_000);
    let later = hospital.clock.now_ms();
    search(&mut nurse).await.expect(200);
    let since = async |by: &mut Device, since: u64| -> u64 {
        let files = with("messaging.cedar", NO_SEARCH);
        let body = json!({ "files": files, "since": since });
        let answer = by.post("/v1/policies/replay", &body).await.expect(200);
        let replay: PolicyReplay = answer.json();
        replay.changes.iter().map(|change| change.count).sum()
    };
    until("the later ones are kept", async || {
        (since(&mut first, start).await == 6).then_some(())
    })
    .await;
    assert_eq!(since(&mut first, later).await, 1);

    // What ships changes nothing of what was decided by it.
    let same = replay(&mut first, with("messaging.cedar", "")).await;
    assert!(same.changes.is_empty(), "{:?}", same.changes);
    assert!(same.decisions >= found.decisions);
    let body = json!({ "files": with("messaging.cedar", ""), "since": start });
    nurse
        .post("/v1/policies/replay", &body)
        .await
        .refused(403, "denied");
}

story!(who_can_do_what_is_answered_for_the_people_there_are);
async fn who_can_do_what_is_answered_for_the_people_there_are(engine: Engine) {
    let House {
        hospital: _hospital,
        mut first,
        mut second,
        nurse,
    } = House::open(engine).await;
    let body = json!({ "action": "policy.approve" });
    let answer = first.post("/v1/policies/who-can", &body).await;
    let found: WhoCan = answer.expect(200).json();
    assert!(
        found
            .actions
            .iter()
            .any(|action| action.name == "audit.read")
    );
    let answer_of = |found: &WhoCan, device: &Device| {
        let person = found.people.iter().find(|p| p.user.id == device.user());
        person.unwrap().answer.clone()
    };
    assert_eq!(answer_of(&found, &second), "step_up");
    assert_eq!(answer_of(&found, &nurse), "deny");
    let body = json!({
        "action": "people.search", "files": with("messaging.cedar", NO_SEARCH),
    });
    let answer = second.post("/v1/policies/who-can", &body).await;
    let found: WhoCan = answer.expect(200).json();
    assert!(found.people.iter().all(|person| person.answer == "deny"));
    let body = json!({ "action": "people.fire" });
    let answer = second.post("/v1/policies/who-can", &body).await;
    answer.refused(400, "invalid-body");
}
