//! Invitations, enrolments, devices, endorsements.

use wardline_model::endorsement::{DeviceKeys, Duty, Endorsement, SignedEndorsement};
use wardline_model::wire::enroll::{DeviceState, Platform};
use wardline_model::{B64, DeviceId, EnrollmentId, InviteId, UserId};
use wardline_store::{
    Consumed, Device, Enrollment, NewInvite, NewKeyPackage, NewSession, Store, Vouched,
};

use crate::support::{HOUR, MINUTE, NOW, admit, event, new_device, salt, store_test, unique};

fn invite(user: UserId, handle: &str) -> NewInvite {
    NewInvite {
        invite_id: InviteId::from_bytes(unique()),
        handle: handle.into(),
        user_id: user,
        program: "byod".into(),
        serial: None,
        genesis: false,
        confirmed: false,
        link_hash: [1; 32],
        typed_hash: [2; 32],
        invited_by: None,
        expires_at: NOW + 15 * MINUTE,
        attempts: 5,
    }
}

store_test! {
    async fn an_invitation_serves_one_device_key(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let new = invite(anna.user, "AB12");
        let mut tx = store.write().await.unwrap();
        assert!(tx.create_invite(&new, NOW).await.unwrap());
        let found = tx.invite_for_attempt("AB12").await.unwrap().unwrap();
        assert!(found.opens_with(&[1; 32]) && found.opens_with(&[2; 32]));
        assert!(!found.opens_with(&[3; 32]));
        let id = new.invite_id;
        assert_eq!(tx.consume_invite(id, &[7; 32], NOW).await.unwrap(), Consumed::First);
        assert_eq!(tx.consume_invite(id, &[7; 32], NOW + 1).await.unwrap(), Consumed::Again);
        assert_eq!(tx.consume_invite(id, &[8; 32], NOW + 1).await.unwrap(), Consumed::No);
        let late = NOW + 15 * MINUTE;
        assert_eq!(tx.consume_invite(id, &[7; 32], late).await.unwrap(), Consumed::No);
        assert_eq!(tx.invite(id).await.unwrap().unwrap().consumed_jkt, Some([7; 32]));
        assert!(tx.invite_for_attempt("XXXX").await.unwrap().is_none());
    }
}

store_test! {
    async fn the_fifth_wrong_guess_kills_an_invitation(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let new = invite(anna.user, "AB12");
        let mut tx = store.write().await.unwrap();
        assert!(tx.create_invite(&new, NOW).await.unwrap());
        for left in [4, 3, 2, 1, 0, 0] {
            assert_eq!(tx.count_attempt(new.invite_id).await.unwrap(), left);
        }
        assert_eq!(tx.consume_invite(new.invite_id, &[7; 32], NOW).await.unwrap(), Consumed::No);
    }
}

store_test! {
    async fn a_live_handle_is_not_given_twice_and_a_dead_one_is(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let mut tx = store.write().await.unwrap();
        assert!(tx.create_invite(&invite(anna.user, "AB12"), NOW).await.unwrap());
        tx.commit().await.unwrap();
        let mut tx = store.write().await.unwrap();
        assert!(!tx.create_invite(&invite(anna.user, "AB12"), NOW).await.unwrap());
        drop(tx);
        let mut tx = store.write().await.unwrap();
        let later = NewInvite { expires_at: NOW + 2 * HOUR, ..invite(anna.user, "AB12") };
        assert!(tx.create_invite(&later, NOW + HOUR).await.unwrap());
        let found = tx.invite_for_attempt("AB12").await.unwrap().unwrap();
        assert_eq!(found.invite_id, later.invite_id);
        let cancelled = NewInvite { expires_at: NOW + 2 * HOUR, ..invite(anna.user, "CD34") };
        assert!(tx.create_invite(&cancelled, NOW + HOUR).await.unwrap());
        assert_eq!(tx.cancel_invites(anna.user, NOW + HOUR).await.unwrap(), 2);
        assert!(tx.invite_for_attempt("CD34").await.unwrap().is_none());
    }
}

