//! The one decision function: may this person, on this device, in this session and under these
//! circumstances do this to that? (DESIGN "One decision point"; 45 CFR 164.312(a)(1)).
//!
//! - [`question`]: [`Question`], everything that a decision may depend on, as plain values.
//! - [`resource`]: [`Resource`], what it is asked about.
//! - [`action`]: [`Action`], the closed list of what can be asked for.
//! - [`engine`]: [`Engine`], which answers by Cedar policies, and [`Decided`], its answer.
//! - [`baseline`]: the policies that ship with Wardline (`policies/*.cedar`).
//! - [`source`]: policy texts, and what is wrong with them by file, line and column.
//! - [`texts`]: [`PolicyTexts`], the files that an officer edits.
//! - [`diff`]: what changes from one set of texts to another, policy by policy.
//! - [`replay`]: what recorded decisions would have been by other policies.
//! - [`who`]: who can do what.
//! - [`lockout`]: whether policies leave anybody who could change them back.
//! - [`trust`]: which devices a gateway may let through.
//! - [`fuzz`]: the decoders as plain functions over bytes.
//!
//! The crate is pure: no clock, no randomness, no I/O. An answer depends on the question and on
//! the texts whose hash it carries, so a recorded question can be judged again by other policies.
//!
//! ```
//! use wardline_policy::{Action, Circumstances, Decision, Engine, Question, Resource};
//!
//! let engine = Engine::baseline()?;
//! let question = Question {
//!     principal: None,
//!     device: None,
//!     session: None,
//!     action: Action::HospitalRead,
//!     resource: Resource::Hospital,
//!     context: Circumstances::at(1_767_225_600_000),
//! };
//! assert_eq!(engine.decide(&question).decision, Decision::Allow);
//! # Ok::<(), wardline_policy::LoadError>(())
//! ```

pub mod action;
pub mod baseline;
mod bridge;
mod dates;
pub mod diff;
pub mod engine;
pub mod fuzz;
pub mod lockout;
mod named;
pub mod question;
pub mod replay;
pub mod resource;
mod rules;
pub mod source;
pub mod texts;
pub mod trust;
pub mod who;

#[cfg(test)]
mod tests;

pub use action::Action;
pub use diff::{ChangeKind, DiffLine, Part, PolicyChange, Sign};
pub use engine::{
    Answer, BOT_CARE_TEAMS, BOT_RESULTS, Decided, Decision, Engine, PEOPLE_ONLY, Proof,
};
pub use lockout::LockedOut;
pub use named::UnknownName;
pub use question::{
    BOT, BotFacts, Circumstances, DeviceFacts, Limits, Network, PasskeyKind, Person, Place,
    Program, Question, RECORD_KEEPER, Scope, SessionFacts,
};
pub use replay::{Recorded, Replay};
pub use resource::{Because, Glass, Purpose, Resource, ResourceKind};
pub use source::{LoadError, Problem, Source};
pub use texts::{PolicyFile, PolicyTexts, TextsError};
pub use who::{Ability, Subject};
