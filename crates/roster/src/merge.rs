//! [`Plan`]: what an import changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::slot::{Slot, Window, grouped, held};

/// What an import changes, and nothing else is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<Of, By> {
    /// What there was and is not any more, by what it is of and its beginning.
    pub removed: Vec<Slot<Of, By>>,
    /// What there is now and was not.
    pub added: Vec<Slot<Of, By>>,
    /// What begins as before and has another end or another person: as it was, and as it is.
    pub changed: Vec<(Slot<Of, By>, Slot<Of, By>)>,
}

impl<Of, By> Plan<Of, By> {
    /// Whether nothing changes.
    pub const fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty() && self.changed.is_empty()
    }
}

/// What replacing does: within the window, everything of what occurs in `imported` is as it is
/// there. Outside of the window, and of anything else, everything stays as it was; what crosses an
/// edge of the window is cut there.
///
/// `existing` has at least all that meets the window of what occurs in `imported`.
pub fn plan<Of: Clone + Ord, By: Clone + PartialEq>(
    existing: &[Slot<Of, By>],
    imported: &[Slot<Of, By>],
    window: Window,
) -> Plan<Of, By> {
    let kinds = imported.iter().map(|slot| slot.of.clone()).collect();
    replace(existing, &kinds, imported, window)
}

/// The same at a moment: what was, was. Of what is past already nothing changes that somebody had; what
/// nobody had is filled in.
pub fn plan_from<Of: Clone + Ord, By: Clone + PartialEq>(
    existing: &[Slot<Of, By>],
    imported: &[Slot<Of, By>],
    window: Window,
    now_ms: u64,
) -> Plan<Of, By> {
    let mut all = Plan {
        removed: Vec::new(),
        added: Vec::new(),
        changed: Vec::new(),
    };
    let existing = grouped(existing);
    for (of, imported) in grouped(imported) {
        let there = existing.get(&of).map_or(&[][..], Vec::as_slice);
        let past = there.iter().filter(|slot| slot.from_ms < now_ms);
        let had_ms = past.map(|slot| slot.until_ms.min(now_ms)).max();
        let from_ms = window.from_ms().max(had_ms.unwrap_or_default());
        let Some(window) = Window::new(from_ms, window.until_ms()) else {
            continue;
        };
        let plan = replace(there, &BTreeSet::from([of]), &imported, window);
        all.removed.extend(plan.removed);
        all.added.extend(plan.added);
        all.changed.extend(plan.changed);
    }
    all
}

/// The same for what is of these kinds, whether it occurs in `imported` or not: of what does not,
/// nothing is left within the window.
pub fn replace<Of: Clone + Ord, By: Clone + PartialEq>(
    existing: &[Slot<Of, By>],
    kinds: &BTreeSet<Of>,
    imported: &[Slot<Of, By>],
    window: Window,
) -> Plan<Of, By> {
    let before: Vec<Slot<Of, By>> = existing
        .iter()
        .filter(|slot| kinds.contains(&slot.of))
        .cloned()
        .collect();
    let after = replaced(&before, kinds, imported, window);
    difference(before, after)
}

/// What there is of these kinds after replacing. What is the same person's before and behind the
/// beginning of the window, and begins before it in both lists, stays in one piece: a file that is
/// imported again while somebody's turn runs does not divide that turn.
pub fn replaced<Of: Clone + Ord, By: Clone + PartialEq>(
    existing: &[Slot<Of, By>],
    kinds: &BTreeSet<Of>,
    imported: &[Slot<Of, By>],
    window: Window,
) -> Vec<Slot<Of, By>> {
    let mut before = Vec::new();
    let mut after = Vec::new();
    let existing: Vec<Slot<Of, By>> = existing
        .iter()
        .filter(|slot| kinds.contains(&slot.of))
        .cloned()
        .collect();
    for slots in grouped(&existing).into_values() {
        before.extend(cut(&slots, 0, window.from_ms()));
        after.extend(cut(&slots, window.until_ms(), u64::MAX));
    }
    for (of, slots) in grouped(imported) {
        let begins_at_edge = slots.iter().any(|slot| slot.from_ms == window.from_ms());
        for slot in cut(&slots, window.from_ms(), window.until_ms()) {
            let first = before.iter_mut().find(|earlier: &&mut Slot<Of, By>| {
                slot.from_ms == window.from_ms()
                    && !begins_at_edge
                    && earlier.of == of
                    && earlier.until_ms == slot.from_ms
                    && earlier.by == slot.by
            });
            match first {
                Some(earlier) => earlier.until_ms = slot.until_ms,
                None => after.push(slot),
            }
        }
    }
    before.extend(after);
    before
}

/// What makes one list into another.
pub fn difference<Of: Clone + Ord, By: Clone + PartialEq>(
    before: Vec<Slot<Of, By>>,
    after: Vec<Slot<Of, By>>,
) -> Plan<Of, By> {
    let mut before = keyed(before);
    let (mut added, mut changed) = (Vec::new(), Vec::new());
    for (key, now) in keyed(after) {
        match before.remove(&key) {
            None => added.push(now),
            Some(was) if was.until_ms == now.until_ms && was.by == now.by => {}
            Some(was) => changed.push((was, now)),
        }
    }
    Plan {
        removed: before.into_values().collect(),
        added,
        changed,
    }
}

