//! Fuzz targets: the decoder as a plain function over bytes.

use crate::query::Query;
use crate::segment::{Segment, View, size};

/// A segment of the index, as it is unsealed; whether it was accepted.
///
/// # Panics
/// When an accepted segment is not the same after it was written, or looking through it differs from
/// reading it.
pub fn segment(bytes: &[u8]) -> bool {
    let query = Query::parse("potassium k");
    // What is looked through has not been checked as a whole.
    let found = View::of(bytes).and_then(|view| {
        let matching = view.matching(&query)?;
        Some(
            (0..view.rows.len())
                .filter(|row| matching.has(*row))
                .count(),
        )
    });
    Segment::decode(bytes).is_some_and(|segment| {
        let written = segment.encode();
        assert_eq!(Segment::decode(&written).as_ref(), Some(&segment));
        assert!(size(bytes).is_some() && found.is_some());
        true
    })
}
