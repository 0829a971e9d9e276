//! [`NativeClient`]: a person's workstation.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use url::Url;
use wardline_client::client::Prf;
use wardline_client::enroll::{LinkPins, Shown};
use wardline_client::views::StatusStage;
use wardline_client::{Client, Platform as _};
use wardline_model::wire::devices::AttestationChallenge;
use wardline_model::wire::enroll::{DeviceState, EnrollStarted, Platform as DevicePlatform};
use wardline_model::wire::posture::{Assessment, Told};
use wardline_model::wire::sessions::SignIn;
use wardline_model::{B64, ChallengeId};

use crate::home::Home;
use crate::platform::Workstation;
use crate::{NativeError, http, passkey};

/// A client over a home directory. It derefs to the core.
///
/// The core's futures are not `Send`: run it on a current-thread runtime.
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

impl fmt::Debug for NativeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = self.core.status().stage;
        f.debug_struct("NativeClient")
            .field("origin", &self.origin)
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}

/// What an enrolment begins with.
#[derive(Clone, Copy, Default)]
pub struct Enrolment<'a> {
    /// The server's address; may be left out when `code` is a link, which has it.
    pub server: Option<&'a str>,
    /// The code as typed, or the whole link of an invitation; then its pins count.
    pub code: &'a str,
    /// What the person calls the device.
    pub name: &'a str,
    /// The CA to trust for the server, PEM; without, those of the operating system.
    pub ca: Option<&'a str>,
    /// What attests the device key: certificates (DER), the leaf first. See
    /// [`NativeClient::prepare`].
    pub attestation: Option<&'a [B64]>,
    /// Whether the person accepts the privacy notice of the device's program.
    pub accepts_notice: bool,
}

/// What an attestation of a new device's key has to be about.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What it has to carry as its challenge.
    pub challenge: B64,
    /// The device key, as a SubjectPublicKeyInfo in PEM.
    pub public_key: String,
}

/// What an attestation of an enrolled device's key has to be about, to be taken again.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The challenge, and how long it can be answered.
    pub asked: AttestationChallenge,
    /// The device key, as a SubjectPublicKeyInfo in PEM.
    pub public_key: String,
}

impl NativeClient {
    /// Opens the device that is enrolled in a home directory.
    ///
    /// # Errors
    /// [`NativeError::NotEnrolled`] when there is none, [`NativeError::Home`] when another process
    /// has the directory.
    pub fn open(home: &Path) -> Result<Self, NativeError> {
        if !home.exists() {
            return Err(NativeError::NotEnrolled);
        }
        let home = Home::open(home)?;
        let (server, ca) = home.server().ok_or(NativeError::NotEnrolled)?;
        Self::over(home, &server, ca.as_deref())
    }

    /// Begins to enrol a device in a home directory, or takes up an enrolment that waits there.
    /// The device waits to be confirmed then, with the confirmation string in its status; only the
    /// hospital's first officer needs no confirmation.
    ///
    /// # Errors
    /// When the home has a device in use, the code is refused, or the server is not the one that
    /// the invitation's link names.
    pub async fn enroll(home: &Path, enrolment: &Enrolment<'_>) -> Result<Self, NativeError> {
        let (mut client, invitation) = Self::invited(home, enrolment)?;
        match client.core.status().stage {
            StatusStage::New | StatusStage::Enrolling => {}
            StatusStage::Pending => return Ok(client),
            StatusStage::Locked | StatusStage::Open | StatusStage::Wiped => {
                return Err(NativeError::Enrolled);
            }
        }
        match client.begin(enrolment, invitation).await {
            Ok(()) => Ok(client),
            Err(error) => Err(client.explain(error)),
        }
    }

    /// The client of a home directory, for the server that the invitation is from.
    fn invited(home: &Path, enrolment: &Enrolment<'_>) -> Result<(Self, Invitation), NativeError> {
        let invitation = Invitation::parse(enrolment.code)?;
        let server =
            enrolment
                .server
                .or(invitation.server.as_deref())
                .ok_or(NativeError::Server(
                    "say with --server where the hospital is",
                ))?;
        let origin = http::origin(server)?;
        if let (Some(pem), Some(pin)) = (enrolment.ca, invitation.ca()) {
            let matches = |der: &[u8]| Sha256::digest(der).as_slice() == pin.0;
            if !http::certificates(pem.as_bytes())?
                .iter()
                .any(|ca| matches(ca))
            {
                return Err(NativeError::Server(
                    "the CA file is not the one that the invitation names",
                ));
            }
        }
        let client = Self::over(Home::open(home)?, &origin, enrolment.ca)?;
        Ok((client, invitation))
    }

