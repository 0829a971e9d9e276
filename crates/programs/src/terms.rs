//! [`Terms`]: a program that holds together, and those that ship with Wardline.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::LazyLock;

use thiserror::Error;
use wardline_model::wire::posture::{PLATFORMS, Provenance};
use wardline_model::wire::programs::{Attestation, Check, Ownership, Program, Rule, Wipe};
use wardline_posture::patch::Version;

use crate::assess::PLATFORM;

/// A program's terms, checked: a rule's id is unique, every number is within reason, every version
/// and AAGUID can be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms(Program);

/// What is wrong with a program's terms.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TermsError {
    /// The text is not a program.
    #[error("{0}")]
    Malformed(String),
    /// A value cannot work.
    #[error("{field}: {expected}")]
    Value {
        /// Which one, such as `rules.patched.grace_days`.
        field: String,
        /// What would be right.
        expected: &'static str,
    },
}

/// The programs that there are.
pub const SLUGS: [&str; 5] = ["byod", "issued", "shared", "workstation", "demo"];

const BASELINE: [&str; 5] = [
    include_str!("../baseline/byod.toml"),
    include_str!("../baseline/issued.toml"),
    include_str!("../baseline/shared.toml"),
    include_str!("../baseline/workstation.toml"),
    include_str!("../baseline/demo.toml"),
];

impl Terms {
    /// The programs that ship with Wardline, until a hospital changes them.
    #[expect(
        clippy::expect_used,
        reason = "tests read the files that are compiled in"
    )]
    pub fn baseline() -> Vec<Self> {
        static READ: LazyLock<Vec<Terms>> = LazyLock::new(|| {
            // Invariant: the test below reads these very texts.
            BASELINE
                .iter()
                .map(|text| Terms::from_toml(text).expect("a baseline program holds together"))
                .collect()
        });
        READ.clone()
    }

    /// Reads terms as a hospital writes them in a file.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn from_toml(text: &str) -> Result<Self, TermsError> {
        let program = toml::from_str(text)
            .map_err(|error| TermsError::Malformed(error.message().to_owned()))?;
        Self::new(program)
    }

    /// Checks a program.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn new(program: Program) -> Result<Self, TermsError> {
        check_program(&program)?;
        let mut ids = BTreeSet::new();
        for rule in &program.rules {
            check_rule(rule)?;
            if !ids.insert(rule.id.as_str()) {
                return Err(value(&rule.id, "id", "another id: two rules have this one"));
            }
        }
        Ok(Self(program))
    }

    /// The program.
    pub fn into_inner(self) -> Program {
        self.0
    }
}

impl Deref for Terms {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

fn check_program(program: &Program) -> Result<(), TermsError> {
    let fault = |field: &str, expected| {
        Err(TermsError::Value {
            field: field.to_owned(),
            expected,
        })
    };
    if !SLUGS.contains(&program.slug.as_str()) {
        return fault("slug", "byod, issued, shared, workstation or demo");
    }
    if !is_text(&program.title, 60) {
        return fault("title", "1 to 60 characters");
    }
    if !is_text(&program.summary, 400) {
        return fault("summary", "1 to 400 characters");
    }
    if !are_platforms(&program.platforms) {
        return fault("platforms", PLATFORM_NAMES);
    }
    let enrolment = &program.enrolment;
    if enrolment.authenticators.len() > 200
        || !enrolment.authenticators.iter().all(|id| is_aaguid(id))
    {
        return fault(
            "enrolment.authenticators",
            "at most 200 AAGUIDs, such as 08987058-cadc-4b81-b6e1-30de50dcbe96",
        );
    }
    if !enrolment.authenticators.is_empty()
        && matches!(enrolment.attestation, Attestation::None | Attestation::Key)
    {
        return fault(
            "enrolment.attestation",
            "authenticator or either: a list of authenticators needs their attestation",
        );
    }
    if enrolment
        .revocations_days
        .is_some_and(|days| !(1..=90).contains(&days))
    {
        return fault("enrolment.revocations_days", "1 to 90, or nothing");
    }
    if !(15..=3600).contains(&program.limits.lock_seconds) {
        return fault("limits.lock_seconds", "15 to 3600");
    }
    if program.limits.wipe == Wipe::Device && program.ownership == Ownership::Personal {
        return fault(
            "limits.wipe",
            "app: nobody but its owner may erase a person's own device",
        );
    }
    if program.slug == "byod" && program.ownership != Ownership::Personal {
        return fault(
            "ownership",
            "personal: phones that are people's own are in this program already",
        );
    }
    if program.slug == "byod" && !program.enrolment.privacy_notice {
        return fault(
            "enrolment.privacy_notice",
            "true: a person learns what is kept of their own phone before it is",
        );
    }
    if program.limits.offline_hours > 72 {
        return fault("limits.offline_hours", "0 to 72");
    }
    if program.rules.len() > 50 {
        return fault("rules", "at most 50");
    }
    Ok(())
}

fn check_rule(rule: &Rule) -> Result<(), TermsError> {
    let id_fits = (1..=40).contains(&rule.id.len())
        && rule
            .id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !id_fits {
        return Err(value(
            &rule.id,
            "id",
            "1 to 40 small letters, digits and underscores",
        ));
    }
    if rule.id == PLATFORM {
        return Err(value(
            &rule.id,
            "id",
            "another id: this one is the program's platforms",
        ));
    }
    if !are_platforms(&rule.platforms) {
        return Err(value(&rule.id, "platforms", PLATFORM_NAMES));
    }
    let when_heard = matches!(rule.check, Check::Seen { .. });
    if rule.accept.is_empty() != when_heard {
        return Err(value(
            &rule.id,
            "accept",
            "claimed, agent, managed and attested, at least one; none for a rule of kind seen",
        ));
    }
    if rule.grace_days > 365 {
        return Err(value(&rule.id, "grace_days", "0 to 365"));
    }
    if rule
        .max_age_days
        .is_some_and(|days| days == 0 || days > 366)
    {
        return Err(value(&rule.id, "max_age_days", "1 to 366"));
    }
    match &rule.check {
        Check::ScreenLock {
            max_seconds: Some(seconds),
        } if !(15..=3600).contains(seconds) => {
            Err(value(&rule.id, "check.max_seconds", "15 to 3600"))
        }
        Check::Seen { days } if *days == 0 || *days > 366 => {
            Err(value(&rule.id, "check.days", "1 to 366"))
        }
        Check::OsFloor { floors } => {
            let fit = !floors.is_empty()
                && floors.iter().all(|(platform, version)| {
                    PLATFORMS.contains(&platform.as_str()) && Version::parse(version).is_some()
                });
            if fit {
                Ok(())
            } else {
                Err(value(
                    &rule.id,
                    "check.floors",
                    "versions by platform, such as { android = \"14\", ios = \"18.2\" }",
                ))
            }
        }
        Check::KeyInHardware { .. } if rule.accept.iter().any(|p| *p != Provenance::Attested) => {
            Err(value(
                &rule.id,
                "accept",
                "attested: nobody else can know where a key lives",
            ))
        }
        _ => Ok(()),
    }
}

fn value(rule: &str, field: &str, expected: &'static str) -> TermsError {
    TermsError::Value {
        field: format!("rules.{rule}.{field}"),
        expected,
    }
}

fn is_text(text: &str, most: usize) -> bool {
    let length = text.chars().count();
    !text.trim().is_empty() && length <= most && !text.chars().any(char::is_control)
}

fn are_platforms(names: &[String]) -> bool {
    names.iter().all(|name| PLATFORMS.contains(&name.as_str()))
}

/// A UUID in its usual form (RFC 9562 §4), which is how AAGUIDs are published.
fn is_aaguid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

const PLATFORM_NAMES: &str = "of android, ios, ipados, macos, windows, linux and chromeos";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_baseline_has_each_program_once() {
        let slugs: Vec<String> = Terms::baseline()
            .iter()
            .map(|terms| terms.slug.clone())
            .collect();
        assert_eq!(slugs, SLUGS);
    }

