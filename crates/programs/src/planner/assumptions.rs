//! [`Assumptions`]: the numbers that the planner reckons with, each with its unit, its range and
//! where it comes from.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::Date;
use time::format_description::well_known::Iso8601;

/// A number that is not known exactly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// What it counts: `USD per device`.
    pub unit: String,
    /// As low as it will reasonably be.
    pub low: f64,
    /// What it most likely is.
    pub likely: f64,
    /// As high as it will reasonably be.
    pub high: f64,
    /// Where it comes from: a publication, the hospital's own books, or that it is an assumption of
    /// this project.
    pub source: String,
    /// Of which day the source is, `YYYY-MM-DD`: the first, where it names a month or a year; the
    /// one on which it was read or assumed, where it names none.
    pub date: String,
}

/// What is wrong with assumptions.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AssumptionsError {
    /// The text is not of the form.
    #[error("{0}")]
    Malformed(String),
    /// A value cannot work.
    #[error("{field}: {expected}")]
    Value {
        /// Which one, such as `phone_price.low`.
        field: String,
        /// What would be right.
        expected: &'static str,
    },
}

/// What an estimate may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// From nothing to a hundred million.
    Amount,
    /// Of something that is divided by.
    Divisor,
    /// Between 0 and 1.
    Share,
}

macro_rules! assumptions {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ident,)+) => {
        /// The numbers that the planner reckons with.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Assumptions {
            /// In which currency the amounts are, as a code of ISO 4217.
            pub currency: String,
            /// Over how many years costs are counted, 1 to 10.
            pub years: u32,
            $($(#[doc = $doc])+ pub $name: Estimate,)+
        }

        impl Assumptions {
            /// The estimates by name, in the order of the file.
            pub fn estimates(&self) -> Vec<(&'static str, &Estimate)> {
                vec![$((stringify!($name), &self.$name),)+]
            }

            fn kinds() -> Vec<Kind> {
                vec![$(Kind::$kind,)+]
            }
        }
    };
}

assumptions! {
    /// How many people need a device.
    staff: Amount,
    /// Which share of the people leave in a year, and are followed by others.
    turnover: Share,
    /// Which share of the people are on shift at once, at most.
    on_shift: Share,
    /// Which share of devices is kept in reserve.
    spare: Share,
    /// How many workstations there are for each person.
    workstations: Amount,

    /// What a person is paid in a month for the use of their own phone.
    stipend: Amount,
    /// What a phone for one person costs.
    phone_price: Amount,
    /// What a device for a ward costs.
    shared_price: Amount,
    /// What a desktop or laptop costs.
    workstation_price: Amount,
    /// What case, charger and cable of a phone cost.
    accessories: Amount,
    /// After how many years a phone or ward device is replaced.
    phone_life: Divisor,
    /// After how many years a workstation is replaced.
    workstation_life: Divisor,
    /// Which share of phones is lost or stolen in a year.
    lost: Share,
    /// Which share of phones is broken beyond use in a year.
    broken: Share,

    /// What a mobile line costs in a month.
    line: Amount,
    /// Which share of ward devices has a mobile line; the others use the hospital's Wi-Fi.
    shared_line: Share,
    /// What the device manager costs for a device in a month.
    manager: Amount,

    /// How often a year the service desk is called about a person's own phone.
    calls_personal: Amount,
    /// How often a year it is called about an issued phone.
    calls_issued: Amount,
    /// How often a year it is called about a ward device.
    calls_shared: Amount,
    /// How often a year it is called about a workstation, on account of this app.
    calls_workstation: Amount,
    /// What a call costs.
    call: Amount,
    /// How many hours a year it takes to try and support one configuration.
    configuration_hours: Amount,
    /// How many hours it takes to set up a device of the hospital's.
    staging_hours: Amount,
    /// How many hours an officer takes to confirm an enrolment.
    approval_hours: Amount,
    /// What an hour of IT staff costs.
    it_hour: Amount,

    /// How many hours a person is trained, enrolment included, for their own phone.
    training_personal: Amount,
    /// The same, for an issued phone.
    training_issued: Amount,
    /// The same, for ward devices.
    training_shared: Amount,
    /// The same, for workstations.
    training_workstation: Amount,
    /// What an hour of clinical staff costs.
    staff_hour: Amount,

    /// In how many configurations own phones come, for each hundred of them.
    configurations_personal: Amount,
    /// In how many configurations the hospital issues phones.
    configurations_issued: Amount,
    /// In how many configurations there are ward devices.
    configurations_shared: Amount,
    /// In how many configurations there are workstations.
    configurations_workstation: Amount,
}

const BASELINE: &str = include_str!("../../baseline/assumptions.toml");

