//! How long decisions took.

use std::time::Duration;

use serde::Serialize;

/// Percentiles, microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Times {
    /// The median.
    pub p50: f64,
    /// The 99th.
    pub p99: f64,
}

/// Times, counted: each power of two of nanoseconds has sixteen steps.
#[derive(Debug, Clone)]
pub struct Took {
    steps: Vec<u64>,
    all: u64,
}

impl Default for Took {
    fn default() -> Self {
        Self {
            steps: vec![0; 64 * 16],
            all: 0,
        }
    }
}

impl Took {
    /// Counts a time.
    pub fn add(&mut self, time: Duration) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float that is out of range becomes the nearest number, or zero"
        )]
        let step = ((time.as_secs_f64() * 1e9).log2() * 16.0).round() as usize;
        if let Some(count) = self.steps.get_mut(step) {
            *count += 1;
        }
        self.all += 1;
    }

    /// What they come to.
    pub fn times(&self) -> Times {
        let at = |percent: u64| {
            let mut below = 0;
            let step = self.steps.iter().position(|count| {
                below += count;
                below * 100 > self.all * percent
            });
            // The steps are few enough.
            let step = step.and_then(|step| u32::try_from(step).ok()).unwrap_or(0);
            if step == 0 {
                0.0
            } else {
                (f64::from(step) / 16.0).exp2() / 1e3
            }
        };
        Times {
            p50: at(50),
            p99: at(99),
        }
    }
}
