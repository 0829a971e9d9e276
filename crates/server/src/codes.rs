//! Enrolment codes: made here, for officers and for the console.

use wardline_model::code::{EnrollCode, HANDLE_CHARS, LINK_SECRET_CHARS, TYPED_SECRET_CHARS};
use wardline_model::wire::enroll::Invite;
use wardline_model::{B64, InviteId, UserId};
use wardline_policy::Program;
use wardline_seal::BlindIndex;
use wardline_store::{NewInvite, StoreError, StoredEndorsement, Tx};

use crate::app::App;
use crate::config::Config;
use crate::keys::HospitalKeys;
use crate::rim::random;

/// Who is invited, and how.
#[derive(Debug, Clone)]
pub(crate) struct Invitation {
    /// Who.
    pub(crate) user: UserId,
    /// The device's program.
    pub(crate) program: Program,
    /// Whether the device may endorse itself, as the hospital's first.
    pub(crate) genesis: bool,
    /// Whether it is confirmed beforehand, in the demo.
    pub(crate) confirmed: bool,
    /// The officer; absent for the console.
    pub(crate) invited_by: Option<UserId>,
    /// The serial number of the registered device that is handed out.
    pub(crate) serial: Option<String>,
}

/// How long a code works, and how many wrong attempts it bears.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    lifetime_ms: u64,
    attempts: u32,
}

impl Terms {
    pub(crate) const fn of(config: &Config) -> Self {
        Self {
            lifetime_ms: config.enrollment.code_minutes * 60_000,
            attempts: config.enrollment.code_attempts,
        }
    }
}

/// An invitation that was made, with its code in both forms.
#[derive(Debug)]
pub(crate) struct Made {
    /// The invitation.
    pub(crate) id: InviteId,
    /// The form for the link.
    pub(crate) link: EnrollCode,
    /// The form to type.
    pub(crate) typed: EnrollCode,
    /// When it ends, unix milliseconds.
    pub(crate) expires_at: u64,
}

/// Writes an invitation; whatever was open for the person before ends.
pub(crate) async fn invite(
    tx: &mut Tx,
    index: &BlindIndex,
    invitation: &Invitation,
    terms: &Terms,
    now_ms: u64,
) -> Result<Made, StoreError> {
    tx.cancel_invites(invitation.user, now_ms).await?;
    // Handles are short, so that people can type them: with many invitations open at once two may
    // draw the same one.
    for _ in 0..DRAWS {
        let handle: [u8; HANDLE_CHARS] = random();
        let link = EnrollCode::from_random(handle, &random::<LINK_SECRET_CHARS>());
        let typed = EnrollCode::with_handle(link.handle(), &random::<TYPED_SECRET_CHARS>());
        let made = Made {
            id: InviteId::from_random(random()),
            expires_at: now_ms + terms.lifetime_ms,
            link,
            typed,
        };
        let new = NewInvite {
            invite_id: made.id,
            handle: made.link.handle().to_owned(),
            user_id: invitation.user,
            program: invitation.program.as_str().to_owned(),
            serial: invitation.serial.clone(),
            genesis: invitation.genesis,
            confirmed: invitation.confirmed,
            link_hash: hash(index, &made.link),
            typed_hash: hash(index, &made.typed),
            invited_by: invitation.invited_by,
            expires_at: made.expires_at,
            attempts: terms.attempts,
        };
        if tx.create_invite(&new, now_ms).await? {
            return Ok(made);
        }
    }
    Err(StoreError::Busy)
}

/// How often a handle is drawn; even with half of all of them in use that is enough.
const DRAWS: usize = 64;

/// What is stored of a code's secret.
pub(crate) fn hash(index: &BlindIndex, code: &EnrollCode) -> [u8; 32] {
    index.hash("enrollment code", code.secret().as_bytes())
}

/// The link of the QR code: everything in the fragment, which browsers do not send.
pub(crate) fn link(
    origin: &str,
    keys: &HospitalKeys,
    genesis: Option<&StoredEndorsement>,
    code: &EnrollCode,
) -> String {
    let pin = |bytes: [u8; 32]| B64::from(bytes).encode();
    let mut link = format!(
        "{origin}/#/enroll?c={}&ca={}&log={}",
        code.written(),
        pin(keys.tls_ca_sha256()),
        pin(keys.log.public().verifying_key().to_bytes()),
    );
    if let Some(genesis) = genesis {
        link.push_str("&gen=");
        link.push_str(&pin(genesis.signed.endorsement.hash()));
    }
    link
}

impl Made {
    /// As the officer gets it.
    pub(crate) fn into_wire(self, app: &App, genesis: Option<&StoredEndorsement>) -> Invite {
        Invite {
            invite_id: self.id,
            code: self.link.written(),
            typed_code: self.typed.written(),
            link: link(&app.public_url, &app.keys, genesis, &self.link),
            expires_at: self.expires_at,
        }
    }
}
