//! No input makes a decoder panic.

use wardline_fuzz::corpus;
use wardline_hl7::fuzz;

#[test]
fn messages_are_read_or_refused() {
    corpus!("message")
        .words([
            "MSH|^~\\&|",
            "\r",
            "\n",
            "\"\"",
            "\\X0D\\",
            "\\.br\\",
            "\\F\\",
            "\\M2442\\",
            "~",
            "&",
            "^",
            "UNICODE UTF-8",
            "ISO IR87",
            "8859/1",
            "BTS|1\r",
            "\u{feff}",
            "PID|1||1^^^A^MR\r",
            "MRG|2^^^A^MR\r",
            "OBX|1|NM|1^K^LN||6.8|||HH|||F\r",
        ])
        .cases(4_000)
        .run(fuzz::message);
}

#[test]
fn frames_are_the_same_however_bytes_are_cut() {
    corpus!("frames")
        .words(["\u{b}", "\u{1c}", "\u{1c}\r", "\r\n", "\u{b}MSH|"])
        .cases(4_000)
        .run(fuzz::frames);
}
