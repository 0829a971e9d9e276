//! What clinicians, officers and attackers may and may not do by the baseline policies.

mod abilities;
mod always;
mod bots;
mod changes;
mod documented;
mod loading;
mod lockouts;
mod people;
mod questions;
mod replaying;
mod stories;
mod stricter;
mod table;
mod texts;
