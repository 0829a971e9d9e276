//! Who is on call: imported, changed, swapped with consent, and told as it changes.

use std::fmt::Write as _;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wardline_audit::event::Outcome;
use wardline_model::UserId;
use wardline_model::wire::directory::RoleList;
use wardline_model::wire::schedules::{ScheduleImported, Schedules, SwapInfo, SwapState};
use wardline_model::wire::socket::ServerFrame;

use crate::support::managed::{colleague_called, phone_of};
use crate::support::socket::Socket;
use crate::support::{Answer, Device, Engine, Hospital, story};

const HOUR: u64 = 60 * 60 * 1000;
const ROLE: &str = "records-on-call";

/// An officer who may change schedules, and two colleagues of the officer's department.
struct House {
    hospital: Hospital,
    officer: Device,
    ada: Device,
    ben: Device,
    /// The beginning of the first turn: an hour ago, to the second.
    start: u64,
}

impl House {
    async fn open(engine: Engine) -> Self {
        let hospital = Hospital::new(engine).await;
        let mut officer = hospital.officer().await;
        let user = colleague_called(&hospital, &officer, "ada.okafor", "security_officer").await;
        let ada = phone_of(&hospital, &mut officer, user).await;
        let user = colleague_called(&hospital, &officer, "ben.chen", "nurse").await;
        let ben = phone_of(&hospital, &mut officer, user).await;
        let start = (hospital.clock.now_ms() - HOUR) / 1000 * 1000;
        Self {
            hospital,
            officer,
            ada,
            ben,
            start,
        }
    }

    /// The same with Ada on call until in three hours, and Ben for the twelve after.
    async fn on_call(engine: Engine) -> Self {
        let mut house = Self::open(engine).await;
        let turns = [(0, 4, "ada.okafor"), (4, 16, "ben.chen")];
        let text = house.csv(ROLE, "Administration", &turns);
        house.import("csv", &text, false).await.expect(200);
        house
    }

    fn at(&self, hours: u64) -> u64 {
        self.start + hours * HOUR
    }

    /// Turns by hours from the start.
    fn csv(&self, role: &str, department: &str, turns: &[(u64, u64, &str)]) -> String {
        let mut text = "role,title,department,from,until,username\n".to_owned();
        for (from, until, who) in turns {
            let (from, until) = (iso(self.at(*from)), iso(self.at(*until)));
            writeln!(
                text,
                "{role},Records on call,{department},{from},{until},{who}"
            )
            .unwrap();
        }
        text
    }

    /// Ada brings a file in.
    async fn import(&mut self, format: &str, text: &str, dry_run: bool) -> Answer {
        let body = json!({ "format": format, "text": text, "dry_run": dry_run });
        self.ada.step_up().await;
        self.ada.post("/v1/schedules/import", &body).await
    }

    async fn holder(&mut self) -> Option<UserId> {
        let roles: RoleList = self.ben.get("/v1/roles").await.expect(200).json();
        let role = roles
            .roles
            .into_iter()
            .find(|role| role.slug.as_str() == ROLE);
        role.and_then(|role| role.holder).map(|person| person.id)
    }

    /// Ada asks somebody to take over the turn that runs.
    async fn ask(&mut self, whom: UserId) -> Answer {
        let body = json!({ "role": ROLE, "from": self.start, "asked_of": whom });
        self.ada.post("/v1/swaps", &body).await
    }
}

fn iso(at_ms: u64) -> String {
    let nanos = i128::from(at_ms) * 1_000_000;
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
    at.format(&Rfc3339).unwrap()
}

async fn answer(by: &mut Device, swap: &SwapInfo, what: &str) -> Answer {
    let path = format!("/v1/swaps/{}/{what}", swap.id);
    by.post(&path, &json!({})).await
}

/// The next time that the socket says who is on call changed.
async fn told(socket: &mut Socket) {
    while socket.next().await.unwrap() != ServerFrame::Roles {}
}

