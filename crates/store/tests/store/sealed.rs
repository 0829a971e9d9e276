//! Nothing about a patient, and no secret, stands in the clear on disk.

use wardline_model::{CanaryId, ChallengeId, GlassId, LookId, PatientId, SessionId};
use wardline_store::{
    Bond, CardAnswer, CardSaid, CareTeamChange, Challenge, FOREVER, NewCanary, NewClinician,
    NewGlass, NewGroup, NewLook, NewPushSubscription, NewResource, NewSession, NewTie, Term,
};

use crate::support::{
    Db, MINUTE, NOW, admit, event, message, new_device, new_group, runtime, salt, unique,
};

fn tie(bond: Bond, name: &str) -> NewTie<'_> {
    NewTie {
        bond,
        name,
        from_ms: NOW,
        until_ms: FOREVER,
    }
}

#[test]
fn the_database_file_and_its_wal_hold_no_patient_data_and_no_secret() {
    let db = Db::sqlite();
    let needles = [
        "Josephine",
        "josephine",
        "MRN-004711",
        "mrn-004711",
        "patient-4711",
        "K 6.8 mmol/L",
        "Hyperkalaemia",
        "1906-06-03",
        "payload-of-an-event",
        "passkey-in-json",
        "share-of-the-key",
        "webauthn-under-way",
        "setting-in-the-clear",
        "named-on-the-card",
        "push.example/ring-anna",
        "keys-to-ring-anna",
        "why-the-glass-was-broken",
        "what-was-read-under-it",
        "how-records-name-her",
        "ward-of-the-stay",
        "stay-of-the-patient",
        "her-entry-of-the-directory",
        "who-the-canary-is",
        "what-speaks-for-a-look",
        "what-came-of-a-look",
        "nora-elsewhere",
    ];
    runtime().block_on(async {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let ben = admit(&store, "ben").await;
        let patient: PatientId = "patient-4711".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        let resource = NewResource {
            kind: "Patient",
            id: "patient-4711",
            patient: Some(&patient),
            body: br#"{"name":"Josephine","birthDate":"1906-06-03","mrn":"MRN-004711"}"#,
            terms: vec![
                Term::Name("Josephine"),
                Term::Exact {
                    field: "identifier",
                    value: "MRN-004711",
                },
                Term::Exact {
                    field: "birthdate",
                    value: "1906-06-03",
                },
            ],
            within: vec![("birthdate", "1906-06-03")],
        };
        let lab = NewResource {
            kind: "Observation",
            id: "lab",
            patient: Some(&patient),
            body: br#"{"code":"Hyperkalaemia","value":"K 6.8 mmol/L"}"#,
            terms: vec![],
            within: vec![("code", "Hyperkalaemia")],
        };
        tx.put_resources(&[resource, lab], NOW).await.unwrap();
        tx.put_care_team(&patient, anna.user).await.unwrap();
        let ties = [
            tie(Bond::Encounter, "Practitioner/how-records-name-her"),
            tie(Bond::Ward, "ward-of-the-stay"),
        ];
        tx.put_ties("Encounter", "stay-of-the-patient", &patient, &ties)
            .await
            .unwrap();
        let left = CareTeamChange {
            patient: patient.clone(),
            added: Vec::new(),
            removed: vec![anna.user],
        };
        tx.change_care_team(&left, NOW).await.unwrap();
        let names = ["Practitioner/how-records-name-her".to_owned()];
        let known = NewClinician {
            id: "her-entry-of-the-directory",
            account: "anna",
            names: &names,
        };
        tx.put_clinician(&known).await.unwrap();
        let there = "nora-elsewhere".parse().unwrap();
        assert!(tx.note_ehr_patient(&patient, &there, NOW).await.unwrap());
        let glass = NewGlass {
            grant_id: GlassId::from_bytes(unique()),
            user_id: anna.user,
            patient: patient.clone(),
            purpose: "BTG".into(),
            reason: b"why-the-glass-was-broken".to_vec().into(),
            until_ms: NOW + MINUTE,
        };
        tx.create_glass(&glass, NOW).await.unwrap();
        tx.note_glass_look(glass.grant_id, unique(), "what-was-read-under-it", NOW)
            .await
            .unwrap();
        let canary = NewCanary {
            canary_id: CanaryId::from_bytes(unique()),
            patient: patient.clone(),
            said: b"who-the-canary-is".to_vec().into(),
            made: true,
            made_by: anna.user,
        };
        tx.create_canary(&canary, NOW).await.unwrap();
        let look = NewLook {
            look_id: LookId::from_bytes(unique()),
            user_id: anna.user,
            patient: patient.clone(),
            canary_id: Some(canary.canary_id),
            rank: 1,
            said: b"what-speaks-for-a-look".to_vec().into(),
        };
        tx.note_look(&look, NOW).await.unwrap();
        let said = tx.review_look(look.look_id, "asked", b"what-came-of-a-look", ben.user, NOW);
        assert!(said.await.unwrap());
        let about = NewGroup {
            patient_id: Some(patient),
            ..new_group(&[anna])
        };
        tx.create_group(&about, NOW).await.unwrap();
        let mut share = *b"share-of-the-key................";
        share[31] = 0;
        tx.create_device(&new_device(anna.user), b"passkey-in-json", &share, NOW)
            .await
            .unwrap();
        let subscription = NewPushSubscription {
            device_id: anna.device,
            host: "push.example".to_owned(),
            endpoint: b"https://push.example/ring-anna".to_vec().into(),
            keys: b"keys-to-ring-anna".to_vec().into(),
        };
        tx.put_push_subscription(&subscription, NOW).await.unwrap();
        let challenge = Challenge {
            challenge_id: ChallengeId::from_bytes(unique()),
            purpose: "sign-in".into(),
            device_id: anna.device,
            session_id: None,
            state: b"webauthn-under-way".to_vec().into(),
            expires_at: NOW + MINUTE,
        };
        tx.create_challenge(&challenge, NOW).await.unwrap();
        let session = NewSession {
            session_id: SessionId::from_bytes(unique()),
            token_hash: [1; 32],
            user_id: anna.user,
            device_id: anna.device,
            aal: 2,
            idle_ms: MINUTE,
            expires_at: NOW + MINUTE,
        };
        tx.create_session(&session, NOW).await.unwrap();
        let answer = CardAnswer {
            challenge_id: ChallengeId::from_bytes(unique()),
            answer_hash: [1; 32],
            device_id: anna.device,
            session_id: session.session_id,
            said: CardSaid {
                username: Some("named-on-the-card".into()),
                key_sha256: [1; 32],
                issuer: "CN=Card Office".into(),
                serial: "1000".into(),
                not_after: NOW,
            },
            expires_at: NOW + MINUTE,
        };
        tx.create_card_answer(&answer, NOW).await.unwrap();
        tx.put_setting("key", b"setting-in-the-clear")
            .await
            .unwrap();
        let mut told = event(&store, "chart.read");
        told.resource = "payload-of-an-event".into();
        tx.audit(&told, salt()).await.unwrap();
        tx.commit().await.unwrap();
        let mut sent = message(&store, about.group_id, anna, 0);
        sent.event.resource = "payload-of-an-event".into();
        sent.body = b"this-is-ciphertext-anyway".to_vec();
        store.append(sent).await.unwrap();
        store.sequence_once(NOW, "me").await.unwrap();
        let mut files = 0;
        let mut ciphertext_seen = false;
        for file in std::fs::read_dir(db.dir.as_ref().unwrap().path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            files += 1;
            let has = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
            for needle in needles {
                assert!(!has(needle), "{needle} stands in the clear");
            }
            ciphertext_seen |= has("this-is-ciphertext-anyway");
        }
        assert!(files >= 2, "the WAL was read too");
        assert!(ciphertext_seen, "the search finds what is there");
    });
}
