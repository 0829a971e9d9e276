//! A made-up Microsoft Graph, together with its identity platform.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wardline_server::Config;

const SECRET: &str = "made-up~secret";
const TOKEN: &str = "made-up-token";

/// Minutes between two pulls of a hospital that asks it: as few as there may be.
pub(crate) const EVERY_MINUTES: u64 = 5;

/// A server that speaks Graph.
pub(crate) struct Graph {
    origin: String,
    secret_file: PathBuf,
    shared: Shared,
    serves: JoinHandle<()>,
    _dir: TempDir,
}

#[derive(Default)]
struct Tenant {
    devices: Vec<Value>,
    /// What is answered to everything but a sign-in, instead of the right thing.
    refuses: Option<StatusCode>,
    /// What is answered to the next actions, one after the other, instead of the right thing.
    fails: VecDeque<StatusCode>,
    /// The application's secret has ended.
    is_shut: bool,
    /// Whoever reads all devices waits.
    is_held: bool,
    /// How often all devices were to be read.
    pulls: usize,
    /// What was asked of devices: `syncDevice ID`.
    asked: Vec<String>,
    /// What of that was taken.
    took: Vec<String>,
    /// What is said of actions (`deviceActionResult`), by the devices' ids.
    results: HashMap<String, Vec<Value>>,
    /// The devices of which that was read.
    looked: Vec<String>,
}

type Shared = Arc<Mutex<Tenant>>;

impl Graph {
    /// Starts one that knows these devices (`managedDevice`).
    pub(crate) async fn start(devices: Vec<Value>) -> Self {
        let shared = Shared::default();
        shared.lock().unwrap().devices = devices;
        let managed = "/v1.0/deviceManagement/managedDevices";
        let router = Router::new()
            .route("/hospital.example/oauth2/v2.0/token", post(sign_in))
            .route(managed, get(list))
            .route(&format!("{managed}/{{id}}"), get(read))
            .route(&format!("{managed}/{{id}}/{{action}}"), post(act))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let serves = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        let dir = tempfile::tempdir().unwrap();
        let secret_file = dir.path().join("secret");
        std::fs::write(&secret_file, format!("{SECRET}\n")).unwrap();
        Self {
            origin,
            secret_file,
            shared,
            serves,
            _dir: dir,
        }
    }

    /// Names it in a hospital's configuration.
    pub(crate) fn configure(&self, config: &mut Config) {
        "hospital.example".clone_into(&mut config.intune.tenant);
        "app".clone_into(&mut config.intune.client_id);
        config
            .intune
            .client_secret_file
            .clone_from(&self.secret_file);
        config.intune.graph.clone_from(&self.origin);
        config.intune.login.clone_from(&self.origin);
        config.intune.every_minutes = EVERY_MINUTES;
    }

    /// Knows these devices from now on, and no others.
    pub(crate) fn know(&self, devices: Vec<Value>) {
        self.tenant().devices = devices;
    }

    /// Refuses everything from now on, or nothing.
    pub(crate) fn refuse(&self, status: impl Into<Option<StatusCode>>) {
        self.tenant().refuses = status.into();
    }

    /// Fails the next actions, each with one of these.
    pub(crate) fn fail(&self, statuses: impl IntoIterator<Item = StatusCode>) {
        self.tenant().fails.extend(statuses);
    }

    /// Gives no tokens from now on, or gives them again.
    pub(crate) fn shut(&self, is_shut: bool) {
        self.tenant().is_shut = is_shut;
    }

    /// Lets whoever reads all devices wait from now on, or no longer.
    pub(crate) fn hold(&self, is_held: bool) {
        self.tenant().is_held = is_held;
    }

    /// How often all devices were to be read so far.
    pub(crate) fn pulls(&self) -> usize {
        self.tenant().pulls
    }

    /// Says from now on what became of an action that a device was asked for at a time.
    pub(crate) fn becomes(&self, id: &str, action: &str, state: &str, at: &str) {
        let result = json!({ "actionName": action, "actionState": state, "startDateTime": at,
            "lastUpdatedDateTime": at });
        let mut tenant = self.tenant();
        let results = tenant.results.entry(id.to_owned()).or_default();
        results.retain(|result| result["actionName"] != action);
        results.push(result);
    }

    /// Nobody listens any more.
    pub(crate) async fn go_down(&mut self) {
        self.serves.abort();
        // It has ended by being aborted.
        let _ = (&mut self.serves).await;
    }

    /// What was asked of devices since this was called last.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.tenant().asked)
    }

    /// What of that was taken, since this was called last.
    pub(crate) fn took(&self) -> Vec<String> {
        std::mem::take(&mut self.tenant().took)
    }

    /// The devices of which it was read what became of their actions, since this was called last.
    pub(crate) fn looked(&self) -> Vec<String> {
        std::mem::take(&mut self.tenant().looked)
    }

    fn tenant(&self) -> MutexGuard<'_, Tenant> {
        self.shared.lock().unwrap()
    }
}

async fn sign_in(State(shared): State<Shared>, form: String) -> Response {
    let secret = url::form_urlencoded::parse(form.as_bytes())
        .find_map(|(name, value)| (name == "client_secret").then_some(value));
    if secret.as_deref() != Some(SECRET) || shared.lock().unwrap().is_shut {
        let body = json!({ "error": "invalid_client" });
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    let body = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN });
    Json(body).into_response()
}

async fn list(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    shared.lock().unwrap().pulls += 1;
    while shared.lock().unwrap().is_held {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let tenant = shared.lock().unwrap();
    if let Some(refused) = refused(&tenant, &headers) {
        return refused;
    }
    Json(json!({ "value": tenant.devices })).into_response()
}

async fn act(
    State(shared): State<Shared>,
    Path((id, action)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let mut tenant = shared.lock().unwrap();
    let what = format!("{action} {id}");
    tenant.asked.push(what.clone());
    if let Some(refused) = refused(&tenant, &headers) {
        return refused;
    }
    if let Some(status) = tenant.fails.pop_front() {
        return failed(status);
    }
    tenant.took.push(what);
    StatusCode::NO_CONTENT.into_response()
}

async fn read(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut tenant = shared.lock().unwrap();
    if let Some(refused) = refused(&tenant, &headers) {
        return refused;
    }
    if query.as_deref() != Some("$select=id,deviceActionResults") {
        return failed(StatusCode::BAD_REQUEST);
    }
    tenant.looked.push(id.clone());
    let results = tenant.results.get(&id).cloned().unwrap_or_default();
    Json(json!({ "id": id, "deviceActionResults": results })).into_response()
}

fn refused(tenant: &Tenant, headers: &HeaderMap) -> Option<Response> {
    let is_signed_in = headers["authorization"] == format!("Bearer {TOKEN}");
    match tenant.refuses {
        Some(status) => Some(failed(status)),
        None if !is_signed_in => Some(failed(StatusCode::UNAUTHORIZED)),
        None => None,
    }
}

fn failed(status: StatusCode) -> Response {
    let body = json!({ "error": { "code": "MadeUp", "message": "no" } });
    (status, Json(body)).into_response()
}