story!(a_schedule_from_csv_is_seen_before_it_is_taken_and_says_who_is_on_call);
async fn a_schedule_from_csv_is_seen_before_it_is_taken_and_says_who_is_on_call(engine: Engine) {
    let mut house = House::open(engine).await;
    let turns = [(0, 4, "ada.okafor"), (6, 16, "BEN.CHEN")];
    let text = house.csv(ROLE, "Administration", &turns);
    let seen: ScheduleImported = house.import("csv", &text, true).await.expect(200).json();
    assert!(!seen.applied && !seen.stopped);
    assert_eq!((seen.added, seen.removed, seen.changed), (2, 0, 0));
    let kinds: Vec<&str> = seen
        .findings
        .iter()
        .map(|found| found.kind.as_str())
        .collect();
    assert_eq!(kinds, ["new_role", "gap"]);
    assert_eq!(house.holder().await, None);

    let done: ScheduleImported = house.import("csv", &text, false).await.expect(200).json();
    assert!(done.applied);
    assert_eq!(house.holder().await, Some(house.ada.user()));
    let again: ScheduleImported = house.import("csv", &text, false).await.expect(200).json();
    assert_eq!((again.added, again.removed, again.changed), (0, 0, 0));

    let path = format!("/v1/schedules?from={}&until={}", house.at(0), house.at(24));
    let shown: Schedules = house.ben.get(&path).await.expect(200).json();
    let who: Vec<(u64, UserId)> = shown.roles[0]
        .turns
        .iter()
        .map(|turn| (turn.from, turn.user.id))
        .collect();
    assert_eq!(
        who,
        [
            (house.at(0), house.ada.user()),
            (house.at(6), house.ben.user())
        ]
    );
    let imported = house.hospital.events("schedule.imported").await;
    assert_eq!(imported.len(), 2);
    assert_eq!(imported[0].actor.user, Some(house.ada.user()));
    assert_eq!(imported[0].detail["added"], 2);
    assert_eq!(house.hospital.events("schedule.tried").await.len(), 1);
}

story!(a_calendar_replaces_the_turns_of_its_role_within_its_time);
async fn a_calendar_replaces_the_turns_of_its_role_within_its_time(engine: Engine) {
    let mut house = House::on_call(engine).await;
    let utc = |at_ms: u64| iso(at_ms).replace(['-', ':'], "");
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:{}\r\nDTEND:{}\r\n\
         CATEGORIES:Records on call\r\nATTENDEE:mailto:ben.chen@hospital.ex\r\n ample\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n",
        utc(house.at(2)),
        utc(house.at(8)),
    );
    let (from, until) = (house.at(2), house.at(8));
    house.ada.step_up().await;
    let body = json!({
        "format": "icalendar", "text": text, "from": from, "until": until, "dry_run": false,
    });
    let answer = house.ada.post("/v1/schedules/import", &body).await;
    let done: ScheduleImported = answer.expect(200).json();
    assert!(done.findings.is_empty());
    let path = format!("/v1/schedules?from={}&until={}", house.at(0), house.at(24));
    let shown: Schedules = house.ben.get(&path).await.expect(200).json();
    let who: Vec<(u64, u64, UserId)> = shown.roles[0]
        .turns
        .iter()
        .map(|turn| (turn.from, turn.until, turn.user.id))
        .collect();
    let (ada, ben) = (house.ada.user(), house.ben.user());
    assert_eq!(
        who,
        [
            (house.at(0), house.at(2), ada),
            (house.at(2), house.at(8), ben),
            (house.at(8), house.at(16), ben),
        ]
    );
}

story!(a_wrong_file_is_told_by_line_and_nothing_of_it_is_taken);
async fn a_wrong_file_is_told_by_line_and_nothing_of_it_is_taken(engine: Engine) {
    let mut house = House::open(engine).await;
    let right = house.csv(ROLE, "Administration", &[(0, 4, "ada.okafor")]);
    let wrong = format!("{right}{ROLE},Records on call,Administration,tomorrow,later,ben.chen\n");
    let refused = house.import("csv", &wrong, false).await;
    let refused = refused.refused(422, "import-refused");
    let reasons = refused.extensions["reasons"].as_array().unwrap().clone();
    assert_eq!(reasons.len(), 2);
    assert!(
        reasons[0]
            .as_str()
            .unwrap()
            .starts_with("line 3: from is a time")
    );

    // Well-formed, and of somebody whom nobody knows.
    let stranger = house.csv(
        ROLE,
        "Administration",
        &[(0, 4, "ada.okafor"), (4, 8, "zoe")],
    );
    let seen: ScheduleImported = house
        .import("csv", &stranger, true)
        .await
        .expect(200)
        .json();
    assert!(seen.stopped);
    let refused = house.import("csv", &stranger, false).await;
    let refused = refused.refused(422, "import-refused");
    assert_eq!(
        refused.extensions["reasons"],
        json!(["line 3: nobody signs in as \"zoe\"."])
    );
    for text in ["", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"] {
        house
            .import("icalendar", text, true)
            .await
            .refused(422, "import-refused");
    }
    assert_eq!(house.holder().await, None);
}

