//! Care teams as the hospital's records have them: brought by those who may, whole or not at all, and heard
//! of by members' apps also when somebody leaves.

use serde_json::json;
use wardline_client_native::NativeClient;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::socket::{ServerFrame, SocketTicket};
use wardline_model::wire::teams::{CareTeam, CareTeamMemberChangeKind, CareTeamsImported};
use wardline_model::{PatientId, UserId};

use crate::support::managed::{colleague_called, phone_of};
use crate::support::socket::Socket;
use crate::support::ward::{Ward, me};
use crate::support::{Answer, Device, Engine, Hospital, story};

const HOUR: u64 = 60 * 60 * 1000;
const PATH: &str = "/v1/care-teams/import";

/// A security officer and a nurse.
struct House {
    hospital: Hospital,
    ada: Device,
    ben: Device,
}

impl House {
    async fn open(engine: Engine) -> Self {
        let hospital = Hospital::new(engine).await;
        let mut officer = hospital.officer().await;
        let user = colleague_called(&hospital, &officer, "ada.okafor", "security_officer").await;
        let ada = phone_of(&hospital, &mut officer, user).await;
        let user = colleague_called(&hospital, &officer, "ben.chen", "nurse").await;
        let ben = phone_of(&hospital, &mut officer, user).await;
        colleague_called(&hospital, &officer, "zoe.hart", "nurse").await;
        Self { hospital, ada, ben }
    }

    /// Ada brings lines of a file in.
    async fn import(&mut self, rows: &str, dry_run: bool) -> Answer {
        self.ada.step_up().await;
        self.ada.post(PATH, &file(rows, dry_run)).await
    }

    async fn team(&self, patient: &str) -> Vec<UserId> {
        let (store, _) = self.hospital.seize();
        let mut tx = store.read().await.unwrap();
        tx.care_team(&patient.parse().unwrap()).await.unwrap()
    }

    async fn version(&self) -> u64 {
        let (store, _) = self.hospital.seize();
        let mut tx = store.read().await.unwrap();
        tx.care_teams_version().await.unwrap()
    }
}

fn file(rows: &str, dry_run: bool) -> serde_json::Value {
    json!({ "text": format!("patient_id,username\n{rows}"), "dry_run": dry_run })
}

story!(care_teams_are_seen_before_they_are_taken_and_people_come_off_them);
async fn care_teams_are_seen_before_they_are_taken_and_people_come_off_them(engine: Engine) {
    let mut house = House::open(engine).await;
    let rows = "p1,BEN.CHEN\np1,zoe.hart\np2,zoe.hart\n";
    let seen: CareTeamsImported = house.import(rows, true).await.expect(200).json();
    assert!(!seen.applied && !seen.stopped);
    assert_eq!((seen.patients, seen.changed), (2, 2));
    assert_eq!((seen.added, seen.removed), (3, 0));
    // Neither has a record here, which is said and stops nothing.
    let kinds: Vec<(&str, u64)> = seen
        .findings
        .iter()
        .map(|found| (found.kind.as_str(), found.line))
        .collect();
    assert_eq!(kinds, [("unknown_patient", 2), ("unknown_patient", 4)]);
    assert!(house.team("p1").await.is_empty());
    let before = house.version().await;

    let done: CareTeamsImported = house.import(rows, false).await.expect(200).json();
    assert!(done.applied);
    let ben = house.ben.user();
    assert!(house.team("p1").await.contains(&ben));
    assert_eq!(house.team("p1").await.len(), 2);
    assert_eq!(house.version().await, before + 2);
    // The same again changes nothing, and wakes nobody.
    let again: CareTeamsImported = house.import(rows, false).await.expect(200).json();
    assert_eq!((again.changed, again.added, again.removed), (0, 0, 0));
    assert_eq!(house.version().await, before + 2);

    // Who is named no more is off; whom the file does not name keeps theirs.
    let fewer: CareTeamsImported = house
        .import("p1,zoe.hart\n", false)
        .await
        .expect(200)
        .json();
    assert_eq!((fewer.changed, fewer.added, fewer.removed), (1, 0, 1));
    assert_eq!(fewer.changes[0].kind, CareTeamMemberChangeKind::Removed);
    assert_eq!(fewer.changes[0].patient.as_str(), "p1");
    assert!(!house.team("p1").await.contains(&ben));
    assert_eq!(house.team("p2").await.len(), 1);
    assert_eq!(house.version().await, before + 3);
    house.import("p1,\n", false).await.expect(200);
    assert!(house.team("p1").await.is_empty());

    // One event for each patient whose team changed, with ids only, and one for each import.
    let changed = house.hospital.events("care_team.changed").await;
    let about: Vec<&str> = changed.iter().map(|e| e.resource.as_str()).collect();
    assert_eq!(
        about,
        ["patient/p1", "patient/p2", "patient/p1", "patient/p1"]
    );
    assert_eq!(changed[2].detail["removed"], json!([ben]));
    assert_eq!(changed[2].detail["added"], json!([]));
    assert_eq!(changed[2].actor.user, Some(house.ada.user()));
    let imported = house.hospital.events("care_team.imported").await;
    assert_eq!(imported.len(), 4);
    assert_eq!(imported[0].detail["added"], 3);
    assert!(!format!("{changed:?}{imported:?}").contains("zoe.hart"));
    assert_eq!(house.hospital.events("care_team.tried").await.len(), 1);
}

