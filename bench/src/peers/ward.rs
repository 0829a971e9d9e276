//! Wardline for the load: a hospital on the embedded default, its record keeper, and a hundred
//! people with a device each.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;
use wardline_client_native::{Enrolment, NativeClient};
use wardline_model::endorsement::Duty;
use wardline_model::wire::enroll::InviteRequest;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::socket::ClientFrame;
use wardline_model::{FacilityId, GroupId, MessageId, UserId};
use wardline_server::demo::{self, DemoOptions};
use wardline_server::keys::HospitalKeys;
use wardline_server::rim::Clock;
use wardline_store::{NewPerson, NodeKeys, Store, StoreConfig};

use super::load::{self, Mark, Member, TEXT};
use crate::bench::Outcome;
use crate::clock;
use crate::devices::{self, Device, Socket};
use crate::process::{Node, free_ports, resident};
use crate::stats::number;

const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is asked whether something is there.
const ASK: Duration = Duration::from_millis(20);
/// As many messages are encrypted before the ratchet is written.
const AT_ONCE: usize = 256;
/// Devices that the officer confirms at once.
const CONFIRMED: usize = 10;
const DAY: u64 = 24 * 60 * 60 * 1000;

/// `wardline serve` over a hospital, before anybody has a device.
pub(crate) struct Server {
    node: Node,
    url: String,
    dir: PathBuf,
    officer: String,
    keeper: String,
    people: Vec<UserId>,
}

/// The same once it is in use.
pub(crate) struct Hospital {
    server: Server,
    keeper: Keeper,
    officer: NativeClient,
    devices: Vec<Device>,
}

/// The record keeper's process; it ends with this value.
struct Keeper {
    child: Child,
    /// Held open as long as it runs.
    pipe: Option<ChildStdin>,
}

impl Server {
    /// Makes a hospital with so many people, and serves it.
    pub(crate) async fn start(wardline: &Path, dir: &Path, people: usize) -> Outcome<Self> {
        let data = dir.join("data");
        let options = DemoOptions {
            data: data.clone(),
            http: ([127, 0, 0, 1], 0).into(),
            https: ([127, 0, 0, 1], 0).into(),
            seed: 1,
            proxies: Vec::new(),
        };
        let made = Box::pin(demo::run(&options, Clock::default())).await?;
        let officer = made.officer.code.clone().ok_or("no code for the officer")?;
        let keeper = made.keeper.clone().ok_or("no code for the record keeper")?;
        Box::pin(made.server.shutdown()).await;
        let people = Box::pin(employ(&data, people)).await?;

        let [port] = free_ports()?;
        let url = format!("http://localhost:{port}");
        let config = dir.join("wardline.toml");
        // A JSON string is a TOML string. Everybody comes from one address here, and a hundred
        // people are let into a conversation by one request.
        let data = serde_json::to_string(&data)?;
        let text = format!(
            "[server]\nhttp = \"127.0.0.1:{port}\"\nhttps = \"\"\norigins = [\"{url}\"]\n\
             unauthenticated_per_minute = 1000000\nmax_body_bytes = 16777216\n[data]\ndir = {data}\n"
        );
        fs::write(&config, text)?;
        let mut node = Node::start(wardline, &config)?;
        node.wait_until_ready(port, PATIENCE)?;
        Ok(Self {
            node,
            url,
            dir: dir.to_owned(),
            officer,
            keeper,
            people,
        })
    }

    /// Resident memory, in bytes.
    pub(crate) fn memory(&self) -> Outcome<u64> {
        resident(self.node.pid())
    }

