//! Taking in FHIR: a bundle, one resource or NDJSON, plain or gzip.
//!
//! An import is idempotent: the same bytes give the same resources with the same ids, so that
//! loading a folder twice changes nothing. A resource keeps its own id; one without gets the id of
//! its `fullUrl` or of its request, and else one that is computed from what it says.
//! One bad entry never costs the good ones: it is reported with its place and left out.

use std::collections::HashMap;
use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::check::{Fault, Flaw, is_id};
use crate::references::{Targets, id_in_url};
use crate::resource::{Resource, type_of};

/// How much an import may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of JSON, counted after decompression, so that a small gzip file cannot grow without
    /// end.
    pub max_bytes: usize,
    /// Entries of a bundle, or lines of NDJSON.
    pub max_entries: usize,
}

impl Default for Limits {
    /// 64 MiB and 200 000 entries: some ten times the largest synthetic patient that we know.
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_entries: 200_000,
        }
    }
}

/// What came out of an import.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Imported {
    /// The good resources in the order of the input, each type and id once.
    pub resources: Vec<Resource>,
    /// The entries that were left out, and why.
    pub errors: Vec<EntryError>,
    /// References to resources that are not in the input; the store may hold them already.
    pub unresolved: Vec<Unresolved>,
}

/// An entry that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("entry {entry}: {fault}")]
pub struct EntryError {
    /// Zero-based: the entry of the bundle or the line of NDJSON; 0 for a single resource.
    pub entry: usize,
    /// Where in it, and what.
    pub fault: Fault,
}

/// A reference that leads out of the input.
#[derive(Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The entry, counted as in [`EntryError`].
    pub entry: usize,
    /// The place of the reference: `Bundle.entry[3].resource.subject.reference`.
    pub path: String,
    /// The reference as written; may hold PHI when it is conditional, so `Debug` leaves it out.
    pub reference: String,
}

impl std::fmt::Debug for Unresolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unresolved")
            .field("entry", &self.entry)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Why nothing could be taken from the input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImportError {
    /// There are no bytes, or only white space.
    #[error("the input is empty")]
    Empty,
    /// The gzip stream is damaged or cut short.
    #[error("the gzip data is damaged or cut short")]
    Gzip,
    /// More JSON than allowed.
    #[error("the input is larger than {limit} bytes of JSON; split it")]
    TooLarge {
        /// [`Limits::max_bytes`].
        limit: usize,
    },
    /// More entries or lines than allowed.
    #[error("the input has more than {limit} entries; split it")]
    TooManyEntries {
        /// [`Limits::max_entries`].
        limit: usize,
    },
    /// Neither a JSON document nor NDJSON.
    #[error("not JSON: line {line}, column {column}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1; 0 at a line's end.
        column: usize,
    },
    /// JSON, but no resource and no bundle.
    #[error("not FHIR: {0}")]
    NotFhir(Fault),
    /// A bundle that is not a set of resources to store, such as a history or a message.
    #[error("Bundle.type: only transaction, batch, collection and searchset can be imported")]
    BundleType,
}

/// Parses bytes into resources; see the module's text for what it accepts and promises.
///
/// # Errors
/// [`ImportError`] when nothing can be taken at all. A bad entry is no such error: it is listed in
/// [`Imported::errors`].
pub fn import(bytes: &[u8], limits: Limits) -> Result<Imported, ImportError> {
    let plain;
    let text = if bytes.starts_with(&[0x1f, 0x8b]) {
        plain = inflate(bytes, limits.max_bytes)?;
        &plain
    } else if bytes.len() > limits.max_bytes {
        return Err(ImportError::TooLarge {
            limit: limits.max_bytes,
        });
    } else {
        bytes
    };
    let text = text
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(text)
        .trim_ascii();
    if text.is_empty() {
        return Err(ImportError::Empty);
    }

    let mut draft = Draft::default();
    match serde_json::from_slice::<Value>(text) {
        Ok(document) => draft.document(document, 0, "", limits)?,
        Err(error) => {
            let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            if !looks_like_ndjson(&lines) {
                return Err(ImportError::Syntax {
                    line: error.line(),
                    column: error.column(),
                });
            }
            if lines.len() > limits.max_entries {
                return Err(ImportError::TooManyEntries {
                    limit: limits.max_entries,
                });
            }
            for (at, line) in lines.iter().enumerate() {
                let line = line.trim_ascii();
                if !line.is_empty() {
                    draft.line(line, at, limits)?;
                }
            }
        }
    }
    Ok(draft.finish())
}

fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, ImportError> {
    let mut plain = Vec::new();
    // One byte more than allowed tells "just fits" from "too large".
    let cap = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(bytes)
        .take(cap)
        .read_to_end(&mut plain)
        .map_err(|_| ImportError::Gzip)?;
    if plain.len() > limit {
        Err(ImportError::TooLarge { limit })
    } else {
        Ok(plain)
    }
}

/// NDJSON rather than a broken document: its first line is an object by itself, or every line
/// begins one (in a broken document that is spread over lines, some line does not).
fn looks_like_ndjson(lines: &[&[u8]]) -> bool {
    let mut filled = lines
        .iter()
        .map(|line| line.trim_ascii())
        .filter(|line| !line.is_empty());
    let first = filled.clone().next().unwrap_or_default();
    lines.len() > 1
        && (serde_json::from_slice::<Map<String, Value>>(first).is_ok()
            || filled.all(|line| line.starts_with(b"{")))
}

/// The entries while their references are not yet resolved.
#[derive(Default)]
struct Draft {
    entries: Vec<Entry>,
    errors: Vec<EntryError>,
    targets: Targets,
}

struct Entry {
    at: usize,
    path: String,
    json: Value,
}

impl Draft {
    fn line(&mut self, line: &[u8], at: usize, limits: Limits) -> Result<(), ImportError> {
        let path = format!("line[{at}]");
        match serde_json::from_slice::<Value>(line) {
            Err(_) => self.reject(at, &path, Flaw::NotJson),
            // A line that is no resource costs only itself.
            Ok(document) => match self.document(document, at, &path, limits) {
                Err(ImportError::NotFhir(fault)) => {
                    self.errors.push(EntryError { entry: at, fault });
                }
                Err(ImportError::BundleType) => self.reject(at, "Bundle.type", Flaw::UnknownCode),
                result => return result,
            },
        }
        Ok(())
    }

    fn document(
        &mut self,
        document: Value,
        at: usize,
        prefix: &str,
        limits: Limits,
    ) -> Result<(), ImportError> {
        let Value::Object(json) = document else {
            let path = if prefix.is_empty() {
                "Resource"
            } else {
                prefix
            }
            .to_owned();
            return Err(ImportError::NotFhir(Fault {
                path,
                flaw: Flaw::NotAnObject,
            }));
        };
        let resource_type = type_of(&json).map_err(ImportError::NotFhir)?.to_owned();
        if resource_type == "Bundle" {
            return self.bundle(json, at, !prefix.is_empty(), limits);
        }
        self.entry(at, resource_type, &Map::new(), Value::Object(json));
        Ok(())
    }

    fn bundle(
        &mut self,
        mut json: Map<String, Value>,
        line: usize,
        in_ndjson: bool,
        limits: Limits,
    ) -> Result<(), ImportError> {
        match json.get("type").and_then(Value::as_str) {
            Some("transaction" | "batch" | "collection" | "searchset") => {}
            _ => return Err(ImportError::BundleType),
        }
        let entries = match json.remove("entry") {
            None => return Ok(()),
            Some(Value::Array(entries)) => entries,
            Some(_) => {
                let path = "Bundle.entry".to_owned();
                return Err(ImportError::NotFhir(Fault {
                    path,
                    flaw: Flaw::NotAList,
                }));
            }
        };
        if self.entries.len() + entries.len() > limits.max_entries {
            return Err(ImportError::TooManyEntries {
                limit: limits.max_entries,
            });
        }
        for (index, entry) in entries.into_iter().enumerate() {
            let at = if in_ndjson { line } else { index };
            let path = format!("Bundle.entry[{index}]");
            let Value::Object(mut entry) = entry else {
                self.reject(at, &path, Flaw::NotAnObject);
                continue;
            };
            // A search's remarks about itself are no resources of the record.
            let mode = entry.get("search").and_then(|search| search.get("mode"));
            if mode.and_then(Value::as_str) == Some("outcome") {
                continue;
            }
            if let Some(method) = entry
                .get("request")
                .and_then(|request| request.get("method"))
                && !matches!(method.as_str(), Some("POST" | "PUT"))
            {
                self.reject(at, &format!("{path}.request.method"), Flaw::NotAStore);
                continue;
            }
            match entry.remove("resource") {
                Some(resource) => self.entry(at, format!("{path}.resource"), &entry, resource),
                None => self.reject(at, &format!("{path}.resource"), Flaw::Missing),
            }
        }
        Ok(())
    }

