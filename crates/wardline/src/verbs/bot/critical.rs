//! Critical results and alarms: fetched from the hospital, told to the role on call as a STAT message about
//! the patient, and the value read back.
//!
//! The hospital hands each call to one bot at a time, and hands it again until it is told by which message it was
//! posted. The message's id follows from the call's, so over restarts and lost answers it is one message.
//!
//! Whoever answers with the value is told whether it is the value; what is still to be read back is kept in the
//! bot's own store.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wardline_client::ClientError;
use wardline_client::Platform as _;
use wardline_client::views::Message;
use wardline_client_native::{NativeClient, NativeError};
use wardline_model::wire::critical::{
    CriticalCall, CriticalCalls, CriticalFinding, CriticalKind, CriticalPosted,
};
use wardline_model::wire::messages::Priority;
use wardline_model::wire::problem::Problem;
use wardline_model::wire::socket::ServerFrame;
use wardline_model::{CriticalId, GroupId, MessageId};

use super::{Refused, id_of, send_into};

/// What the bot knows of its calls.
#[derive(Default)]
pub(super) struct Calls {
    /// Something may wait at the hospital.
    stale: bool,
    /// Something may have been written in a conversation.
    spoken: bool,
    /// When it may ask again, after it was refused or something could not be posted, unix milliseconds.
    not_before: Option<u64>,
    /// Whether the hospital lets it.
    allowed: Option<bool>,
    read_backs: Option<Vec<ReadBack>>,
}

/// Values that somebody is to read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ReadBack {
    call: CriticalId,
    group: GroupId,
    /// The STAT message.
    message: MessageId,
    /// Up to where answers were looked at.
    seq: u64,
    /// What was measured, and the value that is to come back.
    values: Vec<Expected>,
    /// When it was asked for, unix milliseconds.
    at: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Expected {
    what: String,
    value: String,
    unit: String,
}

impl Calls {
    /// There is a connection: what came without one is asked for.
    pub(super) fn connected(&mut self) {
        self.stale = true;
        self.spoken = true;
        self.not_before = None;
        self.allowed = None;
    }

    /// A frame came, or a while passed.
    pub(super) fn heard(&mut self, frame: Option<&ServerFrame>) {
        match frame {
            None => {
                self.stale = true;
                self.spoken = true;
            }
            Some(ServerFrame::CriticalCalls) => self.stale = true,
            Some(ServerFrame::Entry { .. } | ServerFrame::Reached { .. } | ServerFrame::Inbox) => {
                self.spoken = true;
            }
            Some(_) => {}
        }
    }

    /// How long nothing needs to be done where the hospital tells of what waits.
    pub(super) fn patience(&self, client: &NativeClient, usual: Duration) -> Duration {
        match self.not_before {
            Some(at) if self.stale && self.allowed == Some(true) => {
                let wait = at.saturating_sub(client.platform().now_ms());
                usual.min(Duration::from_millis(wait) + SOON)
            }
            _ => usual,
        }
    }

    /// The same where it does not.
    pub(super) fn patience_unheard(&self, usual: Duration) -> Duration {
        if self.allowed == Some(true) {
            usual.min(ASK)
        } else {
            usual
        }
    }

    /// Posts what waits and answers what was read back; whether anything was posted.
    pub(super) async fn tell(&mut self, client: &mut NativeClient) -> Result<bool, NativeError> {
        let mut posted = false;
        let now_ms = client.platform().now_ms();
        // A clock that was set back must not keep it from asking.
        let may_ask = self
            .not_before
            .is_none_or(|at| at <= now_ms || at > now_ms + REFUSED_MS);
        if self.stale && may_ask {
            posted = self.fetch(client).await?;
        }
        if self.spoken {
            self.spoken = false;
            self.listen(client).await?;
        }
        Ok(posted)
    }

