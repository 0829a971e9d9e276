//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use std::fmt::Debug;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::code::{EnrollCode, HANDLE_CHARS, LINK_SECRET_CHARS, TYPED_SECRET_CHARS};
use crate::endorsement::{Endorsement, SignedEndorsement};
use crate::statement::{STATEMENT_CONTEXT, SignedStatement};
use crate::wire::{
    attachments, devices, directory, enroll, escalations, fleet, groups, hospital, keys, messages,
    posture, problem, programs, push, quiet, records, schedules, sessions, socket, teams,
};
use crate::{
    AttachmentId, B64, ChallengeId, DeviceId, EnrollmentId, EscalationId, FacilityId, GroupId,
    InviteId, MessageId, PatientId, RoleSlug, SessionId, UserId,
};

/// What a person typed as an enrolment code, or what stood in a link.
///
/// # Panics
/// When an accepted code is not the same after it was written, has other lengths than a code has,
/// or shows its secret.
pub fn code(bytes: &[u8]) -> bool {
    let Ok(code) = EnrollCode::parse(&String::from_utf8_lossy(bytes)) else {
        return false;
    };
    assert_eq!(
        EnrollCode::parse(&code.written()).as_ref(),
        Ok(&code),
        "another code after it was written"
    );
    assert_eq!(code.handle().len(), HANDLE_CHARS);
    let secret = code.secret();
    assert!([TYPED_SECRET_CHARS, LINK_SECRET_CHARS].contains(&secret.len()));
    assert!(!format!("{code:?}").contains(secret), "the secret is shown");
    true
}

