//! The structure of a message, over borrowed text.
//!
//! Nothing is built in advance: a segment, field or component is a piece of the text, cut when it is
//! asked for. So a message of a million separators takes no more memory than one of a million letters.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

use crate::charset::Charset;

/// The characters of MSH-1 and MSH-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separators {
    /// `|`
    pub field: char,
    /// `^`
    pub component: char,
    /// `~`
    pub repetition: char,
    /// `\`; `None` where a sender left it out: then nothing is escaped.
    pub escape: Option<char>,
    /// `&`; `None` where a sender left it out.
    pub subcomponent: Option<char>,
}

impl Separators {
    /// `|^~\&`
    pub const USUAL: Self = Self {
        field: '|',
        component: '^',
        repetition: '~',
        escape: Some('\\'),
        subcomponent: Some('&'),
    };

    /// Reads what stands behind `MSH`, `FHS` or `BHS`.
    pub(crate) fn of(after_name: &str) -> Option<Self> {
        let mut chars = after_name.chars();
        let field = chars.next()?;
        let rest = chars.as_str();
        let encoding = &rest[..rest.find([field, '\r', '\n']).unwrap_or(rest.len())];
        let mut own = encoding.chars();
        let separators = Self {
            field,
            component: own.next()?,
            repetition: own.next()?,
            escape: own.next(),
            subcomponent: own.next(),
        };
        let mut all: Vec<char> = encoding.chars().chain([field]).collect();
        // A full stop and what is read as a letter stand in escape sequences.
        let is_mark = |c: &char| c.is_ascii_punctuation() && *c != '.';
        let is_fit = all.iter().all(is_mark) && all.len() <= MAX_MARKS;
        all.sort_unstable();
        let before = all.len();
        all.dedup();
        (is_fit && all.len() == before).then_some(separators)
    }

    /// Escapes a text so that it can stand in a component.
    pub fn escape(&self, text: &str) -> String {
        let Some(escape) = self.escape else {
            return text
                .chars()
                .map(|c| {
                    if self.letter(c).is_some() || c.is_control() {
                        ' '
                    } else {
                        c
                    }
                })
                .collect();
        };
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if let Some(letter) = self.letter(c) {
                out.extend([escape, letter, escape]);
            } else if c == '\n' {
                out.push(escape);
                out.push_str(".br");
                out.push(escape);
            } else if c.is_ascii_control() {
                out.push(escape);
                let digit = |nibble: u32| {
                    char::from_digit(nibble, 16).map_or('0', |c| c.to_ascii_uppercase())
                };
                let code = u32::from(c);
                out.extend(['X', digit(code >> 4), digit(code & 15)]);
                out.push(escape);
            } else {
                out.push(c);
            }
        }
        out
    }

    fn letter(&self, c: char) -> Option<char> {
        if c == self.field {
            Some('F')
        } else if c == self.component {
            Some('S')
        } else if c == self.repetition {
            Some('R')
        } else if Some(c) == self.subcomponent {
            Some('T')
        } else if Some(c) == self.escape {
            Some('E')
        } else {
            None
        }
    }

    fn marked(&self, letter: &str) -> Option<char> {
        match letter {
            "F" => Some(self.field),
            "S" => Some(self.component),
            "R" => Some(self.repetition),
            "T" => self.subcomponent,
            "E" => self.escape,
            _ => None,
        }
    }

    /// MSH-2.
    pub fn encoding(&self) -> String {
        [
            Some(self.component),
            Some(self.repetition),
            self.escape,
            self.subcomponent,
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Why a text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseError {
    /// It does not begin with MSH.
    #[error("the message does not begin with MSH")]
    NoHeader,
    /// MSH-1 and MSH-2 do not name separators that can be told apart.
    #[error("MSH-1 and MSH-2 name no separators")]
    Separators,
    /// A line is no segment.
    #[error("line {line} is no segment")]
    Segment {
        /// Counted from 1.
        line: usize,
    },
    /// More segments than any message has.
    #[error("the message has too many segments")]
    TooMany,
}

/// A message, borrowed. It is PHI: `Debug` shows its length.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    text: &'a str,
    separators: Separators,
    charset: Charset,
}

impl<'a> Message<'a> {
    /// Checks a text; a byte order mark and white space around it are let pass.
    ///
    /// # Errors
    /// See [`ParseError`].
    pub fn parse(text: &'a str, charset: Charset) -> Result<Self, ParseError> {
        let text = trimmed(text);
        let after = text.strip_prefix("MSH").ok_or(ParseError::NoHeader)?;
        let separators = Separators::of(after).ok_or(ParseError::Separators)?;
        let message = Self {
            text,
            separators,
            charset,
        };
        for (index, segment) in message.lines().enumerate() {
            if index >= MAX_SEGMENTS {
                return Err(ParseError::TooMany);
            }
            if !is_segment(segment, separators.field) {
                return Err(ParseError::Segment { line: index + 1 });
            }
        }
        Ok(message)
    }

    /// Its separators.
    pub const fn separators(&self) -> Separators {
        self.separators
    }

    /// Its text, without what stood around it.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// Its segments in order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> + Clone + use<'a> {
        let (separators, charset) = (self.separators, self.charset);
        self.lines().enumerate().map(move |(index, text)| Segment {
            text,
            index,
            separators,
            charset,
        })
    }

    /// The first segment of a name.
    pub fn segment(&self, name: &str) -> Option<Segment<'a>> {
        self.segments().find(|segment| segment.name() == name)
    }

    fn lines(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        Lines {
            rest: self.text,
            // Within a message whose segments end with CR, LF is a line end of somebody's text, unless
            // a segment begins there.
            by_lf: !self.text.contains('\r'),
            field: self.separators.field,
        }
        .filter(|line| !line.trim().is_empty())
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} bytes)", self.text.len())
    }
}