store_test! {
    async fn an_enrolment_goes_on_for_its_key_until_it_is_finished(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let new = invite(anna.user, "AB12");
        let enrollment = Enrollment {
            enrollment_id: EnrollmentId::from_bytes(unique()),
            device_id: DeviceId::from_bytes(unique()),
            invite_id: new.invite_id,
            user_id: anna.user,
            program: "byod".into(),
            jkt: [7; 32],
            device_name: "Anna's phone".into(),
            platform: Platform::Browser,
            challenge: Some([9; 32]),
            created_at: NOW,
            expires_at: NOW + HOUR,
            finished_at: None,
        };
        let id = enrollment.enrollment_id;
        let mut tx = store.write().await.unwrap();
        assert!(tx.create_invite(&new, NOW).await.unwrap());
        tx.create_enrollment(&enrollment, b"webauthn state").await.unwrap();
        assert_eq!(tx.enrollment(id).await.unwrap().as_ref(), Some(&enrollment));
        assert_eq!(**tx.enrollment_state(id).await.unwrap().unwrap(), *b"webauthn state");
        let again = tx.enrollment_of_key(new.invite_id, &[7; 32], NOW).await.unwrap();
        assert_eq!(again, Some(enrollment));
        assert!(tx.enrollment_of_key(new.invite_id, &[8; 32], NOW).await.unwrap().is_none());
        assert!(tx.set_enrollment_state(id, b"second").await.unwrap());
        assert!(!tx.finish_enrollment(id, NOW + HOUR).await.unwrap());
        assert!(tx.finish_enrollment(id, NOW).await.unwrap());
        assert!(!tx.finish_enrollment(id, NOW).await.unwrap());
        assert!(tx.enrollment_of_key(new.invite_id, &[7; 32], NOW).await.unwrap().is_none());
    }
}

store_test! {
    async fn an_invitation_ends_with_what_was_begun_by_it_unless_a_device_came(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let begun = |new: &NewInvite| Enrollment {
            enrollment_id: EnrollmentId::from_bytes(unique()),
            device_id: DeviceId::from_bytes(unique()),
            invite_id: new.invite_id,
            user_id: anna.user,
            program: "byod".into(),
            jkt: new.link_hash,
            device_name: "Anna's phone".into(),
            platform: Platform::Browser,
            challenge: None,
            created_at: NOW,
            expires_at: new.expires_at,
            finished_at: None,
        };
        let mut tx = store.write().await.unwrap();
        let (taken_back, finished) = (invite(anna.user, "AB12"), invite(anna.user, "CD34"));
        let mut enrollments = Vec::new();
        for new in [&taken_back, &finished] {
            assert!(tx.create_invite(new, NOW).await.unwrap());
            let enrollment = begun(new);
            tx.consume_invite(new.invite_id, &enrollment.jkt, NOW).await.unwrap();
            tx.create_enrollment(&enrollment, b"state").await.unwrap();
            enrollments.push(enrollment.enrollment_id);
        }
        let open = tx.open_invites(NOW).await.unwrap();
        assert!(open.len() == 2 && open.iter().all(|open| open.consumed_at == Some(NOW)));
        assert!(tx.finish_enrollment(enrollments[1], NOW).await.unwrap());
        assert_eq!(tx.open_invites(NOW).await.unwrap().len(), 1);
        assert!(!tx.cancel_invite(finished.invite_id, NOW).await.unwrap());
        assert!(tx.cancel_invite(taken_back.invite_id, NOW).await.unwrap());
        assert!(!tx.cancel_invite(taken_back.invite_id, NOW).await.unwrap());
        assert!(!tx.finish_enrollment(enrollments[0], NOW).await.unwrap());
        assert!(tx.open_invites(NOW).await.unwrap().is_empty());
    }
}

