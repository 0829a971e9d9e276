//! What a FHIR client gets back: bundles of what was found, and outcomes.

use serde_json::{Value, json};

use crate::search::{Search, params};
use crate::view::{OBSERVATION_VALUE, instant, tag};

/// One entry of an answer.
#[derive(Clone)]
pub struct Entry {
    /// The resource, as it may leave.
    pub resource: Value,
    /// Why it is there.
    pub mode: Mode,
}

/// Why an entry is in an answer (R4 §3.1.1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is what was searched for.
    Match,
    /// A match refers to it, or it to a match.
    Include,
}

/// What there is besides that does not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Of which type.
    pub kind: String,
    /// How many.
    pub count: usize,
    /// What opens them, in sentences; empty where nothing does.
    pub advice: Vec<String>,
}

/// Where an answer is to be had again, and where it goes on. Neither says what was searched for.
#[derive(Clone)]
pub struct Links {
    /// The address of the façade: `https://ward.example/fhir/R4`.
    pub base: String,
    /// The same page again.
    pub itself: String,
    /// The next page.
    pub next: Option<String>,
}

/// A page of a search.
pub fn searchset(
    search: &Search,
    links: &Links,
    total: Option<usize>,
    found: Vec<Entry>,
    withheld: &[Withheld],
    now_ms: u64,
) -> Value {
    let mut entries: Vec<Value> = found
        .into_iter()
        .map(|entry| {
            let kind = entry.resource["resourceType"].as_str().unwrap_or_default();
            let id = entry.resource["id"].as_str().unwrap_or_default();
            let mode = match entry.mode {
                Mode::Match => "match",
                Mode::Include => "include",
            };
            json!({
                "fullUrl": format!("{}/{kind}/{id}", links.base),
                "resource": entry.resource,
                "search": {"mode": mode},
            })
        })
        .collect();
    let mut issues: Vec<Value> = withheld.iter().map(told).collect();
    if search.ignored > 0 {
        let text = "A parameter is not known here and was left out. Send `Prefer: handling=strict` to \
                    have such a search refused; /fhir/R4/metadata names the parameters.";
        issues.push(issue(
            "warning",
            "not-supported",
            "parameter-ignored",
            text,
            None,
        ));
    }
    if !issues.is_empty() {
        let outcome = json!({"resourceType": "OperationOutcome", "issue": issues});
        entries.push(json!({"resource": outcome, "search": {"mode": "outcome"}}));
    }
    let mut link = vec![json!({"relation": "self", "url": links.itself})];
    link.extend(
        links
            .next
            .iter()
            .map(|url| json!({"relation": "next", "url": url})),
    );
    let mut bundle = json!({
        "resourceType": "Bundle",
        "meta": {"lastUpdated": instant(now_ms)},
        "type": "searchset",
        "link": link,
    });
    if let Some(total) = total {
        bundle["total"] = total.into();
    }
    if !entries.is_empty() {
        bundle["entry"] = entries.into();
    }
    if let (false, Some(bundle)) = (withheld.is_empty(), bundle.as_object_mut()) {
        tag(bundle, "security", OBSERVATION_VALUE, "REDACTED");
    }
    bundle
}

/// That there is more, and what opens it.
fn told(withheld: &Withheld) -> Value {
    let Withheld {
        kind,
        count,
        advice,
    } = withheld;
    let text = if advice.is_empty() {
        format!("{count} more of type {kind} are in this record. Your role does not see them here.")
    } else {
        format!(
            "{count} more of type {kind} are in this record. {}",
            advice.join(" ")
        )
    };
    issue("information", "suppressed", "withheld", &text, None)
}

/// An outcome with one issue.
pub fn outcome(
    severity: &str,
    code: &str,
    name: &str,
    text: &str,
    diagnostics: Option<&str>,
) -> Value {
    let issue = issue(severity, code, name, text, diagnostics);
    json!({"resourceType": "OperationOutcome", "issue": [issue]})
}

