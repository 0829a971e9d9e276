//! A hospital whose people have real workstations, and a record keeper.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wardline_client::Client;
use wardline_client::client::Prf;
use wardline_client::platform::{
    Change, DevicePublicKey, Event as ClientEvent, Platform, PlatformError, Request, Response,
};
use wardline_client::views::Message;
use wardline_client_native::client::Enrolment;
use wardline_client_native::home::Home;
use wardline_client_native::{NativeClient, Workstation, passkey};
use wardline_keeper::{Keeper, Progress, Rules};
use wardline_model::endorsement::Duty;
use wardline_model::wire::devices::CredentialsAnswer;
use wardline_model::wire::messages::Priority;
use wardline_model::wire::sessions::SignIn;
use wardline_model::wire::socket::{ServerFrame, SocketTicket};
use wardline_model::{DeviceId, GroupId, UserId};

use crate::support::socket::Socket;
use crate::support::{Device, Engine, Hospital, until};

/// A hospital with its officer, its record keeper, and a folder for everyone's workstations.
pub(crate) struct Ward {
    pub(crate) hospital: Hospital,
    pub(crate) officer: Device,
    pub(crate) keeper: NativeClient,
    pub(crate) homes: TempDir,
}

impl Ward {
    pub(crate) async fn open(engine: Engine) -> Self {
        Box::pin(Self::founded(engine)).await
    }

    async fn founded(engine: Engine) -> Self {
        let hospital = Box::pin(Hospital::demo(engine)).await;
        let mut officer = hospital.officer().await;
        let homes = tempfile::tempdir().unwrap();
        let code = hospital.keeper_code.clone().unwrap();
        let home = homes.path().join("keeper");
        let mut keeper = enroll(&hospital, &home, &code).await;
        let id = keeper.status().device_id.unwrap();
        confirm(&mut officer, id, Duty::KeepsRecords).await;
        keeper.keep_records();
        come_online(&mut keeper).await;
        Self {
            hospital,
            officer,
            keeper,
            homes,
        }
    }

    /// A workstation of someone of the demo, confirmed by the officer.
    pub(crate) async fn person(&mut self, user: &str) -> NativeClient {
        self.person_with(user, Duty::None).await
    }

    /// The same of somebody whose device signs who is on call.
    pub(crate) async fn scheduler(&mut self, user: &str) -> NativeClient {
        self.person_with(user, Duty::Schedules).await
    }

    async fn person_with(&mut self, user: &str, duty: Duty) -> NativeClient {
        let people = &self.hospital.ready.as_ref().unwrap().people;
        let person = people.iter().find(|person| person.user == user).unwrap();
        let code = person.enroll_code.clone().unwrap();
        let mut client = enroll(&self.hospital, &self.home(user), &code).await;
        let id = client.status().device_id.unwrap();
        confirm(&mut self.officer, id, duty).await;
        come_online(&mut client).await;
        client
    }

    /// One more workstation of a person, which waits to be confirmed.
    pub(crate) async fn another(&mut self, of: &NativeClient, name: &str) -> NativeClient {
        let user = me(of);
        let invite = self.hospital.invite_person(&mut self.officer, user).await;
        enroll(&self.hospital, &self.home(name), &invite.code).await
    }

    /// One more workstation of a person, confirmed on the one at hand.
    pub(crate) async fn own_device(&mut self, of: &mut NativeClient, name: &str) -> NativeClient {
        let mut client = self.another(of, name).await;
        let id = client.status().device_id.unwrap();
        of.confirm_device(id, Duty::None).await.unwrap();
        sequenced(&mut self.officer, id).await;
        come_online(&mut client).await;
        client
    }

    pub(crate) fn home(&self, name: &str) -> PathBuf {
        self.homes.path().join(name)
    }

    /// The keeper catches up and does what is to be done.
    pub(crate) async fn keep(&mut self, rules: Rules) -> Progress {
        self.keeper.sync().await.unwrap();
        let keeper = Keeper::new(rules);
        keeper.look(&mut self.keeper, None).await.unwrap().unwrap()
    }
}

/// A socket of a workstation that is signed in.
pub(crate) async fn socket(ward: &Ward, client: &mut NativeClient) -> Socket {
    let made = client.raw("POST", "/v1/socket-tickets", Some(b"{}".to_vec()));
    let made: SocketTicket = serde_json::from_slice(&made.await.unwrap()).unwrap();
    let mut socket = Socket::with_ticket(&ward.hospital.url, &made.ticket).await;
    assert_eq!(socket.next().await, Some(ServerFrame::Ready));
    socket
}

pub(crate) async fn enroll(hospital: &Hospital, home: &Path, code: &str) -> NativeClient {
    let enrolment = Enrolment {
        server: Some(&hospital.url),
        code,
        name: "Workstation",
        ..Enrolment::default()
    };
    NativeClient::enroll(home, &enrolment).await.unwrap()
}

/// Signs in and hands in key packages.
pub(crate) async fn come_online(client: &mut NativeClient) {
    client.sign_in().await.unwrap();
    client.sync().await.unwrap();
}

/// Confirms a device; its endorsement counts once the log has it.
pub(crate) async fn confirm(officer: &mut Device, device: DeviceId, duty: Duty) {
    officer.confirm(device, duty).await.expect(200);
    sequenced(officer, device).await;
}

