//! `wardline ehr check`: what works of the way to the record system, step by step, and what to do about the
//! first thing that does not.

use serde::Serialize;
use serde_json::Value;

use super::client::{Client, EhrError};
use super::key::ClientKey;
use crate::config::{self, Config};
use crate::rim::Clock;

/// One step.
#[derive(Debug, Serialize)]
pub struct Step {
    /// What was tried.
    pub step: String,
    /// Whether it went well.
    pub ok: bool,
    /// What was found, or what to do.
    pub says: String,
}

/// All steps, up to the first that those after it need.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether every step went well.
    pub ok: bool,
    /// The steps.
    pub steps: Vec<Step>,
}

/// Tries everything that the server does, reading only. With the id of a patient of the record system their
/// record is searched, else that of nobody: nothing of either is shown.
pub async fn check(config: &Config, patient: Option<&str>, clock: &Clock) -> Report {
    let mut steps = Steps::default();
    walk(&config.ehr, patient, clock, &mut steps).await;
    Report {
        ok: steps.0.iter().all(|step| step.ok),
        steps: steps.0,
    }
}

#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    fn put(&mut self, step: &str, outcome: Result<String, String>) -> Option<()> {
        let ok = outcome.is_ok();
        let (Ok(says) | Err(says)) = outcome;
        self.0.push(Step {
            step: step.to_owned(),
            ok,
            says,
        });
        ok.then_some(())
    }
}

/// `None` at the first step without which the others cannot be.
async fn walk(
    config: &config::Ehr,
    patient: Option<&str>,
    clock: &Clock,
    steps: &mut Steps,
) -> Option<()> {
    if !config.is_on() {
        return steps.put("configuration", Err("write `url` into [ehr]".to_owned()));
    }
    for path in &config.key_files {
        let key = ClientKey::read(path);
        let said = key.map(|key| format!("{} {}", text(key.jwk(), "alg"), text(key.jwk(), "kid")));
        let name = format!("key {}", path.display());
        steps.put(&name, said.map_err(|error| error.to_string()))?;
    }
    let client = match Client::new(config, clock) {
        Ok(client) => client,
        Err(why) => return steps.put("configuration", Err(why)),
    };
    let metadata = client.metadata().await;
    let is_there = steps.put(
        "metadata",
        metadata
            .map_err(|error| advice(&error))
            .and_then(|it| match text(&it, "fhirVersion") {
                version if version.starts_with("4.0") => Ok(format!("FHIR {version}")),
                "" => Err("its answer is no CapabilityStatement: look at `url`".to_owned()),
                _ => Err("it is no FHIR R4 (4.0.1): look for its R4 address".to_owned()),
            }),
    );
    let endpoint = client.token_endpoint().await;
    let endpoint = endpoint.map(|url| url.to_string());
    steps.put("token endpoint", endpoint.map_err(|error| advice(&error)))?;
    let token = client.log_in().await.map(|()| "given".to_owned());
    steps.put("token", token.map_err(|error| advice(&error)))?;
    is_there?;
    let nobody = [
        ("identifier", NOBODY.to_owned()),
        ("_count", "1".to_owned()),
    ];
    let found = client.search_by_post("Patient", &nobody).await;
    let found = found.map(|found| format!("{} found of nobody's number", found.len()));
    steps.put("patient search", found.map_err(|error| advice(&error)));
    if let Some(id) = patient {
        let read = client.read("Patient", id).await.map(|_| "read".to_owned());
        steps.put("patient", read.map_err(|error| advice(&error)));
    }
    for query in config.queries() {
        let mut with = query.with;
        with.push(("patient".to_owned(), patient.unwrap_or(NOBODY).to_owned()));
        with.push(("_count".to_owned(), "1".to_owned()));
        let found = client.search(&query.kind, &with, 1).await;
        let said = match found {
            Ok(found) => {
                let more = if found.is_cut { " and more" } else { "" };
                Ok(format!("{}{more}", found.entries.len()))
            }
            // Some refuse to search the record of nobody.
            Err(EhrError::NotFound | EhrError::Refused(400)) if patient.is_none() => {
                Ok("refused for nobody's record; try it with --patient".to_owned())
            }
            Err(error) => Err(advice(&error)),
        };
        steps.put(&query.kind, said);
    }
    Some(())
}

/// What an operator does about it.
fn advice(error: &EhrError) -> String {
    let what_to_do = match error {
        EhrError::Unreachable(_) | EhrError::LeftAlone => {
            "look at `url`, the network, and at `ca` where a certificate is not trusted"
        }
        EhrError::Login { .. } => {
            "look at `client_id` and `scopes`, and whether the record system has the keys of \
             `wardline ehr keys`; clocks must agree"
        }
        EhrError::TokenRefused | EhrError::Forbidden => {
            "have the record system grant this scope, or take the type out of `copies`"
        }
        EhrError::NotFound | EhrError::Refused(_) => {
            "the record system does not serve this: take it out of `copies`, or narrow it as it wants, \
             such as \"Observation?category=laboratory\""
        }
        EhrError::TooLarge(_) => "raise `max_answer_bytes`",
        _ => return error.to_string(),
    };
    format!("{error}; {what_to_do}")
}

fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_default()
}

/// Neither a number nor an id that anybody has.
const NOBODY: &str = "wardline-nobody";
