//! For operators: health, metrics, the API's description. One file for each operation.

pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod ready;
