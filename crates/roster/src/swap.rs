//! Swaps: somebody takes over a turn that another has.

use thiserror::Error;
use wardline_model::UserId;

use crate::slot::{Turn, held};

/// Why a turn cannot be taken over, in words for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoSwap {
    /// The turn has ended.
    #[error("this turn is over")]
    Over,
    /// Somebody else has the turn.
    #[error("this turn is somebody else's")]
    NotTheirs,
    /// One cannot swap with oneself.
    #[error("somebody else has to take the turn")]
    Oneself,
    /// They neither belong to the role's department nor have ever held it.
    #[error("they are neither of this department nor have they held this role before")]
    NotQualified,
    /// They have another turn at that time.
    #[error("they are on call at that time already")]
    Busy,
}

/// Whether `asked_of` may take over a turn from `asked_by`. `qualified` says whether they belong to
/// the role's department or have held the role; `theirs` are at least those turns of theirs, of any
/// role, that meet this one.
///
/// # Errors
/// Why not.
pub fn check(
    turn: &Turn,
    asked_by: UserId,
    asked_of: UserId,
    qualified: bool,
    theirs: &[Turn],
    now_ms: u64,
) -> Result<(), NoSwap> {
    if turn.by != asked_by {
        return Err(NoSwap::NotTheirs);
    }
    if asked_by == asked_of {
        return Err(NoSwap::Oneself);
    }
    if turn.until_ms <= now_ms {
        return Err(NoSwap::Over);
    }
    if !qualified {
        return Err(NoSwap::NotQualified);
    }
    // What is behind them keeps nobody from the rest of a turn.
    let from_ms = turn.from_ms.max(now_ms);
    let busy = theirs.iter().any(|other| {
        other.by == asked_of && other.from_ms < turn.until_ms && from_ms < other.until_ms
    });
    if busy { Err(NoSwap::Busy) } else { Ok(()) }
}

/// What becomes of a turn that somebody takes over: all of it, or from now on when it has begun,
/// since who had it until now is history. `all` are at least those turns of its role that meet it:
/// whoever stands in for a while keeps that, so the rest begins when the turn counts again.
pub fn taken_over(turn: &Turn, all: &[Turn], by: UserId, now_ms: u64) -> Vec<Turn> {
    let taken = Turn { by, ..turn.clone() };
    if now_ms <= turn.from_ms {
        return vec![taken];
    }
    let again_ms = held(all)
        .into_iter()
        .filter(|piece| all[piece.slot] == *turn && piece.until_ms > now_ms)
        .map(|piece| piece.from_ms.max(now_ms))
        .min();
    let Some(from_ms) = again_ms else {
        return vec![turn.clone()];
    };
    vec![
        Turn {
            until_ms: now_ms,
            ..turn.clone()
        },
        Turn { from_ms, ..taken },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::from_bytes([1; 16]);
    const BEN: UserId = UserId::from_bytes([2; 16]);

    fn turn(from_ms: u64, until_ms: u64, by: UserId) -> Turn {
        Turn {
            of: "cardiology".parse().unwrap(),
            from_ms,
            until_ms,
            by,
        }
    }

    #[test]
    fn a_turn_is_taken_by_somebody_else_who_is_qualified_and_free() {
        let adas = turn(100, 200, ADA);
        let asks =
            |by, of, qualified, theirs: &[Turn], now| check(&adas, by, of, qualified, theirs, now);
        assert_eq!(asks(ADA, BEN, true, &[], 50), Ok(()));
        assert_eq!(asks(BEN, ADA, true, &[], 50), Err(NoSwap::NotTheirs));
        assert_eq!(asks(ADA, ADA, true, &[], 50), Err(NoSwap::Oneself));
        assert_eq!(asks(ADA, BEN, false, &[], 50), Err(NoSwap::NotQualified));
        assert_eq!(asks(ADA, BEN, true, &[], 200), Err(NoSwap::Over));
        let before = turn(0, 150, BEN);
        assert_eq!(
            asks(ADA, BEN, true, std::slice::from_ref(&before), 50),
            Err(NoSwap::Busy)
        );
        assert_eq!(asks(ADA, BEN, true, &[before], 160), Ok(()));
        assert_eq!(
            asks(
                ADA,
                BEN,
                true,
                &[turn(0, 100, BEN), turn(200, 300, BEN)],
                50
            ),
            Ok(())
        );
    }

    #[test]
    fn a_turn_that_has_begun_passes_from_now_on() {
        let adas = turn(100, 200, ADA);
        let all = [adas.clone()];
        let taken = |now| taken_over(&adas, &all, BEN, now);
        assert_eq!(taken(100), [turn(100, 200, BEN)]);
        assert_eq!(taken(150), [turn(100, 150, ADA), turn(150, 200, BEN)]);
        assert_eq!(taken(200), [turn(100, 200, ADA)]);
    }

    #[test]
    fn a_stand_in_keeps_their_hours_when_somebody_takes_the_rest_over() {
        let cy = UserId::from_bytes([3; 16]);
        let all = [turn(100, 200, ADA), turn(140, 160, cy)];
        let taken = |now| taken_over(&all[0], &all, BEN, now);
        assert_eq!(taken(150), [turn(100, 150, ADA), turn(160, 200, BEN)]);
        assert_eq!(taken(120), [turn(100, 120, ADA), turn(120, 200, BEN)]);
        let to_the_end = [turn(100, 200, ADA), turn(140, 200, cy)];
        let taken = taken_over(&to_the_end[0], &to_the_end, BEN, 150);
        assert_eq!(taken, [turn(100, 200, ADA)], "nothing of it is left");
    }
}
