//! Why somebody may look: who opens a chart at once by what the hospital wrote down, and who is asked.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wardline_model::wire::access::{AccessExplanation, AccessOpens};
use wardline_model::wire::chart::{ChartWithheld, PatientChart};
use wardline_model::wire::directory::{PatientBanner, PatientList};
use wardline_model::{FacilityId, PatientId, UserId};
use wardline_store::{CareTeamChange, NewPerson};

use crate::fhir::{import, search};
use crate::support::managed::{colleague_called, phone_of};
use crate::support::{Device, Engine, Hospital, story};

const HOUR: u64 = 60 * 60 * 1000;
const DAY: u64 = 24 * HOUR;

/// A nurse of cardiology, and a patient of theirs.
struct House {
    hospital: Hospital,
    officer: Device,
    amara: Device,
    patient: PatientBanner,
}

impl House {
    async fn open(engine: Engine) -> Self {
        let hospital = Hospital::demo(engine).await;
        let mut officer = hospital.officer().await;
        let mut amara = hospital.phone_of(&mut officer, "amara.osei").await.device;
        let patient = own(&mut amara).await.remove(0);
        Self {
            hospital,
            officer,
            amara,
            patient,
        }
    }

    /// Somebody new, who is on no care team and on no shift.
    async fn colleague(&mut self, username: &str, role: &str, department: &str) -> Device {
        let user = colleague_called(&self.hospital, &self.officer, username, role).await;
        let facility = self.facility_of(self.amara.user()).await;
        moved(&self.hospital, user, department, facility).await;
        phone_of(&self.hospital, &mut self.officer, user).await
    }

    async fn facility_of(&self, user: UserId) -> FacilityId {
        let (store, _) = self.hospital.seize();
        let mut tx = store.read().await.unwrap();
        tx.person(user).await.unwrap().unwrap().facility_id
    }

    fn now(&self) -> u64 {
        self.hospital.clock.now_ms()
    }
}

/// Somebody works elsewhere from now on.
pub(crate) async fn moved(
    hospital: &Hospital,
    user: UserId,
    department: &str,
    facility: FacilityId,
) {
    let (store, _) = hospital.seize();
    let mut tx = store.write().await.unwrap();
    let person = tx.person(user).await.unwrap().unwrap();
    let roles = tx.roles_of(user).await.unwrap();
    let person = NewPerson {
        user_id: user,
        username: person.username,
        name: person.name,
        role_title: person.role_title,
        department: department.to_owned(),
        facility_id: facility,
        active: true,
        onboarded: true,
        roles,
    };
    tx.put_person(&person, hospital.clock.now_ms())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// The roster has somebody at work from some hours before now to some hours after; gives since when.
pub(crate) async fn on_shift(hospital: &Hospital, user: UserId) -> u64 {
    let (store, _) = hospital.seize();
    let now = hospital.clock.now_ms();
    let mut tx = store.write().await.unwrap();
    tx.put_shift(user, now - HOUR, now + 8 * HOUR)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    now - HOUR
}

async fn own(by: &mut Device) -> Vec<PatientBanner> {
    let body = json!({ "q": "" });
    let answer = by.post("/v1/patients/search", &body).await;
    answer.expect(200).json::<PatientList>().patients
}

pub(crate) async fn explanation(by: &mut Device, patient: &PatientId) -> AccessExplanation {
    let path = format!("/v1/patients/{patient}/explanation");
    by.get(&path).await.expect(200).json()
}

async fn chart(by: &mut Device, patient: &PatientId) -> PatientChart {
    let path = format!("/v1/patients/{patient}/chart");
    by.get(&path).await.expect(200).json()
}

/// Nothing leads there: a purpose is asked.
async fn is_asked(by: &mut Device, patient: &PatientId) {
    let told = explanation(by, patient).await;
    assert_eq!(told.reason, None);
    assert_eq!((told.opens, told.minutes), (AccessOpens::Purpose, Some(60)));
    for path in ["", "/chart", "/notes"] {
        let refused = by.get(&format!("/v1/patients/{patient}{path}")).await;
        let refused = refused.refused(403, "denied");
        assert_eq!(refused.extensions["reason"], "no_basis");
    }
}

/// It opens at once, and the log says for which reason.
async fn opens_by(house: &Hospital, by: &mut Device, patient: &PatientId, reason: &str) {
    let told = explanation(by, patient).await;
    assert_eq!(told.opens, AccessOpens::AtOnce);
    assert_eq!(told.reason.as_ref().unwrap().name, reason);
    let shown = chart(by, patient).await;
    assert_eq!(shown.because, told.reason);
    let opened = house.events("chart.opened").await;
    let last = opened.last().unwrap();
    assert_eq!(last.actor.user, Some(by.user()));
    assert_eq!(last.detail["basis"], json!([reason]));
    assert_eq!(last.detail["reasons"], json!({ patient.as_str(): reason }));
}

fn written(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1000).unwrap();
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    at.format(&Rfc3339).unwrap()
}

