//! Conversations as clinicians hold them. Values come from the charts, names from the care teams,
//! so that what is said is what the record shows.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wardline_fhir::Resource;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::Priority::{self, Routine, Stat, Urgent};

use crate::rng::uuid;
use crate::{CareTeam, Chart, Hospital, Line, Readiness, Script, StaffMember};

/// Writes the conversations of a hospital that is otherwise complete.
pub(crate) fn conversations(hospital: &Hospital, seed: u64, now_ms: u64) -> Vec<Script> {
    let writer = Writer {
        hospital,
        seed,
        now_ms,
    };
    [
        critical_potassium(&writer),
        chest_pain_consult(&writer),
        septic_shock(&writer),
        medicine_handover(&writer),
        warfarin_query(&writer),
        embolism_on_scan(&writer),
        fever_without_neutrophils(&writer),
        stroke_transfer(&writer),
        breathing_better(&writer),
        beds_tonight(&writer),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn critical_potassium(w: &Writer<'_>) -> Option<Script> {
    let (chart, team) = w.case("hyperkalemia")?;
    let nurse = w.of_team(team, "Nurse")?;
    let doctor = w.attending(team)?;
    let pharmacist = w.of_team(team, "Pharmacist")?;
    let potassium = chart.latest("2823-3")?;
    let creatinine = chart.latest("2160-0")?;
    let rate = chart.latest("8867-4")?;
    Some(w.script(
        "critical-potassium",
        GroupKind::Group,
        "Critical potassium",
        None,
        Some(chart),
        &[
            (nurse, 52, Stat, format!("Lab just called a critical potassium of {potassium:.1}, not hemolyzed, creatinine {creatinine:.1}. Heart rate {rate:.0}, T waves look tall on the monitor. I am at the bedside.")),
            (doctor, 51, Stat, "On my way. 12-lead now and 1 g calcium gluconate IV over 10 minutes, order is in. Keep the pads on.".to_owned()),
            (nurse, 47, Urgent, "ECG done, peaked T in V2 to V4, QRS looks wide to me. Calcium is running through the left forearm, good flow.".to_owned()),
            (doctor, 45, Urgent, "Thank you, seen it. Next 10 units regular insulin with 25 g dextrose, then albuterol 10 mg neb. Glucose every 30 minutes for 4 hours please, the kidneys will hold on to that insulin.".to_owned()),
            (pharmacist, 43, Routine, "Verified both and sent them up by tube. I have stopped the lisinopril on the home list so that it is not restarted by mistake.".to_owned()),
            (nurse, 26, Routine, "Insulin and dextrose in at the same time, neb finished. Glucose 142. Repeat potassium drawn and walked down.".to_owned()),
            (doctor, 24, Routine, "Good. If it is still above 6 we dialyze, I have told the dialysis nurse. Call me before anything else.".to_owned()),
        ],
    ))
}

fn chest_pain_consult(w: &Writer<'_>) -> Option<Script> {
    let (chart, team) = w.case("nstemi")?;
    let emergency = w.person("daniel.okafor")?;
    let cardiologist = w.on_call("cardiology-on-call")?;
    let nurse = w.of_team(team, "Nurse")?;
    let troponin = chart.latest("89579-7")?;
    let first = chart.first("89579-7")?;
    // An hour after arrival, when the first troponin is back.
    let then = w
        .minutes_since(chart.of_type("Encounter").next()?)?
        .saturating_sub(80);
    Some(w.script(
        "chest-pain-consult",
        GroupKind::Role,
        "Cardiology on call",
        Some("cardiology-on-call"),
        Some(chart),
        &[
            (emergency, then, Urgent, format!("Cardiology consult please: two hours of chest pressure, eased with nitroglycerin. ST depression V4 to V6, first troponin {first:.0}. Aspirin given, heparin bolus is in. Blood pressure holding.")),
            (cardiologist, then.saturating_sub(4), Routine, "Thanks, Daniel. Any pain right now? And any bleeding history before I load clopidogrel?".to_owned()),
            (emergency, then.saturating_sub(6), Routine, "Pain 1 out of 10, down from 7. No bleeding, no surgery in the last year.".to_owned()),
            (cardiologist, then.saturating_sub(9), Routine, "Then load 300 mg and send up to 4 East on telemetry. Nil by mouth from midnight, I want angiography first thing in the morning. Sooner if the pain comes back.".to_owned()),
            (nurse, 55, Urgent, format!("Settled on 4 East, pain free. Latest troponin {troponin:.0}. Do you want anything changed?")),
            (cardiologist, 52, Routine, "Expected on that story. No change while pain free, repeat the ECG with any symptom and page me.".to_owned()),
        ],
    ))
}

fn septic_shock(w: &Writer<'_>) -> Option<Script> {
    let (chart, team) = w.case("sepsis")?;
    let nurse = w.of_team(team, "Nurse")?;
    let doctor = w.attending(team)?;
    let pharmacist = w.of_team(team, "Pharmacist")?;
    let lactate = chart.latest("2524-7")?;
    let arrival = chart.first("2524-7")?;
    Some(w.script(
        "septic-shock",
        GroupKind::Team,
        "ICU team",
        None,
        Some(chart),
        &[
            (nurse, 38, Stat, format!("Lactate came back {lactate:.1}, up from {arrival:.1} on arrival. Norepinephrine went from 8 to 14 in the last hour to keep the mean at 65. Urine 15 mL this hour.")),
            (doctor, 36, Stat, "Coming. Start vasopressin at 0.03, and send a type and screen with the next gas. I will look at the heart with ultrasound before more fluid.".to_owned()),
            (pharmacist, 33, Urgent, "Vasopressin is on its way. With this creatinine I would take the meropenem to every 12 hours from the second dose, but give the first ones in full. Vancomycin level before the next dose, please.".to_owned()),
            (doctor, 31, Routine, "Agree with both. CT for obstruction as soon as we can travel, surgery knows.".to_owned()),
            (nurse, 12, Routine, "Vasopressin running, norepinephrine back to 11. Family is in the waiting room and asking for you.".to_owned()),
            (doctor, 10, Routine, "I will talk to them now.".to_owned()),
        ],
    ))
}

fn medicine_handover(w: &Writer<'_>) -> Option<Script> {
    let (chart, team) = w.case("pneumonia")?;
    let nurse = w.of_team(team, "Nurse")?;
    let charge = w.of_team(team, "Charge nurse")?;
    let doctor = w.attending(team)?;
    let saturation = chart.latest("2708-6")?;
    let crp = chart.latest("1988-5")?;
    Some(w.script(
        "medicine-handover",
        GroupKind::Team,
        "5 North team",
        None,
        Some(chart),
        &[
            (nurse, 58, Routine, format!("Handover: right lower lobe pneumonia, better every day. Saturation {saturation:.0} on 2 L, no fever since yesterday, CRP down to {crp:.0}. Today's ceftriaxone is in.")),
            (nurse, 57, Routine, "To do: wean the oxygen, walk to the bathroom with one person, spirometer needs a reminder. Eats half of the meals.".to_owned()),
            (charge, 54, Routine, "Got it. Is the line still needed?".to_owned()),
            (nurse, 53, Routine, "One more dose tomorrow. Then it can go if we change to tablets.".to_owned()),
            (doctor, 40, Routine, "If still without fever in the morning I will change to oral and plan for home the day after. Please try without oxygen at rest and write the saturation down.".to_owned()),
        ],
    ))
}

fn warfarin_query(w: &Writer<'_>) -> Option<Script> {
    let (chart, team) = w.case("warfarin-bleed")?;
    let pharmacist = w.of_team(team, "Pharmacist")?;
    let doctor = w.attending(team)?;
    let inr = chart.latest("6301-6")?;
    Some(w.script(
        "warfarin-query",
        GroupKind::Direct,
        "",
        None,
        Some(chart),
        &[
            (pharmacist, 57, Urgent, format!("Question before I release the vitamin K: INR is {inr:.1}, you ordered 2.5 mg by mouth. Is the nose still bleeding, or anything worse? If so I would rather go IV.")),
            (doctor, 55, Routine, "Packed and dry for an hour. Head CT not needed, no fall and no headache. So by mouth is what I meant.".to_owned()),
            (pharmacist, 54, Routine, "Good, released. The cause is probably the metronidazole from the dentist last week, I have put the interaction on the chart. Warfarin is on hold.".to_owned()),
            (doctor, 52, Routine, "That explains it, thank you. INR again in 6 hours.".to_owned()),
        ],
    ))
}

fn embolism_on_scan(w: &Writer<'_>) -> Option<Script> {
    let (chart, team) = w.case("pulmonary-embolism")?;
    let radiologist = w.on_call("radiology-on-call")?;
    let doctor = w.attending(team)?;
    let scan = chart
        .of_type("DiagnosticReport")
        .find(|r| r.has_code("http://loinc.org", "24627-2"))?;
    let then = w.minutes_since(scan)?.saturating_sub(20);
    Some(w.script(
        "embolism-on-scan",
        GroupKind::Direct,
        "",
        None,
        Some(chart),
        &[
            (radiologist, then, Stat, "Your CT pulmonary angiogram is positive: emboli in both lower lobe arteries, right to left ventricular ratio 1.1. Full report in 10 minutes.".to_owned()),
            (doctor, then.saturating_sub(1), Routine, "Thank you for calling it at once. Heparin is starting now. Any sign of strain beyond the ratio?".to_owned()),
            (radiologist, then.saturating_sub(4), Routine, "No septal bowing, no reflux into the liver veins. Lungs otherwise clear.".to_owned()),
            (doctor, then.saturating_sub(6), Routine, "Read back: bilateral lower lobe emboli, ratio 1.1, no other strain.".to_owned()),
        ],
    ))
}

fn fever_without_neutrophils(w: &Writer<'_>) -> Option<Script> {
    let (chart, team) = w.case("febrile-neutropenia")?;
    let nurse = w.of_team(team, "Nurse")?;
    let doctor = w.attending(team)?;
    let neutrophils = chart.latest("751-8")?;
    let temperature = chart.latest("8310-5")?;
    Some(w.script(
        "fever-without-neutrophils",
        GroupKind::Direct,
        "",
        None,
        Some(chart),
        &[
            (nurse, 58, Urgent, format!("Spiked again, {temperature:.1}. Neutrophils today {neutrophils:.1}. Cultures drawn from the port and the arm. Next cefepime is due in 40 minutes.")),
            (doctor, 56, Routine, "Thanks. Give the cefepime now, do not wait. Any rigors with the port flush, redness, sore mouth?".to_owned()),
            (nurse, 54, Routine, "Mouth is sore, two ulcers on the left. Port site looks clean, no rigors when I flushed it.".to_owned()),
            (doctor, 52, Routine, "Then no vancomycin for now. Add the mouth care set, and tell me if the pressure drops under 100.".to_owned()),
            (nurse, 30, Routine, "Cefepime in at once as you asked, 108 systolic, sleeping.".to_owned()),
        ],
    ))
}

fn stroke_transfer(w: &Writer<'_>) -> Option<Script> {
    let (chart, team) = w.case("stroke")?;
    let neurologist = w.attending(team)?;
    let nurse = w.of_team(team, "Nurse")?;
    let therapist = w.person("mateo.silva")?;
    let receiving = w.person("katrin.vogel")?;
    Some(w.script(
        "stroke-transfer",
        GroupKind::Group,
        "Transfer to Harbour Road",
        None,
        Some(chart),
        &[
            (neurologist, 1_320, Routine, "Katrin, I have someone for you: left middle cerebral artery stroke, right arm and face weak, understands well, finds few words. Swallows soft food safely. Ready to move in two days if you have a bed.".to_owned()),
            (receiving, 1_290, Routine, "Glad to take over. How far with walking, and is there anyone at home?".to_owned()),
            (therapist, 1_260, Routine, "I saw the patient today: stands with one person, eight steps with the frame. Very motivated. Works better in the morning.".to_owned()),
            (nurse, 1_240, Routine, "The daughter lives next door and comes every afternoon. She would like to join a session before the move.".to_owned()),
            (receiving, 1_200, Routine, "A bed on Harbour 3 is held for two days from now. Please send the swallow recommendations along, and the daughter is welcome any time.".to_owned()),
        ],
    ))
}

fn breathing_better(w: &Writer<'_>) -> Option<Script> {
    let (chart, team) = w.case("copd")?;
    let nurse = w.of_team(team, "Nurse")?;
    let doctor = w.attending(team)?;
    let carbon_dioxide = chart.latest("2019-8")?;
    let ph = chart.latest("2744-1")?;
    Some(w.script(
        "breathing-better",
        GroupKind::Direct,
        "",
        None,
        Some(chart),
        &[
            (nurse, 195, Urgent, "A bit drowsy, someone had turned the oxygen up to 4 L and the saturation was 97. I am back at 1 L, now 90. Do you want a gas?".to_owned()),
            (doctor, 192, Routine, "Yes, arterial gas now, well caught. Target stays 88 to 92, I will put a sign on the door.".to_owned()),
            (nurse, 58, Routine, format!("Gas is back: pH {ph:.2}, pCO2 {carbon_dioxide:.0}. Wide awake and complaining about the tea.")),
            (doctor, 54, Routine, "Perfect, that is close to the usual for home. No need for the mask. Keep the nebulizers on air, not oxygen.".to_owned()),
        ],
    ))
}

fn beds_tonight(w: &Writer<'_>) -> Option<Script> {
    let medicine = w.person("priya.raman")?;
    let cardiology = w.person("tomas.herrera")?;
    let emergency = w
        .person("mei-ling.zhou")
        .or_else(|| w.person("meiling.zhou"))?;
    let elderly = w.person("dolores.quintero")?;
    Some(w.script(
        "beds-tonight",
        GroupKind::Group,
        "Beds tonight",
        None,
        None,
        &[
            (emergency, 110, Routine, "I have four to place in the next three hours: two medicine, one telemetry, one elderly care. Nobody in the corridor yet.".to_owned()),
            (cardiology, 106, Routine, "I can take the telemetry one in half an hour, bed is being cleaned.".to_owned()),
            (medicine, 104, Routine, "One now, one after a discharge in two hours. I am a nurse short, so please not both at once.".to_owned()),
            (elderly, 101, Routine, "We have a bed at Harbour Road. Transport within the hour, please, then the crew changes.".to_owned()),
            (emergency, 99, Routine, "That works, thank you all. First one is leaving here in ten minutes.".to_owned()),
        ],
    ))
}

struct Writer<'a> {
    hospital: &'a Hospital,
    seed: u64,
    now_ms: u64,
}

impl<'a> Writer<'a> {
    /// The first patient of a kind of admission.
    fn case(&self, scenario: &str) -> Option<(&'a Chart, &'a CareTeam)> {
        let chart = self
            .hospital
            .patients
            .iter()
            .find(|c| c.scenario == scenario)?;
        let team = self
            .hospital
            .care_teams
            .iter()
            .find(|t| t.patient_id == chart.patient_id)?;
        Some((chart, team))
    }

    fn person(&self, username: &str) -> Option<&'a StaffMember> {
        self.hospital.staff_member(username)
    }

    /// The team's first member: its attending physician.
    fn attending(&self, team: &CareTeam) -> Option<&'a StaffMember> {
        self.person(team.members.first()?)
    }

    /// The team's first member of a title who is at work and set up.
    fn of_team(&self, team: &CareTeam, title: &str) -> Option<&'a StaffMember> {
        team.members
            .iter()
            .filter_map(|name| self.person(name))
            .find(|p| p.title == title && p.readiness == Readiness::Ready)
    }

    fn on_call(&self, slug: &str) -> Option<&'a StaffMember> {
        let role = self
            .hospital
            .on_call
            .iter()
            .find(|role| role.slug == slug)?;
        self.person(role.holder(self.now_ms)?)
    }

    /// Whole minutes from the time of a resource to now.
    fn minutes_since(&self, resource: &Resource) -> Option<u64> {
        let at = OffsetDateTime::parse(resource.when()?, &Rfc3339).ok()?;
        let at_ms = u64::try_from(at.unix_timestamp()).ok()? * 1000;
        Some(self.now_ms.saturating_sub(at_ms) / 60_000)
    }

    fn script(
        &self,
        key: &str,
        kind: GroupKind,
        title: &str,
        role: Option<&str>,
        chart: Option<&Chart>,
        lines: &[(&StaffMember, u64, Priority, String)],
    ) -> Script {
        let mut participants: Vec<String> = Vec::new();
        for (from, ..) in lines {
            if !participants.contains(&from.username) {
                participants.push(from.username.clone());
            }
        }
        Script {
            id: wardline_model::GroupId::from_bytes(
                *uuid(self.seed, &format!("conversation/{key}")).as_bytes(),
            ),
            key: key.to_owned(),
            kind,
            title: (!title.is_empty()).then(|| title.to_owned()),
            role: role.map(str::to_owned),
            participants,
            patient_id: chart.map(|c| c.patient_id.clone()),
            messages: lines
                .iter()
                .map(|(from, minutes_ago, priority, text)| Line {
                    from: from.username.clone(),
                    at_ms: self.now_ms.saturating_sub(minutes_ago * 60_000),
                    priority: *priority,
                    text: text.clone(),
                })
                .collect(),
        }
    }
}
