//! `GET /fhir/R4/{kind}` and `POST /fhir/R4/{kind}/_search` (R4 §3.1.1).
//!
//! What is searched for is patient data, and addresses end up in logs and histories: clients search by
//! POST, and the links of an answer carry the search sealed, for the person who asked.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::rejection::RawFormRejection;
use axum::extract::{RawForm, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use wardline_audit::event::Kind as Event;
use wardline_fhir::bundle::{Entry, Links, Mode, Withheld, searchset};
use wardline_fhir::search::params::{About, Type};
use wardline_fhir::search::{Handling, MAX_BYTES, Search, pairs};
use wardline_fhir::{Reference, view};
use wardline_model::{B64, PatientId};
use wardline_policy::{Action, Resource};
use wardline_seal::Token;
use wardline_store::{Find, Stored, Tx};

use super::Kind;
use crate::app::{App, Peer};
use crate::caller::Caller;
use crate::charts;
use crate::problem::Refusal;
use crate::risk;
use crate::views::{Look, Seen, Shown, Views};

/// A search, or a page of one (`_page`). Only records that the person has a reason to look at are
/// searched; what of them is not shown is counted.
#[utoipa::path(
    get, path = "/fhir/R4/{kind}", tag = "fhir", params(("kind" = String, Path)),
    responses(
        (status = 200, body = String, description = "A FHIR Bundle.", content_type = "application/fhir+json"),
        (status = 400, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
        (status = 401, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
        (status = 403, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
    ),
)]
pub(crate) async fn by_address(
    State(app): State<App>,
    caller: Caller,
    peer: Peer,
    Kind(kind): Kind,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let query = query.unwrap_or_default();
    Box::pin(search(
        &app,
        &caller,
        peer,
        kind,
        &headers,
        pairs(query.as_bytes())?,
    ))
    .await
}

/// The same with the search in the body, where no log has it.
#[utoipa::path(
    post, path = "/fhir/R4/{kind}/_search", tag = "fhir", params(("kind" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = String, description = "A FHIR Bundle.", content_type = "application/fhir+json"),
        (status = 400, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
        (status = 401, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
        (status = 403, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
        (status = 415, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
    ),
)]
pub(crate) async fn by_form(
    State(app): State<App>,
    caller: Caller,
    peer: Peer,
    Kind(kind): Kind,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    form: Result<RawForm, RawFormRejection>,
) -> Result<Response, Refusal> {
    let RawForm(form) = form.map_err(|rejection| match rejection {
        RawFormRejection::InvalidFormContentType(_) => Refusal::UnsupportedMediaType,
        _ => Refusal::PayloadTooLarge { limit: MAX_BYTES },
    })?;
    let mut all = pairs(query.unwrap_or_default().as_bytes())?;
    all.extend(pairs(&form)?);
    Box::pin(search(&app, &caller, peer, kind, &headers, all)).await
}

/// Where a page begins, and of what search. It is sealed for the person who searched.
#[derive(Serialize, Deserialize)]
struct Page {
    kind: String,
    pairs: Vec<(String, String)>,
    strict: bool,
    at_ms: u64,
    after: Option<Place>,
}

/// The last entry of the page before.
#[derive(Clone, Serialize, Deserialize)]
enum Place {
    /// In no order: whose record, and what the store has as its place.
    In(Option<PatientId>, [u8; 16]),
    /// In an order: what it was sorted by, and its id.
    Sorted(i64, String),
}

async fn search(
    app: &App,
    caller: &Caller,
    peer: Peer,
    kind: &'static Type,
    headers: &HeaderMap,
    pairs: Vec<(String, String)>,
) -> Result<Response, Refusal> {
    let now_ms = caller.asker().now_ms;
    let page = page(app, caller, kind, headers, pairs)?;
    let handling = if page.strict {
        Handling::Strict
    } else {
        Handling::Lenient
    };
    let search = Search::parse(kind, &page.pairs, handling)?;
    let mut facts = app.facts().await?;
    let mut views = Views::new(app, caller);
    match search.patients().filter(|_| kind.about == About::Patient) {
        Some(named) => {
            for id in named.iter().take(MOST_NAMED) {
                views.add(&mut facts, id).await?;
            }
            // Who names one record that they have no reason to look at is told what to do.
            if let ([one], true) = (&named[..], views.patients().is_empty()) {
                let nobodys = views.resource_of_nobody(one, "search");
                let permit = app
                    .decide(caller.asker(), Action::EntryRead, nobodys)
                    .await?;
                permit.record().await?;
                return Err(Refusal::NotFound);
            }
        }
        None if kind.about == About::Patient => views.add_own(&mut facts).await?,
        None => {}
    }
    let permit = app
        .decide(caller.asker(), Action::EntrySearch, Resource::Hospital)
        .await?;
    if let Some(chained) = search.of_patient() {
        let mut meant = BTreeSet::new();
        for id in views.patients() {
            if let Some(stored) = facts.stored("Patient", id.as_str()).await?
                && let Ok(shown) = views.show(&stored)?
                && chained.matches(&shown.entry)
            {
                meant.insert(id);
            }
        }
        views.keep(&meant);
    }

    let Found { mut shown, more } =
        find(&mut facts, &mut views, &search, page.after.as_ref()).await?;
    let is_first = page.after.is_none();
    let total = (is_first && !more).then_some(shown.len());
    let next = shown.last().filter(|_| more).map(|last| last.place.clone());
    if search.count == 0 {
        shown.clear();
    }
    let withheld = if is_first {
        views.withheld(&mut facts, kind).await?
    } else {
        BTreeMap::new()
    };
    let included = include(&mut facts, &mut views, &search, &shown).await?;
    drop(facts);

    let mut entries = Vec::with_capacity(shown.len() + included.len());
    for one in shown {
        views.hand_out(&one.shown.entry);
        entries.push(Entry {
            resource: one.shown.json,
            mode: Mode::Match,
        });
    }
    for (resource, patient) in included {
        let of = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
        views.hand_out_named(&of("resourceType"), &of("id"), patient);
        entries.push(Entry {
            resource,
            mode: Mode::Include,
        });
    }
    let withheld: Vec<Withheld> = withheld
        .into_iter()
        .map(|(advice, count)| Withheld {
            kind: kind.name.to_owned(),
            count,
            advice,
        })
        .collect();
    let names = search.names();
    let look = Look {
        interaction: "search-type",
        kind: kind.name,
        by: &names,
        withheld: withheld.iter().map(|it| it.count).sum(),
        action: Action::EntrySearch,
        peer,
    };
    let patients = views.record(permit, SEARCHED, look).await?;
    let patients: Vec<PatientId> = patients.into_iter().collect();
    risk::searched_within(app, caller, &patients).await?;
    let links = Links {
        base: super::base(app),
        itself: link(app, caller, &page)?,
        next: match next {
            Some(place) => {
                let next = Page {
                    after: Some(place),
                    at_ms: now_ms,
                    ..page
                };
                Some(link(app, caller, &next)?)
            }
            None => None,
        },
    };
    let bundle = searchset(&search, &links, total, entries, &withheld, now_ms);
    Ok(super::answer(StatusCode::OK, &bundle))
}

/// The page that is asked for: one that a link leads to, or the first.
fn page(
    app: &App,
    caller: &Caller,
    kind: &'static Type,
    headers: &HeaderMap,
    pairs: Vec<(String, String)>,
) -> Result<Page, Refusal> {
    let now_ms = caller.asker().now_ms;
    let Some((_, sealed)) = pairs.iter().find(|(name, _)| name == PAGE) else {
        let prefer = headers
            .get_all(header::HeaderName::from_static("prefer"))
            .iter();
        let mut prefer = prefer.filter_map(|value| value.to_str().ok());
        return Ok(Page {
            kind: kind.name.to_owned(),
            strict: prefer.any(|value| Handling::of(value) == Handling::Strict),
            pairs,
            at_ms: now_ms,
            after: None,
        });
    };
    let over =
        || Refusal::SearchRefused("this page is over, or somebody else's; search again".to_owned());
    let sealed = B64::decode(sealed).ok_or_else(over)?;
    let user = caller.user();
    let plain = app.keys.sealer.open(PURPOSE, user.as_bytes(), &sealed.0);
    let plain = plain.map_err(|_| over())?;
    let page: Page = serde_json::from_slice(&plain).map_err(|_| over())?;
    let is_young = now_ms.saturating_sub(page.at_ms) <= LONGEST_MS;
    if is_young && page.kind == kind.name {
        Ok(page)
    } else {
        Err(over())
    }
}

fn link(app: &App, caller: &Caller, page: &Page) -> Result<String, Refusal> {
    let plain = serde_json::to_vec(page).map_err(Refusal::internal)?;
    let user = caller.user();
    let sealed = app.keys.sealer.seal(PURPOSE, user.as_bytes(), &plain);
    let sealed = B64(sealed.map_err(Refusal::internal)?).encode();
    Ok(format!(
        "{}/{}?{PAGE}={sealed}",
        super::base(app),
        page.kind
    ))
}

/// A match with its place.
struct Placed {
    shown: Shown,
    place: Place,
}

struct Found {
    shown: Vec<Placed>,
    /// Whether there is another one at least that would be shown.
    more: bool,
}

/// The matches of one page, as the person sees them. What they do not see is no match, so nothing of the
/// answer depends on it: neither the count of entries nor whether there is a next page.
async fn find(
    facts: &mut Tx,
    views: &mut Views<'_>,
    search: &Search,
    after: Option<&Place>,
) -> Result<Found, Refusal> {
    let records: Vec<Option<PatientId>> = match search.kind.about {
        About::Hospital => vec![None],
        About::Patient => views.patients().into_iter().map(Some).collect(),
    };
    let (terms, ids) = (search.terms(), search.ids());
    if ids.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Found {
            shown: Vec::new(),
            more: false,
        });
    }
    let counts = search.count == 0;
    let is_sorted = search.sort.is_some();
    let most = if counts || is_sorted {
        MOST_SORTED
    } else {
        search.count
    };
    let mut matches: Vec<(i64, Placed)> = Vec::new();
    let mut read = 0;
    'records: for patient in &records {
        let mut place = match after {
            Some(Place::In(of, _)) if of > patient => continue,
            Some(Place::In(of, place)) if of == patient => Some(Token(*place)),
            _ => None,
        };
        loop {
            let some = facts
                .find(&Find {
                    kind: search.kind.name,
                    patient: patient.as_ref(),
                    ids: ids.as_deref(),
                    terms: &terms,
                    after: place,
                    limit: AT_ONCE,
                })
                .await?;
            read += some.len();
            if read > MOST_READ {
                return Err(Refusal::SearchTooCostly);
            }
            for stored in &some {
                let Some(shown) = matching(views, search, stored)? else {
                    continue;
                };
                // One more than a page: whether there is a next one.
                if matches.len() > most {
                    if counts || is_sorted {
                        return Err(Refusal::SearchTooCostly);
                    }
                    break 'records;
                }
                let key = search.key(&shown.entry, stored.stored_at);
                let place = Place::In(patient.clone(), stored.place.0);
                matches.push((key, Placed { shown, place }));
            }
            place = some.last().map(|last| last.place);
            if some.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX) {
                break;
            }
        }
    }
    if let Some(sort) = search.sort {
        matches.sort_by(|(a, one), (b, other)| {
            let keys = if sort.descending { b.cmp(a) } else { a.cmp(b) };
            keys.then_with(|| one.shown.entry.id().cmp(other.shown.entry.id()))
        });
        if let Some(Place::Sorted(last, id)) = after {
            let is_after = |key: i64, entry: &wardline_fhir::Resource| {
                let keys = if sort.descending {
                    last.cmp(&key)
                } else {
                    key.cmp(last)
                };
                keys.then_with(|| entry.id().cmp(id)).is_gt()
            };
            matches.retain(|(key, it)| is_after(*key, &it.shown.entry));
        }
        for (key, it) in &mut matches {
            it.place = Place::Sorted(*key, it.shown.entry.id().to_owned());
        }
    }
    let more = !counts && matches.len() > search.count;
    if more {
        matches.truncate(search.count);
    }
    Ok(Found {
        shown: matches.into_iter().map(|(_, placed)| placed).collect(),
        more,
    })
}

