//! A schedule as iCalendar (RFC 5545): an event for each turn. `docs/schedules.md` says what is
//! read.
//!
//! Events that recur are expanded within a window. The end of an occurrence is by the clock on the
//! wall, as calendar programs show it: a turn from eight to eight ends at eight in the night when
//! the clock changes too, since whoever takes over comes at eight.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::content::{self, Field, Part};
use crate::csv::LONGEST_NAME;
use crate::file::{self, Limits, Read, ReadTurn, Refusals, Refused};
use crate::recur::{self, RuleError};
use crate::slot::Window;
use crate::zone::{Zone, Zones, local_time};

/// Reads the turns that meet a window.
///
/// # Errors
/// Every reason to refuse the file, up to [`Limits::reasons`].
pub fn read(bytes: &[u8], window: Window, limits: Limits) -> Result<Read, Refused> {
    let text = file::text(bytes, limits)?;
    let calendar = content::read(text)?;
    let zones =
        Zones::read(&calendar).map_err(|(line, wrong)| Refusals::refuse(Some(line), wrong))?;
    let mut refusals = Refusals::new(limits.reasons);
    let mut events = Vec::new();
    for part in calendar.parts.iter().filter(|part| part.name == "VEVENT") {
        match Event::read(part, &calendar, &zones) {
            Ok(event) => events.extend(event),
            Err(wrong) => refusals.add(part.line, wrong),
        }
    }
    let moved = moved(&events);
    let mut series: BTreeSet<&str> = BTreeSet::new();
    let (mut turns, mut rules) = (Vec::new(), 0_usize);
    for event in &events {
        if event.moves.is_none() && event.uid.is_some_and(|uid| !series.insert(uid)) {
            refusals.add(event.line, "an event further up has the same UID");
            continue;
        }
        if event.rule.is_some() {
            rules += 1;
            if rules > limits.rules {
                let problem = format!("it has more than {} events that recur", limits.rules);
                return Err(Refusals::refuse(None, problem));
            }
        }
        match event.turns(&moved, window, &mut turns, limits) {
            Ok(()) => {}
            Err(Wrong::Event(wrong)) => refusals.add(event.line, wrong),
            Err(Wrong::Rule(wrong)) => {
                refusals.add(event.line, wrong.words());
                // Rules that are slow to expand are not tried one after the other.
                if wrong == RuleError::Endless {
                    break;
                }
            }
            Err(Wrong::File(refused)) => return Err(refused),
        }
    }
    let mut turns = refusals.unless_any(turns)?;
    if turns.is_empty() {
        return Err(Refusals::refuse(
            None,
            "no turn in it falls into the time that was asked for",
        ));
    }
    turns.sort_by_key(|turn| (turn.line, turn.from_ms));
    Ok(Read::Turns(turns))
}

/// An event as it is read.
struct Event<'c> {
    line: u64,
    uid: Option<&'c str>,
    role: String,
    people: Vec<String>,
    start: NaiveDateTime,
    zone: Zone,
    /// By the clock on the wall, and then exactly.
    length: (TimeDelta, TimeDelta),
    rule: Option<&'c str>,
    further: Vec<DateTime<Utc>>,
    except: BTreeSet<DateTime<Utc>>,
    /// Which occurrence of its series it stands for.
    moves: Option<DateTime<Utc>>,
    cancelled: bool,
}

