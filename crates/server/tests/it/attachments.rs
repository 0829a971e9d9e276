//! Attachments of messages: for the devices of a conversation, within limits, and gone when they are to be.

use serde_json::{Value, json};
use wardline_audit::event::Outcome;
use wardline_client::attachments::NewFile;
use wardline_client_native::NativeClient;
use wardline_model::endorsement::Duty;
use wardline_model::wire::attachments::{
    AttachmentChunk, AttachmentInfo, SEAL_BYTES, SEALED_CHUNK_BYTES,
};
use wardline_model::wire::directory::Me;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::programs::ProgramList;
use wardline_model::{AttachmentId, B64, GroupId, MessageId};
use wardline_server::Config;

use crate::support::managed::{colleague_called, phone_of};
use crate::support::ward::{Ward, me, say, texts};
use crate::support::{Answer, Device, Engine, Hospital, Phone, story, until};

const HOUR: u64 = 60 * 60 * 1000;
const ID: AttachmentId = AttachmentId::from_bytes([0xa7; 16]);
/// A whole chunk, and one with three bytes of the file in it.
const BYTES: u64 = SEALED_CHUNK_BYTES + SEAL_BYTES + 3;

/// Amara and Ben talk; Cleo is not among them.
struct Talk {
    hospital: Hospital,
    officer: Device,
    amara: Phone,
    ben: Phone,
    cleo: Phone,
    group: GroupId,
}

impl Talk {
    async fn begin(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    async fn with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let hospital = Hospital::with(engine, change).await;
        let mut officer = hospital.officer().await;
        let mut phones = Vec::new();
        for name in ["amara.osei", "ben.adler", "cleo.marsh"] {
            let user = colleague_called(&hospital, &officer, name, "nurse").await;
            phones.push(Phone::new(phone_of(&hospital, &mut officer, user).await).await);
        }
        let cleo = phones.pop().unwrap();
        let mut ben = phones.pop().unwrap();
        let mut amara = phones.pop().unwrap();
        let group = amara.start(&[ben.user()]).await;
        ben.join().await;
        Self {
            hospital,
            officer,
            amara,
            ben,
            cleo,
            group,
        }
    }

    /// Amara begins an upload.
    async fn create(&mut self, id: AttachmentId, bytes: u64) -> Answer {
        create(&mut self.amara.device, self.group, id, bytes).await
    }

    /// The same with both chunks handed in.
    async fn uploaded(&mut self) {
        self.create(ID, BYTES).await.expect(201);
        put(&mut self.amara.device, 0, &whole(1)).await.expect(204);
        put(&mut self.amara.device, 1, &[2; 19]).await.expect(204);
    }
}

async fn create(by: &mut Device, group: GroupId, id: AttachmentId, bytes: u64) -> Answer {
    let path = format!("/v1/groups/{group}/attachments");
    by.post(&path, &json!({ "id": id, "bytes": bytes })).await
}

async fn put(by: &mut Device, n: u32, body: &[u8]) -> Answer {
    let body = json!({ "body": B64::from(body) });
    by.request("PUT", &chunk(n), Some(&body)).await
}

fn chunk(n: u32) -> String {
    format!("/v1/attachments/{ID}/chunks/{n}")
}

fn path() -> String {
    format!("/v1/attachments/{ID}")
}

fn whole(byte: u8) -> Vec<u8> {
    vec![byte; usize::try_from(SEALED_CHUNK_BYTES).unwrap()]
}

