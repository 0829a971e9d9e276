//! The client core for browsers: the app's worker makes a [`WasmCore`] over a platform written in
//! TypeScript (IndexedDB, WebCrypto, fetch) and asks it by name and JSON.
//!
//! Calls are made one after another: each waits for the one before it. The JavaScript side sees
//! values, and errors as `{problem}` (RFC 9457) or `{error, code}`.

use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use serde_json::Value;
use tokio::sync::Mutex;
use wardline_client::platform::{
    Change, DevicePublicKey, Event, Platform, PlatformError, Request, Response,
};
use wardline_client::{Client, ClientError};
use wardline_model::B64;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

#[wasm_bindgen]
extern "C" {
    /// What the worker provides.
    #[wasm_bindgen(typescript_type = "JsPlatform")]
    pub type JsPlatform;

    #[wasm_bindgen(method)]
    fn now(this: &JsPlatform) -> f64;

    #[wasm_bindgen(method, catch)]
    async fn jwk(this: &JsPlatform) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn sign(this: &JsPlatform, data: Uint8Array) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn request(this: &JsPlatform, request: JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn commit(this: &JsPlatform, changes: Array) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = forgetKey)]
    async fn forget_key(this: &JsPlatform) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    fn emit(this: &JsPlatform, event: JsValue);
}

#[wasm_bindgen]
extern "C" {
    /// The timer that windows and workers share (HTML §8.6).
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(then: &Function, ms: u32) -> f64;
}

/// The browser as the client core sees it.
struct Browser {
    js: JsPlatform,
    key: DevicePublicKey,
}

impl Platform for Browser {
    fn now_ms(&self) -> u64 {
        millis(self.js.now())
    }

    async fn sleep(&self, ms: u32) {
        let passed = Promise::new(&mut |resolve, _| {
            set_timeout(&resolve, ms);
        });
        // A timer has no way to fail.
        let _ = JsFuture::from(passed).await;
    }

    fn random(&self, buffer: &mut [u8]) {
        // The browser's generator has no way to fail in a worker; a zeroed buffer would be refused
        // by the server as a reused id, never used as a key twice.
        if getrandom::fill(buffer).is_err() {
            wasm_bindgen::throw_str("the browser's random generator is not available");
        }
    }

    fn device_key(&self) -> DevicePublicKey {
        self.key
    }

    async fn sign(&self, data: &[u8]) -> Result<[u8; 64], PlatformError> {
        let signed = self
            .js
            .sign(Uint8Array::from(data))
            .await
            .map_err(|_| PlatformError::Key)?;
        Uint8Array::new(&signed)
            .to_vec()
            .try_into()
            .map_err(|_| PlatformError::Key)
    }

    async fn request(&self, request: Request) -> Result<Response, PlatformError> {
        let answer = self
            .js
            .request(to_js_request(&request))
            .await
            .map_err(|_| PlatformError::Offline)?;
        from_js_response(&answer).ok_or(PlatformError::Offline)
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), PlatformError> {
        let list = Array::new();
        for (name, value) in changes {
            let value = value.map_or(JsValue::NULL, |v| Uint8Array::from(v.as_slice()).into());
            list.push(&Array::of2(&name.into(), &value));
        }
        self.js
            .commit(list)
            .await
            .map_err(|_| PlatformError::Storage)
    }

    async fn forget_key(&self) -> Result<(), PlatformError> {
        self.js.forget_key().await.map_err(|_| PlatformError::Key)
    }

    fn emit(&self, event: Event) {
        self.js.emit(to_js(&event));
    }
}

/// Calls that put something into the outbox.
const SENDS: [&str; 9] = [
    "send",
    "send_form",
    "send_reference",
    "attach",
    "edit",
    "recall",
    "forward",
    "react",
    "unreact",
];

