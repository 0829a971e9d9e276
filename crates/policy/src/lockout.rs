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
use crate::who::{Asking, Setting, Subject, Whose};

/// How many people have to remain who may draft, and who may approve: one who is away, or whose
/// phone is lost, must not be the last.
pub const OFFICERS: usize = 2;

/// With how many different times, from when a draft takes effect, its rules about what is looked at
/// here may compare the clock: at each of them everybody is asked again.
pub const MOST_DATES: usize = 12;

/// What a draft would leave to nobody. Its text is a sentence for the officer who drafts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LockedOut {
    /// It cannot be told at which times its rules answer otherwise.
    #[error(
        "A rule about signing in, lost devices or policies reckons with the time, so that nobody can say whom it locks out later: compare context.now_ms with at most {} times to come, written as milliseconds, and with nothing else.",
        MOST_DATES
    )]
    Clock,
    /// Nobody at all may always sign in.
    #[error(
        "Nobody could sign in any more: one person with a device in use has to remain who can, {}.",
        ALWAYS
    )]
    SignIn,
    /// Nobody who may sign in may always read the policies.
    #[error(
        "Nobody could read the policies any more: one officer has to remain who can, {}.",
        ALWAYS
    )]
    Read,
    /// Nobody who may sign in and read the policies may take somebody else's device out of use.
    #[error(
        "Nobody who reads the policies could take a lost device out of use any more: one security officer has to remain who can, {}.",
        ALWAYS
    )]
    Revoke,
    /// Fewer than [`OFFICERS`] people may draft.
    #[error(
        "{} could draft policies any more: two security officers have to remain who can, {}.",
        few(*.remain),
        ALWAYS
    )]
    Draft {
        /// How many people still may.
        remain: usize,
    },
    /// Fewer than [`OFFICERS`] people may approve somebody else's draft.
    #[error(
        "{} could approve a policy any more: two security officers have to remain who can, {}.",
        few(*.remain),
        ALWAYS
    )]
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

/// Officers need not be on any roster, a hospital need not have told its networks, and what holds
/// today may end at a date.
const ALWAYS: &str = "on shift and off, on the premises and off, now and later";

/// Whether the policies of `draft` leave enough people who could change them, given everybody who
/// works here and their devices.
///
/// Everyone is asked with a fresh session, the passkey just used and, if they may type codes, a code
/// just typed. So a proof that is asked for is no hindrance unless it is asked for again and again,
/// whatever was proven. Whoever counts can do it on shift and off, on the premises and off, when the
/// draft takes effect (`now_ms`) and at each later time at which its rules could answer otherwise.
///
/// # Errors
/// The first thing that too few could do.
pub fn check(
    draft: &Engine,
    subjects: &[Subject],
    now_ms: u64,
    limits: Limits,
) -> Result<(), LockedOut> {
    let house = House {
        draft,
        limits,
        settings: settings(draft, now_ms)?,
    };
    let equipped = || subjects.iter().filter(|one| one.device.is_some());
    let signs_in = |one: &Subject| {
        house.may(one, Action::SessionChallenge, Whose::Own)
            && house.may(one, Action::SessionCreate, Whose::Own)
    };

    // Whoever cannot sign in or see the policies changes none. Each person is one device here: what
    // somebody could do on two devices together is of no use. Most people read no policies, so that
    // is asked first.
    let readers: Vec<&Subject> = equipped()
        .filter(|one| house.may(one, Action::PolicyRead, Whose::Own) && signs_in(one))
        .collect();
    if readers.is_empty() {
        return Err(if equipped().any(signs_in) {
            LockedOut::Read
        } else {
            LockedOut::SignIn
        });
    }
    if !readers
        .iter()
        .any(|one| house.may(one, Action::DeviceRevoke, Whose::Others))
    {
        return Err(LockedOut::Revoke);
    }
    let remain = house.people(&readers, Action::PolicyDraft, Whose::Own);
    if remain < OFFICERS {
        return Err(LockedOut::Draft { remain });
    }
    let remain = house.people(&readers, Action::PolicyApprove, Whose::Others);
    if remain < OFFICERS {
        return Err(LockedOut::Approve { remain });
    }
    if equipped().any(|one| house.could_alone(one)) {
        return Err(LockedOut::Alone);
    }
    Ok(())
}

/// The draft, and all circumstances under which it has to be bearable.
struct House<'a> {
    draft: &'a Engine,
    limits: Limits,
    /// Never empty.
    settings: Vec<Setting>,
}

impl House<'_> {
    /// Whether somebody who proves all they can may do it, whatever the circumstances.
    fn may(&self, subject: &Subject, action: Action, whose: Whose) -> bool {
        self.settings
            .iter()
            .all(|setting| self.may_in(*setting, subject, action, whose))
    }

    fn may_in(&self, setting: Setting, subject: &Subject, action: Action, whose: Whose) -> bool {
        let asking = Asking {
            engine: self.draft,
            subject,
            code: false,
            scopes: true,
            setting,
            limits: self.limits,
        };
        let coded = Asking {
            code: true,
            ..asking
        };
        allowed(&asking, action, whose)
            || (allowed(&asking, Action::FactorUse, Whose::Own) && allowed(&coded, action, whose))
    }

    /// Whether somebody may ever approve what they drafted.
    fn could_alone(&self, subject: &Subject) -> bool {
        self.settings.iter().any(|setting| {
            self.may_in(*setting, subject, Action::PolicyDraft, Whose::Own)
                && self.may_in(*setting, subject, Action::PolicyApprove, Whose::Own)
        })
    }

    /// How many people may do it.
    fn people(&self, of: &[&Subject], action: Action, whose: Whose) -> usize {
        let able = of.iter().filter(|one| self.may(one, action, whose));
        let ids: BTreeSet<UserId> = able.map(|one| one.person.id).collect();
        ids.len()
    }
}

fn allowed(asking: &Asking<'_>, action: Action, whose: Whose) -> bool {
    asking.about(action, whose).decision == Decision::Allow
}

/// Where and when everybody is asked.
fn settings(draft: &Engine, now_ms: u64) -> Result<Vec<Setting>, LockedOut> {
    let dates = draft
        .dates(&LOOKED_AT)
        .map_err(|_| LockedOut::Clock)?
        .into_iter()
        .filter(|at| *at > now_ms)
        .collect::<Vec<u64>>();
    if dates.len() > MOST_DATES {
        return Err(LockedOut::Clock);
    }
    // A comparison comes true at its number, or one later.
    let times = dates.iter().flat_map(|at| [*at, at.saturating_add(1)]);
    let times: BTreeSet<u64> = [now_ms, now_ms.saturating_add(1)]
        .into_iter()
        .chain(times)
        .collect();
    let places = [(true, true), (false, false), (true, false), (false, true)];
    let settings = times.into_iter().flat_map(|now_ms| {
        places.map(|(on_shift, on_premises)| Setting {
            now_ms,
            on_shift,
            on_premises,
        })
    });
    Ok(settings.collect())
}

/// What [`check`] asks about.
const LOOKED_AT: [Action; 7] = [
    Action::SessionChallenge,
    Action::SessionCreate,
    Action::FactorUse,
    Action::PolicyRead,
    Action::PolicyDraft,
    Action::PolicyApprove,
    Action::DeviceRevoke,
];

fn few(remain: usize) -> &'static str {
    if remain == 0 {
        "Nobody"
    } else {
        "Only one person"
    }
}
