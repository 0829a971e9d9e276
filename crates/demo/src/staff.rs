//! Who works at the demo hospital. The people are the same for every seed, so that documents and
//! tests can name them; their ids and shifts are not.

use wardline_model::{FacilityId, UserId};

use crate::rng::uuid;
use crate::{Department, Facility, Ground, Readiness, StaffMember};

/// Builds the two sites.
pub(crate) fn facilities(seed: u64) -> Vec<Facility> {
    FACILITIES
        .iter()
        .map(|(slug, name, city)| Facility {
            id: facility_id(seed, slug),
            slug: (*slug).to_owned(),
            name: (*name).to_owned(),
            city: (*city).to_owned(),
        })
        .collect()
}

/// Builds the departments.
pub(crate) fn departments(seed: u64) -> Vec<Department> {
    DEPARTMENTS
        .iter()
        .map(|(name, facility)| Department {
            name: (*name).to_owned(),
            facility: facility_id(seed, facility),
        })
        .collect()
}

/// Builds the people, without shifts.
pub(crate) fn people(seed: u64) -> Vec<StaffMember> {
    PEOPLE
        .iter()
        .map(|person| {
            let facility = DEPARTMENTS
                .iter()
                .find(|(name, _)| *name == person.department)
                .map_or(MAIN, |d| d.1);
            let username = username(person.given, person.family);
            StaffMember {
                id: UserId::from_bytes(*uuid(seed, &format!("user/{username}")).as_bytes()),
                username,
                name: format!("{} {}", person.given, person.family),
                title: person.title.to_owned(),
                roles: vec![person.role.to_owned()],
                department: person.department.to_owned(),
                facility: facility_id(seed, facility),
                readiness: person.readiness,
                shifts: Vec::new(),
            }
        })
        .collect()
}

fn facility_id(seed: u64, slug: &str) -> FacilityId {
    FacilityId::from_bytes(*uuid(seed, &format!("facility/{slug}")).as_bytes())
}

/// `amara.osei`: plain ASCII, as people type it.
fn username(given: &str, family: &str) -> String {
    let plain = |text: &str| -> String {
        wardline_fhir::index::fold(text)
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect()
    };
    format!("{}.{}", plain(given), plain(family))
}

#[derive(Clone, Copy)]
struct Person {
    given: &'static str,
    family: &'static str,
    title: &'static str,
    role: &'static str,
    department: &'static str,
    readiness: Readiness,
}

const fn ready(
    given: &'static str,
    family: &'static str,
    title: &'static str,
    role: &'static str,
    department: &'static str,
) -> Person {
    Person {
        given,
        family,
        title,
        role,
        department,
        readiness: Readiness::Ready,
    }
}

const fn but(readiness: Readiness, person: Person) -> Person {
    Person {
        readiness,
        ..person
    }
}

pub(crate) const MAIN: &str = "alder-street";
pub(crate) const HARBOUR: &str = "harbour-road";

const FACILITIES: [(&str, &str, &str); 2] = [
    (MAIN, "St. Brigid's Hospital, Alder Street", "Port Alder"),
    (HARBOUR, "St. Brigid's Pavilion, Harbour Road", "Port Alder"),
];

/// In the order of the facilities.
pub(crate) const GROUNDS: [Ground; 2] = [
    Ground {
        latitude: 44.1037,
        longitude: -69.1089,
        radius_m: 400.0,
    },
    Ground {
        latitude: 44.0971,
        longitude: -69.1042,
        radius_m: 250.0,
    },
];

const DEPARTMENTS: [(&str, &str); 19] = [
    ("Emergency", MAIN),
    ("General Medicine", MAIN),
    ("Cardiology", MAIN),
    ("Critical Care", MAIN),
    ("Nephrology", MAIN),
    ("Surgery", MAIN),
    ("Neurology", MAIN),
    ("Oncology", MAIN),
    ("Radiology", MAIN),
    ("Pharmacy", MAIN),
    ("Psychiatry", MAIN),
    ("Patient Transport", MAIN),
    ("Rehabilitation", HARBOUR),
    ("Elderly Care", HARBOUR),
    ("Respiratory Medicine", HARBOUR),
    ("Information Security", MAIN),
    ("Privacy Office", MAIN),
    ("IT Operations", MAIN),
    ("Compliance", MAIN),
];

