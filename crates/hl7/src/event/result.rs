//! OBR and OBX: results with their units, ranges, flags and states.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::{missing_segment, part, stamp, text};
use crate::ack::{Fault, FaultCode, Place};
use crate::message::{Message, Segment, Value};
use crate::time::Stamp;

/// A code with its words (CE, CWE).
#[derive(Clone, PartialEq, Eq)]
pub struct Coded {
    /// CWE-1
    pub code: Option<String>,
    /// CWE-2
    pub words: Option<String>,
    /// CWE-3, as HL7 table 0396 calls it: `LN`, `SCT`, `MDC`, `L`.
    pub system: Option<String>,
}

impl Coded {
    pub(super) fn read(field: Value<'_>) -> Option<Self> {
        let coded = Self {
            code: part(field, 1),
            words: part(field, 2),
            system: part(field, 3),
        };
        (coded.code.is_some() || coded.words.is_some()).then_some(coded)
    }

    /// The code system's URI, where FHIR knows one; else a name of this hospital for a local one.
    pub fn uri(&self) -> Option<String> {
        let system = self.system.as_deref()?;
        Some(match system {
            "LN" => "http://loinc.org".to_owned(),
            "SCT" | "SNM" => "http://snomed.info/sct".to_owned(),
            "MDC" => "urn:iso:std:iso:11073:10101".to_owned(),
            "UCUM" => "http://unitsofmeasure.org".to_owned(),
            "I10" => "http://hl7.org/fhir/sid/icd-10".to_owned(),
            "I10C" => "http://hl7.org/fhir/sid/icd-10-cm".to_owned(),
            "C4" | "CPT" => "http://www.ama-assn.org/go/cpt".to_owned(),
            other => {
                let plain: String = other
                    .chars()
                    .map(|c| {
                        if c.is_ascii_alphanumeric() {
                            c.to_ascii_lowercase()
                        } else {
                            '-'
                        }
                    })
                    .collect();
                format!("urn:wardline:codes:{plain}")
            }
        })
    }
}

/// What was found (OBX-5 by OBX-2).
#[derive(Clone, PartialEq, Eq)]
pub enum Measured {
    /// NM, SN: a number as it was written, perhaps with a comparator (`<`, `<=`, `>=`, `>`).
    Number {
        /// Before the number.
        comparator: Option<&'static str>,
        /// Digits, a sign and a point.
        number: String,
    },
    /// SN with two numbers: a ratio or a range.
    Pair {
        /// The first number.
        first: String,
        /// `-`, `/`, `:` or `+`.
        separator: String,
        /// The second number.
        second: String,
    },
    /// CE, CWE and their kin.
    Code(Vec<Coded>),
    /// DT, TM, TS, DTM.
    Time(Stamp),
    /// Everything in words.
    Words(String),
    /// A document or picture (ED, RP), which is not kept here.
    Document,
}

/// HL7 table 0078, as FHIR's ObservationInterpretation has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpretation(String);

impl Interpretation {
    /// The code: `HH`.
    pub fn code(&self) -> &str {
        &self.0
    }

    /// Whether somebody has to act at once: `HH`, `LL` and `AA`.
    pub fn is_critical(&self) -> bool {
        matches!(self.0.as_str(), "HH" | "LL" | "AA")
    }

    fn known(text: &str) -> Option<Self> {
        let text = text.to_ascii_uppercase();
        let is_known = matches!(
            text.as_str(),
            "N" | "L"
                | "H"
                | "LL"
                | "HH"
                | "LU"
                | "HU"
                | "A"
                | "AA"
                | "<"
                | ">"
                | "S"
                | "I"
                | "R"
                | "MS"
                | "VS"
                | "POS"
                | "NEG"
                | "IND"
                | "DET"
                | "ND"
                | "RR"
                | "NR"
                | "WR"
                | "U"
                | "D"
                | "B"
                | "W"
                | "CAR"
                | "EX"
                | "HX"
                | "LX"
        );
        is_known.then_some(Self(text))
    }
}

/// How final a result is (tables 0085 and 0123), as FHIR has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultStatus {
    /// Ordered, not there yet.
    Registered,
    /// Early.
    Preliminary,
    /// Final.
    Final,
    /// Final, and changed since.
    Corrected,
    /// There will be none.
    Cancelled,
    /// It should never have been sent.
    Wrong,
}

