//! How long wrong codes make the next one wait.
//!
//! Failures are counted for one generator on one device: whoever guesses on one phone makes no
//! other phone wait, and cannot lock a ward out by knowing its names.

/// So many wrong codes in a row cost nothing: people misread displays.
const FREE: u32 = 3;
/// The first wait.
const FIRST_MS: u64 = 15_000;
/// The longest: a person who mistyped is not sent home for the shift.
const LONGEST_MS: u64 = 15 * 60_000;
/// NIST SP 800-63B-4 §3.2.2: at most 100 wrong tries in a row, then the generator is bound anew.
const MOST: u32 = 100;

/// How long after a wrong code the next one is looked at, milliseconds, by the number of wrong ones in a row;
/// `None` once no code is looked at any more.
pub fn wait_ms(failures: u32) -> Option<u64> {
    if failures >= MOST {
        return None;
    }
    let Some(doublings) = failures.checked_sub(FREE) else {
        return Some(0);
    };
    Some(
        FIRST_MS
            .saturating_mul(1_u64.checked_shl(doublings).unwrap_or(u64::MAX))
            .min(LONGEST_MS),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour_and_end_after_a_hundred() {
        let waits: Vec<_> = (0..8).map(wait_ms).collect();
        let seconds = [0, 0, 0, 15, 30, 60, 120, 240].map(|s| Some(s * 1000));
        assert_eq!(waits, seconds);
        assert_eq!(wait_ms(99), Some(900_000));
        assert_eq!(wait_ms(100), None);
    }

    #[test]
    fn guessing_a_six_digit_code_takes_years() {
        // Three codes count at a time, and a hundred tries are all there are.
        let in_all: u64 = (0..100).filter_map(wait_ms).sum();
        assert!(
            in_all > 22 * 3_600_000,
            "{in_all} ms for a chance of 3 in 10,000"
        );
    }
}