    async fn fetch(&mut self, client: &mut NativeClient) -> Result<bool, NativeError> {
        self.not_before = None;
        let found = match client.raw("GET", "/v1/critical-calls", None).await {
            Ok(found) => found,
            Err(ClientError::Problem(problem)) if problem.status == 403 => {
                self.allowed = Some(false);
                self.not_before = Some(client.platform().now_ms() + REFUSED_MS);
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        let found: CriticalCalls = serde_json::from_slice(&found)
            .map_err(|_| ClientError::Untrusted("critical calls of an unknown form"))?;
        self.allowed = Some(true);
        self.stale = false;
        let mut posted = false;
        let many = found.calls.len();
        for call in found.calls {
            match self.post(client, &call, found.reads).await {
                Ok(()) => posted = true,
                Err(refused) => {
                    // The hospital shows that it waits. What it says stays out of the log.
                    let Refused(problem) = refused;
                    let (call, why) = (call.id, reason(&problem));
                    tracing::error!(%call, %why, "a critical result or alarm was not posted");
                    self.stale = true;
                    self.not_before = Some(client.platform().now_ms() + AGAIN_MS);
                }
            }
        }
        // There may be more than one answer holds.
        self.stale |= many > 0;
        Ok(posted)
    }

    async fn post(
        &mut self,
        client: &mut NativeClient,
        call: &CriticalCall,
        reads: bool,
    ) -> Result<(), Refused> {
        let id = id_of(&format!("critical call {}", call.id));
        let group = client
            .start(&[], Some(call.role.clone()), call.patient.clone())
            .await?;
        let values = if reads { expected(call) } else { Vec::new() };
        let text = words(call, !values.is_empty());
        let sent = send_into(client, id, group, text, None, Priority::Stat).await?;
        let Some(seq) = sent.seq else {
            return Err(Refused::busy("It waits on this machine."));
        };
        let group = sent.group;
        if !values.is_empty() {
            // Before the hospital forgets the call: what is not kept here is not asked for again.
            self.expect(client, call, group, id, seq, values).await?;
        }
        let body = serde_json::to_vec(&CriticalPosted { group, seq });
        let body = body.map_err(|error| Refused::busy(&error.to_string()))?;
        let path = format!("/v1/critical-calls/{}/posted", call.id);
        client.raw("POST", &path, Some(body)).await?;
        Ok(())
    }

    async fn expect(
        &mut self,
        client: &mut NativeClient,
        call: &CriticalCall,
        group: GroupId,
        message: MessageId,
        seq: u64,
        values: Vec<Expected>,
    ) -> Result<(), ClientError> {
        let read_backs = self.read_backs(client)?;
        if read_backs.iter().any(|known| known.call == call.id) {
            return Ok(());
        }
        read_backs.push(ReadBack {
            call: call.id,
            group,
            message,
            seq,
            values,
            at: call.since,
        });
        let beyond = read_backs.len().saturating_sub(MOST);
        read_backs.drain(..beyond);
        self.keep(client).await
    }

    fn read_backs(&mut self, client: &NativeClient) -> Result<&mut Vec<ReadBack>, ClientError> {
        if self.read_backs.is_none() {
            self.read_backs = Some(client.own(READ_BACKS)?.unwrap_or_default());
        }
        Ok(self.read_backs.get_or_insert_default())
    }

    async fn keep(&mut self, client: &mut NativeClient) -> Result<(), ClientError> {
        if let Some(read_backs) = &self.read_backs {
            client.put_own(READ_BACKS, read_backs)?;
            client.flush().await?;
        }
        Ok(())
    }

    /// Looks at what was answered, and says whether it is the value.
    async fn listen(&mut self, client: &mut NativeClient) -> Result<(), NativeError> {
        let open = self.read_backs(client)?.clone();
        if open.is_empty() {
            return Ok(());
        }
        let mut kept = Vec::new();
        for before in &open {
            let mut read_back = before.clone();
            let alone = open.iter().filter(|it| it.group == before.group).count() == 1;
            let mut messages = client.messages(read_back.group, None, FEW)?;
            messages.retain(|message| message.seq.is_some_and(|seq| seq > read_back.seq));
            let mut done = false;
            for message in messages {
                read_back.seq = message.seq.unwrap_or(read_back.seq);
                let Some(right) = read_back.heard(&message, alone) else {
                    continue;
                };
                done = right;
                let id = id_of(&format!("read back {} {}", read_back.call, message.id));
                let text = read_back.verdict(right);
                let group = read_back.group;
                // Once it is in the outbox it goes out by itself.
                client
                    .send_once(id, group, text, None, Priority::Routine)
                    .await?;
                if done {
                    break;
                }
            }
            if !done {
                kept.push(read_back);
            }
        }
        if kept != open {
            self.read_backs = Some(kept);
            self.keep(client).await?;
        }
        Ok(())
    }
}

impl ReadBack {
    /// Whether a message reads the values back rightly; `None` where it is about something else.
    fn heard(&self, message: &Message, alone: bool) -> Option<bool> {
        if message.mine || message.notice.is_some() || message.recalled || message.expired {
            return None;
        }
        let is_reply = match message.reply_to {
            Some(to) => {
                if to != self.message {
                    return None;
                }
                true
            }
            // Of several it would not be known which one is meant.
            None if alone => false,
            None => return None,
        };
        reads_back(&self.values, &message.text, is_reply)
    }

    fn verdict(&self, right: bool) -> String {
        let values: Vec<String> = self.values.iter().map(Expected::words).collect();
        let values = values.join("; ");
        if right {
            format!("Read back correct: {values}.")
        } else {
            format!(
                "That is not the value: {values}. Read back again: answer with the value alone."
            )
        }
    }
}

impl Expected {
    fn words(&self) -> String {
        join([self.what.as_str(), &self.value, &self.unit])
    }
}

/// The values that are to be read back: those of results that somebody has to act on.
fn expected(call: &CriticalCall) -> Vec<Expected> {
    let findings = call.findings.iter();
    let results = findings.filter(|finding| finding.kind == CriticalKind::Result);
    results
        .filter_map(|finding| {
            Some(Expected {
                what: finding.what.clone(),
                value: finding.value.clone()?,
                unit: finding.unit.clone().unwrap_or_default(),
            })
        })
        .collect()
}

/// Whether a text reads values back. All numbers of the values have to be there, in the order in which they were
/// told, and no others but those that the names of what was measured have; a value in words has to stand at the
/// beginning, and a bound must not be turned round. An answer to the message is one whatever else it says; of
/// other messages only short ones are taken for a wrong one.
fn reads_back(values: &[Expected], text: &str, is_reply: bool) -> Option<bool> {
    let mut found = numbers(text);
    let said_numbers = !found.is_empty();
    let said = text.trim().to_lowercase();
    let wanted: Vec<String> = values.iter().flat_map(|it| numbers(&it.value)).collect();
    // Those of names and units are no values; one that is a value too is looked for as that first.
    for number in values
        .iter()
        .flat_map(|it| [&it.what, &it.unit])
        .flat_map(|name| numbers(name))
    {
        let many = found.iter().filter(|it| **it == number).count();
        let meant = wanted.iter().filter(|it| **it == number).count();
        if many > meant
            && let Some(index) = found.iter().position(|it| *it == number)
        {
            found.remove(index);
        }
    }
    let mut has_words = false;
    let words = values.iter().filter(|it| numbers(&it.value).is_empty());
    let mut right = found == wanted && !said.contains('?');
    for expected in words {
        has_words = true;
        let value = expected.value.trim().to_lowercase();
        right &= if values.len() == 1 {
            said.starts_with(&value)
        } else {
            said.contains(&value)
        };
    }
    let turned = |one: char, other: char| {
        values.iter().any(|it| it.value.contains(one)) && said.contains(other)
    };
    right &= !turned('<', '>') && !turned('>', '<');
    if right {
        return Some(true);
    }
    let is_short = text.split_whitespace().count() <= SHORT;
    let is_about_it = said_numbers || has_words && is_reply;
    (is_about_it && (is_reply || is_short)).then_some(false)
}

/// The numbers of a text, written one way: with a point, without zeros that say nothing.
fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = text[at..].find(|c: char| c.is_ascii_digit()) {
        let begin = at + begin;
        // A dash between two numbers or words is no sign.
        let signed = text[..begin].strip_suffix(['-', '\u{2212}']);
        let is_negative =
            signed.is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric()));
        let mut has_point = false;
        let mut end = begin;
        for (index, c) in text[begin..].char_indices() {
            let next = text[begin + index + c.len_utf8()..].chars().next();
            let is_point = matches!(c, '.' | ',')
                && !has_point
                && next.is_some_and(|next| next.is_ascii_digit());
            if !c.is_ascii_digit() && !is_point {
                break;
            }
            has_point |= is_point;
            end = begin + index + 1;
        }
        let plain = text[begin..end].replace(',', ".");
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let fraction = fraction.trim_end_matches('0');
        let sign = if is_negative { "-" } else { "" };
        found.push(if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        });
        at = end;
    }
    found
}

