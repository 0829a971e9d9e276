//! `wardline agent`: measures this workstation and tells the hospital.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wardline_agent::schedule::Schedule;
use wardline_agent::{Collected, Here, Remark, Scope, collect};
use wardline_client_native::clock::now_ms;
use wardline_client_native::home::Home;
use wardline_client_native::{NativeClient, NativeError};
use wardline_model::wire::posture::{Assessment, FactName, FactValue, Standing};

use crate::failure::Failure;
use crate::output::Output;
use crate::verbs::on_one_thread;
use crate::verbs::serve::until_stopped;

/// `wardline agent`.
#[derive(Args)]
pub(crate) struct Agent {
    /// The home directory of the native client that is enrolled for this workstation. It is opened
    /// for each report only.
    #[arg(long, required_unless_present = "print")]
    home: Option<PathBuf>,
    /// Report once and end: exit 0 however the device stands, 3 when the hospital refuses the
    /// report, 5 when it cannot be reached.
    #[arg(long, conflicts_with = "every")]
    once: bool,
    /// Report at least this often, such as 15m, 6h or 1d; a change is reported within the minute.
    #[arg(long, value_name = "TIME", value_parser = interval, default_value = "6h")]
    every: Duration,
    /// Measure and print, and tell nobody.
    #[arg(long, conflicts_with_all = ["once", "every", "home"])]
    print: bool,
}

impl Agent {
    pub(crate) async fn run(self, out: Output) -> Result<(), Failure> {
        on_one_thread(move || self.on_this_thread(out)).await
    }

    async fn on_this_thread(self, out: Output) -> Result<(), Failure> {
        let Some(home) = self.home else {
            let collected = measured(Scope::All).await?;
            out.result(&collected, || sentences(&collected));
            return Ok(());
        };
        if self.once {
            let collected = measured(Scope::All).await?;
            return Ok(report(&home, &collected, out).await?);
        }
        tokio::select! {
            ended = stay(&home, self.every, out) => ended,
            () = until_stopped() => Ok(()),
        }
    }
}

