//! Searching (R4 §3.1.1): what was asked for, read strictly and within bounds; which blind terms
//! narrow it in a store; and whether a resource is what was asked for.
//!
//! A store that keeps resources sealed finds them by terms, of which equality is all that can be
//! asked ([`terms`]). So what it finds may be more than was asked for, never less, and
//! [`Search::matches`] decides. No error repeats a value: values are patient data.

pub mod params;
mod span;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use thiserror::Error;
use wardline_model::PatientId;

use self::params::{Kind, Param, Type};
use self::span::{Prefix, Span, cover};
use crate::check::is_id;
use crate::index::{PREFIX_MAX, PREFIX_MIN, words};
use crate::resource::{Reference, Resource, list};

/// The longest query, in bytes as it was written.
pub const MAX_BYTES: usize = 8 * 1024;
/// Entries of a page where nothing else is asked for.
pub const USUAL_COUNT: usize = 20;
/// The most entries of a page.
pub const MAX_COUNT: usize = 100;
/// The most parameters of a search.
const MAX_PARAMS: usize = 32;
/// The most values of a parameter.
const MAX_VALUES: usize = 50;
/// The longest value, in bytes.
const MAX_VALUE: usize = 256;
/// The most inclusions.
const MAX_INCLUDES: usize = 8;

/// What is done with a parameter that is not known (R4 §3.1.1.2, `Prefer: handling`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handling {
    /// It is refused.
    Strict,
    /// It is left out, and the answer says so.
    #[default]
    Lenient,
}

impl Handling {
    /// Reads the value of a `Prefer` header (RFC 7240).
    pub fn of(prefer: &str) -> Self {
        let strict = prefer.split([',', ';']).any(|part| {
            let part: String = part.split_whitespace().collect();
            part.eq_ignore_ascii_case("handling=strict")
        });
        if strict { Self::Strict } else { Self::Lenient }
    }
}

/// A search, as understood. It holds what was searched for, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Search {
    /// What is searched for.
    pub kind: &'static Type,
    ids: Vec<Vec<String>>,
    criteria: Vec<Criterion>,
    of_patient: Vec<Criterion>,
    changed: Vec<(Prefix, Span)>,
    /// Entries of a page; none asks whether there are any.
    pub count: usize,
    /// In which order; in no telling one where nothing is asked for.
    pub sort: Option<Sort>,
    /// Which resources that are referred to are given along.
    pub includes: Vec<&'static Param>,
    /// Whether it is given along where entries come from.
    pub provenance: bool,
    /// How many parameters were left out because they are not known.
    pub ignored: usize,
}

/// One condition: any of its values.
#[derive(Clone, PartialEq, Eq)]
struct Criterion {
    param: &'static Param,
    exact: bool,
    values: Vec<Wanted>,
}

#[derive(Clone, PartialEq, Eq)]
enum Wanted {
    Token {
        system: Option<String>,
        code: Option<String>,
    },
    Reference {
        kind: Option<String>,
        id: String,
    },
    Date {
        prefix: Prefix,
        span: Span,
    },
    Text {
        whole: String,
        words: Vec<String>,
    },
}

/// An order of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// The last one first.
    pub descending: bool,
}

/// What results are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// When it was stored last.
    LastUpdated,
    /// When it held or happened.
    Date(&'static Param),
}

/// Why a search is not carried out. No value is in it, and no name that is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{what}{}", self.place())]
pub struct SearchError {
    /// Which parameter, where it is one of ours.
    pub parameter: Option<&'static str>,
    /// Which one in the query, from 1; 0 for the query as a whole.
    pub position: usize,
    /// What is wrong.
    pub what: Wrong,
}

impl SearchError {
    const fn whole(what: Wrong) -> Self {
        Self {
            parameter: None,
            position: 0,
            what,
        }
    }

    fn place(&self) -> String {
        match (self.parameter, self.position) {
            (Some(name), at) => format!(" (parameter {at}, `{name}`)"),
            (None, 0) => String::new(),
            (None, at) => format!(" (parameter {at})"),
        }
    }
}