story!(only_devices_of_the_conversation_have_its_attachments);
async fn only_devices_of_the_conversation_have_its_attachments(engine: Engine) {
    let mut talk = Talk::begin(engine).await;
    talk.uploaded().await;
    let read: AttachmentChunk = talk.ben.device.get(&chunk(1)).await.expect(200).json();
    assert_eq!(read.body.0, [2; 19]);
    let info: AttachmentInfo = talk.ben.device.get(&path()).await.expect(200).json();
    assert_eq!((info.group, info.sender), (talk.group, talk.amara.user()));
    assert_eq!((info.bytes, info.chunks, info.missing), (BYTES, 2, vec![]));

    // Neither a stranger nor a device of Amara's that has not been let in.
    let user = talk.amara.user();
    let invite = talk.hospital.invite_person(&mut talk.officer, user).await;
    let mut second = talk.hospital.device();
    second.enroll(&invite.code).await;
    let confirmed = talk.amara.device.endorse(&second, Duty::None).await;
    confirmed.expect(200);
    second.sign_in().await;
    let group = talk.group;
    for device in [&mut talk.cleo.device, &mut second] {
        device.get(&path()).await.refused(403, "denied");
        device.get(&chunk(0)).await.refused(403, "denied");
        put(device, 0, &whole(1)).await.refused(403, "denied");
        let other = AttachmentId::from_bytes([1; 16]);
        create(device, group, other, 100)
            .await
            .refused(403, "denied");
    }
    // Ben reads, and neither adds to what Amara sends nor takes it away.
    let ben = &mut talk.ben.device;
    put(ben, 0, &whole(1)).await.refused(403, "denied");
    ben.delete(&path()).await.refused(403, "denied");
    talk.cleo
        .device
        .delete(&path())
        .await
        .refused(403, "denied");
    create(ben, group, ID, BYTES)
        .await
        .refused(400, "idempotency-mismatch");

    // Amara may from any device; then it is gone for everybody, and nothing brings it back.
    second.delete(&path()).await.expect(204);
    for device in [&mut talk.amara.device, &mut talk.ben.device] {
        device.get(&chunk(0)).await.refused(404, "not-found");
        device.get(&path()).await.refused(404, "not-found");
        device.delete(&path()).await.refused(404, "not-found");
    }
    put(&mut talk.amara.device, 0, &whole(1))
        .await
        .refused(404, "not-found");
    talk.create(ID, BYTES)
        .await
        .refused(400, "idempotency-mismatch");
    let deleted = talk.hospital.events("attachment.deleted").await;
    let deleted = deleted.iter().filter(|e| e.outcome == Outcome::Allow);
    assert_eq!(deleted.count(), 1);
    let read = talk.hospital.events("attachment.read").await;
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].detail["chunk"], 1);
}

story!(an_upload_goes_on_where_it_broke_off_and_takes_no_other_bytes);
async fn an_upload_goes_on_where_it_broke_off_and_takes_no_other_bytes(engine: Engine) {
    let mut talk = Talk::begin(engine).await;
    let begun: AttachmentInfo = talk.create(ID, BYTES).await.expect(201).json();
    assert_eq!(begun.missing, [0, 1]);
    let amara = &mut talk.amara.device;
    for body in [whole(1).as_slice(), &[2; 18], &[2; 20], b""] {
        put(amara, 1, body).await.refused(400, "invalid-body");
    }
    put(amara, 2, &[2; 19])
        .await
        .refused(400, "invalid-parameter");
    let body = json!({ "body": "AAAA" });
    for n in ["-1", "x", "4294967296"] {
        let path = format!("/v1/attachments/{ID}/chunks/{n}");
        let refused = amara.request("PUT", &path, Some(&body)).await;
        refused.refused(400, "invalid-parameter");
    }
    put(amara, 1, &[2; 19]).await.expect(204);
    put(amara, 1, &[2; 19]).await.expect(204);
    put(amara, 1, &[3; 19])
        .await
        .refused(400, "idempotency-mismatch");
    let again: AttachmentInfo = talk.create(ID, BYTES).await.expect(201).json();
    assert_eq!(again.missing, [0]);
    talk.create(ID, BYTES - 1)
        .await
        .refused(400, "idempotency-mismatch");
    talk.ben
        .device
        .get(&chunk(0))
        .await
        .refused(404, "not-found");
    for bytes in [0, SEAL_BYTES, SEALED_CHUNK_BYTES + SEAL_BYTES] {
        talk.create(ID, bytes).await.refused(400, "invalid-body");
    }
}