store_test! {
    async fn a_device_is_pending_then_active_then_revoked_for_good(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let new = new_device(anna.user);
        let id = new.device_id;
        let mut tx = store.write().await.unwrap();
        tx.create_device(&new, b"passkey", &[8; 32], NOW).await.unwrap();
        let device = tx.device(id).await.unwrap().unwrap();
        assert_eq!((device.state, device.device_cert), (DeviceState::Pending, None));
        assert_eq!(tx.devices_in(DeviceState::Pending).await.unwrap().len(), 1);
        assert!(tx.activate_device(id, b"cert", b"mls", NOW).await.unwrap());
        assert!(!tx.activate_device(id, b"cert", b"mls", NOW).await.unwrap());
        assert_eq!(tx.device_by_key(&new.jkt).await.unwrap().unwrap().device_id, id);
        assert_eq!(**tx.passkey(id).await.unwrap().unwrap(), *b"passkey");
        assert!(tx.set_passkey(id, b"counter 2").await.unwrap());
        assert_eq!(**tx.passkey(id).await.unwrap().unwrap(), *b"counter 2");
        assert_eq!(**tx.share(id).await.unwrap().unwrap(), [8; 32]);
        tx.touch_device(id, NOW + 1).await.unwrap();
        tx.touch_device(id, NOW + 2).await.unwrap();
        assert_eq!(tx.device(id).await.unwrap().unwrap().last_seen_at, Some(NOW + 1));
        assert_eq!(tx.devices_of(anna.user).await.unwrap().len(), 2);
        assert_eq!(tx.devices(&[id, DeviceId::from_bytes([0; 16])]).await.unwrap().len(), 1);
        assert_eq!(tx.all_devices().await.unwrap().len(), 2);
        tx.commit().await.unwrap();
        let mut tx = store.write().await.unwrap();
        let copy = wardline_store::NewDevice { device_id: DeviceId::from_bytes(unique()), ..new };
        assert!(tx.create_device(&copy, b"p", &[8; 32], NOW).await.unwrap_err().is_conflict());
    }
}

store_test! {
    async fn the_fleet_is_read_in_pages_that_neither_lose_nor_repeat_a_device(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let mut tx = store.write().await.unwrap();
        // Several of one moment, which only their ids tell apart.
        for at in [NOW, NOW, NOW + 1, NOW + 1, NOW + 1, NOW + 2] {
            tx.create_device(&new_device(anna.user), b"passkey", &[8; 32], at).await.unwrap();
        }
        let whole = tx.all_devices().await.unwrap();
        let pending = tx.devices_in(DeviceState::Pending).await.unwrap();
        assert_eq!((whole.len(), pending.len()), (7, 6));
        for (state, expected) in [(None, &whole), (Some(DeviceState::Pending), &pending)] {
            for limit in 1..=8 {
                let mut found: Vec<Device> = Vec::new();
                loop {
                    let page = tx.devices_after(state, found.last(), limit).await.unwrap();
                    assert!(page.len() <= limit);
                    if page.is_empty() {
                        break;
                    }
                    found.extend(page);
                }
                assert_eq!(&found, expected, "in pages of {limit}");
            }
        }
        // A newcomer comes before what was read, and shifts nothing.
        let first = tx.devices_after(None, None, 3).await.unwrap();
        let new = new_device(anna.user);
        tx.create_device(&new, b"passkey", &[8; 32], NOW + 3).await.unwrap();
        let rest = tx.devices_after(None, first.last(), usize::MAX).await.unwrap();
        assert_eq!([first, rest].concat(), whole);
        let newest = tx.devices_after(None, None, 1).await.unwrap();
        assert_eq!(newest[0].device_id, new.device_id);
        // A device keeps its place when it is in another state than those that are listed.
        assert!(tx.activate_device(pending[2].device_id, b"cert", b"mls", NOW).await.unwrap());
        let behind = tx
            .devices_after(Some(DeviceState::Pending), Some(&pending[2]), usize::MAX)
            .await
            .unwrap();
        assert_eq!(behind, pending[3..]);
    }
}

