//! A push service (RFC 8030), and what devices subscribe with there.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use p256::SecretKey;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wardline_model::B64;
use wardline_server::Config;
use wardline_server::rim::random;

use super::until;

/// What it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A push service on loopback that keeps what it is sent.
pub(crate) struct Receiver {
    pub(crate) origin: String,
    shared: Shared,
}

#[derive(Default)]
struct Kept {
    replies: VecDeque<(u16, Option<u64>)>,
    pushes: Vec<Pushed>,
}

type Shared = Arc<Mutex<Kept>>;

impl Receiver {
    pub(crate) async fn start() -> Self {
        let shared = Shared::default();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self { origin, shared }
    }

    /// Names it in a hospital's configuration.
    pub(crate) fn configure(&self, config: &mut Config) {
        let host = self.origin.trim_start_matches("http://").to_owned();
        config.push.allowed_hosts.push(host);
        "mailto:it@hospital.example".clone_into(&mut config.push.contact);
    }

    /// Answers the next push so, with so many seconds as `Retry-After`; those after it with 201.
    pub(crate) fn reply(&self, status: u16, retry_after: Option<u64>) {
        self.kept().replies.push_back((status, retry_after));
    }

    pub(crate) fn pushes(&self) -> Vec<Pushed> {
        self.kept().pushes.clone()
    }

    /// The push of this number, from 1, once it came; there must be no further one.
    pub(crate) async fn push(&self, number: usize) -> Pushed {
        let what = format!("push {number}");
        let pushes = until(&what, async || {
            Some(self.pushes()).filter(|pushes| pushes.len() >= number)
        })
        .await;
        assert_eq!(pushes.len(), number, "{pushes:?}");
        pushes.into_iter().last().unwrap()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.shared.lock().unwrap()
    }
}

async fn answer(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut kept = shared.lock().unwrap();
    kept.pushes.push(Pushed {
        path: uri.path().to_owned(),
        headers,
        body: body.to_vec(),
    });
    let (status, retry_after) = kept.replies.pop_front().unwrap_or((201, None));
    let status = StatusCode::from_u16(status).unwrap();
    match retry_after {
        Some(seconds) => (status, [("retry-after", seconds.to_string())]).into_response(),
        None => status.into_response(),
    }
}

impl Pushed {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The claims of the server's token (RFC 8292), once its signature is good by the key beside it,
    /// which is the one that devices subscribe with.
    pub(crate) fn claims(&self, public_key: &B64) -> Value {
        let vapid = self
            .header("authorization")
            .strip_prefix("vapid t=")
            .unwrap();
        let (token, key) = vapid.split_once(", k=").unwrap();
        assert_eq!(key, public_key.encode());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = B64::decode(signature).unwrap();
        let signature = Signature::from_slice(signature.as_ref()).unwrap();
        let key = VerifyingKey::from_sec1_bytes(public_key.as_ref()).unwrap();
        key.verify(signed.as_bytes(), &signature).unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let part = |text: &str| -> Value {
            serde_json::from_slice(B64::decode(text).unwrap().as_ref()).unwrap()
        };
        assert_eq!(part(header), json!({ "typ": "JWT", "alg": "ES256" }));
        part(claims)
    }
}

/// A browser that subscribed.
pub(crate) struct Subscriber {
    pub(crate) endpoint: String,
    secret: SecretKey,
    auth: [u8; 16],
}

impl Subscriber {
    /// At a push service, under a name.
    pub(crate) fn at(receiver: &Receiver, name: &str) -> Self {
        Self {
            endpoint: format!("{}/{name}", receiver.origin),
            secret: SecretKey::from_slice(&random::<32>()).unwrap(),
            auth: random(),
        }
    }

    /// What `PUT /v1/push` takes.
    pub(crate) fn subscription(&self) -> Value {
        let point = self.secret.public_key().to_encoded_point(false);
        json!({
            "endpoint": self.endpoint,
            "p256dh": B64::from(point.as_bytes()),
            "auth": B64::from(self.auth),
        })
    }

    /// What a push says (RFC 8291).
    pub(crate) fn read(&self, push: &Pushed) -> String {
        let auth = self.auth.into();
        let text = web_push_native::decrypt(push.body.clone(), &self.secret, &auth).unwrap();
        String::from_utf8(text).unwrap()
    }
}
