//! What is read of messages, and what is answered to wrong ones.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::borrow::Cow;

use chrono_tz::Tz;
use proptest::prelude::*;
use wardline_hl7::charset::DecodeError;
use wardline_hl7::event::{
    self, Measured, OrderStatus, Phase, ResultStatus, Trigger, Update, VisitClass,
};
use wardline_hl7::message::{Separators, unescape};
use wardline_hl7::mllp::{Decoder, Item, frame};
use wardline_hl7::time::Stamp;
use wardline_hl7::{Charset, Code, Event, Fault, FaultCode, Header, Message, Place, ack, batch};

const NOW: u64 = 1_772_452_800_000;

fn read(text: &str) -> Result<Event, Fault> {
    let text = text.replace('\n', "\r");
    let header = Header::of_bytes(text.as_bytes()).unwrap();
    let message = Message::parse(&text, Charset::UTF_8).unwrap();
    event::read(&message, &header, Tz::Europe__Vienna)
}

fn fault(text: &str) -> (FaultCode, String, Code) {
    let fault = read(text).expect_err("it is refused");
    let place = fault.place.map_or_else(String::new, |place| {
        format!("{}[{}]-{}", place.segment, place.occurrence, place.field)
    });
    (fault.code, place, fault.answer())
}

#[test]
fn an_admission_says_who_and_where() {
    let event = read(
        "MSH|^~\\&|ADT|MAIN|||20260302120000||ADT^A01^ADT_A01|1|P|2.5.1\n\
         EVN||20260302115900|||77^Bauer|20260302115500+0000\n\
         PID|1||10042^^^MAIN&1.2.3&ISO^MR~999^^^SSA^SS||O\\T\\Brien^N\u{e4}ra^A^^Dr.^^L~Old^^^^^^M||19500303|F||||||\"\"\n\
         PV1|1|I|4E^12^B^MAIN||||77^Bauer^Ada||||||||||||V7|||||||||||||||||||||||||20260302115400\n",
    );
    let Ok(Event::Admission(it)) = event else {
        panic!("an admission")
    };
    assert_eq!(it.trigger, Trigger::Admit);
    assert_eq!(it.at.unwrap().date_time(), "2026-03-02T11:55:00+00:00");
    let patient = &it.patient;
    assert_eq!(
        patient.identifiers.len(),
        1,
        "social security numbers stay outside"
    );
    assert_eq!(patient.identifiers[0].value, "10042");
    assert_eq!(patient.identifiers[0].system().unwrap(), "urn:oid:1.2.3");
    let names = patient.names.value().unwrap();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0].family.as_deref(), Some("O&Brien"));
    assert_eq!(names[0].given, ["N\u{e4}ra", "A"]);
    assert_eq!(patient.birth_date.value().unwrap(), "1950-03-03");
    let visit = it.visit.as_ref().unwrap();
    assert_eq!(visit.class, VisitClass::Inpatient);
    let place = visit.place.as_ref().unwrap();
    assert_eq!(
        (place.ward.as_deref(), place.bed.as_deref()),
        (Some("4E"), Some("B"))
    );
    assert_eq!(visit.number.as_deref(), Some("V7"));
    assert_eq!(
        visit.admitted_at.unwrap().date_time(),
        "2026-03-02T11:54:00+01:00"
    );
}

#[test]
fn null_clears_and_empty_keeps() {
    let event = read(
        "MSH|^~\\&|A|M|||20260302||ADT^A31|1|P|2.3\nEVN||20260302\nPID|1||1^^^M^MR||A^B||\"\"|\"\"\n",
    );
    let Ok(Event::Admission(it)) = event else {
        panic!("an update")
    };
    assert!(it.patient.birth_date == Update::Clear && it.patient.sex == Update::Clear);
    let event = read("MSH|^~\\&|A|M|||20260302||ADT^A31|1|P|2.3\nPID|1||1^^^M^MR\n");
    let Ok(Event::Admission(it)) = event else {
        panic!("an update")
    };
    assert!(it.patient.birth_date == Update::Keep && it.patient.sex == Update::Keep);
}

