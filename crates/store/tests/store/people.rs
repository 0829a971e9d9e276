//! People, rosters, care teams.

use wardline_model::{FacilityId, PatientId, RoleSlug, UserId};

use crate::support::{HOUR, NOW, admit, new_person, store_test};

store_test! {
    async fn a_colleague_is_found_by_the_beginning_of_a_name(db) {
        let store = db.store();
        let mut tx = store.write().await.unwrap();
        tx.put_facility(FacilityId::from_bytes([9; 16]), "North").await.unwrap();
        for (username, name) in
            [("amueller", "Anna Müller"), ("bo", "Bo Ann"), ("x_y", "Under_Score"), ("gone", "Anna Gone")]
        {
            let mut person = new_person(username, name);
            person.active = username != "gone";
            tx.put_person(&person, NOW).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let mut names = async |typed: &str| -> Vec<String> {
            let found = tx.search_people(typed, NOW, 10).await.unwrap();
            found.into_iter().map(|p| p.name).collect()
        };
        assert_eq!(names("ANN").await, ["Anna Müller", "Bo Ann"]);
        assert_eq!(names("mü").await, ["Anna Müller"]);
        assert_eq!(names(" amuel").await, ["Anna Müller"]);
        assert_eq!(names("nna").await, [""; 0]);
        assert_eq!(names("%").await, [""; 0]);
        assert_eq!(names("x_").await, ["Under_Score"]);
        assert_eq!(names("").await.len(), 3);
    }
}

store_test! {
    async fn a_search_tells_who_is_at_work_and_can_be_reached(db) {
        let store = db.store();
        let ready = admit(&store, "ready").await;
        let mut tx = store.write().await.unwrap();
        let phoneless = new_person("phoneless", "Phoneless Example");
        tx.put_person(&phoneless, NOW).await.unwrap();
        tx.put_shift(ready.user, NOW - HOUR, NOW + HOUR).await.unwrap();
        tx.put_shift(phoneless.user_id, NOW + HOUR, NOW + 2 * HOUR).await.unwrap();
        let package = wardline_store::NewKeyPackage {
            package_ref: vec![1],
            ciphersuite: 0x4e,
            last_resort: true,
            package: b"kp".to_vec(),
        };
        tx.put_key_packages(ready.device, &[package], NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let found = tx.search_people("", NOW, 10).await.unwrap();
        let facts: Vec<_> = found.iter().map(|p| (p.on_shift, p.reachable)).collect();
        assert_eq!(facts, [(false, false), (true, true)]);
        assert!(tx.on_shift(ready.user, NOW).await.unwrap());
        assert!(!tx.on_shift(ready.user, NOW + HOUR).await.unwrap());
    }
}

store_test! {
    async fn sign_in_names_are_unique_without_regard_to_case(db) {
        let store = db.store();
        let anna = admit(&store, "anna").await;
        let mut tx = store.write().await.unwrap();
        let error = tx.put_person(&new_person("ANNA", "Other"), NOW).await.unwrap_err();
        assert!(error.is_conflict(), "{error}");
        drop(tx);
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.person_by_username("Anna").await.unwrap().unwrap().user_id, anna.user);
        assert_eq!(tx.person(anna.user).await.unwrap().unwrap().facility, "North");
        assert_eq!(tx.person(UserId::from_bytes([0; 16])).await.unwrap(), None);
    }
}

store_test! {
    async fn roles_are_replaced_as_a_whole(db) {
        let store = db.store();
        let mut tx = store.write().await.unwrap();
        tx.put_facility(FacilityId::from_bytes([9; 16]), "North").await.unwrap();
        let mut person = new_person("o", "Officer");
        person.roles = vec!["security-officer".into(), "clinician".into(), "clinician".into()];
        tx.put_person(&person, NOW).await.unwrap();
        assert_eq!(tx.roles_of(person.user_id).await.unwrap(), ["clinician", "security-officer"]);
        assert_eq!(tx.people_with_role("security-officer").await.unwrap(), [person.user_id]);
        person.roles = vec!["clinician".into()];
        tx.put_person(&person, NOW).await.unwrap();
        assert_eq!(tx.roles_of(person.user_id).await.unwrap(), ["clinician"]);
        assert!(tx.people_with_role("security-officer").await.unwrap().is_empty());
        let people = tx.people(&[person.user_id, UserId::from_bytes([0; 16])]).await.unwrap();
        assert_eq!(people.len(), 1);
    }
}

store_test! {
    async fn a_role_is_held_by_whoever_took_over_last(db) {
        let store = db.store();
        let (day, relief) = (admit(&store, "day").await, admit(&store, "relief").await);
        let slug: RoleSlug = "cardiology-on-call".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        tx.put_oncall_role(&slug, "Cardiology on call", "Cardiology").await.unwrap();
        tx.put_oncall_turn(&slug, day.user, NOW, NOW + 8 * HOUR).await.unwrap();
        tx.put_oncall_turn(&slug, relief.user, NOW + HOUR, NOW + 2 * HOUR).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let mut holder = async |at| tx.oncall_role(&slug, at).await.unwrap().unwrap().holder;
        assert_eq!(holder(NOW - 1).await, None);
        assert_eq!(holder(NOW).await, Some(day.user));
        assert_eq!(holder(NOW + HOUR).await, Some(relief.user));
        assert_eq!(holder(NOW + 2 * HOUR).await, Some(day.user));
        assert_eq!(holder(NOW + 8 * HOUR).await, None);
        let all = tx.oncall(NOW).await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].holder, all[0].until_ms), (Some(day.user), Some(NOW + 8 * HOUR)));
    }
}

store_test! {
    async fn a_care_team_is_known_from_both_sides(db) {
        let store = db.store();
        let (anna, bo) = (admit(&store, "anna").await, admit(&store, "bo").await);
        let patient: PatientId = "pat-1".parse().unwrap();
        let other: PatientId = "pat-2".parse().unwrap();
        let mut tx = store.write().await.unwrap();
        tx.put_care_team(&patient, anna.user).await.unwrap();
        tx.put_care_team(&patient, anna.user).await.unwrap();
        tx.put_care_team(&patient, bo.user).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.care_team(&patient).await.unwrap().len(), 2);
        assert!(tx.cares_for(anna.user, &patient).await.unwrap());
        assert!(!tx.cares_for(anna.user, &other).await.unwrap());
        assert_eq!(tx.patients_of(bo.user).await.unwrap(), [patient]);
    }
}
