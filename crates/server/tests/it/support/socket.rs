//! The real-time socket, as a client has it.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wardline_model::wire::socket::{ClientFrame, ServerFrame, SocketTicket};

use super::Device;

/// An open socket.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects and sends a ticket.
    pub(crate) async fn with_ticket(url: &str, ticket: &str) -> Self {
        let url = format!("{}/v1/socket", url.replacen("http", "ws", 1));
        let (mut stream, _) = connect_async(url).await.unwrap();
        let first = json!({ "t": "ticket", "ticket": ticket }).to_string();
        stream.send(Message::Text(first.into())).await.unwrap();
        Self(stream)
    }

    /// Opens one for a device that is signed in.
    pub(crate) async fn open(device: &mut Device) -> Self {
        let ticket: SocketTicket = device
            .request("POST", "/v1/socket-tickets", None)
            .await
            .expect(201)
            .json();
        let mut socket = Self::with_ticket(&device.url, &ticket.ticket).await;
        assert_eq!(socket.next().await, Some(ServerFrame::Ready));
        socket
    }

    pub(crate) async fn send(&mut self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).unwrap();
        self.0.send(Message::Text(text.into())).await.unwrap();
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.0
            .send(Message::Text(text.to_owned().into()))
            .await
            .unwrap();
    }

    /// The next frame; `None` when the server closed.
    pub(crate) async fn next(&mut self) -> Option<ServerFrame> {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), self.0.next())
                .await
                .expect("a frame within ten seconds");
            match message {
                Some(Ok(Message::Text(text))) => {
                    return Some(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(_) | Err(_)) | None => return None,
            }
        }
    }

    /// The next frame that is no `reached`, and does not tell that a turn ended by the clock.
    pub(crate) async fn next_news(&mut self) -> Option<ServerFrame> {
        loop {
            match self.next().await {
                Some(ServerFrame::Reached { .. } | ServerFrame::Roles) => {}
                other => return other,
            }
        }
    }
}
