//! Certificates are renewed before they run out, and nobody notices.

use serde_json::json;
use wardline_client::Client;
use wardline_credential::x509;
use wardline_model::GroupId;
use wardline_model::wire::devices::CredentialsAnswer;
use wardline_model::wire::enroll::Certificates;
use wardline_model::wire::keys::KeyPackageCount;
use wardline_model::wire::messages::Priority;

use crate::support::ward::{Odd, Ward, lose_keys, me, say};
use crate::support::{Answer, Device, Engine, Hospital, story};

const DAY: u64 = 24 * 60 * 60 * 1000;

async fn write(client: &mut Client<Odd>, group: GroupId, text: &str) {
    client
        .send(group, text, Priority::Routine, None)
        .await
        .unwrap();
    let sent = client.deliver().await.unwrap();
    assert_eq!(sent.len(), 1, "{text} was taken");
}

fn read(client: &Client<Odd>, group: GroupId) -> Vec<String> {
    let messages = client.messages(group, None, usize::MAX).unwrap();
    let written = messages.into_iter().filter(|m| m.notice.is_none());
    written.map(|message| message.text).collect()
}

async fn certificate_of(ward: &mut Ward, client: &Client<Odd>) -> Vec<u8> {
    let body = json!({ "device_ids": [client.status().device_id.unwrap()] });
    ward.officer.sign_in().await;
    let answer = ward
        .officer
        .post("/v1/credentials", &body)
        .await
        .expect(200);
    let answer: CredentialsAnswer = answer.json();
    answer.credentials[0].certificates.mls.0.clone()
}

story!(conversations_go_on_with_a_renewed_certificate_and_with_the_former_one);
async fn conversations_go_on_with_a_renewed_certificate_and_with_the_former_one(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let tomas = ward.person("tomas.herrera").await;
    let priya = ward.person("priya.raman").await;
    let (tomas_id, priya_id) = (me(&tomas), me(&priya));
    let old = amara.start(&[tomas_id], None, None).await.unwrap();
    say(&mut amara, old, "Before").await;
    drop((amara, tomas, priya));

    // Eight months later a third of the year is left.
    ward.hospital.clock.advance(250 * DAY);
    let url = ward.hospital.url.clone();
    let later =
        async |ward: &Ward, user: &str| Odd::sign_in(&ward.home(user), &url, 250 * DAY).await;
    let mut amara = later(&ward, "amara.osei").await;
    let former = certificate_of(&mut ward, &amara).await;
    amara.sync().await.unwrap();
    let renewed = certificate_of(&mut ward, &amara).await;
    let end = |der: &[u8]| x509::summary(der).unwrap().not_after_ms;
    assert_eq!((end(&renewed) - end(&former)) / DAY, 250);
    amara.sync().await.unwrap();
    assert_eq!(
        certificate_of(&mut ward, &amara).await,
        renewed,
        "once is enough"
    );

    let count = amara
        .raw("GET", "/v1/key-packages/count", None)
        .await
        .unwrap();
    let count: KeyPackageCount = serde_json::from_slice(&count).unwrap();
    assert_eq!(
        (count.available, count.last_resort),
        (20, true),
        "made anew"
    );

    // The old conversation knows her by the former one, and brings in who never saw it.
    let mut tomas = later(&ward, "tomas.herrera").await;
    tomas.sync().await.unwrap();
    write(&mut amara, old, "After").await;
    let mut priya = later(&ward, "priya.raman").await;
    priya.sync().await.unwrap();
    tomas.sync().await.unwrap();
    tomas.add_people(old, &[priya_id]).await.unwrap();
    priya.sync().await.unwrap();
    amara.sync().await.unwrap();
    write(&mut amara, old, "To all").await;
    write(&mut priya, old, "Heard").await;
    for client in [&mut tomas, &mut amara] {
        client.sync().await.unwrap();
        assert_eq!(read(client, old), ["Before", "After", "To all", "Heard"]);
    }
    priya.sync().await.unwrap();
    assert_eq!(read(&priya, old), ["To all", "Heard"]);

    // She may change its members, too.
    amara.remove_person(old, priya_id).await.unwrap();
    tomas.sync().await.unwrap();
    write(&mut tomas, old, "Without Priya").await;
    amara.sync().await.unwrap();
    let last = read(&amara, old).pop();
    assert_eq!(last.as_deref(), Some("Without Priya"));
    priya.sync().await.unwrap();
    assert!(!read(&priya, old).contains(&"Without Priya".to_owned()));

    // A new one knows her by the renewed one.
    let user = amara.status().user.unwrap().id;
    let new = priya.start(&[user], None, None).await.unwrap();
    write(&mut priya, new, "Anew").await;
    amara.sync().await.unwrap();
    write(&mut amara, new, "Here").await;
    priya.sync().await.unwrap();
    assert_eq!(read(&priya, new), ["Anew", "Here"]);

    // Her storage loses the old one's keys: what comes next shows it, and she joins anew with the
    // renewed certificate.
    write(&mut tomas, old, "Meanwhile").await;
    lose_keys(amara.platform().home(), old);
    drop(amara);
    let mut amara = later(&ward, "amara.osei").await;
    amara.sync().await.unwrap();
    write(&mut amara, old, "Back again").await;
    tomas.sync().await.unwrap();
    let last = read(&tomas, old).pop();
    assert_eq!(last.as_deref(), Some("Back again"));
    write(&mut tomas, old, "Good").await;
    amara.sync().await.unwrap();
    let last = read(&amara, old).pop();
    assert_eq!(last.as_deref(), Some("Good"));

    // After the year the former certificate has run out, and holds nobody up.
    ward.hospital.clock.advance(150 * DAY);
    drop(amara);
    let home = ward.home("amara.osei");
    let mut amara = Odd::sign_in(&home, &url, 400 * DAY).await;
    amara.sync().await.unwrap();
    write(&mut amara, old, "A year later").await;
}

