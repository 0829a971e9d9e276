//! Which nodes a proof is made of: arithmetic on positions, without hashes.

/// The leaves `start..end`; its hash is MTH(D[start:end]) of RFC 6962 §2.1.
///
/// Every range of a proof starts at a multiple of the next power of two of its length, so that it
/// splits into perfect subtrees of the whole tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// A perfect subtree: the `index`th node, counted from 0, `height` levels above the leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) height: u32,
    pub(super) index: u64,
}

impl Range {
    /// The perfect subtrees of the range, largest and leftmost first.
    pub(super) fn nodes(self) -> impl DoubleEndedIterator<Item = Node> {
        let length = self.end - self.start;
        (0..u64::BITS)
            .rev()
            .filter(move |height| length >> height & 1 == 1)
            .map(move |height| {
                // The larger subtrees lie before this one.
                let before = length & !((1 << height) | ((1 << height) - 1));
                Node {
                    height,
                    index: (self.start + before) >> height,
                }
            })
    }
}

/// The ranges of the inclusion path of `index`, leaf's sibling first (RFC 9162 §2.1.3.1).
pub(super) fn inclusion(index: u64, size: u64) -> Vec<Range> {
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(Range { start: middle, end });
            end = middle;
        } else {
            path.push(Range { start, end: middle });
            start = middle;
        }
    }
    path.reverse();
    path
}

/// The ranges of the consistency path between two sizes, lowest first (RFC 9162 §2.1.4.1).
/// Needs `0 < old <= new`.
pub(super) fn consistency(old: u64, new: u64) -> Vec<Range> {
    let (mut start, mut end) = (0, new);
    let mut path = Vec::new();
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(Range { start: middle, end });
            end = middle;
        } else {
            path.push(Range { start, end: middle });
            start = middle;
        }
    }
    // The old root itself is known to whoever verifies.
    if start != 0 {
        path.push(Range { start, end });
    }
    path.reverse();
    path
}

/// The largest power of two below `length`, which is at least 2.
fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}
