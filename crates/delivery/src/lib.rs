//! The rules of the MLS delivery service (RFC 9750 §5), pure: bytes and state in, verdicts out.
//!
//! Handshake messages are PublicMessages, so the delivery service follows each group's public
//! state, checks commits before it orders them, and knows which device sits on which leaf. It never
//! holds a secret of a group: content stays closed to it.
//!
//! - [`message`]: the headers of messages, and key packages.
//! - [`tracked`]: a group's public state; commits and removals.
//! - [`fuzz`]: the decoders as plain functions over bytes.

pub mod fuzz;
pub mod message;
pub mod tracked;

pub use message::{Content, Header, KeyPackageInfo, header, key_package};
pub use tracked::{CommitEffect, DeliveryKey, Joined, Member, Tracked};

use thiserror::Error;

/// Why the delivery service does not take something. No state has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Not an MLS message of the wanted kind.
    #[error("this is not an MLS message of the expected kind")]
    Malformed,
    /// For another group than it was sent to.
    #[error("the message belongs to another conversation")]
    WrongGroup,
    /// Made in an epoch that is over, or not yet reached: fetch the log and try again.
    #[error("the conversation is at epoch {current}")]
    EpochConflict {
        /// The epoch that the group is in.
        current: u64,
    },
    /// A removal is pending and the commit does not carry it out.
    #[error("a removal is pending; commit it first")]
    CommitRequired,
    /// The sender of the message is not the device that brought it.
    #[error("the message was signed by another device")]
    WrongSender,
    /// A leaf without a valid certificate of this hospital.
    #[error("a member's credential is not of this hospital's devices")]
    Credential,
    /// An external commit that does anything else than replace a leaf of the same device.
    #[error("joining from outside may only replace a leaf of the same device")]
    ExternalJoin,
    /// The group context lacks the delivery service as external sender, or is otherwise not ours.
    #[error("the group must name the delivery service as its external sender")]
    Context,
    /// The group information does not describe the epoch that the commit makes.
    #[error("the group information does not fit the commit")]
    GroupInfo,
    /// A ciphersuite that this hospital does not use.
    #[error("this ciphersuite is not in use here")]
    Ciphersuite,
    /// MLS validation failed (RFC 9420 §12.4.2).
    #[error("the commit is not valid")]
    Invalid,
    /// The stored state cannot be read.
    #[error("the stored state of the conversation cannot be read")]
    State,
}