story!(what_is_too_large_or_too_much_for_a_day_is_refused);
async fn what_is_too_large_or_too_much_for_a_day_is_refused(engine: Engine) {
    let mut talk = Talk::with(engine, |config| {
        config.attachments.max_bytes = 70_000;
        config.attachments.person_day_bytes = 100_000;
    })
    .await;
    let id = |n| AttachmentId::from_bytes([n; 16]);
    let refused = talk.create(id(1), 70_001 + SEAL_BYTES).await;
    let refused = refused.refused(413, "payload-too-large");
    assert_eq!(refused.extensions["limit"], 70_000);
    talk.create(id(1), 70_000 + SEAL_BYTES).await.expect(201);
    let more = talk.create(id(2), 40_000).await;
    more.refused(409, "attachment-quota");
    // The same one again is no more.
    talk.create(id(1), 70_000 + SEAL_BYTES).await.expect(201);
    // What is deleted counts, else it would be no limit; other people have days of their own.
    let path = format!("/v1/attachments/{}", id(1));
    talk.amara.device.delete(&path).await.expect(204);
    talk.create(id(2), 40_000)
        .await
        .refused(409, "attachment-quota");
    let group = talk.group;
    create(&mut talk.ben.device, group, id(3), 40_000)
        .await
        .expect(201);
    talk.hospital.clock.advance(25 * HOUR);
    talk.amara.device.sign_in().await;
    talk.create(id(2), 40_000).await.expect(201);
}

story!(a_program_that_keeps_no_files_has_none_sent_or_opened);
async fn a_program_that_keeps_no_files_has_none_sent_or_opened(engine: Engine) {
    let mut talk = Talk::begin(engine).await;
    talk.uploaded().await;
    let use_of =
        async |device: &mut Device| -> Me { device.get("/v1/me").await.expect(200).json() };
    let before = use_of(&mut talk.ben.device).await.attachments.unwrap();
    assert_eq!((before.allowed, before.max_bytes), (true, 10 * 1024 * 1024));
    let list: ProgramList = talk.officer.get("/v1/programs").await.expect(200).json();
    let demo = list
        .programs
        .iter()
        .find(|p| p.terms.slug == "demo")
        .unwrap();
    let mut terms = serde_json::to_value(&demo.terms).unwrap();
    terms["limits"]["attachments"] = Value::Bool(false);
    let body = json!({ "version": 0, "terms": terms });
    let changed = talk
        .officer
        .request("PUT", "/v1/programs/demo", Some(&body))
        .await;
    changed.expect(200);
    let reason = |answer: Answer| answer.refused(403, "denied").extensions["reason"].clone();
    let read = talk.ben.device.get(&chunk(0)).await;
    assert_eq!(reason(read), "files_not_allowed");
    let upload = talk.create(AttachmentId::from_bytes([1; 16]), 100).await;
    assert_eq!(reason(upload), "files_not_allowed");
    assert!(
        !use_of(&mut talk.ben.device)
            .await
            .attachments
            .unwrap()
            .allowed
    );
    // What was sent before can still be taken back.
    talk.amara.device.delete(&path()).await.expect(204);
}

story!(an_upload_that_nobody_finishes_is_removed_after_a_day_and_can_begin_anew);
async fn an_upload_that_nobody_finishes_is_removed_after_a_day_and_can_begin_anew(engine: Engine) {
    let mut talk = Talk::begin(engine).await;
    talk.create(ID, BYTES).await.expect(201);
    put(&mut talk.amara.device, 1, &[2; 19]).await.expect(204);
    let (group, finished) = (talk.group, AttachmentId::from_bytes([1; 16]));
    create(&mut talk.ben.device, group, finished, 19)
        .await
        .expect(201);
    let kept = format!("/v1/attachments/{finished}");
    let body = json!({ "body": B64::from([4; 19]) });
    let ben = &mut talk.ben.device;
    ben.request("PUT", &format!("{kept}/chunks/0"), Some(&body))
        .await
        .expect(204);
    talk.hospital.clock.advance(25 * HOUR);
    for device in [&mut talk.amara.device, &mut talk.ben.device] {
        device.sign_in().await;
    }
    // A node looks when it starts, and each minute.
    talk.hospital.restart().await;
    for device in [&mut talk.amara.device, &mut talk.ben.device] {
        device.url.clone_from(&talk.hospital.url);
    }
    let amara = &mut talk.amara.device;
    until("the removal", async || {
        (amara.get(&path()).await.status == 404).then_some(())
    })
    .await;
    let events = talk.hospital.events("attachment.expired").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].resource, format!("attachment/{ID}"));
    talk.ben.device.get(&kept).await.expect(200);
    let anew: AttachmentInfo = talk.create(ID, BYTES).await.expect(201).json();
    assert_eq!(anew.missing, [0, 1]);
}

