//! Whether policies leave anybody who could change them back.
//!
//! Policies decide who may change policies, so a draft could shut out everybody who could undo it.
//! It is refused before it is stored and again before it takes effect.

use std::collections::BTreeSet;

use thiserror::Error;
use wardline_model::UserId;

use crate::action::Action;
use crate::engine::{Decision, Engine};
use crate::question::Limits;
use crate::who::{Asking, Subject, Whose};

/// How many people have to remain who may draft, and who may approve: one who is away, or whose
/// phone is lost, must not be the last.
pub const OFFICERS: usize = 2;

/// What a draft would leave to nobody. Its text is a sentence for the officer who drafts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LockedOut {
    /// Nobody at all may sign in.
    #[error(
        "Nobody could sign in any more: one person with a device in use has to remain who can."
    )]
    SignIn,
    /// Nobody who may sign in may read the policies.
    #[error("Nobody could read the policies any more: one officer has to remain who can.")]
    Read,
    /// Nobody who may sign in and read the policies may take somebody else's device out of use.
    #[error(
        "Nobody who reads the policies could take a lost device out of use any more: one security officer has to remain who can."
    )]
    Revoke,
    /// Fewer than [`OFFICERS`] people may draft.
    #[error("{} could draft policies any more: two security officers have to remain who can.", few(*.remain))]
    Draft {
        /// How many people still may.
        remain: usize,
    },
    /// Fewer than [`OFFICERS`] people may approve somebody else's draft.
    #[error("{} could approve a policy any more: two security officers have to remain who can.", few(*.remain))]
    Approve {
        /// How many people still may.
        remain: usize,
    },
    /// Somebody may approve what they wrote themselves.
    #[error(
        "Whoever drafts a policy could approve it alone: the rule that another security officer has to approve it must remain."
    )]
    Alone,
}

/// Whether the policies of `draft` leave enough people who could change them, given everybody who
/// works here and their devices.
///
/// Everyone is asked with a fresh session on shift and on the premises, the passkey just used and,
/// if they may type codes, a code just typed. So a proof that is asked for is no hindrance unless
/// it is asked for again and again, whatever was proven. `now_ms` is when the draft takes effect.
///
/// # Errors
/// The first thing that too few could do.
pub fn check(
    draft: &Engine,
    subjects: &[Subject],
    now_ms: u64,
    limits: Limits,
) -> Result<(), LockedOut> {
    let all: Vec<Asking<'_>> = subjects
        .iter()
        .map(|subject| proven(draft, subject, now_ms, limits))
        .collect();

    // Whoever cannot sign in or see the policies changes none. Each person is one device here: what
    // somebody could do on two devices together is of no use.
    let signed_in = those(&all, |one| {
        one.subject.device.is_some()
            && may(one, Action::SessionChallenge, Whose::Own)
            && may(one, Action::SessionCreate, Whose::Own)
    });
    if signed_in.is_empty() {
        return Err(LockedOut::SignIn);
    }
    let readers = those(&signed_in, |one| may(one, Action::PolicyRead, Whose::Own));
    if readers.is_empty() {
        return Err(LockedOut::Read);
    }
    if !readers
        .iter()
        .any(|one| may(one, Action::DeviceRevoke, Whose::Others))
    {
        return Err(LockedOut::Revoke);
    }
    let remain = people(&those(&readers, |one| {
        may(one, Action::PolicyDraft, Whose::Own)
    }));
    if remain < OFFICERS {
        return Err(LockedOut::Draft { remain });
    }
    let remain = people(&those(&readers, |one| {
        may(one, Action::PolicyApprove, Whose::Others)
    }));
    if remain < OFFICERS {
        return Err(LockedOut::Approve { remain });
    }
    if signed_in
        .iter()
        .any(|one| may(one, Action::PolicyApprove, Whose::Own))
    {
        return Err(LockedOut::Alone);
    }
    Ok(())
}

/// A subject who proved all they can.
fn proven<'a>(engine: &'a Engine, subject: &'a Subject, now_ms: u64, limits: Limits) -> Asking<'a> {
    let asking = Asking {
        engine,
        subject,
        code: false,
        scopes: true,
        now_ms,
        limits,
    };
    let code = may(&asking, Action::FactorUse, Whose::Own);
    Asking { code, ..asking }
}

fn may(asking: &Asking<'_>, action: Action, whose: Whose) -> bool {
    asking.about(action, whose).decision == Decision::Allow
}

fn those<'a>(of: &[Asking<'a>], may: impl Fn(&Asking<'a>) -> bool) -> Vec<Asking<'a>> {
    of.iter().copied().filter(|one| may(one)).collect()
}

fn people(of: &[Asking<'_>]) -> usize {
    let ids: BTreeSet<UserId> = of.iter().map(|one| one.subject.person.id).collect();
    ids.len()
}

fn few(remain: usize) -> &'static str {
    if remain == 0 {
        "Nobody"
    } else {
        "Only one person"
    }
}