/// A text without a byte order mark and the white space around it.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
        .trim_start_matches(['\r', '\n', ' ', '\t'])
        .trim_start_matches('\u{feff}')
        .trim_end_matches(['\r', '\n', '\0'])
}

#[derive(Clone)]
struct Lines<'a> {
    rest: &'a str,
    by_lf: bool,
    field: char,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let ends = |at: usize| match bytes[at] {
            b'\r' => true,
            b'\n' => {
                let after = &self.rest.as_bytes()[at + 1..];
                self.by_lf
                    || after.len() > 3 && is_name(&after[..3]) && char::from(after[3]) == self.field
            }
            _ => false,
        };
        let end = (0..bytes.len()).find(|at| ends(*at)).unwrap_or(bytes.len());
        let line = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        // CRLF.
        self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
        Some(line)
    }
}

fn is_name(name: &[u8]) -> bool {
    name.len() == 3
        && name[0].is_ascii_uppercase()
        && name
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn is_segment(line: &str, field: char) -> bool {
    let bytes = line.as_bytes();
    bytes.len() >= 3 && is_name(&bytes[..3]) && line[3..].chars().next().is_none_or(|c| c == field)
}

/// A segment.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    text: &'a str,
    index: usize,
    separators: Separators,
    charset: Charset,
}

impl<'a> Segment<'a> {
    /// Its name: `PID`.
    pub fn name(&self) -> &'a str {
        &self.text[..3]
    }

    /// Its place in the message, from 0.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// A field by its number in the standard, from 1; empty where it is absent. For headers, 1 is the
    /// separator and 2 the encoding characters.
    pub fn field(&self, number: usize) -> Value<'a> {
        let is_header = matches!(self.name(), "MSH" | "FHS" | "BHS");
        let text = match (number, is_header) {
            (0, _) => "",
            (1, true) => {
                let after = &self.text[3..];
                &after[..after.chars().next().map_or(0, char::len_utf8)]
            }
            (number, true) => self.nth(number - 1),
            (number, false) => self.nth(number),
        };
        Value {
            text,
            level: Level::Field,
            separators: self.separators,
            charset: self.charset,
        }
    }

    fn nth(&self, number: usize) -> &'a str {
        self.text
            .split(self.separators.field)
            .nth(number)
            .unwrap_or_default()
    }
}

impl fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({})", self.name())
    }
}

/// A field, one of its repetitions, a component or a subcomponent. It is PHI and has no `Debug` of what
/// stands in it.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    text: &'a str,
    level: Level,
    separators: Separators,
    charset: Charset,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Field,
    Repetition,
    Component,
    Subcomponent,
}

