//! Envelope encryption of stored fields and blobs, key files, blind indexes.
