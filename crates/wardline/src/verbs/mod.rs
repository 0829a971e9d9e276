//! One file for each family of verbs.

pub(crate) mod audit;
pub(crate) mod client;
pub(crate) mod demo;
pub(crate) mod import;
pub(crate) mod serve;
