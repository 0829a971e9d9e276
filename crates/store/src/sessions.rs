//! Sign-in: challenges, sessions, tickets for the real-time socket.

use wardline_model::wire::enroll::{DeviceState, Platform};
use wardline_model::{ChallengeId, DeviceId, FacilityId, SessionId, UserId};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::rows::{execute, fetch_all, fetch_optional, row};
use crate::store::Tx;

/// A challenge handed out, to be answered once: by a passkey, or with a smart card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The challenge.
    pub challenge_id: ChallengeId,
    /// What it is for: `sign-in`, `step-up` or `card`.
    pub purpose: String,
    /// The device that asked.
    pub device_id: DeviceId,
    /// The session that it was asked for in; absent for a sign-in.
    pub session_id: Option<SessionId>,
    /// The authentication under way, and what for, stored sealed; empty for a card.
    pub state: Zeroizing<Vec<u8>>,
    /// When it ends, unix milliseconds.
    pub expires_at: u64,
}

row! {
    struct RawChallenge {
        purpose: String,
        device_id: DeviceId,
        session_id: Option<SessionId>,
        state_sealed: Vec<u8>,
        expires_at: u64,
    }
}

row! {
    /// A session.
    pub struct Session {
        /// The session.
        pub session_id: SessionId,
        /// Whose it is.
        pub user_id: UserId,
        /// On which device.
        pub device_id: DeviceId,
        /// The device's name.
        pub device_name: String,
        /// Authenticator assurance level (NIST SP 800-63B-4 §2), 1 to 3.
        pub aal: u32,
        /// Start, unix milliseconds.
        pub created_at: u64,
        /// When the person last proved themselves, unix milliseconds.
        pub verified_at: u64,
        /// Last use, unix milliseconds, to the minute.
        pub last_used_at: u64,
        /// Ends after this long without use, milliseconds.
        pub idle_ms: u64,
        /// Absolute end, unix milliseconds.
        pub expires_at: u64,
        /// When a smart card was presented in the session last, unix milliseconds.
        pub card_at: Option<u64>,
        /// The kind of the device's passkey: `platform`, `synced` or `software`.
        pub passkey_kind: String,
    }
}

/// A session to be written.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The session.
    pub session_id: SessionId,
    /// SHA-256 of the token; the token itself is never stored.
    pub token_hash: [u8; 32],
    /// Whose it is.
    pub user_id: UserId,
    /// On which device.
    pub device_id: DeviceId,
    /// Authenticator assurance level, 1 to 3.
    pub aal: u32,
    /// Ends after this long without use, milliseconds.
    pub idle_ms: u64,
    /// Absolute end, unix milliseconds.
    pub expires_at: u64,
}

row! {
    /// Who asks, on what, how proven: all that a decision needs, in one look-up.
    pub struct Principal {
        /// The session.
        pub session_id: SessionId,
        /// The person.
        pub user_id: UserId,
        /// The device.
        pub device_id: DeviceId,
        /// Thumbprint of the device key, which the request's proof must match.
        pub jkt: [u8; 32],
        /// Where the device stands; only what is in use may go on.
        pub device_state: DeviceState,
        /// What runs on the device.
        pub platform: Platform,
        /// The device's program.
        pub program: String,
        /// `platform`, `synced` or `software`.
        pub passkey_kind: String,
        /// Authenticator assurance level, 1 to 3.
        pub aal: u32,
        /// Start of the session, unix milliseconds.
        pub created_at: u64,
        /// When the person last proved themselves, unix milliseconds.
        pub verified_at: u64,
        /// Last use, unix milliseconds, to the minute.
        pub last_used_at: u64,
        /// Ends after this long without use, milliseconds.
        pub idle_ms: u64,
        /// Absolute end, unix milliseconds.
        pub expires_at: u64,
        /// When it was ended, unix milliseconds.
        pub ended_at: Option<u64>,
        /// Sign-in name.
        pub username: String,
        /// Name as shown.
        pub name: String,
        /// Role as shown.
        pub role_title: String,
        /// Department as shown.
        pub department: String,
        /// Where the person works.
        pub facility_id: FacilityId,
        /// Whether the person may use the system at all.
        pub active: bool,
        /// Whether training and approval are complete.
        pub onboarded: bool,
        /// Whether the roster has the person at work now.
        pub on_shift: bool,
        /// Whether they hold an on-call role now.
        pub on_call: bool,
        /// When a one-time code was right in the session last, unix milliseconds.
        pub code_at: Option<u64>,
        /// When a smart card was presented in the session last, unix milliseconds.
        pub card_at: Option<u64>,
        /// Generators of one-time codes that the person has.
        pub codes: u32,
        /// How unusual the session is, 0 to 100.
        pub risk: u32,
        /// Sentences that say why, a JSON array.
        pub risk_reasons: String,
        /// What its place is to the person: `house`, `known`, `near` or `new`.
        pub place: String,
        /// What was proven for functions of their own; see [`Principal::scopes`].
        pub scope_list: Option<String>,
        /// Role slugs, joined by commas; see [`Principal::roles`].
        pub role_list: Option<String>,
        /// What the account may do as a bot in use, JSON; absent for people.
        pub bot_scope: Option<String>,
    }
}