    /// One resource, with what its bundle entry says about it.
    fn entry(&mut self, at: usize, path: String, entry: &Map<String, Value>, mut json: Value) {
        let Value::Object(members) = &mut json else {
            return self.reject(at, &path, Flaw::NotAnObject);
        };
        let resource_type = match type_of(members) {
            Ok("Bundle") => return self.reject(at, &path, Flaw::NestedBundle),
            Ok(name) => name.to_owned(),
            Err(fault) => return self.reject(at, &format!("{path}.resourceType"), fault.flaw),
        };
        let full_url = entry.get("fullUrl").and_then(Value::as_str);
        let request = entry.get("request");
        let method = request
            .and_then(|r| r.get("method"))
            .and_then(Value::as_str);
        let request_url = request.and_then(|r| r.get("url")).and_then(Value::as_str);
        // A PUT to `Type?search` (conditional update) names a type only, as a POST does.
        let (url_type, url_id) = request_url.map_or((None, None), |url| {
            let url = url.split('?').next().unwrap_or(url);
            match url.rsplit_once('/') {
                Some((before, id)) if method == Some("PUT") => {
                    (before.rsplit('/').next(), is_id(id).then_some(id))
                }
                _ => (url.rsplit('/').next(), None),
            }
        });
        if url_type.is_some_and(|name| name != resource_type) {
            return self.reject(at, &format!("{path}.resourceType"), Flaw::RequestMismatch);
        }
        let id = match members.get("id") {
            Some(Value::String(id)) if is_id(id) => {
                if url_id.is_some_and(|wanted| wanted != id) {
                    return self.reject(at, &format!("{path}.id"), Flaw::RequestMismatch);
                }
                id.clone()
            }
            Some(_) => return self.reject(at, &format!("{path}.id"), Flaw::NotAnId),
            None => {
                let id = url_id
                    .or_else(|| full_url.and_then(id_in_url))
                    .map_or_else(|| content_id(members), str::to_owned);
                members.insert("id".to_owned(), Value::String(id.clone()));
                id
            }
        };
        if !self
            .targets
            .add(full_url, &format!("{resource_type}/{id}"), &json)
        {
            let place = path.strip_suffix(".resource").unwrap_or(&path);
            return self.reject(at, &format!("{place}.fullUrl"), Flaw::DuplicateUrl);
        }
        self.entries.push(Entry { at, path, json });
    }

    fn finish(self) -> Imported {
        let mut imported = Imported {
            errors: self.errors,
            ..Imported::default()
        };
        let mut places: HashMap<(String, String), usize> = HashMap::new();
        for Entry { at, path, mut json } in self.entries {
            let outcome = self.targets.resolve(&mut json, &path);
            let mut reject = |path: String, flaw| {
                imported.errors.push(EntryError {
                    entry: at,
                    fault: Fault { path, flaw },
                });
            };
            if let Some(path) = outcome.dangling.into_iter().next() {
                reject(path, Flaw::DanglingReference);
                continue;
            }
            let resource = match Resource::new(json) {
                Ok(resource) => resource,
                Err(fault) => {
                    // The fault's path begins with the type; here it begins with the entry.
                    let below = fault.path.split_once('.').map_or("", |(_, rest)| rest);
                    reject(format!("{path}.{below}"), fault.flaw);
                    continue;
                }
            };
            let key = (
                resource.resource_type().to_owned(),
                resource.id().to_owned(),
            );
            match places
                .get(&key)
                .and_then(|place| imported.resources.get(*place))
            {
                Some(first) if *first == resource => continue,
                Some(_) => {
                    reject(format!("{path}.id"), Flaw::DuplicateId);
                    continue;
                }
                None => {}
            }
            places.insert(key, imported.resources.len());
            imported.resources.push(resource);
            imported
                .unresolved
                .extend(
                    outcome
                        .outside
                        .into_iter()
                        .map(|(path, reference)| Unresolved {
                            entry: at,
                            path,
                            reference,
                        }),
                );
        }
        imported.errors.sort_by_key(|error| error.entry);
        imported
    }