story!(wrong_care_teams_are_told_by_line_and_nothing_of_them_is_taken);
async fn wrong_care_teams_are_told_by_line_and_nothing_of_them_is_taken(engine: Engine) {
    let mut house = House::open(engine).await;
    house.import("p1,ben.chen\n", false).await.expect(200);
    let before = house.version().await;
    let wrong = "p1,zoe.hart\nJane Doe,ben.chen\np2,zoe.hart\np2,Zoe.Hart\n";
    for dry_run in [true, false] {
        let refused = house.import(wrong, dry_run).await;
        let refused = refused.refused(422, "import-refused");
        let reasons = refused.extensions["reasons"].as_array().unwrap().clone();
        assert_eq!(reasons.len(), 2);
        let first = reasons[0].as_str().unwrap();
        assert!(first.starts_with("line 3: patient_id is"), "{first}");
        assert!(!first.contains("Jane"), "{first}");
        assert_eq!(reasons[1], "line 5: it says the same as line 4.");
    }

    // Well-formed, and of somebody whom nobody knows.
    let stranger = "p1,zoe.hart\np2,nobody.here\n";
    let seen: CareTeamsImported = house.import(stranger, true).await.expect(200).json();
    assert!(seen.stopped && !seen.applied);
    assert_eq!(seen.findings[0].kind, "unknown_person");
    let refused = house.import(stranger, false).await;
    let refused = refused.refused(422, "import-refused");
    assert_eq!(
        refused.extensions["reasons"],
        json!(["line 3: nobody in use has this sign-in name."])
    );
    let many = "p1,zoe.hart\n".repeat(5_001);
    let refused = house.import(&many, false).await;
    refused.refused(422, "import-refused");

    assert_eq!(house.team("p1").await, [house.ben.user()]);
    assert!(house.team("p2").await.is_empty());
    assert_eq!(house.version().await, before);
    assert_eq!(house.hospital.events("care_team.changed").await.len(), 1);
}

