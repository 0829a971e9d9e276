//! A device that was taken out of use erases what it keeps, and says so.

use wardline_model::wire::problem::Problem;

use crate::client::Client;
use crate::error::ClientError;
use crate::platform::{Event, Platform};
use crate::profile::{PROFILE, Stage};

impl<P: Platform> Client<P> {
    /// The same error; where it says that this device is out of use, everything that it kept is
    /// erased first, and where it says that it is shut out, the store is shut and opens no more
    /// without the hospital.
    ///
    /// Whoever speaks for the hospital can bring this about. It gives them nothing that they do not
    /// have: without the hospital's share the store stays shut anyway.
    pub(crate) async fn obey(&mut self, error: ClientError) -> ClientError {
        if let ClientError::Problem(problem) = &error
            && reason(problem) == Some("device_quarantined")
        {
            // A store that does not take the deletion stays shut by its lock at least.
            let _ = self.drop_cached_share().await;
            self.lock();
        }
        if let ClientError::Problem(problem) = &error
            && matches!(reason(problem), Some("device_lost" | "device_revoked"))
        {
            // A store that does not take the deletions is tried again at the next refusal.
            if self.wipe().await.is_ok() {
                // Without a connection the next start says it.
                let _ = self.confirm_wipe().await;
            }
        }
        error
    }

    /// Asks what became of this device after its session ended, and obeys.
    pub(crate) async fn ask_why(&mut self) {
        // The answer is obeyed where it is read; a challenge that is given is not needed.
        let _ = self.challenge().await;
    }

    /// Erases all that the device keeps, and notes in the same write that this is still to be
    /// confirmed.
    async fn wipe(&mut self) -> Result<(), ClientError> {
        let mut profile = self.profile()?.clone();
        profile.stage = Stage::Wiped;
        profile.confirmation = None;
        profile.credential_id = None;
        self.forget_all(Some(profile)).await?;
        self.wiped = true;
        self.platform.emit(Event::Status);
        Ok(())
    }

    /// Tells the hospital that what was kept is gone, then forgets the device key with which it was
    /// said: the device is as new.
    ///
    /// # Errors
    /// When the hospital cannot be reached; it is said at the next start.
    pub async fn confirm_wipe(&mut self) -> Result<(), ClientError> {
        if self.profile()?.stage != Stage::Wiped {
            return Err(ClientError::Invalid("this device was not wiped"));
        }
        let said: Result<serde_json::Value, ClientError> = self
            .api
            .post(&self.platform, "/v1/device/wiped", &serde_json::json!({}))
            .await;
        match said {
            Err(ClientError::Problem(problem)) if matches!(problem.status, 429 | 500..) => {
                return Err(ClientError::Problem(problem));
            }
            Err(error @ (ClientError::Offline | ClientError::Key)) => return Err(error),
            // A hospital that does not know the device any more needs no word of it.
            Ok(_) | Err(_) => {}
        } // The key first: a device that is as new must not have the old one.
        self.platform.forget_key().await?;
        self.platform
            .commit(vec![(PROFILE.to_owned(), None)])
            .await?;
        self.profile = None;
        self.platform.emit(Event::Status);
        Ok(())
    }
}

/// The policies' reason for a refusal.
fn reason(problem: &Problem) -> Option<&str> {
    problem.extensions.get("reason")?.as_str()
}
