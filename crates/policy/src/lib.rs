//! Cedar policies and the one decision function. Pure.