    #[test]
    fn terms_that_cannot_work_are_refused_by_field() {
        let issued = || Terms::baseline()[1].clone().into_inner();
        let refused = |change: &dyn Fn(&mut Program)| {
            let mut program = issued();
            change(&mut program);
            match Terms::new(program) {
                Err(TermsError::Value { field, .. }) => field,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(refused(&|p| p.slug = "vip".to_owned()), "slug");
        assert_eq!(refused(&|p| p.title = " ".to_owned()), "title");
        assert_eq!(
            refused(&|p| p.platforms = vec!["palm".to_owned()]),
            "platforms"
        );
        assert_eq!(
            refused(&|p| p.enrolment.authenticators = vec!["yubikey".to_owned()]),
            "enrolment.authenticators"
        );
        assert_eq!(
            refused(&|p| {
                p.enrolment.authenticators =
                    vec!["08987058-cadc-4b81-b6e1-30de50dcbe96".to_owned()];
            }),
            "enrolment.attestation"
        );
        assert_eq!(
            refused(&|p| p.rules[0].id = "platform".to_owned()),
            "rules.platform.id"
        );
        assert_eq!(
            refused(&|p| {
                p.ownership = Ownership::Personal;
                p.limits.wipe = Wipe::Device;
            }),
            "limits.wipe"
        );
        assert_eq!(
            refused(&|p| p.limits.lock_seconds = 5),
            "limits.lock_seconds"
        );
        assert_eq!(
            refused(&|p| p.rules[0].accept.clear()),
            "rules.managed.accept"
        );
        assert_eq!(
            refused(&|p| p.rules[1].id = "managed".to_owned()),
            "rules.managed.id"
        );
        assert_eq!(
            refused(&|p| p.rules[0].max_age_days = Some(0)),
            "rules.managed.max_age_days"
        );
        assert_eq!(
            refused(&|p| {
                p.rules[0].check = Check::OsFloor {
                    floors: [("android".to_owned(), "new".to_owned())].into(),
                };
            }),
            "rules.managed.check.floors"
        );
        assert_eq!(
            refused(&|p| p.rules[0].check = Check::KeyInHardware { strongbox: true }),
            "rules.managed.accept"
        );
    }

    #[test]
    fn peoples_own_phones_cannot_become_the_hospitals() {
        let byod = || Terms::baseline()[0].clone().into_inner();
        let refused = |change: &dyn Fn(&mut Program)| {
            let mut program = byod();
            change(&mut program);
            Terms::new(program).unwrap_err().to_string()
        };
        let owned = refused(&|p| {
            p.ownership = Ownership::Hospital;
            p.limits.wipe = Wipe::Device;
        });
        assert!(owned.starts_with("ownership: personal"), "{owned}");
        let unread = refused(&|p| p.enrolment.privacy_notice = false);
        assert!(
            unread.starts_with("enrolment.privacy_notice: true"),
            "{unread}"
        );
    }

    #[test]
    fn unknown_words_are_refused_with_their_name() {
        let text = BASELINE[0].replace("lock_seconds", "lock_secs");
        let error = Terms::from_toml(&text).unwrap_err().to_string();
        assert!(error.contains("lock_secs"), "{error}");
    }
}
