//! What was learned fades: what is not shown again is half gone after some months.

/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The day of a moment, from 1970 on.
pub fn day_of(at_ms: i64) -> i32 {
    // The days of all moments that sixty-four bits can tell are beyond thirty-two only for years
    // beyond five million.
    i32::try_from(at_ms.div_euclid(DAY_MS)).unwrap_or(i32::MAX)
}

/// How much is left of what was learned until a day, at a later one. A clock that goes back adds
/// nothing, and one that leaps does not take all.
pub fn left(learned: i32, now: i32, half_life_days: f64) -> f64 {
    let days = now.saturating_sub(learned).clamp(0, LONGEST_DAYS);
    (-f64::from(days) / half_life_days).exp2()
}

/// A weight, or what is left of one, for counts of few digits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it is at most one, and needs no more digits"
)]
pub fn narrow(weight: f64) -> f32 {
    weight as f32
}

/// Nothing fades for longer at a time.
const LONGEST_DAYS: i32 = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_is_left_after_the_half_life_and_nothing_is_added_when_clocks_go_back() {
        assert!((left(100, 280, 180.0) - 0.5).abs() < 1e-12);
        assert!((left(280, 100, 180.0) - 1.0).abs() < 1e-12);
        assert!(left(0, i32::MAX, 180.0) > 0.2);
        assert_eq!(day_of(-1), -1);
        assert_eq!(day_of(DAY_MS), 1);
    }
}
