//! No input makes a decoder panic or reach beyond its site.

use wardline_client_native::fuzz;
use wardline_fuzz::corpus;

#[test]
fn an_invitation_is_a_code_or_a_link_with_its_pins() {
    corpus!("invitation")
        .words([
            "://",
            "#/enroll?",
            "&log=",
            "&gen=",
            "&ca=",
            "&c=",
            "=",
            "%",
            "@",
            "javascript:",
            "[::1]",
        ])
        .cases(40_000)
        .run(fuzz::invitation);
}

#[test]
fn plain_http_is_for_this_machine_only() {
    corpus!("address")
        .words([
            "http://",
            "https://",
            "localhost",
            "127.0.0.1",
            "@",
            "#",
            "?",
            "/",
            ":",
            "\\",
            ".",
            "[::1]",
            "0x7f",
        ])
        .cases(40_000)
        .run(fuzz::address);
}

#[test]
fn a_ca_file_is_read_or_refused() {
    corpus!("ca")
        .words([
            "-----BEGIN CERTIFICATE-----",
            "-----END CERTIFICATE-----",
            "\n",
        ])
        .cases(20_000)
        .run(fuzz::ca);
}

#[test]
fn a_passkey_is_made_for_its_site_only() {
    corpus!("creation")
        .words(["localhost", "example.com", "local"])
        .cases(8000)
        .run(fuzz::creation);
}