fn document(byte: u8) -> NewFile {
    NewFile {
        name: "Consent.pdf".to_owned(),
        mime: "application/pdf".to_owned(),
        bytes: [b"%PDF-1.7 of bed 4 ".as_slice(), &vec![byte; 300_000]]
            .concat()
            .into(),
        pixels: None,
        seconds: None,
        thumbnail: None,
    }
}

async fn upload(client: &mut NativeClient) {
    while client.tend_files().await.unwrap() {}
    client.deliver().await.unwrap();
}

async fn fetched(client: &mut NativeClient, group: GroupId, id: MessageId) -> Vec<u8> {
    loop {
        let so_far = client.fetch_file(group, id).await.unwrap();
        if so_far.done == so_far.chunks {
            return client.file(group, id).unwrap();
        }
    }
}

story!(a_document_travels_in_pieces_and_goes_with_its_message);
async fn a_document_travels_in_pieces_and_goes_with_its_message(engine: Engine) {
    Box::pin(travels(engine)).await;
}

async fn travels(engine: Engine) {
    let mut ward = Box::pin(Ward::open(engine)).await;
    let people = &ward.hospital.ready.as_ref().unwrap().people;
    let names: Vec<String> = people.iter().take(2).map(|p| p.user.clone()).collect();
    let mut amara = Box::pin(ward.person(&names[0])).await;
    let mut ben = Box::pin(ward.person(&names[1])).await;
    let group = amara.start(&[me(&ben)], None, None).await.unwrap();
    let sent = document(7);
    let file = sent.bytes.0.clone();
    let attached = amara
        .attach(group, sent, "Signed", Priority::Routine, None, None)
        .await;
    let id = attached.unwrap().id;
    let file_id = amara.file_of(group, id).unwrap().id;
    let there = format!("/v1/attachments/{file_id}");

    // One piece of three goes out, and the message waits; words do not wait for it. It is killed.
    assert!(amara.tend_files().await.unwrap());
    say(&mut amara, group, "Consent follows").await;
    drop(amara);
    let mut amara = NativeClient::open(&ward.home(&names[0])).unwrap();
    amara.sign_in().await.unwrap();
    amara.sync().await.unwrap();
    let so_far = amara.raw("GET", &there, None).await.unwrap();
    let so_far: AttachmentInfo = serde_json::from_slice(&so_far).unwrap();
    assert_eq!((so_far.chunks, so_far.missing), (3, vec![1, 2]));
    ben.sync().await.unwrap();
    assert_eq!(texts(&ben, group), ["Consent follows"]);
    upload(&mut amara).await;

    ben.sync().await.unwrap();
    let received = ben.messages(group, None, 1).unwrap().pop().unwrap();
    let view = received.attachment.unwrap();
    assert_eq!((received.id, received.text.as_str()), (id, "Signed"));
    assert_eq!(
        (view.name.as_str(), view.chunks, view.done),
        ("Consent.pdf", 3, 0)
    );
    assert!(ben.file(group, id).is_err(), "it is not here yet");
    assert!(fetched(&mut ben, group, id).await == file);

    // Another device of Ben's has it from the history that the keeper hands over.
    let mut tablet = Box::pin(ward.own_device(&mut ben, "tablet")).await;
    Box::pin(ward.keep(wardline_keeper::Rules::default())).await;
    tablet.sync().await.unwrap();
    Box::pin(ward.keep(wardline_keeper::Rules::default())).await;
    tablet.sync().await.unwrap();
    assert!(fetched(&mut tablet, group, id).await == file);

    // Neither what it says nor what it is called is anywhere at the hospital.
    let database = ward.hospital.config.data.dir.join("wardline.db");
    for name in [database.clone(), database.with_extension("db-wal")] {
        let stored = std::fs::read(name).unwrap_or_default();
        for secret in [b"%PDF-1.7 of bed 4".as_slice(), b"Consent.pdf", &[7; 64]] {
            assert!(!stored.windows(secret.len()).any(|w| w == secret));
        }
    }

    // Recalled, it goes from the hospital and from the phones.
    amara.recall(group, id).await.unwrap();
    amara.deliver().await.unwrap();
    upload(&mut amara).await;
    let gone = amara.raw("GET", &there, None).await.unwrap_err();
    assert!(gone.is_problem("not-found"), "{gone}");
    // As long as the record keeper keeps the message, its ciphertext is kept, too, and no longer.
    let kept = async |ward: &Ward| {
        let (store, _) = ward.hospital.seize();
        let mut facts = store.read().await.unwrap();
        facts.attachment_chunks(file_id).await.unwrap().len()
    };
    assert_eq!(kept(&ward).await, 3);
    Box::pin(ward.keep(wardline_keeper::Rules::default())).await;
    assert_eq!(kept(&ward).await, 3);
    // Of another conversation's message, or of none, it ends nothing.
    let other = GroupId::from_bytes([7; 16]);
    for of in [String::new(), format!("?group={other}")] {
        let path = format!("{there}{of}");
        let ended = ward.keeper.raw("DELETE", &path, None).await;
        assert!(ended.unwrap_err().is_problem("not-found"));
    }
    assert_eq!(kept(&ward).await, 3);
    ward.keeper.shred(group, received.sent_at).unwrap();
    ward.keeper.flush().await.unwrap();
    while ward.keeper.tend_files().await.unwrap() {}
    assert_eq!(kept(&ward).await, 0);
    let ended = ward.hospital.events("attachment.deleted").await;
    let ended: Vec<_> = ended
        .iter()
        .filter(|e| e.outcome == Outcome::Allow)
        .collect();
    assert_eq!(ended.len(), 2);
    assert_eq!(ended[0].detail["kept"], true);
    ben.sync().await.unwrap();
    for client in [&mut amara, &mut ben] {
        assert!(client.file(group, id).is_err());
        let message = client.messages(group, None, 9).unwrap();
        let message = message.into_iter().find(|m| m.id == id).unwrap();
        assert!(message.recalled && message.attachment.is_none());
    }
    // What nobody took back ends with its message at the record keeper; the sender is not asked.
    let attached = amara
        .attach(group, document(9), "", Priority::Routine, None, None)
        .await;
    let id = attached.unwrap().id;
    let file_id = amara.file_of(group, id).unwrap().id;
    upload(&mut amara).await;
    Box::pin(ward.keep(wardline_keeper::Rules::default())).await;
    let sent = ward.keeper.kept(group, 0, u64::MAX).unwrap();
    let sent = sent.into_iter().find(|kept| kept.id == id).unwrap();
    ward.keeper.shred(group, sent.sent_at).unwrap();
    ward.keeper.flush().await.unwrap();
    while ward.keeper.tend_files().await.unwrap() {}
    {
        let (store, _) = ward.hospital.seize();
        let mut facts = store.read().await.unwrap();
        assert!(facts.attachment_chunks(file_id).await.unwrap().is_empty());
    }
    // One that is given up before it left goes too.
    let attached = amara
        .attach(group, document(8), "", Priority::Routine, None, None)
        .await;
    let id = attached.unwrap().id;
    amara.tend_files().await.unwrap();
    let there = format!("/v1/attachments/{}", amara.file_of(group, id).unwrap().id);
    amara.raw("GET", &there, None).await.unwrap();
    amara.discard(id).await.unwrap();
    upload(&mut amara).await;
    assert!(
        amara
            .raw("GET", &there, None)
            .await
            .unwrap_err()
            .is_problem("not-found")
    );
}
