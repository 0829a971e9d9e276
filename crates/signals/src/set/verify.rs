//! Whether a token is what it claims to be.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::event::Event;
use super::keys::Keys;
use super::subject::Subject;

/// Whose tokens are taken on one stream.
#[derive(Debug, Clone)]
pub struct Transmitter {
    /// Its issuer identifier, exactly as its configuration has it.
    pub issuer: String,
    /// By which name it knows this hospital (`aud`).
    pub audience: String,
    /// Its public keys.
    pub keys: Keys,
    /// When its tokens are taken.
    pub window: Window,
}

/// When a token is taken, by its `iat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Milliseconds after which it is too old.
    pub past_ms: u64,
    /// Milliseconds by which the transmitter's clock may be ahead.
    pub ahead_ms: u64,
}

impl Default for Window {
    /// Seven days, since transmitters keep tokens while a receiver is away, and five minutes.
    fn default() -> Self {
        Self {
            past_ms: 7 * 24 * 60 * 60 * 1000,
            ahead_ms: 5 * 60 * 1000,
        }
    }
}

impl Window {
    /// For how long the caller has to remember the `jti` of a token, in milliseconds.
    pub const fn memory_ms(self) -> u64 {
        self.past_ms.saturating_add(self.ahead_ms)
    }
}

/// What a token says, once it is known to be the transmitter's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The token's id, unique for its issuer.
    pub jti: String,
    /// The issuer: that of the [`Transmitter`].
    pub issuer: String,
    /// When it was issued, unix milliseconds.
    pub issued_at: u64,
    /// Whom it is about.
    pub subject: Subject,
    /// What happened; at least one. SSF allows several only as other names for the same.
    pub events: Vec<Event>,
}

/// Why a token is refused. No text of the token is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SetError {
    /// Longer than 64 KiB.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url (RFC 7515 §7.1), or no JSON in one.
    #[error("the body is not a JWS in compact serialization")]
    NotAJws,
    /// Another kind of token (RFC 8417 §2.3).
    #[error("the header's typ is not secevent+jwt")]
    Type,
    /// An extension that must be understood and is not (RFC 7515 §4.1.11).
    #[error("the header has crit, and nothing of it is understood")]
    Critical,
    /// Unsigned, or signed in a way that is not taken.
    #[error("the algorithm is not ES256, RS256, PS256 or EdDSA")]
    Algorithm,
    /// None of the transmitter's keys has the id and the algorithm.
    #[error("no key of the transmitter fits the header's kid and alg")]
    Key,
    /// Signed by somebody else, or changed since.
    #[error("the signature is wrong")]
    Signature,
    /// From somebody else.
    #[error("the issuer is not this stream's")]
    Issuer,
    /// For somebody else.
    #[error("the audience is not this receiver")]
    Audience,
    /// A claim is missing, is there against the rules, or is not well formed.
    #[error("the claim {0} {1}")]
    Claim(&'static str, &'static str),
    /// An event does not conform to the definition of its type.
    #[error("an event does not conform to the definition of its type")]
    Event,
}

/// The codes of RFC 8935 §2.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The body is no token, or an event in it is malformed.
    InvalidRequest,
    /// A key is not acceptable.
    InvalidKey,
    /// The issuer is not acceptable.
    InvalidIssuer,
    /// The receiver is not meant.
    InvalidAudience,
    /// The transmitter is not who it should be.
    AuthenticationFailed,
}

/// The body of an answer with status 400 (RFC 8935 §2.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    /// Which kind.
    pub err: ErrorCode,
    /// For the transmitter's operator.
    pub description: String,
}

impl SetError {
    /// The code of RFC 8935 §2.4.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::TooLong
            | Self::NotAJws
            | Self::Type
            | Self::Critical
            | Self::Claim(..)
            | Self::Event => ErrorCode::InvalidRequest,
            Self::Algorithm | Self::Key => ErrorCode::InvalidKey,
            Self::Signature => ErrorCode::AuthenticationFailed,
            Self::Issuer => ErrorCode::InvalidIssuer,
            Self::Audience => ErrorCode::InvalidAudience,
        }
    }

    /// The body to answer with.
    pub fn body(self) -> ErrorBody {
        ErrorBody {
            err: self.code(),
            description: self.to_string(),
        }
    }
}