/// What can be wrong with a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is longer than a query may be, or has more parameters, values or inclusions.
    TooLong,
    /// It is not encoded as a query is.
    Encoding,
    /// The type has no such parameter.
    Unknown,
    /// The parameter has no such modifier here.
    Modifier,
    /// Not a token.
    Token,
    /// Not a reference, or to a type that it cannot refer to.
    Reference,
    /// Not a date.
    Date,
    /// Nothing to search for.
    Empty,
    /// Not a number of entries.
    Count,
    /// Nothing that can be sorted by.
    Sort,
    /// Nothing that can be included.
    Include,
    /// Another format than JSON.
    Format,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the search is too long: at most 8 KiB, 32 parameters, 50 values each",
            Self::Encoding => "the search is not encoded as application/x-www-form-urlencoded",
            Self::Unknown => "there is no such search parameter here; see /fhir/R4/metadata",
            Self::Modifier => "the modifier or chain is not supported here; see /fhir/R4/metadata",
            Self::Token => "expected a token: code, system|code, |code or system|",
            Self::Reference => "expected a reference: an id, or Type/id",
            Self::Date => "expected a date: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with an offset, after eq, ne, gt, lt, ge, le, sa, eb, ap or nothing",
            Self::Empty => "expected a value",
            Self::Count => "expected a number from 0 to 100",
            Self::Sort => "expected _lastUpdated or the date parameter, after a minus for the last first",
            Self::Include => "expected Type:parameter of a reference that /fhir/R4/metadata names",
            Self::Format => "only JSON is served here",
        })
    }
}

/// Names and values of a query, decoded.
///
/// # Errors
/// [`Wrong::TooLong`] and [`Wrong::Encoding`].
pub fn pairs(query: &[u8]) -> Result<Vec<(String, String)>, SearchError> {
    if query.len() > MAX_BYTES {
        return Err(SearchError::whole(Wrong::TooLong));
    }
    let encoding = || SearchError::whole(Wrong::Encoding);
    let mut out = Vec::new();
    for part in query
        .split(|byte| *byte == b'&')
        .filter(|part| !part.is_empty())
    {
        if out.len() == MAX_PARAMS {
            return Err(SearchError::whole(Wrong::TooLong));
        }
        let mut halves = part.splitn(2, |byte| *byte == b'=');
        let mut half = || decoded(halves.next().unwrap_or_default()).ok_or_else(encoding);
        out.push((half()?, half()?));
    }
    Ok(out)
}

/// Percent-decoding (WHATWG URL §5.1), but what is no encoding is refused.
fn decoded(bytes: &[u8]) -> Option<String> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => *byte,
        });
    }
    let text = String::from_utf8(out).ok()?;
    // Nothing that is searched for has control characters in it.
    (!text.chars().any(char::is_control)).then_some(text)
}