impl Principal {
    /// Role slugs.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.role_list
            .as_deref()
            .unwrap_or_default()
            .split(',')
            .filter(|role| !role.is_empty())
    }

    /// What the person proved for functions of their own, and when, unix milliseconds.
    pub fn scopes(&self) -> impl Iterator<Item = (&str, u64)> {
        self.scope_list
            .as_deref()
            .unwrap_or_default()
            .split(',')
            .filter_map(|proof| {
                let (scope, at) = proof.split_once(' ')?;
                Some((scope, at.parse().ok()?))
            })
    }

    /// Whether the session is to be used at this time: not ended, neither its absolute nor its
    /// idle limit reached (NIST SP 800-63B-4 §2.2.3), person and device in good standing.
    pub fn is_live(&self, now_ms: u64) -> bool {
        self.ended_at.is_none()
            && now_ms < self.expires_at
            && now_ms < self.last_used_at.saturating_add(self.idle_ms)
            && self.device_state.is_in_use()
            && self.active
    }

    /// Whether [`Tx::touch_session`] would change anything.
    pub fn is_due_for_touch(&self, now_ms: u64) -> bool {
        now_ms >= self.last_used_at.saturating_add(TOUCH_MS)
    }
}

macro_rules! select_principal {
    ($where:literal) => {
        concat!(
            "SELECT s.session_id, s.user_id, s.device_id, d.jkt, d.state AS device_state,
                 d.platform, d.program, d.passkey_kind, s.aal, s.created_at, s.verified_at,
                 s.last_used_at, s.idle_ms, s.expires_at, s.ended_at, u.username, u.name,
                 u.role_title, u.department, u.facility_id, u.active, u.onboarded,
                 CAST(CASE WHEN EXISTS (SELECT 1 FROM shifts h WHERE h.user_id = u.user_id
                     AND h.from_ms <= $2 AND h.until_ms > $2) THEN 1 ELSE 0 END AS BIGINT)
                     AS on_shift,
                 CAST(CASE WHEN EXISTS (SELECT 1 FROM oncall_turns t WHERE t.user_id = u.user_id
                     AND t.from_ms <= $2 AND t.until_ms > $2
                     AND NOT EXISTS (SELECT 1 FROM oncall_turns n WHERE n.slug = t.slug
                         AND n.from_ms > t.from_ms AND n.from_ms <= $2 AND n.until_ms > $2))
                     THEN 1 ELSE 0 END AS BIGINT) AS on_call,
                 s.code_at, s.card_at, s.risk, s.risk_reasons, s.place,
                 (SELECT COUNT(*) FROM factors f WHERE f.user_id = u.user_id
                     AND (f.confirmed_at IS NOT NULL OR f.serial IS NOT NULL)) AS codes,
                 (SELECT STRING_AGG(p.scope || ' ' || p.at, ',') FROM session_scopes p
                     WHERE p.session_id = s.session_id) AS scope_list,
                 (SELECT STRING_AGG(r.role, ',') FROM user_roles r WHERE r.user_id = u.user_id)
                     AS role_list,
                 (SELECT b.scope FROM bots b WHERE b.user_id = u.user_id
                     AND b.disabled_at IS NULL) AS bot_scope
             FROM sessions s JOIN devices d ON d.device_id = s.device_id
                 JOIN users u ON u.user_id = s.user_id ",
            $where
        )
    };
}

