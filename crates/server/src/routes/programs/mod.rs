//! Device programs. One file for each operation.

pub(crate) mod change;
pub(crate) mod compare;
pub(crate) mod dry_run;
pub(crate) mod export;
pub(crate) mod list;

use wardline_model::wire::posture::{Assessment, Fact, Standing};
use wardline_model::wire::programs::{Count, Program};
use wardline_programs::{Fleet, Terms, reach};
use wardline_store::Device;

use crate::fleet::Rulebook;
use crate::problem::Refusal;

/// Terms that were handed in for a program.
fn checked(slug: &str, program: Program) -> Result<Terms, Refusal> {
    if program.slug != slug {
        return Err(Refusal::TermsRefused(
            "slug: the program's own, which cannot be changed".to_owned(),
        ));
    }
    Terms::new(program).map_err(|error| Refusal::TermsRefused(error.to_string()))
}

/// How the devices of a program stand by a rulebook.
fn standings<'d>(
    rules: &Rulebook,
    slug: &str,
    everyone: &'d [(Device, Vec<Fact>)],
    now_ms: u64,
) -> Result<Vec<(&'d Device, Assessment)>, Refusal> {
    let mut judge = rules.judge();
    everyone
        .iter()
        .filter(|(device, _)| device.program == slug)
        .map(|(device, facts)| Ok((device, rules.look(&mut judge, device, facts, now_ms)?)))
        .collect()
}

fn count<'a>(standings: impl Iterator<Item = &'a Assessment>) -> Count {
    let mut count = Count::default();
    for assessment in standings {
        match assessment.standing {
            Standing::Compliant => count.compliant += 1,
            Standing::Grace => count.grace += 1,
            Standing::Quarantined => count.quarantined += 1,
        }
    }
    count
}

/// Rules that nothing can meet, and what is missing where hardware's word counts, in words. `list` is
/// when the list of revoked attestation keys was fetched.
fn warnings(terms: &Terms, fleet: &Fleet, list: Option<u64>, now_ms: u64) -> Vec<String> {
    reach::unrevoked(terms, fleet, list, now_ms)
        .into_iter()
        .chain(
            reach::warnings(terms, fleet)
                .into_iter()
                .map(|warning| format!("{}: {}", warning.rule, warning.text)),
        )
        .collect()
}
