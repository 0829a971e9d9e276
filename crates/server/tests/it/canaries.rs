//! Canaries: synthetic charts whose touch privacy officers hear of.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use wardline_audit::event::Outcome;
use wardline_model::wire::directory::{PatientBanner, PatientList};
use wardline_model::wire::looks::{
    CanaryInfo, CanaryList, LookInfo, LookList, LookOutcome, LookWay,
};
use wardline_model::wire::risk::RiskOverview;
use wardline_model::wire::socket::ServerFrame;

use crate::hl7::{Sender, adt};
use crate::support::socket::Socket;
use crate::support::{Answer, Device, Engine, Hospital, story, until};

const REASON: &str = "Collapsed in the corridor outside our ward";
const NUMBER: &str = "SB-990017";

fn new(ward: &str) -> Value {
    json!({ "new": {
        "given": "Helen", "family": "Zabriskie", "sex": "female", "mrn": NUMBER, "ward": ward,
    } })
}

async fn search(by: &mut Device, q: &str) -> Vec<PatientBanner> {
    let answer = by.post("/v1/patients/search", &json!({ "q": q })).await;
    answer.expect(200).json::<PatientList>().patients
}

async fn looks(by: &mut Device, query: &str) -> LookList {
    by.get(&format!("/v1/looks{query}"))
        .await
        .expect(200)
        .json()
}

async fn break_glass(by: &mut Device, patient: &str) -> Answer {
    by.step_up_for(&["break_the_glass"]).await;
    let body = json!({ "purpose": "BTG", "reason": REASON });
    by.post(&format!("/v1/patients/{patient}/break-the-glass"), &body)
        .await
}

/// The names of all that an answer has, however deep.
fn names(of: &Value, into: &mut BTreeSet<String>) {
    match of {
        Value::Object(object) => {
            for (name, value) in object {
                into.insert(name.clone());
                names(value, into);
            }
        }
        Value::Array(all) => all.iter().for_each(|it| names(it, into)),
        _ => {}
    }
}

struct House {
    hospital: Hospital,
    officer: Device,
    privacy: Device,
    /// A nurse whom nothing binds to the canary.
    mary: Device,
    canary: CanaryInfo,
}

impl House {
    async fn open(engine: Engine) -> Self {
        let hospital = Hospital::demo(engine).await;
        let mut officer = hospital.officer().await;
        let mut privacy = hospital
            .phone_of(&mut officer, "margaret.sloane")
            .await
            .device;
        let mut mary = hospital.phone_of(&mut officer, "mary.nakato").await.device;
        let list: CanaryList = privacy.get("/v1/canaries").await.expect(200).json();
        assert!(list.canaries.is_empty());
        // Whoever works on a ward has a reason there.
        let own = search(&mut mary, "").await;
        let is_own = |ward: &&String| {
            own.iter().any(|patient| {
                let place = patient.location.as_deref();
                place.is_some_and(|place| place.starts_with(ward.as_str()))
            })
        };
        let ward = list.wards.iter().find(|ward| !is_own(ward));
        let ward = ward.expect("a ward that is not hers").clone();
        let made = privacy.post("/v1/canaries", &new(&ward)).await;
        let canary: CanaryInfo = made.expect(201).json();
        assert_eq!(canary.ward.as_deref(), Some(ward.as_str()));
        Self {
            hospital,
            officer,
            privacy,
            mary,
            canary,
        }
    }
}

