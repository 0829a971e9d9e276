//! What the hospital's record system asks of this server. One file for each operation.

pub(crate) mod jwks;
