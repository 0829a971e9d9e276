//! No input makes a decoder panic or accept what it would write in another way.

use wardline_fuzz::corpus;
use wardline_model::fuzz;

#[test]
fn codes_are_read_as_they_are_written() {
    corpus!("code")
        .words(["O", "I", "L", "-", " ", "\u{ff10}", "ß"])
        .cases(80_000)
        .run(fuzz::code);
}

#[test]
fn ids_are_read_as_they_are_written() {
    corpus!("id")
        .words(["urn:uuid:", "{", "}", "..", "/", "%2f", "=", "-"])
        .cases(40_000)
        .run(fuzz::id);
}

#[test]
fn bodies_and_frames_are_read_as_they_are_written() {
    corpus!("body").cases(16_000).run(fuzz::body);
}

#[test]
fn an_endorsement_says_what_is_signed() {
    corpus!("endorsement").cases(40_000).run(fuzz::endorsement);
}

#[test]
fn a_statement_about_records_says_what_is_signed() {
    corpus!("statement").cases(40_000).run(fuzz::statement);
}