story!(whoever_opens_a_canary_is_noticed_and_sees_nothing_of_it);
async fn whoever_opens_a_canary_is_noticed_and_sees_nothing_of_it(engine: Engine) {
    let House {
        hospital,
        mut officer,
        mut privacy,
        mut mary,
        canary,
    } = House::open(engine).await;
    let mut socket = Socket::open(&mut privacy).await;
    // It is found as everybody is, and that alone is no look.
    let found = search(&mut mary, "zabriskie").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, canary.patient_id);
    assert_eq!(found[0].mrn.as_deref(), Some(NUMBER));
    assert_eq!(search(&mut mary, NUMBER).await.len(), 1);
    assert!(looks(&mut privacy, "").await.looks.is_empty());

    // It is refused as everybody's is.
    let path = format!("/v1/patients/{}/chart", canary.patient_id);
    let refused = mary.get(&path).await.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "no_basis");
    let noted = until("the refusal to be noted", async || {
        let list = looks(&mut privacy, "").await;
        (!list.looks.is_empty()).then_some(list)
    })
    .await;
    assert_eq!(noted.looks[0].ways, [LookWay::Refused]);
    while socket.next().await.unwrap() != ServerFrame::Looks {}
    assert!(mary.get("/v1/me").await.expect(200).json::<Value>()["asks"].is_null());

    // With the glass broken it opens, and says what any chart says.
    break_glass(&mut mary, canary.patient_id.as_str())
        .await
        .expect(201);
    let chart: Value = mary.get(&path).await.expect(200).json();
    let fhir: Value = mary
        .get(&format!("/fhir/R4/Patient/{}", canary.patient_id))
        .await
        .expect(200)
        .json();
    let list = looks(&mut privacy, "").await;
    assert_eq!((list.looks.len(), list.waiting), (1, 1));
    let look = &list.looks[0];
    assert!(look.canary);
    assert_eq!(look.user.id, mary.user());
    assert_eq!(look.times, 4);
    assert_eq!(
        look.ways,
        [LookWay::Opened, LookWay::BrokeTheGlass, LookWay::Refused]
    );
    assert_eq!(look.patient_name.as_deref(), Some(canary.name.as_str()));

    // Nothing that she was answered is other than of another patient.
    let mut amara = hospital.phone_of(&mut officer, "amara.osei").await.device;
    let own = search(&mut amara, "").await;
    let (mut of_canary, mut of_others) = (BTreeSet::new(), BTreeSet::new());
    names(&chart, &mut of_canary);
    names(&fhir, &mut of_canary);
    for patient in &own {
        let path = format!("/v1/patients/{}/chart", patient.id);
        names(&amara.get(&path).await.expect(200).json(), &mut of_others);
        let path = format!("/fhir/R4/Patient/{}", patient.id);
        names(&amara.get(&path).await.expect(200).json(), &mut of_others);
    }
    // And of one that she breaks the glass of as well.
    let marys = search(&mut mary, "").await;
    let other = own
        .iter()
        .find(|patient| marys.iter().all(|it| it.id != patient.id));
    let other = &other.expect("somebody else's patient").id;
    break_glass(&mut mary, other.as_str()).await.expect(201);
    let path = format!("/v1/patients/{other}/chart");
    names(&mary.get(&path).await.expect(200).json(), &mut of_others);
    let more: Vec<&String> = of_canary.difference(&of_others).collect();
    assert!(more.is_empty(), "{more:?}");
    for answer in [chart.to_string(), fhir.to_string()] {
        assert!(!answer.to_lowercase().contains("canar"), "{answer}");
    }

    // The log tells of looks, and not which charts are canaries.
    let mut noticed = hospital.events("look.noticed").await;
    noticed.retain(|event| event.resource == format!("look/{}", look.id));
    assert_eq!(noticed.len(), 3);
    for event in &noticed {
        assert_eq!(event.actor.user, Some(mary.user()));
        let text = serde_json::to_string(event).unwrap();
        assert!(!text.contains(canary.patient_id.as_str()), "{text}");
        assert!(!text.contains("canar"), "{text}");
    }
    let made = serde_json::to_string(&hospital.events("canary.made").await).unwrap();
    assert!(!made.contains(canary.patient_id.as_str()));
    assert!(!made.contains("Zabriskie"));

    // Who holds her phone is asked, in words that say nothing of canaries.
    let security = hospital.phone_of(&mut officer, "viktor.lindgren").await;
    let mut security = security.device;
    let seen: RiskOverview = security.get("/v1/risk").await.expect(200).json();
    let session = seen
        .sign_ins
        .iter()
        .find(|it| it.user.as_ref().is_some_and(|user| user.id == mary.user()));
    let reasons: Vec<&str> = session
        .expect("her session")
        .reasons
        .iter()
        .map(|why| why.name.as_str())
        .collect();
    assert!(reasons.contains(&"unexplained_chart"), "{reasons:?}");
    let list: CanaryList = privacy.get("/v1/canaries").await.expect(200).json();
    assert_eq!(list.canaries[0].looks, 1);
}