    fn reject(&mut self, entry: usize, path: &str, flaw: Flaw) {
        self.errors.push(EntryError {
            entry,
            fault: Fault {
                path: path.to_owned(),
                flaw,
            },
        });
    }
}

/// An id for a resource that brings none: 128 bits of the SHA-256 of its canonical JSON
/// (RFC 8785), so that the same content has the same id in every import.
fn content_id(json: &Map<String, Value>) -> String {
    // Canonicalising fails only for numbers beyond I-JSON; the plain form is as stable there.
    let bytes = serde_json_canonicalizer::to_vec(json)
        .unwrap_or_else(|_| Value::Object(json.clone()).to_string().into_bytes());
    hex::encode(&Sha256::digest(&bytes)[..16])
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;

    fn take(json: &Value) -> Imported {
        import(json.to_string().as_bytes(), Limits::default()).unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn transaction() -> Value {
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"fullUrl": "urn:uuid:AAAAAAAA-0000-4000-8000-000000000001",
             "resource": {"resourceType": "Patient", "id": "p1",
                "identifier": [{"system": "urn:mrn", "value": "77"}]},
             "request": {"method": "POST", "url": "Patient"}},
            {"fullUrl": "urn:uuid:aaaaaaaa-0000-4000-8000-000000000002",
             "resource": {"resourceType": "Condition",
                "subject": {"reference": "urn:uuid:aaaaaaaa-0000-4000-8000-000000000001"}},
             "request": {"method": "POST", "url": "Condition"}},
            {"resource": {"resourceType": "AllergyIntolerance", "id": "a1",
                "patient": {"reference": "Patient?identifier=urn:mrn|77"}},
             "request": {"method": "PUT", "url": "AllergyIntolerance/a1"}}]})
    }

    #[test]
    fn references_between_entries_become_ids() {
        let imported = take(&transaction());
        assert_eq!(imported.errors, []);
        assert_eq!(imported.unresolved, []);
        let [patient, condition, allergy] = &imported.resources[..] else {
            panic!("three")
        };
        assert_eq!(patient.reference(), "Patient/p1");
        assert_eq!(
            condition.reference(),
            "Condition/aaaaaaaa-0000-4000-8000-000000000002"
        );
        assert_eq!(condition.patient().unwrap().as_str(), "p1");
        assert_eq!(allergy.patient().unwrap().as_str(), "p1");
    }

    #[test]
    fn a_bad_entry_is_named_and_the_good_ones_remain() {
        let mut bundle = transaction();
        bundle["entry"][0]["resource"]["birthDate"] = json!("yesterday");
        bundle["entry"].as_array_mut().unwrap().extend([
            json!({"fullUrl": "urn:uuid:x"}),
            json!({"resource": {"resourceType": "Condition", "id": "c9", "subject": {"reference": "urn:uuid:nobody"}}}),
            json!({"resource": {"resourceType": "Patient", "id": "p1", "gender": "male"}}),
            json!({"request": {"method": "DELETE", "url": "Patient/p1"}}),
            json!({"resource": {"resourceType": "Bundle", "type": "collection"}}),
            json!({"resource": {"resourceType": "Patient", "id": "p2"}, "request": {"method": "PUT", "url": "Patient/p3"}}),
            json!(17),
        ]);
        let imported = take(&bundle);
        let told: Vec<String> = imported.errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "entry 0: Bundle.entry[0].resource.birthDate: should be a date: YYYY, YYYY-MM or YYYY-MM-DD",
                "entry 3: Bundle.entry[3].resource: required, but missing",
                "entry 4: Bundle.entry[4].resource.subject.reference: refers to nothing in this bundle",
                "entry 6: Bundle.entry[6].request.method: only entries that store a resource (POST, PUT) are taken",
                "entry 7: Bundle.entry[7].resource: a bundle within a bundle is not taken",
                "entry 8: Bundle.entry[8].resource.id: names another type or id than the entry's resource",
                "entry 9: Bundle.entry[9]: should be a JSON object",
            ]
        );
        let kept: Vec<String> = imported.resources.iter().map(Resource::reference).collect();
        assert_eq!(
            kept,
            [
                "Condition/aaaaaaaa-0000-4000-8000-000000000002",
                "AllergyIntolerance/a1",
                "Patient/p1"
            ]
        );
    }

    #[test]
    fn the_same_id_twice_is_one_resource_only_when_both_say_the_same() {
        let patient = json!({"resource": {"resourceType": "Patient", "id": "p"}});
        let other = json!({"resource": {"resourceType": "Patient", "id": "p", "gender": "male"}});
        let imported = take(
            &json!({"resourceType": "Bundle", "type": "collection", "entry": [patient, patient, other]}),
        );
        assert_eq!(imported.resources.len(), 1);
        assert_eq!(imported.errors.len(), 1);
        assert_eq!(imported.errors[0].fault.flaw, Flaw::DuplicateId);
    }

    #[test]
    fn a_resource_without_an_id_gets_the_same_one_each_time() {
        let one = take(&json!({"resourceType": "Patient", "gender": "male"}));
        let two = take(&json!({"gender": "male", "resourceType": "Patient"}));
        assert_eq!(one, two);
        assert_eq!(one.resources[0].id().len(), 32);
        let other = take(&json!({"resourceType": "Patient", "gender": "female"}));
        assert_ne!(one.resources[0].id(), other.resources[0].id());
    }

    #[test]
    fn ndjson_loses_only_its_bad_lines() {
        let text = "{\"resourceType\":\"Patient\",\"id\":\"a\"}\r\n\n{oops\n[]\n{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":\"Patient/a\"}}\n";
        let imported = import(text.as_bytes(), Limits::default()).unwrap();
        assert_eq!(imported.resources.len(), 2);
        assert_eq!(imported.unresolved, []);
        let bad: Vec<(usize, Flaw)> = imported
            .errors
            .iter()
            .map(|e| (e.entry, e.fault.flaw))
            .collect();
        assert_eq!(bad, [(2, Flaw::NotJson), (3, Flaw::NotAnObject)]);
    }

    #[test]
    fn a_broken_document_is_refused_with_its_place() {
        let text = "{\n  \"resourceType\": \"Patient\",\n  \"id\": oops\n}";
        let error = import(text.as_bytes(), Limits::default()).unwrap_err();
        assert_eq!(error, ImportError::Syntax { line: 3, column: 9 });
        assert_eq!(import(b" \n", Limits::default()), Err(ImportError::Empty));
        assert_eq!(
            import(
                br#"{"resourceType":"Bundle","type":"history"}"#,
                Limits::default()
            ),
            Err(ImportError::BundleType)
        );
    }

    #[test]
    fn gzip_is_read_and_a_bomb_is_not() {
        let plain = transaction().to_string();
        assert_eq!(
            import(&gzip(plain.as_bytes()), Limits::default()),
            import(plain.as_bytes(), Limits::default())
        );
        let bomb = gzip(&vec![b' '; 4 << 20]);
        assert!(bomb.len() < 8192);
        let limits = Limits {
            max_bytes: 1 << 20,
            ..Limits::default()
        };
        assert_eq!(
            import(&bomb, limits),
            Err(ImportError::TooLarge { limit: 1 << 20 })
        );
        let cut = &gzip(plain.as_bytes())[..40];
        assert_eq!(import(cut, Limits::default()), Err(ImportError::Gzip));
    }

    #[test]
    fn limits_hold_for_entries_and_lines() {
        let limits = Limits {
            max_entries: 2,
            ..Limits::default()
        };
        let expected = Err(ImportError::TooManyEntries { limit: 2 });
        assert_eq!(
            import(transaction().to_string().as_bytes(), limits),
            expected
        );
        let lines = "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n".repeat(3);
        assert_eq!(import(lines.as_bytes(), limits), expected);
    }
}
