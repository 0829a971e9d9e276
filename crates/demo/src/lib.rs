//! The synthetic hospital as a function of a seed. Pure.
