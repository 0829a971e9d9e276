//! The clinical vocabulary of the demo: what is measured (LOINC, UCUM), given (RxNorm ingredients),
//! diagnosed (SNOMED CT, ICD-10-CM) and not tolerated. Ranges are typical adult ones of a hospital
//! laboratory; they are for show, not for care.

/// Something measured.
pub(crate) struct Analyte {
    pub(crate) loinc: &'static str,
    pub(crate) name: &'static str,
    /// UCUM code, also shown as the unit where it reads well.
    pub(crate) ucum: &'static str,
    pub(crate) unit: &'static str,
    /// Reference range, both ends normal.
    pub(crate) range: (f64, f64),
    /// At or beyond these someone must be called.
    pub(crate) critical: (f64, f64),
    pub(crate) decimals: u8,
}

impl Analyte {
    /// HL7 v3 ObservationInterpretation.
    pub(crate) fn interpretation(&self, value: f64) -> (&'static str, &'static str) {
        if value <= self.critical.0 {
            ("LL", "Critical low")
        } else if value >= self.critical.1 {
            ("HH", "Critical high")
        } else if value < self.range.0 {
            ("L", "Low")
        } else if value > self.range.1 {
            ("H", "High")
        } else {
            ("N", "Normal")
        }
    }

    /// How far two measurements of an unchanged value may lie from it: a twentieth of the normal
    /// range, and 2 % of the value at most.
    pub(crate) fn noise(&self, value: f64) -> f64 {
        ((self.range.1 - self.range.0) / 20.0).min(value.abs() / 50.0)
    }

    /// How far healthy people may lie from the middle.
    pub(crate) fn spread(&self) -> f64 {
        (self.range.1 - self.range.0) / 6.0
    }
}

const NEVER_LOW: f64 = f64::NEG_INFINITY;
const NEVER_HIGH: f64 = f64::INFINITY;

macro_rules! analytes {
    ($($id:ident = $loinc:literal, $name:literal, $ucum:literal, $unit:literal, $low:literal..$high:literal, $crit_low:expr, $crit_high:expr, $decimals:literal;)*) => {
        $(pub(crate) static $id: Analyte = Analyte {
            loinc: $loinc, name: $name, ucum: $ucum, unit: $unit, range: ($low, $high),
            critical: ($crit_low, $crit_high), decimals: $decimals,
        };)*
    };
}

