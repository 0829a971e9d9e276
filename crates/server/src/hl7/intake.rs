//! A frame into an acknowledgement: judged, made durable, answered.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use wardline_audit::Salt;
use wardline_audit::event::Kind;
use wardline_hl7::mllp::Item;
use wardline_hl7::{Charset, Code, Fault, FaultCode, Header, Message, Place, ack, batch, event};
use wardline_store::{Arrival, Arrived};

use crate::app::App;
use crate::rim::random;

/// What an operator is told of a message: who sent it, and under which id. Senders' mistakes may put a
/// patient there, so it is sealed like the message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct About {
    /// MSH-3.1
    pub(crate) application: String,
    /// MSH-4.1
    pub(crate) facility: String,
    /// MSH-10
    pub(crate) control_id: String,
}

/// Answers what came; a batch has an answer for each of its messages.
pub(crate) async fn answer(app: &App, address: SocketAddr, item: Item) -> Vec<Vec<u8>> {
    match item {
        Item::Frame(bytes) if batch::is_batch(&bytes) => of_batch(app, address, &bytes).await,
        Item::Frame(bytes) => of_message(app, address, &bytes).await.into_iter().collect(),
        Item::Truncated(head) => {
            count("truncated");
            let words = "the message broke off: another one began before its end";
            refuse(app, &head, &Fault::new(FaultCode::Internal, words))
                .into_iter()
                .collect()
        }
        Item::TooLong(head) => {
            count("too_long");
            let most = app.config.hl7.max_message_bytes;
            let words = format!("the message is longer than {most} bytes");
            refuse(app, &head, &Fault::new(FaultCode::Internal, words))
                .into_iter()
                .collect()
        }
    }
}

/// The answer to a message whose end did not come.
pub(crate) fn unfinished(app: &App, head: &[u8]) -> Vec<u8> {
    count("unfinished");
    let seconds = app.config.hl7.timeout_seconds;
    let words = format!("the message did not end within {seconds} seconds (no end block)");
    refuse(app, head, &Fault::new(FaultCode::Internal, words)).unwrap_or_default()
}

pub(crate) fn count(outcome: &'static str) {
    metrics::counter!("wardline_hl7_messages_total", "outcome" => outcome).increment(1);
}

async fn of_batch(app: &App, address: SocketAddr, bytes: &[u8]) -> Vec<Vec<u8>> {
    // Its messages are of one character set, which the first of them names.
    let first = bytes
        .windows(4)
        .position(|w| w[..3] == *b"MSH" && !w[3].is_ascii_alphanumeric());
    let header = first.and_then(|at| Header::of_bytes(&bytes[at..]));
    let text = header.as_ref().map_or_else(
        || Ok((Charset::ASCII, String::from_utf8_lossy(bytes).into_owned())),
        |header| decoded(app, header, bytes),
    );
    let cut = text.and_then(|(set, text)| {
        let messages = batch::messages(&text)
            .map_err(|error| Fault::new(FaultCode::SegmentSequence, error.to_string()))?;
        Ok(messages
            .iter()
            .map(|message| set.encode(message))
            .collect::<Vec<_>>())
    });
    match cut {
        Ok(messages) => {
            let mut answers = Vec::with_capacity(messages.len());
            for message in messages {
                answers.extend(of_message(app, address, &message).await);
            }
            answers
        }
        Err(fault) => {
            count("refused");
            let header = header.unwrap_or_else(Header::nobody);
            write(app, &header, &Err(fault)).into_iter().collect()
        }
    }
}

