//! What a thief finds who takes everything: the server's data, two workstations' homes, and all
//! that was logged. No message, nobody's patient.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use wardline_client_native::NativeClient;
use wardline_demo::Hospital;
use wardline_model::GroupId;
use wardline_model::wire::messages::Priority;
use wardline_server::rim::Clock;

use crate::search::{Found, Search};
use crate::support::{Demo, Person, Run};

/// What Amara and Ben write to each other.
const FIRST: &str = "Zinnober: potassium 6.8 in 4 West, see her ECG";
const ANSWER: &str = "Karmesin: calcium gluconate is running now";
/// What Amara was writing when the hospital went down.
const DRAFT: &str = "Ultramarin: and call nephrology for dialysis";

#[test]
fn a_thief_of_everything_finds_no_message_and_no_patient() {
    let mut demo = Demo::logging("trace");
    let codes = codes(&demo);
    let [first, second] = demo.users();
    let (amara, ben) = (demo.enroll(&first), demo.enroll(&second));
    let mut logs = String::new();
    let mut run = |person: &Person, args: &[&str]| {
        let run: Run = person.client([&["--log-level", "trace"], args].concat());
        assert_eq!(run.code, 0, "{run:?}");
        logs.push_str(&run.stderr);
        run.json(0)
    };

    // They look patients up, by name and by number, and write about one.
    let patients = look_up(&amara);
    let patient = patients[0]["id"].as_str().unwrap();
    let path = format!("/v1/patients/{patient}");
    assert_eq!(run(&amara, &["get", &path])["id"], patient);
    let sent = run(
        &amara,
        &[
            "send",
            "--to",
            &second,
            "--patient",
            patient,
            "--stat",
            FIRST,
        ],
    );
    let group = sent["group"].as_str().unwrap();
    assert_eq!(run(&ben, &["inbox"])["messages"][0]["text"], FIRST);
    run(&ben, &["ack", sent["id"].as_str().unwrap()]);
    run(&ben, &["send", "--group", group, ANSWER]);
    assert_eq!(run(&amara, &["inbox"])["messages"][0]["text"], ANSWER);
    run(&amara, &["groups"]);
    let found = run(&amara, &["search", "zinnober"]);
    assert_eq!(found["hits"][0]["id"], sent["id"]);

    // The hospital goes down while she writes, with all that its write-ahead log holds.
    write_into_the_void(&mut demo, &amara, group.parse().unwrap());

    let ground = ground_truth(&patients);
    let mut needles: BTreeSet<String> = ground;
    needles.extend([FIRST, ANSWER, DRAFT].map(str::to_owned));
    needles.extend(["Zinnober", "Karmesin", "Ultramarin"].map(str::to_owned));
    // As the search index has them.
    needles.extend(["zinnober", "karmesin"].map(str::to_owned));
    needles.extend(codes);
    assert!(needles.len() > 100, "{}", needles.len());
    let search = Search::of(needles);
    let mut found = Found::new();
    let searched = search.folder(&demo.data(), &mut found);
    assert!(searched > 1_000_000, "{searched} bytes");
    assert!(
        std::fs::metadata(demo.data().join("wardline.db-wal"))
            .unwrap()
            .len()
            > 0,
        "the write-ahead log is part of it"
    );
    for person in [&amara, &ben] {
        assert!(search.folder(&person.home, &mut found) > 10_000);
    }
    search.bytes("logs of the clients", logs.as_bytes(), &mut found);
    let log = std::fs::read(demo.log()).unwrap();
    search.bytes("log of the server", &log, &mut found);
    assert!(found.is_empty(), "{found:#?}");

    // The search finds what SECURITY.md says is in the clear, where it is.
    let name = demo.ready["people"][0]["name"].as_str().unwrap();
    let staff = Search::of([name]);
    assert!(is_in(&staff, &demo.data()), "{name} is among the staff");
    assert!(is_in(&staff, &amara.home), "{name} owns the home");
    let mut found = Found::new();
    let routine = Search::of(["/v1/groups/{id}/messages"]);
    routine.bytes("log of the server", &log, &mut found);
    assert!(!found.is_empty(), "requests are logged, by their route");

    // It was all there: the hospital comes back, and the draft goes out.
    demo.start_again();
    amara.inbox();
    let texts: Vec<Value> = ben.inbox().into_iter().map(|m| m["text"].clone()).collect();
    assert_eq!(texts, [FIRST, DRAFT]);
}

