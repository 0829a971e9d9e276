//! What does not leave a device: it is said so, it leaves once or not at all, and nothing that is over goes
//! on.

use wardline_client::attachments::NewFile;
use wardline_client::error::ClientError;
use wardline_client::views::{Message, Unsent};
use wardline_client::{Client, Platform};
use wardline_model::wire::escalations::{EscalationInfo, EscalationList, EscalationState};
use wardline_model::wire::messages::Priority;
use wardline_model::{GroupId, MessageId};

use crate::support::ward::{Odd, Ward, me};
use crate::support::{Engine, story, until};

const MINUTE: u64 = 60_000;
/// Every request.
const ALL: Option<&str> = Some("");

/// Amara, whose phone has moods, and Tomás.
struct Talk {
    ward: Ward,
    amara: Client<Odd>,
    tomas: Client<Odd>,
    group: GroupId,
}

impl Talk {
    async fn begin(engine: Engine) -> Self {
        let mut ward = Box::pin(Ward::open(engine)).await;
        let mut amara = Box::pin(ward.person("amara.osei")).await;
        let mut tomas = Box::pin(ward.person("tomas.herrera")).await;
        let group = amara.start(&[me(&tomas)], None, None).await.unwrap();
        tomas.sync().await.unwrap();
        drop((amara, tomas));
        let url = &ward.hospital.url;
        let mut amara = Odd::sign_in(&ward.home("amara.osei"), url, 0).await;
        let mut tomas = Odd::sign_in(&ward.home("tomas.herrera"), url, 0).await;
        amara.sync().await.unwrap();
        tomas.sync().await.unwrap();
        Self {
            ward,
            amara,
            tomas,
            group,
        }
    }

    /// Some minutes pass, for everybody.
    fn pass(&self, minutes: u64) {
        self.ward.hospital.clock.advance(minutes * MINUTE);
        for client in [&self.amara, &self.tomas] {
            let ahead_ms = &client.platform().ahead_ms;
            ahead_ms.set(ahead_ms.get() + minutes * MINUTE);
        }
    }

    async fn write(&mut self, text: &str, priority: Priority) -> Result<MessageId, ClientError> {
        let sent = self.amara.send(self.group, text, priority, None).await;
        sent.map(|queued| queued.id)
    }

    /// What came to Tomás.
    async fn come(&mut self) -> Vec<String> {
        self.tomas.sync().await.unwrap();
        written(&self.tomas, self.group)
            .into_iter()
            .map(|message| message.text)
            .collect()
    }

    /// The pages of which Amara's hospital knows.
    async fn pages(&mut self) -> Vec<EscalationInfo> {
        let list = self.amara.raw("GET", "/v1/escalations", None).await;
        let list: EscalationList = serde_json::from_slice(&list.unwrap()).unwrap();
        list.escalations
    }

    /// The same once there are so many; each begins a moment after its message was taken.
    async fn paged(&mut self, count: usize) -> Vec<EscalationInfo> {
        until("the pages", async || {
            let pages = self.pages().await;
            (pages.len() == count).then_some(pages)
        })
        .await
    }

    fn unsent(&self) -> Vec<Unsent> {
        self.amara.unsent_stat().unwrap()
    }
}

fn written<P: Platform>(client: &Client<P>, group: GroupId) -> Vec<Message> {
    let messages = client.messages(group, None, usize::MAX).unwrap();
    messages
        .into_iter()
        .filter(|message| message.notice.is_none())
        .collect()
}

fn photo() -> NewFile {
    NewFile {
        name: "ECG.pdf".to_owned(),
        mime: "application/pdf".to_owned(),
        bytes: [b"%PDF-1.7 ".as_slice(), &vec![7; 300_000]].concat().into(),
        pixels: None,
        seconds: None,
        thumbnail: None,
    }
}

story!(what_a_full_disk_did_not_keep_does_not_leave_later);
async fn what_a_full_disk_did_not_keep_does_not_leave_later(engine: Engine) {
    Box::pin(does_not_leave_later(engine)).await;
}

