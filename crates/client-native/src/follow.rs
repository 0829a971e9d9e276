//! The real-time socket: frames of the server, as they come.

use futures::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use wardline_client::ClientError;
use wardline_model::wire::socket::{ClientFrame, ServerFrame};

use crate::{NativeClient, NativeError};

impl NativeClient {
    /// Follows the conversations: takes each frame of the socket, and calls `seen` after it. Ends
    /// when the socket ends, or when `seen` says so.
    pub async fn follow(
        &mut self,
        mut seen: impl FnMut(&mut NativeClient) -> bool,
    ) -> Result<(), NativeError> {
        let offline = |_| NativeError::Client(ClientError::Offline);
        let ticket = self.socket_ticket().await?.ticket;
        let request = self
            .socket_url()
            .into_client_request()
            .map_err(|_| NativeError::Server("the socket's address is not a URL"))?;
        let (mut socket, _) =
            tokio_tungstenite::connect_async(request).await.map_err(offline)?;
        let first = serde_json::to_string(&ClientFrame::Ticket { ticket }).unwrap_or_default();
        socket.send(Message::text(first)).await.map_err(offline)?;
        self.sync().await?;
        if !seen(self) {
            return Ok(());
        }
        while let Some(message) = socket.next().await {
            let Message::Text(text) = message.map_err(offline)? else { continue };
            let frame: ServerFrame = serde_json::from_str(&text)
                .map_err(|_| ClientError::Untrusted("a frame of an unknown form"))?;
            self.frame(frame).await?;
            if !seen(self) {
                return Ok(());
            }
        }
        Err(NativeError::Client(ClientError::Offline))
    }
}
