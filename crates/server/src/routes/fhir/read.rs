//! `GET /fhir/R4/{kind}/{id}`: one resource (R4 §3.1.0.2), and `/_history/{version}`: in one version (§3.1.0.3).

use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wardline_audit::event::Kind as Event;
use wardline_fhir::search::params::Type;
use wardline_policy::{Action, Resource};

use super::Kind;
use crate::app::{App, Peer};
use crate::caller::Caller;
use crate::charts;
use crate::problem::Refusal;
use crate::risk;
use crate::views::{Look, Seen, Views};

/// A resource of a record that the person has a reason to look at, or of the hospital's directory. Of
/// other records it is not even said that it is there. Whoever may see a part of it only gets that part,
/// labelled so.
#[utoipa::path(
    get, path = "/fhir/R4/{kind}/{id}", tag = "fhir",
    params(("kind" = String, Path), ("id" = String, Path)),
    responses(
        (status = 200, body = String, description = "The FHIR resource.", content_type = "application/fhir+json"),
        (status = 304, description = "It is as `If-None-Match` has it."),
        (status = 401, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
        (status = 403, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
        (status = 404, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    peer: Peer,
    Kind(kind): Kind,
    EntryId(id): EntryId,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    read(&app, &caller, peer, kind, &id, Wanted::Newest(&headers)).await
}

/// The same in a version. Of each resource the newest is kept, and no other: for those before it the answer is that
/// they are not found, as for those that never were.
#[utoipa::path(
    get, path = "/fhir/R4/{kind}/{id}/_history/{version}", tag = "fhir",
    params(("kind" = String, Path), ("id" = String, Path), ("version" = String, Path)),
    responses(
        (status = 200, body = String, description = "The FHIR resource.", content_type = "application/fhir+json"),
        (status = 401, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
        (status = 403, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
        (status = 404, body = String, description = "A FHIR OperationOutcome.", content_type = "application/fhir+json"),
    ),
)]
pub(crate) async fn version(
    State(app): State<App>,
    caller: Caller,
    peer: Peer,
    Kind(kind): Kind,
    EntryId(id): EntryId,
    Version(version): Version,
) -> Result<Response, Refusal> {
    read(&app, &caller, peer, kind, &id, Wanted::Version(version)).await
}

/// What is asked for.
enum Wanted<'a> {
    /// What stands now, unless it is known.
    Newest(&'a HeaderMap),
    /// This version.
    Version(u64),
}

async fn read(
    app: &App,
    caller: &Caller,
    peer: Peer,
    kind: &'static Type,
    id: &str,
    wanted: Wanted<'_>,
) -> Result<Response, Refusal> {
    let mut facts = app.facts().await?;
    let mut views = Views::new(app, caller);
    let stored = facts.stored(kind.name, id).await?;
    let entry = stored
        .as_ref()
        .map(|it| charts::parse(&it.body))
        .transpose()?;
    let patient = entry.as_ref().and_then(wardline_fhir::Resource::patient);
    // Whether a patient is known is said to nobody who has no reason to ask: the answer is the same.
    let patient = match kind.name {
        "Patient" => id.parse().ok(),
        _ => patient,
    };
    if let Some(patient) = &patient {
        let current = match kind.name {
            "Patient" => charts::current(&mut facts, patient.clone()).await?,
            _ => patient.clone(),
        };
        if current == *patient {
            views.add(&mut facts, patient).await?;
        } else {
            views.add_merged(&mut facts, patient, &current).await?;
        }
    }
    drop(facts);
    let resource = entry.as_ref().and_then(|entry| views.resource(entry));
    let (Some(stored), Some(entry), Some(resource)) = (stored, entry, resource) else {
        if let ("Patient", Some(patient)) = (kind.name, patient) {
            let unknown = views.resource_of_nobody(&patient, id);
            let permit = app
                .decide(caller.asker(), Action::EntryRead, unknown)
                .await?;
            permit.record().await?;
        } else {
            let permit = app
                .decide(caller.asker(), Action::EntrySearch, Resource::Hospital)
                .await?;
            permit.record().await?;
        }
        return Err(Refusal::NotFound);
    };
    let action = match views.seen(&entry) {
        Seen::Part => Action::EntryGlance,
        Seen::Whole | Seen::Not(_) => Action::EntryRead,
    };
    let permit = app.decide(caller.asker(), action, resource).await?;
    let is_other = matches!(wanted, Wanted::Version(version) if version != stored.version);
    let Some(shown) = views.show(&stored)?.ok().filter(|_| !is_other) else {
        // A part that there is not is nothing, and so is a version.
        permit.record().await?;
        return Err(Refusal::NotFound);
    };
    // Who sees a part has not seen the whole, whatever the version.
    let part = if shown.in_part { "-part" } else { "" };
    let tag = format!("W/\"{}{part}\"", stored.version);
    let unchanged = match wanted {
        Wanted::Newest(headers) => {
            let known = headers.get_all(header::IF_NONE_MATCH).iter();
            let mut known = known.filter_map(|value| value.to_str().ok());
            known.any(|value| value.split(',').any(|it| it.trim() == tag))
        }
        Wanted::Version(_) => false,
    };
    views.hand_out(&shown.entry);
    let look = Look {
        // A version is read as the resource is.
        interaction: "read",
        kind: kind.name,
        by: &[],
        withheld: 0,
        action,
        peer,
    };
    let patients = views.record(permit, READ, look).await?;
    for patient in &patients {
        risk::opened(app, caller, patient).await?;
    }
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        super::answer(StatusCode::OK, &shown.json)
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// The `{version}` of the path. What is none of ours was never one.
pub(crate) struct Version(u64);

impl FromRequestParts<App> for Version {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::InvalidParameter("version"))?;
        let version = params.iter().find(|(name, _)| *name == "version");
        version
            .and_then(|(_, text)| text.parse().ok())
            .map(Self)
            .ok_or(Refusal::NotFound)
    }
}

/// The `{id}` of the path, of FHIR's form.
pub(crate) struct EntryId(String);

impl FromRequestParts<App> for EntryId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::InvalidParameter("id"))?;
        let id = params.iter().find(|(name, _)| *name == "id");
        let is_id = |text: &&str| {
            (1..=64).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        };
        id.map(|(_, text)| text)
            .filter(is_id)
            .map(|text| Self(text.to_owned()))
            .ok_or(Refusal::InvalidParameter("id"))
    }
}

const READ: Event = Event::named("record.read");