#[test]
fn a_critical_result_is_known_as_one() {
    let message = |flag: &str, status: &str| {
        format!(
            "MSH|^~\\&|LAB|M|||20260302120000||ORU^R01|3|P|2.3\nPID|1||1^^^M^MR\n\
             OBR|1|P1|F1^LAB|24323-8^CMP^LN|||20260302113000||||||||||||||||||F\n\
             OBX|1|NM|2823-3^Potassium^LN||<6.80|mmol/L|3.5-5.1|{flag}|||{status}|||20260302113000\n\
             NTE|1||Seen \\T\\ repeated\\.br\\twice\n"
        )
    };
    let Ok(Event::Results(it)) = read(&message("HH~A", "F")) else {
        panic!("results")
    };
    let report = &it.reports[0];
    assert_eq!(report.filler.as_deref(), Some("F1^LAB"));
    let result = &report.observations[0];
    assert!(result.is_critical());
    assert_eq!(result.status, ResultStatus::Final);
    assert!(
        result.value
            == Some(Measured::Number {
                comparator: Some("<"),
                number: "6.80".into()
            })
    );
    assert_eq!(result.notes, ["Seen & repeated\ntwice"]);
    for (flag, status) in [("H", "F"), ("HH", "X"), ("HH", "W"), ("", "F")] {
        let Ok(Event::Results(it)) = read(&message(flag, status)) else {
            panic!("results")
        };
        assert!(
            !it.reports[0].observations[0].is_critical(),
            "{flag} {status}"
        );
    }
}

#[test]
fn orders_and_alarms_have_their_states() {
    let event = read(
        "MSH|^~\\&|C|M|||20260302||OML^O21|4|P|2.5\nPID|1||1^^^M^MR\nORC|NW|P1\nOBR|1|P1||1^K^LN|S\n\
         ORC|CA|P2\nORC|SC|P3|F3||CM\n",
    );
    let Ok(Event::Orders(it)) = event else {
        panic!("orders")
    };
    let states: Vec<OrderStatus> = it.orders.iter().map(|order| order.status).collect();
    assert_eq!(
        states,
        [
            OrderStatus::Active,
            OrderStatus::Revoked,
            OrderStatus::Completed
        ]
    );
    assert!(it.orders[0].is_urgent && !it.orders[1].is_urgent);
    let alarm = |phase: &str, state: &str| {
        format!(
            "MSH|^~\\&|MON|M|||20260302||ORU^R40^ORU_R40|5|P|2.6\nPID|1||1^^^M^PI\nPV1|1|I|4E^12^B\n\
             OBR|1||A17^MON|196616^MDC_EVT_ALARM^MDC|||20260302115900\n\
             OBX|1|CWE|196616^MDC_EVT_ALARM^MDC|1|196670^MDC_EVT_LO^MDC|||PH~SP|||F|||||||M1\n\
             OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|2|78|%||L|||F\n\
             OBX|3|ST|68481^MDC_ATTR_EVENT_PHASE^MDC|3|{phase}||||||F\n\
             OBX|4|ST|68482^MDC_ATTR_ALARM_STATE^MDC|4|{state}||||||F\n"
        )
    };
    for (phase, state, expected) in [
        ("start", "active", Phase::Start),
        ("continue", "active", Phase::Continue),
        ("escalate", "active", Phase::Escalate),
        ("end", "inactive", Phase::End),
        ("continue", "inactive", Phase::End),
    ] {
        let Ok(Event::Alarm(it)) = read(&alarm(phase, state)) else {
            panic!("an alarm")
        };
        assert_eq!(it.phase, expected, "{phase} {state}");
        assert_eq!(it.priority, event::AlarmPriority::High);
        assert_eq!(it.id, "A17^MON");
        assert!(it.measured.is_some());
    }
    assert_eq!(fault(&alarm("sideways", "active")).0, FaultCode::TableValue);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let msh = |kind: &str| format!("MSH|^~\\&|A|M|||20260302||{kind}|1|P|2.5\n");
    for (text, code, place, answer) in [
        (
            msh("ADT^A01"),
            FaultCode::SegmentSequence,
            "PID[1]-0",
            Code::Error,
        ),
        (
            msh("ADT^A01") + "PID|1||1",
            FaultCode::SegmentSequence,
            "PV1[1]-0",
            Code::Error,
        ),
        (
            msh("ADT^A01") + "PID|1||\nPV1||I",
            FaultCode::RequiredField,
            "PID[1]-3",
            Code::Error,
        ),
        (
            msh("ADT^A01") + "PID|1||1\nPV1||",
            FaultCode::RequiredField,
            "PV1[1]-2",
            Code::Error,
        ),
        (
            msh("ADT^A08") + "PID|1||1||||31021999",
            FaultCode::DataType,
            "PID[1]-7",
            Code::Error,
        ),
        (
            msh("ADT^A40") + "PID|1||1",
            FaultCode::SegmentSequence,
            "MRG[1]-0",
            Code::Error,
        ),
        (
            msh("ADT^A40") + "PID|1||1\nMRG|",
            FaultCode::RequiredField,
            "MRG[1]-1",
            Code::Error,
        ),
        (
            msh("ADT^A99"),
            FaultCode::EventCode,
            "MSH[1]-9",
            Code::Reject,
        ),
        (
            msh("SIU^S12"),
            FaultCode::MessageType,
            "MSH[1]-9",
            Code::Reject,
        ),
        (
            msh("ORU^R01") + "PID|1||1",
            FaultCode::SegmentSequence,
            "OBR[1]-0",
            Code::Error,
        ),
        (
            msh("ORU^R01") + "PID|1||1\nOBR|1||1|a\nOBX|1|NM|b||x||||||F",
            FaultCode::DataType,
            "OBX[1]-5",
            Code::Error,
        ),
        (
            msh("ORU^R01") + "PID|1||1\nOBR|1||1|a\nOBX|1|NM|b||1",
            FaultCode::RequiredField,
            "OBX[1]-11",
            Code::Error,
        ),
        (
            msh("ORU^R01") + "PID|1||1\nOBR|1||1|a\nPID|2||2",
            FaultCode::SegmentSequence,
            "PID[2]-0",
            Code::Error,
        ),
        (
            msh("ORM^O01") + "PID|1||1\nORC|NW",
            FaultCode::RequiredField,
            "ORC[1]-2",
            Code::Error,
        ),
    ] {
        assert_eq!(fault(&text), (code, place.to_owned(), answer), "{text}");
    }
}