impl Transmitter {
    /// Verifies the body of a push. `now_ms` is the time, unix milliseconds.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn verify(&self, token: &[u8], now_ms: u64) -> Result<Signal, SetError> {
        if token.len() > LONGEST_TOKEN {
            return Err(SetError::TooLong);
        }
        let token = std::str::from_utf8(token).map_err(|_| SetError::NotAJws)?;
        let claims = self.signed(token)?;
        self.signal(&claims, now_ms)
    }

    /// The claims, if one of the transmitter's keys signed them.
    fn signed(&self, token: &str) -> Result<Map<String, Value>, SetError> {
        let (message, signature) = token.rsplit_once('.').ok_or(SetError::NotAJws)?;
        let (header, payload) = message.split_once('.').ok_or(SetError::NotAJws)?;
        let header: Header = decode(header)?;
        if header.crit.is_some() {
            return Err(SetError::Critical);
        }
        if !header.typ.as_deref().is_some_and(is_set) {
            return Err(SetError::Type);
        }
        let algorithm = match header.alg.as_str() {
            "ES256" => Algorithm::ES256,
            "RS256" => Algorithm::RS256,
            "PS256" => Algorithm::PS256,
            "EdDSA" => Algorithm::EdDSA,
            _ => return Err(SetError::Algorithm),
        };
        let keys = self.keys.candidates(header.kid.as_deref(), algorithm);
        if keys.is_empty() {
            return Err(SetError::Key);
        }
        let good = keys.into_iter().any(|key| {
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm)
                .unwrap_or(false)
        });
        if !good {
            return Err(SetError::Signature);
        }
        decode(payload)
    }

    fn signal(&self, claims: &Map<String, Value>, now_ms: u64) -> Result<Signal, SetError> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(self.issuer.as_str()) {
            return Err(SetError::Issuer);
        }
        if !self.is_addressed(claims.get("aud")) {
            return Err(SetError::Audience);
        }
        // SSF 1.0: neither may stand in a token, so that it cannot be taken for an ID token.
        for name in ["sub", "exp"] {
            if claims.contains_key(name) {
                return Err(SetError::Claim(name, "must not be there"));
            }
        }
        let jti = text("jti").filter(|jti| (1..=LONGEST_JTI).contains(&jti.len()));
        let jti = jti.ok_or(SetError::Claim("jti", "must be text of at most 256 bytes"))?;
        let issued_at = claims
            .get("iat")
            .and_then(whole)
            .and_then(|seconds| seconds.checked_mul(1000))
            .ok_or(SetError::Claim("iat", "must be a number of seconds"))?;
        if issued_at > now_ms.saturating_add(self.window.ahead_ms) {
            return Err(SetError::Claim("iat", "is in the future"));
        }
        if issued_at.saturating_add(self.window.past_ms) < now_ms {
            return Err(SetError::Claim("iat", "is too long ago"));
        }
        let subject = claims.get("sub_id").and_then(Subject::read);
        let subject = subject.ok_or(SetError::Claim("sub_id", "must be a subject identifier"))?;
        let events = claims.get("events").and_then(Value::as_object);
        let events = events.filter(|events| (1..=MOST_EVENTS).contains(&events.len()));
        let events = events.ok_or(SetError::Claim("events", "must hold 1 to 8 events"))?;
        let events = events
            .iter()
            .map(|(uri, payload)| Event::read(uri, payload));
        let events: Option<Vec<Event>> = events.collect();
        Ok(Signal {
            jti: jti.to_owned(),
            issuer: self.issuer.clone(),
            issued_at,
            subject,
            events: events.ok_or(SetError::Event)?,
        })
    }

    /// RFC 7519 §4.1.3: one name, or several.
    fn is_addressed(&self, audience: Option<&Value>) -> bool {
        let is_this = |name: &Value| name.as_str() == Some(self.audience.as_str());
        match audience {
            Some(Value::Array(names)) => {
                names.iter().all(Value::is_string) && names.iter().any(is_this)
            }
            Some(name) => is_this(name),
            None => false,
        }
    }
}

/// RFC 7515 §4.1. What else a header may hold, such as keys and where to fetch them, is not read.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

/// RFC 7515 §4.1.9: `application/` may be left out, and capitals do not count.
fn is_set(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ) == "secevent+jwt"
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, SetError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| SetError::NotAJws)?;
    serde_json::from_slice(&bytes).map_err(|_| SetError::NotAJws)
}

/// A number of seconds (RFC 7519 §2, NumericDate), without its fraction.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the fraction is to go, and the sign is looked at"
)]
pub(super) fn whole(value: &Value) -> Option<u64> {
    let number = value.as_number()?;
    number.as_u64().or_else(|| {
        let number = number.as_f64()?;
        (0.0..EXACT).contains(&number).then_some(number as u64)
    })
}

/// 2⁵³: from here on a double does not count by ones.
const EXACT: f64 = 9_007_199_254_740_992.0;

const LONGEST_TOKEN: usize = 64 << 10;
const LONGEST_JTI: usize = 256;
const MOST_EVENTS: usize = 8;