/// What the role reads.
fn words(call: &CriticalCall, reads_back: bool) -> String {
    let mut lines: Vec<String> = call.findings.iter().map(line).collect();
    if call.others > 0 {
        lines.push(format!("And {} more.", call.others));
    }
    if reads_back {
        let many = expected(call).len() > 1;
        let value = if many {
            "each value, in this order"
        } else {
            "the value"
        };
        lines.push(format!("Read back: answer with {value}."));
    }
    lines.join("\n")
}

fn line(finding: &CriticalFinding) -> String {
    let value = join([
        finding.what.as_str(),
        finding.value.as_deref().unwrap_or_default(),
        finding.unit.as_deref().unwrap_or_default(),
    ]);
    let head = match (finding.kind, finding.flag.as_deref()) {
        (CriticalKind::Result, Some("HH")) => "Critical high",
        (CriticalKind::Result, Some("LL")) => "Critical low",
        (CriticalKind::Result, _) => "Critical",
        (CriticalKind::Corrected, _) => "Corrected, not critical any more",
        (CriticalKind::HighAlarm, _) => "Alarm, high priority",
        (CriticalKind::Alarm, _) => "Alarm, medium priority",
    };
    let mut text = format!("{head}: {value}");
    if finding.kind == CriticalKind::Corrected && finding.value.is_none() {
        text.push_str(", taken back");
    }
    if let Some(range) = finding.range.as_deref().filter(|range| !range.is_empty()) {
        let _ = write!(text, " (reference {range})");
    }
    if let Some(at) = &finding.at {
        let _ = write!(text, ", {}", moment(at));
    }
    if let Some(place) = &finding.place {
        let _ = write!(text, ", at {place}");
    }
    if let Some(record) = &finding.record {
        let _ = write!(text, ", record {record}");
    }
    text.push('.');
    text
}

