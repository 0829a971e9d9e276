//! Two people look for what they wrote to each other.

use serde_json::{Value, json};
use wardline_client::search::Search;
use wardline_client_native::NativeClient;

use crate::support::{Demo, Person};

fn found(person: &Person, args: &[&str]) -> Vec<Value> {
    let found = person.client([&["search"], args].concat()).json(0);
    found["hits"].as_array().unwrap().clone()
}

fn ids(person: &Person, args: &[&str]) -> Vec<Value> {
    let hits = found(person, args);
    hits.into_iter().map(|hit| hit["id"].clone()).collect()
}

fn of(sent: &[&Value]) -> Vec<Value> {
    sent.iter().map(|sent| sent["id"].clone()).collect()
}

/// Each command opens the store anew, so what is found survives a restart.
#[test]
fn what_two_people_wrote_is_found_by_words_person_patient_and_time() {
    let demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    let patient = ada.a_patient();
    let text = "Potassium 6.8, please look at her ECG now";
    let args = ["send", "--to", &ben.user, "--patient", &patient, text];
    let high = ada.client(args).json(0);
    let fine = ada
        .client(["send", "--to", &ben.user, "Kálium fine, see the other ward"])
        .json(0);
    assert_eq!(ben.inbox().len(), 2);
    let group = high["group"].as_str().unwrap();
    let answer = ben
        .client(["send", "--group", group, "Potassium is being given"])
        .json(0);
    assert_eq!(ada.inbox().len(), 1);

    // Both find all of it, their own words too.
    for person in [&ada, &ben] {
        assert_eq!(ids(person, &["potas"]), of(&[&answer, &high]));
        assert_eq!(ids(person, &["now potassium"]), of(&[&high]));
        assert_eq!(ids(person, &["kalium"]), of(&[&fine]));
        assert!(ids(person, &["sodium"]).is_empty());
        assert!(
            ids(person, &["potas now"]).is_empty(),
            "only the last is a beginning"
        );
    }
    let hits = found(&ben, &["potassium ECG"]);
    let [hit] = hits.as_slice() else {
        panic!("{hits:?}")
    };
    assert_eq!(hit["group"], high["group"]);
    assert_eq!(hit["seq"], high["seq"]);
    assert_eq!(hit["from"], ada.user);
    assert_eq!(hit["patient"], patient);
    let parts = hit["snippet"].as_array().unwrap();
    assert_eq!(parts[0], json!({ "text": "Potassium", "marked": true }));
    let shown: String = parts.iter().map(|p| p["text"].as_str().unwrap()).collect();
    assert_eq!(shown, text);

    // Filters, with words and without.
    assert_eq!(ids(&ben, &["potassium", "--from", &ada.user]), of(&[&high]));
    assert!(ids(&ben, &["see", "--patient", &patient]).is_empty());
    assert_eq!(ids(&ben, &["--patient", &patient]).len(), 2);
    assert_eq!(ids(&ben, &["--group", group]).len(), 2);
    let sent_at = hit["sent_at"].to_string();
    assert!(!ids(&ben, &["--until", &sent_at]).contains(&high["id"]));
    assert!(ids(&ben, &["--since", &sent_at]).contains(&high["id"]));
    let some = ben.client(["search", "--limit", "1"]).json(0);
    assert_eq!(some["hits"].as_array().unwrap().len(), 1);
    assert_eq!(some["more"], true);
    let nobody = ben.client(["search", "potassium", "--from", "nobody"]);
    assert_ne!(nobody.code, 0, "{nobody:?}");
}

#[test]
fn nothing_is_found_once_the_store_is_locked_or_erased() {
    let demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    ada.client(["send", "--to", &ben.user, "Potassium 6.8"])
        .json(0);
    let search = Search {
        q: "potas".to_owned(),
        ..Search::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut client = NativeClient::open(&ben.home).unwrap();
        assert!(client.search(&search).is_err());
        client.sign_in().await.unwrap();
        client.sync().await.unwrap();
        let found = client.search(&search).unwrap();
        assert_eq!(found.hits.len(), 1);
        assert!(found.progress.whole);
        client.lock();
        assert!(client.search(&search).is_err());
        client.sign_in().await.unwrap();
        assert_eq!(client.search(&search).unwrap().hits.len(), 1);

        client.forget_device().await.unwrap();
        assert!(client.search(&search).is_err());
        let left = client.platform().home().entries().unwrap();
        assert!(!left.iter().any(|(name, _)| name.starts_with("v/")));
    });
}