impl ResultStatus {
    /// FHIR's code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Preliminary => "preliminary",
            Self::Final => "final",
            Self::Corrected => "corrected",
            Self::Cancelled => "cancelled",
            Self::Wrong => "entered-in-error",
        }
    }

    fn of(code: &str) -> Self {
        match code {
            "O" | "I" | "S" | "N" => Self::Registered,
            "P" | "R" | "A" | "M" => Self::Preliminary,
            "C" => Self::Corrected,
            "X" => Self::Cancelled,
            "D" | "W" => Self::Wrong,
            // F, U ("changed to final without a new result"), Y, Z and what nobody said.
            _ => Self::Final,
        }
    }
}

/// OBX.
#[derive(Clone)]
pub struct Observation {
    /// OBX-3
    pub code: Coded,
    /// OBX-4
    pub sub_id: Option<String>,
    /// OBX-5; `None` where there is none, or null.
    pub value: Option<Measured>,
    /// OBX-6
    pub unit: Option<Coded>,
    /// OBX-7
    pub range: Option<String>,
    /// OBX-8, codes of table 0078 alone.
    pub flags: Vec<Interpretation>,
    /// OBX-11
    pub status: ResultStatus,
    /// OBX-14
    pub at: Option<Stamp>,
    /// NTE behind it.
    pub notes: Vec<String>,
}

impl Observation {
    /// Whether somebody has to be told at once: a value that stands and is flagged so.
    pub fn is_critical(&self) -> bool {
        let stands = matches!(
            self.status,
            ResultStatus::Preliminary | ResultStatus::Final | ResultStatus::Corrected
        );
        stands && self.value.is_some() && self.flags.iter().any(Interpretation::is_critical)
    }
}

/// OBR with its OBX.
#[derive(Clone)]
pub struct Report {
    /// ORC-2 or OBR-2, whole.
    pub placer: Option<String>,
    /// ORC-3 or OBR-3, whole.
    pub filler: Option<String>,
    /// OBR-4
    pub service: Coded,
    /// OBR-7: when the specimen was taken.
    pub taken_at: Option<Stamp>,
    /// OBR-22: when it was reported.
    pub issued_at: Option<Stamp>,
    /// OBR-24: `LAB`, `RAD`.
    pub section: Option<String>,
    /// OBR-25
    pub status: ResultStatus,
    /// NTE behind it.
    pub notes: Vec<String>,
    /// What was found.
    pub observations: Vec<Observation>,
}

/// All reports of a message.
pub(super) fn read(message: &Message<'_>, zone: Tz) -> Result<Vec<Report>, Fault> {
    let mut reports: Vec<Report> = Vec::new();
    let mut common: Option<Segment<'_>> = None;
    let mut results = 0;
    for segment in message.segments() {
        match segment.name() {
            "ORC" => common = Some(segment),
            "OBR" => {
                let occurrence = reports.len() + 1;
                reports.push(report(segment, common.take(), occurrence, zone)?);
            }
            "OBX" => {
                results += 1;
                let Some(report) = reports.last_mut() else {
                    return Err(missing_segment("OBR"));
                };
                report
                    .observations
                    .push(observation(segment, results, zone)?);
            }
            "NTE" => {
                if let (Some(report), Some(note)) = (reports.last_mut(), segment.field(3).prose()) {
                    let note = note.into_owned();
                    match report.observations.last_mut() {
                        Some(observation) => observation.notes.push(note),
                        None => report.notes.push(note),
                    }
                }
            }
            _ => {}
        }
    }
    Ok(reports)
}

fn report(
    segment: Segment<'_>,
    common: Option<Segment<'_>>,
    occurrence: usize,
    zone: Tz,
) -> Result<Report, Fault> {
    let Some(service) = Coded::read(segment.field(4)) else {
        return Err(Fault {
            code: FaultCode::RequiredField,
            place: Some(Place {
                segment: "OBR",
                occurrence,
                field: 4,
            }),
            words: "OBR-4 must say what was examined".to_owned(),
        });
    };
    let number = |field: usize| {
        let own = segment.field(field);
        let value = if own.is_empty() {
            common?.field(field)
        } else {
            own
        };
        order_number(value)
    };
    Ok(Report {
        placer: number(2),
        filler: number(3),
        service,
        taken_at: stamp(segment.field(7), zone),
        issued_at: stamp(segment.field(22), zone),
        section: text(segment.field(24)),
        status: ResultStatus::of(text(segment.field(25)).as_deref().unwrap_or("F")),
        notes: Vec::new(),
        observations: Vec::new(),
    })
}

