//! What devices signed about a role's turns, settled: who has it when, by their word alone.

use std::collections::BTreeSet;

use wardline_model::turns::TurnOrder;
use wardline_model::{RoleSlug, UserId};

use crate::merge::replaced;
use crate::slot::{Handover, Slot, Turn, Window, handovers, held};

/// By what right somebody says who has a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Their device has the duty to schedule.
    Scheduler,
    /// They may give away what is theirs, and nothing else.
    Holder(UserId),
}

/// Who has a role when, by a list of statements whose signatures were verified; those about other
/// roles are left out. A later statement counts over an earlier one, in its own time.
pub fn settle<'a>(
    role: &RoleSlug,
    orders: impl IntoIterator<Item = (&'a TurnOrder, By)>,
) -> Vec<Turn> {
    let mut of_role: Vec<(&TurnOrder, By)> = orders
        .into_iter()
        .filter(|(order, _)| order.role == *role && order.is_sound())
        .collect();
    of_role.sort_by_key(|(order, _)| order.issued_at);
    let kinds = BTreeSet::from([role.clone()]);
    let mut turns: Vec<Turn> = Vec::new();
    for (order, by) in of_role {
        let Some(window) = Window::new(order.from, order.until) else {
            continue;
        };
        let said: Vec<Turn> = order
            .turns
            .iter()
            .map(|turn| Slot {
                of: role.clone(),
                from_ms: turn.from,
                until_ms: turn.until,
                by: turn.user_id,
            })
            .collect();
        let windows: Vec<Window> = match by {
            By::Scheduler => vec![window],
            // Nobody gives away what has been: whoever had the role until now has just gone off.
            By::Holder(user) => Window::new(order.from.max(order.issued_at), order.until)
                .map(|left| own(&turns, user, left))
                .unwrap_or_default(),
        };
        for window in windows {
            turns = replaced(&turns, &kinds, &said, window);
        }
    }
    turns
}

/// The times within a window at which somebody has a turn that counts.
fn own(turns: &[Turn], user: UserId, window: Window) -> Vec<Window> {
    held(turns)
        .into_iter()
        .filter(|piece| turns[piece.slot].by == user)
        .filter_map(|piece| {
            Window::new(
                piece.from_ms.max(window.from_ms()),
                piece.until_ms.min(window.until_ms()),
            )
        })
        .collect()
}

/// Who has the turn that counts at a time; the turns are of one role.
pub fn holder(turns: &[Turn], at_ms: u64) -> Option<UserId> {
    held(turns)
        .into_iter()
        .find(|piece| piece.from_ms <= at_ms && at_ms < piece.until_ms)
        .map(|piece| turns[piece.slot].by)
}

/// Who has the role from when until when within a window, neighbouring times of one person as one.
pub fn who(turns: &[Turn], window: Window) -> Vec<(UserId, u64, u64)> {
    let mut all: Vec<(UserId, u64, u64)> = Vec::new();
    for piece in held(turns) {
        let (from_ms, until_ms) = (
            piece.from_ms.max(window.from_ms()),
            piece.until_ms.min(window.until_ms()),
        );
        let by = turns[piece.slot].by;
        match all.last_mut() {
            _ if from_ms >= until_ms => {}
            Some((last, _, end)) if *last == by && *end == from_ms => *end = until_ms,
            _ => all.push((by, from_ms, until_ms)),
        }
    }
    all
}

/// Whether somebody has a turn that counts at any time of a window.
pub fn holds_within(turns: &[Turn], user: UserId, window: Window) -> bool {
    !own(turns, user, window).is_empty()
}

/// The next time after a moment at which a role passes on, up to a year later.
pub fn next_handover(turns: &[Turn], after_ms: u64) -> Option<Handover<RoleSlug, UserId>> {
    let window = Window::new(after_ms.saturating_add(1), after_ms.saturating_add(YEAR_MS))?;
    handovers(turns, window).into_iter().next()
}

