//! The demo hospital: everyone in `ready` can use everything at once.

use std::collections::BTreeMap;

use wardline_model::wire::directory::{Me, PatientList, PeopleList, RoleList};
use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::posture::Assessment;

use crate::support::{Engine, Hospital, story, until};

story!(the_demo_is_ready_for_everyone_it_names);
async fn the_demo_is_ready_for_everyone_it_names(engine: Engine) {
    let hospital = Box::pin(Hospital::demo(engine)).await;
    let ready = hospital.ready.as_ref().unwrap();
    assert!(ready.people.len() >= 20, "{}", ready.people.len());
    assert!(ready.url.starts_with("http://localhost:"));
    assert!(ready.https.starts_with("https://localhost:"));
    assert!(ready.ca.exists());
    assert!(
        ready
            .people
            .iter()
            .all(|person| person.enroll_code.is_some())
    );

    let mut officer = hospital.officer().await;
    let nurse = ready
        .people
        .iter()
        .find(|person| person.role.contains("urse"))
        .unwrap();
    let mut phone = hospital.phone_of(&mut officer, &nurse.user).await;
    let me: Me = phone.device.get("/v1/me").await.expect(200).json();
    assert!(me.on_shift);
    let people: PeopleList = phone.device.get("/v1/people?q=").await.expect(200).json();
    assert!(people.people.len() >= 30);
    let roles: RoleList = phone.device.get("/v1/roles").await.expect(200).json();
    assert!(!roles.roles.is_empty());
    assert!(roles.roles.iter().all(|role| role.holder.is_some()));
    // Patients are found by the beginning of a name, and by their number.
    let body = serde_json::json!({ "q": "ma" });
    let found: PatientList = phone
        .device
        .post("/v1/patients/search", &body)
        .await
        .expect(200)
        .json();
    let patient = found.patients.first().unwrap();
    let body = serde_json::json!({ "q": patient.mrn });
    let by_number: PatientList = phone
        .device
        .post("/v1/patients/search", &body)
        .await
        .expect(200)
        .json();
    assert_eq!(by_number.patients.first().unwrap().id, patient.id);
    // An officer is no clinician.
    officer
        .post("/v1/patients/search", &body)
        .await
        .refused(403, "denied");
}

const DAY: u64 = 24 * 60 * 60 * 1000;

/// How each device of the fleet to look at stands, by its name, once all were looked at.
async fn fleet(hospital: &Hospital) -> BTreeMap<String, (DeviceState, Option<Assessment>)> {
    let (store, _) = hospital.seize();
    until("a look at the fleet", async || {
        let devices = store.read().await.unwrap().all_devices().await.unwrap();
        let looked_at = |device: &wardline_store::Device| device.assessment.is_some();
        let mut in_use = devices.iter().filter(|device| !device.state.is_out());
        in_use.all(looked_at).then(|| {
            let stands = devices.into_iter().map(|device| {
                let stands = device.assessment.as_deref().map(serde_json::from_str);
                let stands = stands.transpose().unwrap();
                (device.name, (device.state, stands))
            });
            stands.collect()
        })
    })
    .await
}

fn states(
    fleet: &BTreeMap<String, (DeviceState, Option<Assessment>)>,
) -> BTreeMap<&str, DeviceState> {
    let states = fleet.iter().map(|(name, (state, _))| (&**name, *state));
    states.collect()
}

story!(the_demos_fleet_is_as_it_was_made_however_old_the_demo_is);
async fn the_demos_fleet_is_as_it_was_made_however_old_the_demo_is(engine: Engine) {
    let mut hospital = Box::pin(Hospital::demo(engine)).await;
    let first = fleet(&hospital).await;
    let told = states(&first);
    for (name, state) in [
        ("iPhone 16", DeviceState::Active),
        ("Ward 3 tablet", DeviceState::Active),
        ("Pharmacy desk 2", DeviceState::Active),
        ("iPhone 15", DeviceState::Grace),
        ("Pixel 7a", DeviceState::Quarantined),
        ("Galaxy A54, left in a taxi", DeviceState::Lost),
        ("Pixel 6", DeviceState::Wiped),
        ("iPhone 11", DeviceState::Retired),
    ] {
        assert_eq!(told.get(name), Some(&state), "{name}");
    }
    // The day of an exploited vulnerability is nearer than that of the update.
    let stands = first["iPhone 15"].1.as_ref().unwrap();
    let patched = stands.findings.iter().find(|f| f.rule == "patched");
    let reason = &patched.unwrap().reason;
    assert!(reason.contains("-9999001"), "{reason}");
    let left = stands.deadline.unwrap() - hospital.clock.now_ms();
    assert!((2 * DAY..5 * DAY).contains(&left), "{left}");

    // What went out of use stands in the log, once.
    let ended = async |hospital: &Hospital| {
        let mut times = Vec::new();
        for kind in ["device.lost", "device.wiped", "device.revoked"] {
            let events = hospital.events(kind).await;
            assert!(events.iter().all(|event| event.detail["made_up"] == true));
            times.push(events.len());
        }
        times
    };
    assert_eq!(ended(&hospital).await, [2, 1, 1]);

    for days in [8, 40] {
        hospital.clock.advance(days * DAY);
        hospital.restart_demo().await;
        let later = fleet(&hospital).await;
        assert_eq!(states(&later), told, "{days} days later");
    }
    assert_eq!(ended(&hospital).await, [2, 1, 1]);
}