/// Ids as they stand in paths, and bytes in base64url.
///
/// # Panics
/// When something that is accepted is not the same after it was written.
pub fn id(bytes: &[u8]) -> bool {
    fn same<T: FromStr<Err: Debug> + ToString + PartialEq + Debug>(text: &str) -> bool {
        text.parse::<T>().is_ok_and(|id| {
            let written = id.to_string();
            assert_eq!(written.parse::<T>().as_ref().ok(), Some(&id), "{text}");
            // What stands in a path needs no escaping, and is no path itself.
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
            assert!(written.len() <= 64 && written.bytes().all(plain), "{text}");
            true
        })
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let decoded = B64::decode(text);
    if let Some(decoded) = &decoded {
        assert_eq!(decoded.encode(), text, "a second spelling of bytes");
    }
    // None is left out because an earlier one took the text.
    let taken = [
        same::<UserId>(text),
        same::<DeviceId>(text),
        same::<GroupId>(text),
        same::<SessionId>(text),
        same::<InviteId>(text),
        same::<EnrollmentId>(text),
        same::<ChallengeId>(text),
        same::<MessageId>(text),
        same::<EscalationId>(text),
        same::<AttachmentId>(text),
        same::<FacilityId>(text),
        same::<PatientId>(text),
        same::<RoleSlug>(text),
    ];
    decoded.is_some() || taken.contains(&true)
}

/// The JSON of every body and socket frame.
///
/// # Panics
/// When an accepted value is not the same after it was written.
pub fn body(bytes: &[u8]) -> bool {
    /// Written and read again it is the same.
    fn same<T: DeserializeOwned + Serialize + PartialEq>(bytes: &[u8]) -> bool {
        again::<T>(bytes, |value, again| {
            assert!(
                value == again,
                "another {} after it was written",
                std::any::type_name::<T>()
            );
        })
    }
    /// The same, for a body that carries free JSON: its floating point numbers may lose a digit.
    fn readable<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> bool {
        again::<T>(bytes, |_, _| {})
    }
    fn again<T: DeserializeOwned + Serialize>(bytes: &[u8], compare: impl Fn(&T, &T)) -> bool {
        serde_json::from_slice::<T>(bytes).is_ok_and(|value| {
            let written = serde_json::to_vec(&value).unwrap_or_default();
            let read = serde_json::from_slice::<T>(&written);
            assert!(
                read.is_ok(),
                "a {} that cannot be read again",
                std::any::type_name::<T>()
            );
            if let Ok(read) = read {
                compare(&value, &read);
            }
            true
        })
    }
    // Requests, then answers: to a client, the server is outside.
    let taken = [
        same::<enroll::InviteRequest>(bytes),
        same::<enroll::EnrollStart>(bytes),
        readable::<enroll::EnrollFinish>(bytes),
        same::<enroll::BindingClaims>(bytes),
        same::<sessions::ChallengeRequest>(bytes),
        same::<sessions::StepUpRequest>(bytes),
        readable::<sessions::SignIn>(bytes),
        same::<devices::EndorseRequest>(bytes),
        same::<devices::CredentialsRequest>(bytes),
        same::<devices::ReportRequest>(bytes),
        same::<devices::AttestRequest>(bytes),
        same::<devices::AttestationChallenge>(bytes),
        same::<devices::ReportClaims>(bytes),
        same::<devices::SerialRequest>(bytes),
        same::<devices::BulkRequest>(bytes),
        same::<programs::ProgramChange>(bytes),
        same::<fleet::ImportRequest>(bytes),
        same::<fleet::FleetInfo>(bytes),
        same::<keys::KeyPackageUpload>(bytes),
        same::<keys::ClaimRequest>(bytes),
        same::<groups::GroupCreate>(bytes),
        same::<groups::CommitUpload>(bytes),
        same::<messages::MessageSend>(bytes),
        same::<attachments::AttachmentCreate>(bytes),
        same::<attachments::AttachmentInfo>(bytes),
        same::<attachments::AttachmentChunk>(bytes),
        same::<messages::ReceiptPost>(bytes),
        same::<directory::PatientSearch>(bytes),
        same::<schedules::ScheduleImport>(bytes),
        same::<schedules::TurnEdit>(bytes),
        same::<schedules::SwapRequest>(bytes),
        same::<schedules::TurnsSigned>(bytes),
        same::<teams::TeamEdit>(bytes),
        same::<teams::CareTeamImport>(bytes),
        same::<directory::Availability>(bytes),
        readable::<records::HandIn>(bytes),
        same::<records::StatementsTaken>(bytes),
        same::<quiet::QuietChoice>(bytes),
        same::<push::PushSubscribe>(bytes),
        same::<push::PushReceipt>(bytes),
        same::<socket::ClientFrame>(bytes),
        same::<enroll::Invite>(bytes),
        readable::<enroll::EnrollStarted>(bytes),
        same::<enroll::EnrollFinished>(bytes),
        same::<enroll::EnrollStatus>(bytes),
        readable::<sessions::Challenge>(bytes),
        same::<sessions::SignedIn>(bytes),
        same::<sessions::SteppedUp>(bytes),
        same::<sessions::SessionList>(bytes),
        same::<devices::DeviceList>(bytes),
        same::<devices::CredentialsAnswer>(bytes),
        same::<devices::DeviceDetail>(bytes),
        same::<devices::BulkAnswer>(bytes),
        same::<devices::TrustFeed>(bytes),
        same::<posture::Assessment>(bytes),
        same::<programs::ProgramList>(bytes),
        same::<programs::DryRun>(bytes),
        same::<keys::KeyPackageCount>(bytes),
        same::<keys::ClaimAnswer>(bytes),
        same::<groups::CommitAccepted>(bytes),
        same::<groups::GroupList>(bytes),
        same::<groups::GroupInfoAnswer>(bytes),
        same::<messages::MessageAccepted>(bytes),
        same::<escalations::EscalationList>(bytes),
        same::<messages::EntryList>(bytes),
        same::<messages::Inbox>(bytes),
        same::<directory::Me>(bytes),
        same::<directory::PeopleList>(bytes),
        same::<directory::RoleList>(bytes),
        same::<schedules::Schedules>(bytes),
        same::<schedules::ScheduleImported>(bytes),
        same::<schedules::TurnOrders>(bytes),
        same::<teams::TeamList>(bytes),
        same::<teams::TeamCall>(bytes),
        same::<teams::CareTeam>(bytes),
        same::<teams::CareTeamsImported>(bytes),
        readable::<records::RecordsList>(bytes),
        readable::<records::StatementsLeft>(bytes),
        same::<directory::Reachability>(bytes),
        same::<push::PushInfo>(bytes),
        same::<quiet::QuietInfo>(bytes),
        same::<quiet::Interruptions>(bytes),
        same::<directory::PatientList>(bytes),
        same::<hospital::Hospital>(bytes),
        same::<socket::SocketTicket>(bytes),
        readable::<socket::ServerFrame>(bytes),
        readable::<problem::Problem>(bytes),
    ];
    taken.contains(&true)
}

/// A signed endorsement, as it is sent and as it stands in the log.
///
/// # Panics
/// When a well-formed statement has signed bytes that another one has too.
pub fn endorsement(bytes: &[u8]) -> bool {
    let Ok(signed) = serde_json::from_slice::<SignedEndorsement>(bytes) else {
        return false;
    };
    if signed.endorsement.keys().is_err() {
        return false;
    }
    let canonical = signed.endorsement.canonical();
    let again = serde_json::from_slice::<Endorsement>(&canonical);
    assert_eq!(
        again.ok().as_ref(),
        Some(&signed.endorsement),
        "what is signed says something else"
    );
    true
}

/// A signed statement about records, as it lies in a file.
///
/// # Panics
/// When what is signed of a well-formed statement says something else.
pub fn statement(bytes: &[u8]) -> bool {
    let Ok(signed) = serde_json::from_slice::<SignedStatement>(bytes) else {
        return false;
    };
    if !signed.is_well_formed() {
        return false;
    }
    let whole = signed.signed_bytes();
    let canonical = whole.strip_prefix(STATEMENT_CONTEXT).unwrap_or_default();
    let unsigned = SignedStatement {
        signature: B64(Vec::new()),
        ..signed
    };
    assert_eq!(
        serde_json::from_slice(canonical).ok().as_ref(),
        Some(&unsigned),
        "what is signed says something else"
    );
    true
}
