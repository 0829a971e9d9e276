//! What is known of a device on itself, told to the hospital.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use wardline_model::wire::devices::{
    AttestRequest, AttestationChallenge, REPORT_TYPE, ReportClaims, ReportRequest,
};
use wardline_model::wire::posture::{Assessment, Told};
use wardline_model::{B64, ChallengeId};

use crate::client::Client;
use crate::error::ClientError;
use crate::http::sign_jws;
use crate::platform::Platform;
use crate::profile::Stage;

impl<P: Platform> Client<P> {
    /// Signs what is known now with the device key, and brings it to the hospital; the answer
    /// is what the device's program makes of all that is known of it.
    ///
    /// It needs no session and no open store: the key proves the device, and a device that is in
    /// quarantine must be able to tell that it was mended.
    ///
    /// # Errors
    /// [`ClientError::NotEnrolled`] before the device was confirmed; [`ClientError::Invalid`] when
    /// there are more facts than a report takes; when the hospital refuses the report.
    pub async fn report(&mut self, facts: Vec<Told>) -> Result<Assessment, ClientError> {
        let profile = self.profile()?;
        if profile.stage != Stage::Ready {
            return Err(ClientError::NotEnrolled);
        }
        if facts.len() > MOST_FACTS {
            return Err(ClientError::Invalid("a report has at most 64 facts"));
        }
        let claims = ReportClaims {
            aud: profile.log_origin.clone(),
            device_id: profile.device_id,
            iat: self.platform.now_ms() / 1000,
            facts,
        };
        let report = sign_jws(&self.platform, REPORT_TYPE, &claims).await?;
        let request = ReportRequest { report };
        self.without_session("/v1/device/report", &request).await
    }

    /// Asks for what the hardware of this device has to attest of its key next.
    ///
    /// # Errors
    /// [`ClientError::NotEnrolled`] before the device was confirmed; when the hospital refuses.
    pub async fn attestation_challenge(&mut self) -> Result<AttestationChallenge, ClientError> {
        if self.profile()?.stage != Stage::Ready {
            return Err(ClientError::NotEnrolled);
        }
        let path = "/v1/device/attestation/challenge";
        self.without_session(path, &json!({})).await
    }

    /// Shows what the hardware attests of the device key over a challenge; the answer is how the
    /// device stands by it. Like [`Self::report`] it needs no session.
    ///
    /// # Errors
    /// [`ClientError::NotEnrolled`] before the device was confirmed; when the hospital refuses it.
    pub async fn attest(
        &mut self,
        challenge_id: ChallengeId,
        attestation: Vec<B64>,
    ) -> Result<Assessment, ClientError> {
        if self.profile()?.stage != Stage::Ready {
            return Err(ClientError::NotEnrolled);
        }
        let request = AttestRequest {
            challenge_id,
            attestation,
        };
        self.without_session("/v1/device/attestation", &request)
            .await
    }

    /// A request that is proven by the device key alone.
    async fn without_session<B: Serialize, T: DeserializeOwned>(
        &mut self,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        let token = self.api.token.take();
        let answer = self.api.post(&self.platform, path, body).await;
        self.api.token = token;
        match answer {
            Err(error) => Err(self.obey(error).await),
            answer => answer,
        }
    }
}

/// See [`ReportClaims::facts`].
const MOST_FACTS: usize = 64;
