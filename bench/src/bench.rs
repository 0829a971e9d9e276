//! What every measurement is given: where to work, for how long, and the disk's own figures.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::disk::Disk;

/// What a step gives, or why nothing was measured.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Devices, and appending tasks, at once.
pub(crate) const SENDERS: usize = 32;

/// One run.
#[derive(Debug)]
pub(crate) struct Bench {
    /// The release binary.
    pub(crate) wardline: PathBuf,
    /// A folder on the disk to be measured.
    pub(crate) scratch: PathBuf,
    /// Short spans and few rounds, to try the measurements themselves.
    pub(crate) quick: bool,
    disk: OnceCell<Disk>,
}

impl Bench {
    /// A run that has measured nothing yet.
    pub(crate) const fn new(wardline: PathBuf, scratch: PathBuf, quick: bool) -> Self {
        Self {
            wardline,
            scratch,
            quick,
            disk: OnceCell::new(),
        }
    }

    /// The disk's figures, measured once in a run.
    pub(crate) fn disk(&self) -> Outcome<&Disk> {
        if let Some(disk) = self.disk.get() {
            return Ok(disk);
        }
        let time = self.span(Duration::from_secs(5));
        let disk = self
            .runtime()?
            .block_on(Disk::measure(&self.scratch, time))?;
        Ok(self.disk.get_or_init(|| disk))
    }

    /// How long to measure.
    pub(crate) fn span(&self, time: Duration) -> Duration {
        if self.quick { time / 5 } else { time }
    }

    /// How often to repeat.
    pub(crate) fn rounds(&self, rounds: usize) -> usize {
        if self.quick {
            rounds.div_ceil(5)
        } else {
            rounds
        }
    }

    /// Two threads, as a server on two cores has.
    #[expect(
        clippy::unused_self,
        reason = "a measurement asks its run for everything it needs"
    )]
    pub(crate) fn runtime(&self) -> Outcome<Runtime> {
        Ok(Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?)
    }
}
