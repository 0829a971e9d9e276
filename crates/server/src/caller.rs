//! [`Caller`]: a person in a session on a device that has just proven itself.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use sha2::{Digest, Sha256};
use wardline_model::wire::enroll::PersonBrief;
use wardline_model::{DeviceId, SessionId, UserId};
use wardline_policy::{DeviceFacts, Network, Person, SessionFacts};
use wardline_store::Principal;

use crate::app::{App, Peer};
use crate::assurance;
use crate::gate::{self, Asker};
use crate::problem::Refusal;
use crate::proof::{Request, access_token};
use crate::risk;

/// Who asks. The token was proven by the device key that it is bound to (RFC 9449 §7.1).
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    principal: Principal,
    asker: Asker,
    acr: &'static str,
}

impl Caller {
    /// For the policies.
    pub(crate) const fn asker(&self) -> &Asker {
        &self.asker
    }

    /// The person.
    pub(crate) const fn user(&self) -> UserId {
        self.principal.user_id
    }

    /// The device.
    pub(crate) const fn device(&self) -> DeviceId {
        self.principal.device_id
    }

    /// The session.
    pub(crate) const fn session(&self) -> SessionId {
        self.principal.session_id
    }

    /// The look-up that made this caller.
    pub(crate) const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The same, by value.
    pub(crate) fn into_principal(self) -> Principal {
        self.principal
    }

    /// The session's authentication context class now: `phr` or `phrh`.
    pub(crate) const fn acr(&self) -> &'static str {
        self.acr
    }

    /// Whether it is a program's account.
    pub(crate) fn is_bot(&self) -> bool {
        self.asker.person.as_ref().is_some_and(Person::is_bot)
    }

    /// Whether what others write is kept from it: a bot that only writes.
    pub(crate) fn is_kept_from_reading(&self) -> bool {
        let person = self.asker.person.as_ref();
        self.is_bot()
            && !person
                .and_then(|p| p.bot.as_ref())
                .is_some_and(|bot| bot.reads)
    }

    /// The person as answers show them.
    pub(crate) fn brief(&self) -> PersonBrief {
        let p = &self.principal;
        PersonBrief {
            id: p.user_id,
            username: p.username.clone(),
            name: p.name.clone(),
            role: p.role_title.clone(),
            department: p.department.clone(),
        }
    }

    /// The caller behind a session, as the store has it now. Whether the session's limits still
    /// allow anything is for the policies.
    pub(crate) fn new(app: &App, principal: Principal, peer: Peer) -> Result<Self, Refusal> {
        if principal.ended_at.is_some() {
            return Err(Refusal::SessionEnded("it was ended"));
        }
        let now_ms = app.clock.now_ms();
        let on_premises = app.config.on_premises(peer.address.ip());
        let network = match (peer.address.ip().to_canonical().is_loopback(), on_premises) {
            (true, _) => Network::Loopback,
            (false, true) => Network::Premises,
            (false, false) => Network::Remote,
        };
        let p = &principal;
        let fresh_ms = app.gate.limits().fresh_ms;
        let card = assurance::is_fresh(p.card_at, fresh_ms, now_ms);
        let asker = Asker {
            actor: gate::actor(p.user_id, p.device_id, Some(p.session_id)),
            person: Some(gate::person(
                p.user_id,
                p.roles().map(str::to_owned),
                &p.department,
                Some(p.facility_id),
                p.active,
                p.onboarded,
                p.bot_scope.as_deref().and_then(gate::bot_facts),
            )),
            device: Some(DeviceFacts {
                id: p.device_id,
                owner: p.user_id,
                program: p.program.parse().map_err(Refusal::internal)?,
                state: p.device_state,
                // A device becomes active by its endorsement, in one transaction, and not else.
                endorsed: p.device_state.is_in_use(),
                passkey: p.passkey_kind.parse().map_err(Refusal::internal)?,
            }),
            session: Some(SessionFacts {
                id: p.session_id,
                aal: assurance::aal(u8::try_from(p.aal).unwrap_or(0), card),
                proof_age_ms: now_ms.saturating_sub(p.verified_at),
                idle_ms: now_ms.saturating_sub(p.last_used_at),
                age_ms: now_ms.saturating_sub(p.created_at),
                network,
                code_age_ms: p.code_at.map(|at| now_ms.saturating_sub(at)),
                card_age_ms: p.card_at.map(|at| now_ms.saturating_sub(at)),
                place: p.place.parse().map_err(Refusal::internal)?,
                codes: p.codes,
                // A scope that this release does not know asks for nothing.
                scopes: p
                    .scopes()
                    .filter_map(|(scope, at)| {
                        Some((scope.parse().ok()?, now_ms.saturating_sub(at)))
                    })
                    .collect(),
            }),
            on_premises,
            on_shift: p.on_shift,
            on_call: p.on_call,
            risk: u8::try_from(p.risk).unwrap_or(100).min(100),
            unusual: serde_json::from_str(&p.risk_reasons).unwrap_or_default(),
            now_ms,
        };
        let passkey = p.passkey_kind.parse().map_err(Refusal::internal)?;
        let acr = assurance::acr(passkey, card);
        Ok(Self {
            principal,
            asker,
            acr,
        })
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let peer = Peer::of(parts);
        let caller = authenticate(parts, app, peer).await;
        if caller.as_ref().is_err_and(Refusal::is_unauthenticated) {
            app.limit_unauthenticated(parts)?;
        }
        caller
    }
}

async fn authenticate(parts: &Parts, app: &App, peer: Peer) -> Result<Caller, Refusal> {
    let token = access_token(&parts.headers).ok_or(Refusal::NoSession)?;
    let request = Request {
        method: &parts.method,
        uri: &parts.uri,
        headers: &parts.headers,
        token: Some(token),
    };
    let proof = app.proofs.verify(&request, app.clock.now_ms())?;

    let now_ms = app.clock.now_ms();
    let hash = token_hash(token);
    let address = peer.address.ip().to_canonical();
    let is_judged = app.risk.is_judged(&hash, address);
    let principal = principal_of(app, &hash, now_ms).await?;
    if principal.jkt != proof.jkt() {
        return Err(Refusal::WrongDevice);
    }
    let is_live = principal.is_live(now_ms);
    let due = principal.is_due_for_touch(now_ms);
    let caller = Caller::new(app, principal, peer)?;
    if !is_live || (is_judged && !due) {
        return Ok(caller);
    }
    // Where a session goes on elsewhere it is weighed before anything is done there.
    let mut moved = false;
    if due || !risk::is_there(app, caller.session(), address).await? {
        let mut tx = app.gate.machinery().write().await?;
        tx.touch_session(caller.session(), now_ms).await?;
        tx.touch_device(caller.device(), now_ms).await?;
        moved = risk::follow(app, &mut tx, parts, &caller).await?;
        tx.commit().await?;
    }
    app.risk.note_judged(hash, address);
    if moved {
        risk::tell_officers(app);
    }
    if moved || !is_judged {
        // Another request from there may have been weighed since the session was read.
        let principal = principal_of(app, &hash, now_ms).await?;
        return Caller::new(app, principal, peer);
    }
    Ok(caller)
}

async fn principal_of(app: &App, hash: &[u8; 32], now_ms: u64) -> Result<Principal, Refusal> {
    let principal = app.look().await?.principal(hash, now_ms).await?;
    principal.ok_or(Refusal::SessionEnded("it is not known"))
}

/// What is stored instead of a token: 256 random bits need no salt and no slow hash.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
