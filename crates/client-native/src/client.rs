//! [`NativeClient`]: a person's workstation.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::time::Duration;

use url::Url;
use wardline_client::client::Prf;
use wardline_client::enroll::LinkPins;
use wardline_client::views::StatusStage;
use wardline_client::{Client, ClientError, Platform as _};
use wardline_model::B64;
use wardline_model::wire::enroll::{DeviceState, Platform as DevicePlatform};
use wardline_model::wire::sessions::SignIn;

use crate::platform::Workstation;
use crate::{NativeError, http, passkey};

/// How often a pending device asks whether it was confirmed.
const POLL: Duration = Duration::from_millis(250);

/// A client over a home directory. It derefs to the core.
pub struct NativeClient {
    core: Client<Workstation>,
    origin: String,
}

impl Deref for NativeClient {
    type Target = Client<Workstation>;

    fn deref(&self) -> &Self::Target {
        &self.core
    }
}

impl DerefMut for NativeClient {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.core
    }
}

impl NativeClient {
    /// Opens the device that is enrolled in a home directory.
    pub fn open(home: &Path) -> Result<Self, NativeError> {
        let (server, ca) =
            crate::home::Home::open(home)?.server().ok_or(NativeError::NotEnrolled)?;
        Self::over(home, &server, ca.as_deref())
    }

    /// Enrols a device in a home directory by a code or by the whole link of an invitation.
    /// Returns with the confirmation string as soon as the device waits to be confirmed.
    pub async fn enroll(
        home: &Path,
        server: &str,
        code: &str,
        name: &str,
        ca: Option<&str>,
    ) -> Result<(Self, String), NativeError> {
        let server = http::server(server)?;
        let (code, pins) = code_and_pins(code)?;
        let mut client = Self::over(home, &server, ca)?;
        client.core.platform().home().set_server(&server, ca)?;
        let started =
            client.core.enroll_start(&code, name, DevicePlatform::Native, pins).await?;
        let (stored, credential) = passkey::register(&started.creation, &client.origin)?;
        client.core.platform().home().set_passkey(stored)?;
        let prf = client.prf();
        let confirmation = client.core.enroll_finish(credential, prf).await?;
        Ok((client, confirmation))
    }

    /// Waits until someone confirmed the device, at most for a time.
    pub async fn wait_until_active(&mut self, at_most: Duration) -> Result<(), NativeError> {
        let end = self.core.platform().now_ms()
            + u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX / 2);
        while self.core.enroll_poll().await? != DeviceState::Active {
            if self.core.platform().now_ms() > end {
                return Err(NativeError::Client(ClientError::Invalid(
                    "the device still waits to be confirmed; run the command again later",
                )));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Signs in with the software passkey and opens the store.
    pub async fn sign_in(&mut self) -> Result<(), NativeError> {
        if self.core.status().stage == StatusStage::Pending {
            self.wait_until_active(Duration::ZERO).await?;
        }
        let challenge = self.core.challenge().await?;
        let credential = self.answer(&challenge.request)?;
        let answer = SignIn { challenge_id: challenge.challenge_id, credential };
        let prf = self.prf();
        self.core.sign_in(answer, prf).await?;
        Ok(())
    }

    /// Proves the person again within the session.
    pub async fn prove_again(&mut self) -> Result<(), NativeError> {
        let challenge = self.core.step_up_challenge().await?;
        let credential = self.answer(&challenge.request)?;
        let answer = SignIn { challenge_id: challenge.challenge_id, credential };
        self.core.step_up(answer).await?;
        Ok(())
    }

    fn over(home: &Path, server: &str, ca: Option<&str>) -> Result<Self, NativeError> {
        let origin = http::server(server)?;
        let platform = Workstation::open(home, ca.map(str::as_bytes))?;
        let entries = platform.home().entries()?;
        Ok(Self { core: Client::open(platform, &origin, entries), origin })
    }

    fn answer(&self, request: &serde_json::Value) -> Result<serde_json::Value, NativeError> {
        let stored = self.core.platform().home().passkey().ok_or(NativeError::NotEnrolled)?;
        passkey::assert(&stored, request, &self.origin)
    }

    fn prf(&self) -> Prf {
        let (first, second) = self.core.platform().home().prf();
        Prf { first: Some(first), second: Some(second) }
    }
}

/// A code as it is, or the code and the pins of an invitation's link.
fn code_and_pins(text: &str) -> Result<(String, Option<LinkPins>), NativeError> {
    const BAD: NativeError = NativeError::Server("this is not an invitation's link");
    if !text.contains("://") {
        return Ok((text.to_owned(), None));
    }
    let url = Url::parse(text).map_err(|_| BAD)?;
    let query = url.fragment().and_then(|f| f.split_once('?')).ok_or(BAD)?.1;
    let value = |name: &str| {
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then_some(value)
        })
    };
    let code = value("c").ok_or(BAD)?.to_owned();
    let pins = value("log").and_then(B64::decode).map(|log| LinkPins {
        ca: value("ca").and_then(B64::decode),
        log,
        genesis: value("gen").and_then(B64::decode),
    });
    Ok((code, pins))
}
