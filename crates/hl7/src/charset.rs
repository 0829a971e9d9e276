//! Character sets by their names in MSH-18 (HL7 table 0211), decoded without a guess.
//!
//! A message whose bytes cannot be what it says they are is refused with the place of the first such
//! byte. That includes UTF-8 under the name of ISO 8859, which every byte-wise decoder would take, and
//! turn names into rubbish.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding};
use thiserror::Error;

/// How the bytes of a message are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charset(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ascii,
    Utf8,
    /// One byte a character.
    Narrow(&'static Encoding),
    /// Several bytes a character.
    Wide(&'static Encoding),
    /// ISO 2022 with JIS X 0201 and 0208.
    Japanese,
}

/// MSH-18 names a character set that is not read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the character set in MSH-18 is not supported")]
pub struct Unsupported;

/// Why bytes are not the text that they are said to be. It names a place and never what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A byte that the character set does not have.
    #[error("byte {at} is no character of the set that MSH-18 names")]
    Byte {
        /// Counted from 1.
        at: usize,
    },
    /// The text is UTF-8, and said to be something else.
    #[error("the message is UTF-8, which MSH-18 does not say")]
    Utf8 {
        /// The first byte that shows it, counted from 1.
        at: usize,
    },
    /// An escape sequence switches to another character set.
    #[error("an escape sequence at byte {at} switches to a character set that is not supported")]
    Switch {
        /// Counted from 1.
        at: usize,
    },
}

impl DecodeError {
    /// Where, counted from 1.
    pub const fn at(self) -> usize {
        let (Self::Byte { at } | Self::Utf8 { at } | Self::Switch { at }) = self;
        at
    }
}

impl Charset {
    /// ISO 646, the default of the standard.
    pub const ASCII: Self = Self(Kind::Ascii);
    /// UTF-8.
    pub const UTF_8: Self = Self(Kind::Utf8);

    /// The set of a whole MSH-18, its repetitions separated by `repetition`. The first is the set that
    /// a message begins in; Japanese ones are reached from it by escapes.
    ///
    /// # Errors
    /// When one of them is not known.
    pub fn of(msh18: &str, repetition: char) -> Result<Option<Self>, Unsupported> {
        let mut first = None;
        let mut is_japanese = false;
        for name in msh18.split(repetition).map(str::trim) {
            if name.is_empty() {
                continue;
            }
            let set = Self::named(name).ok_or(Unsupported)?;
            is_japanese |= set.0 == Kind::Japanese;
            first.get_or_insert(set);
        }
        if is_japanese {
            return match first {
                Some(Self(Kind::Ascii | Kind::Japanese)) => Ok(Some(Self(Kind::Japanese))),
                _ => Err(Unsupported),
            };
        }
        Ok(first)
    }

    /// The set of a name of table 0211, or of a name that senders use for one of them.
    pub fn named(name: &str) -> Option<Self> {
        let folded: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let folded = folded.strip_prefix("ISO8859").map_or_else(
            || folded.clone(),
            |part| format!("8859{}", part.trim_start_matches('0')),
        );
        Some(Self(match folded.as_str() {
            "ASCII" | "USASCII" | "ISOIR6" => Kind::Ascii,
            "UNICODEUTF8" | "UTF8" | "UNICODE" => Kind::Utf8,
            // What is called ISO 8859-1, -9 and -11 is Windows' superset wherever the two differ: the
            // difference are control characters, which stand in no text.
            "88591" | "WINDOWS1252" | "CP1252" => Kind::Narrow(encoding_rs::WINDOWS_1252),
            "88592" => Kind::Narrow(encoding_rs::ISO_8859_2),
            "88593" => Kind::Narrow(encoding_rs::ISO_8859_3),
            "88594" => Kind::Narrow(encoding_rs::ISO_8859_4),
            "88595" => Kind::Narrow(encoding_rs::ISO_8859_5),
            "88596" => Kind::Narrow(encoding_rs::ISO_8859_6),
            "88597" => Kind::Narrow(encoding_rs::ISO_8859_7),
            "88598" => Kind::Narrow(encoding_rs::ISO_8859_8),
            "88599" => Kind::Narrow(encoding_rs::WINDOWS_1254),
            "885910" => Kind::Narrow(encoding_rs::ISO_8859_10),
            "885911" => Kind::Narrow(encoding_rs::WINDOWS_874),
            "885913" => Kind::Narrow(encoding_rs::ISO_8859_13),
            "885914" => Kind::Narrow(encoding_rs::ISO_8859_14),
            "885915" => Kind::Narrow(encoding_rs::ISO_8859_15),
            "885916" => Kind::Narrow(encoding_rs::ISO_8859_16),
            "GB18030" | "GB180302000" => Kind::Wide(encoding_rs::GB18030),
            "BIG5" => Kind::Wide(encoding_rs::BIG5),
            "KSX1001" => Kind::Wide(encoding_rs::EUC_KR),
            "ISOIR14" | "ISOIR87" => Kind::Japanese,
            _ => return None,
        }))
    }