#[tokio::test]
async fn a_certificate_is_renewed_once_half_of_its_life_is_over_and_revoked_with_the_former_one() {
    let hospital = Hospital::new(Engine::Sqlite).await;
    let mut officer = hospital.officer().await;
    let mut phone = hospital.another_device(&mut officer).await;
    phone.sign_in().await;
    let path = "/v1/device/certificates";
    let renew = async |device: &mut Device| -> Certificates {
        device.post(path, &json!({})).await.expect(200).json()
    };
    let first = renew(&mut phone).await;
    hospital.clock.advance(182 * DAY);
    phone.sign_in().await;
    assert_eq!(renew(&mut phone).await, first, "there is time");
    hospital.clock.advance(DAY);
    phone.sign_in().await;
    let second = renew(&mut phone).await;
    assert_ne!(second.mls, first.mls);
    assert_ne!(second.device, first.device);
    assert_eq!(second.ca, first.ca);
    assert_eq!(renew(&mut phone).await, second);

    officer.sign_in().await;
    let crl = |answer: &Answer, der: &[u8]| {
        let serial = x509::summary(der).unwrap().serial;
        answer.body.windows(serial.len()).any(|part| part == serial)
    };
    let all = [&first.device, &first.mls, &second.device, &second.mls];
    let before = officer
        .raw("GET", "/pki/devices.crl", None, None, None)
        .await;
    assert!(all.iter().all(|der| !crl(&before, &der.0)));
    let lost = format!("/v1/devices/{}/lost", phone.id());
    officer.post(&lost, &json!({})).await.expect(200);
    let after = officer
        .raw("GET", "/pki/devices.crl", None, None, None)
        .await;
    assert!(all.iter().all(|der| crl(&after, &der.0)));
    phone.post(path, &json!({})).await.expect(401);
}
