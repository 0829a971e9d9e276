//! Whether a one-time code is right.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

/// Codes of so many steps before and after the expected one count (RFC 6238 §5.2 and §6).
const TIME_WINDOW: u64 = 1;
/// Codes of so many presses ahead count (RFC 4226 §7.4).
const COUNTER_WINDOW: u64 = 10;
/// Two codes in a row are looked for within so many steps around the expected one.
const TIME_SEARCH: u64 = 60;
/// Two codes in a row are looked for among so many presses ahead.
const COUNTER_SEARCH: u64 = 200;
/// Further back no used code is told from a wrong one.
const REMEMBERED: u64 = 10;

/// What moves a generator on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "moving", rename_all = "snake_case")]
pub enum Moving {
    /// The time: a new code after each step (TOTP, RFC 6238).
    Time {
        /// The length of a step, seconds; 30 or 60 in practice.
        step_s: u32,
    },
    /// A press of the button (HOTP, RFC 4226).
    Counter,
}

/// The hash under the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hash {
    /// SHA-1, the only one that most token cards and apps know. Its collisions do not weaken HMAC.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// A token card's or an app's generator of codes, without its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generator {
    /// What moves it on.
    #[serde(flatten)]
    pub moving: Moving,
    /// The hash under the HMAC.
    pub hash: Hash,
    /// Length of a code, 6 to 8 digits.
    pub digits: u8,
    /// From when on none of its codes counts, unix seconds, where its maker says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_s: Option<u64>,
}

/// How far a generator has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The first step or press whose code still counts: no code counts twice (RFC 6238 §5.2).
    pub next: u64,
    /// How many steps its clock is ahead of ours; 0 for presses.
    pub drift: i64,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It is right; from now on this is how far the generator has come.
    Right(Progress),
    /// It was right once: it, or a later one, was used already.
    Used,
    /// It is wrong.
    Wrong,
    /// It is right, of a generator whose time is over.
    Ended,
}

/// Why a generator cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OathError {
    /// RFC 4226 §5.3 asks for 6 at least; 9 and more do not fit its truncation.
    #[error("codes have 6 to 8 digits, not {0}")]
    Digits(u8),
    /// RFC 4226 §4, R6: 128 bits at least.
    #[error("the secret has {0} bits, and needs 128 at least")]
    ShortSecret(usize),
    /// No step is longer than an hour.
    #[error("a step of {0} seconds is not one of 1 to 3600")]
    Step(u32),
    /// An app's address is of codes that move with the time.
    #[error("only codes that move with the time have an address")]
    Counter,
    /// The account cannot stand in an address.
    #[error("the account's name cannot stand in an address")]
    Account,
}

impl Generator {
    /// What every authenticator app can do: SHA-1, six digits, thirty seconds.
    pub const APP: Self = Self {
        moving: Moving::Time { step_s: 30 },
        hash: Hash::Sha1,
        digits: 6,
        ends_s: None,
    };

    /// Whether the RFCs allow it with this secret.
    ///
    /// # Errors
    /// [`OathError`] says what they do not.
    pub fn check_terms(&self, secret: &[u8]) -> Result<(), OathError> {
        if !(6..=8).contains(&self.digits) {
            return Err(OathError::Digits(self.digits));
        }
        if secret.len() < 16 {
            return Err(OathError::ShortSecret(secret.len() * 8));
        }
        match self.moving {
            Moving::Time { step_s } if !(1..=3600).contains(&step_s) => {
                Err(OathError::Step(step_s))
            }
            _ => Ok(()),
        }
    }

    /// The code of a step or a press, for tests and for the demo's simulated card.
    ///
    /// # Errors
    /// As [`Self::check_terms`].
    pub fn code(&self, secret: &[u8], at: u64) -> Result<String, OathError> {
        Ok(self.codes(secret)?.generate(at).to_string())
    }

    /// The code that a generator with a right clock shows at a time, unix seconds; of a press, by
    /// `next`.
    ///
    /// # Errors
    /// As [`Self::check_terms`].
    pub fn code_now(&self, secret: &[u8], next: u64, now_s: u64) -> Result<String, OathError> {
        match self.moving {
            Moving::Time { step_s } => self.code(secret, now_s / u64::from(step_s)),
            Moving::Counter => self.code(secret, next),
        }
    }

