//! The machine that the tests run on, whatever it is.

use std::collections::BTreeSet;
use std::fs;

use wardline_agent::{Here, MEASURED, Scope, collect};
use wardline_model::wire::posture::FactName;

const NOW: u64 = 1_781_956_800_000;

#[test]
fn each_fact_of_this_machine_is_known_or_has_a_reason() {
    let found = collect(&Here, NOW, Scope::All);
    let known = found.facts.iter().map(|told| told.name);
    let unknown = found.unknown.iter().map(|remark| remark.name);
    let names: Vec<FactName> = known.chain(unknown).collect();
    assert_eq!(names.len(), MEASURED.len(), "each once: {found:?}");
    let names: BTreeSet<FactName> = names.into_iter().collect();
    assert_eq!(names, MEASURED.into_iter().collect());
    assert!(
        found.facts.iter().all(|told| told.name.takes(&told.value)),
        "{found:?}"
    );
    assert!(found.unknown.iter().all(|remark| !remark.reason.is_empty()));

    let quick = collect(&Here, NOW, Scope::Quick);
    assert_eq!(quick.value(FactName::PendingUpdates), None);
    assert_eq!(quick.over(&found).facts.len(), found.facts.len());
}

#[cfg(target_os = "linux")]
#[test]
fn the_kernel_that_runs_is_the_one_that_is_told() {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let found = collect(&Here, NOW, Scope::Quick);
    assert_eq!(found.value(FactName::Kernel), Some(&release.trim().into()));
    assert_eq!(found.value(FactName::Platform), Some(&"linux".into()));
}
