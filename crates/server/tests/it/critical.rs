//! Critical results and alarms: from a sender's bytes to the call that waits for a bot, and to its end.

use serde_json::{Value, json};
use tokio::net::TcpStream;
use wardline_client_native::NativeClient;
use wardline_model::endorsement::Duty;
use wardline_model::wire::critical::{CriticalCall, CriticalCalls, CriticalKind};
use wardline_model::wire::integrations::{BotRegistered, CriticalHealth, Integrations};
use wardline_model::wire::messages::Priority;
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{DeviceId, PatientId, RoleSlug, UserId};

use crate::bots::{change, open, post, reason, register, scope};
use crate::hl7::{NORA, Sender, adt, potassium};
use crate::support::ward::{Ward, come_online, confirm, enroll, me, socket};
use crate::support::{Engine, story, until};

const PATH: &str = "/v1/critical-calls";
/// The demo's.
const ROLE: &str = "medicine-on-call";
const HOUR: u64 = 60 * 60 * 1000;

fn role() -> RoleSlug {
    ROLE.parse().unwrap()
}

async fn sender(ward: &Ward) -> Sender<TcpStream> {
    let services = &ward.hospital.ready.as_ref().unwrap().services;
    let address = services["hl7"].strip_prefix("mllp://").unwrap().to_owned();
    Sender::over(TcpStream::connect(address).await.unwrap())
}

/// Waits until everything that came is applied or set aside.
async fn settled(ward: &Ward) {
    let (store, _) = ward.hospital.seize();
    until("everything to be applied", async || {
        let mut tx = store.read().await.unwrap();
        (!tx.any_message_waits().await.unwrap()).then_some(())
    })
    .await;
}