impl Tx {
    /// Writes a challenge, and forgets those that have ended.
    pub async fn create_challenge(
        &mut self,
        new: &Challenge,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let sealed = self.seal("challenges.state", new.challenge_id.as_bytes(), &new.state)?;
        execute!(
            self,
            "DELETE FROM challenges WHERE expires_at <= $1",
            now_ms
        )?;
        execute!(
            self,
            "INSERT INTO challenges (challenge_id, purpose, device_id, session_id, state_sealed,
                 expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            new.challenge_id,
            new.purpose,
            new.device_id,
            new.session_id,
            sealed,
            new.expires_at
        )?;
        Ok(())
    }

    /// Takes a challenge: it is gone, whatever comes of it. `None` when it was taken, has ended
    /// or never was.
    pub async fn take_challenge(
        &mut self,
        id: ChallengeId,
        now_ms: u64,
    ) -> Result<Option<Challenge>, StoreError> {
        let raw = fetch_optional!(
            self,
            RawChallenge,
            "DELETE FROM challenges WHERE challenge_id = $1
             RETURNING purpose, device_id, session_id, state_sealed, expires_at",
            id
        )?;
        let Some(raw) = raw.filter(|raw| raw.expires_at > now_ms) else {
            return Ok(None);
        };
        let state = self.open("challenges.state", id.as_bytes(), &raw.state_sealed)?;
        Ok(Some(Challenge {
            challenge_id: id,
            purpose: raw.purpose,
            device_id: raw.device_id,
            session_id: raw.session_id,
            state,
            expires_at: raw.expires_at,
        }))
    }

