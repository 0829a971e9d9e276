//! Intune over real HTTP, spoken by a server that keeps to the published contract.

use super::*;

use std::collections::VecDeque;
use std::sync::Mutex as StdMutex;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;
use wardline_signals::graph::Ending;

const SECRET: &str = "Zq7~secret&Xv";
const ID: &str = "705c034c-034c-705c-4c03-5c704c035c70";

/// What the made-up Microsoft does, and what it has seen.
#[derive(Default)]
struct Microsoft {
    /// Tokens that were given; the last one is good.
    tokens: u32,
    /// For how many seconds tokens are good.
    expires_in: u64,
    /// Devices.
    devices: usize,
    /// Answers to give before the right one.
    first: VecDeque<Response>,
    /// Where the next page is said to be, instead of here.
    elsewhere: Option<String>,
    /// Every token is refused.
    refuses: bool,
    /// What was asked, one line each.
    seen: Vec<String>,
}

type Shared = Arc<StdMutex<Microsoft>>;

async fn login(State(shared): State<Shared>, Path(tenant): Path<String>, form: String) -> Response {
    let mut microsoft = shared.lock().unwrap();
    microsoft.seen.push("token".to_owned());
    assert_eq!(tenant, "hospital.example");
    let form: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect();
    let value = |name: &str| {
        form.iter()
            .find(|(named, _)| named == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(value("grant_type"), "client_credentials");
    assert!(value("scope").ends_with("/.default"));
    if value("client_secret") != SECRET {
        let body = json!({"error": "invalid_client", "error_codes": [7_000_215],
            "error_description": format!("AADSTS7000215: not {}", value("client_secret"))});
        return (StatusCode::UNAUTHORIZED, body.to_string()).into_response();
    }
    microsoft.tokens += 1;
    let body = json!({"token_type": "Bearer", "expires_in": microsoft.expires_in,
        "access_token": format!("token-{}", microsoft.tokens)});
    body.to_string().into_response()
}

impl Microsoft {
    /// The answer that comes before the right one, if any: to a wrong token, or as planned.
    fn before(&mut self, what: String, headers: &HeaderMap) -> Option<Response> {
        self.seen.push(what);
        if let Some(first) = self.first.pop_front() {
            return Some(first);
        }
        let right = format!("Bearer token-{}", self.tokens);
        let given = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        if given == Some(&right) && !self.refuses {
            return None;
        }
        let body = json!({"error": {"code": "InvalidAuthenticationToken",
            "message": format!("no {given:?}"), "innerError": {"request-id": "r-1"}}});
        Some((StatusCode::UNAUTHORIZED, body.to_string()).into_response())
    }
}

async fn devices(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut microsoft = shared.lock().unwrap();
    let query = query.unwrap_or_default();
    if let Some(before) = microsoft.before("devices".to_owned(), &headers) {
        return before;
    }
    let skip = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("$skiptoken="));
    if skip.is_none() {
        assert!(query.starts_with("$select=id,"), "{query}");
        assert!(query.ends_with("&$top=500"), "{query}");
    }
    let skip: usize = skip.map_or(0, |skip| skip.parse().unwrap());
    let upto = (skip + 2).min(microsoft.devices);
    let value: Vec<Value> = (skip..upto)
        .map(|number| {
            json!({"id": format!("device-{number}"), "serialNumber": format!("S{number}"),
                "operatingSystem": "Android", "osVersion": "16", "isEncrypted": true,
                "complianceState": "compliant", "lastSyncDateTime": "2026-05-20T08:00:00Z"})
        })
        .collect();
    let mut page = json!({ "value": value });
    if upto < microsoft.devices {
        let host = headers["host"].to_str().unwrap();
        let here = format!("http://{host}/v1.0/deviceManagement/managedDevices");
        let next = microsoft.elsewhere.clone().unwrap_or(here);
        page["@odata.nextLink"] = json!(format!("{next}?$skiptoken={upto}"));
    }
    page.to_string().into_response()
}

async fn act(
    State(shared): State<Shared>,
    Path((id, action)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut microsoft = shared.lock().unwrap();
    let what = format!("{action} {}", String::from_utf8_lossy(&body));
    if let Some(before) = microsoft.before(what, &headers) {
        return before;
    }
    if id == ID {
        return StatusCode::NO_CONTENT.into_response();
    }
    let body = json!({"error": {"code": "ResourceNotFound", "message": ""}});
    (StatusCode::NOT_FOUND, body.to_string()).into_response()
}

async fn results(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut microsoft = shared.lock().unwrap();
    assert_eq!(query.as_deref(), Some("$select=id,deviceActionResults"));
    if let Some(before) = microsoft.before("results".to_owned(), &headers) {
        return before;
    }
    if id != ID {
        let body = json!({"error": {"code": "ResourceNotFound", "message": ""}});
        return (StatusCode::NOT_FOUND, body.to_string()).into_response();
    }
    let body = json!({"id": ID, "deviceActionResults": [{"actionName": "wipe",
        "actionState": "done", "startDateTime": "2026-05-20T08:00:00Z",
        "lastUpdatedDateTime": "2026-05-20T08:10:00Z"}]});
    body.to_string().into_response()
}

/// Intune with five devices, and its client.
async fn set_up() -> (Shared, Intune, Clock) {
    let shared = Shared::default();
    {
        let mut microsoft = shared.lock().unwrap();
        microsoft.expires_in = 3599;
        microsoft.devices = 5;
    }
    let managed = "/v1.0/deviceManagement/managedDevices";
    let router = Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(login))
        .route(managed, get(devices))
        .route(&format!("{managed}/{{id}}"), get(results))
        .route(&format!("{managed}/{{id}}/{{action}}"), post(act))
        .with_state(Arc::clone(&shared));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let clock = Clock::default();
    let intune = Intune::new(config(&origin, SECRET), clock.clone()).unwrap();
    (shared, intune, clock)
}

fn config(origin: &str, secret: &str) -> IntuneConfig {
    IntuneConfig {
        graph: origin.to_owned(),
        login: origin.to_owned(),
        ..IntuneConfig::new(
            "hospital.example".to_owned(),
            "app".to_owned(),
            Zeroizing::new(secret.to_owned()),
        )
    }
}

fn seen(shared: &Shared) -> Vec<String> {
    std::mem::take(&mut shared.lock().unwrap().seen)
}

fn first(shared: &Shared, responses: impl IntoIterator<Item = Response>) {
    shared.lock().unwrap().first.extend(responses);
}

fn throttled(status: StatusCode, retry_after: &'static str) -> Response {
    let body = json!({"error": {"code": "TooManyRequests", "message": "Please retry later."}});
    (status, [("retry-after", retry_after)], body.to_string()).into_response()
}

#[tokio::test]
async fn every_page_is_read_with_one_token() {
    let (shared, intune, _) = set_up().await;
    let pulled = intune.pull().await.unwrap();
    let ids: Vec<&str> = pulled
        .devices
        .iter()
        .map(|device| &*device.manager_id)
        .collect();
    assert_eq!(
        ids,
        ["device-0", "device-1", "device-2", "device-3", "device-4"]
    );
    assert_eq!(pulled.left_out, []);
    assert_eq!(seen(&shared), ["token", "devices", "devices", "devices"]);
    intune.pull().await.unwrap();
    assert_eq!(seen(&shared), ["devices", "devices", "devices"]);
}

#[tokio::test]
async fn those_who_share_a_client_share_its_token() {
    let (shared, intune, _) = set_up().await;
    let intune = Arc::new(intune);
    let pulls = [(); 4].map(|()| {
        let intune = Arc::clone(&intune);
        tokio::spawn(async move { intune.pull().await })
    });
    for pull in pulls {
        assert_eq!(pull.await.unwrap().unwrap().devices.len(), 5);
    }
    let tokens = seen(&shared).into_iter().filter(|what| what == "token");
    assert_eq!(tokens.count(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let (shared, intune, clock) = set_up().await;
    shared.lock().unwrap().devices = 1;
    intune.pull().await.unwrap();
    clock.advance(3_200_000);
    intune.pull().await.unwrap();
    assert_eq!(seen(&shared), ["token", "devices", "devices"]);
    clock.advance(100_000);
    intune.pull().await.unwrap();
    assert_eq!(seen(&shared), ["token", "devices"]);
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let (shared, intune, _) = set_up().await;
    shared.lock().unwrap().devices = 1;
    intune.pull().await.unwrap();
    seen(&shared);
    // Revoked before its end.
    shared.lock().unwrap().tokens += 1;
    intune.pull().await.unwrap();
    assert_eq!(seen(&shared), ["devices", "token", "devices"]);
    shared.lock().unwrap().refuses = true;
    let refused = intune.pull().await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "refused with status 401: InvalidAuthenticationToken, request r-1"
    );
    assert_eq!(seen(&shared), ["devices", "token", "devices"]);
}

#[tokio::test]
async fn graph_is_waited_for_as_long_as_it_asks() {
    let (shared, intune, _) = set_up().await;
    first(
        &shared,
        [
            throttled(StatusCode::TOO_MANY_REQUESTS, "0.2"),
            throttled(StatusCode::SERVICE_UNAVAILABLE, "1"),
        ],
    );
    let began = Instant::now();
    intune.pull().await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert_eq!(seen(&shared).len(), 6);
}

#[tokio::test]
async fn patience_has_an_end() {
    let (shared, mut intune, _) = set_up().await;
    first(&shared, [throttled(StatusCode::TOO_MANY_REQUESTS, "121")]);
    let gave_up = intune.pull().await.unwrap_err();
    let retry_after_s = Some(121);
    assert_eq!(gave_up, IntuneError::Throttled { retry_after_s });
    assert_eq!(seen(&shared), ["token", "devices"]);
    // Nothing said, or nothing that is understood: twice as long each time.
    intune.patience.pause = Duration::from_millis(10);
    intune.patience.left = Duration::from_millis(75);
    let date = "Wed, 20 May 2026 08:00:00 GMT";
    let forever = (0..9).map(|_| throttled(StatusCode::TOO_MANY_REQUESTS, date));
    first(&shared, forever);
    let retry_after_s = None;
    let gave_up = intune.pull().await.unwrap_err();
    assert_eq!(gave_up, IntuneError::Throttled { retry_after_s });
    assert_eq!(seen(&shared).len(), 4);
    // No waiting at all has an end too.
    shared.lock().unwrap().first.clear();
    intune.patience.attempts = 3;
    let forever = (0..9).map(|_| throttled(StatusCode::SERVICE_UNAVAILABLE, "0"));
    first(&shared, forever);
    intune.pull().await.unwrap_err();
    assert_eq!(seen(&shared).len(), 4);
}

#[tokio::test]
async fn a_next_page_on_another_server_ends_the_pull() {
    let (shared, intune, _) = set_up().await;
    let (other, ..) = set_up().await;
    for elsewhere in ["http://127.0.0.1:9/v1.0/x", "https://evil.example/v1.0/x"] {
        shared.lock().unwrap().elsewhere = Some(elsewhere.to_owned());
        let refused = intune.pull().await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the next page is said to be on another server"
        );
    }
    assert_eq!(seen(&other), Vec::<String>::new());
}

#[tokio::test]
async fn pages_that_lead_in_a_circle_end_the_pull() {
    let (shared, intune, _) = set_up().await;
    let page = json!({"value": [], "@odata.nextLink": intune.graph.devices().as_str()});
    first(&shared, [page.to_string().into_response()]);
    assert_eq!(intune.pull().await, Err(IntuneError::Endless));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (shared, intune, _) = set_up().await;
    let redirect = (
        StatusCode::FOUND,
        [("location", "/hospital.example/oauth2/v2.0/token")],
    );
    first(&shared, [redirect.into_response()]);
    let refused = intune.pull().await.unwrap_err();
    let (status, fault) = (302, None);
    assert_eq!(refused, IntuneError::Refused { status, fault });
}

#[tokio::test]
async fn an_answer_beyond_measure_is_not_taken_in() {
    let (shared, intune, _) = set_up().await;
    let long = format!("{{\"value\":[],\"x\":\"{}\"}}", "x".repeat(LARGEST_PAGE));
    first(&shared, [long.into_response()]);
    let limit = LARGEST_PAGE;
    assert_eq!(intune.pull().await, Err(IntuneError::TooLarge { limit }));
    first(&shared, ["<html>".into_response()]);
    let refused = intune.pull().await.unwrap_err();
    assert_eq!(refused.to_string(), "the answer is not a page of devices");
}

#[tokio::test]
async fn an_action_is_asked_for_in_graphs_words() {
    let (shared, intune, _) = set_up().await;
    for action in Action::ALL {
        intune.act(ID, action).await.unwrap();
    }
    assert_eq!(
        seen(&shared),
        [
            "token",
            "syncDevice ",
            "rebootNow ",
            "remoteLock ",
            "retire ",
            r#"wipe {"keepEnrollmentData":false,"keepUserData":false}"#,
        ]
    );
    let gone = intune.act("device-9", Action::Lock).await;
    assert_eq!(gone, Err(IntuneError::UnknownDevice));
    let id = intune.act("../users", Action::Wipe).await;
    assert_eq!(id, Err(IntuneError::DeviceId(AddressError::Device)));
}

#[tokio::test]
async fn what_became_of_an_action_is_asked_of_the_device_alone() {
    let (shared, intune, _) = set_up().await;
    let results = intune.results(ID).await.unwrap();
    let [wipe] = results[..] else {
        panic!("{results:?}");
    };
    assert_eq!(
        (wipe.action, wipe.ending),
        (Action::Wipe, Some(Ending::Done))
    );
    assert_eq!(seen(&shared), ["token", "results"]);
    let gone = intune.results("device-9").await;
    assert_eq!(gone, Err(IntuneError::UnknownDevice));
    let id = intune.results("../users").await;
    assert_eq!(id, Err(IntuneError::DeviceId(AddressError::Device)));
    let other = json!({"id": "device-9", "deviceActionResults": []});
    first(&shared, [other.to_string().into_response()]);
    let refused = intune.results(ID).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the answer does not tell what became of the device's actions"
    );
}

