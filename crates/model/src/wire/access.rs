//! Why somebody may look at a record.

use super::wire;

wire! {
    /// `GET /v1/patients/{id}/explanation`: why the person who asks may look, and what opening the record takes.
    pub struct AccessExplanation {
        /// What explains it; absent where nothing does, or there is no such patient.
        pub reason: Option<AccessReason>,
        /// What opening the record takes.
        pub opens: AccessOpens,
        /// For how long the record opens once a purpose was said, in minutes; absent where none is asked.
        pub minutes: Option<u64>,
    }
}
wire! {
    /// The strongest of what explains a look.
    pub struct AccessReason {
        /// Its name, such as `ward`.
        pub name: String,
        /// The same as a sentence for the person.
        pub sentence: String,
        /// Since when, unix milliseconds, where that is known; of a reason that is over, until when it was.
        pub since: Option<u64>,
    }
}
wire! {
    /// What opening a record takes.
    pub enum AccessOpens {
        /// Nothing more.
        AtOnce,
        /// A proof that it is the person.
        Proof,
        /// A purpose: breaking the glass.
        Purpose,
        /// It is not the person's to open.
        Not,
    }
}
