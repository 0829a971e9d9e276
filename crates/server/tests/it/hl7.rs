//! Feeds: systems of the hospital that speak MLLP to the server, well and badly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use wardline_model::PatientId;
use wardline_model::wire::access::AccessExplanation;
use wardline_model::wire::hl7::DeadLetterList;
use wardline_server::Config;
use wardline_server::config::WardRule;
use wardline_server::keys::tls_ca_path;
use wardline_store::{CareTeamChange, NewResource, Term};

use crate::explained::{explanation, moved, on_shift, practitioner};
use crate::fhir::import;
use crate::support::managed::{colleague_called, phone_of};
use crate::support::{Device, Engine, Hospital, story, until};

const DEAD: &str = "/v1/hl7/dead-letters";

/// A hospital with a feed, and an operator.
struct House {
    hospital: Hospital,
    officer: Device,
    operator: Device,
}

impl House {
    async fn open(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    async fn with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let hospital = Hospital::with(engine, |config| {
            "127.0.0.1:0".clone_into(&mut config.hl7.listen);
            "127.0.0.1:0".clone_into(&mut config.hl7.tls_listen);
            change(config);
        })
        .await;
        let mut officer = hospital.officer().await;
        let user = colleague_called(&hospital, &officer, "ina.op", "operator").await;
        let operator = phone_of(&hospital, &mut officer, user).await;
        Self {
            hospital,
            officer,
            operator,
        }
    }

    fn address(&self) -> SocketAddr {
        self.hospital.running.as_ref().unwrap().hl7_addr.unwrap()
    }

    async fn sender(&self) -> Sender<TcpStream> {
        Sender::over(TcpStream::connect(self.address()).await.unwrap())
    }

    /// Waits until everything that came is applied or set aside.
    async fn settled(&self) {
        let (store, _) = self.hospital.seize();
        until("everything to be applied", async || {
            let mut tx = store.read().await.unwrap();
            (!tx.any_message_waits().await.unwrap()).then_some(())
        })
        .await;
    }

    /// Patients by a number.
    async fn found(&self, number: &str) -> Vec<Value> {
        let (store, _) = self.hospital.seize();
        let mut tx = store.read().await.unwrap();
        let found = tx.search_exact("Patient", "identifier", number, 10).await;
        let read = |body: &wardline_store::Body| serde_json::from_slice(body.expose()).unwrap();
        found.unwrap().iter().map(read).collect()
    }

    /// What the record holds of a patient.
    async fn record(&self, patient: &Value, kind: &str) -> Vec<Value> {
        let (store, _) = self.hospital.seize();
        let mut tx = store.read().await.unwrap();
        let id = patient["id"].as_str().unwrap().parse().unwrap();
        let found = tx.resources_of(&id, kind, 50).await.unwrap();
        let read = |body: &wardline_store::Body| serde_json::from_slice(body.expose()).unwrap();
        found.iter().map(read).collect()
    }

    async fn dead(&mut self) -> DeadLetterList {
        self.operator.get(DEAD).await.expect(200).json()
    }
}