#[test]
fn an_acknowledgement_fits_its_mode_and_version() {
    let header = |version: &str, modes: &str| {
        let text = format!("MSH|^~\\&|A^1|M|W|H|20260302||ADT^A01|I\\F\\1|P|{version}|||{modes}");
        Header::of_bytes(text.as_bytes()).unwrap()
    };
    let wrong = Fault::at(
        FaultCode::RequiredField,
        Place::field("PID", 3),
        "no | number",
    );
    let write = |header: &Header, fault: Option<&Fault>| {
        let code = fault.map_or(Code::Accept, Fault::answer);
        ack::write(header, code, fault, "77", NOW, Tz::UTC)
    };
    let text = write(&header("2.5.1", ""), None).unwrap();
    assert_eq!(
        text,
        "MSH|^~\\&|W|H|A^1|M|20260302120000+0000||ACK^A01^ACK|77|P|2.5.1\rMSA|AA|I\\F\\1\r"
    );
    let text = write(&header("2.5.1", ""), Some(&wrong)).unwrap();
    assert!(
        text.contains("\rMSA|AE|I\\F\\1|no \\F\\ number\r"),
        "{text}"
    );
    assert!(
        text.ends_with("\rERR||PID^1^3|101^Required field missing^HL70357|E||||no \\F\\ number\r"),
        "{text}"
    );
    let text = write(&header("2.3", ""), Some(&wrong)).unwrap();
    assert!(text.contains("||ACK^A01|"), "{text}");
    assert!(
        text.ends_with("\rERR|PID^1^3^101&Required field missing&HL70357\r"),
        "{text}"
    );
    for (modes, well, ill) in [
        ("AL|NE", Some("CA"), Some("CE")),
        ("ER|NE", None, Some("CE")),
        ("SU|", Some("CA"), None),
        ("NE|AL", Some("AA"), Some("AE")),
        ("NE|NE", None, None),
        ("|AL", Some("AA"), Some("AE")),
    ] {
        let said = |text: Option<String>| {
            text.map(|text| text.split("MSA|").nth(1).unwrap()[..2].to_owned())
        };
        assert_eq!(
            said(write(&header("2.5", modes), None)).as_deref(),
            well,
            "{modes}"
        );
        assert_eq!(
            said(write(&header("2.5", modes), Some(&wrong))).as_deref(),
            ill,
            "{modes}"
        );
    }
}

