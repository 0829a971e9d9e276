//! Frames of the Minimal Lower Layer Protocol, release 1: `0x0B`, the message, `0x1C 0x0D`.
//!
//! Real senders leave the last byte out, put line ends between frames, or begin a frame anew after
//! they broke off in the middle of one. All of that is understood: a frame ends with `0x1C` (which
//! stands in no text), and what a restart left behind is told as [`Item::Truncated`].

/// What the bytes turned out to hold.
#[derive(Clone, PartialEq, Eq)]
pub enum Item {
    /// The content of a frame.
    Frame(Vec<u8>),
    /// A frame that was begun and not ended before another one began: its beginning.
    Truncated(Vec<u8>),
    /// A frame grew beyond the limit: its beginning. Nothing more is read of this connection.
    TooLong(Vec<u8>),
}

/// Reads frames out of bytes as they come, however they are cut.
#[derive(Clone)]
pub struct Decoder {
    limit: usize,
    state: State,
    frame: Vec<u8>,
    noise: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    Inside,
    Ended,
}

impl Decoder {
    /// A decoder that takes messages of up to `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            state: State::Outside,
            frame: Vec::new(),
            noise: 0,
        }
    }

    /// Takes what came, and gives what is whole now.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<Item>) {
        while !bytes.is_empty() {
            match self.state {
                State::Ended => return,
                State::Outside => {
                    let begin = bytes.iter().position(|b| *b == START);
                    let skipped = &bytes[..begin.unwrap_or(bytes.len())];
                    let noise = skipped.iter().filter(|b| !b.is_ascii_whitespace()).count();
                    self.noise = self.noise.saturating_add(noise);
                    let Some(begin) = begin else { return };
                    bytes = &bytes[begin + 1..];
                    self.state = State::Inside;
                }
                State::Inside => {
                    let end = bytes.iter().position(|b| *b == END);
                    let part = &bytes[..end.unwrap_or(bytes.len())];
                    let room = self.limit.saturating_sub(self.frame.len());
                    if part.len() > room {
                        self.frame.extend_from_slice(&part[..room.min(HEAD)]);
                        self.frame.truncate(HEAD);
                        self.state = State::Ended;
                        out.push(Item::TooLong(std::mem::take(&mut self.frame)));
                        return;
                    }
                    self.frame.extend_from_slice(part);
                    let Some(end) = end else { return };
                    bytes = &bytes[end + 1..];
                    self.state = State::Outside;
                    self.finish(out);
                }
            }
        }
    }

    /// Whether a frame has begun whose end has not come.
    pub fn is_inside(&self) -> bool {
        self.state == State::Inside
    }

    /// The beginning of the frame that has begun, enough to say whose message it is.
    pub fn head(&self) -> &[u8] {
        &self.frame[..self.frame.len().min(HEAD)]
    }

    /// Bytes outside of frames that were no white space: whoever sends many speaks something else.
    pub fn noise(&self) -> usize {
        self.noise
    }

    /// A vertical tab may stand in a text; one that is followed by a header is a sender that began anew.
    fn finish(&mut self, out: &mut Vec<Item>) {
        let mut frame = std::mem::take(&mut self.frame);
        let restart = (0..frame.len())
            .rev()
            .find(|at| frame[*at] == START && is_header(&frame[at + 1..]));
        if let Some(at) = restart {
            let whole = frame.split_off(at + 1);
            frame.truncate(at.min(HEAD));
            out.push(Item::Truncated(frame));
            out.push(Item::Frame(whole));
        } else {
            out.push(Item::Frame(frame));
        }
    }
}

/// Wraps a message for sending.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 3);
    out.push(START);
    out.extend_from_slice(message);
    out.extend_from_slice(&[END, 0x0D]);
    out
}

fn is_header(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    [b"MSH", b"FHS", b"BHS"]
        .iter()
        .any(|name| bytes.starts_with(*name))
}

const START: u8 = 0x0B;
const END: u8 = 0x1C;
/// How much of a frame is kept to answer it when the rest is not taken.
const HEAD: usize = 4096;
