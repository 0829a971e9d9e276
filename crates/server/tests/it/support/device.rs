//! A device: its two keys, its passkey, its session, and requests with proofs.

use ed25519_dalek::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wardline_model::endorsement::{DeviceKeys, Duty, Endorsement, SignedEndorsement};
use wardline_model::turns::{SignedTurns, TurnOrder};
use wardline_model::wire::devices::{AttestationChallenge, DeviceList, REPORT_TYPE};
use wardline_model::wire::enroll::{BINDING_TYPE, EnrollFinished, EnrollStarted, EnrollStatus};
use wardline_model::wire::hospital::Hospital;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::sessions::{Challenge, SignedIn};
use wardline_model::{B64, DeviceId, EnrollmentId, UserId};
use wardline_server::rim::{Clock, random};

use super::passkey::Passkey;

/// A P-256 key.
pub(crate) fn new_key() -> SigningKey {
    loop {
        if let Ok(key) = SigningKey::from_slice(&random::<32>()) {
            return key;
        }
    }
}

/// What a test may get wrong in a proof.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proof {
    /// Another method than the request's.
    pub(crate) htm: Option<&'static str>,
    /// Another address than the request's.
    pub(crate) htu: Option<String>,
    /// Another nonce than the server's.
    pub(crate) nonce: Option<String>,
    /// Seconds away from the clock.
    pub(crate) skew: i64,
    /// Another access token in `ath`.
    pub(crate) ath: Option<String>,
    /// Without the access token's hash.
    pub(crate) without_ath: bool,
    /// A `jti` to use again.
    pub(crate) jti: Option<String>,
    /// Another `typ`.
    pub(crate) typ: Option<&'static str>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The status must be this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self
    }

    /// The body.
    #[track_caller]
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The problem that it is; under `/fhir/R4` an OperationOutcome says it.
    #[track_caller]
    pub(crate) fn problem(&self) -> Problem {
        let kind = self.headers.get("content-type");
        match kind.map(|value| value.to_str().unwrap()) {
            Some("application/problem+json") => self.json(),
            Some("application/fhir+json") => {
                let outcome: Value = self.json();
                assert_eq!(outcome["resourceType"], "OperationOutcome");
                let issue = &outcome["issue"][0];
                let text = |value: &Value| value.as_str().map(str::to_owned);
                let coding = &issue["details"]["coding"][0];
                let parts = issue["extension"].as_array().cloned().unwrap_or_default();
                let extensions = parts.iter().map(|part| {
                    let name = part["url"].as_str().unwrap().rsplit(':').next().unwrap();
                    let value = part["valueString"].as_str().unwrap();
                    (name.to_owned(), serde_json::from_str(value).unwrap())
                });
                Problem {
                    kind: format!("{}{}", Problem::PREFIX, coding["code"].as_str().unwrap()),
                    title: text(&issue["details"]["text"]).unwrap(),
                    status: self.status,
                    detail: text(&issue["diagnostics"]),
                    extensions: extensions.collect(),
                }
            }
            other => panic!(
                "{other:?} {}: {}",
                self.status,
                String::from_utf8_lossy(&self.body)
            ),
        }
    }

    /// It must be a problem document of this name, with this status.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, name: &str) -> Problem {
        let problem = self.problem();
        assert_eq!(
            (problem.status, problem.name()),
            (status, name),
            "{problem:?}"
        );
        assert_eq!(self.status, status);
        assert!(self.headers.contains_key("dpop-nonce"));
        problem
    }
}

/// A phone's browser.
const AGENT: &str = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/142.0.0.0 Mobile Safari/537.36";

/// A device of a person.
pub(crate) struct Device {
    pub(crate) url: String,
    pub(crate) key: SigningKey,
    pub(crate) mls_key: ed25519_dalek::SigningKey,
    pub(crate) passkey: Passkey,
    pub(crate) token: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) enrollment: Option<EnrollmentId>,
    pub(crate) id: Option<DeviceId>,
    pub(crate) person: Option<UserId>,
    pub(crate) share: Option<B64>,
    /// `browser`; a `native` client's passkey counts as software.
    pub(crate) platform: &'static str,
    /// What proxies, or whoever claims to be one, write of where its requests come from.
    pub(crate) forwarded: Option<&'static str>,
    /// Where it claims to be as it signs in.
    pub(crate) position: Option<Value>,
    clock: Clock,
    http: reqwest::Client,
}