/// A system that sends.
pub(crate) struct Sender<S> {
    stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sender<S> {
    pub(crate) const fn over(stream: S) -> Self {
        Self { stream }
    }

    async fn put(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next answer; `None` once the server hung up.
    async fn answer(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        let reading = async {
            loop {
                match self.stream.read_u8().await {
                    Ok(0x0B) => bytes.clear(),
                    Ok(0x1C) => {
                        assert_eq!(self.stream.read_u8().await.unwrap(), 0x0D);
                        return Some(String::from_utf8_lossy(&bytes).into_owned());
                    }
                    Ok(byte) => bytes.push(byte),
                    Err(_) => return None,
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(1), reading)
            .await
            .unwrap()
    }

    async fn send_bytes(&mut self, message: &[u8]) -> String {
        self.put(&framed(message)).await;
        self.answer().await.expect("an answer")
    }

    async fn send(&mut self, message: &str) -> String {
        self.send_bytes(message.replace('\n', "\r").as_bytes())
            .await
    }

    /// Sends what is to be taken.
    pub(crate) async fn sends(&mut self, message: &str) {
        let answer = self.send(message).await;
        assert_eq!(said(&answer), "AA", "{answer}");
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x0B];
    bytes.extend_from_slice(message);
    bytes.extend_from_slice(&[0x1C, 0x0D]);
    bytes
}

/// MSA-1 of an answer.
fn said(answer: &str) -> &str {
    &answer.split("\rMSA|").nth(1).expect("MSA")[..2]
}

pub(crate) fn adt(event: &str, id: u32, at: &str, rest: &str) -> String {
    format!(
        "MSH|^~\\&|ADT|MAIN|||{at}||ADT^{event}|A{id}|P|2.5.1||||||UNICODE UTF-8\nEVN||{at}\n{rest}\n"
    )
}

pub(crate) const NORA: &str = "PID|1||10042^^^MAIN^MR||Quigley^Nora||19500303|F";
const OTHER: &str = "PID|1||10043^^^MAIN^MR||Quigley^Norah||19500303|F";

pub(crate) fn potassium(id: u32, number: &str, value: &str, flag: &str) -> String {
    format!(
        "MSH|^~\\&|LAB|MAIN|||20260302120000||ORU^R01^ORU_R01|L{id}|P|2.5.1\n\
         PID|1||{number}^^^MAIN^MR\nOBR|1|P{id}|F{id}|24323-8^CMP^LN|||20260302113000||||||||||||||||||F\n\
         OBX|1|NM|2823-3^Potassium^LN||{value}|mmol/L^^UCUM|3.5-5.1|{flag}|||F|||20260302113000\n"
    )
}

fn location(stay: &Value) -> String {
    let places = stay["location"].as_array().unwrap();
    let names = places
        .iter()
        .map(|place| place["location"]["display"].as_str().unwrap());
    names.collect::<Vec<_>>().join(" ")
}

story!(a_patient_is_admitted_moved_and_gets_results_over_mllp);
async fn a_patient_is_admitted_moved_and_gets_results_over_mllp(engine: Engine) {
    let mut house = House::open(engine).await;
    let mut sender = house.sender().await;
    let pv1 = |place: &str| format!("PV1|1|I|{place}||||77^Bauer^Ada||||||||||||V7");
    let admitted = format!("{NORA}\n{}", pv1("4E^12^B"));
    sender
        .sends(&adt("A01", 1, "20260302100000", &admitted))
        .await;
    let moved = format!("{NORA}\n{}", pv1("ICU^1^A"));
    sender.sends(&adt("A02", 2, "20260302110000", &moved)).await;
    sender.sends(&potassium(1, "10042", "6.8", "HH")).await;
    sender
        .sends("MSH|^~\\&|CPOE|MAIN|||20260302120000||ORM^O01|O1|P|2.3\nPID|1||10042^^^MAIN^MR\nORC|NW|P9\nOBR|1|P9||1^CT^L|S\n")
        .await;
    sender
        .sends("MSH|^~\\&|CPOE|MAIN|||20260302130000||ORM^O01|O2|P|2.3\nPID|1||10042^^^MAIN^MR\nORC|SC|P9|F9||CM\n")
        .await;
    house.settled().await;
    let found = house.found("10042").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["name"][0]["family"], "Quigley");
    assert_eq!(found[0]["birthDate"], "1950-03-03");
    let stays = house.record(&found[0], "Encounter").await;
    assert_eq!(stays.len(), 1);
    assert_eq!(location(&stays[0]), "ICU 1 A");
    let results = house.record(&found[0], "Observation").await;
    assert_eq!(results[0]["valueQuantity"]["value"], json!(6.8));
    assert_eq!(results[0]["interpretation"][0]["coding"][0]["code"], "HH");
    assert_eq!(results[0]["referenceRange"][0]["high"]["value"], json!(5.1));
    assert_eq!(house.record(&found[0], "DiagnosticReport").await.len(), 1);
    let orders = house.record(&found[0], "ServiceRequest").await;
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0]["status"], "completed");
    assert_eq!(orders[0]["priority"], "stat");
    assert_eq!(house.dead().await.dead, 0);
    assert_eq!(house.hospital.events("hl7.received").await.len(), 5);
    assert_eq!(house.hospital.events("hl7.applied").await.len(), 5);
}

story!(whom_a_feed_names_and_whoever_is_on_shift_on_the_ward_may_look_and_others_are_asked);
async fn whom_a_feed_names_and_whoever_is_on_shift_on_the_ward_may_look_and_others_are_asked(
    engine: Engine,
) {
    let mut house = House::with(engine, |config| {
        config.access.wards = vec![WardRule {
            ward: "4E".to_owned(),
            site: "MAIN".to_owned(),
            facility: config.hospital.name.clone(),
            departments: vec!["Cardiology".to_owned()],
        }];
    })
    .await;
    let (store, _) = house.hospital.seize();
    let mut tx = store.read().await.unwrap();
    let first = tx.person(house.officer.user()).await.unwrap().unwrap();
    drop(tx);
    let mut people = Vec::new();
    for (username, role) in [
        ("ada.bauer", "physician"),
        ("con.sult", "physician"),
        ("ned.ray", "nurse"),
    ] {
        let user = colleague_called(&house.hospital, &house.officer, username, role).await;
        let department = if role == "nurse" {
            "Cardiology"
        } else {
            "Surgery"
        };
        moved(&house.hospital, user, department, first.facility_id).await;
        people.push(phone_of(&house.hospital, &mut house.officer, user).await);
    }
    let [ada, con, ned] = &mut people[..] else {
        panic!("three people")
    };
    on_shift(&house.hospital, ned.user()).await;
    let staff = "urn:wardline:authority:staff";
    let directory = vec![
        practitioner("p-ada", "ada.bauer", staff, "77"),
        practitioner("p-con", "con.sult", staff, "78"),
    ];
    import(&house.hospital, directory).await;

    let now = house.hospital.clock.now_ms();
    let stamp = |days: u64| {
        let seconds = i64::try_from(now / 1000 - days * 86_400).unwrap();
        let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        let (date, (hour, minute, second)) = (at.date(), at.to_hms());
        let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
        format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    };
    let pv1 = |place: &str, ended: &str| {
        format!(
            "{NORA}\nPV1|1|I|{place}||||77^Bauer^Ada^^^^^^STAFF||78^Sult^Con^^^^^^STAFF||||||||||V7\
             |||||||||||||||||||||||||{}|{ended}",
            stamp(5)
        )
    };
    let mut sender = house.sender().await;
    sender
        .sends(&adt("A01", 1, &stamp(5), &pv1("4E^12^B^MAIN", "")))
        .await;
    house.settled().await;
    let found = house.found("10042").await;
    let nora: PatientId = found[0]["id"].as_str().unwrap().parse().unwrap();
    let reason = |told: AccessExplanation| told.reason.map(|reason| reason.name);
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(reason(explanation(ada, &nora).await), name("encounter"));
    assert_eq!(reason(explanation(con, &nora).await), name("consult"));
    assert_eq!(reason(explanation(ned, &nora).await), name("ward"));

    // Elsewhere, and where a ward of that name is another one.
    for (id, place, expected) in [
        (2, "ICU^1^A^MAIN", None),
        (3, "4E^1^A^HARBOUR", None),
        (4, "4E^2^A^MAIN", name("ward")),
    ] {
        sender
            .sends(&adt("A02", id, &stamp(4), &pv1(place, "")))
            .await;
        house.settled().await;
        assert_eq!(reason(explanation(ned, &nora).await), expected, "{place}");
    }
    // Gone home: who treated her writes the letter, the ward has others.
    let left = pv1("4E^2^A^MAIN", &stamp(2));
    sender.sends(&adt("A03", 5, &stamp(2), &left)).await;
    house.settled().await;
    assert_eq!(reason(explanation(ada, &nora).await), name("before"));
    assert_eq!(reason(explanation(ned, &nora).await), None);
    assert_eq!(house.dead().await.dead, 0);
}

story!(a_message_sent_again_is_answered_again_and_applied_once);
async fn a_message_sent_again_is_answered_again_and_applied_once(engine: Engine) {
    let mut house = House::open(engine).await;
    let mut sender = house.sender().await;
    let message = adt("A28", 1, "20260302100000", NORA);
    sender.sends(&message).await;
    // The answer got lost: over another connection, stamped anew, after a restart.
    let mut again = house.sender().await;
    again.sends(&message).await;
    again
        .sends(&message.replacen("20260302100000", "20260302100100", 1))
        .await;
    house.settled().await;
    house.hospital.restart().await;
    house.sender().await.sends(&message).await;
    house.settled().await;
    assert_eq!(house.hospital.events("hl7.applied").await.len(), 1);
    // Another message under the same id would get lost if it were taken for the first.
    let other = adt("A28", 1, "20260302100000", OTHER);
    let answer = house.sender().await.send(&other).await;
    assert_eq!(said(&answer), "AR");
    assert!(answer.contains("205^Duplicate key identifier"), "{answer}");
    // Another sender's ids are its own.
    house
        .sender()
        .await
        .sends(&other.replacen("|ADT|", "|ADT2|", 1))
        .await;
    // Many at once over one connection are answered in their order.
    let mut sender = house.sender().await;
    let mut bytes = Vec::new();
    for id in 100..160 {
        bytes.extend(framed(
            adt("A31", id, "20260302100000", NORA)
                .replace('\n', "\r")
                .as_bytes(),
        ));
    }
    sender.put(&bytes).await;
    for id in 100..160 {
        let answer = sender.answer().await.unwrap();
        assert!(answer.contains(&format!("MSA|AA|A{id}\r")), "{answer}");
    }
    house.settled().await;
}

story!(what_is_wrong_is_refused_with_its_place_and_nothing_is_kept);
async fn what_is_wrong_is_refused_with_its_place_and_nothing_is_kept(engine: Engine) {
    let house = House::with(engine, |config| {
        config.hl7.senders = vec!["ADT/MAIN".to_owned(), "LAB/*".to_owned()];
    })
    .await;
    let mut sender = house.sender().await;
    let good = adt("A28", 1, "20260302100000", NORA);
    for (message, code, holds) in [
        ("PID|1||1".to_owned(), "AE", "100^"),
        (good.replace("ADT^A28", "ADT^A99"), "AR", "MSH^1^9|201^"),
        (good.replace("ADT^A28", "SIU^S12"), "AR", "MSH^1^9|200^"),
        (good.replace("|P|2.5.1", "|P|3.0"), "AR", "MSH^1^12|203^"),
        (good.replace("|P|2.5.1", "|T|2.5.1"), "AR", "MSH^1^11|202^"),
        (good.replace("|A1|", "||"), "AE", "MSH^1^10|101^"),
        (
            good.replace("|ADT|MAIN", "|ADT|NORTH"),
            "AR",
            "MSH^1^3|207^",
        ),
        (good.replace("10042", ""), "AE", "PID^1^3|101^"),
        (good.replace("PID|", "ZZZ|"), "AE", "PID^1|100^"),
        (
            good.replace("UNICODE UTF-8", "EBCDIC"),
            "AE",
            "MSH^1^18|103^",
        ),
        (good.replace("19500303", "yesterday"), "AE", "PID^1^7|102^"),
    ] {
        let answer = sender.send(&message).await;
        assert_eq!(said(&answer), code, "{message}: {answer}");
        assert!(answer.contains(holds), "{holds}: {answer}");
        assert!(!answer.contains("Quigley"), "{answer}");
    }
    // Latin 1 under the name of UTF-8, and the other way round.
    let mut bytes = good.replace('\n', "\r").into_bytes();
    let at = bytes.windows(4).position(|part| part == b"Nora").unwrap();
    bytes[at] = 0xD6;
    let answer = sender.send_bytes(&bytes).await;
    assert!(
        said(&answer) == "AE" && answer.contains("MSH^1^18|102^"),
        "{answer}"
    );
    let wrong = good
        .replace("UNICODE UTF-8", "8859/1")
        .replace("Nora", "N\u{f6}ra");
    let answer = sender.send(&wrong).await;
    assert!(answer.contains("is UTF-8"), "{answer}");
    let enhanced = good
        .replace("2.5.1||||||", "2.5.1|||AL|NE||")
        .replace("10042", "");
    assert_eq!(said(&sender.send(&enhanced).await), "CE");
    house.settled().await;
    assert!(house.found("10042").await.is_empty());
    assert!(house.hospital.events("hl7.received").await.is_empty());
    // The connection goes on.
    sender.sends(&good).await;
    let ok = good
        .replace("2.5.1||||||", "2.5.1|||AL|NE||")
        .replace("|A1|", "|A2|");
    assert_eq!(said(&sender.send(&ok).await), "CA");
    house.settled().await;
    assert_eq!(house.found("10042").await.len(), 1);
}

story!(frames_that_break_off_never_end_or_are_too_large_harm_nobody);
async fn frames_that_break_off_never_end_or_are_too_large_harm_nobody(engine: Engine) {
    let house = House::with(engine, |config| {
        config.hl7.timeout_seconds = 1;
        config.hl7.max_message_bytes = 100_000;
    })
    .await;
    let good = adt("A28", 1, "20260302100000", NORA).replace('\n', "\r");
    // Cut at every place, it comes as one.
    let mut sender = house.sender().await;
    let bytes = framed(good.as_bytes());
    for part in bytes.chunks(7) {
        sender.put(part).await;
    }
    assert_eq!(said(&sender.answer().await.unwrap()), "AA");
    // Broken off, and begun anew.
    let mut sender = house.sender().await;
    sender
        .put(b"\x0bMSH|^~\\&|ADT|MAIN|||2026||ADT^A28|HALF|P|2.5.1\rPID|1")
        .await;
    sender.put(&framed(good.as_bytes())).await;
    let answer = sender.answer().await.unwrap();
    assert!(answer.contains("MSA|AR|HALF|"), "{answer}");
    assert!(sender.answer().await.unwrap().contains("MSA|AA|A1"));
    // No end block.
    let mut sender = house.sender().await;
    sender.put(&bytes[..bytes.len() - 2]).await;
    let answer = sender.answer().await.unwrap();
    assert!(
        answer.contains("MSA|AR|A1|") && answer.contains("no end block"),
        "{answer}"
    );
    assert!(sender.answer().await.is_none(), "it hung up");
    // Hung up in the middle.
    house.sender().await.put(&bytes[..40]).await;
    // Too large: refused while it comes.
    let mut sender = house.sender().await;
    sender.put(&bytes[..bytes.len() - 2]).await;
    let flood = vec![b'x'; 1 << 16];
    let mut sent = 0;
    while sent < 100 << 20 && sender.stream.write_all(&flood).await.is_ok() {
        sent += flood.len();
    }
    assert!(sent < 100 << 20, "nobody takes a hundred megabytes");
    // Something that is no MLLP.
    let mut sender = house.sender().await;
    let _ = sender
        .stream
        .write_all(&b"GET / HTTP/1.1\r\n".repeat(1000))
        .await;
    assert!(sender.answer().await.is_none());
    house.settled().await;
    assert_eq!(house.found("10042").await.len(), 1);
    assert_eq!(house.hospital.events("hl7.applied").await.len(), 1);
}

story!(news_that_come_late_undo_nothing);
async fn news_that_come_late_undo_nothing(engine: Engine) {
    let house = House::open(engine).await;
    let mut sender = house.sender().await;
    let pv1 = |place: &str| format!("PV1|1|I|{place}||||||||||||||||V7");
    let at = |place: &str, name: &str| format!("{}\n{}", NORA.replace("Nora", name), pv1(place));
    sender
        .sends(&adt("A01", 1, "20260302100000", &at("4E", "Nora")))
        .await;
    sender
        .sends(&adt("A02", 3, "20260302120000", &at("ICU", "Nora Ann")))
        .await;
    sender
        .sends(&adt("A02", 2, "20260302110000", &at("5W", "Norah")))
        .await;
    house.settled().await;
    let found = house.found("10042").await;
    assert_eq!(found[0]["name"][0]["given"][0], "Nora Ann");
    let stays = house.record(&found[0], "Encounter").await;
    assert_eq!((stays.len(), location(&stays[0])), (1, "ICU".to_owned()));
    // A discharge, taken back; a transfer, taken back; and the admission itself.
    sender
        .sends(&adt("A03", 4, "20260302130000", &at("ICU", "Nora Ann")))
        .await;
    house.settled().await;
    assert_eq!(
        house.record(&found[0], "Encounter").await[0]["status"],
        "finished"
    );
    sender
        .sends(&adt("A13", 5, "20260302130500", &at("ICU", "Nora Ann")))
        .await;
    sender
        .sends(&adt("A12", 6, "20260302131000", &at("4E", "Nora Ann")))
        .await;
    house.settled().await;
    let stay = &house.record(&found[0], "Encounter").await[0];
    assert_eq!(
        (stay["status"].as_str(), location(stay)),
        (Some("in-progress"), "4E".to_owned())
    );
    assert!(stay["period"].get("end").is_none());
    sender
        .sends(&adt("A11", 7, "20260302132000", &at("4E", "Nora Ann")))
        .await;
    house.settled().await;
    assert_eq!(
        house.record(&found[0], "Encounter").await[0]["status"],
        "cancelled"
    );
}

story!(what_cannot_be_applied_is_set_aside_and_tried_again);
async fn what_cannot_be_applied_is_set_aside_and_tried_again(engine: Engine) {
    let mut house = House::open(engine).await;
    let mut sender = house.sender().await;
    sender.sends(&potassium(1, "10042", "6.8", "HH")).await;
    sender.sends(&potassium(2, "99999", "4.1", "")).await;
    house.settled().await;
    let list = house.dead().await;
    assert_eq!((list.dead, list.waiting, list.letters.len()), (2, 0, 2));
    let letter = &list.letters[0];
    assert_eq!(
        (letter.kind.as_str(), letter.place.as_deref()),
        ("ORU^R01", Some("PID-3"))
    );
    assert_eq!(
        (letter.application.as_str(), letter.control_id.as_str()),
        ("LAB", "L1")
    );
    let (first, second) = (letter.id, list.letters[1].id);

    // Nobody but who runs the feeds.
    let user = colleague_called(&house.hospital, &house.officer, "ben.chen", "nurse").await;
    let mut nurse = phone_of(&house.hospital, &mut house.officer, user).await;
    nurse.get(DEAD).await.expect(403);
    let nothing = json!({});
    nurse
        .post(&format!("{DEAD}/{first}/replay"), &nothing)
        .await
        .expect(403);

    // Once the patient is admitted it is applied.
    sender.sends(&adt("A28", 1, "20260302100000", NORA)).await;
    house.settled().await;
    house.operator.step_up().await;
    let replay = format!("{DEAD}/{first}/replay");
    house.operator.post(&replay, &nothing).await.expect(202);
    house.settled().await;
    let found = house.found("10042").await;
    assert_eq!(house.record(&found[0], "Observation").await.len(), 1);
    house.operator.post(&replay, &nothing).await.expect(404);
    let dismiss = format!("{DEAD}/{second}/dismiss");
    house
        .operator
        .post(&dismiss, &json!({ "reason": " " }))
        .await
        .expect(400);
    let reason = json!({ "reason": "A test of the laboratory's" });
    house.operator.post(&dismiss, &reason).await.expect(204);
    assert_eq!(house.dead().await.dead, 0);
    assert_eq!(
        house.hospital.events("hl7.replayed").await.len(),
        2,
        "one of them in vain"
    );
    assert_eq!(house.hospital.events("hl7.dismissed").await.len(), 1);
    // The wrong person's result is set aside, too.
    let wrong = potassium(3, "10042", "5.0", "").replace("MAIN^MR", "MAIN^MR||Q^N||19800101");
    sender.sends(&wrong).await;
    house.settled().await;
    assert_eq!(
        house.dead().await.letters[0].place.as_deref(),
        Some("PID-7")
    );
}

story!(merged_records_are_one_and_an_unknown_one_merges_with_nobody);
async fn merged_records_are_one_and_an_unknown_one_merges_with_nobody(engine: Engine) {
    let mut house = House::open(engine).await;
    let mut sender = house.sender().await;
    sender.sends(&adt("A28", 1, "20260302100000", NORA)).await;
    let merge = |id, prior: &str| {
        adt(
            "A40",
            id,
            "20260302110000",
            &format!("{NORA}\nMRG|{prior}^^^MAIN^MR"),
        )
    };
    sender.sends(&merge(2, "10043")).await;
    house.settled().await;
    assert_eq!(
        house.dead().await.letters[0].place.as_deref(),
        Some("MRG-1")
    );
    let alone = house.found("10042").await.remove(0);
    assert!(alone.get("link").is_none(), "nothing half-applied");

    sender.sends(&adt("A28", 3, "20260302100000", OTHER)).await;
    sender.sends(&potassium(1, "10043", "6.8", "HH")).await;
    house.settled().await;
    sender.sends(&merge(4, "10043")).await;
    house.settled().await;
    let (kept, by_old) = (house.found("10042").await, house.found("10043").await);
    assert_eq!((kept.len(), by_old.len()), (1, 1));
    assert_eq!(
        kept[0]["id"], by_old[0]["id"],
        "the old number finds the patient that stays"
    );
    assert_eq!(kept[0]["id"], alone["id"]);
    let results = house.record(&kept[0], "Observation").await;
    assert_eq!(results.len(), 1);
    assert_eq!(
        results[0]["subject"]["reference"],
        format!("Patient/{}", kept[0]["id"].as_str().unwrap())
    );
    // What is sent for the old number goes to the patient that stays; merging again changes nothing.
    sender.sends(&potassium(2, "10043", "4.0", "N")).await;
    sender.sends(&merge(5, "10043")).await;
    house.settled().await;
    assert_eq!(house.record(&kept[0], "Observation").await.len(), 2);
    assert_eq!(house.dead().await.dead, 1);
}

story!(a_message_that_fails_for_no_fault_of_its_own_holds_the_feed_up_for_a_while_only);
async fn a_message_that_fails_for_no_fault_of_its_own_holds_the_feed_up_for_a_while_only(
    engine: Engine,
) {
    let house = House::open(engine).await;
    let mut sender = house.sender().await;
    sender.sends(&adt("A28", 1, "20260302100000", NORA)).await;
    house.settled().await;
    // What is stored of the patient cannot be read any more.
    let known = wardline_fhir::Resource::new(house.found("10042").await.remove(0)).unwrap();
    let id = known.patient();
    let tokens = wardline_fhir::index::tokens(&known);
    let stored = |body| NewResource {
        kind: "Patient",
        id: known.id(),
        patient: id.as_ref(),
        body,
        terms: tokens
            .iter()
            .filter(|token| token.kind == wardline_fhir::index::TokenKind::Identifier)
            .map(|token| Term::Exact {
                field: token.kind.name(),
                value: &token.value,
            })
            .collect(),
        within: Vec::new(),
    };
    let now = || house.hospital.clock.now_ms();
    let (store, _) = house.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let torn = stored(b"{\"resourceType\":\"Pat".as_slice());
    tx.put_resources(&[torn], now()).await.unwrap();
    tx.commit().await.unwrap();

    sender.sends(&potassium(1, "10042", "6.80", "HH")).await;
    sender.sends(&adt("A28", 2, "20260302100000", OTHER)).await;
    until("the feed to go on", async || {
        house.hospital.clock.advance(10_000);
        let counts = store.read().await.unwrap().hl7_counts().await.unwrap();
        (counts.waiting == 0).then_some(())
    })
    .await;
    assert_eq!(
        house.found("10043").await.len(),
        1,
        "what came behind it is applied"
    );
    let mut facts = store.read().await.unwrap();
    let letters = facts.dead_letters(0, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].reason.contains("in the server's log"));
    drop(facts);
    let told = house.hospital.events("hl7.set_aside").await;
    assert_eq!(told.len(), 1);