#[test]
fn only_what_can_never_be_done_is_final() {
    let refused = |status| IntuneError::Refused {
        status,
        fault: None,
    };
    for status in [400, 404, 405, 410, 422, 499] {
        assert!(refused(status).is_final(), "{status}");
    }
    for status in [302, 401, 403, 408, 409, 429, 500, 502, 503, 504] {
        assert!(!refused(status).is_final(), "{status}");
    }
    assert!(IntuneError::UnknownDevice.is_final());
    assert!(IntuneError::DeviceId(AddressError::Device).is_final());
    let login = IntuneError::Login {
        status: 401,
        fault: None,
    };
    for passing in [
        login,
        IntuneError::Forbidden(None),
        IntuneError::Unreachable(String::new()),
        IntuneError::Throttled {
            retry_after_s: None,
        },
    ] {
        assert!(!passing.is_final() && passing.is_for_all(), "{passing}");
    }
}

#[tokio::test]
async fn an_action_is_asked_for_again_only_where_nothing_was_done() {
    let (shared, intune, _) = set_up().await;
    first(&shared, [throttled(StatusCode::TOO_MANY_REQUESTS, "0")]);
    intune.act(ID, Action::Restart).await.unwrap();
    assert_eq!(seen(&shared), ["token", "rebootNow ", "rebootNow "]);
    first(&shared, [throttled(StatusCode::SERVICE_UNAVAILABLE, "0")]);
    let refused = intune.act(ID, Action::Restart).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "refused with status 503: TooManyRequests"
    );
    assert_eq!(seen(&shared), ["rebootNow "]);
    let body = json!({"error": {"code": "Forbidden", "message": "no"}});
    let forbidden = (StatusCode::FORBIDDEN, body.to_string());
    first(&shared, [forbidden.into_response()]);
    let refused = intune.act(ID, Action::Wipe).await.unwrap_err();
    assert!(matches!(refused, IntuneError::Forbidden(_)));
    let text = refused.to_string();
    assert!(
        text.starts_with("not permitted: Forbidden: reading needs"),
        "{text}"
    );
}