/// The secrets of all codes that the demo gave out, as they are written and without dashes.
fn codes(demo: &Demo) -> Vec<String> {
    let people = demo.ready["people"].as_array().unwrap();
    let mut secrets = Vec::new();
    for person in people {
        let typed = person["enroll_code"].as_str().unwrap();
        let link = person["enroll_url"].as_str().unwrap();
        let link = link.split_once("c=").unwrap().1.split('&').next().unwrap();
        let plain = typed.replace('-', "");
        // Behind the handle, by which invitations are found.
        secrets.extend([&typed[5..], &plain[4..], &link[4..]].map(str::to_owned));
    }
    secrets
}

/// Patients whom this person finds, with name, number and birth date.
fn look_up(person: &Person) -> Vec<Value> {
    let search = |q: &str| {
        let found = person
            .post("/v1/patients/search", &json!({ "q": q }))
            .json(0);
        found["patients"].as_array().unwrap().clone()
    };
    let own = search("");
    let name = own[0]["name"].as_str().unwrap();
    let by_name = search(name);
    assert!(by_name.iter().any(|p| p["id"] == own[0]["id"]), "{name}");
    let number = own[0]["mrn"].as_str().unwrap();
    assert_eq!(search(number)[0]["id"], own[0]["id"], "{number}");
    // What was searched for lay in files of the test itself.
    std::fs::remove_file(person.home.with_extension("body.json")).unwrap();
    own
}

/// Signs in, loses the hospital, writes, and is closed.
fn write_into_the_void(demo: &mut Demo, person: &Person, group: GroupId) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut client = NativeClient::open(&person.home).unwrap();
        client.sign_in().await.unwrap();
        client.sync().await.unwrap();
        demo.kill();
        client
            .send(group, DRAFT, Priority::Urgent, None)
            .await
            .unwrap();
        assert!(client.deliver().await.unwrap().is_empty());
    });
}

/// Everything of the charts that must not be found: names, numbers, birth dates, what was measured,
/// prescribed and diagnosed. The demo's records are a function of its seed, so they are known.
fn ground_truth(patients: &[Value]) -> BTreeSet<String> {
    let hospital = Hospital::generate(1, Clock::default().now_ms());
    // The same words may stand in the staff's directory, which is in the clear.
    let mut public = vec![hospital.name.as_str()];
    for staff in &hospital.staff {
        public.extend([&*staff.name, &staff.title, &staff.department]);
    }
    for role in &hospital.on_call {
        public.extend([&*role.title, &role.department]);
    }
    for facility in &hospital.facilities {
        public.extend([&*facility.name, &facility.city]);
    }
    let public = public.join("\n");
    let mut texts = BTreeSet::new();
    for chart in &hospital.patients {
        for resource in &chart.resources {
            collect(&resource.json(), "", &mut texts);
        }
    }
    for patient in patients {
        for member in ["name", "mrn"] {
            let text = patient[member].as_str().unwrap();
            assert!(texts.contains(text), "{member} {text} is not of this seed");
        }
    }
    texts.retain(|text| text.len() >= 6 && !public.contains(text.as_str()));
    // What any FHIR resource in the clear would hold.
    texts.extend(
        [
            "\"resourceType\"",
            "\"birthDate\":",
            "\"birth_date\":",
            "mmol/L",
            "urn:oid:2.999.42.1",
        ]
        .map(str::to_owned),
    );
    texts
}

/// The words of a resource that say something about a patient.
fn collect(value: &Value, member: &str, texts: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let (Some(family), Some(given)) = (members.get("family"), members.get("given")) {
                let family = family.as_str().unwrap();
                let given: Vec<&str> = given
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| name.as_str().unwrap())
                    .collect();
                let name = format!("{} {family}", given.join(" "));
                texts.extend([
                    name.to_lowercase(),
                    format!("{family} {}", given.join(" ")).to_lowercase(),
                    format!("{} {family}", given[0]),
                    format!("{family}, {}", given.join(" ")),
                    format!("{family}, {}", given[0]),
                    format!("\"family\":\"{family}\""),
                    name,
                ]);
            }
            for (name, value) in members {
                collect(value, name, texts);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, member, texts)),
        Value::String(text) => match member {
            "birthDate" => {
                texts.insert(format!("\"birthDate\":\"{text}\""));
                texts.insert(format!("\"birth_date\":\"{text}\""));
            }
            "display" | "text" | "conclusion" | "line" | "div" => {
                texts.insert(text.clone());
            }
            "value" if text.starts_with("SB-") => {
                texts.insert(text.clone());
            }
            _ => {}
        },
        _ => {}
    }
}

fn is_in(search: &Search, folder: &Path) -> bool {
    let mut found = Found::new();
    search.folder(folder, &mut found);
    !found.is_empty()
}