    // Once that is mended, it is applied like any other.
    let mut tx = store.write().await.unwrap();
    let body = known.json().to_string().into_bytes();
    tx.put_resources(&[stored(&body)], now()).await.unwrap();
    assert!(tx.replay_letter(letters[0].seq).await.unwrap());
    tx.commit().await.unwrap();
    house.settled().await;
    let results = house.record(&known.json(), "Observation").await;
    assert_eq!(results[0]["valueQuantity"]["value"], json!(6.8));
    let precision = &results[0]["valueQuantity"]["_value"]["extension"][0];
    assert_eq!(precision["valueInteger"], json!(2), "6.80 and not 6.8");
}

story!(who_may_look_at_a_merged_record_is_decided_by_the_one_that_it_became_part_of);
async fn who_may_look_at_a_merged_record_is_decided_by_the_one_that_it_became_part_of(
    engine: Engine,
) {
    Box::pin(look_at_merged(engine)).await;
}

async fn look_at_merged(engine: Engine) {
    let mut house = House::open(engine).await;
    let mut sender = house.sender().await;
    sender.sends(&adt("A28", 1, "20260302100000", NORA)).await;
    sender.sends(&adt("A28", 2, "20260302100000", OTHER)).await;
    sender.sends(&potassium(1, "10043", "6.8", "HH")).await;
    house.settled().await;
    let id = |found: &[Value]| found[0]["id"].as_str().unwrap().to_owned();
    let (kept, old) = (
        id(&house.found("10042").await),
        id(&house.found("10043").await),
    );
    let lab = id(&house.record(&json!({ "id": old }), "Observation").await);
    // One cares for the patient that stays, one for the other, and one for neither.
    let mut phones = Vec::new();
    for (name, patient) in [
        ("kim.kept", Some(&kept)),
        ("ola.old", Some(&old)),
        ("ned.none", None),
    ] {
        let user = colleague_called(&house.hospital, &house.officer, name, "nurse").await;
        if let Some(patient) = patient {
            let (store, _) = house.hospital.seize();
            let mut tx = store.write().await.unwrap();
            let patient = patient.parse().unwrap();
            tx.put_care_team(&patient, user).await.unwrap();
            tx.commit().await.unwrap();
        }
        phones.push(phone_of(&house.hospital, &mut house.officer, user).await);
    }
    let [kim, ola, ned] = phones.as_mut_slice() else {
        panic!("three phones")
    };
    let (banner, chart) = (
        format!("/v1/patients/{old}"),
        format!("/v1/patients/{old}/chart"),
    );
    kim.get(&banner).await.refused(403, "denied");

    let merge = format!("{NORA}\nMRG|10043^^^MAIN^MR");
    sender.sends(&adt("A40", 3, "20260302110000", &merge)).await;
    house.settled().await;
    // By the old id whoever may look at the patient that stays sees that patient, with all that became theirs.
    for nurse in [&mut *kim, &mut *ola] {
        let shown: Value = nurse.get(&banner).await.expect(200).json();
        assert_eq!(shown["id"], json!(kept));
        let shown: Value = nurse.get(&chart).await.expect(200).json();
        assert_eq!(shown["banner"]["id"], json!(kept));
        assert_eq!(shown["labs"][0]["points"][0]["text"], "6.8");
        let entry = format!("{chart}/Observation/{lab}");
        let shown: Value = nurse.get(&entry).await.expect(200).json();
        assert_eq!(
            (&shown["patient_id"], &shown["state"]),
            (&json!(kept), &json!("shown"))
        );
        // FHIR has the pointer itself.
        let read = nurse.get(&format!("/fhir/R4/Patient/{old}")).await;
        let read: Value = read.expect(200).json();
        assert_eq!(read["active"], json!(false));
        assert_eq!(
            read["link"][0]["other"]["reference"],
            json!(format!("Patient/{kept}"))
        );
    }
    for path in [&banner, &chart, &format!("/fhir/R4/Patient/{old}")] {
        ned.get(path).await.refused(403, "denied");
    }
    // Whoever has the old id breaks the glass of the patient that stays.
    ned.step_up_for(&["break_the_glass"]).await;
    let why = json!({ "purpose": "BTG", "reason": "Collapsed at the entrance" });
    let path = format!("/v1/patients/{old}/break-the-glass");
    ned.post(&path, &why).await.expect(201);
    let shown: Value = ned.get(&chart).await.expect(200).json();
    assert_eq!(shown["banner"]["id"], json!(kept));

    // Who left that team has no reason left by the old record, and a label of the one that stays counts for both.
    let (store, _) = house.hospital.seize();
    let mut tx = store.write().await.unwrap();
    tx.lock_care_teams().await.unwrap();
    let change = CareTeamChange {
        patient: kept.parse().unwrap(),
        added: Vec::new(),
        removed: vec![ola.user()],
    };
    // So long ago that having been on it is no reason any more.
    let then = house.hospital.clock.now_ms() - 15 * 24 * 60 * 60 * 1000;
    tx.change_care_team(&change, then).await.unwrap();
    tx.commit().await.unwrap();
    for path in [&banner, &chart, &format!("/fhir/R4/Patient/{old}")] {
        ola.get(path).await.refused(403, "denied");
    }
    let mut labelled = house.found("10042").await.remove(0);
    labelled["meta"] = json!({ "security": [{
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV",
    }] });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labelled.json");
    let bundle = json!({ "resourceType": "Bundle", "type": "collection",
        "entry": [{ "resource": labelled }] });
    std::fs::write(&file, bundle.to_string()).unwrap();
    let hospital = &house.hospital;
    wardline_server::import::fhir(&hospital.config, &[file], &hospital.clock)
        .await
        .unwrap();
    let read = kim.get(&format!("/fhir/R4/Patient/{old}")).await;
    assert_ne!(read.status, 200, "the label of the record that stays");
}