    /// Starts the record keeper beside it, as every hospital has one.
    pub(crate) async fn keep(self, wardline: &Path) -> Outcome<Hospital> {
        let enrolment = Enrolment {
            server: Some(&self.url),
            code: &self.officer,
            name: "Officer's desk",
            ..Enrolment::default()
        };
        let home = self.dir.join("home-officer");
        let mut officer = Box::pin(NativeClient::enroll(&home, &enrolment)).await?;
        Box::pin(officer.wait_until_active(PATIENCE)).await?;
        officer.sign_in().await?;

        let mut child = Command::new(wardline)
            .args(["--json", "keeper", "--until-stdin-closes", "--code", "-"])
            .args(["--server", &self.url, "--home"])
            .arg(self.dir.join("home-keeper"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let pipe = child.stdin.take();
        let said = child.stdout.take();
        let mut keeper = Keeper { child, pipe };
        if let Some(pipe) = &mut keeper.pipe {
            writeln!(pipe, "{}", self.keeper)?;
        }
        let start = clock::now();
        while confirm_all(&mut officer, Duty::KeepsRecords).await? == 0 {
            if start.elapsed() > PATIENCE {
                return Err("the record keeper did not enrol".into());
            }
            tokio::time::sleep(ASK).await;
        }
        if let Some(said) = said {
            let mut said = BufReader::new(said);
            loop {
                let mut line = String::new();
                if said.read_line(&mut line)? == 0 {
                    return Err("the record keeper ended".into());
                }
                let line: Value = serde_json::from_str(&line).unwrap_or_default();
                if line["ready"] == true {
                    break;
                }
            }
            // Read on, so that the pipe is never full.
            thread::spawn(move || said.read_to_end(&mut Vec::new()));
        }
        Ok(Hospital {
            server: self,
            keeper,
            officer,
            devices: Vec::new(),
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.pipe.take());
        let _ = self.child.wait();
    }
}

impl Hospital {
    /// Resident memory of the server and of the record keeper, in bytes.
    pub(crate) fn memory(&self) -> Outcome<u64> {
        Ok(self.server.memory()? + resident(self.keeper.child.id())?)
    }

    /// Gives everybody a device.
    pub(crate) async fn enroll(&mut self) -> Outcome<()> {
        self.enroll_and_hold(|_| true).await
    }

    /// The same, and holds the devices of some, by their places; the others are closed again.
    pub(crate) async fn enroll_and_hold(&mut self, held: impl Fn(usize) -> bool) -> Outcome<()> {
        let mut place = 0;
        let Server {
            url, dir, people, ..
        } = &self.server;
        for some in people.chunks(CONFIRMED) {
            self.officer.prove_again(&[]).await?;
            let mut codes = Vec::new();
            for user_id in some {
                let request = InviteRequest {
                    user_id: *user_id,
                    program: "demo".to_owned(),
                    serial: None,
                };
                codes.push(self.officer.invite(&request).await?.code);
            }
            let waiting = Box::pin(devices::begin(&codes, Some(url.as_str()), dir)).await?;
            if confirm_all(&mut self.officer, Duty::None).await? != some.len() {
                return Err("a device did not ask to be confirmed".into());
            }
            for device in Box::pin(devices::finish(waiting, url)).await? {
                if held(place) {
                    self.devices.push(device);
                }
                place += 1;
            }
        }
        Ok(())
    }

    /// Everybody, in the order of their places.
    pub(crate) fn people(&self) -> Vec<UserId> {
        self.server.people.clone()
    }

    /// The devices that are held, in the order of their places.
    pub(crate) fn devices(&mut self) -> &mut [Device] {
        &mut self.devices
    }

    /// So many people, each two neighbours in a conversation, each with so many messages that are
    /// encrypted already.
    pub(crate) async fn pairs(&mut self, members: usize, messages: f64) -> Outcome<Vec<Member>> {
        let mut ready = Vec::new();
        for pair in self.devices[..members].chunks_mut(2) {
            let [a, b] = pair else {
                return Err("somebody is alone".into());
            };
            let group = Box::pin(devices::start(a, &[devices::user(b)?])).await?;
            Box::pin(b.sync()).await?;
            for device in [a, b] {
                ready.push(Box::pin(member(device, group, messages)).await?);
            }
        }
        Ok(ready)
    }

    /// All of them in one conversation; the first `senders` with messages.
    pub(crate) async fn room(&mut self, senders: usize, messages: f64) -> Outcome<Vec<Member>> {
        let (first, others) = self.devices.split_first_mut().ok_or("nobody")?;
        let users: Vec<UserId> = others.iter().map(devices::user).collect::<Outcome<_>>()?;
        let group = Box::pin(devices::start(first, &users)).await?;
        let mut ready = Vec::new();
        for (place, device) in self.devices.iter_mut().enumerate() {
            // Whoever only listens need not decrypt: the socket brings what the device is sent.
            let messages = if place < senders { messages } else { 0.0 };
            if place > 0 && place < senders {
                Box::pin(device.sync()).await?;
            }
            ready.push(Box::pin(member(device, group, messages)).await?);
        }
        Ok(ready)
    }

    /// As a service manager stops it.
    pub(crate) fn stop(self) -> Outcome<()> {
        drop(self.devices);
        drop(self.keeper);
        self.server.node.stop()
    }
}

/// Writes so many nurses into the hospital's database, on duty today, as someone does who holds its
/// keys.
async fn employ(data: &Path, count: usize) -> Outcome<Vec<UserId>> {
    let now_ms = clock::unix_ms();
    let keys = HospitalKeys::open(data)?;
    let node = NodeKeys {
        node: "bench".parse()?,
        log: keys.log.clone(),
    };
    let url = StoreConfig::new(format!("sqlite:{}", data.join("wardline.db").display()));
    let store = Store::open(&url, keys.sealer.clone(), keys.index.clone(), node)?;
    let mut tx = store.write().await?;
    let facility = FacilityId::from_bytes([0xbe; 16]);
    tx.put_facility(facility, "Bench").await?;
    let mut people = Vec::new();
    for number in 0..count {
        let mut id = [0xbe; 16];
        id[..8].copy_from_slice(&u64::try_from(number)?.to_be_bytes());
        let person = NewPerson {
            user_id: UserId::from_bytes(id),
            username: format!("bench.{number}"),
            name: format!("Bench {number}"),
            role_title: "Nurse".to_owned(),
            department: "Bench".to_owned(),
            facility_id: facility,
            active: true,
            onboarded: true,
            roles: vec!["nurse".to_owned()],
        };
        tx.put_person(&person, now_ms).await?;
        tx.put_shift(person.user_id, now_ms - DAY, now_ms + DAY)
            .await?;
        people.push(person.user_id);
    }
    tx.commit().await?;
    store.close().await;
    Ok(people)
}

/// Confirms every device that waits for it, and says how many those were.
pub(crate) async fn confirm_all(officer: &mut NativeClient, duty: Duty) -> Outcome<usize> {
    let pending = officer.pending_devices().await?;
    for pending in &pending {
        Box::pin(officer.confirm_device(pending.device.id, duty)).await?;
    }
    Ok(pending.len())
}

/// A device with its socket open, and so many messages encrypted.
async fn member(device: &mut Device, group: GroupId, messages: f64) -> Outcome<Member> {
    let mut frames = Vec::new();
    while number(frames.len()) < messages {
        let texts = vec![TEXT.to_owned(); AT_ONCE];
        for message in device.encrypt(group, &texts, Priority::Routine).await? {
            let mark = mark(message.id);
            let frame = ClientFrame::Send {
                reference: u64::try_from(frames.len())?,
                group,
                message,
            };
            frames.push((mark, serde_json::to_string(&frame)?));
        }
    }
    let (write, read) = devices::socket(device).await?.split();
    let mut ear = Ear { read };
    // It follows its conversations from then on.
    while !matches!(ear.next().await?, Pushed::Ready) {}
    Ok(Member {
        mouth: load::Mouth::Wardline(Mouth {
            write,
            frames: frames.into_iter(),
        }),
        ear: load::Ear::Wardline(ear),
    })
}

fn mark(id: MessageId) -> Mark {
    Mark::from_be_bytes(*id.as_bytes())
}

/// Writes what was prepared.
pub(crate) struct Mouth {
    write: SplitSink<Socket, Message>,
    frames: std::vec::IntoIter<(Mark, String)>,
}

impl Mouth {
    pub(crate) fn mark(&self) -> Option<Mark> {
        self.frames.as_slice().first().map(|(mark, _)| *mark)
    }

    pub(crate) async fn send(&mut self) -> Outcome<()> {
        if let Some((_, frame)) = self.frames.next() {
            self.write.send(Message::text(frame)).await?;
        }
        Ok(())
    }
}

/// Reads what is pushed.
pub(crate) struct Ear {
    read: SplitStream<Socket>,
}

impl Ear {
    pub(crate) async fn hear(&mut self, heard: &mut Vec<Mark>) -> Outcome<()> {
        match self.next().await? {
            Pushed::Entry { entry } => heard.extend(entry.id.map(mark)),
            Pushed::Problem { problem } | Pushed::Ended { problem } => {
                return Err(format!("refused: {problem:?}").into());
            }
            Pushed::Ready | Pushed::Other => {}
        }
        Ok(())
    }

    async fn next(&mut self) -> Outcome<Pushed> {
        loop {
            let message = self.read.next().await.ok_or("the socket ended")??;
            if let Message::Text(text) = message {
                return Ok(serde_json::from_str(&text)?);
            }
        }
    }
}

/// A frame of the server, without what would only be read to be thrown away.
#[derive(Debug, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
enum Pushed {
    Ready,
    Entry {
        entry: PushedEntry,
    },
    Problem {
        problem: Problem,
    },
    Ended {
        problem: Problem,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct PushedEntry {
    id: Option<MessageId>,
}

#[cfg(test)]
mod tests {
    use wardline_model::wire::messages::{Entry, EntryKind};
    use wardline_model::wire::socket::ServerFrame;
    use wardline_model::{B64, DeviceId};

    use super::*;

    #[test]
    fn a_pushed_message_is_known_by_its_id_and_others_are_passed_over() {
        let id = MessageId::from_bytes([7; 16]);
        let entry = ServerFrame::Entry {
            group: GroupId::from_bytes([1; 16]),
            entry: Entry {
                seq: 3,
                kind: EntryKind::Message,
                id: Some(id),
                sender_device: Some(DeviceId::from_bytes([2; 16])),
                sender: Some(UserId::from_bytes([3; 16])),
                epoch: 1,
                priority: Priority::Routine,
                sent_at: 5,
                body: B64::from(vec![9; 300]),
            },
        };
        let pushed = |frame: &ServerFrame| -> Pushed {
            serde_json::from_str(&serde_json::to_string(frame).unwrap()).unwrap()
        };
        let Pushed::Entry { entry } = pushed(&entry) else {
            panic!("no entry");
        };
        assert_eq!(entry.id.map(mark), Some(u128::from_be_bytes([7; 16])));
        assert!(matches!(pushed(&ServerFrame::Ready), Pushed::Ready));
        assert!(matches!(pushed(&ServerFrame::Roles), Pushed::Other));
        let sent = ServerFrame::Sent {
            reference: 1,
            seq: 2,
            sent_at: 3,
        };
        assert!(matches!(pushed(&sent), Pushed::Other));
    }
}
