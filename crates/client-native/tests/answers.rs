//! What a server answers is bounded, whatever it sends.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wardline_client::platform::{PlatformError, Request};
use wardline_client_native::http::Transport;

/// Answers every request with this head and then with zeros until the connection is closed.
async fn endless(head: &'static str) -> Result<String, std::io::Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let _ = socket.read(&mut asked).await;
                let mut piece = head.as_bytes().to_vec();
                while socket.write_all(&piece).await.is_ok() {
                    piece = vec![0; 1 << 16];
                }
            });
        }
    });
    Ok(origin)
}

#[tokio::test]
async fn an_answer_that_never_ends_is_given_up() -> Result<(), Box<dyn std::error::Error>> {
    let heads = [
        // To be read until the connection ends.
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\n",
    ];
    for head in heads {
        let origin = endless(head).await?;
        let transport = Transport::new(&origin, None)?;
        let request = Request {
            method: "GET",
            url: format!("{origin}/v1/info"),
            headers: Vec::new(),
            body: None,
        };
        let answer = transport.carry_out(request).await;
        assert!(matches!(answer, Err(PlatformError::Offline)), "{answer:?}");
        let trouble = transport.trouble().ok_or("no reason was kept")?;
        assert_eq!(trouble, "the answer is longer than 64 MiB");
    }
    Ok(())
}