enum Wrong {
    Event(&'static str),
    Rule(RuleError),
    File(Refused),
}

impl<'c> Event<'c> {
    /// `None` for what is cancelled as a whole.
    fn read(part: &'c Part, calendar: &Part, zones: &Zones) -> Result<Option<Self>, &'static str> {
        let cancelled = part
            .first("STATUS")
            .is_some_and(|status| status.value.eq_ignore_ascii_case("CANCELLED"));
        let moves = part.first("RECURRENCE-ID");
        if cancelled && moves.is_none() {
            return Ok(None);
        }
        if moves.is_some_and(|field| field.param("RANGE").is_some()) {
            return Err("its RECURRENCE-ID is for all that follow; export single ones");
        }
        let begins = part.first("DTSTART").ok_or("it has no DTSTART")?;
        let (start, zone) = time(begins, zones)?;
        let rule = part.first("RRULE").map(|field| field.value.as_str());
        if rule.is_some() && moves.is_some() {
            return Err("it has both RRULE and RECURRENCE-ID");
        }
        if part.all("RRULE").count() > 1 || part.first("EXRULE").is_some() {
            return Err("it has more than one rule");
        }
        let mut except = BTreeSet::new();
        for field in part.all("EXDATE") {
            except.extend(times(field, zones, start.time())?);
        }
        let mut further = Vec::new();
        for field in part.all("RDATE") {
            further.extend(times(field, zones, start.time())?);
        }
        let moves = moves
            .map(|field| times(field, zones, start.time()))
            .transpose()?;
        Ok(Some(Self {
            line: part.line,
            uid: part.first("UID").map(|field| field.value.as_str()),
            // What only takes an occurrence away needs neither.
            role: if cancelled {
                String::new()
            } else {
                role(part, calendar)?
            },
            people: if cancelled { Vec::new() } else { people(part)? },
            length: length(part, begins, (start, &zone), zones)?,
            start,
            zone,
            rule,
            further,
            except,
            moves: moves.and_then(|moves| moves.first().copied()),
            cancelled,
        }))
    }

    /// Adds its turns that meet the window.
    fn turns(
        &self,
        moved: &BTreeMap<&str, BTreeSet<DateTime<Utc>>>,
        window: Window,
        turns: &mut Vec<ReadTurn>,
        limits: Limits,
    ) -> Result<(), Wrong> {
        if self.cancelled {
            return Ok(());
        }
        let none = BTreeSet::new();
        let moved = match (self.moves, self.uid) {
            (None, Some(uid)) => moved.get(uid).unwrap_or(&none),
            _ => &none,
        };
        let mut starts: BTreeSet<DateTime<Utc>> = self.further.iter().copied().collect();
        match self.rule {
            None => {
                starts.insert(self.zone.moment(self.start));
            }
            Some(rule) => starts.extend(self.occurrences(rule, window)?),
        }
        for start in starts {
            if self.except.contains(&start) || moved.contains(&start) {
                continue;
            }
            let (wall, exact) = self.length;
            let end = self.zone.moment(self.zone.local(start) + wall) + exact;
            let (Some(from_ms), Some(until_ms)) = (ms(start), ms(end)) else {
                return Err(Wrong::Event(NOT_A_TIME));
            };
            if from_ms >= until_ms {
                return Err(Wrong::Event("it does not end after it begins"));
            }
            if from_ms >= window.until_ms() || until_ms <= window.from_ms() {
                continue;
            }
            if turns.len() >= limits.slots {
                return Err(Wrong::File(file::too_many(limits)));
            }
            turns.push(ReadTurn {
                line: self.line,
                role: self.role.clone(),
                title: None,
                department: None,
                from_ms,
                until_ms,
                people: self.people.clone(),
            });
        }
        Ok(())
    }

    fn occurrences(&self, rule: &str, window: Window) -> Result<Vec<DateTime<Utc>>, Wrong> {
        let (Some(from), Some(until)) = (local_of(window.from_ms()), local_of(window.until_ms()))
        else {
            return Err(Wrong::Event(NOT_A_TIME));
        };
        if from - self.start > LONGEST_SERIES {
            return Err(Wrong::Event(
                "it recurs since more than 20 years; export a newer series",
            ));
        }
        // A day covers every offset.
        let day = TimeDelta::days(1);
        let (wall, exact) = self.length;
        let bounds = (from - wall - exact - day, until + day);
        let expanded =
            recur::expand(rule, self.start, bounds, MOST_OCCURRENCES).map_err(Wrong::Rule)?;
        let last = match expanded.until {
            None => DateTime::<Utc>::MAX_UTC,
            Some(until) => self
                .last(&until)
                .ok_or(Wrong::Event("its UNTIL cannot be read"))?,
        };
        Ok(expanded
            .starts
            .into_iter()
            .map(|start| self.zone.moment(start))
            .filter(|start| *start <= last)
            .collect())
    }

    /// The moment of an UNTIL: in UTC, or in local time, or a whole day.
    fn last(&self, until: &str) -> Option<DateTime<Utc>> {
        if let Some(date) = date(until) {
            return Some(
                self.zone
                    .moment(date.and_time(NaiveTime::MIN) + TimeDelta::days(1))
                    - TimeDelta::seconds(1),
            );
        }
        let local = local_time(until)?;
        Some(if until.ends_with(['Z', 'z']) {
            local.and_utc()
        } else {
            self.zone.moment(local)
        })
    }
}

/// The occurrences of each series that events of their own stand for.
fn moved<'c>(events: &[Event<'c>]) -> BTreeMap<&'c str, BTreeSet<DateTime<Utc>>> {
    let mut moved: BTreeMap<&str, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
    for event in events {
        if let (Some(uid), Some(moves)) = (event.uid, event.moves) {
            moved.entry(uid).or_default().insert(moves);
        }
    }
    moved
}

