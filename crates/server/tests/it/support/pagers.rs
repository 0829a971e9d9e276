//! A hospital's pager system: a real HTTP server that keeps the calls it is given, and checks who made
//! them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use wardline_server::Config;

use super::until;

const SECRET: &str = "a secret that both sides have";

/// A call that it was given.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

#[derive(Default)]
struct Kept {
    replies: VecDeque<u16>,
    calls: Vec<Call>,
}

/// A pager system on loopback.
pub(crate) struct Pagers {
    url: String,
    secret: PathBuf,
    kept: Arc<Mutex<Kept>>,
    _dir: TempDir,
}

impl Pagers {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("secret");
        std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
        let kept = Arc::new(Mutex::new(Kept::default()));
        let router = Router::new().fallback(take).with_state(Arc::clone(&kept));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/calls", listener.local_addr().unwrap());
        tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            url,
            secret,
            kept,
            _dir: dir,
        }
    }

    /// Names it in a hospital's configuration.
    pub(crate) fn configure(&self, config: &mut Config) {
        config.pager.url.clone_from(&self.url);
        config.pager.secret_file.clone_from(&self.secret);
    }

    /// Answers the next call so; those after it with 202.
    pub(crate) fn reply(&self, status: u16) {
        self.kept.lock().unwrap().replies.push_back(status);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.kept.lock().unwrap().calls.clone()
    }

    /// The calls, once there are so many.
    pub(crate) async fn calls_of(&self, number: usize) -> Vec<Call> {
        until("calls to the pager system", async || {
            Some(self.calls()).filter(|calls| calls.len() >= number)
        })
        .await
    }
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

async fn take(State(kept): State<Arc<Mutex<Kept>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let signed = format!("{}.{}.", header("webhook-id"), header("webhook-timestamp"));
    let signed = [signed.as_bytes(), &body].concat();
    let signature = header("webhook-signature");
    let signature = STANDARD
        .decode(signature.strip_prefix("v1,").unwrap())
        .unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::verify(&key, &signed, &signature).unwrap();
    let mut kept = kept.lock().unwrap();
    kept.calls.push(Call {
        headers,
        body: serde_json::from_slice(&body).unwrap(),
    });
    let status = kept.replies.pop_front().unwrap_or(202);
    StatusCode::from_u16(status).unwrap()
}