#[test]
fn character_sets_are_read_as_named_or_refused() {
    let set = |name: &str| Charset::of(name, '~').unwrap().unwrap();
    let read = |name: &str, bytes: &[u8]| {
        set(name)
            .decode(bytes, b'\\')
            .map(Cow::into_owned)
            .map_err(DecodeError::at)
    };
    assert_eq!(read("8859/1", b"M\xfcller").unwrap(), "M\u{fc}ller");
    assert_eq!(read("8859/2", b"\xb3ucja").unwrap(), "\u{142}ucja");
    assert_eq!(read("8859/5", b"\xb8").unwrap(), "\u{418}");
    assert_eq!(read("8859/15", b"\xa4").unwrap(), "\u{20ac}");
    assert_eq!(read("UNICODE UTF-8", "王伟".as_bytes()).unwrap(), "王伟");
    assert_eq!(read("GB 18030-2000", b"\xcd\xf5\xce\xb0").unwrap(), "王伟");
    assert_eq!(read("~ISO IR87", b"\x1b$B;3ED\x1b(B^").unwrap(), "山田^");
    assert_eq!(
        read("ISO IR87", b"\\M2442\\;3ED\\C2842\\^").unwrap(),
        "山田^"
    );
    assert_eq!(read("ASCII", b"plain").unwrap(), "plain");
    // Not what it says, with the place of the first byte that shows it.
    assert_eq!(read("UNICODE UTF-8", b"M\xfcller"), Err(2));
    assert_eq!(read("ASCII", b"M\xfcller"), Err(2));
    assert_eq!(
        read("8859/1", "M\u{fc}ller".as_bytes()),
        Err(2),
        "UTF-8 is no Latin 1"
    );
    assert_eq!(read("8859/1", b"ab\\M2442\\;3"), Err(3));
    assert_eq!(read("8859/6", b"a\xa1"), Err(2));
    for name in [
        "EBCDIC",
        "UNICODE UTF-16",
        "8859/12",
        "ISO IR159",
        "8859/1~ISO IR87",
    ] {
        assert!(Charset::of(name, '~').is_err(), "{name}");
    }
    assert!(Charset::of("", '~').unwrap().is_none());
}

#[test]
fn own_separators_line_ends_and_marks_are_understood() {
    let event =
        read("MSH#$%!*#A#M###20260302##ADT$A31#7#P#2.3\nPID#1##1$$$M*1.2*ISO$MR##A!F!B$C\n");
    let Ok(Event::Admission(it)) = event else {
        panic!("an update")
    };
    assert_eq!(
        it.patient.names.value().unwrap()[0].family.as_deref(),
        Some("A#B")
    );
    for text in [
        "\u{feff}MSH|^~\\&|A\rPID|1\r",
        "MSH|^~\\&|A\nPID|1\n",
        "MSH|^~\\&|A\r\nPID|1\r\n\r\n",
        "\r\nMSH|^~\\&|A\rPID|1",
        "MSH|^~\\&|A\nPID|1\rPV1|1",
    ] {
        let message = Message::parse(text, Charset::UTF_8).unwrap();
        assert_eq!(
            message.segment("PID").unwrap().field(1).raw(),
            "1",
            "{text:?}"
        );
    }
    let text = "MSH|^~\\&|A\rNTE|1||first\nsecond\r";
    let message = Message::parse(text, Charset::UTF_8).unwrap();
    let note = message.segment("NTE").unwrap().field(3).prose().unwrap();
    assert_eq!(note, "first\nsecond", "a line end within a text");
    for text in [
        "",
        "PID|1",
        "MSH",
        "MSH|",
        "MSH|^^\\&|",
        "MSHA~\\&|",
        "MSH|^~\\&|\rpid|1",
    ] {
        assert!(Message::parse(text, Charset::UTF_8).is_err(), "{text:?}");
    }
}