    /// Begins to enrol a device, and says what an attestation of its key has to be about. The same
    /// code goes on with [`NativeClient::enroll`] afterwards.
    ///
    /// # Errors
    /// As [`NativeClient::enroll`].
    pub async fn prepare(home: &Path, enrolment: &Enrolment<'_>) -> Result<Prepared, NativeError> {
        let (mut client, invitation) = Self::invited(home, enrolment)?;
        // One that is enrolled keeps the address of its hospital.
        match client.core.status().stage {
            StatusStage::New | StatusStage::Enrolling => {}
            StatusStage::Pending | StatusStage::Locked | StatusStage::Open | StatusStage::Wiped => {
                return Err(NativeError::Enrolled);
            }
        }
        let public_key = client.core.platform().home().public_key_pem()?;
        match client.start(enrolment, invitation).await {
            Ok(started) => Ok(Prepared {
                challenge: started
                    .attestation_challenge
                    .ok_or(NativeError::Server("the hospital takes no attestations"))?,
                public_key,
            }),
            Err(error) => Err(client.explain(error)),
        }
    }

    async fn start(
        &mut self,
        enrolment: &Enrolment<'_>,
        invitation: Invitation,
    ) -> Result<EnrollStarted, NativeError> {
        let origin = self.origin.clone();
        self.core
            .platform()
            .home()
            .set_server(&origin, enrolment.ca)?;
        let Invitation { code, pins, .. } = invitation;
        let platform = DevicePlatform::Native;
        let started = self
            .core
            .enroll_start(&code, enrolment.name, platform, pins)
            .await?;
        Ok(started)
    }

    async fn begin(
        &mut self,
        enrolment: &Enrolment<'_>,
        invitation: Invitation,
    ) -> Result<(), NativeError> {
        let origin = self.origin.clone();
        let started = self.start(enrolment, invitation).await?;
        if let Some(notice) = &started.privacy_notice
            && !enrolment.accepts_notice
        {
            return Err(NativeError::Notice(Box::new(notice.clone())));
        }
        let (stored, credential) = passkey::register(&started.creation, &origin)?;
        self.core.platform().home().set_passkey(stored)?;
        let prf = self.prf()?;
        let shown = Shown {
            attestation: enrolment.attestation.map(<[B64]>::to_vec),
            accepted_notice: started.privacy_notice.map(|notice| notice.hash),
        };
        self.core.enroll_finish(credential, prf, shown).await?;
        Ok(())
    }

    /// The same error, with the cause where nothing answered.
    pub fn explain(&self, error: NativeError) -> NativeError {
        match self.core.platform().transport().trouble() {
            Some(trouble) if error.is_offline() => NativeError::Unreachable(trouble),
            _ => error,
        }
    }

