//! `POST /v1/signals`: a security event token is pushed (RFC 8935).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::wire::posture::{Fact, FactName, Provenance};
use wardline_model::{DeviceId, SessionId};
use wardline_policy::{Action, Resource};
use wardline_signals::managed::serial_key;
use wardline_signals::set::{Event, Identifier, MEDIA_TYPE, Signal, Subject, Window};
use wardline_store::{Device, Tx};

use crate::app::{App, Peer};
use crate::fleet::{self, Moved, Rulebook};
use crate::gate::{Asker, change};
use crate::problem::Refusal;

/// Takes a token of a configured transmitter: 202 once it is durable (also when it came before),
/// 400 with the error of RFC 8935 §2.4 when it is not accepted.
#[utoipa::path(
    post, path = "/v1/signals", tag = "signals",
    request_body(content = String, content_type = "application/secevent+jwt"),
    responses((status = 202), (status = 400, body = Object)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    parts: Parts,
    token: Bytes,
) -> Result<Response, Refusal> {
    app.limit_unauthenticated(&parts)?;
    let is_set = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case(MEDIA_TYPE));
    if !is_set {
        return Err(Refusal::UnsupportedMediaType);
    }
    let asker = Asker::anyone(&app, Peer::of(&parts));
    let permit = app
        .decide(&asker, Action::SignalReceive, Resource::Hospital)
        .await?
        .kind(RECEIVED);
    let now_ms = permit.now_ms();
    let signal = match app.transmitters.verify(&token, now_ms) {
        Ok(signal) => signal,
        Err(error) => {
            app.record_refusal(Peer::of(&parts), "signal-refused").await;
            return Ok((StatusCode::BAD_REQUEST, Json(error.body())).into_response());
        }
    };
    let effect = change!(permit, |tx, note| {
        note.put("issuer", signal.issuer.as_str())
            .put("jti", signal.jti.as_str());
        if !tx.take_signal(&signal.issuer, &signal.jti, now_ms).await? {
            note.put("again", true);
            return Ok(Effect::default());
        }
        let memory_ms = Window::default().memory_ms();
        tx.forget_signals(now_ms.saturating_sub(memory_ms)).await?;
        let effect = carry_out(&app, tx, &signal, now_ms).await?;
        note.put("devices", effect.devices)
            .put("sessions_ended", effect.sessions.len());
        Ok(effect)
    })?;
    effect.moved.publish(&app);
    for session in effect.sessions {
        app.bus.publish(Hint::SessionEnded { session });
    }
    Ok(StatusCode::ACCEPTED.into_response())
}

/// What followed from a signal.
#[derive(Default)]
struct Effect {
    devices: usize,
    moved: Moved,
    sessions: Vec<SessionId>,
}

async fn carry_out(
    app: &App,
    tx: &mut Tx,
    signal: &Signal,
    now_ms: u64,
) -> Result<Effect, Refusal> {
    let mut effect = Effect::default();
    let compliance: Vec<Fact> = signal
        .events
        .iter()
        .filter_map(|event| compliance(event, signal, now_ms))
        .collect();
    if !compliance.is_empty() {
        judge(app, tx, signal, &compliance, &mut effect, now_ms).await?;
    }
    for event in &signal.events {
        if let Event::SessionRevoked { context } = event {
            // Tokens tell seconds; what began within that one had begun.
            let at_ms = context.at_ms.unwrap_or(signal.issued_at);
            end_sessions(
                app,
                tx,
                signal,
                at_ms.saturating_add(999),
                &mut effect,
                now_ms,
            )
            .await?;
        }
    }
    Ok(effect)
}

/// What an event says of the compliance of the devices that it is about.
fn compliance(event: &Event, signal: &Signal, now_ms: u64) -> Option<Fact> {
    let Event::DeviceCompliance {
        compliant, context, ..
    } = event
    else {
        return None;
    };
    Some(Fact {
        name: FactName::ManagerCompliant,
        value: (*compliant).into(),
        provenance: Provenance::Managed,
        observed_at: context.at_ms.unwrap_or(signal.issued_at).min(now_ms),
        evidence: format!("security event of {}", signal.issuer),
    })
}

