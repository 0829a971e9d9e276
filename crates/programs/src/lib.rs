//! Device programs: on whose terms a device is in use, and how it stands by them.
//!
//! - [`terms`]: the terms of a program, checked; the programs that ship with Wardline.
//! - [`assess`]: what the rules of a program make of the facts that are known of a device.
//! - [`reach`]: which rules a kind of client can meet, and which rules nothing meets.
//! - [`fleet`]: the devices in use, counted.
//! - [`planner`]: programs side by side: cost, configurations, what people carry, what risk remains.
//! - [`provision`]: what a device manager loads for a program's devices.
//!
//! The crate is pure: no HTTP, no clock, no disk. Times are unix milliseconds handed in.

pub mod assess;
pub mod fleet;
pub mod fuzz;
pub mod planner;
pub mod provision;
pub mod reach;
pub mod terms;
mod words;

pub use assess::{Device, Judge, assess};
pub use fleet::Fleet;
pub use planner::{Assumptions, Comparison, compare};
pub use terms::{Terms, TermsError};
pub use words::platform_name;
