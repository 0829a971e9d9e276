//! Why people are in the demo hospital: each admission decides its laboratory course, vitals,
//! medicines, reports, plan and ward, so that a chart is of one piece.

use crate::staff::{HARBOUR, MAIN};
use crate::terms::{
    ACETAMINOPHEN, ALBUMIN, ALBUTEROL, ALT, AMLODIPINE, APIXABAN, APPENDICITIS, ASPIRIN,
    ATORVASTATIN, ATRIAL_FIBRILLATION, AZITHROMYCIN, Analyte, BICARBONATE, BILIRUBIN,
    BREAST_CANCER, CALCIUM_GLUCONATE, CEFAZOLIN, CEFEPIME, CEFTRIAXONE, CIRRHOSIS, CLOPIDOGREL,
    COPD, COPD_EXACERBATION, CREATININE, CRP, DELIRIUM, DEMENTIA, DEPRESSION, DONEPEZIL, Drug,
    ENCEPHALOPATHY, ENOXAPARIN, FEBRILE_NEUTROPENIA, FILGRASTIM, FUROSEMIDE, GABAPENTIN, GLUCOSE,
    HBA1C, HEART_FAILURE, HEMOGLOBIN, HEPARIN, HIP_FRACTURE, HYDROMORPHONE, HYPERKALEMIA,
    HYPERLIPIDEMIA, HYPERTENSION, INR, INSULIN_GLARGINE, INSULIN_REGULAR, IPRATROPIUM,
    KETOACIDOSIS, KETONES, KIDNEY_DISEASE_4, KIDNEY_INJURY, LACTATE, LACTULOSE, LEUKOCYTES, LIPASE,
    LISINOPRIL, LYMPHOMA, MAGNESIUM, MELATONIN, MEROPENEM, METFORMIN, METOPROLOL, METRONIDAZOLE,
    NEUTROPHILS, NOREPINEPHRINE, NSTEMI, NT_PROBNP, ONDANSETRON, OSTEOPOROSIS, OXYCODONE,
    PANCREATITIS, PANTOPRAZOLE, PCO2_ARTERIAL, PH_ARTERIAL, PIPERACILLIN, PLATELETS, PNEUMONIA,
    POTASSIUM, POTASSIUM_CHLORIDE, PREDNISONE, PROCALCITONIN, PULMONARY_EMBOLISM, Problem, SEPSIS,
    SERTRALINE, SODIUM, SPIRONOLACTONE, STROKE, TIOTROPIUM, TROPONIN, TYPE_1_DIABETES,
    UPPER_GI_BLEED, UREA_NITROGEN, URINARY_INFECTION, VANCOMYCIN, VITAMIN_K, WARFARIN,
    WARFARIN_BLEED,
};

/// One kind of admission.
pub(crate) struct Scenario {
    /// Names it for the conversations.
    pub(crate) key: &'static str,
    /// How many patients have it.
    pub(crate) patients: usize,
    pub(crate) department: &'static str,
    pub(crate) facility: &'static str,
    pub(crate) ward: &'static str,
    /// SNOMED CT or plain words for `Encounter.type`.
    pub(crate) admission: &'static str,
    pub(crate) age: (u32, u32),
    /// FHIR gender where only one fits.
    pub(crate) gender: Option<&'static str>,
    /// Days since admission.
    pub(crate) stay: (u32, u32),
    /// Days that the reason is older than the admission.
    pub(crate) ill_before: u32,
    /// Reason first.
    pub(crate) problems: &'static [&'static Problem],
    pub(crate) labs: &'static [Course],
    pub(crate) vitals: Vitals,
    pub(crate) medicines: &'static [(&'static Drug, &'static str)],
    /// Home medicines that must wait.
    pub(crate) held: &'static [&'static Drug],
    pub(crate) reports: &'static [Report],
    pub(crate) plan: &'static str,
    pub(crate) activities: &'static [&'static str],
    /// In percent: how likely someone of 75 or older has chosen against resuscitation.
    pub(crate) no_resuscitation: u32,
    /// Imaging with iodinated contrast was done.
    pub(crate) contrast: bool,
    /// A physiotherapist belongs to the team.
    pub(crate) therapy: bool,
}

/// How a laboratory value went from admission to now.
pub(crate) struct Course {
    pub(crate) analyte: &'static Analyte,
    pub(crate) admission: f64,
    pub(crate) now: f64,
}