analytes! {
    SODIUM = "2951-2", "Sodium", "mmol/L", "mmol/L", 135.0..145.0, 120.0, 160.0, 0;
    POTASSIUM = "2823-3", "Potassium", "mmol/L", "mmol/L", 3.5..5.1, 2.5, 6.2, 1;
    CHLORIDE = "2075-0", "Chloride", "mmol/L", "mmol/L", 98.0..107.0, 80.0, 120.0, 0;
    BICARBONATE = "2028-9", "Carbon dioxide, total", "mmol/L", "mmol/L", 22.0..29.0, 10.0, 40.0, 0;
    UREA_NITROGEN = "3094-0", "Urea nitrogen", "mg/dL", "mg/dL", 7.0..20.0, NEVER_LOW, 100.0, 0;
    CREATININE = "2160-0", "Creatinine", "mg/dL", "mg/dL", 0.6..1.2, NEVER_LOW, 7.5, 1;
    GLUCOSE = "2345-7", "Glucose", "mg/dL", "mg/dL", 70.0..140.0, 45.0, 450.0, 0;
    LEUKOCYTES = "6690-2", "Leukocytes", "10*3/uL", "10³/µL", 4.5..11.0, 1.0, 50.0, 1;
    HEMOGLOBIN = "718-7", "Hemoglobin", "g/dL", "g/dL", 12.0..16.5, 7.0, 20.0, 1;
    PLATELETS = "777-3", "Platelets", "10*3/uL", "10³/µL", 150.0..400.0, 20.0, 1000.0, 0;
    NEUTROPHILS = "751-8", "Neutrophils", "10*3/uL", "10³/µL", 1.8..7.7, 0.5, NEVER_HIGH, 1;
    TROPONIN = "89579-7", "Troponin I, high sensitivity", "ng/L", "ng/L", 0.0..34.0, NEVER_LOW, 120.0, 0;
    NT_PROBNP = "33762-6", "NT-proBNP", "pg/mL", "pg/mL", 0.0..300.0, NEVER_LOW, NEVER_HIGH, 0;
    LACTATE = "2524-7", "Lactate", "mmol/L", "mmol/L", 0.5..2.0, NEVER_LOW, 4.0, 1;
    CRP = "1988-5", "C-reactive protein", "mg/L", "mg/L", 0.0..5.0, NEVER_LOW, NEVER_HIGH, 0;
    PROCALCITONIN = "33959-8", "Procalcitonin", "ng/mL", "ng/mL", 0.0..0.5, NEVER_LOW, NEVER_HIGH, 1;
    INR = "6301-6", "INR", "{INR}", "INR", 0.9..1.2, NEVER_LOW, 5.0, 1;
    HBA1C = "4548-4", "Hemoglobin A1c", "%", "%", 4.0..5.6, NEVER_LOW, NEVER_HIGH, 1;
    LIPASE = "3040-3", "Lipase", "U/L", "U/L", 13.0..60.0, NEVER_LOW, NEVER_HIGH, 0;
    ALT = "1742-6", "Alanine aminotransferase", "U/L", "U/L", 7.0..56.0, NEVER_LOW, NEVER_HIGH, 0;
    BILIRUBIN = "1975-2", "Bilirubin, total", "mg/dL", "mg/dL", 0.1..1.2, NEVER_LOW, 15.0, 1;
    ALBUMIN = "1751-7", "Albumin", "g/dL", "g/dL", 3.5..5.0, 1.5, NEVER_HIGH, 1;
    MAGNESIUM = "19123-9", "Magnesium", "mg/dL", "mg/dL", 1.7..2.2, 1.0, 4.7, 1;
    KETONES = "53060-9", "Beta-hydroxybutyrate", "mmol/L", "mmol/L", 0.0..0.4, NEVER_LOW, 6.0, 1;
    PH_ARTERIAL = "2744-1", "pH, arterial blood", "[pH]", "pH", 7.35..7.45, 7.20, 7.60, 2;
    PCO2_ARTERIAL = "2019-8", "pCO2, arterial blood", "mm[Hg]", "mmHg", 35.0..45.0, 20.0, 70.0, 0;
    HEART_RATE = "8867-4", "Heart rate", "/min", "/min", 60.0..100.0, 40.0, 140.0, 0;
    RESPIRATORY_RATE = "9279-1", "Respiratory rate", "/min", "/min", 12.0..20.0, 8.0, 30.0, 0;
    OXYGEN_SATURATION = "2708-6", "Oxygen saturation", "%", "%", 95.0..100.0, 85.0, NEVER_HIGH, 0;
    TEMPERATURE = "8310-5", "Body temperature", "Cel", "°C", 36.0..37.7, 34.0, 40.5, 1;
    SYSTOLIC = "8480-6", "Systolic blood pressure", "mm[Hg]", "mmHg", 100.0..139.0, 80.0, 200.0, 0;
    DIASTOLIC = "8462-4", "Diastolic blood pressure", "mm[Hg]", "mmHg", 60.0..89.0, 40.0, 120.0, 0;
    WEIGHT = "29463-7", "Body weight", "kg", "kg", 40.0..120.0, NEVER_LOW, NEVER_HIGH, 1;
}

/// A group of analytes that the laboratory reports together.
pub(crate) struct Panel {
    pub(crate) loinc: &'static str,
    pub(crate) name: &'static str,
    /// Each with the middle of a healthy value, for those that the scenario does not change.
    pub(crate) analytes: &'static [(&'static Analyte, f64)],
}