impl Search {
    /// Reads a search of a type.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(
        kind: &'static Type,
        pairs: &[(String, String)],
        handling: Handling,
    ) -> Result<Self, SearchError> {
        let mut search = Self {
            kind,
            ids: Vec::new(),
            criteria: Vec::new(),
            of_patient: Vec::new(),
            changed: Vec::new(),
            count: USUAL_COUNT,
            sort: None,
            includes: Vec::new(),
            provenance: false,
            ignored: 0,
        };
        if pairs.len() > MAX_PARAMS {
            return Err(SearchError::whole(Wrong::TooLong));
        }
        for ((name, value), position) in pairs.iter().zip(1..) {
            let parameter = known(kind, name);
            let wrong = |what| SearchError {
                parameter,
                position,
                what,
            };
            match search.take(name, value) {
                Ok(()) => {}
                Err(Wrong::Unknown) if handling == Handling::Lenient => search.ignored += 1,
                Err(what) => return Err(wrong(what)),
            }
        }
        Ok(search)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Wrong> {
        if let Some(special) = name.strip_prefix('_') {
            return self.special(special, value);
        }
        let (first, chain) = match name.split_once('.') {
            Some((first, chain)) => (first, Some(chain)),
            None => (name, None),
        };
        let (first, modifier) = match first.split_once(':') {
            Some((first, modifier)) => (first, Some(modifier)),
            None => (first, None),
        };
        let param = self.kind.param(first).ok_or(Wrong::Unknown)?;
        if let Some(chain) = chain {
            // US Core chains to the patient only.
            let to_patient = matches!(first, "patient" | "subject")
                && modifier.is_none_or(|modifier| modifier == "Patient");
            let patient = Type::named("Patient").filter(|_| to_patient);
            let patient = patient.ok_or(Wrong::Modifier)?;
            let (chained, modifier) = match chain.split_once(':') {
                Some((chained, modifier)) => (chained, Some(modifier)),
                None => (chain, None),
            };
            let chained = patient.param(chained).ok_or(Wrong::Modifier)?;
            self.of_patient.push(criterion(chained, modifier, value)?);
            return Ok(());
        }
        self.criteria.push(criterion(param, modifier, value)?);
        Ok(())
    }

    fn special(&mut self, name: &str, value: &str) -> Result<(), Wrong> {
        match name {
            "id" => {
                let ids = split(value, ',');
                if ids.is_empty() || ids.len() > MAX_VALUES {
                    return Err(Wrong::Empty);
                }
                if !ids.iter().all(|id| is_id(id)) {
                    return Err(Wrong::Reference);
                }
                self.ids.push(ids);
            }
            "lastUpdated" => {
                let (prefix, text) = Prefix::split(value);
                self.changed
                    .push((prefix, Span::parse(text).ok_or(Wrong::Date)?));
            }
            "count" => {
                let count: usize = value.parse().map_err(|_| Wrong::Count)?;
                // R4 lets a server give fewer than were asked for.
                self.count = count.min(MAX_COUNT);
            }
            "sort" => {
                let (text, descending) = match value.strip_prefix('-') {
                    Some(text) => (text, true),
                    None => (value, false),
                };
                let by = match (text, self.kind.date()) {
                    ("_lastUpdated", _) => SortBy::LastUpdated,
                    (name, Some(date)) if name == date.name || name == "date" => SortBy::Date(date),
                    _ => return Err(Wrong::Sort),
                };
                self.sort = Some(Sort { by, descending });
            }
            "include" => {
                let (of, name) = value.split_once(':').ok_or(Wrong::Include)?;
                let name = name.split(':').next().unwrap_or_default();
                let found = self.kind.includes().find(|param| param.name == name);
                let found = found.filter(|_| of == self.kind.name);
                let found = found.ok_or(Wrong::Include)?;
                if !self.includes.contains(&found) {
                    if self.includes.len() == MAX_INCLUDES {
                        return Err(Wrong::TooLong);
                    }
                    self.includes.push(found);
                }
            }
            "revinclude" if value == "Provenance:target" => self.provenance = true,
            "revinclude" => return Err(Wrong::Include),
            "format" => {
                const JSON: [&str; 4] = [
                    "json",
                    "application/json",
                    "application/fhir+json",
                    "text/json",
                ];
                let essence = value.split(';').next().unwrap_or_default().trim();
                if !JSON.contains(&essence) {
                    return Err(Wrong::Format);
                }
            }
            // How it is written changes nothing of what is.
            "pretty" => {}
            _ => return Err(Wrong::Unknown),
        }
        Ok(())
    }

    /// The patients whose records are searched, as far as the search names them; `None` where it names
    /// none.
    pub fn patients(&self) -> Option<Vec<PatientId>> {
        let named = self.criteria.iter().filter_map(|criterion| {
            let of_record = matches!(criterion.param.name, "patient" | "subject");
            of_record.then(|| {
                let ids = criterion.values.iter().filter_map(|wanted| match wanted {
                    Wanted::Reference { kind, id }
                        if kind.as_deref().is_none_or(|kind| kind == "Patient") =>
                    {
                        id.parse().ok()
                    }
                    _ => None,
                });
                ids.collect::<Vec<PatientId>>()
            })
        });
        let itself = self.ids.iter().filter(|_| self.kind.name == "Patient");
        let itself = itself.map(|ids| ids.iter().filter_map(|id| id.parse().ok()).collect());
        named.chain(itself).reduce(|all, also: Vec<PatientId>| {
            all.into_iter().filter(|id| also.contains(id)).collect()
        })
    }

    /// The ids that are asked for; `None` where none are.
    pub fn ids(&self) -> Option<Vec<&str>> {
        let all = self.ids.iter();
        let all = all.map(|ids| ids.iter().map(String::as_str).collect::<Vec<_>>());
        all.reduce(|all, also| all.into_iter().filter(|id| also.contains(id)).collect())
    }

    /// What is asked of the patient whose record it is, where something is: a search of its own.
    pub fn of_patient(&self) -> Option<Self> {
        let patient = Type::named("Patient").filter(|_| !self.of_patient.is_empty())?;
        Some(Self {
            kind: patient,
            ids: Vec::new(),
            criteria: self.of_patient.clone(),
            of_patient: Vec::new(),
            changed: Vec::new(),
            count: MAX_COUNT,
            sort: None,
            includes: Vec::new(),
            provenance: false,
            ignored: 0,
        })
    }

    /// Groups of terms: of each a resource that matches has one at least.
    pub fn terms(&self) -> Vec<Vec<(&'static str, String)>> {
        let mut groups = Vec::new();
        for criterion in &self.criteria {
            // A store keeps each record by itself, so whose it is narrows nothing.
            if matches!(criterion.param.name, "patient" | "subject")
                || criterion.param.kind == Kind::Date
            {
                continue;
            }
            let mut group = Vec::new();
            let mut narrows = true;
            for wanted in &criterion.values {
                match wanted {
                    Wanted::Token {
                        code: Some(code), ..
                    } => group.push((criterion.param.name, code.trim().to_owned())),
                    Wanted::Reference {
                        kind: Some(kind),
                        id,
                    } => {
                        group.push((criterion.param.name, format!("{kind}/{id}")));
                    }
                    Wanted::Reference { kind: None, id } => {
                        group.push((criterion.param.name, id.clone()));
                    }
                    Wanted::Text { words, .. } => {
                        // One word of each value will do; the longest tells most.
                        let long = words.iter().max_by_key(|word| word.chars().count());
                        match long.filter(|word| word.chars().count() >= PREFIX_MIN) {
                            Some(word) => group.push((criterion.param.name, cut(word))),
                            None => narrows = false,
                        }
                    }
                    Wanted::Token { code: None, .. } | Wanted::Date { .. } => narrows = false,
                }
            }
            if narrows {
                groups.push(group);
            }
        }
        groups.extend(self.date_terms());
        groups
    }

    /// Dates of one parameter are put together first: from a day on and until another narrows to the
    /// days between.
    fn date_terms(&self) -> Vec<Vec<(&'static str, String)>> {
        let mut ends: BTreeMap<&'static str, (Option<time::Date>, Option<time::Date>)> =
            BTreeMap::new();
        let mut groups = Vec::new();
        for criterion in self
            .criteria
            .iter()
            .filter(|it| it.param.kind == Kind::Date)
        {
            let name = criterion.param.name;
            let days: Option<Vec<_>> = criterion
                .values
                .iter()
                .map(|wanted| match wanted {
                    Wanted::Date { prefix, span } => span.days(*prefix),
                    _ => None,
                })
                .collect();
            match days.as_deref() {
                Some([(from, to)]) => {
                    let (first, last) = ends.entry(name).or_default();
                    *first = (*first).max(*from);
                    *last = match (*last, *to) {
                        (Some(last), Some(to)) => Some(last.min(to)),
                        (last, to) => last.or(to),
                    };
                }
                Some(several) => {
                    let any = several.iter().flat_map(|(from, to)| cover(*from, *to));
                    let mut any: Vec<_> = any.map(|term| (name, term)).collect();
                    any.sort_unstable();
                    any.dedup();
                    if any.len() <= MOST_TERMS {
                        groups.push(any);
                    }
                }
                None => {}
            }
        }
        for (name, (from, to)) in ends {
            // What goes on for days may begin before the one and end after the other.
            let turned = matches!((from, to), (Some(from), Some(to)) if from > to);
            if !turned {
                groups.push(
                    cover(from, to)
                        .into_iter()
                        .map(|term| (name, term))
                        .collect(),
                );
            }
        }
        groups
    }

    /// Whether a resource is what is asked for, its patient and when it was stored apart.
    pub fn matches(&self, resource: &Resource) -> bool {
        resource.resource_type() == self.kind.name
            && self
                .ids()
                .is_none_or(|ids| ids.iter().any(|id| *id == resource.id()))
            && self
                .criteria
                .iter()
                .all(|criterion| criterion.is_met(resource))
    }

    /// Whether something that was stored then is what is asked for.
    pub fn is_changed_in_time(&self, at_ms: u64) -> bool {
        let stored = Span::moment(at_ms);
        self.changed
            .iter()
            .all(|(prefix, span)| span.is_met_by(*prefix, &stored))
    }

    /// What a resource is sorted by.
    pub fn key(&self, resource: &Resource, stored_ms: u64) -> i64 {
        match self.sort.map(|sort| sort.by) {
            Some(SortBy::Date(param)) => {
                let values = param.values(resource);
                let spans = values.into_iter().filter_map(Span::of);
                // What nobody knows the time of is the oldest.
                spans.map(|span| span.begins()).min().unwrap_or(i64::MIN)
            }
            _ => i64::try_from(stored_ms).unwrap_or(i64::MAX),
        }
    }

    /// The names of what is searched by, for a record of the search: no value is in it.
    pub fn names(&self) -> Vec<&'static str> {
        let own = self.criteria.iter().map(|criterion| criterion.param.name);
        let chained = (!self.of_patient.is_empty()).then_some("patient.");
        let ids = (!self.ids.is_empty()).then_some("_id");
        let changed = (!self.changed.is_empty()).then_some("_lastUpdated");
        let mut names: Vec<_> = own.chain(chained).chain(ids).chain(changed).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Criterion {
    fn is_met(&self, resource: &Resource) -> bool {
        let found = self.param.values(resource);
        let is_whose = matches!(self.param.name, "patient" | "subject");
        self.values.iter().any(|wanted| match wanted {
            Wanted::Token { system, code } => found
                .iter()
                .any(|value| is_token(value, system.as_deref(), code.as_deref())),
            Wanted::Reference { kind, id } => found.iter().any(|value| {
                Reference::of(value).is_some_and(|found| {
                    let expected = kind.as_deref().or(is_whose.then_some("Patient"));
                    found.id == id && expected.is_none_or(|kind| kind == found.resource_type)
                })
            }),
            Wanted::Date { prefix, span } => {
                let mut spans = found.iter().filter_map(|value| Span::of(value));
                if *prefix == Prefix::Ne {
                    // Something is there, and none of it is that.
                    let all: Vec<_> = spans.collect();
                    !all.is_empty() && all.iter().all(|found| span.is_met_by(Prefix::Ne, found))
                } else {
                    spans.any(|found| span.is_met_by(*prefix, &found))
                }
            }
            Wanted::Text {
                whole,
                words: wanted,
            } => {
                let texts = found.iter().filter_map(|value| value.as_str());
                if self.exact {
                    let mut texts = texts;
                    return texts.any(|text| text == whole);
                }
                let have: Vec<String> = texts.flat_map(words).collect();
                let begins = |word: &String| have.iter().any(|it| it.starts_with(word.as_str()));
                wanted.iter().all(begins)
            }
        })
    }
}

/// The terms by which a store finds a resource within its patient's record: one for each value of each
/// parameter. They are plain, and patient data, until the store has keyed them.
pub fn terms(resource: &Resource) -> Vec<(&'static str, String)> {
    let params = match Type::named(resource.resource_type()) {
        Some(kind) => kind.params,
        // Nobody searches for these by themselves; they are given along with what they are about.
        None if resource.resource_type() == "Provenance" => params::PROVENANCE,
        None => return Vec::new(),
    };
    let mut out = Vec::new();
    for param in params {
        if matches!(param.name, "patient" | "subject") {
            continue;
        }
        for value in param.values(resource) {
            let terms = match param.kind {
                Kind::Token => token_terms(value),
                Kind::Reference => Reference::of(value).map_or_else(Vec::new, |found| {
                    let (kind, id) = (found.resource_type, found.id);
                    vec![format!("{kind}/{id}"), id.to_owned()]
                }),
                Kind::Date => Span::of(value).map_or_else(Vec::new, |span| span.terms()),
                Kind::Text => {
                    let all = value.as_str().map(words).unwrap_or_default();
                    all.iter().flat_map(|word| beginnings(word)).collect()
                }
            };
            out.extend(terms.into_iter().map(|term| (param.name, term)));
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// The parameter's own name, where a written name is one of ours.
fn known(kind: &'static Type, name: &str) -> Option<&'static str> {
    const SPECIAL: [&str; 8] = [
        "_id",
        "_lastUpdated",
        "_count",
        "_sort",
        "_include",
        "_revinclude",
        "_format",
        "_pretty",
    ];
    let first = name.split([':', '.']).next().unwrap_or_default();
    let special = SPECIAL.into_iter().find(|known| *known == first);
    special.or_else(|| kind.param(first).map(|param| param.name))
}

fn criterion(
    param: &'static Param,
    modifier: Option<&str>,
    value: &str,
) -> Result<Criterion, Wrong> {
    let exact = match (param.kind, modifier) {
        (_, None) => false,
        (Kind::Text, Some("exact")) => true,
        (Kind::Reference, Some(kind)) if Type::named(kind).is_some() => {
            let values = split(value, ',');
            let with_type = values.iter().map(|id| format!("{kind}/{id}"));
            let values: Result<Vec<_>, _> = with_type
                .map(|text| Wanted::parse(Kind::Reference, &text))
                .collect();
            return bounded(param, false, values?);
        }
        _ => return Err(Wrong::Modifier),
    };
    let values = split(value, ',');
    if values.len() > MAX_VALUES {
        return Err(Wrong::TooLong);
    }
    let values: Result<Vec<_>, _> = values
        .iter()
        .map(|text| Wanted::parse(param.kind, text))
        .collect();
    bounded(param, exact, values?)
}

fn bounded(param: &'static Param, exact: bool, values: Vec<Wanted>) -> Result<Criterion, Wrong> {
    match values.len() {
        0 => Err(Wrong::Empty),
        1..=MAX_VALUES => Ok(Criterion {
            param,
            exact,
            values,
        }),
        _ => Err(Wrong::TooLong),
    }
}

impl Wanted {
    fn parse(kind: Kind, text: &str) -> Result<Self, Wrong> {
        if text.len() > MAX_VALUE {
            return Err(Wrong::TooLong);
        }
        match kind {
            Kind::Token => {
                let parts = split_raw(text, '|');
                let part = |text: &str| (!text.is_empty()).then(|| unescaped(text));
                match &parts[..] {
                    [code] => Ok(Self::Token {
                        system: None,
                        code: Some(part(code).ok_or(Wrong::Token)?),
                    }),
                    [system, code] if !(system.is_empty() && code.is_empty()) => Ok(Self::Token {
                        system: Some(unescaped(system)),
                        code: part(code),
                    }),
                    _ => Err(Wrong::Token),
                }
            }
            Kind::Reference => match Reference::parse(text) {
                // An id by R4's pattern, and a way up by that of addresses.
                Some(found) if matches!(found.id, "." | "..") => Err(Wrong::Reference),
                Some(found) => Ok(Self::Reference {
                    kind: Some(found.resource_type.to_owned()),
                    id: found.id.to_owned(),
                }),
                None if is_id(text) => Ok(Self::Reference {
                    kind: None,
                    id: text.to_owned(),
                }),
                None => Err(Wrong::Reference),
            },
            Kind::Date => {
                let (prefix, text) = Prefix::split(text);
                let span = Span::parse(text).ok_or(Wrong::Date)?;
                Ok(Self::Date { prefix, span })
            }
            Kind::Text => {
                let whole = unescaped(text);
                let words = words(&whole);
                if words.is_empty() {
                    return Err(Wrong::Empty);
                }
                Ok(Self::Text { whole, words })
            }
        }
    }
}

/// Whether an element has this code (R4 §3.1.1.4.10). Identifiers are compared as people type them.
fn is_token(element: &Value, system: Option<&str>, code: Option<&str>) -> bool {
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let in_system = |found: Option<&str>| match system {
        None => true,
        Some("") => found.is_none(),
        Some(system) => found == Some(system),
    };
    let has = |found_system: Option<&str>, found: Option<&str>| {
        in_system(found_system) && code.is_none_or(|code| found == Some(code))
    };
    if let Some(plain) = element.as_str() {
        // A code by itself is of a system that goes without saying.
        return code == Some(plain);
    }
    if element.get("coding").is_some() {
        return list(element.get("coding")).any(|coding| {
            has(
                text(coding, "system").as_deref(),
                text(coding, "code").as_deref(),
            )
        });
    }
    let found_system = text(element, "system");
    if let Some(value) = text(element, "value") {
        if is_secret(element) {
            return false;
        }
        let folded = |text: &str| text.trim().to_uppercase();
        let same = code.is_none_or(|code| folded(&value) == folded(code));
        return same && in_system(found_system.as_deref());
    }
    has(found_system.as_deref(), text(element, "code").as_deref())
}

/// Nobody needs to find a patient by a social security number here (45 CFR 164.502(b)).
fn is_secret(identifier: &Value) -> bool {
    identifier.get("system").and_then(Value::as_str) == Some("http://hl7.org/fhir/sid/us-ssn")
        || identifier
            .get("type")
            .is_some_and(|kind| crate::resource::codings(kind).any(|it| it.code == Some("SS")))
}

/// Codes without their systems: that they are of the right one is for [`is_token`] to see.
fn token_terms(element: &Value) -> Vec<String> {
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(plain) = element.as_str() {
        return vec![plain.to_owned()];
    }
    if element.get("coding").is_some() {
        let codings = list(element.get("coding"));
        return codings.filter_map(|coding| text(coding, "code")).collect();
    }
    if let Some(value) = text(element, "value") {
        let is_open = !is_secret(element);
        return is_open
            .then(|| value.trim().to_owned())
            .into_iter()
            .collect();
    }
    text(element, "code").into_iter().collect()
}

fn beginnings(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    (PREFIX_MIN..=letters.len().min(PREFIX_MAX))
        .map(|length| letters[..length].iter().collect())
        .collect()
}

fn cut(word: &str) -> String {
    word.chars().take(PREFIX_MAX).collect()
}

/// Splits at a character that is not escaped by a backslash; what is empty is left out. The backslashes
/// stay, since a part may be split once more.
fn split(text: &str, at: char) -> Vec<String> {
    let parts = split_raw(text, at);
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

fn split_raw(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == at && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            out.push(c);
        }
    }
    out
}

/// The most terms of one group.
const MOST_TERMS: usize = 400;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn kind(name: &str) -> &'static Type {
        Type::named(name).unwrap()
    }

    fn parse(of: &str, query: &str) -> Result<Search, SearchError> {
        Search::parse(kind(of), &pairs(query.as_bytes())?, Handling::Strict)
    }

    fn wrong(of: &str, query: &str) -> SearchError {
        match parse(of, query) {
            Ok(_) => panic!("{of}?{query} is taken"),
            Err(error) => error,
        }
    }

    fn potassium() -> Resource {
        Resource::new(
            json!({"resourceType": "Observation", "id": "k1", "status": "final",
            "subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"},
            "category": [{"coding": [{"code": "laboratory"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
            "effectiveDateTime": "2026-03-02T23:55:00-05:00"}),
        )
        .unwrap()
    }

    fn nora() -> Resource {
        Resource::new(
            json!({"resourceType": "Patient", "id": "p1", "gender": "female",
            "name": [{"family": "Quigley-Núñez", "given": ["Nora"]}], "birthDate": "1971-02-28",
            "identifier": [{"system": "urn:mrn", "value": " sb-10042 "},
                {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-12-3456"}]}),
        )
        .unwrap()
    }

    fn finds(resource: &Resource, query: &str) -> bool {
        let search = parse(resource.resource_type(), query).unwrap();
        let found = search.matches(resource);
        let have = terms(resource);
        let narrowed = search.terms().iter().all(|group| {
            group.iter().any(|(name, value)| {
                have.iter().any(|(field, term)| {
                    field == name && term.to_lowercase() == value.to_lowercase()
                })
            })
        });
        assert!(!found || narrowed, "{query} is met but not found");
        found
    }

    #[test]
    fn an_observation_is_found_as_us_core_asks() {
        for query in [
            "patient=p1",
            "patient=Patient/p1&category=laboratory",
            "subject=https://else.example/fhir/Patient/p1",
            "subject:Patient=p1&code=http://loinc.org|2823-3,http://loinc.org|2160-0",
            "code=2823-3&date=ge2026-03-01&date=lt2026-04-01",
            "date=2026-03-02&status=final,amended&encounter=e1",
            "category=laboratory&date=gt2025",
            "_id=k1,k2",
            "",
        ] {
            assert!(finds(&potassium(), query), "{query}");
        }
        for query in [
            "patient=p2",
            "code=http://snomed.info/sct|2823-3",
            "code=|2823-3",
            "date=2026-03-03",
            "date=ne2026-03-02",
            "encounter=Encounter/e2",
            "encounter:Patient=e1",
            "status=amended",
            "_id=k2",
        ] {
            assert!(!finds(&potassium(), query), "{query}");
        }
    }

    #[test]
    fn a_patient_is_found_by_name_number_and_birthday_but_not_by_social_security_number() {
        for query in [
            "name=nunez",
            "name=qui&given=nor",
            "family=QUIGLEY",
            "given:exact=Nora",
            "identifier=urn:mrn|SB-10042",
            "identifier=sb-10042&birthdate=1971-02-28",
            "birthdate=ge1970&birthdate=lt1972",
            "gender=female,male",
        ] {
            assert!(finds(&nora(), query), "{query}");
        }
        for query in [
            "name=igley",
            "given:exact=nora",
            "family=nora",
            "identifier=999-12-3456",
            "identifier=urn:else|SB-10042",
            "birthdate=1971-03",
        ] {
            assert!(!finds(&nora(), query), "{query}");
        }
    }

    #[test]
    fn the_records_that_a_search_names_are_known_before_it_runs() {
        let patients = |of, query| {
            let named = parse(of, query).unwrap().patients();
            named.map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(patients("Observation", "code=1"), None);
        assert_eq!(
            patients("Observation", "patient=a,b&subject=Patient/b"),
            Some(vec!["b".to_owned()])
        );
        assert_eq!(patients("Observation", "patient=a&patient=b"), Some(vec![]));
        assert_eq!(patients("Observation", "subject=Group/a"), Some(vec![]));
        assert_eq!(
            patients("Patient", "_id=a,b"),
            Some(vec!["a".to_owned(), "b".to_owned()])
        );
        let chained = parse(
            "Condition",
            "subject:Patient.name=quig&patient.birthdate=1971",
        )
        .unwrap();
        assert!(chained.of_patient().unwrap().matches(&nora()));
        let other = parse("Condition", "patient.identifier=urn:mrn|1").unwrap();
        assert!(!other.of_patient().unwrap().matches(&nora()));
    }

    #[test]
    fn an_error_names_the_parameter_and_never_the_value() {
        for (of, query, name, what) in [
            (
                "Patient",
                "birthdate=SECRET",
                Some("birthdate"),
                Wrong::Date,
            ),
            ("Patient", "SECRET=1", None, Wrong::Unknown),
            ("Patient", "name:SECRET=1", Some("name"), Wrong::Modifier),
            ("Patient", "name=", Some("name"), Wrong::Empty),
            ("Patient", "name=%20,", Some("name"), Wrong::Empty),
            (
                "Observation",
                "patient=SECRET/..",
                Some("patient"),
                Wrong::Reference,
            ),
            ("Observation", "code=a|b|SECRET", Some("code"), Wrong::Token),
            ("Observation", "code=|", Some("code"), Wrong::Token),
            (
                "Observation",
                "encounter.SECRET=1",
                Some("encounter"),
                Wrong::Modifier,
            ),
            (
                "Observation",
                "patient.SECRET=1",
                Some("patient"),
                Wrong::Modifier,
            ),
            ("Observation", "_count=SECRET", Some("_count"), Wrong::Count),
            ("Observation", "_sort=SECRET", Some("_sort"), Wrong::Sort),
            (
                "Observation",
                "_include=SECRET",
                Some("_include"),
                Wrong::Include,
            ),
            (
                "Observation",
                "_include=Patient:organization",
                Some("_include"),
                Wrong::Include,
            ),
            (
                "Observation",
                "_revinclude=SECRET",
                Some("_revinclude"),
                Wrong::Include,
            ),
            ("Observation", "_format=xml", Some("_format"), Wrong::Format),
            (
                "Observation",
                "_lastUpdated=SECRET",
                Some("_lastUpdated"),
                Wrong::Date,
            ),
            ("Observation", "_id=SECRET/", Some("_id"), Wrong::Reference),
        ] {
            let error = wrong(of, query);
            assert_eq!((error.parameter, error.what), (name, what), "{query}");
            assert!(!error.to_string().contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let many = |one: &'static str, count: usize| vec![one; count];
        assert_eq!(
            wrong("Patient", &many("name=ab", 33).join("&")).what,
            Wrong::TooLong
        );
        let values = many("ab", 51).join(",");
        assert_eq!(
            wrong("Patient", &format!("name={values}")).what,
            Wrong::TooLong
        );
        assert_eq!(
            wrong("Patient", &format!("name={}", "a".repeat(257))).what,
            Wrong::TooLong
        );
        assert_eq!(
            wrong("Patient", &format!("name={}", "a".repeat(9000))).what,
            Wrong::TooLong
        );
        for bad in ["name=%", "name=%4", "name=%GG", "name=%FF", "name=a%00b"] {
            assert_eq!(wrong("Patient", bad).what, Wrong::Encoding, "{bad}");
        }
        assert_eq!(parse("Patient", "_count=100000").unwrap().count, MAX_COUNT);
        let lenient = Search::parse(
            kind("Patient"),
            &pairs(b"shoe-size=44&_summary=count&name=quig").unwrap(),
            Handling::of("respond-async, handling = lenient"),
        );
        let lenient = lenient.unwrap();
        assert_eq!(lenient.ignored, 2);
        assert_eq!(lenient.names(), ["name"]);
        assert_eq!(
            Handling::of("return=minimal; handling=STRICT"),
            Handling::Strict
        );
    }

    #[test]
    fn a_comma_and_a_bar_can_be_searched_for() {
        let odd = Resource::new(json!({"resourceType": "Organization", "id": "o1",
            "name": "Ward, East", "identifier": [{"value": "a|b,c\\d"}]}))
        .unwrap();
        assert!(finds(&odd, "name=ward%5C, east"));
        assert!(finds(&odd, "identifier=a%5C|b%5C,c%5C%5Cd"));
        assert!(!finds(&odd, "identifier=a|b"));
    }

    #[test]
    fn a_list_of_dates_is_any_of_them() {
        assert!(finds(&potassium(), "date=2026-03-01,2026-03-02"));
        assert!(!finds(&potassium(), "date=2026-03-01,2026-03-03"));
    }

    fn a_query() -> impl Strategy<Value = String> {
        let name = prop::sample::select(
            &[
                "patient",
                "subject",
                "code",
                "category",
                "date",
                "status",
                "encounter",
                "_id",
                "_count",
                "_sort",
                "_lastUpdated",
                "_include",
                "subject:Patient",
                "patient.name",
                "combo-code",
            ][..],
        );
        let value = prop_oneof![
            "[a-z0-9|,.:/ -]{0,20}",
            prop::sample::select(
                &[
                    "p1",
                    "Patient/p1",
                    "2823-3",
                    "http://loinc.org|2823-3",
                    "laboratory",
                    "2026-03-02",
                    "ge2026-03-01",
                    "lt2027",
                    "ne2026",
                    "ap2026-03",
                    "final",
                    "e1",
                    "k1",
                    "k1,k2",
                    "date",
                ][..]
            )
            .prop_map(str::to_owned),
        ];
        prop::collection::vec((name, value), 0..4).prop_map(|all| {
            let all: Vec<String> = all
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            all.join("&")
        })
    }

    proptest! {
        #[test]
        fn whatever_is_met_is_found_by_its_terms(query in a_query()) {
            if parse("Observation", &query).is_ok() {
                finds(&potassium(), &query);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(pairs) = pairs(&bytes) {
                for kind in params::TYPES {
                    let _ = Search::parse(kind, &pairs, Handling::Lenient).map(|it| it.terms());
                }
            }
        }
    }
}