    /// Looks at a code that a person typed, at a time in unix seconds.
    ///
    /// # Errors
    /// As [`Self::check_terms`].
    pub fn check(
        &self,
        secret: &[u8],
        progress: Progress,
        code: &str,
        now_s: u64,
    ) -> Result<Checked, OathError> {
        let codes = self.codes(secret)?;
        let code = plain(code);
        let (first, last) = self.window(progress, now_s, TIME_WINDOW, COUNTER_WINDOW);
        // All of them are looked at, whichever is right, so that time tells nothing.
        let mut right = None;
        for at in first..=last {
            if codes.check(&code, at).is_some() && right.is_none() {
                right = Some(at);
            }
        }
        let mut used = false;
        for at in first.min(progress.next).saturating_sub(REMEMBERED)..progress.next {
            used |= codes.check(&code, at).is_some();
        }
        Ok(match right {
            Some(_) if self.has_ended(now_s) => Checked::Ended,
            Some(at) => Checked::Right(self.progress(at, now_s)),
            None if used => Checked::Used,
            None => Checked::Wrong,
        })
    }

    /// Whether its time is over.
    pub fn has_ended(&self, now_s: u64) -> bool {
        self.ends_s.is_some_and(|end| end <= now_s)
    }

    /// Finds a generator again whose clock is off or that was pressed often: by two codes, one right
    /// after the other (RFC 4226 §7.4). `None` where they are not found.
    ///
    /// # Errors
    /// As [`Self::check_terms`].
    pub fn resync(
        &self,
        secret: &[u8],
        progress: Progress,
        [first, second]: [&str; 2],
        now_s: u64,
    ) -> Result<Option<Progress>, OathError> {
        let codes = self.codes(secret)?;
        let (first, second) = (plain(first), plain(second));
        let (from, to) = self.window(progress, now_s, TIME_SEARCH, COUNTER_SEARCH);
        let mut found = None;
        for at in from..=to {
            let both = codes.check(&first, at).is_some() & codes.check(&second, at + 1).is_some();
            if both && found.is_none() {
                found = Some(at + 1);
            }
        }
        // By the first code's time: it was shown a step before the second.
        Ok(found.map(|at| self.progress(at, now_s)))
    }

    /// What an authenticator app's camera reads, an `otpauth` address, and the secret for typing,
    /// Base32.
    ///
    /// # Errors
    /// [`OathError`].
    pub fn told(
        &self,
        secret: &[u8],
        issuer: &str,
        account: &str,
    ) -> Result<(Zeroizing<String>, Zeroizing<String>), OathError> {
        self.check_terms(secret)?;
        let Moving::Time { step_s } = self.moving else {
            return Err(OathError::Counter);
        };
        // A colon stands between issuer and account.
        let plain = |text: &str| text.replace(':', " ");
        let typed = Zeroizing::new(Secret::from(secret).to_base32());
        let codes = Builder::new()
            .with_algorithm(self.algorithm())
            .with_digits(self.digits)
            .with_step_duration(u64::from(step_s))
            .with_secret(secret)
            .with_issuer(Some(plain(issuer)))
            .with_account_name(plain(account))
            .build_noncompliant();
        let address = codes.to_url().map_err(|_| OathError::Account)?;
        Ok((Zeroizing::new(address), typed))
    }

    /// The steps or presses, first and last, whose codes count.
    fn window(&self, progress: Progress, now_s: u64, steps: u64, presses: u64) -> (u64, u64) {
        match self.moving {
            Moving::Time { step_s } => {
                let expected = (now_s / u64::from(step_s)).saturating_add_signed(progress.drift);
                let first = expected.saturating_sub(steps).max(progress.next);
                (first, expected.saturating_add(steps))
            }
            Moving::Counter => (progress.next, progress.next.saturating_add(presses - 1)),
        }
    }

    /// How far it has come with the code of a step or press.
    fn progress(&self, at: u64, now_s: u64) -> Progress {
        let drift = match self.moving {
            Moving::Time { step_s } => {
                let now = now_s / u64::from(step_s);
                // Both are within the search around each other, so the difference is small.
                at.cast_signed().wrapping_sub(now.cast_signed())
            }
            Moving::Counter => 0,
        };
        Progress {
            next: at + 1,
            drift,
        }
    }

    const fn algorithm(&self) -> Algorithm {
        match self.hash {
            Hash::Sha1 => Algorithm::SHA1,
            Hash::Sha256 => Algorithm::SHA256,
            Hash::Sha512 => Algorithm::SHA512,
        }
    }

    /// HOTP as the library has it: TOTP over a clock whose seconds are the steps (RFC 6238 §4.2).
    fn codes(&self, secret: &[u8]) -> Result<Totp, OathError> {
        self.check_terms(secret)?;
        Ok(Builder::new()
            .with_algorithm(self.algorithm())
            .with_digits(self.digits)
            .with_skew(0)
            .with_step_duration(1)
            .with_secret(secret)
            .build_noncompliant())
    }
}