store_test! {
    async fn a_device_claims_positions_from_when_its_person_agreed_until_they_do_not_any_more(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let new = new_device(anna.user);
        let mut tx = store.write().await.unwrap();
        tx.create_device(&new, b"passkey", &[8; 32], NOW).await.unwrap();
        let id = new.device_id;
        assert_eq!(tx.device(id).await.unwrap().unwrap().position_consent_at, None);
        assert!(!tx.forbid_position(id).await.unwrap());
        assert!(tx.allow_position(id, NOW).await.unwrap());
        assert!(!tx.allow_position(id, NOW + 1).await.unwrap());
        assert_eq!(tx.device(id).await.unwrap().unwrap().position_consent_at, Some(NOW));
        assert!(tx.forbid_position(id).await.unwrap());
        assert_eq!(tx.device(id).await.unwrap().unwrap().position_consent_at, None);
        assert!(tx.allow_position(id, NOW + 2).await.unwrap());
        assert_eq!(tx.device(id).await.unwrap().unwrap().position_consent_at, Some(NOW + 2));
        assert!(!tx.allow_position(DeviceId::from_bytes([0; 16]), NOW).await.unwrap());
    }
}

store_test! {
    async fn revoking_a_device_takes_its_share_sessions_and_key_packages(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let mut tx = store.write().await.unwrap();
        let session = NewSession {
            session_id: wardline_model::SessionId::from_bytes(unique()),
            token_hash: [1; 32],
            user_id: anna.user,
            device_id: anna.device,
            aal: 2,
            idle_ms: HOUR,
            expires_at: NOW + HOUR,
        };
        tx.create_session(&session, NOW).await.unwrap();
        let package = NewKeyPackage {
            package_ref: vec![1],
            ciphersuite: 0x4e,
            last_resort: true,
            package: b"kp".to_vec(),
        };
        tx.put_key_packages(anna.device, &[package], NOW).await.unwrap();
        assert!(tx.end_device(anna.device, DeviceState::Lost, "lost", NOW + 1).await.unwrap());
        assert!(!tx.end_device(anna.device, DeviceState::Retired, "lost", NOW + 2).await.unwrap());
        assert!(tx.share(anna.device).await.unwrap().is_none());
        assert_eq!(tx.count_key_packages(anna.device).await.unwrap(), (0, false));
        let principal = tx.principal(&[1; 32], NOW + 1).await.unwrap().unwrap();
        assert!(!principal.is_live(NOW + 1));
        assert_eq!(principal.ended_at, Some(NOW + 1));
        let device = tx.device(anna.device).await.unwrap().unwrap();
        assert_eq!(device.revoked_reason.as_deref(), Some("lost"));
        assert!(!tx.activate_device(anna.device, b"c", b"m", NOW + 3).await.unwrap());
        assert_eq!(device.state, DeviceState::Lost);
        assert!(tx.mark_wiped(anna.device, NOW + 4).await.unwrap());
        assert!(!tx.mark_wiped(anna.device, NOW + 5).await.unwrap());
        let device = tx.device(anna.device).await.unwrap().unwrap();
        assert_eq!((device.state, device.wiped_at), (DeviceState::Wiped, Some(NOW + 4)));
    }
}