/// What is shown of a stored entry, where that matches: what somebody does not see cannot be searched by
/// them either.
fn matching(
    views: &mut Views<'_>,
    search: &Search,
    stored: &Stored,
) -> Result<Option<Shown>, Refusal> {
    if !search.is_changed_in_time(stored.stored_at) {
        return Ok(None);
    }
    let shown = views.show(stored)?.ok();
    Ok(shown.filter(|shown| search.matches(&shown.entry)))
}

/// What is given along with the matches, each once, as the person sees it, and whose it is.
async fn include(
    facts: &mut Tx,
    views: &mut Views<'_>,
    search: &Search,
    matches: &[Placed],
) -> Result<Vec<(serde_json::Value, Option<PatientId>)>, Refusal> {
    let mut given: BTreeSet<String> = matches
        .iter()
        .map(|it| it.shown.entry.reference())
        .collect();
    let mut wanted: Vec<(String, String)> = Vec::new();
    for param in &search.includes {
        for one in matches {
            for value in param.values(&one.shown.entry) {
                if let Some(found) = Reference::of(value)
                    && given.insert(format!("{}/{}", found.resource_type, found.id))
                    && wanted.len() < MOST_INCLUDED
                {
                    wanted.push((found.resource_type.to_owned(), found.id.to_owned()));
                }
            }
        }
    }
    let mut out = Vec::new();
    let mut there: BTreeSet<String> = matches
        .iter()
        .map(|it| it.shown.entry.reference())
        .collect();
    for (kind, id) in wanted {
        // What is not served by itself is not served along.
        if Type::named(&kind).is_none() {
            continue;
        }
        let Some(stored) = facts.stored(&kind, &id).await? else {
            continue;
        };
        if let Some(patient) = charts::parse(&stored.body)?.patient() {
            views.add(facts, &patient).await?;
        }
        if let Ok(shown) = views.show(&stored)? {
            there.insert(shown.entry.reference());
            out.push((shown.json, shown.entry.patient()));
        }
    }
    if search.provenance && !there.is_empty() {
        let targets = there.iter().cloned();
        let terms = [targets.map(|target| ("target", target)).collect::<Vec<_>>()];
        let found = facts
            .find(&Find {
                kind: "Provenance",
                patient: None,
                ids: None,
                terms: &terms,
                after: None,
                limit: MOST_PROVENANCE,
            })
            .await?;
        for stored in found {
            let entry = charts::parse(&stored.body)?;
            // It belongs to whoever its targets belong to; a label of its own is judged with theirs.
            let whose = matches.iter().find_map(|it| it.shown.entry.patient());
            if !matches!(views.seen_with(&entry, whose.as_ref()), Seen::Whole) {
                continue;
            }
            let made = view::provenance(&entry, &there, stored.version, stored.stored_at);
            out.extend(made.map(|json| (json, None)));
        }
    }
    Ok(out)
}

/// The parameter of a page.
const PAGE: &str = "_page";
const PURPOSE: &str = "fhir.page";
/// How long a link leads somewhere.
const LONGEST_MS: u64 = 60 * 60 * 1000;
/// The most records that one search names.
const MOST_NAMED: usize = 50;
/// Entries that are read at once.
const AT_ONCE: u32 = 100;
/// The most that one search reads.
const MOST_READ: usize = 20_000;
/// The most matches that are put in order, or counted.
const MOST_SORTED: usize = 5000;
/// The most that is given along.
const MOST_INCLUDED: usize = 200;
const MOST_PROVENANCE: u32 = 50;

const SEARCHED: Event = Event::named("record.searched");