    /// The text of a whole message.
    ///
    /// # Errors
    /// The first byte that cannot be right.
    pub fn decode<'a>(&self, bytes: &'a [u8], escape: u8) -> Result<Cow<'a, str>, DecodeError> {
        let switches = switches(bytes, escape);
        let text = match self.0 {
            Kind::Ascii => match bytes.iter().position(|b| !b.is_ascii()) {
                None => utf8(bytes)?,
                Some(at) if std::str::from_utf8(bytes).is_ok() => {
                    return Err(DecodeError::Utf8 { at: at + 1 });
                }
                Some(at) => return Err(DecodeError::Byte { at: at + 1 }),
            },
            Kind::Utf8 => utf8(bytes)?,
            Kind::Narrow(encoding) => {
                if let Some(at) = bytes.iter().position(|b| !b.is_ascii())
                    && std::str::from_utf8(bytes).is_ok()
                {
                    return Err(DecodeError::Utf8 { at: at + 1 });
                }
                let text = whole(encoding, bytes)?;
                if let Some((at, _)) = text.chars().enumerate().find(|(_, c)| is_c1(*c)) {
                    return Err(DecodeError::Byte { at: at + 1 });
                }
                text
            }
            Kind::Wide(encoding) => whole(encoding, bytes)?,
            Kind::Japanese => {
                // HL7's own escapes for ISO 2022's (§2.7.1) become those.
                let mut plain = bytes.to_vec();
                for switch in switches.iter().rev() {
                    let Some(designation) = japanese(switch.to) else {
                        return Err(DecodeError::Switch { at: switch.at + 1 });
                    };
                    drop(plain.splice(switch.at..switch.end, designation.iter().copied()));
                }
                let text = whole(encoding_rs::ISO_2022_JP, &plain)?;
                return Ok(Cow::Owned(text.into_owned()));
            }
        };
        // Switching to ASCII, which all of these begin with, changes nothing.
        match switches.iter().find(|switch| switch.to != b"2842") {
            Some(switch) => Err(DecodeError::Switch { at: switch.at + 1 }),
            None => Ok(text),
        }
    }

    /// Text of an escape sequence that gives bytes of this set; `None` when they are none of it.
    pub(crate) fn decode_part(&self, bytes: &[u8]) -> Option<String> {
        match self.0 {
            Kind::Ascii => bytes
                .is_ascii()
                .then(|| bytes.iter().map(|b| char::from(*b)).collect()),
            Kind::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
            Kind::Narrow(encoding) | Kind::Wide(encoding) => {
                whole(encoding, bytes).ok().map(Cow::into_owned)
            }
            Kind::Japanese => whole(encoding_rs::ISO_2022_JP, bytes)
                .ok()
                .map(Cow::into_owned)
                .or_else(|| Self::ASCII.decode_part(bytes)),
        }
    }

    /// Bytes of a text; what the set does not have becomes `?`.
    pub fn encode(&self, text: &str) -> Vec<u8> {
        match self.0 {
            Kind::Utf8 => text.as_bytes().to_vec(),
            Kind::Narrow(encoding) | Kind::Wide(encoding) if !text.is_ascii() => {
                let mut out = Vec::with_capacity(text.len());
                for c in text.chars() {
                    let mut buffer = [0; 4];
                    let (bytes, _, is_lossy) = encoding.encode(c.encode_utf8(&mut buffer));
                    if is_lossy {
                        out.push(b'?');
                    } else {
                        out.extend_from_slice(&bytes);
                    }
                }
                out
            }
            _ => text
                .chars()
                .map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?'))
                .collect(),
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|error| DecodeError::Byte {
            at: error.valid_up_to() + 1,
        })
}

fn whole<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Result<Cow<'a, str>, DecodeError> {
    // Every set here but ISO 2022 reads ASCII as ASCII.
    if encoding != encoding_rs::ISO_2022_JP && bytes.is_ascii() {
        return utf8(bytes);
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    let mut text = String::with_capacity(room.unwrap_or(bytes.len()));
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(Cow::Owned(text)),
        DecoderResult::Malformed(length, after) => Err(DecodeError::Byte {
            at: read
                .saturating_sub(usize::from(length) + usize::from(after))
                .saturating_add(1),
        }),
        DecoderResult::OutputFull => Err(DecodeError::Byte { at: read + 1 }),
    }
}

const fn is_c1(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}')
}

/// An escape sequence `\Cxxyy\` or `\Mxxyyzz\`, with its place.
struct Switch<'a> {
    at: usize,
    end: usize,
    to: &'a [u8],
}

fn switches(bytes: &[u8], escape: u8) -> Vec<Switch<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = bytes[at..].iter().position(|b| *b == escape) {
        let begin = at + begin;
        let after = &bytes[begin + 1..];
        let Some(length) = after.iter().take(MAX_SWITCH).position(|b| *b == escape) else {
            at = begin + 1;
            continue;
        };
        let body = &after[..length];
        let end = begin + length + 2;
        let is_hex = |part: &[u8]| part.iter().all(u8::is_ascii_hexdigit);
        match body {
            [b'C', to @ ..] if to.len() == 4 && is_hex(to) => {
                found.push(Switch { at: begin, end, to });
            }
            [b'M', to @ ..] if matches!(to.len(), 4 | 6) && is_hex(to) => {
                found.push(Switch { at: begin, end, to });
            }
            _ => {}
        }
        at = end;
        if found.len() > MAX_SWITCHES {
            break;
        }
    }
    found
}

fn japanese(to: &[u8]) -> Option<&'static [u8]> {
    match to {
        b"2842" => Some(b"\x1B(B"),
        b"284A" | b"284a" => Some(b"\x1B(J"),
        b"2442" => Some(b"\x1B$B"),
        b"2440" => Some(b"\x1B$@"),
        _ => None,
    }
}

/// `\M` and six digits, and the end.
const MAX_SWITCH: usize = 8;
/// More than any message of names has; beyond it the message is refused at the one after.
const MAX_SWITCHES: usize = 100_000;