store_test! {
    async fn a_quarantined_device_keeps_its_share_and_gets_it_back_when_it_was_mended(db) {
        use DeviceState::{Active, Grace, Quarantined};
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let mut tx = store.write().await.unwrap();
        let session = NewSession {
            session_id: wardline_model::SessionId::from_bytes(unique()),
            token_hash: [1; 32],
            user_id: anna.user,
            device_id: anna.device,
            aal: 2,
            idle_ms: HOUR,
            expires_at: NOW + HOUR,
        };
        tx.create_session(&session, NOW).await.unwrap();
        let devices = [anna.device];
        assert_eq!(tx.move_devices(&devices, Active, Grace, NOW).await.unwrap(), devices);
        assert!(tx.move_devices(&devices, Active, Quarantined, NOW).await.unwrap().is_empty());
        let principal = tx.principal(&[1; 32], NOW).await.unwrap().unwrap();
        assert!(principal.is_live(NOW), "grace is in use");
        assert_eq!(tx.active_devices_of(&[anna.user]).await.unwrap().len(), 1);
        assert_eq!(tx.move_devices(&devices, Grace, Quarantined, NOW).await.unwrap(), devices);
        assert!(tx.share(anna.device).await.unwrap().is_none());
        assert!(tx.active_devices_of(&[anna.user]).await.unwrap().is_empty());
        let principal = tx.principal(&[1; 32], NOW).await.unwrap().unwrap();
        assert!(!principal.is_live(NOW));
        assert_eq!(tx.move_devices(&devices, Quarantined, Active, NOW).await.unwrap(), devices);
        assert!(tx.share(anna.device).await.unwrap().is_some());
        tx.end_device(anna.device, DeviceState::Retired, "old", NOW).await.unwrap();
        assert!(tx.move_devices(&devices, DeviceState::Retired, Active, NOW).await.unwrap().is_empty());
        assert!(tx.share(anna.device).await.unwrap().is_none());
    }
}

async fn endorse(store: &Store, device: DeviceId, by: DeviceId, duty: Duty) -> Result<(), String> {
    let keys = DeviceKeys {
        jkt: [1; 32],
        mls_key: [2; 32],
    };
    let user = UserId::from_bytes([3; 16]);
    let endorsement = Endorsement::new(user, device, &keys, duty, by, NOW);
    let signed = SignedEndorsement {
        endorsement,
        signature: B64(vec![0; 64]),
    };
    let mut tx = store.write().await.unwrap();
    let event = tx
        .audit(&event(store, "device.endorsed"), salt())
        .await
        .unwrap();
    tx.put_endorsement(&signed, &event, NOW)
        .await
        .map_err(|e| e.to_string())?;
    tx.commit().await.map_err(|e| e.to_string())
}

store_test! {
    async fn a_chain_of_endorsements_ends_at_the_only_genesis(db) {
        let store = db.store();
        let (officer, anna) = (admit(&store, "officer").await, admit(&store, "anna").await);
        assert!(store.read().await.unwrap().genesis().await.unwrap().is_none());
        endorse(&store, officer.device, officer.device, Duty::Endorses).await.unwrap();
        endorse(&store, anna.device, officer.device, Duty::None).await.unwrap();
        let mut tx = store.read().await.unwrap();
        let chain = tx.endorsement_chain(anna.device).await.unwrap();
        let links: Vec<_> = chain.iter().map(|link| link.signed.endorsement.device_id).collect();
        assert_eq!(links, [anna.device, officer.device]);
        assert_eq!(chain[0].event.seq, 2);
        let vouched = tx.vouched(&[anna.device, officer.device]).await.unwrap();
        assert_eq!(vouched[&officer.device].duty, Duty::Endorses);
        let by_officer = Vouched { duty: Duty::None, endorser: Some(officer.device) };
        assert_eq!(vouched[&anna.device], by_officer);
        assert_eq!(tx.genesis().await.unwrap().as_ref(), chain.last());
        drop(tx);
        let usurper = admit(&store, "usurper").await;
        assert!(endorse(&store, usurper.device, usurper.device, Duty::Endorses).await.is_err());
        assert!(endorse(&store, anna.device, officer.device, Duty::None).await.is_err());
        let mut tx = store.read().await.unwrap();
        assert!(tx.endorsement_chain(usurper.device).await.unwrap().is_empty());
        assert_eq!(tx.chain_heads().await.unwrap()[0].head.seq, 2, "refused ones left no event");
    }
}
