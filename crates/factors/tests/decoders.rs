//! No input makes a decoder panic.

use wardline_factors::fuzz;
use wardline_fuzz::corpus;

#[test]
fn lists_of_seeds_are_read_or_refused() {
    corpus!("csv")
        .words([
            "secret_hex",
            "\"",
            "\u{feff}",
            "hotp",
            "18446744073709551615",
            "-1",
        ])
        .cases(4_000)
        .run(fuzz::csv);
}

#[test]
fn containers_of_seeds_are_read_or_refused() {
    corpus!("pskc")
        .words([
            "<!DOCTYPE a [<!ENTITY b \"c\">]>",
            "#aes256-cbc",
            "#hmac-sha512",
            "pskc:totp",
            "<Policy><ExpiryDate>2030-01-01T00:00:00Z</ExpiryDate></Policy>",
            "Length=\"255\"",
            "<PlainValue>18446744073709551615</PlainValue>",
        ])
        .cases(4_000)
        .run(fuzz::pskc);
}

#[test]
fn whatever_is_typed_is_a_code_or_none() {
    corpus!("code").cases(2_000).run(fuzz::code);
}
