//! How unusual a sign-in is.
//!
//! [`Engine`] is the hospital's model: it knows rosters, premises and device keys, weighs a sign-in
//! before it learns it, and says how much more it is an attacker's than the person's. [`Freeman`] is
//! the baseline of the literature. [`replay`] runs both over a log and measures them.
//!
//! Pure: no clock, no disk, no network. Times are unix milliseconds and come with the sign-ins.

mod attackers;
mod columns;
mod engine;
mod freeman;
mod hospital;
mod login;
mod measure;
pub mod replay;
mod tree;

pub use engine::{Engine, Key, Place, Weights};
pub use freeman::Freeman;
pub use hospital::{Duty, Premises, Roster, Shift};
pub use login::Login;
