//! The real-time socket: frames of the server, as they come.

use std::ops::ControlFlow;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{Connector, connect_async_tls_with_config};
use wardline_client::ClientError;
use wardline_model::wire::socket::{ClientFrame, ServerFrame};

use crate::{NativeClient, NativeError};

impl NativeClient {
    /// Follows the conversations: takes each frame of the socket and calls `seen` with it after
    /// that; without a frame once at the start, and when nothing came for the time that `seen`
    /// gave the last time. Returns when `seen` breaks.
    ///
    /// # Errors
    /// [`ClientError::Offline`] when the socket ends by itself, the problem when the server ended
    /// the session, and what `seen` failed with. Nothing is lost: following again begins with what
    /// was missed.
    pub async fn follow(
        &mut self,
        seen: impl AsyncFnMut(&mut NativeClient, Option<&ServerFrame>) -> Seen,
    ) -> Result<(), NativeError> {
        self.follow_woken(&Notify::new(), seen).await
    }

    /// The same, and `seen` is called without a frame whenever it is woken.
    ///
    /// # Errors
    /// As [`NativeClient::follow`].
    pub async fn follow_woken(
        &mut self,
        wake: &Notify,
        mut seen: impl AsyncFnMut(&mut NativeClient, Option<&ServerFrame>) -> Seen,
    ) -> Result<(), NativeError> {
        let ticket = self.socket_ticket().await?.ticket;
        let request = self
            .socket_url()
            .into_client_request()
            .map_err(|_| NativeError::Server("the socket's address is not a URL"))?;
        let tls = Connector::Rustls(self.platform().transport().tls());
        let connecting = connect_async_tls_with_config(request, None, true, Some(tls));
        let (mut socket, _) = tokio::time::timeout(CONNECT, connecting)
            .await
            .map_err(|_| ClientError::Offline)?
            .map_err(offline)?;
        // Serialising an enum of strings has no way to fail.
        let first = serde_json::to_string(&ClientFrame::Ticket { ticket }).unwrap_or_default();
        socket.send(Message::text(first)).await.map_err(offline)?;
        self.sync().await?;
        let ControlFlow::Continue(mut patience) = seen(self, None).await? else {
            return Ok(());
        };
        loop {
            // Nothing is lost of a frame that has not come whole.
            let came = tokio::select! {
                message = socket.next() => Some(message),
                () = wake.notified() => None,
                () = tokio::time::sleep(patience) => None,
            };
            let Some(message) = came else {
                match seen(self, None).await? {
                    ControlFlow::Continue(next) => patience = next,
                    ControlFlow::Break(()) => return Ok(()),
                }
                continue;
            };
            let Some(message) = message else {
                return Err(ClientError::Offline.into());
            };
            let Message::Text(text) = message.map_err(offline)? else {
                continue;
            };
            let frame: ServerFrame = serde_json::from_str(&text)
                .map_err(|_| ClientError::Untrusted("a frame of an unknown form"))?;
            let ended = match &frame {
                ServerFrame::Ended { problem } => Some(problem.clone()),
                _ => None,
            };
            // What a frame brings is fetched by a sync when it could not be taken by itself.
            match self.frame(frame.clone()).await {
                Err(error) if !error.is_transient() => self.sync().await?,
                other => other?,
            }
            if let Some(problem) = ended {
                return Err(ClientError::Problem(Box::new(problem)).into());
            }
            match seen(self, Some(&frame)).await? {
                ControlFlow::Continue(next) => patience = next,
                ControlFlow::Break(()) => return Ok(()),
            }
        }
    }
}

/// Whether to follow on, and how long at most until the next call without a frame.
pub type Seen = Result<ControlFlow<(), Duration>, NativeError>;

fn offline(_: SocketError) -> NativeError {
    ClientError::Offline.into()
}

const CONNECT: Duration = Duration::from_secs(10);
