//! The client core: MLS, sealed store, endorsements, sync. No HTTP, clock or disk of its own.
