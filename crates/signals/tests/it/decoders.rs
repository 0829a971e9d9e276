//! Nothing that is altered is believed, and no input makes a decoder panic.

use wardline_fuzz::corpus;
use wardline_signals::fuzz::{self, NOW_MS};
use wardline_signals::graph::{GRAPH, Graph};

use crate::signer::{Signer, claims, header, transmitter};

#[test]
fn an_export_as_csv_is_read_or_refused() {
    corpus!("csv")
        .words([
            "serial",
            ",",
            "\"",
            "\r\n",
            "android",
            "unknown",
            "2026-05-20",
            "last_sync",
            "\u{feff}",
        ])
        .cases(10_000)
        .run(fuzz::csv);
}

#[test]
fn an_export_as_json_is_read_or_refused() {
    corpus!("json")
        .words(["\"serial\"", "null", "\"rooted\":true,", "android"])
        .cases(10_000)
        .run(fuzz::json);
}

#[test]
fn registrations_are_read_or_refused() {
    corpus!("registrations")
        .words(["serial", "program", ",", "\"", "issued", "shared"])
        .cases(8_000)
        .run(fuzz::registrations);
}

#[test]
fn an_answer_of_graph_is_read_or_refused() {
    let graph = Graph::new(GRAPH).unwrap();
    corpus!("graph")
        .words([
            "@odata.nextLink",
            "https://evil.example/",
            "@",
            "innerError",
            "3599",
        ])
        .cases(10_000)
        .run(|bytes| fuzz::graph(bytes, &graph));
}

#[test]
fn a_key_set_is_read_or_refused() {
    corpus!("keys")
        .words(["\"d\"", "oct", "Ed25519", "P-256", "RS256"])
        .cases(6_000)
        .run(fuzz::keys);
}

#[test]
fn a_token_is_believed_unaltered_or_not_at_all() {
    let signer = Signer::es256();
    let transmitter = transmitter(&[signer.jwk("one")]);
    let token = signer.sign(&header("ES256", "one"), &claims());
    let real = fuzz::set(token.as_bytes(), &transmitter).unwrap();
    corpus!("token")
        .seeds([token.into_bytes()])
        .words(["none", "."])
        .cases(10_000)
        .run(|bytes| match fuzz::set(bytes, &transmitter) {
            Some(signal) => {
                assert_eq!(signal, real);
                true
            }
            None => false,
        });
}

#[test]
fn what_a_transmitter_signs_is_read_or_refused() {
    let signer = Signer::ed_dsa();
    let transmitter = transmitter(&[signer.jwk("one")]);
    corpus!("claims")
        .seeds([claims().to_string().into_bytes()])
        .words([
            "complex",
            "opaque",
            "compliant",
            "not-compliant",
            "\"sub\":\"\",",
        ])
        .cases(8_000)
        .run(|bytes| {
            let Ok(claims) = serde_json::from_slice(bytes) else {
                return false;
            };
            let token = signer.sign(&header("EdDSA", "one"), &claims);
            let signal = fuzz::set(token.as_bytes(), &transmitter);
            signal.is_some_and(|signal| signal.issued_at <= NOW_MS + 300_000)
        });
}