story!(schedules_are_changed_by_those_who_may_and_with_a_fresh_proof);
async fn schedules_are_changed_by_those_who_may_and_with_a_fresh_proof(engine: Engine) {
    let mut house = House::on_call(engine).await;
    let edit = json!({ "from": house.at(0), "until": house.at(3), "user_id": house.ben.user() });
    let path = format!("/v1/schedules/{ROLE}/turns");
    house.ben.step_up().await;
    let refused = house.ben.request("PUT", &path, Some(&edit)).await;
    refused.refused(403, "denied");
    let import = json!({ "format": "csv", "text": "", "dry_run": true });
    let refused = house.ben.post("/v1/schedules/import", &import).await;
    refused.refused(403, "denied");
    assert_eq!(house.holder().await, Some(house.ada.user()));

    house.hospital.clock.advance(HOUR / 2);
    house.ada.get("/v1/me").await.expect(200);
    let stale = house.ada.request("PUT", &path, Some(&edit)).await;
    stale.refused(401, "step-up-required");
    house.ada.step_up().await;
    let edited = house.ada.request("PUT", &path, Some(&edit)).await;
    edited.expect(200);
    assert_eq!(house.holder().await, Some(house.ben.user()));
    // Who was on call until then stays known, and so does who is after.
    let all = format!("/v1/schedules?from={}&until={}", house.at(0), house.at(24));
    let shown: Schedules = house.ada.get(&all).await.expect(200).json();
    assert_eq!(shown.roles[0].turns.len(), 4);
    assert_eq!(shown.roles[0].turns[0].user.id, house.ada.user());

    let unknown = house
        .ada
        .request("PUT", "/v1/schedules/nothing/turns", Some(&edit))
        .await;
    unknown.refused(404, "not-found");
    let past = json!({ "from": 0, "until": house.at(0), "user_id": null });
    let past = house.ada.request("PUT", &path, Some(&past)).await;
    past.refused(400, "invalid-body");
}

story!(a_swap_with_consent_changes_who_is_on_call);
async fn a_swap_with_consent_changes_who_is_on_call(engine: Engine) {
    let mut house = House::on_call(engine).await;
    let ben = house.ben.user();
    let mut socket = Socket::open(&mut house.ben).await;
    let swap: SwapInfo = house.ask(ben).await.expect(201).json();
    assert_eq!(swap.state, SwapState::Asked);
    told(&mut socket).await;
    house.ask(ben).await.refused(409, "swap-refused");
    let shown: Schedules = house.ben.get("/v1/schedules").await.expect(200).json();
    assert_eq!(shown.swaps, std::slice::from_ref(&swap));
    assert_eq!(house.holder().await, Some(house.ada.user()));

    let agreed: SwapInfo = answer(&mut house.ben, &swap, "agree")
        .await
        .expect(200)
        .json();
    assert_eq!(agreed.state, SwapState::Agreed);
    told(&mut socket).await;
    assert_eq!(house.holder().await, Some(ben));
    answer(&mut house.ben, &swap, "agree")
        .await
        .refused(409, "changed-meanwhile");
    let events = house.hospital.events("swap.agreed").await;
    let agreed = events.iter().find(|event| event.outcome == Outcome::Allow);
    let agreed = agreed.unwrap();
    assert_eq!(agreed.actor.user, Some(ben));
    assert_eq!(agreed.detail["asked_by"], house.ada.user().to_string());

    // The planner's file does not know of it: who imports it again is told before it is undone.
    let turns = [(0, 4, "ada.okafor"), (4, 16, "ben.chen")];
    let text = house.csv(ROLE, "Administration", &turns);
    let seen: ScheduleImported = house.import("csv", &text, true).await.expect(200).json();
    let undone = seen
        .findings
        .iter()
        .find(|found| found.kind == "undoes_swap");
    assert!(
        undone.is_some_and(|found| !found.stops),
        "{:?}",
        seen.findings
    );
    house.import("csv", &text, false).await.expect(200);
    assert_eq!(house.holder().await, Some(house.ada.user()));
    let events = house.hospital.events("schedule.imported").await;
    let roles = &events.last().unwrap().detail["roles"];
    assert_eq!(roles, &json!([ROLE]));
    // Who had it until now had it.
    let path = format!("/v1/schedules?from={}&until={}", house.at(0), house.at(16));
    let shown: Schedules = house.ben.get(&path).await.expect(200).json();
    let who: Vec<UserId> = shown.roles[0].turns.iter().map(|t| t.user.id).collect();
    let (ada, ben) = (house.ada.user(), house.ben.user());
    assert!(who.ends_with(&[ada, ben]) && who.len() >= 3, "{who:?}");
}