/// An order's number with who gave it (EI), so that two systems' numbers are told apart.
pub(super) fn order_number(value: Value<'_>) -> Option<String> {
    let number = part(value, 1)?;
    Some(match part(value, 2) {
        Some(by) => format!("{number}^{by}"),
        None => number,
    })
}

pub(super) fn observation(
    segment: Segment<'_>,
    occurrence: usize,
    zone: Tz,
) -> Result<Observation, Fault> {
    let fault = |code, field, words: &str| Fault {
        code,
        place: Some(Place {
            segment: "OBX",
            occurrence,
            field,
        }),
        words: words.to_owned(),
    };
    let Some(code) = Coded::read(segment.field(3)) else {
        return Err(fault(
            FaultCode::RequiredField,
            3,
            "OBX-3 must say what was observed",
        ));
    };
    let Some(status) = text(segment.field(11)) else {
        return Err(fault(
            FaultCode::RequiredField,
            11,
            "OBX-11 must say how final the result is",
        ));
    };
    let kind = text(segment.field(2));
    let field = segment.field(5);
    let value =
        if field.is_null() {
            None
        } else {
            match kind.as_deref().unwrap_or("ST") {
                _ if field.is_empty() => None,
                "NM" => {
                    let text = text(field).unwrap_or_default();
                    let (comparator, number) = number(&text)
                        .ok_or_else(|| fault(FaultCode::DataType, 5, "OBX-5 is no number"))?;
                    Some(Measured::Number { comparator, number })
                }
                "SN" => Some(structured(field).ok_or_else(|| {
                    fault(FaultCode::DataType, 5, "OBX-5 is no structured number")
                })?),
                "CE" | "CWE" | "CNE" | "CF" | "IS" | "ID" => {
                    let codes: Vec<Coded> = field.repetitions().filter_map(Coded::read).collect();
                    (!codes.is_empty()).then_some(Measured::Code(codes))
                }
                "DT" | "TS" | "DTM" => match stamp(field, zone) {
                    Some(at) => Some(Measured::Time(at)),
                    None => return Err(fault(FaultCode::DataType, 5, "OBX-5 is no time")),
                },
                "ED" | "RP" => Some(Measured::Document),
                _ => {
                    let lines: Vec<String> = field
                        .repetitions()
                        .filter_map(|line| line.prose().map(Cow::into_owned))
                        .collect();
                    (!lines.is_empty()).then(|| Measured::Words(lines.join("\n")))
                }
            }
        };
    Ok(Observation {
        code,
        sub_id: text(segment.field(4)),
        value,
        unit: Coded::read(segment.field(6)),
        range: segment.field(7).prose().map(|text| text.trim().to_owned()),
        flags: segment
            .field(8)
            .repetitions()
            .filter_map(|flag| Interpretation::known(&text(flag)?))
            .collect(),
        status: ResultStatus::of(&status),
        at: stamp(segment.field(14), zone),
        notes: Vec::new(),
    })
}

/// A number as FHIR's decimal takes it, with the comparator that senders put before it.
fn number(text: &str) -> Option<(Option<&'static str>, String)> {
    let text = text.trim();
    let (comparator, rest) = ["<=", ">=", "<", ">"]
        .iter()
        .find_map(|mark| Some((Some(*mark), text.strip_prefix(*mark)?)))
        .unwrap_or((None, text));
    Some((comparator, decimal(rest.trim())?))
}

/// `+5`, `.5`, `05` and `5.` are numbers to HL7 and none to JSON.
fn decimal(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || digits.len() > MAX_DIGITS {
        return None;
    }
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    })
}

fn structured(field: Value<'_>) -> Option<Measured> {
    let mark = part(field, 1).unwrap_or_default();
    let first = part(field, 2).and_then(|text| decimal(&text));
    let second = part(field, 4).and_then(|text| decimal(&text));
    let comparator = match mark.as_str() {
        "" | "=" => None,
        "<" => Some("<"),
        ">" => Some(">"),
        "<=" => Some("<="),
        ">=" => Some(">="),
        _ => return None,
    };
    match (first, part(field, 3), second) {
        (Some(number), None, None) => Some(Measured::Number { comparator, number }),
        (Some(first), Some(separator), Some(second))
            if matches!(separator.as_str(), "-" | "/" | ":" | "+") =>
        {
            Some(Measured::Pair {
                first,
                separator,
                second,
            })
        }
        _ => None,
    }
}

/// More digits than anything was ever measured with.
const MAX_DIGITS: usize = 64;