/// Waits until the log has what the server says of a device.
pub(crate) async fn sequenced(officer: &mut Device, device: DeviceId) {
    let body = serde_json::json!({ "device_ids": [device] });
    until("the log", async || {
        let answer = officer.post("/v1/credentials", &body).await.expect(200);
        let answer: CredentialsAnswer = answer.json();
        (!answer.credentials.is_empty()).then_some(())
    })
    .await;
}

pub(crate) fn me(client: &NativeClient) -> UserId {
    client.status().user.unwrap().id
}

pub(crate) async fn say(client: &mut NativeClient, group: GroupId, text: &str) {
    let queued = client.send(group, text, Priority::Routine, None).await;
    let queued = queued.unwrap();
    let sent = client.deliver().await.unwrap();
    assert!(sent.iter().any(|s| s.id == queued.id), "{text} was taken");
}

pub(crate) fn texts(client: &NativeClient, group: GroupId) -> Vec<String> {
    let messages = client.messages(group, None, usize::MAX).unwrap();
    let written = |m: Message| m.notice.is_none().then_some(m.text);
    messages.into_iter().filter_map(written).collect()
}

/// The device's storage loses the keys of a conversation. The next client over the store notices.
pub(crate) fn lose_keys(home: &Home, group: GroupId) {
    let lost: Vec<_> = home
        .entries()
        .unwrap()
        .into_iter()
        .filter(|(name, _)| name.starts_with(&format!("v/m/{group}/")))
        .map(|(name, _)| (name, None))
        .collect();
    assert!(!lost.is_empty());
    home.commit(lost).unwrap();
}

/// A workstation that can lose the answer to its next commit, after the hospital took it, whose clock can
/// be moved forward, whose disk can be full, and whose requests can be cut off, by how their paths end.
pub(crate) struct Odd {
    station: Workstation,
    pub(crate) loses: Cell<bool>,
    pub(crate) full: Cell<bool>,
    pub(crate) cut: Cell<Option<&'static str>>,
    pub(crate) ahead_ms: Cell<u64>,
}

impl Odd {
    pub(crate) fn home(&self) -> &Home {
        self.station.home()
    }

    pub(crate) async fn sign_in(home: &Path, origin: &str, ahead_ms: u64) -> Client<Self> {
        Self::opened(home, origin, ahead_ms, false).await
    }

    /// The record keeper's.
    pub(crate) async fn keeper(home: &Path, origin: &str) -> Client<Self> {
        Self::opened(home, origin, 0, true).await
    }

    /// Proves the person again within the session, for a function of its own.
    pub(crate) async fn prove_again(client: &mut Client<Self>, origin: &str, scope: &str) {
        let challenge = client.step_up_challenge(vec![scope.to_owned()]);
        let challenge = challenge.await.unwrap();
        let passkey = client.platform().home().passkey().unwrap();
        let answer = SignIn {
            challenge_id: challenge.challenge_id,
            credential: passkey::assert(&passkey, &challenge.request, origin).unwrap(),
            position: None,
        };
        client.step_up(answer).await.unwrap();
    }

    async fn opened(home: &Path, origin: &str, ahead_ms: u64, keeps: bool) -> Client<Self> {
        let station = Workstation::open(home, origin, None).unwrap();
        let entries = station.home().entries().unwrap();
        let passkey = station.home().passkey().unwrap();
        let [first, second] = station.home().prf().unwrap();
        let loses = Cell::new(false);
        let mut client = Client::open(
            Self {
                station,
                loses,
                full: Cell::new(false),
                cut: Cell::new(None),
                ahead_ms: Cell::new(ahead_ms),
            },
            origin,
            entries,
        );
        if keeps {
            client.keep_records();
        }
        let challenge = client.challenge().await.unwrap();
        let answer = SignIn {
            challenge_id: challenge.challenge_id,
            credential: passkey::assert(&passkey, &challenge.request, origin).unwrap(),
            position: None,
        };
        let prf = Prf {
            first: Some(first),
            second: Some(second),
        };
        client.sign_in(answer, prf).await.unwrap();
        client
    }
}

impl Platform for Odd {
    fn now_ms(&self) -> u64 {
        self.station.now_ms() + self.ahead_ms.get()
    }

    async fn sleep(&self, ms: u32) {
        self.station.sleep(ms).await;
    }

    fn random(&self, buffer: &mut [u8]) {
        self.station.random(buffer);
    }

    fn device_key(&self) -> DevicePublicKey {
        self.station.device_key()
    }

    async fn sign(&self, data: &[u8]) -> Result<[u8; 64], PlatformError> {
        self.station.sign(data).await
    }

    async fn request(&self, request: Request) -> Result<Response, PlatformError> {
        if self.cut.get().is_some_and(|end| request.url.ends_with(end)) {
            return Err(PlatformError::Offline);
        }
        let commits = request.url.ends_with("/commits");
        let answer = self.station.request(request).await?;
        if commits && answer.status == 201 && self.loses.replace(false) {
            return Err(PlatformError::Offline);
        }
        Ok(answer)
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), PlatformError> {
        if self.full.get() {
            return Err(PlatformError::Storage);
        }
        self.station.commit(changes).await
    }

    async fn forget_key(&self) -> Result<(), PlatformError> {
        self.station.forget_key().await
    }

    fn emit(&self, event: ClientEvent) {
        self.station.emit(event);
    }
}