/// The client core of this browser.
#[wasm_bindgen]
pub struct WasmCore {
    /// One call at a time, in the order in which they came: frames of the socket are a sequence.
    client: Rc<Mutex<Client<Browser>>>,
}

#[wasm_bindgen]
impl WasmCore {
    /// Opens the core over everything in the local store; `entries` are pairs of name and bytes,
    /// `server` is the app's own origin.
    pub async fn open(
        platform: JsPlatform,
        entries: Array,
        server: String,
    ) -> Result<WasmCore, JsValue> {
        let key = public_key(&platform.jwk().await?)
            .ok_or_else(|| JsValue::from_str("the device key is not on P-256"))?;
        let entries = entries
            .iter()
            .filter_map(|pair| {
                let pair = Array::from(&pair);
                Some((
                    pair.get(0).as_string()?,
                    Uint8Array::new(&pair.get(1)).to_vec(),
                ))
            })
            .collect();
        let client = Client::open(Browser { js: platform, key }, &server, entries);
        Ok(Self {
            client: Rc::new(Mutex::new(client)),
        })
    }

    /// Carries out a call by name. What was sent is durable when the call returns, and then leaves
    /// by itself.
    pub async fn call(&self, method: String, params: JsValue) -> Result<JsValue, JsValue> {
        let params: Value = serde_wasm_bindgen::from_value(params)
            .map_err(|_| failure(&ClientError::Invalid("the call's parameters")))?;
        let answer = self.client.lock().await.call(&method, params).await;
        if SENDS.contains(&method.as_str()) && answer.is_ok() {
            let client = Rc::clone(&self.client);
            spawn_local(async move {
                // A failure shows in the message's state; the next sync tries again.
                let _ = client.lock().await.deliver().await;
            });
        }
        answer
            .map(|value| to_js(&value))
            .map_err(|error| failure(&error))
    }
}

fn failure(error: &ClientError) -> JsValue {
    match error {
        ClientError::Problem(problem) => to_js(&serde_json::json!({ "problem": problem })),
        other => to_js(&serde_json::json!({ "error": other.to_string(), "code": other.code() })),
    }
}

fn to_js(value: &impl serde::Serialize) -> JsValue {
    // Our own values have string keys and numbers below 2^53: each has a place in JavaScript.
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .unwrap_or(JsValue::NULL)
}

fn to_js_request(request: &Request) -> JsValue {
    let headers = Array::new();
    for (name, value) in &request.headers {
        headers.push(&Array::of2(&name.into(), &value.into()));
    }
    let body = match &request.body {
        Some(body) => Uint8Array::from(body.as_slice()).into(),
        None => JsValue::NULL,
    };
    let object = Object::new();
    for (name, value) in [
        ("method", request.method.into()),
        ("url", request.url.as_str().into()),
        ("headers", headers.into()),
        ("body", body),
    ] {
        // Setting a property of a plain object has no way to fail.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

fn from_js_response(answer: &JsValue) -> Option<Response> {
    let field = |name: &str| Reflect::get(answer, &name.into()).ok();
    let headers = Array::from(&field("headers")?)
        .iter()
        .filter_map(|pair| {
            let pair = Array::from(&pair);
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
        })
        .collect();
    let status = field("status")?.as_f64()?;
    Some(Response {
        status: u16::try_from(millis(status)).ok()?,
        headers,
        body: Uint8Array::new(&field("body")?).to_vec(),
    })
}

fn public_key(jwk: &JsValue) -> Option<DevicePublicKey> {
    let coordinate = |name: &str| {
        let text = Reflect::get(jwk, &name.into()).ok()?.as_string()?;
        B64::decode(&text)?.array()
    };
    Some(DevicePublicKey {
        x: coordinate("x")?,
        y: coordinate("y")?,
    })
}

/// A JavaScript number as a whole one; clocks and statuses are far below 2^53.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and what is cast is a clock or an HTTP status"
)]
fn millis(number: f64) -> u64 {
    number as u64
}
