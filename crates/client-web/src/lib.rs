//! The client core for browsers.
