//! What MSH says, kept apart from the message: an acknowledgement needs it whatever becomes of the rest.

use std::fmt;

use crate::message::{Message, Separators, trimmed};

/// When an acknowledgement is wanted (HL7 table 0155).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Always.
    Always,
    /// Never.
    Never,
    /// When it went wrong.
    OnError,
    /// When it went well.
    OnSuccess,
}

impl Wanted {
    fn of(text: &str) -> Option<Self> {
        match text.trim() {
            "AL" => Some(Self::Always),
            "NE" => Some(Self::Never),
            "ER" => Some(Self::OnError),
            "SU" => Some(Self::OnSuccess),
            _ => None,
        }
    }

    /// Whether one is wanted of this outcome.
    pub const fn of_outcome(self, went_well: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::OnError => !went_well,
            Self::OnSuccess => went_well,
        }
    }
}

/// MSH. Fields are as they stood in the message, escapes included, so that they can be echoed; none of
/// them may hold PHI, yet senders' mistakes do, so `Debug` shows the message's type only.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// MSH-1 and MSH-2.
    pub separators: Separators,
    /// MSH-3, whole.
    pub application: String,
    /// MSH-4, whole.
    pub facility: String,
    /// MSH-5, whole.
    pub to_application: String,
    /// MSH-6, whole.
    pub to_facility: String,
    /// MSH-7.
    pub at: String,
    /// MSH-9.1: `ADT`.
    pub code: String,
    /// MSH-9.2: `A01`.
    pub trigger: String,
    /// MSH-10.
    pub control_id: String,
    /// MSH-11.1: `P`, `T` or `D`.
    pub processing: String,
    /// MSH-12.1: `2.5.1`.
    pub version: String,
    /// MSH-15.
    pub accept: Option<Wanted>,
    /// MSH-16.
    pub application_ack: Option<Wanted>,
    /// MSH-18, whole.
    pub charset: String,
    /// MSH-21.1 of the first repetition: the profile.
    pub profile: String,
}

impl Header {
    /// Reads the header of bytes whose character set is not known yet: the sets that are read here
    /// write the header's own fields as ASCII. Bytes beyond ASCII become `?`.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let begin = bytes.iter().position(|b| !b.is_ascii_whitespace())?;
        let bytes = &bytes[begin..];
        let end = bytes.iter().position(|b| matches!(b, b'\r' | b'\n'));
        let line = &bytes[..end.unwrap_or(bytes.len()).min(MAX_LINE)];
        let text: String = line
            .iter()
            .map(|b| if b.is_ascii() { char::from(*b) } else { '?' })
            .collect();
        Self::of_line(trimmed(&text))
    }

    /// The header of a message.
    pub fn of(message: &Message<'_>) -> Option<Self> {
        let text = message.text();
        let end = text.find(['\r', '\n']).unwrap_or(text.len());
        Self::of_line(&text[..end])
    }

    /// The header of nobody: what is no message is refused in its name.
    pub fn nobody() -> Self {
        let none = String::new;
        Self {
            separators: Separators::USUAL,
            application: none(),
            facility: none(),
            to_application: none(),
            to_facility: none(),
            at: none(),
            code: none(),
            trigger: none(),
            control_id: none(),
            processing: none(),
            version: none(),
            accept: None,
            application_ack: None,
            charset: none(),
            profile: none(),
        }
    }

    fn of_line(line: &str) -> Option<Self> {
        let after = line.strip_prefix("MSH")?;
        let separators = Separators::of(after)?;
        let fields: Vec<&str> = line.split(separators.field).take(MAX_FIELDS).collect();
        // MSH-1 is the separator itself, so MSH-n stands at n - 1.
        let field = |number: usize| fields.get(number - 1).copied().unwrap_or_default();
        let part = |number: usize, component: usize| {
            let first = field(number).split(separators.repetition).next();
            first
                .unwrap_or_default()
                .split(separators.component)
                .nth(component - 1)
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let whole = |number: usize| field(number).trim().to_owned();
        let mut trigger = part(9, 2);
        let mut code = part(9, 1);
        // `ADT_A01` in one piece, as some senders write it.
        if trigger.is_empty()
            && let Some((before, behind)) = code.clone().split_once('_')
        {
            before.clone_into(&mut code);
            behind.clone_into(&mut trigger);
        }
        Some(Self {
            separators,
            application: whole(3),
            facility: whole(4),
            to_application: whole(5),
            to_facility: whole(6),
            at: part(7, 1),
            code,
            trigger,
            control_id: whole(10),
            processing: part(11, 1),
            version: part(12, 1),
            accept: Wanted::of(field(15)),
            application_ack: Wanted::of(field(16)),
            charset: whole(18),
            profile: part(21, 1),
        })
    }

    /// The first component of MSH-3 and MSH-4: who sends, as allow-lists name it.
    pub fn sender(&self) -> (&str, &str) {
        let first = |text: &str| text.find(self.separators.component).unwrap_or(text.len());
        let application = &self.application[..first(&self.application)];
        let facility = &self.facility[..first(&self.facility)];
        (application, facility)
    }

    /// `ADT^A01`, where both are codes of the usual form; else `other`. It is fit for a log.
    pub fn kind(&self) -> String {
        let is_code = |text: &str| {
            text.len() == 3
                && text
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        match (is_code(&self.code), is_code(&self.trigger)) {
            (true, true) => format!("{}^{}", self.code, self.trigger),
            (true, false) => self.code.clone(),
            _ => "other".to_owned(),
        }
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({})", self.kind())
    }
}

/// A header line is not longer.
const MAX_LINE: usize = 8192;
const MAX_FIELDS: usize = 64;