/// Writes what is told of the devices that a signal is about, and looks at them.
async fn judge(
    app: &App,
    tx: &mut Tx,
    signal: &Signal,
    told: &[Fact],
    effect: &mut Effect,
    now_ms: u64,
) -> Result<(), Refusal> {
    let named = devices(tx, &signal.subject).await?;
    let ids: Vec<DeviceId> = named.iter().map(|device| device.device_id).collect();
    // All of them before the first is written, so that no two transactions wait for each other in
    // turn.
    tx.lock_devices(&ids).await?;
    let rules = Rulebook::load(app, tx).await?;
    for device in &named {
        let facts = fleet::kept(rules.terms(&device.program)?, told.to_vec());
        tx.put_facts(device.device_id, &facts, now_ms).await?;
    }
    (_, effect.moved) = fleet::assess_some(app, tx, &ids, now_ms).await?;
    effect.devices = ids.len();
    Ok(())
}

/// Ends the sessions that a signal is about and that had begun by then.
async fn end_sessions(
    app: &App,
    tx: &mut Tx,
    signal: &Signal,
    at_ms: u64,
    effect: &mut Effect,
    now_ms: u64,
) -> Result<(), Refusal> {
    let named = devices(tx, &signal.subject).await?;
    let (user, on_devices) = match &signal.subject {
        Subject::Simple(one) if named.is_empty() => (Some(one), false),
        Subject::Simple(_) => (None, true),
        // Of something beside person and device only a part of their sessions is meant.
        Subject::Complex { others, .. } if !others.is_empty() => return Ok(()),
        Subject::Complex { user, device, .. } => (user.as_ref(), device.is_some()),
    };
    let transmitters = &app.config.signals;
    let domains = transmitters
        .iter()
        .find(|transmitter| transmitter.issuer == signal.issuer)
        .map_or(&[][..], |transmitter| &transmitter.domains);
    let named_user = user.is_some();
    let user = user.and_then(|user| username(user, signal, domains));
    let user = match user {
        Some(name) => tx.person_by_username(name).await?.map(|p| p.user_id),
        None => None,
    };
    // A person on a device is that person there, and nobody where the device is not known; either
    // alone is everywhere.
    let users = match user {
        Some(user) => vec![user],
        // Somebody was named, and it is nobody here.
        None if named_user => Vec::new(),
        None => named.iter().map(|device| device.user_id).collect(),
    };
    for user in users {
        for session in tx.sessions_of(user, now_ms).await? {
            let here = !on_devices || named.iter().any(|d| d.device_id == session.device_id);
            if here && session.created_at <= at_ms {
                tx.end_session(session.session_id, user, "security event", now_ms)
                    .await?;
                effect.sessions.push(session.session_id);
            }
        }
    }
    effect.devices = named.len();
    Ok(())
}

/// The devices in use that a subject names: by the maker's serial number, or by the name that a
/// manager has for it.
async fn devices(tx: &mut Tx, subject: &Subject) -> Result<Vec<Device>, Refusal> {
    let name = match subject {
        Subject::Simple(one) => Some(one),
        Subject::Complex { device, .. } => device.as_ref(),
    };
    let name = match name {
        Some(Identifier::Opaque(name) | Identifier::IssSub { sub: name, .. }) => name,
        Some(Identifier::Email(_) | Identifier::Other(_)) | None => return Ok(Vec::new()),
    };
    Ok(tx.devices_named(&serial_key(name), name).await?)
}

/// The sign-in name that an identifier of a person stands for: a name of the transmitter's own, or
/// what comes before the `@` of an address in one of the domains that are taken from it.
fn username<'s>(
    identifier: &'s Identifier,
    signal: &Signal,
    domains: &[String],
) -> Option<&'s str> {
    let name = match identifier {
        Identifier::Email(name) | Identifier::Opaque(name) => name,
        Identifier::IssSub { iss, sub } if *iss == signal.issuer => sub,
        Identifier::IssSub { .. } | Identifier::Other(_) => return None,
    };
    match name.split_once('@') {
        None => Some(name),
        Some((name, domain)) => domains
            .iter()
            .any(|taken| taken.eq_ignore_ascii_case(domain))
            .then_some(name),
    }
}

const RECEIVED: Kind = Kind::named("signal.received");
