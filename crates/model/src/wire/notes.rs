//! Notes of a patient's chart.

use super::wire;

wire! {
    /// `GET /v1/patients/{id}/notes`.
    pub struct NoteList {
        /// The newest first.
        pub notes: Vec<NoteInfo>,
        /// What to ask for older ones `after`; absent where there are none.
        pub next: Option<String>,
    }
}
wire! {
    /// What a list shows of a note: of a sensitive one no more than that it is there.
    pub struct NoteInfo {
        /// Its id, unique among the patient's notes.
        pub id: String,
        /// What it is called; its kind where it is sensitive.
        pub title: String,
        /// What kind of note, such as `Progress note`.
        pub kind: String,
        /// Who wrote it.
        pub author: Option<String>,
        /// When it was written, unix milliseconds.
        pub at: Option<u64>,
        /// What makes it sensitive.
        pub labels: Vec<NoteLabel>,
        /// Whether the person who asks may read it.
        pub readable: NoteReadable,
        /// What to prove or do, where it is not simply readable.
        pub why: Option<String>,
    }
}
wire! {
    /// A security label of a note.
    pub struct NoteLabel {
        /// HL7 v3 code, such as `PSY`.
        pub code: String,
        /// In words, such as `Psychiatry`.
        pub name: String,
    }
}
wire! {
    /// A note with its text.
    pub struct NoteText {
        /// What the list shows of it, and its title.
        pub info: NoteInfo,
        /// Plain text; blank lines part paragraphs. Absent where it cannot be shown as text.
        pub text: Option<String>,
        /// Why there is no text.
        pub why_no_text: Option<String>,
    }
}
wire! {
    /// Whether somebody may read a note.
    pub enum NoteReadable {
        /// At once.
        Yes,
        /// Once they have proven what is asked for.
        Ask,
        /// No.
        No,
    }
}