fn issue(severity: &str, code: &str, name: &str, text: &str, diagnostics: Option<&str>) -> Value {
    let mut issue = json!({
        "severity": severity,
        "code": code,
        "details": {"coding": [{"system": PROBLEMS, "code": name}], "text": text},
    });
    if let Some(diagnostics) = diagnostics {
        issue["diagnostics"] = diagnostics.into();
    }
    issue
}

/// The CapabilityStatement (R4 §5.2): what is served here, and how it is asked for.
pub fn capabilities(base: &str, hospital: &str, version: &str, date: &str) -> Value {
    let resources: Vec<Value> = params::TYPES
        .iter()
        .map(|kind| {
            let special = [("_id", "token"), ("_lastUpdated", "date")];
            let own = kind
                .params
                .iter()
                .map(|param| (param.name, param.kind.name()));
            let parameters: Vec<Value> = special
                .into_iter()
                .chain(own)
                .map(|(name, kind)| json!({"name": name, "type": kind}))
                .collect();
            let includes: Vec<String> = kind
                .includes()
                .map(|param| format!("{}:{}", kind.name, param.name))
                .collect();
            let mut resource = json!({
                "type": kind.name,
                "interaction": [{"code": "read"}, {"code": "vread"}, {"code": "search-type"}],
                "versioning": "versioned",
                // A version before the newest is not kept.
                "readHistory": false,
                "updateCreate": false,
                "conditionalRead": "not-match",
                "searchParam": parameters,
                "searchRevInclude": ["Provenance:target"],
            });
            if !includes.is_empty() {
                resource["searchInclude"] = includes.into();
            }
            resource
        })
        .collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": {"name": "Wardline", "version": version},
        "implementation": {"description": hospital, "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{
            "mode": "server",
            "documentation": "Read and search. What a person may not see is withheld, and said to be. \
                Search by POST to _search: addresses end up in logs and histories.",
            "security": {
                "cors": false,
                "description": "OAuth access tokens bound to the device's key (DPoP, RFC 9449). Each \
                    access is decided by the hospital's policies and recorded.",
            },
            "resource": resources,
        }],
    })
}

/// The system of the codes of outcomes: names of Wardline's problems.
pub const PROBLEMS: &str = "urn:wardline:problem";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Handling, pairs};

    fn links() -> Links {
        Links {
            base: "http://localhost/fhir/R4".to_owned(),
            itself: "http://localhost/fhir/R4/Condition?_page=a".to_owned(),
            next: None,
        }
    }

    #[test]
    fn what_is_withheld_is_counted_and_labelled() {
        let kind = params::Type::named("Condition").unwrap();
        let pairs = pairs(b"code=SECRET&shoe=44").unwrap();
        let search = Search::parse(kind, &pairs, Handling::Lenient).unwrap();
        let withheld = [Withheld {
            kind: "Condition".to_owned(),
            count: 2,
            advice: vec!["Confirm that it is you.".to_owned()],
        }];
        let bundle = searchset(&search, &links(), Some(0), Vec::new(), &withheld, 0);
        assert_eq!(bundle["meta"]["security"][0]["code"], "REDACTED");
        let entry = &bundle["entry"][0];
        assert_eq!(entry["search"]["mode"], "outcome");
        let issues = entry["resource"]["issue"].as_array().unwrap();
        assert_eq!(issues.len(), 2);
        assert!(
            issues[0]["details"]["text"]
                .as_str()
                .unwrap()
                .starts_with("2 more")
        );
        assert!(!bundle.to_string().contains("SECRET"));
        let empty = searchset(&search, &links(), Some(0), Vec::new(), &[], 0);
        assert!(empty["meta"].get("security").is_none());
    }

    #[test]
    fn everything_that_is_served_is_stated() {
        let stated = capabilities("http://localhost/fhir/R4", "St. Brendan", "1", "2026-01-01");
        let resources = stated["rest"][0]["resource"].as_array().unwrap();
        assert_eq!(resources.len(), params::TYPES.len());
        let observation = resources
            .iter()
            .find(|it| it["type"] == "Observation")
            .unwrap();
        let includes = observation["searchInclude"].as_array().unwrap();
        assert!(includes.contains(&json!("Observation:encounter")));
    }
}