    /// Waits until someone confirmed the device, at most for a time.
    ///
    /// # Errors
    /// When it was revoked instead, or nobody did in time.
    pub async fn wait_until_active(&mut self, at_most: Duration) -> Result<(), NativeError> {
        let patience = u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX);
        let end = self.core.platform().now_ms().saturating_add(patience);
        loop {
            match self.core.enroll_poll().await? {
                DeviceState::Active | DeviceState::Grace => return Ok(()),
                DeviceState::Quarantined
                | DeviceState::Lost
                | DeviceState::Wiped
                | DeviceState::Retired => return Err(NativeError::Rejected),
                DeviceState::Pending if self.core.platform().now_ms() >= end => {
                    return Err(NativeError::Unconfirmed);
                }
                DeviceState::Pending => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Signs in with the software passkey and opens the store.
    ///
    /// # Errors
    /// When the device still waits to be confirmed, or the server refuses.
    pub async fn sign_in(&mut self) -> Result<(), NativeError> {
        if self.core.status().stage == StatusStage::Pending {
            self.wait_until_active(Duration::ZERO).await?;
        }
        let challenge = self.core.challenge().await?;
        let credential = self.answer(&challenge.request)?;
        let answer = SignIn {
            challenge_id: challenge.challenge_id,
            credential,
            position: None,
        };
        let prf = self.prf()?;
        self.core.sign_in(answer, prf).await?;
        Ok(())
    }

    /// Proves the person again within the session, for the `scopes` that a refusal names.
    pub async fn prove_again(&mut self, scopes: &[&str]) -> Result<(), NativeError> {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let challenge = self.core.step_up_challenge(scopes).await?;
        let credential = self.answer(&challenge.request)?;
        let answer = SignIn {
            challenge_id: challenge.challenge_id,
            credential,
            position: None,
        };
        self.core.step_up(answer).await?;
        Ok(())
    }

    /// Reports what was measured now, signed with the device key; needs no session.
    ///
    /// # Errors
    /// When the device still waits to be confirmed, or the hospital refuses the report.
    pub async fn report(&mut self, facts: Vec<Told>) -> Result<Assessment, NativeError> {
        if self.core.status().stage == StatusStage::Pending {
            self.wait_until_active(Duration::ZERO).await?;
        }
        Ok(self.core.report(facts).await?)
    }

    /// Asks what the hardware of this device has to attest of its key next; needs no session.
    ///
    /// # Errors
    /// When the device still waits to be confirmed, or the hospital refuses.
    pub async fn attestation_challenge(&mut self) -> Result<Renewal, NativeError> {
        if self.core.status().stage == StatusStage::Pending {
            self.wait_until_active(Duration::ZERO).await?;
        }
        let public_key = self.core.platform().home().public_key_pem()?;
        let asked = self.core.attestation_challenge().await?;
        Ok(Renewal { asked, public_key })
    }

    /// Shows what the hardware attests of the device key over that; needs no session.
    ///
    /// # Errors
    /// When the device still waits to be confirmed, or the hospital refuses the attestation.
    pub async fn attest(
        &mut self,
        challenge: ChallengeId,
        attestation: Vec<B64>,
    ) -> Result<Assessment, NativeError> {
        if self.core.status().stage == StatusStage::Pending {
            self.wait_until_active(Duration::ZERO).await?;
        }
        Ok(self.core.attest(challenge, attestation).await?)
    }

    /// The server's origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    fn over(home: Home, server: &str, ca: Option<&str>) -> Result<Self, NativeError> {
        let origin = http::origin(server)?;
        let platform = Workstation::new(home, &origin, ca.map(str::as_bytes))?;
        let entries = platform.home().entries()?;
        Ok(Self {
            core: Client::open(platform, &origin, entries),
            origin,
        })
    }

    fn answer(&self, request: &serde_json::Value) -> Result<serde_json::Value, NativeError> {
        let stored = self
            .core
            .platform()
            .home()
            .passkey()
            .ok_or(NativeError::NotEnrolled)?;
        passkey::assert(&stored, request, &self.origin)
    }

    fn prf(&self) -> Result<Prf, NativeError> {
        let [first, second] = self.core.platform().home().prf()?;
        Ok(Prf {
            first: Some(first),
            second: Some(second),
        })
    }
}

/// A code, and from a link also where and who the hospital is.
pub(crate) struct Invitation {
    pub(crate) code: String,
    pub(crate) server: Option<String>,
    pub(crate) pins: Option<LinkPins>,
}

impl Invitation {
    /// Reads a code as it is, or `ORIGIN/#/enroll?c=CODE&ca=…&log=…&gen=…`.
    pub(crate) fn parse(text: &str) -> Result<Self, NativeError> {
        const BAD: NativeError = NativeError::Server("this is not an invitation's link");
        if !text.contains("://") {
            return Ok(Self {
                code: text.to_owned(),
                server: None,
                pins: None,
            });
        }
        let url = Url::parse(text).map_err(|_| BAD)?;
        let query = url
            .fragment()
            .and_then(|f| f.strip_prefix("/enroll?"))
            .ok_or(BAD)?;
        let value = |name: &str| {
            query.split('&').find_map(|pair| {
                let (key, value) = pair.split_once('=')?;
                (key == name).then_some(value)
            })
        };
        // A pin that is there but not readable must not count as no pin.
        let pin = |name: &str| value(name).map(|v| B64::decode(v).ok_or(BAD)).transpose();
        let (ca, genesis) = (pin("ca")?, pin("gen")?);
        let pins = pin("log")?.map(|log| LinkPins { ca, log, genesis });
        Ok(Self {
            code: value("c").ok_or(BAD)?.to_owned(),
            server: Some(url.origin().ascii_serialization()),
            pins: Some(pins.ok_or(BAD)?),
        })
    }

    fn ca(&self) -> Option<&B64> {
        self.pins.as_ref().and_then(|pins| pins.ca.as_ref())
    }
}

/// How often a pending device asks whether it was confirmed.
const POLL: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_gives_code_server_and_pins_and_a_code_only_itself() {
        let link = "http://localhost:8080/#/enroll?c=ABCD1234&ca=AQ&log=Ag&gen=Aw";
        let invitation = Invitation::parse(link).unwrap();
        assert_eq!(invitation.code, "ABCD1234");
        assert_eq!(invitation.server.as_deref(), Some("http://localhost:8080"));
        let pins = invitation.pins.unwrap();
        assert_eq!((pins.log.0, pins.ca.unwrap().0), (vec![2], vec![1]));
        assert_eq!(pins.genesis.unwrap().0, vec![3]);

        let typed = Invitation::parse("ABCD-12345-67890").unwrap();
        assert_eq!(typed.code, "ABCD-12345-67890");
        assert!(typed.pins.is_none() && typed.server.is_none());
    }

    #[test]
    fn a_link_with_a_spoilt_pin_is_refused_rather_than_used_without() {
        for bad in [
            "https://x.example/#/enroll?c=A&log=!",
            "https://x.example/#/enroll?c=A&log=Ag&gen=!",
            "https://x.example/#/enroll?c=A",
            "https://x.example/#/enroll?log=Ag",
            "https://x.example/enroll?c=A&log=Ag",
        ] {
            assert!(Invitation::parse(bad).is_err(), "{bad}");
        }
    }
}