/// A property's one time, local, and its zone.
fn time(field: &Field, zones: &Zones) -> Result<(NaiveDateTime, Zone), &'static str> {
    one_time(&field.value, field, zones, NaiveTime::MIN)
}

/// A property's times. What is only a date means the occurrence of that day, at `at`.
fn times(field: &Field, zones: &Zones, at: NaiveTime) -> Result<Vec<DateTime<Utc>>, &'static str> {
    field
        .value
        .split(',')
        .map(|value| {
            let (local, zone) = one_time(value, field, zones, at)?;
            Ok(zone.moment(local))
        })
        .collect()
}

fn one_time(
    value: &str,
    field: &Field,
    zones: &Zones,
    at: NaiveTime,
) -> Result<(NaiveDateTime, Zone), &'static str> {
    let value = value.trim();
    if let Some(date) = date(value) {
        return Ok((date.and_time(at), zones.of(field)?));
    }
    let local = local_time(value)
        .filter(|local| local.year() >= 1971)
        .ok_or(NOT_A_TIME)?;
    let zone = if value.ends_with(['Z', 'z']) {
        Zone::UTC
    } else {
        zones.of(field)?
    };
    Ok((local, zone))
}

fn date(value: &str) -> Option<NaiveDate> {
    if value.len() != 8 {
        return None;
    }
    let date = NaiveDate::parse_from_str(value, "%Y%m%d").ok()?;
    (1971..=2200).contains(&date.year()).then_some(date)
}

/// How long an event lasts: by the clock on the wall, and then exactly.
fn length(
    part: &Part,
    begins: &Field,
    (start, zone): (NaiveDateTime, &Zone),
    zones: &Zones,
) -> Result<(TimeDelta, TimeDelta), &'static str> {
    let none = TimeDelta::zero();
    let length = match (part.first("DTEND"), part.first("DURATION")) {
        (Some(_), Some(_)) => return Err("it has both DTEND and DURATION"),
        (Some(field), None) => {
            let (end, of) = time(field, zones)?;
            if of == *zone {
                (end - start, none)
            } else {
                (none, of.moment(end) - zone.moment(start))
            }
        }
        (None, Some(field)) => duration(&field.value).ok_or("its DURATION cannot be read")?,
        (None, None) if date(&begins.value).is_some() => (TimeDelta::days(1), none),
        (None, None) => return Err("it has neither DTEND nor DURATION"),
    };
    let whole = length.0 + length.1;
    if whole <= none {
        return Err("it does not end after it begins");
    }
    if whole > LONGEST_TURN {
        return Err("it lasts longer than 60 days");
    }
    Ok(length)
}