#[test]
fn batches_are_cut_and_counted() {
    let text = "FHS|^~\\&|L\rBHS|^~\\&|L\rMSH|^~\\&|1\rPID|1\rMSH|^~\\&|2\rBTS|2\rFTS|1\r";
    let messages = batch::messages(text).unwrap();
    assert_eq!(messages, ["MSH|^~\\&|1\rPID|1\r", "MSH|^~\\&|2\r"]);
    assert!(batch::messages("BHS|^~\\&|L\rMSH|^~\\&|1\rBTS|2\r").is_err());
    assert!(batch::messages("BHS|^~\\&|L\rPID|1\r").is_err());
    assert_eq!(batch::messages("MSH|^~\\&|1\r").unwrap(), ["MSH|^~\\&|1"]);
}

#[test]
fn a_message_beyond_the_limit_keeps_only_its_beginning() {
    let mut decoder = Decoder::new(10_000);
    let mut items = Vec::new();
    decoder.push(b"\x0bMSH|^~\\&|A", &mut items);
    for _ in 0..10_000 {
        decoder.push(&[b'x'; 10_000], &mut items);
    }
    assert_eq!(items.len(), 1);
    let Item::TooLong(head) = &items[0] else {
        panic!("it is too long")
    };
    assert!(head.starts_with(b"MSH|") && head.len() <= 4096);
}

#[test]
fn a_sender_that_began_anew_is_told_what_broke_off() {
    let mut items = Vec::new();
    let bytes = b"\x0bMSH|half\rPID|tab\x0btab\x0bMSH|whole\r\x1c\r";
    Decoder::new(4096).push(bytes, &mut items);
    let [Item::Truncated(half), Item::Frame(whole)] = &items[..] else {
        panic!("two")
    };
    assert!(half.starts_with(b"MSH|half") && whole == b"MSH|whole\r");
}

proptest! {
    #[test]
    fn any_text_survives_escaping(text in any::<String>()) {
        let separators = Separators::USUAL;
        let escaped = separators.escape(&text);
        prop_assert!(!escaped.contains(['|', '^', '~', '&', '\r', '\n']));
        prop_assert_eq!(unescape(&escaped, &separators, Charset::UTF_8), text);
    }

    #[test]
    fn whatever_is_escaped_wrongly_is_kept_in_bounds(text in "[\\\\FSTREXHNZ.brsp0-9+A-F]{0,60}") {
        let read = unescape(&text, &Separators::USUAL, Charset::UTF_8);
        prop_assert!(read.len() <= 25 * text.len() + 1);
    }

    #[test]
    fn frames_come_whole_however_they_are_cut(
        messages in prop::collection::vec("[A-Za-z|^~&\\\\\r]{0,80}", 0..6),
        cuts in prop::collection::vec(1_usize..40, 1..40),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|text| frame(text.as_bytes())).collect();
        let mut decoder = Decoder::new(1000);
        let (mut items, mut rest) = (Vec::new(), bytes.as_slice());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            decoder.push(now, &mut items);
            rest = later;
        }
        let expected: Vec<Item> =
            messages.iter().map(|text| Item::Frame(text.as_bytes().to_vec())).collect();
        prop_assert!(items == expected);
        prop_assert!(!decoder.is_inside());
    }

    #[test]
    fn every_moment_comes_back_as_it_was_written(at in 0_u64..4_102_444_800_000) {
        let at = at - at % 1000;
        for zone in [Tz::UTC, Tz::Europe__Vienna, Tz::America__St_Johns, Tz::Asia__Kathmandu] {
            let stamp = Stamp::parse(&wardline_hl7::time::write(at, zone), Tz::UTC).unwrap();
            prop_assert_eq!(stamp.unix_ms(), at);
        }
    }

    #[test]
    fn nonsense_is_no_time(text in "[0-9+.Z-]{0,24}") {
        if let Some(stamp) = Stamp::parse(&text, Tz::Europe__Vienna) {
            prop_assert!(stamp.date_time().len() >= 4);
        }
    }
}
