//! What can go wrong, and the one place that turns it into RFC 9457 problem details.
//!
//! Each variant of [`Refusal`] has a stable `urn:wardline:problem:NAME`, a status and a sentence
//! that says what to do next. None of them echoes what the client sent.

use std::collections::BTreeSet;
use std::error::Error as StdError;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use thiserror::Error;
use wardline_model::wire::policies::PolicyProblem;
use wardline_model::wire::problem::Problem;
use wardline_policy::{Proof, Scope};

use crate::assurance::{PHR, PHRH};
use crate::cards::CardFault;
use crate::passkeys::Unattested;

/// Why a request was not carried out.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    /// The body is not the JSON that the operation takes.
    #[error("invalid body")]
    InvalidBody {
        /// Where in the body, as a JSON path; never the content.
        field: String,
        /// What was expected there.
        expected: String,
    },
    /// A path or query parameter or a header is not of the right form.
    #[error("invalid parameter {0}")]
    InvalidParameter(&'static str),
    /// What is searched for cannot be: the sentence names the parameter, and no value.
    #[error("search refused: {0}")]
    SearchRefused(String),
    /// So much would have to be read for a search that it is not done.
    #[error("search too costly")]
    SearchTooCostly,
    /// The hospital's record system does not answer, and no copy of the record may be shown.
    #[error("the record system does not answer")]
    RecordSystemAway,
    /// The body is larger than the operation takes.
    #[error("payload too large")]
    PayloadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body is not declared as JSON.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// There is nothing at this address, or nothing that this person may know of.
    #[error("not found")]
    NotFound,
    /// The address exists, the method does not.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The proof lacks a nonce of this process (RFC 9449 §8).
    #[error("use dpop nonce")]
    UseDpopNonce,
    /// The proof of the device key is missing or wrong (RFC 9449 §4.3).
    #[error("invalid proof: {0}")]
    InvalidProof(&'static str),
    /// The proof was used before (RFC 9449 §11.1).
    #[error("replayed proof")]
    ReplayedProof,
    /// There is no access token.
    #[error("no session")]
    NoSession,
    /// The token is unknown, or its session has ended.
    #[error("session ended: {0}")]
    SessionEnded(&'static str),
    /// The token belongs to another device's key.
    #[error("wrong device")]
    WrongDevice,
    /// The policy asks for more proof first.
    #[error("step-up required")]
    StepUp {
        /// What to prove.
        methods: BTreeSet<Proof>,
        /// For what, where a proof given for something else does not count.
        scopes: BTreeSet<Scope>,
        /// What to tell the person.
        advice: Vec<String>,
    },
    /// The policy says no.
    #[error("denied: {code}")]
    Denied {
        /// The policy's stable code.
        code: String,
        /// What the person can do.
        advice: Vec<String>,
    },
    /// The enrolment code is unknown, wrong, used, dead or too old.
    #[error("code refused")]
    CodeRefused,
    /// The enrolment does not exist for this device key, or is over.
    #[error("enrollment over")]
    EnrollmentOver,
    /// The statement that binds the two keys of a device is wrong.
    #[error("binding refused: {0}")]
    BindingRefused(&'static str),
    /// What a device tells of itself is not taken.
    #[error("report refused: {0}")]
    ReportRefused(&'static str),
    /// The attestation of a device's key or authenticator is not taken, or is missing where the
    /// program demands one.
    #[error("attestation refused: {0}")]
    AttestationRefused(String),
    /// The person has to accept the privacy notice first.
    #[error("the privacy notice was not accepted")]
    NoticeRequired,
    /// The serial number was not registered for the program.
    #[error("not registered")]
    NotRegistered,
    /// Another device in use has the serial number.
    #[error("the serial number is another device's")]
    SerialTaken,
    /// No manager that can be asked knows the device.
    #[error("no manager knows the device")]
    NotManaged,
    /// The device's manager refused.
    #[error("the manager refused: {0}")]
    ManagerRefused(String),
    /// A program's terms cannot work.
    #[error("terms refused: {0}")]
    TermsRefused(String),
    /// What the change was made from is no longer so.
    #[error("changed meanwhile")]
    ChangedMeanwhile,
    /// A STAT message was answered, taken back or given up before.
    #[error("the escalation is over")]
    EscalationOver,
    /// The person has uploaded as much as one may in a day.
    #[error("attachment quota")]
    AttachmentQuota,
    /// A file cannot be imported; nothing of it was.
    #[error("import refused")]
    ImportRefused(Vec<String>),
    /// The passkey's answer was not accepted.
    #[error("passkey refused")]
    PasskeyRefused,
    /// The authenticator does not prove what the device program demands of it.
    #[error("authenticator refused: {0}")]
    AuthenticatorRefused(Unattested),
    /// The sign-in challenge is unknown, used or too old.
    #[error("challenge over")]
    ChallengeOver,
    /// The challenge for a device's hardware is unknown, used or too old.
    #[error("attestation over")]
    AttestationOver,
    /// The endorsement is not what it must be.
    #[error("endorsement refused: {0}")]
    EndorsementRefused(&'static str),
    /// No generator of the person makes this code now.
    #[error("code wrong")]
    CodeWrong,
    /// The code was typed before (RFC 6238 §5.2).
    #[error("code used")]
    CodeUsed,
    /// The code is right, of a card whose time is over (RFC 6030 §5).
    #[error("card ended")]
    CardEnded,
    /// Too many wrong codes in a row on this device (NIST SP 800-63B-4 §3.2.2).
    #[error("codes are locked")]
    CodesLocked,
    /// The person has as many generators as one may have.
    #[error("too many factors")]
    TooManyFactors,
    /// The person's role needs the generator or smart card.
    #[error("the factor is needed")]
    FactorNeeded,
    /// Somebody has the token card.
    #[error("token taken")]
    TokenTaken,
    /// Policies that do not load.
    #[error("policies do not load")]
    PolicyInvalid {
        /// What is wrong, by place; never empty.
        problems: Vec<PolicyProblem>,
    },
    /// Policies after which nobody could change policies, or look after devices.
    #[error("policies lock out")]
    PolicyLocksOut {
        /// Who would be missing, a sentence.
        reason: String,
    },
    /// Another approved version waits for its date, and would undo this one then.
    #[error("another version waits")]
    PolicyWaits {
        /// Which one.
        version: u64,
        /// From when on it holds, unix milliseconds.
        effective_at: u64,
    },
    /// A person has a device that is not out of use, or never had one.
    #[error("nothing to recover")]
    NothingToRecover,
    /// A recovery of the person waits for a second officer.
    #[error("recovery waits")]
    RecoveryWaits,
    /// A statement about records is not taken.
    #[error("statement refused: {0}")]
    StatementRefused(&'static str),
    /// A turn cannot be taken over.
    #[error("swap refused: {0}")]
    SwapRefused(String),
    /// A smart card is not taken.
    #[error("card refused: {0}")]
    CardRefused(CardFault),
    /// The device is not in the state that the operation needs.
    #[error("device state")]
    DeviceState,
    /// Someone else committed first (RFC 9420 §14).
    #[error("epoch conflict")]
    EpochConflict {
        /// The current epoch.
        epoch: u64,
    },
    /// A removal is pending: commit first (RFC 9420 §12.1.3).
    #[error("commit required")]
    CommitRequired {
        /// The current epoch.
        epoch: u64,
    },
    /// The MLS message is not one that the delivery service takes.
    #[error("MLS refused: {0}")]
    MlsRefused(String),
    /// A conversation with this id exists.
    #[error("group exists")]
    GroupExists,
    /// The idempotency key and the body name different messages.
    #[error("idempotency mismatch")]
    IdempotencyMismatch,
    /// The socket's ticket is unknown, used or too old.
    #[error("ticket refused")]
    TicketRefused,
    /// Too many requests from one source.
    #[error("too many requests")]
    TooManyRequests {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// The server cannot do this now.
    #[error("unavailable: {0}")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// A fault of the server. The source goes to the log, never to the client.
    #[error("internal: {0}")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

impl Refusal {
    /// Wraps a fault of the server.
    pub(crate) fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// The last part of the problem's type.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::InvalidBody { .. } => "invalid-body",
            Self::InvalidParameter(_) => "invalid-parameter",
            Self::SearchRefused(_) => "search-refused",
            Self::SearchTooCostly => "search-too-costly",
            Self::RecordSystemAway => "record-system-away",
            Self::PayloadTooLarge { .. } => "payload-too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::UseDpopNonce => "use-dpop-nonce",
            Self::InvalidProof(_) => "invalid-proof",
            Self::ReplayedProof => "replayed-proof",
            Self::NoSession => "no-session",
            Self::SessionEnded(_) => "session-ended",
            Self::WrongDevice => "wrong-device",
            Self::StepUp { .. } => "step-up-required",
            Self::Denied { .. } => "denied",
            Self::CodeRefused => "code-refused",
            Self::EnrollmentOver => "enrollment-over",
            Self::BindingRefused(_) => "binding-refused",
            Self::ReportRefused(_) => "report-refused",
            Self::AttestationRefused(_) => "attestation-refused",
            Self::NoticeRequired => "notice-required",
            Self::NotRegistered => "not-registered",
            Self::NotManaged => "not-managed",
            Self::SerialTaken => "serial-taken",
            Self::ManagerRefused(_) => "manager-refused",
            Self::TermsRefused(_) => "terms-refused",
            Self::ChangedMeanwhile => "changed-meanwhile",
            Self::EscalationOver => "escalation-over",
            Self::AttachmentQuota => "attachment-quota",
            Self::ImportRefused(_) => "import-refused",
            Self::PasskeyRefused => "passkey-refused",
            Self::AuthenticatorRefused(_) => "authenticator-refused",
            Self::ChallengeOver => "challenge-over",
            Self::AttestationOver => "attestation-over",
            Self::EndorsementRefused(_) => "endorsement-refused",
            Self::CodeWrong => "code-wrong",
            Self::CodeUsed => "code-used",
            Self::CardEnded => "card-ended",
            Self::CodesLocked => "codes-locked",
            Self::TooManyFactors => "too-many-factors",
            Self::FactorNeeded => "factor-needed",
            Self::TokenTaken => "token-taken",
            Self::PolicyInvalid { .. } => "policy-invalid",
            Self::PolicyLocksOut { .. } => "policy-locks-out",
            Self::PolicyWaits { .. } => "policy-waits",
            Self::NothingToRecover => "nothing-to-recover",
            Self::RecoveryWaits => "recovery-waits",
            Self::StatementRefused(_) => "statement-refused",
            Self::SwapRefused(_) => "swap-refused",
            Self::CardRefused(_) => "card-refused",
            Self::DeviceState => "device-state",
            Self::EpochConflict { .. } => "epoch-conflict",
            Self::CommitRequired { .. } => "commit-required",
            Self::MlsRefused(_) => "mls-refused",
            Self::GroupExists => "group-exists",
            Self::IdempotencyMismatch => "idempotency-mismatch",
            Self::TicketRefused => "ticket-refused",
            Self::TooManyRequests { .. } => "too-many-requests",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The HTTP status.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::InvalidBody { .. } | Self::InvalidParameter(_) | Self::IdempotencyMismatch => {
                StatusCode::BAD_REQUEST
            }
            Self::SearchRefused(_) | Self::SearchTooCostly => StatusCode::BAD_REQUEST,
            Self::PayloadTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UseDpopNonce
            | Self::InvalidProof(_)
            | Self::ReplayedProof
            | Self::NoSession
            | Self::SessionEnded(_)
            | Self::WrongDevice
            | Self::PasskeyRefused
            | Self::StepUp { .. }
            | Self::TicketRefused => StatusCode::UNAUTHORIZED,
            Self::Denied { .. }
            | Self::CodeRefused
            | Self::CodeWrong
            | Self::CodeUsed
            | Self::CardEnded
            | Self::CodesLocked
            | Self::CardRefused(_) => StatusCode::FORBIDDEN,
            Self::EnrollmentOver | Self::ChallengeOver | Self::AttestationOver => StatusCode::GONE,
            Self::BindingRefused(_)
            | Self::ReportRefused(_)
            | Self::AttestationRefused(_)
            | Self::AuthenticatorRefused(_)
            | Self::NoticeRequired
            | Self::NotRegistered
            | Self::NotManaged
            | Self::TermsRefused(_)
            | Self::PolicyInvalid { .. }
            | Self::ImportRefused(_)
            | Self::EndorsementRefused(_)
            | Self::StatementRefused(_)
            | Self::MlsRefused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::DeviceState
            | Self::PolicyLocksOut { .. }
            | Self::PolicyWaits { .. }
            | Self::NothingToRecover
            | Self::RecoveryWaits
            | Self::SwapRefused(_)
            | Self::TooManyFactors
            | Self::FactorNeeded
            | Self::TokenTaken
            | Self::ChangedMeanwhile
            | Self::EscalationOver
            | Self::AttachmentQuota
            | Self::SerialTaken
            | Self::EpochConflict { .. }
            | Self::CommitRequired { .. }
            | Self::GroupExists => StatusCode::CONFLICT,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::ManagerRefused(_) => StatusCode::BAD_GATEWAY,
            Self::Unavailable(_) | Self::RecordSystemAway => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The problem document.
    pub(crate) fn problem(&self) -> Problem {
        let (title, detail) = self.words();
        Problem {
            kind: format!("{}{}", Problem::PREFIX, self.name()),
            title: title.to_owned(),
            status: self.status().as_u16(),
            detail: Some(detail),
            extensions: self.extensions(),
        }
    }

    fn words(&self) -> (&'static str, String) {
        let (title, detail) = match self {
            Self::InvalidBody { field, expected } => {
                return (
                    "The body is not valid",
                    format!("At `{field}`: {expected}."),
                );
            }
            Self::InvalidParameter(name) => {
                let detail = format!("The parameter `{name}` does not have the right form.");
                return ("A parameter is not valid", detail);
            }
            Self::SearchRefused(why) => {
                return ("The search is not valid", format!("Mend it: {why}."));
            }
            Self::RecordSystemAway => (
                "The hospital's record system does not answer",
                "No copy here is recent enough to be shown. Try again in a moment, or look in the record \
                 system itself.",
            ),
            Self::SearchTooCostly => (
                "The search reads too much",
                "Name the patient, a category or a span of time, or leave the order out.",
            ),
            Self::PayloadTooLarge { limit } => {
                let detail = format!("Send at most {limit} bytes.");
                return ("The body is too large", detail);
            }
            Self::InvalidProof(why) => {
                let detail = format!("Make a new proof with this device's key ({why}).");
                return ("The device's proof is not valid", detail);
            }
            Self::ReportRefused(why) => {
                let detail = format!("Measure again and sign it with this device's key ({why}).");
                return ("The report is not accepted", detail);
            }
            Self::AttestationRefused(why) => {
                let detail = format!(
                    "This device's program asks its hardware for proof ({why}). Try again with a \
                     device that can give it, or ask the enrolling officer for another program."
                );
                return ("The attestation is not accepted", detail);
            }
            Self::ManagerRefused(why) => {
                return ("The device's manager refused", format!("It says: {why}."));
            }
            Self::TermsRefused(why) => {
                return ("The program's terms cannot work", format!("Mend {why}."));
            }
            Self::ImportRefused(reasons) => {
                let detail = format!("Nothing was imported. {}", reasons.join(" "));
                return ("The file is not accepted", detail);
            }
            Self::SwapRefused(why) => {
                let detail = format!("It cannot be swapped: {why}.");
                return ("The turn cannot be taken over", detail);
            }
            Self::BindingRefused(why) => {
                let detail = format!("Sign the binding of the device's keys again ({why}).");
                return ("The binding of the device's keys is not valid", detail);
            }
            Self::AuthenticatorRefused(why) => {
                let detail = format!(
                    "Use a security key or phone that your hospital accepts, or ask the enrolling \
                     officer ({why})."
                );
                return ("The authenticator is not accepted", detail);
            }
            Self::StatementRefused(why) => {
                let detail = format!("It is not handed on to the record keeper: {why}.");
                return ("The statement is not taken", detail);
            }
            Self::EndorsementRefused(why) => {
                let detail = format!("Make a new endorsement ({why}).");
                return ("The endorsement is not valid", detail);
            }
            Self::MlsRefused(why) => {
                let detail = format!("Load the conversation's state and try again ({why}).");
                return ("The MLS message is not accepted", detail);
            }
            Self::StepUp { advice, .. } => {
                return ("A fresh proof is needed", advice.join(" "));
            }
            Self::Denied { advice, .. } => return ("Not allowed", advice.join(" ")),
            Self::PolicyLocksOut { reason } => {
                return ("These policies would lock the hospital out", reason.clone());
            }
            Self::PolicyWaits { version, .. } => {
                let detail = format!(
                    "Version {version} is approved and waits for its date: whatever is approved now it \
                     would undo then. Withdraw version {version} first, or wait until it is in force \
                     and draft your change from it."
                );
                return ("Another version waits for its date", detail);
            }
            Self::PolicyInvalid { problems } => {
                let first = problems.first().map_or_else(String::new, |problem| {
                    let (file, line) = (&problem.file, problem.line);
                    format!("{file}, line {line}: {}", problem.message)
                });
                return ("The policies cannot be used", first);
            }
            Self::CardRefused(fault) => {
                return ("The card is not accepted", fault.advice().to_owned());
            }
            Self::TooManyRequests { retry_after_s } => {
                let detail = format!("Wait {retry_after_s} seconds, then try again.");
                return ("Too many requests", detail);
            }
            Self::SessionEnded(why) => {
                return ("The session has ended", format!("Sign in again ({why})."));
            }
            Self::UnsupportedMediaType => (
                "The media type is not supported",
                "Send the `Content-Type` that /openapi.json has for this address.",
            ),
            Self::NotFound => ("Not found", "Check the address; see /openapi.json for all."),
            Self::MethodNotAllowed => (
                "The method is not allowed",
                "See /openapi.json for the methods of this address.",
            ),
            Self::UseDpopNonce => (
                "The proof needs this server's nonce",
                "Make the proof again with the nonce of the DPoP-Nonce header.",
            ),
            Self::ReplayedProof => (
                "The proof was used before",
                "Make a new proof for each request.",
            ),
            Self::NoSession => ("Not signed in", "Sign in with your passkey."),
            Self::WrongDevice => (
                "The session belongs to another device",
                "Sign in on this device with its own passkey.",
            ),
            Self::CodeRefused => (
                "The enrolment code is not accepted",
                "Check the code letter by letter; it works once, for 15 minutes and few attempts. \
                 Else ask the enrolling officer for a new one.",
            ),
            Self::EnrollmentOver => (
                "The enrolment is over",
                "Ask the enrolling officer for a new code.",
            ),
            Self::PasskeyRefused => (
                "The passkey is not accepted",
                "Try again, and confirm with your fingerprint, face or PIN when asked.",
            ),
            Self::CodeWrong => (
                "The code is not right",
                "Type the code that your card or app shows now.",
            ),
            Self::CodeUsed => (
                "The code was used before",
                "Wait for the next code of your card or app, then type that.",
            ),
            Self::CardEnded => (
                "The time of this card is over",
                "Ask an enrolling officer to hand you another one.",
            ),
            Self::CodesLocked => (
                "Too many wrong codes",
                "Ask an enrolling officer to hand you your card again, or another one.",
            ),
            Self::TooManyFactors => (
                "You have as many code generators as one may have",
                "Take one away that you do not use any more.",
            ),
            Self::FactorNeeded => (
                "Your role needs this second factor",
                "Add another one first, or ask an enrolling officer.",
            ),
            Self::TokenTaken => (
                "Somebody has this card",
                "Take it back from them first, or check its number.",
            ),
            Self::ChallengeOver => ("The sign-in took too long", "Start the sign-in again."),
            Self::AttestationOver => (
                "This challenge is over",
                "Ask for another one, and have the device key attested over that.",
            ),
            Self::NoticeRequired => (
                "The privacy notice was not accepted",
                "Show the person what the hospital sees of the device, and let them accept it.",
            ),
            Self::SerialTaken => (
                "Another device has this serial number",
                "Take that one out of use first, or check how the number is written.",
            ),
            Self::NotManaged => (
                "No manager knows the device",
                "Tie it to its serial number first, or guide its owner: the app shows the step.",
            ),
            Self::NotRegistered => (
                "The device is not registered",
                "Register its serial number for this program and person first, or check how it is written.",
            ),
            Self::ChangedMeanwhile => (
                "Someone else changed it meanwhile",
                "Load it anew, then make your change again.",
            ),
            Self::EscalationOver => (
                "This page is over",
                "Load the list: it says who took it, or that nobody did. Call the sender if you can help.",
            ),
            Self::AttachmentQuota => (
                "You have attached as much as one may in a day",
                "Send the text without the file, or the file tomorrow. IT can raise the limit.",
            ),
            Self::NothingToRecover => (
                "The person has a device",
                "Let them add the new one on a device they have, or report that one lost first.",
            ),
            Self::RecoveryWaits => (
                "A recovery waits already",
                "Have a second officer agree to it, or take it back first.",
            ),
            Self::DeviceState => (
                "The device is in another state",
                "Load the device anew; it was confirmed or taken out of use meanwhile.",
            ),
            Self::EpochConflict { .. } => (
                "The conversation has moved on",
                "Process the newer commits, then make this one again.",
            ),
            Self::CommitRequired { .. } => (
                "A member is being removed",
                "Commit the pending removal first, then send again.",
            ),
            Self::GroupExists => ("The conversation exists", "Choose a new random group id."),
            Self::IdempotencyMismatch => (
                "The idempotency key does not fit the message",
                "Send the message's id as Idempotency-Key, and a new id for a new message.",
            ),
            Self::TicketRefused => (
                "The socket ticket is not accepted",
                "Get a new ticket and connect again.",
            ),
            Self::Unavailable(_) => ("Not available now", "Try again in a moment."),
            Self::Internal(_) => (
                "A fault of the server",
                "Try again. If it stays, tell the service desk the time of this request.",
            ),
        };
        (title, detail.to_owned())
    }

    fn extensions(&self) -> Map<String, Value> {
        let value = match self {
            Self::InvalidBody { field, .. } => json!({ "field": field }),
            Self::ImportRefused(reasons) => json!({ "reasons": reasons }),
            Self::InvalidParameter(name) => json!({ "parameter": name }),
            Self::PayloadTooLarge { limit } => json!({ "limit": limit }),
            Self::StepUp {
                methods,
                scopes,
                advice,
            } => json!({ "methods": methods, "scopes": scopes, "advice": advice }),
            Self::PolicyInvalid { problems } => json!({ "problems": problems }),
            Self::PolicyWaits {
                version,
                effective_at,
            } => json!({ "version": version, "effective_at": effective_at }),
            Self::Denied { code, advice } => json!({ "reason": code, "advice": advice }),
            Self::AuthenticatorRefused(why) => json!({ "reason": why.code() }),
            Self::CardRefused(fault) => json!({ "why": fault.name() }),
            Self::EpochConflict { epoch } | Self::CommitRequired { epoch } => {
                json!({ "epoch": epoch })
            }
            _ => return Map::new(),
        };
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// Whether other transactions were in the way, so that the same may succeed when tried again.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Unavailable(source)
            if source
                .downcast_ref::<wardline_store::StoreError>()
                .is_some_and(wardline_store::StoreError::is_busy))
    }

    /// Whether the server failed, as opposed to the request.
    pub(crate) const fn is_fault(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Internal(_))
    }

    /// Whether the request was refused before anyone was known, so that no decision recorded it.
    pub(crate) const fn is_unauthenticated(&self) -> bool {
        matches!(
            self,
            Self::InvalidProof(_)
                | Self::ReplayedProof
                | Self::NoSession
                | Self::SessionEnded(_)
                | Self::WrongDevice
                | Self::PasskeyRefused
                | Self::TicketRefused
                | Self::CodeRefused
                | Self::TooManyRequests { .. }
        )
    }
}

/// Marks a response whose refusal no decision has recorded; the pipeline records it, limited.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unrecorded(pub(crate) &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match &self {
            Self::Internal(source) | Self::Unavailable(source) => {
                tracing::error!(
                    problem = self.name(),
                    error = source.as_ref(),
                    "request failed"
                );
            }
            _ => {}
        }
        let problem = self.problem();
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match &self {
            Self::UseDpopNonce => {
                headers.insert(header::WWW_AUTHENTICATE, challenge("use_dpop_nonce"));
            }
            Self::InvalidProof(_) | Self::ReplayedProof => {
                headers.insert(header::WWW_AUTHENTICATE, challenge("invalid_dpop_proof"));
            }
            Self::NoSession | Self::SessionEnded(_) | Self::WrongDevice => {
                headers.insert(header::WWW_AUTHENTICATE, challenge("invalid_token"));
            }
            Self::StepUp { methods, .. } => {
                headers.insert(header::WWW_AUTHENTICATE, step_up(methods));
            }
            Self::TooManyRequests { retry_after_s } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
            }
            _ => {}
        }
        if self.is_unauthenticated() {
            response.extensions_mut().insert(Unrecorded(self.name()));
        }
        response
    }
}

/// RFC 9449 §7.1: the `WWW-Authenticate` value for a failed DPoP request.
fn challenge(error: &'static str) -> HeaderValue {
    HeaderValue::from_str(&format!("DPoP error=\"{error}\", algs=\"ES256\""))
        .unwrap_or_else(|_| HeaderValue::from_static("DPoP"))
}

/// RFC 9470 §3: the `WWW-Authenticate` value where a stronger or fresher proof is needed. Each of the
/// classes satisfies all that is asked for, the first being what is asked for itself. Those of the
/// passkey are OpenID's (EAP ACR Values 1.0 §2); for what is asked for beside it there are none, since
/// a passkey may be hardware-protected, too, so they are ours. Whatever is asked for has to be proven
/// now.
fn step_up(methods: &BTreeSet<Proof>) -> HeaderValue {
    let classes = if methods.contains(&Proof::SmartCard) {
        vec![SMART_CARD]
    } else if methods.contains(&Proof::OneTimeCode) {
        vec![ONE_TIME_CODE, SMART_CARD]
    } else {
        vec![PHR, PHRH]
    };
    let value = format!(
        "DPoP error=\"insufficient_user_authentication\", \
         error_description=\"A fresh proof is needed\", acr_values=\"{}\", max_age=\"0\", \
         algs=\"ES256\"",
        classes.join(" ")
    );
    HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static("DPoP"))
}

/// A session of a passkey, and a one-time code.
const ONE_TIME_CODE: &str = "urn:wardline:acr:one-time-code";
/// A session of a passkey, and a smart card with its PIN.
const SMART_CARD: &str = "urn:wardline:acr:smart-card";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_has_the_members_of_rfc_9457() {
        let refusal = Refusal::EpochConflict { epoch: 7 };
        let document = serde_json::to_value(refusal.problem()).unwrap();
        assert_eq!(document["type"], "urn:wardline:problem:epoch-conflict");
        assert_eq!(document["status"], 409);
        assert_eq!(document["epoch"], 7);
        assert!(document["title"].is_string() && document["detail"].is_string());
    }

    #[test]
    fn the_source_of_a_fault_stays_inside() {
        let refusal = Refusal::internal("password is hunter2");
        assert!(
            !serde_json::to_string(&refusal.problem())
                .unwrap()
                .contains("hunter2")
        );
    }

    #[test]
    fn a_step_up_names_the_classes_that_satisfy_all_that_is_asked() {
        for (asked, classes) in [
            (&[Proof::UserVerification][..], "\"phr phrh\""),
            (
                &[Proof::UserVerification, Proof::OneTimeCode],
                "\"urn:wardline:acr:one-time-code urn:wardline:acr:smart-card\"",
            ),
            (
                &[Proof::OneTimeCode, Proof::SmartCard],
                "\"urn:wardline:acr:smart-card\"",
            ),
        ] {
            let header = step_up(&asked.iter().copied().collect());
            let told = header.to_str().unwrap();
            assert!(told.contains(&format!("acr_values={classes}")), "{told}");
        }
    }
}