/// The two panels that every inpatient has.
pub(crate) static PANELS: [Panel; 2] = [
    Panel {
        loinc: "24321-2",
        name: "Basic metabolic panel",
        analytes: &[
            (&SODIUM, 139.0),
            (&POTASSIUM, 4.2),
            (&CHLORIDE, 103.0),
            (&BICARBONATE, 25.0),
            (&UREA_NITROGEN, 15.0),
            (&CREATININE, 0.9),
            (&GLUCOSE, 104.0),
        ],
    },
    Panel {
        loinc: "58410-2",
        name: "Complete blood count",
        analytes: &[(&LEUKOCYTES, 7.2), (&HEMOGLOBIN, 13.4), (&PLATELETS, 245.0)],
    },
];

/// A medicine, coded by its RxNorm ingredient.
#[derive(PartialEq, Eq)]
pub(crate) struct Drug {
    pub(crate) rxnorm: &'static str,
    pub(crate) name: &'static str,
}

macro_rules! drugs {
    ($($id:ident = $rxnorm:literal, $name:literal;)*) => {
        $(pub(crate) static $id: Drug = Drug { rxnorm: $rxnorm, name: $name };)*
    };
}

drugs! {
    ACETAMINOPHEN = "161", "acetaminophen";
    ALBUTEROL = "435", "albuterol";
    AMLODIPINE = "17767", "amlodipine";
    APIXABAN = "1364430", "apixaban";
    ASPIRIN = "1191", "aspirin";
    ATORVASTATIN = "83367", "atorvastatin";
    AZITHROMYCIN = "18631", "azithromycin";
    CALCIUM_GLUCONATE = "1908", "calcium gluconate";
    CEFAZOLIN = "2180", "cefazolin";
    CEFEPIME = "20481", "cefepime";
    CEFTRIAXONE = "2193", "ceftriaxone";
    CLOPIDOGREL = "32968", "clopidogrel";
    DONEPEZIL = "135447", "donepezil";
    ENOXAPARIN = "67108", "enoxaparin";
    FILGRASTIM = "68442", "filgrastim";
    FUROSEMIDE = "4603", "furosemide";
    GABAPENTIN = "25480", "gabapentin";
    HEPARIN = "5224", "heparin";
    HYDROMORPHONE = "3423", "hydromorphone";
    INSULIN_GLARGINE = "274783", "insulin glargine";
    INSULIN_REGULAR = "253182", "insulin regular, human";
    IPRATROPIUM = "7213", "ipratropium";
    LACTULOSE = "6218", "lactulose";
    LEVOTHYROXINE = "10582", "levothyroxine";
    LISINOPRIL = "29046", "lisinopril";
    MELATONIN = "6711", "melatonin";
    MEROPENEM = "29561", "meropenem";
    METFORMIN = "6809", "metformin";
    METOPROLOL = "6918", "metoprolol";
    METRONIDAZOLE = "6922", "metronidazole";
    NOREPINEPHRINE = "7512", "norepinephrine";
    ONDANSETRON = "26225", "ondansetron";
    OXYCODONE = "7804", "oxycodone";
    PANTOPRAZOLE = "40790", "pantoprazole";
    PIPERACILLIN = "8339", "piperacillin with tazobactam";
    POTASSIUM_CHLORIDE = "8591", "potassium chloride";
    PREDNISONE = "8640", "prednisone";
    SERTRALINE = "36437", "sertraline";
    SPIRONOLACTONE = "9997", "spironolactone";
    TAMSULOSIN = "77492", "tamsulosin";
    TIOTROPIUM = "274535", "tiotropium";
    VANCOMYCIN = "11124", "vancomycin";
    VITAMIN_K = "8308", "phytonadione";
    WARFARIN = "11289", "warfarin";
}

/// A diagnosis.
pub(crate) struct Problem {
    pub(crate) snomed: &'static str,
    pub(crate) icd10: &'static str,
    pub(crate) name: &'static str,
}