async fn does_not_leave_later(engine: Engine) {
    let mut talk = Box::pin(Talk::begin(engine)).await;
    talk.amara.platform().full.set(true);
    let refused = talk.write("Bed 4 is septic", Priority::Stat).await;
    assert!(matches!(refused, Err(ClientError::Storage)), "{refused:?}");
    for priority in [Priority::Routine, Priority::Stat] {
        let file = talk
            .amara
            .attach(talk.group, photo(), "ECG", priority, None, None)
            .await;
        assert!(matches!(file, Err(ClientError::Storage)));
    }
    assert!(written(&talk.amara, talk.group).is_empty());
    assert!(talk.unsent().is_empty());

    // She makes room, and writes it again: it goes out once, and the file's room was given back.
    talk.amara.platform().full.set(false);
    talk.amara.sync().await.unwrap();
    assert!(!talk.amara.tend_files().await.unwrap());
    talk.write("Bed 4 is septic", Priority::Stat).await.unwrap();
    talk.amara.deliver().await.unwrap();
    assert_eq!(talk.come().await, ["Bed 4 is septic"]);
    talk.paged(1).await;

    // What waited for a recall that was not kept waits again.
    let group = talk.group;
    let id = written(&talk.amara, group)[0].id;
    talk.amara.platform().cut.set(ALL);
    talk.amara.edit(group, id, "Bed 5 is septic").await.unwrap();
    talk.amara.platform().full.set(true);
    let recalled = talk.amara.recall(group, id).await;
    assert!(matches!(recalled, Err(ClientError::Storage)));
    talk.amara.platform().full.set(false);
    talk.amara.platform().cut.set(None);
    talk.amara.sync().await.unwrap();
    assert_eq!(talk.come().await, ["Bed 5 is septic"]);
}

story!(a_stat_message_that_waited_too_long_leaves_only_when_its_writer_says_so);
async fn a_stat_message_that_waited_too_long_leaves_only_when_its_writer_says_so(engine: Engine) {
    Box::pin(says_so(engine)).await;
}

async fn says_so(engine: Engine) {
    let mut talk = Box::pin(Talk::begin(engine)).await;
    talk.amara.platform().cut.set(ALL);
    let septic = talk.write("Bed 4 is septic", Priority::Stat).await.unwrap();
    let arrests = talk.write("Bed 5 arrests", Priority::Stat).await.unwrap();
    talk.write("Lunch at noon", Priority::Routine)
        .await
        .unwrap();
    assert!(talk.amara.deliver().await.unwrap().is_empty());
    let waits: Vec<_> = talk
        .unsent()
        .iter()
        .map(|each| (each.id, each.late))
        .collect();
    assert_eq!(waits, [(septic, false), (arrests, false)]);

    // What came within five minutes leaves by itself; later only what is not STAT does.
    talk.pass(6);
    talk.amara.platform().cut.set(None);
    talk.amara.sync().await.unwrap();
    assert_eq!(talk.come().await, ["Lunch at noon"]);
    assert!(talk.unsent().iter().all(|each| each.late));
    assert!(talk.pages().await.is_empty(), "nobody is asked");

    talk.amara.discard(arrests).await.unwrap();
    let sent = talk.amara.retry(septic).await.unwrap();
    assert_eq!((sent[0].id, sent.len()), (septic, 1));
    assert_eq!(talk.come().await, ["Lunch at noon", "Bed 4 is septic"]);
    assert!(talk.unsent().is_empty());
    talk.paged(1).await;

    // A program that asks again under the same id says so as well.
    let id = MessageId::from_bytes([7; 16]);
    talk.amara.platform().cut.set(ALL);
    let group = talk.group;
    let again = async |amara: &mut Client<Odd>| {
        let text = "Pump 3 stands still".to_owned();
        let sent = amara.send_once(id, group, text, None, Priority::Stat).await;
        sent.unwrap();
        amara.deliver().await.unwrap()
    };
    assert!(again(&mut talk.amara).await.is_empty());
    talk.pass(6);
    talk.amara.platform().cut.set(None);
    talk.amara.sync().await.unwrap();
    assert_eq!(talk.unsent().len(), 1);
    assert_eq!(again(&mut talk.amara).await.len(), 1);
    assert!(again(&mut talk.amara).await.is_empty(), "once");
}

story!(whoever_recalls_a_stat_message_calls_off_its_page_also_after_a_dead_spot);
async fn whoever_recalls_a_stat_message_calls_off_its_page_also_after_a_dead_spot(engine: Engine) {
    Box::pin(calls_off(engine)).await;
}