const YEAR_MS: u64 = 366 * 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wardline_model::DeviceId;
    use wardline_model::turns::SignedTurn;

    use super::*;

    const ADA: UserId = UserId::from_bytes([1; 16]);
    const BEN: UserId = UserId::from_bytes([2; 16]);
    const CY: UserId = UserId::from_bytes([3; 16]);

    fn role() -> RoleSlug {
        "cardiology".parse().unwrap()
    }

    fn order(issued_at: u64, (from, until): (u64, u64), turns: &[(UserId, u64, u64)]) -> TurnOrder {
        TurnOrder {
            v: 1,
            kind: TurnOrder::TYPE.to_owned(),
            role: role(),
            from,
            until,
            turns: turns
                .iter()
                .map(|(user_id, from, until)| SignedTurn {
                    user_id: *user_id,
                    from: *from,
                    until: *until,
                })
                .collect(),
            signer: DeviceId::from_bytes([9; 16]),
            issued_at,
        }
    }

    #[test]
    fn a_later_statement_counts_in_its_own_time() {
        let week = order(1, (0, 100), &[(ADA, 0, 50), (BEN, 50, 100)]);
        let mend = order(2, (60, 70), &[(CY, 60, 70)]);
        let turns = settle(&role(), [(&mend, By::Scheduler), (&week, By::Scheduler)]);
        let at = |at| holder(&turns, at);
        assert_eq!(
            [at(10), at(55), at(65), at(75)],
            [ADA, BEN, CY, BEN].map(Some)
        );
        assert_eq!(at(100), None);
        assert_eq!(next_handover(&turns, 10).unwrap().at_ms, 50);
        assert_eq!(next_handover(&turns, 50).unwrap().to, Some(CY));
    }

    #[test]
    fn of_a_turn_that_runs_only_what_is_left_is_given_away() {
        let week = order(1, (0, 100), &[(ADA, 0, 100)]);
        let give = order(30, (0, 100), &[(CY, 0, 100)]);
        let turns = settle(&role(), [(&week, By::Scheduler), (&give, By::Holder(ADA))]);
        assert_eq!(holder(&turns, 29), Some(ADA));
        assert_eq!(holder(&turns, 30), Some(CY));
        let late = order(100, (0, 100), &[(CY, 0, 100)]);
        let turns = settle(&role(), [(&week, By::Scheduler), (&late, By::Holder(ADA))]);
        assert_eq!(holder(&turns, 99), Some(ADA));
    }

    #[test]
    fn whoever_has_a_turn_gives_it_away_and_nothing_else() {
        let week = order(1, (0, 100), &[(ADA, 0, 50), (BEN, 50, 100)]);
        let give = order(2, (0, 100), &[(CY, 0, 100)]);
        let turns = settle(&role(), [(&week, By::Scheduler), (&give, By::Holder(ADA))]);
        assert_eq!(holder(&turns, 10), Some(CY));
        assert_eq!(holder(&turns, 60), Some(BEN), "it was never Ada's");
        // A stranger's word changes nothing, and neither does a statement of no sense.
        let turns = settle(&role(), [(&week, By::Scheduler), (&give, By::Holder(CY))]);
        assert_eq!(holder(&turns, 10), Some(ADA));
        let unsound = TurnOrder {
            v: 2,
            ..give.clone()
        };
        let turns = settle(&role(), [(&week, By::Scheduler), (&unsound, By::Scheduler)]);
        assert_eq!(holder(&turns, 10), Some(ADA));
        // Nor before anybody gave it to them.
        let early = TurnOrder {
            issued_at: 0,
            ..give
        };
        let turns = settle(&role(), [(&week, By::Scheduler), (&early, By::Holder(ADA))]);
        assert_eq!(holder(&turns, 10), Some(ADA));
    }

    proptest! {
        /// Whoever is no scheduler moves nothing that was not theirs.
        #[test]
        fn a_holder_changes_no_time_of_anybody_else(
            base in proptest::collection::vec((0_u8..3, 0_u64..60, 1_u64..20), 1..8),
            said in proptest::collection::vec((0_u8..4, 0_u64..60, 1_u64..20), 0..5),
            (from, length) in (0_u64..60, 1_u64..30),
        ) {
            let user = |n: u8| UserId::from_bytes([n + 1; 16]);
            let list = |turns: &[(u8, u64, u64)]| turns.iter()
                .map(|(n, from, length)| (user(*n), *from, from + length))
                .collect::<Vec<_>>();
            let plan = order(1, (0, 100), &list(&base));
            let mut give = order(2, (from, from + length), &list(&said));
            give.turns.retain(|t| t.from < give.until && give.from < t.until);
            let before = settle(&role(), [(&plan, By::Scheduler)]);
            let after = settle(&role(), [(&plan, By::Scheduler), (&give, By::Holder(user(0)))]);
            for at in 0..100 {
                if holder(&before, at) != Some(user(0)) || at < from || at >= from + length {
                    prop_assert_eq!(holder(&before, at), holder(&after, at), "at {}", at);
                }
            }
        }
    }
}
