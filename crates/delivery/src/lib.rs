//! MLS delivery service rules: epoch order, membership, removals. Pure.
