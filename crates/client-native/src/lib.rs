//! The client core on a workstation: HTTP, clock, software passkey, sealed file store.
