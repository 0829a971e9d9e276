//! HL7 v2: what comes over MLLP, read, judged and answered.
//!
//! - [`mllp`]: bytes into frames (MLLP release 1), as a decoder that is handed bytes.
//! - [`charset`]: bytes of a frame into text, by what MSH-18 says.
//! - [`message`]: text into segments, fields, repetitions and components, borrowed; escapes.
//! - [`header`]: what MSH says.
//! - [`batch`]: FHS and BHS envelopes, cut into messages.
//! - [`ack`]: acknowledgements, original and enhanced mode, with ERR.
//! - [`time`]: HL7's times, as precise as they were written.
//! - [`event`]: what the messages that are taken tell, typed: [`event::Event`].
//! - [`flood`]: which critical results and alarms page somebody, and which are counted with others.
//! - [`fuzz`]: the decoders as functions over bytes, with what must always hold.
//!
//! Values out of a message are PHI: no error and no `Debug` in this crate repeats one. Errors name
//! places (`PID-3`), which is what an acknowledgement may say and a log may keep.

pub mod ack;
pub mod batch;
pub mod charset;
pub mod event;
pub mod flood;
pub mod fuzz;
pub mod header;
pub mod message;
pub mod mllp;
pub mod time;

pub use ack::{Code, Fault, FaultCode, Place};
pub use charset::Charset;
pub use event::Event;
pub use header::Header;
pub use message::{Message, Segment, Value};
