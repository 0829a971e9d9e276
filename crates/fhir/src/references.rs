//! References between the entries of one bundle, made into `Type/id` (R4 §2.36.2.1, Bundle
//! "resolving references" and the transaction rules of §3.1.0.11.2).

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::resource::{Reference, list};

/// What the entries of a bundle can be referred to by.
#[derive(Default)]
pub(crate) struct Targets {
    /// `fullUrl` → `Type/id`.
    by_url: HashMap<String, String>,
    /// `Type?identifier=system|value` → `Type/id`; `None` when several entries match.
    by_identifier: HashMap<String, Option<String>>,
    /// Every `Type/id`.
    known: HashSet<String>,
}

/// What became of one resource's references.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Paths of `urn:` references that name no entry.
    pub(crate) dangling: Vec<String>,
    /// Paths and texts of references that point outside the input.
    pub(crate) outside: Vec<(String, String)>,
}

impl Targets {
    /// Adds an entry; `false` when its URL already stands for another resource.
    pub(crate) fn add(&mut self, full_url: Option<&str>, target: &str, json: &Value) -> bool {
        if let Some(url) = full_url {
            let known = self
                .by_url
                .entry(normal(url))
                .or_insert_with(|| target.to_owned());
            if known != target {
                return false;
            }
        }
        self.known.insert(target.to_owned());
        let Some(resource_type) = target.split_once('/').map(|(t, _)| t) else {
            return true;
        };
        for identifier in list(json.get("identifier")) {
            let Some(value) = identifier.get("value").and_then(Value::as_str) else {
                continue;
            };
            let system = identifier.get("system").and_then(Value::as_str);
            let mut keys = vec![format!("{resource_type}?identifier={value}")];
            keys.extend(system.map(|s| format!("{resource_type}?identifier={s}|{value}")));
            for key in keys {
                self.by_identifier
                    .entry(key)
                    .and_modify(|found| {
                        if found.as_deref() != Some(target) {
                            *found = None;
                        }
                    })
                    .or_insert_with(|| Some(target.to_owned()));
            }
        }
        true
    }

    /// Rewrites the references of a resource in place.
    pub(crate) fn resolve(&self, json: &mut Value, path: &str) -> Outcome {
        let contained: HashSet<String> = list(json.get("contained"))
            .filter_map(|c| {
                c.get("id")
                    .and_then(Value::as_str)
                    .map(|id| format!("#{id}"))
            })
            .collect();
        let mut outcome = Outcome::default();
        self.walk(json, path, &contained, &mut outcome);
        outcome
    }

    fn walk(&self, json: &mut Value, path: &str, contained: &HashSet<String>, out: &mut Outcome) {
        match json {
            Value::Object(members) => {
                for (name, value) in members {
                    let path = format!("{path}.{name}");
                    match value {
                        Value::String(text) if name == "reference" => {
                            self.rewrite(text, &path, contained, out);
                        }
                        Value::Object(_) | Value::Array(_) => {
                            self.walk(value, &path, contained, out);
                        }
                        _ => {}
                    }
                }
            }
            Value::Array(items) => {
                for (at, value) in items.iter_mut().enumerate() {
                    if value.is_object() || value.is_array() {
                        self.walk(value, &format!("{path}[{at}]"), contained, out);
                    }
                }
            }
            _ => {}
        }
    }

    fn rewrite(
        &self,
        text: &mut String,
        path: &str,
        contained: &HashSet<String>,
        out: &mut Outcome,
    ) {
        if let Some(target) = self.by_url.get(&normal(text)) {
            text.clone_from(target);
        } else if text.starts_with("urn:") {
            out.dangling.push(path.to_owned());
        } else if text.starts_with('#') {
            // `#` alone is the resource that contains this one.
            if text.len() > 1 && !contained.contains(text.as_str()) {
                out.outside.push((path.to_owned(), text.clone()));
            }
        } else if text.contains('?') {
            let plain = text.replace("%7C", "|").replace("%7c", "|");
            match self.by_identifier.get(&plain) {
                Some(Some(target)) => text.clone_from(target),
                _ => out.outside.push((path.to_owned(), text.clone())),
            }
        } else {
            let known = Reference::parse(text).is_some_and(|r| {
                self.known
                    .contains(&format!("{}/{}", r.resource_type, r.id))
            });
            if !known {
                out.outside.push((path.to_owned(), text.clone()));
            }
        }
    }
}

/// The id that a `fullUrl` or a request's URL ends with.
pub(crate) fn id_in_url(url: &str) -> Option<&str> {
    if let Some(uuid) = url
        .strip_prefix("urn:uuid:")
        .or_else(|| url.strip_prefix("urn:oid:"))
    {
        return crate::check::is_id(uuid).then_some(uuid);
    }
    Reference::parse(url).map(|r| r.id)
}

/// URNs compare without case (RFC 8141 §3.1 for the prefix, RFC 9562 §4 for UUIDs).
fn normal(url: &str) -> String {
    if url
        .get(..9)
        .is_some_and(|p| p.eq_ignore_ascii_case("urn:uuid:"))
    {
        url.to_ascii_lowercase()
    } else {
        url.to_owned()
    }
}
