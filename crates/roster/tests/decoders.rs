//! No input makes a decoder panic.

use wardline_fuzz::corpus;
use wardline_roster::fuzz;

#[test]
fn schedules_as_csv_are_read_or_refused() {
    corpus!("csv")
        .words([
            "role",
            "username",
            "\"",
            "\u{feff}",
            "+14:00",
            "9999-12-31T23:59:59Z",
        ])
        .cases(4_000)
        .run(fuzz::csv);
}

#[test]
fn care_teams_are_read_or_refused() {
    corpus!("care")
        .words([
            "patient_id",
            "username",
            "\"",
            "\u{feff}",
            "p1,",
            "\r\n\r\n",
        ])
        .cases(4_000)
        .run(fuzz::care);
}

#[test]
fn schedules_as_icalendar_are_read_or_refused() {
    corpus!("ics")
        .words([
            "BEGIN:VEVENT\r\n",
            "END:VEVENT\r\n",
            "\r\n ",
            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n",
            "RRULE:FREQ=SECONDLY\r\n",
            "BYDAY=-53SU",
            "BYSETPOS=-1",
            "BYWEEKNO=53",
            "COUNT=4294967295",
            "INTERVAL=65535",
            "UNTIL=22001231T235959Z",
            ";TZID=\"",
            "Europe/Berlin",
            "é",
            "16010101T000000",
            "DURATION:P9999999W",
        ])
        .cases(2_000)
        .run(fuzz::ics);
}
