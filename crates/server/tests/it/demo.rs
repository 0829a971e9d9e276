//! The demo hospital: everyone in `ready` can use everything at once.

use wardline_model::wire::directory::{Me, PatientList, PeopleList, RoleList};

use crate::support::{Engine, Hospital, story};

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
