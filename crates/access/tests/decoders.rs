//! No input makes a decoder panic.

use wardline_access::{Access, Book, House, PersonState, Via, fuzz};
use wardline_fuzz::corpus;

#[test]
fn logs_of_accesses_are_read_row_by_row() {
    corpus!("log")
        .words([
            "\"",
            "\u{feff}",
            "\r\n\r\n",
            "via",
            "conversation",
            "9999-12-31T23:59:59Z",
        ])
        .cases(4_000)
        .run(fuzz::log);
}

#[test]
fn what_a_hospital_knows_is_read_or_left_out() {
    corpus!("book")
        .words([
            "\n%\n",
            "\"",
            "on_call",
            "is_vip",
            "care_team",
            "-9999-01-01T00:00:00Z",
        ])
        .cases(4_000)
        .run(fuzz::book);
}

#[test]
fn files_of_staff_are_read_row_by_row() {
    corpus!("staff")
        .words(["\"", "\u{feff}", "\r\n\r\n", "area", "mrn", " , "])
        .cases(4_000)
        .run(fuzz::staff);
}

#[test]
fn states_are_read_or_refused() {
    let (mut house, mut person) = (House::default(), PersonState::default());
    let book = Book::default();
    for (minute, patient) in (0_i64..).zip(["p", "q", "r"]) {
        let access = Access {
            at_ms: 1_778_000_000_000 + minute * 60_000,
            user: "a",
            patient,
            department: "ICU",
            facility: "F1",
            via: Via::Search,
        };
        let look = book.look(&access);
        let weighed = house.weigh(&person, &look);
        house.learn(&mut person, &look, &weighed);
    }
    corpus!("person")
        .seeds([person.to_bytes().unwrap()])
        .cases(2_000)
        .run(fuzz::person);
    corpus!("house")
        .seeds([house.to_bytes().unwrap()])
        .cases(2_000)
        .run(fuzz::house);
}