fn keyed<Of: Clone + Ord, By>(slots: Vec<Slot<Of, By>>) -> BTreeMap<(Of, u64), Slot<Of, By>> {
    slots
        .into_iter()
        .map(|slot| ((slot.of.clone(), slot.from_ms), slot))
        .collect()
}

/// The part of slots, all of one thing, that lies between two times. What began before is kept as
/// the pieces of it that counted, so that it still gives way to what began after it.
fn cut<Of: Clone, By: Clone>(
    slots: &[Slot<Of, By>],
    from_ms: u64,
    until_ms: u64,
) -> Vec<Slot<Of, By>> {
    let began = |slot: &Slot<Of, By>| slot.from_ms >= from_ms;
    let whole = slots.iter().filter(|slot| began(slot)).cloned();
    let pieces = held(slots)
        .into_iter()
        .filter(|piece| !began(&slots[piece.slot]))
        .map(|piece| Slot {
            from_ms: piece.from_ms.max(from_ms),
            until_ms: piece.until_ms,
            ..slots[piece.slot].clone()
        });
    whole
        .chain(pieces)
        .map(|slot| Slot {
            until_ms: slot.until_ms.min(until_ms),
            ..slot
        })
        .filter(|slot| slot.from_ms < slot.until_ms)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Of = u8;

    /// Slots as a table has them: no two of one thing begin together.
    fn slots() -> impl Strategy<Value = Vec<Slot<Of, u8>>> {
        let one = (0_u8..3, 0_u64..40, 1_u64..15, 0_u8..4);
        proptest::collection::vec(one, 0..14).prop_map(|list| {
            let slots = list.into_iter().map(|(of, from_ms, length, by)| Slot {
                of,
                from_ms,
                until_ms: from_ms + length,
                by,
            });
            keyed(slots.collect()).into_values().collect()
        })
    }

    fn holder(slots: &[Slot<Of, u8>], of: Of, at_ms: u64) -> Option<u8> {
        slots
            .iter()
            .filter(|slot| slot.of == of && slot.covers(at_ms))
            .max_by_key(|slot| slot.from_ms)
            .map(|slot| slot.by)
    }

    fn applied(existing: &[Slot<Of, u8>], plan: &Plan<Of, u8>) -> Vec<Slot<Of, u8>> {
        let mut all = keyed(existing.to_vec());
        for gone in &plan.removed {
            assert_eq!(all.remove(&(gone.of, gone.from_ms)).as_ref(), Some(gone));
        }
        for new in &plan.added {
            let was = all.insert((new.of, new.from_ms), new.clone());
            assert_eq!(was, None);
        }
        for (was, now) in &plan.changed {
            assert_eq!(
                all.insert((now.of, now.from_ms), now.clone()).as_ref(),
                Some(was)
            );
        }
        all.into_values().collect()
    }

    #[test]
    fn an_import_changes_nothing_of_what_was() {
        let slot = |from_ms, until_ms, by| Slot {
            of: 1_u8,
            from_ms,
            until_ms,
            by,
        };
        let existing = [slot(0, 10, 1), slot(10, 30, 2)];
        let imported = [slot(0, 15, 3), slot(15, 30, 3)];
        let window = Window::new(0, 30).unwrap();
        let plan = plan_from(&existing, &imported, window, 12);
        assert_eq!(
            applied(&existing, &plan),
            [
                slot(0, 10, 1),
                slot(10, 12, 2),
                slot(12, 15, 3),
                slot(15, 30, 3)
            ]
        );
        // The same again while a turn runs divides nothing.
        assert!(plan_from(&existing, &existing, window, 12).is_empty());
        // What nobody had is filled in.
        let plan = plan_from(&[], &imported, window, 12);
        assert_eq!(plan.added, imported);
    }

    proptest! {
        #[test]
        fn an_import_replaces_its_own_within_its_window_and_nothing_else(
            existing in slots(), imported in slots(), from in 0_u64..40, length in 1_u64..20,
        ) {
            let window = Window::new(from, from + length).unwrap();
            let after = applied(&existing, &plan(&existing, &imported, window));
            let own = |of| imported.iter().any(|slot| slot.of == of);
            for of in 0..3 {
                for at in 0..60 {
                    let within = own(of) && window.from_ms() <= at && at < window.until_ms();
                    let expected = if within { &imported } else { &existing };
                    prop_assert_eq!(
                        holder(&after, of, at),
                        holder(expected, of, at),
                        "of {} at {}", of, at
                    );
                }
            }
        }

        #[test]
        fn an_import_that_was_applied_changes_nothing_more(
            existing in slots(), imported in slots(), from in 0_u64..40, length in 1_u64..20,
        ) {
            let window = Window::new(from, from + length).unwrap();
            let after = applied(&existing, &plan(&existing, &imported, window));
            prop_assert!(plan(&after, &imported, window).is_empty());
        }
    }
}
