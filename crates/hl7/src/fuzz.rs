//! The decoders as plain functions over bytes, for tests and fuzzers: none of them may panic.

use chrono_tz::Tz;

use crate::ack::{self, Code};
use crate::charset::Charset;
use crate::header::Header;
use crate::message::{Message, unescape};
use crate::mllp::{Decoder, Item, frame};
use crate::{batch, event};

/// A message as a listener takes it: batch, header, character set, structure, event, acknowledgement;
/// whether it was read.
///
/// # Panics
/// When an acknowledgement is no message, or an escaped text does not come back.
pub fn message(bytes: &[u8]) -> bool {
    let Some(header) = Header::of_bytes(bytes) else {
        return batch_of(bytes);
    };
    let answer = ack::write(&header, Code::Accept, None, "1", NOW, Tz::UTC);
    if let Some(answer) = answer {
        assert!(
            Message::parse(&answer, Charset::UTF_8).is_ok(),
            "an acknowledgement is a message"
        );
    }
    let set = Charset::of(&header.charset, header.separators.repetition);
    let Ok(set) = set.map(|set| set.unwrap_or(Charset::ASCII)) else {
        return false;
    };
    let escape = header.separators.escape.and_then(|c| u8::try_from(c).ok());
    let Ok(text) = set.decode(bytes, escape.unwrap_or(b'\\')) else {
        return false;
    };
    let Ok(message) = Message::parse(&text, set) else {
        return false;
    };
    let separators = message.separators();
    for segment in message.segments().take(64) {
        for number in 0..40 {
            let field = segment.field(number);
            for value in field.repetitions().take(4) {
                let read = value.read();
                if let Some(text) = read
                    .filter(|_| separators.escape.is_some() && separators.subcomponent.is_some())
                {
                    let escaped = separators.escape(&text);
                    let back = unescape(&escaped, &separators, set);
                    assert!(back == text, "an escaped text comes back");
                }
                let _ = value.prose();
            }
        }
    }
    event::read(&message, &header, Tz::UTC).is_ok()
}

/// Bytes of a connection; whether a frame stood in them. However they are cut, the frames are the same.
///
/// # Panics
/// When they are not.
pub fn frames(bytes: &[u8]) -> bool {
    const LIMIT: usize = 512;
    let mut whole = Vec::new();
    Decoder::new(LIMIT).push(bytes, &mut whole);
    let mut cut = Vec::new();
    let mut decoder = Decoder::new(LIMIT);
    for byte in bytes {
        decoder.push(&[*byte], &mut cut);
    }
    assert!(whole == cut, "frames depend on how bytes are cut");
    for item in &whole {
        if let Item::Frame(content) = item {
            let mut again = Vec::new();
            Decoder::new(LIMIT).push(&frame(content), &mut again);
            assert!(again.last() == Some(item), "a frame comes back");
        }
    }
    whole.iter().any(|item| matches!(item, Item::Frame(_)))
}

fn batch_of(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let Ok(messages) = batch::messages(text) else {
        return false;
    };
    batch::is_batch(bytes) && messages.iter().all(|text| message(text.as_bytes()))
}

/// In January 2026, unix milliseconds.
const NOW: u64 = 1_767_600_000_000;
