//! Public lists, made up: in a folder, and on a server.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use wardline_server::Config;

pub(crate) const KEV: &str = "kev/known_exploited_vulnerabilities.json";
pub(crate) const BULLETINS: &str = "android/bulletins.csv";
pub(crate) const STATUS: &str = "android/status.json";
pub(crate) const PRODUCT: &str = "endoflife/products/android.md";

/// What a list's server answers.
#[derive(Clone)]
pub(crate) enum Reply {
    /// This text.
    Text(String),
    /// So many bytes, without saying beforehand how many.
    Bytes(usize),
    /// The text's beginning, and then the connection breaks.
    Torn(String),
    /// Nothing but a status.
    Refused(StatusCode),
}

/// Good lists by their paths.
pub(crate) fn good() -> BTreeMap<&'static str, String> {
    let android = "---\npermalink: /android\nreleases:\n  - releaseCycle: \"16\"\n    \
        releaseDate: 2025-06-10\n    eol: false\n---\n";
    let kev = r#"{"catalogVersion":"1","dateReleased":"2026-08-31T00:00:00Z","count":0,
        "vulnerabilities":[]}"#;
    BTreeMap::from([
        (PRODUCT, android.to_owned()),
        (KEV, kev.to_owned()),
        (
            BULLETINS,
            "level,published\n2026-08-05,2026-08-03\n".to_owned(),
        ),
        (STATUS, r#"{"entries":{}}"#.to_owned()),
    ])
}

/// A list of revoked attestation keys with one entry.
pub(crate) fn revoked(serial: &str, reason: &str) -> String {
    let entry = serde_json::json!({ "status": "REVOKED", "reason": reason });
    serde_json::json!({ "entries": { serial: entry } }).to_string()
}

/// Writes a list into a folder.
pub(crate) fn write(folder: &Path, path: &str, text: &str) {
    let file = folder.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

/// Writes good lists into a folder.
pub(crate) fn write_all(folder: &Path) {
    for (path, text) in good() {
        write(folder, path, &text);
    }
}

/// A server that has lists, and keeps what it was asked for.
pub(crate) struct Lists {
    origin: String,
    shared: Shared,
}

#[derive(Default)]
struct Kept {
    replies: BTreeMap<String, Reply>,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Kept>>;

impl Lists {
    /// Starts one that has good lists.
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
        let lists = Self { origin, shared };
        for (path, text) in good() {
            lists.reply(path, Reply::Text(text));
        }
        lists
    }

    /// Names them in a hospital's configuration.
    pub(crate) fn configure(&self, config: &mut Config) {
        let url = |path: &str| format!("{}/{path}", self.origin);
        config.feeds.kev = url(KEV);
        config.feeds.product = url("endoflife/products/{product}.md");
        config.feeds.products = vec!["android".to_owned()];
        config.feeds.android_bulletins = url(BULLETINS);
        config.feeds.attestation_status = url(STATUS);
    }

    /// Answers so for a list from now on.
    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        self.kept().replies.insert(path.to_owned(), reply);
    }

    /// What it was asked for so far, in this order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.kept().asked.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.shared.lock().unwrap()
    }
}

async fn answer(State(shared): State<Shared>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/').to_owned();
    let reply = {
        let mut kept = shared.lock().unwrap();
        kept.asked.push(path.clone());
        kept.replies.get(&path).cloned()
    };
    match reply {
        Some(Reply::Text(text)) => text.into_response(),
        Some(Reply::Bytes(count)) => {
            let part = vec![b' '; 1 << 20];
            let parts = std::iter::repeat_n(part, count.div_ceil(1 << 20));
            let parts = parts.map(Ok::<_, std::io::Error>);
            Body::from_stream(futures::stream::iter(parts)).into_response()
        }
        Some(Reply::Torn(text)) => {
            let torn = std::io::Error::other("torn");
            Body::from_stream(futures::stream::iter([Ok(text), Err(torn)])).into_response()
        }
        Some(Reply::Refused(status)) => status.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
