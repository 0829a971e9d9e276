//! Persistence on SQLite and PostgreSQL: migrations, aggregates, group commit.
//!
//! [`Store`] is one database, [`Tx`] one transaction: [`Store::read`] or [`Store::write`], then
//! the functions of the aggregates, then [`Tx::commit`]. Each aggregate is a module with its row
//! types, its queries and its invariants. The SQL of a query stands once and runs on both engines
//! (see `rows.rs`); what differs between them is in `dialect.rs`.
//!
//! Messages and lone audit events take another way in, the group commit: [`Store::append`] and
//! [`Store::record`] put many of them into one transaction.
//!
//! # Invariants
//! - Nothing is acknowledged before the commit returned, and on SQLite every commit is synced.
//! - Patient data is sealed before it is bound to a statement; look-ups use blind tokens.
//! - Every audit event is linked into its node's chain, and the chain's head is signed, in the
//!   transaction of the effect that it tells of.
//! - No clock and no randomness: times, ids and salts are handed in.
//! - No type of sqlx is part of the public interface.

mod append;
mod attachments;
mod attested;
mod audit;
mod bots;
mod cache;
mod canaries;
mod cards;
mod critical;
mod devices;
mod dialect;
mod ehr;
mod endorsements;
mod enrollments;
mod entries;
mod error;
mod escalations;
mod factors;
mod fhir;
mod glass;
mod groups;
mod hl7;
mod inbox;
mod invites;
mod key_packages;
mod looks;
mod migrate;
mod owners;
mod pager;
mod people;
mod policies;
mod posture;
mod programs;
mod push;
mod quiet;
mod reach;
mod records;
mod recoveries;
mod rings;
mod risk;
mod rows;
mod schedules;
mod sequencer;
mod sessions;
mod settings;
mod snooping;
mod store;
mod teams;
mod text;
mod ties;
mod wal;
mod watch;

pub use append::{Accepted, Append, AppendError};
pub use attachments::{Attachment, ChunkPut, NewAttachment};
pub use attested::AttestedSerial;
pub use audit::{EventRef, StoredEvent, VerifyError};
pub use bots::{Bot, NewBot};
pub use canaries::{Canary, CanaryLooks, NewCanary};
pub use cards::{Card, CardAnswer, CardSaid};
pub use critical::{CriticalRow, CriticalStanding, GatheredRow, NewSignal, Posted};
pub use devices::{Device, NewDevice};
pub use ehr::{CopiesPut, CopyDone, EhrCopy};
pub use endorsements::{StoredEndorsement, Vouched};
pub use enrollments::Enrollment;
pub use error::StoreError;
pub use escalations::{EscalationMark, StoredEscalation};
pub use factors::{Factor, NewFactor, ShortOfFactors, Tries};
pub use fhir::{Body, Find, NewResource, Stored, Term};
pub use glass::{GlassGrant, GlassLook, NewGlass};
pub use groups::{
    CommitError, Group, GroupListing, GroupMember, GroupState, Leaf, NewCommit, NewGroup,
};
pub use hl7::{Arrival, Arrived, DeadLetter, Hl7Counts, WaitingMessage};
pub use invites::{Consumed, Invite, NewInvite, OpenInvite};
pub use key_packages::{ClaimedPackage, NewKeyPackage};
pub use looks::{LookMark, LookPage, NewLook, NotedLook, StoredLook};
pub use owners::OwnerNotice;
pub use pager::{Alerted, ClaimedCall, NewCall, PagedCall, PagerStanding};
pub use people::{CareTeamChange, NewPerson, OnCall, Person, PersonFound};
pub use policies::{DecisionBatch, NewPolicyVersion, PolicyVersion};
pub use posture::{Assessed, Told, View};
pub use programs::{
    FeedFile, ManagedLink, ManagerOrder, ManagerPull, RegisteredDevice, StoredProgram,
};
pub use push::{
    AlertedDevice, ClaimedPush, DuePush, Lasts, NewPushSubscription, PushStanding, PushTarget,
    Unheard,
};
pub use quiet::{HeldRing, Manner, QuietChoice};
pub use reach::Reach;
pub use records::{KeptStatement, NewStatement, RecordsMark};
pub use recoveries::{NewRecovery, Recovery};
pub use rings::{RingCount, StatCount, Unit, UnitShift};
pub use risk::{
    NewRiskEvent, PlannedShift, RiskAsked, RiskAskedCount, RiskEvent, RiskMark, Turn, WeighedSignIn,
};
pub use schedules::{NewSwap, OnCallTurn, PersonalShift, Swap};
pub use sequencer::{LEASE_MS, STEP, Sequenced};
pub use sessions::{Challenge, NewSession, Principal, Session, TOUCH_MS};
pub use snooping::{StaffMark, StaffMarks};
pub use store::{NodeKeys, RETRIES, Store, StoreConfig, Tx, TxFuture};
pub use teams::{CalledTeam, Team, TeamPerson, TeamRole};
pub use ties::{Bond, FOREVER, NewClinician, NewTie, Tie};
pub use watch::{GroupMark, SessionMark};
