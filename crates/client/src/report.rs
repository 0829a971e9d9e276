//! What is known of a device on itself, told to the hospital.

use wardline_model::wire::devices::{REPORT_TYPE, ReportClaims, ReportRequest};
use wardline_model::wire::posture::{Assessment, Told};

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
        let token = self.api.token.take();
        let answer = self
            .api
            .post(&self.platform, "/v1/device/report", &request)
            .await;
        self.api.token = token;
        match answer {
            Err(error) => Err(self.obey(error).await),
            answer => answer,
        }
    }
}

/// See [`ReportClaims::facts`].
const MOST_FACTS: usize = 64;
