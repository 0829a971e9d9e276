//! No input makes a decoder panic, and what is accepted holds together.

use wardline_fuzz::corpus;
use wardline_posture::made;
use wardline_programs::fuzz;

#[test]
fn assumptions_are_read_or_refused() {
    corpus!("assumptions")
        .words(["low = nan", "inf", "1e308", "[staff]", "-0.0", "likely"])
        .cases(3_000)
        .run(fuzz::assumptions);
}

#[test]
fn a_fleet_is_read_or_refused() {
    corpus!("fleet")
        .words(["18446744073709551615", "null", "\"shared\"", "\"attested\""])
        .cases(3_000)
        .run(fuzz::fleet);
}

#[test]
fn authorities_are_read_or_refused() {
    let authorities = made::authorities(made::key().unwrap()).unwrap();
    corpus!("authorities")
        .seeds([authorities[0].pem().into_bytes()])
        .words([
            "-----BEGIN CERTIFICATE-----\n",
            "-----END CERTIFICATE-----\n",
        ])
        .cases(3_000)
        .run(fuzz::authorities);
}

#[test]
fn a_hospital_is_taken_or_refused() {
    corpus!("site")
        .words(["]]>", "&amp;", "\u{0}", "@", "[::1]", "xn--", "#/enroll"])
        .cases(6_000)
        .run(|bytes| {
            let text = String::from_utf8_lossy(bytes);
            let (hospital, url) = text.split_once('\n').unwrap_or((&text, ""));
            fuzz::site(hospital, url)
        });
}
