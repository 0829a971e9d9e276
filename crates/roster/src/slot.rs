//! [`Slot`]: a stretch of time that somebody has.

use std::collections::{BTreeMap, BTreeSet};

use wardline_model::{RoleSlug, UserId};

/// A stretch of time: `of` what, and `by` whom it is had.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot<Of, By> {
    /// Of what it is: a turn of a role, a shift of a person.
    pub of: Of,
    /// Its beginning, unix milliseconds.
    pub from_ms: u64,
    /// Its end, unix milliseconds; not part of it, and later than the beginning.
    pub until_ms: u64,
    /// Who has it.
    pub by: By,
}

/// Somebody's turn of an on-call role.
pub type Turn = Slot<RoleSlug, UserId>;

/// A time at which a person is at work.
pub type Shift = Slot<UserId, ()>;

impl<Of, By> Slot<Of, By> {
    /// Whether it covers a time, unix milliseconds.
    pub const fn covers(&self, at_ms: u64) -> bool {
        self.from_ms <= at_ms && at_ms < self.until_ms
    }

    /// Whether it shares any time with a window.
    pub const fn meets(&self, window: Window) -> bool {
        self.from_ms < window.until_ms && window.from_ms < self.until_ms
    }
}

/// A stretch of time to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from_ms: u64,
    until_ms: u64,
}

impl Window {
    /// From a time until another, unix milliseconds; `None` unless the end is later.
    pub fn new(from_ms: u64, until_ms: u64) -> Option<Self> {
        (from_ms < until_ms).then_some(Self { from_ms, until_ms })
    }

    /// Its beginning, unix milliseconds.
    pub const fn from_ms(self) -> u64 {
        self.from_ms
    }

    /// Its end, unix milliseconds; not part of it.
    pub const fn until_ms(self) -> u64 {
        self.until_ms
    }
}

/// A stretch during which one slot counts: it covers it, and no other that does began later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Which of the slots, by its place in the list.
    pub slot: usize,
    /// From when, unix milliseconds.
    pub from_ms: u64,
    /// Until when, unix milliseconds.
    pub until_ms: u64,
}

/// Which slot counts when, in the order of time. All of them are of the same thing; where several
/// cover a time, the one that began last counts, and of those that began together the last of the
/// list.
pub fn held<Of, By>(slots: &[Slot<Of, By>]) -> Vec<Held> {
    let mut edges: BTreeMap<u64, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (place, slot) in slots.iter().enumerate() {
        if slot.from_ms < slot.until_ms {
            edges.entry(slot.from_ms).or_default().0.push(place);
            edges.entry(slot.until_ms).or_default().1.push(place);
        }
    }
    let mut open: BTreeSet<(u64, usize)> = BTreeSet::new();
    let mut pieces: Vec<Held> = Vec::new();
    let mut since = 0;
    for (at_ms, (begin, end)) in edges {
        if let Some((_, slot)) = open.last() {
            match pieces.last_mut() {
                Some(last) if last.slot == *slot && last.until_ms == since => last.until_ms = at_ms,
                _ => pieces.push(Held {
                    slot: *slot,
                    from_ms: since,
                    until_ms: at_ms,
                }),
            }
        }
        for place in end {
            open.remove(&(slots[place].from_ms, place));
        }
        open.extend(begin.into_iter().map(|place| (slots[place].from_ms, place)));
        since = at_ms;
    }
    pieces
}

/// Slots by what they are of, each list in the order of time.
pub fn grouped<Of: Clone + Ord, By: Clone>(
    slots: &[Slot<Of, By>],
) -> BTreeMap<Of, Vec<Slot<Of, By>>> {
    let mut groups: BTreeMap<Of, Vec<Slot<Of, By>>> = BTreeMap::new();
    for slot in slots {
        groups
            .entry(slot.of.clone())
            .or_default()
            .push(slot.clone());
    }
    for slots in groups.values_mut() {
        slots.sort_by_key(|slot| slot.from_ms);
    }
    groups
}

/// A time at which something passes from one person to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover<Of, By> {
    /// What passes.
    pub of: Of,
    /// When, unix milliseconds.
    pub at_ms: u64,
    /// Who has had it; `None` where nobody had.
    pub from: Option<By>,
    /// Who has it from then on; `None` where a gap begins.
    pub to: Option<By>,
}