impl Problem {
    /// Whether people have had it for years when they come in with something else.
    pub(crate) fn long_standing(&self) -> bool {
        [
            "I10", "N18", "E10.9", "E11", "E78", "F03", "F32", "J44.9", "K74", "M81", "C50", "C85",
            "I48",
        ]
        .iter()
        .any(|chapter| self.icd10.starts_with(chapter))
    }
}

macro_rules! problems {
    ($($id:ident = $snomed:literal, $icd10:literal, $name:literal;)*) => {
        $(pub(crate) static $id: Problem = Problem { snomed: $snomed, icd10: $icd10, name: $name };)*
    };
}

problems! {
    HEART_FAILURE = "42343007", "I50.9", "Congestive heart failure";
    NSTEMI = "401314000", "I21.4", "Acute non-ST segment elevation myocardial infarction";
    ATRIAL_FIBRILLATION = "49436004", "I48.91", "Atrial fibrillation";
    PNEUMONIA = "385093006", "J18.9", "Community acquired pneumonia";
    SEPSIS = "91302008", "A41.9", "Sepsis";
    URINARY_INFECTION = "68566005", "N39.0", "Urinary tract infection";
    KETOACIDOSIS = "420422005", "E10.10", "Diabetic ketoacidosis";
    KIDNEY_INJURY = "14669001", "N17.9", "Acute kidney injury";
    HYPERKALEMIA = "14140009", "E87.5", "Hyperkalemia";
    UPPER_GI_BLEED = "37372002", "K92.2", "Upper gastrointestinal hemorrhage";
    PANCREATITIS = "197456007", "K85.90", "Acute pancreatitis";
    APPENDICITIS = "85189001", "K35.80", "Acute appendicitis";
    HIP_FRACTURE = "359817006", "S72.009A", "Closed fracture of hip";
    STROKE = "422504002", "I63.9", "Ischemic stroke";
    FEBRILE_NEUTROPENIA = "409089005", "D70.9", "Febrile neutropenia";
    BREAST_CANCER = "254837009", "C50.919", "Malignant neoplasm of breast";
    LYMPHOMA = "118600007", "C85.90", "Malignant lymphoma";
    PULMONARY_EMBOLISM = "59282003", "I26.99", "Pulmonary embolism";
    COPD_EXACERBATION = "195951007", "J44.1", "Acute exacerbation of COPD";
    DELIRIUM = "2776000", "R41.0", "Delirium";
    CIRRHOSIS = "19943007", "K74.60", "Cirrhosis of liver";
    ENCEPHALOPATHY = "13920009", "K76.82", "Hepatic encephalopathy";
    WARFARIN_BLEED = "131148009", "D68.32", "Bleeding on warfarin";
    TYPE_1_DIABETES = "46635009", "E10.9", "Type 1 diabetes mellitus";
    TYPE_2_DIABETES = "44054006", "E11.9", "Type 2 diabetes mellitus";
    HYPERTENSION = "59621000", "I10", "Essential hypertension";
    HYPERLIPIDEMIA = "55822004", "E78.5", "Hyperlipidemia";
    KIDNEY_DISEASE_3 = "433144002", "N18.30", "Chronic kidney disease stage 3";
    KIDNEY_DISEASE_4 = "431857002", "N18.4", "Chronic kidney disease stage 4";
    OSTEOPOROSIS = "64859006", "M81.0", "Osteoporosis";
    DEMENTIA = "52448006", "F03.90", "Dementia";
    DEPRESSION = "35489007", "F32.A", "Depressive disorder";
    HYPOTHYROIDISM = "40930008", "E03.9", "Hypothyroidism";
    COPD = "13645005", "J44.9", "Chronic obstructive pulmonary disease";
    PROSTATE_HYPERPLASIA = "266569009", "N40.0", "Benign prostatic hyperplasia";
}