story!(a_swap_without_consent_changes_nothing);
async fn a_swap_without_consent_changes_nothing(engine: Engine) {
    let mut house = House::on_call(engine).await;
    let (ada, ben) = (house.ada.user(), house.ben.user());
    let swap: SwapInfo = house.ask(ben).await.expect(201).json();
    // Neither who asked nor anybody else agrees in Ben's place.
    let own = answer(&mut house.ada, &swap, "agree").await;
    assert_eq!(own.refused(403, "denied").extensions["reason"], "not_asked");
    answer(&mut house.officer, &swap, "agree")
        .await
        .refused(403, "denied");
    answer(&mut house.ben, &swap, "withdraw")
        .await
        .refused(403, "denied");
    assert_eq!(house.holder().await, Some(ada));
    let declined: SwapInfo = answer(&mut house.ben, &swap, "decline")
        .await
        .expect(200)
        .json();
    assert_eq!(declined.state, SwapState::Declined);
    answer(&mut house.ben, &swap, "agree")
        .await
        .refused(409, "changed-meanwhile");
    assert_eq!(house.holder().await, Some(ada));

    // Asked again, and taken back before there is an answer.
    let swap: SwapInfo = house.ask(ben).await.expect(201).json();
    answer(&mut house.ada, &swap, "withdraw").await.expect(200);
    answer(&mut house.ben, &swap, "agree")
        .await
        .refused(409, "changed-meanwhile");
    // A turn that was changed meanwhile is another turn.
    let swap: SwapInfo = house.ask(ben).await.expect(201).json();
    let text = house.csv(ROLE, "Administration", &[(0, 2, "ada.okafor")]);
    let body = json!({
        "format": "csv", "text": text, "from": house.at(0), "until": house.at(4), "dry_run": false,
    });
    house.ada.step_up().await;
    house
        .ada
        .post("/v1/schedules/import", &body)
        .await
        .expect(200);
    answer(&mut house.ben, &swap, "agree")
        .await
        .refused(409, "changed-meanwhile");
    let shown: Schedules = house.ben.get("/v1/schedules").await.expect(200).json();
    let state = shown
        .swaps
        .iter()
        .find(|one| one.id == swap.id)
        .unwrap()
        .state;
    assert_eq!(state, SwapState::Expired);
}

story!(only_who_is_qualified_and_free_takes_over_a_turn);
async fn only_who_is_qualified_and_free_takes_over_a_turn(engine: Engine) {
    let mut house = House::open(engine).await;
    let (ada, ben) = (house.ada.user(), house.ben.user());
    let text = house.csv(ROLE, "Cardiology", &[(0, 4, "ada.okafor")]);
    house.import("csv", &text, false).await.expect(200);
    let words = |answer: &Answer| {
        answer
            .refused(409, "swap-refused")
            .detail
            .unwrap_or_default()
    };
    // Another department, and never held.
    assert!(words(&house.ask(ben).await).contains("neither"));
    assert!(words(&house.ask(ada).await).contains("somebody else"));
    let theirs = json!({ "role": ROLE, "from": house.start, "asked_of": ada });
    let refused = house.ben.post("/v1/swaps", &theirs).await;
    assert!(words(&refused).contains("somebody else's"));
    let none = json!({ "role": ROLE, "from": 1, "asked_of": ben });
    house
        .ada
        .post("/v1/swaps", &none)
        .await
        .refused(404, "not-found");

    // Qualified by the department, and on call elsewhere at that time.
    let text = house.csv(ROLE, "Administration", &[(0, 4, "ada.okafor")]);
    house.import("csv", &text, false).await.expect(200);
    let other = house.csv("archive-on-call", "Administration", &[(1, 3, "ben.chen")]);
    house.import("csv", &other, false).await.expect(200);
    assert!(words(&house.ask(ben).await).contains("already"));
}

story!(a_hand_over_at_its_time_is_heard_by_open_apps);
async fn a_hand_over_at_its_time_is_heard_by_open_apps(engine: Engine) {
    let mut house = House::on_call(engine).await;
    let (ada, ben) = (house.ada.user(), house.ben.user());
    assert_eq!(house.holder().await, Some(ada));
    // To ten seconds before the hand-over, within the session's hour without use.
    for _ in 0..3 {
        let left = house.at(4) - house.hospital.clock.now_ms() - 10_000;
        house.hospital.clock.advance(left.min(HOUR * 9 / 10));
        house.ben.get("/v1/me").await.expect(200);
    }
    let mut socket = Socket::open(&mut house.ben).await;
    let left = house.at(4).saturating_sub(house.hospital.clock.now_ms());
    house.hospital.clock.advance(left + 1);
    told(&mut socket).await;
    assert_eq!(house.holder().await, Some(ben));
}

story!(a_bad_time_is_refused);
async fn a_bad_time_is_refused(engine: Engine) {
    let mut house = House::open(engine).await;
    for query in ["from=5&until=5", "from=0", "from=x"] {
        let path = format!("/v1/schedules?{query}");
        let status = house.ben.get(&path).await.status;
        let expected = if query == "from=0" { 200 } else { 400 };
        assert_eq!(status, expected, "{query}");
    }
    let far: Value = house
        .ben
        .get("/v1/schedules?from=0&until=99999999999999")
        .await
        .json();
    assert_eq!(far["status"], 400);
}