const fn course(analyte: &'static Analyte, admission: f64, now: f64) -> Course {
    Course {
        analyte,
        admission,
        now,
    }
}

/// Vital signs at admission and now: heart rate, systolic, diastolic, respiratory rate, oxygen
/// saturation, temperature.
pub(crate) struct Vitals {
    pub(crate) admission: [f64; 6],
    pub(crate) now: [f64; 6],
}

const fn vitals(admission: [f64; 6], now: [f64; 6]) -> Vitals {
    Vitals { admission, now }
}

/// A report that is not the laboratory's.
pub(crate) struct Report {
    pub(crate) loinc: &'static str,
    pub(crate) name: &'static str,
    /// HL7 v2 table 0074: `RAD`, `CUS` (cardiac ultrasound), `EC` (electrocardiac).
    pub(crate) section: &'static str,
    pub(crate) conclusion: &'static str,
}

const fn report(
    loinc: &'static str,
    name: &'static str,
    section: &'static str,
    conclusion: &'static str,
) -> Report {
    Report {
        loinc,
        name,
        section,
        conclusion,
    }
}

const USUAL: Scenario = Scenario {
    key: "",
    patients: 2,
    department: "General Medicine",
    facility: MAIN,
    ward: "5 North",
    admission: "Emergency hospital admission",
    age: (45, 85),
    gender: None,
    stay: (1, 5),
    ill_before: 0,
    problems: &[],
    labs: &[],
    vitals: vitals(
        [88.0, 128.0, 76.0, 18.0, 97.0, 37.0],
        [80.0, 124.0, 74.0, 16.0, 97.0, 36.8],
    ),
    medicines: &[],
    held: &[],
    reports: &[],
    plan: "",
    activities: &[],
    no_resuscitation: 30,
    contrast: false,
    therapy: false,
};

