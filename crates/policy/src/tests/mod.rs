//! What clinicians, officers and attackers may and may not do by the baseline policies.

mod always;
mod loading;
mod people;
mod questions;
mod stories;
mod table;