/// A long-standing problem with the medicine that people take for it at home.
pub(crate) struct Background {
    pub(crate) problem: &'static Problem,
    pub(crate) medicine: Option<(&'static Drug, &'static str)>,
    /// What their blood usually shows.
    pub(crate) usual: &'static [(&'static Analyte, f64)],
    /// In years; younger people do not have it here.
    pub(crate) from_age: u32,
    /// Only men have it.
    pub(crate) men_only: bool,
}

const fn background(
    problem: &'static Problem,
    from_age: u32,
    medicine: Option<(&'static Drug, &'static str)>,
) -> Background {
    Background {
        problem,
        medicine,
        usual: &[],
        from_age,
        men_only: false,
    }
}

/// What people of any admission may have besides.
pub(crate) static BACKGROUNDS: [Background; 8] = [
    background(
        &HYPERTENSION,
        45,
        Some((&AMLODIPINE, "5 mg by mouth once daily")),
    ),
    Background {
        usual: &[(&GLUCOSE, 168.0)],
        ..background(
            &TYPE_2_DIABETES,
            45,
            Some((&METFORMIN, "500 mg by mouth twice daily with meals")),
        )
    },
    background(
        &HYPERLIPIDEMIA,
        45,
        Some((&ATORVASTATIN, "40 mg by mouth at night")),
    ),
    background(
        &HYPOTHYROIDISM,
        30,
        Some((&LEVOTHYROXINE, "75 mcg by mouth before breakfast")),
    ),
    background(
        &DEPRESSION,
        18,
        Some((&SERTRALINE, "50 mg by mouth once daily")),
    ),
    background(&OSTEOPOROSIS, 65, None),
    Background {
        usual: &[(&CREATININE, 1.6), (&UREA_NITROGEN, 28.0)],
        ..background(&KIDNEY_DISEASE_3, 55, None)
    },
    Background {
        men_only: true,
        ..background(
            &PROSTATE_HYPERPLASIA,
            60,
            Some((&TAMSULOSIN, "0.4 mg by mouth at night")),
        )
    },
];

/// An allergy that a patient may have.
pub(crate) struct AllergyTerm {
    pub(crate) snomed: &'static str,
    pub(crate) name: &'static str,
    pub(crate) criticality: &'static str,
    pub(crate) category: &'static str,
    pub(crate) reaction: &'static str,
    /// Medicines that no one with this allergy gets here.
    pub(crate) forbids: &'static [&'static Drug],
}

/// Allergies; all can be told from the words alone.
pub(crate) static ALLERGIES: [AllergyTerm; 7] = [
    AllergyTerm {
        snomed: "91936005",
        name: "Penicillin",
        criticality: "high",
        category: "medication",
        reaction: "Anaphylaxis",
        forbids: &[&PIPERACILLIN],
    },
    AllergyTerm {
        snomed: "91939003",
        name: "Sulfonamide antibiotics",
        criticality: "low",
        category: "medication",
        reaction: "Rash",
        forbids: &[],
    },
    AllergyTerm {
        snomed: "293586001",
        name: "Aspirin",
        criticality: "high",
        category: "medication",
        reaction: "Bronchospasm",
        forbids: &[&ASPIRIN],
    },
    AllergyTerm {
        snomed: "300916003",
        name: "Latex",
        criticality: "low",
        category: "environment",
        reaction: "Contact urticaria",
        forbids: &[],
    },
    AllergyTerm {
        snomed: "293637006",
        name: "Iodinated contrast",
        criticality: "high",
        category: "medication",
        reaction: "Generalized urticaria",
        forbids: &[],
    },
    AllergyTerm {
        snomed: "91935009",
        name: "Peanut",
        criticality: "high",
        category: "food",
        reaction: "Angioedema",
        forbids: &[],
    },
    AllergyTerm {
        snomed: "300913006",
        name: "Shellfish",
        criticality: "low",
        category: "food",
        reaction: "Hives",
        forbids: &[],
    },
];

/// "No known allergy" (SNOMED CT): asked, and there is none.
pub(crate) const NO_KNOWN_ALLERGY: &str = "716186003";
