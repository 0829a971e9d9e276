//! HL7 v2 over MLLP and MLLPS: what the hospital's other systems tell of patients.
//!
//! A message is judged, made durable, and only then acknowledged; it is applied to the record afterwards,
//! in the order of arrival. What cannot be applied is set aside with its reason, where an operator sees it.
//!
//! - `listener`: connections, frames, time-outs; TLS with senders' certificates.
//! - `intake`: a frame into an acknowledgement: who sends, character set, structure, content, and keeping.
//! - `worker`: applies what waits, one node at a time.
//! - `apply`: what a message does to the record, as resources that are read, made, and written at once.

mod apply;
mod intake;
mod listener;
mod worker;

use tokio::sync::Notify;

pub(crate) use self::apply::critical::{LATE_MS, Told};
pub(crate) use self::intake::About;
pub(crate) use self::listener::{serve, server_config};
pub(crate) use self::worker::run;

/// What the parts of the feed tell each other.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    news: Notify,
}

impl Feed {
    /// Something waits to be applied.
    pub(crate) fn due(&self) {
        self.news.notify_one();
    }
}