#[tokio::test]
async fn secrets_stand_in_no_error_and_no_debug() {
    let (shared, intune, clock) = set_up().await;
    intune.pull().await.unwrap();
    let shown = format!("{intune:?}");
    assert!(
        !shown.contains("Zq7") && !shown.contains("token-1"),
        "{shown}"
    );
    // Graph repeats the token in its message, and the identity platform the secret.
    shared.lock().unwrap().refuses = true;
    let refused = intune.pull().await.unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("token-"));
    let wrong = Intune::new(config(&intune.config.graph, "Zq7wrong"), clock.clone()).unwrap();
    let refused = wrong.pull().await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no token was given (status 401: invalid_client (AADSTS7000215))"
    );
    assert!(!format!("{refused:?}").contains("Zq7"));
    // Nobody listens there.
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let absent = Intune::new(config(&origin, SECRET), clock).unwrap();
    let refused = absent.pull().await.unwrap_err();
    assert!(matches!(refused, IntuneError::Unreachable(_)));
    let shown = format!("{refused} {refused:?}");
    assert!(
        !shown.contains("Zq7") && !shown.contains("127.0.0.1"),
        "{shown}"
    );
}

#[test]
fn a_configuration_that_would_send_the_secret_in_the_clear_is_refused() {
    let refused = |change: &dyn Fn(&mut IntuneConfig)| {
        let mut config = config("https://graph.example", SECRET);
        change(&mut config);
        match Intune::new(config, Clock::default()) {
            Err(IntuneError::Config { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        refused(&|it| it.graph = "http://graph.example".to_owned()),
        "graph"
    );
    assert_eq!(
        refused(&|it| it.login = "http://login.example".to_owned()),
        "login"
    );
    assert_eq!(refused(&|it| it.tenant = "a/b".to_owned()), "tenant");
}