/// A code without the gaps that displays and people put into it.
fn plain(code: &str) -> Zeroizing<String> {
    Zeroizing::new(
        code.chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";
    const PRESS: Generator = Generator {
        moving: Moving::Counter,
        ..Generator::APP
    };

    fn right(checked: Checked) -> Progress {
        match checked {
            Checked::Right(progress) => progress,
            other => panic!("{other:?}"),
        }
    }

    /// RFC 4226, appendix D.
    #[test]
    fn presses_are_those_of_the_rfc() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        let mut progress = Progress::default();
        for (at, code) in (0..).zip(codes) {
            assert_eq!(PRESS.code(SECRET, at).unwrap(), code);
            progress = right(PRESS.check(SECRET, progress, code, 0).unwrap());
            assert_eq!(
                progress,
                Progress {
                    next: at + 1,
                    drift: 0
                }
            );
        }
    }

    #[test]
    fn no_code_of_a_generator_counts_whose_time_is_over() {
        let card = Generator {
            ends_s: Some(1_000),
            ..PRESS
        };
        let check = |code: &str, now_s| card.check(SECRET, Progress::default(), code, now_s);
        right(check("755224", 999).unwrap());
        assert_eq!(check("755224", 1_000), Ok(Checked::Ended));
        assert_eq!(check("000000", 1_000), Ok(Checked::Wrong));
        // As it is kept, and as cards were kept that have no end.
        let kept = serde_json::to_string(&card).unwrap();
        assert_eq!(serde_json::from_str::<Generator>(&kept).unwrap(), card);
        let before = r#"{"moving":"counter","hash":"sha1","digits":6}"#;
        assert_eq!(serde_json::from_str::<Generator>(before).unwrap(), PRESS);
        assert_eq!(serde_json::to_string(&PRESS).unwrap(), before);
    }

    /// RFC 6238, appendix B.
    #[test]
    fn steps_are_those_of_the_rfc() {
        let secret = |length: usize| {
            SECRET
                .iter()
                .copied()
                .cycle()
                .take(length)
                .collect::<Vec<_>>()
        };
        for (hash, length, codes) in [
            (
                Hash::Sha1,
                20,
                [
                    "94287082", "07081804", "14050471", "89005924", "69279037", "65353130",
                ],
            ),
            (
                Hash::Sha256,
                32,
                [
                    "46119246", "68084774", "67062674", "91819424", "90698825", "77737706",
                ],
            ),
            (
                Hash::Sha512,
                64,
                [
                    "90693936", "25091201", "99943326", "93441116", "38618901", "47863826",
                ],
            ),
        ] {
            let generator = Generator {
                hash,
                digits: 8,
                ..Generator::APP
            };
            let times = [
                59,
                1_111_111_109,
                1_111_111_111,
                1_234_567_890,
                2_000_000_000,
                20_000_000_000,
            ];
            for (now_s, code) in times.into_iter().zip(codes) {
                assert_eq!(generator.code_now(&secret(length), 0, now_s).unwrap(), code);
                let checked = generator.check(&secret(length), Progress::default(), code, now_s);
                assert_eq!(right(checked.unwrap()).drift, 0);
            }
        }
    }

    #[test]
    fn a_code_counts_once_and_so_does_every_one_before_it() {
        const NOW: u64 = 1_767_600_000;
        let step = NOW / 30;
        let code = |at| Generator::APP.code(SECRET, at).unwrap();
        let check =
            |progress, code: &str| Generator::APP.check(SECRET, progress, code, NOW).unwrap();
        let after = right(check(Progress::default(), &code(step)));
        assert_eq!(check(after, &code(step)), Checked::Used);
        assert_eq!(
            check(after, &code(step - 1)),
            Checked::Used,
            "an older one, never shown to us"
        );
        assert_eq!(right(check(after, &code(step + 1))).next, step + 2);
        assert_eq!(check(after, "000000"), Checked::Wrong);
        assert_eq!(check(after, &code(step + 2)), Checked::Wrong, "not yet");
    }

    #[test]
    fn a_clock_that_drifts_is_followed_step_by_step() {
        let mut progress = Progress::default();
        // A card that loses a step a month: after a year it is twelve behind.
        for month in 0_u64..12 {
            let now_s = 1_767_600_000 + month * 30 * 86_400;
            let shown = now_s / 30 - month;
            let code = Generator::APP.code(SECRET, shown).unwrap();
            progress = right(
                Generator::APP
                    .check(SECRET, progress, &code, now_s)
                    .unwrap(),
            );
            assert_eq!(progress.drift, -month.cast_signed());
        }
    }

    #[test]
    fn two_codes_in_a_row_find_a_generator_that_got_lost() {
        const NOW: u64 = 1_767_600_000;
        let step = NOW / 30 + 40;
        let code = |at| Generator::APP.code(SECRET, at).unwrap();
        let lost = Progress::default();
        assert_eq!(
            Generator::APP
                .check(SECRET, lost, &code(step), NOW)
                .unwrap(),
            Checked::Wrong
        );
        let again = [code(step), code(step + 1)];
        let [first, second] = [again[0].as_str(), again[1].as_str()];
        let resync = |pair| Generator::APP.resync(SECRET, lost, pair, NOW).unwrap();
        assert_eq!(
            resync([first, second]),
            Some(Progress {
                next: step + 2,
                drift: 41
            })
        );
        assert_eq!(resync([second, first]), None, "in this order");
        assert_eq!(resync([first, first]), None);

        let pressed = [
            PRESS.code(SECRET, 150).unwrap(),
            PRESS.code(SECRET, 151).unwrap(),
        ];
        let pair = [pressed[0].as_str(), pressed[1].as_str()];
        assert_eq!(
            PRESS.check(SECRET, lost, pair[0], NOW).unwrap(),
            Checked::Wrong
        );
        let found = PRESS.resync(SECRET, lost, pair, NOW).unwrap();
        assert_eq!(
            found,
            Some(Progress {
                next: 152,
                drift: 0
            })
        );
        // What was used does not lead back.
        assert_eq!(
            PRESS.resync(SECRET, found.unwrap(), pair, NOW).unwrap(),
            None
        );
    }

    #[test]
    fn gaps_in_a_code_are_the_display_s() {
        let checked = PRESS
            .check(SECRET, Progress::default(), " 755 224", 0)
            .unwrap();
        assert_eq!(right(checked).next, 1);
        for odd in [
            "",
            "75522",
            "7552244",
            "755２24",
            "+55224",
            "75522a",
            "\0\0\0\0\0\0",
        ] {
            let checked = PRESS.check(SECRET, Progress::default(), odd, 0).unwrap();
            assert_eq!(checked, Checked::Wrong, "{odd:?}");
        }
    }

    #[test]
    fn weak_terms_are_refused() {
        let refused = |generator: Generator, secret: &[u8]| generator.code(secret, 0).unwrap_err();
        assert_eq!(refused(PRESS, &[1; 10]), OathError::ShortSecret(80));
        assert_eq!(
            refused(Generator { digits: 9, ..PRESS }, SECRET),
            OathError::Digits(9)
        );
        assert_eq!(
            refused(Generator { digits: 5, ..PRESS }, SECRET),
            OathError::Digits(5)
        );
        let step = |step_s| Generator {
            moving: Moving::Time { step_s },
            ..PRESS
        };
        assert_eq!(refused(step(0), SECRET), OathError::Step(0));
        assert_eq!(refused(step(3601), SECRET), OathError::Step(3601));
    }

    proptest::proptest! {
        /// Whatever is typed and however far it has come: progress only grows.
        #[test]
        fn no_code_leads_back(next in 0_u64..1 << 40, drift in -100_i64..100, ahead in 0_u64..30,
            now_s in 0_u64..1 << 40, by_time: bool)
        {
            let generator = if by_time { Generator::APP } else { PRESS };
            let progress = Progress { next, drift };
            let shown = if by_time { (now_s / 30).saturating_add_signed(drift) } else { next };
            let code = generator.code(SECRET, shown + ahead).unwrap();
            if let Checked::Right(after) = generator.check(SECRET, progress, &code, now_s).unwrap() {
                assert!(after.next > next);
                let again = generator.check(SECRET, after, &code, now_s).unwrap();
                assert!(!matches!(again, Checked::Right(_)));
            }
        }
    }

    #[test]
    fn an_app_is_told_what_its_codes_are_made_from() {
        let secret = [7; 20];
        let (address, typed) = Generator::APP
            .told(&secret, "Harbour: Clinic", "amara.osei")
            .unwrap();
        let expected = "otpauth://totp/Harbour%20%20Clinic:amara.osei?secret=";
        assert!(address.starts_with(expected), "{}", *address);
        assert!(address.contains(typed.as_str()));
        let read = Totp::from_url(address.as_str()).unwrap();
        let now = Generator::APP.code(&secret, 58_000_000).unwrap();
        assert_eq!(read.generate(58_000_000 * 30).to_string(), now);
        let card = Generator {
            moving: Moving::Counter,
            ..Generator::APP
        };
        assert_eq!(card.told(&secret, "a", "b"), Err(OathError::Counter));
    }
}