const PEOPLE: [Person; 58] = [
    ready("Amara", "Osei", "Nurse", "nurse", "Cardiology"),
    ready(
        "Tomás",
        "Herrera",
        "Charge nurse",
        "charge_nurse",
        "Cardiology",
    ),
    ready(
        "Ingrid",
        "Solberg",
        "Cardiologist",
        "physician",
        "Cardiology",
    ),
    ready("Rahul", "Menon", "Cardiologist", "physician", "Cardiology"),
    ready("Chloe", "Bennett", "Resident", "physician", "Cardiology"),
    ready(
        "Daniel",
        "Okafor",
        "Emergency physician",
        "physician",
        "Emergency",
    ),
    ready(
        "Mei-Ling",
        "Zhou",
        "Charge nurse",
        "charge_nurse",
        "Emergency",
    ),
    ready("Patrick", "Doyle", "Nurse", "nurse", "Emergency"),
    but(
        Readiness::OffShift,
        ready("Leila", "Haddad", "Resident", "physician", "Emergency"),
    ),
    ready(
        "Samuel",
        "Adeyemi",
        "Hospitalist",
        "physician",
        "General Medicine",
    ),
    ready(
        "Grace",
        "Lindqvist",
        "Hospitalist",
        "physician",
        "General Medicine",
    ),
    ready(
        "Yusuf",
        "Demir",
        "Resident",
        "physician",
        "General Medicine",
    ),
    ready("Hannah", "Kowalski", "Nurse", "nurse", "General Medicine"),
    ready(
        "Priya",
        "Raman",
        "Charge nurse",
        "charge_nurse",
        "General Medicine",
    ),
    but(
        Readiness::Onboarding,
        ready("Luca", "Moretti", "Nurse", "nurse", "General Medicine"),
    ),
    ready(
        "Elena",
        "Petrova",
        "Intensivist",
        "physician",
        "Critical Care",
    ),
    ready(
        "Marcus",
        "Bell",
        "Intensivist",
        "physician",
        "Critical Care",
    ),
    ready("Noor", "Rahimi", "Nurse", "nurse", "Critical Care"),
    ready(
        "Fiona",
        "Gallagher",
        "Charge nurse",
        "charge_nurse",
        "Critical Care",
    ),
    ready(
        "Kenji",
        "Watanabe",
        "Nephrologist",
        "physician",
        "Nephrology",
    ),
    ready(
        "Sofia",
        "Marques",
        "Nephrologist",
        "physician",
        "Nephrology",
    ),
    ready("Joy", "Mwangi", "Nurse", "nurse", "Nephrology"),
    ready("Anders", "Holm", "Surgeon", "physician", "Surgery"),
    ready("Beatriz", "Carvalho", "Surgeon", "physician", "Surgery"),
    but(
        Readiness::OutdatedPhone,
        ready("Omar", "Farouk", "Resident", "physician", "Surgery"),
    ),
    ready("Siobhan", "Walsh", "Nurse", "nurse", "Surgery"),
    ready("Ewa", "Nowak", "Neurologist", "physician", "Neurology"),
    ready("David", "Cohen", "Neurologist", "physician", "Neurology"),
    ready("Thandiwe", "Dlamini", "Nurse", "nurse", "Neurology"),
    ready(
        "Isabelle",
        "Fournier",
        "Oncologist",
        "physician",
        "Oncology",
    ),
    ready("Arjun", "Nair", "Oncologist", "physician", "Oncology"),
    ready("Caitlin", "Murphy", "Nurse", "nurse", "Oncology"),
    ready("Hiroshi", "Tanaka", "Radiologist", "physician", "Radiology"),
    ready("Naomi", "Steiner", "Radiologist", "physician", "Radiology"),
    ready("Farid", "Karimi", "Pharmacist", "pharmacist", "Pharmacy"),
    ready("Olivia", "Grant", "Pharmacist", "pharmacist", "Pharmacy"),
    but(
        Readiness::OffShift,
        ready("Wanjiru", "Kamau", "Pharmacist", "pharmacist", "Pharmacy"),
    ),
    ready(
        "Mateo",
        "Silva",
        "Physiotherapist",
        "therapist",
        "Rehabilitation",
    ),
    ready(
        "Katrin",
        "Vogel",
        "Rehabilitation physician",
        "physician",
        "Rehabilitation",
    ),
    ready(
        "Ruth",
        "Abramson",
        "Rehabilitation physician",
        "physician",
        "Rehabilitation",
    ),
    ready("Blessing", "Eze", "Nurse", "nurse", "Rehabilitation"),
    but(
        Readiness::Onboarding,
        ready(
            "Julien",
            "Roche",
            "Physiotherapist",
            "therapist",
            "Rehabilitation",
        ),
    ),
    ready(
        "Gareth",
        "Pugh",
        "Geriatrician",
        "physician",
        "Elderly Care",
    ),
    ready(
        "Shreya",
        "Iyer",
        "Geriatrician",
        "physician",
        "Elderly Care",
    ),
    ready(
        "Dolores",
        "Quintero",
        "Charge nurse",
        "charge_nurse",
        "Elderly Care",
    ),
    but(
        Readiness::OutdatedPhone,
        ready("Peter", "Jansen", "Nurse", "nurse", "Elderly Care"),
    ),
    ready(
        "Aisha",
        "Siddiqui",
        "Pulmonologist",
        "physician",
        "Respiratory Medicine",
    ),
    ready(
        "Tobias",
        "Keller",
        "Pulmonologist",
        "physician",
        "Respiratory Medicine",
    ),
    ready("Mary", "Nakato", "Nurse", "nurse", "Respiratory Medicine"),
    ready(
        "Ngozi",
        "Eneh",
        "Enrolling officer",
        "enrolling_officer",
        "Information Security",
    ),
    ready(
        "Viktor",
        "Lindgren",
        "Security officer",
        "security_officer",
        "Information Security",
    ),
    ready(
        "Ines",
        "Carvalho",
        "Security officer",
        "security_officer",
        "Information Security",
    ),
    ready(
        "Margaret",
        "Sloane",
        "Privacy officer",
        "privacy_officer",
        "Privacy Office",
    ),
    ready(
        "Dmitri",
        "Sokolov",
        "IT operator",
        "operator",
        "IT Operations",
    ),
    ready("Clara", "Whitfield", "Auditor", "auditor", "Compliance"),
    ready(
        "Jonas",
        "Brandt",
        "Deputy privacy officer",
        "privacy_officer",
        "Privacy Office",
    ),
    ready("Miriam", "Vogel", "Psychiatrist", "physician", "Psychiatry"),
    ready(
        "Sam",
        "Whelan",
        "Porter",
        "transporter",
        "Patient Transport",
    ),
];