/// A duration (RFC 5545 §3.3.6): weeks and days are nominal, hours, minutes and seconds exact.
fn duration(text: &str) -> Option<(TimeDelta, TimeDelta)> {
    let text = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    let (days, time) = text
        .split_once('T')
        .map_or((text, ""), |(days, time)| (days, time));
    let sum = |text: &str, units: &[(char, i64)]| {
        let (mut seconds, mut number, mut any) = (0_i64, String::new(), false);
        for character in text.chars() {
            if character.is_ascii_digit() && number.len() < 7 {
                number.push(character);
                continue;
            }
            let (_, unit) = units.iter().find(|(name, _)| *name == character)?;
            seconds = seconds.checked_add(number.parse::<i64>().ok()? * unit)?;
            number.clear();
            any = true;
        }
        (number.is_empty() && (any || text.is_empty())).then(|| TimeDelta::seconds(seconds))
    };
    Some((
        sum(days, &[('W', 7 * 86_400), ('D', 86_400)])?,
        sum(time, &[('H', 3600), ('M', 60), ('S', 1)])?,
    ))
}

/// The role: the event's own word for it, else its one category, else the calendar's own word.
fn role(part: &Part, calendar: &Part) -> Result<String, &'static str> {
    let own = part
        .first("X-WARDLINE-ROLE")
        .map(|field| field.value.clone());
    let role = if let Some(role) = own {
        role
    } else {
        let mut categories: Vec<String> = part.all("CATEGORIES").flat_map(Field::list).collect();
        if categories.len() > 1 {
            return Err("it has several CATEGORIES; X-WARDLINE-ROLE says which is the role");
        }
        let calendars = || {
            let field = calendar.first("X-WARDLINE-ROLE");
            field.map(|field| field.value.clone())
        };
        categories
            .pop()
            .or_else(calendars)
            .ok_or("it says no role, by CATEGORIES or X-WARDLINE-ROLE")?
    };
    let fits = (1..=LONGEST_NAME).contains(&role.chars().count());
    if fits && !role.chars().any(char::is_control) {
        Ok(role)
    } else {
        Err("its role is 1 to 100 characters on one line")
    }
}

/// Who may be meant, the likeliest first. The organizer comes last: who keeps the calendar is in
/// every event of it.
fn people(part: &Part) -> Result<Vec<String>, &'static str> {
    let mut people = Vec::new();
    let is_person = |field: &Field| {
        let mut kinds = ["ROOM", "RESOURCE", "GROUP"].iter();
        kinds.all(|kind| !field.says("CUTYPE", kind)) && !field.says("ROLE", "NON-PARTICIPANT")
    };
    let attendees = part.all("ATTENDEE").filter(|field| is_person(field));
    let attendees = attendees.filter(|field| !field.says("PARTSTAT", "DECLINED"));
    let attendees: Vec<&Field> = attendees.collect();
    if attendees.len() > 1 {
        return Err("it has several ATTENDEEs; a turn is one person's");
    }
    let names_some = part.all("ATTENDEE").any(is_person);
    if names_some && attendees.is_empty() {
        return Err("whoever it names by ATTENDEE has declined");
    }
    // Who is named counts: nobody else has the turn because their account is not there yet.
    if names_some {
        people.extend(attendees.into_iter().flat_map(by_mail));
    } else {
        people.extend(part.first("SUMMARY").map(|field| field.value.clone()));
        people.extend(part.first("ORGANIZER").into_iter().flat_map(by_mail));
    }
    people.retain(|name| (1..=LONGEST_NAME).contains(&name.chars().count()));
    if people.is_empty() {
        return Err("it says no person, by ATTENDEE, SUMMARY or ORGANIZER");
    }
    Ok(people)
}

/// The sign-in names that an address may stand for.
fn by_mail(field: &Field) -> Vec<String> {
    let scheme = "mailto:";
    let address = match field.value.get(..scheme.len()) {
        Some(start) if start.eq_ignore_ascii_case(scheme) => &field.value[scheme.len()..],
        _ => &field.value,
    };
    match address.split_once('@') {
        Some((local, _)) => vec![local.to_owned(), address.to_owned()],
        None => vec![address.to_owned()],
    }
}

fn ms(at: DateTime<Utc>) -> Option<u64> {
    u64::try_from(at.timestamp_millis()).ok()
}

fn local_of(at_ms: u64) -> Option<NaiveDateTime> {
    let at = DateTime::from_timestamp_millis(i64::try_from(at_ms).ok()?)?;
    let local = at.naive_utc();
    (local.year() <= 2200).then_some(local)
}