pub(crate) static SCENARIOS: [Scenario; 20] = [
    Scenario {
        key: "heart-failure",
        patients: 4,
        department: "Cardiology",
        ward: "4 East",
        age: (62, 90),
        problems: &[&HEART_FAILURE, &HYPERTENSION],
        labs: &[
            course(&NT_PROBNP, 6840.0, 2310.0),
            course(&SODIUM, 132.0, 135.0),
            course(&POTASSIUM, 4.4, 3.4),
            course(&CREATININE, 1.5, 1.3),
            course(&UREA_NITROGEN, 34.0, 29.0),
            course(&MAGNESIUM, 1.9, 1.7),
        ],
        vitals: vitals(
            [104.0, 152.0, 88.0, 24.0, 90.0, 36.7],
            [82.0, 122.0, 70.0, 18.0, 95.0, 36.6],
        ),
        medicines: &[
            (&FUROSEMIDE, "40 mg intravenously every 12 hours"),
            (&POTASSIUM_CHLORIDE, "20 mEq by mouth once daily"),
            (&METOPROLOL, "succinate 50 mg by mouth once daily"),
            (&SPIRONOLACTONE, "25 mg by mouth once daily"),
            (&ENOXAPARIN, "40 mg subcutaneously once daily"),
        ],
        held: &[&AMLODIPINE],
        reports: &[
            report(
                "30746-2",
                "Portable chest X-ray",
                "RAD",
                "Cardiomegaly with interstitial edema and small bilateral effusions. No consolidation.",
            ),
            report(
                "42148-7",
                "Echocardiogram",
                "CUS",
                "Left ventricular ejection fraction 30 to 35 %. Moderate mitral regurgitation. Right heart pressures raised.",
            ),
        ],
        plan: "Decompensated heart failure",
        activities: &[
            "Daily weight before breakfast",
            "Fluid restriction 1.5 L a day",
            "Strict intake and output",
            "Heart failure teaching before discharge",
        ],
        no_resuscitation: 35,
        ..USUAL
    },
    Scenario {
        key: "nstemi",
        patients: 3,
        department: "Cardiology",
        ward: "4 East",
        age: (48, 80),
        stay: (0, 0),
        problems: &[&NSTEMI, &HYPERLIPIDEMIA],
        labs: &[
            course(&TROPONIN, 86.0, 1240.0),
            course(&GLUCOSE, 156.0, 128.0),
            course(&HEMOGLOBIN, 13.8, 13.1),
        ],
        vitals: vitals(
            [96.0, 148.0, 86.0, 20.0, 95.0, 36.8],
            [74.0, 118.0, 70.0, 16.0, 97.0, 36.7],
        ),
        medicines: &[
            (&ASPIRIN, "81 mg by mouth once daily"),
            (&CLOPIDOGREL, "75 mg by mouth once daily"),
            (&HEPARIN, "intravenous infusion by protocol"),
            (&ATORVASTATIN, "80 mg by mouth at night"),
            (&METOPROLOL, "tartrate 25 mg by mouth twice daily"),
        ],
        reports: &[
            report(
                "11524-6",
                "12-lead ECG",
                "EC",
                "Sinus rhythm. Horizontal ST depression of 1.5 mm in V4 to V6.",
            ),
            report(
                "36643-5",
                "Chest X-ray",
                "RAD",
                "Normal heart size. Clear lungs.",
            ),
        ],
        held: &[&METFORMIN],
        plan: "Acute coronary syndrome",
        activities: &[
            "Continuous telemetry",
            "Serial troponin every 6 hours until falling",
            "Nil by mouth from midnight for angiography",
        ],
        no_resuscitation: 15,
        ..USUAL
    },
    Scenario {
        key: "atrial-fibrillation",
        department: "Cardiology",
        ward: "4 East",
        age: (58, 84),
        stay: (1, 3),
        problems: &[&ATRIAL_FIBRILLATION, &HYPERTENSION],
        labs: &[
            course(&MAGNESIUM, 1.5, 2.0),
            course(&POTASSIUM, 3.3, 4.1),
            course(&TROPONIN, 22.0, 18.0),
        ],
        vitals: vitals(
            [148.0, 118.0, 74.0, 20.0, 96.0, 36.7],
            [88.0, 122.0, 72.0, 16.0, 97.0, 36.6],
        ),
        medicines: &[
            (&METOPROLOL, "tartrate 50 mg by mouth twice daily"),
            (&APIXABAN, "5 mg by mouth twice daily"),
        ],
        reports: &[report(
            "11524-6",
            "12-lead ECG",
            "EC",
            "Atrial fibrillation with ventricular rate 146. No acute ST changes.",
        )],
        plan: "Rate control and stroke prevention",
        activities: &[
            "Continuous telemetry",
            "Keep potassium above 4.0 and magnesium above 2.0",
            "Anticoagulation teaching",
        ],
        no_resuscitation: 15,
        ..USUAL
    },
    Scenario {
        key: "pneumonia",
        patients: 3,
        problems: &[&PNEUMONIA],
        labs: &[
            course(&LEUKOCYTES, 16.8, 10.4),
            course(&CRP, 184.0, 62.0),
            course(&PROCALCITONIN, 2.4, 0.6),
            course(&SODIUM, 131.0, 135.0),
        ],
        vitals: vitals(
            [108.0, 112.0, 64.0, 26.0, 89.0, 38.9],
            [86.0, 122.0, 70.0, 18.0, 94.0, 37.4],
        ),
        medicines: &[
            (&CEFTRIAXONE, "2 g intravenously once daily"),
            (&AZITHROMYCIN, "500 mg by mouth once daily"),
            (&ACETAMINOPHEN, "650 mg by mouth every 6 hours as needed"),
            (&ENOXAPARIN, "40 mg subcutaneously once daily"),
        ],
        reports: &[report(
            "36643-5",
            "Chest X-ray",
            "RAD",
            "Right lower lobe consolidation with air bronchograms. No effusion.",
        )],
        plan: "Community acquired pneumonia",
        activities: &[
            "Oxygen to keep saturation 92 to 96 %",
            "Incentive spirometry every 2 hours while awake",
            "Review for oral antibiotics on day 3",
        ],
        ..USUAL
    },
    Scenario {
        key: "sepsis",
        patients: 3,
        department: "Critical Care",
        ward: "Intensive Care Unit",
        age: (55, 88),
        stay: (1, 3),
        problems: &[&SEPSIS, &URINARY_INFECTION, &KIDNEY_INJURY],
        labs: &[
            course(&LACTATE, 3.1, 5.2),
            course(&LEUKOCYTES, 21.4, 23.6),
            course(&PROCALCITONIN, 18.6, 32.0),
            course(&CREATININE, 1.9, 2.6),
            course(&UREA_NITROGEN, 38.0, 47.0),
            course(&BICARBONATE, 19.0, 16.0),
            course(&PLATELETS, 138.0, 104.0),
        ],
        vitals: vitals(
            [122.0, 84.0, 46.0, 28.0, 92.0, 39.4],
            [116.0, 96.0, 52.0, 24.0, 94.0, 38.6],
        ),
        medicines: &[
            (
                &NOREPINEPHRINE,
                "intravenous infusion, mean arterial pressure 65 or more",
            ),
            (&MEROPENEM, "1 g intravenously every 8 hours"),
            (&VANCOMYCIN, "intravenously, dosed by pharmacy"),
            (&PANTOPRAZOLE, "40 mg intravenously once daily"),
        ],
        held: &[&AMLODIPINE, &METFORMIN],
        reports: &[report(
            "30746-2",
            "Portable chest X-ray",
            "RAD",
            "Right internal jugular line with tip in the superior vena cava. No pneumothorax.",
        )],
        plan: "Septic shock from the urinary tract",
        activities: &[
            "Lactate every 4 hours until below 2",
            "Hourly urine output",
            "Cultures before any change of antibiotics",
            "Turn every 2 hours",
        ],
        no_resuscitation: 40,
        ..USUAL
    },
    Scenario {
        key: "ketoacidosis",
        department: "Critical Care",
        ward: "Intensive Care Unit",
        age: (19, 46),
        stay: (1, 2),
        problems: &[&KETOACIDOSIS, &TYPE_1_DIABETES],
        labs: &[
            course(&GLUCOSE, 568.0, 214.0),
            course(&BICARBONATE, 8.0, 17.0),
            course(&POTASSIUM, 5.6, 3.6),
            course(&KETONES, 7.4, 1.1),
            course(&PH_ARTERIAL, 7.12, 7.32),
            course(&SODIUM, 129.0, 137.0),
            course(&HBA1C, 11.8, 11.8),
        ],
        vitals: vitals(
            [124.0, 104.0, 62.0, 28.0, 98.0, 37.1],
            [92.0, 116.0, 70.0, 18.0, 98.0, 36.8],
        ),
        medicines: &[
            (
                &INSULIN_REGULAR,
                "intravenous infusion 0.1 units/kg/h by protocol",
            ),
            (&INSULIN_GLARGINE, "18 units subcutaneously at night"),
            (&POTASSIUM_CHLORIDE, "20 mEq per liter of fluid"),
        ],
        plan: "Diabetic ketoacidosis",
        activities: &[
            "Glucose every hour on the infusion",
            "Potassium every 4 hours",
            "Diabetes educator before discharge",
        ],
        no_resuscitation: 0,
        ..USUAL
    },
    Scenario {
        key: "hyperkalemia",
        patients: 3,
        department: "Nephrology",
        ward: "3 West",
        age: (54, 84),
        stay: (1, 3),
        problems: &[&KIDNEY_INJURY, &HYPERKALEMIA, &KIDNEY_DISEASE_4],
        labs: &[
            course(&POTASSIUM, 5.7, 6.8),
            course(&CREATININE, 4.1, 5.3),
            course(&UREA_NITROGEN, 68.0, 84.0),
            course(&BICARBONATE, 18.0, 15.0),
            course(&HEMOGLOBIN, 10.2, 9.8),
        ],
        vitals: vitals(
            [84.0, 156.0, 88.0, 20.0, 95.0, 36.6],
            [58.0, 162.0, 90.0, 20.0, 94.0, 36.5],
        ),
        medicines: &[
            (
                &CALCIUM_GLUCONATE,
                "1 g intravenously over 10 minutes, may repeat once",
            ),
            (
                &INSULIN_REGULAR,
                "10 units intravenously with 25 g of dextrose, once",
            ),
            (&ALBUTEROL, "10 mg nebulized once"),
            (&FUROSEMIDE, "80 mg intravenously twice daily"),
        ],
        held: &[&LISINOPRIL, &METFORMIN],
        reports: &[
            report(
                "11524-6",
                "12-lead ECG",
                "EC",
                "Sinus rhythm 58. Peaked T waves in V2 to V4. QRS 118 ms.",
            ),
            report(
                "24558-9",
                "Abdominal ultrasound",
                "RAD",
                "Small echogenic kidneys. No hydronephrosis.",
            ),
        ],
        plan: "Acute on chronic kidney injury with hyperkalemia",
        activities: &[
            "Continuous telemetry",
            "Potassium every 2 hours until below 5.5",
            "Renal diet",
            "Avoid nephrotoxic medicines",
            "Dialysis access assessment",
        ],
        no_resuscitation: 30,
        ..USUAL
    },
    Scenario {
        key: "gi-bleed",
        age: (50, 82),
        stay: (1, 3),
        problems: &[&UPPER_GI_BLEED],
        labs: &[
            course(&HEMOGLOBIN, 6.6, 8.3),
            course(&UREA_NITROGEN, 46.0, 31.0),
            course(&PLATELETS, 182.0, 168.0),
            course(&INR, 1.2, 1.1),
        ],
        vitals: vitals(
            [118.0, 92.0, 54.0, 22.0, 96.0, 36.5],
            [88.0, 114.0, 66.0, 16.0, 97.0, 36.7],
        ),
        medicines: &[
            (&PANTOPRAZOLE, "8 mg/h intravenous infusion after 80 mg"),
            (&ONDANSETRON, "4 mg intravenously every 8 hours as needed"),
        ],
        held: &[&AMLODIPINE, &ASPIRIN],
        plan: "Upper gastrointestinal bleeding",
        activities: &[
            "Hemoglobin every 6 hours",
            "Two large-bore cannulas",
            "Transfuse below 7 g/dL",
            "Nil by mouth for endoscopy",
        ],
        ..USUAL
    },
    Scenario {
        key: "pancreatitis",
        department: "Surgery",
        ward: "2 South",
        age: (32, 68),
        stay: (1, 4),
        problems: &[&PANCREATITIS],
        labs: &[
            course(&LIPASE, 1840.0, 420.0),
            course(&LEUKOCYTES, 15.2, 11.6),
            course(&ALT, 142.0, 68.0),
            course(&BILIRUBIN, 2.4, 1.3),
        ],
        vitals: vitals(
            [112.0, 118.0, 70.0, 22.0, 95.0, 38.1],
            [90.0, 124.0, 74.0, 18.0, 96.0, 37.3],
        ),
        medicines: &[
            (
                &HYDROMORPHONE,
                "0.5 mg intravenously every 4 hours as needed",
            ),
            (&ONDANSETRON, "4 mg intravenously every 8 hours as needed"),
            (&ENOXAPARIN, "40 mg subcutaneously once daily"),
        ],
        reports: &[report(
            "24558-9",
            "Abdominal ultrasound",
            "RAD",
            "Gallstones without wall thickening. Common bile duct 5 mm. Swollen pancreas.",
        )],
        plan: "Gallstone pancreatitis",
        activities: &[
            "Fluids guided by urine output",
            "Early oral feeding as tolerated",
            "Cholecystectomy this admission",
        ],
        no_resuscitation: 5,
        ..USUAL
    },
    Scenario {
        key: "appendicitis",
        department: "Surgery",
        ward: "2 South",
        age: (18, 44),
        stay: (1, 2),
        problems: &[&APPENDICITIS],
        labs: &[course(&LEUKOCYTES, 15.8, 10.9), course(&CRP, 86.0, 54.0)],
        vitals: vitals(
            [102.0, 124.0, 76.0, 18.0, 98.0, 38.2],
            [78.0, 118.0, 72.0, 14.0, 98.0, 37.0],
        ),
        medicines: &[
            (&CEFAZOLIN, "2 g intravenously before incision"),
            (&METRONIDAZOLE, "500 mg intravenously every 8 hours"),
            (&ACETAMINOPHEN, "1 g by mouth every 6 hours"),
            (&OXYCODONE, "5 mg by mouth every 6 hours as needed"),
        ],
        reports: &[report(
            "44115-4",
            "CT abdomen and pelvis",
            "RAD",
            "Appendix 12 mm with fat stranding. No abscess or free air.",
        )],
        plan: "After laparoscopic appendectomy",
        activities: &[
            "Walk the evening of surgery",
            "Advance diet as tolerated",
            "Discharge when pain is controlled by mouth",
        ],
        no_resuscitation: 0,
        contrast: true,
        ..USUAL
    },
    Scenario {
        key: "hip-fracture",
        patients: 3,
        department: "Surgery",
        ward: "2 South",
        age: (74, 94),
        stay: (2, 6),
        problems: &[&HIP_FRACTURE, &OSTEOPOROSIS],
        labs: &[
            course(&HEMOGLOBIN, 11.4, 8.6),
            course(&CREATININE, 1.1, 1.2),
            course(&ALBUMIN, 3.4, 2.9),
        ],
        vitals: vitals(
            [92.0, 146.0, 80.0, 18.0, 95.0, 36.7],
            [86.0, 118.0, 66.0, 16.0, 95.0, 37.2],
        ),
        medicines: &[
            (&ENOXAPARIN, "40 mg subcutaneously once daily"),
            (&ACETAMINOPHEN, "1 g by mouth every 8 hours"),
            (&OXYCODONE, "2.5 mg by mouth every 6 hours as needed"),
            (&CEFAZOLIN, "2 g intravenously before incision"),
        ],
        reports: &[report(
            "24762-7",
            "Hip X-ray",
            "RAD",
            "Displaced fracture of the left femoral neck. Osteopenia.",
        )],
        plan: "After hip hemiarthroplasty",
        activities: &[
            "Out of bed on day 1 with physiotherapy",
            "Full weight bearing",
            "Delirium screen every shift",
            "Remove urinary catheter on day 1",
        ],
        no_resuscitation: 50,
        therapy: true,
        ..USUAL
    },
    Scenario {
        key: "stroke",
        patients: 3,
        department: "Neurology",
        ward: "6 East Stroke Unit",
        age: (56, 88),
        problems: &[&STROKE, &HYPERTENSION],
        labs: &[
            course(&GLUCOSE, 164.0, 132.0),
            course(&HBA1C, 6.3, 6.3),
            course(&INR, 1.0, 1.0),
        ],
        vitals: vitals(
            [84.0, 186.0, 98.0, 18.0, 96.0, 36.9],
            [76.0, 148.0, 82.0, 16.0, 96.0, 36.8],
        ),
        medicines: &[
            (&ASPIRIN, "81 mg by mouth once daily"),
            (&CLOPIDOGREL, "75 mg by mouth once daily for 21 days"),
            (&ATORVASTATIN, "80 mg by mouth at night"),
            (&ENOXAPARIN, "40 mg subcutaneously once daily"),
        ],
        held: &[&AMLODIPINE],
        reports: &[
            report(
                "30799-1",
                "CT head without contrast",
                "RAD",
                "No hemorrhage. Early loss of gray-white differentiation in the left insula.",
            ),
            report(
                "24590-2",
                "MRI brain",
                "RAD",
                "Restricted diffusion in the left middle cerebral artery territory. No hemorrhage.",
            ),
        ],
        plan: "Acute ischemic stroke",
        activities: &[
            "Neurological checks every 4 hours",
            "Swallow screen before anything by mouth",
            "Physiotherapy and speech therapy within 24 hours",
        ],
        no_resuscitation: 35,
        therapy: true,
        ..USUAL
    },
    Scenario {
        key: "febrile-neutropenia",
        patients: 2,
        department: "Oncology",
        ward: "7 North",
        age: (34, 72),
        gender: Some("female"),
        stay: (1, 3),
        problems: &[&FEBRILE_NEUTROPENIA, &BREAST_CANCER],
        labs: &[
            course(&LEUKOCYTES, 0.9, 0.7),
            course(&NEUTROPHILS, 0.3, 0.2),
            course(&PLATELETS, 88.0, 62.0),
            course(&HEMOGLOBIN, 9.4, 8.8),
            course(&LACTATE, 1.6, 1.2),
        ],
        vitals: vitals(
            [116.0, 104.0, 60.0, 20.0, 96.0, 39.1],
            [98.0, 112.0, 66.0, 18.0, 97.0, 38.3],
        ),
        medicines: &[
            (&CEFEPIME, "2 g intravenously every 8 hours"),
            (&FILGRASTIM, "300 mcg subcutaneously once daily"),
            (&ACETAMINOPHEN, "650 mg by mouth every 6 hours as needed"),
        ],
        reports: &[report(
            "36643-5",
            "Chest X-ray",
            "RAD",
            "No focal consolidation. Port catheter in good position.",
        )],
        plan: "Febrile neutropenia after chemotherapy",
        activities: &[
            "Neutropenic precautions",
            "Blood cultures from port and periphery with each fever",
            "Daily blood count with differential",
        ],
        no_resuscitation: 10,
        ..USUAL
    },
    Scenario {
        key: "lymphoma",
        patients: 1,
        department: "Oncology",
        ward: "7 North",
        age: (40, 74),
        stay: (2, 5),
        problems: &[&FEBRILE_NEUTROPENIA, &LYMPHOMA],
        labs: &[
            course(&LEUKOCYTES, 0.8, 1.6),
            course(&NEUTROPHILS, 0.2, 0.7),
            course(&PLATELETS, 41.0, 54.0),
            course(&HEMOGLOBIN, 8.4, 8.1),
        ],
        vitals: vitals(
            [112.0, 108.0, 62.0, 20.0, 96.0, 38.8],
            [90.0, 116.0, 68.0, 16.0, 97.0, 37.5],
        ),
        medicines: &[
            (&PIPERACILLIN, "4.5 g intravenously every 6 hours"),
            (&FILGRASTIM, "480 mcg subcutaneously once daily"),
            (&ONDANSETRON, "8 mg by mouth every 8 hours as needed"),
        ],
        plan: "Febrile neutropenia after chemotherapy",
        activities: &[
            "Neutropenic precautions",
            "Daily blood count with differential",
            "Transfuse platelets below 10",
        ],
        no_resuscitation: 15,
        ..USUAL
    },
    Scenario {
        key: "pulmonary-embolism",
        age: (38, 76),
        stay: (0, 0),
        problems: &[&PULMONARY_EMBOLISM],
        labs: &[
            course(&TROPONIN, 62.0, 38.0),
            course(&NT_PROBNP, 1420.0, 760.0),
            course(&LACTATE, 2.3, 1.4),
        ],
        vitals: vitals(
            [118.0, 108.0, 66.0, 26.0, 89.0, 37.2],
            [92.0, 118.0, 70.0, 18.0, 95.0, 36.9],
        ),
        medicines: &[
            (&HEPARIN, "intravenous infusion by protocol"),
            (&ACETAMINOPHEN, "650 mg by mouth every 6 hours as needed"),
        ],
        reports: &[report(
            "24627-2",
            "CT pulmonary angiogram",
            "RAD",
            "Emboli in both lower lobe pulmonary arteries. Right to left ventricular ratio 1.1.",
        )],
        held: &[&METFORMIN],
        plan: "Acute pulmonary embolism",
        activities: &[
            "Continuous telemetry",
            "Anti-Xa level every 6 hours",
            "Change to oral anticoagulant when stable",
        ],
        no_resuscitation: 10,
        contrast: true,
        ..USUAL
    },
    Scenario {
        key: "cirrhosis",
        age: (44, 70),
        stay: (2, 5),
        problems: &[&ENCEPHALOPATHY, &CIRRHOSIS],
        labs: &[
            course(&BILIRUBIN, 5.8, 5.1),
            course(&ALBUMIN, 2.3, 2.4),
            course(&INR, 1.9, 1.8),
            course(&PLATELETS, 72.0, 68.0),
            course(&SODIUM, 128.0, 131.0),
            course(&ALT, 64.0, 58.0),
        ],
        vitals: vitals(
            [94.0, 104.0, 58.0, 18.0, 96.0, 37.0],
            [84.0, 108.0, 60.0, 16.0, 97.0, 36.8],
        ),
        medicines: &[
            (
                &LACTULOSE,
                "30 mL by mouth three times daily, for 3 soft stools a day",
            ),
            (&SPIRONOLACTONE, "100 mg by mouth once daily"),
            (&PANTOPRAZOLE, "40 mg by mouth once daily"),
        ],
        held: &[&AMLODIPINE, &METFORMIN],
        reports: &[report(
            "24558-9",
            "Abdominal ultrasound",
            "RAD",
            "Nodular liver with moderate ascites. Patent portal vein.",
        )],
        plan: "Hepatic encephalopathy",
        activities: &[
            "Stool chart",
            "Fall precautions",
            "Diagnostic paracentesis",
            "Avoid sedatives",
        ],
        no_resuscitation: 20,
        ..USUAL
    },
    Scenario {
        key: "warfarin-bleed",
        department: "Emergency",
        ward: "Emergency Observation",
        admission: "Emergency department observation",
        age: (66, 88),
        stay: (0, 0),
        problems: &[&WARFARIN_BLEED, &ATRIAL_FIBRILLATION],
        labs: &[course(&INR, 8.4, 7.9), course(&HEMOGLOBIN, 11.2, 10.6)],
        vitals: vitals(
            [92.0, 132.0, 76.0, 18.0, 96.0, 36.7],
            [88.0, 128.0, 74.0, 16.0, 97.0, 36.7],
        ),
        medicines: &[(&VITAMIN_K, "2.5 mg by mouth once")],
        held: &[&WARFARIN],
        plan: "Bleeding on warfarin",
        activities: &[
            "INR every 6 hours",
            "Anterior nasal packing check every 2 hours",
            "Fall precautions",
        ],
        no_resuscitation: 25,
        ..USUAL
    },
    Scenario {
        key: "copd",
        patients: 4,
        department: "Respiratory Medicine",
        facility: HARBOUR,
        ward: "Harbour 1",
        age: (56, 82),
        problems: &[&COPD_EXACERBATION, &COPD],
        labs: &[
            course(&PCO2_ARTERIAL, 64.0, 52.0),
            course(&PH_ARTERIAL, 7.28, 7.36),
            course(&BICARBONATE, 31.0, 30.0),
            course(&LEUKOCYTES, 13.4, 12.2),
            course(&GLUCOSE, 148.0, 176.0),
        ],
        vitals: vitals(
            [108.0, 142.0, 82.0, 28.0, 86.0, 37.4],
            [88.0, 130.0, 76.0, 20.0, 90.0, 36.9],
        ),
        medicines: &[
            (&PREDNISONE, "40 mg by mouth once daily for 5 days"),
            (&ALBUTEROL, "2.5 mg nebulized every 4 hours"),
            (&IPRATROPIUM, "0.5 mg nebulized every 6 hours"),
            (&TIOTROPIUM, "18 mcg inhaled once daily"),
            (&AZITHROMYCIN, "500 mg by mouth once daily for 3 days"),
        ],
        reports: &[report(
            "36643-5",
            "Chest X-ray",
            "RAD",
            "Hyperinflated lungs, flat diaphragms. No consolidation.",
        )],
        plan: "COPD exacerbation",
        activities: &[
            "Oxygen to keep saturation 88 to 92 %",
            "Arterial gas if drowsy",
            "Inhaler technique",
            "Stop-smoking counselling",
        ],
        no_resuscitation: 35,
        therapy: true,
        ..USUAL
    },
    Scenario {
        key: "delirium",
        patients: 3,
        department: "Elderly Care",
        facility: HARBOUR,
        ward: "Harbour 2",
        age: (78, 96),
        problems: &[&DELIRIUM, &URINARY_INFECTION, &DEMENTIA],
        labs: &[
            course(&LEUKOCYTES, 14.2, 10.6),
            course(&CRP, 72.0, 38.0),
            course(&SODIUM, 148.0, 143.0),
            course(&UREA_NITROGEN, 36.0, 24.0),
            course(&ALBUMIN, 3.1, 3.0),
        ],
        vitals: vitals(
            [98.0, 112.0, 64.0, 20.0, 95.0, 38.3],
            [82.0, 126.0, 70.0, 16.0, 96.0, 37.1],
        ),
        medicines: &[
            (&CEFTRIAXONE, "1 g intravenously once daily"),
            (&MELATONIN, "3 mg by mouth at night"),
            (&DONEPEZIL, "5 mg by mouth at night"),
            (&ACETAMINOPHEN, "650 mg by mouth every 8 hours"),
        ],
        held: &[&SERTRALINE],
        plan: "Delirium",
        activities: &[
            "Orientation and glasses, hearing aids in",
            "Sleep protocol, no vital signs 23:00 to 05:00 when stable",
            "Bladder scan after voiding",
            "Fall precautions",
        ],
        no_resuscitation: 60,
        ..USUAL
    },
    Scenario {
        key: "stroke-rehabilitation",
        patients: 3,
        department: "Rehabilitation",
        facility: HARBOUR,
        ward: "Harbour 3",
        admission: "Admission to rehabilitation",
        age: (52, 84),
        stay: (6, 18),
        ill_before: 9,
        problems: &[&STROKE, &HYPERTENSION, &DEPRESSION],
        labs: &[course(&HBA1C, 6.1, 6.1), course(&ALBUMIN, 3.3, 3.6)],
        vitals: vitals(
            [78.0, 142.0, 80.0, 16.0, 97.0, 36.7],
            [72.0, 132.0, 76.0, 16.0, 97.0, 36.6],
        ),
        medicines: &[
            (&ASPIRIN, "81 mg by mouth once daily"),
            (&ATORVASTATIN, "80 mg by mouth at night"),
            (&AMLODIPINE, "5 mg by mouth once daily"),
            (&SERTRALINE, "50 mg by mouth once daily"),
            (&GABAPENTIN, "100 mg by mouth at night"),
        ],
        plan: "Rehabilitation after stroke",
        activities: &[
            "Physiotherapy twice daily",
            "Occupational therapy daily",
            "Home visit before discharge",
        ],
        no_resuscitation: 20,
        therapy: true,
        ..USUAL
    },
];