/// Every hand-over within a window, by time and then by what passes. Turns of one person that
/// follow each other are no hand-over.
pub fn handovers<Of: Clone + Ord, By: Clone + PartialEq>(
    slots: &[Slot<Of, By>],
    window: Window,
) -> Vec<Handover<Of, By>> {
    let mut all = Vec::new();
    for (of, slots) in grouped(slots) {
        let mut before: Option<(u64, &By)> = None;
        let mut pass = |at_ms: u64, from: Option<&By>, to: Option<&By>| {
            if from != to && window.from_ms <= at_ms && at_ms < window.until_ms {
                all.push(Handover {
                    of: of.clone(),
                    at_ms,
                    from: from.cloned(),
                    to: to.cloned(),
                });
            }
        };
        for piece in held(&slots) {
            let by = &slots[piece.slot].by;
            match before {
                Some((until_ms, last)) if until_ms == piece.from_ms => {
                    pass(until_ms, Some(last), Some(by));
                }
                Some((until_ms, last)) => {
                    pass(until_ms, Some(last), None);
                    pass(piece.from_ms, None, Some(by));
                }
                None => pass(piece.from_ms, None, Some(by)),
            }
            before = Some((piece.until_ms, by));
        }
        if let Some((until_ms, last)) = before {
            pass(until_ms, Some(last), None);
        }
    }
    all.sort_by(|a, b| (a.at_ms, &a.of).cmp(&(b.at_ms, &b.of)));
    all
}

/// A time that nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap<Of> {
    /// What nobody has.
    pub of: Of,
    /// From when, unix milliseconds.
    pub from_ms: u64,
    /// Until when, unix milliseconds.
    pub until_ms: u64,
}

/// The times within a window that nobody has, of everything that occurs in the list.
pub fn gaps<Of: Clone + Ord, By: Clone>(slots: &[Slot<Of, By>], window: Window) -> Vec<Gap<Of>> {
    let mut all = Vec::new();
    for (of, slots) in grouped(slots) {
        let mut free_from = window.from_ms;
        for slot in slots.iter().filter(|slot| slot.meets(window)) {
            if slot.from_ms > free_from {
                all.push(Gap {
                    of: of.clone(),
                    from_ms: free_from,
                    until_ms: slot.from_ms,
                });
            }
            free_from = free_from.max(slot.until_ms);
        }
        if free_from < window.until_ms {
            all.push(Gap {
                of,
                from_ms: free_from,
                until_ms: window.until_ms,
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slot(from_ms: u64, until_ms: u64, by: char) -> Slot<(), char> {
        Slot {
            of: (),
            from_ms,
            until_ms,
            by,
        }
    }

    fn window(from_ms: u64, until_ms: u64) -> Window {
        Window::new(from_ms, until_ms).unwrap()
    }

    #[test]
    fn whoever_began_last_holds_and_the_first_has_the_rest() {
        let slots = [slot(0, 10, 'a'), slot(3, 5, 'b')];
        let pieces: Vec<(char, u64, u64)> = held(&slots)
            .into_iter()
            .map(|piece| (slots[piece.slot].by, piece.from_ms, piece.until_ms))
            .collect();
        assert_eq!(pieces, [('a', 0, 3), ('b', 3, 5), ('a', 5, 10)]);
    }

    #[test]
    fn a_hand_over_names_both_and_a_gap_has_nobody() {
        let slots = [
            slot(0, 10, 'a'),
            slot(10, 20, 'a'),
            slot(20, 30, 'b'),
            slot(40, 50, 'c'),
        ];
        let found: Vec<(u64, Option<char>, Option<char>)> = handovers(&slots, window(1, 45))
            .into_iter()
            .map(|handover| (handover.at_ms, handover.from, handover.to))
            .collect();
        assert_eq!(
            found,
            [
                (20, Some('a'), Some('b')),
                (30, Some('b'), None),
                (40, None, Some('c'))
            ]
        );
        let gaps: Vec<(u64, u64)> = gaps(&slots, window(5, 60))
            .into_iter()
            .map(|gap| (gap.from_ms, gap.until_ms))
            .collect();
        assert_eq!(gaps, [(30, 40), (50, 60)]);
    }

    proptest! {
        #[test]
        fn held_is_what_a_look_at_each_moment_says(
            slots in proptest::collection::vec((0_u64..30, 1_u64..12, any::<char>()), 0..12)
        ) {
            let slots: Vec<Slot<(), char>> = slots
                .into_iter()
                .map(|(from, length, by)| slot(from, from + length, by))
                .collect();
            let pieces = held(&slots);
            for at in 0..50 {
                let looked = slots
                    .iter()
                    .enumerate()
                    .filter(|(_, slot)| slot.covers(at))
                    .max_by_key(|(place, slot)| (slot.from_ms, *place))
                    .map(|(place, _)| place);
                let said: Vec<usize> = pieces
                    .iter()
                    .filter(|piece| piece.from_ms <= at && at < piece.until_ms)
                    .map(|piece| piece.slot)
                    .collect();
                prop_assert_eq!(said, looked.into_iter().collect::<Vec<_>>());
                let free = gaps(&slots, window(0, 50))
                    .iter()
                    .any(|gap| gap.from_ms <= at && at < gap.until_ms);
                prop_assert!(slots.is_empty() || free == looked.is_none());
            }
        }
    }
}