/// An entry of the directory: how records name somebody who signs in here.
pub(crate) fn practitioner(id: &str, username: &str, system: &str, number: &str) -> Value {
    json!({
        "resourceType": "Practitioner", "id": id, "active": true,
        "identifier": [
            { "system": "urn:wardline:sign-in", "value": username },
            { "system": system, "value": number },
        ],
        "name": [{ "family": "Der" }],
    })
}

fn order(id: &str, patient: &PatientId, status: &str, at: u64, requester: &Value) -> Value {
    json!({
        "resourceType": "ServiceRequest", "id": id, "status": status, "intent": "order",
        "subject": { "reference": format!("Patient/{patient}") }, "authoredOn": written(at),
        "code": { "text": "CT of the chest" }, "requester": requester,
    })
}

story!(a_nurse_on_shift_opens_the_charts_of_the_ward_and_off_shift_is_asked);
async fn a_nurse_on_shift_opens_the_charts_of_the_ward_and_off_shift_is_asked(engine: Engine) {
    let mut house = House::open(engine).await;
    let patient = house.patient.id.clone();
    let mut ada = house.colleague("ada.okafor", "nurse", "Cardiology").await;
    is_asked(&mut ada, &patient).await;
    assert!(own(&mut ada).await.is_empty());

    let since = on_shift(&house.hospital, ada.user()).await;
    opens_by(&house.hospital, &mut ada, &patient, "ward").await;
    let sentence = explanation(&mut ada, &patient)
        .await
        .reason
        .unwrap()
        .sentence;
    assert_eq!(sentence, "The patient is on your ward this shift.");
    // The ward's patients are hers to find, and nobody else's.
    let hers: Vec<PatientId> = own(&mut ada).await.into_iter().map(|it| it.id).collect();
    let amaras: Vec<PatientId> = own(&mut house.amara)
        .await
        .into_iter()
        .map(|it| it.id)
        .collect();
    assert!(hers.contains(&patient));
    assert!(hers.iter().all(|id| amaras.contains(id)));
    // Whoever is on the team looks for that reason.
    let team = explanation(&mut house.amara, &patient).await;
    assert_eq!(team.reason.unwrap().name, "care_team");

    // Four hours after the shift it is over.
    let (store, _) = house.hospital.seize();
    let mut tx = store.write().await.unwrap();
    let now = house.now();
    tx.remove_shift(ada.user(), since).await.unwrap();
    for (from, until) in [(12, 5), (30, 20)] {
        tx.put_shift(ada.user(), now - from * HOUR, now - until * HOUR)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    is_asked(&mut ada, &patient).await;
}

story!(the_same_ward_in_another_house_is_another_ward);
async fn the_same_ward_in_another_house_is_another_ward(engine: Engine) {
    let mut house = House::open(engine).await;
    let patient = house.patient.id.clone();
    let found = house.hospital.phone_of(&mut house.officer, "mary.nakato");
    let mut mary = found.await.device;
    is_asked(&mut mary, &patient).await;
    let theirs = house.facility_of(mary.user()).await;
    let ours = house.facility_of(house.amara.user()).await;
    assert_ne!(theirs, ours);
    moved(&house.hospital, mary.user(), "Cardiology", theirs).await;
    is_asked(&mut mary, &patient).await;
    moved(&house.hospital, mary.user(), "Cardiology", ours).await;
    opens_by(&house.hospital, &mut mary, &patient, "ward").await;
    // Nobody learns whether there is such a patient.
    moved(&house.hospital, mary.user(), "Respiratory Medicine", theirs).await;
    let nobody: PatientId = "nobody".parse().unwrap();
    let unknown = explanation(&mut mary, &nobody).await;
    assert_eq!(unknown, explanation(&mut mary, &patient).await);
}

story!(who_ordered_something_may_look_and_a_name_alone_is_nobodys);
async fn who_ordered_something_may_look_and_a_name_alone_is_nobodys(engine: Engine) {
    let mut house = House::open(engine).await;
    let patient = house.patient.id.clone();
    let mut ora = house.colleague("ora.der", "physician", "Emergency").await;
    let now = house.now();
    let by_name = json!({ "display": "ora der" });
    let by_number = json!({ "identifier": { "system": "urn:staff", "value": "77" } });
    let hospital = &house.hospital;
    import(
        hospital,
        vec![order("o1", &patient, "active", now - DAY, &by_name)],
    )
    .await;
    is_asked(&mut ora, &patient).await;
    import(
        hospital,
        vec![order("o2", &patient, "active", now - DAY, &by_number)],
    )
    .await;
    is_asked(&mut ora, &patient).await;
    // The directory may come after what names her.
    import(
        hospital,
        vec![practitioner("p-ora", "Ora.Der", "urn:staff", "77")],
    )
    .await;
    opens_by(hospital, &mut ora, &patient, "order").await;
    let since = explanation(&mut ora, &patient).await.reason.unwrap().since;
    assert_eq!(since, Some((now - DAY) / 1000 * 1000));
    // What the law protects stays with those who treat, and is said to be there.
    import(
        hospital,
        vec![json!({
            "resourceType": "Condition", "id": "sud",
            "subject": { "reference": format!("Patient/{patient}") },
            "clinicalStatus": { "coding": [{ "code": "active" }] },
            "code": { "coding": [{ "system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "F11.2" }] },
        })],
    )
    .await;
    let shown = chart(&mut ora, &patient).await;
    let protected = |it: &ChartWithheld| {
        it.kind == "Condition" && it.reason.as_deref() == Some("protected_entry")
    };
    assert!(shown.withheld.iter().any(protected), "{:?}", shown.withheld);

    // Done: for two weeks reports are written and results come; then it is over.
    for (at, reason) in [(now - 13 * DAY, Some("before")), (now - 15 * DAY, None)] {
        let done = order("o2", &patient, "completed", at, &by_number);
        import(hospital, vec![done]).await;
        match reason {
            Some(reason) => opens_by(hospital, &mut ora, &patient, reason).await,
            None => is_asked(&mut ora, &patient).await,
        }
    }
    // An order of somebody else's patient says nothing of this one.
    let other = own(&mut house.amara).await.remove(1).id;
    let elsewhere = order("o3", &other, "active", now - DAY, &by_number);
    import(&house.hospital, vec![elsewhere]).await;
    is_asked(&mut ora, &patient).await;
    opens_by(&house.hospital, &mut ora, &other, "order").await;
}

story!(who_came_off_a_care_team_looks_for_two_weeks_more);
async fn who_came_off_a_care_team_looks_for_two_weeks_more(engine: Engine) {
    let mut house = House::open(engine).await;
    let patient = house.patient.id.clone();
    let mut eve = house.colleague("eve.ray", "pharmacist", "Pharmacy").await;
    let now = house.now();
    let change = |joins: bool| CareTeamChange {
        patient: patient.clone(),
        added: if joins { vec![eve.user()] } else { Vec::new() },
        removed: if joins { Vec::new() } else { vec![eve.user()] },
    };
    let (joins, leaves) = (change(true), change(false));
    for (left, reason) in [(now - DAY, Some("before")), (now - 15 * DAY, None)] {
        let (store, _) = house.hospital.seize();
        let mut tx = store.write().await.unwrap();
        tx.change_care_team(&joins, now - 20 * DAY).await.unwrap();
        tx.commit().await.unwrap();
        opens_by(&house.hospital, &mut eve, &patient, "care_team").await;
        let since = explanation(&mut eve, &patient).await.reason.unwrap().since;
        assert_eq!(since, Some(now - 20 * DAY));
        let mut tx = store.write().await.unwrap();
        tx.change_care_team(&leaves, left).await.unwrap();
        tx.commit().await.unwrap();
        match reason {
            Some(reason) => {
                opens_by(&house.hospital, &mut eve, &patient, reason).await;
                let told = explanation(&mut eve, &patient).await.reason.unwrap();
                assert_eq!(told.since, Some(left));
            }
            None => is_asked(&mut eve, &patient).await,
        }
    }
}

story!(that_a_colleague_treats_somebody_is_told_and_opens_nothing);
async fn that_a_colleague_treats_somebody_is_told_and_opens_nothing(engine: Engine) {
    let mut house = House::open(engine).await;
    let patient = house.patient.id.clone();
    // One pharmacist is on each care team, and no ward is theirs.
    let mut eve = house.colleague("eve.ray", "pharmacist", "Pharmacy").await;
    on_shift(&house.hospital, eve.user()).await;
    let told = explanation(&mut eve, &patient).await;
    assert_eq!(told.reason.unwrap().name, "colleague");
    assert_eq!(told.opens, AccessOpens::Purpose);
    for path in ["", "/chart", "/notes", "/team"] {
        let refused = eve.get(&format!("/v1/patients/{patient}{path}")).await;
        let refused = refused.refused(403, "denied");
        assert_eq!(refused.extensions["reason"], "no_basis");
    }
    assert!(own(&mut eve).await.is_empty());
    // Not even how much there is.
    let refused = search(&mut eve, "Observation", &format!("patient={patient}")).await;
    assert_eq!(refused.status, 403);
    let found: Value = search(&mut eve, "Observation", "_count=5")
        .await
        .expect(200)
        .json();
    assert_eq!(found["total"], 0);
    assert!(!found.to_string().contains("REDACTED"), "{found}");

    // Under the glass it opens, and the log has both.
    eve.step_up_for(&["break_the_glass"]).await;
    let body = json!({ "purpose": "TREAT", "reason": "Asked to look at the doses" });
    let path = format!("/v1/patients/{patient}/break-the-glass");
    eve.post(&path, &body).await.expect(201);
    chart(&mut eve, &patient).await;
    let used = house.hospital.events("glass.used").await;
    assert_eq!(used[0].detail["basis"], json!(["break_the_glass"]));
    assert_eq!(
        used[0].detail["reasons"],
        json!({ patient.as_str(): "colleague" })
    );
}

story!(a_reason_to_look_shows_each_role_its_own_part_and_opens_nothing_to_others);
async fn a_reason_to_look_shows_each_role_its_own_part_and_opens_nothing_to_others(engine: Engine) {
    let mut house = House::open(engine).await;
    let patient = house.patient.id.clone();
    let mut doctor = house.colleague("doc.or", "physician", "Cardiology").await;
    let mut porter = house
        .colleague("sam.porter", "transporter", "Cardiology")
        .await;
    on_shift(&house.hospital, doctor.user()).await;
    on_shift(&house.hospital, porter.user()).await;
    let whole = chart(&mut doctor, &patient).await;
    assert!(!whole.in_part && !whole.problems.is_empty());
    let part = chart(&mut porter, &patient).await;
    assert!(part.in_part && part.problems.is_empty() && part.labs.is_empty());
    assert_eq!(part.because.unwrap().name, "ward");

    // Whoever has no patients is told nothing of any, and a stale session neither.
    let path = format!("/v1/patients/{patient}/explanation");
    let refused = house.officer.get(&path).await;
    let refused = refused.refused(403, "denied");
    assert_eq!(refused.extensions["reason"], "missing_permission");
    let asked = house.hospital.events("access.explained").await;
    assert!(
        asked
            .iter()
            .all(|event| event.actor.user != Some(house.officer.user()))
    );
    house.hospital.clock.advance(2 * HOUR);
    doctor.get(&path).await.refused(401, "session-ended");
}