async fn calls_off(engine: Engine) {
    let mut talk = Box::pin(Talk::begin(engine)).await;
    let group = talk.group;
    let states = |pages: &[EscalationInfo]| -> Vec<EscalationState> {
        pages.iter().map(|page| page.state).collect()
    };
    let septic = talk.write("Bed 4 is septic", Priority::Stat).await.unwrap();
    talk.amara.deliver().await.unwrap();
    // The recall gets through, and then the line is gone; the app is killed.
    talk.amara.recall(group, septic).await.unwrap();
    talk.amara.platform().cut.set(Some("/withdraw"));
    talk.amara.deliver().await.unwrap();
    assert_eq!(talk.come().await, [""]);
    assert_eq!(states(&talk.paged(1).await), [EscalationState::Waiting]);
    let home = talk.ward.home("amara.osei");
    let Talk {
        ward,
        amara,
        tomas,
        group,
    } = talk;
    drop(amara);
    let amara = Odd::sign_in(&home, &ward.hospital.url, 0).await;
    let mut talk = Talk {
        ward,
        amara,
        tomas,
        group,
    };
    talk.amara.sync().await.unwrap();
    assert_eq!(states(&talk.pages().await), [EscalationState::Withdrawn]);

    // One that somebody took stays taken, and is asked about once.
    let arrests = talk.write("Bed 5 arrests", Priority::Stat).await.unwrap();
    talk.amara.deliver().await.unwrap();
    talk.tomas.sync().await.unwrap();
    let place = written(&talk.tomas, group)[1].newest_seq.unwrap();
    let path = format!("/v1/escalations/{group}.{place}/acknowledge");
    until("his answer", async || {
        talk.tomas.raw("POST", &path, None).await.ok()
    })
    .await;
    talk.amara.recall(group, arrests).await.unwrap();
    talk.amara.deliver().await.unwrap();
    let mut ends = states(&talk.pages().await);
    ends.sort_by_key(|state| *state == EscalationState::Withdrawn);
    assert_eq!(
        ends,
        [EscalationState::Acknowledged, EscalationState::Withdrawn]
    );
    let told = talk.ward.hospital.events("escalation.withdrawn").await;
    talk.amara.sync().await.unwrap();
    let again = talk.ward.hospital.events("escalation.withdrawn").await;
    assert_eq!(told.len(), again.len());
}

story!(a_stat_message_does_not_wait_for_its_file);
async fn a_stat_message_does_not_wait_for_its_file(engine: Engine) {
    Box::pin(does_not_wait(engine)).await;
}

async fn does_not_wait(engine: Engine) {
    let mut talk = Box::pin(Talk::begin(engine)).await;
    let group = talk.group;
    let attach = async |amara: &mut Client<Odd>, text: &str| {
        let sent = amara
            .attach(group, photo(), text, Priority::Stat, None, None)
            .await;
        sent.unwrap().id
    };
    let id = attach(&mut talk.amara, "ST elevation in bed 4").await;
    talk.amara.deliver().await.unwrap();
    assert_eq!(talk.come().await, ["ST elevation in bed 4"]);
    talk.paged(1).await;
    while talk.amara.tend_files().await.unwrap() {}
    talk.amara.deliver().await.unwrap();
    talk.tomas.sync().await.unwrap();
    let come = written(&talk.tomas, group);
    let [page, file] = come.as_slice() else {
        panic!("two messages")
    };
    assert_eq!((page.id, page.priority), (id, Priority::Stat));
    assert!(page.attachment.is_none());
    assert_eq!(
        (file.reply_to, file.priority),
        (Some(id), Priority::Routine)
    );
    assert_eq!(file.attachment.as_ref().unwrap().name, "ECG.pdf");
    assert_eq!(talk.pages().await.len(), 1, "nobody is asked twice");

    // Without any words it says what follows; given up, the file does not go alone.
    talk.amara.platform().cut.set(ALL);
    let id = attach(&mut talk.amara, " ").await;
    assert_eq!(written(&talk.amara, group)[2].text, "Document follows.");
    talk.pass(6);
    talk.amara.platform().cut.set(None);
    talk.amara.sync().await.unwrap();
    while talk.amara.tend_files().await.unwrap() {}
    talk.amara.deliver().await.unwrap();
    assert_eq!(talk.come().await.len(), 2, "it waits for the words");
    talk.amara.discard(id).await.unwrap();
    assert_eq!(written(&talk.amara, group).len(), 2);

    // Sent after all, the words still go before it.
    talk.amara.platform().cut.set(ALL);
    let id = attach(&mut talk.amara, "ST elevation in bed 5").await;
    talk.pass(6);
    talk.amara.platform().cut.set(None);
    talk.amara.sync().await.unwrap();
    while talk.amara.tend_files().await.unwrap() {}
    talk.amara.retry(id).await.unwrap();
    let come = talk.come().await;
    assert_eq!(come[2..], ["ST elevation in bed 5", ""]);
}