impl Assumptions {
    /// Those that ship with Wardline.
    #[expect(
        clippy::expect_used,
        reason = "a test reads the file that is compiled in"
    )]
    pub fn baseline() -> Self {
        // Invariant: the test below reads this very text.
        Self::from_toml("").expect("the baseline's assumptions hold together")
    }

    /// Reads assumptions as TOML. What the text leaves out is as in the baseline.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn from_toml(text: &str) -> Result<Self, AssumptionsError> {
        let changes: toml::Table = toml::from_str(text).map_err(|error| malformed(&error))?;
        Self::over_baseline(changes)
    }

    /// Reads assumptions as JSON. What the text leaves out is as in the baseline.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn from_json(text: &str) -> Result<Self, AssumptionsError> {
        let changes: toml::Table = serde_json::from_str(text)
            .map_err(|error| AssumptionsError::Malformed(error.to_string()))?;
        Self::over_baseline(changes)
    }

    /// With another number of people, known exactly.
    ///
    /// # Errors
    /// [`AssumptionsError::Value`] for nobody, or for more than a hundred million.
    pub fn with_staff(mut self, staff: u32) -> Result<Self, AssumptionsError> {
        let staff = f64::from(staff);
        self.staff.low = staff;
        self.staff.likely = staff;
        self.staff.high = staff;
        "the hospital's own number".clone_into(&mut self.staff.source);
        self.checked()
    }

    fn over_baseline(changes: toml::Table) -> Result<Self, AssumptionsError> {
        let mut all: toml::Table = toml::from_str(BASELINE).map_err(|error| malformed(&error))?;
        all.extend(changes);
        all.try_into::<Self>()
            .map_err(|error| malformed(&error))?
            .checked()
    }

    fn checked(self) -> Result<Self, AssumptionsError> {
        let fault = |field: &str, expected| {
            Err(AssumptionsError::Value {
                field: field.to_owned(),
                expected,
            })
        };
        if self.currency.len() != 3 || !self.currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return fault("currency", "three capital letters, such as USD");
        }
        if !(1..=10).contains(&self.years) {
            return fault("years", "1 to 10");
        }
        for ((name, estimate), kind) in self.estimates().into_iter().zip(Self::kinds()) {
            estimate.check(name, kind)?;
        }
        if self.staff.low < 1.0 {
            return fault("staff.low", "at least 1");
        }
        Ok(self)
    }
}

impl Estimate {
    fn check(&self, name: &str, kind: Kind) -> Result<(), AssumptionsError> {
        let fault = |part: &str, expected| {
            Err(AssumptionsError::Value {
                field: format!("{name}.{part}"),
                expected,
            })
        };
        // Comparisons with what is not a number are false, so such values are refused too.
        let (least, most, expected) = match kind {
            Kind::Amount => (0.0, 1e8, "0 to 100000000"),
            Kind::Divisor => (0.1, 1e8, "0.1 to 100000000"),
            Kind::Share => (0.0, 1.0, "0 to 1"),
        };
        for (part, value) in [
            ("low", self.low),
            ("likely", self.likely),
            ("high", self.high),
        ] {
            if !(least..=most).contains(&value) {
                return fault(part, expected);
            }
        }
        if self.low > self.likely {
            return fault("low", "at most what is likely");
        }
        if self.likely > self.high {
            return fault("high", "at least what is likely");
        }
        if !is_text(&self.unit, 80) {
            return fault("unit", "1 to 80 characters");
        }
        if !is_text(&self.source, 600) {
            return fault("source", "1 to 600 characters that say where it comes from");
        }
        if Date::parse(&self.date, &Iso8601::DATE).is_err() {
            return fault("date", "a day as YYYY-MM-DD");
        }
        Ok(())
    }
}

fn malformed(error: &toml::de::Error) -> AssumptionsError {
    AssumptionsError::Malformed(error.message().to_owned())
}

fn is_text(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_baseline_says_of_each_number_where_it_comes_from() {
        let baseline = Assumptions::baseline();
        for (name, estimate) in baseline.estimates() {
            let cited = estimate.source.contains("https://") || estimate.source.contains("http://");
            let own = estimate.source.starts_with("Assumption of this project");
            assert!(cited || own, "{name}: {}", estimate.source);
        }
    }

    #[test]
    fn a_hospital_states_only_what_differs() {
        let text = r#"
            [stipend]
            unit = "USD per person and month"
            low = 25
            likely = 25
            high = 25
            source = "Our works agreement"
            date = "2026-01-01"
        "#;
        let ours = Assumptions::from_toml(text).unwrap();
        let base = Assumptions::baseline();
        assert!((ours.stipend.high - 25.0).abs() < f64::EPSILON);
        assert_eq!(ours.call, base.call);
        let json = serde_json::to_string(&ours).unwrap();
        assert_eq!(Assumptions::from_json(&json), Ok(ours));
    }

    #[test]
    fn numbers_that_cannot_work_are_refused_by_name() {
        let refused = |change: &dyn Fn(&mut Assumptions)| {
            let mut changed = Assumptions::baseline();
            change(&mut changed);
            match changed.checked() {
                Err(AssumptionsError::Value { field, .. }) => field,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(refused(&|a| a.currency = "$".to_owned()), "currency");
        assert_eq!(refused(&|a| a.years = 0), "years");
        assert_eq!(refused(&|a| a.stipend.low = -1.0), "stipend.low");
        assert_eq!(refused(&|a| a.stipend.likely = f64::NAN), "stipend.likely");
        assert_eq!(refused(&|a| a.stipend.high = f64::INFINITY), "stipend.high");
        assert_eq!(refused(&|a| a.lost.high = 1.5), "lost.high");
        assert_eq!(refused(&|a| a.phone_life.low = 0.0), "phone_life.low");
        assert_eq!(refused(&|a| a.call.low = a.call.likely + 1.0), "call.low");
        assert_eq!(refused(&|a| a.call.high = a.call.likely - 1.0), "call.high");
        assert_eq!(refused(&|a| a.call.source = " ".to_owned()), "call.source");
        assert_eq!(refused(&|a| a.call.date = "2026".to_owned()), "call.date");
        assert_eq!(refused(&|a| a.staff.low = 0.5), "staff.low");
        assert!(Assumptions::baseline().with_staff(0).is_err());
        let unknown = Assumptions::from_toml("[coffee]\nlow = 1").unwrap_err();
        assert!(unknown.to_string().contains("coffee"), "{unknown}");
    }
}