story!(over_tls_a_sender_shows_a_certificate_where_the_hospital_asks_for_one);
async fn over_tls_a_sender_shows_a_certificate_where_the_hospital_asks_for_one(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap();
    let path = dir.path().join("senders.pem");
    std::fs::write(&path, ca.pem()).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let own_key = rcgen::KeyPair::generate().unwrap();
    let mut own = rcgen::CertificateParams::new(vec!["lab.hospital".to_owned()]).unwrap();
    own.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let own = own.signed_by(&own_key, &issuer).unwrap();
    let own_key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own_key.serialize_der()));

    let house = House::with(engine, |config| config.hl7.client_ca.clone_from(&path)).await;
    let mut roots = RootCertStore::empty();
    let pem = tls_ca_path(&house.hospital.config.data.dir);
    roots
        .add(CertificateDer::from_pem_file(pem).unwrap())
        .unwrap();
    let builder = || {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone())
    };
    let address = house
        .hospital
        .running
        .as_ref()
        .unwrap()
        .hl7_tls_addr
        .unwrap();
    let connect = async |config: ClientConfig| {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    };
    let message = adt("A28", 1, "20260302100000", NORA);
    let known = builder()
        .with_client_auth_cert(vec![own.der().clone()], own_key)
        .unwrap();
    Sender::over(connect(known).await.unwrap())
        .sends(&message)
        .await;
    // With TLS 1.3 a refusal comes after the client's part of the handshake.
    if let Ok(stream) = connect(builder().with_no_client_auth()).await {
        let mut sender = Sender::over(stream);
        let _ = sender.stream.write_all(&framed(message.as_bytes())).await;
        assert!(sender.answer().await.is_none());
    }
    house.settled().await;
    assert_eq!(house.hospital.events("hl7.applied").await.len(), 1);
}