/// Measures and reports until it is stopped. Refusals are no end: a device that is not confirmed
/// yet, or whose clock is wrong, is so for a while.
async fn stay(home: &Path, every: Duration, out: Output) -> Result<(), Failure> {
    // What no time mends is told at once.
    if !Home::has_keys(home) {
        return Err(NativeError::NotEnrolled.into());
    }
    let every_ms = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
    let mut schedule = Schedule::new(every_ms);
    let mut known = Collected::default();
    loop {
        let scope = schedule.scope(now_ms());
        known = measured(scope).await?.over(&known);
        if schedule.is_due(now_ms(), &known.facts) {
            if scope == Scope::Quick {
                // A report says of all its facts that they were measured just then.
                known = measured(Scope::All).await?;
            }
            match report(home, &known, out).await {
                Ok(()) => schedule.reported(now_ms(), &known.facts),
                Err(
                    error @ (NativeError::NotEnrolled | NativeError::Ca | NativeError::Server(_)),
                ) => {
                    return Err(error.into());
                }
                Err(error) => {
                    tracing::warn!(%error, "the report was not taken");
                    schedule.failed(now_ms());
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(schedule.pause_ms())).await;
    }
}

/// Measures beside the runtime's thread, which has to hear signals meanwhile.
async fn measured(scope: Scope) -> Result<Collected, Failure> {
    tokio::task::spawn_blocking(move || collect(&Here, now_ms(), scope))
        .await
        .map_err(|error| Failure::unavailable(error.to_string()))
}

/// Reports and prints what the hospital makes of it. The home is open meanwhile and no longer, so
/// that the person's own commands can use it.
async fn report(home: &Path, collected: &Collected, out: Output) -> Result<(), NativeError> {
    let mut client = NativeClient::open(home)?;
    let answer = client.report(collected.facts.clone()).await;
    let assessment = answer.map_err(|error| client.explain(error))?;
    drop(client);
    out.result(&document(collected, &assessment), || {
        format!("{}\n{}", sentences(collected), verdict(&assessment))
    });
    Ok(())
}

/// What is printed for a program.
fn document(collected: &Collected, assessment: &Assessment) -> Value {
    json!({
        "facts": collected.facts,
        "unknown": collected.unknown,
        "notes": collected.notes,
        "assessment": assessment,
    })
}

/// What is printed for a person: what is known, then what is not.
fn sentences(collected: &Collected) -> String {
    let mut text = String::new();
    for told in &collected.facts {
        let value = match &told.value {
            FactValue::Truth(true) => "yes".to_owned(),
            FactValue::Truth(false) => "no".to_owned(),
            FactValue::Number(number) => number.to_string(),
            FactValue::Text(text) => text.clone(),
        };
        let note = collected.notes.iter().find(|note| note.name == told.name);
        let note = note.map_or_else(String::new, |note| format!(" ({})", note.reason));
        line(&mut text, told.name, &format!("{value}{note}"));
    }
    if !collected.unknown.is_empty() {
        text.push_str("\nNot known:\n");
    }
    for Remark { name, reason } in &collected.unknown {
        line(&mut text, *name, reason);
    }
    text
}

fn line(text: &mut String, name: FactName, rest: &str) {
    // Writing to a String has no way to fail.
    let _ = writeln!(text, "{:<20} {rest}", name.as_str());
}

/// The hospital's verdict and what is to be done, for a person.
pub(super) fn verdict(assessment: &Assessment) -> String {
    let standing = match assessment.standing {
        Standing::Compliant => "The hospital finds all as it should be.".to_owned(),
        Standing::Grace => match assessment.deadline.and_then(day) {
            Some(end) => format!("Something is to be done before {end}."),
            None => "Something is to be done.".to_owned(),
        },
        Standing::Quarantined => {
            "The hospital keeps this device away until it is mended.".to_owned()
        }
    };
    let mut lines = vec![standing];
    let against = assessment.findings.iter();
    for finding in against.filter(|finding| finding.standing != Standing::Compliant) {
        lines.push(format!("- {}", finding.reason));
        lines.extend(finding.step.iter().map(|step| format!("  {step}")));
    }
    lines.join("\n")
}

fn day(ms: u64) -> Option<String> {
    let seconds = i64::try_from(ms / 1000).ok()?;
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    time.format(&Rfc3339).ok()
}

/// A number and its unit: `s`, `m`, `h` or `d`.
fn interval(text: &str) -> Result<Duration, String> {
    let unit = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
    let (number, unit) = text.split_at(unit.len());
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err("a time is a number with s, m, h or d, such as 15m".to_owned()),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "a time is a number with s, m, h or d, such as 15m".to_owned())?;
    match number.checked_mul(seconds) {
        Some(seconds @ 1..=MOST_SECONDS) => Ok(Duration::from_secs(seconds)),
        _ => Err("the time is between 1s and 30d".to_owned()),
    }
}

/// A device that reports more rarely is as good as lost.
const MOST_SECONDS: u64 = 30 * 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use wardline_model::wire::posture::{Finding, Outcome, Told};

    use super::*;

    #[test]
    fn times_have_a_unit_and_bounds() {
        assert_eq!(interval("15m"), Ok(Duration::from_mins(15)));
        assert_eq!(interval("6h"), Ok(Duration::from_hours(6)));
        assert_eq!(interval("2s"), Ok(Duration::from_secs(2)));
        for bad in [
            "",
            "15",
            "m",
            "0s",
            "31d",
            "1w",
            "-1m",
            "1.5h",
            "99999999999999999999d",
        ] {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_person_reads_what_is_known_what_not_and_what_to_do() {
        let told = |name, value| Told { name, value };
        let remark = |name, reason: &str| Remark {
            name,
            reason: reason.to_owned(),
        };
        let collected = Collected {
            facts: vec![
                told(FactName::StorageEncrypted, false.into()),
                told(FactName::PendingUpdates, 3.into()),
            ],
            unknown: vec![remark(FactName::Firewall, "the rules are not readable")],
            notes: vec![remark(FactName::StorageEncrypted, "not encrypted: swap")],
        };
        let finding = |reason: &str, standing| Finding {
            rule: "r".to_owned(),
            outcome: Outcome::Unmet,
            standing,
            reason: reason.to_owned(),
            step: Some("Encrypt it.".to_owned()),
            since: None,
            deadline: None,
            provenance: None,
            observed_at: None,
            mended: None,
        };
        let assessment = Assessment {
            standing: Standing::Grace,
            deadline: Some(1_781_956_800_000),
            findings: vec![
                finding("Its storage is not encrypted.", Standing::Grace),
                finding("All is patched.", Standing::Compliant),
            ],
        };
        let text = format!("{}\n{}", sentences(&collected), verdict(&assessment));
        assert_eq!(
            text,
            "storage_encrypted    no (not encrypted: swap)\n\
             pending_updates      3\n\
             \n\
             Not known:\n\
             firewall             the rules are not readable\n\
             \n\
             Something is to be done before 2026-06-20T12:00:00Z.\n\
             - Its storage is not encrypted.\n  Encrypt it."
        );
    }
}
