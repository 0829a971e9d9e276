//! Forwarding a message out of a conversation.

use super::wire;
use crate::GroupId;

wire! {
    /// `POST /v1/groups/{id}/forward`: may a message of this conversation go into that one? Nothing of
    /// the message is in it.
    pub struct ForwardRequest {
        /// Where it is to go.
        pub to: GroupId,
        /// The conversation about a patient that it came out of first, as the message says; whoever
        /// forwards it on need not be in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub origin: Option<GroupId>,
    }
}
wire! {
    /// That it may. Where it was asked for proof, the proof was given.
    pub struct ForwardAllowed {
        /// Somebody in the conversation that it goes to is not on the care team of a patient whom it comes from.
        pub outside: bool,
        /// The conversation that it goes to is about another patient than one that it comes from.
        pub another_patient: bool,
    }
}