async fn of_message(app: &App, address: SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> {
    let Some(header) = Header::of_bytes(bytes) else {
        count("refused");
        let fault = Fault::new(
            FaultCode::SegmentSequence,
            "the frame does not begin with MSH",
        );
        return write(app, &Header::nobody(), &Err(fault));
    };
    let outcome = take(app, address, &header, bytes).await;
    count(match &outcome {
        Ok(Arrived::Kept) => "kept",
        Ok(Arrived::Repeated | Arrived::Reused) => "repeated",
        Err(_) => "refused",
    });
    write(app, &header, &outcome)
}

/// Judges a message and keeps it.
async fn take(
    app: &App,
    address: SocketAddr,
    header: &Header,
    bytes: &[u8],
) -> Result<Arrived, Fault> {
    let config = &app.config.hl7;
    let (application, facility) = header.sender();
    if !config.takes(application, facility) {
        let place = Place::field("MSH", 3);
        let words = "this sender is not let to send here (MSH-3, MSH-4)";
        return Err(Fault::at(FaultCode::Internal, place, words));
    }
    if header.control_id.is_empty() {
        let place = Place::field("MSH", 10);
        return Err(Fault::at(
            FaultCode::RequiredField,
            place,
            "MSH-10 is missing",
        ));
    }
    if header.control_id.len() > MAX_ID {
        let place = Place::field("MSH", 10);
        return Err(Fault::at(FaultCode::DataType, place, "MSH-10 is too long"));
    }
    if !(header.version.is_empty() || header.version.starts_with("2.")) {
        let place = Place::field("MSH", 12);
        return Err(Fault::at(
            FaultCode::VersionId,
            place,
            "versions 2.1 to 2.9 are taken",
        ));
    }
    let processing = if header.processing.is_empty() {
        "P"
    } else {
        &header.processing
    };
    if !config.processing.iter().any(|taken| taken == processing) {
        let place = Place::field("MSH", 11);
        let words = "messages of this processing id are not taken here";
        return Err(Fault::at(FaultCode::ProcessingId, place, words));
    }
    event::is_taken(header)?;
    let (set, text) = decoded(app, header, bytes)?;
    let message = parsed(&text, set)?;
    event::read(&message, header, config.zone())?;

    let about = About {
        application: application.to_owned(),
        facility: facility.to_owned(),
        control_id: header.control_id.clone(),
    };
    let now_ms = app.clock.now_ms();
    let mut received = app.gate.house_event(RECEIVED, "hl7.receive", now_ms);
    let identity = [application, facility, &header.control_id].join("\0");
    let id = app.keys.index.hash("hl7 event", identity.as_bytes());
    received
        .detail
        .insert("message".to_owned(), hex::encode(&id[..8]).into());
    received
        .detail
        .insert("type".to_owned(), header.kind().into());
    let source = address.ip().to_canonical().to_string();
    received.detail.insert("source".to_owned(), source.into());
    let content = without_time(&text, header);
    // Kept as text: what was read once is read the same way when it is applied.
    let arrival = Arrival {
        identity: identity.as_bytes(),
        content: content.as_bytes(),
        kind: &header.kind(),
        about: &serde_json::to_vec(&about).unwrap_or_default(),
        body: text.as_bytes(),
        now_ms,
        event: &received,
        salt: Salt(random()),
    };
    match app.gate.machinery().arrive(&arrival).await {
        Ok(Arrived::Reused) => {
            let place = Place::field("MSH", 10);
            let words = "another message came under this control id; send it under one of its own";
            Err(Fault::at(FaultCode::DuplicateKey, place, words))
        }
        Ok(arrived) => {
            if arrived == Arrived::Kept {
                app.bus.publish(wardline_bus::Hint::Audit);
                app.feed.due();
            }
            Ok(arrived)
        }
        Err(error) => {
            tracing::error!(%error, "a message of a feed was not kept");
            let words = "the message could not be kept; send it again";
            Err(Fault::new(FaultCode::Locked, words))
        }
    }
}

/// The text of bytes, by what their header says.
fn decoded(app: &App, header: &Header, bytes: &[u8]) -> Result<(Charset, String), Fault> {
    let place = Place::field("MSH", 18);
    let set = Charset::of(&header.charset, header.separators.repetition)
        .map_err(|error| Fault::at(FaultCode::TableValue, place, error.to_string()))?
        .unwrap_or_else(|| app.config.hl7.usual_charset());
    let escape = header.separators.escape.and_then(|c| u8::try_from(c).ok());
    let text = set
        .decode(bytes, escape.unwrap_or(b'\\'))
        .map_err(|error| Fault::at(FaultCode::DataType, place, error.to_string()))?;
    Ok((set, text.into_owned()))
}

fn parsed(text: &str, set: Charset) -> Result<Message<'_>, Fault> {
    Message::parse(text, set)
        .map_err(|error| Fault::new(FaultCode::SegmentSequence, error.to_string()))
}

/// A message as it is compared with a repetition: senders stamp MSH-7 anew.
fn without_time(text: &str, header: &Header) -> String {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    let field = header.separators.field;
    let kept: Vec<&str> = line
        .split(field)
        .enumerate()
        .map(|(index, part)| if index == 6 { "" } else { part })
        .collect();
    kept.join(&field.to_string()) + rest
}

fn refuse(app: &App, head: &[u8], fault: &Fault) -> Option<Vec<u8>> {
    let header = Header::of_bytes(head).unwrap_or_else(Header::nobody);
    write(app, &header, &Err(fault.clone()))
}

fn write(app: &App, header: &Header, outcome: &Result<Arrived, Fault>) -> Option<Vec<u8>> {
    let (code, fault) = match outcome {
        Ok(_) => (Code::Accept, None),
        Err(fault) => (fault.answer(), Some(fault)),
    };
    let own_id = hex::encode(random::<8>());
    let zone = app.config.hl7.zone();
    let text = ack::write(header, code, fault, &own_id, app.clock.now_ms(), zone)?;
    let set = Charset::of(&header.charset, header.separators.repetition);
    let set = set.ok().flatten().unwrap_or(Charset::ASCII);
    Some(set.encode(&text))
}

/// Longer than the standard's 199.
const MAX_ID: usize = 256;
const RECEIVED: Kind = Kind::named("hl7.received");
