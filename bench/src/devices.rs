//! Native clients of the demo's people, with the bench as their screen.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wardline_client::client::Prf;
use wardline_client::platform::{
    Change, DevicePublicKey, Event, Platform, PlatformError, Request, Response,
};
use wardline_client::{Client, ClientError};
use wardline_client_native::{Enrolment, NativeClient, Workstation, passkey};
use wardline_model::wire::sessions::SignIn;
use wardline_model::wire::socket::ClientFrame;
use wardline_model::{GroupId, UserId};

use crate::bench::Outcome;
use crate::clock;

/// A device in use.
pub(crate) type Device = Client<Screened>;
/// Its real-time socket.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// How often the log is given time to take in an endorsement.
const SEQUENCED: Duration = Duration::from_millis(500);
const TRIES: u32 = 20;
/// How long the demo's officer may take to confirm a device.
const CONFIRMATION: Duration = Duration::from_mins(1);

/// A workstation whose screen notes when a message is there to be read.
#[derive(Debug)]
pub(crate) struct Screened {
    station: Workstation,
    /// Where to say so, while someone waits for it.
    waiting: RefCell<Option<Sender<Instant>>>,
}

impl Screened {
    /// Says when messages are next there to be read; once.
    pub(crate) fn tell_next(&self, to: Sender<Instant>) {
        *self.waiting.borrow_mut() = Some(to);
    }
}

impl Platform for Screened {
    fn now_ms(&self) -> u64 {
        self.station.now_ms()
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
        self.station.request(request).await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), PlatformError> {
        self.station.commit(changes).await
    }

    async fn forget_key(&self) -> Result<(), PlatformError> {
        self.station.forget_key().await
    }

    fn emit(&self, event: Event) {
        if matches!(event, Event::Messages { .. })
            && let Some(to) = self.waiting.take()
        {
            // Nobody may wait any more.
            let _ = to.send(clock::now());
        }
    }
}

/// Enrols a device by each of these links, in homes below `dir`; each is signed in and has handed
/// in its key packages.
pub(crate) async fn enroll(links: &[String], url: &str, dir: &Path) -> Outcome<Vec<Device>> {
    Box::pin(finish(begin(links, None, dir).await?, url)).await
}

/// A device that is not confirmed yet, and its home.
pub(crate) type Waiting = (NativeClient, PathBuf);

/// The first half of [`enroll`]. `server` is needed for codes that are no links.
pub(crate) async fn begin(
    links: &[String],
    server: Option<&str>,
    dir: &Path,
) -> Outcome<Vec<Waiting>> {
    let mut waiting = Vec::new();
    for link in links {
        let home = tempfile::Builder::new().prefix("home-").tempdir_in(dir)?;
        // It goes with the folder around it.
        let home = home.keep();
        let enrolment = Enrolment {
            server,
            code: link,
            name: "Bench",
            ..Enrolment::default()
        };
        waiting.push((NativeClient::enroll(&home, &enrolment).await?, home));
    }
    Ok(waiting)
}

/// The second half, once somebody confirms them, or has.
pub(crate) async fn finish(waiting: Vec<Waiting>, url: &str) -> Outcome<Vec<Device>> {
    let mut devices = Vec::new();
    for (mut client, home) in waiting {
        client.wait_until_active(CONFIRMATION).await?;
        // A home is open once only.
        drop(client);
        devices.push(sign_in(&home, url).await?);
    }
    Ok(devices)
}

async fn sign_in(home: &Path, origin: &str) -> Outcome<Device> {
    let station = Workstation::open(home, origin, None)?;
    let entries = station.home().entries()?;
    let passkey = station.home().passkey().ok_or("no passkey")?;
    let [first, second] = station.home().prf()?;
    let prf = Prf {
        first: Some(first),
        second: Some(second),
    };
    let screened = Screened {
        station,
        waiting: RefCell::new(None),
    };
    let mut device = Client::open(screened, origin, entries);
    let challenge = device.challenge().await?;
    let answer = SignIn {
        challenge_id: challenge.challenge_id,
        credential: passkey::assert(&passkey, &challenge.request, origin)?,
        position: None,
    };
    device.sign_in(answer, prf).await?;
    device.sync().await?;
    Ok(device)
}

/// Whose device it is.
pub(crate) fn user(device: &Device) -> Outcome<UserId> {
    Ok(device.status().user.ok_or(ClientError::NotEnrolled)?.id)
}

/// Starts a conversation with people who may have enrolled a moment ago: a device can be verified
/// once the sequencer has given its endorsement a place in the log.
pub(crate) async fn start(device: &mut Device, others: &[UserId]) -> Outcome<GroupId> {
    let mut tries = 0;
    loop {
        match device.start(others, None, None).await {
            // Whoever enrolled just now is not in the log yet, or has left no key package yet.
            Err(ClientError::NotAdmitted(_) | ClientError::Unreachable(_)) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(SEQUENCED).await;
            }
            started => return Ok(started?),
        }
    }
}

/// Opens the device's socket: a single-use ticket by a signed request, then its first frame.
pub(crate) async fn socket<P: Platform>(device: &mut Client<P>) -> Outcome<Socket> {
    use futures::SinkExt as _;
    let ticket = device.socket_ticket().await?.ticket;
    let (mut socket, _) = connect_async(device.socket_url()).await?;
    let first = serde_json::to_string(&ClientFrame::Ticket { ticket })?;
    socket.send(Message::text(first)).await?;
    Ok(socket)
}
