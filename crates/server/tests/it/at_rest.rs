//! What lies in PostgreSQL's files, its write-ahead log included: no message, nobody's patient.
//! The embedded database and everything else that the binary writes are searched in
//! `crates/wardline/tests/it/at_rest.rs`.

use std::path::PathBuf;

use serde_json::json;
use wardline_model::wire::directory::{PatientBanner, PatientList};

use crate::postgres::Server;
use crate::search::{Found, Search};
use crate::support::{Engine, Hospital};

const FIRST: &str = "Zinnober: potassium 6.8 in 4 West, see her ECG";
const ANSWER: &str = "Karmesin: calcium gluconate is running now";

#[tokio::test]
async fn postgresql_holds_no_message_and_no_patient() {
    let hospital = Hospital::demo(Engine::Postgres).await;
    let mut officer = hospital.officer().await;
    let ready = hospital.ready.as_ref().unwrap();
    let nurses: Vec<_> = ready
        .people
        .iter()
        .filter(|person| person.role.contains("urse"))
        .collect();
    let mut amara = hospital.phone_of(&mut officer, &nurses[0].user).await;
    let mut ben = hospital.phone_of(&mut officer, &nurses[1].user).await;

    let body = json!({ "q": "" });
    let own: PatientList = amara
        .device
        .post("/v1/patients/search", &body)
        .await
        .expect(200)
        .json();
    let patient = own.patients.first().unwrap();
    let body = json!({ "q": patient.name });
    amara
        .device
        .post("/v1/patients/search", &body)
        .await
        .expect(200);
    let path = format!("/v1/patients/{}", patient.id);
    amara.device.get(&path).await.expect(200);
    let create = amara.prepare(&[ben.user()], Some(&patient.id)).await;
    amara.device.post("/v1/groups", &create).await.expect(201);
    let group = create.group_id;
    amara.groups.merge_own(&mut amara.vault, group).unwrap();
    ben.join().await;
    amara.say(group, FIRST).await.expect(201);
    assert_eq!(ben.catch_up(group, 1).await, [FIRST]);
    ben.say(group, ANSWER).await.expect(201);

    let server = Server::shared();
    // Everything to the disk, not only to the write-ahead log.
    server.sql("CHECKPOINT");
    let data = PathBuf::from(server.sql("SHOW data_directory"));
    let mut texts: Vec<String> = own.patients.iter().flat_map(words).collect();
    texts.extend([FIRST, ANSWER, "Zinnober", "Karmesin"].map(str::to_owned));
    texts.extend(["\"resourceType\"", "\"birthDate\":", "\"birth_date\":"].map(str::to_owned));
    for person in [nurses[0], nurses[1]] {
        let code = person.enroll_code.as_ref().unwrap();
        texts.push(code[5..].to_owned());
        texts.push(code.replace('-', "")[4..].to_owned());
    }
    let mut found = Found::new();
    let searched = Search::of(texts).folder(&data, &mut found);
    assert!(searched > 10_000_000, "{searched} bytes");
    assert!(found.is_empty(), "{found:#?}");

    // The search finds what SECURITY.md says is in the clear.
    let mut found = Found::new();
    Search::of([nurses[0].name.as_str()]).folder(&data, &mut found);
    let places: Vec<&String> = found.values().flatten().collect();
    for part in ["/base/", "/pg_wal/"] {
        assert!(
            places.iter().any(|place| place.contains(part)),
            "{part}: {places:?}"
        );
    }
}

/// What must not be found of a patient.
fn words(patient: &PatientBanner) -> Vec<String> {
    let mut texts = vec![patient.name.clone(), patient.name.to_lowercase()];
    texts.extend(patient.mrn.clone());
    texts.extend(patient.allergies.iter().map(|a| a.substance.clone()));
    texts.retain(|text| text.len() >= 6);
    texts
}
