//! Who vouched for devices, and what is left when that is not believed any more.

use wardline_model::wire::enroll::DeviceState;
use wardline_model::wire::posture::{Fact, FactName, Provenance};
use wardline_store::AttestedSerial;

use crate::support::{NOW, admit, store_test};

fn fact(name: FactName, provenance: Provenance) -> Fact {
    Fact {
        name,
        value: "strongbox".into(),
        provenance,
        observed_at: NOW,
        evidence: "a test".into(),
    }
}

store_test! {
    async fn what_hardware_said_is_forgotten_with_the_certificates_that_vouched_for_it(db) {
        let store = db.store();
        let (anna, ben) = (admit(&store, "anna").await, admit(&store, "ben").await);
        let claimed = fact(FactName::Platform, Provenance::Claimed);
        let known = [claimed.clone(), fact(FactName::KeyHardware, Provenance::Attested)];
        let serials = |serials: &[&str]| -> Vec<String> {
            serials.iter().map(|serial| (*serial).to_owned()).collect()
        };
        let mut tx = store.write().await.unwrap();
        for device in [anna.device, ben.device] {
            tx.put_facts(device, &known, NOW).await.unwrap();
        }
        // Phones write the same number into every leaf.
        tx.put_attested_serials(anna.device, &serials(&["1", "abc", "1"])).await.unwrap();
        tx.put_attested_serials(ben.device, &serials(&["1", "def"])).await.unwrap();
        let vouched = tx.attested_serials().await.unwrap();
        assert_eq!(vouched.len(), 4);
        let row = |device_id, serial: &str| AttestedSerial { device_id, serial: serial.into() };
        assert!(vouched.contains(&row(anna.device, "abc")));

        tx.forget_attested(&[anna.device]).await.unwrap();
        assert_eq!(tx.facts_of(anna.device).await.unwrap(), [claimed]);
        assert_eq!(tx.facts_of(ben.device).await.unwrap().len(), 2);
        let left = [row(ben.device, "1"), row(ben.device, "def")];
        assert_eq!(tx.attested_serials().await.unwrap(), left);

        // Of a device that is out of use nothing is looked for.
        let moved = tx.end_device(ben.device, DeviceState::Retired, "a test", NOW).await;
        assert!(moved.unwrap());
        assert!(tx.attested_serials().await.unwrap().is_empty());
    }
}

store_test! {
    async fn who_vouches_for_a_device_again_does_so_by_other_certificates_alone(db) {
        let store = db.store();
        let (anna, ben) = (admit(&store, "anna").await, admit(&store, "ben").await);
        let mut tx = store.write().await.unwrap();
        for device in [anna.device, ben.device] {
            tx.put_attested_serials(device, &["abc".to_owned()]).await.unwrap();
            tx.disown(device, "REVOKED (KEY_COMPROMISE)", NOW).await.unwrap();
        }
        let taken_back = (Some(NOW), Some("REVOKED (KEY_COMPROMISE)".to_owned()));
        tx.renew_attested(anna.device, &["def".to_owned()]).await.unwrap();
        for device in [anna.device, ben.device] {
            let known = tx.device(device).await.unwrap().unwrap();
            assert_eq!((known.disowned_at, known.disowned_why), taken_back.clone());
        }
        tx.set_certifier(ben.device, &[7; 32]).await.unwrap();
        for (device, certifier) in [(anna.device, None), (ben.device, Some([7; 32]))] {
            let known = tx.device(device).await.unwrap().unwrap();
            assert_eq!(known.certifier, certifier);
        }
        let row = |device_id, serial: &str| AttestedSerial { device_id, serial: serial.into() };
        let vouching = tx.attested_serials().await.unwrap();
        assert_eq!(vouching.len(), 2);
        assert!(vouching.contains(&row(anna.device, "def")));
        assert!(vouching.contains(&row(ben.device, "abc")));
    }
}