impl<'a> Value<'a> {
    /// As it stands in the message, escapes included.
    pub const fn raw(&self) -> &'a str {
        self.text
    }

    /// Whether nothing stands here.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Whether it is HL7's null, `""`: what was known is to be deleted.
    pub fn is_null(&self) -> bool {
        self.text.trim() == "\"\""
    }

    /// A field's repetitions, empty ones left out.
    pub fn repetitions(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let value = *self;
        let cut = match self.level {
            Level::Field => self.separators.repetition,
            _ => NOTHING,
        };
        self.text
            .split(cut)
            .map(move |text| Value {
                text,
                level: Level::Repetition,
                ..value
            })
            .filter(|part| !part.is_empty())
    }

    /// A component, from 1, of the first repetition.
    pub fn component(&self, number: usize) -> Value<'a> {
        let first = match self.level {
            Level::Field => self.first(self.separators.repetition),
            _ => self.text,
        };
        let text = match self.level {
            Level::Field | Level::Repetition => first
                .split(self.separators.component)
                .nth(number.saturating_sub(1))
                .unwrap_or_default(),
            _ if number == 1 => self.text,
            _ => "",
        };
        Value {
            text,
            level: Level::Component,
            ..*self
        }
    }

    /// A subcomponent, from 1, of the first component.
    pub fn subcomponent(&self, number: usize) -> Value<'a> {
        let component = if self.level < Level::Component {
            self.component(1)
        } else {
            *self
        };
        let text = match (self.separators.subcomponent, self.level) {
            (Some(cut), level) if level < Level::Subcomponent => component
                .text
                .split(cut)
                .nth(number.saturating_sub(1))
                .unwrap_or_default(),
            _ if number == 1 => component.text,
            _ => "",
        };
        Value {
            text,
            level: Level::Subcomponent,
            ..*self
        }
    }

    /// The text of the first repetition, component and subcomponent, unescaped; `None` where nothing
    /// or null stands there. Parts beyond what a reader knows are ignored, as the standard asks
    /// (§2.6.2).
    pub fn read(&self) -> Option<Cow<'a, str>> {
        let innermost = self.subcomponent(1);
        if innermost.is_empty() || innermost.is_null() {
            return None;
        }
        Some(innermost.unescaped(innermost.text.trim()))
    }

    /// Everything that stands here as one text, unescaped; for fields that are prose, in which senders
    /// leave separators unescaped.
    pub fn prose(&self) -> Option<Cow<'a, str>> {
        if self.is_empty() || self.is_null() {
            return None;
        }
        Some(self.unescaped(self.text))
    }

    fn first(&self, cut: char) -> &'a str {
        self.text.split(cut).next().unwrap_or_default()
    }

    fn unescaped(&self, text: &'a str) -> Cow<'a, str> {
        unescape(text, &self.separators, self.charset)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({} bytes)", self.text.len())
    }
}

/// Resolves escape sequences (§2.7). Highlighting is dropped, formatting becomes white space, and what
/// means nothing to anybody stays as it is, so that nothing is lost.
pub fn unescape<'a>(text: &'a str, separators: &Separators, charset: Charset) -> Cow<'a, str> {
    let Some(escape) = separators.escape else {
        return Cow::Borrowed(text);
    };
    if !text.contains(escape) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(escape) {
        out.push_str(before);
        let Some((sequence, behind)) = after.split_once(escape) else {
            out.push(escape);
            rest = after;
            break;
        };
        if resolve(sequence, separators, charset, &mut out) {
            rest = behind;
        } else {
            // A lone escape character: the one that seemed to end it may begin the next sequence.
            out.push(escape);
            out.push_str(sequence);
            rest = &after[sequence.len()..];
            if sequence.len() <= MAX_SEQUENCE && is_sequence(sequence) {
                out.push(escape);
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn is_sequence(sequence: &str) -> bool {
    sequence.starts_with(['X', 'Z', 'C', 'M', '.'])
}

fn resolve(sequence: &str, separators: &Separators, charset: Charset, out: &mut String) -> bool {
    if let Some(mark) = separators.marked(sequence) {
        out.push(mark);
        return true;
    }
    if matches!(sequence, "H" | "N" | "P") {
        return true;
    }
    if let Some(digits) = sequence.strip_prefix('X') {
        let Some(text) = bytes_of(digits).and_then(|bytes| charset.decode_part(&bytes)) else {
            return false;
        };
        out.push_str(&text);
        return true;
    }
    if sequence == "C2842" || sequence == "M2842" {
        return true;
    }
    let Some(command) = sequence.strip_prefix('.').and_then(|rest| rest.get(..2)) else {
        return false;
    };
    let count = || {
        let count = sequence[3..]
            .trim_start_matches('+')
            .parse()
            .unwrap_or(1_usize);
        count.clamp(1, MAX_SPACE)
    };
    match command {
        "br" | "ce" => out.push('\n'),
        "sp" => (0..count()).for_each(|_| out.push('\n')),
        "sk" => (0..count()).for_each(|_| out.push(' ')),
        "in" | "ti" | "fi" | "nf" => {}
        _ => return false,
    }
    true
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |b: u8| char::from(b).to_digit(16);
    digits
        .chunks(2)
        .map(|pair| u8::try_from(nibble(pair[0])? * 16 + nibble(pair[1])?).ok())
        .collect()
}

/// More than any real message has.
const MAX_SEGMENTS: usize = 100_000;
/// MSH-1, MSH-2 and the truncation character of version 2.7.
const MAX_MARKS: usize = 6;
/// Blank lines or spaces that a formatting command makes at most.
const MAX_SPACE: usize = 20;
const MAX_SEQUENCE: usize = 64;
/// Stands in no text: the decoder of frames ends at it.
const NOTHING: char = '\u{1c}';
