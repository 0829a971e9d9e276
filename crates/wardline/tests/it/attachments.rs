//! Files between two workstations.

use std::fs;

use crate::support::Demo;

/// A JPEG of few bytes, with what a camera writes beside the picture.
fn taken() -> Vec<u8> {
    let segment = |marker: u8, body: &[u8]| {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, marker], length.as_slice(), body].concat()
    };
    [
        vec![0xFF, 0xD8],
        segment(0xE1, b"Exif\0\0MM GPS 59.3293 N 18.0686 E"),
        segment(0xDB, &[1; 65]),
        segment(0xC0, &[8; 15]),
        segment(0xDA, &[3; 10]),
        vec![0x5A; 200_000],
        vec![0xFF, 0xD9],
    ]
    .concat()
}

#[test]
fn a_photo_and_a_document_reach_a_colleague_and_nobody_else() {
    let demo = Demo::start();
    let [first, second] = demo.users();
    let (ada, ben) = (demo.enroll(&first), demo.enroll(&second));
    let photo = demo.beside("Wound.jpg");
    fs::write(&photo, taken()).unwrap();
    let photo = photo.to_str().unwrap();
    let sent = ada
        .client(["send", "--to", &ben.user, "--attach", photo, "Day 3"])
        .json(0);
    let id = sent["id"].as_str().unwrap();
    let group = sent["group"].as_str().unwrap();
    let inbox = ben.inbox();
    assert_eq!(inbox[0]["text"], "Day 3");
    assert_eq!(inbox[0]["attachment"]["kind"], "photo");
    assert_eq!(inbox[0]["attachment"]["name"], "Wound.jpg");

    let saved = demo.beside("saved.jpg");
    let target = saved.to_str().unwrap();
    let told = ben.client(["save-attachment", id, target]).json(0);
    assert_eq!(told["mime"], "image/jpeg");
    let bytes = fs::read(&saved).unwrap();
    assert!(bytes.starts_with(&[0xFF, 0xD8, 0xFF, 0xDB]));
    assert!(bytes.ends_with(&[0xFF, 0xD9]));
    assert!(!bytes.windows(3).any(|w| w == b"GPS"));
    // An existing file is not written over.
    ben.client(["save-attachment", id, target]).json(2);

    let document = demo.beside("Consent.pdf");
    fs::write(&document, b"%PDF-1.7 signed by hand").unwrap();
    let document = document.to_str().unwrap();
    let sent = ben
        .client(["send", "--group", group, "--attach", document])
        .json(0);
    let consent = sent["id"].as_str().unwrap();
    let copy = demo.beside("copy.pdf");
    ada.client(["save-attachment", consent, copy.to_str().unwrap()])
        .json(0);
    assert_eq!(fs::read(copy).unwrap(), b"%PDF-1.7 signed by hand");

    // Nothing of either is on the hospital's disk.
    for entry in fs::read_dir(demo.data()).unwrap() {
        let path = entry.unwrap().path();
        let stored = fs::read(&path).unwrap_or_default();
        for secret in [b"signed by hand".as_slice(), b"Consent.pdf", &[0x5A; 64]] {
            let found = stored.windows(secret.len()).any(|w| w == secret);
            assert!(!found, "{}", path.display());
        }
    }

    // What is recalled is gone, from the colleague and from the hospital.
    ada.client(["recall", id]).json(0);
    let gone = demo.beside("gone.jpg");
    let refused = ben.client(["save-attachment", id, gone.to_str().unwrap()]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(!gone.exists());

    // Neither programs nor what only says that it is a picture.
    let page = demo.beside("page.html");
    fs::write(&page, "<script>").unwrap();
    ada.client(["send", "--group", group, "--attach", page.to_str().unwrap()])
        .json(2);
    let false_photo = demo.beside("false.png");
    fs::write(&false_photo, "<script>").unwrap();
    let refused = ada.client([
        "send",
        "--group",
        group,
        "--attach",
        false_photo.to_str().unwrap(),
    ]);
    assert_ne!(refused.code, 0, "{refused:?}");
}
