//! Versions made of numbers, and how they compare.

use std::cmp::Ordering;
use std::fmt;

/// The most numbers of a version. Real ones have up to four.
const MOST: usize = 8;

/// A version such as `26.6.1`. Numbers that are left out count as zero: `26.6` is `26.6.0`.
#[derive(Debug, Clone)]
pub struct Version {
    numbers: Vec<u32>,
}

impl Version {
    /// Reads numbers with dots between them, and nothing else. `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let numbers = text.split('.').map(number).collect::<Option<Vec<_>>>()?;
        (numbers.len() <= MOST).then_some(Self { numbers })
    }

    /// Whether this version belongs to a line of versions: `26.6.1` to `26`, and `10.15.7` to
    /// `10.15`.
    pub fn is_of(&self, line: &Self) -> bool {
        (0..line.numbers.len()).all(|at| self.at(at) == line.at(at))
    }

    /// Whether nothing can lie between this version and the later one as numbers are given out:
    /// they differ by one, in the last number of the later one.
    pub fn is_just_before(&self, later: &Self) -> bool {
        let Some((last, before)) = later.numbers.split_last() else {
            return false;
        };
        self.numbers.len() <= later.numbers.len()
            && (0..before.len()).all(|at| self.at(at) == later.at(at))
            && self.at(before.len()).checked_add(1) == Some(*last)
    }

    fn at(&self, place: usize) -> u32 {
        self.numbers.get(place).copied().unwrap_or(0)
    }
}

fn number(text: &str) -> Option<u32> {
    // `parse` alone would take a sign.
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    text.parse().ok()
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.numbers.len().max(other.numbers.len());
        (0..length)
            .map(|at| self.at(at).cmp(&other.at(at)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(version("18.7.9") < version("18.7.10"));
        assert!(version("9") < version("10.0"));
        assert_eq!(version("26"), version("26.0.0"));
        assert!(version("10.15.7").is_of(&version("10.15")));
        assert!(version("8").is_of(&version("8.0")));
        assert!(!version("26.6").is_of(&version("2")));
    }

    #[test]
    fn the_version_just_before_is_the_one_with_nothing_between() {
        for (before, after, just) in [
            ("26.6", "26.6.1", true),
            ("18.7.9", "18.7.10", true),
            ("26.5", "26.6", true),
            ("26.5.1", "26.6", false),
            ("26.5", "26.6.1", false),
            ("26.6.1", "26.6.1", false),
            ("26.6.2", "26.6.1", false),
        ] {
            let is = version(before).is_just_before(&version(after));
            assert_eq!(is, just, "{before} and {after}");
        }
    }

    #[test]
    fn other_texts_are_no_versions() {
        for text in [
            "",
            ".",
            "1.",
            "+1",
            "-1",
            "1.a",
            "1 2",
            "99999999999",
            "1.1.1.1.1.1.1.1.1",
        ] {
            assert!(Version::parse(text).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = Version::parse(&text);
        }

        #[test]
        fn the_order_is_that_of_the_padded_numbers(
            mut a in proptest::collection::vec(0..4_u32, 1..5),
            mut b in proptest::collection::vec(0..4_u32, 1..5),
        ) {
            let text = |numbers: &[u32]| {
                numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
            };
            let (left, right) = (version(&text(&a)), version(&text(&b)));
            prop_assert_eq!(left.to_string(), text(&a));
            if left.is_just_before(&right) {
                prop_assert!(left < right);
            }
            a.resize(5, 0);
            b.resize(5, 0);
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
            prop_assert_eq!(left == right, a == b);
        }
    }
}