const NOT_A_TIME: &str = "it has a time that cannot be read";
const LONGEST_TURN: TimeDelta = TimeDelta::days(60);
const LONGEST_SERIES: TimeDelta = TimeDelta::days(20 * 366);
/// Of one event within a window: more than one a day of a year and a half.
const MOST_OCCURRENCES: u16 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR_2026: (u64, u64) = (1_767_225_600_000, 1_798_761_600_000);

    fn window() -> Window {
        Window::new(YEAR_2026.0, YEAR_2026.1).unwrap()
    }

    /// A calendar around events, its lines ended as the standard has it.
    fn calendar(within: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\n{}\nEND:VCALENDAR\n",
            within.trim()
        )
        .replace('\n', "\r\n")
    }

    fn event(within: &str) -> String {
        format!(
            "BEGIN:VEVENT\nUID:a\nCATEGORIES:cardiology\nSUMMARY:ada\n{}\nEND:VEVENT",
            within.trim()
        )
    }

    fn turns(within: &str) -> Vec<ReadTurn> {
        match read(calendar(within).as_bytes(), window(), Limits::default()) {
            Ok(Read::Turns(turns)) => turns,
            other => panic!("{other:?}"),
        }
    }

    /// From when until when, in UTC.
    fn spans(within: &str) -> Vec<String> {
        let utc = |at_ms: u64| {
            let at = DateTime::from_timestamp_millis(i64::try_from(at_ms).unwrap()).unwrap();
            at.format("%m-%dT%H:%M").to_string()
        };
        turns(within)
            .iter()
            .map(|turn| format!("{} {}", utc(turn.from_ms), utc(turn.until_ms)))
            .collect()
    }

    fn reasons(within: &str) -> Vec<String> {
        let refused = read(calendar(within).as_bytes(), window(), Limits::default()).unwrap_err();
        refused.reasons.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn nights_keep_to_the_clock_on_the_wall_when_it_changes() {
        // In Berlin clocks go forward in the night to 29 March 2026, and back in that to 25 October.
        let nights = |day: &str| {
            event(&format!(
                "DTSTART;TZID=Europe/Berlin:2026{day}T200000\n\
                 DTEND;TZID=Europe/Berlin:20261231T080000\nRRULE:FREQ=DAILY;COUNT=2"
            ))
            .replace(
                "20261231",
                &format!("2026{}", if day == "0327" { "0328" } else { "1024" }),
            )
        };
        assert_eq!(
            spans(&nights("0327")),
            ["03-27T19:00 03-28T07:00", "03-28T19:00 03-29T06:00"]
        );
        assert_eq!(
            spans(&nights("1023")),
            ["10-23T18:00 10-24T06:00", "10-24T18:00 10-25T07:00"]
        );
    }

    #[test]
    fn an_exact_duration_is_exact_in_the_night_when_the_clock_changes() {
        let night = event("DTSTART;TZID=Europe/Berlin:20260328T200000\nDURATION:PT12H");
        assert_eq!(spans(&night), ["03-28T19:00 03-29T07:00"]);
    }

    #[test]
    fn a_series_leaves_out_what_is_taken_out_and_moves_what_is_moved() {
        let series = "\
            DTSTART:20260105T080000Z\nDTEND:20260105T200000Z\n\
            RRULE:FREQ=WEEKLY;BYDAY=MO,TH;UNTIL=20260119T080000Z\nEXDATE:20260108T080000Z";
        let moved = "\
            RECURRENCE-ID:20260112T080000Z\nDTSTART:20260112T100000Z\nDURATION:PT2H";
        let cancelled = "\
            RECURRENCE-ID:20260115T080000Z\nDTSTART:20260115T080000Z\nDURATION:PT2H\n\
            STATUS:CANCELLED";
        let events = [event(series), event(moved), event(cancelled)].join("\n");
        assert_eq!(
            spans(&events),
            [
                "01-05T08:00 01-05T20:00",
                "01-19T08:00 01-19T20:00",
                "01-12T10:00 01-12T12:00",
            ]
        );
    }

    #[test]
    fn a_zone_that_the_file_defines_is_as_the_database_has_it() {
        let defined = "\
BEGIN:VTIMEZONE\nTZID:Ward Time\n\
BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n\
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n\
BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n\
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
        let daily = |zone: &str| {
            event(&format!(
                "DTSTART;TZID={zone}:20260101T023000\nDTEND;TZID={zone}:20260101T200000\n\
                 RRULE:FREQ=DAILY"
            ))
        };
        let own = format!("{defined}{}", daily("Ward Time"));
        let found = spans(&own);
        assert_eq!(found, spans(&daily("Europe/Berlin")));
        assert_eq!(found.len(), 365);
    }

    #[test]
    fn people_and_roles_stand_where_programs_write_them() {
        let read = turns(
            "BEGIN:VEVENT\nUID:a\nDTSTART:20260105T080000Z\nDURATION:P1D\n\
             CATEGORIES:Cardiology\\, on call\n\
             ATTENDEE;CN=\"Okafor, Ada\";PARTSTAT=ACCEPTED:MAILTO:aokafor@hospital.ex\n ample\n\
             ATTENDEE;CUTYPE=ROOM:mailto:room7@hospital.example\n\
             SUMMARY:Night\nORGANIZER:mailto:roster@hospital.example\nEND:VEVENT",
        );
        assert_eq!(read[0].role, "Cardiology, on call");
        assert_eq!(
            read[0].people,
            ["aokafor", "aokafor@hospital.example"],
            "whoever keeps the calendar is not meant by it"
        );
        assert_eq!(read[0].line, 3);
        let read = turns(
            "BEGIN:VEVENT\nUID:a\nDTSTART:20260105T080000Z\nDURATION:P1D\nCATEGORIES:Night\n\
             ATTENDEE;CUTYPE=ROOM:mailto:room7@hospital.example\n\
             SUMMARY:aokafor\nORGANIZER:mailto:roster@hospital.example\nEND:VEVENT",
        );
        assert_eq!(
            read[0].people,
            ["aokafor", "roster", "roster@hospital.example"]
        );
        let declined = event(
            "DTSTART:20260105T080000Z\nDURATION:PT1H\n\
             ATTENDEE;PARTSTAT=DECLINED:mailto:aokafor@hospital.example",
        );
        assert_eq!(
            reasons(&declined),
            ["line 3: whoever it names by ATTENDEE has declined"]
        );
    }

    #[test]
    fn every_wrong_event_is_told_by_its_line() {
        let events = [
            event("DTSTART:20260105T080000\nDURATION:PT1H"),
            event("DTSTART:20260105T080000Z"),
            event("DTSTART;TZID=Mars/Olympus:20260105T080000\nDURATION:PT1H"),
            event("DTSTART:20260105T080000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY"),
            event("DTSTART:20260105T080000Z\nDTEND:20260105T080000Z"),
        ];
        assert_eq!(
            reasons(&events.join("\n")),
            [
                "line 3: it names no time zone: TZID, a Z behind the time, or X-WR-TIMEZONE of the \
                 calendar",
                "line 10: it has neither DTEND nor DURATION",
                "line 16: its time zone is neither one of the IANA database nor defined in the file",
                "line 31: it does not end after it begins",
                "line 23: its RRULE is not daily, weekly, monthly or yearly",
            ]
        );
    }

    #[test]
    fn what_would_take_long_is_refused() {
        let never =
            "DTSTART:20260105T080000Z\nDURATION:PT1H\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
        assert_eq!(reasons(&event(never)).len(), 1);
        let deep = "BEGIN:X\n".repeat(10_000);
        assert_eq!(reasons(&deep), ["line 10: it is nested too deep"]);
        let limits = Limits {
            slots: 10,
            ..Limits::default()
        };
        let daily = calendar(&event(
            "DTSTART:20260105T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY",
        ));
        let refused = read(daily.as_bytes(), window(), limits).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the file: it has more than 10 entries; split it"
        );
    }
}