story!(a_search_in_records_that_shows_something_of_a_canary_is_a_look);
async fn a_search_in_records_that_shows_something_of_a_canary_is_a_look(engine: Engine) {
    let House {
        hospital: _hospital,
        mut privacy,
        mut mary,
        canary,
        ..
    } = House::open(engine).await;
    break_glass(&mut mary, canary.patient_id.as_str())
        .await
        .expect(201);
    let before = looks(&mut privacy, "?canaries=true").await.looks[0].times;
    // Among those of her own patients.
    mary.get("/fhir/R4/Patient?_count=100").await.expect(200);
    let look = looks(&mut privacy, "?canaries=true").await.looks.remove(0);
    assert_eq!(look.times, before + 1);
    assert!(look.ways.contains(&LookWay::Opened));
}

story!(canaries_are_known_to_privacy_officers_alone);
async fn canaries_are_known_to_privacy_officers_alone(engine: Engine) {
    let House {
        hospital: _hospital,
        mut officer,
        mut privacy,
        mut mary,
        canary,
    } = House::open(engine).await;
    break_glass(&mut mary, canary.patient_id.as_str())
        .await
        .expect(201);
    let look = looks(&mut privacy, "").await.looks.remove(0);
    let review = json!({ "outcome": "fine" });
    for other in [&mut officer, &mut mary] {
        for path in [
            "/v1/canaries",
            "/v1/looks",
            &format!("/v1/looks/{}", look.id),
        ] {
            other.get(path).await.refused(403, "denied");
        }
        let retire = format!("/v1/canaries/{}/retire", canary.id);
        other.post(&retire, &json!({})).await.refused(403, "denied");
        other
            .post("/v1/canaries", &new("4 East"))
            .await
            .refused(403, "denied");
        let path = format!("/v1/looks/{}/review", look.id);
        other.post(&path, &review).await.refused(403, "denied");
    }
}

story!(an_officer_says_what_came_of_a_look);
async fn an_officer_says_what_came_of_a_look(engine: Engine) {
    let House {
        hospital,
        mut privacy,
        mut mary,
        canary,
        ..
    } = House::open(engine).await;
    break_glass(&mut mary, canary.patient_id.as_str())
        .await
        .expect(201);
    let look = looks(&mut privacy, "").await.looks.remove(0);
    let path = format!("/v1/looks/{}", look.id);
    let review = format!("{path}/review");
    for body in [
        json!({ "outcome": "waiting", "note": "n" }),
        json!({ "outcome": "asked" }),
        json!({ "outcome": "followed_up", "note": "x".repeat(501) }),
    ] {
        privacy
            .post(&review, &body)
            .await
            .refused(400, "invalid-body");
    }
    let asked = json!({ "outcome": "asked", "note": "Called her ward" });
    privacy.post(&review, &asked).await.expect(200);
    assert!(looks(&mut privacy, "").await.looks.is_empty());
    let waits = looks(&mut privacy, "?show=asked").await;
    assert_eq!((waits.looks.len(), waits.waiting), (1, 0));
    let done = json!({ "outcome": "followed_up", "note": "Spoke to her with her manager" });
    let info: LookInfo = privacy.post(&review, &done).await.expect(200).json();
    assert_eq!(info.outcome, LookOutcome::FollowedUp);
    // The last word is said once.
    privacy
        .post(&review, &asked)
        .await
        .refused(409, "changed-meanwhile");
    let read: LookInfo = privacy.get(&path).await.expect(200).json();
    assert_eq!(read.note.as_deref(), Some("Spoke to her with her manager"));
    assert_eq!(looks(&mut privacy, "?show=done").await.looks.len(), 1);
    let mut reviewed = hospital.events("look.reviewed").await;
    reviewed.retain(|event| event.outcome == Outcome::Allow);
    assert_eq!(reviewed.len(), 2);
    let text = serde_json::to_string(&reviewed).unwrap();
    assert!(!text.contains("manager"), "{text}");
}