    /// Begins a session.
    pub async fn create_session(
        &mut self,
        new: &NewSession,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "INSERT INTO sessions (session_id, token_hash, user_id, device_id, aal, created_at,
                 verified_at, last_used_at, idle_ms, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8)",
            new.session_id,
            new.token_hash,
            new.user_id,
            new.device_id,
            new.aal,
            now_ms,
            new.idle_ms,
            new.expires_at
        )?;
        Ok(())
    }

    /// Who holds a token, by its SHA-256: the look-up of every request. Whether the session is
    /// live is for the caller to ask, see [`Principal::is_live`].
    pub async fn principal(
        &mut self,
        token_hash: &[u8; 32],
        now_ms: u64,
    ) -> Result<Option<Principal>, StoreError> {
        fetch_optional!(
            self,
            Principal,
            select_principal!("WHERE s.token_hash = $1"),
            token_hash,
            now_ms
        )
    }

    /// The same by the session's id, for sockets that are judged again.
    pub async fn principal_of_session(
        &mut self,
        id: SessionId,
        now_ms: u64,
    ) -> Result<Option<Principal>, StoreError> {
        fetch_optional!(
            self,
            Principal,
            select_principal!("WHERE s.session_id = $1"),
            id,
            now_ms
        )
    }

    /// Notes that a session is in use, at most once a minute.
    pub async fn touch_session(&mut self, id: SessionId, now_ms: u64) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE sessions SET last_used_at = $2 WHERE session_id = $1 AND last_used_at <= $3",
            id,
            now_ms,
            now_ms.saturating_sub(TOUCH_MS)
        )?;
        Ok(())
    }

    /// Notes a fresh proof of the person (a step-up); false when the session has ended.
    pub async fn verify_session(&mut self, id: SessionId, now_ms: u64) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE sessions SET verified_at = $2, last_used_at = $2
             WHERE session_id = $1 AND ended_at IS NULL",
            id,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// Notes that the person was verified for functions of their own.
    pub async fn note_scopes(
        &mut self,
        id: SessionId,
        scopes: &[&str],
        now_ms: u64,
    ) -> Result<(), StoreError> {
        for scope in scopes {
            execute!(
                self,
                "INSERT INTO session_scopes (session_id, scope, at) VALUES ($1, $2, $3)
                 ON CONFLICT (session_id, scope) DO UPDATE SET at = excluded.at",
                id,
                scope,
                now_ms
            )?;
        }
        Ok(())
    }

    /// Forgets that a session's person was verified for a function: it was for one act, which is done.
    /// False when it was forgotten before.
    pub async fn spend_scope(&mut self, id: SessionId, scope: &str) -> Result<bool, StoreError> {
        let spent = execute!(
            self,
            "DELETE FROM session_scopes WHERE session_id = $1 AND scope = $2",
            id,
            scope
        )?;
        Ok(spent == 1)
    }

    /// Notes that a one-time code was right; false when the session has ended.
    pub async fn note_code(&mut self, id: SessionId, now_ms: u64) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE sessions SET code_at = $2, last_used_at = $2
             WHERE session_id = $1 AND ended_at IS NULL",
            id,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// Notes that a smart card was presented with its PIN, which proves the person anew too; false
    /// when the session has ended.
    pub async fn note_card(&mut self, id: SessionId, now_ms: u64) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE sessions SET card_at = $2, verified_at = $2, last_used_at = $2
             WHERE session_id = $1 AND ended_at IS NULL",
            id,
            now_ms
        )?;
        Ok(changed == 1)
    }

    /// Notes how unusual a session is, 0 to 100, what its place is to the person (`house`, `known`,
    /// `near` or `new`), and why: sentences, a JSON array.
    pub async fn set_session_risk(
        &mut self,
        id: SessionId,
        risk: u32,
        place: &str,
        reasons: &str,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "UPDATE sessions SET risk = $2, place = $3, risk_reasons = $4 WHERE session_id = $1",
            id,
            risk,
            place,
            reasons
        )?;
        Ok(())
    }

    /// Notes that a session became more unusual, and why; false where it is as unusual already. Its
    /// place stays as it is.
    pub async fn raise_session_risk(
        &mut self,
        id: SessionId,
        risk: u32,
        reasons: &str,
    ) -> Result<bool, StoreError> {
        let raised = execute!(
            self,
            "UPDATE sessions SET risk = $2, risk_reasons = $3
             WHERE session_id = $1 AND risk < $2",
            id,
            risk,
            reasons
        )?;
        Ok(raised == 1)
    }

    /// A person's live sessions, newest first.
    pub async fn sessions_of(
        &mut self,
        user: UserId,
        now_ms: u64,
    ) -> Result<Vec<Session>, StoreError> {
        fetch_all!(
            self,
            Session,
            "SELECT s.session_id, s.user_id, s.device_id, d.name AS device_name, s.aal,
                 s.created_at, s.verified_at, s.last_used_at, s.idle_ms, s.expires_at, s.card_at,
                 d.passkey_kind
             FROM sessions s JOIN devices d ON d.device_id = s.device_id
             WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.expires_at > $2
                 AND s.last_used_at + s.idle_ms > $2
             ORDER BY s.created_at DESC, s.session_id",
            user,
            now_ms
        )
    }

    /// Ends one session of a person; false when it is not theirs or has ended.
    pub async fn end_session(
        &mut self,
        id: SessionId,
        user: UserId,
        reason: &str,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let changed = execute!(
            self,
            "UPDATE sessions SET ended_at = $3, end_reason = $4
             WHERE session_id = $1 AND user_id = $2 AND ended_at IS NULL",
            id,
            user,
            now_ms,
            reason
        )?;
        Ok(changed == 1)
    }

    /// Ends all sessions of a person; gives how many.
    pub async fn end_sessions_of(
        &mut self,
        user: UserId,
        reason: &str,
        now_ms: u64,
    ) -> Result<u64, StoreError> {
        execute!(
            self,
            "UPDATE sessions SET ended_at = $2, end_reason = $3
             WHERE user_id = $1 AND ended_at IS NULL",
            user,
            now_ms,
            reason
        )
    }

    /// Writes a ticket for one socket, and forgets those that have ended.
    pub async fn create_ticket(
        &mut self,
        ticket_hash: &[u8; 32],
        session: SessionId,
        expires_at: u64,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        execute!(
            self,
            "DELETE FROM socket_tickets WHERE expires_at <= $1",
            now_ms
        )?;
        execute!(
            self,
            "INSERT INTO socket_tickets (ticket_hash, session_id, expires_at) VALUES ($1, $2, $3)",
            ticket_hash,
            session,
            expires_at
        )?;
        Ok(())
    }

    /// Takes a ticket: it opens one socket of its session, once.
    pub async fn take_ticket(
        &mut self,
        ticket_hash: &[u8; 32],
        now_ms: u64,
    ) -> Result<Option<SessionId>, StoreError> {
        let taken: Option<(Vec<u8>, i64)> = fetch_optional!(
            self,
            (Vec<u8>, i64),
            "DELETE FROM socket_tickets WHERE ticket_hash = $1 RETURNING session_id, expires_at",
            ticket_hash
        )?;
        match taken {
            Some((session, expires_at)) if expires_at.unsigned_abs() > now_ms => {
                let session = SessionId::from_slice(&session);
                Ok(Some(
                    session.ok_or(StoreError::Corrupt("socket_tickets.session_id"))?,
                ))
            }
            _ => Ok(None),
        }
    }
}

/// How often a session's use is noted, milliseconds.
pub const TOUCH_MS: u64 = 60_000;
