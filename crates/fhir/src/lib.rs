//! FHIR R4 (<https://hl7.org/fhir/R4>): what Wardline takes in, finds again and shows.
//!
//! - [`resource`]: [`Resource`], a checked resource over its JSON, with the accessors that we use.
//! - [`import`]: bundles, single resources and NDJSON, plain or gzip, into resources.
//! - [`index`]: the tokens by which a sealed store can find a resource again.
//! - [`banner`]: the patient banner above a conversation.
//! - [`search`]: searches as FHIR words them, read within bounds, and what a sealed store finds by.
//! - [`view`]: what of a resource leaves, and what is sensitive of it.
//! - [`bundle`]: answers: pages of a search, outcomes, what is served.
//! - [`chart`]: a patient's chart for one screen.
//! - [`foreign`]: what another FHIR server answers, believed in nothing.
//! - [`document`]: notes with their sensitivity labels.
//! - [`date`]: FHIR's dates and date-times.
//! - [`fuzz`]: the decoders as functions over bytes, with what must always hold.
//!
//! There is no generated model of all of R4: a resource stays its JSON, and only what is read here
//! is checked. Decimals keep their value but not their trailing zeros (`1.50` comes back `1.5`).
//! No error and no `Debug` in this crate repeats a value out of a resource, because values are
//! PHI; they name places instead.

pub mod banner;
pub mod bundle;
pub mod chart;
mod check;
pub mod date;
pub mod document;
pub mod foreign;
pub mod fuzz;
pub mod import;
pub mod index;
mod references;
pub mod resource;
pub mod search;
pub mod ties;
pub mod view;

pub use banner::{Banner, banner};
pub use check::{Fault, Flaw};
pub use import::{EntryError, ImportError, Imported, Limits, import};
pub use index::{Token, TokenKind, tokens};
pub use resource::{Coding, Quantity, Reference, Resource};