story!(a_canary_that_is_retired_is_gone_and_its_looks_stay);
async fn a_canary_that_is_retired_is_gone_and_its_looks_stay(engine: Engine) {
    let House {
        hospital: _hospital,
        mut privacy,
        mut mary,
        canary,
        ..
    } = House::open(engine).await;
    break_glass(&mut mary, canary.patient_id.as_str())
        .await
        .expect(201);
    let retire = format!("/v1/canaries/{}/retire", canary.id);
    privacy.post(&retire, &json!({})).await.expect(200);
    privacy
        .post(&retire, &json!({}))
        .await
        .refused(409, "changed-meanwhile");
    assert!(search(&mut mary, "zabriskie").await.is_empty());
    assert!(search(&mut mary, NUMBER).await.is_empty());
    let look = looks(&mut privacy, "").await.looks.remove(0);
    assert_eq!(look.patient_name.as_deref(), Some(canary.name.as_str()));
    let list: CanaryList = privacy.get("/v1/canaries").await.expect(200).json();
    assert!(list.canaries[0].retired_at.is_some());
}

story!(nobody_whom_somebody_cares_for_becomes_a_canary);
async fn nobody_whom_somebody_cares_for_becomes_a_canary(engine: Engine) {
    let House {
        hospital: _hospital,
        mut privacy,
        mut mary,
        canary,
        ..
    } = House::open(engine).await;
    let own = search(&mut mary, "").await.remove(0);
    for mrn in [own.mrn.clone().unwrap(), NUMBER.to_owned()] {
        let body = json!({ "existing": { "mrn": mrn } });
        let refused = privacy.post("/v1/canaries", &body).await;
        let refused = refused.refused(403, "denied");
        assert_eq!(refused.extensions["reason"], "no_canary");
    }
    let ward = canary.ward.unwrap();
    let taken = |mrn: &str, ward: &str| {
        let mut body = new(ward);
        body["new"]["mrn"] = mrn.into();
        body
    };
    let bad = [
        taken(NUMBER, &ward),
        taken(own.mrn.as_deref().unwrap(), &ward),
        taken("SB-990018", "Nowhere 7"),
        taken("", &ward),
        json!({ "existing": { "mrn": "SB-nobody" } }),
    ];
    for body in bad {
        privacy
            .post("/v1/canaries", &body)
            .await
            .refused(400, "invalid-body");
    }
    // What was refused left nothing behind.
    assert!(search(&mut mary, "SB-990018").await.is_empty());
    assert_eq!(search(&mut mary, "zabriskie").await.len(), 1);
}

story!(no_feed_and_no_file_changes_a_canary);
async fn no_feed_and_no_file_changes_a_canary(engine: Engine) {
    let House {
        hospital,
        mut mary,
        canary,
        ..
    } = House::open(engine).await;
    let address = hospital.running.as_ref().unwrap().hl7_addr.unwrap();
    let mut sender = Sender::over(TcpStream::connect(address).await.unwrap());
    let pid = |number: &str, name: &str| format!("PID|1||{number}||{name}^Ada||19500303|F");
    sender
        .sends(&adt("A28", 1, "20260302100000", &pid("77001", "Realname")))
        .await;
    sender
        .sends(&adt(
            "A31",
            2,
            "20260302100000",
            &pid(NUMBER, "Overwritten"),
        ))
        .await;
    for (id, (stays, goes)) in [(3, (NUMBER, "77001")), (4, ("77001", NUMBER))] {
        let merge = format!("{}\nMRG|{goes}", pid(stays, "Merged"));
        sender
            .sends(&adt("A40", id, "20260302100000", &merge))
            .await;
    }
    let (store, _) = hospital.seize();
    until("everything to be applied", async || {
        let mut tx = store.read().await.unwrap();
        (!tx.any_message_waits().await.unwrap()).then_some(())
    })
    .await;
    let found = search(&mut mary, NUMBER).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, canary.name);
    assert!(search(&mut mary, "overwritten").await.is_empty());
    assert_eq!(search(&mut mary, "77001").await.len(), 1);
    assert_eq!(hospital.events("hl7.applied").await.len(), 1);

    let entry = json!({ "resource": {
        "resourceType": "Patient", "id": canary.patient_id.as_str(),
        "name": [{ "family": "Overwritten" }],
    } });
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": [entry] });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records.json");
    std::fs::write(&file, bundle.to_string()).unwrap();
    let imported = wardline_server::import::fhir(&hospital.config, &[file], &hospital.clock).await;
    let imported = imported.unwrap();
    assert_eq!((imported.resources, imported.errors.len()), (0, 1));
    assert!(!imported.errors[0].contains(canary.patient_id.as_str()));
    assert_eq!(search(&mut mary, "zabriskie").await.len(), 1);
}