story!(the_demo_names_its_feed);
async fn the_demo_names_its_feed(engine: Engine) {
    let demo = Hospital::demo(engine).await;
    let services = &demo.ready.as_ref().unwrap().services;
    let address = services["hl7"].strip_prefix("mllp://").unwrap();
    let mut sender = Sender::over(TcpStream::connect(address).await.unwrap());
    sender.sends(&adt("A28", 1, "20260302100000", NORA)).await;
    assert!(services["hl7s"].starts_with("mllps://"));
}

/// `mllp_send` of PyPI's `hl7`, as `scripts/setup.sh test` installs it.
fn mllp_send() -> std::path::PathBuf {
    let root = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/tools/hl7/bin/mllp_send"
    );
    let path = std::path::PathBuf::from(root);
    assert!(
        path.exists(),
        "run scripts/setup.sh test: {root} is missing"
    );
    path
}

story!(somebody_elses_sender_is_understood);
async fn somebody_elses_sender_is_understood(engine: Engine) {
    let house = House::open(engine).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("messages.hl7");
    let messages = adt("A28", 1, "20260302100000", NORA) + &potassium(1, "10042", "6.8", "HH");
    std::fs::write(&file, messages.replace('\n', "\r\n")).unwrap();
    let sent = tokio::process::Command::new(mllp_send())
        .args([
            "--loose",
            "--port",
            &house.address().port().to_string(),
            "--file",
        ])
        .arg(&file)
        .arg("127.0.0.1")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&sent.stdout);
    assert!(
        sent.status.success(),
        "{said} {}",
        String::from_utf8_lossy(&sent.stderr)
    );
    assert_eq!(said.matches("MSA|AA|").count(), 2, "{said}");
    house.settled().await;
    let found = house.found("10042").await;
    assert_eq!(house.record(&found[0], "Observation").await.len(), 1);
}