fn join<const N: usize>(parts: [&str; N]) -> String {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// `2026-03-02T11:30:00+01:00` as people write it; the time is that of its sender.
fn moment(at: &str) -> String {
    match at.split_once('T') {
        Some((day, time)) => {
            let time: String = time.chars().take(5).collect();
            format!("{day} {time}")
        }
        None => at.to_owned(),
    }
}

/// Why something was refused, without anybody's name.
fn reason(problem: &Problem) -> String {
    let reason = problem.extensions.get("reason").and_then(Value::as_str);
    // These are sentences of this program, such as that nobody holds the role now.
    let detail = problem.detail.as_deref();
    let detail = detail.filter(|_| problem.name() == "invalid-body");
    let words = reason.or(detail);
    words.unwrap_or_else(|| problem.name()).to_owned()
}

/// In the bot's own store: values that are to be read back.
const READ_BACKS: &str = "read-backs";
/// Without a socket, between two questions.
const ASK: Duration = Duration::from_secs(2);
/// After something could not be posted.
const AGAIN_MS: u64 = 5_000;
/// After the hospital did not let it.
const REFUSED_MS: u64 = 5 * 60 * 1000;
const SOON: Duration = Duration::from_millis(50);
/// How many are still to be read back, at most; the oldest are given up.
const MOST: usize = 64;
/// How many messages of a conversation are looked at for an answer.
const FEW: usize = 64;
/// So many words are an attempt to read back, with a number among them.
const SHORT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(what: &str, value: &str, flag: &str) -> CriticalFinding {
        CriticalFinding {
            kind: CriticalKind::Result,
            what: what.to_owned(),
            value: Some(value.to_owned()),
            unit: Some("mmol/L".to_owned()),
            flag: Some(flag.to_owned()),
            range: Some("3.5-5.1".to_owned()),
            at: Some("2026-03-02T11:30:00+01:00".to_owned()),
            place: Some("4E 12 B".to_owned()),
            record: None,
            observation: None,
        }
    }

    fn call(findings: Vec<CriticalFinding>, others: u64) -> CriticalCall {
        CriticalCall {
            id: CriticalId::from_bytes([1; 16]),
            role: "medicine-on-call".parse().unwrap(),
            patient: None,
            findings,
            others,
            since: 0,
        }
    }

    fn judged(values: &[(&str, &str)], text: &str, is_reply: bool) -> Option<bool> {
        let findings = values
            .iter()
            .map(|(what, value)| finding(what, value, "HH"));
        reads_back(&expected(&call(findings.collect(), 0)), text, is_reply)
    }

    #[test]
    fn a_call_says_what_was_found_where_and_what_to_do() {
        let one = call(vec![finding("Potassium", "6.8", "HH")], 0);
        assert_eq!(
            words(&one, true),
            "Critical high: Potassium 6.8 mmol/L (reference 3.5-5.1), 2026-03-02 11:30, at 4E 12 B.\n\
             Read back: answer with the value."
        );
        assert!(!words(&one, false).contains("Read back"));
        let corrected = CriticalFinding {
            kind: CriticalKind::Corrected,
            value: None,
            unit: None,
            range: None,
            record: Some("10042".to_owned()),
            ..finding("Potassium", "", "HH")
        };
        let two = call(vec![finding("Glucose", "1.9", "LL"), corrected], 3);
        let text = words(&two, false);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("Critical low: Glucose 1.9 mmol/L"));
        assert!(lines[1].contains("Potassium, taken back") && lines[1].contains("record 10042"));
        assert_eq!((lines[2], lines.len()), ("And 3 more.", 3));
    }

    #[test]
    fn the_same_digits_are_the_value_and_others_are_not() {
        let potassium = [("Potassium", "6.8")];
        for text in [
            "6.8",
            "6,8",
            "K 6.80 mmol/L",
            "Potassium is 6.8, I come at once",
        ] {
            assert_eq!(judged(&potassium, text, false), Some(true), "{text}");
        }
        for text in ["8.6", "68", "6", "K 6.9", "-6.8", "6.8 or 8.6?"] {
            assert_eq!(judged(&potassium, text, false), Some(false), "{text}");
        }
        for text in [
            "On my way",
            "Give 10 mL of calcium gluconate now please",
            "",
        ] {
            assert_eq!(judged(&potassium, text, false), None, "{text}");
        }
        let long = "I understood that it was 8.6 with this patient";
        assert_eq!(judged(&potassium, long, true), Some(false));
        assert_eq!(judged(&potassium, "On my way", true), None);
        // Numbers of names are no values.
        assert_eq!(
            judged(&[("Vitamin B12", "80")], "B12 80", false),
            Some(true)
        );
        assert_eq!(
            judged(&[("Base excess", "-12")], "-12.0", false),
            Some(true)
        );
        assert_eq!(judged(&[("Base excess", "-12")], "12", false), Some(false));
        assert_eq!(judged(&[("Troponin", "<0.01")], "0.01", false), Some(true));
        assert_eq!(
            judged(&[("Troponin", "<0.01")], ">0.01", false),
            Some(false)
        );
        assert_eq!(judged(&potassium, "6.8?", false), Some(false));
        assert_eq!(judged(&[("Pressure", "80/40")], "80/40", false), Some(true));
        assert_eq!(numbers("3-5, −0.50 and 007"), ["3", "5", "-0.5", "7"]);
    }

    #[test]
    fn each_of_several_values_has_to_come_and_words_as_they_are() {
        let both = [("Potassium", "6.8"), ("Glucose", "1.9")];
        assert_eq!(judged(&both, "K 6.8, Glc 1.9", true), Some(true));
        // Which is which is known by the order alone.
        assert_eq!(judged(&both, "K 1.9, Glc 6.8", false), Some(false));
        assert_eq!(judged(&both, "6.8", true), Some(false));
        let words = [("Blood culture", "Gram-positive cocci")];
        assert_eq!(
            judged(&words, "gram-positive cocci, noted", false),
            Some(true)
        );
        assert_eq!(judged(&words, "gram-negative rods", true), Some(false));
        assert_eq!(judged(&words, "not gram-positive cocci", true), Some(false));
        assert_eq!(judged(&words, "On my way", false), None);
    }
}