/// Somebody's chart, with a number, a name and labels.
fn record(id: &str, number: &str, names: [&str; 2], label: &str) -> Value {
    let [given, family] = names;
    json!({ "resource": {
        "resourceType": "Patient", "id": id, "active": true,
        "meta": { "security": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": label,
        }] },
        "identifier": [{ "system": "urn:mrn", "value": number }],
        "name": [{ "family": family, "given": [given] }],
        "address": [{ "postalCode": "00077" }],
    } })
}

story!(a_look_that_is_like_snooping_is_listed_with_what_speaks_for_it);
async fn a_look_that_is_like_snooping_is_listed_with_what_speaks_for_it(engine: Engine) {
    let hospital = Hospital::demo(engine).await;
    let mut officer = hospital.officer().await;
    let mut privacy = hospital
        .phone_of(&mut officer, "margaret.sloane")
        .await
        .device;
    let mut mary = hospital.phone_of(&mut officer, "mary.nakato").await.device;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records.json");
    let entries = [
        record("own", "SB-880001", ["Mary", "Nakato"], "EMP"),
        record("colleague", "SB-880002", ["Amara", "Osei"], "EMP"),
    ];
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    std::fs::write(&file, bundle.to_string()).unwrap();
    let imported = wardline_server::import::fhir(&hospital.config, &[file], &hospital.clock).await;
    assert_eq!(imported.unwrap().resources, 2);
    let file = folder.path().join("staff.csv");
    let rows = "username,area,mrn\nmary.nakato,00077,SB-880001\namara.osei,00042,SB-880002\n\
                nobody,00042,\n";
    std::fs::write(&file, rows).unwrap();
    let imported = wardline_server::staff::import(&hospital.config, &file, &hospital.clock).await;
    let imported = imported.unwrap();
    assert_eq!((imported.people, imported.unknown), (2, 1));

    // What she does at work is no look to look at.
    for patient in search(&mut mary, "").await {
        let path = format!("/v1/patients/{}/chart", patient.id);
        mary.get(&path).await.expect(200);
    }
    assert!(looks(&mut privacy, "").await.looks.is_empty());
    assert!(hospital.events("look.noticed").await.is_empty());

    let mut socket = Socket::open(&mut privacy).await;
    break_glass(&mut mary, "own").await.expect(201);
    mary.get("/v1/patients/own/chart").await.expect(200);
    while socket.next().await.unwrap() != ServerFrame::Looks {}
    let list = looks(&mut privacy, "").await;
    assert_eq!(list.looks.len(), 1);
    let look = &list.looks[0];
    assert!(!look.canary);
    assert_eq!(look.explained, None);
    let signs: Vec<&str> = look.signs.iter().map(|it| it.name.as_str()).collect();
    assert!(signs.contains(&"own_chart"), "{signs:?}");
    assert!(signs.contains(&"unexplained"), "{signs:?}");
    assert!(looks(&mut privacy, "?canaries=true").await.looks.is_empty());
    // The same look goes on.
    mary.get("/v1/patients/own/notes").await.expect(200);
    let list = looks(&mut privacy, "").await;
    assert_eq!((list.looks.len(), list.looks[0].times), (1, 2));
    // Nothing of names, areas or numbers is told by what was noted of it.
    let noticed = serde_json::to_string(&hospital.events("look.noticed").await).unwrap();
    for secret in ["Nakato", "00077", "SB-880001", "own_chart"] {
        assert!(!noticed.contains(secret), "{secret}");
    }
    // It is kept of a person over a restart.
    let (store, _) = hospital.seize();
    let mut tx = store.read().await.unwrap();
    assert!(tx.access_state_of(mary.user()).await.unwrap().is_some());
}
