//! Acknowledgements: MSH, MSA and, where something is wrong, ERR.
//!
//! Original mode answers AA, AE or AR. Who fills MSH-15 wants enhanced mode's CA, CE or CR, which say
//! that a message is safe and no more (§2.9.3); that is what an answer here means in both modes, since
//! what is applied to the record is applied afterwards.

use chrono_tz::Tz;

use crate::header::Header;
use crate::message::Separators;
use crate::time;

/// How a message was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It is durable.
    Accept,
    /// Its content is wrong; sending it again as it is does not help.
    Error,
    /// It is refused for what it is (type, version, character set) or for who sends it, or because it
    /// could not be kept now.
    Reject,
}

/// What is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// By HL7 table 0357.
    pub code: FaultCode,
    /// Where.
    pub place: Option<Place>,
    /// In words that hold nothing of the message.
    pub words: String,
}

impl Fault {
    /// A fault at a place.
    pub fn at(code: FaultCode, place: Place, words: impl Into<String>) -> Self {
        Self {
            code,
            place: Some(place),
            words: words.into(),
        }
    }

    /// A fault of the whole message.
    pub fn new(code: FaultCode, words: impl Into<String>) -> Self {
        Self {
            code,
            place: None,
            words: words.into(),
        }
    }

    /// How a message with it is answered.
    pub const fn answer(&self) -> Code {
        match self.code {
            FaultCode::SegmentSequence
            | FaultCode::RequiredField
            | FaultCode::DataType
            | FaultCode::TableValue
            | FaultCode::UnknownKey => Code::Error,
            _ => Code::Reject,
        }
    }
}

/// HL7 table 0357.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// 100
    SegmentSequence,
    /// 101
    RequiredField,
    /// 102
    DataType,
    /// 103
    TableValue,
    /// 200
    MessageType,
    /// 201
    EventCode,
    /// 202
    ProcessingId,
    /// 203
    VersionId,
    /// 204
    UnknownKey,
    /// 205
    DuplicateKey,
    /// 206
    Locked,
    /// 207
    Internal,
}

impl FaultCode {
    /// The code.
    pub const fn number(self) -> &'static str {
        match self {
            Self::SegmentSequence => "100",
            Self::RequiredField => "101",
            Self::DataType => "102",
            Self::TableValue => "103",
            Self::MessageType => "200",
            Self::EventCode => "201",
            Self::ProcessingId => "202",
            Self::VersionId => "203",
            Self::UnknownKey => "204",
            Self::DuplicateKey => "205",
            Self::Locked => "206",
            Self::Internal => "207",
        }
    }

    /// Its meaning by the table.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::SegmentSequence => "Segment sequence error",
            Self::RequiredField => "Required field missing",
            Self::DataType => "Data type error",
            Self::TableValue => "Table value not found",
            Self::MessageType => "Unsupported message type",
            Self::EventCode => "Unsupported event code",
            Self::ProcessingId => "Unsupported processing id",
            Self::VersionId => "Unsupported version id",
            Self::UnknownKey => "Unknown key identifier",
            Self::DuplicateKey => "Duplicate key identifier",
            Self::Locked => "Application record locked",
            Self::Internal => "Application internal error",
        }
    }
}

/// A place in a message (ERL): `PID^1^3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// `PID`
    pub segment: &'static str,
    /// Which of those segments, from 1.
    pub occurrence: usize,
    /// The field; 0 means the segment.
    pub field: usize,
}

impl Place {
    /// A field of the first such segment.
    pub const fn field(segment: &'static str, field: usize) -> Self {
        Self {
            segment,
            occurrence: 1,
            field,
        }
    }
}

/// Writes the acknowledgement of a message, or `None` where its sender wants none of this outcome.
/// `own_id` becomes its MSH-10.
pub fn write(
    header: &Header,
    code: Code,
    fault: Option<&Fault>,
    own_id: &str,
    now_ms: u64,
    zone: Tz,
) -> Option<String> {
    let went_well = code == Code::Accept;
    let is_enhanced = header.accept.is_some() || header.application_ack.is_some();
    let is_of_commit = match (header.accept, header.application_ack) {
        (Some(wanted), _) if wanted.of_outcome(went_well) => true,
        (_, Some(wanted)) if wanted.of_outcome(went_well) => false,
        _ if is_enhanced => return None,
        _ => false,
    };
    let said = match (code, is_of_commit) {
        (Code::Accept, false) => "AA",
        (Code::Error, false) => "AE",
        (Code::Reject, false) => "AR",
        (Code::Accept, true) => "CA",
        (Code::Error, true) => "CE",
        (Code::Reject, true) => "CR",
    };
    let separators = header.separators;
    let Separators { field, .. } = separators;
    let or = |text: &str, other: &'static str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text.to_owned()
        }
    };
    let component = separators.component;
    let is_structured = !matches!(header.version.as_str(), "" | "2.1" | "2.2" | "2.3");
    let kind = match (header.trigger.as_str(), is_structured) {
        ("", _) => "ACK".to_owned(),
        (trigger, true) => format!("ACK{component}{trigger}{component}ACK"),
        (trigger, false) => format!("ACK{component}{trigger}"),
    };
    let mut out = join(
        field,
        &[
            "MSH",
            &separators.encoding(),
            &or(&header.to_application, "WARDLINE"),
            &header.to_facility,
            &header.application,
            &header.facility,
            &time::write(now_ms, zone),
            "",
            &kind,
            own_id,
            &or(&header.processing, "P"),
            &or(&header.version, "2.5.1"),
            "",
            "",
            "",
            "",
            "",
            &header.charset,
        ],
    );
    let words = fault.map(|fault| separators.escape(&fault.words));
    let words = words.unwrap_or_default();
    out.push_str(&join(field, &["MSA", said, &header.control_id, &words]));
    if let Some(fault) = fault {
        out.push_str(&err(fault, &separators, &header.version, &words));
    }
    Some(out)
}

/// ERR as its version has it: a single coded field until 2.4, fields of their own from 2.5 on.
fn err(fault: &Fault, separators: &Separators, version: &str, words: &str) -> String {
    let (component, sub) = (separators.component, separators.subcomponent.unwrap_or(' '));
    let place = fault.place.map_or_else(String::new, |place| {
        let mut text = format!("{}{component}{}", place.segment, place.occurrence);
        if place.field > 0 {
            text.push(component);
            text.push_str(&place.field.to_string());
        }
        text
    });
    let (number, meaning) = (fault.code.number(), fault.code.meaning());
    if matches!(version, "2.1" | "2.2" | "2.3" | "2.3.1" | "2.4") {
        let marks = place.matches(component).count();
        let gap: String = std::iter::repeat_n(component, 3_usize.saturating_sub(marks)).collect();
        let coded = format!("{place}{gap}{number}{sub}{meaning}{sub}HL70357");
        return join(separators.field, &["ERR", &coded]);
    }
    let coded = format!("{number}{component}{meaning}{component}HL70357");
    join(
        separators.field,
        &["ERR", "", &place, &coded, "E", "", "", "", words],
    )
}

fn join(field: char, fields: &[&str]) -> String {
    let mut out = String::new();
    for (index, text) in fields.iter().enumerate() {
        if index > 0 {
            out.push(field);
        }
        out.push_str(text);
    }
    while out.ends_with(field) {
        out.pop();
    }
    out.push('\r');
    out
}