story!(care_teams_are_brought_by_those_who_may_with_a_fresh_proof_and_never_for_oneself);
async fn care_teams_are_brought_by_those_who_may_with_a_fresh_proof_and_never_for_oneself(
    engine: Engine,
) {
    let mut house = House::open(engine).await;
    let rows = "p1,zoe.hart\n";
    house.ben.step_up().await;
    for dry_run in [true, false] {
        let refused = house.ben.post(PATH, &file(rows, dry_run)).await;
        refused.refused(403, "denied");
    }
    house.hospital.clock.advance(HOUR / 2);
    house.ada.get("/v1/me").await.expect(200);
    let stale = house.ada.post(PATH, &file(rows, false)).await;
    stale.refused(401, "step-up-required");
    assert!(house.team("p1").await.is_empty());

    // To be on a team opens the chart: whoever brings teams does not let themselves in.
    let own = "p1,zoe.hart\np1,Ada.Okafor\n";
    let seen: CareTeamsImported = house.import(own, true).await.expect(200).json();
    assert!(seen.stopped);
    let first = &seen.findings[0];
    assert_eq!((first.kind.as_str(), first.line), ("oneself", 3));
    let refused = house.import(own, false).await;
    refused.refused(422, "import-refused");
    assert!(house.team("p1").await.is_empty());
    // Whom somebody else put there stays there by a file that says so, and may go.
    let ada = house.ada.user();
    let patient: PatientId = "p1".parse().unwrap();
    let (store, _) = house.hospital.seize();
    let mut tx = store.write().await.unwrap();
    tx.put_care_team(&patient, ada).await.unwrap();
    tx.commit().await.unwrap();
    house.import(own, false).await.expect(200);
    assert!(house.team("p1").await.contains(&ada));
    house.import(rows, false).await.expect(200);
    assert!(!house.team("p1").await.contains(&ada));
}

story!(whoever_leaves_a_care_team_is_heard_of_in_its_conversation_and_stays_until_taken_out);
async fn whoever_leaves_a_care_team_is_heard_of_in_its_conversation_and_stays_until_taken_out(
    engine: Engine,
) {
    Box::pin(leaves(engine)).await;
}

async fn team(client: &mut NativeClient, patient: &PatientId) -> CareTeam {
    let path = format!("/v1/patients/{patient}/team");
    let team = client.raw("GET", &path, None).await.unwrap();
    serde_json::from_slice(&team).unwrap()
}

async fn brings(client: &mut NativeClient, rows: &str) -> CareTeamsImported {
    let body = serde_json::to_vec(&file(rows, false)).unwrap();
    let done = client.raw("POST", PATH, Some(body)).await.unwrap();
    serde_json::from_slice(&done).unwrap()
}

async fn leaves(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut rahul = ward.person("rahul.menon").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let (store, _) = ward.hospital.seize();
    let mut tx = store.read().await.unwrap();
    let patient = tx.patients_of(me(&amara)).await.unwrap().remove(0);
    drop(tx);
    brings(
        &mut viktor,
        &format!("{patient},amara.osei\n{patient},rahul.menon\n"),
    )
    .await;
    let on_it = |team: &CareTeam, who: UserId| team.people.iter().any(|p| p.id == who);
    assert!(on_it(&team(&mut amara, &patient).await, me(&rahul)));
    let users = [me(&rahul)];
    let group = amara.start_team(GroupKind::Team, &users, None, Some(patient.clone()));
    let group = group.await.unwrap();
    rahul.sync().await.unwrap();
    let made = amara.raw("POST", "/v1/socket-tickets", Some(b"{}".to_vec()));
    let made: SocketTicket = serde_json::from_slice(&made.await.unwrap()).unwrap();
    let mut socket = Socket::with_ticket(&ward.hospital.url, &made.ticket).await;
    assert_eq!(socket.next().await, Some(ServerFrame::Ready));

    let done = brings(&mut viktor, &format!("{patient},amara.osei\n")).await;
    assert_eq!((done.added, done.removed), (0, 1));
    while socket.next().await.unwrap() != (ServerFrame::CareTeam { group }) {}
    assert!(!on_it(&team(&mut amara, &patient).await, me(&rahul)));
    // Nobody is taken out by that: a member does it.
    amara.sync().await.unwrap();
    let shown = amara.conversations().unwrap();
    let shown = shown.iter().find(|each| each.id == group).unwrap();
    assert!(shown.members.iter().any(|m| m.user.id == me(&rahul)));
}