/// Somebody is on call from now on.
async fn on_call(ward: &Ward, user: UserId) {
    let (store, _) = ward.hospital.seize();
    let now = ward.hospital.clock.now_ms();
    let mut tx = store.write().await.unwrap();
    tx.put_oncall_turn(&role(), user, now - 1000, now + HOUR)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn calls(bot: &mut NativeClient) -> Vec<CriticalCall> {
    let found = bot.raw("GET", PATH, None).await.unwrap();
    let found: CriticalCalls = serde_json::from_slice(&found).unwrap();
    assert!(found.reads);
    found.calls
}

async fn health(officer: &mut NativeClient) -> CriticalHealth {
    let found = officer.raw("GET", "/v1/integrations", None).await.unwrap();
    let found: Integrations = serde_json::from_slice(&found).unwrap();
    found.critical
}

fn admission() -> String {
    let stay = format!("{NORA}\nPV1|1|I|4E^12^B||||77^Bauer^Ada||||||||||||V7");
    adt("A01", 1, "20260302100000", &stay)
}

/// Another message about the first potassium.
fn again(id: u32, value: &str, flag: &str) -> String {
    potassium(id, "10042", value, flag).replace(&format!("|F{id}|"), "|F1|")
}

/// How many results and alarms the calls so far stand for, by call.
async fn called(ward: &Ward) -> Vec<u64> {
    let events = ward.hospital.events("critical.called").await;
    let signals = events
        .iter()
        .map(|event| event.detail["signals"].as_u64().unwrap());
    signals.collect()
}

story!(a_critical_result_waits_once_for_a_bot_that_may_tell_of_it);
async fn a_critical_result_waits_once_for_a_bot_that_may_tell_of_it(engine: Engine) {
    Box::pin(waits_once(engine)).await;
}

async fn waits_once(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    on_call(&ward, me(&amara)).await;
    let made = register(&mut viktor, me(&amara), &scope(|_| {})).await;
    let mut bot = open(&mut ward, &made).await;
    let refused = bot.raw("GET", PATH, None).await;
    assert_eq!(reason(refused), "bot_results", "no officer let it");
    let nobody = amara.raw("GET", PATH, None).await;
    assert_eq!(reason(nobody), "missing_permission", "it is for programs");
    let lets = scope(|s| s["results"] = true.into());
    change(&mut viktor, made.bot.user.id, &lets).await;
    assert!(calls(&mut bot).await.is_empty());

    let mut heard = socket(&ward, &mut bot).await;
    let mut sender = sender(&ward).await;
    sender.sends(&admission()).await;
    sender.sends(&potassium(1, "10042", "6.8", "HH")).await;
    while heard.next().await.unwrap() != ServerFrame::CriticalCalls {}
    let waits = calls(&mut bot).await;
    let call = &waits[0];
    assert_eq!((waits.len(), &call.role, call.others), (1, &role(), 0));
    let finding = &call.findings[0];
    assert_eq!(finding.kind, CriticalKind::Result);
    assert_eq!(
        (finding.what.as_str(), finding.value.as_deref()),
        ("Potassium", Some("6.8"))
    );
    assert_eq!(finding.unit.as_deref(), Some("mmol/L"));
    assert_eq!(finding.flag.as_deref(), Some("HH"));
    assert_eq!(finding.place.as_deref(), Some("4E 12 B"));
    assert!(
        finding.record.is_none(),
        "the conversation says whom it is about"
    );
    assert!(finding.observation.is_some());

    // The same again, under another id, as preliminary or corrected to what it was: told once. A value that
    // is not critical is nobody's call.
    sender.sends(&again(2, "6.8", "HH")).await;
    let corrected = again(3, "6.8", "HH").replace("|||F|||", "|||C|||");
    sender.sends(&corrected).await;
    let calm = potassium(4, "10042", "4.1", "N");
    sender.sends(&calm).await;
    settled(&ward).await;
    assert_eq!(called(&ward).await, [1]);
    let kept = calls(&mut bot).await;
    assert_eq!((kept.len(), kept[0].id), (1, call.id), "its own, once more");

    // Only about the patient of the call, and with its role.
    let patient = call.patient.clone().unwrap();
    let other: PatientId = "somebody-else".parse().unwrap();
    assert!(bot.start(&[], Some(role()), Some(other)).await.is_err());
    let her = [me(&amara)];
    let direct = bot.start(&her, None, Some(patient.clone())).await;
    assert!(direct.is_err());
    let group = bot.start(&[], Some(role()), Some(patient)).await.unwrap();
    let path = format!("{PATH}/{}/posted", call.id);
    let by = |seq: u64| json!({ "group": group, "seq": seq });
    assert_eq!(
        reason(post(&mut amara, &path, &by(1)).await),
        "missing_permission"
    );
    for seq in [0, 1, 99] {
        let nothing = post(&mut bot, &path, &by(seq)).await;
        assert_eq!(
            reason(nothing),
            "invalid-body",
            "{seq} is no message of its"
        );
    }
    bot.send(group, "Potassium 6.8", Priority::Stat, None)
        .await
        .unwrap();
    let seq = bot.deliver().await.unwrap()[0].seq.unwrap();
    for _ in 0..2 {
        assert_eq!(reason(post(&mut bot, &path, &by(seq)).await), "taken");
    }
    assert!(calls(&mut bot).await.is_empty());
    let stands = health(&mut viktor).await;
    assert!(stands.configured && stands.last_posted_at.is_some());
    assert_eq!((stands.waiting, stands.late), (0, 0));
    let unknown = format!("{PATH}/00000000-0000-4000-8000-000000000000/posted");
    assert_eq!(
        reason(post(&mut bot, &unknown, &by(seq)).await),
        "not-found"
    );
    let handed = ward.hospital.events("critical.handed").await;
    let disclosed = handed[0].detail["entries"].to_string();
    assert!(disclosed.contains(finding.observation.as_deref().unwrap()));

    // It was not so after all: whoever was told is told.
    sender.sends(&again(5, "4.1", "N")).await;
    settled(&ward).await;
    ward.hospital.clock.advance(3 * 60 * 1000);
    let told = until("the correction", async || waiting(&ward).await.pop()).await;
    assert_eq!(told["findings"][0]["kind"], "corrected");
    assert_eq!(told["findings"][0]["value"], "4.1");
}

/// What calls say that wait, as whoever holds the server with its keys reads it.
async fn waiting(ward: &Ward) -> Vec<Value> {
    let (store, _) = ward.hospital.seize();
    let mut tx = store.read().await.unwrap();
    let nobody = DeviceId::from_bytes([1; 16]);
    let rows = tx
        .critical_for(nobody, None, 100, u64::MAX >> 1)
        .await
        .unwrap();
    let told = rows
        .iter()
        .map(|row| serde_json::from_slice(row.body.expose()).unwrap());
    told.collect()
}

story!(what_no_bot_takes_is_seen_and_one_at_a_time_has_it);
async fn what_no_bot_takes_is_seen_and_one_at_a_time_has_it(engine: Engine) {
    Box::pin(is_seen(engine)).await;
}

async fn is_seen(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let amara = ward.person("amara.osei").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let lets = scope(|s| s["results"] = true.into());
    let made = register(&mut viktor, me(&amara), &lets).await;
    let mut bot = open(&mut ward, &made).await;
    let request = json!({
        "username": "second-bot", "name": "Second", "owner": me(&amara), "program": "demo",
        "scope": lets, "per_minute": 5,
    });
    let second = post(&mut viktor, "/v1/bots", &request).await.unwrap();
    let also: BotRegistered = serde_json::from_slice(&second).unwrap();
    let home = ward.home("second");
    let mut second = enroll(&ward.hospital, &home, &also.invite.code).await;
    let id = second.status().device_id.unwrap();
    confirm(&mut ward.officer, id, Duty::Bot).await;
    come_online(&mut second).await;

    let mut sender = sender(&ward).await;
    sender.sends(&admission()).await;
    sender.sends(&potassium(1, "10042", "6.8", "HH")).await;
    settled(&ward).await;
    assert_eq!(calls(&mut bot).await.len(), 1);
    assert!(calls(&mut second).await.is_empty(), "another one has it");
    ward.hospital.clock.advance(31_000);
    assert_eq!(calls(&mut second).await.len(), 1, "that one did not come");
    assert!(calls(&mut bot).await.is_empty());
    let elsewhere = scope(|s| {
        s["results"] = true.into();
        s["anywhere"] = false.into();
        s["roles"] = json!(["stroke-on-call"]);
    });
    change(&mut viktor, also.bot.user.id, &elsewhere).await;
    let others = calls(&mut second).await;
    assert!(others.is_empty(), "it is another role's");
    let stands = health(&mut viktor).await;
    assert_eq!((stands.waiting, stands.late), (1, 0));

    // Nobody posts it.
    ward.hospital.clock.advance(40_000);
    let stands: Integrations = ward
        .officer
        .get("/v1/integrations")
        .await
        .expect(200)
        .json();
    assert_eq!((stands.critical.waiting, stands.critical.late), (1, 1));
    assert_eq!(stands.critical.roles, [role()]);
    until("the event", async || {
        let late = ward.hospital.events("critical.late").await;
        (late.len() == 1).then_some(())
    })
    .await;
}

fn alarm(id: u32, name: &str, bed: u32, phase: &str) -> String {
    format!(
        "MSH|^~\\&|MON|MAIN|||20260302120000||ORU^R40^ORU_R40|M{id}|P|2.6\nPID|1\n\
         PV1|1|I|4E^{bed}\nOBR|1||{name}^MON|196616^MDC_EVT_ALARM^MDC|||20260302115900\n\
         OBX|1|CWE|196616^MDC_EVT_ALARM^MDC|1|196670^MDC_EVT_LO^MDC|||PH~SP|||F|||||||M{bed}\n\
         OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|2|78|%||L|||F\n\
         OBX|3|ST|68481^MDC_ATTR_EVENT_PHASE^MDC|3|{phase}||||||F\n\
         OBX|4|ST|68482^MDC_ATTR_ALARM_STATE^MDC|4|active||||||F\n"
    )
}

story!(a_flood_of_alarms_is_told_in_few_calls_and_nothing_of_it_is_lost);
async fn a_flood_of_alarms_is_told_in_few_calls_and_nothing_of_it_is_lost(engine: Engine) {
    let ward = Ward::open(engine).await;
    let mut sender = sender(&ward).await;
    // Three alarms at each of ten beds, each of them twice.
    let mut id = 0;
    for round in 0..3 {
        for bed in 0..10 {
            for _ in 0..2 {
                id += 1;
                let name = format!("A{bed}-{round}");
                sender.sends(&alarm(id, &name, bed, "start")).await;
            }
        }
    }
    // One that nobody was told of is over.
    sender.sends(&alarm(id + 1, "A9-2", 9, "end")).await;
    settled(&ward).await;
    let at_once = called(&ward).await;
    assert!(at_once.len() <= 7, "{at_once:?}");
    let mut told = Vec::new();
    for _ in 0..8 {
        ward.hospital.clock.advance(30_000);
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        told = called(&ward).await;
        if told.iter().sum::<u64>() == 29 {
            break;
        }
    }
    assert_eq!(told.iter().sum::<u64>(), 29, "{told:?}");
    assert!(told.len() <= 14, "{told:?}");
    let (store, _) = ward.hospital.seize();
    let mut tx = store.read().await.unwrap();
    assert!(!tx.is_anything_gathered().await.unwrap());
}
