//! What verifiers of certificates need. One file for each operation.

pub(crate) mod crl;
