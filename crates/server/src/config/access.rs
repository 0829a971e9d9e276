//! `[access]`: what of the hospital explains that somebody looks at a record.

use serde::Deserialize;
use wardline_fhir::ties;

/// `[access]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Which departments work on which wards.
    pub wards: Vec<WardRule>,
}

/// One of `wards` in `[access]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WardRule {
    /// The ward, as the records name it.
    pub ward: String,
    /// The site that it is in, as the records name that; empty where they name none, or it is the only ward of
    /// that name.
    #[serde(default)]
    pub site: String,
    /// The facility, as people's accounts name it.
    pub facility: String,
    /// Whose people work on it.
    pub departments: Vec<String>,
}

impl Access {
    /// The wards on which a department of a facility works, as records name them.
    pub(crate) fn wards_of(&self, department: &str, facility: &str) -> Vec<String> {
        let same =
            |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
        let works_there = |rule: &&WardRule| {
            same(&rule.facility, facility) && rule.departments.iter().any(|it| same(it, department))
        };
        let rules = self.wards.iter().filter(works_there);
        let site = |rule: &WardRule| Some(rule.site.clone()).filter(|it| !it.trim().is_empty());
        rules
            .map(|rule| ties::ward_name(&rule.ward, site(rule).as_deref()))
            .collect()
    }

    /// Whether each value cannot work, with its key and the mend.
    pub(super) fn faults(&self) -> Vec<(bool, &'static str, &'static str)> {
        let is_whole = |rule: &WardRule| {
            let texts = [&rule.ward, &rule.facility];
            texts.iter().all(|text| !text.trim().is_empty()) && !rule.departments.is_empty()
        };
        // Without a site a rule means a ward of that name wherever it is: of two facilities that would be one.
        let is_apart = |rule: &WardRule| {
            let same = |other: &&WardRule| {
                other.ward.trim().to_lowercase() == rule.ward.trim().to_lowercase()
                    && other.facility != rule.facility
            };
            !rule.site.trim().is_empty() || !self.wards.iter().any(|other| same(&other))
        };
        vec![
            (
                self.wards.len() > MOST_WARDS || !self.wards.iter().all(is_whole),
                "wards",
                "give each of up to 1000 entries a `ward`, a `facility` and `departments`",
            ),
            (
                !self.wards.iter().all(is_apart),
                "wards",
                "two facilities have a ward of this name: give both entries a `site`",
            ),
        ]
    }
}

const MOST_WARDS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::super::Config;

    const WARDS: &str = "[access]\nwards = [\n\
        { ward = \"ICU\", site = \"MAIN\", facility = \"Main\", departments = [\"Critical Care\"] },\n\
        { ward = \"ICU\", site = \"HARB\", facility = \"Harbour\", departments = [\"Critical Care\"] },\n\
        { ward = \"4 East\", facility = \"Main\", departments = [\"Cardiology\", \"Nephrology\"] },\n]\n";

    #[test]
    fn a_department_works_on_the_wards_of_its_own_facility() {
        let access = Config::parse(WARDS).unwrap().access;
        assert_eq!(access.wards_of("critical care", "Main"), ["ICU\nMAIN"]);
        assert_eq!(access.wards_of("Critical Care", "Harbour"), ["ICU\nHARB"]);
        assert_eq!(access.wards_of("Nephrology", "Main"), ["4 East\n"]);
        assert!(access.wards_of("Nephrology", "Harbour").is_empty());
    }

    #[test]
    fn a_ward_that_could_be_anywhere_is_refused() {
        let without = WARDS.replace("site = \"HARB\", ", "");
        let error = Config::parse(&without).unwrap_err();
        assert!(error.message.contains("a `site`"), "{error}");
        let nobody = WARDS.replace("[\"Cardiology\", \"Nephrology\"]", "[]");
        assert!(
            Config::parse(&nobody)
                .unwrap_err()
                .message
                .contains("`departments`")
        );
    }
}
