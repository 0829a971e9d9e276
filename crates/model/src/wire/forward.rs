//! Forwarding a message out of a conversation.

use super::wire;
use crate::GroupId;

wire! {
    /// `POST /v1/groups/{id}/forward`: may a message of this conversation go into that one? Nothing of
    /// the message is in it.
    pub struct ForwardRequest {
        /// Where it is to go.
        pub to: GroupId,
    }
}
wire! {
    /// That it may. Where it was asked for proof, the proof was given.
    pub struct ForwardAllowed {
        /// Somebody in the conversation that it goes to is not on the patient's care team.
        pub outside: bool,
        /// The conversation that it goes to is about another patient.
        pub another_patient: bool,
    }
}
