//! How unusual a sign-in is.
//!
//! [`House`] is what a hospital as a whole has shown, [`PersonState`] what one person has: together
//! with the hospital's roster and premises ([`Hospital`]) they weigh a sign-in ([`House::weigh`])
//! before it is learned ([`House::learn`]), and say how much more it is an attacker's than the
//! person's. [`Weights`] is a score, a probability, a risk for thresholds, and reasons. [`Freeman`] is
//! the baseline of the literature. [`replay`] runs both over a log and measures them.
//!
//! Pure: no clock, no disk, no network. Times are unix milliseconds and come with the sign-ins. States
//! are bounded, whatever is learned, and have bytes for a server to keep.

mod area;
mod attackers;
mod columns;
mod counts;
mod fade;
mod freeman;
mod hospital;
mod hours;
mod house;
mod learn;
mod locations;
mod login;
mod mark;
mod measure;
mod merge;
mod nights;
mod openings;
mod pace;
pub mod parts;
mod peers;
mod person;
mod reason;
pub mod replay;
pub mod report;
mod rows;
mod sides;
mod state;
mod table;
mod took;
mod tree;
mod weigh;
mod weights;

pub use area::Area;
pub use columns::client;
pub use freeman::Freeman;
pub use hospital::{Duty, Hospital, Pattern, Premises, Roster, Shift};
pub use house::House;
pub use learn::Outcome;
pub use locations::{Locations, LocationsError};
pub use login::Login;
pub use nights::Nights;
pub use openings::{Access, Opened, Openings};
pub use person::PersonState;
pub use reason::Reason;
pub use sides::{Key, Place};
pub use state::StateError;
pub use weights::{Claimed, Weights};