impl Device {
    pub(crate) fn new(url: &str, clock: Clock) -> Self {
        Self {
            url: url.to_owned(),
            key: new_key(),
            mls_key: ed25519_dalek::SigningKey::from_bytes(&random()),
            passkey: Passkey::new(url),
            token: None,
            nonce: None,
            enrollment: None,
            id: None,
            person: None,
            share: None,
            platform: "browser",
            forwarded: None,
            position: None,
            clock,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.id.unwrap()
    }

    pub(crate) fn user(&self) -> UserId {
        self.person.unwrap()
    }

    /// RFC 7638 thumbprint and MLS key.
    pub(crate) fn keys(&self) -> DeviceKeys {
        let jwk = self.jwk();
        let canonical = format!(
            r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
            jwk["x"], jwk["y"]
        );
        DeviceKeys {
            jkt: Sha256::digest(canonical).into(),
            mls_key: self.mls_key.verifying_key().to_bytes(),
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        let point = self.key.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| B64::from(bytes.unwrap().as_slice());
        json!({
            "kty": "EC", "crv": "P-256",
            "x": coordinate(point.x()), "y": coordinate(point.y()),
        })
    }

    pub(crate) fn jws(&self, typ: &str, claims: &impl Serialize) -> String {
        let header = json!({ "typ": typ, "alg": "ES256", "jwk": self.jwk() });
        let part = |value: &Value| B64(serde_json::to_vec(value).unwrap()).encode();
        let input = format!(
            "{}.{}",
            part(&header),
            part(&serde_json::to_value(claims).unwrap())
        );
        let signature: Signature = self.key.sign(input.as_bytes());
        format!(
            "{input}.{}",
            B64::from(signature.to_bytes().as_slice()).encode()
        )
    }

    /// A proof for a request, right but for what is to be wrong.
    pub(crate) fn proof(&self, method: &str, path: &str, wrong: &Proof) -> String {
        let path = path.split('?').next().unwrap();
        let now = i64::try_from(self.clock.now_ms() / 1000).unwrap();
        let mut claims = json!({
            "jti": wrong.jti.clone().unwrap_or_else(|| B64::from(random::<16>()).encode()),
            "htm": wrong.htm.unwrap_or(method),
            "htu": wrong.htu.clone().unwrap_or_else(|| format!("{}{path}", self.url)),
            "iat": now + wrong.skew,
        });
        if let Some(nonce) = wrong.nonce.as_ref().or(self.nonce.as_ref()) {
            claims["nonce"] = nonce.clone().into();
        }
        if let Some(token) = wrong.ath.as_ref().or(self.token.as_ref())
            && !wrong.without_ath
        {
            claims["ath"] = B64::from(Sha256::digest(token).as_slice()).encode().into();
        }
        self.jws(wrong.typ.unwrap_or("dpop+jwt"), &claims)
    }

    /// One request, as it is.
    pub(crate) async fn raw(
        &mut self,
        method: &str,
        path: &str,
        proof: Option<String>,
        token: Option<String>,
        body: Option<(&str, Vec<u8>)>,
    ) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.header("User-Agent", AGENT);
        if let Some(proof) = proof {
            request = request.header("DPoP", proof);
        }
        if let Some(token) = token {
            request = request.header("Authorization", format!("DPoP {token}"));
        }
        if let Some(forwarded) = self.forwarded {
            request = request.header("X-Forwarded-For", forwarded);
        }
        if let Some((kind, body)) = body {
            request = request.header("Content-Type", kind).body(body);
        }
        let response = request.send().await.unwrap();
        if let Some(nonce) = response.headers().get("dpop-nonce") {
            self.nonce = Some(nonce.to_str().unwrap().to_owned());
        }
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// A read of what is known in a version (RFC 9110 §13.1.2).
    pub(crate) async fn conditional(
        &mut self,
        path: &str,
        proof: String,
        token: Option<String>,
        tag: &str,
    ) -> Answer {
        let request = self.http.get(format!("{}{path}", self.url));
        let request = request.header("User-Agent", AGENT).header("DPoP", proof);
        let token = format!("DPoP {}", token.unwrap_or_default());
        let request = request.header("Authorization", token);
        let response = request.header("If-None-Match", tag).send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// One request whose proof is wrong in a given way; the nonce is the server's.
    pub(crate) async fn with_proof(
        &mut self,
        method: &str,
        path: &str,
        wrong: &Proof,
        body: Option<&Value>,
    ) -> Answer {
        if self.nonce.is_none() {
            self.raw("GET", "/v1/hospital", None, None, None).await;
        }
        let proof = self.proof(method, path, wrong);
        let body = body.map(|b| ("application/json", serde_json::to_vec(b).unwrap()));
        self.raw(method, path, Some(proof), self.token.clone(), body)
            .await
    }

    /// A request as a client makes it: with a new proof, and again with the nonce that the
    /// server asks for.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let answer = self.with_proof(method, path, &Proof::default(), body).await;
        if answer.status == 401 && answer.problem().name() == "use-dpop-nonce" {
            return self.with_proof(method, path, &Proof::default(), body).await;
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.request("GET", path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &impl Serialize) -> Answer {
        let body = serde_json::to_value(body).unwrap();
        self.request("POST", path, Some(&body)).await
    }

    pub(crate) async fn put(&mut self, path: &str, body: &impl Serialize) -> Answer {
        let body = serde_json::to_value(body).unwrap();
        self.request("PUT", path, Some(&body)).await
    }

    pub(crate) async fn delete(&mut self, path: &str) -> Answer {
        self.request("DELETE", path, None).await
    }

    pub(crate) async fn hospital(&mut self) -> Hospital {
        self.raw("GET", "/v1/hospital", None, None, None)
            .await
            .expect(200)
            .json()
    }

    pub(crate) async fn start(&mut self, code: &str) -> Answer {
        let body = json!({ "code": code, "device_name": "Test phone", "platform": self.platform });
        self.post("/v1/enroll/start", &body).await
    }

    /// The binding of the device's keys, for an enrolment.
    pub(crate) async fn binding(&mut self, started: &EnrollStarted) -> String {
        let hospital = self.hospital().await;
        let claims = json!({
            "aud": hospital.log_origin,
            "device_id": started.device_id,
            "user_id": started.user.id,
            "mls_key": B64::from(self.mls_key.verifying_key().to_bytes()),
            "iat": self.clock.now_ms() / 1000,
        });
        self.jws(BINDING_TYPE, &claims)
    }

    /// Enrols by a code, up to the wait for confirmation.
    pub(crate) async fn enroll(&mut self, code: &str) -> EnrollStarted {
        let started: EnrollStarted = self.start(code).await.expect(200).json();
        let binding = self.binding(&started).await;
        let credential = self.passkey.register(&started.creation);
        let body = json!({
            "enrollment_id": started.enrollment_id, "binding": binding, "credential": credential,
            "accepted_notice": started.privacy_notice.as_ref().map(|notice| &notice.hash),
        });
        let finished: EnrollFinished = self
            .post("/v1/enroll/finish", &body)
            .await
            .expect(200)
            .json();
        self.enrollment = Some(started.enrollment_id);
        self.id = Some(finished.device_id);
        self.person = Some(started.user.id);
        self.share = Some(finished.share);
        started
    }

    /// What the device tells of itself, signed, not yet sent.
    pub(crate) async fn report_of(&mut self, facts: &Value) -> String {
        let claims = json!({
            "aud": self.hospital().await.log_origin,
            "device_id": self.id(),
            "iat": self.clock.now_ms() / 1000,
            "facts": facts,
        });
        self.jws(REPORT_TYPE, &claims)
    }

    /// Tells what is known on the device itself; without a session, as its agent does.
    pub(crate) async fn report(&mut self, facts: &Value) -> Answer {
        let report = self.report_of(facts).await;
        let token = self.token.take();
        let answer = self
            .post("/v1/device/report", &json!({ "report": report }))
            .await;
        self.token = token;
        answer
    }

    /// What the device's hardware is to attest next; asked without a session.
    pub(crate) async fn attestation_challenge(&mut self) -> AttestationChallenge {
        let token = self.token.take();
        let path = "/v1/device/attestation/challenge";
        let answer = self.post(path, &json!({})).await;
        self.token = token;
        answer.expect(200).json()
    }

    /// Hands in what its hardware attests; without a session.
    pub(crate) async fn attest(&mut self, asked: &AttestationChallenge, chain: &[B64]) -> Answer {
        let token = self.token.take();
        let body = json!({ "challenge_id": asked.challenge_id, "attestation": chain });
        let answer = self.post("/v1/device/attestation", &body).await;
        self.token = token;
        answer
    }

    pub(crate) async fn status(&mut self) -> EnrollStatus {
        let path = format!("/v1/enroll/{}", self.enrollment.unwrap());
        self.get(&path).await.expect(200).json()
    }

    /// A signed endorsement of a device.
    pub(crate) fn endorsement(&self, of: &Self, duty: Duty) -> SignedEndorsement {
        let endorsement = Endorsement::new(
            of.user(),
            of.id(),
            &of.keys(),
            duty,
            self.id(),
            self.clock.now_ms(),
        );
        let signature = self.mls_key.sign(&endorsement.signed_bytes());
        SignedEndorsement {
            endorsement,
            signature: signature.to_bytes().into(),
        }
    }

    /// Turns with this device's signature, whatever they say.
    pub(crate) fn sign_turns(&self, order: TurnOrder) -> SignedTurns {
        let signature = self.mls_key.sign(&order.signed_bytes());
        SignedTurns {
            order,
            signature: signature.to_bytes().into(),
        }
    }

    pub(crate) async fn endorse(&mut self, device: &Self, duty: Duty) -> Answer {
        let body = json!({ "signed": self.endorsement(device, duty) });
        let path = format!("/v1/devices/{}/endorsement", device.id());
        self.post(&path, &body).await
    }

    /// Confirms a device that waits, by what the list of devices says of it.
    pub(crate) async fn confirm(&mut self, id: DeviceId, duty: Duty) -> Answer {
        let list: DeviceList = self
            .get("/v1/devices?state=pending")
            .await
            .expect(200)
            .json();
        let device = list.devices.into_iter().find(|d| d.id == id).unwrap();
        let keys = DeviceKeys {
            jkt: device.jkt.array().unwrap(),
            mls_key: device.mls_key.array().unwrap(),
        };
        let now = self.clock.now_ms();
        let endorsement = Endorsement::new(device.user.id, id, &keys, duty, self.id(), now);
        let signature = self.mls_key.sign(&endorsement.signed_bytes());
        let signed = SignedEndorsement {
            endorsement,
            signature: signature.to_bytes().into(),
        };
        let path = format!("/v1/devices/{id}/endorsement");
        self.post(&path, &json!({ "signed": signed })).await
    }

    pub(crate) async fn endorse_itself(&mut self) -> Answer {
        let body = json!({ "signed": self.endorsement(self, Duty::Endorses) });
        let path = format!("/v1/devices/{}/endorsement", self.id());
        self.post(&path, &body).await
    }

    pub(crate) async fn challenge(&mut self) -> Challenge {
        let body = json!({ "device_id": self.id() });
        self.post("/v1/sessions/challenge", &body)
            .await
            .expect(200)
            .json()
    }

    pub(crate) async fn step_up_challenge(&mut self, scopes: &[&str]) -> Challenge {
        let body = json!({ "scopes": scopes });
        self.post("/v1/sessions/step-up/challenge", &body)
            .await
            .expect(200)
            .json()
    }

    /// What the passkey answers to a challenge, to sign in or to step up.
    pub(crate) fn answer_to(&mut self, challenge: &Challenge) -> Value {
        let credential = self.passkey.authenticate(&challenge.request);
        json!({ "challenge_id": challenge.challenge_id, "credential": credential })
    }

    pub(crate) async fn try_sign_in(&mut self) -> Answer {
        let challenge = self.challenge().await;
        let mut body = self.answer_to(&challenge);
        if let Some(position) = &self.position {
            body["position"] = position.clone();
        }
        self.post("/v1/sessions", &body).await
    }

    pub(crate) async fn sign_in(&mut self) -> SignedIn {
        self.token = None;
        let signed_in: SignedIn = self.try_sign_in().await.expect(201).json();
        self.token = Some(signed_in.token.clone());
        signed_in
    }

    /// Proves again that the person is there.
    pub(crate) async fn step_up(&mut self) {
        self.step_up_for(&[]).await;
    }

    /// The same, for functions that ask for a proof of their own.
    pub(crate) async fn step_up_for(&mut self, scopes: &[&str]) {
        let challenge = self.step_up_challenge(scopes).await;
        let body = self.answer_to(&challenge);
        self.post("/v1/sessions/step-up", &body).await.expect(200);
    }
}
